//! One word written in several ways: ink-jet and inkjet, fibre and fiber, ロール・ツー・ロール. Only what is typed is spelled in
//! other ways; texts are indexed as they stand.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::readings::compact;
use crate::analysis::normalise::{normalise, to_katakana};
use crate::analysis::segment::{Script, is_katakana, script};

/// `way = way`, one word a line.
const SPELLINGS: &str = include_str!("spellings.txt");

/// What is written otherwise in American and in British English: endings first, then what stands anywhere in a word.
const ENDINGS: &[(&str, &str)] = &[
    ("ization", "isation"),
    ("izations", "isations"),
    ("izing", "ising"),
    ("izer", "iser"),
    ("izers", "isers"),
    ("ized", "ised"),
    ("izes", "ises"),
    ("ize", "ise"),
    ("izable", "isable"),
    ("yzing", "ysing"),
    ("yzer", "yser"),
    ("yzers", "ysers"),
    ("yzed", "ysed"),
    ("yze", "yse"),
    ("meter", "metre"),
    ("meters", "metres"),
    ("liter", "litre"),
    ("liters", "litres"),
    ("center", "centre"),
    ("centers", "centres"),
    ("fiber", "fibre"),
    ("fibers", "fibres"),
    ("defense", "defence"),
    ("license", "licence"),
    ("aging", "ageing"),
    ("catalog", "catalogue"),
    ("dialog", "dialogue"),
    ("program", "programme"),
    ("programs", "programmes"),
    ("modeling", "modelling"),
    ("modeled", "modelled"),
    ("labeling", "labelling"),
    ("labeled", "labelled"),
    ("signaling", "signalling"),
    ("channeling", "channelling"),
    ("leveling", "levelling"),
    ("tunneling", "tunnelling"),
    ("traveling", "travelling"),
    ("gray", "grey"),
];
const ANYWHERE: &[(&str, &str)] = &[
    ("sulf", "sulph"),
    ("aluminum", "aluminium"),
    ("color", "colour"),
    ("vapor", "vapour"),
    ("mold", "mould"),
    ("odor", "odour"),
    ("flavor", "flavour"),
    ("labor", "labour"),
    ("favor", "favour"),
    ("harbor", "harbour"),
    ("tumor", "tumour"),
    ("armor", "armour"),
    ("behavior", "behaviour"),
    ("neighbor", "neighbour"),
    ("plow", "plough"),
    ("leukemi", "leukaemi"),
    ("anemi", "anaemi"),
    ("hemoglobin", "haemoglobin"),
    ("hemodialysis", "haemodialysis"),
    ("pediatric", "paediatric"),
    ("orthopedic", "orthopaedic"),
    ("esophag", "oesophag"),
    ("estrogen", "oestrogen"),
    ("cesium", "caesium"),
    ("artifact", "artefact"),
    ("jewelry", "jewellery"),
    ("fiberglass", "fibreglass"),
    ("fiberboard", "fibreboard"),
];
/// Japanese words, and parts of words, that are written in either way.
const JAPANESE: &[(&str, &str)] = &[
    ("発酵", "醗酵"),
    ("成形", "成型"),
    ("研磨", "研摩"),
    ("焼入れ", "焼き入れ"),
    ("焼戻し", "焼き戻し"),
    ("焼鈍", "焼きなまし"),
    ("組立", "組み立て"),
    ("組立", "組立て"),
    ("取付", "取り付け"),
    ("貼合", "貼り合わせ"),
    ("打抜き", "打ち抜き"),
    ("巻取り", "巻き取り"),
    ("見積", "見積もり"),
    ("麹", "糀"),
    ("ガラス", "硝子"),
    ("ネジ", "螺子"),
    ("ネジ", "ねじ"),
    ("味噌", "みそ"),
    ("蕎麦", "そば"),
];
/// Letters that a word has before one of the endings.
const STEM: usize = 3;

struct Lines {
    lines: Vec<Vec<String>>,
    by_key: FxHashMap<String, usize>,
}

