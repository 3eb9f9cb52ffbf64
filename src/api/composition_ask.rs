//! What is asked of a composition, and the question that it makes: candidates with what the whole office may know of them.

use super::candidates::{Deriving, Gathered, NOBODY, gather};
use super::chances::visitors;
use super::compose::{CANDIDATES_MOST, CandidateQuery, GroupQuery, MatchFilters, RuleQuery, TopicQuery, WishQuery};
use super::matter::Cards;
use crate::app::App;
use crate::domain::desk::shares::{SubsidyRule, part_cost};
use crate::domain::desk::{Application, Composition, Day, Group};
use crate::domain::entry::Title;
use crate::domain::finding::Message;
use crate::domain::vocabulary::desk::ApplicationState;
use crate::domain::{AccountActor, Actor, Defect, Exhibition, Finding, Role, Scope, Thing, ThingId};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept};
use crate::store::{Conn, concepts, fairs, merges};
use musubi_index::composing::group;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Seconds for the solver in the background, unless asked otherwise, and at most.
pub(super) const SECONDS: u64 = 10;
const SECONDS_MOST: u64 = 60;
/// Other groups, unless asked otherwise.
const ALTERNATIVES: usize = 3;
const CHANCE_POINTS_MOST: f64 = 20.0;
/// Findings about those whom wishes name, at most.
const FINDINGS_MOST: usize = 50;
/// Pins and bans at most.
const BY_HAND_MOST: usize = 200;

/// Where candidates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Who applied and did not withdraw.
    Applicants,
    /// The 300 organisations that the theme finds, and whoever the wishes name.
    Registry,
    /// Those listed in `parties`.
    Listed,
}

/// What is asked. Its answer is kept with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompositionAsk {
    pub from: Source,
    /// For `listed`: up to 1,000 organisations.
    #[serde(default)]
    pub parties: Vec<ThingId>,
    /// For `registry`: conditions on organisations.
    #[serde(default)]
    pub filters: MatchFilters,
    #[serde(default)]
    pub wishes: Vec<WishQuery>,
    /// So many members; or use the wish `places`.
    #[serde(default)]
    pub size: Option<usize>,
    /// For the solver in the background: 0 (only the answer at once) to 60; 10 if absent.
    #[serde(default)]
    pub seconds: Option<u64>,
    /// Clearly different other groups, 0 to 10; 3 if absent.
    #[serde(default)]
    pub alternatives: Option<usize>,
    /// Points of a member that answers what visitors look for as well as anybody in the registry, 0 to 20; 2 if absent. The
    /// theme covered once is worth 100.
    #[serde(default)]
    pub chance_points: Option<f64>,
    /// Parties that take part whatever the rest says.
    #[serde(default)]
    pub pins: Vec<ThingId>,
    /// Parties that do not.
    #[serde(default)]
    pub bans: Vec<ThingId>,
}

/// A change by hand.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompositionEdit {
    pub pin: Vec<ThingId>,
    pub unpin: Vec<ThingId>,
    pub ban: Vec<ThingId>,
    pub unban: Vec<ThingId>,
    /// Bans one and pins another.
    pub swap: Vec<Swap>,
    /// Instead of the wishes so far.
    pub wishes: Option<Vec<WishQuery>>,
    pub size: Option<usize>,
    pub seconds: Option<u64>,
    pub alternatives: Option<usize>,
    pub chance_points: Option<f64>,
    /// Solve again though nothing else is asked: what is known of the candidates may have changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    pub out: ThingId,
    pub into: ThingId,
}

/// A wish as it was solved; answers name wishes by their place in this list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishShown {
    /// `wish`, `size`, `pin` or `ban`.
    pub origin: &'static str,
    pub wish: WishQuery,
}

pub(super) fn read_ask(kept: &Kept<Composition>) -> Result<CompositionAsk> {
    serde_json::from_value(kept.matter.ask.clone()).map_err(Error::internal)
}

