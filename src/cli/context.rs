//! What every command starts from: config, paths, clock, price book, an up-to-date ledger.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use tracing_subscriber::filter::LevelFilter;

use super::UsageError;
use super::args::Global;
use crate::agents::{self, Surroundings};
use crate::clock::{Clock, FixedClock, SystemClock};
use crate::config::Config;
use crate::daemon::{self, Attempt, CaughtUp, Holder, InstanceLock, Progress, Role};
use crate::health::{Asked, Setup};
use crate::ingest::{Problem, Root};
use crate::ledger::{KeptBook, LedgerError, Reader, Writer};
use crate::model::{AgentId, Millis};
use crate::paths::{self, Paths};
use crate::pricing::UserPrices;
use crate::tui::Look;

/// A catch-up that takes longer than this shows its progress.
const SHOW_PROGRESS_AFTER: Duration = Duration::from_millis(500);

/// How long to wait for another command to finish bringing the ledger up to date.
const WAIT_FOR_COMMAND: Duration = Duration::from_secs(2);

/// What every command starts from.
#[derive(Clone)]
pub(super) struct Context {
    pub global: Global,
    pub paths: Paths,
    pub config: Config,
    pub ledger: PathBuf,
    pub clock: Arc<dyn Clock>,
}

/// How a ledger was brought up to date.
pub(super) enum Freshness {
    /// By us.
    CaughtUp(CaughtUp),
    /// A running collector does it.
    Collected(Option<Holder>),
    /// Another process was still reading when we stopped waiting.
    Behind,
    /// The ledger cannot be written here, only read.
    ReadOnly,
}

impl Context {
    pub(super) fn new(global: &Global) -> Result<Self> {
        Self::at(Paths::from_env(&agents::variables()), global)
    }

    /// The same where the environment has been read already.
    pub(super) fn at(paths: Paths, global: &Global) -> Result<Self> {
        let config = Config::load(&paths, global.config.as_deref())?;
        // Whether or not a call is priced by them: a mistake is to be told at once, and always.
        if config.prices != UserPrices::default() {
            daemon::Book::with_user_prices(daemon::Book::base(None), &config)?;
        }
        let clock: Arc<dyn Clock> = match &global.now {
            None => Arc::new(SystemClock),
            Some(text) => {
                let now = Millis::parse(text)
                    .ok_or_else(|| UsageError(format!("--now {text:?}: not an RFC 3339 time")))?;
                Arc::new(FixedClock(now))
            }
        };
        let ledger = paths.ledger(global.db.as_deref()).ok_or_else(|| {
            UsageError("no home directory: say where the ledger is with --db or SPENDTOP_DB".into())
        })?;
        Ok(Self { global: global.clone(), paths, config, ledger, clock })
    }

    pub(super) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Colours are wanted and can be shown.
    pub(super) fn color(&self) -> bool {
        !self.global.no_color && !self.paths.no_color() && std::io::stdout().is_terminal()
    }

    /// The screen can be shown.
    pub(super) fn can_draw(&self) -> bool {
        !self.paths.is_dumb_terminal() && std::io::stdout().is_terminal()
    }

    /// How the screen looks; an error names the line of the config.
    pub(super) fn look(&self) -> Result<Look> {
        let mut look = Look::of(&self.config, &|path| self.paths.expand(path))?;
        if self.global.no_color || self.paths.no_color() {
            look.theme = look.theme.without_color();
        }
        look.ascii |= self.global.ascii;
        look.mouse |= self.global.mouse;
        Ok(look)
    }

    pub(super) fn start_log(&self) {
        let level = match (self.global.quiet, self.global.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => LevelFilter::WARN,
            (false, 1) => LevelFilter::INFO,
            (false, _) => LevelFilter::DEBUG,
        };
        // Fails only where a log was started before, which then serves.
        let _ = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(std::io::stderr)
            .with_target(false)
            .without_time()
            .with_ansi(self.color() && std::io::stderr().is_terminal())
            .try_init();
    }

    /// The zone of a command: what was asked for, or the config's.
    pub(super) fn zone(&self, asked: Option<&str>) -> Result<TimeZone> {
        match asked {
            None | Some("system") => Ok(self.config.zone()),
            Some(name) => TimeZone::get(name).map_err(|_| {
                let why = "use an IANA name such as \"Europe/Berlin\"";
                UsageError(format!("unknown zone {name:?}: {why}")).into()
            }),
        }
    }

