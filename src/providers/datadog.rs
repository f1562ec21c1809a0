//! Datadog, API keys: `DELETE /api/v2/api_keys/{api_key_id}`.
//!
//! Facts from the vendor's specification (DataDog/datadog-api-client-rust), read 2026-11. Each of Datadog's sites has its
//! own keys and its own address, so the base URL must be set; a wrong site answers 403, and the key lives. The look-up of one
//! key answers with its secret, so the list is asked instead, which shows the last four characters. Whether a secret is valid
//! is asked with the API key alone. Application keys are not covered. What an id looks like is not stated, so nothing that may
//! have arrived is sent again. Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, datadog};
//!
//! let revoker = datadog::builder()
//!     .with_base_url("https://api.datadoghq.eu")
//!     .with_credential(Credential::key_pair("api-key", "application-key"))
//!     .build()?;
//! let revocation = revoker.revoke(&"2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse()?).await?;
//! println!("{revocation}");
//! # Ok(())
//! # }
//! ```

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::{is_marked_hex, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("datadog");

/// Marks builders and revokers for Datadog.
#[derive(Clone, Copy, Debug)]
pub struct Datadog;

/// Begins a revoker for Datadog, whose base URL must be set to the site of the organisation.
///
/// Credential: an API key and an application key whose owner may delete API keys, as
/// [two values](crate::Credential::key_pair).
pub fn builder() -> Builder<Datadog> {
    Builder::new(Datadog)
}

text_id!(
    /// The id of an API key. Not the key: API keys are 32 hexadecimal digits and application keys 40 (from memory).
    KeyId, "datadog", "key", "an id: it may be the key itself, of 32 or 40 hexadecimal digits",
    |id| !is_marked_hex(id, "", 32) && !is_marked_hex(id, "", 40)
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("api_key_id", self.to_string())]
    }
}

const RULES: &[Rule] = &[on(204, REVOKED).source("DataDog/datadog-api-client-rust, v2, DeleteAPIKey, read 2026-11")];

/// The most that the vendor gives at once.
const KEYS_A_PAGE: u32 = 100;

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::IsBool("valid", true)]),
        "docs.datadoghq.com, Validate API key, read 2026-11-27",
    ),
    // At the site that was asked: the keys of other sites are not valid there.
    refused(
        403,
        Expect::Object(&[Member::IsList("errors")]),
        "docs.datadoghq.com, Validate API key: 403 if the key is invalid, read 2026-11-27",
    ),
];

impl Provider for Datadog {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "datadog",
        aliases: &[],
        vendor: "Datadog (API keys)",
        key_form: "ID",
        credentials: &[Form::KeyPair("dd-api-key", "dd-application-key")],
        credential_help: "an API key, and an application key whose owner may delete API keys",
        base: Base {
            default: None,
            example: "https://api.SITE, such as https://api.datadoghq.com or https://api.datadoghq.eu",
            domains: &["datadoghq.com", "datadoghq.eu", "ddog-gov.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; DataDog/datadog-api-client-rust, read 2026-11"),
        ids_reused: (IdsReused::Possible, "the form of ids is not stated; DataDog/datadog-api-client-rust, read 2026-11"),
        missing: (None, "a 404 has no code; DataDog/datadog-api-client-rust, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204; a 403 may be the wrong site",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list").with_query("page[size]", KEYS_A_PAGE).with_query("page[number]", 0)]
    }

    fn probe(secret: &str) -> Option<Lookup> {
        is_marked_hex(secret, "", 32).then(|| Lookup::new("probe"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::ApiKey("dd-api-key")];

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let entries = body.items("data")?;
        let pages = body.object("meta")?.ok_or("`meta` is null")?.object("page")?.ok_or("`page` is null")?;
        let total = pages.number("total_filtered_count")?.ok_or("`total_filtered_count` is missing")?;
        let mut page = Page { entries: entries.len() as u64, total: Some(total), ..Page::default() };
        let number = lookup.number("page[number]").and_then(|page| u64::try_from(page).ok()).unwrap_or(0);
        let next = number.saturating_add(1);
        if next.saturating_mul(KEYS_A_PAGE.into()) < total {
            page.next.push(lookup.clone().with_query("page[number]", next));
        }
        page.items = entries.into_iter().map(key_of).collect::<Result<_, _>>()?;
        Ok(page)
    }
}

fn key_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let attributes = item.object("attributes")?.ok_or("`attributes` is null")?;
    let mut creator = Some(item);
    for name in ["relationships", "created_by", "data"] {
        creator = match creator {
            Some(holder) if holder.has(name) => holder.object(name)?,
            _ => None,
        };
    }
    Ok(KeyInfo::new(key_ref::<Datadog>(&item.id("id")?)?, KeyStatus::Active)
        .and(attributes.text("name")?, KeyInfo::with_name)
        .and(attributes.text("last4")?, KeyInfo::with_last4)
        .and(creator.map(|creator| creator.text("id")).transpose()?.flatten(), KeyInfo::with_owner)
        .and(attributes.time("created_at")?, KeyInfo::with_created_at)
        .and(attributes.time("date_last_used")?, KeyInfo::with_last_used_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Datadog;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply, slice};

    fn refused(status: u16, words: &str) -> Reply {
        Reply::new(status).with_json(json!({ "errors": [words] }))
    }

    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "id": key.key,
            "type": "api_keys",
            "attributes": {
                "name": "fake",
                "last4": &key.secret[key.secret.len() - 4..],
                "created_at": "2026-01-01T00:00:00.000000+00:00",
                "date_last_used": null,
            },
            "relationships": { "created_by": { "data": { "id": "user-1", "type": "users" } } },
        })
    }

    impl FakeAnswers for Datadog {
        const CREDENTIALS: &'static [&'static str] = &["fake-api-key:fake-application-key"];

        fn key(number: u64) -> String {
            format!("0d01f100-0000-4000-8000-{number:012x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => refused(404, "no such key"),
                // No 401 is documented.
                Case::Unauthenticated => refused(403, "forbidden"),
            }
        }

        fn secret(number: u64) -> String {
            format!("fa4e{number:028x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match (asked.operation, &asked.by) {
                ("probe", _) => Reply::new(200).with_json(json!({ "valid": true })),
                (_, Some(_)) => refused(403, "forbidden"),
                _ => {
                    let most = asked.number("page[size]").unwrap_or(10);
                    let start = asked.number("page[number]").unwrap_or(0).saturating_mul(most);
                    let all: Vec<_> = Asked::live(keys).into_iter().map(key_of).collect();
                    let (data, _) = slice(&all, start, most);
                    let pages = json!({ "page": { "total_filtered_count": all.len() } });
                    Reply::new(200).with_json(json!({ "data": data, "meta": pages }))
                }
            })
        }
    }
}
