//! A county and a township of it keep what they write together.

use age::secrecy::SecretString;
use lianzhan_protocol::record::Confirmation;
use lianzhan_protocol::trust::Role;
use serde_json::{Map, json};

use super::*;
use crate::services::appoint::PersonDraft;
use crate::services::exchange::{Export, Form};
use crate::services::import::Importing;
use crate::services::ledger::{Asked, Sent, book};
use crate::services::test_line::Line;

fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

fn meeting(node: &Node) -> Author {
    let person = PersonDraft {
        login: "meng".into(),
        name: "孟会".into(),
        roles: vec![Role::DirectorsMeeting],
        ..PersonDraft::default()
    };
    node.appoint_person(&secret(), person, &secret()).unwrap();
    node.sign_in("meng", &secret()).unwrap()
}

fn fields(of: serde_json::Value) -> Map<String, serde_json::Value> {
    of.as_object().unwrap().clone()
}

fn supervision(space: Option<&str>) -> Sent {
    Sent {
        fields: fields(json!({
            "partners": ["procuratorate"], "topic": "河道岸线联动监督", "held_on": "2026-05-08",
            "no_case_interference": true,
        })),
        space: space.map(str::to_owned),
        ..Sent::default()
    }
}

fn open(line: &Line) -> Space {
    let authority = line.county.unlock_authority(&secret()).unwrap();
    let draft = line
        .county
        .joint_draft(&["990121103".into()], "county", 2026)
        .unwrap();
    let (_, above) = line.county.joint_preview(&draft).unwrap();
    assert_eq!(above, [], "the county stands in it, and it goes no further up");
    let space = line.county.open_joint(&authority, &draft).unwrap();
    assert!(matches!(
        line.county.open_joint(&authority, &draft),
        Err(ServiceError::Joint(JointError::Exists))
    ));
    line.sync();
    space
}

