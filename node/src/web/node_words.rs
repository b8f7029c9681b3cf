//! What is known of a node, in words: for the federation's page, and for the command line, so that both say the same.

use std::collections::{HashMap, HashSet};

use lianzhan_protocol::sync::Misbehaviour;
use lianzhan_protocol::time::Timestamp;

use super::i18n::{Lang, Text};
use super::page::key;
use super::say;
use crate::services::federation::{Attention, Contact, Federation, NodeStatus, OrgStatus};

/// What an alarm of a kind says, and what is to be done about it.
pub fn alarm(text: &Text, kind: &str) -> (String, String) {
    match kind {
        "fork" => (text.t("alarm-fork"), text.t("alarm-fork-todo")),
        "document" => (text.t("alarm-document"), text.t("alarm-document-todo")),
        "peer" => (text.t("alarm-peer"), text.t("alarm-peer-todo")),
        "new_epoch" => (text.t("alarm-new-epoch"), text.t("alarm-new-epoch-todo")),
        "halted" => (text.t("alarm-halted"), text.t("alarm-halted-todo")),
        "witness_retired" => (text.t("alarm-witness"), text.t("alarm-witness-todo")),
        _ => (text.t("alarm-other"), text.t("alarm-other-todo")),
    }
}

/// What the store noted with an alarm.
pub fn noted(text: &Text, words: &str) -> String {
    say::noted(text, words)
}

/// Names of the orgs in a picture, by the hex of their ids.
pub struct Names<'a> {
    text: Text,
    orgs: HashMap<&'a str, &'a OrgStatus>,
    namesakes: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    /// Those of a picture.
    pub fn of(text: Text, picture: &'a Federation) -> Self {
        Names {
            text,
            orgs: picture.orgs.iter().map(|org| (org.id.as_str(), org)).collect(),
            namesakes: picture.namesakes(),
        }
    }

    /// The words that go with them.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The name by which an org stands in the tree: with its code where one beside it has the same.
    pub fn told_apart(&self, org: &OrgStatus, name: &str) -> String {
        match self.namesakes.contains(org.id.as_str()) {
            true => format!("{name} {}", org.code),
            false => name.to_owned(),
        }
    }

    /// The name of an org; empty where it is not in the picture.
    pub fn name(&self, org: Option<&String>) -> &'a str {
        let org = org.and_then(|id| self.orgs.get(id.as_str()));
        org.map_or("", |org| match self.text.lang {
            Lang::Zh => &org.name_zh,
            Lang::En => &org.name_en,
        })
    }
}

/// A stretch of time in its largest whole unit.
pub fn span(text: &Text, seconds: u64) -> String {
    match seconds {
        0..60 => text.t("span-moment"),
        60..3600 => text.n("span-minutes", seconds / 60),
        3600..172_800 => text.n("span-hours", seconds / 3600),
        _ => text.n("span-days", seconds / 86_400),
    }
}

/// Whether a node is there.
pub fn contact(names: &Names<'_>, node: &NodeStatus, now: Timestamp) -> String {
    let text = &names.text;
    let silent = node.silent_s(now).map(|seconds| span(text, seconds));
    match (node.contact, silent) {
        (Contact::Own, _) => text.t("contact-own"),
        (Contact::Connected, _) => text.t("peer-connected"),
        (Contact::Told, _) => text.t1("contact-told", "org", names.name(node.told_by.as_ref())),
        (Contact::Away, Some(span)) => text.t1("contact-away", "span", span),
        (Contact::Silent, Some(span)) => text.t1("contact-silent", "span", span),
        (Contact::Silent, None) => text.t("contact-never"),
        (Contact::Undialled, _) => text.t("contact-undialled"),
        (Contact::Away | Contact::Unknown, _) => text.t("contact-unknown"),
    }
}

/// What is not here yet of a node.
pub fn lag(text: &Text, node: &NodeStatus, now: Timestamp) -> String {
    match (node.logs, node.lag(), node.lag_s(now)) {
        (0, 0, _) => text.t("node-no-logs"),
        (_, 0, _) => text.t("lag-none"),
        (_, behind, None) => text.n("node-behind", behind),
        (_, behind, Some(seconds)) => {
            let span = match seconds {
                0..60 => text.n("span-seconds", seconds),
                _ => span(text, seconds),
            };
            text.t2("node-behind-for", "count", behind, "span", span)
        }
    }
}

/// What it runs.
pub fn version(text: &Text, node: &NodeStatus) -> String {
    match &node.software {
        Some(software) => software.strip_prefix("lianzhan ").unwrap_or(software).to_owned(),
        None => text.t("version-unknown"),
    }
}

