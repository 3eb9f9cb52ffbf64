//! The two analyses as tantivy tokenizers. The text they get is folded already.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

use std::sync::Arc;

use super::segment::{Gram, Word, grams, words};
use crate::taxonomy::Taxonomy;

pub(crate) const WORDS: &str = "musubi_words";
pub(crate) const GRAMS: &str = "musubi_grams";
pub(crate) const CONCEPTS: &str = "musubi_concepts";

pub(crate) fn register(manager: &TokenizerManager, taxonomy: &Arc<Taxonomy>) {
    manager.register(WORDS, WordTokenizer);
    manager.register(GRAMS, GramTokenizer::default());
    manager.register(CONCEPTS, ConceptTokenizer { taxonomy: Arc::clone(taxonomy) });
}

#[derive(Clone)]
struct WordTokenizer;

struct WordStream<'a> {
    words: std::vec::IntoIter<Word<'a>>,
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        WordStream { words: words(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.text.clear();
        self.token.text.push_str(&word.term);
        self.token.position = word.position;
        self.token.offset_from = word.range.start;
        self.token.offset_to = word.range.end;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[derive(Clone, Default)]
struct GramTokenizer {
    grams: Vec<Gram>,
}

struct GramStream<'a> {
    grams: &'a [Gram],
    next: usize,
    token: Token,
}

impl Tokenizer for GramTokenizer {
    type TokenStream<'a> = GramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream<'a> {
        self.grams.clear();
        let collected = &mut self.grams;
        grams(text, |gram| collected.push(gram));
        GramStream { grams: &self.grams, next: 0, token: Token::default() }
    }
}

impl TokenStream for GramStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(gram) = self.grams.get(self.next) else { return false };
        self.next += 1;
        gram.write(&mut self.token.text);
        self.token.position = gram.position;
        self.token.offset_from = gram.position;
        self.token.offset_to = gram.position + 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Marks a concept that is in a text only through a narrower one.
pub(crate) const WIDER: char = '^';

/// Each concept that is named, as its code, and each wider one, as its code with a mark before it.
#[derive(Clone)]
struct ConceptTokenizer {
    taxonomy: Arc<Taxonomy>,
}

struct ConceptStream {
    terms: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for ConceptTokenizer {
    type TokenStream<'a> = ConceptStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> ConceptStream {
        let mut terms = Vec::new();
        for mention in self.taxonomy.find(text) {
            for concept in mention.concepts {
                terms.push(self.taxonomy.code(concept).to_string());
                for wider in self.taxonomy.ancestors(concept) {
                    terms.push(wider_term(self.taxonomy.code(*wider)));
                }
            }
        }
        ConceptStream { terms: terms.into_iter(), token: Token::default() }
    }
}

/// The term of documents that name a narrower concept than this one.
pub(crate) fn wider_term(code: &str) -> String {
    let mut term = String::with_capacity(code.len() + 1);
    term.push(WIDER);
    term.push_str(code);
    term
}

impl TokenStream for ConceptStream {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.next() else { return false };
        self.token.text = term;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
