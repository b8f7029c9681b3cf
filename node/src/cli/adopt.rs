//! `lianzhan adopt`

use std::collections::BTreeSet;
use std::time::Duration;

use age::secrecy::{ExposeSecret, SecretString};
use lianzhan_protocol::record::ledger::ledger;
use lianzhan_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::appoint::own_passphrase;
use super::reach::{self, Reach};
use super::{Lang, Shell, ask, out};
use crate::services::adopt::AdoptDraft;
use crate::services::parse_record;

/// As many are adopted at once.
const PART: usize = lianzhan_protocol::trust::Adoption::MAX;
/// Looks, and how long apart, until a running node has caught up.
const PATIENCE: usize = 300;
const LOOK: Duration = Duration::from_millis(200);

/// Adopt what a revocation contests, or list it 追认有争议的内容
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan adopt --list
  lianzhan adopt --all                                    all of it, by the org's authority 由机构授权全部追认
  lianzhan adopt --changes ID,ID                          by the org's authority 由机构授权追认
  lianzhan adopt --statements ID                          statements of a revoked authority 被撤销的授权所作的任命
  lianzhan adopt --record ID --changes ID --login wang    by a present holder of the same post 由现任同职者追认")]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["list", "all", "changes", "statements"]))]
pub(super) struct Adopt {
    /// List what waits 列出待追认的内容
    #[arg(long, conflicts_with_all = ["all", "changes", "statements"])]
    list: bool,
    /// Adopt all that waits here 全部追认
    #[arg(long, conflicts_with_all = ["changes", "statements", "record"])]
    all: bool,
    /// Entries, apart by commas 记录中的内容
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    changes: Vec<String>,
    /// Statements of trust, apart by commas 任命等声明
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    statements: Vec<String>,
    /// The record, where a present holder of the same post adopts 记录编号
    #[arg(
        long,
        value_name = "RECORD",
        requires = "changes",
        conflicts_with = "statements"
    )]
    record: Option<String>,
    /// Who adopts as a holder of the same post 由谁追认
    #[arg(long, value_name = "LOGIN", requires = "record")]
    login: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Contested {
    changes: Vec<Change>,
    statements: Vec<Statement>,
    more: u64,
}

#[derive(Deserialize)]
struct Change {
    change: String,
    record: String,
    ledger: String,
    title: String,
    sealed: bool,
    recorded: i64,
    capacity: Option<Capacity>,
    fields: Vec<String>,
    events: Vec<String>,
}

#[derive(Deserialize)]
struct Capacity {
    name: String,
}

#[derive(Deserialize)]
struct Statement {
    statement: String,
    contested_by: String,
    holder: String,
    purpose: Option<String>,
    org_name: String,
}

#[derive(Deserialize)]
struct Stated {
    statements: Vec<String>,
}

#[derive(Deserialize)]
struct Written {
    change: String,
}

impl Adopt {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let reach = Reach::open(&shell.dir())?;
        if self.list {
            return list(shell, reach, self.json);
        }
        if self.all {
            return adopt_all(shell, &reach, self.json);
        }
        match &self.record {
            Some(record) => {
                let record = record.clone();
                self.by_holder(shell, reach, &record)
            }
            None => self.by_authority(shell, reach),
        }
    }

    fn by_authority(self, shell: &Shell, reach: Reach) -> anyhow::Result<()> {
        // Refused here before a passphrase is asked for.
        AdoptDraft::parse(&self.changes, &self.statements)?;
        let own = own_passphrase(shell)?;
        let stated = adopt(&reach, &own, &self.changes, &self.statements)?;
        said(shell, self.json, "statements", &stated)
    }

    fn by_holder(self, shell: &Shell, reach: Reach, record: &str) -> anyhow::Result<()> {
        let draft = AdoptDraft::parse(&self.changes, &[])?;
        let id = parse_record(record)?;
        let login = ask::login(shell, self.login)?;
        let passphrase: SecretString =
            ask::passphrase(shell, ask::PASSPHRASE, "本人的口令", "your passphrase")?;
        let change = match reach {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                let author = node.sign_in(&login, &passphrase)?;
                super::block_on(node.adopt_in(&author, &id, draft.changes))??
                    .change
                    .to_string()
            }
            Reach::Running(client) => {
                let body = json!({
                    "login": login, "passphrase": passphrase.expose_secret(), "changes": self.changes,
                });
                client
                    .post::<Written>(&format!("/records/{id}/adopt"), &body)?
                    .change
            }
        };
        said(shell, self.json, "changes", &[change])
    }
}

fn said(shell: &Shell, json: bool, name: &str, ids: &[String]) -> anyhow::Result<()> {
    let count = ids.len();
    out::told(
        shell,
        json,
        &json!({ name: ids }),
        ids,
        &format!("已追认。上面是追认的编号，共 {count} 项。"),
        &format!("Adopted. Above are the ids of what adopts, {count} in all."),
    )
}

/// What waits now.
fn waiting(reach: &Reach) -> anyhow::Result<Value> {
    match reach {
        Reach::Here(node) => {
            node.catch_up(|_| {})?;
            Ok(serde_json::to_value(node.contested()?)?)
        }
        Reach::Running(client) => client.get("/contested"),
    }
}

