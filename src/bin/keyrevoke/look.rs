//! `keyrevoke find`, `list` and `probe`: what providers say, without changing anything.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use keyrevoke::{
    Acceptance, AnyRevoker, ErrorKind, KeyFilter, KeyInfo, KeyRef, KeyState, KeyStatus, Registry, Revoke,
    RevokeError, SCHEMA, Which, timestamp,
};
use serde::Serialize;

use crate::Exit;
use crate::checks;
use crate::identify;
use crate::known;
use crate::output::{self, LocalFailure};
use crate::revoke::{Connection, log_to_standard_error};
use crate::setup::Setup;

#[derive(Args)]
pub(crate) struct FindArguments {
    /// The keys, as for revoke; with --secret-from, the provider alone: PROVIDER, or PROVIDER@TENANT.
    #[arg(required = true, value_name = "PROVIDER:KEY")]
    keys: Vec<String>,

    /// Finds the key of the secret in this file, or on standard input where it is -: as the provider says who calls with it,
    /// or by the ends of secrets that its list shows. Several are never guessed at.
    #[arg(long, value_name = "FILE")]
    secret_from: Option<PathBuf>,

    /// Prints one JSON object a line.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Args)]
pub(crate) struct ListArguments {
    /// Whose keys: PROVIDER, or PROVIDER@TENANT with a credential of --credentials.
    provider: String,

    /// Keys of this owner, in whatever case.
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,

    /// Keys that were created before this date or time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    created_before: Option<SystemTime>,

    /// Keys whose last use was before this date or time; those of which no use is known are left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    unused_since: Option<SystemTime>,

    /// Keys of this status.
    #[arg(long, value_enum)]
    status: Option<Status>,

