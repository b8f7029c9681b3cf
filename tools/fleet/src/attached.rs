//! Attachments: records name them, whoever is above fetches them, and who erased a record or names one no more has them no
//! more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure};
use lianzhan_node::services::attachment::Part;
use lianzhan_node::services::visit::SUBJECT;
use lianzhan_node::services::{Author, Node};
use lianzhan_node::store::{ErasedStep, named_files};
use lianzhan_protocol::id::{AttachmentId, RecordId, SpaceId};

use crate::dice::Dice;
use crate::world::World;

/// Files that persons have: so few that several records name the same.
const FILES: usize = 6;
/// Longer than every clock is wrong, in milliseconds.
const LATE: i64 = 30 * 366 * 86_400_000;

/// What somebody attached, and the records whose erasure takes it.
pub(crate) struct Attachment {
    id: AttachmentId,
    of: BTreeSet<RecordId>,
}

impl World {
    /// A person attaches a file to a visit, or takes one out.
    pub(crate) fn attach(&mut self, site: usize, node: &Arc<Node>, author: &Author) -> anyhow::Result<()> {
        let Some((record, _)) = self.any_record(node, |ledger| ledger == crate::acts::VISITS)? else {
            return Ok(());
        };
        if self.dice.once_in(4) {
            return self.detach(site, node, author, record);
        }
        let part = match self.dice.below(3) {
            0 => Part::Personal,
            _ => Part::Shared,
        };
        let which = self.dice.below(FILES);
        let bytes = file(self.plan.seed, which);
        let of = match part {
            Part::Shared => BTreeSet::from([record]),
            Part::Personal => {
                let annexes = node.store().read(|reader| reader.annexes(&record))?;
                // Of several personal parts one alone names files.
                let naming = annexes.into_iter().filter(|row| row.ledger == SUBJECT);
                naming.map(|row| row.record).collect()
            }
        };
        let (mut came, mut taken) = (None, false);
        self.write(site, node, "an attachment", |world, node| {
            let mut upload = node.begin_attachment(part);
            for piece in bytes.chunks(100_000) {
                upload.write(piece)?;
            }
            let received = upload.finish()?;
            came = Some(received.id);
            let written = world
                .runtime
                .block_on(node.attach(author, &record, &[received]))?;
            taken = true;
            Ok(written)
        })?;
        match came {
            Some(id) if taken => {
                self.tally.attached += 1;
                self.refused.remove(&(site, id));
                self.attached.push(Attachment { id, of });
            }
            // A file that nothing names.
            Some(id) => drop(self.refused.insert((site, id))),
            None => {}
        }
        Ok(())
    }

    fn detach(
        &mut self,
        site: usize,
        node: &Arc<Node>,
        author: &Author,
        record: RecordId,
    ) -> anyhow::Result<()> {
        let there = self.attempt(site, "a look at what is attached", |_| node.attached(&record))?;
        let Some(one) = there.and_then(|all| all.into_iter().next()) else {
            return Ok(());
        };
        self.write(site, node, "an attachment taken out", |world, node| {
            world.runtime.block_on(node.detach(author, &record, &one.id))
        })
    }

    /// Whether attachments are where they must be, whole, and nowhere else.
    pub(crate) fn attachments_are_right(&mut self) -> anyhow::Result<()> {
        for site in 0..self.sites.len() {
            let Some(node) = self.sites[site].node().cloned() else {
                continue;
            };
            self.none_of_what_is_erased(site, &node)?;
            // What no record names is given up once the time of grace is over, whatever the clock was when it came.
            let machine = self.sites[site].machine.clone();
            machine.set_skew(LATE);
            let swept = machine.work(|| node.sweep_attachments(Duration::ZERO));
            machine.set_skew(0);
            swept?;
            self.refused.retain(|(at, _)| *at != site);
        }
        for site in 0..self.sites.len() {
            self.holds_what_it_must(site)?;
        }
        Ok(())
    }

