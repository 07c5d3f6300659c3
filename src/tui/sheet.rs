//! A sheet of text over a screen, to read in: an explained call, what was done and why. It is the
//! screen's own state; the shell scrolls and closes it, and draws it over the screen.

use crate::format::{printable, width};
use crate::tui::theme::Role;

/// Cells of a sheet that the frame and its padding take.
pub const AROUND: u16 = 4;

/// Cells that the rest of a broken line is set in by.
pub const INSET: usize = 2;

/// Cells of a line, at most: longer ones are hard to follow.
const WIDEST: u16 = 110;

/// A sheet of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// What it is about.
    pub title: String,
    /// Its lines, as long as they are.
    lines: Vec<(Option<Role>, String)>,
    /// Lines scrolled away.
    above: usize,
}

impl Sheet {
    /// A sheet with these lines, which are made safe to show, and what each is for.
    pub fn new(title: &str, lines: impl IntoIterator<Item = (Option<Role>, String)>) -> Self {
        let safe = |(role, line): (Option<Role>, String)| (role, printable(&line).into_owned());
        Self {
            title: printable(title).into_owned(),
            lines: lines.into_iter().map(safe).collect(),
            above: 0,
        }
    }

    /// Its lines as they are set on a screen of this width.
    pub fn set(&self, columns: u16) -> Vec<(Option<Role>, String)> {
        let room = usize::from(columns.saturating_sub(AROUND).min(WIDEST)).max(1);
        let set = |(role, line): &(Option<Role>, String)| {
            wrapped(line, room, INSET).into_iter().map(|part| (*role, part)).collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(set).collect()
    }

    /// The first line that is shown, on a screen of this size.
    pub fn first(&self, lines: usize, rows: u16) -> usize {
        self.above.min(lines.saturating_sub(room(rows)))
    }

    /// Scrolls; tells whether that changed anything.
    pub fn move_by(&mut self, lines: isize, (columns, rows): (u16, u16)) -> bool {
        let last = self.set(columns).len().saturating_sub(room(rows));
        // A screen that has grown since may have left it too far down.
        let before = self.above.min(last);
        self.above = before.saturating_add_signed(lines).min(last);
        self.above != before
    }
}

/// Lines that have room.
fn room(rows: u16) -> usize {
    usize::from(rows.saturating_sub(2)).max(1)
}

/// A line in parts, broken between words, or within one that is too long; what follows is set in by
/// this many cells more than the line's beginning.
pub(super) fn wrapped(line: &str, room: usize, inset: usize) -> Vec<String> {
    if width(line) <= room {
        return vec![line.to_owned()];
    }
    let blanks = line.len() - line.trim_start().len();
    let inset = " ".repeat((blanks + inset).min(room / 2));
    let mut parts = vec![" ".repeat(blanks.min(room / 2))];
    let mut is_empty = true;
    // Words that are set apart stay so, on one line: a name and its value.
    let mut gap = 1;
    for word in line[blanks..].split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let mut word = word;
        while let Some(part) = parts.last_mut() {
            let before = if is_empty { 0 } else { gap };
            if width(part) + before + width(word) <= room {
                part.push_str(&" ".repeat(before));
                part.push_str(word);
                is_empty = false;
                break;
            }
            if is_empty {
                let mut cells = room.saturating_sub(width(part)).max(1);
                let cut = word
                    .char_indices()
                    .find(|(_, c)| {
                        let wide = width(c.encode_utf8(&mut [0; 4]));
                        let fits = cells >= wide;
                        cells = cells.saturating_sub(wide);
                        !fits
                    })
                    .map_or(word.len(), |(at, _)| at)
                    // A character wider than the screen, all the same: or there would be no end.
                    .max(word.chars().next().map_or(0, char::len_utf8));
                part.push_str(&word[..cut]);
                word = &word[cut..];
                if word.is_empty() {
                    is_empty = false;
                    break;
                }
            }
            parts.push(inset.clone());
            is_empty = true;
        }
        gap = 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_broken_between_words_and_a_long_word_within() {
        assert_eq!(wrapped("short", 10, 2), ["short"]);
        assert_eq!(wrapped("  one two three", 9, 2), ["  one two", "    three"]);
        assert_eq!(wrapped("abcdefghij", 4, 2), ["abcd", "  ef", "  gh", "  ij"]);
        assert_eq!(wrapped("a   b c d", 7, 2), ["a   b c", "  d"]);
        assert_eq!(wrapped("日本語", 4, 2), ["日本", "  語"]);
        for room in 1..4 {
            assert_eq!(wrapped(" 日 本語 x", room, 2).concat().replace(' ', ""), "日本語x");
        }
    }

    #[test]
    fn a_sheet_scrolls_to_its_end_and_no_further_whatever_the_size() {
        let lines = (0..10).map(|number| (None, format!("line {number}")));
        let mut sheet = Sheet::new("ten", lines);
        assert!(!sheet.move_by(-1, (80, 7)));
        assert!(sheet.move_by(isize::MAX, (80, 7)));
        assert_eq!(sheet.first(10, 7), 5);
        assert!(!sheet.move_by(1, (80, 7)));
        // The screen grew: one step up is seen at once.
        assert_eq!(sheet.first(10, 10), 2);
        assert!(sheet.move_by(-1, (80, 10)));
        assert_eq!(sheet.first(10, 10), 1);
        assert!(!sheet.move_by(1, (80, 40)), "all of it has room");
    }

    #[test]
    fn what_is_on_it_is_safe() {
        let sheet = Sheet::new("a\x1b[2J", [(None, "b\u{202e}".to_owned())]);
        assert_eq!(sheet.title, "a\u{fffd}[2J");
        assert_eq!(sheet.set(80), [(None, "b\u{fffd}".to_owned())]);
    }
}
