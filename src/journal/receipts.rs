//! What a journal comes to, key by key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{Journal, JournalEntry, JournalError, JournalRecord};
use crate::key::KeyRef;
use crate::outcome::{ErrorKind, KeyState, RevokeError, RevokeResult, SCHEMA};
use crate::timestamp;

/// What a journal says of one key: its verdict, and who, when and with what.
///
/// The latest outcome counts, with two exceptions. A proof of death stays although a later call about the same key
/// could not tell, or changed nothing: neither says that the key works. Only an answer in which the provider itself
/// speaks of the key as not dead (`scheduled`, `pending`) or of another key (`wrong_object`) takes the proof away, and a
/// later proof gives it back. Whatever came after a death is kept in [`later`](Self::later), and what it took away in
/// [`disputed`](Self::disputed): nothing is hidden. And a key about which a request may be under way, because an intent
/// has no outcome in its own run, is in flight unless it is dead, whatever other runs said of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// The key.
    pub key: KeyRef,
    /// The run that `result` is from, or the one that left the key in flight.
    pub run: Uuid,
    /// Who started that run.
    pub by: Option<String>,
    /// The version of this crate in that run; `None` if the journal does not say that the run began.
    pub version: Option<String>,
    /// The version of the provider's OpenAPI document.
    pub document: Option<String>,
    /// When a request about the key was first about to leave; `None` if none ever was.
    pub began: Option<SystemTime>,
    /// When the outcome was known.
    pub at: Option<SystemTime>,
    /// The verdict; `None` while the key is in flight.
    pub result: Option<RevokeResult>,
    /// The last outcome that is no death and came after a death.
    pub later: Option<RevokeError>,
    /// A proof of death that a later answer took away: when, and what it was.
    pub disputed: Option<(SystemTime, crate::Revocation)>,
}

impl Receipt {
    /// Is the key dead? In flight is `Unknown`.
    pub fn state(&self) -> KeyState {
        self.result.as_ref().map_or(KeyState::Unknown, KeyState::from)
    }

    /// Did the run, as far as it is written, end before it had an outcome? Then a request may have been carried out.
    pub fn is_in_flight(&self) -> bool {
        self.result.is_none()
    }
}

impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// A result in the members that it has everywhere.
        #[derive(Serialize)]
        #[serde(transparent)]
        struct Written<'a>(#[serde(serialize_with = "crate::written::serialize")] &'a RevokeResult);

        let mut out = serializer.serialize_struct("Receipt", 14)?;
        out.serialize_field("key", &self.key)?;
        out.serialize_field("state", &self.state())?;
        out.serialize_field("in_flight", &self.is_in_flight())?;
        out.serialize_field("run", &self.run)?;
        out.serialize_field("by", &self.by)?;
        out.serialize_field("version", &self.version)?;
        out.serialize_field("document", &self.document)?;
        out.serialize_field("began", &self.began.map(timestamp::format))?;
        out.serialize_field("at", &self.at.map(timestamp::format))?;
        out.serialize_field("result", &self.result.as_ref().map(Written))?;
        out.serialize_field("later", &self.later)?;
        out.serialize_field(
            "disputed_at",
            &self.disputed.as_ref().map(|(at, _)| timestamp::format(*at)),
        )?;
        out.serialize_field("disputed", &self.disputed.as_ref().map(|(_, dead)| dead))?;
        out.serialize_field("schema", &SCHEMA)?;
        out.end()
    }
}

/// The receipts of a journal, in the order in which its keys first appear.
pub async fn receipts<J: Journal + ?Sized>(journal: &J) -> Result<Vec<Receipt>, JournalError> {
    let mut receipts = Receipts::new();
    journal.replay(&mut |entry| receipts.add(entry)).await?;
    Ok(receipts.into_vec())
}

/// Collects the receipts of a journal entry by entry, oldest first, and what is true of its runs.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    runs: Vec<Run>,
    run_index: HashMap<Uuid, usize>,
    keys: Vec<Key>,
    key_index: HashMap<KeyRef, usize>,
}

#[derive(Clone, Debug)]
struct Run {
    by: Option<String>,
    version: Option<String>,
    planned: u64,
    is_ended: bool,
}

#[derive(Clone, Debug)]
struct Key {
    receipt: Receipt,
    /// The run whose intent has no outcome.
    open: Option<Uuid>,
    /// The last run that speaks of the key, by its place among the runs.
    last_run: usize,
}

