//! Attachments of one node: what is taken, what is kept of it, who may have it, and when it is given up.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use age::secrecy::SecretString;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use lianzhan_protocol::attachment::PIECE_BYTES;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::{Audience, Level, Role};

use super::*;
use crate::config::Config;
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};
use crate::services::visit::VisitDraft;

const PLACE: &[u8] = b"N30.2722 E109.4882 SN-4711";

struct Station {
    node: Arc<Node>,
    author: Author,
    dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Station {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = SecretString::from("correct horse battery".to_owned());
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let draft = OrgDraft {
            level: Level::Station,
            name_zh: "石桥站".into(),
            name_en: "Shiqiao".into(),
            code: "990121103201".into(),
        };
        let node = found(&dir.path().join("node"), draft, &passphrase, config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: "林静禾".into(),
            roles: vec![Role::StationLiaison],
            ..PersonDraft::default()
        };
        node.appoint_person(&passphrase, person, &passphrase).unwrap();
        let author = node.sign_in("lin", &passphrase).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Station {
            node,
            author,
            dir,
            runtime,
        }
    }

    fn visit(&self) -> RecordId {
        let field = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let draft = VisitDraft {
            fields: vec![
                field("gist", "路灯坏了"),
                field("channel", "visit"),
                field("nature", "problem"),
                field("received_at", "2026-04-16T09:52:00+08:00"),
                ("persons".into(), Value::Int(1)),
            ],
            subject: vec![field("name", "许知微")],
            sensitive: Vec::new(),
        };
        let written = self
            .runtime
            .block_on(self.node.register_visit(&self.author, draft));
        self.settled(written.unwrap().record)
    }

    fn settled<T>(&self, value: T) -> T {
        self.node.catch_up(|_| {}).unwrap();
        value
    }

    fn receive(&self, part: Part, bytes: &[u8]) -> Result<Received, ServiceError> {
        let mut upload = self.node.begin_attachment(part);
        for piece in bytes.chunks(50_000) {
            upload.write(piece)?;
        }
        upload.finish()
    }

    fn attach(&self, record: &RecordId, received: &[Received]) {
        let written = self.node.attach(&self.author, record, received);
        self.runtime.block_on(written).unwrap();
        self.settled(());
    }

    fn files(&self) -> Vec<PathBuf> {
        below(self.dir.path())
    }

    /// Whether any file of the node holds these bytes.
    fn holds(&self, needle: &[u8]) -> bool {
        self.files().iter().any(|path| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(needle.len()).any(|part| part == needle)
        })
    }

    fn sweep(&self) -> usize {
        self.node.sweep_attachments(Duration::ZERO).unwrap()
    }
}

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] });
    found.collect()
}

/// A picture, red above and blue below, wider than high.
fn drawn(format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(64, 32, |_, y| {
        if y < 16 {
            Rgb([220, 20, 20])
        } else {
            Rgb([20, 20, 220])
        }
    });
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture)
        .write_to(&mut out, format)
        .unwrap();
    out.into_inner()
}

/// A photo as a phone writes it: where it was taken beside it, and on which side it lies.
fn photo(orientation: u8) -> Vec<u8> {
    let tiff = [
        &b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..],
        &[orientation, 0, 0, 0, 0, 0, 0, 0],
        PLACE,
    ]
    .concat();
    let body = [b"Exif\0\0", &tiff[..]].concat();
    let segment = [&[0xff, 0xe1], &(body.len() as u16 + 2).to_be_bytes()[..], &body].concat();
    let plain = drawn(ImageFormat::Jpeg);
    [&plain[..2], &segment, &plain[2..], PLACE].concat()
}

fn pdf(len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len)
        .map(|n| ((n as u64 * 2_654_435_761) >> 7) as u8)
        .collect();
    bytes[..9].copy_from_slice(b"%PDF-1.7\n");
    bytes
}

