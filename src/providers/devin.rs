//! Devin (Cognition), API v2: `DELETE /v2/enterprise/api-keys/{api_key_id}`.
//!
//! Facts from docs.devin.ai, the page "Revoke API Key" of the v2 reference, read 2026-11-22. The same path
//! without its last segment revokes every key of the enterprise; it is never generated, and no id reaches it.
//! Whether a second revoke gets a 404 is not stated. v2 is being deprecated in favour of v3; see
//! [`devin_v3`](crate::devin_v3). Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::text_id;
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("devin");

/// Marks builders and revokers for Devin's API v2.
#[derive(Clone, Copy, Debug)]
pub struct Devin;

/// Begins a revoker for Devin's API v2.
///
/// Credential: the personal API key (`apk_user_…`) of an Enterprise Admin, as a
/// [bearer token](crate::Credential::bearer). Dedicated deployments set their own host with
/// [`with_base_url`](Builder::with_base_url).
pub fn builder() -> Builder<Devin> {
    Builder::new(Devin)
}

text_id!(
    /// The id of a key of an enterprise, such as `apk-abc123`. Not the key, which begins `apk_`.
    KeyId, "devin", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("api_key_id", self.to_string())]
    }
}

/// Devin's own domains: the shared service and dedicated deployments.
pub(super) const BASE: Base = Base {
    default: Some("https://api.devin.ai"),
    example: "https://api.devin.ai, or https://api.COMPANY.devinenterprise.com",
    domains: &["devin.ai", "devinenterprise.com"],
    placeholders: &[],
};

const RULES: &[Rule] = &[
    // The document gives `status` a default, so its absence would satisfy the schema. It does not satisfy us.
    on(200, REVOKED)
        .with(Expect::Object(&[Member::Is("status", "success")]))
        .source("docs.devin.ai, v2, Revoke API Key, read 2026-11-22"),
];

impl Provider for Devin {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "devin",
        aliases: &[],
        vendor: "Devin (API v2)",
        key_form: "ID",
        credentials: &[Form::Bearer],
        credential_help: "the personal API key (apk_user_…) of an Enterprise Admin",
        base: BASE,
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "ids are random text (example apk-abc…); docs.devin.ai, read 2026-11-22"),
        ids_reused: (IdsReused::No, "ids are random text (example apk-abc…); docs.devin.ai, read 2026-11-22"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 200 with status success; not who killed a key that is gone",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Devin;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for Devin {
        const CREDENTIALS: &'static [&'static str] = &["apk_user_fake_administrator"];

        fn key(number: u64) -> String {
            format!("apk-fa4e{number:08x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({ "status": "success" })),
                // Nothing is stated about a second revoke; a revoked key leaves the list.
                Case::Again | Case::Unknown => Reply::new(404).with_json(json!({ "detail": "API key not found" })),
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "detail": "Invalid credentials" })),
            }
        }
    }
}
