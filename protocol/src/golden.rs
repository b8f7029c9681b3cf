//! Bytes and hashes that never change: what was signed once is verified for ever. If this test fails, a format changed;
//! then a new protocol version is needed, not a new expectation here (until the first milestone, only both that and
//! `docs/spec`, on purpose). Every example of the specification stands here.

use crate::bundle::README;
use crate::codec::{encode, hex};
use crate::id::{Hash, StatementId};
use crate::log::{TreeSize, WitnessEntry};
use crate::record::ledger::added::Added;
use crate::record::{Actor, AnnexKey, Change, Event, Graph, Put, Value, event_id, seal_change, seal_digest};
use crate::sync::Message;
use crate::testing::{CITY, FENGDU, Federation, QINGYA, org};
use crate::trust::{Audience, Body, Level, Role, SignedStatement, Space};

/// The specification, whose examples are these bytes.
const SPEC: [&str; 8] = [
    include_str!("../../docs/spec/01-encoding.md"),
    include_str!("../../docs/spec/02-trust.md"),
    include_str!("../../docs/spec/03-log.md"),
    include_str!("../../docs/spec/04-records.md"),
    include_str!("../../docs/spec/05-spaces.md"),
    include_str!("../../docs/spec/06-sync.md"),
    include_str!("../../docs/spec/07-bundle.md"),
    include_str!("../../docs/spec/09-notices.md"),
];

