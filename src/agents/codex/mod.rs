//! Codex: rollouts, JSON lines under `<config>/sessions/<year>/<month>/<day>/` and, put away, under
//! `<config>/archived_sessions/`. A week after its last line a rollout is compressed.
//!
//! A rollout is one thread: a session's own, or a subagent's. Newer clients write a
//! `token_usage_record` with the id of each answer; older ones only the thread's running total,
//! again and again, so that a request is a difference that has to be named by its turn and total.
//! Forks and subagents may begin with a copy of their parent's lines, which are nobody's spend.

mod account;
mod answer;
mod counter;
mod deed;
mod history;
mod place;
mod process;
mod quick;
mod record;
mod result;
mod server;
mod settings;
mod thread;
mod tokens;
mod tool;
mod turn;
mod who;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use self::record::Line;
use self::thread::Thread;
use super::{
    Agent, Hook, HookSetting, Moment, OpenThread, Parser, Source, Surroundings, Words,
    is_session_id,
};
use crate::model::AgentId;

/// The adapter.
#[derive(Debug)]
pub struct Codex;

impl Agent for Codex {
    fn id(&self) -> AgentId {
        AgentId::Codex
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
        Box::new(Thread::new(path, saved))
    }

    fn leaves_out(&self) -> &'static str {
        "the session's title, aborted answers and, by versions without usage records, compactions on OpenAI's side"
    }

    fn folder_of_session(&self, transcript: &Path) -> Option<PathBuf> {
        // Subagents have rollouts of their own, by the day on which they began.
        transcript.parent().map(Path::to_owned)
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

    fn is_headless(&self, _exe: &Path, argv: &[OsString]) -> bool {
        process::is_headless(argv)
    }

    fn holds_transcripts_open(&self) -> bool {
        true
    }

    fn thread_of_open(&self, path: &Path, head: &[u8]) -> Option<OpenThread> {
        let first = head.split(|&byte| byte == b'\n').next()?;
        let line: Line<'_> = serde_json::from_slice(first).ok()?;
        let meta = line.payload.0.filter(|_| line.kind.is("session_meta"))?;
        // The name and the first line must tell the same: whoever may write a file may name it.
        let thread = place::thread_of(path)?;
        let id = meta.id.non_empty().filter(|id| *id == thread && is_session_id(id))?;
        let session = who::session_of(&meta).filter(|session| is_session_id(session));
        Some(OpenThread { session_id: Arc::from(session.unwrap_or(id)), thread_id: Arc::from(id) })
    }

    fn is_server(&self, _exe: &Path, argv: &[OsString]) -> bool {
        process::is_server(argv)
    }

    fn server_socket(&self, home: &Path) -> Option<PathBuf> {
        Some(home.join(server::SOCKET))
    }

    fn interruption(&self, threads: &[Arc<str>]) -> Vec<Value> {
        server::interruption(threads)
    }

    fn in_turn(&self, tail: &[u8]) -> Option<bool> {
        turn::in_turn(tail)
    }

    fn resume_words(&self) -> Option<&'static str> {
        Some("codex resume")
    }

    fn hook(&self) -> Option<Hook> {
        Some(Hook {
            file: settings::FILE,
            words: Words::CLAUDE,
            // At a tool it can say what it likes: Codex goes on.
            moments: &[Moment::SessionStart, Moment::UserPromptSubmit],
            stops_turn: false,
            reloads: false,
            beside: &settings::BESIDE,
            consent: Some(
                "Until then nothing blocks Codex's prompts: spendtop ends its turns from outside \
                 alone.",
            ),
        })
    }

    fn hook_problems(&self, setting: &HookSetting<'_>) -> Vec<String> {
        settings::problems(setting)
    }
}
