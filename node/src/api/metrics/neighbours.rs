//! Figures of other nodes: lag, silence, receipts.

use std::fmt;

use lianzhan_protocol::time::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

use super::{gauge, whole};
use crate::services::federation::{Contact, Disk, Federation, NodeStatus, OrgStatus, Sums};

/// What is told of nodes, one by one for this node's neighbours alone: those of the orgs directly above and below it, and
/// those with which it speaks. What lies deeper stands in sums, so that the number of series does not grow with the tree.
#[derive(Debug)]
pub(super) struct Neighbours {
    sums: Sums,
    disk: Option<Disk>,
    as_of: Timestamp,
    near: Vec<(String, NodeStatus)>,
}

/// Most neighbours told one by one.
const NEAR_MAX: usize = 256;

/// Name, help and value of a figure that each neighbour has.
type OfNodes = (
    &'static str,
    &'static str,
    fn(&NodeStatus, Timestamp) -> Option<u64>,
);

impl Neighbours {
    pub(super) fn of(picture: &Federation) -> Self {
        let own = picture.orgs.iter().find(|org| org.id == picture.org);
        let parent = own.and_then(|own| own.parent.as_ref());
        let is_near = |org: &&OrgStatus| Some(&org.id) == parent || org.parent.as_ref() == Some(&picture.org);
        let named = |org: &'_ OrgStatus| {
            let code = org.code.clone();
            org.nodes
                .iter()
                .map(move |node| (code.clone(), node.clone()))
                .collect::<Vec<_>>()
        };
        let beside = picture.others.iter().map(|node| (String::new(), node.clone()));
        let near = picture.orgs.iter().filter(is_near).flat_map(named).chain(beside);
        Neighbours {
            sums: picture.below,
            disk: picture.disk,
            as_of: Timestamp(picture.as_of),
            near: near.take(NEAR_MAX).collect(),
        }
    }
}

impl Collector for Neighbours {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let sums = &self.sums;
        let figures = [
            ("branch_nodes", "Nodes of this org and below", sums.nodes),
            (
                "branch_connected",
                "Those that are connected, here or to one that says so",
                sums.connected,
            ),
            ("branch_silent", "Those not heard of for long", sums.silent),
            (
                "branch_attention",
                "Those that a person should look at",
                sums.attention,
            ),
            (
                "branch_behind",
                "Entries of them that are not here yet",
                sums.behind,
            ),
            (
                "branch_longest_silence_seconds",
                "The longest that one was not heard of",
                sums.longest_s,
            ),
        ];
        for (name, help, value) in figures {
            gauge(&mut encoder, name, help, value)?;
        }
        if let Some(disk) = self.disk {
            gauge(
                &mut encoder,
                "disk_free_bytes",
                "Bytes that may still be written",
                disk.free,
            )?;
        }
        let of_nodes: [OfNodes; 5] = [
            (
                "neighbour_connected",
                "Whether a neighbour is connected",
                |node, _| {
                    Some(u64::from(matches!(
                        node.contact,
                        Contact::Connected | Contact::Told
                    )))
                },
            ),
            (
                "neighbour_behind",
                "Entries of a neighbour that are not here yet",
                |node, _| Some(node.incoming.max(node.behind)),
            ),
            (
                "neighbour_silence_seconds",
                "How long a neighbour was not heard of",
                NodeStatus::silent_s,
            ),
            (
                "neighbour_newest_entry_seconds",
                "When the newest entry held of a neighbour was recorded, seconds since 1970",
                |node, _| u64::try_from(node.newest_entry? / 1000).ok(),
            ),
            (
                "neighbour_last_receipt_seconds",
                "When a neighbour last had a receipt, seconds since 1970",
                |node, _| u64::try_from(node.last_receipt? / 1000).ok(),
            ),
        ];
        for (name, help, of) in of_nodes {
            let near = self.near.iter();
            let known: Vec<_> = near
                .filter_map(|(code, node)| Some((code, node, of(node, self.as_of)?)))
                .collect();
            let Some((_, _, first)) = known.first() else {
                continue;
            };
            let kind = ConstGauge::new(whole(*first)).metric_type();
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (code, node, value) in known {
                let labels = [
                    ("node", node.node.get(..16).unwrap_or_default()),
                    ("code", code.as_str()),
                ];
                ConstGauge::new(whole(value)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
