//! Sentences for people, in Chinese and English, made of facts alone.

use super::facts::{ChangeFacts, EventFacts, OrgName, RecordFacts, Summary};
use super::report::TitleField;
use crate::codec::hex;
use crate::record::ledger::{Field, FieldKind, Ledger, Required, ledger};
use crate::record::{ANNEX_KEY, EventKind, Ineffective, PendingReason, RefusalReason, Value, Verdict};
use crate::time::Timestamp;
use crate::trust::Level;

/// A sentence in both languages: Chinese, English.
type Both = (String, String);

/// What was proved of the whole bundle, and what cannot be.
pub(super) fn whole(summary: &Summary) -> (Vec<String>, Vec<String>) {
    let changes: usize = summary.records.iter().map(|record| record.changes.len()).sum();
    let mut all: Vec<Both> = vec![(
        format!(
            "{} 条记录、{} 次更改：每次更改的作者签名、在其日志中的位置、任命链（直到创始声明，{}）均已核实。",
            summary.records.len(),
            changes,
            summary.root.zh
        ),
        format!(
            "{} record(s), {} change(s): the author's signature, the place in its log and the chain of appointments \
             up to the founding statement ({}) of each were verified.",
            summary.records.len(),
            changes,
            summary.root.en
        ),
    )];
    for log in &summary.logs {
        let (zh, en) = match &log.witnessed {
            Some(seen) => (
                format!(
                    "截至 {}，{} 已见证其前 {} 条",
                    local(seen.time),
                    seen.by.zh,
                    seen.size
                ),
                format!(
                    "as of {}, {} had witnessed its first {} entries",
                    local(seen.time),
                    seen.by.en,
                    seen.size
                ),
            ),
            None => (
                "包内没有上级见证".to_owned(),
                "the bundle shows no witness".to_owned(),
            ),
        };
        all.push((
            format!(
                "{} 的日志 {}：出示至 {} 条；{zh}。",
                log.org.zh, log.log, log.size
            ),
            format!(
                "Log {} of {}: shown up to {} entries; {en}.",
                log.log, log.org.en, log.size
            ),
        ));
    }
    all.push((
        "离线无法得知：从未出示的条目，以及上述截止之后的更改、撤销和更正。".into(),
        "What cannot be known offline: entries that nobody showed, and changes, revocations and corrections after the \
         horizons above."
            .into(),
    ));
    all.into_iter().unzip()
}

/// The state of a record: fields, events, seals.
pub(super) fn record(facts: &RecordFacts) -> (Vec<String>, Vec<String>) {
    let known = facts.ledger.as_deref().and_then(ledger);
    let mut all: Vec<Both> = vec![match known {
        Some(ledger) => (
            format!("{}，{}持有（{}）", ledger.zh, facts.owner.zh, facts.audience),
            format!("{}, owned by {} ({})", ledger.en, facts.owner.en, facts.audience),
        ),
        None => (
            "本程序不认识其台账定义".into(),
            "Its ledger definition is not known to this program".into(),
        ),
    }];
    for (key, field) in &facts.fields {
        let (zh, en) = label(known, key);
        let (value_zh, value_en) = shown(known, key, &field.value);
        let conflict = if field.candidates.len() > 1 {
            ("（另有并存的不同值）", " (other values stand beside it)")
        } else {
            ("", "")
        };
        all.push((
            format!("{zh}：{value_zh}{}", conflict.0),
            format!("{en}: {value_en}{}", conflict.1),
        ));
    }
    all.extend(facts.events.iter().map(event));
    if let Some(activity) = &facts.activity {
        let levels = |name: fn(Level) -> &'static str| {
            activity
                .required
                .iter()
                .map(|level| name(*level))
                .collect::<Vec<_>>()
        };
        let late = activity.lines.iter().filter(|line| line.after_seal).count();
        let (done_zh, done_en) = if activity.sealed {
            ("已齐，内容一致", "complete, over equal content")
        } else {
            ("未齐", "not complete")
        };
        all.push((
            format!(
                "封签：须有 {}；{done_zh}；封签后另记 {late} 行。",
                levels(level_zh).join("、")
            ),
            format!(
                "Seals: required of {}; {done_en}; {late} line(s) noted after sealing.",
                levels(level_en).join(", ")
            ),
        ));
    }
    all.into_iter().unzip()
}

