//! A peer's way in: a verified range of entries -> append. And the other way: ranges for peers.

use std::collections::BTreeSet;

use lianzhan_protocol::id::{Hash, RecordId, SpaceId};
use lianzhan_protocol::log::{Frontier, Origin, TreeSize};
use lianzhan_protocol::record::AnnexKey;
use lianzhan_protocol::sync::{
    Blame, FoundKey, Holdings, Input, Lacking, Offence, RANGE_ENTRIES_MAX, RangeData, RangeError, Standing,
    VerifiedRange, verify_range_by,
};
use lianzhan_protocol::trust::{Purpose, Space};

use super::session::LOOK_MAX;
use super::threads::Threads;
use super::{Load, Node, ServiceError};
use crate::store::StoreError;

/// What became of a range.
#[derive(Debug)]
pub enum Ingested {
    /// It is durable.
    Stored(Standing),
    /// The peer sent what no honest node sends.
    PeerLied(Offence),
    /// It does not extend what is held: the log says two things, and its other branch is to be looked at.
    Forked(String),
    /// The log is of a later version, or its node may not write there: passed over, with an alarm.
    LogPassedOver(String),
    /// Something failed here.
    Failed(String),
}

impl Ingested {
    /// What the session is told that asked for it.
    pub fn answer(self, space: SpaceId, origin: Origin) -> Input {
        match self {
            Ingested::Stored(standing) => Input::Stored {
                space,
                origin,
                standing,
            },
            Ingested::PeerLied(offence) => Input::StoreRefused { origin, offence },
            Ingested::Forked(reason) => {
                tracing::warn!(%origin, reason, "the peer holds another branch");
                Input::StoreForked { space, origin }
            }
            Ingested::LogPassedOver(reason) => {
                tracing::warn!(%origin, reason, "log passed over");
                Input::StorePassedOver { origin }
            }
            Ingested::Failed(reason) => Input::StoreFailed { reason },
        }
    }
}

impl Node {
    /// Verifies a range of a foreign log and makes it durable.
    pub fn ingest(&self, space: &SpaceId, range: &RangeData) -> Ingested {
        let ingested = self.try_ingest(space, range).and_then(|ingested| {
            self.apply_erasures()?;
            Ok(ingested)
        });
        match ingested {
            Ok(ingested) => ingested,
            Err(ServiceError::Store(StoreError::Halted { reason, .. })) => Ingested::LogPassedOver(reason),
            Err(error) => Ingested::Failed(error.to_string()),
        }
    }

