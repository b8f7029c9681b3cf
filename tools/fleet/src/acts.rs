//! What persons do, at all levels, also on the same records.

use anyhow::bail;
use lianzhan_node::services::erase::{ErasureDraft, Extent};
use lianzhan_node::services::visit::VisitDraft;
use lianzhan_node::services::{Author, Draft, Node, ServiceError, Written};
use lianzhan_node::store::StoreError;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::{ErasureGround, Put, Value};
use lianzhan_protocol::trust::Audience;
use std::sync::Arc;

use crate::watch::{Given, Promise};
use crate::world::World;

pub(crate) const VISITS: &str = "letters_visits";
const ACTIVITY: &str = "activity";

impl World {
    /// A person somewhere does something.
    pub(crate) fn act(&mut self) -> anyhow::Result<()> {
        let up: Vec<usize> = (0..self.sites.len())
            .filter(|site| self.sites[*site].up.is_some())
            .collect();
        if up.is_empty() {
            return Ok(());
        }
        let site = *self.dice.pick(&up);
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        if self.sites[site].persons.is_empty() {
            return Ok(());
        }
        let who = self.dice.below(self.sites[site].persons.len());
        let author = self.sites[site].persons[who].1.clone();
        self.tally.acts += 1;
        if self.plan.faults.attachments && self.dice.once_in(3) {
            return self.attach(site, &node, &author);
        }
        match self.dice.below(13) {
            0..3 => self.visit(site, &node, &author),
            3..8 => self.edit(site, &node, &author),
            8 => self.call(site, &node, &author),
            9 => self.line(site, &node, &author),
            10 => self.seal(site, &node, &author),
            11 => self.erase(site, &node, &author),
            _ => self.tend(site, &node),
        }
    }

    fn visit(&mut self, site: usize, node: &Arc<Node>, author: &Author) -> anyhow::Result<()> {
        let n = self.tally.acts;
        let text = |name: &str, value: String| (name.to_owned(), Value::Text(value));
        let visit = VisitDraft {
            fields: vec![
                text("received_at", format!("2026-04-{:02}T09:30:00+08:00", 1 + n % 28)),
                text("channel", "visit".into()),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem".into()),
                text("gist", format!("第{n}件：老街路灯坏了。")),
            ],
            subject: if self.dice.once_in(2) {
                vec![text("name", format!("来访人{n}"))]
            } else {
                Vec::new()
            },
            sensitive: if self.dice.once_in(6) {
                vec![text("health", "腿脚不便".into())]
            } else {
                Vec::new()
            },
        };
        self.write(site, node, "a visit", |world, node| {
            world.runtime.block_on(node.register_visit(author, visit))
        })
    }

    /// Somebody changes a field of a record of theirs or of others.
    fn edit(&mut self, site: usize, node: &Arc<Node>, author: &Author) -> anyhow::Result<()> {
        let Some((record, ledger)) =
            self.any_record(node, |ledger| ledger == VISITS || ledger == ACTIVITY)?
        else {
            return Ok(());
        };
        let n = self.tally.acts;
        let place = self.name(site);
        let put = match (ledger.as_str(), self.dice.below(3)) {
            (VISITS, 0) => Put::field("persons", Value::Int(2 + n as i64 % 7)),
            (VISITS, _) => Put::field("note", Value::Text(format!("{place}补记{n}"))),
            (_, 0) => Put::field("place", Value::Text(format!("{place}{n}"))),
            _ => Put::field("outcome", Value::Text(format!("{place}写{n}"))),
        };
        self.write(site, node, "an edit", |world, node| {
            let (loaded, _) = node.state(&record)?;
            let draft = Draft {
                record,
                begins: None,
                ledger,
                space: loaded.space,
                puts: vec![put],
                annexes: Vec::new(),
            };
            world.runtime.block_on(node.submit(author, draft))
        })
    }

    fn call(&mut self, site: usize, node: &Arc<Node>, author: &Author) -> anyhow::Result<()> {
        let directory = node.directory();
        let Some(space) = directory
            .joint_spaces()
            .find(|space| directory.may_hold(&node.org_id(), space))
            .cloned()
        else {
            return Ok(());
        };
        let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
        let fields = vec![
            text("kind", "inspection"),
            text("topic", "水环境联合视察"),
            text("from", "2026-04-20T09:00:00+08:00"),
            text("to", "2026-04-20T11:00:00+08:00"),
            ("days".into(), Value::Int(5)),
            text("place", "老码头"),
        ];
        self.write(site, node, "an activity", |world, node| {
            world.runtime.block_on(node.call_activity(author, &space, fields))
        })
    }

    fn line(&mut self, site: usize, node: &Arc<Node>, author: &Author) -> anyhow::Result<()> {
        let Some((record, _)) = self.any_record(node, |ledger| ledger == ACTIVITY)? else {
            return Ok(());
        };
        let words = format!("{}第{}条", self.name(site), self.tally.acts);
        self.write(site, node, "a line", |world, node| {
            world.runtime.block_on(node.write_line(author, &record, &words))
        })
    }

