//! Whatever is typed is answered or refused at once.

use std::time::{Duration, Instant};

use crate::support::*;
use musubi_index::*;

/// Generous, for a debug build on a busy machine; the point is that nothing runs away.
const AT_ONCE: Duration = Duration::from_secs(1);

fn asked(engine: &Engine, query: &str) -> Result<SearchAnswer, QueryError> {
    let start = Instant::now();
    let answer = engine.search(&request(query));
    assert!(start.elapsed() < AT_ONCE, "{:?} for {:.60}", start.elapsed(), query);
    assert!(!engine.damaged(), "{query:.60}");
    answer
}

#[test]
fn hostile_queries() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let refused = [
        "(".repeat(60_000),
        "a OR ".repeat(100_000),
        "NOT ".repeat(20_000),
        "x".repeat(10_000_000),
        "\"".repeat(600),
        "a ".repeat(33),
        format!("{}a b{}", "(".repeat(200), ")".repeat(200)),
    ];
    for query in &refused {
        let error = asked(&engine, query).unwrap_err();
        assert!(!error.message.ja.is_empty() && !error.message.en.is_empty());
    }
    let answered = [
        "\0",
        "\u{FFFD}\u{FFFD}",
        "a\0b",
        "-",
        "--",
        "---a",
        "\"",
        "\"\"",
        "()",
        ")(",
        "((",
        "a)b(c",
        ":",
        "kind:",
        ":seed",
        "kind:\"",
        "*",
        "?",
        "a*b?",
        "/.*/",
        "[a TO z]",
        "~9999999999",
        "\"a b\"~99999999999",
        "^",
        "\\",
        "\\\\\"",
        "OR",
        "OR OR OR",
        "a OR",
        "-OR",
        "-(a b)",
        "-(-(-a b) c)",
        "%00",
        "'; DROP TABLE things; --",
        "𠮷野家",
        "👨‍👩‍👧",
        "e\u{301}\u{301}\u{301}",
        "ﷺ",
        "\u{202E}abc",
        "ｶﾞﾞﾞ",
        "゙゙",
        "ーーーーーーーー",
        "のはがをに",
        "。、・",
        "　",
        "\u{200B}",
    ];
    for query in answered {
        asked(&engine, query).unwrap_or_else(|error| panic!("{query:?}: {error}"));
    }
    asked(&engine, &"゙".repeat(512)).unwrap();
    asked(&engine, &"あ".repeat(512)).unwrap();
    asked(&engine, &"-".repeat(512)).unwrap();
    let _ = asked(&engine, &"(".repeat(512));
    let _ = asked(&engine, &"( ".repeat(256));
    let _ = asked(&engine, &"-( ".repeat(170));
}

#[test]
fn random_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let mut state = 0x1234_5678_9abc_def0u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let pieces = ["(", ")", "\"", " OR ", "-", "kind:", "有機", "EL", "センサ", "a", "　", "ー", "\u{FF9E}", "*"];
    for round in 0..10_000 {
        let length = (next() % 40) as usize;
        let query = if round % 2 == 0 {
            let bytes: Vec<u8> = (0..length).map(|_| next() as u8).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            (0..length).map(|_| pieces[next() as usize % pieces.len()]).collect()
        };
        let _ = asked(&engine, &query);
    }
}

#[test]
fn a_huge_text_is_matched_in_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let text = "有機ELの封止と腸内細菌の解析 with sensors and fermentation。".repeat(400);
    let start = Instant::now();
    let answer = engine.match_parties(&match_request(&text));
    assert!(!answer.parties.is_empty());
    assert!(start.elapsed() < Duration::from_secs(5));
    for text in ["", "\0", "。。。", "のをに"] {
        assert!(engine.match_parties(&match_request(text)).parties.is_empty());
    }
}

#[test]
fn odd_documents_are_indexed() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &[]);
    let long = "長".repeat(30_000);
    let odd = vec![
        Change::Put(Document { id: "empty".to_string(), published: true, ..Document::default() }),
        Change::Put(document("nul", "\0\u{1}", "\u{FFFE}")),
        Change::Put(Document {
            sort_key: long.clone(),
            codes: vec![long.clone()],
            ..document("long", &long, &"x".repeat(300_000))
        }),
        Change::Put(document("marks", "\u{301}\u{301}゙゚", "ー")),
    ];
    engine.apply(&odd, &mark(2)).unwrap();
    assert_eq!(engine.documents(), 4);
    assert_eq!(engine.search(&request("")).unwrap().total, 4);
}

/// Ten thousand strings of random bytes, a hundred thousand alternatives, deep nesting: answered or refused.
#[test]
fn random_bytes_and_long_queries_are_answered_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..10_000 {
        let length = next() % 40;
        let bytes: Vec<u8> = (0..length).map(|_| next() as u8).collect();
        let query = String::from_utf8_lossy(&bytes).into_owned();
        let _ = engine.search(&request(&query));
        let _ = conditions(&query);
        engine.suggest(&SuggestRequest { text: query, reader: Reader::Visitor, filters: Filters::default(), limit: 5 });
    }
    for query in ["a OR ".repeat(100_000), "(".repeat(100_000), "市町村:".repeat(100_000), "-".repeat(500)] {
        assert!(engine.search(&request(&query)).is_err() || query.len() < 1_000);
    }
}
