//! Placing exhibitors on the grid: what is asked is checked, everybody is placed, and where a plan is out already, whoever
//! has a place keeps it.

use super::matter::{Cards, unknown};
use super::neighbours::{self, Hall};
use crate::app::App;
use crate::domain::desk::Group;
use crate::domain::desk::booth_plan::{
    BoothsAsked, EXHIBITORS_MOST, Exhibitor, Neighbours, NeighboursWhy, PAIRS_MOST, Placed, SHARING_MOST,
};
use crate::domain::finding::Message;
use crate::domain::{Actor, Defect, Exhibition, Finding, ThingId};
use crate::error::{Error, Result};
use crate::store::matters::{self, Sight};
use crate::store::{Conn, things};
use musubi_index::composing::booths::{self, Booth, Question};
use musubi_index::composing::{Progress, Refusal};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// How long a placement is improved.
const LIMIT: Duration = Duration::from_secs(5);
/// Findings of one answer at most.
const FINDINGS_MOST: usize = 50;

/// The placement so far.
pub(super) struct Before {
    pub(super) placed: Placed,
    /// Whoever has a place in it stays there, unless a pin moves it, its booth is gone or too small, or somebody is pinned to it.
    pub(super) keeps: bool,
}

/// Places everybody.
pub(super) async fn placed(
    app: &App,
    actor: &Actor,
    exhibition: ThingId,
    asked: BoothsAsked,
    desk: Option<ThingId>,
    before: Option<Before>,
) -> Result<Placed> {
    let (service, asker) = (app.clone(), actor.clone());
    let (asked, exhibition, grid, hall) = app
        .in_turn(move || {
            let (mut asked, scope) = (asked, asker.scope());
            let grid = service.database.read(|conn| {
                let grid = things::get::<Exhibition>(conn, &scope, &exhibition)?.entry;
                let mut findings = Vec::new();
                fill_groups(conn, &mut asked, &mut findings)?;
                check(conn, &asker, &asked, &grid, &mut findings)?;
                findings.truncate(FINDINGS_MOST);
                if findings.is_empty() { Ok(grid) } else { Err(Error::Invalid(findings)) }
            })?;
            let hall = neighbours::hall(&service, &asker, &asked)?;
            Ok((asked, exhibition, grid, hall))
        })
        .await?;
    app.alone(move || {
        let stays = match &before {
            Some(Before { placed, keeps: true }) => staying(&asked, placed, &grid),
            Some(_) | None => BTreeMap::new(),
        };
        let question = question(&asked, &grid, &hall, &stays);
        let started = Instant::now();
        let answer = booths::place(&question, &mut |_: Progress| started.elapsed() < LIMIT)
            .map_err(|refusals| refused(refusals, !stays.is_empty()))?;
        let stands: HashMap<String, String> = answer.places.into_iter().collect();
        let booths: Vec<String> = (0..asked.exhibitors.len())
            .map(|place| stands.get(&place.to_string()).cloned().unwrap_or_default())
            .collect();
        let neighbours = beside(&booths, &grid, &hall);
        let (value, bound, proven) = (answer.value, answer.bound, answer.proven);
        let mut placed =
            Placed { exhibition, asked, booths, neighbours, value, bound, proven, desk, moved: Vec::new() };
        placed.moved = before.map(|before| moved(&before.placed, &placed)).unwrap_or_default();
        Ok(placed)
    })
    .await
}

/// What of a plan is refused before anybody is placed.
pub(super) fn refusals(
    conn: &mut Conn,
    actor: &Actor,
    exhibition: &ThingId,
    mut asked: BoothsAsked,
) -> Result<Vec<Finding>> {
    let grid = things::get::<Exhibition>(conn, &actor.scope(), exhibition)?.entry;
    let mut findings = Vec::new();
    fill_groups(conn, &mut asked, &mut findings)?;
    check(conn, actor, &asked, &grid, &mut findings)?;
    Ok(findings)
}

