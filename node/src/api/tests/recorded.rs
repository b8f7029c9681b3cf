//! What people without a key did on paper, as programs record it.

use super::*;

const PDF: &[u8] = b"%PDF-1.7\nsigned";

/// A person of this node, who may be known by name.
fn appoint(api: &Api, login: &str, name: &str, roles: &[Role], seat: Option<Level>) {
    let person = PersonDraft {
        login: login.into(),
        name: name.into(),
        roles: roles.to_vec(),
        seat,
        ..PersonDraft::default()
    };
    let secret = |text: &str| SecretString::from(text.to_owned());
    api.node
        .appoint_person(&secret(AUTHORITY), person, &secret(CLERK))
        .unwrap();
}

/// Sends a scan as `login`.
async fn paper(api: &Api, login: &str, path: &str, query: &[(&str, &str)], scan: &[u8]) -> Answer {
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| {
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            format!("{name}={value}")
        })
        .collect();
    let request = api
        .request("POST", &format!("{path}?{}", query.join("&")))
        .header("x-lianzhan-login", login)
        .header(
            "x-lianzhan-passphrase",
            percent_encoding::utf8_percent_encode(CLERK, percent_encoding::NON_ALPHANUMERIC).to_string(),
        );
    let answer = api.send(request, scan.to_vec()).await;
    api.node.catch_up(|_| {}).unwrap();
    answer
}

#[tokio::test]
async fn a_confirmation_on_paper_is_recorded_with_its_scan_and_never_counts_as_by_key() {
    let api = Api::new();
    appoint(&api, "mei", "梅知远", &[Role::OpinionLiaison], None);
    let record = api.register().await;
    let path = format!("/api/v1/records/{record}/confirm-for");
    let day = ("happened", "2024-04-17");
    let he = [("name", "何见山"), ("office", "镇人大主席"), day];
    for (query, scan, status, kind) in [
        (vec![("name", "何见山"), day], PDF, 422, "field"),
        (vec![("name", " "), day], PDF, 422, "field"),
        (
            vec![("name", "何见山 13900000016"), he[1], day],
            PDF,
            422,
            "field",
        ),
        (vec![he[0], he[1], ("happened", "昨天")], PDF, 422, "field"),
        (vec![he[0], he[1], ("happened", "2999-01-01")], PDF, 422, "field"),
        // The liaison who registered it, by name: they have a key.
        (vec![("name", "林晓"), day], PDF, 409, "state"),
    ] {
        let answer = paper(&api, "lin", &path, &query, scan).await;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status.as_u16(), status, "{query:?}: {said}");
        assert!(said.contains(kind), "{query:?}: {said}");
    }
    let empty = paper(&api, "lin", &path, &he, b"").await;
    assert!(empty.status.is_client_error());
    let done = paper(&api, "lin", &path, &he, PDF).await;
    assert_eq!(
        done.status,
        StatusCode::CREATED,
        "{}",
        String::from_utf8_lossy(&done.body)
    );
    let again = paper(&api, "lin", &path, &he, PDF).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "once");
    // Somebody whom the directory knows: the id and the office are found.
    let known = paper(&api, "lin", &path, &[("name", "梅知远"), day], PDF).await;
    assert_eq!(known.status, StatusCode::CREATED);

    let sheet_path = format!("/api/v1/records/{record}/sheet");
    let sheet = api.get(&sheet_path).await.json();
    assert_eq!(sheet["confirmed"], "recorded");
    let (he, mei) = (&sheet["events"][1]["recorded"], &sheet["events"][2]["recorded"]);
    assert_eq!((&he["name"], &he["proof"]), (&json!("何见山"), &json!("paper")));
    assert_eq!((&he["person"], mei["person"].is_string()), (&Value::Null, true));
    assert!(
        mei["office"]
            .as_str()
            .unwrap()
            .contains(Role::OpinionLiaison.zh())
    );
    assert_eq!(sheet["events"][1]["by"], "林晓", "recorded by");

    // The scan is the record's, though no field names it, and nobody takes it out.
    let attachments = format!("/api/v1/records/{record}/attachments");
    let listed = api.get(&attachments).await.json();
    let field = format!("e:{}", sheet["events"][1]["id"].as_str().unwrap());
    assert_eq!(listed[0]["field"], field);
    let scan = format!("{attachments}/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(api.get(&scan).await.body, PDF);
    let small = api.get(&format!("{scan}/small")).await;
    assert_eq!(small.status, StatusCode::NOT_FOUND);
    let small = small.json();
    assert!(
        small["detail"].as_str().unwrap().contains("no small picture"),
        "{small}"
    );
    assert!(
        small["detail_zh"].as_str().unwrap().contains("没有小图"),
        "{small}"
    );
    let by = json!({ "login": "lin", "passphrase": CLERK });
    let detach = api.post(&format!("{scan}/detach"), by).await;
    assert_eq!(detach.status, StatusCode::NOT_FOUND);
    let check = api.node.check(|_| {}).unwrap();
    assert!(check.faults.is_empty(), "{:?}", check.faults);

    for (standing, total) in [("recorded", 1), ("yes", 0), ("no", 0)] {
        let path = format!("/api/v1/ledgers/letters_visits/records?confirmed={standing}");
        assert_eq!(api.get(&path).await.json()["total"], total, "{standing}");
    }
    // By key it is more, and paper is not asked.
    let confirm = format!("/api/v1/records/{record}/confirm");
    api.state(&confirm, json!({ "login": "mei", "passphrase": CLERK }))
        .await;
    assert_eq!(api.get(&sheet_path).await.json()["confirmed"], "yes");
}

