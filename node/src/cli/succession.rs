//! `lianzhan succession`

use std::path::PathBuf;

use age::secrecy::ExposeSecret;
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reach::Reach;
use super::{Shell, ask, out};
use crate::config::Config;
use crate::services::office::{day, last_day};
use crate::services::succession::{About, SuccessionDraft, SuccessionFile, make_founder};

/// Name a new authority of the federation's root, signed by its founders 最上级授权的继任，由创立人签名
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan succession draft next.json                            at the root's node 在最上级节点
  lianzhan succession sign next.json --founder founders/1.age    each founder, anywhere 每位创立人各自签名
  lianzhan succession sign next.json --founder founders/2.age
  lianzhan succession publish next.json                          at the root's node 回到最上级节点

For when the root's authority key is lost, stolen or near its end, or founders change. Of three founders two must sign.
最上级的授权密钥丢失、失窃、将到期，或创立人变动时使用。三位创立人中须有两位签名。")]
pub(super) struct Command {
    #[command(subcommand)]
    step: Step,
}

#[derive(clap::Subcommand)]
enum Step {
    /// Begin: make the new authority key here and write the draft 起草
    Draft(Draft),
    /// Sign the draft as a founder 签名
    Sign(Sign),
    /// State it, once enough founders signed 公布
    Publish(Publish),
    /// Make a key for a new founder, and print what --founder takes 生成新创立人的密钥
    Key(Key),
}

#[derive(clap::Args)]
struct Draft {
    /// Where to write the draft 文件
    file: PathBuf,
    /// The present authority key goes on, with a new term 沿用现有密钥，延长任期
    #[arg(long)]
    same_key: bool,
    /// A founder from then on; may be repeated [default: those in office] 今后的创立人
    #[arg(long = "founder", value_name = "KEY")]
    founders: Vec<String>,
    /// How many of them must sign 须有几位签名
    #[arg(long)]
    threshold: Option<u32>,
    /// Nothing that the key before stated goes on standing, as when it was stolen 不保留原密钥的声明
    #[arg(long, conflicts_with = "same_key")]
    keep_nothing: bool,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Sign {
    /// The draft 文件
    file: PathBuf,
    /// The founder's key file 创立人的密钥文件
    #[arg(long, value_name = "KEYFILE")]
    founder: PathBuf,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Publish {
    /// The draft 文件
    file: PathBuf,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Key {
    /// Where to write the key file 文件
    file: PathBuf,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Published {
    statement: String,
}

impl Command {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self.step {
            Step::Draft(draft) => draft.run(shell),
            Step::Sign(sign) => sign.run(shell),
            Step::Publish(publish) => publish.run(shell),
            Step::Key(key) => key.run(shell),
        }
    }
}

impl Draft {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        let passphrase = if self.same_key {
            String::new().into()
        } else {
            ask::new_passphrase(
                shell,
                ask::PASSPHRASE,
                "新授权密钥的口令",
                "passphrase of the new authority key",
            )?
        };
        let file: SuccessionFile = match reach {
            Reach::Here(node) => {
                let draft = SuccessionDraft {
                    same_key: self.same_key,
                    founders: self.founders,
                    threshold: self.threshold,
                    keep_nothing: self.keep_nothing,
                };
                node.draft_succession(&draft, &passphrase)?
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": passphrase.expose_secret(), "same_key": self.same_key,
                    "founders": self.founders, "threshold": self.threshold, "keep_nothing": self.keep_nothing,
                });
                client.post("/succession/draft", &body)?
            }
        };
        file.write(&self.file)?;
        out::told(
            shell,
            self.json,
            file.about(),
            &lines(file.about(), shell),
            "已起草。把文件交给现任创立人，各自运行 lianzhan succession sign。",
            "Drafted. Give the file to the founders in office, who each run lianzhan succession sign.",
        )
    }
}

