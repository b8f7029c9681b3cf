//! The county states a deadline and adds a ledger; its stations go by both without anybody restarting anything.

use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};

/// Chooses an option by what it sends.
fn choose(visit: &Visit, id: &str, value: &str) {
    let script = "const select = document.getElementById(arguments[0]); select.value = arguments[1]; \
                  select.dispatchEvent(new Event('input', { bubbles: true }));";
    visit.browser.run(script, &[id, value]).unwrap();
}

fn fill(visit: &Visit, id: &str, text: &str) {
    let script = "document.getElementById(arguments[0]).value = arguments[1];";
    visit.browser.run(script, &[id, text]).unwrap();
}

pub(super) fn stating(scene: &mut Scene) {
    let mut wrong = Vec::new();
    let office = scene.sign_in("county", "ye", Screen::DESK);
    office.go("/settings");
    office.says("h1", "本机构适用");
    check(&office, "/settings", &mut wrong);
    office.click("a[href='/settings/deadline.second_reply']");
    office.says("h1", "二次答复");
    check(&office, "a setting", &mut wrong);
    fill(&office, "value", "2");
    fill(&office, "from", "2026-01-01");
    office.type_into("basis", "县人大常委会主任会议决定");
    office.browser.chord(CONTROL, ENTER).unwrap();
    office.says("#preview", "起：2个月；此前：1个月");
    office.says("#preview .note.soon", "生效日期已过");
    check(&office, "a preview", &mut wrong);
    office.click("#preview button");
    office.says(".note.good", "已签名");
    office.says(".versions", "叶听澜");

    let clerk = scene.sign_in("shiqiao", "lin", Screen::PHONE);
    let applies = "return fetch('/settings/deadline.second_reply').then(page => page.text()).then(text => text.includes('叶听澜'))";
    clerk
        .browser
        .until("the station goes by it", super::SOON, applies, &[])
        .unwrap();
    clerk.go("/settings/deadline.second_reply");
    clerk.says("dl", "2个月");
    assert_eq!(clerk.count("#basis"), 0, "a station states nothing");
    check(&clerk, "a setting at a station", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

pub(super) fn adding(scene: &mut Scene) {
    let mut wrong = Vec::new();
    let office = scene.sign_in("county", "ye", Screen::DESK);
    office.go("/ledgers");
    office.click("a[href='/definitions']");
    office.says("h1", "县、市新增的台账和栏目");
    check(&office, "/definitions", &mut wrong);
    office.click("a[href='/definitions/new']");
    office.says("h1", "新增一本台账");
    check(&office, "an empty definition", &mut wrong);
    office.type_into("zh", "机井登记簿");
    office.type_into("en", "Wells");
    office.type_into("zh1", "地点");
    office.type_into("en1", "Place");
    choose(&office, "need1", "required");
    office.type_into("zh2", "井况");
    choose(&office, "kind2", "enum");
    office.type_into("options2", "旱井/dry；出水井/wet");
    office.type_into("basis", "县人大办公室通知");
    office.browser.chord(CONTROL, ENTER).unwrap();
    office.says("#preview", "出水井");
    check(&office, "the form that a definition comes to", &mut wrong);
    office.click("#preview form button");
    office.says(".note.good", "已签名");
    office.says("tbody", "机井登记簿");

    let clerk = scene.sign_in("shiqiao", "lin", Screen::PHONE);
    let has = "return fetch('/ledgers').then(page => page.text()).then(text => text.includes('机井登记簿'))";
    clerk
        .browser
        .until("the station has the ledger", super::SOON, has, &[])
        .unwrap();
    clerk.go("/ledgers");
    let link = "return [...document.querySelectorAll('.grouped a')].find(a => a.textContent.includes('机井登记簿')).getAttribute('href')";
    let list = clerk.browser.run(link, &[]).unwrap();
    let list = list.as_str().unwrap().to_owned();
    clerk.go(&format!("{list}/new"));
    clerk.says("h1", "登记：机井登记簿");
    clerk.type_into("f:place", "北坡组老井");
    check(&clerk, "the form of an added ledger", &mut wrong);
    clerk.browser.chord(CONTROL, ENTER).unwrap();
    clerk.says(".note.good", "已登记");

    let found =
        format!("return fetch('{list}').then(page => page.text()).then(text => text.includes('北坡组老井'))");
    office
        .browser
        .until("the county has the record", super::SOON, &found, &[])
        .unwrap();
    office.go(&list);
    office.says("#rows", "北坡组老井");
    check(&office, "the list of an added ledger", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
