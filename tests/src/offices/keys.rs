use super::*;
use crate::process::command;

const NEW: &str = "another horse battery";

#[test]
fn an_org_and_its_nodes_get_other_keys_and_nothing_is_lost() {
    let _lane = beside();
    let world = World::raise();
    appoint(&world.below, "lin");
    let (mut above, mut below) = (world.above.start(), world.below.start());
    let mut records = vec![visit(&below, "lin", PASSPHRASE)];
    settled(&above, &below);

    // The station's authority: asked for below, granted above, in force with the next sync.
    let words = refused(
        &world.above,
        &["authority", "ask"],
        &[("LIANZHAN_NEW_PASSPHRASE", NEW)],
    );
    assert!(words.contains("founders"), "{words}");
    let asked = said(
        &world.below,
        &["authority", "ask", "--json"],
        &[("LIANZHAN_NEW_PASSPHRASE", NEW)],
    );
    let asked: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let (code, print) = (text(&asked["code"]), text(&asked["fingerprint"]));
    assert_eq!(asked["confirmed"], true);
    assert!(
        world
            .below
            .succeed(&["status"])
            .contains("has not granted it yet")
    );
    let grant = ["authority", "grant", &code, "--reason", "换届"];
    assert!(refused(&world.below, &grant, &[]).contains("枫渡镇"));
    let shown = in_chinese(&world.above, &grant);
    assert!(shown.contains(&print), "{shown}");
    let person = ["appoint", "song", "--name", "宋", "--role", "opinion_liaison"];
    until("the new key is in force", || {
        let output = said(&world.below, &person, &[("LIANZHAN_PASSPHRASE", NEW)]);
        output.status.success().then_some(())
    });
    let words = refused(&world.below, &["revoke", "song", "--reason", "x"], &[]);
    assert!(words.contains("does not open"), "{words}");
    assert_eq!(in_force(&world.below, "石桥站", "authority").len(), 1);
    assert_eq!(
        in_force(&world.below, "石桥站", "node").len(),
        1,
        "what the old key appointed stands"
    );
    records.push(visit(&below, "lin", PASSPHRASE));
    settled(&above, &below);

    // The township's node, which witnesses the station: while it runs in three steps.
    let waits = world.above.json(&["node", "renew", "--json"]);
    assert_eq!((&waits["restart"], &waits["revoked"]), (&json!(true), &json!([])));
    assert!(world.above.succeed(&["status"]).contains("start the node anew"));
    above.stop();
    above = world.above.start();
    assert!(world.above.succeed(&["status"]).contains("lianzhan node renew"));
    let done = world.above.json(&["node", "renew", "--json"]);
    assert_eq!(
        (&done["restart"], done["revoked"].as_array().unwrap().len()),
        (&json!(false), 1)
    );
    assert!(done["witness"].is_string(), "it witnessed before: {done}");
    records.push(visit(&below, "lin", PASSPHRASE));
    settled(&above, &below);

    // The station's node, stopped, with an entry that nobody witnessed: all at once.
    above.stop();
    records.push(visit(&below, "lin", PASSPHRASE));
    below.stop();
    let mut renew = world.below.command(&["node", "renew", "--json"]);
    let renewed = run(renew.env("LIANZHAN_PASSPHRASE", NEW));
    let renewed: Value = serde_json::from_slice(&renewed.stdout).unwrap();
    assert!(renewed["adopted"].as_u64() >= Some(1), "{renewed}");
    (above, below) = (world.above.start(), world.below.start());
    records.push(visit(&below, "lin", PASSPHRASE));
    settled(&above, &below);
    // And the township's again, of which the station hears only when it comes back.
    below.stop();
    above.stop();
    let renewed = world.above.json(&["node", "renew", "--json"]);
    assert_eq!(renewed["restart"], false);
    (above, below) = (world.above.start(), world.below.start());
    records.push(visit(&below, "lin", PASSPHRASE));
    settled(&above, &below);

    for record in &records {
        until("it counts on both nodes", || {
            let both = [verdicts(&above, record), verdicts(&below, record)];
            (both == [["counts"], ["counts"]]).then_some(())
        });
    }
    let file = world.file("all.tar");
    let ids: Vec<&str> = records.iter().map(String::as_str).collect();
    world
        .above
        .succeed(&[&["bundle"][..], &ids, &["-o", &file]].concat());
    let root = world.above.dir().join("founding.cose");
    let mut verify = command("lianzhan-audit");
    verify.args(["verify", &file, "--json", "--root"]).arg(root);
    let proved: Value = serde_json::from_slice(&run(&mut verify).stdout).unwrap();
    assert_eq!(proved["ok"], true, "{proved:#}");
    assert_eq!(
        proved["report"]["records"].as_array().unwrap().len(),
        records.len()
    );
    for site in [&world.above, &world.below] {
        let check = site.json(&["check", "--json"]);
        assert_eq!(check["faults"], json!([]), "{check}");
        let alarms = &site.json(&["status", "--json"])["alarms"];
        assert_eq!(*alarms, json!([]), "a planned change alarms nobody");
    }
    below.stop();
    above.stop();
}

#[test]
fn a_lost_machine_is_taken_back_and_its_org_joins_anew() {
    let _lane = beside();
    let world = World::raise();
    appoint(&world.below, "lin");
    let (above, below) = (world.above.start(), world.below.start());
    let record = visit(&below, "lin", PASSPHRASE);
    settled(&above, &below);
    below.stop();
    let again = ["invite", "--again", "990121103201", "--reason", "主机损坏"];
    let other = ["invite", "--again", "990121103299", "--reason", "主机损坏"];
    assert!(refused(&world.above, &other, &[]).contains("directly below"));
    let invited = world.above.json(&[&again[..], &["--json"]].concat());
    assert_eq!(invited["revoked"].as_array().unwrap().len(), 3);
    let code = text(&invited["code"]);
    let fresh = Site::new(world.place.path(), "fresh");
    let place = ["--web", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"];
    let joined = fresh.json(&[&["join", &code, "--json"][..], &place].concat());
    assert_eq!(joined["name"], "石桥站");
    // What was written before comes back, and work goes on.
    let running = fresh.start();
    appoint(&fresh, "lin");
    until("what was written before comes back", || {
        (running.status()["own_visits"] == 1).then_some(())
    });
    visit(&running, "lin", PASSPHRASE);
    settled(&above, &running);
    assert_eq!(verdicts(&above, &record), ["counts"]);
    running.stop();
    above.stop();
}
