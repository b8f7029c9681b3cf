//! Mutations of a change and of its header as structures. What comes out is encoded canonically and signed like anything
//! else; most of it is well-formed and wrong in what it says.

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{ChangeId, Hash, OrgId, PersonId, RecordId, SpaceId, StatementId};
use lianzhan_protocol::log::{Header, Origin, PAYLOAD_MAX, PayloadKind};
use lianzhan_protocol::personal::Kind;
use lianzhan_protocol::record::ledger::{Ledger, ledgers};
use lianzhan_protocol::record::{
    Change, Confirmed, Event, OfficeHolder, Proof, Put, Right, Value, event_id, limits,
};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Level;

use super::draft;
use crate::dice::Dice;
use crate::scene::{Scene, SceneSpace};

/// What becomes of the payload once it is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tamper {
    /// Nothing.
    No,
    /// Another payload travels than the header hashes.
    Other,
    /// The header states another length.
    Size(u32),
}

/// What is mutated.
pub(super) struct Draft {
    /// Its payload hash and size are computed later.
    pub(super) header: Header,
    /// The change.
    pub(super) change: Change,
    /// Who signs; the header names the same.
    pub(super) person: usize,
    /// What becomes of the payload.
    pub(super) tamper: Tamper,
}

/// What mutations take from.
pub(super) struct Material<'a> {
    pub(super) scene: &'a Scene,
    pub(super) space: &'a SceneSpace,
    pub(super) ledger: &'a Ledger,
    /// Salt of a first change of the record.
    pub(super) salt: &'a [u8],
    /// Changes of the record so far.
    pub(super) earlier: &'a [ChangeId],
}

impl Draft {
    /// One or two mutations, mostly of the change.
    pub(super) fn mutate(&mut self, from: &Material<'_>, dice: &mut Dice) {
        for _ in 0..=usize::from(dice.once_in(4)) {
            match dice.below(20) {
                0 => self.header_that_reads(from, dice),
                1 => self.header(from, dice),
                2..6 => deps(&mut self.change, from, dice),
                6 => definition(&mut self.change, dice),
                7 => bounds(&mut self.change, dice),
                8..12 if !from.ledger.events.is_empty() || dice.once_in(8) => {
                    events(&mut self.change, from, dice);
                }
                12..15 => order(&mut self.change, dice),
                15 => key(&mut self.change, dice),
                _ => value(&mut self.change, from, dice),
            }
        }
    }

    /// Another header that can still be read.
    fn header_that_reads(&mut self, from: &Material<'_>, dice: &mut Dice) {
        let header = &mut self.header;
        let people = &from.scene.people;
        match dice.below(5) {
            0 => {
                self.person = dice.below(people.len());
                header.author = people[self.person].key.public();
                if dice.once_in(2) {
                    header.appointment = Some(people[self.person].appointment);
                }
            }
            1 => {
                let theirs = dice.pick(people).appointment;
                let of_node = dice.pick(&from.scene.statements).id();
                let nobodys = StatementId(dice.bytes());
                header.appointment = Some(*dice.pick(&[theirs, of_node, nobodys]));
            }
            2 => {
                let start = crate::scene::START.0;
                let times = [
                    i64::MIN,
                    -1,
                    0,
                    start - 1,
                    start,
                    start + 315_360_000_000,
                    i64::MAX,
                ];
                header.recorded = Timestamp(*dice.pick(&times));
            }
            3 => header.record = Some(RecordId(dice.bytes())),
            _ => header.recorded.0 = header.recorded.0.wrapping_add(dice.next_u64() as i64),
        }
    }

    /// A header that is refused, or whose entry is.
    fn header(&mut self, from: &Material<'_>, dice: &mut Dice) {
        let header = &mut self.header;
        match dice.below(9) {
            0 => header.version = *dice.pick(&[0, 2, u32::MAX]),
            1 => {
                let logs = &dice.pick(&from.scene.spaces).logs;
                header.origin = dice.pick(logs).origin.clone();
            }
            2 => {
                let names = ["lianzhan/log/0", "x", "lianzhan/witness/00", "a/级"];
                if let Ok(origin) = Origin::parse(dice.pick::<&str>(&names)) {
                    header.origin = origin;
                }
            }
            3 => header.space = *dice.pick(&[SpaceId([0; 32]), from.scene.spaces[0].id, from.space.id]),
            4 => {
                header.kind = *dice.pick(&[PayloadKind::Change, PayloadKind::Sealed, PayloadKind::Statement]);
            }
            5 => {
                header.kind = PayloadKind::Statement;
                (header.record, header.appointment, header.key_commitment) = (None, None, None);
            }
            6 => header.key_commitment = (!dice.once_in(3)).then(|| Hash(dice.bytes())),
            7 => (header.record, header.appointment) = (None, header.appointment.filter(|_| dice.once_in(2))),
            _ => {
                let longest = PAYLOAD_MAX as u32;
                let size = *dice.pick(&[0, 1, longest, longest + 1, u32::MAX]);
                self.tamper = *dice.pick(&[Tamper::Other, Tamper::Size(size)]);
            }
        }
    }
}

