//! [`Run`]: a list of keys, worked off.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::capabilities::Capabilities;
use crate::checks::{Checks, Expectation};
use crate::journal::{JournalError, JournalRecord};
use crate::key::KeyRef;
use crate::lane::{Lane, Next, Waiting};
use crate::observer::{AttemptEnd, AttemptStart, BoxFuture, Observer, Veto};
use crate::outcome::{ErrorKind, KeyState, RevokeError, RevokeResult};
use crate::plan::{Plan, PlanError};
use crate::registry::Registry;
use crate::resume::{Keeper, Past};
use crate::within::{ENDED, Stage, Stopper, Within};

/// How many keys of a stream wait for their turn at most, so that a busy provider does not hold up the others.
const READ_AHEAD: usize = 1024;

/// How many calls and writes there are at most.
const MOST_TASKS: usize = 4096;

type KeyStream = Pin<Box<dyn Stream<Item = KeyRef> + Send>>;

/// A run over many keys: a stream of each key, as it was given, and its result, in the order in which they are known.
///
/// Calls are made while it is polled, and those under way go on between polls, in tasks of the Tokio runtime. Each call
/// has its own deadline, which runs neither while a key waits for its turn nor while the provider has asked to wait.
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
    lanes: Vec<Lane>,
    /// How many calls are under way at each provider.
    providers: HashMap<Arc<str>, usize>,
    tasks: JoinSet<Done>,
    jobs: HashMap<Id, Job>,
    calls: usize,
    phase: Phase,
    /// What earlier runs of the journal left.
    past: Past,
    was_in_flight: Vec<KeyRef>,
    ready: VecDeque<(KeyRef, RevokeResult)>,
    given: HashMap<KeyRef, Vec<KeyRef>>,
    expectations: HashMap<KeyRef, Expectation>,
    source: Option<KeyStream>,
    /// Wakes a run that waits for its calls or its stream when it is ended.
    end: Option<BoxFuture<'static, ()>>,
    seen: HashSet<(u64, u64)>,
    hashers: (RandomState, RandomState),
    /// Whose turn it is.
    turn: usize,
}

/// What a task of a run is about.
enum Job {
    Call(usize, Waiting),
    /// Writing an outcome down, which the lane's call waits for.
    Write(Option<usize>, KeyRef, RevokeResult),
}

