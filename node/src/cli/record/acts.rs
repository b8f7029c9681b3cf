//! `lianzhan record confirm`, `correct`, `conflicts` and `settle`.

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Done, write};
use crate::cli::reach::Reach;
use crate::cli::{Lang, Shell, block_on, out};
use crate::services::activity::stated;
use crate::services::confirm::{ConfirmationDraft, CorrectionDraft};
use crate::services::conflict::{RecordConflicts, SettleDraft};
use crate::services::history::ChangeSheet;
use crate::services::parse_record;

/// Records that are listed at once, at most.
const LISTED: u64 = 500;

/// Who wrote what when, and what stood there before, newest first 何人何时改了什么
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan record history 0196b2c3d4e5f60718293a4b5c6d7e8f")]
pub(in crate::cli) struct History {
    /// Id of the record 记录编号
    record: String,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Confirm what others wrote: the whole record as it is now, or one event 确认他人所写：整条记录，或其中一条
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan record confirm 0196b2c3d4e5f60718293a4b5c6d7e8f --login zhao

Nobody confirms what they wrote themselves. What is written later shows as changed after it was confirmed.
自己写过的内容不能由自己确认；之后再有改动，会标明“确认后有改动”。")]
pub(in crate::cli) struct Confirm {
    /// Id of the record 记录编号
    record: String,
    /// Only this event 只确认这一条
    #[arg(long)]
    event: Option<String>,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
}

/// Correct an event: it stays, with what is right beside it 更正一条：原文保留，另写更正
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan record show 0196b2c3d4e5f60718293a4b5c6d7e8f     # its events with their ids 其中各条的编号
  lianzhan record correct 0196b2c3d4e5f60718293a4b5c6d7e8f EVENT --reason 记错了一天 --happened 2026-03-02 --login lin
  lianzhan record correct 0196b2c3d4e5f60718293a4b5c6d7e8f EVENT --reason 没有到场 --take-back --login lin")]
pub(in crate::cli) struct Correct {
    /// Id of the record 记录编号
    record: String,
    /// Id of the event 这一条的编号
    event: String,
    /// Why 更正原因
    #[arg(long)]
    reason: String,
    /// When it happened: a date, or an instant at +08:00 应为何时
    #[arg(long, value_name = "WHEN")]
    happened: Option<String>,
    /// What the line should say 应为何文
    #[arg(long)]
    text: Option<String>,
    /// Nothing of it is right 整条收回
    #[arg(long, conflicts_with_all = ["happened", "text"])]
    take_back: bool,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
}

/// List fields of which several people wrote different values 列出几人写得不同、还没有选定的栏目
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan record conflicts --json")]
pub(in crate::cli) struct Conflicts {
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Say which value of a field is right: one of them, or another 选定一个值，或另写一个
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan record settle 0196b2c3d4e5f60718293a4b5c6d7e8f outcome --change CHANGE --login lin
  lianzhan record settle 0196b2c3d4e5f60718293a4b5c6d7e8f outcome --value 已办结 --login lin")]
pub(in crate::cli) struct Settle {
    /// Id of the record 记录编号
    record: String,
    /// Key of the field 栏目
    field: String,
    /// The change whose value is right 取这次改动所写的值
    #[arg(long, required_unless_present = "value", conflicts_with = "value")]
    change: Option<String>,
    /// Another value; empty text empties the field 另写一个值
    #[arg(long)]
    value: Option<String>,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    total: u64,
    records: Vec<RecordConflicts>,
}

impl History {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record: RecordId = parse_record(&self.record)?;
        let changes: Vec<ChangeSheet> = match Reach::open(&shell.dir())? {
            Reach::Here(node) => node.history(&record)?,
            Reach::Running(client) => client.get(&format!("/records/{record}/history"))?,
        };
        if self.json {
            return out::json(&changes);
        }
        let zh = shell.lang == Lang::Zh;
        let mut rows: Vec<Vec<String>> = Vec::new();
        for change in &changes {
            let when = stated(Timestamp(change.recorded));
            let who = [change.by.clone(), change.org.clone()];
            let who = who.into_iter().flatten().collect::<Vec<_>>().join(" ");
            let mut row = |what: String, was: String, now: String| {
                rows.push(vec![
                    when.clone(),
                    who.clone(),
                    what,
                    was,
                    now,
                    change.verdict.clone(),
                ]);
            };
            for event in &change.events {
                row(
                    event.kind.clone(),
                    event.happened.clone().unwrap_or_default(),
                    event.text.clone().unwrap_or_default(),
                );
            }
            for wrote in &change.wrote {
                let label = if zh { &wrote.zh } else { &wrote.en };
                row(label.clone(), plain(&wrote.was), plain(&wrote.now));
            }
        }
        let headings = match shell.lang {
            Lang::Zh => ["何时", "何人", "栏目", "原为", "改为", "结论"],
            Lang::En => ["when", "who", "what", "was", "now", "verdict"],
        };
        out::bytes(out::table(&headings, &rows).as_bytes())
    }
}

/// A value on one line.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.lines().collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

impl Confirm {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record: RecordId = parse_record(&self.record)?;
        let draft = ConfirmationDraft {
            event: self.event,
            seen: Vec::new(),
        };
        let path = format!("/records/{record}/confirm");
        let done = write(shell, self.login, &draft, "POST", &path, {
            let draft = draft.clone();
            move |node, author| {
                Ok(Some(Done::from(block_on(
                    node.confirm(&author, &record, draft),
                )??)))
            }
        })?;
        out::json(&done)
    }
}

