//! The tables that tell of calls, by generation of the client.
//!
//! - Before version 2: `message`, a row for each prompt and each answer, and `part`, what they are
//!   made of. A step of an answer ends with a part `step-finish`, which has the step's counts and is
//!   never written again; the message has those of its last step.
//! - Since: `session_message`, a row for each prompt and each answer with all that it is made of,
//!   written again until the answer is complete. The older tables stay as they were. Some builds
//!   call the sessions as before.

use std::sync::LazyLock;

use crate::agents::Table;

/// In the order in which they are read: when sessions began is told before their calls.
pub(super) static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    vec![
        table("session", false, vec![sessions("session")]),
        table("session_v2", false, vec![sessions("session_v2")]),
        table("part", false, vec![parts()]),
        table("message", true, vec![messages()]),
        table(
            "session_message",
            true,
            vec![session_messages("session_v2"), session_messages("session")],
        ),
    ]
});

fn table(name: &'static str, changes: bool, queries: Vec<String>) -> Table {
    Table { name, queries, changes }
}

/// When a session began: none of its messages that are older is its own.
fn sessions(sessions: &str) -> String {
    format!(
        "SELECT t.rowid AS row, t.time_created AS written, 0 AS size, 0 AS open,
            json_object('table', 'session', 'session', CAST(t.id AS text),
                'began', CAST(t.time_created AS integer),
                'subagent', CAST(t.parent_id AS text)) AS record
        FROM {sessions} t WHERE TRUE"
    )
}

/// Of what answers and prompts are made of: the ends of steps with their tools, the words of
/// prompts, compactions, and what is no JSON.
fn parts() -> String {
    let (kind, role) = (field("t.data", "type", "'broken'"), field("m.data", "role", "''"));
    let before = step_ends("q", "q.message_id = t.message_id AND q.id < t.id");
    let tool = field("p.data", "type", "''");
    format!(
        "SELECT t.rowid AS row, t.time_updated AS written, octet_length(t.data) AS size, 0 AS open,
            json_object('table', 'part', 'data', {data}, 'message', {message}, {whose},
                'tools', json(CASE WHEN {kind} = 'step-finish' THEN (
                    SELECT json_group_array(json(p.data) ORDER BY p.id) FROM part p
                    WHERE p.message_id = t.message_id AND p.id < t.id
                        AND p.id > coalesce((SELECT q.id {before} ORDER BY q.id DESC LIMIT 1), '')
                        AND octet_length(p.data) <= {MOST_OF_TOOL} AND {tool} = 'tool') ELSE 'null' END)
            ) AS record
        FROM part t JOIN message m ON m.id = t.message_id
            LEFT JOIN session s ON s.id = t.session_id
        WHERE octet_length(m.data) <= {MOST_OF_MESSAGE}
            AND (octet_length(t.data) <= {MOST_OF_END} AND ({kind} IN ('step-finish', 'compaction', 'broken'))
                OR octet_length(t.data) <= {MOST_OF_TOOL} AND {role} = 'user' AND {kind} = 'text')",
        data = json("t.data"),
        message = json("m.data"),
        whose = whose("session"),
    )
}

/// Prompts tell nothing that their parts do not; of answers that failed, or have no steps.
fn messages() -> String {
    let (role, completed) =
        (field("t.data", "role", "'broken'"), field("t.data", "time.completed", "0"));
    let steps = step_ends("q", "q.message_id = t.id");
    format!(
        "SELECT t.rowid AS row, t.time_updated AS written, octet_length(t.data) AS size,
            {completed} IS NULL AS open,
            CASE WHEN octet_length(t.data) <= :most THEN json_object(
                'table', 'message', 'data', {data}, {whose},
                'has_steps', EXISTS (SELECT 1 {steps})) END AS record
        FROM message t LEFT JOIN session s ON s.id = t.session_id
        WHERE {role} IN ('assistant', 'broken')",
        data = json("t.data"),
        whose = whose("session"),
    )
}

fn session_messages(sessions: &str) -> String {
    let completed = field("t.data", "time.completed", "0");
    format!(
        "SELECT t.rowid AS row, t.time_updated AS written, octet_length(t.data) AS size,
            t.type = 'assistant' AND {completed} IS NULL AS open,
            CASE WHEN octet_length(t.data) <= :most THEN json_object(
                'table', 'session_message', 'type', CAST(t.type AS text), 'data', {data}, {whose}
            ) END AS record
        FROM session_message t LEFT JOIN {sessions} s ON s.id = t.session_id
        WHERE t.type IN ('assistant', 'user', 'compaction')",
        data = json("t.data"),
        whose = whose(sessions),
    )
}

/// A step's end, or a compaction, is small: larger parts need not be read to know what they are.
const MOST_OF_END: u32 = 64 << 10;

/// Larger outputs of a tool, and prompts, are passed over: the client cuts them long before.
const MOST_OF_TOOL: u32 = 1 << 20;

/// What an answer has beside its parts is small, too.
const MOST_OF_MESSAGE: u32 = 4 << 20;

/// Whose a row `t` of a session `s` is, as fields of a record: the session at the root of the tree,
/// and the session itself where that is a subagent's. A parent that is gone is still named. A column
/// may hold what it was not made for, and bytes have no place in JSON.
fn whose(sessions: &str) -> String {
    format!(
        "'session', CAST(CASE WHEN s.parent_id IS NULL THEN t.session_id ELSE (
            WITH RECURSIVE up (id, above, depth) AS (
                SELECT s.id, s.parent_id, 0
                UNION ALL
                SELECT p.id, p.parent_id, depth + 1
                FROM {sessions} p JOIN up ON p.id = up.above WHERE depth < 64)
            SELECT coalesce(above, id) FROM up ORDER BY depth DESC LIMIT 1) END AS text),
        'subagent', CASE WHEN s.parent_id IS NOT NULL THEN CAST(t.session_id AS text) END,
        'began', CAST(s.time_created AS integer), 'directory', CAST(s.directory AS text),
        'id', CAST(t.id AS text), 'created', CAST(t.time_created AS integer),
        'written', CAST(t.time_updated AS integer)"
    )
}

/// The ends of steps among parts of this name.
fn step_ends(part: &str, which: &str) -> String {
    let kind = field(&format!("{part}.data"), "type", "''");
    format!(
        "FROM part {part} WHERE {which} AND octet_length({part}.data) <= {MOST_OF_END}
            AND {kind} = 'step-finish'"
    )
}

/// A column as JSON; null where it is none.
fn json(column: &str) -> String {
    format!("json(CASE WHEN json_valid({column}) THEN {column} ELSE 'null' END)")
}

/// A field of a column of JSON; `otherwise` where the column is none.
fn field(column: &str, path: &str, otherwise: &str) -> String {
    format!("CASE WHEN json_valid({column}) THEN {column} ->> '$.{path}' ELSE {otherwise} END")
}
