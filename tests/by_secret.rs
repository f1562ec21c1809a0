//! Keys that are known by their secrets alone: the secret goes where it belongs and nowhere else.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use keyrevoke::fakes::{Fake, Received, Reply};
use keyrevoke::journal::MemoryJournal;
use keyrevoke::{
    ErrorKind, Evidence, KeyRef, KeyState, ProviderInfo, Registry, RetryPolicy, Revoke, RevokeError,
    RevokeResult, Secret, Verification, github, slack,
};

/// Two secrets whose digests begin alike, with the 32 bits that a fingerprint shows.
const ALIKE: [&str; 2] = [
    "xoxb-0123456789-collision0060713",
    "xoxb-0123456789-collision0075564",
];

fn by_secret() -> impl Iterator<Item = &'static ProviderInfo> {
    keyrevoke::providers()
        .iter()
        .filter(|provider| provider.revokes_by_secret())
}

fn registry(fake: &Fake) -> Registry {
    let builder = fake.builder().with_retry(RetryPolicy::immediate());
    Registry::new().with(builder.build().unwrap())
}

async fn all(registry: &Registry, keys: Vec<KeyRef>) -> Vec<(KeyRef, RevokeResult)> {
    let mut run = registry.revoke_all(keys);
    let mut results = Vec::new();
    while let Some(result) = run.next().await {
        results.push(result);
    }
    results
}

/// How often the secret stands in the request, in whatever place.
fn occurrences(request: &Received, secret: &str) -> usize {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"));
    let texts = headers.chain([
        request.path.clone(),
        String::from_utf8_lossy(&request.body).into_owned(),
    ]);
    texts.map(|text| text.matches(secret).count()).sum()
}

#[tokio::test]
async fn the_secret_is_sent_once_in_a_request_and_shown_nowhere() {
    assert!(by_secret().count() >= 6);
    for provider in by_secret() {
        let name = provider.name();
        let fake = Fake::start(name).await.unwrap();
        let journal = MemoryJournal::new();
        let registry = registry(&fake).with_journal(journal.clone());
        let (key, bystander) = (fake.new_key(), fake.new_key());
        let secret = fake.secret(&key).unwrap();
        assert_eq!(key.key(), key.secret().unwrap().digest(), "{name}");
        assert!(!key.to_string().contains(&secret));

        let results = all(&registry, vec![key.clone()]).await;
        assert_eq!(results.len(), 1);
        assert_eq!(
            results[0].1.is_ok(),
            provider.can_confirm(),
            "{name}: {:?}",
            results[0].1
        );
        assert!(!fake.is_live(&key) && fake.is_live(&bystander), "{name}");
        let requests = fake.requests();
        assert_eq!(requests.len(), 1, "{name}");
        assert_eq!(occurrences(&requests[0], &secret), 1, "{name}: {:?}", requests[0]);

        let written: Vec<String> = journal
            .entries()
            .iter()
            .map(|entry| serde_json::to_string(entry).unwrap())
            .collect();
        assert!(written.iter().any(|line| line.contains(key.key())), "{name}");
        let shown = format!(
            "{results:?} {results:#?} {registry:?} {key:?} {} {written:?} {:?}",
            serde_json::to_string(&key).unwrap(),
            registry.plan([key.clone()]).unwrap(),
        );
        assert!(!shown.contains(&secret), "{name}: {shown}");
    }
}

#[tokio::test]
async fn what_no_answer_proves_a_look_with_the_keys_own_secret_does() {
    for provider in by_secret() {
        let name = provider.name();
        let fake = Fake::start(name).await.unwrap();
        fake.delay_deaths(Duration::from_millis(700));
        let revoker = fake.builder().build().unwrap();
        let (key, stranger) = (fake.new_key(), fake.unknown_key());
        let patient = Verification::new().with_budget(Duration::from_secs(20));
        let dead = revoker.revoke_verified(&key, patient).await.unwrap();
        assert!(
            dead.evidence().contains(&Evidence::SecretRefused),
            "{name}: {dead:?}"
        );
        assert!(
            dead.verified_after() >= Some(Duration::from_millis(500)),
            "{name}: {dead:?}"
        );
        // Refused as well, and was never seen to work.
        let brief = Verification::new().with_budget(Duration::from_millis(10));
        let unknown = revoker.revoke_verified(&stranger, brief).await.unwrap_err();
        assert_eq!(unknown.key_state(), KeyState::Unknown, "{name}: {unknown}");
        // What is still accepted when the time is over is live, whatever was said.
        let (other, brief) = (
            fake.new_key(),
            Verification::new().with_budget(Duration::from_millis(10)),
        );
        fake.delay_deaths(Duration::from_secs(60));
        let still = revoker.revoke_verified(&other, brief).await.unwrap_err();
        assert_eq!(
            (still.kind(), still.key_state()),
            (ErrorKind::StillAccepted, KeyState::Live),
            "{name}"
        );
    }
}