    fn seal(&mut self, site: usize, node: &Arc<Node>, author: &Author) -> anyhow::Result<()> {
        let Some((record, _)) = self.any_record(node, |ledger| ledger == ACTIVITY)? else {
            return Ok(());
        };
        self.write(site, node, "a seal", |world, node| {
            world.runtime.block_on(node.seal(author, &record))
        })
    }

    /// A visitor's data is erased, or a whole visit in which such data stood.
    fn erase(&mut self, site: usize, node: &Arc<Node>, author: &Author) -> anyhow::Result<()> {
        let Some((record, _)) = self.any_record(node, |ledger| ledger == VISITS)? else {
            return Ok(());
        };
        let extent = match self.dice.once_in(3) {
            true => Extent::Whole,
            false => Extent::Personal,
        };
        let draft = ErasureDraft {
            record,
            extent,
            ground: ErasureGround::Request,
            on: "2026-01-05".into(),
            note: None,
        };
        let erased = self.attempt(site, "an erasure", |_| node.erase(author, &draft))?;
        self.tally.erasures += erased.map_or(0, |records| records.len() as u64);
        self.touched(site)
    }

    /// What a node does by itself now and then.
    pub(crate) fn tend(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        self.attempt(site, "a look at its witness log", |_| node.tend().map(|_| ()))?;
        self.touched(site)
    }

    pub(crate) fn any_record(
        &mut self,
        node: &Arc<Node>,
        fits: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Option<(RecordId, String)>> {
        let rows = node.store().read(|reader| {
            let ids = reader.records_after(None, 1_000)?;
            let mut rows = Vec::new();
            for id in ids {
                rows.extend(reader.record(&id)?.filter(|row| fits(&row.ledger)));
            }
            Ok(rows)
        })?;
        if rows.is_empty() {
            return Ok(None);
        }
        let row = self.dice.pick(&rows);
        Ok(Some((row.record, row.ledger.clone())))
    }

    /// Does something that is acknowledged with a change.
    pub(crate) fn write(
        &mut self,
        site: usize,
        node: &Arc<Node>,
        what: &str,
        work: impl FnOnce(&World, &Arc<Node>) -> Result<Written, ServiceError>,
    ) -> anyhow::Result<()> {
        if let Some(written) = self.attempt(site, what, |world| work(world, node))? {
            self.promised(site, node, &written)?;
        }
        self.touched(site)
    }

    fn promised(&mut self, site: usize, node: &Arc<Node>, written: &Written) -> anyhow::Result<()> {
        let Some(space) = node
            .store()
            .read(|reader| reader.space_of_change(&written.change))?
        else {
            bail!("{} acknowledged a change that is not there", self.name(site));
        };
        self.promise(site, Promise::Change(written.change), space);
        Ok(())
    }

    /// A statement of trust was acknowledged.
    pub(crate) fn stated(&mut self, site: usize, node: &Arc<Node>, id: lianzhan_protocol::id::StatementId) {
        let space = node.own_space(Audience::Directory).id();
        self.promise(site, Promise::Statement(id), space);
    }

    /// Who was put back and cannot know may write to a branch that will not stand.
    fn promise(&mut self, site: usize, promise: Promise, space: lianzhan_protocol::id::SpaceId) {
        if !self.sites[site].cloned {
            self.watch.promises.insert(promise, Given { site, space });
        }
    }

    /// Does something that may be refused, or fail for want of a disk; anything else is a fault of the node.
    pub(crate) fn attempt<T>(
        &mut self,
        site: usize,
        what: &str,
        work: impl FnOnce(&World) -> Result<T, ServiceError>,
    ) -> anyhow::Result<Option<T>> {
        let machine = self.sites[site].machine.clone();
        let hits = machine.hits();
        let done = machine.work(|| work(self));
        let name = self.name(site);
        match done {
            Ok(done) => {
                self.say(&format!("{name}: {what}"));
                self.tally.done += 1;
                Ok(Some(done))
            }
            Err(error) => {
                self.say(&format!("{name}: {what}: {error}"));
                let found = &self.sites[site];
                let broken = matches!(
                    error,
                    ServiceError::Store(
                        StoreError::Sqlite(_)
                            | StoreError::Disk(_)
                            | StoreError::Stopped
                            | StoreError::Unmarked(_)
                            | StoreError::RolledBack
                            | StoreError::Halted { .. }
                            | StoreError::Corrupt(_)
                            | StoreError::Refused(_)
                    ) | ServiceError::Disk { .. }
                        | ServiceError::Damaged(_)
                        | ServiceError::Key(_)
                );
                if broken && machine.hits() == hits && !found.full {
                    bail!("{name}: {what} failed although the disk works: {error}");
                }
                self.tally.refused += 1;
                Ok(None)
            }
        }
    }
}
