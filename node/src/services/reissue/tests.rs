//! A station and its township: a number stood in the words of a visit, which is issued anew. Where it goes on, what is left of
//! the old one, and that nobody makes a second new one.

use std::path::PathBuf;

use lianzhan_protocol::log::{Entry, LogStatement, TreeSize};
use lianzhan_protocol::record::{ErasureFault, SignedErasure};
use lianzhan_protocol::trust::Role;

use super::*;
use crate::services::access::AccessFilter;
use crate::services::appoint::PersonDraft;
use crate::services::attachment::Part;
use crate::services::erase::tests::{GIST, NAME, World, no_faults, secret, spelt};
use crate::services::ledger::Asked;

const SPOKEN: &str = "13700098765";
pub(crate) const CLEAN: &str = "路灯不亮，打电话没人接";

impl World {
    /// A visit with its visitor and their paper, in whose gist somebody let a number stand.
    pub(crate) fn spoken(&self) -> RecordId {
        let (visit, _) = self.known();
        let node = self.station();
        let sent = serde_json::json!({
            "fields": { "gist": format!("路灯不亮，打{SPOKEN}没人接") }, "cleared": { "gist": "热线公开" },
        });
        let sent = serde_json::from_value(sent).unwrap();
        self.runtime
            .block_on(node.amend_sent(&self.clerk, &visit, sent))
            .unwrap();
        node.catch_up(|_| {}).unwrap();
        self.talk();
        visit
    }

    /// A liaison of the township.
    pub(crate) fn above(&self) -> Author {
        let person = PersonDraft {
            login: "wen".into(),
            name: "闻人雪".into(),
            roles: vec![Role::StationLiaison],
            ..PersonDraft::default()
        };
        self.township()
            .appoint_person(&secret(), person, &secret())
            .unwrap();
        self.township().sign_in("wen", &secret()).unwrap()
    }

    /// A visit of which nobody wrote a personal part yet, known at both nodes.
    fn anonymous(&self) -> RecordId {
        let sent = serde_json::json!({ "fields": {
            "received_at": "2026-04-16T09:30:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
            "gist": "水渠塌了一段",
        }});
        let sent = serde_json::from_value(sent).unwrap();
        let written = self
            .runtime
            .block_on(self.station().enter_sent(&self.clerk, "letters_visits", sent))
            .unwrap();
        self.talk();
        written.record
    }

    /// Somebody writes who came.
    fn subject(&self, node: &Node, author: &Author, visit: &RecordId, name: &str) {
        let sent = serde_json::json!({ "annexes": { "subject": { "name": name } } });
        let sent = serde_json::from_value(sent).unwrap();
        self.runtime
            .block_on(node.amend_sent(author, visit, sent))
            .unwrap();
        node.catch_up(|_| {}).unwrap();
    }

    /// An issue that was found in a visit.
    pub(crate) fn citing(&self, visit: &RecordId) -> RecordId {
        let sent = serde_json::json!({ "fields": {
            "gist": "护坡塌了一段", "nature": "problem", "category": "urban_environment", "division": "990121103201",
            "found_on": "2026-05-01", "source": [visit.to_string()],
        }});
        let sent = serde_json::from_value(sent).unwrap();
        let written = self
            .runtime
            .block_on(self.station().enter_sent(&self.clerk, "issue", sent))
            .unwrap();
        self.talk();
        written.record
    }

    pub(crate) fn plan(&self, visit: &RecordId) -> AnewPlan {
        self.station().anew_plan(Some(&self.clerk), visit).unwrap()
    }

    /// The draft of what comes along, with other words.
    pub(crate) fn clean(&self, plan: &AnewPlan) -> AnewDraft {
        let mut main = plan.main.clone();
        main.insert("gist".into(), Value::from(CLEAN));
        AnewDraft {
            seen: plan.seen.clone(),
            main,
            annexes: plan.annexes.clone(),
            cleared: Cleared::new(),
            on: self.station().today(),
        }
    }

    pub(crate) fn anew(&self, visit: &RecordId, draft: AnewDraft) -> Result<Anew, ServiceError> {
        let done = self
            .runtime
            .block_on(self.station().issue_anew(&self.clerk, visit, draft));
        self.station().catch_up(|_| {}).unwrap();
        done
    }

