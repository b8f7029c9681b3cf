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
