//! [`Registry`]: many keys, at several providers and tenants, with as many credentials.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;

use crate::checks::Checks;
use crate::counters::Counters;
use crate::input::InvalidInput;
use crate::journal::Journal;
use crate::key::{KeyRef, is_tenant_name};
use crate::observer::Observer;
use crate::plan::{Plan, PlanError};
use crate::providers::canonical;
use crate::revoke::{AnyRevoker, Revoke, unknown_provider};
use crate::run::Run;

/// Revokers by provider and tenant, and how a list of keys is worked off with them.
///
/// ```
/// # #[cfg(feature = "fakes")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use keyrevoke::{KeyState, Registry};
///
/// let (ours, theirs) = (keyrevoke::fakes::Fake::start("devin").await?, keyrevoke::fakes::Fake::start("devin").await?);
/// let registry = Registry::new().with(ours.builder().build()?).with_tenant("acme", theirs.builder().build()?)?;
///
/// let mut run = registry.revoke_all([ours.new_key(), theirs.new_key().with_tenant("acme")?]);
/// while let Some((key, result)) = run.next().await {
///     assert_eq!(KeyState::from(&result), KeyState::Dead, "{key}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    pub(crate) targets: Vec<Target>,
    pub(crate) limits: Limits,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) counters: Option<Counters>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) operator: Option<String>,
    pub(crate) checks: Option<Checks>,
}

/// A revoker, and which keys are its.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) provider: Arc<str>,
    pub(crate) tenant: Option<Arc<str>>,
    pub(crate) revoker: AnyRevoker,
}

/// What bounds a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) per_credential: usize,
    pub(crate) per_provider: usize,
    pub(crate) in_total: usize,
    pub(crate) keep_trying: Duration,
    pub(crate) longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_credential: 4,
            per_provider: 16,
            in_total: usize::MAX,
            keep_trying: Duration::ZERO,
            longest_pause: Duration::from_secs(60 * 60),
        }
    }
}

impl Registry {
    /// Knows no provider yet. A run makes at most 4 calls at a time with one credential, and 16 at one provider.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the revoker for a provider's keys that name no tenant, in place of one that was there.
    pub fn with(self, revoker: AnyRevoker) -> Self {
        self.adding(None, revoker)
    }

    /// Adds the revoker for the keys that name this tenant, in place of one that was there. The name is the caller's
    /// own, as in [`KeyRef::with_tenant`].
    pub fn with_tenant(self, tenant: &str, revoker: AnyRevoker) -> Result<Self, InvalidInput> {
        if is_tenant_name(tenant) {
            return Ok(self.adding(Some(tenant.into()), revoker));
        }
        Err(InvalidInput::new(
            revoker.provider().to_owned(),
            format!("{} tenant {}", revoker.provider(), crate::input::shown(tenant)),
            "is not 1 to 64 letters, digits, '-', '_' and '.'",
            "call it by a plain name",
        ))
    }

    fn adding(mut self, tenant: Option<Arc<str>>, revoker: AnyRevoker) -> Self {
        let provider: Arc<str> = canonical(revoker.provider()).into();
        self.targets
            .retain(|known| (&known.provider, &known.tenant) != (&provider, &tenant));
        self.targets.push(Target {
            provider,
            tenant,
            revoker,
        });
        self
    }

    /// How many calls are under way at a time with one credential; 4 where nothing is set.
    pub fn with_concurrency(mut self, calls: NonZeroUsize) -> Self {
        self.limits.per_credential = calls.get();
        self.limits.per_provider = self.limits.per_provider.max(calls.get());
        self
    }

    /// How many calls are under way at a time at one provider, with all its tenants' credentials; 16 where nothing is
    /// set.
    pub fn with_provider_concurrency(mut self, calls: NonZeroUsize) -> Self {
        self.limits.per_provider = calls.get();
        self
    }

    /// How many calls are under way at a time in all; unbounded where nothing is set.
    pub fn with_total_concurrency(mut self, calls: NonZeroUsize) -> Self {
        self.limits.in_total = calls.get();
        self
    }

    /// For how long keys of a provider that is down are taken back and tried again, in rounds that grow apart; not at
    /// all where nothing is set.
    ///
    /// It counts from a credential's first failure that no answer has followed, and only keys are tried again of which
    /// [`RevokeError::is_retryable`](crate::RevokeError::is_retryable) says that a repeat cannot hurt.
    pub fn with_keep_trying(mut self, time: Duration) -> Self {
        self.limits.keep_trying = time;
        self
    }

    /// How long a run waits at most when a provider wants fewer requests; an hour where nothing is set. If it asks for
    /// longer, the credential's keys come back as [rate limited](crate::ErrorKind::RateLimited), with the time.
    ///
    /// With none at all each call waits for itself, within its own deadline, and the first key that comes back as
    /// rate limited ends its credential's part of the run.
    pub fn with_longest_pause(mut self, pause: Duration) -> Self {
        self.limits.longest_pause = pause;
        self
    }

    /// Who is told of every attempt of every run, after the observers of the revokers themselves.
    pub fn with_observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// What counts the results of every run, one for each key.
    pub fn with_counters(mut self, counters: Counters) -> Self {
        self.counters = Some(counters);
        self
    }

