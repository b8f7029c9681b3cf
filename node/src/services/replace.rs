//! A machine that is lost with its keys: the org above takes the place back, and invites the org again.

use age::secrecy::SecretString;
use lianzhan_protocol::id::{OrgId, StatementId};
use lianzhan_protocol::trust::{Appointment, Body, Ground, Purpose, SignedStatement};

use super::authority::AuthorityGrant;
use super::invite::{Invitation, check_addresses};
use super::office::OfficeError;
use super::revoke::{Keep, RevocationDraft};
use super::{Node, ServiceError};

/// An org that is invited again.
#[derive(Debug, Clone)]
pub struct InvitedAgain {
    /// The invitation.
    pub invitation: Invitation,
    /// What revokes the keys of before.
    pub revoked: Vec<StatementId>,
}

impl Node {
    /// Invites an org directly below again, whose node joined before and is lost. Its authority key, node key and witness key
    /// are revoked now; the new ones come with the join.
    pub fn invite_again(
        &self,
        passphrase: &SecretString,
        org: &str,
        draft: &AuthorityGrant,
        addresses: Vec<String>,
    ) -> Result<InvitedAgain, ServiceError> {
        check_addresses(&addresses)?;
        let authority = self.unlock_authority(passphrase)?;
        let org = self.child(org)?;
        let drafts = self.keys_of(&org, draft);
        // Refused before anything is stated.
        for draft in &drafts {
            self.plan_revocation(draft)?;
        }
        let mut revoked = Vec::new();
        for draft in &drafts {
            if !self.is_hit_already(draft) {
                revoked.extend(self.revoke_with(&authority, draft)?);
            }
        }
        let invitation = self.open_invitation(&authority, org, addresses)?;
        Ok(InvitedAgain { invitation, revoked })
    }

    /// The org directly below that somebody means: by its id or its division code.
    fn child(&self, text: &str) -> Result<OrgId, ServiceError> {
        let directory = self.directory();
        let mut children = directory.children(&self.org);
        let found = children.find(|org| org.code == text || org.id.to_string() == text);
        found
            .map(|org| org.id)
            .ok_or_else(|| OfficeError::NoChild(text.to_owned()).into())
    }

    /// The revocations of all keys of an org that are not its persons': its authority's first, which keeps what it stated.
    fn keys_of(&self, org: &OrgId, draft: &AuthorityGrant) -> Vec<RevocationDraft> {
        let directory = self.directory();
        let in_force = |statement: &SignedStatement| {
            let id = statement.id();
            directory.appointment(&id).is_ok() && directory.revoked(&id).is_empty()
        };
        let mut keys: Vec<(Purpose, StatementId)> = directory
            .statements()
            .filter(|statement| in_force(statement))
            .filter_map(|statement| match statement.body() {
                Body::Appointment(Appointment { org: of, purpose, .. }) if of == org => {
                    Some((*purpose, statement.id()))
                }
                _ => None,
            })
            .filter(|(purpose, _)| *purpose != Purpose::Person)
            .collect();
        keys.sort_unstable();
        keys.into_iter()
            .map(|(purpose, id)| RevocationDraft {
                appointment: id,
                ground: draft.ground,
                words: draft.words.clone(),
                keep: match purpose {
                    Purpose::Authority => draft.keep.clone().or(match draft.ground {
                        Ground::Soft => Some(Keep::All),
                        Ground::Hard { .. } => None,
                    }),
                    _ => None,
                },
                also: Vec::new(),
            })
            .collect()
    }
}
