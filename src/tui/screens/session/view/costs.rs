//! What the session cost, by model and class of tokens, at the rates it was charged with.
//!
//! ```text
//! opus-5-5                              $19.57
//!   cache read     12,148,000 × 0.50     $6.07
//!   output            411,204 × 25      $10.28
//! haiku-5-5                              $0.05
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::boxed;
use crate::format::{column_decimals, fit, floor, money_fixed, pad_start, thousands, width};
use crate::tui::app::Shell;
use crate::tui::screens::session::{ClassCost, Data, ModelCost};
use crate::tui::theme::Role;

/// Cells of a class's name with its inset, and of its count at least.
const NAME: usize = 17;
const COUNT: usize = 10;

/// Lines it takes.
pub(super) fn height(data: &Data) -> u16 {
    data.models.iter().map(|model| 1 + model.classes.len()).sum::<usize>() as u16
}

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, framed: bool, data: &Data, shell: &Shell) {
    let theme = &shell.look.theme;
    let word = if shell.setting.on_plan { "value" } else { "cost" };
    let title = format!("{word} by class");
    // Where not every class has room, each model still has its line.
    let rows = if framed { area.height.saturating_sub(2) } else { area.height };
    let classes = data.models.iter().map(|model| model.classes.len()).sum::<usize>();
    let left_out = classes.min(height(data).saturating_sub(rows).into());
    let more = match left_out {
        0 => " of tokens, × $ per million".to_owned(),
        _ => format!(" of tokens, × $ per million · {left_out} left out"),
    };
    let inner = boxed(frame, area, framed, &title, &more, theme);
    let room = usize::from(inner.width);
    let all = data.models.iter().map(|model| model.totals.cost);
    let decimals = column_decimals(all);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut spare = classes - left_out;
    for model in &data.models {
        lines.push(model_line(model, room, decimals, shell));
        let shown = model.classes.len().min(spare);
        spare -= shown;
        for class in &model.classes[..shown] {
            lines.push(class_line(class, room, decimals, shell));
        }
    }
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

fn model_line(model: &ModelCost, room: usize, decimals: u32, shell: &Shell) -> Line<'static> {
    let theme = &shell.look.theme;
    let is_floor = model.totals.is_floor() || shell.is_behind();
    let has_price = model.totals.unpriced_calls < model.totals.calls;
    let cost = if has_price {
        floor(money_fixed(model.totals.cost, decimals), is_floor)
    } else {
        "no price".to_owned()
    };
    let name = if model.model.is_empty() { "(no model)" } else { &model.model };
    let name = fit(name, room.saturating_sub(width(&cost) + 1)).into_owned();
    let left = room.saturating_sub(width(&name) + width(&cost));
    let terms = format!(" {}", model.terms.join(", "));
    let terms = fit(&terms, left.saturating_sub(1)).into_owned();
    let gap = pad_start("", left.saturating_sub(width(&terms)));
    Line::from(vec![
        Span::styled(name, theme.style(Role::Strong)),
        Span::styled(terms, theme.style(Role::Quiet)),
        Span::raw(gap),
        Span::styled(cost, theme.style(Role::Strong)),
    ])
}

fn class_line(class: &ClassCost, room: usize, decimals: u32, shell: &Shell) -> Line<'static> {
    let theme = &shell.look.theme;
    let cost = class.cost.map_or_else(|| "–".into(), |cost| money_fixed(cost, decimals));
    let name = format!("  {}", class.name);
    let name = format!("{name}{}", pad_start("", NAME.saturating_sub(width(&name))));
    let count = pad_start(&thousands(class.tokens), COUNT);
    // Charged without a price row, or not at all.
    let rate = if class.rate.is_empty() { String::new() } else { format!(" × {}", class.rate) };
    let text = format!("{name}{count}{rate}");
    let text = fit(&text, room.saturating_sub(width(&cost) + 1)).into_owned();
    let gap = pad_start("", room.saturating_sub(width(&text) + width(&cost)));
    Line::from(vec![Span::styled(text, theme.style(Role::Quiet)), Span::raw(gap), Span::raw(cost)])
}
