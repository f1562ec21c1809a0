//! A provider that was described at run time. It goes the way of all others: its requests pass the guard, its answers
//! the attempt, the verdict and the retry loop.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use progenitor_client::{Error, OperationInfo, encode_path};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};

use crate::builder::{BuildError, BuildTarget, Settings};
use crate::content::Content;
use crate::input::InvalidInput;
use crate::key::{check_id, check_number, check_uuid, refuse_secret};
use crate::lookup::{Lookup, Page, Reading};
use crate::probe::ProbeRule;
use crate::provider::{About, KeyParts, Provider};
use crate::providers::Entry;
use crate::revoke::{AnyRevoker, Revoke};
use crate::secret::Secret;
use crate::secret_key::{by_id, not_parsed};
use crate::wire::{Call, Generated, Operation, Sent};

pub(crate) mod looks;

/// What a description says, checked.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) about: About,
    /// Is what also dies more than was asked?
    pub(crate) takes_more: bool,
    pub(crate) ids: Vec<(&'static str, IdForm)>,
    pub(crate) operations: &'static [Operation],
    pub(crate) content: Content,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) probe_rules: &'static [ProbeRule],
    pub(crate) looks: looks::Looks,
    /// Look-ups, what they ask, and where that was read.
    pub(crate) look_sources: &'static [(&'static str, String, &'static str)],
    /// Which description it was, for journals.
    pub(crate) version: &'static str,
}

/// What an id looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdForm {
    Text,
    Uuid,
    Integer,
    /// None at all: the key is known by its secret alone.
    Secret,
}

/// The operation that tells whether a secret is accepted.
pub(crate) const PROBE: &str = "probe";

/// Marks builders and revokers for a provider that was described at run time.
pub(crate) struct Described<K = Key>(pub(crate) &'static Description, PhantomData<fn() -> K>);

impl<K> Described<K> {
    pub(crate) fn new(description: &'static Description) -> Self {
        Self(description, PhantomData)
    }
}

impl<K> Clone for Described<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Described<K> {}

/// Keys of described providers: of ids, or of the secret alone.
pub(crate) trait DescribedKey: KeyParts {
    fn parse(description: &'static Description, text: &str) -> Result<Self, InvalidInput>;

    /// What is asked about it, and the list in which it would be.
    fn looks(&self) -> (Vec<Lookup>, Vec<Lookup>) {
        (Vec::new(), Vec::new())
    }
}

impl DescribedKey for Key {
    fn parse(description: &'static Description, text: &str) -> Result<Self, InvalidInput> {
        description.key(text)
    }

    fn looks(&self) -> (Vec<Lookup>, Vec<Lookup>) {
        (self.description.find(self), self.description.holders(self))
    }
}

/// What the secret is called in descriptions.
pub(crate) const SECRET: &str = "secret";

/// The macro writes what modules show; here nobody sees it.
#[allow(unreachable_pub)]
mod secrets {
    use super::SECRET;
    use crate::secret_key::secret_key;

    secret_key!(
        /// The secret of a key.
        Token, "keyrevoke", Some(SECRET)
    );
}

pub(crate) use secrets::Token;

impl DescribedKey for Token {
    fn parse(description: &'static Description, text: &str) -> Result<Self, InvalidInput> {
        Err(not_parsed(description.about.name, text))
    }
}

/// A key of such a provider.
#[derive(Clone)]
pub(crate) struct Key {
    description: &'static Description,
    parts: Vec<(&'static str, String)>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.parts).finish()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (_, value)) in self.parts.iter().enumerate() {
            let joint = if index > 0 { "/" } else { "" };
            write!(f, "{joint}{value}")?;
        }
        Ok(())
    }
}

/// Only the provider knows the form of its keys; see [`Provider::parse_key`].
impl FromStr for Key {
    type Err = InvalidInput;

    fn from_str(_: &str) -> Result<Self, InvalidInput> {
        Err(InvalidInput::new(
            "keyrevoke",
            "key of a described provider",
            "can be read by its own revoker alone",
            "give it to that as text",
        ))
    }
}

impl KeyParts for Key {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        self.parts.clone()
    }
}

impl Description {
    pub(crate) fn key(&'static self, text: &str) -> Result<Key, InvalidInput> {
        let name = self.about.name;
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() != self.ids.len() {
            refuse_secret(name, "key", text)?;
            return Err(InvalidInput::new(
                name,
                format!("{name} key {}", crate::input::shown(text)),
                format!("is not of the form {}", self.about.key_form),
                "give the id exactly as the provider lists it",
            ));
        }
        let parts = self.ids.iter().zip(parts).map(|((id, form), part)| {
            let value = match form {
                IdForm::Text => check_id(name, id, part)?,
                IdForm::Uuid => check_uuid(name, id, part)?.to_string(),
                IdForm::Integer => check_number(name, id, part)?.to_string(),
                IdForm::Secret => return Err(not_parsed(name, part)),
            };
            Ok((*id, value))
        });
        Ok(Key {
            description: self,
            parts: parts.collect::<Result<_, _>>()?,
        })
    }
}

impl<K: DescribedKey> Provider for Described<K> {
    type Key = K;
    type Client = Client;

