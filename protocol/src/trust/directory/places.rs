//! Where orgs that changed stood, one place after the other, and what became of them (docs/spec/02, T-32 to T-37).

use std::collections::{BTreeMap, BTreeSet};

use super::Directory;
use crate::id::{OrgId, SpaceId};
use crate::trust::{Audience, Changed, Org, Placed, Space};

/// One place of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// As it was first described there.
    pub(super) org: Org,
    /// Below which place of its parent.
    pub(super) under: u32,
    /// The change that began it; none of the first.
    pub(super) changed: Option<Changed>,
}

/// The places of an org that changed: the first is at index 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) places: Vec<Place>,
    /// What ended it.
    pub(super) end: Option<Changed>,
}

impl Places {
    /// Of an org that is known by its description alone.
    pub(super) fn described(org: Org) -> Self {
        Places {
            places: vec![Place {
                org,
                under: 1,
                changed: None,
            }],
            end: None,
        }
    }

    /// How many places it had.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn at(&self, generation: u32) -> Option<&Place> {
        let index = usize::try_from(generation).ok()?.checked_sub(1)?;
        self.places.get(index)
    }

    /// The change that began a place after `generation`, or the end after the last.
    pub(super) fn closed(&self, generation: u32) -> Option<&Changed> {
        if generation < self.count() {
            self.at(generation + 1)?.changed.as_ref()
        } else {
            self.end.as_ref()
        }
    }

    /// The parents it ever had.
    pub(super) fn parents(&self) -> impl Iterator<Item = OrgId> {
        self.places.iter().filter_map(|place| place.org.parent)
    }
}

/// The orgs that are known, and the places of those that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// As they are now described.
    pub(super) orgs: BTreeMap<OrgId, Org>,
    pub(super) moved: BTreeMap<OrgId, Places>,
}

impl Tree {
    /// How many places an org had.
    pub(super) fn generation(&self, org: &OrgId) -> u32 {
        self.moved.get(org).map_or(1, Places::count)
    }

    /// An org at one of its places, then those that stand above it there: what no later change alters.
    pub(super) fn line(&self, placed: Placed) -> Vec<OrgId> {
        let mut line = Vec::new();
        if self.moved.is_empty() && placed.generation == 1 {
            let known = self.orgs.get(&placed.org).map(|org| org.id);
            line.extend(std::iter::successors(known, |org| self.orgs.get(org)?.parent));
            return line;
        }
        let mut next = self.has(placed).then_some(placed);
        while let Some(placed) = next {
            line.push(placed.org);
            next = match self
                .moved
                .get(&placed.org)
                .map(|places| places.at(placed.generation))
            {
                Some(place) => place.and_then(|place| {
                    Some(Placed {
                        org: place.org.parent?,
                        generation: place.under,
                    })
                }),
                None => self
                    .orgs
                    .get(&placed.org)
                    .and_then(|org| org.parent)
                    .map(|org| Placed { org, generation: 1 }),
            };
            // A place that its parent never had leads nowhere.
            next = next.filter(|next| self.has(*next));
        }
        line
    }

    /// Whether the org is known, and had that place.
    pub(super) fn has(&self, placed: Placed) -> bool {
        self.orgs.contains_key(&placed.org) && (1..=self.generation(&placed.org)).contains(&placed.generation)
    }

    /// The parents that an org has or ever had.
    pub(super) fn parents(&self, org: &OrgId) -> Vec<OrgId> {
        match self.moved.get(org) {
            Some(places) => places.parents().collect(),
            None => self
                .orgs
                .get(org)
                .and_then(|org| org.parent)
                .into_iter()
                .collect(),
        }
    }

    /// The orgs that stand above `org`, or ever did: nearest first where nothing moved.
    pub(super) fn ever_above(&self, org: &OrgId) -> Vec<OrgId> {
        let mut above = Vec::new();
        if self.moved.is_empty() {
            let parent = |org: &OrgId| self.orgs.get(org)?.parent;
            above.extend(std::iter::successors(parent(org), parent));
            return above;
        }
        let mut seen = BTreeSet::new();
        let mut todo = std::collections::VecDeque::from(self.parents(org));
        while let Some(next) = todo.pop_front() {
            if seen.insert(next) {
                above.push(next);
                todo.extend(self.parents(&next));
            }
        }
        above
    }
}

impl Directory {
    /// How many places an org had: the generation of the spaces up its line that are open.
    pub fn generation(&self, org: &OrgId) -> u32 {
        self.standing.tree.generation(org)
    }

    /// The space of `owner` with an audience into which is written now.
    pub fn space_now(&self, owner: OrgId, audience: Audience) -> Space {
        let mut space = Space::of(owner, audience);
        if audience.is_vertical() {
            space.generation = self.generation(&owner);
        }
        space
    }

    /// The space of an annex whose main record lives in `space`.
    pub fn space_beside(&self, space: &Space, audience: Audience) -> Space {
        if space.audience.is_vertical() && audience.is_vertical() {
            Space {
                generation: space.generation,
                ..Space::of(space.owner, audience)
            }
        } else {
            self.space_now(space.owner, audience)
        }
    }

