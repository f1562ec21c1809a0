//! AWS IAM access keys (feature `aws`): `POST /` with the form of UpdateAccessKey and `Status=Inactive`; where deletion is
//! asked for, that of DeleteAccessKey.
//!
//! Facts from docs.aws.amazon.com, the IAM API Reference, read 2026-11; the form of answers from AWS's query protocol
//! (smithy-lang/smithy). An inactive key can be made active again. Neither answer repeats which key it is about, so that the list of
//! the user's keys says more. The name of the user is always sent: without one IAM takes the user whose key signs. What
//! IAM changes is not seen everywhere at once, for a time that is not stated. A key of this provider may be the one that
//! signs, which nothing here notices: say [so](crate::Credential::with_key_id). Temporary keys (`ASIA…`) end by themselves
//! and are none of a user's. The endpoint of the commercial regions alone is known here. Never confirmed against the live
//! service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, aws_iam};
//!
//! let credential = Credential::key_pair("AKIAIOSFODNN7EXAMPLE", "the secret access key");
//! let revoker = aws_iam::builder().with_credential(credential).build()?;
//! println!("{}", revoker.revoke(&"ci-deploy/AKIAI44QH8DHBEXAMPLE".parse()?).await?);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::str::FromStr;

use crate::builder::Builder;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::identify::{AWS_ACCESS_KEY_ID, SecretForm};
use crate::input::InvalidInput;
use crate::key::{check_id, ids_key, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, Reading, key_ref};
use crate::outcome::{ErrorKind, KeyState};
use crate::provider::{About, Base, Deletion, IdsReused, Provider, Repeat, generated};
use crate::sigv4::Scope;
use crate::verdict::{Expect, Meaning, Member, REVOKED, Rule, UNAUTHENTICATED, on};
use crate::wire::Sent;

generated!("aws-iam");

const NAME: &str = "aws-iam";
const VERSION: &str = "2010-05-08";
const UPDATE: &str = "UpdateAccessKey";
const DELETE: &str = "DeleteAccessKey";
const LIST: &str = "ListAccessKeys";

/// Marks builders and revokers for AWS IAM access keys.
#[derive(Clone, Copy, Debug)]
pub struct AwsIam;

/// Begins a revoker for AWS IAM access keys.
///
/// Credential: an access key that may update the user's keys, as a [key pair](crate::Credential::key_pair), or a temporary
/// one with the [token of its session](crate::Credential::temporary_key_pair). It signs each request and is not sent.
pub fn builder() -> Builder<AwsIam> {
    Builder::new(AwsIam)
}

