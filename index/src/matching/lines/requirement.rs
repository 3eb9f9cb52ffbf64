//! One line of a need, read into what must be found: units of content with their other names, and quantities.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::clause::{latin_words, squash, stem};
use super::quantity::{self, Quantity};
use crate::analysis::segment::words;

/// The reviewed list of synonyms; part of what decides a verdict.
pub(crate) const SYNONYMS: &str = include_str!("../../taxonomy/synonyms.txt");

/// One thing that the line names.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// Japanese spellings, found as they stand.
    pub(super) japanese: Vec<String>,
    /// Latin spellings, stemmed words between spaces.
    pub(super) latin: Vec<String>,
    pub(super) weight: f32,
    pub(super) at: usize,
    pub(super) end: usize,
    /// One compound word with the unit before it (二色成形): both must stand together.
    pub(super) joined: bool,
    /// A deed that is done to anything (測定, 設計): its denial alone says nothing about the line.
    pub(super) broad: bool,
    /// The stem of a verb of one character (渡せる): much of what the line asks, where it ends with it.
    pub(super) verb: bool,
    /// Of `japanese` and of `latin`, how many name the thing itself; those after them name what is under it.
    pub(super) own: (usize, usize),
}

/// A line in one language.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) text: String,
    pub(super) latin: String,
    /// In order of the line.
    pub(super) units: Vec<Unit>,
    pub(super) quantities: Vec<Quantity>,
    /// The line is about the lack of something (鉛を使わない): only its own words show it.
    pub(super) negative: Option<&'static str>,
    /// Japanese lines end with what is done: that unit must be there.
    pub(super) head_last: bool,
    /// What is asked is not the head but something by it, in it or from it (印刷でつくれる): the particle after the head.
    pub(super) through: Option<&'static str>,
    /// The line itself denies (〜しか応じない): words alone neither show nor deny it.
    pub(super) negated: bool,
    /// What is asked is that something is used (殺虫剤を使う), not that it is made or sold.
    pub(super) uses: bool,
}

/// From this weight on a unit is specific: it must be found.
pub(super) const SPECIFIC: f32 = 0.5;
const GENERIC: f32 = 0.25;

/// Words that carry nothing in a line.
const EMPTY: &str = "一度 二度 一回 何度 年 月 日 回 枚 個 台 一 二 三 四 五 式 一枚 一回 一式 一つ 毎月 毎年 検査機関 試験機関 研究機関 相手 相手先 ところ 所 場所 業 望ましい 望 慣 頼 頼み 触 良 小さな 組 引き受け 沿 基づ 応 扱 貰 任せ 任 預 預け 尚可 年以上 込 協力先 委託先 外注先 相談先 つくる 本 きめ細 しっかり 実際 経営 規模 技能 導入実績 生 design \
    organis organiz bodi someon base group result experienc proven run plus welcom ideal nice would issu willing contact 経験 対応 可能 会社 実績 ノウハウ 知見 技術 技術力 企業 業者 保有 所有 提供 実施 サービス 協力 相談 希望 必要 必須 条件 者 方 先 依頼 受託 \
    請負 事業 事業者 業務 得意 専門 取得 取引 対象 場合 程度 自社 社内 当社 弊社 貴社 社 求 探 持 有 行 使 取 得 受 出 入 見 作 等 的 性 化 型 用 品 物 中 以上 以下 以内 未満 最大 最小 最低 ロット 事 為 お願い 優先 歓迎 尚 可 能 引 含 請 承 担当 \
    スタッフ 担当者 人 パートナー 複数 各種 一式 全般 関連 関する 向 際 他 件 件以上 豊富 十分 確実 一緒 experience experi able abil capabl capability compani company firm partner supplier provid \
    provide offer service servic support avail available have has had own hous in-house inhous expertis expertise know knowhow how knowledg must should \
    requir required need prefer preferably ideal technolog technology technic technique capac work track record prove team staff person peopl at least up \
    minimum maximum max min more than less or want look seek who which accept handl handle order deal carri out perform do facil facility make made \
    suitabl familiar undertak take is be";

/// Who is asked: nothing where the line ends with it (〜できる工場), a thing to be found elsewhere (工場がある).
const ROLES: &str = "農家 蔵 蔵元 試験所 研究所 ベンダー ベンダ デザイナー デザイナ 職人 農場 施設 拠点 団体 町工場 工場 研究室 大学 研究者 技術者 専門家 人材 メーカー メーカ 機関 商社 vendor foundri produc maker manufactur lab laboratori factori shop plant site farm studio institut";

