//! The identity of the thing to kill, never its secret.
//!
//! A key id becomes a path segment of a destructive request, so the types here cannot hold what would
//! change that path: the URL standard reads `\` as `/`, and `..` and the empty segment as somebody else's
//! resource. What is refused is refused before anything is sent.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::input::{InvalidInput, looks_like_secret, shown};
use crate::provider::About;
use crate::secret::{Secret, is_digest};

/// A key as text: `provider:key`, such as `sinjapp:42` or `devin-v3:service-user-1/key-2`.
///
/// Where one list spans several tenants of a provider, `provider@tenant:key` says by a name of the caller's own which
/// one is meant: the [`Registry`](crate::Registry) knows the names.
///
/// A provider that can only be told the secret itself has keys that are [made of it](Self::of_secret): their text is its
/// digest, `slack:sha256:…`, and the secret stays beside the text, where nothing shows it. Keys are compared by their text
/// alone, so that one that was read from a journal is the same as the one that was written.
///
/// The text never holds what looks like the secret of a key. Only its outer form is checked here; [`AnyRevoker::check`](crate::AnyRevoker::check) says whether the
/// provider takes the key.
///
/// ```
/// use keyrevoke::KeyRef;
///
/// let key: KeyRef = "sinjapp@acme:42".parse()?;
/// assert_eq!((key.provider(), key.tenant(), key.key()), ("sinjapp", Some("acme"), "42"));
/// assert_eq!(key.to_string(), "sinjapp@acme:42");
/// assert_eq!("sinjapp:42".parse::<KeyRef>()?.tenant(), None);
/// # Ok::<(), keyrevoke::InvalidInput>(())
/// ```
#[derive(Clone)]
pub struct KeyRef {
    /// The whole of it, in one piece: lists hold a million of these.
    text: Box<str>,
    /// How long the provider's name is.
    provider: u8,
    /// How long the tenant's name is; 0 where there is none.
    tenant: u8,
    /// What the provider has to be told, where that is the secret itself and it is at hand.
    secret: Option<Secret>,
}

/// Longer names of providers and tenants are refused.
const LONGEST_NAME: usize = 64;

impl KeyRef {
    /// Names a key of a provider.
    pub fn new(provider: impl AsRef<str>, key: impl AsRef<str>) -> Result<Self, InvalidInput> {
        Self::checked(provider.as_ref(), None, key.as_ref())
    }

    /// The key of this secret, at a provider that can only be told the secret itself
    /// ([`ProviderInfo::revokes_by_secret`](crate::ProviderInfo::revokes_by_secret)).
    ///
    /// ```
    /// use keyrevoke::{KeyRef, Secret};
    ///
    /// let key = KeyRef::of_secret("slack", Secret::new("xoxb-example")?)?;
    /// assert_eq!(key.key(), key.secret().unwrap().digest());
    /// assert!(key.to_string().starts_with("slack:sha256:"));
    /// // What is read from a journal is the same key, but the secret is not at hand.
    /// let known: KeyRef = key.to_string().parse()?;
    /// assert!(known == key && known.secret().is_none());
    /// # Ok::<(), keyrevoke::InvalidInput>(())
    /// ```
    pub fn of_secret(provider: impl AsRef<str>, secret: Secret) -> Result<Self, InvalidInput> {
        let key = Self::checked(provider.as_ref(), None, &secret.digest())?;
        Ok(key.with_secret(Some(secret)))
    }

    /// The same key at the tenant of this name: 1 to 64 letters, digits, `-`, `_`, `.`, the first of them a letter or
    /// digit.
    pub fn with_tenant(&self, tenant: &str) -> Result<Self, InvalidInput> {
        let key = Self::checked(self.provider(), Some(tenant), self.key())?;
        Ok(key.with_secret(self.secret.clone()))
    }

    /// The same key, told without a tenant's name.
    pub fn without_tenant(&self) -> Self {
        Self::known(self.provider(), None, self.key()).with_secret(self.secret.clone())
    }

    pub(crate) fn with_secret(self, secret: Option<Secret>) -> Self {
        Self { secret, ..self }
    }

    fn checked(provider: &str, tenant: Option<&str>, key: &str) -> Result<Self, InvalidInput> {
        Self::checked_by(provider, tenant, key, crate::providers::revokes_by_secret)
    }

    /// As [`new`](Self::new), for a provider that knows itself. Whoever looks for one in the table has all of them in the
    /// program.
    pub(crate) fn at(provider: &About, by_secret: bool, key: &str) -> Result<Self, InvalidInput> {
        Self::checked_by(
            provider.name,
            None,
            key,
            if by_secret { |_| true } else { |_| false },
        )
    }

