//! The keys of one credential within a run: which is next, and what a result means for the others.
//!
//! No I/O and no clock of its own: the run hands in the time and the results, and closes the gate for as long as it
//! is told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::capabilities::Capabilities;
use crate::key::KeyRef;
use crate::outcome::{Delivery, ErrorKind, KeyState, RevokeError, RevokeResult};
use crate::registry::{Limits, Target};
use crate::revoke::Revoke;
use crate::within::Gate;

/// So many refusals of permission, none of them after a success, and the credential may not revoke at all.
const MOST_FORBIDDEN: u32 = 3;
/// So many requests in a row that the provider did not want, and waiting for it leads nowhere.
const MOST_LIMITED: u32 = 100;
/// Pauses of our own begin at this, and double.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often they double.
const DOUBLINGS: u32 = 5;

/// A key that is to be sent, and what earlier calls of the run left.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) key: KeyRef,
    pub(crate) in_doubt: bool,
    /// What the last call said.
    pub(crate) last: Option<RevokeError>,
}

impl Waiting {
    pub(crate) fn new(key: KeyRef) -> Self {
        Self {
            key,
            in_doubt: false,
            last: None,
        }
    }
}

/// What a lane has to offer.
pub(crate) enum Next {
    Send(Waiting),
    /// A key that is not sent any more, and what is said of it.
    Report(Waiting, RevokeError),
}

/// Why the rest of a lane is not sent.
#[derive(Clone)]
struct Stopped {
    kind: ErrorKind,
    words: String,
    retry_after: Option<Duration>,
}

pub(crate) struct Lane {
    pub(crate) target: Arc<Target>,
    /// What the revoker can do, asked once.
    pub(crate) can: Capabilities,
    pub(crate) gate: Arc<Gate>,
    pub(crate) in_flight: usize,
    limits: Limits,
    /// How many may be under way now: one after a pause, then more with each answer.
    window: usize,
    /// What the provider did not want yet.
    again: VecDeque<Waiting>,
    queue: VecDeque<KeyRef>,
    /// Keys of the last round that met an outage.
    held: VecDeque<Waiting>,
    /// The credential in use, which cannot revoke any other key once it is dead.
    own: VecDeque<KeyRef>,
    stopped: Option<Stopped>,
    succeeded: bool,
    forbidden: u32,
    limited: u32,
    failed: u32,
    /// When the outage that is still on began.
    outage: Option<Instant>,
}

impl Lane {
    pub(crate) fn new(target: Target, limits: Limits) -> Self {
        Self {
            can: target.revoker.capabilities(),
            target: Arc::new(target),
            gate: Arc::default(),
            in_flight: 0,
            window: limits.per_credential,
            limits,
            again: VecDeque::new(),
            queue: VecDeque::new(),
            held: VecDeque::new(),
            own: VecDeque::new(),
            stopped: None,
            succeeded: false,
            forbidden: 0,
            limited: 0,
            failed: 0,
            outage: None,
        }
    }

    pub(crate) fn push(&mut self, key: KeyRef) {
        if self.target.revoker.is_own_key(&key) {
            self.own.push_back(key);
        } else {
            self.queue.push_back(key);
        }
    }

