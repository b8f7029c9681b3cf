//! One pass of judging: every statement by the rules of `docs/spec`, T-3 to T-30, against what the pass before found to be
//! revoked and adopted.

use std::collections::{BTreeMap, BTreeSet};

use super::Directory;
use super::effects::Effects;
use super::fault::StatementFault;
use super::places::Tree;
use crate::id::{OrgId, StatementId};
use crate::keys::PublicKey;
use crate::time::Timestamp;
use crate::trust::{
    Appointment, Body, FoundingStatement, Issuer, Level, MayAppoint, Org, Purpose, Revocation, Role,
    RootAuthority, SignedStatement, Space, Validity,
};

/// What an issuer may give, until when, and how many appointments stand above what it issues.
struct Powers<'a> {
    length: usize,
    may_appoint: &'a MayAppoint,
    validity: &'a Validity,
}

/// What a second purpose of a key does.
#[derive(Debug, Default)]
pub(super) struct Misused {
    /// Appointments that give a key a second purpose.
    pub(super) statements: BTreeSet<StatementId>,
    /// Of each such key the appointment that names its purpose and all that this rests on; none where it speaks for the root.
    pub(super) named: BTreeMap<PublicKey, BTreeSet<StatementId>>,
}

/// One pass of judging over a fixed set of statements.
pub(super) struct Judge<'a> {
    founding: &'a FoundingStatement,
    /// Who spoke for the root, from the founding statement on.
    roots: &'a [RootAuthority],
    /// What the pass before found; none where it is asked what a key is for.
    pub(super) effects: Option<&'a Effects>,
    /// Statements that carry a succession which is not in the line of `roots`, with what is wrong.
    not_successors: &'a BTreeMap<StatementId, StatementFault>,
    pub(super) statements: &'a BTreeMap<StatementId, SignedStatement>,
    unproved: &'a BTreeSet<StatementId>,
    /// Appointments that give a key a second purpose.
    misused: &'a BTreeSet<StatementId>,
    pub(super) tree: Tree,
    /// What stands, with the length of its chain, and what does not.
    pub(super) memo: BTreeMap<StatementId, Result<usize, StatementFault>>,
}

impl<'a> Judge<'a> {
    /// Orgs come first, from the root down, because reach is judged by the tree.
    pub(super) fn over(
        directory: &'a Directory,
        line: &'a super::effects::Line,
        effects: Option<&'a Effects>,
        misused: &'a BTreeSet<StatementId>,
    ) -> Self {
        let root = directory.founding.founding().root.clone();
        let mut judge = Judge {
            founding: &directory.founding,
            roots: &line.roots,
            not_successors: &line.faults,
            effects,
            statements: &directory.statements,
            unproved: &directory.unproved,
            misused,
            tree: Tree {
                orgs: BTreeMap::from([(root.id, root)]),
                moved: BTreeMap::new(),
            },
            memo: BTreeMap::new(),
        };
        judge.settle_orgs();
        judge
    }

    /// The appointments that are of another purpose than the first issued one of their key that stands (then the one with
    /// the smaller id), those that do not stand yet, too: they may once another description of an org is in force. The
    /// keys that speak for the root are authorities' before all. Asked without [`Effects`]: a key signed for each of its
    /// purposes itself, and could else, as an authority, revoke or adopt what decides about it, so that judging never came
    /// to rest.
    pub(super) fn misused(&mut self) -> Misused {
        let statements = self.statements;
        let posts = || {
            statements
                .values()
                .filter_map(|statement| Some((statement, statement.appointment()?)))
        };
        let mut first: BTreeMap<PublicKey, (Option<(Timestamp, StatementId)>, Purpose)> = BTreeMap::new();
        for root in self.roots {
            first.insert(root.key, (None, Purpose::Authority));
        }
        for (statement, appointment) in posts() {
            if self.statement(&statement.id()).is_err() {
                continue;
            }
            let found = (
                Some((statement.issuer().issued, statement.id())),
                appointment.purpose,
            );
            let kept = first.entry(appointment.key).or_insert(found);
            if found.0 < kept.0 {
                *kept = found;
            }
        }
        let mut misused = Misused::default();
        let mut naming: BTreeMap<PublicKey, StatementId> = BTreeMap::new();
        for (statement, appointment) in posts() {
            match first.get(&appointment.key) {
                Some((named, purpose)) if *purpose != appointment.purpose => {
                    misused.statements.insert(statement.id());
                    naming.extend(named.map(|(_, by)| (appointment.key, by)));
                }
                _ => {}
            }
        }
        if !naming.is_empty() {
            let described = self.described();
            let rest = naming
                .iter()
                .map(|(key, by)| (*key, self.rests_on(by, &described)));
            misused.named = rest.collect();
        }
        misused
    }

