//! `lianzhan erase`

use age::secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::reach::Reach;
use super::{Lang, Shell, ask, out};
use crate::services::erase::{ErasureDraft, Extent, parse_ground};
use crate::services::parse_record;

/// Erase the personal part of a record, or all of it 擦除记录的当事人附册，或整条擦除
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan erase 0196b2c3d4e5f60718293a4b5c6d7e8f                                      what it would erase 只看后果
  lianzhan erase 0196b2c3d4e5f60718293a4b5c6d7e8f --ground request --on 2026-03-31 --login lin
  lianzhan erase 0196b2c3d4e5f60718293a4b5c6d7e8f --whole --ground misplaced --on 2026-03-31 --login lin

Grounds 理由: retention 保存期满, request 本人请求, consent 撤回同意, misplaced 误录个人信息, unlawful 不应收集.

It is final. Once the erasure is witnessed, every node that holds the record destroys its key, payloads and attachments and says
so. That it was there, and who erased it, stays and can be proved. Backups of keys made before must be destroyed by hand.
擦除不可收回。见证之后，持有它的各节点销毁密钥、内容与附件并签名回执；曾有此记录、由谁擦除仍可证明。此前另存的密钥备份须自行销毁。")]
pub(super) struct Erase {
    /// Id of the record 记录编号
    #[arg(value_name = "RECORD")]
    record: String,
    /// On what ground; without it nothing is signed 理由；不写则只看后果
    #[arg(long, value_name = "GROUND", requires = "on")]
    ground: Option<String>,
    /// Date of the decision 决定日期
    #[arg(long, value_name = "DATE", requires = "ground")]
    on: Option<String>,
    /// A remark without personal data 备注，不得含个人信息
    #[arg(long, value_name = "WORDS", requires = "ground")]
    note: Option<String>,
    /// The record itself, with its personal parts 整条记录
    #[arg(long)]
    whole: bool,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Erase {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record = parse_record(&self.record)?;
        let reach = Reach::open(&shell.dir())?;
        let extent = if self.whole {
            Extent::Whole
        } else {
            Extent::Personal
        };
        let (Some(ground), Some(on)) = (&self.ground, &self.on) else {
            return self.preview(shell, &reach);
        };
        let login = ask::login(shell, self.login.clone())?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let records: Vec<String> = match &reach {
            Reach::Here(node) => {
                let draft = ErasureDraft {
                    record,
                    extent,
                    ground: parse_ground(ground)?,
                    on: on.clone(),
                    note: self.note.clone(),
                };
                let author = node.sign_in(&login, &passphrase)?;
                let erased = node.erase(&author, &draft)?;
                erased.iter().map(ToString::to_string).collect()
            }
            Reach::Running(client) => {
                let body = json!({
                    "login": login, "passphrase": passphrase.expose_secret(), "ground": ground, "on": on,
                    "note": self.note, "whole": self.whole,
                });
                let answer: Value = client.post(&format!("/records/{record}/erasure"), &body)?;
                texts(&answer["records"])
            }
        };
        out::told(
            shell,
            self.json,
            &json!({ "records": records }),
            &records,
            "已签名。上面是将擦除的记录；见证之后各节点擦除并回执，进度见 lianzhan erase RECORD。",
            "Signed. Above is what is erased: once this is witnessed every holder erases it and says so; `lianzhan erase RECORD` shows how far that is.",
        )
    }

    fn preview(&self, shell: &Shell, reach: &Reach) -> anyhow::Result<()> {
        let record = parse_record(&self.record)?;
        let known: Value = match reach {
            Reach::Here(node) => {
                let extent = if self.whole {
                    Extent::Whole
                } else {
                    Extent::Personal
                };
                serde_json::to_value(crate::api::erasures::shown(
                    &node.preview_erasure(&record, extent)?,
                    &node.erasures_of(&record)?,
                ))?
            }
            Reach::Running(client) => {
                client.get(&format!("/records/{record}/erasure?whole={}", self.whole))?
            }
        };
        if self.json {
            return out::json(&known);
        }
        let lang = shell.lang;
        for part in known["would_erase"].as_array().into_iter().flatten() {
            out::line(&would(part, lang))?;
        }
        for status in known["erasures"].as_array().into_iter().flatten() {
            out::line(&said(status, lang))?;
        }
        shell.say(
            "以上只是查看，什么也没有签名。",
            "This only looked; nothing was signed.",
        );
        Ok(())
    }
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn orgs(list: &Value, lang: Lang) -> String {
    let name = lang.pick("name_zh", "name_en");
    let items = list.as_array().into_iter().flatten();
    let names: Vec<&str> = items.filter_map(|org| org[name].as_str()).collect();
    names.join(lang.pick("、", ", "))
}

fn would(part: &Value, lang: Lang) -> String {
    let (record, changes) = (part["record"].as_str().unwrap_or_default(), &part["changes"]);
    let (attachments, holders) = (&part["attachments"], orgs(&part["holders"], lang));
    let what = match (part["personal"].as_bool(), lang) {
        (Some(true), Lang::Zh) => "当事人附册",
        (Some(true), Lang::En) => "personal part",
        (_, Lang::Zh) => "记录",
        (_, Lang::En) => "record",
    };
    match lang {
        Lang::Zh => {
            format!("将擦除{what} {record}：{changes} 次修改，{attachments} 个附件；持有者：{holders}")
        }
        Lang::En => {
            format!(
                "would erase the {what} {record}: {changes} changes, {attachments} attachments; held by {holders}"
            )
        }
    }
}

fn said(status: &Value, lang: Lang) -> String {
    let record = status["record"].as_str().unwrap_or_default();
    let (done, of) = (
        &status["erased_at"],
        status["holders"].as_array().map_or(0, Vec::len),
    );
    match (status["erased"].is_null(), lang) {
        (true, Lang::Zh) => format!("{record}：擦除已签名，尚未生效"),
        (true, Lang::En) => format!("{record}: an erasure is signed, and has no effect yet"),
        (false, Lang::Zh) => format!("{record}：已擦除，{of} 个持有者中 {done} 个已回执"),
        (false, Lang::En) => format!("{record}: erased at {done} of {of}"),
    }
}
