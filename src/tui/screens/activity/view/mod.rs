//! Draws the Activity screen.
//!
//! ```text
//! ╭ activity 41 · alerts ─────────────────────────────────────────────────────────────────────────╮
//! │   TIME   WHAT     ABOUT            HOW                                  AFTER     OVER  BY      │
//! │ ▶ 15:38  SIGNAL   shop 7c1e9a02    SIGINT sent · $21.37 of $20.00 today  132 ms  $1.37  daemon  │
//! │   15:38  LIMIT    shop 7c1e9a02    $20.02 of $20.00 today (100 %)         48 ms  $0.02  daemon  │
//! ╰───────────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ SIGNAL shop 7c1e9a02 ──────────────────────────────────────────────────────────────────────────╮
//! │ a session's process was to be ended by a signal                                               │
//! │ SIGINT sent · $21.37 of $20.00 today                                                          │
//! ╰───────────────────────────────────────────────────────────────────────────────────────────────╯
//!   cd /w/shop && claude --resume 7c1e9a02-…   (y copies it)
//! ```

mod sheet;
mod table;

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

pub(super) use self::sheet::detail;
use super::{Activity, Event, MOST};
use crate::format::{fit, printable, thousands};
use crate::tui::app::Shell;
use crate::tui::sheet::wrapped;
use crate::tui::table::List as _;
use crate::tui::theme::{Role, Theme};
use crate::tui::view::{FRAMED, indented, panel};

/// From this height on there is room for the selected row in full.
const FOR_DETAIL: u16 = 26;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Activity,
    data: Option<&Vec<Event>>,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let Some(data) = data else {
        frame.render_widget(Line::styled("Reading", theme.style(Role::Quiet)), indented(area));
        return;
    };
    if data.is_empty() {
        nothing(frame, area, shell);
        return;
    }
    let selected = page.selected(data);
    let resume = selected.and_then(Event::resume);
    let room = usize::from(area.width.saturating_sub(4));
    let whole = selected.map_or_else(Vec::new, |event| whole(event, room, theme));
    let below = if framed && area.height >= FOR_DETAIL {
        (whole.len() as u16).min(area.height / 4) + 2
    } else {
        0
    };
    let [top, middle, bottom] = area.layout(&Layout::vertical([
        Constraint::Min(0),
        Constraint::Length(below),
        Constraint::Length(u16::from(area.height >= 6)),
    ]));
    let inner =
        if framed { panel(frame, top, title(page, data, shell), theme) } else { indented(top) };
    table::render(frame, inner, page, data, shell);
    if let Some(event) = selected.filter(|_| below > 0) {
        let name = format!("{} {}", event.word(), event.about);
        let name = fit(name.trim_end(), room).into_owned();
        let title = vec![Span::styled(name, theme.style(Role::Title))];
        let inner = panel(frame, middle, title, theme);
        for (row, line) in inner.rows().zip(whole) {
            frame.render_widget(line, row);
        }
    }
    if let Some(resume) = resume {
        // Alone on its line and from its first cell on, so that it can be selected by hand.
        let bottom = indented(bottom);
        let room = usize::from(bottom.width);
        let resume = fit(&printable(resume), room).into_owned();
        frame.render_widget(Line::styled(resume, theme.style(Role::Strong)), bottom);
    }
}

/// The selected one in full: what it is, and how it was.
fn whole(event: &Event, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let how = wrapped(&table::how(event), room, 0).into_iter().map(Line::raw);
    let meaning = Line::styled(event.meaning(), theme.style(Role::Quiet));
    std::iter::once(meaning).chain(how).collect()
}

fn title(page: &Activity, data: &[Event], shell: &Shell) -> Vec<Span<'static>> {
    let theme = &shell.look.theme;
    let table = page.table();
    let mut parts = String::new();
    if data.len() >= MOST {
        parts.push_str(", the newest");
    }
    if let Some(group) = page.group() {
        let _ = write!(parts, " · {} {}", thousands(table.rows().len() as u64), group.name());
    }
    if !table.filter().is_empty() {
        let _ = write!(parts, " · {} with {}", table.rows().len(), table.filter());
    }
    if table.order() > 0 || table.is_reversed() {
        let direction = if table.is_reversed() { "▲" } else { "▼" };
        let _ = write!(parts, " · by {} {direction}", table.orders()[table.order()]);
    }
    vec![
        Span::styled("activity ", theme.style(Role::Title)),
        Span::styled(thousands(data.len() as u64), theme.style(Role::Strong)),
        Span::styled(parts, theme.style(Role::Quiet)),
    ]
}

/// In place of the table while nothing was told or done.
fn nothing(frame: &mut Frame<'_>, area: Rect, shell: &Shell) {
    let theme = &shell.look.theme;
    let mut lines = vec![
        Line::styled("Nothing was told or done yet", theme.style(Role::Strong)),
        Line::default(),
        Line::raw("What comes here: levels of caps"),
        Line::raw("that are reached, sessions that are"),
        Line::raw("flagged, blocked or stopped, caps"),
        Line::raw("that are lifted, and why."),
    ];
    if shell.board.as_ref().is_some_and(|board| board.cap.is_none()) {
        lines.push(Line::default());
        lines.push(Line::styled("No daily cap is set: see Caps (3).", theme.style(Role::Quiet)));
    }
    let widest = lines.iter().map(Line::width).max().unwrap_or(0) as u16;
    let top = area.height.saturating_sub(lines.len() as u16) / 3;
    let left = area.width.saturating_sub(widest) / 2;
    let block = Rect {
        x: area.x + left,
        y: area.y + top,
        width: area.width.saturating_sub(left),
        height: area.height.saturating_sub(top),
    };
    for (row, line) in block.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

/// How long after the call: `132 ms`, `4s`.
fn span(milliseconds: i64) -> String {
    if milliseconds < 1000 {
        format!("{} ms", milliseconds.max(0))
    } else {
        crate::format::duration(milliseconds)
    }
}
