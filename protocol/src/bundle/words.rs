//! Sentences for people, in Chinese and English, made of facts alone.

mod reasons;
pub(super) mod values;

use super::facts::{ChangeFacts, EventFacts, OrgName, RecordFacts};
use super::report::TitleField;
use super::summary::Summary;
use crate::record::ledger::{Required, ledger};
use crate::record::{AdoptedBy, EventKind, Ineffective, Proof, Right, Verdict};
use crate::trust::Level;
use reasons::{contested_zh, ineffective_zh, pending_zh, refused_zh};
use values::{label, level_en, level_zh, local, shown};

/// A sentence in both languages: Chinese, English.
type Both = (String, String);

/// What was proved of the whole bundle, and what cannot be.
pub(super) fn whole(summary: &Summary) -> (Vec<String>, Vec<String>) {
    let (records, root) = (summary.records.len(), &summary.root);
    let verdicts = || {
        summary
            .records
            .iter()
            .flat_map(|record| &record.changes)
            .map(|change| &change.verdict)
    };
    let seen = verdicts()
        .filter(|verdict| {
            matches!(
                verdict,
                Verdict::Counts {
                    provisional: false,
                    ..
                }
            )
        })
        .count();
    let unseen = verdicts()
        .filter(|verdict| {
            matches!(
                verdict,
                Verdict::Counts {
                    provisional: true,
                    ..
                }
            )
        })
        .count();
    let (all_changes, others) = (verdicts().count(), verdicts().count() - seen - unseen);
    let mut all: Vec<Both> = vec![
        (
            format!(
                "{records} 条记录、{all_changes} 次更改：每次更改的作者签名、内容和在其日志中的位置均已核实。"
            ),
            format!(
                "{records} record(s), {all_changes} change(s): the author's signature, the content and the place in \
                 its log of each were verified."
            ),
        ),
        (
            format!(
                "其中 {seen} 次有效：作者当时的任命一直上溯到创始声明（{}），并由规定的上级见证；{unseen} 次暂计有效，\
                 尚无见证；{others} 次不计或待定，理由见各次更改。",
                root.zh
            ),
            format!(
                "Of these {seen} count: their authors' appointments hold up to the founding statement ({}), and the \
                 required parent witnessed them; {unseen} count for now, not yet witnessed; {others} do not count or \
                 are pending, for the reason given with each.",
                root.en
            ),
        ),
    ];
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
            format!("{}，属{}", ledger.zh, facts.owner.zh),
            format!("{}, of {}", ledger.en, facts.owner.en),
        ),
        // Which ledger it is, only what counts says.
        None if facts.definition.is_none() => ("尚无有效内容".into(), "Nothing of it counts yet".into()),
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
    if !facts.confirmed.is_empty() {
        let (zh, en) = if facts.confirmed.iter().any(|by| by.current) {
            ("已由他人确认", "confirmed by another person")
        } else {
            ("确认之后又有改动", "changed after it was confirmed")
        };
        all.push((zh.into(), en.into()));
    }
    if !facts.confirmed_for.is_empty() {
        let current = facts.confirmed_for.iter().filter(|by| by.current).count();
        let all_of = facts.confirmed_for.len();
        all.push((
            format!("代录的确认（非本人密钥签名）：{all_of} 次，其中 {current} 次之后没有改动"),
            format!("confirmations recorded for others, not by their key: {all_of}, of which {current} over what stands now"),
        ));
    }
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

/// A verdict with its reason.
pub(super) fn verdict(verdict: &Verdict) -> Both {
    match verdict {
        Verdict::Counts {
            adopted: Some(AdoptedBy::Change(_)),
            ..
        } => (
            "有效（经现任同岗人员追认）".into(),
            "it counts: adopted by a present holder of the post".into(),
        ),
        Verdict::Counts {
            adopted: Some(AdoptedBy::Statement(_)),
            ..
        } => (
            "有效（经上级机构追认）".into(),
            "it counts: adopted by an authority above".into(),
        ),
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
        Verdict::Contested { reason, .. } => (
            format!("存疑，待追认：{}", contested_zh(reason)),
            format!("contested until adopted: {reason}"),
        ),
        Verdict::Refused { reason } => (
            format!("不计：{}", refused_zh(reason)),
            format!("it does not count: {reason}"),
        ),
    }
}

/// What an event is called, with the level of its seat or seal.
pub(super) fn event_title(event: &EventFacts) -> Both {
    let (zh, en) = match event.kind {
        EventKind::Register => ("登记", "Registered"),
        EventKind::SignIn => ("签到", "Signed in"),
        EventKind::LogLine => ("活动记录", "Line"),
        EventKind::Seal => ("封签", "Sealed"),
        EventKind::Adopt => ("追认", "Adopted"),
        EventKind::Correct => ("更正", "Corrected"),
        EventKind::Confirm => ("确认", "Confirmed"),
        EventKind::Clear => ("放行", "Cleared"),
        EventKind::SignInFor => ("代录签到", "Sign-in recorded"),
        EventKind::ConfirmFor => ("代录确认", "Confirmation recorded"),
    };
    let level =
        |name: fn(Level) -> &'static str| event.level.map(|l| format!(" {}", name(l))).unwrap_or_default();
    (
        format!("{zh}{}", level(level_zh)),
        format!("{en}{}", level(level_en)),
    )
}

/// Why an event has no effect.
pub(super) fn without_effect(reason: &Ineffective) -> Both {
    (
        format!("无效：{}", ineffective_zh(reason)),
        format!("without effect: {reason}"),
    )
}

/// Who did what was recorded for them, in what office, and on what evidence; empty where the signer did it.
pub(super) fn recorded(event: &EventFacts) -> Both {
    let (Some(actor), Some(proof), Some(evidence)) = (&event.actor, event.proof, &event.evidence) else {
        return Both::default();
    };
    let (proof_zh, proof_en) = match proof {
        Proof::Key => ("密钥", "key"),
        Proof::Link => ("一次性链接", "one-time link"),
        Proof::Token => ("一次性口令", "one-time code"),
        Proof::Paper => ("纸质", "paper"),
    };
    (
        format!(
            "{}；凭{proof_zh}，凭证 {evidence}；由他人代录，非本人密钥签名",
            actor.office
        ),
        format!(
            "{}; proved by {proof_en}, evidence {evidence}; recorded by another, not signed with their own key",
            actor.office
        ),
    )
}

/// What a correction says is right.
pub(super) fn right(right: &Right) -> Both {
    match right {
        Right::Nothing => ("；收回".into(), "; taken back".into()),
        Right::Said { happened, text } => {
            let text = text.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
            (
                format!("；应为{text} {happened}"),
                format!("; right is{text} {happened}"),
            )
        }
    }
}

fn event(event: &EventFacts) -> Both {
    let (zh, en) = event_title(event);
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
    let (right_zh, right_en) = event.right.as_ref().map(right).unwrap_or_default();
    let (for_zh, for_en) = match recorded(event) {
        (zh, _) if zh.is_empty() => Both::default(),
        (zh, en) => (format!("；{zh}"), format!("; {en}")),
    };
    let (no_zh, no_en) = match &event.ineffective {
        Some(reason) => {
            let (zh, en) = without_effect(reason);
            (format!("；{zh}"), format!("; {en}"))
        }
        None => Default::default(),
    };
    (
        format!(
            "{zh}{text}{happened}{for_zh}{right_zh}（{}，{}{no_zh}）",
            event.by, event.org.zh
        ),
        format!(
            "{en}{text}{happened}{for_en}{right_en} ({}, {}{no_en})",
            event.by, event.org.en
        ),
    )
}
