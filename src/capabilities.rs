//! What can be known of a revoker before it is used.

use std::borrow::Cow;

use serde::Serialize;

use crate::provider::Repeat;

/// What a revoker's provider can do, as far as its module knows. What is not known is not claimed.
///
/// ```
/// use keyrevoke::{Capabilities, Repeat};
///
/// let cautious = Capabilities::default();
/// assert_eq!(cautious.repeat(), Repeat::Never);
/// assert!(!cautious.is_reversible());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    repeat: Repeat,
    reversible: bool,
    deletes: bool,
    can_delete: bool,
    also_dies: Option<Cow<'static, str>>,
    more_than_the_key: bool,
    finds: bool,
    lists: bool,
    probes: bool,
    by_secret: bool,
    own_credential: bool,
}

impl Default for Capabilities {
    /// Nothing is known: nothing that may have arrived is sent again.
    fn default() -> Self {
        Self {
            repeat: Repeat::Never,
            reversible: false,
            deletes: false,
            can_delete: false,
            also_dies: None,
            more_than_the_key: false,
            finds: false,
            lists: false,
            probes: false,
            by_secret: false,
            own_credential: false,
        }
    }
}

impl Capabilities {
    /// What sending a revocation again may do to any key that may have arrived before. [`Repeat::Never`] also where the
    /// provider may give a freed id to another key.
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// Can somebody bring a key that was revoked this way back to life?
    pub fn is_reversible(&self) -> bool {
        self.reversible
    }

    /// Does it delete keys because [that was asked for](crate::Builder::with_deletion), where the provider would else
    /// disable them?
    pub fn deletes(&self) -> bool {
        self.deletes
    }

    /// Does the provider offer to delete keys, besides disabling them?
    pub fn can_delete(&self) -> bool {
        self.can_delete
    }

    /// What else dies with the key; `None` where nothing is known to.
    pub fn also_dies(&self) -> Option<&str> {
        self.also_dies.as_deref()
    }

    /// Is what [also dies](Self::also_dies) more than was asked? Nothing is revoked then without
    /// [a word for it](crate::Builder::with_more_than_the_key).
    pub fn takes_more_than_the_key(&self) -> bool {
        self.more_than_the_key
    }

    /// Can the provider be asked about a key? See [`Revoke::find`](crate::Revoke::find).
    pub fn can_find(&self) -> bool {
        self.finds
    }

    /// Does the provider list keys? See [`Revoke::list`](crate::Revoke::list).
    pub fn can_list(&self) -> bool {
        self.lists
    }

    /// Can a secret be tried without using it? See [`Revoke::probe`](crate::Revoke::probe).
    pub fn can_probe(&self) -> bool {
        self.probes
    }

    /// Sets [`can_find`](Self::can_find), [`can_list`](Self::can_list) and [`can_probe`](Self::can_probe).
    pub fn with_looks(mut self, finds: bool, lists: bool, probes: bool) -> Self {
        (self.finds, self.lists, self.probes) = (finds, lists, probes);
        self
    }

    /// Can the provider only be told the secret of a key, and not an id? See [`KeyRef::of_secret`](crate::KeyRef::of_secret).
    pub fn revokes_by_secret(&self) -> bool {
        self.by_secret
    }

    /// Is each key the credential of its own revocation? What an answer says of the credential then holds for no other key.
    pub fn is_key_the_credential(&self) -> bool {
        self.own_credential
    }

    /// Sets [`revokes_by_secret`](Self::revokes_by_secret) and [`is_key_the_credential`](Self::is_key_the_credential).
    pub fn with_secrets(mut self, by_secret: bool, key_is_the_credential: bool) -> Self {
        (self.by_secret, self.own_credential) = (by_secret, key_is_the_credential);
        self
    }

    /// Sets [`repeat`](Self::repeat).
    pub fn with_repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Sets [`is_reversible`](Self::is_reversible).
    pub fn with_reversible(mut self, reversible: bool) -> Self {
        self.reversible = reversible;
        self
    }

    /// Sets [`deletes`](Self::deletes) and [`can_delete`](Self::can_delete).
    pub fn with_deletion(mut self, deletes: bool, can_delete: bool) -> Self {
        (self.deletes, self.can_delete) = (deletes, can_delete);
        self
    }

    /// Sets [`also_dies`](Self::also_dies).
    pub fn with_also_dies(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.also_dies = Some(what.into());
        self
    }

    /// Sets [`takes_more_than_the_key`](Self::takes_more_than_the_key).
    pub fn with_more_than_the_key(mut self, takes: bool) -> Self {
        self.more_than_the_key = takes;
        self
    }
}
