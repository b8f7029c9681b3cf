//! The administrator of an org invites one below: the slip with its code, and taking it back.

use lianzhan_node::services::invite::Invitation;

use super::paper::on_paper;
use super::visit::Scene;
use super::whole::check;
use crate::browser::{CONTROL, ENTER, Screen};
use crate::prefecture::PASSPHRASE;

const STATION: &str = "柳溪站";

pub(super) fn inviting(scene: &mut Scene) {
    let mut wrong = Vec::new();
    let mut visit = scene.sign_in("fengdu", "he", Screen::DESK);
    visit.expected.push("422");
    visit.go("/invitations/slip");
    assert_eq!(visit.path(), "/invitations", "there is no slip yet");
    visit.go("/appointments");
    visit.click(".head a[href='/invitations']");
    visit.says("h1", "邀请加入");
    assert!(visit.words("#open-head").contains("未使用的邀请"));
    let levels = visit.words("#level");
    assert!(
        levels.contains("站") && !levels.contains('县'),
        "only levels below: {levels}"
    );
    assert!(
        visit.value("addresses").starts_with("/ip4/"),
        "as this node is reached"
    );
    let script = "document.getElementById('level').value = 'station'";
    visit.browser.run(script, &[]).unwrap();
    for (id, text) in [
        ("code", "990121103210"),
        ("name_zh", STATION),
        ("name_en", "Liuxi Station"),
    ] {
        visit.type_into(id, text);
    }
    visit.type_into("passphrase", &format!("not the passphrase{ENTER}"));
    visit.says("#passphrase-error", "机构口令不对");
    assert_eq!(visit.value("name_zh"), STATION, "what was typed is still there");
    visit.type_into("passphrase", PASSPHRASE);
    visit.browser.chord(CONTROL, ENTER).unwrap();
    visit.says("h1", "柳溪站的邀请码");
    let code = visit.words("#invitation");
    let invitation = Invitation::from_code(&code).unwrap();
    assert!(visit.words(".slip").contains("990121103210"));
    assert_eq!(visit.count("svg.qr path.dark"), 1);
    check(&visit, "/invitations/slip", &mut wrong);
    keep(&visit, "slip");
    on_paper(&visit.browser, "/invitations/slip", &mut wrong);
    std::fs::write(
        pictures().join("slip-paper.pdf"),
        visit.browser.printed().unwrap(),
    )
    .unwrap();

    visit.go("/invitations");
    visit.says("tbody", STATION);
    keep(&visit, "invitations");
    for lang in ["zh", "en"] {
        visit.go(&format!("/preferences?lang={lang}&back=/invitations"));
        check(&visit, &format!("/invitations {lang}"), &mut wrong);
    }
    visit.go("/preferences?lang=zh&back=/invitations");
    // A slip stays with the session that made it.
    let phone = scene.sign_in("fengdu", "he", Screen::PHONE);
    phone.go("/invitations/slip");
    assert_eq!(phone.path(), "/invitations");
    check(&phone, "/invitations", &mut wrong);
    keep(&phone, "invitations");
    let grant = scene
        .prefecture
        .node("fengdu")
        .join("invites")
        .join(format!("{}.grant", invitation.org));
    assert!(grant.exists());
    phone.click("tbody form .btn");
    phone.says(".note.good", "已撤回对柳溪站的邀请");
    assert!(!phone.words("main").contains("990121103210"));
    assert!(!grant.exists());
    assert!(wrong.is_empty(), "{wrong:#?}");

    // A deputy is not offered it; a station has nobody below, and may invite persons.
    let mut tian = scene.sign_in("fengdu", "tian", Screen::DESK);
    tian.expected.extend(["403", "422"]);
    tian.go("/appointments");
    assert_eq!(tian.count("a[href='/invitations']"), 0);
    tian.go("/invitations");
    assert_eq!(tian.count("#invite-head"), 0);
    let lin = scene.sign_in("shiqiao", "lin", Screen::DESK);
    lin.go("/appointments");
    assert_eq!(lin.count("a[href='/invitations']"), 1);
    lin.go("/invitations");
    assert_eq!(lin.count("#role option[value='opinion_liaison']"), 1);
    keep(&lin, "invitations-station");
}

/// Where pictures are kept that people look at.
pub(super) fn pictures() -> std::path::PathBuf {
    let dir = crate::root().join("target/screenshots");
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// Keeps a picture of a page that the program for screenshots does not come to.
pub(super) fn keep(visit: &super::visit::Visit, name: &str) {
    let kind = if visit.browser.screen().phone {
        "phone"
    } else {
        "desk"
    };
    let picture = visit.browser.whole_picture().unwrap();
    std::fs::write(pictures().join(format!("{name}-{kind}.png")), picture).unwrap();
}
