//! Carry files: what a recipient lacks, in a file that travels in a pocket (design 8). One side's frames of a session,
//! encrypted to the recipient's nodes; whoever carries it reads nothing. What comes out passes the same checks as what comes
//! over a line, and receipts go home in the next file the other way.

mod forks;
mod give;
mod lacks;
mod receipts;
mod take;

use std::io::{self, Read, Write};
use std::path::PathBuf;

use bech32::{Bech32, Hrp};
use lianzhan_protocol::attachment::PieceError;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{AttachmentId, OrgId, SpaceId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::{Origin, Receipt};
use lianzhan_protocol::sync::FRAME_MAX;
use lianzhan_protocol::sync::carry::CarryError as Unreadable;
use lianzhan_protocol::sync::message::LogStanding;
use lianzhan_protocol::trust::Purpose;
use serde::{Deserialize, Serialize};

use super::{Node, ServiceError};
use crate::store::StoreError;

/// Most bytes of what is remembered of one peer.
const REMEMBERED_MAX: usize = 64 * 1024 * 1024;

/// Why a carry file was not written or not taken in.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// Nobody to encrypt to.
    #[error("{0} has no node in force that is known here: sync once, or check the code")]
    NoNode(String),
    /// For itself.
    #[error("the file would be for this node itself: name another org")]
    Ourselves,
    /// Any other file.
    #[error("this is no file of `lianzhan carry export`, or it is damaged or cut off at its beginning")]
    NotCarry,
    /// One for others.
    #[error("this is no carry file for this node: {0}. Ask the sender to name this org when exporting")]
    NotForUs(String),
    /// What is in it is not what a carry file has.
    #[error(
        "the file cannot be taken in: {0}. What came before that is kept; take in another copy of it, or export a file to the sender: \
         the answer brings what is lacking"
    )]
    Unreadable(#[from] Unreadable),
    /// What carried it lost or changed something.
    #[error(
        "the file is damaged or was cut off. What came before that is kept; take in another copy of it, or export a file to the sender: \
         the answer brings what is lacking"
    )]
    Damaged,
    /// The sender.
    #[error("the sender is no node in force of this federation; nothing was taken in")]
    Stranger,
    /// What no honest node sends.
    #[error("log {origin}: {reason}. What came before that is kept; tell the sender")]
    Lied {
        /// The log.
        origin: Origin,
        /// Why.
        reason: String,
    },
    /// A piece of an attachment that is none.
    #[error("attachment {id}: {reason}. What came before that is kept; tell the sender")]
    Attachment {
        /// The attachment.
        id: AttachmentId,
        /// Why.
        reason: PieceError,
    },
    /// Not read to its end, and before that it showed that this database is an old copy.
    #[error("{error}. What came says more: {}", old_copy(log).1)]
    OldCopy {
        /// The own log that was closed.
        log: String,
        /// What else went wrong.
        error: Box<CarryError>,
    },
    /// Reading or writing.
    #[error("{0}")]
    Disk(#[from] io::Error),
}

impl CarryError {
    /// In Chinese.
    pub fn zh(&self) -> String {
        match self {
            CarryError::NoNode(org) => {
                format!("本机不知道 {org} 有在用的节点：请先联网同步一次，或核对代码。")
            }
            CarryError::Ourselves => "这是本机自己的机构，请写对方机构。".into(),
            CarryError::NotCarry => {
                "这不是 lianzhan carry export 写出的携带文件，或开头已损坏、被截断。".into()
            }
            CarryError::NotForUs(_) => "这不是给本节点的携带文件。请让对方导出时写明本机构。".into(),
            CarryError::Unreadable(Unreadable::Cut) => {
                "文件不完整，后面被截断了。前面的内容已收下。请再收一份同样的文件，或导出一个文件给对方，对方的回件会补上所缺的内容。".into()
            }
            CarryError::Unreadable(Unreadable::OtherFederation) => "这是另一个联邦的文件。".into(),
            CarryError::Unreadable(_) => "文件内容读不下去。前面的内容已收下。请再收一份同样的文件，或导出一个文件给对方，对方的回件会补上所缺的内容。".into(),
            CarryError::Damaged => "文件损坏或被截断。前面的内容已收下。请再收一份同样的文件，或导出一个文件给对方，对方的回件会补上所缺的内容。".into(),
            CarryError::Stranger => "发出文件的不是本联邦在用的节点，没有收下任何内容。".into(),
            CarryError::Lied { .. } | CarryError::Attachment { .. } => {
                "文件中有伪造或损坏的内容。此前的内容已收下，请告诉对方。".into()
            }
            CarryError::OldCopy { log, error } => format!("{}另外，{}", error.zh(), old_copy(log).0),
            CarryError::Disk(error) => format!("文件不能读写：{error}"),
        }
    }
}

