//! A table of rows with a selected one, for screens whose columns are plain: names give way cell by
//! cell, what says least goes where there is no room, and a bar takes what is left over.
//!
//! ```text
//!   DAY         COST                          CALLS   CACHE
//! ▶ Mon 23 Nov  $14.20  ━━━━━━━━━━━━━━╸         412    91%
//!   Sun 22 Nov   $3.02  ━━━                      88    84%
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::format::{Bar, bar, fit, floor, money_fixed, pad_start, percent, width};
use crate::ledger::Totals;
use crate::model::UsdTotal;
use crate::tui::app::Shell;
use crate::tui::table::List;
use crate::tui::theme::{Role, Theme};

/// Cells between two columns, and those of the mark.
const GAP: usize = 2;
const MARK: usize = 2;

/// Cells that a name keeps, and the least and most of a bar.
const NAME: usize = 8;
const BAR: std::ops::RangeInclusive<usize> = 6..=48;

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Side {
    /// To the left, and cut short where it must be.
    Name,
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// A bar, with what room is left.
    Bar,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Column {
    /// Its title.
    pub title: &'static str,
    /// How it is set.
    pub side: Side,
    /// Its least width, so that it is steady. A name is as wide as it needs to be, and gives way no
    /// further than this.
    pub least: usize,
    /// How long it stays while room runs out: the greatest goes last.
    pub rank: u8,
}

impl Column {
    /// A column set to the left.
    pub(in crate::tui) const fn left(title: &'static str, least: usize, rank: u8) -> Self {
        Self { title, side: Side::Left, least, rank }
    }

    /// A column set to the right.
    pub(in crate::tui) const fn right(title: &'static str, least: usize, rank: u8) -> Self {
        Self { title, side: Side::Right, least, rank }
    }

    /// A column of texts that may be cut short.
    pub(in crate::tui) const fn name(title: &'static str, least: usize, rank: u8) -> Self {
        Self { title, side: Side::Name, least, rank }
    }

    /// A column of bars.
    pub(in crate::tui) const fn bar(rank: u8) -> Self {
        Self { title: "", side: Side::Bar, least: 0, rank }
    }
}

/// What stands in a row of a column.
#[derive(Clone, Debug)]
pub(in crate::tui) enum Cell {
    /// A text, safe to show.
    Text(String, Option<Role>),
    /// A part of a whole.
    Bar(UsdTotal, UsdTotal),
    /// A part of a whole that is not to be all of it; the role is that of the part.
    Gauge(UsdTotal, UsdTotal, Role),
    /// Nothing to draw a bar of.
    NoBar,
}

impl Cell {
    /// A text of no special role.
    pub(in crate::tui) fn plain(text: impl Into<String>) -> Self {
        Self::Text(text.into(), None)
    }

    /// A text that may be overlooked.
    pub(in crate::tui) fn quiet(text: impl Into<String>) -> Self {
        Self::Text(text.into(), Some(Role::Quiet))
    }

    fn width(&self) -> usize {
        match self {
            Self::Text(text, _) => width(text),
            Self::Bar(..) | Self::Gauge(..) | Self::NoBar => *BAR.start(),
        }
    }
}

/// The title of a column of money: on a plan it is not spent.
pub(in crate::tui) fn money_title(shell: &Shell) -> &'static str {
    if shell.setting.on_plan { "VALUE" } else { "COST" }
}

/// What calls cost in a column: marked where it is a floor, in words where no call has a price.
pub(in crate::tui) fn amount(totals: &Totals, decimals: u32, is_behind: bool) -> String {
    if totals.calls > 0 && totals.unpriced_calls == totals.calls {
        return "no price".into();
    }
    floor(money_fixed(totals.cost, decimals), totals.is_floor() || is_behind)
}

/// A share in percent, rounded: what is not nothing is not written as nothing, and what is not all
/// not as all.
pub(in crate::tui) fn share(part: UsdTotal, whole: UsdTotal) -> String {
    match percent(UsdTotal(part.0.saturating_add(whole.0 / 200)), whole) {
        None => "–".into(),
        Some(0) if part.0 > 0 => "<1%".into(),
        Some(100) if part < whole => "99%".into(),
        Some(percent) => format!("{percent}%"),
    }
}

