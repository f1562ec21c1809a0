//! `keyrevoke identify`: whose a leaked secret is. The secret is read and never shown.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;

use clap::Args;
use keyrevoke::{InvalidInput, KeyRef, Manual, Match, Secret};
use serde::Serialize;

use crate::Exit;
use crate::checks;
use crate::known;
use crate::output::{self, LocalFailure};

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it is known whose it is; 3 it is not, or two vendors could have issued it; \
    2 invalid input or usage; 4 a local failure (file, terminal). Nothing is sent."
)]
pub(crate) struct Arguments {
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// Catches a secret in the wrong place, to say so.
    #[arg(hide = true)]
    given: Vec<OsString>,
}

/// What is said of a secret; what is not known is null.
#[derive(Serialize)]
struct Report<'a> {
    fingerprint: &'a Secret,
    rule: Option<&'static str>,
    vendor: Option<&'static str>,
    provider: Option<&'static str>,
    manual: Option<Manual>,
    /// Which of the provider's keys it is: needs a credential that may list them, which is not asked for yet.
    key: Option<KeyRef>,
    next_step: &'a str,
    /// Every rule that it fits as well as any other.
    matches: &'a [Match],
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
    let secret = if arguments.given.is_empty() {
        read()?
    } else {
        Err(InvalidInput::new(
            "keyrevoke",
            "secret",
            "was given as an argument, where the shell's history and lists of processes keep it (not shown)",
            "give it on standard input, and treat it as leaked to this machine",
        ))
    };
    let secret = match secret {
        Ok(secret) => secret,
        Err(error) => {
            output::complain(&error.to_string());
            return Ok(Exit::InvalidInput);
        }
    };
    let matches = keyrevoke::identify(&secret);
    // Several are no answer: taking the first would be a guess.
    let only = if let [only] = matches.as_slice() {
        Some(only)
    } else {
        None
    };
    let report = Report {
        fingerprint: &secret,
        rule: only.map(Match::rule),
        vendor: only.map(Match::vendor),
        provider: only.and_then(Match::provider),
        manual: only.and_then(Match::manual),
        key: None,
        next_step: &next_step(&matches),
        matches: &matches,
    };
    if arguments.json {
        output::line(&serde_json::to_string(&report).map_err(io::Error::from)?)?;
    } else {
        output::line(&text(&report))?;
    }
    Ok(if only.is_some() {
        Exit::AllDead
    } else {
        Exit::SomeUnknown
    })
}

/// The secret from standard input.
fn read() -> Result<Result<Secret, InvalidInput>, LocalFailure> {
    if io::stdin().is_terminal() {
        output::complain(
            "reading the secret from standard input, where it is visible as you type: better pipe it in",
        );
    }
    checks::secret(Path::new("-"))
}

fn next_step(matches: &[Match]) -> String {
    match matches {
        [] => "Ask whoever issued it, or look for it by the place where it was found: many vendors' secrets have no form \
               of their own."
            .to_owned(),
        [only] => match (only.provider(), only.manual()) {
            (Some(provider), _) => {
                let form = known::provider(provider).map_or("KEY", |provider| provider.key_form());
                format!("Find its id at the provider, then: keyrevoke revoke {provider}:{form}")
            }
            (None, Some(manual)) => format!("{} {}", manual.how, manual.page),
            (None, None) => "Ask the vendor how it is revoked.".to_owned(),
        },
        several => {
            let vendors: Vec<&str> = several.iter().map(Match::vendor).collect();
            format!("Look at each of {}: any of them could have issued it.", vendors.join(", "))
        }
    }
}

fn text(report: &Report<'_>) -> String {
    let mut text = format!("{}\n", report.fingerprint);
    for found in report.matches {
        let checked = if found.is_checked() {
            ", its checksum is right"
        } else {
            ""
        };
        text.push_str(&format!(
            "  {}: {}{checked} ({})\n",
            found.vendor(),
            found.what(),
            found.rule()
        ));
        if found.is_id() {
            text.push_str(
                "    not the secret itself, but the id of the key: its secret has probably leaked as well\n",
            );
        }
        if let Some(provider) = found.provider() {
            text.push_str(&format!("    provider  {provider}\n"));
        }
        if let Some(Manual { page, how, .. }) = found.manual() {
            text.push_str(&format!("    by hand   {how}\n              {page}\n"));
        }
    }
    if report.matches.is_empty() {
        text.push_str("  not known whose it is\n");
    }
    text.push_str(&format!("next: {}", report.next_step));
    text
}
