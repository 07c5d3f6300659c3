//! The terminal and the loop around it.
//!
//! Whatever ends the screen (a key, a signal, an error, a panic), the terminal is as it was before.

use std::io::{IsTerminal, Write as _, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use crossterm::event::{self, DisableMouseCapture, EnableMouseCapture, Event, MouseEventKind};
use crossterm::execute;
use crossterm::terminal::is_raw_mode_enabled;
use ratatui::DefaultTerminal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::action::{Action, Command};
use super::app::{App, Collector, Notice};
use super::deed::Request;
use super::follow::{Follower, follow};
use super::{Doer, Launch, draw};
use crate::clock::Clock;

/// The longest sleep: the clock may be set meanwhile, or a signal come.
const LOOK: Duration = Duration::from_millis(500);

/// Shows the screen until the user leaves it or the process is told to end.
pub fn run(launch: Launch) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("cannot listen for signals")?;
    }
    if !stdout().is_terminal() {
        bail!("the screen needs a terminal; `spendtop report` and `spendtop sessions` do not");
    }
    let mouse = launch.look.mouse;
    // Also sets the hook that restores the terminal before a panic is reported.
    let outcome = ratatui::try_init().context("cannot open the screen").and_then(|mut terminal| {
        if mouse {
            execute!(stdout(), EnableMouseCapture).context("cannot take the mouse")?;
        }
        show(&mut terminal, launch, &stop)
    });
    if mouse {
        let _ = execute!(stdout(), DisableMouseCapture);
    }
    // Not raw any more: a panic of another thread has restored it, and restoring it again would
    // write over the report.
    if is_raw_mode_enabled().unwrap_or(true) {
        // Fails where the terminal is gone, and with it whom to tell.
        let _ = ratatui::try_restore();
    }
    // A terminal that is gone cannot be written to: that is how such a screen ends.
    if stop.load(Ordering::Relaxed) { Ok(()) } else { outcome }
}

/// What wakes the loop.
enum Woken {
    Happened(Action),
    /// The keyboard cannot be read.
    Deaf(std::io::Error),
}

fn show(terminal: &mut DefaultTerminal, launch: Launch, stop: &AtomicBool) -> Result<()> {
    let Launch { facts, collector, clock, setting, look, doer } = launch;
    let (wake, woken) = channel();
    let mut app = App::new(setting, look, clock.now());
    let size = terminal.size()?;
    app.update(Action::Resized { columns: size.width, rows: size.height });
    let mut follower = Follower::new(facts);
    if let Some(question) = app.question() {
        follower.ask(question);
    }
    let (ask, questions) = channel();
    let follower_clock: Arc<dyn Clock> = Arc::clone(&clock);
    let news = wake.clone();
    let tell = move |action| news.send(Woken::Happened(action)).is_ok();
    follow(follower, follower_clock, questions, tell)?;
    read_input(wake.clone())?;
    hear(collector, wake.clone())?;
    let (order, orders) = channel();
    start_doer(doer, orders, wake)?;
    let mut changed = true;
    while !stop.load(Ordering::Relaxed) && !app.quit {
        changed |= app.update(Action::Tick(clock.now()));
        if std::mem::take(&mut changed) {
            terminal.draw(|frame| draw(frame, &app))?;
        }
        changed |= take(&woken, &mut app, stop)?;
        if let Some(question) = app.question() {
            // The follower ends with the loop only.
            let _ = ask.send(question);
        }
        if let Some(text) = app.take_copy() {
            copy(&text)?;
        }
        for request in app.take_requests() {
            let _ = order.send(request);
        }
    }
    Ok(())
}

/// Asks the terminal to put a text into the clipboard (OSC 52). One that does not know how, or is
/// not allowed to, says nothing: the text is on the screen as well.
fn copy(text: &str) -> Result<()> {
    let mut out = stdout();
    out.write_all(clipboard(text).as_bytes())?;
    Ok(out.flush()?)
}

fn clipboard(text: &str) -> String {
    format!("\x1b]52;c;{}\x1b\\", BASE64_STANDARD.encode(text))
}

/// Waits for something to happen, and takes in all there is.
fn take(woken: &Receiver<Woken>, app: &mut App, stop: &AtomicBool) -> Result<bool> {
    let mut changed = false;
    let mut wait = LOOK;
    loop {
        let action = match woken.recv_timeout(wait) {
            Ok(Woken::Happened(action)) => action,
            Ok(Woken::Deaf(error)) => return Err(error).context("cannot read the keyboard"),
            Err(RecvTimeoutError::Timeout) => return Ok(changed),
            Err(RecvTimeoutError::Disconnected) => bail!("the keyboard is gone"),
        };
        if matches!(action, Action::Collector(Notice::Gone)) {
            let told = matches!(app.shell.collector, Collector::Failed(_));
            // A panic there has been reported, and has taken the screen with it.
            if !told && !stop.load(Ordering::Relaxed) {
                bail!("the collector ended unexpectedly");
            }
        }
        changed |= app.update(action);
        wait = Duration::ZERO;
    }
}

/// Reads keys on a thread of its own, because reading never returns once the terminal is gone; the
/// thread then ends with the process.
fn read_input(wake: Sender<Woken>) -> Result<()> {
    spawn("input", move || {
        loop {
            let woken = match event::read() {
                Ok(event) => match action(&event) {
                    Some(action) => Woken::Happened(action),
                    None => continue,
                },
                Err(error) => Woken::Deaf(error),
            };
            let is_over = matches!(woken, Woken::Deaf(_));
            if wake.send(woken).is_err() || is_over {
                return;
            }
        }
    })
}

fn action(event: &Event) -> Option<Action> {
    match event {
        Event::Key(key) => Some(Action::Key(*key)),
        Event::Resize(columns, rows) => Some(Action::Resized { columns: *columns, rows: *rows }),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollDown => Some(Action::Command(Command::Down)),
            MouseEventKind::ScrollUp => Some(Action::Command(Command::Up)),
            _ => None,
        },
        _ => None,
    }
}

fn hear(collector: Receiver<Notice>, wake: Sender<Woken>) -> Result<()> {
    spawn("collector-news", move || {
        let happened = |notice| Woken::Happened(Action::Collector(notice));
        while let Ok(notice) = collector.recv() {
            if wake.send(happened(notice)).is_err() {
                return;
            }
        }
        let _ = wake.send(happened(Notice::Gone));
    })
}

fn start_doer(doer: Doer, orders: Receiver<Request>, wake: Sender<Woken>) -> Result<()> {
    spawn("deeds", move || {
        while let Ok(request) = orders.recv() {
            if wake.send(Woken::Happened(Action::Reply(doer(request)))).is_err() {
                return;
            }
        }
    })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .with_context(|| format!("cannot start the thread {name}"))?;
    Ok(())
}
