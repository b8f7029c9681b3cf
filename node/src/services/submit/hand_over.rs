//! What is signed goes to the writer, and is awaited until it is durable.

use std::collections::BTreeMap;

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::log::Origin;
use lianzhan_protocol::record::Put;
use lianzhan_protocol::trust::Space;
use tokio::sync::oneshot;

use super::prepare::Signed;
use super::{AnnexChange, Author, Beside, Draft, Written};
use crate::services::{Node, ServiceError};
use crate::store::{OwnEntry, StoreError};

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
        let signed = self.sign(author, draft, beside)?;
        let written = signed.written.clone();
        self.hand_over(vec![signed], written)
    }

    /// Makes a draft durable together with what this node says after it in the same logs: all of it, or nothing.
    pub(in crate::services) async fn submit_then(
        &self,
        author: &Author,
        draft: Draft,
        then: Vec<(Origin, OwnEntry)>,
    ) -> Result<Written, ServiceError> {
        let signed = self.sign(author, draft, Beside::default())?;
        let written = signed.written.clone();
        self.hand_over_then(vec![signed], then, written)?.wait().await
    }

    /// Makes many drafts durable, or none of them: of these none stands on another.
    pub(in crate::services) async fn submit_all(
        &self,
        author: &Author,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Written>, ServiceError> {
        let drafts: Vec<_> = drafts
            .into_iter()
            .map(|draft| (draft, Beside::default()))
            .collect();
        let signed = self.sign_all(author, &drafts)?;
        let signed: Vec<Signed> = signed.into_iter().collect::<Result<_, _>>()?;
        let written = signed.iter().map(|signed| signed.written.clone()).collect();
        self.hand_over(signed, written)?.wait().await
    }

    /// Hands over what is signed as one job: one transaction, and one wait for the keys of its annexes.
    pub(in crate::services) fn hand_over<T>(
        &self,
        signed: Vec<Signed>,
        written: T,
    ) -> Result<Pending<T>, ServiceError> {
        self.hand_over_then(signed, Vec::new(), written)
    }

    fn hand_over_then<T>(
        &self,
        signed: Vec<Signed>,
        then: Vec<(Origin, OwnEntry)>,
        written: T,
    ) -> Result<Pending<T>, ServiceError> {
        let (mut keys, mut typings) = (Vec::new(), Vec::new());
        let mut logs: BTreeMap<Origin, Vec<OwnEntry>> = BTreeMap::new();
        for signed in signed {
            keys.extend(signed.keys);
            typings.extend(signed.typing);
            for entry in signed.entries {
                logs.entry(entry.origin).or_default().push(entry.own);
            }
        }
        for (origin, own) in then {
            logs.entry(origin).or_default().push(own);
        }
        // A key that no entry names is harmless; an entry whose key is lost is not.
        self.annex_keys.add(&keys)?;
        let kept = (!keys.is_empty()).then(|| self.annex_keys.clone());
        let receiver = self.store.submit(move |writer| {
            if let Some(kept) = kept {
                writer.before_commit(move || kept.sync().map_err(std::io::Error::other));
            }
            for (origin, entries) in logs {
                writer.append_own(&origin, entries)?;
            }
            typings
                .iter()
                .try_for_each(|(person, id)| writer.drop_draft(person, id))
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
        let nothing = Draft {
            record: *annex,
            begins: None,
            ledger: ledger.to_owned(),
            space: space.clone(),
            puts: Vec::new(),
            annexes: Vec::new(),
        };
        let beside = Beside {
            annexes: vec![further],
            ..Beside::default()
        };
        self.start_beside(author, nothing, beside)?.wait().await
    }
}

/// What is signed and waits for the disk.
pub struct Pending<T = Written> {
    receiver: oneshot::Receiver<Result<(), StoreError>>,
    written: T,
}

impl<T> Pending<T> {
    /// Until it is durable.
    pub async fn wait(self) -> Result<T, ServiceError> {
        self.receiver.await.unwrap_or(Err(StoreError::Stopped))?;
        Ok(self.written)
    }
}
