//! Valid changes of any ledger, made from its definition: what mutants start from.

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::ChangeId;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Geo, Keys, Ledger, ledgers};
use lianzhan_protocol::record::{
    Confirmed, Event, OfficeHolder, Proof, Put, Right, Value, event_id, may_sign,
};
use lianzhan_protocol::trust::Level;

use crate::dice::Dice;
use crate::scene::{Person, Scene};

const INSTANTS: [&str; 3] = [
    "2026-04-03T09:30:00+08:00",
    "2026-05-06T00:00:00+08:00",
    "2026-12-31T23:59:59+08:00",
];
const DATES: [&str; 3] = ["2026-03-01", "2028-02-29", "2026-12-31"];
const TEXTS: [&str; 4] = ["路灯坏了一周。", "x", "水环境联合视察", "a‑b 级 𠮷"];

/// Whether the ledger's records are sealed: it is an annex of another one.
pub(super) fn is_annex(ledger: &Ledger) -> bool {
    ledgers().iter().any(|other| other.annexes.contains(&ledger.id))
}

/// One to three puts that `person` may put into a record of `ledger`, having seen `seen`.
pub(super) fn valid_puts(
    ledger: &Ledger,
    person: &Person,
    seen: &[ChangeId],
    scene: &Scene,
    dice: &mut Dice,
) -> Vec<Put> {
    let mut puts: Vec<Put> = Vec::new();
    for _ in 0..=dice.below(3) {
        let put = if !(ledger.events.is_empty() && seen.is_empty()) && dice.once_in(3) {
            Put::event(&event(ledger, person, seen, dice))
        } else {
            field(ledger, scene, dice)
        };
        if put.is_event() || puts.iter().all(|other| other.key != put.key) {
            puts.push(put);
        }
    }
    puts
}

fn field(ledger: &Ledger, scene: &Scene, dice: &mut Dice) -> Put {
    let fields: Vec<&Field> = ledger
        .fields
        .iter()
        .filter(|field| field.kind != FieldKind::Struct)
        .collect();
    // Mostly the first few, so that changes meet in the same keys.
    let few = if dice.once_in(3) {
        fields.len()
    } else {
        fields.len().min(4)
    };
    let field = fields[dice.below(few)];
    let value = if dice.once_in(8) {
        Value::Null
    } else {
        value(field, scene, dice)
    };
    Put::field(&key(field, dice), value)
}

/// A key that the field has.
fn key(field: &Field, dice: &mut Dice) -> String {
    let any = *dice.pick(&["a", "b-1", "2_c"]);
    let member = match &field.keys {
        None | Some(Keys::Order | Keys::Item) => any.to_owned(),
        Some(Keys::Choice { options }) => dice.pick(options).id.clone(),
        Some(Keys::Record { .. }) => "0a".repeat(16),
        Some(Keys::Code) => "990121103".to_owned(),
        Some(Keys::Log) => "0a".repeat(32),
    };
    let key = field.key(field.set.then_some(member.as_str()));
    if field.many { format!("{key}/{any}") } else { key }
}

/// A value that the field takes.
pub(super) fn value(field: &Field, scene: &Scene, dice: &mut Dice) -> Value {
    match &field.kind {
        FieldKind::Str | FieldKind::Text => (*dice.pick(&TEXTS)).into(),
        FieldKind::Int { min, max } => Value::Int(*dice.pick(&[*min, *max, (*min).midpoint(*max)])),
        FieldKind::Dec { .. } => Value::Int(dice.below(100) as i64),
        FieldKind::Bool => Value::Bool(dice.once_in(2)),
        FieldKind::Date => (*dice.pick(&DATES)).into(),
        FieldKind::Ts => (*dice.pick(&INSTANTS)).into(),
        FieldKind::Enum => dice.pick(&field.options).id.as_str().into(),
        FieldKind::Ref { .. } => hex(&scene.spaces[0].id.0[..16]).as_str().into(),
        FieldKind::Code => "990121103201".into(),
        FieldKind::Blob => Value::Bytes(dice.byte_vec(32)),
        FieldKind::Month => "2026-04".into(),
        FieldKind::Week => "2026-W53".into(),
        FieldKind::Geo => {
            let edge = Geo {
                lat: 1,
                lon: -180 * Geo::DEGREE,
            };
            Value::Bytes(edge.to_bytes())
        }
        FieldKind::Rid => hex(&dice.byte_vec(16)).as_str().into(),
        FieldKind::Data => Value::Bytes(vec![0x80]),
        FieldKind::Struct => Value::Null,
    }
}

