//! Joining by invitation: one code, one command, no file editing (design 8).
//!
//! `invite` states the new org and locks the authority key, under the one-time secret of the code, into a grant file of
//! the parent. Whoever presents the secret over the authenticated connection opens the grant for exactly one act: the
//! appointment of the new org's authority. Then the grant is deleted. So no running node keeps an authority key open.

mod error;
mod grants;
mod person;

pub use super::join::Joining;
pub use error::{Cause, InviteError};
pub use grants::{INVITE_DAYS, INVITE_DAYS_MAX, OpenInvitation};
pub use person::{InviteDraft, InvitedPerson, Invitee, JoiningPerson};

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, Signature};
use lianzhan_protocol::time::Timestamp;
use minicbor::{Decode, Encode};

use super::ServiceError;
use crate::config::is_address;

const CODE_PREFIX: &str = "lianzhan-join-2.";
const CODE_MAX: usize = 32 * 1024;
/// Bytes at its end by which a code is told that is not as it was made: copied in part, or typed wrongly.
const SUM_LEN: usize = 4;

fn sum(content: &[u8]) -> [u8; SUM_LEN] {
    let Hash([a, b, c, d, ..]) = Hash::of("lianzhan/join-code/v2", &[CODE_PREFIX.as_bytes(), content]);
    [a, b, c, d]
}

/// What the code of an invitation carries.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invitation {
    /// The founding statement.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub founding: Vec<u8>,
    /// The parent's node key.
    #[n(2)]
    pub parent: PublicKey,
    /// Where the parent listens.
    #[n(3)]
    pub addresses: Vec<String>,
    /// The new org's id.
    #[n(4)]
    pub org: OrgId,
    /// The one-time secret.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// Until when.
    #[n(6)]
    pub expires: Timestamp,
    /// Nodes above the parent that must witness the new node's logs, too, as far as the parent knows where they listen.
    #[n(7)]
    pub above: Option<Vec<Above>>,
    /// The person whom it appoints in that org, too.
    #[n(8)]
    pub person: Option<InvitedPerson>,
    /// Whether the org has its node, and the person alone joins.
    #[n(9)]
    pub alone: Option<bool>,
}

/// A node above the parent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Above {
    /// Its node key.
    #[n(1)]
    pub node: PublicKey,
    /// Where it listens.
    #[n(2)]
    pub addresses: Vec<String>,
}

impl Invitation {
    /// Whether a node joins with it, and not a person at a node that is there.
    pub fn is_of_node(&self) -> bool {
        !self.alone.unwrap_or(false)
    }

    /// The code as people paste it.
    pub fn to_code(&self) -> String {
        use base64::Engine;
        let mut bytes = codec::encode(self);
        bytes.extend(sum(&bytes));
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        format!("{CODE_PREFIX}{text}")
    }

    /// Reads a code; spaces and line breaks that mail programs add are passed over. Nothing of one that is not whole is used,
    /// and what it leads to is what its author wrote.
    pub fn from_code(code: &str) -> Result<Self, ServiceError> {
        use base64::Engine;
        let bad = || ServiceError::from(InviteError::NoCode);
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let text = code.strip_prefix(CODE_PREFIX).ok_or_else(bad)?;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| bad())?;
        let (content, end) = bytes.split_last_chunk::<SUM_LEN>().ok_or_else(bad)?;
        if sum(content) != *end {
            return Err(bad());
        }
        let invitation: Invitation = codec::decode(content, CODE_MAX).map_err(|_| bad())?;
        let above = invitation.above.iter().flatten();
        check_addresses(
            above
                .flat_map(|above| &above.addresses)
                .chain(&invitation.addresses),
        )?;
        Ok(invitation)
    }
}

/// Where a node is said to be reached must be such a place.
pub(super) fn check_addresses<'a>(
    addresses: impl IntoIterator<Item = &'a String>,
) -> Result<(), InviteError> {
    match addresses.into_iter().find(|address| !is_address(address)) {
        Some(wrong) => Err(InviteError::NoAddress(wrong.clone())),
        None => Ok(()),
    }
}

