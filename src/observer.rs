//! Watching attempts, and stopping them before they leave.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::key::KeyRef;
use crate::outcome::{Delivery, KeyState};

/// A boxed future, as traits that are used as objects return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Is told before bytes go out, and after each attempt.
///
/// A write-ahead journal is built on it: [`before_attempt`](Self::before_attempt) is awaited, and what it
/// refuses is not sent. The time that an observer takes counts towards the call's deadline, and a call does not
/// wait for it longer than that.
///
/// If the call's future is dropped after `before_attempt` returned, the attempt may have left, and
/// [`abandoned`](Self::abandoned) comes instead of `after_attempt`: what began and did not end is in doubt.
///
/// ```
/// use keyrevoke::{AttemptStart, BoxFuture, Observer, Veto};
///
/// struct Freeze;
///
/// impl Observer for Freeze {
///     fn before_attempt<'a>(&'a self, attempt: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
///         Box::pin(async move { Err(Veto::new(format!("{} is frozen until Monday", attempt.provider()))) })
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Comes before a request may leave; an error stops the call.
    fn before_attempt<'a>(&'a self, _attempt: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        Box::pin(async { Ok(()) })
    }

    /// Comes after an attempt has ended, before the next begins.
    fn after_attempt<'a>(&'a self, _attempt: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// Comes when an attempt that may have left is given up: the call was dropped, or ended from outside. It must not
    /// block.
    fn abandoned(&self, _attempt: &AttemptStart<'_>) {}
}

/// An attempt that is about to be made.
#[derive(Clone, Debug)]
pub struct AttemptStart<'a> {
    pub(crate) provider: &'a str,
    pub(crate) tenant: Option<&'a str>,
    pub(crate) key: &'a str,
    pub(crate) number: u32,
}

impl AttemptStart<'_> {
    /// The provider's name.
    pub fn provider(&self) -> &str {
        self.provider
    }

    /// The key as text, without the provider's name.
    pub fn key(&self) -> &str {
        self.key
    }

    /// The caller's name for the tenant, in a run over several.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant
    }

    /// The whole of it: provider, tenant and key.
    pub fn key_ref(&self) -> KeyRef {
        KeyRef::known(self.provider, self.tenant, self.key)
    }

    /// 1 for the first attempt of a call.
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// An attempt that has ended.
#[derive(Clone, Debug)]
pub struct AttemptEnd<'a> {
    pub(crate) start: AttemptStart<'a>,
    pub(crate) delivery: Delivery,
    pub(crate) status: Option<u16>,
    pub(crate) key_state: KeyState,
    pub(crate) next_in: Option<Duration>,
}

impl AttemptEnd<'_> {
    /// The provider's name.
    pub fn provider(&self) -> &str {
        self.start.provider
    }

    /// The key as text, without the provider's name.
    pub fn key(&self) -> &str {
        self.start.key
    }

    /// The caller's name for the tenant, in a run over several.
    pub fn tenant(&self) -> Option<&str> {
        self.start.tenant
    }

    /// The whole of it: provider, tenant and key.
    pub fn key_ref(&self) -> KeyRef {
        self.start.key_ref()
    }

    /// 1 for the first attempt of a call.
    pub fn number(&self) -> u32 {
        self.start.number
    }

    /// Did this attempt's request leave?
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The HTTP status, where one came.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// What this attempt says by itself; the call's verdict also remembers the attempts before it.
    pub fn key_state(&self) -> KeyState {
        self.key_state
    }

    /// How long until the next attempt; `None` where this was the last.
    pub fn next_in(&self) -> Option<Duration> {
        self.next_in
    }
}

/// An observer's refusal to let a request leave. Its reason must not hold a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto(String);

impl Veto {
    /// A refusal, and why.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Veto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Veto {}
