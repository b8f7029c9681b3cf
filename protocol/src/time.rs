//! Instants as numbers. Nothing here reads a clock.

use minicbor::{Decode, Encode};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Timestamp(#[n(0)] pub i64);

impl Timestamp {
    /// Whole seconds since 1970, as cosignatures carry them; before 1970 counts as 0.
    pub fn seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// From whole seconds since 1970; what does not fit becomes the latest instant.
    pub fn from_seconds(seconds: u64) -> Self {
        Timestamp(
            i64::try_from(seconds)
                .ok()
                .and_then(|s| s.checked_mul(1000))
                .unwrap_or(i64::MAX),
        )
    }
}
