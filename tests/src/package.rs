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

/// The recipe of the image cannot be built here without a container engine; what it names must at least be there.
#[test]
fn the_recipe_of_the_image_fits_the_tree() {
    let recipe = std::fs::read_to_string(root().join("tools/package/Containerfile")).unwrap();
    let lines = |word: &str| -> Vec<&str> {
        let of_word = |line: &&str| line.split_whitespace().next() == Some(word);
        recipe.lines().filter(of_word).collect()
    };
    let toolchain = std::fs::read_to_string(root().join("rust-toolchain.toml")).unwrap();
    let channel = toolchain.split('"').nth(1).unwrap();
    let minor: Vec<&str> = channel.splitn(3, '.').take(2).collect();
    let from = lines("FROM");
    assert!(
        from[0].starts_with(&format!("FROM rust:{}-", minor.join("."))),
        "{from:?}: the toolchain is {channel}"
    );
    // Both stages are of one release of Debian: the programs find the C library that they were built for.
    assert!(from.iter().all(|line| line.contains("trixie")), "{from:?}");
    for tool in recipe
        .split_whitespace()
        .filter(|word| word.starts_with("tools/"))
    {
        assert!(root().join(tool).exists(), "{tool}");
    }
    for program in ["lianzhan", "lianzhan-audit"] {
        assert!(
            lines("COPY")
                .iter()
                .any(|line| line.contains(&format!("/src/target/release/{program} ")))
        );
    }
    let unit = std::fs::read_to_string(root().join("tools/package/lianzhan.service")).unwrap();
    assert!(recipe.contains(r#"ENTRYPOINT ["/usr/bin/lianzhan"]"#));
    assert!(recipe.contains(r#"CMD ["run", "--dir", "/var/lib/lianzhan/node"]"#));
    assert!(
        unit.contains("/usr/bin/lianzhan run --dir /var/lib/lianzhan/node"),
        "as the unit runs it"
    );
    assert!(
        lines("VOLUME")
            .iter()
            .any(|line| line.ends_with("/var/lib/lianzhan"))
    );
    let ignored = std::fs::read_to_string(root().join(".dockerignore")).unwrap();
    assert!(
        ignored.lines().any(|line| line == "target"),
        "what was built here is not copied"
    );
}
