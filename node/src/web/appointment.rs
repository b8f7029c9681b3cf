//! One appointment: how it stands, what it rests on, and its renewal.

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Purpose;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::authority::{Refusal, may_act, must_act};
use super::career::Careers;
use super::office_view::{date, post as post_words, row, state, until, who};
use super::page::{AppointmentPage, Fact, Link, Notice, OfficeLink, RenewForm, Section, Tone, key};
use super::request::{Deed, Signed};
use super::{WebState, adopt, say};
use crate::services::ServiceError;
use crate::services::limit::DoorError;
use crate::services::office::{Office, OfficeFilter, Standing};
use crate::services::renew::parse_until;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/appointments/{id}", get(appointment))
        .route("/appointments/{id}/renew", post(renew))
}

impl Page for AppointmentPage {}

/// A renewal as typed, with why it was refused.
struct Typed {
    until: String,
    refusal: Refusal,
}

async fn appointment(State(state): State<WebState>, who: Signed, Path(id): Path<String>) -> Response {
    show(state, who, move |desk| {
        page(desk, &desk.node.find_office(&id)?, None)
    })
    .await
}

fn page(desk: &Desk, id: &StatementId, typed: Option<&Typed>) -> Result<AppointmentPage, Fault> {
    let text = desk.text;
    let office = desk.node.office(id)?;
    let acts = may_act(desk);
    let renewable = desk.node.renewable(id);
    let issued_at_or_below = desk.directory.is_at_or_above(&desk.node.org_id(), &office.issuer);
    let renew = if acts && renewable.is_ok() && !office.renewed {
        renew_form(desk, &office, typed)?
    } else {
        None
    };
    let revoked = matches!(office.standing, Standing::Revoked { .. });
    let soft = matches!(&office.standing, Standing::Revoked { ground: "soft", .. });
    let contested = matches!(office.standing, Standing::Contested { .. });
    let own_root = office.purpose == Purpose::Authority && office.org == desk.node.org_id();
    let (others, career) = others(desk, &office)?;
    Ok(AppointmentPage {
        text,
        shell: desk.shell(Section::Appointments)?,
        id: id.to_string(),
        title: who(desk, &office),
        org: Link {
            href: format!("/appointments?org={}", office.org),
            label: say::org_by_id(&text, &desk.directory, &office.org),
        },
        state: state(&text, &office),
        note: note(desk, &office),
        until: until(&text, office.not_after),
        hint: if acts {
            match (&renew, renewable) {
                (Some(_), _) | (None, Ok(_)) => String::new(),
                _ if revoked => text.t("appointment-anew"),
                _ if contested => String::new(),
                (None, Err(error)) => answer::tell(&text, &error),
            }
        } else {
            text.t1("appointment-hint", "org", issuer(desk, &office))
        },
        renew,
        revoke: (acts && issued_at_or_below && !contested && !own_root && (!revoked || soft))
            .then(|| format!("/appointments/{id}/revoke")),
        adopt: (acts && contested).then(|| adopt::href(id)),
        chain: chain(desk, &office),
        facts: facts(desk, &office),
        key: say::grouped(&office.key.fingerprint()),
        fingerprint: say::grouped(&id.to_string()),
        revocation: revocation(desk, &office),
        others,
        career,
    })
}

fn renew_form(
    desk: &Desk,
    office: &Office,
    typed: Option<&Typed>,
) -> Result<Option<RenewForm>, ServiceError> {
    let end = desk.node.authority_end()?;
    if end <= office.not_after {
        return Ok(None);
    }
    let day = |at: Timestamp| say::zoned(at).date().to_string();
    let last = Timestamp(end.0.saturating_sub(1));
    let refusal = typed.map(|typed| &typed.refusal);
    let proposed = typed.map_or_else(|| day(last), |typed| typed.until.clone());
    Ok(Some(RenewForm {
        until: Refusal::field(refusal, "until", &proposed),
        from: day(office.not_after),
        to: day(last),
        passphrase: Refusal::field(refusal, "passphrase", ""),
        error: Refusal::whole(refusal),
    }))
}

fn issuer(desk: &Desk, office: &Office) -> String {
    say::org_by_id(&desk.text, &desk.directory, &office.issuer)
}

/// What a state means, and what to do.
fn note(desk: &Desk, office: &Office) -> String {
    let text = &desk.text;
    match &office.standing {
        _ if office.renewed => text.t("office-note-renewed"),
        Standing::InForce => String::new(),
        Standing::NotYet => text.t1("office-note-not-yet", "day", date(text, office.not_before)),
        Standing::Expiring { .. } => text.t("office-note-expiring"),
        Standing::Expired => text.t("office-note-expired"),
        Standing::Revoked { words, .. } => words.clone(),
        Standing::Contested { .. } => text.t("office-note-contested"),
    }
}

fn chain(desk: &Desk, office: &Office) -> Vec<OfficeLink> {
    let text = &desk.text;
    let links = desk.node.office_links(&office.id);
    let mut chain: Vec<OfficeLink> = links
        .iter()
        .map(|link| {
            let state = state(text, link);
            let person = link.purpose == Purpose::Person;
            let org = say::org_by_id(text, &desk.directory, &link.org);
            let post = post_words(text, link);
            OfficeLink {
                href: Some(format!("/appointments/{}", link.id)),
                who: if person { link.holder.clone() } else { org.clone() },
                post: if person {
                    text.t2("role-in", "org", org, "role", post)
                } else {
                    post
                },
                by: text.t2(
                    "proof-appointed",
                    "by",
                    issuer(desk, link),
                    "period",
                    say::period(
                        text,
                        link.not_before,
                        Timestamp(link.not_after.0.saturating_sub(1)),
                    ),
                ),
                tag: (!state.plain).then_some(state.tag),
            }
        })
        .collect();
    let founding = desk.directory.founding().founding();
    chain.push(OfficeLink {
        href: None,
        who: say::org_short(text, &desk.directory, &founding.root),
        post: text.t2(
            "role-founding",
            "threshold",
            founding.threshold,
            "keys",
            founding.founders.len(),
        ),
        by: String::new(),
        tag: None,
    });
    chain
}

