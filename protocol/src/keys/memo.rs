//! Signatures that were found good before on this thread, for who runs many nodes in one: what one of them verified all others
//! need not verify again. A node in earnest never asks for it, and verifies each time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::KeyError;
use crate::id::Hash;

/// More than these are forgotten, all at once.
const GOOD_MAX: usize = 1 << 16;

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
    static GOOD: RefCell<BTreeSet<Hash>> = RefCell::default();
}

/// Does `work` on this thread with every signature verified once. What was found good stays known to the next one that is
/// done so.
pub fn remembering<T>(work: impl FnOnce() -> T) -> T {
    /// Puts back what was before, also when unwinding.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ON.set(self.0);
        }
    }
    let _before = Before(ON.replace(true));
    work()
}

/// Verifies unless the same was found good before. What is refused is verified each time.
pub(super) fn or_verify(
    parts: &[&[u8]; 3],
    verify: impl FnOnce() -> Result<(), KeyError>,
) -> Result<(), KeyError> {
    if !ON.get() {
        return verify();
    }
    let same = Hash::of("lianzhan/verified/v1", parts);
    if GOOD.with_borrow(|good| good.contains(&same)) {
        return Ok(());
    }
    verify()?;
    GOOD.with_borrow_mut(|good| {
        if good.len() >= GOOD_MAX {
            good.clear();
        }
        good.insert(same);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_good_is_verified_once_where_that_is_asked_for_and_nothing_else_is_taken_for_it() {
        let verified = Cell::new(0);
        let ask = |message: &[u8], good: bool| {
            or_verify(&[b"key", message, b"signature"], || {
                verified.set(verified.get() + 1);
                if good { Ok(()) } else { Err(KeyError::BadSignature) }
            })
        };
        assert_eq!(
            (ask(b"a", true), ask(b"a", true), verified.get()),
            (Ok(()), Ok(()), 2)
        );
        remembering(|| {
            assert_eq!(
                (ask(b"a", true), ask(b"a", true), verified.get()),
                (Ok(()), Ok(()), 3)
            );
            let bad = Err(KeyError::BadSignature);
            assert_eq!(
                (ask(b"b", false), ask(b"b", false), verified.get()),
                (bad, bad, 5)
            );
        });
        assert_eq!(
            (ask(b"a", false), verified.get()),
            (Err(KeyError::BadSignature), 6)
        );
    }
}
