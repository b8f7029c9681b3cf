//! Takes pictures of every page of a demo, and of every page with invented data (`/look`): at a desk, on a phone and on
//! paper; light, dark, with large type and with more contrast.
//!
//! `cargo run -p lianzhan-tests --bin screenshots -- [DIR] [--demo RUNNING] [--only PAGE]`
//!
//! Small ones go to DIR (default `docs/images`), all of them in full size to `target/screenshots`. It raises a demo of its
//! own; with `--demo` it looks at one that runs already in that directory. With
//! `--only` it takes the pages whose name begins so, those with invented data as `look-PAGE`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use lianzhan_tests::browser::{Browser, Driver, ENTER, Screen};
use lianzhan_tests::prefecture::{PASSPHRASE, Prefecture, lianzhan};
use lianzhan_tests::root;
use serde_json::Value;

/// Pixels of a small picture to a CSS pixel: 1440 become 900.
const SMALL: f64 = 0.625;
/// On a phone, whose 390 would be too few.
const SMALL_PHONE: f64 = 1.5;
const PATIENCE: Duration = Duration::from_secs(30);

/// Visits that are registered before, so that there is a day to look at.
const VISITS: [(&str, &str, &str); 4] = [
    (
        "问独生子女父母奖励金何时发放，当场查到 4 月 25 日到账",
        "罗定一",
        "answered_now",
    ),
    ("老码头下游护坡裂缝变宽，雨后有土块落下", "罗定一", "issue"),
    (
        "石桥新村联名：自来水傍晚压力小，三楼以上用不上",
        "周望舒",
        "issue",
    ),
    ("北坡组到镇中学的路灯坏了十一盏，晚自习学生摸黑走", "周望舒", ""),
];
/// Somebody whose post ends soon, and somebody whose key is stolen.
const ENDING: &str = "白露";
const STOLEN: &str = "闻人歌";
const AFTER_SEAL: &str = "补记：老码头断面三月氨氮超标一次，请县里说明。";

/// A page to take.
struct Shot {
    name: &'static str,
    place: &'static str,
    login: &'static str,
    /// Its language.
    lang: &'static str,
    page: Page,
    /// The names under which small pictures are kept, at a desk and on a phone.
    small: (Option<&'static str>, Option<&'static str>),
}

