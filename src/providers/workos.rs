//! WorkOS: `DELETE /api_keys/{id}`.
//!
//! Facts from the vendor's specification (workos/openapi-spec), read 2026-11: deleted for good. The operation that expires a
//! key is not used, because the same one takes a planned end back. Of keys only secrets can be asked about, with the secret
//! in the body of a POST; that is not done yet, so a death is verified by trying the key. Never confirmed against the live
//! service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::text_id;
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("workos");

/// Marks builders and revokers for WorkOS.
#[derive(Clone, Copy, Debug)]
pub struct WorkOs;

/// Begins a revoker for WorkOS.
///
/// Credential: the environment's secret key (`sk_…`), as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<WorkOs> {
    Builder::new(WorkOs)
}

text_id!(
    /// The id of an API key, such as `api_key_01EHZNVPK3SFK441A1RGBFSHRT`. Not the key, which begins `sk_`.
    KeyId, "workos", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("id", self.to_string())]
    }
}

const RULES: &[Rule] = &[on(204, REVOKED).source("workos/openapi-spec, ApiKeysController_delete, read 2026-11")];

impl Provider for WorkOs {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "workos",
        aliases: &[],
        vendor: "WorkOS",
        key_form: "ID",
        credentials: &[Form::Bearer],
        credential_help: "the environment's secret key (sk_…)",
        base: Base {
            default: Some("https://api.workos.com"),
            example: "https://api.workos.com",
            domains: &["workos.com", "workos-test.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "404 where there is no such key; workos/openapi-spec, ApiKeysController_delete, read 2026-11"),
        ids_reused: (IdsReused::No, "ids are unique, of time and random text (inferred from the example); workos/openapi-spec, read 2026-11"),
        missing: (
            Some(Expect::Object(&[Member::Says("message", "api key not found")])),
            "workos/openapi-spec, 404 with a message, whose words are the example of the operation that expires a key (inferred for this one); read 2026-11",
        ),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::WorkOs;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for WorkOs {
        const CREDENTIALS: &'static [&'static str] = &["sk_fake_administrator"];

        fn key(number: u64) -> String {
            format!("api_key_01FA4E{number:020X}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => Reply::new(404).with_json(json!({ "message": "API Key not found: this one." })),
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "message": "not authorised" })),
            }
        }
    }
}