/// That a file shows an own log to be an old copy, and what to do, in Chinese and English.
pub fn old_copy(log: &str) -> (String, String) {
    (
        format!(
            "对方有本节点签署、写在 {log} 里的条目，而本机没有：本机的数据库是旧副本，或另有一台机器在用本节点的密钥。\
             如另有机器在运行，请停用其中一台。本节点改写新的日志；再导出一份给对方，并收下回来的文件，对方有的条目就会回来。"
        ),
        format!(
            "the sender has entries of this node's log {log}, signed by it, that were not here: this database is an old copy, or another \
             machine writes with this node's key; stop one of the two. This node goes on in a new log; send a file and take in the \
             answer, and what the others hold comes back"
        ),
    )
}

/// What stands in a file that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The recipient's name.
    pub to: String,
    /// Entries.
    pub entries: u64,
    /// Logs with entries in the file.
    pub logs: u64,
    /// Attachments.
    #[serde(default)]
    pub attachments: u64,
    /// Requests for a cosignature.
    pub to_witness: u64,
    /// Receipts for the recipient.
    pub receipts: u64,
    /// Payloads, keys, attachments and histories of logs that are lacking here and that the file asks for.
    #[serde(default)]
    pub asks: u64,
    /// Whether nothing was known of what the recipient holds, so that all is in it.
    pub everything: bool,
}

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The sender's name.
    pub from: String,
    /// Entries that are new here.
    pub entries: u64,
    /// Entries that were here before.
    pub known: u64,
    /// Entries of another history of a log that is here.
    #[serde(default)]
    pub beside: u64,
    /// Payloads that entries here lacked.
    #[serde(default)]
    pub payloads: u64,
    /// Keys of annexes that were handed over.
    pub keys: u64,
    /// Attachments that are whole here now.
    #[serde(default)]
    pub attachments: u64,
    /// Logs of the sender that were witnessed.
    pub witnessed: u64,
    /// Receipts for this node's logs that were stored.
    pub receipts: u64,
    /// What the sender asks for: payloads, keys, attachments and histories of logs.
    #[serde(default)]
    pub asked: u64,
    /// What was passed over, and why.
    pub passed_over: Vec<PassedOver>,
    /// An own log of which the sender has what is not here, by its entries or by receipts: this database is an old copy, or
    /// another machine writes with this node's key. Nothing more is written to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_copy: Option<String>,
}

/// Something in a carry file that was of no use, in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PassedOver {
    /// The log or the space.
    pub what: String,
    /// Why, and what to do, in Chinese. What a node or a person of another org said stays in its language.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// What is remembered of a peer's holdings.
type Known = Vec<(SpaceId, Vec<LogStanding>)>;
/// Receipts that wait for a peer's next file.
type Waiting = Vec<(Origin, Receipt)>;

