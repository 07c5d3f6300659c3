//! The sessions, newest activity first; a subagent's calls are in its session's figures.
//!
//! ```text
//!    LAST  PROJECT   BRANCH      MODEL            TODAY    SESSION   CALLS
//! ▶   now  shop      feat-pay    opus-5-5 +2     ≥$9.80     $21.37     212
//!      2h  infra     main        sonnet-5-5       $3.02      $3.02      40
//!      4d  docs      main        haiku-5-5            –      $0.11      12
//! ```
//!
//! A wide terminal also gets SUB (subagents), IN, OUT (tokens) and CACHE (the share of IN that
//! came from the cache); a narrow one loses the columns that say least.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{indented, panel};
use crate::format::{
    age, column_decimals, fit, floor, money_fixed, pad_start, thousands, tokens, width,
};
use crate::ledger::Totals;
use crate::tui::app::App;
use crate::tui::snapshot::Session;
use crate::tui::theme::{Role, Theme};

/// A column. The order here is the order on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Last,
    Project,
    Branch,
    Model,
    Today,
    Session,
    Calls,
    Subagents,
    Input,
    Output,
    Cached,
}

const COLUMNS: [Column; 11] = [
    Column::Last,
    Column::Project,
    Column::Branch,
    Column::Model,
    Column::Today,
    Column::Session,
    Column::Calls,
    Column::Subagents,
    Column::Input,
    Column::Output,
    Column::Cached,
];

/// Cells between two columns, and the mark of the selected row with the cell after it.
const GAP: usize = 2;
const MARK: usize = 2;

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Last => "LAST",
            Self::Project => "PROJECT",
            Self::Branch => "BRANCH",
            Self::Model => "MODEL",
            Self::Today => "TODAY",
            Self::Session => "SESSION",
            Self::Calls => "CALLS",
            Self::Subagents => "SUB",
            Self::Input => "IN",
            Self::Output => "OUT",
            Self::Cached => "CACHE",
        }
    }

    /// The width of the table from which on the column is there.
    fn from(self) -> usize {
        match self {
            Self::Last | Self::Project | Self::Today => 0,
            Self::Session => 44,
            Self::Branch | Self::Calls => 56,
            Self::Model => 68,
            Self::Subagents | Self::Input | Self::Output | Self::Cached => 106,
        }
    }

    /// Names are set left and share what room is left; numbers are set right.
    fn is_name(self) -> bool {
        matches!(self, Self::Project | Self::Branch | Self::Model)
    }

    /// The least width: steady while figures of the usual size grow.
    fn least(self) -> usize {
        match self {
            Self::Last | Self::Subagents => 4,
            Self::Project | Self::Branch | Self::Model | Self::Today | Self::Session => 8,
            Self::Calls | Self::Cached => 5,
            Self::Input | Self::Output => 6,
        }
    }

    fn text(self, session: &Session, app: &App, decimals: u32) -> String {
        let usage = &session.total.usage;
        match self {
            Self::Last => last(app.now.0 - session.last.0),
            Self::Project => session.project.clone(),
            Self::Branch => session.branch.clone(),
            Self::Model => models(&session.models),
            Self::Today => amount(&session.today, decimals),
            Self::Session => amount(&session.total, decimals),
            Self::Calls => thousands(session.total.calls),
            Self::Subagents if session.subagents == 0 => "–".into(),
            Self::Subagents => session.subagents.to_string(),
            Self::Input => tokens(usage.prompt_tokens()),
            Self::Output => tokens(usage.output_tokens),
            Self::Cached => match u128::from(usage.prompt_tokens()) {
                0 => "–".into(),
                all => format!("{} %", u128::from(usage.cache_read_input_tokens) * 100 / all),
            },
        }
    }
}

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, framed: bool, app: &App, theme: Theme) {
    let area = if framed {
        let count = thousands(app.sessions().len() as u64);
        let title = vec![
            Span::styled("sessions ", theme.style(Role::Title)),
            Span::styled(count, theme.style(Role::Strong)),
        ];
        panel(frame, area, title, theme)
    } else {
        indented(area)
    };
    let height = usize::from(area.height).saturating_sub(1);
    let (sessions, selected) = (app.sessions(), app.selected_row());
    // The selected row in the middle, where the list is longer than the screen.
    let first = selected.saturating_sub(height / 2).min(sessions.len().saturating_sub(height));
    let shown = &sessions[first..sessions.len().min(first + height)];
    let decimals = column_decimals(sessions.iter().map(|session| session.total.cost));
    let columns = fit_columns(usize::from(area.width), shown, app, decimals);
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(titles(&columns, theme), row);
    }
    for ((number, session), row) in (first..).zip(shown).zip(rows) {
        let line = line(session, number == selected, &columns, app, decimals, theme);
        frame.render_widget(line, row);
    }
}

