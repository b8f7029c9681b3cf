//! Every setting there is, with its default. A value that differs from place to place stands here and nowhere in code
//! (`domain.md` 3.3, 3.4, 6.5, 8). What a newer version adds is kept by older ones and passed on.

use super::rows::{Cell, Column};
use super::setting::{Group, Setting, clock, kept, months, notice, of, threshold};
use super::value::{Kind, Named};

/// The setting with this identifier.
pub fn setting(id: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.id == id)
}

const fn named(id: &'static str, zh: &'static str, en: &'static str) -> Named {
    Named { id, zh, en }
}

const fn column(zh: &'static str, en: &'static str, cell: Cell) -> Column {
    Column { zh, en, cell }
}

/// The lists of letters for results ([`super::Scheme`]).
const SCHEMES: &[Named] = &[
    named("abc", "三类（甲乙丙）", "Three classes"),
    named("abcd", "四类", "Four classes"),
    named("abcd_colour", "四类颜色（按月）", "Four colours, monthly"),
];
const COMPLETED: &[Named] = &[
    named("fulfilled", "仅已办结、归档", "Completed or archived alone"),
    named(
        "accepted",
        "已办结、归档，或答复已被认可",
        "These, or tracked with the reply accepted",
    ),
    named("replied", "已答复即算", "Replied"),
];
const REST_DAYS: &[Named] = &[
    named("stays", "不顺延", "Stays"),
    named("moves", "顺延到下一工作日", "Moves to the next working day"),
];
const FINAL_BULLETIN: &[Named] = &[
    named("same_month", "期满当月", "In the month in which the period ended"),
    named("next_month", "期满次月", "In the month after"),
];
const ANNUAL_REPORT: &[Named] = &[
    named(
        "next_session",
        "下一次人代会",
        "To the next session of the congress",
    ),
    named(
        "every_half_year",
        "每半年一次，并向人代会报告",
        "Every half-year, and to the session",
    ),
];
const ARCHIVE: &[Named] = &[
    named("permanent", "永久", "For ever"),
    named("30_years", "30年", "30 years"),
    named("10_years", "10年", "10 years"),
];
const ASSESSMENT: &[Column] = &[
    column("编号", "Item", Cell::Id),
    column("类别", "Category", Cell::Words),
    column("项目", "Name", Cell::Words),
    column("英文", "In English", Cell::Words),
    column("满分", "Maximum", Cell::Number),
    column("自动", "Automatic", Cell::YesNo),
];
const CHECKLIST: &[Column] = &[
    column("编号", "Item", Cell::Id),
    column("项目", "Name", Cell::Words),
    column("英文", "In English", Cell::Words),
    column("自动", "Automatic", Cell::YesNo),
];
const LOCAL: &str = "各地规定不一";
const LAW_51: &str = "代表法（2025）第五十一条第二款";
const PETITIONS: &str = "信访工作条例（2022）第二十二、三十四条";

