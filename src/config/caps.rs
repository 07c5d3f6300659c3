//! Caps and developers as the config file means them.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;

use super::Developer;
use super::file::{
    CapActionWord, CapTable, ConfigFile, DeveloperTable, PeriodWord, ScopeWord, Usd,
};
use crate::model::{CapAction, LIMIT, Permille, PicoUsd};
use crate::policy::{Cap, DEFAULT_GRACE, Measure, Period, Scope};

/// The longest grace: a session must not spend for minutes on end.
const MAX_GRACE_SECONDS: f64 = 600.0;

/// What is wrong, and where.
pub(super) struct Mistake {
    pub span: Range<usize>,
    pub what: String,
}

/// The caps of a config: the developers' own daily ones, everybody's, then the tables.
pub(super) fn resolve(file: &ConfigFile) -> Result<Vec<Arc<Cap>>, Mistake> {
    check_developers(&file.developer.0)?;
    let mut caps = Vec::new();
    let base = Base::read(file)?;
    let limit = file.daily_cap.as_ref().map(|cap| positive(cap, "daily_cap")).transpose()?;
    let mut own = Vec::new();
    for developer in &file.developer.0 {
        if let (Some(cap), Some(id)) = (&developer.daily_cap, developer.id()) {
            let limit = positive(cap, "daily_cap")?;
            let name = format!("daily-{id}");
            caps.push(Arc::new(base.daily(&name, id, limit)));
            own.push(id);
        }
    }
    if let Some(limit) = limit {
        // Who has a cap of their own is not held to everybody's.
        caps.push(Arc::new(Cap {
            except: own.iter().map(|id| Arc::from(*id)).collect(),
            ..base.daily("daily", "*", limit)
        }));
    }
    for table in &file.cap {
        let cap = base.cap(table)?;
        if caps.iter().any(|other| other.name == cap.name) {
            let what = format!("there are two caps named {:?}", &*cap.name);
            return Err(Mistake { span: table.span(), what });
        }
        caps.push(Arc::new(cap));
    }
    Ok(caps)
}

/// What every cap has that does not say otherwise.
struct Base {
    warn_at: Vec<Permille>,
    action: CapAction,
    grace: Duration,
}

impl Base {
    fn read(file: &ConfigFile) -> Result<Self, Mistake> {
        let standard = Cap::daily(PicoUsd::ZERO);
        Ok(Self {
            warn_at: file.warn_at.as_ref().map_or(Ok(standard.warn_at), levels)?,
            action: file.action.map_or(standard.action, Into::into),
            grace: file.grace.as_ref().map_or(Ok(DEFAULT_GRACE), grace)?,
        })
    }

    fn daily(&self, name: &str, pattern: &str, limit: PicoUsd) -> Cap {
        Cap {
            name: Arc::from(name),
            pattern: Arc::from(pattern),
            warn_at: self.warn_at.clone(),
            action: self.action,
            grace: self.grace,
            ..Cap::daily(limit)
        }
    }

    fn cap(&self, table: &Spanned<CapTable>) -> Result<Cap, Mistake> {
        let (span, table) = (table.span(), table.get_ref());
        let wrong = |what: &str| Mistake { span: span.clone(), what: what.to_owned() };
        if table.name.trim().is_empty() {
            return Err(wrong("a cap needs a name"));
        }
        let (measure, limit) = limit(table, span.clone())?;
        if measure.is_loop() {
            let is_of_session = matches!(table.scope, None | Some(ScopeWord::Session))
                && matches!(table.period, None | Some(PeriodWord::Session));
            if !is_of_session {
                return Err(wrong("a loop is a session's: leave scope and period out"));
            }
        }
        let (scope, period) = if measure.is_loop() {
            (Scope::Session, Period::Session)
        } else {
            (table.scope.unwrap_or_default().into(), table.period.unwrap_or_default().into())
        };
        // Half of a loop is none.
        let warn_at = if measure.is_loop() { Vec::new() } else { self.warn_at.clone() };
        if period == Period::Session && scope != Scope::Session {
            return Err(wrong("period = \"session\" goes with scope = \"session\""));
        }
        Ok(Cap {
            name: Arc::from(table.name.as_str()),
            scope,
            pattern: Arc::from(table.pattern.as_deref().unwrap_or("*")),
            except: Vec::new(),
            period,
            measure,
            limit,
            warn_at: table.warn_at.as_ref().map_or(Ok(warn_at), levels)?,
            action: table.action.map_or(CapAction::default(), Into::into),
            grace: table.grace.as_ref().map_or(Ok(self.grace), grace)?,
        })
    }
}

/// What a cap holds against what.
fn limit(table: &CapTable, span: Range<usize>) -> Result<(Measure, PicoUsd), Mistake> {
    match (&table.limit, &table.loop_usd, &table.loop_count) {
        (Some(limit), None, None) => Ok((Measure::Spend, positive(limit, "limit")?)),
        (None, Some(limit), None) => Ok((Measure::LoopUsd, positive(limit, "loop_usd")?)),
        (None, None, Some(count)) if *count.get_ref() >= 2 => {
            Ok((Measure::LoopCount, Measure::of_count(*count.get_ref())))
        }
        (None, None, Some(count)) => {
            Err(Mistake { span: count.span(), what: "loop_count must be 2 or more".into() })
        }
        _ => Err(Mistake {
            span,
            what: "a cap has one of limit, loop_usd and loop_count".to_owned(),
        }),
    }
}

