//! Notes, checkpoints, cosignatures.

use super::*;

pub(super) fn notes(files: &mut Files) {
    let log = secret(0);
    let signed = checkpoint().sign(&log).note().to_string();
    let public = hex(log.public().ed25519_bytes());
    let note = |text: &str| json!({"note": text, "name": ORIGIN, "key": public});
    let line = signed.lines().last().expect("a line").to_owned() + "\n";
    let many: String = (0..100).map(|n| format!("— a{n} AAAAAQI=\n")).collect();
    let vectors = vec![
        good("signed", note(&signed)),
        good("with a line of another", note(&format!("{signed}— a AAAAAQI=\n"))),
        good(
            "with an empty line in the text",
            note(&Note::sign("a\n\nb\n", ORIGIN, &log).expect("signed").to_string()),
        ),
        bad(
            "another text",
            "bad_signature",
            note(&signed.replacen("\n11\n", "\n12\n", 1)),
        ),
        bad("signed by another", "not_signed_by", note("t\n\n— a AAAAAQI=\n")),
        bad("no signature block", "no_signature_block", note("t\n")),
        bad("unended", "no_signature_block", note(signed.trim_end())),
        bad(
            "a hyphen for the dash",
            "malformed_line",
            note(&signed.replacen('—', "-", 1)),
        ),
        bad(
            "base64 with bits over",
            "malformed_line",
            note("t\n\n— a AAAAAQJ=\n"),
        ),
        bad(
            "base64 without padding",
            "malformed_line",
            note("t\n\n— a AAAAAQI\n"),
        ),
        bad(
            "no signature after the id",
            "malformed_line",
            note("t\n\n— a AAAAAQ==\n"),
        ),
        bad(
            "two lines of one key",
            "duplicate_signature",
            note(&format!("{signed}{line}")),
        ),
        bad(
            "101 lines",
            "too_many_signatures",
            note(&format!("{signed}{many}")),
        ),
        bad(
            "a carriage return",
            "control_character",
            note(&signed.replace('\n', "\r\n")),
        ),
        bad("too long", "too_long", note(&"a".repeat(65_537))),
    ];
    category(files, "note", Value::Null, vectors, |input| {
        let note = Note::parse(text_of(input, "note")).map_err(|error| reason(&error))?;
        let key = key_of(input, "key");
        note.verify(text_of(input, "name"), &key)
            .map_err(|error| reason(&error))?;
        Ok(
            json!({"text": note.text(), "key_id": KeyId::of(text_of(input, "name"), KeyKind::Log, &key).to_string()}),
        )
    });
}

pub(super) fn checkpoints(files: &mut Files) {
    let log = secret(0);
    let public = hex(log.public().ed25519_bytes());
    let note = |text: &str| json!({"note": text, "origin": ORIGIN, "key": public});
    let signed = |body: &str| note(&Note::sign(body, ORIGIN, &log).expect("signed").to_string());
    let body = checkpoint().body();
    let vectors = vec![
        good("eleven leaves", signed(&body)),
        bad(
            "an extension line",
            "not_three_lines",
            signed(&format!("{body}more\n")),
        ),
        bad("two lines", "not_three_lines", signed("a\n1\n")),
        bad(
            "a leading zero",
            "bad_size",
            signed(&body.replacen("\n11\n", "\n011\n", 1)),
        ),
        bad(
            "a size above 2^62",
            "bad_size",
            signed(&body.replacen("\n11\n", "\n4611686018427387905\n", 1)),
        ),
        bad(
            "a root of 31 bytes",
            "bad_root",
            signed(&format!("{ORIGIN}\n11\n{}==\n", "A".repeat(42))),
        ),
        bad(
            "an origin with a plus",
            "bad_origin",
            signed(&body.replacen("lianzhan", "lian+zhan", 1)),
        ),
        bad(
            "another origin",
            "other_origin",
            signed(&body.replacen("/a\n", "/b\n", 1)),
        ),
        bad(
            "a note that is not signed",
            "note",
            note(&format!("{body}\n— a AAAAAQI=\n")),
        ),
    ];
    category(files, "checkpoint", Value::Null, vectors, |input| {
        let origin = Origin::parse(text_of(input, "origin")).expect("an origin");
        let found = SignedCheckpoint::open(text_of(input, "note"), &key_of(input, "key"), &origin);
        let found = found.map_err(|error| reason(&error))?;
        Ok(json!({"size": found.size.0, "root": found.root}))
    });
}

pub(super) fn cosignatures(files: &mut Files) {
    let witness = secret(0x20);
    let public = hex(witness.public().ed25519_bytes());
    let body = checkpoint().body();
    let note = checkpoint().sign(&secret(0)).note().to_string();
    let line = cosign(&witness, WITNESS, &checkpoint(), TIME_S).expect("cosigned");
    let on = |note: &str, line: &str| json!({"checkpoint": body, "note": format!("{note}{line}"), "name": WITNESS, "key": public});
    let id = KeyId::of(WITNESS, KeyKind::Witness, &witness.public());
    let printed = |signature: Vec<u8>| {
        SignatureLine::new(WITNESS, id, signature)
            .expect("a line")
            .to_string()
            + "\n"
    };
    let parsed = SignatureLine::parse(line.trim_end()).expect("a line");
    let mut later = parsed.signature().to_vec();
    later[7] += 1;
    let mut far = parsed.signature().to_vec();
    far[0] = 0x80;
    let plain = [&[0; 8][..], &witness.sign_raw(body.as_bytes())].concat();
    let vectors = vec![
        good("cosigned", on(&note, &line)),
        bad("by nobody", "not_cosigned_by", on(&note, "")),
        bad("another time", "bad_signature", on(&note, &printed(later))),
        bad(
            "a time above 2^63 - 1",
            "time_out_of_range",
            on(&note, &printed(far)),
        ),
        bad("over the text alone", "bad_signature", on(&note, &printed(plain))),
        bad(
            "too short",
            "bad_signature",
            on(&note, &printed(parsed.signature()[..71].to_vec())),
        ),
        bad(
            "on another checkpoint",
            "other_checkpoint",
            on(&note.replacen("\n11\n", "\n12\n", 1), &line),
        ),
    ];
    category(files, "cosignature", Value::Null, vectors, |input| {
        let body = Checkpoint::parse(text_of(input, "checkpoint")).expect("a checkpoint");
        let key = key_of(input, "key");
        let time = verify_cosignature(text_of(input, "note"), text_of(input, "name"), &key, &body);
        Ok(json!({"time_s": time.map_err(|error| reason(&error))?}))
    });
}
