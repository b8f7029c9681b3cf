use super::*;

#[tokio::test]
async fn importing_twice_adds_nothing_and_broken_rows_are_named() {
    let api = Api::new();
    let dry = api.import("visits-shiqiao.xlsx", true).await.json();
    assert_eq!((&dry["imported"], &dry["dry_run"]), (&json!(124), &json!(true)));
    let first = api.import("visits-shiqiao.xlsx", false).await.json();
    assert_eq!(
        (&first["imported"], &first["known"]),
        (&json!(124), &json!(0)),
        "{first}"
    );
    let again = api.import("visits-shiqiao.xlsx", false).await.json();
    assert_eq!((&again["imported"], &again["known"]), (&json!(0), &json!(124)));
    let broken = api.import("broken-visits.xlsx", false).await.json();
    let rows: Vec<_> = broken["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["row"].clone())
        .collect();
    assert_eq!(rows, [5, 7, 9, 11, 13]);
    assert!(
        broken["errors"][0]["zh"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    let check = api.post("/api/v1/check", json!({})).await.json();
    assert_eq!(
        (&check["faults"], &check["documents"]),
        (&json!([]), &json!(130)),
        "{check}"
    );
    let reindexed = api.post("/api/v1/reindex", json!({})).await.json();
    assert!(
        reindexed["records"].as_u64().is_some_and(|count| count >= 130),
        "{reindexed}"
    );
}

#[tokio::test]
async fn no_book_of_personal_parts_is_imported() {
    let api = Api::new();
    let request = api
        .request("POST", "/api/v1/import?ledger=subject&file=a.csv")
        .header("x-lianzhan-login", "lin")
        .header(
            "x-lianzhan-passphrase",
            CLERK.bytes().map(|b| format!("%{b:02X}")).collect::<String>(),
        );
    let answer = api.send(request, "姓名\n赵某某\n").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

impl Api {
    async fn import_as(&self, ledger: &str, file: &str, bytes: Vec<u8>) -> Value {
        let request = self
            .request("POST", &format!("/api/v1/import?ledger={ledger}&file={file}"))
            .header("x-lianzhan-login", "shan")
            .header(
                "x-lianzhan-passphrase",
                CLERK.bytes().map(|b| format!("%{b:02X}")).collect::<String>(),
            );
        self.send(request, bytes).await.json()
    }
}

/// A ledger that no code of its own knows, whose records cannot do without a deputy.
#[tokio::test]
async fn a_book_names_deputies_as_the_roster_does() {
    let api = Api::new();
    let liaison = PersonDraft {
        login: "shan".into(),
        name: "单青".into(),
        roles: vec![Role::StationLiaison],
        ..PersonDraft::default()
    };
    let [authority, own] = [AUTHORITY, CLERK].map(|text| SecretString::from(text.to_owned()));
    api.node.appoint_person(&authority, liaison, &own).unwrap();
    let roster =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/samples/deputies-shiqiao.xlsx");
    let roster = api
        .import_as("deputy_roster", "deputies.xlsx", std::fs::read(roster).unwrap())
        .await;
    assert_eq!(roster["errors"], json!([]));
    let book = "代表,走访日期,户编号,帮扶持续\n\
                华银杏,2026-03-02,k7f2,是\n\
                无此人,2026-03-03,k7f3,是\n\
                钱永旺,2026-03-04,k7f4,否\n";
    let visits = api.import_as("assistance_visit", "visits.csv", book.into()).await;
    assert_eq!(
        (&visits["imported"], &visits["errors"][0]["row"]),
        (&json!(2), &json!(3)),
        "{visits}"
    );
    assert!(
        visits["errors"][0]["zh"]
            .as_str()
            .is_some_and(|words| words.contains("本机没有叫“无此人”的记录")),
        "{visits}"
    );
    // Views may lag behind what is durable.
    api.node.settle_views().unwrap();
    let table = api.get("/api/v1/views/assistance_visit").await.json();
    let column = |name: &str| {
        let names = table["columns"].as_array().unwrap();
        names.iter().position(|column| column == name).unwrap()
    };
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0][column("date")], "2026-03-02");
    assert_eq!(rows[0][column("deputy")].as_str().map(str::len), Some(32));
}

#[tokio::test]
async fn a_division_has_its_name_of_the_day_and_what_came_after_it() {
    let api = Api::new();
    assert_eq!(api.get("/api/v1/divisions/990121").await.json(), Value::Null);
    let table = "code,name,parent,valid_from,valid_to,successors\n\
                 99,试省,,,,\n\
                 9901,澜州市,99,,,\n\
                 990121,澄川县,9901,,2025-06-30,990104\n\
                 990104,澄川区,9901,2025-07-01,,\n";
    let given = crate::services::divisions::give(api.node.dir(), "codes.csv", table.as_bytes()).unwrap();
    assert_eq!((given.codes, given.remarks.len()), (4, 0));
    let answer = api
        .get("/api/v1/divisions/990121000000?on=2024-05-01&by=2026-01-01")
        .await
        .json();
    assert_eq!(
        answer,
        json!({
            "code": "990121", "name": "澄川县", "full_name": "试省澜州市澄川县",
            "becomes": [["990104", "试省澜州市澄川区"]],
        })
    );
}
