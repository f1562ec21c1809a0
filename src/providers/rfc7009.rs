//! Any server of OAuth 2.0 Token Revocation (RFC 7009), such as Ory Hydra, Keycloak or Okta: `POST /revoke` with the token in
//! a form.
//!
//! Facts from RFC 7009, RFC 7662 and the source of a server (ory/hydra), read 2026-11. The 200 is said of a token that was
//! revoked, of one that never was, and by some servers of another client's, which lives: no answer is a proof. Where the
//! server answers introspection beside it (`/introspect`), a look afterwards tells: a token that was active before and is not
//! any more is dead. `active` false is also said to a client that may not know. What else dies with a token is the server's
//! choice: with a refresh token the access tokens of its grant should (RFC 7009 section 2.1), which is what its revocation
//! means to everybody, and so needs no further word. Never confirmed against a live server.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::lookup::{Lookup, PROBE, SECRET, not_offered};
use crate::outcome::{ErrorKind, KeyState};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::secret_key::secret_key;
use crate::verdict::{Expect, Meaning, Member, Rule, on};
use crate::wire::Sent;

generated!("rfc7009");

/// Marks builders and revokers for servers of RFC 7009.
#[derive(Clone, Copy, Debug)]
pub struct Rfc7009;

/// Begins a revoker for tokens of a server of RFC 7009, whose base URL must be set: what stands before `/revoke`.
///
/// Credential: the client's id and secret, by [`Credential::basic`](crate::Credential::basic). The client should be the one
/// to which the tokens were issued.
pub fn builder() -> Builder<Rfc7009> {
    Builder::new(Rfc7009)
}

secret_key!(
    /// An access or refresh token.
    Token, "rfc7009", Some("token")
);

const RULES: &[Rule] =
    &[on(200, Meaning::Not(ErrorKind::Pending, KeyState::Unknown)).with(Expect::NoBody).source("RFC 7009, section 2.2, read 2026-11-27")];

const INTROSPECTION: &str = "RFC 7662, section 2.2, read 2026-11-27";

const PROBE_RULES: &[ProbeRule] = &[
    accepted(200, Expect::Object(&[Member::IsBool("active", true)]), INTROSPECTION),
    refused(200, Expect::Object(&[Member::IsBool("active", false)]), INTROSPECTION),
];

impl Provider for Rfc7009 {
    type Key = Token;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "rfc7009",
        aliases: &["oauth2"],
        vendor: "any server of OAuth 2.0 Token Revocation (RFC 7009)",
        key_form: "SECRET",
        credentials: &[Form::Basic],
        credential_help: "id and secret of the client to which the token was issued",
        base: Base {
            default: None,
            example: "what stands before /revoke: https://HOST/oauth2 (Ory Hydra), https://HOST/realms/REALM/protocol/openid-connect (Keycloak)",
            domains: &[],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "a token that is not valid any more is no error; RFC 7009, section 2.2, read 2026-11-27"),
        ids_reused: (IdsReused::No, "a token is named by nothing but itself; RFC 7009, section 2.1, read 2026-11-27"),
        missing: (None, "there is no such answer; RFC 7009, section 2.2, read 2026-11-27"),
        propagation: None,
        reversible: false,
        also_dies: "where a refresh token dies, mostly the access tokens of its grant",
        proves: "no death: a 200 is said of unknown tokens too, and by some servers of other clients'. Verify by introspection, or by the token itself",
    };

    const CONTENT: Content = Content::Form(&[("token", Part::Parameter("token"))]);

    async fn revoke(client: &generated::Client, key: &Token) -> Sent {
        let token = key.0.expose().to_owned();
        client.revoke(&generated::types::RevokeBody { token }).await
    }

    fn probe(secret: &str) -> Option<Lookup> {
        Some(Lookup::new(PROBE).about_secret(secret))
    }

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::Bearer];
    const PROBE_CONTENT: Content = Content::Form(&[("token", Part::Parameter(SECRET))]);
    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    async fn look_up(client: &generated::Client, lookup: &Lookup) -> Sent {
        let token = lookup.secret().unwrap_or_default().to_owned();
        match lookup.operation {
            PROBE => client.probe(&generated::types::ProbeBody { token }).await,
            _ => not_offered().await,
        }
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Rfc7009;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};
    use crate::lookup::SECRET;

    impl FakeAnswers for Rfc7009 {
        const BASE_PATH: &'static str = "/oauth2";
        const CREDENTIALS: &'static [&'static str] = &["fake-client:fake-client-secret"];

        fn secret(number: u64) -> String {
            format!("ory_at_fake{number:032x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked | Case::Again | Case::Unknown => Reply::new(200),
                Case::Unauthenticated => Reply::new(401).with_json(json!({
                    "error": "invalid_client",
                    "error_description": "from the fake",
                })),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let wanted = asked.parameter(SECRET)?;
            let active = keys.iter().any(|key| key.live && key.secret == wanted);
            Some(Reply::new(200).with_json(json!({ "active": active })))
        }
    }
}
