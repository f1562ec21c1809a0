//! Okta, API tokens: `DELETE /api/v1/api-tokens/{apiTokenId}`.
//!
//! Facts from the vendor's specification (okta/okta-management-openapi-spec), read 2026-11. The look-ups are of active tokens
//! alone, and the list comes at once: where its answer links to another page, which the specification does not have, it is not
//! taken for the whole. A token is tried by asking for its user, which renews it for 30 days like whatever else is done with it;
//! tokens that work are refused, too, from other networks than theirs and while their user is deactivated (help.okta.com, Manage
//! Okta API tokens), so no refusal tells that a token is dead. The path whose last segment is `current` kills the token that is calling; no id reaches it. That a token is 42
//! characters long and an id 20 is from memory, and only makes what is too long for an id refused.
//! Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, okta};
//!
//! let revoker = okta::builder()
//!     .with_base_url("https://acme.okta.com")
//!     .with_credential(Credential::api_key("the-administrators-token")) // sent as `SSWS …`
//!     .build()?;
//! let revocation = revoker.revoke(&"00Tfake0000000000001".parse()?).await?;
//! println!("{revocation}");
//! # Ok(())
//! # }
//! ```

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{BASE64URL, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, PROBE, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("okta");

/// Marks builders and revokers for Okta.
#[derive(Clone, Copy, Debug)]
pub struct Okta;

/// Begins a revoker for Okta, whose base URL must be set: `https://ORG.okta.com`.
///
/// Credential: an API token of an administrator ([`Credential::api_key`](crate::Credential::api_key)), or an OAuth token
/// ([`Credential::bearer`](crate::Credential::bearer)).
pub fn builder() -> Builder<Okta> {
    Builder::new(Okta)
}

text_id!(
    /// The id of an API token, such as `00Tabcdefg1234567890`. Not the token, which is longer.
    KeyId, "okta", "token", "an id: those have at most 32 characters, and tokens more", |id| id.len() <= 32
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("apiTokenId", self.to_string())]
    }
}

const RULES: &[Rule] =
    &[on(204, REVOKED).source("okta/okta-management-openapi-spec, revokeApiToken, read 2026-11")];

/// No refusal is among them: see above.
const PROBE_RULES: &[ProbeRule] = &[accepted(
    200,
    Expect::Object(&[Member::IsText("id"), Member::IsText("status")]),
    "okta/okta-sdk-golang, GetUser, for `me`; help.okta.com, Manage Okta API tokens; read 2026-11-27",
)];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("okta-token", "Okta", "API token", &[Is(&["00"]), Of(BASE64URL, 40, 40)])
    .by_hand(
            "https://help.okta.com/en-us/Content/Topics/security/api.htm",
            "Revoke it in the Admin Console under Security, API, Tokens.",
        )
        .source("scanners, and help.okta.com, Manage Okta API tokens, for the way; read 2026-11-22"),
];

impl Provider for Okta {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "okta",
        aliases: &[],
        vendor: "Okta",
        key_form: "ID",
        credentials: &[Form::Scheme("SSWS"), Form::Bearer],
        credential_help: "an API token of an administrator, or an OAuth token",
        base: Base {
            default: None,
            example: "https://ORG.okta.com",
            domains: &[".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com"],
            placeholders: &["your-org.okta.com", "org.okta.com"],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "404 where there is no such token; okta/okta-management-openapi-spec, revokeApiToken, read 2026-11"),
        ids_reused: (IdsReused::No, "ids are random text (inferred from the example); okta/okta-management-openapi-spec, read 2026-11"),
        missing: (
            Some(Expect::Object(&[Member::Is("errorCode", "E0000007"), Member::IsText("errorSummary")])),
            "okta/okta-management-openapi-spec, revokeApiToken, 404 with Okta's error object, read 2026-11; that its code is E0000007 is from a second-hand list",
        ),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list")]
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("apiTokenId", key)]
    }

    /// Not the id of a token.
    fn probe(secret: &str) -> Option<Lookup> {
        let is_token = KeyId::new(secret).is_err() && secret.starts_with("00");
        is_token.then(|| Lookup::new(PROBE).with_parameter("id", "me"))
    }

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::Scheme("SSWS")];
    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if lookup.operation == FIND {
            return Ok(Page::of(token_of(body)?));
        }
        let entries = body.list()?;
        if body.links_to_next() {
            return Err("it links to a page that the specification does not have".into());
        }
        let items: Vec<KeyInfo> = entries.into_iter().map(token_of).collect::<Result<_, _>>()?;
        Ok(Page { entries: items.len() as u64, items, ..Page::default() })
    }
}

fn token_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let expires = item.time("expiresAt")?;
    let status = match expires {
        Some(end) if item.is_over(end) => KeyStatus::Expired,
        _ => KeyStatus::Active,
    };
    Ok(KeyInfo::new(key_ref::<Okta>(&item.id("id")?)?, status)
        .and(item.text("name")?, KeyInfo::with_name)
        .and(item.text("userId")?, KeyInfo::with_owner)
        .and(item.time("created")?, KeyInfo::with_created_at)
        .and(expires, KeyInfo::with_expires_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Okta;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(status: u16, code: &str, summary: &str) -> Reply {
        Reply::new(status).with_json(json!({ "errorCode": code, "errorSummary": summary, "errorCauses": [] }))
    }

    fn token_of(key: &Issued) -> serde_json::Value {
        json!({
            "id": key.key,
            "name": "fake",
            "userId": "00ufake",
            "clientName": "Okta API",
            "created": "2026-01-01T00:00:00.000Z",
        })
    }

    impl FakeAnswers for Okta {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator-token", "Bearer fake-oauth-token"];

        fn key(number: u64) -> String {
            format!("00Tfa4e{number:013x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => refused(404, "E0000007", "no such token"),
                // Not in the specification.
                Case::Unauthenticated => refused(401, "E0000011", "bad token"),
            }
        }

        fn secret(number: u64) -> String {
            format!("00fa4e{number:036x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match (asked.operation, asked.key(keys)) {
                ("probe", _) => Reply::new(200).with_json(json!({ "id": "00ufake", "status": "ACTIVE" })),
                ("list", _) => {
                    let all: Vec<_> = Asked::live(keys).into_iter().map(token_of).collect();
                    let link = "<https://your-org.okta.com/api/v1/api-tokens>; rel=\"self\"";
                    Reply::new(200).with_json(all).with_header("link", link)
                }
                (_, Some(key)) => Reply::new(200).with_json(token_of(key)),
                (_, None) => refused(404, "E0000007", "no such token"),
            })
        }
    }
}