    fn visits(&self, node: &Node) -> Vec<RecordId> {
        node.catch_up(|_| {}).unwrap();
        let ledger = node.book("letters_visits").unwrap();
        let (rows, _) = node.list(ledger, &Asked::new(Vec::new()), 0, 50).unwrap();
        rows.into_iter().map(|row| row.record).collect()
    }
}

/// Where the entries of two kinds stand: that begin a record, and that erase another.
fn places(node: &Node, new: &RecordId, old: &RecordId) -> Vec<(i64, u64, &'static str)> {
    let logs = node.store().read(|reader| reader.logs()).unwrap();
    let mut found = Vec::new();
    for log in logs {
        let rows = node
            .store()
            .read(|reader| reader.range(log.id, TreeSize::EMPTY, 10_000, usize::MAX))
            .unwrap();
        for row in rows {
            let entry = Entry::parse(&row.entry).unwrap();
            let said = row.payload.as_deref().map(LogStatement::parse);
            if entry.header().record == Some(*new) {
                found.push((log.id, row.index.0, "begins"));
            } else if let Some(Ok(LogStatement::Erasure(bytes))) = said
                && SignedErasure::open(&bytes).unwrap().erasure().record == *old
            {
                found.push((log.id, row.index.0, "erases"));
            }
        }
    }
    found
}

#[test]
fn what_may_stay_goes_on_in_a_new_record_and_everything_leads_there() {
    let world = World::new();
    let old = world.spoken();
    let paper = world.station().attached(&old).unwrap()[0].id;
    let before = world.plan(&old);
    let number = before.main["reg_no"].clone();
    let received = before.main["received_at"].clone();
    assert!(
        !before.main.contains_key("subject_ref"),
        "nothing links the two but the word"
    );

    let done = world.anew(&old, world.clean(&before)).unwrap();
    assert_eq!(done.erased.len(), 2, "the record and its personal part");
    assert!(done.written);
    // Signed and not witnessed: both are here, and nothing is lost.
    let station = world.station();
    assert_eq!(station.reissued_as(&old).unwrap(), None);
    assert_eq!(world.visits(station).len(), 2);

    world.talk();
    world.talk();
    for (name, node) in [("station", world.station()), ("township", world.township())] {
        assert_eq!(
            world.visits(node),
            [done.new],
            "lists and figures have the new one alone"
        );
        assert_eq!(node.reissued_as(&old).unwrap(), Some(done.new));
        assert_eq!(node.reissued_from(&done.new).unwrap(), [old]);
        let named = node.named_record(&old).unwrap().unwrap();
        assert_eq!((named.id, named.title.as_str()), (done.new, CLEAN));
        let detail = node.record_detail(&done.new).unwrap();
        assert_eq!(detail.state.value("reg_no"), &number);
        assert_eq!(detail.state.value("received_at"), &received);
        assert_eq!(detail.state.text("gist"), CLEAN);
        assert_ne!(detail.state.text("subject_ref"), "");
        let fields = &detail.annexes[0].fields;
        assert!(
            fields.iter().any(|(_, value)| *value == Value::from(NAME)),
            "{fields:?}"
        );
        // The paper is the same file, which the new personal part opens.
        assert_eq!(node.attached(&done.new).unwrap()[0].id, paper);
        node.open_attachment(&done.new, &paper).unwrap();
        assert!(node.sheet(&old).is_err() || node.record_detail(&old).unwrap().state.fields.is_empty());
        for text in [SPOKEN, GIST] {
            assert_eq!(
                world.holding(name, &spelt(text)),
                Vec::<PathBuf>::new(),
                "{name}: {text}"
            );
        }
        no_faults(node);
    }
    // What is derived is derived again.
    world.township().reindex(|_| {}).unwrap();
    assert_eq!(world.township().reissued_as(&old).unwrap(), Some(done.new));
    no_faults(world.township());
    let all = AccessFilter {
        limit: 9,
        ..AccessFilter::default()
    };
    let noted = world.station().all_accesses(&all).unwrap().0;
    assert!(
        noted.iter().any(|row| row.words == WORDS && row.record == old),
        "{noted:?}"
    );
}

#[test]
fn both_are_one_commit_and_the_new_record_stands_before_the_word_that_erases() {
    let world = World::new();
    let old = world.spoken();
    let plan = world.plan(&old);
    let done = world.anew(&old, world.clean(&plan)).unwrap();
    let found = places(world.station(), &done.new, &old);
    let [(log, begins, "begins"), (same, erases, "erases")] = found[..] else {
        panic!("{found:?}");
    };
    assert!(log == same && erases == begins + 1, "{found:?}");
}

