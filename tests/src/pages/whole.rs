//! What holds on every page, for keyboards, readers and phones, in both languages.

use serde_json::Value;

use super::activity::to_joint;
use super::visit::{Scene, Visit, first_link};
use crate::browser::{Screen, TAB};
use crate::prefecture::PASSPHRASE;

pub(super) fn english(scene: &mut Scene) {
    let visit = scene.sign_in("fengdu", "he", Screen::DESK);
    let lang = || {
        visit
            .browser
            .run("return document.documentElement.lang", &[])
            .unwrap()
    };
    visit.go("/visits?q=%E6%8A%A4%E5%9D%A1");
    assert_eq!(lang(), "zh-CN");
    assert!(visit.words(".rail").contains("来信来访"));
    visit.click(".mast a[lang=en]");
    visit.says(".rail", "Visits");
    assert_eq!(lang(), "en");
    assert_eq!(visit.path(), "/visits?q=%E6%8A%A4%E5%9D%A1", "on the same page");
    assert!(
        !visit
            .words(".rail")
            .chars()
            .any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c))
    );
    assert!(
        visit.words("#visits").contains("护坡"),
        "what people wrote stays as they wrote it"
    );
    visit.click(".mast a[lang=zh-CN]");
    visit.says(".rail", "来信来访");
    assert_eq!(lang(), "zh-CN");
}

/// What must hold on any page; a list of what does not.
const WHOLE: &str = r#"
const wrong = [], shown = (element) => element.checkVisibility({ visibilityProperty: true });
const at = (element) => element.outerHTML.slice(0, 120).replace(/\s+/g, " ");
if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
if (!document.title.trim() || document.title.startsWith(" ·")) wrong.push("no title: " + document.title);
for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
  if (![...control.labels].some((label) => label.innerText.trim() || !shown(control))) wrong.push("no label: " + at(control));
for (const press of document.querySelectorAll("a[href], button, summary"))
  if (!press.textContent.trim() && !press.getAttribute("aria-label")) wrong.push("no words: " + at(press));
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) wrong.push("twice: #" + id);
for (const named of document.querySelectorAll("[aria-labelledby], [aria-describedby]"))
  for (const id of ((named.getAttribute("aria-labelledby") ?? "") + " " + (named.getAttribute("aria-describedby") ?? "")).split(" "))
    if (id && !document.getElementById(id)) wrong.push("nothing has the id " + id);
let level = 0;
for (const head of document.querySelectorAll("main h1, main h2, main h3")) {
  const own = Number(head.tagName[1]);
  if (own > level + 1) wrong.push("a heading skips a level: " + at(head));
  level = own;
}
const width = Number(arguments[0]), root = document.documentElement;
if (root.scrollWidth > width) wrong.push(`${root.scrollWidth} px wide, not ${width}`);
for (const element of document.querySelectorAll("body *")) {
  if (!shown(element) || element.closest(".vh, .skip, svg, select, datalist, .scroll > *, .wide-table > *, .room > *")) continue;
  const edge = element.getBoundingClientRect();
  if (edge.width > 0 && (edge.right > width + 1 || edge.left < -1)) wrong.push("beyond the edge: " + at(element));
  const style = getComputedStyle(element);
  if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && style.overflowX === "hidden")
    wrong.push("cut: " + at(element));
}
return wrong;
"#;

/// From now on notes what gets the focus and does not show it, itself or in the sign beside it.
const WATCH_FOCUS: &str = r#"
window.unseen = [];
window.focused = 0;
const ring = (element) => {
  const style = element && getComputedStyle(element);
  return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
};
document.addEventListener("focusin", ({ target }) => {
  // After the last element the focus goes round through the browser; an element may be named before the page has it again.
  if (!document.hasFocus()) return;
  const seen = target.matches(".seg input") ? ring(target.nextElementSibling)
    : ring(target) && target.getBoundingClientRect().bottom > 0;
  window.focused += 1;
  if (!seen) window.unseen.push(target.outerHTML.slice(0, 120));
});
"#;