/// Every setting, by group, in the order of the page.
pub const SETTINGS: &[Setting] = &[
    of(
        Group::Workflow,
        "friday_monday",
        ("周五汇总、周一约见", "Friday summary and Monday meeting"),
        Kind::Switch,
        "on",
    )
    .by("德江县")
    .also_townships(),
    of(
        Group::Workflow,
        "result_scheme",
        ("办理结果类别方案", "Letters of results"),
        Kind::Choice(SCHEMES),
        "abc",
    )
    .by(LOCAL),
    of(
        Group::Workflow,
        "completed_means",
        ("统计“办结”的口径", "What counts as completed"),
        Kind::Choice(COMPLETED),
        "accepted",
    ),
    of(
        Group::Workflow,
        "voter_evaluation",
        ("选民现场测评", "Evaluation by voters on site"),
        Kind::Switch,
        "off",
    )
    .also_townships(),
    // Deadlines, in the order of `domain.md` 3.4.
    of(
        Group::Deadlines,
        "deadline.friday_summary",
        ("周五汇总", "Friday summary"),
        Kind::Weekly,
        "friday 17:30",
    )
    .also_townships(),
    of(
        Group::Deadlines,
        "deadline.monday_meeting",
        ("周一约见", "Monday meeting"),
        Kind::Weekly,
        "monday 09:00",
    )
    .also_townships(),
    clock(
        "deadline.registrant_told",
        "告知并回访来访人",
        "Registrant told and asked",
        "7 days",
    )
    .also_townships(),
    clock(
        "deadline.snap_done",
        "随手拍办结",
        "Snap report done",
        "10 working_days",
    ),
    clock(
        "deadline.assign",
        "闭会期间建议交办",
        "Assignment of a suggestion between sessions",
        "7 working_days",
    )
    .by(LOCAL),
    clock(
        "deadline.assign_after_session",
        "大会建议交办会",
        "Assignment meeting after a session",
        "1 months",
    )
    .by(LOCAL),
    clock("deadline.sign_for", "签收", "Signed for", "3 working_days"),
    clock(
        "deadline.return_request",
        "申请退办",
        "Return request",
        "7 working_days",
    )
    .by(LOCAL),
    clock(
        "deadline.return_decision",
        "决定退办",
        "Decision on a return request",
        "5 working_days",
    ),
    clock(
        "deadline.follow_up",
        "跟踪督办（仅提示）",
        "Follow-up, a mark only",
        "30 days",
    )
    .also_townships(),
    months(clock("deadline.reply", "答复", "Reply", "3 months"), 3)
        .by(LAW_51)
        .stated_above(),
    months(
        clock(
            "deadline.reply_difficult",
            "答复（涉及面广、处理难度大）",
            "Reply, wide or difficult",
            "6 months",
        ),
        6,
    )
    .by(LAW_51)
    .stated_above(),
    clock(
        "deadline.co_opinion",
        "协办意见",
        "Co-handler's opinion",
        "1 months",
    )
    .by(LOCAL),
    clock(
        "deadline.feedback",
        "代表反馈",
        "Deputy's feedback",
        "15 working_days",
    )
    .by(LOCAL),
    months(
        clock("deadline.second_reply", "二次答复", "Second reply", "1 months"),
        2,
    )
    .by("国家法律未规定，各地一至两个月"),
    clock("deadline.petition_told", "信访告知", "Petition: told", "15 days").by(PETITIONS),
    clock(
        "deadline.petition_done",
        "信访办结",
        "Petition: finished",
        "60 days",
    )
    .by(PETITIONS),
    clock(
        "deadline.petition_extension",
        "信访延长",
        "Petition: extension",
        "30 days",
    )
    .by(PETITIONS),
    of(
        Group::Deadlines,
        "deadline.bulletin",
        (
            "每月通报（当月第几个工作日）",
            "Monthly bulletin, on which working day",
        ),
        Kind::Number {
            min: 1,
            max: 20,
            unit: ("个工作日", "working days"),
        },
        "5",
    ),
    of(
        Group::Deadlines,
        "deadline.final_bulletin",
        ("最终通报", "Final bulletin"),
        Kind::Choice(FINAL_BULLETIN),
        "same_month",
    )
    .by("贺州市"),
    of(
        Group::Deadlines,
        "deadline.annual_report",
        ("年度办理报告", "Annual report of handling"),
        Kind::Choice(ANNUAL_REPORT),
        "next_session",
    )
    .by("代表法（2025）第五十一条第三款"),
    clock(
        "deadline.escalation_step",
        "梯度加压每步",
        "Each step of the ladder",
        "30 days",
    ),
    clock(
        "deadline.rights_request",
        "个人信息请求的答复",
        "Answer to a request about personal data",
        "15 days",
    ),
    of(
        Group::Deadlines,
        "deadline.rest_day",
        (
            "按月期限遇休息日",
            "A period of months that ends on a day of rest",
        ),
        Kind::Choice(REST_DAYS),
        "stays",
    )
    .stated_above(),
    of(
        Group::Calendar,
        "calendar",
        ("放假与调休", "Holidays and days worked instead"),
        Kind::Days,
        "",
    )
    .by("国务院办公厅通知"),
    threshold(
        "threshold.small_cell",
        (
            "小数隐去（涉及个人的数）",
            "Small counts about people are hidden below",
        ),
        (3, 20),
        ("人", "persons"),
        "5",
    )
    .stated_above(),
    threshold(
        "threshold.priority_cap",
        ("每年重点督办件上限（提示）", "Priority items a year, a warning"),
        (1, 500),
        ("件", "items"),
        "20",
    ),
    threshold(
        "threshold.voter_evaluation",
        ("选民测评及格", "Evaluation by voters passed"),
        (1, 100),
        ("分", "points"),
        "60",
    ),
    threshold(
        "threshold.appraisal",
        ("专项评议及格", "Special appraisal passed"),
        (1, 100),
        ("分", "points"),
        "60",
    ),
    threshold(
        "threshold.reopen_voters",
        (
            "选民重提几次可再办",
            "Registrations by voters that reopen a matter",
        ),
        (1, 50),
        ("次", "registrations"),
        "3",
    ),
    threshold(
        "threshold.snap_returns",
        ("随手拍退转几次升为问题", "Returns that promote a snap report"),
        (1, 10),
        ("次", "returns"),
        "3",
    ),
    threshold(
        "threshold.registrant_tries",
        ("联系来访人几次未果", "Tries to reach a registrant"),
        (1, 10),
        ("次", "tries"),
        "3",
    ),
    threshold(
        "threshold.conflict_days",
        ("冲突最迟处理", "A conflict is settled within"),
        (1, 366),
        ("日", "days"),
        "30",
    ),
    threshold(
        "threshold.entry_days",
        ("及时登记", "Entered in time within"),
        (1, 90),
        ("日", "days"),
        "7",
    ),
    threshold(
        "threshold.node_days",
        ("节点最迟同步", "A node syncs within"),
        (1, 90),
        ("日", "days"),
        "7",
    ),
    threshold(
        "threshold.draft_working_days",
        ("网上件受理", "Online drafts taken in within"),
        (1, 30),
        ("个工作日", "working days"),
        "3",
    ),
    kept(
        "retention.contact",
        "来访人联系方式：归档后",
        "Registrant's contact data: after the archive",
        "1 years",
    )
    .by("个人信息保护法第十九、四十七条"),
    kept(
        "retention.draft",
        "未受理的网上件、未提交的填写",
        "Messages not accepted, forms not sent",
        "30 days",
    ),
    kept(
        "retention.unchecked_photo",
        "未核查的照片",
        "Photos before checking",
        "90 days",
    ),
    kept(
        "retention.assistance",
        "帮扶记录：帮扶结束后",
        "Household assistance: after its end",
        "1 years",
    ),
    kept(
        "retention.ballot",
        "纸质票、测评表：公布后",
        "Paper ballots and slips: after publication",
        "6 months",
    ),
    of(
        Group::Retention,
        "retention.archive",
        (
            "建议、答复、会议记录、决定",
            "Suggestions, replies, minutes, decisions",
        ),
        Kind::Choice(ARCHIVE),
        "permanent",
    )
    .by("档案规定"),
    kept(
        "retention.attendance",
        "值班、走访、考勤明细：届满后",
        "Shifts, visits, attendance: after the term",
        "5 years",
    ),
    kept("retention.access_log", "查阅记录", "Access logs", "3 years").by("个人信息保护法第五十六条"),
    of(
        Group::Templates,
        "template.assessment",
        ("联络站绩效考核表", "Assessment of a station"),
        Kind::Rows(ASSESSMENT),
        include_str!("templates/assessment.txt"),
    ),
    of(
        Group::Templates,
        "template.eight_haves",
        ("八有清单", "Eight haves"),
        Kind::Rows(CHECKLIST),
        include_str!("templates/eight_haves.txt"),
    )
    .by("贺州市"),
    notice(
        "notice.counter",
        "接待登记告知（中文）",
        "Notice at the counter, Chinese",
        "为办理您反映的事项，本站登记您的姓名和联系方式，仅本站和本乡镇（街道）可见，办结归档一年后删除。您可以匿名反映，也可以查阅、更正或要求删除。",
    ),
    notice(
        "notice.counter_en",
        "接待登记告知（英文）",
        "Notice at the counter, English",
        "To handle your matter this station keeps your name and phone. Only the station and its township see them; they are erased one year after the matter is archived. You may stay anonymous, and may see, correct or have erased what is kept.",
    ),
    notice(
        "notice.phone",
        "电话登记告知",
        "Notice by word for phone calls",
        "为办理您反映的事项，我们会登记您的姓名和联系方式，仅本站和本乡镇（街道）可见。您可以不留姓名。",
    ),
    notice(
        "notice.qr",
        "扫码页告知",
        "Notice on the QR page",
        "您填写的内容由本站工作人员受理，未受理的30日内删除。请勿填写身份证号等与事项无关的信息。",
    ),
    notice(
        "notice.board",
        "公示栏说明",
        "Words on the public board",
        "本栏公示代表信息、值班安排和办理情况。",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::settings::SettingValue;
    use crate::trust::Level;

    #[test]
    fn every_setting_has_words_and_a_default_of_its_kind() {
        let ids: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.id).collect();
        assert_eq!(ids.len(), SETTINGS.len(), "an id stands for one setting");
        for setting in SETTINGS {
            assert!(!setting.zh.is_empty() && !setting.en.is_empty(), "{}", setting.id);
            assert!(
                setting.id.len() <= 48 && setting.levels.contains(&Level::County),
                "{}",
                setting.id
            );
            if setting.default.is_empty() {
                assert!(matches!(setting.kind, Kind::Days), "{}", setting.id);
                continue;
            }
            let value = setting.kind.parse("", setting.default).expect(setting.id);
            assert_eq!(
                setting.kind.parse("", &value.to_string()),
                Ok(value),
                "{}",
                setting.id
            );
        }
        let groups: Vec<_> = SETTINGS.iter().map(|setting| setting.group).collect();
        assert!(groups.is_sorted(), "they stand by group");
        assert!(Group::ALL.iter().all(|group| groups.contains(group)));
    }

    #[test]
    fn the_statutory_periods_may_be_shorter_and_never_longer() {
        for (id, most, longer) in [
            ("deadline.reply", "3 months", "4 months"),
            ("deadline.reply_difficult", "6 months", "7 months"),
            ("deadline.second_reply", "2 months", "3 months"),
        ] {
            let kind = setting(id).expect("a setting").kind;
            assert!(kind.parse("", most).is_ok(), "{id}");
            for wrong in [
                longer,
                "90 days",
                "0 months",
                "3",
                "three months",
                "03 months x",
                "-1 months",
            ] {
                assert!(kind.parse("", wrong).is_err(), "{id}: {wrong}");
            }
        }
    }

    #[test]
    fn the_template_of_assessment_is_the_prescribed_one() {
        let setting = setting("template.assessment").expect("a setting");
        let Ok(SettingValue::Rows(rows)) = setting.kind.parse("", setting.default) else {
            panic!("rows");
        };
        let points = |rows: &[&Vec<String>]| {
            rows.iter()
                .filter_map(|row| row[4].parse::<u32>().ok())
                .sum::<u32>()
        };
        let all: Vec<_> = rows.rows().iter().collect();
        let automatic: Vec<_> = all.iter().copied().filter(|row| row[5] == "yes").collect();
        let categories: BTreeSet<_> = all.iter().map(|row| &row[1]).collect();
        assert_eq!((categories.len(), all.len(), points(&all)), (20, 73, 100));
        assert_eq!((automatic.len(), points(&automatic)), (53, 78));
    }
}
