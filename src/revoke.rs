//! The call and its contract.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::ask::{Acceptance, Keys, unsupported};
use crate::capabilities::Capabilities;
use crate::checks::{Attestation, Checks, Verification};
use crate::client::{Core, which_of};
use crate::erased::ErasedKey;
use crate::identify::Which;
use crate::input::InvalidInput;
use crate::key::KeyRef;
use crate::key_filter::KeyFilter;
use crate::key_info::KeyInfo;
use crate::observer::BoxFuture;
use crate::outcome::{ErrorKind, KeyState, RevokeError, RevokeResult};
use crate::secret::Secret;
use crate::secret_key::by_id;
use crate::within::Within;

/// Kills keys of one provider with one credential.
///
/// Applications hold it, and fake it in their tests:
///
/// ```
/// use keyrevoke::{ErrorKind, KeyState, Revoke, RevokeError, RevokeResult};
///
/// struct Down;
///
/// impl Revoke for Down {
///     type Key = String;
///     fn provider(&self) -> &str {
///         "intern"
///     }
///     async fn revoke(&self, _key: &String) -> RevokeResult {
///         Err(RevokeError::new("intern", ErrorKind::Unavailable, KeyState::Unknown))
///     }
/// }
/// ```
///
/// # What implementers owe
///
/// * `Ok` means that the provider confirmed the key dead; "accepted" and "no such key" are not that.
/// * `Err` with [`KeyState::Live`](crate::KeyState::Live) means that nothing the call did can have changed the key.
/// * The call ends by a deadline of its own, and never panics, whatever the provider answers.
/// * It sends nothing again that may have been carried out, unless that cannot hurt any key.
///
/// # What callers may assume
///
/// Calling again with the same key is safe where [`RevokeError::is_retryable`] says so. Dropping the future
/// stops the call but does not unsend what has left: the key is then in doubt.
///
/// # Panics
///
/// The providers' clients need a Tokio runtime with time and I/O enabled; polled outside of one they panic.
/// [`blocking`](crate#ten-lines) brings its own.
pub trait Revoke: Send + Sync + 'static {
    /// The identity of a key. Its `Display` stands in reports and logs: an id round-trips through it; where a
    /// provider can only be told the secret itself, it is a fingerprint.
    type Key: FromStr<Err: Error + Send + Sync + 'static> + Display + Clone + Debug + Send + Sync + 'static;

    /// The provider's name, as in `provider:key`.
    fn provider(&self) -> &str;

    /// The key of this text, where only the provider itself knows its form: one that was described at run time.
    #[doc(hidden)]
    fn parse_key(&self, text: &str) -> Result<Self::Key, InvalidInput> {
        text.parse().map_err(|error| refused(self.provider(), error))
    }

    /// Which document the client was made from, for journals.
    #[doc(hidden)]
    fn document_version(&self) -> Option<&str> {
        None
    }

    /// The key of this secret, where the provider can only be told the secret itself; others refuse it. Neither an error nor
    /// the key's `Display` shows anything of it.
    fn key_of_secret(&self, _secret: &Secret) -> Result<Self::Key, InvalidInput> {
        Err(by_id(self.provider().to_owned()))
    }

    /// Revokes the key and says whether it is dead.
    fn revoke(&self, key: &Self::Key) -> impl Future<Output = RevokeResult> + Send;

    /// Says without sending anything what speaks against revoking this key with this revoker, such as an id that is
    /// the credential itself. [`revoke`](Self::revoke) says the same.
    fn check(&self, _key: &Self::Key) -> Result<(), InvalidInput> {
        Ok(())
    }

    /// What is known of the provider before it is asked. Where nothing is said, nothing is claimed.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Revokes the key with looks before and after: is it the key that is meant, and is it dead? See [`Checks`].
    ///
    /// What is looked at changes nothing, is bounded by the deadline once for each look, and is not told to observers.
    /// A revoker that cannot look sends nothing.
    fn revoke_checked(&self, key: &Self::Key, checks: &Checks) -> impl Future<Output = RevokeResult> + Send {
        async move {
            let within = Within {
                checks: Some(checks),
                ..Within::default()
            };
            self.revoke_within(key, &within).await
        }
    }

    /// Revokes the key, and looks afterwards until its death is confirmed or the time for that is spent.
    ///
    /// What was accepted but not done, or whose answer was lost, becomes a death where a look shows it. A secret that
    /// is still accepted at the end makes the key [`Live`](KeyState::Live), whatever the provider said.
    fn revoke_verified(
        &self,
        key: &Self::Key,
        verification: Verification,
    ) -> impl Future<Output = RevokeResult> + Send {
        async move {
            let checks = Checks::new().with_verification(verification);
            self.revoke_checked(key, &checks).await
        }
    }

    /// Revokes a key of which the caller knows that it existed: the provider's own "no such key" is then its death, with
    /// the evidence [`CallerAttested`](crate::Evidence::CallerAttested).
    fn revoke_known(
        &self,
        key: &Self::Key,
        attestation: Attestation,
    ) -> impl Future<Output = RevokeResult> + Send {
        async move {
            let checks = Checks::new().with_attestation(attestation);
            self.revoke_checked(key, &checks).await
        }
    }

    /// What the provider says of the key. Absence from a list that was read to its end is
    /// [`NotFound`](ErrorKind::NotFound): dead, or never there.
    fn find(&self, _key: &Self::Key) -> impl Future<Output = Result<KeyInfo, RevokeError>> + Send {
        let error = unsupported(self.provider().to_owned(), "ask about keys");
        async move { Err(error) }
    }

    /// All keys of the provider that match, as far as this credential may see them.
    fn list(&self, _filter: &KeyFilter) -> Keys {
        Keys::none(unsupported(self.provider().to_owned(), "list keys"))
    }

    /// Does the provider still accept this secret? Asked by its cheapest request that changes nothing.
    fn probe(&self, _secret: &Secret) -> impl Future<Output = Result<Acceptance, RevokeError>> + Send {
        let error = unsupported(self.provider().to_owned(), "try a secret without using it");
        async move { Err(error) }
    }

    /// Which key of the provider this secret is: as the provider itself says to whoever comes with it, or else by what
    /// its list shows of the secrets of its keys ([`which`](crate::which)). Nothing is changed, and nothing is guessed.
    ///
    /// Where the provider tells callers who they are, the secret is sent to it once, as by [`probe`](Self::probe).
    fn which(&self, secret: &Secret) -> impl Future<Output = Result<Which, RevokeError>> + Send {
        let mut keys = self.list(&KeyFilter::new());
        let secret = secret.clone();
        async move {
            let mut inventory = Vec::new();
            while let Some(key) = keys.next().await {
                inventory.push(key?);
            }
            Ok(crate::which(&secret, &inventory))
        }
    }

    /// Is this key, as far as can be told, the credential that revokes?
    fn is_own(&self, _key: &Self::Key) -> bool {
        false
    }

    /// Is there a key of which [`is_own`](Self::is_own) may hold? A list is not asked about key by key where there is none.
    #[doc(hidden)]
    fn knows_own(&self) -> bool {
        true
    }

    /// Revokes the key, and ends with a verdict when `until` completes first, such as a cancellation token:
    /// [`Live`](KeyState::Live) only if nothing can have left, else [`Unknown`](KeyState::Unknown).
    ///
    /// What has left is not unsent. Implementations that know what has left say so; this one cannot know.
    fn revoke_until(
        &self,
        key: &Self::Key,
        until: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = RevokeResult> + Send {
        async move {
            let (mut call, mut until) = (pin!(self.revoke(key)), pin!(until));
            let mut began = false;
            let ended = poll_fn(|context| match until.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => {
                    began = true;
                    call.as_mut().poll(context).map(Some)
                }
            });
            ended.await.unwrap_or_else(|| {
                let state = if began { KeyState::Unknown } else { KeyState::Live };
                Err(RevokeError::new(
                    self.provider().to_owned(),
                    ErrorKind::Cancelled,
                    state,
                ))
            })
        }
    }

    /// Revokes the key as one of many; see [`Registry`](crate::Registry).
    #[doc(hidden)]
    fn revoke_within(
        &self,
        key: &Self::Key,
        within: &Within<'_>,
    ) -> impl Future<Output = RevokeResult> + Send {
        within.call(self, key, self.revoke_until(key, within.abandoned()))
    }

    /// As [`AnyRevoker::new`]. This crate's own revokers of all providers become the same type, which is compiled once.
    #[doc(hidden)]
    fn into_any(self) -> AnyRevoker
    where
        Self: Sized,
    {
        AnyRevoker(Arc::new(self))
    }

    /// Revokes the key in a task of its own, which finishes although the caller goes away: dropping what this
    /// returns stops nothing. Awaiting it gives the verdict.
    ///
    /// The task lives on the current Tokio runtime; outside of one the result is an error, and nothing is sent.
    fn revoke_detached(&self, key: &Self::Key) -> Detached
    where
        Self: Clone,
    {
        let provider = self.provider().to_owned();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            let error = RevokeError::new(provider, ErrorKind::NotSent, KeyState::Live).with_attempts(0);
            return Detached(Err(Some(error.with_detail("there is no Tokio runtime here"))));
        };
        let (revoker, key) = (self.clone(), key.clone());
        Detached(Ok((
            provider,
            runtime.spawn(async move { revoker.revoke(&key).await }),
        )))
    }
}

