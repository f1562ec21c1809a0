//! Asking a provider about keys: requests that change nothing, and may be repeated.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use crate::answer::{Attempt, Failure, FailureReason, LIST_LIMIT};
use crate::attempt::attempt_to_read;
use crate::client::Core;
use crate::content::Content;
use crate::credential::{Credential, Prepared, Redactor};
use crate::erased::ErasedKey;
use crate::inventory::Inventory;
use crate::key::KeyRef;
use crate::key_filter::KeyFilter;
use crate::key_info::KeyInfo;
use crate::lookup::{FIND, Lookup, Page, Unread};
use crate::observer::BoxFuture;
use crate::outcome::{Delivery, ErrorKind, KeyState, RevokeError};
use crate::probe::{Probed, probed};
use crate::secret::Secret;
use crate::trace;
use crate::verdict::{Again, is_refused, verdict};
use crate::wire::Call;

/// Is a secret still accepted by its provider?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acceptance {
    /// The provider accepted it: whoever has it can use it now.
    Accepted,
    /// The provider itself said that it does not know it. At the host that was asked: another tenant's is refused too.
    Refused,
}

/// What an inventory says of a key that was looked for.
pub(crate) enum Found {
    Key(Box<KeyInfo>),
    /// It was read to its end, and these are the others that were there.
    Absent(HashSet<KeyRef>),
}

/// What a look-up gives where there is nothing to look at.
pub(crate) fn unsupported(provider: String, what: &str) -> RevokeError {
    RevokeError::new(provider, ErrorKind::Unsupported, KeyState::Unknown)
        .with_delivery(Delivery::NotSent)
        .with_attempts(0)
        .with_detail(format!("the provider publishes no way to {what}"))
}

/// Requests for one look-up, at most: a provider that fails three times is left alone.
const MOST_ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long a provider must go on refusing a secret that it accepted before, where nobody else can be tried.
const LASTING: Duration = Duration::from_secs(1);

impl Core {
    /// Sends a look-up until there is an answer that a repeat would not better, within the deadline. What came with it is
    /// the credential that was used, which keeps the others' secrets out of texts as well.
    async fn ask(
        &self,
        lookup: &Lookup,
        secret: Option<Arc<Prepared>>,
        others: &Redactor,
    ) -> (Attempt, Arc<Prepared>) {
        let others = self.redactor.and(others);
        let end = Instant::now() + self.deadline;
        let mut credential = secret.clone();
        let (mut renewed, mut number) = (secret.is_some(), 0);
        loop {
            number += 1;
            let began = Instant::now();
            let given = match credential.clone() {
                Some(known) => Ok(known),
                None => self
                    .credentials
                    .current(self.about().name, None)
                    .await
                    .map_err(|error| error.to_string()),
            };
            let known = match given {
                Ok(known) => known.and_redacting(&others),
                Err(message) => return (nothing_sent(message), Arc::new(Prepared::none(&others))),
            };
            let limit = end.min(began + self.attempt_timeout);
            // After the source was asked: what it gave for this request is no answer to its refusal.
            let sent = Instant::now();
            let answer = self.ask_once(lookup, &known, number, limit).await;
            // Of the rules on revoking, those on refusals and limits hold for every operation.
            let said = verdict(self.about().rules, &[], &answer);
            let refused = is_refused(said.meaning, &answer);
            if refused && !std::mem::replace(&mut renewed, true) {
                match self.credentials.instead_of(&known, sent).await {
                    Some(other) => {
                        credential = Some(other);
                        continue;
                    }
                    None => return (answer, known),
                }
            }
            let pause = match &answer {
                Attempt::Answered(answer) => answer.retry_after(),
                _ => None,
            };
            let pause = pause.unwrap_or(FIRST_PAUSE * number);
            let again = matches!(said.again, Again::Untouched | Again::IfHarmless);
            if !again || number == MOST_ATTEMPTS || Instant::now() + pause + self.connect_timeout >= end {
                return (answer, known);
            }
            sleep(pause).await;
        }
    }

