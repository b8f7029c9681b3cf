//! `lianzhan record`

mod acts;
mod anew;
mod paper;

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use lianzhan_protocol::id::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use age::secrecy::ExposeSecret;

use super::lang::said;
use super::reach::{Reach, percent};
use super::{Lang, Shell, ask, block_on, out};
use crate::services::ledger::{Asked, RecordBrief, RecordSheet, Sent};
use crate::services::search::FindingsJson;
use crate::services::{Node, Written, parse_record};

/// List, find, show, add, change, confirm and correct records of any ledger 列出、查找、查看、登记、修改、确认、更正任何台账的记录
#[derive(clap::Subcommand)]
#[command(after_help = "\
Example 例:
  lianzhan record list issue --q 护坡 --where nature=problem --incomplete
  lianzhan record find 护坡
  lianzhan record show 0196b2c3d4e5f60718293a4b5c6d7e8f
  lianzhan record add issue issue.json --login lin
  echo '{\"fields\":{\"note\":\"已核实\"}}' | lianzhan record edit 0196b2c3d4e5f60718293a4b5c6d7e8f - --login lin
  lianzhan record confirm 0196b2c3d4e5f60718293a4b5c6d7e8f --login zhao
  lianzhan record conflicts
  lianzhan record anew 0196b2c3d4e5f60718293a4b5c6d7e8f

What is added is JSON: {\"fields\":{..},\"annexes\":{LEDGER:{..}},\"owner\":CODE}. GET /api/v1/ledgers/LEDGER says what fields there are.
登记的内容是 JSON；有哪些栏目，见接口 /api/v1/ledgers/台账。")]
pub(super) enum Record {
    List(List),
    Find(Find),
    Export(super::table::Export),
    Show(Show),
    History(acts::History),
    Add(Add),
    Edit(Edit),
    Confirm(acts::Confirm),
    ConfirmFor(paper::ConfirmFor),
    SignInFor(paper::SignInFor),
    Correct(acts::Correct),
    Conflicts(acts::Conflicts),
    Settle(acts::Settle),
    Anew(anew::Anew),
}

/// Which records of a ledger 哪些记录
#[derive(clap::Args)]
pub(super) struct Which {
    /// The ledger 台账
    pub(super) ledger: String,
    /// Words to find 要找的词
    #[arg(long)]
    q: Option<String>,
    /// A field and its value, FIELD=VALUE; FIELD.from= and FIELD.to= are bounds, `-` is empty 某一项的值
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    conditions: Vec<String>,
    /// Only what lacks something 只列待补齐的
    #[arg(long)]
    incomplete: bool,
    /// Whether somebody confirmed it: no, yes, recorded, changed 是否已确认：no 未确认，yes 已确认，recorded 代录确认，changed 确认后有改动
    #[arg(long, value_parser = ["no", "yes", "recorded", "changed"])]
    confirmed: Option<String>,
    /// Stated on or after this day 此日起
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    /// Stated on or before this day 到此日
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// newest, oldest, changed, title, FIELD or -FIELD 排序
    #[arg(long)]
    sort: Option<String>,
}

/// List records of a ledger 列出一本台账的记录
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan record list issue --where nature=problem --sort changed")]
pub(super) struct List {
    #[command(flatten)]
    which: Which,
    /// Records at most 最多几条
    #[arg(long, default_value_t = 50)]
    limit: u64,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Find records of all ledgers, the nearest first 在所有台账里查找，最相近的在前
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan record find 路灯 护坡 --ledger issue")]
pub(super) struct Find {
    /// Words that all stand in a record; one character will do 要找的词
    #[arg(required = true)]
    words: Vec<String>,
    /// In this ledger alone 只在这本台账里
    #[arg(long)]
    ledger: Option<String>,
    /// Records at most 最多几条
    #[arg(long, default_value_t = 20)]
    limit: u64,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Show a record: its fields, what it lacks, what it names and what names it 查看一条记录
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan record show 0196b2c3d4e5f60718293a4b5c6d7e8f")]
pub(super) struct Show {
    /// Id of the record 记录编号
    record: String,
}

/// Add a record 登记一条
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan record add issue issue.json --login lin")]
pub(super) struct Add {
    /// The ledger 台账
    ledger: String,
    /// A file of JSON, or - JSON 文件
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
}

/// Change a record: what is not named stays 修改一条，没写到的不变
#[derive(clap::Args)]
#[command(
    after_help = "Example 例:\n  lianzhan record edit 0196b2c3d4e5f60718293a4b5c6d7e8f change.json --login lin"
)]
pub(super) struct Edit {
    /// Id of the record 记录编号
    record: String,
    /// A file of JSON, or - JSON 文件
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    total: u64,
    records: Vec<RecordBrief>,
}

#[derive(Serialize, Deserialize)]
struct Done {
    record: String,
    change: Option<String>,
}

impl From<Written> for Done {
    fn from(written: Written) -> Self {
        Done {
            record: written.record.to_string(),
            change: Some(written.change.to_string()),
        }
    }
}

impl Record {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Record::List(list) => list.run(shell),
            Record::Find(find) => find.run(shell),
            Record::Export(export) => export.run(shell),
            Record::Show(show) => show.run(shell),
            Record::History(history) => history.run(shell),
            Record::Add(add) => add.run(shell),
            Record::Edit(edit) => edit.run(shell),
            Record::Confirm(confirm) => confirm.run(shell),
            Record::ConfirmFor(confirm) => confirm.run(shell),
            Record::SignInFor(sign_in) => sign_in.run(shell),
            Record::Correct(correct) => correct.run(shell),
            Record::Conflicts(conflicts) => conflicts.run(shell),
            Record::Settle(settle) => settle.run(shell),
            Record::Anew(anew) => anew.run(shell),
        }
    }
}

