//! `lianzhan invite`

use age::secrecy::ExposeSecret;
use anyhow::bail;
use serde::Deserialize;
use serde_json::json;

use super::found::OrgArgs;
use super::lang::said;
use super::reach::Reach;
use super::{Shell, ask, out};
use crate::services::Node;
use crate::services::found::OrgDraft;

/// Invite the node of an org directly below 邀请直接下级的节点
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan invite --level county --name 澄川县 --name-en Chengchuan --code 990121

Prints one code. Give it to who sets up that node, who types `lianzhan join CODE`. It is good once and for seven days;
this node must be running then. Whoever has the code can join in that org's place, so hand it over safely.
打印一个邀请码，交给下级节点的安装人，在那里运行 lianzhan join。七天内有效，只能用一次；加入时本节点须在运行。")]
pub(super) struct Invite {
    #[command(flatten)]
    org: OrgArgs,
    /// An address at which the new node reaches this one, such as /ip4/192.0.2.1/tcp/7611; may be repeated 本节点的地址
    #[arg(long = "address", value_name = "ADDRESS")]
    addresses: Vec<String>,
}

#[derive(Deserialize)]
struct Invited {
    code: String,
}

impl Invite {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        if let (Reach::Here(node), true) = (&reach, self.addresses.is_empty())
            && !is_dialable(node)
        {
            bail!(said(
                "不知道新节点怎样连到本节点。请先运行本节点（lianzhan run），或用 --address 说明，如 /ip4/192.0.2.1/tcp/7611。",
                "it is not known how the new node will reach this one; start this node first (lianzhan run), or give \
                 --address, such as /ip4/192.0.2.1/tcp/7611",
            ));
        }
        let passphrase = ask::passphrase(
            shell,
            ask::PASSPHRASE,
            "本机构密钥的口令",
            "passphrase of the org's authority key",
        )?;
        let code = match reach {
            Reach::Here(node) => {
                let addresses = match self.addresses {
                    given if given.is_empty() => vec![node.config().listen.clone()],
                    given => given,
                };
                let draft = OrgDraft {
                    level: self.org.level,
                    name_zh: self.org.name,
                    name_en: self.org.name_en,
                    code: self.org.code,
                };
                node.invite(draft, &passphrase, addresses)?.to_code()
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": passphrase.expose_secret(), "level": self.org.level.as_str(), "name_zh": self.org.name,
                    "name_en": self.org.name_en, "code": self.org.code, "addresses": self.addresses,
                });
                client.post::<Invited>("/invite", &body)?.code
            }
        };
        out::line(&code)?;
        shell.say(
            "上面是邀请码，七天内有效，只能用一次。在新节点上运行：lianzhan join 邀请码",
            "Above is the code, good once and for seven days. On the new node: lianzhan join CODE",
        );
        Ok(())
    }
}

/// Whether the configured address is one that another machine can dial.
fn is_dialable(node: &Node) -> bool {
    let listen = &node.config().listen;
    !listen.contains("/ip4/0.0.0.0/") && !listen.contains("/ip6/::/") && !listen.ends_with("/tcp/0")
}
