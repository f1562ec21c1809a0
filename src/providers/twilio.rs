//! Twilio: `DELETE /2010-04-01/Accounts/{AccountSid}/Keys/{Sid}.json`.
//!
//! Facts from the vendor's specification (twilio/twilio-oai, api_v2010), read 2026-11. It lists the success and no refusal;
//! that errors are `{code, message, more_info, status}` is from memory and decides nothing. What a second revoke gets is
//! not stated, so nothing that may have arrived is sent again. Keys are listed one account at a time, those of subaccounts
//! among them and those of closed accounts not; only the account's own credential or a main key
//! may list accounts and keys (twilio.com, Key resource). A secret is tried as a pair, `SID:SECRET`: of a main key the list of
//! accounts says that it is accepted, and of all others nothing. Never confirmed against the live service.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keyrevoke::{Credential, Revoke, twilio};
//!
//! let account = "AC0f4e0000000000000000000000000001";
//! let revoker = twilio::builder().with_credential(Credential::basic(account, "auth token")).build()?;
//! let revocation = revoker.revoke(&format!("{account}/SK0f4e0000000000000000000000000007").parse()?).await?;
//! println!("{revocation}");
//! # Ok(())
//! # }
//! ```

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{HEX_ANY_CASE, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::input::InvalidInput;
use crate::key::{is_marked_hex, ids_key, text_id};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("twilio");

/// Marks builders and revokers for Twilio.
#[derive(Clone, Copy, Debug)]
pub struct Twilio;

/// Begins a revoker for Twilio.
///
/// Credential: the account's SID and its auth token, or the SID and the secret of a key that may manage keys, as
/// [user name and password](crate::Credential::basic).
pub fn builder() -> Builder<Twilio> {
    Builder::new(Twilio)
}

text_id!(
    /// The SID of an account.
    AccountSid, "twilio", "account", "AC and 32 hexadecimal digits", |id| is_marked_hex(id, "AC", 32)
);
text_id!(
    /// The SID of an API key. Not its secret.
    KeyId, "twilio", "key", "SK and 32 hexadecimal digits", |id| is_marked_hex(id, "SK", 32)
);

ids_key!(
    /// A key of an account; as text `ACCOUNT/KEY`.
    Key, "twilio", "ACCOUNT/KEY",
    /// Whose key it is.
    account_sid: AccountSid = "AccountSid",
    /// Which of its keys.
    key_id: KeyId = "Sid",
);

const RULES: &[Rule] = &[on(204, REVOKED).source("twilio/twilio-oai, api_v2010, DeleteKey, read 2026-11")];

/// No refusal is among them: keys that may not manage accounts are refused, too.
const PROBE_RULES: &[ProbeRule] = &[accepted(
    200,
    Expect::Object(&[Member::IsList("accounts")]),
    "twilio.com, Create API keys in Twilio Console: main keys alone may list accounts, read 2026-11-27",
)];

/// Of at most 1000, of accounts and of keys.
const A_PAGE: u32 = 50;

/// What the address of a next page may say.
const PAGES: &[&str] = &["PageSize", "Page", "PageToken"];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new("twilio-key-id", "Twilio", "SID of an API key", &[Is(&["SK"]), Of(HEX_ANY_CASE, 32, 32)])
        .an_id()
        .by_hand(
            "https://console.twilio.com/",
            "Delete the key of this SID under Account management, Keys & credentials.",
        )
        .source("twilio.com, Key resource v1, and Create API keys in the Twilio Console; read 2026-11-22"),
];

