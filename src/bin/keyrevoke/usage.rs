//! Errors of usage without what was typed: it may be a secret in the wrong place.

use std::ffi::OsString;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The same error, which says what is wrong but shows nothing that does not come from our own help.
pub(crate) fn without_values(mut error: Error, arguments: &[OsString]) -> Error {
    let kinds: Vec<ContextKind> = error.context().map(|(kind, _)| kind).collect();
    for kind in kinds {
        let is_ours = match kind {
            ContextKind::SuggestedArg
            | ContextKind::SuggestedSubcommand
            | ContextKind::SuggestedValue
            | ContextKind::ValidSubcommand
            | ContextKind::ValidValue
            | ContextKind::PriorArg
            | ContextKind::MinValues
            | ContextKind::ActualNumValues
            | ContextKind::ExpectedNumValues
            | ContextKind::Usage => true,
            // The name of an option, unless there is none of that name.
            ContextKind::InvalidArg => error.kind() != ErrorKind::UnknownArgument,
            _ => false,
        };
        if is_ours {
            continue;
        }
        match error.remove(kind) {
            // An empty value is said to be missing.
            Some(ContextValue::String(typed)) if typed.is_empty() => {
                error.insert(kind, ContextValue::String(typed));
            }
            Some(ContextValue::String(typed)) => {
                error.insert(kind, ContextValue::String(place(&typed, arguments)));
            }
            _ => {}
        }
    }
    error
}

/// Where it was typed, instead of what.
fn place(typed: &str, arguments: &[OsString]) -> String {
    let is_it = |argument: &OsString| {
        let rest = argument
            .to_str()
            .and_then(|argument| argument.strip_prefix(typed));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    match arguments.iter().position(is_it) {
        Some(index) if index > 0 => format!("argument {index}, not shown"),
        _ => "not shown".to_owned(),
    }
}
