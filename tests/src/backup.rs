//! `lianzhan backup` of a station that goes on working, and `lianzhan restore` on another machine: what was written after
//! the backup comes back from the township, the old logs are written no more, and nobody sees a fork.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::audit::{World, settled, visit};
use super::process::{Site, beside, run, until};
use super::root;

const SECRET: &str = "backup of a station";

fn with_secret(site: &Site, args: &[&str]) -> String {
    let output = run(site.command(args).env("LIANZHAN_BACKUP_PASSPHRASE", SECRET));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

#[test]
fn a_station_that_was_put_back_gets_what_it_lacks_and_goes_on() {
    let _lane = beside();
    let world = World::raise();
    let (above, below) = (world.above.start(), world.below.start());
    visit(&below, "lin", 1);
    let at = |name: &str| world.place.path().join(name).to_str().unwrap().to_owned();
    let (file, keys) = (at("backup.age"), at("keys.age"));
    with_secret(&world.below, &["backup", &file, "--keys", &keys]);
    visit(&below, "lin", 2);
    settled(&above, &below);
    below.stop();

    let back = Site::new(world.place.path(), "back");
    let said = with_secret(&back, &["restore", &file, "--keys", &keys]);
    assert!(said.contains("agree") || said.contains("相符"), "{said}");
    let below = back.start();
    until("what was written after the backup comes back", || {
        (below.status()["own_visits"] == 2).then_some(())
    });
    visit(&below, "lin", 3);
    settled(&above, &below);
    assert_eq!(below.status()["own_visits"], 3);
    assert_eq!(above.status()["visits"], 3);
    assert_eq!(above.api.get("/forks"), serde_json::json!([]), "nobody forked");
    below.stop();
    above.stop();
    back.succeed(&["check"]);
}

#[test]
fn a_good_backup_is_good_without_its_keys() {
    let _lane = beside();
    let world = World::raise();
    let below = world.below.start();
    visit(&below, "lin", 1);
    below.stop();
    let at = |name: &str| world.place.path().join(name).to_str().unwrap().to_owned();
    let file = at("backup.age");
    with_secret(&world.below, &["backup", &file]);
    let back = Site::new(world.place.path(), "back");
    let said = with_secret(&back, &["restore", &file]);
    assert!(said.contains("agree") || said.contains("相符"), "{said}");
    back.succeed(&["check"]);
}

#[test]
fn a_backup_opens_with_age_and_tar_alone() {
    let _lane = beside();
    let world = World::raise();
    let place = world.place.path();
    let file = place.join("backup.age");
    with_secret(&world.below, &["backup", file.to_str().unwrap()]);
    let archive = place.join("backup.tar");
    open_with_age(&file, &archive);
    let listed = run(command_of("tar").arg("-tf").arg(&archive));
    let listed = String::from_utf8(listed.stdout).unwrap();
    let names: Vec<&str> = listed.lines().collect();
    for name in [
        "backup.json",
        "founding.cose",
        "node.key",
        "people/lin.age",
        "lianzhan.db",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    for name in ["annex.keys", "high-water", "api.token"] {
        assert!(!names.contains(&name), "{name} in {names:?}");
    }
}

fn command_of(program: &str) -> std::process::Command {
    std::process::Command::new(program)
}

fn open_with_age(file: &Path, output: &Path) {
    let mut child = command_of("python3")
        .arg(root().join("tests/interop/recover.py"))
        .args([file, output])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 was found");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(SECRET.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