/// Pages that everybody may ask for.
const PATHS: [&str; 23] = [
    "/",
    "/ledgers",
    "/search?q=%E8%B7%AF",
    "/ledgers/letters_visits?sort=changed",
    "/settings",
    "/settings/calendar?part=2027",
    "/settings/template.eight_haves",
    "/definitions",
    "/visits",
    "/activities",
    "/deputies",
    "/network",
    "/appointments",
    "/appointments?state=in_force",
    "/org-changes",
    "/joint-spaces",
    "/contested",
    "/conflicts",
    "/retention",
    "/access",
    "/held",
    "/forks",
    "/nowhere",
];

pub(super) fn every_page(scene: &mut Scene) {
    let mut wrong = Vec::new();
    for (place, login) in [
        ("shiqiao", "lin"),
        ("shiqiao", "luo"),
        ("fengdu", "he"),
        ("county", "ye"),
    ] {
        for screen in [Screen::DESK, Screen::PHONE] {
            let mut visit = scene.visit(place, screen);
            visit.expected.push("404");
            visit.go("/login");
            check(&visit, "/login", &mut wrong);
            visit.enter(login, PASSPHRASE);
            visit.says(".mast .me", "");
            to_joint(&visit);
            let mut paths: Vec<String> = PATHS.map(str::to_owned).to_vec();
            paths.push(visit.path());
            visit.go("/appointments");
            let post = first_link(&visit, "tbody a");
            visit.go(&post);
            let revoke = visit.count("a[href$='/revoke']") > 0;
            paths.extend(revoke.then(|| format!("{post}/revoke?ground=hard&reason=x")));
            paths.push(post);
            if login == "ye" {
                paths.push("/org-changes/new?kind=move".to_owned());
            }
            if login == "lin" {
                paths
                    .extend(["/ledgers/deputy_roster/new", "/ledgers/letters_visits/new"].map(str::to_owned));
            }
            let [record, proof] = first_record(&visit);
            if login == "lin" {
                paths.extend(["erase", "anew"].map(|page| format!("{record}/{page}")));
            }
            paths.extend([record, proof]);
            // Words and sizes meet in all ways where room is scarce; at a desk each is seen once.
            let looks: &[(&str, &str)] = if screen.phone {
                &[
                    ("zh", "normal"),
                    ("zh", "large"),
                    ("en", "normal"),
                    ("en", "large"),
                ]
            } else {
                &[("zh", "normal"), ("en", "large")]
            };
            for (lang, size) in looks {
                visit.go(&format!("/preferences?lang={lang}&type={size}&back=/network"));
                for path in &paths {
                    visit.go(path);
                    check(&visit, &format!("{path} {login} {lang} {size}"), &mut wrong);
                }
            }
            visit.go("/preferences?lang=zh&type=normal&back=/");
            if screen == Screen::DESK {
                for path in &paths {
                    visit.go(path);
                    visit.browser.run(WATCH_FOCUS, &[]).unwrap();
                    visit.browser.press(&TAB.to_string().repeat(60)).unwrap();
                    let unseen = visit
                        .browser
                        .run("return [window.focused, ...window.unseen]", &[])
                        .unwrap();
                    let unseen = unseen.as_array().unwrap();
                    assert!(unseen[0].as_u64() > Some(10), "Tab goes through {path}");
                    for hidden in &unseen[1..] {
                        wrong.push(format!("{path} {login}: the focus is not seen on {hidden}"));
                    }
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} things: {wrong:#?}", wrong.len());
}

/// A visit and its proof.
pub(super) fn first_record(visit: &Visit) -> [String; 2] {
    visit.go("/visits");
    ["#visits tbody .lead a", "#visits tbody a.pm"].map(|part| first_link(visit, part))
}

pub(super) fn check(visit: &Visit, name: &str, wrong: &mut Vec<String>) {
    let Screen { width, .. } = visit.browser.screen();
    let found = visit.browser.run(WHOLE, &[&width.to_string()]).unwrap();
    for thing in found
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .take(5)
    {
        wrong.push(format!("{name} at {width} px: {thing}"));
    }
}
