//! Pinecone accepts a deletion and says no more; a look says when it is done.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use keyrevoke::fakes::Fake;
use keyrevoke::{Disposition, ErrorKind, Evidence, KeyState, Revoke, Verification};

#[tokio::test]
async fn accepted_is_pending_and_absence_after_presence_is_the_death() {
    let fake = Fake::start("pinecone").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.status()),
        (ErrorKind::Pending, KeyState::Unknown, Some(202))
    );

    fake.delay_deaths(Duration::from_millis(700));
    let key = fake.new_key();
    let verification = || Verification::new().with_budget(Duration::from_secs(20));
    let dead = revoker.revoke_verified(&key, verification()).await.unwrap();
    assert_eq!(dead.disposition(), Disposition::Revoked);
    assert_eq!(dead.evidence(), [Evidence::ReadBack]);
    assert!(dead.verified_after().unwrap() >= Duration::from_millis(400));

    let requests = fake.requests();
    let path = format!("/admin/api-keys/{}", key.key());
    let sent: Vec<&str> = requests[1..]
        .iter()
        .map(|request| request.method.as_str())
        .collect();
    assert_eq!(sent[..2], ["GET", "DELETE"]);
    assert!(sent.len() > 3 && sent[2..].iter().all(|method| *method == "GET"));
    for request in &requests[1..] {
        assert_eq!(request.path, path);
        assert_eq!(request.header("x-pinecone-api-version"), Some("2026-04"));
        assert!(fake.is_authorised(request) && request.body.is_empty());
    }

    // A key that was never seen there is not dead because it is absent.
    let error = revoker
        .revoke_verified(
            &fake.unknown_key(),
            verification().with_budget(Duration::from_secs(1)),
        )
        .await
        .unwrap_err();
    assert_eq!(error.key_state(), KeyState::Unknown);
}

#[tokio::test]
async fn a_key_that_lingers_is_never_called_dead() {
    let fake = Fake::start("pinecone").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    fake.delay_deaths(Duration::from_secs(60));
    let verification = Verification::new().with_budget(Duration::from_secs(1));
    let error = revoker
        .revoke_verified(&fake.new_key(), verification)
        .await
        .unwrap_err();
    assert_eq!(error.key_state(), KeyState::Unknown);
}
