//! The unread end of a session's transcripts: what the ledger does not have yet.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use walkdir::WalkDir;

use crate::agents;
use crate::ingest::{self, Root, SourceFile};
use crate::ledger::{Ahead, LedgerError, Reader};
use crate::model::{AgentId, Batch, Call, Deed, Event, FileStat, Millis, TurnSource};

/// Transcripts of one session that are looked at.
const MAX_FILES: usize = 4096;

/// How deep below a session's folder its subagents write.
const MAX_DEPTH: usize = 12;

/// A session's transcripts: its own first, then those of its subagents.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: Vec<SourceFile>,
}

/// The last call of each thread, as far as it was read here.
#[derive(Clone, Debug, Default)]
pub struct LastCalls {
    by_thread: HashMap<Option<Arc<str>>, Call>,
    /// The latest prompt of a person in the main thread.
    person: Option<Millis>,
}

/// What reading the end of the transcripts came to.
#[derive(Debug)]
pub struct Tail<'a> {
    /// What it adds to the ledger.
    pub ahead: Ahead<'a>,
    /// What was called last.
    pub last: LastCalls,
    /// What could not be read (in time): the sums are a floor.
    pub trouble: Option<String>,
}

/// Below which root a transcript lies, and the name that the ledger knows it by.
pub fn place(roots: &[Root], transcript: &Path) -> Option<(Root, PathBuf)> {
    if let Some(root) = roots.iter().find(|root| transcript.starts_with(&root.path)) {
        return Some((root.clone(), transcript.to_owned()));
    }
    // By another name: a home behind a link.
    let real = fs::canonicalize(transcript).ok()?;
    roots.iter().find_map(|root| {
        let below = real.strip_prefix(fs::canonicalize(&root.path).ok()?).ok()?;
        Some((root.clone(), root.path.join(below)))
    })
}

impl Files {
    /// The transcripts of a session that are there.
    pub fn of(transcript: &Path, agent: AgentId, developer: &Arc<str>) -> Self {
        let adapter = agents::adapter(agent);
        let mut files = Vec::new();
        let mut add = |path: PathBuf| {
            if adapter.source(&path).is_none() {
                return;
            }
            // A named pipe or device would block the reader for ever.
            if let Some(metadata) = fs::metadata(&path).ok().filter(Metadata::is_file) {
                let (stat, developer) = (FileStat::from(&metadata), Arc::clone(developer));
                files.push(SourceFile { path, agent, developer, stat });
            }
        };
        add(transcript.to_owned());
        if let Some(folder) = adapter.folder_of_session(transcript) {
            let below = WalkDir::new(folder).follow_links(true).min_depth(1);
            for entry in below.max_depth(MAX_DEPTH).into_iter().take(MAX_FILES).flatten() {
                if !entry.file_type().is_dir() && entry.path() != transcript {
                    add(entry.into_path());
                }
            }
        }
        Self { files }
    }

    /// The transcript of a thread: the session's own, or a subagent's.
    pub fn of_thread(&self, subagent: Option<&str>) -> Option<&SourceFile> {
        let own = self.files.first()?;
        let Some(id) = subagent else { return Some(own) };
        let name = agents::adapter(own.agent).subagent_file(id)?;
        self.files.iter().find(|file| file.path.ends_with(&name))
    }

    /// Reads what a ledger does not have yet.
    pub fn read<'a>(
        &self,
        ledger: Option<&'a Reader>,
        until: Instant,
    ) -> Result<Tail<'a>, LedgerError> {
        let mut tail = Tail { ahead: Ahead::of(ledger), last: LastCalls::default(), trouble: None };
        let mut reader = ingest::Reader::default();
        for file in &self.files {
            let stored = match ledger {
                Some(ledger) => ledger.source(&file.path)?,
                None => None,
            };
            if stored.as_ref().is_some_and(|stored| stored.stat == file.stat) {
                continue;
            }
            let mut failed = None;
            let mut in_time = true;
            let read = reader.read(file, stored.as_ref(), &mut |batch| {
                tail.last.note(&batch);
                failed = tail.ahead.take(batch).err();
                in_time = Instant::now() < until;
                failed.is_none() && in_time
            });
            if let Some(error) = failed {
                return Err(error);
            }
            if let Err(error) = read
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tail.trouble = Some(format!("cannot read {}: {error}", file.path.display()));
            }
            if !in_time {
                tail.trouble = Some("the transcripts are too long to be read in time".to_owned());
                break;
            }
        }
        Ok(tail)
    }
}

impl LastCalls {
    fn note(&mut self, batch: &Batch) {
        for thread in batch.deeds.threads().iter().filter(|thread| thread.agent_id.is_none()) {
            let asked =
                thread.deeds.iter().filter(|told| told.deed == Deed::Turn(TurnSource::Human));
            let last = asked.map(|told| told.timestamp).max();
            self.person = self.person.max(last);
        }
        for event in &batch.events {
            let Event::Call(call) = event else { continue };
            // An echo of a subagent's answer in the parent's file is of that thread, too.
            let last = self.by_thread.get(&call.agent_id);
            if last.is_none_or(|last| last.timestamp <= call.timestamp) {
                self.by_thread.insert(call.agent_id.clone(), (**call).clone());
            }
        }
    }

    /// When a person asked for something last, as far as it was read here.
    pub fn person(&self) -> Option<Millis> {
        self.person
    }

    /// The last call of a thread.
    pub fn of(&self, thread: Option<&str>) -> Option<&Call> {
        self.by_thread.iter().find(|(id, _)| id.as_deref() == thread).map(|(_, call)| call)
    }
}
