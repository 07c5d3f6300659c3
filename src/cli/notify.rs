//! `notify`: tries the channels; tells one notice for a hook while no daemon runs.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use super::Outcome;
use super::args::{Global, JsonArg};
use super::context::Context;
use crate::agents;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Notify};
use crate::ledger::Inbox;
use crate::model::{Note, Notice};
use crate::notice::{self, Notifier, call_within, tell_within, words};
use crate::paths::{self, Paths};

/// What a channel may take, so that all is over within ten seconds.
const LIMIT: Duration = Duration::from_secs(8);

/// What is given beyond before a channel is left behind.
const SPARE: Duration = Duration::from_secs(1);

/// Whoever starts `deliver` writes at once.
const STDIN_LIMIT: Duration = Duration::from_millis(500);

/// No notice is longer.
const LONGEST_NOTICE: u64 = 64 << 10;

/// How often leaving a note is tried while the inbox is busy.
const LEAVE_TRIES: u32 = 3;

/// How telling by one channel went.
struct Tried {
    channel: &'static str,
    outcome: Result<(), String>,
    took: Duration,
}

/// Tells by every channel at the same time.
fn tell_all(config: &Notify, notice: &Notice) -> Vec<Tried> {
    let tell = |notifier: &Arc<dyn Notifier>| {
        let start = Instant::now();
        let outcome = tell_within(notifier, notice, LIMIT + SPARE);
        Tried { channel: notifier.channel(), outcome, took: start.elapsed() }
    };
    let notifiers = notice::notifiers(config, LIMIT);
    thread::scope(|scope| {
        let running: Vec<_> =
            notifiers.iter().map(|notifier| scope.spawn(move || tell(notifier))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

#[derive(Serialize)]
struct TestJson<'a> {
    schema: &'static str,
    ok: bool,
    channels: Vec<ChannelJson<'a>>,
}

#[derive(Serialize)]
struct ChannelJson<'a> {
    channel: &'static str,
    told: bool,
    error: Option<&'a str>,
    took_ms: u64,
}

/// `notify test`.
pub(super) fn test(context: &Context, args: JsonArg, out: &mut dyn Write) -> Result<Outcome> {
    let tried = tell_all(&context.config.notify, &words::of_test(context.now()));
    let ok = !tried.is_empty() && tried.iter().all(|tried| tried.outcome.is_ok());
    if args.json {
        let channels = tried
            .iter()
            .map(|tried| ChannelJson {
                channel: tried.channel,
                told: tried.outcome.is_ok(),
                error: tried.outcome.as_ref().err().map(String::as_str),
                took_ms: u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX),
            })
            .collect();
        serde_json::to_writer(&mut *out, &TestJson { schema: "spendtop.notify/1", ok, channels })?;
        writeln!(out)?;
    } else {
        for tried in &tried {
            match &tried.outcome {
                Ok(()) => writeln!(out, "{:<8} told", tried.channel)?,
                Err(why) => writeln!(out, "{:<8} failed: {why}", tried.channel)?,
            }
        }
        if tried.is_empty() {
            writeln!(out, "No channel is configured: see [notify] in the config.")?;
        }
    }
    Ok(if ok { Outcome::Done } else { Outcome::Failed })
}

/// `notify deliver`. Nobody sees what it says, so it says nothing: the notice is left in the inbox
/// before it is told, and then how each channel fared. Killed in between, or with a channel that
/// fails, the next daemon tells what is missing.
pub(super) fn deliver(global: &Global) -> Outcome {
    let Some(notice) = read_notice() else { return Outcome::Failed };
    let paths = Paths::from_env(&agents::variables());
    // A config that cannot be read must not silence what a hook has to say.
    let config = Config::load(&paths, global.config.as_deref()).unwrap_or_default();
    let Some(ledger) = paths.ledger(global.db.as_deref()) else { return Outcome::Failed };
    // Once only: a busy inbox must not delay the telling.
    let note = Note::Notice { notice: notice.clone(), told: false };
    let mut kept = leave(&ledger, std::slice::from_ref(&note), 1);
    let tried = tell_all(&config.notify, &notice);
    let at = SystemClock.now();
    let told = tried.iter().any(|tried| tried.outcome.is_ok());
    if !kept {
        kept = leave(&ledger, &[note], LEAVE_TRIES);
    }
    let fared: Vec<Note> = tried
        .into_iter()
        .map(|tried| Note::Delivered {
            key: notice.key.clone(),
            channel: tried.channel.to_owned(),
            at,
            error: tried.outcome.err(),
        })
        .collect();
    if kept && leave(&ledger, &fared, LEAVE_TRIES) && told {
        Outcome::Done
    } else {
        Outcome::Failed
    }
}

/// Leaves notes for whoever writes the ledger next, though the inbox may be busy.
fn leave(ledger: &Path, notes: &[Note], tries: u32) -> bool {
    let now = SystemClock.now();
    let leave_one = |note: &Note| {
        (0..tries).any(|_| {
            let inbox = Inbox::open(&paths::inbox_of(ledger));
            inbox.and_then(|inbox| inbox.leave(note, now)).is_ok()
        })
    };
    notes.iter().all(leave_one)
}

/// The notice on stdin; none where there is no such thing.
fn read_notice() -> Option<Notice> {
    let read = || {
        let mut text = String::new();
        let mut stdin = io::stdin().lock().take(LONGEST_NOTICE);
        stdin.read_to_string(&mut text).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    call_within("stdin", STDIN_LIMIT, read).ok()
}
