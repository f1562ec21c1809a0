//! Keys of Google Cloud service accounts: `POST …/serviceAccounts/{account}/keys/{key}:disable` with `{}`; where deletion is
//! asked for, `DELETE …/serviceAccounts/{account}/keys/{key}`.
//!
//! Facts from docs.cloud.google.com, the reference of projects.serviceAccounts.keys and the page on disabling and enabling
//! keys, read 2026-11. A disabled key can be enabled at any time; either success is an object without members, which does
//! not repeat which key it is about, so that a look says more. What Google calls eventually consistent are its reads. A
//! token that was got with a key before its death works until it ends, mostly within an hour: only disabling the account
//! stops those. Keys that Google manages for itself can be neither disabled nor deleted. The wildcard `-` for a project is not
//! taken, since with it a missing key is answered with a 403. Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, google_service_account};
//!
//! let token = Credential::bearer("what gcloud auth print-access-token prints");
//! let revoker = google_service_account::builder().with_credential(token).build()?;
//! let key = "acme-prod/deploy@acme-prod.iam.gserviceaccount.com/b4f1037aeef9ab37deee9";
//! println!("{}", revoker.revoke(&key.parse()?).await?);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::str::FromStr;

use crate::builder::Builder;
use crate::content::Content;
use crate::credential::Form;
use crate::input::InvalidInput;
use crate::key::{check_form, check_id, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::provider::{About, Base, Deletion, IdsReused, KeyParts, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("google-service-account");

const NAME: &str = "google-service-account";
const KEY_FORM: &str = "PROJECT/ACCOUNT/KEY";

/// Marks builders and revokers for keys of Google Cloud service accounts.
#[derive(Clone, Copy, Debug)]
pub struct GoogleServiceAccount;

/// Begins a revoker for keys of Google Cloud service accounts.
///
/// Credential: an OAuth access token of somebody who may manage the keys (`roles/iam.serviceAccountKeyAdmin`), as a
/// [bearer token](crate::Credential::bearer). It lives an hour; a [source](crate::CredentialSource) brings the next.
pub fn builder() -> Builder<GoogleServiceAccount> {
    Builder::new(GoogleServiceAccount)
}

text_id!(
    /// The id of a project. Not the wildcard `-`.
    ProjectId, NAME, "project"
);
text_id!(
    /// The id of a key, as in `private_key_id` of its file. Not the private key.
    KeyId, NAME, "key"
);

/// A service account: its e-mail address, or its number (its unique ID).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account(String);

impl Account {
    /// Checks and takes an account: digits, or two ids as elsewhere with one `@` between them, the second with a dot.
    pub fn new(account: &str) -> Result<Self, InvalidInput> {
        let form = "an e-mail address, or a number";
        let subject = "service account";
        let Some((name, domain)) = account.split_once('@') else {
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            return check_form(NAME, subject, account, form, is_number).map(Self);
        };
        check_id(NAME, subject, name)?;
        let has_form = |domain: &str| domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        check_form(NAME, subject, domain, form, has_form)?;
        Ok(Self(account.to_owned()))
    }

    /// The account as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Account {
    type Err = InvalidInput;

    fn from_str(account: &str) -> Result<Self, InvalidInput> {
        Self::new(account)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key of a service account; as text `PROJECT/ACCOUNT/KEY`. The name that Google gives it,
/// `projects/PROJECT/serviceAccounts/ACCOUNT/keys/KEY`, is taken too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// In which project the account is.
    pub project: ProjectId,
    /// Whose key it is.
    pub account: Account,
    /// Which of its keys.
    pub key_id: KeyId,
}

impl Key {
    /// A key of a service account.
    pub fn new(project: ProjectId, account: Account, key_id: KeyId) -> Self {
        Self { project, account, key_id }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.project, self.account, self.key_id)
    }
}

impl FromStr for Key {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let parts: Vec<&str> = text.split('/').collect();
        match *parts.as_slice() {
            [project, account, key] | ["projects", project, "serviceAccounts", account, "keys", key] => {
                Ok(Self::new(project.parse()?, account.parse()?, key.parse()?))
            }
            // Says what is wrong with a text that has no slash, such as a private key.
            [one] => Err(check_id(NAME, "key", one).err().unwrap_or_else(wrong_form)),
            _ => Err(wrong_form()),
        }
    }
}

fn wrong_form() -> InvalidInput {
    InvalidInput::new(
        NAME,
        format!("{NAME} key"),
        "is not a project, a service account and a key's id with slashes between them",
        format!("write {KEY_FORM}"),
    )
}

impl KeyParts for Key {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("project", self.project.to_string()),
            ("account", self.account.to_string()),
            ("key", self.key_id.to_string()),
        ]
    }
}

const DISABLE: &str = "docs.cloud.google.com, IAM, projects.serviceAccounts.keys.disable, read 2026-11-27";
const DELETE: &str = "docs.cloud.google.com, IAM, projects.serviceAccounts.keys.delete, read 2026-11-27";

const RULES: &[Rule] = &[on(200, REVOKED).with(Expect::EmptyObject).source(DISABLE)];

