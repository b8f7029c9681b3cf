//! A person who moves: appointments end in one org and begin in another, and each tells of the others.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{OrgId, PersonId};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Purpose;

use super::answer::Desk;
use super::office_view::{is_past, post};
use super::say;
use crate::services::office::{Office, Standing};

/// Posts by the person who holds them.
pub(super) struct Careers<'a> {
    of: BTreeMap<PersonId, Vec<&'a Office>>,
}

impl<'a> Careers<'a> {
    pub(super) fn of(offices: &'a [Office]) -> Self {
        let mut of: BTreeMap<PersonId, Vec<&Office>> = BTreeMap::new();
        for office in offices.iter().filter(|office| office.purpose == Purpose::Person) {
            if let Some(person) = office.person {
                of.entry(person).or_default().push(office);
            }
        }
        Careers { of }
    }

    /// Beside a post that serves, the orgs where its holder served before; beside one that is over, where they serve now.
    pub(super) fn elsewhere(&self, desk: &Desk, office: &Office) -> Option<String> {
        let text = &desk.text;
        let all = self.of.get(&office.person?)?;
        let orgs = |serve: bool| -> BTreeSet<OrgId> {
            let fits = all.iter().filter(|other| match serve {
                true => other.serves(),
                false => is_past(other),
            });
            fits.map(|other| other.org)
                .filter(|org| *org != office.org)
                .collect()
        };
        let serving = orgs(true);
        let names = |orgs: BTreeSet<OrgId>| {
            let names = orgs.iter().map(|org| say::org_by_id(text, &desk.directory, org));
            say::list(text, names)
        };
        if office.serves() {
            let before: BTreeSet<OrgId> = orgs(false).difference(&serving).copied().collect();
            (!before.is_empty()).then(|| text.t1("office-formerly", "org", names(before)))
        } else {
            (!serving.is_empty()).then(|| text.t1("office-now", "org", names(serving)))
        }
    }

    /// What a person was, where and when, from the first on. Renewals of one post are one line.
    pub(super) fn lines(&self, desk: &Desk, person: &PersonId) -> Vec<String> {
        let text = &desk.text;
        let mut terms: Vec<(&Office, Timestamp, Timestamp)> = Vec::new();
        let mut all = self.of.get(person).cloned().unwrap_or_default();
        all.retain(|office| !matches!(office.standing, Standing::Contested { .. }));
        all.sort_by_key(|office| (office.not_before, office.issued, office.id));
        for office in all {
            let end = match office.standing {
                Standing::Revoked { at, .. } => at.min(office.not_after),
                _ => office.not_after,
            };
            let same = terms.iter_mut().find(|(known, ..)| {
                (known.org, &known.roles, known.seat) == (office.org, &office.roles, office.seat)
            });
            match same {
                Some((_, _, last)) => *last = end.max(*last),
                None => terms.push((office, office.not_before, end)),
            }
        }
        let line = |(office, from, to): &(&Office, Timestamp, Timestamp)| {
            let org = say::org_since(text, &desk.directory, &office.org);
            let place = text.t2("role-in", "org", org, "role", post(text, office));
            let last = Timestamp(to.0.saturating_sub(1));
            text.t2(
                "office-term",
                "when",
                say::period(text, *from, last),
                "post",
                place,
            )
        };
        terms.iter().map(line).collect()
    }
}
