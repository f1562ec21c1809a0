//! Why a journal could not be opened, read or written.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What kind of trouble a journal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JournalErrorKind {
    /// Another run holds the journal.
    Locked,
    /// A line cannot be read, and it is not the last one, which a crash may leave unfinished.
    #[non_exhaustive]
    Damaged {
        /// Which line, counted from 1.
        line: u64,
    },
    /// It is no journal, or one that this version cannot read.
    Foreign,
    /// The journal does not take this entry.
    Refused,
    /// The medium failed.
    Io,
}

/// A journal could not be opened, read or written: which one, why, and the remedy.
///
/// Its text never holds what stands in the file, which may be another file than the one that was meant. `Display`
/// leaves out the [`source`](Error::source), which error reporters print themselves.
#[derive(Clone, Debug)]
pub struct JournalError {
    kind: JournalErrorKind,
    subject: String,
    reason: String,
    remedy: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl JournalError {
    /// Trouble with a journal: its kind, which journal, why, and what to do about it. For journals of one's own.
    ///
    /// ```
    /// use keyrevoke::journal::{JournalError, JournalErrorKind};
    ///
    /// let error = JournalError::new(JournalErrorKind::Io, "journal of incident 7", "cannot be written", "free some space");
    /// assert_eq!(error.to_string(), "journal of incident 7 cannot be written; free some space");
    /// ```
    pub fn new(
        kind: JournalErrorKind,
        subject: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            subject: subject.into(),
            reason: reason.into(),
            remedy: remedy.into(),
            source: None,
        }
    }

    /// Sets the cause, which must not hold a secret.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> JournalErrorKind {
        self.kind
    }

    /// Which journal, such as `journal /var/incidents/leak.jsonl`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.subject, self.reason, self.remedy)
    }
}

impl Error for JournalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
