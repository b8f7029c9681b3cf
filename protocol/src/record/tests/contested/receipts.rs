use super::*;

/// The writing node is revoked by its org, and appointed once more with the same key.
fn appointed_anew(ground: Ground, covered: Covered, cut: Option<u64>) -> (World, ChangeId) {
    let (mut world, change) = World::written(covered);
    let node = world.appointed("990121103 node", Purpose::Node);
    world.revokes(FENGDU, node, ground, cut);
    if cut.is_none() {
        assert_eq!(world.word(&change), "contested: node");
    }
    let validity = Validity {
        not_before: Timestamp(START.0 + DAY),
        ..decade()
    };
    let again = world
        .federation
        .appointment(&key("990121103 node"), org(FENGDU), Purpose::Node);
    world.states(FENGDU, Body::Appointment(Appointment { validity, ..again }));
    (world, change)
}

#[test]
fn receipts_answer_revocations() {
    use Ground::Soft;
    let unknown = Ground::Hard { since_s: None };
    // The rule; the receipt's place and day; the ground and the cut; the verdict.
    type Row = (
        &'static str,
        Option<(u64, i64)>,
        Option<(Ground, Option<u64>)>,
        &'static str,
    );
    let table: [Row; 18] = [
        (
            "design 5: not revoked, witnessed: counts",
            Some((9, 1)),
            None,
            "counts",
        ),
        (
            "design 5: unwitnessed and not revoked: counts, marked unwitnessed (trust 6.5)",
            None,
            None,
            "counts, unwitnessed",
        ),
        (
            "design 5: a receipt below the cut keeps a change good",
            Some((4, 1)),
            Some((Soft, Some(5))),
            "counts",
        ),
        (
            "design 5: a receipt at the cut keeps a change good",
            Some((5, 1)),
            Some((Soft, Some(5))),
            "counts",
        ),
        (
            "design 5: every other change of the key is contested",
            Some((6, 1)),
            Some((Soft, Some(5))),
            "contested: author",
        ),
        (
            "trust 6.3: soft, order beats clocks: an early time above the cut proves nothing (6.4)",
            Some((6, -9)),
            Some((Soft, Some(5))),
            "contested: author",
        ),
        (
            "trust 6.4: order beats clocks: a late time below the cut does no harm",
            Some((5, 900)),
            Some((Soft, Some(5))),
            "counts",
        ),
        (
            "trust 6.5: unwitnessed and revoked: refused by default, may be adopted",
            None,
            Some((Soft, Some(5))),
            "contested: author",
        ),
        (
            "design 5: a cut that names no witness log keeps nothing",
            Some((0, 1)),
            Some((Soft, None)),
            "contested: author",
        ),
        (
            "trust 6.3: hard with t: witnessed before t stays good",
            Some((5, 1)),
            Some((hard(2), Some(5))),
            "counts",
        ),
        (
            "design 5: hard with t contests a receipt at t",
            Some((5, 2)),
            Some((hard(2), Some(5))),
            "contested: author",
        ),
        (
            "design 5: hard with t contests a receipt after t",
            Some((5, 3)),
            Some((hard(2), Some(5))),
            "contested: author",
        ),
        (
            "design 5: hard also asks for the cut",
            Some((6, 1)),
            Some((hard(2), Some(5))),
            "contested: author",
        ),
        (
            "design 5: hard with t, unwitnessed",
            None,
            Some((hard(2), Some(5))),
            "contested: author",
        ),
        (
            "trust 6.3: hard without t: all contested",
            Some((0, 1)),
            Some((unknown, Some(5))),
            "contested: author",
        ),
        (
            "trust 6.3: hard without t, unwitnessed",
            None,
            Some((unknown, Some(5))),
            "contested: author",
        ),
        (
            "design 5: hard with t, without a cut",
            Some((0, 1)),
            Some((hard(2), None)),
            "contested: author",
        ),
        (
            "design 5: a first place is within a cut of it",
            Some((0, 1)),
            Some((Soft, Some(0))),
            "counts",
        ),
    ];
    for (rule, receipt, revoked, expected) in table {
        let covered = receipt.map_or(Covered::default(), |(index, day)| seen(index, day));
        let (mut world, change) = World::written(covered.clone());
        if let Some((ground, cut)) = revoked {
            world.ends(ground, cut);
        }
        assert_eq!(world.word(&change), expected, "{rule}");
        // The same of the node, by the appointment that it has.
        let (mut world, change) = World::written(covered);
        if let Some((ground, cut)) = revoked {
            let node = world.appointed("990121103 node", Purpose::Node);
            world.revokes(FENGDU, node, ground, cut);
        }
        let expected = if expected == "contested: author" {
            "contested: node"
        } else {
            expected
        };
        assert_eq!(world.word(&change), expected, "of the node: {rule}");
    }
}

