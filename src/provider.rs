//! What a provider's module must say. Private by construction: the trait is reachable as a bound, and
//! implemented here alone.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use crate::capabilities::Capabilities;
use crate::content::Content;
use crate::credential::Form;
use crate::identify::SecretForm;
use crate::input::InvalidInput;
use crate::lookup::{Lookup, Page, Reading, not_offered};
use crate::probe::ProbeRule;
use crate::secret::Secret;
use crate::verdict::{Expect, Rule};
use crate::wire::{Generated, Operation, Sent};

/// A service whose keys we revoke. Implemented by the markers in this crate's provider modules, such as
/// [`dolfin::Dolfin`](crate::dolfin::Dolfin); not meant to be implemented elsewhere.
pub trait Provider: Sized + Send + Sync + 'static {
    /// The identity of a key.
    type Key: KeyParts;
    #[doc(hidden)]
    type Client: Generated;
    #[doc(hidden)]
    const ABOUT: About;
    #[doc(hidden)]
    fn revoke(client: &Self::Client, key: &Self::Key) -> impl Future<Output = Sent> + Send;

    /// What is above and below as a constant, for this instance: a provider that was described at run time has its own.
    /// The shared parts ask here, and never for a constant.
    #[doc(hidden)]
    fn about(&self) -> &'static About {
        const { &Self::ABOUT }
    }

    #[doc(hidden)]
    fn operations(&self) -> &'static [Operation] {
        Self::Client::OPERATIONS
    }

    #[doc(hidden)]
    fn document_version(&self) -> &'static str {
        Self::Client::DOCUMENT
    }

    #[doc(hidden)]
    fn confirmed(&self) -> Option<&'static str> {
        Self::CONFIRMED
    }

    #[doc(hidden)]
    fn content(&self) -> Content {
        Self::CONTENT
    }

    #[doc(hidden)]
    fn deletion(&self) -> Option<&'static Deletion> {
        Self::DELETION
    }

    #[doc(hidden)]
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        Self::HEADERS
    }

    #[doc(hidden)]
    fn takes_more(&self) -> bool {
        Self::TAKES_MORE
    }

    #[doc(hidden)]
    fn probe_rules(&self) -> &'static [ProbeRule] {
        Self::PROBE_RULES
    }

    #[doc(hidden)]
    fn probe_credentials(&self) -> &'static [Form] {
        match Self::PROBE_CREDENTIALS {
            [] => self.about().credentials,
            own => own,
        }
    }

    #[doc(hidden)]
    fn list_of_all(&self) -> Vec<Lookup> {
        Self::list()
    }

    #[doc(hidden)]
    fn page_of(&self, lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        Self::page(lookup, body)
    }

    /// The key of this text.
    #[doc(hidden)]
    fn parse_key(&self, text: &str) -> Result<Self::Key, InvalidInput> {
        text.parse()
    }

    /// The body of the revoke request. The guard lets no other leave.
    #[doc(hidden)]
    const CONTENT: Content = Content::Empty;

    /// The second way to kill, for good, where what is done unasked can be undone. Its request is [`delete`](Self::delete).
    #[doc(hidden)]
    const DELETION: Option<&'static Deletion> = None;

    /// Sends the request that deletes.
    #[doc(hidden)]
    fn delete(_client: &Self::Client, _key: &Self::Key) -> impl Future<Output = Sent> + Send {
        not_offered()
    }

    /// How and when the rules were confirmed against the service itself; `None` where they were only read.
    #[doc(hidden)]
    const CONFIRMED: Option<&'static str> = None;

    /// Does a revocation take more than was asked, which [`About::also_dies`] names? It is sent only where the caller has
    /// [said that](crate::Builder::with_more_than_the_key) then.
    ///
    /// More than was asked is what the provider issued by itself and others may be using: the tokens that a token has made, all
    /// tokens of a merchant. What has no life of its own is not: the access tokens of a grant, whose refresh token dies (RFC
    /// 7009 section 2.1), keys that are computed from the key, the bot user that a token is of. Nor is what may be tied to some
    /// keys, where nothing tells beforehand to which: a word that has to be said of every key is soon said without thinking.
    #[doc(hidden)]
    const TAKES_MORE: bool = false;

    /// What the secrets of its keys look like, where that is known.
    #[doc(hidden)]
    const SECRET_FORMS: &'static [SecretForm] = &[];

    /// Headers that are the same on every request, such as the version of the interface.
    #[doc(hidden)]
    const HEADERS: &'static [(&'static str, &'static str)] = &[];

    /// What the inventory begins with; nothing where the provider publishes no list.
    #[doc(hidden)]
    fn list() -> Vec<Lookup> {
        Vec::new()
    }

    /// What the part of the inventory begins with in which this key is, if the provider has it; or the one operation
    /// `find`, which asks about this key.
    #[doc(hidden)]
    fn find(_key: &Self::Key) -> Vec<Lookup> {
        Self::list()
    }

    /// The list in which this key is as long as it is there, where the operation [`find`](Self::find) has a 404 that could
    /// mean something else: a key that is in neither is not there.
    #[doc(hidden)]
    fn holders(_key: &Self::Key) -> Vec<Lookup> {
        Vec::new()
    }

    /// What names the key that the credential itself is, where something does.
    #[doc(hidden)]
    fn whoami() -> Option<Lookup> {
        None
    }

    /// The cheapest harmless request that tells whether this secret is accepted. `None` for a secret of a form of which
    /// it would not tell: nothing is sent then.
    #[doc(hidden)]
    fn probe(_secret: &str) -> Option<Lookup> {
        None
    }

    /// What the answers to that request say.
    #[doc(hidden)]
    const PROBE_RULES: &'static [ProbeRule] = &[];

    /// The forms in which a secret that is tried travels, where they are not those of the credential that may revoke.
    #[doc(hidden)]
    const PROBE_CREDENTIALS: &'static [Form] = &[];

    /// The body of a look-up that asks about a secret, which is its parameter [`SECRET`](crate::lookup::SECRET).
    #[doc(hidden)]
    const PROBE_CONTENT: Content = Content::Empty;

    /// Are answers to look-ups XML?
    #[doc(hidden)]
    const READS_XML: bool = false;

    /// Sends a look-up, by the name of its operation. Those without a body are the generated client's.
    #[doc(hidden)]
    fn look_up(client: &Self::Client, lookup: &Lookup) -> impl Future<Output = Sent> + Send {
        client.look_up(lookup)
    }

    /// Reads the body of a 200 that came for this look-up, or says what is wrong with it.
    #[doc(hidden)]
    fn page(_lookup: &Lookup, _body: Reading<'_>) -> Result<Page, String> {
        Err("the provider publishes no such operation".into())
    }
}

