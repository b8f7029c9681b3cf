//! `lianzhan appoint`

use age::secrecy::ExposeSecret;
use lianzhan_protocol::trust::{Level, Role};
use serde::Deserialize;
use serde_json::json;

use super::found::level;
use super::reach::Reach;
use super::{Shell, ask, out};
use crate::services::appoint::PersonDraft;

/// Appoint a person who signs at this node 任命在本节点签名的人员
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan appoint lin --name 林晓 --role opinion_liaison --role station_liaison
  lianzhan appoint zhao --name 赵敏 --role deputy --seat township

Asks for the passphrase of the org's authority key, then for the new passphrase of that person, who should type it.
Without a terminal they come from LIANZHAN_PASSPHRASE and LIANZHAN_PERSON_PASSPHRASE.
先问本机构密钥的口令，再由本人设定自己的口令。

Roles 职责: station_liaison 联络员, opinion_liaison 民情联络员, deputy 代表, station_head 站长, secretary 人大秘书,
deputies_office 代表工委, organiser 组织者, and all others of docs/glossary.md.")]
pub(super) struct Appoint {
    /// Login: lowercase letters, digits, - or _ 登录名
    login: String,
    /// Name on the card 姓名
    #[arg(long)]
    name: String,
    /// A role; may be repeated 职责
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// Level of a deputy's seat 代表的层级
    #[arg(long, value_parser = level)]
    seat: Option<Level>,
}

#[derive(Deserialize)]
struct Appointed {
    appointment: String,
}

fn role(id: &str) -> Result<Role, String> {
    Role::parse(id).ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("choose one of {}", known.join(", "))
    })
}

impl Appoint {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        let own = ask::passphrase(
            shell,
            ask::PASSPHRASE,
            "本机构密钥的口令",
            "passphrase of the org's authority key",
        )?;
        let person = ask::new_passphrase(
            shell,
            ask::PERSON_PASSPHRASE,
            "被任命人自己的新口令",
            "new passphrase of the person",
        )?;
        let appointment = match reach {
            Reach::Here(node) => {
                let draft = PersonDraft {
                    login: self.login,
                    name: self.name,
                    roles: self.roles,
                    seat: self.seat,
                };
                node.appoint_person(&own, draft, &person)?.to_string()
            }
            Reach::Running(client) => {
                let roles: Vec<_> = self.roles.iter().map(|role| role.as_str()).collect();
                let body = json!({
                    "passphrase": own.expose_secret(), "login": self.login, "name": self.name, "roles": roles,
                    "seat": self.seat.map(Level::as_str), "person_passphrase": person.expose_secret(),
                });
                client.post::<Appointed>("/appoint", &body)?.appointment
            }
        };
        out::line(&appointment)?;
        shell.say(
            "已任命。上面是任命的编号。",
            "Appointed. Above is the id of the appointment.",
        );
        Ok(())
    }
}