    /// The change of its owner by which a space was closed: from then on nothing is written there. Statements of a log are,
    /// since erasures reach what lies there. Directories and joint spaces never close.
    pub fn closed(&self, space: &Space) -> Option<&Changed> {
        let places = self.standing.tree.moved.get(&space.owner)?;
        match space.audience {
            Audience::Directory | Audience::Joint => None,
            Audience::Local | Audience::Notice => places.end.as_ref(),
            _ => places.closed(space.generation),
        }
    }

    /// The changes of an org that stand, in their order.
    pub fn changes_of(&self, org: &OrgId) -> impl Iterator<Item = &Changed> {
        let places = self.standing.tree.moved.get(org);
        let began = places.into_iter().flat_map(|places| &places.places);
        let end = places.and_then(|places| places.end.as_ref());
        began.filter_map(|place| place.changed.as_ref()).chain(end)
    }

    /// The change by which an org ended, if it did.
    pub fn ended(&self, org: &OrgId) -> Option<&Changed> {
        self.standing.tree.moved.get(org)?.end.as_ref()
    }

    /// Who goes on with what an org did: itself while it is, else its successors, and theirs where these are no more.
    pub fn successors(&self, org: &OrgId) -> BTreeSet<OrgId> {
        let mut found = self.following(org);
        found.retain(|org| self.ended(org).is_none());
        found
    }

    /// Whose records are found with an org's: its own, and those of orgs that ended and whose work went on in it alone, at
    /// once or through others. Of one that was split among several that still differ nothing is.
    pub fn forerunners(&self, org: &OrgId) -> BTreeSet<OrgId> {
        let mut found = BTreeSet::from([*org]);
        let ended = || {
            let moved = self.standing.tree.moved.iter();
            moved.filter_map(|(org, places)| Some((org, places.end.as_ref()?.successors())))
        };
        loop {
            let more = ended().filter(|(_, next)| next.iter().all(|next| found.contains(&next.org)));
            let more: Vec<OrgId> = more
                .map(|(org, _)| *org)
                .filter(|org| !found.contains(org))
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    /// Under which org lists have the records of one: itself, or the last of those in which alone its work went on.
    pub fn heir(&self, org: &OrgId) -> OrgId {
        if self.ended(org).is_none() {
            return *org;
        }
        // Those with which its records are found follow each other, and each is found with more than the one before.
        let following = self.following(org).into_iter();
        let found = following.map(|next| (self.forerunners(&next), next));
        let last = found
            .filter(|(with, _)| with.contains(org))
            .max_by_key(|(with, _)| with.len());
        last.map_or(*org, |(_, next)| next)
    }

    /// As an org was described at the place to which a space belongs. Spaces that do not close are of its present place.
    pub fn described_at(&self, space: &SpaceId, owner: &OrgId) -> Option<&Org> {
        let now = self.org(owner)?;
        let Some(places) = self.standing.tree.moved.get(owner) else {
            return Some(now);
        };
        let vertical = || {
            Audience::ALL
                .iter()
                .copied()
                .filter(|audience| audience.is_vertical())
        };
        let is_of = |generation: u32| {
            vertical().any(|audience| {
                let of = Space {
                    generation,
                    ..Space::of(*owner, audience)
                };
                of.id() == *space
            })
        };
        let earlier = (1..places.count()).find(|generation| is_of(*generation));
        Some(
            earlier
                .and_then(|generation| places.at(generation))
                .map_or(now, |place| &place.org),
        )
    }

    /// As an org was described at its places before the present one, the first of them first.
    pub fn earlier(&self, org: &OrgId) -> impl Iterator<Item = &Org> {
        let places = self
            .standing
            .tree
            .moved
            .get(org)
            .map_or(&[][..], |moved| &moved.places);
        let before = places.len().saturating_sub(1);
        places[..before].iter().map(|place| &place.org)
    }

    /// An org, those that succeeded it, and those that succeeded these.
    pub(super) fn following(&self, org: &OrgId) -> BTreeSet<OrgId> {
        let (mut seen, mut todo) = (BTreeSet::new(), vec![*org]);
        while let Some(next) = todo.pop() {
            if seen.insert(next) {
                let ends = self.ended(&next).into_iter();
                todo.extend(ends.flat_map(Changed::successors).map(|placed| placed.org));
            }
        }
        seen
    }

    /// Whether `above` is `below`, or stands or ever stood above it.
    pub fn was_at_or_above(&self, above: &OrgId, below: &OrgId) -> bool {
        above == below || self.standing.tree.ever_above(below).contains(above)
    }

    /// Whether an org has, or ever had, this parent.
    pub fn had_parent(&self, org: &OrgId, parent: Option<&OrgId>) -> bool {
        let parents = self.standing.tree.parents(org);
        match parent {
            Some(parent) => parents.contains(parent),
            None => parents.is_empty() && self.org(org).is_some(),
        }
    }

    /// The orgs that stand, or ever stood, above an org, itself first.
    pub fn ever_upward(&self, org: &OrgId) -> Vec<OrgId> {
        let above = self.standing.tree.ever_above(org);
        self.org(org).map(|org| org.id).into_iter().chain(above).collect()
    }

    /// The orgs that stood above an org at one of its places, itself first.
    pub fn line_at(&self, org: OrgId, generation: u32) -> Vec<OrgId> {
        self.standing.tree.line(Placed { org, generation })
    }
}