/// What a person should look at. That a node is silent, its contact says.
pub fn attention(text: &Text, what: &Attention) -> Option<String> {
    Some(match what {
        Attention::Silent { .. } => return None,
        Attention::Fork { .. } => text.t("attention-fork"),
        Attention::Halted { .. } => text.t("attention-halted"),
        Attention::Rollback { .. } => text.t("attention-rollback"),
        Attention::Refused { words } => text.t1("attention-refused", "words", words),
        Attention::Avoided { what, count, until } => text.with(
            "attention-avoided",
            &[
                ("what", &misbehaviour(text, what)),
                ("count", count),
                ("time", &at(text, Some(*until))),
            ],
        ),
        Attention::WitnessStopped => text.t("attention-witness"),
        Attention::Revoked { words } => text.t1("attention-revoked", "words", words),
        Attention::Ending { purpose, days } => {
            let post = match purpose.as_str() {
                "authority" => text.t(key!("ending-authority")),
                "witness" => text.t(key!("ending-witness")),
                _ => text.t(key!("ending-node")),
            };
            text.t2("attention-ending", "post", post, "days", *days)
        }
        Attention::DiskLow { free } => text.t1("attention-disk", "free", bytes(*free)),
    })
}

/// What needs a person, each sentence once: of two logs with one fault one is enough, and the page of the node has both.
pub fn attentions<'a>(text: &Text, all: impl IntoIterator<Item = &'a Attention>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for sentence in all.into_iter().filter_map(|what| attention(text, what)) {
        if !told.contains(&sentence) {
            told.push(sentence);
        }
    }
    told
}

/// A kind of misbehaviour by its name; one that this version does not know, by its name alone.
pub fn misbehaviour(text: &Text, name: &str) -> String {
    let Some(kind) = Misbehaviour::parse(name) else {
        return name.to_owned();
    };
    text.t(match kind {
        Misbehaviour::WrongRoot => key!("misbehaviour-wrong-root"),
        Misbehaviour::BadSignature => key!("misbehaviour-bad-signature"),
        Misbehaviour::BadEntry => key!("misbehaviour-bad-entry"),
        Misbehaviour::OutsideSpace => key!("misbehaviour-outside-space"),
        Misbehaviour::Rewind => key!("misbehaviour-rewind"),
        Misbehaviour::StaleDirectory => key!("misbehaviour-stale-directory"),
        Misbehaviour::FalseName => key!("misbehaviour-false-name"),
        Misbehaviour::Unreadable => key!("misbehaviour-unreadable"),
        Misbehaviour::Oversized => key!("misbehaviour-oversized"),
        Misbehaviour::Truncated => key!("misbehaviour-truncated"),
        Misbehaviour::Unasked => key!("misbehaviour-unasked"),
        Misbehaviour::OutOfTurn => key!("misbehaviour-out-of-turn"),
        Misbehaviour::TooMuch => key!("misbehaviour-too-much"),
        Misbehaviour::Flood => key!("misbehaviour-flood"),
        Misbehaviour::NoHello => key!("misbehaviour-no-hello"),
        Misbehaviour::Stalled => key!("misbehaviour-stalled"),
        Misbehaviour::Withheld => key!("misbehaviour-withheld"),
        Misbehaviour::OtherVersion => key!("misbehaviour-other-version"),
        Misbehaviour::OtherFederation => key!("misbehaviour-other-federation"),
        Misbehaviour::NotANode => key!("misbehaviour-not-a-node"),
    })
}

/// An amount of bytes.
pub fn bytes(amount: u64) -> String {
    const MIB: u64 = 1 << 20;
    match amount {
        amount if amount >= 10 * 1024 * MIB => format!("{} GB", amount / (1024 * MIB)),
        amount if amount >= 1024 * MIB => format!("{:.1} GB", amount as f64 / (1024 * MIB) as f64),
        amount => format!("{} MB", amount / MIB),
    }
}

/// The time of something, or nothing.
pub fn at(text: &Text, millis: Option<i64>) -> String {
    millis
        .map(|at| say::clock(text, Timestamp(at)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fault_of_several_logs_is_said_once() {
        let halted = |origin: &str| Attention::Halted {
            origin: origin.to_owned(),
        };
        let all = [halted("a"), Attention::WitnessStopped, halted("b"), halted("c")];
        let text = Text::new(Lang::En);
        let told = attentions(&text, &all);
        assert_eq!(told, [text.t("attention-halted"), text.t("attention-witness")]);
    }
}
