//! Words of a query that name a place (山形市, 庄内, つるおか, Yonezawa City) or a certificate (ISO 9001). They find what stands
//! there, or has it, beside what holds the word, and a hint offers the condition alone. A need without a name has no place
//! in the index, so it is not told by one. Words that name a kind (シーズ, 大学) are offered as conditions, too.

use super::names::Names;
use super::search_hints::Hint;
use crate::domain::finding::Message;
use crate::domain::regions;
use crate::domain::text::fold as in_katakana;
use crate::domain::vocabulary::{Kind, OrganizationKind};
use crate::exchange::cells::certificate;
use musubi_index::{Attribute, ConditionField, Meaning, Places, SearchRequest, fold, place_words};

/// What follows the bare name of a place, in kanji and in kana.
const ENDINGS: [&str; 6] = ["市", "町", "村", "県", "都", "府"];
const ENDINGS_KANA: [&str; 9] = ["シ", "マチ", "チョウ", "ムラ", "ソン", "ケン", "ト", "フ", "ク"];
/// English endings, and whether a prefecture, a municipality or a part of a prefecture is meant.
const ENDINGS_EN: [(&str, Sort); 13] = [
    (" city", Sort::Municipality),
    (" town", Sort::Municipality),
    (" village", Sort::Municipality),
    ("-shi", Sort::Municipality),
    ("-machi", Sort::Municipality),
    ("-cho", Sort::Municipality),
    ("-mura", Sort::Municipality),
    (" prefecture", Sort::Prefecture),
    (" pref.", Sort::Prefecture),
    ("-ken", Sort::Prefecture),
    (" area", Sort::Region),
    (" region", Sort::Region),
    (" district", Sort::Region),
];
/// English names of places that are everyday words.
const EVERYDAY: [&str; 6] = ["date", "mine", "same", "tone", "usa", "home"];
/// Shorter words name a place only with what follows its name.
const SHORTEST: usize = 2;
const SHORTEST_KANA: usize = 4;
const SHORTEST_LATIN: usize = 4;
/// Certificates without a number in their names.
const CERTIFICATES: [&str; 6] = ["haccp", "gmp", "glp", "isms", "jas", "fssc"];
/// Words that are looked up in one query at most.
const MOST_WORDS: usize = 64;
/// Conditions that are offered at most.
const MOST_OFFERED: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Municipality,
    Prefecture,
    Region,
}

/// One word, in the forms in which it may be the name of a place.
struct Word {
    typed: String,
    ja: Vec<String>,
    kana: Vec<String>,
    en: Option<String>,
    only: Option<Sort>,
}

impl Word {
    fn of(raw: &str) -> Word {
        let typed = fold(raw);
        let mut word = Word { ja: Vec::new(), kana: Vec::new(), en: None, only: None, typed };
        let typed = word.typed.as_str();
        let length = typed.chars().count();
        let kana = in_katakana(typed);
        if typed.is_ascii() {
            let ending = ENDINGS_EN.iter().find(|(ending, _)| typed.ends_with(ending));
            let bare = ending.map_or(typed, |(ending, _)| &typed[..typed.len() - ending.len()]);
            word.only = ending.map(|(_, sort)| *sort);
            let named = word.only.is_some() || (bare.len() >= SHORTEST_LATIN && !EVERYDAY.contains(&bare));
            word.en = Some(bare.to_owned()).filter(|bare| named && !bare.is_empty());
        } else if kana.chars().all(|character| matches!(character, 'ァ'..='ヶ' | 'ー')) {
            word.kana.push(kana.clone());
            if length >= SHORTEST_KANA {
                word.kana.extend(ENDINGS_KANA.iter().map(|ending| format!("{kana}{ending}")));
            }
        } else {
            // The table has the names as they are written: 燈沢市, 霧ヶ原町.
            let mut spellings = vec![typed.to_owned(), raw.to_owned()];
            spellings.push(typed.replace('ケ', "ヶ"));
            spellings.push(raw.replace('ケ', "ヶ"));
            spellings.sort();
            spellings.dedup();
            let bare = length >= SHORTEST && !ENDINGS.iter().any(|ending| typed.ends_with(ending));
            for spelling in spellings {
                if bare {
                    word.ja.extend(ENDINGS.iter().map(|ending| format!("{spelling}{ending}")));
                }
                word.ja.push(spelling);
            }
        }
        word
    }