/// A call that finishes although nobody waits for it; see [`Revoke::revoke_detached`].
#[must_use = "the call goes on without it, but only awaiting it gives the verdict"]
#[derive(Debug)]
pub struct Detached(Result<(String, tokio::task::JoinHandle<RevokeResult>), Option<RevokeError>>);

impl Future for Detached {
    type Output = RevokeResult;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<RevokeResult> {
        match &mut self.0 {
            Ok((provider, task)) => Pin::new(task).poll(context).map(|joined| {
                // The runtime ended the task, or the revoker panicked.
                joined.unwrap_or_else(|_| {
                    let error = RevokeError::new(provider.clone(), ErrorKind::Cancelled, KeyState::Unknown);
                    Err(error.with_detail("the task was ended before it had a verdict"))
                })
            }),
            Err(error) => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending, // polled after it was ready, which no future has to answer
            },
        }
    }
}

/// A revoker of whatever provider, for lists of keys as text.
///
/// ```
/// # #[cfg(feature = "fakes")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use keyrevoke::{KeyState, Revoke};
///
/// let fake = keyrevoke::fakes::Fake::start("sinjapp").await?;
/// let revoker = keyrevoke::builder("sinjapp")?
///     .with_base_url(fake.base_url())
///     .with_credential(fake.credential())
///     .build()?;
/// let result = revoker.revoke(&fake.new_key()).await;
/// assert_eq!(KeyState::from(&result), KeyState::Dead);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AnyRevoker(Arc<dyn Erased>);