#[test]
fn asked_again_it_signs_what_is_left_and_no_second_record() {
    let world = World::new();
    let old = world.spoken();
    let plan = world.plan(&old);
    // As it is where the erasure was lost with a disk, and the record had travelled before.
    let station = world.station();
    let begins = station.anew_begun(plan.ledger, &plan.detail).unwrap().0;
    let draft = world.clean(&plan);
    let entry = NewEntry {
        ledger: plan.ledger.id.clone(),
        space: plan.detail.space.clone(),
        main: draft.main.clone(),
        annexes: draft.annexes.clone(),
        cleared: Cleared::new(),
    };
    let keys = draft.main.keys().map(String::as_str);
    let (definition, _) = station.naming(&plan.ledger.id, &entry.space, keys).unwrap();
    let begins = begins.under(&definition, &entry.space);
    let alone = station
        .entry_draft(&world.clerk, plan.ledger, entry, Some(begins))
        .unwrap();
    world
        .runtime
        .block_on(station.submit(&world.clerk, alone))
        .unwrap();

    assert_eq!(world.plan(&old).begun, Some(begins.id));
    let done = world.anew(&old, draft.clone()).unwrap();
    assert_eq!((done.new, done.erased.len()), (begins.id, 2));
    for _ in 0..2 {
        let again = world.anew(&old, draft.clone()).unwrap();
        assert_eq!((again.new, again.erased.len()), (begins.id, 0), "said already");
        assert!(!again.written);
        world.talk();
        world.talk();
    }
    assert_eq!(world.visits(station), [done.new]);
    assert_eq!(places(station, &done.new, &old).len(), 2, "each is signed once");
}

#[test]
fn who_may_write_and_not_erase_or_erase_and_not_write_signs_nothing() {
    let world = World::new();
    let old = world.spoken();
    let draft = world.clean(&world.plan(&old));
    let station = world.station();
    for (login, role) in [("luo", Role::OpinionLiaison), ("head", Role::StationHead)] {
        let person = PersonDraft {
            login: login.into(),
            name: login.into(),
            roles: vec![role],
            ..PersonDraft::default()
        };
        station.appoint_person(&secret(), person, &secret()).unwrap();
        let author = station.sign_in(login, &secret()).unwrap();
        let refused = world
            .runtime
            .block_on(station.issue_anew(&author, &old, draft.clone()));
        assert!(
            matches!(
                refused,
                Err(ServiceError::MayNotErase(ErasureFault::Role) | ServiceError::NotAllowed(_))
            ),
            "{login}: {refused:?}"
        );
        assert_eq!(world.visits(station), [old]);
        assert!(station.erasures_of(&old).unwrap().is_empty());
    }
}

#[test]
fn what_came_meanwhile_is_looked_at_first() {
    let world = World::new();
    let old = world.spoken();
    let draft = world.clean(&world.plan(&old));
    let sent = serde_json::from_value(serde_json::json!({ "fields": { "persons": 3 } })).unwrap();
    world
        .runtime
        .block_on(world.station().amend_sent(&world.clerk, &old, sent))
        .unwrap();
    assert!(matches!(world.anew(&old, draft), Err(ServiceError::Moved)));
    assert!(world.station().erasures_of(&old).unwrap().is_empty());
}

#[test]
fn what_came_to_a_personal_part_alone_is_looked_at_first_too() {
    let world = World::new();
    let old = world.spoken();
    let before = world.plan(&old);
    let draft = world.clean(&before);
    let sent =
        serde_json::from_value(serde_json::json!({ "annexes": { "subject": { "name": "令狐听澜" } } }));
    world
        .runtime
        .block_on(world.station().amend_sent(&world.clerk, &old, sent.unwrap()))
        .unwrap();
    world.station().catch_up(|_| {}).unwrap();
    let after = world.plan(&old);
    assert_eq!(before.detail.state.heads, after.detail.state.heads);
    assert_ne!(before.seen, after.seen);
    assert!(matches!(world.anew(&old, draft), Err(ServiceError::Moved)));
    assert!(world.station().erasures_of(&old).unwrap().is_empty());
}

#[test]
fn words_that_look_like_personal_data_are_held_back_in_the_new_one_too() {
    let world = World::new();
    let old = world.spoken();
    let plan = world.plan(&old);
    let as_it_was = AnewDraft {
        main: plan.main.clone(),
        ..world.clean(&plan)
    };
    assert!(matches!(
        world.anew(&old, as_it_was),
        Err(ServiceError::Fields(_))
    ));
    assert_eq!(world.visits(world.station()), [old]);
}

