//! What `/proc` tells of a process, in as few reads as there can be: the guard has five
//! milliseconds for all of it, and a hook four.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The kernel lets arguments and environment be about this long in all.
const LONGEST: u64 = 4 << 20;
/// Most files are read at once into this.
const MOSTLY: usize = 4 << 10;
/// What the kernel appends to the link of an executable that was replaced, by an update say.
const DELETED: &[u8] = b" (deleted)";

/// What `/proc/<pid>/stat` tells.
pub(super) struct Stat {
    state: u8,
    pub ppid: u32,
    pub start_time: u64,
}

impl Stat {
    pub(super) fn of(pid: u32) -> Option<Self> {
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

    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// The user of a process whose real, effective and saved user are one.
pub(super) fn user_of(pid: u32) -> Option<u32> {
    let status = bytes_of(&format!("/proc/{pid}/status"))?;
    let line = status.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    let mut ids = std::str::from_utf8(line).ok()?.split_ascii_whitespace().map(str::parse::<u32>);
    let real = ids.next()?.ok()?;
    ids.take(2).all(|id| id == Ok(real)).then_some(real)
}

pub(super) fn executable_of(pid: u32) -> Option<PathBuf> {
    let link = fs::read_link(format!("/proc/{pid}/exe")).ok()?.into_os_string().into_vec();
    let path = link.strip_suffix(DELETED).map(<[u8]>::to_vec).unwrap_or(link);
    Some(OsString::from_vec(path).into())
}

/// The NUL-ended strings of one of a process's files.
pub(super) fn strings_of(pid: u32, file: &str) -> Vec<OsString> {
    let bytes = bytes_of(&format!("/proc/{pid}/{file}")).unwrap_or_default();
    if bytes.is_empty() {
        return Vec::new();
    }
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    bytes.split(|&b| b == 0).map(|text| OsString::from_vec(text.to_vec())).collect()
}

/// What a process started and has not lost, by the kernel's own list; none where the kernel keeps
/// no such list, or the process has ended.
pub(super) fn children_of(pid: u32) -> Option<Vec<(u32, Stat)>> {
    // A child that ends while its list is read can hide the next one, and a thread that ends
    // leaves its children to another: two readings do not miss the same.
    let mut children = listed_children(pid)?;
    children.extend(listed_children(pid)?);
    let is_child = |child: u32| Stat::of(child).filter(|stat| stat.ppid == pid);
    Some(children.into_iter().filter_map(|child| Some((child, is_child(child)?))).collect())
}

/// Each thread has the processes that it started.
fn listed_children(pid: u32) -> Option<BTreeSet<u32>> {
    let mut children = BTreeSet::new();
    for thread in numbers_in(&format!("/proc/{pid}/task"))? {
        let Some(list) = bytes_of(&format!("/proc/{pid}/task/{thread}/children")) else {
            if thread == pid {
                return None;
            }
            // It ended just now.
            continue;
        };
        let pids = std::str::from_utf8(&list).ok()?.split_ascii_whitespace();
        children.extend(pids.filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Some(children)
}

/// Every process of the machine by its parent, for kernels without lists: ten microseconds each.
pub(super) fn all_by_parent() -> BTreeMap<u32, Vec<(u32, Stat)>> {
    let mut children: BTreeMap<u32, Vec<(u32, Stat)>> = BTreeMap::new();
    for pid in all_pids() {
        if let Some(stat) = Stat::of(pid) {
            children.entry(stat.ppid).or_default().push((pid, stat));
        }
    }
    children
}

/// Everything in `/proc` that is a process.
pub(super) fn all_pids() -> impl Iterator<Item = u32> {
    numbers_in("/proc").into_iter().flatten()
}

/// The files that a process has open for writing.
pub(super) fn written_by(pid: u32) -> Vec<PathBuf> {
    let folder = format!("/proc/{pid}/fd");
    let descriptors = numbers_in(&folder).into_iter().flatten();
    let file = |descriptor: u32| {
        let path = fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).ok()?;
        (path.is_absolute() && is_written(pid, descriptor)).then_some(path)
    };
    descriptors.filter_map(file).collect()
}

/// By the flags that a file was opened with, which the kernel tells in octal: the lowest two bits
/// say whether for reading, writing or both.
fn is_written(pid: u32, descriptor: u32) -> bool {
    let info = bytes_of(&format!("/proc/{pid}/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = info.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"flags:"));
    let flags = flags.and_then(|flags| std::str::from_utf8(flags).ok());
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & 0o3 != 0)
}

fn numbers_in(folder: &str) -> Option<impl Iterator<Item = u32>> {
    let entries = fs::read_dir(folder).ok()?;
    Some(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

/// These files have no size to ask for.
fn bytes_of(path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(MOSTLY);
    File::open(path).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
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
    /// The kernel's lists and a look at every process agree, whichever thread was the parent.
    #[test]
    fn children_are_found_both_ways() {
        let own = std::process::id();
        let start = || std::process::Command::new("sleep").arg("60").spawn().unwrap();
        // The thread ends, and leaves its child to another.
        let left = std::thread::spawn(start).join().unwrap();
        let mut children = [start(), left];
        let pids = |found: Vec<(u32, Stat)>| -> Vec<u32> {
            found.into_iter().map(|(pid, _)| pid).collect()
        };
        let listed = children_of(own).map(pids);
        let seen = pids(all_by_parent().remove(&own).unwrap());
        for child in &mut children {
            assert!(seen.contains(&child.id()));
            assert!(listed.as_ref().is_none_or(|listed| listed.contains(&child.id())));
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(children_of(child.id()).is_none());
        }
    }
}
