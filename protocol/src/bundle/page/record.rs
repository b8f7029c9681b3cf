//! One record on the page: what it says, what was done, who wrote it under whose appointment, and what is refused.

use std::borrow::Cow;

use super::super::facts::{Author, EventFacts};
use super::super::report::{ChangeReport, RecordReport};
use super::super::standing::Standing;
use super::super::words;
use super::paper::Paper;
use super::{short, witnessed};
use crate::record::FieldState;
use crate::record::ledger::{Ledger, ledger};

/// Writes record `n` of `total`.
pub(super) fn write(paper: &mut Paper, n: usize, total: usize, record: &RecordReport) {
    paper.tag("<section class=\"record\"><div class=\"title\"><h2>");
    if total > 1 {
        paper.text(&format!("{n}. "));
    }
    let known = record.facts.ledger.as_deref().and_then(ledger);
    let (zh, en) = known.map_or(
        ("本程序不认识的台账", "A ledger that this program does not know"),
        |ledger| (ledger.zh.as_str(), ledger.en.as_str()),
    );
    let owner = &record.facts.owner;
    paper
        .both(&format!("{zh} · {}", owner.zh), &format!("{en}, {}", owner.en))
        .tag("</h2>");
    paper.mark(record.standing).tag("</div><p class=\"note\">");
    paper
        .text("记录编号 ")
        .print(&record.facts.id.to_string())
        .tag("</p>\n");
    fields(paper, record);
    events(paper, record);
    changes(paper, record);
    chains(paper, record);
    paper.tag("</section>\n");
}

fn fields(paper: &mut Paper, record: &RecordReport) {
    if record.facts.fields.is_empty() {
        return;
    }
    let known = record.facts.ledger.as_deref().and_then(ledger);
    paper
        .section("内容", "What it says")
        .tag("<table><colgroup><col class=\"label\"><col></colgroup><tbody>");
    let mut last = None;
    for (key, field) in &record.facts.fields {
        let (zh, en) = label_of(known, key, field);
        // Members of a set that are named by themselves stand under one label.
        if last.as_ref() == Some(&zh) {
            paper.tag("<br>");
        } else {
            paper.tag(if last.is_some() { "</td></tr>\n" } else { "" });
            paper
                .tag("<tr><th scope=\"row\">")
                .both(&zh, &en)
                .tag("</th><td class=\"value\">");
        }
        last = Some(zh);
        for (n, candidate) in field.candidates.iter().enumerate() {
            let (zh, en) = words::values::shown(known, key, &candidate.value);
            if n > 0 {
                paper
                    .tag("<br>")
                    .both("另有并存的值：", "Another value stands beside it:");
            }
            paper.both(&stated(&zh), &stated(&en));
        }
    }
    paper.tag("</td></tr>\n</tbody></table>\n");
}

/// The label of a field; of a set's member without the member where that is the value itself.
fn label_of(known: Option<&Ledger>, key: &str, field: &FieldState) -> (String, String) {
    let resolved = known.and_then(|ledger| ledger.resolve(key));
    if let Some((definition, Some(member))) = resolved
        && field.value.as_text() == Some(member)
    {
        return (definition.zh.clone(), definition.en.clone());
    }
    words::values::label(known, key)
}

/// A stated instant as people read it, where it is one of this zone: the head of the page names the zone.
fn stated(text: &str) -> Cow<'_, str> {
    match text.strip_suffix("+08:00") {
        Some(local) if local.len() <= 19 && local.as_bytes().get(10) == Some(&b'T') => {
            Cow::Owned(local.replacen('T', " ", 1))
        }
        _ => Cow::Borrowed(text),
    }
}

fn events(paper: &mut Paper, record: &RecordReport) {
    if record.facts.events.is_empty() {
        return;
    }
    paper.section("事项", "Events");
    paper.tag("<table><colgroup><col><col><col class=\"when\"><col class=\"when\"><col class=\"when\"><col class=\"verdict\"></colgroup>");
    paper.head(&[
        ("事项", "Event"),
        ("何人、何职、何单位", "Who, role, org"),
        ("发生", "Happened"),
        ("记录", "Recorded"),
        ("见证", "Witnessed"),
        ("结论", "Verdict"),
    ]);
    paper.tag("<tbody>");
    for event in &record.facts.events {
        row_of_event(paper, record, event);
    }
    paper.tag("</tbody></table>\n");
}

fn row_of_event(paper: &mut Paper, record: &RecordReport, event: &EventFacts) {
    let change = record
        .changes
        .iter()
        .find(|change| change.facts.id == event.change);
    let standing = record.events.get(&event.id).copied().unwrap_or(Standing::Pending);
    paper.tag(if event.ineffective.is_some() {
        "<tr class=\"void\"><td>"
    } else {
        "<tr><td>"
    });
    let (zh, en) = words::event_title(event);
    paper.tag("<span class=\"what\">").both(&zh, &en).tag("</span>");
    if let Some(text) = &event.text {
        paper.tag("<span class=\"value\">").text(text).tag("</span>");
    }
    if event.actor.is_some() {
        let (zh, en) = words::recorded(event);
        paper.tag("<span class=\"value\">").both(&zh, &en).tag("</span>");
    }
    if let Some(right) = &event.right {
        let (zh, en) = words::right(right);
        paper.tag("<span class=\"value\">").both(&zh, &en).tag("</span>");
    }
    if let Some(reason) = &event.ineffective {
        let (zh, en) = words::without_effect(reason);
        paper
            .tag("<br><span class=\"why\">")
            .both(&zh, &en)
            .tag("</span>");
    }
    paper.tag("</td><td>");
    match change.and_then(|change| change.facts.author.as_ref()) {
        Some(author) => who(paper, author),
        None => drop(
            paper
                .text(&event.by)
                .tag("<br>")
                .both(&event.org.zh, &event.org.en),
        ),
    }
    paper
        .tag("</td><td>")
        .text(&stated(event.happened.as_deref().unwrap_or("—")));
    times(paper, change);
    paper.mark(standing).tag("</td></tr>\n");
}

