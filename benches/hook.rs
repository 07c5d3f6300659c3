//! How long an agent waits for its hook: the real program, from start to exit, over a ledger of a
//! million calls, at the end of a week and a month.
//!
//! `cargo bench --bench hook [-- RUNS] [OTHER PROGRAM]...`; several programs are measured in turns.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde_json::json;

const CALLS: i64 = 1_000_000;
const DAYS: i64 = 180;
const SESSIONS_PER_DAY: i64 = 40;
/// Threads of a session: its own and its subagents'.
const THREADS: i64 = 4;
const NOW: &str = "2026-11-29T12:00:00Z";
/// The same in milliseconds.
const NOW_MS: i64 = 1_795_953_600_000;
const DAY_MS: i64 = 86_400_000;

fn main() {
    let args = || std::env::args().skip(1);
    let runs = args().find_map(|arg| arg.parse().ok()).unwrap_or(1000);
    let others = args().map(PathBuf::from).filter(|arg| arg.is_file());
    let programs = others.chain([env!("CARGO_BIN_EXE_spendtop").into()]);
    let folder = tempfile::tempdir().unwrap();
    let labs: Vec<Lab> = programs
        .enumerate()
        .map(|(number, program)| Lab::new(folder.path().join(number.to_string()), program))
        .collect();
    println!("{CALLS} calls, {} MB", fs::metadata(labs[0].db()).unwrap().len() >> 20);
    let rows: [(&str, &str, &str, &str); 9] = [
        ("no cap", "", "PostToolUse", "A"),
        ("far from a daily cap", "daily_cap = 1000000\naction = \"kill\"", "PostToolUse", "A"),
        (
            "a call the ledger does not have",
            "daily_cap = 1000000\naction = \"kill\"",
            "PreToolUse",
            "B",
        ),
        ("five caps, a month among them", FIVE, "PostToolUse", "A"),
        ("the same, far from Greenwich", &format!("{FAR_OFF}{FIVE}"), "PostToolUse", "A"),
        ("over a daily cap", "daily_cap = 1\naction = \"kill\"", "PreToolUse", "A"),
        ("over it, at a prompt", "daily_cap = 1\naction = \"block\"", "UserPromptSubmit", "A"),
        ("over one that flags", "daily_cap = 1\naction = \"flag\"", "PostToolUse", "A"),
        ("another event", "daily_cap = 1\naction = \"kill\"", "Stop", "A"),
    ];
    println!("{:<34}{:>9}{:>9}{:>9}   ms", "", "p50", "p99", "max");
    for (name, config, event, session) in rows {
        for lab in &labs {
            lab.configure(config);
            for _ in 0..20 {
                lab.time(event, session);
            }
        }
        let mut times = vec![Vec::with_capacity(runs); labs.len()];
        for _ in 0..runs {
            for (lab, times) in labs.iter().zip(&mut times) {
                times.push(lab.time(event, session));
            }
        }
        for (lab, times) in labs.iter().zip(&mut times) {
            times.sort_unstable();
            let ms = |part: f64| {
                let at = ((times.len() - 1) as f64 * part).round() as usize;
                times[at].as_secs_f64() * 1000.0
            };
            let (p50, p99, max) = (ms(0.5), ms(0.99), ms(1.0));
            let program =
                if labs.len() > 1 { lab.program.display().to_string() } else { String::new() };
            println!("{name:<34}{p50:>9.2}{p99:>9.2}{max:>9.2}   {program}");
        }
    }
}

const FAR_OFF: &str = "timezone = \"America/Los_Angeles\"\n";
const FIVE: &str = "daily_cap = 1000000\naction = \"kill\"
[[cap]]\nname = \"hour\"\nperiod = \"hour\"\nlimit = 100000
[[cap]]\nname = \"week\"\nscope = \"project\"\nperiod = \"week\"\nlimit = 100000
[[cap]]\nname = \"month\"\nscope = \"model\"\nperiod = \"month\"\nlimit = 100000
[[cap]]\nname = \"session\"\nscope = \"session\"\nperiod = \"session\"\nlimit = 100000";

struct Lab {
    home: PathBuf,
    program: PathBuf,
}

impl Lab {
    /// Half a year of one busy developer, and two sessions of today: all of one is in the ledger.
    fn new(home: PathBuf, program: PathBuf) -> Self {
        let lab = Self { home, program };
        fs::create_dir_all(lab.transcript("A").parent().unwrap()).unwrap();
        // The program's own schema, whichever it is.
        lab.ingest();
        let db = Connection::open(lab.db()).unwrap();
        db.execute_batch("PRAGMA synchronous = OFF; BEGIN").unwrap();
        fill(&db);
        db.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop(db);
        lab.append("A", 0..400);
        lab.ingest();
        lab.append("B", 0..1);
        lab
    }

    fn ingest(&self) {
        assert!(self.command(&["ingest"]).stdout(Stdio::null()).status().unwrap().success());
    }

    fn db(&self) -> PathBuf {
        self.home.join(".local/share/spendtop/ledger.db")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("HOME", &self.home).env("USER", "dev").env("TZ", "UTC");
        command.args(args).args(["--now", NOW]);
        command
    }

