use super::*;

impl Api {
    async fn patch(&self, path: &str, body: Value) -> Answer {
        let request = self
            .request("PATCH", path)
            .header("content-type", "application/json");
        self.send(request, body.to_string()).await
    }
}

fn entry(fields: Value, annexes: Value) -> Value {
    json!({ "login": "lin", "passphrase": CLERK, "fields": fields, "annexes": annexes })
}

fn fields() -> Value {
    json!({
        "received_at": "2026-04-16T09:30", "channel": "visit", "persons": 2, "nature": "problem",
        "gist": "老街路灯坏了两盏，晚上看不清台阶。",
    })
}

#[tokio::test]
async fn every_ledger_tells_its_definition_with_a_schema() {
    let api = Api::new();
    let all = api.get("/api/v1/ledgers").await.json();
    let ids: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|ledger| ledger["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.contains(&"letters_visits") && !ids.contains(&"subject"),
        "{ids:?}"
    );
    for id in ids {
        let told = api.get(&format!("/api/v1/ledgers/{id}")).await.json();
        assert_eq!(
            told["schema"]["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert!(told["definition"].as_str().unwrap().len() == 64, "{id}");
    }
    let path = "/api/v1/ledgers/nonsense";
    let answer = api.get(path).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    answer.problem(path);
}

#[tokio::test]
async fn a_record_is_entered_found_and_changed_with_only_what_differs() {
    let api = Api::new();
    let path = "/api/v1/ledgers/letters_visits/records";
    let written = api
        .state(path, entry(fields(), json!({ "subject": { "name": "赵某某" } })))
        .await;
    let record = written["record"].as_str().unwrap();
    api.node.catch_up(|_| {}).unwrap();
    for (asked, count) in [
        ("", 1),
        ("?f.channel=visit", 1),
        ("?f.channel=letter", 0),
        ("?f.persons=2&since=2026-04-16&until=2026-04-16", 1),
        ("?f.persons.from=3", 0),
        ("?f.triage=-&missing=1", 1),
        ("?until=2026-04-15", 0),
        ("?q=%E8%B7%AF%E7%81%AF&sort=-persons", 1),
    ] {
        let found = api.get(&format!("{path}{asked}")).await.json();
        assert_eq!(found["total"], count, "{asked}: {found}");
        assert_eq!(found["records"].as_array().unwrap().len(), count, "{asked}");
    }
    let sheet = api.get(&format!("/api/v1/records/{record}/sheet")).await.json();
    assert_eq!(sheet["annexes"], json!(["subject"]));
    assert!(
        !sheet.to_string().contains("赵某某"),
        "what stands in annexes is in no answer"
    );
    let lacks: Vec<&str> = sheet["lacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert!(
        lacks.contains(&"triage") && lacks.contains(&"receiver"),
        "{lacks:?}"
    );
    let path = format!("/api/v1/records/{record}");
    let change = entry(json!({ "triage": "answered_now", "persons": 2 }), json!({}));
    let answer = api.patch(&path, change.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    assert!(answer.json()["change"].is_string());
    let shown = api.get(&path).await.json();
    let puts = shown["changes"].as_array().unwrap().len();
    assert_eq!(puts, 2);
    assert_eq!(
        api.patch(&path, change).await.json()["change"],
        Value::Null,
        "nothing differs"
    );
    assert_eq!(shown["state"]["fields"]["triage"]["value"], "answered_now");
    let foreign = entry(json!({}), json!({ "nonsense": { "name": "赵某某" } }));
    let refused = api.patch(&path, foreign).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let words = refused.problem(&path)["detail"].to_string();
    assert!(
        words.contains("no personal part") && words.contains("nonsense"),
        "{words}"
    );
}

#[tokio::test]
async fn two_who_saw_the_same_and_changed_the_same_field_stand_side_by_side() {
    let api = Api::new();
    let authority = SecretString::from(AUTHORITY.to_owned());
    let person = PersonDraft {
        login: "mei".into(),
        name: "梅知远".into(),
        roles: vec![Role::OpinionLiaison],
        ..PersonDraft::default()
    };
    api.node
        .appoint_person(&authority, person, &SecretString::from(CLERK.to_owned()))
        .unwrap();
    let path = "/api/v1/ledgers/letters_visits/records";
    let written = api.state(path, entry(fields(), json!({}))).await;
    let record = written["record"].as_str().unwrap();
    let seen = api.get(&format!("/api/v1/records/{record}/sheet")).await.json()["seen"].clone();
    let path = format!("/api/v1/records/{record}");
    for (login, triage) in [("lin", "petition"), ("mei", "hotline")] {
        let change = with(
            &entry(json!({ "triage": triage }), json!({})),
            json!({ "login": login, "seen": seen }),
        );
        assert_eq!(api.patch(&path, change).await.status, StatusCode::OK);
    }
    let shown = api.get(&path).await.json();
    let candidates = shown["state"]["fields"]["triage"]["candidates"]
        .as_array()
        .unwrap();
    assert_eq!(candidates.len(), 2, "neither covers the other");
}

#[tokio::test]
async fn every_wrong_field_is_a_problem_of_its_own() {
    let api = Api::new();
    let path = "/api/v1/ledgers/letters_visits/records";
    let wrong = json!({ "channel": "pigeon", "persons": 0, "reg_no": "1", "nonsense": true });
    let problem = api.refused(path, entry(wrong, json!({})), 422, "fields").await;
    let named: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert_eq!(named.len(), 4, "{problem}");
    let personal = with(&fields(), json!({ "gist": "请打 139 0000 0016" }));
    let problem = api.refused(path, entry(personal, json!({})), 422, "fields").await;
    assert_eq!(problem["errors"][0]["field"], "gist");
    let lacking = api
        .refused(path, entry(json!({}), json!({})), 422, "fields")
        .await;
    assert_eq!(lacking["errors"].as_array().unwrap().len(), 5, "{lacking}");
    let foreign = entry(fields(), json!({ "deputy_private": { "mobile": "1" } }));
    let problem = api.refused(path, foreign, 422, "input").await;
    for (words, named) in [("detail", "letters_visits"), ("detail_zh", "没有附册")] {
        let words = problem[words].as_str().unwrap();
        assert!(
            words.contains("deputy_private") && words.contains(named),
            "{words}"
        );
    }
    let annex = "/api/v1/ledgers/subject/records";
    api.refused(annex, entry(json!({}), json!({})), 404, "not-here")
        .await;
}

#[tokio::test]
async fn what_is_looked_for_is_found_in_all_ledgers_the_nearest_first() {
    let api = Api::new();
    let enter = async |ledger: &str, fields: Value, annexes: Value| {
        let path = format!("/api/v1/ledgers/{ledger}/records");
        let written = api.state(&path, entry(fields, annexes)).await;
        written["record"].as_str().unwrap().to_owned()
    };
    let visit = |gist: &str, remark: &str| {
        let mut fields = fields();
        fields["gist"] = json!(gist);
        if !remark.is_empty() {
            fields["note"] = json!(remark);
        }
        fields
    };
    let subject = json!({ "subject": { "name": "赵路灯" } });
    let aside = enter(
        "letters_visits",
        visit("老街夜里看不清台阶。", "来人说是路灯坏了，路灯归镇里管"),
        subject,
    )
    .await;
    let titled = enter("wish", json!({ "gist": "村口路灯坏了" }), json!({})).await;
    enter("letters_visits", visit("护坡塌了。", ""), json!({})).await;
    api.node.catch_up(|_| {}).unwrap();

    let find = async |query: &str| api.get(&format!("/api/v1/search?{query}")).await.json();
    let ids = |found: &Value| -> Vec<String> {
        let records = found["records"].as_array().unwrap().iter();
        records
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = find("q=%E8%B7%AF%E7%81%AF").await;
    assert_eq!(ids(&found), [titled.clone(), aside.clone()], "{found}");
    assert_eq!(found["total"], 2);
    let place = &found["records"][1]["places"][0];
    assert_eq!(place["text"][1], "路灯", "{place}");
    assert_eq!(
        place["text"].as_array().unwrap().len(),
        5,
        "both places of it: {place}"
    );
    for (query, count) in [
        ("q=%E7%81%AF", 2),
        ("q=%E8%B7%AF%E7%81%AF%20%E6%9D%91%E5%8F%A3", 1),
        ("q=%E8%B7%AF%E7%81%AF&ledger=letters_visits", 1),
        ("q=%E8%B5%B5%E8%B7%AF%E7%81%AF", 0),
        ("q=%20%22", 0),
    ] {
        let found = find(query).await;
        assert_eq!(found["total"], count, "{query}: {found}");
        assert_eq!(ids(&found).len() as u64, found["total"], "{query}");
    }
    let beyond = find("q=%E8%B7%AF%E7%81%AF&offset=1&limit=1").await;
    assert_eq!((ids(&beyond), &beyond["total"]), (vec![aside], &json!(2)));
    let path = "/api/v1/search?q=a&ledger=nonsense";
    assert_eq!(api.get(path).await.status, StatusCode::NOT_FOUND);
}
