//! [`RevokeError`]: why a key is not confirmed dead.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::input::InvalidInput;
use crate::outcome::{Delivery, ErrorKind, Facts, FieldError, GaveUp, KeyState, Record, fact_accessors};

/// Why a key is not confirmed dead, and what that leaves open.
///
/// Four things are kept apart and never folded: what went wrong ([`kind`](Self::kind)), whether the key is
/// dead ([`key_state`](Self::key_state)), whether a request left ([`delivery`](Self::delivery)), and whether
/// one may ask again ([`is_retryable`](Self::is_retryable)).
///
/// It never holds a credential: what a provider echoes is redacted, and no URL, header or body is kept.
/// `Display` says why, so that it can be printed alone; [`source`](Error::source) is what lies behind that, and never says
/// the same again, so that error reporters print nothing twice.
///
/// ```
/// use keyrevoke::{ErrorKind, KeyState, RevokeError};
///
/// let error = RevokeError::new("dolfin", ErrorKind::PermissionDenied, KeyState::Live).with_status(403);
/// assert_eq!(error.key_state(), KeyState::Live);
/// assert!(!error.is_retryable());
/// println!("{error}\nnext: {}", error.next_step());
/// ```
#[derive(Clone, Debug)]
pub struct RevokeError(Box<ErrorInner>);

#[derive(Clone, Debug)]
struct ErrorInner {
    provider: Cow<'static, str>,
    kind: ErrorKind,
    state: KeyState,
    delivery: Delivery,
    retryable: bool,
    retry_after: Option<Duration>,
    likely_dead: bool,
    gave_up: Option<GaveUp>,
    /// Did the provider itself say that it has no such key?
    missing: bool,
    next_step: Option<Cow<'static, str>>,
    facts: Facts,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl RevokeError {
    /// An error, for fakes and for providers of one's own.
    ///
    /// An error never says that a key is dead: [`KeyState::Dead`] is kept as [`KeyState::Unknown`].
    /// Delivery and the number of attempts begin as the kind implies and can be set.
    pub fn new(provider: impl Into<Cow<'static, str>>, kind: ErrorKind, state: KeyState) -> Self {
        let (delivery, attempts) = match kind {
            ErrorKind::InvalidInput => (Delivery::NotSent, 0),
            ErrorKind::NotSent | ErrorKind::Vetoed => (Delivery::NotSent, 1),
            ErrorKind::WrongKey | ErrorKind::Unsupported => (Delivery::NotSent, 0),
            ErrorKind::Cancelled if state == KeyState::Live => (Delivery::NotSent, 0),
            ErrorKind::NoAnswer | ErrorKind::Cancelled => (Delivery::MaybeSent, 1),
            _ => (Delivery::Answered, 1),
        };
        Self(Box::new(ErrorInner {
            provider: provider.into(),
            kind,
            state: if state == KeyState::Live {
                KeyState::Live
            } else {
                KeyState::Unknown
            },
            delivery,
            retryable: matches!(kind, ErrorKind::NotSent | ErrorKind::RateLimited),
            retry_after: None,
            likely_dead: false,
            gave_up: None,
            missing: false,
            next_step: None,
            facts: Facts {
                attempts,
                ..Facts::default()
            },
            source: None,
        }))
    }

    fn inner(&self) -> &ErrorInner {
        &self.0
    }

    fn inner_mut(&mut self) -> &mut ErrorInner {
        &mut self.0
    }

    fact_accessors!();

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// `Live` (nothing this call did can have changed the key) or `Unknown`; never `Dead`.
    pub fn key_state(&self) -> KeyState {
        self.0.state
    }

    /// Did a request leave?
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// May the same call be made again as it is? `true` only where a repeat can help and cannot hurt: no
    /// other key can be hit by it, and neither input nor credential must be mended first.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// How long the provider asked to wait, at most 24 hours.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Unknown, but death is the likelier reading: an attempt that may have been applied was followed by
    /// "no such key", or by a 401 where the key was its own [credential](crate::Credential::with_key_id). Not a
    /// proof: a mistyped id looks the same.
    pub fn is_likely_dead(&self) -> bool {
        self.0.likely_dead
    }

    /// Why the call stopped although another attempt could have told more; `None` where none could.
    pub fn gave_up(&self) -> Option<GaveUp> {
        self.0.gave_up
    }

    /// The provider's complaints about single fields, where it made any.
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.facts.field_errors
    }

