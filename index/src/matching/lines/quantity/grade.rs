//! Grades that are named by a word and a number: クラス100, IP67. What is named must be there or surpassed; another number
//! proves nothing.

use super::{Family, Quantity, number};

/// From this number on a class is one of clean rooms, where less is better; below it other things are classed as well.
const CLEAN_ROOMS: f64 = 10.0;

/// The words before a number that make it a grade, and its scale.
const SCALES: &[(&str, &str)] =
    &[("isoクラス", "iso class"), ("iso class", "iso class"), ("クラス", "class"), ("class", "class"), ("ip", "ip")];

/// The grade whose number begins here.
pub(super) fn at(text: &str, start: usize) -> Option<Quantity> {
    let head = text[..start].trim_end_matches([' ', '-']);
    let (word, scale) = SCALES.iter().find(|(word, _)| head.ends_with(word))?;
    let first = head.len() - word.len();
    if word.is_ascii() && text[..first].ends_with(|before: char| before.is_ascii_alphanumeric()) {
        return None;
    }
    let (value, end) = number(text, start);
    let digits = end - start;
    // IP67 and IP69K, and no address.
    let whole = !text[end..].starts_with('.') && value.fract() == 0.0;
    if !whole || (*scale == "ip" && digits != 2) {
        return None;
    }
    let range = first..end;
    let text = text[range.clone()].trim().to_owned();
    Some(Quantity {
        range,
        family: Family::Grade,
        low: value,
        high: value,
        bound: false,
        end: false,
        attribute: scale,
        text,
    })
}

/// Whether the stated grade is the asked one, or better.
pub(super) fn is_reached(asked: &Quantity, stated: &Quantity) -> bool {
    let (asked, stated, scale, same) = (asked.low, stated.low, asked.attribute, asked.attribute == stated.attribute);
    let better = match scale {
        // Dust by the first figure, water by the second.
        "ip" => stated.div_euclid(10.0) >= asked.div_euclid(10.0) && stated % 10.0 >= asked % 10.0,
        "iso class" => stated <= asked,
        _ => asked >= CLEAN_ROOMS && stated <= asked,
    };
    same && (asked == stated || better)
}
