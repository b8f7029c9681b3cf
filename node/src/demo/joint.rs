//! One joint activity: called by the township, written from four nodes, sealed by one person of each org.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::{Level, Space};

use super::cast::Place;
use super::found::{Prefecture, passphrase};
use crate::services::ServiceError;
use crate::services::activity::{LEDGER, stated};
use crate::store::RowFilter;

const PARTNERS: [Place; 4] = [Place::Fengdu, Place::Shiqiao, Place::Liulin, Place::County];
const TOPIC: &str = "石桥河流域水环境联合视察";
const SIGN_INS: [(Place, &str); 4] = [
    (Place::Fengdu, "tian"),
    (Place::Shiqiao, "luo"),
    (Place::Liulin, "yu"),
    (Place::County, "zhou"),
];
const LINES: [(Place, &str, &str); 6] = [
    (Place::Shiqiao, "lin", "活动开始，应到 4 人，实到 4 人。"),
    (Place::Fengdu, "he", "确认排口 SQ-07 不在登记册内，镇里今天补登。"),
    (
        Place::Shiqiao,
        "luo",
        "走访沿河 23 户，11 户反映雨后倒灌，4 户要求先修护栏。",
    ),
    (
        Place::County,
        "zhou",
        "县水利局当场答应 4 月 30 日前完成岸坡测量。",
    ),
    (Place::Liulin, "yu", "柳林段护坡裂缝约 12 米，已拍照并做标记。"),
    (
        Place::Liulin,
        "song",
        "照片 6 张：岸坡裂缝、排口编号牌、村民意见簿。",
    ),
];
const SEALS: [(Place, &str); 4] = [
    (Place::Fengdu, "he"),
    (Place::Shiqiao, "lin"),
    (Place::Liulin, "song"),
    (Place::County, "ye"),
];
const PATIENCE: Duration = Duration::from_secs(60);

/// Holds the activity, or goes on where an earlier start was interrupted.
pub(super) async fn hold(prefecture: &Prefecture, bar: &ProgressBar) -> anyhow::Result<()> {
    bar.set_message("holding a joint activity");
    let space = open_space(prefecture).await?;
    let host = prefecture.node(Place::Fengdu);
    let record = match find(prefecture, &space)? {
        Some(record) => record,
        None => {
            let author = prefecture.author(Place::Fengdu, "he")?;
            host.call_activity(&author, &space, fields()).await?.record
        }
    };
    for place in PARTNERS {
        wait("the activity at all partners", || {
            Ok(prefecture.node(place).activity(&record).is_ok())
        })
        .await?;
    }
    for (place, login) in SIGN_INS {
        let author = prefecture.author(place, login)?;
        once(prefecture.node(place).sign_in_at(&author, &record).await)?;
    }
    for (before, (place, login, text)) in LINES.into_iter().enumerate() {
        let node = prefecture.node(place);
        if node
            .activity(&record)?
            .activity
            .lines
            .iter()
            .any(|line| line.text == text)
        {
            continue;
        }
        // Each has read the line before: their order does not hang on whose entry has the smaller id.
        wait("the line before", || {
            Ok(node.activity(&record)?.activity.lines.len() >= before)
        })
        .await?;
        let author = prefecture.author(place, login)?;
        node.write_line(&author, &record, text).await?;
    }
    // Who seals must have read all: the same lines and sign-ins at each partner.
    for place in PARTNERS {
        wait("all lines at all partners", || {
            let activity = prefecture.node(place).activity(&record)?.activity;
            Ok(activity.lines.len() >= LINES.len() && activity.signed_in.len() >= SIGN_INS.len())
        })
        .await?;
    }
    for (place, login) in SEALS {
        let (node, org) = (prefecture.node(place), prefecture.org(place));
        if node
            .activity(&record)?
            .activity
            .seals
            .iter()
            .any(|seal| seal.org == org)
        {
            continue;
        }
        let author = prefecture.author(place, login)?;
        once(node.seal(&author, &record).await)?;
    }
    Ok(())
}

async fn open_space(prefecture: &Prefecture) -> anyhow::Result<Space> {
    let node = prefecture.node(Place::Fengdu).clone();
    let partners = PARTNERS.map(|place| prefecture.org(place)).to_vec();
    let known = || partners.iter().all(|org| node.directory().org(org).is_some());
    wait("the partners' orgs at the township", || Ok(known())).await?;
    let host = node.clone();
    let space = tokio::task::spawn_blocking(move || {
        let authority = host.unlock_authority(&passphrase())?;
        host.open_joint_space(&authority, &partners, Level::City, 2026)
    })
    .await??;
    let id = space.id();
    for place in PARTNERS {
        let node = prefecture.node(place);
        wait("the joint space at all partners", || {
            Ok(node.directory().joint_space(&id).is_some())
        })
        .await?;
    }
    Ok(space)
}

fn find(prefecture: &Prefecture, space: &Space) -> anyhow::Result<Option<RecordId>> {
    let node = prefecture.node(Place::Fengdu);
    // Views may lag right after a start: entries are asked.
    node.catch_up(|_| {})?;
    let (rows, _) = node.rows(
        LEDGER,
        &RowFilter {
            limit: 10_000,
            ..RowFilter::default()
        },
    )?;
    Ok(rows
        .into_iter()
        .find(|row| row.space == space.id() && row.title == TOPIC)
        .map(|row| row.record))
}

fn fields() -> Vec<(String, Value)> {
    let now = crate::env::now();
    let later = lianzhan_protocol::time::Timestamp(now.0 + 3 * 3600 * 1000);
    let text = |value: &str| Value::Text(value.to_owned());
    vec![
        ("kind".into(), text("inspection")),
        ("topic".into(), text(TOPIC)),
        ("from".into(), Value::Text(stated(now))),
        ("to".into(), Value::Text(stated(later))),
        ("days".into(), Value::Int(5)),
        ("place".into(), text("老码头至上坪闸")),
        ("organiser_name".into(), text("枫渡镇人大主席团")),
        ("people_met".into(), Value::Int(23)),
        ("outcome".into(), text("发现问题 5 个，形成建议 2 件。")),
    ]
}

/// What was done in an earlier start is no failure.
fn once<T>(result: Result<T, ServiceError>) -> Result<(), ServiceError> {
    match result {
        Ok(_) | Err(ServiceError::Ineffective(lianzhan_protocol::record::Ineffective::Once)) => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) async fn wait(what: &str, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let started = Instant::now();
    while !holds()? {
        anyhow::ensure!(
            started.elapsed() < PATIENCE,
            "{what}: not within {} seconds",
            PATIENCE.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
