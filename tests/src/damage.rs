//! What somebody changed in a node's database behind its back is found by `check`.

use std::collections::BTreeMap;

use lianzhan_node::config::Config;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::visit::VisitDraft;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::{Level, Role};
use rusqlite::Connection;
use secrecy::SecretString;

use super::process::PASSPHRASE;

#[test]
fn check_finds_what_was_changed_in_tables_of_views_and_in_indexes() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("node");
    let secret = SecretString::from(PASSPHRASE.to_owned());
    let org = OrgDraft {
        level: Level::Township,
        name_zh: "枫渡镇".into(),
        name_en: "Fengdu".into(),
        code: "990121103".into(),
    };
    let config = Config {
        scrypt_log_n: 10,
        ..Config::default()
    };
    let node = found(&dir, org, &secret, config).unwrap();
    let person = PersonDraft {
        login: "lin".into(),
        name: "林静禾".into(),
        roles: vec![Role::OpinionLiaison],
        ..PersonDraft::default()
    };
    node.appoint_person(&secret, person, &secret).unwrap();
    let clerk = node.sign_in("lin", &secret).unwrap();
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let visit = VisitDraft {
        fields: vec![
            text("received_at", "2026-04-16T09:30:00+08:00"),
            text("channel", "visit"),
            ("persons".into(), Value::Int(1)),
            text("nature", "problem"),
            text("gist", "桥头护栏松动"),
        ],
        subject: vec![],
        sensitive: vec![],
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(node.register_visit(&clerk, visit)).unwrap();
    let faults = || node.check(|_| {}).unwrap().faults;
    assert_eq!(faults(), [""; 0]);

    let database = Connection::open(dir.join("lianzhan.db")).unwrap();
    let turns = BTreeMap::from([
        (
            "the table of a ledger",
            [
                "UPDATE v_letters_visits SET gist = '桤头护栏松动'",
                "UPDATE v_letters_visits SET gist = '桥头护栏松动'",
            ],
        ),
        (
            "the list of records",
            [
                "UPDATE records SET happened = '2025-04-16T09:30:00+08:00' WHERE ledger = 'letters_visits'",
                "UPDATE records SET happened = '2026-04-16T09:30:00+08:00' WHERE ledger = 'letters_visits'",
            ],
        ),
        (
            "what the search index was made from",
            [
                "UPDATE records SET words = x'00' WHERE ledger = 'letters_visits'",
                "UPDATE records SET words = NULL WHERE ledger = 'letters_visits'",
            ],
        ),
    ]);
    for (what, [harm, mend]) in turns {
        assert!(database.execute(harm, []).unwrap() > 0, "{what}");
        assert_eq!(faults().len(), 1, "{what}: {:?}", faults());
        assert!(database.execute(mend, []).unwrap() > 0, "{what}");
        assert_eq!(faults(), [""; 0], "{what}");
    }
    database
        .execute("UPDATE search_data SET block = x'00' WHERE id > 10", [])
        .unwrap();
    assert!(
        faults()
            .iter()
            .any(|fault| fault.starts_with("the file of the database")),
        "{:?}",
        faults()
    );
}
