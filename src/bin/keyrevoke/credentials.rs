//! Credentials from a file: the only way to name those of several tenants.
//!
//! What is said of the file names the line and the table, and never a value: any of them may be a secret in the
//! wrong place. Nothing here implements `Debug`.

mod command;
mod file;
mod table;

use std::path::Path;

use keyrevoke::{AnyProvider, Builder, Credential, ProviderInfo};
use secrecy::{ExposeSecret, SecretString};

use self::command::CredentialCommand;
use crate::output::{self, LocalFailure};

/// Everything that the file gives.
#[derive(Default)]
pub(crate) struct Credentials(Vec<Account>);

/// One credential and what belongs to it.
pub(crate) struct Account {
    provider: &'static ProviderInfo,
    /// `None` for keys that name no tenant.
    tenant: Option<String>,
    place: String,
    credential: Given,
    base_url: Option<String>,
    /// The id of the key that the credential itself is.
    key_id: Option<String>,
    /// The provider's own.
    settings: Vec<(String, String)>,
}

enum Given {
    Text(SecretString),
    Command(Vec<String>),
    /// The provider takes none.
    Nothing,
}

/// Why a file gives nothing.
pub(crate) enum Refused {
    /// It cannot be read.
    Unreadable(LocalFailure),
    /// Everything that is wrong with it.
    Wrong(Vec<String>),
}

impl Credentials {
    /// Reads and checks the whole file; no command is run. Besides a file, a pipe will do, such as a shell's `<(…)`.
    pub(crate) fn read(path: &Path) -> Result<Self, Refused> {
        let name = output::path(path);
        let text = file::read(path, &name)?;
        table::accounts(&name, &text).map(Self).map_err(Refused::Wrong)
    }

    /// The account for the keys of a provider, by its own name, at a tenant.
    pub(crate) fn get(&self, provider: &str, tenant: Option<&str>) -> Option<&Account> {
        let is_it =
            |account: &&Account| account.provider.name() == provider && account.tenant.as_deref() == tenant;
        self.0.iter().find(is_it)
    }
}

impl Account {
    /// Where it stands, such as `[devin.tenants.acme] of keys.toml`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Does it give this? `credential`, `base-url`, or a setting of the provider's own.
    pub(crate) fn gives(&self, setting: &str) -> bool {
        match setting {
            "credential" => !matches!(self.credential, Given::Nothing),
            "base-url" => self.base_url.is_some(),
            _ => self.settings.iter().any(|(name, _)| name == setting),
        }
    }

    /// Sets on a builder all that the account gives.
    pub(crate) fn apply(&self, mut builder: Builder<AnyProvider>) -> Builder<AnyProvider> {
        builder = match &self.credential {
            Given::Text(text) => builder.with_credential(with_key_id(
                Credential::from_text(text.expose_secret()),
                &self.key_id,
            )),
            Given::Command(arguments) => builder.with_credential_source(CredentialCommand {
                arguments: arguments.clone(),
                place: self.place.clone(),
                key_id: self.key_id.clone(),
            }),
            Given::Nothing => builder,
        };
        if let Some(url) = &self.base_url {
            builder = builder.with_base_url(url);
        }
        let settings = self.settings.iter();
        settings.fold(builder, |builder, (name, value)| {
            builder.with_setting(name, value)
        })
    }
}

fn with_key_id(credential: Credential, id: &Option<String>) -> Credential {
    match id {
        Some(id) => credential.with_key_id(id),
        None => credential,
    }
}

#[cfg(all(test, unix))]
mod tests;
