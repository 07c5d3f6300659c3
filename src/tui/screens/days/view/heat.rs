//! The year: a column for each week, a row for each weekday, a sign for how much it cost.
//!
//! ```text
//! ╭ year  · none  ░ to $2.10  ▒ to $5.40  ▓ to $9.99  █ above ─────────────────╮
//! │      Dec     Jan     Feb     Mar       Apr     May     Jun       Jul       │
//! │ Mon  · ░ ▒ ▓ █ …                                                           │
//! │      · · ░ ▒ ▓                                                             │
//! │ Wed  · ░ ▒ ▓ █                                                             │
//! ╰────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! A quarter of the days that cost something is on each level. The selected day is marked. Where
//! two cells for a week have no room, a week has one; where that has none, the oldest weeks go.

use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::format::{money_fixed, width};
use crate::tui::app::Shell;
use crate::tui::screens::days::Data;
use crate::tui::screens::days::year::{LEVELS, WEEKS, Year};
use crate::tui::theme::{Role, Theme};
use crate::tui::view::panel;

/// Of the panel: months, weekdays and the frame.
pub(super) const HEIGHT: u16 = 10;

/// A level's sign is another too, not only its colour.
const SIGNS: [&str; LEVELS + 1] = ["·", "░", "▒", "▓", "█"];

/// Cells of the weekday's name.
const NAME: usize = 5;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    selected: Option<Date>,
    data: &Data,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let room = usize::from(area.width).saturating_sub(4 + NAME);
    let cells = if room > 2 * WEEKS { 2 } else { 1 };
    let weeks = WEEKS.min(room / cells);
    let year = Year::new(&data.days, data.today, weeks);
    let inner = panel(frame, area, legend(&year, area.width.into(), theme), theme);
    let mut rows = inner.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(Line::styled(months(&year, cells), theme.style(Role::Quiet)), row);
    }
    for (weekday, row) in rows.take(7).enumerate() {
        let name = ["Mon", "", "Wed", "", "Fri", "", "Sun"][weekday];
        let mut spans = vec![Span::styled(format!("{name:NAME$}"), theme.style(Role::Quiet))];
        for (number, week) in year.weeks.iter().enumerate() {
            let is_selected = selected.is_some_and(|date| {
                let since = date.since(year.monday(number)).map_or(-1, |span| span.get_days());
                usize::try_from(since) == Ok(weekday)
            });
            let sign = week[weekday].map_or(" ", |level| SIGNS[usize::from(level)]);
            spans.push(Span::styled(sign, style(week[weekday], is_selected, theme)));
            spans.push(Span::raw(" ".repeat(cells - 1)));
        }
        frame.render_widget(Line::from(spans), row);
    }
}

fn style(level: Option<u8>, is_selected: bool, theme: &Theme) -> Style {
    let style = match level {
        Some(1..) => theme.style(Role::Chart),
        _ => theme.style(Role::Track),
    };
    if is_selected { style.patch(theme.style(Role::Selected)) } else { style }
}

/// What the signs mean; the amounts only where they have room.
fn legend(year: &Year, room: usize, theme: &Theme) -> Vec<Span<'static>> {
    let title = Span::styled("year", theme.style(Role::Title));
    let amounts = year.bounds.iter().map(|bound| format!("to {}", money_fixed(*bound, 2)));
    let words = std::iter::once("none".to_owned()).chain(amounts).chain(["above".to_owned()]);
    let parts: Vec<String> =
        SIGNS.iter().zip(words).map(|(sign, word)| format!("{sign} {word}")).collect();
    let long = format!("  {}", parts.join("  "));
    let short = format!("  less {} more, by quarters of the days", SIGNS.concat());
    let text = if parts.len() == SIGNS.len() && width(&long) + 10 <= room { long } else { short };
    vec![title, Span::styled(text, theme.style(Role::Quiet))]
}

/// The names of the months, each over the week that its first day is in.
fn months(year: &Year, cells: usize) -> String {
    let mut line = " ".repeat(NAME);
    for number in 0..year.weeks.len() {
        let sunday = year.monday(number + 1).yesterday().unwrap_or(Date::MAX);
        let at = NAME + number * cells;
        // The first week's month began before it, and a name must not run into the next.
        if sunday.day() <= 7 && width(&line) < at + usize::from(at == NAME) {
            line.push_str(&" ".repeat(at - width(&line)));
            line.push_str(&sunday.strftime("%b").to_string());
        }
    }
    line
}
