//! Sinjapp (messaging): `DELETE /api-keys/{apiKey}` below the tenant's own base URL.
//!
//! Facts from docs.sinjapp.org, the page "Revoke an API key" and the error bodies of its other pages, read
//! 2026-11-22. The document's `servers` put `/api/v1` before its paths. Ids are integers, and whether a freed
//! one is given to a later key is not stated, so nothing that may have arrived is sent again.
//! `GET /me` tells which key is calling; there is no list. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::number_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, MISDIRECTED, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("sinjapp");

/// Marks builders and revokers for Sinjapp.
#[derive(Clone, Copy, Debug)]
pub struct Sinjapp;

/// Begins a revoker for Sinjapp, whose base URL must be set: `https://TENANT.sinjapp.org/api/v1`.
///
/// Credential: an API key with the scope to manage keys ([`Credential::api_key`](crate::Credential::api_key)).
pub fn builder() -> Builder<Sinjapp> {
    Builder::new(Sinjapp)
}

number_id!(
    /// The id of a Sinjapp API key: a number from 1 to `i64::MAX`. Not the key itself.
    KeyId, "sinjapp", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("apiKey", self.to_string())]
    }
}

const RULES: &[Rule] = &[
    on(204, REVOKED).source("docs.sinjapp.org, Revoke an API key, read 2026-11-22"),
    on(404, MISDIRECTED)
        .with(Expect::Object(&[Member::Says("message", "tenant could not be identified")]))
        .undocumented()
        .source("docs.sinjapp.org, error bodies of other operations: the host names no tenant; read 2026-11-22"),
];

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::IsObject("api_key")]),
        "docs.sinjapp.org, Current tenant context, read 2026-11-22",
    ),
    // 401 is documented for a key that is not allowed to do something too, in other words.
    refused(
        401,
        Expect::Object(&[Member::Is("message", "Unauthenticated.")]),
        "docs.sinjapp.org, Current tenant context and the example of its 401, read 2026-11-22",
    ),
];

impl Provider for Sinjapp {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "sinjapp",
        aliases: &[],
        vendor: "Sinjapp",
        key_form: "NUMBER",
        credentials: &[Form::ApiKey("x-api-key")],
        credential_help: "an API key whose scopes let it manage keys",
        base: Base {
            default: None,
            example: "https://TENANT.sinjapp.org/api/v1",
            domains: &[".sinjapp.org"],
            placeholders: &["your-tenant.sinjapp.org", "tenant.sinjapp.org"],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; docs.sinjapp.org, read 2026-11-22"),
        ids_reused: (IdsReused::Possible, "ids are integers and re-use is not excluded; docs.sinjapp.org, read 2026-11-22"),
        missing: (None, "nothing is stated about a missing key; docs.sinjapp.org, read 2026-11-22"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204; a 404 that cannot identify the tenant is a wrong host",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.get()).await
    }

    fn whoami() -> Option<Lookup> {
        Some(Lookup::new("whoami"))
    }

    fn probe(_secret: &str) -> Option<Lookup> {
        Self::whoami()
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    /// The members of `api_key` are not published: where it has an id, that is the key, which works, as it was just
    /// used. Nothing else of it is read.
    fn page(_lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let mut page = Page::default();
        if let Some(key) = body.object("api_key")?.filter(|key| key.has("id")) {
            let key = key_ref::<Self>(&key.id("id")?)?;
            page.items.push(KeyInfo::new(key, KeyStatus::Active));
        }
        page.entries = page.items.len() as u64;
        Ok(page)
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Sinjapp;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    /// The number of the administrator's own key.
    const ADMINISTRATOR: u64 = 1_000_000;

    impl FakeAnswers for Sinjapp {
        const BASE_PATH: &'static str = "/api/v1";
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator-key"];

        fn key(number: u64) -> String {
            number.to_string()
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                // Nothing is stated about a missing key; this is how Laravel answers.
                Case::Again | Case::Unknown => {
                    Reply::new(404).with_json(json!({ "message": "No query results for model [ApiKey]" }))
                }
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "message": "Unauthenticated." })),
            }
        }

        fn look_up(asked: &Asked, _: &[Issued]) -> Option<Reply> {
            let number = asked.by.as_ref().map_or(Some(ADMINISTRATOR), |key| key.key.parse().ok());
            Some(Reply::new(200).with_json(json!({
                "user": { "id": 1 },
                "api_key": { "id": number, "name": "fake" },
                "organization": { "id": 1 },
            })))
        }
    }
}
