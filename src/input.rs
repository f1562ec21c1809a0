//! Bad input, refused before anything is sent.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::identify::has_form_of_secret;

/// A key, credential or setting that was refused before anything was sent: what it is, why, and the remedy.
///
/// Where this crate makes one, its text never holds a value that could be a secret: what looks like one is not
/// shown at all, and of a refused value that could be one only the first two characters and the length are.
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
/// secret scanners look for (read 2026-11), and how long it is at least: the shorter the mark, the longer a text
/// must be before it is taken for more than an id that begins alike. Looser than the forms of `identify`, since part of
/// a secret is no id either.
const SECRET_PREFIXES: &[(&str, usize)] = &[
    ("apk_", 0),
    ("cog_", 0),
    ("dol_", 0),
    ("ks_live_", 0),
    ("ks_test_", 0),
    ("sk_", 0),
    ("rk_", 0),
    ("ghp_", 0),
    ("gho_", 0),
    ("ghu_", 0),
    ("ghs_", 0),
    ("ghr_", 0),
    ("github_pat_", 0),
    ("glpat-", 0),
    ("xoxb-", 0),
    ("xoxp-", 0),
    ("xoxa-", 0),
    ("xoxc-", 0),
    ("xoxd-", 0),
    ("xoxe", 0),
    ("xoxr-", 0),
    ("xoxs-", 0),
    ("xapp-", 0),
    ("pcsk_", 0),
    ("whsec_", 0),
    ("bearer ", 0),
    ("basic ", 0),
    ("sk-", 12),
    ("pk_", 12),
    ("hf_", 20),
    ("npm_", 20),
    ("sg.", 30),
    ("aiza", 30),
    ("eyj", 30),
];

/// The bytes with which those begin, in any case.
const BEGINS_SECRET: [bool; 256] = {
    let (mut begins, mut at) = ([false; 256], 0);
    while at < SECRET_PREFIXES.len() {
        let first = SECRET_PREFIXES[at].0.as_bytes()[0];
        begins[first as usize] = true;
        begins[first.to_ascii_uppercase() as usize] = true;
        at += 1;
    }
    begins
};

/// Does the text look like a secret, by how it begins, without regard to case, or by its whole form?
pub(crate) fn looks_like_secret(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let Some(first) = text
        .bytes()
        .next()
        .filter(|first| BEGINS_SECRET[usize::from(*first)])
    else {
        return has_form_of_secret(text);
    };
    let begins = |(prefix, least): &(&str, usize)| {
        let start = text.get(..prefix.len());
        prefix.as_bytes()[0].eq_ignore_ascii_case(&first)
            && text.len() >= *least
            && start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    SECRET_PREFIXES.iter().any(begins) || has_form_of_secret(text)
}

/// Shows a refused value as far as that is safe: enough to find the typing error, too little to leak a key. What has
/// a run of more than five letters and digits could be one.
pub(crate) fn shown(value: &str) -> String {
    const SHOWN_WHOLE: usize = 12;
    const LONGEST_RUN: usize = 5;
    if value.split(['/', ':', '@', ' ']).any(looks_like_secret) {
        return "(not shown)".to_owned();
    }
    let length = value.chars().count();
    let run = value
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .map(|run| run.chars().count())
        .max();
    if length <= SHOWN_WHOLE && run <= Some(LONGEST_RUN) {
        return format!("\"{}\"", value.escape_debug());
    }
    let start: String = value.chars().take(2).collect();
    format!("\"{}…\" ({length} characters)", start.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_says_what_it_is_why_and_what_to_do() {
        let error = InvalidInput::new("intern", "intern key", "is empty", "give the key's id");
        assert_eq!((error.provider(), error.subject()), ("intern", "intern key"));
        assert_eq!(
            (error.reason(), error.remedy()),
            ("is empty", "give the key's id")
        );
        assert_eq!(error.to_string(), "intern key is empty; give the key's id");
    }

    #[test]
    fn a_short_mark_makes_a_secret_only_of_a_long_text() {
        let jwt = format!("eyJ{}", "x".repeat(27));
        for secret in [
            "sk_",
            "SK_LIVE",
            "Bearer x",
            " \"apk_user",
            "sk-012345678",
            "pcsk_ab",
            "xoxe.xoxp-1",
            "xoxs-1",
            &jwt,
        ] {
            assert!(looks_like_secret(secret), "{secret}");
        }
        for id in [
            "",
            "sk",
            "sk-01234567",
            "a-sk_1",
            "apk-abc123",
            "task_1",
            &jwt[..29],
        ] {
            assert!(!looks_like_secret(id), "{id}");
        }
    }

    #[test]
    fn a_refused_value_is_shown_only_as_far_as_it_can_be_no_secret() {
        for (value, text) in [
            ("", "\"\""),
            ("a b\n", "\"a b\\n\""),
            ("abcde/fghi.j", "\"abcde/fghi.j\""),
            ("abcde/fghi.jk", "\"ab…\" (13 characters)"),
            ("abcdef", "\"ab…\" (6 characters)"),
            ("ab_cde", "\"ab…\" (6 characters)"),
            ("éééééé", "\"éé…\" (6 characters)"),
            ("\u{202e}bcdefg", "\"\\u{202e}b…\" (7 characters)"),
            ("a/sk_1", "(not shown)"),
            ("user:sk_1@host", "(not shown)"),
            ("scheme sk_1", "(not shown)"),
        ] {
            assert_eq!(shown(value), text);
        }
    }
}
