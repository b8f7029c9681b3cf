//! Any ledger through its pages: registered, kept while it is typed, changed, found, named.

use axum::http::{StatusCode, header};
use lianzhan_protocol::record::ledger::ledgers;

use super::{Answer, Browser, PASSPHRASE, PHONE, Station};
use crate::services::ledger::is_annex;

async fn post(
    browser: &mut Browser,
    station: &Station,
    path: &str,
    page: &Answer,
    more: &[(&str, &str)],
) -> Answer {
    let (csrf, once) = (page.hidden("csrf"), page.hidden("once"));
    let (draft, seen) = (page.hidden("draft"), page.hidden("seen"));
    let mut fields = vec![
        ("csrf", csrf.as_str()),
        ("once", once.as_str()),
        ("draft", draft.as_str()),
        ("seen", seen.as_str()),
    ];
    fields.extend(more);
    let answer = browser.post(station, path, &fields).await;
    station.node.catch_up(|_| {}).unwrap();
    answer
}

const ISSUE: [(&str, &str); 2] = [("f:gist", "老码头下游护坡塌了一段"), ("f:nature", "problem")];

#[tokio::test(flavor = "multi_thread")]
async fn every_ledger_has_its_list_and_its_form_in_both_languages() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let mut forms = 0;
    for lang in ["zh", "en"] {
        browser
            .get(&station, &format!("/preferences?lang={lang}&back=/"))
            .await;
        let all = browser.get(&station, "/ledgers").await;
        assert_eq!(all.status, StatusCode::OK, "{}", all.body);
        assert!(!all.body.contains('⟦'), "{}", all.body);
        for ledger in ledgers().iter().filter(|ledger| !is_annex(&ledger.id)) {
            for path in ["", "?all=1", "?missing=1&sort=title"] {
                let path = format!("/ledgers/{}{path}", ledger.id);
                let list = browser.get(&station, &path).await;
                assert_eq!(list.status, StatusCode::OK, "{path}: {}", list.body);
                assert!(!list.body.contains('⟦'), "{path}: {}", list.body);
            }
            let path = format!("/ledgers/{}/new", ledger.id);
            let form = browser.get(&station, &path).await;
            if form.status == StatusCode::OK {
                assert!(!form.body.contains('⟦'), "{path}: {}", form.body);
                assert!(form.body.contains("data-keep"), "{path}");
                forms += 1;
            }
        }
    }
    assert!(
        forms >= 30,
        "a liaison officer writes most ledgers, in both languages: {forms}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_for_spreadsheets_ends_with_the_last_row() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let path = "/ledgers/letters_visits/new";
    for gist in ["护坡塌了一段", "路灯不亮", "=1+1", "井盖松动", "河道淤塞"] {
        let page = browser.get(&station, path).await;
        let typed = [
            ("f:gist", gist),
            ("f:channel", "visit"),
            ("f:nature", "problem"),
            ("f:persons", "1"),
            ("f:received_at", "2026-01-16T09:52"),
        ];
        let answer = post(&mut browser, &station, path, &page, &typed).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
    let list = browser.get(&station, "/ledgers/letters_visits").await;
    assert!(
        list.body.contains("action=\"/ledgers/letters_visits/table\""),
        "{}",
        list.body
    );
    let table = browser
        .get(&station, "/ledgers/letters_visits/table?form=csv")
        .await;
    assert_eq!(table.status, StatusCode::OK, "{}", table.body);
    assert_eq!(
        table.body.lines().count(),
        6,
        "a heading and five rows: {}",
        table.body
    );
    assert!(table.body.contains("'=1+1"), "no formula: {}", table.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_at_every_field_and_nothing_is_written() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let path = "/ledgers/letters_visits/new";
    let page = browser.get(&station, path).await;
    let gist = format!("护坡塌了，请打 {PHONE}");
    let typed = [
        ("f:gist", gist.as_str()),
        ("f:persons", "0"),
        ("f:received_at", "2026-01-16T09:52"),
        ("a:subject:name", "许知微"),
    ];
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    for words in [
        "有 4 处要改",
        "href=\"#f:persons\"",
        "href=\"#f:channel\"",
        "许知微",
    ] {
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    assert_eq!(
        answer.body.matches("autofocus").count(),
        1,
        "the first has the focus"
    );
    assert!(
        browser
            .get(&station, "/ledgers/letters_visits")
            .await
            .body
            .contains("还没有登记")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_entered_by_its_definition_has_its_number_and_its_annexes() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let path = "/ledgers/letters_visits/new";
    let page = browser.get(&station, path).await;
    assert!(
        page.body.contains("只留在石桥站"),
        "it says where the annex stays"
    );
    let typed = [
        ("f:gist", "水渠护栏断了三处"),
        ("f:channel", "visit"),
        ("f:nature", "problem"),
        ("f:persons", "2"),
        ("f:received_at", "2026-01-16T09:52"),
        ("a:subject:name", "许知微"),
        ("a:subject:phone", PHONE),
        ("a:subject_sensitive:hardship", "低保户"),
    ];
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let record = answer.header(header::LOCATION).to_owned();
    let page = browser.get(&station, &record).await;
    for words in ["990121103201-2026-03-01", "许知微", PHONE, "低保户", "登记"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    // The form of what is there holds it, and changes only what differs.
    let edit = format!("{record}/edit");
    let form = browser.get(&station, &edit).await;
    assert!(
        form.body.contains("许知微") && form.body.contains("2026-01-16T09:52"),
        "{}",
        form.body
    );
    let mut again: Vec<(&str, &str)> = typed.to_vec();
    again.retain(|(name, _)| !["f:persons", "a:subject:name", "a:subject:phone"].contains(name));
    again.extend([("f:persons", "3"), ("a:subject:name", "许知远")]);
    let answer = post(&mut browser, &station, &edit, &form, &again).await;
    assert_eq!(answer.header(header::LOCATION), record, "{}", answer.body);
    let page = browser.get(&station, &record).await;
    assert!(
        page.body.contains("改“人数”"),
        "one field was changed: {}",
        page.body
    );
    assert!(
        page.body.contains("许知远") && !page.body.contains(PHONE),
        "{}",
        page.body
    );
    let form = browser.get(&station, &edit).await;
    let answer = post(&mut browser, &station, &edit, &form, &again).await;
    assert_eq!(
        answer.status,
        StatusCode::SEE_OTHER,
        "nothing differs: {}",
        answer.body
    );
    assert!(browser.get(&station, &record).await.body.contains("没有改动"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_added_and_taken_out_without_script() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let path = "/ledgers/deputy_roster/new";
    let page = browser.get(&station, path).await;
    assert!(page.body.contains("f:seats/~0/level") && !page.body.contains("f:seats/~1/level"));
    let mut typed = vec![
        ("f:seats/~0/level", "township"),
        ("f:name", "罗定一"),
        ("do", "more:f:seats"),
    ];
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.body.contains("f:seats/~1/level") && answer.body.contains("罗定一"),
        "{}",
        answer.body
    );
    typed.pop();
    typed.push(("f:seats/~1/level", "county"));
    let mut less = typed.clone();
    less.push(("do", "less:f:seats/~0"));
    let answer = post(&mut browser, &station, path, &page, &less).await;
    assert!(!answer.body.contains("f:seats/~0/level") && answer.body.contains("f:seats/~1/level"));
    typed.extend([
        ("f:gender", "m"),
        ("f:occupation_class", "farmer"),
        ("f:is_office_holder", "false"),
        ("f:skills", "水利"),
        ("f:skills", "教育"),
        ("a:deputy_private:mobile", PHONE),
    ]);
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let record = answer.header(header::LOCATION).to_owned();
    let page = browser.get(&station, &record).await;
    for words in ["乡镇", "县（区）", "水利", "教育", PHONE, "待补"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(
        page.body.contains(&format!("{record}/edit#f:")),
        "what is missing leads into the form"
    );
    let list = browser
        .get(
            &station,
            "/ledgers/deputy_roster?f.occupation_class=farmer&missing=1",
        )
        .await;
    assert!(list.body.contains("罗定一"), "{}", list.body);
    let list = browser
        .get(&station, "/ledgers/deputy_roster?f.seats/level=city")
        .await;
    assert!(!list.body.contains("罗定一"), "{}", list.body);
    let list = browser
        .get(&station, "/ledgers/deputy_roster?f.seats/level=county")
        .await;
    assert!(list.body.contains("罗定一"), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_kept_for_one_person_until_it_is_sent() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let path = "/ledgers/letters_visits/new";
    let page = browser.get(&station, path).await;
    let typed = [
        ("f:gist", "北坡组的路灯坏了"),
        ("a:subject:name", "许知微"),
        ("do", "keep"),
    ];
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    let kept = answer.header(header::LOCATION).to_owned();
    assert!(
        kept.starts_with(&format!("{path}?draft=")),
        "{} {}",
        answer.status,
        answer.body
    );
    for path in ["/", "/ledgers", "/ledgers/letters_visits", path] {
        let page = browser.get(&station, path).await;
        assert!(
            page.body.contains("北坡组的路灯坏了") && page.body.contains(&kept),
            "{path}"
        );
    }
    let again = browser.get(&station, &kept).await;
    assert!(
        again.body.contains("许知微") && again.body.contains("草稿已存"),
        "{}",
        again.body
    );
    // Another person finds nothing, whatever they ask for; the database holds no word of it.
    let mut other = Browser::signed_in(&station, "luo").await;
    assert!(!other.get(&station, &kept).await.body.contains("许知微"));
    let bytes = std::fs::read(station.node.dir().join("lianzhan.db")).unwrap();
    let wal = std::fs::read(station.node.dir().join("lianzhan.db-wal")).unwrap_or_default();
    for secret in ["北坡组的路灯坏了", "许知微"] {
        let found = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found(&bytes) && !found(&wal), "{secret}");
    }
    // A new session of the same person opens it, and sending it ends it.
    let mut browser = Browser::default();
    browser.try_sign_in(&station, "lin", PASSPHRASE).await;
    let page = browser.get(&station, &kept).await;
    let typed = [
        ("f:gist", "北坡组的路灯坏了"),
        ("f:channel", "visit"),
        ("f:nature", "problem"),
        ("f:persons", "1"),
        ("f:received_at", "2026-01-16T09:52"),
    ];
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(
        !browser.get(&station, "/ledgers").await.body.contains(&kept),
        "it is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_followed_both_ways() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let path = "/ledgers/issue/new";
    let page = browser.get(&station, path).await;
    let mut typed: Vec<(&str, &str)> = ISSUE.to_vec();
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    // Whatever the definition asks for more is named; the story needs only that both sides are linked.
    let faults: Vec<String> = answer
        .body
        .match_indices("<li><a href=\"#f:")
        .map(|(at, mark)| {
            answer.body[at + mark.len()..]
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    let more: Vec<(String, String)> = faults
        .iter()
        .map(|key| {
            let field = lianzhan_protocol::record::ledger::ledger("issue")
                .and_then(|ledger| ledger.field(key))
                .unwrap();
            (format!("f:{key}"), crate::services::ledger::sample(field))
        })
        .collect();
    typed.extend(more.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let answer = match answer.status {
        StatusCode::SEE_OTHER => answer,
        _ => post(&mut browser, &station, path, &page, &typed).await,
    };
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let issue = answer.header(header::LOCATION).to_owned();
    let form = browser.get(&station, "/ledgers/letters_visits/new").await;
    let id = issue.rsplit('/').next().unwrap();
    assert!(
        form.body.contains(&format!("value=\"{id}\"")),
        "the issue is offered"
    );
    let named = format!("{} #{}", ISSUE[0].1, &id[24..]);
    let typed = [
        ("f:gist", "护坡塌了"),
        ("f:channel", "visit"),
        ("f:nature", "problem"),
        ("f:persons", "1"),
        ("f:received_at", "2026-01-16T09:52"),
        ("f:issue", named.as_str()),
    ];
    let path = "/ledgers/letters_visits/new";
    let answer = post(&mut browser, &station, path, &form, &typed).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let visit = answer.header(header::LOCATION).to_owned();
    let page = browser.get(&station, &visit).await;
    assert!(page.body.contains(&format!("href=\"{issue}\"")), "{}", page.body);
    let page = browser.get(&station, &issue).await;
    assert!(
        page.body.contains("哪里提到它") && page.body.contains(&format!("href=\"{visit}\"")),
        "{}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_write_gets_no_form() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "audit").await;
    let answer = browser.get(&station, "/ledgers/letters_visits/new").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains("data-keep"));
    let list = browser.get(&station, "/ledgers/letters_visits").await;
    assert!(!list.body.contains("/ledgers/letters_visits/new"));
    for path in ["/ledgers/subject", "/ledgers/no_such", "/ledgers/subject/new"] {
        let answer = browser.get(&station, path).await;
        assert!(answer.status.is_client_error(), "{path} {}", answer.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_marked_and_nothing_typed_becomes_markup() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let path = "/ledgers/letters_visits/new";
    let page = browser.get(&station, path).await;
    let typed = [
        ("f:gist", "护坡<b>塌了</b>一段"),
        ("f:channel", "visit"),
        ("f:nature", "problem"),
        ("f:persons", "1"),
        ("f:received_at", "2026-01-16T09:52"),
    ];
    let answer = post(&mut browser, &station, path, &page, &typed).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let found = browser.get(&station, "/search?q=%E6%8A%A4%E5%9D%A1%3Cb").await;
    assert!(
        found.body.contains("<mark>护坡</mark>") && found.body.contains("<mark>b</mark>"),
        "{}",
        found.body
    );
    assert!(
        found.body.contains("&#60;") && !found.body.contains("<b>塌"),
        "{}",
        found.body
    );
    let nothing = browser
        .get(&station, "/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
        .await;
    assert!(!nothing.body.contains("<script>alert"), "{}", nothing.body);
    let empty = browser.get(&station, "/search").await;
    assert!(empty.body.contains("autofocus"), "{}", empty.body);
}
