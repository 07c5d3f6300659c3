//! `demo`: the live screen on made-up sessions, through the real collector, guard and a ledger of
//! its own. The sessions that are open have a real process each, so that the one that runs away is
//! really ended.

mod agent;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use self::agent::Agents;
pub(super) use self::agent::play as play_agent;
use super::args::DemoArgs;
use super::context::Context;
use super::{Outcome, UsageError, deeds, live};
use crate::clock::Clock;
use crate::config::{Config, Notify};
use crate::daemon::{self, Collector, Role};
use crate::demo::{DAILY_CAP, DemoLine, open_sessions, script};
use crate::health::Setup;
use crate::ingest::Root;
use crate::model::{AgentId, CapAction, Millis};
use crate::policy::Cap;
use crate::tui::{Given, Setting};

/// The finest step in which lines are written.
const STEP: Duration = Duration::from_millis(20);

pub(super) fn run(context: &Context, args: DemoArgs) -> Result<Outcome> {
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(UsageError("--speed must be more than 0".into()).into());
    }
    if !context.can_draw() {
        bail!("the demo needs a terminal that can draw a screen");
    }
    let folder = tempfile::Builder::new().prefix("spendtop-demo-").tempdir();
    let folder = folder.context("cannot make a folder for the demo")?;
    // As the kernel will name what runs in there.
    let home = fs::canonicalize(folder.path())?;
    let start = context.now();
    let clock = Arc::new(FastClock { start, began: Instant::now(), speed: args.speed });
    let projects = home.join("projects");
    let lines = script(start);
    let agents = Agents::start(&home, &open_sessions(&lines, start), start)
        .context("cannot start the demo's agents")?;
    let (written, to_come): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.at <= start);
    for line in &written {
        append(&projects, line)?;
    }
    let writer = Arc::clone(&clock);
    let target = projects.clone();
    thread::Builder::new()
        .name("demo".into())
        .spawn(move || play(&target, &to_come, agents, &writer))
        .context("cannot start the demo's writer")?;
    let developer: Arc<str> = Arc::from("maya");
    let cap = Cap { action: CapAction::Kill, ..Cap::daily(DAILY_CAP) };
    let config = Config {
        notify: silent(),
        daily_cap: Some(DAILY_CAP),
        developer: Some(developer.to_string()),
        caps: vec![Arc::new(cap)],
        // Where a command from the screen looks for the process of a session.
        agent_roots: vec![(AgentId::Claude, home.clone())],
        ..Config::default()
    };
    let root = Root { agent: AgentId::Claude, path: projects, developer: Arc::clone(&developer) };
    let collector = Collector {
        ledger: home.join("ledger.db"),
        roots: vec![root],
        config: config.clone(),
        config_file: None,
        clock,
        role: Role::Collector,
        reload: None,
    };
    let setting = Setting {
        developer,
        on_plan: false,
        zone: context.config.zone(),
        looked_at: vec!["the demo's own folder".into()],
        config_file: String::new(),
        label: Some("demo"),
    };
    let book = daemon::Book::base(None);
    // What is done to a session of the demo stays in the demo.
    let clock = Arc::clone(&collector.clock);
    let made_up = Context { ledger: collector.ledger.clone(), config, clock, ..context.clone() };
    let setup = Setup {
        roots: collector.roots.clone(),
        config_file: None,
        on_plan: false,
        ..made_up.setup()
    };
    let facts = live::facts(setup, book, &setting);
    let given = Given { facts, setting, look: context.look()?, news: "" };
    let doer = deeds::doer(move || made_up.clone());
    live::open(collector, given, None, doer)
}

/// A made-up session is nothing to tell anybody.
fn silent() -> Notify {
    Notify { desktop: false, ..Notify::default() }
}

/// Writes each line when its time has come, unless its session was ended; stops with the screen,
/// or when the folder goes.
fn play(projects: &Path, lines: &[DemoLine], mut agents: Agents, clock: &FastClock) {
    for line in lines {
        while clock.now() < line.at {
            thread::sleep(STEP);
        }
        if agents.is_open(&line.session_id) && append(projects, line).is_err() {
            return;
        }
    }
    // The processes live on with the screen.
    loop {
        thread::park();
    }
}

fn append(projects: &Path, line: &DemoLine) -> Result<()> {
    let path = projects.join(&line.file);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // One write, as the agents do it.
    file.write_all(format!("{}\n", line.line).as_bytes())?;
    Ok(())
}

/// A clock that began at a moment and runs faster than life.
struct FastClock {
    start: Millis,
    began: Instant,
    speed: f64,
}

impl Clock for FastClock {
    fn now(&self) -> Millis {
        let passed = self.began.elapsed().as_secs_f64() * self.speed * 1000.0;
        self.start.plus(passed as i64)
    }
}
