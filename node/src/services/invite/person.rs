//! A person in an invitation: who may be appointed by it, and the answer to who comes with it.

use age::secrecy::SecretString;
use lianzhan_protocol::id::{OrgId, PersonId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey, Signature};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Appointment, Level, Org, Purpose, Role, SignedStatement, possession_message};
use minicbor::{Decode, Encode};

use super::{INVITE_DAYS_MAX, Invitation, InviteError, JoinRequest, check_addresses};
use crate::keystore;
use crate::services::appoint::AppointmentRequest;
use crate::services::found::OrgDraft;
use crate::services::select::only;
use crate::services::{Node, ServiceError};

/// The post that an invitation gives to the person who comes with it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InvitedPerson {
    /// Roles.
    #[n(1)]
    pub roles: Vec<Role>,
    /// Level of a deputy's seat.
    #[n(2)]
    pub seat: Option<Level>,
    /// The name on the card; where none is given, the person states it.
    #[n(3)]
    pub name: Option<String>,
    /// Until when the post is held, if that is earlier than the end of the inviter's authority.
    #[n(4)]
    pub until: Option<Timestamp>,
}

/// A person who joins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoiningPerson {
    /// The fresh key.
    #[n(1)]
    pub key: PublicKey,
    /// Its proof of possession.
    #[n(2)]
    pub possession: Signature,
    /// The name as the person states it; that of the invitation goes before.
    #[n(3)]
    pub name: String,
    /// The person's id.
    #[n(4)]
    pub person: PersonId,
}

impl JoiningPerson {
    /// A person's fresh key, ready to be appointed in `org`.
    pub(in crate::services) fn new(
        key: &SecretKey,
        founding: &StatementId,
        org: &OrgId,
        name: String,
        person: PersonId,
    ) -> Self {
        let message = possession_message(founding, org, Purpose::Person);
        JoiningPerson {
            key: key.public(),
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
            name,
            person,
        }
    }
}

/// Whom an invitation is for.
#[derive(Debug, Clone)]
pub enum Invitee {
    /// The node of an org that is stated with it.
    New(OrgDraft),
    /// An org that is known: this node's own or one directly below, by its id, division code or Chinese name, or `own`.
    Known(String),
}

/// An invitation to be made.
#[derive(Debug, Clone)]
pub struct InviteDraft {
    /// Whom it is for.
    pub org: Invitee,
    /// The person who is appointed with it.
    pub person: Option<InvitedPerson>,
    /// Where this node is reached.
    pub addresses: Vec<String>,
    /// For how many days it is good.
    pub days: i64,
}

impl Node {
    /// Makes an invitation: of an org's node, of a person at an org's node, or of both with one code. A person gets no more
    /// than this org's authority may give, which is found out now and not when the person comes.
    pub fn invite_with(
        &self,
        draft: InviteDraft,
        passphrase: &SecretString,
    ) -> Result<Invitation, ServiceError> {
        let InviteDraft {
            org,
            person,
            addresses,
            days,
        } = draft;
        if !(1..=INVITE_DAYS_MAX).contains(&days) {
            return Err(ServiceError::Bad(format!(
                "an invitation holds between 1 and {INVITE_DAYS_MAX} days"
            )));
        }
        if let Some(person) = &person {
            person.check()?;
        }
        check_addresses(&addresses)?;
        let authority = self.unlock_authority(passphrase)?;
        let (id, of_node) = match org {
            Invitee::New(draft) => (self.stated(&authority, draft)?, true),
            Invitee::Known(text) => {
                let org = self.invitable(&text)?;
                (org.id, org.id != self.org && !self.has_joined(&org.id))
            }
        };
        if !of_node && person.is_none() {
            return Err(InviteError::HasNode(self.name_of(&id)).into());
        }
        if let Some(person) = &person {
            let request = self.trial(person, id);
            let body = self.appointment_for(&request, person.until)?;
            self.would_stand(&authority, &body)?;
        }
        self.grant_join(&authority, id, addresses, days, (person, !of_node))
    }

