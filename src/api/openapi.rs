//! The contract: OpenAPI 3.1 at `/openapi.json`, and a page to try it at `/docs` that loads nothing from elsewhere.

use super::problem::ProblemBody;
use super::resource::{ListQuery, PossibleDuplicate};
use super::{
    accounts, applications, audit, auth, booth_plans, cases, coalition, compose, compositions, concepts, desk,
    duplicates, exports, feeds, groups, health, history, imports, indicators, introductions, invitations, joint_orders,
    lifecycle, matches, matching, me, meetings, memberships, notices, openapi_life, openapi_tidy, organization_archive,
    participants, profile, reviews, saved_searches, search, similar, solving, standing, stories, substitutes, suggest,
    timetables, vocabularies,
};
use crate::domain::finding::Message;
use crate::domain::vocabulary::Kind;
use crate::domain::{Capability, Exhibition, Finding, Header, Need, Organization, Person, Record, Seed};
use crate::store::things::Stored;
use actix_web::{HttpResponse, web};
use std::sync::OnceLock;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Document, PathItem, Ref, RefOr, Required};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "musubi",
        description = "Matchmaking for a regional industry cluster (産業クラスターのマッチング): firms, universities and \
                       institutes, what they can do, what they need, and who fits whom.",
    ),
    paths(
        search::search,
        suggest::suggest,
        similar::similar,
        matching::propose,
        coalition::propose,
        compose::propose,
        vocabularies::municipalities,
        vocabularies::fields,
        vocabularies::industries,
        vocabularies::vocabularies,
        concepts::list,
        concepts::read,
        concepts::create,
        concepts::change,
        concepts::remove,
        auth::sign_in,
        auth::refresh,
        auth::sign_out,
        auth::ask_reset,
        auth::reset,
        auth::keys,
        me::read,
        me::change,
        me::erase,
        me::change_password,
        me::change_email,
        me::confirm_email,
        me::begin_totp,
        me::confirm_totp,
        me::remove_totp,
        me::list_tokens,
        me::make_token,
        me::delete_token,
        me::list_sessions,
        me::end_session,
        me::data,
        accounts::list,
        accounts::read,
        accounts::change,
        memberships::list,
        memberships::read,
        memberships::change,
        memberships::delete,
        invitations::list,
        invitations::create,
        invitations::withdraw,
        invitations::accept,
        audit::list,
        imports::list,
        imports::create,
        imports::read,
        imports::rows,
        imports::rejected,
        imports::commit,
        imports::cancel,
        imports::undo,
        imports::mappings,
        imports::keep_mapping,
        exports::export,
        reviews::reviews,
        reviews::verifications,
        duplicates::list,
        duplicates::merge,
        duplicates::unmerge,
        profile::read,
        organization_archive::read,
        matches::list,
        matches::create,
        matches::read,
        matches::history,
        matches::act,
        introductions::list,
        introductions::create,
        introductions::read,
        introductions::history,
        introductions::act,
        cases::list,
        cases::create,
        cases::read,
        cases::history,
        cases::act,
        applications::list,
        applications::list_of_exhibition,
        applications::create,
        applications::read,
        applications::history,
        applications::act,
        compositions::list,
        compositions::create,
        compositions::read,
        compositions::change,
        compositions::history,
        compositions::solve,
        compositions::stop,
        groups::list,
        groups::create,
        groups::read,
        groups::history,
        groups::act,
        substitutes::propose,
        stories::list,
        standing::run,
        timetables::list,
        timetables::create,
        timetables::read,
        timetables::history,
        timetables::change,
        participants::participants,
        participants::enter,
        participants::participant,
        participants::change_participant,
        solving::solve,
        solving::progress,
        solving::cancel,
        solving::publish,
        meetings::plan,
        meetings::calendar,
        meetings::list,
        meetings::read,
        meetings::history,
        meetings::file,
        meetings::card,
        meetings::change_card,
        booth_plans::list,
        booth_plans::create,
        booth_plans::read,
        booth_plans::change,
        booth_plans::publish,
        booth_plans::places,
        joint_orders::propose,
        desk::hand_over,
        indicators::read,
        notices::list,
        notices::mark_read,
        notices::choice,
        notices::choose,
        notices::ask_to_stop,
        notices::stop,
        saved_searches::list,
        saved_searches::create,
        saved_searches::read,
        saved_searches::change,
        saved_searches::remove,
        saved_searches::new,
        saved_searches::looked,
        saved_searches::make_feed,
        saved_searches::end_feed,
        feeds::feed,
        health::live,
        health::ready,
    ),
    components(schemas(
        ProblemBody,
        Message,
        Finding,
        Header,
        lifecycle::StepBody,
        lifecycle::Reviews,
        lifecycle::Trust,
        history::History,
        history::RestoreBody,
        PossibleDuplicate,
    )),
    tags(
        (name = "lifecycle", description = "審査・確認・重複"),
        (name = "search", description = "検索"),
        (name = "match", description = "マッチング"),
        (name = "compose", description = "共同出展の編成"),
        (name = "timetables", description = "商談会の時間割・商談・結果票"),
        (name = "exhibitions", description = "展示会・商談会: 申込み、編成、企業間グループ"),
        (name = "vocabularies", description = "コード表"),
        (name = "auth", description = "サインイン"),
        (name = "me", description = "自分のアカウント"),
        (name = "saved-searches", description = "保存した検索とフィード"),
        (name = "accounts", description = "アカウントと監査"),
        (name = "imports", description = "取り込み"),
        (name = "exports", description = "書き出し"),
        (name = "desk", description = "コーディネーターの机: 候補、紹介、案件"),
        (name = "health", description = "稼働状況"),
    )
)]
struct Fixed;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/openapi.json", web::get().to(contract)).service(web::redirect("/docs", "/docs/"));
    config.service(
        SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/openapi.json").use_base_layout()),
    );
}

