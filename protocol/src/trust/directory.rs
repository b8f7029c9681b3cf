//! The directory: all statements of trust that a node or an auditor holds, judged from the founding statement downward.
//! Statements may arrive in any order; equal sets give equal answers.

mod effects;
mod fault;
mod holding;
mod judge;
mod moving;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use effects::{Effects, Line};
pub use fault::{AppointmentFault, StatementFault};
use judge::{Judge, Misused};
use places::Tree;

use super::appointment::{Appointment, Purpose, possession_message};
use super::founding::FoundingStatement;
use super::org::{Level, Org};
use super::org_change::Becomes;
use super::revocation::{Policy, Revoked};
use super::space::Space;
use super::statement::{Body, SignedStatement};
use super::succession::RootAuthority;
use crate::id::{ChangeId, OrgId, SpaceId, StatementId};
use crate::keys::PublicKey;
use crate::time::Timestamp;

/// An appointment with what it rests on, up to the founding statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// From the appointment itself to the highest below the founding statement.
    pub links: Vec<StatementId>,
}

/// All statements held, with the founding statement.
#[derive(Debug, Clone)]
pub struct Directory {
    founding: FoundingStatement,
    statements: BTreeMap<StatementId, SignedStatement>,
    /// Appointments whose key did not sign for them. A fact about bytes, so it is established once.
    unproved: BTreeSet<StatementId>,
    /// Derived: what stands. Rebuilt after every insertion that could change it.
    standing: Standing,
}

#[derive(Debug, Clone, Default)]
struct Standing {
    faults: BTreeMap<StatementId, StatementFault>,
    tree: Tree,
    /// The statements that describe an org, or say what became of it.
    described: BTreeMap<OrgId, Vec<StatementId>>,
    children: BTreeMap<OrgId, BTreeSet<OrgId>>,
    by_key: BTreeMap<PublicKey, Vec<StatementId>>,
    joint: BTreeMap<SpaceId, Space>,
    /// By holder of a joint space: its partners and every org above them, whose directories the holder needs.
    acquainted: BTreeMap<OrgId, BTreeSet<OrgId>>,
    /// The latest word of the root on its witnesses, with the statement that says it.
    root_witnesses: Option<(StatementId, BTreeSet<OrgId>)>,
    policies: BTreeMap<StatementId, Policy>,
    /// The latest of them.
    policy: Option<StatementId>,
    effects: Effects,
    roots: Vec<RootAuthority>,
    /// Appointments of keys to another purpose than their first.
    misused: BTreeSet<StatementId>,
    /// Of these keys the appointment that names the first, with what it rests on.
    purposes: BTreeMap<PublicKey, BTreeSet<StatementId>>,
}

impl Directory {
    /// Longest chain of appointments that is followed.
    const CHAIN_MAX: usize = 16;
    /// Most passes of judging: more than there are ranks of decisions, by [`effects`]. Levels that share a rank make up for
    /// the first pass and the last.
    const PASSES_MAX: usize = Level::ALL.len() * Self::CHAIN_MAX * 2;

    /// A directory that knows the founding statement alone.
    pub fn new(founding: FoundingStatement) -> Self {
        let mut directory = Directory {
            founding,
            statements: BTreeMap::new(),
            unproved: BTreeSet::new(),
            standing: Standing::default(),
        };
        directory.judge_all();
        directory
    }

    /// Adds statements. Returns whether any was new.
    pub fn extend(&mut self, statements: impl IntoIterator<Item = SignedStatement>) -> bool {
        let mut grown = false;
        for statement in statements {
            let id = statement.id();
            if self.statements.contains_key(&id) {
                continue;
            }
            if statement
                .appointment()
                .is_some_and(|appointment| !is_proved(&self.founding, appointment))
            {
                self.unproved.insert(id);
            }
            self.statements.insert(id, statement);
            grown = true;
        }
        if grown {
            self.judge_all();
        }
        grown
    }

    /// The founding statement.
    pub fn founding(&self) -> &FoundingStatement {
        &self.founding
    }

    /// The root org's id.
    pub fn root(&self) -> OrgId {
        self.founding.founding().root.id
    }

    /// Every statement held, standing or not, by id.
    pub fn statements(&self) -> impl Iterator<Item = &SignedStatement> {
        self.statements.values()
    }

    /// A statement held.
    pub fn statement(&self, id: &StatementId) -> Option<&SignedStatement> {
        self.statements.get(id)
    }

