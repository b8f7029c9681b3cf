//! The federation that every seed begins with, founded once: a city, a county, two townships, three stations, persons at
//! each, a joint space with an activity. A seed gets copies of the directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianzhan_node::config::Config;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::Joining;
use lianzhan_node::services::{Author, Node, ServiceError};
use lianzhan_protocol::log::Origin;
use lianzhan_protocol::sync::Standing;
use lianzhan_protocol::trust::{Level, Role};
use secrecy::SecretString;

use crate::dice::Dice;
use crate::machine::{Machine, Time};
use crate::plan::Plan;
use crate::site::copy_dir;
use crate::watch::Watch;

/// A place of the federation.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) above: Option<&'static str>,
    pub(crate) level: Level,
    name_zh: &'static str,
    code: &'static str,
}

const fn place(
    name: &'static str,
    above: Option<&'static str>,
    level: Level,
    name_zh: &'static str,
    code: &'static str,
) -> Place {
    Place {
        name,
        above,
        level,
        name_zh,
        code,
    }
}

/// From the root downward.
pub(crate) const PLACES: [Place; 7] = [
    place("city", None, Level::City, "澜州市", "990100"),
    place("county", Some("city"), Level::County, "澄川县", "990121"),
    place("fengdu", Some("county"), Level::Township, "枫渡镇", "990121103"),
    place("qingya", Some("county"), Level::Township, "青崖乡", "990121204"),
    place(
        "shiqiao",
        Some("fengdu"),
        Level::Station,
        "石桥站",
        "990121103201",
    ),
    place("liulin", Some("fengdu"), Level::Station, "柳林站", "990121103202"),
    place(
        "yunling",
        Some("qingya"),
        Level::Station,
        "云岭站",
        "990121204201",
    ),
];

/// Roles that let a person do all that persons do here.
pub(crate) const ROLES: [Role; 5] = [
    Role::OpinionLiaison,
    Role::StationLiaison,
    Role::StationHead,
    Role::Secretary,
    Role::Organiser,
];

/// A founded federation.
pub struct Template {
    dir: tempfile::TempDir,
    /// By place, who is signed in there.
    pub(crate) persons: Persons,
    /// By place, what is held there.
    pub(crate) seen: BTreeMap<&'static str, BTreeMap<Origin, Standing>>,
    pub(crate) watch: Watch,
}

/// The passphrase of every key here.
pub(crate) fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

/// In memory where there is such a place: every commit is synced.
pub(crate) fn scratch() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let builder = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("lianzhan-fleet-");
        builder
    };
    if memory.is_dir() {
        builder().tempdir_in(memory)
    } else {
        builder().tempdir()
    }
}

impl Template {
    /// Founds it, and lets its nodes talk. The same bytes each time, apart from what locks keys.
    pub fn found() -> anyhow::Result<Self> {
        let dir = scratch()?;
        let machine = Machine::new(Time::default(), Dice::of_part(0, 0));
        let persons = machine.work(|| raise(dir.path()))?;
        let bare = Template {
            dir,
            persons,
            seen: BTreeMap::new(),
            watch: Watch::default(),
        };
        bare.grown_up()
    }

    /// The same federation after its nodes have heard of each other, with a joint space.
    fn grown_up(self) -> anyhow::Result<Self> {
        let mut world = crate::run::raise(&self, &Plan::quiet(), false)?;
        for site in 0..world.sites.len() {
            world.know_own(site)?;
        }
        world.settle()?;
        let at = |name: &str| PLACES.iter().position(|place| place.name == name);
        let partners: Vec<_> = ["fengdu", "qingya", "shiqiao", "yunling"]
            .into_iter()
            .filter_map(at)
            .map(|site| world.sites[site].org)
            .collect();
        let county = at("county").unwrap_or_default();
        let host = &world.sites[county];
        if let Some(node) = host.node() {
            host.machine.work(|| {
                let authority = node.unlock_authority(&secret())?;
                node.open_joint_space(&authority, &partners, Level::City, 2026)
            })?;
        }
        world.touched(county)?;
        world.settle()?;
        world.agree()?;
        let dir = scratch()?;
        let mut seen = BTreeMap::new();
        for site in 0..world.sites.len() {
            world.fell(site);
            let found = &mut world.sites[site];
            copy_dir(&found.dir, &dir.path().join(found.place.name))?;
            seen.insert(found.place.name, std::mem::take(&mut found.seen));
        }
        Ok(Template {
            dir,
            persons: self.persons,
            seen,
            watch: std::mem::take(&mut world.watch),
        })
    }

    /// The directory of a place, not to be written to.
    pub(crate) fn at(&self, place: &str) -> PathBuf {
        self.dir.path().join(place)
    }
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

type Persons = BTreeMap<&'static str, Vec<(String, Author)>>;

fn raise(dir: &Path) -> Result<Persons, ServiceError> {
    let mut nodes: BTreeMap<&str, Arc<Node>> = BTreeMap::new();
    for place in &PLACES {
        let org = OrgDraft {
            level: place.level,
            name_zh: place.name_zh.into(),
            name_en: place.name.into(),
            code: place.code.into(),
        };
        let at = dir.join(place.name);
        let node = match place.above.and_then(|above| nodes.get(above)) {
            None => found(&at, org, &secret(), config())?,
            Some(parent) => {
                let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
                let invitation = parent.invite(org, &secret(), address)?;
                let joining = Joining::begin(&invitation.to_code())?;
                let reply = parent.answer_join(&joining.request());
                joining.finish(&at, reply, &secret(), config())?
            }
        };
        nodes.insert(place.name, node);
    }
    let mut persons = Persons::new();
    for place in &PLACES {
        let node = &nodes[place.name];
        for login in ["lin", "song"] {
            let person = PersonDraft {
                login: login.into(),
                name: format!("{} {login}", place.name),
                roles: ROLES.to_vec(),
                ..PersonDraft::default()
            };
            node.appoint_person(&secret(), person, &secret())?;
            let author = node.sign_in(login, &secret())?;
            persons
                .entry(place.name)
                .or_default()
                .push((login.to_owned(), author));
        }
    }
    Ok(persons)
}