/// What may follow such a word at the end of a line.
const AFTER_ROLE: &[&str] = &[
    "",
    "が望ましい",
    "を希望",
    "であること",
    "がよい",
    "が良い",
    "だとよい",
    "が理想",
    "希望",
    "を探しています",
    "に限る",
    "を優先",
    "に相談したい",
    "に依頼したい",
    "に頼みたい",
    "と組みたい",
    "を歓迎",
];

/// Words that say little: they may be missing.
const LITTLE: &str = "認証 認定 認証取得 県内 県外 国内 近く certified certification certificate certifi 加工 製造 製作 生産 作製 開発 研究 装置 設備 機器 機械 材料 製品 部品 処理 工程 方法 システム 利用 活用 使用 導入 構築 運用 作業 業 際 幅広 高度 高 精度 高精度 品質 実験 環境 管理 サンプル ワーク 対応力 一部 国内 新規 \
    prefectur region local nation countri student year month week day two three four five trial exampl \
    process manufactur product develop research equip equipment devic machin machines plates materi part compon system method use instal small larg high precis qualiti site sampl line custom";

static EMPTY_WORDS: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| EMPTY.split_whitespace().collect());
static ROLE_WORDS: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| ROLES.split_whitespace().collect());
static LITTLE_WORDS: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| LITTLE.split_whitespace().collect());

/// 「ISO 13485に基づく品質管理」 asks for the standard.
const BY_A_STANDARD: &[&str] = &["に沿った", "に沿う", "に基づいた", "に基づく", "に準拠した", "に適合した"];
const STANDARDS: &[&str] = &[" iso ", " haccp ", " gmp ", " iatf ", " fssc ", " jis ", " isms ", " gap ", " jgap "];
const ABOUT_A_STANDARD: &[&str] =
    &["品質", "衛生", "管理", "品質管理", "衛生管理", "マネジメント", "体制", "運用", "工程"];

/// Signs of a line about the lack of something, with what may stand for it in a text.
const LACKS: &[&str] =
    &["不使用", "使わない", "使用しない", "用いない", "フリー", "レス", "含まない", "出さない", "without", "free"];

impl Form {
    pub(super) fn read(text: &str) -> Form {
        let mut text = squash(text);
        for phrase in BY_A_STANDARD.iter().filter(|phrase| text.contains(**phrase)).copied().collect::<Vec<_>>() {
            text = text.replace(phrase, "の");
        }
        let latin = latin_words(&text);
        let quantities = quantity::find(&text);
        let mut rest: Vec<u8> = text.clone().into_bytes();
        for quantity in &quantities {
            blank(&mut rest, quantity.range.clone());
        }
        blank_role(&text, &mut rest);
        let mut units = Vec::new();
        let remaining = String::from_utf8(rest.clone()).unwrap_or_default();
        let thesaurus = &*THESAURUS;
        for (range, concept) in thesaurus.find(&remaining) {
            blank(&mut rest, range.clone());
            let (japanese, latin) = thesaurus.names(concept);
            let own = thesaurus.own_names(concept);
            let surface = &remaining[range.clone()];
            let weight = weight_of_word(surface);
            let broad = BROAD.split_whitespace().any(|word| surface.starts_with(word));
            units.push(Unit {
                japanese,
                latin,
                weight,
                at: range.start,
                end: range.end,
                joined: false,
                broad,
                verb: false,
                own,
            });
        }
        let remaining = String::from_utf8(rest).unwrap_or_default();
        for word in words(&remaining).into_iter().filter(|word| !word.compound) {
            let surface = &remaining[word.range.clone()];
            let noun = is_noun(surface, &remaining[word.range.end..]);
            let unit = if noun {
                noun_unit(surface, word.range.start)
            } else {
                plain_unit(surface, &word.term, word.range.start)
            };
            if let Some(mut unit) = unit {
                let role = ROLE_WORDS.contains(surface) || ROLE_WORDS.contains(&*word.term);
                if role && surface.is_ascii() {
                    continue;
                }
                if role {
                    unit.weight = SPECIFIC;
                }
                if quantities.iter().any(|quantity| quantity::names(surface, quantity.attribute)) {
                    // The number answers for its measure.
                    continue;
                }
                units.push(unit);
            }
        }
        units.sort_by_key(|unit| unit.at);
        if STANDARDS.iter().any(|name| latin.contains(name)) {
            // Who holds the standard has what it is about.
            units.retain(|unit| {
                !unit.japanese.iter().any(|name| ABOUT_A_STANDARD.contains(&name.as_str())) || !unit.latin.is_empty()
            });
        }
        for index in 1..units.len() {
            let (before, this) = (&units[index - 1], &units[index]);
            let kanji =
                |at: usize| text[at..].chars().next().is_some_and(|first| matches!(first, '\u{4E00}'..='\u{9FFF}'));
            units[index].joined = before.end == this.at && kanji(this.at) && kanji(before.at);
        }
        units.dedup_by(|right, left| right.japanese == left.japanese && right.latin == left.latin);
        second_deeds(&text, &mut units);
        units.extend(advice(&text));
        let head_last = !text.is_ascii();
        // フリーズドライ is not free of anything.
        let lacks = text.replace("フリーズ", "");
        let negative = LACKS.iter().find(|sign| lacks.contains(**sign)).copied();
        let negated = negative.is_none() && denies(&text, &latin);
        let uses = [
            "を使うもの",
            "を使う会社",
            "を使う",
            "の使用",
            "を用いる",
            "を使用する",
            "を使用するもの",
            "を用いるもの",
        ];
        let uses = uses.iter().any(|end| text.trim_end_matches(['。', ' ']).ends_with(end));
        let mut form = Form { text, latin, units, quantities, negative, head_last, through: None, negated, uses };
        form.through = form.head().and_then(|head| through(&form.text[form.units[head].end..]));
        form
    }