    /// Who pays for calls on this machine.
    pub(super) fn developer(&self) -> &str {
        self.config.developer.as_deref().unwrap_or_else(|| self.paths.user())
    }

    /// Every folder that may hold transcripts. Those that do not exist do no harm: which agent a
    /// folder in the config is of shows when one of them is there.
    pub(super) fn roots(&self) -> Vec<Root> {
        let mut roots: Vec<Root> = Vec::new();
        let mut add = |agent: AgentId, home: &Path, developer: &Arc<str>| {
            for path in agents::adapter(agent).roots(home) {
                let known = roots.iter().any(|root| (root.agent, &root.path) == (agent, &path));
                if !known {
                    let developer = Arc::clone(developer);
                    roots.push(Root { agent, path, developer });
                }
            }
        };
        // First those that are somebody's by name: the same folder may be a usual one too.
        for developer in &self.config.developers {
            let id = Arc::from(developer.id.as_str());
            for folder in &developer.roots {
                let folder = self.paths.expand(folder);
                for agent in AgentId::ALL {
                    add(agent, &folder, &id);
                }
            }
        }
        let developer: Arc<str> = Arc::from(self.developer());
        self.with_surroundings(|surroundings| {
            for adapter in agents::all() {
                for home in adapter.homes(surroundings) {
                    add(adapter.id(), &home, &developer);
                }
            }
        });
        for (agent, folder) in &self.config.agent_roots {
            add(*agent, &self.paths.expand(folder), &developer);
        }
        roots
    }

    /// The environment as agents' adapters want it.
    pub(super) fn with_surroundings<T>(&self, ask: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let home = self.paths.home();
        let data_home = self.paths.variable("XDG_DATA_HOME").map(PathBuf::from);
        let data_home = data_home.or_else(|| home.map(|home| home.join(".local/share")));
        ask(&Surroundings {
            home,
            config_home: self.paths.config_home(),
            data_home: data_home.as_deref(),
            variable: &|name| self.paths.variable(name).map(ToOwned::to_owned),
        })
    }

    /// What agents usually call their config folders.
    pub(super) fn usual_names(&self) -> Vec<(AgentId, OsString)> {
        self.with_surroundings(|surroundings| {
            let names = agents::all().flat_map(|adapter| {
                let homes = adapter.homes(surroundings).into_iter();
                let name = |home: PathBuf| Some((adapter.id(), home.file_name()?.to_owned()));
                homes.filter_map(name).collect::<Vec<_>>()
            });
            names.collect()
        })
    }

    /// The config file, whether it is there or not.
    pub(super) fn config_file(&self) -> Option<PathBuf> {
        self.paths.config_file(self.global.config.as_deref()).map(|(path, _)| path)
    }

    /// What there is to look at, for whoever asks how all is.
    pub(super) fn setup(&self) -> Setup {
        Setup {
            paths: self.paths.clone(),
            config: self.config.clone(),
            config_file: self.config_file(),
            ledger: self.ledger.clone(),
            asked: Asked { config: self.global.config.clone(), ledger: self.global.db.clone() },
            roots: self.roots(),
            usual: self.usual_names(),
            on_plan: self.is_on_plan(),
        }
    }

    /// Reads the config anew, for who runs longer than it lasts.
    pub(super) fn reload(&self) -> daemon::Reload {
        let global = self.global.clone();
        Box::new(move || {
            let again = Self::new(&global).map_err(|error| format!("{error:#}"))?;
            again.book().map_err(|error| format!("{error:#}"))?;
            Ok((again.config.clone(), again.roots()))
        })
    }

    /// The price book in force, with the user's own prices.
    pub(super) fn book(&self) -> Result<daemon::Book> {
        let kept = match Reader::open(&self.ledger) {
            Ok(Some(reader)) => reader.newest_book()?,
            Ok(None) => None,
            Err(error) => return Err(error.into()),
        };
        self.book_over(kept.as_ref())
    }

