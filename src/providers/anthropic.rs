//! Anthropic, Admin API: `POST /v1/organizations/api_keys/{api_key_id}` with `{"status":"inactive"}`.
//!
//! Facts from platform.claude.com, the page on updating an API key, read 2026-11. There is no delete: an inactive key
//! is refused until an administrator sets it active again. That `archived`, the third status, is for good is not stated, so
//! that no deletion is offered here. The answer is the key with its status. The service says
//! `not_found_error` of a path that it does not have as well, so its 404 cannot be told from a wrong address.
//! Keys can be read and listed, which is not done here yet. Never confirmed against the live service.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::key::text_id;
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("anthropic");

/// Marks builders and revokers for Anthropic.
#[derive(Clone, Copy, Debug)]
pub struct Anthropic;

/// Begins a revoker for Anthropic.
///
/// Credential: an Admin API key of the organisation, `sk-ant-admin…` ([`Credential::api_key`](crate::Credential::api_key)).
pub fn builder() -> Builder<Anthropic> {
    Builder::new(Anthropic)
}

text_id!(
    /// The id of an Anthropic API key, such as `apikey_01…`. Not the key, which begins `sk-ant-`.
    KeyId, "anthropic", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("api_key_id", self.to_string())]
    }
}

const PAGE: &str = "platform.claude.com, Admin API, Update API key, read 2026-11";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::Is("type", "api_key"),
            Member::IsParameter("id", "api_key_id"),
            Member::Is("status", "inactive"),
        ]))
        .source(PAGE),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::Is("type", "api_key"), Member::IsNotParameter("id", "api_key_id")]))
        .source(PAGE),
];

impl Provider for Anthropic {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "anthropic",
        aliases: &[],
        vendor: "Anthropic",
        key_form: "ID",
        credentials: &[Form::ApiKey("x-api-key")],
        credential_help: "an Admin API key (sk-ant-admin…) of the organisation",
        base: Base {
            default: Some("https://api.anthropic.com"),
            example: "https://api.anthropic.com",
            domains: &["anthropic.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (
            Repeat::Conclusive,
            "inferred: it sets a status, and the answer is the key with its status; platform.claude.com, read 2026-11",
        ),
        ids_reused: (IdsReused::No, "inferred: ids are random text (example apikey_01…); platform.claude.com, read 2026-11"),
        missing: (None, "not_found_error is said of unknown paths too, from memory; the page on errors says no more, read 2026-11"),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "inactive by the key's own state in a 200; it can be set active again",
    };

    const CONTENT: Content = Content::Json(&[("status", Part::Text("inactive"))]);

    const HEADERS: &'static [(&'static str, &'static str)] = &[("anthropic-version", "2023-06-01")];

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        let status = generated::types::RevokeBodyStatus::Inactive;
        client.revoke(key.as_str(), &generated::types::RevokeBody { status }).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Anthropic;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for Anthropic {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator-key"];

        fn key(number: u64) -> String {
            format!("apikey_fake{number:08}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            let error = |status: u16, kind: &str| {
                Reply::new(status).with_json(json!({ "type": "error", "error": { "type": kind, "message": "from the fake" } }))
            };
            match case {
                Case::Revoked | Case::Again => Reply::new(200).with_json(json!({
                    "id": parameters.first().map(|(_, id)| id),
                    "type": "api_key",
                    "name": "fake",
                    "workspace_id": null,
                    "created_at": "2024-10-30T23:58:27Z",
                    "partial_key_hint": "sk-ant-...AAAA",
                    "status": "inactive",
                })),
                Case::Unknown => error(404, "not_found_error"),
                Case::Unauthenticated => error(401, "authentication_error"),
            }
        }
    }
}