enum Page {
    At(&'static str),
    /// The appointment of somebody, and what is below its address.
    Post(&'static str, &'static str),
    /// All that waits for an adoption, chosen.
    Adopt,
    /// The first record of the list, or its proof.
    Record {
        proof: bool,
    },
    Joint,
    /// Where the first link leads that a page holds at a selector, and what is below its address after ` + `.
    First(&'static str, &'static str),
    /// The verifier, with the bundle of a record or a broken one.
    Verify {
        broken: bool,
    },
}

const fn shot(name: &'static str, place: &'static str, login: &'static str, page: Page) -> Shot {
    Shot {
        name,
        place,
        login,
        lang: "zh",
        page,
        small: (None, None),
    }
}

const SHOTS: [Shot; 63] = [
    shot("login", "shiqiao", "", Page::At("/login")),
    shot("join", "shiqiao", "", Page::At("/join")),
    Shot {
        small: (Some("home"), None),
        ..shot("home", "shiqiao", "lin", Page::At("/"))
    },
    shot("home-county", "county", "ye", Page::At("/")),
    shot("home-deputy", "shiqiao", "luo", Page::At("/")),
    Shot {
        small: (Some("visits"), None),
        ..shot("visits", "county", "ye", Page::At("/visits"))
    },
    Shot {
        lang: "en",
        small: (Some("visits-en"), None),
        ..shot("visits-en", "county", "ye", Page::At("/visits"))
    },
    shot(
        "visits-station",
        "shiqiao",
        "lin",
        Page::At("/visits?q=%E8%B7%AF%E7%81%AF"),
    ),
    Shot {
        small: (Some("record"), None),
        ..shot("record", "shiqiao", "lin", Page::Record { proof: true })
    },
    shot("record-closed", "shiqiao", "lin", Page::Record { proof: false }),
    shot("record-county", "county", "ye", Page::Record { proof: true }),
    Shot {
        lang: "en",
        small: (Some("record-en"), None),
        ..shot("record-en", "shiqiao", "lin", Page::Record { proof: true })
    },
    shot("activities", "fengdu", "he", Page::At("/activities")),
    shot("activity", "fengdu", "he", Page::Joint),
    shot("activity-deputy", "shiqiao", "luo", Page::Joint),
    shot("joint-spaces", "fengdu", "he", Page::At("/joint-spaces")),
    Shot {
        lang: "en",
        ..shot("joint-spaces-en", "fengdu", "he", Page::At("/joint-spaces"))
    },
    shot("deputies", "county", "ye", Page::At("/deputies")),
    shot("ledgers", "shiqiao", "lin", Page::At("/ledgers")),
    shot("ledgers-county", "county", "ye", Page::At("/ledgers")),
    shot("ledger", "shiqiao", "lin", Page::At("/ledgers/letters_visits")),
    shot("search", "county", "ye", Page::At("/search?q=%E8%B7%AF")),
    shot(
        "ledger-county",
        "county",
        "ye",
        Page::At("/ledgers/deputy_roster"),
    ),
    shot(
        "ledger-all",
        "shiqiao",
        "lin",
        Page::At("/ledgers/letters_visits?all=1"),
    ),
    shot(
        "ledger-form",
        "shiqiao",
        "lin",
        Page::At("/ledgers/letters_visits/new"),
    ),
    shot(
        "ledger-form-rows",
        "shiqiao",
        "lin",
        Page::At("/ledgers/deputy_roster/new"),
    ),
    Shot {
        small: (Some("network"), None),
        ..shot("network", "county", "ye", Page::At("/network"))
    },
    shot("network-station", "shiqiao", "lin", Page::At("/network")),
    shot(
        "node",
        "county",
        "ye",
        Page::First("/network", ".net .fed:not(.own) a"),
    ),
    shot("marks", "county", "ye", Page::At("/marks")),
    shot("retention", "shiqiao", "lin", Page::At("/retention")),
    shot("held", "shiqiao", "lin", Page::At("/held")),
    shot("access", "shiqiao", "lin", Page::At("/access")),
    shot(
        "erase",
        "shiqiao",
        "lin",
        Page::First("/visits", "#visits .lead a + /erase"),
    ),
    shot("conflicts", "shiqiao", "lin", Page::At("/conflicts")),
    shot(
        "import",
        "shiqiao",
        "lin",
        Page::At("/ledgers/letters_visits/import"),
    ),
    shot("book", "shiqiao", "lin", Page::At("/ledgers/letters_visits/book")),
    shot("book-whole", "shiqiao", "lin", Page::At("/book")),
    shot("settings", "county", "ye", Page::At("/settings")),
    shot(
        "setting",
        "county",
        "ye",
        Page::At(
            "/settings/deadline.second_reply?ask=1&mode=own&value=2&unit=months&from=2027-01-01&basis=x",
        ),
    ),
    shot("definitions", "county", "ye", Page::At("/definitions")),
    shot("define", "county", "ye", Page::At("/definitions/new")),
    shot("appointments", "fengdu", "he", Page::At("/appointments")),
    Shot {
        lang: "en",
        ..shot("appointments-en", "fengdu", "he", Page::At("/appointments"))
    },
    shot(
        "appointments-found",
        "county",
        "ye",
        Page::At("/appointments?state=expiring"),
    ),
    shot("appointment", "fengdu", "he", Page::Post(ENDING, "")),
    shot("appointment-revoked", "shiqiao", "lin", Page::Post(STOLEN, "")),
    shot("invitations", "fengdu", "he", Page::At("/invitations")),
    shot("invitations-station", "shiqiao", "lin", Page::At("/invitations")),
    shot("revoke", "shiqiao", "lin", Page::Post("林静禾", REVOKED)),
    Shot {
        lang: "en",
        ..shot("revoke-en", "shiqiao", "lin", Page::Post("林静禾", REVOKED))
    },
    shot("contested", "shiqiao", "lin", Page::At("/contested")),
    shot("adopt", "shiqiao", "lin", Page::Adopt),
    shot("forks", "shiqiao", "lin", Page::At("/forks")),
    shot("verify", "county", "", Page::At("/verify")),
    shot("verify-good", "county", "zhou", Page::Verify { broken: false }),
    shot("verify-refused", "county", "zhou", Page::Verify { broken: true }),
    Shot {
        lang: "en",
        ..shot("verify-en", "county", "zhou", Page::Verify { broken: false })
    },
    shot("nowhere", "shiqiao", "lin", Page::At("/nowhere")),
    Shot {
        small: (Some("parts"), Some("phone-parts")),
        ..shot("parts", "shiqiao", "lin", Page::At("/look"))
    },
    Shot {
        lang: "en",
        ..shot("parts-en", "shiqiao", "lin", Page::At("/look"))
    },
    Shot {
        lang: "en",
        small: (Some("home-en"), None),
        ..shot("home-en", "shiqiao", "lin", Page::At("/"))
    },
    Shot {
        lang: "en",
        ..shot("activity-en", "fengdu", "he", Page::Joint)
    },
];

/// How pages are looked at: what it is called, and what `/preferences` takes.
const LOOKS: [(&str, &str); 4] = [
    ("", "theme=light&type=normal&contrast=system"),
    ("-dark", "theme=dark&type=normal&contrast=system"),
    ("-large", "theme=light&type=large&contrast=system"),
    ("-contrast", "theme=light&type=normal&contrast=more"),
];

/// A revocation as it is asked for.
const REVOKED: &str = "/revoke?ground=soft&reason=%E8%B0%83%E7%A6%BB%E6%9C%AC%E7%AB%99";

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1);
    let (mut small, mut running, mut only) = (root().join("docs/images"), None, String::new());
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--demo") => running = Some(PathBuf::from(args.next().context("--demo needs a directory")?)),
            Some("--only") => {
                let page = args.next().and_then(|page| page.into_string().ok());
                only = page.context("--only needs a page")?;
            }
            Some(option) if option.starts_with('-') => {
                anyhow::bail!("no option {option}; [DIR] [--demo RUNNING] [--only PAGE]")
            }
            _ => small = PathBuf::from(arg),
        }
    }
    let large = root().join("target/screenshots");
    fs::create_dir_all(&small)?;
    fs::create_dir_all(&large)?;
    let own = tempfile::tempdir()?;
    let driver = Driver::start()?;
    let prefecture = match running {
        Some(dir) => Prefecture::running(&dir),
        None => Prefecture::demo(&own.path().join("demo"))?,
    };
    prepare(&driver, &prefecture)?;
    prepare_posts(&driver, &prefecture)?;
    for screen in [Screen::DESK, Screen::PHONE] {
        for shot in SHOTS.iter().filter(|shot| shot.name.starts_with(&only)) {
            take(&driver, &prefecture, screen, shot, &large, &small)
                .with_context(|| format!("{} at {} px", shot.name, screen.width))?;
        }
        invented(&driver, &prefecture, screen, &only, &large)?;
    }
    Ok(())
}

