//! The real program on a pseudo-terminal: it opens, follows, and leaves the terminal as it was
//! however it ends.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcgetwinsize, tcsetwinsize};

use spendtop::ledger::Inbox;
use spendtop::model::{Lift, LiftBy, Millis, Note, PicoUsd};

use crate::cli_home::Home;
use crate::daemon::loops::{asks, go_round};

/// More than any step takes; a step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program on a terminal of 80 by 24.
pub(crate) struct Seat {
    pub(crate) program: Child,
    pub(crate) keyboard: File,
    /// Kept open, so that the terminal outlives the program.
    terminal: File,
    written: Arc<Mutex<String>>,
}

impl Seat {
    pub(crate) fn new(home: &Home, args: &[&str]) -> Self {
        Self::of_kind("xterm-256color", home, args)
    }

    fn of_kind(term: &str, home: &Home, args: &[&str]) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let terminal = File::options().read(true).write(true).open(path).unwrap();
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let program = home
            .command_now(args)
            .env("TERM", term)
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal.try_clone().unwrap())
            .spawn()
            .unwrap();
        let keyboard = File::from(master);
        let written = Arc::new(Mutex::new(String::new()));
        let (mut screen, sink) = (keyboard.try_clone().unwrap(), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                sink.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { program, keyboard, terminal, written }
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(self.terminal.as_fd()).unwrap().local_modes.contains(LocalModes::ICANON)
    }

    /// Waits for a text that is drawn in one go: a word, as blanks are often there before.
    #[track_caller]
    pub(crate) fn expect(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.written.lock().unwrap().contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {:?}", self.written.lock().unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What the terminal shows now, at the size it has now.
    fn shown(&self) -> String {
        let size = tcgetwinsize(&self.terminal).unwrap();
        let cells = |count: u16| NonZero::new(count).unwrap();
        let mut parser = vt100::Parser::new(cells(size.ws_row), cells(size.ws_col), 0);
        parser.process(self.written.lock().unwrap().as_bytes());
        parser.screen().contents()
    }

    /// Waits until the terminal shows something, or something no more.
    #[track_caller]
    fn expect_shown(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(&self.shown()) {
            assert!(Instant::now() < deadline, "not {what}: {}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the terminal another size, as a window that is dragged does. What was drawn before
    /// is of the old size and of no more interest.
    fn resize(&mut self, columns: u16, rows: u16) {
        self.written.lock().unwrap().clear();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.terminal, size).unwrap();
        // It is not the controlling terminal of the program, so nobody else tells it.
        self.signal(Signal::WINCH);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.program), signal).unwrap();
    }

    /// Waits for the end, and looks at what is left behind.
    #[track_caller]
    fn expect_end(mut self) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.program.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "still there");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(0));
        self.expect("\x1b[?1049l");
        assert!(!self.is_raw());
        let written = self.written.lock().unwrap();
        assert!(written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l"), "the cursor is hidden");
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn it_follows_what_is_written_and_q_leaves() {
    let home = Home::new();
    let mut seat = Seat::new(&home, &[]);
    seat.expect("\x1b[?1049h");
    seat.expect("transcripts");
    seat.expect("~/.claude/projects");
    assert!(seat.is_raw());
    home.install("chat");
    seat.expect("PROJECT");
    seat.keyboard.write_all(b"q").unwrap();
    seat.expect_end();
}

#[test]
fn a_person_moves_filters_sorts_acts_and_resizes() {
    let home = Home::small();
    let mut seat = Seat::new(&home, &[]);
    seat.expect_shown("there", |screen| screen.contains("sessions 2"));
    assert!(seat.shown().contains("▶"), "{}", seat.shown());
    seat.press("j");
    seat.expect_shown("moved", |screen| {
        let marked = screen.lines().filter(|line| line.contains('▶')).count();
        marked == 1 && !screen.lines().nth(7).unwrap_or_default().contains('▶')
    });
    seat.press("/billing");
    seat.expect_shown("filtered", |screen| screen.contains("1 with billing"));
    seat.press("\r");
    seat.press("r");
    seat.expect_shown("reversed", |screen| screen.contains("by activity ▲"));
    seat.press("sj\r");
    seat.expect_shown("sorted", |screen| screen.contains("by state ▼"));
    seat.press("x");
    seat.expect_shown("asked", |screen| screen.contains("no process of it was found"));
    seat.press("fflag too dear\r");
    seat.expect_shown("flagged", |screen| screen.contains("it is marked in reports"));
    seat.press("\r");
    seat.expect_shown("marked", |screen| screen.contains("END!   billing"));
    for (columns, rows) in [(120, 40), (40, 12), (20, 2), (1, 1), (200, 50), (80, 24)] {
        seat.resize(columns, rows);
        if columns >= 40 {
            seat.expect_shown("drawn anew", |screen| screen.contains("billing"));
        }
    }
    seat.press(":quit\r");
    seat.expect_end();
}

#[test]
fn every_signal_that_ends_a_program_leaves_the_terminal_as_it_was() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let home = Home::small();
        let seat = Seat::new(&home, &[]);
        seat.expect("billing");
        seat.signal(signal);
        seat.expect_end();
    }
}

