//! What a provider says of a key that it has.

use std::fmt;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::clean::clean;
use crate::credential::Redactor;
use crate::key::KeyRef;
use crate::outcome::{KeyState, SCHEMA};
use crate::timestamp;

/// A key as its provider describes it: its state and what tells people which key it is. Never its secret, although
/// some providers' answers hold one.
///
/// What the provider does not say is `None`. Texts are one line of at most 512 characters in which nothing stands that
/// looks like a secret.
///
/// ```
/// use keyrevoke::{KeyInfo, KeyState, KeyStatus};
///
/// let key = KeyInfo::new("devin:apk-abc123".parse()?, KeyStatus::Active).with_owner("ada@example.com");
/// assert_eq!((key.state(), key.owner(), key.name()), (KeyState::Live, Some("ada@example.com"), None));
/// # Ok::<(), keyrevoke::InvalidInput>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    key: KeyRef,
    status: KeyStatus,
    name: Option<String>,
    prefix: Option<String>,
    last4: Option<String>,
    owner: Option<String>,
    created_at: Option<SystemTime>,
    expires_at: Option<SystemTime>,
    last_used_at: Option<SystemTime>,
    revoked_at: Option<SystemTime>,
}

/// What a provider says a key to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyStatus {
    /// It works.
    Active,
    /// It does not work now, and nothing says that it never will again.
    Inactive,
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
    /// The provider does not say, or contradicts itself.
    Unknown,
}

impl KeyStatus {
    /// The name used in JSON, such as `active`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// Is a key of this status dead? [`Inactive`](Self::Inactive) is [`KeyState::Unknown`]: who can switch a key off can
    /// often switch it on again.
    pub fn state(self) -> KeyState {
        match self {
            Self::Active => KeyState::Live,
            Self::Revoked | Self::Expired => KeyState::Dead,
            Self::Inactive | Self::Unknown => KeyState::Unknown,
        }
    }
}

impl fmt::Display for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! members {
    ($($(#[$meta:meta])* $name:ident, $with:ident, $taken:ident: $given:ty => $kept:expr, $shown:ty = $show:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name(&self) -> Option<$shown> {
            self.$name.$show()
        }

        #[doc = concat!("Sets [`", stringify!($name), "`](Self::", stringify!($name), ").")]
        pub fn $with(mut self, $taken: $given) -> Self {
            self.$name = Some($kept);
            self
        }
    )*};
}

impl KeyInfo {
    /// Sets what is known, where it is.
    pub(crate) fn and<T>(self, known: Option<T>, with: impl FnOnce(Self, T) -> Self) -> Self {
        match known {
            Some(known) => with(self, known),
            None => self,
        }
    }

