//! A changed config: taken into force, with what it loosens written down and told.

use std::path::Path;
use std::time::Duration;

use super::levels::BY;
use super::{Watchdog, sessions::Sessions};
use crate::config::Config;
use crate::daemon::Outbox;
use crate::ingest::Root;
use crate::ledger::{LedgerError, Writer};
use crate::model::{Action, ActionKind, Millis};
use crate::notice::words;
use crate::policy::loosened;

/// How long the end may wait for notices that are under way.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Watchdog {
    /// Takes a new config into force.
    pub(in crate::daemon) fn reload(
        &mut self,
        config: &Config,
        roots: &[Root],
        writer: &mut Writer,
        now: Millis,
        wake: impl Fn() + Clone + Send + Sync + 'static,
    ) -> Result<(), LedgerError> {
        let changes = loosened(&self.config.caps, &config.caps);
        // What is under way by the old channels is noted first.
        self.outbox.finish(writer, now, LAST_WORDS)?;
        let outbox = Outbox::start(&config.notify, config.zone(), wake);
        // Before it is in force: a ledger that is busy must not let a loosened cap go untold.
        if !changes.is_empty() {
            tell_loosened(&changes, writer, &outbox.channels(), now)?;
        }
        self.outbox = outbox;
        self.config = config.clone();
        self.zone = config.zone();
        self.sessions = Sessions::new(roots);
        self.sums.forget();
        self.standing = None;
        Ok(())
    }

    /// Processes were told to end and have not yet.
    pub(in crate::daemon) fn is_ending_sessions(&self) -> bool {
        self.guard.is_ending()
    }

    /// Tells that a changed config cannot be used.
    pub(in crate::daemon) fn tell_config_error(
        &mut self,
        writer: &mut Writer,
        file: &Path,
        why: &str,
        now: Millis,
    ) -> Result<(), LedgerError> {
        let channels = self.channels();
        let notice = words::of_config_error(file, why, now);
        writer.together(|writer| writer.store_notice(&notice, &channels).map(|_| ()))
    }

    /// Before the end: notes what was told.
    pub(in crate::daemon) fn finish(
        &mut self,
        writer: &mut Writer,
        now: Millis,
    ) -> Result<(), LedgerError> {
        self.outbox.finish(writer, now, LAST_WORDS)
    }
}

fn tell_loosened(
    changes: &[String],
    writer: &mut Writer,
    channels: &[&str],
    now: Millis,
) -> Result<(), LedgerError> {
    writer.together(|writer| {
        for change in changes {
            writer.record(&Action {
                evidence: change.clone(),
                outcome: "in force".into(),
                ..Action::new(now, ActionKind::Loosened, BY)
            })?;
        }
        writer.store_notice(&words::of_loosened(changes, now), channels).map(|_| ())
    })
}
