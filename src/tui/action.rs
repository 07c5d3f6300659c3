//! Everything that can happen to the screen, and what a person can ask of it. Which keys ask for
//! it is in [`keys`](super::keys).

use crossterm::event::KeyEvent;

use super::Given;
use super::app::Notice;
use super::deed::Reply;
use super::follow::Picture;
use super::screens::Screen;
use crate::model::Millis;

/// Something that happened.
#[derive(Debug)]
pub enum Action {
    /// A key was pressed.
    Key(KeyEvent),
    /// The user wants something.
    Command(Command),
    /// Time went on.
    Tick(Millis),
    /// The screen has this size now.
    Resized {
        /// Cells of a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// What is shown changed.
    Picture(Box<Picture>),
    /// The ledger cannot be read.
    Unreadable(String),
    /// The collector said something.
    Collector(Notice),
    /// The config changed, or the prices.
    Given(Box<Given>),
    /// The config changed, and cannot be used: why.
    Refused(String),
    /// What was asked to be done to a session is done, or is not.
    Reply(Reply),
}

/// Something the user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Leave.
    Quit,
    /// Show or hide the help.
    Help,
    /// Close what lies over the screen, or go back to the screen before.
    Back,
    /// Go to the next screen.
    NextScreen,
    /// Go to the screen before.
    PreviousScreen,
    /// Go to a screen.
    Go(Screen),
    /// Type a command's name.
    Palette,
    /// Stop the picture, or let it go on.
    Freeze,
    /// Select the row below.
    Down,
    /// Select the row above.
    Up,
    /// Go down half a screen.
    HalfPageDown,
    /// Go up half a screen.
    HalfPageUp,
    /// Go to the first row, and stay with whichever that is.
    First,
    /// Go to the last row.
    Last,
    /// Show only what has these words.
    Filter,
    /// Choose the column to sort by.
    Sort,
    /// Turn the order around.
    Reverse,
    /// Mark the row, to act on several.
    Tag,
    /// What belongs to a row, below it.
    Tree,
    /// More about the row.
    Detail,
    /// Do something to the row's session.
    Act,
    /// Sum up by something else.
    Group,
    /// Sum up a shorter time.
    PreviousSpan,
    /// Sum up a longer time.
    NextSpan,
    /// Tell where the row's figures come from.
    Explain,
    /// Look at something else of the same.
    View,
    /// Have a cap stop nothing for a while.
    Snooze,
    /// Have a cap's limit be more for its period.
    Raise,
    /// Copy the command that takes the session up again.
    Copy,
}
