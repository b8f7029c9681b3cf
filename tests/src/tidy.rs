//! What the compiler does not check about the tree: who may name whom, how long a file may be, where Chinese text stands.
//! `docs/architecture.md` has the reasons.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::root;

/// A file is one idea; past this it hides a second one.
const LINES_MAX: usize = 900;

/// These crates are each named by one room of the node, which can then be exchanged or understood alone.
const ONLY_IN: [(&str, &str); 3] = [
    ("automerge", "documents"),
    ("libp2p", "net"),
    ("rusqlite", "store"),
];

/// Rooms of the node that a room must not know: nothing points back.
const MUST_NOT_KNOW: [(&str, &[&str]); 7] = [
    (
        "store",
        &[
            "documents",
            "views",
            "net",
            "services",
            "api",
            "web",
            "cli",
            "runtime",
        ],
    ),
    (
        "documents",
        &[
            "store", "views", "net", "services", "api", "web", "cli", "runtime",
        ],
    ),
    ("views", &["net", "services", "api", "web", "cli", "runtime"]),
    ("services", &["net", "api", "web", "cli", "runtime"]),
    ("net", &["api", "web", "cli", "runtime"]),
    ("api", &["store", "documents", "web", "cli", "runtime"]),
    ("web", &["store", "documents", "api", "cli", "runtime"]),
];

#[test]
fn rust_files_are_short() {
    let mut long = Vec::new();
    for place in ["protocol", "node", "tools", "tests"] {
        for path in files(&root().join(place), "rs") {
            let lines = read(&path).lines().count();
            if lines > LINES_MAX {
                long.push(format!("{}: {lines} lines", shown(&path)));
            }
        }
    }
    assert_none(long, "split these at an idea");
}

#[test]
fn templates_hold_no_chinese_text() {
    let mut found = Vec::new();
    for place in ["node/templates", "node/src/web"] {
        for path in files(&root().join(place), "html") {
            for (number, line) in read(&path).lines().enumerate() {
                if line.chars().any(is_chinese) {
                    found.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
                }
            }
        }
    }
    assert_none(found, "text belongs in the language files");
}

#[test]
fn protocol_depends_on_nothing_that_runs() {
    let names = dependencies("protocol");
    let mut found = Vec::new();
    for name in [
        "tokio",
        "futures",
        "rusqlite",
        "automerge",
        "libp2p",
        "axum",
        "getrandom",
        "rand",
        "jiff",
    ] {
        if names.contains(name) {
            found.push(name.to_owned());
        }
    }
    assert_none(found, "protocol is pure");
    assert!(
        !names.iter().any(|name| name.starts_with("lianzhan")),
        "protocol stands at the bottom"
    );
}

#[test]
fn the_auditor_needs_only_protocol() {
    let own: Vec<_> = dependencies("tools/audit")
        .into_iter()
        .filter(|name| name.starts_with("lianzhan"))
        .collect();
    assert_eq!(
        own,
        ["lianzhan-protocol"],
        "an auditor need not trust the node's code"
    );
}

/// The core can take a signature for good that it verified before; that is for who simulates many nodes in one thread.
#[test]
fn whoever_runs_in_earnest_verifies_every_signature() {
    for program in ["node/src", "tools/audit/src", "tools/verify-wasm/src"] {
        let sources = files(&root().join(program), "rs");
        assert!(!sources.is_empty(), "{program}");
        for path in sources {
            let code = fs::read_to_string(&path).unwrap();
            assert!(!code.contains("remembering"), "{} asks for it", shown(&path));
        }
    }
}

#[test]
fn one_room_alone_names_each_engine() {
    let mut found = Vec::new();
    for (room, path, code) in node_code() {
        for (engine, home) in ONLY_IN {
            if room != home && names_crate(&code, engine) {
                found.push(format!(
                    "{} names {engine}, which {home} alone does",
                    shown(&path)
                ));
            }
        }
        // Services speak to pages and peers in types of their own.
        if room != "api" && room != "web" && room != "runtime" && names_crate(&code, "axum") {
            found.push(format!("{} names axum", shown(&path)));
        }
    }
    assert_none(found, "an engine has one door");
}

#[test]
fn rooms_of_the_node_do_not_point_back() {
    let mut found = Vec::new();
    for (room, path, code) in node_code() {
        let Some((_, unknown)) = MUST_NOT_KNOW.iter().find(|(name, _)| *name == room) else {
            continue;
        };
        for named in rooms_named(&code) {
            if unknown.contains(&named.as_str()) {
                found.push(format!("{}: {room} names crate::{named}", shown(&path)));
            }
        }
    }
    assert_none(
        found,
        "a lower layer tells an upper one something by returning it",
    );
}

#[test]
fn the_reader_of_these_checks_reads_rust() {
    let code = without_comments(
        "// automerge::x\nuse crate::{\n    api::{a, b}, store,\n};\nlet x = crate::web::y(); // crate::no",
    );
    assert_eq!(
        rooms_named(&code),
        BTreeSet::from(["api", "store", "web"].map(str::to_owned))
    );
    assert!(!names_crate(&code, "automerge"));
    assert!(names_crate("let d = automerge::AutoCommit::new();", "automerge"));
    assert!(names_crate("use libp2p_stream::Control;", "libp2p"));
    assert!(names_crate("use rusqlite as sql;", "rusqlite"));
    assert!(!names_crate("crate::my_libp2p::x()", "libp2p"));
    assert!(
        "级".chars().all(is_chinese) && "，".chars().all(is_chinese) && !"é – “x”".chars().any(is_chinese)
    );
}

/// Every source file of the node's library: its room, its path and its code without comments.
fn node_code() -> Vec<(String, PathBuf, String)> {
    let source = root().join("node/src");
    let room = |path: &Path| {
        let first = path.strip_prefix(&source).ok()?.iter().next()?.to_str()?;
        Some(first.trim_end_matches(".rs").to_owned())
    };
    files(&source, "rs")
        .into_iter()
        .map(|path| {
            (
                room(&path).expect("a path under node/src"),
                path.clone(),
                without_comments(&read(&path)),
            )
        })
        .collect()
}

/// Cuts each line at `//`. A text with `//` in it loses its end, which names no crate.
fn without_comments(code: &str) -> String {
    code.lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether `name`, or a crate of its family (`name_x`), begins a path or is imported whole.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let begins_path = !before.ends_with(is_word) && !before.ends_with("::");
        let tail = after.trim_start_matches(is_word);
        let is_family = tail.len() == after.len() || after.starts_with('_');
        let is_import = matches!(before.lines().next_back().map(str::trim), Some("use" | "pub use"));
        begins_path && is_family && (tail.starts_with("::") || is_import)
    })
}

/// The modules that code names as `crate::x` or within `crate::{x, y}`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => drop(named.insert(first_word(rest))),
            Some(group) => named.extend(group_members(group)),
        }
    }
    named
}

/// The first words of the members of a `use` group, given the text behind its opening brace.
fn group_members(group: &str) -> BTreeSet<String> {
    let mut members = BTreeSet::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.insert(first_word(group[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members.remove("");
    members
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Han characters, and the punctuation and full-width forms written among them.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
        || matches!(c, '\u{20000}'..='\u{3ffff}')
}

/// What a crate depends on when it is not being tested.
fn dependencies(place: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&root().join(place).join("Cargo.toml"))
        .parse()
        .expect("a manifest is TOML");
    manifest["dependencies"]
        .as_table()
        .expect("a table of dependencies")
        .keys()
        .cloned()
        .collect()
}

/// The files with an ending below a directory, in order. A directory that is not there holds none.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("a readable directory").path())
        .collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn assert_none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}
