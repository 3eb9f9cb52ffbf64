//! The concept tree: anyone reads it, administrators edit it. An edit builds every index anew.

use super::list_files::{self, Columns};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::codes::ConceptCode;
use crate::domain::text::Line;
use crate::domain::{Defect, Timestamp, parse};
use crate::error::{Error, Result};
use crate::store::concepts::{self, Concept, Names};
use crate::store::page::{Page, Place};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Characters of one name at most.
const LONGEST_NAME: usize = 100;
/// Synonyms in one language at most.
const MOST_SYNONYMS: usize = 50;

#[derive(Serialize, ToSchema)]
pub struct ConceptShown {
    #[schema(example = "organic_el")]
    pub code: String,
    /// Code of the wider concept; null at the top.
    pub parent: Option<String>,
    pub name_ja: Option<String>,
    pub name_en: Option<String>,
    pub synonyms_ja: Vec<String>,
    pub synonyms_en: Vec<String>,
    pub version: i64,
    /// null: as it came with the service; nobody has changed it since.
    pub updated_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
pub struct Concepts {
    pub items: Vec<ConceptShown>,
    pub next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConceptsQuery {
    /// Only the concepts right below this one.
    pub parent: Option<ConceptCode>,
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
    /// `csv`, `csv-cp932`, `xlsx`, `jsonl`: the whole list as a file, without pages.
    pub format: Option<String>,
}

/// Of the tree as a file.
const COLUMNS: Columns = &[
    ("code", "/code"),
    ("parent", "/parent"),
    ("name_ja", "/name_ja"),
    ("name_en", "/name_en"),
    ("synonyms_ja", "/synonyms_ja"),
    ("synonyms_en", "/synonyms_en"),
    ("version", "/version"),
    ("updated_at", "/updated_at"),
];

/// What administrators write of a concept; at least one of the two names.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct ConceptFields {
    pub parent: Option<ConceptCode>,
    #[schema(value_type = Option<String>)]
    pub name_ja: Option<Line>,
    #[schema(value_type = Option<String>)]
    pub name_en: Option<Line>,
    #[schema(value_type = Vec<String>)]
    pub synonyms_ja: Vec<Line>,
    #[schema(value_type = Vec<String>)]
    pub synonyms_en: Vec<Line>,
}

/// A new concept: its code and its fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConcept {
    pub code: ConceptCode,
    #[serde(default)]
    pub parent: Option<ConceptCode>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name_ja: Option<Line>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name_en: Option<Line>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub synonyms_ja: Vec<Line>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub synonyms_en: Vec<Line>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config.service(at("/concepts").route(web::get().to(list)).route(web::post().to(create))).service(
        at("/concepts/{code}")
            .route(web::get().to(read))
            .route(web::patch().to(change))
            .route(web::delete().to(remove)),
    );
}

/// The concept tree, by code. With `format`: all of it as a file.
#[utoipa::path(get, path = "/api/v1/concepts", tag = "vocabularies", params(ConceptsQuery), responses(
    (status = 200, body = Concepts), (status = 400, body = ProblemBody),
))]
async fn list(app: web::Data<App>, request: HttpRequest) -> Answer {
    let query: ConceptsQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let parent = query.parent.map(String::from);
    let scope = format!("concepts {}", parent.as_deref().unwrap_or(""));
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &scope)).transpose()?;
    if let Some(format) = list_files::asked(query.format.as_deref())? {
        let written = app
            .read(move |conn| {
                list_files::write_all("concepts", format, COLUMNS, |page| {
                    let (items, next) = concepts::list(conn, parent.as_deref(), page.after.as_ref(), page.limit)?;
                    Ok((items.into_iter().map(shown).collect(), next))
                })
            })
            .await?;
        return Ok(written.answer()?);
    }
    let (items, next) = app.read(move |conn| concepts::list(conn, parent.as_deref(), after.as_ref(), limit)).await?;
    let next = next.map(|place| place.cursor(&scope));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(Concepts { items: items.into_iter().map(shown).collect(), next }))
}

/// One concept.
#[utoipa::path(get, path = "/api/v1/concepts/{code}", tag = "vocabularies", params(("code" = String, Path)), responses(
    (status = 200, body = ConceptShown), (status = 404, body = ProblemBody),
))]
async fn read(app: web::Data<App>, code: web::Path<String>) -> Answer {
    let code = known_code(&code)?;
    let concept = app.read(move |conn| concepts::get(conn, &code)).await?;
    Ok(answer(&mut HttpResponse::Ok(), concept))
}

/// Adds a concept. For administrators. Search and match know it as soon as the index is built anew.
#[utoipa::path(post, path = "/api/v1/concepts", tag = "vocabularies", request_body = NewConcept, responses(
    (status = 201, body = ConceptShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(app: web::Data<App>, request: HttpRequest, caller: Caller, body: web::Bytes) -> Answer {
    permit::administrator(&caller.0)?;
    let new: NewConcept = wire::typed(&request, &body)?;
    let names = names(ConceptFields {
        parent: None,
        name_ja: new.name_ja,
        name_en: new.name_en,
        synonyms_ja: new.synonyms_ja,
        synonyms_en: new.synonyms_en,
    })?;
    let written = app.write(caller.0, move |tx| concepts::create(tx, &new.code, new.parent.as_ref(), names)).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, format!("/api/v1/concepts/{}", written.value.code)));
    Ok(answer(&mut response, written.value))
}

