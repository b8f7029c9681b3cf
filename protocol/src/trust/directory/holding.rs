//! Who may hold which space, by what stands (design 6).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Directory;
use crate::id::{OrgId, SpaceId};
use crate::trust::{Audience, Body, Level, SignedStatement, Space};

impl Directory {
    /// Whether nodes of `org` may hold `space` (design 6), and are given what is written there.
    pub fn may_hold(&self, org: &OrgId, space: &Space) -> bool {
        if !space.is_well_formed() || self.org(org).is_none() || self.org(&space.owner).is_none() {
            return false;
        }
        match space.audience {
            Audience::Local => *org == space.owner,
            Audience::Township | Audience::County | Audience::City | Audience::Summary => {
                self.is_up_the_line(org, space)
            }
            Audience::Notice => self.is_at_or_above(&space.owner, org),
            Audience::Joint => {
                self.standing.joint.contains_key(&space.id()) && self.is_joint_holder(org, space)
            }
            Audience::Directory => {
                self.was_at_or_above(org, &space.owner)
                    || self.was_at_or_above(&space.owner, org)
                    || self
                        .standing
                        .acquainted
                        .get(org)
                        .is_some_and(|known| known.contains(&space.owner))
            }
        }
    }

    /// Whether nodes of `org` may hold `space`, or might before an org moved: what they wrote and keep from then is good.
    pub fn might_hold(&self, org: &OrgId, space: &Space) -> bool {
        self.may_hold(org, space)
            || !self.standing.tree.moved.is_empty()
                && space.is_well_formed()
                && match space.audience {
                    Audience::Notice => self.was_at_or_above(&space.owner, org),
                    Audience::Joint => {
                        self.standing.joint.contains_key(&space.id()) && self.was_joint_holder(org, space)
                    }
                    _ => false,
                }
    }

    /// Who stood above the owner when the space was open, up to its limit; and, where it was handed over, who holds the next.
    fn is_up_the_line(&self, org: &OrgId, space: &Space) -> bool {
        let Some(places) = self.standing.tree.moved.get(&space.owner) else {
            return space.generation == 1 && self.is_in_line(org, space);
        };
        if places.at(space.generation).is_none() {
            return false;
        }
        let handed = || {
            let closed = places.closed(space.generation);
            let closed = closed.filter(|closed| closed.change.hands.contains(&space.audience));
            closed.is_some_and(|closed| match closed.successors() {
                [] => self.is_up_the_line(
                    org,
                    &Space {
                        generation: space.generation + 1,
                        ..space.clone()
                    },
                ),
                by => by.iter().any(|next| {
                    let next = Space {
                        owner: next.org,
                        generation: next.generation,
                        ..space.clone()
                    };
                    self.is_up_the_line(org, &next)
                }),
            })
        };
        self.is_in_line(org, space) || handed()
    }

    fn is_in_line(&self, org: &OrgId, space: &Space) -> bool {
        if *org == space.owner {
            return true;
        }
        let low_enough = |limit: Level| self.org(org).is_some_and(|org| org.level.rank() >= limit.rank());
        space.audience.limit().is_none_or(low_enough)
            && if self.standing.tree.moved.is_empty() {
                self.is_at_or_above(org, &space.owner)
            } else {
                self.line_at(space.owner, space.generation).contains(org)
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

    /// What tells of joint spaces to whoever may hold them and knows of none: their statements with what these rest on
    /// ([`Directory::closure`]). At most `most`, each space whole; where there are more, the newest spaces.
    pub fn telling_of_joint(&self, is_told: impl Fn(&SpaceId) -> bool, most: usize) -> Vec<&SignedStatement> {
        let is_told = |statement: &&SignedStatement| match statement.body() {
            Body::JointSpace(space) => is_told(&space.id()),
            _ => false,
        };
        let mut joint: Vec<_> = self.statements().filter(is_told).collect();
        let all = self.closure(joint.iter().map(|statement| statement.id()));
        if all.len() <= most {
            return all;
        }
        joint.sort_by_key(|statement| Reverse((statement.issuer().issued, statement.id())));
        let adopting = self.adopting();
        let mut told = BTreeMap::new();
        for statement in joint {
            let whole = self.closure_by(&adopting, [statement.id()]);
            let more = whole.iter().filter(|part| !told.contains_key(&part.id()));
            if told.len() + more.count() <= most {
                told.extend(whole.into_iter().map(|part| (part.id(), part)));
            }
        }
        told.into_values().collect()
    }

    fn all_spaces(&self) -> impl Iterator<Item = Space> + '_ {
        let plain = Audience::ALL
            .iter()
            .filter(|audience| **audience != Audience::Joint);
        self.standing
            .tree
            .orgs
            .keys()
            .flat_map(move |org| plain.clone().map(move |audience| Space::of(*org, *audience)))
            .chain(self.later_spaces())
            .chain(self.standing.joint.values().cloned())
    }

    /// The spaces up the line of later places.
    fn later_spaces(&self) -> impl Iterator<Item = Space> + '_ {
        let vertical = Audience::ALL.iter().filter(|audience| audience.is_vertical());
        self.standing.tree.moved.iter().flat_map(move |(org, places)| {
            let vertical = vertical.clone();
            (2..=places.count()).flat_map(move |generation| {
                vertical.clone().map(move |audience| Space {
                    generation,
                    ..Space::of(*org, *audience)
                })
            })
        })
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

    fn was_joint_holder(&self, org: &OrgId, space: &Space) -> bool {
        space.joint.as_ref().is_some_and(|joint| {
            joint.orgs.iter().any(|partner| {
                org == partner
                    || (self.was_at_or_above(org, partner)
                        && self
                            .org(org)
                            .is_some_and(|org| org.level.rank() >= joint.travel.rank()))
            })
        })
    }

    /// Who holds a joint space judges the people of all its holders, so it needs their directories and those of all orgs
    /// above them, up to the founding statement (design 6).
    pub(super) fn acquainted(&self) -> BTreeMap<OrgId, BTreeSet<OrgId>> {
        let mut acquainted: BTreeMap<OrgId, BTreeSet<OrgId>> = BTreeMap::new();
        for space in self.standing.joint.values() {
            let partners = space.joint.iter().flat_map(|joint| &joint.orgs);
            let line: BTreeSet<OrgId> = partners.flat_map(|partner| self.ever_upward(partner)).collect();
            for holder in line.iter().filter(|org| self.is_joint_holder(org, space)) {
                acquainted.entry(*holder).or_default().extend(&line);
            }
        }
        // Who held the spaces of an org before it changed judges what it writes later, and the other way round.
        for org in self.standing.tree.moved.keys() {
            let line: BTreeSet<OrgId> = self
                .following(org)
                .iter()
                .flat_map(|org| self.ever_upward(org))
                .collect();
            for holder in &line {
                acquainted.entry(*holder).or_default().extend(&line);
            }
        }
        acquainted
    }
}
