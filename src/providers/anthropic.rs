//! Anthropic, Admin API: `POST /v1/organizations/api_keys/{api_key_id}` with `{"status":"inactive"}`.
//!
//! Facts from platform.claude.com, the pages on updating and listing API keys, and the vendor's client (anthropics/anthropic-sdk-python,
//! organization/api_keys), read 2026-11-27. There is no delete: an inactive key
//! is refused until an administrator sets it active again. That `archived`, the third status, is for good is not stated, so
//! that no deletion is offered here. The answer is the key with its status. The service says
//! `not_found_error` of a path that it does not have as well, so its 404 cannot be told from a wrong address.
//! Keys of all states are listed, with both ends of their secrets. The vendor's table of errors (anthropics/skills) says
//! `authentication_error` with a 401 of keys that are malformed, revoked or deleted. Never confirmed against the live service.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::identify::{BASE64URL, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
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

const PAGE: &str = "platform.claude.com, Admin API, Update API key, and anthropics/anthropic-sdk-python, read 2026-11-27";

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

/// Of at most 1000: so many fill a tenth of what is read of an answer.
const KEYS_A_PAGE: u32 = 250;

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::IsList("data")]),
        "platform.claude.com, List Models, read 2026-11-27",
    ),
    refused(
        401,
        Expect::Object(&[Member::Is("type", "error"), Member::In("error", &[Member::Is("type", "authentication_error")])]),
        "anthropics/skills, claude-api, error-codes.md: 401 for a key that is malformed, revoked or deleted, read 2026-11-27",
    ),
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("anthropic-api-key", "Anthropic", "API key", &[Is(&["sk-ant-api03-"]), Of(BASE64URL, 93, 93), Is(&["AA"])])
        .source("platform.claude.com, Get an API key, for the beginning; scanners for the rest; read 2026-11-22"),
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
            "inferred: it sets a status, and the answer is the key with its status; anthropics/anthropic-sdk-python, read 2026-11-27",
        ),
        ids_reused: (IdsReused::No, "inferred: ids are random text (example apikey_01…); platform.claude.com, List API keys, read 2026-11-27"),
        missing: (None, "not_found_error is said of unknown paths too; anthropics/skills, claude-api, error-codes.md, read 2026-11-27"),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "inactive by the key's own state in a 200; it can be set active again",
    };

    const CONTENT: Content = Content::Json(&[("status", Part::Text("inactive"))]);

    const HEADERS: &'static [(&'static str, &'static str)] = &[("anthropic-version", "2023-06-01")];

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        let status = generated::types::RevokeBodyStatus::Inactive;
        client.revoke(key.as_str(), &generated::types::RevokeBody { status }).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list").with_query("limit", KEYS_A_PAGE)]
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("api_key_id", key)]
    }

    /// Tokens of people (`sk-ant-oat…`) travel otherwise, and Admin API keys are for other paths.
    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("sk-ant-api").then(|| Lookup::new("probe").with_query("limit", 1))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if lookup.operation == FIND {
            return Ok(Page::of(key_of(body)?));
        }
        let (mut page, entries) = body.data(lookup, "after_id")?;
        page.items = entries.into_iter().map(key_of).collect::<Result<_, _>>()?;
        Ok(page)
    }
}

fn key_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let status = match item.text("status")?.as_deref() {
        Some("active") => KeyStatus::Active,
        Some("inactive" | "archived") => KeyStatus::Inactive, // nothing says that it cannot be undone
        Some("expired") => KeyStatus::Expired,
        _ => KeyStatus::Unknown,
    };
    let creator = if item.has("created_by") { item.object("created_by")? } else { None };
    let known = KeyInfo::new(key_ref::<Anthropic>(&item.id("id")?)?, status)
        .and(item.text("name")?, KeyInfo::with_name)
        .and(creator.map(|creator| creator.text("id")).transpose()?.flatten(), KeyInfo::with_owner)
        .and(item.time("created_at")?, KeyInfo::with_created_at)
        .and(item.time("expires_at")?, KeyInfo::with_expires_at);
    item.with_ends("partial_key_hint", known)
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Anthropic;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn error(status: u16, kind: &str) -> Reply {
        let error = json!({ "type": kind, "message": "from the fake" });
        Reply::new(status).with_json(json!({ "type": "error", "error": error }))
    }

    /// A key stays in the list, inactive.
    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "id": key.key,
            "type": "api_key",
            "name": "fake",
            "workspace_id": null,
            "created_at": "2024-10-30T23:58:27Z",
            "created_by": { "id": "user_fa4e", "type": "user" },
            "partial_key_hint": format!("{}...{}", &key.secret[..15], &key.secret[key.secret.len() - 4..]),
            "status": if key.live { "active" } else { "inactive" },
        })
    }

    impl FakeAnswers for Anthropic {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator-key"];

        fn key(number: u64) -> String {
            format!("apikey_fake{number:08}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
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

        fn secret(number: u64) -> String {
            format!("sk-ant-api03-fa4e{number:089x}AA")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let limit = asked.number("limit").unwrap_or(20);
            Some(match (asked.operation, &asked.by) {
                ("probe", _) => Reply::new(200)
                    .with_json(json!({ "data": [], "first_id": null, "has_more": false, "last_id": null })),
                (_, Some(_)) => error(403, "permission_error"),
                ("list", None) => {
                    let all: Vec<_> = keys.iter().map(key_of).collect();
                    let (data, next) = asked.page_after("after_id", &all, limit);
                    Reply::new(200).with_json(json!({
                        "data": data,
                        "first_id": data.first().map(|key| &key["id"]),
                        "has_more": next.is_some(),
                        "last_id": next,
                    }))
                }
                _ => match asked.key_or_dead(keys) {
                    Some(key) => Reply::new(200).with_json(key_of(key)),
                    None => error(404, "not_found_error"),
                },
            })
        }
    }
}
