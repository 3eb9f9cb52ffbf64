//! Words of a query that name a place: 山形市, 庄内, つるおか, Yonezawa City. They find what stands there beside what holds the
//! word, and a hint offers the condition alone. A need without a name has no place in the index, so it is not told by one.

use super::search_hints::Hint;
use super::vocabularies::labels;
use crate::domain::finding::Message;
use crate::domain::regions;
use crate::domain::text::fold as in_katakana;
use crate::error::Result;
use crate::store::{Conn, vocabulary};
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
    fn of(typed: &str) -> Word {
        let mut word = Word { typed: typed.to_owned(), ja: Vec::new(), kana: Vec::new(), en: None, only: None };
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
            word.ja.push(typed.to_owned());
            if length >= SHORTEST && !typed.ends_with(ENDINGS.map(|ending| ending.chars().next().unwrap_or(' '))) {
                word.ja.extend(ENDINGS.iter().map(|ending| format!("{typed}{ending}")));
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

/// The words of a query that name a place, with what is there. A name of several places means all of them.
pub(super) fn places(conn: &mut Conn, query: &str) -> Result<Places> {
    // A query beyond the limits is refused where it is asked.
    let words: Vec<Word> =
        place_words(query).unwrap_or_default().iter().take(MOST_WORDS).map(|word| Word::of(word)).collect();
    let all = |names: fn(&Word) -> &[String]| words.iter().flat_map(names).cloned().collect::<Vec<_>>();
    let (ja, kana) = (all(|word| &word.ja), all(|word| &word.kana));
    let en: Vec<String> = words.iter().filter_map(|word| word.en.clone()).collect();
    let mut places = Places::new();
    if ja.is_empty() && kana.is_empty() && en.is_empty() {
        return Ok(places);
    }
    let mut add = |word: &Word, attribute: Attribute, value: &str| {
        let ways = places.entry(word.typed.clone()).or_default();
        match ways.iter_mut().find(|(known, _)| *known == attribute) {
            Some((_, values)) => values.push(value.to_owned()),
            None => ways.push((attribute, vec![value.to_owned()])),
        }
    };
    for place in vocabulary::places_called(conn, &ja, &kana, &en)? {
        let (sort, attribute, value) = match place.prefecture {
            None => (Sort::Prefecture, Attribute::Prefecture, place.code.get(..2).unwrap_or_default()),
            Some(_) => (Sort::Municipality, Attribute::Municipality, place.code.as_str()),
        };
        for word in words.iter().filter(|word| word.names(sort, &place.name_ja, &place.name_kana, &place.name_en)) {
            add(word, attribute, value);
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
    Ok(places)
}

/// The condition that would ask for the place alone, with the question that has it instead of the word.
pub(super) struct Offer {
    pub(super) hint: Hint,
    pub(super) question: SearchRequest,
}

/// For each word that was read as a place, the conditions that mean it.
pub(super) fn offers(conn: &mut Conn, asked: &SearchRequest) -> Result<Vec<Offer>> {
    let mut offers = Vec::new();
    let mut words: Vec<_> = asked.places.iter().collect();
    // The longest first: Yamagata City before Yamagata.
    words.sort_by_key(|(word, _)| (std::cmp::Reverse(word.len()), word.as_str()));
    for (word, ways) in words {
        for (attribute, values) in ways {
            let names = labels(conn, *attribute)?;
            for value in values {
                let (Some(name), true) = (names.get(value), offers.len() < MOST_OFFERED) else { continue };
                let condition = condition(*attribute, name, value, word.is_ascii());
                let Some(query) = with_condition(&asked.query, word, &condition.text) else { continue };
                let mut question = SearchRequest { query: query.clone(), ..asked.clone() };
                let meaning = Meaning::Any(vec![value.clone()]);
                question.meanings.insert((ConditionField::Attribute(*attribute), condition.value), meaning);
                let hint = Hint {
                    query: Some(query),
                    ..Hint::new(
                        "place",
                        format!(
                            "「{word}」は所在地としても検索しました。所在地だけで絞り込むには「{}」と書いてください。",
                            condition.text
                        ),
                        format!(
                            "\"{word}\" was also looked for as a place. Write {} to ask for the place alone.",
                            condition.text
                        ),
                    )
                };
                offers.push(Offer { hint, question });
            }
        }
    }
    Ok(offers)
}

struct Written {
    text: String,
    value: String,
}

fn condition(attribute: Attribute, name: &Message, code: &str, english: bool) -> Written {
    let field = match (attribute, english) {
        (Attribute::Prefecture, false) => "都道府県",
        (Attribute::Region, false) => "地域",
        (_, false) => "市町村",
        (_, true) => attribute.name(),
    };
    // In English a city and its prefecture may have one name: codes tell them apart.
    let value = if english { code } else { name.ja.as_str() };
    Written { text: format!("{field}:{value}"), value: value.to_owned() }
}

/// The query with a condition instead of a word (or words that follow each other), or before what stands behind its の.
fn with_condition(query: &str, word: &str, condition: &str) -> Option<String> {
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

/// The query with one of its words read as it may be meant.
pub(super) fn with_word(query: &str, word: &str, instead: &str) -> Option<String> {
    with_condition(query, word, instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_room_for_conditions() {
        assert_eq!(with_condition("山形市　封止", "山形市", "市町村:山形市").as_deref(), Some("市町村:山形市 封止"));
        assert_eq!(
            with_condition("鶴岡市の発酵食品", "鶴岡市", "市町村:鶴岡市").as_deref(),
            Some("市町村:鶴岡市 発酵食品")
        );
        assert_eq!(with_condition("x Yamagata City y", "yamagata city", "p:1").as_deref(), Some("x p:1 y"));
        assert_eq!(with_condition("\"山形市\"", "山形市", "市町村:山形市"), None);
    }

    #[test]
    fn short_and_everyday_words_name_no_place_by_themselves() {
        assert!(Word::of("date").en.is_none() && Word::of("uji").en.is_none());
        assert_eq!(Word::of("uji-shi").en.as_deref(), Some("uji"));
        assert_eq!(Word::of("ながい").kana, ["ナガイ"]);
        assert!(Word::of("つるおか").kana.contains(&"ツルオカシ".to_owned()));
        assert_eq!(Word::of("津").ja, ["津"]);
    }
}
