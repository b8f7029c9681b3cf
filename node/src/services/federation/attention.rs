//! What a person should look at, of a node.

use serde::{Deserialize, Serialize};

/// Something that does not mend itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// It was not heard of for long.
    Silent {
        /// Since when, milliseconds since 1970; none if never.
        since: Option<i64>,
    },
    /// A log of it says two things.
    Fork {
        /// The log.
        origin: String,
    },
    /// Nothing more is taken in of a log of it.
    Halted {
        /// The log.
        origin: String,
    },
    /// It lost what it had signed, and goes on in a new log.
    Rollback {
        /// The log that ended.
        origin: String,
    },
    /// It sent what no honest node sends.
    Refused {
        /// What.
        words: String,
    },
    /// It broke the rules of a conversation, and is neither dialled nor answered for a time.
    Avoided {
        /// What it did last: the name of a kind of misbehaviour.
        what: String,
        /// How often it did anything since this process started.
        count: u64,
        /// Until when, milliseconds since 1970.
        until: i64,
    },
    /// It cosigns nothing more with its witness key.
    WitnessStopped,
    /// Its key is in other hands, and it was revoked; no other node serves its org.
    Revoked {
        /// Why.
        words: String,
    },
    /// An appointment of its org's authority, its own or its witness key's ends soon.
    Ending {
        /// Which: `authority`, `node` or `witness`.
        purpose: String,
        /// Days left.
        days: i64,
    },
    /// Its disk is nearly full.
    DiskLow {
        /// Bytes that may still be written.
        free: u64,
    },
}
