//! `lianzhan org`

use age::secrecy::ExposeSecret;
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reach::Reach;
use super::{Shell, appoint, out};
use crate::services::office::day;
use crate::services::orgs::{Becoming, OrgChangeDraft, parse_hands};
use crate::services::renew::parse_since;

/// Say what becomes of an org below this one 机构变更
#[derive(clap::Subcommand)]
#[command(after_help = "\
Example 例:
  lianzhan org move 990121103201 --to 990121204 --code 990121204203 --from 2027-01-01 --words '澄政发〔2026〕12号'
  lianzhan org merge 990121103202 --into 990121103201 --from 2027-01-01 --words '…'
  lianzhan org split 990121103201 --into 990121103204,990121103205 --from 2027-01-01 --words '…'
  lianzhan org list

An org that stands above the org before and after states it: the county where a station goes to another township. Let the
station sync first: what its township has witnessed by now counts, later entries wait for an adoption here.
由变更前后的共同上级办理；请先让该机构同步一次，此前已见证的照样有效，之后的需在此追认。")]
pub(super) enum Command {
    Move(Move),
    Merge(Succeed),
    Split(Succeed),
    List(List),
}

/// It stands below another parent 划转到另一上级
#[derive(clap::Args)]
pub(super) struct Move {
    /// The org: its division code or id 机构
    org: String,
    /// Its parent from then on 新的上级
    #[arg(long, value_name = "CODE|ID")]
    to: String,
    /// Its division code there 新的区划代码
    #[arg(long)]
    code: Option<String>,
    /// Its Chinese name there 新的中文名称
    #[arg(long, value_name = "NAME")]
    name_zh: Option<String>,
    /// Its English name there 新的英文名称
    #[arg(long, value_name = "NAME")]
    name_en: Option<String>,
    #[command(flatten)]
    decision: Decision,
}

/// Others go on with what it did 并入或拆分
#[derive(clap::Args)]
pub(super) struct Succeed {
    /// The org that is no more: its division code or id 撤销的机构
    org: String,
    /// Who goes on: codes or ids 继受的机构
    #[arg(long, value_name = "CODE|ID", value_delimiter = ',', required = true)]
    into: Vec<String>,
    #[command(flatten)]
    decision: Decision,
}

#[derive(clap::Args)]
struct Decision {
    /// The day from which it holds 生效日期
    #[arg(long, value_name = "DATE")]
    from: String,
    /// By which decision: all can read it 批文
    #[arg(long)]
    words: String,
    /// Spaces that are handed over to the new line: township, county, city, summary 一并移交的空间
    #[arg(long, value_name = "AUDIENCES", value_delimiter = ',')]
    hand_over: Vec<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Changes that are known here 已知的机构变更
#[derive(clap::Args)]
pub(super) struct List {
    /// Print one JSON array 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Stated {
    statements: Vec<String>,
}

impl Command {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Command::Move(Move {
                org,
                to,
                code,
                name_zh,
                name_en,
                decision,
            }) => {
                let becomes = json!({"parent": to, "code": code, "name_zh": name_zh, "name_en": name_en});
                decision.state(shell, &org, becomes)
            }
            Command::Merge(Succeed { org, into, decision })
            | Command::Split(Succeed { org, into, decision }) => {
                decision.state(shell, &org, json!({"successors": into}))
            }
            Command::List(List { json }) => list(shell, json),
        }
    }
}

impl Decision {
    fn state(self, shell: &Shell, org: &str, mut becomes: Value) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        let own = appoint::own_passphrase(shell)?;
        let statements = match reach {
            Reach::Here(node) => {
                let text = |key: &str| becomes[key].as_str().map(str::to_owned);
                let becomes = match text("parent") {
                    Some(parent) => Becoming::Moved {
                        parent: node.org_named(&parent)?,
                        code: text("code"),
                        name_zh: text("name_zh"),
                        name_en: text("name_en"),
                    },
                    None => {
                        let by = becomes["successors"].as_array().into_iter().flatten();
                        let by = by.filter_map(Value::as_str).map(|text| node.org_named(text));
                        Becoming::Succeeded(by.collect::<Result<_, _>>()?)
                    }
                };
                let hands = self.hand_over.iter().map(|id| parse_hands(id));
                let draft = OrgChangeDraft {
                    org: node.org_named(org)?,
                    becomes,
                    from: Timestamp::from_seconds(parse_since(&self.from)?),
                    words: self.words,
                    hands: hands.collect::<Result<_, _>>()?,
                };
                let authority = node.unlock_authority(&own)?;
                let stated = node.change_org(&authority, &draft)?;
                stated.iter().map(ToString::to_string).collect()
            }
            Reach::Running(client) => {
                becomes["passphrase"] = own.expose_secret().into();
                becomes["org"] = org.into();
                becomes["from"] = self.from.into();
                becomes["words"] = self.words.into();
                becomes["hands"] = self.hand_over.into();
                client.post::<Stated>("/org-changes", &becomes)?.statements
            }
        };
        let lines = statements.clone();
        out::told(
            shell,
            self.json,
            &Stated { statements },
            &lines,
            "已声明。旧空间即日关闭；请在该机构的 lianzhan.toml 中加上新上级的地址。",
            "Stated. The spaces up the old line are closed; add the new parent's address to lianzhan.toml of that org.",
        )
    }
}

#[derive(Serialize, Deserialize)]
struct Shown {
    statement: String,
    org: String,
    generation: u32,
    parent: Option<String>,
    successors: Vec<String>,
    from: i64,
    words: String,
    stated_by: String,
    standing: String,
}

fn list(shell: &Shell, json: bool) -> anyhow::Result<()> {
    let shown: Vec<Shown> = match Reach::open(&shell.dir())? {
        Reach::Here(node) => serde_json::from_value(serde_json::to_value(node.org_changes())?)?,
        Reach::Running(client) => client.get("/org-changes")?,
    };
    if json {
        return out::json(&shown);
    }
    let headings = [
        shell.lang.pick("机构", "org"),
        shell.lang.pick("生效", "from"),
        shell.lang.pick("变更为", "becomes"),
        shell.lang.pick("批文", "by"),
        shell.lang.pick("效力", "standing"),
    ];
    let rows: Vec<Vec<String>> = shown
        .into_iter()
        .map(|change| {
            let becomes = match change.parent {
                Some(parent) => format!("↑ {parent}"),
                None => format!("→ {}", change.successors.join(" ")),
            };
            let standing = match change.standing.as_str() {
                "stands" => shell.lang.pick("有效", "stands"),
                "contested" => shell.lang.pick("待追认", "contested"),
                "pending" => shell.lang.pick("待到齐", "pending"),
                _ => shell.lang.pick("不成立", "refused"),
            };
            let day = day(Timestamp(change.from));
            vec![change.org, day, becomes, change.words, standing.to_owned()]
        })
        .collect();
    out::line(out::table(&headings, &rows).trim_end())
}
