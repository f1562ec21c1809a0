//! WorkOS: `POST /api_keys/{id}/expire` with `{}`; where deletion is asked for, `DELETE /api_keys/{id}`.
//!
//! Facts from the vendor's specification (workos/openapi-spec), and of lists from its client (workos/workos-rust), read 2026-11-27. Without an `expires_at` the time of the key is
//! over at once. With one the same operation plans an end, or takes a planned one back where it is null, so the body has no
//! members and the guard lets no others leave; and a death is read off the `expires_at` of the answer. Whether an end that
//! has come can be taken back is not stated: it is counted as reversible. Keys are listed one organization at a time; those
//! that belong to users are not in the inventory. Whether a key whose time is over stays in its list is not stated. A secret is
//! asked about in the body of a POST that changes nothing. Never confirmed against the live service.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::identify::{BASE64, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, SECRET, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, Deletion, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{ALREADY_REVOKED, Expect, Member, REVOKED, Rule, SCHEDULED, WRONG_OBJECT, on};
use crate::wire::{Generated, Sent};

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

text_id!(
    /// The id of an organization, such as `org_01EHZNVPK3SFK441A1RGBFSHRT`.
    OrganizationId, "workos", "organization"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("id", self.to_string())]
    }
}

const DOCUMENT: &str = "workos/openapi-spec, ApiKeysController_expire, read 2026-11-27";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::Is("object", "api_key"),
            Member::IsParameter("id", "id"),
            Member::IsPastTime("expires_at"),
        ]))
        .source(DOCUMENT),
    // Not what was asked for; the same operation plans an end where it is given one.
    on(200, SCHEDULED)
        .with(Expect::Object(&[
            Member::Is("object", "api_key"),
            Member::IsParameter("id", "id"),
            Member::IsFutureTime("expires_at"),
        ]))
        .source(DOCUMENT),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::Is("object", "api_key"), Member::IsNotParameter("id", "id")]))
        .source(DOCUMENT),
    on(409, ALREADY_REVOKED).with(Expect::Object(&[Member::Is("code", "api_key_already_expired")])).source(DOCUMENT),
];

/// In the environment of the credential: the keys of another are not valid there.
const PROBE_RULES: &[ProbeRule] = &[
    accepted(200, Expect::Object(&[Member::In("api_key", &[Member::IsText("id")])]), VALIDATION),
    refused(200, Expect::Object(&[Member::IsNull("api_key")]), VALIDATION),
];

const VALIDATION: &str = "workos/openapi-spec, ApiKeysController_validateApiKey, read 2026-11-27";

/// The most that is given, of organizations and of keys.
const A_PAGE: u32 = 100;

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "workos-key",
        "WorkOS",
        "API key",
        // What base64 makes of "key_".
        &[Is(&["sk_", "sk_live_", "sk_test_"]), Is(&["a2V5X"]), Of(BASE64, 20, 200)],
    )
    .by_hand("https://dashboard.workos.com/api-keys", "Expire or delete it in the API keys of its environment.")
    .source("workos.com, API authentication, for sk_ and the way; the rest from memory; read 2026-11-22"),
];

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
        repeat: (Repeat::Conclusive, "409 where the key's time was over before; workos/openapi-spec, ApiKeysController_expire, read 2026-11-27"),
        ids_reused: (IdsReused::No, "ids are unique, of time and random text (inferred from the example); workos/openapi-spec, read 2026-11-27"),
        missing: (
            Some(Expect::Object(&[Member::Says("message", "api key not found")])),
            "workos/openapi-spec, 404 with a message, whose words are the example of the operation that expires a key; read 2026-11-27",
        ),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "the end of the key's time by its own expires_at in a 200, an earlier end by 409; it is not stated that nobody can take it back",
    };

    const CONTENT: Content = Content::Json(&[]);

    const DELETION: Option<&'static Deletion> = Some(&Deletion {
        operation: "revoke_by_deletion",
        content: Content::Empty,
        about: About {
            rules: &[on(204, REVOKED).source("workos/openapi-spec, ApiKeysController_delete, read 2026-11-27")],
            repeat: (
                Repeat::Harmless,
                "404 where there is no such key; workos/openapi-spec, ApiKeysController_delete, read 2026-11-27",
            ),
            reversible: false,
            proves: "deleted by 204",
            ..Self::ABOUT
        },
    });

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str(), &serde_json::Map::new()).await
    }

    async fn delete(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke_by_deletion(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list_owners").with_query("limit", A_PAGE)]
    }

    fn probe(secret: &str) -> Option<Lookup> {
        (!secret.is_empty()).then(|| Lookup::new("probe").about_secret(secret))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    const PROBE_CONTENT: Content = Content::Json(&[("value", Part::Parameter(SECRET))]);

    async fn look_up(client: &generated::Client, lookup: &Lookup) -> Sent {
        match (lookup.operation, lookup.secret()) {
            ("probe", Some(secret)) => {
                client.probe(&generated::types::ProbeBody { value: secret.to_owned() }).await
            }
            _ => client.look_up(lookup).await,
        }
    }

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let entries = body.items("data")?;
        let mut page = Page { entries: entries.len() as u64, ..Page::default() };
        let cursors = body.object("list_metadata")?.ok_or("`list_metadata` is null")?;
        if cursors.has("after") {
            page.next.push(lookup.clone().with_query("after", cursors.cursor("after")?));
        }
        for entry in entries {
            match lookup.operation {
                "list" => page.items.push(key_of(lookup.parameter("organizationId"), entry)?),
                _ => page.next.push(keys_of(&entry.id("id")?)),
            }
        }
        Ok(page)
    }
}