/// Changes names, synonyms or the place of a concept. For administrators.
#[utoipa::path(patch, path = "/api/v1/concepts/{code}", tag = "vocabularies", request_body = ConceptFields, params(
    ("code" = String, Path),
    ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = ConceptShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn change(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    code: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    permit::administrator(&caller.0)?;
    let code = known_code(&code)?;
    let expected = Revision::required(&request)?;
    let patch = wire::json(&request, &body)?;
    let written = app
        .write(caller.0, move |tx| {
            concepts::change(tx, &code, expected.0, |current| {
                let mut fields = serde_json::to_value(fields_of(&current)?).map_err(Error::internal)?;
                parse::merge_patch(&mut fields, &patch);
                let fields: ConceptFields = parse::body(fields).map_err(Error::Invalid)?;
                let parent = fields.parent.clone().map(String::from);
                Ok(Concept { parent, names: names(fields)?, ..current })
            })
        })
        .await?;
    Ok(answer(&mut HttpResponse::Ok(), written.value))
}

/// Takes a concept out that has none below it. For administrators.
#[utoipa::path(delete, path = "/api/v1/concepts/{code}", tag = "vocabularies", params(
    ("code" = String, Path),
    ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn remove(app: web::Data<App>, request: HttpRequest, caller: Caller, code: web::Path<String>) -> Answer {
    permit::administrator(&caller.0)?;
    let code = known_code(&code)?;
    let expected = Revision::required(&request)?;
    app.write(caller.0, move |tx| concepts::remove(tx, &code, expected.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(response: &mut actix_web::HttpResponseBuilder, concept: Concept) -> HttpResponse {
    response.insert_header((header::ETAG, Revision(concept.version).etag())).json(shown(concept))
}

fn shown(concept: Concept) -> ConceptShown {
    let updated_at = concept.has_changed().then(|| concept.updated_at.clone());
    ConceptShown {
        code: concept.code,
        parent: concept.parent,
        name_ja: concept.names.name_ja,
        name_en: concept.names.name_en,
        synonyms_ja: concept.names.synonyms_ja,
        synonyms_en: concept.names.synonyms_en,
        version: concept.version,
        updated_at,
    }
}

fn known_code(code: &str) -> Result<String> {
    ConceptCode::parse(code).map(String::from).map_err(|_| Error::NotFound)
}

fn fields_of(concept: &Concept) -> Result<ConceptFields> {
    let line = |text: &String| Line::parse(text).map_err(|defect| Error::internal(format!("stored name: {defect}")));
    let lines = |texts: &[String]| texts.iter().map(line).collect::<Result<Vec<Line>>>();
    Ok(ConceptFields {
        parent: concept.parent.clone().map(ConceptCode::from_stored),
        name_ja: concept.names.name_ja.as_ref().map(line).transpose()?,
        name_en: concept.names.name_en.as_ref().map(line).transpose()?,
        synonyms_ja: lines(&concept.names.synonyms_ja)?,
        synonyms_en: lines(&concept.names.synonyms_en)?,
    })
}

/// Names within their bounds, each synonym once.
fn names(fields: ConceptFields) -> Result<Names> {
    let name = |name: Option<Line>, pointer: &str| name.map(|name| bounded(name, pointer)).transpose();
    let list = |names: Vec<Line>, pointer: &str| -> Result<Vec<String>> {
        if names.len() > MOST_SYNONYMS {
            let defect = Defect::new(
                "list.too_long",
                format!("同義語は{MOST_SYNONYMS}個までです。"),
                format!("At most {MOST_SYNONYMS} synonyms."),
            );
            return Err(Error::invalid(pointer, defect));
        }
        let mut kept: Vec<String> = Vec::with_capacity(names.len());
        for (place, name) in names.into_iter().enumerate() {
            let name = bounded(name, &format!("{pointer}/{place}"))?;
            if !kept.contains(&name) {
                kept.push(name);
            }
        }
        Ok(kept)
    };
    Ok(Names {
        name_ja: name(fields.name_ja, "/name_ja")?,
        name_en: name(fields.name_en, "/name_en")?,
        synonyms_ja: list(fields.synonyms_ja, "/synonyms_ja")?,
        synonyms_en: list(fields.synonyms_en, "/synonyms_en")?,
    })
}

fn bounded(name: Line, pointer: &str) -> Result<String> {
    let name = String::from(name);
    if name.chars().count() <= LONGEST_NAME {
        return Ok(name);
    }
    let defect = Defect::new(
        "text.too_long",
        format!("名称は{LONGEST_NAME}文字以内です。"),
        format!("A name has at most {LONGEST_NAME} characters."),
    );
    Err(Error::invalid(pointer, defect))
}
