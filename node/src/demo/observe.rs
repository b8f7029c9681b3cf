//! Looks at the prefecture from outside: reads each node's own API, and says whether all agree.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::cast::Place;
use super::found::Prefecture;

/// What the demo prints.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Outcome {
    pub(super) nodes: usize,
    /// Records, each counted where it is owned.
    pub(super) records: u64,
    /// Entries of all nodes' own space logs that are no receipts.
    pub(super) entries: u64,
    pub(super) witnessed_entries: u64,
    pub(super) county_visits: u64,
    pub(super) station_visits: u64,
    pub(super) joint_seals: u64,
    pub(super) converged: bool,
    pub(super) seconds: f64,
    /// Why not, if not.
    #[serde(skip)]
    pub(super) reasons: Vec<String>,
}

/// What is read of a node's status.
#[derive(Debug, Clone, Deserialize)]
struct Seen {
    name: String,
    level: String,
    entries: u64,
    witnessed_entries: u64,
    own_records: u64,
    visits: u64,
    own_visits: u64,
    joint_seals: u64,
    views_lag: u64,
    documents_lag: u64,
    keys_lacking: u64,
    logs: Vec<SeenLog>,
    alarms: Vec<serde_json::Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct SeenLog {
    origin: String,
    own: bool,
    size: u64,
    root: String,
}

/// Seals that the joint activity gets: one per partner.
const SEALS: u64 = 4;

/// Asks all nodes again and again until they agree or patience ends.
pub(super) async fn until_converged(
    prefecture: &Prefecture,
    patience: Duration,
    bar: &ProgressBar,
) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    loop {
        let seen = ask_all(prefecture).await?;
        let mut outcome = judge(&seen);
        outcome.reasons.extend(missing_logs(prefecture, &seen)?);
        outcome.converged = outcome.reasons.is_empty();
        if outcome.converged || started.elapsed() > patience {
            return Ok(outcome);
        }
        bar.set_message(outcome.reasons.first().cloned().unwrap_or_default());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn ask_all(prefecture: &Prefecture) -> anyhow::Result<BTreeMap<Place, Seen>> {
    let mut seen = BTreeMap::new();
    for (place, running) in prefecture.running() {
        let url = format!("http://{}/api/v1/status", running.web());
        let token = running.node().api_token()?;
        let status: Seen = tokio::task::spawn_blocking(move || {
            // What is said to this machine's own nodes goes past every proxy.
            let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
            let mut response = agent
                .get(&url)
                .header("Authorization", &format!("Bearer {token}"))
                .call()?;
            anyhow::Ok(serde_json::from_reader(response.body_mut().as_reader())?)
        })
        .await??;
        seen.insert(*place, status);
    }
    Ok(seen)
}

/// Logs that a node may hold by its own directory, and does not.
fn missing_logs(prefecture: &Prefecture, seen: &BTreeMap<Place, Seen>) -> anyhow::Result<Vec<String>> {
    let mut reasons = Vec::new();
    for (writer, _) in prefecture.running() {
        let logs = prefecture.node(*writer).store().read(|reader| reader.logs())?;
        for log in logs.into_iter().filter(|log| log.own) {
            for (holder, status) in seen.iter().filter(|(holder, _)| *holder != writer) {
                let node = prefecture.node(*holder);
                let entitled = node.directory().may_hold(&node.org_id(), &log.start.space);
                let holds = status.logs.iter().any(|held| held.origin == log.origin.as_str());
                if entitled != holds {
                    let word = if entitled { "lacks" } else { "holds, and may not," };
                    reasons.push(format!("{} {word} a log of {}", status.name, writer.dir()));
                }
            }
        }
    }
    Ok(reasons)
}

fn judge(seen: &BTreeMap<Place, Seen>) -> Outcome {
    let mut reasons = Vec::new();
    let mut sizes: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for log in seen.values().flat_map(|node| &node.logs).filter(|log| log.own) {
        sizes.insert(&log.origin, (log.size, &log.root));
    }
    for node in seen.values() {
        let lags = [
            ("views", node.views_lag),
            ("documents", node.documents_lag),
            ("keys", node.keys_lacking),
            ("witnessing", node.entries.saturating_sub(node.witnessed_entries)),
        ];
        for (what, lag) in lags.into_iter().filter(|(_, lag)| *lag > 0) {
            reasons.push(format!("{}: {what} lag by {lag}", node.name));
        }
        for log in &node.logs {
            match sizes.get(log.origin.as_str()) {
                Some(own) if *own == (log.size, log.root.as_str()) => {}
                _ => reasons.push(format!("{}: a log of another node is not level", node.name)),
            }
        }
        if !node.alarms.is_empty() {
            reasons.push(format!("{}: alarms {:?}", node.name, node.alarms));
        }
    }
    let sum = |of: fn(&Seen) -> u64| seen.values().map(of).sum::<u64>();
    let county_visits = seen.get(&Place::County).map_or(0, |county| county.visits);
    let station_visits: u64 = seen
        .values()
        .filter(|node| node.level == "station")
        .map(|node| node.own_visits)
        .sum();
    if county_visits != station_visits || station_visits == 0 {
        reasons.push(format!(
            "the county counts {county_visits} visits, the stations {station_visits}"
        ));
    }
    let partners = [Place::Fengdu, Place::Shiqiao, Place::Liulin, Place::County];
    let seals = partners
        .iter()
        .filter_map(|place| seen.get(place))
        .map(|node| node.joint_seals);
    let joint_seals = seals.min().unwrap_or(0);
    if joint_seals < SEALS {
        reasons.push(format!("{joint_seals} of {SEALS} seals are at every partner"));
    }
    Outcome {
        nodes: seen.len(),
        records: sum(|node| node.own_records),
        entries: sum(|node| node.entries),
        witnessed_entries: sum(|node| node.witnessed_entries),
        county_visits,
        station_visits,
        joint_seals,
        converged: false,
        seconds: 0.0,
        reasons,
    }
}
