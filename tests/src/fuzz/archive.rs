//! Bundles taken apart and put together with a manifest that fits, so that mutations get past it.

use std::collections::BTreeMap;
use std::fmt::Write;

use lianzhan_protocol::id::Hash;

const BLOCK: usize = 512;
const MANIFEST: &str = "MANIFEST.sha256";

/// The files of a plain archive, as far as it can be read; none if nothing can.
pub(super) fn files(archive: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut rest = archive;
    while let Some((header, tail)) = rest.split_first_chunk::<BLOCK>() {
        let name = header[..100].split(|byte| *byte == 0).next().unwrap_or_default();
        let (Ok(name), Ok(size)) = (std::str::from_utf8(name), std::str::from_utf8(&header[124..135])) else {
            break;
        };
        let Some(content) = usize::from_str_radix(size, 8)
            .ok()
            .and_then(|size| tail.get(..size))
        else {
            break;
        };
        if name.is_empty() {
            break;
        }
        files.insert(name.to_owned(), content.to_vec());
        rest = tail
            .get(content.len().next_multiple_of(BLOCK)..)
            .unwrap_or_default();
    }
    (!files.is_empty()).then_some(files)
}

/// The archive of these files, with a manifest over them in the place of theirs.
pub(super) fn pack(mut files: BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    files.remove(MANIFEST);
    let manifest = files.iter().fold(String::new(), |mut out, (path, bytes)| {
        let _ = writeln!(out, "{}  {path}", Hash::plain(bytes));
        out
    });
    files.insert(MANIFEST.into(), manifest.into_bytes());
    let mut out = Vec::new();
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        if header.set_path(&path).is_err() {
            continue;
        }
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(&bytes);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}
