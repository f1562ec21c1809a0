//! One suite that walks the table of providers. A provider that is added is tested by it before anybody writes
//! a test of its own. Every test asserts what was sent as well as what came back.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    AnyRevoker, ClientOptions, Credential, Delivery, Disposition, ErrorKind, KeyRef, KeyState, KeyStatus,
    Repeat, RetryPolicy, Revocation, Revoke, RevokeError, RevokeResult,
};
use serde_json::json;
use support::RawServer;

async fn fakes() -> Vec<Fake> {
    let mut fakes = Vec::new();
    for provider in keyrevoke::providers() {
        fakes.push(Fake::start(provider.name()).await.unwrap());
        // The second way of those that have two.
        if provider.deletion().is_some() {
            fakes.push(Fake::start(provider.name()).await.unwrap().with_deletion());
        }
    }
    fakes
}

fn revoker(fake: &Fake) -> AnyRevoker {
    fake.builder()
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap()
}

fn error(result: RevokeResult) -> RevokeError {
    result.expect_err("not confirmed dead")
}

/// Kind, state and delivery, which is what most tests are about.
fn summary(error: &RevokeError) -> (ErrorKind, KeyState, Delivery) {
    (error.kind(), error.key_state(), error.delivery())
}

/// The provider tells an earlier death, or its answer is the state to which the key is set, each time anew.
fn died_before(dead: &Revocation) {
    assert!(
        dead.disposition() == Disposition::AlreadyRevoked || dead.is_reversible(),
        "{dead:?}"
    );
}

/// The body that the provider's module declares for a key.
fn documented_body(fake: &Fake, key: &KeyRef) -> String {
    let provider = fake.info();
    let mut values = key.key().split('/').rev();
    let body = provider.body();
    let parts = body.split_inclusive('>').map(|part| match part.split_once('<') {
        Some((fixed, _)) => format!("{fixed}{}", values.next().unwrap()),
        None => part.to_owned(),
    });
    parts.collect()
}

/// The path that the provider's document gives for a key.
fn documented_path(fake: &Fake, key: &KeyRef) -> (String, String) {
    let provider = fake.info();
    let operation = provider.operation();
    let (method, template) = operation.split_once(' ').unwrap();
    // A parameter may have fixed text behind it, as in `{Sid}.json`.
    let mut values = key.key().split('/');
    let filled: Vec<String> = template
        .split('/')
        .map(|segment| {
            match segment
                .split_once('{')
                .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
            {
                Some((before, (_, after))) => format!("{before}{}{after}", values.next().unwrap()),
                None => segment.to_owned(),
            }
        })
        .collect();
    let base = fake.base_url();
    let base_path = base
        .splitn(4, '/')
        .nth(3)
        .map(|path| format!("/{path}"))
        .unwrap_or_default();
    (method.to_owned(), format!("{base_path}{}", filled.join("/")))
}

#[tokio::test]
async fn a_live_key_dies_by_one_documented_request() {
    for fake in fakes().await {
        let key = fake.new_key();
        let bystander = fake.new_key();
        let dead = revoker(&fake).revoke(&key).await.unwrap();

        assert_eq!(dead.disposition(), Disposition::Revoked, "{}", fake.provider());
        assert_eq!(dead.provider(), fake.provider());
        assert_eq!(dead.attempts(), 1);
        assert!(!dead.evidence().is_empty());
        assert!(!fake.is_live(&key));
        assert!(fake.is_live(&bystander));

        let requests = fake.requests();
        let [request] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        assert_eq!(
            (request.method.clone(), request.path.clone()),
            documented_path(&fake, &key)
        );
        assert!(fake.is_authorised(request), "{request:?}");
        assert_eq!(request.header("api-version"), None);
        let body = documented_body(&fake, &key);
        assert_eq!(String::from_utf8_lossy(&request.body), body);
        // A body is there only where the document has one, and says what it is.
        assert_eq!(request.body.is_empty(), request.header("content-type").is_none());
        if request.method == "POST" && body.is_empty() {
            assert_eq!(request.header("content-length"), Some("0"));
        }
    }
}

