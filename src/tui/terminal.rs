//! The terminal and the loop around it.
//!
//! Whatever ends the screen (a key, a signal, an error, a panic), the terminal is as it was before.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use crossterm::event::{self, Event};
use crossterm::terminal::is_raw_mode_enabled;
use ratatui::DefaultTerminal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::action::{Action, Command};
use super::app::{App, Collector, Notice};
use super::follow::Follower;
use super::{Screen, draw};

/// How often the ledger, the collector and the clock are looked at while no key is pressed.
const LOOK: Duration = Duration::from_millis(250);

/// Shows the screen until the user leaves it or the process is told to end.
pub fn run(screen: Screen) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("cannot listen for signals")?;
    }
    if !std::io::stdout().is_terminal() {
        bail!("the screen needs a terminal; `spendtop report` and `spendtop sessions` do not");
    }
    // Also sets the hook that restores the terminal before a panic is reported.
    let outcome = ratatui::try_init()
        .context("cannot open the screen")
        .and_then(|mut terminal| show(&mut terminal, screen, &stop));
    // Not raw any more: a panic of another thread has restored it, and restoring it again would
    // write over the report.
    if is_raw_mode_enabled().unwrap_or(true) {
        // Fails where the terminal is gone, and with it whom to tell.
        let _ = ratatui::try_restore();
    }
    // A terminal that is gone cannot be written to: that is how such a screen ends.
    if stop.load(Ordering::Relaxed) { Ok(()) } else { outcome }
}

fn show(terminal: &mut DefaultTerminal, screen: Screen, stop: &AtomicBool) -> Result<()> {
    let Screen { db, collector, clock, setting } = screen;
    let input = read_input()?;
    let mut follower = Follower::new(db, &setting);
    let mut app = App::new(setting, clock.now());
    app.update(Action::Resized { rows: terminal.size()?.height });
    let mut changed = true;
    while !stop.load(Ordering::Relaxed) {
        changed |= hear(&collector, &mut app, stop)?;
        let now = clock.now();
        changed |= app.update(Action::Tick(now));
        if let Some(action) = follower.look(now) {
            changed |= app.update(action);
        }
        if std::mem::take(&mut changed) {
            terminal.draw(|frame| draw(frame, &app))?;
        }
        changed |= take_input(&input, &mut app)?;
        if app.quit {
            break;
        }
    }
    Ok(())
}

/// Reads keys on a thread of its own, because reading never returns once the terminal is gone; the
/// thread then ends with the process.
fn read_input() -> Result<Receiver<std::io::Result<Event>>> {
    let (sender, input) = channel();
    thread::Builder::new()
        .name("input".into())
        .spawn(move || {
            loop {
                let event = event::read();
                let failed = event.is_err();
                if sender.send(event).is_err() || failed {
                    return;
                }
            }
        })
        .context("cannot start a thread for the keyboard")?;
    Ok(input)
}

/// Waits for a key, and takes in all there are.
fn take_input(input: &Receiver<std::io::Result<Event>>, app: &mut App) -> Result<bool> {
    let mut changed = false;
    let mut wait = LOOK;
    loop {
        let event = match input.recv_timeout(wait) {
            Ok(event) => event.context("cannot read the keyboard")?,
            Err(RecvTimeoutError::Timeout) => return Ok(changed),
            Err(RecvTimeoutError::Disconnected) => bail!("the keyboard is gone"),
        };
        let action = match event {
            Event::Key(key) => Command::of_key(key).map(Action::Command),
            Event::Resize(_, rows) => Some(Action::Resized { rows }),
            _ => None,
        };
        changed |= action.is_some_and(|action| app.update(action));
        wait = Duration::ZERO;
    }
}

/// Takes in all the collector said.
fn hear(collector: &Receiver<Notice>, app: &mut App, stop: &AtomicBool) -> Result<bool> {
    let mut changed = false;
    loop {
        match collector.try_recv() {
            Ok(notice) => changed |= app.update(Action::Collector(notice)),
            Err(TryRecvError::Empty) => return Ok(changed),
            Err(TryRecvError::Disconnected) => {
                let told = matches!(app.collector, Collector::Failed(_));
                // A panic there has been reported, and has taken the screen with it.
                if !told && !stop.load(Ordering::Relaxed) {
                    bail!("the collector ended unexpectedly");
                }
                return Ok(changed);
            }
        }
    }
}
