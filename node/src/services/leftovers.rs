//! Files of work that was killed: whole copies of the database among them, in the clear. Nobody else would ever remove them.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{backup, carry};

/// What was written to within this time may be of work that goes on: of a backup that another process makes.
const AT_WORK: Duration = Duration::from_secs(60 * 60);

/// Removes what earlier backups and carry files left in a node's directory.
pub(super) fn sweep(dir: &Path) {
    // What cannot be read or removed now is there again the next time.
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_of = |(begin, end): (&str, &str)| {
            let name = name.to_string_lossy();
            name.starts_with(begin) && name.trim_end_matches("-journal").ends_with(end)
        };
        if !(is_of(backup::COPY) || is_of(carry::SPOOLED)) {
            continue;
        }
        let written = entry.metadata().and_then(|about| about.modified());
        let age = written.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
        if age.is_ok_and(|age| age > AT_WORK) {
            let gone = std::fs::remove_file(entry.path());
            tracing::info!(file = ?entry.path(), removed = gone.is_ok(), "left by work that was killed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_work_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - AT_WORK - Duration::from_secs(5);
        let names = [
            ("backup.0123456789abcdef.db.new", true),
            ("backup.0123456789abcdef.db.new-journal", true),
            ("carry-0123456789abcdef.part", true),
            ("backup.age", false),
            ("carry-out.age", false),
            ("lianzhan.db", false),
        ];
        for (name, _) in names {
            let file = std::fs::File::create(dir.path().join(name)).unwrap();
            file.set_modified(old).unwrap();
        }
        let at_work = dir.path().join("backup.fedcba9876543210.db.new");
        std::fs::File::create(&at_work).unwrap();
        sweep(dir.path());
        assert!(at_work.exists(), "another process may be making it");
        for (name, left_behind) in names {
            assert_eq!(dir.path().join(name).exists(), !left_behind, "{name}");
        }
    }
}