#[test]
fn what_stays_behind_is_told() {
    let world = World::new();
    let old = world.spoken();
    let township = world.township();
    let sheet = township.anew_sheet(&old).unwrap();
    assert_eq!(sheet.annexes, ["subject"]);
    assert_eq!(sheet.attachments.len(), 1);
    assert!(
        sheet.stays.is_empty(),
        "registering is signed anew: {:?}",
        sheet.stays
    );
    // Left out by whoever issues it: the paper, and the personal part as a whole.
    let leave = |leave: Vec<String>| AnewSent {
        fields: serde_json::from_value(serde_json::json!({ "gist": CLEAN })).unwrap(),
        leave,
        ..AnewSent::default()
    };
    let node = world.station();
    let unknown =
        world
            .runtime
            .block_on(node.issue_anew_sent(&world.clerk, &old, leave(vec!["photo".into()])));
    assert!(matches!(unknown, Err(ServiceError::Bad(_))));
    let left = vec!["subject".into(), sheet.attachments[0].clone()];
    let done = world
        .runtime
        .block_on(node.issue_anew_sent(&world.clerk, &old, leave(left)))
        .unwrap();
    world.talk();
    world.talk();
    for node in [node, township] {
        let detail = node.record_detail(&done.new).unwrap();
        assert!(detail.annexes.is_empty() && detail.annex_names.is_empty());
        assert!(node.attached(&done.new).unwrap().is_empty());
        no_faults(node);
    }
    for name in ["station", "township"] {
        assert_eq!(world.holding(name, &spelt(SPOKEN)), Vec::<PathBuf>::new());
    }
}

#[test]
fn other_remarks_are_no_link_and_neither_is_a_record_of_another_space() {
    let world = World::new();
    for note in [None, Some("重新登记为 另一条"), Some("annex")] {
        let (visit, annex) = world.known();
        let erasure = ErasureDraft {
            record: visit,
            extent: Extent::Whole,
            ground: ErasureGround::Misplaced,
            on: world.station().today(),
            note: note.map(|note| match note {
                "annex" => Erasure::reissue_note(&annex),
                note => note.to_owned(),
            }),
        };
        world.station().erase(&world.clerk, &erasure).unwrap();
        world.talk();
        world.talk();
        for node in [world.station(), world.township()] {
            assert!(node.record_detail(&visit).unwrap().state.erased.is_some());
            assert_eq!(node.reissued_as(&visit).unwrap(), None, "{note:?}");
            assert_eq!(node.named_record(&visit).unwrap(), None);
            no_faults(node);
        }
        let refused = world.anew(&visit, AnewDraft::default());
        assert!(matches!(refused, Err(ServiceError::Erased(_))), "{refused:?}");
    }
}

#[test]
fn a_record_that_is_issued_anew_twice_leads_to_the_last() {
    let world = World::new();
    let first = world.spoken();
    let second = world.anew(&first, world.clean(&world.plan(&first))).unwrap().new;
    world.talk();
    world.talk();
    let third = world
        .anew(&second, world.clean(&world.plan(&second)))
        .unwrap()
        .new;
    world.talk();
    world.talk();
    for node in [world.station(), world.township()] {
        assert_eq!(node.reissued_as(&first).unwrap(), Some(third));
        assert_eq!(node.reissued_from(&third).unwrap(), [second, first]);
        assert_eq!(world.visits(node), [third]);
    }
}