    /// Prints one JSON object a line.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, ValueEnum)]
enum Status {
    Active,
    Inactive,
    Revoked,
    Expired,
    Unknown,
}

#[derive(Args)]
pub(crate) struct ProbeArguments {
    /// Where the secret belongs: PROVIDER, or PROVIDER@TENANT.
    provider: String,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

fn moment(text: &str) -> Result<SystemTime, String> {
    checks::moment(text).ok_or_else(|| "neither a date such as 2026-11-22 nor a time of RFC 3339".to_owned())
}

pub(crate) async fn find(arguments: &FindArguments) -> Result<Exit, LocalFailure> {
    if let Some(path) = &arguments.secret_from {
        return find_of_secret(arguments, path).await;
    }
    let (mut keys, mut problems) = (Vec::new(), Vec::new());
    for (index, text) in arguments.keys.iter().enumerate() {
        match text.parse::<KeyRef>() {
            Ok(key) => keys.push(key),
            Err(problem) => problems.push(format!("key {}: {problem}", index + 1)),
        }
    }
    let Some(registry) = registry(&arguments.connection, &keys, problems)? else {
        return Ok(Exit::InvalidInput);
    };
    let mut worst = HashMap::<KeyState, usize>::new();
    for key in &keys {
        let Some(revoker) = registry.get(key.provider(), key.tenant()) else {
            continue; // said already
        };
        let found = revoker.find(&key.without_tenant()).await;
        *worst
            .entry(found.as_ref().map_or_else(RevokeError::key_state, KeyInfo::state))
            .or_default() += 1;
        show(Some(key), &found, arguments.json)?;
    }
    Ok(exit(&worst))
}

/// Says what the provider says of the key of a secret.
async fn find_of_secret(arguments: &FindArguments, path: &Path) -> Result<Exit, LocalFailure> {
    let [name] = arguments.keys.as_slice() else {
        output::complain("--secret-from: is the secret of one key; give one provider");
        return Ok(Exit::InvalidInput);
    };
    if name.contains(':') {
        output::complain("--secret-from: says which key is meant; give the provider's name alone");
        return Ok(Exit::InvalidInput);
    }
    let secret = match checks::secret(path)? {
        Ok(secret) => secret,
        Err(problem) => {
            output::complain(&format!("--secret-from: {problem}"));
            return Ok(Exit::InvalidInput);
        }
    };
    let Some(revoker) = one(&arguments.connection, name)? else {
        return Ok(Exit::InvalidInput);
    };
    let nothing = |detail: String, next_step: &'static str| {
        let error = RevokeError::new(
            revoker.provider().to_owned(),
            ErrorKind::NotFound,
            KeyState::Unknown,
        );
        Err(error.with_detail(detail).with_next_step(next_step))
    };
    let (key, found) = match revoker.which(&secret).await {
        Ok(Which::One(key)) => {
            let found = revoker.find(&key).await;
            let tenant = name.split_once('@').map(|(_, tenant)| tenant);
            // The name was good enough to find the revoker.
            let named = tenant.and_then(|tenant| key.clone().with_tenant(tenant).ok());
            (Some(named.unwrap_or(key)), found)
        }
        Ok(Which::None) => (
            None,
            nothing(
                identify::NO_KEY.to_owned(),
                "Check whose secret it is, and the tenant: the key may be dead and no longer listed.",
            ),
        ),
        Ok(Which::Several(keys)) => {
            let keys: Vec<&str> = keys.iter().map(KeyRef::as_str).collect();
            let detail = format!("{}: {}", identify::SEVERAL, keys.join(", "));
            (None, nothing(detail, identify::LOOK_AT_EACH))
        }
        Err(error) => (None, Err(error)),
    };
    let state = found.as_ref().map_or_else(RevokeError::key_state, KeyInfo::state);
    show(key.as_ref(), &found, arguments.json)?;
    Ok(exit(&HashMap::from([(state, 1)])))
}

pub(crate) async fn list(arguments: &ListArguments) -> Result<Exit, LocalFailure> {
    let Some(revoker) = one(&arguments.connection, &arguments.provider)? else {
        return Ok(Exit::InvalidInput);
    };
    let mut filter = KeyFilter::new();
    if let Some(owner) = &arguments.owner {
        filter = filter.with_owner(owner);
    }
    if let Some(time) = arguments.created_before {
        filter = filter.with_created_before(time);
    }
    if let Some(time) = arguments.unused_since {
        filter = filter.with_unused_since(time);
    }
    if let Some(status) = arguments.status {
        filter = filter.with_status(match status {
            Status::Active => KeyStatus::Active,
            Status::Inactive => KeyStatus::Inactive,
            Status::Revoked => KeyStatus::Revoked,
            Status::Expired => KeyStatus::Expired,
            Status::Unknown => KeyStatus::Unknown,
        });
    }
    let mut keys = revoker.list(&filter);
    while let Some(key) = keys.next().await {
        match key {
            Ok(_) => show(None, &key, arguments.json)?,
            Err(error) => {
                output::complain(&format!(
                    "{}\n        next: {}",
                    output::reason(&Err(error.clone())),
                    error.next_step()
                ));
                output::complain("the list is not complete");
                return Ok(Exit::SomeUnknown);
            }
        }
    }
    Ok(Exit::AllDead)
}

pub(crate) async fn probe(arguments: &ProbeArguments) -> Result<Exit, LocalFailure> {
    let secret = match checks::secret(Path::new("-"))? {
        Ok(secret) => secret,
        Err(problem) => {
            output::complain(&problem.to_string());
            return Ok(Exit::InvalidInput);
        }
    };
    let Some(revoker) = one(&arguments.connection, &arguments.provider)? else {
        return Ok(Exit::InvalidInput);
    };
    // A secret that is the key itself has a form there; sent to another provider it would leak.
    let by_secret = known::provider(revoker.provider()).ok();
    let by_secret = by_secret.filter(|provider| provider.revokes_by_secret());
    if let Some(Err(problem)) = by_secret.map(|provider| provider.check_secret(&secret)) {
        output::complain(&problem.to_string());
        return Ok(Exit::InvalidInput);
    }
    #[derive(Serialize)]
    struct Line<'a> {
        provider: &'a str,
        accepted: Option<bool>,
        #[serde(flatten)]
        error: Option<&'a RevokeError>,
    }
    let asked = revoker.probe(&secret).await;
    let (accepted, words, exit) = match &asked {
        Ok(Acceptance::Accepted) => (
            Some(true),
            "accepted: the secret works".to_owned(),
            Exit::SomeLive,
        ),
        Ok(Acceptance::Refused) => (
            Some(false),
            "refused: the provider does not know the secret".to_owned(),
            Exit::AllDead,
        ),
        Err(error) => {
            let reason = output::reason(&Err(error.clone()));
            (
                None,
                format!("unknown: {reason}\n        next: {}", error.next_step()),
                if error.kind() == ErrorKind::InvalidInput {
                    Exit::InvalidInput
                } else {
                    Exit::SomeUnknown
                },
            )
        }
    };
    if arguments.json {
        let mut line = serde_json::to_value(Line {
            provider: revoker.provider(),
            accepted,
            error: asked.as_ref().err(),
        })
        .map_err(io::Error::from)?;
        line["provider"] = revoker.provider().into();
        line["schema"] = SCHEMA.into();
        output::line(&line.to_string())?;
    } else {
        output::line(&words)?;
    }
    Ok(exit)
}

/// The revokers for these keys; `None` where something is wrong, which is said.
fn registry(
    connection: &Connection,
    keys: &[KeyRef],
    mut problems: Vec<String>,
) -> Result<Option<Registry>, LocalFailure> {
    log_to_standard_error(connection);
    let setup = Setup::looking(connection, keys);
    let (_, error) = setup.registry.plan_valid(keys.to_vec());
    let wrong = error.iter().flat_map(|error| error.problems());
    let wrong = wrong.filter(|problem| !setup.broken.contains(problem.key()));
    problems.extend(wrong.map(ToString::to_string));
    problems.extend(setup.problems);
    if !problems.is_empty() {
        problems.iter().for_each(|problem| output::complain(problem));
        return Ok(None);
    }
    match setup.local {
        Some(failure) => Err(failure),
        None => Ok(Some(setup.registry)),
    }
}

/// The revoker of one provider and tenant.
pub(crate) fn one(connection: &Connection, name: &str) -> Result<Option<AnyRevoker>, LocalFailure> {
    let (provider, tenant) = match name.split_once('@') {
        Some((provider, tenant)) => (provider, Some(tenant)),
        None => (name, None),
    };
    let info = match known::provider(provider) {
        Ok(info) => info,
        Err(problem) => {
            output::complain(&problem.to_string());
            return Ok(None);
        }
    };
    log_to_standard_error(connection);
    let setup = Setup::of_one(connection, info, tenant);
    setup
        .problems
        .iter()
        .for_each(|problem| output::complain(problem));
    if let Some(failure) = setup.local {
        return Err(failure);
    }
    let revoker = setup.registry.get(provider, tenant).cloned();
    if revoker.is_none() && setup.problems.is_empty() {
        // Who meant a colon has typed a secret there.
        output::complain(&match tenant {
            Some(_) => {
                format!("{provider} has no credential for the tenant (not shown); name it in --credentials")
            }
            None => format!("{provider} has no credential here; give one, or name a tenant of --credentials"),
        });
    }
    Ok(revoker.filter(|_| setup.problems.is_empty()))
}

/// One key; `asked` is how it was asked for.
fn show(
    asked: Option<&KeyRef>,
    found: &Result<KeyInfo, RevokeError>,
    json: bool,
) -> Result<(), LocalFailure> {
    #[derive(Serialize)]
    struct Failed<'a> {
        key: Option<&'a KeyRef>,
        #[serde(flatten)]
        error: &'a RevokeError,
    }
    let text = match (found, json) {
        (Ok(info), true) => {
            let mut line = serde_json::to_value(info).map_err(io::Error::from)?;
            if let Some(asked) = asked {
                line["key"] = asked.as_str().into();
            }
            line.to_string()
        }
        (Err(error), true) => {
            let mut line = serde_json::to_value(Failed { key: asked, error }).map_err(io::Error::from)?;
            line["status_code"] = line["status"].take();
            line["status"] = KeyStatus::Unknown.as_str().into();
            // The members of a key, of which nothing is known.
            for member in [
                "name",
                "prefix",
                "last4",
                "owner",
                "created_at",
                "expires_at",
                "last_used_at",
                "revoked_at",
            ] {
                line[member] = serde_json::Value::Null;
            }
            line.to_string()
        }
        (Ok(info), false) => words(asked.unwrap_or(info.key()), info),
        (Err(error), false) => format!(
            "{} {}  {}\n        next: {}",
            output::state(KeyState::Unknown, output::is_colourful()),
            asked.map_or("?", KeyRef::as_str),
            output::reason(&Err(error.clone())),
            error.next_step()
        ),
    };
    output::line(&text)
}

fn words(key: &KeyRef, info: &KeyInfo) -> String {
    let state = output::state(info.state(), output::is_colourful());
    let texts = [
        ("name", info.name()),
        ("prefix", info.prefix()),
        ("last4", info.last4()),
        ("owner", info.owner()),
    ];
    let times = [
        ("created", info.created_at()),
        ("expires", info.expires_at()),
        ("last used", info.last_used_at()),
        ("revoked", info.revoked_at()),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(name, text)| Some(format!("{name} {}", text?)));
    let times = times
        .into_iter()
        .filter_map(|(name, time)| Some(format!("{name} {}", timestamp::format(time?))));
    let facts: Vec<String> = texts.chain(times).collect();
    format!("{state} {key}  {}  {}", info.status(), facts.join(", "))
        .trim_end()
        .to_owned()
}

fn exit(worst: &HashMap<KeyState, usize>) -> Exit {
    match (
        worst.contains_key(&KeyState::Live),
        worst.contains_key(&KeyState::Unknown),
    ) {
        (true, _) => Exit::SomeLive,
        (false, true) => Exit::SomeUnknown,
        (false, false) => Exit::AllDead,
    }
}
