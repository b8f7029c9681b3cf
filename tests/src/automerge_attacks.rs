//! Attacks that a signed change of Automerge can carry, each tried in the nearest form that our formats allow. None can be
//! said: what Automerge would believe (`seq`, `start_op`, actor, predecessors, number of operations) is not in a change of
//! ours, but computed by every holder from changes that were decoded and judged.

use std::time::Instant;

use lianzhan_node::documents::{self, Document};
use lianzhan_protocol::codec::{CodecError, encode};
use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::log::{Covered, Entry, EntryError, EntryIndex, Header, PROTOCOL_VERSION, PayloadKind};
use lianzhan_protocol::record::ledger::{by_hash, ledger};
use lianzhan_protocol::record::{
    Change, ChangeError, Graph, Held, JudgeContext, PendingReason, Put, RecordState, Value, Verdict, fold,
    judge, limits, open_sealed,
};
use lianzhan_protocol::time::Timestamp;

use super::scene::{START, Scene, SceneSpace, seal_anything, sign_anything, witnessed_at};

/// Of every change: so each may be the first of the record.
const SALT: [u8; 16] = [1; 16];
/// People of the scene who may write activities of the joint space.
const LIN: usize = 2;
const CHEN: usize = 3;

/// One activity of a joint space, written by whoever wants to.
struct Attack {
    scene: Scene,
    held: Vec<Held>,
}

impl Attack {
    fn new() -> Self {
        Attack {
            scene: Scene::new(),
            held: Vec::new(),
        }
    }

    fn space(&self) -> &SceneSpace {
        let joint = self.scene.spaces.iter().find(|space| space.space.joint.is_some());
        joint.expect("the joint one")
    }

    fn record(&self) -> RecordId {
        let definition = ledger("activity").expect("built in").hash();
        RecordId::mint(START, &self.space().id, &definition, &SALT)
    }

    fn change(&self, deps: &[ChangeId], puts: Vec<Put>) -> Change {
        let mut deps = deps.to_vec();
        deps.sort_unstable();
        Change {
            salt: SALT.to_vec(),
            deps,
            definition: ledger("activity").expect("built in").hash(),
            puts,
        }
    }

    fn header(&self, log: usize, person: usize, payload: &[u8]) -> Header {
        let who = &self.scene.people[person];
        Header {
            version: PROTOCOL_VERSION,
            origin: self.space().logs[log].origin.clone(),
            space: self.space().id,
            kind: PayloadKind::Change,
            record: Some(self.record()),
            author: who.key.public(),
            appointment: Some(who.appointment),
            recorded: Timestamp(START.0 + 60_000),
            payload: Hash::plain(payload),
            size: payload.len() as u32,
            key_commitment: None,
        }
    }

    /// Signs and holds a change as a hostile node sends it: encoded, signed, decoded, verified.
    fn write(&mut self, log: usize, person: usize, deps: &[ChangeId], puts: Vec<Put>) -> ChangeId {
        let index = self.held.len() as u64 + 1;
        self.write_at(log, index, person, deps, puts)
    }

    fn write_at(
        &mut self,
        log: usize,
        index: u64,
        person: usize,
        deps: &[ChangeId],
        puts: Vec<Put>,
    ) -> ChangeId {
        let payload = self.change(deps, puts).to_bytes();
        let header = self.header(log, person, &payload);
        self.hold(header, index, person, &payload)
    }

    fn hold(&mut self, header: Header, index: u64, person: usize, payload: &[u8]) -> ChangeId {
        let bytes = sign_anything(&header, &self.scene.people[person].key);
        let entry = Entry::parse(&bytes)
            .and_then(Entry::verify)
            .expect("a good entry");
        entry.check_payload(payload).expect("its payload");
        self.held.push(Held {
            id: entry.change_id(),
            origin: header.origin,
            index: EntryIndex(index),
            author: header.author,
            appointment: header.appointment.expect("a change"),
            recorded: header.recorded,
            covered: Covered::default(),
            change: Change::parse(payload).expect("a change"),
        });
        entry.change_id()
    }

