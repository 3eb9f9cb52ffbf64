//! The part of the contract that `api/lifecycle.rs` and `api/history.rs` serve for every kind.

use super::openapi::{body, id_parameter, if_match, json_response, operation, problem, reference, written};
use super::shown::PageQuery;
use crate::domain::Kind;
use crate::domain::lifecycle::Step;
use utoipa::IntoParams;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{OpenApi as Document, PathItem, RefOr, Required, Schema};

/// The routes of one kind. `name` is its schema.
pub(super) fn paths(document: &mut Document, kind: Kind, name: &str) {
    let thing = format!("{name}Thing");
    let one = format!("/api/v1/{}/{{id}}", kind.plural());
    for step in Step::BY_PEOPLE {
        let (summary, description) = words(step);
        let operation = operation(kind, step.code(), format!("{}の{summary}", kind.name_ja()))
            .description(Some(description))
            .parameter(if_match())
            .request_body(Some(body("StepBody")))
            .response("200", written(json_response("The thing as it is now.", reference(&thing))));
        let operation = refusals(operation)
            .response("409", problem("Its present status does not allow this; the message says what is possible."));
        add(document, &format!("{one}/{}", step.code()), HttpMethod::Post, operation, &["id"]);
    }
    let said = operation(kind, "reviews", format!("{}の審査の記録 / What was said of it", kind.name_ja()))
        .description(Some("For those who may change the thing, and for those who review."))
        .response("200", json_response("Newest first.", reference("Reviews")))
        .response("401", problem("Nobody signed in."))
        .response("403", problem("It is not the caller's."))
        .response("404", problem("There is no such thing."));
    add(document, &format!("{one}/reviews"), HttpMethod::Get, said, &["id"]);

    let list = operation(kind, "history", format!("{}の履歴 / History", kind.name_ja()))
        .description(Some("Versions that the caller could have read when they were current, newest first."))
        .parameters(Some(PageQuery::into_params(|| Some(ParameterIn::Query))))
        .response("200", json_response("A page.", reference("History")))
        .response("400", problem("The cursor or a parameter cannot be read."))
        .response("404", problem("There is no such thing."));
    add(document, &format!("{one}/history"), HttpMethod::Get, list, &["id"]);
    let content = ObjectBuilder::new().property("content", reference(name)).required("content");
    let whole = AllOfBuilder::new().item(reference("VersionShown")).item(content).build();
    let read = operation(kind, "read_version_of", format!("{}の過去の版 / An earlier version", kind.name_ja()))
        .response("200", json_response("The version and its content.", RefOr::T(Schema::AllOf(whole))))
        .response("404", problem("There is no such thing, or no such version that the caller could have read."));
    add(document, &format!("{one}/versions/{{version}}"), HttpMethod::Get, read, &["id", "version"]);
    let restore = operation(kind, "restore", format!("{}を過去の版に戻す / Restore", kind.name_ja()))
        .description(Some(
            "The content of an earlier version becomes a new version. What it refers to must still be there.",
        ))
        .parameter(if_match())
        .request_body(Some(body("RestoreBody")))
        .response("200", written(json_response("The thing as it is now.", reference(&thing))));
    let restore = refusals(restore).response("409", problem("A number is registered for something else by now."));
    add(document, &format!("{one}/restore"), HttpMethod::Post, restore, &["id"]);

    if kind.is_party() {
        let trust = |verb: &str, summary: &str| {
            operation(kind, verb, summary.to_owned())
                .description(Some("What a trusted party submits is published without review."))
                .response("200", json_response("Whether it is trusted.", reference("Trust")))
                .response("401", problem("Nobody signed in."))
                .response("403", problem("Not for this caller."))
                .response("404", problem("There is no such thing."))
        };
        let path = format!("{one}/trust");
        add(document, &path, HttpMethod::Get, trust("trust_of", "審査の要否 / Whether it is trusted"), &["id"]);
        if let Some(item) = document.paths.paths.get_mut(&path) {
            item.put = Some(trust("trust", "審査なしで掲載 / Trust").build());
            item.delete = Some(trust("distrust", "審査してから掲載 / Trust no longer").build());
        }
    }
}

fn words(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Submit => (
            "申請 / Submit",
            "Draft → submitted; published at once for a trusted party and for authors whose submission was let in before.",
        ),
        Step::Publish => ("掲載 / Publish", "Submitted → published, by a coordinator or an administrator."),
        Step::Return => {
            ("差し戻し / Return", "Submitted → draft, by a coordinator or an administrator. The comment is required.")
        }
        Step::Withdraw => ("取り下げ / Withdraw", "Submitted, published or expired → withdrawn."),
        Step::Reopen => ("再開 / Reopen", "Withdrawn → draft."),
        Step::Verify => ("確認 / Verify", "It is still true: verified today; what had expired is published again."),
        Step::Expire => ("期限切れ / Expire", "Published → expired."),
    }
}

fn refusals(operation: OperationBuilder) -> OperationBuilder {
    operation
        .response("400", problem("The body or If-Match cannot be read."))
        .response("401", problem("Nobody signed in."))
        .response("403", problem("Not for this caller."))
        .response("404", problem("There is no such thing."))
        .response("412", problem("Somebody changed it in the meantime; current_version says which version is there."))
        .response("415", problem("The body is not declared as JSON."))
        .response("422", problem("Values were refused; see errors."))
        .response("428", problem("If-Match is missing."))
}

fn add(document: &mut Document, path: &str, method: HttpMethod, operation: OperationBuilder, names: &[&str]) {
    let mut item = PathItem::new(method, operation.build());
    let parameter = |name: &&str| match *name {
        "id" => RefOr::T(id_parameter()),
        other => RefOr::T(
            ParameterBuilder::new()
                .name(other)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
                .build(),
        ),
    };
    item.parameters = Some(names.iter().map(parameter).collect());
    document.paths.paths.insert(path.to_owned(), item);
}
