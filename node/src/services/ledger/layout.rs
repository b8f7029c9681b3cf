//! How the form of a definition asks for its fields: which of them are one input, which are several, which are rows.

use lianzhan_protocol::record::ledger::{Field, FieldKind, Keys, Ledger, Required};

/// The field that names what an annex belongs to: the program fills it in.
const OF: &str = "of";

/// How a form asks for a field, or for several that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot<'l> {
    /// One value.
    One(&'l Field),
    /// A set of options: each is ticked or not.
    Ticks(&'l Field),
    /// A set of values: an input each.
    Many(&'l Field),
    /// A set of structs, or a map: a row each.
    Rows {
        /// The set.
        of: &'l Field,
        /// Members of the struct; of a map the set itself.
        fields: Vec<&'l Field>,
    },
}

impl<'l> Slot<'l> {
    /// The field that stands for the slot.
    pub fn field(&self) -> &'l Field {
        match self {
            Slot::One(field) | Slot::Ticks(field) | Slot::Many(field) => field,
            Slot::Rows { of, .. } => of,
        }
    }

    /// How much the slot is asked for. What is asked of a member of a set is asked of every member that is there, and
    /// makes nobody begin one; a single struct asks for itself.
    pub fn required(&self, ledger: &Ledger) -> Required {
        let field = self.field();
        let of = field.parent().and_then(|id| ledger.field(id));
        of.map_or(field.required, |of| of.required.max(field.required))
    }
}

/// The slots of a ledger in the order of its definition.
pub type Layout<'l> = Vec<Slot<'l>>;

/// How the form of a ledger asks for its fields. What the program fills in is not asked for, nor what is sent as a file.
pub fn layout(ledger: &Ledger) -> Layout<'_> {
    let of_set = |field: &Field| {
        field
            .parent()
            .and_then(|id| ledger.field(id))
            .is_some_and(|of| of.set && of.kind == FieldKind::Struct)
    };
    let mut slots: Layout<'_> = Vec::new();
    for field in &ledger.fields {
        if field.kind == FieldKind::Struct && field.set && !field.auto {
            let fields: Vec<&Field> = ledger
                .fields
                .iter()
                .filter(|part| part.parent() == Some(&field.id) && is_typed(part))
                .collect();
            if !fields.is_empty() && field.keys != Some(Keys::Log) {
                slots.push(Slot::Rows { of: field, fields });
            }
        } else if is_typed(field) && !of_set(field) {
            slots.push(plain(field));
        }
    }
    slots
}

fn plain(field: &Field) -> Slot<'_> {
    match (field.set || field.many, &field.keys, &field.kind) {
        (false, ..) => Slot::One(field),
        (true, None, FieldKind::Enum) => Slot::Ticks(field),
        (true, None | Some(Keys::Order), _) => Slot::Many(field),
        (true, Some(_), _) => Slot::Rows {
            of: field,
            fields: vec![field],
        },
    }
}

/// Whether a form asks for a field at all.
pub fn is_typed(field: &Field) -> bool {
    let made = matches!(
        field.kind,
        FieldKind::Blob | FieldKind::Struct | FieldKind::Rid | FieldKind::Data
    );
    !field.auto && field.id != OF && !made
}

/// Whether the form of a ledger asks for the value of a key.
pub fn is_asked(ledger: &Ledger, key: &str) -> bool {
    let Some((field, _)) = ledger.resolve(key) else {
        return false;
    };
    layout(ledger).iter().any(|slot| match slot {
        Slot::Rows { fields, .. } => fields.iter().any(|part| part.id == field.id),
        slot => slot.field().id == field.id,
    })
}

/// The field that stands for the name of a member, where that is chosen.
pub fn key_field(of: &Field) -> Option<Field> {
    let kind = match of.keys.as_ref()? {
        Keys::Order | Keys::Log => return None,
        Keys::Record { ledger } => FieldKind::Ref {
            ledger: ledger.clone(),
        },
        Keys::Code => FieldKind::Code,
        Keys::Item => FieldKind::Str,
        Keys::Choice { .. } => FieldKind::Enum,
    };
    let options = match of.keys.as_ref()? {
        Keys::Choice { options } => options.clone(),
        _ => Vec::new(),
    };
    Some(Field {
        kind,
        options,
        set: false,
        many: false,
        keys: None,
        required: Required::Required,
        when: None,
        hint_zh: None,
        hint_en: None,
        ..of.clone()
    })
}