    /// A key of which nothing but its status is known.
    pub fn new(key: KeyRef, status: KeyStatus) -> Self {
        Self {
            key,
            status,
            name: None,
            prefix: None,
            last4: None,
            owner: None,
            created_at: None,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }

    /// Which key.
    pub fn key(&self) -> &KeyRef {
        &self.key
    }

    /// What the provider says it to be.
    pub fn status(&self) -> KeyStatus {
        self.status
    }

    /// Is it dead, by its status?
    pub fn state(&self) -> KeyState {
        self.status.state()
    }

    members! {
        /// What people call it.
        name, with_name, name: impl Into<String> => line(&name.into()), &str = as_deref;
        /// How its secret begins, as the provider shows it: at most 8 characters.
        prefix, with_prefix, prefix: impl Into<String> => first(&line(&prefix.into()), 8), &str = as_deref;
        /// How its secret ends, as the provider shows it: at most 4 characters.
        last4, with_last4, last4: impl Into<String> => last(&line(&last4.into()), 4), &str = as_deref;
        /// Whose it is: a mail address or the provider's id of a user, a service user or an organisation.
        owner, with_owner, owner: impl Into<String> => line(&owner.into()), &str = as_deref;
        /// Since when it is there.
        created_at, with_created_at, time: SystemTime => time, SystemTime = as_copy;
        /// When it stops, or stopped, to work by itself.
        expires_at, with_expires_at, time: SystemTime => time, SystemTime = as_copy;
        /// When it was last used. `None` does not say that it never was.
        last_used_at, with_last_used_at, time: SystemTime => time, SystemTime = as_copy;
        /// When it was revoked, or will be.
        revoked_at, with_revoked_at, time: SystemTime => time, SystemTime = as_copy;
    }
}

/// So that one macro writes the accessors of texts and of times.
trait AsCopy {
    fn as_copy(&self) -> Option<SystemTime>;
}

impl AsCopy for Option<SystemTime> {
    fn as_copy(&self) -> Option<SystemTime> {
        *self
    }
}

fn line(text: &str) -> String {
    clean(text, &Redactor::default())
}

fn first(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn last(text: &str, most: usize) -> String {
    text.chars()
        .skip(text.chars().count().saturating_sub(most))
        .collect()
}

/// Members: `key`, `provider`, `state`, `status` and the rest by their names; times are RFC 3339 in UTC, and what is not
/// known is null.
impl Serialize for KeyInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = |time: Option<SystemTime>| time.map(timestamp::format);
        let mut out = serializer.serialize_struct("KeyInfo", 13)?;
        out.serialize_field("key", &self.key)?;
        out.serialize_field("provider", self.key.provider())?;
        out.serialize_field("state", &self.state())?;
        out.serialize_field("status", &self.status)?;
        out.serialize_field("name", &self.name)?;
        out.serialize_field("prefix", &self.prefix)?;
        out.serialize_field("last4", &self.last4)?;
        out.serialize_field("owner", &self.owner)?;
        out.serialize_field("created_at", &time(self.created_at))?;
        out.serialize_field("expires_at", &time(self.expires_at))?;
        out.serialize_field("last_used_at", &time(self.last_used_at))?;
        out.serialize_field("revoked_at", &time(self.revoked_at))?;
        out.serialize_field("schema", &SCHEMA)?;
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key() -> KeyInfo {
        KeyInfo::new("devin:apk-1".parse().unwrap(), KeyStatus::Active)
    }

    #[test]
    fn json_has_the_same_members_whatever_is_known() {
        let bare = r#"{"key":"devin:apk-1","provider":"devin","state":"live","status":"active","name":null,"prefix":null,"last4":null,"owner":null,"created_at":null,"expires_at":null,"last_used_at":null,"revoked_at":null,"schema":1}"#;
        assert_eq!(serde_json::to_string(&key()).unwrap(), bare);
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 5);
        let full = key()
            .with_name("CI")
            .with_prefix("apk_user")
            .with_last4("9f3c")
            .with_owner("ada@example.com")
            .with_created_at(at(1))
            .with_expires_at(at(2))
            .with_last_used_at(at(3))
            .with_revoked_at(at(4));
        let json = serde_json::to_value(&full).unwrap();
        assert_eq!(json["created_at"], "1970-01-01T00:00:01.005Z");
        assert_eq!(json["expires_at"], "1970-01-01T00:00:02.005Z");
        assert_eq!(json["last_used_at"], "1970-01-01T00:00:03.005Z");
        assert_eq!(json["revoked_at"], "1970-01-01T00:00:04.005Z");
        assert_eq!(
            (&json["name"], &json["prefix"]),
            (&"CI".into(), &"apk_user".into())
        );
        assert_eq!(
            (&json["last4"], &json["owner"]),
            (&"9f3c".into(), &"ada@example.com".into())
        );
    }

    #[test]
    fn a_secret_does_not_get_in_whoever_puts_it_there() {
        let secret = "apk_user_canary0123456789";
        let key = key()
            .with_name(secret)
            .with_owner(format!("a\n{secret}"))
            .with_prefix(secret)
            .with_last4(secret);
        let shown = format!("{key:?} {}", serde_json::to_string(&key).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
        let half = self::key()
            .with_prefix("0123456789abcdef")
            .with_last4("0123456789abcdef");
        assert_eq!((half.prefix(), half.last4()), (Some("01234567"), Some("cdef")));
    }

    #[test]
    fn only_what_ended_for_good_is_dead() {
        for (status, state) in [
            (KeyStatus::Active, KeyState::Live),
            (KeyStatus::Inactive, KeyState::Unknown),
            (KeyStatus::Revoked, KeyState::Dead),
            (KeyStatus::Expired, KeyState::Dead),
            (KeyStatus::Unknown, KeyState::Unknown),
        ] {
            assert_eq!(status.state(), state);
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
