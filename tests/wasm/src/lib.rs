//! One export that reaches the protocol crate, so that the linker keeps its code and tests/wasm-purity can see what that
//! code asks of its host.

use lianzhan_protocol::codec;
use lianzhan_protocol::keys::{PublicKey, Signature};

/// 1 when the `len` bytes at `start` are the canonical form of a key and its signature over those same bytes, else 0.
/// (No signature is; that the question is asked keeps the code.)
///
/// # Safety
/// `start` is the begin of `len` readable bytes.
// Point this at the widest door of the crate (`bundle::verify`, once it is there): what is not reached is not checked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn check(start: *const u8, len: usize) -> u32 {
    // SAFETY: as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(start, len) };
    match codec::decode::<(PublicKey, Signature)>(bytes, 256) {
        Ok((key, signature)) => u32::from(key.verify("lianzhan/wasm/v1", bytes, &signature).is_ok()),
        Err(_) => 0,
    }
}