    /// The statements that stand and describe an org, or say what became of it.
    fn described(&mut self) -> BTreeMap<OrgId, Vec<StatementId>> {
        let mut described: BTreeMap<OrgId, Vec<StatementId>> = BTreeMap::new();
        for (id, statement) in self.statements {
            let org = match statement.body() {
                Body::Org(org) => org.id,
                Body::OrgChange(change) => change.org,
                _ => continue,
            };
            if self.statement(id).is_ok() {
                described.entry(org).or_default().push(*id);
            }
        }
        described
    }

    /// What a statement rests on, itself included: the chain above it, the descriptions of the orgs that are named there and
    /// of those above, and what these rest on.
    fn rests_on(
        &self,
        id: &StatementId,
        described: &BTreeMap<OrgId, Vec<StatementId>>,
    ) -> BTreeSet<StatementId> {
        let (mut found, mut orgs) = (BTreeSet::new(), BTreeSet::new());
        let mut todo = vec![*id];
        while let Some(id) = todo.pop() {
            let Some(statement) = self.statements.get(&id).filter(|_| found.insert(id)) else {
                continue;
            };
            todo.extend(statement.issuer().appointment);
            let named = [
                Some(statement.issuer().org),
                statement.appointment().map(|post| post.org),
            ];
            for org in named.into_iter().flatten() {
                for org in std::iter::once(org).chain(self.above(&org)) {
                    if orgs.insert(org) {
                        todo.extend(described.get(&org).into_iter().flatten());
                    }
                }
            }
        }
        found
    }

    /// Adds orgs rank by rank. Those of a rank are known when all above are; first they take the places that changes give
    /// them, and then their authorities describe others. So what is decided of an org rests on ranks above it alone. Of two
    /// descriptions of one org the later issued stands, then the smaller id; its parent is part of its id, so nobody else
    /// can describe it.
    fn settle_orgs(&mut self) {
        let mut descriptions: BTreeMap<OrgId, Vec<&'a SignedStatement>> = BTreeMap::new();
        let mut changes: BTreeMap<OrgId, Vec<&'a SignedStatement>> = BTreeMap::new();
        for statement in self.statements.values() {
            match statement.body() {
                Body::Org(_) => descriptions
                    .entry(statement.issuer().org)
                    .or_default()
                    .push(statement),
                Body::OrgChange(change) => changes.entry(change.org).or_default().push(statement),
                _ => {}
            }
        }
        for described in descriptions.values_mut() {
            described.sort_by_key(|s| (std::cmp::Reverse(s.issuer().issued), s.id()));
        }
        for rank in 1..=Level::Station.rank() {
            let of_rank: Vec<OrgId> = self
                .tree
                .orgs
                .values()
                .filter(|org| org.level.rank() == rank)
                .map(|org| org.id)
                .collect();
            if of_rank.is_empty() {
                continue;
            }
            // What was pending for want of an org may stand now.
            self.memo.retain(|_, verdict| verdict.is_ok());
            if of_rank.iter().any(|org| changes.contains_key(org)) {
                self.settle_places(&of_rank, &changes, &descriptions);
            }
            for org in of_rank {
                self.settle_children(descriptions.get(&org).map_or(&[], Vec::as_slice));
            }
        }
        self.memo.retain(|_, verdict| verdict.is_ok());
    }

    /// The orgs that one org describes, by its descriptions in the order in which they count.
    fn settle_children(&mut self, described: &[&SignedStatement]) {
        let mut found: BTreeMap<OrgId, Org> = BTreeMap::new();
        for statement in described {
            if let Body::Org(org) = statement.body()
                && !self.tree.orgs.contains_key(&org.id)
                && !found.contains_key(&org.id)
                && self.statement(&statement.id()).is_ok()
            {
                found.insert(org.id, org.clone());
            }
        }
        self.tree.orgs.extend(found);
    }

