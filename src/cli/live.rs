//! The live screen, on a collector in the same process.

mod fault;
mod leaving;
mod renew;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use anyhow::{Context as _, Result};
use tokio::sync::mpsc::unbounded_channel;

pub(super) use self::fault::{FAULTY, fail};
use self::leaving::Leaving;
use self::renew::{Renewer, Shared};
use super::context::{Context, show};
use super::{Outcome, deeds};
use crate::daemon::{self, Collector, News, Role};
use crate::health::Setup;
use crate::ingest::Problem;
use crate::paths::{self, Paths};
use crate::pricing::PriceBook;
use crate::tui::{self, Doer, Facts, Given, Launch, Notice, Renew, Setting};

pub(super) fn run(context: &Context) -> Result<Outcome> {
    let shared = Shared::new(context.clone());
    let renewer = Renewer::new(shared.clone());
    // Mistakes in the user's prices, keys and theme are told before the screen opens.
    let given = given(context)?;
    let collector = Collector {
        ledger: context.ledger.clone(),
        roots: context.roots(),
        config: context.config.clone(),
        config_file: context.config_file(),
        clock: Arc::clone(&context.clock),
        role: Role::Collector,
        reload: Some(context.reload()),
    };
    let doer = deeds::doer(move || shared.get());
    open(collector, given, Some(renewer.renew()), doer)
}

/// What the screen is given, as the config says now.
fn given(context: &Context) -> Result<Given> {
    let setup = context.setup();
    let config_file = setup.config_file.as_deref();
    let setting = Setting {
        developer: Arc::from(context.developer()),
        on_plan: setup.on_plan,
        zone: context.config.zone(),
        looked_at: setup.roots.iter().map(|root| setup.shown(&root.path)).collect(),
        config_file: config_file.map_or_else(String::new, |path| setup.shown(path)),
        label: None,
    };
    let book = Arc::clone(context.book()?.book());
    let look = context.look()?;
    let facts = facts(setup, book, &setting);
    Ok(Given { facts, setting, look, news: renew::CONFIG })
}

/// What is read for a screen with this setting.
pub(super) fn facts(setup: Setup, book: Arc<PriceBook>, setting: &Setting) -> Facts {
    Facts {
        db: setup.ledger.clone(),
        lock: paths::lock_of(&setup.ledger),
        developer: Arc::clone(&setting.developer),
        zone: setting.zone.clone(),
        caps: setup.config.caps.clone(),
        include_unlogged: setup.config.include_unlogged,
        book,
        roots: setup.roots.iter().map(|root| (root.agent, root.path.clone())).collect(),
        setup: Arc::new(setup),
    }
}

/// Opens the screen on a collector that runs as long as it does.
pub(super) fn open(
    collector: Collector,
    given: Given,
    renew: Option<Renew>,
    doer: Doer,
) -> Result<Outcome> {
    let (sender, collector_says) = channel();
    let clock = Arc::clone(&collector.clock);
    let paths = given.facts.setup.paths.clone();
    let (orders, ordered) = unbounded_channel();
    let (ending, ended) = channel();
    thread::Builder::new()
        .name("collector".into())
        .spawn(move || {
            daemon::run(&collector, ordered, &mut |news| {
                if news == News::SeeingThrough {
                    let _ = ending.send(());
                }
                if let Some(notice) = notice(news, &paths) {
                    // A screen that is gone has no use for news.
                    let _ = sender.send(notice);
                }
            });
        })
        .context("cannot start the collector")?;
    // However the screen ends, a stop that was begun is seen through.
    let leaving = Leaving::new(orders, ended);
    tui::run(Launch { given, renew, collector: collector_says, clock, doer })?;
    leaving.see_through()?;
    Ok(Outcome::Done)
}

/// What the screen is told of it.
fn notice(news: News, paths: &Paths) -> Option<Notice> {
    Some(match news {
        News::OtherHolder(holder) => Notice::Elsewhere(
            holder
                .map_or_else(|| "another spendtop".into(), |holder| format!("pid {}", holder.pid)),
        ),
        News::Reading(progress) => {
            Notice::Reading { read_bytes: progress.read_bytes, total_bytes: progress.total_bytes }
        }
        News::Live => Notice::Live,
        News::Unwatched(why) => Notice::Trouble(format!("looking every second: {why}")),
        News::Waiting(why) => Notice::Trouble(format!("will try again: {why}")),
        News::Trouble(problems) => {
            let words =
                |problem: &Problem| format!("{}: {}", show(paths, &problem.path), problem.what);
            Notice::Unreadable(problems.iter().map(words).collect())
        }
        // The screen reads the config by itself, also while another process collects.
        News::Reloaded | News::Refused(_) | News::SeeingThrough => return None,
        News::Failed(error) => Notice::Failed(error),
    })
}
