//! What people type, and what they should see.

use crate::support::*;
use musubi_index::*;

fn firm(number: &str, name: &str, kana: &str, municipality: &str) -> Document {
    Document {
        id: number.to_string(),
        kind: "organization".to_string(),
        version: 1,
        owner: Some(number.to_string()),
        parties: vec![number.to_string()],
        source: Source::Profile,
        published: true,
        codes: vec![number.to_string()],
        titles: vec![name.to_string(), kana.to_string()],
        attributes: vec![(Attribute::Municipality, municipality.to_string())],
        sort_key: fold(kana),
        ..Document::default()
    }
}

fn firms() -> Vec<Document> {
    vec![
        firm("1000000000011", "株式会社結田アルミ", "ムスビタアルミ", "062014"),
        firm("1000000000012", "結田アルミ建材株式会社", "ムスビタアルミケンザイ", "062022"),
        firm("1000000000013", "有限会社アルミ結田商店", "アルミムスビタショウテン", "062014"),
        firm("1000000000014", "株式会社髙﨑鐵工所", "タカサキテッコウショ", "062031"),
        firm("1000000000015", "合同会社結田", "ムスビタ", "062014"),
    ]
}

#[test]
fn names_readings_and_numbers_find_the_firm_first() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &firms());
    for query in [
        "結田アルミ",
        "ムスビタアルミ",
        "むすびたあるみ",
        "ﾑｽﾋﾞﾀｱﾙﾐ",
        "㈱結田アルミ",
        "(株)結田アルミ",
        "1000000000011",
        "１００００００００００１１",
    ] {
        assert_eq!(ids(&engine, query)[0], "1000000000011", "{query}");
    }
    assert_eq!(ids(&engine, "高崎鉄工")[0], "1000000000014");
    assert_eq!(ids(&engine, "結田")[0], "1000000000015");
}

#[test]
fn words_phrases_conditions_and_exclusions() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    assert_eq!(ids(&engine, "有機EL"), ["a"]);
    assert_eq!(ids(&engine, "ＯＲＧＡＮＩＣ coatings"), ["b"]);
    assert_eq!(ids(&engine, "\"roll-to-roll coating\""), ["b"]);
    assert_eq!(ids(&engine, "\"coating roll\""), Vec::<String>::new());
    assert_eq!(ids(&engine, "\"菌の代謝\""), ["c"]);
    assert_eq!(ids(&engine, "センサ -鋳物"), ["e"]);
    assert_eq!(ids(&engine, "kind:seed 鋳物"), ["d"]);
    assert_eq!(ids(&engine, "kind:need 鋳物"), Vec::<String>::new());
    let mut either = ids(&engine, "(鋳物 OR 日本酒) municipality:062014");
    either.sort();
    assert_eq!(either, ["d", "e"]);
    assert_eq!(engine.search(&request("")).unwrap().total, 5);
    // One character, at the beginning of a word.
    assert_eq!(ids(&engine, "鋳"), ["d"]);
    // A piece of a word that the dictionary does not cut out.
    assert_eq!(ids(&engine, "蒸気バリ"), ["a"]);
}

#[test]
fn a_sentence_is_answered_by_what_comes_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let answer = engine.search(&request("塗布型の有機EL照明を屋外で試したい、県内で封止ができる会社")).unwrap();
    assert!(answer.relaxed);
    assert_eq!(answer.hits[0].id, "a");
    assert!(answer.total < 5);
    assert!(!engine.search(&request("封止")).unwrap().relaxed);
}

#[test]
fn facets_keep_the_rivals_of_a_chosen_value() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &firms());
    let chosen = SearchRequest {
        filters: Filters {
            attributes: vec![(Attribute::Municipality, vec!["062022".to_string()])],
            ..Filters::default()
        },
        facets: vec![Attribute::Municipality, Attribute::OrganizationKind],
        ..request("結田")
    };
    let answer = engine.search(&chosen).unwrap();
    assert_eq!(answer.total, 1);
    assert_eq!(answer.facets[0].1, [("062014".to_string(), 3), ("062022".to_string(), 1)]);
    assert_eq!(answer.facets[1].1, []);
}

#[test]
fn sorting_and_paging_cover_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &[]);
    for (number, document) in firms().into_iter().enumerate() {
        let updated_at = 1_700_000_000_000_000 + number as i64;
        // The first was never confirmed, the others the earlier the later they were changed.
        let verified = (number > 0).then_some(20_000 - number as i32);
        let document = Document { updated_at, verified, ..document };
        engine.apply(&[Change::Put(document)], &mark(number as i64 + 2)).unwrap();
    }
    let page = |sort: Sort, offset: usize| {
        let answer = engine.search(&SearchRequest { sort, offset, limit: 2, ..request("") }).unwrap();
        answer.hits.into_iter().map(|hit| hit.id[11..].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        [page(Sort::Name, 0), page(Sort::Name, 2), page(Sort::Name, 4)].concat(),
        ["13", "14", "15", "11", "12"]
    );
    assert_eq!(
        [page(Sort::Updated, 0), page(Sort::Updated, 2), page(Sort::Updated, 4)].concat(),
        ["15", "14", "13", "12", "11"]
    );
    assert_eq!(
        [page(Sort::Freshness, 0), page(Sort::Freshness, 2), page(Sort::Freshness, 4)].concat(),
        ["12", "13", "14", "15", "11"]
    );
    assert_eq!(
        [page(Sort::Relevance, 0), page(Sort::Relevance, 2), page(Sort::Relevance, 4)].concat(),
        ["11", "12", "13", "14", "15"]
    );
    let far = engine.search(&SearchRequest { offset: 9_999, limit: 2, ..request("") });
    assert_eq!(far.unwrap_err().kind, QueryErrorKind::TooFar);
}

#[test]
fn highlights_come_from_the_terms_of_the_query() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let terms = engine.search(&request("有機EL 封止")).unwrap().terms;
    let text = "水蒸気バリア膜で有機ＥＬを封止し、屋外で使える照明にします。";
    let shown: Vec<String> = evidence::spans(text, &terms)
        .into_iter()
        .map(|(start, end)| text.chars().skip(start).take(end - start).collect())
        .collect();
    assert_eq!(shown, ["有機ＥＬ", "封止"]);
    assert!(evidence::best_sentence("関係のない文です。", &terms).is_none());
}
