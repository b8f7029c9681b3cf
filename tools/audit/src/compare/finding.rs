//! What a comparison finds, in words of both languages and as JSON.

use std::fmt::Write;

use lianzhan_protocol::id::{Hash, StatementId};
use lianzhan_protocol::log::Origin;
use serde::Serialize;

use crate::copy::LogRow;
use crate::lang::Lang;
use crate::out::Manner;
use crate::text::printable;

/// The most findings that are listed; all are counted.
const LISTED_MAX: usize = 2_000;

/// One of the two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) enum Side {
    A,
    B,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::A => "A",
            Side::B => "B",
        }
    }
}

/// Something that the copies do not share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum Finding {
    /// They are of two federations.
    OtherFounding { a: StatementId, b: StatementId },
    /// One log with two histories, and both were signed by its node.
    Fork {
        log: String,
        index: u64,
        /// Name of the key that signed both.
        key: String,
        checkpoint_a: String,
        checkpoint_b: String,
    },
    /// Entries differ, and the signed checkpoints do not prove both: one copy was altered.
    Differs {
        log: String,
        index: u64,
        leaf_a: Hash,
        leaf_b: Hash,
        /// The copies whose checkpoint covers what they hold.
        signed: Vec<Side>,
    },
    /// A payload is held in both and differs.
    PayloadDiffers { log: String, index: u64 },
    /// A log is held in one alone.
    LacksLog { side: Side, log: String, size: u64 },
    /// Entries that one does not hold.
    LacksEntries {
        side: Side,
        log: String,
        from: u64,
        to: u64,
    },
    /// Payloads that one does not hold.
    LacksPayloads {
        side: Side,
        log: String,
        from: u64,
        to: u64,
    },
    /// Receipts that one does not hold.
    LacksReceipts {
        side: Side,
        log: String,
        count: u64,
        largest: u64,
    },
    /// A statement that one does not hold.
    LacksStatement { side: Side, statement: StatementId },
    /// The witness logs are those of one node, and differ.
    WitnessLogDiffers { index: u64 },
    /// The witness log of one ends earlier.
    LacksWitnessed { side: Side, from: u64, to: u64 },
    /// A row that is none.
    Unreadable { side: Side, words: String },
}

/// A range of places, both ends included.
fn range(from: u64, to: u64) -> (String, String) {
    if from == to {
        (format!("第 {from} 条"), format!("entry {from}"))
    } else {
        (format!("第 {from} 至 {to} 条"), format!("entries {from} to {to}"))
    }
}

impl Finding {
    /// Whether it cannot be explained by one copy being older or holding less.
    fn contradicts(&self) -> bool {
        match self {
            Finding::OtherFounding { .. }
            | Finding::Fork { .. }
            | Finding::Differs { .. }
            | Finding::PayloadDiffers { .. }
            | Finding::WitnessLogDiffers { .. }
            | Finding::Unreadable { .. } => true,
            Finding::LacksLog { .. }
            | Finding::LacksEntries { .. }
            | Finding::LacksPayloads { .. }
            | Finding::LacksReceipts { .. }
            | Finding::LacksStatement { .. }
            | Finding::LacksWitnessed { .. } => false,
        }
    }

    /// In Chinese and English.
    fn words(&self) -> (String, String) {
        match self {
            Finding::OtherFounding { a, b } => (
                format!("两份副本的创始声明不同：{a} 与 {b}"),
                format!("they are founded on different statements: {a} and {b}"),
            ),
            Finding::Fork { log, index, key, .. } => (
                format!(
                    "{log}：自第 {index} 条起是两段历史，而两个检查点都由同一密钥（{key}）所签：这是分叉，该节点对两方说了不同的话"
                ),
                format!(
                    "{log}: from entry {index} on there are two histories, and one key ({key}) signed a checkpoint of each: \
                     this is a fork, its node told two sides two things"
                ),
            ),
            Finding::Differs {
                log, index, signed, ..
            } => {
                let (zh, en) = match signed.as_slice() {
                    [] => (
                        "两份的检查点都不能证明该处".to_owned(),
                        "neither copy's signed checkpoint proves that place".to_owned(),
                    ),
                    [side] => (
                        format!("只有 {} 与其检查点相符：另一份被改过", side.name()),
                        format!(
                            "{} alone agrees with its checkpoint: the other one was altered",
                            side.name()
                        ),
                    ),
                    _ => (
                        "两份都与检查点相符".to_owned(),
                        "both agree with their checkpoints".to_owned(),
                    ),
                };
                (
                    format!("{log}：第 {index} 条不同；{zh}"),
                    format!("{log}: entry {index} differs; {en}"),
                )
            }
            Finding::PayloadDiffers { log, index } => (
                format!("{log}：第 {index} 条的内容不同，至少一份与签名不符"),
                format!(
                    "{log}: the payload of entry {index} differs, so at least one is not what was signed"
                ),
            ),
            Finding::LacksLog { side, log, size } => (
                format!("{} 没有日志 {log}（{size} 条）", side.name()),
                format!("{} lacks log {log} ({size} entries)", side.name()),
            ),
            Finding::LacksEntries { side, log, from, to } => {
                let (zh, en) = range(*from, *to);
                (
                    format!("{log}：{} 缺{zh}", side.name()),
                    format!("{log}: {} lacks {en}", side.name()),
                )
            }
            Finding::LacksPayloads { side, log, from, to } => {
                let (zh, en) = range(*from, *to);
                (
                    format!("{log}：{} 没有{zh}的内容", side.name()),
                    format!("{log}: {} lacks the payload of {en}", side.name()),
                )
            }
            Finding::LacksReceipts {
                side,
                log,
                count,
                largest,
            } => (
                format!(
                    "{log}：{} 缺 {count} 件回执，最大的见证到 {largest} 条",
                    side.name()
                ),
                format!(
                    "{log}: {} lacks {count} receipt(s), the largest over {largest} entries",
                    side.name()
                ),
            ),
            Finding::LacksStatement { side, statement } => (
                format!("{} 没有声明 {statement}", side.name()),
                format!("{} lacks statement {statement}", side.name()),
            ),
            Finding::WitnessLogDiffers { index } => (
                format!("同一节点的见证日志自第 {index} 条起不同"),
                format!("the witness logs of one node differ from entry {index} on"),
            ),
            Finding::LacksWitnessed { side, from, to } => {
                let (zh, en) = range(*from, *to);
                (
                    format!("见证日志：{} 缺{zh}", side.name()),
                    format!("witness log: {} lacks {en}", side.name()),
                )
            }
            Finding::Unreadable { side, words } => (
                format!("{} 有读不出来的日志：{words}", side.name()),
                format!("{} has a log that cannot be read: {words}", side.name()),
            ),
        }
    }
}

