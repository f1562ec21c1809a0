//! A stateful fake of each provider, for everybody's tests (feature `fakes`).
//!
//! A fake listens on loopback and behaves as the provider's documentation says: a live key dies once, a
//! second revoke gets the provider's own answer to that, a wrong credential is refused. It records what it
//! received, and can be told to answer anything. Where the provider publishes look-ups and probes, they answer about the
//! keys that the fake has made; deaths can [take time to spread](Fake::delay_deaths) or
//! [come later](Fake::schedule_deaths), and [ids can be given again](Fake::reuse_ids). A request that the provider does not document fails the test
//! (the fake panics when it is dropped) instead of looking like a missing key.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use keyrevoke::fakes::{Fake, Reply};
//! use keyrevoke::{ErrorKind, KeyState, Revoke};
//!
//! let fake = Fake::start("dolfin").await?;
//! let revoker = fake.builder().build()?;
//!
//! let key = fake.new_key();
//! fake.answer_next(Reply::new(403));
//! let refused = revoker.revoke(&key).await.unwrap_err();
//! assert_eq!((refused.kind(), refused.key_state()), (ErrorKind::PermissionDenied, KeyState::Live));
//! assert!(fake.is_live(&key));
//!
//! assert!(revoker.revoke(&key).await.is_ok());
//! assert!(!fake.is_live(&key));
//! assert_eq!(fake.requests().len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::builder::Builder;
use crate::credential::{Credential, Form};
use crate::input::InvalidInput;
use crate::key::KeyRef;
use crate::providers::{AnyProvider, ProviderInfo, provider};
use crate::secret::Secret;

mod asked;
mod described;

pub(crate) use asked::{Asked, Issued, slice};
pub(crate) use described::described;

