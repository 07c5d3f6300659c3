//! Gemini CLI: chats, JSON lines under `<config>/tmp/<project>/chats/`; older versions kept each in
//! one JSON document, which is carried over into lines when the chat is taken up again.
//!
//! A message is written again whenever something of it changes, by its id; its tokens may come
//! after it. What is taken back (`$rewindTo`) or left out of a new state of the conversation
//! (`$set`) was billed all the same. No record names the folder that the agent works in: a file
//! beside the chats does.

pub(super) mod account;
mod chat;
mod deed;
mod place;
mod process;
mod record;
mod settings;
mod tokens;
pub(super) mod tool;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use self::chat::Chat;
use super::{Agent, Hook, HookSetting, Moment, Parser, Source, Surroundings};
use crate::model::AgentId;

/// The adapter.
#[derive(Debug)]
pub struct Gemini;

impl Agent for Gemini {
    fn id(&self) -> AgentId {
        AgentId::Gemini
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
        Box::new(Chat::new(path, saved))
    }

    fn leaves_out(&self) -> &'static str {
        "side requests (routing, summaries, compressions, checks for loops), tries that were repeated \
         and aborted answers"
    }

    fn cwd_file(&self, transcript: &Path) -> Option<PathBuf> {
        place::cwd_file(transcript)
    }

    fn folder_of_session(&self, transcript: &Path) -> Option<PathBuf> {
        // Subagents have a folder of the session's id in there.
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

    fn resume_words(&self) -> Option<&'static str> {
        Some("gemini --resume")
    }

    fn hook(&self) -> Option<Hook> {
        Some(Hook {
            file: settings::FILE,
            words: settings::WORDS,
            moments: &Moment::ALL,
            stops_turn: true,
            reloads: false,
            beside: &[],
            consent: None,
        })
    }

    fn hook_problems(&self, setting: &HookSetting<'_>) -> Vec<String> {
        settings::problems(setting)
    }
}
