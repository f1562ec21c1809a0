//! What answers to look-ups and probes say, as files and as rows, and the way of each through client, guard and fake.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::answer::{Attempt, Body, LIST_LIMIT};
use crate::anthropic::Anthropic;
use crate::attempt::attempt_to_read;
use crate::cloudflare::Cloudflare;
use crate::content::Content;
use crate::contract::{bodies, response_of, responses_to, sample, status_of};
use crate::credential::{Credential, Redactor};
use crate::datadog::Datadog;
use crate::devin::Devin;
use crate::devin_v3::DevinV3;
use crate::elasticsearch::Elasticsearch;
use crate::fakes::{Fake, Reply};
use crate::gitlab::GitLab;
use crate::golden::{NOW, answer, compare};
use crate::influxdb::InfluxDb;
use crate::inventory::Inventory;
use crate::jupyterhub::JupyterHub;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{Lookup, Page, SECRET, Unread, read_with};
use crate::okta::Okta;
use crate::openai::OpenAi;
use crate::openai_admin::OpenAiAdmin;
use crate::openrouter::OpenRouter;
use crate::outcome::{ErrorKind, KeyState};
use crate::probe::{Probed, probed};
use crate::provider::About;
use crate::provider::{Effect, KeyParts, Provider};
use crate::providers::{self, Visit};
use crate::secret::Secret;
use crate::sendgrid::SendGrid;
use crate::sinjapp::Sinjapp;
use crate::twilio::Twilio;
use crate::verdict::Expect;
use crate::wire::{Call, Generated, Target};
use crate::workos::WorkOs;

/// As [`read_page`](crate::lookup::read_page), where there is the type of a provider alone.
fn read_page<P: Provider>(
    about: &About,
    lookup: &Lookup,
    attempt: &Attempt,
    redactor: &Redactor,
) -> Result<Page, Unread> {
    read_with(&P::page, P::READS_XML, about, lookup, attempt, redactor)
}

type ReadPage = fn(&Lookup, &Attempt, &Redactor) -> Result<Page, Unread>;
type ReadProbe = fn(&Attempt, &Redactor) -> Probed;

/// A provider's look-ups, without its type.
struct Asks {
    provider: &'static str,
    lookups: Vec<Lookup>,
    page: ReadPage,
    probe: Option<(Lookup, ReadProbe)>,
}

fn asks<P: Provider>(key: &str, secret: &str) -> Asks {
    let key = match P::Key::of_secret(&Secret::new(key).unwrap()) {
        Some(key) => key.unwrap(),
        None => key.parse().ok().unwrap(),
    };
    let all = [
        P::list(),
        P::find(&key),
        P::holders(&key),
        P::whoami().into_iter().collect(),
    ];
    let mut lookups: Vec<Lookup> = Vec::new();
    let add = |lookups: &mut Vec<Lookup>, lookup: Lookup| {
        if !lookups.iter().any(|known| known.operation == lookup.operation) {
            lookups.push(lookup);
        }
    };
    for lookup in all.concat() {
        // What a list leads to that is not more of it: the keys of its owners.
        let mut leads = Vec::new();
        for (status, response) in responses_to(P::ABOUT.name, lookup.operation) {
            for (media, body) in bodies(&response).into_iter().filter(|_| status == "200") {
                let body = sample(&body["schema"], "", 200, &lookup.parameters).to_string();
                let attempt = answer(200, &[("content-type", media)], Body::Complete(body.into()));
                let page = read_page::<P>(&P::ABOUT, &lookup, &attempt, &Redactor::default());
                leads.extend(page.map(|page| page.next).unwrap_or_default());
            }
        }
        leads.retain(|next| next.operation != lookup.operation);
        add(&mut lookups, lookup);
        leads.into_iter().for_each(|next| add(&mut lookups, next));
    }
    Asks {
        provider: P::ABOUT.name,
        lookups,
        page: |lookup, attempt, redactor| read_page::<P>(&P::ABOUT, lookup, attempt, redactor),
        probe: P::probe(secret).map(|lookup| {
            let read: ReadProbe = |attempt, redactor| probed(P::PROBE_RULES, &P::ABOUT, attempt, redactor);
            (lookup, read)
        }),
    }
}

/// What each provider of the table can be asked, with the key and the secret of its fake.
fn all() -> Vec<Asks> {
    struct Row;
    impl Visit for Row {
        type Seen = Asks;
        fn visit<P: providers::Row>(&self) -> Asks {
            asks::<P>(&P::key(7), &P::secret(7))
        }
    }
    providers::visit(&Row)
}

fn page_word(page: &Result<Page, Unread>) -> String {
    match page {
        Ok(page) => {
            let states = page.items.iter().map(|key| key.status().as_str());
            let states: Vec<&str> = states.collect();
            format!(
                "page of {} [{}], next {}",
                page.entries,
                states.join(" "),
                page.next.len()
            )
        }
        Err(unread) => unread.kind.as_str().to_owned(),
    }
}

fn probe_word(probed: &Probed) -> String {
    match probed {
        Probed::Accepted => "ACCEPTED".into(),
        Probed::Refused => "REFUSED".into(),
        Probed::Unknown(unread) => format!("unknown {}", unread.kind.as_str()),
    }
}

impl Asks {
    /// Operation and word of everything that can be asked, for one answer.
    fn words(&self, attempt: &Attempt) -> Vec<(String, String)> {
        let redactor = Redactor::default();
        let page = |lookup: &Lookup| {
            let word = page_word(&(self.page)(lookup, attempt, &redactor));
            (lookup.operation.to_owned(), word)
        };
        let mut words: Vec<_> = self.lookups.iter().map(page).collect();
        if let Some((lookup, probe)) = &self.probe {
            let name = format!("is it accepted ({})", lookup.operation);
            words.push((name, probe_word(&probe(attempt, &redactor))));
        }
        words
    }
}

