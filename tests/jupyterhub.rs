//! Tokens from their making to their refusal, at a real server that no one here wrote: JupyterHub. `.ci/run` installs it
//! and runs this; by hand:
//!
//! ```sh
//! python3 -m venv target/jupyterhub && target/jupyterhub/bin/pip install jupyterhub==6.1.1
//! cargo test --all-features --test jupyterhub -- --ignored
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "jupyterhub/hub.rs"]
mod hub;
#[allow(dead_code)]
#[path = "faults/proxy.rs"]
mod proxy;
#[allow(dead_code)]
#[path = "faults/server.rs"]
mod server;

use std::future::ready;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyrevoke::{
    Acceptance, AnyProvider, AnyRevoker, AttemptStart, Attestation, BoxFuture, Builder, Checks, Credential,
    Delivery, Disposition, ErrorKind, Evidence, Expectation, GaveUp, KeyRef, KeyState, KeyStatus, Observer,
    Registry, RetryPolicy, Revoke, RevokeError, RevokeResult, Secret, Verification, Veto,
};

use hub::{ADMINISTRATOR, Hub, LockedDatabase, OF_BOB, WITHOUT_SCOPES};
use proxy::{FaultProxy, Way};

fn builder(base_url: &str, credential: &str) -> Builder<AnyProvider> {
    keyrevoke::builder("jupyterhub")
        .unwrap()
        .with_base_url(base_url)
        .with_credential(Credential::bearer(credential))
        .with_retry(RetryPolicy::immediate())
}

fn revoker(base_url: &str, credential: &str) -> AnyRevoker {
    builder(base_url, credential).build().unwrap()
}

fn key(user: &str, id: &str) -> KeyRef {
    format!("jupyterhub:{user}/{id}").parse().unwrap()
}

fn error(result: RevokeResult) -> RevokeError {
    result.expect_err("not confirmed dead")
}

fn summary(error: &RevokeError) -> (ErrorKind, KeyState, Delivery) {
    (error.kind(), error.key_state(), error.delivery())
}

#[tokio::test]
#[ignore = "needs JupyterHub; .ci/run installs it and runs this"]
async fn row_114_a_token_works_is_revoked_and_is_refused() {
    let hub = Hub::start("life").await;
    hub.make_user("alice").await;
    let (leaked, other) = (hub.make_token("alice").await, hub.make_token("alice").await);
    let revoker = revoker(&hub.base_url(), ADMINISTRATOR);
    let (doomed, bystander) = (key("alice", &leaked.id), key("alice", &other.id));
    let secret = Secret::new(leaked.secret.clone()).unwrap();

    assert_eq!(hub.try_token(&leaked.secret).await, 200);
    assert_eq!(revoker.probe(&secret).await.unwrap(), Acceptance::Accepted);
    let found = revoker.find(&doomed).await.unwrap();
    assert_eq!(
        (found.key(), found.status(), found.owner()),
        (&doomed, KeyStatus::Active, Some("alice"))
    );
    assert!(found.created_at().is_some() && found.last_used_at().is_some() && found.expires_at().is_none());
    assert!(!format!("{found:?}").contains(&leaked.secret));

    let dead = revoker.revoke(&doomed).await.unwrap();
    assert_eq!((dead.disposition(), dead.attempts()), (Disposition::Revoked, 1));
    assert_eq!(dead.evidence(), [Evidence::ProviderAnswer]);
    assert_eq!(hub.try_token(&leaked.secret).await, 403);
    assert_eq!(hub.try_token(&other.secret).await, 200);
    assert_eq!(hub.tokens("alice").await, [other.id.as_str()]);
    let refused = revoker.probe(&secret).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.key_state()),
        (ErrorKind::PermissionDenied, KeyState::Unknown)
    );

    // Once more: nothing is there, and that is no death of its own.
    let again = error(revoker.revoke(&doomed).await);
    assert_eq!(
        summary(&again),
        (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered)
    );
    assert!(again.detail().unwrap().contains("No such token") && !again.is_retryable());
    assert_eq!(
        revoker.find(&doomed).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    let known = revoker
        .revoke_known(&doomed, Attestation::new("this test made it"))
        .await
        .unwrap();
    assert_eq!(known.evidence(), [Evidence::CallerAttested]);

    // A user who is not there, and another user's token, are not that.
    for stranger in [key("nobody", &other.id), key("alice", "a999999")] {
        let error = error(revoker.revoke(&stranger).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered)
        );
    }
    let word = revoker
        .revoke_known(&key("nobody", &other.id), Attestation::new("a mistake"))
        .await;
    assert_eq!(error(word).key_state(), KeyState::Unknown);

    let own = self::revoker(&hub.base_url(), &other.secret);
    let refused = error(own.revoke_checked(&bystander, &Checks::new()).await);
    assert_eq!(
        (refused.kind(), refused.delivery()),
        (ErrorKind::WrongKey, Delivery::NotSent)
    );
    assert_eq!(hub.try_token(&other.secret).await, 200);
    let path = |id: &str| format!("/hub/api/users/alice/tokens/{id}");
    assert_eq!(
        hub.deletions().await,
        [
            format!("204 {}", path(&leaked.id)),
            format!("404 {}", path(&leaked.id)),
            format!("404 {}", path(&leaked.id)),
            format!("404 /hub/api/users/nobody/tokens/{}", other.id),
            format!("404 {}", path("a999999")),
            format!("404 /hub/api/users/nobody/tokens/{}", other.id),
        ]
    );
}

