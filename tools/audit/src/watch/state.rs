//! What was seen, in a file: written aside and put in place whole, so that a crash leaves the one before.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use lianzhan_protocol::id::Hash;
use serde::{Deserialize, Serialize};

use crate::copy::read_bounded;

/// The longest file, in bytes.
const FILE_MAX: usize = 256 << 20;
const FORMAT: &str = "lianzhan-watch/1";

/// What was last seen of a log: the checkpoint, whole, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The key that signed it.
    pub(super) vkey: String,
    pub(super) size: u64,
    pub(super) root: Hash,
    pub(super) note: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    format: String,
    /// By address of the node, then by origin.
    nodes: BTreeMap<String, BTreeMap<String, Seen>>,
}

/// The file.
pub(super) struct State {
    path: PathBuf,
    content: Content,
    changed: bool,
}

impl State {
    /// Opens the file; one that is not there yet is empty.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let content = if path.exists() {
            let bytes = read_bounded(path, FILE_MAX)?;
            let content: Content =
                serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?;
            ensure!(content.format == FORMAT, "{}: not {FORMAT}", path.display());
            content
        } else {
            Content {
                format: FORMAT.to_owned(),
                nodes: BTreeMap::new(),
            }
        };
        Ok(State {
            path: path.to_owned(),
            content,
            changed: !path.exists(),
        })
    }

    /// Where evidence is kept.
    pub(super) fn evidence_dir(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".evidence");
        name.into()
    }

    /// What was seen of a log at a node.
    pub(super) fn seen(&self, url: &str, origin: &str) -> Option<&Seen> {
        self.content.nodes.get(url)?.get(origin)
    }

    /// The logs seen at a node.
    pub(super) fn origins(&self, url: &str) -> Vec<String> {
        let seen = self.content.nodes.get(url);
        seen.map(|logs| logs.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Remembers what was seen.
    pub(super) fn keep(&mut self, url: &str, origin: &str, seen: Seen) {
        let logs = self.content.nodes.entry(url.to_owned()).or_default();
        self.changed |= logs.insert(origin.to_owned(), seen.clone()) != Some(seen);
    }

    /// Makes what was seen durable.
    pub(super) fn save(&mut self) -> anyhow::Result<()> {
        if !self.changed {
            return Ok(());
        }
        let named = || self.path.display().to_string();
        let aside = {
            let mut name = self.path.clone().into_os_string();
            name.push(".new");
            PathBuf::from(name)
        };
        let mut file = std::fs::File::create(&aside).with_context(named)?;
        file.write_all(&serde_json::to_vec_pretty(&self.content)?)
            .with_context(named)?;
        file.sync_all().with_context(named)?;
        std::fs::rename(&aside, &self.path).with_context(named)?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // Some file systems cannot sync a directory; the file itself is synced.
        if let Ok(parent) = std::fs::File::open(parent.unwrap_or(Path::new("."))) {
            let _ = parent.sync_all();
        }
        self.changed = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_there_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seen.json");
        let seen = Seen {
            vkey: "k".into(),
            size: 7,
            root: Hash([7; 32]),
            note: "n\n".into(),
        };
        let mut state = State::open(&path).unwrap();
        state.keep("http://x", "a", seen.clone());
        state.save().unwrap();
        let again = State::open(&path).unwrap();
        assert_eq!(again.seen("http://x", "a"), Some(&seen));
        assert_eq!(again.origins("http://x"), ["a"]);
        assert_eq!(again.seen("http://y", "a"), None);
        std::fs::write(&path, "{}").unwrap();
        assert!(
            State::open(&path).is_err(),
            "a file that is none is not overwritten"
        );
    }
}