/// Adopts all that waits, a part at a time, until nothing new is listed.
fn adopt_all(shell: &Shell, reach: &Reach, json: bool) -> anyhow::Result<()> {
    let own = own_passphrase(shell)?;
    let bar = out::bar(shell.lang.pick("追认", "adopting"));
    let (mut stated, mut done) = (Vec::new(), BTreeSet::new());
    let mut waited = 0;
    loop {
        let contested: Contested = reach::shown(waiting(reach)?)?;
        let listed = contested.changes.iter().map(|change| &change.change);
        let changes: Vec<String> = listed.filter(|id| !done.contains(*id)).cloned().collect();
        let listed = contested.statements.iter().map(|one| &one.statement);
        let statements: Vec<String> = listed.filter(|id| !done.contains(*id)).cloned().collect();
        if changes.is_empty() && statements.is_empty() {
            // What was adopted leaves the list once the running node has looked at it again.
            if contested.more == 0 || waited == PATIENCE {
                break;
            }
            waited += 1;
            std::thread::sleep(LOOK);
            continue;
        }
        waited = 0;
        bar.set_length((done.len() + changes.len() + statements.len()) as u64 + contested.more);
        let parts = changes.chunks(PART).map(|part| (part, &[][..]));
        for (changes, statements) in parts.chain(statements.chunks(PART).map(|part| (&[][..], part))) {
            stated.extend(adopt(reach, &own, changes, statements)?);
            done.extend(changes.iter().chain(statements).cloned());
            bar.set_position(done.len() as u64);
        }
    }
    bar.finish_and_clear();
    if done.is_empty() && !json {
        return out::line(
            shell
                .lang
                .pick("没有待追认的内容。", "Nothing waits for an adoption."),
        );
    }
    said(shell, json, "statements", &stated)
}

/// The authority adopts some changes and statements.
fn adopt(
    reach: &Reach,
    own: &SecretString,
    changes: &[String],
    statements: &[String],
) -> anyhow::Result<Vec<String>> {
    Ok(match reach {
        Reach::Here(node) => {
            let draft = AdoptDraft::parse(changes, statements)?;
            node.adopt(own, draft)?.iter().map(ToString::to_string).collect()
        }
        Reach::Running(client) => {
            let body = json!({
                "passphrase": own.expose_secret(), "changes": changes, "statements": statements,
            });
            client.post::<Stated>("/adopt", &body)?.statements
        }
    })
}

fn list(shell: &Shell, reach: Reach, json: bool) -> anyhow::Result<()> {
    let contested = waiting(&reach)?;
    if json {
        return out::json(&contested);
    }
    let contested: Contested = reach::shown(contested)?;
    out::bytes(text(&contested, shell.lang).as_bytes())
}

/// Ids stand whole, on lines of their own: they are to be copied.
fn text(contested: &Contested, lang: Lang) -> String {
    let mut text = String::new();
    for change in &contested.changes {
        let who = change
            .capacity
            .as_ref()
            .map_or("?", |capacity| capacity.name.as_str());
        let ledger = ledger(&change.ledger);
        let fields = change.fields.iter().map(|id| {
            let field = ledger.and_then(|ledger| ledger.field(id.split('/').next()?));
            field.map_or(id.as_str(), |field| lang.pick(&field.zh, &field.en))
        });
        let mut what: Vec<&str> = change.events.iter().map(String::as_str).chain(fields).collect();
        what.dedup();
        let title = match (change.sealed, change.title.as_str()) {
            (true, _) => lang.pick("（密封的附册）", " (a sealed annex)").to_owned(),
            (false, "") => String::new(),
            (false, title) => format!(" {title}"),
        };
        text.push_str(&format!(
            "{}\n  {} {}{title} · {} · {who} · {}\n",
            change.change,
            ledger.map_or(change.ledger.as_str(), |ledger| lang.pick(&ledger.zh, &ledger.en)),
            change.record,
            out::time(Timestamp(change.recorded).0),
            what.join(lang.pick("、", ", ")),
        ));
    }
    for statement in &contested.statements {
        let by = lang.pick("因", "contested by");
        let what = match &statement.purpose {
            Some(purpose) => format!(
                "{}{} {} ({purpose})",
                lang.pick("任命：", "appointment: "),
                statement.org_name,
                statement.holder
            ),
            None => format!("{}{}", lang.pick("声明：", "statement: "), statement.org_name),
        };
        text.push_str(&format!(
            "{}\n  {what} · {by} {}\n",
            statement.statement, statement.contested_by
        ));
    }
    if contested.more > 0 {
        let more = contested.more;
        text.push_str(&match lang {
            Lang::Zh => format!("另有 {more} 条记录未列出。\n"),
            Lang::En => format!("{more} more records are not listed.\n"),
        });
    }
    if text.is_empty() {
        text = lang
            .pick("没有待追认的内容。\n", "Nothing waits for an adoption.\n")
            .to_owned();
    }
    text
}
