//! `lianzhan setting`

use std::io::Read;

use age::secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::reach::{Reach, percent};
use super::{Lang, Shell, ask, block_on, out};
use crate::api::settings::{PlanJson, Wanted, all, one};
use crate::services::settings::SettingDraft;

/// What differs from place to place: deadlines, working days, thresholds, templates 查看、设定各地不同的规定
#[derive(clap::Subcommand)]
#[command(after_help = "\
Example 例:
  lianzhan setting list --group deadlines
  lianzhan setting show deadline.second_reply --org 990121103 --on 2026-07-01
  lianzhan setting set deadline.second_reply '2 months' --from 2027-01-01 --basis 县人大常委会决定 --preview --login lin
  lianzhan setting set calendar --part 2027 - --from 2027-01-01 --basis 国务院办公厅通知 --login lin < 2027.txt

A value applies to events from its day on; what was due before stays due. A day of a calendar is a line: 2027-10-01 off 国庆节.
设定从生效之日起适用，此前的事项不变。工作日历每行一天：2027-10-01 off 国庆节，2027-10-09 work。")]
pub(super) enum Setting {
    List(List),
    Show(Show),
    Set(Set),
}

/// For whom, and when.
#[derive(clap::Args)]
struct At {
    /// Division code or id of the org [default: this node's] 哪个机构
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    /// The date of the event [default: today] 事项日期
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
}

impl At {
    fn wanted(&self, part: &str) -> Wanted {
        Wanted {
            org: self.org.clone(),
            on: self.on.clone(),
            part: part.to_owned(),
        }
    }

    fn query(&self, part: &str) -> String {
        let named = [
            ("org", self.org.as_deref()),
            ("on", self.on.as_deref()),
            ("part", Some(part)),
        ];
        let pairs = named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .filter(|(_, value)| !value.is_empty());
        pairs
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect::<Vec<_>>()
            .join("&")
    }
}

/// List settings with what applies 列出各项设置和现行规定
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan setting list --group retention")]
pub(super) struct List {
    /// Of one group: workflow, deadlines, calendar, thresholds, retention, templates, notices 只列一类
    #[arg(long)]
    group: Option<String>,
    #[command(flatten)]
    at: At,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Show a setting with its whole value and its history 查看一项设置和沿革
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan setting show calendar --part 2027")]
pub(super) struct Show {
    /// The setting 设置项
    id: String,
    /// The year of a calendar 年份
    #[arg(long, default_value = "")]
    part: String,
    #[command(flatten)]
    at: At,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// State a value from a day on 设定，从某日起生效
#[derive(clap::Args)]
#[command(
    after_help = "Example 例:\n  lianzhan setting set friday_monday off --from 2027-01-01 --basis 主席团决定 --login lin"
)]
pub(super) struct Set {
    /// The setting 设置项
    id: String,
    /// The value, or - to read it from stdin 值；- 表示从标准输入读取
    #[arg(required_unless_present = "inherit", conflicts_with = "inherit")]
    value: Option<String>,
    /// Give the word back to the org above 恢复按上级规定
    #[arg(long)]
    inherit: bool,
    /// The year of a calendar 年份
    #[arg(long, default_value = "")]
    part: String,
    /// From which day on 生效日期
    #[arg(long, value_name = "DAY")]
    from: String,
    /// The rule or decision behind it 依据
    #[arg(long, value_name = "WORDS")]
    basis: String,
    /// Only tell what it would do 只看后果
    #[arg(long)]
    preview: bool,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Setting {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Setting::List(list) => list.run(shell),
            Setting::Show(show) => show.run(shell),
            Setting::Set(set) => set.run(shell),
        }
    }
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}

impl List {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let found: Vec<Value> = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                let found = all(&node, &self.at.wanted(""))?;
                found.iter().map(serde_json::to_value).collect::<Result<_, _>>()?
            }
            Reach::Running(client) => client.get(&format!("/settings?{}", self.at.query("")))?,
        };
        let fits = |setting: &&Value| {
            self.group
                .as_deref()
                .is_none_or(|group| text(setting, "group") == group)
        };
        let found: Vec<&Value> = found.iter().filter(fits).collect();
        if self.json {
            return out::json(&found);
        }
        let lang = shell.lang;
        let rows = found.iter().map(|setting| {
            let part = text(setting, "part");
            let id = if part.is_empty() {
                text(setting, "id").to_owned()
            } else {
                format!("{} {part}", text(setting, "id"))
            };
            let by = text(&setting["org"], lang.pick("name_zh", "name_en"));
            let by = if by.is_empty() {
                lang.pick("默认", "default")
            } else {
                by
            };
            vec![
                id,
                text(setting, lang.pick("zh", "en")).to_owned(),
                text(setting, lang.pick("value_zh", "value_en")).to_owned(),
                text(setting, "since").to_owned(),
                by.to_owned(),
            ]
        });
        let headings = match lang {
            Lang::Zh => ["设置项", "名称", "现行", "生效", "制定"],
            Lang::En => ["setting", "name", "value", "since", "stated by"],
        };
        out::bytes(out::table(&headings, &rows.collect::<Vec<_>>()).as_bytes())
    }
}

