//! Tells the person: on the desktop, by a webhook, by a command.
//!
//! [`words`] make notices of what the guard decided, a [`Notifier`] shows one, [`tell_within`]
//! keeps one that hangs from holding up anybody, and the [`Teller`] does so beside the daemon's
//! loop. What is still to be told is the ledger's business: nothing here remembers anything.

mod backoff;
mod command;
mod desktop;
#[cfg(target_os = "macos")]
mod desktop_macos;
mod limit;
mod payload;
mod teller;
mod webhook;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

pub use backoff::retry_at;
pub use desktop::{Unshown, service as desktop_service, show as show_on_desktop};
pub use limit::{call_within, tell_within};
pub use teller::{Teller, Told};

use crate::config::Notify;
use crate::format::printable;
use crate::model::Notice;

/// How long one attempt may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A way to tell the person.
pub trait Notifier: Send + Sync {
    /// Its name in the ledger and on screens.
    fn channel(&self) -> &'static str;

    /// Tells, or says why it could not. May hang: call it by [`tell_within`].
    fn tell(&self, notice: &Notice) -> Result<(), String>;
}

/// Names of the configured channels, for whoever stores a notice that another process left.
pub fn channels(config: &Notify) -> Vec<&'static str> {
    notifiers(config, TIME_LIMIT).iter().map(|notifier| notifier.channel()).collect()
}

/// The configured channels, each of which gives up by itself after `limit` where it can.
pub fn notifiers(config: &Notify, limit: Duration) -> Vec<Arc<dyn Notifier>> {
    let mut all: Vec<Arc<dyn Notifier>> = Vec::new();
    if config.desktop {
        all.push(Arc::new(desktop::Desktop));
    }
    if let Some(webhook) = &config.webhook {
        all.push(Arc::new(webhook::Webhook::new(webhook, limit)));
    }
    if !config.command.is_empty() {
        all.push(Arc::new(command::Command::new(&config.command, limit)));
    }
    all
}

/// The notice without anything that could fake or hide text where it is shown. Notices are made
/// of printable words, but one may come from another process.
fn clean(notice: &Notice) -> Notice {
    let body: Vec<_> = notice.body.lines().map(|line| printable(line)).collect();
    Notice { title: printable(&notice.title).into_owned(), body: body.join("\n"), ..notice.clone() }
}
