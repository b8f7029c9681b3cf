//! Every part in every state, on one page.

use askama::Template;

use super::*;

/// `GET /look`, in programs built for development.
#[derive(Template)]
#[template(path = "look.html")]
pub(super) struct PartsPage {
    text: Text,
    shell: Shell,
    look: Look,
    pages: Vec<&'static str>,
    colours: &'static [&'static str],
    dues: [Due; 5],
    tags: Vec<Tag>,
    words: Vec<Tag>,
    marks: Vec<Mark>,
    form: VisitForm,
    notices: Vec<Notice>,
    timeline: Timeline,
    facts: Vec<Fact>,
    attachments: super::super::Attachments,
    conflicts: Vec<Conflict>,
    seals: Seals,
    table: VisitTable,
    pager: Pager,
    months: Vec<String>,
    board: Vec<(String, Vec<u64>)>,
    bars: Vec<Bar>,
    wall: Vec<Column>,
    qr: SlipQr,
}

/// A bar of a chart, with its figure at its end.
struct Bar {
    label: String,
    count: u64,
    class: &'static str,
    top: u64,
    text: u64,
    width: u64,
    end: u64,
}

/// A column of the wall chart.
struct Column {
    name: String,
    count: u64,
    cards: Vec<Card>,
}

/// A matter on the wall chart.
struct Card {
    title: String,
    whose: String,
    due: Due,
}

impl PartsPage {
    /// A word of this page, by its name.
    fn w(&self, name: &str) -> String {
        let found = WORDS.iter().find(|(known, ..)| *known == name);
        found.map_or_else(|| format!("⟦{name}⟧"), |(_, zh, en)| self.look.say(zh, en))
    }
}

const WORDS: [(&str, &str, &str); 40] = [
    ("title", "部件与状态", "Parts and states"),
    ("crumb", "联站的样子", "How Lianzhan looks"),
    ("type", "字", "Type"),
    (
        "pangram",
        "石桥村二组 14 号的护坡 4 月 16 日又塌了约 50 米，Shiqiao station has 3 photographs.",
        "At no. 14 fifty metres of the bank slid again on 16 April; 石桥站 has 3 photographs.",
    ),
    (
        "short",
        "12 件超期，3 个站没有消息",
        "12 are late, 3 stations are silent",
    ),
    ("colours", "颜色", "Colours"),
    ("buttons", "按钮", "Buttons"),
    (
        "why-not",
        "还缺承办单位答复",
        "The unit in charge has not answered yet",
    ),
    ("deadlines", "期限与状态", "Deadlines and states"),
    ("proofs", "凭证", "Proof marks"),
    (
        "proofs-read",
        "空心：已签名。实心：上级已见证。虚线：暂不算数。",
        "Hollow: signed. Filled: witnessed above. Dashed: does not count at present.",
    ),
    ("fields", "表单", "Fields"),
    (
        "two-wrong",
        "没有登记：有两处要改，填的内容还在。",
        "Not registered: two things to change. What you typed is still here.",
    ),
    ("states", "离线、出错、不同", "Offline, wrong, different"),
    ("empty", "空", "Nothing yet"),
    ("coming", "正在取", "Coming"),
    (
        "counting",
        "正在核对 3,120 / 9,870 条",
        "Checking 3,120 of 9,870 entries",
    ),
    ("ask", "擦除来访人的姓名和电话？", "Erase the name and the phone?"),
    (
        "ask-why",
        "擦除后各级都看不到姓名和电话，登记本身保留。",
        "No level will see them any more. The registration itself stays.",
    ),
    ("ask-yes", "擦除", "Erase"),
    ("ask-no", "不擦除", "Do not erase"),
    ("turn", "立为问题", "An issue"),
    (
        "turn-note",
        "周望舒接待，2 人来访",
        "Received by Zhou Wangshu, 2 persons",
    ),
    (
        "turn-hint",
        "催办由交办机构或领衔代表发出。",
        "Reminders are sent by the office that assigned it, or by the leading deputy.",
    ),
    (
        "tables",
        "表：手机上每行成一段",
        "A table whose rows become paragraphs on a phone",
    ),
    ("figures", "表：手机上横着滚动", "A table that scrolls on a phone"),
    ("charts", "图", "A chart"),
    (
        "chart-says",
        "发现问题 1,286，现场解决 741，转为建议 318，超过 90 天 12",
        "1,286 found, 741 solved on the spot, 318 became suggestions, 12 took more than 90 days",
    ),
    ("limit", "限 90 天", "90 days"),
    ("wall", "挂图作战", "Wall chart"),
    (
        "wall-read",
        "上边线的粗细和样式表示期限，灰印也看得出",
        "The upper edge tells the deadline, in grey, too",
    ),
    ("sheet", "台账的一页", "A page of a ledger"),
    ("week", "2026 年第 16 周", "Week 16 of 2026"),
    ("page", "第 18 页", "Page 18"),
    ("sign-clerk", "登记人", "Clerk"),
    ("sign-head", "站长", "Head of the station"),
    ("sign-date", "日期", "Date"),
    (
        "sheet-says",
        "扫二维码可核对本页 5 条登记是否被改动。本页不含来访人姓名、电话、住址。",
        "Scan the code to check whether these 5 entries were changed. No name, phone or address stands here.",
    ),
    ("stamp", "盖章处", "Seal"),
    ("pages", "各页的例子", "Every page with invented data"),
];

