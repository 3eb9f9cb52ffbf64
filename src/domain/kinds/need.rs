use crate::domain::access::Scope;
use crate::domain::codes::{FieldCode, MunicipalityCode};
use crate::domain::date::PartialDate;
use crate::domain::entry::{self, Entry, TextField, TextPlace, Texts, Title};
use crate::domain::finding::{Defect, Finding};
use crate::domain::id::ThingId;
use crate::domain::kinds::{Sdg, Yen};
use crate::domain::text::{Line, Prose, canonical};
use crate::domain::vocabulary::{
    ConditionField, ConditionOperator, Kind, OrganizationKind, Purpose, Strength, Visibility,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// ニーズ: what a party is looking for, line by line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Need {
    /// The party that asks.
    pub owner: Option<ThingId>,
    pub title_ja: Option<Line>,
    pub title_en: Option<Line>,
    pub summary_ja: Option<Prose>,
    pub summary_en: Option<Prose>,
    pub purposes: Vec<Purpose>,
    pub lines: Vec<NeedLine>,
    /// Budget band, yen.
    pub budget_min: Option<Yen>,
    pub budget_max: Option<Yen>,
    /// Answers are wanted by then.
    pub deadline: Option<PartialDate>,
    /// The owner is not shown until both sides agree.
    pub anonymous: bool,
    pub fields: Vec<FieldCode>,
    pub sdgs: Vec<Sdg>,
    pub visibility: Visibility,
}

/// One requirement: in words, or as a condition that can be checked, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NeedLine {
    pub strength: Strength,
    #[serde(default)]
    pub text_ja: Option<Line>,
    #[serde(default)]
    pub text_en: Option<Line>,
    #[serde(default)]
    pub condition: Option<Condition>,
}

/// A condition on the partner: `municipality any_of [062014]`, `employees at_most [300]` … A prefecture is `06`; its code of six
/// digits and full-width digits are read, too, and a number may be one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(from = "WrittenCondition")]
pub struct Condition {
    pub field: ConditionField,
    pub operator: ConditionOperator,
    pub values: Vec<String>,
}

/// A condition as it is sent, before its values are made canonical.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCondition {
    field: ConditionField,
    operator: ConditionOperator,
    values: Vec<Value>,
}

/// A text, or a whole number.
struct Value(String);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Value;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string or a whole number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value(number.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl From<WrittenCondition> for Condition {
    fn from(written: WrittenCondition) -> Self {
        let field = written.field;
        let values = written.values.into_iter().map(|Value(text)| canonical_value(field, text)).collect();
        Self { field, operator: written.operator, values }
    }
}

/// The one form of a value; what is no value stays as it is, to be refused by its own words.
fn canonical_value(field: ConditionField, text: String) -> String {
    match field {
        ConditionField::Employees => canonical(&text),
        ConditionField::Municipality => MunicipalityCode::parse(&text).map_or(text, String::from),
        ConditionField::Prefecture => prefecture_code(&text),
        ConditionField::OrganizationKind | ConditionField::Certificate | ConditionField::Field => text,
    }
}

/// A prefecture as its two digits, written with full-width digits, without the leading zero or in six digits, too; what is
/// none stays as it is.
pub fn prefecture_code(text: &str) -> String {
    let code = canonical(text);
    if code.len() == 1 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("0{code}");
    }
    match MunicipalityCode::parse(&code) {
        // A prefecture: nothing after its two digits but the check digit.
        Ok(whole) if whole.as_str().get(2..5) == Some("000") => whole.as_str()[..2].to_owned(),
        Ok(_) | Err(_) => code,
    }
}

const LINES_LIMIT: usize = 50;

impl Entry for Need {
    const KIND: Kind = Kind::Need;

    fn check(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = [
            entry::require("owner", &self.owner),
            entry::require_one_language("title", &self.title()),
            entry::require_order(
                ("budget_min", "budget_max"),
                self.budget_min.map(Yen::value),
                self.budget_max.map(Yen::value),
            ),
            entry::refuse_many("lines", self.lines.len(), LINES_LIMIT),
            entry::refuse_many("fields", self.fields.len(), 30),
            entry::refuse_repeats("purposes", &self.purposes),
            entry::refuse_repeats("fields", &self.fields),
            entry::refuse_repeats("sdgs", &self.sdgs),
        ]
        .into_iter()
        .flatten()
        .collect();
        findings.extend(self.lines.iter().enumerate().filter_map(|(place, line)| check_line(place, line)));
        findings
    }

    fn title(&self) -> Title {
        Title { ja: self.title_ja.clone().map(String::from), en: self.title_en.clone().map(String::from) }
    }

    fn sort_text(&self) -> &str {
        self.title_ja.as_ref().or(self.title_en.as_ref()).map_or("", |title| title.as_str())
    }

    fn visibility(&self) -> Visibility {
        self.visibility
    }

    fn owner(&self) -> Option<&ThingId> {
        self.owner.as_ref()
    }

    fn mask(&mut self, scope: &Scope) {
        if self.anonymous && !scope.sees_behind(self.owner.as_ref()) {
            self.owner = None;
        }
    }

    fn mask_earlier(&mut self, now: &Self, scope: &Scope) {
        if now.anonymous && !scope.sees_behind(now.owner.as_ref()) {
            self.owner = None;
        }
        self.mask(scope);
    }

