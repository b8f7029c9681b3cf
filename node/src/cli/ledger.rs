//! `lianzhan ledger`

use std::io::Read;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use anyhow::Context;
use serde_json::{Value, json};

use super::reach::{Reach, percent};
use super::{Lang, Shell, ask, block_on, out};
use crate::api::definitions::{PlanJson, all};
use crate::services::definitions::{Adds, DefinitionDraft};

/// Ledgers and fields that a county or city adds 县、市新增的台账和栏目
#[derive(clap::Subcommand)]
#[command(after_help = "\
Example 例:
  lianzhan ledger list
  lianzhan ledger add wells.toml --basis 县人大办公室通知 --preview --login lin
  lianzhan ledger extend issue river.toml --basis 县人大办公室通知 --login lin

A definition is TOML, as those of the program are (protocol/src/record/ledgers):
  id = \"wells\"
  rev = 1
  zh = \"机井登记簿\"
  en = \"Wells\"
  audience = \"county\"              # local, township, county, city
  writers = [\"station_liaison\"]
  title = \"place\"
  [[fields]]
  id = \"place\"
  zh = \"地点\"
  en = \"Place\"
  kind = \"str\"                     # str, text, int, dec, bool, date, ts, month, enum, ref, blob
  required = \"required\"            # required, complete, optional
  sensitivity = \"I\"                # P or I: no personal data
More fields are [[fields]] alone. 增加栏目时只写 [[fields]]。")]
pub(super) enum Ledger {
    List(List),
    Add(Add),
    Extend(Extend),
}

/// List what was added 列出新增的台账和栏目
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan ledger list")]
pub(super) struct List {
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Who signs, and on what basis.
#[derive(clap::Args)]
struct Signing {
    /// The rule or decision behind it 依据
    #[arg(long, value_name = "WORDS")]
    basis: String,
    /// Only tell what it would come to 只看结果
    #[arg(long)]
    preview: bool,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Add a ledger 新增一本台账
#[derive(clap::Args)]
#[command(after_help = "Example 例:\n  lianzhan ledger add wells.toml --basis 县人大办公室通知 --login lin")]
pub(super) struct Add {
    /// A file of TOML, or - 定义文件
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

/// Add fields to a ledger 给台账增加栏目
#[derive(clap::Args)]
#[command(
    after_help = "Example 例:\n  lianzhan ledger extend issue river.toml --basis 县人大办公室通知 --login lin"
)]
pub(super) struct Extend {
    /// The ledger 台账
    ledger: String,
    /// A file of TOML, or - 定义文件
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

impl Ledger {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Ledger::List(list) => list.run(shell),
            Ledger::Add(add) => {
                let text = read(&add.file)?;
                let adds = Adds::ledger_of_toml(&text).map_err(crate::services::ServiceError::from)?;
                add.signing.run(shell, "/definitions", adds, &text)
            }
            Ledger::Extend(extend) => {
                let text = read(&extend.file)?;
                let adds = Adds::fields_of_toml(&extend.ledger, &text)
                    .map_err(crate::services::ServiceError::from)?;
                let path = format!("/definitions/{}/fields", percent(&extend.ledger));
                extend.signing.run(shell, &path, adds, &text)
            }
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    }
    Ok(text)
}

impl List {
    fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let found: Value = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                serde_json::to_value(all(&node))?
            }
            Reach::Running(client) => client.get("/definitions")?,
        };
        if self.json {
            return out::json(&found);
        }
        let lang = shell.lang;
        let text = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
        let rows = found["definitions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|known| {
                let fields = known["fields"].as_array().map_or(0, Vec::len);
                vec![
                    text(known, "ledger"),
                    text(known, lang.pick("zh", "en")),
                    fields.to_string(),
                    text(&known["org"], lang.pick("name_zh", "name_en")),
                ]
            });
        let headings = match lang {
            Lang::Zh => ["台账", "名称", "新增栏目", "制定"],
            Lang::En => ["ledger", "name", "new fields", "added by"],
        };
        out::bytes(out::table(&headings, &rows.collect::<Vec<_>>()).as_bytes())
    }
}

impl Signing {
    fn run(self, shell: &Shell, path: &str, adds: Adds, text: &str) -> anyhow::Result<()> {
        let draft = DefinitionDraft {
            adds,
            basis: self.basis,
        };
        let reach = Reach::open(&shell.dir())?;
        let login = ask::login(shell, self.login)?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let answer: Value = match &reach {
            Reach::Here(node) => {
                node.catch_up(|_| {})?;
                let author = node.sign_in(&login, &passphrase)?;
                match self.preview {
                    true => serde_json::to_value(PlanJson::from(node.plan_definition(&author, &draft)?))?,
                    false => {
                        let written = block_on(node.define(&author, &draft))??;
                        json!({ "record": written.record.to_string() })
                    }
                }
            }
            Reach::Running(client) => {
                let body = json!({
                    "login": login, "passphrase": passphrase.expose_secret(), "definition": text,
                    "basis": draft.basis, "preview": self.preview,
                });
                client.post(path, &body)?
            }
        };
        if self.preview {
            let new = answer["new"].as_array().into_iter().flatten();
            let mut lines = vec![answer["ledger"].as_str().unwrap_or_default().to_owned()];
            lines.extend(new.filter_map(|id| id.as_str().map(|id| format!("  {id}"))));
            return out::told(
                shell,
                self.json,
                &answer,
                &lines,
                "以上只是查看，什么也没有签名。",
                "This only looked; nothing was signed.",
            );
        }
        let record = answer["record"].as_str().unwrap_or_default().to_owned();
        out::told(
            shell,
            self.json,
            &answer,
            &[record],
            "已签名，随同步下发，各站不必重启即可使用。",
            "Signed; stations have it with the next sync, without a restart.",
        )
    }
}
