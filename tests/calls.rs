//! A call in the hands of an application: credentials that expire, observers that watch and veto, cancellation.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::error::Error;
use std::future::{pending, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    AttemptEnd, AttemptStart, BoxFuture, Credential, CredentialSource, Delivery, ErrorKind, GaveUp, KeyState,
    Observer, RetryPolicy, Revoke, Veto,
};
use serde_json::json;
use tokio::sync::Notify;

/// Gives these credentials one after the other, then the last one again, and counts how often it was asked.
#[derive(Clone)]
struct Rotating {
    texts: Arc<Vec<String>>,
    asked: Arc<AtomicUsize>,
}

impl Rotating {
    fn new(texts: &[&str]) -> Self {
        Self {
            texts: Arc::new(texts.iter().map(|text| (*text).to_owned()).collect()),
            asked: Arc::default(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl CredentialSource for Rotating {
    fn credential(&self) -> BoxFuture<'_, Result<Credential, Box<dyn Error + Send + Sync>>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            let index = self
                .asked
                .fetch_add(1, Ordering::SeqCst)
                .min(self.texts.len() - 1);
            match self.texts[index].as_str() {
                "none" => Err("the vault is sealed".into()),
                "hang" => pending().await,
                text => Ok(Credential::from_text(text)),
            }
        })
    }
}

#[tokio::test]
async fn a_credential_is_asked_for_once_and_shared_by_all_calls() {
    let fake = Fake::start("devin").await.unwrap();
    let source = Rotating::new(&[fake.credential_text()]);
    let revoker = fake
        .builder()
        .with_credential_source(source.clone())
        .build()
        .unwrap();
    assert_eq!(source.asked(), 0, "not before a call needs it");
    let calls: Vec<_> = (0..20)
        .map(|_| revoker.revoke_detached(&fake.new_key()))
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!((source.asked(), fake.requests().len()), (1, 20));
}

#[tokio::test]
async fn an_expired_credential_is_renewed_once_after_its_refusal() {
    // One says 401, the other a 403 of its own.
    for provider in ["kadosei", "jupyterhub"] {
        let fake = Fake::start(provider).await.unwrap();
        let source = Rotating::new(&["expired.canary.token", fake.credential_text()]);
        let revoker = fake
            .builder()
            .with_credential_source(source.clone())
            .build()
            .unwrap();
        let dead = revoker.revoke(&fake.new_key()).await.unwrap();
        assert_eq!((dead.attempts(), source.asked()), (2, 2));
        let sent: Vec<_> = fake
            .requests()
            .iter()
            .map(|request| request.header("authorization").unwrap().to_owned())
            .collect();
        assert_eq!(
            sent,
            [
                "Bearer expired.canary.token".to_owned(),
                format!("Bearer {}", fake.credential_text())
            ]
        );
        // The next call begins with the fresh one.
        assert_eq!(revoker.revoke(&fake.new_key()).await.unwrap().attempts(), 1);
        assert_eq!(source.asked(), 2);

        // A 403 about what the credential may do is no refusal of the credential.
        fake.answer_next(
            Reply::new(403).with_json(json!({ "status": 403, "message": "requires any of [tokens]" })),
        );
        let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::PermissionDenied, KeyState::Live)
        );
        assert_eq!((source.asked(), fake.requests().len()), (2, 4));
    }
}

#[tokio::test]
async fn an_expired_credential_is_renewed_for_a_look_up_too() {
    for provider in ["devin-v3", "jupyterhub"] {
        let fake = Fake::start(provider).await.unwrap();
        let source = Rotating::new(&["cog_expired", fake.credential_text()]);
        let revoker = fake
            .builder()
            .with_credential_source(source.clone())
            .build()
            .unwrap();
        revoker.find(&fake.new_key()).await.expect(provider);
        assert_eq!((source.asked(), fake.requests().len()), (2, 2), "{provider}");
    }
}

#[tokio::test]
async fn a_source_that_has_nothing_better_ends_the_call() {
    let fake = Fake::start("devin").await.unwrap();
    // The same credential again is not tried again, and a second 401 is the end.
    for (texts, asked, sent) in [
        (&["expired"][..], 2, 1),
        (&["expired", "expired-too", "third"], 2, 2),
    ] {
        let source = Rotating::new(texts);
        let before = fake.requests().len();
        let revoker = fake
            .builder()
            .with_credential_source(source.clone())
            .build()
            .unwrap();
        let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::Unauthenticated, KeyState::Live)
        );
        assert_eq!((source.asked(), fake.requests().len() - before), (asked, sent));
    }
}

