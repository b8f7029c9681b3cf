//! What a witness can take in: logs cosigned per second in one transaction, beside plain checks of signatures on the same
//! machine in the same moment. `docs/benchmarks.md` says what its figures mean.

use std::time::Instant;

use age::secrecy::SecretString;
use anyhow::{Context, ensure};
use lianzhan_node::config::Config;
use lianzhan_node::env;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::witness::CosignRequest;
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{Checkpoint, Origin, SignedCheckpoint, TreeSize};
use lianzhan_protocol::trust::Level;

/// Logs that are witnessed in one batch.
const LOGS: usize = 10_000;
/// Medians are over so many rounds, each of logs of its own.
const ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir().context("a directory for the node")?;
    let root = OrgDraft {
        level: Level::City,
        name_zh: "澜州市".into(),
        name_en: "Lanzhou".into(),
        code: "990100".into(),
    };
    let config = Config {
        scrypt_log_n: 2,
        ..Config::default()
    };
    let passphrase = SecretString::from("correct horse battery".to_owned());
    let node = found(&dir.path().join("node"), root, &passphrase, config)?;
    let key = SecretKey::from_seed([7; 32]);
    let (mut checks, mut cosigns) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let notes = (0..LOGS)
            .map(|n| {
                let origin = Origin::parse(&format!("lianzhan/log/{round:04x}{n:028x}"))?;
                let checkpoint = Checkpoint {
                    origin: origin.clone(),
                    size: TreeSize(1),
                    root: Hash::plain(origin.as_str().as_bytes()),
                };
                Ok((origin, checkpoint.sign(&key).to_string()))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let started = Instant::now();
        let mut verified = Vec::with_capacity(LOGS);
        for (origin, note) in &notes {
            verified.push(SignedCheckpoint::verify(note, &key.public(), origin)?);
        }
        checks.push(started.elapsed().as_secs_f64());
        let requests = verified
            .into_iter()
            .map(|checkpoint| CosignRequest {
                peer: key.public(),
                old: TreeSize::EMPTY,
                checkpoint,
                proof: Vec::new(),
                shown: None,
            })
            .collect();
        let started = Instant::now();
        let answers = node.cosign_many(requests, env::now())?;
        cosigns.push(started.elapsed().as_secs_f64());
        ensure!(answers.iter().all(Result::is_ok), "every log is cosigned");
    }
    let rate = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        LOGS as f64 / times[times.len() / 2]
    };
    let (check, cosign) = (rate(&mut checks), rate(&mut cosigns));
    println!("{LOGS} logs in one transaction, medians of {ROUNDS}");
    println!("checkpoints checked (verify_strict)  {check:>10.0} /s");
    println!("logs cosigned, durable, with receipt {cosign:>10.0} /s");
    println!("ratio                                {:>10.3}", cosign / check);
    Ok(())
}
