//! What is done with bytes. Each body is a decoder's promise, written as code.

use std::sync::OnceLock;

use futures::executor::block_on;
use futures::io::Cursor;
use lianzhan_node::import::{read_rows, read_sheet};
use lianzhan_node::net;
use lianzhan_node::services::ServiceError;
use lianzhan_node::services::appoint::AppointmentRequest;
use lianzhan_node::services::attachment;
use lianzhan_node::services::authority::AuthorityRequest;
use lianzhan_node::services::invite::{Invitation, InviteError, JOIN_MAX, JoinReply, JoinRequest};
use lianzhan_protocol::attachment::{AttachmentKey, ChainingValue, Tree, check_piece, open, seal};
use lianzhan_protocol::bundle;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{AttachmentId, Hash, StatementId};
use lianzhan_protocol::log::{
    Checkpoint, Entry, EntryIndex, Frontier, LogStatement, Note, ProofFile, SignatureLine, SignedCheckpoint,
    TreeSize, VerifierKey, WitnessEntry, verify_consistency, verify_cosignature, verify_inclusion,
};
use lianzhan_protocol::record::ledger::added::Added;
use lianzhan_protocol::record::ledger::{self, Ledger};
use lianzhan_protocol::record::{Change, Event, SignedErasure, open_sealed};
use lianzhan_protocol::settings;
use lianzhan_protocol::sync::carry::{CarryReader, Piece as Part};
use lianzhan_protocol::sync::{Message, verify_range};
use lianzhan_protocol::trust::{
    Directory, Founding, FoundingError, FoundingStatement, SignedStatement, Statement, Succession,
    SuccessionStatement,
};

use super::archive;
use super::samples::{RECORD, Samples};
use crate::scene::{Scene, seal_anything};

/// The federation against which signatures are checked.
fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(Scene::new)
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// A frame of the sync protocol; a range in it is also checked as one.
pub fn frame(data: &[u8]) {
    let Ok(message) = Message::from_frame(data) else {
        return;
    };
    assert_eq!(message.to_frame(), data, "one form");
    if let Message::Range(range) = &message {
        let visits = &scene().spaces[2];
        let _ = verify_range(&visits.id, None, &Frontier::new(), range);
        let log = &visits.logs[0];
        let _ = verify_range(&visits.id, Some(&log.start), &log.frontier, range);
    }
}

/// A carry file after its decryption, frame by frame as it is read: what is taken stands in order, and a whole file begins
/// with its sender and ends with its end.
pub fn carry(data: &[u8]) {
    let mut reader = CarryReader::new(StatementId([5; 32]));
    let (mut rest, mut parts) = (data, Vec::new());
    let whole = loop {
        let Some((head, behind)) = rest.split_first_chunk() else {
            break rest.is_empty();
        };
        let Some((frame, behind)) = behind.split_at_checked(u32::from_be_bytes(*head) as usize) else {
            break false;
        };
        match reader.read(frame) {
            Ok(part) => parts.push(part),
            Err(_) => break false,
        }
        rest = behind;
    };
    let ends = matches!(
        (parts.first(), parts.last()),
        (Some(Part::From(_)), Some(Part::End))
    );
    assert_eq!(whole && reader.end().is_ok(), whole && ends, "{parts:?}");
}

/// A frame on its way, deflated or not: within its limit, and the same again.
pub fn packed(data: &[u8]) {
    const MAX: usize = 4096;
    let read = |bytes: &[u8]| block_on(net::frame::read_packed(&mut Cursor::new(bytes), MAX));
    if let Ok(Some(frame)) = read(data) {
        assert!(frame.len() <= MAX);
        let mut again = Cursor::new(Vec::new());
        block_on(net::frame::write_packed(&mut again, &frame)).expect("memory takes all");
        assert_eq!(
            read(&again.into_inner()).expect("what was written reads"),
            Some(frame)
        );
    }
}

