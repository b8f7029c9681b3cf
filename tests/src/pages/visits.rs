//! The entrance, and letters and visits: registered, found, proved.

use std::path::PathBuf;
use std::process::Command;

use super::SOON;
use super::visit::{Scene, Visit};
use crate::browser::{CONTROL, ENTER, Screen};
use crate::prefecture::{PASSPHRASE, audit};

pub(super) fn entrance(scene: &mut Scene) {
    let mut visit = scene.visit("shiqiao", Screen::DESK);
    visit.expected.push("401");
    visit.go("/visits");
    assert!(visit.path().starts_with("/login?back="), "{}", visit.path());
    assert_eq!(visit.words("h1"), "登录");
    visit.enter("lin", "lianzhan");
    visit.says(".note.late", "");
    assert_eq!(visit.value("name"), "lin", "what was typed is still there");
    assert_eq!(visit.value("passphrase"), "", "but for the passphrase");
    visit.type_into("passphrase", &format!("{PASSPHRASE}{ENTER}"));
    visit.says(".mast .me", "林静禾");
    assert_eq!(visit.path(), "/visits", "it goes on where it was wanted");
    visit.click(".mast form button");
    visit.says("h1", "登录");
    visit.go("/visits");
    assert!(visit.path().starts_with("/login"), "who left is out");
}

const GIST: &str = "老码头下游护坡又塌了一段，约五十米";
const NAME: &str = "欧阳问雪";
const PHONE: &str = "13900000016";

pub(super) fn registering(scene: &mut Scene) {
    let county = scene.sign_in("county", "ye", Screen::DESK);
    county.go("/visits");
    county.mark();
    let figures = (county.words("h1"), county.words("#totals tfoot"));
    let station = scene.sign_in("shiqiao", "lin", Screen::DESK);
    station.type_into("gist", GIST);
    station.type_into("receiver", "罗定一");
    station.type_into("name", NAME);
    station.type_into("phone", PHONE);
    station.browser.chord(CONTROL, ENTER).unwrap();
    station.says(".note.good", "");
    station.mark();
    station.row_says(GIST, "已见证");
    station.was_not_reloaded();

    county.row_says(GIST, "已见证");
    let counted = "return ['h1', '#totals tfoot'].every((part, i) => document.querySelector(part).innerText !== arguments[i])";
    let before = [figures.0.as_str(), figures.1.as_str()];
    county
        .browser
        .until("a title and totals that count it", SOON, counted, &before)
        .unwrap();
    county.was_not_reloaded();
    let open = |visit: &Visit| {
        let link = "const row = [...document.querySelectorAll('#visits tbody a')].find(a => \
                    a.innerText.includes(arguments[0])); return row.getAttribute('href')";
        let href = visit.browser.run(link, &[GIST]).unwrap();
        let list = visit.everything();
        visit.go(href.as_str().unwrap());
        visit.says("h1", "");
        list + &visit.everything()
    };
    let seen = open(&county);
    for secret in [NAME, PHONE] {
        assert!(!seen.contains(secret), "{secret} got to the county");
    }
    assert!(county.words(".private").contains("枫渡镇"), "it says whom to ask");
    let seen = open(&station);
    for own in [NAME, PHONE] {
        assert!(seen.contains(own), "the station keeps {own}");
    }
}

pub(super) fn phone_in_gist(scene: &mut Scene) {
    let mut visit = scene.sign_in("shiqiao", "lin", Screen::DESK);
    visit.expected.push("422");
    let gist = "护坡塌了，找住户可打 139 0000 0016";
    visit.type_into("gist", gist);
    visit.type_into("receiver", "罗定一");
    visit.type_into("name", "闻人听雨");
    visit.type_into("address", "石桥村二组");
    visit.browser.chord(CONTROL, ENTER).unwrap();
    visit.says("#gist-error", "手机号");
    assert_eq!(visit.count("[aria-invalid=true]"), 1);
    assert_eq!(
        visit.count("#gist[aria-invalid=true][aria-describedby=gist-error]"),
        1
    );
    for (id, typed) in [
        ("gist", gist),
        ("receiver", "罗定一"),
        ("name", "闻人听雨"),
        ("address", "石桥村二组"),
    ] {
        assert_eq!(visit.value(id), typed, "{id} is as it was typed");
    }
    assert_eq!(
        visit
            .browser
            .run("return document.activeElement.id", &[])
            .unwrap(),
        "gist",
        "where one mends it"
    );
    visit.go("/visits?q=%E6%89%BE%E4%BD%8F%E6%88%B7%E5%8F%AF%E6%89%93");
    assert_eq!(visit.count("#visits tbody tr"), 0, "nothing was written");
}

pub(super) fn searching(scene: &mut Scene) {
    let visit = scene.sign_in("county", "ye", Screen::DESK);
    visit.go("/visits");
    let all = visit.words("h1");
    visit.type_into("q", &format!("护坡{ENTER}"));
    visit
        .browser
        .until("the answer", SOON, "return location.search.includes('q=')", &[])
        .unwrap();
    visit.says("#visits tbody", "护坡");
    let found = visit.count("#visits tbody tr");
    assert!(found > 0);
    let script = "return [...document.querySelectorAll('#visits tbody .lead')].every(cell => \
                  cell.innerText.includes('护坡'))";
    assert_eq!(visit.browser.run(script, &[]).unwrap(), true);
    assert_ne!(visit.words("h1"), all);
    assert_eq!(visit.value("q"), "护坡");
}

pub(super) fn proving(scene: &mut Scene) {
    let visit = scene.sign_in("county", "zhou", Screen::DESK);
    visit.go("/visits");
    visit.click("#visits tbody tr:last-child .lead a");
    visit.says("h1", "");
    assert_eq!(visit.count("#proof"), 0);
    visit.click("a.pm[aria-expanded=false]");
    visit.says("#proof", "签名与内容相符");
    for (part, text) in [
        ("#proof .say", "身份签名，内容没有改动过"),
        ("#proof .say", "上级节点已见证"),
        ("#proof .checks", "规定的上级已见证"),
        ("#proof .chain", "创始声明"),
        ("#proof table", "规定的上级"),
    ] {
        assert!(visit.words(part).contains(text), "{part}: {}", visit.words(part));
    }
    assert!(
        visit.count("#proof .chain li") >= 4,
        "clerk, station, township, county, root"
    );
    assert_eq!(visit.count("#proof .checks .no"), 0);
    assert!(visit.words("#proof .prints dd.mono").len() >= 16);
    assert_eq!(
        visit.count(".tl > li:has(#proof) time"),
        2,
        "happened and recorded; the mark has witnessed"
    );

    visit.click("#proof a[download]");
    let bundle = visit.browser.downloaded(SOON).unwrap();
    let founding: PathBuf = scene.prefecture.node("county").join("founding.cose");
    let verify = || {
        let mut command = Command::new(audit().unwrap());
        command
            .arg("verify")
            .arg(&bundle)
            .arg("--root")
            .arg(&founding)
            .args(["--lang", "zh"]);
        command.output().unwrap()
    };
    let verdict = verify();
    assert!(
        verdict.status.success(),
        "{}",
        String::from_utf8_lossy(&verdict.stderr)
    );
    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    assert_eq!(verify().status.code(), Some(1), "a flipped bit is noticed");

    visit.click(".tl a.xs");
    visit
        .browser
        .until(
            "a closed panel",
            SOON,
            "return !document.getElementById('proof')",
            &[],
        )
        .unwrap();
}