    fn verdict(&self, held: &Held) -> Verdict {
        let log = self.space().logs.iter().find(|log| log.origin == held.origin);
        judge(
            &JudgeContext {
                directory: &self.scene.directory,
                space: &self.space().space,
                node: log.map(|log| (log.start.node, log.start.org)),
                ledger: &|hash| by_hash(hash),
            },
            held,
        )
    }

    /// The state, and the document, which loads, has the heads that it was saved with and says the same.
    fn conclude(&self) -> (RecordState, Document) {
        let (record, space) = (self.record(), &self.space().id);
        let state = fold(record, space, &self.held, |held| self.verdict(held), by_hash);
        let settled = |held: &Held| {
            let item = state.history.iter().find(|item| item.change == held.id);
            item.expect("each change has a verdict").verdict.clone()
        };
        let document = documents::build(&self.held, settled).expect("a document");
        let opened = documents::open(&document.bytes).expect("it loads");
        assert_eq!(opened.heads, document.heads);
        assert_eq!(
            documents::differences(&state, &opened.values),
            Vec::<String>::new()
        );
        (state, document)
    }

    fn counting(state: &RecordState) -> usize {
        let counts = |verdict: &Verdict| matches!(verdict, Verdict::Counts { .. });
        state.history.iter().filter(|item| counts(&item.verdict)).count()
    }
}

fn topic(text: &str) -> Vec<Put> {
    vec![Put::field("topic", text.into())]
}

fn nonsense() -> Vec<Put> {
    vec![Put::field("no_such_field", Value::Null)]
}

/// Automerge panics at a first change with `seq = 5`. Ours have no `seq`; the nearest is a fifth change whose author's first
/// four do not count.
#[test]
fn a_gap_in_seq() {
    let mut attack = Attack::new();
    for _ in 0..4 {
        attack.write(0, LIN, &[], nonsense());
    }
    attack.write(0, LIN, &[], topic("五"));
    let (state, _) = attack.conclude();
    assert_eq!((Attack::counting(&state), state.text("topic")), (1, "五"));
}

/// Automerge panics at `seq = 2` that does not depend on the actor's own `seq = 1`. Here the author's change before in the
/// same log is always a parent, whatever deps say.
#[test]
fn a_second_change_that_denies_the_first() {
    let mut attack = Attack::new();
    attack.write(0, LIN, &[], topic("一"));
    let second = attack.write(0, LIN, &[], topic("二"));
    let (state, document) = attack.conclude();
    assert_eq!(state.heads, [second]);
    assert_eq!(document.heads.len(), 1);
    assert_eq!(
        state.fields["topic"].candidates.len(),
        1,
        "no conflict with oneself"
    );
}

