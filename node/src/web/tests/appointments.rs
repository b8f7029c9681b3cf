//! Who holds what, and renewing, revoking and adopting from the pages.

use age::secrecy::SecretString;
use axum::http::{StatusCode, header};
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Purpose, Role};

use super::{Answer, Browser, PASSPHRASE, Station};
use crate::env;
use crate::services::appoint::PersonDraft;
use crate::services::office::{OfficeFilter, Standing};

const DAY_MS: i64 = 24 * 3600 * 1000;

impl Station {
    /// Appoints somebody until some days from now.
    fn appoint(&self, login: &str, name: &str, role: Role, days: i64) -> StatementId {
        let passphrase = SecretString::from(PASSPHRASE);
        let draft = PersonDraft {
            login: login.into(),
            name: name.into(),
            roles: vec![role],
            until: Some(Timestamp(env::now().0 + days * DAY_MS)),
            ..PersonDraft::default()
        };
        self.node.appoint_person(&passphrase, draft, &passphrase).unwrap()
    }

    fn office(&self, login: &str) -> String {
        format!("/appointments/{}", self.node.find_office(login).unwrap())
    }

    /// As the projector does after a statement.
    fn settle(&self) {
        self.node.mark_revised().unwrap();
        self.node.catch_up(|_| {}).unwrap();
    }
}

