//! Personal data at a station: words that are held back and cleared, personal parts that are opened with a purpose.

use super::SOON;
use super::visit::{Scene, first_link};
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};
use crate::prefecture::PASSPHRASE;

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

/// What is registered at each width with a number that should not be there, and what it is issued anew with.
const MISPLACED: [(Screen, &str, &str); 2] = [
    (
        Screen::DESK,
        "老井边水泵漏电，打 139 0000 0017 没人接",
        "老井边水泵漏电，打电话没人接",
    ),
    (
        Screen::PHONE,
        "新井边水泵漏电，打 139 0000 0017 没人接",
        "新井边水泵漏电，打电话没人接",
    ),
];

pub(super) fn issuing_anew(scene: &mut Scene) {
    for (screen, gist, clean) in MISPLACED {
        let mut visit = scene.sign_in("shiqiao", "lin", screen);
        visit.expected.push("422");
        let mut wrong = Vec::new();
        visit.type_into("gist", gist);
        visit.type_into("receiver", "罗定一");
        visit.type_into("name", NAME);
        visit.browser.chord(CONTROL, ENTER).unwrap();
        visit.says(".suspects mark", "139 0000 0017");
        let input = visit
            .browser
            .run("return document.querySelector('.suspects input').id", &[])
            .unwrap();
        visit.type_into(input.as_str().unwrap(), "误以为是公开的总机");
        visit.browser.tab_to("gist").unwrap();
        visit.browser.chord(CONTROL, ENTER).unwrap();
        visit.says(".note.good", "已登记");
        visit.go(&format!("/visits?q={}", &screen_words(clean)));
        visit.says("#visits", "水泵漏电");
        let old = first_link(&visit, "#visits tbody .lead a");

        visit.go(&old);
        visit.click("a[href$='/anew']");
        visit.says("h1", "重新登记");
        visit.says("#stays", "修改历史");
        check(&visit, "the form that issues anew", &mut wrong);
        picture(&visit, "edit");
        // The number is held back in the new record, too.
        visit.click("#anew .acts .main");
        visit.says(".suspects mark", "139 0000 0017");
        let set = "document.getElementById('f:gist').value = arguments[0]";
        visit.browser.run(set, &[clean]).unwrap();
        visit.click("#anew .acts .main");
        visit.says("#preview", "与原记录不同");
        assert!(visit.words("#preview").contains(clean));
        check(&visit, "what issuing anew would do", &mut wrong);
        picture(&visit, "preview");
        visit.click("#preview button[value='edit']");
        visit.says("#edit-head", "新记录");
        visit.click("#anew .acts .main");
        visit.says("#preview", clean);
        visit.type_into("passphrase", PASSPHRASE);
        visit.click("#preview .acts .main");
        visit.says(".note.good", "这是新记录");
        let new = visit.path();
        assert_ne!(new, old);
        visit.says("main", clean);

        let erased =
            "return fetch(arguments[0]).then(answer => answer.text()).then(text => text.includes('goes-on'))";
        visit
            .browser
            .until("the parent witnessed it", SOON, erased, &[&old])
            .unwrap();
        visit.go(&old);
        visit.says("h1", "已擦除");
        check(&visit, "a record that was issued anew", &mut wrong);
        picture(&visit, "old");
        visit.click("#goes-on a");
        visit.says("#issued-for", "重新登记");
        assert_eq!(visit.path(), new);
        check(&visit, "a record that was issued for another", &mut wrong);
        picture(&visit, "new");
        assert!(!visit.everything().contains("139 0000 0017"));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// The words by which the list finds it, as an address has them.
fn screen_words(clean: &str) -> String {
    let first: String = clean.chars().take(3).collect();
    first.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A picture to be looked at, where one is asked for.
fn picture(visit: &super::visit::Visit, name: &str) {
    let Ok(dir) = std::env::var("PAGES_PICTURES") else {
        return;
    };
    let Screen { width, .. } = visit.browser.screen();
    let png = visit.browser.picture(1.0).unwrap();
    std::fs::write(
        std::path::Path::new(&dir).join(format!("anew-{name}-{width}.png")),
        png,
    )
    .unwrap();
}
