//! `lianzhan carry`

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::ProgressBar;
use lianzhan_protocol::codec;

use super::lang::said;
use super::reach::Reach;
use super::{Shell, out};
use crate::env;
use crate::services::carry::{Given, Taken, old_copy};

/// Bring ledgers to a node that no line reaches, in a file 用文件携带台账，送到没有网络的节点
#[derive(clap::Subcommand)]
#[command(after_help = "\
Example 例:
  lianzhan carry export --to 990121103 -o to-fengdu.carry
  lianzhan carry import from-fengdu.carry")]
pub(super) enum Carry {
    Export(Export),
    Import(Import),
}

impl Carry {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Carry::Export(export) => export.run(shell),
            Carry::Import(import) => import.run(shell),
        }
    }
}

/// Write what another org's node may hold and lacks 写出对方可以持有而缺少的内容
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan carry export --to 990121103 -o to-fengdu.carry
  lianzhan carry import from-fengdu.carry

The file is encrypted to the nodes of that org alone; whoever carries it reads nothing. What is known of the recipient comes
from the last file that it sent; before that all is written. Receipts of the recipient come back in its next file.
文件只有对方机构的节点能打开，携带的人看不到内容。对方已有什么，以它上次送来的文件为准；此前则写出全部。
对方的见证回执随它下一个文件带回。")]
pub(super) struct Export {
    /// The recipient: division code or id of its org 对方机构：区划代码或单位编号
    #[arg(long, value_name = "ORG")]
    to: String,
    /// The file to write; never over an old one 写入的文件，不覆盖旧文件
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Also what the recipient is known to hold 连对方已有的也写出
    #[arg(long)]
    everything: bool,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Export {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let path = &self.output;
        let unwritable = || {
            said(
                format!("不能写入 {}。请另选地方；旧文件不会被覆盖。", path.display()),
                format!(
                    "{}: choose another place; an old file is never written over",
                    path.display()
                ),
            )
        };
        let bar = out::spinner(shell.lang.pick("写出", "writing"));
        // Found out before the work is done.
        anyhow::ensure!(!path.exists(), unwritable());
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", codec::hex(&env::random::<4>())));
        let unfinished = PathBuf::from(name);
        let given = self.write(shell, &unfinished, &bar);
        let given = given.inspect_err(|_| drop(std::fs::remove_file(&unfinished)))?;
        std::fs::rename(&unfinished, path).with_context(unwritable)?;
        env::sync_dir(path).with_context(unwritable)?;
        bar.finish_and_clear();
        let Given {
            to,
            entries,
            attachments,
            to_witness,
            receipts,
            asks,
            ..
        } = &given;
        out::told(
            shell,
            self.json,
            &given,
            &[],
            &format!(
                "{} 已写好，送交{to}：{entries} 个条目，{attachments} 个附件，{to_witness} 份请见证，{receipts} 份回执。",
                path.display()
            ),
            &format!(
                "{} is written, for {to}: {entries} entries, {attachments} attachments, {to_witness} logs to witness, {receipts} receipts",
                path.display()
            ),
        )?;
        if *asks > 0 && !self.json {
            shell.say(
                &format!(
                    "其中请对方补来本机所缺的 {asks} 项（密钥、附件、条目内容或日志的另一支）：对方收下后，请其导出一个文件带回。"
                ),
                &format!(
                    "It asks for {asks} things that are lacking here (keys, attachments, contents of entries, other histories of \
                     logs): have a file sent back."
                ),
            );
        }
        Ok(())
    }

