//! CBOR, keys and signatures.

use serde_json::{Value, json};

use super::{Files, Found, array_of, bad, bytes_of, category, flipped, good, hex, reason, text_of};
use crate::codec::{self, CodecError, encode};
use crate::id::{Hash, OrgId, Origin};
use crate::keys::{PublicKey, Signature};
use crate::record::Value as Scalar;
use crate::testing::{CITY, key, org};
use crate::trust::{Ground, Level, MayAppoint, Space, Validity};

pub(super) fn all(files: &mut Files) {
    cbor(files);
    keys(files);
}

/// Both ways in which bytes are not the canonical form of a type are one reason: a decoder may find the one or the other
/// first.
pub(super) fn codec_reason(error: &CodecError) -> String {
    match error {
        CodecError::TooLong { .. } => "too_long".into(),
        CodecError::Malformed(_) | CodecError::NotCanonical => "codec".into(),
    }
}

fn judge_cbor(input: &Value) -> Found {
    let bytes = bytes_of(input, "bytes");
    let max = 1024;
    let done = match text_of(input, "type") {
        "uint" => codec::decode::<u64>(&bytes, max).map(drop),
        "tstr" => codec::decode::<String>(&bytes, max).map(drop),
        "value" => codec::decode::<Scalar>(&bytes, max).map(drop),
        "OrgIds" => codec::decode::<Vec<OrgId>>(&bytes, max).map(drop),
        "Validity" => codec::decode::<Validity>(&bytes, max).map(drop),
        "MayAppoint" => codec::decode::<MayAppoint>(&bytes, max).map(drop),
        "ground" => codec::decode::<Ground>(&bytes, max).map(drop),
        "Level" => codec::decode::<Level>(&bytes, max).map(drop),
        "origin" => codec::decode::<Origin>(&bytes, max).map(drop),
        "Space" => codec::decode::<Space>(&bytes, max).map(drop),
        other => panic!("no type {other}"),
    };
    done.map(|()| Value::Null).map_err(|error| codec_reason(&error))
}

