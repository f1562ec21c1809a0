//! What holds for every answer, every course of a call and every id. `PROPTEST_CASES=100000 cargo test
//! --all-features properties` runs longer. Failures are not kept as files: what is found becomes a row or a
//! line of the golden table.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Url};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Attempt, Body, Failure, FailureReason};
use crate::content::encoded;
use crate::credential::{Credential, Prepared, Redactor};
use crate::detail;
use crate::fakes::Case;
use crate::outcome::{Delivery, KeyState};
use crate::providers::{ProviderInfo, ways};
use crate::replay::{Then, replay, said};
use crate::retry::{Attempted, RetryPolicy};
use crate::verdict::{Expect, Meaning, verdict};
use crate::wire::{Call, Target};

/// How often a property is tried, unless `PROPTEST_CASES` says otherwise.
pub(crate) fn tries(cases: u32) -> ProptestConfig {
    let given = std::env::var("PROPTEST_CASES");
    ProptestConfig {
        cases: given.ok().and_then(|given| given.parse().ok()).unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The facts of an answer, before anybody reads them.
#[derive(Clone, Debug)]
struct Raw {
    status: u16,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Body,
    received: u64,
}

impl Raw {
    fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                map.append(HeaderName::from_static(name), value);
            }
        }
        map
    }

    fn answer(&self) -> Answer {
        let received = SystemTime::UNIX_EPOCH + Duration::from_secs(self.received);
        Answer::new(self.status, self.headers(), self.body.clone(), received)
    }

    /// The members of the body, read without this crate's help.
    fn object(&self) -> Option<Map<String, Value>> {
        let headers = self.headers();
        let mut types = headers.get_all("content-type").iter();
        let media = types.next()?.to_str().ok()?.to_lowercase();
        let is_json = media.starts_with("application/") && media.contains("json") && types.next().is_none();
        let Body::Complete(bytes) = &self.body else {
            return None;
        };
        let value: Value = serde_json::from_slice(bytes).ok()?;
        value.as_object().filter(|_| is_json).cloned()
    }
}

fn provider() -> impl Strategy<Value = &'static ProviderInfo> {
    select(ways())
}

fn parameters(provider: &ProviderInfo) -> Vec<(&'static str, String)> {
    let key = (provider.entry().fake().key)(7);
    provider.entry().parameters(&key).unwrap()
}

fn status() -> impl Strategy<Value = u16> {
    let telling = [
        200, 202, 204, 400, 401, 403, 404, 408, 409, 410, 422, 425, 429, 500, 503,
    ];
    prop_oneof![3 => select(telling.to_vec()), 1 => 100..1000_u16]
}

