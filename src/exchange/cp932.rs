//! CP932 (Windows-31J), the encoding of Excel in Japan. What it cannot hold is written as a numeric character reference
//! (`&#134071;` for 𠮷) and reported: nothing is replaced by a question mark, and an import reads it back.

use encoding_rs::SHIFT_JIS;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use utoipa::ToSchema;

/// Characters that look the same and have another number on Windows.
const TWINS: [(char, char); 10] = [
    ('〜', '～'),
    ('—', '―'),
    ('‖', '∥'),
    ('−', '－'),
    ('¥', '￥'),
    ('¢', '￠'),
    ('£', '￡'),
    ('¬', '￢'),
    ('‾', '￣'),
    ('\u{a0}', ' '),
];

/// A text as CP932 would show it.
pub fn form(text: &str) -> Cow<'_, str> {
    let twin = |character: char| TWINS.iter().find(|(ours, _)| *ours == character).map(|(_, theirs)| *theirs);
    if !text.chars().any(|character| twin(character).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|character| twin(character).unwrap_or(character)).collect())
}

/// A character that CP932 does not have, and what stands in the file instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Swap {
    pub found: char,
    pub written_as: String,
    /// An import into another system reads it back (a reference). A twin stays what it was written as.
    pub comes_back: bool,
}

/// The bytes of a text, and the characters that are another one or a reference there, each once.
pub fn encode(text: &str) -> (Vec<u8>, Vec<Swap>) {
    let formed = form(text);
    let mut swaps = Vec::new();
    if matches!(formed, Cow::Owned(_)) {
        let twin = |character: char| TWINS.iter().find(|(ours, _)| *ours == character);
        for (found, theirs) in text.chars().filter_map(twin) {
            add(&mut swaps, Swap { found: *found, written_as: theirs.to_string(), comes_back: false });
        }
    }
    // A text that looks like a reference is kept apart from one.
    let formed = formed.replace("&#", "&#38;#");
    let (bytes, _, unmappable) = SHIFT_JIS.encode(&formed);
    let bytes = bytes.into_owned();
    if unmappable {
        for found in formed.chars().filter(|character| !is_writable(*character)) {
            add(&mut swaps, Swap { found, written_as: format!("&#{};", u32::from(found)), comes_back: true });
        }
    }
    (bytes, swaps)
}

/// Characters that are named of one cell.
const SWAPS_MOST: usize = 60;

fn add(swaps: &mut Vec<Swap>, swap: Swap) {
    if swaps.len() < SWAPS_MOST && !swaps.contains(&swap) {
        swaps.push(swap);
    }
}

fn is_writable(character: char) -> bool {
    let mut buffer = [0; 4];
    !SHIFT_JIS.encode(character.encode_utf8(&mut buffer)).2
}

/// Takes back what [`encode`] wrote as references: those of characters that CP932 cannot hold, and of `&` itself.
pub fn without_references(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains("&#") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find("&#") {
        let (before, found) = rest.split_at(at);
        plain.push_str(before);
        let digits = found[2..].bytes().take_while(u8::is_ascii_digit).count();
        let closed = (1..=7).contains(&digits) && found.as_bytes().get(2 + digits) == Some(&b';');
        let character = closed
            .then(|| found[2..2 + digits].parse().ok())
            .flatten()
            .and_then(char::from_u32)
            .filter(|character| *character == '&' || (!character.is_control() && !is_writable(*character)));
        match character {
            Some(character) => {
                plain.push(character);
                rest = &found[3 + digits..];
            }
            None => {
                plain.push_str("&#");
                rest = &found[2..];
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Puts texts back that differ from what was there only in twins.
pub fn keep_what_looks_the_same(before: &Value, after: &mut Value) {
    match (before, after) {
        (Value::String(before), Value::String(after)) if before != after && form(before) == form(after) => {
            after.clone_from(before);
        }
        (Value::Object(before), Value::Object(after)) => {
            for (name, value) in after {
                if let Some(before) = before.get(name) {
                    keep_what_looks_the_same(before, value);
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (before, after) in before.iter().zip(after) {
                keep_what_looks_the_same(before, after);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        let (bytes, _) = encode(text);
        let decoded = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes).expect("CP932");
        without_references(decoded).into_owned()
    }

    #[test]
    fn twins_are_mapped_and_the_rest_is_written_as_references() {
        assert!(encode("髙橋①㈱").1.is_empty());
        let swaps = |text: &str| -> Vec<(char, String, bool)> {
            encode(text).1.into_iter().map(|swap| (swap.found, swap.written_as, swap.comes_back)).collect()
        };
        assert_eq!(swaps("𠮷野家 é é"), [('𠮷', "&#134071;".into(), true), ('é', "&#233;".into(), true)]);
        assert_eq!(swaps("1〜2𠮷"), [('〜', "～".into(), false), ('𠮷', "&#134071;".into(), true)]);
        // Each twin is named: it does not come back.
        for (ours, theirs) in TWINS {
            assert_eq!(swaps(&ours.to_string()), [(ours, theirs.to_string(), false)]);
        }
        assert_eq!(again("10〜20 — ‖ ¥5 −3"), "10～20 ― ∥ ￥5 －3");
        for text in ["𠮷野家", "AT&T", "&#65;", "&#38;", "&#134071;", "&#", "a&#x41;b", "😀"] {
            assert_eq!(again(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_but_for_its_twins(text in "\\PC{0,30}") {
            proptest::prop_assert_eq!(again(&text), form(&text).into_owned());
            // What does not come back as it was is named.
            let named = encode(&text).1.iter().any(|swap| !swap.comes_back);
            proptest::prop_assert_eq!(named, again(&text) != text);
        }
    }
}
