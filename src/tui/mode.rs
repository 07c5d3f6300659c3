//! What keys go to: the screen, or what lies over it.

use tui_input::Input;

use super::act::Dialog;
use super::lift::Form;
use super::palette::Palette;

/// What keys go to.
#[derive(Clone, Debug, Default)]
pub enum Mode {
    /// The screen.
    #[default]
    Normal,
    /// The help.
    Help {
        /// Lines scrolled away.
        above: u16,
    },
    /// The line that the filter is typed into.
    Filter(Input),
    /// The menu of what rows can be sorted by.
    Sort {
        /// The one under the mark.
        at: usize,
    },
    /// The line that commands are typed into.
    Palette(Palette),
    /// The dialog that does something to sessions.
    Act(Dialog),
    /// The form that lifts a cap.
    Lift(Form),
}