    fn configure(&self, text: &str) {
        let path = self.home.join(".config/spendtop/config.toml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let (first, tables) = text.split_at(text.find("[[").unwrap_or(text.len()));
        fs::write(path, format!("{first}\n[notify]\ndesktop = false\n{tables}")).unwrap();
    }

    fn transcript(&self, session: &str) -> PathBuf {
        self.home.join(format!(".claude/projects/-p/{session}.jsonl"))
    }

    fn append(&self, session: &str, calls: std::ops::Range<u32>) {
        let mut text = String::new();
        for call in calls {
            let line = json!({
                "type": "assistant", "uuid": format!("u{session}{call}"), "sessionId": session,
                "timestamp": "2026-11-29T11:00:00.000Z", "cwd": "/home/dev/p1", "gitBranch": "main",
                "requestId": format!("req_{session}{call}"),
                "message": {"id": format!("msg_01{session}{call}"), "model": "claude-opus-5-5",
                    "stop_reason": "end_turn", "content": [{"type": "text", "text": "x".repeat(2000)}],
                    "usage": {"input_tokens": 10, "output_tokens": 500,
                        "cache_read_input_tokens": 60_000}},
            });
            writeln!(text, "{line}").unwrap();
        }
        let path = self.transcript(session);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn time(&self, event: &str, session: &str) -> Duration {
        let stdin = json!({
            "session_id": session, "transcript_path": self.transcript(session),
            "cwd": "/home/dev/p1", "hook_event_name": event, "tool_name": "Bash",
            "tool_input": {"command": "cargo test"}, "tool_use_id": "toolu_01",
            "tool_response": {"stdout": "x".repeat(4000)},
        })
        .to_string();
        let mut command = self.command(&["hook", "run", "claude"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let took = began.elapsed();
        assert!(output.status.success());
        took
    }
}

fn fill(db: &Connection) {
    let name = |text: &str| -> i64 {
        let sql = "INSERT INTO name (text) VALUES (?1) RETURNING id";
        db.query_row(sql, [text], |row| row.get(0)).unwrap()
    };
    let nothing = name("");
    let developer = name("dev");
    let branch = name("main");
    let models = [name("claude-opus-5-5"), name("claude-haiku-5-5")];
    let projects: Vec<i64> = (0..20).map(|n| name(&format!("/home/dev/p{n}"))).collect();
    let mut session_row =
        db.prepare("INSERT INTO session (agent, session_id) VALUES (1, ?1)").unwrap();
    let mut attribution = db
        .prepare(
            "INSERT INTO attribution (session, subagent, project, branch, model, developer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .unwrap();
    let mut source = db
        .prepare(
            "INSERT INTO source (path, agent, dev, ino, size, mtime_ns, ctime_ns, \"offset\",
                 anchor, unparsed, oversized) VALUES (?1, 1, 1, ?2, 1, 1, 1, 1, 1, 0, 0)",
        )
        .unwrap();
    let mut call = db
        .prepare(
            "INSERT INTO call (group_key, call_id, request_id, kind, attribution, standing, shared,
                 flags, at, source, \"offset\", input_tokens, output_tokens, cache_read_tokens,
                 cache_write_5m_tokens, cache_write_1h_tokens, web_searches, reasoning_tokens,
                 longest_prompt, qualifiers, cost_pico, cost_status, multiplier_ppm)
             VALUES (?1, ?2, ?3, 0, ?4, 0, 0, 1, ?5, ?6, ?7, 10, 500, 60000, 0, 0, 0, 0, 0, 0,
                 22040000000, 1, 1000000)",
        )
        .unwrap();
    let sessions = DAYS * SESSIONS_PER_DAY;
    let mut made = 0;
    for number in 0..sessions {
        session_row.execute([format!("session-{number:08}")]).unwrap();
        let session = db.last_insert_rowid();
        for thread in 0..THREADS {
            let subagent = if thread == 0 { nothing } else { name(&format!("a{number}-{thread}")) };
            let project = projects[(number % 20) as usize];
            let model = models[(thread % 2) as usize];
            attribution
                .execute(params![session, subagent, project, branch, model, developer])
                .unwrap();
            let to = db.last_insert_rowid();
            source.execute(params![format!("/gone/{number}/{thread}.jsonl"), to]).unwrap();
            let file = db.last_insert_rowid();
            // Spread evenly: the last session of half a year is as long as the first.
            let due = CALLS * (number * THREADS + thread + 1) / (sessions * THREADS);
            for step in 0..due - made {
                let key = made.wrapping_mul(0x5851_f42d_4c95_7f2d);
                let start = NOW_MS - (sessions - number) * DAY_MS / SESSIONS_PER_DAY;
                let at = start + step * 60_000;
                let (id, request) = (format!("msg_01{key:x}"), format!("req_{key:x}"));
                call.execute(params![key, id, request, to, at, file, step * 3000]).unwrap();
                made += 1;
            }
        }
    }
    db.execute_batch(
        "INSERT INTO rollup SELECT at / 900000, attribution, count(*), sum(input_tokens),
             sum(output_tokens), sum(cache_read_tokens), 0, 0, 0, 0, sum(cost_pico), 0, 0
         FROM call GROUP BY at / 900000, attribution",
    )
    .unwrap();
    // Earlier programs had no sums by day.
    let has_days = db.prepare("SELECT day FROM day_sum").is_ok();
    if has_days {
        db.execute_batch(
            "INSERT INTO day_sum SELECT quarter / 96, agent, developer, project, branch, model,
                 sum(calls), 0, sum(cost_pico)
             FROM rollup
             JOIN attribution ON attribution.id = rollup.attribution
             JOIN session ON session.id = attribution.session
             GROUP BY quarter / 96, agent, developer, project, branch, model",
        )
        .unwrap();
    }
}
