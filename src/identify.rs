//! Which provider a leaked secret belongs to, by its form alone: nothing is sent.

mod pattern;
mod rules;
#[cfg(test)]
mod tests;
mod which;

use std::sync::LazyLock;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub(crate) use self::pattern::{
    ALNUM, BASE64, BASE64URL, DIGITS, HEX, HEX_ANY_CASE, LOWER, Part, TOKEN, ends_with_crc32,
};
use self::pattern::{ends, fit, may_begin, most_fixed};
#[cfg(feature = "aws")]
pub(crate) use self::rules::AWS_ACCESS_KEY_ID;
use self::rules::OTHERS;
pub use self::which::{Which, which};
use crate::secret::Secret;

/// A form of secrets, and what it says of those that have it.
pub struct SecretForm {
    name: &'static str,
    vendor: &'static str,
    what: &'static str,
    form: &'static [Part],
    checksum: Option<fn(&str) -> bool>,
    manual: Option<Manual>,
    source: &'static str,
    /// Is it the id of a key, which leaks beside the secret and is no secret?
    is_id: bool,
}

impl SecretForm {
    /// Its name, the vendor, what kind of secret it is, and the form.
    pub(crate) const fn new(
        name: &'static str,
        vendor: &'static str,
        what: &'static str,
        form: &'static [Part],
    ) -> Self {
        Self {
            name,
            vendor,
            what,
            form,
            checksum: None,
            manual: None,
            source: "",
            is_id: false,
        }
    }

    pub(crate) const fn with_checksum(mut self, is_sound: fn(&str) -> bool) -> Self {
        self.checksum = Some(is_sound);
        self
    }

    pub(crate) const fn by_hand(mut self, page: &'static str, how: &'static str) -> Self {
        self.manual = Some(Manual {
            page: Some(page),
            how,
        });
        self
    }

    pub(crate) const fn in_words(mut self, how: &'static str) -> Self {
        self.manual = Some(Manual { page: None, how });
        self
    }

    pub(crate) const fn an_id(mut self) -> Self {
        self.is_id = true;
        self
    }

    pub(crate) const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// How much of the text is fixed by this rule, if it fits.
    fn fits(&self, text: &str) -> Option<usize> {
        let fixed = fit(self.form, text.as_bytes())?;
        self.checksum
            .is_none_or(|is_sound| is_sound(text))
            .then_some(fixed)
    }
}

/// A rule that a secret fits: whose secret it is, and what kills it.
///
/// That the form fits does not say that the secret is real, or that it works.
#[derive(Clone, Copy)]
pub struct Match {
    form: &'static SecretForm,
    provider: Option<&'static str>,
}

/// All forms, with the providers that revoke such keys.
fn forms() -> impl Iterator<Item = Match> {
    let own = crate::providers::SECRET_FORMS.iter().flat_map(|(name, forms)| {
        let provider = Some(*name);
        forms.iter().map(move |form| Match { form, provider })
    });
    own.chain(OTHERS.iter().map(|form| Match { form, provider: None }))
}

/// How a person kills a key where this crate cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Manual {
    /// The vendor's page on which to begin, where one is named.
    pub page: Option<&'static str>,
    /// What to do, in one sentence.
    pub how: &'static str,
}

impl Match {
    /// The rule's name, such as `github-personal-token-classic`.
    pub fn rule(&self) -> &'static str {
        self.form.name
    }

    /// The vendor's name, for people.
    pub fn vendor(&self) -> &'static str {
        self.form.vendor
    }

    /// What kind of secret it is, in a few words.
    pub fn what(&self) -> &'static str {
        self.form.what
    }

    /// The name of the [provider](crate::provider) that revokes such keys; `None` where this crate has none.
    pub fn provider(&self) -> Option<&'static str> {
        self.provider
    }

    /// How a person kills it. There is always one where there is no [`provider`](Self::provider); where there are both,
    /// some secrets of this form are not the provider's.
    pub fn manual(&self) -> Option<Manual> {
        self.form.manual
    }

    /// Has the secret a checksum that is right? Hardly any other text has then.
    pub fn is_checked(&self) -> bool {
        self.form.checksum.is_some()
    }

    /// Is it only the id of a key, which vendors hand out together with its secret? Who leaked the one has mostly leaked
    /// the other.
    pub fn is_id(&self) -> bool {
        self.form.is_id
    }

    /// Where the form was read, and when; "from memory" is said where it was not.
    pub fn source(&self) -> &'static str {
        self.form.source
    }
}