/// A group stands with its members.
fn fill_groups(conn: &mut Conn, asked: &mut BoothsAsked, findings: &mut Vec<Finding>) -> Result<()> {
    for (at, exhibitor) in asked.exhibitors.iter_mut().enumerate().take(EXHIBITORS_MOST) {
        let Some(group) = &exhibitor.group else { continue };
        let pointer = format!("/exhibitors/{at}/group");
        match matters::get::<Group>(conn, &Sight::All, group) {
            Ok(kept) => {
                exhibitor.parties = kept.matter.members().cloned().collect();
                if exhibitor.parties.is_empty() {
                    let defect = Defect::new(
                        "group.nobody",
                        "このグループには、まだ参加を承諾したメンバーがいません。",
                        "Nobody in this group has said yes yet.",
                    );
                    findings.push(Finding::new(pointer, defect));
                }
            }
            Err(Error::NotFound) => add(findings, unknown(&pointer, group)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Exhibitors that keep their booth, by their place among those asked.
fn staying(asked: &BoothsAsked, before: &Placed, grid: &Exhibition) -> BTreeMap<usize, String> {
    let sizes: HashMap<&str, u32> = grid.booths.iter().map(|booth| (booth.id.as_str(), booth.size)).collect();
    let mut taken: BTreeSet<&str> = asked.pins.iter().map(|pin| pin.booth.as_str()).collect();
    let mut stays = BTreeMap::new();
    for (place, exhibitor) in asked.exhibitors.iter().enumerate() {
        let pinned = asked.pins.iter().any(|pin| exhibitor.parties.contains(&pin.party));
        let Some(booth) = before.booth_of(exhibitor).filter(|_| !pinned) else { continue };
        if sizes.get(booth).is_some_and(|size| exhibitor.size <= *size) && taken.insert(booth) {
            stays.insert(place, booth.to_owned());
        }
    }
    stays
}

/// Parties that stand elsewhere than before, came, or are there no more.
fn moved(before: &Placed, after: &Placed) -> Vec<ThingId> {
    let (was, is) = (before.booths_by_party(), after.booths_by_party());
    let all: BTreeSet<&ThingId> = was.keys().chain(is.keys()).copied().collect();
    all.into_iter().filter(|party| was.get(party) != is.get(party)).cloned().collect()
}

fn question(asked: &BoothsAsked, grid: &Exhibition, hall: &Hall, stays: &BTreeMap<usize, String>) -> Question {
    let place_of = |party: &ThingId| asked.exhibitors.iter().position(|one| one.parties.contains(party));
    let by_hand = asked.pins.iter().filter_map(|pin| Some((place_of(&pin.party)?, pin.booth.as_str().to_owned())));
    let kept = stays.iter().map(|(place, booth)| (*place, booth.clone()));
    Question {
        booths: grid
            .booths
            .iter()
            .map(|booth| Booth {
                id: booth.id.as_str().to_owned(),
                column: booth.column,
                row: booth.row,
                size: booth.size,
            })
            .collect(),
        walls: grid.walls.iter().map(|wall| (wall.left.to_string(), wall.right.to_string())).collect(),
        exhibitors: asked
            .exhibitors
            .iter()
            .enumerate()
            .map(|(place, one)| booths::Exhibitor { id: place.to_string(), size: one.size })
            .collect(),
        pairs: hall
            .related
            .iter()
            .map(|((left, right), (value, _))| (left.to_string(), right.to_string(), *value))
            .collect(),
        rivals: hall.rivals.iter().map(|(left, right)| (left.to_string(), right.to_string())).collect(),
        pinned: by_hand.chain(kept).map(|(place, booth)| (place.to_string(), booth)).collect(),
        seed: 0,
    }
}

/// Exhibitors side by side that mean something to each other.
fn beside(booths: &[String], grid: &Exhibition, hall: &Hall) -> Vec<Neighbours> {
    let walls: BTreeSet<(&str, &str)> =
        grid.walls.iter().map(|wall| (wall.left.as_str(), wall.right.as_str())).collect();
    let spot: HashMap<&str, (i32, i32)> =
        grid.booths.iter().map(|booth| (booth.id.as_str(), (booth.column, booth.row))).collect();
    let next_to = |one: &str, other: &str| {
        let (Some(left), Some(right)) = (spot.get(one), spot.get(other)) else { return false };
        let near = left.0.abs_diff(right.0) + left.1.abs_diff(right.1) == 1;
        near && !walls.contains(&(one, other)) && !walls.contains(&(other, one))
    };
    let pairs: BTreeSet<(usize, usize)> = hall.related.keys().chain(&hall.rivals).copied().collect();
    let mut found = Vec::new();
    for (left, right) in pairs {
        if !next_to(&booths[left], &booths[right]) {
            continue;
        }
        let rivals = hall.rivals.contains(&(left, right));
        let (value, mut why) = hall.related.get(&(left, right)).cloned().unwrap_or_default();
        if rivals {
            why.insert(NeighboursWhy::Rivals);
        }
        let value = if rivals { 0.0 } else { value };
        found.push(Neighbours { left, right, value, why: why.into_iter().collect() });
    }
    found
}

fn refused(refusals: Vec<Refusal>, keeps: bool) -> Error {
    let finding = |refusal: Refusal| {
        let pointer = refusal.pointer.replace("/pinned", "/pins");
        let Message { mut ja, mut en } = Message::new(refusal.message.ja, refusal.message.en);
        if keeps && pointer == "/exhibitors" {
            ja.push_str("ほかの出展者の小間はそのままです。全体を配置し直すときは anew を true にしてください。");
            en.push_str(" All others keep their booths; to place everybody anew, send anew: true.");
        }
        Finding::new(pointer, Defect::new("booths.value", ja, en))
    };
    Error::Invalid(refusals.into_iter().map(finding).collect())
}

// Checks

fn add(findings: &mut Vec<Finding>, error: Error) {
    if let Error::Invalid(more) = error {
        findings.extend(more);
    }
}

fn check(
    conn: &mut Conn,
    actor: &Actor,
    asked: &BoothsAsked,
    grid: &Exhibition,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    check_numbers(asked, findings);
    // What is far too much is counted, not read.
    if !findings.iter().any(|finding| finding.code == "list.length") {
        check_parties(conn, actor, asked, findings)?;
        check_pins(asked, grid, findings);
    }
    Ok(())
}

fn check_numbers(asked: &BoothsAsked, findings: &mut Vec<Finding>) {
    let mut range = |pointer: String, least: usize, most: usize, count: usize| {
        if !(least..=most).contains(&count) {
            let defect = Defect::new(
                "list.length",
                format!("{least}〜{most}件で指定してください（現在{count}件）。"),
                format!("This takes {least} to {most}; there are {count}."),
            );
            findings.push(Finding::new(pointer, defect));
        }
    };
    range("/exhibitors".to_owned(), 1, EXHIBITORS_MOST, asked.exhibitors.len());
    range("/rivals".to_owned(), 0, PAIRS_MOST, asked.rivals.len());
    range("/pairs".to_owned(), 0, PAIRS_MOST, asked.pairs.len());
    range("/pins".to_owned(), 0, EXHIBITORS_MOST, asked.pins.len());
    for (at, exhibitor) in asked.exhibitors.iter().enumerate().take(EXHIBITORS_MOST) {
        let least = usize::from(exhibitor.group.is_none());
        range(format!("/exhibitors/{at}/parties"), least, SHARING_MOST, exhibitor.parties.len());
    }
    let mut number = |pointer: String, low: f64, high: f64, value: f64| {
        if !(low..=high).contains(&value) {
            let defect = Defect::new(
                "number.range",
                format!("{low}〜{high}の数です。"),
                format!("This is a number from {low} to {high}."),
            );
            findings.push(Finding::new(pointer, defect));
        }
    };
    if let Some(overlap) = asked.overlap {
        number("/overlap".to_owned(), 0.05, 1.0, overlap);
    }
    for (at, pair) in asked.pairs.iter().enumerate().take(PAIRS_MOST) {
        number(format!("/pairs/{at}/value"), -1.0, 1.0, pair.value);
    }
}

fn check_parties(conn: &mut Conn, actor: &Actor, asked: &BoothsAsked, findings: &mut Vec<Finding>) -> Result<()> {
    let all = asked.exhibitors.iter().flat_map(|exhibitor| exhibitor.parties.iter().cloned());
    let cards = Cards::read(conn, &actor.scope(), all)?;
    let mut there: BTreeSet<&ThingId> = BTreeSet::new();
    for (at, exhibitor) in asked.exhibitors.iter().enumerate() {
        for (place, party) in exhibitor.parties.iter().enumerate() {
            // The members of a group stand where the group is named.
            let pointer = match exhibitor.group {
                Some(_) => format!("/exhibitors/{at}/group"),
                None => format!("/exhibitors/{at}/parties/{place}"),
            };
            if cards.get(party).is_none_or(|card| !card.kind.is_party()) {
                add(findings, unknown(&pointer, party));
            } else if !there.insert(party) {
                let defect =
                    Defect::new("exhibitor.repeated", "同じ出展者が二度あります。", "An exhibitor stands twice.");
                findings.push(Finding::new(pointer, defect));
            }
        }
    }
    let pairs = asked.pairs.iter().enumerate();
    let pairs = pairs
        .map(|(at, pair)| [(format!("/pairs/{at}/left"), &pair.left), (format!("/pairs/{at}/right"), &pair.right)]);
    let rivals = asked.rivals.iter().enumerate();
    let rivals =
        rivals.map(|(at, pair)| [(format!("/rivals/{at}/0"), &pair[0]), (format!("/rivals/{at}/1"), &pair[1])]);
    for (pointer, party) in pairs.chain(rivals).flatten() {
        if !there.contains(party) && findings.len() < FINDINGS_MOST {
            findings.push(missing(pointer));
        }
    }
    for (at, _) in asked.pins.iter().enumerate().filter(|(_, pin)| !there.contains(&pin.party)) {
        findings.push(missing(format!("/pins/{at}/party")));
    }
    Ok(())
}

fn missing(pointer: String) -> Finding {
    let ja = "この企業は、この配置の出展者（exhibitors）にありません。";
    Finding::new(pointer, Defect::new("exhibitor.missing", ja, "This firm is not among the exhibitors of this plan."))
}

/// Each pin names a booth that there is, large enough, and nobody else's.
fn check_pins(asked: &BoothsAsked, grid: &Exhibition, findings: &mut Vec<Finding>) {
    let sizes: HashMap<&str, u32> = grid.booths.iter().map(|booth| (booth.id.as_str(), booth.size)).collect();
    let whose = |party: &ThingId| asked.exhibitors.iter().position(|one: &Exhibitor| one.parties.contains(party));
    let (mut seated, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (at, pin) in asked.pins.iter().enumerate() {
        let Some(place) = whose(&pin.party) else { continue };
        let (booth, size) = (pin.booth.as_str(), asked.exhibitors[place].size);
        let mut refuse = |name: &str, code: &str, ja: String, en: String| {
            findings.push(Finding::new(format!("/pins/{at}/{name}"), Defect::new(code, ja, en)));
        };
        match sizes.get(booth) {
            None => {
                let ja = format!("小間 {booth} は会場の小間にありません。");
                refuse("booth", "booth.unknown", ja, format!("There is no booth {booth} on the grid."));
            }
            Some(room) if *room < size => {
                let ja = format!("小間 {booth} の広さは{room}で、{size}は入りません。");
                refuse("booth", "booth.small", ja, format!("Booth {booth} has room for {room}, not for {size}."));
            }
            Some(_) if !used.insert(booth) => {
                let ja = format!("小間 {booth} は二つの出展者に固定されています。");
                refuse("booth", "booth.taken", ja, format!("Two exhibitors are pinned to booth {booth}."));
            }
            Some(_) if !seated.insert(place) => {
                let ja = "同じ出展者が二つの小間に固定されています。".to_owned();
                refuse("party", "exhibitor.repeated", ja, "An exhibitor is pinned to two booths.".to_owned());
            }
            Some(_) => {}
        }
    }
}
