//! OpenAI, API keys of projects: `DELETE /organization/projects/{project_id}/api_keys/{api_key_id}`.
//!
//! Facts from the vendor's specification (openai/openai-openapi), read 2026-11. The key of a service account is refused
//! with a 400 and lives: it dies with its service account alone. What a second revoke or a missing key gets is not stated,
//! so nothing that may have arrived is sent again. Keys of administrators are [`openai_admin`](crate::openai_admin)'s.
//! Keys are listed one project at a time, those of owners who have lost their access among them; archived projects are not in
//! the inventory. A 401 has many causes: only the code `invalid_api_key` is about the key.
//! Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{BASE64URL, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::input::InvalidInput;
use crate::key::{ids_key, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{self, ProbeRule, accepted};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("openai");

/// Marks builders and revokers for API keys of OpenAI's projects.
#[derive(Clone, Copy, Debug)]
pub struct OpenAi;

/// Begins a revoker for API keys of OpenAI's projects.
///
/// Credential: an admin API key of the organisation, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<OpenAi> {
    Builder::new(OpenAi)
}

text_id!(
    /// The id of a project.
    ProjectId, "openai", "project"
);
text_id!(
    /// The id of a project's API key, such as `key_abc`. Not the key, which begins `sk-`.
    KeyId, "openai", "key"
);

ids_key!(
    /// A key of a project; as text `PROJECT/KEY`.
    Key, "openai", "PROJECT/KEY",
    /// Whose key it is.
    project_id: ProjectId = "project_id",
    /// Which of its keys.
    key_id: KeyId = "api_key_id",
);

/// OpenAI's own address, for all kinds of keys.
pub(super) const BASE: Base = Base {
    default: Some("https://api.openai.com/v1"),
    example: "https://api.openai.com/v1",
    domains: &["openai.com"],
    placeholders: &[],
};

const SPECIFICATION: &str = "openai/openai-openapi, delete-project-api-key, and openai/openai-python, for its success, read 2026-11-27";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::Is("object", "organization.project.api_key.deleted"),
            Member::IsParameter("id", "api_key_id"),
            Member::IsBool("deleted", true),
        ]))
        .source(SPECIFICATION),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[Member::IsNotParameter("id", "api_key_id")]))
        .source(SPECIFICATION),
];

/// Of projects and of keys; the vendor gives no more at once.
pub(super) const A_PAGE: u32 = 100;

/// The vendor's own refusal of a key. Keys of other organisations get it, too, but only where a request names one. That wrong
/// addresses and hosts get a 401 with other codes is from memory.
pub(super) const REFUSED: ProbeRule = probe::refused(
    401,
    Expect::Object(&[Member::In("error", &[Member::Is("code", "invalid_api_key")])]),
    "help.openai.com, Incorrect API key provided, read 2026-11-27; its status and code from answers that were published",
);

const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::Is("object", "list"), Member::IsList("data")]),
        "openai/openai-python, pagination, for the form of the list, read 2026-11-27",
    ),
    REFUSED,
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "openai-project-key",
        "OpenAI",
        "API key of a project",
        &[Is(&["sk-proj-", "sk-svcacct-"]), Of(BASE64URL, 20, 74), Is(&["T3BlbkFJ"]), Of(BASE64URL, 20, 74)],
    )
    .by_hand("https://platform.openai.com/api-keys", "Delete it in the API keys of its project; a service account's key, by deleting the service account.")
    .source("scanners (gitleaks, GitGuardian), read 2026-11-22"),
];

impl Provider for OpenAi {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "openai",
        aliases: &[],
        vendor: "OpenAI (project keys)",
        key_form: "PROJECT/KEY",
        credentials: &[Form::Bearer],
        credential_help: "an admin API key (sk-admin-…) of the organisation",
        base: BASE,
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; openai/openai-openapi, read 2026-11"),
        ids_reused: (IdsReused::No, "ids are text (example key_abc), of which no re-use is stated; openai/openai-openapi, read 2026-11"),
        missing: (None, "no 404 is documented; openai/openai-openapi, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 200 with deleted true and the key's id; a 400 may be the key of a service account, which lives",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.project_id.as_str(), key.key_id.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list_owners").with_query("limit", A_PAGE)]
    }

    fn holders(key: &Key) -> Vec<Lookup> {
        vec![keys_of(&key.project_id)]
    }

    fn find(key: &Key) -> Vec<Lookup> {
        let find = Lookup::new(FIND).with_parameter("project_id", &key.project_id);
        vec![find.with_parameter("api_key_id", &key.key_id)]
    }

