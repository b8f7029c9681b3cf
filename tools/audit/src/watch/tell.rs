//! What a look told, in words of both languages and as a line of JSON.

use serde::Serialize;

use crate::lang::Lang;
use crate::text::printable;

/// What is told of a log, or of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Told {
    pub(super) url: String,
    pub(super) origin: Option<String>,
    #[serde(flatten)]
    pub(super) what: What,
    /// Files that hold the evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) evidence: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub(super) enum What {
    /// Seen for the first time.
    First { size: u64 },
    /// As it was.
    Unchanged { size: u64 },
    /// Grew, and proved it.
    Grew { from: u64, to: u64 },
    /// Two roots for one size, both signed.
    Fork { size: u64 },
    /// Smaller than what was seen.
    RolledBack { from: u64, to: u64 },
    /// A larger tree that does not extend what was seen.
    NotExtended { from: u64, to: u64, why: String },
    /// Signed by another key than before.
    OtherKey,
    /// Not a checkpoint signed by the key that it states.
    BadCheckpoint { why: String },
    /// Seen before, and no longer published.
    Withdrawn,
    /// The node does not answer, or not in this form.
    Unreachable { why: String },
    /// Evidence could not be written.
    NotKept { why: String },
}

impl Told {
    /// Whether something does not extend what was seen.
    pub(super) fn is_alarm(&self) -> bool {
        match self.what {
            What::First { .. } | What::Unchanged { .. } | What::Grew { .. } | What::Unreachable { .. } => {
                false
            }
            What::Fork { .. }
            | What::RolledBack { .. }
            | What::NotExtended { .. }
            | What::OtherKey
            | What::BadCheckpoint { .. }
            | What::Withdrawn
            | What::NotKept { .. } => true,
        }
    }

    pub(super) fn is_unreachable(&self) -> bool {
        matches!(self.what, What::Unreachable { .. })
    }

    pub(super) fn is_quiet(&self) -> bool {
        matches!(self.what, What::Unchanged { .. })
    }

    /// One line for people, and below it where the evidence is.
    pub(super) fn line(&self, lang: Lang) -> String {
        let (zh, en) = self.words();
        let sign = if self.is_alarm() { "✗✗✗" } else { "·" };
        let origin = self
            .origin
            .as_deref()
            .map(|origin| format!(" {origin}"))
            .unwrap_or_default();
        let line = format!(
            "{sign} {}{origin}{}{}",
            self.url,
            lang.pick("：", ": "),
            lang.pick(zh, en)
        );
        let mut line = printable(&line).replace('\n', " ");
        for path in &self.evidence {
            line.push_str(&format!(
                "\n    {}{}",
                lang.pick("证据：", "evidence: "),
                printable(path)
            ));
        }
        line
    }

    pub(super) fn json(&self) -> serde_json::Value {
        let (zh, en) = self.words();
        let mut value = serde_json::json!(self);
        value["alarm"] = self.is_alarm().into();
        value["words_zh"] = zh.into();
        value["words_en"] = en.into();
        value
    }

    fn words(&self) -> (String, String) {
        match &self.what {
            What::First { size } => (
                format!("初次见到，{size} 条"),
                format!("seen for the first time, {size} entries"),
            ),
            What::Unchanged { size } => (
                format!("没有变化，{size} 条"),
                format!("unchanged, {size} entries"),
            ),
            What::Grew { from, to } => (
                format!("由 {from} 条增至 {to} 条，已证明是续写"),
                format!("grew from {from} to {to} entries, and proved it"),
            ),
            What::Fork { size } => (
                format!("分叉：同为 {size} 条，签了两个不同的树根"),
                format!("FORK: two different roots were signed for {size} entries"),
            ),
            What::RolledBack { from, to } => (
                format!("倒退：曾签至 {from} 条，现在只有 {to} 条"),
                format!("ROLLED BACK: {from} entries were signed, {to} are shown now"),
            ),
            What::NotExtended { from, to, why } => (
                format!("不是续写：现在的 {to} 条没有被证明包含先前的 {from} 条（{why}）"),
                format!(
                    "NOT EXTENDED: the {to} entries of now are not proved to hold the {from} seen before ({why})"
                ),
            ),
            What::OtherKey => ("换了签名密钥".into(), "ANOTHER KEY signs this log now".into()),
            What::BadCheckpoint { why } => (format!("检查点无效（{why}）"), format!("BAD CHECKPOINT: {why}")),
            What::Withdrawn => (
                "曾见过，现在不再公布".into(),
                "WITHDRAWN: it was published before, and is no longer".into(),
            ),
            What::Unreachable { why } => (format!("没有回答（{why}）"), format!("no answer: {why}")),
            What::NotKept { why } => (
                format!("证据没有存下（{why}）"),
                format!("the evidence could not be kept: {why}"),
            ),
        }
    }
}