#[tokio::test]
async fn a_dead_key_is_dead_where_the_provider_says_so_and_unknown_elsewhere() {
    for fake in fakes().await {
        let result = revoker(&fake).revoke(&fake.dead_key()).await;
        match fake.info().repeat() {
            Repeat::Conclusive => died_before(&result.unwrap()),
            // Some answer to a repeat as they did the first time, which is a success and never a 404.
            _ if result.is_ok() => {
                let dead = result.unwrap();
                assert!(matches!(dead.status(), Some(200 | 204)), "{dead:?}");
            }
            _ => {
                let error = error(result);
                assert_eq!(
                    summary(&error),
                    (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered)
                );
                assert!(!error.is_likely_dead());
            }
        }
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_key_that_nobody_knows_is_not_dead() {
    for fake in fakes().await {
        let error = error(revoker(&fake).revoke(&fake.unknown_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered),
            "{error}"
        );
        assert!(!error.is_retryable());
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_refused_credential_leaves_the_key_live() {
    for fake in fakes().await {
        let key = fake.new_key();
        let wrong = fake
            .builder()
            .with_credential(fake.wrong_credential())
            .build()
            .unwrap();
        let error = error(wrong.revoke(&key).await);
        // Datadog says 403 of a credential that it does not know.
        let kinds = [ErrorKind::Unauthenticated, ErrorKind::PermissionDenied];
        assert!(kinds.contains(&error.kind()), "{error:?}");
        assert_eq!(
            (error.key_state(), error.delivery()),
            (KeyState::Live, Delivery::Answered)
        );
        assert!(error.detail().is_some(), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("but-wrong"), "{error:?}");
        assert!(fake.is_live(&key));
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn doubt_survives_a_refusal() {
    for fake in fakes().await {
        let repeats = fake.info().repeat() != Repeat::Never;

        fake.answer_next(Reply::new(503));
        fake.answer_next(Reply::new(401));
        let doubtful = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            doubtful.key_state(),
            KeyState::Unknown,
            "503 then 401: {doubtful}"
        );
        assert_eq!(fake.requests().len(), if repeats { 2 } else { 1 });
        fake.behave();

        fake.answer_next(Reply::new(429));
        fake.answer_next(Reply::new(401));
        let refused = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&refused),
            (ErrorKind::Unauthenticated, KeyState::Live, Delivery::Answered),
            "429 then 401"
        );
        assert_eq!(refused.attempts(), 2);
    }
}

#[tokio::test]
async fn a_gateway_that_fails_behind_a_done_revoke_never_makes_a_dead_key_live() {
    for fake in fakes().await {
        fake.answer_next(Reply::new(502).carried_out());
        let key = fake.new_key();
        let result = revoker(&fake).revoke(&key).await;
        match fake.info().repeat() {
            Repeat::Conclusive => died_before(&result.unwrap()),
            Repeat::Harmless => {
                let error = error(result);
                assert_eq!(
                    (error.kind(), error.key_state()),
                    (ErrorKind::NotFound, KeyState::Unknown)
                );
                assert!(error.is_likely_dead());
            }
            _ => assert_eq!(
                summary(&error(result)),
                (ErrorKind::Unavailable, KeyState::Unknown, Delivery::Answered)
            ),
        }
        assert!(!fake.is_live(&key));
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_sent_at_most_twice_and_only_where_that_cannot_hurt() {
    for status in [408, 500, 502, 503, 504, 507, 520] {
        for fake in fakes().await {
            fake.answer_always(Reply::new(status));
            let error = error(revoker(&fake).revoke(&fake.new_key()).await);
            assert_eq!(
                summary(&error),
                (ErrorKind::Unavailable, KeyState::Unknown, Delivery::Answered)
            );
            let repeats = fake.info().repeat() != Repeat::Never;
            assert_eq!(
                fake.requests().len(),
                if repeats { 2 } else { 1 },
                "{} {status}",
                fake.provider()
            );
            assert_eq!(error.is_retryable(), repeats);
        }
    }
}

#[tokio::test]
async fn no_policy_means_one_request() {
    for fake in fakes().await {
        fake.answer_always(Reply::new(503));
        let once = fake.builder().with_retry(RetryPolicy::none()).build().unwrap();
        let error = error(once.revoke(&fake.new_key()).await);
        assert_eq!((error.attempts(), fake.requests().len()), (1, 1));
    }
}

#[tokio::test]
async fn rate_limits_are_waited_for_within_the_deadline_only() {
    for fake in fakes().await {
        let patient = fake
            .builder()
            .with_retry(RetryPolicy::immediate())
            .build()
            .unwrap();
        fake.answer_next(Reply::new(429).with_header("retry-after", "0"));
        assert!(patient.revoke(&fake.new_key()).await.is_ok());
        assert_eq!(fake.requests().len(), 2);

        fake.answer_next(Reply::new(429).with_header("retry-after", "120"));
        let error = error(patient.revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::RateLimited, KeyState::Live, Delivery::Answered)
        );
        assert_eq!(error.retry_after(), Some(Duration::from_secs(120)));
        assert!(error.is_retryable());
        assert_eq!(fake.requests().len(), 3);
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for fake in fakes().await {
        let elsewhere = RawServer::silent().await;
        for status in [301, 302, 303, 307, 308] {
            fake.answer_next(
                Reply::new(status).with_header("location", format!("{}/x?token=abc", elsewhere.url())),
            );
            let error = error(revoker(&fake).revoke(&fake.new_key()).await);
            assert_eq!(
                summary(&error),
                (ErrorKind::Redirected, KeyState::Unknown, Delivery::Answered)
            );
            assert!(error.detail().unwrap().contains("127.0.0.1"));
            assert!(!format!("{error:?}").contains("token=abc"));
        }
        assert_eq!(fake.requests().len(), 5);
        assert_eq!(elsewhere.connections(), 0);
    }
}

#[tokio::test]
async fn accepted_is_not_dead() {
    for fake in fakes().await {
        fake.answer_always(Reply::new(202));
        let error = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::Pending, KeyState::Unknown, Delivery::Answered)
        );
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_captive_portal_is_not_a_success() {
    for fake in fakes().await {
        fake.answer_always(Reply::new(200).with_body("text/html", "<html>Welcome to our Wi-Fi</html>"));
        let error = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::UnexpectedAnswer, KeyState::Unknown, Delivery::Answered)
        );
        let conclusive = fake.info().repeat() == Repeat::Conclusive;
        assert_eq!(fake.requests().len(), if conclusive { 2 } else { 1 });
    }
}

#[tokio::test]
async fn an_unreachable_provider_leaves_the_key_live() {
    for fake in fakes().await {
        let nobody = fake
            .builder()
            .with_base_url(support::refusing_url())
            .with_retry(RetryPolicy::immediate());
        let error = error(nobody.build().unwrap().revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::NotSent, KeyState::Live, Delivery::NotSent)
        );
        assert!(error.is_retryable());
        assert_eq!(error.attempts(), 5);
        assert!(std::error::Error::source(&error).is_some());
        assert!(fake.requests().is_empty());
    }
}

/// Ids that could change a path, or that are not an id at all.
const HOSTILE: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    "\\",
    "..\\api-keys",
    "x\\..",
    "\\..\\..",
    "/",
    "//",
    "a//b",
    "?",
    "x?y",
    "#",
    "x#y",
    "%2e%2e",
    "%2F",
    "%",
    ";",
    "a b",
    " a",
    "a ",
    "\ta",
    "a\r\nb",
    "a\0b",
    "a\u{202e}b",
    "é",
    "☃",
    "*",
    "self",
    "current",
    "me",
    "all",
    "00000000-0000-0000-0000-000000000000",
    "0",
    "-1",
    "07",
    "+7",
    "9223372036854775808",
    "1.5",
];

#[tokio::test]
async fn ids_that_could_change_the_path_never_leave() {
    let long = "a".repeat(10_000);
    for fake in fakes().await {
        let revoker = revoker(&fake);
        let provider = fake.info();
        let good = fake.new_key();
        let parts: Vec<&str> = good.key().split('/').collect();
        let mut sent = 0;
        for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
            // The hostile id alone, and in the place of each part of a good key.
            let mut texts = vec![hostile.to_owned()];
            for index in 0..parts.len() {
                let mut parts = parts.clone();
                parts[index] = hostile;
                texts.push(parts.join("/"));
            }
            for text in texts {
                let Ok(key) = KeyRef::new(provider.name(), text.clone()) else {
                    continue;
                };
                let result = revoker.revoke(&key).await;
                if provider.check_key(&text).is_ok() {
                    sent += 1; // a form that this provider's ids may have, such as "0" for a text id
                    continue;
                }
                let error = error(result);
                assert_eq!(
                    summary(&error),
                    (ErrorKind::InvalidInput, KeyState::Live, Delivery::NotSent),
                    "{text:?}"
                );
                assert_eq!(error.attempts(), 0);
                assert!(error.detail().unwrap().contains(provider.name()), "{error}");
            }
        }
        assert_eq!(fake.requests().len(), sent);
        let segments = documented_path(&fake, &good).1.split('/').count();
        for request in fake.requests() {
            assert_eq!(request.path.split('/').count(), segments, "{request:?}");
            assert!(!request.path.contains(['?', '%', '\\']), "{request:?}");
        }
    }
}

