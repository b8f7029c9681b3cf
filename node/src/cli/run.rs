//! `lianzhan run`

use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// Where pages are served, instead of what lianzhan.toml says 网页地址
    #[arg(long)]
    web: Option<SocketAddr>,
    /// Where other nodes are answered, with commas between several, instead of what lianzhan.toml says 与其他节点通信的地址
    #[arg(long)]
    listen: Option<String>,
    /// Serve pages encrypted: the certificate chain, a PEM file 网页证书
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// Its key, a PEM file 证书私钥
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// A reverse proxy encrypts the pages; what browsers open 反向代理的地址
    #[arg(long, value_name = "https://NAME")]
    proxy: Option<String>,
}

impl Run {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let overrides = Overrides {
            web: self.web,
            listen: self.listen,
            tls_certificate: absolute(self.tls_certificate)?,
            tls_key: absolute(self.tls_key)?,
            proxy: self.proxy,
        };
        crate::runtime::run(&shell.dir(), &overrides)
    }
}

/// A path as typed is meant from where the command runs; in the configuration, from the node's directory on.
fn absolute(path: Option<PathBuf>) -> std::io::Result<Option<PathBuf>> {
    path.map(std::path::absolute).transpose()
}
