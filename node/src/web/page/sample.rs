//! Every page with invented data, in both languages, written to `target/pages` so that people can look at them.

use std::fs;
use std::path::PathBuf;

use askama::Template;

use super::*;
use crate::web::i18n::{Lang, Text};

/// How a page is looked at.
#[derive(Clone, Copy)]
struct Look {
    lang: Lang,
    theme: Theme,
    large: bool,
}

impl Look {
    fn text(self) -> Text {
        Text::new(self.lang)
    }

    /// Data has one language; samples have two, so that English can be judged as well.
    fn say(self, zh: &str, en: &str) -> String {
        if self.lang == Lang::Zh {
            zh.into()
        } else {
            en.into()
        }
    }

    fn name(self, page: &str) -> String {
        let theme = if self.theme == Theme::Dark { "-dark" } else { "" };
        let large = if self.large { "-large" } else { "" };
        format!("{page}-{}{theme}{large}.html", self.lang.code())
    }

    fn shell(self, section: Section, here: &str) -> Shell {
        Shell {
            node: self.say(
                "枫渡镇石桥人大代表联络站",
                "Shiqiao Deputies’ Liaison Station, Fengdu",
            ),
            node_short: self.say("石桥联络站", "Shiqiao station"),
            person: Some(Person {
                name: self.say("林静禾", "Lin Jinghe"),
                role: self.say("联络员", "liaison officer"),
            }),
            csrf: "c5f1".into(),
            here: here.into(),
            section,
            theme: self.theme,
            large: self.large,
            sync: SyncStatus {
                state: SyncState::Level,
                at: "09:52".into(),
                waiting: 0,
                alarms: 0,
            },
            notice: None,
            version: "0".into(),
        }
    }

    fn county(self, section: Section, here: &str) -> Shell {
        Shell {
            node: self.say("澄川县人大常委会代表工委", "Deputies’ Office, Chengchuan County"),
            node_short: self.say("澄川县人大", "Chengchuan"),
            person: Some(Person {
                name: self.say("沈秉文", "Shen Bingwen"),
                role: self.say("代表工委", "deputies’ office"),
            }),
            ..self.shell(section, here)
        }
    }
}

#[test]
fn every_page_says_all_its_words_in_both_languages() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pages");
    fs::create_dir_all(&folder).unwrap();
    for lang in Lang::ALL {
        for (theme, large) in [(Theme::Light, false), (Theme::Dark, false), (Theme::Light, true)] {
            let look = Look { lang, theme, large };
            for (name, html) in pages(look) {
                assert!(html.starts_with("<!doctype html>"), "{name} is no page");
                assert!(!html.contains('⟦'), "{name} misses a text: {}", around(&html));
                fs::write(folder.join(look.name(name)), html).unwrap();
            }
        }
    }
}

#[test]
fn a_live_part_alone_is_what_stands_in_its_page() {
    let look = Look {
        lang: Lang::Zh,
        theme: Theme::System,
        large: false,
    };
    let text = look.text();
    let home = home(look);
    holds(
        &home.render(),
        &VisitsPart {
            text,
            table: &home.table,
        }
        .render(),
    );
    holds(
        &home.render(),
        &NextPart {
            text,
            todo: &home.todo,
        }
        .render(),
    );
    let county = visits_county(look);
    holds(
        &county.render(),
        &TotalsPart {
            text,
            totals: &county.totals,
        }
        .render(),
    );
    holds(
        &home.render(),
        &SyncPart {
            text,
            sync: &home.shell.sync,
        }
        .render(),
    );
    holds(
        &home.render(),
        &StripPart {
            text,
            sync: &home.shell.sync,
        }
        .render(),
    );
    let record = record(look);
    holds(
        &record.render(),
        &TimelinePart {
            text,
            timeline: &record.timeline,
        }
        .render(),
    );
    let activity = activity(look);
    holds(
        &activity.render(),
        &LogPart {
            text,
            log: &activity.log,
        }
        .render(),
    );
    holds(
        &activity.render(),
        &SealsPart {
            text,
            seals: &activity.seals,
        }
        .render(),
    );
    holds(
        &activity.render(),
        &ParticipantsPart {
            text,
            participants: &activity.participants,
        }
        .render(),
    );
    let network = network(look);
    holds(
        &network.render(),
        &AlarmsPart {
            text,
            alarms: &network.alarms,
        }
        .render(),
    );
    holds(
        &network.render(),
        &LogsPart {
            text,
            logs: &network.logs,
        }
        .render(),
    );
    holds(
        &network.render(),
        &PeersPart {
            text,
            peers: &network.peers,
        }
        .render(),
    );
}

