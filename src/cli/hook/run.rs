//! `hook run`: what an agent calls at each step. Always exits 0, with valid JSON or nothing.
//!
//! Known before anything else is parsed, so that no argument can make it anything but a hook, and
//! so that it starts quickly. Everything that may fail is caught here.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::args::Global;
use super::super::context::Context;
use super::stdin::Patient;
use crate::agents;
use crate::agents::{Moment, Words};
use crate::clock::{Clock, SystemClock};
use crate::config::zone;
use crate::daemon::{self, Book};
use crate::enforce::{Kernel, agent_ancestor};
use crate::hook::{self, Answer, Event, Outcome, Setting};
use crate::ledger::{Inbox, Reader};
use crate::model::{AgentId, Millis, Note, Permille, ProcessKey};
use crate::notice::words;
use crate::paths::{self, Paths};
use crate::policy::Decision;

/// How long the agent may take to say what it wants.
const LISTEN: Duration = Duration::from_secs(2);

/// How long transcripts are read for.
const READ: Duration = Duration::from_secs(2);

/// How long to wait for a call to appear in its transcript, and how often to look.
const WAIT: Duration = Duration::from_millis(150);
const STEP: Duration = Duration::from_millis(5);

/// A call of the hook, as it was typed.
#[derive(Debug, Default)]
pub(in crate::cli) struct Asked {
    global: Global,
    /// Whose hook it is; Claude Code's, which was the first, where nothing is said.
    agent: Option<AgentId>,
    /// What was typed that means nothing.
    strange: Option<&'static str>,
}

impl Asked {
    fn agent(&self) -> AgentId {
        self.agent.unwrap_or(AgentId::Claude)
    }

    /// The arguments, if they call the hook. They begin with the program.
    pub(in crate::cli) fn read(args: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut asked = Self::default();
        let mut words = 0;
        let mut args = args.skip(1).peekable();
        while let Some(arg) = args.next() {
            let text = arg.to_string_lossy();
            if let Some(flag) = text.strip_prefix("--") {
                let (flag, mut value) = match flag.split_once('=') {
                    Some((flag, value)) => (flag, Some(OsString::from(value))),
                    None => (flag, None),
                };
                if matches!(flag, "config" | "db" | "now") && value.is_none() {
                    value = args.next();
                }
                match flag {
                    "config" => asked.global.config = value.map(PathBuf::from),
                    "db" => asked.global.db = value.map(PathBuf::from),
                    "now" => asked.global.now = value.map(|now| now.to_string_lossy().into_owned()),
                    "no-color" | "quiet" | "verbose" => {}
                    _ => asked.strange = Some("an unknown option"),
                }
                continue;
            }
            if text.starts_with('-') {
                if !matches!(&*text, "-q" | "-v" | "-vv") {
                    asked.strange = Some("an unknown option");
                }
                continue;
            }
            match (words, &*text) {
                (0, "hook") | (1, "run") => {}
                (0 | 1, _) => return None,
                (2, name) => match AgentId::from_name(name) {
                    Some(agent) => asked.agent = Some(agent),
                    None => asked.strange = Some("an agent that is not known"),
                },
                (_, _) => asked.strange = Some("more than an agent"),
            }
            words += 1;
        }
        (words >= 2).then_some(asked)
    }
}

/// Answers the agent.
pub(in crate::cli) fn run(asked: &Asked) -> ExitCode {
    let started = Instant::now();
    // What it would print is for nobody: it is noted as a failure.
    std::panic::set_hook(Box::new(|_| {}));
    let paths = Paths::from_env(&agents::variables());
    let mut event = Event::default();
    let done = catch_unwind(AssertUnwindSafe(|| {
        event = listen(started + LISTEN);
        answer(asked, &event, &paths)
    }));
    let failed = |why: String| Outcome { answer: on_error(&paths, asked), trouble: vec![why] };
    let outcome = match done {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => failed(format!("{error:#}")),
        Err(panic) => failed(format!("a bug: {}", message(&*panic))),
    };
    let moment = event.moment();
    let is_known_to_need_nothing = event.name.is_some() && moment.is_none();
    if !is_known_to_need_nothing {
        print(&outcome.answer, moment, asked.agent());
    }
    // The agent need not wait for this, but it does: it is read until we end.
    let noted = catch_unwind(AssertUnwindSafe(|| note(&paths, asked, &outcome.trouble)));
    let _ = noted;
    ExitCode::SUCCESS
}

fn listen(until: Instant) -> Event {
    // A descriptor of our own: the standard library's stdin has a buffer that cannot be asked.
    match io::stdin().as_fd().try_clone_to_owned() {
        Ok(stdin) => Event::read(Patient::new(File::from(stdin), until)),
        Err(error) => {
            Event { broken: Some(format!("the event on stdin: {error}")), ..Event::default() }
        }
    }
}

fn print(answer: &Answer, moment: Option<Moment>, agent: AgentId) {
    let words = agents::adapter(agent).hook().map_or(Words::CLAUDE, |hook| hook.words);
    if let Some(json) = answer.json(moment, &words) {
        // An agent that does not listen is no concern of ours.
        let _ = writeln!(io::stdout(), "{json}");
    }
}

