//! Plausible data for the pages of visits.

use super::*;

pub(super) fn choices(look: Look, chosen: usize, all: &[(&str, &str, &str)]) -> Vec<Choice> {
    let choice = |(at, (value, zh, en)): (usize, &(&str, &str, &str))| Choice {
        value: (*value).into(),
        label: look.say(zh, en),
        chosen: at == chosen,
    };
    all.iter().enumerate().map(choice).collect()
}

pub(super) const CHANNELS: [(&str, &str, &str); 10] = [
    ("visit", "来访", "Visit"),
    ("letter", "来信", "Letter"),
    ("phone", "来电", "Phone"),
    ("reception_shift", "接待日", "Reception day"),
    ("home_visit", "走访", "Home visit"),
    ("qr", "扫码", "QR code"),
    ("online", "网上平台", "Online"),
    ("group_chat", "微信群", "Group chat"),
    ("mass_rep", "群众代表", "Mass rep"),
    ("other", "其他", "Other"),
];

pub(super) const TRIAGES: [(&str, &str, &str); 8] = [
    ("", "还没分流", "Not yet"),
    ("issue", "立为问题", "Issue"),
    ("answered_now", "当场答复", "Answered now"),
    ("petition", "转信访", "Petition"),
    ("hotline", "转 12345", "Hotline"),
    ("judicial", "涉法涉诉告知", "Judicial matter"),
    ("out_of_area", "不属本地", "Out of area"),
    ("duplicate", "重复", "Duplicate"),
];

pub(super) fn form(look: Look) -> VisitForm {
    VisitForm {
        once: "o1".into(),
        channels: choices(look, 0, &CHANNELS),
        persons: Field::new("1"),
        natures: choices(
            look,
            0,
            &[
                ("problem", "反映问题", "Problem"),
                ("suggestion", "提出建议", "Suggestion"),
            ],
        ),
        received_at: Field::new("2026-04-16T09:52"),
        receiver: Field::new(look.say("周望舒", "Zhou Wangshu")),
        receivers: vec![
            look.say("周望舒", "Zhou Wangshu"),
            look.say("罗定一", "Luo Dingyi"),
        ],
        triages: choices(look, 0, &TRIAGES),
        township: look.say("枫渡镇", "Fengdu"),
        station: look.say("石桥站", "Shiqiao station"),
        ..VisitForm::default()
    }
}

pub(super) fn bundle(look: Look, whom: (&str, &str), when: (&str, &str)) -> BundleForm {
    let one = |(zh, en): (&str, &str)| Choice {
        value: "1".into(),
        label: look.say(zh, en),
        chosen: true,
    };
    BundleForm {
        whom: vec![one(whom)],
        when: vec![one(when)],
        error: None,
    }
}

pub(super) fn tag(look: Look, zh: &str, en: &str, tone: Tone) -> Tag {
    Tag {
        label: look.say(zh, en),
        tone,
    }
}

pub(super) fn mark(trust: Trust) -> Mark {
    Mark {
        trust,
        when: None,
        href: Some("?proof=1".into()),
        open: false,
    }
}

pub(super) fn visit(
    look: Look,
    time: &str,
    channel: usize,
    persons: u64,
    gist: (&str, &str),
    triage: Tag,
    trust: Trust,
) -> VisitRow {
    VisitRow {
        id: format!("v{time}"),
        href: "/records/019a".into(),
        time: time.into(),
        channel: look.say(CHANNELS[channel].1, CHANNELS[channel].2),
        persons,
        gist: look.say(gist.0, gist.1),
        receivers: look.say("周望舒", "Zhou Wangshu"),
        station: look.say("石桥站", "Shiqiao"),
        triage: Some(triage),
        mark: mark(trust),
    }
}

pub(super) fn table(look: Look) -> VisitTable {
    let issue = || tag(look, "立为问题", "issue", Tone::Plain);
    let rows = vec![
        visit(
            look,
            "09:41",
            0,
            2,
            (
                "北坡组到镇中学的路灯坏了十一盏，晚自习学生摸黑走",
                "Eleven lamps are out between Beipo and the middle school; pupils walk home in the dark",
            ),
            issue(),
            Trust::Waiting,
        ),
        visit(
            look,
            "09:26",
            0,
            1,
            (
                "问独生子女父母奖励金何时发放，当场查到 4 月 25 日到账",
                "Asked when the one-child allowance is paid; found on the spot: 25 April",
            ),
            tag(look, "当场答复", "answered now", Tone::Good),
            Trust::Witnessed,
        ),
        visit(
            look,
            "09:12",
            2,
            1,
            (
                "老码头下游护坡裂缝变宽，雨后有土块落下",
                "The crack in the bank below the old wharf is wider; earth falls after rain",
            ),
            issue(),
            Trust::Witnessed,
        ),
        visit(
            look,
            "08:55",
            1,
            14,
            (
                "石桥新村联名：自来水傍晚压力小，三楼以上用不上",
                "Joint letter of Shiqiao New Village: no water above the second floor in the evening",
            ),
            issue(),
            Trust::Contested,
        ),
        visit(
            look,
            "08:40",
            5,
            1,
            (
                "集市占道，消防车进不来",
                "The market blocks the lane; fire engines cannot get in",
            ),
            tag(look, "还没分流", "not yet", Tone::Soon),
            Trust::ByLink,
        ),
    ];
    VisitTable {
        rows,
        stations: false,
        filtered: false,
    }
}

