//! The first line: the screens, whose day, which day, and how collecting stands.
//!
//! ```text
//!  spendtop demo  1 Live  2 Session   maya  Mon 23 Nov 15:41 Europe/Berlin      ● live
//! ```
//!
//! What says least goes first where there is no room: the zone, the developer, the other screens.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{fitting, indented};
use crate::format::{age, fit, printable, width};
use crate::tui::app::{App, Collector};
use crate::tui::screens;
use crate::tui::theme::Role;

/// A collector beats every half a minute: after this it is stuck.
const SILENT_MS: i64 = 2 * 60_000;

/// What is kept for the day and its time beside the names of all screens.
const TIME: usize = 18;

/// Cells between the names of two screens: as many as have room.
const GAPS: [usize; 2] = [2, 1];

/// What a state in short takes.
const SHORT_STATE: usize = 10;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let theme = &app.shell.look.theme;
    let area = indented(area);
    let mut left = vec![Span::styled("spendtop", theme.style(Role::Title))];
    if let Some(label) = app.shell.setting.label {
        left.push(Span::styled(format!(" {label}"), theme.style(Role::Warn)));
    }
    let name: usize = left.iter().map(|span| width(&span.content)).sum();
    let room = usize::from(area.width).saturating_sub(name + 2);
    // Where the names of the screens have room at all, a long state does not take it.
    let beside_tabs = |gap| room.saturating_sub(width_of_tabs(gap) + TIME + 2);
    let gap = GAPS.into_iter().find(|gap| beside_tabs(*gap) >= SHORT_STATE);
    let (role, state) = state(app, gap.map_or(room / 2, beside_tabs));
    let room = room.saturating_sub(width(&state) + 2);
    let tabs = tabs(app, gap);
    let taken: usize = tabs.iter().map(|span| width(&span.content)).sum();
    left.extend(tabs);
    left.push(Span::raw("  "));
    left.push(Span::raw(fitting(when_and_whose(app), room.saturating_sub(taken))));
    frame.render_widget(Line::from(left), area);
    let state = Line::styled(state, theme.style(role)).right_aligned();
    let state_width = (state.width() as u16).min(area.width.saturating_sub(name as u16 + 1));
    let x = area.right() - state_width;
    frame.render_widget(state, Rect { x, width: state_width, ..area });
}

/// The screens with their digits, this far apart, or the one that is shown alone; none where there
/// is but one.
fn tabs(app: &App, gap: Option<usize>) -> Vec<Span<'static>> {
    if screens::count() < 2 {
        return Vec::new();
    }
    let theme = &app.shell.look.theme;
    let tab = |screen: screens::Screen| {
        let here = screen == app.screen();
        let role = if here { Role::Strong } else { Role::Quiet };
        Span::styled(format!("{} {}", screen.digit(), screen.title()), theme.style(role))
    };
    let mut tabs = Vec::new();
    for screen in screens::all().filter(|screen| gap.is_some() || *screen == app.screen()) {
        let gap = if tabs.is_empty() { GAPS[0] } else { gap.unwrap_or_default() };
        tabs.push(Span::raw(" ".repeat(gap)));
        tabs.push(tab(screen));
    }
    tabs
}

/// What the names of all screens take, this far apart.
fn width_of_tabs(gap: usize) -> usize {
    let tab = |screen: screens::Screen| width(screen.title()) + 2 + gap;
    screens::all().map(tab).sum()
}

/// From everything down to nothing.
fn when_and_whose(app: &App) -> [String; 5] {
    let setting = &app.shell.setting;
    let now = app.shell.now.timestamp().to_zoned_datetime(setting.zone.clone());
    let developer = printable(&setting.developer);
    let zone = match setting.zone.iana_name() {
        Some(name) => name.to_owned(),
        None => now.strftime("%Z").to_string(),
    };
    let day = now.strftime("%a %-d %b %H:%M");
    let time = now.strftime("%H:%M");
    [
        format!("{developer}  {day} {zone}"),
        format!("{developer}  {day}"),
        day.to_string(),
        time.to_string(),
        String::new(),
    ]
}

fn state(app: &App, room: usize) -> (Role, String) {
    if app.frozen.is_some() {
        return (Role::Warn, "■ FROZEN".into());
    }
    match &app.shell.collector {
        Collector::Starting => (Role::Quiet, "○ starting".into()),
        Collector::Reading { read_bytes, total_bytes } => {
            let percent = (read_bytes.saturating_mul(100) / total_bytes.max(&1)).min(100);
            let texts = [format!("◌ reading {percent} %"), format!("◌ {percent} %")];
            (Role::Warn, fitting(texts, room))
        }
        // Nobody else follows: it ends with the screen.
        Collector::Live => {
            let texts = ["● live, watching by itself", "● live by itself", "● live"];
            (Role::Good, fitting(texts.map(str::to_owned), room))
        }
        Collector::Elsewhere(who) => {
            let (role, texts) = if let Some(silence) = silence(app) {
                let silence = age(silence);
                let long = format!("■ {who} silent for {silence}");
                (Role::Bad, vec![long, format!("■ silent {silence}"), "■ silent".into()])
            } else {
                (Role::Good, vec![format!("● live, collected by {who}"), "● live".into()])
            };
            (role, fitting(texts, room))
        }
        // Why stands in the line above the keys.
        Collector::Failed(_) => (Role::Bad, fit("■ not collecting", room).into_owned()),
    }
}

/// How long the collector has given no sign of life, if that is too long.
pub(super) fn silence(app: &App) -> Option<i64> {
    let heartbeat = app.shell.board.as_ref()?.heartbeat?;
    let silence = app.shell.now.since(heartbeat);
    (silence > SILENT_MS).then_some(silence)
}
