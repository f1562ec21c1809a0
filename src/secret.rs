//! The secret of a key, such as one that was found where it should not be. Unprintable by type.

use std::fmt;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

use crate::digest::sha256;
use crate::input::InvalidInput;

/// The leaked secret itself: what somebody who found it could use. Neither the key's identity, which is a
/// [`KeyRef`](crate::KeyRef), nor the [`Credential`](crate::Credential) that may revoke it. Some providers can only be told
/// the secret; [`KeyRef::of_secret`](crate::KeyRef::of_secret) makes a key of it.
///
/// `Debug`, `Display` and JSON show its [fingerprint](Self::fingerprint) instead of it, it cannot be compared, and its
/// memory is wiped when the last clone is dropped.
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
pub struct Secret(Arc<SecretString>);

/// As for credentials: longer than any token seen.
const LONGEST: usize = 4096;

/// How a digest begins, and how many digits it has.
const DIGEST: &str = "sha256:";
const DIGITS: usize = 64;

/// Is this text the [digest](Secret::digest) of a secret?
pub(crate) fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix(DIGEST);
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    })
}

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
        Ok(Self(Arc::new(SecretString::from(line))))
    }

    /// Tells secrets apart without showing them, for logs and tickets: `sha256:` and the first 8 hexadecimal digits of
    /// the SHA-256 of its bytes. Different secrets can have the same one, if rarely.
    pub fn fingerprint(&self) -> String {
        let mut text = self.digest();
        text.truncate(DIGEST.len() + 8);
        text
    }

    /// `sha256:` and all 64 hexadecimal digits: no two secrets have the same one. It is what journals and results call a
    /// key by that is known by its secret alone. Whoever guesses a secret can tell by it that the guess is right.
    pub fn digest(&self) -> String {
        use fmt::Write;
        let digest = sha256(self.expose().as_bytes());
        let mut text = String::with_capacity(DIGEST.len() + DIGITS);
        text.push_str(DIGEST);
        for byte in digest.as_ref() {
            _ = write!(text, "{byte:02x}");
        }
        text
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
        let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Secret::new("abc").unwrap().digest(), digest);
        assert!(is_digest(digest));
        let short = &digest[..digest.len() - 1];
        for other in [
            short,
            &digest.to_uppercase(),
            &digest[7..],
            "sha256:",
            "",
            &format!("{short}g"),
        ] {
            assert!(!is_digest(other), "{other}");
        }
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
        wipes(&*Secret::new("canary").unwrap().0);
    }
}
