//! Recording through the pages what somebody did on paper.

use lianzhan_protocol::id::RecordId;

use super::attachments::{picture, send};
use super::*;

const HE: [(&str, &str); 3] = [
    ("name", "何见山"),
    ("office", "镇人大主席"),
    ("happened", "2024-04-17"),
];

/// Sends the form of a record's page with what is typed, and the pictures chosen.
async fn record(
    browser: &mut Browser,
    station: &Station,
    record: &str,
    typed: &[(&str, &str)],
    files: &[&[u8]],
) -> Answer {
    let page = browser.get(station, record).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let mut fields = vec![("csrf", csrf.as_str()), ("seen", &seen), ("event", "")];
    fields.extend(typed);
    send(browser, station, &format!("{record}/confirm-for"), &fields, files).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_on_paper_is_recorded_and_stands_apart() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let (_, path) = lin.register(&station, &[]).await;
    let path = path.unwrap();
    let page = lin.get(&station, &path).await;
    assert!(page.body.contains("代录确认") && page.body.contains("paper-people"));

    // Without a scan, or without an office, nothing is signed and what was typed stays.
    let answer = record(&mut lin, &station, &path, &HE, &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("value=\"何见山\""), "{}", answer.body);
    let answer = record(&mut lin, &station, &path, &[HE[0], HE[2]], &[&picture()]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("paper-office-error"), "{}", answer.body);

    let answer = record(&mut lin, &station, &path, &HE, &[&picture()]).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, path.as_str()),
        "{}",
        answer.body
    );
    let page = lin.get(&station, &path).await;
    for said in [
        "已代录确认。",
        "代录的确认 1 次",
        "何见山",
        "镇人大主席",
        "凭纸质",
        "看扫描件",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(
        !page.body.contains(">已确认<"),
        "paper is never said to be by key: {}",
        page.body
    );
    let scan = page.body.split("href=\"").find_map(|rest| {
        let href = rest.split('"').next()?;
        href.contains("/attachments/").then(|| href.to_owned())
    });
    let scan = lin.get(&station, &scan.expect("a link to the scan")).await;
    assert_eq!(scan.header(header::CONTENT_TYPE), "image/jpeg");
    assert!(
        !page.body.contains("class=\"pic\""),
        "evidence stands beside what it proves, not among the photos"
    );
    // Once more is told, and writes nothing.
    let answer = record(&mut lin, &station, &path, &HE, &[&picture()]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = lin.get(&station, &path).await;
    assert!(page.body.contains("没有再记") && page.body.contains("代录的确认 1 次"));
    let list = lin
        .get(&station, "/ledgers/letters_visits?confirmed=recorded")
        .await;
    assert!(list.body.contains(&path), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn namesakes_are_offered_whatever_spaces_stand_in_the_name() {
    let station = Station::new();
    let passphrase = SecretString::from(PASSPHRASE);
    for login in ["zhang", "zhang2"] {
        let person = PersonDraft {
            login: login.into(),
            name: "张三".into(),
            roles: vec![Role::Deputy],
            seat: Some(Level::Township),
            ..PersonDraft::default()
        };
        station
            .node
            .appoint_person(&passphrase, person, &passphrase)
            .unwrap();
    }
    let mut lin = Browser::signed_in(&station, "lin").await;
    let path = lin.register(&station, &[]).await.1.unwrap();
    let typed = [("name", "张 三"), ("office", "镇人大代表"), HE[2]];
    let answer = record(&mut lin, &station, &path, &typed, &[&picture()]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let id = RecordId::parse(&path[9..]).unwrap();
    let space = station.node.record_detail(&id).unwrap().space;
    let people = station.node.known_people(&space);
    let called = people.iter().filter(|one| one.name == "张三");
    let ids: Vec<String> = called.map(|one| one.person.to_string()).collect();
    assert_eq!(ids.len(), 2);
    for id in &ids {
        assert!(
            answer.body.contains(&format!("value=\"{id}\"")),
            "{}",
            answer.body
        );
    }
    let chosen = [typed[0], typed[1], typed[2], ("person", &ids[1])];
    let answer = record(&mut lin, &station, &path, &chosen, &[&picture()]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}
