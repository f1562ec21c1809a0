//! When to send again, and what an earlier attempt leaves in doubt.
//!
//! Three things are never mixed: whether an attempt left ([`Delivery`]), what its answer means
//! ([`Verdict`]), and what the call remembers ([`Memory`]). The loop has no clock, no chance and no network of
//! its own: it is given a [`World`], so that a test can be exact and a model exhaustive.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::outcome::{Delivery, ErrorKind, GaveUp, KeyState};
use crate::provider::Repeat;
use crate::verdict::{Again, Meaning, Verdict};

/// How often and how fast one call asks again.
///
/// Nothing that may have been carried out is ever sent again unless the provider's module declares, with its
/// source, that a repeat cannot hurt; and then once. No policy loosens that.
///
/// ```
/// use keyrevoke::RetryPolicy;
///
/// let patient = RetryPolicy::default().with_attempts(3);
/// assert_ne!(patient, RetryPolicy::none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
    budget: u32,
}

/// Attempts of one call, at most, whatever the policy.
const MOST_ATTEMPTS: u32 = 5;
/// Attempts that may have been carried out, at most, whatever the policy: the second one is there to learn
/// from, a third would only add doubt.
const MOST_AMBIGUOUS: u32 = 2;
/// Jitter on top of a Retry-After is at least this wide, so that many callers do not return in one instant.
const LEAST_JITTER: Duration = Duration::from_millis(200);

impl Default for RetryPolicy {
    /// At most five attempts, two of them such that may have been carried out; pauses drawn at random below
    /// 200 ms, doubling up to 5 s, or as the provider asks; a budget of 100 repeats for each revoker.
    fn default() -> Self {
        Self {
            attempts: MOST_ATTEMPTS,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            budget: 100,
        }
    }
}

impl RetryPolicy {
    /// One attempt, so that a test can count requests.
    pub fn none() -> Self {
        Self::default().with_attempts(1)
    }

    /// As the default, without pauses of our own, for tests. A provider's Retry-After is still obeyed.
    pub fn immediate() -> Self {
        Self::default().with_pauses(Duration::ZERO, Duration::ZERO)
    }

    /// How many attempts one call makes at most, from 1 to 5; what is outside becomes the nearest of these.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.clamp(1, MOST_ATTEMPTS);
        self
    }

    /// Pauses are drawn at random from zero to a bound that begins at `first` and doubles up to `longest`.
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest);
        self
    }

    /// How many repeats all calls of a revoker and its clones may make before answers refill the budget, one for
    /// one. It keeps a thousand calls from storming a provider that is down.
    pub fn with_budget(mut self, repeats: u32) -> Self {
        self.budget = repeats;
        self
    }

    /// The pause before attempt `attempts + 1`; `chance` is from 0 to 1.
    fn pause(&self, attempts: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
        match retry_after {
            Some(after) => after.saturating_add((after / 10).max(LEAST_JITTER).mul_f64(chance)),
            None => {
                let doubled = self
                    .first_pause
                    .saturating_mul(1 << attempts.saturating_sub(1).min(16));
                doubled.min(self.longest_pause).mul_f64(chance)
            }
        }
    }
}

/// What all calls with one credential may still repeat.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Mutex<u32>,
    most: u32,
}

impl Budget {
    pub(crate) fn new(policy: &RetryPolicy) -> Self {
        Self {
            left: Mutex::new(policy.budget),
            most: policy.budget,
        }
    }

    fn take(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let some = *left > 0;
        *left = left.saturating_sub(1);
        some
    }

    fn give_back(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + 1).min(self.most);
    }
}

/// What a call remembers of its attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    pub(crate) attempts: u32,
    /// Attempts that may have been carried out.
    pub(crate) ambiguous: u32,
    /// Did an earlier call for this key leave doubt?
    pub(crate) earlier_doubt: bool,
}

