//! The same of version 2, whose rows hold all of an answer.

use serde_json::json;

use super::opencode_db::{Counts, Db, NOON, answer_2, ended_2, lab, schema_of_2};
use super::opencode_rules::{OPUS, counted};

#[test]
fn version_2_is_read_where_it_is_and_what_it_took_over_is_no_second_call() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    let counts: Counts = [10, 1, 0, 0, 0];
    let id = db.answer("ses_a", OPUS, counts);
    assert_eq!(counted(&lab).len(), 1);
    // As its migration does it: the older tables stay.
    db.connection.execute_batch("DROP TABLE session_message").unwrap();
    db.connection.execute_batch(&schema_of_2()).unwrap();
    db.session_2("ses_a", None, None);
    let made = NOON + 2000;
    let data = ended_2(answer_2(made, OPUS), made + 7000, counts);
    db.connection
        .execute(
            "INSERT INTO session_message VALUES (?1, 'ses_a', 'assistant', 0, ?2, ?2, ?3)",
            rusqlite::params![id, made, data.to_string()],
        )
        .unwrap();
    db.answer_2("ses_a", 1, OPUS, [20, 2, 8, 5, 0]);
    assert_eq!(counted(&lab), ["ses_a 10/1/0/0/0", "ses_a 20/10/0/0/5"]);
}

#[test]
fn an_answer_of_version_2_is_read_again_until_it_is_complete() {
    let lab = lab();
    let mut db = Db::of_2(&lab);
    db.session_2("ses_a", None, None);
    let data = answer_2(NOON, OPUS);
    let id = db.message_2("ses_a", "assistant", 0, &data);
    // Many others, so that it is none of the latest.
    for seq in 1..400 {
        db.message_2("ses_a", "user", seq, &json!({"text": "x", "time": {"created": NOON}}));
    }
    assert_eq!(counted(&lab), Vec::<String>::new());
    db.set_message_2(&id, NOON - 5, &ended_2(data, NOON + 5, [9, 4, 0, 0, 0]));
    assert_eq!(counted(&lab), ["ses_a 9/4/0/0/0"]);
}

#[test]
fn forks_and_subagents_of_version_2() {
    let lab = lab();
    let mut db = Db::of_2(&lab);
    db.session_2("ses_a", None, None);
    db.answer_2("ses_a", 0, OPUS, [10, 1, 0, 0, 0]);
    db.session_2("ses_b", None, Some("ses_a"));
    db.connection
        .execute_batch(
            "INSERT INTO session_message
             SELECT 'copy_' || id, 'ses_b', type, seq, time_created, time_updated, data
             FROM session_message WHERE session_id = 'ses_a'",
        )
        .unwrap();
    db.answer_2("ses_b", 1, OPUS, [20, 2, 0, 0, 0]);
    db.session_2("ses_c", Some("ses_b"), None);
    db.answer_2("ses_c", 0, OPUS, [30, 3, 0, 0, 0]);
    let expected = ["ses_a 10/1/0/0/0", "ses_b 20/2/0/0/0", "ses_b/ses_c 30/3/0/0/0"];
    assert_eq!(counted(&lab), expected);
}

#[test]
fn some_builds_of_version_2_call_its_sessions_as_before() {
    let lab = lab();
    // The real client has the table among those of the first generation.
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.session("ses_b", Some("ses_a"));
    db.answer_2("ses_b", 0, OPUS, [10, 1, 0, 0, 0]);
    assert_eq!(counted(&lab), ["ses_a/ses_b 10/1/0/0/0"]);
}

#[test]
fn tools_prompts_and_compactions_of_version_2_are_told() {
    let lab = lab();
    let mut db = Db::of_2(&lab);
    db.session_2("ses_a", None, None);
    let made = NOON + 5000;
    let prompt = json!({"text": "do it", "time": {"created": made}});
    db.message_2("ses_a", "user", 0, &prompt);
    let mut data = answer_2(made, OPUS);
    data["content"] = json!([
        {"type": "text", "id": "t", "text": "I look."},
        {"type": "tool", "id": "call_1", "name": "bash", "time": {"created": made},
         "state": {"status": "completed", "input": {"command": "ls"}, "structured": {},
                   "content": [{"type": "text", "text": "a"}]}},
        {"type": "tool", "id": "call_2", "name": "bash", "time": {"created": made},
         "state": {"status": "error", "input": {"command": "rm"}, "structured": {}, "content": [],
                   "error": {"type": "unknown", "message": "no"}}},
    ]);
    db.message_2("ses_a", "assistant", 1, &ended_2(data, made + 500, [10, 1, 0, 0, 0]));
    let compaction = json!({"reason": "auto", "summary": "s", "time": {"created": made}});
    db.message_2("ses_a", "compaction", 2, &compaction);
    lab.ingest();
    let dump = lab.dump();
    let told = |kind: &str, what: &str| {
        dump.iter().filter(|row| row.starts_with(kind) && row.contains(what)).count()
    };
    assert_eq!(told("incident", "ses_a/ "), 1, "{dump:#?}");
    assert_eq!((told("recent", "ToolUse"), told("recent", "ToolResult")), (2, 2), "{dump:#?}");
    assert_eq!(told("failed", ""), 1, "{dump:#?}");
    assert_eq!(told("turn", "ses_a/ "), 2, "{dump:#?}");
}