/// Body shapes by name: documented ones, and what imitates or damages them.
fn shapes() -> Vec<(&'static str, &'static str, Body)> {
    let text = |name, media, text: &str| (name, media, Body::Complete(text.into()));
    let json = |name, body: &str| text(name, "application/json", body);
    let devin = r#"{"items":[{"id":"apk-1","created_at":"2025-08-01T12:00:00Z"}],"total":1,"skip":0,"limit":50,"has_more":false}"#;
    let v3 = r#"{"items":[{"api_key_id":"k","api_key_name":"n","created_at":1,"expires_at":null,"is_active":false,"last_used_at":null,"revoked_at":2}],"has_next_page":false,"end_cursor":null,"total":1}"#;
    let owners = r#"{"items":[{"service_user_id":"service-user-1","name":"n","expires_at":null}],"has_next_page":true,"end_cursor":"c","total":null}"#;
    let me = r#"{"user":{},"api_key":{"id":42,"name":"n"},"organization":{}}"#;
    let tokens = r#"{"api_tokens":[{"id":"a7","user":"alice","expires_at":null}]}"#;
    vec![
        text("no body", "", ""),
        text("html", "text/html", "<html>sign in</html>"),
        ("cut", "application/json", Body::Cut),
        ("too long", "application/json", Body::TooLong),
        json("empty object", "{}"),
        json("list", "[]"),
        json("null", "null"),
        json("page of devin", devin),
        text("page of devin as html", "text/html", devin),
        text("page of devin as problem", "application/problem+json", devin),
        json("page of devin twice", &format!("{devin}{devin}")),
        json("page of devin v3", v3),
        json("page of owners", owners),
        json("sessions", r#"{"sessions":[]}"#),
        json("sessions null", r#"{"sessions":null}"#),
        json(
            "self",
            r#"{"principal_type":"service_user","service_user_id":"s","service_user_name":"n"}"#,
        ),
        json("me", me),
        json("tokens", tokens),
        json(
            "tokens of another user",
            r#"{"api_tokens":[{"id":"a7","user":"Alice"}]}"#,
        ),
        json(
            "a user's token",
            r#"{"kind":"user","name":"alice","token_id":"a7"}"#,
        ),
        json(
            "a service's token",
            r#"{"kind":"service","name":"s","token_id":"a1"}"#,
        ),
        json("error of the hub", r#"{"status":403,"message":null}"#),
        json(
            "me without a key",
            r#"{"user":{},"api_key":null,"organization":{}}"#,
        ),
        json("me with a key of no id", r#"{"api_key":{"name":"n"}}"#),
        json("detail text", r#"{"detail":"x"}"#),
        text("detail text as html", "text/html", r#"{"detail":"x"}"#),
        json(
            "detail list",
            r#"{"detail":[{"loc":["query","page"],"msg":"bad","type":"t"}]}"#,
        ),
        text(
            "problem of 401",
            "application/problem+json",
            r#"{"title":"Unauthorized","status":401,"detail":null}"#,
        ),
        text(
            "problem of 403",
            "application/problem+json",
            r#"{"title":"Forbidden","status":403}"#,
        ),
        json("message text", r#"{"message":"x"}"#),
        json("message of a gateway", r#"{"message":"Unauthorized"}"#),
        json("unauthenticated", r#"{"message":"Unauthenticated."}"#),
        json(
            "scope missing",
            r#"{"message":"This API key does not have the required scope."}"#,
        ),
        json(
            "models",
            r#"{"object":"list","data":[{"id":"m"}],"has_more":false}"#,
        ),
        json("valid", r#"{"valid":true}"#),
        json("nothing valid", r#"{"api_key":null}"#),
        json("a list of errors", r#"{"errors":["x"]}"#),
        json(
            "a key that is not known to openai",
            r#"{"error":{"code":"invalid_api_key","message":"x"}}"#,
        ),
        json(
            "an address that openai does not allow",
            r#"{"error":{"code":"ip_not_authorized","message":"x"}}"#,
        ),
        json(
            "a key that is not known to anthropic",
            r#"{"type":"error","error":{"type":"authentication_error","message":"x"}}"#,
        ),
        json(
            "a key that may not, at anthropic",
            r#"{"type":"error","error":{"type":"permission_error","message":"x"}}"#,
        ),
        json(
            "a key that is not known to openrouter",
            r#"{"error":{"code":401,"message":"x"}}"#,
        ),
        json(
            "a token that gitlab revoked",
            r#"{"error":"invalid_token","error_description":"x"}"#,
        ),
        json(
            "a key that is not known to sendgrid",
            r#"{"errors":[{"field":null,"message":"It is invalid, expired, or revoked"}]}"#,
        ),
        json(
            "a key that may not, at sendgrid",
            r#"{"errors":[{"field":null,"message":"authorization required"}]}"#,
        ),
        json(
            "tenant unknown",
            r#"{"message":"Tenant could not be identified for this domain."}"#,
        ),
    ]
}

/// Runs of statuses with the same word.
fn runs(words: impl Iterator<Item = (u16, String)>) -> Vec<(u16, u16, String)> {
    let mut runs: Vec<(u16, u16, String)> = Vec::new();
    for (status, word) in words {
        match runs.last_mut() {
            Some((_, last, same)) if *same == word && *last + 1 == status => *last = status,
            _ => runs.push((status, status, word)),
        }
    }
    runs
}

#[test]
fn golden_what_answers_to_look_ups_say_is_as_kept() {
    let mut table = String::from(
        "# provider, look-up × body shape × status: without a body 100 to 599, then where a body says something else, of those\n\
         # that have a meaning somewhere;\n\
         # written by KEYREVOKE_BLESS=1 cargo test --all-features golden\n",
    );
    for asks in all() {
        let words = |media: &str, body: &Body, statuses: &[u16]| {
            let headers: &[(&str, &str)] = if media.is_empty() {
                &[]
            } else {
                &[("content-type", media)]
            };
            let statuses = statuses.iter();
            let words = statuses.map(|status| asks.words(&answer(*status, headers, body.clone())));
            words.collect::<Vec<_>>()
        };
        let every: Vec<u16> = (100..=599).collect();
        let some = [200..=206, 300..=308, 400..=431, 500..=511].into_iter().flatten();
        let some: Vec<u16> = some.collect();
        let bare = words("", &Body::Complete(Vec::new()), &every);
        for (index, (operation, _)) in bare[0].iter().enumerate() {
            let mut same: BTreeMap<Vec<(u16, u16, String)>, Vec<&str>> = BTreeMap::new();
            for (name, media, body) in shapes() {
                let statuses = if name == "no body" { &every } else { &some };
                let words = words(media, &body, statuses).into_iter().zip(statuses);
                let of_bare = |status: u16| &bare[usize::from(status) - 100][index];
                let other =
                    words.filter(|(words, status)| name == "no body" || words[index] != *of_bare(**status));
                let other = other.map(|(mut words, status)| (*status, words.remove(index).1));
                same.entry(runs(other)).or_default().push(name);
            }
            let mut same: Vec<_> = same.into_iter().collect();
            same.sort_by_key(|(_, names)| (names[0] != "no body", names[0]));
            for (runs, names) in same {
                writeln!(table, "\n{} {operation}: {}", asks.provider, names.join("; ")).unwrap();
                for (first, last, word) in runs {
                    let statuses = if first == last {
                        format!("{first}")
                    } else {
                        format!("{first}-{last}")
                    };
                    writeln!(table, "  {statuses:<9}{word}").unwrap();
                }
            }
        }
    }
    compare("lookups.txt", &table);
}

#[test]
fn golden_every_documented_answer_to_a_look_up_is_read() {
    let mut table = String::from(
        "# every answer that a document lists for a look-up; written by KEYREVOKE_BLESS=1 cargo test --all-features golden\n",
    );
    for asks in all() {
        let mut operations: Vec<&str> = asks.lookups.iter().map(|lookup| lookup.operation).collect();
        operations.extend(asks.probe.iter().map(|(lookup, _)| lookup.operation));
        operations.sort_unstable();
        operations.dedup();
        for operation in operations {
            let lookup = asks.lookups.iter().find(|lookup| lookup.operation == operation);
            let parameters = lookup.map_or(&[][..], |lookup| &lookup.parameters);
            for (status, response) in responses_to(asks.provider, operation) {
                let number = status_of(&status);
                for (media, body) in bodies(&response) {
                    let body = match body.get("example") {
                        Some(example) => example.clone(),
                        None => sample(&body["schema"], "", number, parameters),
                    };
                    // What is no JSON stands in the document as it is sent.
                    let body = body.as_str().map_or(body.to_string(), ToOwned::to_owned);
                    let attempt = answer(number, &[("content-type", media)], Body::Complete(body.into()));
                    for (asked, word) in asks.words(&attempt) {
                        if asked == operation || asked == format!("is it accepted ({operation})") {
                            writeln!(table, "{:<9} {status} {asked:<26} {word}", asks.provider).unwrap();
                        }
                    }
                }
            }
        }
    }
    compare("documented-lookups.txt", &table);
}

#[test]
fn a_success_that_tells_of_an_error_is_no_answer_to_a_look_up() {
    let mut read = 0;
    for asks in all() {
        let probed = asks.probe.iter().map(|(lookup, _)| lookup);
        let operations: Vec<&str> = asks
            .lookups
            .iter()
            .chain(probed)
            .map(|lookup| lookup.operation)
            .collect();
        for operation in operations {
            let lookup = asks.lookups.iter().find(|lookup| lookup.operation == operation);
            let parameters = lookup.map_or(&[][..], |lookup| &lookup.parameters);
            let responses = responses_to(asks.provider, operation);
            for (_, response) in responses.into_iter().filter(|(status, _)| status == "200") {
                for (media, body) in bodies(&response) {
                    let mut body = sample(&body["schema"], "", 200, parameters);
                    if media.ends_with("xml") || !body.is_object() {
                        continue;
                    }
                    body["errors"] = json!([{ "message": "some keys are left out" }]);
                    let told = answer(
                        200,
                        &[("content-type", media)],
                        Body::Complete(body.to_string().into()),
                    );
                    for (asked, word) in asks.words(&told) {
                        read += 1;
                        assert!(!word.starts_with("page"), "{} {asked}: {word}", asks.provider);
                        assert!(
                            word.chars().all(|c| !c.is_ascii_uppercase()),
                            "{} {asked}: {word}",
                            asks.provider
                        );
                    }
                }
            }
        }
    }
    assert!(read > 50, "{read}");
    #[cfg(feature = "aws")]
    {
        use crate::aws_iam::AwsIam;
        let lookup = AwsIam::find(&"fake-user/AKIAFA4E000000000007".parse().unwrap()).remove(0);
        let page = |more: &str| {
            let body = format!(
                "<ListAccessKeysResponse>{more}<ListAccessKeysResult><AccessKeyMetadata/><IsTruncated>false</IsTruncated>\
                 </ListAccessKeysResult></ListAccessKeysResponse>"
            );
            let answer = answer(200, &[("content-type", "text/xml")], Body::Complete(body.into()));
            page_word(&read_page::<AwsIam>(
                &AwsIam::ABOUT,
                &lookup,
                &answer,
                &Redactor::default(),
            ))
        };
        assert_eq!(page(""), "page of 0 [], next 0");
        assert_eq!(page("<Error/>"), "page of 0 [], next 0");
        let without = "<ListAccessKeysResponse><ListAccessKeysResult><IsTruncated>false</IsTruncated></ListAccessKeysResult></ListAccessKeysResponse>";
        let attempt = answer(
            200,
            &[("content-type", "text/xml")],
            Body::Complete(without.into()),
        );
        let read = read_page::<AwsIam>(&AwsIam::ABOUT, &lookup, &attempt, &Redactor::default());
        assert_eq!(page_word(&read), "unexpected_answer", "no list is no empty one");
        assert_eq!(
            page("<Error><Code>Throttling</Code></Error>"),
            "unexpected_answer"
        );
    }
}

#[test]
fn every_rule_on_a_probe_needs_a_body_and_names_a_documented_answer() {
    struct Rules;
    impl Visit for Rules {
        type Seen = usize;
        fn visit<P: providers::Row>(&self) -> usize {
            let (about, rules) = (&P::ABOUT, P::PROBE_RULES);
            let Some(lookup) = P::probe(&P::secret(7)) else {
                assert!(
                    rules.is_empty(),
                    "{}: nothing is sent for its own secret",
                    about.name
                );
                return 0;
            };
            let responses = responses_to(about.name, lookup.operation);
            assert!(rules.iter().any(|rule| rule.accepted), "{}", about.name);
            for rule in rules {
                let name = format!("{} {}", about.name, rule.status);
                assert!(rule.source.contains("read 20"), "{name}");
                let Expect::Object(members) = rule.body else {
                    panic!("{name}: a status alone is no answer")
                };
                assert!(!members.is_empty(), "{name}: a status alone is no answer");
                for (media, body) in bodies(response_of(&responses, rule.status).unwrap()) {
                    let properties = body["schema"]["properties"].as_object().unwrap();
                    for member in members.iter().flat_map(|member| member.names()) {
                        assert!(properties.contains_key(member), "{name} {media}: {member}");
                    }
                }
            }
            rules.len()
        }
    }
    let rules: usize = providers::visit(&Rules).into_iter().sum();
    assert!(rules > 40, "{rules}");
}

#[test]
fn a_secret_of_a_form_that_the_operation_cannot_judge_is_not_sent() {
    for secret in ["cog_x", "", "sk_x", " apk_x", "Bearer apk_x"] {
        assert_eq!(Devin::probe(secret), None, "{secret}");
    }
    for secret in ["apk_user_x", "", "COG_X"] {
        assert_eq!(DevinV3::probe(secret), None, "{secret}");
    }
    for secret in ["sk-admin-x", "sk-ant-api03-x", "sk-or-v1-x", "SK-x", "x", ""] {
        assert_eq!(OpenAi::probe(secret), None, "{secret}");
    }
    assert!(OpenAi::probe("sk-x").is_some() && OpenAi::probe("sk-svcacct-x").is_some());
    for secret in ["sk-proj-x", "sk-x", ""] {
        assert_eq!(OpenAiAdmin::probe(secret), None, "{secret}");
    }
    for secret in ["sk-ant-admin01-x", "sk-ant-oat01-x", "sk-x", ""] {
        assert_eq!(Anthropic::probe(secret), None, "{secret}");
    }
    for secret in ["gldt-x", "glrt-x", ""] {
        assert_eq!(GitLab::probe(secret), None, "{secret}");
    }
    for secret in ["cfat_x", "cfk_x", ""] {
        assert_eq!(Cloudflare::probe(secret), None, "{secret}");
    }
    for secret in ["fa4e", "0123456789abcdef0123456789abcdef01234567", ""] {
        assert_eq!(Datadog::probe(secret), None, "{secret}");
    }
    assert_eq!(OpenRouter::probe("sk-proj-x"), None);
    assert_eq!(SendGrid::probe("SK-x"), None);
    let sid = "SK0f4e0000000000000000000000000007";
    for secret in [sid, "AC0f4e0000000000000000000000000001:x", "x:y", "x", ""] {
        assert_eq!(Twilio::probe(secret), None, "{secret}");
    }
    assert!(Twilio::probe(&format!("{sid}:x")).is_some());
    for secret in ["00Tfa4e0000000000007", "SSWS 00fa4e", "x", ""] {
        assert_eq!(Okta::probe(secret), None, "{secret}");
    }
    assert_eq!(WorkOs::probe(""), None);
    assert_eq!(crate::dolfin::Dolfin::probe("dol_live_x"), None);
    assert_eq!(crate::kadosei::Kadosei::probe("ks_live_x"), None);
    assert!(crate::dolfin::Dolfin::list().is_empty() && crate::kadosei::Kadosei::list().is_empty());
}

fn ok(body: &Value) -> Attempt {
    answer(
        200,
        &[("content-type", "application/json")],
        Body::Complete(body.to_string().into()),
    )
}

fn devin_page() -> Value {
    let item = json!({
        "api_key_value": "apk_user_canary0123456789",
        "created_at": "2025-08-01T12:00:00+02:00",
        "id": "apk-abc1",
        "is_service_key": false,
        "org_id": "org-1",
        "org_name": "apk_user_canary0123456789",
        "user_email": "ada@example.com",
        "user_id": "user-1",
    });
    json!({ "items": [item], "total": 120, "skip": 0, "limit": 50, "has_more": true, "next_cursor": 2 })
}

/// Sets a member, by its path; null takes it away.
fn with(mut page: Value, path: &str, value: Value) -> Value {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = page.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => parent.remove(name),
        value => parent.insert(name.to_owned(), value),
    };
    page
}

fn read<P: Provider>(lookup: &Lookup, body: &Value) -> Result<Page, Unread> {
    read_page::<P>(&P::ABOUT, lookup, &ok(body), &Redactor::default())
}

#[test]
fn a_page_of_devin_is_read_without_the_secrets_that_it_holds() {
    let lookup = Devin::list().remove(0);
    let page = read::<Devin>(&lookup, &devin_page()).unwrap();
    let created = SystemTime::UNIX_EPOCH + Duration::from_secs(1_754_042_400);
    let key = KeyInfo::new("devin:apk-abc1".parse().unwrap(), KeyStatus::Active)
        .with_owner("ada@example.com")
        .with_created_at(created);
    assert_eq!(page.items, [key]);
    assert_eq!((page.entries, page.total), (1, Some(120)));
    assert_eq!(page.next, [lookup.clone().with_query("page", 2)]);
    let shown = format!("{page:?} {}", serde_json::to_string(&page.items).unwrap());
    assert!(!shown.contains("canary"), "{shown}");

    for (path, value, owner) in [
        ("/items/0/user_email", Value::Null, Some("user-1")),
        (
            "/items/0/user_email",
            json!("x apk_user_canary0123456789"),
            Some("x [redacted]"),
        ),
        ("/items/0/user_email", json!(""), Some("user-1")),
        ("/items/0/created_at", json!("yesterday"), Some("ada@example.com")),
    ] {
        let page = read::<Devin>(&lookup, &with(devin_page(), path, value)).unwrap();
        assert_eq!(page.items[0].owner(), owner, "{path}");
    }
}

#[test]
fn a_page_of_devin_that_lacks_anything_is_not_read() {
    let lookup = Devin::list().remove(0);
    for (path, value) in [
        ("/items", Value::Null),
        ("/items", json!({})),
        ("/items", json!(["apk-1"])),
        ("/items", json!([null])),
        ("/items/0/id", Value::Null),
        ("/items/0/id", json!("")),
        ("/items/0/id", json!("..")),
        ("/items/0/id", json!(["apk-1"])),
        ("/items/0/id", json!("apk_user_canary0123456789")),
        ("/items/0/user_email", json!(7)),
        ("/items/0/created_at", json!(1_754_042_400)),
        ("/total", Value::Null),
        ("/total", json!(-1)),
        ("/total", json!("120")),
        ("/has_more", Value::Null),
        ("/has_more", json!("true")),
        ("/has_more", json!(0)),
        ("/next_cursor", Value::Null),
        ("/next_cursor", json!("2")),
        ("/next_cursor", json!(1)), // this very page
    ] {
        let unread = read::<Devin>(&lookup, &with(devin_page(), path, value.clone())).expect_err(path);
        assert_eq!(
            (unread.kind, unread.facts.status),
            (ErrorKind::UnexpectedAnswer, Some(200)),
            "{path}"
        );
        let detail = unread.facts.detail.unwrap();
        assert!(
            !detail.contains("canary") && detail.contains(['`', 'p']),
            "{path} {value}: {detail}"
        );
    }
}

fn v3_page(item: Value) -> Value {
    let mut whole = json!({
        "api_key_id": "key-1", "api_key_name": "CI", "created_at": 1_700_000_000, "expires_at": null,
        "is_active": true, "last_used_at": null, "revoked_at": null,
    });
    for (name, value) in item.as_object().unwrap() {
        whole[name] = value.clone();
    }
    json!({ "items": [whole], "has_next_page": false, "end_cursor": null, "total": null })
}

#[test]
fn the_status_of_a_key_of_devin_v3_is_what_all_its_members_say() {
    let lookup = DevinV3::find(&"service-user-1/key-1".parse().unwrap()).remove(0);
    for (item, status, state) in [
        (json!({}), KeyStatus::Active, KeyState::Live),
        (
            json!({ "expires_at": NOW + 1000 }),
            KeyStatus::Active,
            KeyState::Live,
        ),
        (
            json!({ "revoked_at": NOW + 1000 }),
            KeyStatus::Active,
            KeyState::Live,
        ),
        (
            json!({ "revoked_at": NOW - 1 }),
            KeyStatus::Unknown,
            KeyState::Unknown,
        ),
        (
            json!({ "is_active": false }),
            KeyStatus::Inactive,
            KeyState::Unknown,
        ),
        (
            json!({ "is_active": false, "revoked_at": NOW - 1 }),
            KeyStatus::Revoked,
            KeyState::Dead,
        ),
        (
            json!({ "is_active": false, "revoked_at": NOW + 1000 }),
            KeyStatus::Inactive,
            KeyState::Unknown,
        ),
        (
            json!({ "is_active": false, "expires_at": NOW - 301 }),
            KeyStatus::Expired,
            KeyState::Dead,
        ),
        (
            // By a clock that may be ahead by some minutes.
            json!({ "is_active": false, "expires_at": NOW - 299 }),
            KeyStatus::Inactive,
            KeyState::Unknown,
        ),
        (
            json!({ "is_active": false, "expires_at": NOW + 1000 }),
            KeyStatus::Inactive,
            KeyState::Unknown,
        ),
        (
            json!({ "is_active": false, "expires_at": 1, "revoked_at": 1 }),
            KeyStatus::Revoked,
            KeyState::Dead,
        ),
    ] {
        let page = read::<DevinV3>(&lookup, &v3_page(item.clone())).unwrap();
        let [key] = page.items.as_slice() else {
            panic!("{item}")
        };
        assert_eq!((key.status(), key.state()), (status, state), "{item}");
        assert_eq!(key.key().to_string(), "devin-v3:service-user-1/key-1");
        assert_eq!(
            (key.name(), key.owner(), key.last_used_at()),
            (Some("CI"), Some("service-user-1"), None)
        );
    }
    for (path, value) in [
        ("/items/0/api_key_id", Value::Null),
        ("/items/0/is_active", Value::Null),
        ("/items/0/is_active", json!("false")),
        ("/items/0/revoked_at", Value::Null), // missing, which is not the same as null
        ("/items/0/revoked_at", json!("2026-11-22T00:00:00Z")),
        ("/items/0/revoked_at", json!(1_700_000_000_000_u64)),
        ("/items/0/created_at", json!(u64::MAX)),
        ("/items/0/expires_at", json!(1.5)),
        ("/has_next_page", Value::Null),
        ("/has_next_page", json!(true)), // and no cursor
        ("/total", json!("1")),
    ] {
        let page = read::<DevinV3>(&lookup, &with(v3_page(json!({})), path, value.clone()));
        assert_eq!(page_word(&page), "unexpected_answer", "{path} {value}");
    }
}

#[test]
fn a_cursor_goes_back_as_it_came_and_what_cannot_is_refused() {
    let lookup = DevinV3::list().remove(0);
    let owners = |cursor: &str| json!({ "items": [{ "service_user_id": "service-user-1" }], "has_next_page": true, "end_cursor": cursor });
    for cursor in ["eyJsYXN0X2lkIjoiYWJjMTIzIn0=", "a&b=c#d%20+é", " ", "\u{202e}x"] {
        let page = read::<DevinV3>(&lookup, &owners(cursor)).unwrap();
        assert_eq!(page.next[0].query("after"), Some(cursor));
        assert_eq!(page.next[1].parameter("service_user_id"), "service-user-1");
        assert!(!format!("{page:?}").contains(cursor) || cursor == " ", "{page:?}");
        let again = read::<DevinV3>(&page.next[0], &owners(cursor));
        assert_eq!(page_word(&again), "unexpected_answer", "the cursor repeats");
    }
    for cursor in ["", "a\nb", "\0", &"x".repeat(2049)] {
        assert!(read::<DevinV3>(&lookup, &owners(cursor)).is_err(), "{cursor:?}");
    }
}

#[test]
fn a_key_that_is_a_credential_of_ours_is_not_listed() {
    let credential = Credential::bearer("apk-abc1");
    let redactor = credential
        .prepare("devin", Devin::ABOUT.credentials)
        .unwrap()
        .redactor;
    let page = read_page::<Devin>(&Devin::ABOUT, &Devin::list()[0], &ok(&devin_page()), &redactor);
    let unread = page.unwrap_err();
    assert!(!format!("{unread:?}").contains("apk-abc1"), "{unread:?}");
}

/// Sends one look-up to a fake, as a client does.
async fn send<P: Provider>(fake: &Fake, lookup: &Lookup, credential: Credential) -> Attempt {
    let prefix = P::ABOUT.settings.iter().find_map(|setting| match setting.effect {
        Effect::PathPrefix(choices) => choices.first(),
        Effect::Header(_) => None,
    });
    let root = reqwest::Url::parse(&fake.base_url()).unwrap();
    let base = reqwest::Url::parse(&format!("{}{}", fake.base_url(), prefix.unwrap_or(&""))).unwrap();
    let target = Arc::new(Target {
        base,
        root,
        operations: P::Client::OPERATIONS,
        headers: P::HEADERS
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect(),
    });
    let mut parameters = lookup.parameters.clone();
    parameters.extend(lookup.secret().map(|secret| (SECRET, secret.to_owned())));
    let of_secret = lookup.secret().map(|_| P::PROBE_CONTENT);
    let own = credential.prepare(P::ABOUT.name, P::ABOUT.credentials);
    let call = Call {
        target: Arc::clone(&target),
        parameters: Arc::new(parameters),
        query: Arc::new(lookup.query.clone()),
        content: of_secret.unwrap_or(Content::Empty),
        credential: Arc::new(
            own.unwrap_or_else(|_| credential.prepare(P::ABOUT.name, P::PROBE_CREDENTIALS).unwrap()),
        ),
    };
    let base = target.base_of(lookup.operation).as_str().trim_end_matches('/');
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    let client = P::Client::with(base, http.build().unwrap(), call);
    let limit = Instant::now() + Duration::from_secs(30);
    attempt_to_read(LIST_LIMIT, P::look_up(&client, lookup), limit).await
}

/// Goes through an inventory, and gives the keys where it is complete.
async fn inventory<P: Provider>(fake: &Fake, first: Vec<Lookup>) -> Result<Vec<KeyInfo>, Unread> {
    let (mut inventory, mut keys) = (Inventory::new(first), Vec::new());
    while let Some(lookup) = inventory.next() {
        let attempt = send::<P>(fake, &lookup, fake.credential()).await;
        keys.extend(inventory.add(
            &lookup,
            read_page::<P>(&P::ABOUT, &lookup, &attempt, &Redactor::default()),
        )?);
    }
    assert!(inventory.is_complete());
    Ok(keys)
}

fn texts(keys: &[KeyInfo], status: KeyStatus) -> Vec<String> {
    let of_status = keys.iter().filter(|key| key.status() == status);
    of_status.map(|key| key.key().to_string()).collect()
}

#[tokio::test]
async fn an_inventory_goes_through_all_pages_of_a_fake() {
    let fake = Fake::start("devin").await.unwrap();
    let mut live: Vec<String> = (0..70).map(|_| fake.new_key().to_string()).collect();
    let dead = fake.dead_key();
    live.push(fake.new_key().to_string());
    let keys = inventory::<Devin>(&fake, Devin::list()).await.unwrap();
    assert_eq!(texts(&keys, KeyStatus::Active), live);
    assert!(
        !keys.iter().any(|key| *key.key() == dead),
        "a revoked key leaves the list"
    );
    let shown = format!("{keys:?} {}", serde_json::to_string(&keys).unwrap());
    assert!(!shown.contains("apk_user_"), "{shown}");
    let paths: Vec<String> = fake.requests().into_iter().map(|request| request.path).collect();
    let path = "/v2/enterprise/api-keys?page=";
    assert_eq!(
        paths,
        [format!("{path}1&per_page=50"), format!("{path}2&per_page=50")]
    );

    let fake = Fake::start("devin-v3").await.unwrap();
    let live: Vec<String> = (0..11).map(|_| fake.new_key().to_string()).collect();
    let dead = fake.dead_key();
    let keys = inventory::<DevinV3>(&fake, DevinV3::list()).await.unwrap();
    assert_eq!(texts(&keys, KeyStatus::Active), live);
    assert_eq!(texts(&keys, KeyStatus::Revoked), [dead.to_string()]);
    let requests = fake.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    let keys_of = "/v3beta1/enterprise/service-users/service-user-";
    assert_eq!(
        paths,
        [
            "/v3/enterprise/members/service-users?first=50",
            &format!("{keys_of}fa4e/api-keys?status=all"),
            &format!("{keys_of}fa4e/api-keys?after=10+%2B%26%23%3D%25%C3%A9&status=all"),
            &format!("{keys_of}without-keys/api-keys?status=all"),
        ]
    );
    assert!(
        requests
            .iter()
            .all(|request| request.method == "GET" && request.body.is_empty())
    );

    let found = inventory::<DevinV3>(&fake, DevinV3::find(&dead.key().parse().unwrap()))
        .await
        .unwrap();
    assert_eq!(texts(&found, KeyStatus::Revoked), [dead.to_string()]);
}

/// All keys of a fake come, each once, without their secrets; a dead one as what the provider makes of it.
async fn check_inventory<P: Provider>(live: usize, of_the_dead: Option<KeyStatus>, paths: &[&str]) {
    let fake = Fake::start(P::ABOUT.name).await.unwrap();
    let mut wanted: Vec<String> = (1..live).map(|_| fake.new_key().to_string()).collect();
    let dead = fake.dead_key();
    let last = fake.new_key();
    wanted.push(last.to_string());
    let keys = inventory::<P>(&fake, P::list()).await.unwrap();
    assert_eq!(texts(&keys, KeyStatus::Active), wanted, "{}", P::ABOUT.name);
    let found = keys.iter().find(|key| *key.key() == dead);
    assert_eq!(found.map(KeyInfo::status), of_the_dead, "{}", P::ABOUT.name);
    assert_eq!(keys.len(), live + usize::from(of_the_dead.is_some()));
    let secret = fake.secret(&last).unwrap();
    let shown = format!("{keys:?} {}", serde_json::to_string(&keys).unwrap());
    assert!(!shown.contains(&secret), "{shown}");
    // What is shown of a secret is that of this key.
    let last = keys.iter().find(|key| *key.key() == last).unwrap();
    assert!(secret.starts_with(last.prefix().unwrap_or_default()));
    assert!(secret.ends_with(last.last4().unwrap_or_default()));
    let requests = fake.requests();
    let asked: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(asked, paths);
    assert!(
        requests
            .iter()
            .all(|request| request.method == "GET" && request.body.is_empty())
    );
}

#[tokio::test]
async fn every_list_is_gone_through_to_its_end() {
    let (inactive, revoked) = (Some(KeyStatus::Inactive), Some(KeyStatus::Revoked));
    check_inventory::<OpenAi>(
        101,
        None,
        &[
            "/organization/projects?limit=100",
            "/organization/projects/proj_fa4e/api_keys?limit=100&owner_project_access=any",
            "/organization/projects/proj_fa4e/api_keys?after=100+%2B%26%23%3D%25%C3%A9&limit=100&owner_project_access=any",
            "/organization/projects/proj_without_keys/api_keys?limit=100&owner_project_access=any",
        ],
    )
    .await;
    check_inventory::<OpenAiAdmin>(
        101,
        None,
        &[
            "/organization/admin_api_keys?limit=100",
            "/organization/admin_api_keys?after=100+%2B%26%23%3D%25%C3%A9&limit=100",
        ],
    )
    .await;
    check_inventory::<Anthropic>(
        250,
        inactive,
        &[
            "/v1/organizations/api_keys?limit=250",
            "/v1/organizations/api_keys?after_id=250+%2B%26%23%3D%25%C3%A9&limit=250",
        ],
    )
    .await;
    check_inventory::<GitLab>(
        100,
        revoked,
        &[
            "/personal_access_tokens?page=1&per_page=100",
            "/personal_access_tokens?page=2&per_page=100",
        ],
    )
    .await;
    check_inventory::<SendGrid>(3, None, &["/v3/api_keys"]).await;
    check_inventory::<Cloudflare>(
        51,
        None,
        &[
            "/user/tokens?page=1&per_page=50",
            "/user/tokens?page=2&per_page=50",
        ],
    )
    .await;
    let account = "/2010-04-01/Accounts/AC0f4e0000000000000000000000000001/Keys.json";
    check_inventory::<Twilio>(
        51,
        None,
        &[
            "/2010-04-01/Accounts.json?PageSize=50",
            &format!("{account}?PageSize=50"),
            &format!("{account}?Page=1&PageSize=50&PageToken=PA%2B1"),
        ],
    )
    .await;
    check_inventory::<Datadog>(
        101,
        None,
        &[
            "/api/v2/api_keys?page%5Bnumber%5D=0&page%5Bsize%5D=100",
            "/api/v2/api_keys?page%5Bnumber%5D=1&page%5Bsize%5D=100",
        ],
    )
    .await;
    check_inventory::<Okta>(3, None, &["/api/v1/api-tokens"]).await;
    let page = |from: u8| {
        format!(
            "/_security/_query/api_key?source=%7B%22from%22%3A{from}%2C%22size%22%3A100%2C%22sort%22%3A%5B%22creation%22%5D%7D\
             &source_content_type=application%2Fjson"
        )
    };
    check_inventory::<Elasticsearch>(100, revoked, &[&page(0), &page(100)]).await;
    let organization = "/organizations/org_01FA4E0000000000000000000";
    check_inventory::<WorkOs>(
        100,
        Some(KeyStatus::Expired),
        &[
            "/organizations?limit=100",
            &format!("{organization}1/api_keys?limit=100"),
            &format!("{organization}1/api_keys?after=100+%2B%26%23%3D%25%C3%A9&limit=100"),
            &format!("{organization}2/api_keys?limit=100"),
        ],
    )
    .await;
    check_inventory::<InfluxDb>(3, inactive, &["/api/v2/authorizations"]).await;
    let keys = "/keys?include_disabled=true&offset=";
    let (of_one, of_two) = (
        "0df9e665-d932-4740-b2c7-b52af166bc11",
        "00000000-0000-4000-8000-000000000000",
    );
    check_inventory::<OpenRouter>(
        10,
        inactive,
        &[
            "/workspaces?limit=100&offset=0",
            &format!("{keys}0&workspace_id={of_one}"),
            &format!("{keys}10&workspace_id={of_one}"),
            &format!("{keys}11&workspace_id={of_one}"),
            &format!("{keys}0&workspace_id={of_two}"),
        ],
    )
    .await;
}

/// What becomes of a page with these headers.
fn with_headers<P: Provider>(lookup: &Lookup, headers: &[(&str, &str)], body: &str) -> String {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let attempt = answer(200, &headers, Body::Complete(body.into()));
    page_word(&read_page::<P>(&P::ABOUT, lookup, &attempt, &Redactor::default()))
}

#[test]
fn a_page_of_gitlab_says_in_a_header_whether_it_is_the_last_one() {
    let lookup = GitLab::list().remove(0);
    let tokens = r#"[{"id":7,"revoked":false,"active":true},{"id":8,"revoked":true,"active":false}]"#;
    let of_two = "page of 2 [active revoked], next ";
    for (headers, body, word) in [
        (vec![("x-next-page", "")], tokens, format!("{of_two}0")),
        (vec![("x-next-page", "2")], tokens, format!("{of_two}1")),
        (
            vec![("x-next-page", "2"), ("x-total", "102")],
            tokens,
            format!("{of_two}1"),
        ),
        (vec![("x-next-page", "")], "[]", "page of 0 [], next 0".into()),
        (vec![], tokens, "unexpected_answer".into()), // on the way, somebody took it away
        (vec![("x-total", "2")], tokens, "unexpected_answer".into()),
        (vec![("x-next-page", "1")], tokens, "unexpected_answer".into()), // this very page
        (vec![("x-next-page", "next")], tokens, "unexpected_answer".into()),
        (
            vec![("x-next-page", ""), ("x-next-page", "2")],
            tokens,
            "unexpected_answer".into(),
        ),
        (vec![("x-next-page", "")], "{}", "unexpected_answer".into()),
        (vec![("x-next-page", "")], "null", "unexpected_answer".into()),
        (vec![("x-next-page", "")], "[7]", "unexpected_answer".into()),
        (
            vec![("x-next-page", "")],
            r#"[{"id":7}]"#,
            "unexpected_answer".into(),
        ),
        (
            vec![("x-next-page", "")],
            r#"{"id":7,"revoked":false,"active":true}"#,
            "unexpected_answer".into(),
        ),
    ] {
        assert_eq!(
            with_headers::<GitLab>(&lookup, &headers, body),
            word,
            "{headers:?} {body}"
        );
    }
    // A list is no answer to a question about one token.
    let find = GitLab::find(&"7".parse().unwrap()).remove(0);
    for lookup in [find, GitLab::whoami().unwrap()] {
        let word = with_headers::<GitLab>(&lookup, &[("x-next-page", "")], tokens);
        assert_eq!(word, "unexpected_answer");
    }
}

#[test]
fn a_list_that_links_to_more_is_not_the_whole() {
    let lookup = Okta::list().remove(0);
    let tokens = r#"[{"id":"00Tfa4e","name":"n"}]"#;
    for (link, word) in [
        (None, "page of 1 [active], next 0"),
        (Some(r#"<https://x/>; rel="self""#), "page of 1 [active], next 0"),
        (
            Some(r#"<https://x/next>; rel=prev"#),
            "page of 1 [active], next 0",
        ),
        (Some(r#"<https://x/>; rel="next""#), "unexpected_answer"),
        (Some("<https://x/>; rel=next"), "unexpected_answer"),
        (Some("<https://x/>; REL='Next'"), "unexpected_answer"),
        (
            Some(r#"<https://x/>; rel="self", <https://x/?after=1>; title="x"; rel="next""#),
            "unexpected_answer",
        ),
    ] {
        let headers: Vec<(&str, &str)> = link.map(|link| ("link", link)).into_iter().collect();
        assert_eq!(with_headers::<Okta>(&lookup, &headers, tokens), word, "{link:?}");
    }
    let lookup = InfluxDb::list().remove(0);
    for (links, word) in [
        (r#"{"self":"/a"}"#, "page of 0 [], next 0"),
        (r#"{"self":"/a","next":null}"#, "page of 0 [], next 0"),
        ("null", "page of 0 [], next 0"),
        (r#"{"self":"/a","next":"/b"}"#, "unexpected_answer"),
        ("[]", "unexpected_answer"),
    ] {
        let body = format!(r#"{{"links":{links},"authorizations":[]}}"#);
        assert_eq!(with_headers::<InfluxDb>(&lookup, &[], &body), word, "{links}");
    }
}

#[test]
fn the_address_of_a_next_page_is_that_of_the_same_list() {
    let lookup = Twilio::list().remove(0);
    let list = "/2010-04-01/Accounts.json";
    for (next, word) in [
        ("null".to_owned(), "page of 0 [], next 0"),
        (
            format!(r#""{list}?PageSize=50&Page=1&PageToken=PA1""#),
            "page of 0 [], next 1",
        ),
        (format!(r#""{list}?PageSize=50""#), "unexpected_answer"), // this very page
        (format!(r#""{list}""#), "unexpected_answer"),
        (format!(r#""{list}?Page=1&Other=1""#), "unexpected_answer"),
        (
            r#""/2010-04-01/Accounts/AC1/Keys.json?Page=1""#.to_owned(),
            "unexpected_answer",
        ),
        (
            format!(r#""https://elsewhere.example{list}?Page=1""#),
            "unexpected_answer",
        ),
        (r#""""#.to_owned(), "unexpected_answer"),
        ("7".to_owned(), "unexpected_answer"),
    ] {
        let body = format!(r#"{{"accounts":[],"next_page_uri":{next}}}"#);
        assert_eq!(with_headers::<Twilio>(&lookup, &[], &body), word, "{next}");
    }
    assert_eq!(
        with_headers::<Twilio>(&lookup, &[], r#"{"accounts":[]}"#),
        "unexpected_answer",
        "nothing says that it ends"
    );
}

#[test]
fn what_is_shown_of_a_secret_is_its_ends_and_no_more() {
    let find = Anthropic::find(&"apikey_1".parse().unwrap()).remove(0);
    for (hint, prefix, last4) in [
        (json!("sk-ant-api03-R2D...igAA"), Some("sk-ant-a"), Some("igAA")),
        (json!("sk-ant…xyzzyAA"), Some("sk-ant"), Some("zyAA")),
        (json!("sk***zzzz"), Some("sk"), Some("zzzz")),
        (json!("***zzzz"), None, Some("zzzz")),
        (json!("sk-..."), Some("sk-"), None),
        (json!("sk-ant-api03-canary0123456789"), None, None),
        (json!("a.b...c"), None, None),
        (json!("a..c"), None, None),
        (json!(""), None, None),
        (json!(null), None, None),
    ] {
        let key = json!({ "id": "apikey_1", "status": "active", "partial_key_hint": hint });
        let page = read::<Anthropic>(&find, &key).unwrap();
        assert_eq!(
            (page.items[0].prefix(), page.items[0].last4()),
            (prefix, last4),
            "{hint}"
        );
    }
    let key = json!({ "id": "apikey_1", "status": "active", "partial_key_hint": 7 });
    assert!(read::<Anthropic>(&find, &key).is_err());
}

#[test]
fn an_end_of_a_key_of_workos_that_two_clocks_do_not_agree_on_is_none() {
    let list = Lookup::new("list").with_parameter("organizationId", "org_1");
    let read = |expires: Value| {
        let key = json!({ "id": "api_key_1", "name": "CI", "expires_at": expires, "obfuscated_value": "sk_...AAAA" });
        let body = json!({ "data": [key], "list_metadata": { "after": null } });
        let page = read::<WorkOs>(&list, &body).unwrap();
        (page.items[0].status(), page.next.len())
    };
    // Ours is the first moment of 2026-11-22.
    assert_eq!(read(json!(null)), (KeyStatus::Active, 0));
    assert_eq!(read(json!("2026-11-22T01:00:00Z")), (KeyStatus::Active, 0));
    assert_eq!(read(json!("2026-11-21T23:59:00Z")), (KeyStatus::Unknown, 0));
    assert_eq!(read(json!("2026-11-21T00:00:00Z")), (KeyStatus::Expired, 0));
    assert_eq!(read(json!("once")), (KeyStatus::Unknown, 0));
    for cursors in [json!(null), json!({ "after": "" }), json!({ "after": 7 })] {
        let page = read_page::<WorkOs>(
            &WorkOs::ABOUT,
            &list,
            &ok(&json!({ "data": [], "list_metadata": cursors })),
            &Redactor::default(),
        );
        assert_eq!(page_word(&page), "unexpected_answer", "{cursors}");
    }
}

#[test]
fn a_secret_that_is_asked_about_shows_in_no_text() {
    let lookup = WorkOs::probe("sk_canary").unwrap();
    assert_eq!(lookup.secret(), Some("sk_canary"));
    assert!(!format!("{lookup:?}").contains("canary"));
    assert_ne!(Some(lookup), WorkOs::probe("sk_other"));
}

#[tokio::test]
async fn an_inventory_that_is_disturbed_is_an_error_and_never_a_shorter_one() {
    let fake = Fake::start("devin").await.unwrap();
    (0..60).for_each(|_| drop(fake.new_key()));
    for (reply, kind) in [
        (Reply::new(429), ErrorKind::RateLimited),
        (Reply::new(503), ErrorKind::Unavailable),
        (
            Reply::new(401).with_json(json!({ "detail": "x" })),
            ErrorKind::Unauthenticated,
        ),
        (
            Reply::new(200).with_body("text/html", "<html>"),
            ErrorKind::UnexpectedAnswer,
        ),
        (
            Reply::new(302).with_header("location", "https://elsewhere.example/"),
            ErrorKind::Redirected,
        ),
    ] {
        let lookup = Devin::list().remove(0);
        let first = send::<Devin>(&fake, &lookup, fake.credential()).await;
        let mut inventory = Inventory::new(vec![lookup]);
        let lookup = inventory.next().unwrap();
        inventory
            .add(
                &lookup,
                read_page::<Devin>(&Devin::ABOUT, &lookup, &first, &Redactor::default()),
            )
            .unwrap();
        // Behind the first page.
        let lookup = inventory.next().unwrap();
        fake.answer_next(reply);
        let second = send::<Devin>(&fake, &lookup, fake.credential()).await;
        let page = inventory.add(
            &lookup,
            read_page::<Devin>(&Devin::ABOUT, &lookup, &second, &Redactor::default()),
        );
        assert_eq!(page.unwrap_err().kind, kind);
        assert!(!inventory.is_complete() && inventory.next().is_none());
    }
}

async fn probe<P: Provider>(fake: &Fake, secret: &str) -> String {
    let lookup = P::probe(secret).unwrap();
    let attempt = send::<P>(fake, &lookup, Credential::from_text(secret)).await;
    probe_word(&probed(P::PROBE_RULES, &P::ABOUT, &attempt, &Redactor::default()))
}

/// A secret before and after its key's death, and when something stands in the way. The refusal is the provider's own.
async fn check_probe<P: Provider>(path: &str, (status, refusal): (u16, Value)) {
    let fake = Fake::start(P::ABOUT.name).await.unwrap();
    let key = fake.new_key();
    let secret = fake.secret(&key).unwrap();
    assert_eq!(probe::<P>(&fake, &secret).await, "ACCEPTED");
    let of_status = match status {
        403 => "unknown permission_denied",
        _ => "unknown unauthenticated",
    };
    let mut sent = 1;
    for (reply, word) in [
        (Reply::new(407).with_json(&refusal), "unknown unauthenticated"),
        (Reply::new(401).with_json(&refusal), "unknown unauthenticated"),
        (Reply::new(403).with_json(&refusal), "unknown permission_denied"),
        (Reply::new(429).with_json(&refusal), "unknown rate_limited"),
        (Reply::new(502).with_json(&refusal), "unknown unavailable"),
        (
            Reply::new(307).with_header("location", "https://elsewhere.example/"),
            "unknown redirected",
        ),
        (Reply::new(status), of_status),
        (
            Reply::new(status).with_body("text/html", refusal.to_string()),
            of_status,
        ),
        (Reply::new(status).with_json(json!({ "other": "x" })), of_status),
        (Reply::new(200).with_json(&refusal), "unknown unexpected_answer"),
        (Reply::new(200).with_json(json!([])), "unknown unexpected_answer"),
    ] {
        let word = if reply.answered_status() == status && word == of_status && reply.is(&refusal) {
            "REFUSED"
        } else {
            word
        };
        fake.answer_next(reply.clone());
        assert_eq!(probe::<P>(&fake, &secret).await, word, "{reply:?}");
        sent += 1;
    }
    let revoker = fake.builder().build().unwrap();
    assert!(crate::revoke::Revoke::revoke(&revoker, &key).await.is_ok());
    assert_eq!(probe::<P>(&fake, &secret).await, "REFUSED");
    let requests = fake.requests();
    let probes = requests.iter().filter(|request| request.method == "GET");
    assert_eq!(probes.clone().count(), sent + 1);
    for request in probes {
        assert_eq!(request.path, path);
        let values: Vec<&str> = request.headers.iter().map(|(_, value)| value.as_str()).collect();
        assert!(
            values.iter().any(|value| value.contains(&secret)),
            "the secret itself is tried"
        );
        let mut own = fake.credential_text().split(':');
        assert!(
            own.all(|own| !values.iter().any(|value| value.contains(own))),
            "{values:?}"
        );
    }
}

#[tokio::test]
async fn a_secret_is_accepted_as_long_as_its_key_lives() {
    let detail = || (401, json!({ "detail": "x" }));
    check_probe::<Devin>("/v1/sessions?limit=1", detail()).await;
    check_probe::<DevinV3>("/v3/self", detail()).await;
    check_probe::<Sinjapp>("/api/v1/me", (401, json!({ "message": "Unauthenticated." }))).await;
    let openai = || {
        (
            401,
            json!({ "error": { "code": "invalid_api_key", "message": "x" } }),
        )
    };
    check_probe::<OpenAi>("/models", openai()).await;
    check_probe::<OpenAiAdmin>("/organization/admin_api_keys?limit=1", openai()).await;
    let anthropic = json!({ "type": "error", "error": { "type": "authentication_error", "message": "x" } });
    check_probe::<Anthropic>("/v1/models?limit=1", (401, anthropic)).await;
    check_probe::<GitLab>(
        "/personal_access_tokens/self",
        (401, json!({ "error": "invalid_token" })),
    )
    .await;
    check_probe::<OpenRouter>("/key", (401, json!({ "error": { "code": 401, "message": "x" } }))).await;
    check_probe::<Datadog>("/api/v1/validate", (403, json!({ "errors": ["Forbidden"] }))).await;
}

#[tokio::test]
async fn a_refusal_that_is_said_of_secrets_that_work_says_nothing() {
    async fn check<P: Provider>() {
        let fake = Fake::start(P::ABOUT.name).await.unwrap();
        let key = fake.new_key();
        let secret = fake.secret(&key).unwrap();
        assert_eq!(probe::<P>(&fake, &secret).await, "ACCEPTED");
        let revoker = fake.builder().build().unwrap();
        assert!(crate::revoke::Revoke::revoke(&revoker, &key).await.is_ok());
        assert_eq!(probe::<P>(&fake, &secret).await, "unknown unauthenticated");
    }
    check::<Cloudflare>().await;
    check::<Elasticsearch>().await;
    check::<InfluxDb>().await;
    check::<SendGrid>().await;
    check::<Okta>().await;
    check::<Twilio>().await;
}

#[tokio::test]
async fn a_secret_is_asked_about_in_a_body_by_those_who_may() {
    let fake = Fake::start("workos").await.unwrap();
    let (live, dead) = (fake.new_key(), fake.dead_key());
    let ask = async |key| {
        let secret = fake.secret(key).unwrap();
        let lookup = WorkOs::probe(&secret).unwrap();
        let attempt = send::<WorkOs>(&fake, &lookup, fake.credential()).await;
        probe_word(&probed(
            WorkOs::PROBE_RULES,
            &WorkOs::ABOUT,
            &attempt,
            &Redactor::default(),
        ))
    };
    assert_eq!(ask(&live).await, "ACCEPTED");
    assert_eq!(ask(&dead).await, "REFUSED");
    for (reply, word) in [
        (Reply::new(401), "unknown unauthenticated"),
        (
            Reply::new(422).with_json(json!({ "message": "x" })),
            "unknown rejected",
        ),
        (Reply::new(200).with_json(json!({})), "unknown unexpected_answer"),
        (
            Reply::new(200).with_json(json!({ "api_key": {} })),
            "unknown unexpected_answer",
        ),
    ] {
        fake.answer_next(reply);
        assert_eq!(ask(&live).await, word);
    }
    let request = &fake.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/api_keys/validations")
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({ "value": fake.secret(&live).unwrap() }));
    assert!(fake.is_authorised(request));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_refusal_by_a_hub_says_nothing_of_the_secret() {
    let fake = Fake::start("jupyterhub").await.unwrap();
    let key = fake.new_key();
    let secret = fake.secret(&key).unwrap();
    assert_eq!(probe::<JupyterHub>(&fake, &secret).await, "ACCEPTED");
    for message in [
        json!(null),
        json!("Forbidden"),
        json!("Missing or invalid credentials."),
    ] {
        fake.answer_next(Reply::new(403).with_json(json!({ "status": 403, "message": message })));
        let word = probe::<JupyterHub>(&fake, &secret).await;
        assert!(word.starts_with("unknown "), "{message}: {word}");
    }
    let revoker = fake.builder().build().unwrap();
    assert!(crate::revoke::Revoke::revoke(&revoker, &key).await.is_ok());
    assert_eq!(
        probe::<JupyterHub>(&fake, &secret).await,
        "unknown permission_denied"
    );
    let probes = fake
        .requests()
        .into_iter()
        .filter(|request| request.method == "GET");
    assert_eq!(
        probes.map(|request| request.path).collect::<Vec<_>>(),
        ["/hub/api/user"; 5]
    );
}

#[tokio::test]
async fn a_hub_lists_the_tokens_of_a_user_and_names_the_one_that_is_calling() {
    let fake = Fake::start("jupyterhub").await.unwrap();
    let (live, dead) = (fake.new_key(), fake.dead_key());
    let found = JupyterHub::find(&dead.key().parse().unwrap());
    let keys = inventory::<JupyterHub>(&fake, found).await.unwrap();
    assert_eq!(texts(&keys, KeyStatus::Active), [live.to_string()]);
    assert_eq!((keys[0].owner(), keys[0].name()), (Some("alice"), Some("fake")));
    assert!(keys[0].created_at().is_some() && keys[0].expires_at().is_none());
    assert_eq!(fake.requests()[0].path, "/hub/api/users/alice/tokens");

    let lookup = JupyterHub::whoami().unwrap();
    for (caller, named) in [
        (
            Credential::bearer(fake.secret(&live).unwrap()),
            vec![KeyInfo::new(live, KeyStatus::Active)],
        ),
        (fake.credential(), vec![]), // a service's own
    ] {
        let attempt = send::<JupyterHub>(&fake, &lookup, caller).await;
        let page =
            read_page::<JupyterHub>(&JupyterHub::ABOUT, &lookup, &attempt, &Redactor::default()).unwrap();
        assert_eq!(page.items, named);
    }
    let before_5 = json!({ "kind": "user", "name": "alice" });
    assert_eq!(read::<JupyterHub>(&lookup, &before_5).unwrap().items, []);

    let list = JupyterHub::find(&"alice/a7".parse().unwrap()).remove(0);
    for wrong in [
        json!({ "id": "a7", "user": "Alice" }),
        json!({ "id": "a7", "service": "alice" }),
        json!({ "id": "a07", "user": "alice" }),
        json!({ "id": 7, "user": "alice" }),
        json!({ "user": "alice" }),
    ] {
        let page = read::<JupyterHub>(&list, &json!({ "api_tokens": [wrong.clone()] }));
        assert_eq!(page_word(&page), "unexpected_answer", "{wrong}");
    }
}

#[tokio::test]
async fn sinjapp_names_the_key_that_is_calling() {
    let fake = Fake::start("sinjapp").await.unwrap();
    let key = fake.new_key();
    let own = Credential::api_key(fake.secret(&key).unwrap());
    let lookup = Sinjapp::whoami().unwrap();
    let attempt = send::<Sinjapp>(&fake, &lookup, own).await;
    let page = read_page::<Sinjapp>(&Sinjapp::ABOUT, &lookup, &attempt, &Redactor::default()).unwrap();
    assert_eq!(page.items, [KeyInfo::new(key, KeyStatus::Active)]);
}

#[tokio::test]
async fn a_wrong_tenant_is_said_to_be_one() {
    let fake = Fake::start("sinjapp").await.unwrap();
    fake.answer_next(
        Reply::new(404).with_json(json!({ "message": "Tenant could not be identified for this domain." })),
    );
    assert_eq!(probe::<Sinjapp>(&fake, "x").await, "unknown misdirected");
}

#[tokio::test]
async fn a_query_that_no_document_has_fails_the_test_of_who_sends_it() {
    let fake = Fake::start("devin").await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["?all=true", "?page=1&page=2", "?", "/?page=1"] {
        let request = client.get(format!("{}/v2/enterprise/api-keys{path}", fake.base_url()));
        assert_eq!(request.send().await.unwrap().status(), 501, "{path}");
    }
    let key = fake.new_key();
    let request = client.delete(format!(
        "{}/v2/enterprise/api-keys/{}?page=1",
        fake.base_url(),
        key.key()
    ));
    assert_eq!(request.send().await.unwrap().status(), 501);
    assert!(fake.is_live(&key));
    assert_eq!(fake.take_unexpected().len(), 5);
}

#[test]
fn a_key_is_over_by_both_clocks_or_not_at_all() {
    let lookup = crate::okta::Okta::find(&"00Tabc".parse().unwrap()).remove(0);
    let read = |expires: &str, date: &str| {
        let body = json!({ "id": "00Tabc", "name": "CI", "expiresAt": expires }).to_string();
        let headers = [("content-type", "application/json"), ("date", date)];
        let answer = answer(200, &headers, Body::Complete(body.into()));
        let about = &<crate::okta::Okta as Provider>::ABOUT;
        let page = read_page::<crate::okta::Okta>(about, &lookup, &answer, &Redactor::default()).unwrap();
        page.items[0].status()
    };
    // Ours is the first moment of 2026-11-22.
    let (day_before, year_before) = ("2026-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
    let (now, ahead, behind) = (
        "Sun, 22 Nov 2026 00:00:00 GMT",
        "Mon, 22 Nov 2027 00:00:00 GMT",
        "Sat, 22 Nov 2025 00:00:00 GMT",
    );
    assert_eq!(read(day_before, now), KeyStatus::Expired);
    assert_eq!(
        read("2026-12-01T00:00:00Z", ahead),
        KeyStatus::Active,
        "a clock that is ahead kills nobody"
    );
    assert_eq!(
        read(day_before, behind),
        KeyStatus::Active,
        "nor do we, if ours may be the one"
    );
    assert_eq!(read("2025-11-01T00:00:00Z", behind), KeyStatus::Expired);
    assert_eq!(read(year_before, "nonsense"), KeyStatus::Expired);
}