/// The columns that have room, with their widths.
fn fit_columns(room: usize, shown: &[Session], app: &App, decimals: u32) -> Vec<(Column, usize)> {
    let mut columns: Vec<(Column, usize)> = COLUMNS
        .into_iter()
        .filter(|column| room >= column.from())
        .map(|column| {
            let longest = shown
                .iter()
                .map(|session| width(&column.text(session, app, decimals)))
                .max()
                .unwrap_or(0);
            (column, longest.max(width(column.title())).max(column.least()))
        })
        .collect();
    let gaps = MARK + GAP * columns.len().saturating_sub(1);
    let wanted: usize = gaps + columns.iter().map(|(_, width)| width).sum::<usize>();
    // Too much: the widest name gives way, cell by cell, so that short ones stay whole.
    for _ in room..wanted {
        let names = columns.iter_mut().filter(|(column, _)| column.is_name());
        if let Some((_, width)) = names.max_by_key(|(_, width)| *width) {
            *width = width.saturating_sub(1);
        }
    }
    // Room left over: some air for the names, and the numbers stay near them.
    let names = columns.iter().filter(|(column, _)| column.is_name()).count().max(1);
    let air = (room.saturating_sub(wanted) / names).min(6);
    for (_, width) in columns.iter_mut().filter(|(column, _)| column.is_name()) {
        *width += air;
    }
    columns
}

fn titles(columns: &[(Column, usize)], theme: Theme) -> Line<'static> {
    let mut text = " ".repeat(MARK);
    for (number, (column, width)) in columns.iter().enumerate() {
        text.push_str(&" ".repeat(if number == 0 { 0 } else { GAP }));
        text.push_str(&set(column.title(), *column, *width));
    }
    Line::styled(text, theme.style(Role::Quiet))
}

fn line(
    session: &Session,
    selected: bool,
    columns: &[(Column, usize)],
    app: &App,
    decimals: u32,
    theme: Theme,
) -> Line<'static> {
    let mark = if selected { "▶ " } else { "  " };
    let mut spans = vec![Span::styled(mark, theme.style(Role::Key))];
    for (number, (column, width)) in columns.iter().enumerate() {
        spans.push(Span::raw(" ".repeat(if number == 0 { 0 } else { GAP })));
        let text = set(&column.text(session, app, decimals), *column, *width);
        spans.push(Span::styled(text, style(*column, session, selected, theme)));
    }
    Line::from(spans)
}

/// Sessions of other days are quiet, and so is what only adds to the rest.
fn style(column: Column, session: &Session, selected: bool, theme: Theme) -> Style {
    if selected {
        return theme.style(Role::Selected);
    }
    let is_today = session.today.calls > 0;
    match column {
        Column::Today if is_today => theme.style(Role::Strong),
        Column::Last | Column::Project | Column::Today | Column::Session | Column::Calls
            if is_today =>
        {
            Style::new()
        }
        _ => theme.style(Role::Quiet),
    }
}

fn set(text: &str, column: Column, width: usize) -> String {
    let text = fit(text, width);
    let pad = pad_start("", width - crate::format::width(&text));
    if column.is_name() { format!("{text}{pad}") } else { format!("{pad}{text}") }
}

/// Seconds are not shown: the screen is drawn by the minute when nothing else happens.
fn last(milliseconds: i64) -> String {
    if milliseconds < 60_000 { "now".into() } else { age(milliseconds) }
}

fn amount(totals: &Totals, decimals: u32) -> String {
    if totals.calls == 0 {
        "–".into()
    } else {
        floor(money_fixed(totals.cost, decimals), totals.is_floor())
    }
}

fn models(models: &[String]) -> String {
    let first = models.first().map_or("", String::as_str);
    let first = if first.is_empty() { "?" } else { first };
    match models.len() {
        0 | 1 => first.to_owned(),
        count => format!("{first} +{}", count - 1),
    }
}
