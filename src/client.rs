//! [`Revoker`]: one call from a typed key to a verdict.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use crate::answer::{Attempt, BODY_LIMIT, Body, Failure, FailureReason, Opened};
use crate::ask::{Acceptance, Keys};
use crate::attempt::attempt;
use crate::capabilities::Capabilities;
use crate::checks::Checks;
use crate::clean::clean;
use crate::counters::Counters;
use crate::credential::{Form, Prepared, Redactor};
use crate::detail;
use crate::erased::{ErasedKey, ErasedProvider, KeyOf};
use crate::identify::{Which, which};
use crate::input::InvalidInput;
use crate::key_filter::KeyFilter;
use crate::key_info::KeyInfo;
use crate::lookup::FIND;
use crate::observer::{AttemptEnd, AttemptStart, Observer};
use crate::outcome::{Delivery, ErrorKind, Facts, GaveUp, KeyState, Revocation, RevokeError, RevokeResult};
use crate::provider::{About, Deletion, KeyParts, Provider};
use crate::retry::{
    Attempted, Budget, Ended, Limits, RetryPolicy, World, conclude, conclude_early, may_repeat, run,
};
use crate::revoke::{AnyRevoker, Revoke};
use crate::secret::Secret;
use crate::secret_key::by_id;
use crate::source::Credentials;
use crate::trace;
use crate::verdict::{Again, Meaning, body_fits, is_refused, of_answer, verdict};
use crate::wire::{Call, Target};
use crate::within::{Within, unless};

/// Revokes keys of one provider with one credential. Cheap to clone; share it between tasks.
#[derive(Debug)]
pub struct Revoker<P>(pub(crate) Arc<RevokerInner<P>>);

impl<P> Clone for Revoker<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What a revoker is made of, whichever its provider: all that it does is compiled for this alone.
pub(crate) type Core = RevokerInner<dyn ErasedProvider>;

pub(crate) struct RevokerInner<P: ?Sized> {
    pub(crate) target: Arc<Target>,
    pub(crate) http: reqwest::Client,
    pub(crate) credentials: Credentials,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) counters: Option<Counters>,
    /// What must not come back in any text, besides the credential.
    pub(crate) redactor: Redactor,
    pub(crate) policy: RetryPolicy,
    pub(crate) budget: Budget,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Duration,
    /// What is done instead, where deletion was asked for.
    pub(crate) deletion: Option<&'static Deletion>,
    /// Was it said that more may die than the key?
    pub(crate) may_take_more: bool,
    /// The last, as only that can be of any type.
    pub(crate) provider: P,
}

impl Core {
    /// The provider as it is here: where deletion was asked for, with what that does.
    pub(crate) fn about(&self) -> &'static About {
        self.deletion
            .map_or(self.provider.about(), |deletion| &deletion.about)
    }
}

impl<P: ?Sized> fmt::Debug for RevokerInner<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revoker")
            .field("base_url", &self.target.base.as_str())
            .field("credential", &"[redacted]")
            .field("policy", &self.policy)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Revoker<P> {
    fn core(&self) -> &Core {
        &*self.0
    }

    fn shared(&self) -> Arc<Core> {
        Arc::clone(&self.0) as Arc<Core>
    }
}

/// Nothing happens here: each provider has a copy of it.
impl<P: Provider> Revoke for Revoker<P> {
    type Key = P::Key;

    fn provider(&self) -> &str {
        self.core().about().name
    }

    fn parse_key(&self, text: &str) -> Result<P::Key, InvalidInput> {
        self.0.provider.parse_key(text)
    }

    fn document_version(&self) -> Option<&str> {
        Some(self.0.provider.document_version())
    }

    fn key_of_secret(&self, secret: &Secret) -> Result<P::Key, InvalidInput> {
        let refused = || Err(by_id(self.core().about().name.to_owned()));
        P::Key::of_secret(secret).unwrap_or_else(refused)
    }

    async fn revoke(&self, key: &P::Key) -> RevokeResult {
        self.core().revoke(&KeyOf::<P, _>::new(key)).await
    }

