//! [`Revocation`]: proof that a key is dead.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::outcome::{Delivery, Disposition, Evidence, Facts, KeyState, Record, fact_accessors};

/// Proof that a key is dead.
///
/// Past a `?` the key is dead and no further act is needed; where the provider documents that death takes
/// time to spread, [`propagation`](Self::propagation) says how long.
///
/// ```
/// use keyrevoke::{Disposition, Evidence, Revocation};
///
/// // Applications build their own for their fakes.
/// let dead = Revocation::new("dolfin", Disposition::Revoked, [Evidence::ProviderAnswer]).with_status(204);
/// assert_eq!(dead.disposition(), Disposition::Revoked);
/// assert!(!dead.is_reversible());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Revocation(Box<RevocationInner>);

#[derive(Clone, Debug, PartialEq)]
struct RevocationInner {
    provider: Cow<'static, str>,
    disposition: Disposition,
    evidence: Vec<Evidence>,
    verified_after: Option<Duration>,
    reversible: bool,
    propagation: Option<Duration>,
    facts: Facts,
}

impl Revocation {
    /// A proof of death, for fakes and for providers of one's own.
    pub fn new(
        provider: impl Into<Cow<'static, str>>,
        disposition: Disposition,
        evidence: impl IntoIterator<Item = Evidence>,
    ) -> Self {
        Self(Box::new(RevocationInner {
            provider: provider.into(),
            disposition,
            evidence: evidence.into_iter().collect(),
            verified_after: None,
            reversible: false,
            propagation: None,
            facts: Facts {
                attempts: 1,
                ..Facts::default()
            },
        }))
    }

    fn inner(&self) -> &RevocationInner {
        &self.0
    }

    fn inner_mut(&mut self) -> &mut RevocationInner {
        &mut self.0
    }

    fact_accessors!();

    /// Who killed the key.
    pub fn disposition(&self) -> Disposition {
        self.0.disposition
    }

    /// What the proof rests on, in the order in which it was gathered.
    pub fn evidence(&self) -> &[Evidence] {
        &self.0.evidence
    }

    /// How long after the provider's answer a look of our own confirmed the death; `None` where none did.
    pub fn verified_after(&self) -> Option<Duration> {
        self.0.verified_after
    }

    /// Adds to the [`evidence`](Self::evidence).
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        if !self.0.evidence.contains(&evidence) {
            self.0.evidence.push(evidence);
        }
        self
    }

    /// Sets [`verified_after`](Self::verified_after).
    pub fn with_verified_after(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.0.verified_after = time.into();
        self
    }

    /// Can somebody bring the key back to life?
    pub fn is_reversible(&self) -> bool {
        self.0.reversible
    }

    /// How long the provider says the key may go on working here and there; `None` where it documents no
    /// delay.
    pub fn propagation(&self) -> Option<Duration> {
        self.0.propagation
    }

    /// Sets [`is_reversible`](Self::is_reversible).
    pub fn with_reversible(mut self, reversible: bool) -> Self {
        self.0.reversible = reversible;
        self
    }

    /// Sets [`propagation`](Self::propagation).
    pub fn with_propagation(mut self, propagation: impl Into<Option<Duration>>) -> Self {
        self.0.propagation = propagation.into();
        self
    }

    /// What a person does next, in one sentence.
    pub fn next_step(&self) -> Cow<'static, str> {
        match (self.0.propagation, self.0.reversible) {
            (Some(delay), _) => Cow::Owned(format!(
                "Nothing more to send: the key is dead, but may be accepted here and there for up to {} s.",
                delay.as_secs()
            )),
            (None, true) => {
                "The key is disabled; have it deleted, here or at the provider, if nobody may bring it back."
                    .into()
            }
            (None, false) => "Nothing: the key is dead.".into(),
        }
    }
}

impl fmt::Display for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.0.disposition {
            Disposition::Revoked => "revoked",
            Disposition::AlreadyRevoked => "already revoked",
        };
        write!(f, "{}: the key is dead ({who}", self.0.provider)?;
        if let Some(status) = self.status() {
            write!(f, ", status {status}")?;
        }
        f.write_str(")")
    }
}

impl Serialize for Revocation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Record {
            provider: &self.0.provider,
            state: KeyState::Dead,
            disposition: Some(self.0.disposition),
            evidence: &self.0.evidence,
            verified_after: self.0.verified_after,
            reversible: Some(self.0.reversible),
            propagation: self.0.propagation,
            kind: None,
            delivery: Delivery::Answered,
            retryable: false,
            retry_after: None,
            likely_dead: false,
            gave_up: None,
            next_step: self.next_step(),
            facts: &self.0.facts,
        }
        .serialize(serializer)
    }
}