/// How a provider's fake answers; stands in the provider's own module.
pub(crate) trait FakeAnswers {
    /// What stands before the document's paths, besides a prefix that is a setting.
    const BASE_PATH: &'static str = "";
    /// The credentials that are accepted, as text.
    const CREDENTIALS: &'static [&'static str];
    /// The n-th key, as text; its secret, at providers that revoke by that.
    fn key(number: u64) -> String {
        Self::secret(number)
    }
    /// The provider's answer.
    fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply;
    /// The secret of the n-th key, which is accepted as long as the key lives.
    fn secret(number: u64) -> String {
        format!("fake-secret-{number:08x}")
    }
    /// The provider's answer to the request that deletes, where it has one.
    fn answer_to_deletion(_case: Case, _parameters: &[(&'static str, String)]) -> Reply {
        Reply::new(501)
    }
    /// The answer to a revocation that will be carried out at this time; `None` where the provider has none of its own.
    fn scheduled(_at: SystemTime, _parameters: &[(&'static str, String)]) -> Option<Reply> {
        None
    }
    /// The answer to a look-up by a caller that is known; `None` where the provider publishes none.
    fn look_up(_asked: &Asked, _keys: &[Issued]) -> Option<Reply> {
        None
    }
}

/// What a fake has to answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// The key was live and is dead now.
    Revoked,
    /// The key was dead before.
    Again,
    /// No such key.
    Unknown,
    /// The credential is not accepted.
    Unauthenticated,
}

/// An answer, to be given instead of the provider's own.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    carried_out: bool,
}

impl Reply {
    /// An answer with this status (100 to 999; what is outside becomes the nearest of these) and no body.
    pub fn new(status: u16) -> Self {
        Self {
            status: status.clamp(100, 999),
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            carried_out: false,
        }
    }

    /// Adds a header. One that cannot stand in HTTP is left out.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body and its media type.
    pub fn with_body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut reply = self.with_header("content-type", media_type);
        reply.body = body.into();
        reply
    }

    /// Sets a JSON body, as `application/json`.
    pub fn with_json(self, body: impl Serialize) -> Self {
        self.with_body("application/json", serde_json::to_vec(&body).unwrap_or_default())
    }

    /// Waits before answering.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The key dies all the same before this answer goes out, as when a gateway fails behind a provider that
    /// did its work.
    pub fn carried_out(mut self) -> Self {
        self.carried_out = true;
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// What a call would get.
    #[cfg(test)]
    pub(crate) fn answered(&self) -> crate::answer::Attempt {
        self.answered_with(self.status, |body| body)
    }

    /// What a call would get with another status and another body in the same headers.
    #[cfg(test)]
    pub(crate) fn answered_with(
        &self,
        status: u16,
        other: impl Fn(String) -> String,
    ) -> crate::answer::Attempt {
        let headers = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let headers: Vec<(&str, &str)> = headers.collect();
        let body = other(String::from_utf8_lossy(&self.body).into_owned());
        crate::golden::answer(status, &headers, crate::answer::Body::Complete(body.into()))
    }

    #[cfg(test)]
    pub(crate) fn answered_status(&self) -> u16 {
        self.status
    }

    /// Is this the JSON body?
    #[cfg(test)]
    pub(crate) fn is(&self, body: &serde_json::Value) -> bool {
        self.content() == (Some("application/json"), body.to_string().as_bytes())
    }

    /// Media type and body.
    pub(crate) fn content(&self) -> (Option<&str>, &[u8]) {
        let media = self.headers.iter().find(|(name, _)| name == "content-type");
        (media.map(|(_, value)| value.as_str()), &self.body)
    }

    pub(crate) fn template(&self) -> ResponseTemplate {
        let mut template = ResponseTemplate::new(self.status)
            .set_body_bytes(self.body.clone())
            .set_delay(self.delay);
        for (name, value) in &self.headers {
            let name = reqwest::header::HeaderName::try_from(name.as_str());
            let value = reqwest::header::HeaderValue::try_from(value.as_str());
            if let (Ok(name), Ok(value)) = (name, value) {
                template = template.append_header(name, value);
            }
        }
        template
    }
}

/// A request that a fake received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Such as `DELETE`.
    pub method: String,
    /// With its query, as it came.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

impl Received {
    /// A request, for recorders of one's own.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Live,
    /// By the provider's one way, or by the first of two.
    Dead,
    /// By the second, after which nothing is left to look at.
    Deleted,
}

impl Fate {
    fn by(provider: &ProviderInfo) -> Self {
        match provider.entry().deletes() {
            true => Self::Deleted,
            false => Self::Dead,
        }
    }
}

#[derive(Default)]
struct State {
    /// What the revoke request names → what the key is.
    keys: HashMap<String, Fate>,
    /// In the order of their making.
    made: Vec<Issued>,
    issued: u64,
    scripted: VecDeque<Reply>,
    /// Like `scripted`, for revocations alone, and for look-ups alone.
    revocations: VecDeque<Reply>,
    looks: VecDeque<Reply>,
    /// How long the dead go on working and being listed.
    propagation: Duration,
    died: HashMap<String, Instant>,
    /// How long after their revocation keys die, where that is not at once.
    schedule: Option<Duration>,
    /// When the keys will die of which that is known.
    scheduled: HashMap<String, (SystemTime, Fate)>,
    /// Ids of dead keys that new keys get.
    freed: Option<Vec<u64>>,
    always: Option<Reply>,
    received: Vec<Received>,
    unexpected: Vec<String>,
}

impl State {
    /// The keys that were made, as they are now.
    fn inventory(&self) -> Vec<Issued> {
        let now = |made: &Issued| Issued {
            live: self.keys.get(&made.path) == Some(&Fate::Live) || self.lingers(&made.path),
            dies_at: self.scheduled.get(&made.path).map(|(at, _)| *at),
            ..made.clone()
        };
        let is_there =
            |made: &&Issued| self.keys.get(&made.path) != Some(&Fate::Deleted) || self.lingers(&made.path);
        self.made.iter().filter(is_there).map(now).collect()
    }

    /// Did the key die so lately that its death has not spread?
    fn lingers(&self, path: &str) -> bool {
        let died = self.died.get(path);
        died.is_some_and(|died| died.elapsed() < self.propagation)
    }

    /// Carries out what was scheduled for now or before.
    fn keep_schedule(&mut self) {
        let now = SystemTime::now();
        let due = self.scheduled.iter().filter(|(_, (at, _))| *at <= now);
        let due: Vec<(String, Fate)> = due.map(|(path, (_, how))| (path.clone(), *how)).collect();
        for (path, how) in due {
            self.scheduled.remove(&path);
            self.kill(&path, how);
        }
    }

    /// When the key of this path will die; `None` where it dies at once, is dead or never was.
    fn put_off(&mut self, path: &str, how: Fate) -> Option<SystemTime> {
        let after = self
            .schedule
            .filter(|_| self.keys.get(path) == Some(&Fate::Live))?;
        let at = SystemTime::now() + after;
        let (at, _) = *self.scheduled.entry(path.to_owned()).or_insert((at, how));
        Some(at)
    }

    /// Kills the key that a request names, and says what it answers to.
    fn kill(&mut self, path: &str, how: Fate) -> Case {
        let Some(fate) = self.keys.get_mut(path) else {
            return Case::Unknown;
        };
        let was = *fate;
        *fate = was.max(how);
        if was == Fate::Live {
            self.died.insert(path.to_owned(), Instant::now());
            let number = self.made.iter().position(|made| made.path == path);
            if let (Some(freed), Some(number)) = (&mut self.freed, number) {
                freed.push(self.made[number].number);
            }
        }
        match was {
            _ if was < how => Case::Revoked,
            // Who deletes leaves nothing that could be disabled.
            _ if was > how => Case::Unknown,
            _ => Case::Again,
        }
    }
}

/// A provider on loopback.
pub struct Fake {
    provider: ProviderInfo,
    server: MockServer,
    state: Arc<Mutex<State>>,
}

impl Fake {
    /// Starts the fake of a provider, by its name.
    pub async fn start(name: &str) -> Result<Self, InvalidInput> {
        Ok(Self::of(provider(name)?).await)
    }

    /// Starts the fake of a provider, also of one that was [described](crate::describe).
    pub async fn of(provider: &ProviderInfo) -> Self {
        let provider = *provider;
        let state = Arc::new(Mutex::new(State::default()));
        let server = MockServer::builder().disable_request_recording().start().await;
        let responder = Responder {
            provider,
            state: Arc::clone(&state),
        };
        Mock::given(any()).respond_with(responder).mount(&server).await;
        Self {
            provider,
            server,
            state,
        }
    }

    /// Makes [`builder`](Self::builder) ask for deletion, where the provider offers that besides; [`dead_key`](Self::dead_key)
    /// is then one that was deleted. Either request is answered all the same.
    pub fn with_deletion(mut self) -> Self {
        self.provider = self.provider.deletion().copied().unwrap_or(self.provider);
        self
    }

    /// The provider's name.
    pub fn provider(&self) -> &'static str {
        self.provider.entry().about().name
    }

    /// What the provider's module says of what [`builder`](Self::builder) makes.
    pub fn info(&self) -> &ProviderInfo {
        &self.provider
    }

    /// What to give to [`Builder::with_base_url`].
    pub fn base_url(&self) -> String {
        format!("{}{}", self.server.uri(), self.provider.entry().fake().base_path)
    }

    /// The credential that is accepted; where the provider [takes none](ProviderInfo::takes_no_credential), one that a builder
    /// refuses.
    pub fn credential(&self) -> Credential {
        Credential::from_text(self.credential_text())
    }

    /// The same as text, as it would stand in an environment variable; empty where there is none.
    pub fn credential_text(&self) -> &'static str {
        self.provider
            .entry()
            .fake()
            .credentials
            .first()
            .copied()
            .unwrap_or_default()
    }

    /// Did this request carry the credential that is accepted?
    pub fn is_authorised(&self, request: &Received) -> bool {
        is_accepted(&self.provider, request)
    }

    /// A credential of the right form that is refused.
    pub fn wrong_credential(&self) -> Credential {
        // Ours with a tail: whatever its form, it stays of that form.
        Credential::from_text(format!("{}-but-wrong", self.credential_text()))
    }

    /// A builder with base URL and credential set, where the provider takes one, and with the word for whatever
    /// [dies besides](Builder::with_more_than_the_key).
    pub fn builder(&self) -> Builder<AnyProvider> {
        let builder = self.provider.builder().with_base_url(self.base_url());
        let builder = builder.with_more_than_the_key();
        if self.provider.takes_no_credential() {
            return builder;
        }
        builder.with_credential(self.credential())
    }

    /// A key that is live.
    pub fn new_key(&self) -> KeyRef {
        self.issue(Some(Fate::Live))
    }

    /// A key that was revoked before.
    pub fn dead_key(&self) -> KeyRef {
        self.issue(Some(Fate::by(&self.provider)))
    }

    /// A key that this provider never had.
    pub fn unknown_key(&self) -> KeyRef {
        self.issue(None)
    }

    /// What the requests name the key by, in path and body, beside what the credential adds.
    pub(crate) fn parameters(&self, key: &KeyRef) -> Vec<(&'static str, String)> {
        let text = key.secret().map_or_else(|| key.key(), Secret::expose);
        let parameters = self.provider.entry().parameters(text).unwrap_or_default();
        parameters
            .into_iter()
            .chain(parameter_of_credential(&self.provider))
            .collect()
    }

    /// Is the key live?
    pub fn is_live(&self, key: &KeyRef) -> bool {
        let text = key.secret().map_or_else(|| key.key(), Secret::expose);
        let path = path_of(&self.provider, text);
        path.is_some_and(|path| self.state().keys.get(&path) == Some(&Fate::Live))
    }

    /// The secret of a key that this fake has made; the provider accepts it as long as the key lives.
    pub fn secret(&self, key: &KeyRef) -> Option<String> {
        let made = self
            .state()
            .inventory()
            .into_iter()
            .find(|made| made.key == key.key());
        made.map(|made| made.secret)
    }

    /// Answers the next request with this; calls add up.
    pub fn answer_next(&self, reply: Reply) {
        self.state().scripted.push_back(reply);
    }

    /// Answers the next request that revokes with this, and leaves look-ups alone; calls add up.
    pub fn answer_next_revocation(&self, reply: Reply) {
        self.state().revocations.push_back(reply);
    }

    /// Answers the next look-up or probe with this, and leaves revocations alone; calls add up.
    pub fn answer_next_look(&self, reply: Reply) {
        self.state().looks.push_back(reply);
    }

    /// Lets keys that are revoked from now on be accepted and listed for this long, as where a death takes time to
    /// spread. A second revocation is told that the key is dead at once.
    pub fn delay_deaths(&self, time: Duration) {
        self.state().propagation = time;
    }

    /// Carries revocations out this long after they are asked for, as where a provider takes a time of death or works
    /// them off later. Until then the key works, is listed, and the answer says so: with the time where the provider's
    /// answer has one (`devin-v3`), else with a `202`.
    pub fn schedule_deaths(&self, after: Duration) {
        self.state().schedule = Some(after);
    }

    /// Gives the id of a key that is revoked from now on to the next new key, as some providers do.
    pub fn reuse_ids(&self) {
        self.state().freed.get_or_insert_default();
    }

    /// Answers every request with this from now on, once those of [`answer_next`](Self::answer_next) are used up.
    pub fn answer_always(&self, reply: Reply) {
        self.state().always = Some(reply);
    }

    /// Answers as the provider does again.
    pub fn behave(&self) {
        let mut state = self.state();
        state.scripted.clear();
        state.revocations.clear();
        state.looks.clear();
        state.always = None;
    }

    /// What was received, in order.
    pub fn requests(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// Requests that the provider does not document, as text. Asking clears them, so that a test which expects
    /// one does not fail when the fake is dropped.
    pub fn take_unexpected(&self) -> Vec<String> {
        std::mem::take(&mut self.state().unexpected)
    }

    fn issue(&self, fate: Option<Fate>) -> KeyRef {
        let mut state = self.state();
        state.issued += 1;
        let fake = self.provider.entry().fake();
        let freed = state.freed.as_mut().and_then(Vec::pop);
        let number = freed.unwrap_or(state.issued);
        let text = (fake.key)(number);
        let by_secret = self.provider.revokes_by_secret();
        let secret = Secret::new(text.as_str()).ok().filter(|_| by_secret);
        let known = secret.as_ref().map_or_else(|| text.clone(), Secret::digest);
        if let (Some(path), Some(fate)) = (path_of(&self.provider, &text), fate) {
            // An id that is given away again is the new key's alone.
            state.made.retain(|made| made.path != path);
            state.died.remove(&path);
            state.scheduled.remove(&path);
            let made = Issued {
                number,
                key: known.clone(),
                secret: secret.as_ref().map_or_else(
                    || (fake.secret)(state.issued),
                    |secret| secret.expose().to_owned(),
                ),
                live: fate == Fate::Live,
                dies_at: None,
                path: path.clone(),
            };
            state.made.push(made);
            state.keys.insert(path, fate);
        }
        KeyRef::known(self.provider.name(), None, &known).with_secret(secret)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.keep_schedule();
        state
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fake")
            .field("provider", &self.provider.name())
            .field("base_url", &self.base_url())
            .finish()
    }
}

