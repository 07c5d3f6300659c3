//! `service`: has systemd (launchd on macOS) run the daemon, as the user's own service.

mod status;
mod tool;
mod unit;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use self::tool::Ran;
use self::unit::{Job, System};
use super::args::ServiceCommand;
use super::context::{Context, show};
use super::{Outcome, UsageError};
use crate::format::printable;
use crate::paths;

pub(super) fn run(
    context: &Context,
    command: ServiceCommand,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let service = Service::here(context)?;
    match command {
        ServiceCommand::Install { dry_run: true, .. } => {
            out.write_all(unit::render(service.system, &service.job)?.as_bytes())?;
            let file = show(&context.paths, &service.file);
            let mut err = io::stderr();
            writeln!(err, "This would be written to {file}, and then be run:")?;
            for words in service.to_start() {
                writeln!(err, "    {}", words.join(" "))?;
            }
            Ok(Outcome::Done)
        }
        ServiceCommand::Install { force, .. } => service.install(context, force, out),
        ServiceCommand::Uninstall { dry_run, force } => {
            service.uninstall(context, dry_run, force, out)
        }
        ServiceCommand::Status(args) => status::run(context, &service, args, out),
    }
}

/// The service of this machine's system.
struct Service {
    system: System,
    file: PathBuf,
    job: Job,
}

impl Service {
    fn here(context: &Context) -> Result<Self> {
        let system = System::here();
        let folder = match system {
            System::Systemd => context.paths.systemd_units(),
            System::Launchd => context.paths.launch_agents(),
        };
        let folder = folder.ok_or_else(|| UsageError("no home directory".into()))?;
        Ok(Self { system, file: folder.join(system.file()), job: job(context)? })
    }

    /// The unit that is there; none where there is none.
    fn text(&self) -> Result<Option<String>> {
        match fs::read(&self.file) {
            // What is no text is none of ours.
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let file = self.file.display();
                Err(anyhow::Error::new(error).context(format!("cannot read {file}")))
            }
        }
    }

    fn install(&self, context: &Context, force: bool, out: &mut dyn Write) -> Result<Outcome> {
        let shown = show(&context.paths, &self.file);
        if !force && self.text()?.is_some_and(|text| !unit::is_ours(&text)) {
            bail!("{shown} is not by `spendtop service install`: --force replaces it");
        }
        let text = unit::render(self.system, &self.job)?;
        write(&self.file, &text).with_context(|| format!("cannot write {shown}"))?;
        writeln!(out, "wrote {shown}")?;
        let outcome = run_all(&self.to_start(), out)?;
        if self.system == System::Systemd && outcome == Outcome::Done {
            writeln!(out, "To have it run while you are logged out, too: loginctl enable-linger")?;
        }
        Ok(outcome)
    }

    fn uninstall(
        &self,
        context: &Context,
        dry_run: bool,
        force: bool,
        out: &mut dyn Write,
    ) -> Result<Outcome> {
        let shown = show(&context.paths, &self.file);
        let Some(text) = self.text()? else {
            writeln!(out, "There is no {shown}.")?;
            return Ok(Outcome::Done);
        };
        if !force && !unit::is_ours(&text) {
            bail!("{shown} is not by `spendtop service install`: --force removes it");
        }
        if dry_run {
            writeln!(out, "This would be run, and {shown} be removed:")?;
            for words in self.to_stop().iter().chain(&self.after_removal()) {
                writeln!(out, "    {}", words.join(" "))?;
            }
            return Ok(Outcome::Done);
        }
        // The unit goes in any case: a service that could not be stopped is told of.
        let stopped = run_all(&self.to_stop(), out)?;
        fs::remove_file(&self.file).with_context(|| format!("cannot remove {shown}"))?;
        writeln!(out, "removed {shown}")?;
        let reloaded = run_all(&self.after_removal(), out)?;
        Ok(if stopped == Outcome::Done { reloaded } else { stopped })
    }

    /// What is run once the unit is there. It is restarted, so that a newer program takes over;
    /// nobody waits until it has read everything.
    fn to_start(&self) -> Vec<Vec<String>> {
        match self.system {
            System::Systemd => vec![
                words("systemctl --user daemon-reload"),
                words("systemctl --user enable spendtop.service"),
                words("systemctl --user restart --no-block spendtop.service"),
            ],
            System::Launchd => {
                let mut start = words(&format!("launchctl bootstrap gui/{}", paths::user_number()));
                start.push(self.file.display().to_string());
                vec![start]
            }
        }
    }

    fn to_stop(&self) -> Vec<Vec<String>> {
        match self.system {
            System::Systemd => vec![words("systemctl --user disable --now spendtop.service")],
            System::Launchd => {
                let user = paths::user_number();
                vec![words(&format!("launchctl bootout gui/{user}/io.github.spendtop"))]
            }
        }
    }

    fn after_removal(&self) -> Vec<Vec<String>> {
        match self.system {
            System::Systemd => vec![words("systemctl --user daemon-reload")],
            System::Launchd => Vec::new(),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// This program, as it was found, with what says where config and ledger are.
fn job(context: &Context) -> Result<Job> {
    let text = |path: &Path| -> Result<String> {
        let path = std::path::absolute(path)?;
        let Some(text) = path.to_str() else {
            bail!("{} is not UTF-8, and cannot stand in a unit", path.display());
        };
        Ok(text.to_owned())
    };
    let program = paths::program().context("cannot tell where this program is")?;
    let mut arguments = Vec::new();
    for (name, path) in [("--config", &context.global.config), ("--db", &context.global.db)] {
        if let Some(path) = path {
            arguments.extend([name.to_owned(), text(path)?]);
        }
    }
    arguments.push("daemon".into());
    let mut variables = Vec::new();
    for (name, value) in context.paths.set() {
        let Some(value) = value.to_str() else { bail!("{name} is not UTF-8") };
        // Elsewhere a relative path would mean another file.
        let is_file = name.starts_with("SPENDTOP_");
        let value = if is_file { text(Path::new(value))? } else { value.to_owned() };
        variables.push((*name, value));
    }
    Ok(Job { program: text(&program)?, arguments, variables })
}

/// Writes a file whole or not at all.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.persist(file).map(|_| ()).map_err(|error| error.error)
}

/// Runs what can be run, and says what is left to the user.
fn run_all(commands: &[Vec<String>], out: &mut dyn Write) -> Result<Outcome> {
    let mut outcome = Outcome::Done;
    for words in commands {
        let line = words.join(" ");
        let parts: Vec<&str> = words.iter().map(String::as_str).collect();
        match tool::run(&parts) {
            Ok(Ran::Ended { well: true, .. }) => writeln!(out, "ran   {line}")?,
            Ok(Ran::Missing) => writeln!(out, "type  {line}   ({} is not here)", words[0])?,
            other => {
                let why = match other {
                    Ok(Ran::Hung) => "it did not end".to_owned(),
                    Ok(Ran::Ended { err, .. }) => err,
                    Ok(Ran::Missing) => String::new(),
                    Err(error) => error.to_string(),
                };
                let why = why.lines().last().unwrap_or("it failed").to_owned();
                writeln!(out, "type  {line}   (it failed: {})", printable(&why))?;
                outcome = Outcome::Failed;
            }
        }
    }
    Ok(outcome)
}
