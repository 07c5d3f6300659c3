//! Reads the files that an agent keeps of its running sessions, and trusts none.
//!
//! Only regular files that are ours, named after the process they tell of: no link, pipe or
//! device, nothing huge, nothing that everyone may write.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::agents::{self, Live};
use crate::model::AgentId;

const LONGEST: u64 = 64 * 1024;
/// Nobody runs more sessions than this at once; what is more is a heap of stale files.
const MOST: usize = 4096;

/// What the agent says of its running sessions, by the root of its transcripts.
pub(super) fn read_registry(agent: AgentId, root: &Path, uid: u32) -> Vec<Live> {
    let adapter = agents::adapter(agent);
    let Some(folder) = adapter.registry(root) else { return Vec::new() };
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let named = entries.flatten().filter_map(|entry| {
        let name = entry.file_name();
        let pid: u32 = name.to_str()?.strip_suffix(".json")?.parse().ok()?;
        Some((pid, entry.path()))
    });
    let read = |(pid, path): (u32, std::path::PathBuf)| {
        let live = adapter.parse_live(&bytes_of(&path, uid)?)?;
        (live.pid == pid).then_some(live)
    };
    named.take(MOST).filter_map(read).collect()
}

fn bytes_of(path: &Path, uid: u32) -> Option<Vec<u8>> {
    // Without following a link, and without waiting for the other end of a pipe.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file: File =
        OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).ok()?;
    let about = file.metadata().ok()?;
    let is_private = about.permissions().mode() & 0o002 == 0;
    if !about.is_file() || about.uid() != uid || !is_private || about.len() > LONGEST {
        return None;
    }
    let mut bytes = Vec::with_capacity(about.len() as usize + 1);
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
