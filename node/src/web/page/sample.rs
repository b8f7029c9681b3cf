//! Every page with invented data, in both languages, written to `target/pages` so that people can look at them.

use std::fs;
use std::path::PathBuf;

use askama::Template;

mod activities;
mod others;
mod posts;
mod records;
mod visits;

use activities::*;
use others::*;
use posts::*;
use records::*;
use visits::*;

use super::*;
use crate::web::i18n::{Lang, Text};

/// How a page is looked at.
#[derive(Clone, Copy)]
struct Look {
    lang: Lang,
    theme: Theme,
    large: bool,
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

    fn name(self, page: &str) -> String {
        let theme = if self.theme == Theme::Dark { "-dark" } else { "" };
        let large = if self.large { "-large" } else { "" };
        format!("{page}-{}{theme}{large}.html", self.lang.code())
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
            theme: self.theme,
            large: self.large,
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

#[test]
fn every_page_says_all_its_words_in_both_languages() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pages");
    fs::create_dir_all(&folder).unwrap();
    for lang in Lang::ALL {
        for (theme, large) in [(Theme::Light, false), (Theme::Dark, false), (Theme::Light, true)] {
            let look = Look { lang, theme, large };
            for (name, html) in pages(look) {
                assert!(html.starts_with("<!doctype html>"), "{name} is no page");
                assert!(!html.contains('⟦'), "{name} misses a text: {}", around(&html));
                fs::write(folder.join(look.name(name)), html).unwrap();
            }
        }
    }
}

#[test]
fn a_live_part_alone_is_what_stands_in_its_page() {
    let look = Look {
        lang: Lang::Zh,
        theme: Theme::System,
        large: false,
    };
    let text = look.text();
    let home = home(look);
    holds(
        &home.render(),
        &VisitsPart {
            text,
            table: &home.table,
        }
        .render(),
    );
    holds(
        &home.render(),
        &NextPart {
            text,
            todo: &home.todo,
        }
        .render(),
    );
    let county = visits_county(look);
    holds(
        &county.render(),
        &TotalsPart {
            text,
            totals: &county.totals,
        }
        .render(),
    );
    holds(
        &home.render(),
        &SyncPart {
            text,
            sync: &home.shell.sync,
        }
        .render(),
    );
    holds(
        &home.render(),
        &StripPart {
            text,
            sync: &home.shell.sync,
        }
        .render(),
    );
    let record = record(look);
    holds(
        &record.render(),
        &TimelinePart {
            text,
            timeline: &record.timeline,
        }
        .render(),
    );
    let activity = activity(look);
    holds(
        &activity.render(),
        &LogPart {
            text,
            log: &activity.log,
        }
        .render(),
    );
    holds(
        &activity.render(),
        &SealsPart {
            text,
            seals: &activity.seals,
        }
        .render(),
    );
    holds(
        &activity.render(),
        &ParticipantsPart {
            text,
            participants: &activity.participants,
        }
        .render(),
    );
    let network = network(look);
    holds(
        &network.render(),
        &AlarmsPart {
            text,
            alarms: &network.alarms,
        }
        .render(),
    );
    holds(
        &network.render(),
        &LogsPart {
            text,
            logs: &network.logs,
        }
        .render(),
    );
    holds(
        &network.render(),
        &TreePart {
            text,
            tree: &network.tree,
        }
        .render(),
    );
}

#[test]
fn what_people_wrote_cannot_become_markup() {
    let look = Look {
        lang: Lang::Zh,
        theme: Theme::System,
        large: false,
    };
    let mut page = home(look);
    page.table.rows[0].gist = "<script>alert(1)</script>\" onmouseover=\"x".into();
    let html = page.render().unwrap();
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains("\" onmouseover"));
}

#[test]
fn a_seal_holds_four_characters() {
    let seal = |org: &str| Seal {
        level: String::new(),
        org: org.into(),
        who: String::new(),
        given: None,
        mark: None,
    };
    assert_eq!(seal("枫渡镇").cut(&Text::default()).concat(), "枫渡之印");
    assert_eq!(seal("枫").cut(&Text::default()).concat(), "枫之印");
    assert_eq!(seal("Fengdu").cut(&Text::default()).concat(), "Feng");
    assert_eq!(seal("").cut(&Text::default()).concat(), "");
}

#[test]
fn a_deadline_is_banded_by_the_days_left() {
    assert_eq!(Due::in_days(-2), Due::Late(2));
    assert_eq!(Due::in_days(0), Due::Soon(0));
    assert_eq!(Due::in_days(7), Due::Soon(7));
    assert_eq!(Due::in_days(8), Due::Near(8));
    assert_eq!(Due::in_days(16), Due::Ok(16));
}

type Rendered = Result<String, askama::Error>;

fn holds(page: &Rendered, part: &Rendered) {
    let (page, part) = (page.as_ref().unwrap(), part.as_ref().unwrap());
    assert!(page.contains(part.trim()), "the page does not hold:\n{part}");
}

fn around(html: &str) -> &str {
    let at = html.find('⟦').unwrap();
    html[at..].split('⟧').next().unwrap()
}

fn pages(look: Look) -> Vec<(&'static str, String)> {
    vec![
        ("login", login(look).render().unwrap()),
        ("error", error(look).render().unwrap()),
        ("home", home(look).render().unwrap()),
        ("home-wrong", home_wrong(look).render().unwrap()),
        ("home-empty", home_empty(look).render().unwrap()),
        ("visits", visits(look).render().unwrap()),
        ("visits-county", visits_county(look).render().unwrap()),
        ("record", record(look).render().unwrap()),
        ("record-conflict", record_conflict(look).render().unwrap()),
        ("activities", activities(look).render().unwrap()),
        ("activity", activity(look).render().unwrap()),
        ("activity-open", activity_open(look).render().unwrap()),
        ("deputies", deputies(look).render().unwrap()),
        ("appointments", appointments(look, false).render().unwrap()),
        ("appointments-found", appointments(look, true).render().unwrap()),
        ("appointment", appointment(look).render().unwrap()),
        ("invitations", invitations(look).render().unwrap()),
        ("slip", slip(look).render().unwrap()),
        ("start", start(look, 0).render().unwrap()),
        ("start-joining", start(look, 1).render().unwrap()),
        ("start-person", start(look, 2).render().unwrap()),
        ("revoke", revoke(look).render().unwrap()),
        ("contested", contested(look).render().unwrap()),
        ("adopt", adopt(look).render().unwrap()),
        ("forks", forks(look).render().unwrap()),
        ("fork", fork(look).render().unwrap()),
        ("network", network(look).render().unwrap()),
        ("node", node(look).render().unwrap()),
        ("verify", verify(look, true).render().unwrap()),
        ("verify-unbuilt", verify(look, false).render().unwrap()),
    ]
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
