//! `keyrevoke revoke`.

use std::collections::HashMap;
use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use keyrevoke::{
    AnyRevoker, ClientOptions, Credential, Delivery, ErrorKind, InvalidInput, KeyRef, KeyState, ProviderInfo,
    Revoke, RevokeError, RevokeResult,
};
use serde::Serialize;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Exit;
use crate::output::{self, LocalFailure};

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(required = true, value_name = "PROVIDER:KEY", help = key_forms())]
    keys: Vec<String>,

    /// Prints one JSON object a line, in the order of the keys.
    #[arg(long)]
    json: bool,

    /// Exactly what stands before the paths of the provider's document.
    #[arg(long, value_name = "PROVIDER=URL")]
    base_url: Vec<String>,

    /// Bounds the whole call for one key, retries included.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,

    /// Sends requests through this proxy; with a password in it, give it as KEYREVOKE_PROXY instead. The proxy
    /// settings that other programs read (HTTPS_PROXY and the like) are not read.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,

    /// Trusts the certificate authorities of this PEM file besides the system's.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Allows a base URL on this host although it is outside the provider's published domains.
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,

    /// Allows plain http to this host of a test network; the credential travels in the clear.
    #[arg(long, value_name = "HOST")]
    allow_http_host: Vec<String>,

    /// Logs every attempt on standard error, without secrets.
    #[arg(short, long)]
    verbose: bool,
}

fn key_forms() -> String {
    let form = |provider: &ProviderInfo| format!("{}:{}", provider.name(), provider.key_form());
    let forms: Vec<String> = keyrevoke::providers().iter().map(form).collect();
    format!(
        "The keys, by their ids, never the keys themselves: {}",
        forms.join(", ")
    )
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time >= Duration::from_millis(1) && time <= Duration::from_secs(86_400) => Ok(time),
        _ => Err("not from 0.001 to 86400 seconds".to_owned()),
    }
}

/// One key of the command line.
struct Job<'a> {
    /// As it was written.
    given: &'a str,
    key: KeyRef,
    provider: &'static ProviderInfo,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
    if arguments.verbose {
        log_to_standard_error();
    }
    let mut problems = Vec::new();
    let jobs = jobs(&arguments.keys, &mut problems);
    let revokers = revokers(arguments, &jobs, &mut problems)?;
    if !problems.is_empty() {
        for problem in &problems {
            output::complain(problem);
        }
        output::complain("nothing was sent");
        return Ok(Exit::InvalidInput);
    }
    let mut report = Report {
        json: arguments.json,
        colourful: output::is_colourful(),
        counts: HashMap::new(),
    };
    revoke_all(&jobs, &revokers, &mut report).await?;
    report.finish()
}

/// Reads all keys; what is wrong with any of them is said at once.
fn jobs<'a>(keys: &'a [String], problems: &mut Vec<String>) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for (index, given) in keys.iter().enumerate() {
        let job = given.parse::<KeyRef>().and_then(|key| {
            let provider = keyrevoke::provider(key.provider())?;
            Ok(Job {
                given,
                key: provider.check_key(key.key())?,
                provider,
            })
        });
        match job {
            Ok(job) => jobs.push(job),
            Err(problem) => problems.push(format!("key {}: {problem}", index + 1)),
        }
    }
    jobs
}

