//! What does not hold in a copy: of which log, where, and in words of both languages.

use lianzhan_protocol::log::{EntryError, EquivocationError, NotAWitness, Origin, ReceiptError};
use serde::Serialize;

/// A thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// What kind of thing: stable, for programs.
    pub(crate) kind: &'static str,
    /// The log, or whose row it is.
    pub(crate) subject: String,
    /// The place in the log.
    pub(crate) index: Option<u64>,
    /// In Chinese.
    pub(crate) words_zh: String,
    /// In English.
    pub(crate) words_en: String,
}

/// What it is that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum What {
    #[error("it is founded on {found} and not on {trusted}, which is trusted")]
    OtherFounding { trusted: String, found: String },
    #[error("not a statement, or not the one of this id: {0}")]
    Statement(String),
    #[error("its log holds this statement, and the table of statements lacks it")]
    StatementLacking,
    #[error("the row cannot be read: {0}")]
    Row(String),
    #[error("what the row repeats of the log's start differs from it")]
    LogColumns,
    #[error("the row states another start than the first entry")]
    OtherStart,
    #[error("the log does not start as this version asks: {0}")]
    Start(&'static str),
    #[error("entries {from} to {to} are missing")]
    Gap { from: u64, to: u64 },
    #[error("the entries end at {found}, the log states {stated}")]
    Cut { found: u64, stated: u64 },
    #[error("{0}")]
    Entry(EntryError),
    #[error("the columns beside the entry say otherwise than the entry")]
    Columns,
    #[error("stored tree node {0} is missing")]
    NodeMissing(u64),
    #[error("stored tree node {0} is not what the entries give")]
    NodeDiffers(u64),
    #[error("tree nodes are stored that no tree of this size has")]
    NodesBeyond,
    #[error("the stored root is not what the entries give")]
    Root,
    #[error("the checkpoint is not signed by the log's node: {0}")]
    Checkpoint(String),
    #[error("the signed root is not what the entries give")]
    SignedRoot,
    #[error("the checkpoint covers {0} entries alone")]
    CheckpointBehind(u64),
    #[error("its org may not hold the space")]
    MayNotHold,
    #[error("{0}")]
    Receipt(ReceiptError),
    #[error("the receipt is for another tree")]
    ReceiptTree,
    #[error("the receipt witnessed {0} entries, more than there are: entries were cut off")]
    ReceiptBeyond(u64),
    #[error("the log holds a receipt, and the table of receipts lacks it")]
    ReceiptLacking,
    #[error("the columns beside the receipt say otherwise than the receipt")]
    ReceiptColumns,
    #[error("not an entry of the witness log: {0}")]
    WitnessEntry(String),
    #[error("another tree of this log was cosigned than the one held here: the log forked")]
    WitnessedOther,
    #[error("the witness log stood at another root when it gave this receipt")]
    WitnessLog,
    #[error("what was cosigned last is not what the witness log says")]
    WitnessedLast,
    #[error("{signed} entries were signed, {held} are held: this is an old copy, or entries were cut off")]
    Old { signed: u64, held: u64 },
    #[error("another root was signed for the first {0} entries")]
    OtherSigned(u64),
    #[error("a log of this origin was signed, and is not held")]
    LogLacking,
    #[error("{0} lines of the high-water file are none")]
    HighWater(u64),
    #[error("the proof that a log says two things proves nothing: {0}")]
    Equivocation(EquivocationError),
    #[error("{0} entries belong to no log")]
    Orphans(u64),
    #[error("the stored row of the record differs from what its entries give: {0}")]
    Record(&'static str),
    #[error("the record has entries, and no stored row")]
    RecordLacking,
    #[error("a row is stored for a record without entries")]
    RecordExtra,
    #[error("the record is erased, and its content is still held")]
    ErasedHeld,
}

impl What {
    /// A stable word for programs.
    fn kind(&self) -> &'static str {
        match self {
            What::OtherFounding { .. } => "other_founding",
            What::Statement(_) => "statement",
            What::StatementLacking => "statement_lacking",
            What::Row(_) => "row",
            What::LogColumns | What::Columns | What::ReceiptColumns => "columns",
            What::OtherStart | What::Start(_) => "start",
            What::Gap { .. } => "gap",
            What::Cut { .. } => "cut",
            What::Entry(EntryError::Payload) => "payload",
            What::Entry(_) => "entry",
            What::NodeMissing(_) | What::NodeDiffers(_) | What::NodesBeyond => "tree",
            What::Root => "root",
            What::Checkpoint(_) | What::CheckpointBehind(_) => "checkpoint",
            What::SignedRoot => "signed_root",
            What::MayNotHold => "may_not_hold",
            What::Receipt(_) | What::ReceiptTree => "receipt",
            What::ReceiptBeyond(_) => "cut",
            What::ReceiptLacking => "receipt_lacking",
            What::WitnessEntry(_) | What::WitnessLog | What::WitnessedLast => "witness_log",
            What::WitnessedOther => "fork",
            What::Old { .. } => "old_copy",
            What::OtherSigned(_) => "fork",
            What::LogLacking => "log_lacking",
            What::HighWater(_) => "high_water",
            What::Equivocation(_) => "equivocation",
            What::Orphans(_) => "orphans",
            What::Record(_) | What::RecordLacking | What::RecordExtra => "record",
            What::ErasedHeld => "erased_held",
        }
    }

    /// The sentence in Chinese. Details of formats stay in English, in brackets.
    fn zh(&self) -> String {
        match self {
            What::OtherFounding { trusted, found } => format!("其创始声明是 {found}，而所信任的是 {trusted}"),
            What::Statement(detail) => format!("不是声明，或不是此编号的声明（{detail}）"),
            What::StatementLacking => "日志中有此声明，声明表中没有".into(),
            What::Row(detail) => format!("此行读不出来（{detail}）"),
            What::LogColumns => "此行各列与日志的起始不符".into(),
            What::OtherStart => "此行所写的起始与第一条不符".into(),
            What::Start(detail) => format!("日志的起始不合本版本的要求（{detail}）"),
            What::Gap { from, to } => format!("缺第 {from} 至 {to} 条"),
            What::Cut { found, stated } => format!("条目止于 {found} 条，日志写明有 {stated} 条"),
            What::Entry(EntryError::Payload) => "内容与签名时的内容不符".into(),
            What::Entry(EntryError::Signature(_)) => "作者签名不符".into(),
            What::Entry(detail) => format!("条目无效（{detail}）"),
            What::Columns => "条目旁各列与条目不符".into(),
            What::NodeMissing(node) => format!("缺树节点 {node}"),
            What::NodeDiffers(node) => format!("树节点 {node} 与由条目算出的不符"),
            What::NodesBeyond => "存有这个大小的树所没有的节点".into(),
            What::Root => "所存的树根与由条目算出的不符".into(),
            What::Checkpoint(detail) => format!("检查点不是日志的节点所签（{detail}）"),
            What::SignedRoot => "所签的树根与由条目算出的不符".into(),
            What::CheckpointBehind(size) => format!("检查点只覆盖前 {size} 条"),
            What::MayNotHold => "其单位无权持有该空间".into(),
            What::Receipt(detail) => format!("见证回执无效（{detail}）"),
            What::ReceiptTree => "见证回执所对的是另一棵树".into(),
            What::ReceiptBeyond(size) => format!("见证回执见证过 {size} 条，多于现有：有条目被截去"),
            What::ReceiptLacking => "日志中有此回执，回执表中没有".into(),
            What::ReceiptColumns => "回执旁各列与回执不符".into(),
            What::WitnessEntry(detail) => format!("不是见证日志的条目（{detail}）"),
            What::WitnessedOther => "曾为此日志的另一棵树签名见证：日志已分叉".into(),
            What::WitnessLog => "出具此回执时，见证日志的树根与此不符".into(),
            What::WitnessedLast => "最后一次见证与见证日志所记不符".into(),
            What::Old { signed, held } => {
                format!("曾签至 {signed} 条，现只有 {held} 条：是旧副本，或有条目被截去")
            }
            What::OtherSigned(size) => format!("曾为前 {size} 条签过另一个树根"),
            What::LogLacking => "曾签过此日志，现在没有".into(),
            What::HighWater(lines) => format!("高水位文件有 {lines} 行不成行"),
            What::Equivocation(detail) => format!("所附分叉证明不成立（{detail}）"),
            What::Orphans(count) => format!("有 {count} 条不属任何日志"),
            What::Record(column) => format!("所存的记录行与由条目得出的不符（{column}）"),
            What::RecordLacking => "记录有条目，没有所存的行".into(),
            What::RecordExtra => "存有没有任何条目的记录行".into(),
            What::ErasedHeld => "记录已擦除，内容却仍在".into(),
        }
    }

    /// The fault that this is, of `subject`.
    pub(crate) fn of(&self, subject: impl Into<String>, index: Option<u64>) -> Fault {
        Fault {
            kind: self.kind(),
            subject: subject.into(),
            index,
            words_zh: self.zh(),
            words_en: self.to_string(),
        }
    }

    /// The fault that this is, in a log.
    pub(crate) fn in_log(&self, origin: &Origin, index: Option<u64>) -> Fault {
        self.of(origin.as_str(), index)
    }
}

