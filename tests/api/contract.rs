//! The contract at `/openapi.json` and the routes are the same list.

use crate::support::TestApp;
use musubi::domain::Kind;
use serde_json::{Value, json};

#[test]
fn every_path_and_method_of_the_contract_is_served_and_no_other_method_is() {
    let app = TestApp::start();
    let contract = app.get("/openapi.json").json();
    let paths = contract["paths"].as_object().expect("paths");
    assert!(paths.len() >= 2 * Kind::ALL.len() + 7, "{:?}", paths.keys());
    for (path, item) in paths {
        let concrete = path
            .replace("{id}", "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d")
            .replace("{code}", "nothing_here")
            .replace("{version}", "1")
            .replace("{secret}", "nobody-knows-it")
            .replace("{party}", "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d")
            .replace("{solve}", "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d")
            .replace("{side}", "buyer");
        assert!(!concrete.contains('{'), "{path}: say here what to put in");
        for method in ["get", "post", "patch", "delete"] {
            let answer = match method {
                "get" => app.get(&concrete),
                "post" => app.post(&concrete, json!({})),
                "patch" => app.patch(&concrete, "\"1\"", json!({})),
                _ => app.delete(&concrete, &[("if-match", "\"1\"")]),
            };
            let promised = item.get(method).is_some();
            if promised {
                assert!(!is_no_route(answer.status, &answer.body), "{method} {path}: {}", answer.body);
                assert_ne!(answer.status, 405, "{method} {path}");
                assert!(answer.status < 500 || path == "/health/ready", "{method} {path}: {}", answer.body);
                let status = answer.status.to_string();
                assert!(
                    item[method]["responses"].get(&status).is_some(),
                    "{method} {path} answers {status}, which is not in the contract: {}",
                    answer.body
                );
            } else {
                assert!(
                    [404, 405].contains(&answer.status),
                    "{method} {path} is served, but not in the contract: {}",
                    answer.status
                );
            }
        }
    }
}

/// 404 because nothing is there to answer, as against a thing that is not there.
fn is_no_route(status: u16, body: &str) -> bool {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let detail = &body["message"]["en"];
    status == 404 && detail.as_str().is_none_or(|text| !text.starts_with("There is no such thing"))
}

#[test]
fn every_kind_is_in_the_contract_with_its_five_routes() {
    let app = TestApp::start();
    let contract = app.get("/openapi.json").json();
    for kind in Kind::ALL {
        let path = format!("/api/v1/{}", kind.plural());
        for (path, methods) in
            [(path.clone(), vec!["get", "post"]), (format!("{path}/{{id}}"), vec!["get", "patch", "delete"])]
        {
            for method in methods {
                assert!(contract["paths"][&path][method].is_object(), "{method} {path}");
            }
        }
    }
}

/// What a client that was made from the contract would send is what the service reads.
#[test]
fn the_contract_names_the_codes_that_are_served_and_each_route_once() {
    let app = TestApp::start();
    let contract = app.get("/openapi.json").json();
    let schemas = contract["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas {
        for value in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(!value.starts_with(char::is_uppercase), "{name} names {value}, which is not what is served");
        }
    }
    let kinds = schemas["OrganizationKind"]["enum"].as_array().expect("codes");
    for kind in kinds {
        let firm = json!({ "organization_kind": kind, "name_ja": format!("県の機関 {kind}") });
        assert_eq!(app.post("/api/v1/organizations", firm).status, 201, "{kind}");
    }
    let mut names = std::collections::HashSet::new();
    for (path, item) in contract["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations").iter().filter(|(key, _)| *key != "parameters")
        {
            let name = operation["operationId"].as_str().expect("a name").to_owned();
            assert!(names.insert(name.clone()), "{method} {path}: {name} is there twice");
            let writes = method != "get" && path.starts_with("/api/");
            assert!(
                !writes || operation["security"].is_array() || path.contains("/auth/") || path.ends_with("/accept")
            );
            for (status, answer) in operation["responses"].as_object().expect("answers") {
                let refusal = status.starts_with(['4', '5']) || status == "default";
                assert!(!refusal || answer["content"].get("application/json").is_none(), "{method} {path} {status}");
            }
        }
    }
}

/// Files go in and come out as bytes, under the types that are served, and of every kind that there is.
#[test]
fn the_contract_names_every_kind_and_form_of_imports_and_exports() {
    let app = TestApp::start();
    let contract = app.get("/openapi.json").json();
    let plurals: Vec<&str> = Kind::ALL.iter().map(|kind| kind.plural()).collect();
    for (path, method) in [("/api/v1/imports", "post"), ("/api/v1/exports", "get")] {
        let parameters = contract["paths"][path][method]["parameters"].as_array().expect("parameters").clone();
        let kind = parameters.iter().find(|parameter| parameter["name"] == "kind").expect("a kind");
        assert_eq!(kind["schema"]["enum"], json!(plurals), "{path}");
    }
    let body = &contract["paths"]["/api/v1/imports"]["post"]["requestBody"]["content"];
    let answer = &contract["paths"]["/api/v1/exports"]["get"]["responses"]["200"]["content"];
    const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (content, form) in [body, answer]
        .into_iter()
        .flat_map(|content| ["text/csv", XLSX, "application/jsonl"].map(|form| (content, form)))
    {
        let name = content[form]["schema"]["$ref"].as_str().expect("a schema").rsplit('/').next().expect("a name");
        let schema = &contract["components"]["schemas"][name];
        assert_eq!((&schema["type"], &schema["format"]), (&json!("string"), &json!("binary")), "{form}");
    }
    assert!(answer["application/json"].is_object(), "{answer}");
    // What is served is what is written there.
    for (form, expected) in
        [("csv", "text/csv"), ("csv-cp932", "text/csv"), ("xlsx", XLSX), ("jsonl", "application/jsonl")]
    {
        let served = app.get(&format!("/api/v1/exports?kind=organizations&format={form}"));
        assert!(served.header("content-type").is_some_and(|served| served.starts_with(expected)), "{form}");
    }
}

/// Whatever takes `format` says that it answers files; whatever does not refuses it.
#[test]
fn routes_that_answer_files_say_so() {
    let app = TestApp::start();
    let contract = app.get("/openapi.json").json();
    let content = |path: &str| contract["paths"][path]["post"]["responses"]["200"]["content"].clone();
    for path in ["/api/v1/match", "/api/v1/match/coalition"] {
        for media_type in ["application/json", "text/csv", "application/jsonl"] {
            assert!(content(path).get(media_type).is_some(), "{path}: {media_type}");
        }
    }
    assert!(content("/api/v1/similar").get("text/csv").is_none());
    assert_eq!(app.post("/api/v1/similar?format=csv", json!({})).status, 400);
}
