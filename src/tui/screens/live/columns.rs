//! The columns of the sessions: what each shows, how wide it is, and which give way where there is
//! no room for all.

use super::session::{Session, Subagent};
use super::turn::Turn;
use crate::format::{
    age, floor, money_fixed, pad_start, percent, short_id, thousands, tokens, width,
};
use crate::ledger::{LoopLevel, Totals};
use crate::model::{Millis, UsdTotal};
use crate::tui::board::per_hour;

/// A column. The order here is the usual one on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// What it does.
    State,
    /// Its agent.
    Agent,
    /// Its project.
    Project,
    /// Its branch.
    Branch,
    /// Its dearest model.
    Model,
    /// All it cost.
    Session,
    /// What it cost today.
    Today,
    /// What it spends in an hour.
    PerHour,
    /// How often in a row the newest tool call was made, or what repeats in a loop.
    Loop,
    /// Steps in this turn.
    Steps,
    /// Subagents.
    Subagents,
    /// The share of what it sent that came from the cache.
    Cache,
    /// What would stop it.
    Protection,
    /// Model calls.
    Calls,
    /// Tokens sent.
    Input,
    /// Tokens answered.
    Output,
    /// Time since its last call.
    Age,
}

/// What a cell is told of.
pub(super) enum Cell<'a> {
    /// A session.
    Session(&'a Session),
    /// A subagent below its session.
    Subagent(&'a Subagent),
}

/// What is the same for every cell of a table.
#[derive(Clone, Copy)]
pub(super) struct Sheet {
    /// The time.
    pub now: Millis,
    /// Decimals of the money.
    pub decimals: u32,
    /// Every figure may grow.
    pub is_behind: bool,
}

impl Column {
    /// Every column with its name in the config and its title.
    pub const ALL: [(Self, &'static str, &'static str); 17] = [
        (Self::State, "state", "ST"),
        (Self::Agent, "agent", "AGENT"),
        (Self::Project, "project", "PROJECT"),
        (Self::Branch, "branch", "BRANCH"),
        (Self::Model, "model", "MODEL"),
        (Self::Session, "session", "SESSION"),
        (Self::Today, "today", "TODAY"),
        (Self::PerHour, "per_hour", "$/H"),
        (Self::Loop, "loop", "LOOP"),
        (Self::Steps, "steps", "STEPS"),
        (Self::Subagents, "subagents", "SUB"),
        (Self::Cache, "cache", "CACHE"),
        (Self::Protection, "protection", "PROT"),
        (Self::Calls, "calls", "CALLS"),
        (Self::Input, "input", "IN"),
        (Self::Output, "output", "OUT"),
        (Self::Age, "age", "AGE"),
    ];

    /// The column with a name.
    pub fn named(name: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, known, _)| *known == name);
        known.map(|(column, _, _)| *column).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(_, name, _)| *name).collect();
            format!("{name:?} is no column; there are {}", names.join(", "))
        })
    }

    pub(super) fn title(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    /// How long it stays while room runs out: the greatest goes last. Where there are several agents
    /// theirs tells more.
    pub(super) const fn rank(self, several_agents: bool) -> u8 {
        match self {
            Self::Project => 17,
            Self::Today => 16,
            Self::State => 15,
            Self::Age => 14,
            Self::Loop => 13,
            Self::Session => 12,
            Self::PerHour => 11,
            Self::Protection => 10,
            Self::Branch => 9,
            Self::Model => 8,
            Self::Agent if several_agents => 7,
            Self::Steps => 6,
            Self::Subagents => 5,
            Self::Cache => 4,
            Self::Agent => 3,
            Self::Calls => 2,
            Self::Input => 1,
            Self::Output => 0,
        }
    }

    /// Names are set left and share what room is left; numbers are set right.
    pub(super) const fn is_name(self) -> bool {
        matches!(self, Self::Project | Self::Branch | Self::Model)
    }

    /// What is set left.
    pub(super) const fn is_left(self) -> bool {
        self.is_name() || matches!(self, Self::State | Self::Agent | Self::Protection)
    }

    /// The least width: steady while figures of the usual size grow. A name is cut to it before
    /// another column gives way.
    pub(super) const fn least(self) -> usize {
        match self {
            Self::Subagents => 3,
            Self::Age | Self::Loop => 4,
            Self::State | Self::Calls | Self::Cache | Self::Steps => 5,
            Self::Agent | Self::Input | Self::Output | Self::Protection | Self::PerHour => 6,
            Self::Session | Self::Today => 7,
            Self::Project => 8,
            Self::Branch | Self::Model => 11,
        }
    }

    pub(super) fn text(self, cell: &Cell<'_>, sheet: Sheet) -> String {
        match cell {
            Cell::Session(session) => self.of_session(session, sheet),
            Cell::Subagent(subagent) => self.of_subagent(subagent, sheet),
        }
    }

    fn of_session(self, session: &Session, sheet: Sheet) -> String {
        match self {
            Self::State => {
                // A broken cap is no news of the sessions that ended long ago.
                let is_live = session.state.is_live();
                let is_held = session.held.iter().any(|held| held.is_mark || is_live);
                let sign = if is_held { "!" } else { "" };
                format!("{}{sign}", session.state.word())
            }
            Self::Agent => session.key.agent.name().to_owned(),
            Self::Project => named(&session.project),
            Self::Branch => named(&session.branch),
            Self::Model => models(&session.models),
            Self::Today => amount(&session.today, sheet),
            Self::Session => amount(&session.total, sheet),
            Self::PerHour => rate(session.burn),
            Self::Loop | Self::Steps => self.of_turn(session.turn),
            Self::Subagents if session.subagents.is_empty() => "–".into(),
            Self::Subagents => session.subagents.len().to_string(),
            Self::Protection => session.protection.word().to_owned(),
            Self::Age => since(session.last, sheet),
            Self::Calls | Self::Input | Self::Output | Self::Cache => {
                self.of_totals(&session.total)
            }
        }
    }

    fn of_subagent(self, subagent: &Subagent, sheet: Sheet) -> String {
        match self {
            Self::Project => {
                let head = short_id(&subagent.id);
                format!("└ {head}")
            }
            Self::Model => models(&subagent.models),
            Self::Today => amount(&subagent.today, sheet),
            Self::Session => amount(&subagent.total, sheet),
            Self::PerHour => rate(subagent.burn),
            Self::Age => since(subagent.last, sheet),
            Self::Calls | Self::Input | Self::Output | Self::Cache => {
                self.of_totals(&subagent.total)
            }
            Self::Loop | Self::Steps => self.of_turn(subagent.turn),
            Self::State | Self::Agent | Self::Branch | Self::Subagents | Self::Protection => {
                String::new()
            }
        }
    }

    fn of_turn(self, turn: Option<Turn>) -> String {
        let Some(turn) = turn else { return "–".into() };
        match self {
            Self::Steps => thousands(turn.steps),
            _ if turn.repeats > 1 => {
                let sign = if turn.level >= LoopLevel::Loop { "!" } else { "" };
                format!("×{}{sign}", turn.repeats)
            }
            // No tool was called in it yet.
            _ if turn.repeats == 0 => "–".into(),
            _ => turn.repeats.to_string(),
        }
    }

    fn of_totals(self, totals: &Totals) -> String {
        let usage = &totals.usage;
        match self {
            Self::Input => tokens(usage.prompt_tokens()),
            Self::Output => tokens(usage.output_tokens),
            Self::Cache => cached(totals).map_or_else(|| "–".into(), |share| format!("{share}%")),
            _ => thousands(totals.calls),
        }
    }
}

