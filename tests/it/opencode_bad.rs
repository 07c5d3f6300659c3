//! What no one should write into a database: counted, never an error, never in the way of the rest.

use std::fs;
use std::os::unix::fs::FileExt;

use rusqlite::Connection;
use serde_json::json;

use super::opencode_db::{Db, NOON, answer, lab, schema_of_1, tokens};

const OPUS: &str = "claude-opus-5";

#[test]
fn files_that_are_no_database() {
    for (name, bytes) in [
        ("nothing", Vec::new()),
        ("text", b"this is no database, it is a text that somebody has written".repeat(20)),
        ("zeros", vec![0; 8192]),
        ("head alone", b"SQLite format 3\0".to_vec()),
    ] {
        let lab = lab();
        let path = lab.projects().join("opencode.db");
        fs::write(&path, &bytes).unwrap();
        assert!(lab.ingest().problems.is_empty(), "{name}");
        let unparsed = lab.cursor("opencode.db").unparsed;
        assert_eq!(unparsed, u64::from(!bytes.is_empty()), "{name}");
        assert_eq!(lab.ingest().changed_files, 0, "{name}: not looked at again");
        // A real one in its place.
        fs::remove_file(&path).unwrap();
        let mut db = Db::of_1(&lab);
        db.session("ses_a", None);
        db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
        lab.ingest();
        assert_eq!(lab.counted().len(), 1, "{name}");
        assert_eq!(lab.cursor("opencode.db").unparsed, 0, "{name}");
    }
}

#[test]
fn a_folder_a_dangling_link_and_no_file() {
    let lab = lab();
    fs::create_dir(lab.projects().join("opencode.db")).unwrap();
    std::os::unix::fs::symlink("nowhere", lab.projects().join("opencode-dev.db")).unwrap();
    lab.ingest();
    assert_eq!(lab.reader().sources().unwrap().len(), 0);
}

#[test]
fn a_database_of_another_form_is_told_of_and_one_without_tables_is_not() {
    let lab = lab();
    let db = Connection::open(lab.projects().join("opencode.db")).unwrap();
    db.pragma_update(None, "user_version", 7).unwrap();
    lab.ingest();
    assert_eq!(lab.cursor("opencode.db").unparsed, 0);
    db.execute_batch("CREATE TABLE message (number integer PRIMARY KEY)").unwrap();
    lab.ingest();
    assert_eq!(lab.cursor("opencode.db").unparsed, 1);
}

#[test]
fn a_damaged_page_loses_what_is_on_it() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    for number in 1..300 {
        db.answer("ses_a", OPUS, [number, 1, 0, 0, 0]);
    }
    db.checkpoint();
    drop(db);
    let path = lab.projects().join("opencode.db");
    let length = fs::metadata(&path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xa5; 4096], length / 4096 * 3 / 4 * 4096).unwrap();
    assert!(lab.ingest().problems.is_empty());
    let cursor = lab.cursor("opencode.db");
    assert!(cursor.unparsed > 0 || lab.counted().len() == 299, "{cursor:?}");
}

#[test]
fn rows_that_are_no_json_or_have_wrong_types_are_counted() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.message_at("msg_1", "ses_a", NOON, "{\"role\":\"assistant\",");
    db.message_at("msg_2", "ses_a", NOON, "[1,2]");
    db.message_at("msg_3", "ses_a", NOON, &answer(NOON, OPUS).to_string());
    db.part_at("prt_1", "msg_3", "ses_a", NOON, "\u{0}\u{1}");
    db.part_at("prt_2", "msg_3", "ses_a", NOON, "7");
    let wrong = json!({"type": "step-finish", "tokens": {
        "input": "12", "output": [1], "reasoning": null, "cache": 7, "total": {}}});
    db.part_at("prt_3", "msg_3", "ses_a", NOON, &wrong.to_string());
    db.part_at("prt_4", "msg_3", "ses_a", NOON, &json!({"type": "step-finish"}).to_string());
    db.connection
        .execute_batch(
            "INSERT INTO part VALUES ('prt_5', 'msg_3', 'ses_a', 'soon', x'00ff', x'ff00fe');
             INSERT INTO part VALUES ('prt_6', 'msg_3', 'ses_a', 1, 1, CAST(x'7b2261ff223a317d' AS TEXT))",
        )
        .unwrap();
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    let found = lab.ingest();
    assert!(found.problems.is_empty(), "{found:?}");
    let rows: Vec<String> =
        lab.counted().iter().map(|row| row.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(rows, ["12/0/0/0/0", "1/1/0/0/0"]);
    let unparsed = lab.cursor("opencode.db").unparsed;
    assert_eq!(unparsed, 3, "a message, a part of no JSON, and one of bytes");
    lab.ingest();
    assert_eq!(lab.cursor("opencode.db").unparsed, unparsed);
}

