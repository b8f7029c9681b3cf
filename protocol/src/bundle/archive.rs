//! The container: a plain ustar archive (POSIX.1-1988) in one spelling. Paths ascend, every header says mode 0644, owner
//! 0:0 and time 0, padding is zeros and two zero blocks end it, so equal files make equal bytes and every byte of an
//! archive means something. What a file says is not known here.

use std::collections::BTreeMap;

use super::refusal::{Reason, Refusal};

/// Files by path, as they are made.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Files by path, where they lie: a bundle may be large, and one copy of it is enough.
pub(super) type View<'a> = BTreeMap<&'a str, &'a [u8]>;

/// The longest bundle read or written, in bytes: room for some 150,000 changes of a form of 25 fields.
pub const BUNDLE_MAX: usize = 1024 * 1024 * 1024 + 512 * 1024 * 1024;

const BLOCK: usize = 512;
/// Longest path, in bytes: what the name field of a header holds without a prefix.
const PATH_MAX: usize = 100;
/// Name as it stands for the archive itself in a [`Refusal`].
const ARCHIVE: &str = "archive";

/// `files` where they lie.
pub(super) fn view(files: &Files) -> View<'_> {
    let files = files.iter();
    files
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect()
}

/// The archive of `files`, each let go once it is in. Fails for a path that [`is_path`] refuses and beyond
/// [`BUNDLE_MAX`].
pub(super) fn pack(mut files: Files) -> Result<Vec<u8>, Refusal> {
    let total: usize = files
        .values()
        .map(|bytes| BLOCK + bytes.len().next_multiple_of(BLOCK))
        .sum();
    if total + 2 * BLOCK > BUNDLE_MAX {
        return Err(Refusal::new(ARCHIVE, Reason::TooLong { max: BUNDLE_MAX }));
    }
    let mut out = Vec::with_capacity(total + 2 * BLOCK);
    while let Some((path, bytes)) = files.pop_first() {
        out.extend_from_slice(&header(&path, bytes.len())?);
        out.extend_from_slice(&bytes);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    Ok(out)
}

/// The files of an archive; refuses every archive that [`pack`] would not write from them.
pub(super) fn unpack(bytes: &[u8]) -> Result<View<'_>, Refusal> {
    if bytes.len() > BUNDLE_MAX {
        return Err(Refusal::new(ARCHIVE, Reason::TooLong { max: BUNDLE_MAX }));
    }
    let mut files = Vec::new();
    let mut rest = bytes;
    let mut last = "";
    loop {
        let after = || {
            if last.is_empty() {
                ARCHIVE.to_owned()
            } else {
                format!("{ARCHIVE}, after {last}")
            }
        };
        let (block, tail) = rest
            .split_first_chunk::<BLOCK>()
            .ok_or_else(|| Refusal::new(after(), Reason::Archive("it ends too early")))?;
        if block.iter().all(|byte| *byte == 0) {
            let ends = tail.len() == BLOCK && tail.iter().all(|byte| *byte == 0);
            return if ends {
                // All at once and in order: a tree that grows file by file costs several times as much.
                Ok(files.into_iter().collect())
            } else {
                Err(Refusal::new(after(), Reason::Archive("two zero blocks end it")))
            };
        }
        let path = path_of(block)
            .ok_or_else(|| Refusal::new(after(), Reason::Archive("a file's name is not one of ours")))?;
        let size =
            size_of(block).ok_or_else(|| Refusal::new(path, Reason::Archive("its size is malformed")))?;
        if header_of(path, size) != *block {
            return Err(Refusal::new(
                path,
                Reason::Archive("its header is not the one that we write"),
            ));
        }
        if path <= last {
            return Err(Refusal::new(path, Reason::Archive("paths do not ascend")));
        }
        let padded = size.next_multiple_of(BLOCK);
        let (Some(content), Some(padding), Some(next)) =
            (tail.get(..size), tail.get(size..padded), tail.get(padded..))
        else {
            return Err(Refusal::new(path, Reason::Archive("it ends too early")));
        };
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Refusal::new(path, Reason::Archive("its padding is not zeros")));
        }
        files.push((path, content));
        last = path;
        rest = next;
    }
}

/// The one header of a regular file.
fn header(path: &str, size: usize) -> Result<[u8; BLOCK], Refusal> {
    if is_path(path) {
        Ok(header_of(path, size))
    } else {
        Err(Refusal::new(
            path,
            Reason::Archive("a file's name is not one of ours"),
        ))
    }
}

/// As [`header`], of a path that [`is_path`] knows: it fits the name field as it is.
fn header_of(path: &str, size: usize) -> [u8; BLOCK] {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    *header.as_bytes()
}

/// Relative, of ASCII letters, digits, `.`, `-` and `_` in segments that do not start with a dot.
fn is_path(path: &str) -> bool {
    let segment = |s: &str| {
        !s.is_empty()
            && !s.starts_with('.')
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    path.len() <= PATH_MAX && path.split('/').all(segment)
}

fn path_of(block: &[u8; BLOCK]) -> Option<&str> {
    let name = block[..PATH_MAX].split(|byte| *byte == 0).next()?;
    std::str::from_utf8(name).ok().filter(|path| is_path(path))
}

fn size_of(block: &[u8; BLOCK]) -> Option<usize> {
    let digits = std::str::from_utf8(&block[124..135]).ok()?;
    usize::from_str_radix(digits, 8)
        .ok()
        .filter(|size| *size <= BUNDLE_MAX)
}
