//! The verifier: from the bytes of a bundle and a founding statement that the auditor trusts to a report, or to the one
//! thing because of which there is none.

use super::archive;
use super::examine::{examine, take};
use super::layout::{MANIFEST_FILE, SUMMARY_FILE, check_manifest};
use super::refusal::{At, Reason, Refusal};
use super::report::Report;
use crate::spread::{OneByOne, Spread};
use crate::trust::FoundingStatement;

/// Verifies a bundle. `founding_trusted` is the founding statement (COSE_Sign) that the auditor obtained elsewhere.
///
/// In this order: the archive is the one the writer would make; the manifest holds; the founding statement is the
/// trusted one; every statement stands; every log starts, is witnessed and grows as it says; every change is signed,
/// in its place and proved; nothing lies about unused; the summary is what follows.
pub fn verify(bytes: &[u8], founding_trusted: &[u8]) -> Result<Report, Refusal> {
    verify_by(bytes, founding_trusted, &OneByOne)
}

/// As [`verify`], for callers that spread independent checks over threads.
pub fn verify_by(
    bytes: &[u8],
    founding_trusted: &[u8],
    how: &(impl Spread + Sync),
) -> Result<Report, Refusal> {
    let trusted = FoundingStatement::open(founding_trusted).at("trusted founding statement")?;
    let mut files = archive::unpack(bytes)?;
    check_manifest(&files, how)?;
    take(&mut files, MANIFEST_FILE)?;
    let stated = take(&mut files, SUMMARY_FILE)?;
    let summary = examine(files, &trusted, how)?;
    if !summary.reads(stated, how) {
        let reason = difference(&summary.to_bytes(), stated);
        return Err(Refusal::new(SUMMARY_FILE, reason));
    }
    Ok(Report::of(summary))
}

/// Longest part of a line that a refusal quotes, in characters.
const QUOTED: usize = 100;

fn difference(expected: &[u8], found: &[u8]) -> Reason {
    let (expected, found) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(found));
    let mut pairs = expected.split('\n').zip(found.split('\n')).enumerate();
    let (line, (expected, found)) = pairs
        .find(|(_, (expected, found))| expected != found)
        .unwrap_or_else(|| {
            (
                expected.split('\n').count().min(found.split('\n').count()),
                ("", ""),
            )
        });
    let quote = |text: &str| text.trim().chars().take(QUOTED).collect();
    Reason::Summary {
        line: line + 1,
        expected: quote(expected),
        found: quote(found),
    }
}