    fn capabilities(&self) -> Capabilities {
        self.core().capabilities()
    }

    fn is_own(&self, key: &P::Key) -> bool {
        self.core().is_own(&KeyOf::<P, _>::new(key))
    }

    fn knows_own(&self) -> bool {
        self.core().knows_own()
    }

    fn check(&self, key: &P::Key) -> Result<(), InvalidInput> {
        self.core().check(&KeyOf::<P, _>::new(key))
    }

    async fn revoke_until(&self, key: &P::Key, until: impl Future<Output = ()> + Send) -> RevokeResult {
        self.core().revoke_until(&KeyOf::<P, _>::new(key), until).await
    }

    async fn revoke_within(&self, key: &P::Key, within: &Within<'_>) -> RevokeResult {
        self.core().revoke_within(&KeyOf::<P, _>::new(key), within).await
    }

    async fn find(&self, key: &P::Key) -> Result<KeyInfo, RevokeError> {
        self.core().find(&KeyOf::<P, _>::new(key)).await
    }

    fn list(&self, filter: &KeyFilter) -> Keys {
        Keys::new(self.shared(), filter.clone())
    }

    async fn which(&self, secret: &Secret) -> Result<Which, RevokeError> {
        which_of(self.shared(), secret).await
    }

    async fn probe(&self, secret: &Secret) -> Result<Acceptance, RevokeError> {
        self.core().probe(secret).await
    }

    fn into_any(self) -> AnyRevoker {
        AnyRevoker::of(self.shared())
    }
}

impl Core {
    pub(crate) async fn revoke(&self, key: &dyn ErasedKey) -> RevokeResult {
        let call = async { OneCall::new(self, key, Within::default()).run().await };
        self.watched(key, None, pin!(call)).await
    }

    pub(crate) async fn revoke_until(
        &self,
        key: &dyn ErasedKey,
        until: impl Future<Output = ()> + Send,
    ) -> RevokeResult {
        let call = async { OneCall::new(self, key, Within::default()).run_until(until).await };
        self.watched(key, None, pin!(call)).await
    }

    pub(crate) async fn revoke_within(&self, key: &dyn ErasedKey, within: &Within<'_>) -> RevokeResult {
        // What most calls of a run do not do is boxed: the memory of each call has room for the largest of its parts.
        let call = async {
            if let Some(checks) = within.checks {
                return Box::pin(self.revoke_checked(key, within, checks)).await;
            }
            // Doubt that a look can clear needs no request that could hurt.
            if within.in_doubt {
                let looks = Checks::new().with_own_key();
                return Box::pin(self.revoke_checked(key, within, &looks)).await;
            }
            let call = OneCall::new(self, key, *within);
            call.run_until(call.ended()).await
        };
        self.watched(key, within.tenant, pin!(call)).await
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        let lists = !self.provider.list().is_empty();
        // A list may be one of a part only, which the key names.
        let operations = self.provider.operations();
        let finds = operations
            .iter()
            .any(|operation| [FIND, "list"].contains(&operation.name));
        let probes = !self.provider.probe_rules().is_empty();
        let about = self.about();
        let own = matches!(about.credentials, [Form::Itself(_), ..]);
        about
            .capabilities()
            .with_deletion(self.deletion.is_some(), self.provider.deletion().is_some())
            .with_more_than_the_key(self.provider.takes_more())
            .with_looks(finds, lists, probes)
            .with_secrets(self.provider.revokes_by_secret(), own)
    }

    pub(crate) fn knows_own(&self) -> bool {
        matches!(&self.credentials, Credentials::Fixed(credential) if credential.key_id.is_some())
    }

    pub(crate) fn check(&self, key: &dyn ErasedKey) -> Result<(), InvalidInput> {
        self.check_more()?;
        match &self.credentials {
            Credentials::Fixed(credential) => check_key(self.about(), &key.parameters(), credential),
            Credentials::Source(_) | Credentials::OfKey(_) => Ok(()),
        }
    }