text_id!(
    /// The id of an access key, such as `AKIAIOSFODNN7EXAMPLE`. Not the secret access key.
    AccessKeyId, NAME, "key", "16 to 128 letters, digits and `_`", |id| {
        (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }
);

/// The name of an IAM user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(String);

impl UserName {
    /// Checks and takes a name: 1 to 64 letters, digits and `_+=,.@-`. The words that elsewhere mean the caller or everybody,
    /// such as `all`, are refused here too.
    pub fn new(name: &str) -> Result<Self, InvalidInput> {
        // What a name may hold besides other ids has no meaning in a form, where it is encoded.
        let plain = name.replace(['+', '=', ',', '@'], "-");
        check_id(NAME, "user", &plain)?;
        if name.len() > 64 || name.contains('~') {
            return Err(InvalidInput::new(
                NAME,
                format!("{NAME} user"),
                "is not 1 to 64 letters, digits and `_+=,.@-`",
                "give the name of the IAM user whose key it is",
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = InvalidInput;

    fn from_str(name: &str) -> Result<Self, InvalidInput> {
        Self::new(name)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

ids_key!(
    /// An access key of a user; as text `USER/KEY`.
    Key, NAME, "USER/KEY",
    /// Whose key it is.
    user: UserName = "UserName",
    /// Which of the user's keys.
    key_id: AccessKeyId = "AccessKeyId",
);

const PAGES: &str = "docs.aws.amazon.com, IAM API Reference, the action, and smithy-lang/smithy, docs, AWS query protocol, for the form of its answer; read 2026-11-27";
const ERRORS: &str = "docs.aws.amazon.com, IAM API Reference, common errors, and smithy-lang/smithy, docs, AWS query protocol, for their form; ExpiredToken from memory; read 2026-11-27";

const THROTTLING: &str = "docs.aws.amazon.com, IAM API Reference, common errors: ThrottlingException with 400; Boto3, Retries, for Throttling; read 2026-11-27";

/// The success of an action: an element of its name, with the id of the request.
const fn done(members: &'static [Member]) -> Rule {
    on(200, REVOKED).with(Expect::Xml(members)).source(PAGES)
}

/// The credential is not accepted, by its code. Other 403s are of one that may not do this.
const fn refused(members: &'static [Member]) -> Rule {
    on(403, UNAUTHENTICATED).with(Expect::Xml(members)).source(ERRORS)
}

/// Nothing was done, and the same may be asked for again later.
const fn limited(members: &'static [Member]) -> Rule {
    on(400, Meaning::Not(ErrorKind::RateLimited, KeyState::Live)).with(Expect::Xml(members)).source(THROTTLING)
}

const METADATA: &[Member] = &[Member::In("ResponseMetadata", &[Member::IsText("RequestId")])];

macro_rules! error {
    ($($member:expr),*) => {
        &[Member::In("ErrorResponse", &[Member::In("Error", &[$($member),*])])]
    };
}

const RULES: &[Rule] = &[
    done(&[Member::In("UpdateAccessKeyResponse", METADATA)]),
    refused(error!(Member::Is("Code", "InvalidClientTokenId"))),
    refused(error!(Member::Is("Code", "SignatureDoesNotMatch"))),
    refused(error!(Member::Is("Code", "ExpiredToken"))),
    refused(error!(Member::Is("Code", "ExpiredTokenException"))),
    limited(error!(Member::Is("Code", "Throttling"))),
    limited(error!(Member::Is("Code", "ThrottlingException"))),
];

const DELETION: &[Rule] = &[
    done(&[Member::In("DeleteAccessKeyResponse", METADATA)]),
    refused(error!(Member::Is("Code", "InvalidClientTokenId"))),
    refused(error!(Member::Is("Code", "SignatureDoesNotMatch"))),
    refused(error!(Member::Is("Code", "ExpiredToken"))),
    refused(error!(Member::Is("Code", "ExpiredTokenException"))),
    limited(error!(Member::Is("Code", "Throttling"))),
    limited(error!(Member::Is("Code", "ThrottlingException"))),
];

impl Provider for AwsIam {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: NAME,
        aliases: &[],
        vendor: "AWS IAM",
        key_form: "USER/KEY",
        credentials: &[Form::Signed(Scope { service: "iam", region: "us-east-1" })],
        credential_help: "an access key that may update the user's keys",
        base: Base {
            default: Some("https://iam.amazonaws.com"),
            example: "https://iam.amazonaws.com",
            domains: &["iam.amazonaws.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "inferred: it sets a status; docs.aws.amazon.com, IAM, UpdateAccessKey, read 2026-11-27"),
        ids_reused: (IdsReused::No, "ids are unique (inferred: they begin as other unique ids of IAM); docs.aws.amazon.com, IAM identifiers, of which the section on unique ids could not be read again, read 2026-11-27"),
        missing: (
            Some(Expect::Xml(error!(Member::Is("Code", "NoSuchEntity"), Member::Says("Message", "access key")))),
            "docs.aws.amazon.com, IAM, UpdateAccessKey, for the code; the message, which tells a key from a user, from memory; read 2026-11-27",
        ),
        propagation: None,
        reversible: true,
        also_dies: "",
        proves: "inactive by 200 with the action's own element; it can be made active again, and is not seen everywhere at once",
    };

    const CONTENT: Content = Content::Form(&[
        ("AccessKeyId", Part::Parameter("AccessKeyId")),
        ("Action", Part::Text(UPDATE)),
        ("Status", Part::Text("Inactive")),
        ("UserName", Part::Parameter("UserName")),
        ("Version", Part::Text(VERSION)),
    ]);

    const DELETION: Option<&'static Deletion> = Some(&Deletion {
        operation: "revoke",
        content: Content::Form(&[
            ("AccessKeyId", Part::Parameter("AccessKeyId")),
            ("Action", Part::Text(DELETE)),
            ("UserName", Part::Parameter("UserName")),
            ("Version", Part::Text(VERSION)),
        ]),
        about: About {
            rules: DELETION,
            repeat: (
                Repeat::Harmless,
                "NoSuchEntity where there is no such key; docs.aws.amazon.com, IAM, DeleteAccessKey, read 2026-11-27",
            ),
            reversible: false,
            proves: "deleted by 200 with the action's own element",
            ..Self::ABOUT
        },
    });

    /// JSON, which IAM can answer too, is documented nowhere.
    const HEADERS: &'static [(&'static str, &'static str)] = &[("accept", "text/xml")];

    const READS_XML: bool = true;

    const SECRET_FORMS: &'static [SecretForm] = &[AWS_ACCESS_KEY_ID];

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(&body(key, UPDATE, Some("Inactive".into()))).await
    }

    async fn delete(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(&body(key, DELETE, None)).await
    }

    fn find(key: &Key) -> Vec<Lookup> {
        // A user has two keys at most, so that one page is all.
        let lookup = Lookup::new("list").with_query("Action", LIST).with_query("MaxItems", 1000);
        vec![lookup.with_query("UserName", &key.user).with_query("Version", VERSION)]
    }

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let answer = body.object("ListAccessKeysResponse")?.ok_or("there is no answer")?;
        let result = answer.object("ListAccessKeysResult")?.ok_or("there is no result")?;
        if result.text("IsTruncated")?.as_deref() != Some("false") {
            return Err("the list does not say that it is whole".into());
        }
        if !result.has("AccessKeyMetadata") {
            return Err("there is no list in it".into());
        }
        // An element without elements in it: the user has no key.
        if !result.is_list("AccessKeyMetadata") && result.text("AccessKeyMetadata")?.is_none() {
            return Ok(Page::default());
        }
        let mut page = Page::default();
        for item in result.items("AccessKeyMetadata")? {
            let key = Key::new(item.id("UserName")?, item.id("AccessKeyId")?);
            if lookup.query("UserName") != Some(key.user.as_str()) {
                return Err("a key of another user is in the list".into());
            }
            let status = match item.text("Status")?.as_deref() {
                Some("Active") => KeyStatus::Active,
                Some("Inactive") => KeyStatus::Inactive,
                _ => KeyStatus::Unknown,
            };
            page.entries += 1;
            page.items.push(
                KeyInfo::new(key_ref::<Self>(&key)?, status)
                    .with_owner(key.user.as_str())
                    .and(item.time("CreateDate")?, KeyInfo::with_created_at),
            );
        }
        Ok(page)
    }
}

fn body(key: &Key, action: &str, status: Option<String>) -> generated::types::RevokeBody {
    generated::types::RevokeBody {
        access_key_id: key.key_id.to_string(),
        action: action.to_owned(),
        status,
        user_name: key.user.to_string(),
        version: VERSION.to_owned(),
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use super::AwsIam;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    const USER: &str = "fake-user";
    const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

    fn done(action: &str, result: &str) -> Reply {
        Reply::new(200).with_body(
            "text/xml",
            format!(
                "<{action}Response xmlns=\"{NAMESPACE}\">{result}<ResponseMetadata><RequestId>fake</RequestId>\
                 </ResponseMetadata></{action}Response>"
            ),
        )
    }

    fn refused(status: u16, code: &str, message: &str) -> Reply {
        Reply::new(status).with_body(
            "text/xml",
            format!(
                "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>fake</RequestId></ErrorResponse>"
            ),
        )
    }

    impl FakeAnswers for AwsIam {
        const CREDENTIALS: &'static [&'static str] = &["AKIAFA4EADMINISTRATR:fake/secret+access/key"];

        fn key(number: u64) -> String {
            format!("{USER}/AKIAFA4E{number:012}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked | Case::Again => done("UpdateAccessKey", ""),
                Case::Unknown => refused(404, "NoSuchEntity", "The Access Key with this id cannot be found."),
                Case::Unauthenticated => refused(403, "SignatureDoesNotMatch", "The signature is another one."),
            }
        }

        fn answer_to_deletion(case: Case, parameters: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => done("DeleteAccessKey", ""),
                Case::Again => Self::answer(Case::Unknown, parameters),
                case => Self::answer(case, parameters),
            }
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let value = |name: &str| asked.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            if (value("Action"), value("Version")) != (Some("ListAccessKeys"), Some("2010-05-08")) {
                return None;
            }
            if value("UserName") != Some(USER) {
                return Some(refused(404, "NoSuchEntity", "The user with this name cannot be found."));
            }
            let member = |key: &Issued| {
                let id = key.key.rsplit('/').next().unwrap_or_default();
                let status = if key.live { "Active" } else { "Inactive" };
                format!(
                    "<member><UserName>{USER}</UserName><AccessKeyId>{id}</AccessKeyId><Status>{status}</Status>\
                     <CreateDate>2026-01-01T00:00:00Z</CreateDate></member>"
                )
            };
            let members: String = keys.iter().map(member).collect();
            let list = format!(
                "<ListAccessKeysResult><UserName>{USER}</UserName><AccessKeyMetadata>{members}</AccessKeyMetadata>\
                 <IsTruncated>false</IsTruncated></ListAccessKeysResult>"
            );
            Some(done("ListAccessKeys", &list))
        }
    }
}
