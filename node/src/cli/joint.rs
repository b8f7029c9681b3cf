//! `lianzhan joint`

use age::secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reach::Reach;
use super::{Shell, appoint, out};
use crate::services::Node;

/// Joint spaces, which hold what several orgs write together 联动空间
#[derive(clap::Subcommand)]
#[command(after_help = "\
Example 例:
  lianzhan joint open --with 990121204,990121205 --travel county --year 2026
  lianzhan joint list
  lianzhan import joint_supervision 联动监督.xlsx --space 990121103+990121204+990121205 --login lin

Who holds a joint space never changes: these orgs, and those above them up to the level that is named. Another partner is
another space.
联动空间由这些单位和其上级（到所填层级为止）持有，定下就不变；多一个单位，就另建一个。")]
pub(super) enum Command {
    Open(Open),
    List(List),
}

/// Open one with other orgs 与其他单位建立联动空间
#[derive(clap::Args)]
pub(super) struct Open {
    /// The other orgs: division codes or ids 其他单位
    #[arg(long, value_name = "CODE|ID", value_delimiter = ',', required = true)]
    with: Vec<String>,
    /// Up to which level it goes above them: station, township, county, city 送达的最高层级
    #[arg(long, value_name = "LEVEL", default_value = "county")]
    travel: String,
    /// The calendar year 年份
    #[arg(long)]
    year: u16,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Joint spaces that are held here 本机的联动空间
#[derive(clap::Args)]
pub(super) struct List {
    /// Print one JSON array 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct Shown {
    id: String,
    owner: Option<OrgShown>,
    orgs: Vec<OrgShown>,
    travel: Option<String>,
    year: u16,
}

#[derive(Serialize, Deserialize)]
struct OrgShown {
    id: String,
    code: String,
    name_zh: String,
    name_en: String,
}

impl Shown {
    fn of(node: &Node, space: &lianzhan_protocol::trust::Space) -> Self {
        let directory = node.directory();
        let org = |id| {
            let org = directory.org(id)?;
            Some(OrgShown {
                id: org.id.to_string(),
                code: org.code.clone(),
                name_zh: org.name_zh.clone(),
                name_en: org.name_en.clone(),
            })
        };
        let joint = space.joint.as_ref();
        Shown {
            id: space.id().to_string(),
            owner: org(&space.owner),
            orgs: joint
                .into_iter()
                .flat_map(|joint| &joint.orgs)
                .filter_map(org)
                .collect(),
            travel: joint.map(|joint| joint.travel.as_str().to_owned()),
            year: crate::services::joint::year(space),
        }
    }
}

impl Command {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Command::Open(open) => open.run(shell),
            Command::List(List { json }) => list(shell, json),
        }
    }
}

impl Open {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        let own = appoint::own_passphrase(shell)?;
        let shown = match reach {
            Reach::Here(node) => {
                let draft = node.joint_draft(&self.with, &self.travel, self.year)?;
                let authority = node.unlock_authority(&own)?;
                Shown::of(&node, &node.open_joint(&authority, &draft)?)
            }
            Reach::Running(client) => {
                let body = json!({
                    "passphrase": own.expose_secret(), "orgs": self.with, "travel": self.travel, "year": self.year,
                });
                client.post("/joint-spaces", &body)?
            }
        };
        let lines = [shown.id.clone()];
        out::told(
            shell,
            self.json,
            &shown,
            &lines,
            "已建立，各单位同步后即可使用。",
            "Opened; the orgs have it with their next sync.",
        )
    }
}

fn list(shell: &Shell, json: bool) -> anyhow::Result<()> {
    let all: Vec<Shown> = match Reach::open(&shell.dir())? {
        Reach::Here(node) => {
            let spaces = node.joint_spaces();
            spaces.iter().map(|space| Shown::of(&node, space)).collect()
        }
        Reach::Running(client) => client.get("/joint-spaces")?,
    };
    if json {
        return out::json(&all);
    }
    let headings = [
        shell.lang.pick("编号", "id"),
        shell.lang.pick("年份", "year"),
        shell.lang.pick("单位", "orgs"),
        shell.lang.pick("送到", "up to"),
    ];
    let rows = all.into_iter().map(|space| {
        let orgs: Vec<String> = space
            .orgs
            .iter()
            .map(|org| format!("{} {}", org.code, shell.lang.pick(&org.name_zh, &org.name_en)))
            .collect();
        let travel = space.travel.unwrap_or_default();
        vec![space.id, space.year.to_string(), orgs.join(", "), travel]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    out::line(out::table(&headings, &rows).trim_end())
}
