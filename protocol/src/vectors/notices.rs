//! What orgs state for all below them: ledgers and fields that they add, values of settings, and which of them apply.

mod added;
mod applying;
mod values;

use super::*;
use crate::id::OrgId;
use crate::record::ledger::{Choice, Field, FieldKind, Ledger, Required, Sensitivity, added::id_of};
use crate::testing::{COUNTY, org};
use crate::trust::{Audience, Role};

pub(crate) use added::wells;
pub(super) use applying::{defining, said};

pub(super) fn all(files: &mut Files) {
    category(files, "definition", json!({}), added::vectors(), added::judge);
    let table = json!({"settings": values::table()});
    category(files, "setting", table, values::vectors(), values::judge);
    let base = super::directory::base();
    category(files, "notice", json!({}), applying::vectors(), |input| {
        applying::judge(&base, input)
    });
}