fn deps(change: &mut Change, from: &Material<'_>, dice: &mut Dice) {
    match dice.below(12) {
        0..3 => {
            change.deps.clear();
            if !dice.once_in(4) {
                change.salt = from.salt.to_vec();
            }
        }
        3..6 => change.deps = sorted(from.earlier.to_vec()),
        6 | 7 => change.deps.retain(|_| dice.once_in(2)),
        8 | 9 => change
            .deps
            .extend(from.earlier.get(dice.below(from.earlier.len() + 1))),
        10 => {
            change.deps.push(ChangeId(dice.bytes()));
            change.deps = sorted(std::mem::take(&mut change.deps));
        }
        _ => {
            let count = *dice.pick(&[limits::DEPS_MAX, limits::DEPS_MAX + 1]);
            let names = (0..count).map(|_| ChangeId(dice.bytes()));
            change.deps = sorted(names.collect());
        }
    }
    if !dice.once_in(6) {
        change.deps = sorted(std::mem::take(&mut change.deps));
        change.deps.truncate(limits::DEPS_MAX + 1);
    }
}

fn sorted(mut names: Vec<ChangeId>) -> Vec<ChangeId> {
    names.sort_unstable();
    names.dedup();
    names
}

fn definition(change: &mut Change, dice: &mut Dice) {
    change.definition = if dice.once_in(3) {
        Hash(dice.bytes())
    } else {
        dice.pick(ledgers()).hash()
    };
}

/// Just inside and outside of the bounds.
fn bounds(change: &mut Change, dice: &mut Dice) {
    match dice.below(6) {
        0 => {
            let len = *dice.pick(&[0, 15, 16, 17, 32, 33]);
            change.salt = dice.byte_vec(len);
        }
        1 => change.puts.clear(),
        2 => {
            let count = *dice.pick(&[limits::PUTS_MAX, limits::PUTS_MAX + 1]);
            let put = |n| Put::field(&format!("attachments/{n}"), Value::Bytes(vec![7; 32]));
            change.puts = (0..count).map(put).collect();
        }
        3 => {
            let len = *dice.pick(&[limits::VALUE_MAX - 1, limits::VALUE_MAX, limits::VALUE_MAX + 1]);
            change.puts = vec![Put::field("note", Value::Text("a".repeat(len)))];
        }
        4 => {
            let len = *dice.pick(&[limits::KEY_MAX - 2, limits::KEY_MAX - 1]);
            change.puts = vec![Put::field(&"k".repeat(len), Value::Null)];
        }
        _ => {
            // At the longest that a payload may be.
            let put = |n| Put::field(&format!("note/{n}"), Value::Text("长".repeat(5_400)));
            change.puts = (0..8 + dice.below(2)).map(put).collect();
        }
    }
}

fn order(change: &mut Change, dice: &mut Dice) {
    let Some(last) = change.puts.len().checked_sub(1) else {
        return;
    };
    let at = dice.below(last + 1);
    match dice.below(6) {
        0 | 1 => dice.shuffle(&mut change.puts),
        2 => change.puts.push(change.puts[at].clone()),
        3 if last > 0 => drop(change.puts.remove(at)),
        4 => change.puts.retain(Put::is_event),
        _ => {
            let event = Put::event(&Event::LogLine {
                text: format!("{}", dice.next_u64()),
                happened: "2026-03-01".into(),
            });
            let count = dice.below(6);
            change.puts.extend(std::iter::repeat_n(event, count));
        }
    }
}

fn key(change: &mut Change, dice: &mut Dice) {
    if change.puts.is_empty() {
        return;
    }
    let at = dice.below(change.puts.len());
    let wild = [
        "f:note",
        "f:gist",
        "f:no_such_field",
        "f:note/a",
        "f:seats/a/level",
        "f:annex/subject",
        "f:of",
        "f:annex/x/y",
        "f:",
        "e:",
        "e:00",
        "f:Note",
        "f:a//b",
        "x",
        "",
        "f:级",
    ];
    change.puts[at].key = (*dice.pick(&wild)).to_owned();
}