#[test]
fn a_terminal_that_cannot_draw_gets_plain_lines() {
    let home = Home::small();
    let mut seat = Seat::of_kind("dumb", &home, &[]);
    assert_eq!(seat.program.wait().unwrap().code(), Some(0));
    seat.expect("Today: ");
    seat.expect("This is how it stands now");
    let written = seat.written.lock().unwrap().clone();
    assert!(written.contains("billing") && !written.contains('\x1b'), "{written:?}");
    let mut seat = Seat::of_kind("dumb", &home, &["demo"]);
    assert_eq!(seat.program.wait().unwrap().code(), Some(1));
    seat.expect("the demo needs a terminal");
}

#[test]
fn the_demo_runs_over_its_cap_and_its_runaway_is_ended() {
    let home = Home::new();
    // Not at midnight, when there is little to go over.
    let mut seat = Seat::new(&home, &["demo", "--speed", "60", "--now", super::NOW]);
    seat.expect("feat/ch");
    seat.expect("OVER");
    seat.expect("stopped");
    seat.keyboard.write_all(b"\x03").unwrap();
    seat.expect_end();
}

#[test]
fn a_person_looks_into_a_session_and_snoozes_a_cap() {
    let home = Home::small();
    home.write_config("daily_cap = 20\n");
    let mut seat = Seat::new(&home, &[]);
    seat.expect_shown("there", |screen| screen.contains("sessions 2"));
    seat.press("\r");
    seat.expect_shown("opened", |screen| screen.contains("session ") && screen.contains("resume"));
    seat.press("e");
    seat.expect_shown("explained", |screen| screen.contains("kept") && screen.contains(" @ "));
    seat.press("y");
    seat.expect("\x1b]52;c;");
    seat.press("\x1b");
    seat.expect_shown("closed", |screen| !screen.contains("Esc closes"));
    seat.press("3");
    seat.expect_shown("caps", |screen| screen.contains("caps 1"));
    seat.press("z1h\rthe release\r");
    // The tests may run inside an agent, where that is refused as the command refuses it.
    seat.expect_shown("answered", |screen| {
        screen.contains("daily is snoozed until") || screen.contains("this runs inside")
    });
    let was_refused = seat.shown().contains("this runs inside");
    seat.press("\x1b");
    seat.expect_shown("closed", |screen| !screen.contains("snooze cap"));
    seat.press("4");
    let kept = |screen: &str| screen.contains("SNOOZE") && screen.contains("cap daily");
    if was_refused {
        seat.expect_shown("nothing", |screen| screen.contains("Nothing was told or done yet"));
    } else {
        seat.expect_shown("kept", kept);
        seat.press("\r");
        seat.expect_shown("with its reason", |screen| screen.contains("evidence  the release"));
    }
    seat.press("q");
    seat.expect_end();
}

