//! JupyterHub (self-hosted): `DELETE /users/{name}/tokens/{token_id}` below the hub's own base URL.
//!
//! Facts from the project's OpenAPI document (docs/source/_static/rest-api.yml of version 6.1.1), its source, and a
//! server of that version, all read 2026-11-22. The document's `servers` put `/hub/api` before its paths. Ids are
//! `a` and a number of the database, which gives a freed one to the next token: nothing that may have arrived is
//! sent again, and an id has one spelling here, because the server reads `a07` as `a7` and `a1_0` as `a10`.
//!
//! What is refused gets 403 and never 401. The same 403 comes for a token that works while the hub's database
//! fails, so no refusal tells that a token is dead. A token that an OAuth client got for a user takes along all
//! others of that user and client, which the hub counts as one authorization; tokens that people ask for take nothing along.
//! No id tells the two apart, so that a word for it would have to be said of every token, and none is asked for. Services and single-user servers keep the hub's answers for up to 300 s unless
//! told otherwise. Confirmed against the real server by `tests/jupyterhub.rs`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::builder::Builder;
use crate::credential::Form;
use crate::input::{InvalidInput, shown};
use crate::key::{check_id, ids_key, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, UNAUTHENTICATED, on};
use crate::wire::Sent;

generated!("jupyterhub");

/// Marks builders and revokers for JupyterHub.
#[derive(Clone, Copy, Debug)]
pub struct JupyterHub;

/// Begins a revoker for a hub, whose base URL must be set: `https://HOST/hub/api`, with the hub's own prefix
/// before `/hub` where it has one.
///
/// Credential: a token of a service or user with the scope `tokens` for the users in question, as a
/// [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<JupyterHub> {
    Builder::new(JupyterHub)
}

text_id!(
    /// The name of a user. A hub may allow more than this takes: a name that holds `@`, a blank or anything else
    /// that is not safe in a path, or that is a word such as `me` or `all`, is refused.
    UserName, "jupyterhub", "user"
);

/// The id of a token, such as `a7`: the letter `a` and a number from 1 to `i64::MAX`. Not the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(String);

impl TokenId {
    /// Checks and takes an id, in the one spelling in which the hub lists it.
    pub fn new(id: &str) -> Result<Self, InvalidInput> {
        let id = check_id("jupyterhub", "token", id)?;
        let digits = id.strip_prefix('a').unwrap_or_default();
        let number = digits.parse::<i64>().ok().filter(|number| *number > 0);
        if number.is_some_and(|number| number.to_string() == digits) {
            return Ok(Self(id));
        }
        Err(InvalidInput::new(
            "jupyterhub",
            format!("jupyterhub token {}", shown(&id)),
            format!("is not the letter a and a whole number from 1 to {} without leading zeros", i64::MAX),
            "give the id under which the hub lists the token, such as a7",
        ))
    }

    /// The id as the hub lists it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenId {
    type Err = InvalidInput;

    fn from_str(id: &str) -> Result<Self, InvalidInput> {
        Self::new(id)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

ids_key!(
    /// A token of a user; as text `USER/TOKEN_ID`.
    ///
    /// ```
    /// use keyrevoke::jupyterhub::Key;
    ///
    /// let key: Key = "alice/a7".parse()?;
    /// assert_eq!((key.user.as_str(), key.token_id.as_str()), ("alice", "a7"));
    /// assert!("alice/a07".parse::<Key>().is_err()); // the hub would take it for a7
    /// # Ok::<(), keyrevoke::InvalidInput>(())
    /// ```
    Key, "jupyterhub", "USER/TOKEN_ID",
    /// Whose token it is.
    user: UserName = "name",
    /// Which of the user's tokens.
    token_id: TokenId = "token_id",
);

const RULES: &[Rule] = &[
    on(204, REVOKED).source("rest-api.yml 6.1.1, delete-user-token, and the server, which commits before it answers; read 2026-11-22"),
    on(403, UNAUTHENTICATED)
        .with(Expect::Object(&[Member::Is("message", "Missing or invalid credentials.")]))
        .source("the server 6.1.1, which says of a missing scope something else; read 2026-11-22"),
];

/// No refusal is among them: while its database fails, the server answers a token that works as an unknown one.
const PROBE_RULES: &[ProbeRule] = &[accepted(
    200,
    Expect::Object(&[Member::IsText("kind"), Member::IsText("name")]),
    "rest-api.yml 6.1.1, get-current-user, and the server; read 2026-11-22",
)];

impl Provider for JupyterHub {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "jupyterhub",
        aliases: &[],
        vendor: "JupyterHub",
        key_form: "USER/TOKEN_ID",
        credentials: &[Form::Bearer],
        credential_help: "a token with the scope tokens for the users in question",
        base: Base { default: None, example: "https://HOST/hub/api", domains: &[], placeholders: &["hub.example.org"] },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "a repeat may hit the next token, which got the freed id; the server 6.1.1 on SQLite, read 2026-11-22"),
        ids_reused: (IdsReused::Possible, "a freed id goes to the next token; the server 6.1.1 on SQLite, read 2026-11-22"),
        missing: (
            Some(Expect::Object(&[Member::Says("message", "no such token")])),
            "the server 6.1.1, which says of a missing user, path or permission something else; read 2026-11-22",
        ),
        // What services and single-user servers keep of the hub's answers, by default (HubAuth.cache_max_age).
        propagation: Some(Duration::from_secs(300)),
        reversible: false,
        also_dies: "the user's other tokens of the same OAuth client, where the token is one of a client",
        proves: "death by 204; a 404 may be a token that the credential may not know of",
    };