/// The pages with invented data.
fn invented(
    driver: &Driver,
    prefecture: &Prefecture,
    screen: Screen,
    only: &str,
    large: &Path,
) -> anyhow::Result<()> {
    let (browser, base) = (driver.open(screen)?, prefecture.pages("shiqiao")?);
    enter(&browser, &base, "lin")?;
    browser.go(&format!("{base}/look"))?;
    let script = "return [...document.querySelectorAll('a[href^=\"/look/\"]')].map(link => link.textContent)";
    let names = browser.run(script, &[])?;
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    for name in names.filter(|name| format!("look-{name}").starts_with(only)) {
        for (called, look) in LOOKS {
            browser.go(&format!("{base}/preferences?{look}&lang=zh&back=/look/{name}"))?;
            keep(&browser, &format!("look-{name}"), called, large)?;
        }
    }
    Ok(())
}

fn enter(browser: &Browser, base: &str, login: &str) -> anyhow::Result<()> {
    browser.go(&format!("{base}/login"))?;
    browser.tab_to("name")?;
    browser.press(login)?;
    browser.tab_to("passphrase")?;
    browser.press(&format!("{PASSPHRASE}{ENTER}"))?;
    browser.until(
        "the page behind the entrance",
        PATIENCE,
        "return !!document.querySelector('.mast .me')",
        &[],
    )
}

/// A day's work, through the pages.
fn prepare(driver: &Driver, prefecture: &Prefecture) -> anyhow::Result<()> {
    let browser = driver.open(Screen::DESK)?;
    let base = prefecture.pages("shiqiao")?;
    enter(&browser, &base, "lin")?;
    for (number, (gist, receiver, triage)) in VISITS.iter().enumerate() {
        if browser.source()?.contains(gist) {
            continue;
        }
        let minutes = ((VISITS.len() - number) * 17).to_string();
        let fill = "const form = document.getElementById('register'), now = form.received_at.value; \
                    const earlier = new Date(Date.parse(now + 'Z') - arguments[3] * 60000).toISOString().slice(0, 16); \
                    form.gist.value = arguments[0]; form.receiver.value = arguments[1]; form.triage.value = arguments[2]; \
                    if (earlier.slice(0, 10) === now.slice(0, 10)) form.received_at.value = earlier; \
                    form.requestSubmit(form.querySelector('.main'))";
        browser.run(fill, &[gist, receiver, triage, &minutes])?;
        browser.until_says("#visits", gist, PATIENCE)?;
    }
    let browser = driver.open(Screen::DESK)?;
    enter(&browser, &base, "luo")?;
    to_joint(&browser, &base)?;
    if !browser.source()?.contains(AFTER_SEAL) {
        browser.tab_to("text")?;
        browser.press(&format!("{AFTER_SEAL}{ENTER}"))?;
        browser.until_says("#log", AFTER_SEAL, PATIENCE)?;
    }
    browser.until(
        "everything witnessed",
        PATIENCE,
        "return !document.querySelector('.pm.wait')",
        &[],
    )
}

