//! How names are read, so that 太陽電池 is found by たいようでんち, タイヨウデンチ and taiyoudenchi, and 有機EL by ゆうきいーえる.
//!
//! Only what is typed is read this way: texts are indexed as they stand. A reading is looked for only where it is a whole
//! word of the query, so that はっこう is not found in はっこうする; words that read alike are all meant, and told.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::analysis::normalise::{normalise, to_katakana};
use crate::analysis::romaji;
use crate::analysis::segment::{DOMAIN_WORDS, Script, is_katakana, script};

/// `word reading`, longest match decides; `=` before a single character that is read so only where it is the whole name.
const READINGS: &str = include_str!("readings.txt");

/// Written forms of one reading at most.
const MOST_FORMS: usize = 6;
/// Shortest reading, in kana, and shortest in Latin letters.
const SHORTEST: usize = 2;
const SHORTEST_LATIN: usize = 5;
/// Shortest reading whose long vowels may be missing, in kana.
const SHORTEST_LOOSE: usize = 4;
/// Several readings without a blank between them (たいようでんちのふうし): each, and all together, at least so long.
const SHORTEST_PART: usize = 3;
const SHORTEST_RUN: usize = 6;
/// Longest text that is looked at, in characters.
const LONGEST: usize = 40;
/// Letters that are read one by one.
const SPELLED_MOST: usize = 5;

const LETTERS: [&str; 26] = [
    "エー",
    "ビー",
    "シー",
    "ディー",
    "イー",
    "エフ",
    "ジー",
    "エイチ",
    "アイ",
    "ジェイ",
    "ケー",
    "エル",
    "エム",
    "エヌ",
    "オー",
    "ピー",
    "キュー",
    "アール",
    "エス",
    "ティー",
    "ユー",
    "ブイ",
    "ダブリュー",
    "エックス",
    "ワイ",
    "ゼット",
];

struct Words {
    by_start: FxHashMap<char, Vec<(String, String)>>,
    whole: FxHashMap<String, String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words { by_start: FxHashMap::default(), whole: FxHashMap::default() };
    for line in READINGS.lines().filter(|line| !line.starts_with('#')) {
        let Some((word, reading)) = line.split_once(' ') else { continue };
        let reading: String = normalise(reading).chars().map(to_katakana).collect();
        match word.strip_prefix('=') {
            Some(word) => {
                words.whole.insert(normalise(word), reading);
            }
            None => {
                let word = normalise(word);
                let Some(first) = word.chars().next() else { continue };
                words.by_start.entry(first).or_default().push((word, reading));
            }
        }
    }
    for listed in words.by_start.values_mut() {
        listed.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    }
    words
});

