//! Directories that earlier releases left behind, opened by today's program. `tests/upgrade/make` made them.

use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::json;

use super::audit::visit;
use super::process::{Site, beside, run};
use super::root;

/// Every release whose directories are kept, with the schema that it wrote.
const RELEASES: [(&str, usize); 1] = [("0.1.0", 4)];

/// A township and its station as a release left them.
fn unpacked(release: &str) -> (tempfile::TempDir, Site, Site) {
    let place = tempfile::tempdir().unwrap();
    let archive = root().join("tests/upgrade").join(format!("{release}.tar.gz"));
    let unpacked = run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(place.path()));
    assert!(unpacked.status.success(), "{}", archive.display());
    let township = Site::new(place.path(), "township");
    let station = Site::new(place.path(), "station");
    (place, township, station)
}

fn database(site: &Site) -> PathBuf {
    site.dir().join("lianzhan.db")
}

fn schema(path: &Path) -> usize {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

#[test]
fn every_release_is_opened_upgraded_proved_and_written_on() {
    let _lane = beside();
    for (release, was) in RELEASES {
        let (_place, township, station) = unpacked(release);
        for site in [&township, &station] {
            assert_eq!(schema(&database(site)), was, "{release}");
            site.succeed(&["check"]);
            assert!(schema(&database(site)) > was, "{release}: brought up");
            let status = site.json(&["status", "--json"]);
            assert_eq!(status["visits"], 2, "{release}");
            assert_eq!(status["alarms"], json!([]), "{release}");
        }
        let running = station.start();
        visit(&running, "lin", 1);
        running.stop();
        station.succeed(&["check"]);
        assert_eq!(station.json(&["status", "--json"])["visits"], 3, "{release}");
    }
}

#[test]
fn a_file_of_a_later_program_is_refused_and_stays_as_it_is() {
    let _lane = beside();
    let (_place, _, station) = unpacked("0.1.0");
    let path = database(&station);
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    connection.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    for (lang, words) in [("en", "update the program"), ("zh", "请更新程序")] {
        let refused = run(&mut station.command(&["status", "--lang", lang]));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && said.contains(words) && said.contains("999"),
            "{said}"
        );
    }
    assert!(std::fs::read(&path).unwrap() == before, "not a byte is changed");
}

#[test]
fn an_upgrade_that_fails_leaves_the_file_as_it_was() {
    let _lane = beside();
    let (_place, _, station) = unpacked("0.1.0");
    let path = database(&station);
    // What the last step makes is there already: every step before it must be undone, too.
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE neighbours (x)").unwrap();
    connection.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = run(&mut station.command(&["status", "--lang", "en"]));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("The file is as it was"),
        "{said}"
    );
    assert!(std::fs::read(&path).unwrap() == before, "not a byte is changed");
    assert_eq!(schema(&path), 4);
}
