//! OpenRouter: `PATCH /keys/{hash}` with `{"disabled":true}`; where deletion is asked for, `DELETE /keys/{hash}`.
//!
//! Facts from the vendor's specification (OpenRouterTeam/typescript-sdk), read 2026-11. A key is known by a hash of it. A
//! disabled key can be enabled again; the answer is the key with its state. The success of a deletion does not repeat which
//! key was deleted. Never confirmed against the live service.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::identify::{HEX, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, Deletion, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("openrouter");

/// Marks builders and revokers for OpenRouter.
#[derive(Clone, Copy, Debug)]
pub struct OpenRouter;

/// Begins a revoker for OpenRouter.
///
/// Credential: a management key, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<OpenRouter> {
    Builder::new(OpenRouter)
}

text_id!(
    /// The hash under which OpenRouter lists an API key. Not the key, which begins `sk-or-`.
    KeyId, "openrouter", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("hash", self.to_string())]
    }
}

const DOCUMENT: &str = "OpenRouterTeam/typescript-sdk, updateKeys, read 2026-11";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[Member::In(
            "data",
            &[Member::IsParameter("hash", "hash"), Member::IsBool("disabled", true)],
        )]))
        .source(DOCUMENT),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::In("data", &[Member::IsNotParameter("hash", "hash")])]))
        .source(DOCUMENT),
];

const DELETION: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[Member::IsBool("deleted", true)]))
        .source("OpenRouterTeam/typescript-sdk, deleteKeys, read 2026-11"),
];

/// The most workspaces at once.
const WORKSPACES_A_PAGE: u32 = 100;

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::In("data", &[Member::IsText("label")])]),
        "openrouter.ai, Get current API key, read 2026-11-27",
    ),
    refused(
        401,
        Expect::Object(&[Member::In("error", &[Member::IsNumber("code", 401), Member::IsText("message")])]),
        "openrouter.ai, Get current API key, and API keys: 401 for a credential that is not accepted, read 2026-11-27",
    ),
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("openrouter-key", "OpenRouter", "API key or management key", &[Is(&["sk-or-v1-"]), Of(HEX, 64, 64)])
    .by_hand("https://openrouter.ai/settings/keys", "Delete it in the key settings of its account.")
        .source("openrouter.ai, API keys, for the beginning; public checkers of keys for the rest; read 2026-11-22"),
];

impl Provider for OpenRouter {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "openrouter",
        aliases: &[],
        vendor: "OpenRouter",
        key_form: "HASH",
        credentials: &[Form::Bearer],
        credential_help: "a management key (sk-or-v1-…)",
        base: Base {
            default: Some("https://openrouter.ai/api/v1"),
            example: "https://openrouter.ai/api/v1",
            domains: &["openrouter.ai"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (
            Repeat::Conclusive,
            "inferred: it sets a state, and the answer is the key with its state; OpenRouterTeam/typescript-sdk, updateKeys, read 2026-11",
        ),
        ids_reused: (IdsReused::No, "the id is a hash of the key; OpenRouterTeam/typescript-sdk, read 2026-11"),
        missing: (None, "a 404 has no code of its own; OpenRouterTeam/typescript-sdk, read 2026-11"),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "disabled by the key's own state in a 200; it can be enabled again",
    };

    const CONTENT: Content = Content::Json(&[("disabled", Part::Truth(true))]);

    const DELETION: Option<&'static Deletion> = Some(&Deletion {
        operation: "revoke_by_deletion",
        content: Content::Empty,
        about: About {
            rules: DELETION,
            repeat: (
                Repeat::Harmless,
                "404 where there is no such key; OpenRouterTeam/typescript-sdk, deleteKeys, read 2026-11",
            ),
            reversible: false,
            proves: "deleted by 200 with deleted true",
            ..Self::ABOUT
        },
    });

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str(), &generated::types::RevokeBody { disabled: true }).await
    }

    async fn delete(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke_by_deletion(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list_owners").with_query("limit", WORKSPACES_A_PAGE).with_query("offset", 0)]
    }

    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("sk-or-").then(|| Lookup::new("probe"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn holders(_key: &KeyId) -> Vec<Lookup> {
        Self::list()
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("hash", key)]
    }

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if lookup.operation == FIND {
            return Ok(Page::of(key_of(body.object("data")?.ok_or("`data` is null")?)?));
        }
        let entries = body.items("data")?;
        let mut page = Page { entries: entries.len() as u64, ..Page::default() };
        let seen = lookup.number("offset").and_then(|offset| u64::try_from(offset).ok()).unwrap_or(0) + page.entries;
        let goes_on = match lookup.operation {
            // Nothing says how many keys there are: a page without any is the last one.
            "list" => page.entries > 0,
            _ => {
                page.total = Some(body.number("total_count")?.ok_or("`total_count` is missing")?);
                page.entries > 0 && page.total > Some(seen)
            }
        };
        if goes_on {
            page.next.push(lookup.clone().with_query("offset", seen));
        }
        for entry in entries {
            match lookup.operation {
                "list" => page.items.push(key_of(entry)?),
                _ => page.next.push(keys_of(entry.cursor("id")?)),
            }
        }
        Ok(page)
    }
}

