//! The keys of a run that are still to be done, and the tasks that do one after the other.
//!
//! A task takes its next key itself, so that a run goes on without being polled for each. It takes none while as many
//! results wait, to be written down or to be polled for, as there were ever calls at a time: a run whose caller stops
//! polling comes to rest.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::Instant;

use crate::capabilities::Capabilities;
use crate::checks::Expectation;
use crate::counters::Counters;
use crate::journal::JournalRecord;
use crate::key::KeyRef;
use crate::lane::{Lane, Next, Waiting};
use crate::observer::{AttemptEnd, AttemptStart, BoxFuture, Observer, Veto};
use crate::outcome::{ErrorKind, KeyState, RevokeError, RevokeResult};
use crate::registry::{Limits, Registry, Target};
use crate::resume::{Keeper, Past};
use crate::within::{ENDED, Gate, Stopper, Within};

/// How many tasks there are at most.
pub(crate) const MOST_TASKS: usize = 4096;

/// What a task does next.
pub(crate) enum Job {
    /// A call of this lane.
    Call(usize, Waiting),
    /// Writing an outcome down: that of a call of this lane, or of a key that was not sent.
    Write(Option<usize>, KeyRef, RevokeResult),
}

/// What is still to be done, and what was.
pub(crate) struct Work {
    limits: Limits,
    counters: Option<Counters>,
    keeper: Option<Arc<Keeper>>,
    stopper: Stopper,
    pub(crate) lanes: Vec<Lane>,
    /// Which of the numbers below is that of each lane's provider.
    providers: Vec<usize>,
    /// How many calls are under way at each provider.
    at_provider: Vec<usize>,
    /// How many calls are under way.
    pub(crate) calls: usize,
    /// How many there were at a time, at most.
    most_calls: usize,
    /// How many outcomes of calls are being written down.
    writes: usize,
    pub(crate) tasks: usize,
    /// Whose turn it is.
    turn: usize,
    /// What earlier runs of the journal left.
    pub(crate) past: Past,
    /// Where a key was given in another form, or more than once: all the forms.
    pub(crate) given: HashMap<KeyRef, Vec<KeyRef>>,
    /// Results that wait to be polled for.
    pub(crate) ready: VecDeque<(KeyRef, RevokeResult)>,
    /// What tasks left that were ended from outside, or panicked.
    pub(crate) left: Vec<Job>,
    /// Wakes whoever polls the run.
    pub(crate) waker: Option<Waker>,
    /// Wakes the herald, where it does not know of the news yet.
    herald: Option<Waker>,
    /// Was the run dropped? Nothing is begun any more.
    pub(crate) is_dropped: bool,
}

/// What became of a lane's turn.
enum Turn {
    Passed,
    /// A result that needs no task.
    Ready,
    Job(Job),
}

impl Work {
    pub(crate) fn new(registry: &Registry, keeper: Option<Arc<Keeper>>, stopper: Stopper) -> Self {
        let targets = &registry.targets;
        let first_of = |target: &Target| targets.iter().position(|first| first.provider == target.provider);
        let lanes = targets.iter();
        Self {
            limits: registry.limits,
            counters: registry.counters.clone(),
            keeper,
            stopper,
            lanes: lanes
                .map(|target| Lane::new(target.clone(), registry.limits))
                .collect(),
            providers: targets.iter().filter_map(first_of).collect(),
            at_provider: vec![0; targets.len()],
            calls: 0,
            most_calls: 1,
            writes: 0,
            tasks: 0,
            turn: 0,
            past: Past::default(),
            given: HashMap::new(),
            ready: VecDeque::new(),
            left: Vec::new(),
            waker: None,
            herald: None,
            is_dropped: false,
        }
    }

    /// What a new task is to do, if no result waits.
    pub(crate) fn begin(&mut self) -> Option<Job> {
        let job = loop {
            match self.left.pop() {
                None if self.tasks < MOST_TASKS => break self.next(true)?,
                None => return None,
                Some(left) => {
                    if let Some(job) = self.after(left, None) {
                        break job;
                    }
                }
            }
        };
        self.tasks += 1;
        Some(job)
    }

