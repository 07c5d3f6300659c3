//! Texts that must fit a cell and do no harm there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands for a character that is not shown.
const REPLACEMENT: char = '\u{fffd}';

/// Replaces what could move the cursor, reorder, hide or fake text in a terminal.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        Cow::Owned(text.chars().map(|c| if is_harmful(c) { REPLACEMENT } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// How many characters of an id are shown where there is no room for all.
const SHORT_ID: usize = 8;

/// What tells a session or a subagent from others in few characters, safe to show: how its id begins.
/// Or how it ends, where ids begin with the time (UUIDs of version 7, and `ses_…`) and those of one
/// minute alike. Whoever looks for a session may type either.
pub fn short_id(id: &str) -> String {
    let id = printable(id);
    let is_uuid_7 = id.len() == 36 && id.as_bytes()[14] == b'7' && id.matches('-').count() == 4;
    let length = id.chars().count();
    let skipped =
        if is_uuid_7 || id.starts_with("ses_") { length.saturating_sub(SHORT_ID) } else { 0 };
    id.chars().skip(skipped).take(SHORT_ID).collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Direction marks, embeddings, overrides and isolates.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Nothing to see, or a line of its own.
            | '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}'
            | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
            // Fillers, and selectors that make terminals disagree about the width.
            | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{fe00}'..='\u{fe0f}')
}

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text cut to `cells` with `…` where something is missing at its end.
pub fn fit(text: &str, cells: usize) -> Cow<'_, str> {
    if text.width() <= cells {
        return Cow::Borrowed(text);
    }
    Cow::Owned(match cells.checked_sub(1) {
        None => String::new(),
        Some(room) => taken(text.chars(), room) + "…",
    })
}

/// A text cut to `cells` with `…` where something is missing at its start: the end of a path or a
/// branch tells more.
pub fn fit_end(text: &str, cells: usize) -> Cow<'_, str> {
    if text.width() <= cells {
        return Cow::Borrowed(text);
    }
    Cow::Owned(match cells.checked_sub(1) {
        None => String::new(),
        Some(room) => "…".chars().chain(taken(text.chars().rev(), room).chars().rev()).collect(),
    })
}

fn taken(characters: impl Iterator<Item = char>, mut room: usize) -> String {
    characters
        .map_while(|c| {
            room = room.checked_sub(c.width().unwrap_or(0))?;
            Some(c)
        })
        .collect()
}

/// A text set to the right within `cells`.
pub fn pad_start(text: &str, cells: usize) -> String {
    " ".repeat(cells.saturating_sub(text.width())) + text
}

/// The last components of each path, as many as it takes to tell it from the others.
pub fn short_paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> HashMap<&'a str, String> {
    let mut open: BTreeSet<&str> = paths.into_iter().collect();
    let mut short = HashMap::new();
    let mut depth = 1;
    while !open.is_empty() {
        let mut by_name: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
        for path in &open {
            by_name.entry(last_components(path, depth)).or_default().push(path);
        }
        for (name, paths) in by_name {
            for path in &paths {
                let is_whole = last_components(path, depth + 1).len() == name.len();
                if paths.len() == 1 || is_whole {
                    open.remove(path);
                    let text = if name.is_empty() { (*path).to_owned() } else { name.join("/") };
                    short.insert(*path, text);
                }
            }
        }
        depth += 1;
    }
    short
}

fn last_components(path: &str, count: usize) -> Vec<&str> {
    let mut parts: Vec<&str> =
        path.rsplit('/').filter(|part| !part.is_empty()).take(count).collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_transcript_steers_the_terminal() {
        assert!(matches!(printable("shop/日本/émile"), Cow::Borrowed(_)));
        for (text, shown) in [
            ("a\x1b[2Jb", "a\u{fffd}[2Jb"),
            ("a\nb\tc", "a\u{fffd}b\u{fffd}c"),
            ("a\u{9b}31m", "a\u{fffd}31m"),
            ("main\u{202e}gpj", "main\u{fffd}gpj"),
            ("ma\u{200b}in\u{feff}", "ma\u{fffd}in\u{fffd}"),
            ("a\u{2028}b\u{e0041}", "a\u{fffd}b\u{fffd}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn a_text_fits_its_cells() {
        assert_eq!(fit("feat/pay", 8), "feat/pay");
        assert_eq!(fit("feat/payment", 8), "feat/pa…");
        assert_eq!(fit_end("feat/payment", 8), "…payment");
        // A wide character that does not fit leaves a cell empty rather than run over.
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit_end("日本語", 4), "…語");
        assert_eq!(fit("ab", 1), "…");
        assert_eq!(fit("ab", 0), "");
        assert_eq!(pad_start("日", 4), "  日");
        assert_eq!(pad_start("long", 2), "long");
    }

    #[test]
    fn an_id_is_short_by_what_tells_it_from_others() {
        for (id, short) in [
            ("d3f5c882-1202-4ee9-b55b-79f43a7f7892", "d3f5c882"),
            ("01a211b2-4d29-7071-aa2a-b76592b2cf0b", "92b2cf0b"),
            ("ses_df6bbe578ffeY7MlApJO9TLsu6", "JO9TLsu6"),
            ("ses_1", "ses_1"),
            ("a", "a"),
            ("", ""),
            ("\u{1b}[2Jevil-id", "\u{fffd}[2Jevil"),
            ("é€é€é€é€é€é€", "é€é€é€é€"),
        ] {
            assert_eq!(short_id(id), short, "{id}");
        }
    }

    #[test]
    fn paths_are_short_where_that_is_unambiguous() {
        let paths =
            ["/home/dev/shop", "/home/dev/infra/", "/srv/a/web", "/srv/b/web", "web", "/", ""];
        let short = short_paths(paths);
        assert_eq!(short["/home/dev/shop"], "shop");
        assert_eq!(short["/home/dev/infra/"], "infra");
        assert_eq!(short["/srv/a/web"], "a/web");
        assert_eq!(short["/srv/b/web"], "b/web");
        assert_eq!(short["web"], "web");
        assert_eq!(short["/"], "/");
        assert_eq!(short[""], "");
    }

    #[test]
    fn paths_of_the_same_parts_end_at_their_parts() {
        let short = short_paths(["/a/b", "a/b", "a//b/"]);
        assert!(short.values().all(|text| text == "a/b"));
    }
}
