//! GitLab, personal access tokens: `DELETE /personal_access_tokens/{id}`.
//!
//! Facts from the vendor's page "Personal access tokens API" (gitlabhq/gitlabhq, doc/api), read 2026-11. A revoked token
//! stays and can be looked up, so that what an answer leaves open can be verified. Ids are integers: whether a freed one
//! is given away again is not stated, so nothing that may have arrived is sent again. To those who are no administrators,
//! 401 is also said of a token that does not exist or is not theirs. Where a base URL were assumed, a token for one's own
//! instance could go to GitLab.com, so it must be set. Tokens of projects and groups are not covered. All tokens are listed,
//! revoked ones among them, those of all users where an administrator asks; the number of the next page is in a header. What a
//! token that was revoked gets is from the server's source. Its 401 without an `error` is said of much else, and is no refusal.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{BASE64URL, LOWER, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::number_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("gitlab");

/// Marks builders and revokers for GitLab.
#[derive(Clone, Copy, Debug)]
pub struct GitLab;

/// Begins a revoker for GitLab, whose base URL must be set: `https://gitlab.com/api/v4` or that of an instance.
///
/// Credential: a token of an administrator, or of the user whose token it is, with the scope `api`
/// ([`Credential::api_key`](crate::Credential::api_key)), or an OAuth token
/// ([`Credential::bearer`](crate::Credential::bearer)).
pub fn builder() -> Builder<GitLab> {
    Builder::new(GitLab)
}

number_id!(
    /// The id of a personal access token: a number from 1 to `i64::MAX`. Not the token, which begins `glpat-`.
    KeyId, "gitlab", "token"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("id", self.to_string())]
    }
}

const RULES: &[Rule] = &[on(204, REVOKED).source("GitLab, Revoke a personal access token, read 2026-11")];

/// Of at most 100: so many fill a twentieth of what is read of an answer.
const TOKENS_A_PAGE: u32 = 100;

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::IsBool("active", true), Member::IsBool("revoked", false)]),
        "GitLab, Personal access tokens API, Self-inform, read 2026-11-27",
    ),
    refused(
        401,
        Expect::Object(&[Member::Is("error", "invalid_token")]),
        "gitlabhq/gitlabhq, lib/api/api_guard.rb: a token that is revoked, expired, not found or switched off, read 2026-11-27",
    ),
];

const SECRET_SOURCE: &str = "docs.gitlab.com, GitLab token overview, for the beginning; scanners for the rest; read 2026-11-22";
const GITLAB_PAGE: &str = "https://docs.gitlab.com/security/tokens/";
const GITLAB_WAY: &str = "Revoke it where its owner, project or group lists access tokens, or with the token itself by DELETE /personal_access_tokens/self.";
/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "gitlab-access-token",
        "GitLab",
        "personal, project or group access token",
        &[Is(&["glpat-"]), Of(BASE64URL, 20, 20)],
    )
    .by_hand(GITLAB_PAGE, GITLAB_WAY)
    .source(SECRET_SOURCE),
    SecretForm::new(
        "gitlab-access-token-routable",
        "GitLab",
        "personal, project or group access token",
        &[Is(&["glpat-"]), Of(BASE64URL, 27, 300), Is(&[".", ".01."]), Of(LOWER, 9, 9)],
    )
    .by_hand(GITLAB_PAGE, GITLAB_WAY)
    .source(SECRET_SOURCE),
];

