//! The store by itself: what is acknowledged is durable, what does not agree is halted, who refuses leaves nothing.

mod tables;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lianzhan_protocol::id::{AttachmentId, Hash, OrgId, RecordId, SpaceId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::{
    Checkpoint, Entry, Header, LogStart, LogStatement, Origin, PROTOCOL_VERSION, PayloadKind,
    SignedCheckpoint, TreeSize,
};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Audience, Space};

use super::attachments::Named;
use super::{DATABASE, HIGH_WATER, OwnEntry, Reader, Signer, Store, StoreError};

struct Key(SecretKey);

impl Signer for Key {
    fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> SignedCheckpoint {
        checkpoint.sign(&self.0)
    }
    fn node(&self) -> PublicKey {
        self.0.public()
    }
}

fn key() -> SecretKey {
    SecretKey::from_seed([7; 32])
}

fn open(dir: &Path) -> Store {
    Store::open(dir, Arc::new(Key(key()))).unwrap()
}

fn start() -> LogStart {
    let space = Space::of(OrgId([1; 16]), Audience::Directory);
    LogStart::new(space, key().public(), OrgId([1; 16]), [9; 16], None)
}

fn own(n: i64) -> OwnEntry {
    let payload = LogStatement::Start(start()).to_bytes();
    let header = Header {
        version: PROTOCOL_VERSION,
        origin: start().origin(),
        space: start().space.id(),
        kind: PayloadKind::Statement,
        record: None,
        author: key().public(),
        appointment: None,
        recorded: Timestamp(n),
        payload: Hash::plain(&payload),
        size: payload.len() as u32,
        key_commitment: None,
    };
    OwnEntry {
        entry: Entry::sign(header, &key()).unwrap(),
        payload,
    }
}

fn begin(store: &Store) -> Origin {
    store
        .write_blocking(|writer| writer.start_log(&start(), own(0)))
        .unwrap()
}

fn append(store: &Store, n: i64) -> Result<TreeSize, StoreError> {
    let origin = start().origin();
    store.write_blocking(move |writer| writer.append_own(&origin, vec![own(n)]))
}

#[test]
fn sqlite_runs_in_wal_mode_with_synchronous_full() {
    let dir = tempfile::tempdir().unwrap();
    let (synchronous, journal) = open(dir.path()).read(|reader| reader.durability()).unwrap();
    assert_eq!((synchronous, journal.as_str()), (2, "wal"), "2 is FULL");
}

#[test]
fn a_store_at_rest_has_closed_its_readers_and_answers_and_writes_again() {
    let dir = tempfile::tempdir().unwrap();
    let rest = Duration::from_millis(20);
    let store = Store::open_resting(dir.path(), Arc::new(Key(key())), rest).unwrap();
    let origin = begin(&store);
    let size = |reader: &Reader<'_>| Ok(reader.log(&origin)?.map(|log| log.size));
    for size_now in 1..=3 {
        // Two at once, so that two connections wait.
        let both = store
            .read(|reader| Ok((size(reader)?, store.read(size)?)))
            .unwrap();
        assert_eq!(both, (Some(TreeSize(size_now)), Some(TreeSize(size_now))));
        // The writer closes them when its rest is over; nobody asks meanwhile.
        let given_up = Instant::now() + Duration::from_secs(60);
        while store.readers.waiting() > 0 {
            assert!(Instant::now() < given_up, "readers are closed at rest");
            std::thread::yield_now();
        }
        append(&store, size_now as i64).unwrap();
    }
    assert_eq!(store.read(size).unwrap(), Some(TreeSize(4)));
}

#[test]
fn a_store_in_use_keeps_its_readers() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_resting(dir.path(), Arc::new(Key(key())), Duration::from_secs(3_600)).unwrap();
    begin(&store);
    for _ in 0..3 {
        store.read(|_| Ok(())).unwrap();
        assert_eq!(store.readers.waiting(), 1, "one, used again");
    }
    store.readers.rest();
    assert_eq!(store.readers.waiting(), 1, "its time is not over");
}

