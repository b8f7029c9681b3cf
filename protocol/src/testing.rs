//! A small federation for the tests of this crate: the root city, one county, two townships, four stations, with all of
//! their keys and statements. Everything is derived from fixed seeds, so bytes and hashes never change between runs.

mod log;

pub(crate) use log::TestLog;

use std::collections::BTreeMap;

use crate::id::{Hash, OrgId, PersonId, RecordId, SpaceId, StatementId};
use crate::keys::{SecretKey, Signature};
use crate::log::{
    Checkpoint, Cover, Covered, EntryIndex, Frontier, Receipt, SignatureLine, WitnessEntry, cosign,
    inclusion, leaf_hash, witness_log_origin, witness_name,
};
use crate::time::Timestamp;
use crate::trust::{
    Appointment, Body, Directory, Founding, FoundingStatement, Issuer, Level, MayAppoint, Org, Purpose, Role,
    SignedStatement, Space, Statement, Validity, possession_message,
};

/// 2026-01-01T00:00:00+08:00, when the federation is founded.
pub(crate) const START: Timestamp = Timestamp(1_767_196_800_000);
/// One day, in milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

/// Code, parent's code, level, Chinese name, English name of every org.
const ORGS: [(&str, Option<&str>, Level, &str, &str); 8] = [
    ("990100", None, Level::City, "澜州市", "Lanzhou Prefecture"),
    (
        "990121",
        Some("990100"),
        Level::County,
        "澄川县",
        "Chengchuan County",
    ),
    (
        "990121103",
        Some("990121"),
        Level::Township,
        "枫渡镇",
        "Fengdu Town",
    ),
    (
        "990121204",
        Some("990121"),
        Level::Township,
        "青崖乡",
        "Qingya Township",
    ),
    (
        "990121103201",
        Some("990121103"),
        Level::Station,
        "石桥站",
        "Shiqiao Station",
    ),
    (
        "990121103202",
        Some("990121103"),
        Level::Station,
        "柳林站",
        "Liulin Station",
    ),
    (
        "990121204201",
        Some("990121204"),
        Level::Station,
        "云岭站",
        "Yunling Station",
    ),
    (
        "990121204202",
        Some("990121204"),
        Level::Station,
        "河湾站",
        "Hewan Station",
    ),
];

/// Codes of the orgs, for [`org`].
pub(crate) const CITY: &str = "990100";
pub(crate) const COUNTY: &str = "990121";
pub(crate) const FENGDU: &str = "990121103";
pub(crate) const QINGYA: &str = "990121204";
pub(crate) const SHIQIAO: &str = "990121103201";
pub(crate) const LIULIN: &str = "990121103202";
pub(crate) const YUNLING: &str = "990121204201";
pub(crate) const HEWAN: &str = "990121204202";
/// All of them, from the root down.
pub(crate) const ALL: [&str; 8] = [CITY, COUNTY, FENGDU, QINGYA, SHIQIAO, LIULIN, YUNLING, HEWAN];

/// The key of a fixed seed.
pub(crate) fn key(label: &str) -> SecretKey {
    SecretKey::from_seed(Hash::of("test seed", &[label.as_bytes()]).0)
}

/// The id of the org with this code.
pub(crate) fn org(code: &str) -> OrgId {
    let digest = Hash::of("test org", &[code.as_bytes()]);
    match ORGS.iter().find(|org| org.0 == code).and_then(|org| org.1) {
        Some(parent) => OrgId::mint(&org(parent), first8(&digest)),
        None => OrgId(first16(&digest)),
    }
}

/// The salt of the first change of record `n`.
pub(crate) fn first_salt(n: u8) -> [u8; 16] {
    [n; 16]
}

/// Record `n` of `space` by `definition`: minted for a first change with [`first_salt`].
pub(crate) fn record(n: u8, space: &SpaceId, definition: &Hash) -> RecordId {
    RecordId::mint(START, space, definition, &first_salt(n))
}

/// What one receipt of the only group says: witnessed at `time`, in the first place of a witness log of the county.
pub(crate) fn covered(time: Timestamp) -> Covered {
    let cover = Cover {
        group: 0,
        by: org(COUNTY),
        time_s: time.seconds(),
        origin: witness_log_origin(&key("990121 node").public(), &[0; 16]),
        index: 0,
    };
    Covered {
        groups: 1,
        covers: vec![cover],
        before_s: None,
    }
}

/// The period in which every authority of the federation holds: ten years from [`START`].
pub(crate) fn decade() -> Validity {
    Validity {
        not_before: START,
        not_after: Timestamp(START.0 + 3650 * DAY),
    }
}

fn first8(hash: &Hash) -> [u8; 8] {
    hash.0[..8].try_into().expect("a hash has 32 bytes")
}