impl Receipts {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next entry.
    pub fn add(&mut self, entry: JournalEntry) {
        let JournalEntry { at, run, record } = entry;
        let place = self.run(run);
        match record {
            JournalRecord::Begin {
                by, version, keys, ..
            } => {
                let run = &mut self.runs[place];
                (run.by, run.version, run.planned) = (by, Some(version), keys);
            }
            JournalRecord::Intent { key } => {
                let key = self.key(key, run, place);
                key.receipt.began.get_or_insert(at);
                key.open = Some(run);
            }
            JournalRecord::Outcome {
                key,
                document,
                result,
            } => {
                let key = self.key(key, run, place);
                if key.open == Some(run) {
                    key.open = None;
                }
                key.take(at, run, document, result);
            }
            JournalRecord::End => self.runs[place].is_ended = true,
        }
    }

    /// Has every run come to its end? If not, one still goes on or was cut off.
    pub fn is_finished(&self) -> bool {
        self.runs.iter().all(|run| run.is_ended)
    }

    /// How many keys at least were planned and never begun: as many as some run was to write outcomes for, less all keys
    /// that it or a later run speaks of. A run that was cut off leaves no other trace of them.
    pub fn missing(&self) -> u64 {
        let mut spoken_of = vec![0; self.runs.len()];
        for key in &self.keys {
            spoken_of[key.last_run] += 1;
        }
        let mut since = 0;
        let missing = self.runs.iter().zip(spoken_of).rev().map(|(run, keys)| {
            since += keys;
            run.planned.saturating_sub(since)
        });
        missing.max().unwrap_or_default()
    }

    /// The receipts, in the order in which the keys first appear.
    pub fn into_vec(self) -> Vec<Receipt> {
        let Self {
            runs,
            run_index,
            keys,
            ..
        } = self;
        let receipts = keys.into_iter().map(|key| {
            let mut receipt = key.receipt;
            let is_dead = matches!(receipt.result, Some(Ok(_)));
            if let Some(run) = key.open.filter(|_| !is_dead) {
                (receipt.run, receipt.result, receipt.at, receipt.document) = (run, None, None, None);
            }
            if let Some(run) = run_index.get(&receipt.run).map(|place| &runs[*place]) {
                (receipt.by, receipt.version) = (run.by.clone(), run.version.clone());
            }
            receipt
        });
        receipts.collect()
    }

    fn run(&mut self, run: Uuid) -> usize {
        let runs = &mut self.runs;
        *self.run_index.entry(run).or_insert_with(|| {
            runs.push(Run {
                by: None,
                version: None,
                planned: 0,
                is_ended: false,
            });
            runs.len() - 1
        })
    }

    fn key(&mut self, key: KeyRef, run: Uuid, place: usize) -> &mut Key {
        let index = match self.key_index.entry(key) {
            Entry::Occupied(index) => *index.get(),
            Entry::Vacant(vacant) => {
                let receipt = Receipt {
                    key: vacant.key().clone(),
                    run,
                    by: None,
                    version: None,
                    document: None,
                    began: None,
                    at: None,
                    result: None,
                    later: None,
                    disputed: None,
                };
                self.keys.push(Key {
                    receipt,
                    open: None,
                    last_run: place,
                });
                *vacant.insert(self.keys.len() - 1)
            }
        };
        let key = &mut self.keys[index];
        key.last_run = key.last_run.max(place);
        key
    }
}

impl Key {
    fn take(&mut self, at: SystemTime, run: Uuid, document: Option<String>, result: RevokeResult) {
        let receipt = &mut self.receipt;
        match (&receipt.result, &result) {
            // The first proof says who killed the key, and when.
            (Some(Ok(_)), Ok(_)) => return,
            (Some(Ok(dead)), Err(error)) => {
                receipt.later = Some(error.clone());
                if !speaks_against_death(error.kind()) {
                    return;
                }
                receipt.disputed = receipt.at.map(|at| (at, dead.clone()));
            }
            (_, Ok(_)) => receipt.disputed = None,
            (_, Err(error)) => {
                if receipt.disputed.is_some() {
                    receipt.later = Some(error.clone());
                }
            }
        }
        (receipt.at, receipt.run, receipt.document) = (Some(at), run, document);
        receipt.result = Some(result);
    }
}

