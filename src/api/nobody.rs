//! Why nobody is left: the conditions, exclusions and filters that stand in the way, so that no line is blamed that
//! somebody can meet.

use super::coalition::{Judged, judge_all, with_their_things};
use super::line_facts::{self, Names};
use super::lines::{self, LineVerdict, Ready};
use super::match_filters::MatchFilters;
use super::match_hints::MatchHint;
use super::matching::{self, Asking, Towards};
use crate::app::App;
use crate::domain::{Actor, Scope};
use crate::error::Result;
use crate::store::Conn;
use std::collections::{BTreeMap, HashMap};

/// Lines that leave nobody of these parties; each party comes with the lines that keep it out. A line that alone leaves
/// nobody is a group of its own; where there is none, the one group is of lines that do so together, and no fewer of them.
fn groups(barred_by: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let Some(first) = barred_by.first() else { return Vec::new() };
    let everywhere = |line: &&usize| barred_by.iter().all(|lines| lines.contains(line));
    let alone: Vec<Vec<usize>> = first.iter().filter(everywhere).map(|line| vec![*line]).collect();
    if !alone.is_empty() {
        return alone;
    }
    let mut together: Vec<usize> = barred_by.concat();
    together.sort_unstable();
    together.dedup();
    for line in together.clone() {
        let others: Vec<usize> = together.iter().copied().filter(|other| *other != line).collect();
        if barred_by.iter().all(|lines| lines.iter().any(|line| others.contains(line))) {
            together = others;
        }
    }
    vec![together]
}

/// A line in words: its own, its condition, or both.
fn in_words(ready: &Ready, index: usize, numbered: bool, names: &Names) -> (String, String) {
    let condition = ready.condition.as_ref().map(|condition| line_facts::in_words(condition, names));
    let written = ready.ja.as_deref().or(ready.en.as_deref());
    let (ja, en) = match (written, condition) {
        (Some(_), condition) => {
            let ja = ready.ja.as_deref().or(ready.en.as_deref()).unwrap_or_default();
            let en = ready.en.as_deref().or(ready.ja.as_deref()).unwrap_or_default();
            let (more_ja, more_en) = match condition {
                Some((ja, en)) if numbered => (format!("（{ja}）"), format!(" ({en})")),
                Some(_) | None => (String::new(), String::new()),
            };
            (format!("「{ja}」{more_ja}"), format!("\"{en}\"{more_en}"))
        }
        (None, Some((ja, en))) => (format!("「{ja}」"), format!("\"{en}\"")),
        (None, None) => (String::new(), String::new()),
    };
    let (strength_ja, strength_en) = (ready.requirement.name_ja(), ready.requirement.name_en().to_lowercase());
    match numbered {
        true => (format!("{}行目の{strength_ja}{ja}", index + 1), format!("line {} ({strength_en}: {en})", index + 1)),
        false => (format!("除く条件{ja}"), format!("the exclusion {en}")),
    }
}

fn listed(lines: &[Ready], group: &[usize], numbered: bool, names: &Names) -> (String, String) {
    let each = group.iter().filter_map(|index| Some(in_words(lines.get(*index)?, *index, numbered, names)));
    let (ja, en): (Vec<String>, Vec<String>) = each.unzip();
    (ja.join("と"), en.join(" and "))
}

fn names_of(conn: &mut Conn, lines: &[Ready]) -> Result<Names> {
    Names::of_conditions(conn, lines.iter().filter_map(|line| line.condition.as_ref()))
}

