//! Logs that say two things: both branches, which stands and why, and signing anew what was left behind. Beside them the
//! nodes that lost their past, and what of it is missing.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use lianzhan_protocol::id::ChangeId;
use lianzhan_protocol::trust::Space;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::network::holds;
use super::page::{
    Branch, EarlierRow, Fact, ForkPage, ForkRow, ForksPage, LeftRow, Link, Notice, RestoredNode, Section,
    Tag, Tone, key,
};
use super::request::{Deed, Signed};
use super::{WebState, live, say};
use crate::services::ServiceError;
use crate::services::fork::{BranchTold, EarlierLog, ForkTold, LeftBehind, Restored, Why};

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/forks", get(forks))
        .route("/forks/{id}", get(fork))
        .route("/forks/{id}/proof", get(proof))
        .route("/forks/{id}/anew", post(anew))
}

impl Page for ForksPage {}

impl Page for ForkPage {}

async fn forks(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, list).await
}

fn list(desk: &Desk) -> Result<ForksPage, Fault> {
    let told = desk.node.forks_told()?;
    let restored = desk.node.restored()?;
    Ok(ForksPage {
        text: desk.text,
        shell: desk.shell(Section::Network)?,
        forks: told.iter().map(|fork| row(desk, fork)).collect(),
        restored: restored.iter().map(|node| self::restored(desk, node)).collect(),
    })
}

/// Whose log it is, and what it holds.
fn log(desk: &Desk, fork: &ForkTold) -> String {
    let text = &desk.text;
    let owner = fork.org.as_ref().map_or_else(
        || say::short_hex(&fork.node.fingerprint()),
        |org| say::org_short(text, &desk.directory, org),
    );
    let held = match &fork.space {
        Some(space) => self::space(desk, space),
        None if fork.of_witness => text.t("fork-witness-log"),
        None => text.t("fork-unknown-space"),
    };
    text.t2("space-of", "owner", owner, "space", held)
}

fn space(desk: &Desk, space: &Space) -> String {
    holds(&desk.node, &desk.text, Some(space.audience))
}

fn row(desk: &Desk, fork: &ForkTold) -> ForkRow {
    let text = &desk.text;
    let tag = |label: String, tone| Tag { label, tone };
    ForkRow {
        href: format!("/forks/{}", fork.id()),
        log: log(desk, fork),
        origin: say::short_hex(fork.id()),
        common: fork.common,
        found: say::clock(text, fork.found),
        state: match (&fork.why, fork.left.len()) {
            (None, _) => tag(text.t("fork-state-open"), Tone::Soon),
            (Some(_), 0) => tag(text.t("fork-state-done"), Tone::Good),
            (Some(_), left) => tag(text.n("fork-state-left", left), Tone::Split),
        },
    }
}

fn restored(desk: &Desk, node: &Restored) -> RestoredNode {
    let text = &desk.text;
    let earlier = |log: &EarlierLog| EarlierRow {
        space: space(desk, &log.space),
        origin: say::short_hex(log.origin.rsplit('/').next().unwrap_or_default()),
        signed: log.signed,
        held: log.held.unwrap_or_default(),
        missing: log.missing(),
        since: log.since.map(|at| say::clock(text, at)).unwrap_or_default(),
        reason: say::noted(text, log.reason.as_deref().unwrap_or_default()),
    };
    RestoredNode {
        name: node.org.as_ref().map_or_else(
            || text.t("restored-unknown"),
            |org| say::org_short(text, &desk.directory, org),
        ),
        own: node.own,
        key: say::short_hex(&node.node.fingerprint()),
        logs: node.logs.iter().map(earlier).collect(),
    }
}

async fn fork(State(state): State<WebState>, who: Signed, Path(id): Path<String>) -> Response {
    show(state, who, move |desk| page(desk, &id, None)).await
}

