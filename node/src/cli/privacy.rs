//! `lianzhan access`, `lianzhan retention`, `lianzhan held`

use age::secrecy::ExposeSecret;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::reach::{Reach, percent};
use super::{Lang, Shell, ask, block_on, out};
use crate::api::privacy::{AskedAccess, shown_accesses, shown_held, shown_retention};
use crate::services::held::key_of;
use crate::services::parse_record;
use crate::services::screen::Cleared;

/// List who opened personal data here, and what for 列出谁看过个人信息
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan access
  lianzhan access --record 0196b2c3d4e5f60718293a4b5c6d7e8f
  lianzhan access --name 林静禾 --since 2026-03-01 --json

It is noted at this node alone and kept for three years. 只记在本机，保存三年。")]
pub(super) struct Access {
    /// Those of one record 某条记录的
    #[arg(long, value_name = "RECORD")]
    record: Option<String>,
    /// Those by people whose name has this in it 某人的
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
    /// Those with one purpose: handle, follow_up, check, other, typing 某种用途的
    #[arg(long, value_name = "PURPOSE", default_value = "")]
    purpose: String,
    /// From this day on 此日起
    #[arg(long, value_name = "DAY")]
    since: Option<Date>,
    /// Up to this day 到此日
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// The first moment of a day where congresses sit, in milliseconds since 1970.
fn moment(day: Date) -> anyhow::Result<i64> {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    Ok(day.to_zoned(zone)?.timestamp().as_millisecond())
}

impl Access {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let asked = AskedAccess {
            record: self.record,
            name: self.name,
            purpose: self.purpose,
            since: self.since.map(moment).transpose()?,
            until: self.until.map(|day| moment(day.tomorrow()?)).transpose()?,
            ..AskedAccess::default()
        };
        let found: Value = match Reach::open(&shell.dir())? {
            Reach::Here(node) => serde_json::to_value(shown_accesses(&node, &asked)?)?,
            Reach::Running(client) => {
                let mut parts = vec![
                    format!("name={}", percent(&asked.name)),
                    format!("purpose={}", percent(&asked.purpose)),
                ];
                parts.extend(asked.record.map(|record| format!("record={}", percent(&record))));
                parts.extend(asked.since.map(|at| format!("since={at}")));
                parts.extend(asked.until.map(|at| format!("until={at}")));
                client.get(&format!("/access?{}", parts.join("&")))?
            }
        };
        if self.json {
            return out::json(&found);
        }
        let rows: Vec<Vec<String>> = list(&found["accesses"])
            .map(|row| {
                let at = row["at"].as_i64().unwrap_or_default();
                let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
                let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
                let purpose = [text(row, "purpose"), text(row, "words")];
                vec![
                    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string(),
                    text(row, "name"),
                    text(row, "record"),
                    text(row, "way"),
                    purpose.join(" ").trim().to_owned(),
                ]
            })
            .collect();
        let heads = match shell.lang {
            Lang::Zh => ["时间", "姓名", "记录", "方式", "用途"],
            Lang::En => ["at", "name", "record", "way", "purpose"],
        };
        out::bytes(out::table(&heads, &rows).as_bytes())
    }
}

/// List personal data that is due to be erased, and the rules 列出到期应擦除的个人信息
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan retention
  lianzhan retention --on 2027-01-01 --json

What is locked may not be erased yet by law, and is only kept. Erase the rest with:
锁定的依法还不能擦除，只保存。其余的用下面的命令擦除：
  lianzhan erase RECORD --ground retention --on 2026-03-31 --login lin")]
