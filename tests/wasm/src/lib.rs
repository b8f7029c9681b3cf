//! One export that reaches the protocol crate, so that the linker keeps its code and tests/wasm-purity can see what that
//! code asks of its host.

/// 1 when the `len` bytes at `start` are a valid evidence bundle under the founding statement of `root_len` bytes at
/// `root`, else 0. The widest door of the crate: it decodes, verifies, judges and folds.
///
/// # Safety
/// `start` and `root` are the begins of so many readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn check(start: *const u8, len: usize, root: *const u8, root_len: usize) -> u32 {
    // SAFETY: as the caller promises.
    let (bundle, founding) = unsafe {
        (
            std::slice::from_raw_parts(start, len),
            std::slice::from_raw_parts(root, root_len),
        )
    };
    u32::from(lianzhan_protocol::bundle::verify(bundle, founding).is_ok())
}