impl Show {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let found: Value = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                serde_json::to_value(one(&node, &self.id, &self.at.wanted(&self.part))?)?
            }
            Reach::Running(client) => client.get(&format!(
                "/settings/{}?{}",
                percent(&self.id),
                self.at.query(&self.part)
            ))?,
        };
        if self.json {
            return out::json(&found);
        }
        let lang = shell.lang;
        out::line(&format!(
            "{}  {}",
            text(&found, "id"),
            text(&found, lang.pick("zh", "en"))
        ))?;
        out::line(
            found["value"]
                .as_str()
                .unwrap_or(lang.pick("未设置", "not stated")),
        )?;
        for stated in found["history"].as_array().into_iter().flatten() {
            let value = stated["value"].as_str().and_then(|value| value.lines().next());
            let value = value.unwrap_or(lang.pick("按上级规定", "as above"));
            out::line(&format!(
                "{}  {value}  {}  {}",
                text(stated, "valid_from"),
                text(stated, "by"),
                text(stated, "basis")
            ))?;
        }
        Ok(())
    }
}

impl Set {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let value = match self.value.as_deref() {
            Some("-") => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                Some(text)
            }
            other => other.map(str::to_owned),
        };
        let draft = SettingDraft {
            setting: self.id,
            part: self.part,
            value,
            valid_from: self.from,
            basis: self.basis,
        };
        let reach = Reach::open(&shell.dir())?;
        let login = ask::login(shell, self.login)?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let answer: Value = match &reach {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                let author = node.sign_in(&login, &passphrase)?;
                match self.preview {
                    true => serde_json::to_value(PlanJson::from(node.plan_setting(&author, &draft)?))?,
                    false => {
                        json!({ "record": block_on(node.state_setting(&author, &draft))??.record.to_string() })
                    }
                }
            }
            Reach::Running(client) => {
                let body = json!({
                    "login": login, "passphrase": passphrase.expose_secret(), "part": draft.part, "value": draft.value,
                    "valid_from": draft.valid_from, "basis": draft.basis, "preview": self.preview,
                });
                client.post(&format!("/settings/{}", percent(&draft.setting)), &body)?
            }
        };
        if self.preview {
            let lines = said(&answer, shell.lang);
            return out::told(
                shell,
                self.json,
                &answer,
                &lines,
                "以上只是查看，什么也没有签名。",
                "This only looked; nothing was signed.",
            );
        }
        let record = text(&answer, "record").to_owned();
        out::told(
            shell,
            self.json,
            &answer,
            &[record],
            "已签名，随同步下发到所属各机构。",
            "Signed; everybody below has it with the next sync.",
        )
    }
}

/// What a value would do, line by line.
fn said(plan: &Value, lang: Lang) -> Vec<String> {
    let (from, before, after) = (
        text(plan, "valid_from"),
        text(plan, lang.pick("before_zh", "before_en")),
        text(plan, lang.pick("after_zh", "after_en")),
    );
    let mut lines = vec![match lang {
        Lang::Zh => format!("自 {from} 起：{after}（此前：{before}）"),
        Lang::En => format!("from {from}: {after} (before: {before})"),
    }];
    for effect in plan["effects"].as_array().into_iter().flatten() {
        let day = text(effect, "day");
        lines.push(match (text(effect, "kind"), lang) {
            ("due", lang) => {
                let (start, was, is) = (
                    text(effect, "start"),
                    text(effect, "before"),
                    text(effect, "after"),
                );
                match lang {
                    Lang::Zh => format!("{start} 起算的，期限为 {is}，原为 {was}"),
                    Lang::En => format!("what starts on {start} is due {is} instead of {was}"),
                }
            }
            ("works", Lang::Zh) => format!(
                "{day} {}",
                if effect["works"] == true {
                    "上班"
                } else {
                    "放假"
                }
            ),
            ("works", Lang::En) => format!(
                "{day} is {}",
                if effect["works"] == true { "worked" } else { "off" }
            ),
            ("more", Lang::Zh) => format!("另有 {} 日", effect["days"]),
            ("more", Lang::En) => format!("and {} days more", effect["days"]),
            (_, Lang::Zh) => format!(
                "新增或改动 {} 行，删去或改动 {} 行",
                effect["added"], effect["gone"]
            ),
            (_, Lang::En) => format!(
                "rows added or changed: {}, taken away or changed: {}",
                effect["added"], effect["gone"]
            ),
        });
    }
    let name = lang.pick("name_zh", "name_en");
    for org in plan["apart"].as_array().into_iter().flatten() {
        lines.push(match lang {
            Lang::Zh => format!("{} 另有规定，不受影响", text(org, name)),
            Lang::En => format!("{} states its own and keeps it", text(org, name)),
        });
    }
    if plan["over"].is_object() {
        lines.push(match lang {
            Lang::Zh => format!("仍以 {} 的规定为准", text(&plan["over"], name)),
            Lang::En => format!("{} decides all the same", text(&plan["over"], name)),
        });
    }
    lines
}