impl AnyRevoker {
    /// Forgets which provider a revoker is for.
    pub fn new(revoker: impl Revoke) -> Self {
        revoker.into_any()
    }

    /// One of this crate's own.
    pub(crate) fn of(revoker: Arc<Core>) -> Self {
        Self(Arc::new(Own(revoker)))
    }

    /// Says without sending anything whether this revoker takes this key, and gives it in its canonical form.
    pub fn check(&self, key: &KeyRef) -> Result<KeyRef, InvalidInput> {
        self.own(key)?;
        let text = self.0.check(key)?;
        Ok(KeyRef::new(self.0.provider(), text)?.with_secret(key.secret().cloned()))
    }

    /// The key's text in its canonical form, without the provider's name, whatever its tenant.
    pub(crate) fn check_text(&self, key: &KeyRef) -> Result<String, InvalidInput> {
        self.0.check(key)
    }

    /// As [`is_own`](Revoke::is_own), whatever the key's tenant.
    pub(crate) fn is_own_key(&self, key: &KeyRef) -> bool {
        self.0.is_own(key)
    }

    pub(crate) fn document_version(&self) -> Option<&str> {
        self.0.document_version()
    }

    /// As [`revoke_within`](Revoke::revoke_within), whatever the key's tenant.
    pub(crate) async fn revoke_key_within(&self, key: &KeyRef, within: &Within<'_>) -> RevokeResult {
        self.0.revoke_within(key, within).await
    }

