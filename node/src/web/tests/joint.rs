//! Joint spaces through the pages: opened after who would hold one was shown, and a book that stands there alone.

use axum::http::{StatusCode, header};
use lianzhan_protocol::trust::{Level, Role};

use super::{Browser, PASSPHRASE, Station};
use crate::services::appoint::PersonDraft;
use crate::services::found::OrgDraft;

const LIST: &str = "/ledgers/joint_supervision";

/// A county with a deputies' office beside its administrator, and a township below it.
fn county() -> (Station, String) {
    let county = Station::of(OrgDraft {
        level: Level::County,
        name_zh: "澄川县".into(),
        name_en: "Chengchuan".into(),
        code: "990121".into(),
    });
    let secret = age::secrecy::SecretString::from(PASSPHRASE);
    let office = PersonDraft {
        login: "shen".into(),
        name: "沈秉文".into(),
        roles: vec![Role::DeputiesOffice],
        ..PersonDraft::default()
    };
    county.node.appoint_person(&secret, office, &secret).unwrap();
    let township = OrgDraft {
        level: Level::Township,
        name_zh: "枫渡镇".into(),
        name_en: "Fengdu".into(),
        code: "990121103".into(),
    };
    let addresses = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let invited = county.node.invite(township, &secret, addresses).unwrap();
    (county, invited.org.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joint_space_is_opened_and_its_book_written_and_imported() {
    let (county, township) = county();
    let mut admin = Browser::signed_in(&county, "gu").await;
    let mut office = Browser::signed_in(&county, "shen").await;
    let lacking = office.get(&county, LIST).await;
    assert!(
        lacking.body.contains("只记在联动空间里") && lacking.body.contains("href=\"/joint-spaces\""),
        "{}",
        lacking.body
    );
    let seen = office.get(&county, "/joint-spaces").await;
    assert!(
        seen.body.contains("还没有联动空间") && !seen.body.contains("name=\"with\""),
        "who may not open one is not offered it"
    );
    let alone = admin
        .get(&county, "/joint-spaces?ask=1&travel=county&year=2026")
        .await;
    assert!(alone.body.contains("id=\"with-error\"") && !alone.body.contains("name=\"passphrase\""));
    let asked = format!("/joint-spaces?ask=1&with={township}&travel=county&year=2026");
    let preview = admin.get(&county, &asked).await;
    for part in [
        "id=\"preview\"",
        "枫渡镇",
        "没有别的上级持有",
        "联动监督",
        "持有人定下就不变",
    ] {
        assert!(preview.body.contains(part), "{part}: {}", preview.body);
    }
    assert!(county.node.joint_spaces().is_empty(), "looking opens nothing");
    let csrf = preview.hidden("csrf");
    let fields = |passphrase| {
        [
            ("csrf", csrf.as_str()),
            ("ask", "1"),
            ("with", township.as_str()),
            ("travel", "county"),
            ("year", "2026"),
            ("passphrase", passphrase),
        ]
    };
    let wrong = admin.post(&county, "/joint-spaces", &fields("wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"passphrase-error\""), "{}", wrong.body);
    let done = admin.post(&county, "/joint-spaces", &fields(PASSPHRASE)).await;
    assert_eq!(done.header(header::LOCATION), "/joint-spaces", "{}", done.body);
    let list = admin.get(&county, "/joint-spaces").await;
    assert!(list.body.contains("联动空间 1 个"), "{}", list.body);

    let form = office.get(&county, &format!("{LIST}/new")).await;
    assert_eq!(form.status, StatusCode::OK);
    let (csrf, once) = (form.hidden("csrf"), form.hidden("once"));
    let sent = [
        ("csrf", csrf.as_str()),
        ("once", once.as_str()),
        ("f:partners", "procuratorate"),
        ("f:topic", "河道岸线联动监督"),
        ("f:held_on", "2026-05-08"),
        ("f:no_case_interference", "true"),
    ];
    let written = office.post(&county, &format!("{LIST}/new"), &sent).await;
    assert_eq!(written.status, StatusCode::SEE_OTHER, "{}", written.body);
    county.node.catch_up(|_| {}).unwrap();
    let list = office.get(&county, LIST).await;
    assert!(list.body.contains("河道岸线联动监督"), "{}", list.body);
    let book = office.get(&county, &format!("{LIST}/book")).await;
    assert!(book.body.contains("河道岸线联动监督"), "{}", book.body);
    let import = office.get(&county, &format!("{LIST}/import")).await;
    for part in ["记进哪里", "2026"] {
        assert!(import.body.contains(part), "{part}: {}", import.body);
    }
    assert!(
        !import.body.contains("<option value=\"\""),
        "it has no space of its own"
    );
}
