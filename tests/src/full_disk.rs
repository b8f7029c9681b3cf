//! A node on a disk of a few MiB: written until it is full, read while it is, and going on by itself once there is room.
//! Needs the right to mount a tmpfs; where that is missing the test says that it did not run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::process::{Fault, PASSPHRASE, Running, Site, beside, files_below, measured, run, until};

/// A tmpfs, as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this process may not mount.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = run(Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=700"),
                "lianzhan-test",
            ])
            .arg(at));
        mounted.status.success().then(|| SmallDisk(at.to_owned()))
    }

    fn grow(&self, size: &str) {
        let grown = run(Command::new("mount")
            .args(["-o", &format!("remount,size={size}")])
            .arg(&self.0));
        assert!(
            grown.status.success(),
            "{}",
            String::from_utf8_lossy(&grown.stderr)
        );
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("-l").arg(&self.0));
    }
}

fn register(node: &Running, n: usize) -> Result<Value, Fault> {
    let fields = json!({
        "received_at": "2026-04-16T09:00:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
        "gist": format!("第 {n} 件：老码头护坡裂缝变宽。{}", "雨天河水漫上来，行人绕路。".repeat(20)),
    });
    let body = json!({
        "login": "lin", "passphrase": PASSPHRASE, "fields": fields, "subject": { "name": format!("来访人{n}") },
    });
    node.api.post("/visits", &body)
}

/// Registers until that is refused; the records that were acknowledged, and what was said.
fn fill(node: &Running, acknowledged: &mut Vec<String>) -> (u16, Value) {
    for n in 0..5_000 {
        match register(node, n) {
            Ok(written) => acknowledged.push(written["record"].as_str().unwrap().to_owned()),
            Err(Fault::Refused(status, body)) => return (status, serde_json::from_str(&body).unwrap()),
            Err(broken) => panic!("{broken:?}"),
        }
    }
    panic!("the disk does not fill");
}

fn all_there(node: &Running, acknowledged: &[String]) {
    for record in acknowledged {
        assert_eq!(node.api.get(&format!("/records/{record}"))["id"], json!(record));
    }
}

#[test]
fn a_full_disk_is_said_loses_nothing_and_is_over_when_there_is_room() {
    let _lane = beside();
    let place = tempfile::tempdir().unwrap();
    let made = Site::new(place.path(), "made");
    made.found("station", ["石桥站", "Shiqiao"], "990121103201");
    made.succeed(&["appoint", "lin", "--name", "林静禾", "--role", "opinion_liaison"]);
    let site = Site::new(place.path(), "node");
    let Some(disk) = SmallDisk::mount(site.dir(), "6m") else {
        measured("a full disk: DID NOT RUN, this process may not mount a tmpfs");
        return;
    };
    for path in files_below(made.dir()) {
        let to = site.dir().join(path.strip_prefix(made.dir()).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, &to).unwrap();
    }
    let node = site.start();
    let mut acknowledged = Vec::new();
    let (status, said) = fill(&node, &mut acknowledged);
    assert!(acknowledged.len() > 5, "{}: {said}", acknowledged.len());
    assert_eq!(
        (status, &said["type"]),
        (507, &json!("urn:lianzhan:problem:disk-full")),
        "{said}"
    );
    let zh = said["detail_zh"].as_str().unwrap();
    assert!(zh.contains("磁盘已满") && zh.contains("清出空间"), "{zh}");
    // It goes on serving what is there, and says on its page what to do.
    all_there(&node, &acknowledged);
    let picture = node.api.get("/network");
    assert!(picture["disk"]["free"].as_u64().unwrap() < 512 * 1024 * 1024);
    assert!(picture.to_string().contains("disk_low"));

    disk.grow("12m");
    until("it goes on by itself", || {
        let written = register(&node, 6_000).ok()?;
        acknowledged.push(written["record"].as_str().unwrap().to_owned());
        Some(())
    });
    // Full once more, and the machine ends there.
    fill(&node, &mut acknowledged);
    let Running { mut process, .. } = node;
    process.kill9();
    disk.grow("64m");
    let node = site.start();
    all_there(&node, &acknowledged);
    until("the views catch up", || {
        let visits = node.status()["visits"].as_u64()?;
        (visits >= acknowledged.len() as u64).then_some(())
    });
    register(&node, 7_000).unwrap();
    node.stop();
    site.succeed(&["check"]);
    measured(&format!(
        "a full disk: {} records were acknowledged, all are there",
        acknowledged.len()
    ));
}
