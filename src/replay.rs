//! Puts a list of attempts through the real retry loop, without network, clock or chance. The model and the
//! properties judge the loop itself by it, not a copy of its rules.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::outcome::KeyState;
use crate::provider::Repeat;
use crate::retry::{Attempted, Budget, Ended, Limits, RetryPolicy, World, conclude, run};
use crate::verdict::Meaning;

/// What happens after an attempt, if the loop would go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Then {
    GoesOn,
    /// The deadline comes before the pause.
    TimeRunsOut,
    /// The deadline comes within the pause.
    TimeRunsOutInThePause,
    /// The budget is empty, and there is no other credential.
    NothingIsLeft,
}

const DEADLINE: Duration = Duration::from_secs(30);

/// `None` while the loop asks for another attempt than these. What it reports of an attempt is its index.
pub(crate) fn replay(
    policy: RetryPolicy,
    repeat: Repeat,
    script: &[(Attempted, Then)],
) -> Option<Ended<usize>> {
    let limits = Limits {
        policy,
        repeat,
        connect_timeout: Duration::from_secs(1),
        attempt_timeout: Duration::from_secs(10),
        deadline: DEADLINE,
        earlier_doubt: false,
        yields: false,
    };
    let script = Script {
        script,
        heard: Mutex::new(0),
        elapsed: Mutex::new(Duration::ZERO),
        full: Budget::new(&policy),
        empty: Budget::new(&policy.with_budget(0)),
    };
    let ended = pin!(run(&script, &limits));
    match ended.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => Some(ended),
        Poll::Pending => None,
    }
}

/// What a call that ended so says of its key.
pub(crate) fn said(ended: &Ended<usize>) -> KeyState {
    let Some((attempted, _)) = &ended.decisive else {
        return KeyState::Live; // nothing was attempted
    };
    match conclude(attempted.verdict.meaning, ended.in_doubt) {
        Meaning::Dead(..) => KeyState::Dead,
        Meaning::Not(_, state) => state,
    }
}

struct Script<'a> {
    script: &'a [(Attempted, Then)],
    heard: Mutex<usize>,
    elapsed: Mutex<Duration>,
    full: Budget,
    empty: Budget,
}

impl Script<'_> {
    fn then(&self) -> Then {
        self.script[*self.heard.lock().unwrap() - 1].1
    }
}

impl World for Script<'_> {
    type Seen = usize;

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    async fn sleep(&self, pause: Duration) {
        let late = self.then() == Then::TimeRunsOutInThePause;
        *self.elapsed.lock().unwrap() += if late { DEADLINE } else { pause };
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn budget(&self) -> &Budget {
        match self.then() {
            Then::NothingIsLeft => &self.empty,
            _ => &self.full,
        }
    }

    async fn attempt(&self, number: u32, _: Duration) -> (Attempted, usize) {
        let index = number as usize - 1;
        let Some((attempted, then)) = self.script.get(index) else {
            return pending().await;
        };
        *self.heard.lock().unwrap() = number as usize;
        if *then == Then::TimeRunsOut {
            *self.elapsed.lock().unwrap() = DEADLINE;
        }
        (*attempted, index)
    }

    async fn renew(&self, _: Duration) -> bool {
        self.then() != Then::NothingIsLeft
    }

    async fn attempted(&self, _: u32, _: &Attempted, _: &usize, _: Option<Duration>) {}
}
