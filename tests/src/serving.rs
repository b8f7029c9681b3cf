//! A node whose pages are encrypted, as a process: its commands go on working beside it, and plain HTTP is refused beyond the
//! machine.

use std::net::TcpStream;

use super::process::{Site, beside, run};

#[test]
fn commands_reach_a_node_that_serves_encrypted_pages() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let site = Site::new(dir.path(), "station");
    site.found("station", ["石桥站", "Shiqiao Station"], "990121103201");
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(site.dir().join("tls.pem"), issued.cert.pem()).unwrap();
    std::fs::write(site.dir().join("tls.key"), issued.key_pair.serialize_pem()).unwrap();
    let config = site.dir().join("lianzhan.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let tls = "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\n";
    std::fs::write(&config, tls.to_owned() + &before).unwrap();

    let running = site.start();
    let told = std::fs::read(site.dir().join("running.json")).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert_ne!(told["web"], told["local"]);
    let web = told["web"].as_str().unwrap();
    TcpStream::connect(web).unwrap();
    let plain = ureq::Agent::config_builder().proxy(None).build();
    let plain = ureq::Agent::from(plain)
        .get(format!("http://{web}/healthz"))
        .call();
    assert!(plain.is_err(), "plain HTTP is answered beside TLS");
    assert_eq!(site.json(&["status", "--json"])["name"], running.status()["name"]);
    running.stop();
}

#[test]
fn plain_pages_are_refused_beyond_this_machine() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let site = Site::new(dir.path(), "station");
    site.found("station", ["石桥站", "Shiqiao Station"], "990121103201");
    for (lang, words) in [
        ("zh", "请给出 tls_certificate 和 tls_key"),
        ("en", "Give tls_certificate and tls_key"),
    ] {
        let mut command = site.command(&["run", "--web", "0.0.0.0:0"]);
        let output = run(command.env("LIANZHAN_LANG", lang));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(words), "{said}");
    }
}

#[test]
fn a_node_that_hangs_is_told_of_and_one_without_a_certificate_lives_on_after_sighup() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let site = Site::new(dir.path(), "station");
    site.found("station", ["石桥站", "Shiqiao Station"], "990121103201");
    let running = site.start();
    running.process.signal("HUP");
    assert_eq!(site.json(&["status", "--json"])["name"], running.status()["name"]);

    running.process.signal("STOP");
    let mut command = site.command(&["status"]);
    let output = run(command.env("LIANZHAN_LANG", "zh"));
    running.process.signal("CONT");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("没有回答"), "{said}");
    running.stop();
}
