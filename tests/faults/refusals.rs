//! E. Answers that refuse.

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{Credential, Delivery, Disposition, ErrorKind, KeyState, RetryPolicy, Revoke};
use serde_json::json;

use crate::common::{answered, can_confirm, error, everywhere, providers, summary, takes_credential};

#[tokio::test]
async fn row_055_a_documented_404_is_not_a_death() {
    for (provider, _) in providers().filter(|(provider, _)| can_confirm(provider)) {
        let fake = Fake::start(provider).await.unwrap();
        let error = error(fake.builder().build().unwrap().revoke(&fake.unknown_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered),
            "{provider}"
        );
        assert!(
            !error.is_likely_dead() && error.next_step().contains("tenant"),
            "{provider}: {}",
            error.next_step()
        );
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn row_056_a_404_of_somebody_else_is_not_found_and_sinjapps_unknown_tenant_is_misdirected() {
    let route = Reply::new(404).with_json(json!({ "detail": "Not Found" }));
    let page = Reply::new(404).with_body("text/html", "<html>nginx</html>");
    for reply in [route, page, Reply::new(404)] {
        everywhere(reply, ErrorKind::NotFound, KeyState::Unknown, |_| 1).await;
    }
    let tenant = json!({ "message": "Tenant could not be identified for this domain." });
    let (result, sent) = answered("sinjapp", &Reply::new(404).with_json(&tenant)).await;
    let error_at_sinjapp = error(result);
    assert_eq!(
        (error_at_sinjapp.kind(), error_at_sinjapp.key_state(), sent),
        (ErrorKind::Misdirected, KeyState::Live, 1)
    );
    let (result, _) = answered(
        "sinjapp",
        &Reply::new(404).with_body("text/html", tenant.to_string()),
    )
    .await;
    assert_eq!(error(result).key_state(), KeyState::Unknown);
    let (result, _) = answered("devin", &Reply::new(404).with_json(&tenant)).await;
    assert_eq!(error(result).kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn row_057_a_410_is_no_more_a_death_than_a_404() {
    everywhere(Reply::new(410), ErrorKind::NotFound, KeyState::Unknown, |_| 1).await;
}

#[tokio::test]
async fn row_058_a_409_that_names_the_keys_state_is_dead_and_never_asked_again() {
    let problem =
        |body: serde_json::Value| Reply::new(409).with_body("application/problem+json", body.to_string());
    for (provider, reply) in [
        ("dolfin", problem(json!({ "title": "ApiKey.AlreadyRevoked" }))),
        (
            "dolfin",
            problem(
                json!({ "type": "https://tools.ietf.org/html/rfc7807", "title": "Conflict", "status": "409" }),
            ),
        ),
        (
            "dolfin",
            Reply::new(409).with_json(json!({ "detail": "ApiKey.AlreadyRevoked" })),
        ),
        (
            "devin-v3",
            Reply::new(409).with_json(json!({ "detail": "already revoked" })),
        ),
    ] {
        let (result, sent) = answered(provider, &reply).await;
        assert_eq!(
            (result.unwrap().disposition(), sent),
            (Disposition::AlreadyRevoked, 1),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn row_059_every_other_409_is_a_conflict() {
    for body in [
        json!({ "code": "conflict" }),
        json!([]),
        json!("ApiKey.AlreadyRevoked"),
        json!({ "detail": ["x"] }),
    ] {
        everywhere(
            Reply::new(409).with_json(body),
            ErrorKind::Conflict,
            KeyState::Unknown,
            |_| 1,
        )
        .await;
    }
    everywhere(Reply::new(409), ErrorKind::Conflict, KeyState::Unknown, |_| 1).await;
    for title in ["Member.Forbidden", "ApiKey.AlreadyRevoked.Not", "client.locked"] {
        let (result, sent) = answered("dolfin", &Reply::new(409).with_json(json!({ "title": title }))).await;
        assert_eq!((error(result).kind(), sent), (ErrorKind::Conflict, 1), "{title}");
    }
}

#[tokio::test]
async fn row_061_a_single_401_leaves_the_key_live_and_is_not_repeated() {
    everywhere(Reply::new(401), ErrorKind::Unauthenticated, KeyState::Live, |_| 1).await;
}

#[tokio::test]
async fn row_062_a_401_asks_the_source_of_the_credential_once_more() {
    use keyrevoke::{BoxFuture, CredentialSource};
    /// Whatever form the provider takes, each of these is of it.
    struct Expired(std::sync::atomic::AtomicUsize, &'static str);
    impl CredentialSource for Expired {
        fn credential(&self) -> BoxFuture<'_, Result<Credential, Box<dyn std::error::Error + Send + Sync>>> {
            let number = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Box::pin(async move { Ok(Credential::from_text(format!("{}-expired-{number}", self.1))) })
        }
    }
    for (provider, _) in providers().filter(|(provider, _)| takes_credential(provider)) {
        let fake = Fake::start(provider).await.unwrap();
        fake.answer_always(Reply::new(401));
        let source = Expired(Default::default(), fake.credential_text());
        let error = error(
            fake.builder()
                .with_credential_source(source)
                .build()
                .unwrap()
                .revoke(&fake.new_key())
                .await,
        );
        assert_eq!(
            (error.key_state(), fake.requests().len()),
            (KeyState::Live, 2),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn row_063_a_403_leaves_the_key_live() {
    everywhere(
        Reply::new(403),
        ErrorKind::PermissionDenied,
        KeyState::Live,
        |_| 1,
    )
    .await;
    let code = Reply::new(403).with_json(json!({ "title": "Member.Forbidden" }));
    assert_eq!(
        error(answered("dolfin", &code).await.0).provider_code(),
        Some("Member.Forbidden")
    );
}

#[tokio::test]
async fn row_064_a_407_is_the_proxys_refusal() {
    everywhere(Reply::new(407), ErrorKind::Unauthenticated, KeyState::Live, |_| 1).await;
    assert!(
        error(answered("devin", &Reply::new(407)).await.0)
            .next_step()
            .contains("proxy")
    );
}

#[tokio::test]
async fn row_065_a_malformed_request_leaves_the_key_live_with_the_providers_words() {
    let body =
        json!({ "message": "bad\nid", "detail": [{ "loc": ["path", "id"], "msg": "no", "type": "t" }] });
    for status in [400, 422] {
        everywhere(
            Reply::new(status).with_json(&body),
            ErrorKind::Rejected,
            KeyState::Live,
            |_| 1,
        )
        .await;
        let error = error(answered("devin", &Reply::new(status).with_json(&body)).await.0);
        assert_eq!(
            (error.detail(), error.field_errors()[0].field.as_str()),
            (Some("bad id"), "path.id")
        );
    }
}

#[tokio::test]
async fn row_066_a_422_whose_detail_is_a_text_keeps_status_and_text() {
    let (result, sent) = answered(
        "devin",
        &Reply::new(422).with_json(json!({ "detail": "not a list" })),
    )
    .await;
    let error = error(result);
    assert_eq!(
        (error.status(), error.detail(), error.key_state(), sent),
        (Some(422), Some("not a list"), KeyState::Live, 1)
    );
}

#[tokio::test]
async fn row_067_answers_of_another_contract_are_not_asked_again() {
    // A server that does not know the method did nothing.
    everywhere(Reply::new(405), ErrorKind::Misdirected, KeyState::Live, |_| 1).await;
    for status in [415, 426, 501, 505] {
        everywhere(
            Reply::new(status),
            ErrorKind::UnexpectedAnswer,
            KeyState::Unknown,
            |_| 1,
        )
        .await;
    }
}

/// So many requests as the provider may be sent that perhaps arrived.
fn sends(provider: &str) -> usize {
    providers()
        .find(|(name, _)| *name == provider)
        .map_or(0, |(_, sends)| sends)
}

#[tokio::test]
async fn row_068_gateways_and_failures_are_asked_again_and_end_unknown() {
    for status in [408, 500, 502, 504, 507, 520, 522, 530] {
        everywhere(
            Reply::new(status),
            ErrorKind::Unavailable,
            KeyState::Unknown,
            sends,
        )
        .await;
    }
}

#[tokio::test]
async fn row_069_a_503_ends_unknown_and_says_to_assume_that_the_key_works() {
    everywhere(Reply::new(503), ErrorKind::Unavailable, KeyState::Unknown, sends).await;
    let error = error(answered("devin", &Reply::new(503)).await.0);
    assert!(
        error.next_step().contains("Assume that the key works"),
        "{}",
        error.next_step()
    );
}

#[tokio::test]
async fn row_070_a_425_counts_as_untouched_and_is_asked_again() {
    everywhere(Reply::new(425), ErrorKind::Unavailable, KeyState::Live, |_| 5).await;
}

#[tokio::test]
async fn row_071_a_429_without_a_time_is_asked_again() {
    everywhere(Reply::new(429), ErrorKind::RateLimited, KeyState::Live, |_| 5).await;
}

#[tokio::test]
async fn row_072_a_429_with_a_time_is_waited_for() {
    for (provider, _) in providers() {
        let fake = Fake::start(provider).await.unwrap();
        fake.answer_next(Reply::new(429).with_header("retry-after", "1"));
        let before = std::time::Instant::now();
        let revoker = fake
            .builder()
            .with_retry(RetryPolicy::immediate())
            .build()
            .unwrap();
        let result = revoker.revoke(&fake.new_key()).await;
        assert_eq!(result.is_ok(), can_confirm(provider), "{provider}");
        assert_eq!(fake.requests().len(), 2, "{provider}");
        assert!(
            before.elapsed() >= Duration::from_secs(1),
            "a lower bound holds on any machine"
        );
    }
}

#[tokio::test]
async fn row_073_a_time_beyond_the_deadline_ends_the_call_at_once() {
    let reply = Reply::new(429).with_header("retry-after", "120");
    everywhere(reply.clone(), ErrorKind::RateLimited, KeyState::Live, |_| 1).await;
    let error = error(answered("devin", &reply).await.0);
    assert_eq!(
        (error.retry_after(), error.is_retryable()),
        (Some(Duration::from_secs(120)), true)
    );
}

#[tokio::test]
async fn row_074_times_that_are_none_are_ignored_and_hints_are_bounded() {
    let hint = |value: &str| Reply::new(429).with_header("retry-after", value);
    for (value, seconds, requests) in [
        ("100000000000000000000", Some(86_400), 1),
        ("Sat, 06 Nov 2094 08:00:00 GMT", Some(86_400), 1),
        ("-5", None, 5),
        ("1.5", None, 5),
        ("soon", None, 5),
    ] {
        let (result, sent) = answered("devin", &hint(value)).await;
        assert_eq!(
            (error(result).retry_after(), sent),
            (seconds.map(Duration::from_secs), requests),
            "{value}"
        );
    }
}

#[tokio::test]
async fn row_075_statuses_that_nobody_defined_are_unknown() {
    for status in [418, 451, 499, 600, 999] {
        everywhere(
            Reply::new(status),
            ErrorKind::UnexpectedAnswer,
            KeyState::Unknown,
            |_| 1,
        )
        .await;
    }
}

#[tokio::test]
async fn row_076_not_modified_is_unknown() {
    everywhere(
        Reply::new(304),
        ErrorKind::UnexpectedAnswer,
        KeyState::Unknown,
        |_| 1,
    )
    .await;
}
