//! [`Builder`]: every setting of a revoker, checked at once.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};

use crate::client::{Revoker, RevokerInner};
use crate::counters::Counters;
use crate::credential::{Credential, Form, Prepared, Redactor};
use crate::erased::ErasedProvider;
use crate::error::one_line;
use crate::input::InvalidInput;
use crate::observer::Observer;
use crate::options::{ClientOptions, default_connect_timeout};
use crate::outcome::{ErrorKind, KeyState, RevokeError};
use crate::provider::{About, Deletion, Effect, Provider};
use crate::retry::{Budget, RetryPolicy};
use crate::source::{Cached, CredentialSource, Credentials};
use crate::wire::Target;

/// How long one attempt may take where nothing is set: connecting, sending, and the whole answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a whole call may take where nothing is set: all attempts and the pauses between them.
const DEADLINE: Duration = Duration::from_secs(30);

/// What a builder builds for: one provider's marker, or [`AnyProvider`](crate::AnyProvider).
pub trait BuildTarget: Sized {
    /// What comes out.
    type Revoker;
    #[doc(hidden)]
    fn build(self, settings: Settings) -> Result<Self::Revoker, BuildError>;
}

/// Makes a revoker. One type for all providers: begin with the provider's own function, such as
/// [`dolfin::builder`](crate::dolfin::builder), or with [`builder`](crate::builder) and a name.
///
/// Nothing is checked before [`build`](Self::build), which reports everything that is wrong at once.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder<T> {
    target: T,
    settings: Settings,
}

#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Settings {
    credential: Option<Given>,
    observer: Option<Arc<dyn Observer>>,
    counters: Option<Counters>,
    base_url: Option<String>,
    options: ClientOptions,
    retry: RetryPolicy,
    attempt_timeout: Option<Duration>,
    deadline: Option<Duration>,
    named: BTreeMap<String, String>,
    pub(crate) deletion: bool,
    more_than_the_key: bool,
}

#[derive(Clone)]
enum Given {
    Fixed(Credential),
    Source(Arc<dyn CredentialSource>),
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("credential", &self.credential.as_ref().map(|_| "[redacted]"))
            .field("base_url", &self.base_url.as_ref().map(|_| "[set]"))
            .field("options", &self.options)
            .field("retry", &self.retry)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .field("named", &self.named.keys())
            .field("deletion", &self.deletion)
            .field("more_than_the_key", &self.more_than_the_key)
            .finish_non_exhaustive()
    }
}

impl<T: BuildTarget> Builder<T> {
    pub(crate) fn new(target: T) -> Self {
        Self {
            target,
            settings: Settings::default(),
        }
    }

    /// The credential that may revoke. This or a [source](Self::with_credential_source) is required.
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.settings.credential = Some(Given::Fixed(credential));
        self
    }

    /// Where the credential comes from, for those that expire; instead of [`with_credential`](Self::with_credential).
    pub fn with_credential_source(mut self, source: impl CredentialSource) -> Self {
        self.settings.credential = Some(Given::Source(Arc::new(source)));
        self
    }

    /// Who is told before a request leaves, and may stop it.
    pub fn with_observer(mut self, observer: impl Observer) -> Self {
        self.settings.observer = Some(Arc::new(observer));
        self
    }

    /// What counts the results of the revoker's calls.
    pub fn with_counters(mut self, counters: Counters) -> Self {
        self.settings.counters = Some(counters);
        self
    }

    /// Exactly what stands before the paths of the provider's document, such as
    /// `https://TENANT.sinjapp.org/api/v1`. Required where the provider has no published address.
    ///
    /// https only, and under the provider's published domains; loopback is always allowed, other hosts by
    /// [`ClientOptions::allow_host`] and [`ClientOptions::allow_http_host`].
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = Some(url.into());
        self
    }

    /// Transport settings.
    pub fn with_options(mut self, options: ClientOptions) -> Self {
        self.settings.options = options;
        self
    }

    /// How often and how fast to ask again.
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// How long one attempt may take, from connecting to the last byte of the answer; 10 s, or less where the
    /// deadline is shorter.
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = Some(timeout);
        self
    }

    /// How long the whole call for one key may take, all attempts and pauses included; 30 s.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = Some(deadline);
        self
    }

    /// A setting that only this provider has, by its name; see
    /// [`ProviderInfo::settings`](crate::ProviderInfo::settings). Typed forms stand in the providers' modules.
    pub fn with_setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.named.insert(name.into(), value.into());
        self
    }

    /// Kills keys for good. Where a provider offers both, keys are disabled unless this is asked for, since a mistake can
    /// then be taken back: [`Capabilities::is_reversible`](crate::Capabilities::is_reversible) says what a revoker does.
    ///
    /// Where the one thing that a provider offers is for good anyway, this changes nothing, so that it can be said of a
    /// whole list; where that can be undone, nothing can be built.
    pub fn with_deletion(mut self) -> Self {
        self.settings.deletion = true;
        self
    }

    /// Says that more may die than the key, where a revocation takes [more than was
    /// asked](crate::Capabilities::takes_more_than_the_key): the tokens that a token has made, say. Without this word such a
    /// revoker looks keys up and tries secrets, and every revocation is refused before anything is sent, by an error that
    /// names what would die too.
    ///
    /// Where nothing else dies this changes nothing, so that it can be said of a whole list.
    pub fn with_more_than_the_key(mut self) -> Self {
        self.settings.more_than_the_key = true;
        self
    }

    /// Checks everything and makes the revoker; nothing is sent.
    pub fn build(self) -> Result<T::Revoker, BuildError> {
        self.target.build(self.settings)
    }
}