#[test]
fn what_people_wrote_cannot_become_markup() {
    let look = Look {
        lang: Lang::Zh,
        theme: Theme::System,
        large: false,
    };
    let mut page = home(look);
    page.table.rows[0].gist = "<script>alert(1)</script>\" onmouseover=\"x".into();
    let html = page.render().unwrap();
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains("\" onmouseover"));
}

#[test]
fn a_seal_holds_four_characters() {
    let seal = |org: &str| Seal {
        level: String::new(),
        org: org.into(),
        who: String::new(),
        given: None,
        mark: None,
    };
    assert_eq!(seal("枫渡镇").cut(&Text::default()).concat(), "枫渡之印");
    assert_eq!(seal("枫").cut(&Text::default()).concat(), "枫之印");
    assert_eq!(seal("Fengdu").cut(&Text::default()).concat(), "Feng");
    assert_eq!(seal("").cut(&Text::default()).concat(), "");
}

#[test]
fn a_deadline_is_banded_by_the_days_left() {
    assert_eq!(Due::in_days(-2), Due::Late(2));
    assert_eq!(Due::in_days(0), Due::Soon(0));
    assert_eq!(Due::in_days(7), Due::Soon(7));
    assert_eq!(Due::in_days(8), Due::Near(8));
    assert_eq!(Due::in_days(16), Due::Ok(16));
}

type Rendered = Result<String, askama::Error>;

fn holds(page: &Rendered, part: &Rendered) {
    let (page, part) = (page.as_ref().unwrap(), part.as_ref().unwrap());
    assert!(page.contains(part.trim()), "the page does not hold:\n{part}");
}

fn around(html: &str) -> &str {
    let at = html.find('⟦').unwrap();
    html[at..].split('⟧').next().unwrap()
}

fn pages(look: Look) -> Vec<(&'static str, String)> {
    vec![
        ("login", login(look).render().unwrap()),
        ("error", error(look).render().unwrap()),
        ("home", home(look).render().unwrap()),
        ("home-wrong", home_wrong(look).render().unwrap()),
        ("home-empty", home_empty(look).render().unwrap()),
        ("visits", visits(look).render().unwrap()),
        ("visits-county", visits_county(look).render().unwrap()),
        ("record", record(look).render().unwrap()),
        ("record-conflict", record_conflict(look).render().unwrap()),
        ("activities", activities(look).render().unwrap()),
        ("activity", activity(look).render().unwrap()),
        ("activity-open", activity_open(look).render().unwrap()),
        ("deputies", deputies(look).render().unwrap()),
        ("network", network(look).render().unwrap()),
    ]
}

fn login(look: Look) -> LoginPage {
    LoginPage {
        text: look.text(),
        shell: Shell {
            person: None,
            ..look.shell(Section::None, "/login")
        },
        name: look.say("林静禾", "Lin Jinghe"),
        back: "/".into(),
        error: Some(look.say(
            "口令不对。看看大小写和输入法，再试一次。",
            "That is not the passphrase. Check capitals and the input method, then try again.",
        )),
    }
}

fn error(look: Look) -> ErrorPage {
    ErrorPage {
        text: look.text(),
        shell: look.shell(Section::None, "/records/019a"),
        status: 404,
        happened: look.say("这里没有这条记录", "This record is not here"),
        thing: look.say("记录 019a-7c1e-04b9", "Record 019a-7c1e-04b9"),
        todo: look.say(
            "可能还没有送到本机。连上上级后再看，或者问登记它的联络站。",
            "It may not have arrived yet. Look again once the parent is connected, or ask the station that registered it.",
        ),
        case: Some("8f21c0".into()),
    }
}

fn choices(look: Look, chosen: usize, all: &[(&str, &str, &str)]) -> Vec<Choice> {
    let choice = |(at, (value, zh, en)): (usize, &(&str, &str, &str))| Choice {
        value: (*value).into(),
        label: look.say(zh, en),
        chosen: at == chosen,
    };
    all.iter().enumerate().map(choice).collect()
}

