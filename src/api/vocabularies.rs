//! The words of the field with their names: municipalities, fields, and every list of allowed values.

use super::list_files::{self, Columns};
use super::problem::{Answer, ProblemBody};
use super::shown::FileQuery;
use super::wire;
use crate::app::App;
use crate::domain::codes::MunicipalityCode;
use crate::domain::finding::Message;
use crate::domain::vocabulary::desk::{
    ApplicationState, BoothPlanState, CaseOutcome, CaseStage, CompositionState, DeclineReason, GroupState,
    IntroductionState, Maturity, MeetingOutcome, MeetingSide, MeetingState, NoticeChoice, OpensOn, ProposalState,
    SeatState, TimetableState,
};
use crate::domain::vocabulary::{
    CapabilityKind, ConditionField, ConditionOperator, ExhibitionKind, Kind, OrganizationKind, PropertyStatus, Purpose,
    READINESS, RecordKind, SDGS, SeedOffer, SizeBand, Status, Strength, Visibility,
};
use crate::store::vocabulary::{self, Field, Industry, Municipality};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::Attribute;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    pub items: Vec<T>,
}

/// An allowed value and its names.
#[derive(Debug, Serialize, ToSchema)]
pub struct Word {
    pub code: &'static str,
    pub name_ja: &'static str,
    pub name_en: &'static str,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let not_allowed = || web::to(wire::method_not_allowed);
    config
        .service(web::resource("/municipalities").route(web::get().to(municipalities)).default_service(not_allowed()))
        .service(web::resource("/fields").route(web::get().to(fields)).default_service(not_allowed()))
        .service(web::resource("/industries").route(web::get().to(industries)).default_service(not_allowed()))
        .service(web::resource("/vocabularies").route(web::get().to(vocabularies)).default_service(not_allowed()));
}

/// Whether only one prefecture is asked for, and whether as a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacesQuery {
    /// Code of a prefecture: it and its municipalities.
    pub prefecture: Option<MunicipalityCode>,
    /// `csv`, `csv-cp932`, `xlsx` or `jsonl`: the list as a file. CSV and JSON Lines go in again by
    /// `musubi import municipalities`.
    pub format: Option<String>,
}

/// Columns of the lists as files: their fields.
const PLACES: Columns = &[
    ("code", "/code"),
    ("prefecture", "/prefecture"),
    ("name_ja", "/name_ja"),
    ("name_kana", "/name_kana"),
    ("name_en", "/name_en"),
];
const CLASSES: Columns = &[("code", "/code"), ("parent", "/parent"), ("name_ja", "/name_ja"), ("name_en", "/name_en")];

/// Prefectures and municipalities with their codes, by code: a prefecture stands before what lies in it. With `format`: as a file.
#[utoipa::path(get, path = "/api/v1/municipalities", tag = "vocabularies", params(PlacesQuery), responses(
    (status = 200, body = Listed<Municipality>), (status = 400, body = ProblemBody), (status = 422, body = ProblemBody),
))]
async fn municipalities(app: web::Data<App>, request: HttpRequest) -> Answer {
    let PlacesQuery { prefecture, format } = wire::query(&request)?;
    let mut items = app.read(vocabulary::all_municipalities).await?;
    if let Some(prefecture) = prefecture {
        let code = prefecture.as_str();
        items.retain(|place| place.code == code || place.prefecture.as_deref() == Some(code));
    }
    listed("municipalities", PLACES, format.as_deref(), items)
}

/// Fields of the cluster. With `format`: as a file.
#[utoipa::path(get, path = "/api/v1/fields", tag = "vocabularies", params(FileQuery), responses(
    (status = 200, body = Listed<Field>), (status = 400, body = ProblemBody), (status = 422, body = ProblemBody),
))]
async fn fields(app: web::Data<App>, request: HttpRequest) -> Answer {
    let FileQuery { format } = wire::query(&request)?;
    let items = app.read(vocabulary::all_fields).await?;
    listed("fields", CLASSES, format.as_deref(), items)
}

/// Industry classes (JSIC): sections, then divisions. A thing may name a deeper class, of three or four digits. With `format`: as
/// a file.
#[utoipa::path(get, path = "/api/v1/industries", tag = "vocabularies", params(FileQuery), responses(
    (status = 200, body = Listed<Industry>), (status = 400, body = ProblemBody), (status = 422, body = ProblemBody),
))]
async fn industries(app: web::Data<App>, request: HttpRequest) -> Answer {
    let FileQuery { format } = wire::query(&request)?;
    let items = app.read(vocabulary::all_industries).await?;
    listed("industries", CLASSES, format.as_deref(), items)
}

