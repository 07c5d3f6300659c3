//! The sessions as the Live screen shows them. Their texts are safe to show.

use std::collections::{BTreeMap, HashMap};

use super::state::{Guarded, Held, Protection, State};
use super::turn::{self, Turn};
use crate::enforce::Present;
use crate::format::{printable, short_paths};
use crate::ledger::{Charged, LedgerError, Totals};
use crate::model::{Millis, SessionKey, UsdTotal};
use crate::tui::board::PACE_MS;
use crate::tui::source::Source;
use crate::tui::sums::Sum;

/// A session with everything its subagents did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub key: SessionKey,
    /// The project's last path components, as many as tell it from the others.
    pub project: String,
    /// The branch of the newest call of the main thread.
    pub branch: String,
    /// The models, dearest first.
    pub models: Vec<String>,
    /// Its subagents, dearest first.
    pub subagents: Vec<Subagent>,
    /// Calls of today.
    pub today: Totals,
    /// All calls.
    pub total: Totals,
    /// What it spent in the last quarter of an hour.
    pub burn: UsdTotal,
    /// The newest call.
    pub last: Millis,
    /// What its turn is at, where that is known.
    pub turn: Option<Turn>,
    /// What it does.
    pub state: State,
    /// What would stop it.
    pub protection: Protection,
    /// What holds it or marks it, the hardest first.
    pub held: Vec<Held>,
    /// The process it runs in, and how that is known.
    pub process: Option<Present>,
}

/// A subagent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subagent {
    /// The agent's id of it, or the head of that.
    pub id: String,
    /// Its models, dearest first.
    pub models: Vec<String>,
    /// Calls of today.
    pub today: Totals,
    /// All calls.
    pub total: Totals,
    /// What it spent in the last quarter of an hour.
    pub burn: UsdTotal,
    /// The newest call.
    pub last: Millis,
    /// What its turn is at, where that is known.
    pub turn: Option<Turn>,
}

/// Reads one session, by its number in the ledger.
pub(in crate::tui::screens) fn one(
    source: &Source<'_>,
    session: i64,
) -> Result<Option<Session>, LedgerError> {
    let sums = source.sums;
    let since = source.now.minus(PACE_MS);
    let mut draft = Draft::default();
    for (number, sum) in &sums.by_charged {
        let Some(who) = sums.charged.get(number).filter(|who| who.session == session) else {
            continue;
        };
        let recent = sums.recent.iter().filter(|call| call.charged == *number && call.at > since);
        draft.add(*number, who, sum, recent.filter_map(|call| call.cost).map(Into::into).sum());
    }
    let Some(who) = draft.who() else { return Ok(None) };
    let projects = short_paths([draft.project()]);
    let project = projects.get(draft.project()).map_or("", String::as_str);
    let mut one = draft.session(who, project);
    let turns = turn::read(source)?;
    let turns = turns.get(&session);
    Guarded::read(source)?.standing(&one, turns, who, source).put_to(&mut one, turns);
    Ok(Some(one))
}

/// What a thread comes to while it is summed up.
#[derive(Default)]
struct Thread<'a> {
    today: Totals,
    total: Totals,
    burn: UsdTotal,
    last: Millis,
    models: HashMap<&'a str, (UsdTotal, u64)>,
}

impl<'a> Thread<'a> {
    fn add(&mut self, who: &'a Charged, sum: &Sum, burn: UsdTotal) {
        self.total += sum.total;
        self.today += sum.today;
        self.burn += burn;
        self.last = self.last.max(sum.last);
        let model = self.models.entry(&who.model).or_default();
        model.0 += sum.total.cost;
        model.1 += sum.total.calls;
    }

    fn models(&self) -> Vec<String> {
        let mut models: Vec<_> = self.models.iter().collect();
        models.sort_unstable_by(|(a, by_a), (b, by_b)| by_b.cmp(by_a).then_with(|| a.cmp(b)));
        models.into_iter().map(|(model, _)| short_model(model)).collect()
    }
}

/// A session while it is summed up.
#[derive(Default)]
pub(super) struct Draft<'a> {
    all: Thread<'a>,
    /// What names the session, and how good a name it is: the newest of the main thread.
    name: Option<((bool, Millis, i64), &'a Charged)>,
    subagents: BTreeMap<&'a str, Thread<'a>>,
}

impl<'a> Draft<'a> {
    pub(super) fn add(&mut self, number: i64, who: &'a Charged, sum: &Sum, burn: UsdTotal) {
        self.all.add(who, sum, burn);
        let rank = (who.subagent.is_empty(), sum.last, number);
        if self.name.is_none_or(|(best, _)| best < rank) {
            self.name = Some((rank, who));
        }
        if !who.subagent.is_empty() {
            self.subagents.entry(&who.subagent).or_default().add(who, sum, burn);
        }
    }

    /// The number of what names it, and that.
    pub(super) fn name(&self) -> Option<(i64, &'a Charged)> {
        self.name.map(|((_, _, number), who)| (number, who))
    }

    fn who(&self) -> Option<&'a Charged> {
        self.name.map(|(_, who)| who)
    }

    fn project(&self) -> &'a str {
        self.who().map_or("", |who| &who.project)
    }

    /// What is known of it by its calls; `project` is its project's short name.
    pub(super) fn session(&self, who: &Charged, project: &str) -> Session {
        let mut subagents: Vec<Subagent> = self.subagents.iter().map(subagent).collect();
        subagents.sort_by_key(|subagent| std::cmp::Reverse(subagent.total.cost));
        Session {
            key: SessionKey { agent: who.agent, session_id: who.session_id.clone() },
            project: printable(project).into_owned(),
            branch: printable(&who.branch).into_owned(),
            models: self.all.models(),
            subagents,
            today: self.all.today,
            total: self.all.total,
            burn: self.all.burn,
            last: self.all.last,
            turn: None,
            state: State::default(),
            protection: Protection::default(),
            held: Vec::new(),
            process: None,
        }
    }
}

fn subagent((id, thread): (&&str, &Thread<'_>)) -> Subagent {
    Subagent {
        id: printable(id).into_owned(),
        models: thread.models(),
        today: thread.today,
        total: thread.total,
        burn: thread.burn,
        last: thread.last,
        turn: None,
    }
}

/// A model's name without its vendor and the day of its release, which say little in a narrow
/// column.
pub(in crate::tui::screens) fn short_model(model: &str) -> String {
    let name = model.strip_prefix("claude-").unwrap_or(model);
    let is_day = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let name = match name.rsplit_once('-') {
        Some((name, day)) if is_day(day) => name,
        _ => name,
    };
    printable(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_is_short() {
        for (model, short) in [
            ("claude-opus-5-5", "opus-5-5"),
            ("claude-sonnet-4-5-20250929", "sonnet-4-5"),
            ("gpt-5.6", "gpt-5.6"),
            ("claude-20250101", "20250101"),
            ("", ""),
            ("evil\x1b[2J", "evil\u{fffd}[2J"),
        ] {
            assert_eq!(short_model(model), short);
        }
    }
}
