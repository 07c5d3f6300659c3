//! Databases as `OpenCode` writes them: real SQLite in WAL mode, of both generations.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use spendtop::model::AgentId;

use super::harness::Lab;

/// 2026-11-20T10:00:00Z, in milliseconds: when all of it happens.
pub const NOON: i64 = 1_795_168_800_000;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode")
}

/// What the real client wrote in a scenario, as SQL.
pub fn fixture(scenario: &str) -> String {
    fs::read_to_string(folder().join(scenario).join("opencode.db.sql")).unwrap()
}

/// A lab with no database yet.
pub fn lab() -> Lab {
    let lab = Lab::of(AgentId::OpenCode);
    fs::create_dir_all(lab.projects()).unwrap();
    lab
}

/// A database that is being written.
pub struct Db {
    pub connection: Connection,
    /// Makes ids and times that were not there before.
    ticks: i64,
}

/// The counts of a step: input, output, reasoning, read from the cache, written to it.
pub type Counts = [u64; 5];

pub fn tokens([input, output, reasoning, read, write]: Counts) -> Value {
    json!({
        "total": input + output + reasoning + read + write,
        "input": input, "output": output, "reasoning": reasoning,
        "cache": {"read": read, "write": write},
    })
}

impl Db {
    /// A database of the first generation, with its real tables.
    pub fn of_1(lab: &Lab) -> Self {
        Self::open(&lab.projects().join("opencode.db"), &schema_of_1())
    }

    /// One of version 2 alone.
    pub fn of_2(lab: &Lab) -> Self {
        Self::open(&lab.projects().join("opencode.db"), &schema_of_2())
    }

    pub fn open(path: &Path, schema: &str) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        connection.execute_batch(schema).unwrap();
        Self { connection, ticks: 0 }
    }

    pub fn tick(&mut self) -> i64 {
        self.ticks += 1000;
        NOON + self.ticks
    }

    /// A session; a subagent's has a parent.
    pub fn session(&mut self, id: &str, parent: Option<&str>) {
        let at = self.tick();
        self.connection
            .execute(
                "INSERT INTO session (id, project_id, parent_id, slug, directory, title, version,
                     time_created, time_updated)
                 VALUES (?1, 'global', ?2, 'slug', '/home/dev/proj', 'title', '1.18.33', ?3, ?3)",
                params![id, parent, at],
            )
            .unwrap();
    }

    pub fn message(&mut self, id: &str, session: &str, data: &Value) {
        let at = self.tick();
        self.message_at(id, session, at, &data.to_string());
    }

    pub fn message_at(&self, id: &str, session: &str, at: i64, data: &str) {
        self.connection
            .execute(
                "INSERT INTO message (id, session_id, time_created, time_updated, data)
                 VALUES (?1, ?2, ?3, ?3, ?4)",
                params![id, session, at, data],
            )
            .unwrap();
    }

    pub fn set_message(&self, id: &str, at: i64, data: &Value) {
        let changed = self.connection.execute(
            "UPDATE message SET time_updated = ?2, data = ?3 WHERE id = ?1",
            params![id, at, data.to_string()],
        );
        assert_eq!(changed.unwrap(), 1);
    }

    pub fn part(&mut self, message: &str, session: &str, data: &Value) -> String {
        let at = self.tick();
        let id = format!("prt_{at}");
        self.part_at(&id, message, session, at, &data.to_string());
        id
    }

    pub fn part_at(&self, id: &str, message: &str, session: &str, at: i64, data: &str) {
        self.connection
            .execute(
                "INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
                params![id, message, session, at, data],
            )
            .unwrap();
    }

    /// An answer of one step, as the client writes it: without counts, its end, with them.
    pub fn answer(&mut self, session: &str, model: &str, counts: Counts) -> String {
        let made = self.tick();
        let id = format!("msg_{made}");
        let mut data = answer(made, model);
        self.message_at(&id, session, made, &data.to_string());
        self.end_of_step(&id, session, "stop", counts);
        data["tokens"] = tokens(counts);
        let completed = self.tick();
        data["time"]["completed"] = json!(completed);
        self.set_message(&id, completed, &data);
        id
    }

    pub fn end_of_step(&mut self, message: &str, session: &str, reason: &str, counts: Counts) {
        let data = json!({
            "type": "step-finish", "reason": reason, "cost": 0, "tokens": tokens(counts),
        });
        self.part(message, session, &data);
    }

    /// Copies a session's messages as a fork does: under new ids, else as they are.
    pub fn fork(&mut self, from: &str, to: &str) {
        self.session(to, None);
        let rows: Vec<(String, i64, String)> = self.rows(
            "SELECT id, time_created, data FROM message WHERE session_id = ?1 ORDER BY id",
            from,
        );
        for (id, at, data) in rows {
            let copy = format!("msg_{}", self.tick());
            self.message_at(&copy, to, at, &data);
            let parts: Vec<(String, i64, String)> = self.rows(
                "SELECT id, time_created, data FROM part WHERE message_id = ?1 ORDER BY id",
                &id,
            );
            for (_, _, data) in parts {
                self.part(&copy, to, &serde_json::from_str(&data).unwrap());
            }
        }
    }

    fn rows(&self, sql: &str, of: &str) -> Vec<(String, i64, String)> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let rows = statement.query_map([of], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// A session of version 2.
    pub fn session_2(&mut self, id: &str, parent: Option<&str>, forked_from: Option<&str>) {
        let at = self.tick();
        self.connection
            .execute(
                "INSERT INTO session_v2 (id, project_id, parent_id, fork_session_id, slug,
                     directory, version, time_created, time_updated)
                 VALUES (?1, 'global', ?2, ?3, 'slug', '/home/dev/proj', '2.0.3', ?4, ?4)",
                params![id, parent, forked_from, at],
            )
            .unwrap();
    }

    pub fn message_2(&mut self, session: &str, kind: &str, seq: i64, data: &Value) -> String {
        let at = self.tick();
        let id = format!("msg_{at}");
        self.connection
            .execute(
                "INSERT INTO session_message VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
                params![id, session, kind, seq, at, data.to_string()],
            )
            .unwrap();
        id
    }

    pub fn set_message_2(&self, id: &str, at: i64, data: &Value) {
        let changed = self.connection.execute(
            "UPDATE session_message SET time_updated = ?2, data = ?3 WHERE id = ?1",
            params![id, at, data.to_string()],
        );
        assert_eq!(changed.unwrap(), 1);
    }

    /// An answer of version 2: begun, then complete in the same row.
    pub fn answer_2(&mut self, session: &str, seq: i64, model: &str, counts: Counts) -> String {
        let made = self.tick();
        let data = answer_2(made, model);
        let id = self.message_2(session, "assistant", seq, &data);
        let completed = self.tick();
        self.set_message_2(&id, completed, &ended_2(data, completed, counts));
        id
    }

    /// Puts what is in the `-wal` where it belongs.
    pub fn checkpoint(&self) {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
}

