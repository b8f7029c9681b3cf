//! `lianzhan marks`

use super::reach::{Reach, percent};
use super::{Shell, out, query};
use crate::services::query::Table;

/// List changes whose times do not fit 列出时间对不上的记录
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan marks
  lianzhan marks --org 990121003 --csv

Recorded and witnessed are milliseconds since 1970. ahead: recorded, by its author's clock, after it was witnessed;
behind: a day later the log was witnessed without it. A mark is no verdict: look at the clock.
ahead：填写时间晚于见证时间；behind：填写一天之后，日志被见证时还没有它。标记不是结论，请查看时钟。")]
pub(super) struct Marks {
    /// Division code of an org, with all below it [default: this node's] 机构代码
    #[arg(long, value_name = "CODE")]
    org: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV 输出 CSV
    #[arg(long)]
    csv: bool,
}

impl Marks {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let table: Table = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                // Nobody keeps views up to date while the node does not run.
                node.catch_up(|_| {})?;
                node.marks_table(self.org.as_deref())?
            }
            Reach::Running(client) => match &self.org {
                Some(org) => client.get(&format!("/marks?org={}", percent(org)))?,
                None => client.get("/marks")?,
            },
        };
        match () {
            () if self.json => out::json(&table),
            () if self.csv => out::bytes(&table.to_csv()),
            () => out::bytes(query::text(&table, shell.lang).as_bytes()),
        }
    }
}
