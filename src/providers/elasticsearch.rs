//! Elasticsearch: `DELETE /_security/api_key` with `{"ids":["ID"]}`, at the cluster's own base URL.
//!
//! Facts from the vendor's own document (elastic/elasticsearch-specification) and the server's source
//! (`ApiKeyService.invalidateApiKeys`), read 2026-11. The path is that of all keys, and the body alone says which one
//! dies. The status is 200 whatever happened; three lists tell. The server passes over keys that are dead already, so
//! a dead key and an id that never was get the same empty lists. Keys can be looked up and listed, and dead ones stay there
//! for days; a caller that may manage its own keys alone sees no others. The list comes in pages, of which the vendor gives the first
//! 10 000 keys: more are not read, and the list is not taken for the whole. While the index of keys cannot be read, the server refuses keys that
//! work (`ApiKeyService.loadApiKeyAndValidateCredentials`), so no refusal tells that a key is dead. That a caller is told the id
//! of its key stands in the server's source alone. Never confirmed against a live cluster.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{ALREADY_REVOKED, Expect, Member, NOT_FOUND, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("elasticsearch");

/// Marks builders and revokers for Elasticsearch.
#[derive(Clone, Copy, Debug)]
pub struct Elasticsearch;

/// Begins a revoker for Elasticsearch, whose base URL must be set: `https://HOST:9200`.
///
/// Credentials: an API key in its encoded form ([`Credential::api_key`](crate::Credential::api_key)), or a user and
/// password ([`Credential::basic`](crate::Credential::basic)), with the privilege to manage API keys.
pub fn builder() -> Builder<Elasticsearch> {
    Builder::new(Elasticsearch)
}

text_id!(
    /// The id of an API key, such as `VuaCfGcBCdbkQm-e5aOx`. Not the key, encoded or not.
    KeyId, "elasticsearch", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("id", self.to_string())]
    }
}

const DOCUMENT: &str = "elastic/elasticsearch-specification, security-invalidate-api-key, read 2026-11";

const RULES: &[Rule] = &[
    on(200, WRONG_OBJECT).with(Expect::Object(&[Member::HoldsOther("invalidated_api_keys", "id")])).source(DOCUMENT),
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::HoldsOnly("invalidated_api_keys", "id"),
            Member::IsEmpty("previously_invalidated_api_keys"),
            Member::IsZero("error_count"),
        ]))
        .source(DOCUMENT),
    on(200, ALREADY_REVOKED)
        .with(Expect::Object(&[
            Member::IsEmpty("invalidated_api_keys"),
            Member::HoldsOnly("previously_invalidated_api_keys", "id"),
            Member::IsZero("error_count"),
        ]))
        .source(DOCUMENT),
    on(200, NOT_FOUND)
        .with(Expect::Object(&[
            Member::IsEmpty("invalidated_api_keys"),
            Member::IsEmpty("previously_invalidated_api_keys"),
            Member::IsZero("error_count"),
        ]))
        .source("elastic/elasticsearch, ApiKeyService: dead and unknown ids are passed over alike, read 2026-11"),
];

/// No refusal is among them: keys that work are refused, too, while the index of keys cannot be read.
const PROBE_RULES: &[ProbeRule] = &[accepted(
    200,
    Expect::Object(&[Member::Is("authentication_type", "api_key"), Member::In("api_key", &[Member::IsText("id")])]),
    "elastic.co, Authenticate API, and elastic/elasticsearch, Authentication, for `api_key`; read 2026-11-27",
)];

impl Provider for Elasticsearch {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "elasticsearch",
        aliases: &[],
        vendor: "Elasticsearch",
        key_form: "ID",
        credentials: &[Form::Scheme("ApiKey"), Form::Basic],
        credential_help: "an encoded API key, or a user and password, that may manage API keys",
        base: Base { default: None, example: "https://HOST:9200", domains: &[], placeholders: &[] },
        settings: &[],
        rules: RULES,
        repeat: (
            Repeat::Harmless,
            "keys that are dead already are passed over; elastic/elasticsearch, ApiKeyService, read 2026-11",
        ),
        ids_reused: (IdsReused::No, "inferred: ids are random text (example VuaCfGcBCdbkQm-e5aOx); the document, read 2026-11"),
        missing: (None, "an unknown id gets a 200 with empty lists; elastic/elasticsearch, ApiKeyService, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by its id in the list of a 200; empty lists are said of dead and unknown keys alike",
    };

