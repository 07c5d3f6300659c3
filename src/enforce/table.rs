//! The processes of the machine, as the guard sees them: who is there, and how one is signalled.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::agents;
use crate::model::{AgentId, ProcessKey};

/// Parents looked at before a chain counts as endless.
const DEEPEST: usize = 64;

/// A process at the moment it was looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct Process {
    /// Tells it from every other that ever had its number.
    pub key: ProcessKey,
    /// Its parent's pid; zero for none.
    pub ppid: u32,
    /// The user it runs as; none where its real, effective and saved user differ.
    pub uid: Option<u32>,
    /// Its executable, by the kernel's link; none where that cannot be read.
    pub exe: Option<PathBuf>,
    /// Its arguments. They may hold a prompt: never stored, logged or shown.
    pub argv: Vec<OsString>,
    /// It runs. A zombie does not.
    pub is_alive: bool,
}

/// Leaves the arguments out: an agent's hold the person's prompt.
impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("key", &self.key)
            .field("ppid", &self.ppid)
            .field("uid", &self.uid)
            .field("exe", &self.exe)
            .field("is_alive", &self.is_alive)
            .finish_non_exhaustive()
    }
}

/// The signals that the guard sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// What ends a headless agent gently.
    Int,
    /// What ends an interactive agent gently.
    Term,
    /// What no process can ignore.
    Kill,
}

impl Signal {
    /// The name in the audit trail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "SIGINT",
            Self::Term => "SIGTERM",
            Self::Kill => "SIGKILL",
        }
    }
}

/// Why a signal was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has ended.
    #[error("it has ended")]
    Ended,
    /// Its number belongs to another process by now.
    #[error("the pid belongs to another process now")]
    Reused,
    /// It runs as somebody else, or changed users.
    #[error("it is another user's process")]
    OtherUser,
    /// No process that anyone may end: pid 0 or 1, or no pid at all.
    #[error("no process that may be signalled")]
    Reserved,
    /// Ourselves, or a process that we live in.
    #[error("it is spendtop's own process or one that spendtop runs in")]
    Ourselves,
    /// This system gives no way to be certain.
    #[error("processes cannot be told apart with certainty on this system")]
    Unsupported,
    /// What the system said.
    #[error("{0}")]
    System(String),
}

/// The processes of the machine.
pub trait ProcessTable {
    /// The process with this number now, a zombie included.
    fn process(&self, pid: u32) -> Option<Process>;

    /// The process with this number now, and its parent's number: the least that can be asked.
    fn parentage(&self, pid: u32) -> Option<(ProcessKey, u32)> {
        self.process(pid).map(|process| (process.key, process.ppid))
    }

    /// The executable of the process with this number now, where that can be read.
    fn executable(&self, pid: u32) -> Option<PathBuf> {
        self.process(pid)?.exe
    }

    /// This process.
    fn own(&self) -> ProcessKey;

    /// The user that this process runs as.
    fn uid(&self) -> u32;

    /// Everything that the process started and that still has it among its parents. Tools have
    /// process groups and sessions of their own, so only parentage finds them.
    fn descendants(&self, process: &ProcessKey) -> Vec<ProcessKey>;

    /// The processes that run one of these executables.
    fn running(&self, is_wanted: &dyn Fn(&Path) -> bool) -> Vec<Process>;

    /// The files that the process holds open for writing.
    fn written_files(&self, process: &ProcessKey) -> Vec<PathBuf>;

    /// A variable that the process was started with.
    fn variable(&self, process: &ProcessKey, name: &OsStr) -> Option<OsString>;

    /// Signals this very process, or none: it is held fast first and then checked.
    fn signal(&self, process: &ProcessKey, signal: Signal) -> Result<(), Refused>;

    /// This very process still runs. A zombie does not.
    fn is_alive(&self, process: &ProcessKey) -> bool {
        self.process(process.pid).is_some_and(|found| found.is_alive && found.key == *process)
    }

    /// The process's parents, the nearest first.
    fn ancestors(&self, pid: u32) -> Vec<ProcessKey> {
        lineage(self, pid).collect()
    }

    /// Why this process must not be signalled, whoever asks; none: it may be.
    fn refusal(&self, process: &ProcessKey) -> Option<Refused> {
        self.refusal_of(process, self.process(process.pid).as_ref())
    }

    /// The same, by what was found under its number.
    fn refusal_of(&self, process: &ProcessKey, found: Option<&Process>) -> Option<Refused> {
        if process.pid <= 1 || i32::try_from(process.pid).is_err() {
            return Some(Refused::Reserved);
        }
        let own = self.own().pid;
        if process.pid == own || self.ancestors(own).iter().any(|parent| parent.pid == process.pid)
        {
            return Some(Refused::Ourselves);
        }
        let Some(found) = found else { return Some(Refused::Ended) };
        if found.key != *process {
            return Some(Refused::Reused);
        }
        if found.uid != Some(self.uid()) {
            return Some(Refused::OtherUser);
        }
        (!found.is_alive).then_some(Refused::Ended)
    }
}

/// The process's parents, each looked for when it is asked for: the nearest first.
fn lineage<T: ProcessTable + ?Sized>(table: &T, pid: u32) -> impl Iterator<Item = ProcessKey> {
    let mut youngest = table.parentage(pid);
    let next = move || {
        let (child, above) = youngest.take().filter(|(_, above)| *above > 0)?;
        // A parent is older than its child: a younger one got the number in between.
        let is_older = |(parent, _): &(ProcessKey, u32)| parent.start_time <= child.start_time;
        youngest = table.parentage(above).filter(is_older);
        youngest.as_ref().map(|(parent, _)| parent.clone())
    };
    std::iter::from_fn(next).take(DEEPEST)
}

/// The nearest ancestor that is an agent, by its executable: what a hook, or a command that an
/// agent runs, lives in.
pub fn agent_ancestor(table: &dyn ProcessTable, pid: u32) -> Option<(AgentId, Process)> {
    lineage(table, pid).find_map(|parent| {
        // A shell mostly, of which nothing else needs to be known.
        table.executable(parent.pid).filter(|exe| agents::may_be_run_by(exe))?;
        let process = table.process(parent.pid).filter(|found| found.key == parent)?;
        let exe = process.exe.as_deref()?;
        let is = |agent: &AgentId| agents::adapter(*agent).is_executable(exe, &process.argv);
        let agent = AgentId::ALL.into_iter().find(is)?;
        Some((agent, process))
    })
}
