//! InfluxDB 2: `PATCH /authorizations/{authID}` with `{"status":"inactive"}`, below the deployment's own base URL; where
//! deletion is asked for, `DELETE /authorizations/{authID}`.
//!
//! Facts from the vendor's own document (influxdata/openapi, contracts/oss.json), read 2026-11. An inactive token is
//! refused until somebody sets it active again. The answer is the authorization with its status; that of the open
//! source edition holds the token too, and nothing but id and status is read of it. A deletion keeps nothing to look at
//! afterwards. Authorizations are looked up and listed without their tokens being read; the list comes
//! at once, and a link to another page, which no parameter could ask for, makes it unread. A 401 is said of tokens that may not
//! see something, too, so no refusal tells that a token is dead. Never confirmed against a live server.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::identify::{BASE64URL, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
use crate::provider::{About, Base, Deletion, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("influxdb");

/// Marks builders and revokers for InfluxDB 2.
#[derive(Clone, Copy, Debug)]
pub struct InfluxDb;

/// Begins a revoker for InfluxDB 2, whose base URL must be set: `https://HOST/api/v2`.
///
/// Credential: a token that may write authorizations ([`Credential::api_key`](crate::Credential::api_key)).
pub fn builder() -> Builder<InfluxDb> {
    Builder::new(InfluxDb)
}

text_id!(
    /// The id of an authorization: 16 hexadecimal digits. Not the token.
    KeyId, "influxdb", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("authID", self.to_string())]
    }
}

const DOCUMENT: &str = "influxdata/openapi, contracts/oss.json, PatchAuthorizationsID, read 2026-11";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[Member::IsParameter("id", "authID"), Member::Is("status", "inactive")]))
        .source(DOCUMENT),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::IsNotParameter("id", "authID"), Member::Is("status", "inactive")]))
        .source(DOCUMENT),
];

const DELETION: &str = "influxdata/openapi, contracts/oss.json, DeleteAuthorizationsID, read 2026-11";

/// No refusal is among them: a token that may not see its user is refused like one that is not accepted.
const PROBE_RULES: &[ProbeRule] = &[accepted(
    200,
    Expect::Object(&[Member::IsText("id"), Member::IsText("name")]),
    "influxdata/openapi, src/common/paths/me.yml (the members of the user from memory), read 2026-11-27",
)];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("influxdb-token", "InfluxDB", "token of InfluxDB 2", &[Of(BASE64URL, 86, 86), Is(&["=="])])
        .source("from memory"),
];

impl Provider for InfluxDb {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "influxdb",
        aliases: &[],
        vendor: "InfluxDB 2",
        key_form: "ID",
        credentials: &[Form::Scheme("Token")],
        credential_help: "a token that may write authorizations",
        base: Base { default: None, example: "https://HOST/api/v2", domains: &[], placeholders: &[] },
        settings: &[],
        rules: RULES,
        repeat: (
            Repeat::Conclusive,
            "inferred: it sets a status, and the answer is the authorization with its status; contracts/oss.json, read 2026-11",
        ),
        ids_reused: (IdsReused::No, "ids are made from the time; influxdata/influxdb, snowflake/id.go, read 2026-11-22"),
        missing: (
            Some(Expect::Object(&[Member::Is("code", "not found"), Member::Is("message", "authorization not found")])),
            "influxdata/openapi, contracts/oss.json, example of the 404 to reading and deleting an authorization, read 2026-11",
        ),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "inactive by the token's own state in a 200; it can be set active again",
    };

    const DELETION: Option<&'static Deletion> = Some(&Deletion {
        operation: "revoke_by_deletion",
        content: Content::Empty,
        about: About {
            rules: &[on(204, REVOKED).source(DELETION)],
            repeat: (
                Repeat::Harmless,
                "404 where there is no such authorization; contracts/oss.json, DeleteAuthorizationsID, read 2026-11",
            ),
            reversible: false,
            proves: "deleted by 204",
            ..Self::ABOUT
        },
    });

    const CONTENT: Content = Content::Json(&[("status", Part::Text("inactive"))]);

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        let status = generated::types::RevokeBodyStatus::Inactive;
        client.revoke(key.as_str(), &generated::types::RevokeBody { status }).await
    }

    async fn delete(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke_by_deletion(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list")]
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("authID", key)]
    }

    fn probe(secret: &str) -> Option<Lookup> {
        (!secret.is_empty()).then(|| Lookup::new("probe"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if lookup.operation == FIND {
            return Ok(Page::of(key_of(body)?));
        }
        let links = if body.has("links") { body.object("links")? } else { None };
        if links.is_some_and(|links| links.has("next")) {
            return Err("it links to a page that cannot be asked for".into());
        }
        let entries = body.items("authorizations")?.into_iter();
        let items: Vec<KeyInfo> = entries.map(key_of).collect::<Result<_, _>>()?;
        Ok(Page { entries: items.len() as u64, items, ..Page::default() })
    }
}

fn key_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let status = match item.text("status")?.as_deref() {
        Some("active") => KeyStatus::Active,
        Some("inactive") => KeyStatus::Inactive,
        _ => KeyStatus::Unknown,
    };
    let owner = item.text("user")?.or(item.text("userID")?);
    Ok(KeyInfo::new(key_ref::<InfluxDb>(&item.id("id")?)?, status)
        .and(item.text("description")?, KeyInfo::with_name)
        .and(owner, KeyInfo::with_owner)
        .and(item.time("createdAt")?, KeyInfo::with_created_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::InfluxDb;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn error(status: u16, code: &str, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "code": code, "message": message }))
    }

    /// As the open source edition answers: with the token.
    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "id": key.key,
            "status": if key.live { "active" } else { "inactive" },
            "orgID": "0d01f10000000001",
            "userID": "0d01f10000000002",
            "user": "ada",
            "description": "fake",
            "token": key.secret,
            "createdAt": "2026-01-01T00:00:00Z",
        })
    }

    impl FakeAnswers for InfluxDb {
        const BASE_PATH: &'static str = "/api/v2";
        const CREDENTIALS: &'static [&'static str] = &["fake-operator-token=="];

        fn key(number: u64) -> String {
            format!("0d01f1{number:010x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked | Case::Again => Reply::new(200).with_json(json!({
                    "id": parameters.first().map(|(_, id)| id),
                    "status": "inactive",
                    "orgID": "0d01f10000000001",
                    "description": "fake",
                    "token": "fake-token-in-an-answer==",
                })),
                Case::Unknown => error(404, "not found", "authorization not found"),
                Case::Unauthenticated => error(401, "unauthorized", "unauthorized access"),
            }
        }

        fn secret(number: u64) -> String {
            format!("fa4e{number:082x}==")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match (asked.operation, &asked.by) {
                ("probe", _) => Reply::new(200).with_json(json!({ "id": "0d01f10000000002", "name": "ada" })),
                (_, Some(_)) => error(401, "unauthorized", "this is unauthorized"),
                ("list", None) => Reply::new(200).with_json(json!({
                    "links": { "self": "/api/v2/authorizations" },
                    "authorizations": keys.iter().map(key_of).collect::<Vec<_>>(),
                })),
                _ => match asked.key_or_dead(keys) {
                    Some(key) => Reply::new(200).with_json(key_of(key)),
                    None => error(404, "not found", "authorization not found"),
                },
            })
        }

        fn answer_to_deletion(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again => Self::answer(Case::Unknown, parameters),
                case => Self::answer(case, parameters),
            }
        }
    }
}