    /// Where runs are written down: intent before bytes go out, outcome after. What cannot be written down is not sent.
    ///
    /// A run over a journal that holds earlier runs carries on where they ended. What they confirmed dead comes back
    /// as it was, without a request. What they left in doubt, by a verdict or because they ended while its request was
    /// under way, is sent again, by a call of its own that remembers the doubt, only where
    /// [a repeat cannot hurt](crate::Capabilities::repeat); else it comes back as unknown.
    pub fn with_journal(mut self, journal: impl Journal) -> Self {
        self.journal = Some(Arc::new(journal));
        self
    }

    /// What is looked at before and after each key is revoked. What is expected of single keys is said of the
    /// [plan](Plan::with_expectations).
    pub fn with_checks(mut self, checks: Checks) -> Self {
        self.checks = Some(checks);
        self
    }

    /// Who runs this, for the journal: a person, or the job that acts for one.
    pub fn with_operator(mut self, name: impl Into<String>) -> Self {
        self.operator = Some(name.into());
        self
    }

    /// Resolves a list without sending anything: for each key the provider, the tenant, and whether the revoker takes
    /// it. If anything is wrong the whole list is refused, with everything that is wrong.
    pub fn plan(&self, keys: impl IntoIterator<Item = KeyRef>) -> Result<Plan, PlanError> {
        match self.plan_valid(keys) {
            (plan, None) => Ok(plan),
            (_, Some(error)) => Err(error),
        }
    }

    /// As [`plan`](Self::plan), but plans what is valid, and says besides what is not.
    pub fn plan_valid(&self, keys: impl IntoIterator<Item = KeyRef>) -> (Plan, Option<PlanError>) {
        Plan::new(self.clone(), keys)
    }

    /// Revokes all keys of a list that can be planned; results come in the order in which they are known. Of a list
    /// that cannot, nothing is sent, and every key comes back with the reason.
    pub fn revoke_all(&self, keys: impl IntoIterator<Item = KeyRef>) -> Run {
        let (plan, error) = self.plan_valid(keys);
        match error {
            None => plan.revoke_all(),
            Some(error) => Run::refused(plan, error),
        }
    }

    /// Revokes the keys of a stream as they come. Each is checked when it comes, and a wrong one is refused by
    /// itself; one that came before is passed over. Of each key 16 bytes are remembered for that.
    pub fn revoke_stream(&self, keys: impl Stream<Item = KeyRef> + Send + 'static) -> Run {
        let (plan, _) = self.plan_valid([]);
        Run::of_stream(plan, Box::pin(keys))
    }

    /// The revoker for a provider's keys at a tenant, or for those that name none.
    pub fn get(&self, provider: &str, tenant: Option<&str>) -> Option<&AnyRevoker> {
        let provider = canonical(provider);
        let is_its = |target: &&Target| &*target.provider == provider && target.tenant.as_deref() == tenant;
        self.targets.iter().find(is_its).map(|target| &target.revoker)
    }

    /// Which revoker a key is for, and the key in its canonical form, unless it is given in that.
    pub(crate) fn resolve(&self, key: &KeyRef) -> Result<(usize, Option<KeyRef>), InvalidInput> {
        let provider = canonical(key.provider());
        let is_its =
            |target: &Target| &*target.provider == provider && target.tenant.as_deref() == key.tenant();
        let Some(index) = self.targets.iter().position(is_its) else {
            return Err(self.nobody_for(provider, key));
        };
        let text = self.targets[index].revoker.check_text(key)?;
        if provider == key.provider() && text == key.key() {
            return Ok((index, None));
        }
        let canonical = KeyRef::known(provider, key.tenant(), &text);
        Ok((index, Some(canonical.with_secret(key.secret().cloned()))))
    }

    fn nobody_for(&self, provider: &str, key: &KeyRef) -> InvalidInput {
        let here: Vec<String> = self
            .targets
            .iter()
            .filter(|target| &*target.provider == provider)
            .map(|target| match &target.tenant {
                Some(tenant) => format!("tenant {tenant}"),
                None => "the default tenant".to_owned(),
            })
            .collect();
        let subject = match key.tenant() {
            Some(tenant) => format!("{provider} tenant {tenant}"),
            None => format!("{provider} default tenant"),
        };
        if !here.is_empty() {
            let remedy = format!(
                "give one, or name another: there are credentials for {}",
                here.join(", ")
            );
            return InvalidInput::new(provider.to_owned(), subject, "has no credential here", remedy);
        }
        let known = crate::provider(provider).copied();
        match known.ok().or_else(|| crate::describe::named(provider)).ok_or(()) {
            Ok(known) => {
                let remedy = format!("give {}", known.credential_help());
                InvalidInput::new(provider.to_owned(), subject, "has no credential here", remedy)
            }
            Err(_) => unknown_provider(provider),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.targets.iter().map(|target| match &target.tenant {
            Some(tenant) => format!("{}@{tenant}", target.provider),
            None => target.provider.to_string(),
        });
        f.debug_struct("Registry")
            .field("revokers", &names.collect::<Vec<_>>())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
