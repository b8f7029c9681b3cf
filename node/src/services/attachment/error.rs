//! Why an attachment is not taken, or not shown.

use lianzhan_protocol::id::AttachmentId;

use super::media::Media;

/// An attachment that is not taken, or not shown; in words for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// Nothing came.
    #[error("the file is empty; choose another one")]
    Empty,
    /// Too long.
    #[error("the file is too large: at most {} MiB are taken of its kind", .0 >> 20)]
    TooLarge(u64),
    /// A photo in a form that browsers do not show.
    #[error(
        "this photo is in HEIC or AVIF, which most browsers do not show; let the phone take photos as JPEG (iPhone: Settings, \
         Camera, Formats, Most Compatible), or export it as JPEG"
    )]
    Heic,
    /// Not a kind that is taken.
    #[error(
        "this kind of file is not taken: send JPEG, PNG or WebP pictures, PDF documents, or MP4 or MOV videos"
    )]
    Kind,
    /// It cannot be read as what it says it is.
    #[error("this file is damaged or incomplete; send it again, or another copy of it")]
    Broken,
    /// A picture too large to open.
    #[error("this picture has too many pixels; make it smaller and send it again")]
    TooManyPixels,
    /// A video for the personal part.
    #[error("videos are not taken into the personal part; pictures and PDF documents are")]
    NoPersonalVideo,
    /// The record has no personal part that could be written here.
    #[error("this record has no personal part here; attach to the record itself what holds no personal data")]
    NoPersonalPart,
    /// The ledger has no field for it.
    #[error("records of the ledger {0} take no such attachments")]
    NoField(String),
    /// The record names enough.
    #[error(
        "a record names at most {} attachments; take some out first",
        super::PER_RECORD
    )]
    TooMany,
    /// The record names it already.
    #[error("the record names attachment {0} already; nothing was changed")]
    There(AttachmentId),
    /// The record does not name it.
    #[error("the record names no attachment {0}")]
    Unknown(AttachmentId),
    /// Its personal part names it, which is opened by a person who states what for.
    #[error(
        "attachment {0} is of the record's personal part, and those of a personal part are neither fetched by commands nor by the \
         API; sign in and open that part on the record's page"
    )]
    Personal(AttachmentId),
    /// There is no small picture of it.
    #[error("attachment {0} has no small picture: it is no picture, or one that cannot be read")]
    NoSmall(AttachmentId),
    /// It is not here, and was asked for.
    #[error(
        "attachment {0} is not here yet; it is asked for from the other nodes and comes when one that has it is reached"
    )]
    Elsewhere(AttachmentId),
}

impl AttachmentError {
    /// In Chinese.
    pub fn zh(&self) -> String {
        match self {
            AttachmentError::Empty => "文件是空的，请另选一个。".into(),
            AttachmentError::TooLarge(max) => {
                format!("文件太大：这类文件最多 {} MiB。请压缩或剪短后再传。", max >> 20)
            }
            AttachmentError::There(_) => "这条记录已经附有这个文件，没有改动。".into(),
            AttachmentError::Heic => {
                "这张照片是 HEIC 或 AVIF 格式，多数浏览器不能显示。请把手机相机设为 JPEG（苹果手机：设置、相机、格式、兼容性最佳），或另存为 JPEG 再传。".into()
            }
            AttachmentError::Kind => {
                "不收这类文件。可以传 JPEG、PNG、WebP 图片，PDF 文件，MP4 或 MOV 视频。".into()
            }
            AttachmentError::Broken => "文件已损坏或不完整。请重传，或换一份。".into(),
            AttachmentError::TooManyPixels => "图片像素太多。请缩小后再传。".into(),
            AttachmentError::NoPersonalVideo => "当事人附册不收视频，只收图片和 PDF。".into(),
            AttachmentError::NoPersonalPart => {
                "这条记录在本机没有当事人附册。不含个人信息的附件可以附在记录上。".into()
            }
            AttachmentError::NoField(ledger) => format!("台账 {ledger} 的记录不收这类附件。"),
            AttachmentError::TooMany => format!("一条记录最多 {} 个附件。请先取下一些。", super::PER_RECORD),
            AttachmentError::Unknown(_) => "这条记录没有这个附件。".into(),
            AttachmentError::Personal(_) => {
                "这个附件在当事人附册里，命令行和接口都不取出。请登录，在记录的页面上打开附册。".into()
            }
            AttachmentError::NoSmall(_) => "这个附件没有小图：它不是图片，或图片已损坏。".into(),
            AttachmentError::Elsewhere(_) => "附件还没有到本机，已向其他节点索取；连上有它的节点后就会取来。".into(),
        }
    }
}

/// Checks a size against what a kind allows.
pub(super) fn fits(media: Media, size: u64) -> Result<(), AttachmentError> {
    if size > media.max() {
        Err(AttachmentError::TooLarge(media.max()))
    } else {
        Ok(())
    }
}
