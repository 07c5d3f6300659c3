//! Today against the cap, in two lines.
//!
//! ```text
//! $14.20 of $20.00  ██████████████████████████▌          71 %
//! $5.80 left · cap at about 17:30 · resets in 8h 19m · 412 calls in 5 sessions
//! ```
//!
//! Without a cap the second line says how to set one; at or over it, so in words.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::pace;
use crate::format::{
    Bar, FLOOR, bar, duration, floor, money, money_fixed, percent, thousands, width,
};
use crate::ledger::Totals;
use crate::model::UsdTotal;
use crate::policy::Decision;
use crate::tui::app::Shell;
use crate::tui::board::Board;
use crate::tui::screens::live::Data;
use crate::tui::theme::{Role, Theme};
use crate::tui::view::{fitting, joined};

/// Share of the cap, in percent, from which on the bar warns.
const NEAR: u64 = 80;

/// Between two things in the second line.
const SEPARATOR: &str = " · ";

/// Shorter than this a bar says nothing.
const SHORTEST_BAR: usize = 6;

/// `with_pace`: nothing else on the screen tells when the cap will be reached.
pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    data: Option<&Data>,
    shell: &Shell,
    with_pace: bool,
) {
    let theme = &shell.look.theme;
    let Some(board) = &shell.board else {
        // Not a zero: nothing is known yet.
        frame.render_widget(Line::styled("–", theme.style(Role::Quiet)), area);
        return;
    };
    let today = board.today;
    let is_floor = today.is_floor() || shell.is_behind();
    let room = area.width.into();
    let gauge = Gauge { shell, board, data, today, is_floor, room, theme, with_pace };
    let lines = match &board.cap {
        Some(cap) => [gauge.capped(cap), gauge.standing(cap)],
        None => [gauge.uncapped(), gauge.how_to_cap()],
    };
    for (row, line) in area.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

struct Gauge<'a> {
    shell: &'a Shell,
    board: &'a Board,
    data: Option<&'a Data>,
    today: Totals,
    is_floor: bool,
    room: usize,
    theme: &'a Theme,
    with_pace: bool,
}

