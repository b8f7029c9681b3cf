//! The whole way of a batch of mutants: from bytes to a saved document that is loaded again.

use std::collections::BTreeMap;

use lianzhan_node::documents::{self, DocumentError};
use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::log::{
    Covered, Entry, EntryIndex, Header, LogStatement, PROTOCOL_VERSION, PayloadKind,
};
use lianzhan_protocol::record::ledger::{Ledger, by_hash, ledgers};
use lianzhan_protocol::record::{
    AnnexKey, Change, Confirmed, Event, Graph, Held, JudgeContext, Put, Value, Verdict, fold, judge,
    open_sealed, seal_digest,
};
use lianzhan_protocol::sync::{RangeData, verify_range};
use lianzhan_protocol::time::Timestamp;

use super::draft::{is_annex, valid_puts};
use super::mutate::{Draft, Material, Tamper};
use crate::dice::Dice;
use crate::scene::{START, Scene, SceneLog, SceneSpace, seal_anything, sign_anything, witnessed_at};

/// How many mutants came how far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Reached {
    /// Made and signed.
    pub(super) mutants: u64,
    /// Entry and payload were read.
    pub(super) decode: u64,
    /// They stand in a log, in a range that verified.
    pub(super) place: u64,
    /// The judge said something else than that it waits for a dep.
    pub(super) judge: u64,
    /// It counts, so that the document has it.
    pub(super) merge: u64,
    /// It waits for an adoption.
    pub(super) contested: u64,
    /// It counts because it was adopted.
    pub(super) adopted: u64,
    /// Its puts or events are in the state.
    pub(super) fold: u64,
    /// The document was saved with it.
    pub(super) save: u64,
    /// And loaded again, saying what the fold says.
    pub(super) load: u64,
    /// Records that these changes made.
    pub(super) records: u64,
    /// Records with a conflict or with concurrent heads.
    pub(super) branched: u64,
    /// Of all states and documents: the same seed, the same sum.
    pub(super) sum: u64,
}

impl Reached {
    pub(super) fn add(&mut self, other: &Reached) {
        self.mutants += other.mutants;
        self.decode += other.decode;
        self.place += other.place;
        self.judge += other.judge;
        self.merge += other.merge;
        self.contested += other.contested;
        self.adopted += other.adopted;
        self.fold += other.fold;
        self.save += other.save;
        self.load += other.load;
        self.records += other.records;
        self.branched += other.branched;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// What travels of one mutant.
struct Sent {
    entry: Vec<u8>,
    payload: Vec<u8>,
}

/// One log as it is received.
struct Receiving<'a> {
    log: &'a SceneLog,
    pending: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Runs batch `number` of `seed`: one record of one ledger, four to twelve changes of it by several people in several logs,
/// every one of them mutated.
pub(super) fn run(scene: &Scene, seed: u64, number: u64) -> Result<Reached, String> {
    let mut dice = Dice::of_part(seed, number);
    let ledger = dice.pick(ledgers());
    let homes: Vec<&SceneSpace> = scene
        .spaces
        .iter()
        .filter(|home| lives_in(ledger, home))
        .collect();
    let Some(space) = homes.get(dice.below(homes.len().max(1))) else {
        return Err(format!("no space for {}", ledger.id));
    };
    let annex = is_annex(ledger).then_some(&scene.annex_key);
    let salt = dice.byte_vec(if annex.is_some() { 32 } else { 16 });
    let mut batch = Batch {
        scene,
        space,
        ledger,
        annex,
        record: RecordId::mint(START, &space.id, &ledger.hash(), &salt),
        salt,
        logs: space
            .logs
            .iter()
            .map(|log| Receiving {
                log,
                pending: Vec::new(),
            })
            .collect(),
        held: BTreeMap::new(),
        reached: Reached::default(),
    };
    for n in 0..4 + dice.below(9) {
        batch.one(n as i64, &mut dice)?;
    }
    batch.receive()?;
    batch.conclude(&mut dice)?;
    Ok(batch.reached)
}

fn lives_in(ledger: &Ledger, home: &SceneSpace) -> bool {
    use lianzhan_protocol::trust::Audience;
    home.space.audience == ledger.audience
        || (home.space.audience == Audience::Joint && ledger.audience == Audience::City)
}

struct Batch<'a> {
    scene: &'a Scene,
    space: &'a SceneSpace,
    ledger: &'static Ledger,
    annex: Option<&'a AnnexKey>,
    record: RecordId,
    /// Of its first changes: there may be several.
    salt: Vec<u8>,
    logs: Vec<Receiving<'a>>,
    /// What was read, by the record that it names.
    held: BTreeMap<RecordId, Vec<Held>>,
    reached: Reached,
}

impl Batch<'_> {
    /// Makes, mutates, encodes, signs and reads one change.
    fn one(&mut self, n: i64, dice: &mut Dice) -> Result<(), String> {
        let at = dice.below(self.logs.len());
        let held = self.held.get(&self.record).map_or(&[][..], Vec::as_slice);
        let earlier: Vec<ChangeId> = held.iter().map(|held| held.id).collect();
        let mut draft = self.draft(at, n, &earlier, dice);
        right_digests(&mut draft.change, held, dice);
        let material = Material {
            scene: self.scene,
            space: self.space,
            ledger: self.ledger,
            salt: &self.salt,
            earlier: &earlier,
        };
        draft.mutate(&material, dice);
        self.reached.mutants += 1;
        let sent = self.send(draft, dice);
        if let Some((entry, change)) = self.read(&sent) {
            self.reached.decode += 1;
            self.place(at, &entry, change, sent, dice)?;
        }
        Ok(())
    }

