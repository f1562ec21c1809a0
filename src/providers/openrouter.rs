//! OpenRouter: `PATCH /keys/{hash}` with `{"disabled":true}`; where deletion is asked for, `DELETE /keys/{hash}`.
//!
//! Facts from the vendor's specification (OpenRouterTeam/typescript-sdk), read 2026-11. A key is known by a hash of it. A
//! disabled key can be enabled again; the answer is the key with its state. The success of a deletion does not repeat which
//! key was deleted. Never confirmed against the live service.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref, not_offered};
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

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str(), &generated::types::RevokeBody { disabled: true }).await
    }

    async fn delete(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke_by_deletion(key.as_str()).await
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("hash", key)]
    }

    async fn look_up(client: &generated::Client, lookup: &Lookup) -> Sent {
        match lookup.operation {
            FIND => client.find(lookup.parameter("hash")).await,
            _ => not_offered().await,
        }
    }

    fn page(_lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let key = body.object("data")?.ok_or("`data` is null")?;
        let expires = key.time("expires_at")?;
        let status = match key.truth("disabled")? {
            _ if expires.is_some_and(|end| key.is_over(end)) => KeyStatus::Expired,
            true => KeyStatus::Inactive,
            false => KeyStatus::Active,
        };
        let known = KeyInfo::new(key_ref::<Self>(&key.id("hash")?)?, status)
            .and(key.text("name")?, KeyInfo::with_name)
            .and(key.text("creator_user_id")?, KeyInfo::with_owner)
            .and(key.time("created_at")?, KeyInfo::with_created_at)
            .and(expires, KeyInfo::with_expires_at);
        Ok(Page::of(known))
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::OpenRouter;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(status: u16, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "error": { "code": status, "message": message } }))
    }

    fn found(hash: &str, disabled: bool) -> Reply {
        Reply::new(200).with_json(json!({ "data": {
            "hash": hash,
            "name": "fake",
            "label": "fake",
            "disabled": disabled,
            "created_at": "2026-01-01T00:00:00Z",
            "creator_user_id": "user_1",
            "expires_at": null,
        } }))
    }

    impl FakeAnswers for OpenRouter {
        const CREDENTIALS: &'static [&'static str] = &["sk-or-v1-fake-administrator"];

        fn key(number: u64) -> String {
            format!("fa4e{number:060x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked | Case::Again => {
                    found(parameters.first().map_or("", |(_, hash)| hash), true)
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

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match asked.key_or_dead(keys) {
                Some(key) => found(&key.key, !key.live),
                None => refused(404, "no such key"),
            })
        }
    }
}
