//! The real program in a shell within tmux: whatever ends it, the shell has its terminal back as it
//! was.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::cli_home::{Home, call};

/// More than any step takes; a step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A shell in a terminal of 100 by 30, on a tmux server of its own.
struct Tmux<'a> {
    home: &'a Home,
    socket: std::path::PathBuf,
}

impl<'a> Tmux<'a> {
    fn open(home: &'a Home) -> Self {
        let tmux = Self { home, socket: home.path("tmux") };
        std::fs::create_dir_all(home.path("home")).unwrap();
        // Nothing of the machine's own environment, and a prompt that is known.
        let shell = format!(
            "env -i HOME={} PATH=/usr/bin:/bin TERM=tmux-256color LANG=C.UTF-8 TZ=UTC PS1='$ ' sh",
            home.path("home").display()
        );
        tmux.ask(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", &shell]);
        tmux.expect("a prompt", |screen| screen.contains('$'));
        tmux
    }

    fn ask(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).args(args).env_clear();
        command.envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("TERM", "xterm")]);
        let output = command.current_dir(self.home.folder.path()).output();
        let output = output.expect("tmux is needed: see .ci/run");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn keys(&self, keys: &[&str]) {
        self.ask(&[&["send-keys"], keys].concat());
    }

    fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p"])
    }

    #[track_caller]
    fn expect(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(&self.screen()) {
            assert!(Instant::now() < deadline, "no {what}: {}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the terminal is set to: its modes, the other screen, the cursor, the mouse.
    fn state(&self) -> String {
        self.keys(&["clear; stty -a; echo SET", "Enter"]);
        self.expect("settings", |screen| screen.lines().any(|line| line == "SET"));
        let settings: Vec<String> = self.screen().lines().map(str::to_owned).collect();
        let from = settings.iter().position(|line| line.starts_with("speed")).unwrap();
        let flags =
            "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag} #{insert_flag}";
        format!("{}\n{}", settings[from..].join("\n"), self.ask(&["display", "-p", flags]))
    }

    /// Starts the program, and waits until its screen is there.
    fn start(&self, args: &str) {
        let program = env!("CARGO_BIN_EXE_spendtop");
        self.keys(&[&format!("clear; {program} {args}; echo ended $?"), "Enter"]);
        self.expect("screen", |screen| screen.contains("billing") && screen.contains("sessions 2"));
    }

    /// The number of the program, as the shell's only child.
    fn pid(&self) -> String {
        let shell = self.ask(&["display", "-p", "#{pane_pid}"]).trim().to_owned();
        let children = format!("/proc/{shell}/task/{shell}/children");
        std::fs::read_to_string(children).unwrap().trim().to_owned()
    }

    #[track_caller]
    fn expect_end(&self, code: i32) {
        let words = format!("ended {code}");
        self.expect(&words, |screen| screen.lines().any(|line| line == words));
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let mut end = Command::new("tmux");
        let _ = end.arg("-S").arg(&self.socket).arg("kill-server").env_clear().output();
    }
}

#[test]
fn a_person_opens_moves_filters_acts_resizes_and_quits() {
    let home = Home::small();
    let tmux = Tmux::open(&home);
    let before = tmux.state();
    tmux.start("--mouse");
    for (key, title) in [("8", "health"), ("5", "days"), ("3", "caps"), ("1", "sessions 2")] {
        tmux.keys(&[key]);
        tmux.expect(title, |screen| screen.to_lowercase().contains(title));
    }
    tmux.keys(&["/", "billing", "Enter"]);
    tmux.expect("filter", |screen| screen.contains("1 with billing"));
    tmux.keys(&["x"]);
    tmux.expect("dialog", |screen| screen.contains("no process of it was found"));
    tmux.keys(&["Escape"]);
    tmux.ask(&["resize-window", "-x", "40", "-y", "12"]);
    tmux.expect("narrow table", |screen| screen.contains("billing") && !screen.contains("MODEL"));
    tmux.ask(&["resize-window", "-x", "100", "-y", "30"]);
    tmux.expect("wide table", |screen| screen.contains("MODEL"));
    tmux.keys(&["q"]);
    tmux.expect_end(0);
    assert_eq!(tmux.state(), before);
}

#[test]
fn a_panic_on_any_thread_is_reported_on_a_terminal_that_is_as_it_was() {
    let home = Home::small();
    let tmux = Tmux::open(&home);
    let before = tmux.state();
    for (thread, code) in [("main", 101), ("follower", 1), ("collector", 1)] {
        tmux.start(&format!("__fault {thread}"));
        std::fs::write(home.path("home/fault"), "").unwrap();
        // The collector looks at the clock when there is something to collect.
        home.append("billing/B.jsonl", &[call(thread, "B", "claude-opus-5-5")]);
        tmux.expect_end(code);
        let screen = tmux.screen();
        assert!(screen.contains(&format!("thread '{thread}'")), "{screen}");
        assert!(screen.contains("the clock fails, as it was asked to"), "{screen}");
        assert!(!screen.contains("sessions 2"), "the screen is gone: {screen}");
        assert_eq!(tmux.state(), before, "after a panic of {thread}");
        std::fs::remove_file(home.path("home/fault")).unwrap();
    }
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let home = Home::small();
    let tmux = Tmux::open(&home);
    let before = tmux.state();
    for signal in ["TERM", "INT", "HUP"] {
        tmux.start("--mouse");
        let kill = Command::new("kill").args([&format!("-{signal}"), &tmux.pid()]).status();
        assert!(kill.unwrap().success());
        tmux.expect_end(0);
        assert_eq!(tmux.state(), before, "after {signal}");
    }
}
