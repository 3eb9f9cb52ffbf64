//! What holds for every route of the contract, whoever wrote it down: one name each, and problems as they are served.

use super::gate;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, OpenApi as Document, PathItem, Ref, RefOr, Response, ResponseBuilder, Responses};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// Names every operation after its method and path, gives refusals their media type, and says what any route may answer.
pub(super) fn tidy(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(name(method, path));
            refusals(&mut operation.responses);
            files(operation);
            credentials(method, path, operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// What a route takes to know the caller: a token if there is one for whatever anybody may ask, a token for what changes
/// something, none where the credentials are in the body.
fn credentials(method: &str, path: &str, operation: &mut Operation) {
    if operation.security.is_some() || !path.starts_with("/api/") || gate::NO_CREDENTIALS.contains(&path) {
        return;
    }
    let bearer = || SecurityRequirement::new::<&str, [&str; 0], &str>("bearer", []);
    if method == "get" || gate::QUESTIONS.contains(&path) {
        operation.security = Some(vec![bearer(), SecurityRequirement::default()]);
        return;
    }
    operation.security = Some(vec![bearer()]);
    operation.responses.responses.entry("401".to_owned()).or_insert_with(|| refusal("Nobody signed in."));
}

/// `get_matches_id_history` for `GET /api/v1/matches/{id}/history`.
fn name(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let mut name = method.to_owned();
    for word in path.split(['/', '-', '.', '{', '}']).filter(|word| !word.is_empty()) {
        name.push('_');
        name.push_str(word);
    }
    name
}

/// Media types of a list as a file.
const FILES: [&str; 3] =
    ["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/jsonl"];

/// What takes `format` answers a file, too.
fn files(operation: &mut Operation) {
    let takes_format = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "format"));
    let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200").filter(|_| takes_format) else {
        return;
    };
    for media_type in FILES {
        let bytes = Content::new(Some(Ref::from_schema_name("FileBytes")));
        response.content.entry(media_type.to_owned()).or_insert(RefOr::T(bytes));
    }
}

fn refusals(responses: &mut Responses) {
    for (status, response) in &mut responses.responses {
        let RefOr::T(response) = response else { continue };
        if !status.starts_with(['4', '5']) {
            continue;
        }
        if let Some(content) = response.content.shift_remove(JSON) {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
    responses.responses.entry("default".to_owned()).or_insert_with(|| {
        refusal("Any other refusal: what the service is asked for too often, too large, or while it cannot answer.")
    });
}

fn refusal(description: &str) -> RefOr<Response> {
    let schema = Content::new(Some(Ref::from_schema_name("ProblemBody")));
    RefOr::T(ResponseBuilder::new().description(description).content(PROBLEM, schema).build())
}
