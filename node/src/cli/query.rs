//! `lianzhan query`

use super::reach::{Reach, percent};
use super::{Lang, Shell, out};
use crate::services::query::Table;

/// Print a view of the records held here 列出本机的记录
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan query letters_visits
  lianzhan query letters_visits --csv > visits.csv      for a spreadsheet 用表格软件打开

Views 视图: letters_visits, deputy_roster, activity, issue, meeting_minutes, visits_by_station, logs")]
pub(super) struct Query {
    /// The view 视图
    view: String,
    /// Print one JSON object 输出 JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV 输出 CSV
    #[arg(long)]
    csv: bool,
}

impl Query {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let table: Table = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                // Nobody keeps views up to date while the node does not run.
                node.catch_up(|_| {})?;
                match self.csv {
                    true => node.table_to_leave(&self.view)?.0,
                    false => node.table(&self.view)?,
                }
            }
            Reach::Running(client) if self.csv => {
                let path = format!("/views/{}?format=csv", percent(&self.view));
                return out::bytes(&client.get_bytes(&path)?);
            }
            Reach::Running(client) => client.get(&format!("/views/{}", percent(&self.view)))?,
        };
        match () {
            () if self.json => out::json(&table),
            () if self.csv => out::bytes(&table.to_csv()),
            () => out::bytes(text(&table, shell.lang).as_bytes()),
        }
    }
}

/// The table for a terminal: columns that are empty throughout are left out.
pub(super) fn text(table: &Table, lang: Lang) -> String {
    let filled: Vec<usize> = (0..table.columns.len())
        .filter(|&n| {
            table
                .rows
                .iter()
                .any(|row| row.get(n).is_some_and(|cell| !cell.is_null()))
        })
        .collect();
    let headings: Vec<&str> = filled.iter().map(|&n| table.columns[n].as_str()).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| {
            filled
                .iter()
                .map(|&n| row.get(n).map_or_else(String::new, cell))
                .collect()
        })
        .collect();
    let count = match lang {
        Lang::Zh => format!("共 {} 行\n", rows.len()),
        Lang::En if rows.len() == 1 => "1 row\n".to_owned(),
        Lang::En => format!("{} rows\n", rows.len()),
    };
    if rows.is_empty() {
        return count;
    }
    out::table(&headings, &rows) + &count
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_is_counted_as_one() {
        let of = |count: usize| Table {
            view: "issue".into(),
            as_of: Default::default(),
            columns: vec!["gist".into()],
            rows: vec![vec!["路灯".into()]; count],
        };
        for (count, words) in [(0, "0 rows\n"), (1, "1 row\n"), (2, "2 rows\n")] {
            let told = text(&of(count), Lang::En);
            assert!(told.ends_with(words), "{told}");
        }
    }
}