    /// The verb that the line ends with, if it says something of its own.
    pub(super) fn verb(&self) -> Option<usize> {
        let last = self.units.len().checked_sub(1)?;
        (self.head_last && self.units[last].verb).then_some(last)
    }

    /// How many things the line names that can be looked for.
    fn specific(&self) -> usize {
        self.units.iter().filter(|unit| unit.weight >= SPECIFIC || unit.verb).count() + self.quantities.len()
    }

    /// A short gloss (県内の相手 / In the prefecture) does not stand for the line that it shortens.
    pub(super) fn shortens(&self, other: &Form) -> bool {
        self.specific() * 3 < other.specific() * 2
    }

    /// The last specific unit of a Japanese line: what is done.
    pub(super) fn head(&self) -> Option<usize> {
        if !self.head_last {
            return None;
        }
        (0..self.units.len()).rev().find(|index| self.units[*index].weight >= SPECIFIC)
    }

    pub(super) fn total(&self) -> f32 {
        self.units.iter().map(|unit| unit.weight).sum()
    }
}

/// 「特許の相談」 asks for advice on patents, and not for one; elsewhere the word only says how one would like to begin.
fn advice(text: &str) -> Option<Unit> {
    const ASKED: &str = "の相談";
    let at = text.rfind(ASKED)?;
    let after = &text[at + ASKED.len()..];
    let only_asks = ["先", "し", "をし", "から"].iter().any(|word| after.starts_with(word)) || after.contains("したい");
    (!only_asks).then(|| Unit {
        japanese: vec!["相談".to_owned(), "助言".to_owned()],
        latin: vec![" consult ".to_owned(), " advic ".to_owned(), " advis ".to_owned()],
        weight: SPECIFIC,
        at: at + 'の'.len_utf8(),
        end: at + ASKED.len(),
        joined: false,
        broad: true,
        verb: false,
        own: (2, 3),
    })
}

/// Deeds that say little beside the thing they are done to (アルミの加工), and are asked for where they follow another one.
pub(super) const DEEDS: &[&str] = &["製作", "製造", "加工", "開発", "生産", "作製", "導入", "構築", "運用", "管理"];

/// 「設計と製作ができること」 asks for both.
fn second_deeds(text: &str, units: &mut [Unit]) {
    const JOINTS: &[&str] = &["と", "・", "、", "および", "及び", "や", "から", "も"];
    const ENDS: &[&str] = &["を", "が", "も", "の", "に", "ま", "で", "、", "。"];
    const MAKING: &[&str] = &["製作", "製造", "作製", "生産"];
    const MAKES: &[&str] = &["作る", "作り", "作っ", "造る", "造り", "つくる", "つくり", "製作", "製造"];
    for index in 1..units.len() {
        let (before, this) = (&units[index - 1], &units[index]);
        let between = text.get(before.end..this.at);
        let after = &text[this.end..];
        let second = this.weight < SPECIFIC
            && before.weight >= SPECIFIC
            && DEEDS.contains(&&text[this.at..this.end])
            && between.is_some_and(|between| JOINTS.contains(&between))
            && (after.is_empty() || ENDS.iter().any(|end| after.starts_with(end)));
        if second {
            if MAKING.contains(&&text[this.at..this.end]) {
                let names = MAKES.iter().map(|word| (*word).to_owned());
                units[index].japanese.splice(0..0, names);
                units[index].own.0 += MAKES.len();
            }
            units[index].weight = SPECIFIC;
        }
    }
}