pub(super) fn home(look: Look) -> HomePage {
    HomePage {
        text: look.text(),
        shell: look.shell(Section::Today, "/"),
        today: look.text().day_and_weekday(4, 16, 4),
        typing: vec![super::TypingRow {
            id: "7f".into(),
            href: "/ledgers/issue/new?draft=7f".into(),
            title: look.say("老码头下游护坡塌了一段", "The bank below the old quay has slid"),
            ledger: look.say("问题", "Issues"),
            kept: "09:31".into(),
        }],
        news: vec![Notice {
            tone: Tone::Soon,
            say: look.say(
                "2 项任命 30 天内到期，最早的到 2026 年 4 月 30 日：周望舒，石桥站镇代表。请提前续任。",
                "2 appointments end within 30 days, the first on 30 Apr 2026: Zhou Wangshu. Renew them in time.",
            ),
            link: Some(super::Link {
                href: "/appointments?state=expiring".into(),
                label: look.say("看任命", "See the appointment"),
            }),
        }],
        open: 3,
        form: Some(form(look)),
        todo: vec![
            Todo {
                title: look.say("村口公交站牌倒了", "The bus stop sign has fallen"),
                href: "/records/1".into(),
                what: look.say(
                    "已现场解决，还没告知来访人",
                    "Solved on the spot; the person was not told",
                ),
                due: Some(Due::Late(1)),
            },
            Todo {
                title: look.say("路灯坏了十一盏，晚自习学生摸黑走", "Eleven lamps are out"),
                href: "/records/2".into(),
                what: look.say("转信访，十五日内告知", "Petition: tell within 15 days"),
                due: Some(Due::Soon(5)),
            },
            Todo {
                title: look.say("集市占道，消防车进不来", "The market blocks the lane"),
                href: "/records/3".into(),
                what: look.say("还没分流", "Not triaged yet"),
                due: Some(Due::Near(12)),
            },
        ],
        table: table(look),
    }
}

pub(super) fn home_wrong(look: Look) -> HomePage {
    let mut page = home(look);
    let mut form = form(look);
    form.gist = Field {
        value: look.say("老码头下游护坡又塌了一段，约五十米。找住户可打 139 0000 0016。", "The bank below the old wharf slid again, fifty metres. Call the owner at 139 0000 0016."),
        error: Some(look.say("这里像有手机号，而这一项会送到镇以上。请移到只留在本镇的栏目，或删去；确可保留的，写明理由，随记录签名。", "This looks like a mobile number, and the text goes further than the township; move it to a field that stays below or take it out; what may stay is cleared with a reason that is signed with the record.")),
    };
    form.suspects = suspects(look);
    form.persons = Field {
        value: "0".into(),
        error: Some(look.say("至少 1 人。", "At least 1.")),
    };
    form.health = Field::new(look.say("膝伤，上下楼不便", "Knee injury, stairs are hard"));
    form.error = Some(look.say(
        "没有登记：有两处要改，填的内容还在。",
        "Not registered: two things to change. What you typed is still here.",
    ));
    page.form = Some(form);
    page.shell.sync = SyncStatus {
        state: SyncState::Offline,
        at: "4/15 18:20".into(),
        waiting: 2,
        alarms: 1,
    };
    page
}

pub(super) fn home_empty(look: Look) -> HomePage {
    let mut page = home(look);
    page.open = 0;
    page.todo.clear();
    page.table = VisitTable::default();
    page.shell.notice = Some(Notice {
        tone: Tone::Good,
        say: look.say("已登记，石桥-2026-16-07。", "Registered as Shiqiao-2026-16-07."),
        link: Some(super::Link {
            href: "/records/1".into(),
            label: look.say("看这一条", "Look at it"),
        }),
    });
    page
}

pub(super) fn visits(look: Look) -> VisitsPage {
    VisitsPage {
        text: look.text(),
        shell: look.shell(Section::Visits, "/visits"),
        q: String::new(),
        stations: Vec::new(),
        channels: all(look, &CHANNELS),
        triages: all(look, &TRIAGES[1..]),
        table: table(look),
        pager: Pager {
            first: 1,
            last: 5,
            total: 1286,
            previous: None,
            next: Some("/visits?page=2".into()),
        },
        open: 7,
        totals: Vec::new(),
        as_of: "09:52".into(),
        new: None,
        export: Some("/visits.csv".into()),
        bundle: Some(bundle(
            look,
            ("石桥站", "Shiqiao"),
            ("2026 年第 2 季度", "Quarter 2 of 2026"),
        )),
    }
}

pub(super) fn all(look: Look, choices: &[(&str, &str, &str)]) -> Vec<Choice> {
    let mut list = vec![Choice {
        value: String::new(),
        label: look.say("全部", "All"),
        chosen: true,
    }];
    list.extend(self::choices(look, usize::MAX, choices));
    list
}

pub(super) fn visits_county(look: Look) -> VisitsPage {
    let mut page = visits(look);
    page.shell = look.county(Section::Visits, "/visits?q=水");
    page.q = "水".into();
    page.table.stations = true;
    page.table.filtered = true;
    page.stations = all(look, &[("1", "石桥站", "Shiqiao"), ("2", "上坪站", "Shangping")]);
    let total = |zh: &str, en: &str, visits, persons, open| StationTotal {
        station: look.say(zh, en),
        href: "/visits?station=1".into(),
        visits,
        persons,
        open,
        silent: None,
    };
    page.totals = vec![
        total("石桥站", "Shiqiao", 421, 1893, 3),
        StationTotal {
            silent: Some(tag(look, "26 小时没消息", "silent 26 h", Tone::Soon)),
            ..total("上坪站", "Shangping", 310, 702, 0)
        },
        total("东门站", "Dongmen", 555, 1204, 4),
    ];
    page
}