/// What is asked after a change by hand.
pub(super) fn edited(mut ask: CompositionAsk, edit: &CompositionEdit) -> Result<CompositionAsk> {
    let pinned: BTreeSet<&ThingId> = edit.pin.iter().chain(edit.swap.iter().map(|swap| &swap.into)).collect();
    let banned: BTreeSet<&ThingId> = edit.ban.iter().chain(edit.swap.iter().map(|swap| &swap.out)).collect();
    let both: Vec<Finding> = pinned
        .intersection(&banned)
        .map(|both| {
            let defect = Defect::new(
                "edit.both",
                format!("{both} を同時に固定と除外にはできません。"),
                format!("{both} cannot be pinned and banned at once."),
            );
            Finding::new(edit.pointer_of_pin(both).unwrap_or_else(|| "/pin".to_owned()), defect)
        })
        .collect();
    if !both.is_empty() {
        return Err(Error::Invalid(both));
    }
    // Who is pinned already keeps its place in the list: asked twice, nothing has changed.
    ask.pins.retain(|id| pinned.contains(id) || (!edit.unpin.contains(id) && !banned.contains(id)));
    ask.bans.retain(|id| banned.contains(id) || (!edit.unban.contains(id) && !pinned.contains(id)));
    let new = |ids: BTreeSet<&ThingId>, there: &[ThingId]| -> Vec<ThingId> {
        ids.into_iter().filter(|id| !there.contains(id)).cloned().collect()
    };
    ask.pins.extend(new(pinned, &ask.pins));
    ask.bans.extend(new(banned, &ask.bans));
    if let Some(wishes) = &edit.wishes {
        ask.wishes.clone_from(wishes);
    }
    ask.size = edit.size.or(ask.size);
    ask.seconds = edit.seconds.or(ask.seconds);
    ask.alternatives = edit.alternatives.or(ask.alternatives);
    ask.chance_points = edit.chance_points.or(ask.chance_points);
    Ok(ask)
}

impl CompositionEdit {
    /// Where this change pins somebody, or bans.
    fn pointer_of_pin(&self, party: &ThingId) -> Option<String> {
        let pinned = self.pin.iter().position(|id| id == party).map(|place| format!("/pin/{place}"));
        pinned.or_else(|| {
            let place = self.swap.iter().position(|swap| swap.into == *party)?;
            Some(format!("/swap/{place}/into"))
        })
    }

    fn pointer_of_ban(&self, party: &ThingId) -> Option<String> {
        let banned = self.ban.iter().position(|id| id == party).map(|place| format!("/ban/{place}"));
        banned.or_else(|| {
            let place = self.swap.iter().position(|swap| swap.out == *party)?;
            Some(format!("/swap/{place}/out"))
        })
    }
}

/// What was refused of a question after a change, where it stands in the change; what was there before it stands in what is
/// asked.
pub(super) fn in_words_of_edit(error: Error, ask: &CompositionAsk, edit: &CompositionEdit) -> Error {
    let Error::Invalid(mut findings) = error else { return error };
    for finding in &mut findings {
        let place = |list: &str| finding.pointer.strip_prefix(list).and_then(|place| place.parse::<usize>().ok());
        let pin = place("/pins/").and_then(|place| edit.pointer_of_pin(ask.pins.get(place)?));
        let ban = place("/bans/").and_then(|place| edit.pointer_of_ban(ask.bans.get(place)?));
        if let Some(pointer) = pin.or(ban) {
            finding.pointer = pointer;
        }
    }
    Error::Invalid(findings)
}

impl CompositionAsk {
    /// Nothing is wished.
    pub(super) fn plain(from: Source) -> Self {
        Self {
            from,
            parties: Vec::new(),
            filters: MatchFilters::default(),
            wishes: Vec::new(),
            size: None,
            seconds: None,
            alternatives: None,
            chance_points: None,
            pins: Vec::new(),
            bans: Vec::new(),
        }
    }

