//! Every page with invented data, in states that are rare: for tests, and for people who work on pages (`/look`). Not part of
//! what is released.

use askama::Template;

mod activities;
mod orgs;
mod others;
mod parts;
mod posts;
mod privacy;
mod records;
#[cfg(test)]
mod tests;
mod visits;

use activities::*;
use orgs::*;
use others::*;
use parts::*;
use posts::*;
use privacy::*;
use records::*;
use visits::*;

use super::*;
use crate::web::i18n::{Lang, Text};

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(in crate::web) struct Look {
    /// The language of words and data.
    pub(in crate::web) lang: Lang,
    /// Light or dark, large, with more contrast.
    pub(in crate::web) looks: Looks,
}

impl Look {
    fn text(self) -> Text {
        Text::new(self.lang)
    }

    /// Data has one language; samples have two, so that English can be judged as well.
    fn say(self, zh: &str, en: &str) -> String {
        if self.lang == Lang::Zh {
            zh.into()
        } else {
            en.into()
        }
    }

    fn shell(self, section: Section, here: &str) -> Shell {
        Shell {
            node: self.say(
                "枫渡镇石桥人大代表联络站",
                "Shiqiao Deputies’ Liaison Station, Fengdu",
            ),
            node_short: self.say("石桥联络站", "Shiqiao station"),
            person: Some(Person {
                name: self.say("林静禾", "Lin Jinghe"),
                role: self.say("联络员", "liaison officer"),
            }),
            csrf: "c5f1".into(),
            here: here.into(),
            made: self.say("2026 年 4 月 16 日 09:52", "16 April 2026 09:52"),
            section,
            looks: self.looks,
            sync: SyncStatus {
                state: SyncState::Level,
                at: "09:52".into(),
                waiting: 0,
                alarms: 0,
            },
            notice: None,
            version: "0".into(),
        }
    }

    fn county(self, section: Section, here: &str) -> Shell {
        Shell {
            node: self.say("澄川县人大常委会代表工委", "Deputies’ Office, Chengchuan County"),
            node_short: self.say("澄川县人大", "Chengchuan"),
            person: Some(Person {
                name: self.say("沈秉文", "Shen Bingwen"),
                role: self.say("代表工委", "deputies’ office"),
            }),
            ..self.shell(section, here)
        }
    }
}

/// Every page, by its name.
pub(in crate::web) fn pages(look: Look) -> Result<Vec<(&'static str, String)>, askama::Error> {
    let mut pages = vec![
        ("login", login(look).render()?),
        ("error", error(look).render()?),
        ("home", home(look).render()?),
        ("home-wrong", home_wrong(look).render()?),
        ("home-empty", home_empty(look).render()?),
        ("visits", visits(look).render()?),
        ("visits-county", visits_county(look).render()?),
        ("record", record(look).render()?),
        ("record-conflict", record_conflict(look).render()?),
        ("record-event", record_event(look).render()?),
        ("conflicts", conflicts(look).render()?),
        ("activities", activities(look).render()?),
        ("activity", activity(look).render()?),
        ("activity-open", activity_open(look).render()?),
        ("deputies", deputies(look).render()?),
        ("appointments", appointments(look, false).render()?),
        ("appointments-found", appointments(look, true).render()?),
        ("appointment", appointment(look).render()?),
        ("invitations", invitations(look).render()?),
        ("invitations-station", invitations_station(look).render()?),
        ("slip", slip(look).render()?),
        ("start", start(look, 0).render()?),
        ("start-joining", start(look, 1).render()?),
        ("start-person", start(look, 2).render()?),
        ("joint", joint(look).render()?),
        ("org-changes", org_changes(look).render()?),
        ("org-change", org_change(look).render()?),
        ("revoke", revoke(look).render()?),
        ("contested", contested(look).render()?),
        ("adopt", adopt(look).render()?),
        ("forks", forks(look).render()?),
        ("fork", fork(look).render()?),
        ("retention", retention(look).render()?),
        ("held", held(look).render()?),
        ("access", access(look).render()?),
        ("network", network(look).render()?),
        ("node", node(look).render()?),
        ("verify", verify(look, true).render()?),
        ("verify-unbuilt", verify(look, false).render()?),
    ];
    let names = pages.iter().map(|(name, _)| *name).collect();
    pages.push(("parts", parts(look, names).render()?));
    Ok(pages)
}

fn login(look: Look) -> LoginPage {
    LoginPage {
        text: look.text(),
        shell: Shell {
            person: None,
            ..look.shell(Section::None, "/login")
        },
        name: look.say("林静禾", "Lin Jinghe"),
        back: "/".into(),
        error: Some(look.say(
            "口令不对。看看大小写和输入法，再试一次。",
            "That is not the passphrase. Check capitals and the input method, then try again.",
        )),
    }
}

fn error(look: Look) -> ErrorPage {
    ErrorPage {
        text: look.text(),
        shell: look.shell(Section::None, "/records/019a"),
        status: 404,
        happened: look.say("这里没有这条记录", "This record is not here"),
        thing: look.say("记录 019a-7c1e-04b9", "Record 019a-7c1e-04b9"),
        todo: look.say(
            "可能还没有送到本机。连上上级后再看，或者问登记它的联络站。",
            "It may not have arrived yet. Look again once the parent is connected, or ask the station that registered it.",
        ),
        case: Some("8f21c0".into()),
    }
}