/// One revoker for each provider that has a key.
fn revokers(
    arguments: &Arguments,
    jobs: &[Job<'_>],
    problems: &mut Vec<String>,
) -> Result<HashMap<&'static str, AnyRevoker>, LocalFailure> {
    let mut options = ClientOptions::new();
    match (&arguments.proxy, std::env::var("KEYREVOKE_PROXY")) {
        (Some(proxy), _) if proxy.contains('@') => {
            problems.push(
                "--proxy holds a user name or password (not shown); give the URL in KEYREVOKE_PROXY"
                    .to_owned(),
            );
        }
        (Some(proxy), _) => options = options.with_proxy(proxy),
        (None, Ok(proxy)) => options = options.with_proxy(proxy),
        (None, Err(_)) => {}
    }
    if let Some(file) = &arguments.ca_file {
        let pem = fs::read(file).map_err(|error| {
            std::io::Error::new(error.kind(), format!("cannot read {}: {error}", file.display()))
        })?;
        options = options.with_root_certificates(pem);
    }
    options = arguments
        .allow_host
        .iter()
        .fold(options, |options, host| options.allow_host(host));
    options = arguments
        .allow_http_host
        .iter()
        .fold(options, |options, host| options.allow_http_host(host));

    let mut base_urls = HashMap::new();
    for text in &arguments.base_url {
        let provider = text
            .split_once('=')
            .map(|(name, url)| (keyrevoke::provider(name), url));
        match provider {
            Some((Ok(provider), url)) => {
                base_urls.insert(provider.name(), url.to_owned());
            }
            Some((Err(problem), _)) => problems.push(format!("--base-url: {problem}")),
            None => problems.push("--base-url: is not PROVIDER=URL".to_owned()),
        }
    }

    let mut revokers = HashMap::new();
    for provider in keyrevoke::providers() {
        if !jobs.iter().any(|job| job.provider.name() == provider.name()) {
            continue;
        }
        match revoker(provider, arguments, &options, base_urls.get(provider.name())) {
            Ok(revoker) => {
                revokers.insert(provider.name(), revoker);
            }
            Err(mut wrong) => problems.append(&mut wrong),
        }
    }
    Ok(revokers)
}

fn revoker(
    provider: &'static ProviderInfo,
    arguments: &Arguments,
    options: &ClientOptions,
    base_url: Option<&String>,
) -> Result<AnyRevoker, Vec<String>> {
    let mut problems = Vec::new();
    let mut read = |setting: &str| {
        from_environment(provider, setting).unwrap_or_else(|problem| {
            problems.push(problem.to_string());
            None
        })
    };
    let credential = read("credential");
    let base_url = base_url.cloned().or_else(|| read("base-url"));
    let settings: Vec<(&str, Option<String>)> = provider
        .settings()
        .map(|(setting, _)| (setting, read(setting)))
        .collect();

    let mut builder = keyrevoke::builder(provider.name())
        .map_err(|problem| vec![problem.to_string()])?
        .with_options(options.clone())
        .with_deadline(arguments.timeout);
    if let Some(text) = credential {
        builder = builder.with_credential(Credential::from_text(text));
    }
    if let Some(url) = base_url {
        builder = builder.with_base_url(url);
    }
    for (setting, value) in settings {
        if let Some(value) = value {
            builder = builder.with_setting(setting, value);
        }
    }
    match builder.build() {
        Ok(revoker) if problems.is_empty() => Ok(revoker),
        Ok(_) => Err(problems),
        Err(error) => {
            problems.extend(
                error
                    .problems()
                    .iter()
                    .map(|problem| with_variable(provider, problem)),
            );
            Err(problems)
        }
    }
}

/// Where a value is missing, names the variable that it is taken from.
fn with_variable(provider: &ProviderInfo, problem: &InvalidInput) -> String {
    let variable = match problem.subject() {
        subject if subject.ends_with("credential") => variable(provider.name(), "credential"),
        subject if subject.ends_with("base URL") => {
            format!(
                "{} or --base-url {}=URL",
                variable(provider.name(), "base-url"),
                provider.name()
            )
        }
        _ => return problem.to_string(),
    };
    format!("{problem} (in {variable})")
}

fn variable(provider: &str, setting: &str) -> String {
    format!("KEYREVOKE_{provider}_{setting}")
        .to_uppercase()
        .replace('-', "_")
}

/// A variable under the provider's name, else under one of its aliases.
fn from_environment(provider: &ProviderInfo, setting: &str) -> Result<Option<String>, InvalidInput> {
    for name in [provider.name()].iter().chain(provider.aliases()) {
        let variable = variable(name, setting);
        if let Some(value) = std::env::var_os(&variable) {
            return value.into_string().map(Some).map_err(|_| {
                InvalidInput::new(
                    provider.name().to_owned(),
                    variable,
                    "is not valid UTF-8 (not shown)",
                    "set it to plain text",
                )
            });
        }
    }
    Ok(None)
}

