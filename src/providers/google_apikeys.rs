//! API keys of Google Cloud projects (`AIza…`): `DELETE /v2/projects/{project}/locations/global/keys/{key}`.
//!
//! Facts from the vendor's definition of the interface (googleapis/googleapis, google/api/apikeys/v2, and google/longrunning
//! for the operation), read 2026-11-27. The answer is an operation, which may be under way still: only one that is done and
//! holds the key with the time of its deletion is a death, and else a look tells. For 30 days a deleted key can be looked up,
//! and undeleted. A key is known by its id: which one a leaked secret is, `gcloud services api-keys lookup` tells. Ids can be
//! chosen by whoever makes a key, and nothing excludes that one is chosen again after those 30 days. Keys are listed one project
//! at a time, and which projects there are is another service's to say, so that there is no list of all. Keys of service
//! accounts are [`google_service_account`](crate::google_service_account)'s. Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, Verification, google_apikeys};
//!
//! let token = Credential::bearer("what gcloud auth print-access-token prints");
//! let revoker = google_apikeys::builder().with_credential(token).build()?;
//! let key = "acme-prod/b7ff1f9f-8275-410a-94dd-3855ee9b5dd2".parse()?;
//! println!("{}", revoker.revoke_verified(&key, Verification::new()).await?);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::str::FromStr;

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::Part::{Is, Of};
use crate::identify::{BASE64URL, SecretForm};
use crate::input::InvalidInput;
use crate::key::{split_ids, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::outcome::{ErrorKind, KeyState};
use crate::provider::{About, Base, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Meaning, Member, REVOKED, Rule, WRONG_OBJECT, on};
use crate::wire::Sent;

generated!("google-apikeys");

/// Marks builders and revokers for API keys of Google Cloud projects.
#[derive(Clone, Copy, Debug)]
pub struct GoogleApiKeys;

/// Begins a revoker for API keys of Google Cloud projects.
///
/// Credential: an OAuth access token of somebody who may manage API keys, as a [bearer token](crate::Credential::bearer).
pub fn builder() -> Builder<GoogleApiKeys> {
    Builder::new(GoogleApiKeys)
}

text_id!(
    /// The id or the number of a project.
    ProjectId, "google-apikeys", "project"
);
text_id!(
    /// The id of a key. Not the key, which begins `AIza`.
    KeyId, "google-apikeys", "key"
);

/// A key of a project; as text `PROJECT/KEY`, and read as the vendor writes it too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Whose key it is.
    pub project: ProjectId,
    /// Which of its keys.
    pub key_id: KeyId,
}

impl Key {
    /// A key of a project.
    pub fn new(project: ProjectId, key_id: KeyId) -> Self {
        Self { project, key_id }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.key_id)
    }
}

impl FromStr for Key {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let parts: Vec<&str> = text.split('/').collect();
        let [project, key] = match *parts.as_slice() {
            ["projects", project, "locations", "global", "keys", key] => [project, key],
            _ => split_ids("google-apikeys", "PROJECT/KEY", text)?,
        };
        Ok(Self::new(project.parse()?, key.parse()?))
    }
}

impl KeyParts for Key {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("project", self.project.to_string()), ("key", self.key_id.to_string())]
    }
}

const SOURCE: &str = "googleapis/googleapis, google/api/apikeys/v2, DeleteKey, and google/longrunning, Operation, read 2026-11-27";

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[
            Member::IsBool("done", true),
            // By the project's number, of which a key does not say its own.
            Member::In("response", &[Member::EndsWith("name", "key"), Member::IsPastTime("deleteTime")]),
        ]))
        .source(SOURCE),
    on(200, WRONG_OBJECT)
        .with(Expect::Object(&[
            Member::IsBool("done", true),
            Member::In("response", &[Member::EndsWithOther("name", "key")]),
        ]))
        .source(SOURCE),
    // It is over, and did not work.
    on(200, Meaning::Not(ErrorKind::Rejected, KeyState::Unknown))
        .with(Expect::Object(&[Member::IsBool("done", true), Member::IsObject("error")]))
        .source(SOURCE),
    on(200, Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown))
        .with(Expect::Object(&[Member::IsBool("done", true)]))
        .source(SOURCE),
    // Under way: what is false is left out.
    on(200, Meaning::Not(ErrorKind::Pending, KeyState::Unknown))
        .with(Expect::Object(&[Member::IsText("name")]))
        .source(SOURCE),
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("google-api-key", "Google", "API key", &[Is(&["AIza"]), Of(BASE64URL, 35, 35)])
        .by_hand(
            "https://console.cloud.google.com/apis/credentials",
            "Delete it in the credentials of its project, where it can be restored for 30 days; there its id is shown, too.",
        )
        .source("scanners, and docs.cloud.google.com, gcloud services api-keys undelete, for the 30 days; read 2026-11-22"),
];

