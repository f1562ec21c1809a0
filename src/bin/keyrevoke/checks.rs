//! What the arguments ask to look at, before and after.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use keyrevoke::{Attestation, Checks, Expectation, InvalidInput, KeyRef, Secret, Verification, timestamp};

use crate::known;
use crate::output::{self, LocalFailure};
use crate::revoke::Arguments;

/// What is to be looked at, and what is wrong with what was asked.
///
/// A secret that is the key itself (`took_secret`) was read already, and is tried where a look is asked for.
pub(crate) fn of_arguments(
    arguments: &Arguments,
    keys: &[KeyRef],
    took_secret: bool,
) -> Result<(Option<Checks>, Vec<String>), LocalFailure> {
    let secret_from = arguments.secret_from.as_ref().filter(|_| !took_secret);
    let (mut checks, mut problems) = (Checks::new(), Vec::new());
    let mut asked = arguments.own_key;
    if arguments.own_key {
        checks = checks.with_own_key();
    }
    if arguments.attested {
        asked = true;
        checks = checks.with_attestation(Attestation::new("as said on the command line"));
    }
    if !arguments.expect.is_empty() {
        asked = true;
        let pairs = arguments
            .expect
            .iter()
            .map(|text| text.split_once('=').unwrap_or((text, "")));
        match expectation(pairs) {
            Ok(expected) => checks = checks.with_expectation(expected),
            Err(problem) => problems.push(format!("--expect: {problem}")),
        }
    }
    if arguments.verify.is_some() || secret_from.is_some() {
        asked = true;
        let mut verification = Verification::new();
        if let Some(Some(budget)) = arguments.verify {
            verification = verification.with_budget(budget);
        }
        if let Some(path) = secret_from {
            if arguments.keys.len() > 1 {
                problems.push("--secret-from: is the secret of one key; give one key".to_owned());
            }
            match secret(path)? {
                Ok(secret) => {
                    problems.extend(
                        untried(keys, &secret).map(|why| format!("--secret-from: {why}; leave it out")),
                    );
                    verification = verification.with_secret(secret);
                }
                Err(problem) => problems.push(format!("--secret-from: {problem}")),
            }
        }
        // In a list, what cannot be tried is said of each key by its result.
        if arguments.from.is_none() && took_secret {
            let own = keys.iter().find_map(KeyRef::secret);
            let why = own.and_then(|secret| untried(keys, secret));
            problems.extend(why.map(|why| format!("--verify: {why}; leave it out")));
        }
        checks = checks.with_verification(verification);
    }
    Ok((asked.then_some(checks), problems))
}

/// Why a secret could not be tried at the provider of a key.
fn untried(keys: &[KeyRef], secret: &Secret) -> Option<String> {
    let provider = keys.iter().find_map(|key| known::provider(key.provider()).ok())?;
    if provider.can_probe(secret) {
        return None;
    }
    let tries_any = provider.facts().iter().any(|fact| fact.about == "probe");
    let form = if tries_any { " of this form" } else { "" };
    Some(format!(
        "{} publishes no way to try a secret{form}",
        provider.name()
    ))
}

/// What a key must be, by the names of its facts.
pub(crate) fn expectation<'a>(
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Expectation, InvalidInput> {
    let mut expected = Expectation::new();
    for (field, value) in fields {
        let refuse = |reason: &str, remedy: &'static str| {
            let known = ["name", "prefix", "last4", "owner", "created_before"].contains(&field);
            let subject = if known { field } else { "a field" };
            Err(InvalidInput::new(
                "keyrevoke",
                format!("expected {subject}"),
                reason,
                remedy,
            ))
        };
        if value.is_empty() {
            return refuse("has no value", "write FIELD=VALUE");
        }
        expected = match field {
            "name" => expected.with_name(value),
            "prefix" => expected.with_prefix(value),
            "last4" => expected.with_last4(value),
            "owner" => expected.with_owner(value),
            "created_before" => match moment(value) {
                Some(time) => expected.with_created_before(time),
                None => {
                    return refuse(
                        "is no time (not shown)",
                        "write 2026-11-22 or 2026-11-22T10:00:00Z",
                    );
                }
            },
            _ => {
                return refuse(
                    "is not known (not shown)",
                    "give one of: name, prefix, last4, owner, created_before",
                );
            }
        };
    }
    Ok(expected)
}

/// A date, which means its beginning in UTC, or a time of RFC 3339.
pub(crate) fn moment(text: &str) -> Option<SystemTime> {
    let whole = if text.len() == "2026-11-22".len() {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    timestamp::parse(&whole).ok()
}

/// The secret that stands in a file or on standard input, and nothing else.
pub(crate) fn secret(path: &Path) -> Result<Result<Secret, InvalidInput>, LocalFailure> {
    const MOST: u64 = 64 * 1024;
    let mut text = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(MOST).read_to_end(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut text))
    };
    read.map_err(|error| {
        let place = output::path(path);
        io::Error::new(error.kind(), format!("cannot read {place}: {error}"))
    })?;
    // What is no text is refused as what it is, without being shown.
    Ok(Secret::new(String::from_utf8_lossy(&text).into_owned()))
}
