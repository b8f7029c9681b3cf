//! The high-water file: the last signed (size, root) of each own log, outside of the database and of every backup, so
//! that a node whose database was put back from an old copy notices before it signs anything (design 5).
//!
//! Lines `origin size hex-root`, appended and synced after each commit; a torn last line is the crash that it looks
//! like and is dropped. Rewritten compactly at start.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{Origin, TreeSize};

pub(super) struct HighWater {
    file: File,
    /// Whether the file was missing although it is there from the first commit on.
    pub(super) missing: bool,
    pub(super) marks: BTreeMap<Origin, (TreeSize, Hash)>,
}

impl HighWater {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let (missing, text) = match std::fs::read(path) {
            Ok(bytes) => (false, String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (true, String::new()),
            Err(error) => return Err(error),
        };
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        let marks: BTreeMap<_, _> = complete.lines().filter_map(parse).collect();
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        for (origin, (size, root)) in &marks {
            writeln!(file, "{origin} {size} {root}")?;
        }
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        crate::env::sync_dir(path)?;
        Ok(HighWater {
            file: OpenOptions::new().append(true).open(path)?,
            missing,
            marks,
        })
    }

    /// Records what is about to leave signed.
    pub(super) fn raise(&mut self, marks: &[(Origin, TreeSize, Hash)]) -> std::io::Result<()> {
        if marks.is_empty() {
            return Ok(());
        }
        let lines: String = marks
            .iter()
            .map(|(origin, size, root)| format!("{origin} {size} {root}\n"))
            .collect();
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()?;
        self.marks.extend(
            marks
                .iter()
                .map(|(origin, size, root)| (origin.clone(), (*size, *root))),
        );
        Ok(())
    }
}

fn parse(line: &str) -> Option<(Origin, (TreeSize, Hash))> {
    let mut parts = line.split(' ');
    let origin = Origin::parse(parts.next()?).ok()?;
    let size = TreeSize(parts.next()?.parse().ok()?);
    let root = Hash::parse(parts.next()?)?;
    parts.next().is_none().then_some((origin, (size, root)))
}