#[tokio::test]
async fn one_secret_is_one_key_and_two_that_look_alike_are_two() {
    let [one, other] = ALIKE.map(|text| Secret::new(text).unwrap());
    assert_eq!(one.fingerprint(), other.fingerprint());
    let [one, other] = [one, other].map(|secret| KeyRef::of_secret("slack", secret).unwrap());
    assert_ne!(one, other);

    let fake = Fake::start("slack").await.unwrap();
    let results = all(&registry(&fake), vec![one.clone(), other.clone(), one.clone()]).await;
    assert_eq!(results.len(), 3, "each form that was given is reported");
    assert_eq!(fake.requests().len(), 2, "and each key is sent once");
    let sent: Vec<_> = fake
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent, ALIKE.map(|secret| format!("Bearer {secret}")));
}

#[tokio::test]
async fn a_later_run_knows_a_key_by_its_digest_and_needs_the_secret_to_send_it() {
    let fake = Fake::start("slack").await.unwrap();
    let journal = MemoryJournal::new();
    let registry = registry(&fake).with_journal(journal.clone());
    let (dead, doubtful) = (fake.new_key(), fake.new_key());
    fake.answer_next(
        Reply::new(200)
            .with_json(serde_json::json!({ "ok": true, "revoked": true }))
            .carried_out(),
    );
    fake.answer_next(Reply::new(503).carried_out());
    fake.answer_next(Reply::new(503));
    let first = all(&registry, vec![dead.clone(), doubtful.clone()]).await;
    assert_eq!(first.iter().filter(|(_, result)| result.is_ok()).count(), 1);
    assert_eq!(fake.requests().len(), 3);

    // As they would be read from a file of results: nothing can be sent for them.
    let known: KeyRef = doubtful.to_string().parse().unwrap();
    let refused = registry.plan([known]).unwrap_err().to_string();
    assert!(refused.contains("not at hand"), "{refused}");

    fake.behave();
    let second = all(&registry, vec![dead.clone(), doubtful.clone()]).await;
    assert_eq!(fake.requests().len(), 4, "what is dead is not sent again");
    for (key, result) in second {
        if key == dead {
            assert!(result.is_ok());
        } else {
            // Refused now, after a request that may have been carried out.
            let error = result.unwrap_err();
            assert_eq!(
                (error.kind(), error.key_state()),
                (ErrorKind::NotFound, KeyState::Unknown)
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_of_one_key_that_is_its_own_credential_stops_no_other() {
    for name in ["slack", "gitlab-self"] {
        let fake = Fake::start(name).await.unwrap();
        let keys: Vec<KeyRef> = (0..6).map(|_| fake.new_key()).collect();
        for status in [401, 403, 403, 403] {
            fake.answer_next(Reply::new(status));
        }
        let registry = registry(&fake).with_concurrency(std::num::NonZeroUsize::MIN);
        let results = all(&registry, keys).await;
        assert_eq!(
            results.iter().filter(|(_, result)| result.is_ok()).count(),
            2,
            "{name}"
        );
        assert_eq!(fake.requests().len(), 6, "{name}");
    }
}

#[tokio::test]
async fn who_has_only_the_secret_is_not_told_to_mend_an_id_or_another_credential() {
    let error = async |name: &str, reply: Reply| {
        let fake = Fake::start(name).await.unwrap();
        let builder = fake.builder().with_retry(RetryPolicy::none());
        fake.answer_next(reply);
        builder
            .build()
            .unwrap()
            .revoke(&fake.new_key())
            .await
            .unwrap_err()
    };
    for (name, status, kind, says) in [
        ("slack", 401, ErrorKind::Unauthenticated, "Try the secret"),
        ("gitlab-self", 401, ErrorKind::Unauthenticated, "Try the secret"),
        ("gitlab-self", 403, ErrorKind::PermissionDenied, "by other means"),
        ("slack", 404, ErrorKind::NotFound, "Try the secret"),
        ("github", 422, ErrorKind::Rejected, "whole"),
        ("algolia", 404, ErrorKind::NotFound, "Try the secret"),
        // Here nobody is asked who calls.
        ("github", 401, ErrorKind::Unauthenticated, "between"),
        ("github", 403, ErrorKind::PermissionDenied, "between"),
    ] {
        let error = error(name, Reply::new(status)).await;
        assert_eq!(error.kind(), kind, "{name} {status}");
        let next = error.next_step();
        assert!(next.contains(says), "{name} {status}: {next}");
        assert!(
            !next.contains("Renew") && !next.contains("key id"),
            "{name} {status}: {next}"
        );
        let live = error.key_state() == KeyState::Live;
        assert_eq!(live, kind != ErrorKind::NotFound, "{name} {status}");
    }
    // What the provider says of this very secret, and of whoever revokes it.
    let invalid = Reply::new(200).with_json(serde_json::json!({ "ok": false, "error": "invalid_auth" }));
    let next = error("slack", invalid).await.next_step().into_owned();
    assert!(next.contains("Try the secret"), "{next}");
    let next = error("github-oauth", Reply::new(401))
        .await
        .next_step()
        .into_owned();
    assert!(next.contains("Renew or replace the credential"), "{next}");
}

#[tokio::test]
async fn a_secret_in_the_wrong_place_is_refused_and_not_shown() {
    const CANARY: &str = "xoxb-Canary0123456789";
    let secret = Secret::new(CANARY).unwrap();
    let mut texts = Vec::new();
    let mut refused = |error: RevokeError| texts.push(format!("{error} {error:?} {error:#?}"));
    // As an id of a provider that has ids.
    let fake = Fake::start("dolfin").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    let key = KeyRef::of_secret("dolfin", secret.clone()).unwrap();
    refused(revoker.revoke(&key).await.unwrap_err());
    refused(revoker.key_of_secret(&secret).unwrap_err().into());
    refused(Registry::new().with(revoker).plan([key]).unwrap_err().into());
    assert!(fake.requests().is_empty());
    // As text, even where no form gives it away; at a provider of another form of secret; in the place of a digest.
    for provider in by_secret() {
        for text in [CANARY, "Canary", "sha256:Canary", "Canary/Canary"] {
            refused(KeyRef::new(provider.name(), text).unwrap_err().into());
            let whole = format!("{}:{text}", provider.name());
            refused(whole.parse::<KeyRef>().unwrap_err().into());
            refused(provider.check_key(text).unwrap_err().into());
        }
    }
    refused(CANARY.parse::<slack::Token>().unwrap_err().into());
    refused(github::Token::new(secret.clone()).unwrap_err().into());
    refused(
        keyrevoke::provider("github")
            .unwrap()
            .check_secret(&secret)
            .unwrap_err()
            .into(),
    );
    for text in texts {
        assert!(!text.contains("Canary"), "{text}");
    }
    let token = slack::Token::new(secret.clone()).unwrap();
    assert_eq!((token.to_string(), token.clone()), (secret.digest(), token));
}

#[tokio::test]
async fn nothing_of_an_administrator_goes_to_a_provider_that_takes_reports_of_anybody() {
    let fake = Fake::start("github").await.unwrap();
    let key = fake.new_key();
    let revoker = fake.builder().build().unwrap();
    let pending = revoker.revoke(&key).await.unwrap_err();
    assert_eq!(
        (pending.kind(), pending.key_state()),
        (ErrorKind::Pending, KeyState::Unknown)
    );
    let request = &fake.requests()[0];
    assert_eq!(request.header("authorization"), None);
    let secret = fake.secret(&key).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&request.body),
        format!(r#"{{"credentials":["{secret}"]}}"#)
    );
}

#[tokio::test]
async fn a_refusal_that_is_taken_back_at_once_is_no_death() {
    let fake = Fake::start("rfc7009").await.unwrap();
    let key = fake.new_key();
    let builder = fake.builder().with_retry(RetryPolicy::none());
    let revoker = builder.build().unwrap();
    // Nothing is carried out. Before, the token is active; then one server of several says that it is not.
    fake.answer_next_revocation(Reply::new(200));
    for active in [true, false] {
        fake.answer_next_look(Reply::new(200).with_json(serde_json::json!({ "active": active })));
    }
    let verification = Verification::new().with_budget(Duration::from_millis(100));
    let error = revoker.revoke_verified(&key, verification).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::StillAccepted, KeyState::Live)
    );
}
