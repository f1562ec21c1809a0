//! Keys are disabled where that can be undone, and deleted where that is asked for.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::journal::MemoryJournal;
use keyrevoke::{
    AnyRevoker, Disposition, ErrorKind, Evidence, KeyState, Registry, RetryPolicy, Revoke, Verification,
};
use serde_json::{Value, json};

/// One that disables and one that deletes.
fn both(fake: &Fake) -> [AnyRevoker; 2] {
    let builder = || fake.builder().with_retry(RetryPolicy::immediate());
    [
        builder().build().unwrap(),
        builder().with_deletion().build().unwrap(),
    ]
}

/// Method, path and body of everything that was sent.
fn sent(fake: &Fake) -> Vec<String> {
    let requests = fake.requests().into_iter();
    let line = |request: keyrevoke::fakes::Received| {
        let body = String::from_utf8(request.body).unwrap();
        format!("{} {} {body}", request.method, request.path)
            .trim_end()
            .to_owned()
    };
    requests.map(line).collect()
}

#[tokio::test]
async fn a_key_is_disabled_unless_deletion_is_asked_for() {
    for (provider, base, disables, deletes) in [
        (
            "influxdb",
            "/api/v2/authorizations",
            r#"PATCH {} {"status":"inactive"}"#,
            "DELETE {}",
        ),
        (
            "openrouter",
            "/keys",
            r#"PATCH {} {"disabled":true}"#,
            "DELETE {}",
        ),
        // Another body would plan an end, or take one back.
        ("workos", "/api_keys", "POST {}/expire {}", "DELETE {}"),
    ] {
        let fake = Fake::start(provider).await.unwrap();
        let [disabling, deleting] = both(&fake);
        assert!(disabling.capabilities().is_reversible() && disabling.capabilities().can_delete());
        assert!(!deleting.capabilities().is_reversible() && deleting.capabilities().deletes());
        let (key, other) = (fake.new_key(), fake.new_key());

        let dead = disabling.revoke(&key).await.unwrap();
        assert!(
            dead.is_reversible() && dead.disposition() == Disposition::Revoked,
            "{dead:?}"
        );
        let dead = deleting.revoke(&other).await.unwrap();
        assert!(
            !dead.is_reversible() && dead.disposition() == Disposition::Revoked,
            "{dead:?}"
        );
        assert_eq!(
            serde_json::to_value(&dead).unwrap()["reversible"],
            Value::Bool(false)
        );

        // What was disabled can be deleted, and what was deleted is not there to be disabled.
        assert!(!deleting.revoke(&key).await.unwrap().is_reversible());
        let gone = disabling.revoke(&key).await.unwrap_err();
        assert_eq!(
            (gone.kind(), gone.key_state()),
            (ErrorKind::NotFound, KeyState::Unknown)
        );

        let request =
            |form: &str, key: &keyrevoke::KeyRef| form.replacen("{}", &format!("{base}/{}", key.key()), 1);
        let expected = [
            request(disables, &key),
            request(deletes, &other),
            request(deletes, &key),
            request(disables, &key),
        ];
        let found: Vec<String> = sent(&fake)
            .iter()
            .map(|line| line.replacen("/api/v1", "", 1))
            .collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn deletion_may_be_asked_of_all_that_delete_anyway_and_of_none_that_cannot() {
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await.unwrap();
        let built = fake.builder().with_deletion().build();
        match (provider.is_reversible(), provider.deletion()) {
            (true, None) => {
                let error = built.unwrap_err().to_string();
                assert!(
                    error.contains(&format!("{} deletion is not offered", provider.name())),
                    "{error}"
                );
            }
            (_, deletion) => {
                let can = built.unwrap().capabilities();
                assert!(!can.is_reversible(), "{}", provider.name());
                assert_eq!(
                    (can.deletes(), can.can_delete()),
                    (deletion.is_some(), deletion.is_some())
                );
            }
        }
        assert!(fake.requests().is_empty());
    }
}

#[tokio::test]
async fn a_run_that_deletes_takes_up_what_an_earlier_one_disabled_and_not_what_it_deleted() {
    let fake = Fake::start("influxdb").await.unwrap();
    let journal = MemoryJournal::new();
    let [disabling, deleting] =
        both(&fake).map(|revoker| Registry::new().with(revoker).with_journal(journal.clone()));
    let key = fake.new_key();
    for (registry, requests, reversible) in [
        (&disabling, 1, true),
        (&disabling, 1, true),
        (&deleting, 2, false),
        (&deleting, 2, false),
        (&disabling, 2, false),
    ] {
        let (_, result) = registry.revoke_all([key.clone()]).next().await.unwrap();
        assert_eq!(
            (result.unwrap().is_reversible(), fake.requests().len()),
            (reversible, requests)
        );
    }
    // Where it cannot be sent, it is as dead as before.
    let other = fake.new_key();
    let (_, disabled) = disabling.revoke_all([other.clone()]).next().await.unwrap();
    assert!(disabled.is_ok());
    fake.answer_always(Reply::new(401));
    let (_, first) = deleting.revoke_all([other.clone()]).next().await.unwrap();
    assert_eq!(first.unwrap_err().key_state(), KeyState::Live);
    let (_, later) = disabling.revoke_all([other]).next().await.unwrap();
    assert!(later.unwrap().is_reversible());
}

#[tokio::test]
async fn a_look_that_shows_a_key_disabled_is_the_death_that_is_meant_or_is_not() {
    let fake = Fake::start("openrouter").await.unwrap();
    let [disabling, deleting] = both(&fake);
    let verification = || Verification::new().with_budget(Duration::from_secs(2));
    let key = fake.new_key();

    // The answer is lost behind a gateway, and a look shows what became of the key.
    fake.answer_next_revocation(Reply::new(202).carried_out());
    let dead = disabling.revoke_verified(&key, verification()).await.unwrap();
    assert!(
        dead.is_reversible() && dead.evidence() == [Evidence::ReadBack],
        "{dead:?}"
    );
    // It is disabled already: nothing more is sent.
    let before = fake.requests().len();
    let dead = disabling.revoke_verified(&key, verification()).await.unwrap();
    assert!(
        dead.is_reversible() && dead.attempts() == 0,
        "{dead:?} {:?}",
        sent(&fake)
    );
    assert_eq!(fake.requests().len(), before + 1);

    // Who wants it deleted is not told that it is gone because it is disabled.
    fake.answer_next_revocation(Reply::new(202));
    let error = deleting.revoke_verified(&key, verification()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::Pending, KeyState::Unknown)
    );
    fake.answer_next_revocation(Reply::new(200).with_json(json!({ "deleted": true })));
    let error = deleting.revoke_verified(&key, verification()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::StillListed, KeyState::Unknown)
    );
    assert!(
        !deleting
            .revoke_verified(&key, verification())
            .await
            .unwrap()
            .is_reversible()
    );
}