    const CONFIRMED: Option<&'static str> = Some("at a real server, version 6.1.1, 2026-11-22");

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.user.as_str(), key.token_id.as_str()).await
    }

    /// There is no list of all tokens. That of all users is a bare array, which ends at a limit without saying so.
    fn find(key: &Key) -> Vec<Lookup> {
        vec![Lookup::new("list").with_parameter("name", &key.user)]
    }

    fn whoami() -> Option<Lookup> {
        Some(Lookup::new("whoami"))
    }

    fn probe(_secret: &str) -> Option<Lookup> {
        Self::whoami()
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let items = match lookup.operation {
            "whoami" => caller(body)?.into_iter().collect(),
            _ => {
                let tokens = body.items("api_tokens")?.into_iter();
                tokens.map(|token| token_of(lookup.parameter("name"), token)).collect::<Result<Vec<_>, _>>()?
            }
        };
        Ok(Page { entries: items.len() as u64, items, ..Page::default() })
    }
}

/// The token that is calling. A service's own has no operation that revokes it, and before 5.0 none was named.
fn caller(body: Reading<'_>) -> Result<Option<KeyInfo>, String> {
    match body.text("kind")?.as_deref() {
        Some("user") if body.has("token_id") => {}
        Some("user" | "service") => return Ok(None),
        _ => return Err("`kind` is neither user nor service".into()),
    }
    let key = Key::new(body.id("name")?, body.id("token_id")?);
    Ok(Some(KeyInfo::new(key_ref::<JupyterHub>(&key)?, KeyStatus::Active)))
}

fn token_of(user: &str, token: Reading<'_>) -> Result<KeyInfo, String> {
    let key = Key::new(token.id("user")?, token.id("id")?);
    // A database that does not tell upper from lower case finds a user by other names too.
    if key.user.as_str() != user {
        return Err("a token of another user is in the list".into());
    }
    // The list holds no token that has expired.
    Ok(KeyInfo::new(key_ref::<JupyterHub>(&key)?, KeyStatus::Active)
        .with_owner(user)
        .and(token.text("note")?, KeyInfo::with_name)
        .and(token.time("created")?, KeyInfo::with_created_at)
        .and(token.time("last_activity")?, KeyInfo::with_last_used_at)
        .and(token.time("expires_at")?, KeyInfo::with_expires_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::JupyterHub;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    const USER: &str = "alice";

    fn error(status: u16, message: Option<&str>) -> Reply {
        Reply::new(status).with_json(json!({ "status": status, "message": message }))
    }

    fn id(key: &Issued) -> Option<&str> {
        key.key.split('/').next_back()
    }

    fn token(key: &Issued) -> serde_json::Value {
        json!({
            "user": USER,
            "id": id(key),
            "kind": "api_token",
            "note": "fake",
            "created": "2026-11-22T10:00:00.000000Z",
            "last_activity": null,
            "expires_at": null,
        })
    }

    impl FakeAnswers for JupyterHub {
        const BASE_PATH: &'static str = "/hub/api";
        const CREDENTIALS: &'static [&'static str] = &["fa4e0000000000000000000000000000"];

        fn key(number: u64) -> String {
            format!("{USER}/a{number}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match (case, parameters) {
                (Case::Revoked, _) => Reply::new(204),
                (Case::Again | Case::Unknown, [(_, user), .., (_, token)]) => {
                    error(404, Some(&format!("No such token {token} for user {user}")))
                }
                (Case::Again | Case::Unknown, _) => error(404, None),
                (Case::Unauthenticated, []) => error(403, None),
                (Case::Unauthenticated, _) => error(403, Some("Missing or invalid credentials.")),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let user = asked.parameters.first().map_or("", |(_, user)| user.as_str());
            match (asked.operation, &asked.by) {
                ("whoami", Some(key)) => {
                    Some(Reply::new(200).with_json(json!({ "kind": "user", "name": USER, "token_id": id(key) })))
                }
                ("whoami", None) => Some(
                    Reply::new(200).with_json(json!({ "kind": "service", "name": "fake", "token_id": "a1000000" })),
                ),
                // The list of a user's own tokens needs no more than one of them.
                ("list", _) if user == USER => {
                    let live: Vec<_> = keys.iter().filter(|key| key.live).map(token).collect();
                    Some(Reply::new(200).with_json(json!({ "api_tokens": live })))
                }
                ("list", None) => Some(error(404, Some(&format!("No such user: {user}")))),
                ("list", Some(_)) => Some(error(404, Some("No access to resources or resources not found"))),
                _ => None,
            }
        }
    }
}
