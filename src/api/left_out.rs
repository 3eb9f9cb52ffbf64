//! What a free text leaves out (大学は除く, except universities): what of it is checked by fact, and what is only looked for
//! in words.

use super::left_out_facts::{all_but, stated};
use super::lines::{Ready, Who};
use super::names::Names;
use crate::app::App;
use crate::domain::Scope;
use crate::domain::kinds::need::Condition;
use crate::domain::vocabulary::ConditionField;
use crate::error::Result;
use crate::store::party_names;
use musubi_index::{Checkable, Unread, Wish, fold};
use std::collections::HashMap;
use std::sync::Arc;

/// Names that are looked up among the parties for one text, at most.
const LOOKED_UP_MOST: usize = 30;
/// A longer list, and more parts of one, are not read.
const LIST_MOST: usize = 200;
const PARTS_MOST: usize = 10;
/// Longer than this is no name.
const NAME_MOST: usize = 60;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
enum Means {
    /// What they state: all of these conditions together (the firms of a town).
    Stated(Vec<Condition>),
    People,
    /// Parties of exactly this name: ids, and what the first is called.
    Parties(Vec<String>, String),
}

impl Means {
    fn checkable(&self) -> Checkable {
        let of_kind = |condition: &Condition| condition.field == ConditionField::OrganizationKind;
        match self {
            Means::Stated(conditions) if !conditions.iter().any(of_kind) => Checkable::Fact,
            Means::Stated(_) | Means::People | Means::Parties(..) => Checkable::Party,
        }
    }
}

/// One exclusion of a text.
#[derive(Debug, Clone)]
pub(super) struct LeftOut {
    /// As it stands in the text.
    text: String,
    means: Option<Means>,
    /// A word of leaving out that was not read: nothing is made of it but a hint.
    unread: bool,
}

impl LeftOut {
    /// Whether it decides by fact who is left out.
    pub(super) fn is_checked(&self) -> bool {
        self.means.is_some()
    }

    /// Whether it is checked by what parties state of themselves, which some do not.
    pub(super) fn is_stated(&self) -> bool {
        matches!(self.means, Some(Means::Stated(_)))
    }

    /// Whether it only may leave somebody out, and was not read as such.
    pub(super) fn is_unread(&self) -> bool {
        self.unread
    }

    /// The text with what it was taken for, in both languages.
    pub(super) fn shown(&self) -> (String, String) {
        let text: String = self.text.chars().take(60).collect();
        let (ja, en) = match &self.means {
            None => return (format!("「{text}」"), format!("\"{text}\"")),
            Some(Means::Stated(conditions)) => {
                let mut fields: Vec<ConditionField> = conditions.iter().map(|condition| condition.field).collect();
                fields.dedup();
                let (ja, en): (Vec<&str>, Vec<&str>) = fields.into_iter().map(called).unzip();
                return (format!("「{text}」（{}）", ja.join("と")), format!("\"{text}\" ({})", en.join(" and ")));
            }
            Some(Means::People) => ("機関に対する個人", "people, no organisations"),
            Some(Means::Parties(_, name)) => {
                return (format!("「{text}」（相手の名称: {name}）"), format!("\"{text}\" (the party {name})"));
            }
        };
        (format!("「{text}」（{ja}）"), format!("\"{text}\" ({en})"))
    }

    pub(super) fn line(&self) -> Ready {
        let (conditions, who) = match &self.means {
            None => (Vec::new(), None),
            Some(Means::Stated(conditions)) => (conditions.clone(), None),
            Some(Means::People) => (Vec::new(), Some(Who::People)),
            Some(Means::Parties(ids, _)) => (Vec::new(), Some(Who::Parties(ids.clone()))),
        };
        Ready::leaving_out(&self.text, conditions, who)
    }
}

