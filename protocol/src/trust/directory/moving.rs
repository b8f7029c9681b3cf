//! Judging changes of orgs (docs/spec/02, T-32 to T-36). Part of a pass: what is said of an org of one rank rests on the
//! ranks above it alone.

use std::collections::BTreeMap;

use super::fault::StatementFault;
use super::judge::Judge;
use super::places::{Place, Places};
use crate::id::{OrgId, StatementId};
use crate::trust::{Becomes, Body, Changed, Issuer, Org, OrgChange, Placed, SignedStatement};

/// Statements by the org that they are about, or that states them.
type ByOrg<'a> = BTreeMap<OrgId, Vec<&'a SignedStatement>>;

/// What is said where another statement took the place.
const TAKEN: StatementFault = StatementFault::Content("another change of the org stands at this place");

impl<'a> Judge<'a> {
    /// Gives orgs of one rank the places that changes give them, then ends those that are succeeded. Of several changes to
    /// one place the one that is stated highest stands, then the one with the smaller id.
    pub(super) fn settle_places(&mut self, orgs: &[OrgId], changes: &ByOrg<'a>, described: &ByOrg<'a>) {
        let mut ends: Vec<(u8, StatementId, &OrgChange)> = Vec::new();
        for org in orgs {
            let Some(of_org) = changes.get(org) else { continue };
            let mut ranked: Vec<(u8, StatementId, &OrgChange)> = of_org
                .iter()
                .filter_map(|statement| self.ranked(statement))
                .collect();
            ranked.sort_by_key(|(rank, id, _)| (*rank, *id));
            while let Some((id, place)) = self.next_place(org, &ranked) {
                let known = self.tree.orgs.get(org).cloned();
                let Some(places) = self.places_of(org) else { break };
                places.places.push(place);
                let now = self.described_now(org, &id, described).or(known);
                self.tree.orgs.extend(now.map(|now| (*org, now)));
            }
            ends.extend(
                ranked
                    .into_iter()
                    .filter(|(.., change)| matches!(change.becomes, Becomes::Succeeded { .. })),
            );
        }
        ends.sort_by_key(|(rank, id, _)| (*rank, *id));
        for (_, id, change) in ends {
            if self.statement(&id).is_ok()
                && let Some(changed) = self.changed(&id)
                && let Some(places) = self.places_of(&change.org)
            {
                places.end = Some(changed);
            }
        }
    }

    /// A change with what decides between several: the rank of the org that states it.
    fn ranked(&self, statement: &&'a SignedStatement) -> Option<(u8, StatementId, &'a OrgChange)> {
        let Body::OrgChange(change) = statement.body() else {
            return None;
        };
        let stated_by = self.tree.orgs.get(&statement.issuer().org)?;
        Some((stated_by.level.rank(), statement.id(), change))
    }

    fn places_of(&mut self, org: &OrgId) -> Option<&mut Places> {
        let described = self.tree.orgs.get(org)?.clone();
        let moved = &mut self.tree.moved;
        Some(moved.entry(*org).or_insert_with(|| Places::described(described)))
    }

    fn changed(&self, id: &StatementId) -> Option<Changed> {
        let statement = self.statements.get(id)?;
        match statement.body() {
            Body::OrgChange(change) => Some(Changed {
                by: *id,
                stated_by: statement.issuer().org,
                change: change.clone(),
            }),
            _ => None,
        }
    }

