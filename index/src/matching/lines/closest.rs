//! For a line that nothing shows: the sentence that comes nearest to it, for a person to read. It proves nothing.

use super::clause::{Passage, Sentence};
use super::requirement::{Form, SPECIFIC};
use super::shown::shown;
use super::{Line, Place, may_speak};
use std::borrow::Borrow;

/// Share of what a line names that a sentence must speak of to be worth reading.
const LEAST: f32 = 0.3;

/// The sentence that speaks of most of what the line names (the first of equals), whatever it says of it: a wish, a plan,
/// another's work, part of what is asked. `None` if none names anything particular of it. `Place::text` is an index into
/// the passages. It has no part in the verdict.
pub fn closest<P: Borrow<Passage>>(line: &Line, passages: &[P]) -> Option<Place> {
    let mut best: Option<(f32, Place)> = None;
    for (text, passage) in passages.iter().enumerate() {
        for sentence in &passage.borrow().sentences {
            let share = line.forms.iter().map(|form| share(form, sentence)).fold(0.0, f32::max);
            if share >= LEAST && best.is_none_or(|(known, _)| share > known) {
                best = Some((share, Place { text, start: sentence.start, end: sentence.end }));
            }
        }
    }
    best.map(|(_, place)| place)
}

/// The weight of the things that the sentence names in any of its clauses, over that of all that the line names; 0 unless
/// one of them is particular to the line.
fn share(form: &Form, sentence: &Sentence) -> f32 {
    if !may_speak(form, sentence) {
        return 0.0;
    }
    let mut named = vec![false; form.units.len()];
    for clause in &sentence.parts().clauses {
        for (named, hit) in named.iter_mut().zip(shown(form, clause).at) {
            *named |= hit.is_some();
        }
    }
    let units = || form.units.iter().zip(&named).filter(|(_, named)| **named).map(|(unit, _)| unit);
    let total = form.total();
    if total <= 0.0 || !units().any(|unit| unit.weight >= SPECIFIC && !unit.broad) {
        return 0.0;
    }
    units().map(|unit| unit.weight).sum::<f32>() / total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(line: &[&str], texts: &[&str]) -> Option<String> {
        let passages: Vec<Passage> = texts.iter().map(|text| Passage::read(text)).collect();
        let place = closest(&Line::read(line), &passages)?;
        Some(texts[place.text].chars().skip(place.start).take(place.end - place.start).collect())
    }

    #[test]
    fn the_sentence_that_speaks_of_most_of_it() {
        let texts = ["木工を行う。封止の研究会に参加。", "有機ELの封止ができる会社を探しています。"];
        assert_eq!(nearest(&["OLEDの封止ができること"], &texts).as_deref(), Some(texts[1]));
        assert_eq!(nearest(&["OLEDの封止ができること"], &texts[..1]).as_deref(), Some("封止の研究会に参加。"));
        assert_eq!(
            nearest(&["plating of aluminium"], &["Our partner does the plating. We mill."]).as_deref(),
            Some("Our partner does the plating.")
        );
    }

    #[test]
    fn nothing_particular_is_near_nothing() {
        assert_eq!(nearest(&["めっきができること"], &["木工を行う。"]), None);
        assert_eq!(nearest(&["幅300mm以上のフィルムに塗布できる"], &["長さは500mmです。"]), None);
        assert_eq!(nearest(&["アルミの測定ができること"], &["味の測定を行う。"]), None);
        assert_eq!(nearest(&[""], &["めっき。"]), None);
    }
}
