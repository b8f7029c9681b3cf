//! What came of a check: totals, faults, and what must be known beside them.

use std::collections::BTreeMap;
use std::fmt::Write;

use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::trust::FoundingStatement;
use serde::Serialize;

use super::fault::{Fault, Note};
use crate::lang::Lang;
use crate::out::Manner;
use crate::text::printable;

/// The most faults that are listed; all are counted.
const FAULTS_MAX: usize = 1_000;

/// How much was looked at.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    pub(super) logs: u64,
    pub(super) entries: u64,
    pub(super) statements: u64,
    pub(super) receipts: u64,
    /// Checkpoints of others that the node cosigned.
    pub(super) cosigned: u64,
    pub(super) records: u64,
}

/// The answer.
pub(super) struct Report {
    founding: StatementId,
    root: (String, String),
    pub(super) totals: Totals,
    pub(super) notes: BTreeMap<Note, u64>,
    faults: Vec<Fault>,
    pub(super) faults_total: u64,
}

impl Report {
    pub(super) fn new(founding: &FoundingStatement) -> Self {
        let org = &founding.founding().root;
        Report {
            founding: founding.id(),
            root: (org.name_zh.clone(), org.name_en.clone()),
            totals: Totals::default(),
            notes: BTreeMap::new(),
            faults: Vec::new(),
            faults_total: 0,
        }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    /// The answer as it was asked for.
    pub(super) fn show(&self, manner: Manner) -> String {
        if manner.json {
            format!("{:#}\n", self.json())
        } else {
            self.text(manner.lang())
        }
    }

    fn json(&self) -> serde_json::Value {
        let notes: Vec<_> = self
            .notes
            .iter()
            .map(|(note, count)| {
                let (words_zh, words_en) = note.words(*count);
                serde_json::json!({ "kind": note, "count": count, "words_zh": words_zh, "words_en": words_en })
            })
            .collect();
        serde_json::json!({
            "ok": self.faults_total == 0, "founding": self.founding, "totals": self.totals,
            "faults_total": self.faults_total, "faults": self.faults, "notes": notes,
        })
    }

    fn text(&self, lang: Lang) -> String {
        let mut out = String::new();
        let whole = match (self.faults_total, lang) {
            (0, Lang::Zh) => "通过。".to_owned(),
            (0, Lang::En) => "PROVED.".to_owned(),
            (count, Lang::Zh) => format!("有 {count} 处不符。"),
            (count, Lang::En) => format!("{count} FAULT(S)."),
        };
        let Totals {
            logs,
            entries,
            statements,
            receipts,
            cosigned,
            records,
        } = self.totals;
        let root = printable(lang.pick(&self.root.0, &self.root.1));
        let _ = writeln!(out, "{whole}");
        let _ = match lang {
            Lang::Zh => writeln!(
                out,
                "创始声明：{}（{root}）\n核对：日志 {logs}，条目 {entries}，声明 {statements}，回执 {receipts}，\
                 所作见证 {cosigned}，记录 {records}。",
                self.founding
            ),
            Lang::En => writeln!(
                out,
                "Founding statement: {} ({root})\nChecked: {logs} logs, {entries} entries, {statements} statements, \
                 {receipts} receipts, {cosigned} cosigned checkpoints, {records} records.",
                self.founding
            ),
        };
        for fault in &self.faults {
            let place = match fault.index {
                Some(index) => lang.pick(format!(" 第 {index} 条"), format!(" entry {index}")),
                None => String::new(),
            };
            let words = printable(lang.pick(&fault.words_zh, &fault.words_en)).replace('\n', " ");
            let subject = printable(&fault.subject).replace('\n', " ");
            let _ = writeln!(out, "✗ {subject}{place}{}{words}", lang.pick("：", ": "));
        }
        let left = self.faults_total - self.faults.len() as u64;
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
        for (note, count) in &self.notes {
            let (zh, en) = note.words(*count);
            let _ = writeln!(out, "· {}", lang.pick(zh, en));
        }
        out
    }
}
