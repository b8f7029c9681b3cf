//! Erasure between real processes: what a visitor left is planted at a station and its township, erased at both, and looked
//! for in every file of theirs, in the encodings in which files of this country have texts.

use std::path::{Path, PathBuf};

use encoding_rs::GB18030;
use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_node::services::ledger::{DraftId, TypingForm};
use lianzhan_protocol::id::RecordId;
use serde_json::{Value, json};

use super::attachments::{pdf, png};
use super::process::{PASSPHRASE, Running, Site, beside, command, files_below, run, succeed, until};

const NAME: &str = "欧阳望舒";
const PHONE: &str = "13987654321";
const ADDRESS: &str = "枫渡镇北坡组十七号";
const HEALTH: &str = "尘肺病三期";
/// A number that somebody let stand in a record itself, and that should not have been there.
const SPOKEN: &str = "13700098765";
/// Another one, in a record of which all else may stay: it is issued anew.
const MISPLACED: &str = "13811122233";
const CLEAN: &str = "水泵房半夜停机，打电话没人接";
/// The day of the decision.
const ON: &str = "2026-03-31";
const PAPER: &str = "the visitor's own certificate";

/// What a camera and its owner wrote beside a picture.
const CAMERA: &str = "Xu Zhiwei N30.2722 E109.4882";
/// Sides of the pictures, each of which is small enough to be its own small picture.
const SIDE: u32 = 240;
/// The head of a JPEG, with tables that many have alike.
const JPEG_HEAD: usize = 640;

/// A picture that no other resembles.
fn picture(seed: u64) -> Vec<u8> {
    let shades = pdf(seed, (SIDE * SIDE) as usize);
    png(SIDE, &shades, CAMERA.as_bytes())
}

/// Parts of a file that no other has by chance, some from each half of it.
fn parts_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let body = bytes.get(JPEG_HEAD..).unwrap_or_default();
    let apart = (body.len() / 48 / 6).max(1);
    body.chunks_exact(48).step_by(apart).map(<[u8]>::to_vec).collect()
}

/// The texts as files may have them.
fn spelt(text: &str) -> Vec<Vec<u8>> {
    let wide: Vec<u16> = text.encode_utf16().collect();
    vec![
        text.as_bytes().to_vec(),
        wide.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        GB18030.encode(text).0.into_owned(),
    ]
}

fn planted() -> Vec<Vec<u8>> {
    [NAME, PHONE, ADDRESS, HEALTH, PAPER, CAMERA]
        .iter()
        .flat_map(|text| spelt(text))
        .collect()
}

/// Files below `dir` that hold any of these bytes.
fn holding(dir: &Path, what: &[Vec<u8>]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        what.iter()
            .any(|what| bytes.windows(what.len()).any(|window| window == what))
    };
    files_below(dir).into_iter().filter(holds).collect()
}

/// What a node holds of a sealed record, in parts that no other bytes have by chance; and its key.
fn secrets(site: &Site, record: &RecordId) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
    let node = Node::open(site.dir(), &Overrides::default()).unwrap();
    let rows = node.store().read(|reader| reader.record_entries(record)).unwrap();
    let payloads = rows.into_iter().filter_map(|row| row.payload);
    let parts = payloads.flat_map(|payload| {
        let parts = payload.chunks(48).filter(|part| part.len() >= 24);
        parts.map(<[u8]>::to_vec).collect::<Vec<_>>()
    });
    let key = node.annex_keys().get(record).map(|key| key.0.to_vec());
    (parts.collect(), key)
}

/// Somebody types what a visitor says, and goes away: it is kept at the node, and nothing is sent.
fn type_and_leave(site: &Site) {
    let node = Node::open(site.dir(), &Overrides::default()).unwrap();
    let lin = node.sign_in("lin", &PASSPHRASE.to_owned().into()).unwrap();
    let typed = [
        ("f:gist", "路灯又坏了"),
        ("a:subject:name", NAME),
        ("a:subject:phone", PHONE),
        ("a:subject:address", ADDRESS),
        ("a:subject_sensitive:health", HEALTH),
    ];
    let form = TypingForm {
        ledger: "letters_visits".into(),
        record: None,
        seen: String::new(),
        pairs: typed.map(|(name, text)| (name.into(), text.into())).to_vec(),
    };
    let id = DraftId::mint();
    node.keep_draft(&lin, id, &form).unwrap();
    assert_eq!(node.draft(&lin, id).unwrap().unwrap().form.pairs, form.pairs);
}

