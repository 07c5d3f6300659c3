//! Today against the cap, in two lines.
//!
//! ```text
//! $14.20 of $20.00  ██████████████████████████▌          71 %
//! $5.80 left · resets in 8h 19m · 412 calls in 5 sessions
//! ```
//!
//! Without a cap the second line says how to set one; at or over it, so in words.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{fitting, joined};
use crate::format::{Bar, FLOOR, bar, duration, floor, money, percent, thousands, width};
use crate::ledger::Totals;
use crate::model::{PicoUsd, UsdTotal};
use crate::tui::app::App;
use crate::tui::theme::{Role, Theme};

/// Share of the cap, in percent, from which on the bar warns.
const NEAR: u64 = 80;

/// Shorter than this a bar says nothing.
const SHORTEST_BAR: usize = 6;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    let today = app.snapshot.as_ref().map(crate::tui::Snapshot::today).unwrap_or_default();
    let room = usize::from(area.width);
    let lines = match app.setting.daily_cap {
        Some(cap) => {
            let role = level(today.cost, cap);
            vec![
                capped(&today, cap, role, room, theme),
                standing(app, &today, cap, role, room, theme),
            ]
        }
        None => vec![uncapped(app, &today, room, theme), how_to_cap(app, room, theme)],
    };
    for (row, line) in area.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

fn level(spent: UsdTotal, cap: PicoUsd) -> Role {
    match percent(spent, cap.into()) {
        Some(100..) => Role::Bad,
        Some(NEAR..) => Role::Warn,
        _ => Role::Good,
    }
}

fn spent(today: &Totals) -> String {
    floor(money(today.cost), today.is_floor())
}

fn capped(today: &Totals, cap: PicoUsd, role: Role, room: usize, theme: Theme) -> Line<'static> {
    let (spent, limit) = (spent(today), format!(" of {}", money(cap)));
    let share = percent(today.cost, cap.into()).unwrap_or(0);
    let share = floor(format!("{} %", thousands(share)), today.is_floor());
    // Steady while the share grows: `≥100 %` is the longest of the usual ones.
    let share = format!("{share:>6}");
    let taken = width(&spent) + width(&limit) + width(&share) + 2;
    let length = room.saturating_sub(taken + 1);
    let mut spans = vec![Span::styled(spent, theme.style(Role::Strong)), Span::raw(limit)];
    if length >= SHORTEST_BAR {
        let drawn = bar(today.cost, cap.into(), length, Bar::Unicode);
        let used = drawn.trim_end().to_owned();
        let left = length - width(&used);
        spans.push(Span::raw("  "));
        // Reversed blocks would be gaps: where there is no colour the words carry the warning.
        let style = theme.style(role);
        spans.push(Span::styled(used, style.remove_modifier(ratatui::style::Modifier::REVERSED)));
        spans.push(Span::styled("·".repeat(left), theme.style(Role::Track)));
    }
    spans.push(Span::raw(" "));
    let share_style =
        if role == Role::Good { theme.style(Role::Strong) } else { theme.style(role) };
    let blank = share.len() - share.trim_start().len();
    spans.push(Span::raw(" ".repeat(blank)));
    spans.push(Span::styled(share.trim_start().to_owned(), share_style));
    Line::from(spans)
}

fn standing(
    app: &App,
    today: &Totals,
    cap: PicoUsd,
    role: Role,
    room: usize,
    theme: Theme,
) -> Line<'static> {
    let left = UsdTotal::from(cap) - today.cost;
    let mark = if today.is_floor() { FLOOR } else { "" };
    let state = if left < UsdTotal::ZERO {
        format!("OVER the daily cap by {mark}{}", money(UsdTotal::ZERO - left))
    } else if left == UsdTotal::ZERO {
        "The daily cap is REACHED".to_owned()
    } else if today.is_floor() {
        format!("at most {} left", money(left))
    } else {
        format!("{} left", money(left))
    };
    let style = if role == Role::Bad { theme.style(Role::Bad) } else { theme.style(Role::Strong) };
    let room = room.saturating_sub(width(&state) + 3);
    let until = app.snapshot.as_ref().map(|snapshot| snapshot.day.end.0 - app.now.0);
    // By the minute: the screen is not drawn more often for it.
    let resets = until.map(|span| format!("resets in {}", by_the_minute(span)));
    let more = joined(resets.into_iter().chain(busy(app, today)), " · ", room);
    let mut spans = vec![Span::styled(state, style)];
    if !more.is_empty() && width(&more) <= room {
        spans.push(Span::styled(format!(" · {more}"), theme.style(Role::Quiet)));
    }
    Line::from(spans)
}

fn by_the_minute(milliseconds: i64) -> String {
    // Up, so that the last minute is not none at all.
    let minutes = milliseconds.div_euclid(60_000) + i64::from(milliseconds.rem_euclid(60_000) > 0);
    if minutes < 60 { format!("{minutes}m") } else { duration(minutes * 60_000) }
}

/// What today's money went into.
fn busy(app: &App, today: &Totals) -> Vec<String> {
    let sessions = app.sessions().iter().filter(|session| session.today.calls > 0).count();
    let plural = |count: u64, word: &str| {
        format!("{} {word}{}", thousands(count), if count == 1 { "" } else { "s" })
    };
    let mut parts =
        vec![format!("{} in {}", plural(today.calls, "call"), plural(sessions as u64, "session"))];
    if let Some(others) = app.snapshot.as_ref().map(|s| s.others_today).filter(|t| t.calls > 0) {
        parts.push(format!("other developers {}", spent(&others)));
    }
    parts
}

fn uncapped(app: &App, today: &Totals, room: usize, theme: Theme) -> Line<'static> {
    let spent = spent(today);
    let room = room.saturating_sub(width(&spent) + 9);
    let more = joined(busy(app, today), " · ", room);
    let mut spans = vec![Span::styled(spent, theme.style(Role::Strong)), Span::raw(" today")];
    if width(&more) <= room {
        spans.push(Span::styled(format!(" · {more}"), theme.style(Role::Quiet)));
    }
    Line::from(spans)
}

fn how_to_cap(app: &App, room: usize, theme: Theme) -> Line<'static> {
    let file = &app.setting.config_file;
    let texts = [
        format!("no daily cap: `daily_cap = 20` in {file} sets one of $20"),
        format!("no daily cap: daily_cap = 20 in {file}"),
        "no cap: set daily_cap in the config".to_owned(),
        "no daily cap".to_owned(),
    ];
    Line::styled(fitting(texts, room), theme.style(Role::Quiet))
}
