//! Guards: whether an event has effect at its place, after those taken before, and what events say of one another.

use std::collections::{BTreeMap, BTreeSet};

use super::acted::Acted;
use super::event::{Confirmed, Event, EventKind, OfficeHolder, Right};
use super::fold::{ConfirmedBy, EventState, Ineffective, Notes};
use super::graph::Graph;
use super::seal::seal_digest;
use super::verdict::{Capacity, Holder, Verdict};
use crate::id::{ChangeId, Hash, OrgId};
use crate::trust::{Level, Role};

/// What the events of a record say of it and of one another.
#[derive(Default)]
pub(super) struct Said {
    pub(super) confirmed: Vec<ConfirmedBy>,
    pub(super) confirmed_for: Vec<ConfirmedBy>,
    pub(super) notes: BTreeMap<Hash, Notes>,
}

/// What the guards remember of the effective events taken so far.
pub(super) struct Guard<'g, 'a> {
    graph: &'g Graph<'a>,
    verdicts: &'g [Verdict],
    registered: bool,
    signed_in: BTreeSet<(Holder, Level)>,
    seals: BTreeSet<(OrgId, Level, Hash)>,
    /// Digests computed, by the places of the heads.
    digests: BTreeMap<Vec<usize>, Hash>,
    /// Effective events by id: where they stand among those taken.
    taken: BTreeMap<Hash, usize>,
    /// Corrections by the event that they correct: where they stand among those taken.
    corrections: BTreeMap<Hash, Vec<usize>>,
    /// Confirmations of the record: their events, and the places of their heads.
    confirmed: Vec<(Hash, Vec<usize>)>,
    confirmed_by: BTreeSet<(Holder, Hash)>,
    /// Confirmations of events: their events, by what they confirm and the last correction that they saw.
    confirmed_events: BTreeMap<Hash, Vec<(Hash, Option<Hash>)>>,
    confirmed_events_by: BTreeSet<(Holder, Hash, Option<Hash>)>,
    /// The same of what was recorded for others.
    confirmed_for: Vec<(Hash, Vec<usize>)>,
    confirmed_events_for: BTreeMap<Hash, Vec<(Hash, Option<Hash>)>>,
    /// Who was there and who confirmed what, by their own key or as it was recorded: nothing is recorded of them twice.
    acted: Acted<Act>,
    /// By place: whether a change counts and writes part of what the record says. Made once it is asked for.
    content: Option<Vec<bool>>,
}

/// What a person does once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    SignIn(Level),
    Confirm(Hash),
    ConfirmEvent(Hash, Option<Hash>),
}

/// Nobody records an act of their own for want of the key with which they sign.
fn by_another(by: &Capacity, actor: &OfficeHolder) -> Result<(), Ineffective> {
    match by.is(actor) {
        true => Err(Ineffective::OwnAct),
        false => Ok(()),
    }
}

fn once(first: bool) -> Result<(), Ineffective> {
    if first { Ok(()) } else { Err(Ineffective::Once) }
}

impl<'g, 'a> Guard<'g, 'a> {
    pub(super) fn new(graph: &'g Graph<'a>, verdicts: &'g [Verdict]) -> Self {
        Guard {
            graph,
            verdicts,
            registered: false,
            signed_in: BTreeSet::new(),
            seals: BTreeSet::new(),
            digests: BTreeMap::new(),
            taken: BTreeMap::new(),
            corrections: BTreeMap::new(),
            confirmed: Vec::new(),
            confirmed_by: BTreeSet::new(),
            confirmed_events: BTreeMap::new(),
            confirmed_events_by: BTreeSet::new(),
            confirmed_for: Vec::new(),
            confirmed_events_for: BTreeMap::new(),
            acted: Acted::default(),
            content: None,
        }
    }

