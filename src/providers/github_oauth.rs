//! GitHub, tokens of one's own OAuth app or GitHub App: `DELETE /applications/{client_id}/token` with the token in the body.
//!
//! Facts from the vendor's page "OAuth authorizations" and its document (octokit/openapi), read 2026-11. The app
//! authenticates by its client id and secret, and revokes its own tokens only. Besides 204 the page lists 422 alone; what is
//! said of a token of another app, or of one that is dead, is not stated. Whether a token works is asked by POST of the
//! same path, which changes nothing: 404 is said of what does not work, or is not this app's. Never confirmed against the
//! live service.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::lookup::{Lookup, PROBE, SECRET, not_offered};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::secret_key::secret_key;
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("github-oauth");

/// Marks builders and revokers for tokens of an app of GitHub.
#[derive(Clone, Copy, Debug)]
pub struct GitHubOAuth;

/// Begins a revoker for tokens of an app of GitHub.
///
/// Credential: the app's client id and secret, by [`Credential::basic`](crate::Credential::basic).
pub fn builder() -> Builder<GitHubOAuth> {
    Builder::new(GitHubOAuth)
}

/// How the tokens begin that the page is about.
const MARKS: &[&str] = &["gho_", "ghu_"];

secret_key!(
    /// A token of an OAuth app or a GitHub App for a user.
    Token, "github-oauth", Some("access_token"), "a token that begins with gho_ or ghu_",
    |text| MARKS.iter().any(|mark| text.starts_with(mark))
);

const DELETE: &str = "docs.github.com, Delete an app token, read 2026-11-27";
const CHECK: &str = "docs.github.com, Check a token, read 2026-11-27";

const RULES: &[Rule] = &[
    on(204, REVOKED).source(DELETE),
];

const PROBE_RULES: &[ProbeRule] = &[
    accepted(200, Expect::Object(&[Member::IsObject("app")]), CHECK),
    refused(404, Expect::Object(&[Member::Is("message", "Not Found")]), CHECK),
];

impl Provider for GitHubOAuth {
    type Key = Token;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "github-oauth",
        aliases: &[],
        vendor: "GitHub (tokens of one's own app)",
        key_form: "SECRET",
        credentials: &[Form::BasicFor("client_id")],
        credential_help: "the app's client id and client secret",
        base: Base {
            default: Some("https://api.github.com"),
            example: "https://api.github.com, or https://HOST/api/v3 of an Enterprise Server",
            domains: &[],
            placeholders: &["HOSTNAME"],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "a token that is revoked stays so; docs.github.com, Delete an app token, read 2026-11-27"),
        ids_reused: (IdsReused::No, "a token is named by nothing but itself; docs.github.com, Delete an app token, read 2026-11-27"),
        missing: (None, "no 404 is documented; docs.github.com, Delete an app token, read 2026-11-27"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204; a 404 may be another app's token. Whether a token works can be asked afterwards",
    };

    const CONTENT: Content = Content::Json(&[("access_token", Part::Parameter("access_token"))]);

    const HEADERS: &'static [(&'static str, &'static str)] = &[("x-github-api-version", "2022-11-28")];

    async fn revoke(client: &generated::Client, key: &Token) -> Sent {
        let access_token = key.0.expose().to_owned();
        let client_id = client.inner.parameter("client_id");
        client.revoke(client_id, &generated::types::RevokeBody { access_token }).await
    }

    fn probe(secret: &str) -> Option<Lookup> {
        let is_one = MARKS.iter().any(|mark| secret.starts_with(mark));
        is_one.then(|| Lookup::new(PROBE).about_secret(secret))
    }

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::Bearer];
    const PROBE_CONTENT: Content = Content::Json(&[("access_token", Part::Parameter(SECRET))]);
    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    async fn look_up(client: &generated::Client, lookup: &Lookup) -> Sent {
        let access_token = lookup.secret().unwrap_or_default().to_owned();
        let client_id = client.inner.parameter("client_id");
        match lookup.operation {
            PROBE => client.probe(client_id, &generated::types::ProbeBody { access_token }).await,
            _ => not_offered().await,
        }
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::GitHubOAuth;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};
    use crate::lookup::SECRET;

    fn refused(status: u16, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "message": message }))
    }

    impl FakeAnswers for GitHubOAuth {
        const CREDENTIALS: &'static [&'static str] = &["Iv1.fakeclient:fake-client-secret"];

        fn secret(number: u64) -> String {
            format!("gho_fake{number:032x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => refused(404, "Not Found"),
                Case::Unauthenticated => refused(401, "Bad credentials"),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let wanted = asked.parameter(SECRET)?;
            Some(match keys.iter().find(|key| key.live && key.secret == wanted) {
                Some(_) => Reply::new(200).with_json(json!({ "id": 1, "app": { "client_id": "Iv1.fakeclient" } })),
                None => refused(404, "Not Found"),
            })
        }
    }
}
