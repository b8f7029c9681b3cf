//! A log with two branches as its node shows it, and signing anew what was left behind.

use std::path::Path;

use age::secrecy::SecretString;
use axum::http::{StatusCode, header};
use lianzhan_protocol::log::{Origin, TreeSize};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::Audience;

use super::{Browser, PASSPHRASE, Station};
use crate::config::Overrides;
use crate::services::Node;
use crate::services::fork::BranchStep;
use crate::services::visit::VisitDraft;

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_files(&entry.path(), &target);
        } else if entry.file_name() != "lock" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn visit(node: &Node, gist: &str) {
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let draft = VisitDraft {
        fields: vec![
            text("received_at", "2026-04-16T09:30:00+08:00"),
            text("channel", "visit"),
            ("persons".into(), Value::Int(1)),
            text("nature", "problem"),
            text("gist", gist),
        ],
        subject: Vec::new(),
        sensitive: Vec::new(),
    };
    let clerk = node.sign_in("lin", &SecretString::from(PASSPHRASE)).unwrap();
    node.register_visit(&clerk, draft).await.unwrap();
}

impl Station {
    /// The disk is copied, both write on, and the copy's log comes back.
    async fn fork(&self) {
        visit(&self.node, "起初").await;
        let copy = self._dir.path().join("copy");
        copy_files(self.node.dir(), &copy);
        let twin = Node::open(&copy, &Overrides::default()).unwrap();
        visit(&self.node, "原机写的").await;
        visit(&twin, "副本写的").await;
        let space = self.node.own_space(Audience::County).id();
        let logs = twin.log_status().unwrap();
        let log = logs
            .iter()
            .find(|log| log.own && log.audience == "county")
            .unwrap();
        let origin = Origin::parse(&log.origin).unwrap();
        let mut next = TreeSize::EMPTY;
        while let Some(range) = twin.read_range(&origin, next, 4096).unwrap() {
            match self.node.ingest_branch(&space, &range) {
                BranchStep::Next(on) if on > next => next = on,
                BranchStep::Done | BranchStep::Grows => break,
                other => panic!("{other:?}"),
            }
        }
        self.node.catch_up(|_| {}).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_branches_are_shown_and_the_author_signs_anew_what_was_left_behind() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let quiet = lin.get(&station, "/forks").await;
    assert!(quiet.body.contains("日志都前后一致，没有缺口"));
    station.fork().await;
    let network = lin.get(&station, "/network").await;
    let path = network
        .body
        .split("href=\"/forks/")
        .nth(1)
        .expect("the alarm leads on");
    let path = format!("/forks/{}", path.split('"').next().unwrap());
    let list = lin.get(&station, "/forks").await;
    for part in ["1 本日志有两个分支", "1 条待重签", &path, "从旧副本恢复的节点"] {
        assert!(list.body.contains(part), "{part}");
    }
    for lang in ["en", "zh"] {
        lin.get(&station, &format!("/preferences?lang={lang}&back=/"))
            .await;
        for page in ["/forks", &path] {
            let page = lin.get(&station, page).await;
            assert!(page.status == StatusCode::OK && !page.body.contains('⟦'));
        }
    }
    let page = lin.get(&station, &path).await;
    let left = if page.body.contains("原机写的") {
        "原机写的"
    } else {
        "副本写的"
    };
    for part in ["算数的一支", "另一支", "叶哈希较小", "重新签名", left] {
        assert!(page.body.contains(part), "{part}");
    }
    let change = page.hidden("change");
    let anew = format!("{path}/anew");

    let mut luo = Browser::signed_in(&station, "luo").await;
    let seen = luo.get(&station, &path).await;
    assert!(seen.body.contains("由林静禾重签") && !seen.body.contains("name=\"change\""));
    let csrf = luo.get(&station, "/").await.hidden("csrf");
    let refused = luo
        .post(&station, &anew, &[("csrf", &csrf), ("change", &change)])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let csrf = page.hidden("csrf");
    let done = lin
        .post(&station, &anew, &[("csrf", &csrf), ("change", &change)])
        .await;
    assert_eq!(
        (done.status, done.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, path.as_str())
    );
    let page = lin.get(&station, &path).await;
    assert!(page.body.contains("没有待重签的") && page.body.contains("已重新签名"));

    let proof = lin.get(&station, &format!("{path}/proof")).await;
    assert_eq!(proof.header(header::CONTENT_TYPE), "application/cbor");
    assert!(proof.header(header::CONTENT_DISPOSITION).contains(".cbor\""));
    for nowhere in ["/forks/00", "/forks/00/proof"] {
        assert_eq!(lin.get(&station, nowhere).await.status, StatusCode::NOT_FOUND);
    }
}