fn keys_of(organization: &OrganizationId) -> Lookup {
    Lookup::new("list").with_parameter("organizationId", organization).with_query("limit", A_PAGE)
}

fn key_of(organization: &str, key: Reading<'_>) -> Result<KeyInfo, String> {
    let expires = key.time("expires_at")?;
    let status = match expires {
        Some(end) if key.is_over(end) => KeyStatus::Expired,
        // Now, as far as two clocks agree on that.
        Some(end) if key.is_past(end) => KeyStatus::Unknown,
        _ if expires.is_none() && key.has("expires_at") => KeyStatus::Unknown,
        _ => KeyStatus::Active,
    };
    let known = KeyInfo::new(key_ref::<WorkOs>(&key.id("id")?)?, status)
        .with_owner(organization)
        .and(key.text("name")?, KeyInfo::with_name)
        .and(key.time("created_at")?, KeyInfo::with_created_at)
        .and(key.time("last_used_at")?, KeyInfo::with_last_used_at)
        .and(expires, KeyInfo::with_expires_at);
    key.with_ends("obfuscated_value", known)
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::WorkOs;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    const ORGANIZATION: &str = "org_01FA4E00000000000000000001";

    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "object": "api_key",
            "id": key.key,
            "owner": { "type": "organization", "id": ORGANIZATION },
            "name": "fake",
            "obfuscated_value": format!("sk_...{}", &key.secret[key.secret.len() - 4..]),
            "last_used_at": null,
            "expires_at": (!key.live).then_some("2026-01-02T00:00:00.000Z"),
            "created_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-01T00:00:00.000Z",
        })
    }

    fn page(asked: &Asked, entries: &[serde_json::Value]) -> Reply {
        let (data, after) = asked.page(entries, asked.number("limit").unwrap_or(10));
        let cursors = json!({ "before": null, "after": after });
        Reply::new(200).with_json(json!({ "object": "list", "data": data, "list_metadata": cursors }))
    }

    impl FakeAnswers for WorkOs {
        const CREDENTIALS: &'static [&'static str] = &["sk_fake_administrator"];

        fn key(number: u64) -> String {
            format!("api_key_01FA4E{number:020X}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({
                    "object": "api_key",
                    "id": parameters.first().map(|(_, id)| id),
                    "name": "fake",
                    "obfuscated_value": "sk_...AAAA",
                    "last_used_at": null,
                    "expires_at": "2026-11-01T00:00:00.000Z",
                    "created_at": "2026-01-01T00:00:00.000Z",
                    "updated_at": "2026-11-01T00:00:00.000Z",
                })),
                Case::Again => Reply::new(409)
                    .with_json(json!({ "code": "api_key_already_expired", "message": "its time is over" })),
                Case::Unknown => Reply::new(404).with_json(json!({ "message": "API Key not found: this one." })),
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "message": "not authorised" })),
            }
        }

        fn secret(number: u64) -> String {
            format!("sk_fa4e{number:028x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let organization = |id: &str| json!({ "object": "organization", "id": id, "name": "fake" });
            match (asked.operation, asked.parameter("organizationId")) {
                ("list_owners", _) => {
                    let all = [ORGANIZATION, "org_01FA4E00000000000000000002"].map(organization);
                    return Some(page(asked, &all));
                }
                ("list", Some(ORGANIZATION)) => return Some(page(asked, &keys.iter().map(key_of).collect::<Vec<_>>())),
                ("list", _) => return Some(page(asked, &[])),
                _ => {}
            }
            // The administrator asks about a secret, which is the one parameter.
            let (_, secret) = asked.parameters.first()?;
            let found = Asked::live(keys).into_iter().find(|key| key.secret == *secret);
            let found = found.map(|key| json!({ "object": "api_key", "id": key.key, "name": "fake" }));
            Some(Reply::new(200).with_json(json!({ "api_key": found })))
        }

        fn answer_to_deletion(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again => Self::answer(Case::Unknown, parameters),
                case => Self::answer(case, parameters),
            }
        }
    }
}