/// How a list is sorted, where that is another order than the usual one.
pub(in crate::tui) fn order_note(list: &dyn List) -> Option<String> {
    if list.order() == 0 && !list.is_reversed() {
        return None;
    }
    let direction = if list.is_reversed() { "▲" } else { "▼" };
    Some(format!("by {} {direction}", list.orders()[list.order()]))
}

/// Draws the titles and these rows; `selected` is the number of one of them.
pub(in crate::tui) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    columns: &[Column],
    rows: &[Vec<Cell>],
    selected: Option<usize>,
    theme: &Theme,
) {
    let widths = layout(columns, rows, area.width.into());
    let mut places = area.rows();
    if let Some(place) = places.next() {
        let mut titles = " ".repeat(MARK);
        for (at, (number, cells)) in widths.iter().enumerate() {
            let column = &columns[*number];
            titles.push_str(&" ".repeat(if at == 0 { 0 } else { GAP }));
            titles.push_str(&set(column.title, column.side, *cells));
        }
        frame.render_widget(Line::styled(titles, theme.style(Role::Quiet)), place);
    }
    for ((number, row), place) in rows.iter().enumerate().zip(places) {
        let line = line(row, columns, &widths, selected == Some(number), theme);
        frame.render_widget(line, place);
    }
}

fn line(
    row: &[Cell],
    columns: &[Column],
    widths: &[(usize, usize)],
    is_selected: bool,
    theme: &Theme,
) -> Line<'static> {
    let background = if is_selected { theme.style(Role::Selected) } else { Style::new() };
    let mark = if is_selected { "▶ " } else { "  " };
    let mut spans = vec![Span::styled(mark, theme.style(Role::Key))];
    for (at, (number, cells)) in widths.iter().enumerate() {
        spans.push(Span::styled(" ".repeat(if at == 0 { 0 } else { GAP }), background));
        match &row[*number] {
            Cell::Text(text, role) => {
                let style = role.map_or_else(Style::new, |role| theme.style(role));
                let style = match role {
                    // What warns still does so where it is selected.
                    Some(Role::Warn | Role::Bad) => background.patch(style),
                    _ if is_selected => style.patch(background),
                    _ => style,
                };
                spans.push(Span::styled(set(text, columns[*number].side, *cells), style));
            }
            Cell::Bar(part, whole) => {
                // Reversed blocks would be gaps.
                let style = theme.style(Role::Chart).remove_modifier(Modifier::REVERSED);
                spans.push(Span::styled(bar(*part, *whole, *cells, Bar::Lines), style));
            }
            Cell::Gauge(part, whole, role) => {
                let drawn = bar(*part, *whole, *cells, Bar::Lines);
                let used = drawn.trim_end().to_owned();
                let left = "·".repeat(cells - width(&used));
                let style = theme.style(*role).remove_modifier(Modifier::REVERSED);
                spans.push(Span::styled(used, style));
                spans.push(Span::styled(left, theme.style(Role::Track)));
            }
            Cell::NoBar => spans.push(Span::styled(" ".repeat(*cells), background)),
        }
    }
    Line::from(spans)
}