    /// An org that may be invited, as somebody named it.
    fn invitable(&self, text: &str) -> Result<Org, ServiceError> {
        let (directory, text) = (self.directory(), text.trim());
        let own = directory.org(&self.org).into_iter();
        let orgs = own.chain(directory.children(&self.org));
        let called = orgs.filter(|org| {
            (text == "own" && org.id == self.org)
                || [&org.id.to_string(), &org.code, &org.name_zh]
                    .iter()
                    .any(|name| *name == text)
        });
        let found = only(&directory, text, called.collect())?;
        let not_ours = || InviteError::NotOurs {
            text: text.to_owned(),
            own: self.name_of(&self.org),
        };
        Ok(found.cloned().ok_or_else(not_ours)?)
    }

    /// Whether an org joined: its authority is known here at once, its node once it was heard of. Where the authority was taken
    /// back the node still tells.
    pub(super) fn is_in_service(&self, org: &OrgId) -> bool {
        let has_node = |post: &Appointment| post.org == *org && post.purpose == Purpose::Node;
        let directory = self.directory();
        let mut posts = directory.statements().filter_map(SignedStatement::appointment);
        posts.any(has_node) || self.has_joined(org)
    }

    /// Whether an org has an authority, which it got when its node joined.
    fn has_joined(&self, org: &OrgId) -> bool {
        let directory = self.directory();
        directory
            .statements()
            .filter_map(|statement| Some((statement.id(), statement.appointment()?)))
            .any(|(id, post)| {
                post.org == *org && post.purpose == Purpose::Authority && directory.revoked(&id).is_empty()
            })
    }

    /// The post as a request of somebody whose key nobody has.
    fn trial(&self, person: &InvitedPerson, org: OrgId) -> AppointmentRequest {
        let founding = self.directory().founding().id();
        let name = person.name.clone().unwrap_or_else(|| "?".into());
        let somebody = PersonId(crate::env::random());
        let joining = JoiningPerson::new(&keystore::generate(), &founding, &org, name, somebody);
        person.request(&joining, founding, org)
    }

    /// Appoints the person who comes with an invitation; one key once.
    pub(super) fn welcome_person(
        &self,
        authority: &SecretKey,
        invited: &InvitedPerson,
        request: &JoinRequest,
    ) -> Result<StatementId, ServiceError> {
        let joining = request.person.as_ref().ok_or(InviteError::NoPerson)?;
        if let Some(id) = self.appointed_person(request) {
            return Ok(id);
        }
        if joining.name.trim().is_empty() {
            return Err(InviteError::NoPerson.into());
        }
        let founding = self.directory().founding().id();
        let asked = invited.request(joining, founding, request.org);
        let body = self.appointment_for(&asked, invited.until)?;
        self.publish(authority, body)
    }

    /// The appointment that the person of a request has already.
    pub(super) fn appointed_person(&self, request: &JoinRequest) -> Option<StatementId> {
        let (directory, key) = (self.directory(), request.person.as_ref()?.key);
        directory
            .appointments_of(&key, Purpose::Person)
            .find(|(id, post)| post.org == request.org && directory.revoked(id).is_empty())
            .map(|(id, _)| id)
    }
}

impl InvitedPerson {
    fn check(&self) -> Result<(), ServiceError> {
        if self.roles.is_empty() {
            return Err(ServiceError::Bad(
                "a person is invited with at least one role".into(),
            ));
        }
        if self.roles.contains(&Role::Deputy) != self.seat.is_some() {
            return Err(ServiceError::Bad(
                "a deputy, and nobody else, has the level of a seat".into(),
            ));
        }
        Ok(())
    }

    fn request(&self, joining: &JoiningPerson, founding: StatementId, org: OrgId) -> AppointmentRequest {
        let mut roles = self.roles.clone();
        roles.sort_unstable();
        roles.dedup();
        AppointmentRequest {
            founding,
            org,
            key: joining.key,
            possession: joining.possession,
            name: self
                .name
                .clone()
                .unwrap_or_else(|| joining.name.trim().to_owned()),
            roles,
            seat: self.seat,
            person: Some(joining.person),
        }
    }
}
