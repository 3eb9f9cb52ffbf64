//! What a free text leaves out (大学は除く, except universities): what of it is checked by fact, and what is only looked for
//! in words.

use super::line_kinds::kinds_named;
use super::lines::{Ready, Who};
use super::names::Names;
use crate::app::App;
use crate::domain::Scope;
use crate::domain::kinds::need::Condition;
use crate::domain::text::canonical;
use crate::domain::vocabulary::{ConditionField, ConditionOperator};
use crate::error::Result;
use crate::store::party_names;
use musubi_index::{Checkable, Wish, fold};
use std::collections::HashMap;
use std::sync::Arc;

/// Names that are looked up among the parties for one text, at most.
const LOOKED_UP_MOST: usize = 30;
/// Longer than this is no name.
const NAME_MOST: usize = 60;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
enum Means {
    Kind(Condition),
    Place(Condition),
    Size(Condition),
    People,
    /// Parties of exactly this name: ids, and what the first is called.
    Parties(Vec<String>, String),
}

/// One exclusion of a text.
#[derive(Debug, Clone)]
pub(super) struct LeftOut {
    /// As it stands in the text.
    text: String,
    means: Option<Means>,
}

impl LeftOut {
    /// Whether it decides by fact who is left out.
    pub(super) fn is_checked(&self) -> bool {
        self.means.is_some()
    }

    /// Whether it is checked by what parties state of themselves, which some do not.
    pub(super) fn is_stated(&self) -> bool {
        matches!(self.means, Some(Means::Kind(_) | Means::Place(_) | Means::Size(_)))
    }

    /// The text with what it was taken for, in both languages.
    pub(super) fn shown(&self) -> (String, String) {
        let text: String = self.text.chars().take(60).collect();
        let (ja, en) = match &self.means {
            None => return (format!("「{text}」"), format!("\"{text}\"")),
            Some(Means::Kind(_)) => ("機関の種別", "kind of organisation"),
            Some(Means::Place(_)) => ("所在地", "place"),
            Some(Means::Size(_)) => ("従業員数", "employees"),
            Some(Means::People) => ("機関に対する個人", "people, no organisations"),
            Some(Means::Parties(_, name)) => {
                return (format!("「{text}」（相手の名称: {name}）"), format!("\"{text}\" (the party {name})"));
            }
        };
        (format!("「{text}」（{ja}）"), format!("\"{text}\" ({en})"))
    }

    pub(super) fn line(&self) -> Ready {
        let (condition, who) = match &self.means {
            None => (None, None),
            Some(Means::Kind(condition) | Means::Place(condition) | Means::Size(condition)) => {
                (Some(condition.clone()), None)
            }
            Some(Means::People) => (None, Some(Who::People)),
            Some(Means::Parties(ids, _)) => (None, Some(Who::Parties(ids.clone()))),
        };
        Ready::leaving_out(&self.text, condition, who)
    }
}

/// What a text wants, and what it leaves out: what is checked by fact first.
pub(super) fn read(app: &App, scope: &Scope, text: &str) -> Result<(String, Vec<LeftOut>)> {
    let mut reader = Reader { app, scope, names: None, seen: HashMap::new(), looked_up: 0, failed: None };
    let wish = Wish::read_knowing(text, &mut |name| {
        reader.means(name).map(|means| match means {
            Means::Kind(_) | Means::People | Means::Parties(..) => Checkable::Party,
            Means::Place(_) | Means::Size(_) => Checkable::Fact,
        })
    });
    let mut left_out = Vec::new();
    for text in wish.unwanted {
        left_out.extend(reader.parts(text));
    }
    if let Some(error) = reader.failed {
        return Err(error);
    }
    left_out.sort_by_key(|one| !one.is_checked());
    Ok((wish.wanted, left_out))
}

struct Reader<'a> {
    app: &'a App,
    scope: &'a Scope,
    names: Option<Arc<Names>>,
    seen: HashMap<String, Option<Means>>,
    looked_up: usize,
    failed: Option<crate::error::Error>,
}

