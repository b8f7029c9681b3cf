//! Plausible data for the pages of changes of orgs and of joint spaces.

use super::*;

pub(super) fn org_changes(look: Look) -> OrgChangesPage {
    let row = |from: (&str, &str), what: (&str, &str), tag: Tag, plain| OrgChangeRow {
        from: look.say(from.0, from.1),
        what: look.say(what.0, what.1),
        words: look.say("澄政发〔2026〕12 号", "Chengchuan document 12 of 2026"),
        org: look.say("澄川县", "Chengchuan"),
        issued: look.say("2026 年 4 月 16 日", "16 Apr 2026"),
        signed: Some(super::Link {
            href: "/appointments/3f09".into(),
            label: "3f09".into(),
        }),
        tag,
        plain,
        why: None,
    };
    OrgChangesPage {
        text: look.text(),
        shell: look.county(Section::Appointments, "/org-changes"),
        rows: vec![
            row(
                ("2027 年 1 月 1 日", "1 Jan 2027"),
                ("柳林站并入石桥站", "Liulin was merged into Shiqiao"),
                tag(look, "有效", "stands", Tone::Plain),
                true,
            ),
            row(
                ("2026 年 7 月 1 日", "1 Jul 2026"),
                (
                    "云岭站由枫渡镇划转到青崖镇",
                    "Yunling moved from Fengdu to Qingya",
                ),
                tag(look, "待追认", "contested", Tone::Split),
                false,
            ),
        ],
        pager: Pager {
            first: 1,
            last: 2,
            total: 2,
            previous: None,
            next: None,
        },
        may: true,
    }
}

pub(super) fn org_change(look: Look) -> OrgChangePage {
    let kind = |kind: &str, label: (&str, &str), chosen| {
        let link = super::Link {
            href: format!("/org-changes/new?kind={kind}"),
            label: look.say(label.0, label.1),
        };
        (link, chosen)
    };
    let orgs = [
        ("1", "柳林站（枫渡镇）", "Liulin (Fengdu)"),
        ("2", "石桥站（枫渡镇）", "Shiqiao (Fengdu)"),
    ];
    OrgChangePage {
        text: look.text(),
        shell: look.county(Section::Appointments, "/org-changes/new"),
        kinds: vec![
            kind("merge", ("并入", "Merger"), true),
            kind("split", ("分设", "Split"), false),
            kind("move", ("划转", "Move"), false),
        ],
        kind: "merge",
        orgs: choices(look, 0, &orgs),
        org: Field::default(),
        targets: choices(look, 1, &orgs),
        parts: Vec::new(),
        target: Field::default(),
        code: Field::default(),
        name_zh: Field::default(),
        name_en: Field::default(),
        from: Field::new("2027-01-01"),
        words: Field::new(look.say("澄政发〔2026〕12 号", "Chengchuan document 12 of 2026")),
        hands: choices(look, 9, &[("county", "站、镇、县", "station, township, county")]),
        error: None,
        preview: Some(OrgChangeEffects {
            says: vec![look.say(
                "本机有它的 218 条记录，都留在原处。",
                "218 records stay where they are.",
            )],
            spaces: vec![ClosingRow {
                name: look.say("站、镇、县", "station, township, county"),
                records: 180,
                holders: look.say("柳林站、枫渡镇、澄川县", "Liulin, Fengdu, Chengchuan"),
                next: look.say("石桥站、枫渡镇、澄川县", "Shiqiao, Fengdu, Chengchuan"),
                handed: true,
            }],
            along: Vec::new(),
            along_more: 0,
            sends: vec![("kind".into(), "merge".into())],
            passphrase: Field::default(),
        }),
    }
}

pub(super) fn joint(look: Look) -> JointPage {
    JointPage {
        text: look.text(),
        shell: look.county(Section::Ledgers, "/joint-spaces"),
        total: 1,
        rows: vec![JointRow {
            year: "2026".into(),
            orgs: look.say("澄川县、枫渡镇、青崖镇", "Chengchuan, Fengdu, Qingya"),
            travel: look.say("县", "county"),
            owner: look.say("澄川县", "Chengchuan"),
            id: "7c01".into(),
        }],
        may: true,
        orgs: choices(look, 0, &[("1", "枫渡镇", "Fengdu"), ("2", "青崖镇", "Qingya")]),
        with: Field::default(),
        travels: choices(look, 0, &[("county", "县", "county"), ("city", "市", "city")]),
        travel: Field::default(),
        year: Field::new("2026"),
        error: None,
        preview: Some(JointPreview {
            says: vec![
                look.say(
                    "由这些单位共同持有，都能写：澄川县、枫渡镇。",
                    "These orgs hold it together, and each may write: Chengchuan, Fengdu.",
                ),
                look.say("没有别的上级持有。", "Nobody else above them holds it."),
            ],
            sends: vec![("travel".into(), "county".into())],
            passphrase: Field::default(),
        }),
    }
}
