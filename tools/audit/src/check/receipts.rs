//! Receipts: signatures, the place in the witness log, the tree that was witnessed, and whether the witness counts.

use std::collections::BTreeSet;

use lianzhan_protocol::codec;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{
    Origin, Receipt, STATEMENT_MAX, TreeSize, root_at, witness_group, witness_log_origin,
};
use lianzhan_protocol::trust::Directory;

use super::fault::{Note, What};
use super::{Check, Checked};
use crate::copy::blob;

/// Names a receipt: log, size, witness.
pub(super) type Place = (i64, u64, [u8; 32], i64);
/// The most bad receipts that are remembered, each with a fault of its own.
const BAD_MAX: usize = 100_000;

impl Check<'_> {
    /// Checks every receipt. Gives those that are none, so that no record is judged by them.
    pub(super) fn receipts(&mut self, directory: &Directory) -> anyhow::Result<BTreeSet<Place>> {
        let mut bad = BTreeSet::new();
        let logs = std::mem::take(&mut self.logs);
        let epoch = self.copy.witness_epoch()?;
        let own = logs.iter().find(|log| log.row.own).map(|log| log.row.start.node);
        let own = own.map(|node| (node, witness_log_origin(&node, &epoch)));
        for log in &logs {
            self.receipts_of(log, directory, own.as_ref(), &mut bad)?;
        }
        self.logs = logs;
        Ok(bad)
    }

    fn receipts_of(
        &mut self,
        log: &Checked,
        directory: &Directory,
        own: Option<&(PublicKey, Origin)>,
        bad: &mut BTreeSet<Place>,
    ) -> anyhow::Result<()> {
        let copy = self.copy;
        let mut select = copy.database().prepare_cached(
            "SELECT size, witness, time_s, receipt, variant FROM receipts WHERE log = ?
             ORDER BY size, time_s, witness, variant",
        )?;
        let mut rows = select.query([log.row.id])?;
        while let Some(row) = rows.next()? {
            let (size, witness, time_s): (u64, [u8; 32], u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            self.report.totals.receipts += 1;
            let decoded = blob(row, 3, STATEMENT_MAX)
                .and_then(|bytes| Ok(codec::decode::<Receipt>(bytes, STATEMENT_MAX)?));
            let what = match decoded {
                Err(error) => Some(What::Row(format!("receipt: {error}"))),
                Ok(receipt) => {
                    let columns = (receipt.size.0, *receipt.witness.ed25519_bytes(), receipt.time_s);
                    if columns == (size, witness, time_s) {
                        let what = self.receipt(log, &receipt, own);
                        if what.is_none() && witness_group(directory, &log.row.start, &receipt).is_err() {
                            self.note(Note::ReceiptsNotCounting, 1);
                        }
                        what
                    } else {
                        Some(What::ReceiptColumns)
                    }
                }
            };
            if let Some(what) = what {
                anyhow::ensure!(bad.len() < BAD_MAX, "more than {BAD_MAX} bad receipts");
                bad.insert((log.row.id, size, witness, row.get(4)?));
                self.fault_at(what, &log.row.origin, size);
            }
        }
        Ok(())
    }

    /// What is wrong with a receipt, if anything.
    fn receipt(&self, log: &Checked, receipt: &Receipt, own: Option<&(PublicKey, Origin)>) -> Option<What> {
        if let Err(error) = receipt.verify(&log.row.origin, &log.row.start.node) {
            return Some(What::Receipt(error));
        }
        if receipt.size > log.row.size {
            return Some(What::ReceiptBeyond(receipt.size.0));
        }
        if log.tree && self.root_at(log, receipt.size) != Some(receipt.root) {
            return Some(What::ReceiptTree);
        }
        // What this very node witnessed stands in its own witness log, which is held here.
        let ours = own.filter(|(node, log)| *node == receipt.witness_node && *log == receipt.witness_origin);
        let stood = |size: TreeSize| root_at(size, |index| self.copy.node(0, index)).ok();
        (ours.is_some() && stood(receipt.witness_size) != Some(receipt.witness_root))
            .then_some(What::WitnessLog)
    }
}