    fn checked_by(
        provider: &str,
        tenant: Option<&str>,
        key: &str,
        revokes_by_secret: fn(&str) -> bool,
    ) -> Result<Self, InvalidInput> {
        let refuse = |reason: &str| {
            Err(InvalidInput::new(
                "keyrevoke",
                format!("key {}", shown(&join(provider, tenant, key))),
                reason,
                "write PROVIDER:KEY, such as sinjapp:42",
            ))
        };
        if !is_provider_name(provider) {
            return refuse("does not begin with a provider's name (lower-case letters, digits, hyphens)");
        }
        if !tenant.is_none_or(is_tenant_name) {
            return refuse("names a tenant by something else than 1 to 64 letters, digits, '-', '_' and '.'");
        }
        if key.is_empty() {
            return refuse("names no key");
        }
        if !is_digest(key) && revokes_by_secret(provider) {
            return Err(not_as_text(provider.to_owned()));
        }
        if key.split('/').any(looks_like_secret) || tenant.is_some_and(looks_like_secret) {
            return Err(InvalidInput::new(
                provider.to_owned(),
                format!("{provider} key"),
                LOOKS_LIKE_SECRET,
                SECRET_REMEDY,
            ));
        }
        Ok(Self::known(provider, tenant, key))
    }

    /// A key that is known to be well formed.
    pub(crate) fn known(provider: &str, tenant: Option<&str>, key: &str) -> Self {
        Self {
            text: join(provider, tenant, key).into(),
            provider: provider.len() as u8,
            tenant: tenant.map_or(0, str::len) as u8,
            secret: None,
        }
    }

    /// The provider's name, or an alias of it.
    pub fn provider(&self) -> &str {
        &self.text[..self.provider.into()]
    }

    /// The caller's name for the tenant; `None` for the default one.
    pub fn tenant(&self) -> Option<&str> {
        let begin = usize::from(self.provider) + 1;
        (self.tenant > 0).then(|| &self.text[begin..begin + usize::from(self.tenant)])
    }

    /// The key in the provider's own form.
    pub fn key(&self) -> &str {
        let tenant = self.tenant().map_or(0, |tenant| tenant.len() + 1);
        &self.text[usize::from(self.provider) + tenant + 1..]
    }

    /// The secret, where the key was made of one. Neither `Debug` nor any text of the key shows it.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// The whole of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for KeyRef {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for KeyRef {}

impl PartialOrd for KeyRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KeyRef {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for KeyRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyRef").field(&self.text).finish()
    }
}

/// The secret of a key, or an id, where only a secret as such will do: text can end anywhere.
pub(crate) fn not_as_text(provider: String) -> InvalidInput {
    let subject = format!("{provider} key");
    InvalidInput::new(
        provider,
        subject,
        "is given as text, where this provider revokes by the secret itself (not shown)",
        "give the secret from a file or standard input, never as an argument; where it stood as one, it has leaked there too",
    )
}

/// The key of a secret that is known by its digest alone, as from a journal.
pub(crate) fn not_at_hand(provider: String) -> InvalidInput {
    let subject = format!("{provider} key");
    InvalidInput::new(
        provider,
        subject,
        "is known by its digest alone, and the secret is not at hand",
        "give the secret itself, from a file or standard input",
    )
}

fn join(provider: &str, tenant: Option<&str>, key: &str) -> String {
    match tenant {
        Some(tenant) => [provider, "@", tenant, ":", key].concat(),
        None => [provider, ":", key].concat(),
    }
}

/// May a provider be called this?
pub(crate) fn is_provider_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(is_part)
        && name.len() <= LONGEST_NAME
}

/// May a tenant be called this?
pub(crate) fn is_tenant_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for KeyRef {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        match text.split_once(':') {
            Some((name, key)) => match name.split_once('@') {
                Some((provider, tenant)) => Self::checked(provider, Some(tenant), key),
                None => Self::new(name, key),
            },
            None => Err(InvalidInput::new(
                "keyrevoke",
                format!("key {}", shown(text)),
                "names no provider",
                "write PROVIDER:KEY, such as sinjapp:42",
            )),
        }
    }
}

impl Serialize for KeyRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Longer than any id seen at any provider, short enough for every server's limits.
const LONGEST_ID: usize = 128;

/// Words that providers read as "the caller's own token" or "all of them" where an id is expected.
const RESERVED: &[&str] = &["self", "current", "me", "all", "_all", "null", "undefined"];

const LOOKS_LIKE_SECRET: &str = "looks like the key itself, not its id (not shown)";
const SECRET_REMEDY: &str = "give the id under which the provider lists the key, and treat the key as leaked to wherever you typed it";