    fn try_ingest(&self, space: &SpaceId, range: &RangeData) -> Result<Ingested, ServiceError> {
        let held = self.store.read(|reader| match reader.log(&range.origin)? {
            None => Ok(None),
            // A range of an own log may begin where it no longer ends.
            Some(log) if log.own => Ok(Some((reader.frontier(log.id, log.size.min(range.from))?, log))),
            Some(log) => Ok(Some((reader.frontier(log.id, log.size)?, log))),
        })?;
        let (frontier, start, own) = match held {
            None => (Frontier::new(), None, false),
            Some((frontier, log)) => (frontier, Some(log.start), log.own),
        };
        let before = Standing {
            size: frontier.size(),
            root: frontier.root(),
        };
        if frontier.size() > range.from {
            // Another peer was quicker.
            return Ok(Ingested::Stored(before));
        }
        match verify_range_by(
            space,
            start.as_ref(),
            &frontier,
            range,
            &Threads::of_this_machine(),
        ) {
            // What this node wrote is taken back as others have it: what is erased they have no more, and what they merely
            // lack is asked for like anybody's.
            Ok(verified) if own => self.own_log_came_back(&range.origin, frontier, verified),
            Ok(verified) if !self.may_write(verified.start()) => {
                let words = "its node's org does not hold the space that it writes into".to_owned();
                let (origin, told) = (range.origin.clone(), words.clone());
                self.store.write_blocking(move |writer| {
                    writer.raise_alarm("foreign_log", origin.as_str(), &words)
                })?;
                Ok(Ingested::LogPassedOver(told))
            }
            // It was asked for before this node heard that its org may hold the space no more: nothing more comes in.
            Ok(verified) if !self.directory().may_hold(&self.org, &verified.start().space) => {
                Ok(Ingested::Stored(before))
            }
            Ok(verified) => {
                let origin = range.origin.clone();
                let stored = self.store.write_blocking({
                    let origin = origin.clone();
                    move |writer| writer.append_foreign(&origin, verified)
                });
                match stored {
                    Ok(standing) => Ok(Ingested::Stored(standing)),
                    Err(StoreError::Moved { .. }) => {
                        let log = self.store.read(|reader| reader.log(&origin))?;
                        Ok(log.map_or_else(
                            || Ingested::Failed("the log is gone".into()),
                            |log| {
                                Ingested::Stored(Standing {
                                    size: log.size,
                                    root: log.root,
                                })
                            },
                        ))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => match error.blame() {
                Blame::Peer => Ok(Ingested::PeerLied((&error).into())),
                Blame::Log if matches!(error, RangeError::NotAnExtension(_)) => {
                    Ok(Ingested::Forked(error.to_string()))
                }
                Blame::Log => {
                    let (origin, words) = (range.origin.clone(), error.to_string());
                    let told = words.clone();
                    self.store.write_blocking(move |writer| {
                        writer.raise_alarm("version", origin.as_str(), &words)
                    })?;
                    Ok(Ingested::LogPassedOver(told))
                }
                Blame::Ours => Ok(Ingested::Failed(error.to_string())),
            },
        }
    }

    /// Whether entries lack their payloads that are not erased here.
    pub(super) fn withholds_more(
        &self,
        space: &SpaceId,
        range: &VerifiedRange,
    ) -> Result<bool, ServiceError> {
        let lacking = range.entries().iter().filter(|(_, payload)| payload.is_none());
        Ok(self.store.read(|reader| {
            for (entry, _) in lacking {
                let erased = match entry.header().record {
                    Some(record) => reader.erased(&record)?.iter().any(|row| row.space == *space),
                    None => false,
                };
                if !erased {
                    return Ok(true);
                }
            }
            Ok(false)
        })?)
    }

    /// Whether the log's node may write into its space, as far as the directory knows the node and the space. What is not
    /// known yet is kept, and judged when it is.
    fn may_write(&self, start: &lianzhan_protocol::log::LogStart) -> bool {
        let (directory, space) = (self.directory(), &start.space);
        let stated = space.joint.is_none() || directory.joint_space(&space.id()).is_some();
        let space_known = stated && directory.org(&space.owner).is_some();
        // Also a revoked node's log is kept: what was witnessed in time stays good.
        let mut served = directory
            .appointments_of(&start.node, Purpose::Node)
            .map(|(_, appointment)| appointment.org)
            .peekable();
        served.peek().is_none()
            || (served.any(|org| org == start.org)
                && (!space_known || directory.might_hold(&start.org, space)))
    }

    /// A peer gave back what this node signed. Mostly it is here, too: the peer was quicker to say that it has it than
    /// the session here to hear of the commit. If it is not here, this copy is an old one: nothing more is written to that
    /// log, this node goes on in a new one, and what the peer holds is taken back in (design 5).
    fn own_log_came_back(
        &self,
        origin: &Origin,
        before: Frontier,
        verified: VerifiedRange,
    ) -> Result<Ingested, ServiceError> {
        let (name, from) = (origin.clone(), verified.from());
        Ok(self.store.write_blocking(move |writer| {
            let (ours, signed) = (writer.standing(&name)?, verified.standing());
            if writer.root_at(&name, signed.size)? == Some(signed.root) {
                return Ok(Ingested::Stored(ours));
            }
            let reason = format!(
                "a peer holds {} entries of this log that this node signed, and they are not the first of the {} that are \
                 here: this database is an old copy",
                signed.size, ours.size
            );
            let newest = verified.checkpoint().checkpoint();
            let newest = Standing {
                size: newest.size,
                root: newest.root,
            };
            writer.close_log(&name, &reason, newest)?;
            // What follows ours is taken back in; what contradicts it is looked at as a fork.
            if from == ours.size {
                return Ok(Ingested::Stored(writer.append_foreign(&name, verified)?));
            }
            Ok(if follows(before, &verified, ours) {
                Ingested::Stored(ours)
            } else {
                Ingested::Forked(reason)
            })
        })?)
    }

    /// A peer says that it holds another root of one size: the session reads its branch, and what it finds is proved.
    /// Nothing stops on a bare claim. An own log is closed where something that we signed shows that this copy is an old one: by a range
    /// ([`Node::ingest`]) or by the high-water file.
    pub fn fork_seen(&self, origin: &Origin, ours: Standing, theirs: Standing) {
        tracing::warn!(
            %origin, size = %ours.size, ours = %ours.root, theirs = %theirs.root,
            "a peer says that it holds another root: one of the two copies was rewritten, or the peer lies"
        );
    }

    /// Whether a peer that said `before` of a log, and says `after` now, goes back on what it said: both are of the history
    /// that stands here. Else another branch may stand there.
    pub fn goes_back(
        &self,
        origin: &Origin,
        before: Standing,
        after: Standing,
    ) -> Result<bool, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(origin)?.filter(|log| log.size >= before.size) else {
                return Ok(false);
            };
            let is_here = |told: Standing| reader.root_at(log.id, told.size).map(|root| root == told.root);
            Ok(is_here(before)? && is_here(after)?)
        })?)
    }

    /// Whether what a peer tells of a log is what a history that is held here was at that size, or may be for all that is
    /// known here.
    pub fn has_history(&self, origin: &Origin, told: Standing) -> Result<bool, ServiceError> {
        let log = self.store.read(|reader| reader.log(origin))?;
        if log.is_none_or(|log| log.size < told.size) {
            return Ok(true);
        }
        self.holds_history(origin, told)
    }

    /// Whether that is what stands here of a log, at that size.
    pub(super) fn stands(&self, origin: &Origin, told: Standing) -> Result<bool, ServiceError> {
        Ok(self.store.read(|reader| {
            let log = reader.log(origin)?.filter(|log| log.size >= told.size);
            log.map_or(Ok(false), |log| {
                Ok(reader.root_at(log.id, told.size)? == told.root)
            })
        })?)
    }

    /// Whether what a peer tells of a log is of a history that is held here as far.
    pub(super) fn holds_history(&self, origin: &Origin, told: Standing) -> Result<bool, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(origin)? else {
                return Ok(false);
            };
            if log.size >= told.size && reader.root_at(log.id, told.size)? == told.root {
                return Ok(true);
            }
            for branch in reader.branches(log.id)? {
                let reaches = branch.size >= told.size;
                if reaches && reader.branch_frontier(&branch, told.size)?.root() == told.root {
                    return Ok(true);
                }
            }
            Ok(false)
        })?)
    }

    /// The standing of every log held, and the own logs among them, closed ones too.
    pub fn holdings(&self) -> Result<(Holdings, std::collections::BTreeSet<Origin>), ServiceError> {
        let mut holdings = Holdings::new();
        let mut own_logs = std::collections::BTreeSet::new();
        for log in self.store.read(|reader| reader.logs())? {
            if log.size > TreeSize::EMPTY {
                let standing = Standing {
                    size: log.size,
                    root: log.root,
                };
                holdings.grow(log.space(), &log.origin, standing);
            }
            if log.is_ours() {
                own_logs.insert(log.origin);
            }
        }
        Ok((holdings, own_logs))
    }

    /// Entries for a peer, with the signed checkpoint that they lead to. None while the copy held is itself incomplete:
    /// it is offered again when it is whole. Nor while what was just signed is not in the high-water file yet.
    pub fn read_range(
        &self,
        origin: &Origin,
        from: TreeSize,
        max_bytes: usize,
    ) -> Result<Option<RangeData>, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(origin)? else {
                return Ok(None);
            };
            let shown = if log.own {
                self.store.published(origin)
            } else {
                log.size
            };
            if from >= log.size || log.checkpoint_size != log.size || shown < log.size {
                return Ok(None);
            }
            let rows = reader.range(log.id, from, RANGE_ENTRIES_MAX, max_bytes)?;
            let end = TreeSize(from.0 + rows.len() as u64);
            let proof: Vec<Hash> = reader.consistency(log.id, end, log.size)?;
            self.given.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let entries = rows.into_iter().map(|row| (row.entry, row.payload));
            Ok(RangeData::new(origin.clone(), from, entries, log.checkpoint, proof).ok())
        })?)
    }

    /// How many ranges were read for peers since the start.
    pub(super) fn ranges_given(&self) -> u64 {
        self.given.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Records whose sealed entries are here and whose keys are not.
    pub fn lacking_keys(&self) -> Result<Vec<RecordId>, ServiceError> {
        let sealed = self.store.read(|reader| reader.sealed_records())?;
        Ok(sealed
            .into_iter()
            .filter(|(record, keys)| !keys.iter().any(|key| self.annex_keys.holds(record, key)))
            .map(|(record, _)| record)
            .collect())
    }

    /// The next of them `after` one, of annexes that are written in `spaces`, for a peer that may hold these.
    pub fn keys_lacking_in(
        &self,
        spaces: &BTreeSet<SpaceId>,
        after: Option<&RecordId>,
    ) -> Result<Lacking<(SpaceId, RecordId), RecordId>, ServiceError> {
        let lacks = |record: &RecordId, key: &Hash| !self.annex_keys.holds(record, key);
        Ok(self
            .store
            .read(|reader| reader.sealed_after(after, LOOK_MAX, spaces, lacks))?)
    }

    /// Keys of `records` that are held here, with the spaces in which these began: what names a record elsewhere opens
    /// nothing.
    pub fn find_keys(&self, records: &[RecordId]) -> Result<Vec<FoundKey>, ServiceError> {
        Ok(self.store.read(|reader| {
            let mut found = Vec::new();
            let mut load = Load::new(self, reader);
            for record in records {
                let Some(key) = self.annex_keys.get(record) else {
                    continue;
                };
                found.extend(load.begun_in(record, &key)?.map(|space| FoundKey {
                    record: *record,
                    space,
                    key,
                }));
            }
            Ok(found)
        })?)
    }

    /// Keeps keys that a peer handed over, if they open the change with which their record begins, in a space that may still
    /// be held here; marks the records. Returns how many.
    pub fn keep_keys(&self, keys: Vec<(RecordId, AnnexKey)>) -> Result<usize, ServiceError> {
        // No erasure takes effect between the look and the keeping: it would have destroyed what is kept after it.
        let _no_erasure = self
            .erasing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (fitting, logs) = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let mut fitting: Vec<(RecordId, AnnexKey)> = Vec::new();
            let mut logs = BTreeSet::new();
            for (record, key) in keys {
                if reader.erased(&record)?.iter().any(|row| row.key) {
                    continue;
                }
                let begun = load.begun_by(&record, &key)?;
                let held = |(space, _): &(Space, Origin)| load.directory().may_hold(&self.org, space);
                if let Some((space, origin)) = begun.filter(held) {
                    if self.annex_keys.get(&record).is_none() {
                        logs.insert((space.id(), origin));
                    }
                    fitting.push((record, key));
                }
            }
            Ok((fitting, logs))
        })?;
        let count = fitting.len();
        if count == 0 {
            return Ok(0);
        }
        // Keys and marks are two files. Who is killed between them finds the records at the next start.
        if !self.store.read(|reader| reader.settles_at_next_start())? {
            self.store
                .write_blocking(|writer| writer.settle_at_next_start())?;
        }
        self.annex_keys.keep(&fitting)?;
        self.store.write_blocking(move |writer| {
            writer.mark_dirty(fitting.into_iter().map(|(record, _)| record));
            writer.keyed(logs);
            Ok(())
        })?;
        Ok(count)
    }
}

/// Whether what stands here is within the range, which follows `before`: the rest of it is asked for from there.
fn follows(mut before: Frontier, range: &VerifiedRange, ours: Standing) -> bool {
    for (entry, _) in range.entries() {
        if before.size() < ours.size {
            before.push(entry.leaf());
        }
    }
    before.size() == ours.size && before.root() == ours.root
}