async fn contract() -> HttpResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| document().to_json().unwrap_or_default());
    HttpResponse::Ok().content_type("application/json").body(text.as_str())
}

/// The whole contract.
pub fn document() -> Document {
    let mut document = Fixed::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token of POST /auth/sign-in, or an API token (mus_…)."))
        .build();
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    resource::<Organization>(&mut document);
    resource::<Person>(&mut document);
    resource::<Capability>(&mut document);
    resource::<Seed>(&mut document);
    resource::<Need>(&mut document);
    resource::<Record>(&mut document);
    resource::<Exhibition>(&mut document);
    openapi_tidy::tidy(&mut document);
    document
}

/// The five routes of a kind, as `api/resource.rs` serves them.
fn resource<E: Stored + ToSchema>(document: &mut Document) {
    let kind = E::KIND;
    let name = E::name().into_owned();
    let thing = format!("{name}Thing");
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(name.clone(), E::schema())];
    E::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let whole = AllOfBuilder::new().item(reference("Header")).item(reference(&name)).build();
    components.schemas.insert(thing.clone(), RefOr::T(Schema::AllOf(whole)));

    let list = operation(kind, "list", format!("{}の一覧 / List", kind.name_ja()))
        .parameters(Some(ListQuery::into_params(|| Some(ParameterIn::Query))))
        .response("200", json_response("A page.", list_schema(&thing)))
        .response("400", problem("The cursor or a parameter cannot be read."))
        .response("422", problem("A filter has a value that is not allowed."))
        .build();
    let create = operation(kind, "create", format!("{}の登録 / Register", kind.name_ja()))
        .parameter(header(
            "Idempotency-Key",
            Required::False,
            "Repeating a request with the same key and body within 24 hours gives the first answer again.",
        ))
        .request_body(Some(body(&name)))
        .response("201", written(json_response("Registered.", registered(kind, &thing))))
        .response("400", problem("The body is not JSON."))
        .response("409", problem("A number is registered already."))
        .response("413", problem("The body is larger than 64 KiB."))
        .response("415", problem("The body is not declared as JSON."))
        .response("422", problem("Values were refused; see errors."))
        .build();
    let read = operation(kind, "read", format!("{}の取得 / Read", kind.name_ja()))
        .response("200", as_linked_data(kind, json_response("The thing, with its ETag.", reference(&thing))))
        .response("410", problem("It was merged into another one: see Location (organisations only)."))
        .response("304", ResponseBuilder::new().description("Unchanged since the ETag in If-None-Match.").build())
        .response("404", problem("There is no such thing."))
        .build();
    let change = operation(kind, "change", format!("{}の変更 / Change", kind.name_ja()))
        .description(Some("JSON merge patch: a field that is absent stays, null clears it, a value replaces it."))
        .parameter(if_match())
        .request_body(Some(body(&name)))
        .response("200", written(json_response("The thing as it is now.", reference(&thing))))
        .response("400", problem("The body or If-Match cannot be read."))
        .response("404", problem("There is no such thing."))
        .response("409", problem("A number is registered already."))
        .response("412", problem("Somebody changed it in the meantime; current_version says which version is there."))
        .response("415", problem("The body is not declared as JSON."))
        .response("422", problem("Values were refused; see errors."))
        .response("428", problem("If-Match is missing."))
        .build();
    let delete = operation(kind, "delete", format!("{}の削除 / Delete", kind.name_ja()))
        .parameter(if_match())
        .response("204", written(ResponseBuilder::new().description("Deleted; its history stays.").build()))
        .response("404", problem("There is no such thing."))
        .response("409", problem("Something refers to it."))
        .response("412", problem("Somebody changed it in the meantime."))
        .response("428", problem("If-Match is missing."))
        .build();
    let mut all = PathItem::new(HttpMethod::Get, list);
    all.post = Some(create);
    let mut one = PathItem::new(HttpMethod::Get, read);
    one.patch = Some(change);
    one.delete = Some(delete);
    one.parameters = Some(vec![RefOr::T(id_parameter())]);
    let path = format!("/api/v1/{}", kind.plural());
    document.paths.paths.insert(path.clone(), all);
    document.paths.paths.insert(format!("{path}/{{id}}"), one);
    openapi_life::paths(document, kind, &name);
}

