//! `keyrevoke revoke`.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use keyrevoke::journal::FileJournal;
use keyrevoke::{InvalidInput, KeyRef, Plan, ProviderInfo, Registry, Run};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Exit;
use crate::checks;
use crate::known;
use crate::list::Format;
use crate::output::{self, LocalFailure};
use crate::plan;
use crate::results::Results;
use crate::rows::Rows;
use crate::setup::Setup;
use crate::stop;

/// How providers are reached, and with what.
#[derive(Args)]
pub(crate) struct Connection {
    /// Takes credentials from this TOML file, which only its owner may read: a table [PROVIDER], or
    /// [PROVIDER.tenants.NAME], with `credential` or `credential_command` (a program and its arguments, run without
    /// a shell, which prints the credential), and where wanted `base_url`, `key_id` and the provider's settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,

    /// Exactly what stands before the paths of the provider's document.
    #[arg(long, value_name = "PROVIDER=URL")]
    pub(crate) base_url: Vec<String>,

    /// Bounds the whole call for one key, retries included. A list also waits, without counting it, for its turn and
    /// for as long as a provider wants no requests.
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

    /// Keeps connections for further requests, for at most so many seconds without one. A connection that the provider
    /// closes at the wrong moment leaves a key in doubt; without this each request has one of its own.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) keep_connections: Option<Duration>,

    /// Logs every attempt on standard error, without secrets.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(required_unless_present = "from", conflicts_with = "from", value_name = "PROVIDER:KEY", help = key_forms())]
    pub(crate) keys: Vec<String>,

    /// Takes the keys from this list, or from standard input where it is -: one key a line (# begins a comment), CSV
    /// with a column `key`, or JSON Lines with a member `key`. Where a provider revokes by the secret itself, that stands
    /// behind its name (slack:SECRET), or in a column or member `secret` beside one that names the `provider`.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,

    /// How the list is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", requires = "from")]
    pub(crate) format: Format,

    /// Revokes the valid keys of a list although others are not, which are reported as not sent.
    #[arg(long, requires = "from")]
    pub(crate) skip_invalid: bool,

    /// Does not ask before the keys of a list are revoked.
    #[arg(long, requires = "from")]
    pub(crate) yes: bool,

    /// Deletes keys for good where a provider offers that besides disabling them, which is what is done otherwise. A
    /// provider whose one way can be undone is refused.
    #[arg(long)]
    pub(crate) delete: bool,

    /// Says that more may die than the keys, where a provider's revocation takes more than was asked, such as the tokens
    /// that a token has made. Without this such keys are refused, and what would die too is named.
    #[arg(long)]
    pub(crate) more_than_the_key: bool,

    /// Shows what would be done, and sends nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Writes down in this file what is about to be sent and what came of it. Over a file of an earlier run, carries
    /// on where that one ended: what is confirmed dead is not sent again.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,

    /// Who does this, for the journal; the user's name where nothing is given.
    #[arg(long, value_name = "NAME", requires = "journal")]
    pub(crate) by: Option<String>,

    /// How many keys of a list are under way at a time with one credential.
    #[arg(long, value_name = "NUMBER", default_value = "4", requires = "from")]
    pub(crate) concurrency: NonZeroUsize,

    /// Bounds the whole run: after this time nothing more is sent, and what is under way ends within --timeout.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) deadline: Option<Duration>,

    /// Takes keys of a provider that is down back for this long, and tries them again where that cannot hurt.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "from")]
    pub(crate) keep_trying: Option<Duration>,

    /// Prints one JSON object a line: in the order of the keys, or for a list as they are done.
    #[arg(long)]
    pub(crate) json: bool,

    /// Looks afterwards whether each key is dead, until it is or for so many seconds: by its secret, the provider's
    /// list, or a repeat that names its state.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, value_parser = seconds)]
    pub(crate) verify: Option<Option<Duration>>,

    /// Takes the secret of one key from this file, or from standard input where it is -. Where the provider revokes by the
    /// secret itself, its name alone is then the key (slack). Else the secret is tried before and after its key is revoked,
    /// which implies --verify.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub(crate) secret_from: Option<PathBuf>,

    /// Takes your word that the keys existed at this provider and tenant: its own "no such key" is then their death.
    #[arg(long)]
    pub(crate) attested: bool,

    /// Looks each key up first and sends nothing if it differs: name, prefix, last4, owner or created_before (a date or
    /// RFC 3339). A list says it for single keys in columns or members expect_FIELD.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) expect: Vec<String>,

