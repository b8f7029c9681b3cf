//! The high-water file of a copy: the last signed size and root of each own log, as the node kept them outside of its
//! database. Lines `origin size hex-root`; a last line that was torn is dropped, as the node itself does.

use std::collections::BTreeMap;
use std::path::Path;

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{Origin, TreeSize};

use super::read_bounded;

const FILE: &str = "high-water";
/// The longest file that is read, in bytes. The node writes a line for each commit until its next start.
const FILE_MAX: usize = 256 << 20;

/// What was signed of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its size.
    pub(crate) size: TreeSize,
    /// Its root.
    pub(crate) root: Hash,
}

/// The marks of all own logs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HighWater {
    /// By origin: the last one.
    pub(crate) marks: BTreeMap<Origin, Mark>,
    /// Lines that are none.
    pub(crate) malformed: u64,
}

impl HighWater {
    pub(super) fn read(dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = read_bounded(&path, FILE_MAX)?;
        Ok(Some(Self::parse(&String::from_utf8_lossy(&bytes))))
    }

    fn parse(text: &str) -> Self {
        let mut found = HighWater::default();
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        for line in complete.lines() {
            match mark(line) {
                Some((origin, mark)) => drop(found.marks.insert(origin, mark)),
                None => found.malformed += 1,
            }
        }
        found
    }
}

fn mark(line: &str) -> Option<(Origin, Mark)> {
    let mut parts = line.split(' ');
    let origin = Origin::parse(parts.next()?).ok()?;
    let size = TreeSize(parts.next()?.parse().ok()?);
    let root = Hash::parse(parts.next()?)?;
    let whole = parts.next().is_none() && size <= TreeSize::MAX;
    whole.then_some((origin, Mark { size, root }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mark_of_each_log_counts_and_a_torn_line_is_dropped() {
        let root = |n: u8| Hash([n; 32]);
        let text = format!(
            "a 1 {}\nb 9 {}\nnonsense\na 2 {}\nb 10 0a",
            root(1),
            root(2),
            root(3)
        );
        let found = HighWater::parse(&text);
        let mark = |name: &str| found.marks[&Origin::parse(name).unwrap()];
        assert_eq!((mark("a").size, mark("a").root), (TreeSize(2), root(3)));
        assert_eq!((mark("b").size, found.malformed), (TreeSize(9), 1));
        assert_eq!(HighWater::parse("torn"), HighWater::default());
    }
}
