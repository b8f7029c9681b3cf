//! Attachments from the form to the page, and what is served.

use std::io::Cursor;

use axum::body::Body;
use axum::http::{StatusCode, header};
use image::{DynamicImage, ImageFormat, RgbImage};

use super::{Answer, Browser, HOST, Station};

pub(super) fn picture() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_pixel(40, 30, image::Rgb([30, 120, 60])))
        .write_to(&mut out, ImageFormat::Jpeg)
        .unwrap();
    out.into_inner()
}

/// Sends a form as browsers send one with files.
pub(super) async fn send(
    browser: &mut Browser,
    station: &Station,
    path: &str,
    fields: &[(&str, &str)],
    files: &[&[u8]],
) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    for file in files {
        let head = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../许知微 身份证.html\"\r\n\
                    Content-Type: text/html\r\n\r\n";
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--cut--\r\n");
    let request = browser
        .request("POST", path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .header(header::ORIGIN, format!("http://{HOST}"))
        .body(Body::from(body))
        .unwrap();
    let answer = station.send(request).await;
    browser.keep(&answer);
    station.node.catch_up(|_| {}).unwrap();
    answer
}

fn addresses(page: &Answer) -> Vec<String> {
    let links = page.body.split("class=\"pic\" href=\"").skip(1);
    links
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_are_chosen_on_a_record_and_served_where_they_can_do_nothing() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let (_, record) = browser.register(&station, &[]).await;
    let record = record.unwrap();
    let page = browser.get(&station, &record).await;
    assert!(page.body.contains("还没有附件。"));
    let (csrf, to) = (page.hidden("csrf"), format!("{record}/attachments"));
    let fields = [("csrf", csrf.as_str()), ("back", &record)];
    let pdf = [b"%PDF-1.7\n", &[7; 5000][..]].concat();
    let sent = send(&mut browser, &station, &to, &fields, &[&picture(), &pdf]).await;
    assert_eq!(
        (sent.status, sent.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, record.as_str())
    );
    let page = browser.get(&station, &record).await;
    assert!(
        page.body.contains("已附上 2 个附件。") && page.body.contains("PDF 文件"),
        "{}",
        page.body
    );
    assert!(
        !page.body.contains("身份证"),
        "names that people give files are kept nowhere"
    );
    let links = addresses(&page);
    assert_eq!(links.len(), 2);
    for link in &links {
        let file = browser.get(&station, link).await;
        let policy = file.header(header::CONTENT_SECURITY_POLICY).to_owned();
        assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
        assert_eq!(file.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        let (kind, way) = (
            file.header(header::CONTENT_TYPE),
            file.header(header::CONTENT_DISPOSITION),
        );
        assert!(
            (kind == "image/jpeg" && way.starts_with("inline; "))
                || (kind == "application/pdf" && way.starts_with("attachment; ")),
            "{kind} {way}"
        );
        let part = browser
            .request("GET", link)
            .header(header::RANGE, "bytes=0-3")
            .body(Body::empty())
            .unwrap();
        let part = station.send(part).await;
        assert_eq!(
            (part.status, part.header(header::CONTENT_LENGTH)),
            (StatusCode::PARTIAL_CONTENT, "4")
        );
        let beyond = browser
            .request("GET", link)
            .header(header::RANGE, "bytes=9999999-")
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            station.send(beyond).await.status,
            StatusCode::RANGE_NOT_SATISFIABLE
        );
        let small = browser.get(&station, &format!("{link}/small")).await;
        assert_eq!(small.status == StatusCode::OK, kind == "image/jpeg");
        let stranger = Browser::default().get(&station, link).await;
        assert_eq!(stranger.status, StatusCode::SEE_OTHER, "to the entrance");
    }
    let out = browser
        .post(&station, &format!("{}/detach", links[0]), &fields)
        .await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    station.node.catch_up(|_| {}).unwrap();
    assert_eq!(addresses(&browser.get(&station, &record).await).len(), 1);
    assert_eq!(
        browser.get(&station, &links[0]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_chosen_with_a_visit_goes_into_the_personal_part() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let home = browser.get(&station, "/").await;
    let (csrf, once) = (home.hidden("csrf"), home.hidden("once"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("once", once.as_str()),
        ("gist", "北坡组的路灯坏了"),
        ("channel", "letter"),
        ("nature", "problem"),
        ("persons", "1"),
        ("receiver", "罗定一"),
        ("received_at", "2026-01-16T09:52"),
        ("part", "personal"),
    ];
    let sent = send(&mut browser, &station, "/visits", &fields, &[&picture()]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let list = browser.get(&station, "/visits").await;
    let id = &list.body.split("href=\"/records/").nth(1).unwrap()[..32];
    let record = format!("/records/{id}");
    let page = browser.get(&station, &record).await;
    let links = addresses(&page);
    assert_eq!(links.len(), 1, "{}", page.body);
    let hash = links[0].rsplit('/').next().unwrap();
    let stored = station.node.dir().join("attachments").join(&hash[..2]).join(hash);
    assert!(!std::fs::read(stored).unwrap().starts_with(b"\xff\xd8"), "sealed");
    let file = browser.get(&station, &links[0]).await;
    assert_eq!(
        (file.status, file.header(header::CONTENT_TYPE)),
        (StatusCode::OK, "image/jpeg")
    );
    assert_eq!(
        browser.get(&station, &format!("{}/small", links[0])).await.status,
        StatusCode::OK
    );
    // And one more on its page, where the personal part is chosen first.
    assert!(page.body.contains("value=\"personal\" checked"));
    let fields = [
        ("csrf", page.hidden("csrf")),
        ("back", record.clone()),
        ("part", "personal".into()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let more = [&picture()[..], b"\xff\xd8\xff"].concat();
    let to = format!("{record}/attachments");
    send(
        &mut browser,
        &station,
        &to,
        &fields,
        &[b"%PDF-1.7\nanother letter of some length"],
    )
    .await;
    assert_eq!(addresses(&browser.get(&station, &record).await).len(), 2);
    // What follows the end of a picture is no part of it: the same picture is named once.
    let shared = [fields[0], fields[1]];
    for _ in 0..2 {
        send(&mut browser, &station, &to, &shared, &[&more]).await;
    }
    assert_eq!(addresses(&browser.get(&station, &record).await).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_the_token_of_its_form_is_not_taken_in() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let (_, record) = browser.register(&station, &[]).await;
    let record = record.unwrap();
    let to = format!("{record}/attachments");
    for fields in [&[][..], &[("csrf", "guessed"), ("back", record.as_str())]] {
        let sent = send(&mut browser, &station, &to, fields, &[&picture()]).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(
        station
            .node
            .store()
            .read(|reader| reader.attachment_figures())
            .unwrap(),
        (0, 0)
    );
    let page = browser.get(&station, &record).await;
    let csrf = page.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("back", record.as_str())];
    for (file, said) in [
        (&b"<html><script>alert(1)</script>"[..], "不收这类文件"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\xff\xd8\xff\xe0 no picture", "已损坏"),
    ] {
        let sent = send(&mut browser, &station, &to, &fields, &[file]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        let page = browser.get(&station, &record).await;
        assert!(page.body.contains(said), "{said}");
        assert!(addresses(&page).is_empty());
    }
}
