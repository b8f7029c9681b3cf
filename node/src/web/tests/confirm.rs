//! Confirming, correcting and settling through the pages.

use axum::http::{StatusCode, header};

use super::{Answer, Browser, PHONE, Station};

const GIST: &str = "老码头下游护坡塌了一段";
const TYPED: [(&str, &str); 5] = [
    ("f:gist", GIST),
    ("f:channel", "visit"),
    ("f:nature", "problem"),
    ("f:persons", "2"),
    ("f:received_at", "2026-01-16T09:52"),
];

/// Two people of one station, each at a browser, and a problem that the liaison registered.
struct Two {
    station: Station,
    lin: Browser,
    luo: Browser,
    record: String,
}

impl Two {
    async fn begin() -> Two {
        let station = Station::new();
        let mut lin = Browser::signed_in(&station, "lin").await;
        let luo = Browser::signed_in(&station, "luo").await;
        let path = "/ledgers/letters_visits/new";
        let page = lin.get(&station, path).await;
        let answer = post(&mut lin, &station, path, &page, &TYPED).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let record = answer.header(header::LOCATION).to_owned();
        Two {
            station,
            lin,
            luo,
            record,
        }
    }

    async fn page(&mut self, luo: bool) -> Answer {
        let browser = if luo { &mut self.luo } else { &mut self.lin };
        let page = browser.get(&self.station, &self.record).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page
    }

    /// What a deed of one of them leads to.
    async fn does(&mut self, luo: bool, deed: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page(luo).await;
        let (path, csrf) = (format!("{}/{deed}", self.record), page.hidden("csrf"));
        let mut sent = vec![("csrf", csrf.as_str())];
        sent.extend(fields);
        let browser = if luo { &mut self.luo } else { &mut self.lin };
        let answer = browser.post(&self.station, &path, &sent).await;
        self.station.node.catch_up(|_| {}).unwrap();
        answer
    }

    async fn form(&mut self) -> Answer {
        self.lin
            .get(&self.station, &format!("{}/edit", self.record))
            .await
    }