    /// The keys that wait, without those that were sent before.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = &KeyRef> {
        self.queue.iter().chain(&self.own)
    }

    /// How many keys wait.
    pub(crate) fn waiting(&self) -> usize {
        self.again.len() + self.queue.len() + self.held.len() + self.own.len()
    }

    /// Sends nothing any more.
    pub(crate) fn stop(&mut self, kind: ErrorKind, words: impl Into<String>) {
        self.stopped.get_or_insert_with(|| Stopped {
            kind,
            words: words.into(),
            retry_after: None,
        });
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// The next key, if there is one that may be sent now, or one that will not be.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Next> {
        if let Some(stopped) = &self.stopped {
            let waiting = self.again.pop_front().or_else(|| self.held.pop_front());
            let mut key = || self.queue.pop_front().or_else(|| self.own.pop_front());
            let waiting = waiting.or_else(|| key().map(Waiting::new))?;
            let error = self.not_sent(&waiting, stopped);
            return Some(Next::Report(waiting, error));
        }
        if self.in_flight >= self.window {
            return None;
        }
        if let Some(waiting) = self.again.pop_front() {
            return Some(Next::Send(waiting));
        }
        if let Some(key) = self.queue.pop_front() {
            return Some(Next::Send(Waiting::new(key)));
        }
        if let Some(waiting) = self.held.pop_front() {
            if !self.keeps_trying(now)
                && let Some(last) = waiting.last.clone()
            {
                return Some(Next::Report(waiting, last));
            }
            if self.failed > 0 {
                self.pause_for_outage();
            }
            return Some(Next::Send(waiting));
        }
        if self.in_flight > 0 {
            return None;
        }
        self.own.pop_front().map(|key| Next::Send(Waiting::new(key)))
    }

    /// Takes note of a result; gives it back where it is final.
    pub(crate) fn after(
        &mut self,
        now: Instant,
        waiting: Waiting,
        result: RevokeResult,
    ) -> Option<(KeyRef, RevokeResult)> {
        let error = match result {
            Ok(dead) => {
                self.succeeded = true;
                self.answered();
                return Some((waiting.key, Ok(dead)));
            }
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::RateLimited => return self.after_limit(waiting, error),
            ErrorKind::NotSent | ErrorKind::NoAnswer | ErrorKind::Unavailable => {
                return self.after_outage(now, waiting, error);
            }
            ErrorKind::Unauthenticated | ErrorKind::PermissionDenied if self.can.is_key_the_credential() => {}
            ErrorKind::Unauthenticated => {
                let words = format!("the credential of {} was refused", self.name());
                self.stop(ErrorKind::Unauthenticated, words);
            }
            ErrorKind::PermissionDenied if !self.succeeded => {
                self.forbidden += 1;
                if self.forbidden == MOST_FORBIDDEN {
                    let words = format!(
                        "the credential of {} was refused permission {MOST_FORBIDDEN} times and never had it",
                        self.name()
                    );
                    self.stop(ErrorKind::PermissionDenied, words);
                }
            }
            _ => {}
        }
        if error.delivery() == Delivery::Answered {
            self.answered();
        }
        Some((waiting.key, Err(error)))
    }

    fn after_limit(&mut self, waiting: Waiting, error: RevokeError) -> Option<(KeyRef, RevokeResult)> {
        self.limited += 1;
        let pause = error.retry_after().unwrap_or_else(|| doubled(self.limited - 1));
        if pause > self.limits.longest_pause || self.limited >= MOST_LIMITED {
            self.stopped.get_or_insert_with(|| Stopped {
                kind: ErrorKind::RateLimited,
                words: "the provider wants no requests with this credential for now".to_owned(),
                retry_after: error.retry_after(),
            });
            return Some((waiting.key, Err(error)));
        }
        // One call finds out whether the provider is ready, so that little jitter is needed.
        self.close(pause, pause / 100);
        self.take_back(waiting, error, |lane| &mut lane.again)
    }

    fn after_outage(
        &mut self,
        now: Instant,
        waiting: Waiting,
        error: RevokeError,
    ) -> Option<(KeyRef, RevokeResult)> {
        self.failed += 1;
        self.outage.get_or_insert(now);
        if !self.keeps_trying(now) {
            return Some((waiting.key, Err(error)));
        }
        if self.failed as usize >= self.limits.per_credential {
            self.pause_for_outage();
        }
        self.take_back(waiting, error, |lane| &mut lane.held)
    }

    /// Keeps a key for another call, if that cannot hurt any key.
    fn take_back(
        &mut self,
        waiting: Waiting,
        error: RevokeError,
        list: impl FnOnce(&mut Self) -> &mut VecDeque<Waiting>,
    ) -> Option<(KeyRef, RevokeResult)> {
        if !error.is_retryable() {
            return Some((waiting.key, Err(error)));
        }
        list(self).push_back(Waiting {
            in_doubt: waiting.in_doubt || error.key_state() != KeyState::Live,
            last: Some(error),
            ..waiting
        });
        None
    }

    fn keeps_trying(&self, now: Instant) -> bool {
        let began = self.outage.unwrap_or(now);
        self.limits.keep_trying > now.saturating_duration_since(began)
    }

    fn pause_for_outage(&mut self) {
        let rounds = (self.failed as usize).saturating_sub(self.limits.per_credential);
        let pause = doubled(rounds.try_into().unwrap_or(DOUBLINGS));
        self.close(pause, pause / 4);
    }

    fn close(&mut self, pause: Duration, jitter: Duration) {
        self.gate.close(pause + jitter.mul_f64(fastrand::f64()));
        self.window = 1;
    }

    /// The provider is there and answers.
    fn answered(&mut self) {
        (self.limited, self.failed, self.outage) = (0, 0, None);
        if !self.gate.is_closed() {
            self.window = (self.window * 2).min(self.limits.per_credential);
        }
    }

    /// What is said of a key that is not sent any more; of one that was sent, what was last known.
    fn not_sent(&self, waiting: &Waiting, stopped: &Stopped) -> RevokeError {
        if let Some(last) = &waiting.last {
            return last.clone();
        }
        let state = if waiting.in_doubt {
            KeyState::Unknown
        } else {
            KeyState::Live
        };
        RevokeError::new(self.target.provider.to_string(), stopped.kind, state)
            .with_delivery(Delivery::NotSent)
            .with_attempts(0)
            .with_retry_after(stopped.retry_after)
            .with_detail(format!("not sent: {}", stopped.words))
    }

    fn name(&self) -> String {
        match &self.target.tenant {
            Some(tenant) => format!("{}@{tenant}", self.target.provider),
            None => self.target.provider.to_string(),
        }
    }
}

fn doubled(times: u32) -> Duration {
    FIRST_PAUSE * (1 << times.min(DOUBLINGS))
}

#[cfg(test)]
#[path = "lane_tests.rs"]
mod tests;
