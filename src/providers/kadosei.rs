//! Kadosei (payment orchestration): `DELETE /api/v1/applications/{id}/api-keys/{keyId}`.
//!
//! Facts from docs.kadosei.com, the reference page of this operation and "About the API", read 2026-11-22. The
//! page that started this names no vendor, hence the alias `applications`. It shows a success body of `{}`
//! and states no status, so both 200 with `{}` and 204 are taken as success and said to be inferred. The base
//! URL is not published. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{TOKEN, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::{ids_key, uuid_id};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::verdict::{Expect, REVOKED_INFERRED, Rule, on};
use crate::wire::Sent;

generated!("kadosei");

/// Marks builders and revokers for Kadosei.
#[derive(Clone, Copy, Debug)]
pub struct Kadosei;

/// Begins a revoker for Kadosei, whose base URL must be set.
///
/// Credential: the merchant's token from the login endpoint, which lives one hour, as a
/// [bearer token](crate::Credential::bearer). An application's own key (`ks_live_…`) is refused by Kadosei.
pub fn builder() -> Builder<Kadosei> {
    Builder::new(Kadosei)
}

uuid_id!(
    /// The id of an application: a UUID, never nil.
    ApplicationId, "kadosei", "application"
);
uuid_id!(
    /// The id of an application's key: a UUID, never nil. Not the key, which begins `ks_`.
    KeyId, "kadosei", "key"
);

ids_key!(
    /// A key of an application; as text `APPLICATION/KEY`.
    #[derive(Copy)]
    Key, "kadosei", "APPLICATION/KEY",
    /// Whose key it is.
    application_id: ApplicationId = "id",
    /// Which of its keys.
    key_id: KeyId = "keyId",
);

const RULES: &[Rule] = &[
    on(200, REVOKED_INFERRED)
        .with(Expect::EmptyObject)
        .source("docs.kadosei.com, example body of the operation, status inferred, read 2026-11-22"),
    on(204, REVOKED_INFERRED)
        .undocumented()
        .source("docs.kadosei.com states no status; the error bodies are NestJS's, whose DELETE is often 204; read 2026-11-22"),
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("kadosei-key", "Kadosei", "application's key", &[Is(&["ks_live_", "ks_test_"]), Of(TOKEN, 8, 512)])
        .source("docs.kadosei.com, About the API, which states the beginning alone; read 2026-11-22"),
];

impl Provider for Kadosei {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "kadosei",
        aliases: &["applications"],
        vendor: "Kadosei",
        key_form: "APPLICATION/KEY",
        credentials: &[Form::Bearer],
        credential_help: "the merchant's token from the login endpoint (lives one hour)",
        base: Base {
            default: None,
            example: "https://HOST",
            domains: &[],
            placeholders: &["api.example.com"],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "ids are UUIDs; docs.kadosei.com, read 2026-11-22"),
        ids_reused: (IdsReused::No, "ids are UUIDs; docs.kadosei.com, read 2026-11-22"),
        missing: (None, "the body of a 404 is not stated for this operation; docs.kadosei.com, read 2026-11-22"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 200 {} or 204, inferred: the page states no status",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.application_id.as_uuid(), key.key_id.as_uuid()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Kadosei;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for Kadosei {
        const CREDENTIALS: &'static [&'static str] = &["fake.merchant.token"];

        fn key(number: u64) -> String {
            format!("4ad05e10-0000-4000-8000-000000000001/4ad05e10-0000-4000-9000-{number:012x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({})),
                // Nothing is stated about a second revoke.
                Case::Again | Case::Unknown => Reply::new(404)
                    .with_json(json!({ "error": "Not Found", "message": "No such resource", "code": 404 })),
                // The other published shape.
                Case::Unauthenticated => Reply::new(401)
                    .with_json(json!({ "statusCode": 401, "message": ["Token missing or expired"], "error": "Unauthorized" })),
            }
        }
    }
}
