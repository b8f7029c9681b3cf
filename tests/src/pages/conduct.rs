//! A peer that breaks the rules: who runs the node beside it sees what it did, and when it is tried again.

use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_protocol::codec::unhex;
use lianzhan_protocol::keys::PublicKey;

use super::visit::Scene;
use super::whole::check;
use crate::browser::Screen;
use crate::hostile::evil::Evil;

/// What no node of ours says: a frame that is no message.
const GARBAGE: &[u8] = b"\0\0\0\x10garbage, garbage";

/// Speaks to the township in the name of its station, and breaks the rules.
fn offend(scene: &Scene) {
    let station = Node::open(&scene.prefecture.node("shiqiao"), &Overrides::default()).unwrap();
    let parent = station.config().parents[0].clone();
    let key = PublicKey::from_ed25519(unhex(&parent.node).unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let line = Evil::reach(&station, key, &parent.addresses).await;
        let mut line = line.expect("the township listens");
        line.greet().await;
        line.bytes(GARBAGE).await;
        line.end().await;
    });
}

pub(super) fn seeing_it(scene: &mut Scene) {
    // Ended before, if other stories were told.
    let _ = scene.prefecture.end_demo();
    scene.prefecture.run("fengdu").unwrap();
    {
        let mut visit = scene.sign_in("fengdu", "he", Screen::DESK);
        visit.expected.push("net::ERR");
        visit.go("/network");
        assert!(!visit.words("main").contains("不守约定"));
        visit.mark();
        offend(scene);
        visit.says("#conduct", "消息读不懂");
        visit.says("#conduct", "以后");
        visit.says("#tree", "不守往来约定");
        visit.was_not_reloaded();
        let mut wrong = Vec::new();
        for (lang, words) in [("en", "a message that cannot be read"), ("zh", "消息读不懂")] {
            visit.go(&format!("/preferences?lang={lang}&back=/network"));
            visit.says("#conduct", words);
            check(&visit, &format!("/network {lang}"), &mut wrong);
        }
        visit.click("#conduct .lead a");
        // By now its time may be over: what it did is told still.
        visit.says("main table", "消息读不懂");
        let mut phone = scene.sign_in("fengdu", "he", Screen::PHONE);
        phone.expected.push("net::ERR");
        phone.go("/network");
        phone.says("#conduct", "消息读不懂");
        check(&phone, "/network on a phone", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    scene.prefecture.end("fengdu").unwrap();
}
