//! A record as an Automerge document: the one kept beside its rows, and the file that other tools open.

use std::collections::BTreeMap;

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::{Held, Verdict};

use super::{Load, Loaded, Node, ServiceError};
use crate::documents::{self, DocumentError};
use crate::store::StoredDocument;

impl Node {
    /// The document of a record, to be kept. That of an annex is not kept: what it says is in no file
    /// outside of its sealed payloads.
    pub(super) fn document(
        &self,
        load: &Load<'_>,
        loaded: &Loaded,
    ) -> Result<Option<StoredDocument>, DocumentError> {
        if loaded.sealed || loaded.held.is_empty() {
            return Ok(None);
        }
        let document = documents::build(&loaded.held, verdicts(load, loaded))?;
        let heads: Vec<String> = document.heads.iter().map(|head| hex(head)).collect();
        Ok(Some(StoredDocument {
            heads: heads.join(" "),
            bytes: document.bytes,
        }))
    }

    /// A record as a `.automerge` file. An annex is never exported.
    pub fn automerge_file(&self, record: &RecordId) -> Result<Vec<u8>, ServiceError> {
        self.not_held(&[*record])?;
        self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let Some(loaded) = load.record(record)? else {
                return Ok(Err(ServiceError::UnknownRecord(*record)));
            };
            if loaded.sealed {
                let words = "this is the personal part of a record; it is never exported";
                return Ok(Err(ServiceError::NotAllowed(words.into())));
            }
            Ok(documents::export(&loaded.held, verdicts(&load, &loaded)).map_err(ServiceError::from))
        })?
    }
}

/// Verdicts as the record as a whole has them: the fold refuses what the judge alone would let count.
fn verdicts<'a>(load: &'a Load<'_>, loaded: &'a Loaded) -> impl FnMut(&Held) -> Verdict + 'a {
    let verdicts: BTreeMap<ChangeId, Verdict> = load
        .fold(loaded)
        .history
        .into_iter()
        .map(|item| (item.change, item.verdict))
        .collect();
    move |held| {
        verdicts
            .get(&held.id)
            .cloned()
            .unwrap_or_else(|| load.verdict(&loaded.space, held))
    }
}
