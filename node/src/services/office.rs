//! Posts and who holds them: what an appointment is worth now, and finding the one that somebody means. A *post* is what
//! one appointment gives; a person may hold several, under one key or more.

mod error;
mod find;
mod news;

pub use error::OfficeError;
pub(super) use find::told;
pub use news::OfficeNews;

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{OrgId, PersonId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Appointment, Directory, Ground, Level, Org, Purpose, Revoked, Role, SignedStatement, Validity,
};
use serde::{Serialize, Serializer};

use super::{Node, ServiceError, activity};
use crate::env;

/// Days before its end from which on an appointment is warned of.
pub const WARN_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// What an appointment is worth now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Standing {
    /// In force.
    InForce,
    /// Begins later.
    NotYet,
    /// In force, and over in no more than [`WARN_DAYS`].
    Expiring {
        /// Days left; 0 on the last one.
        days: i64,
    },
    /// Over.
    Expired,
    /// Revoked.
    Revoked {
        /// The statement that says so.
        by: StatementId,
        /// The org that says so, by its Chinese name.
        by_name: String,
        /// When it was said.
        at: Timestamp,
        /// `soft` or `hard`.
        ground: &'static str,
        /// Since when a key may have been in other hands, where that is known.
        since: Option<Timestamp>,
        /// Why.
        words: String,
    },
    /// It rests on an authority that was revoked, and waits for an adoption.
    Contested {
        /// The revocation.
        by: StatementId,
    },
}

/// An appointment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Office {
    /// The appointment.
    pub id: StatementId,
    /// The name on the card.
    pub holder: String,
    /// The person, where one is named.
    pub person: Option<PersonId>,
    /// The login at this node, if the key is one of an account here.
    pub login: Option<String>,
    /// The key, as hex.
    #[serde(serialize_with = "key_hex")]
    pub key: PublicKey,
    /// The org in which.
    pub org: OrgId,
    /// Its Chinese name.
    pub org_name: String,
    /// What the key is for.
    #[serde(serialize_with = "purpose_id")]
    pub purpose: Purpose,
    /// Roles.
    #[serde(serialize_with = "role_ids")]
    pub roles: Vec<Role>,
    /// The level of a deputy's seat.
    #[serde(serialize_with = "level_id")]
    pub seat: Option<Level>,
    /// First instant.
    pub not_before: Timestamp,
    /// First instant that is too late.
    pub not_after: Timestamp,
    /// Who appoints.
    pub issuer: OrgId,
    /// Its Chinese name.
    pub issuer_name: String,
    /// When it was stated.
    pub issued: Timestamp,
    /// What it is worth now.
    #[serde(flatten)]
    pub standing: Standing,
    /// Whether another appointment of the same key for the same post holds longer.
    pub renewed: bool,
    /// The appointments it rests on, from the one itself up to below the founding statement.
    pub chain: Vec<StatementId>,
}

impl Office {
    /// Whether its end is to be told of: it comes soon, and nothing follows.
    pub fn ends_soon(&self) -> bool {
        matches!(self.standing, Standing::Expiring { .. }) && !self.renewed
    }
}

fn key_hex<S: Serializer>(key: &PublicKey, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&codec::hex(key.ed25519_bytes()))
}
fn purpose_id<S: Serializer>(purpose: &Purpose, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(purpose_str(*purpose))
}
fn role_ids<S: Serializer>(roles: &[Role], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(roles.iter().map(|role| role.as_str()))
}
fn level_id<S: Serializer>(level: &Option<Level>, s: S) -> Result<S::Ok, S::Error> {
    level.map(Level::as_str).serialize(s)
}

/// The identifier of a purpose.
pub fn purpose_str(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Authority => "authority",
        Purpose::Node => "node",
        Purpose::Witness => "witness",
        Purpose::Person => "person",
    }
}

/// Which appointments are meant.
#[derive(Debug, Clone, Default)]
pub struct OfficeFilter {
    /// Of this org.
    pub org: Option<OrgId>,
    /// Of orgs below it as well.
    pub below: bool,
    /// Of this person: an id, a login of this node, or a part of the name.
    pub person: Option<String>,
    /// Those that end within so many days.
    pub within_days: Option<i64>,
    /// Revoked and contested ones alone.
    pub revoked: bool,
}