impl Provider for Twilio {
    type Key = Key;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "twilio",
        aliases: &[],
        vendor: "Twilio",
        key_form: "ACCOUNT/KEY",
        credentials: &[Form::Basic],
        credential_help: "the account's SID and auth token, or SID and secret of a key that may manage keys",
        base: Base {
            default: Some("https://api.twilio.com"),
            example: "https://api.twilio.com",
            domains: &["twilio.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; twilio/twilio-oai, read 2026-11"),
        ids_reused: (IdsReused::No, "SIDs are unique, with 32 hexadecimal digits; twilio/twilio-oai, read 2026-11"),
        missing: (None, "no 404 is documented; twilio/twilio-oai, read 2026-11"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &Key) -> Sent {
        client.revoke(key.account_sid.as_str(), key.key_id.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list_owners").with_query("PageSize", A_PAGE)]
    }

    fn holders(key: &Key) -> Vec<Lookup> {
        vec![keys_of(&key.account_sid)]
    }

    fn find(key: &Key) -> Vec<Lookup> {
        let find = Lookup::new(FIND).with_parameter("AccountSid", &key.account_sid);
        vec![find.with_parameter("Sid", &key.key_id)]
    }

    fn probe(secret: &str) -> Option<Lookup> {
        let is_pair = secret.split_once(':').is_some_and(|(sid, _)| KeyId::new(sid).is_ok());
        is_pair.then(|| Lookup::new("list_owners").with_query("PageSize", 1))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let account = lookup.parameter("AccountSid");
        let (entries, path) = match lookup.operation {
            FIND => return Ok(Page::of(key_of(account, body)?)),
            "list" => (body.items("keys")?, format!("/2010-04-01/Accounts/{account}/Keys.json")),
            _ => (body.items("accounts")?, "/2010-04-01/Accounts.json".to_owned()),
        };
        let mut page = Page { entries: entries.len() as u64, ..Page::default() };
        page.next.extend(body.continued("next_page_uri", lookup, &path, PAGES)?);
        for entry in entries {
            match lookup.operation {
                "list" => page.items.push(key_of(account, entry)?),
                // Its keys are no more, and cannot be asked for.
                _ if entry.text("status")?.as_deref() == Some("closed") => {}
                _ => page.next.push(keys_of(&entry.id("sid")?)),
            }
        }
        Ok(page)
    }
}

fn keys_of(account: &AccountSid) -> Lookup {
    Lookup::new("list").with_parameter("AccountSid", account).with_query("PageSize", A_PAGE)
}

/// Its times are written as in mail, and are not read.
fn key_of(account: &str, item: Reading<'_>) -> Result<KeyInfo, String> {
    let sid: AccountSid = account.parse().map_err(|problem: InvalidInput| problem.reason().to_owned())?;
    let known = KeyInfo::new(key_ref::<Twilio>(&Key::new(sid, item.id("sid")?))?, KeyStatus::Active);
    Ok(known.with_owner(account).and(item.text("friendly_name")?, KeyInfo::with_name))
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Twilio;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply, slice};

    const ACCOUNT: &str = "AC0f4e0000000000000000000000000001";

    fn key_of(key: &Issued) -> serde_json::Value {
        json!({
            "sid": key.key.split('/').next_back(),
            "friendly_name": "fake",
            "date_created": "Thu, 01 Jan 2026 00:00:00 +0000",
            "date_updated": "Thu, 01 Jan 2026 00:00:00 +0000",
        })
    }

    /// The next page is named by its path.
    fn page(asked: &Asked, path: &str, name: &str, entries: &[serde_json::Value]) -> Reply {
        let (page, most) = (asked.number("Page").unwrap_or(0), asked.number("PageSize").unwrap_or(50));
        let (items, is_last) = slice(entries, page.saturating_mul(most), most);
        let next = format!("{path}?PageSize={most}&Page={}&PageToken=PA%2B{}", page + 1, page + 1);
        let next = (!is_last).then_some(next);
        Reply::new(200).with_json(json!({ name: items, "page": page, "page_size": most, "next_page_uri": next }))
    }

    /// From memory: the specification has no bodies of errors.
    fn refused(status: u16, code: u32, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "code": code, "message": message, "status": status }))
    }

    impl FakeAnswers for Twilio {
        const CREDENTIALS: &'static [&'static str] = &["AC0f4e0000000000000000000000000001:fake-auth-token"];

        fn key(number: u64) -> String {
            format!("AC0f4e0000000000000000000000000001/SK0f4e{number:028x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => refused(404, 20404, "no such key"),
                Case::Unauthenticated => refused(401, 20003, "not authenticated"),
            }
        }

        /// Of a main key.
        fn secret(number: u64) -> String {
            format!("SK0f4e{number:028x}:fake-secret-{number:08x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            Some(match asked.operation {
                "list_owners" => {
                    let account = |sid, status| json!({ "sid": sid, "status": status, "auth_token": "fake-auth-token" });
                    let closed = account("AC0f4e0000000000000000000000000002", "closed");
                    let accounts = [account(ACCOUNT, "active"), closed];
                    page(asked, "/2010-04-01/Accounts.json", "accounts", &accounts)
                }
                "list" if asked.parameters.iter().any(|(_, sid)| sid == ACCOUNT) => {
                    let all: Vec<_> = Asked::live(keys).into_iter().map(key_of).collect();
                    page(asked, &format!("/2010-04-01/Accounts/{ACCOUNT}/Keys.json"), "keys", &all)
                }
                "list" => refused(404, 20404, "no such account"),
                _ => match asked.key(keys) {
                    Some(key) => Reply::new(200).with_json(key_of(key)),
                    None => refused(404, 20404, "no such key"),
                },
            })
        }
    }
}
