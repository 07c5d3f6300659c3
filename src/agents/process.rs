//! How a program that an interpreter runs is told from others, and how it runs.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What runs npm packages.
pub(super) const INTERPRETERS: [&str; 3] = ["node", "nodejs", "bun"];

/// Whether an interpreter runs one of these scripts of a package, or what its installer put into a
/// `bin` folder under the program's name. The name that a process gives itself does not count.
pub(super) fn is_script(exe: &Path, argv: &[OsString], name: &str, scripts: &[&str]) -> bool {
    let interpreter = exe.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_option = |argument: &&OsString| argument.as_encoded_bytes().starts_with(b"-");
    let script = argv.iter().skip(1).find(|argument| !is_option(argument)).map(Path::new);
    let Some(script) = script.filter(|_| INTERPRETERS.contains(&interpreter)) else { return false };
    let folder = script.parent().and_then(Path::file_name);
    let in_bin = folder.is_some_and(|folder| folder == "bin" || folder == ".bin");
    scripts.iter().any(|package| script.ends_with(package))
        || (in_bin && script.file_name() == Some(OsStr::new(name)))
}

/// Whether an option is given by its letter or its name, with or without a value.
pub(super) fn has_option(argv: &[OsString], letter: &str, name: &str) -> bool {
    argv.iter().skip(1).map(|argument| argument.to_string_lossy()).any(|argument| {
        let with_value = argument.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
        argument == letter || argument == name || with_value
    })
}