    /// The wishes in the order in which answers name them.
    pub(super) fn listed_wishes(&self) -> Vec<WishShown> {
        let must = |origin, rule| WishShown { origin, wish: WishQuery { rule, soft: None } };
        let asked = self.wishes.iter().map(|wish| WishShown { origin: "wish", wish: wish.clone() });
        let size = self.size.map(|size| must("size", RuleQuery::Places { least: size, most: size }));
        let pins = self.pins.iter().map(|id| must("pin", RuleQuery::Must { candidate: id.clone() }));
        let bans = self.bans.iter().map(|id| must("ban", RuleQuery::Never { candidate: id.clone() }));
        asked.chain(size).chain(pins).chain(bans).collect()
    }

    /// What is refused before anything is read.
    pub(super) fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut refuse = |pointer: &str, code: &str, ja: String, en: String| {
            findings.push(Finding::new(pointer, Defect::new(code, ja, en)));
        };
        let mut range = |pointer: &str, count: usize, least: usize, most: usize| {
            if !(least..=most).contains(&count) {
                let ja = format!("{least}〜{most}で指定してください（現在{count}）。");
                refuse(pointer, "list.length", ja, format!("This takes {least} to {most}; here it is {count}."));
            }
        };
        range("/wishes", self.wishes.len(), 0, group::MOST_WISHES - 2 * BY_HAND_MOST - 1);
        range("/pins", self.pins.len(), 0, BY_HAND_MOST);
        range("/bans", self.bans.len(), 0, BY_HAND_MOST);
        range("/alternatives", self.alternatives.unwrap_or(0), 0, 10);
        range("/seconds", self.seconds.unwrap_or(0) as usize, 0, SECONDS_MOST as usize);
        range("/size", self.size.unwrap_or(2), 2, CANDIDATES_MOST);
        let (least, most) = if self.from == Source::Listed { (1, CANDIDATES_MOST) } else { (0, 0) };
        range("/parties", self.parties.len(), least, most);
        if self.chance_points.is_some_and(|points| !(0.0..=CHANCE_POINTS_MOST).contains(&points)) {
            let ja = format!("0〜{CHANCE_POINTS_MOST}の数で指定してください。");
            refuse("/chance_points", "points.range", ja, format!("This is a number from 0 to {CHANCE_POINTS_MOST}."));
        }
        let places = |wish: &WishQuery| matches!(wish.rule, RuleQuery::Places { .. }) && wish.soft.is_none();
        if self.size.is_none() && !self.wishes.iter().any(places) {
            let ja = "人数を size か、条件 places で指定してください。".to_owned();
            refuse("/size", "value.required", ja, "Say how many with size, or with the wish places.".to_owned());
        }
        findings
    }
}

/// What the whole office may know: an officer's own memberships open nothing to the others.
fn office() -> Actor {
    let id = ThingId::from_stored("office".to_owned());
    Actor::Account(AccountActor { id, roles: vec![Role::Officer], memberships: Vec::new(), standing: None })
}

/// Whose question it is: groups that were formed of it leave its candidates free.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    Nobody,
    Composition(&'a ThingId),
    /// Wishes that deny each other make a conflict: nobody wrote them together.
    Group(&'a ThingId),
}

impl Whose<'_> {
    fn is(self, kept: &Kept<Group>) -> bool {
        match self {
            Whose::Nobody => false,
            Whose::Composition(id) => kept.matter.formed.composition.as_ref() == Some(id),
            Whose::Group(id) => kept.id == *id,
        }
    }
}

