//! Hidden things change nothing for those who may not find them.

use crate::support::*;
use musubi_index::*;

fn hidden(id: &str, audience: Audience) -> Document {
    Document {
        audience,
        attributes: vec![(Attribute::Municipality, "069999".to_string())],
        ..document(id, "有機ELの秘密の封止センサ", "極秘の腸内細菌と封止センサの解析、発酵と鋳物。")
    }
}

fn member(party: &str) -> Reader {
    Reader::Member { parties: vec![party.to_string()] }
}

fn coordinator() -> Reader {
    Reader::Coordinator { parties: vec!["office".to_string()] }
}

fn facet_request(query: &str, reader: Reader) -> SearchRequest {
    SearchRequest { reader, facets: vec![Attribute::Municipality], ..request(query) }
}

#[test]
fn two_worlds_that_differ_in_hidden_things_answer_alike() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = built(one.path(), &sample());
    let mut documents = sample();
    for number in 0..20 {
        documents.push(hidden(&format!("m{number}"), Audience::Members));
        documents.push(hidden(&format!("p{number}"), Audience::Parties(vec!["partner".to_string()])));
        documents.push(hidden(&format!("s{number}"), Audience::Private(vec!["self".to_string()])));
        documents.push(Document { published: false, ..hidden(&format!("d{number}"), Audience::Public) });
    }
    let mixed = built(other.path(), &documents);
    // Hidden things come and go as well.
    mixed
        .apply(&[Change::Put(hidden("p0", Audience::Private(vec![]))), Change::Remove("m1".to_string())], &mark(2))
        .unwrap();
    for query in [
        "",
        "封止",
        "有機EL",
        "腸内細菌の解析",
        "センサ OR 発酵",
        "屋外で封止できるセンサを探しています",
        "-封止",
        "極秘",
    ] {
        let left = plain.search(&facet_request(query, Reader::Visitor)).unwrap();
        let right = mixed.search(&facet_request(query, Reader::Visitor)).unwrap();
        assert_eq!(
            (left.hits, left.total, left.facets, left.relaxed),
            (right.hits, right.total, right.facets, right.relaxed),
            "{query}"
        );
        assert_eq!(left.terms, right.terms, "{query}");
        let left = plain.match_parties(&match_request(query));
        let right = mixed.match_parties(&match_request(query));
        assert_eq!(format!("{:?}", left.parties), format!("{:?}", right.parties), "{query}");
        assert_eq!(left.terms, right.terms, "{query}");
    }
}

#[test]
fn each_reader_finds_what_is_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(
        folder.path(),
        &[
            hidden("public", Audience::Public),
            hidden("members", Audience::Members),
            hidden("parties", Audience::Parties(vec!["partner".to_string()])),
            hidden("private", Audience::Private(vec!["self".to_string()])),
            Document { published: false, ..hidden("draft", Audience::Private(vec!["self".to_string()])) },
        ],
    );
    let found = |reader: Reader| {
        let mut ids: Vec<String> =
            engine.search(&facet_request("封止", reader)).unwrap().hits.into_iter().map(|hit| hit.id).collect();
        ids.sort();
        ids
    };
    assert_eq!(found(Reader::Visitor), ["public"]);
    assert_eq!(found(member("nobody")), ["members", "public"]);
    assert_eq!(found(member("partner")), ["members", "parties", "public"]);
    assert_eq!(found(member("self")), ["members", "private", "public"]);
    assert_eq!(found(coordinator()), ["members", "parties", "public"]);
    assert_eq!(found(Reader::Everything), ["members", "parties", "private", "public"]);
    let drafts = SearchRequest {
        filters: Filters { unpublished: true, ..Filters::default() },
        ..facet_request("封止", member("self"))
    };
    assert_eq!(engine.search(&drafts).unwrap().total, 4);
}

#[test]
fn excluded_ids_leave_hits_counts_and_facets() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let with = |excluded: &[&str]| SearchRequest {
        filters: Filters { excluded_ids: excluded.iter().map(|id| id.to_string()).collect(), ..Filters::default() },
        ..facet_request("センサ", Reader::Visitor)
    };
    let answer = engine.search(&with(&["d"])).unwrap();
    assert_eq!((answer.total, answer.hits.len()), (1, 1));
    assert_eq!(answer.facets[0].1, [("062014".to_string(), 1)]);
    assert_eq!(
        engine.search(&with(&["d", "e"])).unwrap().hits.iter().filter(|hit| hit.id == "d" || hit.id == "e").count(),
        0
    );
}
