//! Claude Code: JSON lines under `<config>/projects/`.
//!
//! One model response is written as several records, one for each content block, each with a
//! snapshot of the usage; forks, resumes and background workers copy records into other files;
//! subagents have files of their own that carry the parent's session id. The adapter reports what
//! each record says; which records are one call, and whose it is, the ledger decides.

mod account;
mod alike;
mod answer;
mod blocks;
mod deed;
mod heard;
mod place;
mod process;
mod prompt;
mod quick;
mod raw;
mod record;
mod registry;
mod relay;
mod repeat;
mod result;
mod search;
mod settings;
mod state;
mod statement;
mod tool;
mod turn;
mod usage;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use self::raw::Raw;
pub use self::state::State;
use super::json;
use super::{
    Agent, Hook, HookSetting, Live, Moment, Parser, Source, Surroundings, Unparsed, Words,
};
use crate::model::{AgentId, DeedLog, Event};

/// The adapter.
#[derive(Debug)]
pub struct Claude;

impl Agent for Claude {
    fn id(&self) -> AgentId {
        AgentId::Claude
    }

    fn variables(&self) -> &'static [&'static str] {
        &[place::VARIABLE]
    }

    fn homes(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        place::homes(surroundings)
    }

    fn roots(&self, home: &Path) -> Vec<PathBuf> {
        vec![place::projects(home)]
    }

    fn source(&self, path: &Path) -> Option<Source> {
        path.extension().is_some_and(|extension| extension == "jsonl").then_some(Source::Lines)
    }

    fn open(&self, path: &Path, saved: Option<&str>) -> Box<dyn Parser> {
        Box::new(State::open(path, saved))
    }

    fn leaves_out(&self) -> &'static str {
        "the session's title, the tokens of web searches, compactions, aborted answers"
    }

    fn folder_of_session(&self, transcript: &Path) -> Option<PathBuf> {
        Some(transcript.with_extension(""))
    }

    fn subagent_file(&self, subagent: &str) -> Option<String> {
        Some(format!("agent-{subagent}.jsonl"))
    }

    fn own_transcript(&self, path: &Path, session_id: &str) -> PathBuf {
        place::own_transcript(path, session_id)
    }

    fn account_files(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        place::account_files(surroundings)
    }

    fn is_on_plan(&self, account_file: &[u8]) -> Option<bool> {
        account::is_on_plan(account_file)
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

    fn resume_words(&self) -> Option<&'static str> {
        Some("claude --resume")
    }

    fn hook(&self) -> Option<Hook> {
        Some(Hook {
            file: "settings.json",
            words: Words::CLAUDE,
            moments: &Moment::ALL,
            stops_turn: true,
            reloads: true,
            beside: &settings::MANAGED,
            consent: None,
        })
    }

    fn hook_problems(&self, setting: &HookSetting<'_>) -> Vec<String> {
        settings::problems(setting)
    }
}

impl Parser for State {
    fn parse(
        &mut self,
        record: &[u8],
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(record) = json::object(record)? else { return Ok(()) };
        if self.reads_alike(record, offset, events)
            || self.hear_quickly(record)
            || !self.wants(record)
        {
            return Ok(());
        }
        if let Some((parsed, places)) = quick::record(record) {
            let raw = Raw::new(record, offset).with_places(places);
            return self.read(&parsed, &raw, events);
        }
        json::read(record, |text| {
            let parsed = serde_json::from_str(text)?;
            Ok(self.read(&parsed, &Raw::new(text.as_bytes(), offset), events))
        })
    }

    fn save(&self) -> Option<String> {
        self.to_text()
    }

    fn take_deeds(&mut self) -> DeedLog {
        std::mem::take(&mut self.deeds)
    }

    fn waiting_deeds(&self) -> usize {
        self.deeds.weight()
    }

    /// A total was stated that nothing dates yet.
    fn has_undated_total(&self) -> bool {
        self.is_total_undated()
    }

    fn show_repeats(&mut self) {
        self.with_repeats = true;
    }
}
