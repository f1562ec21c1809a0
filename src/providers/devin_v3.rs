//! Devin (Cognition), API v3, keys of service users:
//! `DELETE /v3beta1/enterprise/service-users/{service_user_id}/api-keys/{api_key_id}`.
//!
//! Facts from docs.devinenterprise.com, the v3 pages on service users and their keys, read 2026-11-22. That a missing key
//! gets 404 and a revoked one 409 stands in the prose only. Newer overview pages write `/v3` where the key
//! pages write `/v3beta1`; see [`PathVersion`]. Never confirmed against the live service.

use std::fmt;
use std::str::FromStr;

use crate::builder::Builder;
use crate::credential::Form;
use crate::input::InvalidInput;
use crate::key::{split_pair, text_id};
use crate::provider::{About, Effect, IdsReused, KeyParts, Provider, Repeat, Setting, generated};
use crate::verdict::{ALREADY_REVOKED, Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("devin-v3");

/// Marks builders and revokers for Devin's API v3.
#[derive(Clone, Copy, Debug)]
pub struct DevinV3;

/// Begins a revoker for Devin's API v3.
///
/// Credential: a service user's key (`cog_…`) with the permission to manage service users, as a
/// [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<DevinV3> {
    Builder::new(DevinV3)
}

/// The version that stands at the beginning of the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathVersion {
    /// `/v3beta1`, as on the pages about keys.
    #[default]
    V3Beta1,
    /// `/v3`, as on the newer overview pages.
    V3,
}

impl Builder<DevinV3> {
    /// Sets the version in the path; `/v3beta1` where nothing is set.
    pub fn with_path_version(self, version: PathVersion) -> Self {
        let prefix = match version {
            PathVersion::V3Beta1 => "/v3beta1",
            PathVersion::V3 => "/v3",
        };
        self.with_setting("path-version", prefix)
    }
}

text_id!(
    /// The id of a service user, such as `service-user-abc123`.
    ServiceUserId, "devin-v3", "service user"
);
text_id!(
    /// The id of a service user's key. Not the key, which begins `cog_`.
    KeyId, "devin-v3", "key"
);

/// A key of a service user; as text `SERVICE_USER/KEY`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Whose key it is.
    pub service_user_id: ServiceUserId,
    /// Which of its keys.
    pub key_id: KeyId,
}

impl Key {
    /// A key of a service user.
    pub fn new(service_user_id: ServiceUserId, key_id: KeyId) -> Self {
        Self { service_user_id, key_id }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service_user_id, self.key_id)
    }
}

impl FromStr for Key {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let (user, key) = split_pair("devin-v3", "SERVICE_USER/KEY", text)?;
        Ok(Self::new(user.parse()?, key.parse()?))
    }
}

impl KeyParts for Key {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("service_user_id", self.service_user_id.to_string()), ("api_key_id", self.key_id.to_string())]
    }
}

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::IsParameter("api_key_id", "api_key_id"),
            Member::IsBool("is_active", false),
            Member::NullOrPast("revoked_at"),
        ]))
        .source("docs.devinenterprise.com, v3, revoke a service user's key, read 2026-11-22"),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::IsNotParameter("api_key_id", "api_key_id")]))
        .source("docs.devin.ai, v3: the answer is the key that was revoked, read 2026-11"),
    on(409, ALREADY_REVOKED)
        .with(Expect::Object(&[Member::IsText("detail")]))
        .source("docs.devinenterprise.com, v3, prose: 409 if already revoked, read 2026-11-22; body as FastAPI writes errors"),
];

impl Provider for DevinV3 {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "devin-v3",
        aliases: &[],
        vendor: "Devin (API v3)",
        key_form: "SERVICE_USER/KEY",
        credentials: &[Form::Bearer],
        credential_help: "a service user's key (cog_…) that may manage service users",
        base: super::devin::BASE,
        settings: &[Setting {
            name: "path-version",
            help: "/v3beta1 or /v3, the beginning of the path",
            effect: Effect::PathPrefix(&["/v3beta1", "/v3"]),
        }],
        rules: RULES,
        repeat: (Repeat::Conclusive, "409 names the key's state; docs.devinenterprise.com, v3, prose, read 2026-11-22"),
        ids_reused: (IdsReused::No, "ids are random text (example service-user-abc…); docs.devinenterprise.com, read 2026-11-22"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by the key's own state in a 200, earlier death by 409",
    };

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.service_user_id.as_str(), key.key_id.as_str()).await
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::DevinV3;
    use crate::fakes::{Case, FakeAnswers, Reply};

    impl FakeAnswers for DevinV3 {
        const CREDENTIALS: &'static [&'static str] = &["cog_fake_administrator"];

        fn key(number: u64) -> String {
            format!("service-user-fa4e/key-{number:08x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            let id = parameters.iter().find(|(name, _)| *name == "api_key_id").map(|(_, id)| id);
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({
                    "api_key_id": id,
                    "api_key_name": "fake",
                    "created_at": 1_700_000_000,
                    "expires_at": null,
                    "is_active": false,
                    "last_used_at": null,
                    "revoked_at": 1_700_000_001,
                })),
                Case::Again => Reply::new(409).with_json(json!({ "detail": "API key is already revoked" })),
                Case::Unknown => Reply::new(404).with_json(json!({ "detail": "API key not found" })),
                Case::Unauthenticated => Reply::new(401).with_json(json!({ "detail": "Invalid credentials" })),
            }
        }
    }
}