/// Who acted without a key: sometimes who signs, which has no effect.
fn holder(person: &Person, dice: &mut Dice) -> OfficeHolder {
    OfficeHolder {
        name: if dice.once_in(4) {
            person.name.to_owned()
        } else {
            "何主席".to_owned()
        },
        office: "镇人大主席".to_owned(),
        person: dice
            .once_in(3)
            .then_some(lianzhan_protocol::id::PersonId([7; 16])),
    }
}

/// An event of a kind that the ledger has, by `person`.
fn event(ledger: &Ledger, person: &Person, seen: &[ChangeId], dice: &mut Dice) -> Event {
    let happened = (*dice.pick(&INSTANTS)).to_owned();
    let mut all = vec![
        Event::Register {
            happened: happened.clone(),
        },
        Event::SignIn {
            deputy: person.name.to_owned(),
            level: person.seat.unwrap_or(person.org_level),
            happened: happened.clone(),
            proof: Proof::Key,
        },
        Event::LogLine {
            text: (*dice.pick(&TEXTS)).to_owned(),
            happened,
        },
        Event::Seal {
            level: person.org_level,
            org: person.org,
            heads: seen.to_vec(),
            digest: lianzhan_protocol::id::Hash(dice.bytes()),
        },
    ];
    all.push(Event::Clear {
        key: "f:topic".into(),
        kinds: vec![lianzhan_protocol::personal::Kind::Plate],
        digest: lianzhan_protocol::id::Hash(dice.bytes()),
        note: "单位公务车".into(),
    });
    all.push(Event::SignInFor {
        actor: holder(person, dice),
        level: *dice.pick(Level::ALL),
        happened: (*dice.pick(&INSTANTS)).to_owned(),
        proof: *dice.pick(&[Proof::Link, Proof::Token, Proof::Paper]),
        evidence: lianzhan_protocol::id::Hash(dice.bytes()),
    });
    if !seen.is_empty() {
        let changes = seen.to_vec();
        all.push(Event::Adopt { changes });
        let digest = lianzhan_protocol::id::Hash(dice.bytes());
        let heads = seen.to_vec();
        all.push(Event::Confirm {
            of: Confirmed::Record { heads, digest },
        });
        let event = event_id(dice.pick(seen), 0);
        all.push(Event::Confirm {
            of: Confirmed::Event { event },
        });
        for of in [
            Confirmed::Record {
                heads: seen.to_vec(),
                digest: lianzhan_protocol::id::Hash(dice.bytes()),
            },
            Confirmed::Event { event },
        ] {
            all.push(Event::ConfirmFor {
                of,
                actor: holder(person, dice),
                happened: (*dice.pick(&INSTANTS)).to_owned(),
                proof: Proof::Paper,
                evidence: lianzhan_protocol::id::Hash(dice.bytes()),
            });
        }
        all.push(Event::Correct {
            of: event,
            reason: (*dice.pick(&TEXTS)).to_owned(),
            right: Right::Said {
                happened: (*dice.pick(&INSTANTS)).to_owned(),
                text: dice.once_in(2).then(|| (*dice.pick(&TEXTS)).to_owned()),
            },
        });
    }
    let fitting: Vec<&Event> = all
        .iter()
        .filter(|event| {
            let kind = event.kind();
            kind.is_of(&ledger.events) && may_sign(ledger, person.roles, kind)
        })
        .collect();
    // Who may sign none of them tries one all the same.
    if fitting.is_empty() {
        return dice.pick(&all).clone();
    }
    (*dice.pick(&fitting)).clone()
}
