//! Rows 25 to 38: an attempt that may have been carried out, and what an answer after it is worth. Row 37, and
//! the whole space of row 38, are tests of the loop itself, in `src/retry_tests.rs`.

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    Credential, Delivery, Disposition, ErrorKind, GaveUp, KeyRef, KeyState, RetryPolicy, Revoke, RevokeError,
    sinjapp,
};

use crate::common::{NO_ANSWER, can_confirm, error, providers, repeating, revoke_at, summary, through};
use crate::proxy::{FaultProxy, Way};
use crate::reused_ids::ReusingServer;
use crate::server::{FaultServer, Step, after_read, answer, replies};

/// A fake behind a proxy that treats the first requests in these ways.
async fn behind(provider: &str, ways: impl IntoIterator<Item = Way>) -> (Fake, FaultProxy) {
    let fake = Fake::start(provider).await.unwrap();
    let proxy = FaultProxy::before(&fake.base_url(), ways).await;
    (fake, proxy)
}

/// The key dies, the answer is lost, and the second request gets this reply.
async fn after_a_lost_answer(provider: &str, second: Reply) -> RevokeError {
    let (fake, proxy) = behind(provider, [Way::LoseAnswer]).await;
    let key = fake.new_key();
    fake.answer_next(Reply::new(204).carried_out());
    fake.answer_always(second);
    let error = error(through(&fake, proxy.base_url()).revoke(&key).await);
    assert!(!fake.is_live(&key), "{provider}");
    let requests = fake.requests();
    assert_eq!(
        (requests.len(), proxy.asked()),
        (error.attempts() as usize, requests.len()),
        "{provider}: {error}"
    );
    error
}

#[tokio::test]
async fn row_025_a_lost_answer_and_then_a_404_is_probably_dead_and_not_confirmed() {
    for provider in ["devin", "kadosei"] {
        let (fake, proxy) = behind(provider, [Way::LoseAnswer]).await;
        let key = fake.new_key();
        let error = error(through(&fake, proxy.base_url()).revoke(&key).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered),
            "{provider}"
        );
        assert!(error.is_likely_dead(), "{provider}: {error}");
        assert!(error.next_step().contains("list"), "{}", error.next_step());
        assert_eq!(
            (error.attempts(), proxy.delivered(), fake.requests().len()),
            (2, 2, 2)
        );
        assert!(!fake.is_live(&key), "{provider}");
    }
}

#[tokio::test]
async fn row_027_a_lost_answer_and_then_already_revoked_is_dead() {
    for provider in ["dolfin", "devin-v3"] {
        let (fake, proxy) = behind(provider, [Way::LoseAnswer]).await;
        let key = fake.new_key();
        let dead = through(&fake, proxy.base_url()).revoke(&key).await.unwrap();
        assert_eq!(
            (dead.disposition(), dead.attempts()),
            (Disposition::AlreadyRevoked, 2),
            "{provider}"
        );
        assert_eq!((proxy.delivered(), fake.requests().len()), (2, 2));
        assert!(!fake.is_live(&key));
    }
}

#[tokio::test]
async fn row_028_a_lost_answer_and_then_a_401_is_unknown() {
    for provider in repeating() {
        let error = after_a_lost_answer(provider, Reply::new(401)).await;
        assert_eq!(
            summary(&error),
            (ErrorKind::Unauthenticated, KeyState::Unknown, Delivery::Answered),
            "{provider}"
        );
        let forms = keyrevoke::provider(provider).unwrap().credentials();
        assert_eq!(
            error.is_likely_dead(),
            forms[0].starts_with("the key itself"),
            "{provider}: another credential may have expired meanwhile"
        );
        assert!(error.next_step().contains("erify"), "{}", error.next_step());
        assert_eq!(error.attempts(), 2);
    }
}

