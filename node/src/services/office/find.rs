//! Finding the post, the person or the appointment that somebody means by what they typed.

use lianzhan_protocol::id::{PersonId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::trust::{Appointment, Directory, Purpose, Revoked, Role, SignedStatement};

use super::{OfficeError, day, last_day, name};
use crate::services::{Node, ServiceError};
use crate::{env, keystore};

/// Fewest digits by which an appointment may be named for short.
const SHORT: usize = 8;

impl Node {
    /// The appointment that somebody means: by its id or the first digits of it; or by a login of this node, which means
    /// the post that the person would act under.
    pub fn find_office(&self, text: &str) -> Result<StatementId, ServiceError> {
        let text = text.trim();
        if keystore::valid_login(text)
            && let Some(key) = self.store.read(|reader| reader.account(text))?
        {
            let directory = self.directory();
            let last = directory.appointments_of(&key, Purpose::Person);
            let best = last
                .max_by_key(|(id, post)| (directory.revoked(id).is_empty(), post.validity.not_after, *id));
            if let Some((id, _)) = best {
                return Ok(id);
            }
        }
        let directory = self.directory();
        let hex = text.len() >= SHORT && text.bytes().all(|b| b.is_ascii_hexdigit());
        let mut found = directory
            .statements()
            .filter(|statement| hex && statement.appointment().is_some())
            .map(SignedStatement::id)
            .filter(|id| id.to_string().starts_with(text));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            (Some(_), Some(_)) => Err(OfficeError::Several(text.to_owned()).into()),
            (None, _) => Err(OfficeError::Unknown(text.to_owned()).into()),
        }
    }

    /// A person by id or by a login of this node.
    pub fn person_id(&self, text: &str) -> Result<PersonId, ServiceError> {
        let unknown = || ServiceError::from(OfficeError::NoPerson(text.to_owned()));
        let directory = self.directory();
        if let Some(id) = PersonId::parse(text) {
            let known =
                |statement: &SignedStatement| statement.appointment().and_then(|a| a.person) == Some(id);
            return directory
                .statements()
                .any(known)
                .then_some(id)
                .ok_or_else(unknown);
        }
        let account = self.store.read(|reader| reader.account(text))?;
        let key = account.ok_or_else(unknown)?;
        let mut posts = directory.appointments_of(&key, Purpose::Person);
        posts.find_map(|(_, post)| post.person).ok_or_else(unknown)
    }

    /// The posts that a key serves now, the one it acts under unless another is named first.
    pub fn posts(&self, key: &PublicKey) -> Vec<(StatementId, Appointment)> {
        let (directory, now) = (self.directory(), env::now());
        let mut posts: Vec<_> = directory
            .appointments_of(key, Purpose::Person)
            // One that begins by a clock that is ahead of ours serves: its signatures are judged by witnesses.
            .filter(|(id, post)| directory.revoked(id).is_empty() && now < post.validity.not_after)
            .map(|(id, post)| (id, post.clone()))
            .collect();
        // A renewal takes over by itself; of posts that end together the first that was given.
        let issued = |id: &StatementId| directory.statement(id).map(|statement| statement.issuer().issued);
        posts.sort_by_key(|(id, post)| (std::cmp::Reverse(post.validity.not_after), issued(id), *id));
        posts
    }

    /// The post under which a key acts: the one named by a role or by the first digits of its id, else the first.
    pub(in crate::services) fn post(
        &self,
        key: &PublicKey,
        named: Option<&str>,
    ) -> Result<(StatementId, Appointment), ServiceError> {
        let mut posts = self.posts(key).into_iter().peekable();
        if posts.peek().is_none() {
            return Err(self.why_no_post(key).into());
        }
        let is_named = |id: &StatementId, post: &Appointment| match named {
            None => true,
            Some(text) => match Role::parse(text) {
                Some(role) => post.roles.contains(&role),
                None => text.len() >= SHORT && id.to_string().starts_with(text),
            },
        };
        posts
            .find(|(id, post)| is_named(id, post))
            .ok_or_else(|| OfficeError::OtherPost(named.unwrap_or_default().to_owned()).into())
    }

    fn why_no_post(&self, key: &PublicKey) -> OfficeError {
        let directory = self.directory();
        let last = directory
            .appointments_of(key, Purpose::Person)
            .max_by_key(|(id, post)| (directory.revoked(id).is_empty(), post.validity.not_after, *id));
        let Some((id, post)) = last else {
            return OfficeError::NotHere;
        };
        match directory.revoked(&id).first() {
            None => OfficeError::Ended(last_day(post.validity.not_after)),
            Some(revoked) => {
                let (by, at, words) = told(&directory, revoked);
                OfficeError::Revoked { by, at, words }
            }
        }
    }
}

/// Who revoked, on what day and why.
pub(in crate::services) fn told(directory: &Directory, revoked: &Revoked) -> (String, String, String) {
    let by = directory.statement(&revoked.by).map(SignedStatement::issuer);
    (
        by.map(|by| name(directory, &by.org)).unwrap_or_default(),
        by.map(|by| day(by.issued)).unwrap_or_default(),
        revoked.words.clone(),
    )
}
