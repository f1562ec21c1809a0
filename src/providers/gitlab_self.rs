//! GitLab, tokens by themselves: `DELETE /personal_access_tokens/self` with the token itself.
//!
//! Facts from the vendor's page "Personal access tokens API" and the server's source (gitlabhq/gitlabhq, lib/api/api_guard.rb
//! and its specs), read 2026-11. The token that is to die is the credential, and is named nowhere else; no administrator is
//! needed. Of a token that it knows, the server says in a 401 that it was revoked or has expired; of one that it does not
//! know, or that belongs to another instance, only that it is not authorised. Tokens of projects and groups are those of
//! their bots, and revoke themselves as well. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::lookup::{Lookup, PROBE};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::secret_key::secret_key;
use crate::verdict::{ALREADY_REVOKED, Expect, Member, NOT_FOUND, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("gitlab-self");

/// Marks builders and revokers for tokens of GitLab that revoke themselves.
#[derive(Clone, Copy, Debug)]
pub struct GitLabSelf;

/// Begins a revoker for tokens of GitLab, which takes no credential: each token revokes itself. The base URL must be set:
/// `https://gitlab.com/api/v4` or that of an instance.
pub fn builder() -> Builder<GitLabSelf> {
    Builder::new(GitLabSelf)
}

secret_key!(
    /// A personal, project or group access token. Instances choose how theirs begin, `glpat-` where they do not.
    Token, "gitlab-self", None
);

const PAGE: &str = "GitLab, Personal access tokens API, Self-revoke, read 2026-11-27";
const SOURCE: &str = "gitlabhq/gitlabhq, lib/api/api_guard.rb, read 2026-11-27";

/// Said of this very token, in the words of the source.
const WAS_REVOKED: Expect = Expect::Object(&[
    Member::Is("error", "invalid_token"),
    Member::Is("error_description", "Token was revoked. You have to re-authorize from the user."),
]);
const HAS_EXPIRED: Expect = Expect::Object(&[
    Member::Is("error", "invalid_token"),
    Member::Is("error_description", "Token is expired. You can either do re-authorization or token refresh."),
]);
/// Dead, never there, or another instance's.
const NOT_KNOWN: Expect = Expect::Object(&[Member::Is("message", "401 Unauthorized")]);

const RULES: &[Rule] = &[
    on(204, REVOKED).source(PAGE),
    on(401, ALREADY_REVOKED).with(WAS_REVOKED).source(SOURCE),
    on(401, ALREADY_REVOKED).with(HAS_EXPIRED).source(SOURCE),
    on(401, NOT_FOUND).with(NOT_KNOWN).source(SOURCE),
];

const PROBE_RULES: &[ProbeRule] = &[
    accepted(200, Expect::Object(&[Member::IsBool("active", true)]), PAGE),
    // It is known, and may not look itself up.
    accepted(403, Expect::Object(&[Member::Is("error", "insufficient_scope")]), SOURCE),
    refused(401, WAS_REVOKED, SOURCE),
    refused(401, HAS_EXPIRED, SOURCE),
    refused(401, NOT_KNOWN, SOURCE),
];

impl Provider for GitLabSelf {
    type Key = Token;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "gitlab-self",
        aliases: &[],
        vendor: "GitLab (tokens by themselves)",
        key_form: "SECRET",
        credentials: &[Form::Itself(&Form::ApiKey("private-token"))],
        credential_help: "the token itself",
        base: Base {
            default: None,
            example: "https://gitlab.com/api/v4, or https://HOST/api/v4",
            domains: &[],
            placeholders: &["gitlab.example.com"],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Conclusive, "a revoked token is refused with words that say so; gitlabhq/gitlabhq, lib/api/api_guard.rb, read 2026-11-27"),
        ids_reused: (IdsReused::No, "a token is named by nothing but itself; GitLab, Personal access tokens API, read 2026-11-27"),
        missing: (None, "no 404 is documented; GitLab, Personal access tokens API, read 2026-11-27"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204, earlier death or end by the words of a 401; another 401 may be another instance's token",
    };

    async fn revoke(client: &generated::Client, _key: &Token) -> Sent {
        client.revoke().await
    }

    fn probe(_secret: &str) -> Option<Lookup> {
        Some(Lookup::new(PROBE))
    }

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::ApiKey("private-token")];
    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::GitLabSelf;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn was_revoked() -> Reply {
        Reply::new(401).with_json(json!({
            "error": "invalid_token",
            "error_description": "Token was revoked. You have to re-authorize from the user.",
        }))
    }

    impl FakeAnswers for GitLabSelf {
        const CREDENTIALS: &'static [&'static str] = &[];

        fn secret(number: u64) -> String {
            format!("glpat-fake{number:016x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again => was_revoked(),
                Case::Unknown | Case::Unauthenticated => {
                    Reply::new(401).with_json(json!({ "message": "401 Unauthorized" }))
                }
            }
        }

        fn look_up(asked: &Asked, _: &[Issued]) -> Option<Reply> {
            Some(match &asked.by {
                Some(_) => Reply::new(200).with_json(json!({ "id": 1, "revoked": false, "active": true })),
                None => was_revoked(),
            })
        }
    }
}