const COLOURS: [&str; 24] = [
    "ink",
    "ink-2",
    "ink-3",
    "line",
    "line-2",
    "paper",
    "well",
    "rail",
    "mast",
    "accent",
    "accent-soft",
    "focus",
    "seal",
    "late",
    "late-fill",
    "soon",
    "good",
    "split",
    "mute",
    "c1",
    "c2",
    "c3",
    "c4",
    "c-mark",
];

pub(super) fn parts(look: Look, pages: Vec<&'static str>) -> PartsPage {
    let text = look.text();
    let tones = [
        (Tone::Plain, "联办", "joint"),
        (Tone::Good, "已续任", "renewed"),
        (Tone::Soon, "还没分流", "not yet"),
        (Tone::Late, "缺 2 条", "2 lacking"),
        (Tone::Split, "两处不同", "two values"),
        (Tone::Mute, "已收回", "withdrawn"),
    ];
    let tags = |from: usize| {
        tones[from..]
            .iter()
            .map(|(tone, zh, en)| tag(look, zh, en, *tone))
    };
    let (record, conflict, activity, visits) = (
        record(look),
        record_conflict(look),
        activity_open(look),
        visits_county(look),
    );
    PartsPage {
        text,
        shell: look.shell(Section::None, "/look"),
        look,
        pages,
        colours: &COLOURS,
        dues: [Due::Late(6), Due::Soon(5), Due::Near(12), Due::Ok(47), Due::Done],
        tags: tags(0).collect(),
        words: tags(1).collect(),
        marks: [
            Trust::Waiting,
            Trust::Witnessed,
            Trust::ByLink,
            Trust::Pending,
            Trust::Contested,
            Trust::Ineffective,
            Trust::Refused,
            Trust::Erased,
        ]
        .map(mark)
        .into(),
        form: home_wrong(look).form.unwrap_or_default(),
        notices: notices(look),
        timeline: record.timeline,
        facts: record.facts,
        attachments: record.attachments,
        conflicts: conflict.conflicts,
        seals: activity.seals,
        table: visits.table,
        pager: visits.pager,
        months: (1..=12).map(|month| text.day(month, 1)).collect(),
        board: [
            ("石桥站", "Shiqiao", 421),
            ("上坪站", "Shangping", 1310),
            ("东门站", "Dongmen", 55),
        ]
        .map(|(zh, en, base)| {
            (
                look.say(zh, en),
                (1..=12).map(|month| base + month * month).collect(),
            )
        })
        .into(),
        bars: bars(look),
        wall: wall(look),
        qr: crate::qr::Qr::of("https://zhan.example/p/e40b77a19c520d8f")
            .map(|qr| SlipQr {
                side: qr.side(),
                path: qr.path(),
            })
            .unwrap_or_default(),
    }
}

