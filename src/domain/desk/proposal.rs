//! A proposed match on a desk: proposed → shortlisted | dismissed (coded reason) → introduced.

use super::{Day, Event, Facts, Matter, Mergeable, Refusal, Step, Told, closed, needs_text};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::Prose;
use crate::domain::vocabulary::desk::{DeclineReason, MatterKind, ProposalOrigin, ProposalState};
use crate::domain::vocabulary::{Kind, Purpose};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProposalDeed {
    Proposed {
        /// The need, seed, capability … that asks.
        from_kind: Kind,
        from: ThingId,
        party: ThingId,
        purpose: Option<Purpose>,
        origin: ProposalOrigin,
        /// Things of the party that speak for it. Their words are read again under the reader's rights.
        evidence: Vec<ThingId>,
        desk: Option<ThingId>,
    },
    Shortlisted {
        /// Whose desk it comes to, if it was on none.
        #[serde(default)]
        desk: Option<ThingId>,
    },
    Dismissed {
        reason: DeclineReason,
        text: Option<Prose>,
    },
    Noted {
        text: Prose,
    },
    HandedOver {
        to: ThingId,
        note: Option<Prose>,
    },
    Introduced {
        introduction: ThingId,
    },
    /// The party, or the one that asks, became part of another one.
    Merged {
        from: ThingId,
        into: ThingId,
        ends: bool,
    },
    /// It is parted from it again.
    Parted {
        party: ThingId,
    },
}

/// What a merge changed, for the way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Merging {
    pub party: ThingId,
    pub was_proposed: bool,
    pub asked: bool,
    pub ended: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub from_kind: Kind,
    pub from: ThingId,
    pub party: ThingId,
    pub purpose: Option<Purpose>,
    pub origin: ProposalOrigin,
    pub evidence: Vec<ThingId>,
    pub desk: Option<ThingId>,
    pub state: ProposalState,
    pub reason: Option<DeclineReason>,
    pub text: Option<Prose>,
    pub notes: Vec<(Timestamp, String, Prose)>,
    pub introduction: Option<ThingId>,
    pub merges: Vec<Merging>,
}

impl Proposal {
    /// A merge left nothing to propose: it would be to itself, or there is another one of this pair.
    fn is_moot(&self) -> bool {
        self.merges.iter().any(|merging| merging.ended)
    }

    /// One proposal for each pair.
    pub fn pair(from: &ThingId, party: &ThingId) -> String {
        format!("match {from} {party}")
    }
}

impl Matter for Proposal {
    const KIND: MatterKind = MatterKind::Match;
    type Deed = ProposalDeed;

    fn begin(event: &Event<ProposalDeed>) -> Option<Self> {
        let ProposalDeed::Proposed { from_kind, from, party, purpose, origin, evidence, desk } = event.deed.clone()
        else {
            return None;
        };
        Some(Self {
            from_kind,
            from,
            party,
            purpose,
            origin,
            evidence,
            desk,
            state: ProposalState::Proposed,
            reason: None,
            text: None,
            notes: Vec::new(),
            introduction: None,
            merges: Vec::new(),
        })
    }

    fn consider(&self, deed: &ProposalDeed, _: &Day, _: &Timestamp) -> Result<Step, Refusal> {
        use ProposalState::{Dismissed, Introduced, Proposed, Shortlisted};
        let introduced = || {
            Refusal::Conflict(Defect::new(
                "already-introduced",
                "すでに紹介に進んでいます。",
                "It has led to an introduction already.",
            ))
        };
        match deed {
            ProposalDeed::Proposed { .. } => Ok(Step::Already),
            ProposalDeed::Merged { from, .. } => {
                Ok(if self.party == *from || self.from == *from { Step::Take } else { Step::Already })
            }
            ProposalDeed::Parted { party } => {
                let there = self.merges.iter().any(|merging| merging.party == *party);
                Ok(if there { Step::Take } else { Step::Already })
            }
            ProposalDeed::Shortlisted { .. } | ProposalDeed::Dismissed { .. } | ProposalDeed::Introduced { .. }
                if self.is_moot() =>
            {
                Err(closed())
            }
            ProposalDeed::Shortlisted { .. } => match self.state {
                Proposed | Dismissed => Ok(Step::Take),
                Shortlisted => Ok(Step::Already),
                Introduced => Err(introduced()),
            },
            ProposalDeed::Dismissed { reason, text } => {
                needs_text(*reason, text)?;
                match self.state {
                    Proposed | Shortlisted => Ok(Step::Take),
                    Dismissed if self.reason == Some(*reason) && self.text == *text => Ok(Step::Already),
                    Dismissed => Ok(Step::Take),
                    Introduced => Err(introduced()),
                }
            }
            ProposalDeed::Noted { .. } => Ok(Step::Take),
            ProposalDeed::HandedOver { to, .. } => {
                Ok(if self.desk.as_ref() == Some(to) { Step::Already } else { Step::Take })
            }
            ProposalDeed::Introduced { introduction } => match (self.state, &self.introduction) {
                (Introduced, Some(there)) if there == introduction => Ok(Step::Already),
                // After a decline or a lapse a pair may be introduced again.
                (Proposed | Shortlisted | Introduced, _) => Ok(Step::Take),
                (Dismissed, _) => Err(Refusal::Conflict(Defect::new(
                    "dismissed",
                    "見送りにした候補です。先に有力候補に戻してください。",
                    "It was dismissed. Shortlist it first.",
                ))),
            },
        }
    }

