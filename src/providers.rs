//! The table of providers.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::builder::{BuildError, BuildTarget, Builder, Settings};
use crate::content::Content;
#[cfg(feature = "fakes")]
use crate::credential::Form;
use crate::identify::SecretForm;
use crate::input::InvalidInput;
use crate::key::KeyRef;
use crate::outcome::SCHEMA;
use crate::probe::ProbeRule;
use crate::provider::{About, Effect, IdsReused, KeyParts, Provider, Repeat};
use crate::revoke::{AnyRevoker, Revoke, unknown_provider};
use crate::secret::Secret;
use crate::secret_key::by_id;
use crate::verdict::Meaning;
use crate::wire::Operation;

/// One row a provider: its module and its marker.
macro_rules! table {
    ($($(#[$when:meta])? $module:ident :: $marker:ident,)*) => {
        $($(#[$when])? pub mod $module;)*
        /// The providers' modules, for the crate's root.
        pub(crate) mod modules {
            $($(#[$when])? pub use super::$module;)*
        }
        $($(#[$when])? impl Row for $module::$marker {})*
        const TABLE: &[ProviderInfo] = &[$($(#[$when])? ProviderInfo(&$module::$marker),)*];
        /// The forms of their secrets. Apart from the table: what looks like a secret is asked of every key, and whoever
        /// looks into the table has the clients of all providers in the program.
        pub(crate) const SECRET_FORMS: &[(&str, &[SecretForm])] = &[
            $($(#[$when])? ($module::$marker::ABOUT.name, $module::$marker::SECRET_FORMS),)*
        ];
        /// What the visitor makes of each, by its type.
        #[cfg(all(test, feature = "fakes"))]
        pub(crate) fn visit<V: Visit>(visitor: &V) -> Vec<V::Seen> {
            vec![$($(#[$when])? visitor.visit::<$module::$marker>(),)*]
        }
        /// The same where deletion is asked for, which not all of them offer.
        const DELETING: &[ProviderInfo] = &[$($(#[$when])? ProviderInfo(&Deleting($module::$marker)),)*];
    };
}

table! {
    dolfin::Dolfin,
    devin::Devin,
    devin_v3::DevinV3,
    kadosei::Kadosei,
    sinjapp::Sinjapp,
    anthropic::Anthropic,
    influxdb::InfluxDb,
    elasticsearch::Elasticsearch,
    sendgrid::SendGrid,
    openai::OpenAi,
    openai_admin::OpenAiAdmin,
    cloudflare::Cloudflare,
    openrouter::OpenRouter,
    twilio::Twilio,
    datadog::Datadog,
    gitlab::GitLab,
    okta::Okta,
    clerk::Clerk,
    workos::WorkOs,
    pinecone::Pinecone,
    google_service_account::GoogleServiceAccount,
    google_apikeys::GoogleApiKeys,
    #[cfg(feature = "aws")]
    aws_iam::AwsIam,
    jupyterhub::JupyterHub,
    slack::Slack,
    github::GitHub,
    github_oauth::GitHubOAuth,
    gitlab_self::GitLabSelf,
    rfc7009::Rfc7009,
    algolia::Algolia,
}

/// For tests that need a provider's type and are to cover the next one unasked.
#[cfg(all(test, feature = "fakes"))]
pub(crate) trait Visit {
    type Seen;
    fn visit<P: Row>(&self) -> Self::Seen;
}

/// Everything that this crate can revoke at, in the order of the table.
///
/// ```
/// let names: Vec<&str> = keyrevoke::providers().iter().map(|provider| provider.name()).collect();
/// assert!(names.contains(&"devin-v3"));
/// ```
pub fn providers() -> &'static [ProviderInfo] {
    TABLE
}

/// A provider by its name or an alias of it.
pub fn provider(name: &str) -> Result<&'static ProviderInfo, InvalidInput> {
    listed(name).ok_or_else(|| unknown_provider(name))
}

fn listed(name: &str) -> Option<&'static ProviderInfo> {
    TABLE
        .iter()
        .find(|provider| provider.name() == name || provider.aliases().contains(&name))
}

/// Begins a revoker for a provider that is known by name only, such as one from a configuration file.
///
/// ```
/// use keyrevoke::{AnyRevoker, Credential};
///
/// let revoker: AnyRevoker = keyrevoke::builder("devin")?.with_credential(Credential::from_text("apk_user_example")).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn builder(name: &str) -> Result<Builder<AnyProvider>, InvalidInput> {
    provider(name).map(ProviderInfo::builder)
}

/// Everything in the table, and again where a provider can delete besides: each has rules of its own.
#[cfg(all(test, feature = "fakes"))]
pub(crate) fn ways() -> Vec<&'static ProviderInfo> {
    let all = TABLE.iter();
    all.flat_map(|provider| [Some(provider), provider.deletion()])
        .flatten()
        .collect()
}

/// Is this the name of a provider that can only be told the secrets of keys?
pub(crate) fn revokes_by_secret(name: &str) -> bool {
    let found = TABLE
        .iter()
        .find(|provider| provider.name() == name || provider.aliases().contains(&name));
    match found {
        Some(found) => found.revokes_by_secret(),
        None => crate::describe::named(name).is_some_and(|found| found.revokes_by_secret()),
    }
}

/// The name of a provider for one of its aliases.
pub(crate) fn canonical(name: &str) -> &str {
    listed(name).map_or(name, |provider| provider.name())
}

/// Marks builders for a provider that is known by name only.
#[derive(Clone, Debug)]
pub struct AnyProvider(ProviderInfo);

impl BuildTarget for AnyProvider {
    type Revoker = AnyRevoker;

    fn build(self, settings: Settings) -> Result<AnyRevoker, BuildError> {
        self.0.0.build(settings)
    }
}

/// A provider and what it can do, for listings and for choosing one at run time.
#[derive(Clone, Copy)]
pub struct ProviderInfo(&'static dyn Entry);

impl ProviderInfo {
    /// One that is not in the table.
    pub(crate) fn described(provider: &'static dyn Entry) -> Self {
        Self(provider)
    }

    /// Begins a revoker.
    pub fn builder(&self) -> Builder<AnyProvider> {
        Builder::new(AnyProvider(*self))
    }

    /// As in `provider:key`.
    pub fn name(&self) -> &str {
        self.0.about().name
    }

    /// The provider where [deletion is asked for](crate::Builder::with_deletion): with that request and what its answers
    /// prove. `None` where there is one way to revoke only, or where this is it.
    ///
    /// ```
    /// let influxdb = keyrevoke::provider("influxdb")?;
    /// assert!(influxdb.is_reversible());
    /// assert!(influxdb.deletion().is_some_and(|deletion| !deletion.is_reversible()));
    /// # Ok::<(), keyrevoke::InvalidInput>(())
    /// ```
    pub fn deletion(&self) -> Option<&'static Self> {
        let mut found = DELETING.iter().filter(|found| found.name() == self.name());
        found.find(|found| !self.0.deletes() && found.0.deletes())
    }

    /// Name and way, for tables.
    #[cfg(all(test, feature = "fakes"))]
    pub(crate) fn label(&self) -> String {
        let way = if self.0.deletes() { " deleting" } else { "" };
        format!("{}{way}", self.name())
    }

    /// Other names that are understood.
    pub fn aliases(&self) -> &[&str] {
        self.0.about().aliases
    }

    /// The vendor's name, for people.
    pub fn vendor(&self) -> &str {
        self.0.about().vendor
    }

    /// How a key is written after the colon, such as `SERVICE_USER/KEY`.
    pub fn key_form(&self) -> &str {
        self.0.about().key_form
    }

    /// The forms in which the credential travels; the first is what plain text is taken for.
    pub fn credentials(&self) -> Vec<String> {
        self.0
            .about()
            .credentials
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// What kind of credential may revoke.
    pub fn credential_help(&self) -> &str {
        self.0.about().credential_help
    }

    /// Method and path of the request that kills, as in the provider's document.
    pub fn operation(&self) -> String {
        let prefix = self
            .0
            .about()
            .settings
            .iter()
            .find_map(|setting| match setting.effect {
                Effect::PathPrefix(choices) => choices.first().copied(),
                Effect::Header(_) => None,
            });
        let revoke = self
            .0
            .operations()
            .iter()
            .find(|operation| operation.name == self.0.operation());
        revoke.map_or_else(String::new, |revoke| {
            format!("{} {}{}", revoke.method, prefix.unwrap_or_default(), revoke.path)
        })
    }

    /// The body of that request, with `<name>` where a part of the key stands; empty where there is none.
    pub fn body(&self) -> String {
        self.0.content().to_string()
    }

    /// The provider's published base URL; `None` where it must be set.
    pub fn base_url(&self) -> Option<&str> {
        self.0.about().base.default
    }

    /// What a base URL looks like.
    pub fn base_url_form(&self) -> &str {
        self.0.about().base.example
    }

    /// The settings that only this provider has: name and meaning.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .about()
            .settings
            .iter()
            .map(|setting| (setting.name, setting.help))
    }

    /// The domains under which base URLs are taken without further ado; none where any https host may be right.
    pub fn domains(&self) -> &[&str] {
        self.0.about().base.domains
    }

    /// What its answers can prove and what not.
    pub fn proves(&self) -> &str {
        self.0.about().proves
    }

    /// Can somebody bring a revoked key back?
    pub fn is_reversible(&self) -> bool {
        self.0.about().reversible
    }

    /// What else dies with a key; `None` where nothing is known to.
    pub fn also_dies(&self) -> Option<&str> {
        Some(self.0.about().also_dies).filter(|what| !what.is_empty())
    }

    /// Is that more than was asked? Nothing is revoked then without [a word for it](Builder::with_more_than_the_key).
    pub fn takes_more_than_the_key(&self) -> bool {
        self.0.takes_more()
    }

    /// What sending the same request again may do.
    pub fn repeat(&self) -> Repeat {
        self.0.about().repeat.0
    }

    /// May the provider give a freed id to another key, as far as is known?
    pub fn may_reuse_ids(&self) -> bool {
        self.0.about().ids_reused.0 == IdsReused::Possible
    }

    /// The version that the provider gives the document from which the client was generated.
    pub fn document_version(&self) -> &str {
        self.0.document_version()
    }

    /// How and when what is relied on was confirmed against the service itself; `None` where it was only read.
    pub fn confirmed(&self) -> Option<&str> {
        self.0.confirmed()
    }

    /// Where the facts behind the rules were read, and when.
    pub fn sources(&self) -> Vec<&str> {
        let about = self.0.about();
        let mut sources: Vec<&str> = about.rules.iter().map(|rule| rule.source).collect();
        sources.extend([about.repeat.1, about.ids_reused.1]);
        sources.dedup();
        sources
    }

    /// Says whether the provider takes this key, without sending anything, and gives it in its canonical form.
    pub fn check_key(&self, key: &str) -> Result<KeyRef, InvalidInput> {
        KeyRef::new(self.name(), self.0.check_key(key)?)
    }

    /// Can the provider only be told the secret of a key itself, and not an id? Its keys are then made by
    /// [`KeyRef::of_secret`], and their text is a digest.
    pub fn revokes_by_secret(&self) -> bool {
        self.0.by_secret()
    }

    /// As [`check_key`](Self::check_key), for a secret at a provider that revokes by it.
    pub fn check_secret(&self, secret: &Secret) -> Result<KeyRef, InvalidInput> {
        self.0.check_secret(secret)?;
        KeyRef::of_secret(self.name(), secret.clone())
    }

    /// Can this secret be tried without using it? Of some forms no request would tell; and some providers publish none.
    ///
    /// ```
    /// # use keyrevoke::Secret;
    /// let github = keyrevoke::provider("github")?;
    /// assert!(github.can_probe(&Secret::new("ghp_example")?));
    /// assert!(!github.can_probe(&Secret::new("ghr_example")?)); // a refresh token is no credential
    /// # Ok::<(), keyrevoke::InvalidInput>(())
    /// ```
    pub fn can_probe(&self, secret: &Secret) -> bool {
        !self.0.probe_rules().is_empty() && self.0.has_probe(secret)
    }

    /// Is there no credential to be given, because each key is its own or the provider wants none?
    pub fn takes_no_credential(&self) -> bool {
        self.0.about().credentials.iter().any(|form| form.is_none())
    }

    /// Can an answer to the revocation confirm a death? Where it cannot, a look afterwards may:
    /// [`revoke_verified`](crate::Revoke::revoke_verified).
    pub fn can_confirm(&self) -> bool {
        let mut rules = self.0.about().rules.iter();
        rules.any(|rule| matches!(rule.meaning, Meaning::Dead(..)))
    }

    pub(crate) fn entry(&self) -> &'static dyn Entry {
        self.0
    }
}

impl fmt::Debug for ProviderInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProviderInfo").field(&self.name()).finish()
    }
}

impl Serialize for ProviderInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("ProviderInfo", 23)?;
        out.serialize_field("provider", self.name())?;
        out.serialize_field("aliases", self.aliases())?;
        out.serialize_field("vendor", self.vendor())?;
        out.serialize_field("key_form", self.key_form())?;
        out.serialize_field("revokes_by_secret", &self.revokes_by_secret())?;
        out.serialize_field("credentials", &self.credentials())?;
        out.serialize_field("credential_help", self.credential_help())?;
        out.serialize_field("operation", &self.operation())?;
        out.serialize_field("body", &self.body())?;
        out.serialize_field("base_url", &self.base_url())?;
        out.serialize_field("base_url_form", self.base_url_form())?;
        out.serialize_field(
            "settings",
            &self.settings().map(|(name, _)| name).collect::<Vec<_>>(),
        )?;
        out.serialize_field("proves", self.proves())?;
        out.serialize_field("reversible", &self.is_reversible())?;
        out.serialize_field("also_dies", &self.also_dies())?;
        out.serialize_field("more_than_the_key", &self.takes_more_than_the_key())?;
        out.serialize_field("repeat", self.repeat().as_str())?;
        out.serialize_field("deletion", &self.deletion())?;
        out.serialize_field("document_version", self.document_version())?;
        out.serialize_field("sources", &self.sources())?;
        out.serialize_field("confirmed", &self.confirmed())?;
        out.serialize_field("facts", &self.facts())?;
        out.serialize_field("schema", &SCHEMA)?;
        out.end()
    }
}

/// [`Provider`] as an object can have it.
pub(crate) trait Entry: Send + Sync {
    fn about(&self) -> &'static About;
    fn operations(&self) -> &'static [Operation];
    /// The name of the operation that kills.
    fn operation(&self) -> &'static str;
    fn content(&self) -> Content;
    /// Is it the provider's second way, which deletes?
    fn deletes(&self) -> bool;
    fn takes_more(&self) -> bool;
    fn document_version(&self) -> &'static str;
    fn confirmed(&self) -> Option<&'static str>;
    fn probe_rules(&self) -> &'static [ProbeRule];
    /// Look-ups, what they ask and where that was read, where no document has them.
    fn look_sources(&self) -> &'static [(&'static str, String, &'static str)] {
        &[]
    }
    fn has_probe(&self, secret: &Secret) -> bool;
    #[cfg(feature = "fakes")]
    fn headers(&self) -> &'static [(&'static str, &'static str)];
    fn check_key(&self, key: &str) -> Result<String, InvalidInput>;
    fn by_secret(&self) -> bool;
    fn check_secret(&self, secret: &Secret) -> Result<(), InvalidInput>;
    /// What the request names a key by: the text of one that has an id, the secret of another.
    #[cfg(feature = "fakes")]
    fn parameters(&self, key: &str) -> Result<Vec<(&'static str, String)>, InvalidInput>;
    #[cfg(feature = "fakes")]
    fn probe_content(&self) -> Content {
        Content::Empty
    }
    #[cfg(feature = "fakes")]
    fn probe_credentials(&self) -> &'static [Form] {
        self.about().credentials
    }
    #[cfg(feature = "fakes")]
    fn fake(&self) -> crate::fakes::FakeOf;
    fn build(&self, settings: Settings) -> Result<AnyRevoker, BuildError>;
}

/// What a row of the table must be: a provider, and with the feature its fake.
#[cfg(not(feature = "fakes"))]
pub(crate) trait Row: Provider + Clone {}
#[cfg(feature = "fakes")]
pub(crate) trait Row: Provider + Clone + crate::fakes::FakeAnswers {}

impl<P: Row> Entry for P {
    fn about(&self) -> &'static About {
        Provider::about(self)
    }

    fn operations(&self) -> &'static [Operation] {
        Provider::operations(self)
    }

    fn operation(&self) -> &'static str {
        "revoke"
    }

    fn content(&self) -> Content {
        Provider::content(self)
    }

    fn deletes(&self) -> bool {
        false
    }

    fn takes_more(&self) -> bool {
        Provider::takes_more(self)
    }

    fn document_version(&self) -> &'static str {
        Provider::document_version(self)
    }

    fn confirmed(&self) -> Option<&'static str> {
        Provider::confirmed(self)
    }

    fn probe_rules(&self) -> &'static [ProbeRule] {
        Provider::probe_rules(self)
    }

    fn has_probe(&self, secret: &Secret) -> bool {
        P::probe(secret.expose()).is_some()
    }

    #[cfg(feature = "fakes")]
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        Provider::headers(self)
    }

    fn check_key(&self, key: &str) -> Result<String, InvalidInput> {
        self.parse_key(key).map(|key| key.to_string())
    }

    fn by_secret(&self) -> bool {
        P::Key::BY_SECRET
    }

    fn check_secret(&self, secret: &Secret) -> Result<(), InvalidInput> {
        let refused = || Err(by_id(Provider::about(self).name.to_owned()));
        P::Key::of_secret(secret).unwrap_or_else(refused).map(drop)
    }

    #[cfg(feature = "fakes")]
    fn parameters(&self, key: &str) -> Result<Vec<(&'static str, String)>, InvalidInput> {
        let key = if P::Key::BY_SECRET {
            let refused = || Err(by_id(Provider::about(self).name.to_owned()));
            P::Key::of_secret(&Secret::new(key)?).unwrap_or_else(refused)
        } else {
            self.parse_key(key)
        };
        key.map(|key| key.parameters())
    }

    #[cfg(feature = "fakes")]
    fn probe_content(&self) -> Content {
        P::PROBE_CONTENT
    }

    #[cfg(feature = "fakes")]
    fn probe_credentials(&self) -> &'static [Form] {
        Provider::probe_credentials(self)
    }

    #[cfg(feature = "fakes")]
    fn fake(&self) -> crate::fakes::FakeOf {
        crate::fakes::FakeOf {
            base_path: P::BASE_PATH,
            credentials: P::CREDENTIALS,
            key: Box::new(<P as crate::fakes::FakeAnswers>::key),
            answer: Box::new(<P as crate::fakes::FakeAnswers>::answer),
            secret: Box::new(<P as crate::fakes::FakeAnswers>::secret),
            scheduled: <P as crate::fakes::FakeAnswers>::scheduled,
            look_up: Box::new(<P as crate::fakes::FakeAnswers>::look_up),
        }
    }

    fn build(&self, settings: Settings) -> Result<AnyRevoker, BuildError> {
        BuildTarget::build(self.clone(), settings).map(Revoke::into_any)
    }
}

