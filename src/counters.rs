//! How often what was said: numbers for whatever collects metrics.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::outcome::{ErrorKind, KeyState, RevokeResult, SCHEMA};

/// Counts results by provider, state and kind. Its clones count together; counting is one look-up and one addition.
///
/// A [revoker](crate::Builder::with_counters) counts its calls, a [registry](crate::Registry::with_counters) the keys of its
/// runs, for each of which there may be several calls: give each its own. [`count`](Self::count) is for everything else.
///
/// For Prometheus it is a counter `keyrevoke_results_total` with the labels `provider`, `state` and `kind`; an empty label is
/// none there. For OpenTelemetry it is an asynchronous counter `keyrevoke.results` of the unit `{result}` with the attributes
/// `keyrevoke.provider`, `keyrevoke.state` and, but for dead keys, `error.type`: the names and values of the spans.
///
/// ```
/// use keyrevoke::{Counters, ErrorKind, KeyState, RevokeError};
///
/// let counters = Counters::new();
/// counters.count(&Err(RevokeError::new("dolfin", ErrorKind::RateLimited, KeyState::Live)));
/// for count in counters.snapshot() {
///     let kind = count.kind.map_or("", ErrorKind::as_str);
///     println!("keyrevoke_results_total{{provider={:?},state={:?},kind={kind:?}}} {}", count.provider, count.state.as_str(), count.count);
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<RwLock<Table>>);

/// By provider, then by what was said.
type Table = HashMap<String, HashMap<(KeyState, Option<ErrorKind>), AtomicU64>>;

/// How often one thing was said of a provider's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// The provider's name.
    pub provider: String,
    /// Are these keys dead?
    pub state: KeyState,
    /// Why not; `None` for dead keys.
    pub kind: Option<ErrorKind>,
    /// Results since the counters were made. It only grows, and begins again at 0 beyond `u64::MAX`.
    pub count: u64,
}

impl Counters {
    /// Counters at nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a result.
    pub fn count(&self, result: &RevokeResult) {
        let (provider, what) = match result {
            Ok(dead) => (dead.provider(), (KeyState::Dead, None)),
            Err(error) => (error.provider(), (error.key_state(), Some(error.kind()))),
        };
        {
            let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = table.get(provider).and_then(|counts| counts.get(&what)) {
                count.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let counts = table.entry(provider.to_owned()).or_default();
        counts.entry(what).or_default().fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far, in the order of the names. What was never said is not in it.
    pub fn snapshot(&self) -> Vec<Count> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let all = table.iter().flat_map(|(provider, counts)| {
            counts.iter().map(|((state, kind), count)| Count {
                provider: provider.clone(),
                state: *state,
                kind: *kind,
                count: count.load(Ordering::Relaxed),
            })
        });
        let mut all: Vec<Count> = all.collect();
        all.sort_by(|one, other| one.order().cmp(&other.order()));
        all
    }
}

/// Members: those of the struct, and [`schema`](SCHEMA).
impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Count", 5)?;
        out.serialize_field("provider", &self.provider)?;
        out.serialize_field("state", &self.state)?;
        out.serialize_field("kind", &self.kind)?;
        out.serialize_field("count", &self.count)?;
        out.serialize_field("schema", &SCHEMA)?;
        out.end()
    }
}

impl Count {
    fn order(&self) -> (&str, &str, &str) {
        let kind = self.kind.map_or("", ErrorKind::as_str);
        (&self.provider, self.state.as_str(), kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Disposition, Evidence, Revocation, RevokeError};

    #[test]
    fn clones_and_threads_count_together_and_nothing_is_lost() {
        let counters = Counters::new();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let counters = counters.clone();
                std::thread::spawn(move || {
                    for _ in 0..1000 {
                        let dead = Revocation::new("devin", Disposition::Revoked, [Evidence::ProviderAnswer]);
                        counters.count(&Ok(dead));
                        counters.count(&Err(RevokeError::new(
                            "dolfin",
                            ErrorKind::NotFound,
                            KeyState::Unknown,
                        )));
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let words: Vec<String> = counters
            .snapshot()
            .iter()
            .map(|count| serde_json::to_string(count).unwrap())
            .collect();
        assert_eq!(
            words,
            [
                r#"{"provider":"devin","state":"dead","kind":null,"count":4000,"schema":1}"#,
                r#"{"provider":"dolfin","state":"unknown","kind":"not_found","count":4000,"schema":1}"#,
            ]
        );
    }
}
