//! `lianzhan export`

use std::path::PathBuf;

use anyhow::Context;

use super::lang::said;
use super::reach::Reach;
use super::{Shell, out};
use crate::services::parse_record;

/// Write a record as an Automerge document that other tools open 把一条记录写成 Automerge 文档
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan export 0196b2c3d4e5f60718293a4b5c6d7e8f -o record.automerge

Holds the fields (f:...), the events (e:...) and every change that counts; names, phones and addresses of the people who
came are never in it, and no signatures: what proves a record is its bundle.
含各字段（f:...）、各事项（e:...）及全部有效更改；不含来访人的个人信息，也不含签名。要证明一条记录，请用证据包。")]
pub(super) struct Export {
    /// Id of the record 记录编号
    #[arg(value_name = "RECORD")]
    record: String,
    /// The file to write 写入的文件
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Export {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let id = parse_record(&self.record)?;
        let spinner = out::spinner(shell.lang.pick("读取记录", "reading the record"));
        let bytes = match Reach::open(&shell.dir())? {
            Reach::Here(node) => node.automerge_file(&id)?,
            Reach::Running(client) => client.get_bytes(&format!("/records/{id}/automerge"))?,
        };
        spinner.finish_and_clear();
        let file = self.output.display();
        std::fs::write(&self.output, &bytes).with_context(|| {
            said(
                format!("不能写入 {file}。请另选地方。"),
                format!("{file}: choose a place that can be written to"),
            )
        })?;
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "record": id.to_string(), "file": self.output, "bytes": bytes.len() }),
            &[],
            &format!("已写入 {file}。"),
            &format!("{file} written."),
        )
    }
}
