//! A fresh machine: from an empty directory to a station in service, through its first page, and a kill in the middle.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lianzhan_node::services::invite::Invitation;

use super::SOON;
use super::invitations::keep;
use super::visit::{Scene, Visit, first_link};
use super::whole::check;
use crate::browser::{ENTER, Screen};
use crate::prefecture::{PASSPHRASE, Process, lianzhan};

const STATION: &str = "新桥站";
const OWN: &str = "own words of the head";
const GIST: &str = "新桥桥头护栏松动，赶集日人多。";

/// A way to the parent that is silent until it is opened: whoever connects before waits.
struct Way {
    address: SocketAddr,
    open: Arc<AtomicBool>,
}

impl Way {
    fn to(parent: SocketAddr) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, open) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let opened = open.clone();
        std::thread::spawn(move || {
            let mut waiting = Vec::new();
            for near in listener.incoming().map_while(Result::ok) {
                if !opened.load(Ordering::Acquire) {
                    // Held, so that it is not refused.
                    waiting.push(near);
                    continue;
                }
                let Ok(far) = TcpStream::connect(parent) else {
                    continue;
                };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
                        continue;
                    };
                    std::thread::spawn(move || {
                        // Either side may leave first.
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
        Way { address, open }
    }
}

fn multiaddr(address: SocketAddr) -> String {
    format!("/ip4/{}/tcp/{}", address.ip(), address.port())
}

/// An invitation by the township, as its administrator makes it at a terminal, that leads over `way`.
fn invite(scene: &Scene) -> (Invitation, Way) {
    let dir = scene.prefecture.node("fengdu");
    let made = Command::new(lianzhan().unwrap())
        .args([
            "invite",
            "--level",
            "station",
            "--name",
            STATION,
            "--name-en",
            "Xinqiao Station",
        ])
        .args(["--code", "990121103209", "--json", "--dir"])
        .arg(&dir)
        .env("LIANZHAN_PASSPHRASE", PASSPHRASE)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let told: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let mut invitation = Invitation::from_code(told["code"].as_str().unwrap()).unwrap();
    let parent: SocketAddr = {
        let parts: Vec<&str> = invitation.addresses[0].split('/').collect();
        format!("{}:{}", parts[2], parts[4]).parse().unwrap()
    };
    let way = Way::to(parent);
    invitation.addresses = vec![multiaddr(way.address)];
    (invitation, way)
}

/// A machine with an empty directory.
struct Machine {
    dir: PathBuf,
    web: SocketAddr,
    listen: String,
}

impl Machine {
    fn new(place: &Path) -> Machine {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Machine {
            dir: place.join("node"),
            web: free(),
            listen: multiaddr(free()),
        }
    }

    fn start(&self) -> Process {
        let mut command = Command::new(lianzhan().unwrap());
        command
            .arg("run")
            .arg("--dir")
            .arg(&self.dir)
            .args(["--web", &self.web.to_string(), "--listen", &self.listen])
            .env("LIANZHAN_SCRYPT_LOG_N", "4");
        let process = Process::start("a fresh machine", &mut command, &self.dir.with_extension("log"));
        let end = std::time::Instant::now() + SOON;
        while TcpStream::connect(self.web).is_err() {
            assert!(std::time::Instant::now() < end, "the first page is served");
            std::thread::yield_now();
        }
        process.unwrap()
    }
}

fn put(visit: &Visit, id: &str, text: &str) {
    visit
        .browser
        .run(
            "document.getElementById(arguments[0]).value = arguments[1]",
            &[id, text],
        )
        .unwrap();
}

pub(super) fn joining(scene: &mut Scene) {
    let place = tempfile::tempdir().unwrap();
    let machine = Machine::new(place.path());
    let (invitation, way) = invite(scene);
    let process = machine.start();
    let mut wrong = Vec::new();
    for screen in [Screen::PHONE, Screen::DESK] {
        let visit = scene.visit_at(machine.web, screen);
        for lang in ["zh", "en"] {
            visit.go(&format!("/preferences?lang={lang}&back=/start"));
            check(&visit, &format!("/start {lang}"), &mut wrong);
            keep(&visit, &format!("start-{lang}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let mut visit = scene.visit_at(machine.web, Screen::DESK);
    visit.expected.extend([
        "422",
        "ERR_CONNECTION_REFUSED",
        "ERR_CONNECTION_RESET",
        "ERR_EMPTY_RESPONSE",
    ]);
    visit.go("/");
    assert_eq!(
        (visit.path().as_str(), visit.words("h1").as_str()),
        ("/start", "加入联站网络")
    );
    put(&visit, "code", "lianzhan-join-2.nothing");
    visit.type_into("passphrase", PASSPHRASE);
    visit.type_into("again", &format!("{PASSPHRASE}{ENTER}"));
    visit.says(".note.late", "这不是完整的邀请码");
    put(&visit, "code", &invitation.to_code());
    visit.type_into("passphrase", PASSPHRASE);
    visit.type_into("again", &format!("{PASSPHRASE}!{ENTER}"));
    visit.says(".note.late", "两次输入的口令不同");
    assert_eq!(
        visit.value("code"),
        invitation.to_code(),
        "what was pasted is still there"
    );
    visit.type_into("passphrase", PASSPHRASE);
    visit.type_into("again", &format!("{PASSPHRASE}{ENTER}"));
    visit.says("h1", "正在加入");
    visit.says(".steps .now", "上级任命");
    keep(&visit, "start-joining");
    // In the middle: the keys are made, the parent is asked, and the machine dies.
    drop(process);
    assert!(!machine.dir.exists());

    let _process = machine.start();
    visit.go("/start");
    visit.says("form .btn.main", "继续加入");
    assert_eq!(visit.value("code"), invitation.to_code());
    visit.type_into("passphrase", "another passphrase");
    visit.type_into("again", &format!("another passphrase{ENTER}"));
    visit.says(".note.late", "请输入那个口令");
    way.open.store(true, Ordering::Release);
    visit.type_into("passphrase", PASSPHRASE);
    visit.type_into("again", &format!("{PASSPHRASE}{ENTER}"));
    // The same address, and by itself: the node goes on where the first page ended.
    visit
        .browser
        .until_says("h1", "请设第一个账号", Duration::from_secs(60))
        .unwrap();
    visit.says(".steps .now", "在用");
    check(&visit, "/start person", &mut wrong);
    keep(&visit, "start-person");
    assert!(wrong.is_empty(), "{wrong:#?}");
    visit.type_into("name", "辛桥");
    visit.type_into("login", "xin");
    visit.type_into("own", OWN);
    visit.type_into("own-again", OWN);
    visit.type_into("passphrase", &format!("not the passphrase{ENTER}"));
    visit.says(".note.late", "机构口令不对");
    visit.type_into("own", OWN);
    visit.type_into("own-again", OWN);
    visit.type_into("passphrase", &format!("{PASSPHRASE}{ENTER}"));
    visit.says("h1", "登录");
    visit.enter("xin", OWN);
    visit.says(".mast .me", "辛桥");
    visit.go("/start");
    assert_eq!(visit.path(), "/", "who can sign in needs no first page");
    visit.type_into("gist", GIST);
    visit.type_into("receiver", &format!("辛桥{ENTER}"));
    visit.row_says(GIST, "已见证");

    // Looked over before its machine ends.
    drop(visit);
    let township = scene.sign_in("fengdu", "he", Screen::DESK);
    let there = "if (document.querySelector('#visits').innerText.includes(arguments[0])) return true; \
                 location.reload(); return false";
    township.go("/visits");
    township.browser.until(GIST, SOON, there, &[GIST]).unwrap();
    township.go("/appointments");
    assert!(first_link(&township, ".tree a").starts_with("/appointments"));
    assert!(township.words(".tree").contains(STATION));
}
