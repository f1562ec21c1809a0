//! What a run over many keys adds to each of its calls: a pause that all calls with one credential keep, an end from
//! outside, an observer of its own, and what earlier calls left in doubt.

use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::checks::Checks;
use crate::observer::{AttemptEnd, AttemptStart, Observer};
use crate::outcome::{Delivery, ErrorKind, KeyState, RevokeError, RevokeResult};
use crate::revoke::Revoke;

/// The surroundings of one call. A call by itself has none.
#[derive(Clone, Copy, Default)]
pub struct Within<'a> {
    /// The caller's name for the tenant.
    pub(crate) tenant: Option<&'a str>,
    pub(crate) observer: Option<&'a dyn Observer>,
    pub(crate) gate: Option<&'a Gate>,
    pub(crate) stop: Option<&'a Stopper>,
    /// Did an earlier call for this key leave doubt?
    pub(crate) in_doubt: bool,
    /// What is looked at before and after.
    pub(crate) checks: Option<&'a Checks>,
    /// Is the waiting left to the run when the provider wants fewer requests?
    pub(crate) yields: bool,
}

impl fmt::Debug for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Within")
            .field("tenant", &self.tenant)
            .field("in_doubt", &self.in_doubt)
            .finish_non_exhaustive()
    }
}

impl Within<'_> {
    /// Waits out the pause; `false` where the run is ended, and nothing may be sent any more.
    pub(crate) async fn ready(&self) -> bool {
        let (Some(gate), Some(stop)) = (self.gate, self.stop) else {
            return true;
        };
        if !stop.is_ended() && !gate.is_closed() {
            return true;
        }
        unless(stop.reached(Stage::Finish), gate.open()).await.is_some()
    }

    /// Sleeps, but not past the end of the run.
    pub(crate) async fn sleep(&self, pause: Duration) {
        match self.stop {
            None => sleep(pause).await,
            Some(_) => _ = unless(self.finished(), sleep(pause)).await,
        }
    }

    /// Is the run told to end?
    pub(crate) fn is_ended(&self) -> bool {
        self.stop.is_some_and(Stopper::is_ended)
    }

    /// Completes when nothing more may be sent.
    pub(crate) async fn finished(&self) {
        self.reached(Stage::Finish).await;
    }

    /// Completes when even what is under way has to end.
    pub(crate) async fn abandoned(&self) {
        self.reached(Stage::Abandon).await;
    }

    async fn reached(&self, stage: Stage) {
        match self.stop {
            None => pending().await,
            Some(stop) => stop.reached(stage).await,
        }
    }

    /// A call of a revoker that knows nothing of runs.
    pub(crate) async fn call<R: Revoke + ?Sized>(
        &self,
        revoker: &R,
        key: &R::Key,
        call: impl Future<Output = RevokeResult> + Send,
    ) -> RevokeResult {
        let (provider, text) = (revoker.provider(), key.to_string());
        let start = AttemptStart {
            provider,
            tenant: self.tenant,
            key: &text,
            number: 1,
        };
        let not_sent = |kind, words: String| {
            let error = RevokeError::new(provider.to_owned(), kind, self.state_of_nothing());
            Err(error
                .with_delivery(Delivery::NotSent)
                .with_attempts(0)
                .with_detail(words))
        };
        // A revoker that cannot look must not seem to have looked.
        if self.checks.is_some() {
            let words = "this revoker cannot look at keys before and after it revokes them";
            return not_sent(ErrorKind::Unsupported, words.to_owned());
        }
        if !self.ready().await {
            return not_sent(ErrorKind::Cancelled, ENDED.to_owned());
        }
        let Some(observer) = self.observer else {
            return self.conclude(call.await);
        };
        if let Err(veto) = observer.before_attempt(&start).await {
            return not_sent(ErrorKind::Vetoed, format!("vetoed: {veto}"));
        }
        let mut watched = Watched {
            observer,
            start: &start,
            ended: false,
        };
        let result = call.await;
        watched.ended = true;
        let end = AttemptEnd {
            start: start.clone(),
            delivery: match &result {
                Ok(_) => Delivery::Answered,
                Err(error) => error.delivery(),
            },
            status: match &result {
                Ok(dead) => dead.status(),
                Err(error) => error.status(),
            },
            key_state: KeyState::from(&result),
            next_in: None,
        };
        observer.after_attempt(&end).await;
        self.conclude(result)
    }

    /// What a key is in of which this call has sent nothing.
    fn state_of_nothing(&self) -> KeyState {
        if self.in_doubt {
            KeyState::Unknown
        } else {
            KeyState::Live
        }
    }

    /// A refusal says nothing of an earlier call that may have been carried out.
    fn conclude(&self, result: RevokeResult) -> RevokeResult {
        match result {
            Err(error) if self.in_doubt => Err(error.into_doubt()),
            result => result,
        }
    }
}

/// What the work gives, unless the end comes first, which is asked first.
pub(crate) async fn unless<T>(end: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut end, mut work) = (pin!(end), pin!(work));
    poll_fn(|context| match end.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(context).map(Some),
    })
    .await
}

/// What is said of a key that the end of a run kept from being sent.
pub(crate) const ENDED: &str = "the run was ended before this was sent";

/// Tells the observer of an attempt that was dropped under way.
pub(crate) struct Watched<'a> {
    pub(crate) observer: &'a dyn Observer,
    pub(crate) start: &'a AttemptStart<'a>,
    pub(crate) ended: bool,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.observer.abandoned(self.start);
        }
    }
}

/// Until when no call with this credential may send.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Option<Instant>>);

impl Gate {
    /// Holds every call back for this long from now, or longer where that was said before.
    pub(crate) fn close(&self, pause: Duration) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(Instant::now().checked_add(pause));
    }

    pub(crate) fn closed_until(&self) -> Option<Instant> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| Instant::now() < *until)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed_until().is_some()
    }

    async fn open(&self) {
        // Others may close it further meanwhile.
        while let Some(until) = self.closed_until() {
            sleep_until(until).await;
        }
    }
}

/// How far a run is told to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    #[default]
    Run,
    Finish,
    Abandon,
}

/// Ends a [`Run`](crate::Run) from outside, such as on Ctrl-C; its clones end the same run.
#[derive(Clone, Debug, Default)]
pub struct Stopper(watch::Sender<Stage>);

impl Stopper {
    /// Lets the requests that are under way finish and sends no other. Keys that were not sent come back as such.
    pub fn finish(&self) {
        self.advance(Stage::Finish);
    }

    /// Gives up what is under way, too: a key whose request may have left is in doubt.
    pub fn abandon(&self) {
        self.advance(Stage::Abandon);
    }

    /// Was the run told to end, in one way or the other?
    pub fn is_ended(&self) -> bool {
        *self.0.borrow() >= Stage::Finish
    }

    fn advance(&self, stage: Stage) {
        self.0.send_if_modified(|known| {
            let further = *known < stage;
            *known = (*known).max(stage);
            further
        });
    }

    pub(crate) async fn reached(&self, stage: Stage) {
        let mut stages = self.0.subscribe();
        // Fails only if the sender is gone, and that is in `self`.
        let _ = stages.wait_for(|known| *known >= stage).await;
    }
}
