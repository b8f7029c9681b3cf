//! All that a node derives, compared.

use std::collections::BTreeMap;

use lianzhan_node::documents;
use lianzhan_node::services::Node;
use lianzhan_protocol::id::RecordId;

pub(super) fn records(node: &Node) -> Vec<RecordId> {
    node.store()
        .read(|reader| reader.records_after(None, 1_000_000))
        .unwrap()
}

/// All that is derived, by name, as text.
pub(super) fn dump(node: &Node) -> BTreeMap<String, String> {
    let mut dump = BTreeMap::new();
    for view in node.view_names() {
        let table = node.table(view).unwrap();
        dump.insert(format!("view {view}"), serde_json::to_string(&table).unwrap());
    }
    for record in records(node) {
        let (_, state) = node.state(&record).unwrap();
        let (row, document) = node
            .store()
            .read(|reader| Ok((reader.record(&record)?, reader.document(&record)?)))
            .unwrap();
        dump.insert(format!("state {record}"), state.to_json().to_string());
        dump.insert(format!("row {record}"), format!("{row:?}"));
        dump.insert(format!("document {record}"), format!("{document:?}"));
        let detail = node.record_detail(&record).unwrap();
        dump.insert(format!("horizon {record}"), format!("{:?}", detail.horizon));
        let told = detail.changes.iter().map(|change| {
            let witnessed = change
                .witnessing
                .as_ref()
                .map(|witnessing| (witnessing.time, witnessing.place));
            format!(
                "{:?} {:?} {witnessed:?} {:?}",
                change.held.id, change.verdict, change.author
            )
        });
        dump.insert(format!("proof {record}"), told.collect::<Vec<_>>().join("\n"));
    }
    dump
}

pub(super) fn assert_same(expected: &BTreeMap<String, String>, got: &BTreeMap<String, String>, who: &str) {
    for (name, text) in expected {
        assert_eq!(Some(text), got.get(name), "{who}: {name}");
    }
    let more: Vec<_> = got.keys().filter(|name| !expected.contains_key(*name)).collect();
    assert!(more.is_empty(), "{who}: {more:?}");
}

/// How many documents there are; none differs from the fold.
pub(super) fn documents_say_what_the_fold_says(node: &Node) -> usize {
    let mut count = 0;
    for record in records(node) {
        let Some((_, bytes)) = node.store().read(|reader| reader.document(&record)).unwrap() else {
            continue;
        };
        let (_, state) = node.state(&record).unwrap();
        let document = documents::read(&bytes).unwrap();
        assert_eq!(
            documents::differences(&state, &document),
            Vec::<String>::new(),
            "{record}"
        );
        count += 1;
    }
    count
}