    /// The request that kills.
    fn operation(&self) -> &'static str {
        self.deletion.map_or("revoke", |deletion| deletion.operation)
    }

    /// What takes more than was asked is not sent without a word for it.
    pub(crate) fn check_more(&self) -> Result<(), InvalidInput> {
        if self.may_take_more || !self.provider.takes_more() {
            return Ok(());
        }
        let about = self.about();
        Err(InvalidInput::new(
            about.name,
            format!("{} revocation", about.name),
            format!(
                "takes more than the key, and that was not asked for: {}",
                about.also_dies
            ),
            "say that it may, by with_more_than_the_key (--more-than-the-key), or leave the key alone",
        ))
    }

    /// Makes a call that is seen and counted.
    async fn watched(
        &self,
        key: &dyn ErasedKey,
        tenant: Option<&str>,
        call: impl Future<Output = RevokeResult>,
    ) -> RevokeResult {
        let watched = trace::call(self.about().name, tenant, &key);
        let result = call.instrument(watched.span()).await;
        watched.called(&result);
        if let Some(counters) = &self.counters {
            counters.count(&result);
        }
        result
    }

    /// Does the credential say that it is this key?
    pub(crate) fn is_own(&self, key: &dyn ErasedKey) -> bool {
        match &self.credentials {
            Credentials::Fixed(credential) => is_own(&self.provider, credential, &key.to_string()),
            Credentials::Source(_) | Credentials::OfKey(_) => false,
        }
    }
}

pub(crate) async fn which_of(revoker: Arc<Core>, secret: &Secret) -> Result<Which, RevokeError> {
    let refused = match revoker.key_of_caller(secret).await {
        Ok(Some(key)) => return Ok(Which::One(key)),
        Ok(None) => None,
        Err(error) => Some(error),
    };
    let mut keys = Keys::new(revoker, KeyFilter::new());
    let mut inventory = Vec::new();
    while let Some(key) = keys.next().await {
        match (key, &refused) {
            // There is no list: what the provider said to the secret is all that there is to say.
            (Err(error), Some(refused)) if error.kind() == ErrorKind::Unsupported => {
                return Err(refused.clone());
            }
            (key, _) => inventory.push(key?),
        }
    }
    Ok(which(secret, &inventory))
}

/// Is the credential the key of this text?
fn is_own(provider: &dyn ErasedProvider, credential: &Prepared, text: &str) -> bool {
    let own = credential.key_id.as_deref();
    let own = own.map(|own| provider.canonical(own));
    own.is_some_and(|own| own.is_ok_and(|own| own == text))
}

/// The id must not be the credential: it would stand in the URL, and in everybody's logs.
fn check_key(
    about: &About,
    parameters: &[(&str, String)],
    credential: &Prepared,
) -> Result<(), InvalidInput> {
    if parameters
        .iter()
        .any(|(_, value)| credential.redactor.knows(value))
    {
        return Err(InvalidInput::new(
            about.name,
            format!("{} key", about.name),
            "is the credential that revokes, not the id of a key (not shown)",
            "give the id under which the provider lists the key",
        ));
    }
    Ok(())
}

/// One call for one key.
pub(crate) struct OneCall<'a> {
    within: Within<'a>,
    revoker: &'a Core,
    key: &'a dyn ErasedKey,
    text: String,
    parameters: Arc<Vec<(&'static str, String)>>,
    /// The key's own secret, where the provider is told that.
    secret: Option<Redactor>,
    began: Instant,
    progress: Mutex<Progress>,
}

impl Drop for OneCall<'_> {
    fn drop(&mut self) {
        let (number, in_flight) = self.progress(|progress| (progress.attempts, progress.in_flight));
        for observer in self.observers().filter(|_| in_flight) {
            observer.abandoned(&self.start(number));
        }
    }
}

/// What has to be known if the call is ended from outside.
#[derive(Default)]
struct Progress {
    /// The credential of the last attempt.
    credential: Option<Arc<Prepared>>,
    attempts: u32,
    /// When the last attempt began to leave.
    sent: Option<Instant>,
    in_flight: bool,
    in_doubt: bool,
    delivery: Option<Delivery>,
    /// How long the call was held up by what is no part of it.
    waited: Duration,
}

