//! What leaves as a table comes back from it: every ledger, every kind of field, every form.

mod acts;
mod nodes;

use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger, Rule, ledgers};
use proptest::prelude::*;

use super::cells;
use super::columns::{Holds, columns};
use super::read::{CellFault, RowReader, heading};
use super::{Form, Words};
use crate::export::{Cell, CsvTable, Encoding, Workbook};
use crate::import::read_sheet;
use crate::services::ledger::{Part, Values, annexes_of, by_id, filled, is_annex, read, unsound};

const FORMS: [Form; 3] = [
    Form::Xlsx,
    Form::Csv(Encoding::Utf8),
    Form::Csv(Encoding::Gb18030),
];

/// Values in every field of a ledger; every text is one of these.
pub(super) fn values_of(ledger: &Ledger, texts: &[&str]) -> Values {
    let pairs = filled(ledger, Part::Main);
    let mut values = read(ledger, Part::Main, &pairs, &Values::new(), &by_id).values;
    for field in &ledger.fields {
        let key = match (&field.kind, field.set || field.many) {
            (FieldKind::Blob | FieldKind::Data | FieldKind::Rid, true) => field.key(Some("abababab")),
            (_, true) => continue,
            (_, false) => field.id.clone(),
        };
        if ledger.resolve(&key).is_none() || field.id == "of" {
            continue;
        }
        let value = match field.kind {
            FieldKind::Blob | FieldKind::Data => Value::Bytes(vec![0xAB; 32]),
            FieldKind::Rid => "00112233445566778899aabbccddeeff".into(),
            FieldKind::Str if field.auto => "样本".into(),
            _ => continue,
        };
        values.insert(key, value);
    }
    let mut next = texts.iter().cycle();
    for (key, value) in &mut values {
        let Some((field, _)) = ledger.resolve(key) else {
            continue;
        };
        if matches!(field.kind, FieldKind::Str | FieldKind::Text)
            && let Some(text) = next.next()
            && field.check(&Value::from(*text)).is_ok()
        {
            *value = Value::from(*text);
        }
    }
    values
}

/// The same, so that what must hold between fields does.
fn sound(ledger: &Ledger, texts: &[&str]) -> Values {
    let mut values = values_of(ledger, texts);
    for rule in &ledger.rules {
        mend(ledger, rule, &mut values);
    }
    values
}

fn mend(ledger: &Ledger, rule: &Rule, values: &mut Values) {
    let fields: Vec<&Field> = rule
        .fields()
        .into_iter()
        .filter_map(|id| ledger.field(id))
        .collect();
    // The keys of a field, one for each member of its set.
    let keys = |values: &Values, field: &Field| -> Vec<String> {
        let is_of = |key: &&String| ledger.resolve(key).is_some_and(|(of, _)| of.id == field.id);
        values.keys().filter(is_of).cloned().collect()
    };
    match (rule, fields.as_slice()) {
        (Rule::Sum { .. }, [first, rest @ .., is]) => {
            let sum = values.get(&is.id).cloned().unwrap();
            keys(values, first)
                .into_iter()
                .for_each(|key| drop(values.insert(key, sum.clone())));
            let others: Vec<String> = rest.iter().flat_map(|field| keys(values, field)).collect();
            for key in others {
                values.insert(key, Value::Int(0));
            }
        }
        (Rule::Single { .. }, [_, rest @ ..]) => {
            let others: Vec<String> = rest.iter().flat_map(|field| keys(values, field)).collect();
            for key in others {
                values.remove(&key);
            }
        }
        (Rule::Exactly { when, .. }, [_, state]) => {
            for key in keys(values, state) {
                values.insert(key, when.is[0].as_str().into());
            }
        }
        (Rule::Distinct { .. }, [field]) => {
            for (n, key) in keys(values, field).into_iter().enumerate() {
                let value = match &values[&key] {
                    Value::Int(number) => Value::Int(number + n as i64),
                    other => format!("{}{n}", other.as_text().unwrap()).as_str().into(),
                };
                values.insert(key, value);
            }
        }
        _ => {}
    }
}

/// Of these values what a record cannot be saved without, and what the program would fill in.
fn bare(ledger: &Ledger, values: &Values) -> Values {
    let mut bare = values.clone();
    let typed = |key: &&String| ledger.resolve(key).is_some_and(|(field, _)| !field.auto);
    let keys: Vec<String> = values.keys().filter(typed).cloned().collect();
    for key in keys {
        let value = bare.remove(&key).unwrap();
        if !unsound(ledger, &bare).is_empty() {
            bare.insert(key, value);
        }
    }
    bare
}

/// The bytes of a table with one record.
fn table(ledger: &Ledger, annexes: &[&Ledger], parts: &[Values], form: Form, words: Words) -> Vec<u8> {
    let all = columns(ledger, annexes);
    let of = |id: &str| {
        std::iter::once(ledger)
            .chain(annexes.iter().copied())
            .position(|known| known.id == id)
    };
    let row: Vec<Cell> = all
        .iter()
        .map(|column| match column.holds {
            Holds::Record => Cell::Text("0196b2c3d4e5f60718293a4b5c6d7e8f".into()),
            Holds::Owner => Cell::Text("石桥站".into()),
            Holds::Version => Cell::Text("0123456789abcdef".into()),
            _ => {
                let values = &parts[of(&column.ledger.id).unwrap()];
                cells::cell(column, values, words, &|id| {
                    (id.len() == 32).then(|| "某人 #1".to_owned())
                })
            }
        })
        .collect();
    let layout: Vec<_> = all.iter().map(|column| column.layout(words)).collect();
    let mut out = Vec::new();
    match form {
        Form::Xlsx => {
            let mut book = Workbook::new(&mut out, &["一"]).unwrap();
            book.sheet(&layout).unwrap();
            book.row(&row).unwrap();
            book.finish().unwrap();
        }
        Form::Csv(encoding) => {
            let headings = layout.iter().map(|column| column.heading.as_str());
            let mut csv = CsvTable::new(&mut out, encoding, headings).unwrap();
            csv.row(&row).unwrap();
            csv.finish().unwrap();
        }
    }
    out
}

