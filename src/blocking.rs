//! The same calls for code that does not use async (feature `blocking`).
//!
//! ```no_run
//! use keyrevoke::blocking::{Revoke, Revoker};
//! use keyrevoke::{Credential, dolfin};
//!
//! let revoker = Revoker::new(dolfin::builder().with_credential(Credential::api_key("dol_live_example")).build()?);
//! let revocation = revoker.revoke(&"2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse()?)?;
//! println!("{revocation}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::error::Error;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use crate::outcome::{Delivery, ErrorKind, KeyState, RevokeError, RevokeResult};

/// [`keyrevoke::Revoke`](crate::Revoke) for code that does not use async, with the same contract.
pub trait Revoke: Send + Sync + 'static {
    /// The identity of a key; see [`crate::Revoke::Key`].
    type Key: FromStr<Err: Error + Send + Sync + 'static> + Display + Clone + Debug + Send + Sync + 'static;

    /// The provider's name, as in `provider:key`.
    fn provider(&self) -> &str;

    /// Revokes the key and says whether it is dead. Blocks for as long as the revoker's deadline allows.
    fn revoke(&self, key: &Self::Key) -> RevokeResult;
}

/// Makes any async revoker block. Works inside an async runtime too, whose thread it then holds up.
#[derive(Clone, Debug)]
pub struct Revoker<R>(R);

/// A blocking revoker of whatever provider.
pub type AnyRevoker = Revoker<crate::AnyRevoker>;

impl<R: crate::Revoke> Revoker<R> {
    /// Wraps an async revoker.
    pub fn new(revoker: R) -> Self {
        Self(revoker)
    }

    /// The async revoker inside.
    pub fn get_ref(&self) -> &R {
        &self.0
    }

    fn not_started(&self, cause: std::io::Error) -> RevokeError {
        RevokeError::new(self.provider().to_owned(), ErrorKind::NotSent, KeyState::Live)
            .with_attempts(0)
            .with_detail("the machine gave no thread or runtime to call from")
            .with_source(cause)
    }
}

impl<R: crate::Revoke> Revoke for Revoker<R> {
    type Key = R::Key;

    fn provider(&self) -> &str {
        self.0.provider()
    }

    fn revoke(&self, key: &R::Key) -> RevokeResult {
        // A thread of its own, because a runtime inside a runtime's thread panics.
        std::thread::scope(|scope| {
            let call = || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|cause| self.not_started(cause))?;
                let result = runtime.block_on(self.0.revoke(key));
                // A name look-up that hangs in the system must not hold up a call that has ended.
                runtime.shutdown_background();
                result
            };
            let thread = std::thread::Builder::new()
                .name("keyrevoke".into())
                .spawn_scoped(scope, call);
            let thread = thread.map_err(|cause| self.not_started(cause))?;
            thread.join().unwrap_or_else(|_| {
                let provider = self.provider().to_owned();
                Err(
                    RevokeError::new(provider, ErrorKind::Cancelled, KeyState::Unknown)
                        .with_delivery(Delivery::MaybeSent)
                        .with_detail("the revoker panicked"),
                )
            })
        })
    }
}