/// The keys of a workspace; without one, only those of the default workspace come. The parameter stands in no path: it keeps
/// the lists of workspaces apart.
fn keys_of(workspace: &str) -> Lookup {
    let list = Lookup::new("list").with_parameter("workspace", workspace);
    list.with_query("include_disabled", true).with_query("offset", 0).with_query("workspace_id", workspace)
}

fn key_of(key: Reading<'_>) -> Result<KeyInfo, String> {
    let expires = key.time("expires_at")?;
    let status = match key.truth("disabled")? {
        _ if expires.is_some_and(|end| key.is_over(end)) => KeyStatus::Expired,
        true => KeyStatus::Inactive,
        false => KeyStatus::Active,
    };
    let known = KeyInfo::new(key_ref::<OpenRouter>(&key.id("hash")?)?, status)
        .and(key.text("name")?, KeyInfo::with_name)
        .and(key.text("creator_user_id")?, KeyInfo::with_owner)
        .and(key.time("created_at")?, KeyInfo::with_created_at)
        .and(expires, KeyInfo::with_expires_at);
    key.with_ends("label", known)
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::OpenRouter;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply, slice};

    const WORKSPACE: &str = "0df9e665-d932-4740-b2c7-b52af166bc11";

    /// Nothing is stated about the size of a page.
    const KEYS_A_PAGE: usize = 10;

    fn refused(status: u16, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "error": { "code": status, "message": message } }))
    }

    fn key_of(hash: &str, label: &str, disabled: bool) -> serde_json::Value {
        json!({
            "hash": hash,
            "name": "fake",
            "label": label,
            "disabled": disabled,
            "created_at": "2026-01-01T00:00:00Z",
            "creator_user_id": "user_1",
            "expires_at": null,
        })
    }

    /// The label shows both ends of the secret.
    fn issued(key: &Issued) -> serde_json::Value {
        let label = format!("{}...{}", &key.secret[..12], &key.secret[key.secret.len() - 3..]);
        key_of(&key.key, &label, !key.live)
    }

    impl FakeAnswers for OpenRouter {
        const CREDENTIALS: &'static [&'static str] = &["sk-or-v1-fake-administrator"];

        fn key(number: u64) -> String {
            format!("fa4e{number:060x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked | Case::Again => {
                    let hash = parameters.first().map_or("", |(_, hash)| hash);
                    Reply::new(200).with_json(json!({ "data": key_of(hash, "fake", true) }))
                }
                Case::Unknown => refused(404, "no such key"),
                Case::Unauthenticated => refused(401, "bad key"),
            }
        }

        fn answer_to_deletion(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({ "deleted": true })),
                Case::Again => Self::answer(Case::Unknown, parameters),
                case => Self::answer(case, parameters),
            }
        }

        fn secret(number: u64) -> String {
            format!("sk-or-v1-fa4e{number:060x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let start = asked.number("offset").unwrap_or(0);
            Some(match (asked.operation, &asked.by) {
                ("probe", _) => Reply::new(200).with_json(json!({ "data": { "label": "fake" } })),
                (_, Some(_)) => refused(403, "a management key is needed"),
                ("list_owners", None) => {
                    let workspace = |id| json!({ "id": id, "name": "fake" });
                    let all = [WORKSPACE, "00000000-0000-4000-8000-000000000000"].map(workspace);
                    let (data, _) = slice(&all, start, asked.number("limit").unwrap_or(50));
                    Reply::new(200).with_json(json!({ "data": data, "total_count": all.len() }))
                }
                ("list", None) => {
                    let asks = (asked.text("workspace_id"), asked.text("include_disabled"));
                    let all: Vec<_> = match asks {
                        (Some(WORKSPACE), Some("true")) => keys.iter().map(issued).collect(),
                        _ => Vec::new(),
                    };
                    Reply::new(200).with_json(json!({ "data": slice(&all, start, KEYS_A_PAGE).0 }))
                }
                _ => match asked.key_or_dead(keys) {
                    Some(key) => Reply::new(200).with_json(json!({ "data": issued(key) })),
                    None => refused(404, "no such key"),
                },
            })
        }
    }
}
