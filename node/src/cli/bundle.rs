//! `lianzhan bundle`

use std::path::PathBuf;

use anyhow::Context;
use serde_json::json;

use super::lang::said;
use super::reach::Reach;
use super::{Lang, Shell};
use crate::services::{files, parse_record};

/// Write an evidence bundle that an auditor checks offline 生成可离线核查的证据包
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan bundle 0196b2c3d4e5f60718293a4b5c6d7e8f -o evidence.tar
  lianzhan-audit verify evidence.tar --root lianzhan-node/founding.cose

Ids of records stand on their pages and in the first column of `lianzhan query`. Names, phones and addresses of the people
who came are never in a bundle. 记录编号见记录页面，或 lianzhan query 的第一列。证据包中没有来访人的个人信息。")]
pub(super) struct Bundle {
    /// Ids of records 记录编号
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<String>,
    /// The file to write 写入的文件
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Bundle {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let mut ids = self
            .records
            .iter()
            .map(|id| parse_record(id))
            .collect::<Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        ids.dedup();
        let bytes = match Reach::open(&shell.dir())? {
            Reach::Here(node) => node.bundle(&ids)?,
            Reach::Running(client) => client.post_bytes("/bundle", &json!({ "records": ids }))?,
        };
        std::fs::write(&self.output, &bytes).with_context(|| {
            said(
                format!("不能写入 {}。请另选地方。", self.output.display()),
                format!("{}: choose a place that can be written to", self.output.display()),
            )
        })?;
        let (file, root) = (self.output.display(), shell.dir().join(files::FOUNDING));
        eprintln!(
            "{}: lianzhan-audit verify {file} --root {}",
            match shell.lang {
                Lang::Zh => format!("已写入 {file}（{} 条记录）。核查", ids.len()),
                Lang::En => format!("{file} written, {} records. To check it", ids.len()),
            },
            root.display()
        );
        Ok(())
    }
}
