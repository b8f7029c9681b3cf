//! Plausible data for the pages of posts, of what waits for an adoption, and of forks.

use super::*;

fn state(look: Look, zh: &str, en: &str, tone: Tone, due: Option<Due>) -> OfficeState {
    OfficeState {
        tag: tag(look, zh, en, tone),
        plain: tone == Tone::Plain,
        due,
    }
}

fn in_force(look: Look) -> OfficeState {
    state(look, "有效", "in force", Tone::Plain, None)
}

fn row(look: Look, holder: (&str, &str), post: (&str, &str), state: OfficeState) -> AppointmentRow {
    AppointmentRow {
        href: "/appointments/3f09".into(),
        holder: look.say(holder.0, holder.1),
        elsewhere: None,
        login: Some("lin".into()),
        org: Some(look.say("石桥站", "Shiqiao")),
        post: look.say(post.0, post.1),
        key: "7c1e04b9".into(),
        until: look.say("2027 年 6 月 30 日", "30 Jun 2027"),
        state,
    }
}

fn rows(look: Look) -> Vec<AppointmentRow> {
    let clerk = ("联络员", "station liaison");
    vec![
        row(look, ("林静禾", "Lin Jinghe"), clerk, in_force(look)),
        row(
            look,
            ("罗定一", "Luo Dingyi"),
            ("镇代表", "township deputy"),
            state(look, "即将到期", "ends soon", Tone::Soon, Some(Due::Soon(6))),
        ),
        row(
            look,
            ("何雨生", "He Yusheng"),
            clerk,
            state(look, "待追认", "contested", Tone::Split, None),
        ),
    ]
}

fn org(look: Look, name: (&str, &str), people: u64, children: Vec<OrgNode>) -> OrgNode {
    OrgNode {
        text: look.text(),
        name: look.say(name.0, name.1),
        href: "/appointments?org=1".into(),
        people: Some(people),
        below: children.len() as u64,
        alert_below: 1,
        open: true,
        children,
        ..OrgNode::default()
    }
}

pub(super) fn appointments(look: Look, found: bool) -> AppointmentsPage {
    let station = OrgNode {
        chosen: true,
        own: true,
        alert: 1,
        ..org(look, ("石桥站", "Shiqiao"), 3, Vec::new())
    };
    let elsewhere = OrgNode {
        people: None,
        ..org(look, ("柳林站", "Liulin"), 0, Vec::new())
    };
    let tree = org(look, ("枫渡镇", "Fengdu"), 4, vec![station, elsewhere]);
    let past = row(
        look,
        ("闻人歌", "Wenren Ge"),
        ("联络员", "station liaison"),
        state(look, "已撤销", "revoked", Tone::Late, None),
    );
    AppointmentsPage {
        text: look.text(),
        shell: look.shell(Section::Appointments, "/appointments"),
        q: String::new(),
        states: all(look, &[("expiring", "即将到期", "ends soon")]),
        tree: (!found).then_some(tree),
        org: look.say("石桥站", "Shiqiao"),
        rows: rows(look),
        past: if found { Vec::new() } else { vec![past] },
        pager: Pager {
            first: 1,
            last: 3,
            total: 3,
            previous: None,
            next: None,
        },
        serving: 7,
        ending: 1,
        contested: 4,
        invite: true,
    }
}