/// Everything that is wrong with a builder's settings, at once. Never holds a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    problems: Vec<InvalidInput>,
}

impl BuildError {
    /// For builders of one's own.
    pub fn new(problems: impl IntoIterator<Item = InvalidInput>) -> Self {
        Self {
            problems: problems.into_iter().collect(),
        }
    }

    /// What is wrong.
    pub fn problems(&self) -> &[InvalidInput] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for BuildError {}

impl From<BuildError> for RevokeError {
    fn from(error: BuildError) -> Self {
        let provider = error
            .problems
            .first()
            .map_or("keyrevoke", InvalidInput::provider)
            .to_owned();
        Self::new(provider, ErrorKind::InvalidInput, KeyState::Live)
            .with_detail(one_line(&error))
            .with_source(error)
    }
}

impl<P: Provider> BuildTarget for P {
    type Revoker = Revoker<P>;

    fn build(self, settings: Settings) -> Result<Revoker<P>, BuildError> {
        let checked = check(&self, &settings)?;
        Ok(Revoker(Arc::new(RevokerInner {
            target: checked.target,
            http: checked.http,
            credentials: checked.credentials,
            observer: settings.observer,
            counters: settings.counters,
            redactor: checked.redactor,
            policy: settings.retry,
            budget: checked.budget,
            connect_timeout: checked.connect_timeout,
            attempt_timeout: checked.attempt_timeout,
            deadline: checked.deadline,
            deletion: checked.deletion,
            may_take_more: settings.more_than_the_key,
            provider: self,
        })))
    }
}

/// What a revoker needs of its settings.
struct Checked {
    target: Arc<Target>,
    http: reqwest::Client,
    credentials: Credentials,
    redactor: Redactor,
    budget: Budget,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    deadline: Duration,
    deletion: Option<&'static Deletion>,
}

/// Checks everything, whichever the provider.
fn check(provider: &dyn ErasedProvider, settings: &Settings) -> Result<Checked, BuildError> {
    let deletion = provider.deletion().filter(|_| settings.deletion);
    let about = deletion.map_or(provider.about(), |deletion| &deletion.about);
    let name = about.name;
    let mut problems = Vec::new();
    let mut take = |problem| problems.push(problem);

    if settings.deletion && about.reversible {
        take(InvalidInput::new(
            name,
            format!("{name} deletion"),
            "is not offered by the provider, where a revoked key can be brought back",
            "revoke without deletion, and delete the key at the provider if nobody may bring it back",
        ));
    }
    let (prefix, mut headers) = named_settings(about, &settings.named, &mut take);
    let constant = provider.headers().iter();
    headers.extend(
        constant.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
    );
    let form = about.credentials.first().copied();
    let credentials = match &settings.credential {
        Some(_) if form.is_some_and(Form::is_none) => {
            take(InvalidInput::new(
                name,
                format!("{name} credential"),
                "is given, and this provider takes none",
                format!("leave it out; what revokes is {}", about.credential_help),
            ));
            None
        }
        None if form.is_some_and(Form::is_none) => Some(match form {
            Some(Form::Itself(form)) => Credentials::OfKey(*form),
            _ => Credentials::Fixed(Arc::new(Prepared::none(&Redactor::default()))),
        }),
        Some(Given::Fixed(credential)) => {
            if let Some(Err(problem)) = credential.key_id().map(|id| provider.canonical(id)) {
                take(problem);
            }
            let prepared = credential.prepare(name, about.credentials).map_err(&mut take);
            prepared
                .map(|prepared| Credentials::Fixed(Arc::new(prepared)))
                .ok()
        }
        Some(Given::Source(source)) => Some(Credentials::Source(Box::new(Cached {
            provider: name,
            forms: about.credentials,
            source: Arc::clone(source),
            current: tokio::sync::Mutex::default(),
        }))),
        None => {
            take(InvalidInput::new(
                name,
                format!("{name} credential"),
                "is not set",
                format!("give {}", about.credential_help),
            ));
            None
        }
    };
    let base = match settings.base_url.as_deref().or(about.base.default) {
        Some(text) => settings
            .options
            .check_base(name, &about.base, text)
            .map_err(&mut take)
            .ok(),
        None => {
            take(InvalidInput::new(
                name,
                format!("{name} base URL"),
                "is not set, and the provider publishes none",
                format!(
                    "set it to what stands before the document's paths: {}",
                    about.base.example
                ),
            ));
            None
        }
    };
    let timeouts = timeouts(name, settings).map_err(&mut take).ok();
    let http = match (&base, timeouts) {
        (Some(base), Some((connect, ..))) => settings
            .options
            .client(name, base, connect)
            .map_err(&mut take)
            .ok(),
        _ => None,
    };
    let (Some(credentials), Some(mut base), Some((connect, attempt, deadline)), Some(http), true) =
        (credentials, base, timeouts, http, problems.is_empty())
    else {
        return Err(BuildError { problems });
    };
    let root = base.clone();
    base.set_path(&format!("{}{prefix}", base.path().trim_end_matches('/')));
    Ok(Checked {
        target: Arc::new(Target {
            base,
            root,
            operations: provider.operations(),
            headers,
        }),
        http,
        credentials,
        redactor: settings.options.redactor(),
        budget: Budget::new(&settings.retry),
        connect_timeout: connect,
        attempt_timeout: attempt,
        deadline,
        deletion,
    })
}

/// The provider's own settings: a prefix for the path, and headers.
fn named_settings(
    about: &About,
    named: &BTreeMap<String, String>,
    mut take: impl FnMut(InvalidInput),
) -> (&'static str, Vec<(HeaderName, HeaderValue)>) {
    let name = about.name;
    let (mut prefix, mut headers) = ("", Vec::new());
    for setting in about.settings {
        let given = named.get(setting.name);
        match (setting.effect, given) {
            (Effect::PathPrefix(choices), None) => prefix = choices.first().copied().unwrap_or_default(),
            (Effect::PathPrefix(choices), Some(value)) => {
                match choices.iter().find(|choice| *choice == value) {
                    Some(choice) => prefix = choice,
                    None => take(InvalidInput::new(
                        name,
                        format!("{name} {}", setting.name),
                        "is not one of its values",
                        format!("give one of: {}", choices.join(", ")),
                    )),
                }
            }
            (Effect::Header(_), None) => {}
            (Effect::Header(header), Some(value)) => {
                let sound =
                    (1..=128).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
                match (HeaderName::try_from(header), HeaderValue::try_from(value)) {
                    (Ok(header), Ok(value)) if sound => headers.push((header, value)),
                    _ => take(InvalidInput::new(
                        name,
                        format!("{name} {}", setting.name),
                        "is empty, too long, or holds a blank or a non-ASCII character",
                        format!("give the value that is {}", setting.help),
                    )),
                }
            }
        }
    }
    for unknown in named.keys().filter(|given| {
        about
            .settings
            .iter()
            .all(|setting| setting.name != given.as_str())
    }) {
        let known: Vec<&str> = about.settings.iter().map(|setting| setting.name).collect();
        take(InvalidInput::new(
            name,
            format!("{name} setting {unknown:?}"),
            "is not known",
            if known.is_empty() {
                "leave it out: this provider has no settings".into()
            } else {
                format!("give one of: {}", known.join(", "))
            },
        ));
    }
    (prefix, headers)
}

/// Connect timeout below attempt timeout below deadline: only so is a time-out while connecting known to have
/// sent nothing, and an attempt known to end within the call.
fn timeouts(name: &'static str, settings: &Settings) -> Result<(Duration, Duration, Duration), InvalidInput> {
    let deadline = settings.deadline.unwrap_or(DEADLINE);
    let attempt = settings
        .attempt_timeout
        .unwrap_or_else(|| ATTEMPT_TIMEOUT.min(deadline.mul_f64(0.8)));
    let connect = settings
        .options
        .connect_timeout()
        .unwrap_or_else(|| default_connect_timeout(attempt));
    let longest = Duration::from_secs(24 * 60 * 60);
    if Duration::ZERO < connect && connect < attempt && attempt < deadline && deadline <= longest {
        return Ok((connect, attempt, deadline));
    }
    Err(InvalidInput::new(
        name,
        format!("{name} timeouts"),
        format!("are connect {connect:?}, attempt {attempt:?}, deadline {deadline:?}"),
        "make the connect timeout shorter than the attempt timeout, that shorter than the deadline, and that at most a day",
    ))
}
