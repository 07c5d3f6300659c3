//! The layers of the crate: an import that breaks them fails here.

use std::fs;
use std::path::{Path, PathBuf};

/// What each top-level module may use inside the crate (DESIGN: the layout).
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("format", &["model"]),
    ("paths", &[]),
    ("clock", &["model"]),
    ("demo", &["model"]),
    ("agents", &["model"]),
    ("ingest", &["model", "agents"]),
    ("pricing", &["model"]),
    ("ledger", &["model"]),
    ("policy", &["model", "format"]),
    ("guard", &["model", "ledger", "policy", "pricing"]),
    ("enforce", &["model", "policy", "agents"]),
    ("explain", &["model", "agents", "ingest", "pricing", "policy", "ledger", "format"]),
    ("notice", &["model", "policy", "format", "config"]),
    ("config", &["model", "pricing", "policy", "paths"]),
    (
        "hook",
        &[
            "model", "agents", "ingest", "pricing", "ledger", "policy", "guard", "enforce",
            "config", "paths", "format",
        ],
    ),
    (
        "daemon",
        &[
            "model", "agents", "ingest", "pricing", "ledger", "policy", "guard", "enforce",
            "notice", "hook", "config", "paths", "clock", "format",
        ],
    ),
    (
        "health",
        // Of `daemon` who holds the lock.
        &[
            "model", "agents", "ingest", "pricing", "ledger", "hook", "notice", "daemon", "config",
            "paths", "format",
        ],
    ),
    (
        "tui",
        // Of `agents` what they say a running session does, of `ingest` the end of its transcript.
        &[
            "model", "agents", "ingest", "ledger", "policy", "guard", "pricing", "enforce",
            "explain", "health", "config", "format", "clock",
        ],
    ),
    (
        "cli",
        &[
            "model", "agents", "ingest", "pricing", "ledger", "policy", "guard", "enforce",
            "explain", "notice", "hook", "daemon", "health", "demo", "tui", "config", "paths",
            "clock", "format",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The top-level modules that a source text names after `crate::`.
fn used_modules(text: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::").chain(code.match_indices("spendtop::")) {
            let rest = code[at..].split_once("::").map_or("", |(_, rest)| rest);
            let names = rest.strip_prefix('{').map_or_else(
                || vec![rest],
                |group| group.trim_end_matches(['}', ';']).split(',').map(str::trim).collect(),
            );
            for name in names {
                let module: String =
                    name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if !module.is_empty() {
                    used.push((number + 1, module));
                }
            }
        }
    }
    used
}

#[test]
fn modules_depend_only_on_what_the_design_allows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let mut violations = Vec::new();
    for file in &files {
        let relative = file.strip_prefix(&source).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs");
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == module) else {
            violations.push(format!("{}: module {module} is in no layer", relative.display()));
            continue;
        };
        for (line, used) in used_modules(&fs::read_to_string(file).unwrap()) {
            let known = ALLOWED.iter().any(|(name, _)| *name == used);
            if known && used != module && !allowed.contains(&used.as_str()) {
                violations.push(format!("{}:{line}: {module} uses {used}", relative.display()));
            }
        }
    }
    assert!(files.len() > 10, "the sources were not found");
    assert!(violations.is_empty(), "layers are broken:\n{}", violations.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_what_it_should() {
    let text = "use crate::ledger::Writer;\nuse crate::{model, pricing};\n// use crate::cli;\n";
    let used: Vec<String> = used_modules(text).into_iter().map(|(_, module)| module).collect();
    assert_eq!(used, ["ledger", "model", "pricing"]);
}
