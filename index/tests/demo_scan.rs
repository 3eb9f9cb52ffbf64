use musubi_index::lines::{Text, Verdict, judge};
use serde_json::Value;
use std::collections::BTreeMap;
fn read(name: &str) -> Vec<Value> {
    let t = std::fs::read_to_string(format!("{}/../src/demo/{name}.jsonl", env!("CARGO_MANIFEST_DIR"))).unwrap();
    t.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}
#[test]
fn scan() {
    let mut texts: BTreeMap<String, Vec<(String, String, String)>> = BTreeMap::new();
    let mut add = |party: &str, v: &Value, fields: &[&str]| {
        for f in fields {
            for lang in ["ja", "en"] {
                if let Some(t) = v[format!("{f}_{lang}")].as_str() {
                    texts.entry(party.into()).or_default().push((f.to_string(), lang.into(), t.into()));
                }
            }
        }
    };
    for o in read("organizations") {
        add(o["id"].as_str().unwrap(), &o, &["description"]);
    }
    for p in read("people") {
        add(p["id"].as_str().unwrap(), &p, &["description"]);
    }
    for c in read("capabilities") {
        add(c["owner"].as_str().unwrap(), &c, &["name", "description", "evidence"]);
    }
    for s in read("seeds") {
        add(s["owner"].as_str().unwrap(), &s, &["title", "summary", "novelty"]);
    }
    for r in read("records") {
        let m = r["members"].as_array().unwrap();
        if m.len() == 1 {
            add(m[0]["party"].as_str().unwrap(), &r, &["title", "text"]);
        }
    }
    let (mut lines, mut met_lines, mut musts, mut met_musts, mut needs_with) = (0, 0, 0, 0, 0);
    let mut covered_needs = 0;
    let mut single = 0;
    for n in read("needs") {
        let (mut m, mut mm, mut any) = (0, 0, false);
        let mut out = Vec::new();
        let mut cover: Vec<std::collections::BTreeSet<String>> = vec![];
        for l in n["lines"].as_array().unwrap() {
            let forms: Vec<&str> = ["text_ja", "text_en"].iter().filter_map(|f| l[*f].as_str()).collect();
            if forms.is_empty() {
                continue;
            }
            lines += 1;
            let must = l["strength"] == "must";
            let cond = !l["condition"].is_null();
            musts += usize::from(must);
            let mut hits = Vec::new();
            for (party, own) in &texts {
                if Some(party.as_str()) == n["owner"].as_str() {
                    continue;
                }
                let ts: Vec<Text> =
                    own.iter().map(|(f, lang, t)| Text { id: party, field: f, lang, text: t }).collect();
                match judge(&forms, &ts) {
                    Verdict::Met { place, strength } => {
                        let s: String =
                            ts[place.text].text.chars().skip(place.start).take(place.end - place.start).collect();
                        hits.push((
                            party.clone(),
                            format!("   MET {strength:.2} {party} [{}]: {s}", ts[place.text].field),
                        ));
                    }
                    Verdict::Unmet { place, .. } => {
                        let s: String =
                            ts[place.text].text.chars().skip(place.start).take(place.end - place.start).collect();
                        out.push(format!("   unmet {party}: {s}  <- {}", forms[0]));
                    }
                    _ => {}
                }
            }
            if !hits.is_empty() {
                met_lines += 1;
                any = true;
            }
            if must && !cond {
                m += 1;
                if !hits.is_empty() {
                    met_musts += 1;
                    mm += 1;
                }
                cover.push(hits.iter().map(|h| h.0.clone()).filter(|h| h.starts_with("org")).collect());
            }
            out.push(format!(
                "  {} {}{}",
                l["strength"].as_str().unwrap(),
                forms.join(" / "),
                if cond { " +COND" } else { "" }
            ));
            out.extend(hits.into_iter().map(|h| h.1));
        }
        needs_with += usize::from(any);
        if m > 0 && m == mm {
            covered_needs += 1;
            let all: std::collections::BTreeSet<String> = cover.iter().flatten().cloned().collect();
            if all.iter().any(|p| cover.iter().all(|c| c.contains(p))) {
                single += 1;
            }
        }
        println!("{} {} [{mm}/{m}]", n["id"].as_str().unwrap(), n["title_ja"].as_str().unwrap_or(""));
        for o in out {
            println!("{o}");
        }
    }
    println!(
        "TOTAL lines {lines} met {met_lines}; musts {musts} met {met_musts}; needs with any {needs_with}; all worded musts covered {covered_needs}, by one {single}"
    );
    // verbatim
    let (mut names, mut unknown) = (0, 0);
    for c in read("capabilities").iter().chain(&read("seeds")) {
        for f in ["name_ja", "name_en", "title_ja", "title_en"] {
            if let Some(t) = c[f].as_str() {
                names += 1;
                let ts = [Text { id: "x", field: f, lang: &f[5.min(f.len())..], text: t }];
                if !matches!(judge(&[t], &ts), Verdict::Met { .. }) {
                    unknown += 1;
                    println!("VERB {t}");
                }
                if f.ends_with("ja") && !matches!(judge(&[&format!("{t}ができること")], &ts), Verdict::Met { .. })
                {
                    println!("VERB+ {t}");
                }
            }
        }
    }
    println!("names {names} not met {unknown}");
}
