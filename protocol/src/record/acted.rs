//! Who did what, where some act by their own key and others have it recorded: the same person by id, or, where one of two is
//! named without, by name.

use std::collections::BTreeSet;

use super::event::OfficeHolder;
use super::verdict::Capacity;
use crate::id::PersonId;

/// A name as it is held against others: on a roster 张 三 is who is 张三 on a card.
pub fn folded_name(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// Who acted, as far as is said.
pub(super) struct Who<'a> {
    name: &'a str,
    person: Option<PersonId>,
}

impl<'a> From<&'a Capacity> for Who<'a> {
    fn from(capacity: &'a Capacity) -> Self {
        Who {
            name: &capacity.name,
            person: capacity.person,
        }
    }
}

impl<'a> From<&'a OfficeHolder> for Who<'a> {
    fn from(actor: &'a OfficeHolder) -> Self {
        Who {
            name: &actor.name,
            person: actor.person,
        }
    }
}

/// Acts by person. Asking costs the same however many there are.
pub(super) struct Acted<A> {
    by_id: BTreeSet<(PersonId, A)>,
    /// Of those without an id.
    by_name_alone: BTreeSet<(String, A)>,
    by_name: BTreeSet<(String, A)>,
}

impl<A> Default for Acted<A> {
    fn default() -> Self {
        Acted {
            by_id: BTreeSet::new(),
            by_name_alone: BTreeSet::new(),
            by_name: BTreeSet::new(),
        }
    }
}

impl<A: Ord + Clone> Acted<A> {
    /// Notes an act unless this person did it before; whether it is noted. What is not has no effect, and says nothing of
    /// what comes after it.
    pub(super) fn note_once(&mut self, who: Who<'_>, act: A) -> bool {
        let named = (folded_name(who.name), act.clone());
        let before = match who.person {
            Some(id) => self.by_id.contains(&(id, act.clone())) || self.by_name_alone.contains(&named),
            None => self.by_name.contains(&named),
        };
        if !before {
            self.note(who, act);
        }
        !before
    }

    /// Notes an act that has effect, whatever was done before.
    pub(super) fn note(&mut self, who: Who<'_>, act: A) {
        let named = (folded_name(who.name), act.clone());
        match who.person {
            Some(id) => drop(self.by_id.insert((id, act))),
            None => drop(self.by_name_alone.insert(named.clone())),
        }
        self.by_name.insert(named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn he(person: Option<u8>) -> OfficeHolder {
        OfficeHolder {
            name: "何苗".into(),
            office: "主席".into(),
            person: person.map(|n| PersonId([n; 16])),
        }
    }

    #[test]
    fn what_has_no_effect_decides_nothing_of_what_follows() {
        let mut acted = Acted::default();
        assert!(acted.note_once((&he(Some(1))).into(), ()));
        assert!(!acted.note_once((&he(None)).into(), ()), "by name it is the same");
        assert!(acted.note_once((&he(Some(2))).into(), ()), "a namesake");
    }

    #[test]
    fn spaces_make_nobody_another() {
        for name in ["何 苗", " 何苗", "何\u{3000}苗", "何\u{a0}苗\n"] {
            let mut acted = Acted::default();
            assert!(acted.note_once((&he(None)).into(), ()));
            let spaced = OfficeHolder {
                name: name.into(),
                ..he(None)
            };
            assert!(!acted.note_once((&spaced).into(), ()), "{name:?}");
        }
        assert_ne!(folded_name("何苗"), folded_name("何苗苗"));
    }
}
