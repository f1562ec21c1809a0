//! What authorises the call. Unprintable by type; it leaves only in the headers that a provider takes it in.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::input::InvalidInput;
use crate::key::check_id;

/// The credential that may revoke, such as an administrator's key. Never the key to kill.
///
/// `Debug` never shows it, it does not serialize, and its memory is wiped when it is dropped, as is that of the
/// copies made on the way. The HTTP stack keeps headers of its own, unwiped, for as long as the revoker lives.
///
/// ```
/// use keyrevoke::Credential;
///
/// let credential = Credential::bearer("apk_user_example");
/// assert_eq!(format!("{credential:?}"), "Credential::Bearer([redacted])");
/// ```
#[derive(Clone)]
pub struct Credential {
    kind: Kind,
    /// The id of the key that the credential itself is.
    key: Option<String>,
}

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
        Self::of_kind(Kind::Bearer(token.into().into()))
    }

    /// A key for the provider's own header, such as Dolfin's `x-dolfin-api-key`, or for its own scheme of
    /// `Authorization`, such as Okta's `SSWS`; given without that word.
    pub fn api_key(key: impl Into<String>) -> Self {
        Self::of_kind(Kind::ApiKey(key.into().into()))
    }

    /// A user, client or account name and its password, for `Authorization: Basic …`.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::of_kind(Kind::Basic(user.into(), password.into().into()))
    }

    /// Two values for the two headers of providers that want both.
    pub fn key_pair(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::of_kind(Kind::KeyPair(id.into().into(), secret.into().into()))
    }

    /// A temporary access key of AWS, with the token of its session. One without a token is a
    /// [key pair](Self::key_pair).
    #[cfg(feature = "aws")]
    pub fn temporary_key_pair(
        id: impl Into<String>,
        secret: impl Into<String>,
        session_token: impl AsRef<str>,
    ) -> Self {
        let secret = Zeroizing::new(secret.into());
        Self::key_pair(id, format!("{}:{}", secret.as_str(), session_token.as_ref()))
    }

    /// A credential as it stands in an environment variable or a file; the provider says what it is.
    ///
    /// One line break at its end is dropped. What begins with `Bearer ` is a bearer token, what begins with the
    /// provider's own scheme (`SSWS `) a key for that, `FIRST:SECOND` a pair where the provider wants two values, and
    /// anything else the first of the forms that
    /// [`ProviderInfo::credentials`](crate::ProviderInfo::credentials) lists.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self::of_kind(Kind::Text(text.into().into()))
    }
}

impl Credential {
    const fn of_kind(kind: Kind) -> Self {
        Self { kind, key: None }
    }