impl Drop for Fake {
    #[allow(clippy::panic)] // failing the test is what it is for
    fn drop(&mut self) {
        let unexpected = self.take_unexpected();
        if !unexpected.is_empty() && !std::thread::panicking() {
            panic!(
                "the fake of {} received requests that it does not document: {unexpected:?}",
                self.provider.name()
            );
        }
    }
}

type AnswerOf = dyn Fn(Case, &[(&'static str, String)]) -> Reply;
type ScheduledOf = fn(SystemTime, &[(&'static str, String)]) -> Option<Reply>;
type LookUpOf = dyn Fn(&Asked, &[Issued]) -> Option<Reply>;

/// What the table knows of a provider's fake.
pub(crate) struct FakeOf {
    pub(crate) base_path: &'static str,
    pub(crate) credentials: &'static [&'static str],
    pub(crate) key: Box<dyn Fn(u64) -> String>,
    pub(crate) answer: Box<AnswerOf>,
    pub(crate) secret: Box<dyn Fn(u64) -> String>,
    pub(crate) scheduled: ScheduledOf,
    pub(crate) look_up: Box<LookUpOf>,
}

struct Responder {
    provider: ProviderInfo,
    state: Arc<Mutex<State>>,
}

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let received = received(request);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.keep_schedule();
        let reply = self.reply(&mut state, &received);
        state.received.push(received);
        reply.template()
    }
}

impl Responder {
    fn reply(&self, state: &mut State, request: &Received) -> Reply {
        let ways = [Some(&self.provider), self.provider.deletion()];
        let matched = ways.into_iter().flatten().flat_map(|way| {
            let operations = way.entry().operations().iter();
            operations
                .filter_map(|operation| asked::matches(way, operation, request))
                .map(move |(asked, path)| (way, asked, path))
        });
        // A path with a word in it, such as `self`, fits one with an id there, too.
        let Some((way, asked, path)) = matched.min_by_key(|(_, asked, _)| asked.parameters.len()) else {
            return unexpected(state, request);
        };
        let is_revocation = asked.operation == way.entry().operation();
        let own = if is_revocation {
            state.revocations.pop_front()
        } else {
            state.looks.pop_front()
        };
        let scripted = own.or_else(|| state.scripted.pop_front());
        let scripted = scripted.or_else(|| state.always.clone());
        if let Some(reply) = scripted {
            if reply.carried_out && is_revocation {
                state.kill(&path, Fate::by(way));
            }
            return reply;
        }
        if !is_revocation {
            return self.look_up(state, asked, request);
        }
        let fake = way.entry().fake();
        let case = if !is_accepted(&self.provider, request) {
            Case::Unauthenticated
        } else if let Some(at) = state.put_off(&path, Fate::by(way)) {
            let reply = (fake.scheduled)(at, &asked.parameters);
            return reply.unwrap_or_else(|| Reply::new(202));
        } else {
            state.kill(&path, Fate::by(way))
        };
        (fake.answer)(case, &asked.parameters)
    }

    fn look_up(&self, state: &mut State, mut asked: Asked, request: &Received) -> Reply {
        let (fake, keys) = (self.provider.entry().fake(), state.inventory());
        let nobody = self.provider.takes_no_credential();
        if nobody || !is_accepted(&self.provider, request) {
            let mut live = keys.iter().filter(|key| key.live);
            let forms = self.provider.entry().probe_credentials();
            asked.by = live
                .find(|key| is_sent(&self.provider, forms, request, &key.secret))
                .cloned();
            if asked.by.is_none() && !nobody {
                return (fake.answer)(Case::Unauthenticated, &asked.parameters);
            }
        }
        let reply = (fake.look_up)(&asked, &keys);
        reply.unwrap_or_else(|| unexpected(state, request))
    }
}

fn is_accepted(provider: &ProviderInfo, request: &Received) -> bool {
    if provider.takes_no_credential() {
        let is_anonymous = request.header("authorization").is_none();
        return is_anonymous || credential_of_key(provider, request).is_some();
    }
    let mut credentials = provider.entry().fake().credentials.iter();
    let forms = provider.entry().about().credentials;
    credentials.any(|text| is_sent(provider, forms, request, text))
}

/// Is this the credential of the request?
fn is_sent(provider: &ProviderInfo, forms: &[Form], request: &Received, text: &str) -> bool {
    let name = provider.entry().about().name;
    let prepared = Credential::from_text(text).prepare(name, forms);
    prepared.is_ok_and(|prepared| {
        #[cfg(feature = "aws")]
        if let Some(signer) = &prepared.signer {
            return signer.has_signed(request);
        }
        let mut headers = prepared.headers.iter();
        headers.all(|(name, value)| request.header(name.as_str()) == value.to_str().ok())
    })
}

/// The secret of a key that is its own credential.
fn credential_of_key<'a>(provider: &ProviderInfo, request: &'a Received) -> Option<&'a str> {
    match provider.entry().about().credentials.first()? {
        Form::Itself(Form::Bearer) => request.header("authorization")?.strip_prefix("Bearer "),
        Form::Itself(Form::ApiKey(header)) => request.header(header),
        _ => None,
    }
}

fn unexpected(state: &mut State, request: &Received) -> Reply {
    state
        .unexpected
        .push(format!("{} {}", request.method, request.path));
    Reply::new(501).with_body("text/plain", "unexpected request")
}

fn received(request: &Request) -> Received {
    let query = request
        .url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    Received {
        method: request.method.to_string(),
        path: format!("{}{query}", request.url.path()),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: request.body.clone(),
    }
}

/// What tells a key from all others in the requests that revoke it: its parameters, in path or body.
fn path_of(provider: &ProviderInfo, key: &str) -> Option<String> {
    let mut parameters = provider.entry().parameters(key).ok()?;
    parameters.extend(parameter_of_credential(provider));
    if let Some(Form::Itself(_)) = provider.entry().about().credentials.first() {
        parameters.push((AS_CREDENTIAL, key.to_owned()));
    }
    Some(identity(parameters))
}

/// Instead of a parameter's name, where the key names itself by being the credential.
const AS_CREDENTIAL: &str = "";

/// What the accepted credential adds to the path.
fn parameter_of_credential(provider: &ProviderInfo) -> Option<(&'static str, String)> {
    let (about, fake) = (provider.entry().about(), provider.entry().fake());
    let credential = Credential::from_text(*fake.credentials.first()?);
    credential.prepare(about.name, about.credentials).ok()?.parameter
}

fn identity(mut parameters: Vec<(&'static str, String)>) -> String {
    parameters.sort_unstable();
    let lines = parameters.iter().map(|(name, value)| format!("{name}={value}\n"));
    lines.collect()
}