/// What an answer says before its first step has ended.
pub fn answer(made: i64, model: &str) -> Value {
    let (provider, model) = model.split_once('/').unwrap_or(("anthropic", model));
    json!({
        "role": "assistant", "parentID": "msg_0", "mode": "build", "agent": "build",
        "path": {"cwd": "/home/dev/proj", "root": "/"}, "cost": 0,
        "tokens": {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}},
        "modelID": model, "providerID": provider, "time": {"created": made},
    })
}

pub fn answer_2(made: i64, model: &str) -> Value {
    let (provider, model) = model.split_once('/').unwrap_or(("anthropic", model));
    json!({
        "agent": "build", "model": {"id": model, "providerID": provider, "variant": "default"},
        "content": [], "time": {"created": made},
    })
}

pub fn ended_2(mut data: Value, completed: i64, counts: Counts) -> Value {
    let mut told = tokens(counts);
    told.as_object_mut().unwrap().remove("total");
    data["tokens"] = told;
    data["cost"] = json!(0);
    data["finish"] = json!("stop");
    data["time"]["completed"] = json!(completed);
    data
}

/// The tables of the first generation, as the real client made them.
pub fn schema_of_1() -> String {
    let is_data = |line: &&str| line.starts_with("INSERT") || line.contains("TRANSACTION");
    let text = fixture("tools");
    let schema = text.lines().filter(|line| !is_data(line) && !line.starts_with("COMMIT"));
    let project = "INSERT INTO project (id, worktree, time_created, time_updated, sandboxes)
                   VALUES ('global', '/', 0, 0, '[]');";
    format!("{}\n{project}", schema.collect::<Vec<&str>>().join("\n"))
}

pub fn schema_of_2() -> String {
    fs::read_to_string(folder().join("schema-v2.sql")).unwrap()
}
