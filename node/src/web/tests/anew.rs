use super::*;

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
    let fields = |gist: &'static str, more: &[(&'static str, &'static str)]| {
        let mut fields = vec![
            ("csrf".to_owned(), csrf.clone()),
            ("seen".to_owned(), seen.clone()),
            ("on".to_owned(), "2026-01-20".to_owned()),
            ("carry".to_owned(), "subject".to_owned()),
            ("f:received_at".to_owned(), "2026-01-20T09:30".to_owned()),
            ("f:channel".to_owned(), "visit".to_owned()),
            ("f:persons".to_owned(), "1".to_owned()),
            ("f:nature".to_owned(), "problem".to_owned()),
            ("f:gist".to_owned(), gist.to_owned()),
        ];
        fields.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        fields
    };
    let send = async |browser: &mut Browser, fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        browser.post(&station, &anew, &fields).await
    };
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
