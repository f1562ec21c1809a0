//! SendGrid (Twilio, mail): `DELETE /v3/api_keys/{api_key_id}`.
//!
//! Facts from the vendor's specification (twilio/sendgrid-oai, tsg_api_keys_v3), read 2026-11-27. A revoked key is refused
//! after a short delay whose length is not stated, so none is claimed. A key of a subuser is revoked with `on-behalf-of`;
//! without that its id gets a 404, which is why a 404 proves nothing. The keys of the user that is calling are listed at once,
//! of which there are at most 100. A key that is deleted is refused with a 401 whose words are also said where what it may do was
//! changed (support.sendgrid.com, 4XX API errors), so no refusal tells that a key is dead. Never confirmed against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{BASE64URL, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::key::text_id;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading, key_ref};
use crate::probe::{ProbeRule, accepted};
use crate::provider::{About, Base, Effect, IdsReused, KeyParts, Provider, Repeat, Setting, generated};
use crate::verdict::{Expect, Member, REVOKED, Rule, on};
use crate::wire::Sent;

generated!("sendgrid");

/// Marks builders and revokers for SendGrid.
#[derive(Clone, Copy, Debug)]
pub struct SendGrid;

/// Begins a revoker for SendGrid.
///
/// Credential: an API key that may manage API keys, as a [bearer token](crate::Credential::bearer). Regional subusers in
/// Europe are at `https://api.eu.sendgrid.com`.
pub fn builder() -> Builder<SendGrid> {
    Builder::new(SendGrid)
}

impl Builder<SendGrid> {
    /// Acts for a subuser of the account, by its user name.
    pub fn with_on_behalf_of(self, subuser: impl Into<String>) -> Self {
        self.with_setting("on-behalf-of", subuser)
    }
}

text_id!(
    /// The id of a SendGrid API key: the part between the first two dots of the key. Not the key, which begins `SG.`.
    KeyId, "sendgrid", "key"
);

impl KeyParts for KeyId {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("api_key_id", self.to_string())]
    }
}

const SPECIFICATION: &str = "twilio/sendgrid-oai, tsg_api_keys_v3, DeleteApiKey, read 2026-11-27";

const RULES: &[Rule] = &[on(204, REVOKED).source(SPECIFICATION)];

/// No refusal is among them: the words for a dead key are said of one that may do something else now, too.
const PROBE_RULES: &[ProbeRule] = &[
    accepted(
        200,
        Expect::Object(&[Member::IsList("scopes")]),
        "twilio/sendgrid-oai, tsg_scopes_v3, ListScope, read 2026-11-27",
    ),
];

/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "sendgrid-key",
        "SendGrid",
        "API key",
        &[Is(&["SG."]), Of(BASE64URL, 22, 22), Is(&["."]), Of(BASE64URL, 43, 43)],
    )
    .by_hand(
        "https://app.sendgrid.com/settings/api_keys",
        "Delete it in the API keys; its id there is what stands between its dots.",
    )
    .source("twilio.com, SendGrid API keys, for 69 characters; scanners (NeMo) for their parts; read 2026-11-22"),
];

impl Provider for SendGrid {
    type Key = KeyId;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "sendgrid",
        aliases: &[],
        vendor: "SendGrid",
        key_form: "ID",
        credentials: &[Form::Bearer],
        credential_help: "an API key (SG.…) that may manage API keys",
        base: Base {
            default: Some("https://api.sendgrid.com"),
            example: "https://api.sendgrid.com, or https://api.eu.sendgrid.com",
            domains: &["sendgrid.com"],
            placeholders: &[],
        },
        settings: &[Setting {
            name: "on-behalf-of",
            help: "the subuser whose key it is, sent as on-behalf-of",
            effect: Effect::Header("on-behalf-of"),
        }],
        rules: RULES,
        repeat: (Repeat::Harmless, "404 where no key has the id; twilio/sendgrid-oai, DeleteApiKey, read 2026-11-27"),
        ids_reused: (IdsReused::No, "ids are random text of 22 characters (inferred from the example); twilio/sendgrid-oai, read 2026-11-27"),
        missing: (None, "a 404 has no code, and may be said of a subuser's key; twilio/sendgrid-oai, read 2026-11-27"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by 204, effective after a short delay of no stated length",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, key: &KeyId) -> Sent {
        client.revoke(key.as_str()).await
    }

    fn list() -> Vec<Lookup> {
        vec![Lookup::new("list")]
    }

    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("SG.").then(|| Lookup::new("probe"))
    }

    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;

    fn holders(_key: &KeyId) -> Vec<Lookup> {
        Self::list()
    }

    fn find(key: &KeyId) -> Vec<Lookup> {
        vec![Lookup::new(FIND).with_parameter("api_key_id", key)]
    }

    /// The specification makes the answer a list even where one key was asked for.
    fn page(lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        let items = body.items("result")?;
        // Of a key that is not there a 404 is said.
        if lookup.operation == FIND && items.is_empty() {
            return Err("the answer holds no key".into());
        }
        let mut page = Page { entries: items.len() as u64, ..Page::default() };
        for item in items {
            let key = key_ref::<Self>(&item.id("api_key_id")?)?;
            page.items.push(KeyInfo::new(key, KeyStatus::Active).and(item.text("name")?, KeyInfo::with_name));
        }
        Ok(page)
    }
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::SendGrid;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn refused(status: u16, message: &str) -> Reply {
        Reply::new(status).with_json(json!({ "errors": [{ "field": null, "message": message }] }))
    }

    impl FakeAnswers for SendGrid {
        const CREDENTIALS: &'static [&'static str] = &["SG.fake-administrator"];

        fn key(number: u64) -> String {
            format!("fa4e{number:018x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(204),
                Case::Again | Case::Unknown => refused(404, "no such key"),
                Case::Unauthenticated => refused(401, "This is invalid, expired, or revoked, says the fake"),
            }
        }

        fn secret(number: u64) -> String {
            format!("SG.fa4e{number:018x}.{number:043x}")
        }

        fn look_up(asked: &Asked, keys: &[Issued]) -> Option<Reply> {
            let result = |keys: Vec<&Issued>| {
                let key = |key: &&Issued| json!({ "api_key_id": key.key, "name": "fake" });
                Reply::new(200).with_json(json!({ "result": keys.iter().map(key).collect::<Vec<_>>() }))
            };
            Some(match (asked.operation, &asked.by) {
                ("probe", _) => Reply::new(200).with_json(json!({ "scopes": ["mail.send"] })),
                (_, Some(_)) => refused(403, "access forbidden"),
                ("list", None) => result(Asked::live(keys)),
                _ => match asked.key(keys) {
                    Some(key) => result(vec![key]),
                    None => refused(404, "no such key"),
                },
            })
        }
    }
}
