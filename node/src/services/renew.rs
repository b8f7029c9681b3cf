//! Renewal, and a change of key. What a key signed when it was first appointed says nothing of time, so a renewal for the
//! same key in the same org needs nothing of its holder; a new key signs for itself.

use age::secrecy::SecretString;
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Appointment, Body, Purpose, SignedStatement, Validity, possession_message};

use super::appoint::AppointmentRequest;
use super::office::{OfficeError, last_day};
use super::{Node, ServiceError};
use crate::{env, keystore};

/// What became of a person's posts when the key was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The new appointments.
    pub appointments: Vec<StatementId>,
    /// The old ones that were revoked.
    pub revoked: Vec<StatementId>,
    /// Posts that the org above gives: what to ask it, as `appoint --grant` takes it.
    pub requests: Vec<AppointmentRequest>,
}

impl Node {
    /// Appoints a key once more to the same post, of this node's org or of one directly below, until later than before.
    pub fn renew(
        &self,
        authority_passphrase: &SecretString,
        id: &StatementId,
        until: Option<Timestamp>,
    ) -> Result<StatementId, ServiceError> {
        let authority = self.unlock_authority(authority_passphrase)?;
        let old = self.renewable(id)?;
        let validity = self.validity_until(until)?;
        if validity.not_after <= old.validity.not_after {
            let whole = self.authority_validity()?;
            return Err(match until {
                None => OfficeError::Beyond(last_day(whole.not_after)),
                Some(_) => OfficeError::Earlier(last_day(old.validity.not_after)),
            }
            .into());
        }
        self.publish(&authority, Body::Appointment(Appointment { validity, ..old }))
    }

    /// The appointment with this id, if this node's org is one that may renew it.
    pub fn renewable(&self, id: &StatementId) -> Result<Appointment, ServiceError> {
        let old = self.in_reach(id)?;
        match self.directory().revoked(id).first() {
            Some(revoked) => Err(OfficeError::Already(revoked.words.clone()).into()),
            None => Ok(old),
        }
    }

    /// When this org's own authority ends: nothing that it appoints lasts longer.
    pub fn authority_end(&self) -> Result<Timestamp, ServiceError> {
        Ok(self.authority_validity()?.not_after)
    }

    /// The appointment with this id, if it stands and this node's org is one that may appoint there.
    fn in_reach(&self, id: &StatementId) -> Result<Appointment, ServiceError> {
        let directory = self.directory();
        let appointment = directory
            .appointment(id)
            .map_err(|fault| ServiceError::NotAllowed(fault.to_string()))?;
        let parent = directory.org(&appointment.org).and_then(|org| org.parent);
        if appointment.org != self.org && parent != Some(self.org) {
            let who = parent.unwrap_or(appointment.org);
            return Err(OfficeError::OtherOrg(self.name_of(&who)).into());
        }
        // An org's authority is appointed by the org above, that of the root by the founders.
        if appointment.purpose == Purpose::Authority && appointment.org == self.org {
            return Err(match parent {
                Some(parent) => OfficeError::OtherOrg(self.name_of(&parent)).into(),
                None => OfficeError::RootKey.into(),
            });
        }
        Ok(appointment.clone())
    }

