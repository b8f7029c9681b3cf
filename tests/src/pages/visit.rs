//! A person at a browser, at a node of the demo.

use super::SOON;
use crate::browser::{Browser, Driver, ENTER, Screen};
use crate::prefecture::{PASSPHRASE, Prefecture};

/// A demo and a driver to look at it with.
pub(super) struct Scene {
    pub(super) driver: Driver,
    pub(super) prefecture: Prefecture,
}

impl Scene {
    /// A browser at the entrance of a node.
    pub(super) fn visit(&self, place: &'static str, screen: Screen) -> Visit {
        let browser = self.driver.open(screen).unwrap();
        Visit {
            browser,
            base: self.prefecture.pages(place).unwrap(),
            place,
            expected: Vec::new(),
        }
    }

    /// A browser at a machine that is no node of the demo.
    pub(super) fn visit_at(&self, web: std::net::SocketAddr, screen: Screen) -> Visit {
        Visit {
            browser: self.driver.open(screen).unwrap(),
            base: format!("http://{web}"),
            place: "fresh",
            expected: Vec::new(),
        }
    }

    /// A browser that is signed in.
    pub(super) fn sign_in(&self, place: &'static str, login: &str, screen: Screen) -> Visit {
        let visit = self.visit(place, screen);
        visit.go("/");
        visit.enter(login, PASSPHRASE);
        visit.says(".mast .me", "");
        visit
    }
}

/// A person at a browser. When the visit ends nothing may have gone wrong behind the page.
pub(super) struct Visit {
    pub(super) browser: Browser,
    base: String,
    place: &'static str,
    /// Complaints that belong to the story.
    pub(super) expected: Vec<&'static str>,
}

impl Visit {
    pub(super) fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.base)).unwrap();
    }

    pub(super) fn path(&self) -> String {
        let url = self.browser.url().unwrap();
        url.strip_prefix(&self.base).unwrap_or(&url).to_owned()
    }

    #[track_caller]
    pub(super) fn says(&self, selector: &str, text: &str) {
        self.browser.until_says(selector, text, SOON).unwrap();
    }

    #[track_caller]
    pub(super) fn words(&self, selector: &str) -> String {
        self.browser
            .words(selector)
            .unwrap()
            .unwrap_or_else(|| panic!("{selector} is on {}", self.path()))
    }

    pub(super) fn count(&self, selector: &str) -> u64 {
        self.browser.count(selector).unwrap()
    }

    #[track_caller]
    pub(super) fn click(&self, selector: &str) {
        self.browser.click(selector).unwrap();
    }

    pub(super) fn type_into(&self, id: &str, text: &str) {
        self.browser.tab_to(id).unwrap();
        self.browser.press(text).unwrap();
    }

    pub(super) fn value(&self, id: &str) -> String {
        let value = self
            .browser
            .run("return document.getElementById(arguments[0]).value", &[id])
            .unwrap();
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Fills the entrance and leaves it with Enter.
    pub(super) fn enter(&self, login: &str, passphrase: &str) {
        self.type_into("name", login);
        self.type_into("passphrase", &format!("{passphrase}{ENTER}"));
    }

    /// Remembers that this very page was open.
    pub(super) fn mark(&self) {
        self.browser.run("window.open_since = Date.now()", &[]).unwrap();
    }

    /// Asserts that it still is: what arrived meanwhile arrived without reload.
    #[track_caller]
    pub(super) fn was_not_reloaded(&self) {
        assert!(
            self.browser.run("return window.open_since > 0", &[]).unwrap() == true,
            "{} was loaded again",
            self.path()
        );
    }

    /// Waits until the first row of the list says something.
    #[track_caller]
    pub(super) fn row_says(&self, gist: &str, text: &str) {
        let script = "return [...document.querySelectorAll('#visits tbody tr')].some(row => \
                      row.innerText.includes(arguments[0]) && row.innerText.includes(arguments[1]))";
        let what = format!("a row with {gist:?} and {text:?}");
        self.browser.until(&what, SOON, script, &[gist, text]).unwrap();
    }

    /// Everything that this browser holds of the page: what stands there now, and what a reload would bring.
    pub(super) fn everything(&self) -> String {
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

/// Where the first link that a selector finds leads.
pub(super) fn first_link(visit: &Visit, selector: &str) -> String {
    let script = "return document.querySelector(arguments[0]).getAttribute('href')";
    let found = visit.browser.run(script, &[selector]).unwrap();
    found.as_str().unwrap().to_owned()
}
