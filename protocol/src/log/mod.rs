//! The log: an append-only RFC 6962 Merkle tree, its signed checkpoints, its witnesses, and the proofs of each.
//!
//! Reads from the leaf upward: [`tree`] hashes leaves and keeps the right edge; [`proof`] makes and [`verify`] checks
//! proofs that a leaf stands in a tree and that one tree extends another; [`note`] is the signed text all C2SP formats
//! share, [`line`](mod@line) a signature in it and [`vkey`] the key that reads it; [`checkpoint`] signs size and root;
//! [`mod@cosign`] adds a witness's word with its time, and [`witness`] decides whether that word may be given;
//! [`proof_file`] carries leaf, proof and checkpoint to somebody who is offline.
//!
//! Formats: RFC 6962 section 2.1, RFC 9162 section 2.1, C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0 (no extension
//! lines), tlog-cosignature v1.0.1 (Ed25519), tlog-witness v1.0.0 (the rules, not the transport), tlog-proof.
//! What a node itself writes stands in [`LogStatement`], and [`LogStart::check_statement`] says who may;
//! [`Covered`] says which receipts count, by the directory; [`Equivocation`] proves that a log says two things. What a change means and where nodes are stored is not known here.

pub mod checkpoint;
pub mod cosign;
mod entry;
mod equivocation;
mod growth;
pub mod line;
pub mod note;
pub mod proof;
pub mod proof_file;
mod statement;
pub mod tree;
pub mod verify;
pub mod vkey;
pub mod witness;
mod witnessed;

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod proof_tests;
#[cfg(test)]
mod vector_tests;

pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use cosign::{CosignError, cosign, verify_cosignature};
pub use entry::{ENTRY_MAX, Entry, EntryError, Header, PAYLOAD_MAX, PROTOCOL_VERSION, PayloadKind, Verified};
pub use equivocation::{
    Branch, Equivocation, EquivocationError, Evidence, Fork, SignedLeaf, SignedRoot, contradiction,
    contradiction_held, revealing_size, standing_branch,
};
pub use growth::{read_growth, write_growth};
pub use line::SignatureLine;
pub use note::{Note, NoteError};
pub use proof::{MAX_PROOF_HASHES, ProofError, consistency, inclusion, root_at};
pub use proof_file::{ProofFile, ProofFileError, ProofHead};
pub use statement::{
    Acknowledged, Earlier, LogStart, LogStatement, Receipt, ReceiptError, ReceiptOf, STATEMENT_MAX,
    witness_log_origin, witness_name,
};
pub use tree::{Frontier, TreeError, empty_root, leaf_hash, node_hash, peak_indices, stored_index};
pub use verify::{ProofRejected, verify_consistency, verify_inclusion};
pub use vkey::{KeyId, KeyKind, VerifierKey, VerifierKeyError};
pub use witness::{WitnessEntry, WitnessRefusal, judge_checkpoint};
pub use witnessed::{Cover, Covered, Doubt, NotAWitness, Witnessed, doubt, witness_group};

pub use crate::id::{Origin, OriginError};

use std::fmt;

/// The place of a leaf in its log, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct EntryIndex(#[n(0)] pub u64);

impl EntryIndex {
    /// The size of the smallest tree that holds this leaf.
    pub fn size_with(self) -> TreeSize {
        TreeSize(self.0.saturating_add(1))
    }
}

impl fmt::Display for EntryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many leaves a tree has.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
#[cbor(transparent)]
pub struct TreeSize(#[n(0)] pub u64);

impl TreeSize {
    /// The tree with no leaf.
    pub const EMPTY: TreeSize = TreeSize(0);

    /// The greatest size this room builds or reads: stored node indices of such a tree (fewer than twice its size) fit
    /// SQLite's signed 64-bit integers. Larger sizes are refused, whoever states them.
    pub const MAX: TreeSize = TreeSize(1 << 62);

    /// Where the next leaf of a tree of this size goes.
    pub fn next_index(self) -> EntryIndex {
        EntryIndex(self.0)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads an ASCII decimal as C2SP writes it: digits only, no sign, no leading zero.
fn parse_decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

/// Reads a size as C2SP writes it, up to [`TreeSize::MAX`].
fn parse_size(text: &str) -> Option<TreeSize> {
    parse_decimal(text)
        .map(TreeSize)
        .filter(|size| *size <= TreeSize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn an_origin_can_stand_in_a_note() {
        assert!(Origin::parse("lianzhan.example/station/000001/space/a").is_ok());
        assert_eq!(Origin::parse(""), Err(OriginError::Empty));
        for text in ["a b", "a+b", "a\nb", "联站", "a\u{7f}", "a\u{a0}b", "\u{2014}"] {
            assert_eq!(Origin::parse(text), Err(OriginError::BadCharacter), "{text:?}");
        }
        assert!(Origin::parse(&"a".repeat(128)).is_ok());
        assert_eq!(Origin::parse(&"a".repeat(129)), Err(OriginError::TooLong));
    }

    #[test]
    fn origins_and_numbers_travel_as_plain_cbor() {
        let origin = Origin::parse("a/b").expect("valid");
        assert_eq!(codec::encode(&origin), b"\x63a/b");
        assert_eq!(codec::decode::<Origin>(b"\x63a/b", 16), Ok(origin));
        assert!(codec::decode::<Origin>(b"\x63a b", 16).is_err());
        assert_eq!(codec::encode(&TreeSize(24)), [0x18, 24]);
        assert_eq!(codec::decode::<EntryIndex>(&[0x18, 24], 16), Ok(EntryIndex(24)));
    }

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for text in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1_0",
            "0x1",
            "18446744073709551616",
            "１",
        ] {
            assert_eq!(parse_decimal(text), None, "{text:?}");
        }
        assert_eq!(parse_size("4611686018427387904"), Some(TreeSize::MAX));
        assert_eq!(parse_size("4611686018427387905"), None);
    }
}
