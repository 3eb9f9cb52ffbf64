//! `POST /compose/group`: who goes together to an exhibition, and why. Nothing is stored.

use super::candidates::{Deriving, Gathered, Known, gather};
pub(super) use super::matching::{MatchFilters, Party, read_tree};
use super::problem::{Answer, ProblemBody};
use super::{permit, wire};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::Composition;
use crate::domain::entry::Title;
use crate::domain::text::Prose;
use crate::domain::{Actor, Defect, Finding, ThingId};
use crate::error::{Error, Result};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::composing::group::{self, Group, Parts, Rule, Size, Wish};
use musubi_index::composing::{Progress, Refusal};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Topics of a theme: each is a match.
pub(super) const TOPICS_MOST: usize = 12;
/// Candidates that may be named.
pub(super) const CANDIDATES_MOST: usize = 1_000;
/// Seconds for the solver, unless asked otherwise, and at most.
const SECONDS: u64 = 2;
const SECONDS_MOST: u64 = 8;

#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupQuery {
    /// The topics of the exhibition's theme, in words, 1 to 12.
    pub theme: Vec<TopicQuery>,
    /// Who may take part, such as those who applied. Absent: the 300 organisations that the theme finds, and whoever the
    /// wishes name.
    #[serde(default)]
    pub candidates: Option<Vec<CandidateQuery>>,
    /// Conditions on organisations that the theme finds.
    #[serde(default)]
    pub filters: MatchFilters,
    #[serde(default)]
    pub wishes: Vec<WishQuery>,
    /// Declared rivals, for the wish `rivals_apart`.
    #[serde(default)]
    pub rivals: Vec<[ThingId; 2]>,
    /// Clearly different other groups, 0 to 10.
    #[serde(default)]
    pub alternatives: usize,
    /// A group chosen by hand, to be judged beside the proposed one.
    #[serde(default)]
    pub by_hand: Option<Vec<ThingId>>,
    /// For the solver, 1 to 8; 2 if absent.
    #[serde(default)]
    pub seconds: Option<u64>,
    /// Pairs that asked for each other.
    #[serde(skip)]
    #[schema(ignore)]
    pub bonds: Vec<[ThingId; 2]>,
    /// What is known of the candidates is read from the database, whoever they are; and what they offer and look for is
    /// read in their texts, too.
    #[serde(skip)]
    #[schema(ignore)]
    pub deriving: Option<Deriving>,
    /// Parties that come to buy, and the points of a candidate that answers what they look for.
    #[serde(skip)]
    #[schema(ignore)]
    pub visitors: Vec<ThingId>,
    /// Parties that go in another group: no candidates, whoever names them.
    #[serde(skip)]
    #[schema(ignore)]
    pub left_out: Vec<ThingId>,
    /// Wishes that deny each other make a conflict instead of being refused: nobody wrote them together.
    #[serde(skip)]
    #[schema(ignore)]
    pub forgiving: bool,
    #[serde(skip)]
    #[schema(ignore)]
    pub chance_points: Option<f64>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicQuery {
    pub text: String,
    /// Against the other topics; 1 if absent.
    #[serde(default)]
    pub weight: Option<f64>,
    /// What answers call it; its text if absent.
    #[serde(skip)]
    #[schema(ignore)]
    pub name: Option<Title>,
}

