use super::*;

#[test]
fn a_retired_authority_leaves_its_appointments_standing() {
    let rows: &[Row] = &[
        (
            "design 5: retiring an authority key leaves its earlier appointments standing",
            || {
                let (mut world, change) = World::written(seen(0, 1));
                world.retires(&[]);
                (world, change)
            },
            "counts",
        ),
        (
            "design 5: an appointment that is not kept waits, whatever receipts there are",
            || {
                let (mut world, change) = World::written(seen(0, 1));
                let person = world.person("秘书").1;
                world.retires(&[person]);
                (world, change)
            },
            "contested: authority",
        ),
        (
            "design 5: a node's that is not kept waits, too",
            || {
                let (mut world, change) = World::written(seen(0, 1));
                let node = world.appointed("990121103 node", Purpose::Node);
                world.retires(&[node]);
                (world, change)
            },
            "contested: authority",
        ),
        (
            "design 5: an authority above adopts the appointment",
            || {
                let (mut world, change) = World::written(seen(0, 1));
                let person = world.person("秘书").1;
                world.retires(&[person]);
                let statements = vec![person];
                world.states(
                    COUNTY,
                    Body::Adoption(Adoption {
                        changes: Vec::new(),
                        statements,
                    }),
                );
                (world, change)
            },
            "counts",
        ),
        (
            "design 5: the change alone is not adopted while its appointment waits",
            || {
                let (mut world, change) = World::written(seen(0, 1));
                let person = world.person("秘书").1;
                world.retires(&[person]);
                world.adopts_by(COUNTY, change);
                (world, change)
            },
            "contested: authority",
        ),
    ];
    check(rows);
}

/// 秘书 wrote, and was revoked with nothing seen.
fn contested() -> (World, ChangeId) {
    let (mut world, change) = World::written(Covered::default());
    world.joins("秘书二", FENGDU, &[Role::Secretary]);
    world.joins("青崖秘书", QINGYA, &[Role::Secretary]);
    world.ends(Ground::Soft, None);
    (world, change)
}