    const CONTENT: Content = Content::Json(&[("ids", Part::Only("id"))]);

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(&generated::types::RevokeBody { ids: vec![key.to_string()] }).await
    }

    fn list() -> Vec<Lookup> {
        vec![keys_from(0)]
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_query("id", key)]
    }

    fn whoami() -> Option<Lookup> {
        Some(Lookup::new("whoami"))
    }

    fn probe(secret: &str) -> Option<Lookup> {
        (!secret.is_empty()).then(|| Lookup::new("whoami"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let items: Vec<KeyInfo> = match lookup.operation {
            "whoami" => caller(body)?.into_iter().collect(),
            _ => body.items("api_keys")?.into_iter().map(key_of).collect::<Result<_, _>>()?,
        };
        // Of a key that is not there a 404 is said.
        if lookup.operation == FIND && items.is_empty() {
            return Err("the answer holds no key".into());
        }
        let mut page = Page { entries: items.len() as u64, items, ..Page::default() };
        if lookup.operation == "list" {
            page.total = Some(body.number("total")?.ok_or("`total` is missing")?);
            let seen = from(lookup) + page.entries;
            if page.entries > 0 && page.total > Some(seen) {
                page.next.push(keys_from(seen));
            }
        }
        Ok(page)
    }
}

const A_PAGE: u64 = 100;

/// What the body of a search says stands in the query. Keys of one moment may change places between two pages: one that is
/// missed for that makes another come twice, and the list is not taken for the whole.
fn keys_from(first: u64) -> Lookup {
    let source = serde_json::json!({ "from": first, "size": A_PAGE, "sort": ["creation"] });
    Lookup::new("list").with_query("source", source).with_query("source_content_type", "application/json")
}

fn from(list: &Lookup) -> u64 {
    let source = list.query("source").and_then(|source| serde_json::from_str::<serde_json::Value>(source).ok());
    source.and_then(|source| source.get("from")?.as_u64()).unwrap_or(0)
}

/// The key that is calling; a user is none.
fn caller(body: Reading<'_>) -> Result<Option<KeyInfo>, String> {
    if body.text("authentication_type")?.as_deref() != Some("api_key") {
        return body.text("username")?.map(|_| None).ok_or_else(|| "`username` is missing".to_owned());
    }
    let key = body.object("api_key")?.ok_or("`api_key` is null")?;
    let known = KeyInfo::new(key_ref::<Elasticsearch>(&key.id("id")?)?, KeyStatus::Active);
    Ok(Some(known.and(key.text("name")?, KeyInfo::with_name)))
}

fn key_of(item: Reading<'_>) -> Result<KeyInfo, String> {
    let expires = item.milliseconds("expiration")?;
    let status = match item.truth("invalidated")? {
        true => KeyStatus::Revoked,
        false if expires.is_some_and(|end| item.is_over(end)) => KeyStatus::Expired,
        false => KeyStatus::Active,
    };
    Ok(KeyInfo::new(key_ref::<Elasticsearch>(&item.id("id")?)?, status)
        .and(item.text("name")?, KeyInfo::with_name)
        .and(item.text("username")?, KeyInfo::with_owner)
        .and(item.milliseconds("creation")?, KeyInfo::with_created_at)
        .and(expires, KeyInfo::with_expires_at)
        .and(item.milliseconds("invalidation")?, KeyInfo::with_revoked_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Elasticsearch;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply, slice};

    /// A dead key stays in the list.
    fn key_of(key: &Issued) -> serde_json::Value {
        let mut known = json!({
            "id": key.key,
            "name": "fake",
            "creation": 1_700_000_000_000_u64,
            "invalidated": !key.live,
            "realm": "native1",
            "username": "ada",
        });
        if !key.live {
            known["invalidation"] = json!(1_700_000_001_000_u64);
        }
        known
    }

    impl FakeAnswers for Elasticsearch {
        const CREDENTIALS: &'static [&'static str] = &["ZmFrZS1rZXk6ZmFrZS1zZWNyZXQ="];

        fn key(number: u64) -> String {
            format!("fake-key-{number:08}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            let lists = |dead: &[&String]| {
                Reply::new(200).with_json(json!({
                    "invalidated_api_keys": dead,
                    "previously_invalidated_api_keys": [],
                    "error_count": 0,
                }))
            };
            match case {
                Case::Revoked => lists(&parameters.iter().map(|(_, id)| id).collect::<Vec<_>>()),
                Case::Again | Case::Unknown => lists(&[]),
                Case::Unauthenticated => Reply::new(401).with_json(json!({
                    "error": { "type": "security_exception", "reason": "from the fake" },
                    "status": 401,
                })),
            }
        }

        fn secret(number: u64) -> String {
            format!("ZmE0ZS1rZXk6{number:020x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match (asked.operation, &asked.by) {
                ("whoami", Some(key)) => Reply::new(200).with_json(json!({
                    "username": "ada",
                    "authentication_type": "api_key",
                    "api_key": { "id": key.key, "name": "fake" },
                })),
                ("whoami", None) => {
                    Reply::new(200).with_json(json!({ "username": "admin", "authentication_type": "realm" }))
                }
                (_, Some(_)) => Reply::new(403).with_json(json!({
                    "error": { "type": "security_exception", "reason": "from the fake" },
                    "status": 403,
                })),
                ("list", None) => {
                    let asks: serde_json::Value = serde_json::from_str(asked.text("source")?).ok()?;
                    let number = |name: &str| usize::try_from(asks.get(name)?.as_u64()?).ok();
                    let all: Vec<_> = keys.iter().map(key_of).collect();
                    let (found, _) = slice(&all, number("from")?, number("size")?);
                    let found = json!({ "total": all.len(), "count": found.len(), "api_keys": found });
                    Reply::new(200).with_json(found)
                }
                (_, None) => {
                    let id = asked.text("id");
                    let found = keys.iter().filter(|key| Some(key.key.as_str()) == id);
                    let found: Vec<_> = found.map(key_of).collect();
                    let status = if found.is_empty() { 404 } else { 200 };
                    Reply::new(status).with_json(json!({ "api_keys": found }))
                }
            })
        }
    }
}

