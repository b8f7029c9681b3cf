//! One writes, a second confirms at another node, a third changes it; and two write different values at two nodes.

use super::SOON;
use super::ledgers::choose;
use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};

const GIST: &str = "桥头井盖松动，过车时翘起来";

/// Waits until a page of this node says something, wherever the browser stands.
#[track_caller]
fn tells(visit: &Visit, path: &str, text: &str, there: bool) {
    let script = "return fetch(arguments[0]).then(answer => answer.text()) \
                  .then(body => String(body.includes(arguments[1])) === arguments[2])";
    let what = format!("{path} says {text:?}: {there}");
    visit
        .browser
        .until(&what, SOON, script, &[path, text, &there.to_string()])
        .unwrap();
}

/// Sends a form by keyboard.
fn send(visit: &Visit, id: &str) {
    visit.browser.tab_to(id).unwrap();
    visit.browser.chord(CONTROL, ENTER).unwrap();
}

pub(super) fn confirming(scene: &mut Scene) {
    let mut wrong = Vec::new();
    let mut lin = scene.sign_in("shiqiao", "lin", Screen::DESK);
    lin.expected.push("404");
    lin.go("/ledgers/letters_visits/new");
    lin.type_into("f:gist", GIST);
    choose(&lin, "f:channel", "home_visit");
    choose(&lin, "f:nature", "problem");
    lin.type_into("f:persons", "2");
    send(&lin, "f:gist");
    lin.says(".note.good", "已登记");
    lin.says("#confirm", "你写过其中的内容");
    let record = lin.path();
    lin.mark();

    // A second confirms, at the county.
    let mut ye = scene.sign_in("county", "ye", Screen::PHONE);
    ye.expected.push("404");
    tells(&ye, &record, GIST, true);
    ye.go(&record);
    ye.says("#confirm", "未确认");
    check(&ye, "a record that may be confirmed", &mut wrong);
    ye.click("#confirm button");
    ye.says(".note.good", "已签名确认");
    ye.says("#confirm", "叶听澜");
    lin.says("#timeline", "确认全部内容");
    lin.was_not_reloaded();
    lin.go(&record);
    lin.says("#confirm", "已确认");
    check(&lin, "a confirmed record", &mut wrong);

    // A third changes it, and both are told.
    let luo = scene.sign_in("shiqiao", "luo", Screen::DESK);
    luo.go(&format!("{record}/edit"));
    choose(&luo, "f:nature", "suggestion");
    send(&luo, "f:gist");
    luo.says("#confirm", "确认后有改动");
    luo.says("#timeline", "→");
    tells(&ye, &record, "确认后有改动", true);
    ye.go("/ledgers/letters_visits?confirmed=changed");
    ye.says("#rows", GIST);

    // What was registered is corrected; the original stays.
    lin.go(&record);
    lin.click("#timeline a[href*='?event=']");
    lin.says("#event", "原文保留并划去");
    check(&lin, "the form of a correction", &mut wrong);
    lin.type_into("correct-reason", "没有这回事");
    lin.browser.tab_to("correct-reason").unwrap();
    lin.browser
        .run("document.querySelector('[name=take_back]').checked = true", &[])
        .unwrap();
    send(&lin, "correct-reason");
    lin.says(".note.good", "已更正");
    lin.says("#timeline", "林静禾 更正");
    tells(&ye, &record, "没有这回事", true);

    // Two change one field at two nodes, each before the other's change arrives.
    let zhou = scene.sign_in("county", "zhou", Screen::DESK);
    let edit = format!("{record}/edit");
    lin.go(&edit);
    zhou.go(&edit);
    choose(&lin, "f:triage", "petition");
    choose(&zhou, "f:triage", "hotline");
    send(&lin, "f:gist");
    send(&zhou, "f:gist");
    for visit in [&lin, &zhou] {
        tells(visit, "/conflicts", GIST, true);
        visit.go("/conflicts");
        visit.says("main", GIST);
        check(visit, "/conflicts", &mut wrong);
    }
    let script = "const form = [...document.querySelectorAll('main section')] \
                  .find(section => section.innerText.includes(arguments[0])).querySelector('form'); \
                  form.querySelector('input[type=radio]').checked = true; form.querySelector('button').focus()";
    zhou.browser.run(script, &[GIST]).unwrap();
    zhou.browser.press(&ENTER.to_string()).unwrap();
    zhou.says(".note.good", "已签名");
    for visit in [&lin, &zhou] {
        tells(visit, "/conflicts", GIST, false);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
