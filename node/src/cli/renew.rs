//! `lianzhan renew`

use age::secrecy::ExposeSecret;
use lianzhan_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::appoint::{own_passphrase, person_passphrase, until};
use super::reach::Reach;
use super::{Shell, out};
use crate::services::office::last_day;

/// Renew an appointment, or give a person a new key 续任，或更换密钥
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan renew lin --until 2028-06-30     the same key, a later day 同一密钥，延长任期
  lianzhan renew 3f09ab12                   by the first digits of the appointment's id 按任命编号的前几位
  lianzhan renew lin --new-key              a new key; the old one is revoked 换新密钥，撤销旧的

The holder need not be there for a renewal. An org's authority is renewed by the org above.
续任不需要本人在场。机构的授权由上级续任。
A lost key: lianzhan revoke LOGIN --lost --since DATE, then lianzhan appoint LOGIN --person LOGIN.
密钥丢失：先 lianzhan revoke 登录名 --lost --since 日期，再 lianzhan appoint 登录名 --person 登录名。")]
pub(super) struct Renew {
    /// The appointment: its id or the first digits of it, or a login 任命编号或登录名
    #[arg(value_name = "APPOINTMENT|LOGIN")]
    appointment: String,
    /// The last day [default: as long as the org's authority] 任期的最后一天
    #[arg(long, value_name = "DATE", value_parser = until, conflicts_with = "new_key")]
    until: Option<Timestamp>,
    /// Make a new key for this login and revoke the old one 更换密钥
    #[arg(long)]
    new_key: bool,
    /// Why, for the revocation of the old key 撤销旧密钥的理由
    #[arg(
        long,
        value_name = "WORDS",
        requires = "new_key",
        default_value = "更换密钥 key replaced"
    )]
    reason: String,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Renewed {
    appointment: String,
}

#[derive(Deserialize, serde::Serialize)]
struct Changed {
    appointments: Vec<String>,
    revoked: Vec<String>,
    requests: Vec<String>,
}

impl Renew {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        if self.new_key {
            return self.change_key(shell, reach);
        }
        let own = own_passphrase(shell)?;
        let appointment = match reach {
            Reach::Here(node) => {
                let id = node.find_office(&self.appointment)?;
                node.renew(&own, &id, self.until)?.to_string()
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": own.expose_secret(), "appointment": self.appointment,
                    "until": self.until.map(last_day),
                });
                client.post::<Renewed>("/renew", &body)?.appointment
            }
        };
        out::told(
            shell,
            self.json,
            &json!({ "appointment": appointment }),
            std::slice::from_ref(&appointment),
            "已续任。上面是新任命的编号。",
            "Renewed. Above is the id of the new appointment.",
        )
    }

    fn change_key(self, shell: &Shell, reach: Reach) -> anyhow::Result<()> {
        let own = own_passphrase(shell)?;
        let new = person_passphrase(shell)?;
        let changed: Changed = match reach {
            Reach::Here(node) => {
                let changed = node.change_key(&own, &self.appointment, &new, &self.reason)?;
                Changed {
                    appointments: changed.appointments.iter().map(ToString::to_string).collect(),
                    revoked: changed.revoked.iter().map(ToString::to_string).collect(),
                    requests: changed.requests.iter().map(|request| request.to_code()).collect(),
                }
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": own.expose_secret(), "login": self.appointment,
                    "person_passphrase": new.expose_secret(), "reason": self.reason,
                });
                client.post("/renew/key", &body)?
            }
        };
        if self.json {
            return out::json(&changed);
        }
        for line in changed.appointments.iter().chain(&changed.requests) {
            out::line(line)?;
        }
        shell.say(
            "密钥已更换，旧密钥的任命已撤销。上面是新任命的编号。",
            "The key is replaced, and the appointment of the old one revoked. Above are the new appointments.",
        );
        if !changed.requests.is_empty() {
            shell.say(
                "有的职务由上级任命：把请求码交给上级，由上级运行 lianzhan appoint --grant，并撤销旧任命。",
                "Some posts are given by the org above: give it the codes; it runs lianzhan appoint --grant, and revokes the old ones.",
            );
        }
        Ok(())
    }
}
