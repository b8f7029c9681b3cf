//! What is wrong with a post, or with what was asked of posts and keys.

use lianzhan_protocol::id::ChangeId;

/// Why a post does not serve, or what was asked of it cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeError {
    /// The key has no appointment here.
    #[error("no appointment of this key is here yet; it comes with the next sync once it is granted")]
    NotHere,
    /// Every appointment of the key that would serve is revoked.
    #[error(
        "this appointment was revoked by {by} on {at}: {words}. The key is still on this disk; ask {by} for a new appointment"
    )]
    Revoked {
        /// The org that revoked it.
        by: String,
        /// On which day.
        at: String,
        /// Why.
        words: String,
    },
    /// Every appointment of the key is over.
    #[error("this appointment ended on {0}; ask for its renewal")]
    Ended(String),
    /// The person does not hold the post that was named.
    #[error("{0:?} is no post that this person holds now")]
    OtherPost(String),
    /// No such appointment.
    #[error("there is no appointment {0:?} here; `lianzhan appointments` lists them")]
    Unknown(String),
    /// More than one.
    #[error("{0:?} means more than one appointment; name one by its id (`lianzhan appointments`)")]
    Several(String),
    /// The appointment is issued by another branch.
    #[error("only {issuer} or an org above it may do this; ask there")]
    OutOfReach {
        /// Who may.
        issuer: String,
    },
    /// Neither in this org nor directly below.
    #[error("{0} appoints there, not this node's org; ask there")]
    OtherOrg(String),
    /// It is revoked already.
    #[error("this appointment is revoked already: {0}")]
    Already(String),
    /// It holds that long anyway.
    #[error("this appointment holds until {0} already; name a later day")]
    Earlier(String),
    /// Longer than this org's authority itself.
    #[error(
        "this org's own authority ends on {0}; have that renewed by the org above first, or name an earlier day"
    )]
    Beyond(String),
    /// A person who is not known here.
    #[error("there is no person {0:?} here: give the id of a person, or a login of this node")]
    NoPerson(String),
    /// No such change here.
    #[error("change {0} is not held here; `lianzhan adopt --list` lists what waits")]
    UnknownChange(ChangeId),
    /// No such org here.
    #[error("there is no org {0:?} here: give a division code or an id")]
    UnknownOrg(String),
    /// A change of an org that does not stand below this one.
    #[error("{0} does not stand below this node's org; an org above both states it")]
    NotBelow(String),
    /// A change of an org that is no more.
    #[error("that org is no more: {0}")]
    OrgEnded(String),
    /// Nothing to adopt.
    #[error("none of these is contested here")]
    NotContested,
    /// The org's own authority is over.
    #[error("this org's own authority ended on {0}; the org above renews it")]
    AuthorityEnded(String),
    /// Founders are the root's alone.
    #[error(
        "only {root}, the root of the federation, has founders; the key of this org's authority is replaced by the org \
         above (`lianzhan authority ask`)"
    )]
    NoFounders {
        /// The root.
        root: String,
    },
    /// Somebody signs in by this name.
    #[error(
        "the login {0:?} is taken at this node; choose another. A further post of the same person: name them as `person`"
    )]
    Taken(String),
    /// No such org directly below.
    #[error("there is no org {0:?} directly below this one: give its division code or its id")]
    NoChild(String),
    /// No code of ours.
    #[error(
        "this is no request for a key of an authority; copy the whole of it, from `lianzhan authority ask`"
    )]
    NoRequest,
    /// Of another federation.
    #[error("this request was made in another federation")]
    OtherFederation,
    /// The root has founders.
    #[error("the root's authority is named anew by its founders; see `lianzhan succession`")]
    RootKey,
    /// A request is open that was locked with another passphrase.
    #[error(
        "a request for another authority key is open at this node, and this is not the passphrase chosen for it; \
         to begin anew, move authority.next.age away"
    )]
    OpenRequest,
    /// The present key did not sign the request.
    #[error(
        "the present key of {org} did not sign this request. Ask there who asks, by a way that you trust, and compare the \
         fingerprint; then grant it with --lost, or with --stolen"
    )]
    Unconfirmed {
        /// Who asks.
        org: String,
    },
    /// Another key signed it.
    #[error("the key that signed this request is not the org's authority now; let it be made anew")]
    OtherConfirmed,
    /// A witness that was put back from a copy gets its own new key first.
    #[error("this node's witness is retired; run `lianzhan witness renew` first")]
    RetiredWitness,
    /// A hard revocation took the key back, so no appointment of it would serve.
    #[error(
        "{by} took this key back on {at} ({words}); no appointment of it in the same org serves any more. Let another key \
         be made: for a person of this node `lianzhan renew LOGIN --new-key`, for an org `lianzhan invite --again`"
    )]
    KeyTakenBack {
        /// The org that revoked it.
        by: String,
        /// On which day.
        at: String,
        /// Why.
        words: String,
    },
    /// This org's own authority was revoked, so what it states now would not stand.
    #[error(
        "the key of this org's authority was revoked by {by} on {at} ({words}); what it states now does not stand. Make \
         another with `lianzhan authority ask`, which {by} grants"
    )]
    OwnRevoked {
        /// The org that revoked it.
        by: String,
        /// On which day.
        at: String,
        /// Why.
        words: String,
    },
    /// The wrong passphrase, at a node whose authority key was replaced.
    #[error(
        "this passphrase does not open the key of this org. The key was changed on {0}: the passphrase that was chosen for \
         the new key is meant"
    )]
    NewPassphrase(String),
    /// A key that may not sign a succession.
    #[error(
        "this key is of none of the founders in office; a succession is signed by the founders that are in office before it"
    )]
    NoFounder,
    /// The person does not hold the post of the author.
    #[error("only a present holder of the same post, or an authority above it, may adopt this")]
    NotSamePost,
}
