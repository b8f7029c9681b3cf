//! A small federation in memory, made with the protocol alone and from fixed seeds, so that the same bytes come out of
//! every run: a city, a county, two townships, two stations, people of several roles, and logs in one space of each kind.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{ChangeId, Hash, OrgId, PersonId, RecordId, SpaceId, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{
    Checkpoint, Cover, Covered, Entry, Frontier, Header, LogStart, LogStatement, Origin, PROTOCOL_VERSION,
    PayloadKind, witness_log_origin,
};
use lianzhan_protocol::record::AnnexKey;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Adoption, Appointment, Audience, Body, Cut, Directory, Founding, FoundingStatement, Ground, Issuer,
    Level, MayAppoint, Org, Policy, Purpose, Revocation, Role, SignedStatement, Space, Statement, Succession,
    Validity, possession_message,
};

/// 2026-01-01T00:00:00+08:00, when the federation is founded.
pub const START: Timestamp = Timestamp(1_767_196_800_000);
/// The domain in which entries are signed.
pub const ENTRY_DOMAIN: &str = "lianzhan/entry/v1";

const DAY: i64 = 86_400_000;

/// Name, place of the parent in this list, level, division code.
const ORGS: [(&str, Option<usize>, Level, &str); 6] = [
    ("澜州市", None, Level::City, "990100"),
    ("澄川县", Some(0), Level::County, "990121"),
    ("枫渡镇", Some(1), Level::Township, "990121103"),
    ("青崖乡", Some(1), Level::Township, "990121204"),
    ("石桥站", Some(2), Level::Station, "990121103201"),
    ("云岭站", Some(3), Level::Station, "990121204201"),
];
const COUNTY: usize = 1;
const FENGDU: usize = 2;
const QINGYA: usize = 3;
const SHIQIAO: usize = 4;

/// Name, org, roles in their order, seat.
const PEOPLE: [(&str, usize, &[Role], Option<Level>); 10] = [
    (
        "何苗",
        SHIQIAO,
        &[Role::StationLiaison, Role::OpinionLiaison, Role::StationHead],
        None,
    ),
    (
        "石站长",
        SHIQIAO,
        &[Role::StationLiaison, Role::StationHead],
        None,
    ),
    ("林秀兰", FENGDU, &[Role::Deputy], Some(Level::Township)),
    ("陈大山", QINGYA, &[Role::Deputy], Some(Level::Township)),
    ("周敏", COUNTY, &[Role::Deputy], Some(Level::County)),
    ("秘书", FENGDU, &[Role::Secretary, Role::Organiser], None),
    ("代表工委", COUNTY, &[Role::DeputiesOffice], None),
    ("宣传员", FENGDU, &[Role::Publicist], None),
    ("外乡人", QINGYA, &[Role::StationLiaison], None),
    (
        "前联络员",
        SHIQIAO,
        &[Role::StationLiaison, Role::OpinionLiaison],
        None,
    ),
];

/// Place in [`PEOPLE`] of the one whose key fell into other hands, and since when (seconds since [`START`]).
const REVOKED: usize = 9;
const STOLEN_S: u64 = 300;
/// How much of the township's witness log had been seen when that was said.
const SEEN: u64 = 5;

/// Somebody with a key and an appointment.
pub struct Person {
    /// The key.
    pub key: SecretKey,
    /// The appointment.
    pub appointment: StatementId,
    /// The name on the card.
    pub name: &'static str,
    /// The org of the appointment.
    pub org: OrgId,
    /// The level of that org.
    pub org_level: Level,
    /// What the person may do.
    pub roles: &'static [Role],
    /// A deputy's seat.
    pub seat: Option<Level>,
}

/// A log with its first entry.
pub struct SceneLog {
    /// What the first entry says.
    pub start: LogStart,
    /// Its name.
    pub origin: Origin,
    /// The key of the node that writes it.
    pub node: SecretKey,
    /// The first entry and its payload.
    pub first: (Vec<u8>, Vec<u8>),
    /// The tree with the first entry.
    pub frontier: Frontier,
}