/// No most is stated.
const A_PAGE: u32 = 100;

impl Provider for GoogleApiKeys {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "google-apikeys",
        aliases: &[],
        vendor: "Google Cloud API keys",
        key_form: "PROJECT/KEY",
        credentials: &[Form::Bearer],
        credential_help: "an OAuth access token of somebody who may manage API keys",
        base: Base {
            default: Some("https://apikeys.googleapis.com"),
            example: "https://apikeys.googleapis.com",
            domains: &["googleapis.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second deletion; googleapis/googleapis, google/api/apikeys/v2, read 2026-11-27"),
        ids_reused: (
            IdsReused::Possible,
            "ids can be chosen, and are unique among a project's keys; googleapis/googleapis, google/api/apikeys/v2, CreateKey, read 2026-11-27",
        ),
        missing: (None, "the words of a 404 are not published; googleapis/googleapis, google/api/apikeys/v2, read 2026-11-27"),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "deleted by an operation that is done and holds the time of the deletion; it can be undeleted for 30 days",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.project.as_str(), key.key_id.as_str()).await
    }

    fn find(key: &Key) -> Vec<Lookup> {
        let find = Lookup::new(FIND).with_parameter("project", &key.project);
        vec![find.with_parameter("key", &key.key_id)]
    }

    fn holders(key: &Key) -> Vec<Lookup> {
        let list = Lookup::new("list").with_parameter("project", &key.project);
        vec![list.with_query("pageSize", A_PAGE).with_query("showDeleted", true)]
    }

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let project = lookup.parameter("project").parse().map_err(|problem: InvalidInput| problem.reason().to_owned())?;
        if lookup.operation == FIND {
            return Ok(Page::of(key_of(&project, body)?));
        }
        // An empty list is left out, and an answer without one could be anybody's: it is asked for where a key was, which stays
        // there for 30 days.
        let entries = body.items("keys")?;
        let mut page = Page { entries: entries.len() as u64, ..Page::default() };
        if body.text("nextPageToken")?.is_some() {
            page.next.push(lookup.clone().with_query("pageToken", body.cursor("nextPageToken")?));
        }
        page.items = entries.into_iter().map(|entry| key_of(&project, entry)).collect::<Result<_, _>>()?;
        Ok(page)
    }
}

