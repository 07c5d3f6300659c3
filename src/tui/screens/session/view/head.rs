//! The session in a few lines, what matters most first.
//!
//! ```text
//! $21.37 · $9.80 today · RUN in mid-turn · 212 calls · 2 subagents · 23 Nov 12:10 to 15:41
//! ! flagged by daily: $20.02 of $20.00 today
//! process 41822 (claude), by its hook: certain · its hook stops it
//! claude · /w/shop · feat/pay · billed to maya at API prices
//! the agent says $21.50 (15:40): $0.13 of it in no call
//! resume  cd /w/shop && claude --resume 7c1e9a02-…
//! ```

use ratatui::text::{Line, Span};

use crate::format::{counted, fit, floor, money, money_fixed};
use crate::ledger::Stated;
use crate::model::{Millis, PicoUsd};
use crate::tui::app::Shell;
use crate::tui::screens::live::{Protection, unprotected};
use crate::tui::screens::session::Data;
use crate::tui::theme::Role;
use crate::tui::view::joined;

/// From this width on there is room for what a state means.
const FOR_MEANING: usize = 56;

pub(super) fn lines(data: &Data, shell: &Shell, room: usize) -> Vec<Line<'static>> {
    let theme = &shell.look.theme;
    let text = |role, text: &str| Line::styled(fit(text, room).into_owned(), theme.style(role));
    let mut lines = vec![summary(data, shell, room)];
    for held in &data.session.held {
        lines.push(text(Role::Warn, &format!("! {}", held.why)));
    }
    lines.push(text(process_role(data), &process(data)));
    lines.push(text(Role::Quiet, &whose(data, shell, room)));
    if let Some(stated) = &data.stated {
        lines.push(text(Role::Quiet, &said(stated, shell)));
    }
    let resume = vec![
        Span::styled("resume  ", theme.style(Role::Key)),
        Span::raw(fit(&data.resume, room.saturating_sub(8)).into_owned()),
    ];
    // Where there is no room for all, this is above the rest: it is what one comes for.
    let at = lines.len().min(3);
    lines.insert(at, Line::from(resume));
    lines
}

fn summary(data: &Data, shell: &Shell, room: usize) -> Line<'static> {
    let theme = &shell.look.theme;
    let session = &data.session;
    let is_floor = session.total.is_floor() || shell.is_behind();
    let cost = floor(money(session.total.cost), is_floor);
    let state = session.state;
    let mut parts = Vec::new();
    if session.today.calls > 0 && session.today.calls < session.total.calls {
        let today = floor(money_fixed(session.today.cost, 2), session.today.is_floor());
        parts.push(format!("{today} today"));
    }
    let mark = if session.held.is_empty() { "" } else { "!" };
    parts.push(match state.meaning().split(':').next() {
        Some(meaning) if room >= FOR_MEANING && state.is_guess => format!("{meaning}{mark}"),
        Some(meaning) if room >= FOR_MEANING => format!("{}{mark} {meaning}", state.word()),
        _ => format!("{}{mark}", state.word()),
    });
    parts.push(counted(session.total.calls, "call", "calls"));
    if !session.subagents.is_empty() {
        parts.push(counted(session.subagents.len() as u64, "subagent", "subagents"));
    }
    // Of days ago the sums tell of the quarter of an hour alone.
    let last = data.calls.first().map_or(session.last, |call| call.row.at.max(session.last));
    parts.push(span(data.first, last, shell));
    let word = if shell.setting.on_plan { " value" } else { "" };
    let rest = joined(parts, " · ", room.saturating_sub(cost.chars().count() + word.len() + 3));
    Line::from(vec![
        Span::styled(cost, theme.style(Role::Strong)),
        Span::raw(format!("{word} · {rest}")),
    ])
}

/// `12:10 to 15:41`, with the day where that is another.
fn span(first: Millis, last: Millis, shell: &Shell) -> String {
    let (first, last) = (local(first, shell), local(last, shell));
    let today = shell.now.timestamp().to_zoned_datetime(shell.setting.zone.clone()).date();
    let day = |at: &jiff::ZonedDateTime| if at.date() == today { "" } else { "%-d %b " };
    let start = first.strftime(&format!("{}%H:%M", day(&first))).to_string();
    let end_day = if first.date() == last.date() { "" } else { day(&last) };
    format!("{start} to {}", last.strftime(&format!("{end_day}%H:%M")))
}

pub(super) fn local(at: Millis, shell: &Shell) -> jiff::ZonedDateTime {
    at.timestamp().to_zoned_datetime(shell.setting.zone.clone())
}

fn process_role(data: &Data) -> Role {
    if data.session.protection == Protection::None { Role::Warn } else { Role::Quiet }
}

fn process(data: &Data) -> String {
    let stops = match data.session.protection {
        Protection::Hook => " · its hook stops it".to_owned(),
        Protection::Signal => " · no hook: a signal stops it".to_owned(),
        Protection::None => format!(" · {}", unprotected(data.session.key.agent)),
        Protection::Unneeded => String::new(),
    };
    let processes: Vec<String> = data
        .processes
        .iter()
        .map(|process| match &process.why_not {
            None => format!("{}: certain", process.words),
            Some(why) => format!("{}: not certain, {why}", process.words),
        })
        .collect();
    if processes.is_empty() {
        return format!("no process of it was found{stops}");
    }
    format!("{}{stops}", processes.join(" · "))
}

fn whose(data: &Data, shell: &Shell, room: usize) -> String {
    let on = if shell.setting.on_plan { "on a plan" } else { "at API prices" };
    let parts = [
        data.session.key.agent.name().to_owned(),
        data.folder.clone(),
        data.session.branch.clone(),
        format!("billed to {} {on}", data.developer),
    ];
    joined(parts.into_iter().filter(|part| !part.is_empty()), " · ", room)
}

fn said(stated: &Stated, shell: &Shell) -> String {
    let at = local(stated.at, shell);
    let today = at.date() == local(shell.now, shell).date();
    let at = at.strftime(if today { "%H:%M" } else { "%-d %b %H:%M" });
    let rest = if stated.unlogged == PicoUsd::ZERO {
        "all of it is in these calls".to_owned()
    } else {
        format!("{} of it is in no call", money(stated.unlogged))
    };
    format!("the agent itself says {} ({at}): {rest}", money(stated.total))
}
