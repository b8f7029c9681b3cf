//! `lianzhan policy`

use age::secrecy::ExposeSecret;
use lianzhan_protocol::trust::Level;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::found::level;
use super::reach::Reach;
use super::{Shell, appoint, out};

/// Say which orgs above must witness every log beside the parent (at the root) 规定哪些上级必须见证（在最上级）
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan policy --witness county,city      county and city must both witness 县和市都要见证
  lianzhan policy --witness none             the parent alone 只要直接上级见证

Each node that learns of it starts new logs when it next writes. Asks for the passphrase of the org's authority key.
各节点得知后，下次写入时另起新日志。先问本机构密钥的口令。")]
pub(super) struct Policy {
    /// Levels, from the top or not, or none 层级
    #[arg(long, value_name = "LEVELS")]
    witness: String,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Stated {
    statement: String,
}

impl Policy {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let levels: Vec<Level> = match self.witness.trim() {
            "none" => Vec::new(),
            listed => listed
                .split(',')
                .map(|id| level(id.trim()).map_err(anyhow::Error::msg))
                .collect::<Result<_, _>>()?,
        };
        let reach = Reach::open(&shell.dir())?;
        let own = appoint::own_passphrase(shell)?;
        let statement = match reach {
            Reach::Here(node) => {
                let authority = node.unlock_authority(&own)?;
                node.set_witness_policy(&authority, levels)?.to_string()
            }
            Reach::Running(client) => {
                let levels: Vec<_> = levels.iter().map(|level| level.as_str()).collect();
                let body = json!({ "passphrase": own.expose_secret(), "levels": levels });
                client.post::<Stated>("/policy", &body)?.statement
            }
        };
        let lines = [statement.clone()];
        out::told(
            shell,
            self.json,
            &Stated { statement },
            &lines,
            "已规定。各节点下次写入时另起新日志。",
            "Stated. Each node starts new logs when it next writes.",
        )
    }
}