/// One change: who, when, seen by whom, verdict.
pub(super) fn change(facts: &ChangeFacts) -> Both {
    let (who_zh, who_en) = match &facts.author {
        Some(author) => {
            let roles_zh: Vec<_> = author.roles.iter().map(|role| role.zh()).collect();
            let roles_en: Vec<_> = author.roles.iter().map(|role| role.en()).collect();
            let chain = |name: fn(&OrgName) -> &str| {
                author
                    .chain
                    .iter()
                    .skip(1)
                    .map(|link| name(&link.org))
                    .collect::<Vec<_>>()
                    .join(" ← ")
            };
            (
                format!(
                    "{}（{}，{}；任命：{}）",
                    author.name,
                    author.org.zh,
                    roles_zh.join("、"),
                    chain(|org| &org.zh)
                ),
                format!(
                    "{} ({}, {}; appointed by {})",
                    author.name,
                    author.org.en,
                    roles_en.join(", "),
                    chain(|org| &org.en)
                ),
            )
        }
        None => (
            "任命未随包出示的作者".into(),
            "an author whose appointment the bundle does not show".into(),
        ),
    };
    let (seen_zh, seen_en) = match &facts.witnessed {
        Some(seen) => (
            format!("{} 于 {} 见证", seen.by.zh, local(seen.time)),
            format!("witnessed by {} at {}", seen.by.en, local(seen.time)),
        ),
        None => (
            "尚无见证，时间仅凭作者时钟".into(),
            "not witnessed, its time is the author's clock alone".into(),
        ),
    };
    let (verdict_zh, verdict_en) = verdict(&facts.verdict);
    let at = local(facts.recorded);
    (
        format!("{at} {who_zh} 写入；{seen_zh}；{verdict_zh}。"),
        format!("{at} written by {who_en}; {seen_en}; {verdict_en}."),
    )
}

/// The fields that every record of its ledger must have.
pub(super) fn title(facts: &RecordFacts) -> Vec<TitleField> {
    let Some(ledger) = facts.ledger.as_deref().and_then(ledger) else {
        return Vec::new();
    };
    ledger
        .fields
        .iter()
        .filter(|field| field.required == Required::Required)
        .filter_map(|field| {
            let state = facts.fields.get(&field.id)?;
            let (value_zh, value_en) = shown(Some(ledger), &field.id, &state.value);
            Some(TitleField {
                key: field.id.clone(),
                zh: field.zh.clone(),
                en: field.en.clone(),
                value_zh,
                value_en,
            })
        })
        .collect()
}

fn verdict(verdict: &Verdict) -> Both {
    match verdict {
        Verdict::Counts {
            provisional: false, ..
        } => ("有效".into(), "it counts".into()),
        Verdict::Counts {
            provisional: true, ..
        } => (
            "暂计有效（待见证）".into(),
            "it counts for now, until witnessed".into(),
        ),
        Verdict::Pending { reason } => (
            format!("待定：{}", pending_zh(reason)),
            format!("pending: {reason}"),
        ),
        Verdict::Refused { reason } => (
            format!("不计：{}", refused_zh(reason)),
            format!("it does not count: {reason}"),
        ),
    }
}

fn pending_zh(reason: &PendingReason) -> &'static str {
    match reason {
        PendingReason::Appointment(_) => "包内没有成立的任命",
        PendingReason::Dependency(_) => "缺少在先的更改",
        PendingReason::Definition(_) => "本程序没有其台账定义",
        PendingReason::Node => "缺少写入节点的任命",
        PendingReason::Space => "尚不知其空间",
    }
}

fn refused_zh(reason: &RefusalReason) -> String {
    match reason {
        RefusalReason::AppointmentDoesNotStand => "任命不成立".into(),
        RefusalReason::OtherKey => "任命属于另一密钥".into(),
        RefusalReason::NotAPerson => "该任命不是个人任命".into(),
        RefusalReason::OutOfTime => "当时任命不在有效期内".into(),
        RefusalReason::ForeignOrg => "作者单位不持有该空间".into(),
        RefusalReason::ForeignNode => "写入节点的单位不持有该空间".into(),
        RefusalReason::RoleForLedger => "没有填写该台账的职务".into(),
        RefusalReason::RoleForEvent(_) => "没有签署该事项的职务".into(),
        RefusalReason::EventOfOtherLedger(_) => "该台账没有这种事项".into(),
        RefusalReason::Field(key) => format!("字段 {key} 不符合台账定义"),
        RefusalReason::Audience => "该台账的记录不在这种空间".into(),
    }
}

