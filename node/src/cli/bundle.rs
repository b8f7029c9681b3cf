//! `lianzhan bundle`

use std::path::PathBuf;

use anyhow::Context;

use super::lang::said;
use super::reach::Reach;
use super::{Shell, out};
use crate::api::bundles::WRITING;
use crate::api::progress::Progress;
use crate::services::select::Selection;
use crate::services::{files, parse_record};

/// Write an evidence bundle that an auditor checks offline 生成可离线核查的证据包
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan bundle 0196b2c3d4e5f60718293a4b5c6d7e8f -o evidence.tar
  lianzhan bundle --case 0196b2c3d4e5f60718293a4b5c6d7e8f -o case.tar
  lianzhan bundle --deputy 林枫 --year 2026 -o deputy.tar
  lianzhan bundle --station 990121103201 --quarter 2026Q1 -o quarter.tar
  lianzhan-audit verify evidence.tar --root lianzhan-node/founding.cose

Ids of records stand on their pages and in the first column of `lianzhan query`. Names, phones and addresses of the people
who came are never in a bundle. 记录编号见记录页面，或 lianzhan query 的第一列。证据包中没有来访人的个人信息。")]
pub(super) struct Bundle {
    #[command(flatten)]
    what: What,
    /// The year of what the deputy signed 代表履职的年份
    #[arg(long, value_name = "YEAR", requires = "deputy")]
    year: Option<i16>,
    /// The quarter in which the station's records are dated, as 2026Q1 站点记录所在季度，如 2026Q1
    #[arg(long, value_name = "QUARTER", requires = "station")]
    quarter: Option<String>,
    /// The file to write 写入的文件
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Ids of records 记录编号
    #[arg(value_name = "RECORD")]
    records: Vec<String>,
    /// A record and what it cites 一条记录及其引用的记录
    #[arg(long, value_name = "RECORD")]
    case: Option<String>,
    /// A joint activity, with the minutes and other records that it cites 一次联动活动及其引用的会议记录等
    #[arg(long, value_name = "RECORD")]
    activity: Option<String>,
    /// What a deputy signed in a year: login, name, person's id, or record of the roster
    /// 一名代表一年内签署的内容：登录名、姓名、人员编号或名册记录编号
    #[arg(long, value_name = "DEPUTY", requires = "year")]
    deputy: Option<String>,
    /// The records of a station in a quarter: division code or org id 一个站点一个季度的记录：区划代码或单位编号
    #[arg(long, value_name = "STATION", requires = "quarter")]
    station: Option<String>,
}

impl Bundle {
    fn selection(&self) -> anyhow::Result<Selection> {
        let What {
            records,
            case,
            activity,
            deputy,
            station,
        } = &self.what;
        Ok(match (case, activity, deputy, station) {
            (Some(case), ..) => Selection::Case {
                case: parse_record(case)?,
            },
            (_, Some(activity), ..) => Selection::Activity {
                activity: parse_record(activity)?,
            },
            (_, _, Some(deputy), _) => Selection::Deputy {
                deputy: deputy.clone(),
                year: self.year.unwrap_or_default(),
            },
            (.., Some(station)) => Selection::Station {
                station: station.clone(),
                quarter: self.quarter.clone().unwrap_or_default(),
            },
            _ => {
                let ids: Result<Vec<_>, _> = records.iter().map(|id| parse_record(id)).collect();
                Selection::Records { records: ids? }
            }
        })
    }

    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let selection = self.selection()?;
        let spinner = out::spinner(shell.lang.pick("查找记录", "finding records"));
        let writing = shell.lang.pick("写入并核验证据", "writing and checking evidence");
        let bytes = match Reach::open(&shell.dir())? {
            Reach::Here(node) => {
                let ids = node.select(&selection, &mut |seen| spinner.set_position(seen))?;
                spinner.set_position(ids.len() as u64);
                spinner.set_message(writing);
                node.bundle(&ids)?
            }
            Reach::Running(client) => {
                let part = |part: &str| (part == WRITING).then_some(writing);
                let follow = |progress: &Progress| out::follow(&spinner, progress, part);
                client.post_long("/bundle", &serde_json::to_value(&selection)?, follow)?
            }
        };
        spinner.finish_and_clear();
        std::fs::write(&self.output, &bytes).with_context(|| {
            said(
                format!("不能写入 {}。请另选地方。", self.output.display()),
                format!("{}: choose a place that can be written to", self.output.display()),
            )
        })?;
        let (file, root) = (self.output.display(), shell.dir().join(files::FOUNDING));
        let check = format!("lianzhan-audit verify {file} --root {}", root.display());
        let size = bytes.len();
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "file": self.output, "bytes": size, "check": check }),
            &[],
            &format!("已写入 {file}（{size} 字节）。核查：{check}"),
            &format!("{file} written, {size} bytes. To check it: {check}"),
        )
    }
}
