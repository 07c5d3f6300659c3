//! Draws the Health screen.
//!
//! ```text
//! ╭ health  1 to mend · 2 to know ────────────────────────────────────────────────────────────╮
//! │   PART         WHAT       HOW IT IS                                                        │
//! │ ▶ to do      ! hook       a cap is to stop sessions, and the hook that does so is not in … │
//! │              · price age  the price book was checked 60 days ago: `spendtop prices update` │
//! │   collector  ● daemon     pid 4242, version 0.1.0, runs since 09:12                        │
//! │   hooks      ● claude     in place, last called 15:40 · ~/.claude/settings.json            │
//! │   …                                                                                        │
//! ╰────────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ to do: hook ───────────────────────────────────────────────────────────────────────────────╮
//! │ a cap is to stop sessions, and the hook that does so is not in place                       │
//! │   ~/.claude/settings.json: not installed: `spendtop hook install claude`                   │
//! ╰────────────────────────────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{Health, Row, Section, Sign};
use crate::format::{fit, thousands, width};
use crate::tui::app::Shell;
use crate::tui::sheet::{INSET, wrapped};
use crate::tui::table::List as _;
use crate::tui::theme::Role;
use crate::tui::view::grid::{self, Cell, Column};
use crate::tui::view::{FRAMED, indented, panel};

/// Cells that a text keeps while there are other columns.
const FOR_TEXT: usize = 24;

/// Below this height there is no room for the selected row in full.
const FOR_DETAIL: u16 = 9;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Health,
    data: Option<&Vec<Row>>,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let Some(data) = data else {
        let words = if shell.board.is_some() { "Looking" } else { "There is no ledger yet" };
        frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), indented(area));
        return;
    };
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let around = if framed { 2 } else { 0 };
    let room = usize::from(area.width).saturating_sub(if framed { 4 } else { 2 });
    let lines = page.selected(data).map_or_else(Vec::new, |row| detail(row, room, shell));
    let most = (area.height / 3).saturating_sub(around).max(1);
    let below = (lines.len() as u16).min(most) + around;
    let below = if lines.is_empty() || area.height < FOR_DETAIL { 0 } else { below };
    let [top, bottom] =
        area.layout(&Layout::vertical([Constraint::Min(0), Constraint::Length(below)]));
    let head = head(page, data, shell);
    let inner = if framed {
        panel(frame, top, head, theme)
    } else {
        let [line, rest] =
            top.layout(&Layout::vertical([Constraint::Length(1), Constraint::Min(0)]));
        frame.render_widget(Line::from(head), indented(line));
        indented(rest)
    };
    table(frame, inner, page, data, shell);
    if below == 0 {
        return;
    }
    let inner = if framed {
        let title = page.selected(data).map_or_else(String::new, Row::title);
        let title = fit(&title, room).into_owned();
        panel(frame, bottom, vec![Span::styled(title, theme.style(Role::Title))], theme)
    } else {
        indented(bottom)
    };
    let left = lines.len().saturating_sub(usize::from(inner.height));
    for (number, (place, line)) in inner.rows().zip(lines).enumerate() {
        let is_last = number + 1 == usize::from(inner.height);
        let line = if is_last && left > 0 {
            let words = format!("  and {} lines more (Enter)", thousands(left as u64 + 1));
            Line::styled(words, theme.style(Role::Quiet))
        } else {
            line
        };
        frame.render_widget(line, place);
    }
}

/// The selected row in full.
fn detail(row: &Row, room: usize, shell: &Shell) -> Vec<Line<'static>> {
    let theme = &shell.look.theme;
    let items = row.more.iter().flat_map(|item| wrapped(&format!("  {item}"), room, INSET));
    let quiet = |line| Line::styled(line, theme.style(Role::Quiet));
    wrapped(&row.text, room, 0).into_iter().map(Line::raw).chain(items.map(quiet)).collect()
}

fn head(page: &Health, data: &[Row], shell: &Shell) -> Vec<Span<'static>> {
    let theme = &shell.look.theme;
    // What is wrong elsewhere stands there as well.
    let counts = |row: &&Row| matches!(row.section(), Section::ToDo | Section::Collector);
    let of = |sign| data.iter().filter(counts).filter(|row| row.sign == sign).count();
    let (bad, hints) = (of(Sign::Bad), of(Sign::Hint));
    let mut spans = vec![Span::styled("health", theme.style(Role::Title))];
    if bad > 0 {
        spans.push(Span::styled(format!("  {bad} to mend"), theme.style(Role::Bad)));
    }
    if hints > 0 {
        spans.push(Span::styled(format!("  {hints} to know"), theme.style(Role::Warn)));
    }
    if bad + hints == 0 {
        spans.push(Span::styled("  all is well", theme.style(Role::Good)));
    }
    let table = page.table();
    let mut notes = Vec::new();
    if !table.filter().is_empty() {
        notes.push(format!("{} with {}", table.rows().len(), table.filter()));
    }
    notes.extend(grid::order_note(table));
    if !notes.is_empty() {
        spans.push(Span::styled(format!("  {}", notes.join(" · ")), theme.style(Role::Quiet)));
    }
    spans
}

fn table(frame: &mut Frame<'_>, area: Rect, page: &Health, data: &[Row], shell: &Shell) {
    let theme = &shell.look.theme;
    let table = page.table();
    if table.rows().is_empty() {
        let words = format!("nothing has all of: {}   (Esc shows all)", table.filter());
        frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), area);
        return;
    }
    let window = table.window(usize::from(area.height.saturating_sub(1)));
    let shown: Vec<&Row> =
        table.rows()[window.clone()].iter().filter_map(|(_, at)| data.get(*at)).collect();
    let mut before = None;
    let cells = shown.iter().map(|row| {
        // Once for all the rows of a part, and at the top.
        let is_same = before.replace(row.section()) == Some(row.section());
        let part = if is_same { "" } else { row.section().name() };
        let role = role(row.sign);
        vec![
            Cell::quiet(part),
            Cell::Text(format!("{} {}", row.sign.mark(), row.name), role),
            Cell::plain(row.text.clone()),
        ]
    });
    let cells: Vec<Vec<Cell>> = cells.collect();
    // Steady, whichever rows have room.
    let widest = |of: fn(&Row) -> &str| data.iter().map(|row| width(of(row))).max().unwrap_or(0);
    let columns = [
        Column::left("PART", widest(|row| row.section().name()), 1),
        Column::left("  WHAT", widest(|row| &row.name) + 2, 9),
        Column::name("HOW IT IS", FOR_TEXT, 10),
    ];
    let selected = table.position().checked_sub(window.start);
    grid::render(frame, area, &columns, &cells, selected, theme);
}

const fn role(sign: Sign) -> Option<Role> {
    match sign {
        Sign::Bad => Some(Role::Bad),
        Sign::Hint => Some(Role::Warn),
        Sign::Good => Some(Role::Good),
        Sign::Plain => None,
    }
}