/// What a table says of its one record, on top of `base`.
fn taken(
    ledger: &Ledger,
    annexes: &[&Ledger],
    bytes: &[u8],
    base: Option<&[Values]>,
) -> (Vec<Values>, Vec<CellFault>) {
    let sheet = read_sheet("a.csv", bytes).unwrap();
    let heading = heading(ledger, annexes, &sheet).expect("it is told by its heading");
    assert_eq!(heading.unmapped, Vec::<String>::new(), "{}", ledger.id);
    assert_eq!(
        heading.columns.len(),
        columns(ledger, annexes).len(),
        "{}",
        ledger.id
    );
    let row = &sheet.rows[heading.at + 1];
    let reader = RowReader {
        heading: &heading,
        row,
        guarded: !bytes.starts_with(b"PK"),
        year: 2026,
        resolve: &by_id,
        known: base.is_some(),
    };
    let mut faults = Vec::new();
    let empty = Values::new();
    let read = std::iter::once(ledger)
        .chain(annexes.iter().copied())
        .enumerate()
        .map(|(n, of)| reader.read(of, base.map_or(&empty, |base| &base[n]), &mut faults))
        .collect();
    (read, faults)
}

#[test]
fn every_value_of_every_ledger_comes_back_in_every_form() {
    let texts = [
        "样本",
        "=1+2",
        "'-3",
        "＝SUM(A1)",
        "a,b",
        "说\"好\"",
        "全角ＡＢＣ１２３",
        "𠮷𪚥",
        "/",
        "—",
        "无",
        "[甲] 乙",
        "甲 | 乙",
        "\\n",
        " 前后有空 ",
        "13900000016",
        "007",
        "1e5",
        "2026/4/3",
        "两\n行\n",
        "_x0041_",
        "<b>&amp;",
        "TRUE",
        "是",
    ];
    for ledger in ledgers().iter().filter(|ledger| !is_annex(&ledger.id)) {
        let annexes: Vec<&Ledger> = annexes_of(ledger).collect();
        let parts: Vec<Values> = std::iter::once(ledger)
            .chain(annexes.iter().copied())
            .map(|of| values_of(of, &texts))
            .collect();
        for form in FORMS {
            for words in [Words::Zh, Words::En] {
                let bytes = table(ledger, &annexes, &parts, form, words);
                let (back, faults) = taken(ledger, &annexes, &bytes, None);
                assert_eq!(faults, [], "{} {form:?}", ledger.id);
                assert_eq!(back, parts, "{} {form:?} {words:?}", ledger.id);
                let (again, faults) = taken(ledger, &annexes, &bytes, Some(&parts));
                assert_eq!(
                    (again, faults.as_slice()),
                    (parts.clone(), [].as_slice()),
                    "{}",
                    ledger.id
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn any_text_comes_back(
        texts in proptest::collection::vec("(\\PC|[\n\t=+@'\",;|\\[\\]\\\\＝－０-９Ａ-Ｚ\u{20bb7}\u{2a6a5}-]){1,20}", 8),
        pick in any::<proptest::sample::Index>(),
    ) {
        let books: Vec<&Ledger> = ledgers().iter().filter(|ledger| !is_annex(&ledger.id)).collect();
        let ledger = books[pick.index(books.len())];
        // The one character that GB18030 has no place for.
        let texts: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.contains('\u{e5e5}')).collect();
        let parts = [values_of(ledger, &texts)];
        for form in FORMS {
            let bytes = table(ledger, &[], &parts, form, Words::Zh);
            let (back, faults) = taken(ledger, &[], &bytes, None);
            prop_assert_eq!(faults, []);
            prop_assert_eq!(&back[..], &parts[..]);
        }
    }
}

#[test]
fn one_edited_cell_is_one_value_and_the_line_of_a_row_can_be_taken_out() {
    let ledger = crate::services::ledger::book("deputy_roster").unwrap();
    let parts = [values_of(ledger, &["样本"])];
    let bytes = table(ledger, &[], &parts, Form::Csv(Encoding::Utf8), Words::En);
    let text = String::from_utf8(bytes).unwrap();
    let seats = cells::members(ledger, ledger.field("seats").unwrap(), &parts[0]);
    assert_eq!(seats.len(), 2, "{seats:?}");
    let lines = seats.join("\n");
    assert!(text.contains(&format!("\"{lines}\"")), "{text}");
    // The second seat is taken out of the column of names alone: its line has no name then.
    let fewer = text.replace(&format!("\"{lines}\""), &seats[0]);
    let (back, faults) = taken(ledger, &[], fewer.as_bytes(), Some(&parts));
    assert_eq!(faults, []);
    let left = cells::members(ledger, ledger.field("seats").unwrap(), &back[0]);
    assert_eq!(left.len(), 2, "a line without a name is a new member");
    assert_eq!(left[0], seats[0]);
    let (again, _) = taken(ledger, &[], fewer.as_bytes(), Some(&parts));
    assert_eq!(again, back, "and has the same name whenever it is read");
}
