//! `OpenCode`: a database `opencode.db` in its data folder, in which all its sessions are; before that,
//! a file for each message.
//!
//! A call is a step of an answer. Its counts come when the step has ended, which is after its tools
//! have run: what was killed before is in no row. The client adds up what its own price list says;
//! that is kept beside our price, and stands for models that we know none of.
//!
//! Which process a session is in is mostly not told: every process holds the one database open. Only
//! one that was started to answer a prompt in a session that it was told by its arguments is certain;
//! of others none is signalled, and the person is told.

mod account;
mod answer;
mod deed;
mod place;
mod process;
mod record;
mod rows;
mod tables;
mod tokens;
mod tool;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use self::rows::Rows;
use super::{Agent, Parser, SessionOfArguments, Source, Surroundings};
use crate::model::AgentId;

/// The adapter.
#[derive(Debug)]
pub struct OpenCode;

impl Agent for OpenCode {
    fn id(&self) -> AgentId {
        AgentId::OpenCode
    }

    fn variables(&self) -> &'static [&'static str] {
        &place::VARIABLES
    }

    fn homes(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        place::homes(surroundings)
    }

    fn roots(&self, home: &Path) -> Vec<PathBuf> {
        vec![home.to_owned()]
    }

    fn home_of<'a>(&self, root: &'a Path) -> Option<&'a Path> {
        Some(root)
    }

    fn source(&self, path: &Path) -> Option<Source> {
        place::source(path)
    }

    fn folders(&self, root: &Path) -> Option<Vec<PathBuf>> {
        // Others beside the database have logs, programs and the repositories of its snapshots.
        Some(vec![root.join(place::MESSAGES[0]).join(place::MESSAGES[1])])
    }

    fn open(&self, _path: &Path, _saved: Option<&str>) -> Box<dyn Parser> {
        Box::new(Rows::default())
    }

    fn leaves_out(&self) -> &'static str {
        "titles of sessions, steps that were broken off before their tools had run and, of answers \
         in files from before there was a database, all steps but the last"
    }

    fn account_files(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        place::account_files(surroundings)
    }

    fn is_on_plan(&self, account_file: &[u8]) -> Option<bool> {
        account::is_on_plan(account_file)
    }

    fn is_executable(&self, exe: &Path, _argv: &[OsString]) -> bool {
        process::is_executable(exe)
    }

    fn is_headless(&self, _exe: &Path, argv: &[OsString]) -> bool {
        process::is_headless(argv)
    }

    fn session_of_arguments(&self) -> Option<SessionOfArguments> {
        Some(process::session_of)
    }

    fn in_turn(&self, _tail: &[u8]) -> Option<bool> {
        // The end of a database tells nothing.
        None
    }

    fn resume_words(&self) -> Option<&'static str> {
        Some("opencode --session")
    }
}