    async fn ask_once(
        &self,
        lookup: &Lookup,
        credential: &Arc<Prepared>,
        number: u32,
        limit: Instant,
    ) -> Attempt {
        let mut parameters = lookup.parameters.clone();
        let mut content = Content::Empty;
        if let Some(secret) = lookup.secret() {
            parameters.push((lookup.secret_name(), secret.to_owned()));
            content = self.provider.probe_content();
        }
        let call = Call {
            target: Arc::clone(&self.target),
            parameters: credential.and_own(&Arc::new(parameters)),
            query: Arc::new(lookup.query.clone()),
            content,
            credential: Arc::clone(credential),
        };
        let base = self
            .target
            .base_of(lookup.operation)
            .as_str()
            .trim_end_matches('/');
        let asked = self.provider.look_up(base, self.http.clone(), call, lookup);
        let watched = trace::request(&self.target, lookup.operation, number);
        let answer = attempt_to_read(LIST_LIMIT, asked, limit)
            .instrument(watched.span())
            .await;
        watched.answered(&answer);
        answer
    }

    fn unread(&self, why: Unread) -> RevokeError {
        unread(self.about().name, why)
    }

    async fn page(&self, lookup: &Lookup) -> Result<Page, Unread> {
        let (answer, credential) = self.ask(lookup, None, &Redactor::default()).await;
        self.provider
            .read_page(self.about(), lookup, &answer, &credential.redactor)
    }

    /// What the provider says of a key.
    pub(crate) async fn find(&self, key: &dyn ErasedKey) -> Result<KeyInfo, RevokeError> {
        if key.find().is_empty() {
            let own = self.whoami().await?;
            return own
                .filter(|own| own.key().key() == key.to_string())
                .ok_or_else(|| {
                    unsupported(
                        self.about().name.to_owned(),
                        "ask about any key but the one in use",
                    )
                });
        }
        match self.look_up(key).await? {
            Found::Key(info) => Ok(*info),
            Found::Absent(_) => {
                let missing = RevokeError::new(self.about().name, ErrorKind::NotFound, KeyState::Unknown);
                let words = match key.find().iter().any(|lookup| lookup.operation == FIND) {
                    true => "the provider says that it has no such key",
                    false => "it is not in the provider's list, which was read to its end",
                };
                Err(missing.with_detail(words).with_next_step(
                    "Check the key id, the tenant and the base URL: the key may be dead, or never have been there.",
                ))
            }
        }
    }

    /// Looks a key up where the provider can be asked about it.
    pub(crate) async fn look_up(&self, key: &dyn ErasedKey) -> Result<Found, RevokeError> {
        match self.look_into(key.find(), key).await {
            // That alone could be said of a key that is there; the whole list besides could not.
            Err(why) if why.status() == Some(404) && !key.holders().is_empty() => {
                self.look_into(key.holders(), key).await.map_err(|_| why)
            }
            found => found,
        }
    }

    async fn look_into(&self, first: Vec<Lookup>, key: &dyn ErasedKey) -> Result<Found, RevokeError> {
        let text = key.to_string();
        let mut inventory = Inventory::new(first);
        let mut others = HashSet::new();
        while let Some(lookup) = inventory.next() {
            let page = self.page(&lookup).await;
            let keys = inventory.add(&lookup, page).map_err(|why| self.unread(why))?;
            let is_about_one = lookup.operation == FIND && !keys.is_empty();
            for info in keys {
                if info.key().key() == text {
                    return Ok(Found::Key(Box::new(info)));
                }
                others.insert(info.key().clone());
            }
            // It was asked about this key alone.
            if is_about_one {
                let why = "the answer is about another key than the one that was asked for";
                return Err(self.unread(Unread::unexpected(None, why)));
            }
        }
        if !inventory.is_complete() {
            let why = "the list was not read to its end";
            return Err(self.unread(Unread::unexpected(None, why)));
        }
        Ok(Found::Absent(others))
    }

