//! `lianzhan reindex`

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reach::{self, Reach};
use super::{Lang, Shell, out};
use crate::api::progress::Progress;

/// Make views and documents anew from the entries 由条目重建视图和文档
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan reindex

Nothing that was signed is touched. 不改动任何已签名的内容。")]
pub(super) struct Reindex {
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Reindexed {
    records: u64,
}

impl Reindex {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let spinner = out::spinner(shell.lang.pick("重建", "rebuilding"));
        let records = match Reach::open(&shell.dir())? {
            Reach::Here(node) => node.reindex(|done| spinner.set_position(done))?,
            Reach::Running(client) => {
                let follow = |progress: &Progress| out::follow(&spinner, progress, |_| None);
                let answer = client.post_long("/reindex", &json!({}), follow)?;
                reach::parsed::<Reindexed>(&answer)?.records
            }
        };
        spinner.finish_and_clear();
        if self.json {
            return out::json(&Reindexed { records });
        }
        out::line(&match shell.lang {
            Lang::Zh => format!("已重建 {records} 条记录。"),
            Lang::En => format!("{records} records rebuilt"),
        })
    }
}
