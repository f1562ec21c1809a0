//! Dolfin (accounts payable and receivable): `POST /api-keys/{id}/revoke`.
//!
//! Facts from docs.dolfinai.co, the page "Revoke API key", read 2026-11-22. The state of the key is named by
//! the answer to a repeat (409), so that a lost answer can be cleared up. A 404 may be another Client's key.
//! Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, dolfin};
//!
//! let revoker = dolfin::builder().with_credential(Credential::api_key("dol_live_example")).build()?;
//! let revocation = revoker.revoke(&"2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse()?).await?;
//! println!("{revocation}");
//! # Ok(())
//! # }
//! ```

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{TOKEN, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::uuid_id;
use crate::provider::{About, Base, Effect, IdsReused, KeyParts, Provider, Repeat, Setting, generated};
use crate::verdict::{ALREADY_REVOKED, Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("dolfin");

/// Marks builders and revokers for Dolfin.
#[derive(Clone, Copy, Debug)]
pub struct Dolfin;

/// Begins a revoker for Dolfin.
///
/// Credentials: an API key of the organisation ([`Credential::api_key`](crate::Credential::api_key)) or the
/// session token of an Admin or Owner ([`Credential::bearer`](crate::Credential::bearer)).
pub fn builder() -> Builder<Dolfin> {
    Builder::new(Dolfin)
}

impl Builder<Dolfin> {
    /// Sends `x-dolfin-organisation-id`, which most endpoints of Dolfin need; whether this one does is not
    /// stated.
    pub fn with_organisation_id(self, id: impl Into<String>) -> Self {
        self.with_setting("organisation-id", id)
    }
}

uuid_id!(
    /// The id of a Dolfin API key: a UUID, never nil. Not the key, which begins `dol_`.
    KeyId, "dolfin", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("id", self.to_string())]
    }
}

const PAGE: &str = "docs.dolfinai.co, Revoke API key, read 2026-11-22";

/// Where a code may stand: the page does not say.
const CODES: &[&str] = &["type", "title", "detail"];

const RULES: &[Rule] = &[
    on(204, REVOKED).source(PAGE),
    // The page names one code for a 409 and does not say which member carries it.
    on(409, ALREADY_REVOKED)
        .with(Expect::Object(&[
            Member::ProblemDetails,
            Member::NoOtherCode(CODES, "ApiKey.AlreadyRevoked"),
        ]))
        .source(PAGE),
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("dolfin-api-key", "Dolfin", "API key", &[Is(&["dol_live_", "dol_"]), Of(TOKEN, 8, 512)])
        .source("docs.dolfinai.co, Authentication, which states the beginning alone; read 2026-11-22"),
];

impl Provider for Dolfin {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "dolfin",
        aliases: &[],
        vendor: "Dolfin",
        key_form: "UUID",
        credentials: &[Form::ApiKey("x-dolfin-api-key"), Form::Bearer],
        credential_help: "an API key of the organisation, or the session token of an Admin or Owner",
        base: Base {
            default: Some("https://api.dolfinai.co"),
            example: "https://api.dolfinai.co",
            domains: &["dolfinai.co"],
            placeholders: &[],
        },
        settings: &[Setting {
            name: "organisation-id",
            help: "sent as x-dolfin-organisation-id",
            effect: Effect::Header("x-dolfin-organisation-id"),
        }],
        rules: RULES,
        repeat: (Repeat::Conclusive, "409 ApiKey.AlreadyRevoked names the key's state; docs.dolfinai.co, read 2026-11-22"),
        ids_reused: (IdsReused::No, "ids are UUIDs; docs.dolfinai.co, read 2026-11-22"),
        missing: (
            Some(Expect::Object(&[
                Member::ProblemDetails,
                Member::HasCode(CODES, "ApiKey.NotFound"),
                Member::NoOtherCode(CODES, "ApiKey.NotFound"),
            ])),
            PAGE,
        ),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204, earlier death by 409; a 404 may be another Client's key",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_uuid()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Dolfin;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for Dolfin {
        const CREDENTIALS: &'static [&'static str] = &["dol_test_fake_administrator", "Bearer fake.session.token"];

        fn key(number: u64) -> String {
            format!("0d01f100-0000-4000-8000-{number:012x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            let problem = |status: u16, title: &str| {
                let body = json!({ "type": "about:blank", "title": title, "status": status, "detail": "from the fake" });
                Reply::new(status).with_body("application/problem+json", body.to_string())
            };
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again => problem(409, "ApiKey.AlreadyRevoked"),
                Case::Unknown => problem(404, "ApiKey.NotFound"),
                Case::Unauthenticated => problem(401, "Unauthorized"),
            }
        }
    }
}
