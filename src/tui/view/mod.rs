//! Draws the state: one panel a file, each a function of the frame, its place and the state.
//!
//! ```text
//!  spendtop  maya  Mon 23 Nov 15:41 Europe/Berlin                        ● live     header
//! ╭ today at list prices of the API ──────────────╮╭ 7 days $61.05 ─────────────╮
//! │ $14.20 of $20.00  ███████████████████▌   71 % ││ Tue  Wed  Thu  Fri  …      │   gauge, week
//! │ $5.80 left · resets in 8h 19m                 ││ $9   $14  $8   $4   …      │
//! ╰───────────────────────────────────────────────╯╰────────────────────────────╯
//! ╭ sessions: 9 ────────────────────────────────────────────────────────────────╮
//! │   LAST  PROJECT   BRANCH     MODEL            TODAY   SESSION   CALLS        │   sessions,
//! │ ▶  now  shop      feat-pay   opus-5-5 +2     ≥$9.80    $21.37     212        │   or empty
//! ╰─────────────────────────────────────────────────────────────────────────────╯
//!  ! 3 calls have no price: `spendtop prices missing`                               alert
//!  q quit  ? help  j/k move                                                         keys
//! ```
//!
//! A narrow or low terminal does without the frames, and loses its lines from the outside in: the
//! last one left is today's total.

mod empty;
mod footer;
mod gauge;
mod header;
mod help;
mod sessions;
mod week;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding};

use super::app::App;
use super::theme::{Role, Theme};
use crate::format::width;

/// Below this the frames go.
const FRAMED: (u16, u16) = (60, 16);

/// From this width on there is room beside today's gauge.
const WIDE: u16 = 110;

/// Where everything goes. What has no room has no height.
struct Places {
    framed: bool,
    header: Rect,
    gauge: Rect,
    week: Rect,
    main: Rect,
    alert: Rect,
    keys: Rect,
}

impl Places {
    fn of(area: Rect, has_alert: bool) -> Self {
        let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
        let when = |fits: bool, height: u16| if fits { height } else { 0 };
        let [header, top, main, alert, keys] = area.layout(&Layout::vertical([
            Constraint::Length(when(area.height >= 2, 1)),
            Constraint::Length(if framed { 4 } else { when(area.height >= 4, 1) + 1 }),
            Constraint::Min(0),
            Constraint::Length(when(has_alert && area.height >= 7, 1)),
            Constraint::Length(when(area.height >= 6, 1)),
        ]));
        let week_width = if framed && area.width >= WIDE { week::WIDTH } else { 0 };
        let [gauge, week] =
            top.layout(&Layout::horizontal([Constraint::Min(0), Constraint::Length(week_width)]));
        Self { framed, header, gauge, week, main, alert, keys }
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let theme = Theme::new(app.setting.color);
    let alert = footer::alert(app);
    let places = Places::of(frame.area(), alert.is_some());
    header::render(frame, places.header, app, theme);
    let gauge = if places.framed {
        let what = if app.setting.on_plan {
            " value at list prices of the API"
        } else {
            " at list prices of the API"
        };
        let title = vec![
            Span::styled("today", theme.style(Role::Title)),
            Span::styled(what, theme.style(Role::Quiet)),
        ];
        panel(frame, places.gauge, title, theme)
    } else {
        // In line with the other lines, which begin one cell from the edge.
        indented(places.gauge)
    };
    gauge::render(frame, gauge, app, theme);
    week::render(frame, places.week, app, theme);
    if app.sessions().is_empty() {
        empty::render(frame, places.main, app, theme);
    } else {
        sessions::render(frame, places.main, places.framed, app, theme);
    }
    if let Some(alert) = alert {
        footer::render_alert(frame, places.alert, &alert, theme);
    }
    footer::render_keys(frame, places.keys, theme);
    if app.help {
        help::render(frame, frame.area(), theme);
    }
}

/// Draws a frame with a title, and tells the place within it.
fn panel(frame: &mut Frame<'_>, area: Rect, title: Vec<Span<'_>>, theme: Theme) -> Rect {
    let title = [vec![Span::raw(" ")], title, vec![Span::raw(" ")]].concat();
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::Frame))
        .title(Line::from(title))
        .padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

fn indented(area: Rect) -> Rect {
    Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area }
}

/// The first of these texts that has room, or the last.
fn fitting(texts: impl IntoIterator<Item = String>, room: usize) -> String {
    let mut last = String::new();
    for text in texts {
        if width(&text) <= room {
            return text;
        }
        last = text;
    }
    last
}

/// As many of these, from the first on, as have room between separators.
fn joined(parts: impl IntoIterator<Item = String>, separator: &str, room: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let longer = if line.is_empty() { part } else { format!("{line}{separator}{part}") };
        if width(&longer) > room {
            break;
        }
        line = longer;
    }
    line
}
