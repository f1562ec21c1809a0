//! MadeNumber: `POST /keys/{keyNumber}/revoke`.
//!
//! Facts from PAGE, read 2026-11-27. What a second revoke gets is not stated, so nothing that may have arrived is sent again.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::number_id;
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{REVOKED, Rule, on};
use crate::wire::Sent;

generated!("made-number");

/// Marks builders and revokers for MadeNumber.
#[derive(Clone, Copy, Debug)]
pub struct MadeNumber;

/// Begins a revoker for MadeNumber.
///
/// Credential: WHICH, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<MadeNumber> {
    Builder::new(MadeNumber)
}

number_id!(
    /// The id of a key. Not the key itself.
    KeyId, "made-number", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("keyNumber", self.to_string())]
    }
}

const RULES: &[Rule] = &[
    on(204, REVOKED).source("PAGE, read 2026-11-27"),
];

impl Provider for MadeNumber {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "made-number",
        aliases: &[],
        vendor: "MadeNumber",
        key_form: "NUMBER",
        credentials: &[Form::Bearer],
        credential_help: "WHICH",
        base: Base {
            default: Some("https://api.made-number.example"),
            example: "https://api.made-number.example",
            domains: &["made-number.example"],
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
        client.revoke(key.get()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::MadeNumber;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for MadeNumber {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator"];

        fn key(number: u64) -> String {
            format!("{number}")
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
