//! A county with 20 townships and 600 stations, made of statements, first entries and receipts alone, to look at its page of
//! the federation and to measure it: `cargo run --release -p lianzhan-tests --bin many -- DIR`. Serves until it is ended.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use lianzhan_node::config::{Config, Overrides};
use lianzhan_node::runtime::Running;
use lianzhan_node::services::Node;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::store::NeighbourRow;
use lianzhan_node::{env, keystore};
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{
    Checkpoint, Entry, Frontier, Header, LogStart, LogStatement, PROTOCOL_VERSION, PayloadKind, TreeSize,
};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Appointment, Audience, Body, Issuer, Level, MayAppoint, Org, Purpose, Role, SignedStatement, Space,
    Statement, Validity, possession_message,
};
use lianzhan_tests::prefecture::PASSPHRASE;
use secrecy::SecretString;

const TOWNSHIPS: [&str; 20] = [
    "枫渡",
    "青崖",
    "云岭",
    "河湾",
    "石桥",
    "柳林",
    "上坪",
    "老码头",
    "龙田",
    "梅溪",
    "竹园",
    "白沙",
    "双河",
    "高店",
    "长岭",
    "茶山",
    "松林",
    "大坝",
    "清水",
    "红岩",
];
const STATIONS: usize = 30;
const AUDIENCES: [Audience; 5] = [
    Audience::Directory,
    Audience::County,
    Audience::City,
    Audience::Summary,
    Audience::Township,
];
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn main() -> anyhow::Result<()> {
    let dir = std::env::args().nth(1).context("name a directory")?;
    let dir = Path::new(&dir);
    let secret = SecretString::from(PASSPHRASE.to_owned());
    let nodes = match dir.exists() {
        true => Vec::new(),
        false => raise(dir, &secret)?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let opened = Instant::now();
    let node = Node::open(dir, &Overrides::default())?;
    println!("opened in {:?}", opened.elapsed());
    let running = runtime.block_on(Running::start(node.clone()))?;
    sight(&node, &nodes)?;
    for _ in 0..3 {
        let asked = Instant::now();
        let picture = node.federation(&[])?;
        println!(
            "{} nodes, {} silent, in {:?}",
            picture.below.nodes,
            picture.below.silent,
            asked.elapsed()
        );
    }
    println!("http://{}/network as ye", running.web());
    runtime.block_on(async { tokio::signal::ctrl_c().await })?;
    runtime.block_on(running.stop());
    Ok(())
}

/// When each node was last heard of: most of them now, some days ago.
fn sight(node: &Arc<Node>, nodes: &[SecretKey]) -> anyhow::Result<()> {
    let now = env::now();
    let rows = nodes.iter().enumerate().map(|(n, key)| {
        let (ago, connected) = match n % 97 {
            13 => (5 * DAY + 3_600_000 * (n as i64 % 20), false),
            29 | 31 => (7 * 60 * MINUTE, false),
            _ => (2 * MINUTE, true),
        };
        NeighbourRow {
            node: key.public(),
            teller: Some(node.node_key().public()),
            at: Timestamp(now.0 - ago),
            connected,
            software: Some(
                if n % 40 == 7 {
                    "lianzhan 0.0.9"
                } else {
                    "lianzhan 0.1.0"
                }
                .into(),
            ),
        }
    });
    let rows: Vec<_> = rows.collect();
    node.store()
        .write_blocking(move |writer| writer.keep_neighbours(rows, now))?;
    Ok(())
}

/// An org's authority, which speaks for it.
struct Speaker {
    org: OrgId,
    key: SecretKey,
    appointment: Option<StatementId>,
}

struct Maker {
    founding: StatementId,
    validity: Validity,
    statements: Vec<SignedStatement>,
}

impl Maker {
    fn say(&mut self, by: &Speaker, body: Body) -> StatementId {
        let issuer = Issuer {
            org: by.org,
            key: by.key.public(),
            appointment: by.appointment,
            issued: self.validity.not_before,
            founding: self.founding,
        };
        let signed = SignedStatement::sign(Statement { issuer, body }, &by.key);
        let id = signed.id();
        self.statements.push(signed);
        id
    }

    fn appoint(
        &mut self,
        by: &Speaker,
        org: OrgId,
        key: &SecretKey,
        purpose: Purpose,
        name: &str,
    ) -> StatementId {
        let message = possession_message(&self.founding, &org, purpose);
        let depth = u32::from(by.appointment.is_none());
        let body = Body::Appointment(Appointment {
            key: key.public(),
            org,
            purpose,
            roles: Vec::new(),
            may_appoint: (purpose == Purpose::Authority).then(|| MayAppoint::all(depth as _)),
            validity: self.validity,
            name: name.into(),
            seat: None,
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
            person: None,
        });
        self.say(by, body)
    }

    /// An org below another, with its authority and its node.
    fn org(&mut self, by: &Speaker, level: Level, name: &str, code: String) -> (Speaker, SecretKey) {
        let id = OrgId::mint(&by.org, env::random());
        self.say(
            by,
            Body::Org(Org {
                id,
                parent: Some(by.org),
                level,
                name_zh: name.into(),
                name_en: code.clone(),
                code,
            }),
        );
        let (key, node, witness) = (keystore::generate(), keystore::generate(), keystore::generate());
        let appointment = self.appoint(by, id, &key, Purpose::Authority, name);
        let speaker = Speaker {
            org: id,
            key,
            appointment: Some(appointment),
        };
        self.appoint(&speaker, id, &node, Purpose::Node, name);
        self.appoint(&speaker, id, &witness, Purpose::Witness, name);
        (speaker, node)
    }
}

fn raise(dir: &Path, secret: &SecretString) -> anyhow::Result<Vec<SecretKey>> {
    let county = OrgDraft {
        level: Level::County,
        name_zh: "澄川县".into(),
        name_en: "Chengchuan County".into(),
        code: "990121".into(),
    };
    let config = Config {
        web: SocketAddr::from(([127, 0, 0, 1], 0)),
        listen: vec!["/ip4/127.0.0.1/tcp/0".into()],
        scrypt_log_n: 2,
        ..Config::default()
    };
    let node = found(dir, county, secret, config)?;
    let person = PersonDraft {
        login: "ye".into(),
        name: "叶听澜".into(),
        roles: vec![Role::Secretary, Role::Administrator],
        ..PersonDraft::default()
    };
    node.appoint_person(secret, person, secret)?;
    let now = env::now();
    let root = Speaker {
        org: node.org_id(),
        key: keystore::unlock(&dir.join("authority.age"), secret)?,
        appointment: None,
    };
    let mut maker = Maker {
        founding: node.directory().founding().id(),
        validity: Validity {
            not_before: now,
            not_after: Timestamp(now.0 + 300 * DAY),
        },
        statements: Vec::new(),
    };
    let (mut nodes, mut orgs) = (Vec::new(), Vec::new());
    for (t, name) in TOWNSHIPS.iter().enumerate() {
        let code = format!("9901211{:02}", t + 1);
        let (township, key) = maker.org(&root, Level::Township, &format!("{name}镇"), code.clone());
        orgs.push((township.org, root.org));
        nodes.push(key);
        for s in 0..STATIONS {
            let place = TOWNSHIPS[(t + s + 1) % TOWNSHIPS.len()];
            let station = format!("{name}镇{place}{}站", if s < 20 { "" } else { "二" });
            let (station, key) = maker.org(
                &township,
                Level::Station,
                &station,
                format!("{code}{:03}", s + 201),
            );
            orgs.push((station.org, township.org));
            nodes.push(key);
        }
    }
    let kept = std::mem::take(&mut maker.statements);
    node.store()
        .write_blocking(move |writer| writer.keep_statements(kept))?;
    drop(node);
    let mut database = rusqlite::Connection::open(dir.join("lianzhan.db"))?;
    let writing = database.transaction()?;
    for (n, (key, (org, parent))) in nodes.iter().zip(&orgs).enumerate() {
        for (a, audience) in AUDIENCES.iter().enumerate() {
            let lacks = if n % 50 == 9 && a == 1 { 12 } else { 0 };
            let age = if n % 97 == 13 {
                5 * DAY
            } else {
                (n as i64 % 9) * 13 * MINUTE
            };
            log(
                &writing,
                key,
                *org,
                *parent,
                *audience,
                Timestamp(now.0 - age),
                lacks,
            )?;
        }
    }
    writing.commit()?;
    Ok(nodes)
}

/// A log's first entry with a receipt of its own, as far as the picture reads them.
fn log(
    database: &rusqlite::Transaction<'_>,
    key: &SecretKey,
    org: OrgId,
    parent: OrgId,
    audience: Audience,
    at: Timestamp,
    lacks: u64,
) -> anyhow::Result<()> {
    let space = Space::of(org, audience);
    let start = LogStart::new(space.clone(), key.public(), org, [1; 16], Some(parent));
    let payload = LogStatement::Start(start.clone()).to_bytes();
    let header = Header {
        version: PROTOCOL_VERSION,
        origin: start.origin(),
        space: space.id(),
        kind: PayloadKind::Statement,
        record: None,
        author: key.public(),
        appointment: None,
        recorded: at,
        payload: Hash::plain(&payload),
        size: u32::try_from(payload.len())?,
        key_commitment: None,
    };
    let entry = Entry::sign(header, key)?.into_inner();
    let mut frontier = Frontier::new();
    let stored: Vec<_> = frontier.push(entry.leaf()).into_iter().collect();
    let note = Checkpoint {
        origin: start.origin(),
        size: TreeSize(1),
        root: frontier.root(),
    };
    database.execute(
        "INSERT INTO logs (origin, space, start, org, own, size, root, checkpoint, checkpoint_size)
         VALUES (?1, ?2, ?3, ?4, 0, 1, ?5, ?6, ?7)",
        (
            start.origin().as_str(),
            space.id().0,
            codec::encode(&start),
            org.0,
            frontier.root().0,
            note.sign(key).to_string(),
            1 + lacks,
        ),
    )?;
    let id = database.last_insert_rowid();
    database.execute(
        "INSERT INTO entries (log, idx, entry, kind, change, payload) VALUES (?1, 0, ?2, 2, ?3, ?4)",
        (id, entry.to_bytes(), entry.change_id().0, payload),
    )?;
    for (idx, hash) in stored {
        database.execute(
            "INSERT INTO nodes (log, idx, hash) VALUES (?1, ?2, ?3)",
            (id, idx, hash.0),
        )?;
    }
    database.execute(
        "INSERT INTO receipts (log, size, witness, time_s, receipt) VALUES (?1, 1, ?2, ?3, x'')",
        (id, [7u8; 32], at.0 / 1000),
    )?;
    Ok(())
}
