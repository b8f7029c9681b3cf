//! The federation that is measured: a county, a township, a station with a clerk, and what the clerk wrote.

mod visit;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use age::secrecy::SecretString;
use anyhow::{Context, ensure};
use lianzhan_node::config::{Config, Overrides};
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::Joining;
use lianzhan_node::services::threads::Threads;
use lianzhan_node::services::{Annex, Author, Draft, NewRecord, Node, definition_hash};
use lianzhan_node::store::{DATABASE, OwnEntry};
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::keys::{PublicKey, Signature};
use lianzhan_protocol::log::{Entry, Header, Origin, PROTOCOL_VERSION, PayloadKind, TreeSize};
use lianzhan_protocol::record::{Change, Put, Value};
use lianzhan_protocol::spread::Spread;
use lianzhan_protocol::sync::{RANGE_BYTES, RangeData};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Level, Role, Space};

use visit::{Dice, answer, visit};

/// Everything but keys is drawn from it.
pub(super) const SEED: u64 = 0x1a2b_3c4d;
/// The domain in which entries are signed.
pub(super) const DOMAIN: &str = "lianzhan/entry/v1";
/// An update comes so many visits after its creation.
const LATER: usize = 200;
/// The township cosigns after so many entries.
const WITNESS_EVERY: usize = 1_000;
const LEDGER: &str = "letters_visits";

/// The directories of the nodes, closed, and the station's log of visits as a peer would send it.
pub(super) struct Scene {
    dir: PathBuf,
    clerk: Author,
    pub(super) space: Space,
    pub(super) origin: Origin,
    /// The bytes of every entry.
    pub(super) log: Vec<Vec<u8>>,
    pub(super) ranges: Vec<RangeData>,
    /// Of all entries with their payloads.
    pub(super) bytes: usize,
    pub(super) receipts: usize,
    /// Puts of a creation and of an update.
    pub(super) puts: (usize, usize),
}

impl Scene {
    /// With a station that was witnessed while it wrote.
    pub(super) fn build(dir: &Path, visits: usize) -> anyhow::Result<Self> {
        Self::raise(dir, visits, true)
    }

    /// With a station that had no line yet: nobody above holds or has witnessed anything of it.
    pub(super) fn build_apart(dir: &Path, visits: usize) -> anyhow::Result<Self> {
        Self::raise(dir, visits, false)
    }

    fn raise(dir: &Path, visits: usize, witnessed: bool) -> anyhow::Result<Self> {
        let county = found(
            &dir.join("county"),
            org(Level::County, "990121"),
            &passphrase(),
            config(),
        )?;
        let township = join(&county, &dir.join("township"), org(Level::Township, "990121103"))?;
        let station = join(
            &township,
            &dir.join("station"),
            org(Level::Station, "990121103201"),
        )?;
        let person = PersonDraft {
            login: "clerk".into(),
            name: "秦越".into(),
            roles: vec![Role::OpinionLiaison],
            seat: None,
            person: None,
            until: None,
        };
        station.appoint_person(&passphrase(), person, &passphrase())?;
        let clerk = station.sign_in("clerk", &passphrase())?;
        for node in [&county, &township, &station] {
            let known =
                [&county, &township, &station].map(|node| node.directory().statements().cloned().collect());
            node.store().write_blocking(move |writer| {
                known
                    .into_iter()
                    .try_for_each(|s: Vec<_>| writer.keep_statements(s))
            })?;
        }
        drop(county);
        settle(&dir.join("county"))?;
        // Closed before its log is written: own writes are measured on a copy without it.
        drop(station);
        settle(&dir.join("station"))?;
        let station = open_copy(&dir.join("station"), &dir.join("writer"))?;
        let mut scene = Scene {
            dir: dir.to_owned(),
            space: station.home_space(LEDGER)?,
            origin: station.ensure_log(&station.home_space(LEDGER)?)?,
            clerk,
            log: Vec::new(),
            ranges: Vec::new(),
            bytes: 0,
            receipts: 0,
            puts: (0, 0),
        };
        let changes = scene.write(visits)?;
        // Receipts count in whole seconds: one of the second in which the clerk was appointed would be too early.
        std::thread::sleep(Duration::from_secs(1));
        for batch in changes.chunks(WITNESS_EVERY) {
            let (origin, entries) = (scene.origin.clone(), batch.to_vec());
            let entries = entries
                .into_iter()
                .map(|(entry, payload)| OwnEntry { entry, payload })
                .collect();
            station
                .store()
                .write_blocking(move |writer| writer.append_own(&origin, entries))?;
            if witnessed {
                scene.witness(&station, &township)?;
            }
        }
        scene.read(&station)?;
        Ok(scene)
    }

