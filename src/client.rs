//! [`Revoker`]: one call from a typed key to a verdict.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::answer::{Answer, Attempt, BODY_LIMIT, Body};
use crate::attempt::attempt;
use crate::credential::Redactor;
use crate::detail;
use crate::outcome::{Delivery, ErrorKind, Facts, KeyState, Revocation, RevokeError, RevokeResult};
use crate::provider::{About, KeyParts, Provider, Repeat};
use crate::retry::{Memory, RetryPolicy, next_pause};
use crate::revoke::Revoke;
use crate::verdict::{Again, Meaning, Verdict, verdict};
use crate::wire::{Call, Generated, Target};

/// Revokes keys of one provider with one credential. Cheap to clone; share it between tasks.
#[derive(Debug)]
pub struct Revoker<P>(pub(crate) Arc<RevokerInner<P>>);

impl<P> Clone for Revoker<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(crate) struct RevokerInner<P> {
    pub(crate) target: Arc<Target>,
    pub(crate) http: reqwest::Client,
    pub(crate) redactor: Redactor,
    pub(crate) retry: RetryPolicy,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) marker: std::marker::PhantomData<fn() -> P>,
}

impl<P> fmt::Debug for RevokerInner<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revoker")
            .field("base_url", &self.target.base.as_str())
            .field("credential", &"[redacted]")
            .field("retry", &self.retry)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Revoke for Revoker<P> {
    type Key = P::Key;

    fn provider(&self) -> &str {
        P::ABOUT.name
    }

    async fn revoke(&self, key: &P::Key) -> RevokeResult {
        self.0.run(key).await
    }
}

/// An attempt, what it means, and what it says of itself.
struct Seen {
    verdict: Verdict,
    delivery: Delivery,
    retry_after: Option<Duration>,
    facts: Facts,
    cause: Option<String>,
}

impl<P: Provider> RevokerInner<P> {
    async fn run(&self, key: &P::Key) -> RevokeResult {
        let about = &P::ABOUT;
        let deadline = Instant::now() + self.deadline;
        let parameters = Arc::new(key.parameters());
        let mut memory = Memory::default();
        // The last attempt that left, which says more than a later one that did not.
        let mut last_sent: Option<Seen> = None;
        loop {
            let doubt_before = memory.ambiguous > 0;
            let limit = deadline.min(Instant::now() + self.attempt_timeout);
            let call = Call {
                target: Arc::clone(&self.target),
                parameters: Arc::clone(&parameters),
            };
            let client = P::Client::with(
                self.target.base.as_str().trim_end_matches('/'),
                self.http.clone(),
                call,
            );
            let attempt = attempt(P::revoke(&client, key), limit).await;
            let seen = self.look(about, &parameters, &attempt);
            memory.record(&seen.verdict);
            tracing::debug!(
                provider = about.name,
                key = %key,
                attempt = memory.attempts,
                status = seen.facts.status,
                delivery = seen.delivery.as_str(),
                meaning = ?seen.verdict.meaning,
                "attempted to revoke"
            );
            let pause = next_pause(
                &self.retry,
                about.may_repeat(),
                &memory,
                &seen.verdict,
                seen.retry_after,
                fastrand::f64(),
            );
            // The next attempt must have time to connect, or its time-out would be ambiguous.
            let left = deadline.saturating_duration_since(Instant::now());
            match pause.filter(|pause| *pause + self.connect_timeout < left) {
                Some(pause) => {
                    if seen.delivery != Delivery::NotSent {
                        last_sent = Some(seen);
                    }
                    sleep(pause).await;
                }
                None => {
                    let decisive = match last_sent {
                        Some(sent) if seen.delivery == Delivery::NotSent => sent,
                        _ => seen,
                    };
                    return conclude(about, &memory, doubt_before, decisive);
                }
            }
        }
    }

    fn look(&self, about: &About, parameters: &[(&str, String)], attempt: &Attempt) -> Seen {
        let (delivery, retry_after, mut facts, cause) = match attempt {
            Attempt::NotSent(failure) => (Delivery::NotSent, None, Facts::default(), Some(&failure.message)),
            Attempt::MaybeSent(failure) => (
                Delivery::MaybeSent,
                None,
                Facts::default(),
                Some(&failure.message),
            ),
            Attempt::Answered(answer) => (
                Delivery::Answered,
                answer.retry_after(),
                detail::read(answer, &self.redactor),
                None,
            ),
        };
        let verdict = verdict(about.rules, parameters, attempt);
        let cause = cause.map(|cause| detail::clean(cause, &self.redactor));
        if facts.detail.is_none() {
            facts.detail = match attempt {
                Attempt::Answered(answer) => {
                    our_words(answer, &verdict).map(|words| detail::clean(&words, &self.redactor))
                }
                _ => cause.clone(),
            };
        }
        Seen {
            verdict,
            delivery,
            retry_after,
            facts,
            cause,
        }
    }
}

/// What to say of an answer that says nothing of itself.
fn our_words(answer: &Answer, verdict: &Verdict) -> Option<String> {
    let Meaning::Not(kind, _) = verdict.meaning else {
        return None;
    };
    Some(match (kind, &answer.body) {
        (ErrorKind::Redirected, _) => match answer.redirect_host() {
            Some(host) => format!("a redirect to {host} was not followed"),
            None => "a redirect was not followed".into(),
        },
        (_, Body::Cut) => "the answer was cut off before its end".into(),
        (_, Body::TooLong) => format!("the answer is longer than {BODY_LIMIT} bytes"),
        (ErrorKind::UnexpectedAnswer, Body::Complete(bytes)) if bytes.is_empty() => {
            "the answer has no body".into()
        }
        (ErrorKind::UnexpectedAnswer, _) => match (answer.json(), answer.media_type()) {
            (Some(_), _) => "the answer's body is not the documented one".into(),
            (None, Some(media)) => format!("the answer is {media} and not a JSON text that can be relied on"),
            (None, None) => "the answer names no media type".into(),
        },
        _ => return None,
    })
}

fn conclude(about: &'static About, memory: &Memory, doubt_before: bool, seen: Seen) -> RevokeResult {
    let facts = Facts {
        attempts: memory.attempts,
        ..seen.facts
    };
    let (kind, state) = match seen.verdict.meaning {
        Meaning::Dead(disposition, evidence) => {
            return Ok(Revocation::new(about.name, disposition, [evidence])
                .with_facts(facts)
                .with_reversible(about.reversible)
                .with_propagation(about.propagation));
        }
        Meaning::Not(kind, state) => (kind, state),
    };
    // A refusal says nothing of an earlier attempt that may have been carried out.
    let state = if doubt_before { KeyState::Unknown } else { state };
    let may_repeat = match seen.verdict.again {
        Again::No => false,
        Again::Untouched => state == KeyState::Live || about.may_repeat() != Repeat::Never,
        Again::IfHarmless => about.may_repeat() != Repeat::Never,
        Again::IfConclusive => about.may_repeat() == Repeat::Conclusive,
    };
    let attempts = if kind == ErrorKind::InvalidInput {
        0
    } else {
        facts.attempts
    };
    let error = RevokeError::new(about.name, kind, state)
        .with_facts(Facts { attempts, ..facts })
        .with_delivery(seen.delivery)
        .with_retryable(may_repeat)
        .with_retry_after(seen.retry_after)
        .with_likely_dead(doubt_before && kind == ErrorKind::NotFound);
    Err(match seen.cause {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}
