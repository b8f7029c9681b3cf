//! `lianzhan anew`

use age::secrecy::ExposeSecret;
use anyhow::Context;
use lianzhan_protocol::id::ChangeId;
use serde_json::{Value, json};

use super::lang::said;
use super::reach::Reach;
use super::{Lang, Shell, ask, out};

/// Sign anew what a forked log left behind 把分叉日志遗下的内容重新签名
#[derive(clap::Args)]
#[command(after_help = "\
Examples 例:
  lianzhan anew                     # what was left behind 列出遗下的内容
  lianzhan anew CHANGE --login lin  # its author signs it again 由原作者重新签名

Where a log says two things, all nodes go on with one of them; what stood on the other is kept as evidence and counts
nowhere. 日志若自相矛盾，各节点都只沿其中一支继续；另一支留作证据，不再计入。")]
pub(super) struct Anew {
    /// The change to sign again 要重新签名的更改
    #[arg(value_name = "CHANGE")]
    change: Option<String>,
    /// Who signs 签名人
    #[arg(long)]
    login: Option<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Anew {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        let Some(change) = &self.change else {
            let left: Value = match &reach {
                Reach::Here(node) => serde_json::to_value(node.left_behind()?)?,
                Reach::Running(client) => client.get("/left-behind")?,
            };
            return self.list(&left, shell.lang);
        };
        let change = ChangeId::parse(change.trim()).with_context(|| {
            said(
                "这不是更改编号（64 位十六进制）。",
                "that is no id of a change: 64 hexadecimal digits are expected",
            )
        })?;
        let login = ask::login(shell, self.login.clone())?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let record: String = match reach {
            Reach::Here(node) => {
                let author = node.sign_in(&login, &passphrase)?;
                super::block_on(node.sign_anew(&author, &change))??
                    .record
                    .to_string()
            }
            Reach::Running(client) => {
                let asked = json!({ "login": login, "passphrase": passphrase.expose_secret() });
                let written: Value = client.post(&format!("/left-behind/{change}"), &asked)?;
                written["record"].as_str().unwrap_or_default().to_owned()
            }
        };
        out::told(
            shell,
            self.json,
            &json!({ "record": record }),
            &[],
            &format!("已重新签名，记录 {record}。"),
            &format!("Signed anew, in record {record}."),
        )
    }

    fn list(&self, left: &Value, lang: Lang) -> anyhow::Result<()> {
        if self.json {
            return out::json(left);
        }
        let rows = left.as_array().map(Vec::as_slice).unwrap_or_default();
        if rows.is_empty() {
            return out::line(lang.pick("没有遗下的内容。", "nothing was left behind"));
        }
        for row in rows {
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            out::line(&format!(
                "{}  {}  {}  {}",
                text("change"),
                text("record"),
                text("ledger"),
                text("author")
            ))?;
        }
        Ok(())
    }
}