    /// What may be begun now, while results wait or only if none does: one call of each lane in turn, until none has
    /// more.
    fn next(&mut self, only_if_none: bool) -> Option<Job> {
        if self.is_dropped {
            return None;
        }
        if self.stopper.is_ended() {
            self.stop(ErrorKind::Cancelled, ENDED);
        }
        if let Some(error) = self.keeper.as_ref().and_then(|keeper| keeper.failed()) {
            self.stop(ErrorKind::Vetoed, &error.to_string());
        }
        let (mut passed, now) = (0, Instant::now());
        let most_ready = if only_if_none { 1 } else { self.most_calls };
        while passed < self.lanes.len() && self.ready.len() < most_ready {
            let index = self.turn % self.lanes.len();
            self.turn = index + 1;
            match self.turn_of(index, now) {
                Turn::Passed => passed += 1,
                Turn::Ready => passed = 0,
                Turn::Job(job) => return Some(job),
            }
        }
        None
    }

    fn turn_of(&mut self, index: usize, now: Instant) -> Turn {
        let lane = &mut self.lanes[index];
        let at_provider = self.at_provider[self.providers[index]];
        let is_full = at_provider >= self.limits.per_provider
            || self.calls >= self.limits.in_total
            || self.ready.len() + self.writes >= self.most_calls;
        if is_full && !lane.is_stopped() {
            return Turn::Passed;
        }
        match lane.next(now) {
            None => Turn::Passed,
            Some(Next::Report(mut waiting, error)) => {
                // What is not known to be safe is not sent any more.
                match self.past.settle(&mut waiting, &Capabilities::default()) {
                    Some(known) => self.report(waiting.key, known),
                    None => return self.conclude(None, waiting.key, Err(error)),
                }
                Turn::Ready
            }
            Some(Next::Send(mut waiting)) => {
                if let Some(known) = self.past.settle(&mut waiting, &lane.can) {
                    self.report(waiting.key, known);
                    return Turn::Ready;
                }
                lane.in_flight += 1;
                self.at_provider[self.providers[index]] += 1;
                self.calls += 1;
                self.most_calls = self.most_calls.max(self.calls);
                Turn::Job(Job::Call(index, waiting))
            }
        }
    }

    /// Takes note of what came of a job, of nothing if its task went away; gives what has to follow.
    fn after(&mut self, job: Job, result: Option<RevokeResult>) -> Option<Job> {
        match job {
            Job::Call(index, waiting) => {
                let result = result.unwrap_or_else(|| {
                    let provider = waiting.key.provider().to_owned();
                    let error = RevokeError::new(provider, ErrorKind::Cancelled, KeyState::Unknown);
                    Err(error.with_detail("the call was ended by the runtime, or panicked"))
                });
                match self.lanes[index].after(Instant::now(), waiting, result) {
                    None => self.free(index),
                    Some((key, result)) => {
                        if let Turn::Job(job) = self.conclude(Some(index), key, result) {
                            return Some(job);
                        }
                    }
                }
            }
            Job::Write(call, key, result) => {
                self.writes -= usize::from(call.is_some());
                self.report(key, result);
            }
        }
        None
    }

    /// A call is over, and another may take its place.
    fn free(&mut self, index: usize) {
        self.lanes[index].in_flight -= 1;
        self.at_provider[self.providers[index]] -= 1;
        self.calls -= 1;
    }

    /// Writes a result down before it is given back, so that nobody acts on what a crash could lose.
    fn conclude(&mut self, call: Option<usize>, key: KeyRef, result: RevokeResult) -> Turn {
        if let Some(index) = call {
            self.free(index);
        }
        if self.keeper.is_some() {
            self.writes += usize::from(call.is_some());
            return Turn::Job(Job::Write(call, key, result));
        }
        self.report(key, result);
        Turn::Ready
    }