#[tokio::test]
async fn a_secret_in_the_place_of_an_id_is_refused_and_not_echoed() {
    for fake in fakes().await {
        let provider = fake.info();
        let good = fake.new_key();
        let parts: Vec<&str> = good.key().split('/').collect();
        for prefix in [
            "apk_user_",
            "apk_",
            "cog_",
            "dol_live_",
            "ks_live_",
            "ks_test_",
            "sk_live_",
            "sk-proj-",
            "ghp_",
            "Bearer ",
        ] {
            let secret = format!("{prefix}Canary0123456789");
            let mut texts = vec![secret.clone()];
            for index in 0..parts.len() {
                let mut parts = parts.clone();
                parts[index] = &secret;
                texts.push(parts.join("/"));
            }
            for text in texts {
                let whole = KeyRef::new(provider.name(), text.clone())
                    .map(|key| key.to_string())
                    .unwrap_err();
                let part = provider.check_key(&text).map(|key| key.to_string()).unwrap_err();
                for error in [whole, part] {
                    let error = RevokeError::from(error);
                    let shown = format!(
                        "{error} {error:?} {error:#?} {}",
                        serde_json::to_string(&error).unwrap()
                    );
                    assert!(!shown.contains("Canary"), "{shown}");
                }
            }
        }
        assert!(fake.requests().is_empty());
    }
}

