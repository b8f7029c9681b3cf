//! Whoever has a keyboard and no mouse: through all main pages with Tab and Enter alone, a visit registered with nothing else,
//! and what was opened closed with Escape.

use super::SOON;
use super::visit::{Scene, Visit};
use crate::browser::{DOWN, ENTER, ESCAPE, RIGHT, Screen, TAB};
use crate::prefecture::PASSPHRASE;

/// The parts that a reader jumps between, and that nothing stands in the way of the document's own order.
const MARKED: &str = r#"
const wrong = [];
for (const part of ["body > header", "nav[aria-label]", "main", "body > footer", "main h1", "[role=status]"])
  if (!document.querySelector(part)) wrong.push("no " + part);
for (const out of document.querySelectorAll("[tabindex]")) if (out.tabIndex > 0) wrong.push("out of order: " + out.outerHTML.slice(0, 100));
for (const part of document.querySelectorAll("nav, section[aria-labelledby], [role=region]"))
  if (!part.getAttribute("aria-label") && !document.getElementById(part.getAttribute("aria-labelledby"))?.innerText.trim())
    wrong.push("without a name: " + part.outerHTML.slice(0, 100));
for (const part of document.querySelectorAll("[data-live]")) if (!part.id) wrong.push("cannot be announced: " + part.outerHTML.slice(0, 100));
return wrong;
"#;

pub(super) fn keyboard_alone(scene: &mut Scene) {
    let visit = scene.visit("shiqiao", Screen::DESK);
    visit.go("/login");
    // The entrance has the focus where one begins to type.
    visit
        .browser
        .press(&format!("lin{TAB}{PASSPHRASE}{ENTER}"))
        .unwrap();
    visit.says(".mast .me", "林静禾");
    skipping(&visit);
    visit.go("/");
    for (path, says) in [
        ("/visits", "来信来访"),
        ("/activities", "活动"),
        ("/deputies", "代表"),
        ("/ledgers", "台账"),
        ("/appointments", "任命"),
        ("/network", "联络网"),
        ("/", "今天"),
    ] {
        tab_onto(&visit, &format!(".rail a[href='{path}']"));
        visit.browser.press(&ENTER.to_string()).unwrap();
        let there = "return location.pathname === arguments[0] && !!document.querySelector('main h1')";
        visit.browser.until(path, SOON, there, &[path]).unwrap();
        assert!(visit.words(".rail [aria-current=page]").contains(says));
        let wrong = visit.browser.run(MARKED, &[]).unwrap();
        assert_eq!(wrong, serde_json::json!([]), "{path}");
    }
    registering(&visit);
    closing(scene);
}

/// The first Tab of a page offers to leave out what stands on every page.
fn skipping(visit: &Visit) {
    visit.go("/visits");
    visit.browser.press(&TAB.to_string()).unwrap();
    let seen = "const link = document.activeElement; \
                return link.matches('.skip') && link.getBoundingClientRect().top >= 0";
    assert_eq!(
        visit.browser.run(seen, &[]).unwrap(),
        true,
        "the way to the content is offered first"
    );
    visit.browser.press(&format!("{ENTER}{TAB}")).unwrap();
    let inside = "return document.querySelector('main').contains(document.activeElement)";
    assert_eq!(visit.browser.run(inside, &[]).unwrap(), true, "and leads there");
}

const GIST: &str = "村卫生室周三下午常无人，老人白跑一趟";

/// The main deed of a clerk, with Tab, arrows and Enter.
fn registering(visit: &Visit) {
    tab_onto(visit, "#gist");
    visit.browser.press(GIST).unwrap();
    visit.browser.press(&TAB.to_string()).unwrap();
    let channel = |expected: &str| {
        let script = "return document.activeElement.name + ' ' + document.activeElement.value";
        assert_eq!(
            visit.browser.run(script, &[]).unwrap(),
            format!("channel {expected}")
        );
    };
    channel("visit");
    visit.browser.press(&RIGHT.to_string().repeat(2)).unwrap();
    channel("phone");
    tab_onto(visit, "#receiver");
    visit.browser.press("罗定一").unwrap();
    tab_onto(visit, "#triage");
    visit.browser.press(&DOWN.to_string()).unwrap();
    tab_onto(visit, "#register button.main");
    visit.browser.press(&ENTER.to_string()).unwrap();
    visit.says(".note.good", "已登记");
    visit.row_says(GIST, "来电");
    tab_onto(visit, ".note.good a");
    visit.browser.press(&ENTER.to_string()).unwrap();
    visit.says(".matter", GIST);
    tab_onto(visit, "a.pm[aria-expanded=false]");
    visit.browser.press(&ENTER.to_string()).unwrap();
    visit.says("#proof", "签名与内容相符");
}

/// A form that was opened is closed by Escape, and the focus is where it was.
fn closing(scene: &Scene) {
    let visit = scene.sign_in("fengdu", "he", Screen::DESK);
    visit.go("/activities");
    tab_onto(&visit, ".open-form > summary");
    visit.browser.press(&ENTER.to_string()).unwrap();
    visit.type_into("topic", "春耕用水");
    visit.browser.press(&ESCAPE.to_string()).unwrap();
    let closed =
        "return !document.querySelector('.open-form').open && document.activeElement.matches('summary')";
    visit.browser.until("a closed form", SOON, closed, &[]).unwrap();
    visit.browser.press(&ENTER.to_string()).unwrap();
    assert_eq!(visit.value("topic"), "春耕用水", "what was typed is still there");
}

/// Goes on with Tab until the focus is on what a selector says.
fn tab_onto(visit: &Visit, selector: &str) {
    for _ in 0..120 {
        let on = visit.browser.run(
            "return document.activeElement?.matches(arguments[0]) ?? false",
            &[selector],
        );
        if on.unwrap() == true {
            return;
        }
        visit.browser.press(&TAB.to_string()).unwrap();
    }
    panic!("Tab does not lead to {selector} on {}", visit.path());
}