    /// Gives the result back for the key in every form in which it was given.
    pub(crate) fn report(&mut self, key: KeyRef, result: RevokeResult) {
        if let Some(counters) = &self.counters {
            counters.count(&result);
        }
        match self.given.remove(&key) {
            None => self.ready.push_back((key, result)),
            Some(given) => self
                .ready
                .extend(given.into_iter().map(|given| (given, result.clone()))),
        }
    }

    /// Sends nothing any more.
    pub(crate) fn stop(&mut self, kind: ErrorKind, words: &str) {
        for lane in &mut self.lanes {
            lane.stop(kind, words);
        }
    }

    /// How many keys wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.lanes.iter().map(Lane::waiting).sum()
    }

    /// Is there something to be polled for?
    fn has_news(&self) -> bool {
        self.tasks == 0 || !self.ready.is_empty() || !self.left.is_empty()
    }

    /// Whoever is to be woken for the news: the herald, unless so many results wait that there is no time to lose.
    fn take_waker(&mut self) -> Option<Waker> {
        let is_urgent = 2 * self.ready.len() > self.most_calls || !self.left.is_empty();
        match self.waker.is_some() && self.has_news() {
            true if is_urgent => self.waker.take(),
            true => self.herald.take(),
            false => None,
        }
    }
}

/// What all tasks of a run have in common.
pub(crate) struct Shared {
    pub(crate) registry: Registry,
    pub(crate) keeper: Option<Arc<Keeper>>,
    pub(crate) stopper: Stopper,
    expectations: HashMap<KeyRef, Expectation>,
    /// Of each lane.
    ways: Vec<(Arc<Target>, Arc<Gate>)>,
    work: Mutex<Work>,
}

impl Shared {
    pub(crate) fn new(
        registry: Registry,
        given: HashMap<KeyRef, Vec<KeyRef>>,
        expectations: HashMap<KeyRef, Expectation>,
    ) -> Self {
        let journal = registry.journal.clone();
        let keeper = journal.map(|journal| Arc::new(Keeper::new(journal)));
        let stopper = Stopper::default();
        let mut work = Work::new(&registry, keeper.clone(), stopper.clone());
        work.given = given;
        let ways = work.lanes.iter();
        Self {
            ways: ways
                .map(|lane| (Arc::clone(&lane.target), Arc::clone(&lane.gate)))
                .collect(),
            registry,
            keeper,
            stopper,
            expectations,
            work: Mutex::new(work),
        }
    }

    /// Held for moments only, and never while anything is waited for or spawned.
    pub(crate) fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call.
    async fn call(&self, index: usize, waiting: &Waiting) -> RevokeResult {
        let (target, gate) = &self.ways[index];
        let checks = self.registry.checks.as_ref();
        let checks = match self.expectations.get(&waiting.key) {
            None => checks.map(Cow::Borrowed),
            Some(expected) => Some(Cow::Owned(
                checks
                    .cloned()
                    .unwrap_or_default()
                    .with_expectation(expected.clone()),
            )),
        };
        let is_watched = self.registry.observer.is_some() || self.keeper.is_some();
        let within = Within {
            tenant: target.tenant.as_deref(),
            observer: is_watched.then_some(self as &dyn Observer),
            gate: Some(gate),
            stop: Some(&self.stopper),
            in_doubt: waiting.in_doubt,
            checks: checks.as_deref(),
            yields: self.registry.limits.longest_pause > Duration::ZERO,
        };
        target.revoker.revoke_key_within(&waiting.key, &within).await
    }

    /// Writes an outcome down.
    async fn write(&self, call: Option<usize>, key: &KeyRef, result: &RevokeResult) {
        let Some(keeper) = &self.keeper else { return };
        let own = call.and_then(|index| self.ways[index].0.revoker.document_version());
        let listed = || Some(crate::provider(key.provider()).ok()?.document_version());
        let document = own.or_else(listed).map(str::to_owned);
        let record = JournalRecord::outcome(key.clone(), document, result.clone());
        Arc::clone(keeper).write(record).await;
    }