/// A row where deletion is asked for.
struct Deleting<P>(P);

impl<P: Row> Entry for Deleting<P> {
    fn about(&self) -> &'static About {
        self.0
            .deletion()
            .map_or_else(|| Entry::about(&self.0), |deletion| &deletion.about)
    }

    fn operations(&self) -> &'static [Operation] {
        Entry::operations(&self.0)
    }

    fn operation(&self) -> &'static str {
        self.0
            .deletion()
            .map_or_else(|| self.0.operation(), |deletion| deletion.operation)
    }

    fn content(&self) -> Content {
        self.0
            .deletion()
            .map_or_else(|| Entry::content(&self.0), |deletion| deletion.content)
    }

    fn deletes(&self) -> bool {
        self.0.deletion().is_some()
    }

    fn takes_more(&self) -> bool {
        Entry::takes_more(&self.0)
    }

    fn document_version(&self) -> &'static str {
        Entry::document_version(&self.0)
    }

    fn confirmed(&self) -> Option<&'static str> {
        Entry::confirmed(&self.0)
    }

    fn probe_rules(&self) -> &'static [ProbeRule] {
        Entry::probe_rules(&self.0)
    }

    fn has_probe(&self, secret: &Secret) -> bool {
        self.0.has_probe(secret)
    }

    #[cfg(feature = "fakes")]
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        Entry::headers(&self.0)
    }

    fn check_key(&self, key: &str) -> Result<String, InvalidInput> {
        self.0.check_key(key)
    }

    fn by_secret(&self) -> bool {
        self.0.by_secret()
    }

    fn check_secret(&self, secret: &Secret) -> Result<(), InvalidInput> {
        self.0.check_secret(secret)
    }

    #[cfg(feature = "fakes")]
    fn parameters(&self, key: &str) -> Result<Vec<(&'static str, String)>, InvalidInput> {
        self.0.parameters(key)
    }

    #[cfg(feature = "fakes")]
    fn probe_content(&self) -> Content {
        self.0.probe_content()
    }

    #[cfg(feature = "fakes")]
    fn probe_credentials(&self) -> &'static [Form] {
        Entry::probe_credentials(&self.0)
    }

    #[cfg(feature = "fakes")]
    fn fake(&self) -> crate::fakes::FakeOf {
        crate::fakes::FakeOf {
            answer: Box::new(<P as crate::fakes::FakeAnswers>::answer_to_deletion),
            ..self.0.fake()
        }
    }

    fn build(&self, mut settings: Settings) -> Result<AnyRevoker, BuildError> {
        settings.deletion = true;
        Entry::build(&self.0, settings)
    }
}
