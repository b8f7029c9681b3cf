//! The directory: all statements of trust that a node or an auditor holds, judged from the founding statement downward.
//! Statements may arrive in any order; equal sets give equal answers.

use std::collections::{BTreeMap, BTreeSet};

use super::appointment::{Appointment, MayAppoint, Purpose, Validity, possession_message};
use super::founding::FoundingStatement;
use super::org::{Level, Org};
use super::role::Role;
use super::space::{Audience, Space};
use super::statement::{Body, Issuer, SignedStatement};
use crate::id::{OrgId, SpaceId, StatementId};
use crate::keys::PublicKey;
use crate::time::Timestamp;

/// Why a statement does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementFault {
    /// The issuer's appointment is not held here.
    #[error("the issuer's appointment {0} is not here yet")]
    IssuerUnknown(StatementId),
    /// The org that it is about is not known here.
    #[error("org {0} is not known here yet")]
    OrgUnknown(OrgId),
    /// The issuer key is no authority of the issuer org.
    #[error("the issuer is no authority of org {0}")]
    NotAuthority(OrgId),
    /// The issuer's own appointment does not stand.
    #[error("the issuer's appointment does not stand: {0}")]
    Issuer(Box<StatementFault>),
    /// About an org that is neither the issuer's nor directly below.
    #[error("org {0} is neither the issuer's own nor directly below it")]
    OutOfReach(OrgId),
    /// Gives a role that the issuer may not give.
    #[error("gives a role that the issuer may not give")]
    Role,
    /// Gives further appointing than the issuer may.
    #[error("gives more depth of appointing than the issuer may")]
    Depth,
    /// Longer than the issuer's own.
    #[error("is valid outside of the issuer's own validity")]
    Validity,
    /// Contradicts itself.
    #[error("{0}")]
    Content(&'static str),
    /// The appointed key did not sign for its appointment.
    #[error("the appointed key gave no valid proof of possession")]
    Possession,
    /// Made for another federation.
    #[error("was made for another federation")]
    OtherFederation,
    /// A seat above the issuer's level, a deputy without a seat, or a seat without a deputy.
    #[error(
        "a deputy has a seat, and one at or below the level of who appoints; only the root appoints above"
    )]
    Seat,
    /// The key has another purpose, by an appointment that was issued before.
    #[error("the key was appointed for another purpose before")]
    Purpose,
}

impl StatementFault {
    /// Whether news may mend it: what it rests on is not here yet.
    pub fn is_pending(&self) -> bool {
        match self {
            StatementFault::IssuerUnknown(_) | StatementFault::OrgUnknown(_) => true,
            StatementFault::Issuer(inner) => inner.is_pending(),
            _ => false,
        }
    }
}

/// Why an appointment does not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentFault {
    /// Not held here.
    #[error("appointment {0} is not here yet")]
    Unknown(StatementId),
    /// Held, but it does not stand.
    #[error("appointment {0} does not stand: {1}")]
    DoesNotStand(StatementId, StatementFault),
}

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
    orgs: BTreeMap<OrgId, Org>,
    /// The statements that describe an org.
    described: BTreeMap<OrgId, Vec<StatementId>>,
    children: BTreeMap<OrgId, BTreeSet<OrgId>>,
    by_key: BTreeMap<PublicKey, Vec<StatementId>>,
    joint: BTreeMap<SpaceId, Space>,
    /// By holder of a joint space: its partners and every org above them, whose directories the holder needs.
    acquainted: BTreeMap<OrgId, BTreeSet<OrgId>>,
    /// The latest word of the root on its witnesses, with the statement that says it.
    root_witnesses: Option<(StatementId, BTreeSet<OrgId>)>,
}

