//! Bundles that verify, and what makes them worthless.

use serde_json::{Map, Value, json};

use super::directory::{carried, revocation, succession};
use super::notices::{defining, said, wells};
use super::{Files, Found, Vector, bad, category, flipped, good, hex, list_of, reason, text_of, unhex};
use crate::bundle::tests::scenario::Scenario;
use crate::bundle::{repack, unpacked, verify};
use crate::id::{ChangeId, RecordId, StatementId};
use crate::log::{EntryIndex, ProofFile, inclusion};
use crate::record::ledger::added::Added;
use crate::record::ledger::{definitions, ledger};
use crate::record::{Put, Verdict};
use crate::settings;
use crate::testing::{CITY, COUNTY, FENGDU, Federation, SHIQIAO, YUNLING, key, org};
use crate::trust::{Adoption, Appointment, Audience, Body, Ground, Revocation, Role, SignedStatement, Space};

const BOTH: &str = "both.tar";
const ADDED: &str = "added.tar";

/// A bundle of these records, after more was stated.
fn stated(records: &[RecordId], statements: Vec<SignedStatement>) -> Vec<u8> {
    let mut scenario = Scenario::new();
    for statement in statements {
        scenario.federation.add(statement);
    }
    scenario.directory = scenario.federation.directory();
    scenario.bundle(records)
}

/// A record of a ledger that the county added, the record that adds it, and a setting of the county.
fn of_added() -> (Scenario, [RecordId; 3]) {
    let mut federation = Federation::new();
    let office = federation.person(org(COUNTY), "主任", &[Role::DeputiesOffice], None);
    let liaison = federation.person(org(SHIQIAO), "何苗", &[Role::StationLiaison], None);
    let mut notices = federation.log(org(COUNTY), &Space::of(org(COUNTY), Audience::Notice), 1);
    notices.definition = ledger(definitions::LEDGER).expect("built in").hash();
    let definition = notices.record(1);
    let puts = defining(&Added::Ledger(wells()), 1);
    notices.append_change(&office, definition, &[], puts);
    notices.definition = ledger(settings::LEDGER).expect("built in").hash();
    let setting = notices.record(2);
    let puts = said("friday_monday", Some("off"), "2026-01-01", 1);
    notices.append_change(&office, setting, &[], puts);
    let mut ours = federation.log(org(SHIQIAO), &Space::of(org(SHIQIAO), Audience::County), 2);
    ours.definition = wells().hash();
    let well = ours.record(3);
    ours.append_change(&liaison, well, &[], vec![Put::field("place", "北坡组".into())]);
    let logs = [notices, ours].map(|log| {
        let receipt = federation.receipt(&log);
        (log, vec![receipt])
    });
    let scenario = Scenario {
        directory: federation.directory(),
        federation,
        logs: logs.into(),
        visit: well,
        activity: definition,
    };
    (scenario, [well, definition, setting])
}

fn author(scenario: &Scenario) -> StatementId {
    scenario.logs[0].0.entries[1]
        .header()
        .appointment
        .expect("of a change")
}

