//! Personal parts are opened by who says what for, and what is due or held back is listed.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn personal_parts_are_opened_once_a_session_by_who_says_what_for() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let named = [("name", "许知微"), ("health", "尘肺病")];
    let record = lin.register(&station, &named).await.1.unwrap();
    assert!(
        lin.get(&station, &record).await.body.contains("许知微"),
        "who typed it just now is not asked"
    );
    let mut luo = Browser::signed_in(&station, "luo").await;
    let closed = luo.get(&station, &record).await;
    assert!(!closed.body.contains("许知微") && !closed.body.contains("尘肺病"));
    assert_eq!(
        closed.body.matches("value=\"follow_up\"").count(),
        1,
        "both parts open together"
    );
    let edit = luo.get(&station, &format!("{record}/edit")).await;
    assert!(!edit.body.contains("许知微"), "nor does the form show it");

    let open = format!("{record}/open");
    let say = |csrf: String, purpose: &'static str, words: &'static str| {
        [
            ("csrf", csrf),
            ("purpose", purpose.to_owned()),
            ("words", words.to_owned()),
        ]
    };
    let nothing = say(closed.hidden("csrf"), "other", " ");
    let nothing: Vec<(&str, &str)> = nothing
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    luo.post(&station, &open, &nothing).await;
    let told = luo.get(&station, &record).await;
    assert!(told.body.contains("请用一行（最多 100 字）写明用途") && !told.body.contains("许知微"));
    let back = say(closed.hidden("csrf"), "follow_up", "");
    let back: Vec<(&str, &str)> = back.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let onward = luo.post(&station, &open, &back).await;
    assert_eq!(onward.status, StatusCode::SEE_OTHER, "{}", onward.body);
    for _ in 0..2 {
        let page = luo.get(&station, &record).await;
        assert!(page.body.contains("许知微") && page.body.contains("尘肺病"));
    }
    // What he opened he sees; an auditor sees what all did, and opening again in another session is asked again.
    let own = luo.get(&station, "/access").await;
    assert!(
        own.body.contains("罗定一") && own.body.contains("回访"),
        "{}",
        own.body
    );
    let mut audit = Browser::signed_in(&station, "audit").await;
    let all = audit.get(&station, "/access?purpose=follow_up&name=罗").await;
    assert!(all.body.contains("罗定一"));
    let none = audit.get(&station, "/access?until=2020-01-01").await;
    assert!(!none.body.contains("罗定一"));
    let mut again = Browser::signed_in(&station, "luo").await;
    assert!(!again.get(&station, &record).await.body.contains("许知微"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_leads_to_the_erasure_with_its_ground() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let told = [
        ("name", "许知微"),
        ("received_at", "2023-01-16T09:52"),
        ("triage", "answered_now"),
        ("told_person_on", "2023-01-20"),
    ];
    let empty = lin.get(&station, "/retention").await;
    assert!(empty.body.contains("没有到期的内容"));
    let record = lin.register(&station, &told).await.1.unwrap();
    let page = lin.get(&station, "/retention").await;
    assert!(page.body.contains("有 1 份内容到期"), "{}", page.body);
    let link = page.body.split(&format!("href=\"{record}/erase")).nth(1).unwrap();
    let query = link
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let plan = lin.get(&station, &format!("{record}/erase{query}")).await;
    assert!(plan.body.contains("value=\"retention\" checked"), "{}", plan.body);
    let mut luo = Browser::signed_in(&station, "luo").await;
    assert!(!luo.get(&station, "/retention").await.body.contains("/erase?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_signed_before_a_name_was_known_are_held_back_until_they_are_cleared() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let gist = [("gist", "许知微说路灯不亮")];
    let record = lin.register(&station, &gist).await.1.unwrap();
    assert!(lin.get(&station, "/held").await.body.contains("没有待核对的内容"));
    assert!(lin.get(&station, "/visits.csv").await.body.contains("许知微"));
    lin.register(&station, &[("name", "许知微")]).await;
    let held = lin.get(&station, "/held").await;
    assert!(held.body.contains("<mark>许知微</mark>"), "{}", held.body);
    // It leaves in no table and no bundle.
    let table = lin.get(&station, "/visits.csv").await;
    assert!(!table.body.contains("许知微") && table.body.contains("路灯坏了十一盏"));
    let bundle = lin.get(&station, &format!("{record}/bundle")).await;
    assert_eq!(bundle.status, StatusCode::UNPROCESSABLE_ENTITY);
    let at = held.body.find("name=\"c:").unwrap() + 6;
    let input = held.body[at..].split('"').next().unwrap().to_owned();
    let (csrf, id) = (held.hidden("csrf"), record["/records/".len()..].to_owned());
    let send = |note: &'static str| {
        vec![
            ("csrf", csrf.clone()),
            ("record", id.clone()),
            (
                Box::leak(input.clone().into_boxed_str()) as &'static str,
                note.to_owned(),
            ),
        ]
    };
    for (note, status) in [
        ("许知微同意", StatusCode::UNPROCESSABLE_ENTITY),
        ("本人书面同意公开", StatusCode::SEE_OTHER),
    ] {
        let fields = send(note);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let answer = lin.post(&station, "/held", &fields).await;
        assert_eq!(answer.status, status, "{note}: {}", answer.body);
    }
    station.node.catch_up(|_| {}).unwrap();
    assert!(lin.get(&station, "/held").await.body.contains("没有待核对的内容"));
    assert!(lin.get(&station, "/visits.csv").await.body.contains("许知微"));
    assert_eq!(
        lin.get(&station, &format!("{record}/bundle")).await.status,
        StatusCode::OK
    );
}
