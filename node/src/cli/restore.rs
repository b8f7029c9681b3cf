//! `lianzhan restore`

use std::path::PathBuf;

use anyhow::bail;

use super::backup::{BACKUP_PASSPHRASE, in_words};
use super::lang::said;
use super::{Shell, ask, out};
use crate::config::Overrides;
use crate::services::Node;
use crate::services::backup::restore;

/// Put a node back from a backup 从备份恢复节点
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan restore shiqiao-0901.age --keys shiqiao-0901.keys.age --dir ./shiqiao

The directory must not be there yet, or be empty. The node goes on in new logs, whose first entry says where the old ones
stood; what was written after the backup comes back from the other nodes at the next sync. Never run the old copy, too.
目录须不存在或为空。恢复后的节点在新日志中继续，首条写明旧日志的位置；备份之后写入的内容在下次同步时从其他节点取回。
切勿同时运行旧的一份。")]
pub(super) struct Restore {
    /// The backup 备份文件
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file with the keys of personal data 个人信息密钥的文件
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

impl Restore {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let dir = shell.dir();
        let passphrase = ask::passphrase(shell, BACKUP_PASSPHRASE, "备份的口令", "passphrase of the backup")?;
        let about = restore(&dir, &self.file, self.keys.as_deref(), &passphrase).map_err(in_words)?;
        let node = Node::open(&dir, &Overrides::default())?;
        let org = node.org()?;
        let (shown, made) = (dir.display(), out::time(about.made));
        shell.say(
            &format!("{}的节点已恢复到 {shown}，截至 {made}。正在核对……", org.name_zh),
            &format!(
                "The node of {} is back in {shown}, as of {made}. Checking it ...",
                org.name_en
            ),
        );
        let spinner = out::spinner(shell.lang.pick("核对", "checking"));
        let report = node.check(|done| spinner.set_position(done))?;
        spinner.finish_and_clear();
        if let Some(fault) = report.faults.first() {
            let more = report.faults.len();
            bail!(said(
                format!(
                    "备份有 {more} 处不符，首先是：{fault}。请换一份备份；恢复出的内容仍在 {shown}，\
                     再次恢复前请先移走或删除该目录。"
                ),
                format!(
                    "{more} {} in this backup, first: {fault}. Take another one; what was put back is left in {shown}: \
                     move that directory away or delete it first.",
                    if more == 1 { "fault" } else { "faults" }
                ),
            ));
        }
        shell.say(
            &format!("{} 条目全部相符。用 lianzhan run 启动。", report.entries),
            &format!(
                "All {} entries agree. Start it with `lianzhan run`.",
                report.entries
            ),
        );
        let lacking = node.lacking_keys()?.len();
        if self.keys.is_some() && lacking > 0 {
            shell.say(
                &format!(
                    "密钥文件里缺 {lacking} 条记录的个人信息密钥：它可能属于别的备份。姓名、电话、住址暂不能读取，同步时会从有权\
                     持有的节点取回。"
                ),
                &format!(
                    "The keys of the personal data of {lacking} records are not in the file of keys, which may be of another \
                     backup: names, phones and addresses stay closed until another node that may hold them hands them over."
                ),
            );
        }
        if self.keys.is_none() {
            shell.say(
                "没有个人信息的密钥：姓名、电话、住址暂不能读取，同步时会从有权持有的节点取回。",
                "The keys of personal data are not here: names, phones and addresses stay closed until another node that \
                 may hold them hands them over.",
            );
        }
        if node.store().read(|reader| reader.witness_retired())?.is_some() {
            shell.say(
                "本节点曾为下级见证：请用 lianzhan witness renew 换新见证密钥。",
                "This node witnessed for others: give it a new witness key with `lianzhan witness renew`.",
            );
        }
        Ok(())
    }
}
