//! One wrong letter in a Latin word. Only the public texts say which words there are, so nothing hidden shows.

use crate::analysis::normalise::normalise;
use crate::analysis::segment::word_term;
use crate::error::EngineError;
use crate::query::parse::Node;
use crate::schema::TextField;
use crate::snapshot::Snapshot;

/// Shorter words are too near to each other, longer ones cost too much.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=20;
/// Longer words in capitals are words.
const LONGEST_ACRONYM: usize = 4;
/// Words that are mended in one query at most.
const MOST_WORDS: usize = 2;

/// The query with the words mended that no public text holds and that one letter separates from a word that some do;
/// `None` if there is nothing to mend.
pub(crate) fn corrected(snapshot: &Snapshot, tree: &Node, query: &str) -> Result<Option<String>, EngineError> {
    let mut words = Vec::new();
    gather(tree, &mut words);
    let mut mended = query.to_string();
    let mut count = 0;
    for word in words {
        let folded = normalise(word);
        let plain = folded.bytes().all(|byte| byte.is_ascii_alphabetic());
        // Capitals are a name of their own (SDGs), not a slip.
        let capitals = word.chars().filter(|letter| letter.is_uppercase()).count();
        let acronym = capitals >= 2 && folded.len() <= LONGEST_ACRONYM;
        if !plain || acronym || !LETTERS.contains(&folded.len()) || is_known(snapshot, &word_term(&folded))? {
            continue;
        }
        if let Some(nearest) = nearest(snapshot, &folded)? {
            mended = mended.replacen(word, &nearest, 1);
            count += 1;
            if count == MOST_WORDS {
                break;
            }
        }
    }
    Ok((count > 0).then_some(mended))
}

fn gather<'tree>(node: &'tree Node, words: &mut Vec<&'tree str>) {
    match node {
        Node::Text(text) => words.push(text),
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| gather(node, words)),
        Node::Phrase(_) | Node::Condition(..) | Node::Not(_) => {}
    }
}

/// Whether public texts hold a term, or the name of a concept does: smart is no slip for start.
fn is_known(snapshot: &Snapshot, term: &str) -> Result<bool, EngineError> {
    Ok(snapshot.taxonomy.has_stem(term) || frequency(snapshot, term)? > 0)
}

/// Public documents that hold a term.
fn frequency(snapshot: &Snapshot, term: &str) -> Result<u64, EngineError> {
    let title = snapshot.locate(TextField::TitleWords, term)?.frequency;
    Ok(title.max(snapshot.locate(TextField::BodyWords, term)?.frequency))
}

/// The word one letter away (left out, put in, changed, or two changed places) that most public documents hold.
fn nearest(snapshot: &Snapshot, word: &str) -> Result<Option<String>, EngineError> {
    let mut best: Option<(u64, String)> = None;
    for candidate in one_letter_away(word) {
        let found = frequency(snapshot, &word_term(&candidate))?;
        let better = match &best {
            None => found > 0,
            Some((most, text)) => found > *most || (found == *most && candidate < *text),
        };
        if better {
            best = Some((found, candidate));
        }
    }
    Ok(best.map(|(_, word)| word))
}

fn one_letter_away(word: &str) -> Vec<String> {
    let letters = word.as_bytes();
    let mut found = Vec::with_capacity(54 * letters.len() + 26);
    let mut add = |bytes: Vec<u8>| {
        if let Ok(text) = String::from_utf8(bytes) {
            found.push(text);
        }
    };
    for at in 0..=letters.len() {
        let (start, end) = letters.split_at(at);
        for letter in b'a'..=b'z' {
            add([start, &[letter], end].concat());
            if let [_, rest @ ..] = end {
                add([start, &[letter], rest].concat());
            }
        }
        if let [first, rest @ ..] = end {
            add([start, rest].concat());
            if let [second, rest @ ..] = rest {
                add([start, &[*second, *first], rest].concat());
            }
        }
    }
    found
}
