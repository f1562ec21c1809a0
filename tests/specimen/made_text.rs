//! MadeText: `DELETE /tokens/{token_id}`.
//!
//! Facts from PAGE, read 2026-11-27. What a second revoke gets is not stated, so nothing that may have arrived is sent again.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::text_id;
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{REVOKED, Rule, on};
use crate::wire::Sent;

generated!("made-text");

/// Marks builders and revokers for MadeText.
#[derive(Clone, Copy, Debug)]
pub struct MadeText;

/// Begins a revoker for MadeText.
///
/// Credential: WHICH, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<MadeText> {
    Builder::new(MadeText)
}

text_id!(
    /// The id of a key. Not the key itself.
    KeyId, "made-text", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("token_id", self.to_string())]
    }
}

const RULES: &[Rule] = &[
    on(204, REVOKED).source("PAGE, read 2026-11-27"),
];

impl Provider for MadeText {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "made-text",
        aliases: &[],
        vendor: "MadeText",
        key_form: "ID",
        credentials: &[Form::Bearer],
        credential_help: "WHICH",
        base: Base {
            default: Some("https://api.made-text.example"),
            example: "https://api.made-text.example",
            domains: &["made-text.example"],
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
        client.revoke(key.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::MadeText;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for MadeText {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator"];

        fn key(number: u64) -> String {
            format!("key-fa4e{number}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => Reply::new(404).with_json(json!({ "message": "no such key" })),
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "message": "not authorised" })),
            }
        }
    }
}
