//! What came into a space of an org that moved since.

use super::*;
use crate::trust::{Audience, Becomes, Org, OrgChange, Space};

impl World {
    /// As [`World::written`], in a space of FENGDU alone.
    fn written_at_home(covered: Covered) -> (Self, ChangeId) {
        let mut world = World::new();
        world.space = Space::of(org(FENGDU), Audience::City);
        world.logs = vec![world.federation.log(org(FENGDU), &world.space, 1)];
        let change = world.write(0, "秘书", &[], vec![topic("走访")]);
        world.held[0].covered = covered;
        (world, change)
    }

    /// The city takes FENGDU from the county, having seen the county's witness log up to `cut`.
    fn moves(&mut self, cut: Option<u64>) {
        let known = self.directory.org(&org(FENGDU)).expect("is known").clone();
        let keeps = [
            Purpose::Authority,
            Purpose::Node,
            Purpose::Witness,
            Purpose::Person,
        ];
        let mut keeps: Vec<_> = self
            .federation
            .statements()
            .iter()
            .filter(|s| s.issuer().org == org(COUNTY))
            .filter(|s| {
                s.appointment()
                    .is_some_and(|a| a.org == org(FENGDU) && keeps.contains(&a.purpose))
            })
            .map(|s| s.id().tag())
            .collect();
        keeps.sort_unstable();
        let cut = cut.map(|index| Cut {
            origin: cover(0, 0, 0, 0).origin,
            index,
        });
        let change = OrgChange {
            org: known.id,
            generation: 2,
            becomes: Becomes::Moved {
                org: Org {
                    parent: Some(org(CITY)),
                    ..known
                },
                under: 1,
            },
            from: START,
            words: "市直管".into(),
            cut: cut.into_iter().collect(),
            keeps,
            hands: Vec::new(),
        };
        self.states(CITY, Body::OrgChange(change));
        assert!(
            self.directory.faults().is_empty(),
            "{:?}",
            self.directory.faults()
        );
    }
}

#[test]
fn what_was_witnessed_before_a_space_closed_counts_and_the_rest_waits_for_who_closed_it() {
    let rows: &[Row] = &[
        (
            "design 6: what the old parent had witnessed counts",
            || {
                let (mut world, change) = World::written_at_home(seen(3, 1));
                world.moves(Some(3));
                (world, change)
            },
            "counts",
        ),
        (
            "design 6: what it witnessed later waits",
            || {
                let (mut world, change) = World::written_at_home(seen(4, 1));
                world.moves(Some(3));
                (world, change)
            },
            "contested: closed",
        ),
        (
            "design 6: what nobody witnessed waits",
            || {
                let (mut world, change) = World::written_at_home(Covered::default());
                world.moves(Some(3));
                (world, change)
            },
            "contested: closed",
        ),
        (
            "the org itself does not adopt what it wrote late",
            || {
                let (mut world, change) = World::written_at_home(seen(4, 1));
                world.moves(Some(3));
                world.adopts_by(FENGDU, change);
                (world, change)
            },
            "contested: closed",
        ),
        (
            "nor does the parent that it left",
            || {
                let (mut world, change) = World::written_at_home(seen(4, 1));
                world.moves(Some(3));
                world.adopts_by(COUNTY, change);
                (world, change)
            },
            "contested: closed",
        ),
        (
            "who stated the change does",
            || {
                let (mut world, change) = World::written_at_home(seen(4, 1));
                world.moves(Some(3));
                world.adopts_by(CITY, change);
                (world, change)
            },
            "adopted by a statement",
        ),
    ];
    check(rows);
}