    fn names(&self, sort: Sort, ja: &str, kana: &str, en: &str) -> bool {
        self.only.is_none_or(|only| only == sort)
            && (self.ja.iter().any(|name| name == ja)
                || self.kana.iter().any(|name| name == kana)
                || self.en.as_ref().is_some_and(|name| *name == fold(en)))
    }
}

/// The codes of the places that a value of a condition names, as a word of a query would: Kuraji City, kuraji-shi, くらじ,
/// 水織県蔵路市. A prefecture counts as its first two digits where prefectures are asked for.
pub(super) fn place_codes(names: &Names, attribute: Attribute, value: &str) -> Vec<String> {
    let prefectures = names.labels(Attribute::Prefecture).values();
    let of_prefecture = prefectures.filter_map(|prefecture| value.strip_prefix(prefecture.ja.as_str()));
    let bare = of_prefecture.filter(|rest| !rest.is_empty()).min_by_key(|rest| rest.len());
    let word = Word::of(bare.unwrap_or(value));
    let called = names.places_called(word.ja.iter().chain(&word.kana).chain(&word.en)).into_iter();
    let codes = called.filter_map(|place| {
        let sort = if place.prefecture.is_some() { Sort::Municipality } else { Sort::Prefecture };
        let named = word.names(sort, &place.name_ja, &place.name_kana, &place.name_en);
        match attribute {
            Attribute::Municipality if named => Some(place.code.clone()),
            Attribute::Prefecture if named && sort == Sort::Prefecture => place.code.get(..2).map(str::to_owned),
            _ => None,
        }
    });
    codes.collect()
}

/// Letters with a number behind them.
fn may_be_a_certificate(word: &str) -> bool {
    let numbered = word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.ends_with(|last: char| last.is_ascii_digit());
    CERTIFICATES.contains(&word) || (numbered && word.is_ascii())
}

/// The words of a query that name a place or a certificate, with what is meant. A name of several places means all of them.
pub(super) fn places(names: &Names, query: &str) -> Places {
    // A query beyond the limits is refused where it is asked.
    let words: Vec<Word> =
        place_words(query).unwrap_or_default().iter().take(MOST_WORDS).map(|word| Word::of(word)).collect();
    let mut places = Places::new();
    for word in words.iter().filter(|word| may_be_a_certificate(&word.typed)) {
        places.insert(word.typed.clone(), vec![(Attribute::Certificate, vec![certificate(&word.typed)])]);
    }
    let mut add = |word: &Word, attribute: Attribute, value: &str| {
        let ways = places.entry(word.typed.clone()).or_default();
        match ways.iter_mut().find(|(known, _)| *known == attribute) {
            Some((_, values)) => values.push(value.to_owned()),
            None => ways.push((attribute, vec![value.to_owned()])),
        }
    };
    for word in &words {
        for place in names.places_called(word.ja.iter().chain(&word.kana).chain(&word.en)) {
            let (sort, attribute, value) = match place.prefecture {
                None => (Sort::Prefecture, Attribute::Prefecture, place.code.get(..2).unwrap_or_default()),
                Some(_) => (Sort::Municipality, Attribute::Municipality, place.code.as_str()),
            };
            if word.names(sort, &place.name_ja, &place.name_kana, &place.name_en) {
                add(word, attribute, value);
            }
        }
    }
    for region in regions::all() {
        let bare_ja = region.name_ja.trim_end_matches("地域");
        let bare_en = region.name_en.trim_end_matches(" area");
        for word in &words {
            let ja = [region.name_ja, bare_ja].into_iter().any(|name| word.names(Sort::Region, name, "", ""));
            if ja || word.names(Sort::Region, "", "", bare_en) || word.typed == format!("{bare_ja}地方") {
                add(word, Attribute::Region, region.code);
            }
        }
    }
    places
}

/// The condition that would ask for the place alone, with the question that has it instead of the word.
pub(super) struct Offer {
    pub(super) hint: Hint,
    pub(super) question: SearchRequest,
}

