//! `lianzhan found`

use std::net::SocketAddr;

use anyhow::bail;
use lianzhan_protocol::trust::Level;

use super::{Shell, ask, out};
use crate::config::{Config, Overrides};
use crate::services::{ServiceError, files, found};

/// Found a federation and its topmost node 建立联站网络和最上级节点
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan found --level city --name 澜州市 --name-en Lanzhou --code 990100 --dir ./lanzhou

Asks for a new passphrase that opens the org's authority key: it is needed to appoint and to invite.
founding.cose in the directory is what an auditor needs; founders/*.age are for three founders to keep apart.
会要求设定口令：任命人员和邀请下级时要用。founding.cose 交给核查人；founders/*.age 由三位创立人分开保管。")]
pub(super) struct Found {
    #[command(flatten)]
    org: OrgArgs,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

/// How an org is described.
#[derive(clap::Args)]
struct OrgArgs {
    /// Level: national, province, city, county, township, street, station 层级
    #[arg(long, value_parser = level)]
    level: Level,
    /// Chinese name 中文名称
    #[arg(long)]
    name: String,
    /// English name 英文名称
    #[arg(long)]
    name_en: String,
    /// Division code of 2, 4, 6, 9 or 12 digits 行政区划代码
    #[arg(long)]
    code: String,
}

/// Where a new node serves; written to its lianzhan.toml.
#[derive(clap::Args)]
pub(super) struct Place {
    /// Where pages are served, on this machine [default: 127.0.0.1:7610] 网页地址
    #[arg(long)]
    web: Option<SocketAddr>,
    /// Where other nodes are answered, and by QUIC at the same port [default: /ip4/0.0.0.0/tcp/7611] 与其他节点通信的地址
    #[arg(long)]
    listen: Option<String>,
}

impl Place {
    /// The configuration of a new node.
    pub(super) fn config(self, shell: &Shell) -> anyhow::Result<Config> {
        let dir = shell.dir();
        if dir.join(files::FOUNDING).exists() {
            bail!(ServiceError::NodeExists(dir));
        }
        let overrides = Overrides {
            web: self.web,
            listen: self.listen,
            ..Overrides::default()
        };
        Ok(Config::load(&dir, &overrides)?)
    }
}

pub(super) fn level(id: &str) -> Result<Level, String> {
    Level::parse(id).ok_or_else(|| {
        let known: Vec<_> = Level::ALL.iter().map(|level| level.as_str()).collect();
        format!("choose one of {}", known.join(", "))
    })
}

impl Found {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let config = self.place.config(shell)?;
        let passphrase = ask::new_passphrase(
            shell,
            ask::PASSPHRASE,
            "为本机构的密钥设定口令",
            "new passphrase for the org's authority key",
        )?;
        let draft = found::OrgDraft {
            level: self.org.level,
            name_zh: self.org.name,
            name_en: self.org.name_en,
            code: self.org.code,
        };
        let node = found::found(&shell.dir(), draft, &passphrase, config)?;
        let founding = node.directory().founding().id().to_string();
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "founding": founding, "org": node.org_id().to_string(), "dir": shell.dir() }),
            std::slice::from_ref(&founding),
            "已建立。上面是本网络的标识，请公布给核查人。下一步：lianzhan appoint 任命人员，lianzhan run 启动。",
            "Done. Above is the id of this federation; publish it for auditors. Next: lianzhan appoint, lianzhan run.",
        )
    }
}
