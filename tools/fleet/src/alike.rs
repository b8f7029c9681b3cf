//! All that nodes derive of a record, to the last byte: rows of every table, words of the search index, the document. Two
//! who hold a record say the same, and so does a node that makes all of it anew.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use lianzhan_node::services::Node;
use lianzhan_node::store::DATABASE;
use lianzhan_protocol::id::{RecordId, SpaceId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use crate::world::World;

/// Of one record, by table.
type Derived = BTreeMap<String, Vec<String>>;
/// By space and record.
type Dump = BTreeMap<(SpaceId, RecordId), Derived>;

/// What stands beside the tables of ledgers, with the column that names the record.
const TABLES: [(&str, &str); 5] = [
    ("records", "record"),
    ("documents", "record"),
    ("refs", "record"),
    ("reissued", "old"),
    ("attachment_names", "record"),
];
/// What depends on the order in which records came, and on who fetches what.
const OWN: [(&str, &str); 2] = [("records", "id"), ("attachment_names", "held")];
/// Of an annex that is erased, whose it was stays known where it was known before.
const OWN_OF_ERASED: [&str; 2] = ["main", "shape"];

impl World {
    /// Whether all that is derived is the same at all who hold a record, and made anew.
    pub(crate) fn derives_the_same(&mut self) -> anyhow::Result<()> {
        let mut told: BTreeMap<(SpaceId, RecordId), (usize, Derived)> = BTreeMap::new();
        for site in 0..self.sites.len() {
            let Some(node) = self.sites[site].node().cloned() else {
                continue;
            };
            let (name, machine) = (self.name(site), self.sites[site].machine.clone());
            let here = dump(node.dir()).with_context(|| format!("what {name} derived"))?;
            let details = machine.work(|| details(&node, here.keys().map(|(_, record)| record)))?;
            machine.work(|| node.reindex(|_| {}))?;
            let anew = dump(node.dir())?;
            let differs = here
                .iter()
                .find(|(key, derived)| anew.get(*key) != Some(*derived));
            ensure!(
                differs.is_none() && here.len() == anew.len(),
                "{name} derived {differs:?}, and anew {:?}",
                differs.map(|(key, _)| anew.get(key))
            );
            for ((key, mut derived), detail) in here.into_iter().zip(details) {
                derived.insert("detail".to_owned(), detail);
                self.tally.alike += 1;
                match told.get(&key) {
                    None => drop(told.insert(key, (site, derived))),
                    Some((other, there)) => {
                        let differs = derived
                            .iter()
                            .find(|(table, rows)| there.get(*table) != Some(*rows));
                        ensure!(
                            derived == *there,
                            "of {} {name} derives {differs:?}, and {} {:?}",
                            key.1,
                            self.name(*other),
                            differs.map(|(table, _)| there.get(table))
                        );
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a page shows of each record: verdicts, with when and where each change was witnessed.
fn details<'a>(node: &Node, records: impl Iterator<Item = &'a RecordId>) -> anyhow::Result<Vec<Vec<String>>> {
    let mut all = Vec::new();
    for record in records {
        let (_, state) = node.state(record)?;
        let detail = node.record_detail(record)?;
        let mut words = vec![state.to_json().to_string(), format!("{:?}", detail.horizon)];
        words.extend(detail.changes.iter().map(|change| {
            let witnessed = change.witnessing.as_ref().map(|seen| (seen.time, seen.place));
            format!(
                "{:?} {:?} {witnessed:?} {:?}",
                change.held.id, change.verdict, change.author
            )
        }));
        all.push(words);
    }
    Ok(all)
}

fn dump(dir: &Path) -> anyhow::Result<Dump> {
    let database = Connection::open_with_flags(dir.join(DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database
        .execute_batch("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'search', 'instance')")?;
    let mut dump = Dump::new();
    let mut spaces: BTreeMap<RecordId, SpaceId> = BTreeMap::new();
    let mut select = database.prepare("SELECT record, space FROM records")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (record, space) = (RecordId(row.get(0)?), SpaceId(row.get(1)?));
        spaces.insert(record, space);
        dump.entry((space, record)).or_default();
    }
    let mut keep = |table: &str, record: RecordId, words: String| {
        if let Some(space) = spaces.get(&record) {
            let derived = dump.entry((*space, record)).or_default();
            derived.entry(table.to_owned()).or_default().push(words);
        }
    };
    let mut tables: Vec<(String, &str)> = TABLES.map(|(table, of)| (table.to_owned(), of)).to_vec();
    let mut select =
        database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'v_*'")?;
    let mut names = select.query([])?;
    while let Some(row) = names.next()? {
        tables.push((row.get(0)?, "record"));
    }
    for (table, of) in tables {
        let mut select = database.prepare(&format!("SELECT * FROM {table}"))?;
        let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            keep(&table, RecordId(row.get(of)?), words(&table, &columns, row)?);
        }
    }
    let mut select = database
        .prepare("SELECT r.record, t.term, t.\"offset\" FROM temp.terms t JOIN records r ON r.id = t.doc")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (term, at): (String, i64) = (row.get(1)?, row.get(2)?);
        keep("search", RecordId(row.get(0)?), format!("{at} {term}"));
    }
    for rows in dump.values_mut().flat_map(BTreeMap::values_mut) {
        rows.sort();
    }
    Ok(dump)
}

fn words(table: &str, columns: &[String], row: &Row<'_>) -> rusqlite::Result<String> {
    let mut words = String::new();
    let is_erased = table == "records" && row.get::<_, String>("ledger")?.is_empty();
    for (n, column) in columns.iter().enumerate() {
        let is_own = OWN.contains(&(table, column)) || table.starts_with("v_") && column == "_id";
        if is_own || is_erased && OWN_OF_ERASED.contains(&column.as_str()) {
            continue;
        }
        let value = match row.get_ref(n)? {
            ValueRef::Blob(bytes) => lianzhan_protocol::codec::hex(bytes),
            other => format!("{other:?}"),
        };
        words += &format!("{column}={value} ");
    }
    Ok(words)
}