/// The day on which something is, as people here read it.
pub fn day(time: Timestamp) -> String {
    activity::stated(time).chars().take(10).collect()
}

/// The day on which something ends that is over at `not_after`.
pub fn last_day(not_after: Timestamp) -> String {
    day(Timestamp(not_after.0.saturating_sub(1)))
}

impl Node {
    /// Appointments known here that stand, were revoked or are contested; by org, purpose and name.
    pub fn offices(&self, filter: &OfficeFilter) -> Result<Vec<Office>, ServiceError> {
        let directory = self.directory();
        let logins = self.logins()?;
        let person = filter.person.as_deref();
        let named = person.and_then(|text| self.person_id(text).ok());
        let within = |org: &OrgId| match &filter.org {
            None => true,
            Some(wanted) => org == wanted || (filter.below && directory.is_at_or_above(wanted, org)),
        };
        let mut offices: Vec<Office> = directory
            .statements()
            .filter(|statement| statement.appointment().is_some_and(|a| within(&a.org)))
            .filter_map(|statement| office(&directory, &logins, statement, env::now()))
            .filter(|office| match (named, person) {
                (Some(id), _) => office.person == Some(id),
                (None, Some(text)) => {
                    office.login.as_deref() == Some(text)
                        || (!text.is_empty() && office.holder.contains(text))
                }
                (None, None) => true,
            })
            .filter(|office| match filter.within_days {
                None => true,
                Some(days) => {
                    !matches!(office.standing, Standing::Revoked { .. } | Standing::Expired)
                        && days_left(office.not_after, env::now()) <= days
                        && !office.renewed
                }
            })
            .filter(|office| {
                !filter.revoked
                    || matches!(
                        office.standing,
                        Standing::Revoked { .. } | Standing::Contested { .. }
                    )
            })
            .collect();
        let code = |org: &OrgId| directory.org(org).map(|org| (org.level.rank(), org.code.clone()));
        offices.sort_by_cached_key(|office| {
            (
                code(&office.org),
                office.org,
                office.purpose,
                office.holder.clone(),
                office.not_after,
                office.id,
            )
        });
        Ok(offices)
    }

    /// Reads which org is meant: an id, or `own`.
    pub fn parse_org(&self, text: &str) -> Result<OrgId, ServiceError> {
        match text {
            "own" => Ok(self.org),
            text => OrgId::parse(text).ok_or_else(|| {
                ServiceError::Bad(format!(
                    "{text:?} is no id of an org (32 hexadecimal digits), nor own"
                ))
            }),
        }
    }

    /// One appointment as it stands.
    pub fn office(&self, id: &StatementId) -> Result<Office, ServiceError> {
        let directory = self.directory();
        let office = directory
            .statement(id)
            .and_then(|statement| office(&directory, &self.logins().ok()?, statement, env::now()));
        office.ok_or_else(|| OfficeError::Unknown(id.to_string()).into())
    }

    /// Appointments in this node's org whose end is near.
    pub fn ending(&self) -> Result<Vec<Office>, ServiceError> {
        let own = OfficeFilter {
            org: Some(self.org),
            within_days: Some(WARN_DAYS),
            ..OfficeFilter::default()
        };
        let mut ending = self.offices(&own)?;
        ending.retain(Office::ends_soon);
        Ok(ending)
    }

    /// Why this node speaks for nobody: the revocation of its own appointment, if no other one serves.
    pub fn node_revoked(&self) -> Option<Standing> {
        let directory = self.directory();
        let key = self.node_key.public();
        let mut of_node = directory.appointments_of(&key, Purpose::Node);
        let revoked = of_node.try_fold(None, |_, (id, _)| {
            directory.revoked(&id).first().copied().map(Some)
        });
        revoked.flatten().map(|revoked| revocation(&directory, revoked))
    }

    /// Whether somebody can sign in at this node.
    pub fn has_accounts(&self) -> Result<bool, ServiceError> {
        Ok(self.store.read(|reader| Ok(!reader.logins()?.is_empty()))?)
    }

