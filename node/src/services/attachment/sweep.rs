//! Giving up what no record names, and proving what is here.

use std::sync::Arc;
use std::time::Duration;

use lianzhan_protocol::id::AttachmentId;
use lianzhan_protocol::time::Timestamp;
use tokio::sync::watch;

use crate::env;
use crate::services::{Node, ServiceError};

/// How long an attachment that no record names is kept: the record may be on its way, or somebody is about to name it.
pub const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// How often it is looked for.
const LOOK: Duration = Duration::from_secs(60 * 60);

/// Gives up what no record names, until the node stops.
pub async fn keep_swept(node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let at = node.clone();
        let swept = tokio::task::spawn_blocking(move || at.sweep_attachments(GRACE)).await;
        match swept {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "attachments that no record names were given up"),
            Ok(Err(error)) => tracing::error!(%error, "attachments could not be swept"),
            Err(error) => tracing::error!(%error, "attachments could not be swept"),
        }
    }
}

impl Node {
    /// Gives up attachments that no record has named for so long, and what peers began to send and nobody went on with.
    /// Returns how many files it was. While views lag nothing is: what names an attachment may not be read yet.
    pub fn sweep_attachments(&self, grace: Duration) -> Result<usize, ServiceError> {
        let grace_ms = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
        let before = Timestamp(env::now().0.saturating_sub(grace_ms).saturating_add(1));
        let mut naming = self.blobs.naming();
        let unnamed = self.store.read(|reader| match reader.lag()? {
            (0, _) => reader.unnamed_attachments(before),
            _ => Ok(Vec::new()),
        })?;
        // Judged again where nobody else writes: a record may have named one meanwhile.
        let gone = self
            .store
            .write_blocking(move |writer| writer.forget_unnamed(&unnamed, before))?;
        let disk = |error| self.attachment_disk(error);
        for id in &gone {
            naming.remove(id).map_err(disk)?;
        }
        let known = |id: &AttachmentId| {
            let row = self.store.read(|reader| reader.attachment(id));
            // What cannot be looked up is let be.
            row.map_or(true, |row| row.is_some())
        };
        Ok(gone.len() + naming.sweep(grace, |id| known(id)).map_err(disk)?)
    }

    /// Finds the attachments whose files are gone, after a restore or by somebody's hand: they are lacking from now on.
    pub(in crate::services) fn miss_attachments(&self) -> Result<(), ServiceError> {
        const BATCH: usize = 4096;
        let mut after = None;
        loop {
            let batch = self
                .store
                .read(|reader| reader.attachments_after(after.as_ref(), BATCH))?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(*last);
            let gone: Vec<AttachmentId> = batch
                .into_iter()
                .filter(|id| !self.blobs.path(id).exists())
                .collect();
            if gone.is_empty() {
                continue;
            }
            tracing::warn!(
                count = gone.len(),
                "files of attachments are gone and are fetched again"
            );
            self.store
                .write_blocking(move |writer| gone.iter().try_for_each(|id| writer.lose_attachment(id)))?;
        }
    }

    /// Hashes every attachment that is here. Returns how many there are, and what is wrong, each a sentence.
    pub(in crate::services) fn check_attachments(
        &self,
        mut progress: impl FnMut(u64),
    ) -> Result<(u64, Vec<String>), ServiceError> {
        const BATCH: usize = 256;
        let (mut count, mut faults, mut after) = (0, Vec::new(), None);
        loop {
            let batch = self
                .store
                .read(|reader| reader.attachments_after(after.as_ref(), BATCH))?;
            let Some(last) = batch.last() else {
                return Ok((count, faults));
            };
            after = Some(*last);
            for id in batch {
                count += 1;
                let fault = match self.blobs.rehash(&id) {
                    Ok(Some(tree)) if tree.id() == id => None,
                    Ok(_) => Some("its bytes are not those of its name".to_owned()),
                    Err(error) => Some(error.to_string()),
                };
                // Given up meanwhile is no fault.
                let still = |fault| {
                    let row = self.store.read(|reader| reader.attachment(&id));
                    row.is_ok_and(|row| row.is_some()).then_some(fault)
                };
                if let Some(why) = fault.and_then(still) {
                    faults.push(format!("attachment {id}: {why}"));
                }
                progress(count);
            }
        }
    }
}
