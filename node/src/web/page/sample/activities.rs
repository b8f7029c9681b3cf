//! Plausible data for the pages of activities.

use super::*;

pub(super) fn activities(look: Look) -> ActivitiesPage {
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

pub(super) fn activity(look: Look) -> ActivityPage {
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
        paper: None,
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
            suspects: Suspects::default(),
            once: "o3".into(),
            text: Field::default(),
        }),
        sign_in: None,
        paper: None,
        seal: Some(SealForm {
            level: "province".into(),
            level_label: look.say("省", "province"),
            heads: "h9".into(),
            lines: 5,
        }),
        attachments: Default::default(),
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
        case: Some("/records/019a/bundle?cited=true".into()),
    }
}

pub(super) fn activity_open(look: Look) -> ActivityPage {
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