#[tokio::test]
async fn row_029_a_key_that_revoked_itself_and_is_refused_is_probably_dead() {
    // Of keys that are known by their secrets, row 28 speaks.
    let by_id = |provider: &&str| !keyrevoke::provider(provider).unwrap().revokes_by_secret();
    for provider in repeating().filter(by_id) {
        let (fake, proxy) = behind(provider, [Way::LoseAnswer]).await;
        let (own, other) = (fake.new_key(), fake.new_key());
        let revoker = |id: &KeyRef| {
            let builder = fake.builder().with_base_url(proxy.base_url());
            builder
                .with_retry(RetryPolicy::immediate())
                .with_credential(fake.credential().with_key_id(id.key()))
                .build()
                .unwrap()
        };
        fake.answer_next(Reply::new(204).carried_out());
        fake.answer_always(Reply::new(401));
        let error = error(revoker(&own).revoke(&own).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::Unauthenticated, KeyState::Unknown, Delivery::Answered),
            "{provider}"
        );
        assert!(error.is_likely_dead(), "{provider}: {error}");
        assert_eq!((error.attempts(), proxy.delivered()), (2, 2));

        // Refused at once: nothing was done. And another key's death says nothing of the credential.
        let refused = revoker(&own).revoke(&own).await.unwrap_err();
        assert_eq!(
            (refused.key_state(), refused.is_likely_dead()),
            (KeyState::Live, false)
        );
        let (again, proxy) = behind(provider, [Way::LoseAnswer]).await;
        let key = again.new_key();
        again.answer_next(Reply::new(204).carried_out());
        again.answer_always(Reply::new(401));
        let with_another = again
            .builder()
            .with_base_url(proxy.base_url())
            .with_retry(RetryPolicy::immediate())
            .with_credential(again.credential().with_key_id(other.key()))
            .build()
            .unwrap();
        let error = self::error(with_another.revoke(&key).await);
        assert_eq!(
            (error.key_state(), error.is_likely_dead()),
            (KeyState::Unknown, false)
        );
        assert_eq!(proxy.delivered(), 2);
    }
    // An id that is none is refused at once.
    let fake = Fake::start("dolfin").await.unwrap();
    let wrong = fake.credential().with_key_id("dol_live_canary");
    let refused = fake.builder().with_credential(wrong).build().unwrap_err();
    assert!(!refused.to_string().contains("canary"), "{refused}");
}

#[tokio::test]
async fn row_030_a_lost_answer_and_then_a_refusal_is_unknown() {
    for provider in repeating() {
        let later = Reply::new(429).with_header("retry-after", "120");
        for (second, kind) in [
            (Reply::new(403), ErrorKind::PermissionDenied),
            (Reply::new(422), ErrorKind::Rejected),
            (Reply::new(400), ErrorKind::Rejected),
            (later, ErrorKind::RateLimited),
        ] {
            let error = after_a_lost_answer(provider, second).await;
            assert_eq!(
                summary(&error),
                (kind, KeyState::Unknown, Delivery::Answered),
                "{provider}"
            );
            assert!(!error.is_likely_dead());
            assert_eq!(error.attempts(), 2, "{provider}: {error}");
            let asked = (kind == ErrorKind::RateLimited).then_some(Duration::from_secs(120));
            assert_eq!(error.retry_after(), asked);
        }
        let error = after_a_lost_answer(provider, Reply::new(429)).await;
        assert_eq!((error.key_state(), error.attempts()), (KeyState::Unknown, 5));
    }
}