/// What may follow the head and leads back to it (塗布に対応する).
pub(super) const BACK: &[&str] = &[
    "でき",
    "である",
    "でも",
    "で、",
    "でよい",
    "に対応",
    "に慣れ",
    "に詳",
    "に強",
    "に関",
    "に応",
    "に通",
    "に取",
    "に携",
    "に当た",
    "に長け",
    "に明る",
    "に特化",
    "に沿",
    "に必要",
    "に理解",
    "に協力",
    "に精通",
];

/// Particles by which the head of a line is only a means or a place, unless what follows leads back to it.
fn through(after: &str) -> Option<&'static str> {
    if BACK.iter().any(|back| after.starts_with(back)) {
        return None;
    }
    ["だけで", "のみで", "で", "に", "から", "より", "へ"].into_iter().find(|particle| after.starts_with(particle))
}

/// Whether a line says what is not so.
fn denies(text: &str, latin: &str) -> bool {
    const HARMLESS: &[&str] =
        &["少ない", "少なくない", "だけでなく", "限らない", "問わない", "なくてもよい", "切れない", "止まらない"];
    let mut text = text.to_owned();
    for phrase in HARMLESS {
        text = text.replace(phrase, "");
    }
    ["ない", "ずに", "ません", "しか", "省い", "抜きの"].iter().any(|sign| text.contains(sign))
        || [" no ", " not ", " never "].iter().any(|sign| latin.contains(sign))
}

/// Blanks the word for who is asked at the end of a line, with the letters before it that belong to it (試験機関).
fn blank_role(text: &str, rest: &mut [u8]) {
    let trimmed = text.trim_end_matches(|mark: char| !mark.is_alphanumeric());
    let line = AFTER_ROLE.iter().filter_map(|after| trimmed.strip_suffix(after)).min_by_key(|line| line.len());
    let Some(line) = line else { return };
    let role =
        ["試験機関", "検査機関", "研究機関", "支援機関", "測定機関", "加工会社", "試験所", "製造業者", "加工業者"]
            .into_iter()
            .chain(ROLES.split_whitespace().filter(|role| !role.is_ascii()))
            .filter(|role| line.ends_with(role))
            .max_by_key(|role| role.len());
    if let Some(role) = role {
        let start = line.len() - role.len();
        blank(rest, start..line.len());
    }
}

fn blank(bytes: &mut [u8], range: std::ops::Range<usize>) {
    bytes[range].fill(b' ');
}

fn is_hiragana(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}')
}

/// 香りの…, 甘さを…: a noun that looks like a verb of one character.
fn is_noun(surface: &str, after: &str) -> bool {
    let mut characters = surface.chars();
    let (first, last) = (characters.next(), characters.next());
    first.is_some_and(|first| matches!(first, '\u{4E00}'..='\u{9FFF}'))
        && last.is_some_and(|last| matches!(last, 'り' | 'い' | 'み' | 'さ' | 'き'))
        && characters.next().is_none()
        && after.starts_with(['の', 'を', 'が', 'は', 'や', 'と', '・', '、'])
}

fn noun_unit(surface: &str, at: usize) -> Option<Unit> {
    let weight = weight_of_word(surface).min(SPECIFIC);
    (weight > 0.0).then(|| Unit {
        japanese: vec![surface.to_owned()],
        latin: Vec::new(),
        weight,
        at,
        end: at + surface.len(),
        joined: false,
        broad: false,
        verb: false,
        own: (1, 0),
    })
}

