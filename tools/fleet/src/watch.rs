//! What must hold after every step: logs only grow, every entry that is stored is one that its author signed and stored
//! before, nobody holds a space that it may not hold, and what was acknowledged is there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};
use lianzhan_node::services::StoreEvent;
use lianzhan_node::store::{LogRow, Reader, StoreError};
use lianzhan_protocol::id::{ChangeId, Hash, RecordId, SpaceId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, EntryIndex, LogStatement, Origin, TreeSize};
use lianzhan_protocol::sync::Standing;
use tokio::sync::broadcast::error::TryRecvError;

use crate::world::World;

/// What a person was told is durable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// A change.
    Change(ChangeId),
    /// A statement of an org's authority.
    Statement(StatementId),
}

/// Whom a promise was given by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    pub(crate) site: usize,
    /// Where it is stored, if that is known.
    pub(crate) space: SpaceId,
}

/// What all sites together were seen to do.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    /// Of every log what its author stored, place by place: several only where it contradicted itself.
    truth: BTreeMap<Origin, Vec<BTreeSet<Hash>>>,
    pub(crate) promises: BTreeMap<Promise, Given>,
    /// Of every log its space, and whose key signs it.
    pub(crate) logs: BTreeMap<Origin, (SpaceId, PublicKey)>,
    /// Of every record the spaces in which its changes stand.
    pub(crate) records: BTreeMap<RecordId, BTreeSet<SpaceId>>,
}

/// A log that grew, with what is new in it.
struct Grown {
    log: LogRow,
    /// The root at the size seen before.
    before: Option<Hash>,
    entries: Vec<(EntryIndex, Vec<u8>, Option<Vec<u8>>)>,
}

impl World {
    /// Looks at what a site committed since it was last looked at.
    pub(crate) fn look(&mut self, site: usize) -> anyhow::Result<()> {
        self.look_at_news(site)?;
        self.look_at_erased(site)
    }

