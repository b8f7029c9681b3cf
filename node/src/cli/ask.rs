//! Asking for what must not stand among the arguments: passphrases come from the environment or from the terminal.

use age::secrecy::{ExposeSecret, SecretString};
use anyhow::{Context, bail};

use super::Shell;
use super::lang::said;
use crate::keystore::PASSPHRASE_MIN;

/// The passphrase that opens what the command works with.
pub(super) const PASSPHRASE: &str = "LIANZHAN_PASSPHRASE";
/// The passphrase of a key that is made to follow another.
pub(super) const NEW_PASSPHRASE: &str = "LIANZHAN_NEW_PASSPHRASE";
/// The passphrase of a person who is being appointed.
pub(super) const PERSON_PASSPHRASE: &str = "LIANZHAN_PERSON_PASSPHRASE";

/// A passphrase that is known already. `variable` names it in the environment.
pub(super) fn passphrase(shell: &Shell, variable: &str, zh: &str, en: &str) -> anyhow::Result<SecretString> {
    match of_environment(variable)? {
        Some(passphrase) => Ok(passphrase),
        None => prompt(variable, shell.lang.pick(zh, en)),
    }
}

/// A passphrase that is chosen now; typed twice at a terminal.
pub(super) fn new_passphrase(
    shell: &Shell,
    variable: &str,
    zh: &str,
    en: &str,
) -> anyhow::Result<SecretString> {
    let (chosen, typed) = match of_environment(variable)? {
        Some(passphrase) => (passphrase, false),
        None => (prompt(variable, shell.lang.pick(zh, en))?, true),
    };
    if chosen.expose_secret().chars().count() < PASSPHRASE_MIN {
        bail!(said(
            format!("口令少于 {PASSPHRASE_MIN} 个字符，请换长一些的。"),
            format!("the passphrase has fewer than {PASSPHRASE_MIN} characters; choose a longer one"),
        ));
    }
    if typed {
        let again = prompt(variable, shell.lang.pick("再输入一次", "the same again"))?;
        if again.expose_secret() != chosen.expose_secret() {
            bail!(said(
                "两次输入的口令不同，请重来。",
                "the two passphrases differ; start again"
            ));
        }
    }
    Ok(chosen)
}

/// A login that was not given as an option.
pub(super) fn login(shell: &Shell, given: Option<String>) -> anyhow::Result<String> {
    use std::io::{IsTerminal, Write};
    if let Some(login) = given {
        return Ok(login);
    }
    if !std::io::stdin().is_terminal() {
        bail!(said("请用 --login 说明由谁签名。", "say with --login who signs",));
    }
    eprint!("{}: ", shell.lang.pick("登录名", "login"));
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn of_environment(variable: &str) -> anyhow::Result<Option<SecretString>> {
    match std::env::var(variable) {
        Ok(value) => Ok(Some(SecretString::from(value))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{variable} is not UTF-8"),
    }
}

fn prompt(variable: &str, what: &str) -> anyhow::Result<SecretString> {
    let typed = rpassword::prompt_password(format!("{what}: ")).with_context(|| {
        said(
            format!("这里没有终端可以输入口令。请设置环境变量 {variable}。"),
            format!("there is no terminal to ask for a passphrase; set {variable}"),
        )
    })?;
    Ok(SecretString::from(typed))
}
