//! Whether one word that was found means what the line asks for: it may be a word of another trade, what something else
//! does, or what a figure is compared with.

use super::clause::Clause;
use super::markers::{self, Company};
use super::requirement::Form;
use super::shown::{Hit, Shown};

/// Whether a line of one word is shown only in another sense.
pub(super) fn another_sense(form: &Form, clause: &Clause, shown: &Shown) -> bool {
    shown.at.iter().flatten().any(|hit| {
        let found = &clause.text[hit.start..hit.end];
        // What the line or the word itself says tells nothing of its company.
        let beside = |signs: &[&str]| {
            signs.iter().any(|sign| !form.text.contains(sign) && !found.contains(sign) && is_beside(sign, &clause.text))
        };
        let senses = markers::SENSES.iter().filter(|sense| {
            sense.asked.iter().any(|asked| form.text.contains(asked))
                && sense.found.iter().any(|begins| found.starts_with(begins))
        });
        senses.map(|sense| &sense.company).any(|company| match company {
            Company::Not(signs) => beside(signs),
            Company::Only(signs) => !beside(signs),
        })
    })
}

fn is_beside(sign: &str, text: &str) -> bool {
    if !sign.is_ascii() {
        return text.contains(sign);
    }
    words(text).any(|word| word.starts_with(sign))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|mark: char| !mark.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// "sheets that read turning", "r = 0.9 to mass spectrometry": what a thing does that is spoken of, what a figure is
/// compared with. Of English clauses.
pub(super) fn of_something_else(clause: &Clause, hit: Hit) -> bool {
    const RELATIVE: &[&str] = &["that", "which", "who", "whose"];
    const COMPARED: &[&str] =
        &["compared", "relative", "correlated", "equivalent", "close", "similar", "comparable", "alternative"];
    let before: Vec<&str> = words(&clause.text[..hit.start]).collect();
    let ours = before.first().is_some_and(|first| ["we", "our"].contains(first));
    // Not "the firm that offers plating", "a shop which mills titanium".
    let offers = |verb: &str| {
        let bare = verb.strip_suffix("es").filter(|bare| markers::OFFERING.contains(bare));
        bare.is_some() || markers::OFFERING.contains(&verb.strip_suffix('s').unwrap_or(verb))
    };
    let relative = before.iter().position(|word| RELATIVE.contains(word));
    let verb = relative.and_then(|at| before[at + 1..].iter().find(|word| !["also", "can", "now"].contains(word)));
    if !ours && verb.is_some_and(|verb| !offers(verb)) {
        return true;
    }
    let near = |place: usize| before.len().checked_sub(place).map_or("", |at| before[at]);
    let figure = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    match near(1) {
        "against" | "versus" | "vs" | "when" | "once" | "while" => true,
        "of" => near(2) == "instead",
        "to" => figure(near(2)) || COMPARED.contains(&near(2)),
        _ => false,
    }
}
