//! `lianzhan record anew`

use std::path::PathBuf;

use age::secrecy::ExposeSecret;
use lianzhan_protocol::id::RecordId;
use serde_json::{Value, json};

use super::read;
use crate::cli::reach::Reach;
use crate::cli::{Lang, Shell, ask, block_on, out};
use crate::services::parse_record;
use crate::services::reissue::{AnewJson, AnewSent, AnewSheet, StaysJson};

/// Issue a record anew in whose words personal data stood, and erase the old one 误录个人信息的记录：重新登记，并擦除原记录
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan record anew 0196b2c3d4e5f60718293a4b5c6d7e8f                        what it would do 只看后果
  echo '{\"fields\":{\"gist\":\"路灯不亮\"}}' | lianzhan record anew 0196b2c3d4e5f60718293a4b5c6d7e8f - --login lin

JSON: {\"fields\":{..},\"annexes\":{LEDGER:{..}},\"leave\":[..],\"on\":DATE}. What is not named comes along as it stands; `leave` names
attachments and personal parts that do not. What others signed over the old record does not come along.
没写到的照原样带入；leave 里写不带入的附件编号与附册；他人就原记录签名的内容不带入。")]
pub(in crate::cli) struct Anew {
    /// Id of the record 记录编号
    record: String,
    /// A file of JSON, or -; without it nothing is signed JSON 文件；不写则只看后果
    file: Option<PathBuf>,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Anew {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record: RecordId = parse_record(&self.record)?;
        let reach = Reach::open(&shell.dir())?;
        let path = format!("/records/{record}/anew");
        let Some(file) = &self.file else {
            let sheet: AnewSheet = match &reach {
                Reach::Here(node) => node.anew_sheet(&record)?,
                Reach::Running(client) => client.get(&path)?,
            };
            return self.preview(shell, &sheet);
        };
        let sent: AnewSent = read(file)?;
        let login = ask::login(shell, self.login.clone())?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let done: AnewJson = match &reach {
            Reach::Here(node) => {
                let author = node.sign_in(&login, &passphrase)?;
                AnewJson::from(&block_on(node.issue_anew_sent(&author, &record, sent))??)
            }
            Reach::Running(client) => {
                let mut body = serde_json::to_value(&sent)?;
                let members = json!({ "login": login, "passphrase": passphrase.expose_secret() });
                if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
                    body.extend(members);
                }
                client.post(&path, &body)?
            }
        };
        let new = [done.record.clone()];
        out::told(
            shell,
            self.json,
            &done,
            &new,
            "已签名。上面是新记录；原记录在见证之后擦除。",
            "Signed. Above is the new record; the old one is erased once this is witnessed.",
        )
    }

    fn preview(&self, shell: &Shell, sheet: &AnewSheet) -> anyhow::Result<()> {
        if self.json {
            return out::json(sheet);
        }
        let lang = shell.lang;
        if let Some(new) = &sheet.begun {
            out::line(&match lang {
                Lang::Zh => format!("新记录 {new} 已签名，只差擦除原记录"),
                Lang::En => format!("the new record {new} is signed; the old one is left to be erased"),
            })?;
        }
        let comes = [
            (
                lang.pick("栏目", "fields"),
                sheet.fields.keys().cloned().collect(),
            ),
            (lang.pick("附册", "personal parts"), sheet.annexes.clone()),
            (lang.pick("附件", "attachments"), sheet.attachments.clone()),
        ];
        for (what, names) in comes {
            let names: Vec<String> = names;
            if !names.is_empty() {
                let names = names.join(lang.pick("、", ", "));
                out::line(&match lang {
                    Lang::Zh => format!("带入{what}：{names}"),
                    Lang::En => format!("{what} that come along: {names}"),
                })?;
            }
        }
        for stays in &sheet.stays {
            out::line(&stays_line(stays, lang))?;
        }
        shell.say(
            "以上只是查看，什么也没有签名。",
            "This only looked; nothing was signed.",
        );
        Ok(())
    }
}

fn stays_line(stays: &StaysJson, lang: Lang) -> String {
    match (stays, lang) {
        (
            StaysJson::Event {
                kind, by, happened, ..
            },
            lang,
        ) => {
            let when = happened.as_deref().unwrap_or_default();
            match lang {
                Lang::Zh => format!("不带入：{by} 签名的 {kind} {when}"),
                Lang::En => format!("does not come along: {kind} signed by {by} {when}"),
            }
        }
        (StaysJson::Annex { ledger, erased }, Lang::Zh) => match erased {
            true => format!("不带入：附册 {ledger}，随原记录擦除"),
            false => format!("不带入：附册 {ledger}，不在本节点，须在持有它的节点另行擦除"),
        },
        (StaysJson::Annex { ledger, erased }, Lang::En) => match erased {
            true => {
                format!("does not come along: the personal part {ledger}, which is erased with the record")
            }
            false => format!(
                "does not come along: the personal part {ledger}, which is not open here and is erased at a node that has it"
            ),
        },
    }
}
