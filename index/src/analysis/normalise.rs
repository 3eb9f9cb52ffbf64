//! Step one: a folded copy of a text, and for every character of it where it came from.
//!
//! NFKC, lower case, old and new forms of kanji, one wave dash, small ヶ, straight hyphens and quotes. The folding
//! goes cluster by cluster (a character and the marks that combine with it), so the same rule serves the index, the
//! query and the highlights.

use std::sync::LazyLock;

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use rustc_hash::FxHashMap;

static NFKC: LazyLock<ComposingNormalizerBorrowed<'static>> = LazyLock::new(ComposingNormalizer::new_nfkc);

/// Old or variant form, today's form. Only pairs where both are the same word to a reader.
pub(crate) const KANJI_VARIANTS: &[(char, char)] = &[
    ('髙', '高'),
    ('﨑', '崎'),
    ('嵜', '崎'),
    ('濵', '浜'),
    ('濱', '浜'),
    ('邊', '辺'),
    ('邉', '辺'),
    ('齋', '斎'),
    ('齊', '斉'),
    ('廣', '広'),
    ('國', '国'),
    ('學', '学'),
    ('會', '会'),
    ('澤', '沢'),
    ('瀧', '滝'),
    ('龍', '竜'),
    ('櫻', '桜'),
    ('嶋', '島'),
    ('嶌', '島'),
    ('德', '徳'),
    ('惠', '恵'),
    ('榮', '栄'),
    ('圓', '円'),
    ('藏', '蔵'),
    ('眞', '真'),
    ('壽', '寿'),
    ('冨', '富'),
    ('峯', '峰'),
    ('條', '条'),
    ('來', '来'),
    ('鐵', '鉄'),
    ('鐡', '鉄'),
    ('舘', '館'),
    ('檜', '桧'),
    ('莊', '荘'),
    ('應', '応'),
    ('縣', '県'),
    ('區', '区'),
    ('醫', '医'),
    ('藥', '薬'),
    ('驗', '験'),
    ('體', '体'),
    ('發', '発'),
    ('變', '変'),
    ('經', '経'),
    ('濟', '済'),
    ('團', '団'),
    ('實', '実'),
    ('專', '専'),
    ('傳', '伝'),
    ('轉', '転'),
    ('釀', '醸'),
    ('豐', '豊'),
    ('寶', '宝'),
    ('巖', '巌'),
    ('燒', '焼'),
    ('繩', '縄'),
    ('總', '総'),
    ('聯', '連'),
    ('勞', '労'),
    ('與', '与'),
    ('亞', '亜'),
    ('圖', '図'),
    ('氣', '気'),
    ('淺', '浅'),
    ('彌', '弥'),
    ('彥', '彦'),
    ('靜', '静'),
    ('淸', '清'),
    ('晉', '晋'),
    ('曾', '曽'),
    ('敎', '教'),
    ('硏', '研'),
    ('祿', '禄'),
    ('穗', '穂'),
    ('萬', '万'),
    ('壹', '壱'),
    ('佛', '仏'),
    ('竝', '並'),
    ('乘', '乗'),
    ('兒', '児'),
    ('劍', '剣'),
    ('劔', '剣'),
    ('勳', '勲'),
    ('單', '単'),
    ('嚴', '厳'),
    ('圍', '囲'),
    ('壓', '圧'),
    ('壞', '壊'),
    ('寢', '寝'),
    ('對', '対'),
    ('屬', '属'),
    ('巢', '巣'),
    ('廳', '庁'),
    ('從', '従'),
    ('恆', '恒'),
    ('戰', '戦'),
    ('拂', '払'),
    ('收', '収'),
    ('效', '効'),
    ('數', '数'),
    ('斷', '断'),
    ('晝', '昼'),
    ('曉', '暁'),
    ('棧', '桟'),
    ('樂', '楽'),
    ('樣', '様'),
    ('橫', '横'),
    ('檢', '検'),
    ('歐', '欧'),
    ('歸', '帰'),
    ('殘', '残'),
    ('溪', '渓'),
    ('濕', '湿'),
    ('灣', '湾'),
    ('爐', '炉'),
    ('營', '営'),
    ('獻', '献'),
    ('畫', '画'),
    ('當', '当'),
    ('疊', '畳'),
    ('盡', '尽'),
    ('碎', '砕'),
    ('礦', '鉱'),
    ('鑛', '鉱'),
    ('禮', '礼'),
    ('稻', '稲'),
    ('竊', '窃'),
    ('粹', '粋'),
    ('絲', '糸'),
    ('綠', '緑'),
    ('緖', '緒'),
    ('縱', '縦'),
    ('續', '続'),
    ('缺', '欠'),
    ('聲', '声'),
    ('肅', '粛'),
    ('臺', '台'),
    ('藝', '芸'),
    ('處', '処'),
    ('號', '号'),
    ('螢', '蛍'),
    ('蟲', '虫'),
    ('裝', '装'),
    ('覺', '覚'),
    ('觀', '観'),
    ('觸', '触'),
    ('證', '証'),
    ('譯', '訳'),
    ('讀', '読'),
    ('賣', '売'),
    ('辭', '辞'),
    ('遲', '遅'),
    ('邇', '迩'),
    ('鄕', '郷'),
    ('鑄', '鋳'),
    ('鍊', '錬'),
    ('錢', '銭'),
    ('鎭', '鎮'),
    ('關', '関'),
    ('陷', '陥'),
    ('險', '険'),
    ('隱', '隠'),
    ('雜', '雑'),
    ('靈', '霊'),
    ('顯', '顕'),
    ('飮', '飲'),
    ('餘', '余'),
    ('騷', '騒'),
    ('驛', '駅'),
    ('髮', '髪'),
    ('鷄', '鶏'),
    ('鹽', '塩'),
    ('麥', '麦'),
    ('黃', '黄'),
    ('黑', '黒'),
    ('點', '点'),
    ('齒', '歯'),
    ('龜', '亀'),
    ('亊', '事'),
    ('𠮷', '吉'),
    ('纖', '繊'),
    ('熔', '溶'),
    ('醱', '発'),
    ('麴', '麹'),
    ('麵', '麺'),
    ('劑', '剤'),
    ('壤', '壌'),
    ('脫', '脱'),
    ('淨', '浄'),
    ('稅', '税'),
    ('產', '産'),
    ('增', '増'),
    ('價', '価'),
    ('擴', '拡'),
    ('擊', '撃'),
    ('擔', '担'),
    ('據', '拠'),
    ('插', '挿'),
    ('攝', '摂'),
    ('滿', '満'),
    ('溫', '温'),
    ('狀', '状'),
    ('穩', '穏'),
    ('繪', '絵'),
    ('繼', '継'),
    ('舊', '旧'),
    ('虛', '虚'),
    ('蠶', '蚕'),
    ('覽', '覧'),
    ('輕', '軽'),
    ('錄', '録'),
    ('銳', '鋭'),
    ('雙', '双'),
    ('靑', '青'),
    ('顏', '顔'),
    ('驅', '駆'),
    ('鬪', '闘'),
    ('黨', '党'),
    ('齡', '齢'),
    ('燈', '灯'),
    ('廢', '廃'),
    ('罐', '缶'),
    ('歷', '歴'),
    ('沒', '没'),
    ('瀨', '瀬'),
    ('獨', '独'),
    ('瓣', '弁'),
    ('辨', '弁'),
    ('辯', '弁'),
    ('腦', '脳'),
    ('臟', '臓'),
    ('衞', '衛'),
    ('參', '参'),
    ('兩', '両'),
    ('假', '仮'),
    ('釋', '釈'),
    ('聰', '聡'),
    ('聽', '聴'),
    ('權', '権'),
    ('樞', '枢'),
    ('樓', '楼'),
    ('峽', '峡'),
    ('嶽', '岳'),
    ('帶', '帯'),
    ('彈', '弾'),
    ('徑', '径'),
    ('徵', '徴'),
    ('戲', '戯'),
    ('拔', '抜'),
    ('拜', '拝'),
    ('搜', '捜'),
    ('擇', '択'),
    ('絕', '絶'),
    ('餠', '餅'),
    ('默', '黙'),
    // Long vowels of names in Latin letters.
    ('ā', 'a'),
    ('ī', 'i'),
    ('ū', 'u'),
    ('ē', 'e'),
    ('ō', 'o'),
    ('ヶ', 'ケ'),
    ('ヵ', 'カ'),
    ('〜', '~'),
    ('‐', '-'),
    ('‑', '-'),
    ('‒', '-'),
    ('–', '-'),
    ('—', '-'),
    ('―', '-'),
    ('−', '-'),
    ('’', '\''),
    ('‘', '\''),
    ('“', '"'),
    ('”', '"'),
];

