//! `lianzhan witness`

use age::secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::reach::Reach;
use super::{Shell, appoint, out};

/// Give this node another witness key after it was put back from a copy 从备份恢复后更换本节点的见证密钥
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan witness renew

What the old key cosigned stays good. Asks for the passphrase of the org's authority key.
旧密钥的见证仍然有效。先问本机构密钥的口令。")]
pub(super) struct Witness {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Make another witness key and begin another witness log 更换见证密钥，另起见证日志
    Renew(Renew),
}

#[derive(clap::Args)]
struct Renew {
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Renewed {
    appointment: String,
}

impl Witness {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let Act::Renew(Renew { json }) = self.act;
        let reach = Reach::open(&shell.dir())?;
        let own = appoint::own_passphrase(shell)?;
        let appointment = match reach {
            Reach::Here(node) => {
                let authority = node.unlock_authority(&own)?;
                node.renew_witness(&authority)?.to_string()
            }
            Reach::Running(client) => {
                let body = serde_json::json!({ "passphrase": own.expose_secret() });
                client.post::<Renewed>("/witness/renew", &body)?.appointment
            }
        };
        let lines = [appointment.clone()];
        out::told(
            shell,
            json,
            &Renewed { appointment },
            &lines,
            "已更换。上面是新见证密钥的任命编号。",
            "Renewed. Above is the id of the new witness key's appointment.",
        )
    }
}