    /// The key that the credential itself is; `None` where the provider does not say.
    pub(crate) async fn whoami(&self) -> Result<Option<KeyInfo>, RevokeError> {
        let lookup = self
            .provider
            .whoami()
            .ok_or_else(|| unsupported(self.about().name.to_owned(), "ask about keys"))?;
        let page = self.page(&lookup).await.map_err(|why| self.unread(why))?;
        Ok(page.items.into_iter().next())
    }

    /// The key that the provider says the caller with this secret to be; `None` where it does not say.
    pub(crate) async fn key_of_caller(&self, secret: &Secret) -> Result<Option<KeyRef>, RevokeError> {
        let Some(lookup) = self.provider.whoami() else {
            return Ok(None);
        };
        let credential = Credential::from_text(secret.expose());
        let forms = self.provider.probe_credentials();
        let prepared = Arc::new(credential.prepare(self.about().name, forms)?);
        let caller = Some(Arc::clone(&prepared));
        let (answer, prepared) = self.ask(&lookup, caller, &prepared.redactor).await;
        let page = self
            .provider
            .read_page(self.about(), &lookup, &answer, &prepared.redactor);
        let page = page.map_err(|why| self.unread(why))?;
        Ok(page.items.into_iter().next().map(|own| own.key().clone()))
    }

    /// Does the provider accept anybody at all now? While its own directory of keys fails, it refuses keys that work.
    pub(crate) async fn accepts_us(&self, key: &dyn ErasedKey, secret: &Secret) -> bool {
        // Where there is no credential but the key, nobody else can be tried: the refusal has to last.
        if self.about().credentials.iter().any(|form| form.is_none()) {
            sleep(LASTING).await;
            return self
                .probe(secret)
                .await
                .is_ok_and(|accepted| accepted == Acceptance::Refused);
        }
        if let Some(lookup) = self.provider.probe(secret.expose()) {
            let (answer, credential) = self.ask(&lookup, None, &Redactor::default()).await;
            let rules = self.provider.probe_rules();
            match probed(rules, self.about(), &answer, &credential.redactor) {
                // What is said of a secret that was named is said to us; the refusal has to be said again.
                Probed::Accepted => return lookup.secret().is_none(),
                // Said of a credential that may work elsewhere too, it tells nothing of the secret.
                Probed::Refused => return lookup.secret().is_some(),
                Probed::Unknown(_) => {}
            }
        }
        // A credential of another kind than the keys may not be taken there.
        for lookups in [key.find(), self.provider.list()] {
            if let Some(lookup) = lookups.first()
                && self.page(lookup).await.is_ok()
            {
                return true;
            }
        }
        false
    }

    /// Is there a request that tells whether this secret is accepted?
    pub(crate) fn can_probe(&self, secret: &Secret) -> bool {
        !self.provider.probe_rules().is_empty() && self.provider.probe(secret.expose()).is_some()
    }

    /// Does the provider accept this secret?
    pub(crate) async fn probe(&self, secret: &Secret) -> Result<Acceptance, RevokeError> {
        let what = "try a secret of this form without using it";
        let lookup = self
            .provider
            .probe(secret.expose())
            .filter(|_| self.can_probe(secret))
            .ok_or_else(|| unsupported(self.about().name.to_owned(), what))?;
        let credential = Credential::from_text(secret.expose());
        let forms = self.provider.probe_credentials();
        let prepared = Arc::new(credential.prepare(self.about().name, forms)?);
        // Tried as the credential that it is, or asked about by those who may.
        let tried = lookup.secret().is_none().then(|| Arc::clone(&prepared));
        let own = prepared.redactor.and(&Redactor::of_secret(secret.expose()));
        let (answer, prepared) = self.ask(&lookup, tried, &own).await;
        match probed(
            self.provider.probe_rules(),
            self.about(),
            &answer,
            &prepared.redactor,
        ) {
            Probed::Accepted => Ok(Acceptance::Accepted),
            Probed::Refused => Ok(Acceptance::Refused),
            Probed::Unknown(why) => Err(self.unread(why)),
        }
    }
}