    /// One of them changes a field, having seen `form`.
    async fn changes(&mut self, luo: bool, form: &Answer, field: &str, value: &str) {
        let path = format!("{}/edit", self.record);
        let mut typed: Vec<(&str, &str)> = TYPED.to_vec();
        typed.retain(|(name, _)| *name != field);
        typed.push((field, value));
        let browser = if luo { &mut self.luo } else { &mut self.lin };
        // The token is theirs, what they saw is what they saw then.
        let csrf = browser.get(&self.station, &path).await.hidden("csrf");
        let hidden = ["once", "draft", "seen"].map(|name| (name, form.hidden(name)));
        let mut fields: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        fields.push(("csrf", &csrf));
        fields.extend(typed);
        let answer = browser.post(&self.station, &path, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.station.node.catch_up(|_| {}).unwrap();
    }
}

async fn post(
    browser: &mut Browser,
    station: &Station,
    path: &str,
    page: &Answer,
    more: &[(&str, &str)],
) -> Answer {
    let hidden = ["csrf", "once", "draft", "seen"].map(|name| (name, page.hidden(name)));
    let mut fields: Vec<(&str, &str)> = hidden
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    fields.extend(more);
    let answer = browser.post(station, path, &fields).await;
    station.node.catch_up(|_| {}).unwrap();
    answer
}

/// The event that a page opens.
fn event(page: &Answer) -> String {
    let at = page
        .body
        .split("?event=")
        .nth(1)
        .expect("an event is opened from here");
    at[..64].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_confirms_and_a_later_change_shows() {
    let mut two = Two::begin().await;
    let own = two.page(false).await;
    assert!(
        own.body.contains("你写过其中的内容") && !own.body.contains("/confirm\""),
        "{}",
        own.body
    );
    let page = two.page(true).await;
    assert!(
        page.body.contains("未确认") && page.body.contains("由林静禾写"),
        "{}",
        page.body
    );
    let seen = page.hidden("seen");
    let answer = two.does(true, "confirm", &[("seen", &seen)]).await;
    assert_eq!(answer.header(header::LOCATION), two.record, "{}", answer.body);
    let page = two.page(false).await;
    for words in ["已确认", "罗定一", "确认全部内容"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let list = two
        .lin
        .get(&two.station, "/ledgers/letters_visits?confirmed=yes")
        .await;
    assert!(
        list.body.contains(GIST) && list.body.contains("已确认"),
        "{}",
        list.body
    );
    let form = two.form().await;
    two.changes(false, &form, "f:triage", "petition").await;
    let page = two.page(true).await;
    assert!(page.body.contains("确认后有改动"), "{}", page.body);
    for (standing, there) in [("yes", false), ("no", false), ("changed", true)] {
        let path = format!("/ledgers/letters_visits?confirmed={standing}");
        let list = two.lin.get(&two.station, &path).await;
        assert_eq!(list.body.contains(GIST), there, "{standing}: {}", list.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_confirms_what_they_did_not_see() {
    let mut two = Two::begin().await;
    let seen = two.page(true).await.hidden("seen");
    let form = two.form().await;
    two.changes(false, &form, "f:triage", "petition").await;
    two.does(true, "confirm", &[("seen", &seen)]).await;
    let page = two.page(true).await;
    assert!(
        page.body.contains("请看过再办") && page.body.contains("未确认"),
        "{}",
        page.body
    );
    // Nor by a form of one's own making what one wrote oneself.
    let seen = page.hidden("seen");
    two.does(false, "confirm", &[("seen", &seen)]).await;
    let page = two.page(false).await;
    assert!(page.body.contains("不能由自己确认"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_corrected_with_its_reason_and_stays_readable() {
    let mut two = Two::begin().await;
    let page = two.page(false).await;
    let event = event(&page);
    let opened = format!("{}?event={event}", two.record);
    let page = two.lin.get(&two.station, &opened).await;
    assert!(
        page.body.contains("value=\"2026-01-16T09:52\"") && page.body.contains("更正原因"),
        "{}",
        page.body
    );
    let call = format!("打过 {PHONE}");
    for (reason, happened, said) in [
        ("", "2026-01-15T09:52", "这一项必须填写"),
        ("记错了一天", "一月", "请写成日期"),
        (call.as_str(), "2026-01-15T09:52", "手机号"),
        ("记错了一天", "2026-01-16T09:52", "没有改动"),
    ] {
        let fields = [
            ("event", event.as_str()),
            ("reason", reason),
            ("happened", happened),
        ];
        let answer = two.does(false, "correct", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
        assert!(answer.body.contains(said), "{said}: {}", answer.body);
    }
    let fields = [
        ("event", event.as_str()),
        ("reason", "记错了一天"),
        ("happened", "2026-01-15T09:52"),
    ];
    let answer = two.does(false, "correct", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = two.luo.get(&two.station, &opened).await;
    for words in [
        "<del>",
        "1\u{a0}月\u{a0}16\u{a0}日",
        "1\u{a0}月\u{a0}15\u{a0}日",
        "记错了一天",
        "林静禾 更正",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    // A second person confirms it as corrected, and takes part in no correction.
    let answer = two.does(true, "confirm", &[("event", &event)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = two.luo.get(&two.station, &opened).await;
    assert!(page.body.contains("已确认"), "{}", page.body);
    let fields = [
        ("event", event.as_str()),
        ("reason", "没有这回事"),
        ("take_back", "1"),
    ];
    two.does(false, "correct", &fields).await;
    let page = two.lin.get(&two.station, &opened).await;
    for words in [
        "整条收回",
        "没有这回事",
        "1\u{a0}月\u{a0}15\u{a0}日",
        "确认后有改动",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_values_are_listed_and_settled_by_one_change_that_saw_both() {
    let mut two = Two::begin().await;
    let form = two.form().await;
    two.changes(false, &form, "f:triage", "petition").await;
    two.changes(true, &form, "f:triage", "hotline").await;
    let page = two.page(false).await;
    assert!(page.body.contains("两处不同"), "{}", page.body);
    let list = two.lin.get(&two.station, "/conflicts").await;
    for words in [GIST, "分流", "林静禾", "罗定一", "1 条记录里"] {
        assert!(list.body.contains(words), "{words}: {}", list.body);
    }
    let ledgers = two.lin.get(&two.station, "/ledgers").await;
    assert!(ledgers.body.contains("href=\"/conflicts\""), "{}", ledgers.body);
    let found = two.lin.get(&two.station, "/ledgers/letters_visits?split=1").await;
    assert!(found.body.contains(GIST), "{}", found.body);
    // An auditor sees both values and may not choose.
    let mut audit = Browser::signed_in(&two.station, "audit").await;
    let seen = audit.get(&two.station, "/conflicts").await;
    assert!(
        seen.body.contains(GIST) && !seen.body.contains("type=\"radio\""),
        "{}",
        seen.body
    );
    let change = list.body.split("name=\"change\" value=\"").nth(2).unwrap()[..64].to_owned();
    let seen = list.hidden("seen");
    let fields = [
        ("field", "triage"),
        ("change", change.as_str()),
        ("seen", seen.as_str()),
        ("back", "/conflicts"),
    ];
    let answer = two.does(false, "settle", &fields).await;
    assert_eq!(answer.header(header::LOCATION), "/conflicts", "{}", answer.body);
    let list = two.lin.get(&two.station, "/conflicts").await;
    assert!(list.body.contains("没有要选定的"), "{}", list.body);
    let page = two.page(true).await;
    assert!(
        !page.body.contains("两处不同") && page.body.contains("<del>"),
        "{}",
        page.body
    );
    // Who settles it once more is told that it is settled.
    two.does(true, "settle", &fields).await;
    assert!(two.page(true).await.body.contains("请看过再办"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_value_settles_as_well_and_is_checked_like_any_other() {
    let mut two = Two::begin().await;
    let form = two.form().await;
    two.changes(false, &form, "f:persons", "3").await;
    two.changes(true, &form, "f:persons", "4").await;
    let list = two.lin.get(&two.station, "/conflicts").await;
    let seen = list.hidden("seen");
    for (value, status) in [
        ("很多", StatusCode::UNPROCESSABLE_ENTITY),
        ("0", StatusCode::UNPROCESSABLE_ENTITY),
        ("7", StatusCode::SEE_OTHER),
    ] {
        let fields = [
            ("field", "persons"),
            ("change", "other"),
            ("value", value),
            ("seen", seen.as_str()),
        ];
        let answer = two.does(false, "settle", &fields).await;
        assert_eq!(answer.status, status, "{value}: {}", answer.body);
        assert!(
            status == StatusCode::SEE_OTHER || answer.body.contains(value),
            "{}",
            answer.body
        );
    }
    let list = two.lin.get(&two.station, "/conflicts").await;
    assert!(list.body.contains("没有要选定的"), "{}", list.body);
}
