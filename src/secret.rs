//! The leaked secret itself.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::input::InvalidInput;

/// The leaked secret itself. Unprintable by type; its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret; one line break at its end is dropped.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let mut text = text.into();
        if text.ends_with('\n') {
            text.pop();
        }
        if text.ends_with('\r') {
            text.pop();
        }
        let sound = (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !sound {
            return Err(InvalidInput::new(
                "keyrevoke",
                "secret",
                "is empty, too long, or holds a blank, a control or a non-ASCII character (not shown)",
                "give the secret alone, on one line",
            ));
        }
        Ok(Self(text.into()))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}