    /// A county that has none of it yet.
    pub(super) fn county(&self, name: &str) -> anyhow::Result<Arc<Node>> {
        open_copy(&self.dir.join("county"), &self.dir.join(name))
    }

    /// A station that has written nothing yet, and its clerk.
    pub(super) fn station(&self, name: &str) -> anyhow::Result<(Arc<Node>, Author)> {
        let node = open_copy(&self.dir.join("station"), &self.dir.join(name))?;
        Ok((node, self.clerk.clone()))
    }

    /// Key, header and signature of each of the clerk's entries.
    pub(super) fn signed(&self) -> Vec<(PublicKey, Vec<u8>, Signature)> {
        let headers = self.log.iter().filter_map(|bytes| Entry::parse(bytes).ok());
        let own = headers.filter(|entry| entry.header().author == self.clerk.key.public());
        own.map(|entry| {
            let message = codec::encode(entry.header());
            let signature = self.clerk.key.sign(DOMAIN, &message);
            (self.clerk.key.public(), message, signature)
        })
        .collect()
    }

    /// Creations, and after each the update of an earlier visit.
    fn write(
        &mut self,
        visits: usize,
    ) -> anyhow::Result<Vec<(lianzhan_protocol::log::Verified<Entry>, Vec<u8>)>> {
        let mut dice = Dice(SEED);
        let now = lianzhan_node::env::now();
        let mut created: Vec<(RecordId, ChangeId)> = Vec::with_capacity(visits);
        let mut all = Vec::with_capacity(visits * 2);
        for n in 0..visits + LATER {
            let time = Timestamp(now.0 + n as i64);
            if n < visits {
                let salt = dice.bytes::<16>();
                let record = RecordId::mint(time, &self.space.id(), &definition_hash(LEDGER)?, &salt);
                let puts = visit(&mut dice, n);
                self.puts.0 = puts.len();
                let (entry, payload) = self.sign(record, time, Vec::new(), puts, salt)?;
                created.push((record, entry.change_id()));
                all.push((entry, payload));
            }
            if let Some((record, seen)) = n.checked_sub(LATER).and_then(|n| created.get(n)).copied() {
                let puts = answer(&mut dice);
                self.puts.1 = puts.len();
                all.push(self.sign(record, time, vec![seen], puts, dice.bytes())?);
            }
        }
        Ok(all)
    }

    /// Appends so many short entries to the log at `station`: records of two fields.
    pub(super) fn fill(&self, station: &Node, entries: usize) -> anyhow::Result<()> {
        let now = lianzhan_node::env::now();
        let numbers: Vec<usize> = (0..entries).collect();
        for batch in numbers.chunks(10 * WITNESS_EVERY) {
            let signed = Threads::of_this_machine().each(batch, |n| {
                let (time, salt) = (Timestamp(now.0 + *n as i64), Dice(SEED ^ *n as u64).bytes());
                let record = RecordId::mint(time, &self.space.id(), &definition_hash(LEDGER)?, &salt);
                self.sign(record, time, Vec::new(), visit::note(*n), salt)
            });
            let entries = signed
                .into_iter()
                .map(|signed| signed.map(|(entry, payload)| OwnEntry { entry, payload }))
                .collect::<Result<_, _>>()?;
            let origin = self.origin.clone();
            station
                .store()
                .write_blocking(move |writer| writer.append_own(&origin, entries))?;
        }
        Ok(())
    }

    fn sign(
        &self,
        record: RecordId,
        recorded: Timestamp,
        deps: Vec<ChangeId>,
        puts: Vec<Put>,
        salt: [u8; 16],
    ) -> anyhow::Result<(lianzhan_protocol::log::Verified<Entry>, Vec<u8>)> {
        let change = Change {
            salt: salt.to_vec(),
            deps,
            definition: definition_hash(LEDGER)?,
            puts,
        };
        change.check()?;
        let payload = change.to_bytes();
        let header = Header {
            version: PROTOCOL_VERSION,
            origin: self.origin.clone(),
            space: self.space.id(),
            kind: PayloadKind::Change,
            record: Some(record),
            author: self.clerk.key.public(),
            appointment: Some(self.clerk.appointment),
            recorded,
            payload: Hash::plain(&payload),
            size: u32::try_from(payload.len())?,
            key_commitment: None,
        };
        Ok((Entry::sign(header, &self.clerk.key)?, payload))
    }