impl Gauge<'_> {
    fn level(cap: &Decision) -> Role {
        match percent(cap.counted(), cap.limit.into()) {
            _ if cap.is_breach() => Role::Bad,
            Some(100..) => Role::Bad,
            Some(NEAR..) => Role::Warn,
            _ => Role::Good,
        }
    }

    fn capped(&self, cap: &Decision) -> Line<'static> {
        let (theme, cost) = (self.theme, cap.counted());
        let spent = floor(cents(cost), self.is_floor);
        let limit = format!(" of {}", cents(cap.limit.into()));
        let share = percent(cost, cap.limit.into()).unwrap_or(0);
        let share = floor(format!("{} %", thousands(share)), self.is_floor);
        // Room for `≥100 %`, so that the bar keeps its length while the share grows.
        let share_room = width(&share).max(6);
        let room = self.room.saturating_sub(width(&spent) + width(&limit));
        let length = room.saturating_sub(share_room + 3);
        let mut spans = vec![Span::styled(spent, theme.style(Role::Strong)), Span::raw(limit)];
        let level = theme.style(Self::level(cap));
        if length >= SHORTEST_BAR {
            let drawn = bar(cost, cap.limit.into(), length, Bar::Unicode);
            let used = drawn.trim_end().to_owned();
            let left = "·".repeat(length - width(&used));
            spans.push(Span::raw("  "));
            // Reversed blocks would be gaps: without colours it is the words that warn.
            spans.push(Span::styled(used, level.remove_modifier(Modifier::REVERSED)));
            spans.push(Span::styled(left, theme.style(Role::Track)));
            spans.push(Span::raw(" ".repeat(share_room + 1 - width(&share))));
        } else if room > width(&share) {
            spans.push(Span::raw(" "));
        } else {
            return Line::from(spans);
        }
        let is_good = Self::level(cap) == Role::Good;
        spans.push(Span::styled(share, if is_good { theme.style(Role::Strong) } else { level }));
        Line::from(spans)
    }

    fn standing(&self, cap: &Decision) -> Line<'static> {
        let left = UsdTotal::from(cap.limit) - cap.counted();
        let mark = if self.is_floor { FLOOR } else { "" };
        // By the minute, as everything on the screen that only time moves.
        let resets = by_the_minute(self.board.day.end.since(self.shell.now));
        let resets = format!("resets in {resets}");
        let state = if left < UsdTotal::ZERO {
            let over = format!("by {mark}{}", cents(UsdTotal::ZERO - left));
            // When it ends says more than that it is the daily one.
            let long = format!("OVER the daily cap {over}");
            let is_short = width(&long) + width(SEPARATOR) + width(&resets) > self.room;
            if is_short { format!("OVER {over}") } else { long }
        } else if left == UsdTotal::ZERO {
            "The daily cap is REACHED".to_owned()
        } else if self.is_floor {
            format!("at most {} left", cents(left))
        } else {
            format!("{} left", cents(left))
        };
        let role = match Self::level(cap) {
            Role::Bad => Role::Bad,
            _ => Role::Strong,
        };
        let pace = pace::words(self.board, self.shell).filter(|_| self.with_pace);
        let snoozed = cap.snoozed_until.map(|until| {
            let until = until.timestamp().to_zoned_datetime(self.shell.setting.zone.clone());
            format!("snoozed until {}", until.strftime("%H:%M"))
        });
        let more = [snoozed, pace, Some(resets), self.calls(), self.others()];
        self.line(Span::styled(state, self.theme.style(role)), more)
    }

    fn uncapped(&self) -> Line<'static> {
        let spent = format!("{} today", floor(money(self.today.cost), self.is_floor));
        let spent = Span::styled(spent, self.theme.style(Role::Strong));
        let pace = (self.with_pace && self.board.burn != UsdTotal::ZERO)
            .then(|| format!("{}/h", money_fixed(self.board.per_hour(), 2)));
        self.line(spent, [pace, self.calls(), self.others(), None, None])
    }

    fn how_to_cap(&self) -> Line<'static> {
        let file = &self.shell.setting.config_file;
        let texts = [
            format!("no daily cap: daily_cap = 20 in {file} sets one of $20"),
            format!("no daily cap: daily_cap = 20 in {file}"),
            "no cap: set daily_cap in the config".to_owned(),
            "no daily cap".to_owned(),
        ];
        Line::styled(fitting(texts, self.room), self.theme.style(Role::Quiet))
    }

    fn calls(&self) -> Option<String> {
        let plural = |count: u64, word: &str| {
            format!("{} {word}{}", thousands(count), if count == 1 { "" } else { "s" })
        };
        let calls = plural(self.today.calls, "call");
        // A session says nothing of who pays, so they can be counted only where one does.
        let sessions = self.data.map_or(&[][..], |data| &data.sessions);
        let sessions = sessions.iter().filter(|session| session.today.calls > 0);
        match (self.today.calls, self.board.others_today.calls) {
            (0, _) => None,
            (_, 0) => Some(format!("{calls} in {}", plural(sessions.count() as u64, "session"))),
            _ => Some(calls),
        }
    }

    fn others(&self) -> Option<String> {
        let others = &self.board.others_today;
        let cost = floor(cents(others.cost), others.is_floor() || self.shell.is_behind());
        (others.calls > 0).then(|| format!("other developers {cost}"))
    }

    /// What matters, and quietly as much of the rest as has room.
    fn line(&self, first: Span<'static>, rest: [Option<String>; 5]) -> Line<'static> {
        let room = self.room.saturating_sub(width(&first.content) + width(SEPARATOR));
        let rest = joined(rest.into_iter().flatten(), SEPARATOR, room);
        if rest.is_empty() {
            return Line::from(first);
        }
        let rest = Span::styled(format!("{SEPARATOR}{rest}"), self.theme.style(Role::Quiet));
        Line::from(vec![first, rest])
    }
}

/// Cents, unless they would make nothing of something: a limit is in cents too.
fn cents(amount: UsdTotal) -> String {
    let text = money_fixed(amount, 2);
    if text == money_fixed(UsdTotal::ZERO, 2) { money(amount) } else { text }
}

fn by_the_minute(milliseconds: i64) -> String {
    // Up, so that the last minute is not none at all.
    let minutes = milliseconds.max(0).saturating_add(59_999) / 60_000;
    if minutes < 60 { format!("{minutes}m") } else { duration(minutes * 60_000) }
}
