//! An appointment in words: the post, how it stands, its row in a table.

use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Purpose;

use super::answer::Desk;
use super::career::Careers;
use super::i18n::Text;
use super::page::{AppointmentRow, Due, OfficeState, Tag, Tone, key};
use super::say;
use crate::services::office::{Office, Standing};

/// Days from which on a deadline is drawn in its strongest form.
const SOON_DAYS: i64 = 7;

/// What somebody is appointed to.
pub(super) fn post(text: &Text, office: &Office) -> String {
    match office.purpose {
        Purpose::Authority => text.t("purpose-authority"),
        Purpose::Node => text.t("purpose-node"),
        Purpose::Witness => text.t("purpose-witness"),
        Purpose::Person => say::role(text, &office.roles, office.seat),
    }
}

/// Who holds what where.
pub(super) fn who(desk: &Desk, office: &Office) -> String {
    let text = &desk.text;
    let org = say::org_by_id(text, &desk.directory, &office.org);
    if office.purpose == Purpose::Person {
        let place = text.t2("role-in", "org", org, "role", post(text, office));
        text.t2("office-who", "holder", &office.holder, "post", place)
    } else {
        text.t2("role-in", "org", org, "role", post(text, office))
    }
}

/// A day with its year.
pub(super) fn date(text: &Text, at: Timestamp) -> String {
    let date = say::zoned(at).date();
    text.date(date.year(), date.month(), date.day())
}

/// The last day of what is over at `not_after`.
pub(super) fn until(text: &Text, not_after: Timestamp) -> String {
    date(text, Timestamp(not_after.0.saturating_sub(1)))
}

/// How an appointment stands.
pub(super) fn state(text: &Text, office: &Office) -> OfficeState {
    let told = |key: &str, tone| OfficeState {
        tag: Tag {
            label: text.t(key),
            tone,
        },
        plain: false,
        due: None,
    };
    match &office.standing {
        Standing::InForce => OfficeState {
            plain: true,
            ..told(key!("office-in-force"), Tone::Plain)
        },
        Standing::NotYet => told(key!("office-not-yet"), Tone::Plain),
        Standing::Expiring { .. } if office.renewed => told(key!("office-renewed"), Tone::Mute),
        Standing::Expiring { days } => {
            let left = u32::try_from(*days).unwrap_or_default();
            OfficeState {
                due: Some(if *days <= SOON_DAYS {
                    Due::Soon(left)
                } else {
                    Due::Near(left)
                }),
                ..told(key!("office-expiring"), Tone::Soon)
            }
        }
        Standing::Expired if office.renewed => told(key!("office-renewed"), Tone::Mute),
        Standing::Expired => told(key!("office-expired"), Tone::Mute),
        Standing::Revoked { .. } => told(key!("office-revoked"), Tone::Late),
        Standing::Contested { .. } => told(key!("office-contested"), Tone::Split),
    }
}

/// Whether it is over, replaced or revoked, so that nobody acts under it any more.
pub(super) fn is_past(office: &Office) -> bool {
    office.renewed || matches!(office.standing, Standing::Expired | Standing::Revoked { .. })
}

/// Whether a person should look at it.
pub(super) fn is_alert(office: &Office) -> bool {
    office.ends_soon() || matches!(office.standing, Standing::Contested { .. })
}

/// A row of a table; `wide` ones name the org.
pub(super) fn row(desk: &Desk, careers: &Careers<'_>, office: &Office, wide: bool) -> AppointmentRow {
    let text = &desk.text;
    AppointmentRow {
        href: format!("/appointments/{}", office.id),
        holder: office.holder.clone(),
        elsewhere: careers.elsewhere(desk, office),
        login: office.login.clone(),
        org: wide.then(|| say::org_since(text, &desk.directory, &office.org)),
        post: post(text, office),
        key: say::short_hex(&office.key.fingerprint()),
        until: until(text, office.not_after),
        state: state(text, office),
    }
}
