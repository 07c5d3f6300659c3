//! The contract of [`super::contract`] for agents whose transcripts are rows of a database: a row is
//! added, and written again, where a file of lines would grow.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Value, json};
use spendtop::model::AgentId;

use super::harness::Lab;
use super::opencode_db::{fixture, schema_of_1};
use super::opencode_fixtures::scenarios;

/// Agents that keep databases.
pub const IN_DATABASES: [AgentId; 1] = [AgentId::OpenCode];

pub const DB: &str = "opencode.db";

/// Rows that the contract knows, each table after those that it refers to.
const TABLES: [&str; 3] = ["session", "message", "part"];

/// One write of the client.
#[derive(Clone, Debug)]
pub struct Write {
    sql: String,
    cells: Vec<Cell>,
}

/// A fixture: what the client wrote, one write after the other.
pub struct Fixture {
    pub name: String,
    writes: Vec<Write>,
}

pub fn every_fixture() -> Vec<Fixture> {
    let of = |name: String| {
        let db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        db.execute_batch(&fixture(&name)).unwrap();
        let mut writes: Vec<(i64, Write)> = Vec::new();
        for table in TABLES {
            writes.extend(writes_of(&db, table));
        }
        // In the order of time; a session before its messages, those before their parts.
        writes.sort_by_key(|(at, _)| *at);
        Fixture { name, writes: writes.into_iter().map(|(_, write)| write).collect() }
    };
    scenarios().into_iter().map(of).collect()
}

/// The writes that a table's rows come from, and when. An answer is there before its counts are.
fn writes_of(db: &Connection, table: &str) -> Vec<(i64, Write)> {
    let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let at = |name: &str| names.iter().position(|other| other == name);
    let places: Vec<String> = (1..=names.len()).map(|number| format!("?{number}")).collect();
    let insert =
        format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    let began = "SELECT max(time_created) FROM session WHERE id = ?1";
    let began = |id: String| db.query_row(began, [id], |row| row.get::<_, i64>(0)).unwrap();
    let mut writes = Vec::new();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let mut cells: Vec<Cell> = (0..names.len()).map(|at| row.get(at).unwrap()).collect();
        let number = |name: &str| row.get::<_, i64>(at(name).unwrap()).unwrap();
        let text = |name: &str| row.get::<_, String>(at(name).unwrap()).unwrap();
        let (created, updated) = (number("time_created"), number("time_updated"));
        if table == "message" {
            let whole = text("data");
            let mut data: Value = serde_json::from_str(&whole).unwrap();
            if data["role"] == "assistant" {
                for count in ["input", "output", "reasoning"] {
                    data["tokens"][count] = json!(0);
                }
                data["tokens"]["cache"] = json!({"read": 0, "write": 0});
                data["time"].as_object_mut().unwrap().remove("completed");
                cells[at("data").unwrap()] = Cell::Text(data.to_string());
                let sql = "UPDATE message SET data = ?1, time_updated = ?2 WHERE id = ?3".into();
                let again = vec![Cell::Text(whole), Cell::Integer(updated), Cell::Text(text("id"))];
                writes.push((updated, Write { sql, cells: again }));
            }
        }
        // A copy is as old as its original, and comes with its session.
        let added =
            if table == "session" { created } else { created.max(began(text("session_id"))) };
        writes.push((added, Write { sql: insert.clone(), cells }));
    }
    writes
}

fn begin(lab: &Lab, name: &str) -> Connection {
    fs::create_dir_all(lab.projects()).unwrap();
    let db = Connection::open(lab.projects().join(name)).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.execute_batch(&schema_of_1()).unwrap();
    db
}

fn apply(db: &Connection, writes: &[Write]) {
    for write in writes {
        db.execute(&write.sql, params_from_iter(&write.cells)).unwrap();
    }
}

/// A lab in which all of it is written.
pub fn written(fixture: &Fixture) -> Lab {
    let lab = Lab::of(AgentId::OpenCode);
    apply(&begin(&lab, DB), &fixture.writes);
    lab
}

fn at_once(fixture: &Fixture) -> Vec<String> {
    let lab = written(fixture);
    lab.ingest();
    lab.counted();
    lab.dump()
}

