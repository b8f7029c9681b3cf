//! Bundles of more than one record, downloaded from a page.

use std::process::Command;

use super::SOON;
use super::visit::Scene;
use crate::browser::Screen;
use crate::prefecture::audit;

pub(super) fn quarter(scene: &mut Scene) {
    let visit = scene.sign_in("shiqiao", "lin", Screen::DESK);
    visit.go("/visits");
    assert_eq!(visit.count("#bundle select"), 2);
    // The registers of the demo end in the year that they were written for.
    visit
        .browser
        .run(
            "document.getElementById('bundle-quarter').add(new Option('x', '2026Q3', true, true))",
            &[],
        )
        .unwrap();
    visit.click("#bundle button");
    let bundle = visit.browser.downloaded(SOON).unwrap();
    let founding = scene.prefecture.node("county").join("founding.cose");
    let mut command = Command::new(audit().unwrap());
    command
        .arg("verify")
        .arg(&bundle)
        .arg("--root")
        .arg(&founding)
        .args(["--lang", "zh"]);
    let verdict = command.output().unwrap();
    let said = String::from_utf8_lossy(&verdict.stdout).into_owned();
    assert!(
        verdict.status.success(),
        "{}",
        String::from_utf8_lossy(&verdict.stderr)
    );
    assert!(said.contains("条记录"), "{said}");
}
