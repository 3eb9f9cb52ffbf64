//! Spellings of names, for the test of variants and for the comparison with other engines. Frozen.

use std::collections::HashMap;
use std::path::Path;

pub const TARGETS: usize = 300;
pub const SEED: u64 = 20_261_122;

/// Today's form and an older or variant one that stands in names.
const OLDER: &[(char, char)] = &[
    ('沢', '澤'),
    ('高', '髙'),
    ('崎', '﨑'),
    ('斎', '齋'),
    ('辺', '邊'),
    ('国', '國'),
    ('広', '廣'),
    ('桜', '櫻'),
    ('竜', '龍'),
    ('浜', '濱'),
    ('鉄', '鐵'),
    ('会', '會'),
    ('栄', '榮'),
    ('真', '眞'),
    ('島', '嶋'),
    ('滝', '瀧'),
    ('学', '學'),
    ('蔵', '藏'),
    ('豊', '豐'),
    ('万', '萬'),
];

pub struct Row {
    pub id: String,
    pub name: String,
    pub reading: String,
}

/// The rows of the published list, if the file is there.
pub fn rows(file: &Path) -> Option<Vec<Row>> {
    let text = std::fs::read_to_string(file).ok()?;
    let rows = text.lines().skip(1).filter_map(|line| {
        let mut columns = line.split(',').map(|column| column.trim_matches('"').to_string());
        Some(Row { id: columns.next()?, name: columns.next()?, reading: columns.next()? })
    });
    Some(rows.collect())
}

fn full_width(text: &str) -> String {
    let wide = |character: char| char::from_u32(character as u32 + 0xFEE0).unwrap_or(character);
    text.chars().map(|character| if character.is_ascii_graphic() { wide(character) } else { character }).collect()
}

fn half_width(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '！'..='～' => char::from_u32(character as u32 - 0xFEE0).unwrap_or(character),
            other => other,
        })
        .collect()
}

fn hiragana(text: &str) -> String {
    let small = |character: char| char::from_u32(character as u32 - 0x60).unwrap_or(character);
    text.chars()
        .map(|character| if ('ァ'..='ヶ').contains(&character) { small(character) } else { character })
        .collect()
}

fn half_width_kana(text: &str) -> String {
    const FULL: &str = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー";
    const HALF: &str = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ";
    let narrow: HashMap<char, char> = FULL.chars().zip(HALF.chars()).collect();
    let voiced = "ガギグゲゴザジズゼゾダヂヅデドバビブベボ";
    let plain = "カキクケコサシスセソタチツテトハヒフヘホ";
    let mut text_out = String::new();
    for character in text.chars() {
        if let Some(narrow) = narrow.get(&character) {
            text_out.push(*narrow);
        } else if let Some(place) = voiced.chars().position(|other| other == character) {
            text_out.extend(plain.chars().nth(place).and_then(|plain| narrow.get(&plain)));
            text_out.push('ﾞ');
        } else if let Some(place) = "パピプペポ".chars().position(|other| other == character) {
            text_out.extend("ハヒフヘホ".chars().nth(place).and_then(|plain| narrow.get(&plain)));
            text_out.push('ﾟ');
        } else {
            text_out.push(character);
        }
    }
    text_out
}

/// How people spell a name, each with the name of its rule.
pub fn spellings(row: &Row) -> Vec<(&'static str, String)> {
    let name = &row.name;
    let mut spellings = vec![("full width", full_width(name)), ("half width", half_width(name))];
    for (form, short, sign) in
        [("株式会社", "(株)", "㈱"), ("有限会社", "（有）", "㈲"), ("合同会社", "(同)", "合同会社 ")]
    {
        if name.contains(form) {
            spellings.push(("company form in short", name.replace(form, short)));
            spellings.push(("company form as one sign", name.replace(form, sign)));
            spellings.push(("without company form", name.replace(form, "")));
        }
    }
    if !row.reading.is_empty() {
        spellings.push(("reading", row.reading.clone()));
        spellings.push(("reading in hiragana", hiragana(&row.reading)));
        spellings.push(("reading in half width", half_width_kana(&row.reading)));
    }
    for (today, older) in OLDER {
        if name.contains(*today) {
            spellings.push(("older kanji", name.replace(*today, &older.to_string())));
        }
        if name.contains(*older) {
            spellings.push(("today's kanji", name.replace(*older, &today.to_string())));
        }
    }
    if name.contains('・') {
        spellings.push(("without middle dot", name.replace('・', "")));
    }
    spellings.push(("lower case", name.to_lowercase()));
    spellings.push(("upper case", name.to_uppercase()));
    spellings
}

/// The rows that are looked for, drawn by the seed.
pub fn targets(rows: &[Row]) -> Vec<&Row> {
    let mut state = SEED;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        &rows[(state % rows.len() as u64) as usize]
    };
    (0..TARGETS).map(|_| draw()).collect()
}

/// Whether a hit is what was looked for. A namesake, or one that reads alike, is as right as the one that was drawn.
pub fn right(rule: &str, row: &Row, hit: &Row) -> bool {
    hit.id == row.id || hit.name == row.name || (rule.starts_with("reading") && hit.reading == row.reading)
}