fn plain_unit(surface: &str, term: &str, at: usize) -> Option<Unit> {
    if surface.is_ascii() {
        let weight = weight_of_word(term).min(weight_of_word(surface));
        let stem = format!(" {} ", latin_words(surface).trim());
        return (weight > 0.0).then(|| Unit {
            japanese: Vec::new(),
            latin: vec![stem],
            weight,
            at,
            end: at + surface.len(),
            joined: false,
            broad: false,
            verb: false,
            own: (0, 1),
        });
    }
    // 測れる → 測: what stays when the verb changes.
    let stem = surface.trim_end_matches(is_hiragana);
    if stem.is_empty() || stem.chars().all(|character| !character.is_alphanumeric()) {
        return None;
    }
    let mut weight = weight_of_word(surface).min(weight_of_word(stem));
    let verb = stem.len() < surface.len() && stem.chars().count() == 1;
    if verb {
        // One character of a verb: it may be said otherwise.
        weight = weight.min(GENERIC);
    }
    let japanese = vec![stem.to_owned()];
    (weight > 0.0).then(|| Unit {
        japanese,
        latin: Vec::new(),
        weight,
        at,
        end: at + stem.len(),
        joined: false,
        broad: false,
        verb,
        own: (1, 0),
    })
}

/// Deeds that are done to anything.
const BROAD: &str = "測 計測 分析 評価 検査 試験 設計 成形 印刷 指導 教 支援 手伝 紹介 供給 販売 納入 修理 登録 届 校正 電気 公開 保証 量産 生産 製造 保管 管理 measur analy evaluat inspect test design train support";

/// Whether a word carries nothing in a line.
pub(super) fn is_empty_word(word: &str) -> bool {
    EMPTY_WORDS.contains(word)
}

/// How much a word says: nothing, little, some (one character), or all that can be asked.
fn weight_of_word(word: &str) -> f32 {
    if EMPTY_WORDS.contains(word) {
        0.0
    } else if LITTLE_WORDS.contains(word) || (word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit())) {
        GENERIC
    } else if word.chars().count() == 1 || word.chars().all(|character| character.is_ascii_digit()) {
        SPECIFIC
    } else {
        1.0
    }
}

/// The list of synonyms, ready for look-up.
struct Thesaurus {
    japanese: HashMap<char, Vec<(String, usize)>>,
    /// By first stem.
    latin: HashMap<String, Vec<(String, usize)>>,
    names: Vec<(Vec<String>, Vec<String>)>,
    /// The concepts directly under each.
    narrower: Vec<Vec<usize>>,
}

static THESAURUS: LazyLock<Thesaurus> = LazyLock::new(|| Thesaurus::read(SYNONYMS));

