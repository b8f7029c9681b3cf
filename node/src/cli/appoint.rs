//! `lianzhan appoint`

use age::secrecy::{ExposeSecret, SecretString};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Level, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::found::level;
use super::reach::Reach;
use super::{Shell, ask, out};
use crate::services::appoint::{AppointmentRequest, PersonDraft};
use crate::services::office::last_day;
use crate::services::renew::parse_until;

/// Appoint a person who signs at this node 任命在本节点签名的人员
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan appoint lin --name 林晓 --role opinion_liaison --role station_liaison
  lianzhan appoint luo --name 罗定一 --role deputy --seat township --ask    at a station: prints a code 在站里：打印请求码
  lianzhan appoint --grant CODE                                            at the township 在乡镇
  lianzhan appoint lin --name 林晓 --role publicist --person lin           a further post, the same key 同一密钥兼任
  lianzhan appoint lin2 --name 林晓 --role publicist --person lin          a further key of the same person 同一人另一密钥

Whoever holds several posts signs in as LOGIN/ROLE, or LOGIN/ and the first digits of an appointment.
兼任的人登录时写“登录名/职务”，或“登录名/任命编号的前几位”。

A seat is given by an authority of its level: a station asks, the township grants, the answer comes with the next sync.
代表的层级由那一级任命：站里请求，乡镇批准，下次同步时生效。

Asks for the passphrase of the org's authority key, then for the new passphrase of that person, who should type it.
Without a terminal they come from LIANZHAN_PASSPHRASE and LIANZHAN_PERSON_PASSPHRASE.
先问本机构密钥的口令，再由本人设定自己的口令。

Roles 职责: station_liaison 联络员, opinion_liaison 民情联络员, deputy 代表, station_head 站长, secretary 人大秘书,
deputies_office 代表工委, organiser 组织者, and all others of docs/glossary.md.")]
pub(super) struct Appoint {
    /// Login: lowercase letters, digits, - or _ 登录名
    #[arg(required_unless_present = "grant")]
    login: Option<String>,
    /// Name on the card 姓名
    #[arg(long, required_unless_present = "grant")]
    name: Option<String>,
    /// A role; may be repeated 职责
    #[arg(long = "role", value_name = "ROLE", required_unless_present = "grant", value_parser = role)]
    roles: Vec<Role>,
    /// Level of a deputy's seat 代表的层级
    #[arg(long, value_parser = level)]
    seat: Option<Level>,
    /// The person, where they are known: an id or a login. A further post, or a further key 已知的人：编号或登录名
    #[arg(long, value_name = "ID|LOGIN")]
    person: Option<String>,
    /// The last day, such as 2027-06-30 [default: as long as the org's authority] 任期的最后一天
    #[arg(long, value_name = "DATE", value_parser = until, conflicts_with = "ask")]
    until: Option<Timestamp>,
    /// Make the key here and print a code by which the org above appoints it 生成密钥，打印请求码，由上级任命
    #[arg(long, conflicts_with = "grant")]
    ask: bool,
    /// Appoint as a node directly below asks 按下级的请求码任命
    #[arg(long, value_name = "CODE", conflicts_with_all = ["login", "name", "roles", "seat", "person"])]
    grant: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Appointed {
    appointment: String,
}

pub(super) fn role(id: &str) -> Result<Role, String> {
    Role::parse(id).ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("choose one of {}", known.join(", "))
    })
}

#[derive(Serialize, Deserialize)]
struct Asked {
    code: String,
}

impl Appoint {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        if let Some(code) = &self.grant {
            return grant(shell, reach, code, self.until, self.json);
        }
        let json = self.json;
        let draft = PersonDraft {
            login: self.login.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            roles: self.roles,
            seat: self.seat,
            person: self.person,
            until: self.until,
        };
        if self.ask {
            ask_above(shell, reach, draft, json)
        } else {
            appoint(shell, reach, draft, json)
        }
    }
}

/// Reads a last day.
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    parse_until(text).map_err(|error| error.to_string())
}

pub(super) fn own_passphrase(shell: &Shell) -> anyhow::Result<SecretString> {
    ask::passphrase(
        shell,
        ask::PASSPHRASE,
        "本机构密钥的口令",
        "passphrase of the org's authority key",
    )
}

pub(super) fn person_passphrase(shell: &Shell) -> anyhow::Result<SecretString> {
    ask::new_passphrase(
        shell,
        ask::PERSON_PASSPHRASE,
        "被任命人自己的新口令",
        "new passphrase of the person",
    )
}

/// What both routes for a new person take.
fn described(draft: &PersonDraft, person: &SecretString) -> serde_json::Value {
    let roles: Vec<_> = draft.roles.iter().map(|role| role.as_str()).collect();
    json!({
        "login": draft.login, "name": draft.name, "roles": roles, "seat": draft.seat.map(Level::as_str),
        "person": draft.person, "person_passphrase": person.expose_secret(),
    })
}

fn appoint(shell: &Shell, reach: Reach, draft: PersonDraft, json: bool) -> anyhow::Result<()> {
    let own = own_passphrase(shell)?;
    let person = person_passphrase(shell)?;
    let appointment = match reach {
        Reach::Here(node) => node.appoint_person(&own, draft, &person)?.to_string(),
        Reach::Running(client) => {
            let mut body = described(&draft, &person);
            body["passphrase"] = own.expose_secret().into();
            body["until"] = draft.until.map(last_day).into();
            client.post::<Appointed>("/appoint", &body)?.appointment
        }
    };
    let lines = [appointment.clone()];
    out::told(
        shell,
        json,
        &Appointed { appointment },
        &lines,
        "已任命。上面是任命的编号。",
        "Appointed. Above is the id of the appointment.",
    )
}

fn ask_above(shell: &Shell, reach: Reach, draft: PersonDraft, json: bool) -> anyhow::Result<()> {
    let person = person_passphrase(shell)?;
    let code = match reach {
        Reach::Here(node) => node.ask_appointment(draft, &person)?.to_code(),
        Reach::Running(client) => {
            client
                .post::<Asked>("/appoint/ask", &described(&draft, &person))?
                .code
        }
    };
    let lines = [code.clone()];
    out::told(
        shell,
        json,
        &Asked { code },
        &lines,
        "把上面的请求码交给上级，由上级运行 lianzhan appoint --grant。",
        "Give the code above to the org above, which runs lianzhan appoint --grant.",
    )
}

fn grant(
    shell: &Shell,
    reach: Reach,
    code: &str,
    until: Option<Timestamp>,
    json: bool,
) -> anyhow::Result<()> {
    let own = own_passphrase(shell)?;
    let appointment = match reach {
        Reach::Here(node) => node
            .grant_appointment(&own, &AppointmentRequest::from_code(code)?, until)?
            .to_string(),
        Reach::Running(client) => {
            let body =
                json!({ "passphrase": own.expose_secret(), "code": code, "until": until.map(last_day) });
            client.post::<Appointed>("/appoint/grant", &body)?.appointment
        }
    };
    let lines = [appointment.clone()];
    out::told(
        shell,
        json,
        &Appointed { appointment },
        &lines,
        "已任命。下次同步时到达请求的节点。",
        "Appointed. It reaches the asking node with the next sync.",
    )
}
