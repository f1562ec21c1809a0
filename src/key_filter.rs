//! Which keys of an inventory are meant.

use std::time::SystemTime;

use crate::key_info::{KeyInfo, KeyStatus};

/// Picks keys out of an inventory. A key matches if everything that was set holds for it; an empty filter matches all.
///
/// **What a provider does not say never matches.** A key whose owner, age or last use is not known is not picked by a
/// filter that asks for it, since what is picked may be revoked. [`is_undecided`](Self::is_undecided) finds such keys, so
/// that nobody takes them for keys that were checked.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use keyrevoke::{KeyFilter, KeyInfo, KeyStatus};
///
/// let year = SystemTime::now() - Duration::from_secs(365 * 24 * 60 * 60);
/// let stale = KeyFilter::new().with_status(KeyStatus::Active).with_unused_since(year);
/// let key = KeyInfo::new("devin:apk-abc123".parse()?, KeyStatus::Active);
/// assert!(!stale.matches(&key) && stale.is_undecided(&key));
/// assert!(stale.matches(&key.with_last_used_at(year - Duration::from_secs(1))));
/// # Ok::<(), keyrevoke::InvalidInput>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    owner: Option<String>,
    created_before: Option<SystemTime>,
    unused_since: Option<SystemTime>,
    status: Option<KeyStatus>,
}

impl KeyFilter {
    /// Matches every key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keys of this owner: the whole of [`KeyInfo::owner`], in whatever case.
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Keys that were created before this moment.
    pub fn with_created_before(mut self, time: SystemTime) -> Self {
        self.created_before = Some(time);
        self
    }

    /// Keys whose last use was before this moment. A key of which no use is known is undecided: few providers say
    /// whether that means never.
    pub fn with_unused_since(mut self, time: SystemTime) -> Self {
        self.unused_since = Some(time);
        self
    }

    /// Keys of this status.
    pub fn with_status(mut self, status: KeyStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Does everything that was set hold for this key, as far as its provider says?
    pub fn matches(&self, key: &KeyInfo) -> bool {
        self.judge(key) == Some(true)
    }

    /// Is something not known of this key that would decide?
    pub fn is_undecided(&self, key: &KeyInfo) -> bool {
        self.judge(key).is_none()
    }

    /// `None` where nothing speaks against the key, and something that was asked for is not known.
    fn judge(&self, key: &KeyInfo) -> Option<bool> {
        let before = |wanted: Option<SystemTime>, known: Option<SystemTime>| match wanted {
            Some(wanted) => known.map(|known| known < wanted),
            None => Some(true),
        };
        let owner = match &self.owner {
            Some(wanted) => key
                .owner()
                .map(|owner| owner.to_lowercase() == wanted.to_lowercase()),
            None => Some(true),
        };
        let status = match (self.status, key.status()) {
            (Some(wanted), known) if wanted == known => Some(true),
            (Some(_), KeyStatus::Unknown) => None,
            (wanted, _) => Some(wanted.is_none()),
        };
        let facts = [
            owner,
            before(self.created_before, key.created_at()),
            before(self.unused_since, key.last_used_at()),
            status,
        ];
        if facts.contains(&Some(false)) {
            return Some(false);
        }
        facts.iter().all(Option::is_some).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_key_matches_if_everything_that_was_asked_for_is_known_and_holds() {
        let bare = || KeyInfo::new("devin:apk-1".parse().unwrap(), KeyStatus::Unknown);
        let full = || {
            KeyInfo::new("devin:apk-1".parse().unwrap(), KeyStatus::Active)
                .with_owner("Ada@example.com")
                .with_created_at(at(10))
                .with_last_used_at(at(20))
        };
        let filter = KeyFilter::new;
        let (yes, no, undecided) = (Some(true), Some(false), None);
        for (filter, of_bare, of_full) in [
            (filter(), yes, yes),
            (filter().with_owner("ada@EXAMPLE.com"), undecided, yes),
            (filter().with_owner("ada"), undecided, no),
            (filter().with_owner(""), undecided, no),
            (filter().with_created_before(at(11)), undecided, yes),
            (filter().with_created_before(at(10)), undecided, no),
            (filter().with_unused_since(at(21)), undecided, yes),
            (filter().with_unused_since(at(20)), undecided, no),
            (filter().with_status(KeyStatus::Active), undecided, yes),
            (filter().with_status(KeyStatus::Revoked), undecided, no),
            (filter().with_status(KeyStatus::Unknown), yes, no),
            (
                filter().with_owner("ada@example.com").with_created_before(at(5)),
                undecided,
                no,
            ),
        ] {
            for (key, wanted) in [(bare(), of_bare), (full(), of_full)] {
                assert_eq!(filter.matches(&key), wanted == yes, "{filter:?} {key:?}");
                assert_eq!(
                    filter.is_undecided(&key),
                    wanted == undecided,
                    "{filter:?} {key:?}"
                );
            }
        }
        // What is known against a key decides, whatever else is not known.
        let another = bare().with_owner("eve@example.com");
        assert!(
            !filter()
                .with_owner("ada")
                .with_created_before(at(1))
                .is_undecided(&another)
        );
    }
}