/// What a task of a run gives.
enum Done {
    Called(RevokeResult),
    Written,
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

/// What all calls of a run have in common.
struct Shared {
    registry: Registry,
    keeper: Option<Arc<Keeper>>,
    stopper: Stopper,
}

impl Shared {
    /// Has anybody to be told of attempts?
    fn is_watched(&self) -> bool {
        self.registry.observer.is_some() || self.keeper.is_some()
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

impl Run {
    fn new(registry: Registry) -> Self {
        let lanes: Vec<Lane> = registry
            .targets
            .iter()
            .map(|target| Lane::new(target.clone(), registry.limits))
            .collect();
        let keeper = registry
            .journal
            .clone()
            .map(|journal| Arc::new(Keeper::new(journal)));
        let providers = lanes.iter().map(|lane| (Arc::clone(&lane.target.provider), 0));
        let stopper = Stopper::default();
        let ended = stopper.clone();
        Self {
            providers: providers.collect(),
            lanes,
            phase: match &keeper {
                Some(keeper) => Phase::Replay(Box::pin(Arc::clone(keeper).replay())),
                None => Phase::On,
            },
            shared: Arc::new(Shared {
                registry,
                keeper,
                stopper,
            }),
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            calls: 0,
            past: Past::default(),
            was_in_flight: Vec::new(),
            ready: VecDeque::new(),
            given: HashMap::new(),
            expectations: HashMap::new(),
            source: None,
            end: Some(Box::pin(async move { ended.reached(Stage::Finish).await })),
            seen: HashSet::new(),
            hashers: Default::default(),
            turn: 0,
        }
    }

    pub(crate) fn of_plan(plan: Plan) -> Self {
        let mut run = Self::new(plan.registry);
        (run.given, run.expectations) = (plan.given, plan.expectations);
        for item in plan.items {
            if let Some(lane) = run.lanes.get_mut(item.target as usize) {
                lane.push(item.key);
            }
        }
        run
    }

    pub(crate) fn of_stream(plan: Plan, keys: KeyStream) -> Self {
        let mut run = Self::of_plan(plan);
        run.source = Some(keys);
        run
    }

    /// A run over a list with mistakes in it, which sends nothing.
    pub(crate) fn refused(plan: Plan, error: PlanError) -> Self {
        let mut run = Self::of_plan(plan);
        let problems = error.into_problems();
        let words = format!(
            "the list holds {} keys that are refused, so none is",
            problems.len()
        );
        for lane in &mut run.lanes {
            lane.stop(ErrorKind::InvalidInput, words.clone());
        }
        let problems = problems.into_iter().map(|problem| problem.into_parts());
        run.ready
            .extend(problems.map(|(key, problem)| (key, Err(problem.into()))));
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
        self.calls
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
            let waiting: usize = self.lanes.iter().map(Lane::waiting).sum();
            if waiting >= READ_AHEAD {
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
            Err(problem) => self.ready.push_back((key, Err(problem.into()))),
            Ok((target, canonical)) => {
                // Two keyed hashes: two keys of a run are never taken for one in anybody's lifetime.
                let hash = (
                    self.hashers.0.hash_one(&canonical),
                    self.hashers.1.hash_one(&canonical),
                );
                if !self.seen.insert(hash) {
                    return;
                }
                if canonical != key {
                    self.given.insert(canonical.clone(), vec![key]);
                }
                if let Some(lane) = self.lanes.get_mut(target) {
                    lane.push(canonical);
                }
            }
        }
    }

    /// Begins what may begin: one call of each lane in turn, until none has more.
    fn fill(&mut self, runtime: &Handle) {
        let (mut idle, now) = (0, Instant::now());
        if self.shared.stopper.is_ended() {
            for lane in &mut self.lanes {
                lane.stop(ErrorKind::Cancelled, ENDED);
            }
        }
        if let Some(error) = self.journal_error() {
            for lane in &mut self.lanes {
                lane.stop(ErrorKind::Vetoed, error.to_string());
            }
        }
        while idle < self.lanes.len() && self.ready.is_empty() {
            let index = self.turn % self.lanes.len();
            self.turn = index + 1;
            idle = if self.begin(index, now, runtime) {
                0
            } else {
                idle + 1
            };
        }
    }

    fn begin(&mut self, index: usize, now: Instant, runtime: &Handle) -> bool {
        let Some(lane) = self.lanes.get_mut(index) else {
            return false;
        };
        let limits = self.shared.registry.limits;
        let at_provider = self
            .providers
            .entry(Arc::clone(&lane.target.provider))
            .or_default();
        let is_full = *at_provider >= limits.per_provider || self.calls >= limits.in_total;
        if (is_full && !lane.is_stopped()) || self.jobs.len() >= MOST_TASKS {
            return false;
        }
        match lane.next(now) {
            None => false,
            Some(Next::Report(mut waiting, error)) => {
                // What is not known to be safe is not sent any more.
                match self.past.settle(&mut waiting, &Capabilities::default()) {
                    Some(known) => self.report(waiting.key, known),
                    None => self.conclude(None, waiting.key, Err(error), runtime),
                }
                true
            }
            Some(Next::Send(mut waiting)) => {
                if let Some(known) = self.past.settle(&mut waiting, &lane.can) {
                    self.report(waiting.key, known);
                    return true;
                }
                lane.in_flight += 1;
                *at_provider += 1;
                self.calls += 1;
                let expected = self.expectations.get(&waiting.key).cloned();
                let checks = self.shared.registry.checks.clone();
                let checks = match expected {
                    Some(expected) => Some(checks.unwrap_or_default().with_expectation(expected)),
                    None => checks,
                };
                let checks = checks.map(Box::new); // most calls have none, and each has room for them
                let call = call(
                    Arc::clone(&self.shared),
                    Arc::clone(&lane.target),
                    Arc::clone(&lane.gate),
                    waiting.key.clone(),
                    waiting.in_doubt,
                    checks,
                );
                let task = async move { Done::Called(call.await) };
                let id = self.tasks.spawn_on(task, runtime).id();
                self.jobs.insert(id, Job::Call(index, waiting));
                true
            }
        }
    }

    fn ended(&mut self, joined: Result<(Id, Done), JoinError>, runtime: &Handle) {
        let (id, done) = match joined {
            Ok((id, done)) => (id, Some(done)),
            Err(error) => (error.id(), None),
        };
        match (self.jobs.remove(&id), done) {
            (Some(Job::Call(index, waiting)), done) => {
                let result = match done {
                    Some(Done::Called(result)) => result,
                    _ => {
                        let provider = waiting.key.provider().to_owned();
                        let error = RevokeError::new(provider, ErrorKind::Cancelled, KeyState::Unknown);
                        Err(error.with_detail("the call was ended by the runtime, or panicked"))
                    }
                };
                let Some(lane) = self.lanes.get_mut(index) else {
                    return;
                };
                match lane.after(Instant::now(), waiting, result) {
                    Some((key, result)) => self.conclude(Some(index), key, result, runtime),
                    None => self.free(index),
                }
            }
            (Some(Job::Write(index, key, result)), _) => {
                if let Some(index) = index {
                    self.free(index);
                }
                self.report(key, result);
            }
            (None, _) => {}
        }
    }

    /// A call is over, and another may take its place.
    fn free(&mut self, index: usize) {
        let Some(lane) = self.lanes.get_mut(index) else {
            return;
        };
        lane.in_flight -= 1;
        self.calls -= 1;
        if let Some(calls) = self.providers.get_mut(&lane.target.provider) {
            *calls -= 1;
        }
    }

    /// Writes a result down before it is given back, so that nobody acts on what a crash could lose.
    fn conclude(&mut self, call: Option<usize>, key: KeyRef, result: RevokeResult, runtime: &Handle) {
        let Some(keeper) = &self.shared.keeper else {
            if let Some(index) = call {
                self.free(index);
            }
            return self.report(key, result);
        };
        let lane = call.and_then(|index| self.lanes.get(index));
        let own = lane.and_then(|lane| lane.target.revoker.document_version());
        let listed = || Some(crate::provider(key.provider()).ok()?.document_version());
        let document = own.or_else(listed).map(str::to_owned);
        let record = JournalRecord::outcome(key.clone(), document, result.clone());
        let keeper = Arc::clone(keeper);
        let task = async move {
            keeper.write(record).await;
            Done::Written
        };
        let id = self.tasks.spawn_on(task, runtime).id();
        self.jobs.insert(id, Job::Write(call, key, result));
    }

    /// Gives the result back for the key in every form in which it was given.
    fn report(&mut self, key: KeyRef, result: RevokeResult) {
        if let Some(counters) = &self.shared.registry.counters {
            counters.count(&result);
        }
        if self.given.is_empty() {
            return self.ready.push_back((key, result));
        }
        match self.given.remove(&key) {
            None => self.ready.push_back((key, result)),
            Some(given) => self
                .ready
                .extend(given.into_iter().map(|given| (given, result.clone()))),
        }
    }
}

/// One call, in a task of its own.
async fn call(
    shared: Arc<Shared>,
    target: Arc<crate::registry::Target>,
    gate: Arc<crate::within::Gate>,
    key: KeyRef,
    in_doubt: bool,
    checks: Option<Box<Checks>>,
) -> RevokeResult {
    let observer: &dyn Observer = &*shared;
    let within = Within {
        tenant: target.tenant.as_deref(),
        observer: shared.is_watched().then_some(observer),
        gate: Some(&gate),
        stop: Some(&shared.stopper),
        in_doubt,
        checks: checks.as_deref(),
        yields: shared.registry.limits.longest_pause > Duration::ZERO,
    };
    target.revoker.revoke_key_within(&key, &within).await
}

impl Stream for Run {
    type Item = (KeyRef, RevokeResult);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let run = &mut *self;
        let Ok(runtime) = Handle::try_current() else {
            return Poll::Ready(run.without_runtime());
        };
        loop {
            if let Some(ready) = run.ready.pop_front() {
                return Poll::Ready(Some(ready));
            }
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
        self.past = past;
        self.was_in_flight = self.past.in_flight();
        for key in &self.was_in_flight {
            tracing::warn!({ keyrevoke.key = %key }, "was under way when an earlier run ended");
        }
        let unsent = self.lanes.iter().flat_map(Lane::unsent);
        let keys = unsent.filter(|key| !self.past.is_dead(key)).count() as u64;
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
        self.fill(runtime);
        if !self.ready.is_empty() {
            return Poll::Ready(false);
        }
        match self.tasks.poll_join_next_with_id(context) {
            Poll::Ready(Some(joined)) => {
                self.ended(joined, runtime);
                Poll::Ready(false)
            }
            Poll::Ready(None) if self.source.is_none() => Poll::Ready(true),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Run {
    /// Outside of a Tokio runtime nothing can be sent.
    fn without_runtime(&mut self) -> Option<(KeyRef, RevokeResult)> {
        for lane in &mut self.lanes {
            lane.stop(ErrorKind::NotSent, "there is no Tokio runtime here");
        }
        while self.ready.is_empty() {
            let now = Instant::now();
            let next = self.lanes.iter_mut().find_map(|lane| lane.next(now))?;
            if let Next::Report(waiting, error) = next {
                self.report(waiting.key, Err(error));
            }
        }
        self.ready.pop_front()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("in_flight", &self.calls)
            .field("waiting", &self.lanes.iter().map(Lane::waiting).sum::<usize>())
            .finish_non_exhaustive()
    }
}
