//! The sessions; a subagent's calls are in its session's figures.
//!
//! ```text
//!   ST    PROJECT   BRANCH      MODEL          SESSION   TODAY    $/H  LOOP  PROT    AGE
//! ▶ RUN!  shop      feat-pay    opus-5-5 +2     $21.37  ≥$9.80  $2.90   ×14  hook    now
//! *       └ a2f09c  …
//!   IDLE  infra     main        sonnet-5-5       $3.02   $3.02      –     –  none!    2h
//!   END   docs      main        haiku-5-5        $0.11       –      –     –  –        4d
//! ```
//!
//! A wide terminal also gets CALLS, IN and OUT (tokens); a narrow one loses the columns that say
//! least. `*` is a tag, `!` beside the state a mark.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::detail;
use crate::format::{column_decimals, counted, thousands, width};
use crate::ledger::LoopLevel;
use crate::tui::app::Shell;
use crate::tui::look::Look;
use crate::tui::screens::live::columns::{Cell, Sheet, set};
use crate::tui::screens::live::{Column, Data, Doing, Live, Protection, RowAt, RowId, Session};
use crate::tui::table::List as _;
use crate::tui::theme::{Role, Theme};
use crate::tui::view::{indented, joined, panel};

/// Cells between two columns, and the mark of the selected row with the one of a tag.
const GAP: usize = 2;
const MARK: usize = 2;

/// From this width on there is room for what is nice to have.
const GENEROUS: usize = 146;

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    framed: bool,
    live: &Live,
    data: &Data,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let area = if framed {
        let title = title(live, data, usize::from(area.width).saturating_sub(6), theme);
        panel(frame, area, title, theme)
    } else {
        indented(area)
    };
    let detail = match area.height {
        _ if !framed => 0,
        0..8 => 0,
        8..16 => 1,
        16.. => 2,
    };
    let height = usize::from(area.height.saturating_sub(1 + detail));
    let table = live.table();
    let window = table.window(height);
    let shown = &table.rows()[window.clone()];
    let decimals = column_decimals(data.sessions.iter().map(|session| session.total.cost));
    let sheet = Sheet { now: shell.now, decimals, is_behind: shell.is_behind() };
    let columns = fit_columns(usize::from(area.width), shown, data, sheet, &shell.look);
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(titles(&columns, theme), row);
    }
    if shown.is_empty() {
        let words = format!("  nothing has all of: {}   (Esc shows all)", table.filter());
        if let Some(row) = rows.next() {
            frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), row);
        }
        return;
    }
    let selected = table.position();
    for ((number, (id, at)), row) in window.zip(shown).zip(rows.take(height)) {
        let marks = (number == selected, table.is_tagged(id));
        frame.render_widget(line(at, marks, &columns, data, sheet, theme), row);
    }
    let below = Rect { y: area.bottom() - detail, height: detail, ..area };
    detail::render(frame, below, live, data, shell);
}

fn title(live: &Live, data: &Data, room: usize, theme: &Theme) -> Vec<Span<'static>> {
    let table = live.table();
    let count = thousands(data.sessions.len() as u64);
    let mut parts = Vec::new();
    let running = data.sessions.iter().filter(|session| session.state.is_live()).count();
    if running > 0 {
        parts.push(format!("{} live", thousands(running as u64)));
    }
    if !table.filter().is_empty() {
        let rows = table.rows().iter().filter(|(_, at)| at.subagent.is_none()).count();
        parts.push(format!("{} with {}", thousands(rows as u64), table.filter()));
    }
    let tagged = table.tagged().count();
    if tagged > 0 {
        parts.push(counted(tagged as u64, "tag", "tags"));
    }
    if table.order() > 0 || table.is_reversed() {
        let direction = if table.is_reversed() { " ▲" } else { " ▼" };
        parts.push(format!("by {}{direction}", table.orders()[table.order()]));
    }
    let room = room.saturating_sub(9 + count.len() + 3);
    let more = joined(parts, " · ", room);
    let mut title = vec![
        Span::styled("sessions ", theme.style(Role::Title)),
        Span::styled(count, theme.style(Role::Strong)),
    ];
    if !more.is_empty() {
        title.push(Span::styled(format!(" · {more}"), theme.style(Role::Quiet)));
    }
    title
}

/// The columns that have room, with their widths.
fn fit_columns(
    room: usize,
    shown: &[(RowId, RowAt)],
    data: &Data,
    sheet: Sheet,
    look: &Look,
) -> Vec<(Column, usize)> {
    let mut columns: Vec<(Column, usize)> = candidates(room, data, look)
        .into_iter()
        .map(|column| {
            let texts =
                shown.iter().filter_map(|(_, at)| Some(column.text(&cell(at, data)?, sheet)));
            let longest = texts.map(|text| width(&text)).max().unwrap_or(0);
            let least = if column.is_name() { 0 } else { column.least() };
            (column, longest.max(width(column.title())).max(least))
        })
        .collect();
    let gaps = |count: usize| MARK + GAP * count.saturating_sub(1);
    let wanted = |columns: &[(Column, usize)], of: &dyn Fn(&(Column, usize)) -> usize| {
        gaps(columns.len()) + columns.iter().map(of).sum::<usize>()
    };
    let tight = |(column, width): &(Column, usize)| {
        if column.is_name() { column.least().min(*width) } else { *width }
    };
    let several = has_several_agents(data);
    // What says least goes, until the rest has room with names cut short.
    while columns.len() > 2 && wanted(&columns, &tight) > room {
        let rank = |column: &Column| column.rank(several);
        let least = columns.iter().enumerate().min_by_key(|(_, (column, _))| rank(column));
        let Some((number, _)) = least else { break };
        columns.remove(number);
    }
    let all = wanted(&columns, &|(_, width)| *width);
    // Still too much: the widest name gives way, cell by cell, so that short ones stay whole.
    for _ in room..all {
        let names = columns.iter_mut().filter(|(column, _)| column.is_name());
        if let Some((_, width)) = names.max_by_key(|(_, width)| *width) {
            *width = width.saturating_sub(1);
        }
    }
    // Room left over: some air for the names, and the numbers stay near them.
    let names = columns.iter().filter(|(column, _)| column.is_name()).count().max(1);
    let air = (room.saturating_sub(all) / names).min(6);
    for (_, width) in columns.iter_mut().filter(|(column, _)| column.is_name()) {
        *width += air;
    }
    columns
}

