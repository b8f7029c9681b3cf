//! `lianzhan demo`

use std::path::PathBuf;

use super::Shell;

/// Show a small prefecture of eight nodes on this machine 在本机演示：八个节点的小网络
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan demo

Founds one city, one county, two townships and four stations under --dir, imports the sample books, holds one joint
activity, and serves until Ctrl-C. A second start goes on with what is there. All places and persons are invented.
在 --dir 下建立一市一县两乡镇四个站，导入样例台账，举办一次联合活动，运行到按 Ctrl-C 为止。地名人名均为虚构。")]
pub(super) struct Demo {
    /// End when everything has arrived everywhere 全部到齐后即结束
    #[arg(long)]
    exit: bool,
    /// Print one JSON object as the last line 最后一行输出 JSON
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        crate::demo::run(crate::demo::DemoOptions {
            dir: shell
                .dir
                .clone()
                .unwrap_or_else(|| PathBuf::from("lianzhan-demo")),
            exit: self.exit,
            json: self.json,
        })
    }
}