    fn own(&self, key: &KeyRef) -> Result<(), InvalidInput> {
        let ours = self.0.provider();
        if let Some(tenant) = key.tenant() {
            return Err(InvalidInput::new(
                ours.to_owned(),
                format!("key of {ours}"),
                format!("is one of the tenant {tenant}, and a revoker does not know the names of tenants"),
                "give it to a Registry that has a revoker for the tenant",
            ));
        }
        if crate::providers::canonical(key.provider()) == crate::providers::canonical(ours) {
            return Ok(());
        }
        Err(InvalidInput::new(
            ours.to_owned(),
            format!("key of {}", key.provider()),
            format!("was given to the revoker of {ours}"),
            "give it to the revoker of its own provider",
        ))
    }
}

impl Debug for AnyRevoker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AnyRevoker").field(&self.0.provider()).finish()
    }
}

impl Revoke for AnyRevoker {
    type Key = KeyRef;

    fn provider(&self) -> &str {
        self.0.provider()
    }

    fn key_of_secret(&self, secret: &Secret) -> Result<KeyRef, InvalidInput> {
        Self::check(self, &KeyRef::of_secret(self.0.provider(), secret.clone())?)
    }

    async fn revoke(&self, key: &KeyRef) -> RevokeResult {
        self.own(key)?;
        self.0.revoke(key).await
    }

    fn check(&self, key: &KeyRef) -> Result<(), InvalidInput> {
        Self::check(self, key).map(|_| ())
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn is_own(&self, key: &KeyRef) -> bool {
        self.own(key).is_ok() && self.0.is_own(key)
    }

    async fn revoke_until(&self, key: &KeyRef, until: impl Future<Output = ()> + Send) -> RevokeResult {
        self.own(key)?;
        self.0.revoke_until(key, Box::pin(until)).await
    }

    async fn revoke_within(&self, key: &KeyRef, within: &Within<'_>) -> RevokeResult {
        self.own(key)?;
        self.0.revoke_within(key, within).await
    }

    async fn find(&self, key: &KeyRef) -> Result<KeyInfo, RevokeError> {
        self.own(key)?;
        self.0.find(key).await
    }

    fn list(&self, filter: &KeyFilter) -> Keys {
        self.0.list(filter)
    }

    async fn which(&self, secret: &Secret) -> Result<Which, RevokeError> {
        self.0.which(secret).await
    }

    async fn probe(&self, secret: &Secret) -> Result<Acceptance, RevokeError> {
        self.0.probe(secret).await
    }
}

impl<R: Revoke> Revoke for Arc<R> {
    type Key = R::Key;

    fn provider(&self) -> &str {
        R::provider(self)
    }

    fn parse_key(&self, text: &str) -> Result<R::Key, InvalidInput> {
        R::parse_key(self, text)
    }

    fn document_version(&self) -> Option<&str> {
        R::document_version(self)
    }

    fn key_of_secret(&self, secret: &Secret) -> Result<R::Key, InvalidInput> {
        R::key_of_secret(self, secret)
    }

    fn revoke(&self, key: &R::Key) -> impl Future<Output = RevokeResult> + Send {
        R::revoke(self, key)
    }

    fn check(&self, key: &R::Key) -> Result<(), InvalidInput> {
        R::check(self, key)
    }

    fn capabilities(&self) -> Capabilities {
        R::capabilities(self)
    }

    fn is_own(&self, key: &R::Key) -> bool {
        R::is_own(self, key)
    }

    fn knows_own(&self) -> bool {
        R::knows_own(self)
    }

    fn revoke_within(&self, key: &R::Key, within: &Within<'_>) -> impl Future<Output = RevokeResult> + Send {
        R::revoke_within(self, key, within)
    }

    fn find(&self, key: &R::Key) -> impl Future<Output = Result<KeyInfo, RevokeError>> + Send {
        R::find(self, key)
    }

    fn list(&self, filter: &KeyFilter) -> Keys {
        R::list(self, filter)
    }