impl Provider for GoogleServiceAccount {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: NAME,
        aliases: &[],
        vendor: "Google Cloud service accounts",
        key_form: KEY_FORM,
        credentials: &[Form::Bearer],
        credential_help: "an OAuth access token of somebody who may manage keys of service accounts",
        base: Base {
            default: Some("https://iam.googleapis.com"),
            example: "https://iam.googleapis.com",
            domains: &["googleapis.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "inferred: it sets a state; docs.cloud.google.com, IAM, keys.disable, read 2026-11-27"),
        ids_reused: (
            IdsReused::No,
            "inferred: ids are hexadecimal digits of a hash; docs.cloud.google.com, IAM, keys, read 2026-11-27",
        ),
        missing: (
            Some(Expect::Object(&[Member::In(
                "error",
                &[Member::Is("status", "NOT_FOUND"), Member::Says("message", "service account key")],
            )])),
            "docs.cloud.google.com, errors of Google's interfaces, for the status; the message from memory; read 2026-11-27",
        ),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "disabled by 200 {}; it can be enabled again, and tokens got with it before work until they end",
    };

    const CONTENT: Content = Content::Json(&[]);

    const DELETION: Option<&'static Deletion> = Some(&Deletion {
        operation: "revoke_by_deletion",
        content: Content::Empty,
        about: About {
            rules: &[on(200, REVOKED).with(Expect::EmptyObject).source(DELETE)],
            repeat: (
                Repeat::Harmless,
                "404 where there is no such key (inferred); docs.cloud.google.com, IAM, keys.delete, read 2026-11-27",
            ),
            reversible: false,
            proves: "deleted by 200 {}",
            ..Self::ABOUT
        },
    });

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        let body = serde_json::Map::new();
        client.revoke(key.project.as_str(), key.account.as_str(), key.key_id.as_str(), &body).await
    }

    async fn delete(client: &generated::Client, key: &Key) -> Sent {
        client.revoke_by_deletion(key.project.as_str(), key.account.as_str(), key.key_id.as_str()).await
    }

    fn find(key: &Key) -> Vec<Lookup> {
        let lookup = Lookup::new(FIND).with_parameter("project", &key.project);
        vec![lookup.with_parameter("account", &key.account).with_parameter("key", &key.key_id)]
    }

    /// Of an account that was asked about by its number, the answer gives the address.
    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let mut key: Key = body.id("name")?;
        let asked = Account::new(lookup.parameter("account")).map_err(|problem| problem.reason().to_owned())?;
        if key.account != asked {
            if asked.as_str().contains('@') {
                return Err("the answer is about another service account".into());
            }
            key.account = asked;
        }
        let expires = body.time("validBeforeTime")?;
        // What is false is left out.
        let disabled = body.has("disabled") && body.truth("disabled")?;
        let status = match disabled {
            _ if expires.is_some_and(|end| body.is_over(end)) => KeyStatus::Expired,
            true => KeyStatus::Inactive,
            false => KeyStatus::Active,
        };
        let known = KeyInfo::new(key_ref::<Self>(&key)?, status)
            .and(Some(key.account.to_string()), KeyInfo::with_owner)
            .and(body.time("validAfterTime")?, KeyInfo::with_created_at)
            .and(expires, KeyInfo::with_expires_at);
        Ok(Page::of(known))
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::GoogleServiceAccount;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(code: u16, status: &str, message: &str) -> Reply {
        Reply::new(code).with_json(json!({ "error": { "code": code, "message": message, "status": status } }))
    }

    impl FakeAnswers for GoogleServiceAccount {
        const CREDENTIALS: &'static [&'static str] = &["ya29.fake-administrator"];

        fn key(number: u64) -> String {
            format!("fake-project/fake@fake-project.iam.gserviceaccount.com/fa4e{number:036x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked | Case::Again => Reply::new(200).with_json(json!({})),
                Case::Unknown => refused(404, "NOT_FOUND", "Service account key of this id does not exist."),
                Case::Unauthenticated => refused(401, "UNAUTHENTICATED", "bad token"),
            }
        }

        fn answer_to_deletion(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Again => Self::answer(Case::Unknown, parameters),
                case => Self::answer(case, parameters),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let Some(key) = asked.key_or_dead(keys) else {
                return Some(Self::answer(Case::Unknown, &[]));
            };
            let parts: Vec<&str> = key.key.split('/').collect();
            let mut body = json!({
                "name": format!("projects/{}/serviceAccounts/{}/keys/{}", parts[0], parts[1], parts[2]),
                "validAfterTime": "2026-01-01T00:00:00Z",
                "validBeforeTime": "9999-12-31T23:59:59Z",
                "keyType": "USER_MANAGED",
            });
            if !key.live {
                body["disabled"] = json!(true);
            }
            Some(Reply::new(200).with_json(body))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_in_both_spellings_and_an_address_cannot_change_a_path() {
        let short = "acme/deploy@acme.iam.gserviceaccount.com/b4f1037aeef9ab37deee9";
        let long = "projects/acme/serviceAccounts/deploy@acme.iam.gserviceaccount.com/keys/b4f1037aeef9ab37deee9";
        let key: Key = short.parse().unwrap();
        assert_eq!((long.parse().unwrap(), key.to_string()), (key, short.to_owned()));
        assert!("acme/103841920374650192837/b4f1037a".parse::<Key>().is_ok());
        for account in [
            "", "-", "@", "a@", "@b.c", "a@b", "a@b@c.d", "a@.b", "a@b.", "a@b..c", "..@b.c", ".@b.c", "a@..",
            "a/b@c.d", "a%40b.c", "a\\@b.c", "a@b.c?x", "a@b.c#x", "deploy", "a b@c.d",
        ] {
            assert!(Account::new(account).is_err(), "{account:?}");
            assert!(format!("acme/{account}/b4f1037a").parse::<Key>().is_err(), "{account:?}");
        }
        for key in ["", "b4f1037a", "acme/b4f1037a", "-/a@b.c/b4f1037a", "a/a@b.c/k/x", "projects/a/serviceAccounts/a@b.c/keys/"] {
            assert!(key.parse::<Key>().is_err(), "{key:?}");
        }
    }
}