/// An entry with its header.
pub fn entry(data: &[u8]) {
    if let Ok(entry) = Entry::parse(data) {
        assert_eq!(entry.to_bytes(), data, "one form");
        assert_eq!(Entry::parse(&entry.to_bytes()).as_ref(), Ok(&entry));
        let _ = entry.verify();
    }
}

/// A change in the clear.
pub fn change(data: &[u8]) {
    if let Ok(change) = Change::parse(data) {
        assert_eq!(change.to_bytes(), data, "one form");
        assert_eq!(change.check(), Ok(()));
    }
}

/// A sealed change: the bytes as they travel, and the bytes as an author who holds the key seals them.
pub fn sealed(data: &[u8]) {
    let key = &scene().annex_key;
    let _ = open_sealed(key, &key.commitment(), &RECORD, data);
    let sealed = seal_anything(key, &RECORD, data, [9; 24]);
    if let Ok(change) = open_sealed(key, &key.commitment(), &RECORD, &sealed) {
        assert_eq!(change.to_bytes(), data, "one form");
    }
}

/// The body of an event.
pub fn event(data: &[u8]) {
    if let Ok(event) = Event::parse(data) {
        assert_eq!(event.to_bytes(), data, "one form");
    }
}

/// A signed statement of trust (COSE_Sign1), judged by a directory if its signature holds.
pub fn statement(data: &[u8]) {
    if let Ok(signed) = SignedStatement::open(data) {
        assert_eq!(signed.bytes(), data, "one form");
        let mut directory = Directory::new(scene().founding.clone());
        directory.extend(scene().statements.iter().cloned().chain([signed]));
    }
}

/// A statement of trust before its signature: appointments, orgs, spaces.
pub fn appointment(data: &[u8]) {
    if let Ok(statement) = codec::decode::<Statement>(data, SignedStatement::MAX) {
        assert_eq!(codec::encode(&statement), data, "one form");
    }
}

/// A founding statement (COSE_Sign), and what founders sign.
pub fn founding(data: &[u8]) {
    if let Ok(founding) = FoundingStatement::open(data) {
        assert_eq!(founding.bytes(), data, "one form");
        assert_eq!(FoundingStatement::open(founding.bytes()).as_ref(), Ok(&founding));
    }
    let _ = codec::decode::<Founding>(data, FoundingStatement::MAX);
    succession(data);
}

/// What founders state of their successors. Nobody but founders can say something else.
fn succession(data: &[u8]) {
    let founding = scene().founding.founding();
    let peeked = Succession::peek(data);
    match SuccessionStatement::open(data, &founding.founders, founding.threshold) {
        Ok(opened) => {
            assert_eq!(peeked, Ok((opened.id(), opened.succession().clone())));
            assert_eq!(
                Succession::peek(&scene().succession()),
                peeked,
                "another one than was signed"
            );
        }
        Err(error) => assert!(peeked.is_ok() || !matches!(error, FoundingError::TooFew { .. })),
    }
}

/// A signed note, opened also as a checkpoint of a known log and for a known witness.
pub fn note(data: &[u8]) {
    let Some(data) = text(data) else { return };
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.to_string(), data, "one form");
    }
    let log = &scene().spaces[2].logs[0];
    if let Ok(signed) = SignedCheckpoint::verify(data, &log.start.node, &log.origin) {
        assert_eq!(signed.note().to_string(), data, "one form");
        let _ = verify_cosignature(data, "witness", &log.start.node, signed.checkpoint());
    }
}

/// A line of a note.
pub fn line(data: &[u8]) {
    let Some(data) = text(data) else { return };
    if let Ok(line) = SignatureLine::parse(data) {
        assert_eq!(line.to_string(), data, "one form");
    }
}

/// A verifier key.
pub fn vkey(data: &[u8]) {
    let Some(data) = text(data) else { return };
    if let Ok(vkey) = VerifierKey::parse(data) {
        assert_eq!(vkey.to_string(), data, "one form");
    }
}

/// The text of a checkpoint.
pub fn checkpoint(data: &[u8]) {
    let Some(data) = text(data) else { return };
    if let Ok(checkpoint) = Checkpoint::parse(data) {
        assert_eq!(checkpoint.body(), data, "one form");
    }
}