/// For each word that was read as a place, the conditions that mean it.
pub(super) fn offers(names: &Names, asked: &SearchRequest) -> Vec<Offer> {
    let mut offers = Vec::new();
    let mut words: Vec<_> = asked.places.iter().collect();
    // The longest first: Yamagata City before Yamagata.
    words.sort_by_key(|(word, _)| (std::cmp::Reverse(word.len()), word.as_str()));
    for (word, ways) in words {
        let typed = as_typed(&asked.query, word);
        for (attribute, values) in ways {
            let labels = names.labels(*attribute);
            for value in values {
                let name = match attribute {
                    Attribute::Certificate => Some(Message::new(value.to_uppercase(), value.to_uppercase())),
                    _ => labels.get(value).cloned(),
                };
                let Some(name) = name.filter(|_| offers.len() < MOST_OFFERED) else { continue };
                let condition = Condition::new(*attribute, &name, value, word.is_ascii());
                let Some(question) = condition.put_for(word, asked, vec![value.clone()]) else { continue };
                let text = &condition.text;
                let hint = match attribute {
                    Attribute::Certificate => Hint::new(
                        "condition",
                        format!(
                            "「{typed}」は認証としても検索しました。認証だけで絞り込むには「{text}」と書いてください。"
                        ),
                        format!(
                            "\"{typed}\" was also looked for as a certificate. Write {text} to ask for the certificate alone."
                        ),
                    ),
                    _ => Hint::new(
                        "place",
                        format!(
                            "「{typed}」は所在地としても検索しました。所在地だけで絞り込むには「{text}」と書いてください。"
                        ),
                        format!("\"{typed}\" was also looked for as a place. Write {text} to ask for the place alone."),
                    ),
                };
                offers.push(Offer { hint: Hint { query: Some(question.query.clone()), ..hint }, question });
            }
        }
    }
    offers
}

/// For words that name a kind of thing or of organisation: the question that asks for the kind. All of them at once; else
/// each by itself.
pub(super) fn kinds_named(asked: &SearchRequest) -> Vec<Vec<Offer>> {
    let words = place_words(&asked.query).unwrap_or_default();
    let named: Vec<(String, Condition, String)> = words
        .into_iter()
        .map(|word| fold(&word))
        .filter_map(|word| {
            // 企業 is a part of the name of a kind of thing, and the whole name of a kind of organisation.
            let organization = OrganizationKind::ALL.iter().find(|kind| names_organization_kind(**kind, &word));
            let (field, code, name) = match organization {
                Some(kind) => (ConditionField::Attribute(Attribute::OrganizationKind), kind.code(), kind.name_ja()),
                None => {
                    let kind = Kind::ALL.iter().find(|kind| names_kind(**kind, &word))?;
                    (ConditionField::Kind, kind.code(), kind.name_ja())
                }
            };
            let (title, value) = match (field, word.is_ascii()) {
                (ConditionField::Kind, true) => ("kind", code),
                (ConditionField::Kind, false) => ("種別", name),
                (_, true) => ("organization_kind", code),
                (_, false) => ("機関種別", name),
            };
            Some((
                word,
                Condition { field, value: value.to_owned(), text: format!("{title}:{value}") },
                code.to_owned(),
            ))
        })
        .take(MOST_OFFERED)
        .collect();
    let offer = |named: &[(String, Condition, String)]| {
        let mut question = asked.clone();
        for (word, condition, code) in named {
            question = condition.put_for(word, &question, vec![code.clone()])?;
        }
        let texts: Vec<&str> = named.iter().map(|(_, condition, _)| condition.text.as_str()).collect();
        let words: Vec<&str> = named.iter().map(|(word, ..)| word.as_str()).collect();
        let hint = Hint::new(
            "condition",
            format!("「{}」で絞り込むには「{}」と書いてください。", words.join("」「"), texts.join(" ")),
            format!("To ask for {} alone, write {}.", words.join(", "), texts.join(" ")),
        );
        Some(Offer { hint: Hint { query: Some(question.query.clone()), ..hint }, question })
    };
    let together: Vec<Offer> = offer(&named).filter(|_| named.len() > 1).into_iter().collect();
    let apart = named.iter().filter_map(|one| offer(std::slice::from_ref(one))).collect();
    vec![together, apart]
}

/// シーズ and 研究シーズ, 技術 and 設備, seed and seeds.
pub(super) fn names_kind(kind: Kind, word: &str) -> bool {
    let ja = fold(kind.name_ja());
    let one_of = ja.split('・').any(|name| name == word) || ja == word || (kind == Kind::Seed && word == "シーズ");
    one_of || fold(kind.name_en()) == word || kind.code() == word || kind.plural() == word
}

