//! The rules by which `OpenCode`'s rows are counted, each by a small database.

use serde_json::json;

use super::harness::Lab;
use super::opencode_db::{Counts, Db, NOON, answer, lab, tokens};

pub const OPUS: &str = "claude-opus-5";

/// The calls that count, without their names: session and counts.
pub fn counted(lab: &Lab) -> Vec<String> {
    lab.ingest();
    let short = |row: &String| {
        let words: Vec<&str> = row.split(' ').collect();
        format!("{} {}", words[0], words[2])
    };
    lab.counted().iter().map(short).collect()
}

#[test]
fn a_row_without_counts_is_not_yet_a_call() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    let mut data = answer(NOON, OPUS);
    db.message("msg_1", "ses_a", &data);
    assert_eq!(counted(&lab), Vec::<String>::new());
    // In place, at the very time of the row before.
    data["tokens"] = tokens([7, 3, 0, 0, 0]);
    db.set_message("msg_1", NOON, &data);
    assert_eq!(counted(&lab), ["ses_a 7/3/0/0/0"]);
    data["time"]["completed"] = json!(NOON + 9);
    db.set_message("msg_1", NOON + 9, &data);
    assert_eq!(counted(&lab), ["ses_a 7/3/0/0/0"]);
}

#[test]
fn the_classes_are_apart_and_reasoning_is_output() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [100, 50, 450, 600, 300]);
    assert_eq!(counted(&lab), ["ses_a 100/500/300/0/600"]);
    assert!(lab.dump().iter().any(|row| row.contains("thinking=Some(450)")));
}

#[test]
fn every_step_of_an_answer_is_a_call_and_the_answer_is_none_beside_them() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    let mut data = answer(NOON, OPUS);
    db.message("msg_1", "ses_a", &data);
    let steps: [Counts; 3] = [[10, 1, 0, 0, 0], [20, 2, 0, 5, 0], [30, 3, 0, 6, 0]];
    for counts in steps {
        db.end_of_step("msg_1", "ses_a", "tool-calls", counts);
        // The answer has those of its latest step.
        data["tokens"] = tokens(counts);
        let at = db.tick();
        db.set_message("msg_1", at, &data);
        lab.ingest();
    }
    let expected = ["ses_a 10/1/0/0/0", "ses_a 20/2/0/0/5", "ses_a 30/3/0/0/6"];
    assert_eq!(counted(&lab), expected);
}

#[test]
fn nothing_is_skipped_when_the_clock_is_set_back() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]);
    let mut data = answer(NOON - 90_000, OPUS);
    db.message_at("msg_old", "ses_a", NOON - 90_000, &data.to_string());
    lab.ingest();
    // An hour back: both a new row and one that was begun before.
    data["tokens"] = tokens([20, 2, 0, 0, 0]);
    data["time"]["completed"] = json!(NOON - 3_600_000);
    db.set_message("msg_old", NOON - 3_600_000, &data);
    let made = NOON - 3_599_000;
    let message = answer(made, OPUS).to_string();
    db.message_at("msg_new", "ses_a", made, &message);
    let end = json!({"type": "step-finish", "tokens": tokens([30, 3, 0, 0, 0])}).to_string();
    db.part_at("prt_new", "msg_new", "ses_a", made, &end);
    let mut found = counted(&lab);
    found.sort();
    assert_eq!(found, ["ses_a 10/1/0/0/0", "ses_a 20/2/0/0/0", "ses_a 30/3/0/0/0"]);
}

#[test]
fn rows_that_get_the_numbers_of_rows_that_were_taken_away_are_read() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]);
    let undone = db.answer("ses_a", OPUS, [20, 2, 0, 0, 0]);
    assert_eq!(counted(&lab).len(), 2);
    // Taken back by a person: it was billed all the same.
    db.connection.execute("DELETE FROM message WHERE id = ?1", [&undone]).unwrap();
    db.connection.execute("DELETE FROM part WHERE message_id = ?1", [&undone]).unwrap();
    db.answer("ses_a", OPUS, [30, 3, 0, 0, 0]);
    let expected = ["ses_a 10/1/0/0/0", "ses_a 20/2/0/0/0", "ses_a 30/3/0/0/0"];
    assert_eq!(counted(&lab), expected);
}

#[test]
fn a_vacuum_and_a_new_file_change_nothing() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    for number in 1..6 {
        db.answer("ses_a", OPUS, [number, number, 0, 0, 0]);
    }
    let before = counted(&lab);
    assert_eq!(before.len(), 5);
    db.connection.execute("DELETE FROM part WHERE rowid < 3", []).unwrap();
    db.checkpoint();
    db.connection.execute_batch("VACUUM").unwrap();
    db.answer("ses_a", OPUS, [6, 6, 0, 0, 0]);
    assert_eq!(counted(&lab).len(), 6);
}

#[test]
fn a_fork_is_counted_once_and_for_the_session_that_was_forked() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]);
    db.answer("ses_a", OPUS, [20, 2, 0, 0, 0]);
    db.fork("ses_a", "ses_b");
    db.answer("ses_b", OPUS, [30, 3, 0, 0, 0]);
    db.fork("ses_b", "ses_c");
    let expected = ["ses_a 10/1/0/0/0", "ses_a 20/2/0/0/0", "ses_b 30/3/0/0/0"];
    assert_eq!(counted(&lab), expected);
    // Only what was done in a session is told of it.
    let turns = lab.dump();
    assert!(turns.iter().all(|row| !row.starts_with("turn ses_c")));
}

