//! What counties state for all below them: a deadline of their own, and a ledger of their own.

use anyhow::Context;
use lianzhan_node::services::definitions::{Adds, DefinitionDraft};
use lianzhan_node::services::settings::SettingDraft;
use lianzhan_protocol::record::ledger::definitions;
use lianzhan_protocol::settings;
use lianzhan_protocol::trust::Level;

use super::write::Writing;

/// A county's own book.
const WELLS: &str = r#"
id = "wells"
rev = 1
zh = "机井登记簿"
en = "Wells"
audience = "county"
writers = ["station_liaison"]
title = "place"
happened = "seen_on"
[[fields]]
id = "place"
zh = "地点"
en = "Place"
kind = "str"
required = "required"
sensitivity = "I"
[[fields]]
id = "seen_on"
zh = "查看日期"
en = "Seen on"
kind = "date"
required = "complete"
sensitivity = "I"
[[fields]]
id = "finding"
zh = "查看情况"
en = "Finding"
kind = "text"
sensitivity = "I"
"#;

impl Writing<'_> {
    /// The first of each county's deputies' office states it.
    pub(super) fn state(&mut self) -> anyhow::Result<()> {
        for at in 0..self.sites.len() {
            if self.sites[at].level != Level::County {
                continue;
            }
            let (node, author) = (self.sites[at].node.clone(), self.author(at, 0));
            let setting = SettingDraft {
                setting: "deadline.sign_for".into(),
                part: String::new(),
                value: Some("2 working_days".into()),
                valid_from: self.options.first().to_string(),
                basis: "主任会议决定".into(),
            };
            self.wait(node.state_setting(&author, &setting))
                .context("a setting")?;
            let ledger = DefinitionDraft {
                adds: Adds::ledger_of_toml(WELLS)?,
                basis: "抗旱保供工作要求".into(),
            };
            self.wait(node.define(&author, &ledger))
                .context("a ledger of its own")?;
            for id in [settings::LEDGER, definitions::LEDGER] {
                *self.written.entry(id.to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }
}
