//! How much of the work the cheaper tiers do, against what they should do.
//!
//! ```text
//! 64 % of calls  ██████████████████████████████████···░░░░░░··········  below 70–80 %
//! routine 30 % · quality 34 % · reasoning 36 % · of 412 calls
//! ```
//!
//! The target is drawn into the bar: `░` where it is yet to be reached, `▓` where it is.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{counted, thousands, width};
use crate::tui::app::Shell;
use crate::tui::screens::models::Data;
use crate::tui::screens::models::mix::{Mix, Standing, TARGET};
use crate::tui::theme::{Role, Theme};
use crate::tui::view::{indented, joined, panel};

/// Shorter than this a bar says nothing.
const SHORTEST: usize = 10;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, framed: bool, data: &Data, shell: &Shell) {
    let theme = &shell.look.theme;
    let inner = if framed {
        let title = vec![
            Span::styled("workhorses", theme.style(Role::Title)),
            Span::styled(": routine and quality models", theme.style(Role::Quiet)),
        ];
        panel(frame, area, title, theme)
    } else {
        indented(area)
    };
    let room = usize::from(inner.width);
    let lines = [share(&data.mix, room, theme), tiers(&data.mix, room, theme)];
    for (row, line) in inner.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

fn share(mix: &Mix, room: usize, theme: &Theme) -> Line<'static> {
    let Some(standing) = mix.standing() else {
        return Line::styled("no calls of a listed model in this time", theme.style(Role::Quiet));
    };
    let percent = percent(mix.workhorse(), mix.listed());
    let (low, high) = TARGET;
    // Rounding does not carry it over an end of the target.
    let (role, words, percent) = match standing {
        Standing::Below => (Role::Warn, "below", percent.min(low - 1)),
        Standing::Within => (Role::Good, "within", percent.clamp(low, high)),
        Standing::Above => (Role::Warn, "above", percent.max(high + 1)),
    };
    let words = format!("{words} {low}–{high} %");
    // Room for `100 %`, so that the bar keeps its place.
    let first = format!("{:>5} of calls", format!("{percent} %"));
    let mut spans = vec![Span::styled(first.clone(), theme.style(Role::Strong))];
    let length = room.saturating_sub(width(&first) + width(&words) + 4);
    if length >= SHORTEST {
        spans.push(Span::raw("  "));
        spans.extend(bar(mix, length, theme));
    }
    spans.push(Span::styled(format!("  {words}"), theme.style(role)));
    Line::from(spans)
}

/// A bar with the target in it.
fn bar(mix: &Mix, length: usize, theme: &Theme) -> Vec<Span<'static>> {
    let cells = |part: u64, whole: u64| {
        (u128::from(part) * length as u128 / u128::from(whole.max(1))) as usize
    };
    let filled = cells(mix.workhorse(), mix.listed()).max(usize::from(mix.workhorse() > 0));
    let target = cells(TARGET.0, 100)..cells(TARGET.1, 100).max(cells(TARGET.0, 100) + 1);
    let cell = |at: usize| match (at < filled, target.contains(&at)) {
        (true, false) => Span::styled("█", theme.style(Role::Chart)),
        (true, true) => Span::styled("▓", theme.style(Role::Chart)),
        (false, true) => Span::styled("░", theme.style(Role::Chart)),
        (false, false) => Span::styled("·", theme.style(Role::Track)),
    };
    (0..length).map(cell).collect()
}

fn tiers(mix: &Mix, room: usize, theme: &Theme) -> Line<'static> {
    let all = mix.listed();
    let mut parts: Vec<String> = Vec::new();
    if all > 0 {
        let of = |name: &str, calls| format!("{name} {} %", percent(calls, all));
        parts.push(of("routine", mix.routine));
        parts.push(of("quality", mix.quality));
        parts.push(of("reasoning", mix.reasoning));
        parts.push(format!("of {}", counted(all, "call", "calls")));
    }
    if mix.unlisted > 0 {
        parts.push(format!("{} of unlisted models left out", thousands(mix.unlisted)));
    }
    Line::styled(joined(parts, " · ", room), theme.style(Role::Quiet))
}

/// Rounded.
fn percent(part: u64, whole: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
    ((part * 200 + whole) / (whole * 2)) as u64
}