    /// Whether the event of the change at `at` has effect, after those taken before.
    pub(super) fn judge(
        &mut self,
        taken: &[EventState],
        at: usize,
        state: &EventState,
    ) -> Result<(), Ineffective> {
        let by = &state.by;
        match &state.event {
            Event::Register { .. } => once(!std::mem::replace(&mut self.registered, true))?,
            Event::SignIn { deputy, level, .. } => {
                if by.seat != Some(*level) {
                    return Err(Ineffective::NotThisSeat);
                }
                if *deputy != by.name {
                    return Err(Ineffective::OtherDeputy);
                }
                once(self.signed_in.insert((by.holder(), *level)))?;
                self.acted.note(by.into(), Act::SignIn(*level));
            }
            Event::SignInFor { actor, level, .. } => {
                by_another(by, actor)?;
                once(self.acted.note_once(actor.into(), Act::SignIn(*level)))?;
            }
            // An adoption is taken before any event: it decides what counts.
            Event::LogLine { .. } | Event::Adopt { .. } | Event::Clear { .. } => {}
            Event::Seal {
                level,
                org,
                heads,
                digest,
            } => {
                if *org != by.org || !self.may_seal(*level, by) {
                    return Err(Ineffective::NotForThisOrg);
                }
                if self.seals.contains(&(*org, *level, *digest)) {
                    return Err(Ineffective::Once);
                }
                let places = self.places(at, heads)?;
                self.check_digest(places, digest)?;
                once(self.seals.insert((*org, *level, *digest)))?;
            }
            Event::Correct { of, right, .. } => {
                self.correct(taken, at, by, of, right)?;
                self.corrections.entry(*of).or_default().push(taken.len());
            }
            Event::Confirm {
                of: Confirmed::Record { heads, digest },
            } => {
                let places = self.places(at, heads)?;
                if self.wrote_in(at, by, &places) {
                    return Err(Ineffective::OwnWriting);
                }
                self.check_digest(places.clone(), digest)?;
                once(self.confirmed_by.insert((by.holder(), *digest)))?;
                self.acted.note(by.into(), Act::Confirm(*digest));
                self.confirmed.push((state.id, places));
            }
            Event::ConfirmFor {
                of: Confirmed::Record { heads, digest },
                actor,
                ..
            } => {
                let places = self.places(at, heads)?;
                by_another(by, actor)?;
                if self.is_written_in(&places, |capacity, _| capacity.is(actor)) {
                    return Err(Ineffective::OwnWriting);
                }
                self.check_digest(places.clone(), digest)?;
                once(self.acted.note_once(actor.into(), Act::Confirm(*digest)))?;
                self.confirmed_for.push((state.id, places));
            }
            Event::Confirm {
                of: Confirmed::Event { event },
            } => {
                let own = |said: &EventState| {
                    let place = self.graph.position(&said.change);
                    by.is_same_person(&said.by) || place.is_some_and(|place| self.same_key(at, place))
                };
                let last = self.confirm_event(taken, at, event, own)?;
                once(self.confirmed_events_by.insert((by.holder(), *event, last)))?;
                self.acted.note(by.into(), Act::ConfirmEvent(*event, last));
                let confirmed = self.confirmed_events.entry(*event).or_default();
                confirmed.push((state.id, last));
            }
            Event::ConfirmFor {
                of: Confirmed::Event { event },
                actor,
                ..
            } => {
                self.stated(taken, at, event)?;
                by_another(by, actor)?;
                let last = self.confirm_event(taken, at, event, |said| said.by.is(actor))?;
                once(
                    self.acted
                        .note_once(actor.into(), Act::ConfirmEvent(*event, last)),
                )?;
                let confirmed = self.confirmed_events_for.entry(*event).or_default();
                confirmed.push((state.id, last));
            }
        }
        self.taken.insert(state.id, taken.len());
        Ok(())
    }

    /// What follows of all events, once they are taken.
    pub(super) fn said(mut self, taken: &[EventState]) -> Said {
        let mut said = Said::default();
        for (event, places) in std::mem::take(&mut self.confirmed) {
            let current = self.is_all(&places);
            said.confirmed.push(ConfirmedBy { event, current });
        }
        for (event, places) in std::mem::take(&mut self.confirmed_for) {
            let current = self.is_all(&places) && !self.is_taken_back(taken, &event);
            said.confirmed_for.push(ConfirmedBy { event, current });
        }
        for (of, corrections) in &self.corrections {
            let notes = said.notes.entry(*of).or_default();
            notes.corrections = corrections.iter().map(|n| taken[*n].id).collect();
        }
        for (of, confirmed) in &self.confirmed_events {
            let notes = said.notes.entry(*of).or_default();
            let last = notes.corrections.last().copied();
            let confirmed = confirmed.iter().map(|(event, saw)| ConfirmedBy {
                event: *event,
                current: *saw == last,
            });
            notes.confirmed = confirmed.collect();
        }
        for (of, confirmed) in &self.confirmed_events_for {
            let notes = said.notes.entry(*of).or_default();
            let last = notes.corrections.last().copied();
            let confirmed = confirmed.iter().map(|(event, saw)| ConfirmedBy {
                event: *event,
                current: *saw == last && !self.is_taken_back(taken, event),
            });
            notes.confirmed_for = confirmed.collect();
        }
        said
    }

    /// Whether what these heads cover is all that is said.
    fn is_all(&mut self, heads: &[usize]) -> bool {
        let covered = self.graph.covered(heads);
        (0..covered.len()).all(|n| covered[n] || !self.content()[n])
    }

    /// Whether the correction of an event that is in force says that nothing of it was so.
    fn is_taken_back(&self, taken: &[EventState], event: &Hash) -> bool {
        let last = self.corrections.get(event).and_then(|all| all.last());
        last.is_some_and(|n| {
            matches!(
                taken[*n].event,
                Event::Correct {
                    right: Right::Nothing,
                    ..
                }
            )
        })
    }

    /// The places of heads, which the change at `at` must have seen.
    fn places(&self, at: usize, heads: &[ChangeId]) -> Result<Vec<usize>, Ineffective> {
        let places: Option<Vec<usize>> = heads.iter().map(|head| self.graph.position(head)).collect();
        places
            .filter(|all| !all.is_empty() && all.iter().all(|head| self.graph.saw(at, *head)))
            .ok_or(Ineffective::UnknownHead)
    }

