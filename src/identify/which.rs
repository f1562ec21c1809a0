//! Which key of an inventory a secret is.

use super::shared_ends;
use crate::key::KeyRef;
use crate::key_info::KeyInfo;
use crate::secret::Secret;

/// Which key of an inventory a secret is, as far as the provider shows the secrets of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// This key and no other shows what the secret has, and shows enough of it.
    One(KeyRef),
    /// No key shows what the secret has. It may be a key that shows nothing, or one of another account.
    None,
    /// These show what the secret has: more than one, or one that shows too little to be sure of. An error: revoking any
    /// of them would be a guess.
    Several(Vec<KeyRef>),
}

/// How many characters of the secret must be shown, beyond what it shares with others, for one key to be sure of.
const ENOUGH: usize = 4;

/// Says which key of an inventory a secret is, by the [prefixes](KeyInfo::prefix) and [last characters](KeyInfo::last4)
/// that the provider shows. Nothing is sent, and nothing is guessed.
///
/// A key is meant if everything that is shown of its secret fits, letter case included. **What shows nothing is never
/// meant**, and neither is a key that shows only what the secret shares with others of its kind: the ends that a rule says
/// all of them have, such as the `AA` of Anthropic's, padding, or what stands before a `_`, `-` or `.`, such as `apk_user_`.
/// [`Which::One`] needs four characters beyond that, such as the last four of a secret; a beginning alone is enough only
/// where a rule says how all begin. By chance, another key shows the same four once in 65,536 times where secrets are
/// hexadecimal, and once in 14.8 million where they are letters of both cases and digits.
///
/// The whole inventory must be given: among half of the keys, one may be alone that is not.
///
/// ```
/// use keyrevoke::{KeyInfo, KeyStatus, Secret, Which, which};
///
/// let secret = Secret::new("apk_user_0123456789ab9f3c")?;
/// let key = |id: &str| Ok::<_, keyrevoke::InvalidInput>(KeyInfo::new(id.parse()?, KeyStatus::Active).with_prefix("apk_user"));
/// let (mine, other) = (key("devin:apk-1")?.with_last4("9f3c"), key("devin:apk-2")?.with_last4("0000"));
/// assert_eq!(which(&secret, &[mine.clone(), other.clone()]), Which::One("devin:apk-1".parse()?));
/// assert_eq!(which(&secret, &[other, key("devin:apk-3")?]), Which::None);
/// # Ok::<(), keyrevoke::InvalidInput>(())
/// ```
pub fn which(secret: &Secret, inventory: &[KeyInfo]) -> Which {
    let text = secret.expose();
    let shared = shared_ends(text);
    let mut meant: Vec<(&KeyRef, usize)> = Vec::new();
    for key in inventory {
        let telling = telling(text, shared, key);
        if telling > 0 && meant.iter().all(|(known, _)| *known != key.key()) {
            meant.push((key.key(), telling));
        }
    }
    match meant.as_slice() {
        [] => Which::None,
        [(key, telling)] if *telling >= ENOUGH => Which::One((*key).clone()),
        several => Which::Several(several.iter().map(|(key, _)| (*key).clone()).collect()),
    }
}

/// How many characters of the secret a key shows that tell it from others; 0 where anything that it shows is not the
/// secret's.
fn telling(text: &str, shared: Option<(usize, usize)>, key: &KeyInfo) -> usize {
    let (prefix, last4) = (key.prefix().unwrap_or_default(), key.last4().unwrap_or_default());
    if !text.starts_with(prefix) || !text.ends_with(last4) {
        return 0;
    }
    let padding = text.len() - text.trim_end_matches('=').len();
    let (beginning, end) = shared.unwrap_or_default();
    let end = last4.len().saturating_sub(end.max(padding));
    let beginning = prefix.len().saturating_sub(beginning.max(words(text)));
    match shared {
        Some(_) => beginning + end,
        // It may be that all of its vendor's secrets begin so: never enough by itself.
        None => beginning.min(ENOUGH - 1) + end,
    }
}

/// How long the words are that a secret begins with: up to its last separator, among as many characters as an inventory
/// can show. Where a random part holds a separator, that is too long, which only makes us less sure.
fn words(text: &str) -> usize {
    const MOST_SHOWN: usize = 8;
    let beginning = text.get(..text.len().min(MOST_SHOWN + 1)).unwrap_or_default();
    beginning
        .rfind(['_', '-', '.'])
        .map_or(0, |separator| separator + 1)
}

#[cfg(test)]
#[path = "which_tests.rs"]
mod tests;
