//! What a person at this node is to be told of posts before anything else.

use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::trust::{Purpose, SignedStatement};

use super::{Office, OfficeFilter, Standing};
use crate::services::{Author, Node, ServiceError};

/// Posts that end, have ended or were taken away, as far as they concern this person and this node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficeNews {
    /// The post under which the person acts, if it serves no more or ends soon.
    pub own: Option<Office>,
    /// The post of this node, if no other one of it serves.
    pub node: Option<Office>,
    /// Other appointments in this node's org that end soon.
    pub ending: Vec<Office>,
}

impl Office {
    /// Whether it serves now, or will.
    pub fn serves(&self) -> bool {
        matches!(
            self.standing,
            Standing::InForce | Standing::NotYet | Standing::Expiring { .. }
        )
    }
}

impl Node {
    /// What is to be told of posts to a person who is signed in.
    pub fn office_news(&self, author: &Author) -> Result<OfficeNews, ServiceError> {
        let filter = OfficeFilter {
            org: Some(self.org),
            ..OfficeFilter::default()
        };
        let offices = self.offices(&filter)?;
        let key = self.node_key.public();
        let of_node = offices
            .iter()
            .filter(|office| office.purpose == Purpose::Node && office.key == key);
        let node = of_node
            .max_by_key(|office| (office.serves(), office.not_after))
            .filter(|office| !office.serves())
            .cloned();
        let own = self.office(&author.appointment).ok();
        let own = own.filter(|office| !office.serves() || office.ends_soon());
        let ending = offices
            .into_iter()
            .filter(|office| office.ends_soon() && own.as_ref().is_none_or(|own| own.id != office.id));
        Ok(OfficeNews {
            ending: ending.collect(),
            own,
            node,
        })
    }

    /// An appointment and those it rests on, up to below the founding statement, whether they stand or not.
    pub fn office_links(&self, id: &StatementId) -> Vec<Office> {
        let directory = self.directory();
        let mut links = Vec::new();
        let mut next = Some(*id);
        // No chain that stands is longer than a small number of levels; one that does not is cut.
        while let Some(id) = next.filter(|_| links.len() < LINKS_MAX) {
            let Ok(office) = self.office(&id) else { break };
            links.push(office);
            next = directory
                .statement(&id)
                .map(SignedStatement::issuer)
                .and_then(|issuer| issuer.appointment);
        }
        links
    }
}

/// Most links that are followed.
const LINKS_MAX: usize = 16;
