//! Claude Code: JSON lines under `<config>/projects/`.
//!
//! One model response is written as several records, one for each content block, each with a
//! snapshot of the usage; forks, resumes and background workers copy records into other files;
//! subagents have files of their own that carry the parent's session id. The adapter reports what
//! each record says; which records are one call, and whose it is, the ledger decides.

mod account;
mod answer;
mod blocks;
mod deed;
mod heard;
mod latest;
mod process;
mod prompt;
mod quick;
mod raw;
mod record;
mod registry;
mod relay;
mod repeat;
mod result;
mod resume;
mod search;
mod state;
mod statement;
mod tool;
mod turn;
mod usage;

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use self::account::is_on_plan;
use self::raw::Raw;
pub use self::state::State;
use super::json;
use super::{Agent, Latest, Live, Unparsed};
use crate::model::{AgentId, Event};

/// The adapter.
#[derive(Debug)]
pub struct Claude;

impl Agent for Claude {
    fn id(&self) -> AgentId {
        AgentId::Claude
    }

    fn is_transcript(&self, path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "jsonl")
    }

    fn open(&self, path: &Path, saved: Option<&str>) -> super::State {
        super::State::Claude(State::open(path, saved))
    }

    fn parse(
        &self,
        record: &[u8],
        offset: u64,
        state: &mut super::State,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let super::State::Claude(state) = state;
        // After a crash a record may start with NUL bytes.
        let nuls = record.iter().take_while(|&&b| b == 0).count();
        let record = record[nuls..].trim_ascii();
        if record.is_empty() {
            return Ok(());
        }
        if !(record.starts_with(b"{") && record.ends_with(b"}")) {
            return Err(Unparsed::NotJson);
        }
        if state.repeats(record) || state.hear_quickly(record) || !state.wants(record) {
            return Ok(());
        }
        if let Some((parsed, places)) = quick::record(record) {
            let raw = Raw::new(record, offset).with_places(places);
            return state.read(&parsed, &raw, events);
        }
        // Invalid UTF-8 in some text must not lose the counts beside it. And text that is known to
        // be valid parses faster.
        // Checked first because repairing goes byte by byte: it took a third of the parser's time.
        let text = std::str::from_utf8(record)
            .map_or_else(|_| String::from_utf8_lossy(record), Cow::Borrowed);
        if let Ok(parsed) = serde_json::from_str(&text) {
            return state.read(&parsed, &Raw::new(text.as_bytes(), offset), events);
        }
        let text = json::mended(&text);
        let parsed = serde_json::from_str(&text).map_err(|_| Unparsed::NotJson)?;
        state.read(&parsed, &Raw::new(text.as_bytes(), offset), events)
    }

    fn is_executable(&self, exe: &Path, argv: &[OsString]) -> bool {
        process::is_executable(exe, argv)
    }

    fn is_headless(&self, exe: &Path, argv: &[OsString]) -> bool {
        process::is_headless(exe, argv)
    }

    fn stop_arguments(&self, exe: &Path, argv: &[OsString], job_id: &str) -> Vec<OsString> {
        process::stop_arguments(exe, argv, job_id)
    }

    fn registry(&self, root: &Path) -> Option<PathBuf> {
        // `<config>/projects` and `<config>/sessions`.
        root.parent().map(|config| config.join("sessions"))
    }

    fn parse_live(&self, bytes: &[u8]) -> Option<Live> {
        registry::parse(bytes)
    }

    fn in_turn(&self, tail: &[u8]) -> Option<bool> {
        turn::in_turn(tail)
    }

    fn latest(&self, tail: &[u8], is_whole: bool, is_subagent: bool) -> Latest {
        latest::latest(tail, is_whole, is_subagent)
    }

    fn resume_command(&self, session_id: &str, cwd: Option<&str>) -> String {
        resume::command(session_id, cwd)
    }
}
