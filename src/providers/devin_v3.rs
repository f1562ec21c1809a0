//! Devin (Cognition), API v3, keys of service users:
//! `DELETE /v3beta1/enterprise/service-users/{service_user_id}/api-keys/{api_key_id}`.
//!
//! Facts from docs.devinenterprise.com, the v3 pages on service users and their keys, read 2026-11-22. That a missing key
//! gets 404 and a revoked one 409 stands in the prose only. Newer overview pages write `/v3` where the key
//! pages write `/v3beta1`; see [`PathVersion`]. Keys are listed one service user at a time, revoked ones among them; the
//! service users that have expired or were removed are not in the inventory, but each one's keys can be asked for.
//! Never confirmed against the live service.

use std::time::SystemTime;

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{TOKEN, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::input::InvalidInput;
use crate::key::{ids_key, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Effect, IdsReused, Provider, Repeat, Setting, generated};
use crate::verdict::{ALREADY_REVOKED, Expect, Member, REVOKED, Rule, SCHEDULED, WRONG_OBJECT, on};
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

ids_key!(
    /// A key of a service user; as text `SERVICE_USER/KEY`.
    Key, "devin-v3", "SERVICE_USER/KEY",
    /// Whose key it is.
    service_user_id: ServiceUserId = "service_user_id",
    /// Which of its keys.
    key_id: KeyId = "api_key_id",
);

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::IsParameter("api_key_id", "api_key_id"),
            Member::IsBool("is_active", false),
            Member::NullOrPast("revoked_at"),
        ]))
        .source("docs.devinenterprise.com, v3, revoke a service user's key, read 2026-11-22"),
    on(200, SCHEDULED)
        .with(Expect::Object(&[
            Member::IsParameter("api_key_id", "api_key_id"),
            Member::IsBool("is_active", true),
            Member::Future("revoked_at"),
        ]))
        .source("inferred: the answer is the key with its state, which works until then; docs.devinenterprise.com, v3, read 2026-11-22"),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::IsNotParameter("api_key_id", "api_key_id")]))
        .source("docs.devin.ai, v3: the answer is the key that was revoked, read 2026-11"),
    // Of a 409 for another reason the page says nothing, and nothing forbids one.
    on(409, ALREADY_REVOKED)
        .with(Expect::Object(&[Member::Says("detail", "already"), Member::Says("detail", "revoked")]))
        .source("docs.devinenterprise.com, v3, prose: 409 if already revoked, read 2026-11-22; body as FastAPI writes errors, its words inferred from the prose"),
];

/// Of at most 200: with their roles, so many fill a third of what is read of an answer.
const OWNERS_A_PAGE: u32 = 50;

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::IsText("principal_type")]),
        "docs.devin.ai, v3, Get Self, read 2026-11-22",
    ),
    // Some pages ask for a permission, so a 403 may be said of a secret that works.
    refused(
        401,
        Expect::Object(&[Member::ProblemDetails]),
        "docs.devin.ai, v3, Get Self, 401 with a problem document or its `detail` alone, read 2026-11-22",
    ),
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "devin-v3-key",
        "Devin",
        "API key of a service user, or personal access token",
        &[Is(&["cog_"]), Of(TOKEN, 8, 512)],
    )
    .by_hand(
        "https://docs.devin.ai/api-reference/authentication",
        "Look among people's personal access tokens if no service user has it: they begin alike.",
    )
    .source("docs.devin.ai, Authentication, which states the beginning alone; read 2026-11-22"),
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
        // "Not Found" is what FastAPI says of a path that it does not have.
        missing: (
            Some(Expect::Object(&[Member::IsOther("detail", "Not Found")])),
            "docs.devinenterprise.com, v3, prose: 404 if not found, read 2026-11-22; body as FastAPI writes errors",
        ),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by the key's own state in a 200, earlier death by 409",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.service_user_id.as_str(), key.key_id.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list_owners").with_query("first", OWNERS_A_PAGE)]
    }

    fn find(key: &Key) -> Vec<Lookup> {
        vec![keys_of(&key.service_user_id)]
    }

    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("cog_").then(|| Lookup::new("whoami"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let entries = body.items("items")?;
        let mut page = Page { entries: entries.len() as u64, total: body.number("total")?, ..Page::default() };
        if body.truth("has_next_page")? {
            page.next.push(lookup.clone().with_query("after", body.cursor("end_cursor")?));
        }
        for entry in entries {
            match lookup.operation {
                "list" => page.items.push(key_of(lookup.parameter("service_user_id"), entry)?),
                _ => page.next.push(keys_of(&entry.id("service_user_id")?)),
            }
        }
        Ok(page)
    }
}

fn keys_of(user: &ServiceUserId) -> Lookup {
    Lookup::new("list").with_parameter("service_user_id", user).with_query("status", "all")
}