#[test]
fn a_statement_is_compiled_once_whatever_values_it_gets() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let connection = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    super::configure(&connection).unwrap();
    for sql in [
        "SELECT DISTINCT size FROM receipts WHERE log = ? AND witness = ? AND size > ? ORDER BY size",
        "SELECT e.idx FROM entries e JOIN logs l ON l.id = e.log WHERE e.record = ?1 AND ?2 <> ?3",
    ] {
        let mut anew = 0;
        for n in 0..4_u8 {
            let mut statement = connection.prepare_cached(sql).unwrap();
            let rows = statement.query_map((n, [n; 32], n + 1), |row| row.get::<_, u64>(0));
            assert_eq!(rows.unwrap().count(), 0);
            anew += statement.get_status(rusqlite::StatementStatus::RePrepare);
        }
        assert_eq!(anew, 0, "{sql}");
    }
}

#[test]
fn what_was_appended_is_there_again_with_its_signed_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let origin = begin(&store);
    for n in 1..=20 {
        assert_eq!(append(&store, n).unwrap(), TreeSize(n as u64 + 1));
    }
    drop(store);
    let store = open(dir.path());
    let log = store.read(|reader| reader.log(&origin)).unwrap().unwrap();
    assert_eq!((log.size, log.halted), (TreeSize(21), None));
    let checkpoint = SignedCheckpoint::open(&log.checkpoint, &key().public(), &origin).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (log.size, log.root));
    assert_eq!(append(&store, 21).unwrap(), TreeSize(22), "and it goes on");
}

#[test]
fn a_job_that_refuses_leaves_nothing_and_holds_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let origin = begin(&store);
    let jobs: Vec<_> = (1..=50)
        .map(|n| {
            let origin = origin.clone();
            store.submit(move |writer| {
                let size = writer.append_own(&origin, vec![own(n)])?;
                if n % 3 == 0 {
                    Err(StoreError::Refused("on purpose".into()))
                } else {
                    Ok(size)
                }
            })
        })
        .collect();
    let good = jobs
        .into_iter()
        .map(|job| job.blocking_recv().unwrap())
        .filter(Result::is_ok)
        .count();
    let log = store.read(|reader| reader.log(&origin)).unwrap().unwrap();
    assert_eq!((good, log.size), (34, TreeSize(35)));
    let frontier = store.read(|reader| reader.frontier(log.id, log.size)).unwrap();
    assert_eq!(frontier.root(), log.root);
}

#[test]
fn an_entry_of_another_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    begin(&store);
    let mut foreign = start();
    foreign.epoch = [8; 16];
    let refused = store.write_blocking(move |writer| writer.start_log(&foreign, own(0)));
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(store.read(|reader| reader.logs()).unwrap().len(), 1);
}

/// A database as it was before a log could have more than one other branch.
#[test]
fn a_database_of_an_earlier_layout_is_brought_forward_with_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    let earlier = 3;
    for sql in &super::MIGRATIONS[..earlier] {
        connection.execute_batch(sql).unwrap();
    }
    connection.pragma_update(None, "user_version", earlier).unwrap();
    connection
        .execute_batch(
            "INSERT INTO witnessed (origin, node, size, root, time_s) VALUES ('a/log', zeroblob(32), 7, zeroblob(32), 9);
             INSERT INTO branches VALUES (5, 2, 3, zeroblob(32), 'note', 4);
             INSERT INTO branch_entries VALUES (5, 2, x'01', x'02', 1), (5, 3, x'03', NULL, 0);
             INSERT INTO branch_nodes VALUES (5, 3, zeroblob(32));",
        )
        .unwrap();
    drop(connection);
    let store = open(dir.path());
    let known = Origin::parse("a/log").unwrap();
    let last = store
        .write_blocking(move |writer| writer.last_witnessed(&known))
        .unwrap()
        .unwrap();
    assert_eq!((last.size, last.time_s, last.signature), (TreeSize(7), 9, None));
    let branches = store.read(|reader| reader.branches(5)).unwrap();
    let [branch] = &branches[..] else {
        panic!("{branches:?}")
    };
    assert_eq!(
        (branch.number, branch.start, branch.size, branch.checkpoint_size),
        (1, 2, TreeSize(3), TreeSize(4))
    );
    assert!(!branch.is_whole() && branch.checkpoint == "note");
    let entries = store
        .read(|reader| reader.branch_range(branch, TreeSize(2), 9, 1 << 20))
        .unwrap();
    let entries: Vec<_> = entries
        .into_iter()
        .map(|row| (row.index.0, row.entry, row.payload))
        .collect();
    assert_eq!(entries, [(2, vec![1], Some(vec![2])), (3, vec![3], None)]);
    let node = store.read(|reader| Ok(reader.branch_node(branch, 3))).unwrap();
    assert_eq!(node, Some(Hash([0; 32])));
    assert!(
        store.read(|reader| reader.left_behind()).unwrap().is_empty(),
        "signed anew before"
    );
}