fn first16(hash: &Hash) -> [u8; 16] {
    hash.0[..16].try_into().expect("a hash has 32 bytes")
}

/// A person's key and appointment.
pub(crate) type Person = (SecretKey, StatementId);

/// The keys of one org, derived from its code, and its authority's appointment (none for the root).
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) authority: SecretKey,
    pub(crate) appointment: Option<StatementId>,
    pub(crate) node: SecretKey,
    pub(crate) witness: SecretKey,
}

/// What a parent keeps of its witness log.
#[derive(Default)]
struct WitnessLog {
    frontier: Frontier,
    nodes: Vec<Hash>,
}

/// The federation.
pub(crate) struct Federation {
    pub(crate) founding: FoundingStatement,
    keys: BTreeMap<OrgId, Keys>,
    statements: Vec<SignedStatement>,
    witness_logs: BTreeMap<OrgId, WitnessLog>,
}

impl Federation {
    /// Founders, orgs, authorities, nodes, witnesses, and the county as witness of the root. No persons.
    pub(crate) fn new() -> Self {
        let founding =
            FoundingStatement::sign(&Self::founding(), &Self::founders()[..2]).expect("two founders sign");
        let mut federation = Federation {
            founding,
            keys: BTreeMap::new(),
            statements: Vec::new(),
            witness_logs: BTreeMap::new(),
        };
        for (code, parent, level, name_zh, name_en) in ORGS {
            let mut keys = Keys {
                authority: key(&format!("{code} authority")),
                appointment: None,
                node: key(&format!("{code} node")),
                witness: key(&format!("{code} witness")),
            };
            let id = org(code);
            if let Some(parent) = parent.map(org) {
                let described = Org {
                    id,
                    parent: Some(parent),
                    level,
                    name_zh: name_zh.into(),
                    name_en: name_en.into(),
                    code: code.into(),
                };
                federation.state(parent, Body::Org(described));
                let depth = Level::Station.rank() - level.rank();
                let powers = Appointment {
                    may_appoint: Some(MayAppoint::all(depth)),
                    ..federation.appointment(&keys.authority, id, Purpose::Authority)
                };
                keys.appointment = Some(federation.state(parent, Body::Appointment(powers)));
            }
            federation.keys.insert(id, keys.clone());
            for (key, purpose) in [(&keys.node, Purpose::Node), (&keys.witness, Purpose::Witness)] {
                let appointment = federation.appointment(key, id, purpose);
                federation.state(id, Body::Appointment(appointment));
            }
        }
        federation.state(org(CITY), Body::RootWitnesses(vec![org(COUNTY)]));
        federation
    }

    /// The keys of the three founders, sorted as the statement lists them.
    pub(crate) fn founders() -> Vec<SecretKey> {
        let mut founders: Vec<SecretKey> = (0..3).map(|n| key(&format!("founder {n}"))).collect();
        founders.sort_by_key(SecretKey::public);
        founders
    }

    /// What the founders state: the city is the root, two of three sign.
    pub(crate) fn founding() -> Founding {
        let (code, _, level, name_zh, name_en) = ORGS[0];
        let root = Org {
            id: org(code),
            parent: None,
            level,
            name_zh: name_zh.into(),
            name_en: name_en.into(),
            code: code.into(),
        };
        Founding {
            version: 1,
            root,
            founders: Self::founders().iter().map(SecretKey::public).collect(),
            threshold: 2,
            authority: key("990100 authority").public(),
            validity: decade(),
            may_appoint: MayAppoint::all(3),
        }
    }

    /// A directory that holds every statement made so far.
    pub(crate) fn directory(&self) -> Directory {
        let mut directory = Directory::new(self.founding.clone());
        directory.extend(self.statements.iter().cloned());
        directory
    }

    /// Every statement made so far, in the order in which it was made.
    pub(crate) fn statements(&self) -> &[SignedStatement] {
        &self.statements
    }

    /// The keys of an org.
    pub(crate) fn keys(&self, org: OrgId) -> &Keys {
        &self.keys[&org]
    }

    /// An appointment of `key` for the whole [`decade`], with proof of possession and without roles: to be completed with
    /// struct update.
    pub(crate) fn appointment(&self, key: &SecretKey, org: OrgId, purpose: Purpose) -> Appointment {
        let message = possession_message(&self.founding.id(), &org, purpose);
        Appointment {
            key: key.public(),
            org,
            purpose,
            roles: Vec::new(),
            may_appoint: None,
            validity: decade(),
            name: String::new(),
            seat: None,
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
            person: None,
        }
    }

    /// Signs `body` with the authority of `issuer`; the directory does not learn of it.
    pub(crate) fn sign(&self, issuer: OrgId, body: Body) -> SignedStatement {
        self.sign_at(START, issuer, body)
    }