impl std::fmt::Debug for Match {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Match").field(&self.rule()).finish()
    }
}

/// Members: `rule`, `vendor`, `what`, `provider`, `manual` (`page` and `how`), `checked`, `id` and `source`; what there is
/// not is null.
impl Serialize for Match {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Match", 8)?;
        out.serialize_field("rule", self.rule())?;
        out.serialize_field("vendor", self.vendor())?;
        out.serialize_field("what", self.what())?;
        out.serialize_field("provider", &self.provider())?;
        out.serialize_field("manual", &self.manual())?;
        out.serialize_field("checked", &self.is_checked())?;
        out.serialize_field("id", &self.is_id())?;
        out.serialize_field("source", self.source())?;
        out.end()
    }
}

/// Says which provider a secret belongs to, by the forms that vendors publish for theirs. Nothing is sent.
///
/// Empty where no form fits: many vendors' secrets have none of their own. One where exactly one rule says more than all
/// others: a right checksum says more than none, and then more fixed text says more than less, since a text that bears a
/// vendor's whole mark fits others' looser forms by the way; what says less is left out. Several, in the order of the
/// table, where they say the same: then it is not known whose it is, and taking the first is a guess.
///
/// ```
/// use keyrevoke::{Secret, identify};
///
/// let found = identify(&Secret::new("apk_user_0123456789abcdef")?);
/// assert_eq!(found[0].provider(), Some("devin"));
///
/// // No provider here, but a way for people.
/// let found = identify(&Secret::new(format!("shpat_{:032x}", 7))?);
/// assert_eq!((found[0].vendor(), found[0].provider()), ("Shopify", None));
/// assert!(found[0].manual().is_some());
///
/// assert!(identify(&Secret::new("correct-horse-battery-staple")?).is_empty());
/// # Ok::<(), keyrevoke::InvalidInput>(())
/// ```
pub fn identify(secret: &Secret) -> Vec<Match> {
    let fits: Vec<(bool, usize, Match)> = forms()
        .filter_map(|found| Some((found.is_checked(), found.form.fits(secret.expose())?, found)))
        .collect();
    let says = |(checked, fixed, _): &(bool, usize, Match)| (*checked, *fixed);
    let most = fits.iter().map(says).max();
    let best = fits.iter().filter(|fit| Some(says(fit)) == most);
    best.map(|(_, _, found)| *found).collect()
}

/// A form with less fixed text than this says nothing by itself.
const LEAST_FIXED: usize = 4;

/// The rules of secrets by the bytes with which these may begin: each key of a list is held against them several times.
static BY_FIRST: LazyLock<[Vec<&SecretForm>; 256]> = LazyLock::new(|| {
    let says = |form: &&SecretForm| !form.is_id && most_fixed(form.form) >= LEAST_FIXED;
    let forms: Vec<&SecretForm> = forms().map(|found| found.form).filter(says).collect();
    std::array::from_fn(|first| {
        let may = forms.iter().filter(|form| may_begin(form.form, first as u8));
        may.copied().collect()
    })
});

/// Has the text the form of a secret, as far as a form says anything?
pub(crate) fn has_form_of_secret(text: &str) -> bool {
    let rules = text.bytes().next().map(|first| &BY_FIRST[usize::from(first)]);
    let says_so = |rule: &&SecretForm| rule.fits(text) >= Some(LEAST_FIXED);
    rules.is_some_and(|rules| rules.iter().any(says_so))
}

/// How long the beginning and the end of a secret are that it shares with others of its kind, by the rules that it fits;
/// `None` where none says. Ids say nothing: those of one account may begin alike.
fn shared_ends(text: &str) -> Option<(usize, usize)> {
    let fitting = forms().map(|found| found.form);
    let fitting = fitting.filter(|form| !form.is_id && form.fits(text).is_some());
    let most = |one: (usize, usize), other: (usize, usize)| (one.0.max(other.0), one.1.max(other.1));
    fitting.map(|form| ends(form.form, text)).reduce(most)
}
