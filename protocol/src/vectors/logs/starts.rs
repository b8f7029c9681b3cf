//! First entries: what a log says of itself, and of the logs before it.

use super::entries::entry_reason;
use super::*;
use crate::log::{Earlier, LogStatement, PROTOCOL_VERSION};

pub(super) fn starts(files: &mut Files) {
    let federation = Federation::new();
    let log = federation.log(org(FENGDU), &Space::of(org(FENGDU), Audience::City), 1);
    let stranger = key("stranger");
    let signed = |start: &LogStart, node: &SecretKey, change: &dyn Fn(&mut Header)| {
        let payload = LogStatement::Start(start.clone()).to_bytes();
        let mut header = Header {
            payload: Hash::plain(&payload),
            size: payload.len() as u32,
            author: node.public(),
            ..log.entries[0].header().clone()
        };
        change(&mut header);
        let entry = Entry::sign(header, node).expect("in shape");
        json!({"entry": hex(&entry.to_bytes()), "payload": hex(&payload)})
    };
    let earlier = |n: u16| Earlier {
        origin: Origin::parse(&format!("lianzhan/log/{n:032x}")).expect("an origin"),
        size: TreeSize(n.into()),
        root: Hash([n as u8; 32]),
    };
    let naming = |names: Vec<Earlier>| {
        let start = LogStart {
            earlier: Some(names),
            ..log.start.clone()
        };
        signed(&start, &log.node, &|_| {})
    };
    let plain = signed(&log.start, &log.node, &|_| {});
    let vectors = vec![
        good("the first log of a space", plain),
        good("one earlier log", naming(vec![earlier(1)])),
        good("256 earlier logs", naming((0..256).map(earlier).collect())),
        bad(
            "257 earlier logs",
            "statement",
            naming((0..257).map(earlier).collect()),
        ),
        bad("a list of none", "statement", naming(vec![])),
        bad("out of order", "statement", naming(vec![earlier(2), earlier(1)])),
        bad("one twice", "statement", naming(vec![earlier(1), earlier(1)])),
        bad(
            "by another than the log's node",
            "statement",
            signed(&log.start, &stranger, &|_| {}),
        ),
        bad("an other signature", "signature", {
            let mut input = signed(&log.start, &log.node, &|_| {});
            input["entry"] = hex(&flipped(&bytes_of(&input, "entry"), -1));
            input
        }),
    ];
    category(files, "start", Value::Null, vectors, |input| {
        let entry = Entry::parse(&bytes_of(input, "entry"))
            .and_then(Entry::verify)
            .map_err(|error| entry_reason(&error))?;
        let payload = bytes_of(input, "payload");
        let stated = LogStatement::parse(&payload).map_err(|error| codec_reason(&error))?;
        let LogStatement::Start(start) = stated else {
            return Err("statement".into());
        };
        start
            .check_statement(EntryIndex(0), &entry, Some(&payload))
            .map_err(|error| entry_reason(&error))?;
        assert_eq!(start.version, PROTOCOL_VERSION);
        let earlier = start.earlier.as_ref().map_or(0, Vec::len);
        Ok(json!({"origin": start.origin().as_str(), "earlier": earlier}))
    });
}
