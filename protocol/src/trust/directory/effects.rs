//! What statements do to other statements: revocations, adoptions, successions. Found by passes, each judged by what the one
//! before found.
//!
//! The passes come to rest, because what is decided of a statement rests on lower ranks alone. The rank of a statement is
//! the level of the org in whose name it was issued, then the length of its chain, then whether it is no adoption; that
//! of a revocation is the rank of the appointment that it is about. By [`Judge::reaches`] what revokes an appointment, and
//! so contests what was issued under it, ranks no higher than that appointment, which ranks lower than those; what
//! adopts ranks no higher than what it adopts, and an adoption is not adopted. The orgs that tell who stands above whom
//! are described one level above. So each pass settles one more rank.

use std::collections::BTreeMap;

use super::Directory;
use super::fault::StatementFault;
use super::judge::Judge;
use crate::id::{ChangeId, OrgId, StatementId};
use crate::keys::PublicKey;
use crate::trust::{
    Appointment, Body, FoundingStatement, Ground, Purpose, Revocation, Revoked, RootAuthority,
    SignedStatement, Succession, SuccessionStatement,
};

/// Who adopts: the org that states it, and the length of its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Adopter {
    pub(super) org: OrgId,
    pub(super) length: usize,
}

/// What stands against, and for, other statements and changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Effects {
    /// By appointment, in the order of the revocations' ids.
    revoked: BTreeMap<StatementId, Vec<Revoked>>,
    statements: BTreeMap<StatementId, Vec<Adopter>>,
    changes: BTreeMap<ChangeId, Vec<(StatementId, OrgId)>>,
}

impl Effects {
    /// What the statements that stand by `judge` do.
    pub(super) fn of(judge: &mut Judge<'_>, statements: &BTreeMap<StatementId, SignedStatement>) -> Self {
        let mut effects = Effects::default();
        let posts = Posts::of(statements);
        for (id, statement) in statements {
            let body = statement.body();
            if !matches!(body, Body::Revocation(_) | Body::Adoption(_)) || judge.statement(id).is_err() {
                continue;
            }
            let org = statement.issuer().org;
            match body {
                Body::Revocation(revocation) => {
                    let others = posts.hit_too(judge, id, org, revocation);
                    for hit in std::iter::once(&revocation.appointment).chain(others) {
                        let kept = effects.revoked.entry(*hit).or_default();
                        kept.push(Revoked::new(*id, revocation));
                    }
                }
                Body::Adoption(adoption) => {
                    let length = judge.length(id);
                    for adopted in &adoption.statements {
                        let kept = effects.statements.entry(*adopted).or_default();
                        kept.push(Adopter { org, length });
                    }
                    for change in &adoption.changes {
                        effects.changes.entry(*change).or_default().push((*id, org));
                    }
                }
                _ => {}
            }
        }
        effects
    }

    pub(super) fn revoked(&self, appointment: &StatementId) -> &[Revoked] {
        self.revoked.get(appointment).map_or(&[], Vec::as_slice)
    }

    /// Every appointment that was revoked.
    pub(super) fn all_revoked(&self) -> impl Iterator<Item = (&StatementId, &[Revoked])> {
        self.revoked.iter().map(|(id, revoked)| (id, revoked.as_slice()))
    }

    pub(super) fn adopters(&self, statement: &StatementId) -> &[Adopter] {
        self.statements.get(statement).map_or(&[], Vec::as_slice)
    }

    pub(super) fn adoptions(&self, change: &ChangeId) -> &[(StatementId, OrgId)] {
        self.changes.get(change).map_or(&[], Vec::as_slice)
    }
}

/// Every appointment, by key and org.
struct Posts<'a>(BTreeMap<(PublicKey, OrgId), Vec<(&'a StatementId, &'a Appointment)>>);

impl<'a> Posts<'a> {
    fn of(statements: &'a BTreeMap<StatementId, SignedStatement>) -> Self {
        let mut posts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (id, statement) in statements {
            if let Some(post) = statement.appointment() {
                posts.entry((post.key, post.org)).or_default().push((id, post));
            }
        }
        Posts(posts)
    }

