//! What reading costs by agent, side by side: the transcripts that the tests have of each, over and
//! over. Databases are in `rows`.
//!
//! On one core of a cloud machine in November 2026, a second: Claude Code 1.1 GiB, Codex 1.0, Copilot
//! CLI 0.48, Qwen Code 0.45, Gemini CLI 0.31. The tests' chats are short, so this is more calls and less
//! of what tools gave than real ones have: of those `gemini` reads 1.3 GiB on two cores.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spendtop::agents::{Source, adapter};
use spendtop::ingest::{self, Root, Scan};
use spendtop::model::{AgentId, Batch};
use tempfile::TempDir;

/// Of each agent.
const BYTES: usize = 32 << 20;

/// A file of them.
const FILE: usize = 2 << 20;

fn agents(c: &mut Criterion) {
    let mut group = c.benchmark_group("fixtures");
    for agent in AgentId::ALL {
        let files = lines_of(agent);
        let Some((path, _)) = files.first() else { continue };
        let folder = TempDir::new().unwrap();
        let home = folder.path().join(format!(".{agent}"));
        let root = adapter(agent).roots(&home).remove(0);
        let all: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        let text = all.repeat(FILE.div_ceil(all.len()));
        let written = BYTES.div_ceil(text.len());
        for number in 0..written {
            let file = root.join(path.replacen('/', &format!("-{number}/"), 1));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &text).unwrap();
        }
        let roots = [Root { agent, path: root, developer: Arc::from("dev") }];
        let scans: Vec<Scan> = ingest::scan(ingest::discover(&roots), &mut HashMap::new());
        assert_eq!(scans.len(), written, "{agent}");
        group.throughput(Throughput::Bytes((text.len() * written) as u64));
        group.sample_size(10).bench_function(agent.name(), |b| {
            b.iter(|| ingest::backfill(&scans, 1, |_: Batch| Ok::<_, ()>(())));
        });
    }
    group.finish();
}

/// The files of lines of an agent's fixtures, by their path below its first root.
fn lines_of(agent: AgentId) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(agent.name());
    let mut files = Vec::new();
    for scenario in fs::read_dir(folder).unwrap() {
        let home = scenario.unwrap().path().join("home").join(format!(".{agent}"));
        for root in adapter(agent).roots(&home) {
            let mut found = Vec::new();
            walk(&root, &mut found);
            found.retain(|path| adapter(agent).source(path) == Some(Source::Lines));
            files.extend(found.into_iter().map(|path| {
                let below = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                (below, fs::read(&path).unwrap())
            }));
        }
    }
    files.sort();
    files
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

criterion_group!(benches, agents);
criterion_main!(benches);
