//! The county merges a station into another: what follows is seen before it is signed, and old records are found with the
//! station that goes on.

use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};
use crate::prefecture::PASSPHRASE;

/// Chooses the option whose words begin so.
fn choose(visit: &Visit, id: &str, words: &str) {
    let script = "const select = document.getElementById(arguments[0]); \
                  const option = [...select.options].find(one => one.text.startsWith(arguments[1])); \
                  select.value = option.value; select.dispatchEvent(new Event('input', { bubbles: true }));";
    visit.browser.run(script, &[id, words]).unwrap();
}

/// Visits of a station, as the county's totals have them.
fn totals(visit: &Visit) -> String {
    visit.go("/visits");
    visit.words("main")
}

pub(super) fn merging(scene: &mut Scene) {
    let mut wrong = Vec::new();
    let office = scene.sign_in("county", "ye", Screen::DESK);
    assert!(
        totals(&office).contains("河湾"),
        "its visits stand under its name"
    );
    office.go("/appointments");
    office.click("a[href='/org-changes']");
    office.says("h1", "没有机构变更");
    check(&office, "/org-changes", &mut wrong);
    office.click("a[href='/org-changes/new']");
    office.says("h1", "办理机构变更");
    check(&office, "an empty change", &mut wrong);
    choose(&office, "org", "河湾站");
    choose(&office, "into", "云岭站");
    office.type_into("words", "澄政发〔2026〕12号");
    office.browser.chord(CONTROL, ENTER).unwrap();
    office.says("#preview", "原河湾站");
    office.says("#preview .spaces", "旧记录仍由");
    check(&office, "a preview of a change", &mut wrong);
    office.type_into("passphrase", PASSPHRASE);
    office.browser.chord(CONTROL, ENTER).unwrap();
    office.says(".note.good", "已签名");
    office.says("tbody", "河湾站并入云岭站");
    check(&office, "the list of changes", &mut wrong);

    office.go("/visits");
    let options = "return [...document.querySelectorAll('#station option')].map(one => one.text).join('|')";
    let options = office.browser.run(options, &[]).unwrap();
    let options = options.as_str().unwrap_or_default().to_owned();
    assert!(
        options.contains("云岭站") && !options.contains("河湾站"),
        "{options}"
    );
    choose(&office, "station", "云岭站");
    office.click(".filters button");
    office.says("#visits tbody", "云岭站（原河湾站）");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