    /// Not the secrets of other vendors that begin alike, nor an admin key, which is for other paths.
    fn probe(secret: &str) -> Option<Lookup> {
        let others = ["sk-admin-", "sk-ant-", "sk-or-"];
        let is_ours = secret.starts_with("sk-") && !others.iter().any(|other| secret.starts_with(other));
        is_ours.then(|| Lookup::new("probe"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let project = lookup.parameter("project_id");
        if lookup.operation == FIND {
            return Ok(Page::of(key_of(project, body)?));
        }
        let (mut page, entries) = body.data(lookup, "after")?;
        for entry in entries {
            match lookup.operation {
                "list" => page.items.push(key_of(project, entry)?),
                _ => page.next.push(keys_of(&entry.id("id")?)),
            }
        }
        Ok(page)
    }
}

/// All keys of a project: without the last parameter, some are left out that work.
fn keys_of(project: &ProjectId) -> Lookup {
    let list = Lookup::new("list").with_parameter("project_id", project);
    list.with_query("limit", A_PAGE).with_query("owner_project_access", "any")
}

fn key_of(project: &str, item: Reading<'_>) -> Result<KeyInfo, String> {
    let project: ProjectId = project.parse().map_err(|problem: InvalidInput| problem.reason().to_owned())?;
    let key = key_ref::<OpenAi>(&Key::new(project, item.id("id")?))?;
    let expires = if item.has("expires_at") { item.seconds("expires_at")? } else { None };
    let status = match expires {
        Some(end) if item.is_over(end) => KeyStatus::Expired,
        _ => KeyStatus::Active,
    };
    let owner = item.object("owner")?.ok_or("`owner` is null")?;
    let mut known = KeyInfo::new(key, status)
        .and(item.text("name")?, KeyInfo::with_name)
        .and(item.seconds("created_at")?, KeyInfo::with_created_at)
        .and(item.seconds("last_used_at")?, KeyInfo::with_last_used_at)
        .and(expires, KeyInfo::with_expires_at);
    // A person by address, and what is no person by id.
    for (kind, member) in [("user", "email"), ("user", "id"), ("service_account", "id")] {
        if known.owner().is_none() && owner.has(kind) {
            let holder = owner.object(kind)?;
            known = known.and(holder.map(|holder| holder.text(member)).transpose()?.flatten(), KeyInfo::with_owner);
        }
    }
    item.with_ends("redacted_value", known)
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::OpenAi;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    const PROJECT: &str = "proj_fa4e";

    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "object": "organization.project.api_key",
            "id": key.key.split('/').next_back(),
            "redacted_value": redacted(&key.secret),
            "name": "fake",
            "created_at": 1_700_000_000,
            "last_used_at": null,
            "owner": { "type": "user", "user": { "id": "user-1", "email": "ada@example.com" } },
        })
    }

    /// As OpenAI shows secrets and pages, for its other kinds of keys too.
    pub(in crate::providers) fn redacted(secret: &str) -> String {
        format!("{}***{}", &secret[..8], &secret[secret.len() - 4..])
    }

    pub(in crate::providers) fn page(asked: &Asked, entries: &[serde_json::Value]) -> Reply {
        let (data, next) = asked.page(entries, asked.number("limit").unwrap_or(20).clamp(1, 100));
        Reply::new(200).with_json(json!({
            "object": "list",
            "data": data,
            "first_id": data.first().map(|entry| &entry["id"]),
            "last_id": next,
            "has_more": next.is_some(),
        }))
    }

    impl FakeAnswers for OpenAi {
        const CREDENTIALS: &'static [&'static str] = &["sk-admin-fake-administrator"];

        fn key(number: u64) -> String {
            format!("proj_fa4e/key_{number:016x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            let id = parameters.iter().find(|(name, _)| *name == "api_key_id").map(|(_, id)| id);
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({
                    "object": "organization.project.api_key.deleted",
                    "id": id,
                    "deleted": true,
                })),
                // Neither is stated; the shape is that of the 400.
                Case::Again | Case::Unknown => refused(404, "no such key"),
                Case::Unauthenticated => refused(401, "bad key"),
            }
        }

        fn secret(number: u64) -> String {
            format!("sk-proj-fa4e{number:036x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let project = asked.parameters.first().map_or("", |(_, project)| project.as_str());
            Some(match (asked.operation, &asked.by) {
                ("probe", _) => Reply::new(200).with_json(json!({ "object": "list", "data": [] })),
                (_, Some(_)) => refused(403, "an admin key is needed"),
                ("list_owners", None) => {
                    let project = |id| json!({ "id": id, "object": "organization.project", "name": "fake", "status": "active" });
                    page(asked, &[PROJECT, "proj_without_keys"].map(project))
                }
                ("list", None) if project == PROJECT && asked.text("owner_project_access") == Some("any") => {
                    page(asked, &Asked::live(keys).into_iter().map(key_of).collect::<Vec<_>>())
                }
                ("list", None) => page(asked, &[]),
                _ => match asked.key(keys) {
                    Some(key) => Reply::new(200).with_json(key_of(key)),
                    None => refused(404, "no such key"),
                },
            })
        }
    }

    /// As OpenAI writes errors, for its other kinds of keys too.
    pub(in crate::providers) fn refused(status: u16, message: &str) -> Reply {
        let code = (status == 401).then_some("invalid_api_key");
        let error = json!({ "message": message, "type": "invalid_request_error", "param": null, "code": code });
        Reply::new(status).with_json(json!({ "error": error }))
    }
}

#[cfg(feature = "fakes")]
pub(super) use fake::{page, redacted, refused};
