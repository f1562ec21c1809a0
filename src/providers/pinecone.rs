//! Pinecone, Admin API: `DELETE /admin/api-keys/{api_key_id}`.
//!
//! Facts from the vendor's specification (pinecone-io/pinecone-api, 2026-04), read 2026-11. The one success is a 202 without
//! a body: the deletion was accepted, and when it is done is not said. So no answer proves a death; a look does, once the
//! provider says that it has no such key which it had before
//! ([`revoke_verified`](crate::Revoke::revoke_verified)). Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, Verification, pinecone};
//!
//! let revoker = pinecone::builder().with_credential(Credential::bearer("the token of a service account")).build()?;
//! let key = "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse()?;
//! println!("{}", revoker.revoke_verified(&key, Verification::new()).await?);
//! # Ok(())
//! # }
//! ```

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{ALNUM, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::uuid_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::outcome::{ErrorKind, KeyState};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Meaning, Member, Rule, on};
use crate::wire::Sent;

generated!("pinecone");

/// Marks builders and revokers for Pinecone.
#[derive(Clone, Copy, Debug)]
pub struct Pinecone;

/// Begins a revoker for Pinecone.
///
/// Credential: the access token of a service account of the organisation, as a
/// [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<Pinecone> {
    Builder::new(Pinecone)
}

uuid_id!(
    /// The id of an API key: a UUID, never nil. Not the key, which begins `pcsk_`.
    KeyId, "pinecone", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("api_key_id", self.to_string())]
    }
}

const RULES: &[Rule] = &[on(202, Meaning::Not(ErrorKind::Pending, KeyState::Unknown))
    .source("pinecone-io/pinecone-api, delete_api_key, read 2026-11-27")];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "pinecone-key",
        "Pinecone",
        "API key",
        &[Is(&["pcsk_"]), Of(ALNUM, 5, 6), Is(&["_"]), Of(ALNUM, 63, 63)],
    )
    .by_hand(
        "https://docs.pinecone.io/guides/projects/manage-api-keys",
        "Delete it in the API keys of its project; what stands between its underscores is shown there.",
    )
    .source("scanners (TruffleHog, which tried it with keys), and docs.pinecone.io, Manage API keys, for the way; read 2026-11-22"),
];

impl Provider for Pinecone {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "pinecone",
        aliases: &[],
        vendor: "Pinecone",
        key_form: "UUID",
        credentials: &[Form::Bearer],
        credential_help: "the access token of a service account of the organisation",
        base: Base {
            default: Some("https://api.pinecone.io"),
            example: "https://api.pinecone.io",
            domains: &["pinecone.io"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "404 where there is no such key; pinecone-io/pinecone-api, delete_api_key, read 2026-11-27"),
        ids_reused: (IdsReused::No, "ids are UUIDs (inferred: never given again); pinecone-io/pinecone-api, read 2026-11-27"),
        missing: (
            Some(Expect::Object(&[Member::In("error", &[Member::Is("code", "NOT_FOUND")])])),
            "pinecone-io/pinecone-api, ErrorResponse and its codes, read 2026-11-27",
        ),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "no death: a 202 is a promise. Verify, which asks for the key until the provider does not have it any more",
    };

    const HEADERS: &'static [(&'static str, &'static str)] = &[("x-pinecone-api-version", "2026-04")];

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_uuid()).await
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("api_key_id", key)]
    }

    fn page(_lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let key = key_ref::<Self>(&body.id("id")?)?;
        Ok(Page::of(KeyInfo::new(key, KeyStatus::Active).and(body.text("name")?, KeyInfo::with_name)))
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Pinecone;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(status: u16, code: &str) -> Reply {
        Reply::new(status).with_json(json!({ "status": status, "error": { "code": code, "message": "from the fake" } }))
    }

    impl FakeAnswers for Pinecone {
        const CREDENTIALS: &'static [&'static str] = &["fake-service-account-token"];

        fn key(number: u64) -> String {
            format!("fa4e0000-0000-4000-8000-{number:012x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(202),
                Case::Again | Case::Unknown => refused(404, "NOT_FOUND"),
                Case::Unauthenticated => refused(401, "UNAUTHENTICATED"),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match asked.key(keys) {
                Some(key) => Reply::new(200).with_json(json!({
                    "id": key.key,
                    "name": "fake",
                    "project_id": "fa4e0000-0000-4000-8000-0000000000ff",
                    "roles": ["ProjectEditor"],
                })),
                None => refused(404, "NOT_FOUND"),
            })
        }
    }
}
