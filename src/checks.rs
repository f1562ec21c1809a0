//! What is looked at before and after a key is revoked.

use std::time::{Duration, SystemTime};

use crate::key_info::KeyInfo;
use crate::secret::Secret;
use crate::timestamp;

/// What is looked at before and after a key is revoked, besides the provider's answer.
///
/// ```
/// use keyrevoke::{Checks, Expectation, Verification};
///
/// let careful = Checks::new()
///     .with_expectation(Expectation::new().with_owner("ada@example.com"))
///     .with_verification(Verification::new());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Checks {
    pub(crate) expectation: Option<Expectation>,
    pub(crate) verification: Option<Verification>,
    pub(crate) attestation: Option<Attestation>,
    pub(crate) own: bool,
}

impl Checks {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks the key up first, and sends nothing if it is another than the one that is meant.
    pub fn with_expectation(mut self, expectation: Expectation) -> Self {
        self.expectation = Some(expectation);
        self
    }

    /// Looks afterwards whether the key is dead, until it is or the time is over.
    pub fn with_verification(mut self, verification: Verification) -> Self {
        self.verification = Some(verification);
        self
    }

    /// Takes the caller's word that the key existed: the provider's own "no such key" is then its death.
    pub fn with_attestation(mut self, attestation: Attestation) -> Self {
        self.attestation = Some(attestation);
        self
    }

    /// Says that the key may be the credential in use, which is refused otherwise where it can be told.
    pub fn with_own_key(mut self) -> Self {
        self.own = true;
        self
    }
}

/// What the key is that is meant, so that a wrong id is noticed before anything is sent. What is not known of the key at
/// the provider does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expectation {
    name: Option<String>,
    prefix: Option<String>,
    last4: Option<String>,
    owner: Option<String>,
    created_before: Option<SystemTime>,
}

impl Expectation {
    /// Whatever key.
    pub fn new() -> Self {
        Self::default()
    }

    /// What people call it, to the letter.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How its secret begins: as many characters as the provider shows, or fewer.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// How its secret ends.
    pub fn with_last4(mut self, last4: impl Into<String>) -> Self {
        self.last4 = Some(last4.into());
        self
    }

    /// Whose it is, in whatever case.
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// That it was created before this moment.
    pub fn with_created_before(mut self, time: SystemTime) -> Self {
        self.created_before = Some(time);
        self
    }

    /// Is nothing expected?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Where a key differs from this, both sides in words; nothing where it fits.
    pub fn differences(&self, key: &KeyInfo) -> Vec<String> {
        let same = |expected: &str, known: &str| expected == known;
        let begins = |expected: &str, known: &str| {
            !known.is_empty() && (known.starts_with(expected) || expected.starts_with(known))
        };
        let in_any_case = |expected: &str, known: &str| expected.to_lowercase() == known.to_lowercase();
        let texts = [
            compare("name", &self.name, key.name(), same),
            compare("prefix", &self.prefix, key.prefix(), begins),
            compare("last4", &self.last4, key.last4(), same),
            compare("owner", &self.owner, key.owner(), in_any_case),
        ];
        let created = self.created_before.and_then(|limit| {
            let fits = key.created_at().is_some_and(|created| created < limit);
            let known = key.created_at().map_or("not known".to_owned(), timestamp::format);
            (!fits).then(|| {
                format!(
                    "created_at is {known}, expected before {}",
                    timestamp::format(limit)
                )
            })
        });
        texts.into_iter().flatten().chain(created).collect()
    }
}

fn compare(
    name: &str,
    expected: &Option<String>,
    known: Option<&str>,
    fits: impl Fn(&str, &str) -> bool,
) -> Option<String> {
    let expected = expected.as_deref()?;
    // Nothing, such as a variable that was not set, is no expectation that anything could meet.
    if !expected.is_empty() && known.is_some_and(|known| fits(expected, known)) {
        return None;
    }
    let known = known.map_or("not known".to_owned(), |known| format!("{known:?}"));
    Some(format!("{name} is {known}, expected {expected:?}"))
}

/// How to look afterwards whether a key is dead: by its secret, where there is one, by the provider's own list, or by a
/// repeat that names the key's state.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    pub(crate) budget: Option<Duration>,
    pub(crate) secret: Option<Secret>,
}

/// For how long is looked where neither the caller nor the provider says.
const BUDGET: Duration = Duration::from_secs(30);

impl Verification {
    /// For as long as the provider says that death takes to spread, else 30 s, and without the secret.
    pub fn new() -> Self {
        Self::default()
    }

    /// For how long is looked. It counts from the provider's answer, and not towards the call's deadline.
    pub fn with_budget(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The leaked secret itself, which is tried at the provider's cheapest harmless operation, before and after. Where none
    /// can tell of [such a secret](crate::ProviderInfo::can_probe), the result's detail says that it was not tried.
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    pub(crate) fn budget(&self, propagation: Option<Duration>) -> Duration {
        self.budget.or(propagation).unwrap_or(BUDGET)
    }
}

/// The caller's word that a key of this id existed at this tenant, and what that rests on.
///
/// A mistyped id, somebody else's key and a dead key look alike. For jobs that run every night over ids that a provider's
/// own list gave, the word decides which it is. It is never taken for granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation(String);

impl Attestation {
    /// What the word rests on, such as `the provider's list of 2026-11-20`.
    pub fn new(basis: impl Into<String>) -> Self {
        Self(basis.into())
    }

    pub(crate) fn basis(&self) -> &str {
        &self.0
    }
}