#[tokio::test]
async fn a_sign_in_on_paper_is_recorded_by_an_officer_and_shown_apart() {
    let api = Api::new();
    appoint(&api, "zhao", "赵河", &[Role::Deputy], Some(Level::City));
    appoint(&api, "org", "组织者", &[Role::Organiser], None);
    let below = child(&api, Level::County, "澄川县", "990121");
    let authority = api
        .node
        .unlock_authority(&SecretString::from(AUTHORITY.to_owned()))
        .unwrap();
    let space = api
        .node
        .open_joint_space(&authority, &[below.org().unwrap().id], Level::City, 2026)
        .unwrap();
    let call = json!({
        "login": "org", "passphrase": CLERK, "space": space.id(),
        "fields": {
            "topic": "老街消防联合检查", "from": "2026-05-08T09:00:00+08:00", "to": "2026-05-08T11:00:00+08:00",
        },
    });
    let record = api.post("/api/v1/activities", call).await.json()["record"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/activities/{record}/sign-in-for");
    let day = ("happened", "2024-05-08");
    let unknown = [("name", "罗定一"), ("office", "县人大代表"), day];
    let no_level = paper(&api, "org", &path, &unknown, PDF).await;
    assert_eq!(no_level.status.as_u16(), 422);
    let by_deputy = paper(
        &api,
        "zhao",
        &path,
        &[unknown[0], unknown[1], day, ("level", "county")],
        PDF,
    )
    .await;
    assert_eq!(by_deputy.status, StatusCode::FORBIDDEN);
    for query in [
        vec![unknown[0], unknown[1], day, ("level", "county")],
        // The seat of a deputy who is known.
        vec![("name", "赵河"), day],
    ] {
        let done = paper(&api, "org", &path, &query, PDF).await;
        assert_eq!(
            done.status,
            StatusCode::CREATED,
            "{}",
            String::from_utf8_lossy(&done.body)
        );
    }
    let activity = api.get(&format!("/api/v1/activities/{record}")).await.json();
    assert_eq!(activity["signed_in"][0]["proof"], "paper");
    assert_eq!(activity["signed_in"][0]["recorded"]["by"], "组织者");
    assert_eq!(activity["signed_in"][1]["level"], "city");
    assert_eq!(activity["required"], json!(["city", "county"]));
    // Their own key is never refused for it.
    let by = json!({ "login": "zhao", "passphrase": CLERK });
    let own = api
        .post(&format!("/api/v1/activities/{record}/sign-in"), by)
        .await;
    assert_eq!(own.status, StatusCode::CREATED);
}
