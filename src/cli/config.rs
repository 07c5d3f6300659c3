//! `config`: where it is, whether it is right, what is in force.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::args::{ConfigCommand, Global};
use super::cap::CapJson;
use super::context::Context;
use super::{Outcome, UsageError};
use crate::agents;
use crate::config::{self, Config};
use crate::health;
use crate::model::UsdTotal;
use crate::paths::Paths;

pub(super) fn run(global: &Global, command: &ConfigCommand) -> Result<Outcome> {
    let paths = Paths::from_env(&agents::variables());
    let (path, _) = paths
        .config_file(global.config.as_deref())
        .ok_or_else(|| UsageError("no home directory: say where with --config".into()))?;
    let mut out = io::stdout().lock();
    match command {
        ConfigCommand::Path => writeln!(out, "{}", path.display())?,
        ConfigCommand::Init { force } => init(&path, *force, &mut out)?,
        ConfigCommand::Check => {
            let found = Config::load(&paths, global.config.as_deref())?.origin.is_some();
            let context = Context::new(global)?;
            // Reads the user's prices over the book, which tells what is wrong in them.
            context.book()?;
            context.look()?;
            context.start_log();
            super::prices::warn_of_missing_rates(&context);
            let shown = path.display();
            if found {
                writeln!(out, "{shown} is fine")?;
            } else {
                writeln!(out, "there is no {shown}: everything is as by default")?;
            }
        }
        ConfigCommand::Show(args) => show(&Context::new(global)?, args.json, &mut out)?,
    }
    Ok(Outcome::Done)
}

fn init(path: &PathBuf, force: bool, out: &mut dyn Write) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            UsageError(format!("{} exists; --force replaces it", path.display())).into()
        } else {
            anyhow::Error::new(error).context(format!("cannot write {}", path.display()))
        }
    })?;
    file.write_all(config::TEMPLATE.as_bytes())?;
    writeln!(out, "wrote {}: set daily_cap there", path.display())?;
    Ok(())
}

#[derive(Serialize)]
struct ShowJson<'a> {
    schema: &'static str,
    config_file: Option<PathBuf>,
    ledger: PathBuf,
    daily_cap_usd: Option<String>,
    caps: Vec<CapJson<'a>>,
    /// `api` or `subscription`.
    account: &'static str,
    timezone: String,
    developer: String,
    roots: Vec<PathBuf>,
    price_book: String,
}

fn show(context: &Context, json: bool, out: &mut dyn Write) -> Result<()> {
    let config = &context.config;
    let shown = ShowJson {
        schema: "spendtop.config/1",
        config_file: config.origin.clone(),
        ledger: context.ledger.clone(),
        daily_cap_usd: config.daily_cap.map(|cap| UsdTotal::from(cap).to_decimal()),
        caps: config.caps.iter().map(|cap| CapJson::of(cap)).collect(),
        account: context.account_word(),
        timezone: super::when::zone_name(&config.zone()),
        developer: context.developer().to_owned(),
        roots: context.roots().into_iter().map(|root| root.path).collect(),
        price_book: context.book()?.book().origin().to_owned(),
    };
    if json {
        serde_json::to_writer(&mut *out, &shown)?;
        writeln!(out)?;
        return Ok(());
    }
    let file = shown
        .config_file
        .map_or_else(|| "none".to_owned(), |file| super::context::show(&context.paths, &file));
    writeln!(out, "config      {file}")?;
    writeln!(out, "ledger      {}", super::context::show(&context.paths, &shown.ledger))?;
    for line in health::settings(&context.setup()) {
        writeln!(out, "{:<12}{}  ({})", line.name, line.value, line.origin)?;
    }
    writeln!(out, "price_book  {}", shown.price_book)?;
    for root in &shown.roots {
        let there = if root.is_dir() { "" } else { "  (not there)" };
        writeln!(out, "root        {}{there}", super::context::show(&context.paths, root))?;
    }
    Ok(())
}
