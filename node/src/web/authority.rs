//! Acts that open the org's authority key: who is offered them, and what is said where one is refused.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use lianzhan_protocol::trust::Role;

use super::WebState;
use super::answer::{self, Desk, Fault, Page, show_as};
use super::i18n::Text;
use super::page::Field;
use super::request::Signed;
use crate::keystore::KeyFileError;
use crate::services::ServiceError;
use crate::services::limit::DoorError;
use crate::services::office::OfficeError;

/// Whether this person is offered acts of the org: those who look after its node, or lead the station. What guards the
/// key is its passphrase.
pub(super) fn may_act(desk: &Desk) -> bool {
    let card = desk.node.card(desk.author());
    card.is_ok_and(|card| {
        let leads = [Role::Administrator, Role::StationHead];
        card.org == desk.node.org_id() && leads.iter().any(|role| card.roles.contains(role))
    })
}

/// Refuses whoever is not offered such acts.
pub(super) fn must_act(desk: &Desk) -> Result<(), Fault> {
    if may_act(desk) {
        return Ok(());
    }
    Err(ServiceError::NotAllowed(desk.text.t("authority-not-yours")).into())
}

/// Why an act was not done, at the field where it is mended.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// The field; empty for the whole form.
    field: &'static str,
    say: String,
    /// Seconds to wait.
    wait: Option<u64>,
}

impl Refusal {
    /// Says that something is wrong with a field; with the whole form where that is empty.
    pub(super) fn at(field: &'static str, say: String) -> Self {
        Refusal {
            field,
            say,
            wait: None,
        }
    }

    /// What was refused, as far as whoever asks can mend it.
    pub(super) fn of(text: &Text, error: DoorError) -> Result<Self, Fault> {
        let error = match error {
            DoorError::Wait(seconds) => {
                return Ok(Refusal {
                    field: "passphrase",
                    say: text.t1("login-wait", "seconds", seconds),
                    wait: Some(seconds),
                });
            }
            DoorError::Service(error) => error,
        };
        match &error {
            ServiceError::Key(KeyFileError::Passphrase(_)) | ServiceError::SignIn => {
                Ok(Refusal::at("passphrase", text.t("authority-wrong")))
            }
            ServiceError::Office(OfficeError::NewPassphrase(_)) => {
                Ok(Refusal::at("passphrase", answer::tell(text, &error)))
            }
            ServiceError::Office(OfficeError::Earlier(_) | OfficeError::Beyond(_)) => {
                Ok(Refusal::at("until", answer::tell(text, &error)))
            }
            error if error.is_callers() => Ok(Refusal::at("", answer::tell(text, error))),
            _ => Err(Fault::Service(error)),
        }
    }

    /// A field that shows `value`, with what is wrong if it is this one's.
    pub(super) fn field(this: Option<&Refusal>, name: &str, value: &str) -> Field {
        Field {
            value: value.to_owned(),
            error: this
                .filter(|this| this.field == name)
                .map(|this| this.say.clone()),
        }
    }

    /// What is said of the whole form.
    pub(super) fn whole(this: Option<&Refusal>) -> Option<String> {
        this.filter(|this| this.field.is_empty())
            .map(|this| this.say.clone())
    }

    /// Shows the page at `here` again, with what is wrong with its form.
    pub(super) async fn back<P: Page>(
        self,
        state: WebState,
        mut who: Signed,
        here: String,
        page: impl FnOnce(&Desk, Refusal) -> Result<P, Fault> + Send + 'static,
    ) -> Response {
        who.visitor.here = here;
        let told = self.clone();
        let response = show_as(self.status(), state, who, move |desk| page(desk, told));
        self.dated(response.await)
    }

    /// The status of the page on which the form comes back.
    pub(super) fn status(&self) -> StatusCode {
        match self.wait {
            Some(_) => StatusCode::TOO_MANY_REQUESTS,
            None => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// Says when it may be tried again.
    pub(super) fn dated(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.wait {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
