//! The vectors in `tests/vectors`: bytes, what is said of them, and why. Everything is made from fixed seeds; what is said is
//! found by the very functions that a node uses, from what stands in the vector alone. The test makes all of it anew and
//! compares; `LIANZHAN_VECTORS=write` writes it.

mod bundles;
mod bytes;
mod changes;
mod directory;
mod erasures;
mod fields;
mod frames;
mod logs;
mod notices;
mod records;
mod sealed;
mod statements;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::codec;
use crate::record::ledger::{earlier, ledgers};

pub(crate) use notices::wells;

/// What is made: files by name, and which vectors say something else than they must.
#[derive(Default)]
struct Files {
    by_name: BTreeMap<String, Vec<u8>>,
    wrong: Vec<String>,
}

impl Files {
    fn insert(&mut self, name: String, bytes: Vec<u8>) {
        self.by_name.insert(name, bytes);
    }
}

/// The parts of a vector, and what must be said of it: a reason, or none where it is valid.
struct Vector {
    name: String,
    input: Value,
    reason: Option<&'static str>,
}

fn good(name: &str, input: Value) -> Vector {
    let (name, reason) = (name.to_owned(), None);
    Vector { name, input, reason }
}

fn bad(name: &str, reason: &'static str, input: Value) -> Vector {
    let (name, reason) = (name.to_owned(), Some(reason));
    Vector { name, input, reason }
}

/// What is found: values that follow, or the name of the reason why nothing does.
type Found = Result<Value, String>;

/// One file of vectors. `judge` finds what is said from the parts of a vector.
fn category(
    files: &mut Files,
    name: &str,
    head: Value,
    vectors: Vec<Vector>,
    judge: impl Fn(&Value) -> Found,
) {
    let mut list = Vec::new();
    for vector in vectors {
        let found = judge(&vector.input);
        if found.as_ref().err().map(String::as_str) != vector.reason {
            let expected = vector.reason.unwrap_or("valid");
            files.wrong.push(format!(
                "{name}: {}: {found:?} where {expected} was expected",
                vector.name
            ));
        }
        let mut shown = Map::new();
        shown.insert("name".into(), vector.name.into());
        if let Value::Object(parts) = vector.input {
            shown.extend(parts);
        }
        shown.insert("valid".into(), found.is_ok().into());
        match found {
            Ok(Value::Null) => {}
            Ok(follows) => drop(shown.insert("follows".into(), follows)),
            Err(reason) => drop(shown.insert("reason".into(), reason.into())),
        }
        list.push(Value::Object(shown));
    }
    let mut file = Map::new();
    if let Value::Object(parts) = head {
        file.extend(parts);
    }
    file.insert("vectors".into(), list.into());
    let mut text = serde_json::to_vec_pretty(&file).expect("plain JSON");
    text.push(b'\n');
    files.insert(format!("{name}.json"), text);
}

/// The identifier of a reason: the name of its variant in snake case.
fn reason(error: &impl Debug) -> String {
    let shown = format!("{error:?}");
    let name = shown.split(|c: char| !c.is_ascii_alphanumeric()).next();
    let mut out = String::new();
    for c in name.unwrap_or_default().chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Bytes of a member in hex.
fn bytes_of(input: &Value, member: &str) -> Vec<u8> {
    unhex(text_of(input, member))
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| codec::unhex::<1>(std::str::from_utf8(pair).expect("hex")).expect("hex")[0])
        .collect()
}

fn array_of<const N: usize>(input: &Value, member: &str) -> [u8; N] {
    bytes_of(input, member).try_into().expect("of that length")
}

fn text_of<'v>(input: &'v Value, member: &str) -> &'v str {
    input[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {input}"))
}

fn list_of<'v>(input: &'v Value, member: &str) -> &'v [Value] {
    input[member].as_array().map_or(&[], Vec::as_slice)
}

fn hex(bytes: &[u8]) -> Value {
    codec::hex(bytes).into()
}

/// `bytes` with one bit turned around; `at` counts from the end where it is negative.
fn flipped(bytes: &[u8], at: isize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let from = if at < 0 { bytes.len() } else { 0 };
    bytes[from.checked_add_signed(at).expect("within")] ^= 1;
    bytes
}

fn all() -> Files {
    let mut files = Files::default();
    for ledger in ledgers() {
        files.insert(format!("ledger/{}.cbor", ledger.id), codec::encode(ledger));
    }
    for ledger in earlier() {
        files.insert(
            format!("ledger/{}-{}.cbor", ledger.id, ledger.rev),
            codec::encode(ledger),
        );
    }
    let hashes: Map<String, Value> = ledgers()
        .iter()
        .map(|ledger| (ledger.id.clone(), hex(&ledger.hash().0)))
        .collect();
    let text = serde_json::to_string_pretty(&json!({ "definitions": hashes })).expect("plain JSON") + "\n";
    files.insert("ledger.json".into(), text.into_bytes());
    bytes::all(&mut files);
    statements::all(&mut files);
    changes::all(&mut files);
    logs::all(&mut files);
    directory::all(&mut files);
    fields::all(&mut files);
    records::all(&mut files);
    notices::all(&mut files);
    sealed::all(&mut files);
    erasures::all(&mut files);
    frames::all(&mut files);
    bundles::all(&mut files);
    files
}

/// Most bytes of all files together.
const TOTAL_MAX: usize = 6 * 512 * 1024;

#[test]
#[allow(clippy::disallowed_methods)] // a test that writes and compares files
fn the_vectors_are_what_the_formats_say() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let files = all();
    let total: usize = files.by_name.values().map(Vec::len).sum();
    assert!(total <= TOTAL_MAX, "{total} bytes");
    if std::env::var_os("LIANZHAN_VECTORS").is_some_and(|value| value == "write") {
        for (name, bytes) in &files.by_name {
            let path = home.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, bytes).expect("written");
        }
    }
    assert!(files.wrong.is_empty(), "{:#?}", files.wrong);
    let mut kept = std::collections::BTreeSet::from(["README.md".to_owned()]);
    for (name, bytes) in &files.by_name {
        kept.insert(name.clone());
        let found = std::fs::read(home.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            found == *bytes,
            "tests/vectors/{name} differs from what the formats say; if that is meant, it is a new version"
        );
    }
    for (folder, prefix) in [("", ""), ("ledger", "ledger/"), ("bundle", "bundle/")] {
        for entry in std::fs::read_dir(home.join(folder)).expect("a folder") {
            let entry = entry.expect("readable");
            let name = format!("{prefix}{}", entry.file_name().to_str().expect("UTF-8"));
            assert!(
                entry.path().is_dir() || kept.contains(&name),
                "{name} is none of the vectors"
            );
        }
    }
}