#[tokio::test]
async fn workos_is_believed_by_the_end_of_the_keys_time_alone() {
    let fake = Fake::start("workos").await.unwrap();
    let [disabling, _] = both(&fake);
    let key = fake.new_key();
    let answer = |id: &str, expires_at: Value| {
        Reply::new(200).with_json(json!({ "object": "api_key", "id": id, "expires_at": expires_at }))
    };
    for (reply, kind, state) in [
        (
            answer(key.key(), Value::Null),
            ErrorKind::UnexpectedAnswer,
            KeyState::Unknown,
        ),
        (
            answer(key.key(), json!("2100-01-01T00:00:00.000Z")),
            ErrorKind::Scheduled,
            KeyState::Live,
        ),
        (
            answer(key.key(), json!("soon")),
            ErrorKind::UnexpectedAnswer,
            KeyState::Unknown,
        ),
        (
            answer("api_key_other", json!("2026-01-01T00:00:00Z")),
            ErrorKind::WrongObject,
            KeyState::Unknown,
        ),
        (
            Reply::new(409).with_json(json!({ "code": "something_else" })),
            ErrorKind::Conflict,
            KeyState::Unknown,
        ),
    ] {
        fake.answer_always(reply.clone());
        let error = disabling.revoke(&key).await.unwrap_err();
        assert_eq!((error.kind(), error.key_state()), (kind, state), "{reply:?}");
    }
}

#[tokio::test]
async fn a_google_key_is_seen_disabled_and_then_seen_to_be_gone() {
    let fake = Fake::start("google-service-account").await.unwrap();
    let [disabling, deleting] = both(&fake);
    let verification = || Verification::new().with_budget(Duration::from_secs(2));
    let key = fake.new_key();
    let path = "/v1/projects/fake-project/serviceAccounts/fake@fake-project.iam.gserviceaccount.com/keys";
    let id = key.key().rsplit('/').next().unwrap().to_owned();

    let dead = disabling.revoke_verified(&key, verification()).await.unwrap();
    assert!(dead.is_reversible());
    assert_eq!(dead.evidence(), [Evidence::ProviderAnswer, Evidence::ReadBack]);
    let dead = deleting.revoke_verified(&key, verification()).await.unwrap();
    assert!(!dead.is_reversible());
    assert_eq!(dead.evidence(), [Evidence::ProviderAnswer, Evidence::ReadBack]);

    let (get, disable, delete) = (
        format!("GET {path}/{id}"),
        format!("POST {path}/{id}:disable {{}}"),
        format!("DELETE {path}/{id}"),
    );
    assert_eq!(
        sent(&fake),
        [&get, &disable, &get, &get, &delete, &get].map(Clone::clone)
    );

    // An empty success is not the documented one.
    fake.answer_always(Reply::new(200));
    let error = disabling.revoke(&fake.new_key()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::UnexpectedAnswer, KeyState::Unknown)
    );
}
