//! What reading transcripts costs: parsing alone, into an empty ledger, and when nothing is new.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use spendtop::config::Config;
use spendtop::daemon::{self, Book};
use spendtop::ingest::{self, Root, Scan};
use spendtop::ledger::Writer;
use spendtop::model::{AgentId, Batch, Millis};
use tempfile::TempDir;

#[allow(dead_code, reason = "a program of its own, of which this needs the corpus")]
#[path = "corpus.rs"]
mod corpus;

const MIB: u64 = 32;
const NOW: Millis = Millis(1_795_448_454_838);

/// Reads everything below the roots into a ledger.
fn catch_up(ledger: &Path, roots: &[Root]) {
    let mut writer = Writer::open(ledger).unwrap();
    let book = Book::with_user_prices(Book::base(None), &Config::default()).unwrap();
    let mut pricing = book.pricing(NOW);
    daemon::catch_up(&mut writer, roots, &mut pricing, &mut |_| {}).unwrap();
}

fn ingest(c: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let options = corpus::Options { dir: folder.path().to_owned(), mib: MIB, seed: 1 };
    corpus::write_corpus(&options).unwrap();
    let roots = [Root {
        agent: AgentId::Claude,
        path: folder.path().join("home/.claude/projects"),
        developer: Arc::from("dev"),
    }];
    let scans: Vec<Scan> = ingest::scan(ingest::discover(&roots), &mut HashMap::new());
    let threads = available_parallelism().map_or(1, Into::into);

    let mut group = c.benchmark_group("ingest");
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
    let ledger = folder.path().join("ledger.db");
    catch_up(&ledger, &roots);
    let writer = Writer::open(&ledger).unwrap();
    group.bench_function("nothing new", |b| b.iter(|| daemon::plan(&writer, &roots).unwrap()));
    group.finish();
}

criterion_group!(benches, ingest);
criterion_main!(benches);
