//! The roster of deputies.

use askama::Template;

use super::{BundleForm, Choice, Pager, Shell};
use crate::web::i18n::Text;

/// `GET /deputies?q=&level=&station=&page=`: the roster.
#[derive(Template)]
#[template(path = "deputies.html")]
pub struct DeputiesPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// `q`: the words searched for.
    pub q: String,
    /// `level`: begins with an empty value, all.
    pub levels: Vec<Choice>,
    /// `station`: begins with an empty value, all; empty in a station.
    pub stations: Vec<Choice>,
    /// The rows.
    pub rows: Vec<DeputyRow>,
    /// Whether filters are set.
    pub filtered: bool,
    /// Where the list is cut.
    pub pager: Pager,
    /// Downloads the year of one of the shown deputies: `GET /deputies/bundle?deputy=&year=`.
    pub bundle: Option<BundleForm>,
    /// Stations that the shown deputies belong to.
    pub sites: u64,
    /// The empty form, for whoever may write.
    pub new: Option<String>,
}

impl DeputiesPage {
    fn title(&self) -> String {
        match (self.pager.total, self.sites) {
            (0, _) if self.filtered => self.text.t("deputies-title-none"),
            (0, _) => self.text.t("deputies-title-empty"),
            (total, 0..=1) => self.text.n("deputies-title", total),
            (total, sites) => self
                .text
                .t2("deputies-title-sites", "count", total, "sites", sites),
        }
    }
}

/// One deputy.
#[derive(Debug, Clone, Default)]
pub struct DeputyRow {
    /// The record's page.
    pub href: String,
    /// The name.
    pub name: String,
    /// The seats: levels in words.
    pub seats: Vec<String>,
    /// The home station's short name.
    pub station: String,
    /// The group.
    pub group: String,
    /// What kind of deputy, in words.
    pub occupation: String,
    /// Employer and post.
    pub post: String,
    /// Whether this person has a key of the own here.
    pub key: bool,
    /// Activities signed in to this year.
    pub activities: u64,
}
