//! Plausible data for the pages of a record.

use super::*;

pub(super) fn moment(look: Look, month: i8, day: i8, time: &str) -> Moment {
    Moment {
        day: look.text().day(month, day),
        time: time.into(),
    }
}

pub(super) fn proof(look: Look) -> Proof {
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

pub(super) fn change(
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
        lines: lines
            .iter()
            .map(|(zh, en)| ChangeLine::new(look.say(zh, en)))
            .collect(),
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

pub(super) fn record(look: Look) -> RecordPage {
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
        lacks: 1,
        edit: Some("/records/019a/edit".into()),
        named_by: vec![super::NamedByRow {
            href: "/records/019b".into(),
            title: look.say("北坡组路灯", "Street lamps at Beipo"),
            how: look.say("问题，来源，4 月 17 日", "Issues, source, 17 Apr"),
        }],
        named_by_more: 3,
        facts: vec![
            fact("时间", "Received at", "4 月 16 日 09:41", "16 Apr 09:41"),
            fact("渠道", "Channel", "来访", "Visit"),
            fact("人数", "Persons", "2", "2"),
            fact("性质", "Nature", "反映问题", "Problem"),
            fact("接待代表", "Receiver", "周望舒、罗定一", "Zhou Wangshu, Luo Dingyi"),
            Fact { split: true, ..fact("分流", "Triage", "立为问题", "Issue") },
            Fact { missing: true, fill: Some("/records/019a/edit#f:told_person_on".into()), ..fact("告知日期", "Told on", "", "") },
            fact("所属代表行动", "Campaign", "", ""),
        ],
        attachments: super::super::Attachments {
            path: "/records/019a/attachments".into(),
            csrf: "c".into(),
            back: "/records/019a".into(),
            topics: "attachment:b".into(),
            items: vec![
                super::super::Attachment {
                    id: "c".into(),
                    href: "/assets/favicon.svg".into(),
                    small: Some("/assets/favicon.svg".into()),
                    kind: look.say("照片", "Photo"),
                    size: "1.2 MB".into(),
                    here: true,
                    ..Default::default()
                },
                super::super::Attachment {
                    id: "a".into(),
                    href: "/records/019a/attachments/a".into(),
                    kind: look.say("PDF 文件", "PDF document"),
                    size: "31 KB".into(),
                    here: true,
                    personal: true,
                    saved: true,
                    ..Default::default()
                },
                super::super::Attachment {
                    id: "b".into(),
                    href: "/records/019a/attachments/b".into(),
                    kind: look.say("文件", "File"),
                    ..Default::default()
                },
            ],
            form: Some(super::super::AttachForm {
                personal: Some(look.say("石桥站、枫渡镇人大", "Shiqiao station and Fengdu")),
                shared: look.say("石桥站、枫渡镇、澄川县", "Shiqiao station, Fengdu and Chengchuan"),
            }),
        },
        parts: vec![
            PrivatePart { kind: PrivateKind::Personal, audience: look.say("石桥站、枫渡镇人大", "Shiqiao station and Fengdu"), state: PrivateState::Held(vec![fact("姓名", "Name", "许知微", "Xu Zhiwei"), fact("联系电话", "Phone", "139 0000 0016", "139 0000 0016"), fact("住址", "Address", "石桥村二组 14 号", "Shiqiao village, group 2, no. 14")]) },
            PrivatePart { kind: PrivateKind::Sensitive, audience: look.say("石桥站", "Shiqiao station"), state: PrivateState::Elsewhere },
        ],
        conflicts: Vec::new(),
        confirming: Some(confirming(look)),
        event: None,
        timeline: Timeline { next: Some(NextStep { what: look.say("等告知来访人", "The person is to be told"), note: look.say("转信访的十五日内告知", "within 15 days"), until: text.day(5, 1) }), changes: vec![told, void, first] },
        bundle: "/records/019a/bundle".into(),
        erase: Some("/records/019a/erase".into()),
        erased: Vec::new(),
        anew: Some("/records/019a/anew".into()),
        goes_on: None,
        issued_for: Vec::new(),
        case: Some("/records/019a/bundle?cited=true".into()),
    }
}

pub(super) fn record_conflict(look: Look) -> RecordPage {
    let mut page = record(look);
    page.timeline.changes.truncate(2);
    page.turn = None;
    page.parts = vec![
        PrivatePart {
            kind: PrivateKind::Personal,
            audience: look.say("石桥站、枫渡镇人大", "Shiqiao station and Fengdu"),
            state: PrivateState::Closed(
                [
                    ("handle", "办理来访", "Work on the visit"),
                    ("follow_up", "回访", "Call back"),
                    ("check", "核对", "Check"),
                ]
                .map(|(value, zh, en)| Choice {
                    value: value.into(),
                    label: look.say(zh, en),
                    chosen: false,
                })
                .to_vec(),
            ),
        },
        PrivatePart {
            kind: PrivateKind::Personal,
            audience: look.say("石桥站", "Shiqiao station"),
            state: PrivateState::Erased(
                look.say("4 月 20 日，2 处持有者都已擦除", "20 Apr, at 2 of 2 holders"),
            ),
        },
    ];
    page.confirming = None;
    page.conflicts = vec![Conflict {
        record: "019a".into(),
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
        ..Conflict::default()
    }];
    page
}

/// Somebody confirmed it, something was written since, and this person may confirm it as it is.
fn confirming(look: Look) -> Confirming {
    Confirming {
        tag: tag(look, "确认后有改动", "Changed since it was confirmed", Tone::Soon),
        given: vec![ConfirmedRow {
            who: look.say("石守田，石桥站站长", "Shi Shoutian, head of Shiqiao"),
            when: look.say("4 月 16 日 11:20", "16 Apr 11:20"),
            changed: true,
            ..ConfirmedRow::default()
        }],
        recorded: vec![ConfirmedRow {
            who: look.say("何主席，凤渡镇人大主席", "He, chair of the congress of Fengdu"),
            when: look.say("4 月 15 日", "15 Apr"),
            paper: Some(super::super::OnPaper {
                how: look.say("凭纸质，林静禾代录", "on paper, recorded by Lin Jinghe"),
                scan: Some(super::Link {
                    href: "/records/019a/attachments/a".into(),
                    label: look.say("看扫描件", "See the scan"),
                }),
            }),
            ..ConfirmedRow::default()
        }],
        paper: Some(super::super::PaperForm {
            action: "/records/019a/confirm-for".into(),
            name: Field {
                value: look.say("何", "He"),
                error: Some(look.say("有几位同名。", "Several have this name.")),
            },
            ..super::super::PaperForm::default()
        }),
        form: Some(ConfirmForm {
            seen: "h1".into(),
            what: look.say(
                "确认这条记录的全部内容属实：由林静禾、周望舒写，截至 4 月 16 日 15:02。",
                "Confirm that all that this record says is so: written by Lin Jinghe and Zhou Wangshu, up to 16 Apr 15:02.",
            ),
        }),
        hint: String::new(),
    }
}

/// An event that was corrected, opened by somebody who may correct it again.
pub(super) fn record_event(look: Look) -> RecordPage {
    let mut page = record(look);
    page.turn = None;
    page.confirming = Some(Confirming {
        tag: tag(look, "未确认", "Not confirmed", Tone::Plain),
        hint: look.say(
            "你写过其中的内容，须由另一人确认。",
            "You wrote part of this; somebody else has to confirm it.",
        ),
        ..Confirming::default()
    });
    if let Some(first) = page.timeline.changes.last_mut() {
        first.lines = vec![
            ChangeLine {
                void: true,
                ..ChangeLine::new(look.say("3 月 2 日", "2 Mar"))
            },
            ChangeLine {
                label: look.say("林静禾 更正", "Corrected by Lin Jinghe"),
                ..ChangeLine::new(look.say("3 月 1 日，记错了一天", "1 Mar, a day off"))
            },
        ];
        first.note = Some(EventNote {
            open: super::Link {
                href: "/records/019a?event=e1#event".into(),
                label: look.say("更正或确认", "Correct or confirm"),
            },
            tag: Some(tag(
                look,
                "确认后有改动",
                "Changed since it was confirmed",
                Tone::Soon,
            )),
        });
    }
    page.timeline.changes[0].lines = vec![ChangeLine {
        label: look.say("分流", "Triage"),
        was: Some(look.say("转信访", "Petition")),
        now: look.say("立为问题", "Issue"),
        ..ChangeLine::default()
    }];
    page.event = Some(OpenEvent {
        id: "e1".into(),
        what: look.say("登记", "Registered"),
        who: look.say("林静禾，石桥站联络员", "Lin Jinghe, liaison officer of Shiqiao"),
        said: look.say("3 月 2 日", "2 Mar"),
        corrected: true,
        corrections: vec![CorrectionRow {
            who: look.say("林静禾，石桥站联络员", "Lin Jinghe, liaison officer of Shiqiao"),
            when: look.say("4 月 16 日 15:10", "16 Apr 15:10"),
            reason: look.say("记错了一天", "a day off"),
            right: look.say("3 月 1 日", "1 Mar"),
            in_force: true,
        }],
        tag: Some(tag(
            look,
            "确认后有改动",
            "Changed since it was confirmed",
            Tone::Soon,
        )),
        confirmed: vec![ConfirmedRow {
            who: look.say("石守田，石桥站站长", "Shi Shoutian, head of Shiqiao"),
            when: look.say("4 月 16 日 11:20", "16 Apr 11:20"),
            changed: true,
            ..ConfirmedRow::default()
        }],
        recorded: Vec::new(),
        on_paper: None,
        paper: None,
        may_confirm: true,
        correct: Some(CorrectForm {
            day: true,
            happened: Field::new("2026-03-01"),
            text: Some(Field::new(look.say("看了水厂。", "Saw the water works."))),
            reason: Field {
                value: String::new(),
                error: Some(look.say("这一项必须填写。", "this field must be filled")),
            },
            take_back: false,
            error: None,
        }),
        seen: "h1".into(),
        close: "/records/019a".into(),
    });
    page
}

/// Records with several values at a county.
pub(super) fn conflicts(look: Look) -> ConflictsPage {
    let mut first = record_conflict(look).conflicts;
    let mut other = first[0].clone();
    other.label = look.say("结果", "Outcome");
    other.open = true;
    other.other = Field {
        value: look.say("13900000016", "13900000016"),
        error: Some(look.say(
            "这里有一个手机号。请删去：这一项会送到上级。",
            "there is a mobile number in this text; take it out: this text travels",
        )),
    };
    let unseen = Conflict {
        seen: None,
        ..first[0].clone()
    };
    first.push(other);
    let record = |title: (&str, &str), conflicts| ConflictRecord {
        record: super::Link {
            href: "/records/019a".into(),
            label: look.say(title.0, title.1),
        },
        about: look.say("石桥站，来信来访登记簿", "Shiqiao, Letters and visits"),
        conflicts,
    };
    ConflictsPage {
        text: look.text(),
        shell: look.county(Section::Ledgers, "/conflicts"),
        records: vec![
            record(("北坡组路灯", "Street lamps at Beipo"), first),
            record(("老码头护坡", "The bank at the old pier"), vec![unseen]),
        ],
        pager: Pager {
            first: 1,
            last: 2,
            total: 2,
            ..Pager::default()
        },
    }
}