impl Memory {
    /// Takes note of an attempt.
    pub(crate) fn record(&mut self, verdict: &Verdict) {
        self.attempts += 1;
        self.ambiguous += u32::from(verdict.leaves_doubt());
    }

    /// May any attempt so far have been carried out?
    pub(crate) fn in_doubt(&self) -> bool {
        self.earlier_doubt || self.ambiguous > 0
    }

    /// May another attempt follow one with this verdict?
    pub(crate) fn allows(&self, policy: &RetryPolicy, repeat: Repeat, verdict: &Verdict) -> bool {
        may_repeat(repeat, self.in_doubt(), verdict.again)
            && self.attempts < policy.attempts
            && self.ambiguous < MOST_AMBIGUOUS
    }
}

/// May the same request be sent once more, as far as the keys at the provider are concerned?
pub(crate) fn may_repeat(repeat: Repeat, in_doubt: bool, again: Again) -> bool {
    match again {
        Again::No => false,
        // After an attempt that may have been carried out, every further one is a repeat of it.
        Again::Untouched => !in_doubt || repeat != Repeat::Never,
        Again::IfHarmless => repeat != Repeat::Never,
        Again::IfConclusive => repeat == Repeat::Conclusive,
    }
}

/// What a call says, from the attempt that says most and the doubt that the others left. A refusal says nothing
/// of another attempt that may have been carried out; a proof of death needs no other.
pub(crate) fn conclude(decisive: Meaning, in_doubt: bool) -> Meaning {
    match decisive {
        Meaning::Not(kind, _) if in_doubt => Meaning::Not(kind, KeyState::Unknown),
        _ => decisive,
    }
}

/// What a call says of the key if it is ended from outside.
pub(crate) fn conclude_early(in_flight: bool, in_doubt: bool) -> KeyState {
    if in_flight || in_doubt {
        KeyState::Unknown
    } else {
        KeyState::Live
    }
}

/// What bounds a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) policy: RetryPolicy,
    pub(crate) repeat: Repeat,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    /// From the beginning of the call.
    pub(crate) deadline: Duration,
    /// Did an earlier call for this key leave doubt?
    pub(crate) earlier_doubt: bool,
    /// Leaves it to the caller to wait when the provider wants fewer requests.
    pub(crate) yields: bool,
}

/// What the loop asks of the outside. Times are measured from the beginning of the call.
pub(crate) trait World: Sync {
    /// An attempt with all that is to be reported of it.
    type Seen: Send;
    fn elapsed(&self) -> Duration;
    fn sleep(&self, pause: Duration) -> impl Future<Output = ()> + Send;
    /// From 0 to 1.
    fn chance(&self) -> f64;
    fn budget(&self) -> &Budget;
    /// Makes one attempt that ends by `limit`.
    fn attempt(&self, number: u32, limit: Duration) -> impl Future<Output = (Attempted, Self::Seen)> + Send;
    /// Gets another credential after a refusal of this one; `false` where there is no other.
    fn renew(&self, limit: Duration) -> impl Future<Output = bool> + Send;
    /// Is told what became of an attempt, and how long until the next, if there is one.
    fn attempted(
        &self,
        number: u32,
        attempted: &Attempted,
        seen: &Self::Seen,
        next: Option<Duration>,
    ) -> impl Future<Output = ()> + Send;
}

/// What the loop has to know of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempted {
    pub(crate) verdict: Verdict,
    pub(crate) delivery: Delivery,
    pub(crate) retry_after: Option<Duration>,
    /// The credential was refused, and another could help.
    pub(crate) refused: bool,
}

/// How a call ended.
pub(crate) struct Ended<S> {
    pub(crate) memory: Memory,
    /// The attempt that says most: the last one that left, else the last one. `None` where time ran out before
    /// the first.
    pub(crate) decisive: Option<(Attempted, S)>,
    /// Did an attempt before the decisive one, or a later one, leave doubt?
    pub(crate) in_doubt: bool,
    pub(crate) gave_up: Option<GaveUp>,
}