/// Refuses what looks like the secret of a key where its id is wanted, without showing it.
pub(crate) fn refuse_secret(provider: &'static str, subject: &str, text: &str) -> Result<(), InvalidInput> {
    if looks_like_secret(text) {
        return Err(InvalidInput::new(
            provider,
            format!("{provider} {subject}"),
            LOOKS_LIKE_SECRET,
            SECRET_REMEDY,
        ));
    }
    Ok(())
}

/// Checks an id of no stated form: RFC 3986 unreserved characters only, so that no encoding, by us or by
/// anything between us and the provider, can make another path of it.
pub(crate) fn check_id(provider: &'static str, subject: &str, text: &str) -> Result<String, InvalidInput> {
    refuse_secret(provider, subject, text)?;
    let refuse = |reason: String| {
        Err(InvalidInput::new(
            provider,
            format!("{provider} {subject} {}", shown(text)),
            reason,
            "give the id exactly as the provider lists it",
        ))
    };
    if text.is_empty() {
        return refuse("is empty".into());
    }
    if text.len() > LONGEST_ID {
        return refuse(format!("is longer than {LONGEST_ID} bytes"));
    }
    if let Some(c) = text.chars().find(|c| !is_id_character(*c)) {
        return refuse(format!(
            "holds the character '{}', which no id has",
            c.escape_debug()
        ));
    }
    if !text.contains(|c: char| c.is_ascii_alphanumeric()) {
        return refuse("has no letter and no digit".into());
    }
    let is_number_of_nothing = text.parse::<i128>().is_ok_and(|number| number <= 0);
    if is_number_of_nothing || Uuid::try_parse(text).is_ok_and(|uuid| uuid.is_nil()) {
        return refuse("is no key's id: zero, a negative number or the nil UUID".into());
    }
    if RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return refuse(
            "is a word that can mean the caller's own key, every key, or a variable that is not set".into(),
        );
    }
    Ok(text.to_owned())
}

/// Checks an id whose form the provider states, which `form` says in words.
pub(crate) fn check_form(
    provider: &'static str,
    subject: &str,
    text: &str,
    form: &str,
    has_form: impl Fn(&str) -> bool,
) -> Result<String, InvalidInput> {
    check_id(provider, subject, text).and_then(|id| {
        if has_form(&id) {
            return Ok(id);
        }
        Err(InvalidInput::new(
            provider,
            format!("{provider} {subject} {}", shown(text)),
            format!("is not {form}"),
            "give the id exactly as the provider lists it",
        ))
    })
}

/// A mark, and after it so many hexadecimal digits.
pub(crate) fn is_marked_hex(text: &str, mark: &str, digits: usize) -> bool {
    let rest = text.strip_prefix(mark);
    rest.is_some_and(|rest| rest.len() == digits && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// RFC 3986 section 2.3.
pub(crate) fn is_id_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')
}

/// Checks a UUID in its hyphenated form; upper case is folded, nil is refused.
pub(crate) fn check_uuid(provider: &'static str, subject: &str, text: &str) -> Result<Uuid, InvalidInput> {
    refuse_secret(provider, subject, text)?;
    let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    match Uuid::try_parse(text).ok().filter(|_| hyphenated) {
        Some(uuid) => refuse_nil(provider, subject, uuid),
        None => Err(InvalidInput::new(
            provider,
            format!("{provider} {subject} {}", shown(text)),
            "is not a UUID in its hyphenated form",
            "give the id exactly as the provider lists it, such as 2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab",
        )),
    }
}

/// Refuses the nil UUID, which is what an uninitialised variable looks like.
pub(crate) fn refuse_nil(provider: &'static str, subject: &str, uuid: Uuid) -> Result<Uuid, InvalidInput> {
    if uuid.is_nil() {
        return Err(InvalidInput::new(
            provider,
            format!("{provider} {subject}"),
            "is the nil UUID, which is no key's id",
            "give the id exactly as the provider lists it",
        ));
    }
    Ok(uuid)
}

/// Checks a positive decimal integer without sign or leading zero.
pub(crate) fn check_number(provider: &'static str, subject: &str, text: &str) -> Result<i64, InvalidInput> {
    refuse_secret(provider, subject, text)?;
    let canonical = !text.starts_with(['0', '+']);
    match text.parse::<i64>().ok().filter(|number| *number > 0 && canonical) {
        Some(number) => Ok(number),
        None => Err(InvalidInput::new(
            provider,
            format!("{provider} {subject} {}", shown(text)),
            format!(
                "is not a whole number from 1 to {} without leading zeros",
                i64::MAX
            ),
            "give the number under which the provider lists the key",
        )),
    }
}

/// Splits a key of several ids, such as `FIRST/SECOND`.
pub(crate) fn split_ids<'a, const COUNT: usize>(
    provider: &'static str,
    form: &'static str,
    text: &'a str,
) -> Result<[&'a str; COUNT], InvalidInput> {
    let (mut ids, mut rest) = ([""; COUNT], text.split('/'));
    let filled = ids.iter_mut().zip(&mut rest).map(|(id, part)| *id = part).count();
    if filled == COUNT && rest.next().is_none() {
        return Ok(ids);
    }
    refuse_secret(provider, "key", text)?;
    let reason = match COUNT {
        2 => "is not two ids with one slash between them".to_owned(),
        _ => format!("is not {COUNT} ids with slashes between them"),
    };
    let subject = format!("{provider} key {}", shown(text));
    Err(InvalidInput::new(
        provider,
        subject,
        reason,
        format!("write {form}"),
    ))
}

