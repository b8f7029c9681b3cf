use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_an_erasure_does_is_shown_and_only_a_passphrase_signs_it() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let record = lin.register(&station, &[("name", "来访人")]).await.1.unwrap();
    let plan = format!("{record}/erase");
    assert!(
        lin.get(&station, &record)
            .await
            .body
            .contains(&format!("href=\"{plan}\""))
    );
    let mut luo = Browser::signed_in(&station, "luo").await;
    assert!(!luo.get(&station, &record).await.body.contains(&plan));
    assert_eq!(
        luo.get(&station, &plan).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );

    let empty = lin.get(&station, &plan).await;
    assert!(empty.body.contains("1 次填写") && !empty.body.contains("name=\"passphrase\""));
    for (query, field) in [
        ("ground=request&on=2026-02-30", "on"),
        ("ground=request&on=2999-01-01", "on"),
        ("ground=request&on=2026-01-20&note=13900000016", "note"),
    ] {
        let answer = lin.get(&station, &format!("{plan}?{query}")).await;
        assert!(answer.body.contains(&format!("id=\"{field}-error\"")), "{query}");
        assert!(!answer.body.contains("name=\"passphrase\""), "{query}");
    }
    let asked = lin
        .get(
            &station,
            &format!("{plan}?extent=personal&ground=request&on=2026-01-20"),
        )
        .await;
    let csrf = asked.hidden("csrf");
    assert!(asked.body.contains("擦除不可收回"));
    let fields = |passphrase| {
        [
            ("csrf", csrf.as_str()),
            ("extent", "personal"),
            ("ground", "request"),
            ("on", "2026-01-20"),
            ("note", ""),
            ("passphrase", passphrase),
        ]
    };
    let wrong = lin.post(&station, &plan, &fields("wrong passphrase")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"passphrase-error\"") && !wrong.body.contains("wrong passphrase"));
    let id = lianzhan_protocol::id::RecordId::parse(&record[9..]).unwrap();
    assert!(station.node.erasures_of(&id).unwrap().is_empty());
    let done = lin.post(&station, &plan, &fields(PASSPHRASE)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let stated = station.node.erasures_of(&id).unwrap();
    assert_eq!(
        (stated.len(), stated[0].erased.is_none()),
        (1, true),
        "nobody witnesses here"
    );
    // Until it is witnessed nothing is lost, and the page says what is under way to whoever looks after the node.
    let page = lin.get(&station, &record).await;
    assert!(page.body.contains("来访人") && page.body.contains("擦除已签名，等待见证"));
    assert!(station.node.annex_keys().get(&stated[0].record).is_some());
}