pub(super) fn appointment(look: Look) -> AppointmentPage {
    let link = |who: (&str, &str), post: (&str, &str), by: (&str, &str)| OfficeLink {
        href: Some("/appointments/3f09".into()),
        who: look.say(who.0, who.1),
        post: look.say(post.0, post.1),
        by: look.say(by.0, by.1),
        tag: None,
    };
    AppointmentPage {
        text: look.text(),
        shell: look.shell(Section::Appointments, "/appointments/3f09"),
        id: "3f09".into(),
        title: look.say("罗定一，石桥站镇代表", "Luo Dingyi, Shiqiao township deputy"),
        org: super::Link {
            href: "/appointments?org=1".into(),
            label: look.say("石桥站", "Shiqiao"),
        },
        state: state(look, "即将到期", "ends soon", Tone::Soon, Some(Due::Soon(6))),
        note: look.say("到期以后签的不再算数，请提前续任。", "Renew it in time."),
        until: look.say("2026 年 4 月 22 日", "22 Apr 2026"),
        renew: Some(RenewForm {
            until: Field::new("2031-04-22"),
            from: "2026-04-23".into(),
            to: "2031-12-31".into(),
            passphrase: Field {
                value: String::new(),
                error: Some(look.say("机构口令不对。", "That is not the passphrase of the org.")),
            },
            error: None,
        }),
        revoke: Some("/appointments/3f09/revoke".into()),
        adopt: None,
        hint: String::new(),
        chain: vec![
            link(
                ("罗定一", "Luo Dingyi"),
                ("石桥站镇代表", "Shiqiao township deputy"),
                ("枫渡镇任命", "appointed by Fengdu"),
            ),
            OfficeLink {
                href: None,
                by: String::new(),
                ..link(
                    ("澜州市", "Lanzhou"),
                    ("3 把根密钥之 2", "2 of 3 root keys"),
                    ("", ""),
                )
            },
        ],
        facts: vec![Fact::new(look.say("登录名", "Login"), "luo")],
        key: "7c1e 04b9 a2f3 55d0".into(),
        fingerprint: "3f09 ac20 714e 80b5".into(),
        revocation: Vec::new(),
        others: rows(look),
        career: vec![
            look.say(
                "2024 年 3 月 1 日—2025 年 6 月 30 日　柳林站联络员",
                "1 Mar 2024–30 Jun 2025 station liaison, Liulin",
            ),
            look.say(
                "2025 年 7 月 1 日—2027 年 6 月 30 日　石桥站联络员",
                "1 Jul 2025–30 Jun 2027 station liaison, Shiqiao",
            ),
        ],
    }
}

pub(super) fn revoke(look: Look) -> RevokePage {
    let record = super::Link {
        href: "/records/1".into(),
        label: look.say("北坡组路灯坏了十一盏", "Eleven lamps are out"),
    };
    RevokePage {
        text: look.text(),
        shell: look.shell(Section::Appointments, "/appointments/3f09/revoke"),
        id: "3f09".into(),
        who: look.say("石桥站机构授权", "Shiqiao authority"),
        grounds: choices(
            look,
            1,
            &[("soft", "离任", "Left office"), ("hard", "失窃", "Stolen")],
        ),
        since: Field::new("2026-04-16T09:00"),
        reason: Field::new(look.say("手提电脑失窃", "The laptop was stolen")),
        keeps: choices(
            look,
            0,
            &[
                ("only", "只有选中的", "Only what is chosen"),
                ("none", "都不", "None"),
            ],
        ),
        kept: choices(look, 0, &[("1", "林静禾", "Lin Jinghe")]),
        error: None,
        preview: Some(RevokePreview {
            says: vec![look.say("4 条待追认。", "4 entries wait for an adoption.")],
            records: vec![(record.clone(), 2)],
            more: 3,
            statements: vec![record],
            sends: vec![("ground".into(), "hard".into())],
            passphrase: Field::default(),
        }),
    }
}

fn waiting(look: Look) -> (Vec<ContestedStatement>, Vec<ContestedRecord>) {
    let statement = ContestedStatement {
        id: "s1".into(),
        what: super::Link {
            href: "/appointments/3f09".into(),
            label: look.say("何雨生，柳林站联络员", "He Yusheng, Liulin station liaison"),
        },
        org: look.say("柳林站签发", "stated by Liulin"),
        why: look.say("枫渡镇撤销了签发它的机构密钥。", "Fengdu revoked the authority."),
        may: true,
    };
    let change = ContestedChange {
        id: "c1".into(),
        what: look.say("登记", "Registered"),
        who: look.say("闻人歌，石桥站联络员", "Wenren Ge, Shiqiao station liaison"),
        recorded: "11:44".into(),
        why: look.say("签名人的任命已撤销。", "The appointment was revoked."),
        own: true,
        may: true,
    };
    let record = ContestedRecord {
        record: super::Link {
            href: "/records/1".into(),
            label: look.say("北坡组路灯坏了十一盏", "Eleven lamps are out"),
        },
        about: look.say("石桥站的来信来访", "Visits of Shiqiao"),
        changes: vec![change],
    };
    (vec![statement], vec![record])
}