    /// Says that the key may be the credential in use, which is refused otherwise where a look-up tells.
    #[arg(long)]
    pub(crate) own_key: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

fn key_forms() -> String {
    let form = |provider: &ProviderInfo| format!("{}:{}", provider.name(), provider.key_form());
    let all = known::providers().iter();
    let (by_secret, by_id): (Vec<_>, Vec<_>) = all.partition(|provider| provider.revokes_by_secret());
    let forms: Vec<String> = by_id.into_iter().map(form).collect();
    let by_secret: Vec<&str> = by_secret.iter().map(|provider| provider.name()).collect();
    format!(
        "The keys, by their ids, never the keys themselves: {}; PROVIDER@TENANT:KEY with a credential of --credentials; \
         with --secret-from, the name alone of a provider that revokes by the secret: {}",
        forms.join(", "),
        by_secret.join(", ")
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
    stop::outlive_file_limits();
    log_to_standard_error(&arguments.connection);
    let rows = Rows::read(arguments)?;
    let (checks, mut wrong) = checks::of_arguments(arguments, &rows.keys, rows.took_secret)?;
    let Setup {
        registry,
        broken,
        mut problems,
        local,
        ..
    } = Setup::revoking(arguments, &rows.keys);
    problems.append(&mut wrong);
    let Rows {
        keys,
        places,
        expected,
        mut refused,
        took_secret: _,
    } = rows;
    let in_order: Vec<KeyRef> = if arguments.from.is_none() {
        keys.clone()
    } else {
        Vec::new()
    };
    let (plan, error) = registry.plan_valid(keys);
    for problem in error.iter().flat_map(|error| error.problems()) {
        // What is wrong with the credential was said already; the key may be wrong besides.
        let reason = if broken.contains(problem.key()) {
            wrong_in_itself(problem.key())
        } else {
            Some(problem.problem().clone())
        };
        refused.extend(reason.map(|reason| places.refused(problem, reason)));
    }
    refused.sort_by_key(|refused| refused.line);

    let skips = arguments.skip_invalid && problems.is_empty();
    if !problems.is_empty() || (!refused.is_empty() && !skips) {
        let refused = refused.iter().map(ToString::to_string);
        for problem in refused.chain(problems) {
            output::complain(&problem);
        }
        output::complain("nothing was sent");
        return Ok(Exit::InvalidInput);
    }
    if let Some(failure) = local {
        return Err(failure);
    }
    if arguments.dry_run {
        return plan::show(&plan, &refused, arguments.json);
    }
    if arguments.from.is_some() && !arguments.yes && !plan.is_empty() && !plan::confirmed(&plan, arguments)? {
        output::complain("nothing was sent");
        return Ok(Exit::InvalidInput);
    }
    let mut results = Results::new(arguments, plan.len());
    for refused in &refused {
        results.refused(refused);
    }
    let registry = match checks {
        Some(checks) => registry.with_checks(checks),
        None => registry,
    };
    let plan = plan.with_expectations(expected);
    work(start(registry, plan, arguments)?, arguments, in_order, results).await
}

fn wrong_in_itself(key: &KeyRef) -> Option<InvalidInput> {
    let provider = known::provider(key.provider()).ok()?;
    match key.secret() {
        Some(secret) => provider.check_secret(secret).err(),
        None => provider.check_key(key.key()).err(),
    }
}

/// Keys of the command line are revoked one after the other, so that a wrong credential or list does the least harm,
/// and none waits for longer than its own time. A list is worked off as the registry says.
fn start(registry: Registry, plan: Plan, arguments: &Arguments) -> Result<Run, LocalFailure> {
    let mut registry = registry;
    registry = if arguments.from.is_none() {
        registry
            .with_total_concurrency(NonZeroUsize::MIN)
            .with_longest_pause(Duration::ZERO)
    } else {
        registry
            .with_concurrency(arguments.concurrency)
            .with_keep_trying(arguments.keep_trying.unwrap_or_default())
    };
    if let Some(path) = &arguments.journal {
        registry = registry.with_journal(FileJournal::open(path).map_err(std::io::Error::other)?);
        let user = || std::env::var("USER").or_else(|_| std::env::var("USERNAME")).ok();
        if let Some(name) = arguments.by.clone().or_else(user) {
            registry = registry.with_operator(name);
        }
    }
    Ok(plan.with_registry(registry).revoke_all())
}

async fn work(
    mut run: Run,
    arguments: &Arguments,
    in_order: Vec<KeyRef>,
    mut results: Results,
) -> Result<Exit, LocalFailure> {
    let stopper = run.stopper();
    stop::listen(stopper.clone(), arguments.deadline);
    // Results that came before their turn.
    let (mut early, mut turns) = (
        HashMap::<KeyRef, VecDeque<_>>::new(),
        in_order.into_iter().peekable(),
    );
    let mut said = false;
    while let Some((key, result)) = run.next().await {
        if !said {
            said = true;
            for key in run.was_in_flight() {
                results.note(&format!("{key} was under way when an earlier run ended"));
            }
        }
        early.entry(key.clone()).or_default().push_back(result);
        loop {
            let key = match turns.peek() {
                Some(turn) => turn,
                None if arguments.from.is_some() => &key,
                None => break,
            };
            let Some(result) = early.get_mut(key).and_then(VecDeque::pop_front) else {
                break;
            };
            results.add(key, &result);
            if arguments.from.is_some() {
                early.clear();
                break;
            }
            turns.next();
        }
        if results.is_lost() {
            stopper.finish();
        }
    }
    if let Some(error) = run.journal_error() {
        results.fail(std::io::Error::other(error));
    }
    results.finish()
}

/// Our own events only: what other crates log was not written with secrets in mind.
pub(crate) fn log_to_standard_error(connection: &Connection) {
    if !connection.verbose {
        return;
    }
    let ours = Targets::new().with_target("keyrevoke", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry().with(ours).with(lines).init();
}
