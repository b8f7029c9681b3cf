//! Every crate that is compiled on this machine, for the program or for its tests, has a licence that `deny.toml` allows,
//! comes from the registry, and is not banned. cargo-deny checks the same and more (other platforms, advisories), but is
//! not installed everywhere; this needs only cargo itself, and no network.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use super::root;

#[test]
fn every_dependency_is_allowed() {
    let policy = Policy::read();
    let crates = compiled_crates();
    assert!(
        crates.len() > 100,
        "only {} crates: the graph was not read",
        crates.len()
    );

    let refused: Vec<_> = crates
        .iter()
        .filter_map(|dependency| policy.refusal(dependency))
        .collect();
    assert!(refused.is_empty(), "see deny.toml:\n{}", refused.join("\n"));
}

#[test]
fn every_allowance_is_used() {
    let policy = Policy::read();
    let crates = compiled_crates();
    let used: BTreeSet<_> = crates.iter().flat_map(|c| words(&c.licence)).collect();
    let unused: Vec<_> = policy
        .allowed
        .iter()
        .filter(|id| !used.contains(id.as_str()))
        .collect();
    assert!(
        unused.is_empty(),
        "no crate has these licences of deny.toml: {unused:?}"
    );
    let gone: Vec<_> = policy
        .exceptions
        .keys()
        .filter(|name| !crates.iter().any(|c| &c.name == *name))
        .collect();
    assert!(
        gone.is_empty(),
        "deny.toml excepts crates that are not used: {gone:?}"
    );
}

#[test]
fn licence_expressions() {
    let allowed = |id: &str| matches!(id, "MIT" | "Apache-2.0" | "ISC");
    for accepted in [
        "MIT",
        "MIT OR GPL-3.0-only",
        "GPL-3.0-only/MIT",
        "GPL-3.0-only / MIT",
        "Apache-2.0 AND ISC",
        "(MIT OR GPL-3.0-only) AND ISC",
        "GPL-2.0-only AND ISC OR MIT",
        "Apache-2.0 WITH LLVM-exception OR MIT",
    ] {
        assert_eq!(satisfied(accepted, &allowed), Ok(true), "{accepted}");
    }
    for refused in [
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "MIT AND (GPL-3.0-only OR MPL-2.0)",
        // An exception is a licence of its own: it has to be allowed by its whole name.
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert_eq!(satisfied(refused, &allowed), Ok(false), "{refused}");
    }
    for nonsense in ["", "MIT OR", "(MIT", "MIT ISC", "AND", "MIT)"] {
        assert!(satisfied(nonsense, &allowed).is_err(), "{nonsense}");
    }
}

struct Dependency {
    name: String,
    version: String,
    licence: String,
    /// What cargo prints behind name and version: nothing for the registry, else a path or an address.
    source: String,
}

/// What cargo would compile here for all members and their tests, build scripts and macros included. `cargo metadata`
/// would also name crates that no chosen feature reaches.
fn compiled_crates() -> Vec<Dependency> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--workspace",
            "--locked",
            "--offline",
            "--prefix",
            "none",
            "--format",
            "{l}|{p}",
        ])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );

    let lines: BTreeSet<_> = std::str::from_utf8(&output.stdout)
        .expect("cargo prints UTF-8")
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)"))
        .filter(|line| !line.is_empty())
        .collect();
    lines.into_iter().map(dependency).collect()
}

fn dependency(line: &str) -> Dependency {
    let (licence, package) = line.split_once('|').expect("the format has a bar");
    let mut parts = package.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    Dependency {
        licence: licence.to_owned(),
        name: part(),
        version: part(),
        source: part(),
    }
}

struct Policy {
    allowed: BTreeSet<String>,
    exceptions: BTreeMap<String, BTreeSet<String>>,
    banned: BTreeMap<String, String>,
}

impl Policy {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there");
        let deny: toml::Table = text.parse().expect("deny.toml is TOML");
        let licenses = &deny["licenses"];
        Policy {
            allowed: texts(&licenses["allow"]),
            exceptions: rows(&licenses["exceptions"])
                .map(|row| (text_of(&row["crate"]), texts(&row["allow"])))
                .collect(),
            banned: rows(&deny["bans"]["deny"])
                .map(|row| (text_of(&row["crate"]), text_of(&row["reason"])))
                .collect(),
        }
    }

    fn refusal(&self, dependency: &Dependency) -> Option<String> {
        let Dependency {
            name,
            version,
            licence,
            source,
        } = dependency;
        let refuse = |why: String| Some(format!("{name} {version}: {why}"));
        if let Some(reason) = self.banned.get(name) {
            return refuse(format!("banned: {reason}"));
        }
        let own = source.starts_with(&format!("({}", root().display()));
        if !own && !source.is_empty() {
            return refuse(format!("not from the registry: {source}"));
        }
        let excepted = self.exceptions.get(name);
        let allowed = |id: &str| self.allowed.contains(id) || excepted.is_some_and(|ids| ids.contains(id));
        match satisfied(licence, &allowed) {
            Ok(true) => None,
            Ok(false) => refuse(format!("licence {licence}")),
            Err(why) => refuse(format!("licence {licence:?} is no SPDX expression: {why}")),
        }
    }
}

fn rows(value: &toml::Value) -> impl Iterator<Item = &toml::Value> {
    value.as_array().expect("an array in deny.toml").iter()
}

fn texts(value: &toml::Value) -> BTreeSet<String> {
    rows(value).map(text_of).collect()
}

fn text_of(value: &toml::Value) -> String {
    value.as_str().expect("a text in deny.toml").to_owned()
}

/// Whether an SPDX expression can be met with allowed licences. `/` is how OR was once written. AND binds tighter.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let words = words(expression);
    let mut rest = words.as_slice();
    let met = any(&mut rest, allowed)?;
    match rest.first() {
        None => Ok(met),
        Some(word) => Err(format!("unexpected {word}")),
    }
}

fn words(expression: &str) -> Vec<String> {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace(" WITH ", "~");
    spaced
        .split_whitespace()
        .map(|word| word.replace('~', " WITH "))
        .collect()
}

fn any(rest: &mut &[String], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut met = all(rest, allowed)?;
    while take(rest, "OR") {
        met |= all(rest, allowed)?;
    }
    Ok(met)
}

fn all(rest: &mut &[String], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut met = one(rest, allowed)?;
    while take(rest, "AND") {
        met &= one(rest, allowed)?;
    }
    Ok(met)
}

fn one(rest: &mut &[String], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    if take(rest, "(") {
        let met = any(rest, allowed)?;
        return if take(rest, ")") {
            Ok(met)
        } else {
            Err("a bracket stays open".to_owned())
        };
    }
    let (word, tail) = rest.split_first().ok_or("it ends too early")?;
    if matches!(word.as_str(), "AND" | "OR" | ")") {
        return Err(format!("unexpected {word}"));
    }
    *rest = tail;
    Ok(allowed(word))
}

fn take(rest: &mut &[String], expected: &str) -> bool {
    match rest.split_first() {
        Some((word, tail)) if word == expected => {
            *rest = tail;
            true
        }
        _ => false,
    }
}
