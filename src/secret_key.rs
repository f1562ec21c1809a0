//! Typed keys of providers that can only be told the secret itself.

/// A key newtype over a secret; where the provider states its form, with that in words and as a check. Its text is the
/// digest: nothing can be made of that, so nothing is parsed. The name of the parameter is that in the provider's document,
/// under which the secret stands in the path or the body; none where it travels as the credential alone.
macro_rules! secret_key {
    ($(#[$meta:meta])* $name:ident, $provider:expr, $parameter:expr) => {
        $crate::secret_key::secret_key!(
            $(#[$meta])* $name, $provider, $parameter, "up to 4096 visible ASCII characters", |_: &str| true
        );
    };
    ($(#[$meta:meta])* $name:ident, $provider:expr, $parameter:expr, $form:literal, $has_form:expr) => {
        $(#[$meta])*
        ///
        /// Its `Display` is the secret's [digest](crate::Secret::digest), by which it is also compared. `FromStr` refuses
        /// everything: of a digest no key can be made, and a secret does not belong into just any text.
        #[derive(Clone, Debug)]
        pub struct $name($crate::Secret);

        impl $name {
            #[doc = concat!("Checks and takes a secret: ", $form, ". The error shows nothing of it.")]
            pub fn new(secret: $crate::Secret) -> Result<Self, $crate::InvalidInput> {
                let has_form: fn(&str) -> bool = $has_form;
                if has_form(secret.expose()) {
                    return Ok(Self(secret));
                }
                Err($crate::secret_key::of_another_form($provider, $form))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::InvalidInput;

            fn from_str(text: &str) -> Result<Self, $crate::InvalidInput> {
                Err($crate::secret_key::not_parsed($provider, text))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(&self.0.digest())
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.digest() == other.0.digest()
            }
        }

        impl Eq for $name {}

        impl ::std::hash::Hash for $name {
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                self.0.digest().hash(state);
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl $crate::provider::KeyParts for $name {
            const BY_SECRET: bool = true;

            fn parameters(&self) -> Vec<(&'static str, String)> {
                let name: Option<&'static str> = $parameter;
                name.map(|name| (name, self.0.expose().to_owned())).into_iter().collect()
            }

            fn secret(&self) -> Option<&$crate::Secret> {
                Some(&self.0)
            }

            fn of_secret(secret: &$crate::Secret) -> Option<Result<Self, $crate::InvalidInput>> {
                Some(Self::new(secret.clone()))
            }
        }
    };
}

pub(crate) use secret_key;

use crate::input::InvalidInput;
use crate::key::{not_as_text, not_at_hand};
use crate::secret::is_digest;

pub(crate) fn of_another_form(provider: &'static str, form: &str) -> InvalidInput {
    InvalidInput::new(
        provider,
        format!("{provider} key"),
        format!("is not {form} (not shown)"),
        "check whose secret it is: sent to another provider it would leak there",
    )
}

pub(crate) fn not_parsed(provider: &'static str, text: &str) -> InvalidInput {
    if is_digest(text) {
        return not_at_hand(provider.to_owned());
    }
    not_as_text(provider.to_owned())
}

/// A secret for a provider that revokes by id.
pub(crate) fn by_id(provider: String) -> InvalidInput {
    let subject = format!("{provider} key");
    InvalidInput::new(
        provider,
        subject,
        "is given as a secret, where this provider revokes by id (not shown)",
        "give the id under which the provider lists the key",
    )
}
