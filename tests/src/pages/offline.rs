//! A station without a network.

use super::SOON;
use super::visit::Scene;
use crate::browser::{ENTER, Screen};

pub(super) fn offline(scene: &mut Scene) {
    let gist = "停电那天登记的：北坡组路灯坏了十一盏";
    scene.prefecture.end_demo().unwrap();
    scene.prefecture.run("shiqiao").unwrap();
    {
        let mut station = scene.sign_in("shiqiao", "lin", Screen::DESK);
        station.expected.push("net::ERR");
        station.says("#strip", "没有网络");
        station.type_into("gist", gist);
        station.type_into("receiver", &format!("罗定一{ENTER}"));
        station.row_says(gist, "待见证");
        station.says("#strip", "1");
        station.mark();
        scene.prefecture.run("fengdu").unwrap();
        scene.prefecture.run("county").unwrap();
        let county = scene.sign_in("county", "ye", Screen::PHONE);
        county.go("/visits");
        county.row_says(gist, "已见证");
        station.row_says(gist, "已见证");
        station.was_not_reloaded();
        station
            .browser
            .until(
                "no strip",
                SOON,
                "return !document.querySelector('#strip p')",
                &[],
            )
            .unwrap();
    }
    for place in ["shiqiao", "fengdu", "county"] {
        scene.prefecture.end(place).unwrap();
    }
}
