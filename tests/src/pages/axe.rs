//! Every page as axe-core sees it: what keeps somebody out (its levels serious and critical) is on none of them, in any theme.

use serde_json::{Value, json};

use super::visit::{Scene, Visit, first_link};
use super::whole::first_record;
use crate::browser::Screen;
use crate::root;

/// The rules of WCAG 2.2 A and AA, and what is good practice; what is merely moderate is left to eyes.
const LOOK: &str = r#"
const options = { resultTypes: ["violations"] };
options.runOnly = arguments[0] === "all"
  ? { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }
  : { type: "rule", values: arguments[0].split(" ") };
return axe.run(document, options).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
    `${id}: ${html.slice(0, 140)} ${failureSummary.split("\n").at(-1).trim().slice(0, 160)}`)));
"#;

const LIGHT: (&str, &str) = ("theme=light&type=normal&contrast=system", "all");
const DARK: (&str, &str) = ("theme=dark&type=normal&contrast=system", "color-contrast");
const LARGE: (&str, &str) = ("theme=light&type=large&contrast=system", "target-size");
/// How pages are looked at, with the rules that a look may break: themes differ in nothing but colours, large type in the room
/// that there is. Every theme is shown at the place that has the most pages.
const LOOKS: [(&str, &str); 5] = [
    LIGHT,
    DARK,
    ("theme=light&type=normal&contrast=more", "color-contrast"),
    ("theme=dark&type=normal&contrast=more", "color-contrast"),
    LARGE,
];

pub(super) fn every_theme(scene: &mut Scene) {
    let axe = root().join("target/axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: run tests/axe/prepare, or tests/run install",
            axe.display()
        )
    });
    let mut wrong = Vec::new();
    for (place, login, screen, looks) in [
        ("shiqiao", "lin", Screen::DESK, &LOOKS[..]),
        ("county", "ye", Screen::DESK, &[LIGHT, DARK]),
        ("fengdu", "he", Screen::PHONE, &[LIGHT, LARGE]),
    ] {
        let mut visit = scene.sign_in(place, login, screen);
        let with_axe = json!({ "source": axe });
        visit
            .browser
            .tool("Page.addScriptToEvaluateOnNewDocument", &with_axe)
            .unwrap();
        visit.expected.push("404");
        let mut paths: Vec<String> = [
            "/",
            "/visits",
            "/activities",
            "/deputies",
            "/ledgers",
            "/ledgers/letters_visits",
            "/search?q=%E8%B7%AF",
            "/ledgers/letters_visits/book?year=2026",
            "/settings",
            "/settings/deadline.second_reply",
            "/settings/template.eight_haves",
            "/definitions",
            "/appointments",
            "/org-changes",
            "/org-changes/new?kind=split",
            "/network",
            "/marks",
            "/contested",
            "/conflicts",
            "/retention",
            "/access",
            "/held",
            "/forks",
            "/join",
            "/verify",
            "/nowhere",
        ]
        .map(str::to_owned)
        .into();
        visit.go("/appointments");
        paths.push(first_link(&visit, "tbody a"));
        if visit.count("a[href='/invitations']") > 0 {
            paths.push("/invitations".to_owned());
        }
        paths.extend(first_record(&visit));
        if login == "lin" {
            let forms = [
                "/ledgers/letters_visits/new",
                "/ledgers/deputy_roster/new",
                "/ledgers/letters_visits/import",
            ];
            paths.extend(forms.map(str::to_owned));
        }
        // What is invented is looked at once; every part is among it on one page, which every theme shows.
        let invented = if place == "shiqiao" {
            invented(&visit)
        } else {
            Vec::new()
        };
        for (nth, (look, rules)) in looks.iter().enumerate() {
            visit.go(&format!("/preferences?{look}&back=/"));
            let once = if nth == 0 { &invented[..] } else { &[] };
            for path in paths
                .iter()
                .map(String::as_str)
                .chain(["/look"])
                .chain(once.iter().map(String::as_str))
            {
                visit.go(path);
                let found = visit.browser.run(LOOK, &[rules]).unwrap();
                let things = found.as_array().into_iter().flatten().filter_map(Value::as_str);
                wrong.extend(things.map(|thing| format!("{path} {login} {look}: {thing}")));
            }
        }
        visit.go("/preferences?theme=system&type=normal&contrast=system&back=/");
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} things: {wrong:#?}", wrong.len());
}

/// The pages with invented data, which programs built for development have.
fn invented(visit: &Visit) -> Vec<String> {
    visit.go("/look");
    let script =
        "return [...document.querySelectorAll('a[href^=\"/look/\"]')].map(link => link.getAttribute('href'))";
    let found = visit.browser.run(script, &[]).unwrap();
    let links = found.as_array().into_iter().flatten().filter_map(Value::as_str);
    let links: Vec<String> = links.map(str::to_owned).collect();
    assert!(links.len() > 20, "{links:?}");
    links
}