/// The answer has the number of a project that was asked about by its id.
fn key_of(project: &ProjectId, item: Reading<'_>) -> Result<KeyInfo, String> {
    let named: Key = item.id("name")?;
    let deleted = item.time("deleteTime")?;
    let status = match deleted {
        Some(_) => KeyStatus::Inactive,
        None if item.has("deleteTime") => KeyStatus::Unknown,
        None => KeyStatus::Active,
    };
    let key = Key::new(project.clone(), named.key_id);
    Ok(KeyInfo::new(key_ref::<GoogleApiKeys>(&key)?, status)
        .with_owner(project.as_str())
        .and(item.text("displayName")?, KeyInfo::with_name)
        .and(item.time("createTime")?, KeyInfo::with_created_at)
        .and(deleted, KeyInfo::with_revoked_at))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::{Value, json};

    use super::GoogleApiKeys;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    const PROJECT: &str = "acme-prod";

    fn refused(code: u16, status: &str) -> Reply {
        Reply::new(code).with_json(json!({ "error": { "code": code, "message": "from the fake", "status": status } }))
    }

    /// By the project's number; a deleted key stays there.
    fn key_of(id: &str, live: bool) -> Value {
        let mut key = json!({
            "name": format!("projects/123456867718/locations/global/keys/{id}"),
            "uid": id,
            "displayName": "fake",
            "createTime": "2026-01-01T00:00:00.123456Z",
        });
        if !live {
            key["deleteTime"] = json!("2026-01-02T00:00:00.123456Z");
        }
        key
    }

    fn issued(key: &Issued) -> Value {
        key_of(key.key.rsplit('/').next().unwrap_or_default(), key.live)
    }

    impl FakeAnswers for GoogleApiKeys {
        const CREDENTIALS: &'static [&'static str] = &["fake-administrator"];

        fn key(number: u64) -> String {
            format!("{PROJECT}/fa4e0000-0000-4000-8000-{number:012x}")
        }

        fn answer(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => {
                    let id = parameters.last().map_or("", |(_, id)| id);
                    let done = json!({ "name": "operations/akmf.fa4e", "done": true, "response": key_of(id, false) });
                    Reply::new(200).with_json(done)
                }
                // Nothing is stated of a second deletion.
                Case::Again | Case::Unknown => refused(404, "NOT_FOUND"),
                Case::Unauthenticated => refused(401, "UNAUTHENTICATED"),
            }
        }

        fn secret(number: u64) -> String {
            format!("AIzaFA4E{number:031x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match asked.operation {
                "list" => {
                    let shown = asked.text("showDeleted") == Some("true");
                    let all: Vec<Value> = keys.iter().filter(|key| key.live || shown).map(issued).collect();
                    let (keys, next) = asked.page_after("pageToken", &all, asked.number("pageSize").unwrap_or(50));
                    Reply::new(200).with_json(json!({ "keys": keys, "nextPageToken": next }))
                }
                _ => match asked.key_or_dead(keys) {
                    Some(key) => Reply::new(200).with_json(issued(key)),
                    None => refused(404, "NOT_FOUND"),
                },
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Body;
    use crate::golden::answer;
    use crate::verdict::verdict;

    #[test]
    fn only_an_operation_that_is_done_and_holds_the_deletion_is_a_death() {
        let said = |body: &str| {
            let body = Body::Complete(body.into());
            let key: Key = "acme-prod/k-1".parse().unwrap();
            verdict(RULES, &key.parameters(), &answer(200, &[("content-type", "application/json")], body)).meaning
        };
        let not = |kind| Meaning::Not(kind, KeyState::Unknown);
        for (body, meaning) in [
            (r#"{"name":"o","done":true,"response":{"name":"projects/1/locations/global/keys/k-1","deleteTime":"2026-01-02T00:00:00.5Z"}}"#, REVOKED),
            (
                r#"{"name":"o","done":true,"response":{"name":"projects/1/locations/global/keys/k-1","deleteTime":"2027-01-02T00:00:00Z"}}"#,
                not(ErrorKind::UnexpectedAnswer),
            ),
            (
                r#"{"name":"o","done":true,"response":{"name":"projects/1/locations/global/keys/k-12","deleteTime":"2026-01-02T00:00:00Z"}}"#,
                WRONG_OBJECT,
            ),
            (
                r#"{"name":"o","done":true,"response":{"deleteTime":"2026-01-02T00:00:00Z"}}"#,
                not(ErrorKind::UnexpectedAnswer),
            ),
            (r#"{"name":"o","done":true,"response":{}}"#, not(ErrorKind::UnexpectedAnswer)),
            (r#"{"name":"o"}"#, not(ErrorKind::Pending)),
            (r#"{"name":"o","done":false}"#, not(ErrorKind::Pending)),
            (r#"{"name":"o","done":true,"error":{"code":9,"message":"x"}}"#, not(ErrorKind::Rejected)),
            (
                r#"{"name":"o","done":true,"error":{"code":9},"response":{"name":"keys/k-1","deleteTime":"2026-01-02T00:00:00Z"}}"#,
                not(ErrorKind::Rejected),
            ),
            ("{}", not(ErrorKind::UnexpectedAnswer)),
        ] {
            assert_eq!(said(body), meaning, "{body}");
        }
    }

    #[test]
    fn a_key_is_read_as_the_vendor_writes_it_and_belongs_to_the_project_that_was_asked() {
        let key: Key = "projects/acme-prod/locations/global/keys/k-1".parse().unwrap();
        assert_eq!(key.to_string(), "acme-prod/k-1");
        for wrong in ["k-1", "projects/p/locations/europe/keys/k", "projects/p/keys/k", "p/k/x", "p/", "AIza/.."] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }
}
