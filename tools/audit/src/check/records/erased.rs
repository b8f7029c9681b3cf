//! Records whose erasure has effect: what a copy may still have of them is their place.

use lianzhan_protocol::id::{RecordId, SpaceId};
use lianzhan_protocol::log::EntryIndex;
use lianzhan_protocol::record::{Erased, SignedErasure, first_erased, judge_erasure};

use super::{Check, Ground};

/// The most erasures that are held at one time.
const ERASURES_MAX: usize = 1_000_000;

/// An erasure as a log has it.
pub(in crate::check) struct Stated {
    /// Row id of the log.
    pub(in crate::check) log: i64,
    /// Its place there.
    pub(in crate::check) index: u64,
    /// What was signed.
    pub(in crate::check) signed: SignedErasure,
}

impl Check<'_> {
    /// Keeps what a log says of an erasure. What is none says nothing.
    pub(in crate::check) fn states_erasure(
        &mut self,
        log: i64,
        space: &SpaceId,
        index: u64,
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        let Ok(signed) = SignedErasure::open(bytes) else {
            return Ok(());
        };
        let said = signed.erasure();
        if said.space != *space {
            return Ok(());
        }
        self.erasures_count += 1;
        anyhow::ensure!(
            self.erasures_count <= ERASURES_MAX,
            "more than {ERASURES_MAX} erasures"
        );
        let of_record = self.erasures.entry((said.record, said.space)).or_default();
        of_record.push(Stated { log, index, signed });
        Ok(())
    }

    /// That a record is erased in a space, by what receipts and the directory say.
    pub(super) fn erased(
        &self,
        record: RecordId,
        space: &SpaceId,
        ground: &mut Ground<'_>,
    ) -> anyhow::Result<Option<Erased>> {
        let mut all = Vec::new();
        for stated in self.erasures.get(&(record, *space)).into_iter().flatten() {
            let found = ground.logs.get(&stated.log).and_then(|n| self.logs.get(*n));
            let Some(log) = found.filter(|log| stated.index < log.good) else {
                continue;
            };
            let witnessed = ground
                .receipts
                .ever(self.copy, &log.row, EntryIndex(stated.index))?;
            all.extend(judge_erasure(ground.directory, &log.row.start, &stated.signed, witnessed).ok());
        }
        Ok(first_erased(all))
    }
}