pub(super) fn contested(look: Look) -> ContestedPage {
    let (statements, records) = waiting(look);
    ContestedPage {
        text: look.text(),
        shell: look.shell(Section::Appointments, "/contested"),
        statements,
        records,
        entries: 1,
        pager: Pager {
            first: 1,
            last: 1,
            total: 1,
            previous: None,
            next: None,
        },
        more: 2,
        all: true,
        toggle: "/contested".into(),
        hint: None,
    }
}

pub(super) fn adopt(look: Look) -> AdoptPage {
    let (statements, records) = waiting(look);
    AdoptPage {
        text: look.text(),
        shell: look.shell(Section::Appointments, "/contested"),
        statements,
        resting: 2,
        records,
        by_org: Some(AdoptForm {
            org: look.say("枫渡镇", "Fengdu"),
            passphrase: Field::default(),
        }),
        by_post: Some(look.say("石桥站联络员", "Shiqiao station liaison")),
        sends: vec![("change".into(), "c1".into())],
        error: None,
    }
}

pub(super) fn forks(look: Look) -> ForksPage {
    ForksPage {
        text: look.text(),
        shell: look.shell(Section::Network, "/forks"),
        forks: vec![ForkRow {
            href: "/forks/9f3a".into(),
            log: look.say("上坪站的来信来访", "Visits of Shangping"),
            origin: "9f3ac207".into(),
            common: 3120,
            found: "08:12".into(),
            state: tag(look, "4 条待重签", "4 to sign anew", Tone::Split),
        }],
        restored: vec![RestoredNode {
            name: look.say("上坪站", "Shangping"),
            own: true,
            key: "7c1e04b9".into(),
            logs: vec![EarlierRow {
                space: look.say("来信来访", "Letters and visits"),
                origin: "9f3ac207".into(),
                signed: 3124,
                held: 3122,
                missing: 2,
                since: String::new(),
                reason: look.say("这是旧副本。", "It is an old copy."),
            }],
        }],
    }
}

pub(super) fn fork(look: Look) -> ForkPage {
    let branch = |name: (&str, &str), stands| Branch {
        name: look.say(name.0, name.1),
        stands,
        size: 3124,
        root: "f58a d864 6251 309c 60d9 e30a 37f8 a19d".into(),
        witnessed: "08:10".into(),
    };
    ForkPage {
        text: look.text(),
        shell: look.shell(Section::Network, "/forks/9f3a"),
        id: "9f3a".into(),
        log: look.say("上坪站的来信来访", "Visits of Shangping"),
        says: vec![look.say("上级只见证过其中一支。", "The parent witnessed one of them.")],
        branches: vec![
            branch(("算数的一支", "The branch that stands"), true),
            branch(("另一支", "The other branch"), false),
        ],
        left: [true, false]
            .map(|own| LeftRow {
                id: "c1".into(),
                title: super::Link {
                    href: String::new(),
                    label: look.say("护坡裂缝变宽", "The crack grows"),
                },
                ledger: look.say("来信来访", "Letters and visits"),
                author: look.say("林静禾", "Lin Jinghe"),
                recorded: "08:01".into(),
                puts: 8,
                own,
            })
            .to_vec(),
        error: None,
        facts: vec![Fact::new(look.say("发现", "Found"), "08:12")],
        origin: "lianzhan/log/9f3ac20714e80b55".into(),
        key: "7c1e 04b9 a2f3 55d0".into(),
        proof: "/forks/9f3a/proof".into(),
    }
}

