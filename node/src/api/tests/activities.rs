use super::*;

#[tokio::test]
async fn an_org_is_invited_a_person_appointed_and_a_joint_activity_held() {
    let api = Api::new();
    let invite = json!({
        "passphrase": AUTHORITY, "name_zh": "澄川县", "name_en": "Chengchuan", "level": "county", "code": "990121",
    });
    let answer = api.post("/api/v1/invite", invite.clone()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    let invitation = crate::services::invite::Invitation::from_code(&code).unwrap();
    assert_eq!(invitation.addresses, ["/ip4/127.0.0.1/tcp/7611"]);
    let mut wrong = invite;
    wrong["passphrase"] = json!("not the passphrase");
    assert_eq!(
        api.post("/api/v1/invite", wrong).await.status,
        StatusCode::FORBIDDEN
    );

    let appoint = |login: &str, role: &str, seat: Option<&str>| {
        json!({
            "passphrase": AUTHORITY, "login": login, "name": login, "roles": [role], "seat": seat,
            "person_passphrase": CLERK,
        })
    };
    let answer = api
        .post("/api/v1/appoint", appoint("zhao", "deputy", Some("city")))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(
        api.post("/api/v1/appoint", appoint("zhao", "deputy", Some("city")))
            .await
            .status,
        StatusCode::CONFLICT
    );
    let answer = api
        .post("/api/v1/appoint", appoint("org", "organiser", None))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let answer = api.post("/api/v1/appoint", appoint("x", "king", None)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);

    let authority = api
        .node
        .unlock_authority(&SecretString::from(AUTHORITY.to_owned()))
        .unwrap();
    let space = api
        .node
        .open_joint_space(&authority, &[invitation.org], Level::City, 2026)
        .unwrap();
    let call = json!({
        "login": "org", "passphrase": CLERK, "space": space.id(),
        "fields": {
            "topic": "老街消防联合检查", "from": "2026-05-08T09:00:00+08:00", "to": "2026-05-08T11:00:00+08:00",
        },
    });
    let answer = api.post("/api/v1/activities", call).await;
    assert_eq!(
        answer.status,
        StatusCode::CREATED,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let record = answer.json()["record"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/activities/{record}");
    let by = |login: &str| json!({"login": login, "passphrase": CLERK});
    let sign_in = format!("{path}/sign-in");
    assert_eq!(api.post(&sign_in, by("zhao")).await.status, StatusCode::CREATED);
    assert_eq!(
        api.post(&sign_in, by("zhao")).await.status,
        StatusCode::CONFLICT,
        "once"
    );
    assert_eq!(
        api.post(&sign_in, by("org")).await.status,
        StatusCode::FORBIDDEN,
        "deputies alone"
    );
    let mut line = by("zhao");
    line["text"] = json!("三号楼灭火器过期");
    assert_eq!(
        api.post(&format!("{path}/lines"), line).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        api.post(&format!("{path}/seal"), by("org")).await.status,
        StatusCode::CREATED
    );
    let activity = api.get(&path).await.json();
    assert_eq!(activity["signed_in"][0]["deputy"], "zhao");
    assert_eq!(activity["lines"][0]["text"], "三号楼灭火器过期");
    assert_eq!(activity["seals"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&activity["required"], &activity["sealed"]),
        (&json!(["city"]), &json!(true)),
        "{activity}"
    );
    assert_eq!(activity["orgs"].as_array().unwrap().len(), 2);
}
