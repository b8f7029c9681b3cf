//! Adopting what was chosen: shown first, then signed by the org's authority, or by whoever holds the author's post.

use std::collections::BTreeMap;

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::{ChangeId, RecordId, StatementId};

use super::answer::{self, Desk, Fault, Page, show};
use super::authority::{Refusal, must_act};
use super::contested::Views;
use super::page::{AdoptForm, AdoptPage, Notice, Section, Tone};
use super::request::{Deed, Posted, Signed};
use super::{WebState, live, say};
use crate::services::ServiceError;
use crate::services::adopt::{AdoptDraft, Contested};
use crate::services::limit::DoorError;
use crate::services::office::OfficeError;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/contested/adopt", get(chosen).post(adopt))
}

impl Page for AdoptPage {}

/// What was chosen.
fn read(form: &Posted) -> Result<AdoptDraft, ServiceError> {
    let ids = |name: &str| form.all(name).map(str::to_owned).collect::<Vec<_>>();
    AdoptDraft::parse(&ids("change"), &ids("statement"))
}

async fn chosen(
    State(state): State<WebState>,
    who: Signed,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| {
        page(desk, &read(&Posted::asked(asked))?, None)
    })
    .await
}

/// Of what waits, that which was chosen.
fn narrowed(mut waiting: Contested, draft: &AdoptDraft) -> Contested {
    waiting
        .changes
        .retain(|change| draft.changes.contains(&change.change));
    waiting
        .statements
        .retain(|one| draft.statements.contains(&one.statement));
    waiting
}

fn page(desk: &Desk, draft: &AdoptDraft, refused: Option<Refusal>) -> Result<AdoptPage, Fault> {
    let text = desk.text;
    let chosen = narrowed(desk.node.contested()?, draft);
    let views = Views::new(desk)?;
    let statements: Vec<_> = chosen.statements.iter().map(|one| views.statement(one)).collect();
    let records = views.records(chosen.changes.iter());
    let nothing = statements.is_empty() && records.is_empty();
    if nothing && refused.is_none() {
        return Err(ServiceError::Office(OfficeError::NotContested).into());
    }
    let changes = || records.iter().flat_map(|record| &record.changes);
    let by_org = !nothing && statements.iter().all(|one| one.may) && changes().all(|change| change.may);
    let by_post = !nothing && statements.is_empty() && changes().all(|change| change.own);
    let refused = refused.as_ref();
    let org = say::org_by_id(&text, &desk.directory, &desk.node.org_id());
    let sends = (chosen.changes.iter())
        .map(|change| ("change".to_owned(), change.change.to_string()))
        .chain((chosen.statements.iter()).map(|one| ("statement".to_owned(), one.statement.to_string())));
    Ok(AdoptPage {
        text,
        shell: desk.shell(Section::Appointments)?,
        resting: desk.node.resting_on(&draft.statements),
        by_org: by_org.then(|| AdoptForm {
            org,
            passphrase: Refusal::field(refused, "passphrase", ""),
        }),
        by_post: by_post.then(|| views.post()),
        sends: sends.collect(),
        error: Refusal::whole(refused),
        statements,
        records,
    })
}

async fn adopt(State(state): State<WebState>, deed: Deed) -> Response {
    let Deed { who, mut form } = deed;
    let passphrase = SecretString::from(form.take("passphrase"));
    let draft = match read(&form) {
        Ok(draft) => draft,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let done = if form.get("by") == "post" {
        by_post(&state, &who, &draft).await
    } else {
        by_org(&state, &who, draft.clone(), passphrase).await
    };
    let text = who.visitor.text;
    match done {
        Ok(()) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.n("adopt-done", draft.changes.len() + draft.statements.len()),
                link: None,
            });
            answer::onward("/contested")
        }
        Err(Stopped::Refused(refusal)) => back(state, who, draft, refusal).await,
        Err(Stopped::Fault(fault)) => answer::refuse(state, who.visitor, fault).await,
    }
}

enum Stopped {
    Refused(Refusal),
    Fault(Fault),
}

impl Stopped {
    fn of(who: &Signed, error: DoorError) -> Self {
        match Refusal::of(&who.visitor.text, error) {
            Ok(refusal) => Stopped::Refused(refusal),
            Err(fault) => Stopped::Fault(fault),
        }
    }
}

async fn by_org(
    state: &WebState,
    who: &Signed,
    draft: AdoptDraft,
    passphrase: SecretString,
) -> Result<(), Stopped> {
    let allowed = answer::desk(state.clone(), who.clone(), must_act).await;
    allowed.map_err(Stopped::Fault)?;
    let (node, watch) = (state.node.clone(), live::Watch::new(state));
    let record = draft.changes.first().copied();
    let (before, first) = (state.node.clone(), record);
    let record = answer::work(move || Ok(first.and_then(|first| record_of(&before, &first)))).await;
    let adopted = state.door.with_authority(move || node.adopt(&passphrase, draft));
    adopted.await.map_err(|error| Stopped::of(who, error))?;
    if let Ok(Some(record)) = record {
        watch.until_shown(&record).await;
    }
    Ok(())
}

fn record_of(node: &crate::services::Node, change: &ChangeId) -> Option<RecordId> {
    let waiting = node.contested().ok()?.changes;
    let found = waiting.iter().find(|one| one.change == *change);
    found.map(|one| one.record)
}

/// Each record is adopted in itself, with the key that is open for this session.
async fn by_post(state: &WebState, who: &Signed, draft: &AdoptDraft) -> Result<(), Stopped> {
    if !draft.statements.is_empty() {
        let error = ServiceError::Office(OfficeError::NotSamePost);
        return Err(Stopped::of(who, DoorError::Service(error)));
    }
    let (node, author, wanted) = (state.node.clone(), who.session.author.clone(), draft.clone());
    let (watch, runtime) = (live::Watch::new(state), tokio::runtime::Handle::current());
    let done = answer::work(move || {
        let chosen = narrowed(node.contested()?, &wanted);
        let mut by_record: BTreeMap<RecordId, Vec<ChangeId>> = BTreeMap::new();
        for change in &chosen.changes {
            by_record.entry(change.record).or_default().push(change.change);
        }
        if by_record.is_empty() {
            return Err(OfficeError::NotContested.into());
        }
        let mut last = None;
        for (record, changes) in by_record {
            runtime.block_on(node.adopt_in(&author, &record, changes))?;
            last = Some(record);
        }
        Ok(last)
    });
    match done.await {
        Ok(Some(record)) => {
            watch.until_shown(&record).await;
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) => Err(Stopped::of(who, DoorError::Service(error))),
    }
}

async fn back(state: WebState, who: Signed, draft: AdoptDraft, refusal: Refusal) -> Response {
    // Its switches lead to the list: what was chosen is too long for an address that is kept.
    let here = "/contested".to_owned();
    let shown = move |desk: &Desk, told| page(desk, &draft, Some(told));
    refusal.back(state, who, here, shown).await
}

/// Where one statement is adopted.
pub(super) fn href(statement: &StatementId) -> String {
    format!("/contested/adopt?statement={statement}")
}
