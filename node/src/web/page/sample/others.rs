//! Plausible data for the pages of deputies and the network.

use super::*;

pub(super) fn deputies(look: Look) -> DeputiesPage {
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
        bundle: Some(bundle(look, ("周望舒", "Zhou Wangshu"), ("2026", "2026"))),
        sites: 1,
        new: Some("/ledgers/deputy_roster/new".into()),
    }
}

pub(super) fn verify(look: Look, built: bool) -> VerifyPage {
    VerifyPage {
        text: look.text(),
        shell: Shell {
            person: None,
            ..look.shell(Section::None, "/verify")
        },
        module: built.then(|| "/verify/lianzhan_verify.wasm".into()),
        longest: 1 << 28,
        founding: "7c1e 04b9 a2f3 55d0 18aa 90cd 3b6f 91ce".into(),
        root: look.say("澜州市", "Lanzhou City"),
        roles: "{}".into(),
    }
}

pub(super) fn network(look: Look) -> NetworkPage {
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
    let line =
        |name: (&str, &str), contact: (&str, &str), tone, heard: (&str, &str), lag: (&str, &str)| NodeLine {
            key: name.1.into(),
            name: look.say(name.0, name.1),
            href: Some("/network/nodes/9f3ac20714e80b55".into()),
            contact: tag(look, contact.0, contact.1, tone),
            heard: look.say(heard.0, heard.1),
            lag: tag(look, lag.0, lag.1, Tone::Plain),
            newest: "09:38".into(),
            receipt: "09:41".into(),
            receipt_by: look.say("枫渡镇", "Fengdu"),
            version: "0.1.0".into(),
            told: true,
            ..NodeLine::default()
        };
    let branch = |id: &str, lines, children: Vec<NetBranch>| NetBranch {
        text: look.text(),
        id: id.into(),
        lines,
        below: children.len() as u64,
        open: true,
        children,
        ..NetBranch::default()
    };
    let connected = ("已连", "connected");
    let mut station = line(
        ("石桥站", "Shiqiao"),
        ("本节点", "this node"),
        Tone::Good,
        ("", ""),
        ("齐", "level"),
    );
    station.own = true;
    let mut silent = line(
        ("上坪站", "Shangping"),
        ("没有消息 5 天", "silent for 5 days"),
        Tone::Late,
        ("4 月 11 日 17:20", "11 April 17:20"),
        ("差 12 条", "12 to come"),
    );
    silent.attention = vec![look.say(
        "一本日志有两个分支，请看告警。",
        "A log of it has two branches: see the alarm.",
    )];
    let township = NetBranch {
        silent: 1,
        attention: 1,
        behind: 12,
        rest: Some((3, "/network?org=1".into())),
        ..branch(
            "township",
            vec![line(
                ("枫渡镇", "Fengdu"),
                connected,
                Tone::Good,
                ("", ""),
                ("齐", "level"),
            )],
            vec![
                branch("own", vec![station], Vec::new()),
                branch("silent", vec![silent], Vec::new()),
            ],
        )
    };
    let county = line(
        ("澄川县", "Chengchuan"),
        connected,
        Tone::Good,
        ("", ""),
        ("齐", "level"),
    );
    let tree = Tree {
        here: "/network".into(),
        nodes: 7,
        connected: 3,
        attention: 1,
        silent: vec![SilentRow {
            name: look.say("上坪站", "Shangping"),
            parent: look.say("枫渡镇", "Fengdu"),
            href: "/network/nodes/9f3ac20714e80b55".into(),
            span: look.say("5 天", "5 days"),
            since: look.say("4 月 11 日 17:20", "11 April 17:20"),
            held: 3120,
        }],
        silent_more: 2,
        root: Some(branch("county", vec![county], vec![township])),
        others: vec![line(
            ("青崖镇", "Qingya"),
            connected,
            Tone::Good,
            ("", ""),
            ("没有日志", "no logs"),
        )],
        ..Tree::default()
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
        title: look.say(
            "1 个告警要人看，1 个节点没有消息，最久 5 天",
            "1 alarm needs a person, 1 node is silent, for 5 days",
        ),
        conduct: conduct(look, true),
        tree,
        key: "12D3 KooW 9Kfa 77Qe 55d0 a2f3".into(),
        founding: "7c1e 04b9 a2f3 55d0 18aa 90cd 3b6f 91ce".into(),
        disk: Some(look.say("还剩 61 GB，共 118 GB", "61 GB free of 118 GB")),
        versions: vec![("0.1.0".into(), 6), (look.say("未告知", "not told"), 1)],
        as_of: "09:52".into(),
    }
}

pub(super) fn node(look: Look) -> NodePage {
    let network = network(look);
    NodePage {
        text: look.text(),
        shell: look.shell(Section::Network, "/network/nodes/9f3ac20714e80b55"),
        line: NodeLine {
            name: look.say("上坪站", "Shangping"),
            contact: tag(look, "没有消息 5 天", "silent for 5 days", Tone::Late),
            attention: vec![look.say(
                "一本日志有两个分支，请看告警。",
                "A log of it has two branches: see the alarm.",
            )],
            ..NodeLine::default()
        },
        facts: vec![(look.say("最后消息", "Last heard of"), "09:41".into())],
        conduct: conduct(look, false),
        logs: network.logs,
    }
}

fn conduct(look: Look, whose: bool) -> Conduct {
    let known = ConductRow {
        name: look.say("上坪站", "Shangping"),
        href: Some("/network/nodes/9f3ac20714e80b55".into()),
        last: look.say("条目与签名的日志对不上", "entries that do not fit the signed log"),
        at: look.say("4 月 16 日 09:38", "16 April 09:38"),
        count: 5,
        kinds: look.say(
            "条目与签名的日志对不上 3 次、该答的迟迟不答 2 次",
            "entries that do not fit the signed log: 3, an answer that did not come: 2",
        ),
        again: tag(look, "10:08 以后", "after 10:08", Tone::Soon),
        stranger: false,
    };
    let stranger = ConductRow {
        name: "9f3ac207".into(),
        stranger: true,
        last: look.say("没有任命为本网节点", "not appointed as a node here"),
        at: look.say("4 月 16 日 08:02", "16 April 08:02"),
        count: 1204,
        again: tag(look, "随时可以", "at any time", Tone::Plain),
        ..ConductRow::default()
    };
    Conduct {
        rows: match whose {
            true => vec![known, stranger],
            false => vec![known],
        },
        whose,
        more: 2 * u64::from(whose),
    }
}