/// An organisation with what its application says.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateQuery {
    pub id: ThingId,
    #[serde(default)]
    pub willing_to_lead: bool,
    #[serde(default)]
    pub first_timer: bool,
    /// Exhibitions it takes part in this year already.
    #[serde(default)]
    pub exhibitions: u32,
    /// What its part costs and what it pays itself, in yen; the rest is asked of the subsidy.
    #[serde(default)]
    pub cost: i64,
    #[serde(default)]
    pub share: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WishQuery {
    pub rule: RuleQuery,
    /// Absent: must hold. Else the points that each missed unit costs (a firm; for money 10,000 yen).
    #[serde(default)]
    pub soft: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RuleQuery {
    Places {
        least: usize,
        most: usize,
    },
    Lead {
        candidate: ThingId,
    },
    SomebodyLeads {},
    SizeAtLeast {
        size: SizeQuery,
        count: usize,
    },
    SizeAtMost {
        size: SizeQuery,
        count: usize,
    },
    FieldAtLeast {
        field: String,
        count: usize,
    },
    /// Without `field`: of any one field.
    FieldAtMost {
        #[serde(default)]
        field: Option<String>,
        count: usize,
    },
    FirstTimersAtLeast {
        count: usize,
    },
    /// A pin.
    Must {
        candidate: ThingId,
    },
    /// A ban.
    Never {
        candidate: ThingId,
    },
    Together {
        candidates: Vec<ThingId>,
    },
    Apart {
        candidates: Vec<ThingId>,
    },
    /// `overlap`: also pairs whose stated fields and industry overlap at least so much, 0.05 to 1.
    RivalsApart {
        #[serde(default)]
        overlap: Option<f64>,
    },
    SubsidyAtMost {
        amount: i64,
    },
    SharesAtLeast {
        amount: i64,
    },
    ExhibitionsAtMost {
        count: u32,
    },
}

/// By employees: small up to 20, medium up to 300. Who does not state them is of no size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SizeQuery {
    Small,
    Medium,
    Large,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GroupAnswer {
    /// The best group found; null when the wishes cannot all hold, or none was found in time.
    pub group: Option<GroupBody>,
    /// No group that keeps the hard wishes is worth more.
    pub bound: f64,
    /// How far the group may be below the best, as a share of the bound.
    pub gap: Option<f64>,
    /// The group is proven the best, or that there is none is proven.
    pub proven: bool,
    /// Best first.
    pub alternatives: Vec<GroupBody>,
    /// Those closest to getting in, and what keeps them out.
    pub outside: Vec<OutsideBody>,
    pub conflict: Option<ConflictBody>,
    /// The group chosen by hand, with the hard wishes that it breaks.
    pub by_hand: Option<GroupBody>,
    pub candidates: usize,
    /// Needs of visitors that were asked: the newest of each visitor first, 40 at most.
    #[serde(default)]
    pub visitor_needs: usize,
    /// The topics of the theme, by place.
    #[serde(default)]
    pub topics: Vec<Title>,
    /// Topics, by place, that no candidate covers; and the same in words.
    #[serde(default)]
    pub uncovered: Vec<usize>,
    /// Candidates that were left out: they go to the exhibition in another group, or were asked into it.
    #[serde(default)]
    pub left_out: Vec<Party>,
    #[serde(default)]
    pub remarks: Vec<Title>,
    /// The index was still being built, so the answer may lack something.
    pub stale: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GroupBody {
    pub members: Vec<MemberBody>,
    pub lead: Option<Party>,
    /// Points.
    pub value: f64,
    pub parts: PartsBody,
    /// For each topic of the theme how often it is covered.
    pub theme: Vec<f64>,
    pub missed: Vec<MissedBody>,
    /// Hard wishes that it breaks, by place: only for a group chosen by hand.
    pub broken: Vec<usize>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PartsBody {
    pub coverage: f64,
    pub complementarity: f64,
    /// Needs of visitors that members answer.
    #[serde(default)]
    pub chances: f64,
    /// Fairness: first-timers, and those with few exhibitions this year.
    pub members: f64,
    pub lead: f64,
    /// What missed soft wishes cost; subtracted.
    pub missed: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MemberBody {
    pub party: Party,
    /// What the group would lose without it and with nobody in its place, in points.
    pub adds: PartsBody,
    /// Topics of the theme, by place, with the points lost without it.
    pub theme: Vec<PointsBody>,
    /// Members that it complements: they worked together, asked for each other, or one offers what the other looks for.
    pub partners: Vec<Party>,
    /// Needs of visitors that it answers, at most three, best first.
    #[serde(default)]
    pub chances: Vec<ChanceBody>,
    /// It never went to an exhibition in a group; and to how many it goes this year.
    #[serde(default)]
    pub first_timer: bool,
    #[serde(default)]
    pub exhibitions: u32,
    /// Hard wishes that would break without it, by place.
    pub needed_by: Vec<usize>,
    /// All of it in words.
    #[serde(default)]
    pub reasons: Vec<Title>,
}

/// A need of a visitor that a candidate answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChanceBody {
    /// The need (its kind is `need`), and the party that posted it.
    pub need: Party,
    pub visitor: Party,
    /// As a share of the best answer to it in the registry, 0.4 to 1.
    pub fit: f64,
    pub points: f64,
    /// The same in words.
    #[serde(default)]
    pub reason: Title,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PointsBody {
    pub topic: usize,
    pub points: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MissedBody {
    pub wish: usize,
    /// Units short or over.
    pub by: f64,
    pub points: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OutsideBody {
    pub party: Party,
    /// What it would add, in points, wishes aside.
    pub adds: f64,
    /// Needs of visitors that it answers, at most three, best first.
    #[serde(default)]
    pub chances: Vec<ChanceBody>,
    /// Hard wishes that would break if it joined, by place.
    pub breaks: Vec<usize>,
    /// The member in whose place it would do least harm, and how the value would change.
    pub instead_of: Option<InsteadBody>,
    /// What keeps it out, in words.
    #[serde(default)]
    pub reasons: Vec<Title>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InsteadBody {
    pub party: Party,
    pub change: f64,
}

/// Wishes that cannot all hold: without any one of them the others of the list can.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConflictBody {
    pub wishes: Vec<ConflictWishBody>,
    /// False: not found out within the limit whether each of them is needed.
    pub proven_minimal: bool,
    /// The same in words.
    #[serde(default)]
    pub reason: Title,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConflictWishBody {
    pub wish: usize,
    /// Without it alone every other wish of the question can hold; null: not found out.
    pub frees_all: Option<bool>,
    #[serde(default)]
    pub words: Title,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/compose/group")
            .route(web::post().to(propose))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Propose who goes together to an exhibition.
#[utoipa::path(
    post, path = "/api/v1/compose/group", tag = "compose", request_body = GroupQuery,
    responses(
        (status = 200, body = GroupAnswer), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)
    ),
    security(("bearer" = []))
)]
async fn propose(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest, body: web::Bytes) -> Answer {
    permit::organiser(&actor)?;
    let query: GroupQuery = read_tree(wire::json(&request, &body)?)?;
    check(&query)?;
    let service = app.get_ref().clone();
    let (query, gathered) = app.in_turn(move || gather(&service, &actor, &query).map(|found| (query, found))).await?;
    let body = app.alone(move || solve(&query, gathered)).await?;
    Ok(HttpResponse::Ok().json(body))
}

/// The group that this reader may be shown.
pub fn answer(app: &App, actor: &Actor, query: GroupQuery) -> Result<GroupAnswer> {
    check(&query)?;
    let gathered = gather(app, actor, &query)?;
    solve(&query, gathered)
}

fn check(query: &GroupQuery) -> Result<()> {
    let mut findings = Vec::new();
    let mut range = |pointer: &str, count: usize, least: usize, most: usize| {
        if !(least..=most).contains(&count) {
            let defect = Defect::new(
                "list.length",
                format!("{least}〜{most}件で指定してください（現在{count}件）。"),
                format!("This takes {least} to {most}; there are {count}."),
            );
            findings.push(Finding::new(pointer.to_owned(), defect));
        }
    };
    range("/theme", query.theme.len(), 1, TOPICS_MOST);
    range("/wishes", query.wishes.len(), 0, group::MOST_WISHES);
    range("/alternatives", query.alternatives, 0, 10);
    if let Some(candidates) = &query.candidates {
        range("/candidates", candidates.len(), 1, CANDIDATES_MOST);
    }
    if query.seconds.is_some_and(|seconds| !(1..=SECONDS_MOST).contains(&seconds)) {
        let defect = Defect::new("seconds.range", "seconds は1〜8です。", "seconds is a number from 1 to 8.");
        findings.push(Finding::new("/seconds".to_owned(), defect));
    }
    for (place, topic) in query.theme.iter().enumerate().take(TOPICS_MOST) {
        if let Err(defect) = Prose::parse(&topic.text) {
            findings.push(Finding::new(format!("/theme/{place}/text"), defect));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
}

fn solve(query: &GroupQuery, gathered: Gathered) -> Result<GroupAnswer> {
    let Gathered { question, known, stale } = gathered;
    let limit = Duration::from_secs(query.seconds.unwrap_or(SECONDS));
    let start = Instant::now();
    let answer = group::compose(&question, &mut |_: Progress| start.elapsed() < limit).map_err(refused)?;
    let by_hand = match &query.by_hand {
        Some(members) => {
            let members: Vec<String> = members.iter().map(ToString::to_string).collect();
            let judged = group::evaluate(&question, &members).map_err(|refusals| {
                refused(
                    refusals
                        .into_iter()
                        .map(|refusal| Refusal { pointer: refusal.pointer.replace("/members", "/by_hand"), ..refusal })
                        .collect(),
                )
            })?;
            Some(body(&judged, &known))
        }
        None => None,
    };
    let mut found = answered(&answer, &known, by_hand, question.candidates.len(), stale);
    let wishes: Vec<&WishQuery> = query.wishes.iter().collect();
    known.words.say(&mut found, &wishes);
    Ok(found)
}

/// An answer of the engine with what is known of those in it.
pub(super) fn answered(
    answer: &group::Answer,
    known: &Known,
    by_hand: Option<GroupBody>,
    candidates: usize,
    stale: bool,
) -> GroupAnswer {
    GroupAnswer {
        bound: answer.bound,
        gap: answer.gap(),
        proven: answer.proven,
        group: answer.group.as_ref().map(|group| body(group, known)),
        alternatives: answer.alternatives.iter().map(|group| body(group, known)).collect(),
        outside: answer
            .outside
            .iter()
            .filter_map(|outsider| {
                let instead_of = outsider.instead_of.as_ref().and_then(|(id, change)| {
                    Some(InsteadBody { party: known.names.get(id)?.clone(), change: *change })
                });
                Some(OutsideBody {
                    party: known.names.get(&outsider.id)?.clone(),
                    adds: outsider.adds,
                    chances: known.chances_of(&outsider.id),
                    breaks: outsider.breaks.clone(),
                    instead_of,
                    reasons: Vec::new(),
                })
            })
            .collect(),
        conflict: answer.conflict.as_ref().map(|conflict| ConflictBody {
            wishes: conflict
                .wishes
                .iter()
                .map(|wish| ConflictWishBody { wish: wish.wish, frees_all: wish.frees_all, words: Title::default() })
                .collect(),
            proven_minimal: conflict.proven_minimal,
            reason: Title::default(),
        }),
        by_hand,
        candidates,
        visitor_needs: known.visitor_needs,
        topics: known.topics.clone(),
        uncovered: known.uncovered.clone(),
        left_out: known.left_out.clone(),
        remarks: Vec::new(),
        stale,
    }
}

impl GroupAnswer {
    /// What is kept with a composition, without names.
    pub(super) fn kept(composition: &Composition) -> Option<GroupAnswer> {
        composition.result.clone().and_then(|result| serde_json::from_value(result).ok())
    }

    /// Everybody who is named in it.
    pub(super) fn each_party(&mut self, hear: &mut dyn FnMut(&mut Party)) {
        let groups = self.group.iter_mut().chain(&mut self.alternatives).chain(&mut self.by_hand);
        for group in groups {
            group.lead.iter_mut().for_each(&mut *hear);
            for member in &mut group.members {
                hear(&mut member.party);
                member.partners.iter_mut().for_each(&mut *hear);
            }
        }
        self.left_out.iter_mut().for_each(&mut *hear);
        for outside in &mut self.outside {
            hear(&mut outside.party);
            outside.instead_of.iter_mut().for_each(|instead| hear(&mut instead.party));
        }
        self.each_chance(&mut |chances| {
            for chance in chances {
                hear(&mut chance.need);
                hear(&mut chance.visitor);
            }
        });
    }

    /// The needs of visitors, of each member and outsider.
    pub(super) fn each_chance(&mut self, hear: &mut dyn FnMut(&mut Vec<ChanceBody>)) {
        let groups = self.group.iter_mut().chain(&mut self.alternatives).chain(&mut self.by_hand);
        groups.flat_map(|group| &mut group.members).for_each(|member| hear(&mut member.chances));
        self.outside.iter_mut().for_each(|outside| hear(&mut outside.chances));
    }
}

pub(super) fn refused(refusals: Vec<Refusal>) -> Error {
    Error::Invalid(findings(refusals))
}

/// What the engine refuses, where it stands in what was sent.
pub(super) fn findings(refusals: Vec<Refusal>) -> Vec<Finding> {
    let finding = |refusal: Refusal| {
        let pointer = refusal.pointer.replace("/topics", "/theme");
        let mut parts = pointer.splitn(4, '/').skip(1);
        let pointer = match (parts.next(), parts.next(), parts.next()) {
            (Some("wishes"), Some(place), Some(name)) if name != "soft" => format!("/wishes/{place}/rule/{name}"),
            _ => pointer,
        };
        Finding::new(pointer, Defect::new("compose.value", refusal.message.ja, refusal.message.en))
    };
    refusals.into_iter().map(finding).collect()
}

pub(super) fn body(group: &Group, known: &Known) -> GroupBody {
    let names = &known.names;
    let parts = |parts: &Parts| PartsBody {
        coverage: parts.coverage,
        complementarity: parts.complementarity,
        chances: parts.chances,
        members: parts.members,
        lead: parts.lead,
        missed: parts.missed,
    };
    let member = |member: &group::Member| {
        let (first_timer, exhibitions) = known.attendance.get(&member.id).copied().unwrap_or_default();
        Some(MemberBody {
            first_timer,
            exhibitions,
            party: names.get(&member.id)?.clone(),
            adds: parts(&member.adds),
            theme: member.topics.iter().map(|(topic, points)| PointsBody { topic: *topic, points: *points }).collect(),
            partners: member.partners.iter().filter_map(|(id, _)| names.get(id).cloned()).collect(),
            chances: known.chances_of(&member.id),
            needed_by: member.needed_by.clone(),
            reasons: Vec::new(),
        })
    };
    GroupBody {
        members: group.members.iter().filter_map(member).collect(),
        lead: group.lead.as_ref().and_then(|id| names.get(id).cloned()),
        value: group.value,
        parts: parts(&group.parts),
        theme: group.topics.clone(),
        missed: group
            .missed
            .iter()
            .map(|missed| MissedBody { wish: missed.wish, by: missed.by, points: missed.points })
            .collect(),
        broken: group.broken.clone(),
    }
}

impl ChanceBody {
    /// Says it in words, from the names.
    pub(super) fn say(&mut self) {
        let (need, visitor) = (&self.need.name, &self.visitor.name);
        let english = |title: &Title| title.en.clone().or_else(|| title.ja.clone()).unwrap_or_default();
        self.reason = Title {
            ja: Some(format!("来場する「{}」のニーズ「{}」に応えます。", visitor.any(), need.any())),
            en: Some(format!("It answers the need \"{}\" of the visitor \"{}\".", english(need), english(visitor))),
        };
    }
}

impl WishQuery {
    pub(super) fn wish(&self) -> Wish {
        Wish { rule: self.rule.rule(), soft: self.soft }
    }
}

impl RuleQuery {
    /// Who is named in it.
    pub(super) fn named(&self) -> Vec<&ThingId> {
        match self {
            RuleQuery::Lead { candidate } | RuleQuery::Must { candidate } | RuleQuery::Never { candidate } => {
                vec![candidate]
            }
            RuleQuery::Together { candidates } | RuleQuery::Apart { candidates } => candidates.iter().collect(),
            _ => Vec::new(),
        }
    }

    fn rule(&self) -> Rule {
        let all = |ids: &[ThingId]| ids.iter().map(ToString::to_string).collect();
        match self {
            RuleQuery::Places { least, most } => Rule::Places { least: *least, most: *most },
            RuleQuery::Lead { candidate } => Rule::Lead { candidate: candidate.to_string() },
            RuleQuery::SomebodyLeads {} => Rule::SomebodyLeads,
            RuleQuery::SizeAtLeast { size, count } => Rule::SizeAtLeast { size: size.size(), count: *count },
            RuleQuery::SizeAtMost { size, count } => Rule::SizeAtMost { size: size.size(), count: *count },
            RuleQuery::FieldAtLeast { field, count } => Rule::FieldAtLeast { field: field.clone(), count: *count },
            RuleQuery::FieldAtMost { field, count } => Rule::FieldAtMost { field: field.clone(), count: *count },
            RuleQuery::FirstTimersAtLeast { count } => Rule::FirstTimersAtLeast { count: *count },
            RuleQuery::Must { candidate } => Rule::Must { candidate: candidate.to_string() },
            RuleQuery::Never { candidate } => Rule::Never { candidate: candidate.to_string() },
            RuleQuery::Together { candidates } => Rule::Together { candidates: all(candidates) },
            RuleQuery::Apart { candidates } => Rule::Apart { candidates: all(candidates) },
            RuleQuery::RivalsApart { overlap } => Rule::RivalsApart { overlap: *overlap },
            RuleQuery::SubsidyAtMost { amount } => Rule::SubsidyAtMost { amount: *amount },
            RuleQuery::SharesAtLeast { amount } => Rule::SharesAtLeast { amount: *amount },
            RuleQuery::ExhibitionsAtMost { count } => Rule::ExhibitionsAtMost { count: *count },
        }
    }
}

impl SizeQuery {
    fn size(self) -> Size {
        match self {
            SizeQuery::Small => Size::Small,
            SizeQuery::Medium => Size::Medium,
            SizeQuery::Large => Size::Large,
        }
    }
}
