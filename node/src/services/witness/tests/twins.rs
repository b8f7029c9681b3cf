//! A log whose witness does not hold it shows it two histories.

use lianzhan_protocol::log::Evidence;

use super::*;

/// A copy of the station that goes on by itself, and the station's first log.
fn twin(world: &mut World) -> (Arc<Node>, Origin) {
    let copy = world.dir.path().join("twin");
    world.reopen(STATION, |dir| {
        std::fs::create_dir_all(&copy).unwrap();
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() && entry.file_name() != "lock" {
                std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
            }
        }
    });
    let twin = Node::open(&copy, &Overrides::default()).unwrap();
    (twin, world.own_logs(STATION).remove(0))
}

fn write(node: &Node, log: &Origin, text: u8) {
    let space = node.space(
        &node
            .store
            .read(|reader| reader.log(log))
            .unwrap()
            .unwrap()
            .space(),
    );
    let entry = node
        .node_entry(log, &space.unwrap(), &LogStatement::Trust(vec![text]))
        .unwrap();
    let origin = log.clone();
    node.store
        .write_blocking(move |writer| writer.append_own(&origin, vec![entry]))
        .unwrap();
}

/// Offers a log as a session does: again from where the witness says it stands, twice.
fn offer(node: &Node, witness: &Node, log: &Origin, now: Timestamp) -> Cosigned {
    let mut old = None;
    let mut answer = Err((TreeSize::EMPTY, "nothing was due".into()));
    for _ in 0..3 {
        let prepared = node.prepare_witness(log, &witness.org_id(), old, now).unwrap();
        let Some(prepared) = prepared else { break };
        let request = CosignRequest {
            peer: node.node_key().public(),
            old: prepared.old,
            checkpoint: prepared.checkpoint,
            proof: prepared.proof,
            shown: prepared.shown,
        };
        answer = witness.cosign(request, now).unwrap();
        match &answer {
            Ok(_) => break,
            Err((size, _)) => old = Some(*size),
        }
    }
    answer
}

#[test]
fn a_witness_that_does_not_hold_a_log_keeps_what_contradicts_it_and_proves_it_later() {
    // The station writes so much before it is witnessed, the copy so much; sizes of full trees are among them.
    for (ours, theirs, rewritten) in [(2, 2, false), (2, 5, true), (3, 5, true), (4, 9, true)] {
        let mut world = World::new();
        let (twin, log) = twin(&mut world);
        for n in 0..ours {
            write(&world.nodes[STATION], &log, n);
        }
        let (station, township) = (&world.nodes[STATION], &world.nodes[TOWNSHIP]);
        offer(station, township, &log, day(0)).unwrap();
        for n in 0..theirs {
            write(&twin, &log, 100 + n);
        }
        let (_, why) = offer(&twin, township, &log, day(1)).unwrap_err();
        let kept = township.store.read(|reader| reader.contradictions()).unwrap();
        let [(about, evidence)] = &kept[..] else {
            panic!("{ours} {theirs}: nothing was kept; {why}")
        };
        assert_eq!(about, &log);
        assert_eq!(
            matches!(evidence, Evidence::Rewritten { .. }),
            rewritten,
            "{ours} {theirs}"
        );
        let alarms = township.status(Vec::new()).unwrap().alarms;
        assert!(
            alarms
                .iter()
                .any(|alarm| alarm.kind == "fork" && alarm.subject == log.as_str())
        );
        let forks = || township.store.read(|reader| reader.forks_of(&log)).unwrap();
        assert_eq!(forks(), [], "whose log it is, its first entry says");

        // Once the log is held the proof is stated, and it is good.
        let row = station.store.read(|reader| reader.log(&log)).unwrap().unwrap();
        let range = station
            .read_range(&log, TreeSize::EMPTY, 1 << 20)
            .unwrap()
            .unwrap();
        township.ingest(&row.space(), &range);
        township.tell_contradictions().unwrap();
        let [proof] = &forks()[..] else {
            panic!("one proof")
        };
        assert_eq!(proof.verify().unwrap().origin, log);
        township.tell_contradictions().unwrap();
        assert_eq!(forks().len(), 1);
        // What the log goes on with honestly is witnessed all the same.
        write(&world.nodes[STATION], &log, 99);
        offer(&world.nodes[STATION], &world.nodes[TOWNSHIP], &log, day(2)).unwrap();
    }
}
