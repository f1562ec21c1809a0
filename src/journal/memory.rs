//! A journal that lives as long as the process, for tests and for applications that keep theirs elsewhere.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Journal, JournalEntry, JournalError};
use crate::observer::BoxFuture;

/// A journal in memory; clones share it. It promises nothing beyond the end of the process.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal(Arc<Mutex<Vec<JournalEntry>>>);

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of every entry, oldest first.
    pub fn entries(&self) -> Vec<JournalEntry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Journal for MemoryJournal {
    fn append<'a>(&'a self, entry: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            entries.push(entry.clone());
            Ok(())
        })
    }

    fn replay<'a>(
        &'a self,
        visit: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            // Copied first, so that the visitor may use the journal.
            self.entries().into_iter().for_each(visit);
            Ok(())
        })
    }
}
