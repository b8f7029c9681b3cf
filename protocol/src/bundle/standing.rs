//! One word for how a record, a change or an event stands in a report.

use serde::Serialize;

use super::facts::{ChangeFacts, EventFacts};
use crate::record::Verdict;

/// How something stands, as of the evidence shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It counts, and a required parent witnessed it.
    Proved,
    /// It counts by the author's clock alone, or something that it needs is not shown.
    Pending,
    /// It was in force, and something later calls it into question.
    Contested,
    /// It does not count, or has no effect.
    Refused,
}

impl Standing {
    /// The word in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Standing::Proved => "已证明",
            Standing::Pending => "待补齐",
            Standing::Contested => "有争议",
            Standing::Refused => "不采信",
        }
    }

    /// The word in English.
    pub fn en(self) -> &'static str {
        match self {
            Standing::Proved => "proved",
            Standing::Pending => "pending",
            Standing::Contested => "contested",
            Standing::Refused => "refused",
        }
    }

    /// Of a verdict.
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Counts {
                provisional: false, ..
            } => Standing::Proved,
            Verdict::Counts {
                provisional: true, ..
            }
            | Verdict::Pending { .. } => Standing::Pending,
            Verdict::Contested { .. } => Standing::Contested,
            Verdict::Refused { .. } => Standing::Refused,
        }
    }

    /// Of an event: that of its change, unless the event itself has no effect.
    pub(super) fn of_event(event: &EventFacts, change: Option<&Standing>) -> Self {
        if event.ineffective.is_some() {
            return Standing::Refused;
        }
        change.copied().unwrap_or(Standing::Pending)
    }

    /// Of a record: what does not count takes nothing from what does, so refused changes speak only where nothing else
    /// is left; of the others the least settled one speaks.
    pub(super) fn of_record(changes: &[ChangeFacts]) -> Self {
        changes
            .iter()
            .map(|change| Standing::of(&change.verdict))
            .filter(|standing| *standing != Standing::Refused)
            .max()
            .unwrap_or(Standing::Refused)
    }
}
