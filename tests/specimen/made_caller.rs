//! MadeCaller: `DELETE /tokens/self`.
//!
//! Facts from PAGE, read 2026-11-27. What a second revoke gets is not stated, so nothing that may have arrived is sent again.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::secret_key::secret_key;
use crate::verdict::{REVOKED, Rule, on};
use crate::wire::Sent;

generated!("made-caller");

/// Marks builders and revokers for MadeCaller.
#[derive(Clone, Copy, Debug)]
pub struct MadeCaller;

/// Begins a revoker for MadeCaller.
///
/// Takes no credential: each token revokes itself.
pub fn builder() -> Builder<MadeCaller> {
    Builder::new(MadeCaller)
}

secret_key!(
    /// A token, which revokes itself.
    Token, "made-caller", None
);

const RULES: &[Rule] = &[
    on(204, REVOKED).source("PAGE, read 2026-11-27"),
];

impl Provider for MadeCaller {
    type Key = Token;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "made-caller",
        aliases: &[],
        vendor: "MadeCaller",
        key_form: "SECRET",
        credentials: &[Form::Itself(&Form::Bearer)],
        credential_help: "the token itself",
        base: Base {
            default: Some("https://api.made-caller.example"),
            example: "https://api.made-caller.example",
            domains: &["made-caller.example"],
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

    async fn revoke(client: &generated::Client, _key: &Token) -> Sent {
        client.revoke().await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::MadeCaller;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for MadeCaller {
        const CREDENTIALS: &'static [&'static str] = &[];

        fn secret(number: u64) -> String {
            format!("fake-token-{number:08}")
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
