//! Systems where a process cannot be told from its successor with certainty: nothing is found and
//! nothing signalled, so caps block and tell.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::table::{Process, ProcessTable, Refused, Signal};
use crate::model::ProcessKey;

/// A process table without processes.
#[derive(Clone, Debug, Default)]
pub struct Kernel;

impl Kernel {
    /// The table.
    pub fn new() -> Self {
        Self
    }
}

/// Orders that nobody is given: it could not be told who takes them.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'a> {
    /// Where they would go.
    pub socket: &'a Path,
    /// What they would be.
    pub orders: &'a [Value],
}

impl Orders<'_> {
    /// Does not give them.
    pub fn give(&self, _process: &ProcessKey, _limit: Duration) -> Result<(), String> {
        Err(Refused::Unsupported.to_string())
    }
}

impl ProcessTable for Kernel {
    fn process(&self, _pid: u32) -> Option<Process> {
        None
    }

    fn own(&self) -> ProcessKey {
        ProcessKey { boot_id: Arc::from(""), pid: std::process::id(), start_time: 0 }
    }

    fn uid(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn descendants(&self, _process: &ProcessKey) -> Vec<ProcessKey> {
        Vec::new()
    }

    fn running(&self, _is_wanted: &dyn Fn(&Path) -> bool) -> Vec<Process> {
        Vec::new()
    }

    fn written_files(&self, _process: &ProcessKey) -> Vec<PathBuf> {
        Vec::new()
    }

    fn variable(&self, _process: &ProcessKey, _name: &OsStr) -> Option<OsString> {
        None
    }

    fn signal(&self, _process: &ProcessKey, _signal: Signal) -> Result<(), Refused> {
        Err(Refused::Unsupported)
    }
}
