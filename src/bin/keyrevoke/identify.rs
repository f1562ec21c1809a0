//! `keyrevoke identify`: whose a leaked secret is, and which key of theirs. The secret is read and never shown.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;

use clap::Args;
use keyrevoke::{InvalidInput, KeyRef, Manual, Match, Revoke, Secret, Which};
use serde::Serialize;

use crate::Exit;
use crate::checks;
use crate::known;
use crate::look;
use crate::output::{self, LocalFailure};
use crate::revoke::Connection;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it is known whose it is, and with --find-key which key; 3 it is not, or two vendors \
    could have issued it, or several keys could be meant; 2 invalid input or usage; 4 a local failure (file, terminal). \
    Nothing is sent but with --find-key, which changes nothing."
)]
pub(crate) struct Arguments {
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// Asks the provider which of its keys it is: the provider that the form names, or this one. Where the provider tells
    /// callers who they are, the secret is sent there once; else its list of keys is read. Needs the credential, as for
    /// revoke.
    #[arg(long, value_name = "PROVIDER", num_args = 0..=1, require_equals = true)]
    find_key: Option<Option<String>>,

    #[command(flatten)]
    connection: Connection,

    /// Catches a secret in the wrong place, to say so.
    #[arg(hide = true)]
    given: Vec<OsString>,
}

/// What a provider says that does not say which key it is.
pub(crate) const NO_KEY: &str = "no key of the provider's list shows what the secret has";
pub(crate) const SEVERAL: &str = "several keys could be meant, and taking one would be a guess";
pub(crate) const LOOK_AT_EACH: &str = "Look at each of them at the provider before any is revoked.";

/// What is said of a secret; what is not known is null.
#[derive(Serialize)]
struct Report<'a> {
    fingerprint: &'a Secret,
    rule: Option<&'static str>,
    vendor: Option<&'static str>,
    provider: Option<&'a str>,
    manual: Option<Manual>,
    /// Which of the provider's keys it is.
    key: Option<KeyRef>,
    /// Keys that could all be meant: taking one would be a guess.
    candidates: Vec<KeyRef>,
    /// Why it is not known which key it is.
    problem: Option<String>,
    next_step: &'a str,
    /// Every rule that it fits as well as any other.
    matches: &'a [Match],
    schema: u64,
}

/// What a provider says of whose key the secret is.
#[derive(Default)]
struct Found {
    provider: Option<String>,
    key: Option<KeyRef>,
    candidates: Vec<KeyRef>,
    problem: Option<String>,
    next_step: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
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
    let found = match &arguments.find_key {
        None => Found::default(),
        Some(named) => {
            let provider = named.as_deref().or_else(|| only.and_then(Match::provider));
            match find_key(provider, &secret, &arguments.connection).await? {
                Some(found) => found,
                None => return Ok(Exit::InvalidInput),
            }
        }
    };
    let is_known = if arguments.find_key.is_some() {
        found.key.is_some()
    } else {
        only.is_some()
    };
    let provider = found
        .provider
        .as_deref()
        .or_else(|| only.and_then(Match::provider));
    let report = Report {
        fingerprint: &secret,
        rule: only.map(Match::rule),
        vendor: only.map(Match::vendor),
        provider,
        manual: only.and_then(Match::manual),
        key: found.key,
        candidates: found.candidates,
        problem: found.problem,
        next_step: &found.next_step.unwrap_or_else(|| next_step(&matches)),
        matches: &matches,
        schema: keyrevoke::SCHEMA,
    };
    if arguments.json {
        output::line(&serde_json::to_string(&report).map_err(io::Error::from)?)?;
    } else {
        output::line(&text(&report))?;
    }
    Ok(if is_known {
        Exit::AllDead
    } else {
        Exit::SomeUnknown
    })
}

/// Asks the provider which of its keys it is; `None` where something is wrong with what was given, which is said.
async fn find_key(
    provider: Option<&str>,
    secret: &Secret,
    connection: &Connection,
) -> Result<Option<Found>, LocalFailure> {
    let Some(name) = provider else {
        return Ok(Some(Found {
            problem: Some("its form does not say which provider is to be asked".to_owned()),
            next_step: Some("Name the provider: --find-key=PROVIDER".to_owned()),
            ..Found::default()
        }));
    };
    let Some(revoker) = look::one(connection, name)? else {
        return Ok(None);
    };
    let tenant = name.split_once('@').map(|(_, tenant)| tenant);
    let of_tenant = |key: KeyRef| match tenant {
        Some(tenant) => key.with_tenant(tenant).unwrap_or(key), // the name was good enough to find the revoker
        None => key,
    };
    let mut found = Found {
        provider: Some(revoker.provider().to_owned()),
        ..Found::default()
    };
    match revoker.which(secret).await {
        Ok(Which::One(key)) => {
            let key = of_tenant(key);
            let can_probe = known::provider(key.provider()).is_ok_and(|provider| provider.can_probe(secret));
            let tried = if can_probe { "--secret-from FILE " } else { "" };
            found.next_step = Some(format!("keyrevoke revoke {tried}{key}"));
            found.key = Some(key);
        }
        Ok(Which::None) => {
            found.problem = Some(NO_KEY.to_owned());
        }
        Ok(Which::Several(keys)) => {
            found.candidates = keys.into_iter().map(of_tenant).collect();
            found.problem = Some(SEVERAL.to_owned());
            found.next_step = Some(LOOK_AT_EACH.to_owned());
        }
        Err(error) => {
            found.problem = Some(output::reason(&Err(error.clone())));
            found.next_step = Some(error.next_step().into_owned());
        }
    }
    Ok(Some(found))
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
                let known = known::provider(provider);
                if known.as_ref().is_ok_and(|provider| provider.revokes_by_secret()) {
                    return format!(
                        "Revoke it by itself, from a file that holds it alone: keyrevoke revoke {provider} --secret-from FILE"
                    );
                }
                let form = known.map_or("KEY", |provider| provider.key_form());
                if only.is_id() {
                    return format!("It is the end of: keyrevoke revoke {provider}:{form}");
                }
                format!("Find its id at the provider, then: keyrevoke revoke {provider}:{form}")
            }
            (None, Some(Manual { page: Some(page), how, .. })) => format!("{how} {page}"),
            (None, Some(manual)) => manual.how.to_owned(),
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
            text.push_str(&format!("    by hand   {how}\n"));
            if let Some(page) = page {
                text.push_str(&format!("              {page}\n"));
            }
        }
    }
    if let Some(key) = &report.key {
        text.push_str(&format!("  key         {key}\n"));
    }
    for key in &report.candidates {
        text.push_str(&format!("  perhaps     {key}\n"));
    }
    if let Some(problem) = &report.problem {
        text.push_str(&format!("  which key   not known: {problem}\n"));
    }
    if report.matches.is_empty() {
        text.push_str("  not known whose it is\n");
    }
    text.push_str(&format!("next: {}", report.next_step));
    text
}
