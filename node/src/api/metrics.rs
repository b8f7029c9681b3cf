//! The state of the node as numbers, for Prometheus (OpenMetrics 1.0 text). Behind the token, since they tell how busy a
//! station is; Prometheus takes it with `authorization: { credentials_file: api.token }`.

mod neighbours;

use std::fmt;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::act::blocking;
use super::{ApiState, Problem};
use crate::services::query::{LogStatus, Status};
use neighbours::Neighbours;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(state): State<ApiState>) -> Result<Response, Problem> {
    let peers = (state.peers)();
    let (status, picture) = blocking(&state, move |node| {
        let picture = node.federation(&peers)?;
        Ok((node.status(peers)?, picture))
    })
    .await?;
    let mut registry = Registry::with_prefix("lianzhan");
    registry.register(
        "build",
        "Version of the program",
        Info::new([("version", status.version)]),
    );
    registry.register_collector(Box::new(Figures(status)));
    registry.register_collector(Box::new(Neighbours::of(&picture)));
    let mut text = String::new();
    // Writing into memory fails for nothing.
    let _ = encode(&mut text, &registry);
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

#[derive(Debug)]
struct Figures(Status);

/// Name, help and value of a figure that each log has.
type OfLogs = (&'static str, &'static str, fn(&LogStatus) -> Option<u64>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Figures(status) = self;
        let level = status.peers.iter().filter(|peer| peer.level).count();
        let figures = [
            (
                "entries",
                "Entries of own logs that are no receipts",
                status.entries,
            ),
            (
                "witnessed_entries",
                "Those that all who must have witnessed",
                status.witnessed_entries,
            ),
            ("records", "Records in views", status.records),
            (
                "own_records",
                "Those that this node's org owns",
                status.own_records,
            ),
            ("views_lag", "Records whose views lag", status.views_lag),
            (
                "documents_lag",
                "Records whose documents lag",
                status.documents_lag,
            ),
            (
                "keys_lacking",
                "Annexes whose keys are not here yet",
                status.keys_lacking,
            ),
            ("peers", "Connected peers", status.peers.len() as u64),
            (
                "peers_level",
                "Peers from which nothing more is wanted",
                level as u64,
            ),
            (
                "peers_avoided",
                "Peers that are avoided because they misbehaved",
                status
                    .misconduct
                    .iter()
                    .filter(|peer| peer.until.is_some())
                    .count() as u64,
            ),
            ("alarms", "Alarms", status.alarms.len() as u64),
            (
                "contested_records",
                "Records with entries that wait for an adoption",
                status.contested,
            ),
            (
                "appointments_ending",
                "Appointments in this org that end soon",
                status.ending.len() as u64,
            ),
            (
                "node_revoked",
                "Whether this node's appointment was revoked",
                u64::from(status.node_revoked.is_some()),
            ),
            (
                "witness_retired",
                "Whether this node's witness key waits for a new one",
                u64::from(status.witness_retired.is_some()),
            ),
        ];
        for (name, help, value) in figures {
            gauge(&mut encoder, name, help, value)?;
        }
        misbehaviour(&mut encoder, status)?;
        let of_logs: [OfLogs; 4] = [
            ("log_entries", "Entries stored of a log", |log| Some(log.size)),
            ("log_waiting", "Entries of a log that wait for a witness", |log| {
                Some(log.waiting)
            }),
            ("log_halted", "Whether a log is halted", |log| {
                Some(u64::from(log.halted.is_some()))
            }),
            (
                "log_last_receipt_seconds",
                "When a log was last witnessed, seconds since 1970",
                |log| u64::try_from(log.last_receipt? / 1000).ok(),
            ),
        ];
        for (name, help, of) in of_logs {
            let logs = status.logs.iter();
            let known: Vec<_> = logs.filter_map(|log| Some((log, of(log)?))).collect();
            let Some((_, first)) = known.first() else {
                continue;
            };
            let kind = ConstGauge::new(whole(*first)).metric_type();
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (log, value) in known {
                let labels = [
                    ("log", log.origin.as_str()),
                    ("audience", log.audience.as_str()),
                    ("own", if log.own { "true" } else { "false" }),
                ];
                ConstGauge::new(whole(value)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

/// How often peers misbehaved, by kind: those never seen among them, so that the first one shows as a rise.
fn misbehaviour(encoder: &mut DescriptorEncoder<'_>, status: &Status) -> fmt::Result {
    let help = "Conversations ended because of what the peer did";
    let mut family = encoder.encode_descriptor("peer_misbehaviour", help, None, MetricType::Counter)?;
    for seen in &status.misbehaviour {
        ConstCounter::new(seen.count).encode(family.encode_family(&[("kind", seen.kind.as_str())])?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let gauge = ConstGauge::new(whole(value));
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
