//! What a screen is to the rest: [`Page`] is what a screen's module writes, typed;
//! [`PageObject`] is how `App` holds any of them; [`Slot`] makes the one of the other and keeps
//! what was read.

use std::any::Any;
use std::fmt::{self, Debug};
use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ledger::LedgerError;
use crate::model::SessionKey;
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::deed::{Lift, Subject};
use crate::tui::screens::Screen;
use crate::tui::sheet::Sheet;
use crate::tui::source::Source;
use crate::tui::table::List;

/// A screen: its state, what it wants read, what commands do to it, and how it is drawn.
pub trait Page: Sized + 'static {
    /// What it wants read.
    type Query: Query;

    /// What it does beside moving over rows; only keys for these are offered on it.
    const COMMANDS: &'static [Command];

    /// The state before anything was read.
    fn new() -> Self;

    /// What to read for it now.
    fn query(&self) -> Self::Query;

    /// Its rows, if it has any.
    fn list(&mut self) -> Option<&mut dyn List> {
        None
    }

    /// The same, to be looked at.
    fn rows(&self) -> Option<&dyn List> {
        None
    }

    /// The place of a sheet of text over it, where it has one. While there is a sheet, moving is
    /// through that, and `Esc` takes it away.
    fn sheet(&mut self) -> Option<&mut Option<Sheet>> {
        None
    }

    /// The sheet that lies over it, to be looked at.
    fn shown_sheet(&self) -> Option<&Sheet> {
        None
    }

    /// Makes its rows anew, after there is new data, another filter or another order.
    fn arrange(&mut self, _data: &<Self::Query as Query>::Data) {}

    /// Does what was asked for; only commands of [`COMMANDS`](Self::COMMANDS) come.
    fn obey(
        &mut self,
        command: Command,
        data: Option<&<Self::Query as Query>::Data>,
        shell: &Shell,
    ) -> Outcome;

    /// Goes one step back within itself; tells whether there was one.
    fn back(&mut self) -> bool {
        false
    }

    /// Turns to what another screen opened it for.
    fn open(&mut self, _target: &Target) {}

    /// Draws it; no data: nothing was read yet.
    fn render(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        data: Option<&<Self::Query as Query>::Data>,
        shell: &Shell,
    );
}

/// What a page wants read. Equal ones read the same.
pub trait Query: Clone + PartialEq + Debug + Send + 'static {
    /// What comes of it.
    type Data: PartialEq + Debug + Send + 'static;

    /// Reads it. Runs on the follower's thread.
    fn read(&self, source: &mut Source<'_>) -> Result<Self::Data, LedgerError>;
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is other than before.
    Same,
    /// Draw it anew.
    Changed,
    /// Rows are other ones: have them made anew.
    Rearrange,
    /// Say something to the user.
    Say(String),
    /// Put this into the terminal's clipboard, and say so.
    Copy(String),
    /// Go to a screen, for something.
    Open(Screen, Target),
    /// Open the dialog that does something to these sessions.
    Act(Vec<Subject>),
    /// Open the form that lifts a cap of this name.
    Lift(Arc<str>, Lift),
}

/// What a screen is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A session.
    Session(SessionKey),
}

/// What was read for a screen, on its way there.
pub struct Answer(Box<dyn Any + Send>);

impl Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

/// A [`Query`] of any screen.
pub trait Ask: Debug + Send {
    /// Reads it.
    fn read(&self, source: &mut Source<'_>) -> Result<Answer, LedgerError>;
}

impl<Q: Query> Ask for Q {
    fn read(&self, source: &mut Source<'_>) -> Result<Answer, LedgerError> {
        Ok(Answer(Box::new(Query::read(self, source)?)))
    }
}

/// A [`Page`] of any type.
pub trait PageObject {
    /// What is to be read, where that is another than the last time.
    fn ask_anew(&mut self) -> Option<Box<dyn Ask>>;
    /// What is to be read.
    fn ask(&self) -> Box<dyn Ask>;
    /// Takes in what was read; tells whether that is another than before.
    fn take(&mut self, answer: Answer) -> bool;
    /// See [`Page::arrange`].
    fn arrange(&mut self);
    /// See [`Page::COMMANDS`].
    fn commands(&self) -> &'static [Command];
    /// See [`Page::list`].
    fn list(&mut self) -> Option<&mut dyn List>;
    /// See [`Page::rows`].
    fn rows(&self) -> Option<&dyn List>;
    /// See [`Page::sheet`].
    fn sheet_place(&mut self) -> Option<&mut Option<Sheet>>;
    /// See [`Page::shown_sheet`].
    fn sheet(&self) -> Option<&Sheet>;
    /// See [`Page::obey`].
    fn obey(&mut self, command: Command, shell: &Shell) -> Outcome;
    /// See [`Page::back`].
    fn back(&mut self) -> bool;
    /// See [`Page::open`].
    fn open(&mut self, target: &Target);
    /// See [`Page::render`].
    fn render(&self, frame: &mut Frame<'_>, area: Rect, shell: &Shell);
    /// The page itself, for tests and the benchmark.
    fn any(&self) -> &dyn Any;
}

/// A page with what was read for it.
pub struct Slot<P: Page> {
    /// The page.
    pub page: P,
    /// What was read last.
    pub data: Option<<P::Query as Query>::Data>,
    asked: P::Query,
}

impl<P: Page> Slot<P> {
    pub(super) fn make() -> Box<dyn PageObject> {
        let page = P::new();
        let asked = page.query();
        Box::new(Self { page, data: None, asked })
    }
}

impl<P: Page> PageObject for Slot<P> {
    fn ask_anew(&mut self) -> Option<Box<dyn Ask>> {
        let query = self.page.query();
        if query == self.asked {
            return None;
        }
        self.asked = query;
        Some(self.ask())
    }

    fn ask(&self) -> Box<dyn Ask> {
        Box::new(self.asked.clone())
    }

    fn take(&mut self, answer: Answer) -> bool {
        // What another screen asked for while this one was opened is nothing to us.
        let Ok(data) = answer.0.downcast::<<P::Query as Query>::Data>() else { return false };
        if self.data.as_ref() == Some(&*data) {
            return false;
        }
        self.page.arrange(&data);
        self.data = Some(*data);
        true
    }

    fn arrange(&mut self) {
        if let Some(data) = &self.data {
            self.page.arrange(data);
        }
    }

    fn commands(&self) -> &'static [Command] {
        P::COMMANDS
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        self.page.list()
    }

    fn rows(&self) -> Option<&dyn List> {
        self.page.rows()
    }

    fn sheet_place(&mut self) -> Option<&mut Option<Sheet>> {
        self.page.sheet()
    }

    fn sheet(&self) -> Option<&Sheet> {
        self.page.shown_sheet()
    }

    fn obey(&mut self, command: Command, shell: &Shell) -> Outcome {
        self.page.obey(command, self.data.as_ref(), shell)
    }

    fn back(&mut self) -> bool {
        self.page.back()
    }

    fn open(&mut self, target: &Target) {
        self.page.open(target);
    }

    fn render(&self, frame: &mut Frame<'_>, area: Rect, shell: &Shell) {
        self.page.render(frame, area, self.data.as_ref(), shell);
    }

    fn any(&self) -> &dyn Any {
        self
    }
}