impl Directory {
    /// Longest chain of appointments that is followed.
    const CHAIN_MAX: usize = 16;

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
        self.standing.orgs.get(id)
    }

    /// Every org known, by id.
    pub fn orgs(&self) -> impl Iterator<Item = &Org> {
        self.standing.orgs.values()
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

    /// The orgs whose witness counts for a log of a node of `org`: its parent, or for the root its named children.
    pub fn required_witnesses(&self, org: &OrgId) -> Vec<OrgId> {
        match self.org(org) {
            Some(Org {
                parent: Some(parent), ..
            }) => vec![*parent],
            Some(_) => {
                let named = self.standing.root_witnesses.as_ref();
                named.map_or_else(Vec::new, |(_, children)| children.iter().copied().collect())
            }
            None => Vec::new(),
        }
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

    /// The org that a node key serves.
    pub fn node_org(&self, key: &PublicKey) -> Option<OrgId> {
        self.appointments_of(key, Purpose::Node)
            .map(|(_, appointment)| appointment.org)
            .next()
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

    /// The statements that a stranger needs to judge `ids`: their chains, and the orgs they speak of up to the root.
    /// Sorted by id.
    pub fn closure(&self, ids: impl IntoIterator<Item = StatementId>) -> Vec<&SignedStatement> {
        let mut wanted = BTreeSet::new();
        let mut orgs = BTreeSet::new();
        let mut todo: Vec<StatementId> = ids.into_iter().collect();
        while let Some(id) = todo.pop() {
            let Some(statement) = self.statements.get(&id) else {
                continue;
            };
            if !wanted.insert(id) {
                continue;
            }
            todo.extend(statement.issuer().appointment);
            let mut named = vec![statement.issuer().org];
            match statement.body() {
                Body::Appointment(appointment) => named.push(appointment.org),
                Body::JointSpace(Space {
                    joint: Some(joint), ..
                }) => named.extend(&joint.orgs),
                Body::RootWitnesses(children) => named.extend(children),
                Body::Org(org) => named.extend(org.parent),
                Body::JointSpace(_) => {}
            }
            for org in named.iter().flat_map(|org| self.upward(org)) {
                if orgs.insert(org.id) {
                    todo.extend(self.standing.described.get(&org.id).into_iter().flatten());
                }
            }
        }
        wanted.iter().filter_map(|id| self.statements.get(id)).collect()
    }

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

    /// Judges every statement: first without asking what else a key is for, then once more without the appointments that
    /// give a key a second purpose. Asked once, so that what rests on such an appointment cannot decide about it.
    fn judge_all(&mut self) {
        let mut judge = Judge::over(self, BTreeSet::new());
        let misused = judge.misused();
        if !misused.is_empty() {
            judge = Judge::over(self, misused);
        }
        let mut standing = Standing::default();
        let mut witnesses: Option<(std::cmp::Reverse<Timestamp>, StatementId)> = None;
        for (id, statement) in &self.statements {
            match judge.statement(id) {
                Err(fault) => drop(standing.faults.insert(*id, fault)),
                Ok(_) => match statement.body() {
                    Body::Appointment(appointment) => {
                        standing.by_key.entry(appointment.key).or_default().push(*id);
                    }
                    Body::JointSpace(space) => drop(standing.joint.insert(space.id(), space.clone())),
                    Body::RootWitnesses(children) => {
                        let rank = (std::cmp::Reverse(statement.issuer().issued), *id);
                        if witnesses.is_none_or(|best| rank < best) {
                            witnesses = Some(rank);
                            standing.root_witnesses = Some((*id, children.iter().copied().collect()));
                        }
                    }
                    Body::Org(org) => standing.described.entry(org.id).or_default().push(*id),
                },
            }
        }
        standing.orgs = judge.orgs;
        for org in standing.orgs.values() {
            if let Some(parent) = org.parent {
                standing.children.entry(parent).or_default().insert(org.id);
            }
        }
        self.standing = standing;
        self.standing.acquainted = self.acquainted();
    }

    /// Who holds a joint space judges the people of all its holders, so it needs their directories and those of all orgs
    /// above them, up to the founding statement (design 6).
    fn acquainted(&self) -> BTreeMap<OrgId, BTreeSet<OrgId>> {
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

/// Whether the appointed key signed for its appointment in this federation, org and purpose.
fn is_proved(founding: &FoundingStatement, appointment: &Appointment) -> bool {
    let message = possession_message(&founding.id(), &appointment.org, appointment.purpose);
    appointment
        .key
        .verify(Appointment::POSSESSION_DOMAIN, &message, &appointment.possession)
        .is_ok()
}

/// What an issuer may give, until when, and how many appointments stand above what it issues.
struct Powers<'a> {
    length: usize,
    may_appoint: &'a MayAppoint,
    validity: &'a Validity,
}

/// One pass of judging over a fixed set of statements.
struct Judge<'a> {
    founding: &'a FoundingStatement,
    statements: &'a BTreeMap<StatementId, SignedStatement>,
    unproved: &'a BTreeSet<StatementId>,
    /// Appointments that give a key a second purpose.
    misused: BTreeSet<StatementId>,
    orgs: BTreeMap<OrgId, Org>,
    /// What stands, with the length of its chain, and what does not.
    memo: BTreeMap<StatementId, Result<usize, StatementFault>>,
}

impl<'a> Judge<'a> {
    /// Orgs come first, from the root down, because reach is judged by the tree.
    fn over(directory: &'a Directory, misused: BTreeSet<StatementId>) -> Self {
        let root = directory.founding.founding().root.clone();
        let mut judge = Judge {
            founding: &directory.founding,
            statements: &directory.statements,
            unproved: &directory.unproved,
            misused,
            orgs: BTreeMap::from([(root.id, root)]),
            memo: BTreeMap::new(),
        };
        judge.settle_orgs();
        judge
    }

    /// The appointments that stand and are of another purpose than the first issued one of their key (then the one with
    /// the smaller id). The key that the founding statement names is an authority's before all.
    fn misused(&mut self) -> BTreeSet<StatementId> {
        let statements = self.statements;
        let standing: Vec<(&SignedStatement, &Appointment)> = statements
            .values()
            .filter_map(|statement| Some((statement, statement.appointment()?)))
            .filter(|(statement, _)| self.statement(&statement.id()).is_ok())
            .collect();
        let mut first: BTreeMap<PublicKey, (Option<(Timestamp, StatementId)>, Purpose)> = BTreeMap::new();
        first.insert(self.founding.founding().authority, (None, Purpose::Authority));
        for (statement, appointment) in &standing {
            let found = (
                Some((statement.issuer().issued, statement.id())),
                appointment.purpose,
            );
            let kept = first.entry(appointment.key).or_insert(found);
            if found.0 < kept.0 {
                *kept = found;
            }
        }
        standing
            .into_iter()
            .filter(|(_, appointment)| {
                first
                    .get(&appointment.key)
                    .is_some_and(|(_, purpose)| *purpose != appointment.purpose)
            })
            .map(|(statement, _)| statement.id())
            .collect()
    }

    /// Adds orgs level by level until nothing is new. Of two descriptions of one org the later issued stands, then the
    /// smaller id; its parent is part of its id, so nobody else can describe it.
    fn settle_orgs(&mut self) {
        let mut candidates: Vec<&SignedStatement> = self
            .statements
            .values()
            .filter(|statement| matches!(statement.body(), Body::Org(_)))
            .collect();
        candidates.sort_by_key(|s| (std::cmp::Reverse(s.issuer().issued), s.id()));
        loop {
            let mut found: BTreeMap<OrgId, Org> = BTreeMap::new();
            for statement in &candidates {
                let Body::Org(org) = statement.body() else {
                    continue;
                };
                if !self.orgs.contains_key(&org.id)
                    && !found.contains_key(&org.id)
                    && self.statement(&statement.id()).is_ok()
                {
                    found.insert(org.id, org.clone());
                }
            }
            if found.is_empty() {
                return;
            }
            self.orgs.extend(found);
            // What was pending for want of an org may stand now.
            self.memo.retain(|_, verdict| verdict.is_ok());
        }
    }

    /// Judges a statement after all that it rests on, from the founding statement downward: what is said of a statement
    /// never depends on who asked first. Chains are followed in a loop, because a hostile one may be long.
    fn statement(&mut self, id: &StatementId) -> Result<usize, StatementFault> {
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
        let Powers {
            length,
            may_appoint,
            validity,
        } = self.powers(issuer)?;
        if length >= Directory::CHAIN_MAX {
            return Err(StatementFault::Content("the chain of appointments is too long"));
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
        }
        Ok(length + 1)
    }

    /// What the issuer may give, and until when, if it is an authority of the org it speaks for. Its own appointment was
    /// judged before.
    fn powers(&self, issuer: &Issuer) -> Result<Powers<'a>, StatementFault> {
        let not_authority = || StatementFault::NotAuthority(issuer.org);
        let Some(id) = &issuer.appointment else {
            let founding = self.founding.founding();
            if issuer.key != founding.authority || issuer.org != founding.root.id {
                return Err(not_authority());
            }
            return Ok(Powers {
                length: 0,
                may_appoint: &founding.may_appoint,
                validity: &founding.validity,
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

    fn judge_witnesses(&self, children: &[OrgId], issuer: &Issuer) -> Result<(), StatementFault> {
        let root = self.founding.founding().root.id;
        if issuer.org != root {
            return Err(StatementFault::OutOfReach(root));
        }
        for child in children {
            match self.orgs.get(child) {
                None => return Err(StatementFault::OrgUnknown(*child)),
                Some(org) if org.parent != Some(root) => return Err(StatementFault::OutOfReach(*child)),
                Some(_) => {}
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
        if !org.id.is_minted_for(&issuer.org) {
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
            .orgs
            .get(&appointment.org)
            .ok_or(StatementFault::OrgUnknown(appointment.org))?;
        let own = org.id == issuer.org;
        if !own && org.parent != Some(issuer.org) {
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
        match joint.orgs.iter().find(|org| !self.orgs.contains_key(*org)) {
            Some(org) => Err(StatementFault::OrgUnknown(*org)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
