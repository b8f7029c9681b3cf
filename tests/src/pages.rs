//! The pages as people meet them: in a browser, on the nodes of a real demo. What is typed is typed on a keyboard, and what
//! arrives arrives without reload.

mod verifying;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::browser::{Browser, CONTROL, Driver, ENTER, Screen, TAB};
use crate::prefecture::{PASSPHRASE, Prefecture, audit};
use crate::process::{alone, measured};

/// What a page may take to show what another node did.
const SOON: Duration = Duration::from_secs(20);

type Story = fn(&mut Scene);

#[test]
fn the_pages_in_a_browser() {
    let _lane = alone();
    let dir = tempfile::tempdir().unwrap();
    let driver = Driver::start().unwrap();
    let began = Instant::now();
    let prefecture = Prefecture::demo(&dir.path().join("demo")).unwrap();
    let mut told = format!(
        "pages: the demo serves after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let mut scene = Scene { driver, prefecture };
    let stories: [(&str, Story); 12] = [
        ("a wrong passphrase is told, the right one leads on", entrance),
        (
            "a visit is registered by keyboard and arrives at the county without its person",
            registering,
        ),
        (
            "a phone number in the gist comes back with everything that was typed",
            phone_in_gist,
        ),
        ("a word of two characters is found", searching),
        (
            "a record shows its proof, and its bundle convinces an auditor",
            proving,
        ),
        (
            "a bundle is checked in the browser and goes nowhere",
            verifying::verifying,
        ),
        (
            "whoever checks chooses what to trust",
            verifying::choosing_what_to_trust,
        ),
        (
            "the verifier's page is whole on every screen",
            verifying::whole_on_every_screen,
        ),
        (
            "a joint activity is sealed, and what comes after is marked",
            joint_activity,
        ),
        ("the other language is one press away", english),
        (
            "every page is whole, for keyboards, readers and phones",
            every_page,
        ),
        (
            "a station alone registers, and is witnessed when the township is back",
            offline,
        ),
    ];
    let mut failed = Vec::new();
    for (name, story) in stories {
        let began = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| story(&mut scene)));
        told.push_str(&format!("\n  {:5.1} s  {name}", began.elapsed().as_secs_f64()));
        if done.is_err() {
            failed.push(name);
        }
    }
    measured(&told);
    assert!(
        failed.is_empty(),
        "{failed:#?}; pictures are in target/pages-failed"
    );
}

struct Scene {
    driver: Driver,
    prefecture: Prefecture,
}

impl Scene {
    /// A browser at the entrance of a node.
    fn visit(&self, place: &'static str, screen: Screen) -> Visit {
        let browser = self.driver.open(screen).unwrap();
        Visit {
            browser,
            base: self.prefecture.pages(place).unwrap(),
            place,
            expected: Vec::new(),
        }
    }

    /// A browser that is signed in.
    fn sign_in(&self, place: &'static str, login: &str, screen: Screen) -> Visit {
        let visit = self.visit(place, screen);
        visit.go("/");
        visit.enter(login, PASSPHRASE);
        visit.says(".mast .me", "");
        visit
    }
}

/// A person at a browser. When the visit ends nothing may have gone wrong behind the page.
struct Visit {
    browser: Browser,
    base: String,
    place: &'static str,
    /// Complaints that belong to the story.
    expected: Vec<&'static str>,
}