/// A typed key of a provider.
pub trait KeyParts: FromStr<Err = InvalidInput> + Display + Clone + Debug + Send + Sync + 'static {
    /// The path parameters of the revoke operation, by their names in the document. The guard compares the
    /// final request with them, so that parameters that change places are noticed.
    #[doc(hidden)]
    fn parameters(&self) -> Vec<(&'static str, String)>;

    /// Is it made of the secret itself?
    #[doc(hidden)]
    const BY_SECRET: bool = false;

    /// That secret.
    #[doc(hidden)]
    fn secret(&self) -> Option<&Secret> {
        None
    }

    /// The key of a secret; none where keys are known by ids.
    #[doc(hidden)]
    fn of_secret(_secret: &Secret) -> Option<Result<Self, InvalidInput>> {
        None
    }
}

/// Everything about a provider that is not code.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// As in `provider:key`.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// As the vendor writes it.
    pub vendor: &'static str,
    /// How a key is written after the colon.
    pub key_form: &'static str,
    /// The forms of credential, the one meant by plain text first.
    pub credentials: &'static [Form],
    /// What kind of credential may revoke, for people.
    pub credential_help: &'static str,
    pub base: Base,
    pub settings: &'static [Setting],
    pub rules: &'static [Rule],
    /// What a repeat within one call may do, with its source.
    pub repeat: (Repeat, &'static str),
    /// May the provider give a freed id to another key? With its source.
    pub ids_reused: (IdsReused, &'static str),
    /// The body of the provider's own 404 about a key that it does not have, with its source; none where that cannot be
    /// told from somebody else's.
    pub(crate) missing: (Option<Expect>, &'static str),
    /// How long a dead key may go on working here and there, where documented.
    pub propagation: Option<Duration>,
    pub reversible: bool,
    /// What else dies with a key, for people; empty where nothing is known to.
    pub also_dies: &'static str,
    /// What its answers can prove and what not, for people.
    pub proves: &'static str,
}

/// What differs where deletion is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Deletion {
    /// The operation's name in `specs/providers.toml`, which begins `revoke_`.
    pub operation: &'static str,
    /// Its own rules, repeat and what they prove; all else as in the provider's own.
    pub about: About,
    /// The body of its request.
    pub content: Content,
}

/// Where the provider is.
#[derive(Clone, Copy, Debug)]
pub struct Base {
    /// The published address; `None` where it is per tenant or unpublished, and must be set.
    pub default: Option<&'static str>,
    /// What a base URL looks like, for error messages.
    pub example: &'static str,
    /// Base URLs are taken under these domains only, unless the caller names the host; empty: any host.
    pub domains: &'static [&'static str],
    /// Hosts that stand in the documents as placeholders.
    pub placeholders: &'static [&'static str],
}

/// A setting that the vendor has.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// In lower case with hyphens; environment variables are made from it.
    pub name: &'static str,
    pub help: &'static str,
    pub effect: Effect,
}

/// What a setting does.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    /// Sends a header.
    Header(&'static str),
    /// Stands before the document's paths, without which they were generated; the first is the default.
    PathPrefix(&'static [&'static str]),
}

/// What sending the same request again may do, as far as is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Repeat {
    /// It may hit something else, or nothing is known.
    Never,
    /// It changes nothing more, but its answer need not tell what the first one did.
    Harmless,
    /// Its answer names the state of that very key.
    Conclusive,
}

impl Repeat {
    /// `never`, `harmless` or `conclusive`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Harmless => "harmless",
            Self::Conclusive => "conclusive",
        }
    }
}

/// May a freed id come back as another key's?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdsReused {
    No,
    Possible,
}

impl About {
    pub(crate) fn capabilities(&self) -> Capabilities {
        let known = Capabilities::default()
            .with_repeat(self.may_repeat())
            .with_reversible(self.reversible);
        if self.also_dies.is_empty() {
            known
        } else {
            known.with_also_dies(self.also_dies)
        }
    }

    /// May a request that perhaps arrived be sent again?
    pub(crate) fn may_repeat(&self) -> Repeat {
        match self.ids_reused.0 {
            IdsReused::No => self.repeat.0,
            IdsReused::Possible => Repeat::Never,
        }
    }
}

/// The generated client of a provider.
macro_rules! generated {
    ($file:literal) => {
        #[allow(
            missing_docs,
            unreachable_pub,
            dead_code,
            unused,
            clippy::all,
            clippy::unwrap_used,
            rust_2018_idioms
        )]
        mod generated {
            include!(concat!(env!("OUT_DIR"), "/", $file, ".rs"));
        }
    };
}

pub(crate) use generated;
