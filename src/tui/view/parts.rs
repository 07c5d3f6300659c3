//! What panels are made of.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Padding};

use crate::format::width;
use crate::tui::theme::{Role, Theme};

/// Below this size of the terminal the frames go.
pub(in crate::tui) const FRAMED: (u16, u16) = (60, 14);

/// Cells of a screen beside what lies over it that are no sight of the screen any more.
const SHREDS: u16 = 8;

/// Draws a frame with a title, and tells the place within it.
pub(in crate::tui) fn panel(
    frame: &mut Frame<'_>,
    area: Rect,
    title: Vec<Span<'_>>,
    theme: &Theme,
) -> Rect {
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

/// Draws lines in a frame of their size over the middle of the screen.
pub(super) fn over(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    lines: &[Line<'_>],
    theme: &Theme,
) -> Rect {
    let widest = lines.iter().map(Line::width).max().unwrap_or(0).max(width(title) + 2);
    let size = (widest as u16 + 4, lines.len() as u16 + 2);
    let screen = area;
    let area = centred(area, size);
    // A cell more on either side, so that what is cut off does not touch the frame; all of the line
    // where but a few cells of it would be left.
    let aside = if screen.width - area.width < SHREDS { SHREDS } else { 1 };
    let cleared = Rect {
        x: area.x.saturating_sub(aside),
        width: area.width.saturating_add(2 * aside),
        ..area
    };
    frame.render_widget(Clear, cleared.intersection(screen));
    let inner = panel(frame, area, vec![Span::styled(title, theme.style(Role::Title))], theme);
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
    inner
}

fn centred(area: Rect, (width, height): (u16, u16)) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// One cell from either edge.
pub(in crate::tui) fn indented(area: Rect) -> Rect {
    Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area }
}

/// The first of these texts that has room, or the last.
pub(in crate::tui) fn fitting(texts: impl IntoIterator<Item = String>, room: usize) -> String {
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
pub(in crate::tui) fn joined(
    parts: impl IntoIterator<Item = String>,
    separator: &str,
    room: usize,
) -> String {
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