impl Node {
    /// The nodes in force of an org.
    fn nodes_of(&self, org: &OrgId) -> Vec<PublicKey> {
        let directory = self.directory();
        let mut nodes: Vec<PublicKey> = directory
            .statements()
            .filter(|statement| !directory.faults().contains_key(&statement.id()))
            .filter(|statement| directory.revoked(&statement.id()).is_empty())
            .filter_map(|statement| statement.appointment())
            .filter(|post| post.purpose == Purpose::Node && post.org == *org)
            .map(|post| post.key)
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    fn noted_of_peer<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>>(
        &self,
        what: &str,
        peer: &PublicKey,
    ) -> Result<Option<T>, ServiceError> {
        let name = format!("{what}/{}", peer.fingerprint());
        let bytes = self.store.read(|reader| reader.meta(&name))?;
        let decode = |bytes: Vec<u8>| codec::decode(&bytes, REMEMBERED_MAX);
        let value = bytes.map(decode).transpose();
        value.map_err(|error| StoreError::Corrupt(format!("{name}: {error}")).into())
    }

    fn note_of_peer<T: minicbor::Encode<()>>(
        &self,
        what: &str,
        peer: &PublicKey,
        value: &T,
    ) -> Result<(), ServiceError> {
        let name = format!("{what}/{}", peer.fingerprint());
        let bytes = codec::encode(value);
        if bytes.len() > REMEMBERED_MAX {
            tracing::warn!(
                name,
                bytes = bytes.len(),
                "more than is remembered of a peer: what it said before stays"
            );
            return Ok(());
        }
        self.store
            .write_blocking(move |writer| writer.put_meta(&name, &bytes))?;
        Ok(())
    }
}

/// What a peer said to hold, in its last file.
const HELD: &str = "carry-held";
/// What a peer asked for, in its last file.
const LACKED: &str = "carry-lacked";
/// Logs of which a peer's last file told a history that is not here.
const FORKED: &str = "carry-forked";
/// Receipts for a peer, of each of its logs the last: they go with every file to it.
const RECEIPTS: &str = "carry-receipts";

/// The age recipient that a node's key stands for.
fn recipient(node: &PublicKey) -> Result<age::x25519::Recipient, CarryError> {
    let text = bech32::encode::<Bech32>(Hrp::parse_unchecked("age"), &node.to_x25519());
    text.map_err(io::Error::other)?
        .parse()
        .map_err(|error: &str| io::Error::other(error).into())
}

/// The age identity that a node's key stands for.
fn identity(node: &SecretKey) -> Result<age::x25519::Identity, CarryError> {
    let text = bech32::encode::<Bech32>(
        Hrp::parse_unchecked("age-secret-key-"),
        node.to_x25519().as_slice(),
    );
    let text = zeroize::Zeroizing::new(text.map_err(io::Error::other)?.to_uppercase());
    text.parse().map_err(|error: &str| io::Error::other(error).into())
}

/// A frame, with its length before it, as on the wire.
fn put_frame(out: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let len = u32::try_from(frame.len()).map_err(io::Error::other)?;
    out.write_all(&len.to_be_bytes())?;
    out.write_all(frame)
}

/// The next frame; none at the end. Its length is checked before anything is allocated.
fn next_frame(file: &mut impl Read) -> Result<Option<Vec<u8>>, CarryError> {
    use io::ErrorKind::{InvalidData, UnexpectedEof};
    let damaged = |error: io::Error| match error.kind() {
        InvalidData | UnexpectedEof => CarryError::Damaged,
        _ => CarryError::Disk(error),
    };
    let mut head = [0; 4];
    match file.read_exact(&mut head) {
        Err(error) if error.kind() == UnexpectedEof => return Ok(None),
        read => read.map_err(damaged)?,
    }
    let len = u32::from_be_bytes(head) as usize;
    if len > FRAME_MAX {
        return Err(CarryError::Damaged);
    }
    let mut frame = vec![0; len];
    file.read_exact(&mut frame).map_err(damaged)?;
    Ok(Some(frame))
}

/// How the names of [`Spool`]s begin and end.
pub(super) const SPOOLED: (&str, &str) = ("carry-", ".part");

/// Removed when dropped: what is on its way between a stream and a file.
pub struct Spool(PathBuf);

impl Spool {
    /// A file in the node's directory that nobody else reads, not made yet.
    pub fn new(node: &Node) -> Self {
        let name = codec::hex(&crate::env::random::<8>());
        let (begin, end) = SPOOLED;
        Spool(node.dir().join(format!("{begin}{name}{end}")))
    }

    /// Makes it.
    pub fn create(&self) -> io::Result<std::fs::File> {
        crate::env::create_private(&self.0)
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What was never made is gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}
