//! Texts that were looked at lately, kept as they were read: people ask the same few things again and again, in other
//! words, on the next page, with one filter more.

use std::sync::{Arc, Mutex};

use lru::LruCache;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::read::ReadText;
use super::{Sentence, Statement, Terms, sentence_of, spans_of, statement_of};
use crate::snapshot::lock;
use crate::taxonomy::Taxonomy;

/// Looks for the terms of queries in texts, and remembers how texts read. What it answers does not hang on what it
/// remembers: a text is found by the text itself, so whoever asks has it already. Share it by `Arc`.
///
/// The first look at a text leaves only its hash: to read it whole costs about twice as much as looking for one query,
/// and most texts of a large index are never shown again. The second look reads it and keeps it.
#[derive(Debug)]
pub struct Texts {
    /// Memory for what was read, bytes.
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// The tree that they were read with.
    taxonomy: Option<Arc<Taxonomy>>,
    read: LruCache<Box<str>, Arc<ReadText>, FxBuildHasher>,
    size: usize,
    /// Hashes of texts that were looked at once.
    once: FxHashSet<u64>,
}

/// When there are more, all are forgotten.
const ONCE_MOST: usize = 65_536;
/// A text that takes more than this share of the memory is not kept.
const LARGEST_SHARE: usize = 16;
/// What a text costs beside what was read of it: its place in two lists.
const OF_A_PLACE: usize = 96;

impl Texts {
    /// `most`: bytes of memory for texts; 0 keeps none.
    pub fn new(most: usize) -> Texts {
        let read = LruCache::unbounded_with_hasher(FxBuildHasher);
        Texts { most, kept: Mutex::new(Kept { taxonomy: None, read, size: 0, once: FxHashSet::default() }) }
    }

    /// The texts, asked for the terms of one query.
    pub fn asked<'a>(&'a self, terms: &'a Terms) -> Asked<'a> {
        Asked { texts: self, terms }
    }

    /// The text as it reads, if it is kept or worth keeping.
    fn read(&self, text: &str, terms: &Terms) -> Option<Arc<ReadText>> {
        if terms.is_empty() || text.len() > self.most / LARGEST_SHARE {
            return None;
        }
        let taxonomy = {
            let mut kept = lock(&self.kept);
            let taxonomy = kept.reading_with(terms);
            if let Some(read) = kept.read.get(text) {
                return Some(Arc::clone(read));
            }
            let hash = std::hash::BuildHasher::hash_one(&FxBuildHasher, text);
            if !kept.once.remove(&hash) {
                if kept.once.len() >= ONCE_MOST {
                    kept.once.clear();
                }
                kept.once.insert(hash);
                return None;
            }
            taxonomy
        };
        let read = Arc::new(ReadText::new(text, &taxonomy));
        lock(&self.kept).keep(text, &read, &taxonomy, self.most);
        Some(read)
    }
}

/// What texts show of one query.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    texts: &'a Texts,
    terms: &'a Terms,
}

impl Asked<'_> {
    /// As [`super::spans`].
    pub fn spans(self, text: &str) -> Vec<(usize, usize)> {
        match self.texts.read(text, self.terms) {
            Some(read) => spans_of(&read.find(self.terms)),
            None => super::spans(text, self.terms),
        }
    }

    /// As [`super::best_sentence`].
    pub fn best_sentence(self, text: &str) -> Option<Sentence> {
        match self.texts.read(text, self.terms) {
            Some(read) => sentence_of(text, &read.find(self.terms), || (&*read.sentences).into()),
            None => super::best_sentence(text, self.terms),
        }
    }

    /// As [`super::best_statement`].
    pub fn best_statement(self, text: &str) -> Option<Statement> {
        match self.texts.read(text, self.terms) {
            Some(read) => statement_of(text, self.terms, &read.find(self.terms), || (&*read.sentences).into()),
            None => super::best_statement(text, self.terms),
        }
    }
}

impl Kept {
    /// The tree to read with: that of the query. Another one than before ends what was read with the one before. A query
    /// without concepts has none, and takes what there is.
    fn reading_with(&mut self, terms: &Terms) -> Arc<Taxonomy> {
        let asked = terms.taxonomy.0.as_ref();
        if let Some(taxonomy) = &self.taxonomy
            && asked.is_none_or(|asked| Arc::ptr_eq(asked, taxonomy) || asked.digest() == taxonomy.digest())
        {
            return Arc::clone(taxonomy);
        }
        let taxonomy = asked.cloned().unwrap_or_else(Taxonomy::built_in);
        self.read.clear();
        self.size = 0;
        self.taxonomy = Some(Arc::clone(&taxonomy));
        taxonomy
    }