    /// Ends a job, and begins the next one where results do not pile up.
    fn after(&self, job: Job, result: Option<RevokeResult>) -> Option<Job> {
        let mut work = self.work();
        let next = work.after(job, result).or_else(|| work.next(false));
        work.tasks -= usize::from(next.is_none());
        let waker = work.take_waker();
        drop(work);
        if let Some(waker) = waker {
            waker.wake();
        }
        next
    }
}

/// The registry's observer, then the journal, which writes down only what nobody refused.
impl Observer for Shared {
    fn before_attempt<'a>(&'a self, attempt: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        Box::pin(async move {
            if let Some(observer) = &self.registry.observer {
                observer.before_attempt(attempt).await?;
            }
            match &self.keeper {
                Some(keeper) => keeper.before_attempt(attempt).await,
                None => Ok(()),
            }
        })
    }

    fn after_attempt<'a>(&'a self, attempt: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        match &self.registry.observer {
            Some(observer) => observer.after_attempt(attempt),
            None => Box::pin(async {}),
        }
    }

    fn abandoned(&self, attempt: &AttemptStart<'_>) {
        if let Some(observer) = &self.registry.observer {
            observer.abandoned(attempt);
        }
    }
}

/// A task of a run.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    job: Option<Job>,
}

impl Worker {
    pub(crate) fn new(shared: &Arc<Shared>, job: Job) -> Self {
        Self {
            shared: Arc::clone(shared),
            job: Some(job),
        }
    }

    /// Does one job after the other, until there is none that it may begin.
    pub(crate) async fn run(mut self) {
        while let Some(job) = &self.job {
            let result = match job {
                Job::Call(index, waiting) => Some(self.shared.call(*index, waiting).await),
                Job::Write(call, key, result) => {
                    self.shared.write(*call, key, result).await;
                    None
                }
            };
            self.job = self.job.take().and_then(|job| self.shared.after(job, result));
        }
    }
}

/// What a task leaves that is ended from outside, or panics, is not lost.
impl Drop for Worker {
    fn drop(&mut self) {
        let Some(job) = self.job.take() else { return };
        let mut work = self.shared.work();
        work.tasks -= 1;
        work.left.push(job);
        let waker = work.take_waker();
        drop(work);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Tells whoever polls a run of its results: once of all that come before the runtime has nothing else to do, as each time
/// may cost two switches between threads.
pub(crate) async fn herald(shared: Arc<Shared>) {
    loop {
        poll_fn(|context| {
            let mut work = shared.work();
            if work.waker.is_some() && work.has_news() {
                return Poll::Ready(());
            }
            work.herald = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        yield_now().await;
        let waker = shared.work().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Credential;
    use crate::outcome::{Disposition, Evidence, Revocation};

    #[test]
    fn a_task_takes_its_next_key_itself_but_not_of_a_run_that_was_dropped() {
        let revoker = crate::builder("devin").unwrap();
        let revoker = revoker.with_credential(Credential::from_text("apk_user_example"));
        let registry = Registry::new().with(revoker.build().unwrap());
        let shared = Shared::new(registry, HashMap::new(), HashMap::new());
        for key in ["devin:k1", "devin:k2", "devin:k3", "devin:k4"] {
            shared.work().lanes[0].push(key.parse().unwrap());
        }
        let dead = || {
            Ok(Revocation::new(
                "devin",
                Disposition::Revoked,
                [Evidence::ProviderAnswer],
            ))
        };
        let begin = || shared.work().begin();
        let (first, second) = (begin().unwrap(), begin().unwrap());
        let third = shared.after(first, Some(dead()));
        assert!(matches!(&third, Some(Job::Call(0, waiting)) if waiting.key.key() == "k3"));
        shared.work().is_dropped = true;
        assert!(shared.after(second, Some(dead())).is_none());
        assert!(shared.after(third.unwrap(), Some(dead())).is_none());
        let mut work = shared.work();
        assert!(work.begin().is_none());
        assert_eq!((work.waiting(), work.calls, work.tasks), (1, 0, 0));
    }
}
