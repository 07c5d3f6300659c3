//! The logical content of a ledger: everything but row numbers, files and offsets, which depend
//! on the order in which transcripts were read.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use spendtop::ledger::{Reader, Thread};
use spendtop::model::{CallKind, Millis};

/// Every row of every call, the sessions' facts, the sums and what was done in threads, one text
/// each, in a fixed order.
pub fn dump(path: &Path) -> Vec<String> {
    let db = open(path);
    let mut lines = calls(&db, "TRUE", |row| {
        let (call, rest) = (describe(row)?, |column: &str| row.get::<_, Option<i64>>(column));
        let text = |column: &str| row.get::<_, Option<String>>(column);
        Ok(format!(
            "{call} request={:?} run={:?} project={:?} branch={:?} model={:?} developer={:?} \
             standing={:?} shared={:?} flags={:?} at={} thinking={:?} longest={:?} \
             qualifiers={:?} reported={:?} cost={:?} status={:?} tools={:?}",
            text("request_id")?,
            text("run")?,
            text("project")?,
            text("branch")?,
            text("model")?,
            text("developer")?,
            rest("standing")?,
            rest("shared")?,
            rest("flags")?,
            Millis(row.get("at")?).timestamp(),
            rest("reasoning_tokens")?,
            rest("longest_prompt")?,
            rest("qualifiers")?,
            rest("reported_pico")?,
            rest("cost_pico")?,
            rest("cost_status")?,
            row.get::<_, Option<Vec<u8>>>("tools")?,
        ))
    });
    lines.sort();
    lines.extend(sessions(&db));
    lines.extend(sums(&db));
    check_days(&db);
    lines.extend(told(&db));
    lines.extend(turns(path));
    lines
}

/// The turns of a ledger, and what its threads are at and did lately, as a screen reads them.
pub fn turns(db: &Path) -> Vec<String> {
    let reader = Reader::open(db).unwrap().unwrap();
    let place = |thread: &Thread| format!("{}/{}", thread.session_id, thread.subagent);
    let mut lines = Vec::new();
    for now in reader.turns_now(Millis(i64::MIN)).unwrap() {
        lines.push(format!(
            "now {} last={} open={} began={:?} level={} {:?} repeats={} calls={} cost={}",
            place(&now.thread),
            now.last.0,
            now.is_open,
            now.began,
            now.level.name(),
            now.deeds,
            now.repeats,
            now.totals.calls,
            now.totals.cost.to_decimal(),
        ));
        for deed in reader.recent_deeds(&now.thread).unwrap() {
            lines.push(format!("recent {deed:?}"));
        }
    }
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    let mut add = |turn: spendtop::ledger::Turn| {
        lines.push(format!(
            "turn {} at={} last={} {:?} {} {:?} {:?} {} {} {} {:?} {}",
            place(&turn.thread),
            turn.at.0,
            turn.last.0,
            turn.source,
            turn.level.name(),
            turn.deeds,
            turn.totals,
            turn.project,
            turn.branch,
            turn.model,
            turn.models,
            turn.developer,
        ));
        true
    };
    reader.turns(&always, &|_| true, &mut add).unwrap();
    // Threads of one time come in the order of their numbers.
    lines.sort();
    lines
}

/// What is kept of threads beside calls, copies included.
fn told(db: &Connection) -> Vec<String> {
    let of_threads = |table: &str, columns: &str| {
        format!(
            "SELECT '{table} ' || session.session_id || '/' || name.text || ' ' || {columns}
             FROM {table}
             JOIN thread ON thread.id = {table}.thread
             JOIN session ON session.id = thread.session
             JOIN name ON name.id = thread.subagent ORDER BY 1"
        )
    };
    [
        of_threads("turn", "turn.at || ' ' || key || ' ' || source || ' ' || level"),
        of_threads("incident", "incident.at || ' ' || key || ' ' || kind"),
        "SELECT 'failed ' || id || ' ' || outcome FROM failed_tool ORDER BY id".to_owned(),
    ]
    .iter()
    .flat_map(|sql| {
        let mut statement = db.prepare(sql).unwrap();
        let lines = statement.query_map([], |row| row.get(0)).unwrap();
        lines.collect::<Result<Vec<String>, _>>().unwrap()
    })
    .collect()
}

/// The calls that count, as `session[/subagent] id in/out/w5/w1h/read`, by time and id; and for
/// what is more than a plain answer, its searches and the model of a part. Checks the sums.
pub fn counted(db: &Path) -> Vec<String> {
    let db = open(db);
    let counted = calls(&db, "standing = 0", |row| {
        let mut text = describe(row)?;
        if row.get::<_, i64>("kind")? != CallKind::Message as i64 {
            text = format!("{text} on {}", row.get::<_, String>("model")?);
        }
        Ok(text)
    });
    let sum = "sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
         sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(web_searches)";
    let totals = |sql: &str| -> Vec<Option<i64>> {
        let all = |row: &Row<'_>| (0..7).map(|column| row.get(column)).collect();
        db.query_row(sql, [], all).unwrap()
    };
    assert_eq!(
        totals(&format!("SELECT nullif(sum(calls), 0), {sum} FROM rollup")),
        totals(&format!(
            "SELECT nullif(count(*), 0), {sum} FROM call WHERE standing = 0 AND NOT flags & 16"
        )),
        "the sums are not those of the rows"
    );
    check_days(&db);
    counted
}