    /// The place that comes after the last one of an org.
    fn next_place(
        &mut self,
        org: &OrgId,
        ranked: &[(u8, StatementId, &'a OrgChange)],
    ) -> Option<(StatementId, Place)> {
        let next = self.tree.generation(org) + 1;
        for (_, id, change) in ranked {
            if let Becomes::Moved {
                org: described,
                under,
            } = &change.becomes
                && change.generation == next
                && self.statement(id).is_ok()
            {
                let place = Place {
                    org: described.clone(),
                    under: *under,
                    changed: self.changed(id),
                };
                return Some((*id, place));
            }
        }
        None
    }

    /// How an org is described at its last place: as its parent there did after the change, else as the change did.
    fn described_now(&mut self, org: &OrgId, change: &StatementId, described: &ByOrg<'a>) -> Option<Org> {
        let place = self.tree.moved.get(org)?.places.last()?.org.clone();
        let since = self.statements.get(change)?.issuer().issued;
        let rank = place.level.rank();
        let by_parent = described.get(&place.parent?).map_or(&[][..], Vec::as_slice);
        for statement in by_parent {
            if let Body::Org(found) = statement.body()
                && found.id == *org
                && found.level.rank() == rank
                && statement.issuer().issued > since
                && self.statement(&statement.id()).is_ok()
            {
                return Some(found.clone());
            }
        }
        Some(place)
    }

    /// Whether a change may be stated, and is the one that stands where it would begin a place.
    pub(super) fn judge_change(
        &self,
        id: &StatementId,
        change: &OrgChange,
        issuer: &Issuer,
    ) -> Result<(), StatementFault> {
        change.check().map_err(StatementFault::Content)?;
        let unknown = || StatementFault::OrgUnknown(change.org);
        let before = Placed {
            org: change.org,
            generation: change.generation - 1,
        };
        if !self.tree.has(before) {
            return Err(unknown());
        }
        let line = self.tree.line(before);
        let reach = || StatementFault::OutOfReach(change.org);
        if !line.iter().skip(1).any(|above| *above == issuer.org) {
            return Err(reach());
        }
        match &change.becomes {
            Becomes::Moved { org, under } => {
                let parent = Placed {
                    org: org.parent.ok_or_else(reach)?,
                    generation: *under,
                };
                self.judge_move(change, org, parent, issuer)?;
            }
            Becomes::Succeeded { by } => {
                for next in by {
                    self.judge_successor(change, *next, issuer)?;
                }
            }
        }
        // While places are settled it is judged before it is taken.
        let Some(places) = self.tree.moved.get(&change.org) else {
            return Ok(());
        };
        let taken = match &change.becomes {
            Becomes::Moved { .. } => places
                .at(change.generation)
                .and_then(|place| place.changed.as_ref()),
            Becomes::Succeeded { .. } if change.generation <= places.count() => return Err(TAKEN),
            Becomes::Succeeded { .. } => places.end.as_ref(),
        };
        if taken.is_none_or(|taken| taken.by == *id) {
            Ok(())
        } else {
            Err(TAKEN)
        }
    }

    fn judge_move(
        &self,
        change: &OrgChange,
        org: &Org,
        parent: Placed,
        issuer: &Issuer,
    ) -> Result<(), StatementFault> {
        let unknown = StatementFault::OrgUnknown(parent.org);
        let known = self.tree.orgs.get(&change.org).ok_or(unknown.clone())?;
        let above = self.tree.orgs.get(&parent.org).ok_or(unknown.clone())?;
        // Ranks first: a parent that is no higher is settled after the org.
        if org.level.rank() != known.level.rank() || above.level.rank() >= org.level.rank() {
            return Err(StatementFault::Content(
                "an org keeps its level when it moves, and its parent stands above that",
            ));
        }
        if org.code.len() != known.code.len() {
            return Err(StatementFault::Content(
                "the division code of an org keeps its length when the org moves",
            ));
        }
        if !self.tree.has(parent) {
            return Err(unknown);
        }
        if self.tree.line(parent).contains(&issuer.org) {
            Ok(())
        } else {
            Err(StatementFault::OutOfReach(parent.org))
        }
    }

    fn judge_successor(
        &self,
        change: &OrgChange,
        next: Placed,
        issuer: &Issuer,
    ) -> Result<(), StatementFault> {
        let unknown = StatementFault::OrgUnknown(next.org);
        let rank = |org: &OrgId| self.tree.orgs.get(org).map(|org| org.level.rank());
        if next.org == change.org || rank(&next.org).is_some_and(|of| Some(of) != rank(&change.org)) {
            return Err(StatementFault::Content("others of the same level succeed an org"));
        }
        if !self.tree.has(next) {
            return Err(unknown);
        }
        if !self
            .tree
            .line(next)
            .iter()
            .skip(1)
            .any(|above| *above == issuer.org)
        {
            return Err(StatementFault::OutOfReach(next.org));
        }
        if self.leads_to(next.org, &change.org) {
            return Err(StatementFault::Content(
                "no org succeeds itself, not even through others",
            ));
        }
        Ok(())
    }

    /// Whether `org` follows, perhaps through others, where `from` ended.
    fn leads_to(&self, from: OrgId, org: &OrgId) -> bool {
        let (mut seen, mut todo) = (std::collections::BTreeSet::new(), vec![from]);
        while let Some(next) = todo.pop() {
            if next == *org {
                return true;
            }
            if seen.insert(next) {
                let end = self.tree.moved.get(&next).and_then(|places| places.end.as_ref());
                todo.extend(
                    end.into_iter()
                        .flat_map(Changed::successors)
                        .map(|placed| placed.org),
                );
            }
        }
        false
    }

    /// Whether an appointment by a parent that the org left since goes on standing: the change keeps it, or an org at or above
    /// the one that stated the change adopted it. Who stated the change itself has no need to.
    pub(super) fn judge_kept(&self, id: &StatementId, issuer: &Issuer) -> Result<(), StatementFault> {
        let Some(effects) = self.effects else {
            return Ok(());
        };
        let Some(changed) = self.left_behind(id, issuer) else {
            return Ok(());
        };
        let adopts = |org: &OrgId| {
            *org == changed.stated_by || self.above(&changed.stated_by).any(|above| above == *org)
        };
        if effects.adopters(id).iter().any(|adopter| adopts(&adopter.org)) {
            Ok(())
        } else {
            Err(StatementFault::Contested(changed.by))
        }
    }

    /// Whether an org changed, and `above` stands above it at its last place.
    pub(super) fn came_below(&self, org: &OrgId, above: &OrgId) -> bool {
        self.tree.moved.get(org).is_some_and(|places| {
            let last = Placed {
                org: *org,
                generation: places.count(),
            };
            self.tree.line(last).iter().skip(1).any(|found| found == above)
        })
    }

    fn left_behind(&self, id: &StatementId, issuer: &Issuer) -> Option<&Changed> {
        let org = self.appointment(id)?.org;
        let places = self.tree.moved.get(&org).filter(|_| org != issuer.org)?;
        let last = places
            .places
            .iter()
            .rposition(|place| place.org.parent == Some(issuer.org))?;
        let generation = u32::try_from(last).ok()?.checked_add(1)?;
        let closed = places.closed(generation)?;
        (closed.stated_by != issuer.org && !closed.keeps_statement(id)).then_some(closed)
    }
}
