//! The Debian package: one command builds it, the same bytes each time, and what is in it runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{command, run};
use super::root;

fn said(command: &mut Command) -> String {
    let output = run(command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Packs the programs of these tests, uncompressed: with their symbols they are large.
fn packed(out: &Path) -> PathBuf {
    let program = PathBuf::from(command("lianzhan").get_program());
    let path = said(
        Command::new(root().join("tools/package/deb"))
            .arg("-o")
            .arg(out)
            .arg("--programs")
            .arg(program.parent().unwrap())
            .env("COMPRESSION", "none")
            .env("SOURCE_DATE_EPOCH", "1792000000"),
    );
    PathBuf::from(path.trim())
}

#[test]
fn the_package_is_the_same_bytes_each_time_and_what_is_in_it_runs() {
    if run(Command::new("sh").args(["-c", "command -v dpkg-deb"]))
        .stdout
        .is_empty()
    {
        println!("not Debian: there is no dpkg-deb, so no package is built here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let one = packed(&dir.path().join("one"));
    let two = packed(&dir.path().join("two"));
    assert!(
        run(Command::new("cmp").args([&one, &two])).status.success(),
        "the same bytes"
    );
    let about = said(Command::new("dpkg-deb").arg("-f").arg(&one));
    assert!(
        about.contains(concat!("Version: ", env!("CARGO_PKG_VERSION"))),
        "{about}"
    );
    let inside = dir.path().join("inside");
    said(Command::new("dpkg-deb").arg("-x").args([&one, &inside]));
    for program in ["lianzhan", "lianzhan-audit"] {
        let version = said(Command::new(inside.join("usr/bin").join(program)).arg("--version"));
        assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    }
    let unit = std::fs::read_to_string(inside.join("usr/lib/systemd/system/lianzhan.service")).unwrap();
    assert!(unit.contains("ExecStart=/usr/bin/lianzhan run --dir /var/lib/lianzhan/node"));
    assert!(
        !unit.contains("ConditionPathExists"),
        "a fresh machine comes up with the page that takes an invitation"
    );
    assert!(inside.join("usr/share/doc/lianzhan/operating.md").exists());
}
