//! What a journal knows of the keys of a run, and what the run adds to it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::capabilities::Capabilities;
use crate::journal::{Journal, JournalEntry, JournalError, JournalRecord, new_run};
use crate::key::KeyRef;
use crate::lane::Waiting;
use crate::observer::{AttemptStart, BoxFuture, Observer, Veto};
use crate::outcome::{Delivery, ErrorKind, KeyState, Revocation, RevokeError, RevokeResult};
use crate::provider::Repeat;

/// Writes a run down. What cannot be written down is not sent.
pub(crate) struct Keeper {
    journal: Arc<dyn Journal>,
    run: Uuid,
    failed: Mutex<Option<JournalError>>,
}

impl Keeper {
    pub(crate) fn new(journal: Arc<dyn Journal>) -> Self {
        Self {
            journal,
            run: new_run(),
            failed: Mutex::default(),
        }
    }

    /// What stopped the writing, if anything did.
    pub(crate) fn failed(&self) -> Option<JournalError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.clone()
    }

    fn note(&self, error: &JournalError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert_with(|| error.clone());
    }

    /// What earlier runs wrote.
    pub(crate) async fn replay(self: Arc<Self>) -> Option<Past> {
        let mut past = Past::default();
        match self.journal.replay(&mut |entry| past.add(entry)).await {
            Ok(()) => Some(past),
            Err(error) => {
                self.note(&error);
                None
            }
        }
    }

    /// Returns once the record is safe, or was noted as not written.
    pub(crate) async fn write(self: Arc<Self>, record: JournalRecord) {
        if let Err(error) = self.append(record).await {
            tracing::warn!(%error, "not written");
        }
    }

    async fn append(&self, record: JournalRecord) -> Result<(), JournalError> {
        let entry = JournalEntry::new(self.run, record);
        let written = self.journal.append(&entry).await;
        written.inspect_err(|error| self.note(error))
    }
}

impl Observer for Keeper {
    fn before_attempt<'a>(&'a self, attempt: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        Box::pin(async move {
            // The first attempt of a call leaves the key in doubt, and those after it no more so.
            if attempt.number() > 1 {
                return Ok(());
            }
            let intent = JournalRecord::intent(attempt.key_ref());
            let written = self.append(intent).await;
            // Another entry may have been lost meanwhile.
            match written.err().or_else(|| self.failed()) {
                Some(error) => Err(Veto::new(error.to_string())),
                None => Ok(()),
            }
        })
    }
}

/// What earlier runs left.
#[derive(Default)]
pub(crate) struct Past {
    known: HashMap<KeyRef, Known>,
    in_flight: HashSet<KeyRef>,
}

enum Known {
    Dead(Revocation),
    /// What was said of the key, if anything was.
    Doubt(Option<RevokeError>),
}

impl Past {
    fn add(&mut self, entry: JournalEntry) {
        match entry.record {
            JournalRecord::Intent { key } if !self.is_dead(&key) => {
                self.in_flight.insert(key.clone());
                self.known.insert(key, Known::Doubt(None));
            }
            JournalRecord::Outcome { key, result, .. } => {
                self.in_flight.remove(&key);
                match result {
                    Ok(dead) => _ = self.known.insert(key, Known::Dead(dead)),
                    // What contradicts a death takes it away; what merely cannot tell does not.
                    Err(error) if self.is_dead(&key) && !contradicts(&error) => {}
                    Err(error) if error.key_state() == KeyState::Live => _ = self.known.remove(&key),
                    Err(error) => _ = self.known.insert(key, Known::Doubt(Some(error))),
                }
            }
            _ => {}
        }
    }

    /// Is the key confirmed dead?
    pub(crate) fn is_dead(&self, key: &KeyRef) -> bool {
        matches!(self.known.get(key), Some(Known::Dead(_)))
    }

    /// The keys whose requests were under way when an earlier run ended.
    pub(crate) fn in_flight(&self) -> Vec<KeyRef> {
        let mut keys: Vec<KeyRef> = self.in_flight.iter().cloned().collect();
        keys.sort();
        keys
    }

    /// What is known of a key already; `None` where it is to be sent, with or without doubt.
    pub(crate) fn settle(&mut self, waiting: &mut Waiting, can: &Capabilities) -> Option<RevokeResult> {
        if self.known.is_empty() {
            return None;
        }
        let repeat = can.repeat();
        match self.known.remove(&waiting.key)? {
            // Who asks for deletion now did not get it then.
            Known::Dead(dead) if can.deletes() && dead.is_reversible() => None,
            Known::Dead(dead) => Some(Ok(dead)),
            Known::Doubt(error) => {
                waiting.in_doubt = true;
                let hit_another = error
                    .as_ref()
                    .is_some_and(|error| error.kind() == ErrorKind::WrongObject);
                (repeat == Repeat::Never || hit_another)
                    .then(|| Err(error.unwrap_or_else(|| in_flight(&waiting.key))))
            }
        }
    }
}

/// Does this say that the key was not dead, although an earlier answer said so?
fn contradicts(error: &RevokeError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Scheduled
            | ErrorKind::Pending
            | ErrorKind::WrongObject
            | ErrorKind::StillAccepted
            | ErrorKind::StillListed
    )
}

/// What is said of a key that was under way and is not sent again: it could hit another, or this run ends before.
fn in_flight(key: &KeyRef) -> RevokeError {
    RevokeError::new(key.provider().to_owned(), ErrorKind::NoAnswer, KeyState::Unknown)
        .with_delivery(Delivery::MaybeSent)
        .with_detail(
            "an earlier run ended while its request was under way, and this one did not send it again",
        )
}