#[tokio::test]
async fn a_bad_base_url_is_refused_at_construction() {
    for fake in fakes().await {
        for url in [
            "",
            "x",
            "http://",
            "https://",
            "//api.example.org",
            "ftp://api.example.org",
            "file:///etc/passwd",
            "http://api.example.org",
            "https://user@127.0.0.1",
            "https://user:pass@127.0.0.1/x",
            "http://127.0.0.1/?q",
            "http://127.0.0.1/#f",
            "http://127.0.0.1/a/../b",
            "http://127.0.0.1/a//b",
            "http://127.0.0.1//",
            "http://127.0.0.1/a\\b",
            "http://127.0.0.1\\@example.org",
            "http://127.0.0.1/\t",
            "http://127.0.0.1\n",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/%2e%2e",
            "http://exämple.org",
            " http://127.0.0.1",
            "http://127.0.0.1:99999",
            "http://127.0.0.1.example.org",
            "https://your-tenant.sinjapp.org.example.com",
            "http://localhost.:1",
            "http://127.0.0.1:0",
            "http://localhost.example.org",
        ] {
            let built = fake.builder().with_base_url(url).build();
            // A provider that publishes no domain may be at any https host.
            let wide_open = url.starts_with("https://your-tenant") && fake.info().domains().is_empty();
            if wide_open {
                continue;
            }
            let error = built.expect_err(url);
            assert!(error.to_string().contains("base URL"), "{url}: {error}");
        }
        for url in [
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:8080/",
            "http://localhost:1/x/y",
            "https://127.0.0.1",
        ] {
            assert!(fake.builder().with_base_url(url).build().is_ok(), "{url}");
        }
        let named = ClientOptions::new().allow_http_host("keys.test");
        assert!(
            fake.builder()
                .with_base_url("http://keys.test/x")
                .with_options(named)
                .build()
                .is_ok()
        );
        let named = ClientOptions::new().allow_host("keys.test");
        assert!(
            fake.builder()
                .with_base_url("https://keys.test/x")
                .with_options(named.clone())
                .build()
                .is_ok()
        );
        assert!(
            fake.builder()
                .with_base_url("http://keys.test/x")
                .with_options(named)
                .build()
                .is_err()
        );
        assert!(fake.requests().is_empty());
    }
}

