//! OpenAI, admin API keys of organisations: `DELETE /organization/admin_api_keys/{key_id}`.
//!
//! Facts from the vendor's specification (openai/openai-openapi), read 2026-11. It lists the success and no refusal, so a
//! missing key, a second revoke and the revoke of the last or the own admin key have no stated answer. Keys of projects are
//! [`openai`](crate::openai)'s. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref, not_offered};
use crate::provider::{About, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("openai-admin");

/// Marks builders and revokers for admin API keys of OpenAI's organisations.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiAdmin;

/// Begins a revoker for admin API keys of OpenAI's organisations.
///
/// Credential: another admin API key of the organisation, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<OpenAiAdmin> {
    Builder::new(OpenAiAdmin)
}

text_id!(
    /// The id of an admin API key, such as `key_abc`. Not the key, which begins `sk-admin-`.
    KeyId, "openai-admin", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("key_id", self.to_string())]
    }
}

const SPECIFICATION: &str = "openai/openai-openapi, admin-api-keys-delete, read 2026-11";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::Is("object", "organization.admin_api_key.deleted"),
            Member::IsParameter("id", "key_id"),
            Member::IsBool("deleted", true),
        ]))
        .source(SPECIFICATION),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::IsNotParameter("id", "key_id")]))
        .source(SPECIFICATION),
];

impl Provider for OpenAiAdmin {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "openai-admin",
        aliases: &[],
        vendor: "OpenAI (admin keys)",
        key_form: "ID",
        credentials: &[Form::Bearer],
        credential_help: "another admin API key (sk-admin-…) of the organisation",
        base: super::openai::BASE,
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; openai/openai-openapi, read 2026-11"),
        ids_reused: (IdsReused::No, "ids are text (example key_abc), of which no re-use is stated; openai/openai-openapi, read 2026-11"),
        missing: (None, "no 404 is documented; openai/openai-openapi, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 200 with deleted true and the key's id",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("key_id", key)]
    }

    async fn look_up(client: &generated::Client, lookup: &Lookup) -> Sent {
        match lookup.operation {
            FIND => client.find(lookup.parameter("key_id")).await,
            _ => not_offered().await,
        }
    }

    fn page(_lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let expires = body.seconds("expires_at")?;
        let status = match expires {
            Some(end) if body.is_over(end) => KeyStatus::Expired,
            _ => KeyStatus::Active,
        };
        let used = if body.has("last_used_at") { body.seconds("last_used_at")? } else { None };
        let owner = body.object("owner")?.ok_or("`owner` is null")?;
        let known = KeyInfo::new(key_ref::<Self>(&body.id("id")?)?, status)
            .and(body.text("name")?, KeyInfo::with_name)
            .and(owner.text("id")?, KeyInfo::with_owner)
            .and(body.seconds("created_at")?, KeyInfo::with_created_at)
            .and(expires, KeyInfo::with_expires_at)
            .and(used, KeyInfo::with_last_used_at);
        Ok(Page::of(known))
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::OpenAiAdmin;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};
    use crate::providers::openai::refused;

    impl FakeAnswers for OpenAiAdmin {
        const CREDENTIALS: &'static [&'static str] = &["sk-admin-fake-administrator"];

        fn key(number: u64) -> String {
            format!("key_{number:016x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({
                    "id": parameters.last().map(|(_, id)| id),
                    "object": "organization.admin_api_key.deleted",
                    "deleted": true,
                })),
                // Neither is stated.
                Case::Again | Case::Unknown => refused(404, "no such key"),
                Case::Unauthenticated => refused(401, "bad key"),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match asked.key(keys) {
                Some(key) => Reply::new(200).with_json(json!({
                    "object": "organization.admin_api_key",
                    "id": key.key,
                    "name": "fake",
                    "redacted_value": "sk-admin…",
                    "created_at": 1_700_000_000,
                    "expires_at": null,
                    "owner": { "type": "user", "id": "user-1" },
                })),
                None => refused(404, "no such key"),
            })
        }
    }
}
