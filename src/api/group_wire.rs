//! What groups look like to those who read them. A member sees who takes part and its own part of the cost; the lead and
//! the office see everything.

use super::matter::{self, CardShown, Cards, PersonShown, people};
use super::permit;
use crate::domain::desk::group::{Planned, Seat};
use crate::domain::desk::shares::SubsidyRule;
use crate::domain::desk::{Day, Group};
use crate::domain::kinds::Yen;
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{DeclineReason, GroupState, Maturity, SeatState};
use crate::domain::{Actor, ThingId, Timestamp};
use crate::error::Result;
use crate::store::Conn;
use crate::store::matters::Kept;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// From a composition, or of named members.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    #[schema(value_type = String)]
    pub title: Line,
    /// Its group becomes this one, with its exhibition, its members and its lead; others cannot be sent with it.
    #[serde(default)]
    pub composition: Option<ThingId>,
    #[serde(default)]
    pub exhibition: Option<ThingId>,
    #[serde(default)]
    pub members: Vec<ThingId>,
    #[serde(default)]
    pub lead: Option<ThingId>,
}

/// What happens to a group. `party` in answers is needed only by who speaks for several.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum GroupEvent {
    /// For the office: everybody who was not asked yet is asked. With `answer_by` again: who has not answered has until then.
    Invite {
        #[serde(default)]
        answer_by: Option<Day>,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        message: Option<Prose>,
    },
    /// For the office: one more is asked, in the place of one that left or not.
    Add {
        party: ThingId,
        #[serde(default)]
        replaces: Option<ThingId>,
        #[serde(default)]
        cost: Option<Yen>,
        /// What it pays itself; as little as the rule and its cap allow if absent.
        #[serde(default)]
        share: Option<Yen>,
        #[serde(default)]
        answer_by: Option<Day>,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        message: Option<Prose>,
    },
    Accept {
        #[serde(default)]
        party: Option<ThingId>,
    },
    Decline {
        #[serde(default)]
        party: Option<ThingId>,
        reason: DeclineReason,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
    /// After having said yes.
    Withdraw {
        #[serde(default)]
        party: Option<ThingId>,
        reason: DeclineReason,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
    /// For the office: takes somebody out.
    Release {
        party: ThingId,
        #[schema(value_type = String)]
        text: Prose,
    },
    SetLead {
        party: ThingId,
    },
    /// For the office: what everybody pays. Whoever is to pay more than they agreed to is asked again, until `answer_by`.
    SetShares {
        shares: Vec<ShareBody>,
        #[serde(default)]
        answer_by: Option<Day>,
    },
    /// For the office: everybody has said yes, and somebody leads.
    Confirm {},
    Exhibited {},
    /// By the lead or the office.
    Report {
        #[schema(value_type = String)]
        text: Prose,
    },
    Dissolve {
        #[schema(value_type = String)]
        text: Prose,
    },
    /// By the lead or the office: another stage; a step back takes a reason.
    Mature {
        to: Maturity,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
    /// By the lead or the office: 成功事例. A public one is shown to everybody.
    TellStory {
        #[schema(value_type = String)]
        title: Line,
        #[schema(value_type = String)]
        text: Prose,
        #[serde(default)]
        public: bool,
    },
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareBody {
    pub party: ThingId,
    pub cost: Yen,
    /// What it pays itself; the rest is asked of the subsidy.
    pub share: Yen,
}

impl ShareBody {
    pub(super) fn planned(&self) -> Planned {
        Planned { party: self.party.clone(), cost: self.cost.value(), share: self.share.value() }
    }
}

#[derive(Serialize, ToSchema)]
pub struct GroupShown {
    pub id: ThingId,
    pub state: GroupState,
    #[schema(value_type = String)]
    pub title: Line,
    pub exhibition: Option<CardShown>,
    /// For the office.
    pub composition: Option<ThingId>,
    pub lead: Option<CardShown>,
    pub members: Vec<SeatShown>,
    pub totals: Totals,
    pub rule: SubsidyRule,
    #[schema(value_type = Option<String>)]
    pub message: Option<Prose>,
    #[schema(value_type = Option<String>)]
    pub report: Option<Prose>,
    pub maturity: Maturity,
    /// Every step, with its day.
    pub growth: Vec<GrowthShown>,
    pub stories: Vec<StoryShown>,
    /// The parties of the group that the caller speaks for.
    pub yours: Vec<ThingId>,
    pub desk: Option<PersonShown>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct SeatShown {
    pub party: Option<CardShown>,
    /// 幹事 or not.
    pub lead: bool,
    pub state: SeatState,
    pub answer_by: Option<Day>,
    /// Yen; for the party itself, the lead and the office.
    pub cost: Option<i64>,
    pub share: Option<i64>,
    pub subsidy: Option<i64>,
    /// Why it said no or left; for the office.
    pub reason: Option<DeclineReason>,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
    /// In whose place it was asked; for the office.
    pub replaces: Option<CardShown>,
}

/// Of those who take part, or may yet; yen. The sums of a few tell what each of them pays: they are for the lead and the
/// office.
#[derive(Serialize, ToSchema)]
pub struct Totals {
    pub members: usize,
    pub cost: Option<i64>,
    pub share: Option<i64>,
    pub subsidy: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct GrowthShown {
    pub to: Maturity,
    pub on: Day,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
}

#[derive(Serialize, ToSchema)]
pub struct StoryShown {
    #[schema(value_type = String)]
    pub title: Line,
    #[schema(value_type = String)]
    pub text: Prose,
    pub public: bool,
    pub on: Day,
}

#[derive(Serialize, ToSchema)]
pub struct GroupsShown {
    pub items: Vec<GroupShown>,
    pub next: Option<String>,
}

/// Of the list as a file.
pub(super) const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("状態 / state", "/state"),
    ("状態コード / state code", "/codes/state"),
    ("題名 / title", "/title"),
    ("展示会 / exhibition", "/exhibition/title"),
    ("幹事 / lead", "/lead/title"),
    ("参加者数 / members", "/totals/members"),
    ("参加者 / parties", "/members"),
    ("費用 / cost", "/totals/cost"),
    ("自己負担 / shares", "/totals/share"),
    ("補助 / subsidy", "/totals/subsidy"),
    ("段階 / maturity", "/maturity"),
    ("段階コード / maturity code", "/codes/maturity"),
    ("担当 / desk", "/desk/name"),
    ("作成 / created", "/created_at"),
    ("更新 / updated", "/updated_at"),
];

/// What this reader may see of a group.
pub(super) fn show(conn: &mut Conn, actor: &Actor, kept: &Kept<Group>) -> Result<GroupShown> {
    let group = &kept.matter;
    let office = permit::organiser(actor).is_ok();
    let sees_all = office || group.leader().is_some_and(|lead| actor.belongs_to(lead));
    let parties = group.seats.iter().flat_map(|seat| std::iter::once(&seat.planned.party).chain(&seat.replaces));
    let named = parties.chain(&group.formed.exhibition).chain(&group.lead).cloned();
    let cards = Cards::with_gone(conn, &actor.scope(), named)?;
    let people = if office { people(conn, group.desk.iter().map(ToString::to_string))? } else { Default::default() };
    let own = |seat: &Seat| actor.belongs_to(&seat.planned.party);
    // Who said no is nobody's business but the office's and their own.
    let shown = group.seats.iter().filter(|seat| sees_all || own(seat) || seat.is_active());
    let seat = |seat: &Seat| {
        let money = sees_all || own(seat);
        let why = seat.because.as_ref().filter(|_| office || own(seat));
        SeatShown {
            party: cards.get(&seat.planned.party),
            lead: group.lead.as_ref() == Some(&seat.planned.party),
            state: seat.state,
            answer_by: seat.answer_by.clone(),
            cost: money.then_some(seat.planned.cost),
            share: money.then_some(seat.planned.share),
            subsidy: money.then_some(seat.planned.part().subsidy()),
            reason: why.map(|(reason, _)| *reason),
            text: why.and_then(|(_, text)| text.clone()),
            replaces: seat.replaces.as_ref().filter(|_| office).and_then(|id| cards.get(id)),
        }
    };
    let parts: Vec<_> = group.active().map(|seat| seat.planned.part()).collect();
    let yours = group.seats.iter().map(|seat| &seat.planned.party);
    Ok(GroupShown {
        id: kept.id.clone(),
        state: group.state,
        title: group.formed.title.clone(),
        exhibition: group.formed.exhibition.as_ref().and_then(|id| cards.get(id)),
        composition: group.formed.composition.clone().filter(|_| office),
        lead: group.lead.as_ref().and_then(|lead| cards.get(lead)),
        members: shown.map(seat).collect(),
        totals: Totals {
            members: parts.len(),
            cost: sees_all.then(|| parts.iter().map(|part| part.cost).sum()),
            share: sees_all.then(|| parts.iter().map(|part| part.share).sum()),
            subsidy: sees_all.then(|| parts.iter().map(|part| part.subsidy()).sum()),
        },
        rule: group.formed.rule,
        message: group.message.clone(),
        report: group.report.clone(),
        maturity: group.maturity,
        growth: group
            .growth
            .iter()
            .map(|step| GrowthShown { to: step.to, on: step.on.clone(), text: step.text.clone() })
            .collect(),
        stories: group
            .stories
            .iter()
            .map(|story| StoryShown {
                title: story.title.clone(),
                text: story.text.clone(),
                public: story.public,
                on: story.on.clone(),
            })
            .collect(),
        yours: if actor.account().is_some() {
            yours.filter(|party| actor.speaks_for(party)).cloned().collect()
        } else {
            Vec::new()
        },
        desk: group.desk.as_ref().and_then(|desk| people.get(desk.as_str()).cloned()),
        version: kept.version(),
        created_at: kept.created_at.clone(),
        updated_at: kept.updated_at.clone(),
    })
}