fn event(event: &EventFacts) -> Both {
    let (zh, en) = match event.kind {
        EventKind::Register => ("登记", "Registered"),
        EventKind::SignIn => ("签到", "Signed in"),
        EventKind::LogLine => ("活动记录", "Line"),
        EventKind::Seal => ("封签", "Sealed"),
    };
    let happened = event
        .happened
        .as_deref()
        .map(|at| format!(" {at}"))
        .unwrap_or_default();
    let text = event
        .text
        .as_deref()
        .map(|text| format!(" {text}"))
        .unwrap_or_default();
    let level =
        |name: fn(Level) -> &'static str| event.level.map(|l| format!(" {}", name(l))).unwrap_or_default();
    let (no_zh, no_en) = match &event.ineffective {
        Some(reason) => (
            format!("；无效：{}", ineffective_zh(reason)),
            format!("; without effect: {reason}"),
        ),
        None => Default::default(),
    };
    (
        format!(
            "{zh}{}{text}{happened}（{}，{}{no_zh}）",
            level(level_zh),
            event.by,
            event.org.zh
        ),
        format!(
            "{en}{}{text}{happened} ({}, {}{no_en})",
            level(level_en),
            event.by,
            event.org.en
        ),
    )
}

fn ineffective_zh(reason: &Ineffective) -> &'static str {
    match reason {
        Ineffective::Once => "此前已有同样的事项",
        Ineffective::OtherDeputy => "签署人不是所写的代表",
        Ineffective::NotThisSeat => "签署人没有所写层级的代表资格",
        Ineffective::NotForThisOrg => "签署人不能为该单位或层级封签",
        Ineffective::UnknownHead => "所列更改不在签署人已见之中",
        Ineffective::OtherDigest => "摘要与所列更改不符",
    }
}

fn label(ledger: Option<&Ledger>, key: &str) -> Both {
    if key.starts_with(ANNEX_KEY) {
        return ("附册（承诺值）".into(), "Annex (commitment)".into());
    }
    match ledger.and_then(|ledger| ledger.resolve(key)) {
        Some((field, None)) => (field.zh.clone(), field.en.clone()),
        Some((field, Some(member))) => (
            format!("{}〔{member}〕", field.zh),
            format!("{} [{member}]", field.en),
        ),
        None => (key.to_owned(), key.to_owned()),
    }
}

fn shown(ledger: Option<&Ledger>, key: &str, value: &Value) -> Both {
    let field = ledger
        .and_then(|ledger| ledger.resolve(key))
        .map(|(field, _)| field);
    let same = |text: String| (text.clone(), text);
    match value {
        Value::Null => ("（空）".into(), "(empty)".into()),
        Value::Bool(true) => ("是".into(), "yes".into()),
        Value::Bool(false) => ("否".into(), "no".into()),
        Value::Int(number) => same(decimal(*number, field)),
        Value::Bytes(bytes) => same(hex(bytes)),
        Value::Text(text) => match field.and_then(|field| field.choice(text)) {
            Some(choice) => (choice.zh.clone(), choice.en.clone()),
            None => same(text.clone()),
        },
    }
}

fn decimal(number: i64, field: Option<&Field>) -> String {
    let Some(FieldKind::Dec { scale }) = field.map(|field| &field.kind).filter(|_| number != i64::MIN) else {
        return number.to_string();
    };
    let scale = usize::from(*scale);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part}")
    }
}

pub(super) fn level_zh(level: Level) -> &'static str {
    match level {
        Level::National => "全国",
        Level::Province => "省",
        Level::City => "市（州）",
        Level::County => "县（区）",
        Level::Township => "乡镇",
        Level::Street => "街道",
        Level::Station => "联络站",
    }
}

fn level_en(level: Level) -> &'static str {
    level.as_str()
}

/// An instant as a Chinese office reads it: UTC+8, whole seconds.
fn local(time: Timestamp) -> String {
    let seconds = time.0.div_euclid(1000).saturating_add(8 * 3600);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} +08:00",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// The date that lies `days` after 1970-01-01 (Gregorian, by 400-year cycles that begin on March 1).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (
        year + cycle * 400 + i64::from(month <= 2),
        month,
        of_year - (153 * shifted + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_as_in_an_office() {
        for (ms, text) in [
            (0, "1970-01-01 08:00:00 +08:00"),
            (1_767_196_800_000, "2026-01-01 00:00:00 +08:00"),
            (1_709_136_000_000 + 57_600_000, "2024-02-29 16:00:00 +08:00"),
            (-1, "1970-01-01 07:59:59 +08:00"),
        ] {
            assert_eq!(local(Timestamp(ms)), text);
        }
        for ms in [i64::MIN, i64::MAX] {
            assert!(!local(Timestamp(ms)).is_empty(), "no overflow");
        }
    }

    #[test]
    fn decimals_have_their_point() {
        let field = |scale| Field {
            kind: FieldKind::Dec { scale },
            ..ledger("activity").unwrap().fields[0].clone()
        };
        assert_eq!(decimal(-5, Some(&field(2))), "-0.05");
        assert_eq!(decimal(1234, Some(&field(2))), "12.34");
        assert_eq!(decimal(7, Some(&field(0))), "7");
        assert_eq!(decimal(7, None), "7");
    }
}