/// Automerge panics, at once or on the next write or load, where `start_op` is near 2^32. Ours have no `start_op`: a key
/// that would carry one is refused, and what is counted stays far below in the longest log.
#[test]
fn start_op_at_the_end_of_its_range() {
    let attack = Attack::new();
    let mut bytes = attack.change(&[], topic("一")).to_bytes();
    bytes[0] += 1; // one more key of the map: 5 => 2^32 - 1
    bytes.extend([0x05, 0x1a, 0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(
        Change::parse(&bytes),
        Err(ChangeError::Codec(CodecError::NotCanonical))
    ));
    let in_a_log = limits::LOG_CHANGES_MAX * limits::PUTS_MAX;
    assert!(in_a_log <= 1 << 20, "2,048 logs of one record would be needed");
}

/// As above, with as many operations as a few changes can have: counters are the sum of what stands there.
#[test]
fn the_most_operations_that_changes_can_have() {
    let mut attack = Attack::new();
    let puts = || {
        (0..limits::PUTS_MAX)
            .map(|n| Put::field(&format!("attachments/{n}"), Value::Bytes(vec![7; 32])))
            .collect()
    };
    let mut deps = Vec::new();
    for _ in 0..20 {
        deps = vec![attack.write(0, LIN, &deps, puts())];
    }
    let (state, _) = attack.conclude();
    assert_eq!(Attack::counting(&state), 20);
    let graph = Graph::build(&attack.held);
    assert_eq!(
        graph.op(19, limits::PUTS_MAX - 1).counter,
        20 * limits::PUTS_MAX as u64
    );
}

/// Automerge takes a change of another actor with `start_op = 1` below its deps, saves it, and never loads the document
/// again. Here the counter of what saw others is beyond theirs, whoever wrote it and whether or not they count.
#[test]
fn start_op_below_that_of_the_deps() {
    let mut attack = Attack::new();
    let first = attack.write(0, LIN, &[], topic("一"));
    let refused = attack.write(0, LIN, &[first], nonsense());
    let second = attack.write(1, CHEN, &[refused], topic("二"));
    let (state, _) = attack.conclude();
    assert_eq!(state.text("topic"), "二");
    assert_eq!(state.heads, [second]);
    assert_eq!(state.fields["topic"].candidates[0].op.counter, 3);
}

/// Of byte mutants of a change with its checksum recomputed, 15 % make Automerge panic and 4 % break what it saves. Here
/// each flipped bit of a payload is another payload than was signed.
#[test]
fn a_flipped_bit_in_a_signed_change() {
    let mut attack = Attack::new();
    let payload = attack.change(&[], topic("一")).to_bytes();
    let header = attack.header(0, LIN, &payload);
    let bytes = sign_anything(&header, &attack.scene.people[LIN].key);
    let entry = Entry::parse(&bytes).expect("an entry");
    for bit in 0..payload.len() * 8 {
        let mut flipped = payload.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(entry.check_payload(&flipped), Err(EntryError::Payload), "{bit}");
    }
    attack.hold(header, 1, LIN, &payload);
    attack.conclude();
}

/// 509 KiB of a deflated change become 512 MiB in Automerge. Nothing in a change of ours is compressed, and no chunk of
/// Automerge's is one.
#[test]
fn a_deflated_change() {
    let mut deflated = vec![0x85, 0x6f, 0x4a, 0x83, 1, 2, 3, 4, 2, 0x20];
    deflated.extend([0x78; 32]);
    assert!(matches!(Change::parse(&deflated), Err(ChangeError::Codec(_))));
    let long = vec![0x78; limits::CHANGE_MAX + 1];
    assert!(matches!(
        Change::parse(&long),
        Err(ChangeError::Codec(CodecError::TooLong { .. }))
    ));
    // The longest change that is read is as long in memory as on the wire.
    let attack = Attack::new();
    let puts = (0..7).map(|n| Put::field(&format!("n{n}"), Value::Text("a".repeat(limits::VALUE_MAX))));
    let longest = attack.change(&[], puts.collect());
    assert!(longest.to_bytes().len() <= limits::CHANGE_MAX);
    let values = longest
        .puts
        .iter()
        .filter_map(|put| put.value.as_text())
        .map(str::len);
    assert!(values.sum::<usize>() <= limits::CHANGE_MAX);
    assert_eq!(Change::parse(&longest.to_bytes()), Ok(longest));
}

/// 113 bytes are five million operations in Automerge, by run-length encoding. Here every put stands for itself; a length
/// that is not there is refused before anything is kept for it.
#[test]
fn five_million_operations_in_a_hundred_bytes() {
    let attack = Attack::new();
    let mut bytes = attack.change(&[], topic("一")).to_bytes();
    let at = bytes
        .windows(3)
        .position(|three| three == [0x04, 0x81, 0x82])
        .expect("the list of puts");
    for head in [
        &[0x9a, 0x00, 0x4c, 0x4b, 0x40][..],
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x9f],
    ] {
        let mut bomb = bytes.clone();
        bomb.splice(at + 1..at + 2, head.iter().copied());
        let begin = Instant::now();
        assert!(matches!(Change::parse(&bomb), Err(ChangeError::Codec(_))));
        assert!(begin.elapsed().as_millis() < 1000);
    }
    bytes.truncate(at);
    let too_many = (0..=limits::PUTS_MAX).map(|n| Put::field(&format!("n{n}"), Value::Null));
    let change = attack.change(&[], too_many.collect());
    assert_eq!(Change::parse(&change.to_bytes()), Err(ChangeError::Puts));
}

