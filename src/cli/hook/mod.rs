//! `hook`: what an agent calls before it spends, and how that gets into its settings.

mod run;
mod stdin;

pub(super) use run::{Asked, run as answer};
