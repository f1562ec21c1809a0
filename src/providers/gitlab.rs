//! GitLab, personal access tokens: `DELETE /personal_access_tokens/{id}`.
//!
//! Facts from the vendor's page "Personal access tokens API" (gitlabhq/gitlabhq, doc/api), read 2026-11. A revoked token
//! stays and can be looked up, so that what an answer leaves open can be verified. Ids are integers: whether a freed one
//! is given away again is not stated, so nothing that may have arrived is sent again. To those who are no administrators,
//! 401 is also said of a token that does not exist or is not theirs. Where a base URL were assumed, a token for one's own
//! instance could go to GitLab.com, so it must be set. Tokens of projects and groups are not covered.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::key::number_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref, not_offered};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{REVOKED, Rule, on};
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

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.get()).await
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("id", key)]
    }

    async fn look_up(client: &generated::Client, lookup: &Lookup) -> Sent {
        match (lookup.operation, lookup.parameter("id").parse()) {
            (FIND, Ok(id)) => client.find(id).await,
            _ => not_offered().await,
        }
    }

    fn page(_lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let status = match (body.truth("revoked")?, body.truth("active")?) {
            (true, false) => KeyStatus::Revoked,
            (false, true) => KeyStatus::Active,
            (false, false) => KeyStatus::Inactive, // expired, or its owner is blocked
            (true, true) => KeyStatus::Unknown,    // one of the two is wrong
        };
        let owner = body.number("user_id")?.map(|id| id.to_string());
        let known = KeyInfo::new(key_ref::<Self>(&body.id("id")?)?, status)
            .and(body.text("name")?, KeyInfo::with_name)
            .and(owner, KeyInfo::with_owner)
            .and(body.time("created_at")?, KeyInfo::with_created_at)
            .and(body.time("last_used_at")?, KeyInfo::with_last_used_at);
        Ok(Page::of(known))
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::GitLab;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

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
                Case::Unauthenticated => refused(401, "401 not authorised"),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let Some(key) = asked.key_or_dead(keys) else {
                return Some(refused(404, "404 no such token"));
            };
            Some(Reply::new(200).with_json(json!({
                "id": key.key.parse::<u64>().ok(),
                "name": "fake",
                "revoked": !key.live,
                "active": key.live,
                "created_at": "2026-01-01T00:00:00.000Z",
                "last_used_at": null,
                "expires_at": "2027-01-01",
                "user_id": 1,
            })))
        }
    }
}
