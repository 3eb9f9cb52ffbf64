//! What a match is asked towards, and the conditions on the proposed party.

use crate::domain::codes::{FieldCode, MunicipalityCode};
use crate::domain::kinds::need::prefecture_code;
use crate::domain::vocabulary::{Kind, OrganizationKind};
use crate::domain::{Defect, Finding};
use crate::error::{Error, Result};
use crate::store::Conn;
use crate::store::vocabulary::{self, Listed};
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
        refuse_unknown(conn, Listed::Municipality, &places)?;
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
        refuse_unknown(conn, Listed::Field, &fields)?;
        filters.attributes.push((Attribute::Field, fields));
    }
    Ok(filters)
}

/// The prefectures by their two digits; refused where there is none of this code.
fn prefectures(conn: &mut Conn, asked: &[String]) -> Result<Vec<String>> {
    let codes: Vec<String> = asked.iter().map(|code| prefecture_code(code)).collect();
    let two_digits = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
    let unknown = vocabulary::unknown(conn, Listed::Prefecture, &codes)?.into_iter().map(|(at, defect)| {
        let of_form = || {
            Defect::new(
                "prefecture.form",
                "都道府県はコードの先頭2桁です（山形県は \"06\"）。",
                "A prefecture is the first two digits of its code (\"06\" for Yamagata).",
            )
        };
        Finding::new(format!("/filters/prefecture/{at}"), if two_digits(&codes[at]) { defect } else { of_form() })
    });
    let findings: Vec<Finding> = unknown.collect();
    if findings.is_empty() { Ok(codes) } else { Err(Error::Invalid(findings)) }
}

fn refuse_unknown(conn: &mut Conn, listed: Listed, codes: &[String]) -> Result<()> {
    let filter = if listed == Listed::Field { "field" } else { "municipality" };
    let unknown = vocabulary::unknown(conn, listed, codes)?.into_iter();
    let findings: Vec<Finding> =
        unknown.map(|(at, defect)| Finding::new(format!("/filters/{filter}/{at}"), defect)).collect();
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
}
