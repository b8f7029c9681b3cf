//! `lianzhan revoke`

use age::secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::appoint::own_passphrase;
use super::reach::Reach;
use super::{Shell, out};
use crate::services::revoke::{Keep, RevocationDraft, parse_ground};

/// Revoke an appointment 撤销任命
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan revoke lin --reason 调离本站
  lianzhan revoke lin --reason 手提电脑失窃 --stolen --since 2026-11-20T09:00
  lianzhan revoke 3f09ab12 --reason 授权密钥更换 --keep all

It is final. What the key signed and a witness has seen by now stays good; all else is contested, and counts once it is
adopted (lianzhan adopt). Of a stolen or lost key nothing witnessed since then is good, and without --since nothing at all.
撤销不可收回。此前已见证的照旧有效，其余待追认（lianzhan adopt）。失窃或丢失的，自该时起见证的也待追认；不写 --since 则全部待追认。")]
pub(super) struct Revoke {
    /// The appointment: its id or the first digits of it, or a login 任命编号或登录名
    #[arg(value_name = "APPOINTMENT|LOGIN")]
    appointment: String,
    /// Why; everybody can read it 理由（公开）
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// The key was, or may be, in other hands 密钥失窃
    #[arg(long, conflicts_with = "lost")]
    stolen: bool,
    /// The key is lost, and may be found by others 密钥丢失
    #[arg(long)]
    lost: bool,
    /// Since when, such as 2026-11-20 or 2026-11-20T09:00 自何时起
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Of an authority: which of its statements go on standing [default: all; of a stolen or lost key none] 机构授权：保留哪些
    #[arg(long, value_name = "all|none|IDS")]
    keep: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Stated {
    statements: Vec<String>,
}

impl Revoke {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let hard = self.stolen || self.lost;
        let ground = parse_ground(hard, self.since.as_deref())?;
        let keep = self.keep.as_deref().map(Keep::parse).transpose()?;
        let reach = Reach::open(&shell.dir())?;
        let own = own_passphrase(shell)?;
        let statements = match reach {
            Reach::Here(node) => {
                let draft = RevocationDraft {
                    appointment: node.find_office(&self.appointment)?,
                    ground,
                    words: self.reason,
                    keep,
                };
                let stated = node.revoke(&own, &draft)?;
                stated.iter().map(ToString::to_string).collect()
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": own.expose_secret(), "appointment": self.appointment, "reason": self.reason,
                    "hard": hard, "since": self.since, "keep": self.keep,
                });
                client.post::<Stated>("/revoke", &body)?.statements
            }
        };
        if self.json {
            return out::json(&json!({ "statements": statements }));
        }
        for statement in &statements {
            out::line(statement)?;
        }
        shell.say(
            "已撤销。待追认的内容见 lianzhan adopt --list。",
            "Revoked. What waits for an adoption is listed by lianzhan adopt --list.",
        );
        Ok(())
    }
}
