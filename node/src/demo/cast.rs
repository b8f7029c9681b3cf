//! Who plays in the demo: places of the pseudo province 99, invented persons, sample books.

use lianzhan_protocol::trust::{Level, Role};

use crate::services::found::OrgDraft;

/// The passphrase of every key of the demo. No secret: the demo listens on this machine alone.
pub(super) const PASSPHRASE: &str = "lianzhan-demo";

/// The nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    City,
    County,
    Fengdu,
    Qingya,
    Shiqiao,
    Liulin,
    Yunling,
    Hewan,
}

/// A person with an account.
pub(super) struct Person {
    pub(super) login: &'static str,
    pub(super) name: &'static str,
    pub(super) roles: &'static [Role],
    pub(super) seat: Option<Level>,
}

const fn person(login: &'static str, name: &'static str, roles: &'static [Role]) -> Person {
    Person {
        login,
        name,
        roles,
        seat: None,
    }
}

const fn deputy(login: &'static str, name: &'static str, seat: Level) -> Person {
    Person {
        login,
        name,
        roles: &[Role::Deputy],
        seat: Some(seat),
    }
}

use Role::{
    Administrator, DeputiesOffice, OpinionLiaison, Organiser, PresidiumChair, Secretary, StationHead,
    StationLiaison,
};

impl Place {
    pub(super) const ALL: &[Place] = &[
        Place::City,
        Place::County,
        Place::Fengdu,
        Place::Qingya,
        Place::Shiqiao,
        Place::Liulin,
        Place::Yunling,
        Place::Hewan,
    ];

    pub(super) fn parent(self) -> Option<Place> {
        match self {
            Place::City => None,
            Place::County => Some(Place::City),
            Place::Fengdu | Place::Qingya => Some(Place::County),
            Place::Shiqiao | Place::Liulin => Some(Place::Fengdu),
            Place::Yunling | Place::Hewan => Some(Place::Qingya),
        }
    }

    pub(super) fn dir(self) -> &'static str {
        self.row().0
    }

    pub(super) fn level(self) -> Level {
        self.row().1
    }

    pub(super) fn name_zh(self) -> &'static str {
        self.row().2
    }

    pub(super) fn draft(self) -> OrgDraft {
        let (_, level, zh, en, code) = self.row();
        OrgDraft {
            level,
            name_zh: zh.into(),
            name_en: en.into(),
            code: code.into(),
        }
    }

    fn row(self) -> (&'static str, Level, &'static str, &'static str, &'static str) {
        match self {
            Place::City => ("city", Level::City, "澜州市", "Lanzhou Prefecture City", "9901"),
            Place::County => ("county", Level::County, "澄川县", "Chengchuan County", "990121"),
            Place::Fengdu => ("fengdu", Level::Township, "枫渡镇", "Fengdu Town", "990121103"),
            Place::Qingya => (
                "qingya",
                Level::Township,
                "青崖乡",
                "Qingya Township",
                "990121204",
            ),
            Place::Shiqiao => (
                "shiqiao",
                Level::Station,
                "石桥站",
                "Shiqiao Station",
                "990121103201",
            ),
            Place::Liulin => (
                "liulin",
                Level::Station,
                "柳林站",
                "Liulin Station",
                "990121103202",
            ),
            Place::Yunling => (
                "yunling",
                Level::Station,
                "云岭站",
                "Yunling Station",
                "990121204201",
            ),
            Place::Hewan => ("hewan", Level::Station, "河湾站", "Hewan Station", "990121204202"),
        }
    }

    /// Accounts; the first is the clerk who writes the books.
    pub(super) fn people(self) -> Vec<Person> {
        match self {
            Place::City => vec![person("fang", "方知远", &[DeputiesOffice, Administrator])],
            Place::County => vec![
                person("ye", "叶听澜", &[DeputiesOffice, Administrator]),
                deputy("zhou", "周望舒", Level::County),
            ],
            Place::Fengdu => vec![
                person(
                    "he",
                    "何见山",
                    &[Secretary, PresidiumChair, Organiser, Administrator],
                ),
                deputy("tian", "田小满", Level::Township),
            ],
            Place::Qingya => vec![person(
                "qin",
                "秦若谷",
                &[Secretary, PresidiumChair, Administrator],
            )],
            Place::Shiqiao => vec![
                person("lin", "林静禾", &[StationLiaison, OpinionLiaison, StationHead]),
                deputy("luo", "罗定一", Level::Township),
            ],
            Place::Liulin => vec![
                person("song", "宋怀川", &[StationLiaison, OpinionLiaison, StationHead]),
                deputy("yu", "何雨生", Level::Township),
            ],
            Place::Yunling => vec![person(
                "jiang",
                "江予安",
                &[StationLiaison, OpinionLiaison, StationHead],
            )],
            Place::Hewan => vec![person(
                "han",
                "韩叙",
                &[StationLiaison, OpinionLiaison, StationHead],
            )],
        }
    }

    pub(super) fn clerk(self) -> &'static str {
        self.people().first().map_or("", |person| person.login)
    }
}

/// A book under `docs/samples`, part of the program so that the demo runs anywhere.
pub(super) struct Sample {
    pub(super) place: Place,
    pub(super) ledger: &'static str,
    pub(super) file: &'static str,
    pub(super) bytes: &'static [u8],
    /// Good rows; every one must arrive.
    pub(super) rows: u64,
}

macro_rules! samples {
    ($($place:ident, $ledger:literal, $file:literal, $rows:literal;)*) => {
        &[$(Sample {
            place: Place::$place,
            ledger: $ledger,
            file: $file,
            bytes: include_bytes!(concat!("../../../docs/samples/", $file)),
            rows: $rows,
        }),*]
    };
}

pub(super) const SAMPLES: &[Sample] = samples! {
    Shiqiao, "letters_visits", "visits-shiqiao.xlsx", 124;
    Liulin, "letters_visits", "visits-liulin.xlsx", 112;
    Yunling, "letters_visits", "visits-yunling.xlsx", 108;
    Hewan, "letters_visits", "visits-hewan.csv", 104;
    Shiqiao, "deputy_roster", "deputies-shiqiao.xlsx", 7;
    Liulin, "deputy_roster", "deputies-liulin.xlsx", 6;
    Yunling, "deputy_roster", "deputies-yunling.xlsx", 6;
    Hewan, "deputy_roster", "deputies-hewan.xlsx", 5;
    Fengdu, "activity", "activities-fengdu.xlsx", 12;
    Qingya, "activity", "activities-qingya.xlsx", 8;
};
