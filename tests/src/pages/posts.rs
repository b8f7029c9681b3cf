//! Who holds what: renewing, revoking and adopting from the pages, with the keyboard.

use std::process::Command;

use super::SOON;
use super::visit::{Scene, Visit};
use crate::browser::{CONTROL, ENTER, Screen};
use crate::prefecture::{PASSPHRASE, lianzhan};

/// Appoints somebody at a node that runs, as its administrator does at a terminal.
fn appoint(scene: &Scene, place: &str, login: &str, name: &str, roles: &[&str], until: &str) {
    let mut command = Command::new(lianzhan().unwrap());
    command
        .args(["appoint", login, "--name", name, "--until", until, "--dir"])
        .arg(scene.prefecture.node(place))
        .env("LIANZHAN_PASSPHRASE", PASSPHRASE)
        .env("LIANZHAN_PERSON_PASSPHRASE", PASSPHRASE);
    for role in roles {
        command.args(["--role", role]);
    }
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// The day so many days from now.
fn day(visit: &Visit, days: u32) -> String {
    let script = "return new Date(Date.now() + arguments[0] * 864e5).toISOString().slice(0, 10)";
    let day = visit.browser.run(script, &[&days.to_string()]).unwrap();
    day.as_str().unwrap().to_owned()
}

/// Puts a value into a field that no two browsers take from the keyboard alike.
fn set(visit: &Visit, id: &str, value: &str) {
    let script = "document.getElementById(arguments[0]).value = arguments[1]";
    visit.browser.run(script, &[id, value]).unwrap();
}

pub(super) fn renewing(scene: &mut Scene) {
    let mut visit = scene.sign_in("fengdu", "he", Screen::DESK);
    visit.expected.push("422");
    assert_eq!(visit.count(".news"), 0);
    appoint(scene, "fengdu", "bai", "白露", &["organiser"], &day(&visit, 20));
    visit.go("/");
    visit.says(".news", "白露（组织者）");
    visit.click(".news a");
    visit.says("h1", "白露，枫渡镇组织者");
    assert!(visit.words(".chain").contains("创始声明"));
    assert!(
        visit.count(".chain li") == 4,
        "the person, the township, the county and the root"
    );
    let until = day(&visit, 300);
    set(&visit, "until", &until);
    visit.type_into("passphrase", &format!("not the passphrase{ENTER}"));
    visit.says("#passphrase-error", "机构口令不对");
    assert_eq!(visit.value("until"), until, "what was typed is still there");
    assert_eq!(visit.value("passphrase"), "", "but for the passphrase");
    visit.type_into("passphrase", PASSPHRASE);
    visit.browser.chord(CONTROL, ENTER).unwrap();
    visit.says(".note.good", "已续任");
    visit.go("/");
    assert_eq!(visit.count(".news"), 0, "nothing ends soon any more");
    visit.go("/appointments");
    assert!(visit.words(".past summary").contains("以往的 1 项"));
    visit.type_into("q", &format!("白露{ENTER}"));
    visit.says("h1", "找到 2 项任命");
    let rows = visit.words("tbody");
    assert!(rows.contains("已续任") && rows.contains("有效"), "{rows}");

    let tree = scene.sign_in("county", "ye", Screen::PHONE);
    tree.go("/appointments");
    tree.click(".tree a[href*='org=']:not([aria-current])");
    tree.says("h1", "任命");
    assert_eq!(tree.count(".tree .chosen"), 1);
}

pub(super) fn revoking(scene: &mut Scene) {
    let head = scene.sign_in("shiqiao", "lin", Screen::DESK);
    let until = day(&head, 300);
    let roles = ["station_liaison", "opinion_liaison"];
    appoint(scene, "shiqiao", "wen", "闻人歌", &roles, &until);
    let clerk = scene.sign_in("shiqiao", "wen", Screen::DESK);
    for gist in ["被盗密钥签的第一件", "被盗密钥签的第二件"] {
        clerk.type_into("gist", gist);
        clerk.type_into("receiver", &format!("罗定一{ENTER}"));
        clerk.row_says(gist, "已见证");
    }

    head.go("/appointments");
    let script = "return [...document.querySelectorAll('tbody a')].find(a => a.innerText === '闻人歌').getAttribute('href')";
    let post = head.browser.run(script, &[]).unwrap();
    let post = post.as_str().unwrap().to_owned();
    head.go(&post);
    head.click("a[href$='/revoke']");
    head.says("h1", "撤销：闻人歌");
    assert_eq!(head.count("#passphrase"), 0, "nothing can be signed yet");
    head.click("input[name=ground][value=hard]");
    head.type_into("reason", "手提电脑失窃");
    head.browser.chord(CONTROL, ENTER).unwrap();
    head.says("#preview", "2 条待追认");
    assert!(head.words("#preview").contains("被盗密钥签的第一件"));
    assert_eq!(head.value("reason"), "手提电脑失窃");
    head.type_into("passphrase", &format!("{PASSPHRASE}{ENTER}"));
    head.says(".turn .big", "已撤销");
    assert!(head.words(".turn").contains("手提电脑失窃"));

    clerk.go("/");
    clerk.says(".news", "您的任命已由石桥站于");
    head.go("/visits");
    let gone = "if (!document.querySelector('#visits').innerText.includes('被盗密钥签的')) return true; \
                location.reload(); return false";
    head.browser
        .until("a list without what does not count", SOON, gone, &[])
        .unwrap();
    adopting(&head);
    // The county hears of all of it.
    let county = scene.sign_in("county", "ye", Screen::DESK);
    listed(&county, "被盗密钥签的第一件");
    county.go("/appointments?state=revoked");
    county.says("tbody", "闻人歌");
}

fn adopting(head: &Visit) {
    head.go("/contested");
    let waits = "if (document.querySelector('main').innerText.includes('第一件')) return true; \
                 location.reload(); return false";
    head.browser.until("what waits", SOON, waits, &[]).unwrap();
    let script = "const one = [...document.querySelectorAll('.rows > li')].find(li => li.innerText.includes('第一件')); \
                  one.querySelector('input').click(); return one.querySelector('.tag')?.innerText ?? ''";
    assert_eq!(head.browser.run(script, &[]).unwrap(), "您同职务");
    head.click("form.listing button.main");
    head.says("h1", "追认 1 项");
    assert!(head.words("main").contains("以本人职务追认"));
    assert_eq!(head.count("#passphrase"), 1, "or in the name of the org");
    head.type_into("passphrase", &format!("{PASSPHRASE}{ENTER}"));
    head.says(".note.good", "已追认 1 项");
    listed(head, "被盗密钥签的第一件");
}

/// Waits until the list has a visit.
fn listed(visit: &Visit, gist: &str) {
    visit.go("/visits");
    let there = "if (document.querySelector('#visits').innerText.includes(arguments[0])) return true; \
                 location.reload(); return false";
    visit.browser.until(gist, SOON, there, &[gist]).unwrap();
}