#[test]
fn an_erasure_that_was_witnessed_while_it_was_judged_is_judged_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let stated = |writer: &mut super::Writer<'_>| {
        let row = "INSERT INTO erasures (record, space, log, idx, due) VALUES (zeroblob(16), zeroblob(32), 5, 3, 0)";
        writer.tx.execute_batch(row)?;
        writer.revise_erasures()
    };
    store.write_blocking(stated).unwrap();
    let due = || store.read(|reader| reader.erasures_due()).unwrap();
    let [before] = due()[..] else {
        panic!("{:?}", due())
    };
    store
        .write_blocking(|writer| writer.witness_erasures(5, 4))
        .unwrap();
    store
        .write_blocking(move |writer| writer.erasures_judged(&before))
        .unwrap();
    let [after] = due()[..] else { panic!("{:?}", due()) };
    store
        .write_blocking(move |writer| writer.erasures_judged(&after))
        .unwrap();
    assert_eq!(due(), []);
}

#[test]
fn an_acknowledgement_that_stands_in_no_log_any_more_is_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    // The erasure stands in another log than what this node said of it.
    let stated = |writer: &mut super::Writer<'_>| {
        let rows = "INSERT INTO erasures (record, space, log, idx, due) VALUES (zeroblob(16), zeroblob(32), 5, 3, 0);
                    INSERT INTO erased (record, space, erasure, signed, step, key)
                    VALUES (zeroblob(16), zeroblob(32), zeroblob(32), x'', 2, 0);
                    INSERT INTO acknowledged (record, space, log, idx, org)
                    VALUES (zeroblob(16), zeroblob(32), 6, 4, zeroblob(16))";
        Ok(writer.tx.execute_batch(rows)?)
    };
    store.write_blocking(stated).unwrap();
    let unfinished = || store.read(|reader| reader.erasures_unfinished()).unwrap();
    store
        .write_blocking(|writer| writer.forget_erasures(6, 5, true))
        .unwrap();
    assert_eq!(unfinished(), []);
    store
        .write_blocking(|writer| writer.forget_erasures(6, 4, true))
        .unwrap();
    assert_eq!(
        unfinished().iter().map(|row| row.step).collect::<Vec<_>>(),
        [super::ErasedStep::Destroyed]
    );
}

fn copy_database(from: &Path, to: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("{DATABASE}{suffix}");
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        } else {
            let _ = std::fs::remove_file(to.join(&name));
        }
    }
}

#[test]
fn a_database_put_back_from_an_old_copy_goes_on_in_a_new_log() {
    let (dir, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    let origin = begin(&store);
    append(&store, 1).unwrap();
    copy_database(dir.path(), old.path());
    append(&store, 2).unwrap();
    let signed = store.read(|reader| reader.log(&origin)).unwrap().unwrap();
    drop(store);
    // Also put back twice.
    for _ in 0..2 {
        copy_database(old.path(), dir.path());
        let store = open(dir.path());
        let log = store.read(|reader| reader.log(&origin)).unwrap().unwrap();
        assert!(!log.own && log.halted.is_none());
        let closed = log.closed.expect("closed");
        assert!(closed.reason.contains("old copy"), "{}", closed.reason);
        assert_eq!(
            (closed.signed.size, closed.signed.root),
            (signed.size, signed.root)
        );
        assert!(matches!(append(&store, 3), Err(StoreError::Closed(_))));
        assert_eq!(
            store
                .read(|reader| reader.own_log(&start().space.id()))
                .unwrap()
                .map(|log| log.origin),
            None
        );
        let alarms = store.read(|reader| reader.alarms()).unwrap();
        assert!(alarms.iter().any(|alarm| alarm.kind == "new_epoch"));
    }
}

#[test]
fn without_its_high_water_file_a_log_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    begin(&store);
    drop(store);
    std::fs::remove_file(dir.path().join(HIGH_WATER)).unwrap();
    assert!(matches!(append(&open(dir.path()), 1), Err(StoreError::Closed(_))));
}

