//! `lianzhan join`

use std::io::Read;

use age::secrecy::ExposeSecret;
use anyhow::Context;

use super::found::Place;
use super::lang::said;
use super::reach::Reach;
use super::{Shell, ask, block_on, out};
use crate::net;
use crate::services::invite::{Invitation, InviteError, InvitedPerson};
use crate::services::join::{PersonChoice, Step, join, join_person};

/// Set up this machine's node from an invitation 凭邀请码建立本机节点
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan join lianzhan-join-2.pAFZ...        or, from a file 或从文件读入: lianzhan join - < code.txt

Asks for a new passphrase that opens this org's authority key. The node that invited must be running. What broke off goes
on when the same command is run again, with the same passphrase. A machine that shows no terminal: `lianzhan run` on a
directory that holds no node serves a page that takes the code.
会要求为本机构的密钥设定口令。发出邀请的节点须在运行。中断后用同一口令再运行一次即可继续。
也可直接运行 lianzhan run，在网页里粘贴邀请码。

A code that appoints a person asks for --login, and for --name where it has none; where the org has its node it is used there.
任命人员的邀请码还要 --login，邀请里没有姓名的要 --name；单位已有节点的，在该节点上使用。")]
pub(super) struct Join {
    /// The code of the invitation; - reads it from stdin 邀请码
    code: String,
    /// Login of the person whom the code appoints 随邀请码任命的人员的登录名
    #[arg(long)]
    login: Option<String>,
    /// Their name, where the invitation has none 姓名
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Join {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let dir = shell.dir();
        let code = match self.code.as_str() {
            "-" => {
                let mut code = String::new();
                std::io::stdin().read_to_string(&mut code)?;
                code
            }
            code => code.to_owned(),
        };
        // What is no code is told before a passphrase is chosen.
        let invitation = Invitation::from_code(&code)?;
        if !invitation.is_of_node() {
            return self.person(shell, &code, &invitation);
        }
        let (login, name) = (self.login, self.name);
        let config = self.place.config(shell)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).with_context(|| {
                said(
                    format!("不能建立目录 {}。", parent.display()),
                    format!("{} cannot be made", parent.display()),
                )
            })?;
        }
        let passphrase = ask::new_passphrase(
            shell,
            ask::PASSPHRASE,
            "为本机构的密钥设定口令",
            "new passphrase for this org's authority key",
        )?;
        let person = match &invitation.person {
            Some(invited) => Some(choice(shell, login, name, invited)?),
            None => None,
        };
        let brings = person.is_some();
        let spinner = out::spinner("");
        let tell = |step| spinner.set_message(words(step, shell));
        let joined = block_on(join(&dir, &code, passphrase, person, config, net::join, tell))?;
        spinner.finish_and_clear();
        let node = joined?;
        let org = node.org()?;
        let (zh, en) = match brings {
            true => (
                "已加入，人员已任命。下一步：lianzhan run 启动。",
                "Joined, and the person is appointed. Next: lianzhan run.",
            ),
            false => (
                "已加入。下一步：lianzhan appoint 任命人员，lianzhan run 启动。",
                "Joined. Next: lianzhan appoint, lianzhan run.",
            ),
        };
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "org": org.id.to_string(), "name": org.name_zh, "dir": dir }),
            std::slice::from_ref(&org.name_zh),
            zh,
            en,
        )
    }

    /// Appoints a person at the node that is here.
    fn person(self, shell: &Shell, code: &str, invitation: &Invitation) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        let invited = invitation.person.as_ref().ok_or(InviteError::NoPerson)?;
        let choice = choice(shell, self.login, self.name, invited)?;
        let login = choice.login.clone();
        let appointment = match reach {
            Reach::Here(node) => block_on(join_person(&node, code, choice, net::join))??.to_string(),
            Reach::Running(client) => {
                let body = serde_json::json!({
                    "code": code, "login": choice.login, "name": choice.name,
                    "person_passphrase": choice.passphrase.expose_secret(),
                });
                let answer: Joined = client.post("/join", &body)?;
                answer.appointment
            }
        };
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "login": login, "appointment": appointment }),
            std::slice::from_ref(&login),
            "已任命，现在可以登录。",
            "Appointed; signing in works from now on.",
        )
    }
}

fn choice(
    shell: &Shell,
    login: Option<String>,
    name: Option<String>,
    invited: &InvitedPerson,
) -> anyhow::Result<PersonChoice> {
    let login = ask::login(shell, login)?;
    let name = name.or_else(|| invited.name.clone());
    let name = name.ok_or_else(|| said("请用 --name 写明姓名。", "state the person's name with --name"))?;
    let passphrase = ask::new_passphrase(
        shell,
        ask::PERSON_PASSPHRASE,
        "本人的口令",
        "the person's own new passphrase",
    )?;
    Ok(PersonChoice {
        login,
        name,
        passphrase,
    })
}

#[derive(serde::Deserialize)]
struct Joined {
    appointment: String,
}

fn words(step: Step, shell: &Shell) -> &'static str {
    let (zh, en) = match step {
        Step::Keys => ("生成密钥", "making keys"),
        Step::Asking => ("请上级任命", "asking for the appointment"),
        Step::Appointed => ("已任命，写入本机", "appointed; setting up the node"),
    };
    shell.lang.pick(zh, en)
}
