//! A prefecture on disk: a city, counties, townships and stations, each with the directory of its own node, made as in the
//! field by invitations of the level above. Directories are named by place: `0`, `0-3`, `0-3-7`, `0-3-7-2`.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use age::secrecy::SecretString;
use anyhow::Context;
use lianzhan_node::config::Config;
use lianzhan_node::services::Node;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::Joining;
use lianzhan_protocol::trust::{Level, Role};

use super::figures::say;

/// Who registers visits at a station.
pub(super) const CLERK: &str = "clerk";
/// Ports below those that the system gives to outgoing connections.
const FIRST_PORT: u16 = 21_000;
/// Keys of a benchmark are no secret; their files are cheap to open.
const SCRYPT_LOG_N: u8 = 2;

const LEVELS: [Level; 4] = [Level::City, Level::County, Level::Township, Level::Station];

/// How many orgs there are of each level below the city.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) counties: usize,
    pub(super) townships: usize,
    pub(super) stations: usize,
}

impl Shape {
    pub(super) fn nodes(self) -> usize {
        1 + self.counties + self.townships + self.stations
    }

    /// How many orgs below the place with this number among the orgs of its level, divided evenly.
    fn below(self, level: usize, number: usize) -> usize {
        let (orgs, children) = match level {
            0 => return self.counties,
            1 => (self.counties, self.townships),
            2 => (self.townships, self.stations),
            _ => return 0,
        };
        children / orgs + usize::from(number < children % orgs)
    }
}

pub(super) fn passphrase() -> SecretString {
    SecretString::from("a passphrase of the benchmark".to_owned())
}

/// The level of a directory: 0 the city, 3 a station.
pub(super) fn level_of(name: &str) -> usize {
    name.matches('-').count()
}

/// The name of the county that a place below the city lies in.
pub(super) fn county_of(name: &str) -> String {
    name.splitn(3, '-').take(2).collect::<Vec<_>>().join("-")
}

struct Founder<'a> {
    dir: &'a Path,
    shape: Shape,
    port: AtomicU16,
    made: AtomicUsize,
}

/// A node that invites, with where it will listen.
struct Parent {
    node: Arc<Node>,
    name: String,
    /// Its number among the orgs of its level.
    number: usize,
    code: String,
    address: String,
}

/// Founds all of it. Nodes are closed again when this returns.
pub(super) fn raise(dir: &Path, shape: Shape) -> anyhow::Result<()> {
    let founder = Founder {
        dir,
        shape,
        port: AtomicU16::new(FIRST_PORT),
        made: AtomicUsize::new(1),
    };
    let address = founder.address()?;
    let config = config(address.clone());
    let city = Parent {
        node: found(&dir.join("0"), org(0, "9901"), &passphrase(), config)?,
        name: "0".into(),
        number: 0,
        code: "9901".into(),
        address,
    };
    let counties = (0..shape.counties)
        .map(|n| founder.admit(&city, n, n))
        .collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(first) = counties.first() {
        // The root has no parent: a child witnesses it.
        let authority = city.node.unlock_authority(&passphrase())?;
        city.node
            .name_root_witnesses(&authority, vec![first.node.org_id()])?;
    }
    drop(city);
    let work: Vec<_> = std::thread::scope(|scope| {
        let founder = &founder;
        let half = counties.len().div_ceil(2).max(1);
        let threads: Vec<_> = counties
            .chunks(half)
            .map(|part| scope.spawn(move || part.iter().try_for_each(|county| founder.below(county))))
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    for done in work {
        done.map_err(|_| anyhow::anyhow!("a thread that founds panicked"))??;
    }
    Ok(())
}

impl Founder<'_> {
    /// All orgs below a county.
    fn below(&self, county: &Parent) -> anyhow::Result<()> {
        for n in 0..self.shape.below(1, county.number) {
            // Divided evenly, so the orgs of a level are numbered through without asking anybody.
            let number = (0..county.number)
                .map(|before| self.shape.below(1, before))
                .sum::<usize>()
                + n;
            let township = self.admit(county, n, number)?;
            for n in 0..self.shape.below(2, number) {
                let station = self.admit(&township, n, n)?;
                let clerk = PersonDraft {
                    login: CLERK.into(),
                    name: "秦越".into(),
                    roles: vec![Role::OpinionLiaison],
                    ..PersonDraft::default()
                };
                station.node.appoint_person(&passphrase(), clerk, &passphrase())?;
            }
        }
        Ok(())
    }

    /// Invites an org, the `n`th below its parent, and lets it join.
    fn admit(&self, parent: &Parent, n: usize, number: usize) -> anyhow::Result<Parent> {
        let name = format!("{}-{n}", parent.name);
        let level = level_of(&name);
        let digits = if level == 1 { 2 } else { 3 };
        let code = format!("{}{:0digits$}", parent.code, n + 1);
        let address = if level == 3 {
            "/ip4/127.0.0.1/tcp/0".to_owned()
        } else {
            self.address()?
        };
        let invited = parent
            .node
            .invite(org(level, &code), &passphrase(), vec![parent.address.clone()])?;
        let joining = Joining::begin(&invited.to_code())?;
        let reply = parent.node.answer_join(&joining.request());
        let at = self.dir.join(&name);
        let node = joining
            .finish(&at, reply, &passphrase(), config(address.clone()))
            .with_context(|| name.clone())?;
        let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        if made.is_multiple_of(100) {
            say(&format!("{made} of {} nodes founded", self.shape.nodes()));
        }
        Ok(Parent {
            node,
            name,
            number,
            code,
            address,
        })
    }

    /// A port of loopback that nobody listens at now.
    fn address(&self) -> anyhow::Result<String> {
        loop {
            let port = self.port.fetch_add(1, Ordering::Relaxed);
            anyhow::ensure!(port >= FIRST_PORT, "no port is free");
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(format!("/ip4/127.0.0.1/tcp/{port}"));
            }
        }
    }
}

fn config(listen: String) -> Config {
    Config {
        web: (Ipv4Addr::LOCALHOST, 0).into(),
        listen: vec![listen],
        scrypt_log_n: SCRYPT_LOG_N,
        ..Config::default()
    }
}

fn org(level: usize, code: &str) -> OrgDraft {
    OrgDraft {
        level: LEVELS[level],
        name_zh: code.into(),
        name_en: code.into(),
        // The city's own ends in zeros.
        code: if level == 0 {
            format!("{code}00")
        } else {
            code.into()
        },
    }
}

/// The directories of all nodes, those above first.
pub(super) fn places(dir: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut places = Vec::new();
    for item in std::fs::read_dir(dir)? {
        let item = item?;
        if item.file_type()?.is_dir() {
            places.push((item.file_name().to_string_lossy().into_owned(), item.path()));
        }
    }
    places.sort_by_key(|(name, _)| (level_of(name), name.clone()));
    Ok(places)
}

/// Bytes of all files below a directory.
pub(super) fn bytes_below(dir: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in std::fs::read_dir(dir)? {
        let item = item?;
        sum += match item.file_type()?.is_dir() {
            true => bytes_below(&item.path())?,
            false => item.metadata()?.len(),
        };
    }
    Ok(sum)
}
