//! The command line: kills API keys at their providers and says whether each is dead.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod checks;
mod credentials;
mod demo;
#[path = "../../digest.rs"]
mod digest;
mod document;
mod identify;
#[path = "../../json.rs"]
mod json;
mod known;
mod list;
mod look;
mod manual;
mod output;
mod plan;
mod providers;

mod report;
mod results;
mod revoke;
mod rows;
mod setup;
mod stop;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::LocalFailure;

/// Revokes API keys at the providers that issued them and says with certainty whether each is dead.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 every key is dead; 1 at least one is live; 3 none is live, at least \
    one is unknown; 2 invalid input or usage, nothing was sent; 4 a local failure (file, terminal)."
)]
struct Arguments {
    /// Takes providers of one's own besides: a file of TOML with a table for each, which the README describes; or
    /// KEYREVOKE_PROVIDERS. It holds no credentials.
    #[arg(long, global = true, value_name = "FILE")]
    providers: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows every kind of verdict at fake providers inside this process; needs nothing.
    Demo(demo::Arguments),
    /// Revokes keys.
    ///
    /// Credentials come from the environment or from a file, never from arguments: KEYREVOKE_<PROVIDER>_CREDENTIAL,
    /// with the provider's name in upper case and `_` for `-`. Likewise KEYREVOKE_<PROVIDER>_BASE_URL and a provider's own
    /// settings, such as KEYREVOKE_DEVIN_V3_PATH_VERSION. All input is checked before the first request.
    Revoke(Box<revoke::Arguments>),
    /// Says what providers say of keys; changes nothing. Exit codes as for revoke, by the keys' states.
    Find(Box<look::FindArguments>),
    /// Lists the keys of a provider, one a line; changes nothing.
    List(Box<look::ListArguments>),
    /// Says whether a leaked secret, read from standard input, is still accepted; changes nothing. Exit code 1 if it
    /// is, 0 if the provider refuses it, 3 if that cannot be told.
    Probe(Box<look::ProbeArguments>),
    /// Lists the providers: how a key is written, what credential revokes, what can be proven.
    Providers(providers::Arguments),
    /// Prints a script that completes command lines in a shell.
    Completions(manual::CompletionsArguments),
    /// Prints a page of the manual, for `man -l`.
    Man(manual::ManArguments),
    /// Says whose a leaked secret is, by its form, and where that is asked for which key; the secret is given on standard
    /// input, and nothing is sent but with --find-key.
    Identify(Box<identify::Arguments>),
    /// Says from a run's journal what became of its keys, and what a person must do next.
    Report(report::Arguments),
}

/// What the process ends with; see `after_help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    AllDead = 0,
    SomeLive = 1,
    InvalidInput = 2,
    SomeUnknown = 3,
    LocalFailure = 4,
}

fn main() -> ExitCode {
    let given: Vec<OsString> = std::env::args_os().collect();
    let arguments = match Arguments::try_parse_from(&given) {
        Ok(arguments) => arguments,
        Err(error) => {
            let error = usage::without_values(error, &given);
            // There is nowhere to report a failure of that to.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                Exit::InvalidInput
            } else {
                Exit::AllDead
            } as u8);
        }
    };
    match known::load(arguments.providers.as_deref()) {
        Ok(true) => {}
        Ok(false) => return ExitCode::from(Exit::InvalidInput as u8),
        Err(failure) => {
            output::complain(&failure.to_string());
            return ExitCode::from(Exit::LocalFailure as u8);
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.map_err(LocalFailure::from).and_then(|runtime| {
        let result = match arguments.command {
            Command::Demo(arguments) => runtime.block_on(demo::run(&arguments)),
            Command::Revoke(arguments) => runtime.block_on(revoke::run(&arguments)),
            Command::Find(arguments) => runtime.block_on(look::find(&arguments)),
            Command::List(arguments) => runtime.block_on(look::list(&arguments)),
            Command::Probe(arguments) => runtime.block_on(look::probe(&arguments)),
            Command::Providers(arguments) => providers::run(&arguments),
            Command::Completions(arguments) => manual::completions(&arguments),
            Command::Man(arguments) => manual::man(&arguments),
            Command::Identify(arguments) => runtime.block_on(identify::run(&arguments)),
            Command::Report(arguments) => report::run(&arguments),
        };
        // A name look-up that hangs in the system must not hold up what has ended.
        runtime.shutdown_background();
        result
    });
    let exit = result.unwrap_or_else(|failure| {
        output::complain(&failure.to_string());
        Exit::LocalFailure
    });
    ExitCode::from(exit as u8)
}
