//! Why a group is what it is, in sentences: wishes, members, those outside and conflicts in both languages, and wishes of
//! which one plainly denies another.

use super::compose::{
    ConflictBody, GroupAnswer, GroupBody, MemberBody, OutsideBody, Party, RuleQuery, SizeQuery, WishQuery,
};
use crate::domain::entry::Title;
use crate::domain::{Defect, Finding, ThingId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Points below which a reason is none.
const NOTHING: f64 = 0.05;

/// What parties and fields are called.
#[derive(Debug, Default)]
pub struct Words {
    pub(super) parties: HashMap<String, Title>,
    pub(super) fields: HashMap<String, Title>,
}

/// One sentence in both languages.
pub(super) fn said(ja: impl Into<String>, en: impl Into<String>) -> Title {
    Title { ja: Some(ja.into()), en: Some(en.into()) }
}

fn ja(title: &Title) -> &str {
    title.any()
}

fn en(title: &Title) -> &str {
    title.en.as_deref().or(title.ja.as_deref()).unwrap_or("")
}

impl Words {
    /// The name of a party; its id where the reader may not see it.
    fn party(&self, id: &str) -> Title {
        let known = self.parties.get(id).filter(|name| !name.any().is_empty());
        known.cloned().unwrap_or_else(|| said(id, id))
    }

    fn parties(&self, ids: &[ThingId]) -> (String, String) {
        let names: Vec<Title> = ids.iter().map(|id| self.party(id.as_str())).collect();
        let list = |word: fn(&Title) -> &str| names.iter().map(word).collect::<Vec<&str>>();
        (format!("「{}」", list(ja).join("」「")), format!("\"{}\"", list(en).join("\", \"")))
    }

    /// A wish in words.
    pub(super) fn wish(&self, rule: &RuleQuery) -> Title {
        let of = |id: &ThingId| self.party(id.as_str());
        match rule {
            RuleQuery::Places { least, most } if least == most => {
                said(format!("参加は{least}社"), format!("{least} members"))
            }
            RuleQuery::Places { least, most } => {
                said(format!("参加は{least}〜{most}社"), format!("{least} to {most} members"))
            }
            RuleQuery::Lead { candidate } => {
                let name = of(candidate);
                said(format!("幹事は「{}」", ja(&name)), format!("\"{}\" leads", en(&name)))
            }
            RuleQuery::SomebodyLeads {} => said("幹事になれる参加者がいる", "somebody can lead"),
            RuleQuery::SizeAtLeast { size, count } => {
                let (size_ja, size_en) = size_words(*size);
                said(format!("{size_ja}が{count}社以上"), format!("at least {count} {size_en}"))
            }
            RuleQuery::SizeAtMost { size, count } => {
                let (size_ja, size_en) = size_words(*size);
                said(format!("{size_ja}は{count}社まで"), format!("at most {count} {size_en}"))
            }
            RuleQuery::FieldAtLeast { field, count } => {
                let name = self.field(field);
                said(
                    format!("分野「{}」が{count}社以上", ja(&name)),
                    format!("at least {count} of the field \"{}\"", en(&name)),
                )
            }
            RuleQuery::FieldAtMost { field: Some(field), count } => {
                let name = self.field(field);
                said(
                    format!("分野「{}」は{count}社まで", ja(&name)),
                    format!("at most {count} of the field \"{}\"", en(&name)),
                )
            }
            RuleQuery::FieldAtMost { field: None, count } => {
                said(format!("どの分野も{count}社まで"), format!("at most {count} of any field"))
            }
            RuleQuery::FirstTimersAtLeast { count } => {
                said(format!("初出展が{count}社以上"), format!("at least {count} first-timers"))
            }
            RuleQuery::Must { candidate } => {
                let name = of(candidate);
                said(format!("「{}」が参加する", ja(&name)), format!("\"{}\" takes part", en(&name)))
            }
            RuleQuery::Never { candidate } => {
                let name = of(candidate);
                said(format!("「{}」は参加しない", ja(&name)), format!("\"{}\" does not take part", en(&name)))
            }
            RuleQuery::Together { candidates } => {
                let (ja, en) = self.parties(candidates);
                said(format!("{ja}は一緒"), format!("{en} together"))
            }
            RuleQuery::Apart { candidates } => {
                let (ja, en) = self.parties(candidates);
                said(format!("{ja}は別々"), format!("{en} apart"))
            }
            RuleQuery::RivalsApart { .. } => said("競合どうしは一緒にしない", "rivals apart"),
            RuleQuery::SubsidyAtMost { amount } => {
                said(format!("補助は合計{amount}円まで"), format!("a subsidy of at most {amount} yen"))
            }
            RuleQuery::SharesAtLeast { amount } => {
                said(format!("自己負担は合計{amount}円以上"), format!("own shares of at least {amount} yen"))
            }
            RuleQuery::ExhibitionsAtMost { count } => {
                said(format!("年度内の出展は{count}回まで"), format!("at most {count} exhibitions a year for each"))
            }
        }
    }

    fn field(&self, code: &str) -> Title {
        self.fields.get(code).cloned().unwrap_or_else(|| said(code, code))
    }

    /// Says in words what an answer says in numbers. `wishes`: as they were solved, by place.
    pub(super) fn say(&self, answer: &mut GroupAnswer, wishes: &[&WishQuery]) {
        let topics = answer.topics.clone();
        let named: Vec<Title> = wishes.iter().map(|wish| self.wish(&wish.rule)).collect();
        let count = |wish: &WishQuery| matches!(wish.rule, RuleQuery::Places { .. });
        let others: Vec<Option<Title>> =
            wishes.iter().zip(&named).map(|(wish, named)| (!count(wish)).then(|| named.clone())).collect();
        for group in answer.group.iter_mut().chain(&mut answer.alternatives).chain(&mut answer.by_hand) {
            say_group(group, &topics, &others);
        }
        answer.outside.iter_mut().for_each(|outside| say_outside(outside, &named));
        let candidates = answer.candidates;
        answer.conflict.iter_mut().for_each(|conflict| self.say_conflict(conflict, wishes, candidates));
        let uncovered = answer.uncovered.iter().filter_map(|place| topics.get(*place)).map(nobody);
        answer.remarks = uncovered.chain(left_out(&answer.left_out)).collect();
    }

    /// Which wishes cannot all hold.
    fn say_conflict(&self, conflict: &mut ConflictBody, wishes: &[&WishQuery], candidates: usize) {
        for wish in &mut conflict.wishes {
            wish.words = wishes.get(wish.wish).map(|asked| self.wish(&asked.rule)).unwrap_or_default();
        }
        let rules: Vec<Option<&RuleQuery>> =
            conflict.wishes.iter().map(|wish| wishes.get(wish.wish).map(|asked| &asked.rule)).collect();
        let list = |word: fn(&Title) -> &str| conflict.wishes.iter().map(|wish| word(&wish.words)).collect::<Vec<_>>();
        let frees = |wanted: bool| conflict.wishes.iter().all(|wish| wish.frees_all == Some(wanted));
        if let [rule] = rules.as_slice() {
            let cause = rule.and_then(|rule| self.cause(rule, candidates));
            let (cause_ja, cause_en) = cause
                .map_or_else(Default::default, |cause| (format!("（{}）", ja(&cause)), format!(" ({})", en(&cause))));
            let (more_ja, more_en) = if frees(false) {
                ("これを外しても、ほかの条件がさらにぶつかります。", " Without it others still clash.")
            } else {
                ("", "")
            };
            conflict.reason = said(
                format!("この条件は満たせません: {}{cause_ja}。{more_ja}", list(ja).join("、")),
                format!("This cannot hold: {}{cause_en}.{more_en}", list(en).join("; ")),
            );
            return;
        }
        let freeing: Vec<&Title> =
            conflict.wishes.iter().filter(|wish| wish.frees_all == Some(true)).map(|wish| &wish.words).collect();
        let (then_ja, then_en) = if frees(true) {
            (
                "どれか一つを緩めると、ほかは満たせます。".to_owned(),
                "Without any one of them the others can.".to_owned(),
            )
        } else if !freeing.is_empty() {
            let names = |word: fn(&Title) -> &str, between: &str| {
                freeing.iter().map(|words| word(words)).collect::<Vec<_>>().join(between)
            };
            (
                format!("全体を満たせるのは、次のどれかを緩めたときです: {}。", names(ja, "、")),
                format!("Everything else can hold without one of these: {}.", names(en, "; ")),
            )
        } else if frees(false) {
            let ja = "どれか一つを緩めても、ほかの条件がさらにぶつかります。".to_owned();
            (ja, "Even without one of them, further wishes clash.".to_owned())
        } else {
            let ja = "どれか一つを緩めると、この中の残りは満たせます。".to_owned();
            (ja, "Without any one of them the rest of these can.".to_owned())
        };
        conflict.reason = said(
            format!("次の条件は同時に満たせません: {}。{then_ja}", list(ja).join("、")),
            format!("These cannot all hold: {}. {then_en}", list(en).join("; ")),
        );
    }

    /// Why a wish that is alone in a conflict cannot hold.
    fn cause(&self, rule: &RuleQuery, candidates: usize) -> Option<Title> {
        Some(match rule {
            RuleQuery::Places { least, .. } if *least > candidates => {
                said(format!("候補は{candidates}社だけです"), format!("there are {candidates} candidates only"))
            }
            RuleQuery::Lead { .. } => said("幹事を希望していません", "it is not willing to lead"),
            RuleQuery::SomebodyLeads {} => said("幹事を希望する候補がいません", "no candidate is willing to lead"),
            RuleQuery::SizeAtLeast { count, .. }
            | RuleQuery::FieldAtLeast { count, .. }
            | RuleQuery::FirstTimersAtLeast { count } => said(
                format!("そのような候補は{count}社いません"),
                format!("there are fewer than {count} such candidates"),
            ),
            _ => return None,
        })
    }
}

fn size_words(size: SizeQuery) -> (&'static str, &'static str) {
    match size {
        SizeQuery::Small => ("小規模（20人以下）の会社", "small firms (up to 20)"),
        SizeQuery::Medium => ("中規模（21〜300人）の会社", "medium firms (21 to 300)"),
        SizeQuery::Large => ("大規模（301人以上）の会社", "large firms (301 and more)"),
    }
}

fn nobody(topic: &Title) -> Title {
    said(
        format!("テーマ「{}」に当てはまる候補はいません。", ja(topic)),
        format!("No candidate answers the topic \"{}\".", en(topic)),
    )
}

/// Who goes in another group already; the first few by name.
fn left_out(parties: &[Party]) -> Option<Title> {
    const NAMED: usize = 10;
    let list = |word: fn(&Title) -> &str| parties.iter().take(NAMED).map(|party| word(&party.name)).collect::<Vec<_>>();
    let (count, more) = (parties.len(), parties.len() > NAMED);
    let (more_ja, more_en) = if more { ("など", " and others") } else { ("", "") };
    (count > 0).then(|| {
        said(
            format!(
                "同じ展示会の別のグループに参加または招待されている{count}社を候補から除きました: 「{}」{more_ja}。",
                list(ja).join("」「")
            ),
            format!(
                "{count} that go in, or were asked into, another group of this exhibition were left out: \"{}\"{more_en}.",
                list(en).join("\", \"")
            ),
        )
    })
}

fn say_group(group: &mut GroupBody, topics: &[Title], wishes: &[Option<Title>]) {
    for member in &mut group.members {
        say_member(member, topics, wishes);
    }
}

fn say_member(member: &mut MemberBody, topics: &[Title], wishes: &[Option<Title>]) {
    let mut reasons = Vec::new();
    for covered in member.theme.iter().filter(|covered| covered.points >= NOTHING) {
        let Some(topic) = topics.get(covered.topic) else { continue };
        reasons.push(said(
            format!("テーマ「{}」を担います（いなければ{:.1}点減）。", ja(topic), covered.points),
            format!("It covers the topic \"{}\" ({:.1} points less without it).", en(topic), covered.points),
        ));
    }
    if !member.partners.is_empty() && member.adds.complementarity >= NOTHING {
        let names: Vec<Title> = member.partners.iter().map(|party| party.name.clone()).collect();
        let named =
            |word: fn(&Title) -> &str| names.iter().map(word).filter(|name| !name.is_empty()).collect::<Vec<&str>>();
        let points = member.adds.complementarity;
        reasons.push(said(
            format!("「{}」と補い合います（{points:.1}点）。", named(ja).join("」「")),
            format!("It complements \"{}\" ({points:.1} points).", named(en).join("\", \"")),
        ));
    }
    reasons.extend(member.chances.iter().map(|chance| chance.reason.clone()));
    if member.adds.members >= NOTHING {
        let (points, times) = (member.adds.members, member.exhibitions);
        let (first_ja, first_en) =
            if member.first_timer { ("初出展で、", "It is a first-timer, and ") } else { ("", "It ") };
        let (often_ja, often_en) = match times {
            0 => ("今年度はほかに出展がありません".to_owned(), "goes to no other exhibition this year".to_owned()),
            _ => (format!("今年度のほかの出展は{times}回です"), format!("goes to {times} other exhibitions this year")),
        };
        reasons.push(said(
            format!("{first_ja}{often_ja}（公平性で{points:.1}点）。"),
            format!("{first_en}{often_en} (fairness: {points:.1} points)."),
        ));
    }
    if member.adds.lead >= NOTHING {
        let points = member.adds.lead;
        reasons.push(said(
            format!("幹事に向いています（{points:.1}点）。"),
            format!("It is well placed to lead ({points:.1} points)."),
        ));
    }
    // That the number of members needs each of them goes without saying.
    let needed_by = member.needed_by.iter().filter_map(|place| wishes.get(*place)?.as_ref());
    for wish in needed_by {
        reasons.push(said(
            format!("条件「{}」のために必要です。", ja(wish)),
            format!("The wish \"{}\" needs it.", en(wish)),
        ));
    }
    if reasons.is_empty() {
        reasons.push(said("ほかに目立った加点はありません。", "Nothing else speaks for it in particular."));
    }
    member.reasons = reasons;
}

fn say_outside(outside: &mut OutsideBody, wishes: &[Title]) {
    let mut reasons = Vec::new();
    for wish in outside.breaks.iter().filter_map(|place| wishes.get(*place)) {
        reasons.push(said(
            format!("加えると、条件「{}」を満たせません。", ja(wish)),
            format!("With it the wish \"{}\" would not hold.", en(wish)),
        ));
    }
    if let Some(instead) = &outside.instead_of {
        let (name, change) = (&instead.party.name, instead.change);
        let (less_ja, less_en) = if change < 0.0 { ("下がります", "less") } else { ("上がります", "more") };
        reasons.push(said(
            format!("「{}」の代わりに入れると、価値が{:.1}点{less_ja}。", ja(name), change.abs()),
            format!("In the place of \"{}\" the group is worth {:.1} points {less_en}.", en(name), change.abs()),
        ));
    }
    if reasons.is_empty() {
        let points = outside.adds;
        reasons.push(said(
            format!("加わっても{points:.1}点しか増えません。"),
            format!("It would add {points:.1} points only."),
        ));
    }
    outside.reasons = reasons;
}

/// Hard wishes of which one plainly denies another: each pair is named, at the place of the later one.
pub(super) fn contradictions(wishes: &[WishQuery], words: &Words) -> Vec<Finding> {
    let hard: Vec<(usize, &RuleQuery)> = wishes
        .iter()
        .enumerate()
        .filter(|(_, wish)| wish.soft.is_none())
        .map(|(place, wish)| (place, &wish.rule))
        .collect();
    let mut seen = Seen::default();
    let mut findings = Vec::new();
    for (place, rule) in hard {
        for (name, other) in seen.denied_by(place, rule) {
            let (one, two) = (words.wish(&wishes[other].rule), words.wish(rule));
            let defect = Defect::new(
                "wishes.contradict",
                format!("条件「{}」と条件「{}」は両立しません。どちらかを外してください。", ja(&one), ja(&two)),
                format!("\"{}\" and \"{}\" cannot both hold. Take one of them away.", en(&one), en(&two)),
            );
            findings.push(Finding::new(format!("/wishes/{place}/rule/{name}"), defect));
        }
    }
    findings
}

/// Hard wishes so far, by whom and what they are about; each with its place.
#[derive(Default)]
struct Seen<'a> {
    must: HashMap<&'a ThingId, usize>,
    never: HashMap<&'a ThingId, usize>,
    lead: Option<(usize, &'a ThingId)>,
    together: Vec<(usize, BTreeSet<&'a ThingId>)>,
    apart: Vec<(usize, BTreeSet<&'a ThingId>)>,
    /// Fewest and most, by what is counted.
    least: BTreeMap<String, (usize, usize)>,
    most: BTreeMap<String, (usize, usize)>,
}

impl<'a> Seen<'a> {
    /// The earlier wishes that this one denies, with the name of the field that says so; and remembers it.
    fn denied_by(&mut self, place: usize, rule: &'a RuleQuery) -> Vec<(&'static str, usize)> {
        match rule {
            RuleQuery::Must { candidate } => {
                self.must.entry(candidate).or_insert(place);
                let apart = self.apart.iter().filter(|(_, set)| set.contains(candidate));
                let both = apart.filter(|(_, set)| set.iter().filter(|one| self.must.contains_key(**one)).count() == 2);
                let both = both.map(|(other, _)| *other);
                both.chain(self.never.get(candidate).copied()).map(|other| ("candidate", other)).collect()
            }
            RuleQuery::Never { candidate } => {
                self.never.entry(candidate).or_insert(place);
                let leads = self.lead.filter(|(_, lead)| *lead == candidate).map(|(other, _)| other);
                leads.into_iter().chain(self.must.get(candidate).copied()).map(|other| ("candidate", other)).collect()
            }
            RuleQuery::Lead { candidate } => {
                let other = self.lead.filter(|(_, lead)| *lead != candidate).map(|(other, _)| other);
                self.lead.get_or_insert((place, candidate));
                other.into_iter().chain(self.never.get(candidate).copied()).map(|other| ("candidate", other)).collect()
            }
            RuleQuery::Together { candidates } => {
                let set: BTreeSet<&ThingId> = candidates.iter().collect();
                let found = share_two(&self.apart, &set);
                self.together.push((place, set));
                found
            }
            RuleQuery::Apart { candidates } => {
                let set: BTreeSet<&ThingId> = candidates.iter().collect();
                let mut found = share_two(&self.together, &set);
                let musts: Vec<usize> = set.iter().filter_map(|one| self.must.get(*one).copied()).collect();
                if let [_, second, ..] = musts.as_slice() {
                    found.push(("candidates", *second));
                }
                self.apart.push((place, set));
                found
            }
            RuleQuery::Places { least, most } => {
                let low = self.at_least("places".to_owned(), "least", place, *least);
                let high = self.at_most("places".to_owned(), "most", place, *most);
                low.into_iter().chain(high).filter(|(_, other)| *other != place).collect()
            }
            RuleQuery::SizeAtLeast { size, count } => {
                self.at_least(format!("size {size:?}"), "count", place, *count).into_iter().collect()
            }
            RuleQuery::SizeAtMost { size, count } => {
                self.at_most(format!("size {size:?}"), "count", place, *count).into_iter().collect()
            }
            RuleQuery::FieldAtLeast { field, count } => {
                self.at_least(format!("field {field}"), "count", place, *count).into_iter().collect()
            }
            RuleQuery::FieldAtMost { field: Some(field), count } => {
                self.at_most(format!("field {field}"), "count", place, *count).into_iter().collect()
            }
            RuleQuery::FieldAtMost { field: None, .. }
            | RuleQuery::SomebodyLeads {}
            | RuleQuery::FirstTimersAtLeast { .. }
            | RuleQuery::RivalsApart { .. }
            | RuleQuery::SubsidyAtMost { .. }
            | RuleQuery::SharesAtLeast { .. }
            | RuleQuery::ExhibitionsAtMost { .. } => Vec::new(),
        }
    }

    fn at_least(
        &mut self,
        what: String,
        name: &'static str,
        place: usize,
        count: usize,
    ) -> Option<(&'static str, usize)> {
        let denied = self.most.get(&what).filter(|(most, _)| *most < count).map(|(_, other)| (name, *other));
        let known = self.least.entry(what).or_insert((count, place));
        if count > known.0 {
            *known = (count, place);
        }
        denied
    }

    fn at_most(
        &mut self,
        what: String,
        name: &'static str,
        place: usize,
        count: usize,
    ) -> Option<(&'static str, usize)> {
        let denied = self.least.get(&what).filter(|(least, _)| *least > count).map(|(_, other)| (name, *other));
        let known = self.most.entry(what).or_insert((count, place));
        if count < known.0 {
            *known = (count, place);
        }
        denied
    }
}

/// Those with which a list has two in common.
fn share_two(earlier: &[(usize, BTreeSet<&ThingId>)], set: &BTreeSet<&ThingId>) -> Vec<(&'static str, usize)> {
    let two = earlier.iter().filter(|(_, other)| other.intersection(set).count() >= 2);
    two.map(|(other, _)| ("candidates", *other)).collect()
}