    fn which(&self, secret: &Secret) -> impl Future<Output = Result<Which, RevokeError>> + Send {
        R::which(self, secret)
    }

    fn probe(&self, secret: &Secret) -> impl Future<Output = Result<Acceptance, RevokeError>> + Send {
        R::probe(self, secret)
    }

    fn revoke_until(
        &self,
        key: &R::Key,
        until: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = RevokeResult> + Send {
        R::revoke_until(self, key, until)
    }
}

/// [`Revoke`] as an object can have it; keys as text or secret only at this edge.
trait Erased: Send + Sync {
    fn provider(&self) -> &str;
    fn document_version(&self) -> Option<&str>;
    fn check(&self, key: &KeyRef) -> Result<String, InvalidInput>;
    fn revoke<'a>(&'a self, key: &'a KeyRef) -> BoxFuture<'a, RevokeResult>;
    fn revoke_until<'a>(&'a self, key: &'a KeyRef, until: BoxFuture<'a, ()>) -> BoxFuture<'a, RevokeResult>;
    fn revoke_within<'a>(&'a self, key: &'a KeyRef, within: &'a Within<'a>) -> BoxFuture<'a, RevokeResult>;
    fn find<'a>(&'a self, key: &'a KeyRef) -> BoxFuture<'a, Result<KeyInfo, RevokeError>>;
    fn list(&self, filter: &KeyFilter) -> Keys;
    fn which<'a>(&'a self, secret: &'a Secret) -> BoxFuture<'a, Result<Which, RevokeError>>;
    fn probe<'a>(&'a self, secret: &'a Secret) -> BoxFuture<'a, Result<Acceptance, RevokeError>>;
    fn capabilities(&self) -> Capabilities;
    fn is_own(&self, key: &KeyRef) -> bool;
}

impl<R: Revoke> Erased for R {
    fn provider(&self) -> &str {
        Revoke::provider(self)
    }

    fn document_version(&self) -> Option<&str> {
        Revoke::document_version(self)
    }

    fn check(&self, key: &KeyRef) -> Result<String, InvalidInput> {
        let key = typed(self, key)?;
        Revoke::check(self, &key)?;
        Ok(key.to_string())
    }

    fn revoke<'a>(&'a self, key: &'a KeyRef) -> BoxFuture<'a, RevokeResult> {
        Box::pin(async move {
            let key = typed(self, key)?;
            Revoke::revoke(self, &key).await
        })
    }

    fn revoke_until<'a>(&'a self, key: &'a KeyRef, until: BoxFuture<'a, ()>) -> BoxFuture<'a, RevokeResult> {
        Box::pin(async move {
            let key = typed(self, key)?;
            Revoke::revoke_until(self, &key, until).await
        })
    }

    fn revoke_within<'a>(&'a self, key: &'a KeyRef, within: &'a Within<'a>) -> BoxFuture<'a, RevokeResult> {
        Box::pin(async move {
            let key = typed(self, key)?;
            Revoke::revoke_within(self, &key, within).await
        })
    }

    fn find<'a>(&'a self, key: &'a KeyRef) -> BoxFuture<'a, Result<KeyInfo, RevokeError>> {
        Box::pin(async move {
            let key = typed(self, key)?;
            Revoke::find(self, &key).await
        })
    }

    fn list(&self, filter: &KeyFilter) -> Keys {
        Revoke::list(self, filter)
    }

    fn which<'a>(&'a self, secret: &'a Secret) -> BoxFuture<'a, Result<Which, RevokeError>> {
        Box::pin(Revoke::which(self, secret))
    }

    fn probe<'a>(&'a self, secret: &'a Secret) -> BoxFuture<'a, Result<Acceptance, RevokeError>> {
        Box::pin(Revoke::probe(self, secret))
    }

    fn capabilities(&self) -> Capabilities {
        Revoke::capabilities(self)
    }

    fn is_own(&self, key: &KeyRef) -> bool {
        Revoke::knows_own(self) && typed(self, key).is_ok_and(|key| Revoke::is_own(self, &key))
    }
}

/// A revoker of this crate. It does what the typed one does that it was made of.
struct Own(Arc<Core>);