#[test]
fn what_two_orgs_write_together_is_written_changed_confirmed_and_taken_back_at_both() {
    let line = Line::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (office, secretary) = (Line::author(&line.county), Line::author(&line.township));
    let ledger = book("joint_supervision").unwrap();
    let enter = |sent| runtime.block_on(line.county.enter_sent(&office, "joint_supervision", sent));
    assert!(line.county.lacks_joint(&office, ledger));
    assert!(matches!(
        enter(supervision(None)),
        Err(ServiceError::Joint(JointError::NoneNamed { .. }))
    ));
    let space = open(&line);
    assert!(!line.county.lacks_joint(&office, ledger) && line.county.may_enter(&office, ledger));
    // Either names the other, the own org going without saying; a year says which where there are several.
    let written = enter(supervision(Some("990121103@2026"))).unwrap();
    assert_eq!(line.county.joint_named("990121+990121103").unwrap(), space);
    assert_eq!(line.township.joint_named("990121").unwrap(), space);
    assert!(matches!(
        line.county.joint_named("990121103@2027"),
        Err(ServiceError::Joint(JointError::Unknown(_)))
    ));
    assert!(line.city.joint_spaces().is_empty(), "no further up than it says");
    line.sync();

    let listed = |node: &Node| node.list(ledger, &Asked::new(vec![]), 0, 10).unwrap().1;
    assert_eq!((listed(&line.county), listed(&line.township)), (1, 1));
    assert_eq!((listed(&line.city), listed(&line.station)), (0, 0));
    let change = Sent {
        fields: fields(json!({"released_area_m2": 1200})),
        ..Sent::default()
    };
    let changed = line.township.amend_sent(&secretary, &written.record, change);
    runtime.block_on(changed).unwrap().unwrap();
    line.sync();
    let meng = meeting(&line.county);
    line.sync();
    // Whoever wrote it does not confirm it.
    let seen = crate::services::confirm::ConfirmationDraft::default;
    assert!(
        runtime
            .block_on(line.county.confirm(&office, &written.record, seen()))
            .is_err()
    );
    let chair = PersonDraft {
        login: "street".into(),
        name: "甘主任".into(),
        roles: vec![Role::StreetChair],
        ..PersonDraft::default()
    };
    line.township.appoint_person(&secret(), chair, &secret()).unwrap();
    let chair = line.township.sign_in("street", &secret()).unwrap();
    runtime
        .block_on(line.township.confirm(&chair, &written.record, seen()))
        .unwrap();
    line.sync();
    let state = line.county.record_detail(&written.record).unwrap().state;
    assert_eq!(state.confirmation(), Confirmation::Current);

    // A table of either is known at both, and a new row goes where it is said to go, once.
    let table = |node: &Node| {
        let export = Export {
            ledger: "joint_supervision".into(),
            form: Form::Csv(crate::export::Encoding::Utf8),
            ..Export::default()
        };
        let mut out = Vec::new();
        node.export(None, &export, &mut out, |_, _| {}).unwrap();
        out
    };
    let import = |node: &Node, author: &Author, into: Option<&Space>, bytes: &[u8]| {
        let importing = Importing {
            into,
            ..Importing::new("joint_supervision", "a.csv", bytes, false)
        };
        let report = runtime.block_on(node.import(author, importing, |_, _| {}))?;
        node.settle_views().unwrap();
        let told = (report.imported, report.changed, report.known, report.errors.len());
        Ok::<_, ServiceError>(told)
    };
    let given = table(&line.county);
    assert_eq!(
        import(&line.township, &secretary, Some(&space), &given).unwrap(),
        (0, 0, 1, 0)
    );
    let book =
        "联动机关,主题,时间,不干预个案声明\n检察院,征拆堵点,2026-06-01,是\n检察院,预算执行,2026-06-02,是\n";
    assert!(matches!(
        import(&line.township, &secretary, None, book.as_bytes()),
        Err(ServiceError::Joint(JointError::NoneNamed { .. }))
    ));
    for expected in [(2, 0, 0, 0), (0, 0, 2, 0)] {
        let told = import(&line.township, &secretary, Some(&space), book.as_bytes());
        assert_eq!(told.unwrap(), expected);
    }
    line.sync();
    assert_eq!((listed(&line.county), listed(&line.township)), (3, 3));
    assert_eq!(
        import(&line.county, &office, Some(&space), &table(&line.township)).unwrap(),
        (0, 0, 3, 0)
    );

    // A project group, which the directors' meeting alone writes, is read by the township.
    let group = Sent {
        fields: fields(json!({"subject": written.record.to_string(), "note": "河道组"})),
        space: Some(space.id().to_string()),
        ..Sent::default()
    };
    let refused = runtime.block_on(line.county.enter_sent(&office, "project_group", group.clone()));
    assert!(refused.is_err(), "by no deputies' office");
    runtime
        .block_on(line.county.enter_sent(&meng, "project_group", group))
        .unwrap();
    line.sync();
    let groups = super::super::ledger::book("project_group").unwrap();
    let (rows, _) = line.township.list(groups, &Asked::new(vec![]), 0, 10).unwrap();
    assert_eq!(
        rows.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(),
        ["河道组"]
    );
}

#[test]
fn a_joint_space_is_no_place_for_what_does_not_go_so_far_and_needs_somebody_else() {
    let line = Line::new();
    let draft = |orgs: &[&str], travel: &str, year| {
        let orgs: Vec<String> = orgs.iter().map(|org| (*org).to_owned()).collect();
        line.county
            .joint_draft(&orgs, travel, year)
            .and_then(|draft| line.county.joint_preview(&draft))
    };
    let refused = |found: Result<_, ServiceError>| match found {
        Err(ServiceError::Joint(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(draft(&[], "county", 2026)), JointError::Partners);
    assert_eq!(
        refused(draft(&["990121"], "county", 2026)),
        JointError::Partners,
        "itself"
    );
    assert_eq!(
        refused(draft(&["990121103"], "province", 2026)),
        JointError::Travel
    );
    assert_eq!(refused(draft(&["990121103"], "county", 26)), JointError::Year);
    let (space, above) = draft(&["990121103"], "city", 2026).unwrap();
    assert_eq!(above, [line.city.org_id()]);
    // What goes to the county at most does not stand where the city reads.
    let into = Some(&space);
    let told = line.county.space_for(book("joint_supervision").unwrap(), into);
    assert!(matches!(
        told,
        Err(ServiceError::Joint(JointError::NotThere { .. }))
    ));
    assert_eq!(
        line.county.space_for(book("activity").unwrap(), into).unwrap(),
        space
    );
    let (narrow, _) = draft(&["990121103"], "county", 2026).unwrap();
    assert!(
        line.county
            .space_for(book("letters_visits").unwrap(), Some(&narrow))
            .is_err()
    );
}
