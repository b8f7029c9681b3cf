//! Inviting the node of an org below: who, for how long; the slip with the code; what is open.

use askama::Template;

use super::{Choice, Field, Shell};
use crate::web::i18n::Text;

/// `GET /invitations`: inviting, and the invitations that wait for their nodes.
#[derive(Template)]
#[template(path = "invitations.html")]
pub struct InvitationsPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The orgs that may be invited: begins with an empty value, a new one, where there can be orgs below.
    pub orgs: Vec<Choice>,
    /// The roles that the person may get who joins with it: begins with an empty value, nobody.
    pub roles: Vec<Choice>,
    /// The levels of a deputy's seat: begins with an empty value, no deputy.
    pub seats: Vec<Choice>,
    /// The person's name, where it is known.
    pub joiner: String,
    /// The levels that an org below may have; none at a station.
    pub levels: Vec<Choice>,
    /// The Chinese name.
    pub name_zh: Field,
    /// The English name.
    pub name_en: Field,
    /// The division code.
    pub code: Field,
    /// For how many days.
    pub days: Vec<Choice>,
    /// Where the new node reaches this one, one to a line.
    pub addresses: Field,
    /// The passphrase of the org's authority key.
    pub passphrase: Field,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// Open invitations.
    pub open: Vec<InvitationRow>,
}

impl InvitationsPage {
    fn title(&self) -> String {
        match self.open.len() {
            0 => self.text.t("invite-title"),
            open => self.text.n("invite-title-open", open),
        }
    }
}

/// An open invitation.
#[derive(Debug, Clone, Default)]
pub struct InvitationRow {
    /// What it is withdrawn by.
    pub org: String,
    /// The person who joins with it, in words; empty where nobody does.
    pub person: String,
    /// The org's name.
    pub name: String,
    /// Its division code.
    pub code: String,
    /// When it was made.
    pub made: String,
    /// Until when it holds.
    pub until: String,
    /// Whether that is over.
    pub expired: bool,
}

/// `GET /invitations/slip`: the code of the invitation that was made last in this session, to hand over.
#[derive(Template)]
#[template(path = "slip.html")]
pub struct SlipPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The invited org.
    pub org: String,
    /// Its division code.
    pub code: String,
    /// Until when it is good.
    pub until: String,
    /// The person whom it appoints, in words.
    pub joiner: Option<String>,
    /// Whether the person joins at the org's own node.
    pub alone: bool,
    /// Where the new node will look for this one.
    pub addresses: Vec<String>,
    /// The code.
    pub invitation: String,
    /// The code as a QR code; none where it is too long for one.
    pub qr: Option<SlipQr>,
}

/// A QR code on a page.
#[derive(Debug, Clone, Default)]
pub struct SlipQr {
    /// Modules in a row.
    pub side: usize,
    /// The dark ones, as the path of an SVG.
    pub path: String,
}
