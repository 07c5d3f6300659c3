//! The live screen, on a collector in the same process.

use anyhow::Result;

use super::Outcome;
use super::context::Context;

pub(super) fn run(_context: &Context, _args: super::args::DemoArgs) -> Result<Outcome> {
    Ok(Outcome::Done)
}