#[test]
fn a_torn_last_line_of_the_high_water_file_is_the_crash_it_looks_like() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    begin(&store);
    append(&store, 1).unwrap();
    drop(store);
    let path = dir.path().join(HIGH_WATER);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"lianzhan/log/0000 17 ab");
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(append(&open(dir.path()), 2).unwrap(), TreeSize(3));
}

#[test]
fn an_altered_entry_is_noticed_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    begin(&store);
    append(&store, 1).unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    let changed = connection
        .execute(
            "UPDATE entries SET entry = CAST(entry || x'00' AS BLOB) WHERE idx = 1",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    drop(connection);
    assert!(matches!(
        append(&open(dir.path()), 2),
        Err(StoreError::Halted { .. })
    ));
}

#[test]
fn an_owner_whose_attachments_nobody_has_hides_those_of_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let [absent, other] = [1, 2].map(|n| (SpaceId([n; 32]), OrgId([n; 16])));
    let named = |from: u16, to: u16| {
        let name = |n: u16| {
            let mut id = [0; 32];
            id[..2].copy_from_slice(&n.to_be_bytes());
            Named {
                id: AttachmentId(id),
                counts: true,
            }
        };
        (from..to).map(name).collect::<Vec<_>>()
    };
    store
        .write_blocking(move |writer| {
            writer.name_attachments(&RecordId([1; 16]), &absent.0, &absent.1, &named(0, 50))?;
            writer.name_attachments(&RecordId([2; 16]), &other.0, &other.1, &named(50, 53))
        })
        .unwrap();
    let of_other = store
        .read(|reader| reader.lacking_attachments(None, 20, |one| one.space == other.0))
        .unwrap();
    assert_eq!(of_other.len(), 3);
    // And who may hold both comes to the end of both.
    let (mut sizes, mut after) = (Vec::new(), None);
    loop {
        let batch = store
            .read(|reader| reader.lacking_attachments(after.as_ref(), 20, |_| true))
            .unwrap();
        sizes.push(batch.len());
        let Some(last) = batch.last().filter(|_| batch.len() == 20) else {
            break;
        };
        after = Some((last.owner, last.id));
    }
    assert_eq!(sizes, [20, 20, 13]);
}

#[test]
fn only_what_is_derived_alone_does_not_wait_for_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (full, normal) = (2, 1);
    let mode = |writer: &mut super::Writer<'_>| {
        let mode: i64 = writer
            .tx
            .pragma_query_value(None, "synchronous", |row| row.get(0))?;
        Ok(mode)
    };
    assert_eq!(store.write_blocking(mode).unwrap(), full);
    assert_eq!(store.derive(mode).wait().unwrap(), normal);
    assert_eq!(store.write_blocking(mode).unwrap(), full);
    // While the writer is held up, others come: they share its next transaction, which waits for the disk.
    let (go, held) = std::sync::mpsc::channel::<()>();
    let (begins, begun) = std::sync::mpsc::channel::<()>();
    let holds = store.derive(move |_| {
        let _ = (begins.send(()), held.recv());
        Ok(())
    });
    begun.recv().unwrap();
    let (derived, written) = (store.derive(mode), store.submit(mode));
    go.send(()).unwrap();
    holds.wait().unwrap();
    assert_eq!(derived.wait().unwrap(), full);
    assert_eq!(written.blocking_recv().unwrap().unwrap(), full);
}
