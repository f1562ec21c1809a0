//! Providers that exist in the tests alone, made of what later ones will need: two-header and Basic credentials,
//! JSON and form bodies, success told by a member, asynchronous acceptance, revoking by the secret itself.

#![allow(unreachable_pub)] // the id macro writes public types, and these are reachable from nowhere

use std::fmt;
use std::str::FromStr;

use serde_json::json;
use wiremock::matchers::{any, body_json, body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::{Credential, Form};
use crate::input::InvalidInput;
use crate::key::{split_ids, text_id};
use crate::outcome::{Disposition, ErrorKind, KeyState, RevokeResult};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::retry::RetryPolicy;
use crate::revoke::Revoke;
use crate::secret::Secret;
use crate::secret_key::secret_key;
use crate::verdict::{ALREADY_REVOKED, Expect, Member, REVOKED, on};
use crate::wire::Sent;

generated!("specimen");

const ABOUT: About = About {
    name: "specimen",
    aliases: &[],
    vendor: "Specimen",
    key_form: "TENANT/KEY",
    credentials: &[Form::KeyPair("x-application-id", "x-application-key")],
    credential_help: "both application keys",
    base: Base {
        default: None,
        example: "https://specimen.example",
        domains: &[],
        placeholders: &[],
    },
    settings: &[],
    rules: &[
        on(200, REVOKED).with(Expect::Object(&[
            Member::IsParameter("id", "key"),
            Member::Is("state", "disabled"),
        ])),
        on(409, ALREADY_REVOKED).with(Expect::Object(&[Member::Is("code", "already_disabled")])),
    ],
    repeat: (Repeat::Conclusive, "ours"),
    ids_reused: (IdsReused::No, "ours"),
    missing: (None, "test"),
    propagation: Some(std::time::Duration::from_secs(30)),
    reversible: true,
    also_dies: "",
    proves: "",
};

#[derive(Clone, Debug)]
struct ByKey;

text_id!(
    /// Part of a key.
    Id, "specimen", "key"
);

#[derive(Clone, Debug)]
struct Key(Id, Id);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

impl FromStr for Key {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let [tenant, key] = split_ids("specimen", "TENANT/KEY", text)?;
        Ok(Self(tenant.parse()?, key.parse()?))
    }
}

impl KeyParts for Key {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("tenant", self.0.to_string()), ("key", self.1.to_string())]
    }
}

impl Provider for ByKey {
    type Key = Key;
    type Client = generated::Client;
    const ABOUT: About = ABOUT;
    const CONTENT: Content = Content::Json(&[("reason", Part::Text("leaked"))]);

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        let body = generated::types::Disable {
            ids: Vec::new(),
            reason: generated::types::DisableReason::Leaked,
        };
        client.revoke(key.0.as_str(), key.1.as_str(), &body).await
    }
}

#[derive(Clone, Debug)]
struct BySecret;

secret_key!(
    /// The secret of a key.
    Token, "specimen", Some("token")
);

impl Provider for BySecret {
    type Key = Token;
    type Client = generated::Client;
    const ABOUT: About = About {
        credentials: &[Form::Basic],
        rules: &[on(200, REVOKED)],
        ..ABOUT
    };
    const CONTENT: Content = Content::Form(&[("token", Part::Parameter("token"))]);

    async fn revoke(client: &generated::Client, key: &Token) -> Sent {
        let token = key.0.expose().to_owned();
        client
            .revoke_by_secret(&generated::types::RevokeBySecretBody {
                token,
                token_type_hint: None,
            })
            .await
    }
}

async fn by_key(reply: ResponseTemplate) -> RevokeResult {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/tenants/acme/keys/k-1/disable"))
        .and(header("x-application-id", "id-canary"))
        .and(header("x-application-key", "key-canary"))
        .and(body_json(json!({ "reason": "leaked" })))
        .respond_with(reply)
        .expect(1)
        .mount(&server)
        .await;
    let builder = Builder::new(ByKey)
        .with_base_url(server.uri())
        .with_retry(RetryPolicy::none());
    let revoker = builder
        .with_credential(Credential::key_pair("id-canary", "key-canary"))
        .build()
        .unwrap();
    revoker.revoke(&"acme/k-1".parse().unwrap()).await
}