/// What is reported of an attempt.
#[derive(Default)]
pub(crate) struct Seen {
    facts: Facts,
    cause: Option<String>,
    vetoed: bool,
    /// Was the credential the very key that is to die?
    by_itself: bool,
    /// Is the key known by its secret alone?
    of_secret: bool,
    /// Did the provider itself say that it has no such key?
    missing: bool,
}

impl<'a> OneCall<'a> {
    pub(crate) fn new(revoker: &'a Core, key: &'a dyn ErasedKey, within: Within<'a>) -> Self {
        Self {
            within,
            revoker,
            key,
            text: key.to_string(),
            parameters: Arc::new(key.parameters()),
            secret: key.secret().map(|secret| Redactor::of_secret(secret.expose())),
            began: Instant::now(),
            progress: Mutex::new(Progress {
                in_doubt: within.in_doubt,
                ..Progress::default()
            }),
        }
    }

    async fn run(&self) -> RevokeResult {
        let limits = Limits {
            policy: self.revoker.policy,
            repeat: self.revoker.about().may_repeat(),
            connect_timeout: self.revoker.connect_timeout,
            attempt_timeout: self.revoker.attempt_timeout,
            deadline: self.revoker.deadline,
            earlier_doubt: self.within.in_doubt,
            yields: self.within.yields,
        };
        report(self.revoker.about(), run(self, &limits).await)
    }

    pub(crate) async fn run_until(&self, until: impl Future<Output = ()> + Send) -> RevokeResult {
        // The end is asked first: what has ended already sends nothing. Pinned here, as what is moved into a function
        // that waits for it takes its room twice, once as the argument.
        let ended = unless(until, pin!(self.run())).await;
        ended.unwrap_or_else(|| Err(self.cancelled()))
    }