impl Which {
    /// The same as an address of a list says it.
    pub(super) fn pairs(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for condition in &self.conditions {
            let (field, value) = condition.split_once('=').with_context(|| {
                said(
                    format!("“{condition}”要写成 栏目=值。"),
                    format!("write {condition:?} as FIELD=VALUE"),
                )
            })?;
            pairs.push((format!("f.{field}"), value.to_owned()));
        }
        let asked = [
            ("q", &self.q),
            ("since", &self.since),
            ("until", &self.until),
            ("sort", &self.sort),
            ("confirmed", &self.confirmed),
        ];
        for (name, value) in asked {
            pairs.extend(value.as_ref().map(|value| (name.to_owned(), value.clone())));
        }
        if self.incomplete {
            pairs.push(("missing".into(), "1".into()));
        }
        Ok(pairs)
    }
}

impl List {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let mut pairs = self.which.pairs()?;
        let ledger = &self.which.ledger;
        let found: Listed = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                let (rows, total) = node.list(node.book(ledger)?, &Asked::new(pairs), 0, self.limit)?;
                Listed {
                    total,
                    records: rows.iter().map(|row| RecordBrief::of(&node, row)).collect(),
                }
            }
            Reach::Running(client) => {
                pairs.push(("limit".into(), self.limit.to_string()));
                client.get(&format!("/ledgers/{}/records?{}", percent(ledger), query(&pairs)))?
            }
        };
        if self.json {
            return out::json(&found);
        }
        let rows: Vec<Vec<String>> = found
            .records
            .iter()
            .map(|record| {
                let lacks = match record.missing {
                    0 => String::new(),
                    missing => missing.to_string(),
                };
                let title = record.title.lines().next().unwrap_or_default().to_owned();
                vec![record.id.clone(), record.happened.clone(), title, lacks]
            })
            .collect();
        let (headings, count) = match shell.lang {
            Lang::Zh => (
                ["编号", "时间", "内容", "缺项"],
                format!("共 {} 条\n", found.total),
            ),
            Lang::En => (
                ["id", "when", "title", "lacks"],
                format!("{} records\n", found.total),
            ),
        };
        let table = if rows.is_empty() {
            String::new()
        } else {
            out::table(&headings, &rows)
        };
        out::bytes((table + &count).as_bytes())
    }
}

