//! Frames of two nodes that talk: one of each message, and the bounds of their parts.

use serde_json::{Value, json};

use super::bytes::codec_reason;
use super::{Files, bad, bytes_of, category, good, hex};
use crate::sync::Message;
use crate::sync::message::tests::all as messages;

pub(super) fn all(files: &mut Files) {
    let frame = |bytes: &[u8]| json!({"bytes": hex(bytes)});
    let mut vectors = Vec::new();
    let mut shows_null = None;
    for message in messages() {
        let bytes = message.to_frame();
        if matches!(message, Message::WitnessMe { .. }) {
            // Five items, the last of which is null.
            let mut longer = bytes.clone();
            longer[2] += 1;
            longer.push(0xf6);
            shows_null = Some(longer);
        }
        let name = format!("{message:?}");
        let name = name
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        vectors.push(good(name, frame(&bytes)));
    }
    let records = |count: u16| {
        let head = [&[0x82, 12, 0x81, 0x99][..], &count.to_be_bytes()].concat();
        let each = [&[0x50][..], &[7; 16]].concat();
        [head, each.repeat(count.into())].concat()
    };
    let reason = |length: u8| [&[0x82, 16, 0x81, 0x78, length][..], &vec![b'a'; length.into()]].concat();
    let ask_joint = Message::AskJoint.to_frame();
    vectors.extend([
        good("256 records", frame(&records(256))),
        bad("257 records", "codec", frame(&records(257))),
        good("a reason of 200 bytes", frame(&reason(200))),
        bad("a reason of 201 bytes", "codec", frame(&reason(201))),
        bad("message 0", "codec", frame(&[0x82, 0, 0x80])),
        bad("message 18", "codec", frame(&[0x82, 18, 0x80])),
        bad("an item too few", "codec", frame(&[0x82, 8, 0x80])),
        bad("an item too many", "codec", frame(&[0x82, 14, 0x81, 0])),
        bad("trailing byte", "codec", frame(&[&ask_joint[..], &[0]].concat())),
        bad(
            "null for what is not shown",
            "codec",
            frame(&shows_null.expect("a request to witness")),
        ),
    ]);
    category(files, "frame", Value::Null, vectors, |input| {
        let bytes = bytes_of(input, "bytes");
        Message::from_frame(&bytes).map_err(|error| codec_reason(&error))?;
        // From 24 on the number has a byte of its own.
        let number = if bytes[1] == 0x18 { bytes[2] } else { bytes[1] };
        Ok(json!({"message": number}))
    });
}