    /// Says that this credential is itself the key of this id, as text without the provider's name.
    ///
    /// A key that revokes itself is refused from then on. Where the answer to the revocation was lost, a 401
    /// that follows is then known to be [likely its death](crate::RevokeError::is_likely_dead).
    ///
    /// ```
    /// use keyrevoke::Credential;
    ///
    /// let own = Credential::api_key("dol_live_example").with_key_id("2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab");
    /// ```
    pub fn with_key_id(mut self, id: impl Into<String>) -> Self {
        self.key = Some(id.into());
        self
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.kind {
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
    /// `Authorization: WORD KEY`, with a word of the provider's own.
    Scheme(&'static str),
    /// One header of the provider's own.
    ApiKey(&'static str),
    /// `Authorization: Basic …`.
    Basic,
    /// Two headers of the provider's own.
    KeyPair(&'static str, &'static str),
    /// A signature over the request, by an access key of AWS.
    #[cfg(feature = "aws")]
    Signed(crate::sigv4::Scope),
    /// `Authorization: Basic …`, whose user name also stands in the paths, as the parameter of this name.
    BasicFor(&'static str),
    /// There is none but the key that is to die, in this form.
    Itself(&'static Self),
    /// There is none: a request that carries one is refused.
    Nothing,
}

impl Form {
    /// Is there no credential that a caller could give?
    pub(crate) fn is_none(self) -> bool {
        matches!(self, Self::Itself(_) | Self::Nothing)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer => f.write_str("Bearer token"),
            Self::Scheme(word) => write!(f, "Authorization header with {word}"),
            Self::ApiKey(header) => write!(f, "{header} header"),
            Self::Basic | Self::BasicFor(_) => f.write_str("Basic USER:PASSWORD"),
            Self::KeyPair(first, second) => write!(f, "{first} and {second} headers as FIRST:SECOND"),
            #[cfg(feature = "aws")]
            Self::Signed(_) => f.write_str("signature by ID:SECRET or ID:SECRET:SESSION_TOKEN"),
            Self::Itself(form) => write!(f, "the key itself: {form}"),
            Self::Nothing => f.write_str("none"),
        }
    }
}

/// The headers that carry a credential, and the strings that must not come back in any text.
pub(crate) struct Prepared {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) redactor: Redactor,
    /// The id of the key that the credential itself is.
    pub(crate) key_id: Option<String>,
    /// What signs requests, where no header is the same for all of them.
    #[cfg(feature = "aws")]
    pub(crate) signer: Option<crate::sigv4::Signer>,
    /// What stands in the paths of it.
    pub(crate) parameter: Option<(&'static str, String)>,
}

impl Prepared {
    /// No credential, where none could be had.
    pub(crate) fn none(redactor: &Redactor) -> Self {
        Self {
            headers: Vec::new(),
            redactor: redactor.clone(),
            key_id: None,
            #[cfg(feature = "aws")]
            signer: None,
            parameter: None,
        }
    }

    /// Do both authorise with the same values?
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        #[cfg(feature = "aws")]
        if self.signer != other.signer {
            return false;
        }
        self.headers == other.headers
    }

    /// The same credential, which also keeps other secrets out of all texts.
    pub(crate) fn and_redacting(self: Arc<Self>, others: &Redactor) -> Arc<Self> {
        let mut unknown = others.0.iter();
        if unknown.all(|other| self.redactor.knows(other.expose_secret())) {
            return self;
        }
        Arc::new(Self {
            headers: self.headers.clone(),
            redactor: self.redactor.and(others),
            key_id: self.key_id.clone(),
            #[cfg(feature = "aws")]
            signer: self.signer.clone(),
            parameter: self.parameter.clone(),
        })
    }

    /// What stands in the path: the parts of the key, and of the credential where the provider wants that.
    pub(crate) fn and_own(
        &self,
        parameters: &Arc<Vec<(&'static str, String)>>,
    ) -> Arc<Vec<(&'static str, String)>> {
        match &self.parameter {
            None => Arc::clone(parameters),
            Some(own) => Arc::new(parameters.iter().chain([own]).cloned().collect()),
        }
    }
}

/// Longer than any token seen, short enough for servers' header limits.
const LONGEST_TOKEN: usize = 4096;
const SHORTEST_REDACTED: usize = 4;

impl Credential {
    /// Checks the credential against the forms that a provider takes and lays it out as headers.
    pub(crate) fn prepare(&self, provider: &'static str, forms: &[Form]) -> Result<Prepared, InvalidInput> {
        self.lay_out(forms).map_err(|(reason, remedy)| {
            InvalidInput::new(provider, format!("{provider} credential"), reason, remedy)
        })
    }

    fn lay_out(&self, forms: &[Form]) -> Result<Prepared, (&'static str, Cow<'static, str>)> {
        let Some((form, first, second)) = self.fit(forms) else {
            let taken: Vec<String> = forms.iter().map(ToString::to_string).collect();
            let remedy = format!("give one of: {}", taken.join(", "));
            return Err(("is not of a kind that this provider takes", remedy.into()));
        };
        for value in [Some(first), second].into_iter().flatten() {
            check_value(value, matches!(form, Form::Basic | Form::BasicFor(_)))?;
        }
        let second = second.unwrap_or_default();
        let mut secrets = vec![first];
        let encoded;
        let decoded;
        #[cfg(feature = "aws")]
        let mut signer = None;
        let mut parameter = None;
        let values = match form {
            Form::Bearer => vec![("authorization", Zeroizing::new(format!("Bearer {first}")))],
            Form::Scheme(word) => {
                decoded = decoded_secret(first);
                secrets.extend(decoded.as_ref().map(|secret| secret.as_str()));
                vec![("authorization", Zeroizing::new(format!("{word} {first}")))]
            }
            Form::ApiKey(header) => vec![(header, Zeroizing::new(first.to_owned()))],
            Form::Basic | Form::BasicFor(_) => {
                if let Form::BasicFor(name) = form {
                    if check_id("keyrevoke", "user name", first).is_err() {
                        return Err((
                            "has a user name that cannot stand in a path",
                            "give it exactly as the provider shows it".into(),
                        ));
                    }
                    parameter = Some((name, first.to_owned()));
                }
                if first.contains(':') {
                    return Err((
                        "has a colon in its user name",
                        "give the user name without a colon".into(),
                    ));
                }
                let pair = Zeroizing::new(format!("{first}:{second}"));
                encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
                secrets = vec![second, encoded.as_str()]; // the user name is no secret
                vec![(
                    "authorization",
                    Zeroizing::new(format!("Basic {}", encoded.as_str())),
                )]
            }
            Form::KeyPair(one, two) => {
                secrets.push(second);
                vec![
                    (one, Zeroizing::new(first.to_owned())),
                    (two, Zeroizing::new(second.to_owned())),
                ]
            }
            #[cfg(feature = "aws")]
            Form::Signed(scope) => {
                // No secret of AWS holds a colon.
                let (secret, token) = match second.split_once(':') {
                    Some((secret, token)) => (secret, Some(token)),
                    None => (second, None),
                };
                if secret.is_empty() || token.is_some_and(str::is_empty) {
                    return Err((
                        "has an empty part",
                        "give ID:SECRET or ID:SECRET:SESSION_TOKEN".into(),
                    ));
                }
                secrets = [Some(secret), token].into_iter().flatten().collect(); // the id is no secret
                signer = Some(crate::sigv4::Signer {
                    scope,
                    id: first.to_owned(),
                    secret: secret.into(),
                    token: token.map(Into::into),
                });
                Vec::new()
            }
            Form::Itself(_) | Form::Nothing => Vec::new(),
        };
        let mut headers = Vec::with_capacity(values.len());
        for (name, value) in values {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::from_str(&value))
            else {
                return Err((
                    "cannot stand in a header (not shown)",
                    "check it for stray characters".into(),
                ));
            };
            value.set_sensitive(true);
            headers.push((name, value));
        }
        // Longest first, so that no part of one is left over; what is too short is no secret and is in every word.
        secrets.retain(|secret| secret.len() >= SHORTEST_REDACTED);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Ok(Prepared {
            headers,
            redactor: Redactor(secrets.into_iter().map(SecretString::from).collect()),
            key_id: self.key.clone(),
            #[cfg(feature = "aws")]
            signer,
            parameter,
        })
    }

    /// Which of the provider's forms this credential fills, and with what.
    fn fit(&self, forms: &[Form]) -> Option<(Form, &str, Option<&str>)> {
        if forms.iter().any(|form| form.is_none()) {
            return None;
        }
        let find = |wanted: fn(&Form) -> bool| forms.iter().copied().find(wanted);
        let is_bearer = |form: &Form| matches!(form, Form::Bearer);
        match &self.kind {
            Kind::Bearer(token) => Some((find(is_bearer)?, token.expose_secret(), None)),
            Kind::ApiKey(key) => Some((
                find(|form| matches!(form, Form::ApiKey(_) | Form::Scheme(_)))?,
                key.expose_secret(),
                None,
            )),
            Kind::Basic(user, password) => Some((
                find(|form| matches!(form, Form::Basic | Form::BasicFor(_)))?,
                user,
                Some(password.expose_secret()),
            )),
            Kind::KeyPair(id, secret) => {
                let form = find(is_pair)?;
                Some((form, id.expose_secret(), Some(secret.expose_secret())))
            }
            Kind::Text(text) => {
                let text = text.expose_secret();
                let text = text
                    .strip_suffix('\n')
                    .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
                if let Some(token) = text.strip_prefix("Bearer ") {
                    return Some((find(is_bearer)?, token, None));
                }
                let schemed = forms.iter().find_map(|form| match form {
                    Form::Scheme(scheme) => Some((*form, text.strip_prefix(scheme)?.strip_prefix(' ')?)),
                    _ => None,
                });
                if let Some((form, key)) = schemed {
                    return Some((form, key, None));
                }
                match *forms.first()? {
                    form if matches!(form, Form::Basic | Form::BasicFor(_)) || is_pair(&form) => {
                        let (first, second) = text.split_once(':')?;
                        Some((form, first, Some(second)))
                    }
                    form => Some((form, text, None)),
                }
            }
        }
    }
}

/// Does the form take two values as they are?
fn is_pair(form: &Form) -> bool {
    #[cfg(feature = "aws")]
    if matches!(form, Form::Signed(_)) {
        return true;
    }
    matches!(form, Form::KeyPair(..))
}

/// What stands behind the id in a key that is `id:secret` in base64, such as Elasticsearch's, and may be echoed as that.
fn decoded_secret(encoded: &str) -> Option<Zeroizing<String>> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded);
    let bytes = Zeroizing::new(bytes.ok()?);
    let (_, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some(Zeroizing::new(secret.to_owned()))
}

fn check_value(value: &str, is_basic: bool) -> Result<(), (&'static str, Cow<'static, str>)> {
    // What Basic carries is encoded, so it may hold blanks and letters of any script; nothing may hold controls.
    let sound =
        |c: char| c.is_ascii_graphic() || (is_basic && (c == ' ' || !c.is_ascii()) && !c.is_control());
    if value.is_empty() {
        Err(("is empty", "set it".into()))
    } else if value.len() > LONGEST_TOKEN {
        Err((
            "is longer than 4096 bytes",
            "give the credential alone, not a file around it".into(),
        ))
    } else if !value.chars().all(sound) {
        Err((
            "holds a blank, a line break, a control or a non-ASCII character (not shown)",
            "remove it; only one line break at the very end is dropped".into(),
        ))
    } else {
        Ok(())
    }
}

/// Takes our own credential out of texts that come from outside.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Vec<SecretString>);

impl Redactor {
    /// The text without any of our secrets, in whatever case.
    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, secret| {
            match replace_any_case(&text, secret.expose_secret()) {
                Some(replaced) => Cow::Owned(replaced),
                None => text,
            }
        })
    }

    /// Both; the longest first, so that no part of one is left over.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both: Vec<SecretString> = self.0.iter().chain(&other.0).cloned().collect();
        both.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self(both)
    }