impl SceneLog {
    /// The signed checkpoint of the log with `frontier`, as a note.
    pub fn note(&self, frontier: &Frontier) -> String {
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: frontier.size(),
            root: frontier.root(),
        };
        checkpoint.sign(&self.node).note().to_string()
    }
}

/// A space and the logs that are written into it, one for each org that may hold it.
pub struct SceneSpace {
    /// The space.
    pub space: Space,
    /// Its id.
    pub id: SpaceId,
    /// Its logs.
    pub logs: Vec<SceneLog>,
}

/// The federation.
pub struct Scene {
    /// Where every chain ends.
    pub founding: FoundingStatement,
    /// All statements, as they were made.
    pub statements: Vec<SignedStatement>,
    /// All of them, judged.
    pub directory: Directory,
    /// Who may sign.
    pub people: Vec<Person>,
    /// One space of each audience in which records live, owned by a station or, if joint, by its township.
    pub spaces: Vec<SceneSpace>,
    /// The key of every annex here.
    pub annex_key: AnnexKey,
}

/// The key of a fixed seed.
pub fn key(label: &str) -> SecretKey {
    SecretKey::from_seed(Hash::of("scene seed", &[label.as_bytes()]).0)
}

fn org_id(n: usize) -> OrgId {
    let digest = Hash::of("scene org", &[ORGS[n].3.as_bytes()]).0;
    let mut whole = [0; 16];
    whole.copy_from_slice(&digest[..16]);
    let mut random = [0; 8];
    random.copy_from_slice(&digest[..8]);
    ORGS[n]
        .1
        .map_or(OrgId(whole), |parent| OrgId::mint(&org_id(parent), random))
}

fn org(n: usize) -> Org {
    let (name, parent, level, code) = ORGS[n];
    Org {
        id: org_id(n),
        parent: parent.map(org_id),
        level,
        name_zh: name.into(),
        name_en: code.into(),
        code: code.into(),
    }
}

fn decade() -> Validity {
    Validity {
        not_before: START,
        not_after: Timestamp(START.0 + 3650 * DAY),
    }
}

fn founders() -> Vec<SecretKey> {
    let mut founders: Vec<SecretKey> = (0..3).map(|n| key(&format!("founder {n}"))).collect();
    founders.sort_by_key(SecretKey::public);
    founders
}

/// What the founders state: two of three sign.
pub fn founding() -> Founding {
    Founding {
        version: 1,
        root: org(0),
        founders: founders().iter().map(SecretKey::public).collect(),
        threshold: 2,
        authority: key("authority 0").public(),
        validity: decade(),
        may_appoint: MayAppoint::all(3),
    }
}

/// What is being stated, while the federation is built.
struct Making {
    founding: FoundingStatement,
    authorities: Vec<Option<StatementId>>,
    statements: Vec<SignedStatement>,
}

impl Making {
    fn state(&mut self, issuer: usize, body: Body) -> StatementId {
        let authority = key(&format!("authority {issuer}"));
        let issuer = issuer_of(issuer, &authority, self.authorities[issuer], &self.founding);
        let signed = SignedStatement::sign(Statement { issuer, body }, &authority);
        let id = signed.id();
        self.statements.push(signed);
        id
    }

    fn appointment(&self, key: &SecretKey, of: usize, purpose: Purpose) -> Appointment {
        let message = possession_message(&self.founding.id(), &org_id(of), purpose);
        Appointment {
            key: key.public(),
            org: org_id(of),
            purpose,
            roles: Vec::new(),
            may_appoint: None,
            validity: decade(),
            name: String::new(),
            seat: None,
            person: None,
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
        }
    }

    /// Org, authority, node and witness at place `n`.
    fn establish(&mut self, n: usize) {
        if let Some(parent) = ORGS[n].1 {
            self.state(parent, Body::Org(org(n)));
            let depth = Level::Station.rank() - ORGS[n].2.rank();
            let powers = Appointment {
                may_appoint: Some(MayAppoint::all(depth)),
                ..self.appointment(&key(&format!("authority {n}")), n, Purpose::Authority)
            };
            let id = self.state(parent, Body::Appointment(powers));
            self.authorities.push(Some(id));
        } else {
            self.authorities.push(None);
        }
        for (label, purpose) in [("node", Purpose::Node), ("witness", Purpose::Witness)] {
            let appointment = self.appointment(&key(&format!("{label} {n}")), n, purpose);
            self.state(n, Body::Appointment(appointment));
        }
    }