#[tokio::test]
async fn row_031_a_lost_answer_and_then_the_documented_success_is_dead() {
    for provider in repeating().filter(|provider| can_confirm(provider)) {
        let (fake, proxy) = behind(provider, [Way::LoseRequest]).await;
        let key = fake.new_key();
        let dead = through(&fake, proxy.base_url()).revoke(&key).await.unwrap();
        assert_eq!(
            (dead.disposition(), dead.attempts()),
            (Disposition::Revoked, 2),
            "{provider}"
        );
        assert_eq!(
            (proxy.asked(), proxy.delivered(), fake.requests().len()),
            (2, 1, 1)
        );
        assert!(!fake.is_live(&key));
    }
    // A server that says 204 each time.
    let server = FaultServer::start([after_read(Step::Reset), replies(answer(204, &[], b""))]);
    assert_eq!(revoke_at("dolfin", &server.url()).await.unwrap().attempts(), 2);
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn row_032_a_lost_answer_and_then_nobody_there_is_unknown() {
    for (provider, sends) in providers() {
        let server = FaultServer::then_refuse([after_read(Step::Reset)]);
        let error = error(revoke_at(provider, &server.url()).await);
        assert_eq!(summary(&error), NO_ANSWER, "{provider}: {error}");
        assert_eq!(
            error.attempts(),
            if sends == 1 { 1 } else { 5 },
            "{provider}: {error}"
        );
        assert_eq!(server.requests(), 1, "{provider}");
    }
}

#[tokio::test]
async fn row_033_a_gateway_s_failure_and_then_a_404_is_probably_dead() {
    for provider in ["devin", "kadosei"] {
        for status in [500, 502, 504] {
            let fake = Fake::start(provider).await.unwrap();
            let key = fake.new_key();
            fake.answer_next(Reply::new(status).carried_out());
            let error = error(through(&fake, &fake.base_url()).revoke(&key).await);
            assert_eq!(
                (error.kind(), error.key_state(), error.is_likely_dead()),
                (ErrorKind::NotFound, KeyState::Unknown, true),
                "{provider} {status}"
            );
            assert_eq!(fake.requests().len(), 2);
            assert!(!fake.is_live(&key));
        }
    }
}

#[tokio::test]
async fn row_034_a_request_delivered_twice_is_judged_by_the_answer_that_is_seen() {
    for (provider, _) in providers() {
        let (fake, proxy) = behind(provider, [Way::Twice]).await;
        let key = fake.new_key();
        let result = through(&fake, proxy.base_url()).revoke(&key).await;
        assert_eq!(
            (proxy.asked(), proxy.delivered(), fake.requests().len()),
            (1, 2, 2),
            "{provider}"
        );
        assert!(!fake.is_live(&key), "{provider}");
        if keyrevoke::provider(provider).unwrap().repeat() == keyrevoke::Repeat::Conclusive {
            let dead = result.unwrap();
            // Where a state is set, the answer to the second request is that of the first.
            assert!(
                dead.disposition() == Disposition::AlreadyRevoked || dead.is_reversible(),
                "{provider}"
            );
            continue;
        }
        // Some answer to the second as to the first, which is a success and never a 404.
        if let Ok(dead) = &result {
            assert!(matches!(dead.status(), Some(200 | 204)), "{dead:?}");
            continue;
        }
        let error = error(result);
        if !can_confirm(provider) {
            assert_eq!(error.key_state(), KeyState::Unknown, "{provider}");
            continue;
        }
        assert_eq!(
            summary(&error),
            (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered),
            "{provider}"
        );
        assert_eq!(error.attempts(), 1);
    }
}

#[tokio::test]
async fn row_035_where_ids_are_given_again_a_lost_delete_is_not_repeated() {
    for way in [Way::LoseAnswer, Way::Cut(0), Way::Cut(20)] {
        let server = ReusingServer::start().await;
        let proxy = FaultProxy::before(&server.base_url(), [way]).await;
        let leaked = server.make("the intruder");
        let revoker = sinjapp::builder()
            .with_base_url(proxy.base_url())
            .with_credential(Credential::api_key("canary"))
            .with_retry(RetryPolicy::immediate())
            .build()
            .unwrap();
        let key = sinjapp::KeyId::new(leaked as i64).unwrap();
        let error = error(revoker.revoke(&key).await);
        assert_eq!(summary(&error), NO_ANSWER, "{way:?}: {error}");
        assert!(!error.is_retryable(), "not by the caller either");
        assert_eq!(error.gave_up(), Some(GaveUp::MayHurt));
        assert_eq!((proxy.asked(), proxy.delivered()), (1, 1), "{way:?}");
        let next = (leaked, "the next colleague".to_owned());
        assert_eq!(server.owners(), [next], "{way:?}: the id lives on as another key");

        // What a repeat would have done: it is confirmed dead, and is somebody else's.
        assert!(revoker.revoke(&key).await.is_ok());
        assert_eq!(server.owners().len(), 1);
        assert_eq!(proxy.delivered(), 2);
    }
}

#[tokio::test]
async fn row_036_an_id_of_another_tenant_is_never_dead() {
    for (provider, sends) in providers() {
        for ways in [vec![], vec![Way::LoseAnswer], vec![Way::LoseRequest]] {
            let (fake, proxy) = behind(provider, ways.clone()).await;
            let (unknown, bystander): (KeyRef, KeyRef) = (fake.unknown_key(), fake.new_key());
            let error = error(through(&fake, proxy.base_url()).revoke(&unknown).await);
            assert_eq!(error.key_state(), KeyState::Unknown, "{provider} {ways:?}");
            let expected = if ways.is_empty() { 1 } else { sends };
            assert_eq!(
                (error.attempts() as usize, proxy.asked()),
                (expected, expected),
                "{provider} {ways:?}: {error}"
            );
            assert!(fake.is_live(&bystander));
        }
    }
}

#[tokio::test]
async fn row_038_at_most_five_attempts_and_two_of_them_ambiguous() {
    for (provider, most) in providers() {
        let fake = Fake::start(provider).await.unwrap();
        let policy = RetryPolicy::immediate().with_budget(1000);
        let revoker = fake.builder().with_retry(policy).build().unwrap();
        let key = fake.new_key();
        // Every order of rate limits, which change nothing, and failures, which may have changed something.
        for order in 0..32_u32 {
            let failures: Vec<bool> = (0..5).map(|bit| order & (1 << bit) != 0).collect();
            for is_failure in &failures {
                fake.answer_next(Reply::new(if *is_failure { 503 } else { 429 }));
            }
            let before = fake.requests().len();
            let error = error(revoker.revoke(&key).await);
            let sent = fake.requests().len() - before;
            fake.behave();
            let ambiguous = failures[..sent].iter().filter(|failure| **failure).count();
            assert_eq!(error.attempts() as usize, sent, "{provider} {failures:?}");
            assert!(sent <= 5 && ambiguous <= most, "{provider} {failures:?}: {sent}");
            assert!(sent == 5 || ambiguous == most, "{provider} {failures:?}: {sent}");
            let state = if ambiguous > 0 {
                KeyState::Unknown
            } else {
                KeyState::Live
            };
            assert_eq!(error.key_state(), state, "{provider} {failures:?}");
        }
        assert!(fake.is_live(&key));
    }
}
