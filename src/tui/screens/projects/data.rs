//! What the Projects screen has read: one level of what was charged.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::format::{printable, short_id, short_paths};
use crate::ledger::{Charged, LedgerError, Totals};
use crate::model::{Millis, SessionKey, UsdTotal};
use crate::tui::screens::Query;
use crate::tui::source::Source;
use crate::tui::span::Span;

/// What rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Who pays.
    Developer,
    /// Where the work was.
    Project,
    /// On which branch.
    Branch,
    /// In which session.
    Session,
}

/// What the outermost rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    /// Projects, in them branches, in them sessions.
    #[default]
    Project,
    /// Branches, in them projects, in them sessions.
    Branch,
    /// Developers, in them projects, in them branches, in them sessions.
    Developer,
}

/// Asks for a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// Of which time.
    pub span: Span,
    /// Outermost rows.
    pub group: Group,
    /// What was gone into.
    pub path: Vec<Arc<str>>,
}

/// A row's identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    /// A project, a branch or a developer, as the ledger names it.
    Part(Level, Arc<str>),
    /// A session.
    Session(SessionKey),
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which.
    pub id: RowId,
    /// Its name, safe to show; empty where it has none.
    pub name: String,
    /// What else tells it from others, safe to show.
    pub note: String,
    /// Its calls.
    pub totals: Totals,
    /// What agents say they spent beyond them.
    pub unlogged: UsdTotal,
    /// So many sessions.
    pub sessions: usize,
    /// The newest call, of whatever time.
    pub last: Millis,
}

/// A level.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// What was asked.
    pub drill: Drill,
    /// What the rows are.
    pub level: Level,
    /// What was gone into, in words that are safe to show.
    pub crumbs: Vec<String>,
    /// Which day it is.
    pub today: Date,
    /// The dearest first.
    pub parts: Vec<Part>,
    /// All of them.
    pub total: Totals,
    /// What agents say they spent beyond that.
    pub unlogged: UsdTotal,
}

impl Level {
    fn of(self, who: &Charged) -> &Arc<str> {
        match self {
            Self::Developer => &who.developer,
            Self::Project => &who.project,
            Self::Branch => &who.branch,
            Self::Session => &who.session_id,
        }
    }
}

impl Group {
    /// The one after it, and around.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Project => Self::Branch,
            Self::Branch => Self::Developer,
            Self::Developer => Self::Project,
        }
    }

    /// From the outermost rows to the innermost.
    pub const fn levels(self) -> &'static [Level] {
        match self {
            Self::Project => &[Level::Project, Level::Branch, Level::Session],
            Self::Branch => &[Level::Branch, Level::Project, Level::Session],
            Self::Developer => &[Level::Developer, Level::Project, Level::Branch, Level::Session],
        }
    }
}

impl Drill {
    fn level(&self) -> Level {
        self.group.levels().get(self.path.len()).copied().unwrap_or(Level::Session)
    }

    /// It is within what was gone into.
    fn has(&self, who: &Charged) -> bool {
        self.group.levels().iter().zip(&self.path).all(|(level, name)| level.of(who) == name)
    }

    fn row(&self, who: &Charged) -> RowId {
        match self.level() {
            Level::Session => RowId::Session(SessionKey {
                agent: who.agent,
                session_id: Arc::clone(&who.session_id),
            }),
            level => RowId::Part(level, Arc::clone(level.of(who))),
        }
    }
}

/// A row while it is summed up.
#[derive(Default)]
struct Sum {
    totals: Totals,
    unlogged: UsdTotal,
    sessions: HashSet<i64>,
    last: Millis,
    /// Projects of a branch, branches of a project and the like.
    within: BTreeSet<Arc<str>>,
}

impl Query for Drill {
    type Data = Data;

    fn read(&self, source: &mut Source<'_>) -> Result<Data, LedgerError> {
        let charged_sums = source.sums;
        let mut sums: HashMap<RowId, Sum> = HashMap::new();
        let mut charged: HashMap<i64, Totals> = HashMap::new();
        source.each_day(self.span, &mut |_, number, _, totals| {
            *charged.entry(number).or_default() += *totals;
        })?;
        let level = self.level();
        for (number, totals) in charged {
            let Some(who) = charged_sums.charged.get(&number).filter(|who| self.has(who)) else {
                continue;
            };
            let sum = sums.entry(self.row(who)).or_default();
            sum.totals += totals;
            sum.sessions.insert(who.session);
            let last = charged_sums.by_charged.get(&number).map(|sum| sum.last);
            sum.last = sum.last.max(last.unwrap_or_default());
            if level == Level::Session && !sum.within.contains(&who.model) {
                sum.within.insert(Arc::clone(&who.model));
            }
        }
        source.each_unlogged(self.span, &mut |_, who, amount| {
            if self.has(who) {
                let sum = sums.entry(self.row(who)).or_default();
                sum.unlogged += amount;
                sum.sessions.insert(who.session);
            }
        })?;
        let (mut total, mut unlogged) = (Totals::default(), UsdTotal::ZERO);
        for sum in sums.values() {
            total += sum.totals;
            unlogged += sum.unlogged;
        }
        // By the same names as on the Live screen, whatever is shown here.
        let projects = charged_sums.charged.values().map(|who| &*who.project);
        let short = short_paths(projects);
        let name = |level: Level, name: &str| match level {
            Level::Project => printable(short.get(name).map_or(name, String::as_str)).into_owned(),
            _ => printable(name).into_owned(),
        };
        let mut parts: Vec<Part> = sums
            .into_iter()
            .map(|(id, sum)| {
                let (shown, note) = match &id {
                    RowId::Part(level, text) => (name(*level, text), String::new()),
                    RowId::Session(key) => {
                        let head = short_id(&key.session_id);
                        (head, session_note(key, &sum))
                    }
                };
                let Sum { totals, unlogged, sessions, last, .. } = sum;
                Part { id, name: shown, note, totals, unlogged, sessions: sessions.len(), last }
            })
            .collect();
        parts.sort_by(|a, b| {
            b.totals.cost.cmp(&a.totals.cost).then_with(|| key(&a.id).cmp(key(&b.id)))
        });
        let crumbs = self.group.levels().iter().zip(&self.path);
        let crumbs = crumbs.map(|(level, text)| name(*level, text)).collect();
        let today = source.date();
        Ok(Data { drill: self.clone(), level, crumbs, today, parts, total, unlogged })
    }
}

/// `claude  opus-5-5, sonnet-5-5`.
fn session_note(key: &SessionKey, sum: &Sum) -> String {
    let models = sum.within.iter().map(|model| model.strip_prefix("claude-").unwrap_or(model));
    let models: Vec<&str> = models.filter(|model| !model.is_empty()).collect();
    let note = format!("{}  {}", key.agent.name(), models.join(", "));
    printable(note.trim_end()).into_owned()
}

fn key(id: &RowId) -> &str {
    match id {
        RowId::Part(_, name) => name,
        RowId::Session(key) => &key.session_id,
    }
}