fn key_of(user: &str, item: Reading<'_>) -> Result<KeyInfo, String> {
    let user: ServiceUserId = user.parse().map_err(|problem: InvalidInput| problem.reason().to_owned())?;
    let key = Key::new(user, item.id("api_key_id")?);
    let (created, used) = (item.seconds("created_at")?, item.seconds("last_used_at")?);
    let (expires, revoked) = (item.seconds("expires_at")?, item.seconds("revoked_at")?);
    let ended = |end: Option<SystemTime>| end.is_some_and(|end| item.is_past(end));
    let status = match item.truth("is_active")? {
        true if ended(revoked) => KeyStatus::Unknown, // one of the two is wrong
        true => KeyStatus::Active,
        false if ended(revoked) => KeyStatus::Revoked,
        false if expires.is_some_and(|end| item.is_over(end)) => KeyStatus::Expired,
        false => KeyStatus::Inactive,
    };
    let mut info = KeyInfo::new(key_ref::<DevinV3>(&key)?, status).with_owner(key.service_user_id.as_str());
    if let Some(name) = item.text("api_key_name")? {
        info = info.with_name(name);
    }
    for (time, with) in [
        (created, KeyInfo::with_created_at as fn(KeyInfo, SystemTime) -> KeyInfo),
        (used, KeyInfo::with_last_used_at),
        (expires, KeyInfo::with_expires_at),
        (revoked, KeyInfo::with_revoked_at),
    ] {
        if let Some(time) = time {
            info = with(info, time);
        }
    }
    Ok(info)
}

#[cfg(feature = "fakes")]
mod fake {
    use std::time::SystemTime;

    use serde_json::json;

    use super::DevinV3;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    const USER: &str = "service-user-fa4e";

    /// Nothing is stated about the size of a page.
    const KEYS_A_PAGE: usize = 10;

    fn page(asked: &Asked, entries: &[serde_json::Value], most: usize) -> Reply {
        let (items, next) = asked.page(entries, most);
        Reply::new(200).with_json(json!({
            "items": items,
            "has_next_page": next.is_some(),
            "end_cursor": next,
            "total": entries.len(),
        }))
    }

    fn seconds(at: SystemTime) -> u64 {
        at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// A revoked key stays in the list.
    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "api_key_id": key.key.split('/').next_back(),
            "api_key_name": "fake",
            "created_at": 1_700_000_000,
            "expires_at": null,
            "is_active": key.live,
            "last_used_at": key.live.then_some(1_700_000_002),
            "revoked_at": if key.live { key.dies_at.map(seconds) } else { Some(1_700_000_001) },
        })
    }

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

        fn secret(number: u64) -> String {
            format!("cog_fa4e{number:08x}")
        }

        fn scheduled(at: SystemTime, parameters: &[(&'static str, String)]) -> Option<Reply> {
            let id = parameters.iter().find(|(name, _)| *name == "api_key_id").map(|(_, id)| id);
            Some(Reply::new(200).with_json(json!({
                "api_key_id": id,
                "api_key_name": "fake",
                "created_at": 1_700_000_000,
                "expires_at": null,
                "is_active": true,
                "last_used_at": null,
                "revoked_at": seconds(at),
            })))
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let user = asked.parameters.first().map_or("", |(_, user)| user.as_str());
            match (asked.operation, &asked.by) {
                ("whoami", _) => Some(Reply::new(200).with_json(json!({
                    "principal_type": "service_user",
                    "service_user_id": USER,
                    "service_user_name": "fake",
                    "org_id": null,
                }))),
                (_, Some(_)) => Some(Reply::new(403).with_json(json!({ "detail": "Missing permission" }))),
                ("list_owners", None) => {
                    let most = asked.number("first").unwrap_or(100).clamp(1, 200);
                    let owner = |user| json!({ "service_user_id": user, "name": "fake", "expires_at": null });
                    let owners = [USER, "service-user-without-keys"].map(owner);
                    Some(page(asked, &owners, most))
                }
                ("list", None) if user == USER => {
                    let all: Vec<_> = keys.iter().map(key_of).collect();
                    Some(page(asked, &all, KEYS_A_PAGE))
                }
                ("list", None) if user == "service-user-without-keys" => Some(page(asked, &[], KEYS_A_PAGE)),
                ("list", None) => Some(Reply::new(404).with_json(json!({ "detail": "Service user not found" }))),
                _ => None,
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
    fn a_409_tells_an_earlier_death_only_if_it_says_so() {
        let said = |body: &str| {
            let attempt = answer(409, &[("content-type", "application/json")], Body::Complete(body.into()));
            verdict(RULES, &[], &attempt).meaning
        };
        for detail in ["API key is already revoked", "This key has already been revoked.", "ALREADY REVOKED"] {
            assert_eq!(said(&format!(r#"{{"detail":"{detail}"}}"#)), ALREADY_REVOKED, "{detail}");
        }
        for body in [
            r#"{"detail":"Service user is being removed"}"#,
            r#"{"detail":"API key cannot be revoked now"}"#,
            r#"{"detail":"A change is already under way"}"#,
            r#"{"detail":""}"#,
            r#"{"detail":["already revoked"]}"#,
            r#"{"message":"already revoked"}"#,
        ] {
            assert_eq!(said(body), Meaning::Not(ErrorKind::Conflict, KeyState::Unknown), "{body}");
        }
    }
}
