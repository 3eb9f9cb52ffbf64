//! Whether a stated quantity meets an asked one.

use super::words::{EXACT, PLAIN, QUALITIES};
use super::{Family, Quantity, SQUARE, grade, is_rate};

/// How a stated quantity answers an asked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::matching::lines) enum Answer {
    Satisfies,
    Contradicts,
    Silent,
}

/// Whether a stated quantity meets an asked one.
pub(in crate::matching::lines) fn answer(asked: &Quantity, stated: &Quantity) -> Answer {
    // What is square is as wide as it is long.
    let side =
        |one: &Quantity, other: &Quantity| one.attribute == SQUARE && matches!(other.attribute, "width" | "length");
    let comparable = asked.family == stated.family
        && (asked.attribute == stated.attribute
            || asked.attribute.is_empty()
            || stated.attribute.is_empty()
            || side(asked, stated)
            || side(stated, asked));
    if !comparable || beyond_zero(asked, stated) {
        return Answer::Silent;
    }
    if asked.family == Family::Grade {
        return if grade::is_reached(asked, stated) { Answer::Satisfies } else { Answer::Silent };
    }
    if asked.end {
        let end = if asked.low.is_finite() { asked.low } else { asked.high };
        return answer(&Quantity { low: end, high: end, end: false, ..asked.clone() }, stated);
    }
    let same_measure = asked.attribute == stated.attribute && !asked.attribute.is_empty();
    // So many in a time are no plain number.
    if !same_measure && (is_rate(asked.attribute) || is_rate(stated.attribute)) {
        return Answer::Silent;
    }
    if is_rate(asked.attribute) && !asked.bound && (stated.low == f64::NEG_INFINITY || !stated.bound) {
        let enough = Quantity { high: f64::INFINITY, bound: true, ..asked.clone() };
        return answer(&enough, stated);
    }
    // A size without a name is no tolerance: 4 m does not contradict ±5 μm.
    let fine = |quantity: &Quantity| EXACT.contains(&quantity.attribute);
    if !same_measure && (fine(asked) || fine(stated)) {
        return Answer::Silent;
    }
    // 「ロット30枚から」 wants the 30: who begins at 80 does not take them.
    let lots = [asked, stated].iter().any(|quantity| quantity.attribute == "lot");
    if lots && asked.low.is_finite() && asked.high == f64::INFINITY && stated.low > asked.low {
        return if same_measure && stated.bound { Answer::Contradicts } else { Answer::Silent };
    }
    let apart = stated.high < asked.low || stated.low > asked.high;
    if apart {
        return if asked.bound && (stated.bound || (same_measure && PLAIN.contains(&asked.attribute))) {
            Answer::Contradicts
        } else {
            Answer::Silent
        };
    }
    let measure = if asked.attribute.is_empty() { stated.attribute } else { asked.attribute };
    let within = stated.low >= asked.low && stated.high <= asked.high;
    if QUALITIES.contains(&measure) {
        // ±5 μm when ±3 μm at most is asked: the stated bound is looser.
        let looser = asked.low == f64::NEG_INFINITY && stated.low == f64::NEG_INFINITY && stated.high > asked.high;
        return match (within, looser && same_measure) {
            (true, _) => Answer::Satisfies,
            (false, true) => Answer::Contradicts,
            _ => Answer::Silent,
        };
    }
    // 「直径5 mmまで」 does not tell whether 1 mm at most is reached, nor 「60 ℃以下」 whether it stays below 30 ℃. Who
    // takes so many takes fewer.
    let larger = asked.low == f64::NEG_INFINITY && stated.low == f64::NEG_INFINITY && stated.high > asked.high;
    let holds_less = matches!(
        asked.family,
        Family::Area | Family::Mass | Family::Pieces | Family::People | Family::Days | Family::Years | Family::Volume
    );
    if larger && !holds_less {
        return Answer::Silent;
    }
    // 「60 ℃以上」 does not tell of 100 ℃ and more.
    let lower = asked.high == f64::INFINITY && stated.high == f64::INFINITY && stated.low < asked.low;
    if lower && asked.family == Family::Temperature {
        return Answer::Silent;
    }
    let reaches = [asked.low, asked.high]
        .into_iter()
        .filter(|bound| bound.is_finite())
        .all(|bound| stated.low <= bound && bound <= stated.high);
    if reaches || within { Answer::Satisfies } else { Answer::Silent }
}

/// 「マイナス40 ℃まで」 tells nothing of heat, and 「150 ℃まで」 nothing of frost.
fn beyond_zero(asked: &Quantity, stated: &Quantity) -> bool {
    const WARM: f64 = 30.0;
    let cold_only = stated.low < 0.0 && stated.low.is_finite() && stated.high == f64::INFINITY;
    let heat_only = stated.high > 0.0 && stated.high.is_finite() && stated.low == f64::NEG_INFINITY;
    asked.family == Family::Temperature
        && ((cold_only && asked.low > WARM && asked.low.is_finite())
            || (heat_only && asked.high < 0.0 && asked.high.is_finite()))
}