/// Objects of the members that providers use, with values that nearly fit.
fn near_miss() -> impl Strategy<Value = Value> {
    let names = [
        "status",
        "success",
        "detail",
        "title",
        "type",
        "message",
        "code",
        "is_active",
        "revoked_at",
        "api_key_id",
        "error",
        "instance",
    ];
    let values = [
        json!("success"),
        json!("ApiKey.AlreadyRevoked"),
        json!("Client.Locked"),
        json!("key-00000007"),
        json!("tenant could not be identified"),
        json!(true),
        json!(false),
        json!(null),
        json!(409),
        json!(1),
        json!(1.5),
        json!(u64::MAX),
        json!(-1),
        json!([]),
        json!(["a"]),
        json!({}),
        json!("aé☃".repeat(300)),
        json!({ "message": "x" }),
    ];
    vec((select(names.to_vec()), select(values.to_vec())), 0..5).prop_map(|members| {
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// Every provider's own bodies, which are somebody else's at all others.
fn documented() -> impl Strategy<Value = Vec<u8>> {
    let cases = [Case::Revoked, Case::Again, Case::Unknown, Case::Unauthenticated];
    (provider(), select(cases.to_vec())).prop_map(|(provider, case)| match (provider.entry().fake().answer)(
        case,
        &parameters(provider),
    )
    .answered()
    {
        Attempt::Answered(answer) => match answer.body {
            Body::Complete(bytes) => bytes,
            _ => unreachable!("fakes answer in full"),
        },
        _ => unreachable!("fakes answer"),
    })
}

fn body() -> impl Strategy<Value = Body> {
    let damaged = (
        documented(),
        any::<prop::sample::Index>(),
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(|(mut bytes, index, byte, cut)| {
            if !bytes.is_empty() {
                let at = index.index(bytes.len());
                if cut { bytes.truncate(at) } else { bytes[at] = byte }
            }
            bytes
        });
    prop_oneof![
        3 => documented().prop_map(Body::Complete),
        2 => damaged.prop_map(Body::Complete),
        4 => near_miss().prop_map(|value| Body::Complete(value.to_string().into())),
        1 => vec(any::<u8>(), 0..200).prop_map(Body::Complete),
        1 => select(vec![Body::Cut, Body::TooLong]),
    ]
}

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let names = [
        "content-type",
        "content-encoding",
        "date",
        "retry-after",
        "retry-after-ms",
        "location",
        "x-request-id",
    ];
    let values = [
        "application/json",
        "text/html",
        "gzip",
        "identity",
        "0",
        "99999999999999999999",
        "-1",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "https://example.org/?x",
        "//",
    ];
    let value = prop_oneof![
        3 => select(values.to_vec()).prop_map(|value| value.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..40),
    ];
    (select(names.to_vec()), value)
}

fn raw() -> impl Strategy<Value = Raw> {
    let json = prop_oneof![
        4 => Just(Some("application/json")),
        1 => Just(Some("application/problem+json; charset=utf-8")),
        1 => Just(Some("text/html")),
        1 => Just(None),
    ];
    (status(), json, vec(header(), 0..3), body(), any::<u32>()).prop_map(
        |(status, media, mut headers, body, received)| {
            headers.extend(media.map(|media| ("content-type", media.as_bytes().to_vec())));
            Raw {
                status,
                headers,
                body,
                received: received.into(),
            }
        },
    )
}

/// Is this what the provider's pages give as proof of death? Written from the pages, not from the rules. Of a
/// provider that is not named here only what holds for all of them is asked.
fn is_proof(provider: &ProviderInfo, raw: &Raw) -> bool {
    let text = |object: &Map<String, Value>, name: &str| {
        object.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    let object = raw.object();
    match (provider.name(), raw.status, object) {
        ("dolfin" | "sinjapp" | "kadosei", 204, _) => true,
        ("dolfin", 409, Some(problem)) => {
            let said = ["type", "title", "detail"]
                .iter()
                .filter_map(|name| text(&problem, name));
            !said.into_iter().any(|said| said.contains("Locked"))
                && ["type", "title", "status", "detail", "instance"]
                    .iter()
                    .any(|name| problem.contains_key(*name))
        }
        ("devin", 200, Some(object)) => text(&object, "status").as_deref() == Some("success"),
        ("devin-v3", 200, Some(key)) => {
            let id = parameters(provider).pop().map(|(_, id)| id);
            text(&key, "api_key_id") == id && key.get("is_active") == Some(&json!(false))
        }
        ("devin-v3", 409, Some(error)) => text(&error, "detail").is_some(),
        ("kadosei", 200, Some(object)) => object.is_empty(),
        ("dolfin" | "sinjapp" | "kadosei" | "devin" | "devin-v3", ..) => false,
        ("sendgrid" | "twilio" | "datadog" | "gitlab" | "okta", status, _) => status == 204,
        ("openai" | "openai-admin", 200, Some(answer)) => {
            let id = parameters(provider).pop().map(|(_, id)| id);
            text(&answer, "id") == id && answer.get("deleted") == Some(&json!(true))
        }
        ("cloudflare", 200, Some(answer)) => {
            let id = parameters(provider).pop().map(|(_, id)| json!(id));
            let result = answer.get("result").and_then(|result| result.get("id"));
            result == id.as_ref() && answer.get("success") == Some(&json!(true))
        }
        ("clerk", 200, Some(key)) => {
            let id = parameters(provider).pop().map(|(_, id)| id);
            text(&key, "id") == id && key.get("revoked") == Some(&json!(true))
        }
        ("slack", 200, Some(answer)) => {
            let revoked =
                answer.get("ok") == Some(&json!(true)) && answer.get("revoked") == Some(&json!(true));
            let error = text(&answer, "error").filter(|_| answer.get("ok") == Some(&json!(false)));
            revoked || error.is_some_and(|code| code == "token_revoked" || code == "token_expired")
        }
        ("github" | "rfc7009" | "algolia", ..) => false,
        ("openai" | "openai-admin" | "cloudflare" | "clerk" | "slack", ..) => false,
        (_, status, object) => provider.entry().about().rules.iter().any(|rule| {
            let proves = matches!(rule.meaning, Meaning::Dead(..)) && rule.status == status;
            proves && (rule.body == Expect::Anything || object.is_some())
        }),
    }
}

/// FAULTS.md: these statuses leave the key untouched at every provider.
const UNTOUCHED: &[u16] = &[400, 401, 403, 405, 407, 422, 425, 429];

/// May this attempt have killed the key, as far as the wire tells?
fn may_have_been_applied(provider: &ProviderInfo, attempt: &Heard) -> bool {
    match attempt {
        Heard::NotSent => false,
        Heard::Nothing => true,
        Heard::Answer(raw) => {
            let says_tenant = |object: Map<String, Value>| {
                let message = object.get("message").and_then(Value::as_str).unwrap_or_default();
                message.to_lowercase().contains("tenant could not be identified")
            };
            let other_tenant =
                provider.name() == "sinjapp" && raw.status == 404 && raw.object().is_some_and(says_tenant);
            // Slack refuses by a 200.
            let not_authed = |object: Map<String, Value>| {
                object.get("ok") == Some(&json!(false)) && object.get("error") == Some(&json!("not_authed"))
            };
            let refused =
                provider.name() == "slack" && raw.status == 200 && raw.object().is_some_and(not_authed);
            // It says this of the very token that is to die, which may have been dead before.
            let not_known =
                |object: Map<String, Value>| object.get("message") == Some(&json!("401 Unauthorized"));
            let of_itself =
                provider.name() == "gitlab-self" && raw.status == 401 && raw.object().is_some_and(not_known);
            of_itself || (!UNTOUCHED.contains(&raw.status) && !other_tenant && !refused)
        }
    }
}

#[derive(Clone, Debug)]
enum Heard {
    NotSent,
    Nothing,
    Answer(Raw),
}

impl Heard {
    fn judged(&self, provider: &ProviderInfo) -> Attempted {
        let failure = |reason| Failure {
            reason,
            message: String::new(),
        };
        let (attempt, delivery) = match self {
            Self::NotSent => (
                Attempt::NotSent(failure(FailureReason::Connect)),
                Delivery::NotSent,
            ),
            Self::Nothing => (
                Attempt::MaybeSent(failure(FailureReason::Broken)),
                Delivery::MaybeSent,
            ),
            Self::Answer(raw) => (Attempt::Answered(Box::new(raw.answer())), Delivery::Answered),
        };
        let retry_after = match &attempt {
            Attempt::Answered(answer) => answer.retry_after(),
            _ => None,
        };
        Attempted {
            verdict: verdict(provider.entry().about().rules, &parameters(provider), &attempt),
            delivery,
            retry_after,
            refused: matches!(self, Self::Answer(raw) if raw.status == 401),
        }
    }
}

/// What a call hears; the statuses that are asked again come often, so that calls get long.
fn heard() -> impl Strategy<Value = (Heard, Then)> {
    let again =
        (raw(), select(vec![408, 425, 429, 503, 401])).prop_map(|(raw, status)| Raw { status, ..raw });
    let heard = prop_oneof![
        1 => Just(Heard::NotSent),
        1 => Just(Heard::Nothing),
        3 => again.prop_map(Heard::Answer),
        2 => raw().prop_map(Heard::Answer),
    ];
    let then = prop_oneof![
        9 => Just(Then::GoesOn),
        1 => select(vec![Then::TimeRunsOut, Then::TimeRunsOutInThePause, Then::NothingIsLeft]),
    ];
    (heard, then)
}

/// Ids that nearly fit: pieces that fit, joined by pieces that must not.
fn id() -> impl Strategy<Value = String> {
    let sound = [
        "42",
        "apk-1",
        "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab",
        "9223372036854775807",
        "~",
        "a.b_c",
        "K",
    ];
    let odd = [
        "", ".", "..", "/", "\\", "?", "#", "%2e", "%", ";", " ", "\t", "\r\n", "\0", "é", "\u{202e}", "0",
        "-", "+", "self", "all", "sk_", "@", ":", "*", "\u{ff0f}",
    ];
    let pieces = prop_oneof![
        3 => select(sound.to_vec()).prop_map(str::to_owned),
        1 => select(odd.to_vec()).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9._~-]{1,8}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop_oneof![4 => vec(pieces, 0..4).prop_map(|pieces| pieces.concat()), 1 => ".{0,20}"]
}

/// As many ids as the provider's keys have.
fn key(provider: &'static ProviderInfo) -> impl Strategy<Value = String> {
    let parts = provider.key_form().split('/').count();
    prop_oneof![4 => vec(id(), parts).prop_map(|parts| parts.join("/")), 1 => id()]
}

proptest! {
    #![proptest_config(tries(2000))]

    #[test]
    fn row_099_no_answer_makes_anything_panic_and_only_proof_is_death(provider in provider(), raw in raw()) {
        let answer = raw.answer();
        let _ = (answer.retry_after(), answer.request_id().map(str::len), answer.redirect_host());
        let _ = detail::read(&answer.open(), &Default::default());
        let verdict = verdict(provider.entry().about().rules, &parameters(provider), &Attempt::Answered(Box::new(answer)));
        if let Meaning::Dead(..) = verdict.meaning {
            prop_assert!(is_proof(provider, &raw));
        }
    }

    #[test]
    fn no_course_of_a_call_is_dead_without_proof_or_live_in_doubt(
        provider in provider(),
        course in vec(heard(), 8),
        attempts in 1..=5_u32,
    ) {
        let policy = RetryPolicy::immediate().with_attempts(attempts);
        let script: Vec<_> = course.iter().map(|(heard, then)| (heard.judged(provider), *then)).collect();
        let ended = replay(policy, provider.entry().about().may_repeat(), &script);
        let ended = ended.expect("no call makes eight attempts");
        let made = &course[..ended.memory.attempts as usize];
        let applied = |(heard, _): &&(Heard, Then)| may_have_been_applied(provider, heard);
        let decisive = ended.decisive.as_ref().map(|(_, index)| &course[*index].0);
        match said(&ended) {
            KeyState::Dead => {
                prop_assert!(matches!(decisive, Some(Heard::Answer(raw)) if is_proof(provider, raw)));
            }
            KeyState::Live => prop_assert_eq!(made.iter().filter(applied).count(), 0),
            KeyState::Unknown => prop_assert!(made.iter().any(|one| applied(&one))),
        }
        prop_assert!(made.len() <= attempts as usize);
        prop_assert!(made.iter().filter(applied).count() <= 2);
        // Only the last attempt may come after one that may have been applied, if a repeat may hit another key.
        if provider.may_reuse_ids() {
            prop_assert!(made.iter().rev().skip(1).filter(applied).count() == 0);
        }
    }

    #[test]
    fn row_088_every_accepted_id_makes_the_documented_path(
        (provider, text) in provider().prop_flat_map(|provider| (Just(provider), key(provider))),
    ) {
        let entry = provider.entry();
        let Ok(parameters) = entry.parameters(&text) else { return Ok(()) };
        if !entry.by_secret() {
            let canonical = entry.check_key(&text).unwrap();
            prop_assert_eq!(entry.check_key(&canonical).unwrap(), canonical, "one form");
        }

        let template = entry.operations().iter().find(|listed| listed.name == entry.operation()).unwrap();
        let base = Url::parse("https://example.org/base").unwrap();
        let prepare = |text: &&str| Credential::from_text(*text).prepare(provider.name(), entry.about().credentials);
        let credential = entry.fake().credentials.first().map(prepare).transpose().unwrap();
        let credential = credential.unwrap_or_else(|| Prepared::none(&Redactor::default()));
        let own = credential.parameter.as_ref().map(|(_, value)| value.clone()).unwrap_or_default();
        let parameters = credential.and_own(&parameters.into());
        let filled = parameters.iter().fold(template.path.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        let mut request = Request::new(
            template.method.parse().unwrap(),
            Url::parse(&format!("{base}{filled}")).unwrap(),
        );
        let call = Call {
            target: Target { root: base.clone(), base, operations: entry.operations(), headers: Vec::new() }.into(),
            parameters: parameters.clone(),
            query: Default::default(),
            content: entry.content(),
            credential: credential.into(),
        };
        let template_of_body = entry.content().to_string();
        let is_json = template_of_body.starts_with('{');
        let body = parameters.iter().fold(template_of_body, |body, (name, value)| {
            let quoted = json!(value).to_string();
            let value = if is_json { quoted[1..quoted.len() - 1].to_owned() } else { encoded(value) };
            body.replace(&format!("<{name}>"), &value)
        });
        if !body.is_empty() {
            let media = if is_json { "application/json" } else { "application/x-www-form-urlencoded" };
            request.headers_mut().insert("content-type", HeaderValue::from_static(media));
            *request.body_mut() = Some(body.into());
        }
        prop_assert_eq!(call.prepare(&mut request, entry.operation()), Ok(()));

        let url = request.url();
        prop_assert_eq!((url.query(), url.fragment(), url.host_str()), (None, None, Some("example.org")));
        let path = url.path().strip_prefix("/base").unwrap();
        prop_assert_eq!(path.split('/').count(), template.path.split('/').count());
        for (found, documented) in path.split('/').zip(template.path.split('/')).skip(1) {
            if let Some((_, fixed)) = documented.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                prop_assert!(found.ends_with(fixed));
                let found = &found[..found.len() - fixed.len()];
                prop_assert!(!found.is_empty() && !found.contains(['%', '\\']) && !["." , ".."].contains(&found));
                let is_ours = text.to_lowercase().contains(&found.to_lowercase()) || found == own;
                prop_assert!(is_ours, "{} is not in {}", found, text);
            } else {
                prop_assert_eq!(found, documented);
            }
        }
    }
}

#[test]
fn the_properties_see_deaths_long_calls_and_accepted_ids() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut dead, mut long, mut accepted) = (0, 0, 0);
    // The more providers there are, the rarer is a body that is the one's own.
    let tries = 200 * ways().len();
    for provider in ways().into_iter().cycle().take(tries) {
        let raw = raw().new_tree(&mut runner).unwrap().current();
        dead += usize::from(matches!(
            Heard::Answer(raw).judged(provider).verdict.meaning,
            Meaning::Dead(..)
        ));
        let course = vec(heard(), 8).new_tree(&mut runner).unwrap().current();
        let script: Vec<_> = course
            .iter()
            .map(|(heard, then)| (heard.judged(provider), *then))
            .collect();
        let ended = replay(
            RetryPolicy::immediate(),
            provider.entry().about().may_repeat(),
            &script,
        )
        .unwrap();
        long += usize::from(ended.memory.attempts > 2);
        let text = key(provider).new_tree(&mut runner).unwrap().current();
        accepted += usize::from(provider.entry().parameters(&text).is_ok());
    }
    println!("of {tries}: {dead} deaths, {long} calls of three attempts or more, {accepted} accepted ids");
    assert!(
        dead > 20 && long > 50 && accepted > 50,
        "{dead} {long} {accepted}"
    );
}
