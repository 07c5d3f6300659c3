//! What an agent itself says of its running sessions, in the files it keeps of them.
//!
//! A claim, never a proof: whoever may write the file may name any process in it. It counts only
//! where the kernel tells the same.

use std::path::PathBuf;
use std::sync::Arc;

/// A session that an agent says is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The process, never 0 or 1.
    pub pid: u32,
    /// When the process started, in the kernel's ticks since boot.
    pub proc_start: u64,
    /// The session that the process is in now.
    pub session_id: Arc<str>,
    /// How it runs.
    pub kind: LiveKind,
    /// Whether it is busy, where the agent says so.
    pub status: Option<Status>,
    /// Where it works, if the path can be shown.
    pub cwd: Option<Arc<str>>,
}

/// How a session runs, which decides how it is ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LiveKind {
    /// Without a screen, to answer one prompt.
    Headless,
    /// In a terminal.
    Interactive,
    /// Under the agent's own supervisor, which starts it again when it dies.
    Background {
        /// What the agent's own command stops it by; none where what was said is no such id.
        job_id: Option<Arc<str>>,
    },
    /// In a server of the agent's that runs the sessions of several screens. It lives on when a
    /// screen is closed, and a signal to it would end them all: what the session does is
    /// interrupted.
    Hosted {
        /// Where the server takes orders.
        socket: PathBuf,
        /// The session's threads that are open in it, its own first.
        threads: Vec<Arc<str>>,
        /// No other session is open in it.
        is_alone: bool,
    },
}

/// Whose a transcript is that a process holds open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenThread {
    /// The session.
    pub session_id: Arc<str>,
    /// The thread: the session's own, or a subagent's.
    pub thread_id: Arc<str>,
}

/// What a session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// In mid-turn.
    Busy,
    /// At its prompt.
    Idle,
    /// Asks the person, and spends nothing until it is answered.
    Asking,
}

impl Status {
    /// Nothing is spent until the person does something.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Idle | Self::Asking)
    }
}
