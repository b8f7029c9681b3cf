//! The command as a stranger calls it: exit codes and what is said.

use std::path::PathBuf;
use std::process::{Command, Output};

fn audit(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lianzhan-audit"))
        .args(args)
        .env_clear()
        .output()
        .expect("the program starts")
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("a writable target directory");
    path
}

#[test]
fn an_unreadable_file_is_named_and_exits_with_2() {
    let founding = file("founding-of-nobody", b"x");
    let out = audit(&[
        "verify",
        "/nowhere/bundle.tar",
        "--root",
        founding.to_str().unwrap(),
        "--lang",
        "en",
    ]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("/nowhere/bundle.tar"));
    assert!(out.stdout.is_empty());
    assert_eq!(audit(&["verify"]).status.code(), Some(2), "wrong arguments");
}

#[test]
fn a_refusal_names_thing_and_reason_and_exits_with_1() {
    let (bundle, founding) = (file("garbage.tar", &[7; 2000]), file("garbage.cose", b"x"));
    let args = [
        "verify",
        bundle.to_str().unwrap(),
        "--root",
        founding.to_str().unwrap(),
    ];
    let out = audit(&args);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&out.stdout).starts_with("未通过：trusted founding statement\n原因："),
        "{out:?}"
    );
    let out = audit(&[&args[..], &["--json", "--lang", "en"]].concat());
    assert_eq!(out.status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(
        (&said["ok"], &said["thing"]),
        (&false.into(), &"trusted founding statement".into())
    );
    assert!(
        said["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("COSE_Sign"))
    );
}