/// The numbers of the columns that have room, with their widths.
fn layout(columns: &[Column], rows: &[Vec<Cell>], room: usize) -> Vec<(usize, usize)> {
    let wanted = |(number, column): (usize, &Column)| {
        let longest = rows.iter().map(|row| row[number].width()).max().unwrap_or(0);
        let least = if column.side == Side::Name { 0 } else { column.least };
        (number, longest.max(width(column.title)).max(least))
    };
    let mut widths: Vec<(usize, usize)> = columns.iter().enumerate().map(wanted).collect();
    let gaps = |count: usize| MARK + GAP * count.saturating_sub(1);
    let total = |widths: &[(usize, usize)], tight: bool| {
        let cells = widths.iter().map(|(number, width)| match columns[*number].side {
            Side::Name if tight => (*width).min(NAME.max(columns[*number].least)),
            _ => *width,
        });
        gaps(widths.len()) + cells.sum::<usize>()
    };
    while widths.len() > 2 && total(&widths, true) > room {
        let least = widths.iter().enumerate().min_by_key(|(_, (number, _))| columns[*number].rank);
        let Some((at, _)) = least else { break };
        widths.remove(at);
    }
    let names = |number: usize| columns[number].side == Side::Name;
    for _ in room..total(&widths, false) {
        let widest = widths.iter_mut().filter(|(number, _)| names(*number));
        if let Some((_, width)) = widest.max_by_key(|(_, width)| *width) {
            *width = width.saturating_sub(1);
        }
    }
    let left = room.saturating_sub(total(&widths, false));
    let bars = widths.iter_mut().filter(|(number, _)| columns[*number].side == Side::Bar);
    for (_, width) in bars {
        *width = (*width + left).min(*BAR.end());
    }
    widths
}

/// A text in its column.
fn set(text: &str, side: Side, cells: usize) -> String {
    let text = fit(text, cells);
    let pad = pad_start("", cells - width(&text));
    if side == Side::Right { format!("{pad}{text}") } else { format!("{text}{pad}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column { title: "NAME", side: Side::Name, least: 0, rank: 9 },
        Column { title: "COST", side: Side::Right, least: 7, rank: 8 },
        Column { title: "", side: Side::Bar, least: 0, rank: 1 },
        Column { title: "CALLS", side: Side::Right, least: 5, rank: 2 },
    ];

    fn layout_at(room: usize) -> Vec<(usize, usize)> {
        let bar = Cell::Bar(UsdTotal(1), UsdTotal(2));
        let row = vec![Cell::plain("a-long-name-of-24-cells!"), Cell::plain("$1"), bar];
        layout(&COLUMNS, &[[row, vec![Cell::plain("7")]].concat()], room)
    }

    #[test]
    fn shares_are_rounded_and_never_to_nothing_or_to_all() {
        let of = |part| share(UsdTotal(part), UsdTotal(1000));
        for (part, text) in
            [(0, "0%"), (4, "<1%"), (5, "1%"), (14, "1%"), (15, "2%"), (999, "99%"), (1000, "100%")]
        {
            assert_eq!(of(part), text, "{part}");
        }
        assert_eq!(share(UsdTotal(1), UsdTotal::ZERO), "–");
    }

    #[test]
    fn a_bar_takes_what_is_left_and_no_more_than_it_needs() {
        assert_eq!(layout_at(60), [(0, 24), (1, 7), (2, 16), (3, 5)]);
        assert_eq!(layout_at(200)[2], (2, 48));
    }

    #[test]
    fn a_name_is_as_wide_as_it_needs_to_be_and_shrinks_to_its_least() {
        let columns = [Column::name("NAME", 14, 9), Column::right("CALLS", 5, 2)];
        let layout_at = |name: &str, room: usize| {
            layout(&columns, &[vec![Cell::plain(name), Cell::plain("7")]], room)
        };
        assert_eq!(layout_at("short", 80), [(0, 5), (1, 5)]);
        assert_eq!(layout_at("a-long-name-of-24-cells!", 24), [(0, 15), (1, 5)]);
        assert_eq!(layout_at("a-long-name-of-24-cells!", 23), [(0, 14), (1, 5)]);
    }

    #[test]
    fn names_shrink_before_the_bar_goes_and_then_what_says_least() {
        assert_eq!(layout_at(42), [(0, 16), (1, 7), (2, 6), (3, 5)]);
        assert_eq!(layout_at(30), [(0, 12), (1, 7), (3, 5)]);
        assert_eq!(layout_at(20), [(0, 9), (1, 7)]);
        for room in 0..80 {
            let used: usize = layout_at(room).iter().map(|(_, cells)| cells).sum();
            assert!(used + MARK + GAP <= room.max(MARK + GAP + 7), "{room}: {used}");
        }
    }
}