    fn add(&mut self, event: &Event<ProposalDeed>) {
        match event.deed.clone() {
            ProposalDeed::Proposed { .. } => {}
            ProposalDeed::Shortlisted { desk } => {
                self.desk = self.desk.take().or(desk);
                (self.state, self.reason, self.text) = (ProposalState::Shortlisted, None, None);
            }
            ProposalDeed::Dismissed { reason, text } => {
                (self.state, self.reason, self.text) = (ProposalState::Dismissed, Some(reason), text);
            }
            ProposalDeed::Noted { text } => self.notes.push((event.at.clone(), event.actor.clone(), text)),
            ProposalDeed::HandedOver { to, .. } => self.desk = Some(to),
            ProposalDeed::Introduced { introduction } => {
                (self.state, self.introduction) = (ProposalState::Introduced, Some(introduction));
            }
            ProposalDeed::Merged { from, into, ends } => {
                let (was_proposed, asked) = (self.party == from, self.from == from);
                if was_proposed {
                    self.party = into.clone();
                }
                if asked {
                    self.from = into;
                }
                self.merges.push(Merging { party: from, was_proposed, asked, ended: ends });
            }
            ProposalDeed::Parted { party } => {
                let Some(place) = self.merges.iter().rposition(|merging| merging.party == party) else { return };
                let merging = self.merges.remove(place);
                if merging.was_proposed {
                    self.party = party.clone();
                }
                if merging.asked {
                    self.from = party;
                }
            }
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            state: self.state.code(),
            desk: self.desk.clone(),
            subject: Some(self.from.clone()),
            purpose: self.purpose,
            due_at: None,
            pair: (!self.is_moot()).then(|| Self::pair(&self.from, &self.party)),
            parties: vec![(self.party.clone(), None)],
            former: Vec::new(),
            closed: self.is_moot() || matches!(self.state, ProposalState::Dismissed | ProposalState::Introduced),
        }
    }

    fn name(deed: &ProposalDeed) -> &'static str {
        match deed {
            ProposalDeed::Proposed { .. } => "proposed",
            ProposalDeed::Shortlisted { .. } => "shortlisted",
            ProposalDeed::Dismissed { .. } => "dismissed",
            ProposalDeed::Noted { .. } => "noted",
            ProposalDeed::HandedOver { .. } => "handed_over",
            ProposalDeed::Introduced { .. } => "introduced",
            ProposalDeed::Merged { .. } => "merged",
            ProposalDeed::Parted { .. } => "parted",
        }
    }

    fn told(&self, deed: &ProposalDeed) -> Vec<Told> {
        match deed {
            ProposalDeed::HandedOver { .. } | ProposalDeed::Noted { .. } => vec![Told::Desk],
            ProposalDeed::Proposed { .. }
            | ProposalDeed::Shortlisted { .. }
            | ProposalDeed::Dismissed { .. }
            | ProposalDeed::Introduced { .. }
            | ProposalDeed::Merged { .. }
            | ProposalDeed::Parted { .. } => Vec::new(),
        }
    }

    fn hand_over(to: ThingId, note: Option<Prose>) -> Option<ProposalDeed> {
        Some(ProposalDeed::HandedOver { to, note })
    }
}

impl Mergeable for Proposal {
    fn merge(&self, from: ThingId, into: ThingId, ends: bool) -> ProposalDeed {
        ProposalDeed::Merged { from, into, ends }
    }

    fn part(&self, party: ThingId) -> ProposalDeed {
        ProposalDeed::Parted { party }
    }

    fn is_with_itself(&self, owner: Option<&ThingId>) -> bool {
        self.from == self.party || owner == Some(&self.party)
    }
}
