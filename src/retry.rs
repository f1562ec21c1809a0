//! When to send again, and what an earlier attempt leaves in doubt. Pure: no clock, no chance of its own.
//!
//! Three things are never mixed: whether an attempt left, what its answer means, and what the call remembers.

use std::time::Duration;

use crate::provider::Repeat;
use crate::verdict::{Again, Verdict};

/// How often and how fast one call asks again.
///
/// Nothing that may have been carried out is ever sent again unless the provider's module declares, with its
/// source, that a repeat cannot hurt.
///
/// ```
/// use keyrevoke::RetryPolicy;
///
/// assert_ne!(RetryPolicy::default(), RetryPolicy::none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

/// Attempts that may have been carried out, at most, whatever the policy: the second one is there to learn
/// from, a third would only add doubt.
const MOST_AMBIGUOUS: u32 = 2;
/// Jitter on top of a Retry-After is at least this wide, so that many callers do not return in one instant.
const LEAST_JITTER: Duration = Duration::from_millis(200);

impl Default for RetryPolicy {
    /// At most five attempts, two of them such that may have been carried out; pauses drawn at random below
    /// 200 ms, doubling up to 5 s, or as the provider asks.
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// One attempt, so that a test can count requests.
    pub fn none() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// As the default, without pauses of our own, for tests. A provider's Retry-After is still obeyed.
    pub fn immediate() -> Self {
        Self {
            first_pause: Duration::ZERO,
            longest_pause: Duration::ZERO,
            ..Self::default()
        }
    }

    /// The pause before attempt `attempts + 1`; `chance` is from 0 to 1.
    fn pause(&self, attempts: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
        match retry_after {
            Some(after) => after + (after / 10).max(LEAST_JITTER).mul_f64(chance),
            None => {
                let doubled = self
                    .first_pause
                    .saturating_mul(1 << attempts.saturating_sub(1).min(16));
                doubled.min(self.longest_pause).mul_f64(chance)
            }
        }
    }
}

/// What a call remembers of its attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) attempts: u32,
    /// Attempts that may have been carried out.
    pub(crate) ambiguous: u32,
}

impl Memory {
    /// Takes note of an attempt.
    pub(crate) fn record(&mut self, verdict: &Verdict) {
        self.attempts += 1;
        self.ambiguous += u32::from(verdict.leaves_doubt());
    }
}

/// How long to wait before the next attempt; `None` where there must be none.
pub(crate) fn next_pause(
    policy: &RetryPolicy,
    repeat: Repeat,
    memory: &Memory,
    verdict: &Verdict,
    retry_after: Option<Duration>,
    chance: f64,
) -> Option<Duration> {
    let may = match verdict.again {
        Again::No => false,
        // After an attempt that may have been carried out, every further one is a repeat of it.
        Again::Untouched => memory.ambiguous == 0 || repeat != Repeat::Never,
        Again::IfHarmless => repeat != Repeat::Never,
        Again::IfConclusive => repeat == Repeat::Conclusive,
    };
    let allowed = may && memory.attempts < policy.attempts && memory.ambiguous < MOST_AMBIGUOUS;
    allowed.then(|| policy.pause(memory.attempts, retry_after, chance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ErrorKind, KeyState};
    use crate::verdict::Meaning;

    const LOST: Verdict = Verdict {
        meaning: Meaning::Not(ErrorKind::NoAnswer, KeyState::Unknown),
        again: Again::IfHarmless,
    };
    const LIMITED: Verdict = Verdict {
        meaning: Meaning::Not(ErrorKind::RateLimited, KeyState::Live),
        again: Again::Untouched,
    };
    const ODD: Verdict = Verdict {
        meaning: Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown),
        again: Again::IfConclusive,
    };
    const REFUSED: Verdict = Verdict {
        meaning: Meaning::Not(ErrorKind::Rejected, KeyState::Live),
        again: Again::No,
    };

    /// How many attempts a call makes whose attempts all end like this, the last repeated for ever.
    fn attempts(policy: RetryPolicy, repeat: Repeat, verdicts: &[Verdict]) -> u32 {
        let mut memory = Memory::default();
        for index in 0.. {
            let verdict = verdicts.get(index).or(verdicts.last()).unwrap();
            memory.record(verdict);
            if next_pause(&policy, repeat, &memory, verdict, None, 1.0).is_none() {
                break;
            }
        }
        memory.attempts
    }

    #[test]
    fn attempts_are_bounded_and_ambiguous_ones_more_so() {
        let default = RetryPolicy::default();
        for (repeat, lost, odd) in [
            (Repeat::Never, 1, 1),
            (Repeat::Harmless, 2, 1),
            (Repeat::Conclusive, 2, 2),
        ] {
            assert_eq!(attempts(default, repeat, &[LOST]), lost, "{repeat:?}");
            assert_eq!(attempts(default, repeat, &[ODD]), odd, "{repeat:?}");
            assert_eq!(attempts(default, repeat, &[LIMITED]), 5, "{repeat:?}");
            assert_eq!(attempts(default, repeat, &[REFUSED]), 1, "{repeat:?}");
            assert_eq!(attempts(RetryPolicy::none(), repeat, &[LIMITED]), 1);
        }
        // A rate limit before the ambiguity does not count as one, and after it is a repeat like any other.
        assert_eq!(attempts(default, Repeat::Harmless, &[LIMITED, LOST]), 3);
        assert_eq!(attempts(default, Repeat::Harmless, &[LOST, LIMITED]), 5);
        assert_eq!(attempts(default, Repeat::Never, &[LIMITED, LOST, LIMITED]), 2);
    }

    #[test]
    fn pauses_double_up_to_a_bound_and_obey_the_provider() {
        let policy = RetryPolicy::default();
        let longest: Vec<u64> = (1..=8)
            .map(|n| policy.pause(n, None, 1.0).as_millis() as u64)
            .collect();
        assert_eq!(longest, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(policy.pause(3, None, 0.0), Duration::ZERO);
        let after = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(policy.pause(1, after(60), 0.0), Duration::from_secs(60));
        assert_eq!(policy.pause(1, after(60), 1.0), Duration::from_secs(66));
        assert_eq!(policy.pause(1, after(0), 1.0), LEAST_JITTER);
        assert_eq!(RetryPolicy::immediate().pause(1, None, 1.0), Duration::ZERO);
        assert_eq!(
            RetryPolicy::immediate().pause(1, after(2), 0.0),
            Duration::from_secs(2)
        );
    }
}
