//! What is signed goes to the writer, and is awaited until it is durable.

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::{ANNEX_KEY, Put, Value};
use lianzhan_protocol::trust::Space;

use super::prepare::{Prepared, Salt};
use super::{AnnexChange, Author, Beside, Draft, Written};
use crate::services::{Node, ServiceError};

impl Node {
    /// Makes a change durable. Refuses what would not count or have no effect, before anything is signed. Everything of
    /// one draft commits in one transaction.
    pub async fn submit(&self, author: &Author, draft: Draft) -> Result<Written, ServiceError> {
        let receiver = self.start_submit(author, draft)?;
        receiver.wait().await
    }

    /// Signs and hands over without waiting, so that many can share a transaction.
    pub fn start_submit(&self, author: &Author, draft: Draft) -> Result<Pending, ServiceError> {
        self.start_beside(author, draft, Beside::default())
    }

    /// The same with what goes beside it. A draft that puts nothing is no change of the record itself.
    pub(in crate::services) fn start_beside(
        &self,
        author: &Author,
        draft: Draft,
        beside: Beside,
    ) -> Result<Pending, ServiceError> {
        self.screen_draft(&draft)?;
        let mut prepared = Vec::with_capacity(1 + draft.annexes.len());
        let mut puts = draft.puts;
        let mut keys = Vec::new();
        for annex in &draft.annexes {
            let (key, commitment, entry) = self.prepare_annex(author, &draft.space, &draft.record, annex)?;
            puts.push(Put::field(
                &format!("{ANNEX_KEY}{}", annex.ledger),
                Value::Bytes(commitment.0.to_vec()),
            ));
            keys.push(key);
            prepared.push(entry);
        }
        for annex in beside.annexes {
            prepared.push(self.prepare_further(author, annex)?);
        }
        if !puts.is_empty() {
            let salt = Salt::Plain(draft.begins);
            let seen = &beside.seen;
            prepared.push(self.prepare(
                author,
                &draft.record,
                &draft.ledger,
                &draft.space,
                puts,
                &salt,
                seen,
            )?);
        }
        let last = prepared
            .last()
            .ok_or_else(|| ServiceError::Bad("nothing was changed".into()))?;
        let written = Written {
            record: draft.record,
            change: last.change,
        };
        // A key that no entry names is harmless; an entry whose key is lost is not.
        self.annex_keys.add(&keys)?;
        let kept = (!keys.is_empty()).then(|| self.annex_keys.clone());
        let receiver = self.store.submit(move |writer| {
            if let Some(kept) = kept {
                writer.before_commit(move || kept.sync().map_err(std::io::Error::other));
            }
            for entry in prepared {
                writer.append_own(&entry.origin, vec![entry.own])?;
            }
            match beside.typing {
                Some((person, id)) => writer.drop_draft(&person, &id),
                None => Ok(()),
            }
        });
        Ok(Pending { receiver, written })
    }

    /// Writes a further change of an annex whose key is here.
    pub(in crate::services) async fn append_annex(
        &self,
        author: &Author,
        annex: &RecordId,
        ledger: &str,
        space: &Space,
        puts: Vec<Put>,
    ) -> Result<Written, ServiceError> {
        let further = AnnexChange {
            record: *annex,
            ledger: ledger.to_owned(),
            space: space.clone(),
            puts,
        };
        let Prepared { origin, own, change } = self.prepare_further(author, further)?;
        self.store
            .write(move |writer| writer.append_own(&origin, vec![own]).map(drop))
            .await?;
        Ok(Written {
            record: *annex,
            change,
        })
    }
}

/// A submission that is signed and waits for the disk.
pub struct Pending {
    receiver: tokio::sync::oneshot::Receiver<Result<(), crate::store::StoreError>>,
    written: Written,
}

impl Pending {
    /// Until it is durable.
    pub async fn wait(self) -> Result<Written, ServiceError> {
        self.receiver
            .await
            .unwrap_or(Err(crate::store::StoreError::Stopped))?;
        Ok(self.written)
    }
}