/// Revokes the keys one after the other, so that a wrong credential or a wrong list does the least harm.
///
/// The first Ctrl-C lets the request that is under way finish; the second gives it up.
async fn revoke_all(
    jobs: &[Job<'_>],
    revokers: &HashMap<&'static str, AnyRevoker>,
    report: &mut Report,
) -> Result<(), LocalFailure> {
    let mut seen: HashMap<&KeyRef, RevokeResult> = HashMap::new();
    let mut interrupted = false;
    for job in jobs {
        let result = match (seen.get(&job.key), revokers.get(job.provider.name())) {
            // A key that is named twice is sent once.
            (Some(result), _) => result.clone(),
            (None, Some(revoker)) if !interrupted => {
                let (result, interrupt) = uninterrupted(revoker.revoke(&job.key)).await;
                interrupted = interrupt;
                result.unwrap_or_else(|| Err(cancelled(job, Delivery::MaybeSent)))
            }
            _ => Err(cancelled(job, Delivery::NotSent)),
        };
        report.add(job, &result)?;
        seen.insert(&job.key, result);
    }
    Ok(())
}

/// The outcome of a call, and whether Ctrl-C was pressed meanwhile; `None` if it was pressed twice.
async fn uninterrupted<T>(call: impl Future<Output = T>) -> (Option<T>, bool) {
    tokio::pin!(call);
    tokio::select! {
        biased;
        output = &mut call => return (Some(output), false),
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
    output::complain("finishing the request that is under way; press Ctrl-C again to give it up");
    tokio::select! {
        biased;
        output = &mut call => (Some(output), true),
        Ok(()) = tokio::signal::ctrl_c() => (None, true),
    }
}

fn cancelled(job: &Job<'_>, delivery: Delivery) -> RevokeError {
    let state = if delivery == Delivery::NotSent {
        KeyState::Live
    } else {
        KeyState::Unknown
    };
    RevokeError::new(job.provider.name(), ErrorKind::Cancelled, state).with_detail("ended by Ctrl-C")
}

struct Report {
    json: bool,
    colourful: bool,
    counts: HashMap<KeyState, u64>,
}

#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    #[serde(flatten)]
    result: Outcome<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Dead(&'a keyrevoke::Revocation),
    Not(&'a RevokeError),
}

impl Report {
    fn add(&mut self, job: &Job<'_>, result: &RevokeResult) -> Result<(), LocalFailure> {
        let state = KeyState::from(result);
        *self.counts.entry(state).or_default() += 1;
        if self.json {
            let result = match result {
                Ok(dead) => Outcome::Dead(dead),
                Err(error) => Outcome::Not(error),
            };
            let line = serde_json::to_string(&Line {
                key: job.given,
                result,
            })
            .map_err(std::io::Error::from)?;
            return output::line(&line);
        }
        output::line(&format!(
            "{} {}  {}",
            output::state(state, self.colourful),
            job.given,
            output::reason(result)
        ))?;
        if state != KeyState::Dead {
            output::line(&format!("        next: {}", output::next_step(result)))?;
        }
        Ok(())
    }

    fn finish(&self) -> Result<Exit, LocalFailure> {
        let count = |state| self.counts.get(&state).copied().unwrap_or_default();
        let (dead, live, unknown) = (
            count(KeyState::Dead),
            count(KeyState::Live),
            count(KeyState::Unknown),
        );
        if !self.json && dead + live + unknown > 1 {
            output::line(&format!("{dead} dead, {live} live, {unknown} unknown"))?;
        }
        Ok(match (live, unknown) {
            (0, 0) => Exit::AllDead,
            (0, _) => Exit::SomeUnknown,
            _ => Exit::SomeLive,
        })
    }
}

/// Our own events only: what other crates log was not written with secrets in mind.
fn log_to_standard_error() {
    let ours = Targets::new().with_target("keyrevoke", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry().with(ours).with(lines).init();
}
