//! Sentences that people tried on the judge, and their neighbours (`data/line_cases.tsv`).

use musubi_index::lines::{Text, Verdict, judge};

#[test]
fn each_case_is_judged_as_it_should_be() {
    let mut wrong = Vec::new();
    let mut all = 0;
    for case in include_str!("data/line_cases.tsv").lines().filter(|case| !case.starts_with('#')) {
        let [wanted, line, text] = case.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {case}") };
        let texts = [Text { id: "t", field: "description", lang: "ja", text }];
        let said = match judge(&[line], &texts) {
            Verdict::Met { .. } => "met",
            Verdict::Unmet { .. } => "unmet",
            Verdict::Unknown => "unknown",
        };
        let right = match wanted.strip_prefix("not ") {
            Some(refused) => said != refused,
            None => said == wanted,
        };
        all += 1;
        if !right {
            wrong.push(format!("{said}, wanted {wanted}: {line} | {text}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {all} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
