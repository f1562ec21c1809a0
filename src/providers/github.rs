//! GitHub, leaked tokens: `POST /credentials/revoke` with the token in the body.
//!
//! Facts from the vendor's page "Revocation", read 2026-11. It is made for tokens of others that were found, and takes no
//! credential: an authenticated request gets a 403, but for Enterprise Server 3.19, where it is the other way round and which
//! is not covered. The 202 comes for whatever text, so that no answer is a proof; a look afterwards tries the token.
//! Owners are told. So that each key has an answer of its own, a request names one token, although up to 1000 may be named:
//! 60 requests an hour are allowed from one address. Never confirmed against the live service.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::identify::{ALNUM, SecretForm, ends_with_crc32};
use crate::identify::Part::{Is, Of};
use crate::lookup::{Lookup, PROBE};
use crate::outcome::{ErrorKind, KeyState};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::secret_key::secret_key;
use crate::verdict::{Expect, Meaning, Member, Rule, on};
use crate::wire::Sent;

generated!("github");

/// Marks builders and revokers for leaked tokens of GitHub.
#[derive(Clone, Copy, Debug)]
pub struct GitHub;

/// Begins a revoker for leaked tokens of GitHub, which takes no credential.
pub fn builder() -> Builder<GitHub> {
    Builder::new(GitHub)
}

/// How the tokens begin that the page lists.
const MARKS: &[&str] = &["ghp_", "github_pat_", "gho_", "ghu_", "ghr_"];

secret_key!(
    /// A personal access token, a token of an app for a user, or a refresh token.
    Token, "github", Some("credential"), "a token that begins with ghp_, github_pat_, gho_, ghu_ or ghr_",
    |text| MARKS.iter().any(|mark| text.starts_with(mark))
);

const PAGE: &str = "docs.github.com, Revoke a list of credentials, read 2026-11-27";
const USER: &str = "docs.github.com, Get the authenticated user, and Troubleshooting the REST API, read 2026-11-27";

const RULES: &[Rule] = &[on(202, Meaning::Not(ErrorKind::Pending, KeyState::Unknown)).source(PAGE)];

const PROBE_RULES: &[ProbeRule] = &[
    accepted(200, Expect::Object(&[Member::IsText("login")]), USER),
    refused(401, Expect::Object(&[Member::Is("message", "Bad credentials")]), USER),
];

const SECRET_SOURCE: &str = "github.blog, Authentication token format updates (2021-03-31) and its announcement of the checksum; which CRC and digits, from tokens published as examples; read 2026-11-22";
/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "github-personal-token-classic",
        "GitHub",
        "personal access token (classic)",
        &[Is(&["ghp_"]), Of(ALNUM, 36, 36)],
    )
    .with_checksum(ends_with_crc32)
    .source(SECRET_SOURCE),
    SecretForm::new(
        "github-personal-token",
        "GitHub",
        "fine-grained personal access token",
        &[Is(&["github_pat_"]), Of(ALNUM, 22, 22), Is(&["_"]), Of(ALNUM, 59, 59)],
    )
    .source("scanners, read 2026-11-22"),
    SecretForm::new(
        "github-user-token",
        "GitHub",
        "token of an app or OAuth app for a user",
        &[Is(&["gho_", "ghu_"]), Of(ALNUM, 36, 36)],
    )
    .with_checksum(ends_with_crc32)
    .source(SECRET_SOURCE),
    SecretForm::new("github-refresh-token", "GitHub", "refresh token of an app", &[Is(&["ghr_"]), Of(ALNUM, 36, 76)])
        .source("github.blog, Authentication token format updates (2021-03-31), for the beginning; the length from memory; read 2026-11-22"),
];

impl Provider for GitHub {
    type Key = Token;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "github",
        aliases: &[],
        vendor: "GitHub (leaked tokens)",
        key_form: "SECRET",
        credentials: &[Form::Nothing],
        credential_help: "nobody's: GitHub takes reports of leaked tokens from anyone",
        base: Base {
            default: Some("https://api.github.com"),
            example: "https://api.github.com, or https://api.SUBDOMAIN.ghe.com",
            domains: &["github.com", "ghe.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "a token that is revoked stays so, and the answer is the same; docs.github.com, Revoke a list of credentials, read 2026-11-27"),
        ids_reused: (IdsReused::No, "a token is named by nothing but itself; docs.github.com, Revoke a list of credentials, read 2026-11-27"),
        missing: (None, "the answer is the same for whatever text; docs.github.com, Revoke a list of credentials, read 2026-11-27"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "no death: a 202 is said of whatever text. Verify by the token itself, which is refused once it is dead",
    };

    const CONTENT: Content = Content::Json(&[("credentials", Part::Only("credential"))]);

    const HEADERS: &'static [(&'static str, &'static str)] = &[("x-github-api-version", "2022-11-28")];

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &Token) -> Sent {
        let credentials = vec![key.0.expose().to_owned()];
        client.revoke(&generated::types::RevokeBody { credentials }).await
    }

    /// A refresh token is no credential of any other request.
    fn probe(secret: &str) -> Option<Lookup> {
        let is_one = MARKS.iter().any(|mark| secret.starts_with(mark)) && !secret.starts_with("ghr_");
        is_one.then(|| Lookup::new(PROBE))
    }

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::Bearer];
    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::GitHub;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(status: u16, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "message": message }))
    }

    impl FakeAnswers for GitHub {
        const CREDENTIALS: &'static [&'static str] = &[];

        fn secret(number: u64) -> String {
            format!("ghp_fake{number:032x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked | Case::Again | Case::Unknown => Reply::new(202).with_json(json!({})),
                Case::Unauthenticated => refused(403, "from the fake: do not authenticate"),
            }
        }

        fn look_up(asked: &Asked, _: &[Issued]) -> Option<Reply> {
            Some(match &asked.by {
                Some(_) => Reply::new(200).with_json(json!({ "login": "fake", "id": 1 })),
                None => refused(401, "Bad credentials"),
            })
        }
    }
}
