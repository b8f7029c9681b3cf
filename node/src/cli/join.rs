//! `lianzhan join`

use std::io::Read;

use anyhow::{Context, bail};

use super::found::Place;
use super::lang::said;
use super::{Shell, ask, block_on, out};
use crate::net;
use crate::services::invite::Joining;

/// Set up this machine's node from an invitation 凭邀请码建立本机节点
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan join lianzhan-join-1.pAFZ...        or, from a file 或从文件读入: lianzhan join - < code.txt

Asks for a new passphrase that opens this org's authority key. The node that invited must be running.
会要求为本机构的密钥设定口令。发出邀请的节点须在运行。")]
pub(super) struct Join {
    /// The code of the invitation; - reads it from stdin 邀请码
    code: String,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Join {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let dir = shell.dir();
        let code = match self.code.as_str() {
            "-" => {
                let mut code = String::new();
                std::io::stdin().read_to_string(&mut code)?;
                code
            }
            code => code.to_owned(),
        };
        // All that can fail here fails before the invitation is used up.
        let joining = Joining::begin(&code)?;
        let config = self.place.config(shell)?;
        std::fs::create_dir_all(&dir).with_context(|| {
            said(
                format!("不能建立目录 {}。", dir.display()),
                format!("{} cannot be made", dir.display()),
            )
        })?;
        if std::fs::read_dir(&dir)?.next().is_some() {
            bail!(said(
                format!(
                    "{} 里有别的文件。请用 --dir 另选一个空目录或新目录。",
                    dir.display()
                ),
                format!(
                    "{} holds other files; choose an empty or a new directory with --dir",
                    dir.display()
                ),
            ));
        }
        let passphrase = ask::new_passphrase(
            shell,
            ask::PASSPHRASE,
            "为本机构的密钥设定口令",
            "new passphrase for this org's authority key",
        )?;
        let reply = block_on(net::join(joining.invitation(), joining.request()))?;
        let joined = reply
            .map_err(anyhow::Error::from)
            .and_then(|reply| Ok(joining.finish(&dir, reply, &passphrase, config)?));
        if joined.is_err() {
            // Goes only if it is empty, as it was made above.
            let _ = std::fs::remove_dir(&dir);
        }
        let node = joined?;
        let org = node.org()?;
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "org": org.id.to_string(), "name": org.name_zh, "dir": dir }),
            std::slice::from_ref(&org.name_zh),
            "已加入。下一步：lianzhan appoint 任命人员，lianzhan run 启动。",
            "Joined. Next: lianzhan appoint, lianzhan run.",
        )
    }
}
