//! The two analyses as tantivy tokenizers. The text they get is folded already.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

use super::segment::{Gram, Word, grams, words};

pub(crate) const WORDS: &str = "musubi_words";
pub(crate) const GRAMS: &str = "musubi_grams";

pub(crate) fn register(manager: &TokenizerManager) {
    manager.register(WORDS, WordTokenizer);
    manager.register(GRAMS, GramTokenizer::default());
}

#[derive(Clone)]
struct WordTokenizer;

struct WordStream {
    words: std::vec::IntoIter<Word>,
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { words: words(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.text = word.term;
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