#[tokio::test]
async fn a_renewal_after_doubt_does_not_make_the_key_live_and_is_a_repeat_like_any_other() {
    for (provider, sent) in [("devin", 2), ("sinjapp", 1)] {
        let fake = Fake::start(provider).await.unwrap();
        fake.answer_next(Reply::new(503));
        fake.answer_next(Reply::new(401));
        let source = Rotating::new(&["first", "first"]);
        let revoker = fake
            .builder()
            .with_retry(RetryPolicy::immediate())
            .with_credential_source(source)
            .build()
            .unwrap();
        let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
        assert_eq!(error.key_state(), KeyState::Unknown, "{provider}");
        assert_eq!(fake.requests().len(), sent, "{provider}");
    }
}

#[tokio::test]
async fn without_a_credential_nothing_is_sent() {
    for text in ["none", "hang", "two words", ""] {
        let fake = Fake::start("devin").await.unwrap();
        let builder = fake.builder().with_credential_source(Rotating::new(&[text]));
        let revoker = builder.with_deadline(Duration::from_millis(400)).build().unwrap();
        let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::Unauthenticated, KeyState::Live),
            "{text}"
        );
        assert_eq!(error.delivery(), Delivery::NotSent, "{text}");
        assert!(fake.requests().is_empty(), "{text}");
    }
}

/// Writes down what it is told, and refuses what it is told to refuse.
#[derive(Clone, Default)]
struct Journal {
    lines: Arc<Mutex<Vec<String>>>,
    refuse: Option<u32>,
    hang: bool,
}

impl Observer for Journal {
    fn before_attempt<'a>(&'a self, attempt: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        Box::pin(async move {
            if self.hang {
                pending::<()>().await;
            }
            let line = format!("{} {}:{}", attempt.number(), attempt.provider(), attempt.key());
            self.lines.lock().unwrap().push(line);
            if self.refuse == Some(attempt.number()) {
                Err(Veto::new("the disk is full"))
            } else {
                Ok(())
            }
        })
    }

    fn after_attempt<'a>(&'a self, attempt: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let (status, last) = (attempt.status().unwrap_or_default(), attempt.next_in().is_none());
            let line = format!(
                "{} {} {status} {} last={last}",
                attempt.number(),
                attempt.delivery().as_str(),
                attempt.key_state()
            );
            self.lines.lock().unwrap().push(line);
        })
    }
}

#[tokio::test]
async fn an_observer_is_told_before_and_after_each_attempt() {
    let fake = Fake::start("dolfin").await.unwrap();
    fake.answer_next(Reply::new(503));
    let journal = Journal::default();
    let builder = fake
        .builder()
        .with_retry(RetryPolicy::immediate())
        .with_observer(journal.clone());
    let key = fake.new_key();
    builder.build().unwrap().revoke(&key).await.unwrap();
    let wanted = [
        format!("1 {key}"),
        "1 answered 503 unknown last=false".to_owned(),
        format!("2 {key}"),
        "2 answered 204 dead last=true".to_owned(),
    ];
    assert_eq!(*journal.lines.lock().unwrap(), wanted);
}

#[tokio::test]
async fn what_an_observer_refuses_is_not_sent() {
    let fake = Fake::start("dolfin").await.unwrap();
    let refusing = |number| {
        let journal = Journal {
            refuse: Some(number),
            ..Journal::default()
        };
        fake.builder()
            .with_retry(RetryPolicy::immediate())
            .with_observer(journal)
            .build()
            .unwrap()
    };
    let error = refusing(1).revoke(&fake.new_key()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::Vetoed, KeyState::Live)
    );
    assert_eq!((error.delivery(), fake.requests().len()), (Delivery::NotSent, 0));
    assert!(error.detail().unwrap().contains("the disk is full"), "{error}");

    // After an attempt that may have been carried out, a veto does not clear the doubt.
    fake.answer_next(Reply::new(503));
    let error = refusing(2).revoke(&fake.new_key()).await.unwrap_err();
    assert_eq!(
        (error.key_state(), error.delivery(), fake.requests().len()),
        (KeyState::Unknown, Delivery::Answered, 1)
    );
}