fn refused(result: Result<Received, ServiceError>) -> AttachmentError {
    match result {
        Err(ServiceError::Attachment(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_file_says_where_a_photo_was_taken_and_it_stands_upright() {
    let station = Station::new();
    let record = station.visit();
    let received = [1, 6].map(|orientation| station.receive(Part::Shared, &photo(orientation)).unwrap());
    station.attach(&record, &received);
    assert!(!station.holds(PLACE) && !station.holds(b"Exif"));
    for (one, size) in received.iter().zip([(64, 32), (32, 64)]) {
        let opened = station.node.open_attachment(&record, &one.id).unwrap();
        assert_eq!(opened.media, Some(Media::Jpeg));
        let path = station.node.blobs.path(&one.id);
        let shown = image::load_from_memory(&std::fs::read(path).unwrap())
            .unwrap()
            .to_rgb8();
        assert_eq!(shown.dimensions(), size);
        let small = station.node.small_picture(&record, &one.id).unwrap().unwrap();
        assert_eq!(
            image::load_from_memory(&small).unwrap().to_rgb8().dimensions(),
            size
        );
    }
    // Turned by a quarter, what was above is on the right.
    let path = station.node.blobs.path(&received[1].id);
    let turned = image::load_from_memory(&std::fs::read(path).unwrap())
        .unwrap()
        .to_rgb8();
    assert!(turned.get_pixel(28, 32).0[0] > 150 && turned.get_pixel(3, 32).0[2] > 150);
    // A small picture that is gone is made again.
    std::fs::remove_file(station.node.blobs.thumb(&received[0].id)).unwrap();
    assert!(
        station
            .node
            .small_picture(&record, &received[0].id)
            .unwrap()
            .is_some()
    );
}

#[test]
fn what_is_no_attachment_is_refused_and_leaves_nothing() {
    let station = Station::new();
    let before = station.files().len();
    let take = |bytes: &[u8]| station.receive(Part::Shared, bytes);
    assert_eq!(refused(take(b"")), AttachmentError::Empty);
    for other in [&b"<html><script>"[..], b"MZ program", b"#!/bin/sh\nrm -rf"] {
        assert_eq!(refused(take(other)), AttachmentError::Kind);
    }
    assert_eq!(
        refused(take(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")),
        AttachmentError::Heic
    );
    assert_eq!(refused(take(&photo(1)[..300])), AttachmentError::Broken);
    assert_eq!(
        refused(take(&[&photo(1)[..200], &[0; 500]].concat())),
        AttachmentError::Broken
    );
    let large = [&drawn(ImageFormat::Jpeg)[..], &vec![0; 20 << 20]].concat();
    assert_eq!(refused(take(&large)), AttachmentError::TooLarge(20 << 20));
    assert_eq!(
        refused(take(&pdf((50 << 20) + 1))),
        AttachmentError::TooLarge(50 << 20)
    );
    assert_eq!(
        refused(take(b"\0\0\0\x10ftypisom\0\0\0\0\0\0\xff\xffmoov")),
        AttachmentError::Broken
    );
    assert_eq!(
        refused(station.receive(Part::Personal, b"\0\0\0\x10ftypisom\0\0\0\0")),
        AttachmentError::NoPersonalVideo
    );
    assert_eq!(station.files().len(), before);
}

#[test]
fn a_picture_that_unpacks_to_gigabytes_is_refused() {
    let station = Station::new();
    let mut bomb = drawn(ImageFormat::Png);
    for (width, height) in [(60_000u32, 60_000u32), (19_000, 19_000), (u32::MAX, 1)] {
        bomb[16..20].copy_from_slice(&width.to_be_bytes());
        bomb[20..24].copy_from_slice(&height.to_be_bytes());
        // The checksum of the changed chunk.
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let error = refused(station.receive(Part::Shared, &bomb));
        assert!(
            matches!(error, AttachmentError::TooManyPixels | AttachmentError::Broken),
            "{error}"
        );
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn the_same_bytes_are_kept_once_and_given_up_when_no_record_names_them() {
    let station = Station::new();
    let records = [station.visit(), station.visit()];
    let bytes = pdf(700_000);
    let received = records.map(|record| {
        let one = station.receive(Part::Shared, &bytes).unwrap();
        station.attach(&record, std::slice::from_ref(&one));
        let again = station
            .node
            .attach(&station.author, &record, std::slice::from_ref(&one));
        assert!(matches!(
            station.runtime.block_on(again),
            Err(ServiceError::Attachment(AttachmentError::There(id))) if id == one.id
        ));
        one
    });
    assert_eq!(received[0].id, received[1].id);
    let id = received[0].id;
    let figures = || {
        station
            .node
            .store()
            .read(|reader| reader.attachment_figures())
            .unwrap()
    };
    assert_eq!(figures(), (1, 700_000));
    let unnamed = station.receive(Part::Shared, &pdf(300)).unwrap();
    assert_eq!(
        station.node.sweep_attachments(GRACE).unwrap(),
        0,
        "it may be named in a moment"
    );
    assert_eq!(station.sweep(), 1);
    assert!(!station.node.blobs.path(&unnamed.id).exists());
    assert_eq!(figures().0, 1);

    let detach = |record| {
        let done = station.node.detach(&station.author, record, &id);
        station.runtime.block_on(done).unwrap();
        station.settled(());
    };
    detach(&records[0]);
    assert_eq!(station.sweep(), 0, "the other record names it");
    assert!(station.node.attached(&records[0]).unwrap().is_empty());
    detach(&records[1]);
    assert_eq!(station.sweep(), 1);
    assert!(!station.node.blobs.path(&id).exists());
    assert_eq!(station.node.check(|_| {}).unwrap().faults, [] as [String; 0]);
    // Named again from what is there no more: it is lacking, and comes back with whoever sends it.
    let again = station.receive(Part::Shared, &bytes).unwrap();
    station.attach(&records[0], &[again]);
    assert_eq!(station.node.attached(&records[0]).unwrap()[0].size, Some(700_000));
}

#[test]
fn what_is_gone_at_a_start_is_lacking() {
    let station = Station::new();
    let record = station.visit();
    let received = [pdf(9000), pdf(9001)].map(|bytes| station.receive(Part::Shared, &bytes).unwrap());
    station.attach(&record, &received);
    std::fs::remove_file(station.node.blobs.path(&received[0].id)).unwrap();
    station.node.miss_attachments().unwrap();
    let space = station.node.own_space(Audience::County).id();
    assert_eq!(
        station.node.lacking_attachments().unwrap(),
        [(space, received[0].id)]
    );
    assert_eq!(station.node.check(|_| {}).unwrap().faults, [] as [String; 0]);
    let names = crate::store::named_files(station.node.dir()).unwrap();
    assert_eq!(names.len(), 1);
    assert!(crate::store::is_named_file(&names[0]));
    for other in [
        "attachments/../x",
        "attachments/ab/cd",
        "lianzhan.db",
        &names[0].replace("attachments/", "attachments/0/../"),
    ] {
        assert!(!crate::store::is_named_file(other), "{other}");
    }
}

#[test]
fn a_file_without_its_row_is_swept_and_what_was_coming_is_gone_after_a_start() {
    let station = Station::new();
    let one = station.receive(Part::Shared, &pdf(5000)).unwrap();
    let id = one.id;
    station
        .node
        .store()
        .write_blocking(move |writer| writer.lose_attachment(&id))
        .unwrap();
    let mut coming = station.node.blobs.begin().unwrap();
    coming.write(b"half of a video").unwrap();
    assert!(station.holds(b"half of a video"));
    std::mem::forget(coming);
    crate::store::Blobs::open(station.node.dir()).unwrap();
    assert!(!station.holds(b"half of a video"));
    assert_eq!(station.sweep(), 1);
    assert!(!station.node.blobs.path(&id).exists());
}

#[test]
fn a_personal_attachment_is_sealed_and_goes_as_far_as_its_annex() {
    let station = Station::new();
    let record = station.visit();
    let letter = [&b"%PDF-1.7\n"[..], "许知微的诊断书 ".repeat(9000).as_bytes()].concat();
    let one = station.receive(Part::Personal, &letter).unwrap();
    station.attach(&record, std::slice::from_ref(&one));
    assert!(
        !station.holds("许知微的诊断书".as_bytes()),
        "nowhere in the clear"
    );
    let attached = station.node.attached(&record).unwrap();
    assert_eq!((attached.len(), attached[0].is_personal()), (1, true));
    assert_eq!(attached[0].size, Some(letter.len() as u64));
    match station.node.open_attachment(&record, &one.id).unwrap().source {
        Source::Bytes(bytes) => assert!(bytes == letter),
        Source::File(_) => panic!("it was sealed"),
    }
    // The record itself, which the county holds, says nothing of it.
    let (_, state) = station.node.state(&record).unwrap();
    assert!(!state.fields.keys().any(|key| key.starts_with("attachments")));
    let given = |audience| {
        let space = station.node.own_space(audience).id();
        station.node.read_piece(&space, &one.id, 0).unwrap().is_some()
    };
    assert!(given(Audience::Township) && !given(Audience::County) && !given(Audience::City));
    assert_eq!(station.sweep(), 0);
    assert_eq!(station.node.check(|_| {}).unwrap().faults, [] as [String; 0]);
}

#[test]
fn what_is_damaged_here_is_noticed_and_fetched_again() {
    let station = Station::new();
    let record = station.visit();
    let bytes = pdf(2 * PIECE_BYTES as usize + 77);
    let one = station.receive(Part::Shared, &bytes).unwrap();
    station.attach(&record, std::slice::from_ref(&one));
    let space = station.node.own_space(Audience::County).id();
    let path = station.node.blobs.path(&one.id);
    let mut damaged = bytes.clone();
    damaged[PIECE_BYTES as usize] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    assert_eq!(station.node.check(|_| {}).unwrap().faults.len(), 1);
    assert!(station.node.read_piece(&space, &one.id, 0).unwrap().is_some());
    assert!(
        station
            .node
            .read_piece(&space, &one.id, PIECE_BYTES)
            .unwrap()
            .is_none()
    );
    assert_eq!(station.node.lacking_attachments().unwrap(), [(space, one.id)]);
    assert_eq!(station.node.attachment_so_far(&one.id).unwrap(), Some(0));
    // It comes back piece by piece, and what began before is gone on with.
    let piece = |from: usize| &bytes[from..bytes.len().min(from + PIECE_BYTES as usize)];
    let grow = |from: u64| {
        let size = bytes.len() as u64;
        station
            .node
            .grow_attachment(&one.id, size, from, piece(from as usize))
            .unwrap()
    };
    assert_eq!(grow(0), Some(PIECE_BYTES));
    assert_eq!(grow(0), Some(PIECE_BYTES), "twice is once");
    assert_eq!(grow(PIECE_BYTES), Some(2 * PIECE_BYTES));
    assert_eq!(grow(2 * PIECE_BYTES), None);
    assert!(std::fs::read(path).unwrap() == bytes);
    assert_eq!(station.node.lacking_attachments().unwrap(), []);
    assert_eq!(station.node.check(|_| {}).unwrap().faults, [] as [String; 0]);
}
