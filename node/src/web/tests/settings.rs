//! Settings, and ledgers and fields that a county adds, through their pages: looked at, put together, previewed, signed.

use age::secrecy::SecretString;
use axum::http::StatusCode;
use lianzhan_protocol::trust::{Level, Role};

use super::{Browser, PASSPHRASE, Station};
use crate::services::appoint::PersonDraft;
use crate::services::found::OrgDraft;
use crate::web::request::escape;

/// A county with its deputies' office.
fn county() -> Station {
    let county = Station::of(OrgDraft {
        level: Level::County,
        name_zh: "澄川县".into(),
        name_en: "Chengchuan County".into(),
        code: "990121".into(),
    });
    let passphrase = SecretString::from(PASSPHRASE);
    let person = PersonDraft {
        login: "zhou".into(),
        name: "周明".into(),
        roles: vec![Role::DeputiesOffice],
        ..PersonDraft::default()
    };
    county
        .node
        .appoint_person(&passphrase, person, &passphrase)
        .unwrap();
    county
}

fn query(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
    pairs.join("&")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_has_its_page_in_both_languages() {
    let county = county();
    for (login, writes) in [("zhou", true), ("lin", false)] {
        let mut browser = Browser::signed_in(&county, login).await;
        for lang in ["zh", "en"] {
            browser
                .get(&county, &format!("/preferences?lang={lang}&back=/"))
                .await;
            let all = browser.get(&county, "/settings?on=2026-07-01").await;
            assert_eq!(all.status, StatusCode::OK, "{}", all.body);
            assert!(!all.body.contains('⟦'), "{}", all.body);
            for setting in lianzhan_protocol::settings::SETTINGS {
                let page = browser.get(&county, &format!("/settings/{}", setting.id)).await;
                assert_eq!(page.status, StatusCode::OK, "{}: {}", setting.id, page.body);
                assert!(!page.body.contains('⟦'), "{}: {}", setting.id, page.body);
                assert_eq!(page.body.contains("name=\"mode\""), writes, "{}", setting.id);
            }
        }
        assert_eq!(
            browser.get(&county, "/settings/nonsense").await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_previewed_then_signed_and_shown_with_its_history() {
    let county = county();
    let mut browser = Browser::signed_in(&county, "zhou").await;
    let asked = [
        ("ask", "1"),
        ("mode", "own"),
        ("value", "2"),
        ("unit", "months"),
        ("from", "2199-01-31"),
        ("basis", "县人大常委会决定"),
    ];
    let path = "/settings/deadline.second_reply";
    let preview = browser.get(&county, &format!("{path}?{}", query(&asked))).await;
    assert_eq!(preview.status, StatusCode::OK);
    for words in ["起：2个月；此前：1个月", "签名并生效", "不受影响"] {
        assert!(preview.body.contains(words), "{words}: {}", preview.body);
    }
    let csrf = preview.hidden("csrf");
    let mut fields = vec![("csrf", csrf.as_str())];
    fields.extend(asked);
    let done = browser.post(&county, path, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    county.node.catch_up(|_| {}).unwrap();
    let page = browser.get(&county, path).await;
    for words in ["周明", "县人大常委会决定", "2个月"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let all = browser.get(&county, "/settings").await;
    assert!(all.body.contains("起有变动"), "it is to come: {}", all.body);
    let then = browser.get(&county, "/settings?on=2199-02-01").await;
    assert!(then.body.contains("2个月"), "{}", then.body);
    // The same again changes nothing, and says so.
    let again = browser.post(&county, path, &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("没有改动"), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_at_its_place_and_who_may_not_signs_nothing() {
    let county = county();
    let mut browser = Browser::signed_in(&county, "zhou").await;
    let asked = [
        ("ask", "1"),
        ("mode", "own"),
        ("value", "4"),
        ("unit", "months"),
        ("from", "2027-01-01"),
        ("basis", "x"),
    ];
    let refused = browser
        .get(&county, &format!("/settings/deadline.reply?{}", query(&asked)))
        .await;
    assert!(refused.body.contains("id=\"value-error\""), "{}", refused.body);
    assert!(!refused.body.contains("签名并生效"), "nothing to sign");
    let mut other = Browser::signed_in(&county, "lin").await;
    let page = other.get(&county, "/settings/deadline.second_reply").await;
    let csrf = other.get(&county, "/visits").await.hidden("csrf");
    assert!(!page.body.contains("name=\"basis\""));
    let fields = [
        ("csrf", csrf.as_str()),
        ("value", "2"),
        ("unit", "months"),
        ("from", "2027-01-01"),
        ("basis", "x"),
    ];
    let answer = other
        .post(&county, "/settings/deadline.second_reply", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(county.node.settings().unwrap().all().next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_put_together_looked_at_and_has_its_form_at_once() {
    let county = county();
    let mut browser = Browser::signed_in(&county, "zhou").await;
    for lang in ["en", "zh"] {
        browser
            .get(&county, &format!("/preferences?lang={lang}&back=/"))
            .await;
        for path in [
            "/definitions",
            "/definitions/new",
            "/definitions/new?ledger=issue",
        ] {
            let page = browser.get(&county, path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
            assert!(!page.body.contains('⟦'), "{path}: {}", page.body);
        }
    }
    let asked = [
        ("ask", "1"),
        ("do", "preview"),
        ("count", "4"),
        ("zh", "机井登记簿"),
        ("en", "Wells"),
        ("audience", "county"),
        ("writer", "deputies_office"),
        ("basis", "县人大办公室通知"),
        ("zh1", "地点"),
        ("en1", "Place"),
        ("kind1", "str"),
        ("need1", "required"),
        ("zh2", "井况"),
        ("en2", "State"),
        ("kind2", "enum"),
        ("options2", "旱井/dry；出水井/wet"),
        ("zh3", "查看日期"),
        ("en3", "Seen on"),
        ("kind3", "date"),
    ];
    let preview = browser
        .get(&county, &format!("/definitions/new?{}", query(&asked)))
        .await;
    assert_eq!(preview.status, StatusCode::OK);
    for words in ["登记时的表单", "出水井", "签名并下发"] {
        assert!(preview.body.contains(words), "{words}: {}", preview.body);
    }
    let csrf = preview.hidden("csrf");
    let mut fields = vec![("csrf", csrf.as_str())];
    fields.extend(asked);
    let done = browser.post(&county, "/definitions", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    county.node.catch_up(|_| {}).unwrap();
    let list = browser.get(&county, "/definitions").await;
    assert!(
        list.body.contains("机井登记簿") && list.body.contains("查看日期"),
        "{}",
        list.body
    );
    let id = format!("x_{}_wells", county.node.org_id());
    let form = browser.get(&county, &format!("/ledgers/{id}/new")).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    assert!(
        form.body.contains("出水井") && !form.body.contains('⟦'),
        "{}",
        form.body
    );
    assert!(browser.get(&county, "/ledgers").await.body.contains("机井登记簿"));
    // Whoever may not has no such form.
    let mut other = Browser::signed_in(&county, "lin").await;
    let refused = other.get(&county, "/definitions/new").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}