fn value(change: &mut Change, from: &Material<'_>, dice: &mut Dice) {
    let fields: Vec<usize> = (0..change.puts.len())
        .filter(|n| !change.puts[*n].is_event())
        .collect();
    if fields.is_empty() {
        return change
            .puts
            .extend(from.ledger.field("note").map(|_| Put::field("note", "改".into())));
    }
    let at = *dice.pick(&fields);
    let put = &mut change.puts[at];
    let resolved = put.field_name().and_then(|name| from.ledger.resolve(name));
    put.value = match (dice.below(12), resolved) {
        (0..6, Some((field, _))) => draft::value(field, from.scene, dice),
        (6, _) => Value::Null,
        (7, _) => Value::Int(*dice.pick(&[i64::MIN, -1, 0, 24, 65_536, i64::MAX])),
        (8, _) => {
            let texts = ["", " ", "\n", "\u{0}", "2026-02-30", "\u{feff}x", "e\u{301}"];
            (*dice.pick(&texts)).into()
        }
        (9, _) => Value::Bool(dice.once_in(2)),
        (10, _) => {
            let len = *dice.pick(&[0, 1, 31, 32, 33, 300]);
            Value::Bytes(dice.byte_vec(len))
        }
        _ => Value::Text("字".repeat(dice.below(300))),
    };
}

fn events(change: &mut Change, from: &Material<'_>, dice: &mut Dice) {
    let places: Vec<usize> = (0..change.puts.len())
        .filter(|n| change.puts[*n].is_event())
        .collect();
    if places.is_empty() {
        return change.puts.push(Put::event(&any_event(from, dice)));
    }
    let at = *dice.pick(&places);
    let Value::Bytes(body) = &mut change.puts[at].value else {
        return;
    };
    match (dice.below(12), Event::parse(body)) {
        (0..8, Ok(event)) => *body = other_fields(event, from, dice).to_bytes(),
        (8 | 9, _) => *body = any_event(from, dice).to_bytes(),
        (10, _) => drop(body.pop()),
        _ => *body = codec::encode(&dice.next_u64()),
    }
}

/// An event of any kind, whether or not the ledger has it.
fn any_event(from: &Material<'_>, dice: &mut Dice) -> Event {
    let happened = "2026-03-01".to_owned();
    match dice.below(10) {
        0 => Event::Register { happened },
        1 => Event::SignIn {
            deputy: dice.pick(&from.scene.people).name.into(),
            level: *dice.pick(Level::ALL),
            happened,
            proof: *dice.pick(&[Proof::Key, Proof::Link, Proof::Token, Proof::Paper]),
        },
        2 => Event::LogLine {
            text: "记".into(),
            happened,
        },
        3 => Event::Adopt {
            changes: sorted(from.earlier.to_vec()),
        },
        4 => Event::Confirm {
            of: Confirmed::Record {
                heads: sorted(from.earlier.to_vec()),
                digest: Hash(dice.bytes()),
            },
        },
        5 if !from.earlier.is_empty() => Event::Correct {
            of: event_id(dice.pick(from.earlier), 0),
            reason: "错".into(),
            right: Right::Nothing,
        },
        6 => Event::Clear {
            key: "f:gist".into(),
            kinds: vec![Kind::Mobile],
            digest: Hash(dice.bytes()),
            note: "公开电话".into(),
        },
        7 => Event::SignInFor {
            actor: any_holder(from, dice),
            level: *dice.pick(Level::ALL),
            happened,
            proof: *dice.pick(&[Proof::Link, Proof::Token, Proof::Paper]),
            evidence: Hash(dice.bytes()),
        },
        8 => Event::ConfirmFor {
            of: Confirmed::Record {
                heads: sorted(from.earlier.to_vec()),
                digest: Hash(dice.bytes()),
            },
            actor: any_holder(from, dice),
            happened,
            proof: Proof::Paper,
            evidence: Hash(dice.bytes()),
        },
        _ => Event::Seal {
            level: *dice.pick(Level::ALL),
            org: dice.pick(&from.scene.people).org,
            heads: sorted(from.earlier.to_vec()),
            digest: Hash(dice.bytes()),
        },
    }
}

fn other_holder(from: &Material<'_>, dice: &mut Dice) -> OfficeHolder {
    let mut holder = any_holder(from, dice);
    if dice.once_in(5) {
        holder.office.clear();
    }
    holder
}

/// One of the people, or somebody else; with an id that may be theirs.
fn any_holder(from: &Material<'_>, dice: &mut Dice) -> OfficeHolder {
    OfficeHolder {
        name: match dice.once_in(4) {
            true => "何主席".into(),
            false => dice.pick(&from.scene.people).name.into(),
        },
        office: "镇人大主席".into(),
        person: dice.once_in(3).then_some(PersonId([7; 16])),
    }
}

