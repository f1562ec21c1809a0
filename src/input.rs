//! Bad input, refused before anything is sent.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// A key, credential or setting that was refused before anything was sent: what it is, why, and the remedy.
///
/// Its text never holds a value that could be a secret: what looks like one is not shown at all, and of
/// anything longer than a dozen characters only the first four and the length are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidInput {
    provider: Cow<'static, str>,
    subject: String,
    reason: String,
    remedy: Cow<'static, str>,
}

impl InvalidInput {
    /// Bad input: whose, what it is, why it is refused, and what to do about it.
    ///
    /// ```
    /// use keyrevoke::InvalidInput;
    ///
    /// let error = InvalidInput::new("intern", "intern key", "is empty", "give the key's id");
    /// assert_eq!(error.to_string(), "intern key is empty; give the key's id");
    /// ```
    pub fn new(
        provider: impl Into<Cow<'static, str>>,
        subject: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            provider: provider.into(),
            subject: subject.into(),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }

    /// The provider that the input was for; `keyrevoke` where it was for none.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// What was refused, such as `dolfin key "x"`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.subject, self.reason, self.remedy)
    }
}

impl Error for InvalidInput {}

/// How a secret begins at the vendors that mark theirs, from their public documentation and from what
/// secret scanners look for (read 2026-11). Compared without regard to case.
const SECRET_PREFIXES: &[&str] = &[
    "apk_",
    "cog_",
    "dol_",
    "ks_live_",
    "ks_test_",
    "sk_",
    "sk-",
    "rk_",
    "pk_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sg.",
    "eyj",
    "aiza",
    "hf_",
    "npm_",
    "whsec_",
    "bearer ",
    "basic ",
];

/// Does the text begin as a secret does?
pub(crate) fn looks_like_secret(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || "\"'`".contains(c));
    SECRET_PREFIXES.iter().any(|prefix| {
        text.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

/// Shows a refused value as far as that is safe: enough to find the typing error, too little to leak a key.
pub(crate) fn shown(value: &str) -> String {
    const SHOWN_WHOLE: usize = 12;
    if value.split(['/', ':', '@']).any(looks_like_secret) {
        return "(not shown)".to_owned();
    }
    let length = value.chars().count();
    if length <= SHOWN_WHOLE {
        return format!("\"{}\"", value.escape_debug());
    }
    let start: String = value.chars().take(4).collect();
    format!("\"{}…\" ({length} characters)", start.escape_debug())
}
