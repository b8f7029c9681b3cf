//! An org as the API shows it.

use lianzhan_protocol::trust::Org;
use serde::Serialize;

/// What is shown of an org.
#[derive(Serialize)]
pub(super) struct OrgJson {
    id: String,
    name_zh: String,
    name_en: String,
    level: &'static str,
    code: String,
}

impl From<&Org> for OrgJson {
    fn from(org: &Org) -> Self {
        OrgJson {
            id: org.id.to_string(),
            name_zh: org.name_zh.clone(),
            name_en: org.name_en.clone(),
            level: org.level.as_str(),
            code: org.code.clone(),
        }
    }
}
