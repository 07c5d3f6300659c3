//! The first scan: what was written before the collector came is read on a thread of its own.
//!
//! Reading much takes much memory, and the allocator keeps what was freed for the thread that had
//! it. This thread takes it along, and the collector, which may then run for weeks, stays small.

use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

use super::{Book, Collector, News, Progress, plan};
use crate::config::Config;
use crate::ingest::Root;
use crate::ledger::Writer;
use crate::model::Millis;

/// Reads it all, if that can be done. What could not be read, and why, is for the first pass to find:
/// it looks at everything once more.
pub(super) fn read(collector: &Collector, tell: &mut dyn FnMut(News)) {
    let Collector { ledger, roots, config, clock, .. } = collector;
    let now = clock.now();
    let (sender, progress) = channel();
    thread::scope(|scope| {
        let mut send = move |progress| {
            // It is only not heard where the one below has given up.
            let _ = sender.send(progress);
        };
        let scan = move || catch_up(ledger, roots, config, now, &mut send);
        let reading = thread::Builder::new().name("first-scan".into()).spawn_scoped(scope, scan);
        let Ok(reading) = reading else { return };
        for progress in progress {
            tell(News::Reading(progress));
        }
        if let Ok(Err(error)) = reading.join() {
            tracing::debug!("the first scan: {error:#}");
        }
    });
}

fn catch_up(
    ledger: &Path,
    roots: &[Root],
    config: &Config,
    now: Millis,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<()> {
    let mut writer = Writer::open(ledger)?;
    let plan = plan(&writer, roots)?;
    if !plan.is_empty() {
        let book = Book::base(writer.newest_book()?.as_ref());
        let book = Book::with_user_prices(book, config)?;
        plan.run(&mut writer, &mut book.pricing(now), progress)?;
    }
    Ok(())
}
