//! The screens. To add one: a module here with its state, which is a [`Page`], and its line in
//! `PAGES`. Everything else (its digit, `Tab`, the palette, the help, reading its data while it is
//! shown, filter, sorting and moving over rows) follows from that.
//!
//! A page never reads anything by itself: it says what it wants read ([`Page::query`]), the
//! follower reads that on its own thread ([`Query::read`]) whenever the ledger changed, and the
//! page is drawn from what was read last.

pub mod activity;
pub mod caps;
pub mod days;
pub mod health;
pub mod live;
pub mod models;
mod page;
pub mod projects;
pub mod session;

pub use page::{Answer, Ask, Outcome, Page, PageObject, Query, Slot, Target};

/// The screens that there are or will be; the digit that leads to one is its place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Screen {
    /// Today, and the sessions.
    Live,
    /// One session.
    Session,
    /// How the caps stand.
    Caps,
    /// What was done and told.
    Activity,
    /// Day by day.
    Days,
    /// What each model costs.
    Models,
    /// Projects, branches, developers.
    Projects,
    /// Paths, prices, hooks, the daemon.
    Health,
}

/// Makes the state of a screen.
type Make = fn() -> Box<dyn PageObject>;

/// The screens that exist, in the order of `Tab`.
const PAGES: &[(Screen, Make)] = &[
    (Screen::Live, Slot::<live::Live>::make),
    (Screen::Session, Slot::<session::SessionPage>::make),
    (Screen::Caps, Slot::<caps::Caps>::make),
    (Screen::Activity, Slot::<activity::Activity>::make),
    (Screen::Days, Slot::<days::Days>::make),
    (Screen::Models, Slot::<models::Models>::make),
    (Screen::Projects, Slot::<projects::Projects>::make),
    (Screen::Health, Slot::<health::Health>::make),
];

impl Screen {
    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Session => "Session",
            Self::Caps => "Caps",
            Self::Activity => "Activity",
            Self::Days => "Days",
            Self::Models => "Models",
            Self::Projects => "Projects",
            Self::Health => "Health",
        }
    }

    /// The digit that leads to it.
    pub const fn digit(self) -> u8 {
        self as u8 + 1
    }
}

/// The screens that exist.
pub fn all() -> impl Iterator<Item = Screen> {
    PAGES.iter().map(|(screen, _)| *screen)
}

/// Whether a screen exists.
pub fn exists(screen: Screen) -> bool {
    all().any(|known| known == screen)
}

/// How many there are.
pub fn count() -> usize {
    PAGES.len()
}

/// The states of all screens.
pub(super) fn make() -> Vec<(Screen, Box<dyn PageObject>)> {
    PAGES.iter().map(|(screen, make)| (*screen, make())).collect()
}
