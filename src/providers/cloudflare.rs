//! Cloudflare, API tokens of users: `DELETE /user/tokens/{identifier}`.
//!
//! Facts from the vendor's specification (cloudflare/api-schemas) and the reference at developers.cloudflare.com, read
//! 2026-11. Every answer is an envelope; what counts is its `success` and the id in its `result`, which the specification
//! lets be null. `GET /user/tokens/verify` names the token that is calling. That it accepts a secret tells; that it refuses one
//! does not: a token that an account owns is verified elsewhere, and may be refused here while it works. What a second revoke
//! gets is not stated. Tokens that accounts own are not covered. That a list says how many tokens there are is from
//! memory, and one that does not is not read. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{ALNUM, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::{is_marked_hex, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
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

/// The most that the vendor gives at once.
const TOKENS_A_PAGE: u32 = 50;

/// No refusal is among them: this operation knows the tokens of users alone.
const PROBE_RULES: &[ProbeRule] = &[accepted(
    200,
    Expect::Object(&[Member::IsBool("success", true), Member::In("result", &[Member::Is("status", "active")])]),
    "cloudflare/api-schemas, user-api-tokens-verify-token, read 2026-11",
)];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("cloudflare-token", "Cloudflare", "API token", &[Is(&["cfut_", "cfat_"]), Of(ALNUM, 41, 64)])
        .by_hand("https://dash.cloudflare.com/profile/api-tokens", "Roll or delete it in the API tokens of its user or account.")
        .source("developers.cloudflare.com, Token formats; what the checksum is, and its length, are not stated; read 2026-11-22"),
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

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list").with_query("page", 1).with_query("per_page", TOKENS_A_PAGE)]
    }

    fn holders(_key: &KeyId) -> Vec<Lookup> {
        Self::list()
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("identifier", key)]
    }

    fn whoami() -> Option<Lookup> {
        Some(Lookup::new("whoami"))
    }

    /// Not the tokens and keys of other kinds that say what they are.
    fn probe(secret: &str) -> Option<Lookup> {
        let is_other = ["cfat_", "cfk_", "v1.0-"].iter().any(|other| secret.starts_with(other));
        (!is_other && !secret.is_empty()).then(|| Lookup::new("whoami"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if body.truth("success") != Ok(true) {
            return Err("it is no success".into());
        }
        if lookup.operation != "list" {
            return Ok(Page::of(token_of(body.object("result")?.ok_or("`result` is null")?)?));
        }
        let entries = body.items("result")?;
        let pages = body.object("result_info")?.ok_or("`result_info` is null")?;
        let total = pages.number("total_count")?.ok_or("`total_count` is missing")?;
        let mut page = Page { entries: entries.len() as u64, total: Some(total), ..Page::default() };
        let number = lookup.number("page").and_then(|page| u64::try_from(page).ok()).unwrap_or(1);
        if number.saturating_mul(TOKENS_A_PAGE.into()) < total {
            page.next.push(lookup.clone().with_query("page", number.saturating_add(1)));
        }
        page.items = entries.into_iter().map(token_of).collect::<Result<_, _>>()?;
        Ok(page)
    }
}

fn token_of(token: Reading<'_>) -> Result<KeyInfo, String> {
    let status = match token.text("status")?.as_deref() {
        Some("active") => KeyStatus::Active,
        Some("disabled") => KeyStatus::Inactive,
        Some("expired") => KeyStatus::Expired,
        _ => KeyStatus::Unknown,
    };
    Ok(KeyInfo::new(key_ref::<Cloudflare>(&token.id("id")?)?, status)
        .and(token.text("name")?, KeyInfo::with_name)
        .and(token.time("issued_on")?, KeyInfo::with_created_at)
        .and(token.time("last_used_on")?, KeyInfo::with_last_used_at)
        .and(token.time("expires_on")?, KeyInfo::with_expires_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Cloudflare;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply, slice};

    /// The token that the administrator uses.
    const ADMINISTRATOR: &str = "ad000000000000000000000000000000";

    fn refused(status: u16, message: &str) -> Reply {
        let errors = [json!({ "code": 1000, "message": message })];
        Reply::new(status).with_json(json!({ "success": false, "errors": errors, "messages": [], "result": null }))
    }

    fn done(result: serde_json::Value) -> Reply {
        Reply::new(200).with_json(json!({ "success": true, "errors": [], "messages": [], "result": result }))
    }

    fn token_of(key: &Issued) -> serde_json::Value {
        json!({ "id": key.key, "name": "fake", "status": "active", "issued_on": "2026-01-01T00:00:00Z" })
    }

    fn listed(asked: &Asked, keys: &[Issued]) -> Reply {
        let (page, most) = (asked.number("page").unwrap_or(1).max(1), asked.number("per_page").unwrap_or(20));
        let all: Vec<_> = Asked::live(keys).into_iter().map(token_of).collect();
        let (tokens, _) = slice(&all, (page - 1).saturating_mul(most), most);
        let pages = json!({ "page": page, "per_page": most, "count": tokens.len(), "total_count": all.len() });
        Reply::new(200).with_json(
            json!({ "success": true, "errors": [], "messages": [], "result": tokens, "result_info": pages }),
        )
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

        fn secret(number: u64) -> String {
            format!("cfut_fa4e{number:037x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match (asked.operation, &asked.by) {
                ("whoami", by) => {
                    let id = by.as_ref().map_or(ADMINISTRATOR, |key| key.key.as_str());
                    done(json!({ "id": id, "status": "active" }))
                }
                (_, Some(_)) => refused(403, "not authorised"),
                ("list", None) => listed(asked, keys),
                _ => match asked.key(keys) {
                    Some(key) => done(token_of(key)),
                    None => refused(404, "no such token"),
                },
            })
        }
    }
}
