//! A joint activity that is sealed, and what comes after the seals.

use super::SOON;
use super::invitations::keep;
use super::recorded::choose_scan;
use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{ENTER, Screen};

/// Opens the joint activity.
pub(super) fn to_joint(visit: &Visit) {
    visit.go("/activities");
    let script = "const row = [...document.querySelectorAll('tbody tr')].find(row => row.innerText.includes('联合视察')); \
                  return row?.querySelector('a').getAttribute('href') ?? null";
    let href = visit.browser.run(script, &[]).unwrap();
    visit.go(href.as_str().expect("the joint activity is listed"));
    visit.says("h1", "石桥河流域水环境联合视察");
}

pub(super) fn joint_activity(scene: &mut Scene) {
    let township = scene.sign_in("fengdu", "he", Screen::DESK);
    to_joint(&township);
    assert_eq!(township.count(".seal"), 4);
    assert_eq!(township.count(".seal.wait"), 0);
    assert!(
        township.words("#seals").contains("4 枚印封的是同一份内容"),
        "{}",
        township.words("#seals")
    );
    assert!(
        township.words("#participants").contains("实到 4 人"),
        "{}",
        township.words("#participants")
    );
    let lines = township.count(".log > li");
    township.mark();

    let station = scene.sign_in("shiqiao", "luo", Screen::PHONE);
    to_joint(&station);
    let said = "补记：老码头断面三月氨氮超标一次，请县里说明";
    station.type_into("text", &format!("{said}{ENTER}"));
    station.says("#log", said);

    let script = "const line = document.querySelector('.log > li'); \
                  return line.innerText.includes(arguments[0]) && line.innerText.includes('印后')";
    for visit in [&township, &station] {
        visit
            .browser
            .until("the new line on top, after the seals", SOON, script, &[said])
            .unwrap();
    }
    township.was_not_reloaded();
    assert_eq!(township.count(".log > li"), lines + 1);
    township.says(".log > li:first-child", "已见证");
    township.says("#seals", "4 枚印封的是同一份内容");
    assert_eq!(township.count(".seal.wait"), 0, "a later line breaks no seal");
}

/// A deputy who has no key signed the list in the hall: the officer records it, and it is counted apart.
pub(super) fn signing_in_on_paper(scene: &mut Scene) {
    let mut wrong = Vec::new();
    for (screen, name) in [(Screen::DESK, "石守望"), (Screen::PHONE, "水长流")] {
        let township = scene.sign_in("fengdu", "he", screen);
        to_joint(&township);
        township.click(".paper summary");
        check(&township, "the form of a sign-in on paper", &mut wrong);
        keep(&township, "sign-in-form");
        township.type_into("paper-name", name);
        township.type_into("paper-office", "枫渡镇人大代表");
        // The form that seals has a level, too.
        let level = "document.getElementById('paper-level').value = 'township'";
        township.browser.run(level, &[]).unwrap();
        choose_scan(&township);
        township.click(".paper button");
        township.says(".note.good", "已代录签到");
        township.says("#participants", name);
        township.says("#participants", "何见山代录");
        check(&township, "an activity with a sign-in on paper", &mut wrong);
        keep(&township, "sign-in-recorded");
        township.browser.on_paper(super::paper::A4).unwrap();
        let printed = township.browser.printed().unwrap();
        std::fs::write(super::invitations::pictures().join("sign-in-paper.pdf"), printed).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
