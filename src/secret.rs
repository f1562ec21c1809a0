//! The secret of a key, such as one that was found where it should not be. Unprintable by type.

use std::fmt;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

use crate::digest::sha256;
use crate::input::InvalidInput;

/// The leaked secret itself: what somebody who found it could use. Neither the key's identity, which is a
/// [`KeyRef`](crate::KeyRef), nor the [`Credential`](crate::Credential) that may revoke it.
///
/// `Debug`, `Display` and JSON show its [fingerprint](Self::fingerprint) instead of it, it cannot be compared, and its
/// memory is wiped when it is dropped.
///
/// ```
/// use keyrevoke::Secret;
///
/// let secret = Secret::new("dol_live_example\n")?;
/// assert_eq!(secret.to_string(), "sha256:728f30aa");
/// assert_eq!(format!("{secret:?}"), "Secret(sha256:728f30aa)");
/// # Ok::<(), keyrevoke::InvalidInput>(())
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

/// As for credentials: longer than any token seen.
const LONGEST: usize = 4096;

impl Secret {
    /// Checks and takes a secret; one line break at its end is dropped.
    ///
    /// Refused are what is empty, what is longer than 4096 bytes, and what holds a blank, a line break, a control or a
    /// character outside ASCII. The error shows nothing of it.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = Zeroizing::new(text.into());
        let line = text
            .strip_suffix('\n')
            .map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        let refuse = |reason: &str, remedy: &'static str| {
            Err(InvalidInput::new("keyrevoke", "secret", reason, remedy))
        };
        if line.is_empty() {
            return refuse("is empty", "give the secret");
        }
        if line.len() > LONGEST {
            return refuse(
                "is longer than 4096 bytes",
                "give the secret alone, not a file around it",
            );
        }
        if !line.chars().all(|c| c.is_ascii_graphic()) {
            return refuse(
                "holds a blank, a line break, a control or a non-ASCII character (not shown)",
                "give one secret alone, without a name or \"Bearer\" before it",
            );
        }
        Ok(Self(SecretString::from(line)))
    }

    /// Tells secrets apart without showing them, for logs and tickets: `sha256:` and the first 8 hexadecimal digits of
    /// the SHA-256 of its bytes. Different secrets can have the same one, if rarely.
    pub fn fingerprint(&self) -> String {
        let digest = sha256(self.expose().as_bytes());
        let hex: String = digest
            .as_ref()
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("sha256:{hex}")
    }

    /// The secret, for where it is compared and sent, and nothing else.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.fingerprint())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// As its fingerprint.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_dropped_and_nothing_else() {
        for (given, kept) in [
            ("canary", Some("canary")),
            ("canary\n", Some("canary")),
            ("canary\r\n", Some("canary")),
            ("canary\n\n", None),
            ("canary\r", None),
            ("\ncanary", None),
            (" canary", None),
            ("canary ", None),
            ("can\tary", None),
            ("can\nary", None),
            ("can\u{200b}ary", None),
            ("c\u{e4}nary", None),
            ("can\0ary", None),
            ("", None),
            ("\n", None),
            ("\r\n", None),
        ] {
            match Secret::new(given) {
                Ok(secret) => assert_eq!(Some(secret.expose()), kept, "{given:?}"),
                Err(error) => {
                    assert_eq!(None, kept, "{given:?}");
                    assert!(!format!("{error} {error:?}").contains("can"), "{error:?}");
                }
            }
        }
        assert!(Secret::new("x".repeat(4096) + "\n").is_ok());
        assert!(Secret::new("x".repeat(4097)).is_err());
    }

    #[test]
    fn it_shows_its_fingerprint_and_never_itself() {
        // The digest of "abc" is printed in FIPS 180-4.
        assert_eq!(Secret::new("abc").unwrap().fingerprint(), "sha256:ba7816bf");
        let secret = Secret::new("sk_live_canary0123456789").unwrap();
        let json = serde_json::to_string(&secret).unwrap();
        assert_eq!(json, format!("\"{}\"", secret.fingerprint()));
        let shown = format!("{secret} {secret:?} {secret:#?} {json}");
        assert!(!shown.contains("canary") && !shown.contains("sk_"), "{shown}");
        assert_eq!(format!("{secret:>20}").len(), 20);
    }

    #[test]
    fn its_memory_is_wiped() {
        fn wipes<T: secrecy::zeroize::ZeroizeOnDrop>(_: &T) {}
        wipes(&Secret::new("canary").unwrap().0);
    }
}
