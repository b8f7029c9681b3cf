//! `lianzhan run`

use std::net::SocketAddr;

use super::Shell;
use crate::config::Overrides;

/// Run the node until Ctrl-C 运行节点，直到按 Ctrl-C
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan run --dir ./shiqiao --log-format json

Then open http://127.0.0.1:7610/ in a browser. All other commands work while it runs.
然后用浏览器打开 http://127.0.0.1:7610/ 。运行时其他命令照常可用。")]
pub(super) struct Run {
    /// Where pages are served, on this machine, instead of what lianzhan.toml says 网页地址
    #[arg(long)]
    web: Option<SocketAddr>,
    /// Where other nodes are answered, instead of what lianzhan.toml says 与其他节点通信的地址
    #[arg(long)]
    listen: Option<String>,
}

impl Run {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let overrides = Overrides {
            web: self.web,
            listen: self.listen,
        };
        crate::runtime::run(&shell.dir(), &overrides)
    }
}