/// Everything found.
#[derive(Default)]
pub(super) struct Comparison {
    findings: Vec<Finding>,
    total: u64,
    contradictions: u64,
    logs: u64,
    entries: u64,
}

impl Comparison {
    pub(super) fn add(&mut self, finding: Finding) {
        self.total += 1;
        self.contradictions += u64::from(finding.contradicts());
        // Contradictions are few and must not be crowded out.
        if self.findings.len() < LISTED_MAX || finding.contradicts() {
            self.findings.push(finding);
        }
    }

    pub(super) fn lacks_log(&mut self, side: Side, log: &LogRow) {
        self.add(Finding::LacksLog {
            side,
            log: name(&log.origin),
            size: log.size.0,
        });
    }

    /// A log was compared, so many entries of it are shared.
    pub(super) fn compared(&mut self, entries: u64) {
        self.logs += 1;
        self.entries += entries;
    }

    pub(super) fn contradicts(&self) -> bool {
        self.contradictions > 0
    }

    pub(super) fn show(&self, manner: Manner) -> String {
        if manner.json {
            return format!("{:#}\n", self.json());
        }
        let lang = manner.lang();
        let mut out = String::new();
        let (logs, entries) = (self.logs, self.entries);
        let _ = match (self.total, self.contradictions, lang) {
            (0, _, Lang::Zh) => writeln!(out, "两份副本相同。"),
            (0, _, Lang::En) => writeln!(out, "THE COPIES ARE EQUAL."),
            (_, 0, Lang::Zh) => writeln!(out, "没有矛盾，互有缺少 {} 处。", self.total),
            (_, 0, Lang::En) => writeln!(out, "NOTHING CONTRADICTS; {} thing(s) lack.", self.total),
            (_, count, Lang::Zh) => writeln!(out, "有 {count} 处矛盾。"),
            (_, count, Lang::En) => writeln!(out, "{count} CONTRADICTION(S)."),
        };
        let _ = match lang {
            Lang::Zh => writeln!(out, "比对：共有的日志 {logs}，相同的条目 {entries}。"),
            Lang::En => writeln!(out, "Compared: {logs} logs in both, {entries} equal entries."),
        };
        let (against, lacking): (Vec<_>, Vec<_>) =
            self.findings.iter().partition(|found| found.contradicts());
        for (sign, findings) in [("✗", against), ("·", lacking)] {
            for finding in findings {
                let (zh, en) = finding.words();
                let _ = writeln!(
                    out,
                    "{sign} {}",
                    printable(lang.pick(&zh, &en)).replace('\n', " ")
                );
                if let Finding::Fork {
                    checkpoint_a,
                    checkpoint_b,
                    ..
                } = finding
                {
                    for (side, note) in [("A", checkpoint_a), ("B", checkpoint_b)] {
                        let _ = writeln!(out, "    {side}:");
                        for line in printable(note).lines() {
                            let _ = writeln!(out, "    | {line}");
                        }
                    }
                }
            }
        }
        let left = self.total - self.findings.len() as u64;
        if left > 0 {
            let _ = writeln!(
                out,
                "{}",
                lang.pick(
                    format!("另有 {left} 处未列出。"),
                    format!("{left} more are not listed.")
                )
            );
        }
        out
    }

    fn json(&self) -> serde_json::Value {
        let findings: Vec<_> = self
            .findings
            .iter()
            .map(|finding| {
                let (words_zh, words_en) = finding.words();
                let mut value = serde_json::json!(finding);
                value["contradicts"] = finding.contradicts().into();
                value["words_zh"] = words_zh.into();
                value["words_en"] = words_en.into();
                value
            })
            .collect();
        serde_json::json!({
            "ok": self.contradictions == 0, "equal": self.total == 0, "logs": self.logs, "entries": self.entries,
            "total": self.total, "contradictions": self.contradictions, "findings": findings,
        })
    }
}

pub(super) fn name(origin: &Origin) -> String {
    origin.to_string()
}
