//! Reads the texts of a corpus, and says where one is wrong.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::line::{Compaction, Head, Label, Row, Turn};
use super::{Event, Line, Thread, What};
use crate::model::{
    Deed, Fingerprint, Millis, PicoUsd, ToolOutcome, ToolResult, ToolUse, TurnSource,
};

/// What is wrong with a corpus, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct CorpusError {
    /// The file's name.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Reads files, by name and text.
pub fn read<'f>(
    files: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> Result<Vec<Thread>, CorpusError> {
    let mut threads = Vec::new();
    let mut names = BTreeSet::new();
    for (file, text) in files {
        let mut making: Option<Making> = None;
        for (number, line) in text.lines().enumerate() {
            let at = |what| CorpusError { file: file.to_owned(), line: number + 1, what };
            if line.trim().is_empty() {
                continue;
            }
            let fields: Map<String, Value> = json(line).map_err(at)?;
            if !fields.contains_key("thread") {
                let Some(making) = &mut making else {
                    return Err(at("a line before the first that has `thread`".into()));
                };
                making.add(&from(fields).map_err(at)?).map_err(at)?;
                continue;
            }
            threads.extend(making.take().map(|made| made.end(file)).transpose()?);
            let head: Head = from(fields).map_err(at)?;
            if !names.insert(head.thread.clone()) {
                return Err(at(format!("there are two threads named {:?}", head.thread)));
            }
            making = Some(Making::begin(head, number + 1).map_err(at)?);
        }
        threads.extend(making.map(|made| made.end(file)).transpose()?);
    }
    Ok(threads)
}

fn json(line: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(line).map_err(|error| format!("not a JSON object: {error}"))
}

fn from<T: for<'de> Deserialize<'de>>(fields: Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("unknown field ") {
            Some(rest) => format!("unknown key {rest}"),
            None => text.replace("missing field", "missing key"),
        }
    })
}

/// A thread in the making.
struct Making {
    head: Head,
    head_line: usize,
    thread: Thread,
    /// When everything before has ended, and when the use before began.
    ended: i64,
    begun: i64,
    /// Results of the present call that are still to come.
    results: Vec<Event>,
}

impl Making {
    fn begin(head: Head, head_line: usize) -> Result<Self, String> {
        let runaway = match (head.label, head.kind, head.start) {
            (Label::Healthy, None, None) => None,
            (Label::Runaway, Some(kind), Some(start)) => Some((kind, start)),
            (Label::Healthy, ..) => return Err("a healthy thread has no kind and no start".into()),
            (Label::Runaway, ..) => return Err("a runaway needs a kind and a start".into()),
        };
        let thread = Thread {
            name: head.thread.clone(),
            family: head.family.clone(),
            runaway,
            lines: Vec::new(),
            events: Vec::new(),
        };
        Ok(Self { head, head_line, thread, ended: 0, begun: 0, results: Vec::new() })
    }

    fn add(&mut self, row: &Row) -> Result<(), String> {
        check(row)?;
        if row.again && self.thread.runaway.is_none() {
            return Err("`again` in a healthy thread".into());
        }
        let line = self.thread.lines.len();
        let cost =
            row.usd.unwrap_or_default().0.saturating_add(row.child_usd.unwrap_or_default().0);
        self.thread.lines.push(Line { again: row.again, cost: PicoUsd(cost) });
        let same_call = row.tool.is_some() && row.usd.is_none();
        if !same_call {
            self.give_results();
        }
        let from = if same_call { self.begun } else { self.ended };
        let begin = from + i64::from(row.gap);
        self.begun = begin;
        let end = begin + i64::from(row.took);
        self.ended = self.ended.max(end);
        let event = |at, what| Event { line, at: Millis(at), what };
        if let Some(cost) = row.usd {
            self.thread.events.push(event(begin, What::Call(cost)));
        }
        if let Some(source) = row.turn {
            let source = match source {
                Turn::Human => TurnSource::Human,
                Turn::Automated => TurnSource::Automated,
            };
            self.thread.events.push(event(begin, What::Deed(Deed::Turn(source))));
        }
        if let Some(how) = row.compaction {
            let is_auto = how == Compaction::Auto;
            self.thread.events.push(event(begin, What::Deed(Deed::Compaction { is_auto })));
        }
        if row.spawned {
            self.thread.events.push(event(begin, What::ChildSpawn));
        }
        if let Some(tool) = &row.tool {
            let Some(kind) = self.head.tools.get(tool) else {
                return Err(format!("{tool:?} is not among the thread's tools"));
            };
            // An id of its own for each use.
            let id = Fingerprint(line as u64);
            let asked = ToolUse {
                id,
                name: tool.clone(),
                kind: *kind,
                input: label(row.input.as_deref().unwrap_or_default()),
                target: row.on.as_deref().map(label),
                edit: row.edit.as_ref().map(|(from, to)| (label(from), label(to))),
            };
            self.thread.events.push(event(begin, What::Deed(Deed::ToolUse(asked))));
            if let Some(out) = &row.out {
                let outcome = match (&row.error, row.denied) {
                    (_, true) => ToolOutcome::Denied,
                    (Some(_), false) => ToolOutcome::Failed,
                    (None, false) => ToolOutcome::Done,
                };
                let error = row.error.as_deref().map(label);
                let result = ToolResult { id, outcome, output: label(out), error };
                self.results.push(event(end, What::Deed(Deed::ToolResult(result))));
            }
        }
        if let Some(cost) = row.child_usd {
            self.results.push(event(end, What::ChildCall(cost)));
        }
        Ok(())
    }

    fn give_results(&mut self) {
        self.results.sort_by_key(|event| event.at);
        self.thread.events.append(&mut self.results);
    }

    fn end(mut self, file: &str) -> Result<Thread, CorpusError> {
        self.give_results();
        let at = |what: &str| {
            let what = format!("{:?} {what}", self.thread.name);
            Err(CorpusError { file: file.to_owned(), line: self.head_line, what })
        };
        if self.thread.lines.is_empty() {
            return at("has no lines");
        }
        match self.thread.runaway {
            Some((_, start)) if start >= self.thread.lines.len() => at("ends before its start"),
            Some((_, start)) if !self.thread.lines[start].again => at("starts at no `again`"),
            _ => Ok(self.thread),
        }
    }
}

/// A line tells one thing.
fn check(row: &Row) -> Result<(), String> {
    let tells = [
        row.turn.is_some(),
        row.compaction.is_some(),
        row.spawned,
        row.tool.is_some(),
        row.usd.is_some() && row.tool.is_none(),
    ];
    if tells.into_iter().filter(|tells| *tells).count() != 1 {
        return Err(
            "a line has one of `turn`, `compaction`, `spawned` and `tool`, or `usd` alone".into()
        );
    }
    let of_tools = row.input.is_some()
        || row.on.is_some()
        || row.edit.is_some()
        || row.out.is_some()
        || row.error.is_some()
        || row.denied
        || row.took > 0;
    match (&row.tool, &row.input) {
        (None, _) if of_tools => Err("only a line with `tool` says what came of it".into()),
        (Some(tool), None) => Err(format!("{tool:?} was asked for what? `in` is missing")),
        _ => Ok(()),
    }
}

/// Equal labels are equal texts.
fn label(text: &str) -> Fingerprint {
    Fingerprint(xxh3_64(text.as_bytes()))
}
