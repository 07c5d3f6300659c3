//! The models with what they cost.
//!
//! ```text
//!   MODEL             TIER         COST  SHARE           CALLS  CACHE  $/M IN  $/M OUT
//! ▶ opus-5-5          reasoning  $48.10    78%  ██████▌    148    91%   $0.58   $20.00
//!   haiku-5-5         routine     $0.11    <1%  ▏           21    88%   $0.19    $5.00
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::format::{column_decimals, floor, money, money_fixed, printable, thousands, tokens};
use crate::model::UsdTotal;
use crate::tui::app::Shell;
use crate::tui::screens::live::cached;
use crate::tui::screens::models::mix::word;
use crate::tui::screens::models::{Data, Model, Models};
use crate::tui::table::List as _;
use crate::tui::theme::Role;
use crate::tui::view::grid::{self, Cell, Column, Side};
use crate::tui::view::picker;

fn columns(shell: &Shell) -> [Column; 11] {
    let right = |title, least, rank| Column { title, side: Side::Right, least, rank };
    [
        Column::name("MODEL", 14, 11),
        Column { title: "TIER", side: Side::Left, least: 9, rank: 5 },
        right(grid::money_title(shell), 7, 10),
        right("SHARE", 5, 9),
        Column { title: "", side: Side::Bar, least: 0, rank: 1 },
        right("CALLS", 5, 8),
        right("CACHE", 5, 4),
        right("$/M IN", 6, 7),
        right("$/M OUT", 7, 6),
        right("IN", 6, 3),
        right("OUT", 6, 2),
    ]
}

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    framed: bool,
    models: &Models,
    data: &Data,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let notes = notes(models, data, shell);
    let area = picker::headed(frame, area, framed, "models", data.span, data.today, notes, theme);
    let table = models.table();
    if table.rows().is_empty() {
        let words = if table.filter().is_empty() {
            "no calls in this time: ] takes a longer one".to_owned()
        } else {
            format!("no model has all of: {}   (Esc shows all)", table.filter())
        };
        frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), area);
        return;
    }
    let window = table.window(usize::from(area.height.saturating_sub(1)));
    let costs = || data.models.iter().map(|model| model.totals.cost);
    // Against the dearest, or many small ones would be no bars at all.
    let (decimals, most) = (column_decimals(costs()), costs().max().unwrap_or_default());
    let rows: Vec<Vec<Cell>> = table.rows()[window.clone()]
        .iter()
        .map(|(_, number)| row(&data.models[*number], data, most, decimals, shell))
        .collect();
    let selected = table.position().checked_sub(window.start);
    grid::render(frame, area, &columns(shell), &rows, selected, theme);
}

fn row(model: &Model, data: &Data, most: UsdTotal, decimals: u32, shell: &Shell) -> Vec<Cell> {
    let totals = &model.totals;
    // Its vendor says little in a narrow column; the day of its release may tell two apart.
    let name = model.name.strip_prefix("claude-").unwrap_or(&model.name);
    let name = printable(name).into_owned();
    let price = |price: Option<UsdTotal>| {
        price.map_or_else(|| "–".to_owned(), |price| money_fixed(price, 2))
    };
    vec![
        Cell::plain(if name.is_empty() { "(no model)".to_owned() } else { name }),
        Cell::quiet(model.tier.map_or("unlisted", word)),
        Cell::Text(grid::amount(totals, decimals, shell.is_behind()), Some(Role::Strong)),
        Cell::plain(grid::share(totals.cost, data.total.cost)),
        Cell::Bar(totals.cost, most),
        Cell::plain(thousands(totals.calls)),
        Cell::plain(cached(totals).map_or_else(|| "–".into(), |share| format!("{share}%"))),
        Cell::plain(price(model.price_in)),
        Cell::plain(price(model.price_out)),
        Cell::quiet(tokens(totals.usage.prompt_tokens())),
        Cell::quiet(tokens(totals.usage.output_tokens)),
    ]
}

/// What stands behind the picker.
fn notes(models: &Models, data: &Data, shell: &Shell) -> Vec<String> {
    let is_floor = data.total.is_floor() || shell.is_behind();
    let mut notes = vec![floor(money_fixed(data.total.cost, 2), is_floor)];
    let table = models.table();
    if !table.filter().is_empty() {
        notes.push(format!("with {}", table.filter()));
    }
    notes.extend(grid::order_note(table));
    if data.developers > 1 {
        notes.push(format!("of all {} developers", data.developers));
    }
    if data.unlogged != UsdTotal::ZERO {
        notes.push(format!("{} more by the agents' own totals", money(data.unlogged)));
    }
    notes
}