fn answer(asked: &Asked, event: &Event, paths: &Paths) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    if event.name.is_some() && event.moment().is_none() {
        return Ok(Outcome::default());
    }
    let context = Context::at(paths.clone(), &asked.global)?;
    let developer: Arc<str> = Arc::from(context.developer());
    let roots = context.roots();
    // Without caps there are no periods.
    let zone = if context.config.caps.is_empty() {
        jiff::tz::TimeZone::UTC
    } else {
        let zone = context.config.timezone.clone();
        zone.unwrap_or_else(|| zone::system(context.paths.zone()))
    };
    let wait_until = started + READ + WAIT;
    let mut waited = Duration::ZERO;
    let mut outcome = hook::run(
        event,
        asked.agent(),
        &mut Setting {
            config: &context.config,
            ledger: &context.ledger,
            roots: &roots,
            developer: &developer,
            zone: &zone,
            now: context.now(),
            until: started + READ,
            book: &|ledger| book(&context, ledger),
            process: &process,
            pause: &mut || {
                waited += STEP;
                let go_on = waited <= WAIT && Instant::now() < wait_until;
                if go_on {
                    std::thread::sleep(STEP);
                }
                go_on
            },
            is_watched: &|| daemon::is_collected(&paths::lock_of(&context.ledger)),
            tell: &mut |decision, level, project| tell(&context, decision, level, project),
        },
    );
    outcome.trouble.extend(asked.strange.map(|what| format!("called with {what}")));
    Ok(outcome)
}

fn book(
    context: &Context,
    ledger: Option<&Reader>,
) -> Result<Arc<crate::pricing::PriceBook>, String> {
    let kept = match ledger {
        Some(ledger) => ledger.newest_book().map_err(|error| error.to_string())?,
        None => None,
    };
    let book = Book::with_user_prices(Book::base(kept.as_ref()), &context.config);
    book.map(|book| Arc::clone(book.book())).map_err(|error| error.to_string())
}

/// The agent that we are a child of.
fn process() -> Option<(ProcessKey, PathBuf)> {
    let (_, process) = agent_ancestor(&Kernel::new(), std::process::id())?;
    Some((process.key, process.exe?))
}

/// Tells the person from a process of its own, which nobody waits for.
fn tell(
    context: &Context,
    decision: &Decision,
    level: Permille,
    project: &str,
) -> Result<(), String> {
    let project = Some(project).filter(|project| !project.is_empty());
    let notice = words::of_level(decision, level, project, &context.config.zone(), context.now());
    let json = serde_json::to_string(&notice).map_err(|error| error.to_string())?;
    let spawned = deliver(context, &json);
    if let Err(why) = spawned {
        // Whoever holds the ledger next tells it.
        let note = Note::Notice { notice, told: false };
        let inbox = Inbox::create_quickly(&paths::inbox_of(&context.ledger));
        let left = inbox.and_then(|inbox| inbox.leave(&note, context.now()));
        left.map_err(|error| error.to_string())?;
        return Err(format!("cannot start the notifier: {why}"));
    }
    Ok(())
}

fn deliver(context: &Context, json: &str) -> io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["notify", "deliver", "--db"]).arg(&context.ledger);
    if let Some(config) = &context.global.config {
        command.arg("--config").arg(config);
    }
    // A group of its own: it outlives the agent's tools.
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(json.as_bytes())?;
    }
    Ok(())
}

/// Notes failures for `doctor`.
fn note(paths: &Paths, asked: &Asked, trouble: &[String]) {
    if trouble.is_empty() {
        return;
    }
    let now = SystemClock.now();
    let now = asked.global.now.as_deref().and_then(Millis::parse).unwrap_or(now);
    let what = trouble.join("; ");
    let Some(ledger) = paths.ledger(asked.global.db.as_deref()) else { return };
    let left = Inbox::create_quickly(&paths::inbox_of(&ledger)).and_then(|inbox| {
        inbox.leave_if_there_is_room(&Note::Failure { at: now, what: what.clone() }, now)
    });
    if let Err(error) = left {
        // The agent keeps what a hook says here to itself, but whoever looks for it finds it.
        let _ = writeln!(io::stderr(), "spendtop: {what}; {error}");
    }
}

/// What to answer when nothing could be done, not even reading the config: its text is searched
/// for the one setting that matters.
fn on_error(paths: &Paths, asked: &Asked) -> Answer {
    let file = paths.config_file(asked.global.config.as_deref());
    let text = file.and_then(|(path, _)| read(&path)).unwrap_or_default();
    let blocks = text.lines().any(|line| {
        let line = line.trim_start();
        let value = line.split_once("on_error").map(|(_, rest)| rest.trim_start());
        !line.starts_with('#')
            && value.and_then(|rest| rest.strip_prefix('=')).is_some_and(|rest| {
                rest.trim_start().trim_start_matches(['"', '\'']).starts_with("block")
            })
    });
    if blocks { Answer::Stop(hook::UNCHECKED.to_owned()) } else { Answer::Nothing }
}

fn read(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
}