/// Automerge hashes the bytes that it got, so that one change can have several forms. Ours has one.
#[test]
fn the_same_change_in_another_form() {
    let attack = Attack::new();
    let bytes = attack.change(&[], topic("一")).to_bytes();
    let salt = bytes.iter().position(|byte| *byte == 0x50).expect("16 bytes");
    let mut longer_head = bytes.clone();
    longer_head.splice(salt..=salt, [0x58, 0x10]);
    let mut indefinite = bytes.clone();
    indefinite[0] = 0xbf;
    indefinite.push(0xff);
    let mut trailing = bytes.clone();
    trailing.push(0);
    // 3 (definition) before 2 (deps).
    let deps = salt + 17;
    assert_eq!(&bytes[deps..deps + 3], [0x02, 0x80, 0x03]);
    let mut other_order = bytes.clone();
    other_order.splice(
        deps..deps + 37,
        [&bytes[deps + 2..deps + 37], &[0x02, 0x80]].concat(),
    );
    for other in [longer_head, indefinite, trailing, other_order] {
        assert!(
            matches!(
                Change::parse(&other),
                Err(ChangeError::Codec(CodecError::NotCanonical))
            ),
            "{other:02x?}"
        );
    }
}

/// Automerge believes objects, elements and predecessors that do not exist. A change of ours names fields and whole
/// changes; one that is not here is waited for, and the document is made without what waits.
#[test]
fn predecessors_that_do_not_exist() {
    let mut attack = Attack::new();
    let first = attack.write(0, LIN, &[], topic("一"));
    let ghost = ChangeId([9; 32]);
    attack.write(1, CHEN, &[ghost], topic("二"));
    let (state, document) = attack.conclude();
    assert_eq!(state.heads, [first]);
    assert_eq!(document.heads.len(), 1);
    let waiting = &state.history.last().expect("two changes").verdict;
    assert_eq!(
        *waiting,
        Verdict::Pending {
            reason: PendingReason::Dependency(ghost)
        }
    );
}

/// Two halves of one actor's sequence, from a restored backup or from two processes, never converge in Automerge, and the
/// second refuses the whole batch that it comes with. Here a forked log gives two entries at one index; both are changes.
#[test]
fn the_same_seq_on_two_branches() {
    let mut attack = Attack::new();
    let first = attack.write_at(0, 1, LIN, &[], topic("一"));
    attack.write_at(0, 2, LIN, &[first], topic("二"));
    attack.write_at(0, 2, LIN, &[first], topic("三"));
    attack.write(1, CHEN, &[first], vec![Put::field("place", "老码头".into())]);
    let (state, document) = attack.conclude();
    assert_eq!(Attack::counting(&state), 4, "nobody innocent is refused");
    attack.held.reverse();
    assert_eq!(attack.conclude(), (state, document), "whatever comes first");
}

/// A change that Automerge refuses takes the others of its batch with it. Here one that is refused is left out.
#[test]
fn one_bad_change_among_good_ones() {
    let mut attack = Attack::new();
    let mut deps = Vec::new();
    for n in 0..9 {
        let puts = if n % 3 == 1 {
            nonsense()
        } else {
            topic(&format!("{n}"))
        };
        deps = vec![attack.write(n % 2, [LIN, CHEN][n % 2], &deps, puts)];
    }
    let (state, _) = attack.conclude();
    assert_eq!((Attack::counting(&state), state.text("topic")), (6, "8"));
}

