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

/// A ledger that stands in joint spaces alone, through the API.
#[tokio::test]
async fn what_stands_in_joint_spaces_alone_is_written_and_imported_where_it_is_said() {
    let api = Api::new();
    let invite = json!({
        "passphrase": AUTHORITY, "name_zh": "澄川县", "name_en": "Chengchuan", "level": "county", "code": "990121",
    });
    assert_eq!(
        api.post("/api/v1/invite", invite).await.status,
        StatusCode::CREATED
    );
    let appoint = json!({
        "passphrase": AUTHORITY, "login": "shan", "name": "单青", "roles": ["deputies_office"],
        "person_passphrase": CLERK,
    });
    assert_eq!(
        api.post("/api/v1/appoint", appoint).await.status,
        StatusCode::CREATED
    );
    let record = |space: Value| {
        json!({
            "login": "shan", "passphrase": CLERK, "space": space,
            "fields": {
                "partners": ["audit"], "topic": "预算执行联动监督", "held_on": "2026-05-08",
                "no_case_interference": true,
            },
        })
    };
    let path = "/api/v1/ledgers/joint_supervision/records";
    let nowhere = api.post(path, record(Value::Null)).await;
    assert_eq!(nowhere.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = nowhere.problem(path);
    assert!(
        told["detail_zh"]
            .as_str()
            .is_some_and(|words| words.contains("只记在联动空间里")),
        "{told}"
    );
    let unknown = api.post(path, record(json!("990121"))).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);

    let open = |orgs: Value, travel: &str| json!({"passphrase": AUTHORITY, "orgs": orgs, "travel": travel, "year": 2026});
    let spaces = "/api/v1/joint-spaces";
    let alone = api.post(spaces, open(json!(["990100"]), "county")).await;
    assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY);
    let opened = api.post(spaces, open(json!(["990121"]), "county")).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.json());
    let again = api.post(spaces, open(json!(["990121"]), "county")).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let known = api.get(spaces).await.json();
    assert_eq!(known, json!([opened.json()]));
    assert_eq!(known[0]["orgs"].as_array().map(Vec::len), Some(2));

    assert_eq!(
        api.post(path, record(json!("990121"))).await.status,
        StatusCode::CREATED
    );
    let book = "联动机关,主题,时间,不干预个案声明\n审计局,征拆堵点,2026-06-01,是\n";
    let import = async |space: &str| {
        let request = api
            .request(
                "POST",
                &format!("/api/v1/import?ledger=joint_supervision&file=a.csv{space}"),
            )
            .header("x-lianzhan-login", "shan")
            .header(
                "x-lianzhan-passphrase",
                CLERK.bytes().map(|b| format!("%{b:02X}")).collect::<String>(),
            );
        api.send(request, book).await
    };
    assert_eq!(import("").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let id = known[0]["id"].as_str().unwrap();
    let first = import("&space=990100%2B990121%402026").await.json();
    assert_eq!(
        (&first["imported"], &first["errors"]),
        (&json!(1), &json!([])),
        "{first}"
    );
    let second = import(&format!("&space={id}")).await.json();
    assert_eq!((&second["imported"], &second["known"]), (&json!(0), &json!(1)));
    api.node.settle_views().unwrap();
    let list = api.get("/api/v1/ledgers/joint_supervision/records").await.json();
    assert_eq!(list["total"], 2, "{list}");
}