#[test]
fn what_was_copied_before_its_original_was_read_is_dated_by_the_original() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]);
    let ended = NOON + 3000;
    db.fork("ses_a", "ses_b");
    db.connection.execute("DELETE FROM session WHERE id = 'ses_a'", []).unwrap();
    assert_eq!(counted(&lab), ["ses_b 10/1/0/0/0"]);
    let at: i64 = rusqlite::Connection::open(lab.db())
        .unwrap()
        .query_row("SELECT at FROM call", [], |row| row.get(0))
        .unwrap();
    assert!(at <= ended + 1000, "{at}");
}

#[test]
fn subagents_are_their_root_sessions() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.session("ses_b", Some("ses_a"));
    db.session("ses_c", Some("ses_b"));
    db.session("ses_d", Some("ses_gone"));
    for (number, session) in [(1, "ses_a"), (2, "ses_b"), (3, "ses_c"), (4, "ses_d")] {
        db.answer(session, OPUS, [number, 1, 0, 0, 0]);
    }
    let expected = [
        "ses_a 1/1/0/0/0",
        "ses_a/ses_b 2/1/0/0/0",
        "ses_a/ses_c 3/1/0/0/0",
        "ses_gone/ses_d 4/1/0/0/0",
    ];
    assert_eq!(counted(&lab), expected);
}

#[test]
fn backups_are_no_data_and_other_channels_are() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]);
    let into = |name: &str| {
        let path = lab.projects().join(name);
        db.connection.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    };
    into("opencode-backup.db");
    into("opencode-dev.db");
    assert_eq!(counted(&lab), ["ses_a 10/1/0/0/0"]);
    let mut sources: Vec<String> = lab
        .reader()
        .sources()
        .unwrap()
        .keys()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    sources.sort();
    assert_eq!(sources, ["opencode-dev.db", "opencode.db"]);
}

#[test]
fn messages_in_files_of_their_own_are_read_and_are_the_same_calls_in_a_database() {
    let lab = lab();
    let write = |session: &str, id: &str, data: &serde_json::Value| {
        let mut data = data.clone();
        (data["id"], data["sessionID"]) = (json!(id), json!(session));
        let file = format!("storage/message/{session}/{id}.json");
        lab.append_bytes(&file, data.to_string().as_bytes());
    };
    let mut data = answer(NOON + 2000, OPUS);
    write("ses_a", "msg_none", &data);
    data["tokens"] = tokens([10, 1, 0, 0, 0]);
    data["time"]["completed"] = json!(NOON + 4000);
    write("ses_a", "msg_1", &data);
    data["time"]["created"] = json!(NOON + 3000);
    write("ses_b", "msg_2", &data);
    write("ses_a", "msg_user", &json!({"role": "user", "time": {"created": NOON}}));
    lab.append_bytes("storage/message/ses_a/msg_torn.json", b"{\"role\":\"assist");
    lab.append_bytes("storage/session/global/ses_a.json", b"{}");
    lab.append_bytes("log/msg_3.json", b"{}");
    assert_eq!(counted(&lab), ["ses_a 10/1/0/0/0", "ses_b 10/1/0/0/0"]);
    assert_eq!(lab.reader().sources().unwrap().len(), 5);
    assert_eq!(lab.total().not_final_calls, 2, "of several steps a message has the last");
    // The client that first had a database took them over.
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    assert_eq!(db.answer("ses_a", OPUS, [10, 1, 0, 0, 0]), format!("msg_{}", NOON + 2000));
    assert_eq!(counted(&lab), ["ses_a 10/1/0/0/0", "ses_b 10/1/0/0/0"]);
    assert_eq!(lab.total().not_final_calls, 1, "a database has all of them");
}

#[test]
fn prompts_tools_failures_and_compactions_are_told() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.message("msg_0", "ses_a", &json!({"role": "user", "time": {"created": NOON + 1000}}));
    db.part("msg_0", "ses_a", &json!({"type": "text", "text": "do it"}));
    db.part("msg_0", "ses_a", &json!({"type": "text", "text": "go on", "synthetic": true}));
    let made = db.tick();
    db.message("msg_1", "ses_a", &answer(made, OPUS));
    let tool = |id: &str, output: &str| {
        json!({"type": "tool", "callID": id, "tool": "bash", "state": {
            "status": "completed", "input": {"command": "ls"}, "output": output,
            "metadata": {"exit": 0}, "time": {"start": made + 1, "end": made + 2}}})
    };
    db.part("msg_1", "ses_a", &tool("call_1", "a"));
    db.end_of_step("msg_1", "ses_a", "tool-calls", [10, 1, 0, 0, 0]);
    db.part("msg_1", "ses_a", &tool("call_2", "b"));
    db.end_of_step("msg_1", "ses_a", "stop", [20, 2, 0, 0, 0]);
    db.message("msg_2", "ses_a", &json!({"role": "user", "time": {"created": made + 9000}}));
    db.part("msg_2", "ses_a", &json!({"type": "compaction", "auto": true}));
    let mut failed = answer(made + 9500, OPUS);
    failed["error"] = json!({"name": "APIError", "data": {"statusCode": 529}});
    db.message("msg_3", "ses_a", &failed);
    let mut broken_off = answer(made + 9600, OPUS);
    broken_off["error"] = json!({"name": "MessageAbortedError"});
    db.message("msg_4", "ses_a", &broken_off);
    lab.ingest();
    let dump = lab.dump();
    let all = |kind: &str| dump.iter().filter(|row| row.starts_with(kind)).count();
    // The turn, as a row and as a screen reads it.
    assert_eq!(all("turn ses_a/ "), 2, "{dump:#?}");
    assert_eq!(all("incident ses_a/ "), 2, "a compaction and a failure: {dump:#?}");
    let tools =
        |id: &str| dump.iter().filter(|row| row.starts_with("recent") && row.contains(id)).count();
    assert_eq!(tools("ToolUse"), 2, "{dump:#?}");
    assert_eq!(tools("ToolResult"), 2, "{dump:#?}");
}