    fn check_digest(&mut self, places: Vec<usize>, digest: &Hash) -> Result<(), Ineffective> {
        let graph = self.graph;
        let found = self
            .digests
            .entry(places)
            .or_insert_with_key(|places| seal_digest(graph, places));
        if found == digest {
            Ok(())
        } else {
            Err(Ineffective::OtherDigest)
        }
    }

    /// For a level: a signed-in deputy with a seat there, or an officer of an org of that level; for a station its own
    /// people (`domain.md` 2.7).
    fn may_seal(&self, level: Level, by: &Capacity) -> bool {
        use Role::{DeputiesOffice, Organiser, Secretary, StationHead, StationLiaison};
        let officer = |role: &Role| match role {
            Secretary | DeputiesOffice | Organiser => true,
            StationLiaison | StationHead => level == Level::Station,
            _ => false,
        };
        (by.org_level == Some(level) && by.roles.iter().any(officer))
            || (by.seat == Some(level) && self.signed_in.contains(&(by.holder(), level)))
    }

    /// The effective event with this id that states what happened, and that the change at `at` saw.
    fn stated<'t>(
        &self,
        taken: &'t [EventState],
        at: usize,
        id: &Hash,
    ) -> Result<&'t EventState, Ineffective> {
        let known = self.taken.get(id).map(|n| &taken[*n]);
        let event = known
            .filter(|event| self.saw(at, event))
            .ok_or(Ineffective::UnknownEvent)?;
        if event.event.kind().states() {
            Ok(event)
        } else {
            Err(Ineffective::OtherKind)
        }
    }

    fn saw(&self, at: usize, event: &EventState) -> bool {
        let place = self.graph.position(&event.change);
        place.is_some_and(|place| self.graph.saw(at, place))
    }

    /// A correction gives what is right as a whole, and comes from the author's post. A sign-in is a deputy's own. What was
    /// recorded for a person they correct themselves, too.
    fn correct(
        &self,
        taken: &[EventState],
        at: usize,
        by: &Capacity,
        of: &Hash,
        right: &Right,
    ) -> Result<(), Ineffective> {
        let original = self.stated(taken, at, of)?;
        let kind = original.event.kind();
        if let Right::Said { text, .. } = right
            && text.is_some() != (kind == EventKind::LogLine)
        {
            return Err(Ineffective::OtherKind);
        }
        let actor = original.event.for_another().map(|(actor, ..)| actor);
        if by.may_correct(&original.by, kind) || actor.is_some_and(|actor| by.is_known_as(actor)) {
            Ok(())
        } else {
            Err(Ineffective::OtherPost)
        }
    }

    /// Whether an event may be confirmed at `at` by somebody whose `own` it is not; the last of its corrections seen there.
    fn confirm_event(
        &self,
        taken: &[EventState],
        at: usize,
        event: &Hash,
        own: impl Fn(&EventState) -> bool,
    ) -> Result<Option<Hash>, Ineffective> {
        let original = self.stated(taken, at, event)?;
        let corrections = self.corrections.get(event).into_iter().flatten();
        let seen: Vec<&EventState> = corrections
            .map(|n| &taken[*n])
            .filter(|correction| self.saw(at, correction))
            .collect();
        if own(original) || seen.iter().any(|correction| own(correction)) {
            return Err(Ineffective::OwnWriting);
        }
        Ok(seen.last().map(|correction| correction.id))
    }

    fn same_key(&self, a: usize, b: usize) -> bool {
        let changes = self.graph.changes();
        changes[a].author == changes[b].author
    }

    /// Whether the signer at `at` wrote part of what is said in these heads and in what they saw.
    fn wrote_in(&mut self, at: usize, by: &Capacity, heads: &[usize]) -> bool {
        let holder = by.holder();
        let changes = self.graph.changes();
        let author = changes[at].author;
        self.is_written_in(heads, |capacity, n| {
            capacity.holder() == holder || changes[n].author == author
        })
    }

    /// Whether part of what is said in these heads and in what they saw is of somebody, by the capacity in which it counts or
    /// by its place.
    fn is_written_in(&mut self, heads: &[usize], theirs: impl Fn(&Capacity, usize) -> bool) -> bool {
        let covered = self.graph.covered(heads);
        let verdicts = self.verdicts;
        let content = self.content();
        (0..covered.len()).any(|n| {
            covered[n]
                && content[n]
                && matches!(&verdicts[n], Verdict::Counts { capacity, .. } if theirs(capacity, n))
        })
    }

    fn content(&mut self) -> &[bool] {
        let (graph, verdicts) = (self.graph, self.verdicts);
        self.content.get_or_insert_with(|| {
            let changes = graph.changes().iter().zip(verdicts);
            changes
                .map(|(held, verdict)| matches!(verdict, Verdict::Counts { .. }) && held.change.is_content())
                .collect()
        })
    }
}