    fn witness(&mut self, station: &Node, township: &Node) -> anyhow::Result<()> {
        let request = station
            .prepare_witness(&self.origin, &township.org_id(), None, lianzhan_node::env::now())?
            .context("there is something to witness")?;
        let request = lianzhan_node::services::witness::CosignRequest {
            peer: station.node_key().public(),
            old: request.old,
            checkpoint: request.checkpoint,
            proof: request.proof,
            shown: request.shown,
        };
        let answer = township.cosign(request, lianzhan_node::env::now())?;
        let receipt = answer.map_err(|(_, reason)| anyhow::anyhow!(reason))?;
        station.store_receipt(&self.origin, receipt)?;
        self.receipts += 1;
        Ok(())
    }

    fn read(&mut self, station: &Node) -> anyhow::Result<()> {
        loop {
            let from = TreeSize(self.log.len() as u64);
            let Some(range) = station.read_range(&self.origin, from, RANGE_BYTES)? else {
                break;
            };
            for item in range.entries.iter() {
                self.bytes += RangeData::cost(&item.entry, item.payload.as_deref());
                self.log.push(item.entry.to_vec());
            }
            self.ranges.push(range);
        }
        ensure!(!self.ranges.is_empty(), "the station's log can be read");
        Ok(())
    }
}

/// Drafts of visits, as a form makes them, for a node of their own.
pub(super) fn drafts(node: &Node, count: usize) -> std::vec::IntoIter<Draft> {
    let mut dice = Dice(SEED + 1);
    let space = node
        .home_space(LEDGER)
        .unwrap_or_else(|_| node.own_space(lianzhan_protocol::trust::Audience::County));
    let now = lianzhan_node::env::now();
    let drafts: Vec<Draft> = (0..count)
        .filter_map(|n| {
            let begins = NewRecord::mint(LEDGER, &space, now, dice.bytes()).ok()?;
            Some(Draft {
                record: begins.id,
                begins: Some(begins.salt),
                ledger: LEDGER.into(),
                space: space.clone(),
                puts: visit(&mut dice, n)
                    .into_iter()
                    .filter(|put| !put.key.starts_with("f:annex/"))
                    .collect(),
                annexes: Vec::new(),
            })
        })
        .collect();
    drafts.into_iter()
}

/// The personal part of a visit.
pub(super) fn annexes() -> Vec<Annex> {
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    vec![
        Annex {
            ledger: "subject".into(),
            fields: vec![text("name", "某某")],
        },
        Annex {
            ledger: "subject_sensitive".into(),
            fields: vec![text("health", "需要轮椅")],
        },
    ]
}

pub(super) fn passphrase() -> SecretString {
    SecretString::from("a passphrase of the benchmark".to_owned())
}

fn config() -> Config {
    Config {
        scrypt_log_n: 10,
        ..Config::default()
    }
}

fn org(level: Level, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: code.into(),
        name_en: code.into(),
        code: code.into(),
    }
}

fn join(parent: &Node, dir: &Path, draft: OrgDraft) -> anyhow::Result<Arc<Node>> {
    let invitation = parent.invite(draft, &passphrase(), Vec::new())?;
    let joining = Joining::begin(&invitation.to_code())?;
    let reply = parent.answer_join(&joining.request());
    Ok(joining.finish(dir, reply, &passphrase(), config())?)
}

/// Waits until a store that was dropped has put its WAL away: only then its files can be copied.
fn settle(dir: &Path) -> anyhow::Result<()> {
    let wal = dir.join(format!("{DATABASE}-wal"));
    for _ in 0..1_000 {
        if std::fs::metadata(&wal).map_or(0, |meta| meta.len()) == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    anyhow::bail!("{} is still open", dir.display())
}

/// Opens a node in a fresh copy of a directory that no program holds.
pub(super) fn open_copy(from: &Path, to: &Path) -> anyhow::Result<Arc<Node>> {
    copy(from, to)?;
    Ok(Node::open(to, &Overrides::default())?)
}

/// Copies a directory that no program holds, in place of what was there.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir_all(to)?;
    for item in std::fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            copy(&item.path(), &target)?;
        } else {
            std::fs::copy(item.path(), &target)?;
        }
    }
    Ok(())
}