#[tokio::test]
async fn everything_that_is_missing_is_said_at_once() {
    for provider in keyrevoke::providers() {
        let error = keyrevoke::builder(provider.name())
            .unwrap()
            .with_setting("colour", "red")
            .build()
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("credential"), "{text}");
        assert!(text.contains("colour"), "{text}");
        assert_eq!(text.contains("base URL"), provider.base_url().is_none(), "{text}");
    }
}

#[tokio::test]
async fn a_bad_credential_is_refused_and_not_shown() {
    for fake in fakes().await {
        for bad in [
            "",
            "Canary\n\n",
            "Can ary",
            "Canary\r\nx: y",
            "Canary\0",
            " Canary",
            "Canary\t",
            "Canäry",
            "\n",
        ] {
            let error = fake
                .builder()
                .with_credential(Credential::from_text(bad))
                .build()
                .unwrap_err();
            assert!(error.to_string().contains("credential"), "{error}");
            assert!(!format!("{error} {error:?}").contains("Can"), "{error}");
        }
        let long = fake
            .builder()
            .with_credential(Credential::from_text("x".repeat(4097)))
            .build();
        assert!(long.is_err());
        for line_break in ["\n", "\r\n"] {
            let text = format!("{}{line_break}", fake.credential_text());
            let revoker = fake
                .builder()
                .with_credential(Credential::from_text(text))
                .build()
                .unwrap();
            assert!(revoker.revoke(&fake.new_key()).await.is_ok());
        }
        let forms = fake.info().credentials();
        let takes_pairs = forms.iter().any(|form| form.contains("FIRST:SECOND"));
        let pair = Credential::key_pair("a", "b");
        assert_eq!(fake.builder().with_credential(pair).build().is_ok(), takes_pairs);
    }
}

#[tokio::test]
async fn timeouts_that_would_hide_whether_something_was_sent_are_refused() {
    for fake in fakes().await {
        let second = Duration::from_secs(1);
        let connect_too_long = ClientOptions::new().with_connect_timeout(second);
        assert!(
            fake.builder()
                .with_options(connect_too_long)
                .with_attempt_timeout(second)
                .build()
                .is_err()
        );
        assert!(
            fake.builder()
                .with_attempt_timeout(second)
                .with_deadline(second)
                .build()
                .is_err()
        );
        assert!(fake.builder().with_deadline(Duration::ZERO).build().is_err());
        assert!(fake.builder().with_deadline(Duration::MAX).build().is_err());
        assert!(
            fake.builder()
                .with_deadline(Duration::from_millis(100))
                .build()
                .is_ok()
        );
    }
}

