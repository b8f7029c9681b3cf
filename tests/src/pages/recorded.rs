//! Somebody without a key confirms on paper: the liaison records it with the scan, and the county sees it apart.

use super::SOON;
use super::invitations::keep;
use super::ledgers::choose;
use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};

const GIST: &str = "渡口台阶长青苔，老人上下滑倒过";

/// Chooses a scan as a person would from the dialog of the system, which no driver opens.
pub(super) fn choose_scan(visit: &Visit) {
    let script = "const files = new DataTransfer(); \
                  files.items.add(new File(['%PDF-1.7\\nsigned by hand'], 'paper.pdf', { type: 'application/pdf' })); \
                  document.getElementById('paper-file').files = files.files";
    visit.browser.run(script, &[]).unwrap();
}

fn send(visit: &Visit, id: &str) {
    visit.browser.tab_to(id).unwrap();
    visit.browser.chord(CONTROL, ENTER).unwrap();
}

pub(super) fn recording(scene: &mut Scene) {
    let mut wrong = Vec::new();
    let mut lin = scene.sign_in("shiqiao", "lin", Screen::PHONE);
    lin.expected.push("422");
    lin.go("/ledgers/letters_visits/new");
    lin.type_into("f:gist", GIST);
    choose(&lin, "f:channel", "home_visit");
    choose(&lin, "f:nature", "problem");
    lin.type_into("f:persons", "2");
    send(&lin, "f:gist");
    lin.says(".note.good", "已登记");
    let record = lin.path();

    // Somebody whom nobody knows here needs an office in words; what was typed stays.
    lin.click("#confirm .paper summary");
    check(&lin, "the form of a confirmation on paper", &mut wrong);
    lin.type_into("paper-name", "石守望");
    choose_scan(&lin);
    lin.click("#confirm .paper button");
    lin.says("#paper-office-error", "必须填写");
    assert_eq!(lin.value("paper-name"), "石守望");
    keep(&lin, "paper-refused");
    check(&lin, "a confirmation on paper that was refused", &mut wrong);
    lin.type_into("paper-office", "凤渡镇人大主席团成员");
    choose_scan(&lin);
    lin.click("#confirm .paper button");
    lin.says(".note.good", "已代录确认");
    for said in ["代录的确认 1 次", "石守望", "凭纸质", "林静禾"] {
        lin.says("#confirm", said);
    }
    lin.says("#timeline", "看扫描件");
    check(&lin, "a record that was confirmed on paper", &mut wrong);
    keep(&lin, "paper-recorded");

    // The county sees it apart from what was signed by key, and still may confirm.
    let ye = scene.sign_in("county", "ye", Screen::DESK);
    let script =
        "return fetch(arguments[0]).then(answer => answer.text()).then(body => body.includes(arguments[1]))";
    ye.browser
        .until("the record is at the county", SOON, script, &[&record, "石守望"])
        .unwrap();
    ye.go(&record);
    ye.says("#confirm", "代录的确认 1 次");
    check(&ye, "a record that was confirmed on paper, above", &mut wrong);
    assert_eq!(ye.count("#confirm .paper"), 0, "it is not the county's to record");
    ye.go("/ledgers/letters_visits?confirmed=recorded");
    ye.says("#rows", GIST);
    ye.go(&record);
    ye.click("#confirm .confirm button");
    ye.says("#confirm", "叶听澜");
    ye.says("#confirm", "代录的确认 1 次");
    keep(&ye, "paper-recorded");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
