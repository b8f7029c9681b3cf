//! The verifier of evidence bundles for a browser: a module without imports, so it can read no file, no clock and no
//! network, and send nothing anywhere. Its whole surface is bytes in, JSON out.
//!
//! For each question the host makes a fresh instance, asks for room ([`alloc`]), writes bytes there, calls, and reads the
//! [`Answer`]. Nothing is given back: an instance ends with its answer, and what a bundle left in its memory with it.
//! `node/assets/verify.js` is such a host.

use lianzhan_protocol::trust::FoundingStatement;
use lianzhan_protocol::{bundle, codec};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where the host finds JSON: the address in the high half, the length in the low one.
pub type Answer = u64;

/// Room for `len` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(len: usize) -> *mut u8 {
    vec![0; len].leak().as_mut_ptr()
}

/// Verifies a bundle against a founding statement that is trusted. With `sha256`, the digest of the bundle: `{"ok": true,
/// "report": ...}`, or `{"ok": false, "thing": ..., "zh": ..., "en": ...}` with the one reason in both languages.
///
/// # Safety
/// Both are begins of so many bytes of room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn verify(
    bundle: *const u8,
    bundle_len: usize,
    founding: *const u8,
    founding_len: usize,
) -> Answer {
    // SAFETY: as the caller promises.
    let (bundle, founding) = unsafe {
        (
            std::slice::from_raw_parts(bundle, bundle_len),
            std::slice::from_raw_parts(founding, founding_len),
        )
    };
    let sha256 = codec::hex(&Sha256::digest(bundle));
    answer(&match bundle::verify(bundle, founding) {
        Ok(report) => json!({ "ok": true, "sha256": sha256, "report": report }),
        Err(refusal) => json!({
            "ok": false,
            "sha256": sha256,
            "thing": refusal.thing,
            "zh": refusal.reason.zh(),
            "en": refusal.reason.to_string(),
        }),
    })
}

/// What a founding statement says of itself: `{"ok": true, "id": ..., "zh": ..., "en": ...}` with the names of its root org,
/// or `{"ok": false, "en": ...}` with the reason.
///
/// # Safety
/// `start` is the begin of `len` bytes of room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn founding(start: *const u8, len: usize) -> Answer {
    // SAFETY: as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(start, len) };
    answer(&match FoundingStatement::open(bytes) {
        Ok(statement) => {
            let root = &statement.founding().root;
            json!({ "ok": true, "id": statement.id(), "zh": root.name_zh, "en": root.name_en })
        }
        Err(error) => json!({ "ok": false, "en": error.to_string() }),
    })
}

fn answer(value: &Value) -> Answer {
    let bytes = value.to_string().into_bytes().leak();
    (bytes.as_ptr() as Answer) << 32 | bytes.len() as Answer
}
