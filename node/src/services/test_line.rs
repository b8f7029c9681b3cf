//! A city, a county, a township and a station in one process, for tests of what is written above and used below. What one
//! holds and another may hold is carried over when the test says so.

use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::trust::{Level, Role};

use super::appoint::PersonDraft;
use super::found::{OrgDraft, found};
use super::ingest::Ingested;
use super::invite::Joining;
use super::{Author, Node};
use crate::config::{Config, Overrides};

pub(super) struct Line {
    dir: tempfile::TempDir,
    pub(super) city: Arc<Node>,
    pub(super) county: Arc<Node>,
    pub(super) township: Arc<Node>,
    pub(super) station: Arc<Node>,
}

fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn org(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

impl Line {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let city = org(Level::City, "澜州市", "990100");
        let city = found(&dir.path().join("city"), city, &secret(), config()).unwrap();
        let below = |above: &Node, name: &str, draft: OrgDraft| {
            let invitation = above
                .invite(draft, &secret(), vec!["/ip4/127.0.0.1/tcp/7611".to_owned()])
                .unwrap();
            let joining = Joining::begin(&invitation.to_code()).unwrap();
            let reply = above.answer_join(&joining.request());
            joining
                .finish(&dir.path().join(name), reply, &secret(), config())
                .unwrap()
        };
        let county = below(&city, "county", org(Level::County, "澄川县", "990121"));
        let township = below(&county, "township", org(Level::Township, "枫渡镇", "990121103"));
        let station = below(
            &township,
            "station",
            org(Level::Station, "石桥站", "990121103201"),
        );
        for (node, roles) in [
            (&city, vec![Role::DeputiesOffice]),
            (&county, vec![Role::DeputiesOffice]),
            (&township, vec![Role::Secretary]),
            (&station, vec![Role::StationLiaison]),
        ] {
            let person = PersonDraft {
                login: "lin".into(),
                name: "林静禾".into(),
                roles,
                ..PersonDraft::default()
            };
            node.appoint_person(&secret(), person, &secret()).unwrap();
        }
        let line = Line {
            dir,
            city,
            county,
            township,
            station,
        };
        line.sync();
        line
    }

    pub(super) fn author(node: &Node) -> Author {
        node.sign_in("lin", &secret()).unwrap()
    }

    /// Everybody gets what they lack and may hold.
    pub(super) fn sync(&self) {
        let nodes = [&self.city, &self.county, &self.township, &self.station];
        for pair in nodes.windows(2) {
            carry(pair[0], pair[1]);
        }
        for pair in nodes.windows(2).rev() {
            carry(pair[1], pair[0]);
        }
    }

    /// Opens the station's node anew.
    pub(super) fn reopen_station(self) -> Self {
        let Line {
            dir,
            city,
            county,
            township,
            station,
        } = self;
        drop(station);
        let station = Node::open(&dir.path().join("station"), &Overrides::default()).unwrap();
        Line {
            dir,
            city,
            county,
            township,
            station,
        }
    }
}

/// Carries what one holds to the other, as far as that may hold it.
pub(super) fn carry(from: &Node, to: &Node) {
    carry_without(from, to, |_| false);
}

/// The same without some spaces.
pub(super) fn carry_without(
    from: &Node,
    to: &Node,
    without: impl Fn(&lianzhan_protocol::trust::Space) -> bool,
) {
    loop {
        let mut grown = false;
        for (space, origin, ..) in from.store().read(|reader| reader.standings()).unwrap() {
            let Some(known) = to.space(&space).filter(|known| !without(known)) else {
                continue;
            };
            loop {
                let log = to.store().read(|reader| reader.log(&origin)).unwrap();
                let held = log.map_or(TreeSize::EMPTY, |log| log.size);
                let Some(range) = from.read_range(&origin, held, usize::MAX).unwrap() else {
                    break;
                };
                let taken = to.ingest(&known.id(), &range);
                assert!(matches!(taken, Ingested::Stored(_)), "{origin}: {taken:?}");
                grown = true;
            }
        }
        let statements = to.store().read(|reader| reader.statements()).unwrap();
        to.heed(&statements).unwrap();
        // With more of the directory there may be more spaces that it may hold.
        if !grown {
            break;
        }
    }
    to.catch_up(|_| {}).unwrap();
}