impl Visit {
    fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.base)).unwrap();
    }

    fn path(&self) -> String {
        let url = self.browser.url().unwrap();
        url.strip_prefix(&self.base).unwrap_or(&url).to_owned()
    }

    #[track_caller]
    fn says(&self, selector: &str, text: &str) {
        self.browser.until_says(selector, text, SOON).unwrap();
    }

    #[track_caller]
    fn words(&self, selector: &str) -> String {
        self.browser
            .words(selector)
            .unwrap()
            .unwrap_or_else(|| panic!("{selector} is on {}", self.path()))
    }

    fn count(&self, selector: &str) -> u64 {
        self.browser.count(selector).unwrap()
    }

    #[track_caller]
    fn click(&self, selector: &str) {
        self.browser.click(selector).unwrap();
    }

    fn type_into(&self, id: &str, text: &str) {
        self.browser.tab_to(id).unwrap();
        self.browser.press(text).unwrap();
    }

    fn value(&self, id: &str) -> String {
        let value = self
            .browser
            .run("return document.getElementById(arguments[0]).value", &[id])
            .unwrap();
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Fills the entrance and leaves it with Enter.
    fn enter(&self, login: &str, passphrase: &str) {
        self.type_into("name", login);
        self.type_into("passphrase", &format!("{passphrase}{ENTER}"));
    }

    /// Remembers that this very page was open.
    fn mark(&self) {
        self.browser.run("window.open_since = Date.now()", &[]).unwrap();
    }

    /// Asserts that it still is: what arrived meanwhile arrived without reload.
    #[track_caller]
    fn was_not_reloaded(&self) {
        assert!(
            self.browser.run("return window.open_since > 0", &[]).unwrap() == true,
            "{} was loaded again",
            self.path()
        );
    }

    /// Waits until the first row of the list says something.
    #[track_caller]
    fn row_says(&self, gist: &str, text: &str) {
        let script = "return [...document.querySelectorAll('#visits tbody tr')].some(row => \
                      row.innerText.includes(arguments[0]) && row.innerText.includes(arguments[1]))";
        let what = format!("a row with {gist:?} and {text:?}");
        self.browser.until(&what, SOON, script, &[gist, text]).unwrap();
    }

    /// Everything that this browser holds of the page: what stands there now, and what a reload would bring.
    fn everything(&self) -> String {
        let again = "return fetch(location.href).then(answer => answer.text())";
        let again = self.browser.run(again, &[]).unwrap();
        format!("{}{}", self.browser.source().unwrap(), again.as_str().unwrap())
    }

    /// Asserts that nothing was complained about and nobody else was asked for anything.
    fn was_clean(&self) {
        let complaints: Vec<String> = self
            .browser
            .complaints()
            .unwrap()
            .into_iter()
            .filter(|said| !self.expected.iter().any(|expected| said.contains(expected)))
            // A busy browser asks for the icon late, when /verify already refuses every request.
            .filter(|said| !(said.contains("/verify") && said.contains("/assets/favicon.svg")))
            .collect();
        assert!(complaints.is_empty(), "{}: {complaints:#?}", self.place);
        let foreign: Vec<String> = self
            .browser
            .requests()
            .unwrap()
            .into_iter()
            // The browser's own first page is inside it.
            .filter(|url| !["data:", "chrome:"].iter().any(|inside| url.starts_with(inside)))
            .filter(|url| !url.starts_with(&format!("{}/", self.base)))
            .collect();
        assert!(foreign.is_empty(), "{} asked others: {foreign:?}", self.place);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return self.was_clean();
        }
        let dir = crate::root().join("target/pages-failed");
        let kept = std::fs::create_dir_all(&dir)
            .map_err(anyhow::Error::from)
            .and_then(|()| self.browser.picture(1.0))
            .and_then(|png| Ok(std::fs::write(dir.join(format!("{}.png", self.place)), png)?))
            .and_then(|()| {
                Ok(std::fs::write(
                    dir.join(format!("{}.html", self.place)),
                    self.browser.source()?,
                )?)
            });
        eprintln!(
            "{} stood at {}; a picture: {kept:?}",
            self.place,
            self.browser.url().unwrap_or_default()
        );
    }
}

fn entrance(scene: &mut Scene) {
    let mut visit = scene.visit("shiqiao", Screen::DESK);
    visit.expected.push("401");
    visit.go("/visits");
    assert!(visit.path().starts_with("/login?back="), "{}", visit.path());
    assert_eq!(visit.words("h1"), "登录");
    visit.enter("lin", "lianzhan");
    visit.says(".note.late", "");
    assert_eq!(visit.value("name"), "lin", "what was typed is still there");
    assert_eq!(visit.value("passphrase"), "", "but for the passphrase");
    visit.type_into("passphrase", &format!("{PASSPHRASE}{ENTER}"));
    visit.says(".mast .me", "林静禾");
    assert_eq!(visit.path(), "/visits", "it goes on where it was wanted");
    visit.click(".mast form button");
    visit.says("h1", "登录");
    visit.go("/visits");
    assert!(visit.path().starts_with("/login"), "who left is out");
}

const GIST: &str = "老码头下游护坡又塌了一段，约五十米";
const NAME: &str = "欧阳问雪";
const PHONE: &str = "13900000016";

