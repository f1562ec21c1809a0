//! What a run over many keys writes down, so that nobody has to remember an incident: intent before bytes go out,
//! outcome after.
//!
//! ```
//! use keyrevoke::journal::{FileJournal, Journal, JournalEntry, JournalRecord, new_run, receipts};
//! use keyrevoke::{ErrorKind, KeyRef, KeyState, RevokeError};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let directory = std::env::temp_dir().join(format!("keyrevoke-{}", new_run()));
//! # std::fs::create_dir(&directory)?;
//! # let path = directory.join("leak.jsonl");
//! let journal = FileJournal::open(&path)?;
//! let (run, key): (_, KeyRef) = (new_run(), "sinjapp:42".parse()?);
//! journal.append(&JournalEntry::new(run, JournalRecord::begin(Some("ops@example.org".into()), 1))).await?;
//! journal.append(&JournalEntry::new(run, JournalRecord::intent(key.clone()))).await?;
//! // Only now may a request leave. Its outcome:
//! let result = Err(RevokeError::new("sinjapp", ErrorKind::NoAnswer, KeyState::Unknown));
//! journal.append(&JournalEntry::new(run, JournalRecord::outcome(key, None, result))).await?;
//! journal.append(&JournalEntry::new(run, JournalRecord::end())).await?;
//!
//! let receipts = receipts(&journal).await?;
//! assert_eq!(receipts[0].state(), KeyState::Unknown);
//! # drop(journal);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "fakes")]
pub mod contract;
mod entry;
mod error;
mod file;
mod lines;
mod memory;
mod receipts;
mod writer;

use std::sync::Arc;

pub use self::entry::{JournalEntry, JournalRecord, new_run};
pub use self::error::{JournalError, JournalErrorKind};
pub use self::file::FileJournal;
pub use self::memory::MemoryJournal;
pub use self::receipts::{Receipt, Receipts, receipts};
use crate::observer::BoxFuture;

/// What a run writes down: intent before bytes go out, outcome after.
///
/// A run begins with [`JournalRecord::Begin`] and ends with [`JournalRecord::End`]; a journal may hold many runs.
/// `contract::check` (feature `fakes`) tells whether a journal of your own keeps what is asked here.
pub trait Journal: Send + Sync + 'static {
    /// Returns once the entry cannot be lost any more (power cut included, where the medium can promise it).
    ///
    /// After an error the entry counts as not written, and what it would have allowed must not be done. A future
    /// that is dropped before it returns leaves open whether the entry is written.
    fn append<'a>(&'a self, entry: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>>;

    /// Gives every entry whose [`append`](Self::append) returned before this began, oldest first.
    fn replay<'a>(
        &'a self,
        visit: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>>;
}

impl<J: Journal + ?Sized> Journal for Arc<J> {
    fn append<'a>(&'a self, entry: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        (**self).append(entry)
    }

    fn replay<'a>(
        &'a self,
        visit: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        (**self).replay(visit)
    }
}
