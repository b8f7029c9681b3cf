//! Changes of orgs at a county: looked at before they are signed, stated, listed; and a person who moved.

use age::secrecy::SecretString;
use axum::http::{StatusCode, header};
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Level, Role};

use super::{Answer, Browser, PASSPHRASE, Station};
use crate::env;
use crate::services::appoint::PersonDraft;
use crate::services::found::OrgDraft;
use crate::web::request::escape;

/// A county with three townships that it invited.
fn county() -> (Station, Vec<OrgId>) {
    let draft = |level, name_zh: &str, name_en: &str, code: &str| OrgDraft {
        level,
        name_zh: name_zh.into(),
        name_en: name_en.into(),
        code: code.into(),
    };
    let county = Station::of(draft(Level::County, "澄川县", "Chengchuan County", "990121"));
    let below = [
        ("枫渡镇", "Fengdu", "990121103"),
        ("青崖乡", "Qingya", "990121204"),
        ("柳林镇", "Liulin", "990121104"),
    ];
    let secret = SecretString::from(PASSPHRASE);
    for (zh, en, code) in below {
        let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
        county
            .node
            .invite(draft(Level::Township, zh, en, code), &secret, address)
            .unwrap();
    }
    let ids = below.map(|(_, _, code)| county.node.org_named(code).unwrap());
    (county, ids.to_vec())
}

fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)));
    format!("/org-changes/new?{}", pairs.collect::<Vec<_>>().join("&"))
}

