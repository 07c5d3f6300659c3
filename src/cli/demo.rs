//! `demo`: the live screen on made-up sessions, through the real collector and a ledger of its own.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::args::DemoArgs;
use super::context::Context;
use super::{Outcome, UsageError, deeds, live};
use crate::clock::Clock;
use crate::config::{Config, Notify};
use crate::daemon::{self, Collector, Role};
use crate::demo::{DemoLine, script};
use crate::ingest::Root;
use crate::model::{AgentId, Millis, PicoUsd};
use crate::policy::Cap;
use crate::tui::Setting;

/// Dollars a day that the demo's developer may spend.
const DAILY_CAP: i64 = 20;

/// The finest step in which lines are written.
const STEP: Duration = Duration::from_millis(20);

pub(super) fn run(context: &Context, args: DemoArgs) -> Result<Outcome> {
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(UsageError("--speed must be more than 0".into()).into());
    }
    if !context.can_draw() {
        bail!("the demo needs a terminal that can draw a screen");
    }
    let folder = tempfile::tempdir().context("cannot make a folder for the demo")?;
    let start = context.now();
    let clock = Arc::new(FastClock { start, began: Instant::now(), speed: args.speed });
    let projects = folder.path().join("projects");
    let (written, to_come): (Vec<_>, Vec<_>) =
        script(start).into_iter().partition(|line| line.at <= start);
    for line in &written {
        append(&projects, line)?;
    }
    let writer = Arc::clone(&clock);
    let target = projects.clone();
    thread::Builder::new()
        .name("demo".into())
        .spawn(move || play(&target, &to_come, &writer))
        .context("cannot start the demo's writer")?;
    let developer: Arc<str> = Arc::from("maya");
    let daily_cap = PicoUsd::from_dollars(DAILY_CAP);
    let caps = vec![Arc::new(Cap::daily(daily_cap))];
    let daily_cap = Some(daily_cap);
    let config = Config { notify: silent(), daily_cap, caps, ..Config::default() };
    let root = Root { agent: AgentId::Claude, path: projects, developer: Arc::clone(&developer) };
    let collector = Collector {
        ledger: folder.path().join("ledger.db"),
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
    let doer = deeds::doer(made_up);
    live::open(collector, book, setting, context.look()?, doer, &context.paths)
}

/// A made-up session is nothing to tell anybody.
fn silent() -> Notify {
    Notify { desktop: false, ..Notify::default() }
}

/// Writes each line when its time has come; ends with the screen, or when the folder goes.
fn play(projects: &Path, lines: &[DemoLine], clock: &FastClock) {
    for line in lines {
        while clock.now() < line.at {
            thread::sleep(STEP);
        }
        if append(projects, line).is_err() {
            return;
        }
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
        Millis(self.start.0.saturating_add(passed as i64))
    }
}
