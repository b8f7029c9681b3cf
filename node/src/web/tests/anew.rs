use super::*;
use crate::services::erase::tests::World;
use crate::services::reissue::tests::CLEAN;

/// What a browser sends of the form, with the personal part carried along unread.
fn typed(csrf: &str, seen: &str, gist: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let fields = [
        ("csrf", csrf),
        ("seen", seen),
        ("on", "2026-01-20"),
        ("carry", "subject"),
        ("f:received_at", "2026-01-20T09:30"),
        ("f:channel", "visit"),
        ("f:persons", "1"),
        ("f:nature", "problem"),
        ("f:gist", gist),
    ];
    let fields = fields.iter().chain(more);
    fields
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

async fn send(browser: &mut Browser, station: &Station, path: &str, fields: Vec<(String, String)>) -> Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post(station, path, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_issuing_anew_does_is_shown_and_only_a_passphrase_signs_it() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let record = lin.register(&station, &[("name", "令狐听澜")]).await.1.unwrap();
    let id = lianzhan_protocol::id::RecordId::parse(&record[9..]).unwrap();
    let anew = format!("{record}/anew");
    let shown = lin.get(&station, &record).await;
    assert!(shown.body.contains(&format!("href=\"{anew}\"")));
    // Who may write and not erase is not offered it, and does not get it.
    let mut luo = Browser::signed_in(&station, "luo").await;
    assert!(!luo.get(&station, &record).await.body.contains(&anew));
    let refused = luo.get(&station, &anew).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Who registered it has its personal part open: it is in the form. Another session has not.
    let form = lin.get(&station, &anew).await;
    assert!(form.body.contains("令狐听澜") && !form.body.contains("name=\"passphrase\""));
    assert!(form.body.contains("name=\"shown\" value=\"subject\""));
    let opened = form.hidden("csrf");
    let mut later = Browser::signed_in(&station, "lin").await;
    let form = later.get(&station, &anew).await;
    assert!(!form.body.contains("令狐听澜"));
    assert!(form.body.contains("name=\"carry\" value=\"subject\" checked"));
    assert!(form.body.contains("name=\"offered\" value=\"subject\""));
    assert!(!form.body.contains("name=\"shown\" value=\"subject\""));
    let (csrf, seen) = (form.hidden("csrf"), form.hidden("seen"));
    let fields = |gist, more: &[(&str, &str)]| typed(&csrf, &seen, gist, more);
    let send = async |browser: &mut Browser, fields| send(browser, &station, &anew, fields).await;
    // What neither was asked for nor could be left out is not left out by a session that has it open.
    let mut unsaid = fields("水管爆了", &[]);
    unsaid.retain(|(name, _)| name != "carry");
    unsaid[0].1 = opened;
    let unsaid = send(&mut lin, unsaid).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!unsaid.body.contains("name=\"passphrase\""));
    let lacking = send(&mut later, fields("", &[])).await;
    assert_eq!(lacking.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(lacking.body.contains("#f:gist") && !lacking.body.contains("name=\"passphrase\""));
    let preview = send(&mut later, fields("水管爆了", &[])).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.body);
    assert!(preview.body.contains("name=\"passphrase\"") && preview.body.contains("水管爆了"));
    assert!(preview.body.contains("带入附册"));
    assert!(!preview.body.contains("令狐听澜"), "it is not read to be shown");
    let edited = send(&mut later, fields("水管爆了", &[("do", "edit")])).await;
    assert!(edited.body.contains("水管爆了") && !edited.body.contains("name=\"passphrase\""));
    let wrong = [("do", "sign"), ("passphrase", "wrong passphrase")];
    let wrong = send(&mut later, fields("水管爆了", &wrong)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"passphrase-error\"") && !wrong.body.contains("wrong passphrase"));
    assert!(station.node.erasures_of(&id).unwrap().is_empty());

    let signed = [("do", "sign"), ("passphrase", PASSPHRASE)];
    let done = send(&mut later, fields("水管爆了", &signed)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let new = done.header(header::LOCATION).to_owned();
    assert_ne!(new, record);
    station.node.catch_up(|_| {}).unwrap();
    let page = later.get(&station, &new).await;
    assert!(page.body.contains("水管爆了") && page.body.contains("令狐听澜"));
    assert_eq!(
        station.node.erasures_of(&id).unwrap().len(),
        2,
        "the record and its part"
    );
    // Sent once more it leads to the same record.
    let again = send(&mut later, fields("水管爆了", &signed)).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    assert_eq!(again.header(header::LOCATION), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_before_it_was_signed_is_shown_and_then_it_may_be_signed() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let record = lin.register(&station, &[("name", "令狐听澜")]).await.1.unwrap();
    let id = lianzhan_protocol::id::RecordId::parse(&record[9..]).unwrap();
    let anew = format!("{record}/anew");
    let mut later = Browser::signed_in(&station, "lin").await;
    let form = later.get(&station, &anew).await;
    let (csrf, seen) = (form.hidden("csrf"), form.hidden("seen"));
    let luo = station
        .node
        .sign_in("luo", &SecretString::from(PASSPHRASE))
        .unwrap();
    let change = async |sent: serde_json::Value| {
        let sent = serde_json::from_value(sent).unwrap();
        station.node.amend_sent(&luo, &id, sent).await.unwrap();
        station.node.catch_up(|_| {}).unwrap();
    };

    // Somebody changes the record between the preview and the signature, and once more the personal part alone.
    let signs = [("do", "sign"), ("passphrase", PASSPHRASE)];
    let mut seen = seen;
    for (sent, says) in [
        (serde_json::json!({ "fields": { "persons": 7 } }), "人数"),
        (
            serde_json::json!({ "annexes": { "subject": { "name": "令狐望舒" } } }),
            "带入附册",
        ),
    ] {
        change(sent).await;
        let refused = send(
            &mut later,
            &station,
            &anew,
            typed(&csrf, &seen, "水管爆了", &signs),
        )
        .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("刚有改动") && refused.body.contains("name=\"passphrase\""));
        assert!(refused.body.contains(says), "{}", refused.body);
        assert!(station.node.erasures_of(&id).unwrap().is_empty());
        assert_ne!(refused.hidden("seen"), seen);
        seen = refused.hidden("seen");
    }
    let done = send(
        &mut later,
        &station,
        &anew,
        typed(&csrf, &seen, "水管爆了", &signs),
    )
    .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    station.node.catch_up(|_| {}).unwrap();
    let new = done.header(header::LOCATION).to_owned();
    let page = later.get(&station, &new).await;
    assert!(page.body.contains("水管爆了") && page.body.contains("令狐望舒"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_part_that_came_meanwhile_is_asked_for_before_it_is_signed() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let record = lin.register(&station, &[]).await.1.unwrap();
    let id = lianzhan_protocol::id::RecordId::parse(&record[9..]).unwrap();
    let anew = format!("{record}/anew");
    let mut later = Browser::signed_in(&station, "lin").await;
    let form = later.get(&station, &anew).await;
    let (csrf, seen) = (form.hidden("csrf"), form.hidden("seen"));
    let luo = station
        .node
        .sign_in("luo", &SecretString::from(PASSPHRASE))
        .unwrap();
    let sent = serde_json::json!({ "annexes": { "subject": { "name": "令狐望舒" } } });
    let sent = serde_json::from_value(sent).unwrap();
    station.node.amend_sent(&luo, &id, sent).await.unwrap();
    station.node.catch_up(|_| {}).unwrap();

    let signs = [("do", "sign"), ("passphrase", PASSPHRASE)];
    let mut unsaid = typed(&csrf, &seen, "水管爆了", &signs);
    unsaid.retain(|(name, _)| name != "carry");
    let refused = send(&mut later, &station, &anew, unsaid).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The form again: whether it comes along is said there, and what is there is seen.
    assert!(refused.body.contains("刚有改动") && refused.body.contains("name=\"offered\" value=\"subject\""));
    assert!(!refused.body.contains("令狐望舒") && !refused.body.contains("name=\"passphrase\""));
    let seen = refused.hidden("seen");
    let done = send(
        &mut later,
        &station,
        &anew,
        typed(&csrf, &seen, "水管爆了", &signs),
    )
    .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
}

#[test]
fn what_named_the_old_record_leads_to_the_new_one_and_the_new_one_to_it() {
    let world = World::new();
    let _within = world.runtime.enter();
    let old = world.spoken();
    let citing = world.citing(&old);
    let new = world.anew(&old, world.clean(&world.plan(&old))).unwrap().new;
    world.talk();
    world.talk();
    world.above();
    for (node, login) in [(world.station(), "lin"), (world.township(), "wen")] {
        let station = Station::over(node.clone());
        let mut browser = Browser::default();
        let signed = browser.try_sign_in(&station, login, "correct horse battery");
        assert_eq!(world.runtime.block_on(signed).status, StatusCode::SEE_OTHER);
        let mut get = |path: String| world.runtime.block_on(browser.get(&station, &path)).body;
        let link = |record: &lianzhan_protocol::id::RecordId| format!("href=\"/records/{record}\"");
        for made_anew in [false, true] {
            if made_anew {
                node.reindex(|_| {}).unwrap();
            }
            let page = get(format!("/records/{citing}"));
            assert!(page.contains(&link(&new)) && page.contains(CLEAN), "{page}");
            assert!(!page.contains(&link(&old)), "nobody is led to what is erased");
            let page = get(format!("/records/{new}"));
            let named_by = page
                .split("id=\"named-by\"")
                .nth(1)
                .unwrap_or_else(|| panic!("{page}"));
            assert!(named_by.contains(&link(&citing)), "{named_by}");
            assert!(get(format!("/records/{old}")).contains(&link(&new)));
            let list = get("/ledgers/issue".into());
            assert!(list.contains(&link(&citing)), "{list}");
        }
    }
}
