//! Bytes and hashes that never change: what was signed once is verified for ever. If this test fails, a format changed;
//! then a new protocol version is needed, not a new expectation here.

use crate::codec::{encode, hex};
use crate::record::{Actor, Event, Graph, Put, Value, seal_digest};
use crate::testing::{CITY, FENGDU, Federation, QINGYA, org, record};
use crate::trust::{Audience, Body, Level, Role, Space};

fn check(what: &str, found: &[u8], expected: &str) {
    assert_eq!(hex(found), expected, "{what}");
}

#[test]
fn the_formats_are_those_of_version_1() {
    let mut federation = Federation::new();
    let secretary = federation.person(org(FENGDU), "王建国", &[Role::Secretary], None);
    let space = Space::joint(org(FENGDU), [org(QINGYA)], Level::City, 2026);
    let mut log = federation.log(org(FENGDU), &space, 1);
    let line = Event::LogLine {
        text: "走访三户".into(),
        happened: "2026-03-01T09:00:00+08:00".into(),
    };
    let puts = vec![
        Put::field("topic", "走访".into()),
        Put::field("people_met", Value::Int(-3)),
        Put::event(&line),
    ];
    // The definition of a ledger may gain a revision; the bytes of a change may not depend on it here.
    log.definition = crate::id::Hash([0xd0; 32]);
    let first = log.append_change(&secretary, record(1), &[], puts);
    let held = [
        first.clone(),
        log.append_change(
            &secretary,
            record(1),
            &[first.id],
            vec![Put::field("outcome", Value::Null)],
        ),
    ];
    let graph = Graph::build(&held);
    let statement = federation
        .statements()
        .iter()
        .find(|s| matches!(s.body(), Body::Org(_)))
        .expect("an org");

    check(
        "founding statement",
        &federation.founding.id().0,
        "e4f978f70da8c22801daf29798dfd655e4d09a1ae3c29fca51a996c43b96106f",
    );
    check("org id", &org(FENGDU).0, "9fe322f3654898222dddc3e18cec9897");
    check(
        "statement",
        statement.bytes(),
        "8443a10127a058b8a201a40150f5543628a15d0b493c392acc0412d97a028201582018cfc24b153e4205e25f1cc2d10f0fbf7a6c46026e30671a4bd64ba0643003c0041b0000019b75233400055820e4f978f70da8c22801daf29798dfd655e4d09a1ae3c29fca51a996c43b96106f02820181a60150c8651a8d80e3544a45e9d5319e34a1810250f5543628a15d0b493c392acc0412d97a03040469e6be84e5b79de58ebf05714368656e67636875616e20436f756e747906663939303132315840d06420911f6796d5878a0325c91694ff09ffc6aa7dd71b82a09527fde0bac0476251631d8a9b6621fde76e2b6990df288828551648186464148758041b0e6c06",
    );
    check(
        "header",
        &encode(log.entries[1].header()),
        "aa010102782d6c69616e7a68616e2f6c6f672f3862343935333465393663626136663164383437323234313562623839393363035820bf4731ad5881dc001ee34426cc85afba47eda3edf3e5596e9a4d024af56c9c0f04010550019b752334000101010101010101010106820158204ab8d6f0bb033c10b441d3e72fab5791f704c6503469b6aa3a6c3b81e5d99d180758201916105f234752044a3d3fc28d61951595a3586adcd8d3c62ae51ffa69244a7c081b0000019b752508c00958205aaa4edadda0ee499e2f688d7b6df0ec451ea67b024a38d44f9e6ce79c6d07830a188a",
    );
    check(
        "entry",
        &log.entries[1].leaf().0,
        "947af2971e6a5791f0eeda1123a99c0cbd913389f19848e71ea9e971c8109e63",
    );
    check(
        "change id",
        &held[0].id.0,
        "f31c47e90523572db1fc2ee0226129b1de0e7371e504303b69d30a471bf5acb1",
    );
    check(
        "change",
        &held[0].change.to_bytes(),
        "a40150e3775050d7fc2a95e9a2f811501171e60280035820d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d004838267663a746f70696366e8b5b0e8aebf826c663a70656f706c655f6d6574228262653a582b8203826ce8b5b0e8aebfe4b889e688b77819323032362d30332d30315430393a30303a30302b30383a3030",
    );
    check(
        "joint space",
        &space.id().0,
        "bf4731ad5881dc001ee34426cc85afba47eda3edf3e5596e9a4d024af56c9c0f",
    );
    check(
        "plain space",
        &Space::of(org(CITY), Audience::City).id().0,
        "1cdb3c8384fc34a871aa36f6d7346f49c32c3061387383bff611dc82713716aa",
    );
    check(
        "actor",
        &Actor::of(&log.origin, &secretary.0.public()).0,
        "8daa1bb5b1e4e9a880d3dde2166494ed",
    );
    check(
        "seal digest",
        &seal_digest(&graph, &[1]).0,
        "8411727c011610e0cb05b04f0cbb8e7d05d96f1dd52bf49292c127602b17de90",
    );
    assert_eq!(
        log.origin.as_str(),
        "lianzhan/log/8b49534e96cba6f1d84722415bb8993c"
    );
    assert_eq!(graph.op(1, 0).counter, 4);
}