    /// Logins of this node by key.
    fn logins(&self) -> Result<Vec<(PublicKey, String)>, ServiceError> {
        Ok(self.store.read(|reader| {
            let mut logins = Vec::new();
            for login in reader.logins()? {
                if let Some(key) = reader.account(&login)? {
                    logins.push((key, login));
                }
            }
            Ok(logins)
        })?)
    }

    /// From now, or the beginning of this org's authority, until `until`, or until that authority ends.
    pub(super) fn validity_until(&self, until: Option<Timestamp>) -> Result<Validity, ServiceError> {
        let whole = self.remaining()?;
        match until {
            None => Ok(whole),
            Some(until) if until > whole.not_after => {
                Err(OfficeError::Beyond(last_day(whole.not_after)).into())
            }
            Some(until) if until <= whole.not_before => Err(ServiceError::Bad(
                "an appointment ends after it begins; name a later day".into(),
            )),
            Some(not_after) => Ok(Validity { not_after, ..whole }),
        }
    }

    /// The Chinese name of an org, or its id.
    pub(super) fn name_of(&self, org: &OrgId) -> String {
        name(&self.directory(), org)
    }
}

fn name(directory: &Directory, org: &OrgId) -> String {
    let known: Option<&Org> = directory.org(org);
    known.map_or_else(|| org.to_string(), |org| org.name_zh.clone())
}

fn days_left(not_after: Timestamp, now: Timestamp) -> i64 {
    not_after.0.saturating_sub(now.0).div_euclid(DAY_MS)
}

fn revocation(directory: &Directory, revoked: &Revoked) -> Standing {
    let by = directory.statement(&revoked.by).map(SignedStatement::issuer);
    let (ground, since) = match revoked.ground {
        Ground::Soft => ("soft", None),
        Ground::Hard { since_s } => ("hard", since_s.map(Timestamp::from_seconds)),
    };
    Standing::Revoked {
        by: revoked.by,
        by_name: by.map(|by| name(directory, &by.org)).unwrap_or_default(),
        at: by.map_or(Timestamp(0), |by| by.issued),
        ground,
        since,
        words: revoked.words.clone(),
    }
}

/// An appointment as it stands; none if it does not, and no adoption would mend it.
fn office(
    directory: &Directory,
    logins: &[(PublicKey, String)],
    statement: &SignedStatement,
    now: Timestamp,
) -> Option<Office> {
    let (id, appointment) = (statement.id(), statement.appointment()?);
    let Validity {
        not_before,
        not_after,
    } = appointment.validity;
    let standing = match (directory.faults().get(&id), directory.revoked(&id).first()) {
        (Some(fault), _) => Standing::Contested {
            by: fault.contested_by()?,
        },
        (None, Some(revoked)) => revocation(directory, revoked),
        (None, None) if now < not_before => Standing::NotYet,
        (None, None) if now >= not_after => Standing::Expired,
        (None, None) => match days_left(not_after, now) {
            days if days <= WARN_DAYS => Standing::Expiring { days },
            _ => Standing::InForce,
        },
    };
    let same_post = |other: &Appointment| {
        (other.org, &other.roles, other.seat) == (appointment.org, &appointment.roles, appointment.seat)
    };
    let renewed = directory
        .appointments_of(&appointment.key, appointment.purpose)
        .any(|(other, post)| {
            other != id
                && same_post(post)
                && post.validity.not_after > not_after
                && directory.revoked(&other).is_empty()
        });
    let login = logins.iter().find(|(key, _)| *key == appointment.key);
    let issuer = statement.issuer();
    Some(Office {
        id,
        holder: appointment.name.clone(),
        person: appointment.person,
        login: login.map(|(_, login)| login.clone()),
        key: appointment.key,
        org: appointment.org,
        org_name: name(directory, &appointment.org),
        purpose: appointment.purpose,
        roles: appointment.roles.clone(),
        seat: appointment.seat,
        not_before,
        not_after,
        issuer: issuer.org,
        issuer_name: name(directory, &issuer.org),
        issued: issuer.issued,
        standing,
        renewed,
        chain: directory.chain(&id).map(|chain| chain.links).unwrap_or_default(),
    })
}