fn erasures(node: &Running, record: &str) -> Vec<Value> {
    let known = node.api.get(&format!("/records/{record}/erasure"));
    known["erasures"].as_array().unwrap().clone()
}

/// Erased at k of n, for each part, that with the fewest holders first.
fn done(node: &Running, record: &str) -> Vec<(u64, usize)> {
    let each = erasures(node, record);
    let at = |status: &Value| {
        let at = status["erased_at"].as_u64().unwrap();
        (at, status["holders"].as_array().unwrap().len())
    };
    let mut each: Vec<_> = each.iter().map(at).collect();
    each.sort_unstable();
    each
}

#[test]
fn what_a_visitor_left_is_nowhere_once_it_is_erased_and_all_else_is_proved() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let (above, below) = (
        Site::new(dir.path(), "township"),
        Site::new(dir.path(), "station"),
    );
    above.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
    let running = above.start();
    above.admit(&below, "station", ["石桥站", "Shiqiao"], "990121103201");
    running.stop();
    below.succeed(&["appoint", "lin", "--name", "林静禾", "--role", "station_liaison"]);
    let (up, station) = (above.start(), below.start());
    let visit = |gist: &str, subject: Value, sensitive: Value| {
        let cleared = if gist.contains(SPOKEN) || gist.contains(MISPLACED) {
            json!({ "gist": "热线公开" })
        } else {
            json!({})
        };
        let body = json!({
            "login": "lin", "passphrase": PASSPHRASE, "cleared": cleared,
            "fields": { "received_at": "2026-04-16T09:30:00+08:00", "channel": "visit", "persons": 1,
                        "nature": "problem", "gist": gist },
            "subject": subject, "sensitive": sensitive,
        });
        let written = station.api.post("/visits", &body).unwrap();
        written["record"].as_str().unwrap().to_owned()
    };
    let subject = json!({ "name": NAME, "phone": PHONE, "address": ADDRESS });
    let record = visit("老街路灯坏了", subject, json!({ "health": HEALTH }));
    let kept = visit("水渠塌了一段", json!({ "name": "许知微" }), json!({}));
    let spoken = visit(&format!("打{SPOKEN}没人接"), json!({}), json!({}));
    let misplaced = visit(
        &format!("水泵房半夜停机，打{MISPLACED}没人接"),
        json!({ "name": "许知微" }),
        json!({}),
    );
    let paper = dir.path().join("paper.pdf");
    std::fs::write(&paper, format!("%PDF-1.4\n{PAPER}\n%%EOF\n")).unwrap();
    let paper_name = paper.to_str().unwrap();
    until("the personal part takes the paper", || {
        let attach = ["attach", &record, paper_name, "--personal", "--login", "lin"];
        run(&mut below.command(&attach)).status.success().then_some(())
    });
    std::fs::remove_file(&paper).unwrap();
    // A picture that is personal, and one that somebody let stand in a record itself.
    let photo = dir.path().join("photo.png");
    let photo_name = photo.to_str().unwrap();
    let mut attached = Vec::new();
    for (seed, record, personal) in [(1, &record, Some("--personal")), (2, &spoken, None)] {
        std::fs::write(&photo, picture(seed)).unwrap();
        let mut attach = vec!["attach", record, photo_name, "--login", "lin", "--json"];
        attach.extend(personal);
        let told = below.json(&attach);
        attached.push(told[0]["attachment"].as_str().unwrap().to_owned());
    }
    // One that goes on with what is issued anew.
    std::fs::write(&photo, picture(3)).unwrap();
    let pump = below.json(&["attach", &misplaced, photo_name, "--login", "lin", "--json"]);
    let pump = pump[0]["attachment"].as_str().unwrap().to_owned();
    std::fs::remove_file(&photo).unwrap();
    let has_all = |node: &Running, attachments: usize| {
        let shown = node.status();
        let here = files_below(&node_dir(node, &above, &below).join("attachments"));
        (shown["keys_lacking"] == 0 && shown["visits"] == 4 && here.len() >= attachments).then_some(())
    };
    until("the township has the visits, their keys and the paper", || {
        has_all(&up, 4)
    });
    // Each node made its own small picture of what is no personal part.
    let shown = format!("/records/{spoken}/attachments/{}/small", attached[1]);
    until("the township has the pictures whole", || {
        let here = node_dir(&up, &above, &below).join("attachments");
        let whole = |id: &String| here.join(&id[..2]).join(id).exists();
        attached.iter().chain([&pump]).all(whole).then_some(())
    });
    let views = format!("/records/{spoken}");
    until("the township's views have the record with its picture", || {
        let told = up.api.get(&views).to_string();
        told.contains(&attached[1]).then_some(())
    });
    let small = up.api.bytes(&shown);
    assert_eq!(small, station.api.bytes(&shown));
    let small = parts_of(&small);
    assert!(small.len() >= 6, "{}", small.len());
    let would = station.api.get(&format!("/records/{record}/erasure"));
    let parts: Vec<RecordId> = would["would_erase"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| RecordId::parse(part["record"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(
        parts.len(),
        2,
        "what the township holds, and what the station alone does: {would}"
    );
    up.stop();
    station.stop();

    // What is on its way: a form that was not sent, a small picture that was not whole and a picture that was still coming
    // when somebody pulled the plug, a carry file and what came of it, a backup of everything.
    type_and_leave(&below);
    let mut pictures = Vec::new();
    for site in [&above, &below] {
        let files = site.dir().join("attachments");
        for id in &attached {
            let whole = std::fs::read(files.join(&id[..2]).join(id)).unwrap();
            std::fs::write(files.join("partial").join(id), &whole[..whole.len() / 2]).unwrap();
            pictures.extend(parts_of(&whole));
        }
        let thumb = files.join("thumbs").join(&attached[1]);
        let personal = files.join("thumbs").join(&attached[0]);
        assert!(
            thumb.exists() && !personal.exists(),
            "nothing personal is kept in the clear"
        );
        std::fs::copy(&thumb, thumb.with_extension("new")).unwrap();
    }
    let carried = dir.path().join("up.carry");
    let carried = carried.to_str().unwrap();
    below.succeed(&[
        "carry",
        "export",
        "--to",
        "990121103",
        "--everything",
        "-o",
        carried,
    ]);
    above.succeed(&["carry", "import", carried]);
    for (site, name) in [(&above, "up"), (&below, "down")] {
        let earlier = ["age", "keys.age"].map(|end| dir.path().join(format!("{name}-before.{end}")));
        let [data, keys] = earlier.each_ref().map(|path| path.to_str().unwrap());
        let mut done = site.command(&["backup", data, "--keys", keys]);
        succeed(done.env("LIANZHAN_BACKUP_PASSPHRASE", PASSPHRASE));
    }

    pictures.sort();
    pictures.dedup();
    // Nothing personal stands anywhere in plain, and the keys are where they belong.
    let mut sealed = Vec::new();
    let mut keys = Vec::new();
    for part in &parts {
        let (bytes, key) = secrets(&below, part);
        sealed.extend(bytes);
        keys.push(key.expect("the station has the key"));
    }
    assert_eq!(holding(dir.path(), &planted()), Vec::<PathBuf>::new());
    for site in [&above, &below] {
        assert!(!holding(site.dir(), &spelt(SPOKEN)).is_empty());
        assert!(!holding(site.dir(), &spelt(MISPLACED)).is_empty());
        assert!(!holding(site.dir(), &sealed).is_empty());
        assert!(
            holding(site.dir(), &pictures).len() >= 4,
            "two pictures, whole and begun"
        );
        assert!(
            holding(site.dir(), &small).len() >= 2,
            "a small picture, whole and begun"
        );
        assert_eq!(holding(site.dir(), &keys), [site.dir().join("annex.keys")]);
    }

    let (up, station) = (above.start(), below.start());
    let told = below.json(&[
        "erase",
        &record,
        "--ground",
        "request",
        "--on",
        ON,
        "--note",
        "本人书面申请",
        "--login",
        "lin",
        "--json",
    ]);
    assert_eq!(told["records"].as_array().unwrap().len(), 2, "{told}");
    below.succeed(&[
        "erase",
        &spoken,
        "--whole",
        "--ground",
        "misplaced",
        "--on",
        ON,
        "--login",
        "lin",
    ]);
    // What is sent is in a file that the clerk keeps, and has nothing of what was wrong.
    let clean = dir.path().join("clean.json");
    std::fs::write(
        &clean,
        json!({ "fields": { "gist": CLEAN }, "on": ON }).to_string(),
    )
    .unwrap();
    let anew = || {
        let clean = clean.to_str().unwrap();
        below.json(&["record", "anew", &misplaced, clean, "--login", "lin", "--json"])
    };
    let issued = anew();
    assert_eq!(issued["erased"].as_array().unwrap().len(), 2, "{issued}");
    let issued = issued["record"].as_str().unwrap().to_owned();
    until("all holders erased and said so", || {
        // What is for the station alone has one holder.
        (done(&station, &record) == [(1, 1), (2, 2)]
            && done(&up, &record) == [(2, 2)]
            && done(&station, &spoken) == [(2, 2)]
            && done(&station, &misplaced) == [(2, 2), (2, 2)])
        .then_some(())
    });
    let shown = &erasures(&up, &record)[0];
    assert_eq!(shown["erased"]["by"]["name"], "林静禾");
    assert_eq!(shown["erased"]["ground"], "request");
    let refused = station.api.post(
        &format!("/records/{record}/erasure"),
        &json!({ "login": "lin", "passphrase": PASSPHRASE, "ground": "request", "on": ON }),
    );
    assert!(refused.is_err(), "there is nothing left to erase");
    let names: Vec<u64> = [&up, &station]
        .map(|node| node.status()["visits"].as_u64().unwrap())
        .into();
    assert_eq!(names, [3, 3], "the visits themselves stay");
    for (node, site) in [(&up, &above), (&station, &below)] {
        until("everything leads from the old record to the new one", || {
            let old = node.api.get(&format!("/records/{misplaced}"));
            (old["reissued_as"] == json!(issued)).then_some(())
        });
        let new = node.api.get(&format!("/records/{issued}"));
        assert_eq!(new["state"]["fields"]["gist"]["value"], CLEAN);
        assert_eq!(new["reissued_from"], json!([misplaced]));
        let at_the_command_line = |id: &str| site.json(&["record", "show", id]);
        assert_eq!(at_the_command_line(&misplaced)["reissued_as"], json!(issued));
        assert_eq!(at_the_command_line(&issued)["reissued_from"], json!([misplaced]));
        let file = site.dir().join("attachments").join(&pump[..2]).join(&pump);
        assert!(file.exists(), "the picture goes on with the new record");
        assert!(new.to_string().contains(&pump));
    }
    assert_eq!(
        anew()["record"],
        json!(issued),
        "asked again it is the same record"
    );
    for (site, name) in [(&above, "up"), (&below, "down")] {
        let (data, keys) = (
            dir.path().join(format!("{name}.age")),
            dir.path().join(format!("{name}.keys.age")),
        );
        let back = Site::new(dir.path(), &format!("{name}-back"));
        for (site, what) in [(site, "backup"), (&back, "restore")] {
            let mut done = site.command(&[what, data.to_str().unwrap(), "--keys", keys.to_str().unwrap()]);
            succeed(done.env("LIANZHAN_BACKUP_PASSPHRASE", PASSPHRASE));
        }
    }
    // The disks as they are while the nodes run, with write-ahead logs, and after them.
    let everywhere = || {
        let numbers = [spelt(SPOKEN), spelt(MISPLACED)].concat();
        for what in [&keys, &sealed, &planted(), &numbers, &pictures, &small] {
            assert_eq!(holding(dir.path(), what), Vec::<PathBuf>::new());
        }
    };
    everywhere();
    up.stop();
    station.stop();
    everywhere();
    for site in [&above, &below] {
        let report = site.json(&["check", "--json"]);
        assert_eq!(report["faults"], json!([]), "{}", site.dir().display());
        let root = above.dir().join("founding.cose");
        let proved = run(command("lianzhan-audit").arg("check").arg(site.dir()).args([
            "--root",
            root.to_str().unwrap(),
            "--json",
        ]));
        let words = String::from_utf8_lossy(&proved.stdout).into_owned();
        assert_eq!(proved.status.code(), Some(0), "{words}");
        assert!(words.contains("erased"), "{words}");
    }
    // What remains is proved, and says that it was there.
    for (id, name) in [(&record, "left.tar"), (&kept, "kept.tar"), (&issued, "anew.tar")] {
        let bundle = dir.path().join(name);
        below.succeed(&["bundle", id, "-o", bundle.to_str().unwrap()]);
        let root = above.dir().join("founding.cose");
        let verified = run(command("lianzhan-audit").args([
            "verify",
            bundle.to_str().unwrap(),
            "--root",
            root.to_str().unwrap(),
        ]));
        assert_eq!(
            verified.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&verified.stdout)
        );
    }
}

fn node_dir<'a>(node: &Running, above: &'a Site, below: &'a Site) -> &'a Path {
    let level = node.status()["level"].as_str().unwrap_or_default().to_owned();
    if level == "station" {
        below.dir()
    } else {
        above.dir()
    }
}
