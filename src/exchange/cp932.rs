//! CP932 (Windows-31J), the encoding of Excel in Japan. What it cannot hold is written as a numeric character reference
//! (`&#134071;` for 𠮷) and reported: nothing is replaced by a question mark, and an import reads it back.

use encoding_rs::SHIFT_JIS;
use serde_json::Value;
use std::borrow::Cow;

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

/// The bytes of a text, and the characters that had to be written as references.
pub fn encode(text: &str) -> (Vec<u8>, Vec<char>) {
    // A text that looks like a reference is kept apart from one.
    let text = form(text).replace("&#", "&#38;#");
    let (bytes, _, unmappable) = SHIFT_JIS.encode(&text);
    let bytes = bytes.into_owned();
    if !unmappable {
        return (bytes, Vec::new());
    }
    (bytes, text.chars().filter(|character| !is_writable(*character)).collect())
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
        assert_eq!(encode("𠮷野家 é").1, ['𠮷', 'é']);
        assert_eq!(again("10〜20 — ‖ ¥5 −3"), "10～20 ― ∥ ￥5 －3");
        for text in ["𠮷野家", "AT&T", "&#65;", "&#38;", "&#134071;", "&#", "a&#x41;b", "😀"] {
            assert_eq!(again(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_but_for_its_twins(text in "\\PC{0,30}") {
            proptest::prop_assert_eq!(again(&text), form(&text).into_owned());
        }
    }
}
