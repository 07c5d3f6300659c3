//! The demo's agents: this program under the name of Claude Code's, which only waits. Each stands
//! for a session that is open, and can be ended like any other.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use crate::cli::part::Part;
use crate::demo::{OpenSession, Registration};
use crate::enforce::{Kernel, ProcessTable as _};
use crate::model::Millis;
use crate::paths;

/// The agents, by session.
pub(super) struct Agents(HashMap<String, Agent>);

struct Agent {
    child: Child,
    /// It ends when this closes, and with it however the demo ends.
    _stdin: Option<ChildStdin>,
    is_open: bool,
}

impl Agents {
    /// Starts one for each open session, and registers it as the real ones do.
    pub(super) fn start(home: &Path, open: &[OpenSession], now: Millis) -> io::Result<Self> {
        let exe = home.join("bin/claude");
        for folder in ["bin", "sessions", "projects"] {
            fs::create_dir_all(home.join(folder))?;
        }
        fs::copy(paths::program()?, &exe)?;
        let table = Kernel::new();
        let mut agents = Self(HashMap::new());
        for session in open {
            let mut command = Command::new(&exe);
            command.args(Part::Demo.arguments()).current_dir(home).env_clear();
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn()?;
            let stdin = child.stdin.take();
            let pid = child.id();
            let agent = Agent { child, _stdin: stdin, is_open: true };
            agents.0.insert(session.session_id.clone(), agent);
            // Where the system does not tell, the session has no process that is certain.
            let Some(process) = table.process(pid) else { continue };
            let registration = Registration {
                pid,
                start_time: process.key.start_time,
                session_id: &session.session_id,
                cwd: &session.folder,
                started_at: now,
                is_busy: session.is_busy,
            };
            fs::write(home.join(format!("sessions/{pid}.json")), registration.json())?;
        }
        Ok(agents)
    }

    /// Whether nobody has ended the session.
    pub(super) fn is_open(&mut self, session_id: &str) -> bool {
        let Some(agent) = self.0.get_mut(session_id) else { return true };
        agent.is_open = agent.is_open && matches!(agent.child.try_wait(), Ok(None));
        agent.is_open
    }
}

/// Plays an agent: waits until the demo is over, or somebody ends it.
pub(in crate::cli) fn play() -> ExitCode {
    let mut bytes = [0; 64];
    while let Ok(1..) = io::stdin().read(&mut bytes) {}
    ExitCode::SUCCESS
}