static LINES: LazyLock<Lines> = LazyLock::new(|| {
    let mut all = Lines { lines: Vec::new(), by_key: FxHashMap::default() };
    for line in SPELLINGS.lines().filter(|line| !line.starts_with('#')) {
        let ways: Vec<String> = line.split(" = ").map(|way| normalise(way.trim())).collect();
        for way in &ways {
            all.by_key.insert(key(way), all.lines.len());
        }
        all.lines.push(ways);
    }
    all
});

/// Another way to write what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spelling {
    Text(String),
    /// Its words follow each other.
    Phrase(String),
}

/// Where a way to write something is looked up.
fn key(folded: &str) -> String {
    let key: String = compact(folded).chars().map(to_katakana).collect();
    key.strip_suffix('ー').map_or(key.clone(), str::to_string)
}

/// Letters that a unit, or what stands before the number of a type, has.
const UNIT: std::ops::RangeInclusive<usize> = 2..=4;

/// A number with its unit behind it (300mm), or the name of a type (YP100), in its two parts.
fn measure(folded: &str) -> Option<(&str, &str)> {
    let is_digit = |character: char| character.is_ascii_digit() || character == '.';
    let is_letter = |character: char| character.is_ascii_lowercase() || character == 'μ';
    let number_first = folded.starts_with(|first: char| first.is_ascii_digit());
    let (before, behind) = folded.split_at(folded.find(|next: char| is_digit(next) != number_first)?);
    let (number, letters) = if number_first { (before, behind) } else { (behind, before) };
    let parted = number.chars().all(is_digit) && letters.chars().all(is_letter);
    (parted && number.ends_with(|last: char| last.is_ascii_digit()) && UNIT.contains(&letters.chars().count()))
        .then_some((before, behind))
}

/// Whether folded words are a number and its unit: 300 mm.
pub(crate) fn is_quantity(folded: &str) -> bool {
    const UNITS: &str = "mm cm m km nm um μm kg g mg t l ml kl w kw mw v kv a ma hz khz mhz ghz rpm pa kpa mpa";
    let Some((number, unit)) = folded.split_once(' ') else { return false };
    number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && UNITS.split(' ').any(|known| known == unit)
}

/// The other ways of the line that folded words of a query stand in, whatever divides them; a number and its unit are
/// written as one, too.
pub(crate) fn of_line(folded: &str) -> Vec<Spelling> {
    if let Some((number, unit)) = folded.split_once([' ', '-']) {
        let one = format!("{number}{unit}");
        if measure(&one) == Some((number, unit)) {
            return vec![Spelling::Text(one)];
        }
    }
    let Some(line) = LINES.by_key.get(&key(folded)) else { return Vec::new() };
    let ways = LINES.lines[*line].iter().filter(|way| *way != folded);
    ways.map(|way| match way.contains([' ', '・', '-']) {
        true => Spelling::Phrase(way.clone()),
        false => Spelling::Text(way.clone()),
    })
    .collect()
}

/// Other ways to write one folded word of a query: those of its line, without what divides it, and in the English of the
/// other side of the sea.
pub(crate) fn others(folded: &str) -> Vec<Spelling> {
    let mut others = of_line(folded);
    if let Some((number, unit)) = measure(folded) {
        others.push(Spelling::Phrase(format!("{number} {unit}")));
    }
    let mut add = |text: String| {
        let spelling = Spelling::Text(text);
        if !others.contains(&spelling) {
            others.push(spelling);
        }
    };
    if let Some(joined) = joined(folded) {
        add(joined);
    }
    for (one, other) in JAPANESE {
        let (one, other) = (normalise(one), normalise(other));
        for (here, there) in [(&one, &other), (&other, &one)] {
            if folded.contains(here.as_str()) && !folded.contains(there.as_str()) {
                add(folded.replace(here.as_str(), there));
            }
        }
    }
    for american in [true, false] {
        let english = in_english(folded, american);
        if english != folded {
            add(english);
        }
    }
    others
}

/// Without the hyphens and middle dots that stand between letters; a hyphen between katakana is meant as a long vowel.
fn joined(folded: &str) -> Option<String> {
    let characters: Vec<char> = folded.chars().collect();
    let between = |at: usize, is: fn(char) -> bool| {
        let letter = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|character| is(*character));
        letter(at.checked_sub(1)) && letter(Some(at + 1))
    };
    let is_latin = |character: char| script(character) == Script::Latin;
    let mut joined = String::with_capacity(folded.len());
    for (at, character) in characters.iter().enumerate() {
        match character {
            '-' if between(at, is_katakana) => joined.push('ー'),
            '-' | '・' if between(at, is_latin) || between(at, is_katakana) => {}
            other => joined.push(*other),
        }
    }
    (joined != folded).then_some(joined)
}

