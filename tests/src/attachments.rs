//! Attachments between real processes over real sockets: upward by themselves, elsewhere when somebody asks, whatever is
//! killed in the middle; and nothing that a camera wrote beside a picture on any disk.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_protocol::trust::Level;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::process::{
    PASSPHRASE, Running, Site, beside, dice_of_test, files_below, measured, run, until, within,
};

const PLACE: &[u8] = b"N30.2722 E109.4882 SN-4711";
const PIECE: u64 = 256 * 1024;
/// How often the township is killed while it fetches, and the station while it takes in.
const KILLS: usize = 8;

#[test]
fn attachments_go_up_by_themselves_and_elsewhere_when_somebody_asks() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let above = Site::new(dir.path(), "township");
    let stations = ["shiqiao", "liulin"].map(|name| Site::new(dir.path(), name));
    above.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
    above.succeed(&["appoint", "chen", "--name", "陈", "--role", "organiser"]);
    let running = above.start();
    above.admit(&stations[0], "station", ["石桥站", "Shiqiao"], "990121103201");
    above.admit(&stations[1], "station", ["柳林站", "Liulin"], "990121103202");
    stations[0].succeed(&["appoint", "lin", "--name", "林静禾", "--role", "station_liaison"]);
    running.stop();
    let space = joint_space(&above);
    let (up, shiqiao, liulin) = (above.start(), stations[0].start(), stations[1].start());
    let call = json!({
        "login": "chen", "passphrase": PASSPHRASE, "space": space,
        "fields": { "topic": "沿河联合视察", "kind": "inspection", "from": "2026-05-08T09:00:00+08:00",
                    "to": "2026-05-08T11:00:00+08:00", "days": 5 },
    });
    let record = up.api.post("/activities", &call).unwrap()["record"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = |node: &Running| {
        let view = node.api.get("/views/activity");
        view["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row[0] == *record)
    };
    until("the activity is everywhere", || {
        (shown(&shiqiao) && shown(&liulin)).then_some(())
    });

    let files = [("scan.png", scan()), ("minutes.pdf", pdf(1, 3_000_000))].map(|(name, bytes)| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    });
    let began = Instant::now();
    let mut args = vec!["attach", record.as_str()];
    args.extend(files.iter().map(|path| path.to_str().unwrap()));
    args.extend(["--login", "lin", "--json"]);
    let sent = stations[0].json(&args);
    let ids: Vec<&str> = sent
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["attachment"].as_str().unwrap())
        .collect();
    let pdf_id = ids[1];
    until("the township has them by itself", || {
        (here(&up, &record) == ids.len()).then_some(())
    });
    measured(&format!(
        "attachments: 3 MB attached at a station were at the township after {:.2} s",
        began.elapsed().as_secs_f64()
    ));
    assert!(fetched(&above, &record, pdf_id, dir.path()).unwrap() == std::fs::read(&files[1]).unwrap());
    // What the personal part holds is neither listed nor fetched by the command line, and it says so.
    for asked in [&["--personal"][..], &["--personal", "--get", pdf_id, "-o", "got"]] {
        let refused = run(&mut above.command(&[&["attach", record.as_str()][..], asked].concat()));
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && told.contains("of a personal part"),
            "{told}"
        );
    }
    // A station beside it that takes part knows of them, has them not, and gets the one that it asks for.
    until("the other station reads of them", || {
        (listed(&liulin, &record) == ids.len()).then_some(())
    });
    assert_eq!(here(&liulin, &record), 0);
    let told = fetched(&stations[1], &record, pdf_id, dir.path()).unwrap_err();
    assert!(told.contains("not here yet"), "{told}");
    let bytes = until("it comes", || {
        fetched(&stations[1], &record, pdf_id, dir.path()).ok()
    });
    assert!(bytes == std::fs::read(&files[1]).unwrap());
    assert_eq!(here(&liulin, &record), 1, "that one alone");
    for path in files_below(dir.path()).iter().filter(|path| **path != files[0]) {
        let bytes = std::fs::read(path).unwrap();
        assert!(
            !bytes.windows(PLACE.len()).any(|part| part == PLACE),
            "{}",
            path.display()
        );
    }
    for node in [up, shiqiao, liulin] {
        node.stop();
    }
    for site in stations.iter().chain([&above]) {
        let report = site.json(&["check", "--json"]);
        assert_eq!(report["faults"], json!([]), "{}", site.dir().display());
    }
}

