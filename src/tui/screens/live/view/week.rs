//! The last days beside today's gauge, where there is room.
//!
//! ```text
//! ╭ 7 days $61.05 ────────────────────────────╮
//! │ Tue ▄ Wed ▇ Thu ▃ Fri ▁ Sat   Sun █ Mon ▇ │
//! │   $9   $14    $8   <$1     –   $17   $14  │
//! ╰───────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pace::column;
use crate::format::{fit, floor, money_fixed, pad_start};
use crate::ledger::Totals;
use crate::model::UsdTotal;
use crate::model::money::PICO_PER_USD;
use crate::tui::app::Shell;
use crate::tui::screens::live::Data;
use crate::tui::sums::DAYS;
use crate::tui::theme::Role;
use crate::tui::view::panel;

/// Cells of one day.
const DAY: usize = 6;

/// Of the whole panel: the days, the frame and a cell within it on either side.
pub(super) const WIDTH: u16 = (DAY * DAYS + 4) as u16;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, data: &Data, shell: &Shell) {
    if area.width < WIDTH {
        return;
    }
    let theme = &shell.look.theme;
    let days = &data.days;
    let mut total = Totals::default();
    for day in days {
        total += day.totals;
    }
    let title = floor(money_fixed(total.cost, 2), total.is_floor());
    let title = vec![
        Span::styled("7 days ", theme.style(Role::Title)),
        Span::styled(title, theme.style(Role::Strong)),
    ];
    let inner = panel(frame, area, title, theme);
    let most = days.iter().map(|day| day.totals.cost).max().unwrap_or_default();
    let mut names = Vec::new();
    let mut amounts = Vec::new();
    for (number, day) in days.iter().enumerate() {
        let name = pad_start(&day.date.strftime("%a").to_string(), DAY - 2);
        names.push(Span::styled(format!("{name} "), theme.style(Role::Quiet)));
        names.push(Span::styled(column(day.totals.cost, most), theme.style(Role::Chart)));
        let amount = floor(dollars(day.totals.cost), day.totals.is_floor());
        let amount = pad_start(&fit(&amount, DAY), DAY);
        let is_today = number + 1 == days.len();
        let role = if is_today { Role::Strong } else { Role::Quiet };
        amounts.push(Span::styled(amount, theme.style(role)));
    }
    for (row, spans) in inner.rows().zip([names, amounts]) {
        frame.render_widget(Line::from(spans), row);
    }
}

/// Whole dollars, thousands of them from a thousand on; what is less than one is not none.
fn dollars(cost: UsdTotal) -> String {
    let dollar = i128::from(PICO_PER_USD);
    if cost == UsdTotal::ZERO {
        "–".into()
    } else if cost.0 < dollar {
        "<$1".into()
    } else if cost.0 < 1000 * dollar {
        money_fixed(cost, 0)
    } else {
        format!("{}k", money_fixed(UsdTotal(cost.0 / 1000), 0))
    }
}