/// How a folded name reads, in katakana; letters of short Latin words by their names. `None` where the list does not say.
pub(super) fn reading(folded: &str) -> Option<String> {
    if let Some(whole) = WORDS.whole.get(folded) {
        return Some(whole.clone());
    }
    let mut reading = String::with_capacity(folded.len() * 2);
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let listed = WORDS.by_start.get(&first).and_then(|words| words.iter().find(|(word, _)| rest.starts_with(word)));
        if let Some((word, read)) = listed {
            reading.push_str(read);
            rest = &rest[word.len()..];
        } else if first.is_ascii_lowercase() {
            let end = rest.find(|next: char| !next.is_ascii_lowercase()).unwrap_or(rest.len());
            match end {
                ..=SPELLED_MOST => {
                    reading.extend(rest[..end].bytes().map(|letter| LETTERS[usize::from(letter - b'a')]))
                }
                _ => reading.push_str(&rest[..end]),
            }
            rest = &rest[end..];
        } else if is_kana(first) || first.is_ascii_digit() {
            reading.push(to_katakana(first));
            rest = &rest[first.len_utf8()..];
        } else if script(first) == Script::Japanese {
            return None;
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    Some(reading)
}

fn is_kana(character: char) -> bool {
    is_katakana(to_katakana(character))
}

/// Long vowels as people write them in haste or in Latin letters: タイヨデンチ, トーキョー.
pub(super) fn loose(reading: &str) -> String {
    let mut loose = String::with_capacity(reading.len());
    for character in reading.chars() {
        let before = loose.chars().next_back();
        let lengthens = match character {
            'ー' => before.is_some(),
            'ウ' => before
                .is_some_and(|before| "オコソトノホモヨロゴゾドボポョウクスツヌフムユルグズブプュ".contains(before)),
            'オ' => before.is_some_and(|before| "オコソトノホモヨロゴゾドボポョ".contains(before)),
            _ => false,
        };
        if !lengthens {
            loose.push(character);
        }
    }
    loose
}

/// The words of the tree and of the cluster, by how they read.
#[derive(Debug, Default)]
pub(super) struct WrittenForms {
    by_reading: FxHashMap<String, Vec<String>>,
    by_loose: FxHashMap<String, Vec<String>>,
}

impl WrittenForms {
    /// With the words of the cluster.
    pub(super) fn new() -> WrittenForms {
        let mut forms = WrittenForms::default();
        let words = DOMAIN_WORDS.lines().map(str::trim);
        for word in words.filter(|word| !word.is_empty() && !word.starts_with('#')) {
            if let Some(reading) = reading(&normalise(word)) {
                forms.add(word, &reading);
            }
        }
        forms
    }

    /// A name as it is written, and how it reads.
    pub(super) fn add(&mut self, name: &str, reading: &str) {
        let compact = compact(name);
        let loose = loose(reading);
        for (map, key) in [(&mut self.by_reading, reading), (&mut self.by_loose, loose.as_str())] {
            let forms = map.entry(key.to_string()).or_default();
            if forms.len() < MOST_FORMS && forms.iter().all(|form| as_katakana(form) != as_katakana(&compact)) {
                forms.push(compact.clone());
            }
        }
    }

    /// What a folded word of a query may be the reading of: single words, or several without a blank between them. What is
    /// itself a word that is written so is nothing else.
    pub(super) fn of(&self, folded: &str) -> Vec<String> {
        let forms = self.forms(folded);
        if !forms.is_empty() {
            return others(folded, forms);
        }
        let length = folded.chars().count();
        match (SHORTEST_RUN..=LONGEST).contains(&length) && folded.chars().all(is_kana) {
            true => others(folded, self.of_run(&as_katakana(folded))),
            false => Vec::new(),
        }
    }

    /// As [`WrittenForms::of`], single words only.
    pub(super) fn single(&self, folded: &str) -> Vec<String> {
        others(folded, self.forms(folded))
    }

    fn forms(&self, folded: &str) -> Vec<String> {
        let typed = compact(folded);
        if typed.chars().nth(LONGEST).is_some() {
            return Vec::new();
        }
        if typed.chars().any(is_kana) {
            self.of_kana(&typed)
        } else if typed.len() >= SHORTEST_LATIN && typed.bytes().all(|byte| byte.is_ascii_lowercase()) {
            self.of_latin(&typed)
        } else {
            Vec::new()
        }
    }

    fn of_kana(&self, typed: &str) -> Vec<String> {
        let Some(key) = reading(typed).filter(|key| key.chars().count() >= SHORTEST) else { return Vec::new() };
        if let Some(forms) = self.by_reading.get(&key) {
            return forms.clone();
        }
        let long_enough = key.chars().count() >= SHORTEST_LOOSE;
        self.by_loose.get(&loose(&key)).filter(|_| long_enough).cloned().unwrap_or_default()
    }

    fn of_latin(&self, typed: &str) -> Vec<String> {
        // A last consonant is still being typed, or no romaji.
        let key = romaji::kana(typed).filter(|_| typed.ends_with(['a', 'i', 'u', 'e', 'o', 'n']));
        let Some(key) = key.filter(|key| key.chars().count() >= SHORTEST) else { return Vec::new() };
        let mut forms = self.by_reading.get(&key).cloned().unwrap_or_default();
        for form in self.by_loose.get(&loose(&key)).into_iter().flatten() {
            if !forms.contains(form) && forms.len() < MOST_FORMS {
                forms.push(form.clone());
            }
        }
        forms
    }

    /// The longest readings from the left that a run is made of, の between them or not; words apart.
    fn of_run(&self, key: &str) -> Vec<String> {
        let characters: Vec<char> = key.chars().collect();
        let mut runs = vec![String::new()];
        let mut at = 0;
        while at < characters.len() {
            let longest = (at + SHORTEST_PART..=characters.len()).rev().find_map(|end| {
                let part: String = characters[at..end].iter().collect();
                self.by_reading.get(&part).map(|forms| (end, forms))
            });
            let Some((end, forms)) = longest else {
                if characters[at] == 'ノ' && at > 0 {
                    at += 1;
                    continue;
                }
                return Vec::new();
            };
            runs = runs
                .iter()
                .flat_map(|run| forms.iter().map(move |form| format!("{run} {form}")))
                .take(MOST_FORMS)
                .collect();
            at = end;
        }
        runs.into_iter().map(|run| run.trim_start().to_string()).collect()
    }
}

/// The forms without what was typed itself; none if that is a word as it stands. こめ is one only in katakana.
fn others(folded: &str, mut forms: Vec<String>) -> Vec<String> {
    let typed = compact(folded);
    let itself = as_katakana(&typed);
    let in_katakana = itself == typed;
    if forms.iter().any(|form| as_katakana(form) == itself && (in_katakana || normalise(form) == typed)) {
        return Vec::new();
    }
    forms.retain(|form| as_katakana(&compact(form)) != itself);
    forms
}

fn as_katakana(text: &str) -> String {
    normalise(text).chars().map(to_katakana).collect()
}

/// Without blanks, hyphens and middle dots.
pub(super) fn compact(folded: &str) -> String {
    folded.chars().filter(|character| !character.is_whitespace() && !matches!(character, '-' | '・')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::Taxonomy;

    #[test]
    fn names_read_as_people_read_them() {
        for (name, expected) in [
            ("太陽電池", "タイヨウデンチ"),
            ("有機el", "ユウキイーエル"),
            ("封止", "フウシ"),
            ("米", "コメ"),
            ("日本酒", "ニホンシュ"),
            ("表面粗さ", "ヒョウメンアラサ"),
            ("光触媒", "ヒカリショクバイ"),
            ("発光材料", "ハッコウザイリョウ"),
            ("5軸加工", "ゴジクカコウ"),
        ] {
            assert_eq!(reading(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(reading("鬱蒼"), None);
    }

    #[test]
    fn nearly_every_name_of_the_tree_has_a_reading() {
        let (mut read, mut all, mut without) = (0, 0, Vec::new());
        for concept in Taxonomy::first_concepts() {
            for name in std::iter::once(&concept.name_ja).chain(&concept.synonyms_ja) {
                all += 1;
                match reading(&normalise(name)) {
                    Some(_) => read += 1,
                    None => without.push(name.clone()),
                }
            }
        }
        assert!(read * 100 >= all * 97, "{read} of {all}: {without:?}");
    }

    #[test]
    fn every_line_is_a_word_and_its_reading_in_hiragana() {
        let mut seen = std::collections::HashSet::new();
        for line in READINGS.lines().filter(|line| !line.starts_with('#')) {
            let (word, reading) = line.split_once(' ').expect("a word and a reading");
            assert!(!word.is_empty() && reading.chars().all(is_kana), "{line}");
            assert!(seen.insert(word), "{word} stands twice");
        }
    }

    #[test]
    fn readings_in_every_script() {
        let tree = Taxonomy::built_in();
        for (typed, written) in [
            ("たいようでんち", "太陽電池"),
            ("タイヨウデンチ", "太陽電池"),
            ("たいよーでんち", "太陽電池"),
            ("taiyoudenchi", "太陽電池"),
            ("taiyodenchi", "太陽電池"),
            ("ゆうきいーえる", "有機EL"),
            ("ゆうきel", "有機EL"),
            ("有機いーえる", "有機EL"),
            ("ふうし", "封止"),
            ("fushi", "封止"),
            ("はっこう", "発酵"),
            ("かながた", "金型"),
            ("たいようでんちのふうし", "太陽電池 封止"),
            ("こめ", "米"),
            ("じょうちゃくますく", "蒸着マスク"),
        ] {
            let found = tree.written(typed);
            assert!(found.iter().any(|form| form == written), "{typed}: {found:?}");
        }
        for typed in [
            "封止",
            "太陽電池",
            "oled",
            "rice",
            "センサ",
            "センサー",
            "の",
            "あ",
            "ん",
            "",
            "はっこうする",
            "qwrtz",
            "take",
            "hone",
        ] {
            assert_eq!(tree.written(typed), Vec::<String>::new(), "{typed}");
        }
    }
}
