//! Shared by the tests: scratch homes, transcripts that grow, a ledger over them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use spendtop::agents::adapter;
use spendtop::daemon::{CaughtUp, catch_up};
use spendtop::ingest::Root;
use spendtop::ledger::{LedgerError, Pricing, Reader, Totals, Writer};
use spendtop::model::{
    AgentId, Call, Charge, Cost, CostStatus, Cursor, Millis, PicoUsd, UnpricedReason,
};
use tempfile::TempDir;

use super::dump;

/// A scratch home with an agent's transcripts and a ledger beside it.
pub struct Lab {
    pub folder: TempDir,
    agent: AgentId,
}

impl Lab {
    /// In memory where the system has a folder for that: a test makes many small ledgers, and a
    /// disk would make each wait for its write.
    pub fn new() -> Self {
        Self::of(AgentId::Claude)
    }

    /// The same with another agent's transcripts.
    pub fn of(agent: AgentId) -> Self {
        let in_memory = tempfile::tempdir_in("/dev/shm");
        Self { folder: in_memory.or_else(|_| tempfile::tempdir()).unwrap(), agent }
    }

    /// The agent's config folder.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home").join(format!(".{}", self.agent))
    }

    /// Where transcripts are.
    pub fn projects(&self) -> PathBuf {
        adapter(self.agent).roots(&self.home()).remove(0)
    }

    pub fn db(&self) -> PathBuf {
        self.folder.path().join("data/ledger.db")
    }

    /// Appends to a transcript, named by its path below `projects`.
    pub fn append_bytes(&self, file: &str, bytes: &[u8]) {
        append_to(&self.projects().join(file), bytes);
    }

    /// Writes a transcript anew, in the same file.
    pub fn rewrite(&self, file: &str, bytes: &[u8]) {
        fs::write(self.projects().join(file), bytes).unwrap();
    }

    /// Copies a fixture's home into the lab.
    pub fn install(&self, fixture: &Path) {
        copy_folder(fixture, &self.folder.path().join("home"));
    }

    pub fn roots(&self) -> Vec<Root> {
        let roots = adapter(self.agent).roots(&self.home()).into_iter();
        roots.map(|path| Root { agent: self.agent, path, developer: "dev".into() }).collect()
    }

    /// Brings the ledger up to date, as a program that has just been started.
    pub fn ingest(&self) -> CaughtUp {
        self.try_ingest(&self.roots()).unwrap()
    }

    pub fn try_ingest(&self, roots: &[Root]) -> Result<CaughtUp, LedgerError> {
        let mut writer = Writer::open_or_begin(&self.db())?;
        let found = catch_up(&mut writer, roots, &mut list_prices(), &mut |_| {})?;
        writer.publish()?;
        Ok(found)
    }

    /// Calls that count; see [`dump::counted`].
    pub fn counted(&self) -> Vec<String> {
        dump::counted(&self.db())
    }

    /// The whole logical content of the ledger; see [`dump::dump`].
    pub fn dump(&self) -> Vec<String> {
        dump::dump(&self.db())
    }

    /// How far a transcript has been read, and what of it could not be.
    pub fn cursor(&self, file: &str) -> Cursor {
        let mut sources = self.reader().sources().unwrap();
        sources.remove(&self.projects().join(file)).unwrap().cursor
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

/// List prices of the three models that the tests name.
pub fn list_prices() -> Pricing<'static> {
    Pricing {
        sha256: "none".into(),
        source: "none".into(),
        price: Box::new(list_price),
        row: Box::new(|_| String::new()),
        now: Millis(0),
    }
}

fn list_price(call: &Call) -> Cost {
    // In micro-dollars a million tokens: pico-dollars a token.
    let [input, output, w5, w1h, read] = match call.model.as_deref() {
        Some("claude-opus-5" | "claude-opus-4-8") => {
            [5_000_000, 25_000_000, 6_250_000, 10_000_000, 500_000]
        }
        Some("claude-fable-5") => [10_000_000, 50_000_000, 12_500_000, 20_000_000, 1_000_000],
        Some(_) => return Cost::Unpriced(UnpricedReason::UnknownModel),
        None => return Cost::Unpriced(UnpricedReason::NoModel),
    };
    let usage = &call.usage;
    let amount: i128 = [
        (usage.input_tokens, input),
        (usage.output_tokens, output),
        (usage.cache_creation_5m_input_tokens, w5),
        (usage.cache_creation_1h_input_tokens, w1h),
        (usage.cache_read_input_tokens, read),
        (usage.web_search_requests, 10_000_000_000),
    ]
    .into_iter()
    .map(|(count, rate)| i128::from(count) * rate)
    .sum();
    let Ok(amount) = i64::try_from(amount) else {
        return Cost::Unpriced(UnpricedReason::OutOfRange);
    };
    let status = if call.qualifiers.assumed { CostStatus::Assumed } else { CostStatus::Exact };
    Cost::Priced(Charge { amount: PicoUsd(amount), status, row: None, multiplier_ppm: 1_000_000 })
}

/// Appends to a file, making it and its folder if need be.
pub fn append_to(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// Copies a program that is to be run. By another process: what this one has open for writing, a
/// child that another test starts at that moment has open, too, and the kernel runs no such file.
pub fn copy_program(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let copied = Command::new("cp").arg("-L").args([from, to]).status().unwrap();
    assert!(copied.success());
}

/// Tells whether a test can run where it needs `what`, which not every machine has. CI has it all:
/// there a test that could not run is a failure.
#[expect(clippy::disallowed_methods, reason = "asks how the tests are run, not what they test")]
#[expect(clippy::print_stderr, reason = "whoever runs the tests is to see what was not tested")]
pub fn require(what: &str, present: bool) -> bool {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(present || !in_ci, "CI must have {what}");
    if !present {
        eprintln!("skipped: needs {what}");
    }
    present
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
