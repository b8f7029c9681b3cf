//! `lianzhan join`

use std::io::Read;

use anyhow::Context;

use super::found::Place;
use super::lang::said;
use super::{Shell, ask, block_on, out};
use crate::net;
use crate::services::invite::Invitation;
use crate::services::join::{Step, join};

/// Set up this machine's node from an invitation 凭邀请码建立本机节点
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan join lianzhan-join-1.pAFZ...        or, from a file 或从文件读入: lianzhan join - < code.txt

Asks for a new passphrase that opens this org's authority key. The node that invited must be running. What broke off goes
on when the same command is run again, with the same passphrase. A machine that shows no terminal: `lianzhan run` on a
directory that holds no node serves a page that takes the code.
会要求为本机构的密钥设定口令。发出邀请的节点须在运行。中断后用同一口令再运行一次即可继续。
也可直接运行 lianzhan run，在网页里粘贴邀请码。")]
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
        let config = self.place.config(shell)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).with_context(|| {
                said(
                    format!("不能建立目录 {}。", parent.display()),
                    format!("{} cannot be made", parent.display()),
                )
            })?;
        }
        // What is no code is told before a passphrase is chosen.
        Invitation::from_code(&code)?;
        let passphrase = ask::new_passphrase(
            shell,
            ask::PASSPHRASE,
            "为本机构的密钥设定口令",
            "new passphrase for this org's authority key",
        )?;
        let spinner = out::spinner("");
        let tell = |step| spinner.set_message(words(step, shell));
        let joined = block_on(join(&dir, &code, passphrase, config, net::join, tell))?;
        spinner.finish_and_clear();
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

fn words(step: Step, shell: &Shell) -> &'static str {
    let (zh, en) = match step {
        Step::Keys => ("生成密钥", "making keys"),
        Step::Asking => ("请上级任命", "asking for the appointment"),
        Step::Appointed => ("已任命，写入本机", "appointed; setting up the node"),
    };
    shell.lang.pick(zh, en)
}