/// The sums of the days are those of their quarters, and there are no others.
fn check_days(db: &Connection) {
    let by_heading = |from: &str, quarters_of_a_row: i64| {
        let mut sums: BTreeMap<[i64; 6], (i64, i128)> = BTreeMap::new();
        let mut statement = db.prepare(from).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let number = |column: &str| row.get::<_, i64>(column).unwrap();
            let day = number("time").div_euclid(96 / quarters_of_a_row);
            let heading = ["agent", "developer", "project", "branch", "model"].map(number);
            let [agent, developer, project, branch, model] = heading;
            let sum = sums.entry([day, agent, developer, project, branch, model]).or_default();
            sum.0 += number("calls");
            sum.1 += i128::from(number("cost_usd")) * 1_000_000_000_000;
            sum.1 += i128::from(number("cost_pico"));
        }
        sums
    };
    let quarters = "SELECT quarter AS time, agent, developer, project, branch, model, calls,
             cost_usd, cost_pico
         FROM rollup
         JOIN attribution ON attribution.id = rollup.attribution
         JOIN session ON session.id = attribution.session";
    assert_eq!(by_heading("SELECT day AS time, * FROM day_sum", 96), by_heading(quarters, 1));
}

fn open(db: &Path) -> Connection {
    Connection::open_with_flags(db, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}

fn calls<T>(
    db: &Connection,
    filter: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let sql = format!(
        "SELECT call.*, session.session_id AS session, subagent.text AS subagent,
             project.text AS project, branch.text AS branch, model.text AS model,
             developer.text AS developer
         FROM call
         JOIN attribution ON attribution.id = call.attribution
         JOIN session ON session.id = attribution.session
         JOIN name AS subagent ON subagent.id = attribution.subagent
         JOIN name AS project ON project.id = attribution.project
         JOIN name AS branch ON branch.id = attribution.branch
         JOIN name AS model ON model.id = attribution.model
         JOIN name AS developer ON developer.id = attribution.developer
         WHERE {filter}
         ORDER BY at, call_id, request_id, run, session, subagent"
    );
    let mut statement = db.prepare(&sql).unwrap();
    statement.query_map([], read).unwrap().collect::<Result<_, _>>().unwrap()
}

fn describe(row: &Row<'_>) -> rusqlite::Result<String> {
    let text = |column: &str| row.get::<_, String>(column);
    let count = |column: &str| row.get::<_, i64>(column);
    let subagent = Some(text("subagent")?).filter(|id| !id.is_empty());
    let place =
        subagent.map_or(text("session")?, |id| format!("{}/{id}", text("session").unwrap()));
    let mut call = format!(
        "{place} {} {}/{}/{}/{}/{}",
        text("call_id")?,
        count("input_tokens")?,
        count("output_tokens")?,
        count("cache_write_5m_tokens")?,
        count("cache_write_1h_tokens")?,
        count("cache_read_tokens")?,
    );
    let searches = count("web_searches")?;
    if searches > 0 {
        call = format!("{call} {searches} searches");
    }
    Ok(call)
}

fn sessions(db: &Connection) -> Vec<String> {
    let mut statement = db
        .prepare(
            "SELECT session_id, reported_pico, reported_at, unlogged_pico, seen_at FROM session
             ORDER BY agent, session_id",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let rest = (1..5).map(|column| row.get(column)).collect::<Result<Vec<Option<i64>>, _>>()?;
        Ok(format!("session {} {rest:?}", row.get::<_, String>(0)?))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn sums(db: &Connection) -> Vec<String> {
    let mut statement = db
        .prepare(
            "SELECT session.session_id, subagent.text, project.text, branch.text, model.text,
                 developer.text, quarter, calls, input_tokens, output_tokens, cache_read_tokens,
                 cache_write_5m_tokens, cache_write_1h_tokens, web_searches, cost_usd, cost_pico,
                 unpriced_calls, not_final_calls
             FROM rollup
             JOIN attribution ON attribution.id = rollup.attribution
             JOIN session ON session.id = attribution.session
             JOIN name AS subagent ON subagent.id = attribution.subagent
             JOIN name AS project ON project.id = attribution.project
             JOIN name AS branch ON branch.id = attribution.branch
             JOIN name AS model ON model.id = attribution.model
             JOIN name AS developer ON developer.id = attribution.developer
             ORDER BY 1, 2, 3, 4, 5, 6, 7",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let names = (0..6).map(|column| row.get(column)).collect::<Result<Vec<String>, _>>()?;
        let sums = (6..18).map(|column| row.get(column)).collect::<Result<Vec<i64>, _>>()?;
        Ok(format!("sum {} {sums:?}", names.join("|")))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}