impl Own {
    fn key(&self, key: &KeyRef) -> Result<Box<dyn ErasedKey>, InvalidInput> {
        let known = self.0.provider.key(key)?;
        if key.secret().is_some() {
            is_same_key(self.0.about().name, &known, key)?;
        }
        Ok(known)
    }
}

impl Erased for Own {
    fn provider(&self) -> &str {
        self.0.about().name
    }

    fn document_version(&self) -> Option<&str> {
        Some(self.0.provider.document_version())
    }

    fn check(&self, key: &KeyRef) -> Result<String, InvalidInput> {
        let key = self.key(key)?;
        self.0.check(&*key)?;
        Ok(key.to_string())
    }

    fn revoke<'a>(&'a self, key: &'a KeyRef) -> BoxFuture<'a, RevokeResult> {
        Box::pin(async move { self.0.revoke(&*self.key(key)?).await })
    }

    fn revoke_until<'a>(&'a self, key: &'a KeyRef, until: BoxFuture<'a, ()>) -> BoxFuture<'a, RevokeResult> {
        Box::pin(async move { self.0.revoke_until(&*self.key(key)?, until).await })
    }

    fn revoke_within<'a>(&'a self, key: &'a KeyRef, within: &'a Within<'a>) -> BoxFuture<'a, RevokeResult> {
        Box::pin(async move { self.0.revoke_within(&*self.key(key)?, within).await })
    }

    fn find<'a>(&'a self, key: &'a KeyRef) -> BoxFuture<'a, Result<KeyInfo, RevokeError>> {
        Box::pin(async move { self.0.find(&*self.key(key)?).await })
    }

    fn list(&self, filter: &KeyFilter) -> Keys {
        Keys::new(Arc::clone(&self.0), filter.clone())
    }

    fn which<'a>(&'a self, secret: &'a Secret) -> BoxFuture<'a, Result<Which, RevokeError>> {
        Box::pin(which_of(Arc::clone(&self.0), secret))
    }

    fn probe<'a>(&'a self, secret: &'a Secret) -> BoxFuture<'a, Result<Acceptance, RevokeError>> {
        Box::pin(self.0.probe(secret))
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn is_own(&self, key: &KeyRef) -> bool {
        self.0.knows_own() && self.key(key).is_ok_and(|key| self.0.is_own(&*key))
    }
}

fn typed<R: Revoke>(revoker: &R, key: &KeyRef) -> Result<R::Key, InvalidInput> {
    let Some(secret) = key.secret() else {
        return revoker.parse_key(key.key());
    };
    let typed = revoker.key_of_secret(secret)?;
    is_same_key(revoker.provider(), &typed, key)?;
    Ok(typed)
}

/// Is what was made of a key's secret that key? Whatever else its text is could be the secret.
fn is_same_key(provider: &str, made: &impl Display, key: &KeyRef) -> Result<(), InvalidInput> {
    if made.to_string().ends_with(key.key()) {
        return Ok(());
    }
    Err(by_id(provider.to_owned()))
}

fn refused(provider: &str, error: impl Error + Send + Sync + 'static) -> InvalidInput {
    let error: Box<dyn Error + Send + Sync> = error.into();
    error
        .downcast::<InvalidInput>()
        .map(|input| *input)
        .unwrap_or_else(|error| {
            InvalidInput::new(
                provider.to_owned(),
                format!("{provider} key"),
                format!("is refused: {error}"),
                "give the id as the provider lists it",
            )
        })
}

/// A key that no revoker is there for.
pub(crate) fn unknown_provider(name: &str) -> InvalidInput {
    let known: Vec<&str> = crate::providers()
        .iter()
        .map(|provider| provider.name())
        .collect();
    InvalidInput::new(
        "keyrevoke",
        format!("provider {}", crate::input::shown(name)),
        "is not known",
        format!("give one of: {}", known.join(", ")),
    )
}

// Asserted here so that a change which breaks it does not compile.
const _: fn() = || {
    fn holds<T: Send + Sync + 'static>() {}
    holds::<AnyRevoker>();
    holds::<RevokeError>();
    holds::<crate::Revocation>();
};
