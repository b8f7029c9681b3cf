//! `lianzhan attach`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::{ExposeSecret, SecretString};
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::lang::{Said, said};
use super::reach::{Client, Reach, percent};
use super::{Lang, Shell, ask, block_on, out, sentence};
use crate::api::progress::Progress;
use crate::env::create_private;
use crate::services::attachment::{AttachmentError, Media, Part, Source};
use crate::services::{Author, Node, ServiceError, parse_record};
use lianzhan_protocol::id::{AttachmentId, RecordId};

/// Attach photos, videos and PDF documents to a record, list or fetch them 给记录附上照片、视频、PDF，或列出、取出
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan attach 0196b2c3d4e5f60718293a4b5c6d7e8f 现场.jpg 签到表.pdf --login lin
  lianzhan attach 0196b2c3d4e5f60718293a4b5c6d7e8f
  lianzhan attach 0196b2c3d4e5f60718293a4b5c6d7e8f --get HASH -o 现场.jpg

JPEG, PNG, WebP up to 20 MiB, PDF up to 50 MiB, MP4 and MOV up to 200 MiB. Place, time and camera are taken out of photos
before anything is kept. With --personal it goes into the personal part of a visit, encrypted, as far as that goes.
照片里的地点、时间、机型先去掉再保存。加 --personal 则放进当事人附册，加密，只到附册所到之处。")]
pub(super) struct Attach {
    /// Id of the record 记录编号
    #[arg(value_name = "RECORD")]
    record: String,
    /// The files; none lists what is there 文件；不写则列出已有的
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Into the record's personal part 放进当事人附册
    #[arg(long)]
    personal: bool,
    /// Fetch this one 取出这一个
    #[arg(long, value_name = "HASH", conflicts_with = "files", requires = "output")]
    get: Option<String>,
    /// Where to 写入的文件
    #[arg(short, long, value_name = "FILE", requires = "get")]
    output: Option<PathBuf>,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    id: String,
    field: String,
    media: Option<String>,
    size: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Sent {
    attachment: String,
    media: String,
    size: u64,
}

/// Where files go.
enum To<'a> {
    Here(&'a Arc<Node>, Box<Author>),
    Running(&'a Client),
}

/// What the personal part holds is shown to a person who states what for, and nowhere else.
fn closed() -> Said {
    said(
        "当事人附册的附件不在命令行列出或取出。请登录，在记录的页面上打开附册。",
        "attachments of a personal part are not listed or fetched here; sign in and open that part on the record's page",
    )
}

fn is_personal(node: &Node, record: &RecordId, id: &AttachmentId) -> Result<bool, ServiceError> {
    let attached = node.attached(record)?;
    Ok(attached.iter().any(|one| one.id == *id && one.is_personal()))
}

impl Attach {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        if self.personal && self.files.is_empty() {
            bail!(closed());
        }
        let reach = Reach::open(&shell.dir())?;
        match (&self.get, self.files.is_empty()) {
            (Some(id), _) => self.fetch(shell, &reach, id),
            (None, true) => self.list(shell, &reach),
            (None, false) => self.send(shell, &reach),
        }
    }

    fn list(&self, shell: &Shell, reach: &Reach) -> anyhow::Result<()> {
        let record = parse_record(&self.record)?;
        let listed: Vec<Listed> = match reach {
            Reach::Here(node) => {
                let attached = node.attached(&record)?;
                let shared = attached.into_iter().filter(|one| !one.is_personal());
                let listed = shared.map(|one| Listed {
                    id: one.id.to_string(),
                    field: one.name,
                    media: one.media.map(|media| media.mime().to_owned()),
                    size: one.size,
                });
                listed.collect()
            }
            Reach::Running(client) => client.get(&format!("/records/{record}/attachments"))?,
        };
        if self.json {
            return out::json(&listed);
        }
        let (away, here) = (
            shell.lang.pick("还没有到本机", "not here yet"),
            |size: u64| size.to_string(),
        );
        let rows: Vec<Vec<String>> = listed
            .into_iter()
            .map(|one| {
                vec![
                    one.id,
                    one.media.unwrap_or_default(),
                    one.size.map_or(away.to_owned(), here),
                ]
            })
            .collect();
        let headings = match shell.lang {
            Lang::Zh => ["附件", "类型", "字节"],
            Lang::En => ["attachment", "kind", "bytes"],
        };
        out::bytes(out::table(&headings, &rows).as_bytes())
    }

    fn fetch(&self, shell: &Shell, reach: &Reach, id: &str) -> anyhow::Result<()> {
        let record = parse_record(&self.record)?;
        let id = AttachmentId::parse(id).ok_or_else(|| {
            ServiceError::Bad("an attachment is named by the 64 hexadecimal digits of its BLAKE3 hash".into())
        })?;
        let path = self.output.clone().unwrap_or_default();
        let file = path.display();
        // Never over what is there.
        if std::fs::symlink_metadata(&path).is_ok() {
            bail!(said(
                format!("{file} 已经存在，没有动它。请换一个名字。"),
                format!("{file} is there already and was left as it is: choose another name"),
            ));
        }
        let bytes = match reach {
            Reach::Here(node) if is_personal(node, &record, &id)? => {
                bail!(ServiceError::from(AttachmentError::Personal(id)))
            }
            Reach::Here(node) => match node.open_attachment(&record, &id)?.source {
                Source::Bytes(bytes) => bytes,
                Source::File(mut file) => {
                    let mut bytes = Vec::new();
                    std::io::Read::read_to_end(&mut file, &mut bytes)?;
                    bytes
                }
            },
            Reach::Running(client) => client.get_bytes(&format!("/records/{record}/attachments/{id}"))?,
        };
        let mut new = create_private(&path).with_context(|| {
            said(
                format!("不能写入 {file}。请另选地方。"),
                format!("{file}: choose a place that can be written to"),
            )
        })?;
        let written = std::io::Write::write_all(&mut new, &bytes).and_then(|()| new.sync_all());
        written
            // What was begun is no attachment.
            .inspect_err(|_| drop(std::fs::remove_file(&path)))
            .with_context(|| {
                said(
                    format!("{file} 没有写完，已删去。请腾出空间或另选地方。"),
                    format!("{file} could not be written to its end and was removed: make room, or choose another place"),
                )
            })?;
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "attachment": id, "file": path, "bytes": bytes.len() }),
            &[],
            &format!("已写入 {file}。"),
            &format!("{file} written."),
        )
    }

    fn send(&self, shell: &Shell, reach: &Reach) -> anyhow::Result<()> {
        let record = parse_record(&self.record)?;
        let login = ask::login(shell, self.login.clone())?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let to = match reach {
            Reach::Here(node) => To::Here(node, Box::new(node.sign_in(&login, &passphrase)?)),
            Reach::Running(client) => To::Running(client),
        };
        let (mut sent, mut refused) = (Vec::new(), 0);
        for path in &self.files {
            let file = path.display();
            let one = match attachable(path) {
                Ok(bytes) => match &to {
                    To::Here(node, author) => self.attach(node, author, &record, &bytes),
                    To::Running(client) => self.post(shell, client, &record, (&login, &passphrase), &bytes),
                },
                // The others may be good.
                Err(error) => {
                    refused += 1;
                    let words = format!("{file}: {}", sentence(&error, shell.lang));
                    shell.say(&words, &words);
                    continue;
                }
            };
            let one = match one {
                Ok(one) => one,
                Err(error) => {
                    // What is attached already is told all the same.
                    if self.json {
                        out::json(&sent)?;
                    }
                    return Err(error.context(said(
                        format!("{file} 没有附上，后面的也没有。"),
                        format!("{file} was not attached, nor what comes after it"),
                    )));
                }
            };
            if !self.json {
                let (
                    name,
                    Sent {
                        attachment,
                        media,
                        size,
                    },
                ) = (path.display(), &one);
                let words = match shell.lang {
                    Lang::Zh => format!("已附上 {name}：{media}，{size} 字节，{attachment}"),
                    Lang::En => format!("{name} attached: {media}, {size} bytes, {attachment}"),
                };
                out::line(&words)?;
            }
            sent.push(one);
        }
        if self.json {
            out::json(&sent)?;
        }
        if refused > 0 {
            let all = self.files.len();
            bail!(said(
                format!("{all} 个文件中有 {refused} 个没有附上，原因见上。"),
                format!("{refused} of {all} files were not attached, for the reasons above"),
            ));
        }
        Ok(())
    }

    fn attach(
        &self,
        node: &Arc<Node>,
        author: &Author,
        record: &RecordId,
        bytes: &[u8],
    ) -> anyhow::Result<Sent> {
        let received = receive(node, self.personal, bytes)?;
        block_on(node.attach(author, record, std::slice::from_ref(&received)))??;
        Ok(Sent {
            attachment: received.id.to_string(),
            media: received.media.mime().to_owned(),
            size: received.size,
        })
    }

    fn post(
        &self,
        shell: &Shell,
        client: &Client,
        record: &RecordId,
        (login, passphrase): (&str, &SecretString),
        bytes: &[u8],
    ) -> anyhow::Result<Sent> {
        let to = format!("/records/{record}/attachments?personal={}", self.personal);
        let headers = [
            ("x-lianzhan-login", percent(login)),
            ("x-lianzhan-passphrase", percent(passphrase.expose_secret())),
        ];
        let spinner = out::spinner(shell.lang.pick("上传", "sending"));
        let follow = |progress: &Progress| out::follow(&spinner, progress, |_| None);
        let one = client.post_file(&to, &headers, bytes, follow);
        spinner.finish_and_clear();
        one
    }
}

/// A file that may be one: a running node would refuse it in the middle, and its words be lost with the connection.
fn attachable(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| said("读不到这个文件。", "this file cannot be read"))?;
    if bytes.is_empty() {
        bail!(ServiceError::from(AttachmentError::Empty));
    }
    let media = Media::of(&bytes).map_err(|foreign| ServiceError::from(AttachmentError::from(foreign)))?;
    if bytes.len() as u64 > media.max() {
        bail!(ServiceError::from(AttachmentError::TooLarge(media.max())));
    }
    Ok(bytes)
}

pub(super) fn receive(
    node: &Arc<Node>,
    personal: bool,
    bytes: &[u8],
) -> Result<crate::services::attachment::Received, ServiceError> {
    let part = if personal { Part::Personal } else { Part::Shared };
    let mut upload = node.begin_attachment(part);
    for piece in bytes.chunks(64 * 1024) {
        upload.write(piece)?;
    }
    upload.finish()
}
