//! Rows of `tests/faults/rows.toml` that only the loop itself can show, with a clock that tests turn, and what the loop
//! owes to the calls before and beside its own.

use std::future::pending;
use std::time::SystemTime;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::*;
use crate::answer::{Answer, Attempt, Body, FailureReason};
use crate::outcome::{ErrorKind, KeyState};
use crate::verdict::verdict;
use crate::wire::Sent;

const SECOND: Duration = Duration::from_secs(1);

/// An attempt that ended like this, with nothing said of when to come back.
const fn ended(kind: ErrorKind, state: KeyState, again: Again, delivery: Delivery) -> Attempted {
    Attempted {
        verdict: Verdict {
            meaning: Meaning::Not(kind, state),
            again,
        },
        delivery,
        retry_after: None,
        refused: false,
    }
}

const UNREACHED: Attempted = ended(
    ErrorKind::NotSent,
    KeyState::Live,
    Again::Untouched,
    Delivery::NotSent,
);
const LOST: Attempted = ended(
    ErrorKind::NoAnswer,
    KeyState::Unknown,
    Again::IfHarmless,
    Delivery::MaybeSent,
);
const FAILED: Attempted = ended(
    ErrorKind::Unavailable,
    KeyState::Unknown,
    Again::IfHarmless,
    Delivery::Answered,
);
const LIMITED: Attempted = ended(
    ErrorKind::RateLimited,
    KeyState::Live,
    Again::Untouched,
    Delivery::Answered,
);
const ODD: Attempted = ended(
    ErrorKind::UnexpectedAnswer,
    KeyState::Unknown,
    Again::IfConclusive,
    Delivery::Answered,
);
const REJECTED: Attempted = ended(ErrorKind::Rejected, KeyState::Live, Again::No, Delivery::Answered);
/// A 401.
const REFUSED: Attempted = Attempted {
    refused: true,
    ..ended(
        ErrorKind::Unauthenticated,
        KeyState::Live,
        Again::No,
        Delivery::Answered,
    )
};

fn asks_for(seconds: u64, attempted: Attempted) -> Attempted {
    let retry_after = Some(Duration::from_secs(seconds));
    Attempted {
        retry_after,
        ..attempted
    }
}

/// A world in which everything is decided beforehand.
struct Scripted {
    /// How each attempt ends; the last one for ever.
    attempts: Vec<Attempted>,
    /// How long each of them takes.
    takes: Duration,
    /// What a suspended machine adds to every pause.
    oversleeps: Duration,
    chance: f64,
    budget: Budget,
    /// Is there another credential?
    renews: bool,
    log: Mutex<Log>,
}

#[derive(Clone, Default)]
struct Log {
    now: Duration,
    /// The limit that each attempt was given.
    limits: Vec<Duration>,
    pauses: Vec<Duration>,
    /// How often another credential was asked for.
    renewals: u32,
}

impl Scripted {
    fn new(attempts: &[Attempted]) -> Self {
        Self {
            attempts: attempts.to_vec(),
            takes: Duration::ZERO,
            oversleeps: Duration::ZERO,
            chance: 1.0,
            budget: Budget::new(&RetryPolicy::default()),
            renews: false,
            log: Mutex::default(),
        }
    }

    fn log<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        change(&mut self.log.lock().unwrap())
    }

    fn sent(&self) -> usize {
        self.log(|log| log.limits.len())
    }

    fn pauses(&self) -> Vec<Duration> {
        self.log(|log| log.pauses.clone())
    }
}

impl World for Scripted {
    type Seen = ();

    fn elapsed(&self) -> Duration {
        self.log(|log| log.now)
    }

    async fn sleep(&self, pause: Duration) {
        self.log(|log| {
            log.pauses.push(pause);
            log.now += pause + self.oversleeps;
        });
    }

    fn chance(&self) -> f64 {
        self.chance
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }

    async fn attempt(&self, number: u32, limit: Duration) -> (Attempted, ()) {
        self.log(|log| {
            log.limits.push(limit);
            log.now += self.takes;
        });
        let attempted = self.attempts.get(number as usize - 1).or(self.attempts.last());
        (*attempted.unwrap(), ())
    }

    async fn renew(&self, _: Duration) -> bool {
        self.log(|log| log.renewals += 1);
        self.renews
    }

    async fn attempted(&self, _: u32, _: &Attempted, _: &(), _: Option<Duration>) {}
}

/// The settings that are the default.
fn limits(repeat: Repeat) -> Limits {
    Limits {
        policy: RetryPolicy::default(),
        repeat,
        connect_timeout: 5 * SECOND,
        attempt_timeout: 10 * SECOND,
        deadline: 30 * SECOND,
        earlier_doubt: false,
        yields: false,
    }
}

