//! The spellings that people use for a name each find it. Targets are drawn by a seed from the published list of
//! corporations of Yamagata Prefecture (4,232 rows, beside the repository in `shared/data`); without it the test says
//! why it is skipped. The rules below are frozen: a spelling that is not found is mended in the analysis, not here.

mod spellings;

use std::collections::HashMap;
use std::path::Path;

use musubi_index::*;
use spellings::{Row, right, rows, spellings, targets};

#[test]
fn every_spelling_finds_the_name() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/yamagata-corporations.csv");
    let Some(rows) = rows(&file) else {
        println!("skipped: ../shared/data/yamagata-corporations.csv is not here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(folder.path(), Settings::default()).unwrap();
    let mut rebuild = engine.rebuild().unwrap();
    for row in &rows {
        let titles = [row.name.clone(), row.reading.clone()].into_iter().filter(|title| !title.is_empty()).collect();
        rebuild
            .add(Document {
                id: row.id.clone(),
                kind: "organization".into(),
                published: true,
                titles,
                codes: vec![row.id.clone()],
                ..Document::default()
            })
            .unwrap();
    }
    rebuild.finish(&Mark::default()).unwrap();
    let names: HashMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut tally: std::collections::BTreeMap<&str, (usize, usize)> = std::collections::BTreeMap::new();
    let (mut found, mut asked, mut empty, mut missed) = (0, 0, 0, String::new());
    for row in targets(&rows) {
        for (rule, query) in spellings(row) {
            let request = SearchRequest { query: query.clone(), limit: 10, ..SearchRequest::default() };
            let answer = engine.search(&request).unwrap();
            let right = answer.hits.iter().any(|hit| right(rule, row, names[hit.id.as_str()]));
            let entry = tally.entry(rule).or_default();
            entry.0 += usize::from(right);
            entry.1 += 1;
            found += usize::from(right);
            asked += 1;
            empty += usize::from(answer.total == 0);
            if !right {
                missed += &format!("{rule}: {query} ({})\n", row.name);
            }
        }
    }
    println!("{found} of {asked} spellings found, {empty} without any hit\n{tally:?}\n{missed}");
    assert!(found * 100 >= asked * 98, "{found} of {asked}\n{missed}");
}
