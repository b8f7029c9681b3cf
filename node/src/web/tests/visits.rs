//! A visit from the form to its proof.

use axum::http::{StatusCode, header};

use super::{Browser, PHONE, Station};

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_registered_once_and_its_personal_part_is_shown_where_it_is_held() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let home = browser.get(&station, "/").await;
    let (csrf, once) = (home.hidden("csrf"), home.hidden("once"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("once", once.as_str()),
        ("gist", "水渠护栏断了 <b>三处</b>"),
        ("channel", "home_visit"),
        ("nature", "problem"),
        ("persons", "2"),
        ("receiver", "罗定一"),
        ("received_at", "2026-01-16T09:52"),
        ("name", "许知微"),
        ("phone", PHONE),
        ("hardship", "低保户"),
    ];
    let first = browser.post(&station, "/visits", &fields).await;
    assert_eq!(
        (first.status, first.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/"),
        "{}",
        first.body
    );
    let second = browser.post(&station, "/visits", &fields).await;
    assert_eq!(second.status, StatusCode::SEE_OTHER, "pressed twice");
    station.node.catch_up(|_| {}).unwrap();
    let home = browser.get(&station, "/").await;
    assert!(
        home.body.contains("已登记，990121103201-2026-03-01"),
        "{}",
        home.body
    );
    assert!(
        !browser.get(&station, "/").await.body.contains("已登记，"),
        "said once"
    );
    let list = browser.get(&station, "/visits").await;
    assert_eq!(list.body.matches("水渠护栏断了").count(), 1, "registered once");
    assert!(
        list.body.contains("&#60;b&#62;三处"),
        "what people wrote is no markup"
    );
    assert!(list.body.contains("走访") && list.body.contains("还没分流"));
    let id = &list.body.split("href=\"/records/").nth(1).unwrap()[..32];
    let record = browser.get(&station, &format!("/records/{id}")).await;
    for words in [
        "许知微",
        PHONE,
        "低保户",
        "只留在石桥站",
        "990121103201-2026-03-01",
        "林静禾",
    ] {
        assert!(record.body.contains(words), "{words}");
    }
    // The list and the table that leave the station know nothing of the person.
    let table = browser.get(&station, "/visits.csv").await;
    assert!(table.body.starts_with('\u{feff}') && table.body.contains("水渠护栏断了"));
    for page in [&list, &table] {
        assert!(!page.body.contains("许知微") && !page.body.contains(PHONE));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_number_in_the_gist_gives_the_form_back() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let wrong = [
        ("gist", "护坡塌了，请打 139 0000 0016"),
        ("address", "石桥村二组 14 号"),
    ];
    let (answer, record) = browser.register(&station, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.body.contains("这里像有手机号") && answer.body.contains("<mark>139 0000 0016</mark>"),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("填的内容还在"));
    assert!(answer.body.contains("护坡塌了，请打 139 0000 0016") && answer.body.contains("石桥村二组 14 号"));
    assert_eq!(record, None, "nothing was registered");
    // The same form, mended, goes through.
    let (answer, record) = browser
        .register(
            &station,
            &[("gist", "护坡塌了"), ("once", &answer.hidden("once"))],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(record.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_at_once() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let wrong = [
        ("persons", "0"),
        ("received_at", "yesterday"),
        ("told_person_on", "2026-02-30"),
        ("gist", PHONE),
    ];
    let (answer, _) = browser.register(&station, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("有 4 处要改"), "{}", answer.body);
    assert_eq!(answer.body.matches("aria-invalid").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_triaged_and_its_proof_is_shown() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let record = browser.register(&station, &[]).await.1.unwrap();
    let page = browser.get(&station, &record).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let triage = [
        ("csrf", csrf.as_str()),
        ("seen", &seen),
        ("triage", "petition"),
        ("told_person_on", ""),
    ];
    let answer = browser.post(&station, &record, &triage).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, record.as_str())
    );
    let page = browser.get(&station, &record).await;
    assert!(
        page.body.contains("转信访，还要告知来访人") && page.body.contains("超期"),
        "{}",
        page.body
    );
    assert!(page.body.contains("改“分流”"));
    // From the page as it was: what this person left alone is not taken back.
    let told = [
        ("csrf", csrf.as_str()),
        ("seen", &seen),
        ("triage", ""),
        ("told_person_on", "2026-01-20"),
    ];
    browser.post(&station, &record, &told).await;
    let page = browser.get(&station, &record).await;
    assert!(page.body.contains("转信访，已告知来访人"), "{}", page.body);
    let change = page.body.split("?proof=").nth(1).unwrap()[..64].to_owned();
    let proof = browser.get(&station, &format!("{record}?proof={change}")).await;
    for words in [
        "签名与内容相符",
        "创始声明",
        "还没有见证",
        "3 把根密钥之 2",
        "石桥站联络员",
    ] {
        assert!(proof.body.contains(words), "{words}");
    }
    let bundle = browser.get(&station, &format!("{record}/bundle")).await;
    assert_eq!(bundle.header(header::CONTENT_TYPE), "application/x-tar");
    assert!(bundle.header(header::CONTENT_DISPOSITION).contains(".tar"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_register_gets_no_form_and_no_way_around_it() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "audit").await;
    let home = browser.get(&station, "/").await;
    assert!(!home.body.contains("action=\"/visits\" data-main"));
    let fields = [
        ("csrf", home.hidden("csrf")),
        ("gist", "不该有的一条".into()),
        ("channel", "visit".into()),
        ("nature", "problem".into()),
        ("persons", "1".into()),
        ("received_at", "2026-01-16T09:52".into()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let answer = browser.post(&station, "/visits", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    station.node.catch_up(|_| {}).unwrap();
    assert!(!browser.get(&station, "/visits").await.body.contains("不该有"));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_look_like_personal_data_are_cleared_by_a_note_under_them() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let gist = "水厂总机 139 0000 0016 无人接";
    let (answer, _) = browser.register(&station, &[("gist", gist)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("逐处核对") && answer.body.contains("<a href=\"#gist\">反映内容</a>"));
    let input = note_input(&answer.body);
    // A note is for the words that it was written under: after they were changed it clears nothing.
    let once = answer.hidden("once");
    let other = [
        ("gist", "请打 139 0000 0017"),
        ("once", once.as_str()),
        (input.as_str(), "单位公开的总机"),
    ];
    let (answer, _) = browser.register(&station, &other).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_ne!(note_input(&answer.body), input);
    // One that repeats what it clears is told.
    let repeats = [
        ("gist", gist),
        ("once", once.as_str()),
        (input.as_str(), "就是 139 0000 0016"),
    ];
    let (answer, _) = browser.register(&station, &repeats).await;
    assert!(answer.body.contains("不得重复要放行的内容"), "{}", answer.body);
    let noted = [
        ("gist", gist),
        ("once", once.as_str()),
        (input.as_str(), "单位公开的总机"),
    ];
    let (answer, record) = browser.register(&station, &noted).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = browser.get(&station, &record.unwrap()).await;
    assert!(
        page.body
            .contains("放行“反映内容”里像手机号的内容：单位公开的总机"),
        "{}",
        page.body
    );
    assert!(page.body.contains("登记"));
}

/// The input of the note that a form asks for.
fn note_input(page: &str) -> String {
    let page = page
        .split("class=\"f suspects\"")
        .nth(1)
        .expect("a note is asked for");
    let at = page.find("name=\"c:").unwrap() + 6;
    page[at..].split('"').next().unwrap().to_owned()
}