fn decided(ended: &Ended<()>) -> Delivery {
    ended.decisive.as_ref().unwrap().0.delivery
}

#[tokio::test]
async fn row_004_an_attempt_that_ends_by_its_own_limit_may_have_left() {
    // The order of the time-outs keeps this from happening while connecting.
    let attempt = crate::attempt::attempt(pending::<Sent>(), Instant::now()).await;
    let Attempt::MaybeSent(failure) = &attempt else {
        panic!("{attempt:?}")
    };
    assert_eq!(failure.reason, FailureReason::Timeout);
    assert!(verdict(&[], &[], &attempt).leaves_doubt());

    // And the loop begins no attempt that has less time than connecting may take.
    let mut world = Scripted::new(&[LIMITED]);
    world.takes = 7 * SECOND;
    run(&world, &limits(Repeat::Conclusive)).await;
    let limits = limits(Repeat::Conclusive);
    let begun: Vec<Duration> = world.log(|log| log.limits.clone());
    assert!(begun.len() > 2);
    for (index, limit) in begun.iter().enumerate() {
        let began = 7 * SECOND * index as u32 + world.pauses()[..index].iter().sum::<Duration>();
        assert!(*limit - began > limits.connect_timeout, "{begun:?}");
        assert!(*limit <= limits.deadline);
    }
}

#[tokio::test]
async fn row_010_an_empty_budget_ends_the_call_with_what_it_knows() {
    for (attempted, in_doubt) in [(UNREACHED, false), (LIMITED, false), (FAILED, true), (LOST, true)] {
        let mut world = Scripted::new(&[attempted]);
        world.budget = Budget::new(&RetryPolicy::default().with_budget(1));
        let first = run(&world, &limits(Repeat::Conclusive)).await;
        assert_eq!(
            (world.sent(), first.memory.attempts),
            (2, 2),
            "one repeat was left"
        );
        let second = run(&world, &limits(Repeat::Conclusive)).await;
        assert_eq!(
            (world.sent(), second.memory.attempts),
            (3, 1),
            "and none after it"
        );
        assert_eq!(second.gave_up, Some(GaveUp::Budget));
        assert_eq!(second.memory.ambiguous > 0, in_doubt);
        assert_eq!(decided(&second), attempted.delivery);
    }
    // An answer that decides gives one back.
    let mut world = Scripted::new(&[FAILED, UNREACHED]);
    world.budget = Budget::new(&RetryPolicy::default().with_budget(0));
    world.budget.give_back();
    let nothing = run(&world, &limits(Repeat::Conclusive)).await;
    assert_eq!(
        (nothing.memory.attempts, nothing.gave_up),
        (1, Some(GaveUp::Budget)),
        "never more than it began with"
    );
}

#[tokio::test]
async fn row_023_a_deadline_between_attempts_begins_no_other() {
    // The pause that is asked for would end after it: no waiting for nothing.
    for repeat in [Repeat::Harmless, Repeat::Conclusive] {
        for (attempted, in_doubt) in [
            (asks_for(25, LIMITED), 0),
            (asks_for(120, LIMITED), 0),
            (asks_for(25, FAILED), 1),
        ] {
            let world = Scripted::new(&[attempted]);
            let ended = run(&world, &limits(repeat)).await;
            assert_eq!((world.sent(), world.pauses().len()), (1, 0));
            assert_eq!(
                (ended.gave_up, ended.memory.ambiguous),
                (Some(GaveUp::Deadline), in_doubt)
            );
        }
    }
    // One that ends just before it is waited for, and leaves time to connect.
    let world = Scripted::new(&[asks_for(20, LIMITED)]);
    run(&world, &limits(Repeat::Never)).await;
    assert_eq!((world.sent(), world.pauses()), (2, vec![22 * SECOND]));

    // The machine slept through the deadline: what is remembered is concluded from.
    for (attempted, ambiguous) in [(LIMITED, 0), (FAILED, 1), (LOST, 1), (UNREACHED, 0)] {
        let mut world = Scripted::new(&[attempted]);
        world.oversleeps = 3600 * SECOND;
        let ended = run(&world, &limits(Repeat::Conclusive)).await;
        assert_eq!((world.sent(), world.pauses().len()), (1, 1));
        assert_eq!(
            (ended.gave_up, ended.memory.ambiguous),
            (Some(GaveUp::Deadline), ambiguous)
        );
        assert_eq!(ended.in_doubt, ambiguous > 0);
        assert_eq!(decided(&ended), attempted.delivery);
    }

    // The same before the first: nothing to conclude from, and nothing sent.
    let world = Scripted::new(&[LOST]);
    world.log(|log| log.now = 26 * SECOND);
    let ended = run(&world, &limits(Repeat::Conclusive)).await;
    assert!(ended.decisive.is_none() && !ended.in_doubt);
    assert_eq!(world.sent(), 0);
}

