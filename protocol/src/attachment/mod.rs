//! Attachments: what a field of kind `blob` names by its BLAKE3 hash. Owns the pieces in which one travels and the check
//! that each passes by itself, and how one of an annex is sealed. Knows no files, no types of media and no records.

mod seal;
mod tree;

pub use seal::{AttachmentKey, SEAL_OVERHEAD, open, seal, sealed_len};
pub use tree::{
    ATTACHMENT_MAX, ChainingValue, PATH_MAX, PIECE_BYTES, PieceError, PieceHashes, Tree, check_piece,
};