pub(super) fn invitations(look: Look) -> InvitationsPage {
    InvitationsPage {
        text: look.text(),
        shell: look.shell(Section::Appointments, "/invitations"),
        orgs: choices(
            look,
            0,
            &[("", "新的单位", "A new org"), ("own", "枫渡镇", "Fengdu")],
        ),
        roles: choices(
            look,
            1,
            &[
                ("", "不任命人员", "Nobody"),
                ("station_head", "站长", "Station head"),
            ],
        ),
        seats: choices(
            look,
            0,
            &[("", "不是代表", "No deputy"), ("township", "乡镇", "Township")],
        ),
        joiner: look.say("辛桥", "Xin Qiao"),
        levels: choices(look, 0, &[("station", "站", "Station")]),
        name_zh: Field::new("柳溪站"),
        name_en: Field::new("Liuxi Station"),
        code: Field::new("990121103210"),
        days: choices(look, 0, &[("7", "7 天", "7 days")]),
        addresses: Field::new("/ip4/192.0.2.1/tcp/7611"),
        passphrase: Field::default(),
        error: None,
        open: vec![InvitationRow {
            org: "7".repeat(32),
            person: look.say("辛桥、站长", "Xin Qiao, station head"),
            name: look.say("柳林站", "Liulin Station"),
            code: "990121103202".into(),
            made: look.say("2026 年 4 月 9 日 09:30", "9 April 2026 09:30"),
            until: look.say("2026 年 4 月 16 日 09:30", "16 April 2026 09:30"),
            expired: true,
        }],
    }
}

/// At a station, which has nothing below it: persons are invited, and nobody was yet.
pub(super) fn invitations_station(look: Look) -> InvitationsPage {
    InvitationsPage {
        orgs: choices(look, 0, &[("own", "石桥站", "Shiqiao station")]),
        levels: Vec::new(),
        passphrase: Field {
            value: String::new(),
            error: Some(look.say(
                "机构口令不对，请再试一次。",
                "That is not the passphrase of the org. Try again.",
            )),
        },
        open: Vec::new(),
        ..invitations(look)
    }
}

pub(super) fn slip(look: Look) -> SlipPage {
    let invitation = format!("lianzhan-join-2.{}", "pAFZ7c1e04b9a2f355d0".repeat(14));
    let qr = crate::qr::Qr::of(&invitation);
    SlipPage {
        text: look.text(),
        shell: look.shell(Section::Appointments, "/invitations/slip"),
        org: look.say("柳溪站", "Liuxi Station"),
        code: "990121103210".into(),
        until: look.say("2026 年 4 月 23 日 09:30", "23 April 2026 09:30"),
        joiner: Some(look.say("辛桥、站长", "Xin Qiao, station head")),
        alone: look.looks.large,
        addresses: vec!["/ip4/192.0.2.1/tcp/7611".into()],
        invitation,
        qr: qr.map(|qr| SlipQr {
            side: qr.side(),
            path: qr.path(),
        }),
    }
}

/// The first page: waiting for a code, on its way, and waiting for its first person.
pub(super) fn start(look: Look, way: usize) -> StartPage {
    let text = look.text();
    StartPage {
        text,
        looks: look.looks,
        here: "/start".into(),
        version: "0".into(),
        title: text.t(if way == 1 {
            "start-title-joining"
        } else {
            "start-title"
        }),
        lead: text.t("start-lead"),
        steps: vec![StartStep {
            label: text.t("start-step-sync"),
            note: text.t2("start-received", "done", 3, "all", 7),
            state: [StepState::Later, StepState::Now, StepState::Done][way % 3],
        }],
        refresh: way == 1,
        error: (way == 0).then(|| text.t("start-differ")),
        join: (way == 0).then(|| JoinForm {
            code: "lianzhan-join-2.pAFZ".into(),
            person: None,
            begun: look.looks.large,
            min: 8,
        }),
        person: (way == 2).then(|| FirstPersonForm {
            name: look.say("辛桥", "Xin Qiao"),
            login: "xin".into(),
            roles: look.say("站长", "station head"),
            min: 8,
            named: false,
            code: look.looks.large.then(|| "lianzhan-join-2.pAFZ".into()),
        }),
        ..StartPage::default()
    }
}