#[test]
fn row_024_a_wall_clock_that_jumps_moves_nothing_but_dates() {
    // Deadlines and pauses come from a clock that cannot jump: nothing between an attempt and the verdict
    // knows another.
    for (file, text) in [
        ("retry.rs", include_str!("retry.rs")),
        ("client.rs", include_str!("client.rs")),
        ("builder.rs", include_str!("builder.rs")),
        ("source.rs", include_str!("source.rs")),
        ("observer.rs", include_str!("observer.rs")),
    ] {
        assert!(!text.contains("SystemTime"), "{file} reads the wall clock");
    }
    // A date is read against the answer's own clock, wherever ours has gone.
    let year = 365 * 24 * 3600 * SECOND;
    let after = |date: Option<&str>, ours: SystemTime| {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT".parse().unwrap());
        if let Some(date) = date {
            headers.insert("date", date.parse().unwrap());
        }
        Answer::new(429, headers, Body::Complete(Vec::new()), ours).retry_after()
    };
    let true_time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for ours in [true_time, true_time + 10 * year, true_time - 10 * year] {
        let theirs = Some("Sun, 06 Nov 1994 08:50:00 GMT");
        assert_eq!(after(theirs, ours), Some(7 * SECOND));
    }
    // Without one, a clock of ours that is wrong makes a pause of nothing or of a day, and no more.
    assert_eq!(after(None, true_time), Some(30 * SECOND));
    assert_eq!(after(None, true_time + 10 * year), Some(Duration::ZERO));
    assert_eq!(after(None, true_time - 10 * year), Some(24 * 3600 * SECOND));
}

#[tokio::test]
async fn row_037_what_is_not_declared_is_not_sent_again() {
    for attempted in [LOST, FAILED, ODD] {
        let world = Scripted::new(&[attempted]);
        let ended = run(&world, &limits(Repeat::Never)).await;
        assert_eq!((world.sent(), ended.memory.ambiguous), (1, 1), "{attempted:?}");
        assert_eq!(ended.gave_up, Some(GaveUp::MayHurt));
        // Nor after something that changed nothing and came before it.
        let world = Scripted::new(&[LIMITED, UNREACHED, attempted]);
        run(&world, &limits(Repeat::Never)).await;
        assert_eq!(world.sent(), 3, "{attempted:?}");
    }
    // What changed nothing may be asked again at every provider.
    for attempted in [LIMITED, UNREACHED] {
        let world = Scripted::new(&[attempted]);
        run(&world, &limits(Repeat::Never)).await;
        assert_eq!(world.sent(), 5, "{attempted:?}");
    }
    // Where ids may be given again, no declaration helps.
    for provider in crate::providers::ways() {
        assert!(!provider.may_reuse_ids() || provider.repeat() == crate::Repeat::Never);
    }
}

#[tokio::test]
async fn row_038_every_order_of_five_attempts_is_bounded() {
    let kinds = [UNREACHED, LOST, FAILED, LIMITED, ODD];
    for repeat in [Repeat::Never, Repeat::Harmless, Repeat::Conclusive] {
        for order in 0..kinds.len().pow(6) {
            let attempts: Vec<Attempted> = (0..6)
                .map(|place| kinds[order / kinds.len().pow(place) % kinds.len()])
                .collect();
            let world = Scripted::new(&attempts);
            let ended = run(&world, &limits(repeat)).await;
            let sent = world.sent();
            let doubtful = attempts[..sent]
                .iter()
                .filter(|attempted| attempted.verdict.leaves_doubt())
                .count();
            assert!(sent <= 5 && doubtful <= 2, "{repeat:?} {attempts:?}");
            let first = attempts
                .iter()
                .position(|attempted| attempted.verdict.leaves_doubt());
            if let (Repeat::Never, Some(first)) = (repeat, first) {
                assert!(sent <= first + 1, "{attempts:?}");
            }
            assert_eq!(
                (ended.memory.attempts as usize, ended.memory.ambiguous as usize),
                (sent, doubtful)
            );
            assert!(world.log(|log| log.now) < 30 * SECOND);
        }
    }
}