#[test]
fn an_attachment_arrives_whole_however_often_the_one_that_fetches_it_is_killed() {
    let _lane = beside();
    let mut dice = dice_of_test("attachments killed while fetched");
    let dir = tempfile::tempdir().unwrap();
    let (above, below) = raise(dir.path());
    let station = below.start();
    let record = visit(&station);
    let bytes = pdf(dice.below(1 << 30) as u64, 40_000_000);
    let path = dir.path().join("long.pdf");
    std::fs::write(&path, &bytes).unwrap();
    let sent = below.json(&[
        "attach",
        &record,
        path.to_str().unwrap(),
        "--login",
        "lin",
        "--json",
    ]);
    let id = sent[0]["attachment"].as_str().unwrap().to_owned();
    let coming = || -> u64 {
        let partial = above.dir().join("attachments/partial");
        if !partial.exists() {
            return 0;
        }
        let lens = files_below(&partial)
            .into_iter()
            .map(|path| path.metadata().map_or(0, |file| file.len()));
        lens.sum::<u64>() / PIECE * PIECE
    };
    let whole = || above.dir().join("attachments").join(&id[..2]).join(&id).exists();
    let mut seen = Vec::new();
    station.stop();
    for _ in 0..KILLS {
        // Who dials does so at its start.
        let (mut township, mut station) = (above.start(), below.start());
        let before = seen.last().copied().unwrap_or(0);
        let _ = within(Duration::from_secs(20), || {
            (coming() > before || whole()).then_some(())
        });
        let _ = within(Duration::from_millis(dice.below(30) as u64), || {
            township.process.ended()
        });
        township.process.kill9();
        station.process.kill9();
        if whole() {
            break;
        }
        assert!(
            coming() > before,
            "what was fetched is gone on with: {seen:?}, {}",
            coming()
        );
        seen.push(coming());
    }
    measured(&format!(
        "attachments: of 40,000,000 bytes there were, at each kill: {seen:?}"
    ));
    let (township, station) = (above.start(), below.start());
    let began = Instant::now();
    until("it is whole", || (here(&township, &record) == 1).then_some(()));
    measured(&format!(
        "attachments: the rest came within {:.2} s",
        began.elapsed().as_secs_f64()
    ));
    assert!(fetched(&above, &record, &id, dir.path()).unwrap() == bytes);
    township.stop();
    station.stop();
    for site in [&above, &below] {
        assert_eq!(site.json(&["check", "--json"])["faults"], json!([]));
    }
}

