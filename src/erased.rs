//! [`Provider`] and its keys as objects can have them. The shared parts know a provider through these alone, so that they
//! are compiled once, and not again for each provider: whoever depends on this crate pays for every copy.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use crate::answer::Attempt;
use crate::content::Content;
use crate::credential::{Form, Redactor};
use crate::input::InvalidInput;
use crate::key::KeyRef;
use crate::lookup::{Lookup, Page, Unread, read_page};
use crate::observer::BoxFuture;
use crate::probe::ProbeRule;
use crate::provider::{About, Deletion, KeyParts, Provider};
use crate::secret::Secret;
use crate::secret_key::by_id;
use crate::wire::{Call, Generated, Operation, Sent};

/// A provider, whichever it is.
pub(crate) trait ErasedProvider: Send + Sync {
    fn about(&self) -> &'static About;
    fn operations(&self) -> &'static [Operation];
    fn content(&self) -> Content;
    fn deletion(&self) -> Option<&'static Deletion>;
    fn headers(&self) -> &'static [(&'static str, &'static str)];
    fn takes_more(&self) -> bool;
    fn probe_rules(&self) -> &'static [ProbeRule];
    fn probe_credentials(&self) -> &'static [Form];
    fn probe_content(&self) -> Content;
    fn revokes_by_secret(&self) -> bool;
    fn document_version(&self) -> &'static str;
    /// The key that is meant.
    fn key(&self, key: &KeyRef) -> Result<Box<dyn ErasedKey>, InvalidInput>;
    /// The text of a key in its canonical form.
    fn canonical(&self, key: &str) -> Result<String, InvalidInput>;
    fn list(&self) -> Vec<Lookup>;
    fn whoami(&self) -> Option<Lookup>;
    fn probe(&self, secret: &str) -> Option<Lookup>;
    fn look_up<'a>(
        &self,
        base: &str,
        http: reqwest::Client,
        call: Call,
        lookup: &'a Lookup,
    ) -> BoxFuture<'a, Sent>;
    fn read_page(
        &self,
        about: &About,
        lookup: &Lookup,
        attempt: &Attempt,
        redactor: &Redactor,
    ) -> Result<Page, Unread>;
}

impl<P: Provider> ErasedProvider for P {
    fn about(&self) -> &'static About {
        Provider::about(self)
    }

    fn operations(&self) -> &'static [Operation] {
        Provider::operations(self)
    }

    fn content(&self) -> Content {
        Provider::content(self)
    }

    fn deletion(&self) -> Option<&'static Deletion> {
        Provider::deletion(self)
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        Provider::headers(self)
    }

    fn takes_more(&self) -> bool {
        Provider::takes_more(self)
    }

    fn probe_rules(&self) -> &'static [ProbeRule] {
        Provider::probe_rules(self)
    }

    fn probe_credentials(&self) -> &'static [Form] {
        Provider::probe_credentials(self)
    }

    fn probe_content(&self) -> Content {
        P::PROBE_CONTENT
    }

    fn revokes_by_secret(&self) -> bool {
        P::Key::BY_SECRET
    }

    fn document_version(&self) -> &'static str {
        Provider::document_version(self)
    }

    fn key(&self, key: &KeyRef) -> Result<Box<dyn ErasedKey>, InvalidInput> {
        let Some(secret) = key.secret() else {
            let key = self.parse_key(key.key())?;
            return Ok(Box::new(KeyOf::<P, P::Key>::new(key)));
        };
        let known =
            P::Key::of_secret(secret).unwrap_or_else(|| Err(by_id(Provider::about(self).name.to_owned())))?;
        Ok(Box::new(KeyOf::<P, P::Key>::new(known)))
    }

    fn canonical(&self, key: &str) -> Result<String, InvalidInput> {
        self.parse_key(key).map(|key| key.to_string())
    }

    fn list(&self) -> Vec<Lookup> {
        self.list_of_all()
    }

    fn whoami(&self) -> Option<Lookup> {
        P::whoami()
    }

    fn probe(&self, secret: &str) -> Option<Lookup> {
        P::probe(secret)
    }

    fn look_up<'a>(
        &self,
        base: &str,
        http: reqwest::Client,
        call: Call,
        lookup: &'a Lookup,
    ) -> BoxFuture<'a, Sent> {
        let client = P::Client::with(base, http, call);
        Box::pin(async move { P::look_up(&client, lookup).await })
    }

    fn read_page(
        &self,
        about: &About,
        lookup: &Lookup,
        attempt: &Attempt,
        redactor: &Redactor,
    ) -> Result<Page, Unread> {
        read_page(self, about, lookup, attempt, redactor)
    }
}

/// A key of a provider, whichever it is. Its text is the canonical one.
pub(crate) trait ErasedKey: Display + Send + Sync {
    fn parameters(&self) -> Vec<(&'static str, String)>;
    fn secret(&self) -> Option<&Secret>;
    fn find(&self) -> Vec<Lookup>;
    fn holders(&self) -> Vec<Lookup>;
    /// Sends the request that revokes.
    fn revoke(&self, base: &str, http: reqwest::Client, call: Call) -> BoxFuture<'_, Sent>;
    /// Sends the request that deletes.
    fn delete(&self, base: &str, http: reqwest::Client, call: Call) -> BoxFuture<'_, Sent>;
}

/// A typed key, one's own or lent, with the provider that it is of.
pub(crate) struct KeyOf<P: Provider, K: Borrow<P::Key>>(K, PhantomData<fn() -> P>);

impl<P: Provider, K: Borrow<P::Key>> KeyOf<P, K> {
    pub(crate) fn new(key: K) -> Self {
        Self(key, PhantomData)
    }

    fn key(&self) -> &P::Key {
        self.0.borrow()
    }
}

impl<P: Provider, K: Borrow<P::Key>> Display for KeyOf<P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key().fmt(f)
    }
}

impl<P: Provider, K: Borrow<P::Key> + Send + Sync> ErasedKey for KeyOf<P, K> {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        self.key().parameters()
    }

    fn secret(&self) -> Option<&Secret> {
        self.key().secret()
    }

    fn find(&self) -> Vec<Lookup> {
        P::find(self.key())
    }

    fn holders(&self) -> Vec<Lookup> {
        P::holders(self.key())
    }

    fn revoke(&self, base: &str, http: reqwest::Client, call: Call) -> BoxFuture<'_, Sent> {
        let client = P::Client::with(base, http, call);
        Box::pin(async move { P::revoke(&client, self.key()).await })
    }

    fn delete(&self, base: &str, http: reqwest::Client, call: Call) -> BoxFuture<'_, Sent> {
        let client = P::Client::with(base, http, call);
        Box::pin(async move { P::delete(&client, self.key()).await })
    }
}
