//! What a person sees of `OpenCode`: reports, explanations by table and row, and a daemon that follows
//! the database.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::cli_home::Home;
use super::daemon::{Daemon, until};
use super::opencode_db::{Db, schema_of_1};

const OPUS: &str = "claude-opus-5-5";

fn path(home: &Home) -> PathBuf {
    home.path("home/.local/share/opencode/opencode.db")
}

fn database(home: &Home) -> Db {
    fs::create_dir_all(path(home).parent().unwrap()).unwrap();
    let mut db = Db::open(&path(home), &schema_of_1());
    db.session("ses_a", None);
    db
}

#[test]
fn it_is_reported_beside_the_others_and_priced_by_provider() {
    let home = Home::small();
    let mut db = database(&home);
    db.answer("ses_a", OPUS, [1_000_000, 0, 0, 0, 0]);
    db.answer("ses_a", "openai/gpt-5", [1_000_000, 0, 0, 0, 0]);
    db.answer("ses_a", "ollama/qwen3", [7, 1, 0, 0, 0]);
    let report = home.json(&["report", "agent", "--json"]);
    let rows = report["rows"].as_array().unwrap();
    let of = |agent: &str| {
        let is_it = |row: &&serde_json::Value| row.to_string().contains(&format!("\"{agent}\""));
        rows.iter().find(is_it).unwrap_or_else(|| panic!("{report:#}")).clone()
    };
    let ours = of("opencode");
    assert_eq!(ours["calls"], 3, "{ours:#}");
    assert_eq!(ours["unpriced_calls"], 1, "a price that nobody knows is none: {ours:#}");
    assert_eq!(of("claude")["calls"], 3);
    let models = home.json(&["report", "model", "--json"]).to_string();
    for model in [OPUS, "gpt-5", "ollama/qwen3"] {
        assert!(models.contains(&format!("\"{model}\"")), "{models}");
    }
    let doctor = home.run(&["doctor"]).out;
    assert!(doctor.contains("opencode  1 transcript, 3 calls"), "{doctor}");
}

#[test]
fn a_call_is_explained_down_to_table_and_row() {
    let home = Home::new();
    let mut db = database(&home);
    db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]);
    db.fork("ses_a", "ses_b");
    let text = home.out(&["explain", "ses_a"]);
    assert!(text.contains("opencode.db @ part row 1\n"), "{text}");
    assert!(text.contains("opencode.db @ part row 2  a copy in another session"), "{text}");
    let json = home.json(&["explain", "ses_a", "--json"]);
    let kept = &json["calls"][0]["kept"];
    assert_eq!((kept["table"].as_str(), kept["row"].as_u64()), (Some("part"), Some(1)), "{json}");
    assert!(kept.get("offset").is_none());
    let of_copy = home.out(&["explain", "ses_b"]);
    assert!(of_copy.contains("opencode.db @ part row 2"), "{of_copy}");
}

#[test]
fn the_daemon_follows_what_is_written_to_the_wal() {
    let home = super::daemon::home("");
    let mut db = database(&home);
    let _daemon = Daemon::start(&home);
    db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]);
    until("the first call", || home.total().0 == 1);
    let began = Instant::now();
    db.answer("ses_a", OPUS, [20, 1, 0, 0, 0]);
    until("the second call", || home.total().0 == 2);
    // Long before everything would be looked at again.
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(db);
    let mut db = Db::open(&path(&home), "");
    db.connection.execute("DELETE FROM part", []).unwrap();
    db.answer("ses_a", OPUS, [30, 3, 0, 0, 0]);
    until("the third call, in a database that was closed and opened", || home.total().0 == 3);
}
