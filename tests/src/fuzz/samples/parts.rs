//! What samples are put together from: changes, events, entries, receipts.

use lianzhan_protocol::id::{ChangeId, Hash, PersonId, RecordId, StatementId};
use lianzhan_protocol::keys::Signature;
use lianzhan_protocol::log::{
    Checkpoint, Earlier, Entry, EntryIndex, Frontier, Header, LogStart, PROTOCOL_VERSION, PayloadKind,
    Receipt, SignatureLine, WitnessEntry, cosign, witness_log_origin,
};
use lianzhan_protocol::personal::Kind;
use lianzhan_protocol::record::ledger;
use lianzhan_protocol::record::{Change, Confirmed, Event, OfficeHolder, Proof, Put, Right, Value};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Level;

use crate::scene::{START, Scene, SceneLog, key};

pub(super) fn visit(n: u8, deps: &[ChangeId]) -> Change {
    let mut puts = vec![
        Put::field("gist", Value::Text(format!("路灯坏了，第{n}次。"))),
        Put::field("persons", Value::Int(i64::from(n) + 1)),
        Put::field("channel", "visit".into()),
        Put::field("annex/subject", Value::Bytes(vec![7; 32])),
    ];
    if n == 0 {
        puts.push(Put::event(&Event::Register {
            happened: "2026-04-03T09:30:00+08:00".into(),
        }));
    }
    Change {
        salt: vec![n; 16],
        deps: deps.to_vec(),
        definition: ledger::ledger("letters_visits").expect("built in").hash(),
        puts,
    }
}

pub(super) fn events() -> [Event; 12] {
    let happened = || "2026-03-01T09:00:00+08:00".to_owned();
    [
        Event::Register {
            happened: "2026-03-01".into(),
        },
        Event::SignIn {
            deputy: "林秀兰".into(),
            level: Level::Township,
            happened: happened(),
            proof: Proof::Key,
        },
        Event::LogLine {
            text: "看了水厂。".into(),
            happened: happened(),
        },
        Event::Seal {
            level: Level::County,
            org: lianzhan_protocol::id::OrgId([3; 16]),
            heads: vec![ChangeId([1; 32]), ChangeId([2; 32])],
            digest: Hash([4; 32]),
        },
        Event::Adopt {
            changes: vec![ChangeId([1; 32]), ChangeId([2; 32])],
        },
        Event::Correct {
            of: Hash([5; 32]),
            reason: "记错了一天。".into(),
            right: Right::Said {
                happened: happened(),
                text: Some("看了水厂和泵房。".into()),
            },
        },
        Event::Correct {
            of: Hash([5; 32]),
            reason: "没有到场。".into(),
            right: Right::Nothing,
        },
        Event::Confirm {
            of: Confirmed::Record {
                heads: vec![ChangeId([1; 32]), ChangeId([2; 32])],
                digest: Hash([4; 32]),
            },
        },
        Event::Confirm {
            of: Confirmed::Event { event: Hash([5; 32]) },
        },
        Event::SignInFor {
            actor: OfficeHolder {
                name: "罗定一".into(),
                office: "县人大代表".into(),
                person: None,
            },
            level: Level::County,
            happened: happened(),
            proof: Proof::Token,
            evidence: Hash([6; 32]),
        },
        Event::ConfirmFor {
            of: Confirmed::Record {
                heads: vec![ChangeId([1; 32])],
                digest: Hash([4; 32]),
            },
            actor: OfficeHolder {
                name: "何见山".into(),
                office: "镇人大主席".into(),
                person: Some(PersonId([7; 16])),
            },
            happened: happened(),
            proof: Proof::Paper,
            evidence: Hash([6; 32]),
        },
        Event::Clear {
            key: "f:gist".into(),
            kinds: vec![Kind::Mobile, Kind::Name],
            digest: Hash([5; 32]),
            note: "公开电话".into(),
        },
    ]
}

/// The start of a log that goes on after its node lost its past.
pub(super) fn again(log: &SceneLog) -> LogStart {
    LogStart {
        epoch: [2; 16],
        policy: Some(StatementId([6; 32])),
        earlier: Some(vec![Earlier {
            origin: log.origin.clone(),
            size: log.frontier.size(),
            root: log.frontier.root(),
        }]),
        ..log.start.clone()
    }
}

pub(super) fn sign(scene: &Scene, log: &SceneLog, record: RecordId, payload: Vec<u8>, n: u8) -> Entry {
    let person = &scene.people[0];
    let header = Header {
        version: PROTOCOL_VERSION,
        origin: log.origin.clone(),
        space: log.start.space.id(),
        kind: PayloadKind::Change,
        record: Some(record),
        author: person.key.public(),
        appointment: Some(person.appointment),
        recorded: Timestamp(START.0 + (i64::from(n) + 1) * 60_000),
        payload: Hash::plain(&payload),
        size: u32::try_from(payload.len()).expect("short"),
        key_commitment: None,
    };
    Entry::sign(header, &person.key)
        .expect("a fitting header")
        .into_inner()
}

/// What the city says about the log of its county.
pub(super) fn receipt(log: &SceneLog, frontier: &Frontier) -> Receipt {
    let (witness, node) = (key("witness 0"), key("node 0"));
    let checkpoint = Checkpoint {
        origin: log.origin.clone(),
        size: frontier.size(),
        root: frontier.root(),
    };
    let time_s = START.seconds() + 3600;
    let line = cosign(&witness, "witness", &checkpoint, time_s).expect("a time of this century");
    let line = SignatureLine::parse(line.trim_end()).expect("a line");
    let mut tree = Frontier::new();
    tree.push(lianzhan_protocol::log::leaf_hash(
        &WitnessEntry::new(&checkpoint, time_s).leaf_bytes(),
    ));
    let witness_log = Checkpoint {
        origin: witness_log_origin(&node.public(), &[0; 16]),
        size: tree.size(),
        root: tree.root(),
    };
    Receipt {
        size: checkpoint.size,
        root: checkpoint.root,
        log_signature: Signature(log.node.sign_raw(checkpoint.body().as_bytes())),
        witness: witness.public(),
        time_s,
        cosignature: Signature(line.signature()[8..].try_into().expect("64 bytes after the time")),
        witness_origin: witness_log.origin.clone(),
        witness_index: EntryIndex(0),
        witness_size: witness_log.size,
        witness_root: witness_log.root,
        witness_node: node.public(),
        witness_signature: Signature(node.sign_raw(witness_log.body().as_bytes())),
        proof: Vec::new(),
        witness_epoch: [0; 16],
    }
}
