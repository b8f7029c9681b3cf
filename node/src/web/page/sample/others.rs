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
