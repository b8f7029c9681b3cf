//! `lianzhan backup`

use std::path::PathBuf;

use super::lang::said;
use super::{Shell, ask, out};
use crate::config::{Config, Overrides};
use crate::services::backup::{BackupError, back_up};

/// The passphrase that locks a backup.
pub(super) const BACKUP_PASSPHRASE: &str = "LIANZHAN_BACKUP_PASSPHRASE";

/// Copy this node into an encrypted file, also while it runs 备份本节点到加密文件，运行时也可
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan backup shiqiao-0901.age --keys shiqiao-0901.keys.age

The file is a tar archive in an age file: `age -d` and `tar -x` open it without this program. The keys of personal data go
into a file of their own. Keep that one apart: what is erased later is gone only once its key is gone from every copy.
备份是 age 加密的 tar 包，不靠本程序也能用 age -d 与 tar -x 打开。个人信息的密钥另存一个文件，请分开保管：
日后删除个人信息时，须连同各份密钥副本一并销毁。

The passphrase comes from LIANZHAN_BACKUP_PASSPHRASE, or is asked for. 口令取自环境变量，或当场输入。")]
pub(super) struct Backup {
    /// The file to write 写入的文件
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file for the keys of personal data 个人信息密钥的文件
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let dir = shell.dir();
        let config = Config::load(&dir, &Overrides::default())?;
        let passphrase = ask::new_passphrase(
            shell,
            BACKUP_PASSPHRASE,
            "备份的口令",
            "passphrase for the backup",
        )?;
        let bar = out::bar(shell.lang.pick("备份", "copying"));
        let about = back_up(
            &dir,
            &self.file,
            self.keys.as_deref(),
            &passphrase,
            config.scrypt_log_n,
            |done, of| {
                bar.set_length(of);
                bar.set_position(done);
            },
        )
        .map_err(in_words)?;
        bar.finish_and_clear();
        if self.json {
            return out::json(&about);
        }
        let file = self.file.display();
        shell.say(
            &format!("已备份到 {file}。"),
            &format!("The backup is in {file}."),
        );
        match &self.keys {
            Some(keys) => shell.say(
                &format!("个人信息的密钥在 {}，请与备份分开保管。", keys.display()),
                &format!("The keys of personal data are in {}; keep them apart.", keys.display()),
            ),
            None => shell.say(
                "未备份个人信息的密钥：仅凭此备份恢复后，姓名、电话、住址将无法读取。需要时请加 --keys 文件。",
                "The keys of personal data are not in it: put back from this alone, names, phones and addresses stay \
                 closed. Add --keys FILE to keep them.",
            ),
        }
        Ok(())
    }
}

/// The error as a person reads it.
pub(super) fn in_words(error: BackupError) -> super::lang::Said {
    said(error.zh(), error.to_string())
}
