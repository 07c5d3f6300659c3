//! Draws the state: what every screen has around it, the screen itself between, and what lies over
//! it. One panel a file, each a function of the frame, its place and the state.
//!
//! ```text
//!  spendtop  1 Live  2 Session  …   maya  Mon 23 Nov 15:41 Europe/Berlin      ● live     header
//! ╭───────────────────────────────────────────────────────────────────────────────╮
//! │ the screen: `screens/<its name>/view`                                         │
//! ╰───────────────────────────────────────────────────────────────────────────────╯
//!  ! 3 calls have no price: `spendtop prices missing`                               alert
//!  Enter detail   x act   / filter   ? help   q quit                                keys
//! ```
//!
//! A low terminal loses its lines from the outside in: the last one left is the screen's first.

mod act;
mod ascii;
mod footer;
pub(super) mod grid;
mod header;
mod help;
mod lift;
mod palette;
mod parts;
pub(super) mod picker;
mod sheet;
mod sort;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};

pub(super) use self::parts::{FRAMED, fitting, indented, joined, panel};
use super::app::App;
use super::mode::Mode;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    let alert = footer::alert(app);
    let when = |fits: bool| u16::from(fits);
    let [header, main, alert_line, keys] = area.layout(&Layout::vertical([
        Constraint::Length(when(area.height >= 2)),
        Constraint::Min(0),
        Constraint::Length(when(alert.is_some() && area.height >= 7)),
        Constraint::Length(when(area.height >= 6)),
    ]));
    header::render(frame, header, app);
    app.page().render(frame, main, &app.shell);
    if let Some(alert) = alert {
        footer::render_alert(frame, alert_line, &alert, &app.shell.look.theme);
    }
    footer::render_keys(frame, keys, app);
    if let Some(sheet) = app.page().sheet() {
        sheet::render(frame, area, sheet, &app.shell.look.theme);
    }
    match &app.mode {
        Mode::Normal | Mode::Filter(_) => {}
        Mode::Help { above } => help::render(frame, area, app, *above),
        Mode::Sort { at } => sort::render(frame, area, app, *at),
        Mode::Palette(palette) => palette::render(frame, area, palette, app),
        Mode::Lift(form) => lift::render(frame, area, form, &app.shell.look.theme),
        Mode::Act(dialog) => act::render(frame, area, dialog, &app.shell.look.theme),
    }
    if app.shell.look.ascii {
        ascii::translate(frame.buffer_mut());
    }
}