#[tokio::test]
#[ignore = "needs JupyterHub; .ci/run installs it and runs this"]
async fn row_035_a_lost_answer_does_not_kill_the_next_token_of_the_same_id() {
    let hub = Hub::start("lost").await;
    hub.make_user("alice").await;
    for way in [Way::LoseAnswer, Way::Cut(0), Way::Cut(20)] {
        let proxy = FaultProxy::before(&hub.base_url(), [way]).await;
        let revoker = revoker(proxy.base_url(), ADMINISTRATOR);
        let leaked = hub.make_token("alice").await;
        let doomed = key("alice", &leaked.id);
        let lost = error(revoker.revoke(&doomed).await);
        assert_eq!(
            summary(&lost),
            (ErrorKind::NoAnswer, KeyState::Unknown, Delivery::MaybeSent),
            "{way:?}"
        );
        assert_eq!(
            (lost.gave_up(), lost.is_retryable()),
            (Some(GaveUp::MayHurt), false),
            "{way:?}"
        );
        assert_eq!((proxy.asked(), proxy.delivered()), (1, 1), "{way:?}");
        assert_eq!(hub.try_token(&leaked.secret).await, 403);

        let next = hub.make_token("alice").await;
        assert_eq!(next.id, leaked.id, "the freed id goes to the next token");
        assert_eq!(hub.try_token(&next.secret).await, 200);

        // What a repeat would have done.
        assert!(revoker.revoke(&doomed).await.is_ok());
        assert_eq!(hub.try_token(&next.secret).await, 403, "{way:?}");
    }
}