fn cbor(files: &mut Files) {
    let yes = |name: &str, of: &str, bytes: &[u8]| good(name, json!({"type": of, "bytes": hex(bytes)}));
    let no =
        |name: &str, of: &str, bytes: &[u8]| bad(name, "codec", json!({"type": of, "bytes": hex(bytes)}));
    let space = encode(&Space::of(org(CITY), crate::trust::Audience::City));
    let mut longer = space.clone();
    longer[0] += 1;
    longer.extend([5, 0]);
    let vectors = vec![
        yes("zero", "uint", &[0]),
        yes("24 takes one byte more", "uint", &[0x18, 24]),
        yes(
            "the greatest",
            "uint",
            &[0x1b, 255, 255, 255, 255, 255, 255, 255, 255],
        ),
        no("23 in two bytes", "uint", &[0x18, 23]),
        no("256 in five bytes", "uint", &[0x1a, 0, 0, 1, 0]),
        no("trailing byte", "uint", &[1, 1]),
        no("nothing", "uint", &[]),
        no("cut", "uint", &[0x19, 1]),
        no("negative", "uint", &[0x20]),
        no("a tag before it", "uint", &[0xc1, 1]),
        no("a float", "uint", &[0xf9, 0x3c, 0]),
        yes(
            "text",
            "tstr",
            "\u{67ab}"
                .as_bytes()
                .iter()
                .fold(vec![0x63], |mut all, b| {
                    all.push(*b);
                    all
                })
                .as_slice(),
        ),
        no("text that is not UTF-8", "tstr", &[0x61, 0xff]),
        no("text of indefinite length", "tstr", &[0x7f, 0x61, 0x61, 0xff]),
        no("bytes for text", "tstr", &[0x41, 0x61]),
        yes("null as a value", "value", &[0xf6]),
        yes("true as a value", "value", &[0xf5]),
        yes(
            "the least integer",
            "value",
            &[0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255],
        ),
        no(
            "an integer beyond 64 bits with sign",
            "value",
            &[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ),
        no("undefined as a value", "value", &[0xf7]),
        no("an array as a value", "value", &[0x80]),
        yes("an empty list", "OrgIds", &[0x80]),
        no("a list of indefinite length", "OrgIds", &[0x9f, 0xff]),
        no(
            "an id of 15 bytes",
            "OrgIds",
            &[&[0x81, 0x4f][..], &[1; 15]].concat(),
        ),
        yes("a map", "Validity", &[0xa2, 1, 0, 2, 1]),
        no("keys that do not ascend", "Validity", &[0xa2, 2, 1, 1, 0]),
        no("a key twice", "Validity", &[0xa3, 1, 0, 1, 0, 2, 1]),
        no("an unknown key", "Validity", &[0xa3, 1, 0, 2, 1, 3, 0]),
        no("a key that is missing", "Validity", &[0xa1, 1, 0]),
        no("a text as key", "Validity", &[0xa2, 0x61, 0x31, 0, 2, 1]),
        yes("depth 255", "MayAppoint", &[0xa2, 1, 0x80, 2, 0x18, 255]),
        no("depth 256", "MayAppoint", &[0xa2, 1, 0x80, 2, 0x19, 1, 0]),
        no("role 29", "MayAppoint", &[0xa2, 1, 0x81, 0x18, 29, 2, 0]),
        yes("a variant without items", "ground", &[0x82, 1, 0x80]),
        yes("an absent last item", "ground", &[0x82, 2, 0x80]),
        yes("an item", "ground", &[0x82, 2, 0x81, 5]),
        no("null for an absent last item", "ground", &[0x82, 2, 0x81, 0xf6]),
        no("an unknown variant", "ground", &[0x82, 3, 0x80]),
        no("a variant without its array", "ground", &[1]),
        no("an item too many", "ground", &[0x82, 1, 0x81, 5]),
        yes("an enumeration", "Level", &[7]),
        no("beyond an enumeration", "Level", &[8]),
        no("0 of an enumeration", "Level", &[0]),
        yes("an origin", "origin", b"\x63a/b"),
        no("an origin with a space", "origin", b"\x63a b"),
        no("an origin with a plus", "origin", b"\x63a+b"),
        no("an empty origin", "origin", b"\x60"),
        yes("a space's descriptor", "Space", &space),
        no("a descriptor with one key more", "Space", &longer),
    ];
    category(files, "cbor", Value::Null, vectors, judge_cbor);
}

fn keys(files: &mut Files) {
    let secret = key("vector key");
    let public = *secret.public().ed25519_bytes();
    let with = |first: u8, middle: u8, last: u8| {
        let mut bytes = [middle; 32];
        (bytes[0], bytes[31]) = (first, last);
        json!({"key": hex(&bytes)})
    };
    let off_curve = (0..=255).map(|n| Hash::plain(&[n]).0).find(|bytes| {
        let mut low = *bytes;
        low[31] &= 0x3f;
        PublicKey::from_ed25519(low).is_err()
    });
    let mut off_curve = off_curve.expect("half of all bytes are no point");
    off_curve[31] &= 0x3f;
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let vectors = vec![
        good("a key", json!({"key": hex(&public)})),
        bad("the neutral point", "weak", with(1, 0, 0)),
        bad("a point of order 2", "weak", with(0xec, 0xff, 0x7f)),
        bad("a point of order 4", "weak", with(0, 0, 0)),
        bad("a point of order 8", "weak", json!({"key": order_8})),
        bad("the neutral point with a sign", "weak", with(1, 0, 0x80)),
        bad("y is p", "malformed", with(0xed, 0xff, 0x7f)),
        bad("y is p + 1", "malformed", with(0xee, 0xff, 0x7f)),
        bad("no point", "malformed", json!({"key": hex(&off_curve)})),
    ];
    category(files, "key", Value::Null, vectors, |input| {
        let key = PublicKey::from_ed25519(array_of(input, "key")).map_err(|error| reason(&error))?;
        Ok(json!({"fingerprint": key.fingerprint()}))
    });

    let message = b"said";
    let signature = secret.sign("lianzhan/entry/v1", message).0;
    let signed = |domain: &str, message: &[u8], signature: &[u8]| json!({"key": hex(&public), "domain": domain, "message": hex(message), "signature": hex(signature)});
    // S + L: the same number modulo the group order.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut above = signature;
    let mut carry = 0u16;
    for (byte, order) in above[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    let mut small_r = signature;
    small_r[..32].fill(0);
    small_r[0] = 1;
    let domain = "lianzhan/entry/v1";
    let vectors = vec![
        good("a signature", signed(domain, message, &signature)),
        bad(
            "in another domain",
            "bad_signature",
            signed("lianzhan/possession/v1", message, &signature),
        ),
        bad(
            "of another message",
            "bad_signature",
            signed(domain, b"sait", &signature),
        ),
        bad(
            "another R",
            "bad_signature",
            signed(domain, message, &flipped(&signature, 0)),
        ),
        bad(
            "another S",
            "bad_signature",
            signed(domain, message, &flipped(&signature, 32)),
        ),
        bad(
            "S above the order",
            "bad_signature",
            signed(domain, message, &above),
        ),
        bad(
            "R of small order",
            "bad_signature",
            signed(domain, message, &small_r),
        ),
    ];
    category(files, "signature", Value::Null, vectors, |input| {
        let key = PublicKey::from_ed25519(array_of(input, "key")).map_err(|error| reason(&error))?;
        let signature = Signature(array_of(input, "signature"));
        key.verify(text_of(input, "domain"), &bytes_of(input, "message"), &signature)
            .map_err(|error| reason(&error))?;
        Ok(Value::Null)
    });
}
