//! The derived side catches up: views first, documents in batches behind them, so that no view waits for a document.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianzhan_protocol::id::ChangeId;
use lianzhan_protocol::record::{RecordState, Verdict};

use super::{Load, Loaded, Node, ServiceError};
use crate::documents::{self, DocumentError};
use crate::store::Projection;
use crate::views;

/// Records folded in one transaction.
const FOLD_BATCH: u64 = 256;
/// Documents built in one transaction.
const DOCUMENT_BATCH: u64 = 256;

impl Node {
    /// Folds a batch of records whose views lag. Returns how many it was; 0 means that views are up to date.
    pub fn project_batch(&self) -> Result<usize, ServiceError> {
        let done = self.store.read(|reader| {
            let dirty = reader.dirty(FOLD_BATCH)?;
            let mut load = Load::new(self, reader);
            let mut done: Vec<(_, i64, Option<Projection>)> = Vec::with_capacity(dirty.len());
            for (record, seq) in dirty {
                let loaded = load.record(&record)?;
                let projection = loaded.and_then(|loaded| views::project(&loaded, &load.fold(&loaded)));
                done.push((record, seq, projection));
            }
            Ok(done)
        })?;
        let count = done.len();
        if count > 0 {
            self.store
                .write_blocking(move |writer| writer.put_projections(done))?;
        }
        Ok(count)
    }

    /// Builds a batch of documents. A document that Automerge cannot build is quarantined with an alarm; its state and
    /// views, the node and all other records go on.
    pub fn document_batch(&self) -> Result<usize, ServiceError> {
        let built = self.store.read(|reader| {
            let lagging = reader.undocumented(DOCUMENT_BATCH)?;
            let mut load = Load::new(self, reader);
            let mut built = Vec::with_capacity(lagging.len());
            for (record, seq) in lagging {
                let loaded = load.record(&record)?;
                built.push((record, seq, loaded.map(|loaded| self.document(&load, &loaded))));
            }
            Ok(built)
        })?;
        let count = built.len();
        if count == 0 {
            return Ok(0);
        }
        self.store.write_blocking(move |writer| {
            let mut done = Vec::with_capacity(built.len());
            for (record, seq, document) in built {
                match document {
                    Some(Err(error)) => {
                        writer.raise_alarm("document", &record.to_string(), &error.to_string())?;
                        done.push((record, seq, None));
                    }
                    Some(Ok(document)) => done.push((record, seq, document)),
                    None => done.push((record, seq, None)),
                }
            }
            writer.put_documents(done)
        })?;
        Ok(count)
    }

    /// The document of a record: heads as hex and bytes. That of an annex is not kept: what it says is in no file
    /// outside of its sealed payloads.
    fn document(&self, load: &Load<'_>, loaded: &Loaded) -> Result<Option<(String, Vec<u8>)>, DocumentError> {
        if loaded.sealed || loaded.held.is_empty() {
            return Ok(None);
        }
        // As the record as a whole has them: the fold refuses what the judge alone would let count.
        let history = load.fold(loaded).history;
        let verdicts: BTreeMap<ChangeId, Verdict> = history
            .into_iter()
            .map(|item| (item.change, item.verdict))
            .collect();
        let document = documents::build(&loaded.held, |held| {
            verdicts
                .get(&held.id)
                .cloned()
                .unwrap_or_else(|| load.verdict(&loaded.space, held))
        })?;
        let heads: Vec<String> = document
            .heads
            .iter()
            .map(|head| lianzhan_protocol::codec::hex(head))
            .collect();
        Ok(Some((heads.join(" "), document.bytes)))
    }

    /// Brings all views and documents up to date, on this thread.
    pub fn catch_up(&self, mut progress: impl FnMut(u64)) -> Result<(), ServiceError> {
        let mut done = 0;
        loop {
            let count = self.project_batch()?;
            if count == 0 {
                break;
            }
            done += count as u64;
            progress(done);
        }
        while self.document_batch()? > 0 {}
        Ok(())
    }

    /// Drops everything derived and makes it anew from entries. Returns how many records there are.
    pub fn reindex(&self, progress: impl FnMut(u64)) -> Result<u64, ServiceError> {
        let count = self.store.write_blocking(|writer| writer.drop_derived())?;
        self.catch_up(progress)?;
        Ok(count)
    }

    /// The state of a record, folded now from its entries.
    pub fn state(
        &self,
        record: &lianzhan_protocol::id::RecordId,
    ) -> Result<(Loaded, RecordState), ServiceError> {
        let found = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            Ok(load.record(record)?.map(|loaded| {
                let state = load.fold(&loaded);
                (loaded, state)
            }))
        })?;
        found.ok_or(ServiceError::UnknownRecord(*record))
    }
}

/// Runs the derived side until the store closes: wakes on commits, and works until nothing lags.
pub async fn run(node: Arc<Node>, mut stop: tokio::sync::watch::Receiver<bool>) {
    use crate::store::StoreEvent;
    let mut events = node.store().events();
    loop {
        let worker = node.clone();
        let worked = tokio::task::spawn_blocking(move || match worker.project_batch() {
            Ok(0) => worker.document_batch(),
            other => other,
        })
        .await;
        match worked {
            Ok(Ok(0)) => {}
            Ok(Ok(_)) => {
                if *stop.borrow() {
                    return;
                }
                continue;
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "views could not be brought up to date; trying again after the next commit");
            }
            Err(error) => tracing::error!(%error, "the projector stopped"),
        }
        // Nothing lags: until something is committed that makes views lag, or the directory learns something.
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                event = events.recv() => match event {
                    Ok(batch) => {
                        let mut wake = false;
                        for event in batch.iter() {
                            match event {
                                StoreEvent::Dirty(_) => wake = true,
                                StoreEvent::Statements(statements) => {
                                    wake = true;
                                    learn_and_mark(&node, statements).await;
                                }
                                StoreEvent::Projected(_) => wake = true,
                                StoreEvent::Grew { .. } | StoreEvent::Alarm => {}
                            }
                        }
                        if wake {
                            break;
                        }
                    }
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                        relearn(&node).await;
                        break;
                    }
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                },
            }
        }
    }
}

async fn learn_and_mark(node: &Arc<Node>, statements: &[lianzhan_protocol::trust::SignedStatement]) {
    node.learn(statements);
    if let Err(error) = node.store().write(|writer| writer.mark_unsettled()).await {
        tracing::error!(%error, "records that wait for appointments were not marked");
    }
}

/// After more commits than we could follow: everything is looked at again.
async fn relearn(node: &Arc<Node>) {
    match node.store().read(|reader| reader.statements()) {
        Ok(statements) => learn_and_mark(node, &statements).await,
        Err(error) => tracing::error!(%error, "statements of trust could not be read"),
    }
}