    fn keep(&mut self, text: &str, read: &Arc<ReadText>, taxonomy: &Arc<Taxonomy>, most: usize) {
        if self.taxonomy.as_ref().is_none_or(|current| !Arc::ptr_eq(current, taxonomy)) {
            return;
        }
        let size = |text: &str, read: &ReadText| text.len() + read.size() + OF_A_PLACE;
        self.size += size(text, read);
        if let Some((text, before)) = self.read.push(text.into(), Arc::clone(read)) {
            self.size -= size(&text, &before);
        }
        while self.size > most {
            let Some((text, oldest)) = self.read.pop_lru() else { break };
            self.size -= size(&text, &oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench_corpus::BenchCorpus;
    use crate::evidence::{best_sentence, best_statement, spans};
    use crate::reference::Comparison;
    use crate::{Engine, SearchRequest};

    const ODD: [&str; 7] = [
        "㈱ＳＩＬＫ照明は㍿有機ＥＬの封止をしない。㌔単位の銅めっきも㌢もやらない！ ﾌｨﾙﾑｺｰﾀｰ",
        "We do not coat; dying, lying. OLED encapsulation. Organic light emitting diodes (OLEDs)\r\nand IoT",
        "髙﨑の𠮷野家で5G通信とセンサーのコーディネーター、有機ELのディスプレイ",
        "",
        "。。、 ",
        "e\u{301}le\u{301}ment ㌀㌀ ｶﾞｽ分析は外注。",
        "封",
    ];

    fn engine(folder: &std::path::Path) -> Comparison {
        Comparison::build(folder, 300, || {}).unwrap()
    }

    fn terms(engine: &Engine, query: &str) -> Terms {
        engine.search(&SearchRequest { query: query.to_owned(), limit: 1, ..SearchRequest::default() }).unwrap().terms
    }

    /// Looked at for the first time, the second and the third: the same, for words, sentences and whole profiles.
    #[test]
    fn what_is_remembered_changes_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let comparison = engine(folder.path());
        let mut corpus = BenchCorpus::new(3);
        let mut texts: Vec<String> = (0..30).map(|_| corpus.profile()).collect();
        texts.extend(ODD.map(str::to_owned));
        let mut asked: Vec<Terms> =
            (0..6).map(|rank| terms(comparison.engine(), corpus.frequent_word(rank * 9))).collect();
        for query in
            ["有機ELの封止", "OLED -分析", "\"light emitting\" 銅", "センサー 通信 封", "coat IoT 単位", "é ガス"]
        {
            asked.push(terms(comparison.engine(), query));
        }
        asked.extend((0..3).map(|number| comparison.engine().match_parties(comparison.profile(number)).terms));
        let (large, small) = (Texts::new(1 << 24), Texts::new(40_000));
        let mut shown = 0;
        for round in 0..3 {
            for terms in &asked {
                for text in &texts {
                    for kept in [&large, &small] {
                        let kept = kept.asked(terms);
                        assert_eq!(kept.spans(text), spans(text, terms), "{round}: {text}");
                        assert_eq!(kept.best_sentence(text), best_sentence(text, terms), "{round}: {text}");
                        assert_eq!(kept.best_statement(text), best_statement(text, terms), "{round}: {text}");
                    }
                    shown += usize::from(!spans(text, terms).is_empty());
                }
            }
        }
        assert!(shown > 300, "{shown}");
        let texts = |kept: &Texts| lock(&kept.kept).read.len();
        assert!(texts(&large) > texts(&small) && texts(&small) > 0, "{} and {}", texts(&large), texts(&small));
    }

    #[test]
    fn the_memory_is_bounded_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let comparison = engine(folder.path());
        let mut corpus = BenchCorpus::new(3);
        let terms = terms(comparison.engine(), corpus.frequent_word(1));
        let kept = Texts::new(200_000);
        for _ in 0..200 {
            let text = corpus.profile();
            for _ in 0..2 {
                kept.asked(&terms).spans(&text);
            }
            let kept = lock(&kept.kept);
            let size: usize = kept.read.iter().map(|(text, read)| text.len() + read.size() + OF_A_PLACE).sum();
            assert_eq!(kept.size, size);
            assert!(size <= 200_000);
        }
        assert!(lock(&kept.kept).read.len() > 5);
        let none = Texts::new(0);
        for _ in 0..3 {
            none.asked(&terms).spans("封止");
        }
        assert_eq!(lock(&none.kept).read.len(), 0);
    }

    #[test]
    fn another_tree_reads_again() {
        let folder = tempfile::tempdir().unwrap();
        let comparison = engine(folder.path());
        let mut query = terms(comparison.engine(), "有機EL");
        let kept = Texts::new(1 << 20);
        let text = "有機発光ダイオードの会社。";
        (0..3).for_each(|_| assert!(!kept.asked(&query).spans(text).is_empty()));
        let other = Arc::new(Taxonomy::new(
            Taxonomy::first_concepts().into_iter().filter(|concept| concept.name_ja != "有機EL").collect(),
        ));
        assert_ne!(other.digest(), Taxonomy::built_in().digest());
        query.taxonomy.0 = Some(Arc::clone(&other));
        query.prepared.forget();
        for _ in 0..3 {
            assert_eq!(kept.asked(&query).spans(text), spans(text, &query));
        }
        assert_eq!(
            lock(&kept.kept).taxonomy.as_ref().map(|tree| tree.digest().to_owned()),
            Some(other.digest().to_owned())
        );
    }
}
