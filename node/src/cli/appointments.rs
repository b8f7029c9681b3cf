//! `lianzhan appointments`

use std::collections::BTreeMap;

use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Role;
use serde::Deserialize;
use serde_json::Value;

use super::reach::{self, Reach, percent};
use super::{Lang, Shell, out};
use crate::services::office::{OfficeFilter, day, last_day};

/// Say who holds what post until when 任命一览
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan appointments                     all that are known here 本机所知的全部
  lianzhan appointments --org own --below   this org and all below it 本机构及其下级
  lianzhan appointments --tree              who appointed whom 谁任命了谁
  lianzhan appointments --within 30         what ends within 30 days 30 天内到期的
  lianzhan appointments --person lin --json")]
pub(super) struct Appointments {
    /// Of one org: its id, or own 某个机构
    #[arg(long, value_name = "ID|own")]
    org: Option<String>,
    /// Of the orgs below it as well 连同下级
    #[arg(long, requires = "org")]
    below: bool,
    /// Of one person: an id, a login, or a part of the name 某人
    #[arg(long, value_name = "ID|LOGIN|NAME")]
    person: Option<String>,
    /// Those that end within so many days 若干天内到期的
    #[arg(long, value_name = "DAYS")]
    within: Option<i64>,
    /// Those that are revoked or contested 已撤销或有争议的
    #[arg(long)]
    revoked: bool,
    /// As a tree: each below the one on which it rests 按任命关系列成树
    #[arg(long, conflicts_with = "json")]
    tree: bool,
    /// Print one JSON array 输出 JSON
    #[arg(long)]
    json: bool,
}

/// What is shown of [`crate::services::office::Office`].
#[derive(Deserialize)]
pub(super) struct Shown {
    id: String,
    holder: String,
    login: Option<String>,
    org_name: String,
    purpose: String,
    roles: Vec<String>,
    not_before: i64,
    not_after: i64,
    issuer_name: String,
    state: String,
    days: Option<i64>,
    by_name: Option<String>,
    at: Option<i64>,
    words: Option<String>,
    renewed: bool,
    /// What it rests on, itself first.
    chain: Vec<String>,
}

impl Shown {
    pub(super) fn is_authority(&self) -> bool {
        self.purpose == "authority"
    }
}

impl Appointments {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let offices: Value = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                let org = self.org.as_deref().map(|text| node.parse_org(text)).transpose()?;
                serde_json::to_value(node.offices(&OfficeFilter {
                    org,
                    below: self.below,
                    person: self.person,
                    within_days: self.within,
                    revoked: self.revoked,
                })?)?
            }
            Reach::Running(client) => {
                let (below, revoked) = (self.below, self.revoked);
                let mut path = format!("/appointments?below={below}&revoked={revoked}");
                for (name, value) in [
                    ("org", self.org),
                    ("person", self.person),
                    ("within_days", self.within.map(|days| days.to_string())),
                ] {
                    if let Some(value) = value {
                        path.push_str(&format!("&{name}={}", percent(&value)));
                    }
                }
                client.get(&path)?
            }
        };
        if self.json {
            return out::json(&offices);
        }
        let shown: Vec<Shown> = reach::shown(offices)?;
        let text = if self.tree {
            tree(&shown, shell.lang)
        } else {
            table(&shown, shell.lang)
        };
        out::bytes(text.as_bytes())
    }
}

