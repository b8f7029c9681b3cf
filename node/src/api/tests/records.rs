use super::*;

#[tokio::test]
async fn a_visit_is_registered_and_read_back_without_the_persons_data() {
    let api = Api::new();
    let record = api.register().await;
    let answer = api.get(&format!("/api/v1/records/{record}")).await;
    let shown = answer.json();
    assert_eq!(shown["ledger"], "letters_visits");
    assert_eq!(shown["owner"]["name_zh"], "澜州市");
    assert_eq!(shown["state"]["fields"]["persons"]["value"], 2);
    assert_eq!(shown["annexes"], json!(["subject"]));
    let change = &shown["changes"][0];
    assert_eq!(change["author"], "林晓");
    assert_eq!(change["happened"], "2026-04-16T09:30:00+08:00");
    assert_eq!(change["verdict"]["verdict"], "counts");
    assert_eq!(change["witnessed"], Value::Null);
    assert_eq!(
        change["chain"].as_array().unwrap().last().unwrap()["holder"],
        "林晓"
    );
    let horizon = &shown["horizon"][0];
    assert_eq!(horizon["origin"], change["origin"]);
    assert_eq!(horizon["size"], change["log_size"]);
    assert_eq!(horizon["witnessed"], Value::Null, "nobody is there to witness it");
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        !text.contains("赵某某") && !text.contains("13900000016"),
        "annex contents stay out"
    );

    api.node.catch_up(|_| {}).unwrap();
    let table = api.get("/api/v1/views/letters_visits").await.json();
    assert_eq!(table["rows"].as_array().unwrap().len(), 1);
    let csv = api.get("/api/v1/views/letters_visits?format=csv").await;
    assert!(
        csv.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let text = String::from_utf8(csv.body).unwrap();
    assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n") && text.contains("路灯"));
    assert!(!text.contains("13900000016"));
}

