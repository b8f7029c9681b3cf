//! Personal data at a station: words that are held back and cleared, personal parts that are opened with a purpose.

use super::SOON;
use super::visit::Scene;
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};

const NAME: &str = "令狐听澜";
/// What is registered at each width, and where a list finds it.
const GISTS: [(Screen, &str, &str); 2] = [
    (
        Screen::DESK,
        "水厂总机 139 0000 0016 打不通，停水没有通知",
        "/visits?q=%E6%B0%B4%E5%8E%82%E6%80%BB%E6%9C%BA",
    ),
    (
        Screen::PHONE,
        "供水热线 139 0000 0016 打不通，停水没有通知",
        "/visits?q=%E4%BE%9B%E6%B0%B4%E7%83%AD%E7%BA%BF",
    ),
];
const NOTE: &str = "水厂公开的总机";

pub(super) fn clearing_and_opening(scene: &mut Scene) {
    for (screen, gist, found) in GISTS {
        let mut visit = scene.sign_in("shiqiao", "lin", screen);
        visit.expected.push("422");
        let mut wrong = Vec::new();
        visit.type_into("gist", gist);
        visit.type_into("receiver", "罗定一");
        visit.type_into("name", NAME);
        visit.browser.chord(CONTROL, ENTER).unwrap();
        visit.says(".suspects mark", "139 0000 0016");
        check(&visit, "words that are held back", &mut wrong);
        let input = visit
            .browser
            .run("return document.querySelector('.suspects input').id", &[])
            .unwrap();
        visit.type_into(input.as_str().unwrap(), NOTE);
        visit.browser.tab_to("gist").unwrap();
        visit.browser.chord(CONTROL, ENTER).unwrap();
        visit.says(".note.good", "已登记");
        visit.go(found);
        visit.says("#visits", "打不通，停水没有通知");
        let record = visit
            .browser
            .run(
                "return document.querySelector('#visits tbody a').getAttribute('href')",
                &[],
            )
            .unwrap();
        let record = record.as_str().unwrap().to_owned();
        visit.go(&record);
        visit.says("#timeline", NOTE);
        assert!(visit.everything().contains(NAME), "who typed it is not asked");

        // Another session is asked what for, once.
        let later = scene.sign_in("shiqiao", "lin", screen);
        later.go(&record);
        later.says(".private .opens", "回访");
        assert!(!later.everything().contains(NAME));
        check(&later, "a personal part that is closed", &mut wrong);
        later.click(".opens button[value='follow_up']");
        later.says(".private", NAME);
        later
            .browser
            .until(
                "no question",
                SOON,
                "return !document.querySelector('.opens')",
                &[],
            )
            .unwrap();
        for (path, says) in [
            ("/access", "回访"),
            ("/retention", "保存期限"),
            ("/held", "待核对"),
        ] {
            later.go(path);
            later.says("main", says);
            check(&later, path, &mut wrong);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