    /// The same of logs alone.
    pub(crate) fn look_at_news(&mut self, site: usize) -> anyhow::Result<()> {
        let mut origins = BTreeSet::new();
        let mut missed = false;
        let Some(up) = &mut self.sites[site].up else {
            return Ok(());
        };
        loop {
            match up.watched.try_recv() {
                Ok(batch) => origins.extend(batch.iter().filter_map(|event| match event {
                    StoreEvent::Grew { origin, .. } | StoreEvent::Switched { origin, .. } => {
                        Some(origin.clone())
                    }
                    _ => None,
                })),
                Err(TryRecvError::Lagged(_)) => missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if missed {
            return self.look_at_all(site);
        }
        for origin in origins {
            self.look_at(site, &origin)?;
        }
        Ok(())
    }

    /// Looks at every log that a site holds.
    pub(crate) fn look_at_all(&mut self, site: usize) -> anyhow::Result<()> {
        let Some(node) = self.sites[site].node() else {
            return Ok(());
        };
        let held: BTreeSet<Origin> = node
            .store()
            .read(|reader| reader.logs())?
            .into_iter()
            .map(|log| log.origin)
            .collect();
        let name = self.name(site);
        for origin in self.sites[site].seen.keys() {
            ensure!(held.contains(origin), "{name} lost log {origin}");
        }
        for origin in held {
            self.look_at(site, &origin)?;
        }
        Ok(())
    }

    /// Looks at the logs that a site writes itself: before others that hold copies of them.
    pub(crate) fn know_own(&mut self, site: usize) -> anyhow::Result<()> {
        let Some(node) = self.sites[site].node() else {
            return Ok(());
        };
        let keys = self.sites[site].keys.clone();
        let logs = node.store().read(|reader| reader.logs())?;
        for log in logs.into_iter().filter(|log| keys.contains(&log.start.node)) {
            self.look_at(site, &log.origin)?;
        }
        Ok(())
    }

    fn look_at(&mut self, site: usize, origin: &Origin) -> anyhow::Result<()> {
        let name = self.name(site);
        let before = self.sites[site].seen.get(origin).copied();
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        let from = before.map_or(TreeSize::EMPTY, |seen| seen.size);
        let Some(Grown {
            log,
            before: root,
            entries,
        }) = node.store().read(|reader| grown(reader, origin, from))?
        else {
            bail!("{name} lost log {origin}");
        };
        let author = self
            .sites
            .iter()
            .position(|other| other.keys.contains(&log.start.node));
        // Who was put back with an old high-water file may contradict itself; others may go over to its other branch.
        let forked = author.is_some_and(|author| self.sites[author].cloned);
        if let Some(before) = before
            && root != Some(before.root)
        {
            ensure!(
                forked,
                "{name}: log {origin} does not extend what was here: {} of {}",
                log.size,
                before.size
            );
            self.sites[site].seen.remove(origin);
            return self.look_at(site, origin);
        }
        ensure!(
            // What was handed over by a change of orgs stays here when a higher change takes its place, and grows no more.
            before.is_some_and(|seen| seen.size == log.size)
                // What it wrote itself before it heard that its org fell, it is told of afterwards.
                || author == Some(site)
                || node.directory().might_hold(&node.org_id(), &log.start.space),
            "{name} holds {origin} of a space that it may not hold: {:?}",
            log.start.space
        );
        if let Some(reason) = &log.halted {
            bail!("{name}: log {origin} is halted: {reason}");
        }
        let space = log.start.space.id();
        self.watch.logs.insert(origin.clone(), (space, log.start.node));
        let truth = self.watch.truth.entry(origin.clone()).or_default();
        for (index, bytes, payload) in entries {
            let at = || format!("{name}: entry {index} of {origin}");
            let entry = Entry::parse(&bytes).with_context(at)?;
            let leaf = entry.leaf();
            if let Some(payload) = &payload {
                entry.check_payload(payload).with_context(at)?;
            }
            let place = usize::try_from(index.0)?;
            let known = truth.get(place).is_some_and(|known| known.contains(&leaf));
            if known {
                continue;
            }
            let first = truth.len() == place;
            ensure!(
                (author == Some(site) && (first || forked)),
                "{} is not what its author stored there",
                at()
            );
            entry.check_place(origin, &space).with_context(at)?;
            if let Some(record) = entry.header().record {
                self.watch.records.entry(record).or_default().insert(space);
            }
            entry.verify().with_context(at)?;
            if truth.len() <= place {
                truth.resize_with(place + 1, BTreeSet::new);
            }
            truth[place].insert(leaf);
            self.tally.forks += u64::from(truth[place].len() == 2);
            self.tally.entries += 1;
            let stated = payload.as_deref().map(LogStatement::parse);
            self.tally.late += u64::from(matches!(stated, Some(Ok(LogStatement::ReceiptOf(_)))));
        }
        let standing = Standing {
            size: log.size,
            root: log.root,
        };
        self.sites[site].seen.insert(origin.clone(), standing);
        Ok(())
    }

    /// What of the promises is not here although it must be, at a site that holds what they are about.
    pub(crate) fn broken_promises(&self, site: usize) -> anyhow::Result<Vec<String>> {
        let Some(node) = self.sites[site].node() else {
            return Ok(Vec::new());
        };
        let held = node.directory().spaces_of(&node.org_id());
        let due: Vec<_> = self
            .watch
            .promises
            .iter()
            .filter(|(_, given)| held.contains_key(&given.space))
            .map(|(promise, _)| promise)
            .collect();
        let changes: Vec<ChangeId> = due
            .iter()
            .filter_map(|promise| match promise {
                Promise::Change(id) => Some(*id),
                Promise::Statement(_) => None,
            })
            .collect();
        let (here, statements) = node.store().read(|reader| {
            let mut here = BTreeSet::new();
            for some in changes.chunks(256) {
                here.extend(reader.held_changes(some)?);
            }
            let statements: BTreeSet<StatementId> = reader
                .statements()?
                .into_iter()
                .map(|statement| statement.id())
                .collect();
            Ok((here, statements))
        })?;
        let missing = due.into_iter().filter(|promise| match promise {
            Promise::Change(id) => !here.contains(id),
            Promise::Statement(id) => !statements.contains(id),
        });
        Ok(missing.map(|promise| format!("{promise:?}")).collect())
    }
}

fn grown(reader: &Reader<'_>, origin: &Origin, from: TreeSize) -> Result<Option<Grown>, StoreError> {
    let Some(log) = reader.log(origin)? else {
        return Ok(None);
    };
    let before = if from <= log.size {
        Some(reader.root_at(log.id, from)?)
    } else {
        None
    };
    let rows = reader.range(log.id, from, usize::MAX >> 1, usize::MAX)?;
    let entries = rows
        .into_iter()
        .map(|row| (row.index, row.entry, row.payload))
        .collect();
    Ok(Some(Grown { log, before, entries }))
}
