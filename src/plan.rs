//! [`Plan`]: what a run will do, before anything is sent.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fmt;

use crate::checks::Expectation;
use crate::error::one_line;
use crate::input::InvalidInput;
use crate::key::KeyRef;
use crate::outcome::{ErrorKind, KeyState, RevokeError};
use crate::registry::{Registry, Target};
use crate::revoke::Revoke;
use crate::run::Run;

/// What a run will do: exactly these keys, each with the revoker of its provider and tenant, and nothing else.
///
/// Making one sends nothing. It holds each key once, in its canonical form; what was given in other forms, or more
/// than once, comes back as it was given.
#[must_use = "a plan does nothing until it is run"]
pub struct Plan {
    pub(crate) registry: Registry,
    pub(crate) items: Vec<Item>,
    /// Where a key was given in another form, or more than once: all the forms.
    pub(crate) given: HashMap<KeyRef, Vec<KeyRef>>,
    pub(crate) expectations: HashMap<KeyRef, Expectation>,
}

pub(crate) struct Item {
    pub(crate) key: KeyRef,
    pub(crate) target: u32,
}

impl Plan {
    pub(crate) fn new(
        registry: Registry,
        keys: impl IntoIterator<Item = KeyRef>,
    ) -> (Self, Option<PlanError>) {
        let keys = keys.into_iter();
        let (mut items, mut problems) = (Vec::with_capacity(keys.size_hint().0), Vec::new());
        let mut given: HashMap<KeyRef, Vec<KeyRef>> = HashMap::new();
        for (index, key) in keys.enumerate() {
            match registry.resolve(&key) {
                Ok((target, canonical)) => {
                    let target = target as u32;
                    let key = match canonical {
                        None => key,
                        Some(canonical) => {
                            given.entry(canonical.clone()).or_default().push(key);
                            canonical
                        }
                    };
                    items.push(Item { key, target });
                }
                Err(problem) => problems.push(PlanProblem {
                    position: index + 1,
                    key,
                    problem,
                }),
            }
        }
        drop_repeated(&mut items, &mut given);
        let error = (!problems.is_empty()).then_some(PlanError { problems });
        let plan = Self {
            registry,
            items,
            given,
            expectations: HashMap::new(),
        };
        (plan, error)
    }

    /// How many keys there are, each counted once.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Is there nothing to do?
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What will be sent, in the order of the list. Each provider's and tenant's keys are sent in this order too, but
    /// for a key that is the credential in use, which comes last.
    pub fn iter(&self) -> impl Iterator<Item = Planned<'_>> {
        self.items.iter().map(|item| Planned {
            key: &item.key,
            target: &self.registry.targets[item.target as usize],
        })
    }

    /// Looks these keys up first, and sends nothing about one that is another than is expected. A key that is not of the
    /// plan is passed over.
    pub fn with_expectations(
        mut self,
        expectations: impl IntoIterator<Item = (KeyRef, Expectation)>,
    ) -> Self {
        for (key, expectation) in expectations {
            if let (Ok((_, canonical)), false) = (self.registry.resolve(&key), expectation.is_empty()) {
                self.expectations.insert(canonical.unwrap_or(key), expectation);
            }
        }
        self
    }

    /// The same plan with other settings of its registry, whose revokers stay those that the plan was made with.
    pub fn with_registry(mut self, registry: Registry) -> Self {
        let targets = std::mem::take(&mut self.registry.targets);
        self.registry = Registry { targets, ..registry };
        self
    }

    /// Carries the plan out.
    pub fn revoke_all(self) -> Run {
        Run::of_plan(self)
    }
}

/// Keeps the first of each key, and notes that it was given more than once.
fn drop_repeated(items: &mut Vec<Item>, given: &mut HashMap<KeyRef, Vec<KeyRef>>) {
    let mut seen = HashSet::with_capacity(items.len());
    let repeated: Vec<bool> = items.iter().map(|item| !seen.insert(&item.key)).collect();
    drop(seen);
    if !repeated.contains(&true) && given.is_empty() {
        return;
    }
    // Of a key that was given in its canonical form as well, that form is one of those that are reported.
    let mut counts: HashMap<&KeyRef, usize> = HashMap::new();
    for item in items.iter() {
        *counts.entry(&item.key).or_default() += 1;
    }
    for (key, count) in counts {
        let others = given.get(key).map_or(0, Vec::len);
        if count > 1 || others > 0 {
            let forms = given.entry(key.clone()).or_default();
            forms.extend(std::iter::repeat_n(key.clone(), count - others));
        }
    }
    let mut repeated = repeated.into_iter();
    items.retain(|_| !repeated.next().unwrap_or_default());
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("registry", &self.registry)
            .field("keys", &self.items.len())
            .finish_non_exhaustive()
    }
}

/// What will be done about one key.
#[derive(Clone, Copy)]
pub struct Planned<'a> {
    key: &'a KeyRef,
    target: &'a Target,
}

impl Planned<'_> {
    /// The key, in its canonical form.
    pub fn key(&self) -> &KeyRef {
        self.key
    }

    /// What is known of the provider: can the key be brought back, and what else dies with it?
    pub fn capabilities(&self) -> crate::Capabilities {
        self.target.revoker.capabilities()
    }

    /// Is this, as far as can be told, the credential in use? It is then revoked after all others of its provider and
    /// tenant.
    pub fn is_own(&self) -> bool {
        self.target.revoker.is_own_key(self.key)
    }
}

impl fmt::Debug for Planned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Planned").field(self.key).finish()
    }
}

/// Everything that is wrong with a list of keys, at once. Nothing of it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    problems: Vec<PlanProblem>,
}

impl PlanError {
    /// What is wrong, in the order of the list.
    pub fn problems(&self) -> &[PlanProblem] {
        &self.problems
    }

    pub(crate) fn into_problems(self) -> Vec<PlanProblem> {
        self.problems
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for PlanError {}

impl From<PlanError> for RevokeError {
    fn from(error: PlanError) -> Self {
        Self::new("keyrevoke", ErrorKind::InvalidInput, KeyState::Live)
            .with_detail(one_line(&error))
            .with_source(error)
    }
}

/// A key of a list that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    position: usize,
    key: KeyRef,
    problem: InvalidInput,
}

impl PlanProblem {
    /// Which key of the list it is; the first is 1.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The key as it was given.
    pub fn key(&self) -> &KeyRef {
        &self.key
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &InvalidInput {
        &self.problem
    }

    pub(crate) fn into_parts(self) -> (KeyRef, InvalidInput) {
        (self.key, self.problem)
    }
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}: {}", self.position, self.problem)
    }
}