/// Of a match: which conditions and exclusions left nobody of those it found.
pub(super) fn of_match(conn: &mut Conn, scope: &Scope, asking: &Asking, found: &[String]) -> Result<Vec<MatchHint>> {
    let facts = lines::facts(conn, scope, found)?;
    let barring = |party: &String| -> Option<Vec<usize>> {
        let facts = facts.get(party)?;
        let bars = |(_, line): &(usize, &Ready)| line.bars(party, facts);
        Some(asking.lines.iter().enumerate().filter(bars).map(|(index, _)| index).collect())
    };
    let barred_by: Vec<Vec<usize>> = found.iter().filter_map(barring).collect();
    let names = names_of(conn, &asking.lines)?;
    let numbered = asking.from.is_some();
    let hint = |group: Vec<usize>| {
        let (ja, en) = listed(&asking.lines, &group, numbered, &names);
        let (how_ja, how_en) =
            if group.len() > 1 { ("を合わせると", "together leave") } else { ("だけで", "leaves") };
        let hint = MatchHint::new(
            "leaves_nobody",
            format!("{ja}{how_ja}、見つかった相手が一人も残りません。この条件を見直してください。"),
            format!("Nobody of those found is left: {en} {how_en} nobody. Look at that again."),
        );
        MatchHint { lines: if numbered { group } else { Vec::new() }, ..hint }
    };
    Ok(groups(&barred_by).into_iter().map(hint).collect())
}

/// The filter without which somebody is found, or what to try where there is none.
pub(super) fn without_filters(
    filters: &MatchFilters,
    only_exclusions: bool,
    mut finds: impl FnMut(&MatchFilters) -> Result<bool>,
) -> Result<MatchHint> {
    let each = filters.without_each();
    for (filter, without) in &each {
        if finds(without)? {
            return Ok(drop_filter(Some(*filter), "該当がありません。", "Nobody was found."));
        }
    }
    if each.len() > 1 && finds(&MatchFilters::default())? {
        return Ok(drop_filter(None, "該当がありません。", "Nobody was found."));
    }
    Ok(match only_exclusions {
        true => MatchHint::new(
            "more_words",
            "除く条件だけでは探せません。何ができる相手を探すのか（技術・材料・用途など）を足してお試しください。",
            "What to leave out is not enough to look for. Add what somebody should do: a technique, a material, a use.",
        ),
        false => MatchHint::new(
            "more_words",
            "該当がありません。技術・材料・用途など、手がかりになる語を足してお試しください。",
            "Nobody was found. Add words that tell what it is about: a technique, a material, a use.",
        ),
    })
}

fn drop_filter(filter: Option<&'static str>, why_ja: &str, why_en: &str) -> MatchHint {
    let hint = match filter {
        Some(filter) => {
            let ja = MatchFilters::name_ja(filter);
            MatchHint::new(
                "drop_filter",
                format!("{why_ja}絞り込み「{ja}」（filters.{filter}）を外すか広げると見つかります。"),
                format!("{why_en} Without the filter {filter}, or with a wider one, somebody is."),
            )
        }
        None => MatchHint::new(
            "drop_filter",
            format!("{why_ja}絞り込み（filters）を二つ以上外すか、広げてお試しください。"),
            format!("{why_en} Try without two or more of the filters, or with wider ones."),
        ),
    };
    MatchHint { filter, ..hint }
}

/// Of a coalition: the must-lines that nobody meets, and what stands before those that somebody does.
#[derive(Debug, Default)]
pub(super) struct Unmet {
    pub(super) nobody: Vec<usize>,
    pub(super) hints: Vec<MatchHint>,
}

/// What is asked of a coalition, as far as it decides who is looked at.
pub(super) struct Pool<'a> {
    pub(super) app: &'a App,
    pub(super) actor: &'a Actor,
    pub(super) asking: &'a Asking,
    pub(super) towards: Towards,
    pub(super) filters: &'a MatchFilters,
    pub(super) limit: usize,
}