    fn write(&self, shell: &Shell, unfinished: &Path, bar: &ProgressBar) -> anyhow::Result<Given> {
        let unwritable = || {
            said(
                format!("不能写入 {}。", unfinished.display()),
                format!("{} cannot be written", unfinished.display()),
            )
        };
        let file = env::create_private(unfinished).with_context(unwritable)?;
        let mut file = BufWriter::new(file);
        let given = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                let org = node.org_named(&self.to)?;
                node.carry_to(&org, self.everything, &mut file, |given| {
                    bar.set_position(given.entries)
                })?
            }
            Reach::Running(client) => {
                let asked = serde_json::json!({ "to": self.to, "everything": self.everything });
                client.post_for_file("/carry/export", &asked, &mut file, |bytes| {
                    bar.set_position(bytes)
                })?
            }
        };
        let file = file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .with_context(unwritable)?;
        file.sync_all().with_context(unwritable)?;
        Ok(given)
    }
}

/// Take in a file that was written for this node 收下送给本节点的文件
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan carry import from-fengdu.carry

What is here already is passed over: a file may be taken in twice, or again after it was broken off.
已有的会跳过：同一文件可以再收一次，中断后也可以从头再收。")]
pub(super) struct Import {
    /// The file 文件
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let opened = std::fs::File::open(&self.file).and_then(|file| match file.metadata()?.is_dir() {
            true => Err(std::io::ErrorKind::IsADirectory.into()),
            false => Ok(file),
        });
        let file = opened.with_context(|| {
            let path = self.file.display();
            said(format!("{path} 不能读取"), format!("{path} cannot be read"))
        })?;
        let bar = out::spinner(shell.lang.pick("收入", "taking in"));
        let taken: Taken = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.carry_from(file, |taken| bar.set_position(taken.entries + taken.known))?
            }
            Reach::Running(client) => client.post_stream("/carry/import", file)?,
        };
        bar.finish_and_clear();
        let Taken {
            from,
            entries,
            known,
            beside,
            payloads,
            keys,
            attachments,
            witnessed,
            receipts,
            asked,
            passed_over,
            ..
        } = &taken;
        let lines: Vec<String> = passed_over
            .iter()
            .map(|one| format!("{}  {}", one.what, shell.lang.pick(&one.zh, &one.en)))
            .collect();
        out::told(
            shell,
            self.json,
            &taken,
            &lines,
            &format!(
                "收下{from}的文件：新条目 {entries} 个，原已有 {known} 个，密钥 {keys} 个，附件 {attachments} 个，见证 {witnessed} 份，收到回执 {receipts} 份。"
            ),
            &format!(
                "taken in from {from}: {entries} new entries, {known} known ones, {keys} keys, {attachments} attachments, {witnessed} logs \
                 witnessed, {receipts} receipts"
            ),
        )?;
        if self.json {
            return old_copy_is_no_success(&taken);
        }
        if *payloads > 0 {
            shell.say(
                &format!("补上了 {payloads} 个条目所缺的内容。"),
                &format!("{payloads} entries got the contents that they lacked."),
            );
        }
        if *beside > 0 {
            shell.say(
                &format!("文件中有日志另一支的条目 {beside} 个，已核对。"),
                &format!("{beside} entries of other histories of logs were looked at."),
            );
        }
        if *witnessed > 0 {
            shell.say(
                "回执请带回：用 lianzhan carry export 写一个文件给对方。",
                "Receipts go home in a file: write one with `lianzhan carry export`.",
            );
        }
        if *asked > 0 {
            shell.say(
                &format!("对方所缺的 {asked} 项，请用 lianzhan carry export 写一个文件给对方，补上其中本机有的。"),
                &format!(
                    "The sender lacks {asked} things (keys, attachments, contents of entries, other histories of logs): a file from \
                     `lianzhan carry export` brings what is here of them."
                ),
            );
        }
        old_copy_is_no_success(&taken)
    }
}

/// An old copy ends the command with an error, so that scripts notice it, too.
fn old_copy_is_no_success(taken: &Taken) -> anyhow::Result<()> {
    match &taken.old_copy {
        Some(log) => {
            let (zh, en) = old_copy(log);
            Err(anyhow::Error::from(said(zh, en)))
        }
        None => Ok(()),
    }
}
