//! An application (出展申込み): a party wants to go to an exhibition. Applied → changed … → withdrawn, all until the
//! deadline of the call; applying again after a withdrawal is a change.

use super::{Day, Event, Facts, Matter, Merges, Refusal, Renaming, Step, Told};
use crate::domain::entry;
use crate::domain::finding::{Defect, Finding};
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::kinds::Yen;
use crate::domain::text::Prose;
use crate::domain::vocabulary::desk::{ApplicationState, MatterKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a party says when it applies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationForm {
    /// 出展内容: what it would show.
    #[schema(value_type = Option<String>)]
    pub shows_ja: Option<Prose>,
    #[schema(value_type = Option<String>)]
    pub shows_en: Option<Prose>,
    /// Capabilities and seeds of its own that it would show.
    pub things: Vec<ThingId>,
    /// Ready to lead a group (幹事).
    pub willing_to_lead: bool,
    /// Units of space that it needs, 1 to 20; 1 if absent.
    pub space: Option<u32>,
    /// What taking part costs it beside the space: travel, freight, a display. Yen.
    pub other_cost: Option<Yen>,
    /// It pays itself so much at most, yen.
    pub pays_at_most: Option<Yen>,
    /// Parties that it would like in the group.
    pub together: Vec<ThingId>,
    /// Rivals: parties that it does not go with.
    pub apart: Vec<ThingId>,
    #[schema(value_type = Option<String>)]
    pub note: Option<Prose>,
}

/// Things and parties of each list at most.
pub const NAMED_MOST: usize = 50;

impl ApplicationForm {
    pub fn space(&self) -> u32 {
        self.space.unwrap_or(1)
    }

    /// Rules across fields. `party`: who applies.
    pub fn check(&self, party: &ThingId) -> Vec<Finding> {
        let mut findings: Vec<Finding> = [
            entry::refuse_many("things", self.things.len(), NAMED_MOST),
            entry::refuse_many("together", self.together.len(), NAMED_MOST),
            entry::refuse_many("apart", self.apart.len(), NAMED_MOST),
            entry::refuse_repeats("things", &self.things),
            entry::refuse_repeats("together", &self.together),
            entry::refuse_repeats("apart", &self.apart),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !(1..=20).contains(&self.space()) {
            let defect = Defect::new("space.range", "広さは1〜20です。", "The space is from 1 to 20.");
            findings.push(Finding::new("/space", defect));
        }
        for (name, list) in [("together", &self.together), ("apart", &self.apart)] {
            if let Some(place) = list.iter().position(|id| id == party) {
                let defect = Defect::new("party.own", "自社は指定できません。", "This is the applicant itself.");
                findings.push(Finding::new(format!("/{name}/{place}"), defect));
            }
        }
        if let Some(place) = self.apart.iter().position(|id| self.together.contains(id)) {
            let defect = Defect::new(
                "party.both",
                "同じ相手を together と apart の両方に入れることはできません。",
                "One party cannot stand in both together and apart.",
            );
            findings.push(Finding::new(format!("/apart/{place}"), defect));
        }
        findings
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum ApplicationDeed {
    Applied(Box<Applied>),
    /// With the deadline as the call had it then.
    Changed {
        form: Box<ApplicationForm>,
    },
    Withdrawn {
        text: Option<Prose>,
    },
    /// The applicant became part of another organisation, or was parted from it again.
    Merged {
        from: ThingId,
        into: ThingId,
    },
    Parted {
        party: ThingId,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    pub exhibition: ThingId,
    pub party: ThingId,
    pub form: ApplicationForm,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    pub exhibition: ThingId,
    pub party: ThingId,
    pub form: ApplicationForm,
    pub state: ApplicationState,
    pub withdrawn_because: Option<Prose>,
    pub merges: Merges,
}

impl Application {
    /// A party applies once.
    pub fn pair(exhibition: &ThingId, party: &ThingId) -> String {
        format!("application {exhibition} {party}")
    }
}

/// Whether the call still takes applications, and changes of them, at a moment.
pub fn refuse_late(apply_by: Option<&Day>, now: &Timestamp) -> Result<(), Refusal> {
    match apply_by {
        Some(day) if *now < day.end() => Ok(()),
        Some(day) => {
            let day = day.as_str();
            Err(Refusal::Conflict(Defect::new(
                "deadline-passed",
                format!("申込みの締切（{day}）を過ぎています。主催の担当者にお問い合わせください。"),
                format!("Applications closed on {day}. Please ask the organising office."),
            )))
        }
        None => Err(Refusal::Conflict(Defect::new(
            "no-call",
            "この展示会は申込みを受け付けていません。",
            "There is no call for this exhibition.",
        ))),
    }
}

impl Matter for Application {
    const KIND: MatterKind = MatterKind::Application;
    type Deed = ApplicationDeed;

    fn begin(event: &Event<ApplicationDeed>) -> Option<Self> {
        let ApplicationDeed::Applied(applied) = &event.deed else { return None };
        Some(Self {
            exhibition: applied.exhibition.clone(),
            party: applied.party.clone(),
            form: applied.form.clone(),
            state: ApplicationState::Applied,
            withdrawn_because: None,
            merges: Merges::default(),
        })
    }

    fn consider(&self, deed: &ApplicationDeed, _: &Day, _: &Timestamp) -> Result<Step, Refusal> {
        let same = match deed {
            ApplicationDeed::Merged { from, into } => return Ok(self.consider_merging(from, into)),
            ApplicationDeed::Parted { party } => return Ok(self.consider_parting(party)),
            ApplicationDeed::Applied(_) => true,
            ApplicationDeed::Changed { form } => self.state == ApplicationState::Applied && **form == self.form,
            ApplicationDeed::Withdrawn { .. } => self.state == ApplicationState::Withdrawn,
        };
        Ok(if same { Step::Already } else { Step::Take })
    }

    fn add(&mut self, event: &Event<ApplicationDeed>) {
        match event.deed.clone() {
            ApplicationDeed::Applied(_) => {}
            ApplicationDeed::Changed { form } => {
                self.form = *form;
                self.state = ApplicationState::Applied;
                self.withdrawn_because = None;
            }
            ApplicationDeed::Withdrawn { text } => {
                self.state = ApplicationState::Withdrawn;
                self.withdrawn_because = text;
            }
            ApplicationDeed::Merged { from, into } => self.merge(from, into),
            ApplicationDeed::Parted { party } => self.part(&party),
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            state: self.state.code(),
            subject: Some(self.exhibition.clone()),
            pair: Some(Self::pair(&self.exhibition, &self.party)),
            parties: vec![(self.party.clone(), None)],
            closed: self.state == ApplicationState::Withdrawn,
            ..Facts::default()
        }
    }

    fn name(deed: &ApplicationDeed) -> &'static str {
        match deed {
            ApplicationDeed::Applied(_) => "applied",
            ApplicationDeed::Changed { .. } => "changed",
            ApplicationDeed::Withdrawn { .. } => "withdrawn",
            ApplicationDeed::Merged { .. } => "merged",
            ApplicationDeed::Parted { .. } => "parted",
        }
    }

    /// The others of the party hear of it: it may have been registered for them by the office.
    fn told(&self, deed: &ApplicationDeed) -> Vec<Told> {
        match deed {
            ApplicationDeed::Merged { .. } | ApplicationDeed::Parted { .. } => Vec::new(),
            ApplicationDeed::Applied(_) | ApplicationDeed::Changed { .. } | ApplicationDeed::Withdrawn { .. } => {
                vec![Told::Party(self.party.clone())]
            }
        }
    }
}

impl Renaming for Application {
    /// Whom it would like beside it, or not, is followed where it is read.
    fn each_party(&mut self, hear: &mut dyn FnMut(&mut ThingId)) {
        hear(&mut self.party);
    }

    fn merges(&mut self) -> &mut Merges {
        &mut self.merges
    }

    fn merged(from: ThingId, into: ThingId) -> ApplicationDeed {
        ApplicationDeed::Merged { from, into }
    }

    fn parted(party: ThingId) -> ApplicationDeed {
        ApplicationDeed::Parted { party }
    }
}