#[tokio::test]
async fn two_headers_and_a_json_body_travel_and_a_member_tells_success() {
    let state =
        |state: &str| ResponseTemplate::new(200).set_body_json(json!({ "id": "k-1", "state": state }));
    let dead = by_key(state("disabled")).await.unwrap();
    assert!(dead.is_reversible());
    assert_eq!(dead.propagation(), Some(std::time::Duration::from_secs(30)));
    assert_eq!(
        by_key(state("active")).await.unwrap_err().key_state(),
        KeyState::Unknown
    );
    let other = ResponseTemplate::new(200).set_body_json(json!({ "id": "k-2", "state": "disabled" }));
    assert_eq!(
        by_key(other).await.unwrap_err().kind(),
        ErrorKind::UnexpectedAnswer
    );
}

#[tokio::test]
async fn acceptance_is_pending_and_a_code_tells_an_earlier_death() {
    let pending = ResponseTemplate::new(202).set_body_json(json!({ "id": "k-1", "state": "disabling" }));
    let error = by_key(pending).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::Pending, KeyState::Unknown)
    );
    let gone = |code: &str| {
        ResponseTemplate::new(409).set_body_json(json!({ "code": code, "message": "id-canary" }))
    };
    assert_eq!(
        by_key(gone("already_disabled")).await.unwrap().disposition(),
        Disposition::AlreadyRevoked
    );
    let error = by_key(gone("locked")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.provider_code()),
        (ErrorKind::Conflict, Some("locked"))
    );
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn a_secret_travels_in_a_form_body_and_nowhere_else() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/oauth/revoke"))
        .and(header("authorization", "Basic Y2xpZW50OnNlY3JldA=="))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string("token=leaked%26%2Bcanary"))
        .respond_with(ResponseTemplate::new(418).set_body_json(json!({
            "detail": "no leaked&+canary, and no LEAKED%26%2Bcanary",
        })))
        .expect(1)
        .mount(&server)
        .await;
    let builder = Builder::new(BySecret).with_base_url(server.uri());
    let revoker = builder
        .with_credential(Credential::basic("client", "secret"))
        .build()
        .unwrap();
    let key = Token::new(Secret::new("leaked&+canary").unwrap()).unwrap();
    let error = revoker.revoke(&key).await.unwrap_err();
    assert_eq!(error.detail(), Some("no [redacted], and no [redacted]"));
    let shown = format!(
        "{error:?} {error} {revoker:?} {key} {key:?} {:?}",
        key.parameters().len()
    );
    assert!(!shown.contains("canary"), "{shown}");
    assert!(key.to_string().parse::<Token>().is_err(), "a digest is no key");
    let text = "leaked&+canary".parse::<Token>().unwrap_err();
    assert!(!format!("{text} {text:?}").contains("canary"), "{text}");
}

#[tokio::test]
async fn row_094_the_guard_stops_a_key_type_that_lets_hostile_ids_through() {
    #[derive(Clone, Debug)]
    struct Careless;
    #[derive(Clone, Debug)]
    struct Anything(String);
    impl fmt::Display for Anything {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }
    impl FromStr for Anything {
        type Err = InvalidInput;
        fn from_str(text: &str) -> Result<Self, InvalidInput> {
            Ok(Self(text.into()))
        }
    }
    impl KeyParts for Anything {
        fn parameters(&self) -> Vec<(&'static str, String)> {
            vec![("tenant", "acme".into()), ("key", self.0.clone())]
        }
    }
    impl Provider for Careless {
        type Key = Anything;
        type Client = generated::Client;
        const ABOUT: About = ABOUT;
        const CONTENT: Content = ByKey::CONTENT;
        async fn revoke(client: &generated::Client, key: &Anything) -> Sent {
            let body = generated::types::Disable {
                ids: Vec::new(),
                reason: generated::types::DisableReason::Leaked,
            };
            client.revoke("acme", &key.0, &body).await
        }
    }
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(204))
        .expect(0)
        .mount(&server)
        .await;
    let builder = Builder::new(Careless).with_base_url(server.uri());
    let revoker = builder
        .with_credential(Credential::key_pair("id", "key"))
        .build()
        .unwrap();
    for id in [
        "", ".", "..", "\\", "..\\keys", "x\\..", "/", "?", "#", "%2e%2e", "a/b", "a b", "\r\n", "\0", "é",
    ] {
        let error = revoker.revoke(&Anything(id.into())).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state(), error.attempts()),
            (ErrorKind::InvalidInput, KeyState::Live, 0),
            "{id:?}"
        );
    }
}