    /// Sets [`delivery`](Self::delivery).
    pub fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// Sets [`is_retryable`](Self::is_retryable).
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Sets [`retry_after`](Self::retry_after).
    pub fn with_retry_after(mut self, after: impl Into<Option<Duration>>) -> Self {
        self.0.retry_after = after.into();
        self
    }

    /// Sets [`is_likely_dead`](Self::is_likely_dead).
    pub fn with_likely_dead(mut self, likely: bool) -> Self {
        self.0.likely_dead = likely;
        self
    }

    /// Sets [`gave_up`](Self::gave_up).
    pub fn with_gave_up(mut self, why: impl Into<Option<GaveUp>>) -> Self {
        self.0.gave_up = why.into();
        self
    }

    /// Sets [`field_errors`](Self::field_errors).
    pub fn with_field_errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.0.facts.field_errors = errors.into_iter().collect();
        self
    }

    /// Replaces the sentence of [`next_step`](Self::next_step).
    pub fn with_next_step(mut self, sentence: impl Into<Cow<'static, str>>) -> Self {
        self.0.next_step = Some(sentence.into());
        self
    }

    pub(crate) fn with_missing(mut self, missing: bool) -> Self {
        self.0.missing = missing;
        self
    }

    pub(crate) fn is_missing(&self) -> bool {
        self.0.missing
    }

    /// The same, where nothing was sent that could change a key.
    pub(crate) fn into_live(mut self) -> Self {
        self.0.state = KeyState::Live;
        self.with_delivery(Delivery::NotSent)
    }

    /// The same, of a key that an earlier call may have changed.
    pub(crate) fn into_doubt(mut self) -> Self {
        self.0.state = KeyState::Unknown;
        self
    }

    /// Sets the cause, which must not hold a credential. One with whose text the [`detail`](Self::detail) begins is passed
    /// over by [`source`](Error::source) for its own cause.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The cause, if it is of this type, such as [`InvalidInput`]: also where its text is said already, so that
    /// [`source`](Error::source) passes over it.
    pub fn cause<E: Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// What a person does next, in one sentence.
    pub fn next_step(&self) -> Cow<'static, str> {
        if let Some(sentence) = &self.0.next_step {
            return sentence.clone();
        }
        let sentence = match (self.0.kind, self.0.state) {
            _ if self.0.likely_dead => {
                "Verify at the provider, by its list of keys or by trying the key: an earlier attempt probably killed it."
            }
            (ErrorKind::InvalidInput, _) => {
                "Correct the input that the message names and call again: nothing was sent."
            }
            (ErrorKind::NotSent, KeyState::Live) => {
                "Nothing reached the provider: check host name, network, proxy and certificates, then call again."
            }
            (ErrorKind::Unauthenticated, KeyState::Live) if self.status() == Some(407) => {
                "The proxy refused us: give the proxy its credentials, then call again."
            }
            (ErrorKind::Unauthenticated, KeyState::Live) => {
                "Renew or replace the credential that revokes, then call again: this call changed nothing."
            }
            (ErrorKind::PermissionDenied, KeyState::Live) => {
                "Use a credential that may revoke this key, then call again: this call changed nothing."
            }
            (ErrorKind::Misdirected, KeyState::Live) => {
                "Correct the base URL, which names another host, tenant or path, then call again: this call changed nothing."
            }
            (ErrorKind::Rejected, KeyState::Live) => {
                "Correct the key id as the provider's message says, then call again: this call changed nothing."
            }
            (ErrorKind::RateLimited, KeyState::Live) => {
                "Wait as long as the provider asks, then call again: this call changed nothing."
            }
            (ErrorKind::Unavailable, KeyState::Live) => {
                "Call again shortly: the provider did not process the request."
            }
            (ErrorKind::Cancelled, KeyState::Live) => "Call again: this call changed nothing.",
            (ErrorKind::Vetoed, KeyState::Live) => {
                "Ask whoever watches these calls why they refused it, then call again: nothing was sent."
            }
            (ErrorKind::NotFound, _) => {
                "Check the key id, the tenant and the base URL: the key you mean may be alive under another one."
            }
            (ErrorKind::Conflict, _) => {
                "Read the provider's message, look the key up at the provider, and mend what stands in the way."
            }
            (ErrorKind::Pending, _) => {
                "Verify later at the provider that the key is gone: it accepted the request and has not confirmed it."
            }
            (ErrorKind::Redirected, _) => {
                "Set the base URL to the provider's real address, after checking who redirects: redirects are never followed."
            }
            (ErrorKind::Scheduled, _) => {
                "Treat the key as working until the time that the provider names, and verify then; or ask for its immediate death."
            }
            (ErrorKind::WrongObject, _) => {
                "Stop, and look at the provider which keys were hit: the answer is about another key than the one asked for."
            }
            (ErrorKind::WrongKey, _) => "Find out which key is meant, and give its id: nothing was sent.",
            (ErrorKind::StillAccepted, KeyState::Unknown) => {
                "Try the secret again at once: it was accepted after the key was called dead, and whether it still is could not be seen."
            }
            (ErrorKind::StillAccepted, _) => {
                "Act now: the key still works. Revoke it by other means, and tell the provider that its answer was not true."
            }
            (ErrorKind::StillListed, _) => {
                "Look at the provider's list again, or try the key: the provider called it dead and still lists it as working."
            }
            (ErrorKind::Unsupported, _) => {
                "Look at the provider's own pages: it publishes no way to do this."
            }
            (ErrorKind::Unavailable, _) => {
                "Assume that the key works, verify at the provider, and call again once the provider is up."
            }
            (ErrorKind::UnexpectedAnswer, _) => {
                "Verify at the provider whether the key still works, and check base URL and crate version: the answer is not one it documents."
            }
            _ => "Verify at the provider whether the key still works: a request may have been carried out.",
        };
        sentence.into()
    }
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.provider, self.0.kind)?;
        let facts = &self.0.facts;
        match (facts.status, &facts.provider_code) {
            (Some(status), Some(code)) => write!(f, " (status {status}, {code})")?,
            (Some(status), None) => write!(f, " (status {status})")?,
            (None, Some(code)) => write!(f, " ({code})")?,
            (None, None) => {}
        }
        if let Some(words) = facts.detail.as_ref().or(facts.title.as_ref()) {
            write!(f, ": {words}")?;
        }
        for error in &facts.field_errors {
            write!(f, "; {}: {}", error.field, error.message)?;
        }
        match self.0.state {
            KeyState::Live => f.write_str("; the key is live"),
            _ if self.0.likely_dead => f.write_str("; the key is probably dead, not confirmed"),
            _ => f.write_str("; whether the key is dead is unknown"),
        }
    }
}

