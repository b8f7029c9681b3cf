//! Names of the files in a bundle, the manifest over them, and the page that tells a human how to check by hand.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::archive::View;
use super::refusal::{Reason, Refusal};
use crate::id::{ChangeId, Hash, StatementId};
use crate::log::Origin;
use crate::spread::{self, Spread};

/// What `README.txt` says: fixed for this format, and compared, so that nobody is misled by another text.
pub const README: &str = include_str!("README.txt");

pub(super) const README_FILE: &str = "README.txt";
pub(super) const MANIFEST_FILE: &str = "MANIFEST.sha256";
pub(super) const SUMMARY_FILE: &str = "summary.json";
pub(super) const FOUNDING_FILE: &str = "founding.cose";
pub(super) const STATEMENTS: &str = "statements/";
pub(super) const LOGS: &str = "logs/";
pub(super) const ENTRIES: &str = "entries/";

/// Characters of a digest in the manifest.
const DIGEST: usize = 64;

const ORIGIN_PREFIX: &str = "lianzhan/log/";

/// `statements/<id>.cose`.
pub(super) fn statement_file(id: &StatementId) -> String {
    format!("{STATEMENTS}{id}.cose")
}

/// `entries/<change id>.<ending>`.
pub(super) fn entry_file(id: &ChangeId, ending: &str) -> String {
    format!("{ENTRIES}{id}.{ending}")
}

/// The folder of a log: the opaque part of its origin, 32 hex digits. None for an origin that no node's log has.
pub(super) fn log_folder(origin: &Origin) -> Option<String> {
    let hex = origin.as_str().strip_prefix(ORIGIN_PREFIX)?;
    crate::codec::unhex::<16>(hex).map(|_| format!("{LOGS}{hex}/"))
}

/// `<folder>policy.txt`.
pub(super) fn policy_file(folder: &str) -> String {
    format!("{folder}policy.txt")
}

/// `<folder>receipts/<n>.<ending>`, counted from 1.
pub(super) fn receipt_file(folder: &str, n: usize, ending: &str) -> String {
    format!("{folder}receipts/{n}.{ending}")
}

/// The manifest over `files`, itself left out: what `sha256sum` prints.
pub(super) fn manifest(files: &View<'_>, how: &impl Spread) -> String {
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .filter(|(path, _)| **path != MANIFEST_FILE)
        .map(|(path, bytes)| (*path, *bytes))
        .collect();
    let digests = spread::each(how, &files, |(_, bytes)| Hash::plain(bytes));
    let lines = files.iter().zip(digests);
    lines.fold(String::new(), |mut out, ((path, _), digest)| {
        let _ = writeln!(out, "{digest}  {path}");
        out
    })
}

/// Whether `found` is what [`manifest`] gives, without making it.
fn is_manifest(found: &[u8], files: &View<'_>, how: &impl Spread) -> bool {
    let mut rest = found;
    let mut lines: Vec<(&[u8], &[u8])> = Vec::with_capacity(files.len());
    for (path, bytes) in files.iter().filter(|(path, _)| **path != MANIFEST_FILE) {
        let Some((digest, tail)) = rest.split_at_checked(DIGEST) else {
            return false;
        };
        let after = tail.strip_prefix(b"  ");
        let after = after.and_then(|tail| tail.strip_prefix(path.as_bytes()));
        let Some(next) = after.and_then(|tail| tail.strip_prefix(b"\n")) else {
            return false;
        };
        lines.push((digest, bytes));
        rest = next;
    }
    let same = |(digest, bytes): &(&[u8], &[u8])| {
        let stated = std::str::from_utf8(digest).ok().and_then(Hash::parse);
        stated == Some(Hash::plain(bytes))
    };
    rest.is_empty() && spread::each(how, &lines, same).into_iter().all(|same| same)
}

/// Checks that the manifest lists exactly these files with their digests, in order.
pub(super) fn check_manifest(files: &View<'_>, how: &impl Spread) -> Result<(), Refusal> {
    let found = *files
        .get(MANIFEST_FILE)
        .ok_or_else(|| Refusal::new(MANIFEST_FILE, Reason::Missing))?;
    if is_manifest(found, files, how) {
        return Ok(());
    }
    let expected = manifest(files, how);
    let malformed = || Refusal::new(MANIFEST_FILE, Reason::Manifest);
    let found = std::str::from_utf8(found).map_err(|_| malformed())?;
    let mut listed = by_path(found).ok_or_else(malformed)?;
    for (path, digest) in by_path(&expected).ok_or_else(malformed)? {
        match listed.remove(path) {
            None => return Err(Refusal::new(path, Reason::NotListed)),
            Some(stated) if stated != digest => return Err(Refusal::new(path, Reason::Digest)),
            Some(_) => {}
        }
    }
    match listed.keys().next() {
        Some(path) => Err(Refusal::new(
            path.chars().take(120).collect::<String>(),
            Reason::Missing,
        )),
        None => Err(malformed()),
    }
}

/// Digests by path.
fn by_path(manifest: &str) -> Option<BTreeMap<&str, &str>> {
    manifest
        .lines()
        .map(|line| line.split_once("  ").map(|(digest, path)| (path, digest)))
        .collect()
}
