//! A browser for tests: Debian's Chromium without a window, steered through its driver (W3C WebDriver). A driver and what it
//! opened end with their owner. Not a crate, because the usual ones bring `webdriver` (MPL-2.0) for twenty lines of JSON.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use serde_json::{Value, json};

/// Tab, as WebDriver writes it.
pub const TAB: char = '\u{E004}';
/// Enter.
pub const ENTER: char = '\u{E007}';
/// Control.
pub const CONTROL: char = '\u{E009}';
/// Escape.
pub const ESCAPE: char = '\u{E00C}';
/// The arrow to the right.
pub const RIGHT: char = '\u{E014}';
/// The arrow down.
pub const DOWN: char = '\u{E015}';

/// What the driver may take for one command.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a page is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(50);
/// Largest answer, in bytes: a picture.
const ANSWER_MAX: u64 = 64 << 20;
/// Pixels of a phone to a CSS pixel.
const PHONE_RATIO: f64 = 2.0;
/// The key of an element in the driver's answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The size of what is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Screen {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// Whether it is a phone: touch, and a viewport as phones have it.
    pub phone: bool,
}

impl Screen {
    /// A desk.
    pub const DESK: Screen = Screen {
        width: 1440,
        height: 900,
        phone: false,
    };
    /// A phone.
    pub const PHONE: Screen = Screen {
        width: 390,
        height: 844,
        phone: true,
    };
}

/// A running driver.
pub struct Driver {
    child: Child,
    base: String,
    agent: ureq::Agent,
    chromium: PathBuf,
}

impl Driver {
    /// Starts the driver on a port of its own choice.
    pub fn start() -> anyhow::Result<Driver> {
        let chromium = program("chromium", "chromium")?;
        let chromedriver = program("chromedriver", "chromium-driver")?;
        let mut child = Command::new(chromedriver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver cannot be started")?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        // What else it says is read, or it waits for its pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(PATIENCE));
        let driver = Driver {
            child,
            base: format!("http://127.0.0.1:{}", port.unwrap_or_default()),
            agent: config.build().into(),
            chromium,
        };
        ensure!(port.is_some(), "chromedriver ended before it said its port");
        Ok(driver)
    }

    /// Opens a browser of its own: nothing of another one, no cookies, no history.
    pub fn open(&self, screen: Screen) -> anyhow::Result<Browser> {
        let profile = tempfile::tempdir()?;
        let downloads = profile.path().join("downloads");
        let mut options = json!({
            "binary": self.chromium,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
                "--no-first-run", "--no-default-browser-check", "--no-proxy-server", "--hide-scrollbars",
                // Whatever a page asks of others comes to nothing; the log still tells that it asked.
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
                // Date fields in the language of the page, as in a browser that was installed in that language.
                "--enable-blink-features=LangAttributeAwareFormControlUI",
                format!("--window-size={},{}", screen.width, screen.height),
                format!("--user-data-dir={}", profile.path().display()),
            ],
            "prefs": {
                "download.default_directory": downloads,
                "download.prompt_for_download": false,
                "intl.accept_languages": "zh-CN,zh",
            },
            "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
        });
        if screen.phone {
            let metrics = json!({
                "width": screen.width, "height": screen.height, "pixelRatio": PHONE_RATIO, "touch": true, "mobile": true,
            });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        }}});
        let made = self
            .send("POST", "/session", &wanted)
            .context("Chromium cannot be opened")?;
        let session = made["sessionId"]
            .as_str()
            .context("the driver names no session")?;
        let browser = Browser {
            agent: self.agent.clone(),
            base: format!("{}/session/{session}", self.base),
            profile,
            downloads,
            screen,
            pid: made["capabilities"]["goog:processID"].as_u64(),
        };
        if !screen.phone {
            browser.measure(screen)?;
        }
        Ok(browser)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        send(&self.agent, method, &format!("{}{path}", self.base), body)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(name: &str, package: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file());
    found.with_context(|| {
        format!("{name} is not installed, and pages are tested in it: apt-get install {package}, or tests/run install")
    })
}

fn send(agent: &ureq::Agent, method: &str, url: &str, body: &Value) -> anyhow::Result<Value> {
    let answer = match method {
        "GET" => agent.get(url).call(),
        "DELETE" => agent.delete(url).call(),
        _ => agent
            .post(url)
            .header("content-type", "application/json")
            .send(body.to_string()),
    };
    let mut answer = answer.context("the browser's driver does not answer")?;
    let bytes = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec()?;
    let mut told: Value =
        serde_json::from_slice(&bytes).context("the browser's driver does not answer in JSON")?;
    let value = told["value"].take();
    if let Some(error) = value["error"].as_str() {
        let message = value["message"]
            .as_str()
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        bail!("{error}: {message}");
    }
    Ok(value)
}