#[test]
fn no_attachment_that_was_acknowledged_is_lost_when_the_station_is_killed() {
    let _lane = beside();
    let mut dice = dice_of_test("attachments killed while sent");
    let dir = tempfile::tempdir().unwrap();
    let (_, below) = raise(dir.path());
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..KILLS {
        let mut station = below.start();
        let record = visit(&station);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in 0..2 {
                let (below, record, stop, acknowledged) = (&below, &record, &stop, &acknowledged);
                let path = dir.path().join(format!("{round}-{writer}.pdf"));
                scope.spawn(move || {
                    for count in 0.. {
                        std::fs::write(&path, pdf(round as u64 * 1000 + writer * 100 + count, 2_000_000))
                            .unwrap();
                        let args = [
                            "attach",
                            record,
                            path.to_str().unwrap(),
                            "--login",
                            "lin",
                            "--json",
                        ];
                        let sent = run(&mut below.command(&args));
                        if sent.status.success() {
                            let sent: Value = serde_json::from_slice(&sent.stdout).unwrap();
                            let id = sent[0]["attachment"].as_str().unwrap().to_owned();
                            acknowledged.lock().unwrap().push((record.clone(), id));
                        }
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                    }
                });
            }
            let _ = within(Duration::from_millis(200 + dice.below(700) as u64), || {
                station.process.ended()
            });
            station.process.kill9();
            stop.store(true, Ordering::Relaxed);
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(
        acknowledged.len() >= KILLS / 2,
        "too few to mean anything: {}",
        acknowledged.len()
    );
    let station = below.start();
    until("views are up to date", || {
        (station.status()["views_lag"] == 0).then_some(())
    });
    for (record, id) in &acknowledged {
        let listed = station.api.get(&format!("/records/{record}/attachments"));
        let one = listed.as_array().unwrap().iter().find(|one| one["id"] == **id);
        assert_eq!(one.expect("the record names it")["size"], json!(2_000_000));
    }
    assert_eq!(
        files_below(&below.dir().join("attachments/coming")),
        [] as [PathBuf; 0]
    );
    station.stop();
    assert_eq!(below.json(&["check", "--json"])["faults"], json!([]));
    measured(&format!(
        "attachments: {KILLS} kills, {} acknowledged, none lost",
        acknowledged.len()
    ));
}

/// A township, and a station below it with a clerk.
fn raise(dir: &Path) -> (Site, Site) {
    let (above, below) = (Site::new(dir, "township"), Site::new(dir, "station"));
    above.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
    let running = above.start();
    above.admit(&below, "station", ["石桥站", "Shiqiao Station"], "990121103201");
    below.succeed(&["appoint", "lin", "--name", "林静禾", "--role", "opinion_liaison"]);
    running.stop();
    (above, below)
}

/// A joint space of a township and its stations.
fn joint_space(above: &Site) -> String {
    let node = Node::open(above.dir(), &Overrides::default()).unwrap();
    let authority = node
        .unlock_authority(&SecretString::from(PASSPHRASE.to_owned()))
        .unwrap();
    let stations: Vec<_> = node
        .directory()
        .children(&node.org_id())
        .map(|org| org.id)
        .collect();
    let space = node
        .open_joint_space(&authority, &stations, Level::Township, 2026)
        .unwrap();
    space.id().to_string()
}

fn visit(station: &Running) -> String {
    let visit = json!({
        "login": "lin", "passphrase": PASSPHRASE,
        "fields": {
            "received_at": "2026-04-16T09:30:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
            "gist": "老街路灯坏了。",
        },
    });
    let written = station.api.post("/visits", &visit).unwrap();
    written["record"].as_str().unwrap().to_owned()
}

fn listed(node: &Running, record: &str) -> usize {
    node.api
        .get(&format!("/records/{record}/attachments"))
        .as_array()
        .unwrap()
        .len()
}

/// How many of a record's attachments are here. None while it knows nothing of the record.
fn here(node: &Running, record: &str) -> usize {
    let view = |ledger: &str| node.api.get(&format!("/views/{ledger}"));
    let knows = ["activity", "letters_visits"].into_iter().any(|ledger| {
        view(ledger)["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row[0] == *record)
    });
    if !knows {
        return 0;
    }
    let listed = node.api.get(&format!("/records/{record}/attachments"));
    listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| !one["size"].is_null())
        .count()
}

/// Fetches an attachment by the command line; what it said instead.
fn fetched(site: &Site, record: &str, id: &str, dir: &Path) -> Result<Vec<u8>, String> {
    let to = dir.join("fetched");
    let got = run(&mut site.command(&["attach", record, "--get", id, "-o", to.to_str().unwrap()]));
    if !got.status.success() {
        return Err(String::from_utf8_lossy(&got.stderr).into_owned());
    }
    let bytes = std::fs::read(&to).unwrap();
    std::fs::remove_file(&to).unwrap();
    Ok(bytes)
}

pub(crate) fn pdf(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as u8
    };
    let mut bytes: Vec<u8> = (0..len).map(|_| next()).collect();
    bytes[..9].copy_from_slice(b"%PDF-1.7\n");
    bytes
}

/// A small scan with what a program wrote beside it.
fn scan() -> Vec<u8> {
    png(8, &[200; 64], PLACE)
}

/// A square picture in shades of grey, with what a program wrote beside it, within and behind.
pub(crate) fn png(side: u32, shades: &[u8], beside: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        let named = [kind, body].concat();
        [
            &(body.len() as u32).to_be_bytes()[..],
            &named,
            &crc32(&named).to_be_bytes(),
        ]
        .concat()
    };
    let rows = shades.chunks(side as usize);
    let pixels: Vec<u8> = rows.flat_map(|row| [&[0u8][..], row].concat()).collect();
    let len = u16::try_from(pixels.len()).expect("one stored block");
    let adler = pixels.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let stored = [
        &[0x78, 0x01, 0x01][..],
        &len.to_le_bytes(),
        &(!len).to_le_bytes(),
        &pixels,
    ]
    .concat();
    let data = [&stored[..], &(adler.1 << 16 | adler.0).to_be_bytes()].concat();
    let head = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        chunk(b"tEXt", &[b"Comment\0", beside].concat()),
        chunk(b"IDAT", &data),
        chunk(b"IEND", b""),
        beside.to_vec(),
    ]
    .concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
