//! The rules of design 5 on receipts, revocations, expiry and adoptions, and those of trust.md 6 that they follow, one row
//! each: what is said of one change by everything that is held.

use super::*;
use crate::log::{Cover, Covered, witness_log_origin};
use crate::testing::decade;
use crate::trust::{Adoption, Appointment, Cut, Ground, Revocation, Validity};

/// What the judge and the fold say, in a word.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Counts {
            adopted: Some(AdoptedBy::Change(_)),
            ..
        } => "adopted by a change",
        Verdict::Counts {
            adopted: Some(AdoptedBy::Statement(_)),
            ..
        } => "adopted by a statement",
        Verdict::Counts {
            provisional: true, ..
        } => "counts, unwitnessed",
        Verdict::Counts { .. } => "counts",
        Verdict::Pending { .. } => "pending",
        Verdict::Contested {
            reason: ContestReason::Revoked(_),
            ..
        } => "contested: author",
        Verdict::Contested {
            reason: ContestReason::NodeRevoked(_),
            ..
        } => "contested: node",
        Verdict::Contested {
            reason: ContestReason::Authority(_),
            ..
        } => "contested: authority",
        Verdict::Contested {
            reason: ContestReason::Closed(_),
            ..
        } => "contested: closed",
        Verdict::Refused {
            reason: RefusalReason::OutOfTime,
        } => "refused: out of time",
        Verdict::Refused { .. } => "refused",
    }
}

/// A receipt of the county for `group`, at `index` of its witness log of that `epoch`, on the day after START.
fn cover(group: usize, epoch: u8, index: u64, day: i64) -> Cover {
    Cover {
        group,
        by: org(COUNTY),
        time_s: Timestamp(START.0 + day * DAY).seconds(),
        origin: witness_log_origin(&key("990121 node").public(), &[epoch; 16]),
        index,
    }
}

/// What one receipt says.
fn seen(index: u64, day: i64) -> Covered {
    Covered {
        groups: 1,
        covers: vec![cover(0, 0, index, day)],
        before_s: None,
    }
}

fn hard(day: i64) -> Ground {
    let since_s = Some(Timestamp(START.0 + day * DAY).seconds());
    Ground::Hard { since_s }
}

impl World {
    /// A world in which 秘书 of FENGDU wrote one change, which `covered` covers.
    fn written(covered: Covered) -> (Self, ChangeId) {
        let mut world = World::new();
        let change = world.write(0, "秘书", &[], vec![topic("走访")]);
        world.held[0].covered = covered;
        (world, change)
    }

    fn states(&mut self, code: &str, body: Body) -> StatementId {
        let id = self.federation.state(org(code), body);
        self.directory = self.federation.directory();
        id
    }

    /// The authority of `code` revokes, having seen the county's witness log up to `cut`.
    fn revokes(
        &mut self,
        code: &str,
        appointment: StatementId,
        ground: Ground,
        cut: Option<u64>,
    ) -> StatementId {
        let cut = cut.map(|index| Cut {
            origin: cover(0, 0, 0, 0).origin,
            index,
        });
        let revocation = Revocation {
            appointment,
            ground,
            words: "离任".into(),
            cut: cut.into_iter().collect(),
            keeps: Vec::new(),
        };
        self.states(code, Body::Revocation(revocation))
    }

    /// As [`World::revokes`], of 秘书.
    fn ends(&mut self, ground: Ground, cut: Option<u64>) {
        let appointment = self.person("秘书").1;
        self.revokes(FENGDU, appointment, ground, cut);
    }

    /// The county revokes the authority of FENGDU and keeps all that it issued but `lost`.
    fn retires(&mut self, lost: &[StatementId]) {
        let by_fengdu = |s: &&SignedStatement| s.issuer().org == org(FENGDU) && !lost.contains(&s.id());
        let mut keeps: Vec<_> = self
            .federation
            .statements()
            .iter()
            .filter(by_fengdu)
            .map(|s| s.id().tag())
            .collect();
        keeps.sort_unstable();
        let revocation = Revocation {
            appointment: self.federation.keys(org(FENGDU)).appointment.expect("is no root"),
            ground: Ground::Soft,
            words: "换届".into(),
            cut: Vec::new(),
            keeps,
        };
        self.states(COUNTY, Body::Revocation(revocation));
    }

    /// The appointment of a key of the federation.
    fn appointed(&self, label: &str, purpose: Purpose) -> StatementId {
        self.directory
            .appointments_of(&key(label).public(), purpose)
            .next()
            .expect("is appointed")
            .0
    }

    fn joins(&mut self, name: &'static str, code: &str, roles: &[Role]) {
        let person = self.federation.person(org(code), name, roles, None);
        self.people.push((name, person));
        self.directory = self.federation.directory();
    }

    /// `name` adopts `changes` at FENGDU, having seen everything.
    fn adopts(&mut self, name: &str, changes: &[ChangeId]) -> ChangeId {
        let mut changes = changes.to_vec();
        changes.sort_unstable();
        self.next(0, name, vec![Put::event(&Event::Adopt { changes })])
    }

    fn adopts_by(&mut self, code: &str, change: ChangeId) {
        let adoption = Adoption {
            changes: vec![change],
            statements: Vec::new(),
        };
        self.states(code, Body::Adoption(adoption));
    }

    fn word(&self, change: &ChangeId) -> &'static str {
        let state = self.state();
        let item = state.history.iter().find(|item| item.change == *change);
        word(&item.expect("is held").verdict)
    }
}

/// A rule, what happens, and the verdict on the change that is returned.
type Row = (&'static str, fn() -> (World, ChangeId), &'static str);

fn check(rows: &[Row]) {
    for (rule, happens, expected) in rows {
        let (world, change) = happens();
        assert_eq!(world.word(&change), *expected, "{rule}");
    }
}

mod adopting;
mod closed;
mod receipts;