fn nothing_sent(message: String) -> Attempt {
    Attempt::NotSent(Failure {
        reason: FailureReason::Credential,
        message,
    })
}

/// An answer that says nothing, as an error that claims nothing.
fn unread(provider: &'static str, unread: Unread) -> RevokeError {
    let next = match unread.kind {
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => {
            "Use a credential that may look keys up, and ask again: a look-up changes nothing."
        }
        ErrorKind::InvalidInput => "Correct the input that the message names and ask again.",
        ErrorKind::NotFound | ErrorKind::Misdirected | ErrorKind::Redirected => {
            "Check the base URL and the owner of the key, and ask again: a look-up changes nothing."
        }
        ErrorKind::UnexpectedAnswer => {
            "Look at the provider by other means, and check base URL and crate version: the answer is not one it documents."
        }
        _ => "Ask again shortly: a look-up changes nothing.",
    };
    let delivery = match unread.facts.status {
        Some(_) => Delivery::Answered,
        None if unread.kind == ErrorKind::NoAnswer => Delivery::MaybeSent,
        None => Delivery::NotSent,
    };
    RevokeError::new(provider, unread.kind, KeyState::Unknown)
        .with_facts(*unread.facts)
        .with_delivery(delivery)
        .with_retryable(true)
        .with_next_step(next)
}

/// The keys of a provider, page by page, as they are asked for.
///
/// A list that breaks off ends with an error: what came before it is true, and is not all. A list that changes while it
/// is read is noticed where it shows, and ends so too.
#[must_use = "nothing is asked unless it is polled"]
pub struct Keys {
    revoker: Option<Arc<Core>>,
    inventory: Inventory,
    filter: KeyFilter,
    found: VecDeque<KeyInfo>,
    asking: Option<Asking>,
    /// An error that is still to be given.
    failed: Option<RevokeError>,
}

type Asking = BoxFuture<'static, (Lookup, Result<Page, Unread>)>;

impl Keys {
    pub(crate) fn new(revoker: Arc<Core>, filter: KeyFilter) -> Self {
        let first = revoker.provider.list();
        let failed = first
            .is_empty()
            .then(|| unsupported(revoker.about().name.to_owned(), "list keys"));
        Self {
            revoker: failed.is_none().then_some(revoker),
            inventory: Inventory::new(first),
            filter,
            found: VecDeque::new(),
            asking: None,
            failed,
        }
    }

    /// No keys, and why.
    pub(crate) fn none(error: RevokeError) -> Self {
        Self {
            revoker: None,
            inventory: Inventory::default(),
            filter: KeyFilter::new(),
            found: VecDeque::new(),
            asking: None,
            failed: Some(error),
        }
    }

    /// The next key; `None` after the last one, or after an error.
    pub async fn next(&mut self) -> Option<Result<KeyInfo, RevokeError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Keys {
    type Item = Result<KeyInfo, RevokeError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let keys = &mut *self;
        loop {
            if let Some(found) = keys.found.pop_front() {
                return Poll::Ready(Some(Ok(found)));
            }
            if let Some(error) = keys.failed.take() {
                keys.revoker = None;
                return Poll::Ready(Some(Err(error)));
            }
            let Some(revoker) = &keys.revoker else {
                return Poll::Ready(None);
            };
            let Some(asking) = &mut keys.asking else {
                match keys.inventory.next() {
                    Some(lookup) => keys.asking = Some(fetch(Arc::clone(revoker), lookup)),
                    None => keys.revoker = None,
                }
                continue;
            };
            let (lookup, page) = ready!(asking.as_mut().poll(context));
            keys.asking = None;
            match keys.inventory.add(&lookup, page) {
                Ok(found) => {
                    let matching = found.into_iter().filter(|key| keys.filter.matches(key));
                    keys.found.extend(matching);
                }
                Err(why) => keys.failed = Some(revoker.unread(why)),
            }
        }
    }
}

fn fetch(revoker: Arc<Core>, lookup: Lookup) -> Asking {
    Box::pin(async move {
        let page = revoker.page(&lookup).await;
        (lookup, page)
    })
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
