//! The federation's page, a node's page, and joining at a node.

use std::collections::BTreeSet;

use age::secrecy::SecretString;
use axum::http::{StatusCode, header};
use lianzhan_protocol::codec;
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::sync::Misbehaviour;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Level, Role};

use super::{Browser, PASSPHRASE, Station};
use crate::env;
use crate::services::NeighbourRow;
use crate::services::conduct::Moment;
use crate::services::found::OrgDraft;
use crate::services::invite::{INVITE_DAYS, InviteDraft, InvitedPerson, Invitee, Joining};
use crate::web::i18n::{Lang, Text};
use crate::web::node_words::misbehaviour;

const OWN: &str = "another long passphrase";

fn secret() -> SecretString {
    SecretString::from(PASSPHRASE)
}

/// A station below the township of the tests, as a node that was heard of so many days ago.
fn below(station: &Station, days: i64) -> (String, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let draft = OrgDraft {
        level: Level::Station,
        name_zh: "上坪站".into(),
        name_en: "Shangping station".into(),
        code: "990121103202".into(),
    };
    let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let invitation = station.node.invite(draft, &secret(), address).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = station.node.answer_join(&joining.request());
    let config = station.node.config().clone();
    let node = joining
        .finish(&place.path().join("node"), reply, &secret(), config)
        .unwrap();
    let statements: Vec<_> = node.directory().statements().cloned().collect();
    let row = NeighbourRow {
        node: node.node_key().public(),
        teller: None,
        at: Timestamp(env::now().0 - days * 86_400_000),
        connected: false,
        software: Some("lianzhan 0.0.9<b>".into()),
    };
    let kept = statements.clone();
    let keep = station.node.store().write_blocking(move |writer| {
        writer.keep_statements(kept)?;
        writer.keep_neighbours(vec![row], env::now())
    });
    keep.unwrap();
    station.node.learn(&statements);
    (codec::hex(node.node_key().public().ed25519_bytes()), place)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_node_is_seen_at_once_and_has_a_page() {
    let station = Station::of(OrgDraft {
        level: Level::Township,
        name_zh: "枫渡镇".into(),
        name_en: "Fengdu township".into(),
        code: "990121103".into(),
    });
    let (key, _place) = below(&station, 5);
    let mut lin = Browser::signed_in(&station, "lin").await;
    let page = lin.get(&station, "/network").await;
    for part in [
        "1 个节点没有消息，最久 5 天",
        "没有消息的节点",
        "下辖 1 个节点",
        "1 个没有消息",
        "0.0.9",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(
        !page.body.contains("0.0.9<b>"),
        "what a peer says cannot become markup"
    );
    let only = lin.get(&station, "/network?only=attention").await;
    assert!(only.body.contains("上坪站") && only.body.contains("data-live=\"/network?only=attention\""));
    let branch = format!("/network?org={}", station.node.org_id());
    assert!(lin.get(&station, &branch).await.body.contains("上坪站"));
    let node = lin.get(&station, &format!("/network/nodes/{key}")).await;
    assert_eq!(node.status, StatusCode::OK);
    assert!(node.body.contains("上坪站") && node.body.contains("没有消息 5 天"));
    let nowhere = lin
        .get(&station, &format!("/network/nodes/{}", "0".repeat(64)))
        .await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    for (lang, words) in [("en", "1 node is silent, for 5 days"), ("zh", "最久 5 天")] {
        lin.get(&station, &format!("/preferences?lang={lang}&back=/"))
            .await;
        let page = lin.get(&station, "/network").await;
        assert!(page.body.contains(words) && !page.body.contains('⟦'), "{lang}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orgs_of_one_name_have_their_codes_beside_it() {
    let station = Station::of(OrgDraft {
        level: Level::Township,
        name_zh: "枫渡镇".into(),
        name_en: "Fengdu township".into(),
        code: "990121103".into(),
    });
    let (_key, _place) = below(&station, 0);
    for code in ["990121103205", "990121103206"] {
        let draft = OrgDraft {
            level: Level::Station,
            name_zh: "柳林站".into(),
            name_en: "Liulin station".into(),
            code: code.into(),
        };
        station.node.invite(draft, &secret(), Vec::new()).unwrap();
    }
    let mut lin = Browser::signed_in(&station, "lin").await;
    let page = lin.get(&station, "/network").await.body;
    assert!(page.contains("柳林站 990121103205") && page.contains("柳林站 990121103206"));
    assert!(page.contains("上坪站") && !page.contains("上坪站 990121103202"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_did_wrong_is_said_in_words_with_when_it_is_tried_again() {
    let station = Station::of(OrgDraft {
        level: Level::Township,
        name_zh: "枫渡镇".into(),
        name_en: "Fengdu township".into(),
        code: "990121103".into(),
    });
    let (key, _place) = below(&station, 0);
    let peer = PublicKey::from_ed25519(codec::unhex(&key).unwrap()).unwrap();
    let stranger = SecretKey::from_seed([77; 32]).public();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let before = lin.get(&station, "/network").await.body;
    assert!(!before.contains("不守约定"), "nobody did anything");
    let note = |peer, kind| {
        let wait = station.node.conduct().note(peer, kind, Moment::now(), 120_000, 0);
        std::thread::sleep(std::time::Duration::from_millis(2));
        wait
    };
    note(peer, Misbehaviour::Stalled);
    note(stranger, Misbehaviour::NotANode);
    let page = lin.get(&station, "/network").await.body;
    assert!(page.contains("该答的迟迟不答") && page.contains("没有任命为本网节点"));
    assert!(
        !page.contains("不守往来约定") && !page.contains("暂不往来"),
        "a slow line mends itself and needs nobody"
    );
    note(peer, Misbehaviour::WrongRoot);
    let node = format!("/network/nodes/{key}");
    for (lang, words) in [
        (
            "zh",
            [
                "1 个节点不守约定，暂不往来",
                "条目与签名的日志对不上 1 次",
                "该答的迟迟不答 1 次",
                "不守往来约定共 2 次",
                "不在本网的节点",
                "随时可以",
            ],
        ),
        (
            "en",
            [
                "1 node misbehaved and is avoided",
                "entries that do not fit the signed log: 1",
                "an answer that did not come: 1",
                "It broke the rules 2 times",
                "no node of this federation",
                "at any time",
            ],
        ),
    ] {
        lin.get(&station, &format!("/preferences?lang={lang}&back=/"))
            .await;
        let page = lin.get(&station, "/network").await.body;
        for part in words {
            assert!(page.contains(part), "{part}: {page}");
        }
        let only = lin.get(&station, "/network?only=attention").await.body;
        assert!(only.contains(words[3]), "it needs a person");
        let own = lin.get(&station, &node).await.body;
        assert!(own.contains(words[1]) && own.contains(words[3]));
        assert!(!own.contains(words[4]), "of itself alone");
        assert!(!page.contains('⟦') && !own.contains('⟦'));
    }
}

#[test]
fn every_kind_of_misbehaviour_has_words_in_both_languages() {
    for lang in [Lang::Zh, Lang::En] {
        let text = Text::new(lang);
        let words: BTreeSet<String> = Misbehaviour::ALL
            .iter()
            .map(|kind| misbehaviour(&text, kind.as_str()))
            .collect();
        assert_eq!(words.len(), Misbehaviour::ALL.len());
        assert!(
            words
                .iter()
                .all(|words| !words.contains('⟦') && !words.contains('_'))
        );
        assert_eq!(misbehaviour(&text, "of_a_later_version"), "of_a_later_version");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_with_a_code_gets_an_account() {
    let station = Station::new();
    let draft = InviteDraft {
        org: Invitee::Known("own".into()),
        person: Some(InvitedPerson {
            roles: vec![Role::OpinionLiaison],
            seat: None,
            name: None,
            until: None,
        }),
        addresses: Vec::new(),
        days: INVITE_DAYS,
    };
    let code = station.node.invite_with(draft, &secret()).unwrap().to_code();
    let mut browser = Browser::default();
    let page = browser.get(&station, "/join").await;
    assert!(page.status == StatusCode::OK && page.body.contains("加入石桥站"));
    let with = |code: &str, name: &str, again: &str| {
        [
            ("code", code.to_owned()),
            ("name", name.to_owned()),
            ("login", "xin".to_owned()),
            ("own", OWN.to_owned()),
            ("own-again", again.to_owned()),
        ]
    };
    for (fields, words) in [
        (with("no code", "辛桥", OWN), "这不是完整的邀请码"),
        (with(&code, "辛桥", "other"), "两次"),
        (with(&code, " ", OWN), "请填写姓名"),
    ] {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let refused = browser.post(&station, "/join", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    let fields = with(&code, "辛桥", OWN);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let foreign = browser
        .post_from(&station, "/join", &fields, "https://evil.example")
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let joined = browser.post(&station, "/join", &fields).await;
    assert_eq!(joined.header(header::LOCATION), "/login", "{}", joined.body);
    let signed_in = browser.try_sign_in(&station, "xin", OWN).await;
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&station, "/").await.body.contains("辛桥"));
    let again = with(&code, "莫", OWN).map(|(name, value)| match name {
        "login" => (name, "mo".to_owned()),
        _ => (name, value),
    });
    let again: Vec<_> = again
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let used = browser.post(&station, "/join", &again).await;
    assert!(used.body.contains("用过"), "{}", used.body);
}