impl Reader<'_> {
    /// One exclusion; several where it lists what can all be checked (山形市と大学).
    fn parts(&mut self, text: String) -> Vec<LeftOut> {
        let means = self.means(&text);
        if means.is_none() {
            let mut parts = vec![text.as_str()];
            for joint in ["および", "及び", "または", "と", "や", "・", " and ", " or "] {
                parts = parts.into_iter().flat_map(|part| part.split(joint)).collect();
            }
            if (2..=5).contains(&parts.len()) {
                let each = parts.iter().map(|part| {
                    let means = self.means(part)?;
                    Some(LeftOut { text: part.trim().to_owned(), means: Some(means) })
                });
                if let Some(each) = each.collect::<Option<Vec<LeftOut>>>() {
                    return each;
                }
            }
        }
        vec![LeftOut { text, means }]
    }

    fn means(&mut self, name: &str) -> Option<Means> {
        let name = bare(name);
        if name.is_empty() || name.chars().count() > NAME_MOST {
            return None;
        }
        if let Some(known) = self.seen.get(name) {
            return known.clone();
        }
        let means = match self.find(name) {
            Ok(means) => means,
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        };
        self.seen.insert(name.to_owned(), means.clone());
        means
    }

    fn find(&mut self, name: &str) -> Result<Option<Means>> {
        if let Some(kinds) = kinds_named(name) {
            return Ok(Some(Means::Kind(kinds)));
        }
        if PEOPLE.contains(&name.to_lowercase().as_str()) {
            return Ok(Some(Means::People));
        }
        if let Some(size) = size_named(name) {
            return Ok(Some(Means::Size(size)));
        }
        let names = match &self.names {
            Some(names) => names.clone(),
            None => self.names.insert(self.app.names.now()?).clone(),
        };
        if let Some(place) = place_named(&names, name) {
            return Ok(Some(Means::Place(place)));
        }
        if self.looked_up >= LOOKED_UP_MOST {
            return Ok(None);
        }
        self.looked_up += 1;
        let found = self.app.database.read(|conn| party_names::called(conn, self.scope, name))?;
        let shown = found.first().map(|(_, shown)| shown.clone());
        let ids = found.into_iter().map(|(id, _)| id).collect();
        Ok(shown.map(|shown| Means::Parties(ids, shown)))
    }
}

const PEOPLE: &[&str] = &[
    "個人",
    "個人の方",
    "個人の研究者",
    "研究者",
    "研究者個人",
    "individual",
    "individuals",
    "people",
    "persons",
    "researchers",
];

/// A name without what goes along with it (大学など, the ones in Yonezawa).
fn bare(name: &str) -> &str {
    let name = name.trim().trim_end_matches(['.', '。', '、']).trim();
    let tails = ["など", "等", "全般", "さん", " etc"];
    tails.iter().find_map(|tail| name.strip_suffix(tail)).unwrap_or(name).trim()
}

/// A place by its whole name, or the only one that the name can mean (東京 for 東京都; 山形 may be two).
fn place_named(names: &Names, name: &str) -> Option<Condition> {
    const OF: [&str; 12] = [
        "の会社",
        "の企業",
        "の事業者",
        "の相手",
        "の機関",
        "にある会社",
        "にある企業",
        "内の会社",
        "内の企業",
        "内",
        "所在の会社",
        "所在の企業",
    ];
    const IN: [&str; 9] = [
        "companies in ",
        "firms in ",
        "organisations in ",
        "organizations in ",
        "those in ",
        "parties in ",
        "based in ",
        "in ",
        "from ",
    ];
    let name = canonical(name);
    let place = OF.iter().find_map(|tail| name.strip_suffix(tail)).unwrap_or(&name);
    let folded = fold(place);
    let folded = IN.iter().find_map(|head| folded.strip_prefix(head)).unwrap_or(&folded).trim();
    let (latin, wants_prefecture) = [(" prefecture", true), (" city", false), (" town", false), (" village", false)]
        .iter()
        .find_map(|(tail, prefecture)| Some((folded.strip_suffix(tail)?, Some(*prefecture))))
        .unwrap_or((folded, None));
    let mut ways = vec![place.to_owned(), latin.to_owned()];
    if !place.is_ascii() {
        ways.extend(["県", "府", "都", "市"].iter().map(|kind| format!("{place}{kind}")));
    }
    let found = names.places_called(ways.iter());
    let fits = |prefecture: bool| wants_prefecture.is_none_or(|wanted| wanted == prefecture);
    let mut fitting = found.iter().filter(|place| fits(place.prefecture.is_none()));
    let (only, more) = (fitting.next()?, fitting.next());
    let values = vec![only.code.clone()];
    more.is_none().then_some(Condition {
        field: ConditionField::Municipality,
        operator: ConditionOperator::AnyOf,
        values,
    })
}