/// Who registers a party is told what may be the same.
fn registered(kind: Kind, thing: &str) -> RefOr<Schema> {
    if !kind.is_party() {
        return reference(thing).into();
    }
    let alike = ArrayBuilder::new().items(reference("PossibleDuplicate")).description(Some(
        "What is registered already, may be the same, and may be seen by the caller; absent if nothing.",
    ));
    let more = ObjectBuilder::new().property("possible_duplicates", alike).build();
    RefOr::T(Schema::AllOf(AllOfBuilder::new().item(reference(thing)).item(more).build()))
}

/// An organisation has a second form, for `Accept: application/ld+json`.
fn as_linked_data(kind: Kind, mut response: Response) -> Response {
    if kind != Kind::Organization {
        return response;
    }
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let linked = ObjectBuilder::new()
        .description(Some(
            "JSON-LD in the words of schema.org, for Accept: application/ld+json: also name, description, alternateName, url, \
             foundingDate, numberOfEmployees, address, identifier (法人番号) and sameAs (ROR), where they are stated.",
        ))
        .property("@context", text().description(Some("https://schema.org")))
        .property("@type", text().description(Some("Corporation, CollegeOrUniversity, ResearchOrganization …")))
        .property("@id", text().description(Some("urn:uuid: and the id.")))
        .required("@context")
        .required("@type")
        .required("@id");
    let content = Content::new(Some(RefOr::T(Schema::Object(linked.build()))));
    response.content.insert("application/ld+json".to_owned(), content.into());
    response
}

pub(super) fn operation(kind: Kind, verb: &str, summary: String) -> OperationBuilder {
    let id = format!("{verb}_{}", kind.plural());
    OperationBuilder::from(Operation::new()).tag(kind.plural()).operation_id(Some(id)).summary(Some(summary))
}

pub(super) fn reference(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

fn list_schema(thing: &str) -> Schema {
    let next = ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("Cursor of the next page; null on the last."));
    ObjectBuilder::new()
        .property("items", ArrayBuilder::new().items(reference(thing)))
        .property("next", next)
        .required("items")
        .required("next")
        .into()
}

pub(super) fn json_response(description: &str, schema: impl Into<RefOr<Schema>>) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(schema.into())))
        .build()
}

pub(super) fn problem(description: &str) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", Content::new(Some(reference("ProblemBody"))))
        .build()
}

/// A write says where it stands in the log.
pub(super) fn written(mut response: Response) -> Response {
    let header = utoipa::openapi::HeaderBuilder::new()
        .description(Some("Opaque place of the write in the log: send it as min_seq to a search that must include it."))
        .build();
    response.headers.insert("Musubi-Sequence".to_owned(), header.into());
    response
}

pub(super) fn body(name: &str) -> utoipa::openapi::request_body::RequestBody {
    RequestBodyBuilder::new()
        .content("application/json", Content::new(Some(reference(name))))
        .required(Some(Required::True))
        .build()
}

fn header(name: &str, required: Required, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

pub(super) fn if_match() -> Parameter {
    header("If-Match", Required::True, "The ETag that was read, with its quotes.")
}

pub(super) fn id_parameter() -> Parameter {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("UUID of the thing."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_the_contract_resolves() {
        let json = document().to_json().expect("the contract is JSON");
        let document: serde_json::Value = serde_json::from_str(&json).expect("the contract is JSON");
        assert_eq!(document["openapi"], "3.1.0");
        let mut missing: Vec<&str> = json
            .split("\"#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|name| document["components"]["schemas"].get(name).is_none())
            .collect();
        missing.dedup();
        assert!(missing.is_empty(), "{missing:?}");
        for kind in Kind::ALL {
            assert!(document["paths"].get(format!("/api/v1/{}/{{id}}", kind.plural())).is_some());
        }
    }
}
