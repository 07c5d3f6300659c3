//! What reading transcripts costs, of Claude Code and of Codex: parsing alone, into an empty ledger,
//! and when nothing is new.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use spendtop::config::Config;
use spendtop::daemon::{self, Book};
use spendtop::ingest::{self, Root, Scan};
use spendtop::ledger::Writer;
use spendtop::model::{AgentId, Batch, Millis};
use tempfile::TempDir;

#[allow(dead_code, reason = "a program of its own, of which this needs the corpus")]
#[path = "corpus.rs"]
mod corpus;

#[path = "rollouts.rs"]
mod rollouts;

const MIB: u64 = 32;
const NOW: Millis = Millis(1_795_448_454_838);

/// Reads everything below the roots into a ledger.
fn catch_up(ledger: &Path, roots: &[Root]) {
    let mut writer = Writer::open(ledger).unwrap();
    let book = Book::with_user_prices(Book::base(None), &Config::default()).unwrap();
    let mut pricing = book.pricing(NOW);
    daemon::catch_up(&mut writer, roots, &mut pricing, &mut |_| {}).unwrap();
}

/// Claude Code's transcripts.
fn claude(c: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let options = corpus::Options { dir: folder.path().to_owned(), mib: MIB, seed: 1 };
    corpus::write_corpus(&options).unwrap();
    ingest(c, "ingest", &folder, (AgentId::Claude, "home/.claude/projects"));
}

/// Codex's rollouts, and the same after a week, when Codex has compressed them.
fn codex(c: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let sessions = folder.path().join("sessions");
    rollouts::write(&sessions, MIB as usize).unwrap();
    ingest(c, "ingest codex", &folder, (AgentId::Codex, "sessions"));
    let plain = ingest::discover(&roots(&folder, (AgentId::Codex, "sessions")));
    for file in plain.files {
        let bytes = fs::read(&file.path).unwrap();
        let packed = compress_to_vec(&bytes[..], CompressionLevel::Fastest);
        let path = folder.path().join("packed").join(file.path.strip_prefix(&sessions).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path.with_extension("jsonl.zst"), packed).unwrap();
    }
    ingest(c, "ingest codex, compressed", &folder, (AgentId::Codex, "packed"));
}

fn roots(folder: &TempDir, (agent, below): (AgentId, &str)) -> [Root; 1] {
    [Root { agent, path: folder.path().join(below), developer: Arc::from("dev") }]
}

fn ingest(c: &mut Criterion, name: &str, folder: &TempDir, what: (AgentId, &str)) {
    let roots = roots(folder, what);
    let scans: Vec<Scan> = ingest::scan(ingest::discover(&roots), &mut HashMap::new());
    let threads = available_parallelism().map_or(1, Into::into);

    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(scans.iter().map(Scan::new_bytes).sum())).sample_size(20);
    group.bench_function("parse", |b| {
        b.iter(|| ingest::backfill(&scans, threads, |_: Batch| Ok::<_, ()>(())));
    });
    let fresh = || TempDir::new_in(folder.path()).unwrap();
    group.bench_function("first run", |b| {
        b.iter_batched(
            fresh,
            |ledger| {
                catch_up(&ledger.path().join("ledger.db"), &roots);
                ledger
            },
            BatchSize::PerIteration,
        );
    });
    let read = fresh();
    let ledger = read.path().join("ledger.db");
    catch_up(&ledger, &roots);
    let writer = Writer::open(&ledger).unwrap();
    group.bench_function("nothing new", |b| b.iter(|| daemon::plan(&writer, &roots).unwrap()));
    group.finish();
}

criterion_group!(benches, claude, codex);
criterion_main!(benches);
