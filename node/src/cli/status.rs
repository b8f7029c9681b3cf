//! `lianzhan status`

use serde::Deserialize;

use super::reach::{Reach, shown};
use super::{Lang, Shell, out};
use crate::services::federation::Federation;
use crate::web::node_words;

/// Say how the node is doing 节点的状况
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan status
  lianzhan status --logs
  lianzhan status --json")]
pub(super) struct Status {
    /// List the logs held here, too 另列出本机存有的日志
    #[arg(long)]
    logs: bool,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

/// What is shown of [`crate::services::query::Status`].
#[derive(Deserialize)]
struct Shown {
    name: String,
    level: String,
    version: String,
    federation: String,
    entries: u64,
    witnessed_entries: u64,
    records: u64,
    visits: u64,
    joint_seals: u64,
    views_lag: u64,
    documents_lag: u64,
    keys_lacking: u64,
    logs: Vec<Log>,
    peers: Vec<Peer>,
    policy: Vec<String>,
    witness_retired: Option<String>,
    key_changes: Vec<String>,
    alarms: Vec<Alarm>,
    ending: Vec<super::appointments::Shown>,
    node_revoked: Option<NodeRevoked>,
    contested: u64,
}

#[derive(Deserialize)]
struct NodeRevoked {
    by_name: String,
    words: String,
}

#[derive(Deserialize)]
struct Log {
    audience: String,
    owner: String,
    org: String,
    own: bool,
    size: u64,
    receipted: u64,
    halted: Option<String>,
}

#[derive(Deserialize)]
struct Peer {
    node: String,
    org: Option<String>,
    level: bool,
    received: u64,
    given: u64,
    to_give: u64,
    wanted: u64,
}

#[derive(Deserialize)]
struct Alarm {
    at: i64,
    kind: String,
    subject: String,
    words: String,
}

impl Status {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let (mut status, picture, running): (serde_json::Value, Federation, bool) =
            match Reach::open(&shell.dir())? {
                Reach::Here(node) => {
                    node.catch_up(|_| {})?;
                    let status = serde_json::to_value(node.status(Vec::new())?)?;
                    (status, node.federation(&[])?, false)
                }
                Reach::Running(client) => (client.get("/status")?, client.get("/network")?, true),
            };
        if self.json {
            status["network"] = serde_json::to_value(&picture)?;
            return out::json(&status);
        }
        let shown: Shown = shown(status)?;
        let mut text = text(&shown, running, shell.lang);
        text.push('\n');
        text.push_str(&super::tree::text(&picture, shell.lang));
        if !picture.misconduct.is_empty() {
            text.push('\n');
            text.push_str(&super::tree::misconduct(&picture, shell.lang));
        }
        if self.logs && !shown.logs.is_empty() {
            text.push('\n');
            text.push_str(&logs(&shown.logs, shell.lang));
        }
        out::bytes(text.as_bytes())
    }
}

