//! A spreadsheet through the pages: sent, read, shown, and written once somebody says so.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{StatusCode, header};

use super::{Answer, Browser, HOST, PHONE, Station};

const PATH: &str = "/ledgers/letters_visits/import";
const BOOK: &str = "来访时间,渠道,人数,性质,反映内容,姓名,联系电话\n\
                    2026/4/16,来访,2,问题,路灯不亮,许知微,13900000016\n\
                    2026/4/17,来电,很多,问题,井盖松动,,\n";

async fn send(browser: &mut Browser, station: &Station, csrf: &str, name: &str, file: &[u8]) -> Answer {
    let mut body =
        format!("--cut\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n").into_bytes();
    body.extend_from_slice(
        format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n")
            .as_bytes(),
    );
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--cut--\r\n");
    let request = browser
        .request("POST", PATH)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .header(header::ORIGIN, format!("http://{HOST}"))
        .body(Body::from(body))
        .unwrap();
    let answer = station.send(request).await;
    browser.keep(&answer);
    answer
}

/// The page once nothing is under way any more.
async fn done(browser: &mut Browser, station: &Station) -> Answer {
    let began = Instant::now();
    loop {
        let page = browser.get(station, PATH).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        if !page.headers.contains_key("refresh") {
            return page;
        }
        assert!(page.body.contains("<progress"), "{}", page.body);
        assert!(began.elapsed() < Duration::from_secs(30), "{}", page.body);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_shown_before_it_is_written_and_adds_nothing_the_second_time() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let list = browser.get(&station, "/ledgers/letters_visits").await;
    assert!(list.body.contains(&format!("href=\"{PATH}\"")), "{}", list.body);
    let form = browser.get(&station, PATH).await;
    let csrf = form.hidden("csrf");
    let empty = send(&mut browser, &station, &csrf, "a.csv", b"").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let foreign = send(&mut browser, &station, "0", "a.csv", BOOK.as_bytes()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for (title, written) in [
        ("可写入 1 行，1 处要改", "已写入 1 行，1 处要改"),
        ("没有要写入的行，1 处要改", ""),
    ] {
        let sent = send(&mut browser, &station, &csrf, "a.csv", BOOK.as_bytes()).await;
        assert_eq!(sent.header(header::LOCATION), PATH, "{}", sent.body);
        let shown = done(&mut browser, &station).await;
        for words in [title, "C3", "请填写数字", "路灯不亮"] {
            assert!(shown.body.contains(words), "{words}: {}", shown.body);
        }
        assert!(!shown.body.contains(PHONE), "{}", shown.body);
        let before = browser.get(&station, "/ledgers/letters_visits").await;
        assert_eq!(
            before.body.contains("路灯不亮"),
            written.is_empty(),
            "reading writes nothing"
        );
        if !written.is_empty() {
            let fields = [("csrf", csrf.as_str())];
            let answer = browser.post(&station, &format!("{PATH}/write"), &fields).await;
            assert_eq!(answer.header(header::LOCATION), PATH);
            let shown = done(&mut browser, &station).await;
            assert!(shown.body.contains(written), "{}", shown.body);
            station.node.settle_views().unwrap();
            let list = browser.get(&station, "/ledgers/letters_visits").await;
            assert!(list.body.contains("路灯不亮"), "{}", list.body);
        }
        browser
            .post(&station, &format!("{PATH}/drop"), &[("csrf", csrf.as_str())])
            .await;
        assert!(browser.get(&station, PATH).await.body.contains("type=\"file\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_and_who_may_not_write_imports_nothing() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let csrf = browser.get(&station, PATH).await.hidden("csrf");
    send(&mut browser, &station, &csrf, "a.doc", b"x").await;
    let shown = done(&mut browser, &station).await;
    assert!(shown.body.contains("请另存为 .xlsx 或 .csv"), "{}", shown.body);
    let mut other = Browser::signed_in(&station, "audit").await;
    assert_eq!(
        other.get(&station, PATH).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        other.get(&station, "/ledgers/subject/import").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_is_laid_out_on_sheets_with_codes_and_page_numbers() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let long = "路灯坏了。".repeat(200);
    for n in 0..10 {
        let gist = if n == 3 {
            long.clone()
        } else {
            format!("第 {n} 件，水渠护栏断了")
        };
        browser.register(&station, &[("gist", gist.as_str())]).await;
    }
    let book = browser
        .get(&station, "/ledgers/letters_visits/book?year=2026")
        .await;
    assert_eq!(book.status, StatusCode::OK, "{}", book.body);
    let sheets = book.body.matches("<section class=\"sheet\"").count();
    assert!(sheets >= 2, "{sheets}");
    for words in [
        format!("第 1 页，共 {sheets} 页"),
        format!("第 {sheets} 页，共 {sheets} 页"),
        "盖章处".into(),
        "检查点到第".into(),
    ] {
        assert!(book.body.contains(&words), "{words}: {}", book.body);
    }
    assert_eq!(book.body.matches("<td class=\"code\">").count(), 10);
    assert!(
        !book.body.contains(&long) && book.body.contains('…'),
        "a long text is cut"
    );
    assert!(!book.body.contains('⟦'), "{}", book.body);
    let whole = browser.get(&station, "/book?year=2026").await;
    for words in [
        "class=\"sheet cover\"",
        "class=\"sheet contents\"",
        "目录",
        "来信来访登记簿",
        "第 3 页",
    ] {
        assert!(whole.body.contains(words), "{words}");
    }
    let none = browser.get(&station, "/book?year=2001").await;
    assert!(none.body.contains("这一年没有登记"), "{}", none.body);
}
