//! Inviting the node of an org below, with a slip to hand over, and withdrawing what was not used. The code is kept in the
//! session alone: what the disk keeps cannot give it again.

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Level, Role};

use super::answer::{self, Desk, Fault, Page, onward, show, show_as};
use super::authority::{Refusal, may_act, must_act};
use super::i18n::Text;
use super::page::{Choice, InvitationRow, InvitationsPage, Notice, Section, SlipPage, SlipQr, Tone};
use super::request::{Deed, Posted, Signed};
use super::{WebState, say};
use crate::config::is_address;
use crate::qr::Qr;
use crate::services::ServiceError;
use crate::services::found::OrgDraft;
use crate::services::invite::{INVITE_DAYS, Invitation, InviteDraft, InvitedPerson, Invitee, OpenInvitation};
use crate::services::limit::DoorError;

/// The days that are offered.
const DAYS: [i64; 4] = [1, 3, INVITE_DAYS, 30];

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/invitations", get(list).post(invite))
        .route("/invitations/slip", get(slip))
        .route("/invitations/withdraw", post(withdraw))
}

impl Page for InvitationsPage {}
impl Page for SlipPage {}

/// Whether this person is offered to invite: there are orgs below, and the acts of this one are theirs.
pub(super) fn may_invite(desk: &Desk) -> bool {
    let own = desk.node.org();
    own.is_ok() && may_act(desk)
}

/// The levels below one.
fn below(own: Level) -> Vec<Level> {
    Level::ALL
        .iter()
        .copied()
        .filter(|level| level.rank() > own.rank())
        .collect()
}

/// What was typed.
#[derive(Default)]
struct Typed {
    level: String,
    name_zh: String,
    name_en: String,
    code: String,
    days: i64,
    addresses: Option<String>,
    /// An org that is known; empty for a new one.
    org: String,
    role: String,
    seat: String,
    person: String,
}

impl Typed {
    fn read(form: &Posted) -> Self {
        let one = |name: &str| form.get(name).trim().to_owned();
        Typed {
            level: one("level"),
            name_zh: one("name_zh"),
            name_en: one("name_en"),
            code: one("code"),
            days: form.get("days").parse().unwrap_or_default(),
            addresses: Some(one("addresses")),
            org: one("org"),
            role: one("role"),
            seat: one("seat"),
            person: one("person"),
        }
    }

    fn draft(&self, text: &Text) -> Result<InviteDraft, Refusal> {
        let lines = self.addresses.as_deref().unwrap_or_default().split_whitespace();
        let addresses: Vec<String> = lines.map(str::to_owned).collect();
        if addresses.is_empty() || addresses.iter().any(|address| !is_address(address)) {
            return Err(Refusal::at("addresses", text.t("invite-addresses-missing")));
        }
        let role = Role::parse(&self.role);
        let seat = Level::parse(&self.seat).filter(|_| role == Some(Role::Deputy));
        if role == Some(Role::Deputy) && seat.is_none() {
            return Err(Refusal::at("role", text.t("invite-seat-missing")));
        }
        Ok(InviteDraft {
            org: match self.org.as_str() {
                "" => Invitee::New(self.new_org(text)?),
                known => Invitee::Known(known.to_owned()),
            },
            person: role.map(|role| InvitedPerson {
                roles: vec![role],
                seat,
                name: (!self.person.is_empty()).then(|| self.person.clone()),
                until: None,
            }),
            addresses,
            days: self.days,
        })
    }

    fn new_org(&self, text: &Text) -> Result<OrgDraft, Refusal> {
        for (field, value) in [
            ("name_zh", &self.name_zh),
            ("name_en", &self.name_en),
            ("code", &self.code),
        ] {
            if value.is_empty() {
                return Err(Refusal::at(field, text.t("invite-missing")));
            }
        }
        let level = Level::parse(&self.level).ok_or_else(|| Refusal::at("", text.t("invite-missing")))?;
        Ok(OrgDraft {
            level,
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            code: self.code.clone(),
        })
    }
}

async fn list(State(state): State<WebState>, who: Signed) -> Response {
    let typed = Typed {
        days: INVITE_DAYS,
        ..Typed::default()
    };
    show(state, who, move |desk| page(desk, &typed, None)).await
}

fn page(desk: &Desk, typed: &Typed, refused: Option<&Refusal>) -> Result<InvitationsPage, Fault> {
    must_act(desk)?;
    let (text, org) = (desk.text, desk.node.org()?);
    let field = |name: &str, value: &str| Refusal::field(refused, name, value);
    let addresses = match &typed.addresses {
        Some(typed) => typed.clone(),
        None => (desk.state.addresses)().join("\n"),
    };
    let level = |level: Level| Choice {
        value: level.as_str().to_owned(),
        label: say::level(&text, level),
        chosen: level.as_str() == typed.level,
    };
    let days = |days: i64| Choice {
        value: days.to_string(),
        label: text.n("invite-day", days.unsigned_abs()),
        chosen: days == typed.days,
    };
    let levels: Vec<Choice> = below(org.level).into_iter().map(level).collect();
    Ok(InvitationsPage {
        text,
        shell: desk.shell(Section::Appointments)?,
        orgs: orgs(desk, !levels.is_empty(), &typed.org),
        roles: roles(&text, &typed.role),
        seats: say::with_empty(
            text.t("invite-seat-none"),
            Level::ALL
                .iter()
                .map(|one| Choice {
                    value: one.as_str().to_owned(),
                    label: say::level(&text, *one),
                    chosen: one.as_str() == typed.seat,
                })
                .collect(),
        ),
        joiner: typed.person.clone(),
        levels,
        name_zh: field("name_zh", &typed.name_zh),
        name_en: field("name_en", &typed.name_en),
        code: field("code", &typed.code),
        days: DAYS.into_iter().map(days).collect(),
        addresses: field("addresses", &addresses),
        passphrase: field("passphrase", ""),
        error: Refusal::whole(refused),
        open: desk
            .node
            .invitations()?
            .iter()
            .map(|open| row(&text, open))
            .collect(),
    })
}