/// A list that is answered whole, or as a file.
fn listed<T: Serialize>(name: &'static str, columns: Columns, format: Option<&str>, items: Vec<T>) -> Answer {
    match list_files::asked(format)? {
        None => Ok(HttpResponse::Ok().json(Listed { items })),
        Some(format) => Ok(list_files::write(name, format, columns, list_files::values(&items)?)?.answer()?),
    }
}

/// Every list of allowed values, by name.
#[utoipa::path(get, path = "/api/v1/vocabularies", tag = "vocabularies", responses((status = 200, body = Object)))]
async fn vocabularies() -> Answer {
    Ok(HttpResponse::Ok().json(all_words()))
}

macro_rules! words {
    ($vocabulary:ident) => {
        $vocabulary::ALL
            .iter()
            .map(|value| Word { code: value.code(), name_ja: value.name_ja(), name_en: value.name_en() })
            .collect::<Vec<Word>>()
    };
}

/// Names of the numbers from 1 on.
fn numbered(names: &[(&'static str, &'static str)]) -> serde_json::Value {
    let word = |(place, (ja, en)): (usize, &(&str, &str))| serde_json::json!({ "code": (place + 1).to_string(), "name_ja": ja, "name_en": en });
    names.iter().enumerate().map(word).collect()
}

fn all_words() -> serde_json::Value {
    serde_json::json!({
        "kind": words!(Kind),
        "organization_kind": words!(OrganizationKind),
        "capability_kind": words!(CapabilityKind),
        "record_kind": words!(RecordKind),
        "purpose": words!(Purpose),
        "seed_offer": words!(SeedOffer),
        "property_status": words!(PropertyStatus),
        "strength": words!(Strength),
        "condition_field": words!(ConditionField),
        "condition_operator": words!(ConditionOperator),
        "visibility": words!(Visibility),
        "status": words!(Status),
        "size_band": words!(SizeBand),
        "sdg": numbered(&SDGS),
        "readiness": numbered(&READINESS),
        "match_state": words!(ProposalState),
        "introduction_state": words!(IntroductionState),
        "decline_reason": words!(DeclineReason),
        "opens_on": words!(OpensOn),
        "case_stage": words!(CaseStage),
        "case_outcome": words!(CaseOutcome),
        "exhibition_kind": words!(ExhibitionKind),
        "application_state": words!(ApplicationState),
        "composition_state": words!(CompositionState),
        "group_state": words!(GroupState),
        "seat_state": words!(SeatState),
        "maturity": words!(Maturity),
        "notice_choice": words!(NoticeChoice),
        "booth_plan_state": words!(BoothPlanState),
        "timetable_state": words!(TimetableState),
        "meeting_side": words!(MeetingSide),
        "meeting_state": words!(MeetingState),
        "meeting_outcome": words!(MeetingOutcome),
    })
}

/// The names of the values of an attribute, where they are the same in every version of the data.
pub(super) fn fixed_labels(attribute: Attribute) -> HashMap<String, Message> {
    let of_words = |words: Vec<Word>| {
        words.into_iter().map(|word| (word.code.to_owned(), Message::new(word.name_ja, word.name_en))).collect()
    };
    let of_numbers = |names: &[(&str, &str)]| {
        let name = |(place, (ja, en)): (usize, &(&str, &str))| ((place + 1).to_string(), Message::new(*ja, *en));
        names.iter().enumerate().map(name).collect()
    };
    match attribute {
        Attribute::OrganizationKind => of_words(words!(OrganizationKind)),
        Attribute::Purpose => of_words(words!(Purpose)),
        Attribute::SizeBand => of_words(words!(SizeBand)),
        Attribute::CapabilityKind => of_words(words!(CapabilityKind)),
        Attribute::Sdg => of_numbers(&SDGS),
        Attribute::Readiness => of_numbers(&READINESS),
        Attribute::Municipality
        | Attribute::Prefecture
        | Attribute::Region
        | Attribute::Field
        | Attribute::Industry
        | Attribute::Certificate => HashMap::new(),
    }
}
