//! What authorises the call. Unprintable by type; it leaves only in the headers that a provider takes it in.

use std::fmt;

use base64::Engine;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::input::InvalidInput;

/// The credential that may revoke, such as an administrator's key. Never the key to kill.
///
/// `Debug` never shows it, it does not serialize, and its memory is wiped when it is dropped (the HTTP stack
/// keeps copies of its own for as long as a request is under way).
///
/// ```
/// use keyrevoke::Credential;
///
/// let credential = Credential::bearer("apk_user_example");
/// assert_eq!(format!("{credential:?}"), "Credential::Bearer([redacted])");
/// ```
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    Bearer(SecretString),
    ApiKey(SecretString),
    Basic(String, SecretString),
    KeyPair(SecretString, SecretString),
    Text(SecretString),
}

impl Credential {
    /// A token for `Authorization: Bearer …`; given without that word.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self(Kind::Bearer(token.into().into()))
    }

    /// A key for the provider's own header, such as Dolfin's `x-dolfin-api-key`.
    pub fn api_key(key: impl Into<String>) -> Self {
        Self(Kind::ApiKey(key.into().into()))
    }

    /// A user, client or account name and its password, for `Authorization: Basic …`.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self(Kind::Basic(user.into(), password.into().into()))
    }

    /// Two values for the two headers of providers that want both.
    pub fn key_pair(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self(Kind::KeyPair(id.into().into(), secret.into().into()))
    }

    /// A credential as it stands in an environment variable or a file; the provider says what it is.
    ///
    /// One line break at its end is dropped. What begins with `Bearer ` is a bearer token, `FIRST:SECOND` a
    /// pair where the provider wants two values, and anything else the first of the forms that
    /// [`ProviderInfo::credentials`](crate::ProviderInfo::credentials) lists.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(Kind::Text(text.into().into()))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.0 {
            Kind::Bearer(_) => "Bearer",
            Kind::ApiKey(_) => "ApiKey",
            Kind::Basic(..) => "Basic",
            Kind::KeyPair(..) => "KeyPair",
            Kind::Text(_) => "Text",
        };
        write!(f, "Credential::{form}([redacted])")
    }
}

/// How a provider takes a credential. The first of its forms is the one meant by plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// One header of the provider's own.
    ApiKey(&'static str),
    /// `Authorization: Basic …`.
    Basic,
    /// Two headers of the provider's own.
    KeyPair(&'static str, &'static str),
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer => f.write_str("Bearer token"),
            Self::ApiKey(header) => write!(f, "{header} header"),
            Self::Basic => f.write_str("Basic USER:PASSWORD"),
            Self::KeyPair(first, second) => write!(f, "{first} and {second} headers as FIRST:SECOND"),
        }
    }
}

/// The headers that carry a credential, and the strings that must not come back in any text.
pub(crate) struct Prepared {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) redactor: Redactor,
}

impl Prepared {
    /// Do both authorise with the same values?
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.headers == other.headers
    }

    /// The same credential, which also keeps another one out of all texts.
    pub(crate) fn and_redacting(&self, other: &Self) -> Self {
        let secrets = self.redactor.0.iter().chain(&other.redactor.0).cloned().collect();
        Self {
            headers: self.headers.clone(),
            redactor: Redactor(secrets),
        }
    }
}

/// Longer than any token seen, short enough for servers' header limits.
const LONGEST_TOKEN: usize = 4096;
const SHORTEST_REDACTED: usize = 4;

