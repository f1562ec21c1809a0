//! Makes one client for each provider of `specs/providers.toml` from the vendors' OpenAPI documents.
//!
//! Everything is refused that is not understood: a slip here could put a request that revokes every key of a company
//! into somebody's binary. Reads the manifests and their documents, writes to `OUT_DIR`, and needs no network.

#[path = "build/body.rs"]
mod body;
#[path = "build/dialect.rs"]
mod dialect;
#[path = "build/fault.rs"]
mod fault;
#[path = "build/generate.rs"]
mod generate;
#[path = "src/json.rs"]
mod json;
#[path = "build/manifest.rs"]
mod manifest;
#[path = "build/operations.rs"]
mod operations;
#[path = "build/parameters.rs"]
mod parameters;
#[path = "build/path.rs"]
mod path;
#[path = "build/provider.rs"]
mod provider;
#[path = "build/read.rs"]
mod read;
#[path = "build/reference.rs"]
mod reference;
#[path = "build/types.rs"]
mod types;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The second manifest describes a provider that exists only in the tests; a packaged crate may come without it.
const MANIFESTS: [&str; 2] = ["specs/providers.toml", "tests/specimen/providers.toml"];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            eprintln!("keyrevoke cannot be built from these documents:");
            for problem in problems {
                eprintln!("  {problem}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Vec<String>> {
    let root = directory("CARGO_MANIFEST_DIR")?;
    let out = directory("OUT_DIR")?;
    // A path that is not there would make cargo run this script every time.
    for input in ["build.rs", "build", "src/json.rs", "specs", "tests/specimen"] {
        if root.join(input).exists() {
            println!("cargo::rerun-if-changed={input}");
        }
    }
    let own = std::env::current_exe().map_err(|error| vec![format!("the build script: {error}")])?;
    println!("cargo::rustc-env=KEYREVOKE_BUILD_SCRIPT={}", own.display());

    let mut files = BTreeMap::new();
    let mut problems = Vec::new();
    for (index, manifest) in MANIFESTS.into_iter().enumerate() {
        if index > 0 && !root.join(manifest).exists() {
            continue;
        }
        provider::all_of(&root, manifest, &mut files, &mut problems);
    }
    // All or nothing: half a set of clients would hide the other half's problem.
    if !problems.is_empty() {
        return Err(problems);
    }
    for (name, text) in files {
        write_if_changed(&out.join(&name), &text).map_err(|error| vec![format!("{name}: {error}")])?;
    }
    Ok(())
}

fn directory(variable: &str) -> Result<PathBuf, Vec<String>> {
    let value = std::env::var_os(variable);
    value
        .map(PathBuf::from)
        .ok_or_else(|| vec![format!("{variable} is not set; cargo sets it")])
}

/// An unchanged file keeps its time, so that a comment in a document does not rebuild the crate.
fn write_if_changed(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    std::fs::write(path, text)
}