/// What a joining node asks its parent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinRequest {
    /// The org it is to serve.
    #[n(1)]
    pub org: OrgId,
    /// The one-time secret.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// The fresh authority key of the new org; absent where a person alone joins.
    #[n(3)]
    pub authority: Option<PublicKey>,
    /// Its proof of possession.
    #[n(4)]
    pub possession: Option<Signature>,
    /// The person who joins.
    #[n(5)]
    pub person: Option<JoiningPerson>,
}

impl JoinRequest {
    /// The key to which the invitation is bound from then on.
    fn key(&self) -> Option<PublicKey> {
        self.authority.or(self.person.as_ref().map(|person| person.key))
    }
}

/// What the parent answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum JoinReply {
    /// The appointment, and all statements that its chain rests on.
    #[n(1)]
    Welcome {
        /// Id of the appointment.
        #[n(0)]
        appointment: StatementId,
        /// Signed statements.
        #[n(1)]
        statements: Vec<minicbor::bytes::ByteVec>,
        /// Id of the person's appointment, where one was asked for; `appointment` is the same where the person joins alone.
        #[n(2)]
        person: Option<StatementId>,
    },
    /// Refused, with the reason in words, and as programs tell it.
    #[n(2)]
    Refused(#[n(0)] String, #[n(1)] Option<Cause>),
}

/// Longest request or reply, in bytes.
pub const JOIN_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use lianzhan_protocol::keys::SecretKey;

    use super::*;

    fn invitation(address: &str) -> Invitation {
        Invitation {
            founding: (0..=255).collect(),
            parent: SecretKey::from_seed([7; 32]).public(),
            addresses: vec![address.into()],
            org: OrgId([3; 16]),
            secret: [8; 32],
            expires: Timestamp(1_770_000_000_000),
            above: None,
            person: None,
            alone: None,
        }
    }

    fn is_whole(code: &str) -> bool {
        match Invitation::from_code(code) {
            Ok(_) => true,
            Err(ServiceError::Invitation(InviteError::NoCode)) => false,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_code_is_refused_with_any_one_character_changed_lost_or_swapped() {
        let made = invitation("/ip4/192.0.2.1/tcp/7611");
        let code = made.to_code();
        assert_eq!(Invitation::from_code(&code).unwrap(), made);
        let chars: Vec<char> = code.chars().collect();
        let told = |chars: &[char]| chars.iter().collect::<String>();
        for at in 0..chars.len() {
            let mut lost = chars.clone();
            lost.remove(at);
            assert!(!is_whole(&told(&lost)), "without character {at}");
            for other in ['A', 'Q', 'z', 'l', '0', '1', '-', '_', '.', '码'] {
                let mut changed = chars.clone();
                changed[at] = other;
                assert_eq!(is_whole(&told(&changed)), chars[at] == other, "{other} at {at}");
            }
            for with in [at + 1, at + 2] {
                let mut swapped = chars.clone();
                if with < chars.len() && chars[at] != chars[with] {
                    swapped.swap(at, with);
                    assert!(!is_whole(&told(&swapped)), "{at} and {with} swapped");
                }
            }
            assert!(!is_whole(&code[..at]), "cut after {at}");
        }
    }

    #[test]
    fn a_code_leads_to_addresses_alone() {
        for wrong in [
            "",
            "foo",
            "192.0.2.1:7611",
            "/ip4/192.0.2.1",
            "/ip4/127.0.0.1/ud\0/18121/quic-v1",
        ] {
            let mut above = invitation("/dns/city.example/udp/7611/quic-v1");
            above.above = Some(vec![Above {
                node: above.parent,
                addresses: vec![wrong.into()],
            }]);
            for made in [invitation(wrong), above] {
                let refused = Invitation::from_code(&made.to_code());
                let expected = InviteError::NoAddress(wrong.into());
                assert!(
                    matches!(&refused, Err(ServiceError::Invitation(why)) if *why == expected),
                    "{refused:?}"
                );
            }
        }
    }
}
