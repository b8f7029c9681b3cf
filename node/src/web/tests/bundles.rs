//! Bundles of more than one record, as the pages offer them.

use axum::http::{StatusCode, header};

use super::{Answer, Browser, Station};

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_of_a_station_is_one_bundle() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let first = lin.register(&station, &[]).await.1.unwrap();
    lin.register(
        &station,
        &[("gist", "水渠堵了"), ("received_at", "2026-02-03T10:00")],
    )
    .await;
    let page = lin.get(&station, "/visits").await;
    let own = station.node.org_id().to_string();
    assert!(page.body.contains("action=\"/visits/bundle\"") && page.body.contains(&own));
    let path = format!("/visits/bundle?station={own}&quarter=2026Q1");
    let bundle = lin.get(&station, &path).await;
    assert_eq!(bundle.status, StatusCode::OK, "{}", bundle.body);
    assert_eq!(bundle.header(header::CONTENT_TYPE), "application/x-tar");
    assert!(bundle.header(header::CONTENT_DISPOSITION).contains("2026Q1.tar"));
    let one = lin.get(&station, &format!("{first}/bundle")).await;
    let entries = |answer: &Answer| answer.body.matches("entries/").count();
    assert!(entries(&bundle) > entries(&one), "both visits");

    for (query, told) in [
        (format!("station={own}&quarter=2019Q1"), "这里没有符合的记录"),
        (format!("station={own}&quarter=spring"), "不是季度"),
        ("station=00&quarter=2026Q1".to_owned(), "00"),
    ] {
        let refused = lin.get(&station, &format!("/visits/bundle?{query}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(
            refused.body.contains("id=\"bundle-error\"") && refused.body.contains(told),
            "{query}"
        );
    }
    let mut stranger = Browser::default();
    assert_eq!(stranger.get(&station, &path).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deputys_year_and_a_record_with_what_it_cites_are_bundles() {
    let station = Station::new();
    let mut lin = Browser::signed_in(&station, "lin").await;
    let record = lin.register(&station, &[]).await.1.unwrap();
    for (query, name) in [("", "lianzhan-0"), ("?cited=true", "lianzhan-case-0")] {
        let bundle = lin.get(&station, &format!("{record}/bundle{query}")).await;
        assert_eq!(
            bundle.header(header::CONTENT_TYPE),
            "application/x-tar",
            "{query}"
        );
        assert!(
            bundle.header(header::CONTENT_DISPOSITION).contains(name),
            "{query}"
        );
    }
    let year = jiff::Zoned::now().year();
    let bundle = lin
        .get(&station, &format!("/deputies/bundle?deputy=lin&year={year}"))
        .await;
    assert_eq!(bundle.status, StatusCode::OK, "{}", bundle.body);
    assert!(
        bundle
            .header(header::CONTENT_DISPOSITION)
            .contains(&format!("lianzhan-deputy-lin-{year}.tar"))
    );
    for query in [
        "deputy=lin&year=2001",
        "deputy=nobody&year=2026",
        "deputy=lin&year=x",
    ] {
        let refused = lin.get(&station, &format!("/deputies/bundle?{query}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
}