/// Runs a command beside a node that runs, with the passphrases of the demo.
fn at_node(prefecture: &Prefecture, place: &str, args: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(lianzhan()?);
    command.args(args).arg("--dir").arg(prefecture.node(place));
    for passphrase in ["LIANZHAN_PASSPHRASE", "LIANZHAN_PERSON_PASSPHRASE"] {
        command.env(passphrase, PASSPHRASE);
    }
    let done = command.output()?;
    let said = String::from_utf8_lossy(&done.stderr);
    anyhow::ensure!(done.status.success(), "{args:?}: {said}");
    Ok(())
}

/// A post that ends soon, and one whose key was stolen after it had signed.
fn prepare_posts(driver: &Driver, prefecture: &Prefecture) -> anyhow::Result<()> {
    let browser = driver.open(Screen::DESK)?;
    let base = prefecture.pages("shiqiao")?;
    enter(&browser, &base, "lin")?;
    browser.go(&format!("{base}/appointments"))?;
    if browser.source()?.contains(STOLEN) {
        return Ok(());
    }
    let script = "return new Date(Date.now() + 20 * 864e5).toISOString().slice(0, 10)";
    let until = browser.run(script, &[])?;
    let until = until.as_str().context("a day is text")?;
    let ending = [
        "appoint",
        "bai",
        "--name",
        ENDING,
        "--role",
        "organiser",
        "--until",
        until,
    ];
    at_node(prefecture, "fengdu", &ending)?;
    let stolen = [
        "appoint",
        "wen",
        "--name",
        STOLEN,
        "--role",
        "station_liaison",
        "--role",
        "opinion_liaison",
    ];
    at_node(prefecture, "shiqiao", &stolen)?;
    // One who is signed in is not asked again.
    let browser = driver.open(Screen::DESK)?;
    enter(&browser, &base, "wen")?;
    let gist = "老屋场组水渠淤塞，下游二十亩田灌不上水";
    let fill = "const form = document.getElementById('register'); form.gist.value = arguments[0]; \
                form.receiver.value = '罗定一'; form.requestSubmit(form.querySelector('.main'))";
    browser.run(fill, &[gist])?;
    browser.until_says("#visits", gist, PATIENCE)?;
    at_node(
        prefecture,
        "shiqiao",
        &[
            "revoke",
            "wen",
            "--reason",
            "手提电脑失窃",
            "--stolen",
            "--everything",
        ],
    )?;
    let waits = "if (!document.querySelector('input[name=change]')) { location.href = '/contested'; return false; } return true";
    browser.until("what waits", PATIENCE, waits, &[])
}

fn to_joint(browser: &Browser, base: &str) -> anyhow::Result<()> {
    browser.go(&format!("{base}/activities"))?;
    let script = "return [...document.querySelectorAll('tbody tr')].find(row => row.innerText.includes('联合视察'))\
                  ?.querySelector('a').getAttribute('href') ?? null";
    follow(browser, base, &browser.run(script, &[])?)
}

fn follow(browser: &Browser, base: &str, href: &Value) -> anyhow::Result<()> {
    browser.go(&format!(
        "{base}{}",
        href.as_str().context("there is no such link")?
    ))
}

/// Checks the bundle of the second newest visit, which has a history.
fn verify(browser: &Browser, base: &str, broken: bool) -> anyhow::Result<()> {
    browser.go(&format!("{base}/visits"))?;
    let script = "return document.querySelectorAll('#visits tbody a.pm')[1].getAttribute('href')";
    follow(browser, base, &browser.run(script, &[])?)?;
    browser.click("#proof a[download]")?;
    let bundle = browser.downloaded(PATIENCE)?;
    if broken {
        let mut bytes = fs::read(&bundle)?;
        let name = b"entries/";
        let header = bytes.windows(name.len()).rposition(|part| part == name);
        bytes[header.context("a bundle holds entries")? + 512] ^= 1;
        fs::write(&bundle, bytes)?;
    }
    browser.go(&format!("{base}/verify"))?;
    let ready = "return !!document.querySelector('meta[http-equiv]')";
    browser.until("the verifier", PATIENCE, ready, &[])?;
    browser.choose("#bundle", &bundle)?;
    browser.until_says("#result .note", "", PATIENCE)
}

