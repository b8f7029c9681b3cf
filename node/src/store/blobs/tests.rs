//! What is on its way when a node ends.

use super::*;

fn bytes() -> Vec<u8> {
    (0..3 * PIECE_BYTES as usize + 5)
        .map(|n| (n % 253) as u8)
        .collect()
}

fn id(bytes: &[u8]) -> AttachmentId {
    let mut hashes = PieceHashes::default();
    hashes.update(bytes);
    hashes.finish().unwrap().id()
}

fn piece(bytes: &[u8], n: usize) -> &[u8] {
    bytes.chunks(PIECE_BYTES as usize).nth(n).unwrap()
}

fn grow(blobs: &Blobs, bytes: &[u8], n: usize) -> Grown {
    let from = n as u64 * PIECE_BYTES;
    blobs
        .naming()
        .grow(&id(bytes), bytes.len() as u64, from, piece(bytes, n))
        .unwrap()
}

#[test]
fn what_came_so_far_is_gone_on_with_after_any_end() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = bytes();
    let blobs = Blobs::open(dir.path()).unwrap();
    assert!(matches!(grow(&blobs, &bytes, 0), Grown::To(PIECE_BYTES)));
    assert!(
        matches!(grow(&blobs, &bytes, 2), Grown::To(PIECE_BYTES)),
        "nothing is left out"
    );
    grow(&blobs, &bytes, 1);
    drop(blobs);
    // A part of a piece that was being written.
    let path = dir
        .path()
        .join(ATTACHMENTS)
        .join(PARTIAL)
        .join(hex(&id(&bytes).0));
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&bytes[..1000]).unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    assert_eq!(blobs.naming().come_so_far(&id(&bytes)).unwrap(), 2 * PIECE_BYTES);
    grow(&blobs, &bytes, 2);
    assert!(matches!(grow(&blobs, &bytes, 3), Grown::Whole(_)));
    assert!(fs::read(blobs.path(&id(&bytes))).unwrap() == bytes);
    assert!(!path.exists());
}

#[test]
fn what_is_not_what_it_was_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = bytes();
    let blobs = Blobs::open(dir.path()).unwrap();
    grow(&blobs, &bytes, 0);
    drop(blobs);
    let path = dir
        .path()
        .join(ATTACHMENTS)
        .join(PARTIAL)
        .join(hex(&id(&bytes).0));
    fs::write(&path, vec![0; PIECE_BYTES as usize]).unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    grow(&blobs, &bytes, 1);
    grow(&blobs, &bytes, 2);
    assert!(matches!(grow(&blobs, &bytes, 3), Grown::Lost));
    assert_eq!(blobs.naming().come_so_far(&id(&bytes)).unwrap(), 0);
    for n in 0..3 {
        grow(&blobs, &bytes, n);
    }
    assert!(matches!(grow(&blobs, &bytes, 3), Grown::Whole(_)));
}