/// The question with every candidate that there is, but for those who go in another group.
pub(super) fn question(
    app: &App,
    exhibition: &Thing<Exhibition>,
    ask: &CompositionAsk,
    whose: Whose<'_>,
) -> Result<Gathered> {
    let office = office();
    let scope = office.scope();
    let today = Day::at(&app.clock().timestamp());
    let (theme, applications, visitors, taken) = app.database.read(|conn| {
        let theme = theme(conn, &exhibition.entry)?;
        let mut applications = matters::about::<Application>(conn, &exhibition.header.id)?;
        follow_merges(conn, &mut applications)?;
        let taken = fairs::taken(conn, &exhibition.header.id, |kept| whose.is(kept))?;
        Ok((theme, applications, visitors(conn, exhibition)?, taken))
    })?;
    let applied: Vec<&Application> = applications
        .iter()
        .map(|kept| &kept.matter)
        .filter(|application| application.state == ApplicationState::Applied)
        .collect();
    let listed: Option<Vec<ThingId>> = match ask.from {
        Source::Registry => None,
        Source::Listed => Some(ask.parties.clone()),
        Source::Applicants => {
            // Who was hidden or deleted since is no candidate.
            let ids: Vec<ThingId> = applied.iter().map(|application| application.party.clone()).collect();
            let cards = app.database.read(|conn| Cards::read(conn, &scope, ids.iter().cloned()))?;
            Some(ids.into_iter().filter(|id| cards.get(id).is_some()).collect())
        }
    };
    if let Some(listed) = &listed
        && !(1..=CANDIDATES_MOST).contains(&listed.len())
    {
        let defect = Defect::new(
            "candidates.count",
            format!("候補は1〜{CANDIDATES_MOST}社です（現在{}社）。", listed.len()),
            format!("There must be 1 to {CANDIDATES_MOST} candidates; there are {}.", listed.len()),
        );
        return Err(Error::invalid("/from", defect));
    }
    // Who is not wished for anyway need not be left out.
    let unwished: BTreeSet<&ThingId> = ask.bans.iter().chain(ask.wishes.iter().filter_map(unwished)).collect();
    let left_out: Vec<ThingId> =
        taken.iter().map(|taken| taken.party.clone()).filter(|id| !unwished.contains(id)).collect();
    let refused =
        app.database.read(|conn| not_to_be_had(conn, &scope, ask, listed.as_deref(), &taken, &applications))?;
    if !refused.is_empty() {
        return Err(in_our_words(Error::Invalid(refused), ask));
    }
    if let Some(listed) = &listed
        && listed.iter().all(|id| left_out.contains(id))
    {
        let defect = Defect::new(
            "candidates.taken",
            "候補は全社が、同じ展示会の別のグループに参加しているか、招待されています。",
            "All candidates go in, or were asked into, another group of this exhibition.",
        );
        return Err(Error::invalid("/from", defect));
    }
    let candidates = listed.as_ref().map(|listed| {
        let candidate = |id: &ThingId| candidate(&exhibition.entry, id, &applied);
        listed.iter().map(candidate).collect::<Vec<CandidateQuery>>()
    });
    let named: Option<BTreeSet<&ThingId>> = listed.as_ref().map(|listed| listed.iter().collect());
    let pairs = |list: fn(&Application) -> &[ThingId]| -> Vec<[ThingId; 2]> {
        let Some(named) = &named else { return Vec::new() };
        let of = |application: &&Application| {
            let others = list(application).iter().filter(|other| named.contains(*other));
            others.map(|other| [application.party.clone(), other.clone()]).collect::<Vec<_>>()
        };
        let from = applied.iter().filter(|application| named.contains(&application.party));
        from.flat_map(of).collect()
    };
    let query = GroupQuery {
        theme,
        candidates,
        filters: ask.filters.clone(),
        wishes: ask.listed_wishes().into_iter().map(|listed| listed.wish).collect(),
        rivals: pairs(|application| &application.form.apart),
        bonds: pairs(|application| &application.form.together),
        alternatives: ask.alternatives.unwrap_or(ALTERNATIVES),
        visitors,
        chance_points: ask.chance_points,
        forgiving: matches!(whose, Whose::Group(_)),
        left_out,
        deriving: Some(Deriving {
            fiscal_year: exhibition.entry.begins_on.as_ref().unwrap_or(&today).fiscal_year(),
            exhibition: exhibition.header.id.clone(),
        }),
        ..GroupQuery::default()
    };
    gather(app, &office, &query).map_err(|error| in_our_words(error, ask))
}

