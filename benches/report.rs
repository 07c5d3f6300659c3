//! What a report takes when nothing is new: the whole program, from its start to its end.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;

#[allow(dead_code, reason = "a program of its own, of which this needs the corpus")]
#[path = "corpus.rs"]
mod corpus;

const MIB: u64 = 32;

/// Runs a report in a world of its own; nothing of the user's is read.
fn report(folder: &Path, group: &str) {
    let status = Command::new(env!("CARGO_BIN_EXE_spendtop"))
        .args(["report", group, "--json", "--tz", "Europe/Berlin"])
        .env_clear()
        .env("HOME", folder.join("home"))
        .env("SPENDTOP_DB", folder.join("ledger.db"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

fn reports(c: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let options = corpus::Options { dir: folder.path().to_owned(), mib: MIB, seed: 1 };
    corpus::write_corpus(&options).unwrap();
    let mut all = c.benchmark_group("report");
    for group in ["daily", "session", "model"] {
        report(folder.path(), group);
        all.bench_function(group, |b| b.iter(|| report(folder.path(), group)));
    }
    all.finish();
}

criterion_group!(benches, reports);
criterion_main!(benches);