#[tokio::test]
async fn the_annex_of_a_record_cannot_be_read_by_its_own_id() {
    let api = Api::new();
    api.register().await;
    let sealed = api.node.store().read(|reader| reader.sealed_records()).unwrap();
    assert_eq!(sealed.len(), 1);
    for id in sealed.keys() {
        let path = format!("/api/v1/records/{id}");
        let answer = api.get(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        answer.problem(&path);
        let bundle = api.get(&format!("/api/v1/records/{id}/bundle")).await;
        assert_eq!(bundle.status, StatusCode::CONFLICT);
        let path = format!("/api/v1/records/{id}/automerge");
        let document = api.get(&path).await;
        assert_eq!(document.status, StatusCode::FORBIDDEN);
        document.problem(&path);
        let activity = api.get(&format!("/api/v1/activities/{id}")).await;
        assert_eq!(activity.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        api.get("/api/v1/views/subject").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let api = Api::new();
    let mut body = visit();
    body["fields"]["persons"] = json!("two");
    let answer = api.post("/api/v1/visits", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.problem("/api/v1/visits")["field"], "persons");
    let mut body = visit();
    body["fields"]["gist"] = json!("请打 13900000016");
    let answer = api.post("/api/v1/visits", body.clone()).await;
    let problem = answer.problem("/api/v1/visits");
    let error = &problem["errors"][0];
    assert_eq!(error["field"], "gist");
    assert!(error["detail_zh"].as_str().unwrap().contains("手机号"));
    assert_eq!(error["found"], json!([{"kind": "mobile", "from": 3, "to": 14}]));
    body["cleared"] = json!({"gist": "单位公开的总机"});
    let answer = api.post("/api/v1/visits", body).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let mut body = visit();
    body["fields"]["reg_no"] = json!("1");
    assert_eq!(
        api.post("/api/v1/visits", body).await.problem("/api/v1/visits")["field"],
        "reg_no"
    );
    let mut body = visit();
    body["fiedls"] = json!({});
    let answer = api.post("/api/v1/visits", body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.problem("/api/v1/visits")["detail"]
            .as_str()
            .unwrap()
            .contains("fiedls")
    );
    for path in ["/api/v1/records/zz", "/api/v1/activities/zz"] {
        let answer = api.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        answer.problem(path);
    }
    let unknown = "/api/v1/records/00000000000000000000000000000000";
    assert_eq!(api.get(unknown).await.status, StatusCode::NOT_FOUND);
    let large = json!({"records": ["0".repeat(2 << 20)]});
    let answer = api.post("/api/v1/bundle", large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    answer.problem("/api/v1/bundle");
    assert_eq!(
        api.node.store().read(|reader| reader.record_count(&[])).unwrap(),
        0
    );
}

#[tokio::test]
async fn a_bundle_verifies_against_the_founding_statement() {
    let api = Api::new();
    let record = api.register().await;
    let answer = api.get(&format!("/api/v1/records/{record}/bundle")).await;
    assert_eq!(answer.headers["content-type"], "application/x-tar");
    assert!(
        answer.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains(&record)
    );
    let founding = std::fs::read(api.node.dir().join(files::FOUNDING)).unwrap();
    let report = lianzhan_protocol::bundle::verify(&answer.body, &founding).unwrap();
    assert_eq!(report.records.len(), 1);
    let several = api
        .post("/api/v1/bundle", json!({"records": [record, record]}))
        .await;
    assert_eq!(several.body, answer.body);
    let case = api
        .get(&format!("/api/v1/records/{record}/bundle?cited=true"))
        .await;
    assert_eq!(case.body, answer.body, "it cites nothing that is here");
    let code = api.node.org().unwrap().code;
    // What was recorded, in the test, is recorded now.
    let year: i16 = crate::services::activity::now_stated()[..4].parse().unwrap();
    for (asked, status) in [
        (json!({"station": code, "quarter": "2026Q2"}), StatusCode::OK),
        (json!({"deputy": "lin", "year": year}), StatusCode::OK),
        (json!({"case": record}), StatusCode::OK),
        (
            json!({"station": code, "quarter": "2020Q1"}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({"station": code, "quarter": "2026"}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({"activity": record}), StatusCode::UNPROCESSABLE_ENTITY),
        (
            json!({"deputy": "nobody", "year": 2026}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({"year": 2026}), StatusCode::BAD_REQUEST),
    ] {
        let answer = api.post("/api/v1/bundle", asked.clone()).await;
        assert_eq!(answer.status, status, "{asked}");
        if status == StatusCode::OK {
            assert_eq!(answer.body, case.body, "{asked}");
        }
    }
}

#[tokio::test]
async fn an_attachment_of_the_personal_part_is_not_given_and_said_to_be_personal() {
    let api = Api::new();
    let record = api.register().await;
    api.node.catch_up(|_| {}).unwrap();
    let attachments = format!("/api/v1/records/{record}/attachments");
    let encoded = percent_encoding::utf8_percent_encode(CLERK, percent_encoding::NON_ALPHANUMERIC);
    let request = api
        .request("POST", &format!("{attachments}?personal=true"))
        .header("x-lianzhan-login", "lin")
        .header("x-lianzhan-passphrase", encoded.to_string());
    let sent = api.send(request, &b"%PDF-1.7\nsigned"[..]).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.json());
    assert_eq!(api.get(&attachments).await.json(), json!([]));
    let path = format!("{attachments}/{}", sent.json()["attachment"].as_str().unwrap());
    for path in [path.clone(), format!("{path}/small")] {
        let refused = api.get(&path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let problem = refused.problem(&path);
        for (words, place) in [("detail", "on the record's page"), ("detail_zh", "当事人附册")] {
            assert!(problem[words].as_str().unwrap().contains(place), "{problem}");
        }
    }
    let other = format!("{attachments}/{}", "0".repeat(64));
    assert_eq!(api.get(&other).await.status, StatusCode::NOT_FOUND);
}