/// A number of employees with its bound: 従業員100人以上, 社員20名以下の会社, more than 300 employees.
fn size_named(words: &str) -> Option<Condition> {
    let text = canonical(words).to_lowercase();
    let first = text.find(|one: char| one.is_ascii_digit())?;
    let rest = &text[first..];
    let length = rest.find(|one: char| !one.is_ascii_digit() && one != ',').unwrap_or(rest.len());
    let number: i64 = rest[..length].replace(',', "").parse().ok().filter(|number| *number < 10_000_000)?;
    let (before, after) = (text[..first].trim(), rest[length..].trim());
    let (operator, bound) =
        if text.is_ascii() { english_bound(before, after, number) } else { japanese_bound(before, after, number) }?;
    Some(Condition { field: ConditionField::Employees, operator, values: vec![bound.to_string()] })
}

fn japanese_bound(before: &str, after: &str, number: i64) -> Option<(ConditionOperator, i64)> {
    use ConditionOperator::{AtLeast, AtMost};
    let of_employees = ["従業員数が", "従業員が", "従業員数", "従業員", "社員数が", "社員が", "社員数", "社員", "職員"];
    let after = after.strip_prefix('人').or_else(|| after.strip_prefix('名'))?;
    let bounds = [
        ("以上", AtLeast, 0),
        ("を超える", AtLeast, 1),
        ("超", AtLeast, 1),
        ("以下", AtMost, 0),
        ("まで", AtMost, 0),
        ("未満", AtMost, -1),
    ];
    let (operator, bound, rest) = bounds
        .iter()
        .find_map(|(words, operator, more)| Some((*operator, number + more, after.strip_prefix(words)?)))?;
    let rest = rest.strip_prefix('の').unwrap_or(rest);
    let of_parties = ["会社", "企業", "事業者", "相手", "ところ", "機関"].contains(&rest);
    // 「100人以上」 alone may be the guests of a fair.
    let named = of_employees.contains(&before) || (before.is_empty() && of_parties);
    (named && (rest.is_empty() || of_parties)).then_some((operator, bound))
}

fn english_bound(before: &str, after: &str, number: i64) -> Option<(ConditionOperator, i64)> {
    use ConditionOperator::{AtLeast, AtMost};
    let parties = ["companies", "firms", "organisations", "organizations", "those"];
    let has = ["with ", "of ", "that have ", "having "];
    let before = parties.iter().find_map(|party| before.strip_prefix(party)).unwrap_or(before).trim_start();
    let before = has.iter().find_map(|has| before.strip_prefix(has)).unwrap_or(before).trim();
    let after = ["employees", "staff", "workers"].iter().find_map(|staff| after.strip_suffix(staff))?.trim();
    match (before, after) {
        ("more than" | "over", "") => Some((AtLeast, number + 1)),
        ("at least", "") | ("", "or more") => Some((AtLeast, number)),
        ("less than" | "fewer than" | "under", "") => Some((AtMost, number - 1)),
        ("at most" | "up to", "") | ("", "or fewer" | "or less") => Some((AtMost, number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_employees_with_their_bounds() {
        let read = |words: &str| size_named(words).map(|size| (size.operator, size.values.concat()));
        use ConditionOperator::{AtLeast, AtMost};
        let some = |operator, bound: &str| Some((operator, bound.to_owned()));
        assert_eq!(read("従業員100人以上"), some(AtLeast, "100"));
        assert_eq!(read("従業員数が１，０００名を超える企業"), some(AtLeast, "1001"));
        assert_eq!(read("社員20人未満の会社"), some(AtMost, "19"));
        assert_eq!(read("300人以上の企業"), some(AtLeast, "300"));
        assert_eq!(read("firms with more than 300 employees"), some(AtLeast, "301"));
        assert_eq!(read("1,000 or more employees"), some(AtLeast, "1000"));
        assert_eq!(read("under 20 staff"), some(AtMost, "19"));
        for words in [
            "100人以上",
            "従業員100人",
            "300mm以上の会社",
            "定員100人以上",
            "more than 300 parts",
            "従業員",
            "",
            "従業員99999999999999999999人以上",
        ] {
            assert_eq!(read(words), None, "{words}");
        }
    }

    #[test]
    fn a_name_is_told_from_what_goes_along_with_it() {
        for (written, name) in
            [("大学など", "大学"), ("Yamada Co., Ltd.", "Yamada Co., Ltd"), (" 蔵路工業さん ", "蔵路工業")]
        {
            assert_eq!(bare(written), name);
        }
    }
}