/// What was refused of the question, where it stands in what was asked.
pub(super) fn in_our_words(error: Error, ask: &CompositionAsk) -> Error {
    let Error::Invalid(mut findings) = error else { return error };
    if let Some(nobody) = findings.iter().find(|finding| finding.code == NOBODY) {
        // The theme is the exhibition's.
        let Message { ja, en } = nobody.message.clone();
        return Error::Conflict(Defect::new("theme-finds-nobody", ja, en));
    }
    let (wishes, size) = (ask.wishes.len(), usize::from(ask.size.is_some()));
    for finding in &mut findings {
        let place = finding.pointer.strip_prefix("/wishes/").and_then(|rest| rest.split('/').next()?.parse().ok());
        let listed = place.and_then(|place: usize| Some((place, ask.listed_wishes().into_iter().nth(place)?)));
        match listed.map(|(place, listed)| (place, listed.origin)) {
            Some((_, "size")) => finding.pointer = "/size".to_owned(),
            Some((place, "pin")) => finding.pointer = format!("/pins/{}", place - wishes - size),
            Some((place, "ban")) => finding.pointer = format!("/bans/{}", place - wishes - size - ask.pins.len()),
            Some(_) | None => {}
        }
        if let Some(rest) = finding.pointer.strip_prefix("/candidates") {
            finding.pointer = format!("/parties{}", rest.strip_suffix("/id").unwrap_or(rest));
        }
    }
    Error::Invalid(findings)
}

fn unwished(wish: &WishQuery) -> Option<&ThingId> {
    match &wish.rule {
        RuleQuery::Never { candidate } => Some(candidate),
        _ => None,
    }
}

/// Whom the wishes name though it goes in another group, or is no applicant (any more): by name, with what to do.
fn not_to_be_had(
    conn: &mut Conn,
    scope: &Scope,
    ask: &CompositionAsk,
    listed: Option<&[ThingId]>,
    taken: &[fairs::Taken],
    applications: &[Kept<Application>],
) -> Result<Vec<Finding>> {
    let wishes = ask.listed_wishes();
    let cards = Cards::read(conn, scope, wishes.iter().flat_map(|listed| listed.wish.rule.named()).cloned())?;
    let mut findings = Vec::new();
    for (place, WishShown { origin, wish }) in wishes.iter().enumerate() {
        for id in wish.rule.named() {
            // Who is not known at all is refused as such.
            let Some(name) = cards.get(id).map(|card| card.title.any().to_owned()) else { continue };
            let (undo_ja, undo_en) = match *origin {
                "pin" => ("固定を外してください（unpin）。", "Take the pin away (unpin)."),
                "ban" => ("除外の指定は要りません（unban）。", "The ban is not needed (unban)."),
                _ => ("条件を見直してください。", "Look at the wish again."),
            };
            let elsewhere = taken.iter().find(|taken| taken.party == *id && unwished(wish).is_none());
            let missing = listed.is_some_and(|listed| !listed.contains(id));
            let (code, ja, en) = if let Some(fairs::Taken { title, group, .. }) = elsewhere {
                (
                    "candidate.taken",
                    format!(
                        "「{name}」は、同じ展示会のグループ「{title}」（{group}）に参加しているか、招待されています。"
                    ),
                    format!("\"{name}\" is in, or was asked into, the group \"{title}\" ({group}) of this exhibition."),
                )
            } else if missing && ask.from == Source::Applicants {
                let withdrew = applications.iter().any(|kept| kept.matter.party == *id);
                let (ja, en) = if withdrew {
                    (format!("「{name}」は申込みを取り下げました。"), format!("\"{name}\" withdrew its application."))
                } else {
                    (format!("「{name}」は申し込んでいません。"), format!("\"{name}\" did not apply."))
                };
                ("candidate.unknown", ja, en)
            } else if missing {
                let en = format!("\"{name}\" is not among the parties.");
                ("candidate.unknown", format!("「{name}」は parties にありません。"), en)
            } else {
                continue;
            };
            let defect = Defect::new(code, format!("{ja}{undo_ja}"), format!("{en} {undo_en}"));
            let at = match &wish.rule {
                RuleQuery::Together { .. } | RuleQuery::Apart { .. } => "candidates",
                _ => "candidate",
            };
            findings.push(Finding::new(format!("/wishes/{place}/rule/{at}"), defect));
            if findings.len() >= FINDINGS_MOST {
                return Ok(findings);
            }
        }
    }
    Ok(findings)
}

