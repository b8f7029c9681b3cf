//! `lianzhan divisions`

use std::path::PathBuf;

use anyhow::Context;

use super::lang::said;
use super::{Shell, out};
use crate::services::divisions;

/// Give the node a table of division codes (.csv or .xlsx) 装入行政区划代码表
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan divisions 区划代码.csv

Columns 列: code 代码, name 名称, parent 上级代码, valid_from 启用日期, and if there are any 如有: valid_to 停用日期, successors 变更后代码.
Lists rows that are remarkable, and those that are left out. The table replaces the one before; a running node takes it up.
列出有疑问的行和未采用的行。新表取代旧表，运行中的节点随即采用。")]
pub(super) struct Divisions {
    /// The file 文件
    file: PathBuf,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Divisions {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let shown = self.file.display();
        let bytes = std::fs::read(&self.file).with_context(|| {
            said(
                format!("读不到文件 {shown}。"),
                format!("{shown}: give the path of a file that can be read"),
            )
        })?;
        let name = self
            .file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let given = divisions::give(&shell.dir(), &name, &bytes)?;
        let lines: Vec<String> = given
            .remarks
            .iter()
            .map(|remark| {
                let words = shell.lang.pick(&remark.zh, &remark.en);
                let left_out = if remark.left_out {
                    shell.lang.pick("（未采用）", " (left out)")
                } else {
                    ""
                };
                format!("{}\t{}\t{words}{left_out}", remark.row, remark.code)
            })
            .collect();
        let count = given.codes;
        out::told(
            shell,
            self.json,
            &given,
            &lines,
            &format!("采用 {count} 个代码。"),
            &format!("{count} codes are in use."),
        )
    }
}
