//! Every page says all its words, in both languages; all of them are written to `target/pages`.

use std::fs;
use std::path::PathBuf;

use super::*;

#[test]
fn every_page_says_all_its_words_in_both_languages() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pages");
    fs::create_dir_all(&folder).unwrap();
    for lang in Lang::ALL {
        for (theme, large, contrast) in [
            (Theme::Light, false, false),
            (Theme::Dark, false, false),
            (Theme::Light, true, false),
            (Theme::Light, false, true),
            (Theme::Dark, false, true),
        ] {
            let look = seen(lang, theme, large, contrast);
            for (name, html) in pages(look).unwrap() {
                assert!(html.starts_with("<!doctype html>"), "{name} is no page");
                assert!(!html.contains('⟦'), "{name} misses a text: {}", around(&html));
                fs::write(folder.join(named(look, name)), html).unwrap();
            }
        }
    }
}

#[test]
fn a_live_part_alone_is_what_stands_in_its_page() {
    let look = seen(Lang::Zh, Theme::System, false, false);
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
    let look = seen(Lang::Zh, Theme::System, false, false);
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

fn seen(lang: Lang, theme: Theme, large: bool, contrast: bool) -> Look {
    let looks = Looks {
        theme,
        large,
        contrast,
    };
    Look { lang, looks }
}

fn named(look: Look, page: &str) -> String {
    let theme = if look.looks.theme == Theme::Dark {
        "-dark"
    } else {
        ""
    };
    let large = if look.looks.large { "-large" } else { "" };
    let contrast = if look.looks.contrast { "-contrast" } else { "" };
    format!("{page}-{}{theme}{large}{contrast}.html", look.lang.code())
}