fn registering(scene: &mut Scene) {
    let county = scene.sign_in("county", "ye", Screen::DESK);
    county.go("/visits");
    county.mark();
    let figures = (county.words("h1"), county.words("#totals tfoot"));
    let station = scene.sign_in("shiqiao", "lin", Screen::DESK);
    station.type_into("gist", GIST);
    station.type_into("receiver", "罗定一");
    station.type_into("name", NAME);
    station.type_into("phone", PHONE);
    station.browser.chord(CONTROL, ENTER).unwrap();
    station.says(".note.good", "");
    station.mark();
    station.row_says(GIST, "已见证");
    station.was_not_reloaded();

    county.row_says(GIST, "已见证");
    let counted = "return ['h1', '#totals tfoot'].every((part, i) => document.querySelector(part).innerText !== arguments[i])";
    let before = [figures.0.as_str(), figures.1.as_str()];
    county
        .browser
        .until("a title and totals that count it", SOON, counted, &before)
        .unwrap();
    county.was_not_reloaded();
    let open = |visit: &Visit| {
        let link = "const row = [...document.querySelectorAll('#visits tbody a')].find(a => \
                    a.innerText.includes(arguments[0])); return row.getAttribute('href')";
        let href = visit.browser.run(link, &[GIST]).unwrap();
        let list = visit.everything();
        visit.go(href.as_str().unwrap());
        visit.says("h1", "");
        list + &visit.everything()
    };
    let seen = open(&county);
    for secret in [NAME, PHONE] {
        assert!(!seen.contains(secret), "{secret} got to the county");
    }
    assert!(county.words(".private").contains("枫渡镇"), "it says whom to ask");
    let seen = open(&station);
    for own in [NAME, PHONE] {
        assert!(seen.contains(own), "the station keeps {own}");
    }
}

fn phone_in_gist(scene: &mut Scene) {
    let mut visit = scene.sign_in("shiqiao", "lin", Screen::DESK);
    visit.expected.push("422");
    let gist = "护坡塌了，找住户可打 139 0000 0016";
    visit.type_into("gist", gist);
    visit.type_into("receiver", "罗定一");
    visit.type_into("name", "闻人听雨");
    visit.type_into("address", "石桥村二组");
    visit.browser.chord(CONTROL, ENTER).unwrap();
    visit.says("#gist-error", "手机号");
    assert_eq!(visit.count("[aria-invalid=true]"), 1);
    assert_eq!(
        visit.count("#gist[aria-invalid=true][aria-describedby=gist-error]"),
        1
    );
    for (id, typed) in [
        ("gist", gist),
        ("receiver", "罗定一"),
        ("name", "闻人听雨"),
        ("address", "石桥村二组"),
    ] {
        assert_eq!(visit.value(id), typed, "{id} is as it was typed");
    }
    assert_eq!(
        visit
            .browser
            .run("return document.activeElement.id", &[])
            .unwrap(),
        "gist",
        "where one mends it"
    );
    visit.go("/visits?q=%E6%89%BE%E4%BD%8F%E6%88%B7%E5%8F%AF%E6%89%93");
    assert_eq!(visit.count("#visits tbody tr"), 0, "nothing was written");
}

fn searching(scene: &mut Scene) {
    let visit = scene.sign_in("county", "ye", Screen::DESK);
    visit.go("/visits");
    let all = visit.words("h1");
    visit.type_into("q", &format!("护坡{ENTER}"));
    visit
        .browser
        .until("the answer", SOON, "return location.search.includes('q=')", &[])
        .unwrap();
    visit.says("#visits tbody", "护坡");
    let found = visit.count("#visits tbody tr");
    assert!(found > 0);
    let script = "return [...document.querySelectorAll('#visits tbody .lead')].every(cell => \
                  cell.innerText.includes('护坡'))";
    assert_eq!(visit.browser.run(script, &[]).unwrap(), true);
    assert_ne!(visit.words("h1"), all);
    assert_eq!(visit.value("q"), "护坡");
}

