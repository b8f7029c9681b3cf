//! The prefecture that is generated: its orgs, their nodes, and the people who work there, each appointed as in the field.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use lianzhan_node::config::Config;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::Joining;
use lianzhan_node::services::{Author, Node};
use lianzhan_protocol::trust::{Level, Role, Space};
use secrecy::SecretString;

use super::fill::Known;
use super::level::converse;
use super::words::Words;
use super::{Options, PASSPHRASE};
use crate::dice::Dice;

/// Keys of a generated prefecture are no secret; their files are cheap to open.
const SCRYPT_LOG_N: u8 = 4;
/// Ports of the first node: its pages, and where peers reach it. Each node has the next ones.
const PORTS: [u16; 2] = [17_610, 27_611];
/// Most partners of a joint space.
const PARTNERS: usize = 12;

/// Who works at a place: login, roles, the level of a deputy's seat. Counties and townships have a home of deputies (代表之家)
/// whose liaison keeps the books that stations keep.
type Post = (&'static str, &'static [Role], Option<Level>);

use Role::{
    Administrator, Assigner, CongressSecretariat, DeptHead, DeptOfficer, DeputiesOffice, Deputy,
    DirectorsMeeting, DutySupervisor, GroupLeader, JointBodyOfficer, OpinionLiaison, Organiser,
    PresidiumChair, PresidiumViceChair, Publicist, Publisher, Secretary, StandingCommitteeMember,
    StationHead, StationLiaison, StreetChair, SupervisionGroupMember, SupervisionLead, Teller,
};

const fn posts(level: Level) -> &'static [Post] {
    match level {
        Level::City => &[
            ("office", &[DeputiesOffice, Administrator], None),
            ("office2", &[DeputiesOffice, Publisher], None),
            ("directors", &[DirectorsMeeting], None),
            ("member", &[StandingCommitteeMember], None),
            ("deputy", &[Deputy], Some(Level::City)),
        ],
        Level::County => &[
            ("office", &[DeputiesOffice, Administrator], None),
            ("office2", &[DeputiesOffice, Publisher, Publicist], None),
            (
                "directors",
                &[DirectorsMeeting, SupervisionLead, SupervisionGroupMember],
                None,
            ),
            ("member", &[StandingCommitteeMember], None),
            ("secretariat", &[CongressSecretariat, Teller], None),
            ("assigner", &[Assigner], None),
            ("dept", &[DeptOfficer, DeptHead], None),
            ("joint", &[JointBodyOfficer], None),
            ("home", &[Secretary, StationLiaison], None),
            ("deputy", &[Deputy], Some(Level::County)),
            ("deputy2", &[Deputy], Some(Level::City)),
        ],
        Level::Township => &[
            ("secretary", &[Secretary, Organiser, Administrator], None),
            ("chair", &[PresidiumChair, Publisher], None),
            ("vice", &[PresidiumViceChair, StreetChair], None),
            ("supervisor", &[DutySupervisor, Teller, Publicist], None),
            ("home", &[StationLiaison], None),
            ("deputy", &[Deputy], Some(Level::Township)),
            ("deputy2", &[Deputy], Some(Level::County)),
        ],
        _ => &[
            ("clerk", &[StationLiaison], None),
            ("opinion", &[OpinionLiaison, Publicist], None),
            ("head", &[StationHead, GroupLeader, Organiser], None),
            ("deputy", &[Deputy], Some(Level::Township)),
            ("deputy2", &[Deputy], Some(Level::Township)),
        ],
    }
}

/// A person with an account.
pub(super) struct Person {
    pub(super) login: &'static str,
    pub(super) name: String,
    pub(super) author: Author,
}

/// A node of the prefecture.
pub(super) struct Site {
    pub(super) node: Arc<Node>,
    pub(super) dir: PathBuf,
    pub(super) level: Level,
    pub(super) name: String,
    pub(super) code: String,
    /// The one above, by its place in the list of sites.
    pub(super) above: Option<usize>,
    pub(super) people: Vec<Person>,
    pub(super) known: Known,
    /// Who may begin records of a ledger, and where.
    pub(super) desks: BTreeMap<String, Vec<(usize, Space)>>,
    pub(super) web: SocketAddr,
}

pub(super) fn passphrase() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

/// Founds it all, from above downward: a parent stands before its children in what is given.
pub(super) fn raise(
    options: &Options,
    dice: &mut Dice,
    mut told: impl FnMut(&str),
) -> anyhow::Result<Vec<Site>> {
    let mut founder = Founder {
        dir: &options.dir,
        dice,
        sites: Vec::new(),
        places: 0,
    };
    founder.settle(None, Level::City, "9901")?;
    for county in 0..options.counties {
        let at = founder.settle(Some(0), Level::County, &format!("9901{:02}", 21 + county))?;
        if county == 0 {
            // The root has no parent: a child witnesses it.
            let child = founder.sites[at].node.org_id();
            let root = &founder.sites[0].node;
            let authority = root.unlock_authority(&passphrase())?;
            root.name_root_witnesses(&authority, vec![child])?;
        }
        for township in 0..options.townships {
            let code = format!("{}{:03}", founder.sites[at].code, 101 + township);
            let town = founder.settle(Some(at), Level::Township, &code)?;
            for station in 0..options.stations {
                let code = format!("{code}{:03}", 201 + station);
                founder.settle(Some(town), Level::Station, &code)?;
            }
            told(&format!("{} nodes founded", founder.sites.len()));
        }
    }
    let mut sites = founder.sites;
    // Appointments from above, and what a county shares with those below it, come down by sync.
    hear(&sites)?;
    for county in 0..sites.len() {
        if sites[county].level == Level::County {
            open_joint(&sites, county, options)?;
        }
    }
    hear(&sites)?;
    sign_in(&mut sites)?;
    Ok(sites)
}