/// Makes attempts until one decides, or none may follow.
pub(crate) async fn run<W: World>(world: &W, limits: &Limits) -> Ended<W::Seen> {
    let mut memory = Memory {
        earlier_doubt: limits.earlier_doubt,
        ..Memory::default()
    };
    let mut decisive: Option<(Attempted, W::Seen)> = None;
    let mut renewed = false;
    loop {
        let now = world.elapsed();
        // An attempt must have time to connect, or its time-out would be ambiguous.
        if now + limits.connect_timeout >= limits.deadline {
            return Ended {
                memory,
                decisive,
                in_doubt: memory.in_doubt(),
                gave_up: Some(GaveUp::Deadline),
            };
        }
        let in_doubt = memory.in_doubt();
        let limit = limits.deadline.min(now + limits.attempt_timeout);
        let (attempted, seen) = world.attempt(memory.attempts + 1, limit).await;
        memory.record(&attempted.verdict);
        if attempted.delivery == Delivery::Answered && attempted.verdict.again == Again::No {
            world.budget().give_back();
        }

        let next = next(world, limits, &memory, &attempted, &mut renewed).await;
        world
            .attempted(memory.attempts, &attempted, &seen, next.ok())
            .await;
        // An attempt that left says more than a later one that did not.
        if attempted.delivery != Delivery::NotSent || decisive.is_none() {
            decisive = Some((attempted, seen));
        }
        match next {
            Ok(pause) => world.sleep(pause).await,
            Err(gave_up) => {
                return Ended {
                    memory,
                    decisive,
                    in_doubt,
                    gave_up,
                };
            }
        }
    }
}

/// How long to wait before the next attempt; else why there is none, where there could have been one.
async fn next<W: World>(
    world: &W,
    limits: &Limits,
    memory: &Memory,
    attempted: &Attempted,
    renewed: &mut bool,
) -> Result<Duration, Option<GaveUp>> {
    let Limits { policy, repeat, .. } = limits;
    let left = |world: &W| limits.deadline.saturating_sub(world.elapsed());
    if attempted.refused && !*renewed && matches!(attempted.verdict.meaning, Meaning::Not(..)) {
        *renewed = true;
        let again = Verdict {
            again: Again::Untouched,
            ..attempted.verdict
        };
        let may = memory.allows(policy, *repeat, &again) && limits.connect_timeout < left(world);
        return if may && world.renew(limits.deadline).await {
            Ok(Duration::ZERO)
        } else {
            Err(None)
        };
    }
    if attempted.verdict.again == Again::No {
        return Err(None);
    }
    if limits.yields && matches!(attempted.verdict.meaning, Meaning::Not(ErrorKind::RateLimited, _)) {
        return Err(None);
    }
    if !memory.allows(policy, *repeat, &attempted.verdict) {
        let bounded = may_repeat(*repeat, memory.in_doubt(), attempted.verdict.again);
        return Err(Some(if bounded {
            GaveUp::Attempts
        } else {
            GaveUp::MayHurt
        }));
    }
    let pause = policy.pause(memory.attempts, attempted.retry_after, world.chance());
    if pause.saturating_add(limits.connect_timeout) >= left(world) {
        return Err(Some(GaveUp::Deadline));
    }
    if !world.budget().take() {
        return Err(Some(GaveUp::Budget));
    }
    Ok(pause)
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod rows;

#[cfg(test)]
mod tests {
    use super::*;

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
            if !memory.allows(&policy, repeat, verdict) {
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
    fn a_budget_is_refilled_one_for_one_and_never_beyond_where_it_began() {
        let budget = Budget::new(&RetryPolicy::default().with_budget(2));
        let taken = || [budget.take(), budget.take(), budget.take()];
        assert_eq!(taken(), [true, true, false]);
        budget.give_back();
        assert_eq!(taken(), [true, false, false]);
        (0..5).for_each(|_| budget.give_back());
        assert_eq!(taken(), [true, true, false]);
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
