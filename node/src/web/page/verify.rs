//! The page where a bundle is checked on the visitor's own device.

use askama::Template;

use super::Shell;
use crate::web::i18n::Text;

/// `GET /verify`.
#[derive(Template)]
#[template(path = "verify.html")]
pub struct VerifyPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The address of the verifier; none where the node was built without it.
    pub module: Option<String>,
    /// The longest bundle, in bytes.
    pub longest: usize,
    /// The id of this node's founding statement, in groups of four.
    pub founding: String,
    /// The root org that it names.
    pub root: String,
    /// The roles by their identifiers, as JSON.
    pub roles: String,
}
