//! What comes out of a printer: the pages that people keep in files, and the auditor's report.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::SOON;
use super::verifying::{bundles, open};
use super::visit::{Scene, first_link};
use crate::browser::{Browser, Screen};
use crate::prefecture::audit;

/// CSS pixels between the margins of A4 upright: 176 of 210 mm.
const A4: u32 = 665;

/// What must hold of a page on paper; a list of what does not.
const ON_PAPER: &str = r#"
const wrong = [], width = Number(arguments[0]);
const at = (element) => element.outerHTML.slice(0, 120).replace(/\s+/g, " ");
const shown = (element) => element.checkVisibility({ visibilityProperty: true });
for (const element of document.querySelectorAll("nav:not(.pager), .rail, body > footer, .skip, button, input:not([type=hidden]), select, textarea, .btn"))
  if (shown(element)) wrong.push("of no use on paper: " + at(element));
for (const table of document.querySelectorAll("table"))
  if (table.tHead && shown(table) && !shown(table.tHead)) wrong.push("a table without its head: " + at(table));
for (const element of document.querySelectorAll("body, body *")) {
  if (!shown(element) || element.closest(".vh, svg")) continue;
  const edge = element.getBoundingClientRect(), style = getComputedStyle(element);
  if (edge.width > 0 && (edge.right > width + 1 || edge.left < -1)) wrong.push("beyond the edge: " + at(element));
  if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && style.overflowX !== "visible")
    wrong.push("cut: " + at(element));
  const [red, green, blue, alpha = 1] = style.backgroundColor.match(/[\d.]+/g).map(Number);
  if (alpha > 0 && Math.min(red, green, blue) < 250 && edge.width > 24) wrong.push("a dark ground: " + at(element));
  const ink = style.color.match(/[\d.]+/g).map(Number);
  if (Math.max(...ink.slice(0, 3)) > 110 && element.childElementCount === 0 && element.textContent.trim() && !element.closest(".seal"))
    wrong.push("pale ink: " + at(element));
}
for (const head of document.querySelectorAll("h1, h2, h3, .bar"))
  if (shown(head) && !getComputedStyle(head.closest(".bar") ?? head).breakAfter.startsWith("avoid") && !head.closest(".answer, .head, .title"))
    wrong.push("a heading may part from what it heads: " + at(head));
return wrong;
"#;

pub(super) fn on_paper(browser: &Browser, name: &str, wrong: &mut Vec<String>) {
    browser.on_paper(A4).unwrap();
    let found = browser.run(ON_PAPER, &[&A4.to_string()]).unwrap();
    let things = found.as_array().into_iter().flatten().filter_map(Value::as_str);
    wrong.extend(things.take(5).map(|thing| format!("{name}: {thing}")));
    let printed = browser.printed().unwrap();
    assert!(printed.starts_with(b"%PDF-"), "{name} is printed");
    browser.on_screen().unwrap();
}

pub(super) fn printing(scene: &mut Scene) {
    let mut wrong = Vec::new();
    let dir = tempfile::tempdir().unwrap();
    let (good, broken) = bundles(scene, dir.path());
    let visit = scene.sign_in("county", "ye", Screen::DESK);
    for look in ["lang=zh&theme=dark&type=normal", "lang=en&theme=light&type=large"] {
        visit.go(&format!("/preferences?{look}&back=/appointments"));
        let post = first_link(&visit, "tbody a");
        visit.go("/visits");
        let record = first_link(&visit, "#visits tbody a.pm");
        for path in [
            "/appointments",
            "/appointments?state=in_force",
            &post,
            "/visits",
            &record,
            "/network",
        ] {
            visit.go(path);
            on_paper(&visit.browser, &format!("{path} {look}"), &mut wrong);
        }
        visit.browser.on_paper(A4).unwrap();
        let printed = visit.words(".printed");
        assert!(
            printed.contains("/network") && printed.contains("20"),
            "a print says of what and when: {printed}"
        );
        visit.browser.on_screen().unwrap();
    }
    let checked = open(scene, "/verify", Screen::DESK);
    for bundle in [&good, &broken] {
        checked.browser.choose("#bundle", bundle).unwrap();
        checked.says("#result .note", "");
        on_paper(&checked.browser, "/verify", &mut wrong);
        checked.browser.on_paper(A4).unwrap();
        let told = checked.words("#result");
        assert!(
            told.contains("SHA-256"),
            "a print names the file it is about: {told}"
        );
        assert!(!checked.words("main").contains("选择证据包"));
        checked.browser.on_screen().unwrap();
    }
    report(scene, &good, dir.path(), &mut wrong);
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} things: {wrong:#?}", wrong.len());
}

/// The page that the auditor's program writes.
fn report(scene: &Scene, bundle: &Path, dir: &Path, wrong: &mut Vec<String>) {
    let page = dir.join("report.html");
    let done = Command::new(audit().unwrap())
        .arg("verify")
        .arg(bundle)
        .arg("--root")
        .arg(scene.prefecture.node("shiqiao").join("founding.cose"))
        .arg("--html")
        .arg(&page)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let browser = scene.driver.open(Screen::DESK).unwrap();
    browser.go(&format!("file://{}", page.display())).unwrap();
    browser.until_says("h1", "核验报告", SOON).unwrap();
    on_paper(&browser, "the auditor's report", wrong);
}
