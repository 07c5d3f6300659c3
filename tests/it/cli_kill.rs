//! `kill -9` at any moment of a backfill: a restart goes on, and every total is as if nothing had
//! happened.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use spendtop::ledger::Writer;

use super::cli_home::{Home, ran};
use super::dump;
use super::harness::append_to;

/// Kills that must hit a backfill at work.
const KILLS: u32 = 50;

/// A debug build commits every 1,024 calls, and reads in bulk beyond 4 MiB: enough of both, in what
/// takes little time to read.
const SESSIONS: u32 = 60;
const CALLS_PER_SESSION: u32 = 130;

/// Every reading that must agree.
const READINGS: [&[&str]; 7] = [
    &["report", "daily", "--json"],
    &["report", "session", "--json", "--by", "model"],
    &["report", "project", "--csv"],
    &["report", "monthly", "--json", "--tz", "Asia/Kolkata"],
    &["turns", "--json"],
    &["metrics", "loops", "--json"],
    &["report", "daily", "--turns", "--json"],
];

#[test]
fn a_backfill_killed_at_any_moment_ends_with_the_totals_of_one_that_was_not() {
    let home = Home::new();
    write_corpus(&home);
    let whole = home.path("whole/ledger.db");
    let started = Instant::now();
    assert_eq!(ran(ingest(&home, &whole)).code, 0);
    let takes = started.elapsed();
    let expected = READINGS.map(|reading| read(&home, &whole, reading));
    let calls = u64::from(SESSIONS * CALLS_PER_SESSION);
    for report in [&expected[0], &expected[1], &expected[3]] {
        let report: serde_json::Value = serde_json::from_str(report).unwrap();
        assert_eq!(report["total"]["calls"], calls);
    }
    let expected_dump = dump::dump(&whole);

    let mut rng = Rng(20_261_123);
    let (mut kills, mut ledgers) = (0, 0);
    while kills < KILLS {
        let db = home.path(&format!("killed-{ledgers}/ledger.db"));
        // A ledger that is there is filled in its place, step by step.
        let is_there = ledgers % 2 == 1;
        if is_there {
            Writer::open(&db).unwrap();
        }
        // One to four kills on one ledger, some as soon as it has been started again.
        for restarts in 0..=rng.below(4) {
            let at_once = rng.below(5) == 0;
            // The more often it was started, the less is left to do.
            let span = if at_once { takes / 20 } else { takes / (1 + restarts as u32) };
            let was_killed = kill(&home, &db, span.mul_f64(rng.fraction()));
            kills += u32::from(was_killed);
            if !is_there && db.exists() {
                assert_eq!(dump::dump(&db), expected_dump, "a new one is whole or not there");
            }
        }
        assert_eq!(ran(ingest(&home, &db)).code, 0);
        assert_eq!(read(&home, &db, READINGS[0]), expected[0], "ledger {ledgers}");
        if ledgers % 6 == 0 {
            for (reading, expected) in READINGS.iter().zip(&expected).skip(1) {
                assert_eq!(read(&home, &db, reading), *expected, "ledger {ledgers}");
            }
            assert_eq!(dump::dump(&db), expected_dump, "ledger {ledgers}");
        }
        fs::remove_dir_all(db.parent().unwrap()).unwrap();
        ledgers += 1;
    }
}

fn ingest(home: &Home, db: &Path) -> std::process::Command {
    let mut command = home.command(&["ingest"]);
    command.env("SPENDTOP_DB", db);
    command
}

fn read(home: &Home, db: &Path, args: &[&str]) -> String {
    let mut command = home.command(args);
    command.env("SPENDTOP_DB", db);
    let ran = ran(command);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

/// Tells whether the kill came before the end.
fn kill(home: &Home, db: &Path, after: Duration) -> bool {
    let mut child = ingest(home, db).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap().signal() == Some(9)
}

/// Sessions of calls in two records each, the first an early snapshot, the second using a tool; a
/// prompt every forty calls, so that most kills come in mid-turn; every tenth session also forked,
/// its calls copied under a new session id.
pub fn write_corpus(home: &Home) {
    for session in 0..SESSIONS {
        let mut text = String::new();
        for call in 0..CALLS_PER_SESSION {
            write_call(&mut text, session, call);
        }
        let project = home.projects().join(format!("p{}", session % 7));
        append_to(&project.join(format!("s{session}.jsonl")), text.as_bytes());
        if session % 10 == 0 {
            let fork = text.replace(&format!("\"s{session}\""), &format!("\"f{session}\""));
            append_to(&project.join(format!("f{session}.jsonl")), fork.as_bytes());
        }
    }
}

fn write_call(text: &mut String, session: u32, call: u32) {
    if call.is_multiple_of(40) {
        write_prompt(text, session, call);
    }
    let model = ["claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-5-5"][(call % 3) as usize];
    for (part, output) in [1, 20 + call].into_iter().enumerate() {
        // A third of the calls is on one line, as most answers are.
        if part == 0 && call.is_multiple_of(3) {
            continue;
        }
        let stop = if part == 0 { "null" } else { "\"end_turn\"" };
        writeln!(
            text,
            "{{\"type\":\"assistant\",\"uuid\":\"u{session}-{call}-{part}\",\"sessionId\":\
             \"s{session}\",\"timestamp\":\"{}.000Z\",\"cwd\":\
             \"/w/p{}\",\"gitBranch\":\"main\",\"requestId\":\"req_{session}_{call}\",\"message\":\
             {{\"id\":\"msg_01s{session}c{call}\",\"role\":\"assistant\",\"model\":\"{model}\",\
             \"content\":[{}],\"stop_reason\":{stop},\"usage\":{{\"input_tokens\":{call},\
             \"output_tokens\":{output},\"cache_read_input_tokens\":{}}}}}}}",
            time(session, call),
            session % 7,
            if part == 0 { String::new() } else { tool_use(session, call) },
            call * 31,
        )
        .unwrap();
    }
    write_result(text, session, call);
}

fn tool_use(session: u32, call: u32) -> String {
    format!(
        "{{\"type\":\"tool_use\",\"id\":\"toolu_{session}_{call}\",\"name\":\"Bash\",\"input\":\
         {{\"command\":\"make {}\",\"description\":\"{call}\"}}}}",
        call / 5
    )
}

/// Every seventh fails.
fn write_result(text: &mut String, session: u32, call: u32) {
    writeln!(
        text,
        "{{\"type\":\"user\",\"uuid\":\"r{session}-{call}\",\"sessionId\":\"s{session}\",\"timestamp\":\
         \"{}.500Z\",\"message\":{{\"role\":\"user\",\"content\":[{{\"type\":\"tool_result\",\
         \"tool_use_id\":\"toolu_{session}_{call}\",\"content\":\"done\",\"is_error\":{}}}]}}}}",
        time(session, call),
        call.is_multiple_of(7),
    )
    .unwrap();
}

fn write_prompt(text: &mut String, session: u32, call: u32) {
    writeln!(
        text,
        "{{\"type\":\"user\",\"uuid\":\"p{session}-{call}\",\"sessionId\":\"s{session}\",\"timestamp\":\
         \"{}.000Z\",\"promptId\":\"prompt-{session}-{call}\",\"message\":{{\"role\":\"user\",\
         \"content\":\"go on\"}}}}",
        time(session, call),
    )
    .unwrap();
}

fn time(session: u32, call: u32) -> String {
    let (day, hour) = (1 + session % 20, call / 60 % 24);
    format!("2026-11-{day:02}T{hour:02}:{:02}:{:02}", call % 60, session % 60)
}

/// A small generator of numbers, the same in every run.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