    fn person(&mut self, n: usize) -> Person {
        let (name, of, roles, seat) = PEOPLE[n];
        let key = key(&format!("person {n}"));
        let appointment = Appointment {
            roles: roles.to_vec(),
            name: name.into(),
            seat,
            person: Some(PersonId([n as u8; 16])),
            ..self.appointment(&key, of, Purpose::Person)
        };
        Person {
            appointment: self.state(of, Body::Appointment(appointment)),
            key,
            name,
            org: org_id(of),
            org_level: ORGS[of].2,
            roles,
            seat,
        }
    }
}

impl Scene {
    /// Founds it.
    pub fn new() -> Self {
        let founding =
            FoundingStatement::sign(&founding(), &founders()[..2]).expect("two of three founders sign");
        let mut making = Making {
            founding: founding.clone(),
            authorities: Vec::new(),
            statements: Vec::new(),
        };
        (0..ORGS.len()).for_each(|n| making.establish(n));
        making.state(0, Body::RootWitnesses(vec![org_id(COUNTY)]));
        let people: Vec<Person> = (0..PEOPLE.len()).map(|n| making.person(n)).collect();
        let revocation = revocation(people[REVOKED].appointment);
        making.state(PEOPLE[REVOKED].1, Body::Revocation(revocation));
        let joint = Space::joint(org_id(FENGDU), [org_id(QINGYA)], Level::City, 2026);
        making.state(FENGDU, Body::JointSpace(joint.clone()));
        let mut directory = Directory::new(founding.clone());
        directory.extend(making.statements.iter().cloned());
        let own = [
            Audience::Local,
            Audience::Township,
            Audience::County,
            Audience::City,
        ];
        let of_station = |audience| Space::of(org_id(SHIQIAO), audience);
        let spaces = own
            .map(of_station)
            .into_iter()
            .chain([joint])
            .chain([Audience::Notice, Audience::Summary].map(of_station))
            .map(|space| space_of(&directory, space))
            .collect();
        Scene {
            founding,
            statements: making.statements,
            directory,
            people,
            spaces,
            annex_key: AnnexKey([0x5a; 32]),
        }
    }
}

impl Scene {
    /// Good statements of the kinds that the federation can do without.
    pub fn further_statements(&self) -> Vec<SignedStatement> {
        let mut adopted: Vec<StatementId> = self.people.iter().map(|person| person.appointment).collect();
        adopted.sort_unstable();
        let adoption = Adoption {
            changes: vec![ChangeId([1; 32]), ChangeId([2; 32])],
            statements: adopted,
        };
        let policy = Policy {
            levels: vec![Level::City, Level::County],
        };
        let (old, new) = (key("authority 0"), key("authority 0 again"));
        let of_root = [
            (&old, Body::Adoption(adoption)),
            (&old, Body::Policy(policy)),
            (&new, Body::Succession(self.succession())),
        ];
        of_root
            .map(|(key, body)| {
                let issuer = issuer_of(0, key, None, &self.founding);
                SignedStatement::sign(Statement { issuer, body }, key)
            })
            .to_vec()
    }

