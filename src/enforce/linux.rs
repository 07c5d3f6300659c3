//! Linux: processes by `/proc`, signals through a pidfd.
//!
//! `/proc` is read by hand: a stat line and three small files do not need more, and a hook that
//! has four milliseconds walks its parents here.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::process::{
    Pid, PidfdFlags, Signal as Number, geteuid, getpid, pidfd_open, pidfd_send_signal,
};

use super::table::{Process, ProcessTable, Refused, Signal};
use crate::model::ProcessKey;

/// The kernel lets arguments and environment be about this long in all.
const LONGEST_ARGUMENTS: u64 = 4 << 20;
/// What the kernel appends to the link of an executable that was replaced, by an update say.
const DELETED: &[u8] = b" (deleted)";

/// The running kernel's process table.
#[derive(Clone, Debug)]
pub struct Kernel {
    boot_id: Arc<str>,
}

impl Kernel {
    /// The table of this boot.
    pub fn new() -> Self {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self { boot_id: boot_id.trim().into() }
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

    fn own(&self) -> ProcessKey {
        let pid = getpid().as_raw_nonzero().get().cast_unsigned();
        self.key(pid, Stat::of(pid).map_or(0, |stat| stat.start_time))
    }

    fn uid(&self) -> u32 {
        geteuid().as_raw()
    }

    fn descendants(&self, process: &ProcessKey) -> Vec<ProcessKey> {
        let mut children: BTreeMap<u32, Vec<(u32, Stat)>> = BTreeMap::new();
        for (pid, stat) in pids().into_iter().filter_map(|pid| Some((pid, Stat::of(pid)?))) {
            children.entry(stat.ppid).or_default().push((pid, stat));
        }
        // Only now: what became of its number before the listing does not matter.
        if !self.is_alive(process) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut parents = vec![(process.pid, process.start_time)];
        while let Some((parent, born)) = parents.pop() {
            for (pid, stat) in children.remove(&parent).unwrap_or_default() {
                if stat.start_time >= born {
                    parents.push((pid, stat.start_time));
                    found.push(self.key(pid, stat.start_time));
                }
            }
        }
        found
    }

    fn pids(&self) -> Vec<u32> {
        pids()
    }

    fn written_files(&self, process: &ProcessKey) -> Vec<PathBuf> {
        let folder = format!("/proc/{}/fd", process.pid);
        let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
        let written = entries.flatten().filter_map(|entry| {
            let path = fs::read_link(entry.path()).ok().filter(|path| path.is_absolute())?;
            is_written(process.pid, &entry.file_name()).then_some(path)
        });
        let written = written.collect();
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

/// What `/proc/<pid>/stat` tells.
struct Stat {
    state: u8,
    ppid: u32,
    start_time: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let mut bytes = [0; 1024];
        let mut file = File::open(format!("/proc/{pid}/stat")).ok()?;
        let length = file.read(&mut bytes).ok()?;
        Self::parse(&bytes[..length])
    }

    /// The process names itself, in the second field: only what follows the last `)` is the
    /// kernel's word.
    fn parse(line: &[u8]) -> Option<Self> {
        let end = memchr::memrchr(b')', line)?;
        let mut fields = std::str::from_utf8(&line[end + 1..]).ok()?.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let ppid = fields.next()?.parse().ok()?;
        let start_time = fields.nth(17)?.parse().ok()?;
        Some(Self { state, ppid, start_time })
    }

    fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Everything in `/proc` that is a process.
fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A process has this descriptor open for writing, by its `flags`, which are octal.
fn is_written(pid: u32, descriptor: &OsStr) -> bool {
    let info = PathBuf::from(format!("/proc/{pid}/fdinfo")).join(descriptor);
    let text = fs::read_to_string(info).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    // The lowest two bits: read, write, or both.
    flags.is_some_and(|flags| flags & 0o3 != 0)
}

/// The user of a process whose real, effective and saved user are one.
fn user_of(pid: u32) -> Option<u32> {
    let status = fs::read(format!("/proc/{pid}/status")).ok()?;
    let line = status.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    let mut ids = std::str::from_utf8(line).ok()?.split_ascii_whitespace().map(str::parse::<u32>);
    let real = ids.next()?.ok()?;
    ids.take(2).all(|id| id == Ok(real)).then_some(real)
}

fn executable_of(pid: u32) -> Option<PathBuf> {
    let link = fs::read_link(format!("/proc/{pid}/exe")).ok()?.into_os_string().into_vec();
    let path = link.strip_suffix(DELETED).map(<[u8]>::to_vec).unwrap_or(link);
    Some(OsString::from_vec(path).into())
}

/// The NUL-ended strings of one of a process's files.
fn strings_of(pid: u32, file: &str) -> Vec<OsString> {
    let mut bytes = Vec::new();
    let read = File::open(format!("/proc/{pid}/{file}"))
        .and_then(|file| file.take(LONGEST_ARGUMENTS).read_to_end(&mut bytes));
    if read.is_err() || bytes.is_empty() {
        return Vec::new();
    }
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    bytes.split(|&b| b == 0).map(|text| OsString::from_vec(text.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_cannot_lie_about_its_stat_by_its_name() {
        let line = b"77 (x) R 1 1 1) S 42 77 77 0 -1 4194304 9 0 0 0 0 0 0 0 20 0 1 0 181843 1 2";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.state, stat.ppid, stat.start_time), (b'S', 42, 181_843));
        assert!(stat.is_alive());
        for broken in [&b""[..], b"77 (x", b"77 (x) ", b"77 (x) S one", b"77 (x) S 1 2 3"] {
            assert!(Stat::parse(broken).is_none());
        }
    }

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
            assert!(kernel.signal(&parent.key, Signal::Term).is_err(), "{parent:?}");
        }
        for pid in [0, 1, u32::MAX] {
            let key = ProcessKey { pid, ..own.key.clone() };
            assert_eq!(kernel.signal(&key, Signal::Term), Err(Refused::Reserved));
        }
    }
}
