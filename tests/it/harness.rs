//! Shared by the tests: scratch homes, transcripts that grow, a ledger over them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use spendtop::daemon::{CaughtUp, catch_up};
use spendtop::ingest::Root;
use spendtop::ledger::{Pricing, Reader, Totals, Writer};
use spendtop::model::{AgentId, Cost, Millis, UnpricedReason};
use tempfile::TempDir;

/// A scratch home with Claude Code transcripts and a ledger beside it.
pub struct Lab {
    pub folder: TempDir,
}

impl Lab {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn projects(&self) -> PathBuf {
        self.folder.path().join("home/.claude/projects")
    }

    pub fn db(&self) -> PathBuf {
        self.folder.path().join("data/ledger.db")
    }

    /// Appends lines to a transcript, named by its path below `projects`.
    pub fn append(&self, file: &str, lines: &[&str]) {
        self.append_bytes(file, (lines.join("\n") + "\n").as_bytes());
    }

    pub fn append_bytes(&self, file: &str, bytes: &[u8]) {
        let path = self.projects().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
    }

    /// Copies a fixture's home into the lab.
    pub fn install(&self, fixture: &Path) {
        copy_folder(fixture, &self.folder.path().join("home"));
    }

    pub fn roots(&self) -> Vec<Root> {
        vec![Root { agent: AgentId::Claude, path: self.projects(), developer: "dev".into() }]
    }

    /// Brings the ledger up to date; prices are left out.
    pub fn ingest(&self) -> CaughtUp {
        let mut writer = Writer::open(&self.db()).unwrap();
        catch_up(&mut writer, &self.roots(), &mut unpriced(), &mut |_| {}).unwrap()
    }

    pub fn reader(&self) -> Reader {
        Reader::open(&self.db()).unwrap().unwrap()
    }

    /// Sum of everything.
    pub fn total(&self) -> Totals {
        let mut total = Totals::default();
        let always = Millis(i64::MIN)..Millis(i64::MAX);
        self.reader().cells(&always, &mut |cell| total += cell.totals).unwrap();
        total
    }
}

/// A price book that knows nothing.
pub fn unpriced() -> Pricing<'static> {
    Pricing {
        sha256: "none".into(),
        source: "none".into(),
        price: Box::new(|_| Cost::Unpriced(UnpricedReason::UnknownModel)),
        row: Box::new(|_| String::new()),
        now: Millis(0),
    }
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
