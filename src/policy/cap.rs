//! Caps: how much of what may be spent in which time, and what happens beyond.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use wildmatch::WildMatch;

use crate::format::money_fixed;
use crate::model::{AgentId, CapAction, Permille, PicoUsd, UsdTotal};

/// The time between the first signal and the one that cannot be ignored.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(3);

/// A limit on spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Its name, unique in the config; `daily` for `daily_cap`.
    pub name: Arc<str>,
    /// What is added up.
    pub scope: Scope,
    /// Which developers, projects, …: a glob with `*` and `?`; each one has the limit for itself.
    pub pattern: Arc<str>,
    /// Those that match, but have a cap of their own.
    pub except: Vec<Arc<str>>,
    /// Over which time.
    pub period: Period,
    /// What is held against the limit.
    pub measure: Measure,
    /// How much; spent ≥ limit is a breach. A count is kept as so many dollars, so that all that
    /// compares is the same; [`Measure::show`] tells them apart.
    pub limit: PicoUsd,
    /// Levels to tell the person at, ascending, below the limit.
    pub warn_at: Vec<Permille>,
    /// What happens at the limit.
    pub action: CapAction,
    /// The time from the first signal to SIGKILL.
    pub grace: Duration,
}

/// What a cap holds against its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Measure {
    /// What is spent.
    #[default]
    Spend,
    /// What a session's loop has cost since it began.
    LoopUsd,
    /// How often what a session's loop repeats has come.
    LoopCount,
}

/// What a cap adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything one developer pays for: all agents, sessions and subagents.
    Developer,
    /// A repository.
    Project,
    /// A git branch, named `project@branch`.
    Branch,
    /// A model.
    Model,
    /// A coding agent.
    Agent,
    /// A session with its subagents.
    Session,
}

/// The time a cap is for. Instants of the user's zone: a day may have 23 or 25 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// A session's whole life.
    Session,
    /// The clock's hour.
    Hour,
    /// The calendar day.
    Day,
    /// The week from Monday.
    Week,
    /// The calendar month.
    Month,
}

/// What spend is charged to.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// Who pays.
    pub developer: &'a str,
    /// The repository, or empty.
    pub project: &'a str,
    /// The branch, or empty.
    pub branch: &'a str,
    /// The model, or empty.
    pub model: &'a str,
    /// The agent; none of someone who has used none yet.
    pub agent: Option<AgentId>,
    /// The agent's id of the session.
    pub session_id: &'a str,
}

impl<'a> Who<'a> {
    /// Someone who has spent nothing on anything yet.
    pub const fn developer_alone(developer: &'a str) -> Self {
        Self { developer, project: "", branch: "", model: "", agent: None, session_id: "" }
    }

    /// The name that a scope knows it by. What has no name is no subject of its own: a call
    /// outside a repository is in no project.
    pub fn in_scope(&self, scope: Scope) -> Option<Cow<'a, str>> {
        let name = match scope {
            Scope::Developer => self.developer,
            Scope::Project => self.project,
            Scope::Branch if self.branch.is_empty() => "",
            Scope::Branch => return Some(format!("{}@{}", self.project, self.branch).into()),
            Scope::Model => self.model,
            Scope::Agent => self.agent.map_or("", AgentId::name),
            Scope::Session if self.session_id.is_empty() => "",
            // Ids are the agents' own: two agents may give out the same one.
            Scope::Session => {
                return Some(session_name(self.agent?, self.session_id).into());
            }
        };
        (!name.is_empty()).then_some(Cow::Borrowed(name))
    }
}

/// The name of a session among those of all agents: `codex/01a2093f-b750-7ad0-a7be-b88f30a0bcb5`.
pub fn session_name(agent: AgentId, session_id: &str) -> String {
    format!("{agent}/{session_id}")
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::Developer, Self::Project, Self::Branch, Self::Model, Self::Agent, Self::Session];

    /// The word in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Project => "project",
            Self::Branch => "branch",
            Self::Model => "model",
            Self::Agent => "agent",
            Self::Session => "session",
        }
    }
}

impl Period {
    /// Every period.
    pub const ALL: [Self; 5] = [Self::Session, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The word in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl Measure {
    /// It is about loops.
    pub const fn is_loop(self) -> bool {
        matches!(self, Self::LoopUsd | Self::LoopCount)
    }

    /// The key in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spend => "limit",
            Self::LoopUsd => "loop_usd",
            Self::LoopCount => "loop_count",
        }
    }

    /// A count as limits are kept.
    pub fn of_count(count: u32) -> PicoUsd {
        PicoUsd(i64::from(count).saturating_mul(DOLLAR))
    }

    /// An amount as a person reads it: `$4.20`, or `×14`.
    pub fn show(self, amount: UsdTotal, decimals: u32) -> String {
        match self {
            Self::Spend | Self::LoopUsd => money_fixed(amount, decimals),
            Self::LoopCount => format!("×{}", Self::count(amount)),
        }
    }

    /// The count that is kept as an amount.
    pub fn count(amount: UsdTotal) -> u64 {
        u64::try_from(amount.0 / i128::from(DOLLAR)).unwrap_or_default()
    }
}

/// Of a dollar.
const DOLLAR: i64 = 1_000_000_000_000;

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(())
    }
}

impl FromStr for Period {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|period| period.name() == text).ok_or(())
    }
}

impl Cap {
    /// The cap is for this one of its scope; `pattern` is its own, ready to match.
    pub(super) fn means(&self, subject: &str, pattern: &WildMatch) -> bool {
        // The pattern of a session may leave its agent out.
        let id = subject.split_once('/').filter(|_| self.scope == Scope::Session);
        (pattern.matches(subject) || id.is_some_and(|(_, id)| pattern.matches(id)))
            && self.except.iter().all(|other| **other != *subject)
    }

    /// `daily_cap`: what a developer may spend on a day.
    pub fn daily(limit: PicoUsd) -> Self {
        Self {
            name: Arc::from("daily"),
            scope: Scope::Developer,
            pattern: Arc::from("*"),
            except: Vec::new(),
            period: Period::Day,
            measure: Measure::Spend,
            limit,
            warn_at: vec![500, 800],
            action: CapAction::default(),
            grace: DEFAULT_GRACE,
        }
    }
}
