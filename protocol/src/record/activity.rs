//! What an activity's record says once folded: who was there, what was noted, which seals are required and given
//! (`domain.md` 2.7).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::event::{Event, OfficeHolder, Proof};
use super::fold::{EventState, RecordState};
use crate::id::{ChangeId, Hash, OrgId, PersonId};
use crate::trust::Level;

/// A deputy who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedIn {
    /// Name on the card.
    pub deputy: String,
    /// Level of the seat.
    #[serde(serialize_with = "level_id")]
    pub level: Level,
    /// When, as stated.
    pub happened: String,
    /// How it was proved.
    pub proof: Proof,
    /// The change.
    pub change: ChangeId,
    /// That an officer recorded it for the deputy, who had no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
}

/// By whom it was recorded what somebody else did, and on what evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// The officer.
    pub by: String,
    /// For which org.
    pub org: OrgId,
    /// The office of who did it, in words.
    pub office: String,
    /// Who did it, where an id is known.
    pub person: Option<PersonId>,
    /// The scan, or a digest of the code.
    pub evidence: Hash,
}

impl Recorded {
    fn of(event: &EventState, actor: &OfficeHolder, evidence: &Hash) -> Self {
        Recorded {
            by: event.by.name.clone(),
            org: event.by.org,
            office: actor.office.clone(),
            person: actor.person,
            evidence: *evidence,
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What was noted.
    pub text: String,
    /// When, as stated.
    pub happened: String,
    /// Who noted it.
    pub by: String,
    /// For which org.
    pub org: OrgId,
    /// Whether any seal given covers it not, while seals were given.
    pub after_seal: bool,
    /// The change.
    pub change: ChangeId,
}

/// A seal given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seal {
    /// For which level.
    #[serde(serialize_with = "level_id")]
    pub level: Level,
    /// For which org.
    pub org: OrgId,
    /// By whom.
    pub by: String,
    /// Over what.
    pub digest: Hash,
    /// Up to which changes.
    pub heads: Vec<ChangeId>,
    /// The change.
    pub change: ChangeId,
}

fn level_id<S: serde::Serializer>(level: &Level, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(level.as_str())
}

/// An activity, folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Who was there.
    pub signed_in: Vec<SignedIn>,
    /// What was noted, in fold order.
    pub lines: Vec<Line>,
    /// Effective seals, in fold order.
    pub seals: Vec<Seal>,
    /// Levels that must seal: one per level with a deputy present, plus the organiser's. Which they are is part of what is
    /// sealed, so once sealed, who signs in later is after the seal and adds none.
    #[serde(serialize_with = "level_ids")]
    pub required: Vec<Level>,
    /// Every required level sealed the same digest, and a deputy had signed in among what is sealed.
    pub sealed: bool,
}

fn level_ids<S: serde::Serializer>(levels: &[Level], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(levels.iter().map(|level| level.as_str()))
}

impl Activity {
    /// Reads the events of an activity's record. `organiser` is the level of the org that called it; `covers` says
    /// whether a change is `heads` itself or in their causal past.
    pub fn of(
        state: &RecordState,
        organiser: Level,
        covers: impl Fn(&[ChangeId], &ChangeId) -> bool,
    ) -> Self {
        let effective = || state.events.iter().filter(|event| event.effect.is_ok());
        let mut activity = Activity {
            signed_in: vec![],
            lines: vec![],
            seals: vec![],
            required: vec![],
            sealed: false,
        };
        let mut required = BTreeSet::from([organiser]);
        for event in effective() {
            match &event.event {
                Event::SignIn {
                    deputy,
                    level,
                    happened,
                    proof,
                } => {
                    required.insert(*level);
                    activity.signed_in.push(SignedIn {
                        deputy: deputy.clone(),
                        level: *level,
                        happened: happened.clone(),
                        proof: *proof,
                        change: event.change,
                        recorded: None,
                    });
                }
                Event::SignInFor {
                    actor,
                    level,
                    happened,
                    proof,
                    evidence,
                } => {
                    required.insert(*level);
                    activity.signed_in.push(SignedIn {
                        deputy: actor.name.clone(),
                        level: *level,
                        happened: happened.clone(),
                        proof: *proof,
                        change: event.change,
                        recorded: Some(Recorded::of(event, actor, evidence)),
                    });
                }
                Event::Seal {
                    level,
                    org,
                    heads,
                    digest,
                } => activity.seals.push(Seal {
                    level: *level,
                    org: *org,
                    by: event.by.name.clone(),
                    digest: *digest,
                    heads: heads.clone(),
                    change: event.change,
                }),
                Event::LogLine { .. }
                | Event::Register { .. }
                | Event::Adopt { .. }
                | Event::Correct { .. }
                | Event::Confirm { .. }
                | Event::ConfirmFor { .. }
                | Event::Clear { .. } => {}
            }
        }
        for event in effective() {
            if let Event::LogLine { text, happened } = &event.event {
                let covered = activity
                    .seals
                    .iter()
                    .any(|seal| covers(&seal.heads, &event.change));
                activity.lines.push(Line {
                    text: text.clone(),
                    happened: happened.clone(),
                    by: event.by.name.clone(),
                    org: event.by.org,
                    after_seal: !activity.seals.is_empty() && !covered,
                    change: event.change,
                });
            }
        }
        let mut by_digest: BTreeMap<Hash, Vec<&Seal>> = BTreeMap::new();
        for seal in &activity.seals {
            by_digest.entry(seal.digest).or_default().push(seal);
        }
        let complete = by_digest.values().find_map(|seals| {
            let sealed = |signed_in: &SignedIn| covers(&seals[0].heads, &signed_in.change);
            if !activity.signed_in.iter().any(sealed) {
                return None;
            }
            // Whoever was there when it was sealed is counted; it helps nobody to seal only what came before.
            let present = activity.signed_in.iter().filter(|signed_in| {
                sealed(signed_in) || seals.iter().all(|seal| covers(&[seal.change], &signed_in.change))
            });
            let needed: BTreeSet<Level> = present
                .map(|signed_in| signed_in.level)
                .chain([organiser])
                .collect();
            seals
                .iter()
                .map(|seal| seal.level)
                .collect::<BTreeSet<_>>()
                .is_superset(&needed)
                .then_some(needed)
        });
        activity.sealed = complete.is_some();
        activity.required = complete.unwrap_or(required).into_iter().collect();
        activity
    }
}
