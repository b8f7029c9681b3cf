//! Tables of ledgers and the search index: what their layout changes is not lost, what is erased is gone.

use lianzhan_protocol::id::RecordId;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::super::{DATABASE, MIGRATIONS, Store};
use super::open;

/// A database of layout 18, in which rows lie in the order of the records' ids; one of the ledgers nothing defines any more.
fn before_order(dir: &std::path::Path) {
    let connection = Connection::open(dir.join(DATABASE)).unwrap();
    for sql in &MIGRATIONS[..18] {
        connection.execute_batch(sql).unwrap();
    }
    connection.pragma_update(None, "user_version", 18).unwrap();
    for (id, record, ledger) in [(4, 9u8, "visits"), (7, 2, "visits"), (9, 5, "gone")] {
        connection
            .execute(
                "INSERT INTO records (id, record, space, owner, ledger, title, happened, recorded, updated, pending, refused,
                 unwitnessed, state) VALUES (?1, ?2, x'', x'', ?3, '', ?1, 1, 1, 0, 0, 0, '{}')",
                (id, [record; 16], ledger),
            )
            .unwrap();
    }
    connection
        .execute_batch(
            "CREATE TABLE v_visits (record BLOB PRIMARY KEY, owner BLOB NOT NULL, recorded INTEGER NOT NULL, \"gist\" ANY)
                 STRICT, WITHOUT ROWID;
             INSERT INTO v_visits SELECT record, owner, recorded, 'gist ' || id FROM records WHERE ledger = 'visits';
             CREATE TABLE v_gone (record BLOB PRIMARY KEY, owner BLOB NOT NULL, recorded INTEGER NOT NULL) STRICT, WITHOUT ROWID;
             INSERT INTO v_gone SELECT record, owner, recorded FROM records WHERE ledger = 'gone';
             INSERT INTO documents SELECT record, 'heads ' || id, x'07' FROM records;",
        )
        .unwrap();
}

fn gists(store: &Store, ledger: &str) -> Vec<Value> {
    let (names, rows) = store.read(|reader| reader.table(ledger)).unwrap();
    assert_eq!(names[0], "record", "the id is this store's own");
    rows.into_iter().map(|row| row[3].clone()).collect()
}

#[test]
fn rows_and_documents_of_an_earlier_layout_are_kept_in_another_order() {
    let dir = tempfile::tempdir().unwrap();
    before_order(dir.path());
    let store = open(dir.path());
    assert_eq!(gists(&store, "visits"), ["gist 4", "gist 7"]);
    let document = |record: u8| {
        store
            .read(|reader| reader.document(&RecordId([record; 16])))
            .unwrap()
    };
    assert_eq!(document(2), Some(("heads 7".into(), vec![7])));
    // Known columns: nothing is made anew, and a row whose ledger nothing defines can be erased.
    let ledger = ("visits".to_owned(), vec!["gist".to_owned()]);
    store
        .write_blocking(move |writer| {
            writer.ensure_ledger_tables(&[ledger])?;
            [2, 5]
                .into_iter()
                .try_for_each(|record| writer.erase_rows(&RecordId([record; 16])))
        })
        .unwrap();
    assert_eq!(gists(&store, "visits"), ["gist 4"]);
    assert!(store.read(|reader| reader.table("gone")).unwrap().1.is_empty());
    assert_eq!(document(2), None);
    assert_eq!(store.read(|reader| reader.dirty(0, 9)).unwrap(), []);
}

#[test]
fn a_ledger_may_have_fields_that_are_called_like_what_every_database_has() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let columns = ["id", "rowid", "select"].map(str::to_owned).to_vec();
    store
        .write_blocking(move |writer| writer.ensure_ledger_tables(&[("parcels".into(), columns)]))
        .unwrap();
    let (names, _) = store.read(|reader| reader.table("parcels")).unwrap();
    assert_eq!(
        json!(names),
        json!([
            "record",
            "owner",
            "recorded",
            "id",
            "rowid",
            "select",
            "unwitnessed",
            "pending",
            "refused"
        ])
    );
}

/// Where in the pieces of the search index a word still is.
fn places(connection: &Connection, word: &str) -> i64 {
    connection
        .query_row(
            "SELECT count(*) FROM search_data WHERE instr(block, CAST(?1 AS BLOB))",
            [word],
            |row| row.get(0),
        )
        .unwrap()
}

/// Three of nine thousand rows hold words that stand first and last in each piece of the index.
const EDGES: [u64; 3] = [7, 3_007, 6_007];
const FIRST: &str = "0first";
const LAST: &str = "zlast";

fn index(connection: &Connection) {
    connection.execute_batch("BEGIN").unwrap();
    for row in 1..=9_000u64 {
        let word = |n: u64| format!("w{:016x}", (row * 31 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut words: Vec<String> = (1..=16u64).map(word).collect();
        if EDGES.contains(&row) {
            words.extend([FIRST.to_owned(), LAST.to_owned()]);
        }
        connection
            .execute(
                "INSERT INTO search (rowid, grams) VALUES (?, ?)",
                (row, words.join(" ")),
            )
            .unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

#[test]
fn what_was_deleted_is_gone_from_the_search_index_whatever_came_between() {
    for (broken_off, meanwhile) in [(false, 0), (true, 0), (true, 1), (true, 2), (false, 3)] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let other = Connection::open(dir.path().join(DATABASE)).unwrap();
        index(&other);
        let delete = |row: u64| {
            assert!(places(&other, FIRST) > 0 && places(&other, LAST) > 0);
            other
                .execute("DELETE FROM search WHERE rowid = ?", [row])
                .unwrap();
        };
        delete(EDGES[0]);
        if broken_off {
            let more = store.write_blocking(|writer| writer.rewrite_search(true));
            assert!(more.unwrap(), "it takes several parts");
        }
        delete(EDGES[1]);
        delete(EDGES[2]);
        for row in 0..meanwhile {
            other
                .execute(
                    "INSERT INTO search (rowid, grams) VALUES (?, 'more words')",
                    [10_000 + row],
                )
                .unwrap();
        }
        assert!(store.rewrite_search().unwrap(), "nothing is left to do");
        assert_eq!((places(&other, FIRST), places(&other, LAST)), (0, 0));
        let found: i64 = other
            .query_row(
                "SELECT count(*) FROM search WHERE search MATCH 'more'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(found, meanwhile);
    }
}
