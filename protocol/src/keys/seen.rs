//! Keys read lately, so that a log by a few authors costs a square root for each author and not for each entry.

use std::cell::RefCell;

use super::{KeyError, PublicKey};

/// A power of two, so that it divides what a byte may be.
const PLACES: usize = 64;

thread_local! {
    /// Each at the place that its last byte but one gives: the last one holds a sign, all others are as good as random.
    static SEEN: RefCell<[Option<PublicKey>; PLACES]> = const { RefCell::new([None; PLACES]) };
}

/// The key of these bytes, read unless it was lately. A key that is refused is read each time.
pub(super) fn or_read(
    bytes: [u8; 32],
    read: impl FnOnce([u8; 32]) -> Result<PublicKey, KeyError>,
) -> Result<PublicKey, KeyError> {
    let place = usize::from(bytes[30]) % PLACES;
    let found = SEEN.with_borrow(|seen| seen[place].filter(|key| *key.ed25519_bytes() == bytes));
    if let Some(key) = found {
        return Ok(key);
    }
    let key = read(bytes)?;
    SEEN.with_borrow_mut(|seen| seen[place] = Some(key));
    Ok(key)
}