    /// Gives a person of this node a new key: appointed anew to every post that the old one serves, which is then revoked
    /// without ground for doubt. The old key file stays beside the new one. Broken off by a crash it is finished by doing it
    /// again with the same passphrase.
    pub fn change_key(
        &self,
        authority_passphrase: &SecretString,
        login: &str,
        passphrase: &SecretString,
        words: &str,
    ) -> Result<KeyChange, ServiceError> {
        let authority = self.unlock_authority(authority_passphrase)?;
        let account = self.store.read(|reader| reader.account(login))?;
        let old = account.ok_or_else(|| OfficeError::NoPerson(login.to_owned()))?;
        let path = keystore::person_path(&self.dir, login);
        let next = path.with_extension("next.age");
        let begun = next
            .exists()
            .then(|| keystore::unlock(&next, passphrase))
            .transpose();
        let key = begun.map_err(|_| ServiceError::SignIn)?;
        let posts = self.posts(&old);
        if posts.is_empty() && key.is_none() {
            return Err(OfficeError::NotHere.into());
        }
        let fresh = key.is_none();
        let key = key.unwrap_or_else(keystore::generate);
        let plan = self.plan_change(&authority, &key, &posts)?;
        if fresh {
            keystore::lock(&next, &key, passphrase, self.config.scrypt_log_n)?;
        }
        let mut change = KeyChange {
            appointments: Vec::new(),
            revoked: Vec::new(),
            requests: plan.requests,
        };
        for body in plan.appointments {
            change.appointments.push(self.publish(&authority, body)?);
        }
        self.put_key_aside(login)?;
        std::fs::rename(&next, &path)
            .and_then(|()| env::sync_dir(&path))
            .map_err(|error| ServiceError::Disk { path, error })?;
        self.keep_account(login, &key.public())?;
        for id in plan.revoke {
            let draft = super::revoke::RevocationDraft::soft(id, words);
            change.revoked.extend(self.revoke_with(&authority, &draft)?);
        }
        Ok(change)
    }

    fn plan_change(
        &self,
        authority: &SecretKey,
        key: &SecretKey,
        posts: &[(StatementId, Appointment)],
    ) -> Result<Plan, ServiceError> {
        let directory = self.directory();
        let founding = directory.founding().id();
        let whole = self.remaining()?;
        let mut plan = Plan::default();
        for (id, post) in posts {
            let message = possession_message(&founding, &post.org, Purpose::Person);
            let possession = key.sign(Appointment::POSSESSION_DOMAIN, &message);
            let ours = directory.statement(id).map(SignedStatement::issuer);
            if ours.is_none_or(|issuer| issuer.org != self.org) {
                plan.requests.push(AppointmentRequest {
                    founding,
                    org: post.org,
                    key: key.public(),
                    possession,
                    name: post.name.clone(),
                    roles: post.roles.clone(),
                    seat: post.seat,
                    person: post.person,
                });
                continue;
            }
            plan.revoke.push(*id);
            if self.serves(&key.public(), post) {
                continue;
            }
            let body = Body::Appointment(Appointment {
                key: key.public(),
                possession,
                validity: Validity {
                    not_before: whole.not_before,
                    not_after: post.validity.not_after.min(whole.not_after),
                },
                ..post.clone()
            });
            self.would_stand(authority, &body)?;
            plan.appointments.push(body);
        }
        Ok(plan)
    }

    /// Whether a key holds the same post already.
    fn serves(&self, key: &PublicKey, post: &Appointment) -> bool {
        let mut posts = self.posts(key).into_iter();
        posts.any(|(_, held)| (held.org, &held.roles, held.seat) == (post.org, &post.roles, post.seat))
    }
}

#[derive(Default)]
struct Plan {
    appointments: Vec<Body>,
    revoke: Vec<StatementId>,
    requests: Vec<AppointmentRequest>,
}

/// Reads a last day (`2027-06-30`): what ends then ends with that day, by the time of this country.
pub fn parse_until(text: &str) -> Result<Timestamp, ServiceError> {
    let bad = || ServiceError::Bad(format!("{text:?} is no day; write it like 2027-06-30"));
    let day: jiff::civil::Date = text.trim().parse().map_err(|_| bad())?;
    let end = day.tomorrow().map_err(|_| bad())?;
    let zoned = end
        .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)))
        .map_err(|_| bad())?;
    Ok(Timestamp(zoned.timestamp().as_millisecond()))
}

/// Reads an instant: a day, which begins at midnight, or a day with a time, by the time of this country.
pub fn parse_since(text: &str) -> Result<u64, ServiceError> {
    let bad = || {
        ServiceError::Bad(format!(
            "{text:?} is no time; write it like 2027-06-30 or 2027-06-30T09:00"
        ))
    };
    let text = text.trim();
    let time: jiff::civil::DateTime = text.parse().map_err(|_| bad())?;
    let zoned = time
        .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)))
        .map_err(|_| bad())?;
    u64::try_from(zoned.timestamp().as_second()).map_err(|_| bad())
}