fn facts(desk: &Desk, office: &Office) -> Vec<Fact> {
    let text = &desk.text;
    let fact = |label: &str, value: String| Fact::new(text.t(label), value);
    let mut facts = vec![
        fact(key!("office-holder"), office.holder.clone()),
        fact(
            key!("office-org"),
            say::org_by_id(text, &desk.directory, &office.org),
        ),
        fact(key!("office-post"), post_words(text, office)),
        fact(
            key!("office-period"),
            say::period(
                text,
                office.not_before,
                Timestamp(office.not_after.0.saturating_sub(1)),
            ),
        ),
        fact(key!("office-issuer"), issuer(desk, office)),
        fact(key!("office-issued"), say::instant(text, office.issued)),
    ];
    if let Some(login) = &office.login {
        facts.push(fact(key!("office-login"), login.clone()));
    }
    if let Some(person) = &office.person {
        facts.push(fact(key!("office-person"), say::short_hex(&person.to_string())));
    }
    facts
}

fn revocation(desk: &Desk, office: &Office) -> Vec<Fact> {
    let text = &desk.text;
    let Standing::Revoked {
        by,
        at,
        ground,
        since,
        words,
        ..
    } = &office.standing
    else {
        return Vec::new();
    };
    let by_org = desk
        .directory
        .statement(by)
        .map(|statement| statement.issuer().org);
    let by_org = by_org.map(|org| say::org_by_id(text, &desk.directory, &org));
    let fact = |label: &str, value: String| Fact::new(text.t(label), value);
    let mut facts = vec![
        fact(key!("revoked-by"), by_org.unwrap_or_default()),
        fact(key!("revoked-at"), say::instant(text, *at)),
        fact(key!("revoke-reason"), words.clone()),
        fact(
            key!("revoke-ground"),
            match (*ground, since) {
                ("soft", _) => text.t("revoked-soft"),
                (_, Some(since)) => text.t1("revoked-hard-since", "time", say::instant(text, *since)),
                _ => text.t("revoked-hard"),
            },
        ),
    ];
    facts.push(fact(key!("revoked-statement"), say::short_hex(&hex(&by.0))));
    facts
}

/// Other appointments of the same person, and what the person was where and when.
fn others(
    desk: &Desk,
    office: &Office,
) -> Result<(Vec<super::page::AppointmentRow>, Vec<String>), ServiceError> {
    let Some(person) = office.person else {
        return Ok((Vec::new(), Vec::new()));
    };
    let filter = OfficeFilter {
        person: Some(person.to_string()),
        ..OfficeFilter::default()
    };
    let offices = desk.node.offices(&filter)?;
    let others = offices.iter().filter(|other| other.id != office.id);
    let careers = Careers::of(&offices);
    let mut lines = careers.lines(desk, &person);
    if lines.len() < 2 {
        lines.clear();
    }
    Ok((
        others.map(|other| row(desk, &careers, other, true)).collect(),
        lines,
    ))
}

async fn renew(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, mut form } = deed;
    let text = who.visitor.text;
    let passphrase = SecretString::from(form.take("passphrase"));
    let typed = form.get("until").trim().to_owned();
    let Ok(last) = parse_until(&typed) else {
        let refusal = Refusal::at("until", text.t("renew-until-wrong"));
        return again(
            state,
            who,
            id,
            Typed {
                until: typed,
                refusal,
            },
        )
        .await;
    };
    let allowed = {
        let (state, who) = (state.clone(), who.clone());
        answer::desk(state, who, must_act).await
    };
    if let Err(fault) = allowed {
        return answer::refuse(state, who.visitor, fault).await;
    }
    let (node, asked) = (state.node.clone(), id.clone());
    let renewed = state.door.with_authority(move || {
        let id = node.find_office(&asked)?;
        node.renew(&passphrase, &id, Some(last))
    });
    match renewed.await {
        Ok(renewed) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("renew-done"),
                link: None,
            });
            answer::onward(&format!("/appointments/{renewed}"))
        }
        Err(DoorError::Service(
            error @ ServiceError::Office(crate::services::office::OfficeError::Unknown(_)),
        )) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
        Err(error) => match Refusal::of(&text, error) {
            Ok(refusal) => {
                again(
                    state,
                    who,
                    id,
                    Typed {
                        until: typed,
                        refusal,
                    },
                )
                .await
            }
            Err(fault) => answer::refuse(state, who.visitor, fault).await,
        },
    }
}

async fn again(state: WebState, mut who: Signed, id: String, typed: Typed) -> Response {
    who.visitor.here = format!("/appointments/{id}");
    let refusal = typed.refusal.clone();
    let response = show_as(refusal.status(), state, who, move |desk| {
        must_act(desk)?;
        page(desk, &desk.node.find_office(&id)?, Some(&typed))
    });
    refusal.dated(response.await)
}
