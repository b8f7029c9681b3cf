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
    Body, FoundingStatement, Ground, Purpose, Revocation, Revoked, RootAuthority, SignedStatement,
    Succession, SuccessionStatement,
};

/// Who adopts: the org that states it, and the length of its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Adopter {
    pub(super) org: OrgId,
    pub(super) length: usize,
}

/// A hard revocation, as it bears on the other appointments of a key in an org.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OfKey {
    by: StatementId,
    /// The appointment that it names.
    target: StatementId,
    /// In whose name it is, at the end of a chain of which length.
    org: OrgId,
    length: usize,
}

/// An appointment of a key that such a revocation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Post {
    of: (PublicKey, OrgId),
    /// Of an authority the place in whose reach it must be.
    place: Option<Place>,
}

/// Where a statement stands: in whose name it is, the orgs above that, and the length of its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    org: OrgId,
    above: Vec<OrgId>,
    length: usize,
}

/// What stands against, and for, other statements and changes. Of many appointments of a key and many revocations of it
/// each is held once, whatever each hits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Effects {
    revocations: BTreeMap<StatementId, Revoked>,
    /// By the appointment that they name, in the order of their ids.
    named: BTreeMap<StatementId, Vec<StatementId>>,
    /// Those of a key in an org, in the order of their ids.
    of_keys: BTreeMap<(PublicKey, OrgId), Vec<OfKey>>,
    /// The appointments of these keys in these orgs.
    posts: BTreeMap<StatementId, Post>,
    statements: BTreeMap<StatementId, Vec<Adopter>>,
    changes: BTreeMap<ChangeId, Vec<(StatementId, OrgId)>>,
}

impl Effects {
    /// What the statements that stand by `judge` do.
    pub(super) fn of(judge: &mut Judge<'_>, statements: &BTreeMap<StatementId, SignedStatement>) -> Self {
        let mut effects = Effects::default();
        for (id, statement) in statements {
            let body = statement.body();
            if !matches!(body, Body::Revocation(_) | Body::Adoption(_)) || judge.statement(id).is_err() {
                continue;
            }
            let org = statement.issuer().org;
            match body {
                Body::Revocation(revocation) => effects.revoke(judge, id, org, revocation),
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
        if !effects.of_keys.is_empty() {
            effects.find_posts(judge, statements);
        }
        effects
    }

    /// A revocation that says that the key is in other hands is about the key, and another appointment of it in that org does
    /// not clear it. Only where the revoker's org is that org or above it, since anybody can state an appointment of any key
    /// anywhere, which does not stand, and revoke that.
    fn revoke(&mut self, judge: &Judge<'_>, by: &StatementId, org: OrgId, revocation: &Revocation) {
        let target = revocation.appointment;
        self.revocations.insert(*by, Revoked::new(*by, revocation));
        self.named.entry(target).or_default().push(*by);
        let post = judge
            .appointment(&target)
            .filter(|_| matches!(revocation.ground, Ground::Hard { .. }));
        if let Some(post) = post.filter(|post| judge.reaches(&org, 0, &post.org, usize::MAX)) {
            let of_key = self.of_keys.entry((post.key, post.org)).or_default();
            of_key.push(OfKey {
                by: *by,
                target,
                org,
                length: judge.length(by),
            });
        }
    }

    fn find_posts(&mut self, judge: &Judge<'_>, statements: &BTreeMap<StatementId, SignedStatement>) {
        for (id, statement) in statements {
            let Some(post) = statement.appointment() else {
                continue;
            };
            let of = (post.key, post.org);
            if !self.of_keys.contains_key(&of) {
                continue;
            }
            let org = statement.issuer().org;
            let place = (post.purpose == Purpose::Authority).then(|| Place {
                org,
                above: judge.above(&org).collect(),
                length: judge.length(id),
            });
            self.posts.insert(*id, Post { of, place });
        }
    }

    /// The revocations that stand against an appointment, by id: those that name it, and those of its key. Of an authority
    /// of the latter those alone that reach it, so that nobody takes from those on whom they rest.
    pub(super) fn revoked(&self, appointment: &StatementId) -> Vec<&Revoked> {
        let mut by: Vec<&StatementId> = self.named.get(appointment).into_iter().flatten().collect();
        if let Some(post) = self.posts.get(appointment) {
            let of_key = self.of_keys.get(&post.of).into_iter().flatten();
            let hits = of_key.filter(|hard| {
                let reaches = |place: &Place| {
                    (hard.org == place.org && hard.length <= place.length) || place.above.contains(&hard.org)
                };
                hard.target != *appointment && post.place.as_ref().is_none_or(reaches)
            });
            by.extend(hits.map(|hard| &hard.by));
            by.sort_unstable();
        }
        by.into_iter().filter_map(|by| self.revocations.get(by)).collect()
    }

    pub(super) fn adopters(&self, statement: &StatementId) -> &[Adopter] {
        self.statements.get(statement).map_or(&[], Vec::as_slice)
    }

    pub(super) fn adoptions(&self, change: &ChangeId) -> &[(StatementId, OrgId)] {
        self.changes.get(change).map_or(&[], Vec::as_slice)
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