    /// Who says that a record is erased has none of its attachments, unless another record names them or did (spec 08, B-4), or
    /// somebody there was refused the same file, which is there for the time of grace.
    fn none_of_what_is_erased(&self, site: usize, node: &Node) -> anyhow::Result<()> {
        let name = self.name(site);
        let here = ids(node)?;
        let spaces = spaces(node);
        let rows = node.store().read(|reader| reader.all_erased())?;
        let erased: BTreeSet<RecordId> = rows
            .iter()
            .filter(|row| row.step == ErasedStep::Acknowledged)
            .map(|row| row.record)
            .collect();
        let mut seen = self.attached.iter().filter(|one| here.contains(&one.id));
        while let Some(one) = seen.find(|one| !self.refused.contains(&(site, one.id))) {
            let is_erased = |one: &Attachment| one.of.iter().find(|record| erased.contains(record)).copied();
            let elsewhere = self
                .attached
                .iter()
                .any(|other| other.id == one.id && is_erased(other).is_none());
            if let (Some(record), false) = (is_erased(one), elsewhere) {
                let named = named_in(node, &spaces, &one.id)?;
                ensure!(
                    named.is_some(),
                    "{name} acknowledged that {record} is erased, and has its attachment {}",
                    one.id
                );
            }
        }
        Ok(())
    }

    fn holds_what_it_must(&mut self, site: usize) -> anyhow::Result<()> {
        let Some(node) = self.sites[site].node().cloned() else {
            bail!("{} is not up", self.name(site));
        };
        let name = self.name(site);
        let (here, spaces) = (ids(&node)?, spaces(&node));
        for id in &here {
            let Some(space) = named_in(&node, &spaces, id)? else {
                bail!("{name} holds attachment {id}, which nothing names that it may hold");
            };
            let piece = node.read_piece(&space, id, 0)?;
            ensure!(
                piece.is_some(),
                "{name} holds attachment {id}, and it is not whole"
            );
            self.tally.files += 1;
        }
        let files = named_files(&self.sites[site].dir)?.len();
        ensure!(
            files == here.len(),
            "{name} has {files} files of {} attachments",
            here.len()
        );
        for (space, id) in node.lacking_attachments()? {
            for pair in self.pairs.iter().filter(|pair| pair.sites.contains(&site)) {
                let [a, b] = pair.sites;
                let other = if a == site { b } else { a };
                let Some(peer) = self.sites[other].node() else {
                    continue;
                };
                let shared = node.directory().shared_spaces(&node.org_id(), &peer.org_id());
                let gives = ids(peer)?.contains(&id)
                    && shared.contains_key(&space)
                    && peer.store().read(|reader| reader.is_named(&space, &id))?;
                ensure!(
                    !gives,
                    "{name} lacks attachment {id}, which {} has",
                    self.name(other)
                );
            }
        }
        self.say(&format!("{name} holds {here:?}"));
        Ok(())
    }
}

fn ids(node: &Node) -> anyhow::Result<BTreeSet<AttachmentId>> {
    let ids = node
        .store()
        .read(|reader| reader.attachments_after(None, 100_000))?;
    Ok(ids.into_iter().collect())
}

fn spaces(node: &Node) -> Vec<SpaceId> {
    node.directory().spaces_of(&node.org_id()).into_keys().collect()
}

fn named_in(node: &Node, spaces: &[SpaceId], id: &AttachmentId) -> anyhow::Result<Option<SpaceId>> {
    Ok(node.store().read(|reader| {
        for space in spaces {
            if reader.is_named(space, id)? {
                return Ok(Some(*space));
            }
        }
        Ok(None)
    })?)
}

/// A file of a person: mostly a short one, one of several pieces, one just as long as a piece.
fn file(seed: u64, which: usize) -> Vec<u8> {
    let mut dice = Dice::of_part(seed, 700 + which as u64);
    let len = match which {
        0 => 600_000,
        1 => 256 * 1024,
        _ => 40 + dice.below(3_000),
    };
    let mut bytes = b"%PDF-1.7\n".to_vec();
    while bytes.len() < len {
        bytes.extend(dice.next_u64().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
