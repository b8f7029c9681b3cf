//! The federation as a tree of lines, in the words of its page.

use std::fmt::Write;

use lianzhan_protocol::time::Timestamp;

use super::{Lang, out};
use crate::services::federation::{Federation, NodeStatus, OrgStatus};
use crate::web::i18n::{self, Text};
use crate::web::node_words::{self as words, Names};

/// Orgs that are shown whatever their state; of more, those that need nobody are counted.
const WHOLE: usize = 60;

/// The tree, and what of it needs a person.
pub(super) fn text(picture: &Federation, lang: Lang) -> String {
    let speech = speech(lang);
    let names = Names::of(speech, picture);
    let now = Timestamp(picture.as_of);
    let headings = [
        "col-org",
        "col-contact",
        "col-heard",
        "col-behind",
        "col-receipt",
        "col-version",
    ]
    .map(|key| speech.t(key));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let whole = picture.orgs.len() <= WHOLE;
    let (mut rows, mut left_out) = (Vec::new(), 0);
    for org in &picture.orgs {
        // Of a large tree: the line of this node's org, those directly below it, and whatever needs a person.
        let near = org.parent.as_ref() == Some(&picture.org) || org.depth == 0 || org.id == picture.org;
        if !whole && !near && org.branch.attention == 0 {
            left_out += org.nodes.len() as u64;
            continue;
        }
        rows.extend(lines(org, &names, lang, now));
    }
    for node in &picture.others {
        rows.push(line(node.node.chars().take(16).collect(), node, &names, now));
    }
    let mut text = out::table(&headings, &rows);
    for org in &picture.orgs {
        let of_nodes = org.nodes.iter().flat_map(|node| &node.attention);
        for sentence in words::attentions(&speech, of_nodes.chain(&org.attention)) {
            let name = names.told_apart(org, lang.pick(&org.name_zh, &org.name_en));
            let _ = writeln!(text, "! {name}{}{sentence}", speech.t("colon"));
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "{}", speech.n("branch-rest", left_out));
    }
    text
}

/// Peers that misbehaved: a line for each kind, in the words of the page.
pub(super) fn misconduct(picture: &Federation, lang: Lang) -> String {
    let speech = speech(lang);
    let of_org = |org: &OrgStatus| lang.pick(&org.name_zh, &org.name_en).to_owned();
    let rows = picture.misconduct.iter().flat_map(|peer| {
        let is_peer = |node: &NodeStatus| node.node == peer.node;
        let org = picture.orgs.iter().find(|org| org.nodes.iter().any(is_peer));
        let name = org.map_or_else(|| peer.node.chars().take(16).collect(), of_org);
        peer.kinds.iter().map(move |kind| {
            vec![
                name.clone(),
                words::misbehaviour(&speech, &kind.kind),
                kind.count.to_string(),
                kind.last.map(out::time).unwrap_or_default(),
                peer.until.map(out::time).unwrap_or_default(),
            ]
        })
    });
    let rows: Vec<_> = rows.collect();
    let headings = [
        lang.pick("不守约定的节点", "peer that misbehaved"),
        lang.pick("做了什么", "offence"),
        lang.pick("次数", "times"),
        lang.pick("最近一次", "last"),
        lang.pick("暂不往来至", "avoided until"),
    ];
    out::table(&headings, &rows)
}

pub(super) fn speech(lang: Lang) -> Text {
    Text::new(match lang {
        Lang::Zh => i18n::Lang::Zh,
        Lang::En => i18n::Lang::En,
    })
}

fn lines(org: &OrgStatus, names: &Names<'_>, lang: Lang, now: Timestamp) -> Vec<Vec<String>> {
    let name = format!(
        "{}{}",
        "  ".repeat(org.depth as usize),
        names.told_apart(org, lang.pick(&org.name_zh, &org.name_en))
    );
    if org.nodes.is_empty() {
        let mut row = vec![name, names.text().t("node-none")];
        row.resize(6, String::new());
        return vec![row];
    }
    let line = |node: &NodeStatus| line(name.clone(), node, names, now);
    org.nodes.iter().map(line).collect()
}

fn line(name: String, node: &NodeStatus, names: &Names<'_>, now: Timestamp) -> Vec<String> {
    let speech = names.text();
    let receipt = match node.last_receipt {
        None => speech.t("receipt-none"),
        Some(at) => format!("{} {}", out::time(at), names.name(node.receipt_by.as_ref())),
    };
    vec![
        name,
        words::contact(names, node, now),
        node.heard.map(out::time).unwrap_or_default(),
        words::lag(speech, node, now),
        receipt.trim_end().to_owned(),
        words::version(speech, node),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::federation::Sums;

    #[test]
    fn orgs_of_one_name_have_their_codes_beside_it() {
        let org = |name: &str, code: &str, parent: Option<&str>| OrgStatus {
            id: code.into(),
            parent: parent.map(str::to_owned),
            depth: u32::from(parent.is_some()),
            name_zh: name.into(),
            name_en: name.into(),
            level: "station".into(),
            code: code.into(),
            nodes: Vec::new(),
            attention: Vec::new(),
            branch: Sums::default(),
        };
        let above = Some("990121103");
        let picture = Federation {
            as_of: 0,
            org: "990121103".into(),
            silent_hours: 48,
            orgs: vec![
                org("枫渡镇", "990121103", None),
                org("石桥站", "990121103201", above),
                org("柳林站", "990121103202", above),
                org("石桥站", "990121103203", above),
            ],
            others: Vec::new(),
            below: Sums::default(),
            disk: None,
            misconduct: Vec::new(),
        };
        let told = text(&picture, Lang::Zh);
        for (words, expected) in [
            ("石桥站 990121103201", true),
            ("石桥站 990121103203", true),
            ("柳林站 990121103202", false),
            ("枫渡镇 990121103", false),
        ] {
            assert_eq!(told.contains(words), expected, "{words}\n{told}");
        }
    }
}
