//! The selected cap in words: what it means, what is in force, and since when.
//!
//! ```text
//! each developer may use $20.00 a day; you are told at 50 % and 80 %; at the limit …
//! $21.37 of $25.00 today · resets at 00:00, in 8h 19m
//! reached 50 % at 10:12 · 80 % at 13:20 · limit at 15:38, by session 7c1e9a02: holds until then
//! raised by $5.00 until 00:00, by maya at 15:02: the release has to go out
//! snoozed until 18:00 (in 2h 19m), by maya at 15:40: a demo
//! ```

use ratatui::text::Line;

use super::{at, until};
use crate::format::{fit, money_fixed, printable, short_id};
use crate::model::{LiftBy, UsdTotal};
use crate::policy::{Decision, Period};
use crate::tui::app::Shell;
use crate::tui::screens::caps::Standing;
use crate::tui::sheet::{INSET, wrapped};
use crate::tui::theme::Role;

pub(super) fn title(standing: &Standing) -> String {
    let name = printable(&standing.cap.name);
    match &standing.decision {
        Some(decision) => format!("{name}, for {}", printable(&decision.subject)),
        None => name.into_owned(),
    }
}

pub(super) fn lines(standing: Option<&Standing>, room: usize, shell: &Shell) -> Vec<Line<'static>> {
    let Some(standing) = standing else { return Vec::new() };
    let theme = &shell.look.theme;
    let mut texts: Vec<(Role, String)> = Vec::new();
    match &standing.decision {
        Some(decision) => texts.extend(of_decision(decision, standing, shell)),
        None => texts.push((Role::Quiet, "nothing was spent yet that it is about".to_owned())),
    }
    texts.extend(standing.lifts.iter().map(|lift| {
        let end = lift.what.until();
        let what = match lift.what {
            LiftBy::Snooze { .. } => {
                format!("snoozed until {} (in {})", at(end, shell), until(end, shell))
            }
            LiftBy::Raise { amount, .. } if standing.cap.period == Period::Session => {
                format!("raised by {}, for good", money_fixed(amount, 2))
            }
            LiftBy::Raise { amount, .. } => {
                format!("raised by {} until {}", money_fixed(amount, 2), at(end, shell))
            }
        };
        let (by, when) = (printable(&lift.by), at(lift.at, shell));
        (Role::Strong, format!("{what}, by {by} at {when}: {}", printable(&lift.reason)))
    }));
    texts.push((Role::Quiet, standing.cap.meaning()));
    let set = |(role, text): (Role, String)| {
        wrapped(&text, room, INSET)
            .into_iter()
            .map(|line| Line::styled(fit(&line, room).into_owned(), theme.style(role)))
            .collect::<Vec<_>>()
    };
    texts.into_iter().flat_map(set).collect()
}

fn of_decision(decision: &Decision, standing: &Standing, shell: &Shell) -> Vec<(Role, String)> {
    let mut amounts = vec![decision.amounts()];
    let over = decision.overshoot();
    if over > UsdTotal::ZERO {
        amounts.push(format!("over by {}", money_fixed(over, 2)));
    }
    if decision.used.reserve > UsdTotal::ZERO {
        let reserve = money_fixed(decision.used.reserve, 2);
        amounts.push(format!("{reserve} of it set aside for calls without a price"));
    }
    if decision.cap.period == Period::Session {
        amounts.push("holds as long as the session".to_owned());
    } else {
        let end = decision.window.end;
        amounts.push(format!("resets {}, in {}", at(end, shell), until(end, shell)));
    }
    let role = if decision.is_breach() { Role::Bad } else { Role::Strong };
    let mut texts = vec![(role, amounts.join(" · "))];
    if !standing.latches.is_empty() {
        let latches = standing.latches.iter().map(|latch| {
            let level = Decision::level_name(latch.level);
            // What was reached of a limit that is another now.
            let of = if latch.limit == decision.limit {
                String::new()
            } else {
                format!(" of {}", money_fixed(UsdTotal::from(latch.limit), 2))
            };
            let by = latch.session.as_ref().map_or_else(String::new, |session| {
                let id = short_id(&session.session_id);
                format!(" by session {id}")
            });
            format!("{level}{of} at {}{by}", at(latch.at, shell))
        });
        let latches: Vec<String> = latches.collect();
        let holds = if decision.latched { ": holds until it resets" } else { "" };
        texts.push((Role::Warn, format!("reached {}{holds}", latches.join(" · "))));
    }
    texts
}
