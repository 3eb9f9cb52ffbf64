//! Whether a text that says nothing for a query denies it: the thing itself that was asked for, and not something beside
//! it, a kind of it, or a word that every query holds.

use super::{Found, Terms, find};
use crate::matching::lines::{is_what_is_denied, says_nothing};

/// Whether one of the clauses (each with whether it denies) denies what the query asks for.
pub(super) fn is_denied(clauses: &[(String, bool)], terms: &Terms) -> bool {
    clauses.iter().filter(|(_, denies)| *denies).any(|(clause, _)| {
        let found = find(clause, terms);
        let told = || found.iter().filter(|found| tells(found, terms));
        let (Some(first), Some(last)) = (told().map(|found| found.start).min(), told().map(|found| found.end).max())
        else {
            return false;
        };
        let byte = |character: usize| clause.char_indices().nth(character).map_or(clause.len(), |(byte, _)| byte);
        is_what_is_denied(clause, byte(first), byte(last))
    })
}

/// Whether what was found names what was asked: no wider thing, no general word, no two letters of two words.
pub(super) fn tells(found: &Found<'_>, terms: &Terms) -> bool {
    let term = found.term;
    if terms.words.contains_key(term) {
        return !says_nothing(term);
    }
    if terms.concepts.contains_key(term) {
        return !is_wider(term, terms);
    }
    let kanji = |one: char| matches!(one, '\u{4E00}'..='\u{9FFF}');
    !says_nothing(term) && (term.chars().all(kanji) || !term.chars().any(kanji))
}

/// Whether a concept of the query is only above another one of it.
fn is_wider(code: &str, terms: &Terms) -> bool {
    let Some(taxonomy) = terms.taxonomy.0.as_deref() else { return false };
    let Some(number) = taxonomy.number(code) else { return false };
    let others = terms.concepts.keys().filter_map(|other| taxonomy.number(other));
    others.filter(|other| *other != number).any(|other| taxonomy.ancestors(other).contains(&number))
}

#[cfg(test)]
mod tests {
    use crate::evidence::{Terms, best_statement};
    use crate::taxonomy::Taxonomy;

    fn denies(query: &[&str], text: &str) -> bool {
        let mut terms = Terms::default();
        for word in query {
            terms.add_word(word, 1.0);
        }
        best_statement(text, &terms).is_some_and(|said| said.sentence.is_none() && said.denied)
    }

    #[test]
    fn the_thing_itself_is_denied() {
        assert!(denies(&["塗布"], "塗布はしていない。"));
        assert!(denies(&["塗布", "会社"], "塗布ができる会社を探している。"));
        assert!(!denies(&["塗布", "会社"], "会社の売却はしない。"));
        assert!(!denies(&["分析"], "網羅的な分析はできない。"));
        assert!(!denies(&["分析"], "質量分析はできない。"));
        assert!(!denies(&["分析"], "分析の自動化はしない。"));
        assert!(!denies(&["発酵"], "塗布はしていない。"));
    }

    #[test]
    fn something_beside_it_is_not_it() {
        let taxonomy = Taxonomy::built_in();
        let mut terms = Terms::default();
        terms.add_concept(&taxonomy, "oled_lighting", 1.0);
        terms.add_concept(&taxonomy, "organic_el", 0.5);
        let denied = |text: &str| best_statement(text, &terms).map(|said| said.denied);
        assert_eq!(denied("有機EL照明は作らない。"), Some(true));
        assert_eq!(denied("有機ELは扱わない。"), Some(false));
    }
}