/// Who applied and did not withdraw.
pub(super) fn applicants(conn: &mut Conn, exhibition: &ThingId) -> Result<Vec<ThingId>> {
    let applications = matters::about::<Application>(conn, exhibition)?.into_iter().map(|kept| kept.matter);
    let applied = applications.filter(|application| application.state == ApplicationState::Applied);
    Ok(applied.map(|application| application.party).collect())
}

/// Whom applicants would like beside them, or not, by what they became.
fn follow_merges(conn: &mut Conn, applications: &mut [Kept<Application>]) -> Result<()> {
    let lists = applications.iter().map(|kept| &kept.matter.form);
    let named = lists.flat_map(|form| form.apart.iter().chain(&form.together)).cloned().collect::<Vec<_>>();
    let names = merges::survivors(conn, named)?;
    for application in applications.iter_mut().map(|kept| &mut kept.matter) {
        for list in [&mut application.form.apart, &mut application.form.together] {
            for party in list.iter_mut() {
                if let Some(into) = names.get(party) {
                    *party = into.clone();
                }
            }
            list.retain(|party| *party != application.party);
        }
    }
    Ok(())
}

/// What its application says of a candidate. Who did not apply may be asked to lead, like everybody.
fn candidate(exhibition: &Exhibition, id: &ThingId, applied: &[&Application]) -> CandidateQuery {
    let form = applied.iter().find(|application| application.party == *id).map(|application| &application.form);
    let cost = part_cost(exhibition, form);
    let rule = SubsidyRule::of(exhibition);
    let share = cost - rule.most_of(cost);
    let most = form.and_then(|form| form.pays_at_most).map_or(share, |most| most.value());
    CandidateQuery {
        id: id.clone(),
        willing_to_lead: form.is_none_or(|form| form.willing_to_lead),
        first_timer: false,
        exhibitions: 0,
        cost,
        share: share.min(most),
    }
}

/// The theme as questions: words in both languages, and the names of its concepts.
fn theme(conn: &mut Conn, exhibition: &Exhibition) -> Result<Vec<TopicQuery>> {
    if exhibition.theme.is_empty() {
        return Err(Error::Conflict(Defect::new(
            "no-theme",
            "展示会のテーマがありません。先にテーマを登録してください。",
            "The exhibition has no theme. Give it one first.",
        )));
    }
    let names: Vec<concepts::Concept> =
        if exhibition.theme.iter().all(|topic| topic.concepts.is_empty()) { Vec::new() } else { concepts::all(conn)? };
    let topic = |topic: &crate::domain::kinds::exhibition::Topic| {
        let words = topic.text_ja.iter().chain(&topic.text_en).map(|line| line.as_str().to_owned());
        let named = names.iter().filter(|known| topic.concepts.iter().any(|code| code.as_str() == known.code));
        let named = named.flat_map(|concept| concept.names.name_ja.iter().chain(&concept.names.name_en)).cloned();
        let mut text: Vec<String> = words.chain(named).collect();
        if text.is_empty() {
            // Its concepts have left the tree since.
            text = topic.concepts.iter().map(|code| code.as_str().to_owned()).collect();
        }
        let name = Title {
            ja: topic.text_ja.clone().map(String::from).or_else(|| text.first().cloned()),
            en: topic.text_en.clone().map(String::from),
        };
        let weight = topic.weight.map(|weight| weight.value() as f64);
        TopicQuery { text: text.join(" "), weight, name: Some(name) }
    };
    Ok(exhibition.theme.iter().map(topic).collect())
}