#[tokio::test]
async fn an_observer_that_hangs_sends_nothing_and_does_not_hold_the_call_up() {
    let fake = Fake::start("dolfin").await.unwrap();
    let journal = Journal {
        hang: true,
        ..Journal::default()
    };
    let revoker = fake
        .builder()
        .with_observer(journal)
        .with_deadline(Duration::from_millis(400))
        .build()
        .unwrap();
    let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.delivery()),
        (ErrorKind::NotSent, KeyState::Live, Delivery::NotSent)
    );
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_call_that_is_ended_says_what_it_knows() {
    let fake = Fake::start("devin").await.unwrap();
    let revoker = fake.builder().build().unwrap();

    // Before anything was sent.
    let error = revoker
        .revoke_until(&fake.new_key(), ready(()))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.delivery()),
        (ErrorKind::Cancelled, KeyState::Live, Delivery::NotSent)
    );
    assert_eq!((error.attempts(), fake.requests().len()), (0, 0));

    // While a request is under way.
    fake.answer_next(Reply::new(200).with_delay(Duration::from_secs(60)));
    let until = async {
        while fake.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let error = revoker.revoke_until(&fake.new_key(), until).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.delivery()),
        (ErrorKind::Cancelled, KeyState::Unknown, Delivery::MaybeSent)
    );

    // Between two attempts, the first of which changed nothing.
    fake.answer_next(Reply::new(429).with_header("retry-after", "20"));
    let until = async {
        while fake.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    let error = revoker.revoke_until(&fake.new_key(), until).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.delivery()),
        (ErrorKind::Cancelled, KeyState::Live, Delivery::Answered)
    );
    assert_eq!((error.attempts(), fake.requests().len()), (1, 2));

    // Not at all.
    assert!(revoker.revoke_until(&fake.new_key(), pending()).await.is_ok());
}

#[tokio::test]
async fn a_detached_call_finishes_although_the_caller_went_away() {
    let fake = Fake::start("devin").await.unwrap();
    let done = Arc::new(Notify::new());
    struct Tell(Arc<Notify>);
    impl Observer for Tell {
        fn after_attempt<'a>(&'a self, _: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
            Box::pin(async { self.0.notify_one() })
        }
    }
    let revoker = fake
        .builder()
        .with_observer(Tell(Arc::clone(&done)))
        .build()
        .unwrap();
    let key = fake.new_key();
    drop(revoker.revoke_detached(&key));
    done.notified().await;
    assert!(!fake.is_live(&key));
}

#[test]
fn a_detached_call_outside_of_a_runtime_is_an_error_and_not_a_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fake = runtime.block_on(Fake::start("devin")).unwrap();
    let call = fake.builder().build().unwrap().revoke_detached(&fake.new_key());
    let error = runtime.block_on(call).unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.attempts()),
        (ErrorKind::NotSent, KeyState::Live, 0)
    );
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_budget_keeps_many_calls_from_storming_a_provider_that_is_down() {
    let fake = Fake::start("devin").await.unwrap();
    fake.answer_always(Reply::new(503));
    let policy = RetryPolicy::immediate().with_budget(5);
    let revoker = fake.builder().with_retry(policy).build().unwrap();
    let mut stopped = 0;
    for _ in 0..30 {
        let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
        assert_eq!(error.key_state(), KeyState::Unknown);
        stopped += usize::from(error.gave_up() == Some(GaveUp::Budget));
    }
    assert_eq!((fake.requests().len(), stopped), (35, 25));
    // Answers refill it.
    fake.behave();
    for _ in 0..3 {
        revoker.revoke(&fake.new_key()).await.unwrap();
    }
    fake.answer_next(Reply::new(503));
    assert_eq!(revoker.revoke(&fake.new_key()).await.unwrap().attempts(), 2);
}

#[tokio::test]
async fn why_a_call_gave_up_is_said() {
    for (provider, reply, why) in [
        ("devin", Reply::new(503), Some(GaveUp::Attempts)),
        ("sinjapp", Reply::new(503), Some(GaveUp::MayHurt)),
        (
            "devin",
            Reply::new(429).with_header("retry-after", "3600"),
            Some(GaveUp::Deadline),
        ),
        ("devin", Reply::new(403), None),
        ("devin", Reply::new(404), None),
    ] {
        let fake = Fake::start(provider).await.unwrap();
        fake.answer_always(reply);
        let revoker = fake
            .builder()
            .with_retry(RetryPolicy::immediate())
            .build()
            .unwrap();
        let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
        assert_eq!(error.gave_up(), why, "{provider}: {error}");
    }
}
