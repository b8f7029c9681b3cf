//! `lianzhan invite`

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use anyhow::{Context, bail};
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::trust::{Level, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::found::level;
use super::lang::{Said, said};
use super::reach::Reach;
use super::{Shell, ask, out};
use crate::env;
use crate::qr::Qr;
use crate::services::authority::{AuthorityGrant, Loss};
use crate::services::found::OrgDraft;
use crate::services::invite::{
    INVITE_DAYS, INVITE_DAYS_MAX, Invitation, InviteDraft, InvitedPerson, Invitee, OpenInvitation,
};
use crate::services::renew::parse_until;
use crate::services::revoke::Keep;
use crate::services::{Node, ServiceError};

/// Width of a QR code on paper.
const PRINT_MM: u32 = 70;

/// Invite the node of an org directly below 邀请直接下级的节点
#[derive(clap::Args)]
#[command(subcommand_negates_reqs = true)]
#[command(after_help = "\
Example 例:
  lianzhan invite --level county --name 澄川县 --name-en Chengchuan --code 990121
  lianzhan invite --org 990121103201 --role station_liaison           a person at that org 邀请该单位的人员
  lianzhan invite --again 990121 --reason 主机损坏                    the machine is broken 主机损坏
  lianzhan invite --again 990121 --reason 主机失窃 --stolen           the machine was stolen 主机失窃
  lianzhan invite list                                                open invitations 未使用的邀请
  lianzhan invite withdraw 990121                                     take one back 撤回

With --role the code appoints a person, too: with the node where the org has none yet, else alone, at the node of that org
(its page /join, or lianzhan join there). The person gets no more than this org may give.
用 --role 时，邀请码同时任命一名人员：该单位还没有节点的，随节点一起加入；已有节点的，在该节点的 /join 页面或用 lianzhan join
加入。任命不会超出本单位的权限。

Prints one code, as text and at a terminal as a QR code. Give it to who sets up that node, who pastes it into the page that
a fresh machine shows, or types `lianzhan join CODE`. It is good once and for seven days, or --days; this node must be
running then. Whoever has the code can join in that org's place, so hand it over safely.
--svg - prints the QR code on standard output and the code as text beside it, on standard error.
--again takes the keys of an org's lost machine back at once; what it appointed stands, but for a stolen one.
打印一个邀请码（文字和二维码），交给下级节点的安装人，在新机器的首页粘贴，或运行 lianzhan join。七天内（或 --days 天内）
有效，只能用一次；加入时本节点须在运行。
--svg - 把二维码打印到标准输出，邀请码文字则在标准错误输出。
--again 立即撤销下级丢失主机上的密钥；它作出的任命仍然有效，失窃的除外。")]
pub(super) struct Invite {
    #[command(subcommand)]
    step: Option<Step>,
    #[command(flatten)]
    org: NewOrg,
    /// An org that is known: this one, or one directly below; its division code, id, Chinese name, or own 已有的单位：区划代码、编号、中文名称，或 own
    #[arg(long = "org", value_name = "ORG", conflicts_with_all = ["level", "name", "name_en", "code", "again"])]
    known: Option<String>,
    #[command(flatten)]
    person: Person,
    #[command(flatten)]
    again: Again,
    /// An address at which the new node reaches this one, such as /ip4/192.0.2.1/tcp/7611; may be repeated 本节点的地址
    #[arg(long = "address", value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// For how many days it is good 有效天数
    #[arg(long, default_value_t = INVITE_DAYS, value_parser = clap::value_parser!(i64).range(1..=INVITE_DAYS_MAX), conflicts_with = "again")]
    days: i64,
    /// Write the QR code to this file, too, as SVG; - prints it 另把二维码写成 SVG 文件，- 为打印
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Step {
    /// List invitations that wait for their nodes 列出未使用的邀请
    List(List),
    /// Take an open invitation back 撤回未使用的邀请
    Withdraw(Withdraw),
}

#[derive(clap::Args)]
struct List {
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Withdraw {
    /// The invited org: its division code, id or Chinese name; of a person what the list says in its place 被邀请的机构：区划代码、编号或中文名称；人员用列表里的代码
    org: String,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

/// A person who is appointed with the code.
#[derive(clap::Args)]
struct Person {
    /// Role that the person gets; may be repeated 任命的职务
    #[arg(long = "role", value_name = "ROLE", value_parser = super::appoint::role)]
    roles: Vec<Role>,
    /// Level of a deputy's seat 代表的层级
    #[arg(long, value_parser = level, requires = "roles")]
    seat: Option<Level>,
    /// The person's name; left away, the person states it 姓名，不填由本人填写
    #[arg(long, value_name = "NAME", requires = "roles")]
    person: Option<String>,
    /// The last day of the appointment, such as 2027-12-31 任命到哪一天
    #[arg(long, value_name = "DAY", requires = "roles")]
    until: Option<String>,
}

impl Person {
    fn invited(&self) -> Result<Option<InvitedPerson>, ServiceError> {
        if self.roles.is_empty() {
            return Ok(None);
        }
        Ok(Some(InvitedPerson {
            roles: self.roles.clone(),
            seat: self.seat,
            name: self.person.clone(),
            until: self.until.as_deref().map(parse_until).transpose()?,
        }))
    }

    /// Members of a request.
    fn tell(&self, body: &mut serde_json::Value) {
        if !self.roles.is_empty() {
            body["roles"] = self.roles.iter().map(|role| role.as_str()).collect();
            body["seat"] = self.seat.map(Level::as_str).into();
            body["person"] = self.person.clone().into();
            body["until"] = self.until.clone().into();
        }
    }
}

/// An org that is invited for the first time.
#[derive(clap::Args)]
struct NewOrg {
    /// Level: province, city, county, township, street, station 层级
    #[arg(long, value_parser = level, required_unless_present_any = ["again", "known", "roles"])]
    level: Option<Level>,
    /// Chinese name 中文名称
    #[arg(long, required_unless_present_any = ["again", "known", "roles"])]
    name: Option<String>,
    /// English name 英文名称
    #[arg(long, required_unless_present_any = ["again", "known", "roles"])]
    name_en: Option<String>,
    /// Division code of 2, 4, 6, 9 or 12 digits 行政区划代码
    #[arg(long, required_unless_present_any = ["again", "known", "roles"])]
    code: Option<String>,
}

impl NewOrg {
    fn draft(self) -> Option<OrgDraft> {
        Some(OrgDraft {
            level: self.level?,
            name_zh: self.name?,
            name_en: self.name_en?,
            code: self.code?,
        })
    }
}

/// An org whose node is lost.
#[derive(clap::Args)]
struct Again {
    /// An org directly below whose machine is lost: its division code or its id 重新邀请的下级：区划代码或机构编号
    #[arg(long, value_name = "ORG", requires = "reason", conflicts_with_all = ["level", "name", "name_en", "code", "roles"])]
    again: Option<String>,
    /// Why its keys are revoked; everybody can read it 理由（公开）
    #[arg(long, value_name = "WORDS", requires = "again")]
    reason: Option<String>,
    /// Its keys are lost, and may be found by others 密钥丢失
    #[arg(long, requires = "again", conflicts_with = "stolen")]
    lost: bool,
    /// Its keys were, or may be, in other hands 密钥失窃
    #[arg(long, requires = "again")]
    stolen: bool,
    /// Since when, such as 2026-11-20 or 2026-11-20T09:00 自何时起
    #[arg(long, value_name = "TIME", requires = "again")]
    since: Option<String>,
    /// Nobody can say since when: all that its keys ever signed waits for an adoption 无从得知何时起，全部待追认
    #[arg(long, requires = "again", conflicts_with = "since")]
    everything: bool,
    /// Which statements of its authority go on standing [default: all; of a stolen one none] 保留哪些声明
    #[arg(long, value_name = "all|none|IDS", requires = "again")]
    keep: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Invited {
    code: String,
    org: String,
    expires: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revoked: Vec<String>,
}

impl List {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let open: Vec<OpenInvitation> = match Reach::open(&shell.dir())? {
            Reach::Here(node) => node.invitations()?,
            Reach::Running(client) => client.get("/invitations")?,
        };
        if self.json {
            return out::json(&open);
        }
        if open.is_empty() {
            shell.say("没有未使用的邀请。", "No invitation is open.");
            return Ok(());
        }
        let headings = [
            ("机构", "org"),
            ("代码", "code"),
            ("人员", "person"),
            ("发出", "made"),
            ("有效至", "until"),
            ("", ""),
        ];
        let headings = headings.map(|(zh, en)| shell.lang.pick(zh, en));
        let rows: Vec<_> = open.iter().map(|one| row(one, shell)).collect();
        out::bytes(out::table(&headings, &rows).as_bytes())
    }
}

fn row(open: &OpenInvitation, shell: &Shell) -> Vec<String> {
    vec![
        shell.lang.pick(&open.name_zh, &open.name_en).to_owned(),
        open.id.clone().unwrap_or_else(|| open.code.clone()),
        [open.person.clone().unwrap_or_default(), open.roles.join(", ")]
            .join(" ")
            .trim()
            .to_owned(),
        match open.made {
            0 => String::new(),
            made => out::time(made),
        },
        out::time(open.expires),
        match open.expired {
            true => shell.lang.pick("已过期", "expired").to_owned(),
            false => String::new(),
        },
    ]
}

impl Withdraw {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let gone: OpenInvitation = match Reach::open(&shell.dir())? {
            Reach::Here(node) => node.withdraw_invitation(&self.org)?,
            Reach::Running(client) => client.post("/invite/withdraw", &json!({ "org": self.org }))?,
        };
        out::told(
            shell,
            self.json,
            &gone,
            &[],
            &format!("已撤回对{}的邀请，那个邀请码不能再用。", gone.name_zh),
            &format!(
                "The invitation of {} is withdrawn; its code is good for nothing now.",
                gone.name_en
            ),
        )
    }
}

impl Invite {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self.step {
            Some(Step::List(list)) => return list.run(shell),
            Some(Step::Withdraw(withdraw)) => return withdraw.run(shell),
            None => {}
        }
        let svg = self.svg.as_deref().map(|path| Svg::of(path, self.json));
        let svg = svg.transpose()?;
        let reach = Reach::open(&shell.dir())?;
        if let (Reach::Here(node), true) = (&reach, self.addresses.is_empty())
            && !is_dialable(node)
        {
            bail!(said(
                "不知道新节点怎样连到本节点。请先运行本节点（lianzhan run），或用 --address 说明，如 /ip4/192.0.2.1/tcp/7611。",
                "it is not known how the new node will reach this one; start this node first (lianzhan run), or give \
                 --address, such as /ip4/192.0.2.1/tcp/7611",
            ));
        }
        let passphrase = ask::passphrase(
            shell,
            ask::PASSPHRASE,
            "本机构密钥的口令",
            "passphrase of the org's authority key",
        )?;
        let given = self.addresses;
        let addresses = |node: &Node| match given.is_empty() {
            true => node.config().listen_all(),
            false => given.clone(),
        };
        let again = self.again.again.is_some();
        // A role alone is for somebody of this org.
        let known = self
            .known
            .or_else(|| (!again && self.org.level.is_none()).then(|| "own".to_owned()));
        let invitee = self.org.draft().map(Invitee::New).or(known.map(Invitee::Known));
        let invited = match (invitee, reach) {
            (Some(org), Reach::Here(node)) => {
                let draft = InviteDraft {
                    org,
                    person: self.person.invited()?,
                    addresses: addresses(&node),
                    days: self.days,
                };
                Invited::of(&node.invite_with(draft, &passphrase)?, &[])
            }
            (Some(org), Reach::Running(client)) => {
                let mut body = match org {
                    Invitee::New(org) => json!({
                        "level": org.level.as_str(), "name_zh": org.name_zh, "name_en": org.name_en,
                        "code": org.code,
                    }),
                    Invitee::Known(org) => json!({ "org": org }),
                };
                body["passphrase"] = passphrase.expose_secret().into();
                body["addresses"] = given.clone().into();
                self.person.tell(&mut body);
                if self.days != INVITE_DAYS {
                    body["days"] = self.days.into();
                }
                client.post("/invite", &body)?
            }
            (None, Reach::Here(node)) => {
                let org = self.again.again.clone().unwrap_or_default();
                let draft = self.again.draft()?;
                let again = node.invite_again(&passphrase, &org, &draft, addresses(&node))?;
                Invited::of(&again.invitation, &again.revoked)
            }
            (None, Reach::Running(client)) => {
                // Refused here where it is wrong by itself.
                self.again.draft()?;
                let body = json!({
                    "passphrase": passphrase.expose_secret(), "org": self.again.again, "reason": self.again.reason,
                    "loss": self.again.loss(), "since": self.again.since,
                    "everything": self.again.everything, "keep": self.again.keep, "addresses": given,
                });
                client.post("/invite/again", &body)?
            }
        };
        let revoked = match again {
            true => ["原来的密钥已撤销。", "The keys of before are revoked. "],
            false => ["", ""],
        };
        let alone = Invitation::from_code(&invited.code).is_ok_and(|code| !code.is_of_node());
        let place = match alone {
            true => (
                "在该单位节点的 /join 页面粘贴",
                "Paste it into the page /join of that org's node",
            ),
            false => ("在新机器的首页粘贴", "Paste it into the page of the new machine"),
        };
        let qr = Qr::of(&invited.code);
        // What goes wrong with the picture is told after the code, which is good and stands nowhere else.
        let pictured = svg.as_ref().map_or(Ok(()), |place| {
            let words = || said("邀请码太长，画不成二维码。", "the code is too long for a QR code");
            place.put(&qr.as_ref().with_context(words)?.svg(PRINT_MM))
        });
        if let (Some(qr), true, false) = (&qr, std::io::stderr().is_terminal(), self.json) {
            let width = console::Term::stderr()
                .size_checked()
                .map(|(_, columns)| columns.into());
            match drawn(qr, width) {
                Some(drawn) => shell.say(&drawn, &drawn),
                None => shell.say(
                    &format!(
                        "终端太窄，画不下二维码（要 {} 列）。请加宽窗口，或用 --svg 文件。",
                        qr.side()
                    ),
                    &format!(
                        "The terminal is too narrow for the QR code of {} columns; widen it, or use --svg FILE.",
                        qr.side()
                    ),
                ),
            }
        }
        let until = out::time(invited.expires);
        let mut lines = std::slice::from_ref(&invited.code);
        if matches!(svg, Some(Svg::Printed)) {
            // Standard output is the picture's.
            shell.say(&invited.code, &invited.code);
            lines = &[];
        }
        out::told(
            shell,
            self.json,
            &invited,
            lines,
            &format!(
                "{}上面是邀请码，到 {until} 有效，只能用一次。{}，或运行：lianzhan join 邀请码",
                revoked[0], place.0
            ),
            &format!(
                "{}Above is the code, good once and until {until}. {}, or run there: lianzhan join CODE",
                revoked[1], place.1
            ),
        )?;
        pictured
    }
}

/// Where the QR code goes beside the terminal.
#[derive(Debug, PartialEq, Eq)]
enum Svg<'a> {
    Printed,
    File(&'a Path),
}

impl<'a> Svg<'a> {
    /// Before anybody is invited: what stands in the way is said while nothing is done yet. The file is written anew and takes the
    /// place of one that is there, so that no other thing may stand there: a device, a pipe or a link would be gone.
    fn of(path: &'a Path, json: bool) -> anyhow::Result<Self> {
        if path.as_os_str() == "-" {
            if json {
                bail!(said(
                    "--json 与 --svg - 都要用标准输出。请为 --svg 指定文件。",
                    "--json and --svg - both want standard output; name a file for --svg",
                ));
            }
            return Ok(Svg::Printed);
        }
        if std::fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
            bail!(said(
                format!("{} 不是普通文件。请另选文件，或用 --svg - 打印。", path.display()),
                format!(
                    "{} is no regular file; name another one, or print the QR code with --svg -",
                    path.display()
                ),
            ));
        }
        env::try_private(path).with_context(|| cannot(path))?;
        Ok(Svg::File(path))
    }

    fn put(&self, drawn: &str) -> anyhow::Result<()> {
        match self {
            Svg::Printed => out::bytes(drawn.as_bytes()),
            // Whoever has the code can join.
            Svg::File(file) => env::write_private(file, drawn.as_bytes()).with_context(|| cannot(file)),
        }
    }
}

fn cannot(file: &Path) -> Said {
    said(
        format!("不能写入 {}", file.display()),
        format!("{} cannot be written", file.display()),
    )
}

/// The QR code as lines for a terminal of so many columns; none where they would wrap, which no scanner reads.
fn drawn(qr: &Qr, columns: Option<usize>) -> Option<String> {
    let fits = columns.is_none_or(|columns| columns >= qr.side());
    fits.then(|| qr.half_blocks())
}

impl Invited {
    fn of(invitation: &Invitation, revoked: &[StatementId]) -> Self {
        Invited {
            code: invitation.to_code(),
            org: invitation.org.to_string(),
            expires: invitation.expires.0,
            revoked: revoked.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Again {
    fn loss(&self) -> Loss {
        match (self.lost, self.stolen) {
            (true, _) => Loss::Lost,
            (_, true) => Loss::Stolen,
            _ => Loss::None,
        }
    }

    fn draft(&self) -> Result<AuthorityGrant, ServiceError> {
        let keep = self.keep.as_deref().map(Keep::parse).transpose()?;
        let words = self.reason.clone().unwrap_or_default();
        AuthorityGrant::of_machine(self.loss(), self.since.as_deref(), self.everything, words, keep)
    }
}

/// Whether the configured address is one that another machine can dial.
fn is_dialable(node: &Node) -> bool {
    node.config().listen_all().iter().all(|listen| {
        let nowhere = ["/ip4/0.0.0.0/", "/ip6/::/", "/udp/0/"];
        !nowhere.iter().any(|part| listen.contains(part)) && !listen.ends_with("/tcp/0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_printed_or_written_to_a_file_and_to_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let (fresh, there) = (dir.path().join("fresh.svg"), dir.path().join("there.svg"));
        std::fs::write(&there, "old").unwrap();
        assert_eq!(Svg::of(Path::new("-"), false).unwrap(), Svg::Printed);
        assert!(Svg::of(Path::new("-"), true).is_err(), "two on one output");
        for file in [&fresh, &there] {
            assert_eq!(Svg::of(file, true).unwrap(), Svg::File(file));
        }
        assert!(
            !fresh.exists() && std::fs::read(&there).unwrap() == b"old",
            "only tried"
        );
        Svg::File(&there).put("<svg/>").unwrap();
        assert_eq!(std::fs::read(&there).unwrap(), b"<svg/>");
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            1,
            "nothing else is left"
        );
        for nowhere in [dir.path().join("no/such.svg"), there.join("below.svg")] {
            let words = format!("{:#}", Svg::of(&nowhere, false).unwrap_err());
            assert!(words.contains("cannot be written"), "{words}");
        }
        for other in [dir.path(), Path::new("/dev/stdout"), Path::new("/dev/null")] {
            let words = Svg::of(other, false).unwrap_err().to_string();
            assert!(words.contains("--svg -"), "{words}");
        }
    }

    #[test]
    fn a_qr_code_is_drawn_where_it_fits_and_not_where_it_would_wrap() {
        let qr = Qr::of("lianzhan-join-2.pAFZ").unwrap();
        let side = qr.side();
        assert_eq!(drawn(&qr, Some(side - 1)), None);
        for wide in [Some(side), Some(200), None] {
            assert_eq!(drawn(&qr, wide).unwrap().lines().count(), side.div_ceil(2));
        }
    }
}
