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
pub(super) const A4: u32 = 665;

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
            "/org-changes",
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

/// A4 across, in points, as the printer is told.
const ACROSS: (f32, f32) = (842.0, 595.0);

/// What a PDF says of itself and on each of its pages, by programs of others (poppler).
fn read_pdf(pdf: &[u8], dir: &Path) -> (u64, (f32, f32), Vec<String>) {
    let path = dir.join("book.pdf");
    std::fs::write(&path, pdf).unwrap();
    let said = |program: &str, args: &[&str]| {
        let done = Command::new(program).args(args).arg(&path).arg("-").output();
        let done = done.unwrap_or_else(|error| panic!("{program}: {error}: run tests/run install"));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let about = Command::new("pdfinfo").arg(&path).output().unwrap();
    let about = String::from_utf8_lossy(&about.stdout).into_owned();
    let line = |name: &str| {
        let line = about.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {about}"))
            .trim()
            .to_owned()
    };
    let size = line("Page size:");
    let numbers: Vec<f32> = size.split(' ').filter_map(|word| word.parse().ok()).collect();
    let text = said("pdftotext", &["-layout"]);
    let pages = text
        .split('\u{c}')
        .map(str::to_owned)
        .filter(|page| !page.trim().is_empty());
    (
        line("Pages:").parse().unwrap(),
        (numbers[0], numbers[1]),
        pages.collect(),
    )
}

pub(super) fn books(scene: &mut Scene) {
    let dir = tempfile::tempdir().unwrap();
    let visit = scene.sign_in("shiqiao", "lin", Screen::DESK);
    for (path, before) in [
        ("/ledgers/letters_visits/book?year=2026", 0),
        ("/book?year=2026", 2),
    ] {
        visit.go(path);
        let sheets = visit.count(".sheet");
        assert!(sheets > before + 1, "{path}: {sheets}");
        let printed = visit.browser.printed().unwrap();
        let (pages, size, texts) = read_pdf(&printed, dir.path());
        assert_eq!(pages, sheets, "{path}: each sheet is one page");
        assert!(
            (size.0 - ACROSS.0).abs() < 1.0 && (size.1 - ACROSS.1).abs() < 1.0,
            "{path}: A4 across, not {size:?}"
        );
        let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        for (n, text) in texts.iter().enumerate().skip(usize::try_from(before).unwrap()) {
            let number = format!("第{}页，共{pages}页", n + 1);
            let text = plain(text);
            for words in [number.as_str(), "本页指纹", "盖章处", "990121103201"] {
                assert!(text.contains(words), "{path}, page {}: {words}: {text}", n + 1);
            }
            assert!(!text.contains("打印"), "{path}: what is pressed is not printed");
        }
    }
    visit.go("/book?year=2026");
    let cover = visit.words(".cover");
    assert!(cover.contains("2026") && cover.contains("石桥"), "{cover}");
    assert!(visit.words(".contents").contains("来信来访"));
}
