//! One consistent picture of the ledger, as the screen needs it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::format::{printable, short_paths};
use crate::ledger::{Charged, LedgerError, Reader, Totals};
use crate::model::{Millis, UsdTotal};

/// Days that are summed up one by one, today the last.
pub const DAYS: usize = 7;

/// What the ledger holds at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The instants of today; outside them the picture is of another day.
    pub day: Range<Millis>,
    /// What the developer used on each of the last days, today last.
    pub days: Vec<Day>,
    /// What others used today, where several share the ledger.
    pub others_today: Totals,
    /// Every session, newest activity first.
    pub sessions: Vec<Session>,
    /// Calls without a price, ever.
    pub unpriced_calls: u64,
    /// Transcripts that were read; counted only while there is no session.
    pub transcripts: usize,
}

/// A day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// The developer's calls.
    pub totals: Totals,
}

/// A session with everything its subagents did. Its texts are safe to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Number in the ledger.
    pub number: i64,
    /// The project's last path components, as many as tell it from the others.
    pub project: String,
    /// The branch of the newest call of the main thread.
    pub branch: String,
    /// The models, dearest first.
    pub models: Vec<String>,
    /// Subagents that called a model.
    pub subagents: usize,
    /// Calls of today.
    pub today: Totals,
    /// All calls.
    pub total: Totals,
    /// The newest call.
    pub last: Millis,
}

impl Snapshot {
    /// Reads the picture. `now` tells which day it is.
    pub fn read(
        reader: &Reader,
        developer: &str,
        zone: &TimeZone,
        now: Millis,
    ) -> Result<Self, LedgerError> {
        reader.snapshot(|reader| read(reader, developer, zone, now))
    }

    /// What the developer used today.
    pub fn today(&self) -> Totals {
        self.days.last().map_or_else(Totals::default, |day| day.totals)
    }
}

fn read(
    reader: &Reader,
    developer: &str,
    zone: &TimeZone,
    now: Millis,
) -> Result<Snapshot, LedgerError> {
    let charged = reader.charged()?;
    let activity = reader.activity()?;
    let today = now.timestamp().to_zoned_datetime(zone.clone()).date();
    let dates: Vec<Date> = (0..DAYS as i64)
        .rev()
        .map(|days| today.checked_sub(days.days()).unwrap_or(Date::MIN))
        .collect();
    let mut starts: Vec<Millis> = dates.iter().map(|date| start_of(*date, zone)).collect();
    starts.push(today.tomorrow().map_or(Millis(i64::MAX), |tomorrow| start_of(tomorrow, zone)));
    let mut days = vec![Totals::default(); DAYS];
    let mut others_today = Totals::default();
    let mut unpriced_calls = 0;
    // By what calls are charged to, of which there are far fewer than cells.
    let mut sums: HashMap<i64, Sums> = HashMap::with_capacity(charged.len());
    // Every zone in use begins its days on a quarter of an hour, so no cell lies in two days.
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    reader.cells(&always, &mut |cell| {
        unpriced_calls += cell.totals.unpriced_calls;
        let sums = sums.entry(cell.charged).or_default();
        sums.total += cell.totals;
        sums.newest = sums.newest.max(cell.at);
        // The day, counted from one: zero is before them all, and one more than there are is ahead.
        let day = starts.partition_point(|start| *start <= cell.at);
        if !(1..=DAYS).contains(&day) {
            return;
        }
        let is_today = day == DAYS;
        if is_today {
            sums.today += cell.totals;
        }
        let who = charged.get(&cell.charged);
        if who.is_some_and(|who| *who.developer == *developer) {
            days[day - 1] += cell.totals;
        } else if is_today {
            others_today += cell.totals;
        }
    })?;
    let mut drafts: HashMap<i64, Draft<'_>> = HashMap::new();
    for (number, sums) in &sums {
        let Some(who) = charged.get(number) else { continue };
        let last = activity.get(number).map_or(sums.newest, |(_, last)| *last);
        drafts.entry(who.session).or_default().add(*number, who, sums, last);
    }
    let projects = short_paths(drafts.values().map(Draft::project));
    let mut sessions: Vec<Session> =
        drafts.iter().map(|(number, draft)| draft.session(*number, &projects)).collect();
    sessions.sort_unstable_by_key(|session| (session.last, session.number));
    sessions.reverse();
    Ok(Snapshot {
        day: starts[DAYS - 1]..starts[DAYS],
        days: dates.into_iter().zip(days).map(|(date, totals)| Day { date, totals }).collect(),
        others_today,
        unpriced_calls,
        transcripts: if sessions.is_empty() { reader.sources()?.len() } else { 0 },
        sessions,
    })
}

fn start_of(date: Date, zone: &TimeZone) -> Millis {
    date.to_zoned_datetime(zone.clone())
        .map_or(Millis(i64::MAX), |start| Millis::from(start.timestamp()))
}

/// What is charged to one and the same.
#[derive(Default)]
struct Sums {
    today: Totals,
    total: Totals,
    newest: Millis,
}

/// A session while it is summed up.
#[derive(Default)]
struct Draft<'a> {
    today: Totals,
    total: Totals,
    last: Millis,
    /// What names the session, and how good a name it is: the newest of the main thread.
    name: Option<((bool, Millis, i64), &'a Charged)>,
    models: HashMap<&'a str, (UsdTotal, u64)>,
    subagents: HashSet<&'a Arc<str>>,
}

impl<'a> Draft<'a> {
    fn add(&mut self, number: i64, who: &'a Charged, sums: &Sums, last: Millis) {
        self.total += sums.total;
        self.today += sums.today;
        self.last = self.last.max(last);
        let rank = (who.subagent.is_empty(), last, number);
        if self.name.is_none_or(|(best, _)| best < rank) {
            self.name = Some((rank, who));
        }
        let model = self.models.entry(&who.model).or_default();
        model.0 += sums.total.cost;
        model.1 += sums.total.calls;
        if !who.subagent.is_empty() {
            self.subagents.insert(&who.subagent);
        }
    }

    fn project(&self) -> &'a str {
        self.name.map_or("", |(_, who)| &who.project)
    }

    fn session(&self, number: i64, projects: &HashMap<&str, String>) -> Session {
        let mut models: Vec<_> = self.models.iter().collect();
        models.sort_unstable_by(|(a, by_a), (b, by_b)| by_b.cmp(by_a).then_with(|| a.cmp(b)));
        let project = projects.get(self.project()).map_or("", String::as_str);
        Session {
            number,
            project: printable(project).into_owned(),
            branch: printable(self.name.map_or("", |(_, who)| &who.branch)).into_owned(),
            models: models.into_iter().map(|(model, _)| short_model(model)).collect(),
            subagents: self.subagents.len(),
            today: self.today,
            total: self.total,
            last: self.last,
        }
    }
}

/// A model's name without its vendor and the day of its release, which say little in a narrow
/// column.
fn short_model(model: &str) -> String {
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
