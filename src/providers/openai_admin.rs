//! OpenAI, admin API keys of organisations: `DELETE /organization/admin_api_keys/{key_id}`.
//!
//! Facts from the vendor's specification (openai/openai-openapi), read 2026-11. It lists the success and no refusal, so a
//! missing key, a second revoke and the revoke of the last or the own admin key have no stated answer. Keys of projects are
//! [`openai`](crate::openai)'s. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{BASE64URL, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
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

const SPECIFICATION: &str = "openai/openai-openapi, admin-api-keys-delete, and openai/openai-python, read 2026-11-27";

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

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::Is("object", "list"), Member::IsList("data")]),
        "openai/openai-python, AdminAPIKey, and developers.openai.com, List all organization and project API keys, read 2026-11-27",
    ),
    super::openai::REFUSED,
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "openai-admin-key",
        "OpenAI",
        "admin API key",
        &[Is(&["sk-admin-"]), Of(BASE64URL, 20, 74), Is(&["T3BlbkFJ"]), Of(BASE64URL, 20, 74)],
    )
    .by_hand(
        "https://platform.openai.com/settings/organization/admin-keys",
        "Delete it in the admin keys of the organisation.",
    )
    .source("scanners (gitleaks, GitGuardian), read 2026-11-22"),
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

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list").with_query("limit", super::openai::A_PAGE)]
    }

    /// Its own kind is listed to it: the cheapest that an admin key can ask for.
    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("sk-admin-").then(|| Lookup::new("list").with_query("limit", 1))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn holders(_key: &KeyId) -> Vec<Lookup> {
        Self::list()
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("key_id", key)]
    }

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if lookup.operation == FIND {
            return Ok(Page::of(key_of(body)?));
        }
        let (mut page, entries) = body.data(lookup, "after")?;
        page.items = entries.into_iter().map(key_of).collect::<Result<_, _>>()?;
        Ok(page)
    }
}

/// The page on the list leaves the end out, the specification does not.
fn key_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let time = |name| if item.has(name) { item.seconds(name) } else { Ok(None) };
    let (expires, used) = (time("expires_at")?, time("last_used_at")?);
    let status = match expires {
        Some(end) if item.is_over(end) => KeyStatus::Expired,
        _ => KeyStatus::Active,
    };
    let owner = item.object("owner")?.ok_or("`owner` is null")?;
    let known = KeyInfo::new(key_ref::<OpenAiAdmin>(&item.id("id")?)?, status)
        .and(item.text("name")?, KeyInfo::with_name)
        .and(owner.text("id")?, KeyInfo::with_owner)
        .and(item.seconds("created_at")?, KeyInfo::with_created_at)
        .and(expires, KeyInfo::with_expires_at)
        .and(used, KeyInfo::with_last_used_at);
    item.with_ends("redacted_value", known)
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::OpenAiAdmin;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};
    use crate::providers::openai::{page, redacted, refused};

    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "object": "organization.admin_api_key",
            "id": key.key,
            "name": "fake",
            "redacted_value": redacted(&key.secret),
            "created_at": 1_700_000_000,
            "expires_at": null,
            "owner": { "type": "user", "id": "user-1" },
        })
    }

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

        fn secret(number: u64) -> String {
            format!("sk-admin-fa4e{number:036x}")
        }

        /// Any admin key may list them.
        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match asked.operation {
                "list" => page(asked, &Asked::live(keys).into_iter().map(key_of).collect::<Vec<_>>()),
                _ => match asked.key(keys) {
                    Some(key) => Reply::new(200).with_json(key_of(key)),
                    None => refused(404, "no such key"),
                },
            })
        }
    }
}