impl Correct {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record: RecordId = parse_record(&self.record)?;
        let draft = CorrectionDraft {
            event: self.event,
            reason: self.reason,
            happened: self.happened,
            text: self.text,
            take_back: self.take_back,
        };
        let path = format!("/records/{record}/correct");
        let done = write(shell, self.login, &draft, "POST", &path, {
            let draft = draft.clone();
            move |node, author| {
                Ok(Some(Done::from(block_on(
                    node.correct(&author, &record, draft),
                )??)))
            }
        })?;
        out::json(&done)
    }
}

impl Conflicts {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let found: Listed = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                let (records, total) = node.conflicts(0, LISTED)?;
                Listed { total, records }
            }
            Reach::Running(client) => client.get(&format!("/conflicts?limit={LISTED}"))?,
        };
        if self.json {
            return out::json(&found);
        }
        let mut rows: Vec<Vec<String>> = Vec::new();
        for record in &found.records {
            for field in &record.fields {
                for side in &field.values {
                    let who = [side.by.clone(), side.org.clone()];
                    rows.push(vec![
                        record.record.clone(),
                        field.key.clone(),
                        plain(&side.value),
                        who.into_iter().flatten().collect::<Vec<_>>().join(" "),
                        side.change.clone(),
                    ]);
                }
            }
        }
        let (headings, count) = match shell.lang {
            Lang::Zh => (
                ["编号", "栏目", "值", "何人", "改动"],
                format!("共 {} 条\n", found.total),
            ),
            Lang::En => (
                ["id", "field", "value", "who", "change"],
                format!("{} records\n", found.total),
            ),
        };
        let table = match rows.is_empty() {
            true => String::new(),
            false => out::table(&headings, &rows),
        };
        out::bytes((table + &count).as_bytes())
    }
}

impl Settle {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record: RecordId = parse_record(&self.record)?;
        let draft = SettleDraft {
            field: self.field,
            change: self.change,
            value: self.value,
            seen: Vec::new(),
        };
        let path = format!("/records/{record}/settle");
        let done = write(shell, self.login, &draft, "POST", &path, {
            let draft = draft.clone();
            move |node, author| Ok(Some(Done::from(block_on(node.settle(&author, &record, draft))??)))
        })?;
        out::json(&done)
    }
}
