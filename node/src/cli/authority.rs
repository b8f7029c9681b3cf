//! `lianzhan authority`

use age::secrecy::ExposeSecret;
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::appoint::{own_passphrase, until};
use super::reach::Reach;
use super::{Shell, ask, out};
use crate::services::authority::{AuthorityGrant, AuthorityRequest, Loss};
use crate::services::office::last_day;
use crate::services::revoke::Keep;

/// Give an org's authority another key; the org above appoints it 更换机构密钥，由上级任命
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan authority ask                                       at the org: makes the key, prints a code 在本机构：生成密钥，打印请求码
  lianzhan authority ask --lost                                the present key or its passphrase is lost 现用密钥或口令已丢失
  lianzhan authority grant CODE --reason 换届                  at the org above 在上级
  lianzhan authority grant CODE --reason 口令遗忘 --lost       where the present key could not sign the request 现用密钥不能签名时
  lianzhan authority grant CODE --reason 失窃 --stolen --since 2026-11-20

The key before is revoked, and what it appointed stands; of a stolen one nothing does that --keep does not name, until it is
adopted. The new key is in force at the org as soon as the grant has come there by sync: from then on its passphrase is asked
for. The root's authority has founders instead: lianzhan succession.
原密钥随即撤销，它此前的任命仍然有效；失窃的，除 --keep 所列外，待追认后才有效。批准随同步到达后，新密钥即生效，此后用新口令。
最上级的授权由创立人指定，见 lianzhan succession。")]
pub(super) struct Authority {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Make the new key here and print a code for the org above 生成新密钥，打印请求码
    Ask(Ask),
    /// Appoint the key that an org directly below asks for, and revoke the one before 按请求码任命，并撤销原密钥
    Grant(Grant),
}

#[derive(clap::Args)]
struct Ask {
    /// The present key, or its passphrase, is lost 现用密钥或口令已丢失
    #[arg(long)]
    lost: bool,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Grant {
    /// What `authority ask` printed at the org below 下级的请求码
    code: String,
    /// Why the key before is revoked; everybody can read it 理由（公开）
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// The key before is lost 原密钥丢失
    #[arg(long, conflicts_with = "stolen")]
    lost: bool,
    /// The key before was, or may be, in other hands 原密钥失窃
    #[arg(long)]
    stolen: bool,
    /// Since when, such as 2026-11-20 or 2026-11-20T09:00 自何时起
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Which statements of the key before go on standing [default: all; of a stolen one none] 保留原密钥的哪些声明
    #[arg(long, value_name = "all|none|IDS")]
    keep: Option<String>,
    /// The last day of the new key [default: as long as the org's authority that grants] 任期的最后一天
    #[arg(long, value_name = "DATE", value_parser = until)]
    until: Option<Timestamp>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Asked {
    code: String,
    fingerprint: String,
    confirmed: bool,
}

#[derive(Serialize, Deserialize)]
struct Granted {
    org: String,
    appointment: String,
    revoked: Vec<String>,
}

impl Authority {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self.act {
            Act::Ask(ask) => ask.run(shell),
            Act::Grant(grant) => grant.run(shell),
        }
    }
}

impl Ask {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        let present = (!self.lost).then(|| own_passphrase(shell)).transpose()?;
        let new = ask::new_passphrase(
            shell,
            ask::NEW_PASSPHRASE,
            "为新的机构密钥设定口令",
            "new passphrase for the org's new authority key",
        )?;
        let asked = match reach {
            Reach::Here(node) => {
                let request = node.ask_authority(present.as_ref(), &new)?;
                Asked {
                    code: request.to_code(),
                    fingerprint: request.fingerprint(),
                    confirmed: request.confirmed.is_some(),
                }
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": present.as_ref().map(|present| present.expose_secret()),
                    "new_passphrase": new.expose_secret(),
                });
                client.post("/authority/ask", &body)?
            }
        };
        let print = &asked.fingerprint;
        let confirm = match asked.confirmed {
            true => ["", ""],
            false => [
                "现用密钥没有签名：上级须先核对指纹，再加 --lost 或 --stolen 批准。",
                " The present key did not sign it: the org above compares the fingerprint and grants it with --lost or --stolen.",
            ],
        };
        out::told(
            shell,
            self.json,
            &asked,
            std::slice::from_ref(&asked.code),
            &format!(
                "把上面的请求码交给上级，在那里运行 lianzhan authority grant。新密钥的指纹：{print}。{}批准到达前，现用密钥照常使用。",
                confirm[0]
            ),
            &format!(
                "Give the code above to the org above, which runs lianzhan authority grant. Fingerprint of the new key: \
                 {print}.{} Until the grant comes by sync, the present key goes on.",
                confirm[1]
            ),
        )
    }
}

impl Grant {
    fn loss(&self) -> Loss {
        match (self.lost, self.stolen) {
            (true, _) => Loss::Lost,
            (_, true) => Loss::Stolen,
            _ => Loss::None,
        }
    }

    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let loss = self.loss();
        let request = AuthorityRequest::from_code(&self.code)?;
        let keep = self.keep.as_deref().map(Keep::parse).transpose()?;
        let grant =
            AuthorityGrant::stated(loss, self.since.as_deref(), self.reason.clone(), keep, self.until)?;
        let reach = Reach::open(&shell.dir())?;
        let print = request.fingerprint();
        // Whoever grants sees first what.
        shell.say(
            &format!("新密钥的指纹：{print}"),
            &format!("Fingerprint of the new key: {print}"),
        );
        let own = own_passphrase(shell)?;
        let granted = match reach {
            Reach::Here(node) => {
                let change = node.grant_authority(&own, &request, &grant)?;
                Granted {
                    org: change.org.to_string(),
                    appointment: change.appointment.to_string(),
                    revoked: change.revoked.iter().map(ToString::to_string).collect(),
                }
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": own.expose_secret(), "code": self.code, "reason": self.reason, "loss": loss,
                    "since": self.since, "keep": self.keep, "until": self.until.map(last_day),
                });
                client.post("/authority/grant", &body)?
            }
        };
        let [zh, en] = match granted.revoked.is_empty() {
            false => [
                "已任命新密钥，原密钥已撤销。上面是新任命的编号，下次同步时到达下级。",
                "The new key is appointed, and the one before revoked. Above is the id of the appointment; it reaches the org \
                 below with the next sync.",
            ],
            true => [
                "新密钥已任命，没有需要撤销的原密钥。上面是任命的编号。",
                "The new key is appointed; there is no key before it to revoke. Above is the id of the appointment.",
            ],
        };
        let ids = std::slice::from_ref(&granted.appointment);
        out::told(shell, self.json, &granted, ids, zh, en)
    }
}