    /// The same at another time.
    pub(crate) fn sign_at(&self, issued: Timestamp, issuer: OrgId, body: Body) -> SignedStatement {
        let keys = &self.keys[&issuer];
        let issuer = Issuer {
            org: issuer,
            key: keys.authority.public(),
            appointment: keys.appointment,
            issued,
            founding: self.founding.id(),
        };
        SignedStatement::sign(Statement { issuer, body }, &keys.authority)
    }

    /// Adds a statement that was signed elsewhere.
    pub(crate) fn add(&mut self, statement: SignedStatement) -> StatementId {
        let id = statement.id();
        self.statements.push(statement);
        id
    }

    /// Signs `body` with the authority of `issuer` and adds it to the statements.
    pub(crate) fn state(&mut self, issuer: OrgId, body: Body) -> StatementId {
        self.add(self.sign(issuer, body))
    }

    /// Appoints a person in `org`, by its own authority or, for a seat above its level, by its parent's. The key is derived
    /// from org and name, the person's id from the name alone.
    pub(crate) fn person(&mut self, org: OrgId, name: &str, roles: &[Role], seat: Option<Level>) -> Person {
        let key = key(&format!("{org} {name}"));
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        let appointment = Appointment {
            roles,
            name: name.into(),
            seat,
            person: Some(PersonId(first16(&Hash::of("test person", &[name.as_bytes()])))),
            ..self.appointment(&key, org, Purpose::Person)
        };
        let directory = self.directory();
        let above = directory
            .org(&org)
            .filter(|org| seat.is_some_and(|seat| seat.rank() < org.level.rank()));
        let issuer = above.and_then(|org| org.parent).unwrap_or(org);
        let id = self.state(issuer, Body::Appointment(appointment));
        (key, id)
    }

    /// A joint space of 2026 that `owner` states, held up to the city.
    pub(crate) fn joint_space(&mut self, owner: OrgId, partners: &[OrgId]) -> Space {
        let space = Space::joint(owner, partners.iter().copied(), Level::City, 2026);
        self.state(owner, Body::JointSpace(space.clone()));
        space
    }

    /// A log of the node of `org` in `space`, with its first entry. `epoch` stands for the random id.
    pub(crate) fn log(&self, org: OrgId, space: &Space, epoch: u8) -> TestLog {
        let node = self.keys[&org].node.clone();
        let parent = self.directory().org(&org).and_then(|org| org.parent);
        TestLog::new(node, org, space.clone(), [epoch; 16], parent)
    }

    /// The receipt of the required parent (for the root's logs: of the county) over all that `log` holds, two minutes
    /// after its last entry. The parent's witness log grows by it.
    pub(crate) fn receipt(&mut self, log: &TestLog) -> Receipt {
        self.receipt_at(log, Timestamp(log.clock.0 + 120_000))
    }

    /// As [`Federation::receipt`], at a time of the caller's choice.
    pub(crate) fn receipt_at(&mut self, log: &TestLog, time: Timestamp) -> Receipt {
        let parent = log.start.required_parent.unwrap_or(org(COUNTY));
        let keys = self.keys[&parent].clone();
        let checkpoint = log.checkpoint();
        let time_s = time.seconds();
        let line = cosign(
            &keys.witness,
            &witness_name(&keys.witness.public()),
            &checkpoint,
            time_s,
        )
        .expect("cosigned");
        let line = SignatureLine::parse(line.trim_end()).expect("a line");
        let leaf = leaf_hash(&WitnessEntry::new(&checkpoint, time_s).leaf_bytes());
        let kept = self.witness_logs.entry(parent).or_default();
        let index = EntryIndex(kept.frontier.size().0);
        kept.nodes
            .extend(kept.frontier.push(leaf).into_iter().map(|(_, hash)| hash));
        let size = kept.frontier.size();
        let proof =
            inclusion(index, size, |n| kept.nodes.get(n as usize).copied()).expect("the leaf stands there");
        let origin = witness_log_origin(&keys.node.public(), &[0; 16]);
        let witness_log = Checkpoint {
            origin: origin.clone(),
            size,
            root: kept.frontier.root(),
        };
        Receipt {
            size: checkpoint.size,
            root: checkpoint.root,
            log_signature: Signature(log.node.sign_raw(checkpoint.body().as_bytes())),
            witness: keys.witness.public(),
            time_s,
            cosignature: Signature(line.signature()[8..].try_into().expect("64 bytes after the time")),
            witness_origin: origin,
            witness_index: index,
            witness_size: size,
            witness_root: witness_log.root,
            witness_node: keys.node.public(),
            witness_signature: Signature(keys.node.sign_raw(witness_log.body().as_bytes())),
            proof,
            witness_epoch: [0; 16],
        }
    }
}
