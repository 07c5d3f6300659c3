//! Linux: processes by `/proc`, signals through a pidfd.
//!
//! `/proc` is read by hand: a stat line and a few small files do not need more, and whoever reads
//! them is in a hurry.

mod orders;
mod proc;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::{
    Pid, PidfdFlags, Signal as Number, geteuid, getpid, pidfd_open, pidfd_send_signal,
};

pub use self::orders::Orders;
use self::proc::{
    Stat, all_by_parent, all_pids, children_of, executable_of, strings_of, user_of, written_by,
};
use super::table::{Process, ProcessTable, Refused, Signal};
use crate::model::ProcessKey;

/// The running kernel's process table.
#[derive(Clone, Debug)]
pub struct Kernel {
    boot_id: Arc<str>,
    own: ProcessKey,
}

impl Kernel {
    /// The table of this boot.
    pub fn new() -> Self {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot_id: Arc<str> = boot_id.trim().into();
        let pid = getpid().as_raw_nonzero().get().cast_unsigned();
        let start_time = Stat::of(pid).map_or(0, |stat| stat.start_time);
        Self { own: ProcessKey { boot_id: Arc::clone(&boot_id), pid, start_time }, boot_id }
    }

    fn key(&self, pid: u32, start_time: u64) -> ProcessKey {
        ProcessKey { boot_id: Arc::clone(&self.boot_id), pid, start_time }
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self::new()
    }
}

impl ProcessTable for Kernel {
    fn process(&self, pid: u32) -> Option<Process> {
        let before = Stat::of(pid)?;
        let process = Process {
            key: self.key(pid, before.start_time),
            ppid: before.ppid,
            uid: user_of(pid),
            exe: executable_of(pid),
            argv: strings_of(pid, "cmdline"),
            is_alive: before.is_alive(),
        };
        // The number may have changed hands between two files.
        let after = Stat::of(pid)?;
        (after.start_time == before.start_time).then_some(process)
    }

    fn parentage(&self, pid: u32) -> Option<(ProcessKey, u32)> {
        let stat = Stat::of(pid)?;
        Some((self.key(pid, stat.start_time), stat.ppid))
    }

    fn executable(&self, pid: u32) -> Option<PathBuf> {
        executable_of(pid)
    }

    fn own(&self) -> ProcessKey {
        self.own.clone()
    }

    fn uid(&self) -> u32 {
        geteuid().as_raw()
    }

    fn descendants(&self, process: &ProcessKey) -> Vec<ProcessKey> {
        let mut everybody = None;
        let mut found = Vec::new();
        let mut parents = vec![process.clone()];
        while let Some(parent) = parents.pop() {
            let children = children_of(parent.pid).unwrap_or_else(|| {
                let everybody = everybody.get_or_insert_with(all_by_parent);
                everybody.remove(&parent.pid).unwrap_or_default()
            });
            // Only now: what became of its number before the children were read does not matter.
            if !self.is_alive(&parent) {
                continue;
            }
            for (pid, stat) in children {
                if stat.start_time >= parent.start_time {
                    let child = self.key(pid, stat.start_time);
                    parents.push(child.clone());
                    found.push(child);
                }
            }
        }
        found
    }

    fn running(&self, is_wanted: &dyn Fn(&Path) -> bool) -> Vec<Process> {
        let wanted = |pid: &u32| executable_of(*pid).is_some_and(|exe| is_wanted(&exe));
        let pids = all_pids().filter(wanted);
        pids.filter_map(|pid| self.process(pid)).filter(|process| process.is_alive).collect()
    }

    fn written_files(&self, process: &ProcessKey) -> Vec<PathBuf> {
        let written = written_by(process.pid);
        if self.is_alive(process) { written } else { Vec::new() }
    }

    fn variable(&self, process: &ProcessKey, name: &OsStr) -> Option<OsString> {
        let variables = strings_of(process.pid, "environ");
        let value = variables.iter().find_map(|variable| {
            variable.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")
        })?;
        let value = OsString::from_vec(value.to_vec());
        self.is_alive(process).then_some(value)
    }

    fn signal(&self, process: &ProcessKey, signal: Signal) -> Result<(), Refused> {
        let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
        let pid = pid.filter(|_| process.pid > 1).ok_or(Refused::Reserved)?;
        // First held fast, then checked: whatever takes the number over after this, the
        // descriptor stays with the process that had it.
        let held = pidfd_open(pid, PidfdFlags::empty()).map_err(refused)?;
        if let Some(refused) = self.refusal(process) {
            return Err(refused);
        }
        let number = match signal {
            Signal::Int => Number::INT,
            Signal::Term => Number::TERM,
            Signal::Kill => Number::KILL,
        };
        pidfd_send_signal(&held, number).map_err(refused)
    }

    fn is_alive(&self, process: &ProcessKey) -> bool {
        process.boot_id == self.boot_id
            && Stat::of(process.pid)
                .is_some_and(|stat| stat.start_time == process.start_time && stat.is_alive())
    }
}

fn refused(error: rustix::io::Errno) -> Refused {
    match error {
        rustix::io::Errno::SRCH => Refused::Ended,
        rustix::io::Errno::NOSYS => Refused::Unsupported,
        other => Refused::System(std::io::Error::from(other).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn itself_is_found_and_never_signalled() {
        let kernel = Kernel::new();
        let own = kernel.process(std::process::id()).unwrap();
        assert_eq!(own.key, kernel.own());
        assert_eq!(own.uid, Some(kernel.uid()));
        assert_eq!(own.exe, std::env::current_exe().ok());
        assert!(own.is_alive && !own.argv.is_empty());
        assert_eq!(kernel.signal(&own.key, Signal::Term), Err(Refused::Ourselves));
        for parent in kernel.ancestors(own.key.pid) {
            assert!(kernel.signal(&parent, Signal::Term).is_err(), "{parent:?}");
        }
        for pid in [0, 1, u32::MAX] {
            let key = ProcessKey { pid, ..own.key.clone() };
            assert_eq!(kernel.signal(&key, Signal::Term), Err(Refused::Reserved));
        }
    }
}
