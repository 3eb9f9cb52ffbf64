//! What must hold for any text.

use crate::support::*;
use musubi_index::*;
use proptest::prelude::*;

/// Text as people and accidents make it: Japanese, Latin, marks, odd characters.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ぁ-んァ-ヶー一-龥]{1,6}",
        "[a-zA-Z0-9 .,()\"-]{1,8}",
        "\\PC{0,4}",
        Just("㈱".to_string()),
        Just("ｶﾞｯ".to_string()),
        Just("e\u{301}".to_string()),
        Just("有機EL".to_string()),
        Just("。\n".to_string()),
        Just("髙﨑".to_string()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn folding_twice_is_folding_once(text in any_text()) {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
        let _ = fold_company_name(&text);
        let _ = fold_code(&text);
    }
}

#[test]
fn spans_and_sentences_lie_in_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(200)
    });
    runner
        .run(&(any_text(), any_text()), |(query, text)| {
            // The text holds the query somewhere, so there is something to find.
            let text = format!("{text}{query}{text}");
            let answer = engine.match_parties(&match_request(&query));
            let searched = engine.search(&request(&query)).map(|answer| answer.terms).unwrap_or_default();
            for terms in [answer.terms, searched] {
                let length = text.chars().count();
                let spans = evidence::spans(&text, &terms);
                prop_assert!(spans.iter().all(|(start, end)| start < end && *end <= length), "{spans:?} of {length}");
                prop_assert!(spans.windows(2).all(|pair| pair[0].1 < pair[1].0));
                if let Some(sentence) = evidence::best_sentence(&text, &terms) {
                    prop_assert!(sentence.start < sentence.end && sentence.end <= length);
                    let cut: String = text.chars().skip(sentence.start).take(sentence.end - sentence.start).collect();
                    prop_assert_eq!(&cut, &sentence.text);
                    prop_assert!(sentence.end - sentence.start <= 200);
                    prop_assert!(sentence.weight > 0.0);
                    prop_assert!(
                        sentence.spans.iter().all(|(start, end)| sentence.start <= *start && *end <= sentence.end)
                    );
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_folded_with_the_white_space_before_it_begins_in_its_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let terms = engine.search(&request("\u{1160}有機EL")).unwrap().terms;
    let sentence = evidence::best_sentence("。\n\u{1160}有機EL。\n", &terms).expect("a sentence");
    assert!(!sentence.spans.is_empty());
    assert!(sentence.spans.iter().all(|(start, end)| sentence.start <= *start && *end <= sentence.end), "{sentence:?}");
}

#[test]
fn any_document_is_found_by_any_piece_of_its_title() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &[]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(30)
    });
    let seq = std::cell::Cell::new(1);
    runner
        .run(&("[一-龠]{3,8}", 0usize..3, 2usize..5), |(title, start, length)| {
            seq.set(seq.get() + 1);
            engine.apply(&[Change::Put(document("only", &title, ""))], &mark(seq.get())).unwrap();
            let piece: String = title.chars().skip(start).take(length).collect();
            if piece.chars().count() >= 2 {
                prop_assert_eq!(ids(&engine, &piece), ["only"]);
            }
            Ok(())
        })
        .unwrap();
}