const CHANNELS: [(&str, &str, &str); 10] = [
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

const TRIAGES: [(&str, &str, &str); 8] = [
    ("", "还没分流", "Not yet"),
    ("issue", "立为问题", "Issue"),
    ("answered_now", "当场答复", "Answered now"),
    ("petition", "转信访", "Petition"),
    ("hotline", "转 12345", "Hotline"),
    ("judicial", "涉法涉诉告知", "Judicial matter"),
    ("out_of_area", "不属本地", "Out of area"),
    ("duplicate", "重复", "Duplicate"),
];

fn form(look: Look) -> VisitForm {
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

fn tag(look: Look, zh: &str, en: &str, tone: Tone) -> Tag {
    Tag {
        label: look.say(zh, en),
        tone,
    }
}

fn mark(trust: Trust) -> Mark {
    Mark {
        trust,
        when: None,
        href: Some("?proof=1".into()),
        open: false,
    }
}

fn visit(
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

fn table(look: Look) -> VisitTable {
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

fn home(look: Look) -> HomePage {
    HomePage {
        text: look.text(),
        shell: look.shell(Section::Today, "/"),
        today: look.text().day_and_weekday(4, 16, 4),
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

fn home_wrong(look: Look) -> HomePage {
    let mut page = home(look);
    let mut form = form(look);
    form.gist = Field {
        value: look.say("老码头下游护坡又塌了一段，约五十米。找住户可打 139 0000 0016。", "The bank below the old wharf slid again, fifty metres. Call the owner at 139 0000 0016."),
        error: Some(look.say("这里有一个手机号。请移到“联系电话”：反映内容会送到县里，电话只留在本镇。", "There is a phone number here. Move it to “Phone”: the gist goes up to the county, the phone stays in the township.")),
    };
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

fn home_empty(look: Look) -> HomePage {
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

fn visits(look: Look) -> VisitsPage {
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
        export: Some("/visits.csv".into()),
    }
}

fn all(look: Look, choices: &[(&str, &str, &str)]) -> Vec<Choice> {
    let mut list = vec![Choice {
        value: String::new(),
        label: look.say("全部", "All"),
        chosen: true,
    }];
    list.extend(self::choices(look, usize::MAX, choices));
    list
}

fn visits_county(look: Look) -> VisitsPage {
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

fn moment(look: Look, month: i8, day: i8, time: &str) -> Moment {
    Moment {
        day: look.text().day(month, day),
        time: time.into(),
    }
}

fn proof(look: Look) -> Proof {
    let (text, check) = (look.text(), |kind, ok| Check { kind, ok });
    Proof {
        change: "7c1e".into(),
        author: look.say("林静禾", "Lin Jinghe"),
        role: look.say("石桥站联络员", "liaison officer of Shiqiao"),
        trust: Trust::Witnessed,
        reason: None,
        alarm: None,
        checks: [
            CheckKind::Signature,
            CheckKind::Appointment,
            CheckKind::Log,
            CheckKind::Witness,
        ]
        .map(|kind| check(kind, true))
        .into_iter()
        .chain([check(CheckKind::Dependencies, false)])
        .collect(),
        chain: vec![
            Appointment {
                who: look.say("林静禾", "Lin Jinghe"),
                role: look.say("石桥站联络员", "liaison officer, Shiqiao"),
                by: look.say("枫渡镇人大", "Fengdu"),
                period: format!("{}—{}", text.date(2025, 1, 10), text.date(2027, 1, 31)),
                founding: false,
                tag: None,
            },
            Appointment {
                who: look.say("枫渡镇人大", "Fengdu Township Congress"),
                role: look.say("任命权", "authority"),
                by: look.say("澄川县人大常委会", "Chengchuan County"),
                period: format!("{}—{}", text.date(2024, 12, 1), text.date(2029, 12, 31)),
                founding: false,
                tag: Some(tag(look, "4 月 9 日换钥", "rotated 9 Apr", Tone::Soon)),
            },
            Appointment {
                who: look.say("澄川县人大常委会", "Chengchuan County"),
                role: look.say("5 把根密钥之 3", "3 of 5 root keys"),
                by: String::new(),
                period: String::new(),
                founding: true,
                tag: None,
            },
        ],
        origin: "lianzhan.org/log/9f3ac20714e80b55d1aa37c6b0428e91".into(),
        log_owner: look.say("石桥站", "Shiqiao station"),
        index: 1284,
        size: 9870,
        witnesses: vec![
            Witness {
                name: look.say("枫渡镇人大", "Fengdu Township"),
                required: true,
                time: Some(format!("{} 10:22", text.day(4, 16))),
                index: Some(48_107),
            },
            Witness {
                name: look.say("县检察院", "Procuratorate"),
                required: false,
                time: None,
                index: None,
            },
        ],
        key: "SHA256 a2f3 55d0 91ce 7c1e 04b9".into(),
        fingerprint: "7c1e 04b9 a2f3 55d0 18aa 90cd 3b6f 91ce".into(),
        as_of: format!("{} 08:55", text.day(4, 16)),
        stale: false,
        bundle: "/records/019a/bundle?change=7c1e".into(),
        close: "/records/019a".into(),
    }
}

fn change(
    look: Look,
    id: &str,
    what: (&str, &str),
    lines: &[(&str, &str)],
    happened: Moment,
    recorded: Moment,
    trust: Trust,
) -> Change {
    let when = matches!(trust, Trust::Witnessed).then(|| recorded.day.clone());
    Change {
        id: id.into(),
        what: look.say(what.0, what.1),
        who: look.say("林静禾，石桥站", "Lin Jinghe, Shiqiao"),
        lines: lines.iter().map(|(zh, en)| look.say(zh, en)).collect(),
        happened,
        recorded,
        mark: Mark {
            trust,
            when,
            href: Some(format!("/records/019a?proof={id}#proof")),
            open: false,
        },
        ..Change::default()
    }
}

fn record(look: Look) -> RecordPage {
    let text = look.text();
    let fact = |zh: &str, en: &str, value_zh: &str, value_en: &str| {
        Fact::new(look.say(zh, en), look.say(value_zh, value_en))
    };
    let mut told = change(
        look,
        "c3",
        ("记下告知日期", "Told the person"),
        &[("告知日期：4 月 14 日", "Told on: 14 Apr")],
        moment(look, 3, 20, "15:00"),
        moment(look, 4, 14, "17:08"),
        Trust::Witnessed,
    );
    told.entered_late = Some(25);
    let mut void = change(
        look,
        "c2",
        ("改分流为“重复”", "Set triage to duplicate"),
        &[],
        moment(look, 3, 13, "11:30"),
        moment(look, 3, 13, "11:31"),
        Trust::Ineffective,
    );
    void.reason = Some(look.say(
        "已经立为问题，重复要指明另一件。",
        "It is an issue already; a duplicate must name the other visit.",
    ));
    let mut first = change(
        look,
        "c1",
        ("登记", "Register"),
        &[
            ("来访，2 人，反映问题", "Visit, 2 persons, a problem"),
            ("分流：立为问题", "Triage: issue"),
        ],
        moment(look, 3, 2, "10:14"),
        moment(look, 3, 2, "10:14"),
        Trust::Witnessed,
    );
    first.mark.open = true;
    first.proof = Some(proof(look));
    RecordPage {
        text,
        shell: look.shell(Section::Visits, "/records/019a?proof=c1"),
        id: "019a".into(),
        ledger: super::Link { href: "/visits".into(), label: look.say("来信来访登记簿", "Letters and visits") },
        number: "990121103-2026-16-07".into(),
        title: look.say("已立为问题，还要告知来访人", "An issue now; the person must still be told"),
        matter: look.say("北坡组到镇中学的路灯坏了十一盏，晚自习学生摸黑走。路边是水渠，去年有人掉下去过。", "Eleven street lamps are out between Beipo and the middle school; pupils walk home in the dark. The road runs along a canal, and somebody fell in last year."),
        turn: Some(Turn {
            state: look.say("立为问题", "Issue"),
            state_note: look.say("周望舒接待，2 人来访", "Received by Zhou Wangshu, 2 persons"),
            awaited: look.say("告知来访人", "Tell the person"),
            awaited_on: text.day(5, 1),
            due: Some(Due::Near(15)),
            act: Some(VisitAct { seen: "h1".into(), triages: choices(look, 1, &TRIAGES), told_person_on: Field::new("2026-04-16"), error: None }),
            hint: look.say("擦除个人信息由枫渡镇人大办理。", "Erasure of personal data is signed by Fengdu."),
        }),
        facts: vec![
            fact("时间", "Received at", "4 月 16 日 09:41", "16 Apr 09:41"),
            fact("渠道", "Channel", "来访", "Visit"),
            fact("人数", "Persons", "2", "2"),
            fact("性质", "Nature", "反映问题", "Problem"),
            fact("接待代表", "Receiver", "周望舒、罗定一", "Zhou Wangshu, Luo Dingyi"),
            Fact { split: true, ..fact("分流", "Triage", "立为问题", "Issue") },
            Fact { missing: true, ..fact("告知日期", "Told on", "", "") },
            fact("所属代表行动", "Campaign", "", ""),
        ],
        parts: vec![
            PrivatePart { kind: PrivateKind::Personal, audience: look.say("石桥站、枫渡镇人大", "Shiqiao station and Fengdu"), state: PrivateState::Held(vec![fact("姓名", "Name", "许知微", "Xu Zhiwei"), fact("联系电话", "Phone", "139 0000 0016", "139 0000 0016"), fact("住址", "Address", "石桥村二组 14 号", "Shiqiao village, group 2, no. 14")]) },
            PrivatePart { kind: PrivateKind::Sensitive, audience: look.say("石桥站", "Shiqiao station"), state: PrivateState::Elsewhere },
        ],
        conflicts: Vec::new(),
        timeline: Timeline { next: Some(NextStep { what: look.say("等告知来访人", "The person is to be told"), note: look.say("转信访的十五日内告知", "within 15 days"), until: text.day(5, 1) }), changes: vec![told, void, first] },
        bundle: "/records/019a/bundle".into(),
    }
}

fn record_conflict(look: Look) -> RecordPage {
    let mut page = record(look);
    page.timeline.changes.truncate(2);
    page.turn = None;
    page.parts = vec![
        PrivatePart {
            kind: PrivateKind::Personal,
            audience: look.say("石桥站、枫渡镇人大", "Shiqiao station and Fengdu"),
            state: PrivateState::Elsewhere,
        },
        PrivatePart {
            kind: PrivateKind::Personal,
            audience: look.say("石桥站", "Shiqiao station"),
            state: PrivateState::Erased(
                look.say("4 月 20 日，2 处持有者都已擦除", "20 Apr, at 2 of 2 holders"),
            ),
        },
    ];
    page.conflicts = vec![Conflict {
        field: "triage".into(),
        label: look.say("分流", "Triage"),
        values: vec![
            ConflictValue {
                change: "a".into(),
                value: look.say("立为问题", "Issue"),
                source: look.say("林静禾，石桥站，15:02", "Lin Jinghe, Shiqiao, 15:02"),
            },
            ConflictValue {
                change: "b".into(),
                value: look.say("转信访", "Petition"),
                source: look.say("何见山，枫渡镇，15:09", "He Jianshan, Fengdu, 15:09"),
            },
        ],
        seen: Some("h2".into()),
    }];
    page
}

fn activities(look: Look) -> ActivitiesPage {
    let row = |day,
               topic: (&str, &str),
               kind: (&str, &str),
               orgs: (&str, &str),
               joint,
               present,
               expected,
               state,
               trust| ActivityRow {
        href: "/activities/1".into(),
        day,
        topic: look.say(topic.0, topic.1),
        kind: look.say(kind.0, kind.1),
        orgs: look.say(orgs.0, orgs.1),
        joint,
        present,
        expected,
        state,
        mark: mark(trust),
    };
    let text = look.text();
    ActivitiesPage {
        text,
        shell: look.shell(Section::Activities, "/activities"),
        q: String::new(),
        kinds: all(
            look,
            &[
                ("inspection", "视察", "Inspection"),
                ("research", "专题调研", "Research"),
            ],
        ),
        rows: vec![
            row(
                text.day(4, 16),
                (
                    "石桥河流域水环境联合视察",
                    "Joint inspection of the waters of the Shiqiao basin",
                ),
                ("视察", "Inspection"),
                (
                    "石桥站、枫渡镇、澄川县、澜州市",
                    "Shiqiao, Fengdu, Chengchuan, Lan city",
                ),
                true,
                12,
                13,
                tag(look, "待封 1 枚", "1 awaited", Tone::Soon),
                Trust::Witnessed,
            ),
            row(
                text.day(3, 28),
                ("春耕用水走访", "Calls on farmers about irrigation"),
                ("联系选民", "Voter contact"),
                ("石桥站", "Shiqiao"),
                false,
                6,
                6,
                tag(look, "不用封签", "no seal", Tone::Mute),
                Trust::Witnessed,
            ),
            row(
                text.day(3, 3),
                ("校园食堂安全检查", "School canteens: food safety"),
                ("执法检查", "Law check"),
                ("枫渡镇、澄川县", "Fengdu, Chengchuan"),
                true,
                8,
                9,
                tag(look, "已封齐", "sealed", Tone::Good),
                Trust::Witnessed,
            ),
        ],
        filtered: false,
        unsealed: 1,
        pager: Pager {
            first: 1,
            last: 3,
            total: 3,
            previous: None,
            next: None,
        },
        form: Some(ActivityForm {
            once: "o2".into(),
            topic: Field {
                value: String::new(),
                error: Some(look.say(
                    "写上主题，别人才找得到。",
                    "Write a topic, so that others can find it.",
                )),
            },
            kinds: choices(
                look,
                0,
                &[
                    ("inspection", "视察", "Inspection"),
                    ("research", "专题调研", "Research"),
                ],
            ),
            from: Field::new("2026-04-16T14:30"),
            to: Field::new("2026-04-16T17:00"),
            spaces: choices(
                look,
                0,
                &[
                    ("1", "枫渡镇、石桥站、上坪站", "Fengdu, Shiqiao, Shangping"),
                    ("2", "枫渡镇、澄川县", "Fengdu, Chengchuan"),
                ],
            ),
            ..ActivityForm::default()
        }),
    }
}

fn activity(look: Look) -> ActivityPage {
    let line = |time: &str, who: (&str, &str), node: (&str, &str), say: (&str, &str), trust| LogLine {
        id: format!("l{time}"),
        time: time.into(),
        who: look.say(who.0, who.1),
        node: look.say(node.0, node.1),
        say: look.say(say.0, say.1),
        mark: mark(trust),
        ..LogLine::default()
    };
    let mut late = line(
        "17:34",
        ("方知远", "Fang Zhiyuan"),
        ("澜州市人大", "Lan city"),
        (
            "补记：老码头断面三月氨氮超标一次，请县里说明。",
            "Added: ammonia above the limit once in March at the old wharf; the county is asked to explain.",
        ),
        Trust::Waiting,
    );
    late.after_seal = true;
    let mut split = line(
        "15:02",
        ("何见山", "He Jianshan"),
        ("枫渡镇人大", "Fengdu"),
        (
            "确认排口 SQ-07 不在登记册内，镇里今天补登。",
            "Outlet SQ-07 is not in the register; the township enters it today.",
        ),
        Trust::Witnessed,
    );
    split.split = Some(look.say(
        "市里记的是 SQ-17，两个都留着。",
        "The city wrote SQ-17; both are kept.",
    ));
    let seal = |level: (&str, &str), org: &str, who: (&str, &str), given: Option<&str>| Seal {
        level: look.say(level.0, level.1),
        org: org.into(),
        who: look.say(who.0, who.1),
        given: given.map(String::from),
        mark: given.map(|_| Mark {
            trust: Trust::Witnessed,
            ..Mark::default()
        }),
    };
    let person = |zh: &str, en: &str, signed| Participant {
        name: look.say(zh, en),
        signed,
    };
    let level = |zh: &str, en: &str, people| ParticipantLevel {
        label: look.say(zh, en),
        people,
    };
    ActivityPage {
        text: look.text(),
        shell: look.shell(Section::Activities, "/activities/019b"),
        id: "019b".into(),
        number: "JH-2026-014".into(),
        topic: look.say(
            "石桥河流域水环境联合视察",
            "Joint inspection of the waters of the Shiqiao basin",
        ),
        joint: true,
        brief: [
            ("4 月 16 日 14:30—17:00", "16 Apr 14:30–17:00"),
            ("老码头至上坪闸", "Old wharf to Shangping lock"),
            ("走访 23 户", "23 households"),
            ("发现问题 5 个", "5 issues found"),
        ]
        .iter()
        .map(|(zh, en)| look.say(zh, en))
        .collect(),
        line: Some(LineForm {
            once: "o3".into(),
            text: Field::default(),
        }),
        sign_in: None,
        seal: Some(SealForm {
            level: "province".into(),
            level_label: look.say("省", "province"),
            heads: "h9".into(),
            lines: 5,
        }),
        log: Log {
            lines: vec![
                late,
                line(
                    "16:52",
                    ("林静禾", "Lin Jinghe"),
                    ("石桥站", "Shiqiao"),
                    (
                        "照片 6 张：岸坡裂缝、排口编号牌、村民意见簿。",
                        "Six photographs: cracks, the outlet’s plate, the villagers’ book.",
                    ),
                    Trust::Witnessed,
                ),
                line(
                    "16:20",
                    ("周望舒", "Zhou Wangshu"),
                    ("澄川县人大", "Chengchuan"),
                    (
                        "县水利局当场答应 4 月 30 日前完成岸坡测量，吴启明在场。",
                        "The county’s water bureau promised a survey of the bank by 30 April; Wu Qiming was present.",
                    ),
                    Trust::Witnessed,
                ),
                line(
                    "15:46",
                    ("罗定一", "Luo Dingyi"),
                    ("石桥站", "Shiqiao"),
                    (
                        "走访沿河 23 户，11 户反映雨后倒灌，4 户要求先修护栏。",
                        "23 households along the river: 11 are flooded after rain, 4 want the railing first.",
                    ),
                    Trust::Witnessed,
                ),
                split,
                line(
                    "14:33",
                    ("林静禾", "Lin Jinghe"),
                    ("石桥站", "Shiqiao"),
                    ("活动开始，应到 13 人，实到 12 人。", "Begun: 12 of 13 present."),
                    Trust::Witnessed,
                ),
            ],
            nodes: 4,
        },
        seals: Seals {
            seals: vec![
                seal(
                    ("镇", "township"),
                    "枫渡",
                    ("何见山", "He Jianshan"),
                    Some("17:20"),
                ),
                seal(("县", "county"), "澄川", ("叶听澜", "Ye Tinglan"), Some("17:26")),
                seal(("市", "city"), "澜州", ("方知远", "Fang Zhiyuan"), Some("17:31")),
                seal(("省", "province"), "", ("许闻笛", "Xu Wendi"), None),
            ],
            same: true,
            digest: "9c40 71fe 22b8 d013".into(),
            after: 1,
        },
        participants: Participants {
            levels: vec![
                level(
                    "全国",
                    "national",
                    vec![person("秦若谷", "Qin Ruogu", SignedIn::Key)],
                ),
                level(
                    "省",
                    "province",
                    vec![person("许闻笛", "Xu Wendi", SignedIn::Key)],
                ),
                level(
                    "市",
                    "city",
                    vec![
                        person("方知远", "Fang Zhiyuan", SignedIn::Key),
                        person("宋怀川", "Song Huaichuan", SignedIn::Token),
                    ],
                ),
                level(
                    "县",
                    "county",
                    vec![
                        person("周望舒", "Zhou Wangshu", SignedIn::Key),
                        person("叶听澜", "Ye Tinglan", SignedIn::Key),
                        person("江予安", "Jiang Yu’an", SignedIn::Link),
                        person("韩叙", "Han Xu", SignedIn::Paper),
                    ],
                ),
                level(
                    "镇",
                    "township",
                    vec![
                        person("罗定一", "Luo Dingyi", SignedIn::Key),
                        person("何见山", "He Jianshan", SignedIn::Key),
                        person("何雨生", "He Yusheng", SignedIn::Token),
                        person("田小满", "Tian Xiaoman", SignedIn::Token),
                        person("石可为", "Shi Kewei", SignedIn::Not),
                    ],
                ),
            ],
        },
        facts: Vec::new(),
        bundle: "/activities/019b/bundle".into(),
    }
}

fn activity_open(look: Look) -> ActivityPage {
    let mut page = activity(look);
    page.sign_in = Some(look.say("周望舒，县代表", "Zhou Wangshu, county deputy"));
    page.seal = None;
    page.log.lines[2].mark.open = true;
    page.log.lines[2].proof = Some(Proof {
        trust: Trust::Contested,
        alarm: Some(look.say(
            "日志 9f3ac207 有两个分支：同一大小，两个根。",
            "Log 9f3ac207 has two branches: one size, two roots.",
        )),
        stale: true,
        witnesses: Vec::new(),
        ..proof(look)
    });
    page.seals.same = false;
    page.facts = vec![Fact::new(
        look.say("成效", "Outcome"),
        look.say(
            "形成建议 2 件，当场答应 1 件。",
            "Two suggestions, one promise on the spot.",
        ),
    )];
    page
}

fn deputies(look: Look) -> DeputiesPage {
    let row = |name: (&str, &str), seats: &[(&str, &str)], post: (&str, &str), key, activities| DeputyRow {
        href: "/records/d".into(),
        name: look.say(name.0, name.1),
        seats: seats.iter().map(|(zh, en)| look.say(zh, en)).collect(),
        station: look.say("石桥站", "Shiqiao"),
        group: look.say("第二小组", "Group 2"),
        occupation: look.say("专业技术", "professional"),
        post: look.say(post.0, post.1),
        key,
        activities,
    };
    DeputiesPage {
        text: look.text(),
        shell: look.shell(Section::Deputies, "/deputies"),
        q: String::new(),
        levels: all(
            look,
            &[("county", "县", "County"), ("township", "镇", "Township")],
        ),
        stations: all(look, &[("1", "石桥站", "Shiqiao")]),
        rows: vec![
            row(
                ("周望舒", "Zhou Wangshu"),
                &[("县", "county"), ("镇", "township")],
                ("县第二中学，教师", "Teacher, County Middle School No. 2"),
                true,
                9,
            ),
            row(
                ("罗定一", "Luo Dingyi"),
                &[("镇", "township")],
                (
                    "石桥村，村民委员会主任",
                    "Head of the villagers’ committee, Shiqiao",
                ),
                true,
                6,
            ),
            row(
                ("何雨生", "He Yusheng"),
                &[("镇", "township")],
                ("石桥村，农民", "Farmer, Shiqiao"),
                false,
                4,
            ),
        ],
        filtered: false,
        pager: Pager {
            first: 1,
            last: 3,
            total: 3,
            previous: None,
            next: None,
        },
        sites: 1,
    }
}

fn network(look: Look) -> NetworkPage {
    let log = |space: (&str, &str),
               audience: (&str, &str),
               owner: (&str, &str),
               own,
               size,
               witnessed,
               receipt: &str| LogRow {
        origin: "lianzhan.org/log/9f3ac20714e80b55d1aa37c6b0428e91".into(),
        origin_short: "9f3ac207".into(),
        owner: look.say(owner.0, owner.1),
        own,
        space: look.say(space.0, space.1),
        audience: look.say(audience.0, audience.1),
        size,
        witnessed,
        receipt: receipt.into(),
        state: None,
    };
    let shiqiao = ("石桥站", "Shiqiao");
    let mut retired = log(
        ("来信来访，2025", "Letters and visits, 2025"),
        ("县", "county"),
        shiqiao,
        true,
        5120,
        5120,
        "1/02 08:00",
    );
    retired.state = Some(tag(look, "已停用", "retired", Tone::Mute));
    let peer =
        |name: (&str, &str), relation: (&str, &str), connected, since: (&str, &str), spaces, lag| PeerRow {
            name: look.say(name.0, name.1),
            relation: look.say(relation.0, relation.1),
            connected,
            since: look.say(since.0, since.1),
            spaces,
            lag,
            id: "12D3…9Kfa".into(),
        };
    NetworkPage {
        text: look.text(),
        shell: look.shell(Section::Network, "/network"),
        alarms: Alarms {
            alarms: vec![Alarm {
                happened: look.say("一本日志有两个分支", "A log has two branches"),
                thing: look.say(
                    "上坪站，来信来访，在第 3,120 条之后",
                    "Shangping, letters and visits, after entry 3,120",
                ),
                todo: look.say(
                    "先见证的一支照常算数。请上坪站的人重签另一支上的 4 条。",
                    "The branch witnessed first stands. Shangping signs the 4 entries of the other anew.",
                ),
                time: "08:12".into(),
                evidence: Some(super::Link {
                    href: "/network/evidence/1".into(),
                    label: look.say("看证据", "See the evidence"),
                }),
            }],
        },
        logs: Logs {
            rows: vec![
                log(
                    ("来信来访", "Letters and visits"),
                    ("站、镇、县", "station, township, county"),
                    shiqiao,
                    true,
                    9870,
                    9868,
                    "09:41",
                ),
                log(
                    ("来访人", "Persons"),
                    ("站、镇", "station, township"),
                    shiqiao,
                    true,
                    4210,
                    4210,
                    "09:41",
                ),
                log(
                    ("石桥河联合活动", "Joint activities, Shiqiao basin"),
                    ("4 个单位", "4 orgs"),
                    ("澄川县人大", "Chengchuan"),
                    false,
                    318,
                    318,
                    "09:52",
                ),
                log(
                    ("任命与单位", "Directory"),
                    ("全网", "whole line"),
                    ("枫渡镇人大", "Fengdu"),
                    false,
                    77,
                    77,
                    "",
                ),
                retired,
            ],
        },
        peers: Peers {
            rows: vec![
                peer(
                    ("枫渡镇人大", "Fengdu Township"),
                    ("上级", "parent"),
                    true,
                    ("从 08:00 起", "since 08:00"),
                    6,
                    0,
                ),
                peer(
                    ("澄川县人大", "Chengchuan County"),
                    ("上级的上级", "parent’s parent"),
                    true,
                    ("从 08:01 起", "since 08:01"),
                    5,
                    2,
                ),
                peer(
                    ("上坪站", "Shangping station"),
                    ("邻站", "neighbour"),
                    false,
                    ("最后 4 月 15 日 06:50", "last heard 15 Apr 06:50"),
                    1,
                    12,
                ),
            ],
        },
        key: "12D3 KooW 9Kfa 77Qe 55d0 a2f3".into(),
        founding: "7c1e 04b9 a2f3 55d0 18aa 90cd 3b6f 91ce".into(),
        as_of: "09:52".into(),
    }
}