#[test]
fn rows_may_come_in_any_chunks() {
    let mut runner =
        TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    for fixture in every_fixture() {
        let expected = at_once(&fixture);
        let parts = prop::collection::vec((0..9_usize, any::<bool>(), any::<bool>()), 1..12);
        let outcome = runner.run(&parts, |parts| {
            let lab = Lab::of(AgentId::OpenCode);
            let mut db = Some(begin(&lab, DB));
            let mut done = 0;
            for (count, looks, closes) in parts {
                let upto = (done + count).min(fixture.writes.len());
                // A client that ends puts its `-wal` where it belongs.
                let writer =
                    db.take().unwrap_or_else(|| Connection::open(lab.projects().join(DB)).unwrap());
                apply(&writer, &fixture.writes[done..upto]);
                done = upto;
                db = (!closes).then_some(writer);
                if looks {
                    lab.ingest();
                }
            }
            let writer = db.unwrap_or_else(|| Connection::open(lab.projects().join(DB)).unwrap());
            apply(&writer, &fixture.writes[done..]);
            lab.ingest();
            prop_assert_eq!(lab.dump(), expected.clone());
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
    }
}

#[test]
fn what_is_not_committed_waits_for_it() {
    for fixture in every_fixture() {
        let lab = Lab::of(AgentId::OpenCode);
        let db = begin(&lab, DB);
        let torn = fixture.writes.len() - fixture.writes.len() / 7 - 3;
        apply(&db, &fixture.writes[..torn]);
        db.execute_batch("BEGIN").unwrap();
        apply(&db, &fixture.writes[torn..]);
        lab.ingest();
        assert_eq!(lab.cursor(DB).unparsed, 0, "{}", fixture.name);
        db.execute_batch("COMMIT").unwrap();
        lab.ingest();
        assert_eq!(lab.dump(), at_once(&fixture), "{}", fixture.name);
    }
}

#[test]
fn reading_again_changes_nothing() {
    for fixture in every_fixture() {
        let lab = written(&fixture);
        lab.ingest();
        let before = lab.dump();
        let forget =
            "UPDATE source SET \"offset\" = 0, anchor = 0, size = 0, ctime_ns = 0, state = NULL";
        Connection::open(lab.db()).unwrap().execute(forget, []).unwrap();
        lab.ingest();
        assert_eq!(lab.dump(), before, "{}", fixture.name);
    }
}

#[test]
fn a_database_that_loses_rows_and_gets_them_again_loses_and_doubles_nothing() {
    for fixture in every_fixture() {
        let lab = written(&fixture);
        lab.ingest();
        let before = lab.dump();
        for upto in [fixture.writes.len() / 2, fixture.writes.len()] {
            fs::remove_dir_all(lab.projects()).unwrap();
            apply(&begin(&lab, DB), &fixture.writes[..upto]);
            lab.ingest();
        }
        assert_eq!(lab.dump(), before, "{}", fixture.name);
        // The same in place: the numbers of rows are given out again.
        let db = Connection::open(lab.projects().join(DB)).unwrap();
        db.execute_batch("DELETE FROM session; DELETE FROM message; DELETE FROM part").unwrap();
        lab.ingest();
        apply(&db, &fixture.writes);
        lab.ingest();
        assert_eq!(lab.dump(), before, "{}", fixture.name);
    }
}

#[test]
fn a_copy_under_another_name_is_no_second_call() {
    for fixture in every_fixture() {
        let lab = written(&fixture);
        lab.ingest();
        let before = lab.counted();
        apply(&begin(&lab, "opencode-other.db"), &fixture.writes);
        lab.ingest();
        assert_eq!(lab.counted(), before, "{}", fixture.name);
    }
}

/// The same rows, and more in them, beside them, and around them.
fn of_tomorrow(fixture: &Fixture) -> Lab {
    let lab = Lab::of(AgentId::OpenCode);
    let db = begin(&lab, DB);
    for table in TABLES {
        let add = format!("ALTER TABLE {table} ADD COLUMN tomorrow text DEFAULT 'x'");
        db.execute_batch(&add).unwrap();
    }
    for write in &fixture.writes {
        let mut write = write.clone();
        for cell in &mut write.cells {
            if let Cell::Text(text) = cell
                && text.starts_with('{')
            {
                let mut value: Value = serde_json::from_str(text).unwrap();
                add(&mut value);
                *text = value.to_string();
            }
        }
        apply(&db, &[write]);
    }
    let kind = json!({"type": "tomorrows-kind", "tokens": {"input": 7}, "role": "tomorrow"});
    let rows = "INSERT INTO message SELECT 'm' || id, session_id, 1, 1, ?1, 'x' FROM message;";
    db.execute(rows, [kind.to_string()]).unwrap();
    let rows = "INSERT INTO part SELECT 'p' || id, message_id, session_id, 1, 1, ?1, 'x' FROM part";
    db.execute(rows, [kind.to_string()]).unwrap();
    db.execute_batch("CREATE TABLE tomorrow (id text, data text)").unwrap();
    lab
}

fn add(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // What a tool is asked for is no format of the agent's.
            fields.iter_mut().filter(|(key, _)| *key != "input").for_each(|(_, value)| add(value));
            fields.insert("tomorrows_field".into(), json!({"tokens": {"output": 9}, "n": [1]}));
        }
        Value::Array(elements) => elements.iter_mut().for_each(add),
        _ => {}
    }
}

#[test]
fn unknown_fields_columns_kinds_and_tables_change_nothing() {
    for fixture in every_fixture() {
        let lab = of_tomorrow(&fixture);
        lab.ingest();
        assert_eq!(lab.cursor(DB).unparsed, 0, "{}", fixture.name);
        assert_eq!(lab.dump(), at_once(&fixture), "{}", fixture.name);
    }
}

#[test]
fn the_classes_add_up_to_the_providers_own_total() {
    for fixture in every_fixture() {
        let lab = written(&fixture);
        lab.ingest();
        let db = Connection::open(lab.projects().join(DB)).unwrap();
        // A fork has copies of steps, with what they were before.
        let stated: i64 = db
            .query_row(
                "SELECT coalesce(sum(told ->> '$.tokens.total'), 0) FROM (
                     SELECT DISTINCT part.data AS told, message.data ->> '$.time.created' AS made
                     FROM part JOIN message ON message.id = part.message_id
                     WHERE told ->> '$.type' = 'step-finish')",
                [],
                |row| row.get(0),
            )
            .unwrap();
        let ours = lab.total().usage;
        let ours = ours.input_tokens
            + ours.output_tokens
            + ours.cache_read_input_tokens
            + ours.cache_creation_5m_input_tokens
            + ours.cache_creation_1h_input_tokens;
        assert_eq!(ours, stated.unsigned_abs(), "{}", fixture.name);
    }
}