fn changes(paper: &mut Paper, record: &RecordReport) {
    paper.section("签名与见证", "Signatures and witnesses");
    paper.tag("<table><colgroup><col class=\"n\"><col><col><col class=\"when\"><col class=\"when\"><col class=\"verdict\"></colgroup>");
    paper.head(&[
        ("", ""),
        ("更改及其位置", "Change and its place"),
        ("何人、何职、何单位", "Who, role, org"),
        ("记录", "Recorded"),
        ("见证", "Witnessed"),
        ("结论", "Verdict"),
    ]);
    paper.tag("<tbody>");
    for (n, change) in (1..).zip(&record.changes) {
        paper.tag(if change.standing == Standing::Refused {
            "<tr class=\"void\"><td>"
        } else {
            "<tr><td>"
        });
        paper
            .number(n)
            .tag("</td><td>")
            .print(&change.facts.id.to_string())
            .tag("<br>");
        paper.text(&format!(
            "{} #{}",
            short_log(&change.facts.log),
            change.facts.index
        ));
        if change.standing != Standing::Proved {
            let (verdict_zh, verdict_en) = change.verdict();
            paper.tag("<br>");
            paper
                .tag("<span class=\"why\">")
                .both(&verdict_zh, &verdict_en)
                .tag("</span>");
        }
        paper.tag("</td><td>");
        match &change.facts.author {
            Some(author) => who(paper, author),
            None => drop(paper.both("任命未随包出示", "appointment not shown")),
        }
        times(paper, Some(change));
        paper.mark(change.standing).tag("</td></tr>\n");
    }
    paper.tag("</tbody></table>\n");
}

/// The cells of the two times; the cell before is still open, and the next one is left open.
fn times(paper: &mut Paper, change: Option<&ChangeReport>) {
    paper.tag("</td><td>").text(
        &change
            .map(|change| short(change.facts.recorded))
            .unwrap_or_default(),
    );
    paper.tag("</td><td>");
    match change.and_then(|change| change.facts.witnessed.as_ref()) {
        Some(seen) => witnessed(paper, seen),
        None => drop(paper.both("尚无见证", "not yet")),
    }
    paper.tag("</td><td>");
}

fn who(paper: &mut Paper, author: &Author) {
    let zh: Vec<_> = author.roles.iter().map(|role| role.zh()).collect();
    let en: Vec<_> = author.roles.iter().map(|role| role.en()).collect();
    paper
        .tag("<b>")
        .text(&author.name)
        .tag("</b> ")
        .text(&zh.join("、"))
        .tag("<br>")
        .text(&author.org.zh);
    paper
        .tag("<span lang=\"en\" class=\"en\">")
        .text(&format!("{}, {}", en.join(", "), author.org.en))
        .tag("</span>");
}

/// By whom each author was appointed, up to the founding statement; each chain once.
fn chains(paper: &mut Paper, record: &RecordReport) {
    let mut shown: Vec<&Author> = Vec::new();
    for author in record
        .changes
        .iter()
        .filter_map(|change| change.facts.author.as_ref())
    {
        if !shown.iter().any(|other| other.chain == author.chain) {
            shown.push(author);
        }
    }
    if shown.is_empty() {
        return;
    }
    paper
        .section("任命链", "Chain of appointments")
        .tag("<ol class=\"chain\">");
    for author in shown {
        paper.tag("<li><b>").text(&author.name).tag("</b>");
        for (n, link) in author.chain.iter().enumerate().skip(1) {
            paper
                .text(if n + 1 == author.chain.len() {
                    " ← 创始声明："
                } else {
                    " ← "
                })
                .text(&link.org.zh);
            if !link.name.is_empty() && link.name != link.org.zh {
                paper.text("（").text(&link.name).text("）");
            }
        }
        paper.tag("<span lang=\"en\" class=\"en\">");
        let orgs: Vec<_> = author
            .chain
            .iter()
            .skip(1)
            .map(|link| link.org.en.as_str())
            .collect();
        paper
            .text(&format!("appointed by {}", orgs.join(" ← ")))
            .tag("</span>");
        if let Some(own) = author.chain.first() {
            paper.text("任命书 ").print(&own.statement.to_string());
        }
        paper.tag("</li>\n");
    }
    paper.tag("</ol>\n");
}

/// The part of an origin that tells logs apart, shortened: the horizon has it whole.
fn short_log(origin: &str) -> String {
    origin
        .rsplit('/')
        .next()
        .unwrap_or(origin)
        .chars()
        .take(8)
        .collect()
}
