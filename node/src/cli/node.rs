//! `lianzhan node`

use age::secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::appoint::own_passphrase;
use super::reach::Reach;
use super::{Lang, Shell, out};
use crate::services::rekey::{NodeKeyChange, NodeKeyDraft, renew_node};
use crate::services::revoke::parse_ground;

/// Give this node another key 更换本节点的密钥
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan node renew                       as planned: nothing that was written is lost 计划更换：已写内容不受影响
  lianzhan node renew --stolen --since 2026-11-20 --reason 硬盘失窃

A stopped node gets its new key at once. A running one learns of it now, takes it up when it is started next, and revokes
the old key when this command is given once more. Its logs end, and new ones begin. Other nodes go on finding it at its
address. Of a stolen key nothing witnessed since then is good until it is adopted, and without --since nothing at all.
Where the whole machine is lost, the org above invites again: lianzhan invite --again.
停着的节点立即换钥；运行中的节点先备好新钥，重新启动后生效，再执行一次本命令撤销旧钥。旧日志到此为止，另起新日志；其他节点照旧按地址找到它。
失窃的，自该时起见证的内容待追认，不写 --since 则全部待追认。整机丢失时由上级重新邀请：lianzhan invite --again。")]
pub(super) struct NodeCommand {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Make another key for this node, and revoke the old one 更换密钥，撤销旧的
    Renew(Renew),
}

#[derive(clap::Args)]
struct Renew {
    /// Why; everybody can read it 理由（公开）
    #[arg(long, value_name = "WORDS", default_value = "更换节点密钥 node key replaced")]
    reason: String,
    /// The old key was, or may be, in other hands 旧密钥失窃
    #[arg(long)]
    stolen: bool,
    /// Since when, such as 2026-11-20 or 2026-11-20T09:00 自何时起
    #[arg(long, value_name = "TIME", requires = "stolen")]
    since: Option<String>,
    /// Nobody can say since when: all that the old key ever signed waits for an adoption 无从得知何时起，全部待追认
    #[arg(long, requires = "stolen", conflicts_with = "since")]
    everything: bool,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Renewed {
    appointment: Option<String>,
    revoked: Vec<String>,
    adopted: usize,
    witness: Option<String>,
    restart: bool,
}

impl From<NodeKeyChange> for Renewed {
    fn from(change: NodeKeyChange) -> Self {
        Renewed {
            appointment: change.appointment.map(|id| id.to_string()),
            revoked: change.revoked.iter().map(ToString::to_string).collect(),
            adopted: change.adopted,
            witness: change.witness.map(|id| id.to_string()),
            restart: change.restart,
        }
    }
}

impl NodeCommand {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let Act::Renew(renew) = self.act;
        renew.run(shell)
    }
}

impl Renew {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let draft = NodeKeyDraft {
            ground: parse_ground(self.stolen, self.since.as_deref(), self.everything)?,
            words: self.reason.clone(),
        };
        let reach = Reach::open(&shell.dir())?;
        let own = own_passphrase(shell)?;
        let renewed: Renewed = match reach {
            Reach::Here(node) => renew_node(node, &own, &draft)?.into(),
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": own.expose_secret(), "reason": self.reason, "hard": self.stolen,
                    "since": self.since, "everything": self.everything,
                });
                client.post("/node/renew", &body)?
            }
        };
        let ids: Vec<String> = renewed
            .appointment
            .iter()
            .chain(&renewed.revoked)
            .cloned()
            .collect();
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| words(&renewed, lang));
        out::told(shell, self.json, &renewed, &ids, &zh, &en)
    }
}

fn words(renewed: &Renewed, lang: Lang) -> String {
    if renewed.restart {
        return lang
            .pick(
                "新密钥已任命（上面是任命编号）。请重新启动节点，使它生效；然后再执行一次 lianzhan node renew，撤销旧密钥。",
                "The new key is appointed; above is the id of its appointment. Start the node anew, so that it takes it up; then \
                 run lianzhan node renew once more, which revokes the old key.",
            )
            .to_owned();
    }
    let mut text = lang
        .pick(
            "旧密钥已撤销，新密钥生效。旧密钥文件改名保留。",
            "The new key is in force, and the old one revoked. The old key file stays beside it under another name.",
        )
        .to_owned();
    if renewed.adopted > 0 {
        let count = renewed.adopted;
        text.push_str(&match lang {
            Lang::Zh => format!("尚未见证的 {count} 项内容已一并追认。"),
            Lang::En => format!(" {count} entries that were not witnessed yet were adopted in the same act."),
        });
    }
    if renewed.witness.is_some() {
        text.push_str(lang.pick("见证密钥也已更换。", " The witness key was replaced, too."));
    }
    text
}