/// Orgs that may be invited: a new one where there can be orgs below, this one, and those directly below.
fn orgs(desk: &Desk, new: bool, chosen: &str) -> Vec<Choice> {
    let own = desk.directory.org(&desk.node.org_id()).into_iter();
    let mut below: Vec<_> = desk.directory.children(&desk.node.org_id()).collect();
    below.sort_by(|a, b| (&a.code, a.id).cmp(&(&b.code, b.id)));
    let known = own.chain(below).map(|org| Choice {
        value: org.id.to_string(),
        label: say::org(&desk.text, org),
        chosen: org.id.to_string() == chosen,
    });
    if new {
        say::with_empty(desk.text.t("invite-org-new"), known.collect())
    } else {
        known.collect()
    }
}

fn roles(text: &Text, chosen: &str) -> Vec<Choice> {
    let roles = Role::ALL.iter().map(|role| Choice {
        value: role.as_str().to_owned(),
        label: say::role(text, &[*role], None),
        chosen: role.as_str() == chosen,
    });
    say::with_empty(text.t("invite-role-none"), roles.collect())
}

fn row(text: &Text, open: &OpenInvitation) -> InvitationRow {
    let time = |at: i64| say::instant(text, Timestamp(at));
    InvitationRow {
        org: open.id.clone().unwrap_or_else(|| open.org.clone()),
        person: say::list(
            text,
            open.person.iter().cloned().chain(
                open.roles
                    .iter()
                    .filter_map(|role| Role::parse(role).map(|role| say::role(text, &[role], None))),
            ),
        ),
        name: match text.lang {
            super::i18n::Lang::Zh => open.name_zh.clone(),
            super::i18n::Lang::En => open.name_en.clone(),
        },
        code: open.code.clone(),
        made: if open.made == 0 {
            String::new()
        } else {
            time(open.made)
        },
        until: time(open.expires),
        expired: open.expired,
    }
}

async fn invite(State(state): State<WebState>, deed: Deed) -> Response {
    let Deed { who, mut form } = deed;
    let passphrase = SecretString::from(form.take("passphrase"));
    let (typed, text) = (Typed::read(&form), who.visitor.text);
    // Who may not is told so by the page, before the key is opened.
    let desk = Desk::new(state.clone(), who.clone());
    let allowed = answer::work(move || Ok(may_invite(&desk)))
        .await
        .unwrap_or_default();
    let made = match typed.draft(&text) {
        Err(refusal) => Err(refusal),
        Ok(_) if !allowed => Err(Refusal::at("", text.t("authority-not-yours"))),
        Ok(draft) => {
            let node = state.node.clone();
            let invited = state
                .door
                .with_authority(move || node.invite_with(draft, &passphrase));
            match invited.await {
                Ok(invitation) => Ok(invitation),
                Err(error) => match Refusal::of(&text, error) {
                    Ok(refusal) => Err(refusal),
                    Err(fault) => return answer::refuse(state, who.visitor, fault).await,
                },
            }
        }
    };
    match made {
        Ok(invitation) => {
            who.session.keep_slip(invitation.to_code());
            onward("/invitations/slip")
        }
        Err(refusal) => {
            let status = refusal.status();
            let kept = refusal.clone();
            let response = show_as(status, state, who, move |desk| page(desk, &typed, Some(&refusal))).await;
            kept.dated(response)
        }
    }
}

async fn slip(State(state): State<WebState>, who: Signed) -> Response {
    let Some(code) = who.session.slip() else {
        return onward("/invitations");
    };
    show(state, who, move |desk| {
        must_act(desk)?;
        let (text, invitation) = (desk.text, Invitation::from_code(&code)?);
        let org = desk.directory.org(&invitation.org);
        let org = org.ok_or(ServiceError::UnknownOrg(invitation.org))?;
        Ok(SlipPage {
            text,
            shell: desk.shell(Section::Appointments)?,
            org: say::org(&text, org),
            code: org.code.clone(),
            until: say::instant(&text, invitation.expires),
            joiner: invitation.person.as_ref().map(|person| {
                let role = say::role(&text, &person.roles, person.seat);
                say::list(&text, person.name.iter().cloned().chain([role]))
            }),
            alone: !invitation.is_of_node(),
            addresses: invitation.addresses.clone(),
            qr: Qr::of(&code).map(|qr| SlipQr {
                side: qr.side(),
                path: qr.path(),
            }),
            invitation: code,
        })
    })
    .await
}

async fn withdraw(State(state): State<WebState>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let (org, text) = (form.get("org").to_owned(), who.visitor.text);
    let desk = Desk::new(state.clone(), who.clone());
    let done = answer::work(move || {
        if !may_invite(&desk) {
            return Err(ServiceError::NotAllowed(desk.text.t("authority-not-yours")));
        }
        desk.node.withdraw_invitation(&org)
    });
    match done.await {
        Ok(gone) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t1("invite-withdrawn", "org", row(&text, &gone).name),
                link: None,
            });
            onward("/invitations")
        }
        Err(error) => {
            let refusal = match Refusal::of(&text, DoorError::Service(error)) {
                Ok(refusal) => refusal,
                Err(fault) => return answer::refuse(state, who.visitor, fault).await,
            };
            let typed = Typed {
                days: INVITE_DAYS,
                ..Typed::default()
            };
            let status = refusal.status();
            show_as(status, state, who, move |desk| page(desk, &typed, Some(&refusal))).await
        }
    }
}
