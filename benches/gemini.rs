//! What reading Gemini CLI's chats costs: in lines, and as the documents of older versions, which are
//! read whole. Two cores of a cloud machine in November 2026 read 1.3 and 1.5 GiB a second.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use spendtop::ingest::{self, Root, Scan};
use spendtop::model::{AgentId, Batch};
use tempfile::TempDir;

const MIB: usize = 32;

/// Answers of one chat.
const ANSWERS: usize = 200;

fn chats(c: &mut Criterion) {
    let mut group = c.benchmark_group("gemini");
    for (name, extension) in [("lines", "jsonl"), ("documents", "json")] {
        let folder = TempDir::new().unwrap();
        write(folder.path(), extension);
        let path = folder.path().to_owned();
        let roots = [Root { agent: AgentId::Gemini, path, developer: Arc::from("dev") }];
        let scans: Vec<Scan> = ingest::scan(ingest::discover(&roots), &mut HashMap::new());
        let threads = available_parallelism().map_or(1, Into::into);
        group.throughput(Throughput::Bytes(scans.iter().map(Scan::new_bytes).sum()));
        group.sample_size(20).bench_function(name, |b| {
            b.iter(|| ingest::backfill(&scans, threads, |_: Batch| Ok::<_, ()>(())));
        });
    }
    group.finish();
}

/// Writes chats until they come to enough.
fn write(tmp: &Path, extension: &str) {
    let chats = tmp.join("shop/chats");
    fs::create_dir_all(&chats).unwrap();
    fs::write(tmp.join("shop/.project_root"), "/home/dev/shop").unwrap();
    let (mut written, mut number) = (0, 0);
    while written < MIB << 20 {
        let mut records = chat(number);
        let text = if extension == "json" {
            let mut document = records.remove(0);
            records.retain(|record| record.get("id").is_some());
            document["messages"] = Value::Array(records);
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            records.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect()
        };
        let name = format!("session-2026-11-20T09-00-{number:08x}.{extension}");
        fs::write(chats.join(name), &text).unwrap();
        written += text.len();
        number += 1;
    }
}

/// The records of a chat. Each answer is told twice, the second time with its tool.
fn chat(number: usize) -> Vec<Value> {
    let id = |kind: usize, step: usize| format!("{number:08x}-{step:04x}-4000-8000-{kind:012x}");
    let at = |step: usize, ms: usize| {
        format!("2026-11-20T{:02}:{:02}:{:02}.{ms:03}Z", 9 + step / 3600, step / 60 % 60, step % 60)
    };
    let head = json!({"sessionId": id(0, 0), "projectHash": "8c71", "startTime": at(0, 0),
        "lastUpdated": at(0, 0), "kind": "main"});
    let mut lines = vec![head];
    for step in 1..=ANSWERS {
        let output = format!("line {step} of a file that was read\n").repeat(20 + step % 40);
        let call = format!("read_file_{number}_{step}");
        let given = json!([{"functionResponse": {"id": call, "name": "read_file",
            "response": {"output": output}}}]);
        if step % 20 == 1 {
            let prompt = json!([{"text": "please look at the next module and tell what is wrong"}]);
            lines.push(json!({"id": id(1, step), "timestamp": at(step, 0), "type": "user",
                "content": prompt}));
        }
        let mut answer = json!({"id": id(2, step), "timestamp": at(step, 300), "type": "gemini",
            "content": "I will read the file to see what it does before I change it.",
            "thoughts": [{"subject": "Plan", "description": "read first, then decide"}],
            "tokens": {"input": 9000 + 90 * step, "output": 120 + step, "cached": 8000,
                "thoughts": 60, "tool": 0, "total": 9180 + 91 * step},
            "model": "gemini-2.5-pro"});
        lines.push(answer.clone());
        lines.push(json!({"$set": {"lastUpdated": at(step, 300)}}));
        answer["toolCalls"] = json!([{"id": call, "name": "read_file", "status": "success",
            "args": {"file_path": format!("/home/dev/shop/src/module_{step}.rs")},
            "result": given, "timestamp": at(step, 500), "resultDisplay": output,
            "displayName": "ReadFile", "renderOutputAsMarkdown": true}]);
        lines.push(answer);
        lines.push(json!({"id": id(3, step), "timestamp": at(step, 510), "type": "user",
            "content": given}));
    }
    lines
}

criterion_group!(benches, chats);
criterion_main!(benches);