    /// A change that would count, or nearly.
    fn draft(&self, at: usize, n: i64, earlier: &[ChangeId], dice: &mut Dice) -> Draft {
        let writers: Vec<usize> = (0..self.scene.people.len())
            .filter(|n| {
                let roles = self.scene.people[*n].roles;
                roles.iter().any(|role| self.ledger.writers.contains(role))
                    && self
                        .scene
                        .directory
                        .may_hold(&self.scene.people[*n].org, &self.space.space)
            })
            .collect();
        let person = if writers.is_empty() {
            dice.below(self.scene.people.len())
        } else {
            *dice.pick(&writers)
        };
        let who = &self.scene.people[person];
        // Mostly the last ones, sometimes less: so records branch and come together again.
        let mut deps: Vec<ChangeId> = earlier
            .iter()
            .rev()
            .take(3)
            .filter(|_| !dice.once_in(3))
            .copied()
            .collect();
        deps.sort_unstable();
        let salt = if deps.is_empty() {
            self.salt.clone()
        } else {
            dice.byte_vec(self.salt.len())
        };
        Draft {
            header: Header {
                version: PROTOCOL_VERSION,
                origin: self.logs[at].log.origin.clone(),
                space: self.space.id,
                kind: match self.annex {
                    Some(_) => PayloadKind::Sealed,
                    None => PayloadKind::Change,
                },
                record: Some(self.record),
                author: who.key.public(),
                appointment: Some(who.appointment),
                recorded: Timestamp(START.0 + (n + 1) * 60_000),
                payload: Hash([0; 32]),
                size: 0,
                key_commitment: self.annex.map(AnnexKey::commitment),
            },
            change: Change {
                salt,
                puts: valid_puts(self.ledger, who, &deps, self.scene, dice),
                deps,
                definition: self.ledger.hash(),
            },
            person,
            tamper: Tamper::No,
        }
    }

    /// Encodes, seals, hashes and signs, whatever it is.
    fn send(&self, mut draft: Draft, dice: &mut Dice) -> Sent {
        let mut payload = draft.change.to_bytes();
        if draft.header.kind == PayloadKind::Sealed {
            let record = draft.header.record.unwrap_or(self.record);
            payload = seal_anything(&self.scene.annex_key, &record, &payload, dice.bytes());
        }
        draft.header.payload = Hash::plain(&payload);
        draft.header.size = u32::try_from(payload.len()).expect("a bounded payload");
        match draft.tamper {
            Tamper::No => {}
            Tamper::Other => payload.push(0),
            Tamper::Size(size) => draft.header.size = size,
        }
        Sent {
            entry: sign_anything(&draft.header, &self.scene.people[draft.person].key),
            payload,
        }
    }