/// Every Latin word in American, or in British, English.
fn in_english(folded: &str, american: bool) -> String {
    let mut text = String::with_capacity(folded.len());
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let is_letter = |character: char| character.is_ascii_lowercase();
        let end = rest.find(|next: char| is_letter(next) != is_letter(first)).unwrap_or(rest.len());
        match is_letter(first) {
            true => text.push_str(&word_in_english(&rest[..end], american)),
            false => text.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    text
}

fn word_in_english(word: &str, american: bool) -> String {
    let pair = |(here, there): &(&'static str, &'static str)| if american { (*there, *here) } else { (*here, *there) };
    let mut word = word.to_string();
    for (from, to) in ENDINGS.iter().map(pair) {
        // Fibre, centre and metre are whole words, -ise is only an ending.
        let least = if from.starts_with(['i', 'y']) { STEM } else { 0 };
        if let Some(stem) = word.strip_suffix(from).filter(|stem| stem.len() >= least) {
            word = format!("{stem}{to}");
            break;
        }
    }
    for (from, to) in ANYWHERE.iter().map(pair) {
        if word.contains(from) && !word.contains(to) {
            word = word.replacen(from, to, 1);
            break;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(typed: &str, other: &str) -> bool {
        others(&normalise(typed)).iter().any(|way| match way {
            Spelling::Text(text) | Spelling::Phrase(text) => text == other,
        })
    }

    #[test]
    fn ways_to_write_one_word() {
        for (one, other) in [
            ("ink-jet", "inkjet"),
            ("ink-jet", "インクジェット"),
            ("ink jet", "inkjet"),
            ("inkjet", "ink jet"),
            ("インクジェット", "インク・ジェット"),
            ("インク・ジェット", "inkjet"),
            ("いんくじぇっと", "inkjet"),
            ("roll-to-roll", "ロールツーロール"),
            ("R2R", "roll to roll"),
            ("フォト・リソグラフィー", "フォトリソグラフィ"),
            ("fibre", "fiber"),
            ("nanofibres", "nanofibers"),
            ("colour", "color"),
            ("aluminum", "aluminium"),
            ("sulphur", "sulfur"),
            ("desulfurization", "desulphurisation"),
            ("polymerise", "polymerize"),
            ("analyser", "analyzer"),
            ("co-extrusion", "coextrusion"),
            ("サ-ビス", "サービス"),
            ("300mm", "300 mm"),
            ("３００ｍｍ", "300 mm"),
            ("20μm", "20 μm"),
            ("300 mm", "300mm"),
            ("YP-100", "yp100"),
            ("YP100", "yp 100"),
            ("ISO9001", "iso 9001"),
            ("醗酵", "発酵"),
            ("発酵", "醗酵"),
            ("射出成型", "射出成形"),
            ("焼き入れ", "焼入れ"),
            ("硝子基板", "ガラス基板"),
            ("糀", "麹"),
            ("そば", "蕎麦"),
            ("ミソ", "味噌"),
            ("雪", "ゆき"),
            ("スーパー・コンピュータ", "スーパーコンピュータ"),
        ] {
            assert!(found(one, other), "{one}: {:?}", others(&normalise(one)));
        }
        for nothing in ["2024-04-01", "analysis", "rise", "封止", "3-5mm", ""] {
            assert_eq!(others(nothing), [], "{nothing}");
        }
    }

    /// A phrase of which only a part is looked for would find what it does not mean.
    #[test]
    fn no_way_begins_or_ends_with_a_stop_word() {
        for way in LINES.lines.iter().flatten().filter(|way| way.contains(' ')) {
            let words: Vec<&str> = way.split(' ').collect();
            for edge in [words.first(), words.last()].into_iter().flatten() {
                assert!(!crate::analysis::stop_words::is_stop_word(edge), "{way}");
            }
        }
    }
}