impl Provider for GitLab {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "gitlab",
        aliases: &[],
        vendor: "GitLab (personal access tokens)",
        key_form: "NUMBER",
        credentials: &[Form::ApiKey("private-token"), Form::Bearer],
        credential_help: "a token (glpat-…) of an administrator or of the same user, with the scope api",
        base: Base {
            default: None,
            example: "https://gitlab.com/api/v4, or https://HOST/api/v4",
            domains: &[],
            placeholders: &["gitlab.example.com"],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; GitLab, Personal access tokens API, read 2026-11"),
        ids_reused: (IdsReused::Possible, "ids are integers and re-use is not excluded; GitLab, Personal access tokens API, read 2026-11"),
        missing: (None, "no 404 is documented, and 401 is said of a missing token too; GitLab, Personal access tokens API, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204; a revoked token can be looked up afterwards",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.get()).await
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("id", key)]
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list").with_query("page", 1).with_query("per_page", TOKENS_A_PAGE)]
    }

    fn whoami() -> Option<Lookup> {
        Some(Lookup::new("whoami"))
    }

    /// Tokens of other kinds are no callers of that operation.
    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("glpat-").then(|| Lookup::new("whoami"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if lookup.operation != "list" {
            return Ok(Page::of(token_of(body)?));
        }
        let entries = body.list()?;
        // Of more than 10,000 tokens no total is given.
        let total = body.header("x-total").ok().and_then(|total| total.parse().ok());
        let mut page = Page { entries: entries.len() as u64, total, ..Page::default() };
        match body.header("x-next-page")? {
            "" => {}
            next => {
                let next: u64 = next.parse().map_err(|_| "the header x-next-page is no number")?;
                page.next.push(lookup.clone().with_query("page", next));
            }
        }
        page.items = entries.into_iter().map(token_of).collect::<Result<_, _>>()?;
        Ok(page)
    }
}

fn token_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let status = match (item.truth("revoked")?, item.truth("active")?) {
        (true, false) => KeyStatus::Revoked,
        (false, true) => KeyStatus::Active,
        (false, false) => KeyStatus::Inactive, // expired, or its owner is blocked
        (true, true) => KeyStatus::Unknown,    // one of the two is wrong
    };
    let owner = item.number("user_id")?.map(|id| id.to_string());
    Ok(KeyInfo::new(key_ref::<GitLab>(&item.id("id")?)?, status)
        .and(item.text("name")?, KeyInfo::with_name)
        .and(owner, KeyInfo::with_owner)
        .and(item.time("created_at")?, KeyInfo::with_created_at)
        .and(item.time("last_used_at")?, KeyInfo::with_last_used_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::GitLab;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply, slice};

    /// A revoked token stays.
    fn token(id: Option<u64>, live: bool) -> serde_json::Value {
        json!({
            "id": id,
            "name": "fake",
            "revoked": !live,
            "active": live,
            "created_at": "2026-01-01T00:00:00.000Z",
            "last_used_at": null,
            "expires_at": "2027-01-01",
            "user_id": 1,
        })
    }

    fn token_of(key: &Issued) -> serde_json::Value {
        token(key.key.parse().ok(), key.live)
    }

    /// The number of the next page is in a header.
    fn listed(asked: &Asked, keys: &[Issued]) -> Reply {
        let (page, most) = (asked.number("page").unwrap_or(1).max(1), asked.number("per_page").unwrap_or(20));
        let all: Vec<_> = keys.iter().map(token_of).collect();
        let (tokens, is_last) = slice(&all, (page - 1).saturating_mul(most), most);
        let next = if is_last { String::new() } else { (page + 1).to_string() };
        Reply::new(200)
            .with_json(tokens)
            .with_header("x-next-page", next)
            .with_header("x-total", all.len().to_string())
    }

    fn refused(status: u16, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "message": message }))
    }

    impl FakeAnswers for GitLab {
        const CREDENTIALS: &'static [&'static str] = &["glpat-fake-administrator", "Bearer fake-oauth-token"];

        fn key(number: u64) -> String {
            number.to_string()
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                // The source looks tokens up whether they are active or not, so a repeat looks the same (inferred).
                Case::Revoked | Case::Again => Reply::new(204),
                // Stated for the look-up, by an administrator.
                Case::Unknown => refused(404, "404 no such token"),
                Case::Unauthenticated => Reply::new(401)
                    .with_json(json!({ "error": "invalid_token", "error_description": "Token was revoked, says the fake." })),
            }
        }

        fn secret(number: u64) -> String {
            format!("glpat-fa4e{number:016x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match (asked.operation, &asked.by) {
                ("whoami", Some(key)) => Reply::new(200).with_json(token_of(key)),
                // The administrator's own.
                ("whoami", None) => Reply::new(200).with_json(token(Some(1_000_000), true)),
                (_, Some(_)) => refused(401, "401 not authorised"),
                ("list", None) => listed(asked, keys),
                _ => match asked.key_or_dead(keys) {
                    Some(key) => Reply::new(200).with_json(token_of(key)),
                    None => refused(404, "404 no such token"),
                },
            })
        }
    }
}
