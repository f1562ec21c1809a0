//! [`Run`]: a list of keys, worked off.

use std::collections::HashSet;
use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::journal::{JournalError, JournalRecord};
use crate::key::KeyRef;
use crate::lane::{Lane, Next};
use crate::observer::BoxFuture;
#[cfg(doc)]
use crate::observer::Observer;
use crate::outcome::{ErrorKind, RevokeResult};
use crate::plan::{Plan, PlanError};
use crate::resume::Past;
use crate::within::{Stage, Stopper};
use crate::work::{Shared, Worker, herald};

/// How many keys of a stream wait for their turn at most, so that a busy provider does not hold up the others.
const READ_AHEAD: usize = 1024;

type KeyStream = Pin<Box<dyn Stream<Item = KeyRef> + Send>>;

/// A run over many keys: a stream of each key, as it was given, and its result, in the order in which they are known.
///
/// Calls are made in tasks of the Tokio runtime, which go on between polls until as many results wait as there are
/// calls at a time: one at a time is not made before the last one's result was taken. Each call has its own deadline,
/// which runs neither while a key waits for its turn nor while the provider has asked to wait.
///
/// * Each credential has at most its number of calls under way; providers take turns.
/// * A `401` stops that credential, after its source was asked once more; so do three `403` of a credential that never
///   had a success. Its other keys come back unsent and live. A `429` holds all calls with the credential back until
///   the provider's Retry-After, of up to an hour, and its keys are taken back.
/// * A key that is known to be the credential in use is sent last.
/// * Dropping the run starts nothing new and drops the calls under way, of which the observer is
///   [told](Observer::abandoned); a [`Stopper`] ends it with a result for every key.
#[must_use = "a run does nothing unless it is polled"]
pub struct Run {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    phase: Phase,
    was_in_flight: Vec<KeyRef>,
    source: Option<KeyStream>,
    /// Wakes a run that waits for its calls or its stream when it is ended.
    end: Option<BoxFuture<'static, ()>>,
    seen: HashSet<(u64, u64)>,
    hashers: (RandomState, RandomState),
}

