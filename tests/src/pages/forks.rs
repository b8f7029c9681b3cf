//! A station whose disk was copied: both machines write, and the pages show what became of it.

use super::SOON;
use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{ENTER, Screen};

/// A visit is registered at a node that runs alone, or with its township.
fn register(scene: &mut Scene, place: &'static str, gist: &str, with: &'static str) {
    scene.prefecture.run(place).unwrap();
    {
        let mut visit = scene.sign_in(place, "lin", Screen::DESK);
        visit.expected.push("net::ERR");
        visit.type_into("gist", gist);
        visit.type_into("receiver", &format!("罗定一{ENTER}"));
        visit.row_says(gist, with);
    }
    scene.prefecture.end(place).unwrap();
}

fn forked(visit: &Visit) -> String {
    let script = "if (!document.querySelector('tbody a[href^=\"/forks/\"]')) { location.reload(); return false; } return true";
    visit.go("/forks");
    visit
        .browser
        .until("a log with two branches", SOON, script, &[])
        .unwrap();
    let script = "return document.querySelector('tbody a[href^=\"/forks/\"]').getAttribute('href')";
    let href = visit.browser.run(script, &[]).unwrap();
    href.as_str().unwrap().to_owned()
}

pub(super) fn signing_anew(scene: &mut Scene) {
    scene.prefecture.copy("shiqiao", "twin").unwrap();
    register(scene, "shiqiao", "原机登记的一件", "待见证");
    scene.prefecture.run("fengdu").unwrap();
    register(scene, "twin", "副本登记的一件", "已见证");
    scene.prefecture.run("shiqiao").unwrap();
    {
        let mut visit = scene.sign_in("shiqiao", "lin", Screen::DESK);
        visit.expected.push("net::ERR");
        let path = forked(&visit);
        let mut wrong = Vec::new();
        for page in ["/forks", &path, "/network"] {
            for lang in ["en", "zh"] {
                visit.go(&format!("/preferences?lang={lang}&back={page}"));
                check(&visit, &format!("{page} {lang}"), &mut wrong);
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        visit.go(&path);
        visit.says(".branch.stands", "算数的一支");
        assert!(visit.words(".says").contains("上级只见证过其中一支"));
        assert!(visit.words(".left").contains("原机登记的一件"));
        visit.click(".left button");
        visit.says(".note.good", "已重新签名");
        visit.says("main", "没有待重签的");
        visit.go("/visits");
        visit.row_says("原机登记的一件", "");
        visit.row_says("副本登记的一件", "");
        let phone = scene.sign_in("shiqiao", "luo", Screen::PHONE);
        for page in ["/forks", &path] {
            phone.go(page);
            check(&phone, page, &mut wrong);
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    for place in ["shiqiao", "fengdu"] {
        scene.prefecture.end(place).unwrap();
    }
}
