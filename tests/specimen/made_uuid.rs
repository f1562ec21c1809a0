//! MadeUuid: `DELETE /keys/{id}`.
//!
//! Facts from PAGE, read 2026-11-27. What a second revoke gets is not stated, so nothing that may have arrived is sent again.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::uuid_id;
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("made-uuid");

/// Marks builders and revokers for MadeUuid.
#[derive(Clone, Copy, Debug)]
pub struct MadeUuid;

/// Begins a revoker for MadeUuid.
///
/// Credential: WHICH, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<MadeUuid> {
    Builder::new(MadeUuid)
}

uuid_id!(
    /// The id of a key. Not the key itself.
    KeyId, "made-uuid", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("id", self.to_string())]
    }
}

const RULES: &[Rule] = &[
    // Its members: id (string), revoked (boolean).
    on(200, REVOKED)
        .with(Expect::Object(&[Member::IsBool("revoked", true)]))
        .source("PAGE, read 2026-11-27"),
];

impl Provider for MadeUuid {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "made-uuid",
        aliases: &[],
        vendor: "MadeUuid",
        key_form: "UUID",
        credentials: &[Form::Bearer],
        credential_help: "WHICH",
        base: Base {
            default: Some("https://api.made-uuid.example"),
            example: "https://api.made-uuid.example",
            domains: &["made-uuid.example"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; PAGE, read 2026-11-27"),
        ids_reused: (IdsReused::Possible, "nothing is stated; PAGE, read 2026-11-27"),
        missing: (None, "nothing is stated of its body; PAGE, read 2026-11-27"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by WHAT",
    };

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_uuid()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::MadeUuid;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for MadeUuid {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator"];

        fn key(number: u64) -> String {
            format!("fa4e0000-0000-4000-8000-{number:012x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({ "revoked": true })),
                Case::Again | Case::Unknown => Reply::new(404).with_json(json!({ "message": "no such key" })),
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "message": "not authorised" })),
            }
        }
    }
}
