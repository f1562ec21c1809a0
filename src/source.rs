//! Credentials that expire, and where fresh ones come from.

use std::error::Error;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::credential::{Credential, Form, Prepared};
use crate::observer::BoxFuture;

/// Gives the credential that may revoke, each time one is needed: a login, a vault, a file that is rotated.
///
/// What it gives is kept and shared by all calls of a revoker until the provider refuses it with a 401; then it
/// is asked once more by that call. Many calls that need one at the same time ask once. Its time counts towards
/// the deadline of the call that asks.
///
/// ```
/// use keyrevoke::{BoxFuture, Credential, CredentialSource};
///
/// struct Login;
///
/// impl CredentialSource for Login {
///     fn credential(&self) -> BoxFuture<'_, Result<Credential, Box<dyn std::error::Error + Send + Sync>>> {
///         Box::pin(async { Ok(Credential::bearer("fresh.token")) }) // in an application: ask the login endpoint
///     }
/// }
/// ```
pub trait CredentialSource: Send + Sync + 'static {
    /// A credential that is good now. The text of an error must not hold a secret.
    fn credential(&self) -> BoxFuture<'_, Result<Credential, Box<dyn Error + Send + Sync>>>;
}

/// What a revoker takes its credential from.
pub(crate) enum Credentials {
    Fixed(Arc<Prepared>),
    Source(Box<Cached>),
}

pub(crate) struct Cached {
    pub(crate) provider: &'static str,
    pub(crate) forms: &'static [Form],
    pub(crate) source: Arc<dyn CredentialSource>,
    pub(crate) current: Mutex<Option<Arc<Prepared>>>,
}

impl Credentials {
    /// The current credential, or the first one.
    pub(crate) async fn current(&self) -> Result<Arc<Prepared>, Box<dyn Error + Send + Sync>> {
        match self {
            Self::Fixed(prepared) => Ok(Arc::clone(prepared)),
            Self::Source(cached) => {
                let mut current = cached.current.lock().await;
                if let Some(prepared) = &*current {
                    return Ok(Arc::clone(prepared));
                }
                let fresh = cached.ask().await?;
                *current = Some(Arc::clone(&fresh));
                Ok(fresh)
            }
        }
    }

    /// Another credential than the refused one; `None` where there is none. A call that finds the credential
    /// renewed by another call takes that one.
    pub(crate) async fn instead_of(&self, refused: &Arc<Prepared>) -> Option<Arc<Prepared>> {
        let Self::Source(cached) = self else { return None };
        let mut current = cached.current.lock().await;
        if let Some(renewed) = current.as_ref().filter(|known| !known.is_same(refused)) {
            return Some(Arc::clone(renewed));
        }
        let fresh = cached.ask().await.ok().filter(|fresh| !fresh.is_same(refused))?;
        *current = Some(Arc::clone(&fresh));
        Some(fresh)
    }
}

impl Cached {
    async fn ask(&self) -> Result<Arc<Prepared>, Box<dyn Error + Send + Sync>> {
        let credential = self.source.credential().await?;
        Ok(Arc::new(credential.prepare(self.provider, self.forms)?))
    }
}