#[test]
fn a_present_holder_of_the_same_post_or_an_authority_above_adopts() {
    let rows: &[Row] = &[
        (
            "design 5: contested until it is adopted",
            contested,
            "contested: author",
        ),
        (
            "design 5: by a present holder of the same role in the same org",
            || {
                let (mut world, change) = contested();
                world.adopts("秘书二", &[change]);
                (world, change)
            },
            "adopted by a change",
        ),
        (
            "design 5: not in another role",
            || {
                let (mut world, change) = contested();
                world.adopts("林秀兰", &[change]);
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: not in another org",
            || {
                let (mut world, change) = contested();
                world.adopts("青崖秘书", &[change]);
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: not by itself",
            || {
                let (mut world, change) = contested();
                world.adopts("秘书", &[change]);
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: not by one who may not put what was put",
            || {
                let (mut world, _) = contested();
                world.joins("两职", FENGDU, &[Role::Publicist, Role::Secretary]);
                let change = world.next(0, "两职", vec![topic("座谈")]);
                let appointment = world.person("两职").1;
                world.revokes(FENGDU, appointment, Ground::Soft, None);
                world.adopts("宣传员", &[change]);
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: by one who was revoked, where a receipt within the cut proves the adoption",
            || {
                let (mut world, change) = contested();
                world.adopts("秘书二", &[change]);
                world.held.last_mut().expect("was written").covered = seen(5, 1);
                let appointment = world.person("秘书二").1;
                world.revokes(FENGDU, appointment, Ground::Soft, Some(5));
                (world, change)
            },
            "adopted by a change",
        ),
        (
            "design 5: not by one who was revoked and nothing proves it",
            || {
                let (mut world, change) = contested();
                world.adopts("秘书二", &[change]);
                let appointment = world.person("秘书二").1;
                world.revokes(FENGDU, appointment, Ground::Soft, Some(5));
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: what is adopted may adopt",
            || {
                let (mut world, change) = contested();
                let second = world.adopts("秘书二", &[change]);
                let appointment = world.person("秘书二").1;
                world.revokes(FENGDU, appointment, Ground::Soft, None);
                world.joins("秘书三", FENGDU, &[Role::Secretary]);
                world.adopts("秘书三", &[second]);
                (world, change)
            },
            "adopted by a change",
        ),
        (
            "design 5: by the authority of the org",
            || {
                let (mut world, change) = contested();
                world.adopts_by(FENGDU, change);
                (world, change)
            },
            "adopted by a statement",
        ),
        (
            "design 5: by an authority above it",
            || {
                let (mut world, change) = contested();
                world.adopts_by(CITY, change);
                (world, change)
            },
            "adopted by a statement",
        ),
        (
            "design 5: not by an authority elsewhere or below",
            || {
                let (mut world, change) = contested();
                world.adopts_by(QINGYA, change);
                world.adopts_by(SHIQIAO, change);
                (world, change)
            },
            "contested: author",
        ),
        (
            "design 5: also what its node's revocation contests",
            || {
                let (mut world, change) = World::written(Covered::default());
                let node = world.appointed("990121103 node", Purpose::Node);
                world.revokes(FENGDU, node, Ground::Soft, None);
                world.adopts_by(FENGDU, change);
                (world, change)
            },
            "adopted by a statement",
        ),
        (
            "design 2: what is refused is not adopted",
            || {
                let (mut world, _) = contested();
                let change = world.next(0, "宣传员", vec![topic("座谈")]);
                world.adopts_by(FENGDU, change);
                (world, change)
            },
            "refused",
        ),
    ];
    check(rows);
}

#[test]
fn what_two_contested_changes_say_of_each_other_adopts_neither() {
    // A change is named by its hash, so they cannot name each other; each adopts what the other's author wrote before.
    let (mut world, first) = contested();
    let second = world.next(0, "秘书二", vec![topic("座谈")]);
    let third = world.adopts("秘书", &[second]);
    let fourth = world.adopts("秘书二", &[first, third]);
    let appointment = world.person("秘书二").1;
    world.revokes(FENGDU, appointment, Ground::Soft, None);
    for change in [first, second, third, fourth] {
        assert_eq!(world.word(&change), "contested: author");
    }
    world.joins("秘书三", FENGDU, &[Role::Secretary]);
    world.adopts("秘书三", &[fourth]);
    for change in [first, second, third, fourth] {
        assert_eq!(world.word(&change), "adopted by a change");
    }
}

#[test]
fn what_does_not_count_covers_nothing_and_returns_to_its_place() {
    let mut world = World::new();
    world.joins("秘书二", FENGDU, &[Role::Secretary]);
    world.write(0, "秘书二", &[], vec![topic("一"), line("一")]);
    let middle = world.next(0, "秘书", vec![topic("二"), line("二")]);
    world.next(1, "陈大山", vec![line("三")]);
    let before = world.state();
    assert_eq!(before.text("topic"), "二");
    world.ends(Ground::Soft, None);
    let without = world.state();
    assert_eq!(world.word(&middle), "contested: author");
    assert_eq!(
        without.text("topic"),
        "一",
        "design 2: what does not count never covers what does"
    );
    let order = |state: &RecordState| -> Vec<(OpId, ChangeId)> {
        state
            .events
            .iter()
            .map(|event| (event.op, event.change))
            .collect()
    };
    let others: Vec<_> = order(&before)
        .into_iter()
        .filter(|(_, change)| *change != middle)
        .collect();
    assert_eq!(
        order(&without),
        others,
        "design 5: ids count over all changes, whatever their verdict"
    );
    assert_eq!(without.heads, before.heads);
    world.adopts_by(FENGDU, middle);
    let after = world.state();
    assert_eq!(
        order(&after),
        order(&before),
        "design 5: it counts at its original place"
    );
    assert_eq!(after.fields, before.fields);
}