impl Thesaurus {
    fn read(list: &str) -> Thesaurus {
        let mut by_name: HashMap<String, usize> = HashMap::new();
        let mut names: Vec<(Vec<String>, Vec<String>)> = Vec::new();
        let mut broader: Vec<(usize, String)> = Vec::new();
        for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (own, above) = line.split_once('<').unwrap_or((line, ""));
            let concept = names.len();
            let mut japanese = Vec::new();
            let mut latin = Vec::new();
            for name in own.split('=').map(squash).filter(|name| !name.trim().is_empty()) {
                let name = name.trim().to_owned();
                by_name.entry(name.clone()).or_insert(concept);
                if name.is_ascii() { latin.push(latin_words(&name)) } else { japanese.push(name) }
            }
            names.push((japanese, latin));
            broader.extend(
                above.split(',').map(|name| (concept, squash(name.trim()))).filter(|(_, name)| !name.is_empty()),
            );
        }
        let mut narrower = vec![Vec::new(); names.len()];
        for (concept, above) in broader {
            if let Some(above) = by_name.get(&above) {
                narrower[*above].push(concept);
            }
        }
        let mut japanese: HashMap<char, Vec<(String, usize)>> = HashMap::new();
        let mut latin: HashMap<String, Vec<(String, usize)>> = HashMap::new();
        for (concept, (own_japanese, own_latin)) in names.iter().enumerate() {
            for name in own_japanese {
                if let Some(first) = name.chars().next() {
                    japanese.entry(first).or_default().push((name.clone(), concept));
                }
            }
            for name in own_latin {
                if let Some(first) = name.split_whitespace().next() {
                    latin.entry(first.to_owned()).or_default().push((name.clone(), concept));
                }
            }
        }
        japanese.values_mut().chain(latin.values_mut()).for_each(|names| {
            names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        });
        Thesaurus { japanese, latin, names, narrower }
    }

    /// Places of listed names in a folded text, longest first from the left, not overlapping.
    fn find(&self, text: &str) -> Vec<(std::ops::Range<usize>, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(character) = text[at..].chars().next() {
            let rest = &text[at..];
            let fits = self.japanese.get(&character).and_then(|names| {
                names.iter().find(|(name, _)| rest.starts_with(name.as_str()) && whole_katakana(text, at, name))
            });
            if let Some((name, concept)) = fits {
                found.push((at..at + name.len(), *concept));
                at += name.len();
                continue;
            }
            let word_starts = character.is_ascii_alphanumeric()
                && !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
            let last_word =
                || text[..at].trim_end().rsplit(|mark: char| !mark.is_ascii_alphanumeric()).next().unwrap_or("");
            if word_starts && let Some((length, concept)) = self.latin_at(last_word(), rest) {
                found.push((at..at + length, concept));
                at += length;
                continue;
            }
            at += character.len_utf8();
        }
        found
    }

    /// `before` is the word before it.
    fn latin_at(&self, before: &str, rest: &str) -> Option<(usize, usize)> {
        // The next few words with where each ends.
        let mut ends: Vec<(String, usize)> = Vec::new();
        let mut start = None;
        let mut last = before;
        for (at, character) in rest.char_indices().chain(std::iter::once((rest.len(), ' '))) {
            if character.is_ascii_alphanumeric() {
                start.get_or_insert(at);
                continue;
            }
            if let Some(first) = start.take() {
                let word = &rest[first..at];
                ends.push((stem(word, last), at));
                last = word;
            }
            if ends.len() == 6 || !matches!(character, ' ' | '-' | '/') {
                break;
            }
        }
        let names = self.latin.get(&ends.first()?.0)?;
        names.iter().find_map(|(name, concept)| {
            let stems: Vec<&str> = name.split_whitespace().collect();
            let fits = stems.len() <= ends.len() && stems.iter().zip(&ends).all(|(stem, (word, _))| stem == word);
            fits.then(|| (ends[stems.len() - 1].1, *concept))
        })
    }

    /// How many Japanese and Latin names are the concept's own.
    fn own_names(&self, concept: usize) -> (usize, usize) {
        let (japanese, latin) = &self.names[concept];
        (japanese.len(), latin.len())
    }

    /// Every name of a concept, its own first, and of what is under it.
    fn names(&self, concept: usize) -> (Vec<String>, Vec<String>) {
        let mut seen = vec![concept];
        let mut next = 0;
        while next < seen.len() {
            for under in &self.narrower[seen[next]] {
                if !seen.contains(under) {
                    seen.push(*under);
                }
            }
            next += 1;
        }
        let mut japanese = Vec::new();
        let mut latin = Vec::new();
        for concept in seen {
            japanese.extend(self.names[concept].0.iter().cloned());
            latin.extend(self.names[concept].1.iter().cloned());
        }
        (japanese, latin)
    }
}

/// A short katakana name counts where a run of katakana begins or ends with it (レーザーコート, not コートジボワール の コート).
pub(super) fn whole_katakana(text: &str, at: usize, name: &str) -> bool {
    let katakana = |character: char| matches!(character, '\u{30A1}'..='\u{30FA}' | 'ー');
    if name.chars().count() > 3 || !name.chars().all(katakana) {
        return true;
    }
    let before = text[..at].chars().next_back().is_some_and(katakana);
    let after = text[at + name.len()..].chars().next().is_some_and(katakana);
    !(before && after) && (name.chars().count() > 2 || !(before || after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_units() {
        let form = Form::read("有機ELの封止ができること");
        let weights: Vec<f32> = form.units.iter().map(|unit| unit.weight).collect();
        assert_eq!(weights, [1.0, 1.0]);
        assert!(
            form.units[0].latin.contains(&" ole ".to_owned()) || form.units[0].latin.contains(&" oled ".to_owned())
        );
        assert_eq!(form.head(), Some(1));
        let form = Form::read("幅300mm以上のフィルムに塗布できる会社");
        assert_eq!(form.quantities.len(), 1);
        assert!(form.units.iter().any(|unit| unit.japanese.contains(&"フィルム".to_owned())));
        let form = Form::read("Experience with thin film encapsulation");
        assert_eq!(form.units.len(), 1);
    }

    #[test]
    fn every_broader_name_is_there() {
        for line in SYNONYMS.lines().filter(|line| !line.starts_with('#')) {
            let Some((_, above)) = line.split_once('<') else { continue };
            for name in above.split(',') {
                let head = format!("{} =", name.trim());
                assert!(SYNONYMS.lines().any(|line| line.starts_with(&head) || line == name.trim()), "{name}");
            }
        }
    }
}