/// The share of what was sent that came from the cache, in percent.
pub fn cached(totals: &Totals) -> Option<u64> {
    let tokens = |count: u64| UsdTotal(i128::from(count));
    let usage = &totals.usage;
    percent(tokens(usage.cache_read_input_tokens), tokens(usage.prompt_tokens()))
}

fn named(name: &str) -> String {
    if name.is_empty() { "–".into() } else { name.to_owned() }
}

fn rate(burn: UsdTotal) -> String {
    if burn == UsdTotal::ZERO { "–".into() } else { money_fixed(per_hour(burn), 2) }
}

/// Seconds are not shown: the screen is drawn by the minute when nothing else happens.
fn since(last: Millis, sheet: Sheet) -> String {
    let milliseconds = sheet.now.since(last);
    if milliseconds < 60_000 { "now".into() } else { age(milliseconds) }
}

fn amount(totals: &Totals, sheet: Sheet) -> String {
    if totals.calls == 0 {
        "–".into()
    } else {
        let is_floor = totals.is_floor() || sheet.is_behind;
        floor(money_fixed(totals.cost, sheet.decimals), is_floor)
    }
}

fn models(models: &[String]) -> String {
    let first = models.first().map_or("", String::as_str);
    let first = if first.is_empty() { "?" } else { first };
    match models.len() {
        0 | 1 => first.to_owned(),
        count => format!("{first} +{}", count - 1),
    }
}

/// A text in its column.
pub(super) fn set(text: &str, column: Column, cells: usize) -> String {
    let text = crate::format::fit(text, cells);
    let pad = pad_start("", cells - width(&text));
    if column.is_left() { format!("{text}{pad}") } else { format!("{pad}{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_where_its_number_says() {
        for (number, (column, name, _)) in Column::ALL.into_iter().enumerate() {
            assert_eq!(column as usize, number);
            assert_eq!(Column::named(name), Ok(column));
        }
        assert!(Column::named("costs").unwrap_err().contains("\"costs\" is no column"));
    }

    #[test]
    fn no_two_columns_give_way_at_once() {
        for several in [false, true] {
            let ranks = Column::ALL.iter().map(|(column, _, _)| column.rank(several));
            let ranks: std::collections::BTreeSet<u8> = ranks.collect();
            assert_eq!(ranks.len(), Column::ALL.len());
        }
    }
}
