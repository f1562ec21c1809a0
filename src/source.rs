//! Credentials that expire, and where fresh ones come from.

use std::error::Error;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::credential::{Credential, Form, Prepared};
use crate::observer::BoxFuture;
use crate::secret::Secret;

/// Gives the credential that may revoke, each time one is needed: a login, a vault, a file that is rotated.
///
/// What it gives is kept and shared by all calls of a revoker until the provider refuses it with a 401, or with
/// a 403 that says so, as JupyterHub does; then it is asked once more by that call. Many calls that need one at the same
/// time ask once. Its time counts towards the deadline of the call that asks.
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
    /// Each key is its own, in this form.
    OfKey(Form),
}

pub(crate) struct Cached {
    pub(crate) provider: &'static str,
    pub(crate) forms: &'static [Form],
    pub(crate) source: Arc<dyn CredentialSource>,
    pub(crate) current: Mutex<Option<Known>>,
}

/// What the source gave, and when it was asked.
pub(crate) struct Known {
    credential: Arc<Prepared>,
    asked: Instant,
}

impl Credentials {
    /// The current credential, or the first one; for this key, where each is its own.
    pub(crate) async fn current(
        &self,
        provider: &'static str,
        key: Option<&Secret>,
    ) -> Result<Arc<Prepared>, Box<dyn Error + Send + Sync>> {
        match self {
            Self::OfKey(form) => {
                let secret = key.ok_or("each key is its own credential, and this is about none")?;
                let credential = Credential::from_text(secret.expose());
                Ok(Arc::new(credential.prepare(provider, &[*form])?))
            }
            Self::Fixed(prepared) => Ok(Arc::clone(prepared)),
            Self::Source(cached) => {
                let mut current = cached.current.lock().await;
                if let Some(known) = &*current {
                    return Ok(Arc::clone(&known.credential));
                }
                let asked = Instant::now();
                let fresh = cached.ask().await?;
                *current = Some(Known {
                    credential: Arc::clone(&fresh),
                    asked,
                });
                Ok(fresh)
            }
        }
    }

    /// Another credential than the one that was refused to an attempt that began at this time; `None` where there is
    /// none. What the source said since then is its answer to this refusal too: of many calls that are refused at
    /// the same time, one asks.
    pub(crate) async fn instead_of(&self, refused: &Arc<Prepared>, began: Instant) -> Option<Arc<Prepared>> {
        let Self::Source(cached) = self else { return None };
        let mut current = cached.current.lock().await;
        let known = current
            .as_ref()
            .filter(|known| known.asked >= began || !known.credential.is_same(refused));
        if let Some(known) = known {
            let other = !known.credential.is_same(refused);
            return other.then(|| Arc::clone(&known.credential));
        }
        let asked = Instant::now();
        let fresh = cached.ask().await.ok();
        let known = current.insert(Known {
            credential: fresh.unwrap_or_else(|| Arc::clone(refused)),
            asked,
        });
        let other = !known.credential.is_same(refused);
        other.then(|| Arc::clone(&known.credential))
    }
}

impl Cached {
    async fn ask(&self) -> Result<Arc<Prepared>, Box<dyn Error + Send + Sync>> {
        let credential = self.source.credential().await?;
        Ok(Arc::new(credential.prepare(self.provider, self.forms)?))
    }
}
