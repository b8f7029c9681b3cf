//! Figures of other nodes: lag, silence, receipts.

use std::fmt;

use lianzhan_protocol::time::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::{gauge, whole};
use crate::services::conduct::Misconduct;
use crate::services::federation::{Contact, Disk, Federation, NodeStatus, OrgStatus, Sums};

/// What is told of nodes, one by one for this node's neighbours alone: those of the orgs directly above and below it, and
/// those with which it speaks. What lies deeper stands in sums, so that the number of series does not grow with the tree.
#[derive(Debug)]
pub(super) struct Neighbours {
    sums: Sums,
    disk: Option<Disk>,
    as_of: Timestamp,
    near: Vec<Near>,
}

/// A neighbour.
#[derive(Debug)]
struct Near {
    code: String,
    status: NodeStatus,
    /// How often it misbehaved.
    offences: u64,
    /// Whether it is avoided for it.
    avoided: bool,
}

impl Near {
    fn labels(&self) -> [(&'static str, &str); 2] {
        let node = self.status.node.get(..16).unwrap_or_default();
        [("node", node), ("code", self.code.as_str())]
    }
}

/// Most neighbours told one by one.
const NEAR_MAX: usize = 256;

/// Name, help and value of a figure that each neighbour has.
type OfNodes = (&'static str, &'static str, fn(&Near, Timestamp) -> Option<u64>);

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
            near: near
                .take(NEAR_MAX)
                .map(|(code, status)| {
                    let misconduct = picture.misconduct_of(&status.node);
                    Near {
                        code,
                        offences: misconduct.map_or(0, Misconduct::count),
                        avoided: misconduct.is_some_and(|peer| peer.until.is_some()),
                        status,
                    }
                })
                .collect(),
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
        let of_nodes: [OfNodes; 7] = [
            (
                "neighbour_connected",
                "Whether a neighbour is connected",
                |near, _| {
                    Some(u64::from(matches!(
                        near.status.contact,
                        Contact::Connected | Contact::Told
                    )))
                },
            ),
            (
                "neighbour_avoided",
                "Whether a neighbour is avoided because it misbehaved",
                |near, _| Some(u64::from(near.avoided)),
            ),
            (
                "neighbour_behind",
                "Entries of a neighbour that are not here yet",
                |near, _| Some(near.status.lag()),
            ),
            (
                "neighbour_behind_seconds",
                "For how long it has been known that entries of a neighbour are not here yet",
                |near, now| Some(near.status.lag_s(now).unwrap_or(0)),
            ),
            (
                "neighbour_silence_seconds",
                "How long a neighbour was not heard of",
                |near, now| near.status.silent_s(now),
            ),
            (
                "neighbour_newest_entry_seconds",
                "When the newest entry held of a neighbour was recorded, seconds since 1970",
                |near, _| u64::try_from(near.status.newest_entry? / 1000).ok(),
            ),
            (
                "neighbour_last_receipt_seconds",
                "When a neighbour last had a receipt, seconds since 1970",
                |near, _| u64::try_from(near.status.last_receipt? / 1000).ok(),
            ),
        ];
        for (name, help, of) in of_nodes {
            let near = self.near.iter();
            let known: Vec<_> = near
                .filter_map(|near| Some((near, of(near, self.as_of)?)))
                .collect();
            let Some((_, first)) = known.first() else {
                continue;
            };
            let kind = ConstGauge::new(whole(*first)).metric_type();
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (near, value) in known {
                ConstGauge::new(whole(value)).encode(family.encode_family(&near.labels())?)?;
            }
        }
        let help = "Conversations ended because of what a neighbour did";
        let mut family =
            encoder.encode_descriptor("neighbour_misbehaviour", help, None, MetricType::Counter)?;
        for near in &self.near {
            ConstCounter::new(near.offences).encode(family.encode_family(&near.labels())?)?;
        }
        Ok(())
    }
}
