//! A report as one printable page: A4, Chinese first, without scripts and without anything from outside, so that it can be
//! kept, mailed and printed years later. A pure function, for the auditor's program and for a verifier in a browser alike.

mod paper;
mod record;

use super::facts::{Horizon, Witnessed};
use super::refusal::Refusal;
use super::report::Report;
use super::standing::Standing;
use super::words::values::local;
use crate::time::Timestamp;
use paper::Paper;

const STYLE: &str = include_str!("page/style.css");

/// The page of a bundle that verified.
pub fn page(report: &Report) -> String {
    let mut paper = Paper::default();
    open(&mut paper);
    paper
        .tag("<header class=\"head\"><span>")
        .both(&report.root.zh, &report.root.en);
    paper.tag(
        "</span><h1>核验报告<span lang=\"en\" class=\"en\">Verification report</span></h1><span class=\"r\">",
    );
    paper
        .both("时间均为东八区", "All times are UTC+08:00")
        .tag("</span></header>\n");
    answer(&mut paper, report);
    for (n, item) in (1..).zip(&report.records) {
        record::write(&mut paper, n, report.records.len(), item);
    }
    horizon(&mut paper, &report.horizon);
    limits(&mut paper);
    foot(&mut paper, &report.founding.to_string());
    close(paper)
}

/// The page of a bundle that proves nothing: the one thing, and the one reason.
pub fn refusal_page(refusal: &Refusal) -> String {
    let mut paper = Paper::default();
    open(&mut paper);
    paper.tag("<header class=\"head\"><span></span>");
    paper.tag(
        "<h1>核验报告<span lang=\"en\" class=\"en\">Verification report</span></h1><span></span></header>\n",
    );
    paper
        .tag("<section class=\"answer bad\">")
        .mark(Standing::Refused)
        .tag("<div><p><b>");
    paper
        .both("此证据包什么也不能证明。", "This bundle proves nothing.")
        .tag("</b></p></div></section>\n");
    paper
        .tag("<table><tbody><tr><th class=\"label\" scope=\"row\">")
        .both("问题所在", "The thing");
    paper
        .tag("</th><td class=\"mono\">")
        .text(&refusal.thing)
        .tag("</td></tr><tr><th scope=\"row\">");
    paper.both("原因", "The reason").tag("</th><td class=\"value\">");
    paper
        .both(&refusal.reason.zh(), &refusal.reason.to_string())
        .tag("</td></tr></tbody></table>\n");
    close(paper)
}

fn open(paper: &mut Paper) {
    // The policy makes a browser refuse whatever the page could still be made to load.
    paper
        .tag("<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n")
        .tag("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .tag("<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
        .tag("<meta name=\"referrer\" content=\"no-referrer\">\n<title>联站核验报告</title>\n<style>\n")
        .tag(STYLE)
        .tag("</style>\n</head>\n<body>\n<main>\n");
}

fn close(mut paper: Paper) -> String {
    paper.tag("</main>\n</body>\n</html>\n");
    paper.finish()
}

/// The answer before everything else: how many records stand how.
fn answer(paper: &mut Paper, report: &Report) {
    let count = |standing| {
        report
            .records
            .iter()
            .filter(|record| record.standing == standing)
            .count()
    };
    let whole = report.records.iter().map(|record| record.standing).max();
    paper
        .tag("<section class=\"answer\">")
        .mark(whole.unwrap_or(Standing::Refused))
        .tag("<div>");
    let all = [
        Standing::Proved,
        Standing::Pending,
        Standing::Contested,
        Standing::Refused,
    ];
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for standing in all.into_iter().filter(|standing| count(*standing) > 0) {
        zh.push(format!("{} {} 条", standing.zh(), count(standing)));
        en.push(format!("{} {}", count(standing), standing.en()));
    }
    let total = report.records.len();
    paper.tag("<p><b>").both(
        &format!("{total} 条记录：{}。", zh.join("，")),
        &format!("{total} record(s): {}.", en.join(", ")),
    );
    paper.tag("</b></p>");
    // The first two sentences say what was proved; horizons and limits have tables of their own below.
    for (zh, en) in report.words_zh.iter().zip(&report.words_en).take(2) {
        paper.tag("<p>").both(zh, en).tag("</p>");
    }
    paper.tag("</div></section>\n");
}

/// Up to when each log is known.
fn horizon(paper: &mut Paper, logs: &[Horizon]) {
    paper
        .tag("<section class=\"record\">")
        .section("证据截至", "Evidence horizon");
    paper.tag("<table><colgroup><col><col class=\"size\"><col><col style=\"width:34%\"></colgroup>");
    paper.head(&[
        ("日志", "Log"),
        ("出示条数", "Entries shown"),
        ("最后见证", "Last witnessed"),
        ("树根", "Root"),
    ]);
    paper.tag("<tbody>");
    for log in logs {
        paper
            .tag("<tr><td>")
            .both(&log.org.zh, &log.org.en)
            .print(&log.log)
            .tag("</td><td>");
        paper.number(log.size).tag("</td><td>");
        match &log.witnessed {
            Some(seen) => {
                witnessed(paper, seen);
                let covered = (
                    format!("见证其前 {} 条", seen.size),
                    format!("its first {} entries", seen.size),
                );
                paper.both(&covered.0, &covered.1);
            }
            None => drop(paper.both("包内没有上级见证", "no witness shown")),
        }
        paper
            .tag("</td><td>")
            .print(&log.root.to_string())
            .tag("</td></tr>\n");
    }
    paper.tag("</tbody></table></section>\n");
}

fn limits(paper: &mut Paper) {
    paper
        .section("离线无法得知", "What cannot be known offline")
        .tag("<ul class=\"limits\"><li>");
    paper
        .both("从未出示的条目。", "Entries that nobody showed.")
        .tag("</li><li>");
    paper
        .both(
            "上表截止之后的更改、撤销和更正。",
            "Changes, revocations and corrections after the horizons above.",
        )
        .tag("</li></ul>\n");
}

fn foot(paper: &mut Paper, founding: &str) {
    paper.tag("<footer class=\"foot\"><div><div class=\"sign\"><span>核验人</span><span>单位</span><span>日期</span></div><p>");
    paper.text("所信任的创始声明 ").print(founding).tag("</p><p>");
    paper
        .both(
            "此页由 lianzhan-audit 离线得出。任何人用同一证据包和同一创始声明都得到同样的结论。",
            "Made offline by lianzhan-audit. Anybody with the same bundle and the same founding statement gets the same result.",
        )
        .tag("</p></div><div class=\"stamp\">盖章处</div></footer>\n");
}

/// When and by whom, on two lines.
fn witnessed(paper: &mut Paper, seen: &Witnessed) {
    paper
        .text(&short(seen.time))
        .tag("<br>")
        .both(&seen.by.zh, &seen.by.en);
}

/// An instant without its zone, which the head of the page states once.
fn short(time: Timestamp) -> String {
    let text = local(time);
    text.strip_suffix(" +08:00").map(str::to_owned).unwrap_or(text)
}