fn text(status: &Shown, running: bool, lang: Lang) -> String {
    let state = match running {
        true => lang.pick("运行中", "running"),
        false => lang.pick("未运行", "not running"),
    };
    let mut text = format!(
        "{} ({}) · {state} · lianzhan {}\n",
        status.name, status.level, status.version
    );
    let mut line =
        |zh: &str, en: &str, value: String| text.push_str(&format!("{}: {value}\n", lang.pick(zh, en)));
    line("网络标识", "federation", status.federation.clone());
    line("记录", "records", status.records.to_string());
    line("来信来访", "visits", status.visits.to_string());
    line(
        "联合活动封签",
        "seals of joint activities",
        status.joint_seals.to_string(),
    );
    line(
        "本机条目 / 已见证",
        "own entries / witnessed",
        format!("{} / {}", status.entries, status.witnessed_entries),
    );
    if !status.policy.is_empty() {
        line("还须见证的上级", "must witness, too", status.policy.join(", "));
    }
    for change in &status.key_changes {
        let what = match change.as_str() {
            "node_waits" => lang.pick(
                "节点的新密钥已任命，重新启动节点后生效",
                "the node's new key is appointed; start the node anew",
            ),
            "node_replaced" => lang.pick(
                "节点的新密钥已生效，旧密钥尚未撤销：请运行 lianzhan node renew",
                "the node's old key is not revoked yet: run lianzhan node renew",
            ),
            _ => lang.pick(
                "已请求更换机构密钥，等待上级批准",
                "another key of the authority is asked for; the org above has not granted it yet",
            ),
        };
        line("密钥更换", "change of keys", what.to_owned());
    }
    let replaced = status.key_changes.iter().any(|change| change == "node_replaced");
    if status.witness_retired.is_some() && !replaced {
        line(
            "见证",
            "witnessing",
            lang.pick(
                "已停止：请运行 lianzhan witness renew",
                "stopped: run lianzhan witness renew",
            )
            .to_owned(),
        );
    }
    for (zh, en, count) in [
        ("待更新的视图", "views that lag", status.views_lag),
        ("待更新的文档", "documents that lag", status.documents_lag),
        ("尚缺密钥的附册", "annexes without a key yet", status.keys_lacking),
        (
            "有待追认内容的记录",
            "records with entries to adopt",
            status.contested,
        ),
    ] {
        if count > 0 {
            line(zh, en, count.to_string());
        }
    }
    if let Some(NodeRevoked { by_name, words }) = &status.node_revoked {
        line(
            "本节点的任命已撤销，写入的内容须追认",
            "THE APPOINTMENT OF THIS NODE IS REVOKED; what it writes waits for an adoption",
            format!("{by_name}: {words}"),
        );
    }
    if !status.ending.is_empty() {
        text.push_str(lang.pick("\n即将到期的任命：\n", "\nappointments that end soon:\n"));
        text.push_str(&super::appointments::table(&status.ending, lang));
    }
    if !status.peers.is_empty() {
        text.push('\n');
        text.push_str(&peers(&status.peers, lang));
    }
    if !status.alarms.is_empty() {
        text.push('\n');
        text.push_str(&alarms(&status.alarms, lang));
    }
    text
}

fn peers(peers: &[Peer], lang: Lang) -> String {
    let rows: Vec<_> = peers
        .iter()
        .map(|peer| {
            let name = peer
                .org
                .clone()
                .unwrap_or_else(|| peer.node.chars().take(16).collect());
            let level = if peer.level {
                lang.pick("已同步", "level")
            } else {
                lang.pick("同步中", "syncing")
            };
            vec![
                name,
                level.to_owned(),
                format!("{}/{}", peer.received, peer.wanted),
                format!("{}/{}", peer.given, peer.given + peer.to_give),
            ]
        })
        .collect();
    let headings = [
        lang.pick("已连接", "peer"),
        lang.pick("状态", "state"),
        lang.pick("本次收到", "received"),
        lang.pick("本次发出", "sent"),
    ];
    out::table(&headings, &rows)
}

fn logs(logs: &[Log], lang: Lang) -> String {
    let rows: Vec<_> = logs
        .iter()
        .map(|log| {
            vec![
                log.owner.clone(),
                log.audience.clone(),
                log.org.clone(),
                (if log.own { lang.pick("本机", "own") } else { "" }).to_owned(),
                log.size.to_string(),
                log.receipted.to_string(),
                log.halted.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let headings = [
        lang.pick("所属", "owner"),
        lang.pick("范围", "audience"),
        lang.pick("写入", "written by"),
        "",
        lang.pick("条目", "entries"),
        lang.pick("已见证", "witnessed"),
        lang.pick("停用原因", "halted"),
    ];
    out::table(&headings, &rows)
}

fn alarms(alarms: &[Alarm], lang: Lang) -> String {
    let text = &super::tree::speech(lang);
    let mut said = String::new();
    for alarm in alarms.iter().take(10) {
        let (happened, todo) = node_words::alarm(text, &alarm.kind);
        let (time, subject) = (out::time(alarm.at), &alarm.subject);
        let words = node_words::noted(text, &alarm.words);
        said += &format!("{time}  {happened}\n    {subject}\n    {words}\n    {todo}\n");
    }
    let heading = lang.pick("警报：", "alarms:");
    format!("{heading}\n{said}")
}
