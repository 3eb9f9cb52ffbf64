//! What a fuzz target does with its bytes. The tests replay the seed corpus through the same functions.

use musubi_index::{
    Document, Engine, Filters, Mark, Reader, SearchRequest, Settings, Standing, SuggestRequest, conditions, evidence,
    fold, fold_code, fold_company_name,
};
use std::sync::LazyLock;

/// A small index, for queries to run on.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let settings = Settings { writer_memory: 16 * 1024 * 1024, ..Settings::default() };
    let (engine, _) = Engine::open(&folder, settings).expect("an index");
    let mut rebuild = engine.rebuild().expect("a rebuild");
    for document in documents() {
        rebuild.add(document).expect("a document");
    }
    rebuild.finish(&Mark { epoch: "fuzz".to_string(), seq: 1, chain: String::new() }).expect("an index");
    engine
});

fn documents() -> Vec<Document> {
    let texts = [
        ("有機EL照明パネルの封止", "水蒸気バリア膜で有機ELを封止し、屋外で使える照明にします。"),
        ("Organic solar cells", "We print organic photovoltaic films roll-to-roll."),
        ("腸内細菌の代謝物解析", "メタボローム解析で腸内細菌の代謝物を測定します。"),
        ("㈱ﾃｽﾄ髙橋コーディネーター", "JP2020-123456 ｶﾞﾗｽ 〜 ー"),
    ];
    let document = |(number, (title, body)): (usize, (&str, &str))| Document {
        id: format!("{number}"),
        kind: "seed".to_string(),
        published: true,
        titles: vec![title.to_string()],
        bodies: vec![body.to_string()],
        ..Document::default()
    };
    texts.into_iter().enumerate().map(document).collect()
}

fn request(query: &str) -> SearchRequest {
    SearchRequest { query: query.to_string(), limit: 20, ..SearchRequest::default() }
}

/// The query parser and everything behind it: whatever is typed is answered or refused, suggested for, and kept.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = conditions(&text);
    let answer = ENGINE.search(&request(&text));
    assert_eq!(read.is_err(), answer.is_err(), "what can be read is answered");
    if let Ok(answer) = &answer {
        assert!(answer.hits.len() <= 20 && answer.hits.len() <= answer.total);
        evidence::spans("有機ELの封止 of organic films", &answer.terms);
    }
    ENGINE.suggest(&SuggestRequest {
        text: text.to_string(),
        reader: Reader::Visitor,
        filters: Filters::default(),
        limit: 5,
    });
    let mut standing = Standing::new(ENGINE.taxonomy());
    let kept = standing.put("query", request(&text), &ENGINE);
    assert_eq!(kept.is_err(), answer.is_err());
    let told = standing.ask(&documents(), |_| Some(Reader::Visitor)).expect("a batch");
    assert!(told.failed.is_empty());
    if let Ok(answer) = answer
        && !answer.relaxed
        && answer.corrected.is_none()
    {
        assert_eq!(told.found.len(), answer.total, "a kept search finds what the search finds");
    }
    assert!(!ENGINE.damaged());
}

/// The analyser: any text can be folded, read for concepts, and indexed.
pub fn analyser(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let folded = fold(&text);
    assert_eq!(fold(&folded), folded, "folding twice changes nothing");
    fold_code(&text);
    fold_company_name(&text);
    ENGINE.taxonomy().named_in(&text);
    let document = Document {
        id: "it".to_string(),
        kind: "seed".to_string(),
        published: true,
        titles: vec![text.to_string()],
        bodies: vec![text.to_string()],
        codes: vec![text.to_string()],
        sort_key: folded,
        ..Document::default()
    };
    let mut standing = Standing::new(ENGINE.taxonomy());
    standing.put("everything", request(""), &ENGINE).expect("the empty query");
    let told = standing.ask(std::slice::from_ref(&document), |_| Some(Reader::Visitor)).expect("a batch");
    assert_eq!(told.found.len(), 1);
}