/// What a text wants, and what it leaves out: what is checked by fact first.
pub(super) fn read(app: &App, scope: &Scope, text: &str) -> Result<(String, Vec<LeftOut>)> {
    let mut reader = Reader { app, scope, names: None, seen: HashMap::new(), looked_up: 0, failed: None };
    let wish = Wish::read_knowing(text, &mut |name| reader.checkable(name));
    let mut left_out = Vec::new();
    for text in wish.unwanted {
        left_out.extend(reader.parts(text));
    }
    left_out.sort_by_key(|one| !one.is_checked());
    for Unread { clause, near } in wish.unread {
        if reader.names_somebody(&near)? {
            left_out.push(LeftOut { text: clause, means: None, unread: true });
        }
    }
    match reader.failed {
        Some(error) => Err(error),
        None => Ok((wish.wanted, left_out)),
    }
}

/// What a condition is about, in both languages.
fn called(field: ConditionField) -> (&'static str, &'static str) {
    match field {
        ConditionField::OrganizationKind => ("機関の種別", "kind of organisation"),
        ConditionField::Employees => ("従業員数", "employees"),
        ConditionField::Municipality | ConditionField::Prefecture => ("所在地", "place"),
        ConditionField::Certificate => ("認証", "certificate"),
        ConditionField::Field => ("分野", "field"),
    }
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
    /// What can be checked of a name, or of a list of names that begins with one that can.
    fn checkable(&mut self, name: &str) -> Option<Checkable> {
        if let Some(means) = self.means(name) {
            return Some(means.checkable());
        }
        let parts = self.listed(name)?;
        parts.first()?.1.as_ref()?;
        let parties = parts.iter().flat_map(|(_, means)| means).any(|means| means.checkable() == Checkable::Party);
        Some(if parties { Checkable::Party } else { Checkable::Fact })
    }

    /// One exclusion; several where it lists what can be checked (山形市と大学), with the rest of the list.
    fn parts(&mut self, text: String) -> Vec<LeftOut> {
        let one = |(text, means): (String, Option<Means>)| LeftOut { text, means, unread: false };
        let means = self.means(&text);
        let parts = if means.is_none() { self.listed(&text) } else { None };
        parts.unwrap_or_else(|| vec![(text, means)]).into_iter().map(one).collect()
    }

    /// The names of a list with what each stands for; none where no part, or not surely a whole part, stands for anything:
    /// 大学と共同研究する会社 are not universities.
    fn listed(&mut self, text: &str) -> Option<Vec<(String, Option<Means>)>> {
        /// Behind these a part may be unknown; 「と」 and 「や」 join much else.
        const SURE: [&str; 9] = ["、", "，", ", ", "および", "及び", "または", " and ", " or ", "・"];
        const UNSURE: [&str; 2] = ["と", "や"];
        if text.chars().count() > LIST_MOST {
            return None;
        }
        let sure = self.divided(text, &SURE);
        if sure.len() > 1 && sure.iter().any(|(_, means)| means.is_some()) {
            let plain = |(part, means): &(String, Option<Means>)| means.is_some() || is_a_name(part);
            return sure.iter().all(plain).then_some(sure);
        }
        let all = self.divided(text, &[&SURE[..], &UNSURE[..]].concat());
        (all.len() > 1 && all.iter().all(|(_, means)| means.is_some())).then_some(all)
    }

    /// The parts between the joints, each as long as it stands for something.
    fn divided(&mut self, text: &str, joints: &[&str]) -> Vec<(String, Option<Means>)> {
        let means = self.means(text);
        let joint = joints.iter().position(|joint| text.contains(joint)).filter(|_| means.is_none());
        let Some(at) = joint else { return vec![(text.trim().to_owned(), means)] };
        let parts: Vec<&str> = text.split(joints[at]).filter(|part| !part.trim().is_empty()).take(PARTS_MOST).collect();
        parts.into_iter().flat_map(|part| self.divided(part, &joints[at + 1..])).collect()
    }

    /// Whether words near a word of leaving out name a kind of party, a place or a party.
    fn names_somebody(&mut self, near: &str) -> Result<bool> {
        let names = self.names()?;
        let near: Vec<char> = near.chars().take(NAME_MOST).collect();
        let words: Vec<String> = if near.iter().all(char::is_ascii) {
            let near: String = near.iter().collect();
            let words: Vec<&str> = near.split(|one: char| !one.is_alphanumeric() && one != '-').collect();
            let of = |length: usize| words.windows(length).map(|some| some.join(" ")).collect::<Vec<_>>();
            (1..=3).flat_map(of).collect()
        } else {
            let from = |at: usize| (at + 2..=near.len().min(at + 10)).map(move |end| (at, end));
            (0..near.len()).flat_map(from).map(|(at, end)| near[at..end].iter().collect()).collect()
        };
        let kind = |word: &String| stated(None, word).is_some() || PEOPLE.contains(&word.to_lowercase().as_str());
        if words.iter().any(kind) {
            return Ok(true);
        }
        let written = words.iter().flat_map(|word| [word.clone(), fold(word)]).filter(|word| word.chars().count() > 1);
        if !names.places_called(written.collect::<Vec<_>>().iter()).is_empty() {
            return Ok(true);
        }
        let near: String = near.iter().collect();
        let last = near.trim_end_matches(['を', 'は', 'の', 'も']).rsplit(['を', 'は', 'で', '、', ' ']).next();
        let whole = self.means(&near).or_else(|| self.means(last.unwrap_or("")));
        Ok(whole.is_some())
    }

    fn names(&mut self) -> Result<Arc<Names>> {
        Ok(match &self.names {
            Some(names) => names.clone(),
            None => self.names.insert(self.app.names.now()?).clone(),
        })
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
        if PEOPLE.contains(&name.to_lowercase().as_str()) {
            return Ok(Some(Means::People));
        }
        let names = self.names()?;
        if let Some(conditions) = stated(Some(&names), name).or_else(|| all_but(name)) {
            return Ok(Some(Means::Stated(conditions)));
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

/// A name without what goes along with it (大学など, 「大学」, the ones in Yonezawa).
fn bare(name: &str) -> &str {
    const MARKS: &[char] = &['「', '」', '『', '』', '"', '“', '”', '.', '。', '、', '\u{3000}', ' '];
    let name = name.trim_matches(MARKS);
    let name = name.get(..4).filter(|the| the.eq_ignore_ascii_case("the ")).map_or(name, |_| &name[4..]);
    let tails = ["など", "等", "全般", "さん", "様", "殿", "御中", " etc"];
    tails.iter().find_map(|tail| name.strip_suffix(tail)).unwrap_or(name).trim_matches(MARKS)
}

/// Whether an unknown part of a list is only a name of something, or of somebody: not 「企業連携」, "work with universities".
fn is_a_name(part: &str) -> bool {
    const PREPOSITIONS: &[&str] =
        &["between", "with", "of", "for", "from", "to", "by", "in", "who", "that", "which", "their", "where", "not"];
    let lower = part.to_lowercase();
    if part.is_ascii() {
        let words: Vec<&str> = lower.split_whitespace().collect();
        return words.len() <= 5 && !words.iter().any(|word| PREPOSITIONS.contains(word));
    }
    let particles = ['を', 'が', 'で', 'に', 'の', 'は', 'へ'];
    let kind_inside = part
        .char_indices()
        .skip(1)
        .any(|(at, _)| ["企業", "会社", "大学", "銀行", "自治体", "行政"].iter().any(|kind| &part[..at] == *kind));
    part.chars().count() <= 20 && !part.contains(particles) && !kind_inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_what_goes_along_with_it() {
        for (written, name) in [
            ("大学など", "大学"),
            ("Yamada Co., Ltd.", "Yamada Co., Ltd"),
            (" 蔵路工業さん ", "蔵路工業"),
            ("「大学」", "大学"),
            ("蔵路工業様", "蔵路工業"),
            ("the Kuraji Inc.", "Kuraji Inc"),
            ("The", "The"),
        ] {
            assert_eq!(bare(written), name);
        }
    }
}