impl Find {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let words = self.words.join(" ");
        let found: FindingsJson = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                node.find(&words, self.ledger.as_deref(), 0, self.limit)?.into()
            }
            Reach::Running(client) => {
                let ledger = self.ledger.as_ref();
                let ledger = ledger.map_or_else(String::new, |id| format!("&ledger={}", percent(id)));
                client.get(&format!(
                    "/search?q={}&limit={}{ledger}",
                    percent(&words),
                    self.limit
                ))?
            }
        };
        if self.json {
            return out::json(&found);
        }
        let rows: Vec<Vec<String>> = found
            .records
            .iter()
            .map(|record| {
                let title = record.title.lines().next().unwrap_or_default().to_owned();
                let place = record.places.first().map(|place| place.text.concat());
                vec![
                    record.id.clone(),
                    record.ledger.clone(),
                    record.happened.clone(),
                    title,
                    place.unwrap_or_default().replace('\n', " "),
                ]
            })
            .collect();
        let (headings, count) = match shell.lang {
            Lang::Zh => (
                ["编号", "台账", "时间", "内容", "出处"],
                format!("共 {} 条\n", found.total),
            ),
            Lang::En => (
                ["id", "ledger", "when", "title", "where"],
                format!("{} records\n", found.total),
            ),
        };
        let table = match rows.is_empty() {
            true => String::new(),
            false => out::table(&headings, &rows),
        };
        out::bytes((table + &count).as_bytes())
    }
}

impl Show {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record = parse_record(&self.record)?;
        let sheet: RecordSheet = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                node.sheet(&record)?
            }
            Reach::Running(client) => client.get(&format!("/records/{record}/sheet"))?,
        };
        out::json(&sheet)
    }
}

impl Add {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let sent: Sent = read(&self.file)?;
        let ledger = self.ledger;
        let done = write(
            shell,
            self.login,
            &sent,
            "POST",
            &format!("/ledgers/{}/records", percent(&ledger)),
            {
                let sent = sent.clone();
                move |node, author| {
                    block_on(node.enter_sent(&author, &ledger, sent))?
                        .map(|done| Some(done.into()))
                        .map_err(Into::into)
                }
            },
        )?;
        out::json(&done)
    }
}

impl Edit {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let record: RecordId = parse_record(&self.record)?;
        let sent: Sent = read(&self.file)?;
        let done = write(
            shell,
            self.login,
            &sent,
            "PATCH",
            &format!("/records/{record}"),
            {
                let sent = sent.clone();
                move |node, author| {
                    let done = block_on(node.amend_sent(&author, &record, sent))??;
                    Ok(done.map(Done::from))
                }
            },
        )?;
        out::json(&done.unwrap_or(Done {
            record: record.to_string(),
            change: None,
        }))
    }
}

/// Pairs as they stand in an address.
pub(super) fn query(pairs: &[(String, String)]) -> String {
    let each = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name), percent(value)));
    each.collect::<Vec<_>>().join("&")
}

fn read<T: serde::de::DeserializeOwned>(file: &std::path::Path) -> anyhow::Result<T> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    }
    serde_json::from_str(&text).with_context(|| {
        said(
            "这不是所要的 JSON：{\"fields\":{..}}。",
            "this is not the JSON that is wanted: {\"fields\":{..}}",
        )
    })
}

/// Writes as a person, here or through the running node.
fn write(
    shell: &Shell,
    login: Option<String>,
    sent: &impl Serialize,
    method: &str,
    path: &str,
    here: impl FnOnce(std::sync::Arc<Node>, crate::services::Author) -> anyhow::Result<Option<Done>>,
) -> anyhow::Result<Option<Done>> {
    let reach = Reach::open(&shell.dir())?;
    let login = ask::login(shell, login)?;
    let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
    match reach {
        Reach::Here(node) => {
            let author = node.sign_in(&login, &passphrase)?;
            here(node, author)
        }
        Reach::Running(client) => {
            let mut body = serde_json::to_value(sent)?;
            let members = json!({ "login": login, "passphrase": passphrase.expose_secret() });
            if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
                body.extend(members);
            }
            let done: Done = client.send(method, path, &body)?;
            Ok(Some(done))
        }
    }
}