#[tokio::test]
async fn what_a_provider_echoes_of_our_credential_is_redacted() {
    for fake in fakes().await {
        let secret = fake.credential_text().trim_start_matches("Bearer ");
        let echo = format!(
            "bad token {secret}\r\n\u{1b}[31m {} apk_user_leaked0123456789",
            "x".repeat(2000)
        );
        for body in [
            json!({ "detail": echo }),
            json!({ "message": echo, "title": echo }),
            json!({ "error": { "message": echo, "code": secret } }),
        ] {
            fake.answer_next(
                Reply::new(403)
                    .with_json(body)
                    .with_header("x-request-id", format!("r-{secret}")),
            );
            let error = error(revoker(&fake).revoke(&fake.new_key()).await);
            let shown = format!("{error} {error:#?} {}", serde_json::to_string(&error).unwrap());
            assert!(!shown.contains(secret), "{shown}");
            assert!(!shown.contains("leaked0123456789"), "{shown}");
            let detail = error.detail().unwrap();
            assert!(detail.chars().count() <= 512 && detail.ends_with('…'), "{detail}");
            assert!(!detail.contains(['\n', '\r', '\u{1b}']), "{detail}");
        }
    }
}

#[tokio::test]
async fn a_key_is_found_as_what_it_is_where_the_provider_can_be_asked() {
    for fake in fakes().await {
        let revoker = revoker(&fake);
        if !revoker.capabilities().can_find() {
            continue;
        }
        let name = fake.provider();
        let (live, dead, unknown) = (fake.new_key(), fake.dead_key(), fake.unknown_key());
        let found = revoker.find(&live).await.unwrap();
        assert_eq!((found.key(), found.state()), (&live, KeyState::Live), "{name}");
        for absent in [&dead, &unknown] {
            match revoker.find(absent).await {
                Ok(found) => {
                    // What can be undone is listed as what it is.
                    let is_disabled = fake.info().is_reversible() && found.status() == KeyStatus::Inactive;
                    assert_eq!(found.key(), &dead, "{name}");
                    assert!(
                        is_disabled || found.state() == KeyState::Dead,
                        "{name}: {found:?}"
                    );
                }
                Err(error) => {
                    assert_eq!(
                        (error.kind(), error.key_state()),
                        (ErrorKind::NotFound, KeyState::Unknown),
                        "{name}: {error}"
                    );
                }
            }
        }
        // Somebody else's 404 says nothing of a key, so it is an answer and not an inventory without it.
        for foreign in [
            Reply::new(404),
            Reply::new(404).with_body("text/html", "<html>nginx</html>"),
            Reply::new(404).with_json(json!({ "detail": "Not Found" })),
            Reply::new(404).with_json(json!({ "message": "Not Found" })),
        ] {
            fake.answer_next(foreign.clone());
            let error = revoker.find(&live).await.unwrap_err();
            assert_eq!(
                (error.status(), error.key_state()),
                (Some(404), KeyState::Unknown),
                "{name}: {foreign:?} {error}"
            );
        }
        assert!(fake.is_live(&live));
        let requests = fake.requests();
        assert!(
            requests
                .iter()
                .all(|request| request.method == "GET" && fake.is_authorised(request))
        );
    }
}

#[tokio::test]
async fn a_request_that_the_provider_does_not_document_fails_the_test() {
    for fake in fakes().await {
        let provider = fake.provider();
        let moved = fake
            .builder()
            .with_base_url(format!("{}/elsewhere", fake.base_url()))
            .build()
            .unwrap();
        let error = error(moved.revoke(&fake.new_key()).await);
        assert_eq!(error.key_state(), KeyState::Unknown);
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(fake)));
        assert!(dropped.is_err(), "{provider}");
    }
}
