//! Writing for people and for programs; a stream that cannot be written to is a failure, not a panic.

use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use keyrevoke::{Disposition, Evidence, KeyRef, KeyState, Revocation, RevokeResult};

/// This machine, not a provider, stood in the way.
#[derive(Debug)]
pub(crate) struct LocalFailure(io::Error);

impl fmt::Display for LocalFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "local failure: {}", self.0)?;
        // Such as what the system says of a journal that cannot be written.
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl From<io::Error> for LocalFailure {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

/// Writes one line to standard output and flushes it, so that a result is not lost with the process.
pub(crate) fn line(text: &str) -> Result<(), LocalFailure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Writes one line to standard error; there is nowhere to report a failure of that to.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "keyrevoke: {text}");
}

/// A path as people see it, unless it is somebody's secret in the wrong place.
pub(crate) fn path(path: &Path) -> String {
    let text = path.display().to_string();
    if looks_like_secret(&text) {
        return "the file (its name looks like a secret and is not shown)".to_owned();
    }
    text
}

/// Does the text, or a part of it between slashes, look like a secret?
pub(crate) fn looks_like_secret(text: &str) -> bool {
    // Which is what no reference to a key may hold.
    !text.is_empty() && KeyRef::new("any", text).is_err()
}

/// May standard output be coloured? See no-color.org.
pub(crate) fn is_colourful() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A state as people see it, padded to one width.
pub(crate) fn state(state: KeyState, colourful: bool) -> String {
    let (word, colour) = match state {
        KeyState::Dead => ("DEAD", 32),
        KeyState::Live => ("LIVE", 31),
        KeyState::Unknown => ("UNKNOWN", 33),
    };
    if colourful {
        format!("\x1b[1;{colour}m{word:<7}\x1b[0m")
    } else {
        format!("{word:<7}")
    }
}

/// What a death rests on besides the provider's answer.
fn besides(dead: &Revocation) -> String {
    let answers = [Evidence::ProviderAnswer, Evidence::InferredAnswer];
    let others = dead
        .evidence()
        .iter()
        .filter(|evidence| !answers.contains(evidence));
    let mut words: Vec<String> = others
        .map(|evidence| evidence.as_str().replace('_', " "))
        .collect();
    if let Some(after) = dead.verified_after() {
        words.push(format!("after {} ms", after.as_millis()));
    }
    if words.is_empty() {
        return String::new();
    }
    format!(", {}", words.join(" "))
}

/// Why a key is in its state, in a few words.
pub(crate) fn reason(result: &RevokeResult) -> String {
    let error = match result {
        Ok(dead) => {
            let who = if dead.disposition() == Disposition::Revoked {
                "revoked"
            } else {
                "already revoked"
            };
            let undo = if dead.is_reversible() {
                ", can be undone"
            } else {
                ""
            };
            let status = dead.status().map(|status| format!(" ({status})"));
            let status = status.unwrap_or_default();
            return format!("{who}{undo}{status}{}", besides(dead));
        }
        Err(error) => error,
    };
    let mut text = error.kind().to_string();
    let known = [
        error.status().map(|status| status.to_string()),
        error.provider_code().map(str::to_owned),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    if !known.is_empty() {
        text.push_str(&format!(" ({})", known.join(", ")));
    }
    let words = error.detail().or(error.title()).map(str::to_owned);
    let fields = error
        .field_errors()
        .iter()
        .map(|error| format!("{}: {}", error.field, error.message));
    let words: Vec<String> = words.into_iter().chain(fields).collect();
    if !words.is_empty() {
        text.push_str(&format!(": {}", words.join("; ")));
    }
    if let Some(id) = error.request_id() {
        text.push_str(&format!(" [request {id}]"));
    }
    text
}

/// What a person does next.
pub(crate) fn next_step(result: &RevokeResult) -> String {
    match result {
        Ok(dead) => dead.next_step().into_owned(),
        Err(error) => error.next_step().into_owned(),
    }
}