/// Where a run is.
enum Phase {
    /// Reading what the journal holds.
    Replay(BoxFuture<'static, Option<Past>>),
    /// Writing its beginning down.
    Begin(BoxFuture<'static, ()>),
    On,
    /// Writing its end down.
    End(BoxFuture<'static, ()>),
    Over,
}

impl Run {
    pub(crate) fn of_plan(plan: Plan) -> Self {
        let shared = Shared::new(plan.registry, plan.given, plan.expectations);
        let mut work = shared.work();
        for item in plan.items {
            if let Some(lane) = work.lanes.get_mut(item.target as usize) {
                lane.push(item.key);
            }
        }
        drop(work);
        let ended = shared.stopper.clone();
        Self {
            phase: match &shared.keeper {
                Some(keeper) => Phase::Replay(Box::pin(Arc::clone(keeper).replay())),
                None => Phase::On,
            },
            shared: Arc::new(shared),
            tasks: JoinSet::new(),
            was_in_flight: Vec::new(),
            source: None,
            end: Some(Box::pin(async move { ended.reached(Stage::Finish).await })),
            seen: HashSet::new(),
            hashers: Default::default(),
        }
    }

    pub(crate) fn of_stream(plan: Plan, keys: KeyStream) -> Self {
        let mut run = Self::of_plan(plan);
        run.source = Some(keys);
        run
    }

    /// A run over a list with mistakes in it, which sends nothing.
    pub(crate) fn refused(plan: Plan, error: PlanError) -> Self {
        let run = Self::of_plan(plan);
        let problems = error.into_problems();
        let words = format!(
            "the list holds {} keys that are refused, so none is",
            problems.len()
        );
        let problems = problems.into_iter().map(|problem| problem.into_parts());
        let mut work = run.shared.work();
        work.stop(ErrorKind::InvalidInput, &words);
        work.ready
            .extend(problems.map(|(key, problem)| (key, Err(problem.into()))));
        drop(work);
        run
    }

    /// The next key that is done with, and its result; `None` once all are.
    pub async fn next(&mut self) -> Option<(KeyRef, RevokeResult)> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What ends this run from outside.
    pub fn stopper(&self) -> Stopper {
        self.shared.stopper.clone()
    }

    /// How many calls are under way now.
    pub fn in_flight(&self) -> usize {
        self.shared.work().calls
    }

    /// The keys whose requests were under way when an earlier run of the same journal ended; known from the first
    /// result on.
    pub fn was_in_flight(&self) -> &[KeyRef] {
        &self.was_in_flight
    }

    /// Why the journal could not be read or written. Nothing was sent from then on; results of what was under way are
    /// true, but not written down.
    pub fn journal_error(&self) -> Option<JournalError> {
        self.shared.keeper.as_ref().and_then(|keeper| keeper.failed())
    }

    /// Takes keys of the stream, as long as few wait.
    fn read(&mut self, context: &mut Context<'_>) {
        while let Some(source) = &mut self.source {
            if self.shared.work().waiting() >= READ_AHEAD {
                return;
            }
            match source.as_mut().poll_next(context) {
                Poll::Pending => return,
                Poll::Ready(None) => self.source = None,
                Poll::Ready(Some(key)) => self.accept(key),
            }
        }
    }

    fn accept(&mut self, key: KeyRef) {
        match self.shared.registry.resolve(&key) {
            Err(problem) => self.shared.work().ready.push_back((key, Err(problem.into()))),
            Ok((target, canonical)) => {
                let (own, given) = match canonical {
                    None => (key, None),
                    Some(canonical) => (canonical, Some(key)),
                };
                // Two keyed hashes: two keys of a run are never taken for one in anybody's lifetime.
                let hash = (self.hashers.0.hash_one(&own), self.hashers.1.hash_one(&own));
                if !self.seen.insert(hash) {
                    return;
                }
                let mut work = self.shared.work();
                if let Some(given) = given {
                    work.given.insert(own.clone(), vec![given]);
                }
                if let Some(lane) = work.lanes.get_mut(target) {
                    lane.push(own);
                }
            }
        }
    }
}

impl Stream for Run {
    type Item = (KeyRef, RevokeResult);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let run = &mut *self;
        loop {
            let ready = run.shared.work().ready.pop_front();
            if ready.is_some() {
                return Poll::Ready(ready);
            }
            let Ok(runtime) = Handle::try_current() else {
                return Poll::Ready(run.without_runtime());
            };
            match &mut run.phase {
                Phase::Replay(replay) => {
                    let past = ready!(replay.as_mut().poll(context));
                    run.begins(past.unwrap_or_default());
                }
                Phase::Begin(begin) => {
                    ready!(begin.as_mut().poll(context));
                    run.phase = Phase::On;
                }
                Phase::On => {
                    if ready!(run.advance(context, &runtime)) {
                        run.ends();
                    }
                }
                Phase::End(end) => {
                    ready!(end.as_mut().poll(context));
                    run.phase = Phase::Over;
                }
                Phase::Over => return Poll::Ready(None),
            }
        }
    }
}

impl Run {
    fn begins(&mut self, past: Past) {
        self.was_in_flight = past.in_flight();
        for key in &self.was_in_flight {
            tracing::warn!({ keyrevoke.key = %key }, "was under way when an earlier run ended");
        }
        let mut work = self.shared.work();
        let unsent = work.lanes.iter().flat_map(Lane::unsent);
        let keys = unsent.filter(|key| !past.is_dead(key)).count() as u64;
        work.past = past;
        drop(work);
        let operator = self.shared.registry.operator.clone();
        self.phase = Phase::On;
        self.write(JournalRecord::begin(operator, keys), Phase::Begin);
    }

    fn ends(&mut self) {
        self.phase = Phase::Over;
        self.write(JournalRecord::end(), Phase::End);
    }

    /// A journal that failed is left as it is.
    fn write(&mut self, record: JournalRecord, phase: fn(BoxFuture<'static, ()>) -> Phase) {
        let failed = self.journal_error().is_some();
        if let Some(keeper) = self.shared.keeper.clone().filter(|_| !failed) {
            self.phase = phase(Box::pin(keeper.write(record)));
        }
    }

    /// Begins what may begin and takes what has ended; ready with `true` once all is done.
    fn advance(&mut self, context: &mut Context<'_>, runtime: &Handle) -> Poll<bool> {
        let end = self.end.as_mut().map(|end| end.as_mut().poll(context));
        if end.is_some_and(|end| end.is_ready()) {
            (self.source, self.end) = (None, None);
        }
        self.read(context);
        while self.tasks.try_join_next().is_some() {}
        loop {
            let mut work = self.shared.work();
            match work.begin() {
                Some(job) => {
                    drop(work);
                    if self.tasks.is_empty() {
                        self.tasks.spawn_on(herald(Arc::clone(&self.shared)), runtime);
                    }
                    let worker = Worker::new(&self.shared, job);
                    self.tasks.spawn_on(worker.run(), runtime);
                }
                None if !work.ready.is_empty() => return Poll::Ready(false),
                None if work.tasks == 0 && self.source.is_none() => return Poll::Ready(true),
                None => {
                    work.waker = Some(context.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Run {
    /// Outside of a Tokio runtime nothing can be sent.
    fn without_runtime(&mut self) -> Option<(KeyRef, RevokeResult)> {
        let mut work = self.shared.work();
        work.stop(ErrorKind::NotSent, "there is no Tokio runtime here");
        while work.ready.is_empty() {
            let now = Instant::now();
            let next = work.lanes.iter_mut().find_map(|lane| lane.next(now))?;
            if let Next::Report(waiting, error) = next {
                work.report(waiting.key, Err(error));
            }
        }
        work.ready.pop_front()
    }
}

/// Nothing is begun from now on, not even by a task that has not noticed yet.
impl Drop for Run {
    fn drop(&mut self) {
        self.shared.work().is_dropped = true;
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = self.shared.work();
        f.debug_struct("Run")
            .field("in_flight", &work.calls)
            .field("waiting", &work.waiting())
            .finish_non_exhaustive()
    }
}