#[test]
fn nesting_costs_no_stack() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    for (id, depth, input) in [("msg_1", 500, 5), ("msg_2", 100_000, 6)] {
        let nested = "[".repeat(depth) + &"]".repeat(depth);
        let mut data = answer(NOON, OPUS);
        data["tokens"] = tokens([input, 1, 0, 0, 0]);
        let text = data.to_string().replacen('{', &format!("{{\"odd\":{nested},"), 1);
        db.message_at(id, "ses_a", NOON, &text);
    }
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    let found = lab.ingest();
    assert!(found.problems.is_empty(), "{found:?}");
    let rows: Vec<String> =
        lab.counted().iter().map(|row| row.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(rows, ["5/1/0/0/0", "1/1/0/0/0"]);
    assert_eq!(lab.cursor("opencode.db").unparsed, 1, "deeper than SQLite reads");
}

#[test]
fn counts_beyond_belief_are_kept_and_stop_nobody() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [1_000_000_000_000_000_000, 1, 0, 0, 0]);
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    lab.ingest();
    assert_eq!(lab.counted().len(), 2);
    assert_eq!(lab.reader().implausible_calls().unwrap().len(), 1);
}

#[test]
fn rows_without_a_time_are_counted_as_unread() {
    let lab = lab();
    let db = Db::of_1(&lab);
    db.connection
        .execute_batch(
            "INSERT INTO session (id, project_id, slug, directory, title, version, time_created,
                 time_updated) VALUES ('ses_a', 'global', '', '', '', '', 'never', 0)",
        )
        .unwrap();
    let mut data = answer(0, OPUS);
    data["tokens"] = tokens([5, 5, 0, 0, 0]);
    db.message_at("msg_1", "ses_a", 0, &data.to_string());
    lab.ingest();
    assert_eq!(lab.counted().len(), 0);
    assert_eq!(lab.cursor("opencode.db").unparsed, 1);
}

#[test]
fn huge_rows_are_passed_over() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    let mut data = answer(NOON, OPUS);
    data["tokens"] = tokens([9, 9, 0, 0, 0]);
    data["more"] = json!("x".repeat(17 << 20));
    db.message("msg_huge", "ses_a", &data);
    let id = db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    let tool = json!({"type": "tool", "callID": "c", "tool": "bash", "state": {
        "status": "completed", "input": {}, "output": "y".repeat(17 << 20)}});
    db.part(&id, "ses_a", &tool);
    db.end_of_step(&id, "ses_a", "stop", [2, 2, 0, 0, 0]);
    lab.ingest();
    assert_eq!(lab.counted().len(), 2);
    assert_eq!(lab.cursor("opencode.db").oversized, 1);
}

#[test]
fn sessions_that_are_each_others_parents_end() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", Some("ses_b"));
    db.session("ses_b", Some("ses_a"));
    db.session("ses_c", Some("ses_c"));
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    db.answer("ses_c", OPUS, [2, 1, 0, 0, 0]);
    lab.ingest();
    assert_eq!(lab.counted().len(), 2);
}

#[test]
fn tables_of_tomorrow_are_not_ours() {
    let lab = lab();
    let schema = format!(
        "{} CREATE TABLE tomorrow (id text); ALTER TABLE part ADD COLUMN tomorrow text;
         CREATE VIEW message_2 AS SELECT * FROM message;",
        schema_of_1()
    );
    let mut db = Db::open(&lab.projects().join("opencode.db"), &schema);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    lab.ingest();
    assert_eq!((lab.counted().len(), lab.cursor("opencode.db").unparsed), (1, 0));
}