fn take(
    driver: &Driver,
    prefecture: &Prefecture,
    screen: Screen,
    shot: &Shot,
    large: &Path,
    small: &Path,
) -> anyhow::Result<()> {
    let browser = driver.open(screen)?;
    let base = prefecture.pages(shot.place)?;
    if !shot.login.is_empty() {
        enter(&browser, &base, shot.login)?;
    }
    // A file that was downloaded once is not downloaded again.
    let looks = match shot.page {
        Page::Verify { .. } => &LOOKS[..1],
        _ => &LOOKS,
    };
    for (called, look) in looks {
        browser.go(&format!(
            "{base}/preferences?{look}&lang={}&back=/login",
            shot.lang
        ))?;
        show(&browser, &base, &shot.page)?;
        keep(&browser, shot.name, called, large)?;
        let (kept, scale) = match screen.phone {
            false => (shot.small.0, SMALL),
            true => (shot.small.1, SMALL_PHONE),
        };
        // The parts are what docs/design.md shows; it shows them with more contrast, too.
        let is_kept = called.is_empty() || (shot.name == "parts" && *called == "-contrast" && !screen.phone);
        if let Some(name) = kept.filter(|_| is_kept) {
            fs::write(small.join(format!("{name}{called}.png")), browser.picture(scale)?)?;
        }
    }
    Ok(())
}

/// Opens a page.
fn show(browser: &Browser, base: &str, page: &Page) -> anyhow::Result<()> {
    match *page {
        Page::At(path) => browser.go(&format!("{base}{path}"))?,
        Page::Post(holder, below) => {
            browser.go(&format!("{base}/appointments"))?;
            let script = "return [...document.querySelectorAll('tbody a')].find(a => a.textContent === arguments[0]) \
                          .getAttribute('href') + arguments[1]";
            follow(browser, base, &browser.run(script, &[holder, below])?)?;
        }
        Page::Adopt => {
            browser.go(&format!("{base}/contested?all=yes"))?;
            browser.run("document.querySelector('form.listing').requestSubmit()", &[])?;
            let chosen = "return location.pathname === '/contested/adopt'";
            browser.until("what was chosen", PATIENCE, chosen, &[])?;
        }
        Page::Joint => to_joint(browser, base)?,
        Page::First(path, link) => {
            browser.go(&format!("{base}{path}"))?;
            let (selector, below) = link.split_once(" + ").unwrap_or((link, ""));
            let script = "return document.querySelector(arguments[0]).getAttribute('href') + arguments[1]";
            follow(browser, base, &browser.run(script, &[selector, below])?)?;
        }
        Page::Verify { broken } => verify(browser, base, broken)?,
        Page::Record { proof } => {
            browser.go(&format!("{base}/visits"))?;
            // One with a history: the second newest has been told to its visitor in the meantime.
            let selector = if proof {
                "#visits tbody a.pm"
            } else {
                "#visits tbody .lead a"
            };
            let script = "return document.querySelectorAll(arguments[0])[1].getAttribute('href')";
            follow(browser, base, &browser.run(script, &[selector])?)?;
        }
    }
    Ok(())
}

/// Takes pictures of what is shown: the whole page, and once what is seen first, and what comes out of a printer.
fn keep(browser: &Browser, name: &str, called: &str, large: &Path) -> anyhow::Result<()> {
    let font = "return document.fonts.ready.then(() => true)";
    browser.until("fonts", PATIENCE, font, &[])?;
    browser.run("document.activeElement?.blur(); scrollTo(0, 0)", &[])?;
    let kind = if browser.screen().phone { "phone" } else { "desk" };
    fs::write(
        large.join(format!("{name}-{kind}{called}.png")),
        browser.whole_picture()?,
    )?;
    if called.is_empty() && !browser.screen().phone {
        fs::write(large.join(format!("{name}-first.png")), browser.picture(1.0)?)?;
        fs::write(large.join(format!("{name}-paper.pdf")), browser.printed()?)?;
    }
    Ok(())
}