impl Sign {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let mut file = SuccessionFile::read(&self.file)?;
        // Whoever signs sees first what.
        for line in lines(file.about(), shell) {
            shell.say(&line, &line);
        }
        let passphrase = ask::passphrase(
            shell,
            ask::PASSPHRASE,
            "创立人密钥的口令（签名即同意以上内容）",
            "passphrase of the founder's key (to sign is to agree to the above)",
        )?;
        file.sign(&self.founder, &passphrase)?;
        file.write(&self.file)?;
        let count = file.signatures();
        let (zh, en) = match file.missing() {
            Some(0) => (
                format!("已签名，共 {count} 份，够了。请在最上级节点运行 lianzhan succession publish。"),
                format!(
                    "Signed; {count} in all, which is enough. Run lianzhan succession publish at the root's node."
                ),
            ),
            Some(more) => (
                format!("已签名，共 {count} 份，还须 {more} 位创立人签名。请把文件交给下一位。"),
                format!(
                    "Signed; {count} in all. {more} more of the founders in office must sign: give the file to the next."
                ),
            ),
            None => (
                format!("已签名，共 {count} 份。签够之后，在最上级节点运行 lianzhan succession publish。"),
                format!(
                    "Signed; {count} in all. Once enough have signed, run lianzhan succession publish at the root's node."
                ),
            ),
        };
        out::told(
            shell,
            self.json,
            &json!({ "signatures": count, "missing": file.missing(), "stated": file.about() }),
            &[],
            &zh,
            &en,
        )
    }
}

impl Publish {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let file = SuccessionFile::read(&self.file)?;
        let reach = Reach::open(&shell.dir())?;
        let passphrase = ask::passphrase(
            shell,
            ask::PASSPHRASE,
            "继任的授权密钥的口令",
            "passphrase of the succeeding authority key",
        )?;
        let statement = match reach {
            Reach::Here(node) => node.publish_succession(&file, &passphrase)?.to_string(),
            Reach::Running(client) => {
                let body = json!({ "passphrase": passphrase.expose_secret(), "file": file });
                client.post::<Published>("/succession/publish", &body)?.statement
            }
        };
        let lines = [statement.clone()];
        out::told(
            shell,
            self.json,
            &Published { statement },
            &lines,
            "已公布。从现在起由继任的密钥代表最上级；上面是声明的编号。",
            "Published. From now on the succeeding key speaks for the root. Above is the id of the statement.",
        )
    }
}

impl Key {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let passphrase = ask::new_passphrase(
            shell,
            ask::PASSPHRASE,
            "创立人密钥的新口令",
            "new passphrase of the founder's key",
        )?;
        let key = make_founder(&self.file, &passphrase, Config::default().scrypt_log_n)?;
        out::told(
            shell,
            self.json,
            &json!({ "founder": key }),
            std::slice::from_ref(&key),
            "已生成。上面是公钥，起草时用 --founder 写入；密钥文件由这位创立人保管。",
            "Made. Above is the public key, which the draft takes as --founder; the file is for this founder to keep.",
        )
    }
}

/// A succession, line by line.
fn lines(about: &About, shell: &Shell) -> Vec<String> {
    let lang = shell.lang;
    let mut lines = Vec::new();
    let (from, until) = (
        day(Timestamp(about.not_before)),
        last_day(Timestamp(about.not_after)),
    );
    for (zh, en, value) in [
        ("继任的授权密钥", "authority key", about.authority.clone()),
        ("任期", "term", format!("{from} – {until}")),
        ("接续", "succeeds", about.previous.clone()),
        (
            "保留原密钥的声明",
            "statements that go on standing",
            about.keeps.to_string(),
        ),
        (
            "今后须签名的创立人数",
            "founders who must sign from then on",
            about.threshold.to_string(),
        ),
    ] {
        lines.push(format!("{}: {value}", lang.pick(zh, en)));
    }
    for founder in &about.founders {
        lines.push(format!("{}: {founder}", lang.pick("创立人", "founder")));
    }
    lines
}
