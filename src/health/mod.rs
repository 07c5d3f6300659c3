//! How spendtop itself is: what is wrong and what to do about it, who keeps the ledger, which hooks
//! are in place, which settings are in force. `doctor` tells it, and the Health screen shows it.
//!
//! It only looks: what is not there is not made, and nothing is sent anywhere.

mod agents;
mod checkup;
mod collector;
mod files;
mod hooks;
mod ledger;
mod notices;
mod settings;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

pub use self::agents::{AgentState, RootState, agents};
pub use self::checkup::{Checkup, checkup};
pub use self::collector::{CollectorState, SILENT_AFTER_MS, collector};
pub use self::files::{foreign_roots, no_transcripts, unopened, unreadable};
pub use self::hooks::{HookState, hook_failures, hooks, missing_hooks};
pub use self::ledger::{Depth, of_ledger};
pub use self::notices::{desktop, untold};
pub use self::settings::{Origin, SettingLine, settings};
use crate::config::Config;
use crate::ingest::Root;
use crate::model::{AgentId, Millis};
use crate::paths::Paths;
use crate::pricing::PriceBook;

/// Days after which a price book should be looked at.
pub const BOOK_IS_OLD_AFTER_DAYS: i64 = 45;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The environment.
    pub paths: Paths,
    /// The config in force.
    pub config: Config,
    /// The config file, there or not.
    pub config_file: Option<PathBuf>,
    /// The ledger, there or not.
    pub ledger: PathBuf,
    /// The config and the ledger that were named in the command line.
    pub asked: Asked,
    /// Every folder that may hold transcripts.
    pub roots: Vec<Root>,
    /// What agents usually call their config folders.
    pub usual: Vec<(AgentId, OsString)>,
    /// Dollars are the worth of what a plan covers, not money spent.
    pub on_plan: bool,
}

/// What was named in the command line.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--db`.
    pub ledger: Option<PathBuf>,
}

impl Setup {
    /// A path as it is to be shown.
    pub fn shown(&self, path: &Path) -> String {
        self.paths.shorten(path)
    }

    /// Who pays for calls on this machine.
    pub fn developer(&self) -> &str {
        self.config.developer.as_deref().unwrap_or_else(|| self.paths.user())
    }

    /// A cap is to stop sessions.
    pub fn has_cap_that_stops(&self) -> bool {
        self.config.caps.iter().any(|cap| cap.action.stops())
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind: `unreadable`, `unparsed_lines`, `oversized_lines`, `unpriced_model`,
    /// `implausible_call`, `undated_total`, `ledger`, `price_book_age`, `no_transcripts`, `behind`,
    /// `foreign_root`, `untold_notice`, `notification_service`, `hook_failure`, `hook`.
    pub kind: &'static str,
    /// How many.
    pub count: u64,
    /// What, and what to do.
    pub message: String,
    /// Files or ids.
    pub items: Vec<String>,
    /// It may make a total wrong; a hint does not change an exit code.
    pub is_problem: bool,
}

impl Finding {
    /// Something that may make a total wrong. There is as much of it as there are items.
    pub fn problem(kind: &'static str, message: impl Into<String>, items: Vec<String>) -> Self {
        let count = items.len() as u64;
        Self { kind, count, message: message.into(), items, is_problem: true }
    }

    /// Something to know, which changes no exit code.
    pub fn hint(kind: &'static str, message: impl Into<String>, items: Vec<String>) -> Self {
        Self { is_problem: false, ..Self::problem(kind, message, items) }
    }

    /// The same of so many.
    #[must_use]
    pub fn counting(self, count: u64) -> Self {
        Self { count, ..self }
    }
}

/// The age of a price book in whole days; none where it does not say when it was checked.
pub fn age_in_days(book: &PriceBook, now: Millis) -> Option<i64> {
    book.checked().map(|checked| now.since(checked) / 86_400_000)
}

/// Prices that nobody has checked for long.
pub fn old_book(book: &Arc<PriceBook>, now: Millis) -> Option<Finding> {
    let days = age_in_days(book, now).filter(|days| *days > BOOK_IS_OLD_AFTER_DAYS)?;
    let message = format!("the price book was checked {days} days ago: `spendtop prices update`");
    let finding = Finding::hint("price_book_age", message, Vec::new());
    Some(finding.counting(days.cast_unsigned()))
}
