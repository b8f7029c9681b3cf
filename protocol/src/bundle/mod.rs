//! Evidence bundles: all that is needed to verify a set of records offline, in one plain ustar archive (`docs/spec`).
//!
//! [`write()`] makes one from what a store holds, [`verify()`] checks one against a founding statement that the auditor
//! trusts. Equal input gives equal bytes. Reads from the outside inward: `archive` and `layout` are the container,
//! `examine` is the order of examination with `check_log` and `check_entry`, `conclude` judges and folds, `facts` is
//! what follows, `report` and `words` say it, `page` prints it.
//!
//! Sealed payloads of annexes are never in a bundle.

mod archive;
mod check_entry;
mod check_log;
mod conclude;
mod examine;
mod facts;
mod input;
mod layout;
mod page;
mod place;
mod policy;
mod refusal;
mod report;
mod rules;
mod shared;
mod standing;
mod summary;
mod verify;
mod words;
mod write;

#[cfg(test)]
pub(crate) mod tests;

pub use archive::BUNDLE_MAX;
pub use facts::{Author, ChainLink, ChangeFacts, EventFacts, Horizon, OrgName, RecordFacts, Witnessed};
pub use input::{BundleInput, EntryEvidence, LogEvidence, RecordEvidence};
pub use layout::README;
pub use page::{page, refusal_page};
pub use refusal::{Reason, Refusal};
pub use report::{ChangeReport, RecordReport, Report, TitleField};
pub use shared::Shared;
pub use standing::Standing;
pub use summary::FORMAT;
pub use verify::{verify, verify_by};
pub use write::{BundleError, write, write_by};

/// The files of an archive, for tests that alter them.
#[cfg(test)]
pub(crate) fn unpacked(bytes: &[u8]) -> std::collections::BTreeMap<String, Vec<u8>> {
    let files = archive::unpack(bytes).expect("an archive").into_iter();
    files
        .map(|(path, content)| (path.to_owned(), content.to_vec()))
        .collect()
}

/// An archive of altered files, with a manifest made anew if that is asked for.
#[cfg(test)]
pub(crate) fn repack(mut files: std::collections::BTreeMap<String, Vec<u8>>, manifest: bool) -> Vec<u8> {
    if manifest {
        let text = layout::manifest(&archive::view(&files), &crate::spread::OneByOne);
        files.insert(layout::MANIFEST_FILE.into(), text.into_bytes());
    }
    archive::pack(files).expect("paths of an archive")
}