    /// Judges a statement after all that it rests on, from the founding statement downward: what is said of a statement
    /// never depends on who asked first. Chains are followed in a loop, because a hostile one may be long.
    pub(super) fn statement(&mut self, id: &StatementId) -> Result<usize, StatementFault> {
        let mut line = Vec::new();
        let mut above = Some(*id);
        while let Some(id) = above.filter(|id| !self.memo.contains_key(id)) {
            line.push(id);
            above = self
                .statements
                .get(&id)
                .and_then(|statement| statement.issuer().appointment);
        }
        for id in line.iter().rev() {
            let verdict = self.judge(id);
            self.memo.insert(*id, verdict);
        }
        self.memo
            .get(id)
            .cloned()
            .unwrap_or(Err(StatementFault::IssuerUnknown(*id)))
    }

    fn judge(&self, id: &StatementId) -> Result<usize, StatementFault> {
        let statement = self
            .statements
            .get(id)
            .ok_or(StatementFault::IssuerUnknown(*id))?;
        let issuer = statement.issuer();
        if issuer.founding != self.founding.id() {
            return Err(StatementFault::OtherFederation);
        }
        let is_succession = matches!(statement.body(), Body::Succession(_));
        if is_succession && let Some(fault) = self.not_successors.get(id) {
            return Err(fault.clone());
        }
        let Powers {
            length,
            may_appoint,
            validity,
        } = self.powers(issuer)?;
        if length >= Directory::CHAIN_MAX {
            return Err(StatementFault::Content("the chain of appointments is too long"));
        }
        // The line of successions is settled by the founders' signatures alone.
        if !is_succession {
            self.judge_authority(id, issuer)?;
        }
        match statement.body() {
            Body::Org(org) => self.judge_org(org, issuer, may_appoint)?,
            Body::Appointment(appointment) => {
                self.judge_appointment(appointment, issuer, may_appoint, validity)?;
                if self.unproved.contains(id) {
                    return Err(StatementFault::Possession);
                }
                if self.misused.contains(id) {
                    return Err(StatementFault::Purpose);
                }
            }
            Body::JointSpace(space) => self.judge_joint(space, issuer)?,
            Body::RootWitnesses(children) => self.judge_witnesses(children, issuer)?,
            Body::Revocation(revocation) => self.judge_revocation(id, revocation, issuer)?,
            Body::Adoption(adoption) => adoption.check().map_err(StatementFault::Content)?,
            Body::Policy(policy) => {
                self.of_root(issuer)?;
                policy.check().map_err(StatementFault::Content)?;
            }
            Body::Succession(_) => {}
            Body::OrgChange(change) => self.judge_change(id, change, issuer)?,
        }
        Ok(length + 1)
    }