pub(super) fn all(files: &mut Files) {
    let scenario = Scenario::new();
    let federation = &scenario.federation;
    let founding = hex(scenario.founding());
    let visit = [scenario.visit];
    let receipt = &scenario.logs[0].1[0];
    let cut = crate::trust::Cut {
        origin: receipt.witness_origin.clone(),
        index: receipt.witness_index.0,
    };
    let revoked = Revocation {
        cut: vec![cut],
        ..revocation(author(&scenario), Ground::Soft)
    };
    let revoked = federation.sign(org(FENGDU), Body::Revocation(revoked));
    let mut changes: Vec<ChangeId> = scenario
        .evidence(scenario.visit)
        .entries
        .iter()
        .map(|entry| {
            crate::log::Entry::parse(&entry.entry)
                .expect("an entry")
                .change_id()
        })
        .collect();
    changes.sort_unstable();
    let adopted = federation.sign(
        org(COUNTY),
        Body::Adoption(Adoption {
            changes,
            statements: vec![],
        }),
    );
    let next = key("root authority 2");
    let kept = succession(federation, federation.founding.id(), &next, |s| {
        s.issuer().org == org(CITY)
    });
    let succeeded = carried(federation, &kept, &Federation::founders()[..2], &next);
    let (added, of_added) = of_added();
    let bundles = [
        (BOTH, scenario.both()),
        (ADDED, added.bundle(&of_added)),
        ("not-added.tar", added.bundle(&of_added[..1])),
        ("contested.tar", stated(&visit, vec![revoked.clone()])),
        ("adopted.tar", stated(&visit, vec![revoked, adopted])),
        ("superseded.tar", stated(&visit, vec![succeeded])),
        ("contested-post.tar", stated(&visit, scenario.contested_post())),
        ("second-purpose.tar", stated(&visit, scenario.second_purpose())),
        ("purpose-above.tar", stated(&visit, scenario.purpose_above())),
    ];
    let mut vectors: Vec<Vector> = vec![];
    for (name, bytes) in &bundles {
        vectors.push(good(name, json!({"bundle": name})));
        files.insert(format!("bundle/{name}"), bytes.clone());
    }
    let both = unpacked(&bundles[0].1);
    vectors.extend(altered(&scenario, &both));
    // Its second statement is the appointment that does not stand, the last revokes it.
    let post = scenario.contested_post();
    let file = |n: usize| format!("statements/{}.cose", post[n].id());
    let without = |n: usize| json!({"bundle": "contested-post.tar", "remove": [file(n)]});
    vectors.extend([
        bad(
            "a revocation without what it revokes",
            "does_not_stand",
            without(1),
        ),
        bad("an appointment that does not stand", "does_not_stand", without(3)),
        bad(
            "without what names the purpose of a key",
            "does_not_stand",
            json!({
                "bundle": "second-purpose.tar",
                "remove": [format!("statements/{}.cose", scenario.second_purpose()[0].id())],
            }),
        ),
        bad(
            "without what names the purpose of an authority's key above",
            "summary",
            json!({
                "bundle": "purpose-above.tar",
                "remove": [format!("statements/{}.cose", scenario.purpose_above()[0].id())],
            }),
        ),
    ]);
    let definition = added.logs[0].0.entries[1].change_id();
    let defining: Vec<String> = ["entry", "payload", "tlog-proof"]
        .map(|ending| format!("entries/{definition}.{ending}"))
        .into();
    vectors.push(bad(
        "without the record that adds a ledger",
        "summary",
        json!({"bundle": ADDED, "remove": defining}),
    ));
    let raw = |member: &str, value: Value| json!({"bundle": BOTH, member: value});
    let length = bundles[0].1.len();
    vectors.extend([
        bad("another mode in a header", "archive", raw("xor_at", 100.into())),
        bad(
            "padding that is not zeros",
            "archive",
            raw("xor_at", (length - 1025).into()),
        ),
        bad("cut by a block", "archive", raw("cut_to", (length - 512).into())),
        bad("a third zero block", "archive", raw("append", hex(&[0; 512]))),
        bad(
            "another digest in the manifest",
            "digest",
            raw("xor_at", 600.into()),
        ),
    ]);
    let mut other = Federation::founding();
    other.root.name_en = "Another".into();
    let other = crate::trust::FoundingStatement::sign(&other, &Federation::founders()).expect("signed");
    vectors.push(bad(
        "another federation is trusted",
        "other_founding",
        json!({"bundle": BOTH, "founding": hex(other.bytes())}),
    ));
    let held: std::collections::BTreeMap<&str, &Vec<u8>> =
        bundles.iter().map(|(name, bytes)| (*name, bytes)).collect();
    let head = json!({"founding": founding.clone()});
    category(files, "bundle", head, vectors, |input| {
        let trusted = input.get("founding").unwrap_or(&founding);
        judge(held[text_of(input, "bundle")], trusted, input)
    });
}

fn judge(bundle: &[u8], trusted: &Value, input: &Value) -> Found {
    let mut bytes = bundle.to_vec();
    if input.get("replace").is_some() || input.get("remove").is_some() {
        let mut files = unpacked(&bytes);
        for path in list_of(input, "remove") {
            files.remove(path.as_str().expect("a path")).expect("a file");
        }
        for (path, content) in input["replace"].as_object().into_iter().flatten() {
            files.insert(path.clone(), unhex(content.as_str().expect("hex")));
        }
        let own = input["replace"].get("MANIFEST.sha256").is_some();
        bytes = repack(files, !own);
    }
    if let Some(at) = input.get("xor_at").and_then(Value::as_u64) {
        bytes[at as usize] ^= 1;
    }
    if let Some(length) = input.get("cut_to").and_then(Value::as_u64) {
        bytes.truncate(length as usize);
    }
    if let Some(more) = input.get("append").and_then(Value::as_str) {
        bytes.extend(unhex(more));
    }
    let report =
        verify(&bytes, &unhex(trusted.as_str().expect("hex"))).map_err(|refusal| reason(&refusal.reason))?;
    let verdicts: Map<String, Value> = report
        .records
        .iter()
        .flat_map(|record| &record.changes)
        .map(|change| (change.facts.id.to_string(), word(&change.facts.verdict).into()))
        .collect();
    Ok(json!({"verdicts": verdicts}))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Counts { adopted: Some(_), .. } => "adopted",
        Verdict::Counts {
            provisional: true, ..
        } => "provisional",
        Verdict::Counts { .. } => "counts",
        Verdict::Pending { .. } => "pending",
        Verdict::Contested { .. } => "contested",
        Verdict::Refused { .. } => "refused",
    }
}

