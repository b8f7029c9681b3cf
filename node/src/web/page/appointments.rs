//! Posts: who holds what until when, what one of them rests on, and revoking it.

use askama::Template;

use super::{Choice, Due, Fact, Field, Link, Pager, Shell, Tag};
use crate::web::i18n::Text;

/// `GET /appointments?org=&q=&state=&page=`: who holds what.
#[derive(Template)]
#[template(path = "appointments.html")]
pub struct AppointmentsPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// `q`: the words searched for.
    pub q: String,
    /// `state`: begins with an empty value, all.
    pub states: Vec<Choice>,
    /// The orgs from the root down; none while something is searched for.
    pub tree: Option<OrgNode>,
    /// The org whose posts are shown; empty while something is searched for.
    pub org: String,
    /// Its posts, or what was found.
    pub rows: Vec<AppointmentRow>,
    /// Those of them that are over, replaced or revoked, which stand apart; empty while something is searched for.
    pub past: Vec<AppointmentRow>,
    /// Where the list of what was found is cut.
    pub pager: Pager,
    /// Appointments in this node's org and below that serve.
    pub serving: u64,
    /// Those of them that end soon and are not renewed.
    pub ending: u64,
    /// Records and statements that wait for an adoption.
    pub contested: u64,
    /// Whether this person is offered to invite an org below.
    pub invite: bool,
}

impl AppointmentsPage {
    fn title(&self) -> String {
        let text = &self.text;
        match (self.filtered(), self.pager.total, self.ending) {
            (true, 0, _) => text.t("appointments-title-none"),
            (true, found, _) => text.n("appointments-title-found", found),
            (false, _, 0) => text.n("appointments-title", self.serving),
            (false, _, ending) => text.n("appointments-title-ending", ending),
        }
    }

    fn filtered(&self) -> bool {
        self.tree.is_none()
    }
}

/// An org in the tree, with those below it.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "org_node.html")]
pub struct OrgNode {
    /// The words.
    pub text: Text,
    /// The short name.
    pub name: String,
    /// Its posts.
    pub href: String,
    /// Whether it is the org that is shown.
    pub chosen: bool,
    /// Whether it is this node's own.
    pub own: bool,
    /// What became of it, where it is no more.
    pub ended: Option<String>,
    /// People who hold a post in it now; none where its appointments are not here.
    pub people: Option<u64>,
    /// Posts in it that a person should look at.
    pub alert: u64,
    /// Orgs at all levels below.
    pub below: u64,
    /// Posts in these that a person should look at.
    pub alert_below: u64,
    /// Whether those below are shown at first.
    pub open: bool,
    /// The orgs directly below.
    pub children: Vec<OrgNode>,
}

/// One appointment in a table.
#[derive(Debug, Clone, Default)]
pub struct AppointmentRow {
    /// Its page.
    pub href: String,
    /// Who.
    pub holder: String,
    /// Where the person served before, or serves now, if that is another org.
    pub elsewhere: Option<String>,
    /// The login at this node.
    pub login: Option<String>,
    /// The org's short name, where rows are of several.
    pub org: Option<String>,
    /// The post in words.
    pub post: String,
    /// The first digits of the key.
    pub key: String,
    /// Its last day.
    pub until: String,
    /// How it stands.
    pub state: OfficeState,
}

/// How an appointment stands, in words.
#[derive(Debug, Clone, Default)]
pub struct OfficeState {
    /// The state.
    pub tag: Tag,
    /// Whether it is the normal one, which is written plainly.
    pub plain: bool,
    /// The days that are left, where they are few.
    pub due: Option<Due>,
}

/// `GET /appointments/{id}`: one appointment.
#[derive(Template)]
#[template(path = "appointment.html")]
pub struct AppointmentPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// Its id.
    pub id: String,
    /// Who holds what, in a sentence.
    pub title: String,
    /// The org, with its posts.
    pub org: Link,
    /// How it stands.
    pub state: OfficeState,
    /// What that means, and why.
    pub note: String,
    /// Its last day.
    pub until: String,
    /// The form that renews it, for whoever may.
    pub renew: Option<RenewForm>,
    /// Where it is revoked, for whoever may.
    pub revoke: Option<String>,
    /// Where it is adopted, for whoever may.
    pub adopt: Option<String>,
    /// Who may do what this person may not.
    pub hint: String,
    /// What it rests on.
    pub chain: Vec<OfficeLink>,
    /// What is stated.
    pub facts: Vec<Fact>,
    /// The fingerprint of the key.
    pub key: String,
    /// Its id, in groups.
    pub fingerprint: String,
    /// How it was revoked.
    pub revocation: Vec<Fact>,
    /// Other appointments of the same person.
    pub others: Vec<AppointmentRow>,
    /// What the person was, where and when, from the first on; empty where there is but one post.
    pub career: Vec<String>,
}

/// A link of the chain from an appointment to the founding statement.
#[derive(Debug, Clone, Default)]
pub struct OfficeLink {
    /// Its page; none for the founding statement.
    pub href: Option<String>,
    /// Who was appointed.
    pub who: String,
    /// To what.
    pub post: String,
    /// By which org and for how long; empty for the founding statement.
    pub by: String,
    /// Its state, where that is not the normal one.
    pub tag: Option<Tag>,
}

/// The form that renews: `POST /appointments/{id}/renew`.
#[derive(Debug, Clone, Default)]
pub struct RenewForm {
    /// `until`: the last day, `YYYY-MM-DD`.
    pub until: Field,
    /// The first day that can be chosen.
    pub from: String,
    /// The last day that can be chosen.
    pub to: String,
    /// `passphrase` of the org's authority key; never shown again.
    pub passphrase: Field,
    /// What is wrong with the whole.
    pub error: Option<String>,
}

/// `GET /appointments/{id}/revoke?ground=&since=&reason=&keep=&kept=`: what a revocation would do, then its signature.
#[derive(Template)]
#[template(path = "revoke.html")]
pub struct RevokePage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The appointment.
    pub id: String,
    /// Who holds what.
    pub who: String,
    /// `ground`: `soft` or `hard`.
    pub grounds: Vec<Choice>,
    /// `since`: `YYYY-MM-DDThh:mm`, for a hard ground.
    pub since: Field,
    /// `reason`, which everybody can read.
    pub reason: Field,
    /// `keep`, of an authority: what goes on standing; empty for other posts.
    pub keeps: Vec<Choice>,
    /// `kept`, of an authority: its statements to choose from.
    pub kept: Vec<Choice>,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// What it would do, once all is filled in.
    pub preview: Option<RevokePreview>,
}

impl RevokePage {
    fn is_authority(&self) -> bool {
        !self.keeps.is_empty()
    }

    fn choosing(&self) -> bool {
        self.keeps.iter().any(|keep| keep.chosen && keep.value == "only")
    }
}

/// What a revocation would do.
#[derive(Debug, Clone, Default)]
pub struct RevokePreview {
    /// Sentences: what stays, what waits.
    pub says: Vec<String>,
    /// Records with entries that would wait, and how many.
    pub records: Vec<(Link, u64)>,
    /// How many more records there are.
    pub more: u64,
    /// Statements that would wait.
    pub statements: Vec<Link>,
    /// What the form sends again: names and values.
    pub sends: Vec<(String, String)>,
    /// `passphrase` of the org's authority key.
    pub passphrase: Field,
}
