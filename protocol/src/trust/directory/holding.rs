//! Who may hold which space, by what stands (design 6).

use std::collections::{BTreeMap, BTreeSet};

use super::Directory;
use crate::id::{OrgId, SpaceId};
use crate::trust::{Audience, Level, Space};

impl Directory {
    /// Whether nodes of `org` may hold `space` (design 6).
    pub fn may_hold(&self, org: &OrgId, space: &Space) -> bool {
        if !space.is_well_formed() || self.org(org).is_none() || self.org(&space.owner).is_none() {
            return false;
        }
        let above_owner = |limit: Level| self.is_at_most(org, &space.owner, limit);
        match space.audience {
            Audience::Local => *org == space.owner,
            Audience::Township => above_owner(Level::Township),
            Audience::County => above_owner(Level::County),
            Audience::City => above_owner(Level::City),
            Audience::Summary => self.is_at_or_above(org, &space.owner),
            Audience::Notice => self.is_at_or_above(&space.owner, org),
            Audience::Joint => {
                self.standing.joint.contains_key(&space.id()) && self.is_joint_holder(org, space)
            }
            Audience::Directory => {
                self.is_at_or_above(org, &space.owner)
                    || self.is_at_or_above(&space.owner, org)
                    || self
                        .standing
                        .acquainted
                        .get(org)
                        .is_some_and(|known| known.contains(&space.owner))
            }
        }
    }

    /// Every space that nodes of `org` may hold, by id, as far as this directory knows.
    pub fn spaces_of(&self, org: &OrgId) -> BTreeMap<SpaceId, Space> {
        self.all_spaces()
            .filter(|space| self.may_hold(org, space))
            .map(|space| (space.id(), space))
            .collect()
    }

    /// Every space that nodes of both orgs may hold.
    pub fn shared_spaces(&self, a: &OrgId, b: &OrgId) -> BTreeMap<SpaceId, Space> {
        self.all_spaces()
            .filter(|space| self.may_hold(a, space) && self.may_hold(b, space))
            .map(|space| (space.id(), space))
            .collect()
    }

    /// The descriptor of a joint space that stands.
    pub fn joint_space(&self, id: &SpaceId) -> Option<&Space> {
        self.standing.joint.get(id)
    }

    /// Every joint space that stands.
    pub fn joint_spaces(&self) -> impl Iterator<Item = &Space> {
        self.standing.joint.values()
    }

    fn all_spaces(&self) -> impl Iterator<Item = Space> + '_ {
        let plain = Audience::ALL
            .iter()
            .filter(|audience| **audience != Audience::Joint);
        self.standing
            .orgs
            .keys()
            .flat_map(move |org| plain.clone().map(move |audience| Space::of(*org, *audience)))
            .chain(self.standing.joint.values().cloned())
    }

    fn is_at_most(&self, org: &OrgId, owner: &OrgId, limit: Level) -> bool {
        org == owner
            || (self.is_at_or_above(org, owner)
                && self.org(org).is_some_and(|org| org.level.rank() >= limit.rank()))
    }

    fn is_joint_holder(&self, org: &OrgId, space: &Space) -> bool {
        space.joint.as_ref().is_some_and(|joint| {
            joint
                .orgs
                .iter()
                .any(|partner| self.is_at_most(org, partner, joint.travel))
        })
    }

    /// Who holds a joint space judges the people of all its holders, so it needs their directories and those of all orgs
    /// above them, up to the founding statement (design 6).
    pub(super) fn acquainted(&self) -> BTreeMap<OrgId, BTreeSet<OrgId>> {
        let mut acquainted: BTreeMap<OrgId, BTreeSet<OrgId>> = BTreeMap::new();
        for space in self.standing.joint.values() {
            let partners = space.joint.iter().flat_map(|joint| &joint.orgs);
            let line: BTreeSet<OrgId> = partners
                .flat_map(|partner| self.upward(partner))
                .map(|org| org.id)
                .collect();
            for holder in line.iter().filter(|org| self.is_joint_holder(org, space)) {
                acquainted.entry(*holder).or_default().extend(&line);
            }
        }
        acquainted
    }
}