impl Credential {
    /// Checks the credential against the forms that a provider takes and lays it out as headers.
    pub(crate) fn prepare(&self, provider: &'static str, forms: &[Form]) -> Result<Prepared, InvalidInput> {
        let refuse = |reason: &str, remedy: String| {
            Err(InvalidInput::new(
                provider,
                format!("{provider} credential"),
                reason,
                remedy,
            ))
        };
        let Some((form, first, second)) = self.fit(forms) else {
            let taken: Vec<String> = forms.iter().map(ToString::to_string).collect();
            return refuse(
                "is not of a kind that this provider takes",
                format!("give one of: {}", taken.join(", ")),
            );
        };
        let is_basic = matches!(form, Form::Basic);
        for value in [Some(&first), second.as_ref()].into_iter().flatten() {
            if value.is_empty() {
                return refuse("is empty", "set it".into());
            }
            if value.len() > LONGEST_TOKEN {
                return refuse(
                    "is longer than 4096 bytes",
                    "give the credential alone, not a file around it".into(),
                );
            }
            // Basic user names and passwords are encoded, so they may hold blanks; nothing may hold controls.
            let sound = |c: char| {
                c.is_ascii_graphic() || (is_basic && (c == ' ' || !c.is_ascii()) && !c.is_control())
            };
            if !value.chars().all(sound) {
                return refuse(
                    "holds a blank, a line break, a control or a non-ASCII character (not shown)",
                    "remove it; only one line break at the very end is dropped".into(),
                );
            }
        }
        let second = second.unwrap_or_default();
        let (values, mut secrets) = match form {
            Form::Bearer => (vec![("authorization", format!("Bearer {first}"))], vec![first]),
            Form::ApiKey(header) => (vec![(header, first.clone())], vec![first]),
            Form::Basic => {
                if first.contains(':') {
                    return refuse(
                        "has a colon in its user name",
                        "give the user name without a colon".into(),
                    );
                }
                let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{first}:{second}"));
                (
                    vec![("authorization", format!("Basic {encoded}"))],
                    vec![second, encoded],
                )
            }
            Form::KeyPair(one, two) => (
                vec![(one, first.clone()), (two, second.clone())],
                vec![first, second],
            ),
        };
        let mut headers = Vec::with_capacity(values.len());
        for (name, value) in values {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
                return refuse(
                    "cannot stand in a header (not shown)",
                    "check it for stray characters".into(),
                );
            };
            value.set_sensitive(true);
            headers.push((name, value));
        }
        // Longest first, so that no part of one is left over; what is too short is no secret and is in every word.
        secrets.retain(|secret| secret.len() >= SHORTEST_REDACTED);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let secrets = secrets
            .iter()
            .map(|secret| SecretString::from(secret.as_str()))
            .collect();
        Ok(Prepared {
            headers,
            redactor: Redactor(secrets),
        })
    }

    /// Which of the provider's forms this credential fills, and with what.
    fn fit(&self, forms: &[Form]) -> Option<(Form, String, Option<String>)> {
        let find = |wanted: fn(&Form) -> bool| forms.iter().copied().find(wanted);
        let is_bearer = |form: &Form| matches!(form, Form::Bearer);
        match &self.0 {
            Kind::Bearer(token) => Some((find(is_bearer)?, token.expose_secret().to_owned(), None)),
            Kind::ApiKey(key) => Some((
                find(|form| matches!(form, Form::ApiKey(_)))?,
                key.expose_secret().to_owned(),
                None,
            )),
            Kind::Basic(user, password) => Some((
                find(|form| matches!(form, Form::Basic))?,
                user.clone(),
                Some(password.expose_secret().to_owned()),
            )),
            Kind::KeyPair(id, secret) => Some((
                find(|form| matches!(form, Form::KeyPair(..)))?,
                id.expose_secret().to_owned(),
                Some(secret.expose_secret().to_owned()),
            )),
            Kind::Text(text) => {
                let text = text.expose_secret();
                let text = text
                    .strip_suffix('\n')
                    .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
                if let Some(token) = text.strip_prefix("Bearer ") {
                    return Some((find(is_bearer)?, token.to_owned(), None));
                }
                match *forms.first()? {
                    form @ (Form::Basic | Form::KeyPair(..)) => {
                        let (first, second) = text.split_once(':')?;
                        Some((form, first.to_owned(), Some(second.to_owned())))
                    }
                    form => Some((form, text.to_owned(), None)),
                }
            }
        }
    }
}

/// Takes our own credential out of texts that come from outside.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Vec<SecretString>);

impl Redactor {
    /// The text without any of our secrets.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "[redacted]")
        })
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}
