//! MadeThree: `DELETE /orgs/{org}/teams/{team_id}/keys/{key}`.
//!
//! Facts from PAGE, read 2026-11-27. What a second revoke gets is not stated, so nothing that may have arrived is sent again.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::{ids_key, number_id, text_id};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::verdict::{REVOKED, Rule, on};
use crate::wire::Sent;

generated!("made-three");

/// Marks builders and revokers for MadeThree.
#[derive(Clone, Copy, Debug)]
pub struct MadeThree;

/// Begins a revoker for MadeThree.
///
/// Credential: WHICH, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<MadeThree> {
    Builder::new(MadeThree)
}

text_id!(
    /// The org of a key.
    OrgId, "made-three", "org"
);
number_id!(
    /// The team_id of a key.
    TeamId, "made-three", "team_id"
);
text_id!(
    /// The key of a key.
    KeyId, "made-three", "key"
);

ids_key!(
    /// A key; as text `ORG/TEAM_ID/KEY`.
    Key, "made-three", "ORG/TEAM_ID/KEY",
    /// Its org.
    org: OrgId = "org",
    /// Its team_id.
    team_id: TeamId = "team_id",
    /// Its key.
    key: KeyId = "key",
);

const RULES: &[Rule] = &[
    on(204, REVOKED).source("PAGE, read 2026-11-27"),
];

impl Provider for MadeThree {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "made-three",
        aliases: &[],
        vendor: "MadeThree",
        key_form: "ORG/TEAM_ID/KEY",
        credentials: &[Form::Bearer],
        credential_help: "WHICH",
        base: Base {
            default: Some("https://api.made-three.example"),
            example: "https://api.made-three.example",
            domains: &["made-three.example"],
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
        client.revoke(key.org.as_str(), key.team_id.get(), key.key.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::MadeThree;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for MadeThree {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator"];

        fn key(number: u64) -> String {
            format!("owner-fa4e/1/key-fa4e{number}")
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
