//! Cloudflare, API tokens of users: `DELETE /user/tokens/{identifier}`.
//!
//! Facts from the vendor's specification (cloudflare/api-schemas) and the reference at developers.cloudflare.com, read
//! 2026-11. Every answer is an envelope; what counts is its `success` and the id in its `result`, which the specification
//! lets be null. `GET /user/tokens/verify` names the token that is calling. It is no probe: a token that an account owns is
//! verified elsewhere, and may be refused here while it works. What a second revoke gets is not stated. Tokens that
//! accounts own are not covered. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::{is_marked_hex, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, key_ref, not_offered};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("cloudflare");

/// Marks builders and revokers for API tokens of Cloudflare's users.
#[derive(Clone, Copy, Debug)]
pub struct Cloudflare;

/// Begins a revoker for API tokens of Cloudflare's users.
///
/// Credential: an API token of the same user that may edit API tokens, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<Cloudflare> {
    Builder::new(Cloudflare)
}

text_id!(
    /// The id of an API token. Not the token, which is longer.
    KeyId, "cloudflare", "token", "32 hexadecimal digits", |id| is_marked_hex(id, "", 32)
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("identifier", self.to_string())]
    }
}

const SPECIFICATION: &str = "cloudflare/api-schemas, user-api-tokens-delete-token, read 2026-11";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::IsBool("success", true),
            Member::In("result", &[Member::IsParameter("id", "identifier")]),
        ]))
        .source(SPECIFICATION),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::In("result", &[Member::IsNotParameter("id", "identifier")])]))
        .source(SPECIFICATION),
];

impl Provider for Cloudflare {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "cloudflare",
        aliases: &[],
        vendor: "Cloudflare (user tokens)",
        key_form: "ID",
        credentials: &[Form::Bearer],
        credential_help: "an API token of the same user that may edit API tokens",
        base: Base {
            default: Some("https://api.cloudflare.com/client/v4"),
            example: "https://api.cloudflare.com/client/v4",
            domains: &["cloudflare.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; cloudflare/api-schemas, read 2026-11"),
        ids_reused: (IdsReused::No, "ids are 32 hexadecimal digits, taken for random; cloudflare/api-schemas, read 2026-11"),
        missing: (None, "refusals are told apart by numbers that are not published; cloudflare/api-schemas, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 200 with success true and the token's id",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn whoami() -> Option<Lookup> {
        Some(Lookup::new("whoami"))
    }

    async fn look_up(client: &generated::Client, lookup: &Lookup) -> Sent {
        match lookup.operation {
            "whoami" => client.whoami().await,
            _ => not_offered().await,
        }
    }

    fn page(_lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let token = body.object("result")?.filter(|_| body.truth("success") == Ok(true)).ok_or("it is no success")?;
        let status = match token.text("status")?.as_deref() {
            Some("active") => KeyStatus::Active,
            Some("disabled") => KeyStatus::Inactive,
            Some("expired") => KeyStatus::Expired,
            _ => KeyStatus::Unknown,
        };
        let known = KeyInfo::new(key_ref::<Self>(&token.id("id")?)?, status);
        Ok(Page::of(known.and(token.time("expires_on")?, KeyInfo::with_expires_at)))
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Cloudflare;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    /// The token that the administrator uses.
    const ADMINISTRATOR: &str = "ad000000000000000000000000000000";

    fn refused(status: u16, message: &str) -> Reply {
        let errors = [json!({ "code": 1000, "message": message })];
        Reply::new(status).with_json(json!({ "success": false, "errors": errors, "messages": [], "result": null }))
    }

    fn done(result: serde_json::Value) -> Reply {
        Reply::new(200).with_json(json!({ "success": true, "errors": [], "messages": [], "result": result }))
    }

    impl FakeAnswers for Cloudflare {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator-token"];

        fn key(number: u64) -> String {
            format!("fa4e{number:028x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => done(json!({ "id": parameters.last().map(|(_, id)| id) })),
                // Only the class of the status is stated.
                Case::Again | Case::Unknown => refused(404, "no such token"),
                Case::Unauthenticated => refused(401, "bad token"),
            }
        }

        fn look_up(asked: &Asked, _: &[Issued]) -> Option<Reply> {
            let id = asked.by.as_ref().map_or(ADMINISTRATOR, |key| key.key.as_str());
            Some(done(json!({ "id": id, "status": "active" })))
        }
    }
}