fn proving(scene: &mut Scene) {
    let visit = scene.sign_in("county", "zhou", Screen::DESK);
    visit.go("/visits");
    visit.click("#visits tbody tr:last-child .lead a");
    visit.says("h1", "");
    assert_eq!(visit.count("#proof"), 0);
    visit.click("a.pm[aria-expanded=false]");
    visit.says("#proof", "签名与内容相符");
    for (part, text) in [
        ("#proof .say", "身份签名，内容没有改动过"),
        ("#proof .say", "上级节点已见证"),
        ("#proof .checks", "规定的上级已见证"),
        ("#proof .chain", "创始声明"),
        ("#proof table", "规定的上级"),
    ] {
        assert!(visit.words(part).contains(text), "{part}: {}", visit.words(part));
    }
    assert!(
        visit.count("#proof .chain li") >= 4,
        "clerk, station, township, county, root"
    );
    assert_eq!(visit.count("#proof .checks .no"), 0);
    assert!(visit.words("#proof .prints dd.mono").len() >= 16);
    assert_eq!(
        visit.count(".tl > li:has(#proof) time"),
        2,
        "happened and recorded; the mark has witnessed"
    );

    visit.click("#proof a[download]");
    let bundle = visit.browser.downloaded(SOON).unwrap();
    let founding: PathBuf = scene.prefecture.node("county").join("founding.cose");
    let verify = || {
        let mut command = Command::new(audit().unwrap());
        command
            .arg("verify")
            .arg(&bundle)
            .arg("--root")
            .arg(&founding)
            .args(["--lang", "zh"]);
        command.output().unwrap()
    };
    let verdict = verify();
    assert!(
        verdict.status.success(),
        "{}",
        String::from_utf8_lossy(&verdict.stderr)
    );
    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    assert_eq!(verify().status.code(), Some(1), "a flipped bit is noticed");

    visit.click(".tl a.xs");
    visit
        .browser
        .until(
            "a closed panel",
            SOON,
            "return !document.getElementById('proof')",
            &[],
        )
        .unwrap();
}

/// Opens the joint activity.
fn to_joint(visit: &Visit) {
    visit.go("/activities");
    let script = "const row = [...document.querySelectorAll('tbody tr')].find(row => row.innerText.includes('联合视察')); \
                  return row?.querySelector('a').getAttribute('href') ?? null";
    let href = visit.browser.run(script, &[]).unwrap();
    visit.go(href.as_str().expect("the joint activity is listed"));
    visit.says("h1", "石桥河流域水环境联合视察");
}

fn joint_activity(scene: &mut Scene) {
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

fn english(scene: &mut Scene) {
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
  if (!shown(element) || element.closest(".vh, .skip, svg, select, datalist")) continue;
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
  const seen = target.matches(".seg input") ? ring(target.nextElementSibling)
    : ring(target) && target.getBoundingClientRect().bottom > 0;
  window.focused += 1;
  if (!seen) window.unseen.push(target.outerHTML.slice(0, 120));
});
"#;

fn every_page(scene: &mut Scene) {
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
            let mut paths: Vec<String> = ["/", "/visits", "/activities", "/deputies", "/network", "/nowhere"]
                .map(str::to_owned)
                .to_vec();
            paths.push(visit.path());
            visit.go("/visits");
            let link = |selector: &str| {
                let script = "return document.querySelector(arguments[0]).getAttribute('href')";
                visit
                    .browser
                    .run(script, &[selector])
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            paths.push(link("#visits tbody .lead a"));
            paths.push(link("#visits tbody a.pm"));
            for lang in ["zh", "en"] {
                for size in ["normal", "large"] {
                    visit.go(&format!("/preferences?lang={lang}&type={size}&back=/network"));
                    for path in &paths {
                        visit.go(path);
                        check(&visit, &format!("{path} {login} {lang} {size}"), &mut wrong);
                    }
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

fn check(visit: &Visit, name: &str, wrong: &mut Vec<String>) {
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

fn offline(scene: &mut Scene) {
    let gist = "停电那天登记的：北坡组路灯坏了十一盏";
    scene.prefecture.end_demo().unwrap();
    scene.prefecture.run("shiqiao").unwrap();
    {
        let mut station = scene.sign_in("shiqiao", "lin", Screen::DESK);
        station.expected.push("net::ERR");
        station.says("#strip", "没有网络");
        station.type_into("gist", gist);
        station.type_into("receiver", &format!("罗定一{ENTER}"));
        station.row_says(gist, "待见证");
        station.says("#strip", "1");
        station.mark();
        scene.prefecture.run("fengdu").unwrap();
        scene.prefecture.run("county").unwrap();
        let county = scene.sign_in("county", "ye", Screen::PHONE);
        county.go("/visits");
        county.row_says(gist, "已见证");
        station.row_says(gist, "已见证");
        station.was_not_reloaded();
        station
            .browser
            .until(
                "no strip",
                SOON,
                "return !document.querySelector('#strip p')",
                &[],
            )
            .unwrap();
    }
    for place in ["shiqiao", "fengdu", "county"] {
        scene.prefecture.end(place).unwrap();
    }
}
