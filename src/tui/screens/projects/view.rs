//! Draws the Projects screen.
//!
//! ```text
//! ╭ projects › shop  today ‹7 days› 30 days  month  all  17–23 Nov · $61.05 ────────────────╮
//! │   BRANCH       COST  SHARE                        CALLS  SESSIONS  CACHE  LAST           │
//! │ ▶ feat/pay   $48.10    78%  ████████████████▌       148         3    91%   now           │
//! │   main        $9.02    14%  ███                      40         1    84%    2h           │
//! ╰─────────────────────────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Data, Level, Part, Projects};
use crate::format::{age, column_decimals, fit_end, floor, money, money_fixed, thousands, width};
use crate::model::UsdTotal;
use crate::tui::app::Shell;
use crate::tui::screens::live::cached;
use crate::tui::table::List as _;
use crate::tui::theme::Role;
use crate::tui::view::grid::{self, Cell, Column, Side};
use crate::tui::view::{FRAMED, indented, picker};

/// What the way to here may take of the head.
const CRUMBS: usize = 36;

fn columns(level: Level, shell: &Shell) -> [Column; 10] {
    let right = |title, least, rank| Column { title, side: Side::Right, least, rank };
    let is_session = level == Level::Session;
    [
        Column::name(title(level), 14, 10),
        Column {
            title: if is_session { "AGENT" } else { "" },
            side: Side::Name,
            least: 0,
            rank: 5,
        },
        right(grid::money_title(shell), 7, 9),
        right("SHARE", 5, 8),
        Column { title: "", side: Side::Bar, least: 0, rank: 2 },
        right("CALLS", 5, 6),
        right(if is_session { "" } else { "SESSIONS" }, 0, if is_session { 0 } else { 4 }),
        right("CACHE", 5, 3),
        right("LAST", 4, 7),
        Column { title: "", side: Side::Left, least: 0, rank: 1 },
    ]
}

const fn title(level: Level) -> &'static str {
    match level {
        Level::Developer => "DEVELOPER",
        Level::Project => "PROJECT",
        Level::Branch => "BRANCH",
        Level::Session => "SESSION",
    }
}

pub(super) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    projects: &Projects,
    data: Option<&Data>,
    shell: &Shell,
) {
    let theme = &shell.look.theme;
    let framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
    let Some(data) = data else {
        frame.render_widget(Line::styled("–", theme.style(Role::Quiet)), indented(area));
        return;
    };
    let notes = notes(projects, data, shell);
    let name = head(data);
    let span = data.drill.span;
    let area = picker::headed(frame, area, framed, &name, span, data.today, notes, theme);
    let table = projects.table();
    if table.rows().is_empty() {
        let words = if table.filter().is_empty() {
            "no calls in this time: ] takes a longer one".to_owned()
        } else {
            format!("nothing has all of: {}   (Esc shows all)", table.filter())
        };
        frame.render_widget(Line::styled(words, theme.style(Role::Quiet)), area);
        return;
    }
    let window = table.window(usize::from(area.height.saturating_sub(1)));
    let costs = || data.parts.iter().map(|part| part.totals.cost);
    // Against the dearest, or many small ones would be no bars at all.
    let (decimals, most) = (column_decimals(costs()), costs().max().unwrap_or_default());
    let rows: Vec<Vec<Cell>> = table.rows()[window.clone()]
        .iter()
        .filter_map(|(_, number)| Some(row(data.parts.get(*number)?, data, most, decimals, shell)))
        .collect();
    let selected = table.position().checked_sub(window.start);
    grid::render(frame, area, &columns(data.level, shell), &rows, selected, theme);
}

/// `projects › shop › main`: what the rows are in.
fn head(data: &Data) -> String {
    let first = match data.drill.group.levels()[0] {
        Level::Developer => "developers",
        Level::Branch => "branches",
        Level::Project | Level::Session => "projects",
    };
    let mut head = first.to_owned();
    for crumb in &data.crumbs {
        let crumb = if crumb.is_empty() { "–" } else { crumb };
        head = format!("{head} › {crumb}");
    }
    if width(&head) <= CRUMBS { head } else { fit_end(&head, CRUMBS).into_owned() }
}

fn row(part: &Part, data: &Data, most: UsdTotal, decimals: u32, shell: &Shell) -> Vec<Cell> {
    let totals = &part.totals;
    let is_session = data.level == Level::Session;
    let name = if part.name.is_empty() { "–".to_owned() } else { part.name.clone() };
    let since = shell.now.since(part.last);
    // A session of which only its own total is known.
    let last = match part.last.0 {
        0 => "–".into(),
        _ if since < 60_000 => "now".into(),
        _ => age(since),
    };
    let unlogged = part.unlogged != UsdTotal::ZERO;
    let unlogged = unlogged.then(|| format!("+{} unlogged", money_fixed(part.unlogged, 2)));
    vec![
        Cell::plain(name),
        Cell::quiet(part.note.clone()),
        Cell::Text(grid::amount(totals, decimals, shell.is_behind()), Some(Role::Strong)),
        Cell::plain(grid::share(totals.cost, data.total.cost)),
        Cell::Bar(totals.cost, most),
        Cell::plain(thousands(totals.calls)),
        Cell::quiet(if is_session { String::new() } else { thousands(part.sessions as u64) }),
        Cell::quiet(cached(totals).map_or_else(|| "–".into(), |share| format!("{share}%"))),
        Cell::plain(last),
        Cell::quiet(unlogged.unwrap_or_default()),
    ]
}

/// What stands behind the picker.
fn notes(projects: &Projects, data: &Data, shell: &Shell) -> Vec<String> {
    let is_floor = data.total.is_floor() || shell.is_behind();
    let mut notes = vec![floor(money_fixed(data.total.cost, 2), is_floor)];
    let table = projects.table();
    if !table.filter().is_empty() {
        notes.push(format!("with {}", table.filter()));
    }
    notes.extend(grid::order_note(table));
    if data.unlogged != UsdTotal::ZERO {
        notes.push(format!("{} more by the agents' own totals", money(data.unlogged)));
    }
    notes
}