static VARIANTS: LazyLock<FxHashMap<char, char>> = LazyLock::new(|| KANJI_VARIANTS.iter().copied().collect());

/// A folded text with, for each of its characters, the index of the source character it came from (code points).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    pub text: String,
    /// One entry for each character of `text`.
    pub sources: Vec<u32>,
}

/// Folds a text. The result of folding a folded text is the same text.
pub fn normalise(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    normalise_each(text, |character, _| folded.push(character));
    folded
}

/// Folds a text and remembers the source of every character, for highlights.
pub fn normalise_with_sources(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), sources: Vec::with_capacity(text.len()) };
    normalise_each(text, |character, source| {
        folded.text.push(character);
        folded.sources.push(source);
    });
    folded
}

fn normalise_each(text: &str, mut emit: impl FnMut(char, u32)) {
    let mut characters = text.chars().peekable();
    let mut index = 0u32;
    let mut cluster = String::new();
    while let Some(first) = characters.next() {
        let source = index;
        index += 1;
        let alone = characters.peek().is_none_or(|next| !combines_backwards(*next));
        if alone && is_plain(first) {
            emit_folded(first, source, &mut emit);
            continue;
        }
        cluster.clear();
        cluster.push(first);
        while let Some(next) = characters.next_if(|next| combines_backwards(*next)) {
            cluster.push(next);
            index += 1;
        }
        for character in NFKC.normalize(&cluster).chars() {
            emit_folded(character, source, &mut emit);
        }
    }
}