    /// Statements that do not stand, each with the reason.
    pub fn faults(&self) -> &BTreeMap<StatementId, StatementFault> {
        &self.standing.faults
    }

    /// What is known of an org.
    pub fn org(&self, id: &OrgId) -> Option<&Org> {
        self.standing.tree.orgs.get(id)
    }

    /// Every org known, by id.
    pub fn orgs(&self) -> impl Iterator<Item = &Org> {
        self.standing.tree.orgs.values()
    }

    /// The orgs directly below.
    pub fn children(&self, id: &OrgId) -> impl Iterator<Item = &Org> {
        self.standing
            .children
            .get(id)
            .into_iter()
            .flatten()
            .filter_map(|child| self.org(child))
    }

    /// `id` itself, then the orgs above it up to the root.
    pub fn upward<'a>(&'a self, id: &OrgId) -> impl Iterator<Item = &'a Org> {
        std::iter::successors(self.org(id), |org| {
            org.parent.as_ref().and_then(|parent| self.org(parent))
        })
    }

    /// Whether `above` is `below` or stands above it.
    pub fn is_at_or_above(&self, above: &OrgId, below: &OrgId) -> bool {
        self.upward(below).any(|org| org.id == *above)
    }

    /// The org's nearest org at `level`'s rank, itself included.
    pub fn at_rank(&self, id: &OrgId, level: Level) -> Option<&Org> {
        self.upward(id).find(|org| org.level.rank() == level.rank())
    }

    /// The orgs of which one in each group must witness a log of a node of `org` that names `parent` and `policy`: its parent
    /// (of the root one of its named children), and the orgs above it at the levels of the policy. An org that stood below
    /// this parent at several places has the orgs of each. None while that policy is not here.
    pub fn required_groups(
        &self,
        org: &OrgId,
        parent: Option<&OrgId>,
        policy: Option<&StatementId>,
    ) -> Option<Vec<Vec<OrgId>>> {
        let levels: &[Level] = match policy {
            None => &[],
            Some(id) => &self.standing.policies.get(id)?.levels,
        };
        Some(self.groups(org, parent, levels))
    }

    fn groups(&self, org: &OrgId, parent: Option<&OrgId>, levels: &[Level]) -> Vec<Vec<OrgId>> {
        let Some(described) = self.org(org) else {
            return Vec::new();
        };
        if described.parent.is_none() {
            let named = self.standing.root_witnesses.as_ref();
            return named
                .map(|(_, children)| children.iter().copied().collect())
                .into_iter()
                .collect();
        }
        let last = self.generation(org);
        let below = |line: &Vec<OrgId>| parent.is_some() && line.get(1) == parent;
        let mut lines: Vec<Vec<OrgId>> = (1..=last).map(|place| self.line_at(*org, place)).collect();
        // A log that names no parent of its org counts for nothing (L-7); it has the groups that it should have.
        if lines.iter().any(below) {
            lines.retain(below);
        } else {
            lines = lines.pop().into_iter().collect();
        }
        let Some(parent) = lines.first().and_then(|line| line.get(1)).copied() else {
            return Vec::new();
        };
        let mut groups = vec![vec![parent]];
        for level in levels {
            let is_at = |org: &&OrgId| self.org(org).is_some_and(|org| org.level.rank() == level.rank());
            let above = lines.iter().filter_map(|line| line[1..].iter().find(is_at));
            let group: BTreeSet<OrgId> = above.copied().collect();
            if !group.is_empty() && !group.contains(&parent) {
                groups.push(group.into_iter().collect());
            }
        }
        groups
    }

    /// The orgs that may be asked to witness logs of a node of `org`, by whatever policy stands, and below whatever parent
    /// they were begun.
    pub fn required_witnesses(&self, org: &OrgId) -> Vec<OrgId> {
        let levels: BTreeSet<Level> = self
            .standing
            .policies
            .values()
            .flat_map(|policy| policy.levels.iter().copied())
            .collect();
        let levels: Vec<Level> = levels.into_iter().collect();
        let parents = match self.standing.tree.parents(org) {
            none if none.is_empty() => vec![None],
            parents => parents.into_iter().map(Some).collect(),
        };
        let mut witnesses: Vec<OrgId> = Vec::new();
        for witness in parents
            .iter()
            .flat_map(|parent| self.groups(org, parent.as_ref(), &levels))
            .flatten()
        {
            if !witnesses.contains(&witness) {
                witnesses.push(witness);
            }
        }
        witnesses
    }

    /// The policy on witnesses that a new log names: of those that stand the latest issued.
    pub fn policy(&self) -> Option<StatementId> {
        self.standing.policy
    }

    /// A policy that stands.
    pub fn policy_of(&self, id: &StatementId) -> Option<&Policy> {
        self.standing.policies.get(id)
    }

    /// Who spoke for the root, from the founding statement on; the last does now.
    pub fn root_authorities(&self) -> &[RootAuthority] {
        &self.standing.roots
    }

    /// Revocations that stand against an appointment, by id: those that name it, and those that name another one of its key
    /// in its org because the key is in other hands.
    pub fn revoked(&self, appointment: &StatementId) -> Vec<&Revoked> {
        self.standing.effects.revoked(appointment)
    }

    /// The statement by which an authority at or above `org` adopted a change, if one did.
    pub fn adopted(&self, change: &ChangeId, org: &OrgId) -> Option<StatementId> {
        let adoptions = self.standing.effects.adoptions(change);
        let by = adoptions.iter().find(|(_, by)| self.was_at_or_above(by, org));
        by.map(|(id, _)| *id)
    }

    /// Whether the key was ever appointed as a node of `org`. What it signed is judged by its revocations.
    pub fn was_node_of(&self, key: &PublicKey, org: &OrgId) -> bool {
        self.appointments_of(key, Purpose::Node)
            .any(|(_, appointment)| appointment.org == *org)
    }

    /// An appointment of the key as a node of `org` that an authority issued which was revoked since, and that waits for an
    /// adoption.
    pub fn contested_node(&self, key: &PublicKey, org: &OrgId) -> Option<StatementId> {
        let mut faults = self.standing.faults.iter();
        let contested = faults.find(|(id, fault)| {
            let appointment = self.statements.get(id).and_then(SignedStatement::appointment);
            fault.is_contested()
                && appointment.is_some_and(|a| a.purpose == Purpose::Node && a.key == *key && a.org == *org)
        });
        contested.map(|(id, _)| *id)
    }

    /// The statement that names the witnesses of the root: of those that stand the latest issued, then the smaller id.
    pub fn root_witnesses(&self) -> Option<StatementId> {
        self.standing.root_witnesses.as_ref().map(|(id, _)| *id)
    }

    /// The appointment with this id, if it stands.
    pub fn appointment(&self, id: &StatementId) -> Result<&Appointment, AppointmentFault> {
        let statement = self.statements.get(id).ok_or(AppointmentFault::Unknown(*id))?;
        if let Some(fault) = self.standing.faults.get(id) {
            return Err(AppointmentFault::DoesNotStand(*id, fault.clone()));
        }
        statement.appointment().ok_or(AppointmentFault::DoesNotStand(
            *id,
            StatementFault::Content("is not an appointment"),
        ))
    }

    /// Standing appointments of `key` for `purpose`.
    pub fn appointments_of(
        &self,
        key: &PublicKey,
        purpose: Purpose,
    ) -> impl Iterator<Item = (StatementId, &Appointment)> {
        self.standing
            .by_key
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|id| self.statements.get(id)?.appointment().map(|a| (*id, a)))
            .filter(move |(_, appointment)| appointment.purpose == purpose)
    }

    /// The appointment with this id, if it stands or did until what it rests on was revoked.
    pub fn ever(&self, id: &StatementId) -> Result<&Appointment, AppointmentFault> {
        match self.appointment(id) {
            Err(AppointmentFault::DoesNotStand(_, fault)) if fault.is_contested() => {
                let statement = self.statements.get(id).and_then(SignedStatement::appointment);
                statement.ok_or(AppointmentFault::Unknown(*id))
            }
            other => other,
        }
    }

    /// Appointments of `key` for `purpose` that stand or did until what they rest on was revoked. For what no later verdict
    /// undoes.
    pub fn ever_appointed(
        &self,
        key: &PublicKey,
        purpose: Purpose,
    ) -> impl Iterator<Item = (StatementId, &Appointment)> {
        let contested = self.standing.faults.iter();
        let contested = contested.filter(|(_, fault)| fault.is_contested());
        let of_key = contested
            .filter_map(|(id, _)| Some((*id, self.statements.get(id)?.appointment()?)))
            .filter(move |(_, appointment)| appointment.purpose == purpose && appointment.key == *key);
        let of_key: Vec<_> = of_key.collect();
        self.appointments_of(key, purpose).chain(of_key)
    }

    /// Orgs that have a node in force.
    pub fn nodes_in_force(&self) -> BTreeSet<OrgId> {
        let keys = self.standing.by_key.keys();
        keys.filter_map(|key| self.node_org(key)).collect()
    }

    /// The org that a node key serves now: by an appointment that is not revoked.
    pub fn node_org(&self, key: &PublicKey) -> Option<OrgId> {
        self.appointments_of(key, Purpose::Node)
            .find(|(id, _)| self.revoked(id).is_empty())
            .map(|(_, appointment)| appointment.org)
    }

    /// The chain from an appointment up to the founding statement.
    pub fn chain(&self, id: &StatementId) -> Result<Chain, AppointmentFault> {
        self.appointment(id)?;
        let mut links = vec![*id];
        while let Some(next) = links
            .last()
            .and_then(|last| self.statements.get(last))
            .and_then(|statement| statement.issuer().appointment)
        {
            links.push(next);
        }
        Ok(Chain { links })
    }

    /// The statements that a stranger needs to judge `ids`: their chains, the orgs they speak of up to the root, what revokes
    /// or adopts any of these, and every succession at the root. Sorted by id.
    pub fn closure(&self, ids: impl IntoIterator<Item = StatementId>) -> Vec<&SignedStatement> {
        self.closure_by(&self.adopting(), ids)
    }

    /// The same, by the adoptions of each statement.
    fn closure_by(
        &self,
        adopting: &BTreeMap<StatementId, Vec<StatementId>>,
        ids: impl IntoIterator<Item = StatementId>,
    ) -> Vec<&SignedStatement> {
        let mut wanted = BTreeSet::new();
        let mut orgs = BTreeSet::new();
        let mut todo: Vec<StatementId> = ids.into_iter().collect();
        todo.extend(self.standing.roots.iter().filter_map(|root| root.carried_by));
        while let Some(id) = todo.pop() {
            let Some(statement) = self.statements.get(&id) else {
                continue;
            };
            if !wanted.insert(id) {
                continue;
            }
            todo.extend(statement.issuer().appointment);
            todo.extend(self.revoked(&id).iter().map(|revoked| revoked.by));
            todo.extend(adopting.get(&id).into_iter().flatten());
            let mut named = vec![statement.issuer().org];
            match statement.body() {
                Body::Appointment(appointment) => named.push(appointment.org),
                Body::JointSpace(Space {
                    joint: Some(joint), ..
                }) => named.extend(&joint.orgs),
                Body::RootWitnesses(children) => named.extend(children),
                Body::Org(org) => named.extend(org.parent),
                Body::Revocation(revocation) => todo.push(revocation.appointment),
                Body::OrgChange(change) => {
                    named.push(change.org);
                    match &change.becomes {
                        Becomes::Moved { org, .. } => named.extend(org.parent),
                        Becomes::Succeeded { by } => named.extend(by.iter().map(|placed| placed.org)),
                    }
                }
                Body::JointSpace(_) | Body::Adoption(_) | Body::Policy(_) | Body::Succession(_) => {}
            }
            for org in named.iter().flat_map(|org| self.ever_upward(org)) {
                if orgs.insert(org) {
                    todo.extend(self.standing.described.get(&org).into_iter().flatten());
                }
            }
        }
        wanted.iter().filter_map(|id| self.statements.get(id)).collect()
    }

    /// The standing adoptions, by the statement that they are about.
    fn adopting(&self) -> BTreeMap<StatementId, Vec<StatementId>> {
        let mut adopting: BTreeMap<StatementId, Vec<StatementId>> = BTreeMap::new();
        for (id, statement) in &self.statements {
            if let Body::Adoption(adoption) = statement.body()
                && !self.standing.faults.contains_key(id)
            {
                for adopted in &adoption.statements {
                    adopting.entry(*adopted).or_default().push(*id);
                }
            }
        }
        adopting
    }

    /// Of an appointment to another purpose than its key has the one that names this, and all that it rests on where nothing
    /// is contested; none where the key speaks for the root.
    pub fn names_purpose(&self, id: &StatementId) -> Option<&BTreeSet<StatementId>> {
        let misused = self.standing.misused.get(id)?;
        let post = self.statements.get(misused)?.appointment()?;
        self.standing.purposes.get(&post.key)
    }

    /// Statements by which others are judged whether or not they stand: what a standing revocation names, the chains
    /// above that, and what names the purpose of a key that was appointed to another one, too, with all that it rests on.
    pub fn bearing(&self) -> BTreeSet<StatementId> {
        let revoking = |(id, statement): (&StatementId, &SignedStatement)| match statement.body() {
            Body::Revocation(revocation) if !self.standing.faults.contains_key(id) => {
                Some(revocation.appointment)
            }
            _ => None,
        };
        let revoked = self.statements.iter().filter_map(revoking);
        let mut found = BTreeSet::new();
        for id in revoked {
            let mut next = Some(id);
            while let Some(id) = next.filter(|id| found.insert(*id)) {
                next = self
                    .statements
                    .get(&id)
                    .and_then(|statement| statement.issuer().appointment);
            }
        }
        found.extend(self.standing.purposes.values().flatten().copied());
        found
    }

    /// Judges every statement. First without asking what else a key is for, nor what was revoked, to find the appointments
    /// that give a key a second purpose; so what rests on such an appointment cannot decide about it. Then in passes, until
    /// one finds the revocations and adoptions that the one before found.
    fn judge_all(&mut self) {
        let line = Line::of(self);
        let misused = self.misused(&line);
        let mut effects = Effects::default();
        let mut standing = Standing::default();
        for _ in 0..Self::PASSES_MAX {
            let found;
            (standing, found) = self.pass(&line, &misused.statements, &effects);
            if found == effects {
                break;
            }
            effects = found;
        }
        standing.effects = effects;
        standing.misused = misused.statements;
        standing.purposes = misused.named;
        standing.roots = line.roots;
        self.standing = standing;
        self.standing.acquainted = self.acquainted();
    }

    fn misused(&self, line: &Line) -> Misused {
        Judge::over(self, line, None, &BTreeSet::new()).misused()
    }

    /// What stands by `effects`, and the effects that this has.
    fn pass(&self, line: &Line, misused: &BTreeSet<StatementId>, effects: &Effects) -> (Standing, Effects) {
        let mut judge = Judge::over(self, line, Some(effects), misused);
        let found = Effects::of(&mut judge, &self.statements);
        (self.standing_by(&mut judge), found)
    }

    fn standing_by(&self, judge: &mut Judge<'_>) -> Standing {
        let mut standing = Standing::default();
        let mut witnesses = Latest::default();
        let mut policy = Latest::default();
        for (id, statement) in &self.statements {
            match judge.statement(id) {
                Err(fault) => drop(standing.faults.insert(*id, fault)),
                Ok(_) => match statement.body() {
                    Body::Appointment(appointment) => {
                        standing.by_key.entry(appointment.key).or_default().push(*id);
                    }
                    Body::JointSpace(space) => drop(standing.joint.insert(space.id(), space.clone())),
                    Body::RootWitnesses(children) => {
                        if witnesses.is_beaten_by(statement) {
                            standing.root_witnesses = Some((*id, children.iter().copied().collect()));
                        }
                    }
                    Body::Policy(levels) => {
                        standing.policies.insert(*id, levels.clone());
                        if policy.is_beaten_by(statement) {
                            standing.policy = Some(*id);
                        }
                    }
                    Body::Org(org) => standing.described.entry(org.id).or_default().push(*id),
                    Body::OrgChange(change) => standing.described.entry(change.org).or_default().push(*id),
                    Body::Revocation(_) | Body::Adoption(_) | Body::Succession(_) => {}
                },
            }
        }
        standing.tree = std::mem::take(&mut judge.tree);
        for org in standing.tree.orgs.values() {
            if let Some(parent) = org.parent {
                standing.children.entry(parent).or_default().insert(org.id);
            }
        }
        standing
    }
}

/// Of several words on one thing the latest issued counts alone, then the one with the smaller id.
#[derive(Default)]
struct Latest(Option<(std::cmp::Reverse<Timestamp>, StatementId)>);

impl Latest {
    fn is_beaten_by(&mut self, statement: &SignedStatement) -> bool {
        let rank = (std::cmp::Reverse(statement.issuer().issued), statement.id());
        let beaten = self.0.is_none_or(|best| rank < best);
        if beaten {
            self.0 = Some(rank);
        }
        beaten
    }
}

/// Whether the appointed key signed for its appointment in this federation, org and purpose.
fn is_proved(founding: &FoundingStatement, appointment: &Appointment) -> bool {
    let message = possession_message(&founding.id(), &appointment.org, appointment.purpose);
    appointment
        .key
        .verify(Appointment::POSSESSION_DOMAIN, &message, &appointment.possession)
        .is_ok()
}

#[cfg(test)]
mod tests;
