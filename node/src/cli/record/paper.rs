//! `lianzhan record confirm-for` and `sign-in-for`: what somebody did on paper.

use age::secrecy::ExposeSecret;
use anyhow::Context;
use lianzhan_protocol::id::RecordId;

use super::{Done, query};
use crate::cli::attach::receive;
use crate::cli::lang::said;
use crate::cli::reach::{Reach, percent};
use crate::cli::{Shell, ask, block_on, out};
use crate::services::attachment::Received;
use crate::services::recorded::{ActorDraft, ConfirmForDraft, SignInForDraft};
use crate::services::{Author, Node, ServiceError, Written, parse_record};

/// Who did it on paper, and the scan.
#[derive(clap::Args)]
struct OnPaper {
    /// Id of the record 记录编号
    record: String,
    /// The scan or photo of the signed paper 签字纸张的扫描件或照片
    scan: std::path::PathBuf,
    /// Who did it, by name 何人
    #[arg(long)]
    name: String,
    /// The office; that of the appointment where the person is known here 职务；本机认得此人时可不写
    #[arg(long, default_value = "")]
    office: String,
    /// Id of the person, where several have the name 人员编号，同名时要写
    #[arg(long, default_value = "")]
    person: String,
    /// When: a date, or an instant at +08:00 何时
    #[arg(long, value_name = "WHEN")]
    happened: String,
    /// Who records and signs it 由谁代录签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
}

/// Record that somebody without a key confirmed on paper 代录：无密钥的人在纸上作了确认
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan record confirm-for 0196b2c3d4e5f60718293a4b5c6d7e8f 确认单.jpg --name 何主席 --office 镇人大主席 \\
    --happened 2026-03-02 --login lin

It is shown as recorded, with the scan, and never counts as confirmed by key.
显示为“代录确认”并附扫描件，不计作本人密钥确认。")]
pub(in crate::cli) struct ConfirmFor {
    #[command(flatten)]
    paper: OnPaper,
    /// Only this event 只确认这一条
    #[arg(long, default_value = "")]
    event: String,
}

/// Record that a deputy without a key signed in on paper 代录：没有密钥的代表在纸上签到
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan record sign-in-for 0196b2c3d4e5f60718293a4b5c6d7e8f 签到表.jpg --name 罗定一 --office 县人大代表 \\
    --level county --happened 2026-03-02 --login lin")]
pub(in crate::cli) struct SignInFor {
    #[command(flatten)]
    paper: OnPaper,
    /// Level of the seat; that of the appointment where the deputy is known here 席位层级；本机认得此人时可不写
    #[arg(long, default_value = "")]
    level: String,
}

impl OnPaper {
    fn actor(&self) -> ActorDraft {
        ActorDraft {
            name: self.name.clone(),
            office: self.office.clone(),
            person: self.person.clone(),
            happened: self.happened.clone(),
        }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        [
            ("name", &self.name),
            ("office", &self.office),
            ("person", &self.person),
            ("happened", &self.happened),
        ]
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .into()
    }

    fn send(
        self,
        shell: &Shell,
        path: impl FnOnce(&RecordId) -> String,
        more: [(&str, &str); 1],
        here: impl FnOnce(&Node, &Author, &RecordId, &Received) -> anyhow::Result<Written>,
    ) -> anyhow::Result<()> {
        let record = parse_record(&self.record)?;
        let mut pairs = self.pairs();
        pairs.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let bytes = std::fs::read(&self.scan).with_context(|| {
            let path = self.scan.display();
            said(
                format!("读不到文件 {path}。"),
                format!("{path}: give the path of a file that can be read"),
            )
        })?;
        let reach = Reach::open(&shell.dir())?;
        let login = ask::login(shell, self.login)?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let done = match reach {
            Reach::Here(node) => {
                let author = node.sign_in(&login, &passphrase)?;
                let scan = receive(&node, false, &bytes)?;
                Done::from(here(&node, &author, &record, &scan)?)
            }
            Reach::Running(client) => {
                let headers = [
                    ("x-lianzhan-login", percent(&login)),
                    ("x-lianzhan-passphrase", percent(passphrase.expose_secret())),
                ];
                client.post_file(
                    &format!("{}?{}", path(&record), query(&pairs)),
                    &headers,
                    &bytes,
                    |_| {},
                )?
            }
        };
        out::json(&done)
    }
}

impl ConfirmFor {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let draft = ConfirmForDraft {
            actor: self.paper.actor(),
            event: self.event.clone(),
            seen: String::new(),
        };
        self.paper.send(
            shell,
            |record| format!("/records/{record}/confirm-for"),
            [("event", &self.event)],
            |node, author, record, scan| settled(block_on(node.confirm_for(author, record, draft, scan))?),
        )
    }
}

impl SignInFor {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let draft = SignInForDraft {
            actor: self.paper.actor(),
            level: self.level.clone(),
        };
        self.paper.send(
            shell,
            |record| format!("/activities/{record}/sign-in-for"),
            [("level", &self.level)],
            |node, author, record, scan| settled(block_on(node.sign_in_for(author, record, draft, scan))?),
        )
    }
}

fn settled(done: Result<Written, ServiceError>) -> anyhow::Result<Written> {
    Ok(done?)
}