    /// Completes when the run's end is the end of this call: at once where nothing is under way, else when that is
    /// given up.
    pub(crate) async fn ended(&self) {
        self.within.finished().await;
        let mut abandoned = pin!(self.within.abandoned());
        poll_fn(|context| {
            if self.progress(|progress| progress.in_flight) {
                abandoned.as_mut().poll(context)
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// When this moment of the call is by the clock outside.
    fn at(&self, limit: Duration) -> Instant {
        self.began + self.progress(|progress| progress.waited) + limit
    }

    /// Who is told: those of the revoker, then those of the run, so that a journal writes down only what nobody else
    /// refused.
    fn observers(&self) -> impl Iterator<Item = &dyn Observer> {
        let own = self.revoker.observer.as_deref();
        own.into_iter().chain(self.within.observer)
    }

    fn progress<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The verdict on a call that was ended from outside.
    fn cancelled(&self) -> RevokeError {
        self.progress(|progress| {
            let delivery = match progress.delivery {
                _ if progress.in_flight => Delivery::MaybeSent,
                Some(delivery) => delivery,
                None => Delivery::NotSent,
            };
            let state = conclude_early(progress.in_flight, progress.in_doubt);
            RevokeError::new(self.revoker.about().name, ErrorKind::Cancelled, state)
                .with_attempts(progress.attempts)
                .with_delivery(delivery)
                .with_detail("the call was ended before it had a verdict")
        })
    }

    /// Asks for the credential and the observer's leave, then sends.
    async fn send(&self, number: u32, limit: Instant) -> (Attempt, bool) {
        let not_sent = |reason, message: String| Attempt::NotSent(Failure { reason, message });
        if let Err(problem) = self.revoker.check_more() {
            return (not_sent(FailureReason::Guard, problem.to_string()), false);
        }
        let late = "the time ran out before anything was sent";
        let known = self.progress(|progress| progress.credential.clone());
        let name = self.revoker.about().name;
        let current = self.revoker.credentials.current(name, self.key.secret());
        let credential = match known {
            Some(credential) => Ok(credential),
            None => match timeout_at(limit, current).await {
                Ok(given) => given.map_err(|error| format!("no credential could be had: {error}")),
                Err(_) => Err("the credential did not come in time".to_owned()),
            },
        };
        let credential = match credential {
            Ok(credential) => credential,
            Err(message) => return (not_sent(FailureReason::Credential, message), false),
        };
        let credential = credential.and_redacting(&self.revoker.redactor);
        self.progress(|progress| progress.credential = Some(Arc::clone(&credential)));

        if let Err(problem) = check_key(self.revoker.about(), &self.parameters, &credential) {
            return (not_sent(FailureReason::Guard, problem.to_string()), false);
        }
        let start = self.start(number);
        for observer in self.observers() {
            match timeout_at(limit, observer.before_attempt(&start)).await {
                Ok(Ok(())) => {}
                Ok(Err(veto)) => return (not_sent(FailureReason::Guard, format!("vetoed: {veto}")), true),
                Err(_) => return (not_sent(FailureReason::Late, late.into()), false),
            }
        }
        // What is left must be enough to connect, or a time-out would be ambiguous.
        if limit.saturating_duration_since(Instant::now()) <= self.revoker.connect_timeout {
            return (not_sent(FailureReason::Late, late.into()), false);
        }
        let call = Call {
            target: Arc::clone(&self.revoker.target),
            parameters: credential.and_own(&self.parameters),
            query: Arc::default(),
            content: match self.revoker.deletion {
                None => self.revoker.provider.content(),
                Some(deletion) => deletion.content,
            },
            credential,
        };
        let base = self.revoker.target.base.as_str().trim_end_matches('/');
        let http = self.revoker.http.clone();
        let request = match self.revoker.deletion {
            None => self.key.revoke(base, http, call),
            Some(_) => self.key.delete(base, http, call),
        };
        self.progress(|progress| {
            (progress.in_flight, progress.attempts) = (true, number);
            progress.sent = Some(Instant::now());
        });
        let watched = trace::request(&self.revoker.target, self.revoker.operation(), number);
        let sent = attempt(request, limit).instrument(watched.span()).await;
        watched.answered(&sent);
        (sent, false)
    }

    fn start(&self, number: u32) -> AttemptStart<'_> {
        AttemptStart {
            provider: self.revoker.about().name,
            tenant: self.within.tenant,
            key: &self.text,
            number,
        }
    }
}

impl World for OneCall<'_> {
    type Seen = Seen;

    fn elapsed(&self) -> Duration {
        self.began
            .elapsed()
            .saturating_sub(self.progress(|progress| progress.waited))
    }

    async fn sleep(&self, pause: Duration) {
        self.within.sleep(pause).await;
    }

    fn chance(&self) -> f64 {
        fastrand::f64()
    }

    fn budget(&self) -> &Budget {
        &self.revoker.budget
    }

    async fn attempt(&self, number: u32, limit: Duration) -> (Attempted, Seen) {
        let asked = Instant::now();
        if !self.within.ready().await {
            // The end of the run ends this call as well, which is noticed before it goes on.
            poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            })
            .await;
        }
        self.progress(|progress| progress.waited += asked.elapsed());
        let (attempt, vetoed) = self.send(number, self.at(limit)).await;
        let credential = self.progress(|progress| progress.credential.clone());
        let (redactor, by_itself) = match &credential {
            Some(credential) => (
                &credential.redactor,
                is_own(&self.revoker.provider, credential, &self.text),
            ),
            None => (&self.revoker.redactor, false),
        };
        let by_itself = by_itself || matches!(self.revoker.credentials, Credentials::OfKey(_));
        let both = self.secret.as_ref().map(|secret| redactor.and(secret));
        let redactor = both.as_ref().unwrap_or(redactor);
        let (attempted, seen) = judged(self.revoker.about(), &self.parameters, &attempt, redactor);
        self.progress(|progress| {
            progress.attempts = number;
            progress.in_flight = false;
            progress.in_doubt |= attempted.verdict.leaves_doubt();
            if attempted.delivery != Delivery::NotSent || progress.delivery.is_none() {
                progress.delivery = Some(attempted.delivery);
            }
        });
        (
            attempted,
            Seen {
                vetoed,
                by_itself,
                of_secret: self.secret.is_some(),
                ..seen
            },
        )
    }