#[test]
fn more_than_one_revocation_or_appointment_or_witness() {
    let rows: &[Row] = &[
        (
            "design 5: each revocation asks for a receipt within its own cut",
            || {
                let (mut world, change) = World::written(seen(5, 1));
                world.ends(Ground::Soft, Some(5));
                let appointment = world.person("秘书").1;
                world.revokes(COUNTY, appointment, Ground::Soft, Some(4));
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: a cut speaks of the witness log that it names alone",
            || {
                let (mut world, change) = World::written(Covered {
                    covers: vec![cover(0, 1, 0, 1)],
                    ..seen(0, 1)
                });
                world.ends(Ground::Soft, Some(5));
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: any receipt within the cut is enough of one witness",
            || {
                let (mut world, change) = World::written(Covered {
                    covers: vec![cover(0, 1, 0, 1), cover(0, 0, 5, 2)],
                    ..seen(0, 1)
                });
                world.ends(Ground::Soft, Some(5));
                (world, change)
            },
            "counts",
        ),
        (
            "design 5: only the issuer or an authority above it revokes",
            || {
                let (mut world, change) = World::written(Covered::default());
                let appointment = world.person("秘书").1;
                world.revokes(QINGYA, appointment, Ground::Soft, None);
                world.revokes(SHIQIAO, appointment, Ground::Soft, None);
                (world, change)
            },
            "counts, unwitnessed",
        ),
        (
            "design 5: a node that was appointed anew writes on, and so did it before",
            || appointed_anew(Ground::Soft, Covered::default(), None),
            "counts, unwitnessed",
        ),
        (
            "design 5: where its key was in other hands, that key is not appointed anew",
            || appointed_anew(Ground::Hard { since_s: None }, seen(3, 2), Some(3)),
            "contested: node",
        ),
        (
            "design 5: what was witnessed before it was in other hands stays good",
            || appointed_anew(hard(3), seen(3, 2), Some(3)),
            "counts",
        ),
        (
            "trust 6.9: k of n: the county has witnessed, the city has not",
            || {
                World::written(Covered {
                    groups: 2,
                    ..seen(0, 1)
                })
            },
            "counts, unwitnessed",
        ),
        (
            "trust 6.9: k of n: both have",
            || {
                World::written(Covered {
                    groups: 2,
                    covers: vec![cover(0, 0, 0, 1), cover(1, 1, 0, 2)],
                    before_s: None,
                })
            },
            "counts",
        ),
        (
            "trust 6.9: k of n: a cut that covers one of them keeps nothing",
            || {
                let (mut world, change) = World::written(Covered {
                    groups: 2,
                    covers: vec![cover(0, 0, 0, 1), cover(1, 1, 0, 2)],
                    before_s: None,
                });
                world.ends(Ground::Soft, Some(5));
                (world, change)
            },
            "contested: author",
        ),
    ];
    check(rows);
}

/// The change, witnessed by the county's second receipt; what the county then says of the key with this label.
fn witness_revoked(label: &str, purpose: Purpose, cut: Option<u64>, author_too: bool) -> (World, ChangeId) {
    let (mut world, change) = World::written(Covered::default());
    let at = Timestamp(START.0 + DAY);
    world.federation.receipt_at(&world.logs[1], at);
    let receipt = world.federation.receipt_at(&world.logs[0], at);
    assert_eq!(receipt.witness_index.0, 1);
    let appointment = world.appointed(label, purpose);
    world.revokes(COUNTY, appointment, Ground::Soft, cut);
    if author_too {
        world.ends(Ground::Soft, Some(1));
    }
    let held = &mut world.held[0];
    held.covered = Covered::of(&world.directory, &world.logs[0].start, held.index, [&receipt]);
    (world, change)
}

#[test]
fn receipts_of_a_revoked_witness_prove_what_its_cut_holds() {
    let (witness, node) = ("990121 witness", "990121 node");
    // Whose key is revoked, the cut, whether the author is revoked as well; the verdict.
    let table = [
        (
            "design 5: a receipt within the cut of its witness",
            witness,
            Purpose::Witness,
            Some(1),
            false,
            "counts",
        ),
        (
            "design 5: a receipt above the cut of its witness is none",
            witness,
            Purpose::Witness,
            Some(0),
            false,
            "counts, unwitnessed",
        ),
        (
            "design 5: a witness of which nothing was seen",
            witness,
            Purpose::Witness,
            None,
            false,
            "counts, unwitnessed",
        ),
        (
            "design 5: a receipt within the cut of the witness's node",
            node,
            Purpose::Node,
            Some(1),
            false,
            "counts",
        ),
        (
            "design 5: a receipt above the cut of the witness's node is none",
            node,
            Purpose::Node,
            Some(0),
            false,
            "counts, unwitnessed",
        ),
        (
            "design 5: within both cuts it answers for the author",
            witness,
            Purpose::Witness,
            Some(1),
            true,
            "counts",
        ),
        (
            "design 5: what is no receipt answers for nobody",
            witness,
            Purpose::Witness,
            Some(0),
            true,
            "contested: author",
        ),
        (
            "design 5: nor does that of a revoked node",
            node,
            Purpose::Node,
            Some(0),
            true,
            "contested: author",
        ),
    ];
    for (rule, label, purpose, cut, author_too, expected) in table {
        let (world, change) = witness_revoked(label, purpose, cut, author_too);
        assert_eq!(world.word(&change), expected, "{rule}");
    }
}

#[test]
fn the_end_of_an_appointment_is_judged_by_the_witness() {
    // The rule; the days on which it was recorded and witnessed, of an appointment that ends on day 10; the verdict.
    let table = [
        ("design 5: expiry by witness time", 1, Some(9), "counts"),
        (
            "trust 6.7: at not-after it has ended",
            1,
            Some(10),
            "refused: out of time",
        ),
        (
            "trust 6.1: the author's own time does not decide",
            9,
            Some(11),
            "refused: out of time",
        ),
        ("trust 6.1: nor where its clock is ahead", 11, Some(9), "counts"),
        (
            "design 5: by recorded time, provisional, while unwitnessed",
            9,
            None,
            "counts, unwitnessed",
        ),
        (
            "design 5: by recorded time, at the end",
            10,
            None,
            "refused: out of time",
        ),
        ("design 5: before it began", -1, None, "refused: out of time"),
    ];
    for (rule, recorded, witnessed, expected) in table {
        let (mut world, _) = World::written(Covered::default());
        let signer = key("for a term");
        let appointment = Appointment {
            roles: vec![Role::Secretary],
            validity: Validity {
                not_before: START,
                not_after: Timestamp(START.0 + 10 * DAY),
            },
            ..world
                .federation
                .appointment(&signer, org(FENGDU), Purpose::Person)
        };
        let id = world.states(FENGDU, Body::Appointment(appointment));
        world.people.push(("任期", (signer, id)));
        let change = world.next(0, "任期", vec![topic("座谈")]);
        let held = world.held.last_mut().expect("was written");
        held.recorded = Timestamp(START.0 + recorded * DAY);
        held.covered = witnessed.map_or(Covered::default(), |day| seen(0, day));
        assert_eq!(world.word(&change), expected, "{rule}");
    }
}