/// The hash of an Automerge change names no document: one signed for A is taken by B. Here the signed header names space
/// and record, and a sealed payload opens for its record alone.
#[test]
fn a_change_of_another_document() {
    let attack = Attack::new();
    let payload = attack.change(&[], topic("一")).to_bytes();
    let header = attack.header(0, LIN, &payload);
    let key = &attack.scene.people[LIN].key;
    let entry = Entry::parse(&sign_anything(&header, key)).expect("an entry");
    let moved = Header {
        record: Some(RecordId([2; 16])),
        ..header.clone()
    };
    // The old signature does not cover another record.
    let mut bytes = encode(&moved);
    let old = entry.to_bytes();
    let signature = &old[old.len() - 68..];
    assert_eq!(signature[..4], [0x82, 0x01, 0x58, 0x40]);
    let mut forged = vec![0x82, 0x59];
    forged.extend((bytes.len() as u16).to_be_bytes());
    if bytes.len() < 256 {
        forged.splice(1..4, [0x58, bytes.len() as u8]);
    }
    forged.append(&mut bytes);
    forged.extend(signature);
    let forged = Entry::parse(&forged).expect("well-formed");
    assert!(matches!(forged.verify(), Err(EntryError::Signature(_))));
    // Nor is it an entry of another log or space.
    let other = &attack.scene.spaces[0];
    assert!(
        entry
            .check_place(&other.logs[0].origin, &attack.space().id)
            .is_err()
    );
    assert!(entry.check_place(&header.origin, &other.id).is_err());
    let annex = &attack.scene.annex_key;
    let sealed = seal_anything(annex, &attack.record(), &payload, [1; 24]);
    assert!(open_sealed(annex, &annex.commitment(), &RecordId([2; 16]), &sealed).is_err());
}

/// Automerge lets everybody choose an actor, and `isolate` chooses another one in silence. Here it is the hash of log and
/// author.
#[test]
fn operations_in_the_name_of_another_actor() {
    let mut attack = Attack::new();
    let first = attack.write(0, LIN, &[], topic("一"));
    attack.write(1, LIN, &[first], topic("二"));
    attack.write(0, CHEN, &[first], topic("三"));
    let actors: Vec<_> = attack.held.iter().map(Held::actor).collect();
    assert!(actors[0] != actors[1] && actors[0] != actors[2] && actors[1] != actors[2]);
    let (state, _) = attack.conclude();
    assert_eq!(state.fields["topic"].candidates.len(), 2);
}

/// A key of the document can be put by anybody in Automerge. Here the key of an event comes from the hash of its change.
#[test]
fn an_event_under_the_key_of_another() {
    let attack = Attack::new();
    for key in [
        format!("e:{}", "00".repeat(32)),
        "e:x".into(),
        "x".into(),
        "f:".into(),
    ] {
        let put = Put {
            key,
            value: Value::Bytes(vec![0]),
        };
        let change = attack.change(&[], vec![put]);
        assert!(matches!(
            Change::parse(&change.to_bytes()),
            Err(ChangeError::Key(_))
        ));
    }
}

/// Instants at the ends of their range are shown and decide nothing.
#[test]
fn instants_beyond_any_calendar() {
    let mut attack = Attack::new();
    for (n, time) in [i64::MIN, -1, i64::MAX].into_iter().enumerate() {
        let payload = attack.change(&[], topic(&format!("{n}"))).to_bytes();
        let header = Header {
            recorded: Timestamp(time),
            ..attack.header(0, LIN, &payload)
        };
        attack.hold(header, n as u64 + 1, LIN, &payload);
        attack.held[n].covered = witnessed_at(START.seconds() + 1);
    }
    let (state, _) = attack.conclude();
    assert_eq!(Attack::counting(&state), 3, "the witness says when it was");
    assert_eq!(state.text("topic"), "2", "causal order, whatever clocks say");
}