type Parts = std::collections::BTreeMap<String, Vec<u8>>;

/// A file is replaced or taken out, and the manifest made anew.
fn altered(scenario: &Scenario, both: &Parts) -> Vec<Vector> {
    let change =
        |n: usize, ending: &str| format!("entries/{}.{ending}", scenario.logs[0].0.entries[n].change_id());
    let folder = |n: usize| {
        format!(
            "logs/{}/",
            &scenario.logs[n].0.origin.as_str()["lianzhan/log/".len()..]
        )
    };
    let replace = |path: &str, content: &[u8]| json!({"bundle": BOTH, "replace": {path: hex(content)}});
    let flip = |path: &str, at: isize| replace(path, &flipped(&both[path], at));
    let remove = |path: &str| json!({"bundle": BOTH, "remove": [path]});
    let text = |path: &str, from: &str, to: &str| {
        let text = String::from_utf8(both[path].clone()).expect("a text");
        assert!(text.contains(from), "{path} has no {from}");
        replace(path, text.replacen(from, to, 1).as_bytes())
    };
    let move_to =
        |path: &str, to: &str| json!({"bundle": BOTH, "remove": [path], "replace": {to: hex(&both[path])}});
    let federation = &scenario.federation;
    let old = federation
        .statements()
        .iter()
        .find(|s| s.id() == author(scenario))
        .expect("stated");
    let instead = |of: &str, change: &dyn Fn(&mut Appointment)| {
        let mut made = old.appointment().expect("an appointment").clone();
        change(&mut made);
        let new = federation.sign(org(of), Body::Appointment(made));
        let file = |id: StatementId| format!("statements/{id}.cose");
        json!({"bundle": BOTH, "remove": [file(old.id())], "replace": {file(new.id()): hex(new.bytes())}})
    };
    let statement = format!("statements/{}.cose", old.id());
    let (first, second) = (folder(0), folder(1));
    let log = &scenario.logs[0].0;
    let size = log.entries.len();
    let newest = ProofFile {
        extra: None,
        index: EntryIndex(1),
        hashes: inclusion(EntryIndex(1), log.checkpoint().size, |n| {
            log.nodes.get(n as usize).copied()
        })
        .expect("stored"),
        checkpoint: log.checkpoint().sign(&log.node).note().clone(),
    }
    .to_string();
    let one = |ending: &str| format!("{first}receipts/1.{ending}");
    let swapped = json!({"bundle": BOTH, "replace": {
        one("receipt"): hex(&both[&format!("{second}receipts/1.receipt")]),
    }});
    let out_of_order = json!({"bundle": BOTH, "replace": {
        one("receipt"): hex(&both[&format!("{first}receipts/2.receipt")]),
        format!("{first}receipts/2.receipt"): hex(&both[&one("receipt")]),
        one("consistency"): hex(&both[&format!("{first}receipts/2.consistency")]),
        format!("{first}receipts/2.consistency"): hex(&both[&one("consistency")]),
    }});
    let dep: Vec<String> = ["entry", "payload", "tlog-proof"]
        .map(|ending| change(1, ending))
        .into();
    let manifest = String::from_utf8(both["MANIFEST.sha256"].clone()).expect("a text");
    let listed: Vec<&str> = manifest.lines().skip(1).collect();
    let unlisted = listed.join("\n") + "\n";
    let keep =
        |manifest: &str| json!({"bundle": BOTH, "replace": {"MANIFEST.sha256": hex(manifest.as_bytes())}});
    vec![
        bad(
            "a file that the manifest leaves out",
            "not_listed",
            keep(&unlisted),
        ),
        bad(
            "a manifest in another order",
            "manifest",
            keep(
                &(listed.iter().rev().copied().collect::<Vec<_>>().join("\n")
                    + "\n"
                    + manifest.lines().next().expect("a line")
                    + "\n"),
            ),
        ),
        bad("another README", "readme", flip("README.txt", -1)),
        bad("no founding statement", "missing", remove("founding.cose")),
        bad("a founder's signature", "founding", flip("founding.cose", -1)),
        bad("a statement's signature", "statement", flip(&statement, -1)),
        bad(
            "a statement under another name",
            "other_name",
            move_to(&statement, &format!("statements/{}.cose", StatementId([1; 32]))),
        ),
        bad(
            "an author appointed by another station",
            "does_not_stand",
            instead(YUNLING, &|_| {}),
        ),
        bad(
            "an author without proof of possession",
            "does_not_stand",
            instead(SHIQIAO, &|a| a.key = key("forger").public()),
        ),
        bad(
            "an author with more roles",
            "unused",
            instead(SHIQIAO, &|a| {
                a.roles = vec![Role::OpinionLiaison, Role::DeputiesOffice]
            }),
        ),
        bad(
            "a log's start that another signed",
            "entry",
            flip(&format!("{first}start.entry"), -1),
        ),
        bad(
            "another start",
            "entry",
            flip(&format!("{first}start.payload"), -1),
        ),
        bad(
            "a log in another folder",
            "missing",
            move_to(
                &format!("{first}start.entry"),
                "logs/00000000000000000000000000000000/start.entry",
            ),
        ),
        bad(
            "another signature of the newest checkpoint",
            "checkpoint",
            text(
                &format!("{first}start.tlog-proof"),
                &format!("\n{size}\n"),
                &format!("\n{}\n", size + 1),
            ),
        ),
        bad(
            "a proof of another format",
            "proof_file",
            text(&format!("{first}start.tlog-proof"), "@v1", "@v2"),
        ),
        bad(
            "an extra line",
            "proof_against",
            text(
                &format!("{first}start.tlog-proof"),
                "index 0",
                "extra AQ==\nindex 0",
            ),
        ),
        bad(
            "a start that is not entry 0",
            "proof_against",
            text(&format!("{first}start.tlog-proof"), "index 0", "index 1"),
        ),
        bad("a receipt's signature", "receipt", flip(&one("receipt"), 60)),
        bad("a receipt of another log", "receipt", swapped),
        bad("receipts in another order", "receipt_order", out_of_order),
        bad(
            "a growth that proves nothing",
            "proof",
            text(&one("consistency"), "\n\n", &format!("\n{}=\n\n", "A".repeat(43))),
        ),
        bad(
            "a growth from another size",
            "proof_against",
            text(&one("consistency"), "old 3", "old 2"),
        ),
        bad(
            "a receipt without its growth",
            "missing",
            remove(&one("consistency")),
        ),
        bad("an author's signature", "entry", flip(&change(1, "entry"), -1)),
        bad("another payload", "entry", flip(&change(1, "payload"), -1)),
        bad(
            "an entry under another name",
            "missing",
            move_to(
                &change(1, "payload"),
                &format!("entries/{}.payload", ChangeId([1; 32])),
            ),
        ),
        bad(
            "a change in the first place",
            "entry",
            text(&change(1, "tlog-proof"), "index 1", "index 0"),
        ),
        bad(
            "an entry at another place",
            "proof",
            text(&change(1, "tlog-proof"), "index 1", "index 2"),
        ),
        bad(
            "a change whose author had seen another",
            "missing_dependency",
            json!({"bundle": BOTH, "remove": dep}),
        ),
        bad(
            "a file that nothing needs",
            "unused",
            replace("more.txt", b"more"),
        ),
        bad(
            "another summary",
            "summary",
            text("summary.json", "\"sealed\": true", "\"sealed\": false"),
        ),
        bad(
            "a summary without its last newline",
            "summary",
            text("summary.json", "}\n", "}"),
        ),
        bad("no summary", "missing", remove("summary.json")),
        bad(
            "no policy of a log",
            "missing",
            remove(&format!("{first}policy.txt")),
        ),
        bad(
            "another policy of a log",
            "tlog_policy",
            text(&format!("{first}policy.txt"), "required-1 any", "required-1 all"),
        ),
        bad(
            "a proof against the newest checkpoint, where a receipt covers",
            "proof_against",
            replace(&change(1, "tlog-proof"), newest.as_bytes()),
        ),
    ]
}
