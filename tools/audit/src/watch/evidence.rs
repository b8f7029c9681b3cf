//! Evidence: both signed notes, as files that anybody can check with the log's key.

use std::path::{Path, PathBuf};

use anyhow::Context;
use lianzhan_protocol::id::Hash;

/// Writes what was seen before and what is shown now, and says where. The names tell log, sizes and content, so the same
/// evidence is written once and nothing is ever overwritten.
pub(super) fn keep(
    dir: &Path,
    origin: &str,
    vkey: &str,
    old: &str,
    new: &str,
) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let log = &Hash::plain(origin.as_bytes()).to_string()[..16];
    let mut paths = Vec::new();
    for (role, text) in [("old", old), ("new", new), ("vkey", vkey)] {
        let content = &Hash::plain(text.as_bytes()).to_string()[..16];
        let path = dir.join(format!("{log}-{role}-{content}.txt"));
        if !path.exists() {
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        paths.push(path);
    }
    Ok(paths)
}
