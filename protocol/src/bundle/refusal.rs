//! Why a bundle is refused: always one thing, named, and one reason.

use crate::codec::CodecError;
use crate::id::{ChangeId, OrgId, SpaceId, StatementId};
use crate::log::{
    CheckpointError, EntryError, NotAWitness, Origin, ProofFileError, ProofRejected, ReceiptError,
};
use crate::record::ChangeError;
use crate::trust::{FoundingError, StatementError, StatementFault};

/// A bundle proves nothing, because of this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{thing}: {reason}")]
pub struct Refusal {
    /// The file of the bundle, or what else it is.
    pub thing: String,
    /// What is wrong with it.
    pub reason: Box<Reason>,
}

impl Refusal {
    pub(super) fn new(thing: impl Into<String>, reason: Reason) -> Self {
        Refusal {
            thing: thing.into(),
            reason: Box::new(reason),
        }
    }

    /// The sentence in Chinese; `Display` gives the English one.
    pub fn zh(&self) -> String {
        format!("{}：{}", self.thing, self.reason.zh())
    }
}

/// Attaches the thing to a reason.
pub(super) trait At<T> {
    fn at(self, thing: impl Into<String>) -> Result<T, Refusal>;
}
impl<T, E: Into<Reason>> At<T> for Result<T, E> {
    fn at(self, thing: impl Into<String>) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::new(thing, error.into()))
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Longer than allowed.
    #[error("longer than {max} bytes")]
    TooLong {
        /// Bytes allowed.
        max: usize,
    },
    /// Not the archive that the writer makes.
    #[error("not a canonical ustar archive: {0}")]
    Archive(&'static str),
    /// The manifest is not sorted lines of `sha256sum`.
    #[error("not the list that sha256sum prints over all other files, sorted by path")]
    Manifest,
    /// A file that the manifest leaves out.
    #[error("not listed in the manifest")]
    NotListed,
    /// A file that differs from its digest.
    #[error("its SHA-256 differs from the manifest")]
    Digest,
    /// A file that must be there.
    #[error("missing from the bundle")]
    Missing,
    /// A file that nothing uses.
    #[error("nothing in the bundle needs this file")]
    Unused,
    /// Another text than that of this format.
    #[error("not the text that belongs to this format")]
    Readme,
    /// No founding statement.
    #[error("founding statement: {0}")]
    Founding(#[from] FoundingError),
    /// Another federation.
    #[error("founding statement {found} where {trusted} is trusted")]
    OtherFounding {
        /// The one given by the auditor.
        trusted: StatementId,
        /// The one in the bundle.
        found: StatementId,
    },
    /// No statement, or its signature does not verify.
    #[error("statement: {0}")]
    Statement(#[from] StatementError),
    /// The name of the file is not the id of its content.
    #[error("the file's name is not the id of its content ({0})")]
    OtherName(String),
    /// The issuer had no right to it.
    #[error("does not stand: {0}")]
    DoesNotStand(#[from] StatementFault),
    /// Not canonical, not signed by its author, another payload or another log.
    #[error("{0}")]
    Entry(#[from] EntryError),
    /// Not canonical CBOR of the expected shape.
    #[error("{0}")]
    Codec(#[from] CodecError),
    /// The first entry of a log is not a start signed by the node that it names.
    #[error("not the start of a log: {0}")]
    Start(&'static str),
    /// Nobody appointed that node for that org.
    #[error("the key is not appointed as a node of org {0}")]
    NodeNotAppointed(OrgId),
    /// The org may not hold the space.
    #[error("org {org} may not hold space {space}")]
    MayNotHold {
        /// The org of the node.
        org: OrgId,
        /// The space of the log.
        space: SpaceId,
    },
    /// The log names another parent than the directory.
    #[error("the log names another required parent than the directory")]
    RequiredParent,
    /// Not a C2SP tlog-proof.
    #[error("proof: {0}")]
    ProofFile(#[from] ProofFileError),
    /// Not a checkpoint signed by the log's key.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A note that cannot be written.
    #[error("checkpoint note: {0}")]
    Note(#[from] crate::log::NoteError),
    /// The Merkle proof does not hold.
    #[error("Merkle proof: {0}")]
    Proof(#[from] ProofRejected),
    /// The proof is not against the checkpoint that it must be against.
    #[error("{0}")]
    ProofAgainst(&'static str),
    /// A signature of the receipt does not verify, or it has no place in the witness log.
    #[error("receipt: {0}")]
    Receipt(#[from] ReceiptError),
    /// Receipts are numbered from 1 without gaps, in order of size, time and bytes.
    #[error("receipts are numbered without gaps, in order of size, time and bytes")]
    ReceiptOrder,
    /// The witness is none that is required, or its log not that of a node of its org.
    #[error("{0}")]
    NotAWitness(#[from] NotAWitness),
    /// Not a change in the clear.
    #[error("not a change of a record in the clear")]
    NotAChange,
    /// No evidence for the log that it names.
    #[error("the bundle has no evidence for its log {0}")]
    NoLog(Origin),
    /// The payload is no change.
    #[error("{0}")]
    Change(#[from] ChangeError),
    /// Two entries at one place of one log.
    #[error("another entry stands at the same place of its log")]
    SamePlace,
    /// The changes of one record lie in several spaces.
    #[error("the changes of record {0} lie in several spaces")]
    SeveralSpaces(crate::id::RecordId),
    /// What the author had seen is missing.
    #[error("change {0}, which its author had seen, is missing from the bundle")]
    MissingDependency(ChangeId),
    /// Not what follows from the evidence.
    #[error(
        "differs from what follows from the evidence, from line {line}: expected {expected:?}, found {found:?}"
    )]
    Summary {
        /// First line that differs, from 1.
        line: usize,
        /// What follows.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The policy on witnesses that the log names.
    #[error("the policy on witnesses that the log names does not stand")]
    Policy,
    /// The policy for tools of others.
    #[error("not the policy that follows from the appointments and the receipts")]
    TlogPolicy,
    /// Nothing to verify.
    #[error("the bundle holds no record")]
    Empty,
}

impl Reason {
    /// The reason in Chinese. Details of formats stay in English, in brackets.
    pub fn zh(&self) -> String {
        match self {
            Reason::TooLong { max } => format!("超过 {max} 字节"),
            Reason::Archive(detail) => format!("不是规范的 ustar 归档（{detail}）"),
            Reason::Manifest => "不是 sha256sum 对其余全部文件、按路径排序输出的清单".into(),
            Reason::NotListed => "未列入清单".into(),
            Reason::Digest => "SHA-256 与清单不符".into(),
            Reason::Missing => "证据包缺少此文件".into(),
            Reason::Unused => "证据包中没有任何内容需要此文件".into(),
            Reason::Readme => "不是本格式规定的说明文字".into(),
            Reason::Founding(detail) => format!("创始声明无效（{detail}）"),
            Reason::OtherFounding { trusted, found } => {
                format!("创始声明是 {found}，而所信任的是 {trusted}")
            }
            Reason::Statement(detail) => format!("声明无效或签名不符（{detail}）"),
            Reason::OtherName(id) => format!("文件名与内容的编号不符（{id}）"),
            Reason::DoesNotStand(detail) => format!("声明不成立：签发者无权如此声明（{detail}）"),
            Reason::Entry(EntryError::Signature(_)) => "作者签名不符".into(),
            Reason::Entry(EntryError::Payload) => "内容与签名时的内容不符".into(),
            Reason::Entry(detail) => format!("条目无效（{detail}）"),
            Reason::Codec(detail) => format!("不是规范编码（{detail}）"),
            Reason::Start(detail) => format!("不是日志的起始条目（{detail}）"),
            Reason::NodeNotAppointed(org) => format!("该密钥未被任命为单位 {org} 的节点"),
            Reason::MayNotHold { org, space } => format!("单位 {org} 无权持有空间 {space}"),
            Reason::RequiredParent => "日志所写的见证上级与名录不符".into(),
            Reason::ProofFile(detail) => format!("证明文件无效（{detail}）"),
            Reason::Checkpoint(detail) => format!("检查点无效或日志签名不符（{detail}）"),
            Reason::Proof(detail) => format!("默克尔证明不成立（{detail}）"),
            Reason::Note(detail) => format!("检查点无效（{detail}）"),
            Reason::TlogPolicy => "不是由任命与见证回执推出的核验策略".into(),
            Reason::ProofAgainst(detail) => format!("证明所对的检查点不对（{detail}）"),
            Reason::Receipt(detail) => format!("见证回执无效（{detail}）"),
            Reason::ReceiptOrder => "回执须从 1 起连续编号，按大小、时间、字节排序".into(),
            Reason::NotAWitness(NotAWitness::Policy) | Reason::Policy => "日志所写的见证规则不成立".into(),
            Reason::NotAWitness(NotAWitness::Witness) => {
                "见证密钥当时不是规定上级所任命的见证，或已被撤销".into()
            }
            Reason::NotAWitness(NotAWitness::Node) => {
                "见证日志的密钥当时不是该见证单位的节点，或已被撤销".into()
            }
            Reason::NotAChange => "不是明文的记录更改".into(),
            Reason::NoLog(origin) => format!("证据包没有其所在日志 {origin} 的证据"),
            Reason::Change(detail) => format!("更改内容无效（{detail}）"),
            Reason::SamePlace => "同一日志的同一位置另有条目".into(),
            Reason::SeveralSpaces(record) => format!("记录 {record} 的更改分处多个空间"),
            Reason::MissingDependency(change) => format!("缺少作者当时已见的更改 {change}"),
            Reason::Summary {
                line,
                expected,
                found,
            } => {
                format!("与由证据推出的结果不符，自第 {line} 行起：应为「{expected}」，实为「{found}」")
            }
            Reason::Empty => "证据包中没有记录".into(),
        }
    }
}