    /// The price book in force over what a ledger keeps.
    pub(super) fn book_over(&self, kept: Option<&KeptBook>) -> Result<daemon::Book> {
        let base = daemon::Book::base(kept);
        daemon::Book::with_user_prices(base, &self.config).map_err(anyhow::Error::from)
    }

    /// Brings the ledger up to date, unless another process does.
    pub(super) fn freshen(&self) -> Result<Freshness> {
        let lock = paths::lock_of(&self.ledger);
        let deadline = Instant::now() + WAIT_FOR_COMMAND;
        loop {
            let attempt = match InstanceLock::try_take(&lock, Role::Command) {
                Ok(attempt) => attempt,
                // What is there can still be read.
                Err(_) if self.ledger.exists() => return Ok(Freshness::ReadOnly),
                Err(why) => {
                    return Err(LedgerError::Unwritable { path: lock, why }.into());
                }
            };
            match attempt {
                Attempt::Held(_held) => {
                    return match self.catch_up() {
                        // A read-only folder around a lock that is ours.
                        Err(error) if is_unwritable(&error) && self.ledger.is_file() => {
                            Ok(Freshness::ReadOnly)
                        }
                        caught_up => caught_up.map(Freshness::CaughtUp),
                    };
                }
                Attempt::Taken(Some(holder)) if holder.caught_up => {
                    return Ok(Freshness::Collected(Some(holder)));
                }
                Attempt::Taken(_) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Attempt::Taken(_) => return Ok(Freshness::Behind),
            }
        }
    }

    fn catch_up(&self) -> Result<CaughtUp> {
        let mut writer = Writer::open_or_begin(&self.ledger)?;
        let plan = daemon::plan(&writer, &self.roots())?;
        let inbox = daemon::waiting_requests(&self.ledger, self.now())?;
        if plan.is_empty() && inbox.is_none() {
            writer.publish()?;
            return Ok(plan.nothing_to_do());
        }
        let mut book = self.book_over(writer.newest_book()?.as_ref())?;
        let mut bar = Bar::new(!self.global.quiet && std::io::stderr().is_terminal());
        let found = plan.run(&mut writer, &mut book.pricing(self.now()), &mut |p| bar.update(p));
        bar.finish();
        let found = found?;
        if let Some(inbox) = inbox {
            daemon::serve(&inbox, &mut writer, &mut book, &self.config, self.now())?;
        }
        writer.publish()?;
        Ok(found)
    }

    /// An up-to-date ledger to read; none while there is none.
    pub(super) fn fresh_reader(&self) -> Result<Option<Reader>> {
        match self.freshen()? {
            Freshness::CaughtUp(found) => warn_of(&found.problems),
            Freshness::Collected(_) => {}
            Freshness::Behind => tracing::warn!(
                "another spendtop is still reading the transcripts: this is what it has so far"
            ),
            Freshness::ReadOnly => tracing::warn!(
                "{} cannot be written: this is what it has, and new calls are not in it",
                self.ledger.display()
            ),
        }
        Reader::open(&self.ledger).context("cannot read the ledger")
    }
}

fn is_unwritable(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(LedgerError::Unwritable { .. }))
}

fn warn_of(problems: &[Problem]) {
    for problem in problems {
        tracing::info!("{}: {}", problem.path.display(), problem.what);
    }
}

/// A progress bar that appears only if it is worth it.
struct Bar {
    wanted: bool,
    since: Instant,
    shown: Option<ProgressBar>,
}

impl Bar {
    fn new(wanted: bool) -> Self {
        Self { wanted, since: Instant::now(), shown: None }
    }

    fn update(&mut self, progress: Progress) {
        if self.shown.is_none() && self.wanted && self.since.elapsed() > SHOW_PROGRESS_AFTER {
            let style = ProgressStyle::with_template(
                "reading transcripts {wide_bar} {bytes}/{total_bytes} {eta}",
            );
            let bar = ProgressBar::new(progress.total_bytes);
            self.shown =
                Some(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())));
        }
        if let Some(bar) = &self.shown {
            bar.set_position(progress.read_bytes);
        }
    }

    fn finish(self) {
        if let Some(bar) = self.shown {
            bar.finish_and_clear();
        }
    }
}

/// A path that stands for a file in messages.
pub(super) fn show(paths: &Paths, path: &Path) -> String {
    paths.shorten(path)
}
