//! InfluxDB 2: `PATCH /authorizations/{authID}` with `{"status":"inactive"}`, below the deployment's own base URL; where
//! deletion is asked for, `DELETE /authorizations/{authID}`.
//!
//! Facts from the vendor's own document (influxdata/openapi, contracts/oss.json), read 2026-11. An inactive token is
//! refused until somebody sets it active again. The answer is the authorization with its status; that of the open
//! source edition holds the token too, and nothing but id and status is read of it. A deletion keeps nothing to look at
//! afterwards. Authorizations can be read and listed, which is not done here yet. Never
//! confirmed against a live server.

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::key::text_id;
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

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        let status = generated::types::RevokeBodyStatus::Inactive;
        client.revoke(key.as_str(), &generated::types::RevokeBody { status }).await
    }

    async fn delete(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke_by_deletion(key.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::InfluxDb;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for InfluxDb {
        const BASE_PATH: &'static str = "/api/v2";
        const CREDENTIALS: &'static [&'static str] = &["fake-operator-token=="];

        fn key(number: u64) -> String {
            format!("0d01f1{number:010x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            let error = |status: u16, code: &str, message: &str| {
                Reply::new(status).with_json(json!({ "code": code, "message": message }))
            };
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

        fn answer_to_deletion(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again => Self::answer(Case::Unknown, parameters),
                case => Self::answer(case, parameters),
            }
        }
    }
}