pub(super) struct Retention {
    /// The day for which is asked [default: today] 以哪一天为准
    #[arg(long, value_name = "DAY")]
    on: Option<Date>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Retention {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let on = self.on.map(|day| day.to_string());
        let found: Value = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                serde_json::to_value(shown_retention(&node, on)?)?
            }
            Reach::Running(client) => match on {
                Some(on) => client.get(&format!("/retention?on={on}"))?,
                None => client.get("/retention")?,
            },
        };
        if self.json {
            return out::json(&found);
        }
        let lang = shell.lang;
        let rows: Vec<Vec<String>> = list(&found["due"])
            .map(|row| {
                let locked = row["locked"]["until"].as_str().unwrap_or_default();
                let what = match row["whole"].as_bool() {
                    Some(true) => lang.pick("整条", "record"),
                    _ => lang.pick("附册", "personal part"),
                };
                vec![
                    text(row, "record"),
                    text(row, "data"),
                    what.to_owned(),
                    text(row, "since"),
                    match (locked, lang) {
                        ("", _) => String::new(),
                        (until, Lang::Zh) => format!("锁定到 {until}"),
                        (until, Lang::En) => format!("locked until {until}"),
                    },
                    text(row, "title").lines().next().unwrap_or_default().to_owned(),
                ]
            })
            .collect();
        let heads = match lang {
            Lang::Zh => ["记录", "依据", "擦除", "到期", "状态", "内容"],
            Lang::En => ["record", "rule", "erase", "since", "state", "title"],
        };
        out::bytes(out::table(&heads, &rows).as_bytes())
    }
}

/// List signed words that look like personal data, and clear them 列出并放行待核对的内容
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan held
  lianzhan held 0196b2c3d4e5f60718293a4b5c6d7e8f --clear 'gist=单位公开的总机' --login lin

What is held is in no table, bundle or document until it is cleared with a signed reason, or the record is erased and entered again. Its log
has gone or goes with it: a signed log leaves nothing out.
待核对的内容不进表格、证据包和文档，直到写明理由签名放行，或整条擦除后重新登记；签名的日志不能缺项，仍会随同步送出。")]
pub(super) struct Held {
    /// The record that is cleared 要放行的记录
    #[arg(value_name = "RECORD", requires = "clear")]
    record: Option<String>,
    /// A field and why it may stand, FIELD=WORDS; e: is a line of the log 栏目与理由
    #[arg(long, value_name = "FIELD=WORDS", requires = "record")]
    clear: Vec<String>,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Held {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        if let Some(record) = &self.record {
            return self.clear(shell, &reach, record);
        }
        let found: Value = match &reach {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                serde_json::to_value(shown_held(node)?)?
            }
            Reach::Running(client) => client.get("/held")?,
        };
        if self.json {
            return out::json(&found);
        }
        let mut rows = Vec::new();
        for held in list(&found["held"]) {
            for words in list(&held["words"]) {
                let kinds: Vec<String> = list(&words["found"]).map(|one| text(one, "kind")).collect();
                rows.push(vec![
                    text(held, "record"),
                    text(held, "ledger"),
                    text(words, "field"),
                    kinds.join(" "),
                ]);
            }
        }
        let heads = match shell.lang {
            Lang::Zh => ["记录", "台账", "栏目", "像什么"],
            Lang::En => ["record", "ledger", "field", "looks like"],
        };
        out::bytes(out::table(&heads, &rows).as_bytes())
    }

    fn clear(&self, shell: &Shell, reach: &Reach, record: &str) -> anyhow::Result<()> {
        let record = parse_record(record)?;
        let notes: Vec<(&str, &str)> = self
            .clear
            .iter()
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        let login = ask::login(shell, self.login.clone())?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let written: Value = match reach {
            Reach::Here(node) => {
                let author = node.sign_in(&login, &passphrase)?;
                let cleared: Cleared = notes
                    .iter()
                    .map(|(place, note)| (key_of(place), (*note).to_owned()))
                    .collect();
                let written = block_on(node.clear(&author, &record, &cleared))??;
                json!({ "record": written.record, "change": written.change })
            }
            Reach::Running(client) => {
                let cleared: serde_json::Map<String, Value> = notes
                    .iter()
                    .map(|(place, note)| ((*place).to_owned(), (*note).into()))
                    .collect();
                let body = json!({
                    "login": login, "passphrase": passphrase.expose_secret(), "cleared": cleared,
                });
                client.post(&format!("/records/{record}/clear"), &body)?
            }
        };
        out::told(
            shell,
            self.json,
            &written,
            &[record.to_string()],
            "已签名放行。",
            "Signed and cleared.",
        )
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}