/// A proof file.
pub fn proof(data: &[u8]) {
    let Some(data) = text(data) else { return };
    if let Ok(proof) = ProofFile::parse(data) {
        assert_eq!(proof.to_string(), data, "one form");
        if let Ok(checkpoint) = proof.stated() {
            let _ = proof.verify_inclusion(&Hash([0; 32]), &checkpoint);
        }
    }
}

/// Sizes, roots and hashes of a proof, as a message carries them.
pub fn consistency(data: &[u8]) {
    type Claim = (TreeSize, TreeSize, Hash, Hash, Vec<Hash>);
    if let Ok((old, new, old_root, new_root, hashes)) = codec::decode::<Claim>(data, 8 * 1024) {
        let _ = verify_consistency(old, new, &old_root, &new_root, &hashes);
        let _ = verify_inclusion(EntryIndex(old.0), new, &old_root, &hashes, &new_root);
    }
}

/// A bundle: the archive as it is, and with a manifest that fits whatever files are in it.
pub fn bundle(data: &[u8]) {
    let trusted = scene().founding.bytes();
    if bundle::verify(data, trusted).is_ok() {
        assert!(Samples::is_bundle(data), "another bundle than was written");
    }
    let fitting = archive::files(data).map(archive::pack);
    if let Some(fitting) = fitting.filter(|fitting| fitting != data) {
        let _ = bundle::verify(&fitting, trusted);
    }
}

/// What a node writes into its log: the start, statements of trust, receipts; and a fact of a witness log.
pub fn statement_body(data: &[u8]) {
    if let Ok(statement) = LogStatement::parse(data) {
        assert_eq!(statement.to_bytes(), data, "one form");
        match statement {
            LogStatement::Receipt(receipt) => {
                let log = &scene().spaces[2].logs[0];
                let _ = receipt.verify(&log.origin, &log.start.node);
            }
            LogStatement::ReceiptOf(said) => {
                let log = &scene().spaces[2].logs[0];
                let _ = said.receipt.verify(&said.origin, &log.start.node);
            }
            LogStatement::Equivocation(proof) => {
                if let Ok(fork) = proof.verify() {
                    let blamed = &scene().spaces[2].logs[0];
                    assert_eq!(
                        (fork.origin, fork.node),
                        (blamed.origin.clone(), blamed.start.node)
                    );
                }
            }
            LogStatement::Erasure(bytes) => {
                if let Ok(signed) = SignedErasure::open(&bytes) {
                    assert_eq!(signed.bytes(), bytes, "one form");
                }
            }
            LogStatement::Start(_) | LogStatement::Trust(_) | LogStatement::Erased(_) => {}
        }
    }
    if let Ok(fact) = WitnessEntry::from_leaf_bytes(data) {
        assert_eq!(fact.leaf_bytes(), data, "one form");
    }
}

/// A clerk's file: a workbook or a text, read into a plan.
pub fn spreadsheet(data: &[u8]) {
    let name = if data.starts_with(b"PK") {
        "a.xlsx"
    } else {
        "a.csv"
    };
    let Ok(sheet) = read_sheet(name, data) else { return };
    for main in ["letters_visits", "deputy_roster"]
        .iter()
        .filter_map(|id| ledger::ledger(id))
    {
        let annexes: Vec<&Ledger> = main.annexes.iter().filter_map(|id| ledger::ledger(id)).collect();
        let plan = read_rows(main, &annexes, &sheet, 2026);
        for (key, value) in plan.rows.iter().flat_map(|row| &row.main) {
            let (field, _) = main.resolve(key).expect("a plan names fields of its ledger");
            assert!(field.check(value).is_ok(), "a plan's values fit their fields");
        }
    }
}