    async fn renew(&self, limit: Duration) -> bool {
        let (refused, sent) = self.progress(|progress| (progress.credential.clone(), progress.sent));
        let Some(refused) = refused else { return false };
        let asked = self
            .revoker
            .credentials
            .instead_of(&refused, sent.unwrap_or(self.began));
        let renewed = timeout_at(self.at(limit), asked).await;
        let Some(renewed) = renewed.ok().flatten() else {
            return false;
        };
        // What the provider says later may echo the old one.
        let renewed = renewed.and_redacting(&refused.redactor);
        self.progress(|progress| progress.credential = Some(renewed));
        true
    }

    async fn attempted(&self, number: u32, attempted: &Attempted, seen: &Seen, next: Option<Duration>) {
        let key_state = match attempted.verdict.meaning {
            Meaning::Dead(..) => KeyState::Dead,
            Meaning::Not(_, state) => state,
        };
        tracing::debug!(
            target: "keyrevoke",
            {
                keyrevoke.attempt = number,
                http.response.status_code = seen.facts.status,
                keyrevoke.delivery = attempted.delivery.as_str(),
                keyrevoke.state = key_state.as_str(),
                keyrevoke.next_in_ms = next.map(|next| next.as_millis() as u64)
            },
            "attempted to revoke"
        );
        let end = AttemptEnd {
            start: self.start(number),
            delivery: attempted.delivery,
            status: seen.facts.status,
            key_state,
            next_in: next,
        };
        // The verdict is known; an observer that does not come back must not hold it up for ever.
        let limit = self
            .at(self.revoker.deadline)
            .max(Instant::now() + self.revoker.connect_timeout);
        for observer in self.observers() {
            let _ = timeout_at(limit, observer.after_attempt(&end)).await;
        }
    }
}

/// What an attempt means, and what is to be reported of it without any of our secrets.
pub(crate) fn judged(
    about: &About,
    parameters: &[(&str, String)],
    attempt: &Attempt,
    redactor: &Redactor,
) -> (Attempted, Seen) {
    let unanswered = |delivery, failure: &Failure| {
        let cause = clean(&failure.message, redactor);
        let facts = Facts {
            detail: Some(cause.clone()),
            ..Facts::default()
        };
        let seen = Seen {
            facts,
            cause: Some(cause),
            ..Seen::default()
        };
        (verdict(about.rules, parameters, attempt), delivery, None, seen)
    };
    let (verdict, delivery, retry_after, seen) = match attempt {
        Attempt::NotSent(failure) => unanswered(Delivery::NotSent, failure),
        Attempt::MaybeSent(failure) => unanswered(Delivery::MaybeSent, failure),
        Attempt::Answered(answer) => {
            let opened = answer.open();
            let verdict = of_answer(about.rules, parameters, &opened);
            let mut facts = detail::read(&opened, redactor);
            if facts.detail.is_none() {
                let words = our_words(&opened, verdict.meaning);
                facts.detail = words.map(|words| clean(&words, redactor));
            }
            let says_missing = |body| body_fits(body, &opened, parameters);
            let missing = answer.status == 404 && about.missing.0.is_some_and(says_missing);
            let seen = Seen {
                facts,
                missing,
                ..Seen::default()
            };
            (verdict, Delivery::Answered, answer.retry_after(), seen)
        }
    };
    let attempted = Attempted {
        verdict,
        delivery,
        retry_after,
        refused: is_refused(verdict.meaning, attempt),
    };
    (attempted, seen)
}