#[tokio::test]
#[ignore = "needs JupyterHub; .ci/run installs it and runs this"]
async fn a_lost_answer_becomes_a_death_where_the_list_shows_it_and_a_lost_request_does_not() {
    let hub = Hub::start("looks").await;
    hub.make_user("alice").await;
    // The looks before: who is calling, and what is listed.
    for (way, dies) in [(Way::LoseAnswer, true), (Way::LoseRequest, false)] {
        let leaked = hub.make_token("alice").await;
        let proxy = FaultProxy::before(&hub.base_url(), [Way::Pass, Way::Pass, way]).await;
        let revoker = revoker(proxy.base_url(), ADMINISTRATOR);
        let verification = Verification::new().with_budget(Duration::from_millis(100));
        let result = revoker
            .revoke_verified(&key("alice", &leaked.id), verification)
            .await;
        if dies {
            assert_eq!(result.unwrap().evidence(), [Evidence::ReadBack]);
        } else {
            assert_eq!(error(result).key_state(), KeyState::Unknown);
        }
        assert_eq!(hub.try_token(&leaked.secret).await, if dies { 403 } else { 200 });
        assert_eq!(hub.tokens("alice").await.contains(&leaked.id), !dies);
    }
    assert_eq!(hub.deletions().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs JupyterHub; .ci/run installs it and runs this"]
async fn row_063_a_credential_that_is_refused_leaves_the_token_live() {
    let hub = Hub::start("refused").await;
    hub.make_user("alice").await;
    hub.make_user("bob").await;
    let leaked = hub.make_token("alice").await;
    let doomed = key("alice", &leaked.id);
    let below_the_prefix = hub.base_url().replace("/hub/api", "/api");
    for (base_url, credential, kind, state, status) in [
        (
            hub.base_url(),
            "unknown",
            ErrorKind::Unauthenticated,
            KeyState::Live,
            403,
        ),
        (
            hub.base_url(),
            WITHOUT_SCOPES,
            ErrorKind::PermissionDenied,
            KeyState::Live,
            403,
        ),
        // The hub tells nobody about users that are not theirs.
        (
            hub.base_url(),
            OF_BOB,
            ErrorKind::NotFound,
            KeyState::Unknown,
            404,
        ),
        (
            below_the_prefix,
            ADMINISTRATOR,
            ErrorKind::PermissionDenied,
            KeyState::Live,
            403,
        ),
    ] {
        let refused = error(revoker(&base_url, credential).revoke(&doomed).await);
        assert_eq!(
            summary(&refused),
            (kind, state, Delivery::Answered),
            "{base_url} {credential}: {refused}"
        );
        assert_eq!(
            (refused.status(), refused.attempts()),
            (Some(status), 1),
            "{base_url} {credential}"
        );
        assert!(!format!("{refused} {refused:?}").contains(ADMINISTRATOR));
        assert_eq!(hub.try_token(&leaked.secret).await, 200);
    }
    // "No such token" is not what is said of somebody else's user, so nobody's word makes a death of it.
    let word = revoker(&hub.base_url(), OF_BOB)
        .revoke_known(&doomed, Attestation::new("a list"))
        .await;
    assert_eq!(error(word).key_state(), KeyState::Unknown);
    let looked_up = revoker(&hub.base_url(), "unknown")
        .find(&doomed)
        .await
        .unwrap_err();
    assert_eq!(
        (looked_up.status(), looked_up.key_state()),
        (Some(403), KeyState::Unknown)
    );
    let other = Checks::new().with_expectation(Expectation::new().with_owner("bob"));
    let wrong = error(
        revoker(&hub.base_url(), ADMINISTRATOR)
            .revoke_checked(&doomed, &other)
            .await,
    );
    assert_eq!(
        (wrong.kind(), wrong.delivery()),
        (ErrorKind::WrongKey, Delivery::NotSent)
    );
    assert_eq!(hub.tokens("alice").await, [leaked.id]);
}

#[tokio::test]
#[ignore = "needs JupyterHub; .ci/run installs it and runs this"]
async fn other_spellings_of_an_id_are_refused_because_the_hub_takes_them() {
    let hub = Hub::start("spellings").await;
    hub.make_user("alice").await;
    let victim = hub.make_token("alice").await;
    let spelled = victim.id.replacen('a', "a0", 1);
    let key = format!("jupyterhub:alice/{spelled}").parse().unwrap();
    let refused = error(revoker(&hub.base_url(), ADMINISTRATOR).revoke(&key).await);
    assert_eq!(
        summary(&refused),
        (ErrorKind::InvalidInput, KeyState::Live, Delivery::NotSent)
    );
    assert!(hub.deletions().await.is_empty());
    assert_eq!(hub.delete(&format!("users/alice/tokens/{spelled}")).await, 204);
    assert_eq!(hub.try_token(&victim.secret).await, 403);
}

/// Locks the hub's database before a request that revokes goes out.
struct Locking {
    directory: PathBuf,
    lock: Arc<Mutex<Option<LockedDatabase>>>,
}

impl Observer for Locking {
    fn before_attempt<'a>(&'a self, _: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        *self.lock.lock().unwrap() = Some(LockedDatabase::new(&self.directory));
        Box::pin(ready(Ok(())))
    }
}

#[tokio::test]
#[ignore = "needs JupyterHub; .ci/run installs it and runs this"]
async fn a_hub_whose_database_fails_refuses_tokens_that_work_and_none_is_called_dead() {
    let hub = Hub::start("database").await;
    hub.make_user("alice").await;
    let token = hub.make_token("alice").await;
    let (doomed, secret) = (
        key("alice", &token.id),
        Secret::new(token.secret.clone()).unwrap(),
    );
    let plain = revoker(&hub.base_url(), ADMINISTRATOR);
    let lock = LockedDatabase::new(hub.directory());
    assert_eq!(
        hub.try_token(&token.secret).await,
        403,
        "as of a token that is not there"
    );
    assert_eq!(
        plain.probe(&secret).await.unwrap_err().key_state(),
        KeyState::Unknown
    );
    let refused = error(plain.revoke(&doomed).await);
    assert_eq!(
        summary(&refused),
        (ErrorKind::Unauthenticated, KeyState::Live, Delivery::Answered)
    );
    drop(lock);
    assert_eq!(hub.try_token(&token.secret).await, 200);

    // A request that is lost, and a database that fails from then on: every look is refused.
    let lock = Arc::new(Mutex::new(None));
    let looks = [Way::Pass; 3]; // who is calling, what is listed, is the secret accepted
    let proxy = FaultProxy::before(&hub.base_url(), looks.into_iter().chain([Way::LoseRequest])).await;
    let revoker = builder(proxy.base_url(), ADMINISTRATOR)
        .with_observer(Locking {
            directory: hub.directory().to_owned(),
            lock: Arc::clone(&lock),
        })
        .build()
        .unwrap();
    let verification = Verification::new()
        .with_secret(secret)
        .with_budget(Duration::from_millis(100));
    let lost = error(revoker.revoke_verified(&doomed, verification).await);
    assert_eq!(
        summary(&lost),
        (ErrorKind::NoAnswer, KeyState::Unknown, Delivery::MaybeSent)
    );
    assert!(lock.lock().unwrap().take().is_some());
    assert!(
        proxy.asked() > 4 && proxy.delivered() == proxy.asked() - 1,
        "looked after the loss"
    );
    assert_eq!(hub.try_token(&token.secret).await, 200);
}

#[tokio::test]
#[ignore = "needs JupyterHub; .ci/run installs it and runs this"]
async fn eight_calls_at_a_time_kill_what_is_listed_and_nothing_else() {
    let hub = Hub::start("many").await;
    let (mut doomed, mut spared) = (Vec::new(), Vec::new());
    for user in ["alice", "bob", "carol"] {
        hub.make_user(user).await;
        spared.push((user, hub.make_token(user).await));
        for _ in 0..8 {
            doomed.push((user, hub.make_token(user).await));
        }
    }
    let eight = NonZeroUsize::new(8).unwrap();
    let registry = Registry::new()
        .with(revoker(&hub.base_url(), ADMINISTRATOR))
        .with_concurrency(eight)
        .with_provider_concurrency(eight);
    let mut run = registry.revoke_all(doomed.iter().map(|(user, token)| key(user, &token.id)));
    let mut ended = 0;
    while let Some((key, result)) = run.next().await {
        assert_eq!(result.expect("dead").disposition(), Disposition::Revoked, "{key}");
        ended += 1;
    }
    assert_eq!((ended, hub.deletions().await.len()), (24, 24));
    for (_, token) in &doomed {
        assert_eq!(hub.try_token(&token.secret).await, 403);
    }
    for (user, token) in &spared {
        assert_eq!(hub.tokens(user).await, [token.id.as_str()]);
        assert_eq!(hub.try_token(&token.secret).await, 200);
    }
}