fn notices(look: Look) -> Vec<Notice> {
    let notice = |tone, zh: &str, en: &str| Notice {
        tone,
        say: look.say(zh, en),
        link: None,
    };
    vec![
        notice(
            Tone::Good,
            "已登记，2026-0421。来访人可凭回执上的二维码查进展。",
            "Registered as 2026-0421. The slip has a code to follow it by.",
        ),
        notice(
            Tone::Soon,
            "没有网络。照常填写，连上后自动送出 2 件。",
            "No network. Go on as usual: 2 are sent once there is one.",
        ),
        notice(
            Tone::Late,
            "没有保存：磁盘已满。请清出空间，再按“登记”，填的内容还在。",
            "Not saved: the disk is full. Make room, then press Register; what you typed is still here.",
        ),
        Notice {
            link: Some(super::super::Link {
                href: "#conflicts".into(),
                label: look.say("看两个写法", "See both"),
            }),
            ..notice(
                Tone::Split,
                "排口编号有两个写法，都留着。请选一个，另一个仍可查到。",
                "The outlet has two numbers; both are kept. Choose one, the other stays to be looked up.",
            )
        },
        notice(
            Tone::Mute,
            "未生效：退办限 7 个工作日内提出，3 月 11 日已过。办理照常。",
            "Without effect: the seven working days to refuse ended on 11 March. Work goes on.",
        ),
        notice(
            Tone::Plain,
            "石桥站 26 小时没有消息，站里有 6 件在办，期限照常计算。",
            "Shiqiao has been silent for 26 hours. It has 6 in hand; their deadlines go on.",
        ),
    ]
}

fn bars(look: Look) -> Vec<Bar> {
    let bars = [
        ("发现问题", "Found", 1286, "c1"),
        ("现场解决", "On the spot", 741, "c4"),
        ("转为建议", "Suggestions", 318, "c2"),
        ("超过 90 天", "Over 90 days", 12, "cm"),
    ];
    (0..)
        .zip(bars)
        .map(|(row, (zh, en, count, class))| Bar {
            label: look.say(zh, en),
            count,
            class,
            top: row * 34 + 6,
            text: row * 34 + 24,
            width: count / 4,
            end: 96 + count / 4 + 8,
        })
        .collect()
}

fn wall(look: Look) -> Vec<Column> {
    let card = |zh: &str, en: &str, whose: (&str, &str), due| Card {
        title: look.say(zh, en),
        whose: look.say(whose.0, whose.1),
        due,
    };
    let column = |zh: &str, en: &str, count, cards| Column {
        name: look.say(zh, en),
        count,
        cards,
    };
    let (clerk, bureau) = (
        ("石桥站　林静禾", "Shiqiao, Lin Jinghe"),
        ("县水利局", "Water bureau"),
    );
    vec![
        column(
            "发现问题",
            "Found",
            12,
            vec![
                card(
                    "北坡组路灯坏了十一盏",
                    "Eleven lamps are out",
                    clerk,
                    Due::Soon(1),
                ),
                card(
                    "石桥新村傍晚水压低",
                    "No water in the evening",
                    clerk,
                    Due::Near(12),
                ),
            ],
        ),
        column(
            "提出建议",
            "Suggested",
            5,
            vec![card(
                "增开北坡组校车",
                "A school bus for Beipo",
                ("待罗定一附议", "Luo Dingyi to second"),
                Due::Ok(21),
            )],
        ),
        column(
            "交办",
            "Assigned",
            3,
            vec![card(
                "村卫生室周三无人值守",
                "Nobody at the clinic on Wednesdays",
                ("县卫生健康局　未签收", "Health bureau, not taken"),
                Due::Late(2),
            )],
        ),
        column(
            "督办",
            "Supervised",
            9,
            vec![
                card(
                    "老码头段岸坡塌方",
                    "The bank at the old wharf",
                    bureau,
                    Due::Ok(47),
                ),
                card(
                    "集市占道影响消防车",
                    "The market blocks the lane",
                    bureau,
                    Due::Late(2),
                ),
            ],
        ),
        column(
            "反馈",
            "Told",
            31,
            vec![card(
                "村口公交站牌扶正",
                "The bus stop stands again",
                ("来访人满意", "The person is content"),
                Due::Done,
            )],
        ),
    ]
}