    /// What the founders state when another authority follows.
    pub fn succession(&self) -> Vec<u8> {
        let mut keeps: Vec<_> = self.statements.iter().map(|signed| signed.id().tag()).collect();
        keeps.sort_unstable();
        let succession = Succession {
            version: 1,
            previous: self.founding.id(),
            founders: founders().iter().map(SecretKey::public).collect(),
            threshold: 2,
            authority: key("authority 0 again").public(),
            validity: decade(),
            may_appoint: MayAppoint::all(3),
            keeps,
        };
        succession
            .sign(&founders()[1..])
            .expect("two of three founders sign")
    }
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

fn issuer_of(
    n: usize,
    key: &SecretKey,
    appointment: Option<StatementId>,
    founding: &FoundingStatement,
) -> Issuer {
    Issuer {
        org: org_id(n),
        key: key.public(),
        appointment,
        issued: START,
        founding: founding.id(),
    }
}

fn revocation(appointment: StatementId) -> Revocation {
    Revocation {
        appointment,
        ground: Ground::Hard {
            since_s: Some(START.seconds() + STOLEN_S),
        },
        words: "手机丢失".into(),
        cut: vec![Cut {
            origin: witness_log(),
            index: SEEN,
        }],
        keeps: Vec::new(),
    }
}

/// The witness log of the township.
fn witness_log() -> Origin {
    witness_log_origin(&key(&format!("node {FENGDU}")).public(), &[0; 16])
}

/// What the township said of an entry at that time, in seconds since 1970; once a minute since [`START`].
pub fn witnessed_at(time_s: u64) -> Covered {
    Covered {
        groups: 1,
        covers: vec![Cover {
            group: 0,
            by: org_id(FENGDU),
            time_s,
            origin: witness_log(),
            index: time_s.saturating_sub(START.seconds()) / 60,
        }],
        before_s: None,
    }
}

fn space_of(directory: &Directory, space: Space) -> SceneSpace {
    let holders = (0..ORGS.len()).filter(|n| directory.may_hold(&org_id(*n), &space));
    SceneSpace {
        id: space.id(),
        logs: holders.map(|n| log(n, &space)).collect(),
        space,
    }
}

fn log(of: usize, space: &Space) -> SceneLog {
    let node = key(&format!("node {of}"));
    let parent = ORGS[of].1.map(org_id);
    let start = LogStart::new(space.clone(), node.public(), org_id(of), [1; 16], parent);
    let payload = LogStatement::Start(start.clone()).to_bytes();
    let header = Header {
        version: PROTOCOL_VERSION,
        origin: start.origin(),
        space: space.id(),
        kind: PayloadKind::Statement,
        record: None,
        author: node.public(),
        appointment: None,
        recorded: START,
        payload: Hash::plain(&payload),
        size: u32::try_from(payload.len()).expect("a short payload"),
        key_commitment: None,
    };
    let entry = Entry::sign(header, &node).expect("a fitting header").into_inner();
    let mut frontier = Frontier::new();
    frontier.push(entry.leaf());
    SceneLog {
        origin: start.origin(),
        start,
        node,
        first: (entry.to_bytes(), payload),
        frontier,
    }
}

/// The bytes of an entry with any header, signed by `key`: what a hostile node sends.
pub fn sign_anything(header: &Header, key: &SecretKey) -> Vec<u8> {
    let bytes = codec::encode(header);
    let signature = key.sign(ENTRY_DOMAIN, &bytes);
    codec::encode(&(minicbor::bytes::ByteVec::from(bytes), signature))
}

/// Seals any bytes for `record`, as a hostile author does who holds the key.
pub fn seal_anything(key: &AnnexKey, record: &RecordId, plain: &[u8], nonce: [u8; 24]) -> Vec<u8> {
    let aad = [b"lianzhan/sealed/v1\0".as_slice(), &record.0].concat();
    let payload = Payload {
        msg: plain,
        aad: &aad,
    };
    let sealed = XChaCha20Poly1305::new(&Key::from(key.0))
        .encrypt(&XNonce::from(nonce), payload)
        .expect("memory is long enough");
    [&nonce[..], &sealed].concat()
}

#[cfg(test)]
mod tests {
    use lianzhan_protocol::trust::StatementFault;

    use super::*;

    #[test]
    fn all_of_it_stands_and_one_appointment_is_revoked() {
        let mut scene = Scene::new();
        assert!(
            scene.directory.faults().is_empty(),
            "{:?}",
            scene.directory.faults()
        );
        assert_eq!(
            scene.directory.revoked(&scene.people[REVOKED].appointment).len(),
            1
        );
        // The authority that follows keeps what stands in the scene, and neither of what the one before stated beside it.
        scene.directory.extend(scene.further_statements());
        let faults = scene.directory.faults();
        assert_eq!(faults.len(), 2);
        assert!(faults.values().all(StatementFault::is_contested), "{faults:?}");
    }
}