/// What to say of an answer that says nothing of itself.
pub(crate) fn our_words(opened: &Opened<'_>, meaning: Meaning) -> Option<String> {
    let answer = opened.answer;
    let Meaning::Not(kind, _) = meaning else {
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
        (ErrorKind::UnexpectedAnswer, _) => match (opened.json(), answer.media_type()) {
            (Some(_), _) => "the answer's body is not the documented one".into(),
            (None, Some(media)) => format!("the answer is {media} and not a JSON text that can be relied on"),
            (None, None) => "the answer names no media type".into(),
        },
        _ => return None,
    })
}

/// What a person does next about a key that is its own credential, or of which only the secret is known: there is no id to
/// correct, and no other credential to renew.
fn next_for_a_secret(about: &About, kind: ErrorKind, seen: &Seen) -> Option<&'static str> {
    let nobody_calls = about.credentials.contains(&Form::Nothing);
    Some(match kind {
        ErrorKind::Unauthenticated if seen.by_itself => {
            "Try the secret, here and at any other host that could be its own: it is not accepted, so that it may be dead already; this call changed nothing."
        }
        ErrorKind::PermissionDenied if seen.by_itself => {
            "Revoke the key by other means, at the provider's own pages or with a credential that may: it may not revoke itself, and this call changed nothing."
        }
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied if nobody_calls => {
            "Check the base URL, and what stands between here and the provider: no credential was sent, and none is wanted; this call changed nothing."
        }
        ErrorKind::NotFound if seen.of_secret => {
            "Try the secret, and check the base URL and whose it is: it may be dead already, or work at another host or tenant."
        }
        ErrorKind::Rejected if seen.of_secret => {
            "Check that the secret is whole and this provider's, as the provider's message says: this call changed nothing."
        }
        _ => return None,
    })
}

pub(crate) fn report(about: &'static About, ended: Ended<Seen>) -> RevokeResult {
    let Some((attempted, mut seen)) = ended.decisive else {
        let state = conclude_early(false, ended.in_doubt);
        return Err(RevokeError::new(about.name, ErrorKind::NotSent, state)
            .with_delivery(Delivery::NotSent)
            .with_attempts(0)
            .with_gave_up(ended.gave_up)
            .with_detail("the time ran out before anything was sent"));
    };
    let mut facts = Facts {
        attempts: ended.memory.attempts,
        ..std::mem::take(&mut seen.facts)
    };
    let (kind, state) = match conclude(attempted.verdict.meaning, ended.in_doubt) {
        Meaning::Dead(disposition, evidence) => {
            return Ok(Revocation::new(about.name, disposition, [evidence])
                .with_facts(facts)
                .with_reversible(about.reversible)
                .with_propagation(about.propagation));
        }
        Meaning::Not(kind, state) => (kind, state),
    };
    let kind = if seen.vetoed { ErrorKind::Vetoed } else { kind };
    if kind == ErrorKind::InvalidInput {
        facts.attempts = 0;
    }
    // A key that has revoked itself is no credential any more.
    let likely_dead = match kind {
        ErrorKind::NotFound => ended.in_doubt,
        ErrorKind::Unauthenticated => ended.in_doubt && attempted.refused && seen.by_itself,
        _ => false,
    };
    let again = attempted.verdict.again;
    let retryable = again != Again::No && may_repeat(about.may_repeat(), state != KeyState::Live, again);
    let error = RevokeError::new(about.name, kind, state)
        .with_facts(facts)
        .with_delivery(attempted.delivery)
        .with_retryable(retryable)
        .with_retry_after(attempted.retry_after)
        .with_gave_up(
            ended
                .gave_up
                .filter(|why| *why != GaveUp::MayHurt || retryable || state != KeyState::Live),
        )
        .with_missing(kind == ErrorKind::NotFound && seen.missing)
        .with_likely_dead(likely_dead);
    // After doubt the usual sentence is about that, and a proxy's refusal is nobody else's.
    let is_plain = !likely_dead && (state == KeyState::Live || kind == ErrorKind::NotFound);
    let answered = error.status().is_some_and(|status| status != 407);
    let error = match next_for_a_secret(about, kind, &seen) {
        Some(sentence) if is_plain && answered => error.with_next_step(sentence),
        _ => error,
    };
    Err(match seen.cause {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}
