//! Datadog, API keys: `DELETE /api/v2/api_keys/{api_key_id}`.
//!
//! Facts from the vendor's specification (DataDog/datadog-api-client-rust), read 2026-11. Each of Datadog's sites has its
//! own keys and its own address, so the base URL must be set; a wrong site answers 403, and the key lives. The look-up of a
//! key answers with its secret, so none is made; application keys are not covered. What an id looks like is not stated, so
//! nothing that may have arrived is sent again. Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, datadog};
//!
//! let revoker = datadog::builder()
//!     .with_base_url("https://api.datadoghq.eu")
//!     .with_credential(Credential::key_pair("api-key", "application-key"))
//!     .build()?;
//! let revocation = revoker.revoke(&"2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse()?).await?;
//! println!("{revocation}");
//! # Ok(())
//! # }
//! ```

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::{is_marked_hex, text_id};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{REVOKED, Rule, on};
use crate::wire::Sent;

generated!("datadog");

/// Marks builders and revokers for Datadog.
#[derive(Clone, Copy, Debug)]
pub struct Datadog;

/// Begins a revoker for Datadog, whose base URL must be set to the site of the organisation.
///
/// Credential: an API key and an application key whose owner may delete API keys, as
/// [two values](crate::Credential::key_pair).
pub fn builder() -> Builder<Datadog> {
    Builder::new(Datadog)
}

text_id!(
    /// The id of an API key. Not the key: API keys are 32 hexadecimal digits and application keys 40 (from memory).
    KeyId, "datadog", "key", "an id: it may be the key itself, of 32 or 40 hexadecimal digits",
    |id| !is_marked_hex(id, "", 32) && !is_marked_hex(id, "", 40)
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("api_key_id", self.to_string())]
    }
}

const RULES: &[Rule] = &[on(204, REVOKED).source("DataDog/datadog-api-client-rust, v2, DeleteAPIKey, read 2026-11")];

impl Provider for Datadog {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "datadog",
        aliases: &[],
        vendor: "Datadog (API keys)",
        key_form: "ID",
        credentials: &[Form::KeyPair("dd-api-key", "dd-application-key")],
        credential_help: "an API key, and an application key whose owner may delete API keys",
        base: Base {
            default: None,
            example: "https://api.SITE, such as https://api.datadoghq.com or https://api.datadoghq.eu",
            domains: &["datadoghq.com", "datadoghq.eu", "ddog-gov.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; DataDog/datadog-api-client-rust, read 2026-11"),
        ids_reused: (IdsReused::Possible, "the form of ids is not stated; DataDog/datadog-api-client-rust, read 2026-11"),
        missing: (None, "a 404 has no code; DataDog/datadog-api-client-rust, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204; a 403 may be the wrong site",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Datadog;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for Datadog {
        const CREDENTIALS: &'static [&'static str] = &["fake-api-key:fake-application-key"];

        fn key(number: u64) -> String {
            format!("0d01f100-0000-4000-8000-{number:012x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            let refused = |status: u16, words: &str| Reply::new(status).with_json(json!({ "errors": [words] }));
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => refused(404, "no such key"),
                // No 401 is documented.
                Case::Unauthenticated => refused(403, "forbidden"),
            }
        }
    }
}
