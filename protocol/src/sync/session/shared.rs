//! The spaces that both sides may hold, with what is held in them. The only place that a session looks up rights in.

use std::collections::{BTreeMap, BTreeSet};

use super::super::message::SpaceDigest;
use super::super::standing::{Holdings, Standing};
use crate::id::{Hash, OrgId, SpaceId};
use crate::log::Origin;
use crate::trust::{Audience, Directory, Space};

/// Directories are brought level first: what may be shared is read from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Directory,
    Other,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    ranks: BTreeMap<SpaceId, Rank>,
    held: Holdings,
    /// Logs of which another branch came to stand since the session began.
    switched: BTreeSet<(SpaceId, Origin)>,
}

impl Shared {
    pub(super) fn between(directory: &Directory, own: &OrgId, peer: &OrgId, holdings: &Holdings) -> Self {
        let rank = |space: &Space| match space.audience {
            Audience::Directory => Rank::Directory,
            _ => Rank::Other,
        };
        let spaces = directory.shared_spaces(own, peer);
        let ranks: BTreeMap<SpaceId, Rank> = spaces.iter().map(|(id, space)| (*id, rank(space))).collect();
        let held = holdings.within(ranks.keys());
        let switched = BTreeSet::new();
        Shared {
            ranks,
            held,
            switched,
        }
    }

    /// The rank of a space, if both may hold it.
    pub(super) fn rank(&self, space: &SpaceId) -> Option<Rank> {
        self.ranks.get(space).copied()
    }

    pub(super) fn contains(&self, space: &SpaceId) -> bool {
        self.ranks.contains_key(space)
    }

    pub(super) fn spaces(&self) -> impl Iterator<Item = &SpaceId> {
        self.ranks.keys()
    }

    pub(super) fn held(&self) -> &Holdings {
        &self.held
    }

    /// Takes note of growth, if it lies in a shared space. Returns whether it was news.
    pub(super) fn grow(&mut self, space: SpaceId, origin: &Origin, standing: Standing) -> bool {
        self.contains(&space) && self.held.grow(space, origin, standing)
    }

    /// Takes note that another branch of a log stands, if it lies in a shared space.
    pub(super) fn switch(&mut self, space: SpaceId, origin: &Origin, standing: Standing) {
        if self.contains(&space) {
            self.held.switch(space, origin, standing);
            self.switched.insert((space, origin.clone()));
        }
    }

    /// Keeps what `before` knew and the snapshot of this one, taken at another moment, may not know yet: what grew, and which
    /// branch stands, though that may be the smaller one.
    pub(super) fn catch_up(&mut self, before: &Shared) {
        for space in before.spaces() {
            for (origin, standing) in before.held.logs(space) {
                self.grow(*space, origin, standing);
            }
        }
        for (space, origin) in &before.switched {
            if let Some(standing) = before.held.standing(space, origin) {
                self.switch(*space, origin, standing);
            }
        }
    }

    /// One digest over all.
    pub(super) fn digest(&self) -> Hash {
        self.held.digest(self.ranks.keys())
    }

    /// The digests of `spaces` in which something is held.
    pub(super) fn digests<'a>(
        &'a self,
        spaces: impl IntoIterator<Item = &'a SpaceId>,
    ) -> impl Iterator<Item = SpaceDigest> {
        self.held
            .digests(spaces)
            .map(|(space, digest)| SpaceDigest { space, digest })
    }
}