/// A key of several ids: how it is written, and its parts with the names that they have in the provider's document.
macro_rules! ids_key {
    (
        $(#[$meta:meta])* $name:ident, $provider:expr, $form:literal,
        $($(#[$about:meta])* $part:ident: $kind:ident = $parameter:literal),+ $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            $($(#[$about])* pub $part: $kind,)+
        }

        impl $name {
            #[doc = concat!("The key of these ids, in the order of `", $form, "`.")]
            pub fn new($($part: $kind),+) -> Self {
                Self { $($part),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let ids: &[&dyn ::std::fmt::Display] = &[$(&self.$part),+];
                for (index, id) in ids.iter().enumerate() {
                    let slash = if index > 0 { "/" } else { "" };
                    write!(f, "{slash}{id}")?;
                }
                Ok(())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::InvalidInput;

            fn from_str(text: &str) -> Result<Self, $crate::InvalidInput> {
                let [$($part),+] = $crate::key::split_ids($provider, $form, text)?;
                Ok(Self { $($part: $part.parse()?),+ })
            }
        }

        impl $crate::provider::KeyParts for $name {
            fn parameters(&self) -> Vec<(&'static str, String)> {
                vec![$(($parameter, self.$part.to_string())),+]
            }
        }
    };
}

/// An id newtype over text; where the provider states its form, with that in words and as a check.
macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident, $provider:expr, $subject:literal) => {
        $crate::key::text_id!(
            $(#[$meta])* $name, $provider, $subject,
            "1 to 128 letters, digits, `-`, `.`, `_`, `~`, at least one of them a letter or digit", |_| true
        );
    };
    ($(#[$meta:meta])* $name:ident, $provider:expr, $subject:literal, $form:literal, $has_form:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Checks and takes an id: ", $form, ". What looks like the key itself is refused.")]
            pub fn new(id: &str) -> Result<Self, $crate::InvalidInput> {
                $crate::key::check_form($provider, $subject, id, $form, $has_form).map(Self)
            }

            /// The id as the provider lists it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::InvalidInput;

            fn from_str(id: &str) -> Result<Self, $crate::InvalidInput> {
                Self::new(id)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// An id newtype over a UUID that is never nil.
macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident, $provider:expr, $subject:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(::uuid::Uuid);

        impl $name {
            /// Checks and takes an id, which must not be nil.
            pub fn new(id: ::uuid::Uuid) -> Result<Self, $crate::InvalidInput> {
                $crate::key::refuse_nil($provider, $subject, id).map(Self)
            }

            /// The id.
            pub fn as_uuid(&self) -> &::uuid::Uuid {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::InvalidInput;

            fn from_str(id: &str) -> Result<Self, $crate::InvalidInput> {
                $crate::key::check_uuid($provider, $subject, id).map(Self)
            }
        }

        impl TryFrom<::uuid::Uuid> for $name {
            type Error = $crate::InvalidInput;

            fn try_from(id: ::uuid::Uuid) -> Result<Self, $crate::InvalidInput> {
                Self::new(id)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self.0.as_hyphenated(), f)
            }
        }
    };
}

/// An id newtype over a positive whole number.
macro_rules! number_id {
    ($(#[$meta:meta])* $name:ident, $provider:expr, $subject:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// Checks and takes an id, which must be positive.
            pub fn new(id: i64) -> Result<Self, $crate::InvalidInput> {
                $crate::key::check_number($provider, $subject, &id.to_string()).map(Self)
            }

            /// The id.
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = $crate::InvalidInput;

            fn try_from(id: i64) -> Result<Self, $crate::InvalidInput> {
                Self::new(id)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::InvalidInput;

            fn from_str(text: &str) -> Result<Self, $crate::InvalidInput> {
                $crate::key::check_number($provider, $subject, text).map(Self)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

pub(crate) use {ids_key, number_id, text_id, uuid_id};

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