/// Must-lines that no candidate meets: looks at those, too, whom a condition, an exclusion or a filter keeps out.
pub(super) fn of_coalition(pool: &Pool<'_>, parties: Vec<(String, Vec<String>)>, open: &[usize]) -> Result<Unmet> {
    let mut unmet = Unmet::default();
    if open.is_empty() {
        return Ok(unmet);
    }
    let lines = &pool.asking.lines;
    let names = pool.app.database.read(|conn| names_of(conn, lines))?;
    let scope = pool.actor.scope();
    let judged = judge_all(pool.app, &scope, lines, &parties)?;
    // For each group the lines that it leaves without anybody.
    let mut in_the_way: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    let mut missing: Vec<usize> = Vec::new();
    for line in open {
        let barred_by = who_meet(&judged, lines, *line);
        if barred_by.is_empty() {
            missing.push(*line);
        }
        for group in groups(&barred_by).into_iter().filter(|group| !group.is_empty()) {
            in_the_way.entry(group).or_default().push(*line);
        }
    }
    if !missing.is_empty() && !pool.filters.is_empty() {
        let everybody = found(pool, &scope, &MatchFilters::default())?;
        let (there, nobody): (Vec<usize>, Vec<usize>) =
            missing.into_iter().partition(|line| !who_meet(&everybody, lines, *line).is_empty());
        missing = nobody;
        unmet.hints.extend(filters_in_the_way(pool, &scope, &there, &names)?);
    }
    for (group, left) in in_the_way {
        let ((ja, en), (left_ja, left_en)) = (listed(lines, &group, true, &names), listed(lines, &left, true, &names));
        let together = if group.len() > 1 { ("を合わせると", "together leave") } else { ("により", "leaves") };
        let hint = MatchHint::new(
            "leaves_nobody",
            format!("{left_ja}を満たす相手はいますが、{ja}{}全員が外れます。この条件を見直してください。", together.0),
            format!("Somebody meets {left_en}, but {en} {} nobody of them. Look at that again.", together.1),
        );
        unmet.hints.push(MatchHint { lines: group, ..hint });
    }
    unmet.nobody = missing;
    Ok(unmet)
}

/// For each party that meets a line: the lines that keep it out.
fn who_meet(judged: &HashMap<String, Judged>, lines: &[Ready], line: usize) -> Vec<Vec<usize>> {
    let meets = |judged: &&Judged| judged.lines.get(line).is_some_and(|body| body.verdict == LineVerdict::Met);
    let keeps_out = |(index, ready): &(usize, &Ready), id: &str, judged: &Judged| {
        ready.bars(id, &judged.facts) || judged.lines.get(*index).is_some_and(lines::is_excluded)
    };
    let meeting = judged.iter().filter(|(_, judged)| meets(judged));
    let barring = |(id, judged): (&String, &Judged)| -> Vec<usize> {
        let lines = lines.iter().enumerate().filter(|line| keeps_out(line, id, judged));
        lines.map(|(index, _)| index).collect()
    };
    meeting.map(barring).collect()
}

fn found(pool: &Pool<'_>, scope: &Scope, filters: &MatchFilters) -> Result<HashMap<String, Judged>> {
    let filters = pool.app.database.read(|conn| matching::party_filters(conn, pool.towards, filters))?;
    let found = matching::ask(pool.app, pool.actor, pool.asking, filters, pool.limit)?;
    judge_all(pool.app, scope, &pool.asking.lines, &with_their_things(found.parties))
}

/// Lines that somebody meets beyond the filters: which filter it is.
fn filters_in_the_way(pool: &Pool<'_>, scope: &Scope, left: &[usize], names: &Names) -> Result<Vec<MatchHint>> {
    let mut hints = Vec::new();
    if left.is_empty() {
        return Ok(hints);
    }
    let lines = &pool.asking.lines;
    let (ja, en) = listed(lines, left, true, names);
    let (ja, en) =
        (format!("{ja}を満たす相手は絞り込みの外にいます。"), format!("Who meets {en} is beyond the filters."));
    let each = pool.filters.without_each();
    if let [(only, _)] = each[..] {
        return Ok(vec![drop_filter(Some(only), &ja, &en)]);
    }
    for (filter, without) in each {
        let judged = found(pool, scope, &without)?;
        if left.iter().all(|line| !who_meet(&judged, lines, *line).is_empty()) {
            hints.push(drop_filter(Some(filter), &ja, &en));
        }
    }
    if hints.is_empty() {
        hints.push(drop_filter(None, &ja, &en));
    }
    Ok(hints)
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn what_leaves_nobody_is_no_more_than_it_takes() {
        assert_eq!(groups(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(groups(&[vec![1, 2], vec![1], vec![0, 1]]), [[1]]);
        assert_eq!(groups(&[vec![0, 3], vec![3, 0]]), [[0], [3]]);
        // Small firms by one, large ones by the other; the third is not needed.
        assert_eq!(groups(&[vec![0, 2], vec![1], vec![0], vec![1, 2]]), [[0, 1]]);
    }
}