    /// There is none for all of them, and the compiler refuses whoever asks for it.
    #[allow(clippy::panic)] // at compile time
    const ABOUT: About = panic!("each described provider has its own");

    fn about(&self) -> &'static About {
        &self.0.about
    }

    fn operations(&self) -> &'static [Operation] {
        self.0.operations
    }

    fn document_version(&self) -> &'static str {
        self.0.version
    }

    fn content(&self) -> Content {
        self.0.content
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        self.0.headers
    }

    fn probe_rules(&self) -> &'static [ProbeRule] {
        self.0.probe_rules
    }

    fn takes_more(&self) -> bool {
        self.0.takes_more
    }

    fn parse_key(&self, text: &str) -> Result<K, InvalidInput> {
        K::parse(self.0, text)
    }

    fn list_of_all(&self) -> Vec<Lookup> {
        self.0.list_of_all()
    }

    fn find(key: &K) -> Vec<Lookup> {
        key.looks().0
    }

    fn holders(key: &K) -> Vec<Lookup> {
        key.looks().1
    }

    fn page_of(&self, lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        self.0.page(lookup, body)
    }

    async fn revoke(client: &Client, _key: &K) -> Sent {
        client.send("revoke").await
    }

    /// Where none is described there are no rules for it, and the guard lists no such operation.
    fn probe(_secret: &str) -> Option<Lookup> {
        Some(Lookup::new(PROBE))
    }

    async fn look_up(client: &Client, lookup: &Lookup) -> Sent {
        client.send(lookup.operation).await
    }
}

/// What the generated clients are for the others. What it sends is made from the description's path and the key; the guard
/// makes both anew and compares.
#[derive(Debug)]
pub(crate) struct Client {
    base: String,
    http: reqwest::Client,
    call: Call,
}

impl Generated for Client {
    #[allow(clippy::panic)] // at compile time
    const OPERATIONS: &'static [Operation] = panic!("each described provider has its own");
    #[allow(clippy::panic)] // at compile time
    const DOCUMENT: &'static str = panic!("each described provider has its own");

    fn with(base: &str, http: reqwest::Client, call: Call) -> Self {
        Self {
            base: base.to_owned(),
            http,
            call,
        }
    }
}

impl Client {
    async fn send(&self, operation: &str) -> Sent {
        let listed = self.call.target.operation(operation);
        let listed = listed.ok_or_else(|| Error::Custom("the operation is not a described one".into()))?;
        let request = self.request(listed).map_err(Error::Custom)?;
        let info = OperationInfo {
            operation_id: listed.name,
        };
        self.call.send(&self.http, request, info).await
    }

    fn request(&self, listed: &Operation) -> Result<Request, String> {
        let path = self
            .call
            .parameters
            .iter()
            .fold(listed.path.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), &encode_path(value))
            });
        let mut url = self.call.address(format!("{}{path}", self.base));
        if !self.call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(self.call.query.iter());
        }
        let method = Method::from_bytes(listed.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = Request::new(method, url);
        if let Some((media, body)) = self.call.content.fill(&self.call.parameters)? {
            let headers = request.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }
}

impl<K: DescribedKey> Entry for Described<K> {
    fn about(&self) -> &'static About {
        &self.0.about
    }

    fn operations(&self) -> &'static [Operation] {
        self.0.operations
    }

    fn operation(&self) -> &'static str {
        "revoke"
    }

    fn content(&self) -> Content {
        self.0.content
    }

    fn deletes(&self) -> bool {
        false
    }

    fn takes_more(&self) -> bool {
        self.0.takes_more
    }

    fn document_version(&self) -> &'static str {
        self.0.version
    }

    fn confirmed(&self) -> Option<&'static str> {
        None
    }

    fn probe_rules(&self) -> &'static [ProbeRule] {
        self.0.probe_rules
    }

    /// The rules are what is there or not.
    fn has_probe(&self, _secret: &Secret) -> bool {
        true
    }

    #[cfg(feature = "fakes")]
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        self.0.headers
    }

    fn look_sources(&self) -> &'static [(&'static str, String, &'static str)] {
        self.0.look_sources
    }

    fn check_key(&self, key: &str) -> Result<String, InvalidInput> {
        K::parse(self.0, key).map(|key| key.to_string())
    }

    fn by_secret(&self) -> bool {
        K::BY_SECRET
    }

    fn check_secret(&self, secret: &Secret) -> Result<(), InvalidInput> {
        let refused = || Err(by_id(self.0.about.name.to_owned()));
        K::of_secret(secret).unwrap_or_else(refused).map(drop)
    }

    #[cfg(feature = "fakes")]
    fn parameters(&self, key: &str) -> Result<Vec<(&'static str, String)>, InvalidInput> {
        let key = match K::BY_SECRET {
            true => K::of_secret(&Secret::new(key)?).unwrap_or_else(|| K::parse(self.0, key)),
            false => K::parse(self.0, key),
        };
        key.map(|key| key.parameters())
    }

    #[cfg(feature = "fakes")]
    fn fake(&self) -> crate::fakes::FakeOf {
        crate::fakes::described(self.0)
    }

    fn build(&self, settings: Settings) -> Result<AnyRevoker, BuildError> {
        BuildTarget::build(*self, settings).map(Revoke::into_any)
    }
}