    /// Entry and payload, if both are read.
    fn read(&self, sent: &Sent) -> Option<(Entry, Option<Change>)> {
        let entry = Entry::parse(&sent.entry).ok()?;
        let header = entry.header();
        let change = match header.kind {
            PayloadKind::Change => Some(Change::parse(&sent.payload).ok()?),
            PayloadKind::Sealed => {
                let (record, commitment) = (header.record?, header.key_commitment?);
                Some(open_sealed(&self.scene.annex_key, &commitment, &record, &sent.payload).ok()?)
            }
            PayloadKind::Statement => {
                LogStatement::parse(&sent.payload).ok()?;
                None
            }
        };
        Some((entry, change))
    }

    /// Puts what was read into its log, or shows that the log refuses it.
    fn place(
        &mut self,
        at: usize,
        entry: &Entry,
        change: Option<Change>,
        sent: Sent,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let log = self.logs[at].log;
        let fits = entry.check_place(&log.origin, &self.space.id).is_ok()
            && entry.check_payload(&sent.payload).is_ok();
        let (Some(change), true, Some(record), Some(appointment)) =
            (change, fits, entry.header().record, entry.header().appointment)
        else {
            let pieces = vec![(sent.entry, Some(sent.payload))];
            return match self.verify(log, pieces) {
                Err(_) => Ok(()),
                Ok(_) => Err("a log took what does not belong into it".into()),
            };
        };
        let pending = &mut self.logs[at].pending;
        pending.push((sent.entry, Some(sent.payload)));
        let header = entry.header();
        self.held.entry(record).or_default().push(Held {
            id: entry.change_id(),
            origin: header.origin.clone(),
            index: EntryIndex(log.frontier.size().0 + pending.len() as u64 - 1),
            author: header.author,
            appointment,
            recorded: header.recorded,
            covered: covered(header.recorded, dice),
            change,
        });
        Ok(())
    }

