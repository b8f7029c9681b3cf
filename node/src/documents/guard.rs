//! Runs Automerge so that a panic of its ends there: nothing printed, nothing else stopped.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use super::DocumentError;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// What `work` says, or that it panicked. What it touched is dropped with it.
pub(super) fn quarantine<T>(work: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    keep_quiet();
    let outer = INSIDE.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(outer);
    outcome.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        // Enough to know it again; a message may quote the record.
        let what: String = text.unwrap_or("no message").chars().take(120).collect();
        Err(DocumentError::Quarantined {
            what: match PLACE.take() {
                Some(place) => format!("{what} ({place})"),
                None => what,
            },
        })
    })
}

/// Puts a hook before the present one, once: a panic inside notes its place, every other one goes on as before.
fn keep_quiet() {
    static HOOK: Once = Once::new();
    // A hook cannot be set while this thread unwinds; the caller is then beyond help of ours.
    if std::thread::panicking() {
        return;
    }
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if INSIDE.try_with(Cell::get).unwrap_or(false) {
                let _ = PLACE.try_with(|place| place.set(place_of(info)));
            } else {
                before(info);
            }
        }));
    });
}

/// File and line, without where the registry of crates happens to lie.
fn place_of(info: &PanicHookInfo<'_>) -> Option<String> {
    let location = info.location()?;
    let file = location.file();
    let file = file.rsplit_once("/src/").map_or(file, |(_, inside)| inside);
    Some(format!("{file}:{}", location.line()))
}
