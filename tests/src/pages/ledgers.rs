//! Any ledger: entered by its definition, kept while it is typed, found again, and kept through a kill.

use super::SOON;
use super::visit::{Scene, Visit};
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};

const GIST: &str = "水渠护栏断了三处，放学的孩子要绕路";
const HALF: &str = "老码头路面塌陷，写到一半";

/// Chooses a radio or an option by what it sends.
pub(super) fn choose(visit: &Visit, name: &str, value: &str) {
    let script = "const control = document.querySelector(`[name='${arguments[0]}'][value='${arguments[1]}']`) \
                  ?? document.querySelector(`select[name='${arguments[0]}']`); \
                  if (control.tagName === 'SELECT') { control.value = arguments[1]; } else { control.checked = true; } \
                  control.dispatchEvent(new Event('input', { bubbles: true }));";
    visit.browser.run(script, &[name, value]).unwrap();
}

pub(super) fn entering(scene: &mut Scene) {
    for screen in [Screen::DESK, Screen::PHONE] {
        let mut visit = scene.sign_in("shiqiao", "lin", screen);
        visit.expected.push("422");
        let mut wrong = Vec::new();
        visit.go("/ledgers");
        visit.says("h1", "台账");
        check(&visit, "/ledgers", &mut wrong);
        visit.click("a[href='/ledgers/letters_visits/new']");
        visit.says("h1", "登记：来信来访登记簿");
        check(&visit, "an empty form", &mut wrong);
        visit.type_into("f:gist", GIST);
        choose(&visit, "f:channel", "home_visit");
        choose(&visit, "f:nature", "problem");
        visit.type_into("f:persons", "2");
        visit.type_into("a:subject:name", "许知微");
        visit.says("#kept", "草稿已存");
        visit.click("button[value='keep']");
        visit.says(".note.good", "草稿");
        check(&visit, "a draft", &mut wrong);
        assert_eq!(visit.value("f:gist"), GIST);
        assert_eq!(visit.value("a:subject:name"), "许知微");
        visit.browser.tab_to("f:gist").unwrap();
        visit.browser.chord(CONTROL, ENTER).unwrap();
        visit.says(".note.good", "已登记");
        visit.says(".matter", GIST);
        assert!(visit.words(".private").contains("许知微"));
        check(&visit, "a record", &mut wrong);
        visit.click("a[href$='/edit']");
        visit.says("h1", "修改");
        check(&visit, "the form of a record", &mut wrong);
        choose(&visit, "f:triage", "answered_now");
        visit.browser.tab_to("f:gist").unwrap();
        visit.browser.chord(CONTROL, ENTER).unwrap();
        visit.says("#timeline", "分流");
        visit.go("/ledgers/letters_visits?f.triage=answered_now&sort=changed");
        visit.says("#rows", GIST);
        check(&visit, "a list", &mut wrong);
        visit.go("/ledgers/letters_visits?all=1");
        visit.says("#rows", GIST);
        visit.go("/ledgers/deputy_roster/new");
        visit.click("button[value='more:f:seats']");
        visit.says("#entry", "代表层级");
        check(&visit, "rows of a set", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// The machine is killed while somebody types; what they had typed is there when they come back.
pub(super) fn killed_while_typing(scene: &mut Scene) {
    // Where other stories ran before, it has ended.
    let _ = scene.prefecture.end_demo();
    scene.prefecture.run("shiqiao").unwrap();
    let link = {
        let mut visit = scene.sign_in("shiqiao", "lin", Screen::DESK);
        visit.expected.push("net::ERR");
        // Whoever was signed in is not, once it is back.
        visit.expected.push("401");
        visit.go("/ledgers/letters_visits/new");
        visit.type_into("f:gist", HALF);
        visit.says("#kept", "草稿已存");
        scene.prefecture.kill("shiqiao").unwrap();
        scene.prefecture.run("shiqiao").unwrap();
        let visit = scene.sign_in("shiqiao", "lin", Screen::DESK);
        visit.says(".typing", HALF);
        visit.click(".typing .rows a");
        visit
            .browser
            .until(
                "what was typed",
                SOON,
                "return document.getElementById('f:gist')?.value === arguments[0]",
                &[HALF],
            )
            .unwrap();
        visit.path()
    };
    let files = std::fs::read_dir(scene.prefecture.node("shiqiao")).unwrap();
    for file in files
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
    {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(HALF.len()).any(|part| part == HALF.as_bytes());
        assert!(!found, "{} holds what was typed", file.display());
    }
    assert!(link.contains("?draft="), "{link}");
    scene.prefecture.end("shiqiao").unwrap();
}
