//! `keyrevoke revoke`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use keyrevoke::{
    AnyRevoker, Delivery, ErrorKind, KeyRef, KeyState, ProviderInfo, Revoke, RevokeError, RevokeResult,
};
use serde::Serialize;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Exit;
use crate::output::{self, LocalFailure};
use crate::setup::{Job, Setup};
use crate::stop::Stop;

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(required = true, value_name = "PROVIDER:KEY", help = key_forms())]
    pub(crate) keys: Vec<String>,

    /// Prints one JSON object a line, in the order of the keys.
    #[arg(long)]
    json: bool,

    /// Takes credentials from this TOML file, which only its owner may read: a table [PROVIDER], or
    /// [PROVIDER.tenants.NAME], with `credential` or `credential_command` (a program and its arguments, run without
    /// a shell, which prints the credential), and where wanted `base_url`, `key_id` and the provider's settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,

    /// Exactly what stands before the paths of the provider's document.
    #[arg(long, value_name = "PROVIDER=URL")]
    pub(crate) base_url: Vec<String>,

    /// Bounds the whole call for one key, retries included.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// Sends requests through this proxy; with a password in it, give it as KEYREVOKE_PROXY instead. The proxy
    /// settings that other programs read (HTTPS_PROXY and the like) are not read.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,

    /// Trusts the certificate authorities of this PEM file besides the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Allows a base URL on this host although it is outside the provider's published domains.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,

    /// Allows plain http to this host of a test network; the credential travels in the clear.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_http_host: Vec<String>,

    /// Logs every attempt on standard error, without secrets.
    #[arg(short, long)]
    pub(crate) verbose: bool,
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

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
    if arguments.verbose {
        log_to_standard_error();
    }
    let stop = Stop::default();
    let Setup {
        jobs,
        revokers,
        problems,
        local,
    } = Setup::new(arguments, &stop);
    if !problems.is_empty() {
        for problem in &problems {
            output::complain(problem);
        }
        output::complain("nothing was sent");
        return Ok(Exit::InvalidInput);
    }
    if let Some(failure) = local {
        return Err(failure);
    }
    stop.listen();
    let mut report = Report {
        json: arguments.json,
        colourful: output::is_colourful(),
        counts: HashMap::new(),
        left: jobs.len(),
    };
    revoke_all(&jobs, &revokers, &stop, &mut report).await?;
    report.finish()
}

/// Revokes the keys one after the other, so that a wrong credential or a wrong list does the least harm.
async fn revoke_all(
    jobs: &[Job<'_>],
    revokers: &HashMap<String, AnyRevoker>,
    stop: &Stop,
    report: &mut Report,
) -> Result<(), LocalFailure> {
    let mut seen: HashMap<&KeyRef, RevokeResult> = HashMap::new();
    for job in jobs {
        let result = match (seen.get(&job.key), revokers.get(job.provider.name())) {
            // A key that is named twice is sent once.
            (Some(result), _) => result.clone(),
            (None, Some(revoker)) if !stop.is_pressed() => {
                revoker.revoke_until(&job.key, stop.reached()).await
            }
            _ => Err(RevokeError::new(
                job.provider.name().to_owned(),
                ErrorKind::Cancelled,
                KeyState::Live,
            )
            .with_delivery(Delivery::NotSent)
            .with_detail("ended by Ctrl-C before it began")),
        };
        report.add(job, &result)?;
        seen.insert(&job.key, result);
    }
    Ok(())
}

#[derive(Clone)]
struct Report {
    json: bool,
    colourful: bool,
    counts: HashMap<KeyState, u64>,
    /// How many results are not written yet.
    left: usize,
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
        self.left -= 1;
        let text = if self.json {
            self.json(job, result)?
        } else {
            self.text(job, result)
        };
        output::line(&text).inspect_err(|_| {
            // Standard output is gone; what was done must not go with it.
            let text = Self {
                json: false,
                colourful: false,
                ..self.clone()
            }
            .text(job, result);
            output::complain(&format!("this result could not be written: {text}"));
            if self.left > 0 {
                output::complain(&format!("the other {} keys were not tried", self.left));
            }
        })
    }

    fn json(&self, job: &Job<'_>, result: &RevokeResult) -> Result<String, LocalFailure> {
        let result = match result {
            Ok(dead) => Outcome::Dead(dead),
            Err(error) => Outcome::Not(error),
        };
        Ok(serde_json::to_string(&Line {
            key: job.given,
            result,
        })
        .map_err(std::io::Error::from)?)
    }

    fn text(&self, job: &Job<'_>, result: &RevokeResult) -> String {
        let state = KeyState::from(result);
        let mut text = format!(
            "{} {}  {}",
            output::state(state, self.colourful),
            job.given,
            output::reason(result)
        );
        if state != KeyState::Dead {
            text.push_str(&format!("\n        next: {}", output::next_step(result)));
        }
        text
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