/// The same kind of event that says something else.
fn other_fields(event: Event, from: &Material<'_>, dice: &mut Dice) -> Event {
    let times = [
        "2026-03-01",
        "2026-03-01T00:00:00+08:00",
        "2026-02-30",
        "",
        "三月一日",
    ];
    let time = (*dice.pick(&times)).to_owned();
    let level = *dice.pick(Level::ALL);
    match event {
        Event::Register { .. } => Event::Register { happened: time },
        Event::SignIn { deputy, happened, .. } => Event::SignIn {
            deputy: if dice.once_in(3) { String::new() } else { deputy },
            level,
            happened: if dice.once_in(3) { time } else { happened },
            proof: *dice.pick(&[Proof::Key, Proof::Link, Proof::Token, Proof::Paper]),
        },
        Event::LogLine { happened, .. } => Event::LogLine {
            text: "字".repeat(dice.below(40)),
            happened: if dice.once_in(3) { time } else { happened },
        },
        Event::Correct { of, reason, .. } => Event::Correct {
            of: if dice.once_in(3) { Hash(dice.bytes()) } else { of },
            reason: if dice.once_in(4) { String::new() } else { reason },
            right: match dice.below(3) {
                0 => Right::Nothing,
                1 => Right::Said {
                    happened: time,
                    text: None,
                },
                _ => Right::Said {
                    happened: time,
                    text: Some("字".repeat(dice.below(40))),
                },
            },
        },
        Event::SignInFor {
            happened, evidence, ..
        } => Event::SignInFor {
            actor: other_holder(from, dice),
            level,
            happened: if dice.once_in(3) { time } else { happened },
            proof: *dice.pick(&[Proof::Key, Proof::Link, Proof::Token, Proof::Paper]),
            evidence,
        },
        Event::ConfirmFor {
            of,
            actor,
            happened,
            evidence,
            ..
        } => {
            let of = match other_fields(Event::Confirm { of: of.clone() }, from, dice) {
                Event::Confirm { of } => of,
                _ => of,
            };
            Event::ConfirmFor {
                of,
                actor: if dice.once_in(2) {
                    other_holder(from, dice)
                } else {
                    actor
                },
                happened: if dice.once_in(3) { time } else { happened },
                proof: *dice.pick(&[Proof::Key, Proof::Link, Proof::Token, Proof::Paper]),
                evidence,
            }
        }
        Event::Confirm {
            of: Confirmed::Event { .. },
        } => Event::Confirm {
            of: Confirmed::Event {
                event: Hash(dice.bytes()),
            },
        },
        Event::Confirm {
            of: Confirmed::Record { mut heads, digest },
        } => {
            match dice.below(4) {
                0 => heads.clear(),
                1 => heads.push(ChangeId(dice.bytes())),
                2 => heads = sorted(from.earlier.to_vec()),
                _ => dice.shuffle(&mut heads),
            }
            let digest = if dice.once_in(3) {
                Hash(dice.bytes())
            } else {
                digest
            };
            Event::Confirm {
                of: Confirmed::Record { heads, digest },
            }
        }
        Event::Adopt { mut changes } => {
            match dice.below(5) {
                0 => changes.clear(),
                1 => changes = sorted((0..=Event::ADOPTED_MAX).map(|_| ChangeId(dice.bytes())).collect()),
                2 => dice.shuffle(&mut changes),
                3 => changes = sorted([changes, vec![ChangeId(dice.bytes())]].concat()),
                _ => changes = sorted(from.earlier.to_vec()),
            }
            Event::Adopt { changes }
        }
        Event::Clear {
            key, kinds, digest, ..
        } => Event::Clear {
            key: if dice.once_in(3) { "gist".into() } else { key },
            kinds: if dice.once_in(3) { Vec::new() } else { kinds },
            digest,
            note: if dice.once_in(3) {
                "1234567".into()
            } else {
                "公开电话".into()
            },
        },
        Event::Seal {
            org,
            mut heads,
            digest,
            level: old,
        } => {
            match dice.below(4) {
                0 => heads.clear(),
                1 => heads.push(ChangeId(dice.bytes())),
                2 => heads.extend_from_slice(from.earlier),
                _ => dice.shuffle(&mut heads),
            }
            Event::Seal {
                level: if dice.once_in(2) { level } else { old },
                org: if dice.once_in(3) { OrgId(dice.bytes()) } else { org },
                heads,
                digest: if dice.once_in(3) {
                    Hash(dice.bytes())
                } else {
                    digest
                },
            }
        }
    }
}
