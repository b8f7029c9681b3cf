//! What a node cannot read for a moment is not taken for nothing.

use std::path::Path;
use std::sync::Arc;

use lianzhan_node::config::Config;
use lianzhan_node::services::Node;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::Joining;
use lianzhan_node::services::revoke::RevocationDraft;
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::trust::{Level, Purpose, SignedStatement};
use rusqlite::Connection;
use secrecy::SecretString;

use super::process::PASSPHRASE;

fn secret() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

/// A township and a station below it.
fn pair(place: &Path) -> (Arc<Node>, Arc<Node>) {
    let config = Config {
        scrypt_log_n: 2,
        ..Config::default()
    };
    let town = draft(Level::Township, "枫渡镇", "990121103");
    let township = found(&place.join("township"), town, &secret(), config.clone()).unwrap();
    let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let here = draft(Level::Station, "石桥站", "990121103201");
    let invitation = township.invite(here, &secret(), address).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = township.answer_join(&joining.request());
    let station = joining
        .finish(&place.join("station"), reply, &secret(), config)
        .unwrap();
    (township, station)
}

fn not_marked(node: &Node) -> Vec<StatementId> {
    node.store().read(|reader| reader.revisions()).unwrap()
}

#[test]
fn a_revocation_is_marked_later_where_the_logs_cannot_be_read_now() {
    let place = tempfile::tempdir().unwrap();
    let (township, station) = pair(place.path());
    station.settle_views().unwrap();
    let directory = township.directory();
    let of_station = |one: &&SignedStatement| {
        one.appointment()
            .is_some_and(|post| post.org == station.org_id() && post.purpose == Purpose::Authority)
    };
    let post = directory.statements().find(of_station).unwrap().id();
    township
        .revoke(&secret(), &RevocationDraft::soft(post, "停用"))
        .unwrap();
    let news: Vec<SignedStatement> = township.directory().statements().cloned().collect();
    let revocation = news
        .iter()
        .find(|one| !directory.statements().any(|had| had == *one));
    let revocation = revocation.expect("the township revoked").id();
    let kept = news.clone();
    station
        .store()
        .write_blocking(move |writer| writer.keep_statements(kept))
        .unwrap();
    assert_eq!(not_marked(&station), [revocation]);

    let database = Connection::open(place.path().join("station/lianzhan.db")).unwrap();
    let turn =
        "UPDATE logs SET origin = CASE WHEN origin GLOB '+*' THEN substr(origin, 2) ELSE '+' || origin END";
    assert!(database.execute(turn, []).unwrap() > 0);
    assert!(station.heed(&news).is_err());
    assert_eq!(not_marked(&station), [revocation]);

    assert!(database.execute(turn, []).unwrap() > 0);
    station.settle_views().unwrap();
    assert_eq!(not_marked(&station), []);
}