fn page(desk: &Desk, id: &str, error: Option<String>) -> Result<ForkPage, Fault> {
    let text = desk.text;
    let told = desk.node.forks_told()?;
    let fork = told
        .into_iter()
        .find(|fork| fork.id() == id)
        .ok_or(Fault::Nowhere)?;
    let own = desk.author().key.public();
    let left = |left: &LeftBehind| -> Result<LeftRow, ServiceError> {
        let here = desk.node.is_shown(&left.record)?;
        let known = left.ledger.as_deref().and_then(|id| desk.node.ledger(id).ok());
        Ok(LeftRow {
            id: left.change.to_string(),
            title: Link {
                href: if here {
                    format!("/records/{}", left.record)
                } else {
                    String::new()
                },
                label: if left.title.is_empty() {
                    text.t1(
                        "contested-untitled",
                        "id",
                        say::short_hex(&left.record.to_string()),
                    )
                } else {
                    left.title.clone()
                },
            },
            ledger: known.map_or_else(String::new, |ledger| say::ledger(&text, ledger)),
            author: left
                .author
                .clone()
                .unwrap_or_else(|| say::short_hex(&left.key.fingerprint())),
            recorded: say::clock(&text, left.recorded),
            puts: left.puts as u64,
            own: left.key == own,
        })
    };
    let fact = |label: &str, value: String| Fact::new(text.t(label), value);
    Ok(ForkPage {
        text,
        shell: desk.shell(Section::Network)?,
        id: id.to_owned(),
        log: log(desk, &fork),
        says: says(desk, &fork),
        branches: branches(desk, &fork),
        left: fork.left.iter().map(left).collect::<Result<_, _>>()?,
        error,
        facts: vec![
            fact(key!("fork-common"), text.n("fork-entries", fork.common)),
            fact(key!("fork-found"), say::clock(&text, fork.found)),
        ],
        origin: fork.origin.clone(),
        key: say::grouped(&fork.node.fingerprint()),
        proof: format!("/forks/{id}/proof"),
    })
}

/// What was found, which branch stands and why.
fn says(desk: &Desk, fork: &ForkTold) -> Vec<String> {
    let text = &desk.text;
    let mut says = vec![
        text.n("fork-says-signed", fork.common),
        match fork.why {
            None if fork.stands.is_none() => text.t("fork-says-not-held"),
            None => text.t("fork-says-open"),
            Some(Why::OnlyWitnessed) => text.t("fork-says-only-witnessed"),
            Some(Why::FirstWitnessed) => text.t("fork-says-first-witnessed"),
            Some(Why::SmallerLeaf) => text.t("fork-says-smaller-leaf"),
        },
    ];
    if fork.why.is_some() {
        says.push(text.t("fork-says-alike"));
    }
    says
}

fn branches(desk: &Desk, fork: &ForkTold) -> Vec<Branch> {
    let text = &desk.text;
    let branch = |name: &str, stands: bool, branch: &BranchTold| Branch {
        name: text.t(name),
        stands,
        size: branch.size,
        root: say::grouped(&branch.root.to_string()),
        witnessed: branch
            .witnessed
            .map_or_else(|| text.t("fork-unwitnessed"), |at| say::clock(text, at)),
    };
    let mut branches = Vec::new();
    branches.extend(
        fork.stands
            .iter()
            .map(|told| branch(key!("fork-stands"), true, told)),
    );
    branches.extend(
        fork.others
            .iter()
            .map(|told| branch(key!("fork-other"), false, told)),
    );
    if branches.len() > 1 {
        return branches;
    }
    // Only what the proof shows is known of both.
    let signed = fork.signed.iter().map(|(size, root)| Branch {
        name: text.t("fork-signed"),
        stands: false,
        size: *size,
        root: say::grouped(&root.to_string()),
        witnessed: text.t("fork-not-known"),
    });
    signed.collect()
}

async fn proof(State(state): State<WebState>, who: Signed, Path(id): Path<String>) -> Response {
    let (node, name) = (state.node.clone(), id.clone());
    match answer::work(move || node.fork_proof(&id)).await {
        Ok(Some(bytes)) => {
            // The name is that of a log which is here: letters and digits.
            answer::file(&format!("lianzhan-fork-{name}.cbor"), "application/cbor", bytes).into_response()
        }
        Ok(None) => answer::refuse(state, who.visitor, Fault::Nowhere).await,
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

async fn anew(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { mut who, form } = deed;
    let text = who.visitor.text;
    let Some(change) = ChangeId::parse(form.get("change")) else {
        return answer::refuse(state, who.visitor, Fault::Nowhere).await;
    };
    let (node, session, watch) = (state.node.clone(), who.session.clone(), live::Watch::new(&state));
    // The same entry is signed once however often the button is pressed.
    let token = format!("anew {}", say::short_hex(form.get("change")));
    let done = answer::once(&who.session, &token, async move {
        let author = session.author.clone();
        let runtime = tokio::runtime::Handle::current();
        let written = answer::work(move || runtime.block_on(node.sign_anew(&author, &change))).await?;
        watch.until_shown(&written.record).await;
        session.say(Notice {
            tone: Tone::Good,
            say: text.t("fork-anew-done"),
            link: Some(Link {
                href: format!("/records/{}", written.record),
                label: text.t("visit-look"),
            }),
        });
        Ok(String::new())
    });
    let here = format!("/forks/{id}");
    match done.await {
        Ok(_) => answer::onward(&here),
        Err(error) if error.is_callers() => {
            who.visitor.here = here;
            let told = answer::tell(&text, &error);
            show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
                page(desk, &id, Some(told))
            })
            .await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
