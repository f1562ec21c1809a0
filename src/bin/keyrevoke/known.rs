//! The providers of this process: those of the crate, and those that a file describes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use keyrevoke::{InvalidInput, ProviderInfo};

use crate::output::{self, LocalFailure};

static KNOWN: OnceLock<Vec<ProviderInfo>> = OnceLock::new();

/// In bytes; a description takes about one thousand.
const LONGEST: u64 = 1 << 20;

pub(crate) fn providers() -> &'static [ProviderInfo] {
    KNOWN.get().map_or(keyrevoke::providers(), Vec::as_slice)
}

/// A provider by its name or an alias of it.
pub(crate) fn provider(name: &str) -> Result<&'static ProviderInfo, InvalidInput> {
    let is_one = |known: &&ProviderInfo| known.name() == name || known.aliases().contains(&name);
    providers().iter().find(is_one).ok_or_else(|| {
        let known: Vec<&str> = providers().iter().map(ProviderInfo::name).collect();
        let remedy = format!("give one of: {}", known.join(", "));
        match keyrevoke::provider(name) {
            Err(problem) => InvalidInput::new("keyrevoke", problem.subject(), problem.reason(), remedy),
            Ok(_) => InvalidInput::new("keyrevoke", "provider", "is not known", remedy),
        }
    })
}

/// Takes the providers of a file, if one is given by the option or by `KEYREVOKE_PROVIDERS`: a table of TOML for each.
/// `false` where it is wrong, which is said then; nothing may be sent.
pub(crate) fn load(option: Option<&Path>) -> Result<bool, LocalFailure> {
    let variable = || std::env::var_os("KEYREVOKE_PROVIDERS").map(PathBuf::from);
    let Some(file) = option.map(Path::to_owned).or_else(variable) else {
        return Ok(true);
    };
    let name = output::path(&file);
    let text =
        read(&file).map_err(|error| io::Error::new(error.kind(), format!("cannot read {name}: {error}")))?;
    match described(&text) {
        Ok(own) => {
            let all = keyrevoke::providers().iter().copied().chain(own).collect();
            // It is asked once, before anything else.
            let _ = KNOWN.set(all);
            Ok(true)
        }
        Err(problems) => {
            for problem in problems {
                output::complain(&format!("{name}: {problem}"));
            }
            Ok(false)
        }
    }
}

fn read(file: &Path) -> io::Result<String> {
    if fs::metadata(file)?.len() > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is longer than 1 MiB",
        ));
    }
    fs::read_to_string(file)
}

fn described(text: &str) -> Result<Vec<ProviderInfo>, Vec<String>> {
    // The error as a whole would quote the line, which could be one of another file with secrets.
    let tables: toml::Table = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or(text).matches('\n').count() + 1;
        vec![format!("line {line}: is not valid TOML: {}", error.message())]
    })?;
    let (mut own, mut problems) = (Vec::new(), Vec::new());
    for (name, table) in tables {
        match keyrevoke::describe(&name, &table) {
            Ok(provider) => own.push(provider),
            Err(error) => problems.extend(error.problems().iter().map(ToString::to_string)),
        }
    }
    if problems.is_empty() {
        Ok(own)
    } else {
        Err(problems)
    }
}