fn check(what: &str, found: &[u8], expected: &str) {
    assert_eq!(hex(found), expected, "{what}");
    let shown = SPEC.iter().any(|page| {
        let page: String = page.split_whitespace().collect();
        page.contains(expected)
    });
    assert!(shown, "{what} is not in docs/spec");
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
    let first = log.append_change(&secretary, log.record(1), &[], puts);
    let held = [
        first.clone(),
        log.append_change(
            &secretary,
            log.record(1),
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
    check("record id", &log.record(1).0, "019b752334000ba08d920871ea509876");
    check("org id", &org(FENGDU).0, "9fe322f3654898222dddc3e18cec9897");
    check(
        "statement",
        statement.bytes(),
        "8443a10127a058b8a201a40150f5543628a15d0b493c392acc0412d97a028201582018cfc24b153e4205e25f1cc2d10f0fbf7a6c46026e30671a4bd64ba0643003c0041b0000019b75233400055820e4f978f70da8c22801daf29798dfd655e4d09a1ae3c29fca51a996c43b96106f02820181a60150c8651a8d80e3544a45e9d5319e34a1810250f5543628a15d0b493c392acc0412d97a03040469e6be84e5b79de58ebf05714368656e67636875616e20436f756e747906663939303132315840d06420911f6796d5878a0325c91694ff09ffc6aa7dd71b82a09527fde0bac0476251631d8a9b6621fde76e2b6990df288828551648186464148758041b0e6c06",
    );
    check(
        "header",
        &encode(log.entries[1].header()),
        "aa010102782d6c69616e7a68616e2f6c6f672f3862343935333465393663626136663164383437323234313562623839393363035820bf4731ad5881dc001ee34426cc85afba47eda3edf3e5596e9a4d024af56c9c0f04010550019b752334000ba08d920871ea50987606820158204ab8d6f0bb033c10b441d3e72fab5791f704c6503469b6aa3a6c3b81e5d99d180758206ddad4a802cc7ff087e95a718f9f47b6c8440c68be0da68b94911b883708663f081b0000019b752508c0095820a6671facaf330fff8f2d22548fe01779dc4ab8721282ad85f092924522a9c71c0a188a",
    );
    check(
        "entry",
        &log.entries[1].leaf().0,
        "72fa97a9d3bcdadc00820f4cb69993f8a0559834de7267c094a6bcb90fe5f38b",
    );
    check(
        "change id",
        &held[0].id.0,
        "5c267a4d93d2a140c0a12fddb7de5fa7c38fb567b776f18df26548b396740c56",
    );
    check(
        "change",
        &held[0].change.to_bytes(),
        "a40150010101010101010101010101010101010280035820d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d004838267663a746f70696366e8b5b0e8aebf826c663a70656f706c655f6d6574228262653a582b8203826ce8b5b0e8aebfe4b889e688b77819323032362d30332d30315430393a30303a30302b30383a3030",
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
        "66690ddfd4e64724508111217fbe115ece3e56248b24292734f973b3cc2c3239",
    );
    assert_eq!(
        log.origin.as_str(),
        "lianzhan/log/8b49534e96cba6f1d84722415bb8993c"
    );
    assert_eq!(graph.op(1, 0).counter, 4);

    let key = AnnexKey([1; 32]);
    let inside = Change {
        salt: vec![5; 32],
        deps: vec![],
        definition: Hash([0xd0; 32]),
        puts: vec![Put::field("name", "林某".into())],
    };
    let receipt = federation.receipt(&log);
    let note = log.checkpoint().sign(&log.node).note().to_string();
    let want = Message::Want {
        space: space.id(),
        origin: log.origin.clone(),
        from: TreeSize(2),
    };
    check(
        "founding, signed",
        federation.founding.bytes(),
        "8440a0590113a7010102a50150f5543628a15d0b493c392acc0412d97a03030469e6be9ce5b79ee5b88205724c616e7a686f75205072656665637475726506663939303130300383820158204bb4c467ca956794a9b9a68060b446b9edf62fe4b5f9d7e3102f3044a0dab48a82015820b49f472af21b6ad362ae3ea95ff7a84ad7d9cbfc6a1dbd2704294df2c0d595f182015820c880bef317e1d5540aa5ed47cca5b63e3e4370b003e704947f12e4cd6ff6e77c0402058201582018cfc24b153e4205e25f1cc2d10f0fbf7a6c46026e30671a4bd64ba0643003c006a2011b0000019b75233400021b000001e4e20eec0007a201981c0102030405060708090a0b0c0d0e0f101112131415161718181819181a181b181c020382835826a201270458204bb4c467ca956794a9b9a68060b446b9edf62fe4b5f9d7e3102f3044a0dab48aa05840edae12e47c75bb7e41a6b3ef44bc55d676bebf3b3dc1121142e88d9683d7437f24ec9b4847d903a45da9747a6443c3a39d972c4e4bfb219994b328400a33770d835826a20127045820b49f472af21b6ad362ae3ea95ff7a84ad7d9cbfc6a1dbd2704294df2c0d595f1a05840eb38b2b3d75aa897d4f38a3b1a78356c9da6a26e8ea84b4f9773621d596ac5a883840f61b12394c777bbafffb6ae9ba428d9a35769222d71f62c5699cba49306",
    );
    check(
        "appointment",
        &encode(statement_of(&federation, secretary.1).body()),
        "820281a801820158204ab8d6f0bb033c10b441d3e72fab5791f704c6503469b6aa3a6c3b81e5d99d1802509fe322f3654898222dddc3e18cec9897030404810a06a2011b0000019b75233400021b000001e4e20eec000769e78e8be5bbbae59bbd0982015840523fd7141bc66b8bbadf6989c16b26442985773f65e5a523779b42f6b1bf820a0a1d0026e80ab999129adf4e406aa0ac3af21f8d9f78c0eea95593e48ae33c030a506f1883d0a85d56022190c94e0025c948",
    );
    check(
        "secretary's key",
        secretary.0.public().ed25519_bytes(),
        "4ab8d6f0bb033c10b441d3e72fab5791f704c6503469b6aa3a6c3b81e5d99d18",
    );
    check(
        "start of a log",
        &log.payloads[0],
        "820181a6010102a401509fe322f3654898222dddc3e18cec98970207030104a30182509fe322f3654898222dddc3e18cec989750d3292a3eb5fb3467e614489ae93b80690203031907ea0382015820e397d7d6093f14fc2182237293e1f8790d08b49e76755aeaffd302009ea69c6d04509fe322f3654898222dddc3e18cec98970550010101010101010101010101010101010650c8651a8d80e3544a45e9d5319e34a181",
    );
    check(
        "whole entry",
        &log.entries[1].to_bytes(),
        "8258e2aa010102782d6c69616e7a68616e2f6c6f672f3862343935333465393663626136663164383437323234313562623839393363035820bf4731ad5881dc001ee34426cc85afba47eda3edf3e5596e9a4d024af56c9c0f04010550019b752334000ba08d920871ea50987606820158204ab8d6f0bb033c10b441d3e72fab5791f704c6503469b6aa3a6c3b81e5d99d180758206ddad4a802cc7ff087e95a718f9f47b6c8440c68be0da68b94911b883708663f081b0000019b752508c0095820a6671facaf330fff8f2d22548fe01779dc4ab8721282ad85f092924522a9c71c0a188a82015840f8d53d44b0b56e68480d8712d45913b6104c73b6946279f065bb5d31a2ca87dba58037e9864117bd2b3dc0faee6e6781652b01d27963b1df151c03cd199e3307",
    );
    check(
        "checkpoint",
        note.as_bytes(),
        "6c69616e7a68616e2f6c6f672f38623439353334653936636261366631643834373232343135626238393933630a330a596e4d783643685a5a46476a42733432456a2b46537a704859466b4b6e505269534a6b446e4332432b4f633d0a0ae28094206c69616e7a68616e2f6c6f672f386234393533346539366362613666316438343732323431356262383939336320447030696b57676f6f417455646367656d735553424571377848564a5a7072577555744c2f336278646a696851556d4c4c4a3670586e6f70657250484238386e67356259674336387436562f3669393951554164423331624577673d0a",
    );
    check(
        "witness entry",
        &WitnessEntry::new(&log.checkpoint(), receipt.time_s).leaf_bytes(),
        "a401782d6c69616e7a68616e2f6c6f672f38623439353334653936636261366631643834373232343135626238393933630203035820627331e828596451a306ce36123f854b3a4760590a9cf4624899039c2d82f8e7041a695549ac",
    );
    check(
        "receipt",
        &encode(&receipt),
        "ae0103025820627331e828596451a306ce36123f854b3a4760590a9cf4624899039c2d82f8e703820158406828a00b5475c81e9ac512044abbc47549669ad6b94b4bff76f17638a141498b2c9ea95e7a297ab3c707cf278396d8802ebcb7a57fea2f7d41401d077d5b130804820158200ffc2f196d9a25c39c1ac8c2570ba7f8fb045755c9316e844e0fd86dbe44a80b051a695549ac068201584050391b5111e922aa69a98b12ddda5466f6e26191f399e9684547d5080426d0c457a488d5e7241fe591de218bd476096ff6a33ec159130bac73488d4709b5210f0778356c69616e7a68616e2f7769746e6573732d6c6f672f6530636661613133333735383033373431356536633762373734656562653533080009010a58201447fd8d3dbe2c5df150c489f1241bd7626de47d7585501fba6ee0453d21507d0b82015820108a15e75a7d7298c01cc980a1870940508c85f741174cf4d0e4aab76a5b09dc0c820158401b04990e490c6e77ddbb8f94ca326dbafb5844f82631a22f14b3f43d989ab460bb6c8e3df27bbe11e805a10b3e5e0641d2ea83fb1d7e36157636f35af5a930020d800e5000000000000000000000000000000000",
    );
    check(
        "event id",
        &event_id(&first.id, 2).0,
        "2cbb9d2b2acbf2b2332bac508ba7a8cfdf253235006a3a6b0d281d834d5053d1",
    );
    check(
        "joint space's descriptor",
        &encode(&space),
        "a401509fe322f3654898222dddc3e18cec98970207030104a30182509fe322f3654898222dddc3e18cec989750d3292a3eb5fb3467e614489ae93b80690203031907ea",
    );
    check(
        "key commitment",
        &key.commitment().0,
        "ea3e02c4494721a469d5291591e84401ea54dd70c79aa927989cb7ae0594c539",
    );
    check(
        "sealed payload",
        &seal_change(&key, &log.record(1), &inside, [3; 24]),
        "030303030303030303030303030303030303030303030303ea015751f53ad7c4eed8a0394832d80612d221a79fbee81cfc13f2667e113afaea261b703c7a9954cd61c2f4b9b32fe0cbefcecb3309e406f9151e7a95e864d6ec5d782c9135baa8475707b5ae9ad9e6ddb8e7e9985b55f00420347396363c880900c0768d96627caf53",
    );
    check(
        "question for joint spaces",
        &Message::AskJoint.to_frame(),
        "820e80",
    );
    check(
        "want",
        &want.to_frame(),
        "8206835820bf4731ad5881dc001ee34426cc85afba47eda3edf3e5596e9a4d024af56c9c0f782d6c69616e7a68616e2f6c6f672f386234393533346539366362613666316438343732323431356262383939336302",
    );
    check(
        "README of a bundle",
        &Hash::plain(README.as_bytes()).0,
        "1902f7ff3e47d04a85b24a67a7dd63f5308cbc65669aed51a46d34de52fd2024",
    );
}

#[test]
fn an_added_ledger_is_that_of_the_specification() {
    let wells = crate::vectors::wells();
    check(
        "hash of an added ledger",
        &wells.hash().0,
        "1c825ee035eb02fe5834f8d95140b3758b932bfc59d4b682671bb3012def8f53",
    );
    check(
        "added ledger",
        &Added::Ledger(wells).to_bytes(),
        "820181a9017828785f63383635316138643830653335343461343565396435333139653334613138315f77656c6c730201036fe69cbae4ba95e799bbe8aeb0e7b0bf046557656c6c73050306800781010883aa0165706c6163650266e59cb0e782b90365706c6163650482018005030602078008f409f40af4aa01677365656e5f6f6e026ce69fa5e79c8be697a5e69c9f03677365656e5f6f6e0482068005030602078008f409f40af4aa016564657074680266e4ba95e6b7b10365646570746804820482f60105030602078008f409f40af40980",
    );
}

fn statement_of(federation: &Federation, id: StatementId) -> &SignedStatement {
    let mut all = federation.statements().iter();
    all.find(|statement| statement.id() == id).expect("stated")
}