/// The code of an invitation, and what is in it, which no mutation of a code reaches through the checksum.
pub fn invitation(data: &[u8]) {
    if let Ok(invitation) = codec::decode::<Invitation>(data, JOIN_MAX) {
        match Invitation::from_code(&invitation.to_code()) {
            Ok(read) => assert_eq!(read, invitation),
            Err(ServiceError::Invitation(InviteError::NoAddress(_) | InviteError::NoCode)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let Some(data) = text(data) else { return };
    if let Ok(invitation) = Invitation::from_code(data) {
        let code = invitation.to_code();
        assert!(
            data.chars().filter(|c| !c.is_whitespace()).eq(code.chars()),
            "one form beside spaces"
        );
    }
}

/// The codes by which a person's key and another key of an authority are asked for.
pub fn request(data: &[u8]) {
    let Some(data) = text(data) else { return };
    let codes = [
        AppointmentRequest::from_code(data).map(|request| request.to_code()),
        AuthorityRequest::from_code(data).map(|request| request.to_code()),
    ];
    for code in codes.into_iter().flatten() {
        assert!(
            data.chars().filter(|c| !c.is_whitespace()).eq(code.chars()),
            "one form beside spaces"
        );
    }
}

/// What a node that joins asks and is answered, by whoever has an invitation or pretends to.
pub fn join(data: &[u8]) {
    if let Ok(request) = codec::decode::<JoinRequest>(data, JOIN_MAX) {
        assert_eq!(codec::encode(&request), data, "one form");
    }
    if let Ok(reply) = codec::decode::<JoinReply>(data, JOIN_MAX) {
        assert_eq!(codec::encode(&reply), data, "one form");
    }
}

/// A picture or a video that a person takes in: what is left of it is left as it is the second time.
pub fn media(data: &[u8]) {
    if let Ok(clean) = attachment::cleaned(data) {
        assert_eq!(
            attachment::cleaned(&clean).ok(),
            Some(clean),
            "cleaned once is clean"
        );
    }
}

/// A sealed attachment, the stored hashes of one, and a piece of one with its path.
pub fn piece(data: &[u8]) {
    let key = AttachmentKey([3; 32]);
    if let Some(plain) = open(&key, data) {
        assert_eq!(seal(&key, &plain), data, "one form");
    }
    type Claim = (u64, u64, Vec<ChainingValue>, minicbor::bytes::ByteVec);
    let Ok((size, from, path, bytes)) = codec::decode::<Claim>(data, 1024 * 1024) else {
        return;
    };
    let id = AttachmentId(Hash::plain(&bytes).0);
    let _ = check_piece(&id, size, from, &bytes, &path);
    let hashes: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
    if let Some(tree) = Tree::stored(id, size, &hashes) {
        assert_eq!(tree.piece_bytes(), hashes, "one form");
        let _ = tree.path(from);
    }
}

/// The value of a setting as somebody types it or a record states it: its name, its part and the value, line by line.
pub fn setting(data: &[u8]) {
    let Some((id, rest)) = text(data).and_then(|data| data.split_once('\n')) else {
        return;
    };
    let Some((part, value)) = rest.split_once('\n') else {
        return;
    };
    let Some(found) = settings::setting(id) else {
        return;
    };
    if let Ok(value) = found.kind.parse(part, value) {
        let again = found.kind.parse(part, &value.to_string());
        assert_eq!(again.ok(), Some(value), "what is written reads as it was");
    }
}

/// A ledger definition, of the program and as an org adds one.
pub fn ledger(data: &[u8]) {
    let org = lianzhan_protocol::id::OrgId([7; 16]);
    if let Ok(added) = Added::parse(data, &org) {
        assert_eq!(added.to_bytes(), data, "one form");
        let whole = added.over(ledger::ledger("issue"));
        if let Ok(whole) = whole {
            assert!(!lianzhan_node::views::columns(&whole).is_empty());
        }
    }
    if let Ok(definition) = codec::decode::<Ledger>(data, 64 * 1024) {
        assert_eq!(codec::encode(&definition), data, "one form");
        for field in &definition.fields {
            let _ = definition.resolve(&field.key(field.set.then_some("a")));
            let _ = field.check(&"x".into());
        }
    }
}
