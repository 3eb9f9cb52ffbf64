//! Small worlds for the tests.

use musubi_index::*;
use std::path::Path;

pub fn mark(seq: i64) -> Mark {
    Mark { epoch: "epoch".to_string(), seq, chain: format!("{seq:04x}") }
}

pub fn document(id: &str, title: &str, body: &str) -> Document {
    Document {
        id: id.to_string(),
        kind: "seed".to_string(),
        version: 1,
        owner: Some(format!("party-{id}")),
        parties: vec![format!("party-{id}")],
        source: Source::Offer,
        published: true,
        titles: vec![title.to_string()],
        bodies: vec![body.to_string()],
        attributes: vec![(Attribute::Municipality, "062014".to_string())],
        sort_key: fold(title),
        ..Document::default()
    }
}

/// A handful of invented things.
pub fn sample() -> Vec<Document> {
    vec![
        document("a", "有機EL照明パネルの封止", "水蒸気バリア膜で有機ELを封止し、屋外で使える照明にします。"),
        document("b", "Organic solar cells by roll-to-roll coating", "We print organic photovoltaic films."),
        document("c", "腸内細菌の代謝物解析", "メタボローム解析で腸内細菌の代謝物を測定します。"),
        document("d", "鋳物の予知保全", "センサと機械学習で鋳造設備の故障を予知します。"),
        document("e", "日本酒の発酵管理", "酵母の発酵を温度センサで監視し、香りを整えます。"),
    ]
}

pub fn built(folder: &Path, documents: &[Document]) -> Engine {
    let (engine, _) = Engine::open(folder, small()).unwrap();
    let mut rebuild = engine.rebuild().unwrap();
    for document in documents {
        rebuild.add(document.clone()).unwrap();
    }
    rebuild.finish(&mark(1)).unwrap();
    engine
}

pub fn small() -> Settings {
    Settings { writer_memory: 16 * 1024 * 1024, writer_threads: 1 }
}

pub fn request(query: &str) -> SearchRequest {
    SearchRequest {
        query: query.to_string(),
        reader: Reader::Visitor,
        filters: Filters::default(),
        facets: vec![],
        sort: Sort::Relevance,
        offset: 0,
        limit: 20,
        ..SearchRequest::default()
    }
}

pub fn ids(engine: &Engine, query: &str) -> Vec<String> {
    engine.search(&request(query)).unwrap().hits.into_iter().map(|hit| hit.id).collect()
}

pub fn match_request(text: &str) -> MatchRequest {
    MatchRequest {
        texts: vec![(text.to_string(), 1.0)],
        reader: Reader::Visitor,
        filters: Filters::default(),
        party_filters: Filters::default(),
        without_parties: vec![],
        seeker: None,
        today: None,
        limit: 20,
    }
}

/// Copies a folder as it is on disk now: what a crash would leave.
pub fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
