//! The live screen, on a collector in the same process.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use anyhow::{Context as _, Result};
use tokio::sync::mpsc::unbounded_channel;

use super::context::{Context, show};
use super::{Outcome, deeds};
use crate::daemon::{self, Collector, News, Role};
use crate::paths::{self, Paths};
use crate::pricing::PriceBook;
use crate::tui::{self, Doer, Facts, Launch, Look, Notice, Setting};

pub(super) fn run(context: &Context) -> Result<Outcome> {
    let roots = context.roots();
    let config_file = context.paths.config_file(context.global.config.as_deref());
    let setting = Setting {
        developer: Arc::from(context.developer()),
        on_plan: context.is_on_plan(),
        zone: context.config.zone(),
        looked_at: roots.iter().map(|root| show(&context.paths, &root.path)).collect(),
        config_file: config_file.map_or_else(String::new, |(path, _)| show(&context.paths, &path)),
        label: None,
    };
    // Mistakes in the user's prices, keys and theme are told before the screen opens.
    let (book, look) = (Arc::clone(context.book()?.book()), context.look()?);
    let collector = Collector {
        ledger: context.ledger.clone(),
        roots,
        config: context.config.clone(),
        config_file: context.config_file(),
        clock: Arc::clone(&context.clock),
        role: Role::Collector,
        reload: Some(context.reload()),
    };
    open(collector, book, setting, look, deeds::doer(context.clone()), &context.paths)
}

/// Opens the screen on a collector that runs as long as it does.
pub(super) fn open(
    collector: Collector,
    book: Arc<PriceBook>,
    setting: Setting,
    look: Look,
    doer: Doer,
    paths: &Paths,
) -> Result<Outcome> {
    let (sender, notices) = channel();
    let clock = Arc::clone(&collector.clock);
    let facts = facts(&collector, book, &setting);
    // Dropped when the screen is left. A backfill does not wait for it: the process ends and the
    // transaction with it, which is as safe as any other end.
    let (_orders, ordered) = unbounded_channel();
    let paths = paths.clone();
    thread::Builder::new()
        .name("collector".into())
        .spawn(move || {
            daemon::run(&collector, ordered, &mut |news| {
                // A screen that is gone has no use for news.
                let _ = sender.send(notice(news, &paths));
            });
        })
        .context("cannot start the collector")?;
    tui::run(Launch { facts, collector: notices, clock, setting, look, doer })?;
    Ok(Outcome::Done)
}

fn facts(collector: &Collector, book: Arc<PriceBook>, setting: &Setting) -> Facts {
    Facts {
        db: collector.ledger.clone(),
        lock: paths::lock_of(&collector.ledger),
        developer: Arc::clone(&setting.developer),
        zone: setting.zone.clone(),
        caps: collector.config.caps.clone(),
        include_unlogged: collector.config.include_unlogged,
        book,
        roots: collector.roots.iter().map(|root| (root.agent, root.path.clone())).collect(),
    }
}

fn notice(news: News, paths: &Paths) -> Notice {
    match news {
        News::OtherHolder(holder) => Notice::Elsewhere(
            holder
                .map_or_else(|| "another spendtop".into(), |holder| format!("pid {}", holder.pid)),
        ),
        News::Reading(progress) => {
            Notice::Reading { read_bytes: progress.read_bytes, total_bytes: progress.total_bytes }
        }
        News::Live | News::Reloaded => Notice::Live,
        News::Unwatched(why) => Notice::Trouble(format!("looking every second: {why}")),
        News::Waiting(why) => Notice::Trouble(format!("will try again: {why}")),
        News::Trouble(problems) => {
            let first = problems.first().map_or_else(String::new, |problem| {
                format!("cannot read {}: {}", show(paths, &problem.path), problem.what)
            });
            let more = problems.len().saturating_sub(1);
            Notice::Trouble(if more == 0 { first } else { format!("{first}, and {more} more") })
        }
        News::Refused(why) => Notice::Trouble(format!("the config cannot be used: {why}")),
        News::Failed(error) => Notice::Failed(error),
    }
}