/// What is no fault and must be known: why something proves less than it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Note {
    /// The founding statement is the copy's own word.
    RootNotGiven,
    /// There is no high-water file.
    NoHighWater,
    /// Statements of trust that do not stand, or wait for others.
    StatementsNotStanding,
    /// Logs whose node nobody appointed, as far as is known here.
    LogsNotAppointed,
    /// Logs that the node halted.
    LogsHalted,
    /// Proofs that a log says two things, and they hold.
    LogsSayTwoThings,
    /// Changes whose payload is not held.
    PayloadsNotHeld,
    /// Receipts of witnesses that are not required ones.
    ReceiptsNotCounting,
    /// Records whose rows lag.
    RecordsLagging,
    /// Records that are sealed: what they say is not in a copy.
    RecordsSealed,
    /// Records that are erased: their places and signatures alone are left.
    RecordsErased,
    /// Records that rest on entries with faults, and were not judged.
    RecordsNotJudged,
}

impl Note {
    /// In both languages, about `count` things.
    pub(crate) fn words(self, count: u64) -> (String, String) {
        match self {
            Note::RootNotGiven => (
                "未给 --root：创始声明仅凭副本自述，须另行核对其编号。".into(),
                "No --root was given: the founding statement is the copy's own word, compare its id elsewhere.".into(),
            ),
            Note::NoHighWater => (
                "没有高水位文件：看不出副本是否是旧的。".into(),
                "There is no high-water file: whether the copy is an old one cannot be seen.".into(),
            ),
            Note::StatementsNotStanding => (
                format!("{count} 件任命等声明不成立或尚缺依据，不作数。"),
                format!("{count} statement(s) of trust do not stand or wait for others, and count for nothing."),
            ),
            Note::LogsNotAppointed => (
                format!("{count} 个日志的节点尚无成立的任命。"),
                format!("{count} log(s) are of nodes without a standing appointment."),
            ),
            Note::LogsHalted => (
                format!("{count} 个日志已被节点停用。"),
                format!("{count} log(s) were halted by the node."),
            ),
            Note::LogsSayTwoThings => (
                format!("{count} 件分叉证明成立：有节点对两方说了不同的话。"),
                format!("{count} proof(s) hold that a log says two things."),
            ),
            Note::PayloadsNotHeld => (
                format!("{count} 条没有内容，只有其哈希可核对。"),
                format!("{count} entries are without their content, of which the hash alone can be checked."),
            ),
            Note::ReceiptsNotCounting => (
                format!("{count} 件回执的见证者不是规定的上级，不作数。"),
                format!("{count} receipt(s) are of no required witness, and count for nothing: {}.", NotAWitness::Witness),
            ),
            Note::RecordsLagging => (
                format!("{count} 条记录的行尚待节点更新，未比对。"),
                format!("{count} record(s) have rows that the node was still to renew, and were not compared."),
            ),
            Note::RecordsSealed => (
                format!("{count} 条密封记录，内容不在副本中。"),
                format!("{count} sealed record(s), whose content no copy has."),
            ),
            Note::RecordsErased => (
                format!("{count} 条记录已擦除，只留位置与签名。"),
                format!("{count} record(s) are erased: their places and signatures alone are left."),
            ),
            Note::RecordsNotJudged => (
                format!("{count} 条记录依据有误的条目，未作判断。"),
                format!("{count} record(s) rest on entries with faults, and were not judged."),
            ),
        }
    }
}