    fn verify(&self, log: &SceneLog, pieces: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<usize, String> {
        let mut frontier = log.frontier.clone();
        for (entry, _) in &pieces {
            frontier.push(lianzhan_protocol::log::leaf_hash(entry));
        }
        let from = log.frontier.size();
        let range = RangeData::new(log.origin.clone(), from, pieces, log.note(&frontier), Vec::new())
            .map_err(|error| error.to_string())?;
        verify_range(&self.space.id, Some(&log.start), &log.frontier, &range)
            .map(|verified| verified.entries().len())
            .map_err(|error| error.to_string())
    }

    /// Each log as a peer gets it: in one range, if it fits into one.
    fn receive(&mut self) -> Result<(), String> {
        for at in 0..self.logs.len() {
            let log = self.logs[at].log;
            let pieces = std::mem::take(&mut self.logs[at].pending);
            let cost: usize = pieces
                .iter()
                .map(|(entry, payload)| RangeData::cost(entry, payload.as_deref()))
                .sum();
            if pieces.is_empty() {
                continue;
            }
            let count = pieces.len();
            if cost <= lianzhan_protocol::sync::RANGE_BYTES {
                let stored = self
                    .verify(log, pieces)
                    .map_err(|error| format!("range: {error}"))?;
                if stored != count {
                    return Err(format!("{stored} of {count} entries of a range"));
                }
            } else {
                for (entry, _) in &pieces {
                    Entry::parse(entry)
                        .and_then(Entry::verify)
                        .map_err(|error| format!("entry: {error}"))?;
                }
            }
            self.reached.place += count as u64;
        }
        Ok(())
    }

    /// Judges, folds, merges, saves, loads and compares every record that was named.
    fn conclude(&mut self, dice: &mut Dice) -> Result<(), String> {
        let logs = self.space.logs.iter();
        let nodes: BTreeMap<_, _> = logs
            .map(|log| (log.origin.clone(), (log.start.node, log.start.org)))
            .collect();
        let verdict = |held: &Held| {
            judge(
                &JudgeContext {
                    directory: &self.scene.directory,
                    space: &self.space.space,
                    node: nodes.get(&held.origin).copied(),
                    ledger: &|hash| by_hash(hash),
                },
                held,
            )
        };
        for (record, mut held) in std::mem::take(&mut self.held) {
            let state = fold(record, &self.space.id, &held, verdict, by_hash);
            let verdicts: BTreeMap<ChangeId, Verdict> = state
                .history
                .iter()
                .map(|item| (item.change, item.verdict.clone()))
                .collect();
            let settled = |held: &Held| verdicts[&held.id].clone();
            let document = documents::build(&held, settled).map_err(|error| at("merge", &error))?;
            let opened = documents::open(&document.bytes).map_err(|error| at("load", &error))?;
            if opened.heads != document.heads {
                return Err("load: other heads than were saved".into());
            }
            let differences = documents::differences(&state, &opened.values);
            if !differences.is_empty() {
                return Err(format!("load: {differences:?}"));
            }
            if dice.once_in(3) {
                dice.shuffle(&mut held);
                if fold(record, &self.space.id, &held, verdict, by_hash) != state {
                    return Err("fold: another order, another state".into());
                }
                let again = documents::build(&held, settled).map_err(|error| at("merge", &error))?;
                if again != document {
                    return Err("merge: another order, another document".into());
                }
            }
            let reached = &mut self.reached;
            let judged = |verdict: &&Verdict| {
                use lianzhan_protocol::record::PendingReason::Dependency;
                !matches!(
                    verdict,
                    Verdict::Pending {
                        reason: Dependency(_)
                    }
                )
            };
            let counts = |verdict: &&Verdict| matches!(verdict, Verdict::Counts { .. });
            reached.judge += verdicts.values().filter(judged).count() as u64;
            let counting = verdicts.values().filter(counts).count() as u64;
            let contested = |verdict: &&Verdict| matches!(verdict, Verdict::Contested { .. });
            let adopted = |verdict: &&Verdict| matches!(verdict, Verdict::Counts { adopted: Some(_), .. });
            reached.contested += verdicts.values().filter(contested).count() as u64;
            reached.adopted += verdicts.values().filter(adopted).count() as u64;
            reached.merge += counting;
            reached.save += counting;
            reached.load += counting;
            reached.fold += in_the_state(&state) as u64;
            reached.records += 1;
            reached.branched += u64::from(state.heads.len() > 1);
            let whole = Hash::of("sum", &[state.to_json().to_string().as_bytes(), &document.bytes]);
            let first = whole.0.first_chunk().expect("32 bytes");
            reached.sum = reached.sum.wrapping_add(u64::from_be_bytes(*first));
        }
        Ok(())
    }
}

/// Half of all entries were witnessed, soon after they say that they were recorded.
fn covered(recorded: Timestamp, dice: &mut Dice) -> Covered {
    let mut covered = Covered::default();
    if dice.once_in(2) {
        covered = witnessed_at(recorded.seconds().saturating_add(1));
    }
    // Sometimes another one must, too.
    covered.groups += usize::from(dice.once_in(8));
    covered
}

/// How many changes have a value or an event in the state.
fn in_the_state(state: &lianzhan_protocol::record::RecordState) -> usize {
    let values = state
        .fields
        .values()
        .flat_map(|field| field.candidates.iter().map(|candidate| candidate.change));
    let events = state.events.iter().map(|event| event.change);
    values
        .chain(events)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

fn at(stage: &str, error: &DocumentError) -> String {
    format!("{stage}: {error}")
}

/// Seals and confirmations state the digest of what they were read up to, so that some have effect.
fn right_digests(change: &mut Change, held: &[Held], dice: &mut Dice) {
    for put in &mut change.puts {
        let Value::Bytes(body) = &put.value else {
            continue;
        };
        let event = match Event::parse(body) {
            Ok(event @ (Event::Seal { .. } | Event::Confirm { .. } | Event::ConfirmFor { .. })) => event,
            _ => continue,
        };
        let heads = match &event {
            Event::Seal { heads, .. }
            | Event::Confirm {
                of: Confirmed::Record { heads, .. },
            }
            | Event::ConfirmFor {
                of: Confirmed::Record { heads, .. },
                ..
            } => heads.clone(),
            _ => continue,
        };
        let graph = Graph::build(held);
        let places: Option<Vec<usize>> = heads.iter().map(|head| graph.position(head)).collect();
        if let Some(places) = places
            && !dice.once_in(4)
        {
            let digest = seal_digest(&graph, &places);
            *put = Put::event(&match event {
                Event::Seal { level, org, .. } => Event::Seal {
                    level,
                    org,
                    heads,
                    digest,
                },
                Event::ConfirmFor {
                    actor,
                    happened,
                    proof,
                    evidence,
                    ..
                } => Event::ConfirmFor {
                    of: Confirmed::Record { heads, digest },
                    actor,
                    happened,
                    proof,
                    evidence,
                },
                _ => Event::Confirm {
                    of: Confirmed::Record { heads, digest },
                },
            });
        }
    }
}