async fn submit(browser: &mut Browser, county: &Station, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get(county, "/").await.hidden("csrf");
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    browser.post(county, "/org-changes/new", &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merger_is_seen_before_it_is_signed_and_listed_with_its_ground() {
    let (county, orgs) = county();
    let (fengdu, liulin) = (orgs[0].to_string(), orgs[2].to_string());
    let mut admin = Browser::signed_in(&county, "gu").await;
    let appointments = admin.get(&county, "/appointments").await;
    assert!(
        appointments.body.contains("href=\"/org-changes\""),
        "an official finds it there"
    );
    let none = admin.get(&county, "/org-changes").await;
    assert!(none.body.contains("没有机构变更") && none.body.contains("href=\"/org-changes/new\""));
    let empty = admin.get(&county, "/org-changes/new").await;
    assert!(empty.body.contains("枫渡镇") && !empty.body.contains("name=\"passphrase\""));
    let asked = [
        ("ask", "1"),
        ("kind", "merge"),
        ("org", liulin.as_str()),
        ("into", fengdu.as_str()),
        ("from", "2026-01-01"),
        ("words", "澄政发〔2026〕12号"),
        ("hands", "county"),
    ];
    for (name, value, field) in [
        ("org", "", "org"),
        ("into", "", "into"),
        ("into", liulin.as_str(), "into"),
        ("from", "soon", "from"),
        ("words", "", "words"),
    ] {
        let mut wrong = asked.to_vec();
        wrong.retain(|(known, _)| *known != name);
        wrong.push((name, value));
        let answer = admin.get(&county, &query(&wrong)).await;
        assert!(
            answer.body.contains(&format!("id=\"{field}-error\"")),
            "{name}={value}"
        );
        assert!(!answer.body.contains("name=\"passphrase\""), "{name}={value}");
    }
    let preview = admin.get(&county, &query(&asked)).await;
    for part in [
        "id=\"preview\"",
        "0 条记录，都留在原处",
        "列在枫渡镇名下",
        "旧记录仍由：柳林镇",
        "今后由：枫渡镇",
        "旧记录一并移交",
        "不能收回",
    ] {
        assert!(preview.body.contains(part), "{part}: {}", preview.body);
    }
    assert!(county.node.org_changes().is_empty(), "looking changes nothing");
    let with = |passphrase| {
        let mut fields = asked.to_vec();
        fields.push(("passphrase", passphrase));
        fields
    };
    let wrong = submit(&mut admin, &county, &with("wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"passphrase-error\"") && wrong.body.contains("id=\"preview\""));
    let mut clerk = Browser::signed_in(&county, "lin").await;
    let refused = submit(&mut clerk, &county, &with(PASSPHRASE)).await;
    assert!(refused.body.contains("系统管理员或站长办理"));
    let list = clerk.get(&county, "/org-changes").await;
    assert!(
        !list.body.contains("/org-changes/new"),
        "only who may is offered it"
    );
    let done = submit(&mut admin, &county, &with(PASSPHRASE)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(done.header(header::LOCATION), "/org-changes");
    let list = clerk.get(&county, "/org-changes").await;
    for part in [
        "机构变更 1 项",
        "柳林镇并入枫渡镇",
        "澄政发〔2026〕12号",
        "2026\u{a0}年\u{a0}1\u{a0}月\u{a0}1\u{a0}日",
        "澄川县",
        "有效",
    ] {
        assert!(list.body.contains(part), "{part}: {}", list.body);
    }
    let tree = admin.get(&county, "/appointments").await;
    assert!(
        tree.body.contains("已并入枫渡镇"),
        "the tree says what became of it"
    );
    let again = admin.get(&county, "/org-changes/new").await;
    assert!(
        !again.body.contains(&format!("value=\"{liulin}\"")),
        "what is no more does not change again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_names_two_and_a_move_says_its_new_name() {
    let (county, orgs) = county();
    let ids: Vec<String> = orgs.iter().map(ToString::to_string).collect();
    let mut admin = Browser::signed_in(&county, "gu").await;
    let split = |parts: &[&'static str]| {
        let mut all = vec![
            ("ask", "1"),
            ("kind", "split"),
            ("org", ids[0].as_str()),
            ("from", "2026-01-01"),
            ("words", "批文"),
        ];
        for part in parts {
            let id = if *part == "qingya" { &ids[1] } else { &ids[2] };
            all.push(("into", id.as_str()));
        }
        query(&all)
    };
    let few = admin.get(&county, &split(&["qingya"])).await;
    assert!(few.body.contains("分设至少选两个单位"));
    let both = admin.get(&county, &split(&["qingya", "liulin"])).await;
    assert!(both.body.contains("仍列在枫渡镇名下"), "{}", both.body);
    let own = county.node.org_id().to_string();
    let moved = [
        ("ask", "1"),
        ("kind", "move"),
        ("org", ids[0].as_str()),
        ("parent", own.as_str()),
        ("name_zh", "枫渡街道镇"),
        ("from", "2026-01-01"),
        ("words", "批文"),
        ("passphrase", PASSPHRASE),
    ];
    let done = submit(&mut admin, &county, &moved).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let list = admin.get(&county, "/org-changes").await;
    assert!(list.body.contains("更名为枫渡街道镇"), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_moved_to_another_org_is_shown_with_where_they_were() {
    let (county, _) = county();
    let secret = SecretString::from(PASSPHRASE);
    let draft = |roles: Vec<Role>, person: Option<String>, days: i64| PersonDraft {
        login: "bai".into(),
        name: "白露".into(),
        roles,
        person,
        until: Some(Timestamp(env::now().0 + days * 24 * 3600 * 1000)),
        ..PersonDraft::default()
    };
    county
        .node
        .appoint_person(&secret, draft(vec![Role::Publicist], None, 9), &secret)
        .unwrap();
    let further = draft(vec![Role::Organiser], Some("bai".into()), 90);
    county.node.appoint_person(&secret, further, &secret).unwrap();
    let mut admin = Browser::signed_in(&county, "gu").await;
    let office = county.node.find_office("bai").unwrap();
    let page = admin.get(&county, &format!("/appointments/{office}")).await;
    for part in ["任职经历", "宣传员", "组织者"] {
        assert!(page.body.contains(part), "{part}");
    }
}
