//! Where reports are worked off, one after the other: whose key is it, and is it dead now?

use std::collections::HashMap;
use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use keyrevoke::{
    Checks, KeyFilter, KeyRef, Registry, Revoke, RevokeResult, Secret, Verification, Which, identify, which,
};
use tokio::sync::mpsc;

/// What somebody says has leaked.
pub(crate) struct Leak {
    pub(crate) what: What,
    /// Where it was seen; other people's text.
    pub(crate) url: String,
}

pub(crate) enum What {
    /// The secret itself: whose key it is must be found out.
    Secret(String),
    /// A key that somebody who may say so has named.
    Key(KeyRef),
}

/// What became of a leak.
pub(crate) enum Outcome {
    /// The key was found. Whether it is dead, the result says.
    Settled(KeyRef, RevokeResult),
    /// Nothing was sent: a person must look. The secret is named by its fingerprint.
    Unresolved { secret: String, why: String },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settled(key, Ok(dead)) => write!(f, "{key}: {dead}"),
            Self::Settled(key, Err(error)) => write!(f, "{key}: {error}; next: {}", error.next_step()),
            Self::Unresolved { secret, why } => write!(f, "{secret}: {why}; next: find its key by hand"),
        }
    }
}

/// The whole SHA-256 of a secret: what the table of whoever issues keys holds of each, and no more.
pub(crate) type Hash = [u8; 32];

pub(crate) fn hash(bytes: &[u8]) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Works off reports until nobody can send any more.
pub(crate) async fn work(
    registry: Registry,
    issued: HashMap<Hash, KeyRef>,
    mut reports: mpsc::Receiver<Vec<Leak>>,
    mut tell: impl FnMut(&Leak, Outcome),
) {
    while let Some(leaks) = reports.recv().await {
        for leak in leaks {
            let outcome = settle(&registry, &issued, &leak.what).await;
            tell(&leak, outcome);
        }
    }
}

async fn settle(registry: &Registry, issued: &HashMap<Hash, KeyRef>, what: &What) -> Outcome {
    let text = match what {
        What::Key(key) => return revoke(registry, key.clone(), None).await,
        What::Secret(text) => text,
    };
    let secret = match Secret::new(text.as_str()) {
        Ok(secret) => secret,
        Err(error) => {
            let (secret, why) = ("a secret".to_owned(), error.to_string());
            return Outcome::Unresolved { secret, why };
        }
    };
    let found = match issued.get(&hash(text.as_bytes())) {
        Some(key) => Ok(key.clone()),
        None => key_of(registry, &secret).await,
    };
    match found {
        Ok(key) => revoke(registry, key, Some(secret)).await,
        Err(why) => Outcome::Unresolved {
            secret: secret.fingerprint(),
            why,
        },
    }
}

/// The key that a secret is of, as far as its provider shows the secrets of its keys. Nothing is guessed: to revoke
/// another key is worse than to ask a person.
async fn key_of(registry: &Registry, secret: &Secret) -> Result<KeyRef, String> {
    let providers: Vec<&str> = identify(secret)
        .iter()
        .filter_map(|found| found.provider())
        .collect();
    let [provider] = providers.as_slice() else {
        return Err(format!("its form is that of {} providers", providers.len()));
    };
    let revoker = registry
        .get(provider, None)
        .ok_or_else(|| format!("no credential for {provider}"))?;
    let (mut keys, mut inventory) = (revoker.list(&KeyFilter::new()), Vec::new());
    while let Some(key) = keys.next().await {
        inventory.push(key.map_err(|error| format!("the keys of {provider} cannot be listed: {error}"))?);
    }
    match which(secret, &inventory) {
        Which::One(key) => Ok(key),
        Which::None => Err(format!("no key of {provider} shows that it has this secret")),
        Which::Several(keys) => Err(format!("{} keys of {provider} may have this secret", keys.len())),
    }
}

/// Revokes a key, and tries the secret afterwards where the provider can be asked that.
async fn revoke(registry: &Registry, key: KeyRef, secret: Option<Secret>) -> Outcome {
    let can_probe = registry
        .get(key.provider(), key.tenant())
        .is_some_and(|revoker| revoker.capabilities().can_probe());
    let registry = match secret.filter(|_| can_probe) {
        Some(secret) => {
            let checks = Checks::new().with_verification(Verification::new().with_secret(secret));
            registry.clone().with_checks(checks)
        }
        None => registry.clone(),
    };
    // The registry's journal, if it has one, knows of the key before a request leaves.
    match registry.revoke_all([key.clone()]).next().await {
        Some((key, result)) => Outcome::Settled(key, result),
        None => Outcome::Unresolved {
            secret: key.to_string(),
            why: "nothing was tried".into(),
        },
    }
}
