//! What `miette` shows of errors: a code, and as help what to do next where the error's text does not say it.

use std::fmt::Display;

use miette::Diagnostic;

use crate::builder::BuildError;
use crate::input::InvalidInput;
use crate::journal::JournalError;
use crate::outcome::{ErrorKind, RevokeError};
use crate::plan::PlanError;

type Text<'a> = Option<Box<dyn Display + 'a>>;

fn code(kind: &'static str) -> Text<'static> {
    Some(Box::new(format!("keyrevoke::{kind}")))
}

/// The code is `keyrevoke::` and the [kind](RevokeError::kind), such as `keyrevoke::not_found`; the help is the
/// [next step](RevokeError::next_step).
impl Diagnostic for RevokeError {
    fn code<'a>(&'a self) -> Text<'a> {
        code(self.kind().as_str())
    }

    fn help<'a>(&'a self) -> Text<'a> {
        Some(Box::new(self.next_step()))
    }
}

macro_rules! coded {
    ($($error:ty: $code:expr),*) => {$(
        /// The code says what kind of error it is; the remedy is in its text.
        impl Diagnostic for $error {
            fn code<'a>(&'a self) -> Text<'a> {
                code($code)
            }
        }
    )*};
}

coded! {
    InvalidInput: ErrorKind::InvalidInput.as_str(),
    BuildError: ErrorKind::InvalidInput.as_str(),
    PlanError: ErrorKind::InvalidInput.as_str(),
    JournalError: "journal"
}