fn emit_folded(character: char, source: u32, emit: &mut impl FnMut(char, u32)) {
    if character.is_ascii() {
        emit(character.to_ascii_lowercase(), source);
        return;
    }
    if is_kana(character) && character != 'ヶ' && character != 'ヵ' {
        emit(character, source);
        return;
    }
    if let Some(today) = VARIANTS.get(&character) {
        emit(*today, source);
        return;
    }
    if matches!(character, '\u{4E00}'..='\u{9FFF}') {
        emit(character, source);
        return;
    }
    for lower in character.to_lowercase() {
        let lower = VARIANTS.get(&lower).copied().unwrap_or(lower);
        // İ alone becomes two: its dot would have to find its place among the marks that follow.
        if lower != '\u{307}' || character == lower {
            emit(lower, source);
        }
    }
}

/// NFKC leaves such a character as it is when no mark follows.
fn is_plain(character: char) -> bool {
    character.is_ascii()
        || is_kana(character)
        || matches!(character, '\u{4E00}'..='\u{9FFF}' | '、' | '。' | '・' | '「' | '」')
}

fn is_kana(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | 'ー' | '々')
}

/// Marks that join the character before them (accents, voiced marks, half-width voiced marks, variation selectors).
fn combines_backwards(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05C7}' | '\u{0610}'..='\u{061A}' | '\u{064B}'..='\u{065F}'
        | '\u{093C}'..='\u{094D}' | '\u{0E31}'..='\u{0E3A}' | '\u{1160}'..='\u{11FF}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{3099}' | '\u{309A}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}' | '\u{FF9E}' | '\u{FF9F}'
        | '\u{E0100}'..='\u{E01EF}')
}

/// The katakana for a hiragana character, else the character itself.
pub fn to_katakana(character: char) -> char {
    match character {
        '\u{3041}'..='\u{3096}' => char::from_u32(character as u32 + 0x60).unwrap_or(character),
        other => other,
    }
}

/// The fold of a short text for sorting and comparing: normalised, runs of white space as one space, trimmed.
pub fn fold(text: &str) -> String {
    let folded = normalise(text);
    let mut result = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if !result.is_empty() {
            result.push(' ');
        }
        result.push_str(word);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_kanji() {
        assert_eq!(normalise("ＡＢＣ髙﨑〜ｶﾞﾗｽ"), "abc高崎~ガラス");
        assert_eq!(normalise("㈱ﾔﾏｶﾞﾀ"), "(株)ヤマガタ");
        assert_eq!(normalise("霞ヶ関"), "霞ケ関");
        assert_eq!(fold("  有機　ＥＬ "), "有機 el");
    }

    #[test]
    fn sources_point_into_the_text() {
        let folded = normalise_with_sources("㈱ｶﾞｽ");
        assert_eq!(folded.text, "(株)ガス");
        assert_eq!(folded.sources, vec![0, 0, 0, 1, 3]);
    }
}