/// Does the provider speak of the key as not dead, or of another key?
fn speaks_against_death(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Scheduled | ErrorKind::Pending | ErrorKind::WrongObject
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::{Disposition, Evidence};

    /// `b` begins a run for 3 keys, `e` ends it, `i` is an intent about key 1; the others are its outcomes.
    fn receipts(runs: &[&str]) -> Receipts {
        let mut receipts = Receipts::new();
        let key: KeyRef = "dolfin:1".parse().unwrap();
        let mut second = 0;
        for (number, run) in runs.iter().enumerate() {
            for word in run.chars() {
                let not = |kind, state| Err(RevokeError::new("dolfin", kind, state));
                let outcome = |result| JournalRecord::outcome(key.clone(), None, result);
                let dead = |disposition| {
                    Ok(crate::Revocation::new(
                        "dolfin",
                        disposition,
                        [Evidence::ProviderAnswer],
                    ))
                };
                let record = match word {
                    'b' => JournalRecord::begin(Some(format!("run {number}")), 3),
                    'e' => JournalRecord::end(),
                    'i' => JournalRecord::intent(key.clone()),
                    'D' => outcome(dead(Disposition::Revoked)),
                    'A' => outcome(dead(Disposition::AlreadyRevoked)),
                    'U' => outcome(not(ErrorKind::NoAnswer, KeyState::Unknown)),
                    'L' => outcome(not(ErrorKind::PermissionDenied, KeyState::Live)),
                    'S' => outcome(not(ErrorKind::Scheduled, KeyState::Live)),
                    'W' => outcome(not(ErrorKind::WrongObject, KeyState::Unknown)),
                    'P' => outcome(not(ErrorKind::Pending, KeyState::Unknown)),
                    other => panic!("{other}"),
                };
                second += 1;
                let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
                receipts.add(JournalEntry::new(Uuid::from_u128(number as u128 + 1), record).with_time(at));
            }
        }
        receipts
    }

    fn receipt(runs: &[&str]) -> Receipt {
        receipts(runs).into_vec().remove(0)
    }

    /// `dead`, `live`, `unknown` or `flight`, then `+later` and `+disputed`, and the run that said it.
    fn word(runs: &[&str]) -> String {
        let receipt = receipt(runs);
        let state = if receipt.is_in_flight() {
            "flight"
        } else {
            receipt.state().as_str()
        };
        let later = if receipt.later.is_some() { "+later" } else { "" };
        let disputed = if receipt.disputed.is_some() {
            "+disputed"
        } else {
            ""
        };
        format!("{state}{later}{disputed} {}", receipt.run.as_u128())
    }

    #[test]
    fn the_latest_outcome_counts_but_a_death_stays_and_doubt_is_shown() {
        for (runs, wanted) in [
            (&["biDe"][..], "dead 1"),
            (&["biUe", "biLe"], "live 2"),
            (&["biLe", "biUe"], "unknown 2"),
            (&["biUe", "biAe"], "dead 2"),
            // The first proof stands.
            (&["biDe", "biAe"], "dead 1"),
            // Neither of these says that the key works.
            (&["biDe", "biUe"], "dead+later 1"),
            (&["biDe", "biLe"], "dead+later 1"),
            // These do, or that somebody mixed up keys.
            (&["biDe", "biSe"], "live+later+disputed 2"),
            (&["biDe", "biPe"], "unknown+later+disputed 2"),
            (&["biDe", "biWe"], "unknown+later+disputed 2"),
            (&["biDe", "biSe", "biLe"], "live+later+disputed 3"),
            (&["biDe", "biSe", "biDe"], "dead+later 3"),
            // In flight: written before the bytes went out, and nothing after.
            (&["bi"], "flight 1"),
            (&["biDe", "bi"], "dead 1"),
            (&["biLe", "bi"], "flight 2"),
            (&["biDe", "biSe", "bi"], "flight+later+disputed 3"),
            (&["bi", "biUe"], "unknown 2"),
            // An outcome of a run that sent nothing says nothing of the request that may be under way.
            (&["bi", "bLe"], "flight 1"),
            (&["bi", "bAe"], "dead 2"),
            (&["bLe"], "live 1"),
        ] {
            assert_eq!(word(runs), wanted, "{runs:?}");
        }
    }

    #[test]
    fn a_receipt_says_who_when_and_with_what() {
        let receipt = receipt(&["biUe", "biDe"]);
        let after = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!((receipt.began, receipt.at), (Some(after(2)), Some(after(7))));
        assert_eq!(receipt.by.as_deref(), Some("run 1"));
        assert_eq!(receipt.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
        let json = serde_json::to_value(&receipt).unwrap();
        assert_eq!(json["state"], "dead");
        assert_eq!(json["at"], "1970-01-01T00:00:07.000Z");
        assert_eq!(json["result"]["disposition"], "revoked");
    }

    #[test]
    fn keys_that_a_run_never_came_to_are_counted() {
        for (runs, missing, finished) in [
            (&["b"][..], 3, false),
            (&["biDe"], 2, true),
            (&["biD"], 2, false),
            (&["be", "biDe"], 2, true),
            (&[], 0, true),
        ] {
            let receipts = receipts(runs);
            assert_eq!(
                (receipts.missing(), receipts.is_finished()),
                (missing, finished),
                "{runs:?}"
            );
        }
        // A run that begins all over speaks of the first key as well.
        let mut receipts = receipts(&["biDe", "biDe"]);
        assert_eq!(receipts.missing(), 2);
        for key in ["dolfin:2", "dolfin:3"] {
            let intent = JournalRecord::intent(key.parse().unwrap());
            receipts.add(JournalEntry::new(Uuid::from_u128(2), intent));
        }
        assert_eq!(receipts.missing(), 0);
    }
}
