//! The days one by one, as bars.
//!
//! ```text
//!   DAY         COST                                 CALLS     IN    OUT  CACHE
//! ▶ Mon 23 Nov  $14.20  ██████████████▌                412  31.0M   436k    91%
//!   Sun 22 Nov       –
//!   Sat 21 Nov   $3.02  ███                             88   4.1M    61k    84%  25 hours
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{column_decimals, counted, floor, money, money_fixed, thousands, tokens};
use crate::ledger::Totals;
use crate::model::UsdTotal;
use crate::tui::app::Shell;
use crate::tui::screens::days::{Data, DaySum, Days, RowAt};
use crate::tui::screens::live::cached;
use crate::tui::table::List as _;
use crate::tui::theme::{Role, Theme};
use crate::tui::view::grid::{self, Cell, Column, Side};
use crate::tui::view::{indented, joined, panel};

fn columns(shell: &Shell) -> [Column; 8] {
    let right = |title, least, rank| Column { title, side: Side::Right, least, rank };
    [
        Column { title: "DAY", side: Side::Left, least: 10, rank: 9 },
        right(grid::money_title(shell), 7, 8),
        Column { title: "", side: Side::Bar, least: 0, rank: 6 },
        right("CALLS", 5, 7),
        right("IN", 6, 3),
        right("OUT", 6, 2),
        right("CACHE", 5, 4),
        Column { title: "", side: Side::Left, least: 0, rank: 1 },
    ]
}

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    framed: bool,
    days: &Days,
    data: &Data,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let area = if framed {
        let title = title(days, data, usize::from(area.width).saturating_sub(6), shell);
        panel(frame, area, title, theme)
    } else {
        indented(area)
    };
    let table = days.table();
    if table.rows().is_empty() {
        for (row, line) in area.rows().zip(empty(days, theme)) {
            frame.render_widget(line, row);
        }
        return;
    }
    let window = table.window(usize::from(area.height.saturating_sub(1)));
    let most = data.days.iter().map(|day| day.totals.cost).max().unwrap_or_default();
    let decimals = column_decimals(data.days.iter().map(|day| day.totals.cost));
    let rows: Vec<Vec<Cell>> = table.rows()[window.clone()]
        .iter()
        .map(|(date, at)| {
            let is_this_year = date.year() == data.today.year();
            let name = date.strftime(if is_this_year { "%a %e %b" } else { "%a %e %b %Y" });
            match at {
                RowAt::Day(number) => {
                    let is_today = *date == data.today;
                    day(&name.to_string(), &data.days[*number], is_today, most, decimals, shell)
                }
                RowAt::Nothing => nothing(&name.to_string(), ""),
                RowAt::Gap(days) => nothing(&name.to_string(), &format!("and {} before", days - 1)),
            }
        })
        .collect();
    let selected = table.position().checked_sub(window.start);
    grid::render(frame, area, &columns(shell), &rows, selected, theme);
}

fn day(
    name: &str,
    day: &DaySum,
    is_today: bool,
    most: UsdTotal,
    decimals: u32,
    shell: &Shell,
) -> Vec<Cell> {
    let Totals { calls, usage, cost, .. } = &day.totals;
    let amount = grid::amount(&day.totals, decimals, is_today && shell.is_behind());
    let cache = cached(&day.totals).map_or_else(|| "–".into(), |share| format!("{share}%"));
    let hours = (day.hours != 24).then(|| format!("{} hours", day.hours));
    let unlogged = (day.unlogged != UsdTotal::ZERO)
        .then(|| format!("+{} unlogged", money_fixed(day.unlogged, 2)));
    let notes = hours.into_iter().chain(unlogged).collect::<Vec<_>>().join(", ");
    vec![
        Cell::plain(name),
        Cell::Text(amount, Some(Role::Strong)),
        Cell::Bar(*cost, most),
        Cell::plain(thousands(*calls)),
        Cell::quiet(tokens(usage.prompt_tokens())),
        Cell::quiet(tokens(usage.output_tokens)),
        Cell::quiet(cache),
        Cell::quiet(notes),
    ]
}

fn nothing(name: &str, note: &str) -> Vec<Cell> {
    let dash = || Cell::quiet("–");
    let bar = Cell::Bar(UsdTotal::ZERO, UsdTotal::ZERO);
    vec![Cell::quiet(name), dash(), bar, dash(), dash(), dash(), dash(), Cell::quiet(note)]
}

fn title(days: &Days, data: &Data, room: usize, shell: &Shell) -> Vec<Span<'static>> {
    let (table, theme) = (days.table(), &shell.look.theme);
    let mut total = Totals::default();
    let mut unlogged = UsdTotal::ZERO;
    let mut used = 0_u64;
    for (_, at) in table.rows() {
        if let RowAt::Day(number) = at {
            total += data.days[*number].totals;
            unlogged += data.days[*number].unlogged;
            used += 1;
        }
    }
    let cost = floor(money_fixed(total.cost, 2), total.is_floor() || shell.is_behind());
    let mut parts = vec![cost, counted(used, "day with calls", "days with calls")];
    if !table.filter().is_empty() {
        parts.push(format!("with {}", table.filter()));
    }
    if data.developers > 1 {
        parts.push(format!("of all {} developers", data.developers));
    }
    if unlogged != UsdTotal::ZERO {
        parts.push(format!("{} more by the agents' own totals", money(unlogged)));
    }
    parts.extend(grid::order_note(table));
    vec![
        Span::styled("days ", theme.style(Role::Title)),
        Span::styled(joined(parts, " · ", room.saturating_sub(5)), theme.style(Role::Quiet)),
    ]
}

fn empty(days: &Days, theme: &Theme) -> Vec<Line<'static>> {
    let filter = days.table().filter();
    if filter.is_empty() {
        vec![
            Line::styled("No model calls yet", theme.style(Role::Strong)),
            Line::raw("Days appear here with the first call that an agent writes down."),
        ]
    } else {
        let words = format!("no day has all of: {filter}   (Esc shows all)");
        vec![Line::styled(words, theme.style(Role::Quiet))]
    }
}
