//! A proof that a log grew, as a text: the body of a C2SP tlog-witness `add-checkpoint` request. Bundles carry it, and a node
//! answers with it whoever watches its logs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MAX_PROOF_HASHES, Note};
use crate::id::Hash;

/// The text that shows that the tree of `newest` extends the one of `old` leaves.
pub fn write_growth(old: u64, hashes: &[Hash], newest: &Note) -> String {
    let lines: String = hashes
        .iter()
        .map(|hash| STANDARD.encode(hash.as_bytes()) + "\n")
        .collect();
    format!("old {old}\n{lines}\n{newest}")
}

/// The hashes of such a text; none if it is not for this size and note, in the one spelling.
pub fn read_growth(text: &str, old: u64, newest: &Note) -> Option<Vec<Hash>> {
    let lines = text
        .strip_prefix(&format!("old {old}\n"))?
        .strip_suffix(&format!("\n{newest}"))?;
    let hashes = lines
        .lines()
        .take(MAX_PROOF_HASHES)
        .map(|line| {
            STANDARD
                .decode(line)
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .map(Hash)
        })
        .collect::<Option<Vec<_>>>()?;
    (write_growth(old, &hashes, newest) == text).then_some(hashes)
}