/// 企業 and 会社, firm, firms and companies, universities.
pub(super) fn names_organization_kind(kind: OrganizationKind, word: &str) -> bool {
    const FIRMS: [&str; 3] = ["会社", "company", "companies"];
    let en = fold(kind.name_en());
    let plural = match en.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{en}s"),
    };
    fold(kind.name_ja()) == word
        || en == word
        || plural == word
        || (kind == OrganizationKind::Firm && FIRMS.contains(&word))
}

/// A condition as it is written in a query.
struct Condition {
    field: ConditionField,
    value: String,
    text: String,
}

impl Condition {
    fn new(attribute: Attribute, name: &Message, code: &str, english: bool) -> Condition {
        let field = match (attribute, english) {
            (Attribute::Prefecture, false) => "都道府県",
            (Attribute::Region, false) => "地域",
            (Attribute::Certificate, _) => "認証",
            (_, false) => "市町村",
            (_, true) => attribute.name(),
        };
        // In English a city and its prefecture may have one name: codes tell them apart.
        let value = if english && attribute != Attribute::Certificate { code } else { name.ja.as_str() };
        Condition {
            field: ConditionField::Attribute(attribute),
            text: format!("{field}:{value}"),
            value: value.to_owned(),
        }
    }

    /// The question with this condition instead of a word.
    fn put_for(&self, word: &str, asked: &SearchRequest, codes: Vec<String>) -> Option<SearchRequest> {
        let query = instead_of(&asked.query, word, &self.text)?;
        let mut question = SearchRequest { query, ..asked.clone() };
        question.meanings.insert((self.field, self.value.clone()), Meaning::Any(codes));
        Some(question)
    }
}

/// A folded word, or words that follow each other, as somebody typed it.
fn as_typed(query: &str, word: &str) -> String {
    let typed: Vec<&str> = query.split_whitespace().collect();
    let runs = (1..=typed.len().min(3)).flat_map(|length| typed.windows(length));
    let found = runs.map(|run| run.join(" ")).find(|run| fold(run) == word);
    // 燈沢市の発酵: the letters are as many as those of the folded word.
    let begins = || {
        let length = word.chars().count();
        typed.iter().map(|run| run.chars().take(length).collect::<String>()).find(|begin| fold(begin) == word)
    };
    found.or_else(begins).unwrap_or_else(|| word.to_owned())
}

/// The query with a condition, or another word, instead of a word (or words that follow each other), or before what stands
/// behind its の.
pub(super) fn instead_of(query: &str, word: &str, condition: &str) -> Option<String> {
    let typed: Vec<&str> = query.split_whitespace().collect();
    for length in 1..=typed.len().min(3) {
        for start in 0..=typed.len() - length {
            let folded = fold(&typed[start..start + length].join(" "));
            let rest = match folded.strip_prefix(word) {
                Some("") => "",
                Some(rest) if length == 1 && rest.starts_with('の') => rest.trim_start_matches('の'),
                _ => continue,
            };
            let words =
                typed[..start].iter().copied().chain([condition, rest]).chain(typed[start + length..].iter().copied());
            return Some(words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_room_for_conditions() {
        assert_eq!(instead_of("山形市　封止", "山形市", "市町村:山形市").as_deref(), Some("市町村:山形市 封止"));
        assert_eq!(
            instead_of("鶴岡市の発酵食品", "鶴岡市", "市町村:鶴岡市").as_deref(),
            Some("市町村:鶴岡市 発酵食品")
        );
        assert_eq!(instead_of("x Yamagata City y", "yamagata city", "p:1").as_deref(), Some("x p:1 y"));
        assert_eq!(instead_of("\"山形市\"", "山形市", "市町村:山形市"), None);
    }

    #[test]
    fn short_and_everyday_words_name_no_place_by_themselves() {
        assert!(Word::of("date").en.is_none() && Word::of("uji").en.is_none());
        assert_eq!(Word::of("uji-shi").en.as_deref(), Some("uji"));
        assert_eq!(Word::of("ながい").kana, ["ナガイ"]);
        assert!(Word::of("つるおか").kana.contains(&"ツルオカシ".to_owned()));
        assert_eq!(Word::of("津").ja, ["津"]);
        for (typed, name) in
            [("燈沢市", "燈沢市"), ("燈沢", "燈沢市"), ("霧ケ原町", "霧ヶ原町"), ("霧ヶ原", "霧ヶ原町")]
        {
            assert!(Word::of(typed).ja.contains(&name.to_owned()), "{typed}");
        }
    }
}
