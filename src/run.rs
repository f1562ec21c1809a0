//! [`Run`]: a list of keys, worked off.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::key::KeyRef;
use crate::lane::{Lane, Next, Waiting};
use crate::observer::{BoxFuture, Observer};
use crate::outcome::{ErrorKind, KeyState, RevokeError, RevokeResult};
use crate::plan::{Plan, PlanError};
use crate::registry::Registry;
use crate::within::{ENDED, Stage, Stopper, Within};

/// How many keys of a stream wait for their turn at most, so that a busy provider does not hold up the others.
const READ_AHEAD: usize = 1024;

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
    calls: JoinSet<RevokeResult>,
    under_way: HashMap<Id, (usize, Waiting)>,
    ready: VecDeque<(KeyRef, RevokeResult)>,
    given: HashMap<KeyRef, Vec<KeyRef>>,
    source: Option<KeyStream>,
    /// Wakes a run that waits for its stream when it is ended.
    end: Option<BoxFuture<'static, ()>>,
    seen: HashSet<(u64, u64)>,
    hashers: (RandomState, RandomState),
    /// Whose turn it is.
    turn: usize,
}

/// What all calls of a run have in common.
struct Shared {
    registry: Registry,
    observer: Option<Arc<dyn Observer>>,
    stopper: Stopper,
}

impl Run {
    fn new(registry: Registry) -> Self {
        let lanes: Vec<Lane> = registry
            .targets
            .iter()
            .map(|target| Lane::new(target.clone(), registry.limits))
            .collect();
        let providers = lanes.iter().map(|lane| (Arc::clone(&lane.target.provider), 0));
        Self {
            providers: providers.collect(),
            lanes,
            shared: Arc::new(Shared {
                observer: registry.observer.clone(),
                registry,
                stopper: Stopper::default(),
            }),
            calls: JoinSet::new(),
            under_way: HashMap::new(),
            ready: VecDeque::new(),
            given: HashMap::new(),
            source: None,
            end: None,
            seen: HashSet::new(),
            hashers: Default::default(),
            turn: 0,
        }
    }

    pub(crate) fn of_plan(plan: Plan) -> Self {
        let mut run = Self::new(plan.registry);
        run.given = plan.given;
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
        let stopper = run.stopper();
        run.end = Some(Box::pin(async move { stopper.reached(Stage::Finish).await }));
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
        self.under_way.len()
    }

    /// Takes keys of the stream, as long as few wait.
    fn read(&mut self, context: &mut Context<'_>) {
        while let Some(source) = &mut self.source {
            let waiting: usize = self.lanes.iter().map(Lane::waiting).sum();
            if waiting >= READ_AHEAD {
                return;
            }
            let end = self.end.as_mut().map(|end| end.as_mut().poll(context));
            if end.is_some_and(|end| end.is_ready()) {
                (self.source, self.end) = (None, None);
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
        let is_full = *at_provider >= limits.per_provider || self.under_way.len() >= limits.in_total;
        if is_full && !lane.is_stopped() {
            return false;
        }
        match lane.next(now) {
            None => false,
            Some(Next::Report(key, result)) => {
                self.report(key, result);
                true
            }
            Some(Next::Send(waiting)) => {
                lane.in_flight += 1;
                *at_provider += 1;
                let call = call(
                    Arc::clone(&self.shared),
                    Arc::clone(&lane.target),
                    Arc::clone(&lane.gate),
                    waiting.key.clone(),
                    waiting.in_doubt,
                );
                let id = self.calls.spawn_on(call, runtime).id();
                self.under_way.insert(id, (index, waiting));
                true
            }
        }
    }

    fn ended(&mut self, joined: Result<(Id, RevokeResult), JoinError>) {
        let (id, result) = match joined {
            Ok((id, result)) => (id, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some((index, waiting)) = self.under_way.remove(&id) else {
            return;
        };
        let Some(lane) = self.lanes.get_mut(index) else {
            return;
        };
        lane.in_flight -= 1;
        if let Some(calls) = self.providers.get_mut(&lane.target.provider) {
            *calls -= 1;
        }
        let result = result.unwrap_or_else(|_| {
            let provider = lane.target.provider.to_string();
            let error = RevokeError::new(provider, ErrorKind::Cancelled, KeyState::Unknown);
            Err(error.with_detail("the call was ended by the runtime, or panicked"))
        });
        if let Some((key, result)) = lane.after(Instant::now(), waiting, result) {
            self.report(key, result);
        }
    }

    /// Gives the result back for the key in every form in which it was given.
    fn report(&mut self, key: KeyRef, result: RevokeResult) {
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
) -> RevokeResult {
    let within = Within {
        tenant: target.tenant.as_deref(),
        observer: shared.observer.as_deref(),
        gate: Some(&gate),
        stop: Some(&shared.stopper),
        in_doubt,
        yields: true,
    };
    target.revoker.revoke_text_within(key.key(), &within).await
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
            run.read(context);
            run.fill(&runtime);
            if !run.ready.is_empty() {
                continue;
            }
            match run.calls.poll_join_next_with_id(context) {
                Poll::Ready(Some(joined)) => run.ended(joined),
                Poll::Ready(None) if run.source.is_none() => return Poll::Ready(None),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
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
            if let Next::Report(key, result) = next {
                self.report(key, result);
            }
        }
        self.ready.pop_front()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("in_flight", &self.under_way.len())
            .field("waiting", &self.lanes.iter().map(Lane::waiting).sum::<usize>())
            .finish_non_exhaustive()
    }
}
