//! MadeTwo: `DELETE /projects/{projectId}/keys/{key_id}`.
//!
//! Facts from PAGE, read 2026-11-27. What a second revoke gets is not stated, so nothing that may have arrived is sent again.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::{ids_key, text_id, uuid_id};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("made-two");

/// Marks builders and revokers for MadeTwo.
#[derive(Clone, Copy, Debug)]
pub struct MadeTwo;

/// Begins a revoker for MadeTwo.
///
/// Credential: WHICH, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<MadeTwo> {
    Builder::new(MadeTwo)
}

uuid_id!(
    /// The projectId of a key.
    ProjectId, "made-two", "projectId"
);
text_id!(
    /// The key_id of a key.
    KeyId, "made-two", "key_id"
);

ids_key!(
    /// A key; as text `PROJECTID/KEY_ID`.
    Key, "made-two", "PROJECTID/KEY_ID",
    /// Its projectId.
    project_id: ProjectId = "projectId",
    /// Its key_id.
    key_id: KeyId = "key_id",
);

const RULES: &[Rule] = &[
    // Its members: id (string), state (string).
    on(200, REVOKED)
        .with(Expect::Object(&[Member::Is("STATE", "REVOKED")]))
        .source("PAGE, read 2026-11-27"),
];

impl Provider for MadeTwo {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "made-two",
        aliases: &[],
        vendor: "MadeTwo",
        key_form: "PROJECTID/KEY_ID",
        credentials: &[Form::Bearer],
        credential_help: "WHICH",
        base: Base {
            default: Some("https://api.made-two.example"),
            example: "https://api.made-two.example",
            domains: &["made-two.example"],
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

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.project_id.as_uuid(), key.key_id.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::MadeTwo;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for MadeTwo {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator"];

        fn key(number: u64) -> String {
            format!("fa4e0000-0000-4000-8000-000000000001/key-fa4e{number}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({ "STATE": "REVOKED" })),
                Case::Again | Case::Unknown => Reply::new(404).with_json(json!({ "message": "no such key" })),
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "message": "not authorised" })),
            }
        }
    }
}
