//! The text of the units: pure, and for both systems on either.

use anyhow::{Result, bail};

/// The line by which `install` knows a unit of its own.
const MARK: &str = "Written by `spendtop service install`";

const SYSTEMD: &str = include_str!("../../../assets/units/spendtop.service");
const LAUNCHD: &str = include_str!("../../../assets/units/io.github.spendtop.plist");

/// What is to be run: the program's absolute path, its arguments, and variables to set.
#[derive(Clone, Debug, Default)]
pub(super) struct Job {
    pub program: String,
    pub arguments: Vec<String>,
    pub variables: Vec<(&'static str, String)>,
}

/// The system that runs services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Systemd,
    Launchd,
}

impl System {
    /// This machine's.
    pub(super) const fn here() -> Self {
        if cfg!(target_os = "macos") { Self::Launchd } else { Self::Systemd }
    }

    /// The unit's file name.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Systemd => "spendtop.service",
            Self::Launchd => "io.github.spendtop.plist",
        }
    }
}

/// A unit's text was written by `install`.
pub(super) fn is_ours(text: &str) -> bool {
    text.lines().take(2).any(|line| line.contains(MARK))
}

/// The unit.
pub(super) fn render(system: System, job: &Job) -> Result<String> {
    let texts = std::iter::once(&job.program)
        .chain(&job.arguments)
        .chain(job.variables.iter().map(|(_, value)| value));
    for text in texts {
        if text.chars().any(char::is_control) {
            bail!("a path with control characters cannot stand in a unit: {text:?}");
        }
    }
    Ok(match system {
        System::Systemd => systemd(job),
        System::Launchd => launchd(job),
    })
}

fn systemd(job: &Job) -> String {
    // Of the program's own name systemd replaces no variables.
    let mut command = vec![quoted(&job.program)];
    command.extend(job.arguments.iter().map(|text| quoted(&text.replace('$', "$$"))));
    let variables: Vec<String> = job
        .variables
        .iter()
        .map(|(name, value)| format!("Environment={}\n", quoted(&format!("{name}={value}"))))
        .collect();
    SYSTEMD.replacen("@EXEC@", &command.join(" "), 1).replacen(
        "@ENVIRONMENT@\n",
        &variables.concat(),
        1,
    )
}

/// A word of a unit: quoted where it needs that, and no specifier (`%h`) in it.
fn quoted(text: &str) -> String {
    let text = text.replace('%', "%%");
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,$~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn launchd(job: &Job) -> String {
    let words = std::iter::once(&job.program).chain(&job.arguments);
    let words: Vec<String> =
        words.map(|text| format!("\t\t<string>{}</string>\n", escaped(text))).collect();
    let variables: Vec<String> = job
        .variables
        .iter()
        .map(|(name, value)| {
            format!("\t\t<key>{name}</key>\n\t\t<string>{}</string>\n", escaped(value))
        })
        .collect();
    LAUNCHD.replacen("@ARGUMENTS@\n", &words.concat(), 1).replacen(
        "@ENVIRONMENT@\n",
        &variables.concat(),
        1,
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Job {
        Job {
            program: "/usr/local/bin/spendtop".into(),
            arguments: vec!["daemon".into()],
            variables: Vec::new(),
        }
    }

    fn awkward() -> Job {
        Job {
            program: "/home/ma ya/100%/\"bin\"/$x/spend<top>&co".into(),
            arguments: ["--db", "/data/a $HOME\\b.db", "daemon"].map(str::to_owned).to_vec(),
            variables: vec![("CLAUDE_CONFIG_DIR", "/a b,/c%d/$e".into())],
        }
    }

    #[test]
    fn units_of_both_systems() {
        insta::assert_snapshot!("systemd_plain", render(System::Systemd, &plain()).unwrap());
        insta::assert_snapshot!("systemd_awkward", render(System::Systemd, &awkward()).unwrap());
        insta::assert_snapshot!("launchd_plain", render(System::Launchd, &plain()).unwrap());
        insta::assert_snapshot!("launchd_awkward", render(System::Launchd, &awkward()).unwrap());
        for system in [System::Systemd, System::Launchd] {
            assert!(is_ours(&render(system, &plain()).unwrap()));
        }
    }

    #[test]
    fn no_path_can_add_a_line() {
        let evil = Job { program: "/a\nExecStartPre=/evil".into(), ..plain() };
        assert!(render(System::Systemd, &evil).is_err());
        let evil = Job { variables: vec![("SPENDTOP_DB", "a\r".into())], ..plain() };
        assert!(render(System::Launchd, &evil).is_err());
        assert!(!is_ours("") && !is_ours("[Unit]\nDescription=mine\n"));
    }
}