    fn narrows_from(&self, before: &Self) -> bool {
        // Anonymous from now on: no count under the owner or its place may tell of it.
        let hides_owner = self.anonymous && !before.anonymous;
        hides_owner || self.visibility() > before.visibility() || self.owner() != before.owner()
    }

    fn replace_party(&mut self, _own: &ThingId, from: &ThingId, into: &ThingId) {
        entry::replace_in(&mut self.owner, from, into);
    }

    fn texts(&self) -> Vec<TextField<'_>> {
        let mut texts = Texts::default().title("title", &self.title_ja, &self.title_en).body(
            "summary",
            &self.summary_ja,
            &self.summary_en,
        );
        for (place, line) in self.lines.iter().enumerate() {
            let (ja, en) = (line.text_ja.as_deref(), line.text_en.as_deref());
            let kind = if line.strength == Strength::Exclude { TextPlace::Unwanted } else { TextPlace::Body };
            texts = texts.add(&format!("lines/{place}"), kind, ja, en);
        }
        texts.list()
    }
}

fn check_line(place: usize, line: &NeedLine) -> Option<Finding> {
    let pointer = format!("/lines/{place}");
    let Some(condition) = &line.condition else {
        let empty = line.text_ja.is_none() && line.text_en.is_none();
        return empty.then(|| {
            Finding::new(
                pointer,
                Defect::new("line.empty", "要件の行には文か条件が必要です。", "A line needs words or a condition."),
            )
        });
    };
    check_condition(condition).err().map(|defect| Finding::new(format!("{pointer}/condition"), defect))
}

fn check_condition(condition: &Condition) -> Result<(), Defect> {
    let numeric = condition.field == ConditionField::Employees;
    let compares = condition.operator != ConditionOperator::AnyOf;
    if numeric != compares {
        return Err(Defect::new(
            "condition.operator",
            "従業員数には at_least か at_most、ほかの項目には any_of を使ってください。",
            "Use at_least or at_most with employees, any_of with everything else.",
        ));
    }
    if condition.values.is_empty() || condition.values.len() > 50 || (compares && condition.values.len() != 1) {
        return Err(Defect::new(
            "condition.values",
            "条件の値は1〜50件です（at_least と at_most は1件）。",
            "A condition takes 1 to 50 values (at_least and at_most take one).",
        ));
    }
    condition.values.iter().try_for_each(|value| check_value(condition.field, value))
}

/// One value, by its form alone: whether there is such a code is for the tables to tell.
fn check_value(field: ConditionField, value: &str) -> Result<(), Defect> {
    let (fits, ja, en) = match field {
        ConditionField::Employees => (
            value.parse::<u32>().is_ok(),
            "0以上の整数で書いてください".to_owned(),
            "Write a whole number from 0".to_owned(),
        ),
        ConditionField::Municipality => {
            let refused = MunicipalityCode::parse(value).err();
            let (ja, en) = refused.as_ref().map_or(("", ""), |defect| (&defect.message.ja, &defect.message.en));
            (refused.is_none(), ja.trim_end_matches('。').to_owned(), en.trim_end_matches('.').to_owned())
        }
        ConditionField::Prefecture => (
            value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_digit()),
            "都道府県はコードの先頭2桁です（山形県は 06）".to_owned(),
            "A prefecture is the first two digits of its code (06 for Yamagata)".to_owned(),
        ),
        ConditionField::OrganizationKind => {
            let known = OrganizationKind::ALL.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(", ");
            let fits = OrganizationKind::from_code(value).is_some();
            (fits, format!("使える値: {known}"), format!("The allowed values are {known}"))
        }
        ConditionField::Certificate | ConditionField::Field => (
            FieldCode::parse(value).is_ok(),
            "コードの形ではありません".to_owned(),
            "It has not the form of a code".to_owned(),
        ),
    };
    let shown: String = value.chars().take(60).collect();
    let refused = || {
        Defect::new(
            "condition.value",
            format!("「{shown}」はこの条件の値として使えません。{ja}。"),
            format!("\"{shown}\" cannot be a value of this condition. {en}."),
        )
    };
    if fits { Ok(()) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_condition_come_in_one_form() {
        let values = |field: &str, operator: &str, values: serde_json::Value| {
            let json = serde_json::json!({ "field": field, "operator": operator, "values": values });
            serde_json::from_value::<Condition>(json)
                .map(|condition| (condition.values.clone(), check_condition(&condition).is_ok()))
        };
        let one = |text: &str| (vec![text.to_owned()], true);
        for written in ["06", "060003", "06000", "０６", "6"] {
            assert_eq!(values("prefecture", "any_of", serde_json::json!([written])).unwrap(), one("06"), "{written}");
        }
        assert_eq!(values("prefecture", "any_of", serde_json::json!([6])).unwrap(), one("06"));
        assert!(!values("prefecture", "any_of", serde_json::json!(["062014"])).unwrap().1, "a city is no prefecture");
        assert_eq!(values("municipality", "any_of", serde_json::json!(["０６２０１"])).unwrap(), one("062014"));
        assert_eq!(values("employees", "at_most", serde_json::json!([300])).unwrap(), one("300"));
        assert_eq!(values("employees", "at_most", serde_json::json!(["３００"])).unwrap(), one("300"));
        assert!(!values("employees", "at_most", serde_json::json!([-3])).unwrap().1);
        for wrong in [serde_json::json!([3.5]), serde_json::json!([null]), serde_json::json!("06")] {
            assert!(values("prefecture", "any_of", wrong).is_err());
        }
    }
}