/// Appointments, each below the one on which it rests, as far as that is shown.
fn tree(offices: &[Shown], lang: Lang) -> String {
    let rests_on = |office: &Shown| {
        let above = office.chain.get(1)?;
        offices.iter().position(|other| other.id == *above)
    };
    let mut below: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (n, office) in offices.iter().enumerate() {
        below.entry(rests_on(office)).or_default().push(n);
    }
    let mut text = String::new();
    let mut todo: Vec<(usize, usize)> = Vec::new();
    let push = |todo: &mut Vec<(usize, usize)>, above: Option<usize>, depth: usize| {
        let those = below.get(&above).into_iter().flatten();
        todo.extend(those.rev().map(|n| (*n, depth)));
    };
    push(&mut todo, None, 0);
    while let Some((n, depth)) = todo.pop() {
        let office = &offices[n];
        let login = office.login.as_ref().map(|login| format!(" ({login})"));
        let id: String = office.id.chars().take(12).collect();
        let line = format!(
            "{:indent$}{id}  {} · {}{} · {} – {} · {} {}",
            "",
            office.org_name,
            holder(office, lang),
            login.unwrap_or_default(),
            day(Timestamp(office.not_before)),
            last_day(Timestamp(office.not_after)),
            state(office, lang),
            reason(office),
            indent = depth * 2,
        );
        text.push_str(line.trim_end());
        text.push('\n');
        push(&mut todo, Some(n), depth + 1);
    }
    text
}

/// Who holds what.
fn holder(office: &Shown, lang: Lang) -> String {
    match office.purpose.as_str() {
        "person" => format!("{} {}", office.holder, post(office, lang)),
        _ => post(office, lang),
    }
}

/// Appointments as a table.
pub(super) fn table(offices: &[Shown], lang: Lang) -> String {
    let rows: Vec<Vec<String>> = offices
        .iter()
        .map(|office| {
            let login = office.login.as_ref().map(|login| format!(" ({login})"));
            vec![
                office.id.chars().take(12).collect(),
                office.org_name.clone(),
                office.holder.clone() + &login.unwrap_or_default(),
                post(office, lang),
                day(Timestamp(office.not_before)),
                last_day(Timestamp(office.not_after)),
                state(office, lang),
                office.issuer_name.clone(),
                reason(office),
            ]
        })
        .collect();
    let headings = [
        lang.pick("编号", "id"),
        lang.pick("机构", "org"),
        lang.pick("任职人", "holder"),
        lang.pick("职务", "post"),
        lang.pick("起", "from"),
        lang.pick("止", "until"),
        lang.pick("状态", "state"),
        lang.pick("任命机构", "appointed by"),
        lang.pick("说明", "why"),
    ];
    out::table(&headings, &rows)
}

fn post(office: &Shown, lang: Lang) -> String {
    let word = match office.purpose.as_str() {
        "authority" => lang.pick("机构授权", "authority"),
        "node" => lang.pick("节点", "node"),
        "witness" => lang.pick("见证", "witness"),
        _ => {
            let roles = office.roles.iter().filter_map(|id| Role::parse(id));
            let names: Vec<&str> = roles.map(|role| lang.pick(role.zh(), role.en())).collect();
            return names.join(lang.pick("、", ", "));
        }
    };
    word.to_owned()
}

/// Of one that was revoked: by whom, and why.
fn reason(office: &Shown) -> String {
    match (&office.by_name, &office.words) {
        (Some(by), Some(words)) => format!("{by}：{words}"),
        _ => String::new(),
    }
}

fn state(office: &Shown, lang: Lang) -> String {
    let days = office.days.unwrap_or_default();
    match office.state.as_str() {
        "expiring" if office.renewed => lang.pick("已续任", "renewed").to_owned(),
        "expiring" => match lang {
            Lang::Zh => format!("还有 {days} 天到期"),
            Lang::En => format!("ends in {days} days"),
        },
        "in_force" => lang.pick("有效", "in force").to_owned(),
        "not_yet" => lang.pick("尚未开始", "not yet").to_owned(),
        "expired" => lang.pick("已到期", "expired").to_owned(),
        "contested" => lang.pick("待追认", "contested").to_owned(),
        _ => {
            let at = day(Timestamp(office.at.unwrap_or_default()));
            match lang {
                Lang::Zh => format!("{at} 撤销"),
                Lang::En => format!("revoked on {at}"),
            }
        }
    }
}
