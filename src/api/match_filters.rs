//! What a match is asked towards, and the conditions on the proposed party.

use crate::domain::codes::{FieldCode, MunicipalityCode};
use crate::domain::kinds::need::prefecture_code;
use crate::domain::vocabulary::{Kind, OrganizationKind};
use crate::domain::{Defect, Finding};
use crate::error::{Error, Result};
use crate::store::{Conn, vocabulary};
use musubi_index::{Attribute, Filters};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Towards {
    Organizations,
    People,
    /// Organisations and people together.
    Parties,
    /// Single things, each with its owner.
    Seeds,
    Needs,
    Capabilities,
}

impl Towards {
    /// The kind of single things that are asked for; none for parties.
    pub(super) fn things(self) -> Option<Kind> {
        match self {
            Towards::Organizations | Towards::People | Towards::Parties => None,
            Towards::Seeds => Some(Kind::Seed),
            Towards::Needs => Some(Kind::Need),
            Towards::Capabilities => Some(Kind::Capability),
        }
    }
}

/// Conditions on the proposed party.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MatchFilters {
    /// Codes of municipalities, or of prefectures in their six-digit form (`060003`).
    pub municipality: Vec<MunicipalityCode>,
    /// Prefectures: the first two digits of their code (full-width digits and the six-digit form are read, too).
    pub prefecture: Vec<String>,
    pub organization_kind: Vec<OrganizationKind>,
    pub field: Vec<FieldCode>,
}

impl MatchFilters {
    pub(super) fn is_empty(&self) -> bool {
        self.municipality.is_empty()
            && self.prefecture.is_empty()
            && self.organization_kind.is_empty()
            && self.field.is_empty()
    }

    /// Each filter that is set, by its name, with all but it.
    pub(super) fn without_each(&self) -> Vec<(&'static str, MatchFilters)> {
        let all = || self.clone();
        let each = [
            ("municipality", !self.municipality.is_empty(), MatchFilters { municipality: Vec::new(), ..all() }),
            ("prefecture", !self.prefecture.is_empty(), MatchFilters { prefecture: Vec::new(), ..all() }),
            (
                "organization_kind",
                !self.organization_kind.is_empty(),
                MatchFilters { organization_kind: Vec::new(), ..all() },
            ),
            ("field", !self.field.is_empty(), MatchFilters { field: Vec::new(), ..all() }),
        ];
        each.into_iter().filter(|(_, set, _)| *set).map(|(name, _, without)| (name, without)).collect()
    }

    /// What people call a filter.
    pub(super) fn name_ja(filter: &str) -> &str {
        match filter {
            "municipality" => "市区町村",
            "prefecture" => "都道府県",
            "organization_kind" => "機関種別",
            "field" => "分野",
            other => other,
        }
    }
}

pub(super) fn party_filters(conn: &mut Conn, towards: Towards, asked: &MatchFilters) -> Result<Filters> {
    let mut filters = Filters {
        kinds: match towards {
            Towards::Organizations => vec![Kind::Organization.code().to_owned()],
            Towards::People => vec![Kind::Person.code().to_owned()],
            Towards::Parties | Towards::Seeds | Towards::Needs | Towards::Capabilities => {
                vec![Kind::Organization.code().to_owned(), Kind::Person.code().to_owned()]
            }
        },
        ..Filters::default()
    };
    if asked.municipality.len() + asked.prefecture.len() + asked.field.len() > 100 {
        return Err(Error::Invalid(vec![Finding::new(
            "/filters",
            Defect::new("list.too_long", "条件は100件までです。", "At most 100 conditions."),
        )]));
    }
    let places: Vec<String> = asked.municipality.iter().map(|code| code.as_str().to_owned()).collect();
    if !places.is_empty() {
        let known: Vec<String> = vocabulary::places_named(conn, &places)?.into_iter().map(|place| place.code).collect();
        let unknown = places.iter().enumerate().filter(|(_, code)| !known.contains(code)).map(|(at, code)| {
            let defect = Defect::new(
                "municipality.unknown",
                format!("市区町村コード {code} はありません。GET /api/v1/municipalities で確かめてください。"),
                format!("There is no municipality {code}. See GET /api/v1/municipalities."),
            );
            Finding::new(format!("/filters/municipality/{at}"), defect)
        });
        let unknown: Vec<Finding> = unknown.collect();
        if !unknown.is_empty() {
            return Err(Error::Invalid(unknown));
        }
        let places = vocabulary::with_their_municipalities(conn, &places)?;
        filters.attributes.push((Attribute::Municipality, places));
    }
    if !asked.prefecture.is_empty() {
        filters.attributes.push((Attribute::Prefecture, prefectures(conn, &asked.prefecture)?));
    }
    if !asked.organization_kind.is_empty() {
        let kinds = asked.organization_kind.iter().map(|kind| kind.code().to_owned()).collect();
        filters.attributes.push((Attribute::OrganizationKind, kinds));
    }
    if !asked.field.is_empty() {
        let fields: Vec<String> = asked.field.iter().map(|code| code.as_str().to_owned()).collect();
        let unknown = vocabulary::unknown_fields(conn, &fields)?.into_iter().map(|at| {
            let defect = Defect::new(
                "field.unknown",
                format!("分野コード {} はありません。GET /api/v1/fields で確かめてください。", fields[at]),
                format!("There is no field {}. See GET /api/v1/fields.", fields[at]),
            );
            Finding::new(format!("/filters/field/{at}"), defect)
        });
        let unknown: Vec<Finding> = unknown.collect();
        if !unknown.is_empty() {
            return Err(Error::Invalid(unknown));
        }
        filters.attributes.push((Attribute::Field, fields));
    }
    Ok(filters)
}

/// The prefectures by their two digits; refused where there is none of this code.
fn prefectures(conn: &mut Conn, asked: &[String]) -> Result<Vec<String>> {
    let known: Vec<String> = vocabulary::places_named(conn, &[])?.into_iter().map(|place| place.code).collect();
    let codes: Vec<String> = asked.iter().map(|code| prefecture_code(code)).collect();
    let mut findings = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        let two_digits = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
        let there = two_digits && known.iter().any(|known| known.starts_with(code.as_str()));
        let defect = match (two_digits, there) {
            (_, true) => continue,
            (false, _) => Defect::new(
                "prefecture.form",
                "都道府県はコードの先頭2桁です（山形県は \"06\"）。",
                "A prefecture is the first two digits of its code (\"06\" for Yamagata).",
            ),
            (true, false) => Defect::new(
                "prefecture.unknown",
                format!("都道府県コード {code} はありません。GET /api/v1/municipalities で確かめてください。"),
                format!("There is no prefecture {code}. See GET /api/v1/municipalities."),
            ),
        };
        findings.push(Finding::new(format!("/filters/prefecture/{at}"), defect));
    }
    if findings.is_empty() { Ok(codes) } else { Err(Error::Invalid(findings)) }
}
