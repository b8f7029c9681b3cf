//! What must hold of erasures: after every step nobody who acknowledged one holds a key or a payload of it, and in the end all
//! holders did.

use anyhow::ensure;
use lianzhan_node::store::ErasedStep;

use crate::world::World;

impl World {
    /// Whether a site that says that it erased something did.
    pub(crate) fn look_at_erased(&self, site: usize) -> anyhow::Result<()> {
        let Some(node) = self.sites[site].node() else {
            return Ok(());
        };
        let name = self.name(site);
        let erased = node.store().read(|reader| reader.all_erased())?;
        for row in erased.iter().filter(|row| row.step == ErasedStep::Acknowledged) {
            let record = row.record;
            ensure!(
                !row.key || node.annex_keys().get(&record).is_none(),
                "{name} acknowledged that {record} is erased, and has its key"
            );
            let held = node.store().read(|reader| {
                let rows = reader.record_entries(&record)?;
                let mut held = 0;
                for entry in rows.iter().filter(|entry| entry.payload.is_some()) {
                    held += u64::from(reader.log_by_id(entry.log)?.space() == row.space);
                }
                Ok(held)
            })?;
            ensure!(
                held == 0,
                "{name} acknowledged that {record} is erased, and has {held} payloads of it"
            );
        }
        Ok(())
    }

    /// Whether whoever holds the space of what is erased says that it erased it.
    pub(crate) fn all_erased(&mut self) -> anyhow::Result<()> {
        let orgs: Vec<_> = self.sites.iter().map(|site| site.org).collect();
        for site in 0..self.sites.len() {
            self.look_at_erased(site)?;
            let Some(node) = self.sites[site].node().cloned() else {
                continue;
            };
            let name = self.name(site);
            let records = node.store().read(|reader| reader.all_erased())?;
            for row in records {
                let all = node.erasures_of(&row.record)?;
                let status = all.iter().find(|status| status.record == row.record);
                let erased = status.is_some_and(|status| status.erased.is_some());
                ensure!(
                    erased,
                    "{name} erased {} and no erasure of it has effect",
                    row.record
                );
                let holders = status.into_iter().flat_map(|status| &status.holders);
                let late: Vec<_> = holders
                    .filter(|holder| !holder.erased && orgs.contains(&holder.org.id))
                    .map(|holder| holder.org.name_zh.clone())
                    .collect();
                ensure!(
                    late.is_empty(),
                    "{name}: {} is not erased at {late:?}",
                    row.record
                );
                self.tally.erased += 1;
            }
        }
        Ok(())
    }
}