    /// The secret of a key that is told to the provider: as it is, and as it stands in a form and in JSON, which may be
    /// quoted back as they came.
    pub(crate) fn of_secret(secret: &str) -> Self {
        let form = Zeroizing::new(crate::content::encoded(secret));
        let quoted = Zeroizing::new(serde_json::Value::from(secret).to_string());
        let json = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        // As PHP writes it.
        let slashed = Zeroizing::new(json.replace('/', "\\/"));
        let mut all = vec![form.as_str(), slashed.as_str(), json, secret];
        all.retain(|text| text.len() >= SHORTEST_REDACTED);
        all.sort_by_key(|text| (std::cmp::Reverse(text.len()), *text));
        all.dedup();
        Self(all.into_iter().map(SecretString::from).collect())
    }

    /// Is the text one of our secrets?
    pub(crate) fn knows(&self, text: &str) -> bool {
        self.0.iter().any(|secret| secret.expose_secret() == text)
    }
}

/// `None` where the secret is not in the text.
fn replace_any_case(text: &str, secret: &str) -> Option<String> {
    // What stands in few texts is looked for, and the rest only around it.
    let mark = secret
        .bytes()
        .position(|byte| !byte.is_ascii_alphabetic() && byte != b' ');
    let mark = mark.unwrap_or_default();
    let byte = *secret.as_bytes().get(mark)?;
    let (mut out, mut done) = (String::new(), 0);
    for found in memchr::memchr2_iter(
        byte.to_ascii_lowercase(),
        byte.to_ascii_uppercase(),
        text.as_bytes(),
    ) {
        let Some(start) = found.checked_sub(mark).filter(|start| *start >= done) else {
            continue;
        };
        let end = start + secret.len();
        if text
            .get(start..end)
            .is_some_and(|here| here.eq_ignore_ascii_case(secret))
        {
            out.push_str(&text[done..start]);
            out.push_str("[redacted]");
            done = end;
        }
    }
    (done > 0).then(|| {
        out.push_str(&text[done..]);
        out
    })
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds only for types that wipe their memory when they are dropped.
    fn wipes<T: secrecy::zeroize::ZeroizeOnDrop>(_: &T) {}

    #[test]
    fn a_key_travels_under_the_providers_own_scheme_with_or_without_that_word() {
        let forms = [Form::Scheme("SSWS"), Form::Bearer];
        let sent = |credential: Credential| {
            let prepared = credential.prepare("x", &forms).unwrap();
            assert!(prepared.redactor.knows("canary"));
            prepared.headers[0].1.to_str().unwrap().to_owned()
        };
        for credential in [
            Credential::api_key("canary"),
            Credential::from_text("canary\n"),
            Credential::from_text("SSWS canary"),
        ] {
            assert_eq!(sent(credential), "SSWS canary");
        }
        assert_eq!(sent(Credential::from_text("Bearer canary")), "Bearer canary");
        assert!(
            Credential::from_text("ssws canary").prepare("x", &forms).is_err(),
            "a blank is no part of a key"
        );
    }

    #[test]
    fn an_encoded_key_is_taken_out_of_texts_decoded_too() {
        let encoded = base64::engine::general_purpose::STANDARD.encode("an-id:secret-canary");
        let prepared = Credential::api_key(encoded.as_str())
            .prepare("x", &[Form::Scheme("ApiKey")])
            .unwrap();
        let echo = format!("not an-id:secret-canary, nor {encoded}");
        let cleaned = prepared.redactor.clean(&echo);
        assert!(
            !cleaned.contains("canary") && !cleaned.contains(&encoded),
            "{cleaned}"
        );
        assert!(cleaned.contains("an-id"), "the id is no secret");
    }

    #[test]
    fn the_secret_of_a_key_is_taken_out_of_texts_as_it_is_and_as_it_travels() {
        let secret = r#"ca"na\ry/+one"#;
        let redactor = Redactor::of_secret(secret);
        let json = serde_json::json!({ "token": secret }).to_string();
        for echo in [
            secret.to_owned(),
            format!("token={}", crate::content::encoded(secret)),
            format!("cannot take {json}"),
            format!("cannot take {}", json.replace('/', r"\/")),
        ] {
            let cleaned = redactor.clean(&echo);
            assert!(
                cleaned.contains("[redacted]") && !cleaned.contains("one"),
                "{cleaned}"
            );
        }
        assert_eq!(Redactor::of_secret("canary").0.len(), 1, "each form once");
    }

    #[test]
    fn a_user_name_that_stands_in_the_path_is_checked_before_anything_is_sent() {
        let forms = [Form::BasicFor("client_id")];
        let prepare = |user: &str| Credential::basic(user, "canary").prepare("x", &forms);
        assert!(prepare("Iv1.8a61f9b3a7aba766").is_ok());
        for user in ["..", "a b", "\u{e9}", "a/b", "a%2e"] {
            let refused = prepare(user).map(drop).unwrap_err().to_string();
            assert!(
                refused.contains("user name that cannot stand in a path"),
                "{refused}"
            );
            assert!(!refused.contains("canary"));
        }
    }

    #[test]
    fn row_100_every_copy_of_a_credential_is_of_a_type_that_wipes_itself() {
        let credential = Credential::key_pair("id-canary", "secret-canary");
        let Kind::KeyPair(id, secret) = &credential.kind else {
            unreachable!("a pair was made")
        };
        wipes(id);
        wipes(secret);
        let prepared = credential
            .prepare("x", &[Form::KeyPair("x-id", "x-secret")])
            .unwrap();
        prepared.redactor.0.iter().for_each(wipes);
        assert_eq!(prepared.redactor.0.len(), 2);
        assert!(prepared.headers.iter().all(|(_, value)| value.is_sensitive()));
    }
}