#[test]
fn a_loop_is_seen_as_it_goes_round_and_a_prompt_ends_it() {
    let home = Home::new();
    home.write_config(
        "session_alert_usd = 100000\n[notify]\ndesktop = false\n[loops]\nrunaway_usd = 1000\n",
    );
    std::fs::create_dir_all(home.projects()).unwrap();
    let mut seat = Seat::new(&home, &[]);
    seat.expect("transcripts");
    home.append("p/s.jsonl", &[asks(0, "s")]);
    go_round(&home, "s", 0..4);
    seat.expect_shown("counted", |screen| screen.contains("×4 ") && !screen.contains("×4!"));
    go_round(&home, "s", 4..14);
    seat.expect_shown("a loop", |screen| screen.contains("×14!"));
    seat.expect_shown("an alert", |screen| screen.contains("round"));
    seat.press("\r");
    seat.expect_shown("what repeats", |screen| {
        ["×14 in a row", "Bash", "make test"].iter().all(|words| screen.contains(words))
    });
    seat.press("1");
    home.append("p/s.jsonl", &[asks(20, "s")]);
    go_round(&home, "s", 20..21);
    seat.expect_shown("over", |screen| !screen.contains("×14!"));
    seat.press("q");
    seat.expect_end();
}

#[test]
fn a_changed_config_reaches_the_open_screen_and_a_wrong_one_does_not() {
    let home = Home::small();
    let desktop = "[notify]\ndesktop = false\n";
    configure(&home, desktop);
    let mut seat = Seat::new(&home, &[]);
    seat.expect_shown("no cap", |screen| screen.contains("no daily cap"));
    configure(&home, &format!("daily_cap = 33\n{desktop}[keys]\nquit = \"Q\"\n"));
    seat.expect_shown("its cap", |screen| screen.contains("of $33.00"));
    seat.expect_shown("its keys", |screen| screen.contains("Q quit"));
    configure(&home, &format!("dayly_cap = 1\n{desktop}"));
    seat.expect_shown("refused", |screen| screen.contains("config not used"));
    assert!(seat.shown().contains("of $33.00"), "{}", seat.shown());
    configure(&home, &format!("daily_cap = 44\n{desktop}"));
    seat.expect_shown("mended", |screen| {
        screen.contains("of $44.00") && !screen.contains("not used")
    });
    seat.press("q");
    seat.expect_end();
}

#[test]
fn a_cap_that_is_lifted_elsewhere_is_lifted_on_the_open_screen() {
    let home = Home::small();
    configure(&home, "daily_cap = 20\n[notify]\ndesktop = false\n");
    let mut seat = Seat::new(&home, &[]);
    seat.expect_shown("its cap", |screen| screen.contains("of $20.00"));
    let now = Millis::from(crate::daemon::now());
    let note = Note::Lift(Lift {
        cap: "daily".into(),
        what: LiftBy::Raise { amount: PicoUsd::from_dollars(7), until: Millis(i64::MAX) },
        at: now,
        reason: "the release".into(),
        by: "maya".into(),
    });
    // As `spendtop raise` leaves it, which the tests may not be allowed to.
    let inbox = Inbox::open(&spendtop::paths::inbox_of(&home.db())).unwrap();
    inbox.leave(&note, now).unwrap();
    seat.expect_shown("raised", |screen| screen.contains("of $27.00"));
    seat.press("q");
    seat.expect_end();
}

#[cfg(target_os = "linux")]
#[test]
fn who_leaves_while_a_session_is_being_stopped_waits_for_its_end() {
    use crate::daemon::kill::{Stage, ended};
    use crate::daemon::{actions_of, spending, until};
    use crate::enforce::IGNORES;

    let stage = Stage::new("daily_cap = 6\naction = \"kill\"\ngrace = 2\n");
    let agent = stage.agent("s", IGNORES);
    let mut seat = Seat::new(&stage.home, &[]);
    seat.expect("transcripts");
    stage.append("s", &[spending("1", "s"), spending("2", "s")]);
    until("the first signal", || actions_of(&stage.home, "signal").len() == 1);
    assert!(agent.is_alive(), "it ignores that one");
    seat.press("q");
    seat.expect("over its cap is being stopped");
    seat.expect_end();
    ended(&agent);
    assert_eq!(actions_of(&stage.home, "signal").len(), 2);
    assert_eq!(actions_of(&stage.home, "ended").len(), 1);
}

/// Writes the config at once, as an editor does.
fn configure(home: &Home, text: &str) {
    let new = home.path("new.toml");
    std::fs::create_dir_all(home.config().parent().unwrap()).unwrap();
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, home.config()).unwrap();
}
