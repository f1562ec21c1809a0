//! Clerk, API keys: `POST /api_keys/{apiKeyID}/revoke`.
//!
//! Facts from the vendor's specification (clerk/openapi-specs, Backend API), read 2026-11. The answer is the key as it now
//! is, and a revoked key can be looked up afterwards. The body, which may give a reason, is sent without one. What a second
//! revoke gets is not stated, so nothing that may have arrived is sent again: look the key up instead. Keys are listed for
//! one user or organisation alone, so there is no list of all. Session tokens that
//! Clerk signs are no API keys, and cannot be revoked. Never confirmed against the live service.

use crate::builder::Builder;
use crate::content::Content;
use crate::credential::Form;
use crate::key::{is_marked_hex, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("clerk");

/// Marks builders and revokers for Clerk.
#[derive(Clone, Copy, Debug)]
pub struct Clerk;

/// Begins a revoker for Clerk.
///
/// Credential: the instance's secret key (`sk_…`), as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<Clerk> {
    Builder::new(Clerk)
}

text_id!(
    /// The id of an API key. Not its secret, which may begin alike and is longer.
    KeyId, "clerk", "key", "ak_ or api_key_, and 32 hexadecimal digits",
    |id| is_marked_hex(id, "ak_", 32) || is_marked_hex(id, "api_key_", 32)
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("apiKeyID", self.to_string())]
    }
}

const SPECIFICATION: &str = "clerk/openapi-specs, Backend API 2026-05-12, revokeApiKey, read 2026-11";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::Is("object", "api_key"),
            Member::IsParameter("id", "apiKeyID"),
            Member::IsBool("revoked", true),
        ]))
        .source(SPECIFICATION),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::IsNotParameter("id", "apiKeyID")]))
        .source(SPECIFICATION),
];

impl Provider for Clerk {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "clerk",
        aliases: &[],
        vendor: "Clerk",
        key_form: "ID",
        credentials: &[Form::Bearer],
        credential_help: "the instance's secret key (sk_live_… or sk_test_…)",
        base: Base {
            default: Some("https://api.clerk.com/v1"),
            example: "https://api.clerk.com/v1",
            domains: &["clerk.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; clerk/openapi-specs, read 2026-11"),
        ids_reused: (IdsReused::No, "revoked keys stay, with their ids; clerk/openapi-specs, getApiKey, read 2026-11"),
        missing: (None, "the codes of a 404 are not published; clerk/openapi-specs, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 200 with the key's own state revoked; a revoked key can be looked up afterwards",
    };

    /// An object without the reason that one could give.
    const CONTENT: Content = Content::Json(&[]);

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str(), &generated::types::RevokeBody { revocation_reason: None }).await
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("apiKeyID", key)]
    }

    /// Its times are in milliseconds, or in seconds by the examples, and are not read.
    fn page(_lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let status = match (body.truth("revoked")?, body.truth("expired")?) {
            (true, _) => KeyStatus::Revoked,
            (false, true) => KeyStatus::Expired,
            (false, false) => KeyStatus::Active,
        };
        let known = KeyInfo::new(key_ref::<Self>(&body.id("id")?)?, status)
            .and(body.text("name")?, KeyInfo::with_name)
            .and(body.text("subject")?, KeyInfo::with_owner);
        Ok(Page::of(known))
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Clerk;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(status: u16, code: &str) -> Reply {
        let error = json!({ "message": "from the fake", "long_message": "from the fake", "code": code });
        Reply::new(status).with_json(json!({ "errors": [error] }))
    }

    fn key_of(id: Option<&String>, is_revoked: bool) -> Reply {
        Reply::new(200).with_json(json!({
            "object": "api_key",
            "id": id,
            "type": "api_key",
            "subject": "user_1",
            "name": "fake",
            "revoked": is_revoked,
            "revocation_reason": null,
            "expired": false,
            "created_at": 1_700_000_000_000_u64,
            "updated_at": 1_700_000_000_000_u64,
        }))
    }

    impl FakeAnswers for Clerk {
        const CREDENTIALS: &'static [&'static str] = &["sk_test_fake_administrator"];

        fn key(number: u64) -> String {
            format!("ak_fa4e{number:028x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                // What a repeat gets is not stated; the key's state is the same.
                Case::Revoked | Case::Again => key_of(parameters.last().map(|(_, id)| id), true),
                Case::Unknown => refused(404, "fake_not_found"),
                // Not in the specification.
                Case::Unauthenticated => refused(401, "fake_unauthenticated"),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match asked.key_or_dead(keys) {
                Some(key) => key_of(Some(&key.key), !key.live),
                None => refused(404, "fake_not_found"),
            })
        }
    }
}