#[cfg(all(test, feature = "fakes"))]
mod tests {
    use super::*;
    use crate::answer::Body;
    use crate::golden::answer;
    use crate::outcome::{ErrorKind, KeyState};
    use crate::verdict::{Meaning, verdict};

    #[test]
    fn only_our_id_alone_in_a_list_without_errors_is_a_death() {
        let unexpected = Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown);
        for (now, before, errors, meaning) in [
            (r#"["k1"]"#, "[]", "0", REVOKED),
            ("[]", r#"["k1"]"#, "0", ALREADY_REVOKED),
            ("[]", "[]", "0", NOT_FOUND),
            (r#"["k2"]"#, "[]", "0", WRONG_OBJECT),
            (r#"["k1","k2"]"#, "[]", "0", WRONG_OBJECT),
            (r#"["k1",null]"#, "[]", "0", WRONG_OBJECT),
            (r#"["k1","k1"]"#, "[]", "0", unexpected),
            (r#"["k1"]"#, r#"["k1"]"#, "0", unexpected),
            (r#"["k1"]"#, "[]", "1", unexpected),
            (r#"["k1"]"#, "[]", "0.5", unexpected),
            (r#"["k1"]"#, "[]", "null", unexpected),
            (r#"["k1"]"#, "null", "0", unexpected),
            (r#""k1""#, "[]", "0", unexpected),
            ("[]", r#"["k2"]"#, "0", unexpected),
            ("[]", r#"["k1","k2"]"#, "0", unexpected),
            ("[]", "[]", "1", unexpected),
            ("{}", "{}", "0", unexpected),
        ] {
            let body = format!(
                r#"{{"invalidated_api_keys":{now},"previously_invalidated_api_keys":{before},"error_count":{errors}}}"#
            );
            let attempt = answer(200, &[("content-type", "application/json")], Body::Complete(body.clone().into()));
            let parameters = [("id", "k1".to_owned())];
            assert_eq!(verdict(RULES, &parameters, &attempt).meaning, meaning, "{body}");
        }
    }
}
