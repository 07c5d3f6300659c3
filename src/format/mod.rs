//! How amounts, counts, times and names are written, shared by the screen and the commands.
//!
//! Pure; depends on `model` only. Whatever comes from a transcript passes [`printable`] before it
//! is shown: a project can be named anything.

mod count;
mod money;
mod text;

pub use count::{Bar, age, bar, counted, duration, percent, thousands, tokens};
pub use money::{column_decimals, money, money_fixed};
pub use text::{fit, fit_end, pad_start, printable, short_id, short_paths, width};

/// Marks a figure that is at least what it says.
pub const FLOOR: &str = "≥";

/// A figure, marked where it is a floor.
pub fn floor(text: String, is_floor: bool) -> String {
    if is_floor { format!("{FLOOR}{text}") } else { text }
}