/// An error as it stands in a detail.
pub(crate) fn one_line(error: &dyn Error) -> String {
    error.to_string().replace('\n', "; ")
}

impl Error for RevokeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.0.source.as_deref()? as &(dyn Error + 'static);
        let said = self
            .detail()
            .is_some_and(|detail| detail.starts_with(&one_line(source)));
        if said { source.source() } else { Some(source) }
    }
}

impl From<InvalidInput> for RevokeError {
    fn from(input: InvalidInput) -> Self {
        Self::new(
            input.provider().to_owned(),
            ErrorKind::InvalidInput,
            KeyState::Live,
        )
        .with_detail(one_line(&input))
        .with_next_step(input.remedy().to_owned())
        .with_source(input)
    }
}

impl Serialize for RevokeError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Record {
            provider: &self.0.provider,
            state: self.0.state,
            disposition: None,
            evidence: &[],
            verified_after: None,
            reversible: None,
            propagation: None,
            kind: Some(self.0.kind),
            delivery: self.0.delivery,
            retryable: self.0.retryable,
            retry_after: self.0.retry_after,
            likely_dead: self.0.likely_dead,
            gave_up: self.0.gave_up,
            next_step: self.next_step(),
            facts: &self.0.facts,
        }
        .serialize(serializer)
    }
}