async fn submit(
    browser: &mut Browser,
    station: &Station,
    page: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let csrf = browser.get(station, page).await.hidden("csrf");
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    browser.post(station, path, &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_stand_by_org_and_are_found_by_name_key_and_state() {
    let station = Station::new();
    station.appoint("ou", "欧阳问雪", Role::Publicist, 9);
    let mut browser = Browser::signed_in(&station, "lin").await;
    let list = browser.get(&station, "/appointments").await;
    for part in [
        "1 项任命 30 天内到期",
        "石桥站",
        "林静禾",
        "见证",
        "镇代表",
        "剩 8 天",
        "class=\"tree\"",
    ] {
        assert!(list.body.contains(part), "{part}");
    }
    let key = station
        .node
        .office(&station.node.find_office("luo").unwrap())
        .unwrap()
        .key;
    let digits = key.fingerprint()[..8].to_owned();
    for (query, holder, other) in [
        ("q=%E6%AC%A7%E9%98%B3", "欧阳问雪", "罗定一"),
        (&format!("q={digits}"), "罗定一", "欧阳问雪"),
        ("state=expiring", "欧阳问雪", "罗定一"),
    ] {
        let found = browser.get(&station, &format!("/appointments?{query}")).await;
        let rows = found.body.split("<tbody>").nth(1).unwrap();
        assert!(rows.contains(holder) && !rows.contains(other), "{query}");
        assert!(found.body.contains("找到 1 项任命"), "{query}");
    }
    let none = browser.get(&station, "/appointments?state=revoked").await;
    assert!(none.body.contains("没有符合的任命"));
    for (path, status) in [
        ("/appointments?org=00", StatusCode::UNPROCESSABLE_ENTITY),
        ("/appointments/0123456789", StatusCode::NOT_FOUND),
        (
            "/appointments/0123456789/revoke",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        assert_eq!(browser.get(&station, path).await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_them_shows_its_chain_and_only_who_may_sees_forms() {
    let station = Station::new();
    station.appoint("ou", "欧阳问雪", Role::Publicist, 9);
    let (office, authority) = (station.office("ou"), {
        let offices = station.node.offices(&OfficeFilter::default()).unwrap();
        offices
            .iter()
            .find(|office| office.purpose == Purpose::Node)
            .unwrap()
            .id
    });
    let mut clerk = Browser::signed_in(&station, "lin").await;
    let page = clerk.get(&station, &office).await;
    for part in [
        "欧阳问雪，石桥站人大宣传员",
        "即将到期",
        "谁任命的",
        "创始声明",
        "管理员或站长",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains("name=\"passphrase\"") && !page.body.contains("/revoke"));
    let refused = submit(
        &mut clerk,
        &station,
        "/",
        &format!("{office}/renew"),
        &[("until", "2027-06-30"), ("passphrase", PASSPHRASE)],
    )
    .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("系统管理员或站长办理"));

    let mut admin = Browser::signed_in(&station, "gu").await;
    let page = admin.get(&station, &office).await;
    assert!(page.body.contains("name=\"passphrase\"") && page.body.contains("/revoke"));
    // What lasts as long as the authority itself is not renewed from here.
    let node = admin.get(&station, &format!("/appointments/{authority}")).await;
    assert!(!node.body.contains("name=\"passphrase\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_is_refused_keeps_what_was_typed_and_one_that_fits_takes_over() {
    let station = Station::new();
    let old = station.appoint("ou", "欧阳问雪", Role::Publicist, 9);
    let mut admin = Browser::signed_in(&station, "gu").await;
    let (page, path) = (station.office("ou"), format!("/appointments/{old}/renew"));
    let day = |days: i64| {
        let at = env::now().0 + days * DAY_MS;
        jiff::Timestamp::from_millisecond(at).unwrap().to_string()[..10].to_owned()
    };
    let (early, fits) = (day(2), day(200));
    for (until, passphrase, field) in [
        ("", PASSPHRASE, "until"),
        (early.as_str(), PASSPHRASE, "until"),
        ("2199-01-01", PASSPHRASE, "until"),
        (fits.as_str(), "wrong", "passphrase"),
    ] {
        let answer = submit(
            &mut admin,
            &station,
            &page,
            &path,
            &[("until", until), ("passphrase", passphrase)],
        )
        .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{until}");
        assert!(answer.body.contains(&format!("id=\"{field}-error\"")), "{until}");
        assert!(answer.body.contains(&format!("value=\"{until}\"")));
        assert!(!answer.body.contains("value=\"wrong\"") && !answer.body.contains(PASSPHRASE));
    }
    let fields = [("until", fits.as_str()), ("passphrase", PASSPHRASE)];
    let done = submit(&mut admin, &station, &page, &path, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let new = done.header(header::LOCATION).to_owned();
    assert_ne!(new, page);
    assert!(admin.get(&station, &new).await.body.contains("已续任。"));
    let before = admin.get(&station, &page).await;
    assert!(
        before.body.contains("另有任期更长的任命"),
        "it is told which one counts"
    );
    assert!(!before.body.contains("name=\"until\""), "nobody renews it twice");
    assert!(station.node.office(&old).unwrap().renewed);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_wrong_passphrases_of_the_org_must_wait() {
    let station = Station::new();
    station.appoint("ou", "欧阳问雪", Role::Publicist, 9);
    let mut admin = Browser::signed_in(&station, "gu").await;
    let page = station.office("ou");
    let path = format!("{page}/renew");
    for _ in 0..5 {
        let fields = [("until", "2027-01-31"), ("passphrase", "wrong")];
        submit(&mut admin, &station, &page, &path, &fields).await;
    }
    let fields = [("until", "2027-01-31"), ("passphrase", PASSPHRASE)];
    let answer = submit(&mut admin, &station, &page, &path, &fields).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    assert!(answer.body.contains("id=\"passphrase-error\"") && answer.body.contains("value=\"2027-01-31\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_shown_before_it_is_signed_and_what_it_contests_is_adopted() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let record = lin.register(&station, &[("name", "来访人")]).await.1.unwrap();
    let mut admin = Browser::signed_in(&station, "gu").await;
    let id = station.node.find_office("lin").unwrap();
    let plan = format!("/appointments/{id}/revoke");
    let empty = admin.get(&station, &plan).await;
    assert!(!empty.body.contains("id=\"preview\"") && !empty.body.contains("name=\"passphrase\""));
    for (query, field) in [
        ("ground=soft&reason=", "reason"),
        ("ground=soft&reason=x&since=2026-01-01T00:00", "since"),
        ("ground=hard&reason=x&since=soon", "since"),
        (&format!("ground=soft&reason={}", "x".repeat(401)), "reason"),
    ] {
        let answer = admin.get(&station, &format!("{plan}?{query}")).await;
        assert!(answer.body.contains(&format!("id=\"{field}-error\"")), "{query}");
        assert!(!answer.body.contains("name=\"passphrase\""), "{query}");
    }
    let asked = admin
        .get(
            &station,
            &format!("{plan}?ground=soft&reason=%E8%B0%83%E7%A6%BB&since="),
        )
        .await;
    for part in [
        "id=\"preview\"",
        "2 条待追认，连同个人信息部分，涉及 1 件记录",
        "路灯坏了十一盏",
        "撤销不能收回",
        "value=\"调离\"",
    ] {
        assert!(asked.body.contains(part), "{part}");
    }
    assert!(
        matches!(station.node.office(&id).unwrap().standing, Standing::InForce),
        "looking changes nothing"
    );
    let fields = |passphrase| [("ground", "soft"), ("reason", "调离"), ("passphrase", passphrase)];
    let wrong = submit(&mut admin, &station, "/", &plan, &fields("wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"passphrase-error\"") && wrong.body.contains("id=\"preview\""));
    let refused = submit(&mut lin, &station, "/", &plan, &fields(PASSPHRASE)).await;
    assert!(refused.body.contains("系统管理员或站长办理"));
    let done = submit(&mut admin, &station, "/", &plan, &fields(PASSPHRASE)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    station.settle();
    let page = admin.get(&station, &format!("/appointments/{id}")).await;
    for part in ["已撤销", "调离", "离任或换密钥"] {
        assert!(page.body.contains(part), "{part}");
    }
    let again = admin.get(&station, &format!("{plan}?ground=soft&reason=x")).await;
    assert!(again.body.contains("这项任命已经撤销"), "{}", again.body);
    adopt_all(&station, &mut admin, &record).await;
}

async fn adopt_all(station: &Station, admin: &mut Browser, record: &str) {
    let list = admin.get(station, "/contested?all=yes").await;
    assert!(list.body.contains("2 条内容待追认") && list.body.contains("路灯坏了十一盏"));
    assert!(list.body.contains("checked") && list.body.contains(record));
    let ids: Vec<String> = list
        .body
        .split("name=\"change\" value=\"")
        .skip(1)
        .map(|rest| rest[..64].to_owned())
        .collect();
    assert_eq!(ids.len(), 2, "the visit and its person's part");
    let query: Vec<String> = ids.iter().map(|id| format!("change={id}")).collect();
    let chosen = format!("/contested/adopt?{}", query.join("&"));
    let preview = admin.get(station, &chosen).await;
    for part in ["追认 2 项", "以石桥站名义追认", "在原来的位置重新计入"] {
        assert!(preview.body.contains(part), "{part}");
    }
    // Who holds the same post adopts the visit itself, and not the part that is sealed.
    station.appoint("song", "宋怀川", Role::StationLiaison, 300);
    let mut song = Browser::signed_in(station, "song").await;
    assert!(song.get(station, &chosen).await.body.contains("不能一起由您追认"));
    let main = ids.iter().find(|id| {
        let waiting = station.node.contested().unwrap().changes;
        waiting
            .iter()
            .any(|one| one.change.to_string() == **id && !one.sealed)
    });
    let main = main.unwrap().clone();
    let one = song
        .get(station, &format!("/contested/adopt?change={main}"))
        .await;
    assert!(one.body.contains("以本人职务追认") && !one.body.contains("name=\"passphrase\""));
    let fields = [("by", "post"), ("change", main.as_str())];
    let done = submit(&mut song, station, "/", "/contested/adopt", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    station.settle();

    let rest = ids.iter().find(|id| **id != main).unwrap().clone();
    for (passphrase, status) in [
        ("wrong", StatusCode::UNPROCESSABLE_ENTITY),
        (PASSPHRASE, StatusCode::SEE_OTHER),
    ] {
        let fields = [
            ("by", "org"),
            ("change", rest.as_str()),
            ("passphrase", passphrase),
        ];
        let done = submit(admin, station, "/", "/contested/adopt", &fields).await;
        assert_eq!(done.status, status, "{}", done.body);
    }
    station.settle();
    let none = admin.get(station, "/contested").await;
    assert!(none.body.contains("没有待追认的内容"), "{}", none.body);
    let late = submit(
        admin,
        station,
        "/",
        "/contested/adopt",
        &[("by", "post"), ("change", main.as_str())],
    )
    .await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.body.contains("没有需要追认的内容"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_begins_with_posts_that_end_or_were_taken_away() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    assert!(!lin.get(&station, "/").await.body.contains("class=\"news\""));
    let ou = station.appoint("ou", "欧阳问雪", Role::Publicist, 9);
    let home = lin.get(&station, "/").await.body;
    for part in [
        "1 项任命 30 天内到期",
        "欧阳问雪（人大宣传员）",
        &format!("href=\"/appointments/{ou}\""),
    ] {
        assert!(home.contains(part), "{part}");
    }
    let own = Browser::signed_in(&station, "ou")
        .await
        .get(&station, "/")
        .await
        .body;
    assert!(own.contains("您的任命到") && own.contains("还有 8 天"));
    assert!(!own.contains("1 项任命 30 天内到期"), "it is not said twice");
    let passphrase = SecretString::from(PASSPHRASE);
    for (id, part) in [
        (station.node.find_office("lin").unwrap(), "您的任命已由石桥站于"),
        (
            station
                .node
                .offices(&OfficeFilter::default())
                .unwrap()
                .iter()
                .find(|office| office.purpose == Purpose::Node)
                .unwrap()
                .id,
            "本节点的任命已由石桥站撤销：调离",
        ),
    ] {
        let draft = crate::services::revoke::RevocationDraft::soft(id, "调离");
        station.node.revoke(&passphrase, &draft).unwrap();
        let home = lin.get(&station, "/").await.body;
        assert!(home.contains(part), "{part}");
    }
}