    /// The other appointments against which a revocation stands, too: one that says that the key is in other hands is about
    /// the key, and another appointment of it in that org does not clear it. Only where the revoker's org is that org or above
    /// it, since anybody can state an appointment of any key anywhere, which does not stand, and revoke that. Of an authority
    /// those alone that it reaches, so that nobody takes from those on whom they rest.
    fn hit_too(
        &self,
        judge: &Judge<'_>,
        id: &StatementId,
        org: OrgId,
        revocation: &Revocation,
    ) -> Vec<&'a StatementId> {
        let target = revocation.appointment;
        let post = judge
            .appointment(&target)
            .filter(|_| matches!(revocation.ground, Ground::Hard { .. }));
        let of_key = post.and_then(|post| self.0.get(&(post.key, post.org)));
        let hits = |(other, post): &&(&'a StatementId, &'a Appointment)| {
            **other != target
                && judge.reaches(&org, 0, &post.org, usize::MAX)
                && (post.purpose != Purpose::Authority
                    || judge.reaches_statement(&org, judge.length(id), other))
        };
        let of_key = of_key.into_iter().flatten();
        of_key.filter(hits).map(|(other, _)| *other).collect()
    }
}

/// Who spoke for the root, from the founding statement on, and which successions are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) roots: Vec<RootAuthority>,
    pub(super) faults: BTreeMap<StatementId, StatementFault>,
}

/// A statement that carries a succession, with the bytes of that.
type Candidate<'a> = (StatementId, &'a SignedStatement, &'a [u8]);

impl Line {
    /// Of several successions of one predecessor the one with the smaller id, then the smaller carrier, is in the line.
    pub(super) fn of(directory: &Directory) -> Self {
        let founding = &directory.founding;
        let mut line = Line {
            roots: vec![RootAuthority::founding(founding.id(), founding.founding())],
            faults: BTreeMap::new(),
        };
        let mut waiting: BTreeMap<StatementId, Vec<Candidate<'_>>> = BTreeMap::new();
        for (id, statement) in &directory.statements {
            if let Body::Succession(bytes) = statement.body() {
                match Succession::peek(bytes) {
                    Ok((_, stated)) => {
                        let next = waiting.entry(stated.previous).or_default();
                        next.push((*id, statement, bytes));
                    }
                    Err(error) => {
                        line.faults
                            .insert(*id, StatementFault::Succession(error.to_string()));
                    }
                }
            }
        }
        while let Some(now) = line.roots.last().cloned() {
            let candidates = waiting.remove(&now.by).unwrap_or_default();
            let mut good: Vec<(StatementId, SuccessionStatement)> = Vec::new();
            for (id, statement, bytes) in candidates {
                match succeeds(&line.roots, statement, bytes, founding) {
                    Ok(succession) => good.push((id, succession)),
                    Err(fault) => drop(line.faults.insert(id, fault)),
                }
            }
            good.sort_by_key(|(carrier, succession)| (succession.id(), *carrier));
            let mut good = good.into_iter();
            let Some((carrier, succession)) = good.next() else {
                break;
            };
            for (id, other) in good {
                let fault = if other.id() == succession.id() {
                    continue;
                } else {
                    StatementFault::Succession("another succession of the same founders stands".into())
                };
                line.faults.insert(id, fault);
            }
            line.roots.push(RootAuthority::successor(carrier, succession));
        }
        for (previous, others) in waiting {
            for (id, ..) in others {
                line.faults.insert(id, StatementFault::IssuerUnknown(previous));
            }
        }
        line
    }
}

/// Whether it comes next after the last of `roots`.
fn succeeds(
    roots: &[RootAuthority],
    statement: &SignedStatement,
    bytes: &[u8],
    founding: &FoundingStatement,
) -> Result<SuccessionStatement, StatementFault> {
    let refused = |why: &dyn std::fmt::Display| StatementFault::Succession(why.to_string());
    let now = roots
        .last()
        .ok_or_else(|| refused(&"nobody speaks for the root"))?;
    let opened =
        SuccessionStatement::open(bytes, &now.founders, now.threshold).map_err(|error| refused(&error))?;
    let before = roots
        .iter()
        .rev()
        .find(|root| root.key == opened.succession().authority);
    if before.is_some_and(|before| before.loses_by(opened.succession())) {
        return Err(refused(
            &"a succession that names a key again gives it no shorter time, and no less, than before",
        ));
    }
    let issuer = statement.issuer();
    if issuer.founding != founding.id() {
        return Err(StatementFault::OtherFederation);
    }
    let root = founding.founding().root.id;
    if issuer.appointment.is_some() || issuer.org != root || issuer.key != opened.succession().authority {
        return Err(StatementFault::NotAuthority(issuer.org));
    }
    Ok(opened)
}
