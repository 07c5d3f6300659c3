//! GitHub's Copilot CLI: JSON lines in `<config>/session-state/<session>/events.jsonl`.
//!
//! Newer clients write a `session.usage_record` with the provider's id of each answer. Older ones
//! write, when a session ends, what each model has used in it so far: a call is then what came on
//! top of the totals before. Until such a session ends, only the output of its messages is known.
//! Credits are kept as reported, beside our price.
//!
//! The file that its telemetry can be sent to repeats the same answers, with the same ids; of older
//! clients nothing would tell them from those within the totals. It is not read.

mod deed;
mod meter;
mod place;
mod record;
mod session;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::session::Session;
use super::{Agent, OpenThread, Parser, Source, Surroundings, process};
use crate::model::AgentId;

/// The adapter.
#[derive(Debug)]
pub struct Copilot;

impl Agent for Copilot {
    fn id(&self) -> AgentId {
        AgentId::Copilot
    }

    fn variables(&self) -> &'static [&'static str] {
        &[place::VARIABLE]
    }

    fn homes(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        place::homes(surroundings)
    }

    fn roots(&self, home: &Path) -> Vec<PathBuf> {
        place::roots(home)
    }

    fn source(&self, path: &Path) -> Option<Source> {
        place::source(path)
    }

    fn open(&self, path: &Path, saved: Option<&str>) -> Box<dyn Parser> {
        Box::new(Session::new(path, saved))
    }

    fn leaves_out(&self) -> &'static str {
        "by older versions what a session used before it ended, but for the output of its messages, \
         and all of it where the session did not end well"
    }

    fn is_executable(&self, exe: &Path, argv: &[OsString]) -> bool {
        place::is_executable(exe, argv)
    }

    fn is_headless(&self, _exe: &Path, argv: &[OsString]) -> bool {
        process::has_option(argv, "-p", "--prompt")
    }

    fn holds_transcripts_open(&self) -> bool {
        true
    }

    fn thread_of_open(&self, path: &Path, _head: &[u8]) -> Option<OpenThread> {
        let session_id = place::session_in_use(path)?;
        Some(OpenThread { thread_id: Arc::clone(&session_id), session_id })
    }

    fn resume_words(&self) -> Option<&'static str> {
        Some("copilot --resume")
    }
}
