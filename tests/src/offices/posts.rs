use super::*;

#[test]
fn posts_are_given_renewed_and_taken_back_whether_or_not_the_node_runs() {
    let _lane = beside();
    let world = World::raise();
    let station = &world.below;
    story(station, "a", None);
    let running = station.start();
    story(station, "b", Some(&running));
    running.stop();
    let check = station.json(&["check", "--json"]);
    assert_eq!(check["faults"], json!([]), "{check}");
}

/// The life of a post, for logins that begin with `name`.
fn story(station: &Site, name: &str, running: Option<&Running>) {
    let (lin, wang) = (format!("{name}-lin"), format!("{name}-wang"));
    let first = appoint(station, &lin);
    assert_eq!(office(station, &first)["login"], lin.as_str());
    let taken = ["appoint", &lin, "--name", "又一个", "--role", "publicist"];
    let words = refused(station, &taken, &[]);
    assert!(words.contains("taken") || words.contains("already"), "{words}");
    let words = refused(station, &taken, &[("LIANZHAN_LANG", "zh")]);
    assert!(words.contains("登录名"), "{words}");
    let wrong = [("LIANZHAN_PASSPHRASE", "not the passphrase")];
    let other = ["appoint", &wang, "--name", "王", "--role", "publicist"];
    let words = refused(station, &other, &wrong);
    assert!(words.contains("passphrase does not open"), "{words}");

    // A further post of the same person, under the same key, that ends on a day.
    let args = [
        "appoint",
        &lin,
        "--name",
        "林静禾",
        "--role",
        "publicist",
        "--person",
        &lin,
    ];
    let further = station.json(&[&args[..], &["--until", "2027-06-30", "--json"]].concat());
    let further = text(&further["appointment"]);
    let [one, two] = [&first, &further].map(|id| office(station, id));
    assert_eq!((&one["person"], &one["key"]), (&two["person"], &two["key"]));
    let table = station.succeed(&["appointments", "--person", &lin]);
    assert!(
        table.contains("2027-06-30") && table.contains("publicist"),
        "{table}"
    );
    assert!(
        table.contains(&first[..12]) && table.contains(&further[..12]),
        "{table}"
    );
    let table = in_chinese(station, &["appointments", "--person", &lin]);
    assert!(
        table.contains("任职人") && table.contains("有效") && table.contains("民情联络员"),
        "{table}"
    );
    let tree = station.succeed(&["appointments", "--org", "own", "--tree"]);
    let indent = |id: &str| {
        let line = tree.lines().find(|line| line.contains(&id[..12]));
        let line = line.unwrap_or_else(|| panic!("{id} is not in\n{tree}"));
        line.len() - line.trim_start().len()
    };
    assert_eq!(indent(&first), indent(&text(&one["chain"][1])) + 2, "{tree}");

    // Renewed: the same key, a later day; never an earlier one, nor beyond the org's own authority.
    let earlier = ["renew", &further, "--until", "2027-01-01"];
    assert!(refused(station, &earlier, &[]).contains("2027-06-30"));
    let beyond = ["renew", &further, "--until", "2090-01-01"];
    assert!(refused(station, &beyond, &[]).contains("authority ends"));
    let renewed = station.json(&["renew", &further[..12], "--until", "2028-06-30", "--json"]);
    let renewed = text(&renewed["appointment"]);
    assert_eq!(office(station, &renewed)["key"], two["key"]);
    assert_eq!(office(station, &further)["renewed"], true);
    // A new key: all posts go over to it, and those of the old one are revoked.
    let changed = station.json(&["renew", &lin, "--new-key", "--json"]);
    assert_eq!(changed["requests"], json!([]));
    let new = text(&changed["appointments"][0]);
    assert_ne!(office(station, &new)["key"], two["key"]);
    assert_eq!(office(station, &first)["state"], "revoked");

    // What would be revoked is shown before.
    let plan = ["revoke", &lin, "--reason", "调离本站", "--dry-run"];
    let shown = station.json(&[&plan[..], &["--json"]].concat());
    assert_eq!(shown["appointment"]["login"], lin.as_str());
    assert!(station.succeed(&plan).contains("stays good"));
    assert!(in_chinese(station, &plan).contains("什么也没有签名"));
    let hard = [&plan[..], &["--stolen", "--since", "2026-11-20"]].concat();
    assert!(station.succeed(&hard).contains("before 2026-11-20"));
    let id = text(&shown["appointment"]["id"]);
    assert_eq!(office(station, &id)["state"], "in_force", "nothing was signed");

    // A person's entry that nobody witnessed; then softly, then hard.
    appoint(station, &wang);
    let record = running.map(|running| visit(running, &wang, PASSPHRASE));
    let revoke = ["revoke", &wang, "--reason", "离职"];
    let stated = station.json(&[&revoke[..], &["--json"]].concat());
    assert_eq!(stated["statements"].as_array().unwrap().len(), 1);
    assert!(refused(station, &revoke, &[]).contains("revoked already"));
    let hard = [&revoke[..], &["--lost", "--since", "2026-11-20T09:00", "--json"]].concat();
    station.json(&hard);
    assert!(refused(station, &["revoke", "ffffffffffff", "--reason", "x"], &[]).contains("no appointment"));
    let revoked = station.succeed(&["appointments", "--revoked"]);
    assert!(revoked.contains("离职"), "{revoked}");
    let Some((running, record)) = running.zip(record) else {
        return;
    };
    until("the revocation is seen", || {
        (verdicts(running, &record) == ["contested"]).then_some(())
    });
    let listed = station.succeed(&["adopt", "--list"]);
    assert!(listed.contains(&record) && listed.contains("林静禾"), "{listed}");
    let unknown = "0".repeat(64);
    assert!(refused(station, &["adopt", "--changes", &unknown], &[]).contains("not held here"));
    let adopted = station.json(&["adopt", "--all", "--json"]);
    assert!(!adopted["statements"].as_array().unwrap().is_empty());
    assert_eq!(verdicts(running, &record), ["counts"]);
    let listed = station.json(&["adopt", "--list", "--json"]);
    assert_eq!(listed["changes"], json!([]), "{listed}");
    assert!(station.succeed(&["adopt", "--all"]).contains("Nothing waits"));
}

#[test]
fn a_directory_that_another_command_works_with_is_left_alone() {
    let _lane = beside();
    let world = World::raise();
    let station = &world.below;
    let lock = std::fs::File::options()
        .write(true)
        .open(station.dir().join("lock"))
        .unwrap();
    lock.lock().unwrap();
    for args in [
        &["appointments"][..],
        &["appoint", "lin", "--name", "林", "--role", "publicist"],
        &["revoke", "lin", "--reason", "x"],
        &["node", "renew"],
    ] {
        let words = refused(station, args, &[]);
        assert!(words.contains("try again in a moment"), "{words}");
        let words = refused(station, args, &[("LIANZHAN_LANG", "zh")]);
        assert!(words.contains("请稍后再试"), "{words}");
    }
    drop(lock);
    appoint(station, "lin");
}