/// An open browser with one page.
pub struct Browser {
    agent: ureq::Agent,
    base: String,
    profile: tempfile::TempDir,
    downloads: PathBuf,
    screen: Screen,
    pid: Option<u64>,
}

impl Browser {
    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        send(&self.agent, "POST", &format!("{}{path}", self.base), body)
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        send(&self.agent, "GET", &format!("{}{path}", self.base), &Value::Null)
    }

    /// What it is looked at on.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Sends a command of the DevTools protocol.
    pub fn tool(&self, command: &str, params: &Value) -> anyhow::Result<Value> {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
            .context(command.to_owned())
    }

    fn measure(&self, screen: Screen) -> anyhow::Result<()> {
        let metrics = json!({
            "width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.phone,
        });
        self.tool("Emulation.setDeviceMetricsOverride", &metrics)
            .map(drop)
    }

    /// Opens an address and waits until it is loaded.
    pub fn go(&self, url: &str) -> anyhow::Result<()> {
        self.post("/url", &json!({ "url": url }))
            .map(drop)
            .with_context(|| url.to_owned())
    }

    /// The address of the page.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(self.get("/url")?.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a function body in the page and returns what it returns.
    pub fn run(&self, script: &str, args: &[&str]) -> anyhow::Result<Value> {
        self.post("/execute/sync", &json!({ "script": script, "args": args }))
            .with_context(|| script.to_owned())
    }

    /// The whole page as it stands now, with what scripts have changed.
    pub fn source(&self) -> anyhow::Result<String> {
        let html = self.run("return document.documentElement.outerHTML", &[])?;
        Ok(html.as_str().unwrap_or_default().to_owned())
    }

    /// The words of the first element that a selector finds, as shown; none if there is no such element.
    pub fn words(&self, selector: &str) -> anyhow::Result<Option<String>> {
        let found = self.run(
            "return document.querySelector(arguments[0])?.innerText ?? null",
            &[selector],
        )?;
        Ok(found.as_str().map(str::to_owned))
    }

    /// How many elements a selector finds.
    pub fn count(&self, selector: &str) -> anyhow::Result<u64> {
        let found = self.run(
            "return document.querySelectorAll(arguments[0]).length",
            &[selector],
        )?;
        Ok(found.as_u64().unwrap_or_default())
    }

    /// Clicks as a mouse does, which fails where something else covers the element.
    pub fn click(&self, selector: &str) -> anyhow::Result<()> {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = found[ELEMENT].as_str().context("an element has an id")?;
        self.post(&format!("/element/{id}/click"), &json!({}))
            .map(drop)
            .with_context(|| selector.to_owned())
    }

    /// Gives a file to the chooser that a selector finds.
    pub fn choose(&self, selector: &str, file: &Path) -> anyhow::Result<()> {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = found[ELEMENT].as_str().context("an element has an id")?;
        self.post(&format!("/element/{id}/value"), &json!({ "text": file }))
            .map(drop)
            .with_context(|| selector.to_owned())
    }

    /// Presses keys one after another, wherever the focus is.
    pub fn press(&self, keys: &str) -> anyhow::Result<()> {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
            })
            .collect();
        self.keyboard(&strokes)
    }

    /// Presses a key while another is held.
    pub fn chord(&self, held: char, key: char) -> anyhow::Result<()> {
        let stroke = |kind: &str, key: char| json!({ "type": kind, "value": key.to_string() });
        self.keyboard(&[
            stroke("keyDown", held),
            stroke("keyDown", key),
            stroke("keyUp", key),
            stroke("keyUp", held),
        ])
    }

    fn keyboard(&self, strokes: &[Value]) -> anyhow::Result<()> {
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.post("/actions", &actions).map(drop)
    }

    /// Goes on with Tab until the focus is on an element with this id.
    pub fn tab_to(&self, id: &str) -> anyhow::Result<()> {
        for _ in 0..80 {
            if self.run("return document.activeElement?.id ?? ''", &[])? == id {
                return Ok(());
            }
            self.press(&TAB.to_string())?;
        }
        bail!("Tab does not lead to #{id}")
    }

    /// Waits until a function body is true in the page.
    pub fn until(&self, what: &str, patience: Duration, script: &str, args: &[&str]) -> anyhow::Result<()> {
        let end = Instant::now() + patience;
        loop {
            // A page that is being left answers with an error; the next one is asked again.
            let seen = self.run(script, args);
            match &seen {
                Ok(Value::Bool(true)) => return Ok(()),
                _ if Instant::now() < end => std::thread::sleep(LOOK),
                _ => bail!(
                    "{what}: not within {patience:?} at {}, {seen:?}",
                    self.url().unwrap_or_default()
                ),
            }
        }
    }

    /// Waits until the first element that a selector finds shows a text.
    pub fn until_says(&self, selector: &str, text: &str, patience: Duration) -> anyhow::Result<()> {
        let script = "return document.querySelector(arguments[0])?.innerText.includes(arguments[1]) ?? false";
        self.until(
            &format!("{text:?} in {selector}"),
            patience,
            script,
            &[selector, text],
        )
    }

    /// What the page's scripts, its policies and its requests complained about since it was last asked.
    pub fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let log = self.post("/se/log", &json!({ "type": "browser" }))?;
        let entries = log.as_array().into_iter().flatten();
        Ok(entries
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| {
                format!(
                    "{}: {}",
                    entry["source"].as_str().unwrap_or("?"),
                    entry["message"]
                )
            })
            .collect())
    }

    /// What was asked of the network since it was last asked, by address.
    pub fn requests(&self) -> anyhow::Result<Vec<String>> {
        let log = self.post("/se/log", &json!({ "type": "performance" }))?;
        let mut asked = Vec::new();
        for entry in log.as_array().into_iter().flatten() {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap_or_default())?;
            let event = &event["message"];
            let url = match event["method"].as_str() {
                Some("Network.requestWillBeSent") => &event["params"]["request"]["url"],
                Some("Network.webSocketCreated" | "Network.webTransportCreated") => &event["params"]["url"],
                _ => continue,
            };
            asked.push(url.as_str().unwrap_or_default().to_owned());
        }
        Ok(asked)
    }

    /// Waits for a file that the page lets the person keep.
    pub fn downloaded(&self, patience: Duration) -> anyhow::Result<PathBuf> {
        let end = Instant::now() + patience;
        while Instant::now() < end {
            let files: Vec<PathBuf> = std::fs::read_dir(&self.downloads)
                .map(|files| files.filter_map(|file| Some(file.ok()?.path())).collect())
                .unwrap_or_default();
            match files.as_slice() {
                [file] if is_whole(file) => return Ok(file.clone()),
                _ => std::thread::sleep(LOOK),
            }
        }
        bail!(
            "no file arrived in {} within {patience:?}",
            self.downloads.display()
        )
    }

    /// A picture of what is seen, in PNG, `scale` pixels to a CSS pixel.
    pub fn picture(&self, scale: f64) -> anyhow::Result<Vec<u8>> {
        self.shoot(self.screen.height, scale)
    }

    /// A picture of the whole page, however long.
    pub fn whole_picture(&self) -> anyhow::Result<Vec<u8>> {
        let height = self.run("return document.documentElement.scrollHeight", &[])?;
        self.shoot(u32::try_from(height.as_u64().unwrap_or_default())?, 1.0)
    }

    /// The page as it comes out of a printer: a PDF of the size and with the margins that its styles ask for.
    pub fn printed(&self) -> anyhow::Result<Vec<u8>> {
        let printed = self.tool("Page.printToPDF", &json!({ "preferCSSPageSize": true }))?;
        let data = printed["data"].as_str().context("a print has data")?;
        Ok(base64::engine::general_purpose::STANDARD.decode(data)?)
    }

    /// Shows the page as it is laid out on paper with so many CSS pixels between its margins.
    pub fn on_paper(&self, width: u32) -> anyhow::Result<()> {
        self.tool("Emulation.setEmulatedMedia", &json!({ "media": "print" }))?;
        self.measure(Screen { width, ..self.screen })
    }

    /// Shows the page on its screen again.
    pub fn on_screen(&self) -> anyhow::Result<()> {
        self.tool("Emulation.setEmulatedMedia", &json!({ "media": "" }))?;
        self.measure(self.screen)
    }

    fn shoot(&self, height: u32, scale: f64) -> anyhow::Result<Vec<u8>> {
        // A clip counts from the top of the page and scales what the screen has for a CSS pixel.
        let top = self.run("return window.scrollY", &[])?;
        let ratio = if self.screen.phone { PHONE_RATIO } else { 1.0 };
        let clip =
            json!({ "x": 0, "y": top, "width": self.screen.width, "height": height, "scale": scale / ratio });
        let wish =
            json!({ "format": "png", "clip": clip, "captureBeyondViewport": height > self.screen.height });
        let shot = self.tool("Page.captureScreenshot", &wish)?;
        let data = shot["data"].as_str().context("a picture has data")?;
        Ok(base64::engine::general_purpose::STANDARD.decode(data)?)
    }
}

fn is_whole(file: &Path) -> bool {
    file.extension()
        .is_none_or(|end| end != "crdownload" && end != "tmp")
        && !file
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
        && file.metadata().is_ok_and(|file| file.len() > 0)
}

impl Drop for Browser {
    fn drop(&mut self) {
        let ended = send(&self.agent, "DELETE", &self.base, &Value::Null);
        // A driver that is gone has left its browser behind.
        if let (Err(_), Some(pid)) = (ended, self.pid) {
            let _ = Command::new("kill").arg(pid.to_string()).status();
        }
        // Its last threads may still write to the profile, which is then removed by whoever clears the temp directory.
        let _ = std::fs::remove_dir_all(self.profile.path());
    }
}
