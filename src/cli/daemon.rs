//! `daemon`: follows the transcripts and guards the caps in the foreground, until it is told to
//! stop.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::Outcome;
use super::context::Context;
use crate::daemon::{self, Collector, News, Order, Role, sd_notify};

pub(super) fn run(context: &Context) -> Result<Outcome> {
    // Mistakes in the user's prices are told before anything begins.
    context.book()?;
    let collector = Collector {
        ledger: context.ledger.clone(),
        roots: context.roots(),
        config: context.config.clone(),
        config_file: context.config_file(),
        clock: Arc::clone(&context.clock),
        role: Role::Daemon,
        reload: Some(context.reload()),
    };
    let (orders, ordered) = unbounded_channel();
    listen_for_signals(orders.clone())?;
    let socket = context.paths.notify_socket();
    let mut failed = None;
    let mut ready = false;
    daemon::run(&collector, ordered, &mut |news| match news {
        News::Live if !std::mem::replace(&mut ready, true) => say_ready(context, socket),
        News::Failed(why) => failed = Some(why),
        News::OtherHolder(holder) => {
            let is_daemon = holder.as_ref().is_some_and(|holder| holder.role == Role::Daemon);
            let pid = holder.map_or_else(String::new, |holder| format!(" (pid {})", holder.pid));
            if is_daemon {
                failed = Some(format!("a daemon{pid} is running already"));
                let _ = orders.send(Order::Stop);
            } else {
                tracing::warn!("another spendtop{pid} writes the ledger: waiting for its end");
            }
        }
        other => say(other),
    });
    sd_notify::stopping(socket)?;
    if let Some(why) = failed {
        bail!(why);
    }
    Ok(Outcome::Done)
}

/// Whoever started it may go on: everything written before has been read.
fn say_ready(context: &Context, socket: Option<&OsStr>) {
    if !context.global.quiet {
        let caps = match context.config.caps.len() {
            0 => "no caps".to_owned(),
            1 => "1 cap".to_owned(),
            count => format!("{count} caps"),
        };
        // A closed stderr is nobody's concern.
        let _ = writeln!(io::stderr(), "spendtop daemon: ready, {caps}");
    }
    if let Err(error) = sd_notify::ready(socket) {
        tracing::warn!("cannot tell systemd that the daemon is ready: {error}");
    }
}

fn say(news: News) {
    match news {
        News::Reading(_) | News::Live | News::OtherHolder(_) | News::Failed(_) => {}
        News::Unwatched(why) => tracing::warn!("{why}: looking every second instead"),
        News::Waiting(why) => tracing::warn!("{why}; trying again"),
        News::Trouble(problems) => {
            for problem in problems {
                tracing::warn!("cannot read {}: {}", problem.path.display(), problem.what);
            }
        }
        News::SeeingThrough => tracing::warn!("a session is being stopped: ending when it has"),
        News::Reloaded => tracing::warn!("the new config is in force"),
        News::Refused(why) => {
            tracing::error!("the new config cannot be used, the last good one stays: {why}");
        }
    }
}

fn listen_for_signals(orders: UnboundedSender<Order>) -> Result<()> {
    let mut signals =
        Signals::new([SIGTERM, SIGINT, SIGHUP]).context("cannot listen for signals")?;
    let listen = move || {
        for signal in signals.forever() {
            let order = if signal == SIGHUP { Order::Reload } else { Order::Stop };
            if orders.send(order).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(listen).context("cannot start a thread")?;
    Ok(())
}
