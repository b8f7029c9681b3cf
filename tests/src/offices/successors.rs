use super::*;

const NEW: &str = "another horse battery";

#[test]
fn founders_name_a_successor_k_of_n_and_the_root_says_who_must_witness() {
    let _lane = beside();
    let world = World::raise();
    let root = &world.above;
    let running = root.start();
    story(&world, "first", PASSPHRASE, NEW);
    running.stop();
    story(&world, "second", NEW, PASSPHRASE);
    let words = refused(
        &world.below,
        &["succession", "draft", &world.file("no.json")],
        &[],
    );
    assert!(words.contains("枫渡镇"), "{words}");

    let stated = root.json(&["policy", "--witness", "township", "--json"]);
    assert_eq!(text(&stated["statement"]).len(), 64);
    assert_eq!(root.json(&["status", "--json"])["policy"], json!(["township"]));
    let output = said(root, &["policy", "--witness", "planet"], &[]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("choose one of"), "{words}");
    let words = refused(&world.below, &["policy", "--witness", "none"], &[]);
    assert!(words.contains("枫渡镇"), "{words}");
    assert!(in_chinese(root, &["policy", "--witness", "none"]).contains("已规定"));
    assert_eq!(root.json(&["status", "--json"])["policy"], json!([]));
    // The witness of the root gets another key, too.
    let renewed = root.json(&["witness", "renew", "--json"]);
    assert_eq!(office(root, &text(&renewed["appointment"]))["purpose"], "witness");
}

/// From the key that `old` opens to one that `new` opens; the founders' keys keep their passphrase.
fn story(world: &World, name: &str, old: &str, new: &str) {
    let root = &world.above;
    let (next, founder) = (
        world.file(&format!("{name}.json")),
        world.file(&format!("{name}.age")),
    );
    let with_new = [("LIANZHAN_PASSPHRASE", new)];
    let made = root.json(&["succession", "key", &founder, "--json"]);
    let fourth = text(&made["founder"]);
    let keep: Vec<String> = (1..=3)
        .map(|n| {
            let file = root.dir().join(format!("founders/{n}.age"));
            file.to_str().unwrap().to_owned()
        })
        .collect();
    let draft = said(root, &["succession", "draft", &next, "--json"], &with_new);
    let drafted: Value = serde_json::from_slice(&draft.stdout).unwrap();
    assert_eq!(
        (
            &drafted["threshold"],
            drafted["founders"].as_array().unwrap().len()
        ),
        (&json!(2), 3)
    );
    assert!(drafted["keeps"].as_u64() >= Some(2), "{drafted}");
    let sign = |key: &str| {
        root.json(&["succession", "sign", &next, "--founder", key, "--json"])["signatures"].clone()
    };
    assert_eq!(sign(&keep[0]), 1);
    assert_eq!(sign(&keep[0]), 1, "one founder signs once");
    let words = refused(root, &["succession", "publish", &next], &with_new);
    assert!(words.contains("1 of 2"), "{words}");
    let words = refused(
        root,
        &["succession", "publish", &next],
        &[("LIANZHAN_PASSPHRASE", new), ("LIANZHAN_LANG", "zh")],
    );
    assert!(words.contains("有 1 位，须有 2 位"), "{words}");
    // Somebody who is no founder does not make it more.
    let words = refused(root, &["succession", "sign", &next, "--founder", &founder], &[]);
    assert!(words.contains("founder"), "{words}");
    let words = refused(root, &["succession", "publish", &next], &with_new);
    assert!(words.contains("1 of 2"), "{words}");
    assert_eq!(fourth.len(), 64);

    let again = said(root, &["succession", "draft", &next, "--json"], &with_new);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(sign(&keep[0]), 1);
    let shown = in_chinese(root, &["succession", "sign", &next, "--founder", &keep[2]]);
    assert!(
        shown.contains("继任的授权密钥") && shown.contains("共 2 份"),
        "{shown}"
    );
    let words = refused(
        root,
        &["succession", "publish", &next],
        &[("LIANZHAN_PASSPHRASE", "not the passphrase")],
    );
    assert!(words.contains("does not open"), "{words}");
    let published = said(root, &["succession", "publish", &next, "--json"], &with_new);
    let published: Value = serde_json::from_slice(&published.stdout).unwrap();
    assert_eq!(text(&published["statement"]).len(), 64);
    // The key before signs no more, and what it stated stands.
    let person = ["appoint", name, "--name", "何", "--role", "secretary", "--json"];
    refused(root, &person, &[("LIANZHAN_PASSPHRASE", old)]);
    let output = said(root, &person, &with_new);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(in_force(root, "石桥站", "authority").len(), 1);
    let contested = root.json(&["adopt", "--list", "--json"]);
    assert_eq!(contested["statements"], json!([]), "{contested}");
}