/// The columns to be shown if there is room: the user's, or all that say something.
fn candidates(room: usize, data: &Data, look: &Look) -> Vec<Column> {
    if let Some(columns) = &look.columns {
        return columns.clone();
    }
    let says_something = |column: &Column| match column {
        // Where all are of one agent, the column says nothing.
        Column::Agent => room >= GENEROUS || has_several_agents(data),
        Column::Calls | Column::Input | Column::Output => room >= GENEROUS,
        _ => true,
    };
    Column::ALL.iter().map(|(column, _, _)| *column).filter(says_something).collect()
}

fn has_several_agents(data: &Data) -> bool {
    let first = data.sessions.first().map(|session| session.key.agent);
    data.sessions.iter().any(|session| Some(session.key.agent) != first)
}

fn cell<'a>(at: &RowAt, data: &'a Data) -> Option<Cell<'a>> {
    let session = data.sessions.get(at.session)?;
    Some(match at.subagent {
        None => Cell::Session(session),
        Some(number) => Cell::Subagent(session.subagents.get(number)?),
    })
}

fn titles(columns: &[(Column, usize)], theme: &Theme) -> Line<'static> {
    let mut text = " ".repeat(MARK);
    for (number, (column, width)) in columns.iter().enumerate() {
        text.push_str(&" ".repeat(if number == 0 { 0 } else { GAP }));
        text.push_str(&set(column.title(), *column, *width));
    }
    Line::styled(text, theme.style(Role::Quiet))
}

fn line(
    at: &RowAt,
    (selected, tagged): (bool, bool),
    columns: &[(Column, usize)],
    data: &Data,
    sheet: Sheet,
    theme: &Theme,
) -> Line<'static> {
    let Some(cell) = cell(at, data) else { return Line::default() };
    let mut spans = vec![
        Span::styled(if selected { "▶" } else { " " }, theme.style(Role::Key)),
        Span::styled(if tagged { "*" } else { " " }, theme.style(Role::Tag)),
    ];
    let background = if selected { theme.style(Role::Selected) } else { Style::new() };
    for (number, (column, width)) in columns.iter().enumerate() {
        spans.push(Span::styled(" ".repeat(if number == 0 { 0 } else { GAP }), background));
        let text = set(&column.text(&cell, sheet), *column, *width);
        let style = match &cell {
            Cell::Session(session) => style(*column, session, theme),
            Cell::Subagent(_) => theme.style(Role::Quiet),
        };
        // What warns still does so where it is selected.
        let style = match warning(*column, &cell) {
            Some(role) if selected => background.patch(theme.style(role)),
            _ if selected => style.patch(background),
            _ => style,
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

fn warning(column: Column, cell: &Cell<'_>) -> Option<Role> {
    let Cell::Session(session) = cell else { return None };
    let is_held = !session.held.is_empty();
    match column {
        Column::State if session.state.doing == Doing::Blocked => Some(Role::Bad),
        Column::State if is_held || session.state.doing == Doing::Ask => Some(Role::Warn),
        Column::Protection if session.protection == Protection::None => Some(Role::Warn),
        Column::Loop => match session.turn?.level {
            LoopLevel::None => None,
            LoopLevel::Watch => Some(Role::Warn),
            LoopLevel::Loop | LoopLevel::Runaway => Some(Role::Bad),
        },
        _ => None,
    }
}

/// Sessions of other days are quiet, and so is what only adds to the rest.
fn style(column: Column, session: &Session, theme: &Theme) -> Style {
    let is_today = session.today.calls > 0;
    match column {
        Column::State => match session.state.doing {
            Doing::Blocked => theme.style(Role::Bad),
            Doing::End => theme.style(Role::Quiet),
            _ if !session.held.is_empty() => theme.style(Role::Warn),
            Doing::Run => theme.style(Role::Good),
            Doing::Ask => theme.style(Role::Warn),
            Doing::Idle => Style::new(),
        },
        Column::Protection if session.protection == Protection::None => theme.style(Role::Warn),
        Column::Loop => match session.turn.map_or(LoopLevel::None, |turn| turn.level) {
            LoopLevel::None if is_today => Style::new(),
            LoopLevel::None => theme.style(Role::Quiet),
            LoopLevel::Watch => theme.style(Role::Warn),
            LoopLevel::Loop | LoopLevel::Runaway => theme.style(Role::Bad),
        },
        Column::Today if is_today => theme.style(Role::Strong),
        Column::Age | Column::Project | Column::Today | Column::Session | Column::PerHour
            if is_today =>
        {
            Style::new()
        }
        _ => theme.style(Role::Quiet),
    }
}
