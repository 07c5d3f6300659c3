//! What reading an agent's database costs: all of it into an empty ledger, one more step of many, and
//! when nothing is new. A cloud machine in November 2026: 148,000 rows a second, the ledger's work
//! included; a step more 0.9 ms, nothing new 13 µs.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rusqlite::{Connection, params};
use spendtop::config::Config;
use spendtop::daemon::{self, Book};
use spendtop::ingest::Root;
use spendtop::ledger::Writer;
use spendtop::model::{AgentId, Millis};
use tempfile::TempDir;

const ANSWERS: i64 = 25_000;
const ANSWERS_OF_SESSION: i64 = 50;
const NOW: Millis = Millis(1_795_448_454_838);

/// A database of [`ANSWERS`] answers, each a message with three parts: 100,000 rows in all.
fn write(path: &Path) -> Connection {
    let mut db = Connection::open(path).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.execute_batch(
        "CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text,
             time_created integer, time_updated integer);
         CREATE TABLE message (id text PRIMARY KEY, session_id text, time_created integer,
             time_updated integer, data text);
         CREATE TABLE part (id text PRIMARY KEY, message_id text, session_id text,
             time_created integer, time_updated integer, data text);
         CREATE INDEX part_message ON part (message_id, id);",
    )
    .unwrap();
    let transaction = db.transaction().unwrap();
    for number in 0..ANSWERS {
        if number % ANSWERS_OF_SESSION == 0 {
            let session = number / ANSWERS_OF_SESSION;
            let parent = (session % 4 == 3).then(|| format!("ses_{}", session - 1));
            let row = params![format!("ses_{session}"), parent, at(number)];
            let sql = "INSERT INTO session VALUES (?1, ?2, '/home/dev/shop', ?3, ?3)";
            transaction.execute(sql, row).unwrap();
        }
        answer(&transaction, number);
    }
    transaction.commit().unwrap();
    db
}

fn at(number: i64) -> i64 {
    NOW.0 - (ANSWERS - number) * 20_000
}

fn answer(db: &Connection, number: i64) {
    let (made, session) = (at(number), number / ANSWERS_OF_SESSION);
    let (id, session) = (format!("msg_{number:08}"), format!("ses_{session}"));
    let tokens = format!(
        r#"{{"total":{},"input":{},"output":{},"reasoning":20,"cache":{{"read":40000,"write":900}}}}"#,
        number + 41_320,
        100 + number,
        300,
    );
    let data = format!(
        r#"{{"role":"assistant","agent":"build","path":{{"cwd":"/home/dev/shop","root":"/"}},"cost":0.02,"tokens":{tokens},"modelID":"claude-sonnet-4-5","providerID":"anthropic","time":{{"created":{made},"completed":{}}},"finish":"tool-calls"}}"#,
        made + 9000,
    );
    let insert = "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5)";
    db.execute(insert, params![id, session, made, made + 9000, data]).unwrap();
    let output = "a line of what the tool gave\\n".repeat(60);
    let tool = format!(
        r#"{{"type":"tool","tool":"bash","callID":"call_{number}","state":{{"status":"completed","input":{{"command":"cargo check {number}","description":"Checks"}},"output":"{output}","metadata":{{"exit":0}},"time":{{"start":{},"end":{}}}}}}}"#,
        made + 3000,
        made + 8000,
    );
    let end =
        format!(r#"{{"reason":"tool-calls","type":"step-finish","tokens":{tokens},"cost":0.02}}"#);
    for (place, data) in [r#"{"type":"step-start"}"#, &tool, &end].into_iter().enumerate() {
        let insert = "INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?4, ?5)";
        let part = format!("prt_{number:08}_{place}");
        db.execute(insert, params![part, id, session, made + 8500, data]).unwrap();
    }
}

fn catch_up(ledger: &Path, roots: &[Root]) {
    let mut writer = Writer::open(ledger).unwrap();
    let book = Book::with_user_prices(Book::base(None), &Config::default()).unwrap();
    let mut pricing = book.pricing(NOW);
    daemon::catch_up(&mut writer, roots, &mut pricing, &mut |_| {}).unwrap();
}

fn rows(c: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let home = folder.path().join("opencode");
    std::fs::create_dir(&home).unwrap();
    let db = write(&home.join("opencode.db"));
    let roots = [Root { agent: AgentId::OpenCode, path: home, developer: Arc::from("dev") }];

    let mut group = c.benchmark_group("rows");
    group.throughput(Throughput::Elements(ANSWERS as u64 * 4)).sample_size(10);
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
    let mut writer = Writer::open(&ledger).unwrap();
    group.throughput(Throughput::Elements(1)).sample_size(50);
    group.bench_function("nothing new", |b| b.iter(|| daemon::plan(&writer, &roots).unwrap()));
    let book = Book::with_user_prices(Book::base(None), &Config::default()).unwrap();
    let mut pricing = book.pricing(NOW);
    let mut number = ANSWERS;
    group.bench_function("one more step", |b| {
        b.iter_batched(
            || {
                number += 1;
                answer(&db, number);
            },
            |()| {
                let plan = daemon::plan(&writer, &roots).unwrap();
                plan.run(&mut writer, &mut pricing, &mut |_| {}).unwrap()
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, rows);
criterion_main!(benches);