#[tokio::test]
async fn an_answer_that_decides_gives_a_repeat_back() {
    let mut world = Scripted::new(&[LIMITED, REJECTED]);
    world.budget = Budget::new(&RetryPolicy::default().with_budget(1));
    for call in 1..=3 {
        run(&world, &limits(Repeat::Never)).await;
        assert_eq!(
            world.sent(),
            2 * call,
            "the provider answers: its callers may go on"
        );
    }
    // What did not leave is no answer, whatever it decides.
    let mut unsent = REJECTED;
    unsent.delivery = Delivery::NotSent;
    let mut world = Scripted::new(&[LIMITED, unsent]);
    world.budget = Budget::new(&RetryPolicy::default().with_budget(1));
    run(&world, &limits(Repeat::Never)).await;
    let second = run(&world, &limits(Repeat::Never)).await;
    assert_eq!((world.sent(), second.gave_up), (3, Some(GaveUp::Budget)));
}

#[tokio::test]
async fn a_refused_credential_is_renewed_once_and_while_there_is_time_to_use_another() {
    let asked = |world: &Scripted| (world.log(|log| log.renewals), world.sent());
    // There is no other.
    let world = Scripted::new(&[REFUSED]);
    let ended = run(&world, &limits(Repeat::Never)).await;
    assert_eq!((asked(&world), ended.gave_up), ((1, 1), None));
    // The other one is refused too.
    let mut world = Scripted::new(&[REFUSED]);
    world.renews = true;
    let ended = run(&world, &limits(Repeat::Never)).await;
    assert_eq!((asked(&world), ended.gave_up), ((1, 2), None));
    assert_eq!(world.pauses(), [Duration::ZERO]);
    // Another attempt would have no time to connect, or just enough of it.
    for (takes, renewals) in [(25, 0), (24, 1)] {
        let mut world = Scripted::new(&[REFUSED]);
        (world.renews, world.takes) = (true, takes * SECOND);
        run(&world, &limits(Repeat::Never)).await;
        assert_eq!(asked(&world), (renewals, 1 + renewals as usize), "{takes} s");
    }
    // A repeat could hurt: no credential is asked for that may not be used.
    let mut world = Scripted::new(&[REFUSED]);
    world.renews = true;
    let doubtful = Limits {
        earlier_doubt: true,
        ..limits(Repeat::Never)
    };
    run(&world, &doubtful).await;
    assert_eq!(asked(&world), (0, 1));
}

#[tokio::test]
async fn what_an_earlier_call_left_in_doubt_stays_in_doubt() {
    let after = |repeat| Limits {
        earlier_doubt: true,
        ..limits(repeat)
    };
    for attempted in [LIMITED, UNREACHED] {
        let world = Scripted::new(&[attempted]);
        let ended = run(&world, &after(Repeat::Never)).await;
        assert_eq!((world.sent(), ended.in_doubt), (1, true), "{attempted:?}");
        assert_eq!(ended.gave_up, Some(GaveUp::MayHurt));
        let world = Scripted::new(&[attempted]);
        let ended = run(&world, &after(Repeat::Harmless)).await;
        assert_eq!((world.sent(), ended.in_doubt), (5, true), "{attempted:?}");
        assert_eq!(ended.gave_up, Some(GaveUp::Attempts));
    }
    // Even if the call makes no attempt of its own.
    let world = Scripted::new(&[LIMITED]);
    world.log(|log| log.now = 26 * SECOND);
    let ended = run(&world, &after(Repeat::Never)).await;
    assert_eq!((world.sent(), ended.in_doubt), (0, true));
}

#[tokio::test]
async fn a_call_that_yields_leaves_only_the_wait_for_a_limit_to_its_caller() {
    let yielding = Limits {
        yields: true,
        ..limits(Repeat::Conclusive)
    };
    for (attempted, sent, gave_up) in [
        (LIMITED, 1, None),
        (UNREACHED, 5, Some(GaveUp::Attempts)),
        (FAILED, 2, Some(GaveUp::Attempts)),
    ] {
        let world = Scripted::new(&[attempted]);
        let ended = run(&world, &yielding).await;
        assert_eq!((world.sent(), ended.gave_up), (sent, gave_up), "{attempted:?}");
    }
}

#[test]
fn a_call_that_is_ended_from_outside_is_live_only_without_any_doubt() {
    for (in_flight, in_doubt, state) in [
        (false, false, KeyState::Live),
        (true, false, KeyState::Unknown),
        (false, true, KeyState::Unknown),
        (true, true, KeyState::Unknown),
    ] {
        assert_eq!(
            conclude_early(in_flight, in_doubt),
            state,
            "{in_flight} {in_doubt}"
        );
    }
}
