//! Elasticsearch: `DELETE /_security/api_key` with `{"ids":["ID"]}`, at the cluster's own base URL.
//!
//! Facts from the vendor's own document (elastic/elasticsearch-specification) and the server's source
//! (`ApiKeyService.invalidateApiKeys`), read 2026-11. The path is that of all keys, and the body alone says which one
//! dies. The status is 200 whatever happened; three lists tell. The server passes over keys that are dead already, so
//! a dead key and an id that never was get the same empty lists. Keys can be read, which is not done here yet. Never
//! confirmed against a live cluster.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::key::text_id;
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
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Elasticsearch;
    use crate::fakes::{Case, FakeAnswers, Reply};

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
