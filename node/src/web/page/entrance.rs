//! The pages outside the work: signing in, and what went wrong.

use askama::Template;

use super::Shell;
use crate::web::i18n::Text;

/// `GET /login`: the entrance.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The name that was typed.
    pub name: String,
    /// Where to go after signing in: a path of this node.
    pub back: String,
    /// Why it did not work.
    pub error: Option<String>,
}

/// Anything that cannot be shown or done.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub happened: String,
    /// To which thing; empty when there is none to name.
    pub thing: String,
    /// What to do.
    pub todo: String,
    /// What the log of the node calls this case, so that it can be found there.
    pub case: Option<String>,
}
