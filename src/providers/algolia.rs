//! Algolia, API keys: `DELETE /1/keys/{key}`, where the id is the key itself.
//!
//! Facts from the vendor's specification (algolia/api-clients-automation, search), read 2026-11-27. The key is a secret and
//! stands in the path, so that the vendor's own access logs hold it. The 200 comes before the deletion has spread: the
//! vendor's clients look the key up until they get a 404, and so does a look afterwards. A deleted key can be restored by
//! whoever has the right to. Keys that were derived from another (secured keys) cannot be deleted by themselves: they are
//! computed from it by whoever has it, and are no keys that the provider made. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::is_id_character;
use crate::lookup::{Lookup, PROBE};
use crate::outcome::{ErrorKind, KeyState};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::secret_key::secret_key;
use crate::verdict::{Expect, Meaning, Member, Rule, on};
use crate::wire::Sent;

generated!("algolia");

/// Marks builders and revokers for Algolia.
#[derive(Clone, Copy, Debug)]
pub struct Algolia;

/// Begins a revoker for Algolia, whose base URL must be set: `https://APPLICATION_ID.algolia.net`.
///
/// Credential: the application's id and its admin API key, by [`Credential::key_pair`](crate::Credential::key_pair).
pub fn builder() -> Builder<Algolia> {
    Builder::new(Algolia)
}

secret_key!(
    /// An API key, which is its own id.
    ApiKey, "algolia", Some("key"), "letters, digits, `-`, `.`, `_` and `~`, at most 128 and not dots alone",
    |text| text.len() <= 128 && text.chars().all(is_id_character) && text.chars().any(|c| c != '.')
);

const DELETE: &str = "algolia/api-clients-automation, deleteApiKey, read 2026-11-27";
const GET: &str = "algolia/api-clients-automation, getApiKey and waitForApiKey, read 2026-11-27";

const RULES: &[Rule] = &[on(200, Meaning::Not(ErrorKind::Pending, KeyState::Unknown))
    .with(Expect::Object(&[Member::IsText("deletedAt")]))
    .source(DELETE)];

const PROBE_RULES: &[ProbeRule] = &[
    accepted(200, Expect::Object(&[Member::IsList("acl")]), GET),
    refused(404, Expect::Object(&[Member::IsText("message")]), GET),
];

impl Provider for Algolia {
    type Key = ApiKey;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "algolia",
        aliases: &[],
        vendor: "Algolia",
        key_form: "SECRET",
        credentials: &[Form::KeyPair("x-algolia-application-id", "x-algolia-api-key")],
        credential_help: "the application's id and its admin API key",
        base: Base {
            default: None,
            example: "https://APPLICATION_ID.algolia.net",
            domains: &["algolia.net", "algolianet.com"],
            placeholders: &["algolia_application_id.algolia.net"],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "a key is its own id, and is not given to another; algolia/api-clients-automation, deleteApiKey, read 2026-11-27"),
        ids_reused: (IdsReused::No, "a key is its own id; algolia/api-clients-automation, read 2026-11-27"),
        missing: (None, "the words of a 404 are not published; algolia/api-clients-automation, read 2026-11-27"),
        propagation: None,
        reversible: true,
        also_dies: "secured keys that were derived from it",
        proves: "no death: a 200 comes before the deletion has spread. Verify by the look that gets 404 once it has; it can be restored",
    };

    async fn revoke(client: &generated::Client, key: &ApiKey) -> Sent {
        client.revoke(key.0.expose()).await
    }

    fn probe(secret: &str) -> Option<Lookup> {
        Some(Lookup::new(PROBE).about_secret_as("key", secret))
    }

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::Bearer];
    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Algolia;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(status: u16, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "message": message, "status": status }))
    }

    impl FakeAnswers for Algolia {
        const CREDENTIALS: &'static [&'static str] = &["FAKEAPP001:fa4e00000000000000000000000000ad"];

        fn secret(number: u64) -> String {
            format!("fa4e{number:028x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({ "deletedAt": "2026-11-27T00:00:00.000Z" })),
                Case::Again | Case::Unknown => refused(404, "from the fake: no such key"),
                Case::Unauthenticated => refused(403, "Invalid Application-ID or API key"),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let wanted = asked.parameter("key")?;
            Some(match keys.iter().find(|key| key.live && key.secret == wanted) {
                Some(key) => Reply::new(200).with_json(json!({
                    "value": key.secret,
                    "acl": ["search"],
                    "createdAt": 1_700_000_000,
                })),
                None => refused(404, "from the fake: no such key"),
            })
        }
    }
}