#[test]
fn papers_of_a_part_that_is_closed_here_stay_with_it_and_are_shown_to_nobody() {
    let world = World::new();
    let (station, township) = (world.station(), world.township());
    let wen = world.above();
    let old = world.anonymous();
    world.subject(township, &wen, &old, NAME);
    let mut upload = township.begin_attachment(Part::Personal);
    upload
        .write(b"%PDF-1.4\nthe visitor's own paper\n%%EOF\n")
        .unwrap();
    let received = upload.finish().unwrap();
    let paper = received.id;
    world
        .runtime
        .block_on(township.attach(&wen, &old, &[received]))
        .unwrap();
    township.catch_up(|_| {}).unwrap();
    world.talk_sealed();
    let annex = township.store().read(|reader| reader.annexes(&old)).unwrap()[0].record;
    let held =
        || township.open_attachment(&old, &paper).is_ok() && township.annex_keys().get(&annex).is_some();
    assert!(held());

    // Nothing of it is read at the station, which tells that it stays and where it is to be erased.
    let plan = world.plan(&old);
    assert!(plan.annexes.is_empty());
    assert!(matches!(&plan.stays[..], [Stays::Annex { ledger, erased: false }] if ledger == "subject"));
    let sheet = station.anew_sheet(&old).unwrap();
    assert!(sheet.attachments.is_empty() && sheet.annexes.is_empty());
    assert!(station.attached(&old).unwrap().is_empty());

    let done = world.anew(&old, world.clean(&plan)).unwrap();
    assert_eq!(
        done.erased,
        [old],
        "what cannot be written again here is not erased here"
    );
    world.talk_sealed();
    world.talk_sealed();
    for node in [station, township] {
        assert!(node.record_detail(&old).unwrap().state.erased.is_some());
        let new = node.record_detail(&done.new).unwrap();
        assert!(new.annexes.is_empty() && new.annex_names.is_empty());
        assert!(node.attached(&done.new).unwrap().is_empty());
        assert!(matches!(
            node.open_attachment(&done.new, &paper),
            Err(ServiceError::Attachment(_) | ServiceError::UnknownRecord(_))
        ));
        no_faults(node);
    }
    assert!(held(), "who has it has all of it");

    // Once its key is here it is erased, too.
    world.talk();
    assert_eq!(world.erase(old, Extent::Personal), [annex]);
    world.talk();
    world.talk();
    for node in [station, township] {
        assert!(node.annex_keys().get(&annex).is_none());
        assert!(node.open_attachment(&old, &paper).is_err());
        assert_eq!(node.reissued_as(&old).unwrap(), Some(done.new));
        no_faults(node);
    }
}

#[test]
fn two_personal_parts_of_one_ledger_are_refused_with_words_whoever_has_their_keys() {
    for sealed in [false, true] {
        let world = World::new();
        let (station, township) = (world.station(), world.township());
        let wen = world.above();
        let old = world.anonymous();
        // Two write who came, each before the other's word arrives.
        world.subject(station, &world.clerk, &old, NAME);
        world.subject(township, &wen, &old, "令狐听澜");
        match sealed {
            true => world.talk_sealed(),
            false => world.talk(),
        }
        let open = |node: &Node| node.record_detail(&old).unwrap().annexes.len();
        assert_eq!(open(station), if sealed { 1 } else { 2 });
        let refused = station.anew_plan(Some(&world.clerk), &old).map(|plan| plan.stays);
        let Err(ServiceError::Bad(words)) = refused else {
            panic!("sealed: {sealed}: {refused:?}");
        };
        assert!(
            words.contains("two personal parts") && words.contains("附册"),
            "{words}"
        );
        let sent = serde_json::from_value(serde_json::json!({ "fields": { "gist": CLEAN } })).unwrap();
        let refused = world
            .runtime
            .block_on(station.issue_anew_sent(&world.clerk, &old, sent));
        assert!(matches!(refused, Err(ServiceError::Bad(_))), "{refused:?}");
        world.talk();
        for node in [station, township] {
            assert_eq!(open(node), 2, "nothing is lost");
            assert!(node.erasures_of(&old).unwrap().is_empty());
            no_faults(node);
        }
        assert_eq!(world.visits(station), [old]);
    }
}

#[test]
fn what_named_the_old_record_names_the_new_one_also_once_views_are_made_anew() {
    let world = World::new();
    let old = world.spoken();
    let citing = world.citing(&old);
    let done = world.anew(&old, world.clean(&world.plan(&old))).unwrap();
    world.talk();
    world.talk();
    for node in [world.station(), world.township()] {
        for anew in [false, true] {
            if anew {
                node.reindex(|_| {}).unwrap();
            }
            let names = node.names(&node.record_detail(&citing).unwrap().state).unwrap();
            let [(field, named)] = &names[..] else {
                panic!("{names:?}");
            };
            assert!(field.starts_with("source"), "{field}");
            assert_eq!((named.id, named.title.as_str()), (done.new, CLEAN));
            let (rows, count) = node.named_by(&done.new, 9).unwrap();
            assert_eq!((rows[0].row.record, count), (citing, 1));
            assert_eq!(node.stands_as(old.to_string()), done.new.to_string());
            no_faults(node);
        }
    }
}
