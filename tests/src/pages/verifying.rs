//! A bundle is checked at `/verify`, by whoever holds it, and goes nowhere.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::SOON;
use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{ENTER, Screen};

/// A bundle of a record that the county's list shows, and the same with one bit of an entry turned.
pub(super) fn bundles(scene: &Scene, dir: &Path) -> (PathBuf, PathBuf) {
    let visit = scene.sign_in("county", "zhou", Screen::DESK);
    visit.go("/visits");
    visit.click("#visits tbody tr:last-child a.pm");
    visit.says("#proof", "");
    visit.click("#proof a[download]");
    let (whole, broken) = (dir.join("whole.tar"), dir.join("broken.tar"));
    let mut bytes = std::fs::read(visit.browser.downloaded(SOON).unwrap()).unwrap();
    std::fs::write(&whole, &bytes).unwrap();
    let name = b"entries/";
    let header = bytes.windows(name.len()).rposition(|part| part == name).unwrap();
    bytes[header + 512] ^= 1;
    std::fs::write(&broken, bytes).unwrap();
    (whole, broken)
}

/// Opens the page and waits until it has all that it needs.
pub(super) fn open(scene: &Scene, path: &str, screen: Screen) -> Visit {
    let visit = scene.visit("county", screen);
    visit.go(path);
    assert_eq!(
        visit.count("#unbuilt"),
        0,
        "the node was built without the verifier: tools/verify-wasm/build makes it, or tests/run wasm"
    );
    let script = "return !!document.querySelector('meta[http-equiv]')";
    visit.browser.until("the verifier", SOON, script, &[]).unwrap();
    visit
}

pub(super) fn verifying(scene: &mut Scene) {
    let dir = tempfile::tempdir().unwrap();
    let (whole, broken) = bundles(scene, dir.path());
    let mut visit = open(scene, "/verify", Screen::DESK);
    assert_eq!(visit.words("h1"), "核验证据包");
    assert!(visit.words(".foot").contains("核验证据包") && visit.count(".rail") == 0);
    let asked = visit.browser.requests().unwrap();
    assert!(
        asked
            .iter()
            .any(|url| url.contains("/verify/lianzhan_verify.wasm?v=")),
        "{asked:?}"
    );

    visit.browser.choose("#bundle", &whole).unwrap();
    visit.says("#result .note.good", "证据包成立");
    visit.says("#status", "证据包成立");
    for (part, text) in [
        ("#result .note", "1 条记录"),
        ("#result .kv", "whole.tar"),
        ("#result .kv", "澜州市 本节点给的"),
        ("#result .record .tag", "有效 1"),
        ("#result .record tbody", "任命："),
        ("#result .record tbody", "澄川县 ← 澜州市"),
        ("#result > .sec table", "前 "),
        ("#result > .sec:last-child", "离线无法得知"),
    ] {
        assert!(visit.words(part).contains(text), "{part}: {}", visit.words(part));
    }
    let focus = "return document.activeElement.dataset.slot ?? ''";
    assert_eq!(
        visit.browser.run(focus, &[]).unwrap(),
        "head",
        "a reader is led to the verdict"
    );

    visit.browser.choose("#bundle", &broken).unwrap();
    visit.says("#result .note.late", "不采信");
    let told = visit.words("#result .kv");
    assert!(
        told.contains("entries/") && told.contains("SHA-256 与清单不符"),
        "{told}"
    );
    assert_eq!(visit.count("#result .tag"), 0, "a refused bundle proves nothing");

    // Dropped, beside its place too, it is checked and not opened.
    for selector in ["#drop", ".foot"] {
        drop_file(&visit, selector, &whole);
        visit.says("#result .note.good", "证据包成立");
        visit.browser.choose("#bundle", &broken).unwrap();
        visit.says("#result .note.late", "");
    }
    assert_eq!(visit.path(), "/verify");

    // Nothing was asked for since, and nothing can be.
    assert_eq!(visit.browser.requests().unwrap(), Vec::<String>::new());
    visit.expected.extend(["Content Security Policy", "violates"]);
    let attempt = "return fetch('/login', { method: 'POST', body: 'x' }).then(() => 'sent', () => 'refused')";
    assert_eq!(visit.browser.run(attempt, &[]).unwrap(), "refused");
}

pub(super) fn choosing_what_to_trust(scene: &mut Scene) {
    let dir = tempfile::tempdir().unwrap();
    let (whole, _) = bundles(scene, dir.path());
    let visit = open(scene, "/verify?lang=en", Screen::DESK);
    let id = visit.words("#founding-id");
    assert_eq!(visit.words("h1"), "Check a bundle");
    assert_eq!(id.replace(' ', "").len(), 64);

    // The same statement from elsewhere, and something that is none.
    let founding = scene.prefecture.node("shiqiao").join("founding.cose");
    visit.browser.choose("#founding", &whole).unwrap();
    visit.says("#status", "no founding statement");
    assert_eq!(visit.words("#source"), "given by this node");
    visit.browser.choose("#founding", &founding).unwrap();
    visit.says("#source", "chosen by you");
    assert_eq!(
        (visit.words("#root"), visit.words("#founding-id")),
        ("Lanzhou Prefecture City".into(), id)
    );
    visit.browser.choose("#bundle", &whole).unwrap();
    visit.says("#result .note.good", "The bundle holds");
    visit.says("#result .record", "Appointed by");

    // Back to the node's own by keyboard alone, from the top of the page.
    visit.browser.run("document.activeElement.blur()", &[]).unwrap();
    visit.browser.tab_to("bundle").unwrap();
    visit.browser.tab_to("founding").unwrap();
    visit.browser.tab_to("own").unwrap();
    visit.browser.press(&ENTER.to_string()).unwrap();
    visit.says("#source", "given by this node");
    visit.says("#result .note.good", "The bundle holds");
}

pub(super) fn whole_on_every_screen(scene: &mut Scene) {
    let dir = tempfile::tempdir().unwrap();
    let (good, broken) = bundles(scene, dir.path());
    let mut wrong = Vec::new();
    for screen in [Screen::DESK, Screen::PHONE] {
        for lang in ["zh", "en"] {
            for size in ["normal", "large"] {
                let visit = scene.visit("county", screen);
                visit.go(&format!("/preferences?type={size}&back=/login"));
                drop(visit.browser.requests());
                visit.go(&format!("/verify?lang={lang}"));
                let ready = "return !!document.querySelector('meta[http-equiv]')";
                visit.browser.until("the verifier", SOON, ready, &[]).unwrap();
                for bundle in [&good, &broken] {
                    check(&visit, &format!("/verify {lang} {size}"), &mut wrong);
                    visit.browser.choose("#bundle", bundle).unwrap();
                    visit.says("#result .note", "");
                }
                check(&visit, &format!("/verify refused {lang} {size}"), &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Drops a file on the middle of an element, as a hand with a mouse does.
fn drop_file(visit: &Visit, selector: &str, file: &Path) {
    let script = "const place = document.querySelector(arguments[0]); place.scrollIntoView({ block: 'center' }); \
                  const edge = place.getBoundingClientRect(); \
                  return [edge.left + edge.width / 2, edge.top + edge.height / 2]";
    let at: Value = visit.browser.run(script, &[selector]).unwrap();
    for kind in ["dragEnter", "dragOver", "drop"] {
        let event = json!({
            "type": kind, "x": at[0], "y": at[1],
            "data": { "items": [], "files": [file], "dragOperationsMask": 1 },
        });
        visit.browser.tool("Input.dispatchDragEvent", &event).unwrap();
    }
}
