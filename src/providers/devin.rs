//! Devin (Cognition), API v2: `DELETE /v2/enterprise/api-keys/{api_key_id}`.
//!
//! Facts from docs.devin.ai, the page "Revoke API Key" of the v2 reference, read 2026-11-22. The same path
//! without its last segment revokes every key of the enterprise; it is never generated, and no id reaches it.
//! The list of keys is offset by pages and states a total; a revoked key is not said to stay in it. Its items may hold
//! the secret, which is not read. v1's list of sessions, for which any API key will do, tells whether a secret is
//! accepted. Whether a second revoke gets a 404 is not stated. v2 is being deprecated in favour of v3; see
//! [`devin_v3`](crate::devin_v3). Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{TOKEN, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
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

/// Of at most 100. Items of the size that the page shows fill a third of what is read of an answer.
const KEYS_A_PAGE: u32 = 50;

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::IsList("sessions")]),
        "docs.devinenterprise.com, v1, List sessions, read 2026-11-22",
    ),
    // A 403 may be said of a key that works and may not list sessions: it is no refusal of the key.
    refused(
        401,
        Expect::Object(&[Member::IsText("detail")]),
        "docs.devin.ai, 401 of all operations, body as FastAPI writes errors; read 2026-11-22",
    ),
];

const SECRET_SOURCE: &str = "docs.devin.ai, Authentication, which states the beginning alone; read 2026-11-22";
/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("devin-personal-key", "Devin", "personal API key", &[Is(&["apk_user_"]), Of(TOKEN, 8, 512)])
        .source(SECRET_SOURCE),
    SecretForm::new("devin-service-key", "Devin", "service API key", &[Is(&["apk_"]), Of(TOKEN, 8, 512)])
        .source(SECRET_SOURCE),
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
        missing: (None, "no 404 is documented; docs.devin.ai, read 2026-11-22"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 200 with status success; not who killed a key that is gone",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list").with_query("page", 1).with_query("per_page", KEYS_A_PAGE)]
    }

    /// Service users' secrets (`cog_…`) are refused by v1 although they work elsewhere, so none is sent there.
    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("apk_").then(|| Lookup::new("probe").with_query("limit", 1))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let items = body.items("items")?;
        let mut page = Page {
            entries: items.len() as u64,
            total: Some(body.number("total")?.ok_or("`total` is missing")?),
            ..Page::default()
        };
        if body.truth("has_more")? {
            let number = body.number("next_cursor")?.ok_or("there is more, and `next_cursor` does not say where")?;
            page.next.push(lookup.clone().with_query("page", number));
        }
        page.items = items.into_iter().map(key_of).collect::<Result<_, _>>()?;
        Ok(page)
    }
}

/// What is listed works: there is no member that says anything else, and what was revoked is gone.
fn key_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let mut key = KeyInfo::new(key_ref::<Devin>(&item.id("id")?)?, KeyStatus::Active);
    // A service key belongs to its organisation, the others to a person.
    for member in ["user_email", "user_id", "org_id"] {
        if let (None, Some(owner)) = (key.owner(), item.text(member)?) {
            key = key.with_owner(owner);
        }
    }
    if let Some(time) = item.time("created_at")? {
        key = key.with_created_at(time);
    }
    Ok(key)
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Devin;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    /// A revoked key leaves the list. Every other key is a service key, and each has its secret beside it.
    fn listed(asked: &Asked, keys: &[Issued]) -> serde_json::Value {
        let (page, most) = (asked.number("page").unwrap_or(1).max(1), asked.number("per_page").unwrap_or(25).clamp(1, 100));
        let live: Vec<&Issued> = keys.iter().filter(|key| key.live).collect();
        let skip = (page - 1).saturating_mul(most);
        let items = live.iter().enumerate().skip(skip).take(most).map(|(index, key)| {
            let person = (index % 2 == 0).then(|| format!("person-{index}@example.com"));
            json!({
                "api_key_value": key.secret,
                "created_at": "2025-08-01T12:00:00Z",
                "id": key.key,
                "is_service_key": person.is_none(),
                "org_id": "org-fa4e",
                "org_name": "Engineering",
                "user_email": person,
                "user_id": person.as_ref().map(|_| format!("user-{index}")),
            })
        });
        let items: Vec<serde_json::Value> = items.collect();
        let more = live.len() > skip.saturating_add(most);
        json!({
            "items": items,
            "total": live.len(),
            "skip": skip,
            "limit": most,
            "has_more": more,
            "next_cursor": more.then_some(page + 1),
        })
    }

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

        fn secret(number: u64) -> String {
            format!("apk_user_fa4e{number:08x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            match asked.operation {
                "probe" => Some(Reply::new(200).with_json(json!({ "sessions": [] }))),
                "list" if asked.by.is_some() => {
                    Some(Reply::new(403).with_json(json!({ "detail": "Enterprise admins only" })))
                }
                "list" => Some(Reply::new(200).with_json(listed(asked, keys))),
                _ => None,
            }
        }
    }
}
