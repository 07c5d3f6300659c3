//! Calendar keys of instants, in the user's zone.

use jiff::tz::TimeZone;
use jiff::{ToSpan, ZonedDateTime};

use crate::cli::args::Group;
use crate::cli::when;
use crate::model::Millis;

/// Names the day, week or month of instants; quick where they come in order.
#[derive(Debug)]
pub struct Calendar {
    zone: TimeZone,
    group: Group,
    /// The key in use, and the day it was computed for.
    current: Option<(Millis, Millis, String)>,
}

impl Calendar {
    /// A calendar of days, weeks or months.
    pub fn new(zone: TimeZone, group: Group) -> Self {
        Self { zone, group, current: None }
    }

    /// The key of an instant.
    pub fn key(&mut self, at: Millis) -> &str {
        let known = self.current.take().filter(|(from, to, _)| (*from..*to).contains(&at));
        let current = known.unwrap_or_else(|| {
            let local = at.timestamp().to_zoned_datetime(self.zone.clone());
            let key = name(self.group, &local);
            let date = local.date();
            let ends = when::start_of(date, &self.zone).and_then(|from| {
                Ok((from, when::start_of(date.checked_add(1.day())?, &self.zone)?))
            });
            // At the ends of time there is no next day: the key then holds for this instant.
            let (from, to) = ends.unwrap_or((at, at));
            (from, to, key)
        });
        &self.current.insert(current).2
    }
}

fn name(group: Group, local: &ZonedDateTime) -> String {
    let date = local.date();
    match group {
        Group::Weekly => {
            let week = date.iso_week_date();
            format!("{}-W{:02}", week.year(), week.week())
        }
        Group::Monthly => format!("{}-{:02}", date.year(), date.month()),
        _ => date.to_string(),
    }
}
