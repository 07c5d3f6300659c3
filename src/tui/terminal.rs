//! The terminal and the loop around it.
//!
//! Whatever ends the screen (a key, a signal, an error, a panic), the terminal is as it was before.

use std::io::{IsTerminal, Write as _, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
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
use super::deeds::Deeds;
use super::follow::{Follower, Wake, follow};
use super::{Launch, draw};

/// The longest sleep: the clock may be set meanwhile, or a signal come.
const LOOK: Duration = Duration::from_millis(500);

/// Shows the screen until the user leaves it or the process is told to end. What the user asked to
/// be done is done before it comes back.
pub fn run(launch: Launch) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("cannot listen for signals")?;
    }
    if !stdout().is_terminal() {
        bail!("the screen needs a terminal; `spendtop report` and `spendtop sessions` do not");
    }
    let broken = Arc::new(AtomicBool::new(false));
    // Also sets the hook that restores the terminal before a panic is reported.
    let outcome = ratatui::try_init().context("cannot open the screen").and_then(|mut terminal| {
        notice_panics(Arc::clone(&broken));
        show(&mut terminal, launch, &stop, &broken)
    });
    // Not raw any more: a panic of another thread has restored it, and restoring it again would
    // write over the report.
    if is_raw_mode_enabled().unwrap_or(true) {
        // Fails where the terminal is gone, and with it whom to tell.
        let _ = ratatui::try_restore();
    }
    match outcome {
        Ok(deeds) => {
            deeds.see_through(&stop);
            Ok(())
        }
        // A terminal that is gone cannot be written to: that is how such a screen ends.
        Err(_) if stop.load(Ordering::Relaxed) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Has a panic on any thread remembered, before it is reported: what is drawn afterwards would be
/// drawn over the report.
fn notice_panics(broken: Arc<AtomicBool>) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        broken.store(true, Ordering::Relaxed);
        // The hook below restores the rest, and knows nothing of the mouse.
        let _ = execute!(stdout(), DisableMouseCapture);
        report(panic);
    }));
}

/// What wakes the loop.
enum Woken {
    Happened(Action),
    /// The keyboard cannot be read.
    Deaf(std::io::Error),
}

fn show(
    terminal: &mut DefaultTerminal,
    launch: Launch,
    stop: &AtomicBool,
    broken: &AtomicBool,
) -> Result<Deeds> {
    let Launch { given, renew, collector, clock, doer } = launch;
    let (wake, woken) = channel();
    let mut mouse = Mouse::default();
    mouse.take(given.look.mouse)?;
    let mut app = App::new(given.setting, given.look, clock.now());
    let size = terminal.size()?;
    app.update(Action::Resized { columns: size.width, rows: size.height });
    let mut follower = Follower::new(given.facts);
    if let Some(question) = app.question() {
        follower.ask(question);
    }
    let (ask, asked) = channel();
    let ask = Arc::new(ask);
    let waker = Arc::downgrade(&ask);
    let (follower_clock, news) = (Arc::clone(&clock), wake.clone());
    spawn("follower", move || {
        let tell = |action| news.send(Woken::Happened(action)).is_ok();
        follow(follower, &*follower_clock, (waker, &asked), renew, &tell);
    })?;
    read_input(wake.clone())?;
    hear(collector, wake.clone())?;
    // It is done, whether or not somebody is left to hear of it.
    let reply = move |reply| drop(wake.send(Woken::Happened(Action::Reply(reply))));
    let mut deeds = Deeds::start(doer, reply)?;
    let mut changed = true;
    while !stop.load(Ordering::Relaxed) && !app.quit {
        changed |= app.update(Action::Tick(clock.now()));
        if broken.load(Ordering::Relaxed) {
            bail!("a part of it failed, as told above");
        }
        if std::mem::take(&mut changed) {
            terminal.draw(|frame| draw(frame, &app))?;
        }
        changed |= take(&woken, &mut app, stop)?;
        mouse.take(app.shell.look.mouse)?;
        if let Some(question) = app.question() {
            // The follower ends with the loop only.
            let _ = ask.send(Wake::Question(question));
        }
        if let Some(text) = app.take_copy() {
            copy(&text)?;
        }
        for request in app.take_requests() {
            deeds.order(request);
        }
        deeds.under_way = app.under_way;
    }
    Ok(deeds)
}

/// The mouse, which is the terminal's own unless the user wants it otherwise.
#[derive(Default)]
struct Mouse {
    is_taken: bool,
}

impl Mouse {
    fn take(&mut self, wanted: bool) -> Result<()> {
        match (self.is_taken, wanted) {
            (false, true) => execute!(stdout(), EnableMouseCapture),
            (true, false) => execute!(stdout(), DisableMouseCapture),
            _ => return Ok(()),
        }
        .context("cannot take the mouse")?;
        self.is_taken = wanted;
        Ok(())
    }
}

impl Drop for Mouse {
    fn drop(&mut self) {
        // Fails where the terminal is gone, and the mouse with it.
        let _ = self.take(false);
    }
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
    let read = move || {
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
    };
    spawn("input", read).map(drop)
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
    let pass_on = move || {
        let happened = |notice| Woken::Happened(Action::Collector(notice));
        while let Ok(notice) = collector.recv() {
            if wake.send(happened(notice)).is_err() {
                return;
            }
        }
        let _ = wake.send(happened(Notice::Gone));
    };
    spawn("collector-news", pass_on).map(drop)
}

/// Starts a thread.
pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .with_context(|| format!("cannot start the thread {name}"))
}
