//! `--ascii`: what we draw beyond ASCII is replaced cell by cell once everything is drawn, so that
//! no panel needs to know of it. Names keep their letters: they are the user's own.

use ratatui::buffer::Buffer;

/// Replaces the signs of the screen.
pub(super) fn translate(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if let Some(plain) = plain(cell.symbol()) {
            cell.set_symbol(plain);
        }
    }
}

fn plain(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "╭" | "╮" | "╰" | "╯" | "▒" => "+",
        "─" | "▃" | "▄" | "–" | "—" | "╸" => "-",
        "│" | "├" => "|",
        "└" => "`",
        "▶" | "›" | "≥" | "→" => ">",
        "●" | "•" => "*",
        "○" | "◌" => "o",
        "■" | "█" | "▉" | "▊" | "▋" | "▇" => "#",
        "▌" | "▍" | "▎" | "▏" | "▅" | "▆" | "━" => "=",
        "▁" | "▂" => "_",
        "·" => ".",
        "░" => ":",
        "▓" => "%",
        "…" => "~",
        "×" => "x",
        "↑" | "▲" => "^",
        "↓" | "▼" => "v",
        "←" | "‹" => "<",
        _ => return None,
    })
}