    /// What the issuer may give, and until when, if it is an authority of the org it speaks for. Its own appointment was
    /// judged before.
    fn powers(&self, issuer: &Issuer) -> Result<Powers<'a>, StatementFault> {
        let not_authority = || StatementFault::NotAuthority(issuer.org);
        let Some(id) = &issuer.appointment else {
            // Of a key that was confirmed by a succession, the later word.
            let root = self.roots.iter().rev().find(|root| root.key == issuer.key);
            let root = root.filter(|_| issuer.org == self.founding.founding().root.id);
            let root = root.ok_or_else(not_authority)?;
            return Ok(Powers {
                length: 0,
                may_appoint: &root.may_appoint,
                validity: &root.validity,
            });
        };
        let length = match self.memo.get(id) {
            Some(Ok(length)) => *length,
            None => return Err(StatementFault::IssuerUnknown(*id)),
            // The root of the trouble is named, not every step on the way to it.
            Some(Err(fault @ (StatementFault::IssuerUnknown(_) | StatementFault::Issuer(_)))) => {
                return Err(fault.clone());
            }
            Some(Err(fault)) => return Err(StatementFault::Issuer(Box::new(fault.clone()))),
        };
        let statements = self.statements;
        let appointment = statements
            .get(id)
            .and_then(SignedStatement::appointment)
            .ok_or_else(not_authority)?;
        let may_appoint = appointment.may_appoint.as_ref().ok_or_else(not_authority)?;
        if appointment.purpose != Purpose::Authority
            || appointment.key != issuer.key
            || appointment.org != issuer.org
        {
            return Err(not_authority());
        }
        Ok(Powers {
            length,
            may_appoint,
            validity: &appointment.validity,
        })
    }

    /// Whether the authority under which it was issued still speaks: not revoked, or this goes on standing, or an authority
    /// above adopted it.
    fn judge_authority(&self, id: &StatementId, issuer: &Issuer) -> Result<(), StatementFault> {
        let Some(effects) = self.effects else {
            return Ok(());
        };
        let contested = match &issuer.appointment {
            Some(appointment) => effects
                .revoked(appointment)
                .iter()
                .find(|revoked| !revoked.keeps_statement(id))
                .map(|revoked| revoked.by),
            None => self.superseded(id, issuer),
        };
        let Some(by) = contested else {
            return self.judge_kept(id, issuer);
        };
        let length = self.length(id);
        let adopted = effects
            .adopters(id)
            .iter()
            .any(|adopter| self.reaches(&adopter.org, adopter.length, &issuer.org, length));
        if adopted && !self.is_adoption(id) {
            return self.judge_kept(id, issuer);
        }
        Err(StatementFault::Contested(by))
    }

    /// The succession after which this statement of an earlier authority of the root stands no more.
    fn superseded(&self, id: &StatementId, issuer: &Issuer) -> Option<StatementId> {
        let last = self.roots.iter().rposition(|root| root.key == issuer.key)?;
        let next = self.roots.get(last + 1)?;
        (!next.keeps.contains(&id.tag())).then_some(next.by)
    }

    fn is_adoption(&self, id: &StatementId) -> bool {
        let statement = self.statements.get(id);
        statement.is_some_and(|statement| matches!(statement.body(), Body::Adoption(_)))
    }

    /// How many statements a chain has from this one up, standing or not; hashes allow no cycle.
    pub(super) fn length(&self, id: &StatementId) -> usize {
        let above = |id: &StatementId| self.statements.get(id)?.issuer().appointment;
        let chain = std::iter::successors(Some(*id), above);
        chain.take(Directory::CHAIN_MAX + 1).count()
    }

    /// Whether what `org` states, at the end of a chain of `length`, reaches a statement that was issued in the name of
    /// `issuer` at the end of a chain of `target`: from above, or in the same org from no lower place. So nobody takes from
    /// those on whom they rest, and what is decided first never rests on what is decided later.
    pub(super) fn reaches(&self, org: &OrgId, length: usize, issuer: &OrgId, target: usize) -> bool {
        if org == issuer {
            return length <= target;
        }
        self.above(issuer).any(|above| above == *org)
    }

    /// The orgs that stand above `org`, or ever did: what was decided from above is not undone by a change of the tree.
    pub(super) fn above(&self, org: &OrgId) -> impl Iterator<Item = OrgId> + use<> {
        self.tree.ever_above(org).into_iter()
    }

    /// What a statement appoints to, standing or not.
    pub(super) fn appointment(&self, id: &StatementId) -> Option<&Appointment> {
        self.statements.get(id)?.appointment()
    }

    fn judge_revocation(
        &self,
        id: &StatementId,
        revocation: &Revocation,
        issuer: &Issuer,
    ) -> Result<(), StatementFault> {
        revocation.check().map_err(StatementFault::Content)?;
        let target = &revocation.appointment;
        let revoked = self
            .statements
            .get(target)
            .ok_or(StatementFault::TargetUnknown(*target))?;
        let Some(appointment) = revoked.appointment() else {
            return Err(StatementFault::Content("only appointments are revoked"));
        };
        if appointment.purpose != Purpose::Authority && !revocation.keeps.is_empty() {
            return Err(StatementFault::Content(
                "only of an authority statements go on standing",
            ));
        }
        let issued_by = &revoked.issuer().org;
        if !self.tree.orgs.contains_key(issued_by) {
            return Err(StatementFault::OrgUnknown(*issued_by));
        }
        // The line to which an org came takes back what the one that it left appointed there.
        if self.reaches(&issuer.org, self.length(id), issued_by, self.length(target))
            || self.came_below(&appointment.org, &issuer.org)
        {
            Ok(())
        } else {
            Err(StatementFault::OutOfReach(*issued_by))
        }
    }

    fn of_root(&self, issuer: &Issuer) -> Result<(), StatementFault> {
        let root = self.founding.founding().root.id;
        if issuer.org == root {
            Ok(())
        } else {
            Err(StatementFault::OutOfReach(root))
        }
    }

    fn judge_witnesses(&self, children: &[OrgId], issuer: &Issuer) -> Result<(), StatementFault> {
        self.of_root(issuer)?;
        let root = self.founding.founding().root.id;
        for child in children {
            match self.tree.orgs.get(child) {
                None => return Err(StatementFault::OrgUnknown(*child)),
                Some(_) if self.tree.parents(child).contains(&root) => {}
                Some(_) => return Err(StatementFault::OutOfReach(*child)),
            }
        }
        Ok(())
    }

    fn judge_org(&self, org: &Org, issuer: &Issuer, powers: &MayAppoint) -> Result<(), StatementFault> {
        org.check()
            .map_err(|_| StatementFault::Content("the description of the org is not valid"))?;
        if org.parent != Some(issuer.org) {
            return Err(StatementFault::OutOfReach(org.id));
        }
        let parent = self
            .tree
            .orgs
            .get(&issuer.org)
            .ok_or(StatementFault::OrgUnknown(issuer.org))?;
        if org.level.rank() <= parent.level.rank() {
            return Err(StatementFault::Content(
                "an org stands at a lower level than its parent",
            ));
        }
        if powers.depth == 0 {
            return Err(StatementFault::Depth);
        }
        if !org.id.is_minted_for(&issuer.org)
            && !self
                .tree
                .moved
                .get(&org.id)
                .is_some_and(|places| places.parents().any(|parent| parent == issuer.org))
        {
            return Err(StatementFault::Content(
                "the id of the org was not minted for this parent",
            ));
        }
        Ok(())
    }

    fn judge_appointment(
        &self,
        appointment: &Appointment,
        issuer: &Issuer,
        powers: &MayAppoint,
        validity: &Validity,
    ) -> Result<(), StatementFault> {
        let org = self
            .tree
            .orgs
            .get(&appointment.org)
            .ok_or(StatementFault::OrgUnknown(appointment.org))?;
        let own = org.id == issuer.org;
        if !own && !self.tree.parents(&org.id).contains(&issuer.org) {
            return Err(StatementFault::OutOfReach(org.id));
        }
        if appointment.name.len() > Appointment::NAME_MAX || !appointment.roles.is_sorted_by(|a, b| a < b) {
            return Err(StatementFault::Content("name too long, or roles not sorted"));
        }
        if appointment.key == issuer.key {
            return Err(StatementFault::Content("a key does not appoint itself"));
        }
        if !powers.covers(&appointment.roles) {
            return Err(StatementFault::Role);
        }
        if !validity.contains(&appointment.validity) {
            return Err(StatementFault::Validity);
        }
        if appointment.person.is_some() && appointment.purpose != Purpose::Person {
            return Err(StatementFault::Content(
                "only a person's appointment names a person",
            ));
        }
        match (&appointment.may_appoint, appointment.purpose) {
            (Some(given), Purpose::Authority) => {
                if !appointment.roles.is_empty() {
                    return Err(StatementFault::Content("an authority key holds no roles"));
                }
                if !powers.covers(&given.roles) || !given.roles.is_sorted_by(|a, b| a < b) {
                    return Err(StatementFault::Role);
                }
                let limit = if own {
                    Some(powers.depth)
                } else {
                    powers.depth.checked_sub(1)
                };
                if limit.is_none_or(|limit| given.depth > limit) {
                    return Err(StatementFault::Depth);
                }
            }
            (None, Purpose::Person) => {}
            (None, Purpose::Node | Purpose::Witness) if appointment.roles.is_empty() => {}
            _ => {
                return Err(StatementFault::Content(
                    "purpose, roles and appointing do not fit together",
                ));
            }
        }
        self.judge_seat(appointment, issuer)
    }

    /// A seat goes with the role of a deputy, and no org but the root appoints deputies of a congress above its own.
    fn judge_seat(&self, appointment: &Appointment, issuer: &Issuer) -> Result<(), StatementFault> {
        let fits = match appointment.seat {
            None => !appointment.roles.contains(&Role::Deputy),
            Some(seat) => {
                let issuing = self
                    .tree
                    .orgs
                    .get(&issuer.org)
                    .ok_or(StatementFault::OrgUnknown(issuer.org))?;
                appointment.roles.contains(&Role::Deputy)
                    && (issuing.parent.is_none() || seat.rank() >= issuing.level.rank())
            }
        };
        if fits { Ok(()) } else { Err(StatementFault::Seat) }
    }

    fn judge_joint(&self, space: &Space, issuer: &Issuer) -> Result<(), StatementFault> {
        if space.owner != issuer.org {
            return Err(StatementFault::OutOfReach(space.owner));
        }
        let Some(joint) = space.joint.as_ref().filter(|_| space.is_well_formed()) else {
            return Err(StatementFault::Content(
                "the description of the joint space is not valid",
            ));
        };
        match joint.orgs.iter().find(|org| !self.tree.orgs.contains_key(*org)) {
            Some(org) => Err(StatementFault::OrgUnknown(*org)),
            None => Ok(()),
        }
    }
}