pub(super) fn positive(amount: &Spanned<Usd>, name: &str) -> Result<PicoUsd, Mistake> {
    let value = amount.get_ref().0;
    if value > PicoUsd::ZERO {
        Ok(value)
    } else {
        Err(Mistake { span: amount.span(), what: format!("{name} must be more than 0") })
    }
}

fn levels(parts: &Spanned<Vec<f64>>) -> Result<Vec<Permille>, Mistake> {
    let wrong = || Mistake {
        span: parts.span(),
        what: "warn_at takes parts of the cap between 0 and 1, such as [0.5, 0.8]".into(),
    };
    let mut levels = Vec::new();
    for &part in parts.get_ref() {
        // No number at all is in no range.
        if !(0.001..1.0).contains(&part) {
            return Err(wrong());
        }
        let level = (part * f64::from(LIMIT)).round() as Permille;
        levels.push(level.clamp(1, LIMIT - 1));
    }
    levels.sort_unstable();
    levels.dedup();
    Ok(levels)
}

fn grace(seconds: &Spanned<f64>) -> Result<Duration, Mistake> {
    let wrong = || Mistake {
        span: seconds.span(),
        what: format!("grace takes seconds, from 0 to {MAX_GRACE_SECONDS}"),
    };
    if !(0.0..=MAX_GRACE_SECONDS).contains(seconds.get_ref()) {
        return Err(wrong());
    }
    Ok(Duration::from_millis((*seconds.get_ref() * 1000.0).round() as u64))
}

/// What would be ignored without a word, and hold nobody to a cap, is a mistake.
fn check_developers(tables: &[DeveloperTable]) -> Result<(), Mistake> {
    let wrong = |span: Range<usize>, what: &str| Err(Mistake { span, what: what.to_owned() });
    let mut rest: Option<&DeveloperTable> = None;
    let mut ids: Vec<&str> = Vec::new();
    for table in tables {
        let id_span = table.id.as_ref().map_or(0..0, Spanned::span);
        match table.id() {
            Some(id) if id.contains(['*', '?']) => {
                return wrong(id_span, "a developer's id has no * or ?");
            }
            Some(id) if ids.contains(&id) => {
                return wrong(id_span, &format!("there are two developers named {id:?}"));
            }
            Some(id) => ids.push(id),
            None => {
                if let Some(cap) = &table.daily_cap {
                    return wrong(cap.span(), "a developer with a daily_cap needs an id");
                }
                if let Some(roots) =
                    table.roots.as_ref().filter(|roots| !roots.get_ref().is_empty())
                {
                    return wrong(roots.span(), "a developer with roots needs an id");
                }
            }
        }
        if table.roots().is_empty() && rest.replace(table).is_some() {
            return wrong(
                id_span,
                "there are two developers without roots: one alone can pay for everything else",
            );
        }
    }
    Ok(())
}

/// Developers who pay for roots of their own.
pub(super) fn developers_with_roots(tables: &[DeveloperTable]) -> Vec<Developer> {
    let with_roots = |table: &DeveloperTable| {
        let (id, roots) = (table.id()?.to_owned(), table.roots());
        (!roots.is_empty()).then(|| Developer { id, roots: roots.to_vec() })
    };
    tables.iter().filter_map(with_roots).collect()
}

/// Who pays for everything else: the one developer who has no roots of their own.
pub(super) fn default_developer(tables: &[DeveloperTable]) -> Option<String> {
    let table = tables.iter().find(|table| table.roots().is_empty())?;
    table.id().map(str::to_owned)
}

impl From<CapActionWord> for CapAction {
    fn from(word: CapActionWord) -> Self {
        match word {
            CapActionWord::Notify => Self::Notify,
            CapActionWord::Flag => Self::Flag,
            CapActionWord::Block => Self::Block,
            CapActionWord::Kill => Self::Kill,
        }
    }
}

impl From<ScopeWord> for Scope {
    fn from(word: ScopeWord) -> Self {
        match word {
            ScopeWord::Developer => Self::Developer,
            ScopeWord::Project => Self::Project,
            ScopeWord::Branch => Self::Branch,
            ScopeWord::Model => Self::Model,
            ScopeWord::Agent => Self::Agent,
            ScopeWord::Session => Self::Session,
        }
    }
}

impl From<PeriodWord> for Period {
    fn from(word: PeriodWord) -> Self {
        match word {
            PeriodWord::Session => Self::Session,
            PeriodWord::Hour => Self::Hour,
            PeriodWord::Day => Self::Day,
            PeriodWord::Week => Self::Week,
            PeriodWord::Month => Self::Month,
        }
    }
}
