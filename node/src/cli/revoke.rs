//! `lianzhan revoke`

use age::secrecy::ExposeSecret;
use lianzhan_protocol::trust::Ground;
use serde::Deserialize;
use serde_json::json;

use super::appoint::own_passphrase;
use super::appointments::Shown;
use super::reach::{self, Reach};
use super::{Shell, appointments, out};
use crate::services::revoke::{Keep, RevocationDraft, parse_ground};

/// Revoke an appointment 撤销任命
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan revoke lin --reason 调离本站 --dry-run       what it would do; nothing is signed 只看后果，不签名
  lianzhan revoke lin --reason 调离本站
  lianzhan revoke lin --reason 手提电脑失窃 --stolen --since 2026-11-20T09:00
  lianzhan revoke 3f09ab12 --reason 授权密钥更换 --keep all

It is final. What the key signed and a witness has seen by now stays good; all else is contested, and counts once it is
adopted (lianzhan adopt). Of a stolen or lost key nothing witnessed since then is good: say --since when, or, where nobody
can say, --everything. Such a key is not appointed anew; its holder gets another one.
撤销不可收回。此前已见证的照旧有效，其余待追认（lianzhan adopt）。失窃或丢失的，自该时起见证的也待追认：写明 --since，无从得知的写
--everything（全部待追认）。这样的密钥不能再任命，须换新密钥。")]
pub(super) struct Revoke {
    /// The appointment: its id or the first digits of it, or a login 任命编号或登录名
    #[arg(value_name = "APPOINTMENT|LOGIN")]
    appointment: String,
    /// Why; everybody can read it 理由（公开）
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// The key was, or may be, in other hands 密钥失窃
    #[arg(long, conflicts_with = "lost")]
    stolen: bool,
    /// The key is lost, and may be found by others 密钥丢失
    #[arg(long)]
    lost: bool,
    /// Since when, such as 2026-11-20 or 2026-11-20T09:00 自何时起
    #[arg(long, value_name = "TIME", conflicts_with = "everything")]
    since: Option<String>,
    /// Nobody can say since when: all that the key ever signed is in doubt 无从得知：该密钥签过的一切存疑
    #[arg(long)]
    everything: bool,
    /// Of an authority: which of its statements go on standing [default: all; of a stolen or lost key none] 机构授权：保留哪些
    #[arg(long, value_name = "all|none|IDS")]
    keep: Option<String>,
    /// Say what it would do, and sign nothing 只看后果，不签名
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

/// What is shown of [`crate::services::revoke::RevocationPreview`].
#[derive(Deserialize)]
struct Preview {
    appointment: Shown,
    cut: Vec<serde_json::Value>,
    keeps: usize,
    adopts: usize,
    contests: usize,
    entries: u64,
    records: u64,
}

#[derive(Deserialize)]
struct Stated {
    statements: Vec<String>,
}

impl Revoke {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let hard = self.stolen || self.lost;
        let ground = parse_ground(hard, self.since.as_deref(), self.everything)?;
        let keep = self.keep.as_deref().map(Keep::parse).transpose()?;
        let reach = Reach::open(&shell.dir())?;
        if self.dry_run {
            return self.preview(shell, reach, ground, keep);
        }
        let own = own_passphrase(shell)?;
        let statements = match reach {
            Reach::Here(node) => {
                let draft = RevocationDraft {
                    appointment: node.find_office(&self.appointment)?,
                    ground,
                    words: self.reason,
                    keep,
                    also: Vec::new(),
                };
                let stated = node.revoke(&own, &draft)?;
                stated.iter().map(ToString::to_string).collect()
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": own.expose_secret(), "appointment": self.appointment, "reason": self.reason,
                    "hard": hard, "since": self.since, "everything": self.everything,
                    "keep": self.keep,
                });
                client.post::<Stated>("/revoke", &body)?.statements
            }
        };
        out::told(
            shell,
            self.json,
            &json!({ "statements": statements }),
            &statements,
            "已撤销。上面是撤销的编号。待追认的内容见 lianzhan adopt --list。",
            "Revoked. Above is the id of the revocation. What waits for an adoption is listed by lianzhan adopt --list.",
        )
    }

    fn preview(self, shell: &Shell, reach: Reach, ground: Ground, keep: Option<Keep>) -> anyhow::Result<()> {
        let preview: serde_json::Value = match reach {
            Reach::Here(node) => {
                let draft = RevocationDraft {
                    appointment: node.find_office(&self.appointment)?,
                    ground,
                    words: self.reason,
                    keep,
                    also: Vec::new(),
                };
                serde_json::to_value(node.preview_revocation(&draft)?)?
            }
            Reach::Running(client) => {
                let body = json!({
                    "appointment": self.appointment, "reason": self.reason, "hard": self.stolen || self.lost,
                    "since": self.since, "everything": self.everything, "keep": self.keep,
                });
                client.post("/revoke/preview", &body)?
            }
        };
        if self.json {
            return out::json(&preview);
        }
        let preview: Preview = reach::shown(preview)?;
        out::bytes(appointments::table(std::slice::from_ref(&preview.appointment), shell.lang).as_bytes())?;
        let hard = ground != Ground::Soft;
        for [zh, en] in consequences(&preview, hard, self.since.as_deref()) {
            out::line(shell.lang.pick(&zh, &en))?;
        }
        shell.say(
            "以上只是预览，什么也没有签名。",
            "This was a preview; nothing was signed.",
        );
        Ok(())
    }
}

fn consequences(preview: &Preview, hard: bool, since: Option<&str>) -> Vec<[String; 2]> {
    let Preview { entries, records, .. } = preview;
    let mut said = vec![[
        format!("待追认的条目：{entries}，涉及记录：{records}（以本机所存为准）。"),
        format!(
            "Entries that would wait for an adoption: {entries}, in records: {records} (of what is held here)."
        ),
    ]];
    if preview.appointment.is_authority() {
        let (keeps, contests) = (preview.keeps + preview.adopts, preview.contests);
        said.push([
            format!("它作出的声明：{keeps} 项继续有效，{contests} 项待追认。"),
            format!("Of what it stated, {keeps} go on standing, and {contests} wait for an adoption."),
        ]);
        return said;
    }
    let seen = preview.cut.len();
    said.push(match (hard, since) {
        (false, _) => [
            format!("现已见证的内容仍然有效（见证日志 {seen} 份），尚未见证的待追认。"),
            format!("What is witnessed by now stays good (witness logs seen here: {seen}); what is not waits for an adoption."),
        ],
        (true, Some(since)) => [
            format!("{since} 之前见证的内容仍然有效，其余待追认。"),
            format!("What was witnessed before {since} stays good; all else waits for an adoption."),
        ],
        (true, None) => [
            "用它签过的内容全部待追认。".into(),
            "All that was ever signed with it waits for an adoption.".into(),
        ],
    });
    said
}
