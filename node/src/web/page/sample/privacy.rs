//! Plausible data for the pages about personal data.

use super::*;

pub(super) fn suspects(look: Look) -> Suspects {
    Suspects {
        list: vec![Suspected {
            href: "#gist".into(),
            label: look.say("反映内容", "Gist"),
            kinds: look.say("手机号", "a mobile number"),
            pieces: vec![
                (
                    look.say("…五十米。找住户可打 ", "…fifty metres. Call the owner at "),
                    false,
                ),
                ("139 0000 0016".into(), true),
                (look.say("。", "."), false),
            ],
            input: "c:0a1b".into(),
            note: Field {
                value: look.say("就是 139 0000 0016", "it is 139 0000 0016"),
                error: Some(look.say(
                    "放行的理由为一行，最多 200 字，不得含 7 位以上的数字。",
                    "The reason is one line of at most 200 characters without numbers of 7 digits or more.",
                )),
            },
        }],
        kept: Vec::new(),
    }
}

pub(super) fn held(look: Look) -> HeldPage {
    let mut suspects = suspects(look);
    for one in &mut suspects.list {
        one.note = Field::default();
        one.href = "/records/1".into();
    }
    HeldPage {
        text: look.text(),
        shell: look.shell(Section::Privacy, "/held"),
        rows: vec![HeldRow {
            id: "0196b2c3".into(),
            href: "/records/1".into(),
            title: look.say(
                "老码头下游护坡又塌了一段",
                "The bank below the old wharf slid again",
            ),
            ledger: look.say("来信来访登记簿", "Letters and visits"),
            suspects,
            edit: Some("/records/1/edit".into()),
            erase: Some("/records/1/erase".into()),
        }],
        more: true,
    }
}

pub(super) fn retention(look: Look) -> RetentionPage {
    let row = |title: (&str, &str), since: &str, locked: Option<String>| DueRow {
        href: "/records/1".into(),
        title: look.say(title.0, title.1),
        ledger: look.say("来信来访登记簿", "Letters and visits"),
        org: look.say("石桥站", "Shiqiao"),
        rule: look.say("来访人联系方式", "Contact data of who came"),
        ended: "2025/3/2".into(),
        since: since.into(),
        erase: locked.is_none().then(|| "/records/1/erase".into()),
        locked,
        told: None,
    };
    let rule = |data: (&str, &str), keep: (&str, &str), then: (&str, &str)| RuleRow {
        href: "/settings/retention.contact".into(),
        by: look.say("澄川县", "Chengchuan County"),
        data: look.say(data.0, data.1),
        keep: look.say(keep.0, keep.1),
        then: look.say(then.0, then.1),
    };
    RetentionPage {
        text: look.text(),
        shell: look.shell(Section::Privacy, "/retention"),
        due: 1,
        locked: 1,
        rows: vec![
            row(
                ("镇中学门口的路灯不亮", "The lamp before the school is dark"),
                "2026/3/2",
                None,
            ),
            row(
                ("征地补偿款没有到账", "Compensation for land was not paid"),
                "2026/3/9",
                Some(look.say("锁定到 2028/3/9", "locked until 9 Mar 2028")),
            ),
        ],
        more: 3,
        rules: vec![
            rule(
                (
                    "来访人联系方式：归档后",
                    "Registrant's contact data: after the archive",
                ),
                ("1年", "1 year"),
                (
                    "列入到期清单，由人签名擦除",
                    "listed here, and erased by a signature",
                ),
            ),
            rule(
                ("谁看过个人信息", "Who opened personal data"),
                ("3 年", "3 years"),
                ("本机自动清除", "given up by the node itself"),
            ),
        ],
    }
}

pub(super) fn access(look: Look) -> AccessPage {
    let row = |at: &str, who: (&str, &str), purpose: (&str, &str), words: String| AccessRow {
        at: at.into(),
        name: look.say(who.0, who.1),
        href: "/records/1".into(),
        title: look.say("镇中学门口的路灯不亮", "The lamp before the school is dark"),
        way: look.say("查看", "shown"),
        purpose: look.say(purpose.0, purpose.1),
        words,
    };
    AccessPage {
        text: look.text(),
        shell: look.shell(Section::Privacy, "/access"),
        all: true,
        name: String::new(),
        purposes: vec![Choice {
            value: String::new(),
            label: look.say("全部", "All"),
            chosen: true,
        }],
        since: String::new(),
        until: String::new(),
        filtered: false,
        rows: vec![
            row(
                "4/16 09:52",
                ("林静禾", "Lin Jinghe"),
                ("回访", "Call back"),
                String::new(),
            ),
            row(
                "4/15 17:20",
                ("何雨生", "He Yusheng"),
                ("其他用途", "Another purpose"),
                look.say("上级检查", "inspection"),
            ),
        ],
        pager: Pager::default(),
    }
}