/// What is stated above comes down by sync.
pub(super) fn hear(sites: &[Site]) -> anyhow::Result<()> {
    for site in sites {
        if let Some(above) = site.above {
            converse([&site.node, &sites[above].node]).with_context(|| site.name.clone())?;
        }
    }
    Ok(())
}

/// A county, its townships and their stations share a space that the city holds, and one that stays in the county.
fn open_joint(sites: &[Site], county: usize, options: &Options) -> anyhow::Result<()> {
    let towns: Vec<usize> = (0..sites.len())
        .filter(|at| sites[*at].above == Some(county))
        .collect();
    let stations = (0..sites.len()).filter(|at| sites[*at].above.is_some_and(|above| towns.contains(&above)));
    let partners: Vec<_> = towns
        .iter()
        .copied()
        .chain(stations)
        .take(PARTNERS)
        .map(|at| sites[at].node.org_id())
        .collect();
    if partners.is_empty() {
        return Ok(());
    }
    let node = &sites[county].node;
    let authority = node.unlock_authority(&passphrase())?;
    for travel in [Level::City, Level::County] {
        node.open_joint_space(&authority, &partners, travel, options.years.0)?;
    }
    Ok(())
}

fn sign_in(sites: &mut [Site]) -> anyhow::Result<()> {
    for site in sites {
        for (login, ..) in posts(site.level) {
            let author = site.node.sign_in(login, &passphrase())?;
            let directory = site.node.directory();
            let post = directory.appointment(&author.appointment);
            let person = post.ok().and_then(|post| post.person);
            site.known.persons.extend(person.map(|person| person.to_string()));
            site.people.push(Person {
                login,
                name: author.name.clone(),
                author,
            });
        }
    }
    Ok(())
}

struct Founder<'a> {
    dir: &'a Path,
    dice: &'a mut Dice,
    sites: Vec<Site>,
    /// Names that were given.
    places: usize,
}

impl Founder<'_> {
    /// Founds or invites an org, and appoints its people.
    fn settle(&mut self, above: Option<usize>, level: Level, code: &str) -> anyhow::Result<usize> {
        let words = Words::known();
        let (zh, en) = words.place(self.places);
        self.places += 1;
        let (name, name_en) = match level {
            Level::City => (format!("{zh}市"), format!("{en} City")),
            Level::County => (format!("{zh}县"), format!("{en} County")),
            Level::Township => (format!("{zh}镇"), format!("{en} Town")),
            _ => (format!("{zh}站"), format!("{en} Station")),
        };
        let draft = OrgDraft {
            level,
            name_zh: name.clone(),
            name_en,
            code: code.into(),
        };
        let dir = self.dir.join(code);
        let [web, listen] = PORTS.map(|port| port.wrapping_add(u16::try_from(self.sites.len()).unwrap_or(0)));
        let address = |site: &Site| {
            vec![format!(
                "/ip4/127.0.0.1/tcp/{}",
                site.web.port() - PORTS[0] + PORTS[1]
            )]
        };
        let config = Config {
            web: (Ipv4Addr::LOCALHOST, web).into(),
            listen: vec![format!("/ip4/127.0.0.1/tcp/{listen}")],
            scrypt_log_n: SCRYPT_LOG_N,
            ..Config::default()
        };
        let node = match above.map(|above| &self.sites[above]) {
            None => found(&dir, draft, &passphrase(), config)?,
            Some(parent) => {
                let invitation = parent.node.invite(draft, &passphrase(), address(parent))?;
                let joining = Joining::begin(&invitation.to_code())?;
                let reply = parent.node.answer_join(&joining.request());
                joining
                    .finish(&dir, reply, &passphrase(), config)
                    .with_context(|| name.clone())?
            }
        };
        for (login, roles, seat) in posts(level) {
            let draft = PersonDraft {
                login: (*login).into(),
                name: words.person(self.dice),
                roles: roles.to_vec(),
                seat: *seat,
                ..PersonDraft::default()
            };
            // A seat above the place's own level is given by the level above.
            match above.filter(|_| seat.is_some_and(|seat| seat.rank() < level.rank())) {
                Some(above) => {
                    let request = node.ask_appointment(draft, &passphrase())?;
                    let above = &self.sites[above].node;
                    above.grant_appointment(&passphrase(), &request, None)?;
                }
                None => drop(node.appoint_person(&passphrase(), draft, &passphrase())?),
            }
        }
        self.sites.push(Site {
            known: Known::default(),
            node,
            dir,
            level,
            name,
            code: code.into(),
            above,
            people: Vec::new(),
            desks: BTreeMap::new(),
            web: (Ipv4Addr::LOCALHOST, web).into(),
        });
        Ok(self.sites.len() - 1)
    }
}
